"""Pay-off with some parties withheld: society and the shown ones stand, the others are marked."""

import re

import numpy as np
import pytest
import released_by_hand as hand

from evalkit import results
from evalkit.provenance import provenance
from evalkit.release import release
from evalkit.report import figures, tables, words
from evalkit.report.figures import money
from evalkit.report.text import open_text

LANGUAGES = ("sv", "fi", "en")
PERSONS = {
    "municipality": 90, "region": 12, "social_insurance": 90, "employment_service": 4,
    "society": 107,
}  # fmt: skip
HIDDEN = ("region", "employment_service")
FEW = "not shown"


def partly(method="before_after", largest="municipality"):
    """Through the door: the employment service is small, and the region goes with it."""
    raw = hand.pay_off(method=method)
    rows = {name: raw.rows[name].copy() for name in results.PayOff.TIDY}
    rows["net"][rows["party"] == largest] = 99_000_000.0
    result = results.PayOff(
        rows=rows,
        summary=dict(raw.summary),
        support={"n": [PERSONS[party] for party in rows["party"]]},
        provenance=provenance("pay_off", "0" * 16),
    )
    return release(result, "strict10")


def speak(language="en"):
    return open_text(hand.labels(), language)


def table_rows(part):
    lines = [line for line in part.markdown.splitlines() if line.startswith("|")]
    return [[cell.strip(" \N{NO-BREAK SPACE}") for cell in line.strip("|").split("|")]
            for line in lines[2:]]  # fmt: skip


def test_the_door_hides_some_parties_and_not_society():
    frame = partly().tidy()

    assert tuple(frame["party"][frame["suppressed"]]) == HIDDEN
    assert np.isnan(frame["net"][frame["suppressed"]]).all()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("method", ["before_after", "contrast, 24 months followed"])
@pytest.mark.parametrize("make", [words.pay_off, figures.pay_off, tables.pay_off])
def test_every_part_can_be_made_and_shows_no_missing_number(make, method, language):
    part = make(partly(method), speak(language))

    assert not re.search(r"\bnan\b", part.markdown, re.IGNORECASE)


@pytest.mark.parametrize("make", [tables.pay_off, figures.pay_off])
def test_withheld_parties_have_a_row_of_marks(make):
    rows = {row[0]: row[1:] for row in table_rows(make(partly(), speak()))}

    whole = {row[0]: row[1:] for row in table_rows(make(hand.pay_off(), speak()))}
    marks = {name for name, cells in rows.items() if len(set(cells)) == 1}
    assert list(rows) == list(whole)
    assert marks == {"Region", "Employment Service"}
    assert rows["Society as a whole"] == whole["Society as a whole"]
    assert all(len(set(cells)) > 1 for cells in whole.values())


def test_the_figure_draws_bars_of_shown_parties_and_says_why_others_have_none():
    (axes,) = money.draw_pay_off(partly(), speak()).axes

    bars = [patch for patch in axes.patches if patch.get_gid() == "net"]
    said = [text.get_text() for text in axes.texts if text.get_text() == FEW]
    assert len(bars) == 3 and len(said) == 2
    (whole,) = money.draw_pay_off(hand.pay_off(), speak()).axes
    assert not [text for text in whole.texts if text.get_text() == FEW]


def test_words_and_card_speak_of_society_and_call_nobody_first_where_a_party_is_hidden():
    pages = [words.pay_off(value, speak()).markdown for value in (partly(), hand.pay_off())]
    said, whole = (re.split(r" The largest gain| \[description\]", page)[0] for page in pages)
    cards = [
        words.cards(hand.curve(), hand.months(), hand.ancova(), value, speak()).markdown
        for value in (partly(), hand.pay_off())
    ]

    assert said == whole and "38" in said
    assert "The largest gain" not in pages[0]
    assert "The largest gain" in pages[1]
    assert cards[0] == cards[1]


@pytest.mark.parametrize("largest", HIDDEN)
def test_words_never_name_a_withheld_party(largest):
    markdown = words.pay_off(partly(largest=largest), speak()).markdown

    assert "region" not in markdown.lower() and "employment" not in markdown.lower()
