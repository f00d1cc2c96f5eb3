"""Titles of figures about money, and of one set of answers valued in two ways."""

from dataclasses import replace

import numpy as np
import pytest
import released_by_hand as hand
from test_report_findings import speak, title
from test_report_money import curve

from evalkit.report import figures
from evalkit.report.figures.health_numbers import draw_two_value_sets

UNCERTAIN = ", but this is uncertain."
TOPIC = "When is the cost back, and for whom?"
CONTRAST = "contrast, 36 months followed, then hold"


def needed(share, low, high, *, years=10.0, method="contrast, 24 months", public=None):
    rows = [
        {"party": party, "horizon_years": years, "cost": 60_000.0, "gain": 9_000.0,
         "break_even_share": numbers[0], "conf_low": numbers[1], "conf_high": numbers[2],
         "reason": ""}
        for party, numbers in (("public", public or (share, low, high)),
                               ("society", (share, low, high)))
    ]  # fmt: skip
    summary = {"n": 214, "currency": "SEK", "price_year": 2024, "label": "description",
               "public": "region", "method": method}  # fmt: skip
    return title(figures.break_even(hand.released("BreakEven", rows, summary), speak()))


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((0.4, 0.2, 0.7), "40% of the gain is needed."),
        ((0.4, 0.2, 1.0), "40% of the gain is needed."),
        ((0.4, 0.2, 1.1), f"40% of the gain is needed{UNCERTAIN}"),
        ((1.4, 1.1, np.inf), "the cost does not come back."),
        ((np.inf, 1.1, np.inf), "the cost does not come back."),
        ((1.4, 0.9, np.inf), "it is not possible to say whether the cost comes back."),
        ((0.4, np.nan, np.nan), "40% of the gain is needed."),
    ],
)
def test_a_title_says_what_share_is_needed_and_how_sure_that_is(numbers, said):
    assert needed(*numbers) == f"Society as a whole, 10 years: {said}"


def test_a_change_is_not_called_a_gain():
    said = needed(0.4, 0.2, 0.7, method="before_after, 24 months")

    assert said == "Society as a whole, 10 years: 40% of the change must be due to the programme."


def test_where_there_is_nothing_to_say_of_society_the_public_sector_stands_in_the_title():
    no_share = {"share": np.nan, "low": np.nan, "high": np.nan}

    said = needed(**no_share, public=(0.4, 0.2, 0.7))

    assert said == "Public sector as a whole, 10 years: 40% of the gain is needed."
    assert needed(**no_share) == "How much of the gain is needed?"


def test_without_a_horizon_in_whole_years_there_is_no_share_to_tell():
    assert needed(0.4, 0.2, 0.7, years=0.5) == "How much of the gain is needed?"


def back(change=lambda rows: rows, *, band=5_000.0, method=CONTRAST, **options):
    """Title of the curve of the other tests: society pays 60, gains 1.9 thousand a month."""
    made = curve(band=band, **options)
    made = replace(made, rows=change(dict(made.rows)), summary={**made.summary, "method": method})
    return title(figures.pay_off_curve(made, speak()))


def test_a_title_says_from_which_month_the_cost_is_back():
    assert back() == "Society as a whole: the cost is back from month 32."


def test_a_month_is_uncertain_where_the_band_goes_below_zero_at_the_first_one_shown_after_it():
    # At month 36, the first after 32, the sum is 8 400.
    assert back(band=8_401.0) == f"Society as a whole: the cost is back from month 32{UNCERTAIN}"
    assert back(band=8_399.0).endswith("month 32.")


def test_an_interval_that_does_not_hold_the_sum_is_no_certainty():
    def below(rows):
        return {**rows, "cumulative_high": rows["cumulative_high"] - 200_000,
                "cumulative_low": rows["cumulative_low"] - 200_000}  # fmt: skip

    assert back(below).endswith(UNCERTAIN)


def test_a_month_since_the_last_one_shown_is_told_as_by_then():
    def by(rows):
        own = rows["party"] == "society"
        return {**rows, "pay_off_months": np.where(own, 36.0, rows["pay_off_months"])}

    assert back(by) == "Society as a whole: the cost is back by month 36."


def late(rows, above=0.0):
    """Society gets nothing back; its band is `above` where it was."""
    own = rows["party"] == "society"
    lower = {
        name: np.where(own, rows[name] - 90_000 + lift, rows[name])
        for name, lift in (("cumulative", 0), ("cumulative_low", above), ("cumulative_high", above))
    }
    return {**rows, **lower, "pay_off_months": np.where(own, np.inf, rows["pay_off_months"])}


@pytest.mark.parametrize(
    ("band", "above", "said"),
    [
        (5_000.0, 0, "the cost is not back by month 60."),
        (40_000.0, 0, "it is not possible to say whether the cost is back by month 60."),
        (5_000.0, 90_000, "it is not possible to say whether the cost is back by month 60."),
    ],
)
def test_a_cost_that_is_not_back_is_said_so_as_far_as_that_is_sure(band, above, said):
    assert back(lambda rows: late(rows, above), band=band) == f"Society as a whole: {said}"


def test_a_sum_above_zero_that_does_not_stay_there_has_no_title():
    def returns(rows):
        return {**rows, "pay_off_months": np.where(rows["party"] == "society", np.inf,
                                                   rows["pay_off_months"])}  # fmt: skip

    assert back(returns) == TOPIC


def test_the_title_of_a_curve_is_of_the_line_with_a_band():
    def sums(frame):
        return frame["party"].isin(["public", "society"])

    assert back(hide=lambda frame: frame["party"] == "society") == (
        f"Public sector as a whole: the cost is back by month 36{UNCERTAIN}"
    )
    assert back(band=0.0) == TOPIC
    assert back(hide=sums) == TOPIC


def test_a_month_after_the_last_one_with_a_band_is_not_told():
    def short(rows):
        beyond = rows["month"] > 24
        return {**rows, **{name: np.where(beyond, np.nan, rows[name])
                           for name in ("cumulative_low", "cumulative_high")}}  # fmt: skip

    assert back(short) == TOPIC


def test_what_holds_only_if_all_of_the_change_is_due_to_the_programme_is_no_title():
    assert back(method="before_after, 24 months") == TOPIC
    assert back(label="assumed") == TOPIC


def valued(*, arms=("programme", "comparison"), hide=None):
    rows = [
        {"stratum": arm, "wave": wave, "item": item, "level": "", "quantity": quantity,
         "estimate": 0.5 * wave / 12 + part, "conf_low": 0.1, "conf_high": 2.0, "n": 90.0}
        for arm in arms for wave in (12, 24) for item, part in (("A", 0.1), ("B", 0.4))
        for quantity in ("mean_change", "change_in_important")
    ]  # fmt: skip
    summary = {"n": 180, "value_set": "A", "important": 0.05}
    return hand.released("HealthMeasures", rows, summary, hide=hide)


def valued_title(**options):
    return title(figures.two_value_sets(valued(**options), speak()))


def test_a_title_says_how_answers_are_valued_at_the_last_wave_that_is_shown():
    assert valued_title() == (
        "Change by month 24 in the programme group, where 1 is the smallest change that matters: "
        "A +1.1 and B +1.4."
    )
    assert valued_title(arms=("",)) == (
        "Change by month 24, where 1 is the smallest change that matters: A +1.1 and B +1.4."
    )
    late = valued_title(hide=lambda frame: (frame["wave"] == 24) & (frame["item"] == "B"))
    assert late.endswith("month 12 in the programme group, where 1 is the smallest change that "
                         "matters: A +0.6 and B +0.9.")  # fmt: skip
    every = valued_title(hide=lambda frame: frame["item"] == "B")
    assert every == "The same answers, valued in two ways."


def test_a_second_value_set_of_which_no_change_is_shown_has_no_picture():
    made = valued(hide=lambda frame: frame["quantity"] == "change_in_important")

    assert not figures.two_value_sets(made, speak()).images


def test_rows_of_a_second_value_set_that_are_hidden_are_named_by_group():
    def late(frame):
        return (frame["stratum"] == "comparison") | (frame["wave"] == 24)

    part = figures.two_value_sets(valued(hide=late), speak()).markdown

    assert (
        "Not shown, to protect people: programme group (month 24) and comparison group "
        "(months 12 and 24)." in part
    )
    (axes,) = draw_two_value_sets(valued(hide=late), speak()).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Programme group, month 12"]
    assert "Not shown" not in figures.two_value_sets(valued(), speak()).markdown
