"""What a reader without methods asked: one number for one thing, hatching, labels, plain words."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import released_by_hand as hand

from evalkit.cohort import Persons
from evalkit.follow_up import dose_response
from evalkit.release import release
from evalkit.report import figures, words
from evalkit.report.figures import stack_panels
from evalkit.report.reading import starters
from evalkit.report.text import open_text
from evalkit.report.words_people import chapter


def speak(language="en", **options):
    return open_text(hand.labels(**options), language)


def test_the_card_counts_as_the_table_does_and_else_says_that_it_is_rounded():
    people = hand.characteristics()
    rounded = hand.curve(215)
    card = words.cards(rounded, None, None, None, speak(), people=people).markdown
    alone = words.cards(rounded, None, None, None, speak()).markdown

    assert "[214]{.card-number}" in card
    assert "[about 215]{.card-number}" in alone
    assert "people in the programme group" in card


def test_the_card_stays_rounded_where_the_table_hides_a_level():
    hidden = hand.characteristics(hide=lambda frame: frame["level"] == "man")
    card = words.cards(hand.curve(215), None, None, None, speak(), people=hidden).markdown

    assert np.isnan(starters(hidden, "programme"))
    assert "[about 215]{.card-number}" in card


def test_rounded_counts_are_explained_beside_the_exact_ones_only_where_they_are_rounded():
    note = "are rounded to the nearest 5"

    assert note in figures.incidence(hand.curve(), speak()).markdown
    assert note not in figures.incidence(hand.curve(profile="public"), speak()).markdown
    assert note not in figures.flow(hand.flow(), speak()).markdown


def test_hidden_states_are_hatched_up_to_everybody_and_nothing_is_where_all_are_shown():
    text = speak()
    hidden = hand.occupation(hide=lambda frame: frame["state"] == "parental")
    for curve, count in ((hidden, 2), (hand.occupation(), 0)):
        frame = curve.tidy().rename(columns={"state": "layer"})
        drawn = stack_panels.draw_stack(
            frame, list(hand.STATES), dict.fromkeys(hand.STATES, "x"), text, whole=True
        )
        marked = [
            axes for axes in drawn.axes
            if any(patch.get_gid() == "hidden" for patch in axes.patches)
        ]  # fmt: skip
        assert len(marked) == count
    assert "Hatched" in figures.occupation(hidden, text).markdown
    assert "Hatched" not in figures.occupation(hand.occupation(), text).markdown


def test_nothing_shown_is_called_nothing_and_an_estimate_keeps_its_label():
    text = speak()
    hidden = chapter("Q", "[Not shown.]{.withheld} [description]{.label}", "R", text).markdown
    shown = chapter("Q", "Five. [description]{.label}", "R", text).markdown

    assert "{.label}" not in hidden
    assert "[description]{.label}" in shown


def test_the_size_of_the_largest_difference_at_the_start_is_said_in_words():
    small = hand.characteristics()
    rows = small.rows | {"standardised_difference": small.rows["standardised_difference"] / 10}
    less = replace(small, rows=rows)

    assert "larger than what is usually" in words.participants(hand.flow(), small, speak()).markdown
    assert "Even that difference" in words.participants(hand.flow(), less, speak()).markdown


def people(dose):
    rng = np.random.default_rng(3)
    frame = {"person": [f"p{i}" for i in range(200)], dose: rng.uniform(1, 24, 200)}
    frame = pd.DataFrame(frame)
    return Persons.from_frame(
        frame.assign(y=0.1 * frame[dose] + rng.normal(size=200)), person="person"
    )


@pytest.mark.parametrize("dose", ["length", "quality"])
def test_only_a_quality_is_called_one_and_has_points(dose):
    shown = release(dose_response(people(dose), dose=dose, outcome="y"), "strict10")
    spoken = words.dose_response(shown, speak()).markdown
    axis = figures.dose.draw_dose(shown, speak()).axes[0].get_xlabel()

    assert ("quality" in spoken) == (dose == "quality")
    assert ("points" in axis) == (dose == "quality")
