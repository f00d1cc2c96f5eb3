"""The trial that a study stands in for: its seven parts, and the ones that the study lacks."""

import pytest
import released_by_hand as hand

from evalkit.report import words
from evalkit.report.text import open_text
from evalkit.report.words_target_trial import target_trial

OPEN = {"sv": "**Öppet:**", "fi": "**Avoin:**", "en": "**Open:**"}


def said(language="en", **options):
    return target_trial(open_text(hand.labels(**options), language))


def rows_of(markdown):
    lines = [line for line in markdown.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("language", OPEN)
def test_seven_parts_stand_in_each_language_and_a_choice_is_no_lottery(language):
    drawn = said(language, assignment="randomised")
    chosen = said(language, assignment="observational")

    assert len(rows_of(drawn)) == len(rows_of(chosen)) == 7
    assert OPEN[language] not in drawn
    assert [OPEN[language] in row[1] for row in rows_of(chosen)] == [
        False, False, True, False, False, False, False
    ]  # fmt: skip


def test_who_can_take_part_is_the_rule_of_the_study_file():
    assert rows_of(said())[0][1].startswith("Ages 16 to 64, public support for at least 12 months")


def test_it_is_a_fold_of_the_last_chapter_but_not_of_a_single_trial():
    speak = open_text(hand.labels(), "en")
    chosen = open_text(hand.labels(assignment="observational"), "en")
    trial = open_text(hand.labels(level="study"), "en")

    assert "## The plan of the trial" in words.method(hand.contrast(), text=speak).markdown
    assert "## The trial that this study" in words.method(hand.contrast(), text=chosen).markdown
    assert target_trial(trial) == ""
