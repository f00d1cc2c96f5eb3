"""The first page is easy to read, and uses no word of the trade."""

import re

import pytest
import released_by_hand as hand
from reading_level import FORBIDDEN, jargon, lix, long_letters

from evalkit.report import words
from evalkit.report.text import open_text

LANGUAGES = ("sv", "fi", "en")
HARDEST = 45
STUDIES = {
    "trial": {},
    "observational": {"assignment": "observational"},
    "few": {"n": 40},
    "clear": {"final": (0.5, 0.2)},
}


def first_page(language, *, n=214, final=(0.34, 0.27), **changed) -> str:
    """Sentences of the first page; labels and numbers of the cards are no sentences."""
    raw = {**hand.SPELLS, **changed}
    text = open_text(hand.labels(raw), language)
    curve, reached = hand.curve(n, final=final), hand.contrast(final)
    parts = [
        words.in_short(curve, reached, hand.contrast((0.28, 0.24)), text),
        words.cards(curve, hand.months(), hand.ancova(), hand.pay_off(), text),
        words.limits(curve, reached, hand.wave_means(), text),
    ]
    return "\n".join(part.markdown for part in parts)


def sentences(markdown: str) -> str:
    """Running text: without markup, labels, and the numbers and units of cards."""
    text = re.sub(r"\[[^\]]*\]\{\.(label|card-number|card-unit|card-note)\}", "", markdown)
    text = re.sub(r"^(:::|#).*$", "", text, flags=re.M)
    return re.sub(r"[\[\]*]|\{\.\w+\}", " ", text)


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_page_is_easy_to_read(language, study):
    assert lix(sentences(first_page(language, **STUDIES[study])), language) < HARDEST


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_page_has_no_word_of_the_trade(language, study):
    assert jargon(first_page(language, **STUDIES[study]), language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_first_page_cannot_do_without_it_explains(language):
    explained = {
        "sv": ("Osäkerhetsintervall:", "Jämförelsegruppen ", "Hälsoindex:"),
        "fi": ("Epävarmuusväli:", "Vertailuryhmä ", "Terveysindeksi:"),
        "en": ("Interval:", "The comparison group ", "Health index:"),
    }[language]
    page = first_page(language)

    assert [word for word in explained if word not in page] == []


def test_a_hard_text_is_hard_and_an_easy_one_easy():
    hard = (
        "Överlevnadsanalysens proportionalitetsantagande verifierades medelst residualdiagnostik."
    )
    easy = "Hon fick hjälp. Hon fick ett jobb. Nu mår hon bra."

    assert lix(hard, "sv") > 60
    assert lix(easy, "sv") < 20


def test_a_long_word_of_finnish_is_longer_than_one_of_swedish():
    assert long_letters("sv") == long_letters("en") == 6
    assert 8 <= long_letters("fi") <= 11


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_of_the_trade_would_be_found(language):
    said = {"sv": "en signifikant hasardkvot", "fi": "luottamusväli", "en": "a hazard ratio"}

    assert jargon(said[language], language)
    assert set(FORBIDDEN) == set(LANGUAGES)
