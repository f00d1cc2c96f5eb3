"""Periods, strata, money and refusals of key figures, targets and process times."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import Forms, Participations
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up import key_figures, process_times, targets
from evalkit.follow_up.days import median_days


def sample(data_cut="2024-12", **changes):
    rows = {
        "person_id": ["a", "b", "c", "d"], "package_id": ["p", "p", "q", "q"],
        "start": ["2023-11-01", "2024-01-15", "2024-03-01", "2024-06-01"],
        "end": ["2024-01-31", "2024-07-01", None, "2024-09-30"],
        "exit_reason": ["completed", "work_or_study", None, "work_or_study"],
        "municipality": ["1", "2", "1", "2"],
    }  # fmt: skip
    return Participations.from_frame(pd.DataFrame(rows | changes), data_cut=data_cut)


PACKAGES = pd.DataFrame({
    "package_id": ["p", "q", "unused"], "focus": ["work", "health", "other"],
    "budget": [100.0, 300.0, 50.0], "planned_participants": [4, 2, 1], "currency": "SEK",
})  # fmt: skip


def values(figures, stratum=""):
    rows = figures.tidy()
    return rows[rows["stratum"] == stratum].set_index("quantity")["estimate"]


def test_a_year_is_its_twelve_months():
    found = values(key_figures(sample(), period=2023))

    assert found[["took_part", "started", "left", "in_package"]].tolist() == [1, 1, 0, 1]


def test_a_period_ends_with_the_data_cut():
    figures = key_figures(sample("2024-06"), period=2024)

    assert figures.summary["last_day"] == "2024-06-30"
    assert values(figures)["in_package"] == 3


def test_all_together_stands_last_and_alone_without_strata():
    assert key_figures(sample()).tidy()["stratum"].unique().tolist() == [""]
    by = key_figures(sample(), by="package_id").tidy()["stratum"].unique().tolist()
    assert by == ["p", "q", ""]


def test_columns_of_packages_make_strata():
    figures = key_figures(sample(), by="focus", packages=PACKAGES, plan_covers="period")

    assert values(figures, "work")["budget"] == 100
    assert values(figures)["budget"] == 400
    assert values(figures, "health")["planned"] == 2


def test_the_year_of_the_start_makes_strata():
    figures = key_figures(sample(), by="start_year")

    assert values(figures, "2023")["started"] == 1
    assert values(figures, "2024")["started"] == 3


def test_money_of_a_package_that_two_strata_share_belongs_to_neither():
    figures = key_figures(sample(), by="municipality", packages=PACKAGES)
    rows = figures.tidy().set_index(["stratum", "quantity"])

    assert np.isnan(rows.loc[("1", "budget"), "estimate"])
    assert rows.loc[("1", "cost_per_person"), "reason"] == "packages_shared"
    assert np.isfinite(rows.loc[("", "budget"), "estimate"])


def test_the_budget_stands_for_what_was_spent_where_that_is_not_known():
    assert key_figures(sample(), packages=PACKAGES).summary["cost"] == "budget"
    spent = PACKAGES.assign(outcome=[90.0, 200.0, 0.0])
    assert key_figures(sample(), packages=spent).summary["cost"] == "spent"
    partly = PACKAGES.assign(outcome=[90.0, np.nan, 0.0])
    assert key_figures(sample(), packages=partly).summary["cost"] == "budget"


def test_without_packages_there_is_no_money_and_a_reason():
    rows = key_figures(sample()).tidy().set_index("quantity")

    assert rows.loc["cost_per_person", "reason"] == "no_packages"
    assert rows["unit"].loc["budget"] == ""


def test_outcomes_are_the_exit_reasons_asked_for():
    figures = key_figures(sample(), outcomes=["completed"])

    assert values(figures)["reached_outcome"] == 1


def test_a_misregistration_is_told_in_the_glance():
    given = sample(exit_reason=["felregistrering", "completed", None, "completed"])

    assert key_figures(given).summary["n_misregistered"] == 1


def test_a_median_that_half_have_not_reached_is_missing_with_a_reason():
    rows = key_figures(sample(end=[None] * 4)).tidy().set_index("quantity")

    assert np.isnan(rows.loc["median_days", "estimate"])
    assert rows.loc["median_days", "reason"] == "fewer_than_half_left"
    assert rows.loc["outcome_share", "reason"] == "nobody_left"


def test_nobody_who_ends_has_no_median():
    found = median_days(np.array([3.0]), np.array([False]), np.array([0.0]), conf_level=0.95)

    assert np.isnan(found.estimate)


def test_refusals_of_key_figures():
    with pytest.raises(EstimationError, match="none of 4 participations is in the period"):
        key_figures(sample(), period=2022)
    with pytest.raises(ParameterError, match="period: must be a year"):
        key_figures(sample(), period=("one", "two"))
    with pytest.raises(ParameterError, match="begins after its end, or after the data cut"):
        key_figures(sample(), period=2030)
    with pytest.raises(ParameterError, match="plan_covers"):
        key_figures(sample(), plan_covers="month")
    with pytest.raises(EstimationError, match="2 of 4 participations are in packages"):
        key_figures(sample(), packages=PACKAGES[:1])
    with pytest.raises(EstimationError, match="currency: 2 different"):
        key_figures(sample(), packages=PACKAGES.assign(currency=["SEK", "EUR", "SEK"]))
    with pytest.raises(EstimationError, match="price_year: 2 different"):
        key_figures(sample(), packages=PACKAGES.assign(price_year=[2010, 2024, 2024]))
    with pytest.raises(ParameterError, match="conf_level: 95"):
        key_figures(sample(), conf_level=95)


def test_a_price_year_of_packages_that_nobody_is_in_does_not_matter():
    figures = key_figures(sample(), packages=PACKAGES.assign(price_year=[2024, 2024, 2010]))

    assert figures.summary["price_year"] == 2024


GOALS = pd.DataFrame({
    "stratum": ["", "p", None], "quantity": ["started", "left", "outcome_share"],
    "target": [5, 2, 60], "direction": [None, "at_least", "at_most"],
})  # fmt: skip


def test_targets_stand_beside_all_key_figures():
    figures = key_figures(sample(), by="package_id")

    table = targets(figures, GOALS)

    rows = table.tidy().set_index(["stratum", "quantity"])
    assert len(rows) == len(figures.tidy())
    assert rows.loc[("", "started"), ["actual", "fulfilment", "met"]].tolist() == [4, 80, "no"]
    assert rows.loc[("p", "left"), ["difference", "met"]].tolist() == [0, "yes"]
    assert rows.loc[("", "outcome_share"), "met"] == "no"
    assert rows.loc[("q", "left"), "met"] == ""
    assert table.summary["n_target"] == 3


def test_a_target_without_an_actual_number_is_neither_met_nor_missed():
    goal = pd.DataFrame({"stratum": [""], "quantity": ["cost_per_person"], "target": [10]})

    row = targets(key_figures(sample()), goal).tidy().dropna(subset="target").iloc[0]

    assert (row["met"], row["reason"]) == ("", "no_packages")


@pytest.mark.parametrize(
    ("goals", "error", "message"),
    [
        (GOALS.drop(columns="target"), ParameterError, "no column target"),
        (GOALS.assign(target=[1, 0, -2]), ParameterError, "2 of 3 are not positive"),
        (GOALS.assign(direction="up"), ParameterError, "direction: 3 of 3"),
        (
            GOALS.assign(quantity=["joy", "x", "y"]),
            EstimationError,
            "3 of 3 targets name a stratum or a",
        ),
        (pd.concat([GOALS, GOALS]), EstimationError, "3 of 6 targets occur twice"),
    ],
)
def test_refusals_of_targets(goals, error, message):
    figures = key_figures(sample(), by="package_id")

    with pytest.raises(error, match=message):
        targets(figures, goals)


def forms(**changes):
    rows = {
        "person_id": ["a", "a", "b", "c", "d"], "package_id": ["p", "p", "p", "p", "q"],
        "start": ["2023-11-11", "2023-12-01", "2024-08-01", "2024-03-02", "2024-06-01"],
        "form": ["multiparty_talk", "joint_plan", "joint_plan", "joint_plan", "joint_plan"],
    }  # fmt: skip
    return Forms.from_frame(pd.DataFrame(rows | changes))


def test_steps_count_within_their_own_participation_only():
    """a: plan after 30 days, talk after 10; b's came after its end; c's is another package's."""
    rows = process_times(sample(), forms(), within=[10, 30]).tidy()
    n_reached = rows.set_index(["step", "quantity"])["n_reached"]

    assert n_reached["joint_plan", "share_within_10"] == 1
    assert n_reached["joint_plan", "share_within_30"] == 2
    assert n_reached["first_form", "share_within_10"] == 2
    assert n_reached["joint_plan", "median_days"] == 2


def test_who_left_without_the_step_never_reaches_it():
    """Two of four: after 0 and 30 days; S falls to exactly 1/2 at 30 and stays there."""
    rows = process_times(sample(), forms(), steps=["joint_plan"]).tidy().set_index("quantity")

    assert rows.loc["median_days", "estimate"] == 30
    assert rows.loc["share_within_90", "estimate"] == 50


def test_only_who_could_be_followed_so_long_counts():
    rows = process_times(sample("2024-06-30"), forms(), within=[60]).tidy()

    assert rows["n"].tolist() == [3, 4, 3, 4]


def test_the_clock_may_start_at_a_referral():
    given = sample()
    referred = Participations.from_frame(
        given.covariates.assign(referred_on=["2023-10-22", None, "2024-03-01", "2024-06-01"]),
        data_cut="2024-12",
    )

    rows = process_times(referred, forms(), steps=["joint_plan"], origin="referred_on").tidy()

    assert rows["n"].max() == 3
    assert rows.set_index("quantity").loc["share_within_30", "n_reached"] == 1


def test_refusals_of_process_times():
    with pytest.raises(ParameterError, match="origin: `referral` is no column"):
        process_times(sample(), forms(), origin="referral")
    with pytest.raises(ParameterError, match="within: give days above 0"):
        process_times(sample(), forms(), within=[0])
    with pytest.raises(EstimationError, match="none of 4 participations started in the period"):
        process_times(sample(), forms(), period=2022)


def test_a_step_that_nobody_reached_has_no_median():
    rows = process_times(sample(), forms(), steps=["contact_person"]).tidy().set_index("quantity")

    assert rows.loc["share_within_30", "estimate"] == 0
    assert rows.loc["median_days", "reason"] == "fewer_than_half_reached"
