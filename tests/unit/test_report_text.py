"""Sentences with slots, and numbers by the conventions of each language."""

import math

import pytest
import released_by_hand as hand

from evalkit.errors import ParameterError
from evalkit.report.text import open_text

NBSP, MINUS = "\N{NO-BREAK SPACE}", "\N{MINUS SIGN}"


def text(language, **options):
    return open_text(hand.labels(**options), language)


@pytest.mark.parametrize(
    ("language", "number", "percent", "interval", "below_zero"),
    [
        ("sv", f"12{NBSP}345,7", f"38{NBSP}%", "29–39", f"{MINUS}1 till 5"),
        ("fi", f"12{NBSP}345,7", f"38{NBSP}%", "29–39", f"{MINUS}1…5"),
        ("en", "12,345.7", "38%", "29 to 39", f"{MINUS}1 to 5"),
    ],
)
def test_numbers_follow_the_language(language, number, percent, interval, below_zero):
    spoken = text(language)

    assert spoken.number(12345.67, 1) == number
    assert spoken.percent(0.38) == percent
    assert spoken.range(29, 39) == interval
    assert spoken.range(-1, 5) == below_zero


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_a_small_negative_number_is_zero_without_a_sign(language):
    assert text(language).number(-0.04) == "0"
    assert text(language).number(-0.04, signed=True) == "0"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_missing_number_is_never_written(value):
    with pytest.raises(ParameterError, match="missing or infinite"):
        text("en").number(value)


def test_a_signed_number_has_its_sign():
    assert text("sv").number(2.13, 1, signed=True) == "+2,1"
    assert text("sv").number(-2.13, 1, signed=True) == f"{MINUS}2,1"


@pytest.mark.parametrize(
    ("language", "under_one", "zero"),
    [("sv", f"under 1{NBSP}%", f"0{NBSP}%"), ("fi", f"alle 1{NBSP}%", f"0{NBSP}%"),
     ("en", "under 1%", "0%")],
)  # fmt: skip
def test_a_positive_share_that_rounds_to_zero_is_said_to_be_small(language, under_one, zero):
    assert text(language).percent(0.003) == under_one
    assert text(language).percent(0.0, 1) == zero


@pytest.mark.parametrize(
    ("language", "crowns", "euros"),
    [
        ("sv", f"1{NBSP}235 tusen kronor", f"1{NBSP}235 tusen euro"),
        ("fi", f"1{NBSP}235 tuhatta kruunua", f"1{NBSP}235 tuhatta euroa"),
        ("en", "SEK 1,235 thousand", "EUR 1,235 thousand"),
    ],
)
def test_money_is_in_thousands_of_its_currency(language, crowns, euros):
    assert text(language).money(1_234_567, "SEK") == crowns
    assert text(language).money(1_234_567, "EUR") == euros


@pytest.mark.parametrize(
    ("language", "month"),
    [("sv", "december 2025"), ("fi", "joulukuu 2025"), ("en", "December 2025")],
)
def test_a_month_is_in_the_nominative(language, month):
    assert text(language).month("2025-12") == month


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [("sv", "1 dag", "365 dagar"), ("fi", "1 päivä", "365 päivää"), ("en", "1 day", "365 days")],
)
def test_plural_forms_follow_the_language(language, one, many):
    assert text(language).plural("{n} day", "{n} days", 1) == one
    assert text(language).plural("{n} day", "{n} days", 365) == many


def test_a_probability_that_only_rounds_to_one_is_over_99():
    english = text("en")

    assert [english.probability(value) for value in (0.0, 0.004, 0.994, 0.997, 1 - 1e-12, 1.0)] == [
        "0%", "under 1%", "99%", "over 99%", "100%", "100%"
    ]  # fmt: skip
    assert english.percent(0.997) == "100%"


def test_a_missing_slot_is_an_error():
    with pytest.raises(ParameterError, match="slots missing or left over: name"):
        text("en").say("coordination federation: {name}")


def test_a_slot_that_the_sentence_does_not_have_is_an_error():
    with pytest.raises(ParameterError, match="left over: age"):
        text("en").say("Contents", age="4")


def test_a_number_that_was_not_made_text_is_an_error():
    with pytest.raises(ParameterError, match="not yet text: percent"):
        text("en").say("under {percent}", percent=0.3)


def test_an_unknown_language_is_an_error():
    with pytest.raises(ParameterError, match="none of sv, fi, en"):
        text("de")


@pytest.mark.parametrize(
    ("language", "joined"), [("sv", "a, b och c"), ("fi", "a, b ja c"), ("en", "a, b and c")]
)
def test_names_are_joined_as_the_language_does(language, joined):
    assert text(language).list(["a", "b", "c"]) == joined


def test_an_events_study_speaks_of_its_own_outcome_and_unit():
    spoken = text("en", raw=hand.EVENTS, level="study")

    assert (spoken.outcome, spoken.unit) == ("linkage with primary care", "days")
