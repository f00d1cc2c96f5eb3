"""Rows of nothing leave a crowded table, and the sentence below it tells what their marks told."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import released_by_hand as hand

from evalkit.cohort.months import MONTH_STATES
from evalkit.report import figures, style, tables, words
from evalkit.report.figures import stack_panels, stacks
from evalkit.report.figures.hidden import MISSING, MOST_NAMED, has_numbers, without_hidden
from evalkit.report.text import open_text

HEADER = ["Name", "Number", "Share"]
NOTHING = [MISSING, MISSING]
NAMED = "Not in the table, because nothing of it can be shown: "


def speak(language="en", **options):
    return open_text(hand.labels(**options), language)


def leave_out(rows, keys=1, header=HEADER):
    return without_hidden(header, rows, keys, speak())


def test_a_few_marks_among_numbers_stay():
    rows = [["a", "1", "2"], ["b", "3", MISSING], ["c", *NOTHING]]

    assert leave_out(rows) == (rows, "")


def test_rows_of_nothing_leave_a_table_of_mostly_marks_and_are_named():
    kept, said = leave_out([["a", "1", "2"], ["b", *NOTHING], ["c", *NOTHING]])

    assert kept == [["a", "1", "2"]]
    assert said == f"{NAMED}b; c."


def test_a_row_with_any_number_stays():
    rows = [["a", "0", MISSING], *([[name, *NOTHING] for name in "bc"])]

    assert leave_out(rows)[0] == [["a", "0", MISSING]]


def test_a_heading_goes_with_its_last_row_and_is_named_for_all_of_them():
    rows = [
        ["**Sex**", "", ""], ["women", *NOTHING], ["men", *NOTHING],
        ["**Age**", "", ""], ["young", *NOTHING], ["old", "1", "2"],
        ["**Months**", "3", "4"],
    ]  # fmt: skip
    kept, said = leave_out(rows)

    assert [row[0] for row in kept] == ["**Age**", "old", "**Months**"]
    assert said == f"{NAMED}Sex; Age: young."


def test_a_name_with_other_rows_is_named_with_its_part_and_a_time_with_its_title():
    header = ["Month", "Group", "Share"]
    rows = [
        ["6", "one", MISSING],
        ["6", "two", MISSING],
        ["12", "one", "1"],
        ["12", "two", MISSING],
        ["18", "two", "2"],
    ]
    kept, said = leave_out(rows, keys=2, header=header)

    assert kept == [["12", "one", "1"], ["18", "two", "2"]]
    assert said == f"{NAMED}Month: 6; Month: 12, two."


def test_a_group_of_which_nothing_is_left_is_named_once():
    rows = [[name, group, "1" if group == "x" else MISSING] for name in "abc" for group in "xyz"]
    kept, said = leave_out(rows, keys=2)

    assert [row[:2] for row in kept] == [["a", "x"], ["b", "x"], ["c", "x"]]
    assert said == f"{NAMED}y; z."


def test_many_rows_of_names_that_stay_are_counted():
    many = [["a", f"p{number}", "q", MISSING] for number in range(MOST_NAMED + 1)]
    rows = [["a", "x", "q", "1"], *many, *[[*row[:2], "r", "1"] for row in many]]
    kept, said = leave_out(rows, keys=3)

    assert kept == [row for row in rows if row[3] == "1"]
    assert said == f"{MOST_NAMED + 1} rows are left out, because nothing of them can be shown."


def test_of_more_names_than_a_sentence_holds_each_keeps_a_row():
    names = [f"n{number}" for number in range(MOST_NAMED + 1)]
    rows = [["a", "1", "2"], *[[name, *NOTHING] for name in names for _ in range(2)]]
    kept, said = leave_out(rows)

    assert [row[0] for row in kept] == ["a", *names]
    assert said.startswith(f"{len(names)} rows are left out")


def test_a_heading_keeps_a_row_below_it_where_there_are_too_many_names():
    many = [[f"name {number}", *NOTHING] for number in range(MOST_NAMED)]
    sexes = [["**Sex**", "", ""], ["women", *NOTHING], ["men", *NOTHING]]
    kept, _ = leave_out([*many, *sexes])

    assert kept == [*many, *sexes[:2]]


@pytest.mark.parametrize(("rows", "known"), [([["a", *NOTHING]], False), ([["a", "0", "–"]], True)])
def test_a_table_has_numbers_or_none(rows, known):
    assert has_numbers(rows, 1) is known


def test_nothing_is_told_but_the_names_that_the_marks_stood_beside():
    people = hand.characteristics(hide=lambda frame: frame["variable"] == "sex")
    part = tables.characteristics(people, speak())
    all_shown = tables.characteristics(hand.characteristics(), speak())

    for line in part.markdown.splitlines():
        if line.startswith("| ") and any(letter.isdigit() for letter in line):
            assert line.split() and [cell.strip() for cell in line.split("|")] in [
                [cell.strip() for cell in other.split("|")]
                for other in all_shown.markdown.splitlines()
            ]


def test_where_nothing_is_hidden_the_mark_means_something_else():
    hidden = hand.before_after(hide=lambda frame: frame["source"] == "disability")
    shown = hand.before_after(hide=lambda frame: frame["source"] == "disability", profile="public")

    assert "to protect people" in tables.before_after(hidden, speak()).markdown
    assert "to protect people" not in tables.before_after(shown, speak()).markdown
    assert "not measured" in tables.before_after(shown, speak()).markdown


def test_columns_stand_at_their_months_with_a_mark_at_ticks_that_are_hidden():
    def early(frame):
        return (frame["stratum"] == "programme") & (frame["time"] == 6)

    frame = hand.occupation(hide=early).tidy().rename(columns={"state": "layer"})
    drawn = stack_panels.draw_stack(
        frame, list(hand.STATES), dict.fromkeys(hand.STATES, "x"), speak()
    )
    ticks = [[label.get_text() for label in axes.get_xticklabels()] for axes in drawn.axes]
    middles = [{round(bar.get_x() + bar.get_width() / 2, 6) for bar in axes.patches}
               for axes in drawn.axes]  # fmt: skip
    marks = [[note.xy[0] for note in axes.texts if note.get_gid() == "nothing shown"]
             for axes in drawn.axes]  # fmt: skip

    assert ticks == [["0", "6", "12", "18", "24"]] * 2
    arms = list(dict.fromkeys(frame["stratum"]))
    by_arm = dict(zip(arms, zip(middles, marks, strict=True), strict=True))
    assert by_arm["comparison"] == (set(range(0, 25, 6)), [])
    assert by_arm["programme"] == (set(range(0, 25, 6)), [6])


def test_few_ticks_and_the_last_time_have_columns_that_do_not_touch():
    def columns(*times, measured):
        wide = pd.DataFrame({"a": [0.1] * len(times)}, index=times)
        return stack_panels._columns_of(wide, pd.Series(measured), speak())

    few = columns(0, 5, measured=[0, 5, 6, 11, 12, 14, 18])
    assert list(few.index) == [0, 5, 12, 18]
    assert few["a"].isna().tolist() == [False, False, True, True]
    late = columns(0, 6, 12, 14, 16, 20, measured=[0, 6, 12, 14, 16, 18, 20, 24])
    assert list(late.index) == [0, 6, 12, 20, 24]  # 18 is too near 20; 14 and 16 are in the table
    assert list(columns(7, measured=[7, 11]).index) == [7]


def test_a_column_between_ticks_has_its_own_label_and_not_that_of_a_tick_beside_it():
    wides = {"a": pd.DataFrame({"a": [0.1, 0.2]}, index=[0, 5])}
    with style.style():
        _, (axes,) = style.panel(40)
        stack_panels._time_axis(axes, wides, 18, 2.0, speak())

    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "5", "12", "18"]


def test_what_is_hidden_is_explained_as_it_is_drawn():
    both = hand.curve(hide=lambda frame: frame["time"] == 6)
    one = hand.curve(hide=lambda frame: (frame["cause"] == "died") & (frame["time"] == 24))
    words = [figures.exits(made, speak()).markdown for made in (hand.curve(), both, one)]

    assert ["–: not shown" in said for said in words] == [False, True, True]
    assert ["A layer is missing" in said for said in words] == [False, False, True]
    assert not any("Hatched" in said for said in words)


def test_what_is_hidden_of_a_whole_is_hatched_and_nothing_stands_on_the_axis_in_its_place():
    wide = pd.DataFrame({"a": [0.6, 0.1, np.nan, np.nan], "b": [0.4, np.nan, 0.2, np.nan]},
                        index=[0, 6, 12, 18])  # fmt: skip
    with style.style():
        _, (axes,) = style.panel(40)
        stack_panels._draw_columns(axes, wide, ["a", "b"], 2.0, is_hatched=True)
    hatched = [bar for bar in axes.patches if bar.get_gid() == "hidden"]
    second = [bar for bar in axes.containers if bar.get_label() == "b"][0]

    assert [bar.get_x() + 1 for bar in hatched] == [6, 12, 18]
    assert [bar.get_y() for bar in hatched] == pytest.approx([0.1, 0.0, 0.0])
    assert [bar.get_height() for bar in hatched] == pytest.approx([0.9, 0.8, 1.0])
    assert (second[2].get_y(), second[2].get_height()) == pytest.approx((0.8, 0.2))
    assert not [note for note in axes.texts if note.get_gid() == "nothing shown"]


def test_the_end_of_a_curve_says_its_month():
    drawn = figures.curves.draw_incidence(hand.curve(), speak())
    written = [note.get_text() for note in drawn.axes[0].texts]

    assert sum(", month " in words for words in written) == 2


@pytest.mark.parametrize("make", [figures.occupation, figures.exits])
def test_a_figure_without_words_above_it_says_that_it_describes(make):
    value = hand.occupation() if make is figures.occupation else hand.curve()

    assert "[description]{.label}" in make(value, speak(level="national")).markdown


def test_the_chapter_speaks_of_differences_only_where_there_are_two_groups():
    both = hand.characteristics()
    rows = both.tidy()
    one = rows[rows["stratum"] == "programme"]
    single = replace(both, rows={name: one[name].to_numpy() for name in one})

    assert "last column" in words.participants(hand.flow(), both, speak()).markdown
    assert "last column" not in words.participants(hand.flow(), single, speak()).markdown


def test_states_of_several_benefits_are_named_in_the_order_of_the_cohort():
    places = [MONTH_STATES.index(state) for state in stacks.ONCE]

    assert places == sorted(places, reverse=True)
