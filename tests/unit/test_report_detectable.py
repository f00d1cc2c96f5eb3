"""The smallest detectable difference: by hand, against the estimator of whole areas, in words."""

import math

import pytest
import released_by_hand as hand

from evalkit.follow_up import minimum_detectable_share
from evalkit.report import words
from evalkit.report.detectable import (
    detectable_score,
    detectable_share,
    detectable_time,
    people_needed,
    smallest_detectable,
)
from evalkit.report.reading import WITHHELD, term_value
from evalkit.report.text import open_text

# By hand: an error of 0.031 times 1.959964 + 0.841621 is 0.0868; (0.0868 / 0.05)^2 of 412
# people are 1243, of two figures 1300.
SAID = {
    "en": "With as many people as here, a difference would be seen in 8 of 10 studies if it were "
    "at least 9 of 100 people. The smallest difference that matters is 5 of 100 people: to see it "
    "as surely, about 1,300 people in both groups together would be needed.",
    "sv": "Med så här många personer skulle en skillnad upptäckas i 8 av 10 studier om den vore "
    "minst 9 av 100 personer. Den minsta skillnad som har betydelse är 5 av 100 personer: för att "
    "upptäcka den lika säkert skulle det behövas ungefär 1\N{NO-BREAK SPACE}300 personer i båda "
    "grupperna tillsammans.",
    "fi": "Tällä osallistujamäärällä ero havaittaisiin 8 tutkimuksessa kymmenestä, jos se olisi "
    "vähintään 9 ihmistä sadasta. Pienin merkityksellinen ero on 5 ihmistä sadasta: sen "
    "havaitsemiseen yhtä varmasti tarvittaisiin molempiin ryhmiin yhteensä noin "
    "1\N{NO-BREAK SPACE}300 ihmistä.",
}


def speak(language="en", **changes):
    changes = {"useful_size": {"incidence": 0.05, "months": 1.0, "index": 0.05}, **changes}
    return open_text(hand.labels(**changes), language)


def test_a_normal_difference_is_seen_from_two_point_eight_errors():
    assert smallest_detectable(0.031) == pytest.approx(0.031 * (1.959964 + 0.841621), rel=1e-5)


@pytest.mark.parametrize("df", [2.0, 10.0, 370.0, None])
def test_it_is_what_a_comparison_of_areas_finds(df):
    found = minimum_detectable_share(coverage=1.0, effect=1.0, std_error=0.4, df=df).tidy()

    assert smallest_detectable(0.4, df) == pytest.approx(found["detectable_system"].iloc[0])


@pytest.mark.parametrize("error", [math.nan, 0.0, math.inf])
def test_without_an_error_there_is_none(error):
    assert math.isnan(smallest_detectable(error))
    assert math.isnan(people_needed(100, error, 0.05))


def test_half_the_difference_takes_four_times_the_people():
    smallest = smallest_detectable(0.03)

    assert people_needed(400, 0.03, smallest) == 400
    assert people_needed(400, 0.03, smallest / 2) == 1600


@pytest.mark.parametrize("language", SAID)
def test_the_sentence_of_a_share(language):
    assert detectable_share(hand.contrast(), speak(language)) == SAID[language]


def test_a_comparison_that_sees_what_matters_says_so():
    said = detectable_time(hand.months(error=0.2), speak())

    assert said.endswith(
        "at least 0.6 months. That is enough to see the smallest difference that matters "
        "(1.0 months)."
    )


def test_health_is_told_on_its_own_scale():
    fit = hand.ancova()

    said = detectable_score(fit, term_value(fit, "wave[12]"), math.nan, speak())

    assert said.endswith("if it were at least 0.042 on the index.")


def test_nothing_is_said_of_a_difference_that_is_not_shown():
    hidden = hand.contrast(hide=lambda frame: frame["scale"] == "difference")

    assert detectable_share(hidden, speak()) == ""
    assert detectable_score(hand.ancova(), WITHHELD, 0.05, speak()) == ""


def test_it_stands_below_the_answer_of_both_chapters():
    reached = words.self_support(hand.contrast(), hand.months(), None, speak()).markdown
    health = words.health(hand.ancova(), hand.wave_means(), speak()).markdown

    assert reached.count("8 of 10 studies") == 2
    assert health.count("8 of 10 studies") == 1
    assert reached.index("{.label}") < reached.index("8 of 10") < reached.index("How to read this")
