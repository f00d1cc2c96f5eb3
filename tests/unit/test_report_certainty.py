"""The rule that chooses how sure a difference is, cell by cell."""

import math

import pytest
import released_by_hand as hand
from scipy import stats

from evalkit.report.certainty import estimand_label, judge, phrase
from evalkit.report.text import open_text

Z90, Z975 = stats.norm.ppf(0.90), stats.norm.ppf(0.975)
PHRASES = {
    "useful": {
        "sv": "Skillnaden är tydlig och tillräckligt stor för att ha betydelse.",
        "fi": "Ero on selvä ja niin suuri, että sillä on merkitystä.",
        "en": "The difference is clear and large enough to matter.",
    },
    "too_small": {
        "sv": "En eventuell skillnad är för liten för att ha betydelse.",
        "fi": "Mahdollinen ero on liian pieni ollakseen merkityksellinen.",
        "en": "Any difference is too small to matter.",
    },
    "clear": {
        "sv": "Skillnaden är tydlig men kan vara för liten för att ha betydelse.",
        "fi": "Ero on selvä, mutta se voi olla liian pieni ollakseen merkityksellinen.",
        "en": "The difference is clear but may be too small to matter.",
    },
    "probable": {
        "sv": "Det finns sannolikt en skillnad, men det är osäkert hur stor den är.",
        "fi": "Ero on todennäköinen, mutta sen suuruus on epävarma.",
        "en": "There is probably a difference; its size is uncertain.",
    },
    "unknown": {
        "sv": "Det går inte att säga om det finns någon skillnad.",
        "fi": "Ei voida sanoa, onko ryhmien välillä eroa.",
        "en": "It is not possible to say whether there is a difference.",
    },
}
LABELS = {
    "description": {"sv": "beskrivning", "fi": "kuvaus", "en": "description"},
    "adjusted": {"sv": "justerad jämförelse", "fi": "vakioitu vertailu",
                 "en": "adjusted comparison"},
    "effect": {"sv": "effekt under angivna antaganden", "fi": "vaikutus esitetyin oletuksin",
               "en": "effect under stated assumptions"},
}  # fmt: skip


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("estimate", "std_error", "verdict"),
    [
        (1.0 + 1.01 * Z90, 1.0, "useful"),  # B just above 0.90
        (1.0 + 0.99 * Z90, 1.0, "clear"),  # B just below; A = P(Z < 2.27) > 0.975
        (0.0, 0.99 / stats.norm.ppf(0.95), "too_small"),  # C just above 0.90
        (0.0, 1.01 / stats.norm.ppf(0.95), "unknown"),  # C just below
        (1.01 * Z975, 1.0, "clear"),
        (0.99 * Z975, 1.0, "probable"),
        (1.01 * Z90, 1.0, "probable"),
        (0.99 * Z90, 1.0, "unknown"),
        (1.0, 0.1, "clear"),  # the difference is the useful size itself
        (1.0, 10.0, "unknown"),
        (0.0, 1e-9, "too_small"),  # no difference, known exactly
        (0.0, 0.0, "too_small"),
        (2.0, 0.0, "useful"),
        (0.9, 0.01, "too_small"),  # clear too, but smallness is decided first
    ],
)
def test_the_first_condition_that_holds_decides(estimate, std_error, verdict, sign):
    assert judge(sign * estimate, std_error, useful=1.0) == verdict


@pytest.mark.parametrize("missing", [(math.nan, 1.0), (1.0, math.nan), (math.inf, 1.0)])
def test_a_missing_number_gives_the_verdict_withheld(missing):
    assert judge(*missing, useful=1.0) == "withheld"


def test_few_degrees_of_freedom_make_the_verdict_more_careful():
    estimate = 1.0 + 1.05 * Z90

    assert judge(estimate, 1.0, useful=1.0) == "useful"
    assert judge(estimate, 1.0, useful=1.0, df=3) == "probable"
    assert judge(estimate, 1.0, useful=1.0, df=math.inf) == "useful"


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
@pytest.mark.parametrize("verdict", PHRASES)
def test_each_verdict_has_its_fixed_phrase(verdict, language):
    text = open_text(hand.labels(), language)

    assert phrase(verdict, text) == PHRASES[verdict][language]


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
@pytest.mark.parametrize("label", LABELS)
def test_each_estimand_has_its_fixed_label(label, language):
    assert estimand_label(label, open_text(hand.labels(), language)) == LABELS[label][language]


@pytest.mark.parametrize("verdict", ["useful", "clear", "probable"])
def test_a_harm_has_the_same_phrase_and_names_its_direction(verdict):
    text = open_text(hand.labels(), "en")

    assert phrase(verdict, text, harm=True) == (
        f"{PHRASES[verdict]['en']} It went less well for the programme group."
    )


@pytest.mark.parametrize("verdict", ["too_small", "unknown"])
def test_a_harm_that_is_not_established_names_no_direction(verdict):
    text = open_text(hand.labels(), "en")

    assert phrase(verdict, text, harm=True) == PHRASES[verdict]["en"]
