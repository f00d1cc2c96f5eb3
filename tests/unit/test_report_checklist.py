"""The checklists in the chapter on how it was done: every item once, open ones marked."""

import pytest
import released_by_hand as hand

from evalkit.report import words
from evalkit.report.text import open_text
from evalkit.report.words_checklist import ITEMS, checklist

OPEN = {"sv": "**Framgår inte av uppgifterna:** fylls i",
        "fi": "**Ei ilmene tiedoista:** täydennettävä",
        "en": "**Not found in the records:** to be filled in"}  # fmt: skip


def speak(language="en", **options):
    return open_text(hand.labels(**options), language)


def rows_of(markdown):
    lines = [line for line in markdown.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("language", OPEN)
def test_every_item_stands_once_and_the_open_ones_are_counted(language):
    said = checklist(speak(language))
    rows = rows_of(said)

    assert [row[0] for row in rows] == [number for number, *_ in ITEMS]
    assert len({row[1] for row in rows}) == len(ITEMS) == 35
    n_open = sum(row[2] == OPEN[language] for row in rows)
    assert n_open == said.count(OPEN[language]) == 14
    assert str(n_open) in said.split("\n\n")[1]


def test_all_items_of_strobe_are_there():
    assert {int(number) for number, *_ in ITEMS if "." not in number} == set(range(1, 23))


def test_a_chapter_that_the_study_lacks_leaves_the_item_open():
    rows = {row[0]: row[2] for row in rows_of(checklist(speak(health=None)))}

    assert rows["17"] == OPEN["en"]
    assert rows["15"] == "How many come to support themselves, and when?"


def test_a_lottery_is_reminded_of_the_checklist_of_trials():
    assert "CONSORT" in checklist(speak(assignment="randomised"))
    assert "CONSORT" not in checklist(speak(assignment="observational"))


def test_it_is_a_fold_of_the_last_chapter_but_not_of_a_single_trial():
    chapter = words.method(hand.contrast(), text=speak()).markdown
    trial = words.method(hand.contrast(), text=speak(level="study")).markdown

    assert "## Checklists for studies from records: STROBE and RECORD" in chapter
    assert "STROBE" not in trial
