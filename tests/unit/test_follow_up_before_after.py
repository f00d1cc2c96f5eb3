"""Strata, support and refusals of before and after; refusals of the other key figures."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import AreaCount, Occasions
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up import (
    before_after,
    frechet_bounds,
    full_year_equivalents,
    need_and_coverage,
    need_by_area,
    support_measure,
)


def sample(frame=None) -> Occasions:
    given = pd.DataFrame(
        {
            "person": ["a", "b", "c", "d", "a", "b", "c"],
            "month": [0, 0, 0, 0, 24, 24, 24],
            "work": [False, True, False, True, True, True, False],
            "sick": [True, True, True, True, False, False, True],
            "arm": ["programme", "comparison", "programme", "programme"] + ["comparison"] * 3,
        }
    )
    frame = given if frame is None else frame
    return Occasions.from_frame(
        frame, person="person", occasion="month", sources=["work", "sick"], arm="arm"
    )


def test_whoever_is_missing_at_one_month_is_no_pair():
    table = before_after(sample())

    assert table.summary["n"] == 3
    assert table.tidy()["n_pair"].tolist() == [3, 3]


def test_strata_are_those_of_the_first_month():
    rows = before_after(sample(), by="arm").tidy()

    assert rows["stratum"].tolist() == ["programme"] * 2 + ["comparison"] * 2
    assert rows["n_pair"].tolist() == [2, 2, 1, 1]


def test_support_is_the_rarer_of_the_two_shares():
    table = before_after(sample())

    assert table.support["n"].tolist() == [3, 3]
    assert table.support["k"].tolist() == [1, 1]
    assert table.support["complement"].tolist() == [1, 0]


def test_label_is_always_a_description():
    assert before_after(sample()).summary["label"] == "description"


def test_relative_change_from_nobody_is_missing():
    first = sample().covariates.assign(work=[False] * 4 + [True] * 3)

    row = before_after(sample(first)).tidy().loc[0]

    assert row["change"] == 100
    assert pd.isna(row["change_percent"])


def test_a_month_that_nobody_has_is_named():
    with pytest.raises(EstimationError, match="month 12 from start; months in the sample: 0, 24"):
        before_after(sample(), after=12)


def test_months_without_common_persons_are_refused():
    frame = sample().covariates.query("occasion == 0 or person_id == 'x'")
    other = frame.head(1).assign(person="x", month=24, person_id="x", occasion=24)

    with pytest.raises(EstimationError, match="both months 0 and 24"):
        before_after(sample(pd.concat([frame, other], ignore_index=True)))


def test_after_must_be_later_than_before():
    with pytest.raises(ParameterError, match="later"):
        before_after(sample(), before=24, after=0)


@pytest.mark.parametrize(("n", "before", "after"), [(-1, 0.1, 0.1), (5, 1.1, 0.1), (5, 0.1, -0.1)])
def test_bounds_refuse_what_is_no_share(n, before, after):
    with pytest.raises(ParameterError, match="frechet_bounds"):
        frechet_bounds(n, before, after)


@pytest.mark.parametrize(
    ("population", "covered", "keywords", "named"),
    [
        (0, 0, {}, "area"),
        (10, 11, {}, "area"),
        (10, 1, {"shares": (0.0,)}, "shares"),
        (10, 1, {"shares": ()}, "shares"),
        (10, 1, {"wanting": (0.6, 0.4)}, "wanting"),
        (10, 1, {"wanting": 1.5}, "wanting"),
    ],
)
def test_need_refuses_what_is_no_share(population, covered, keywords, named):
    with pytest.raises(ParameterError, match=named):
        need_and_coverage(AreaCount(population, covered, "2024"), **keywords)


def test_national_shares_are_labelled_assumed_unless_said_otherwise():
    area = AreaCount(1000, 20, "2024")

    assert need_and_coverage(area).summary["label"] == "assumed"
    assert need_and_coverage(area, label="register").summary["label"] == "register"
    assert need_and_coverage(area, wanting=(0.4, 0.6)).summary["wanting"] == "0.4-0.6"


def test_days_must_not_be_negative_or_missing():
    with pytest.raises(ParameterError, match="days: 2 of 3"):
        full_year_equivalents([1, -1, float("nan")])


def test_degrees_must_be_percent():
    with pytest.raises(ParameterError, match="degree: 1 of 2"):
        full_year_equivalents([1, 1], [50, 0])


def test_an_area_whose_participants_are_unknown_is_not_one_without_any():
    areas = pd.DataFrame({"municipality": ["1", "2"], "population": 1000.0,
                          "covered": [np.nan, 20], "period": "2024"})  # fmt: skip

    with pytest.raises(ParameterError, match="covered is missing or below 0 in 1 of 2 rows"):
        need_by_area(areas)
    assert need_by_area(areas.assign(covered=[0, 20])).summary["n_covered"] == 20


def test_a_component_without_a_value_marks_the_sums_over_it():
    totals = pd.DataFrame({
        "area": "0114", "year": 2023, "equivalents": [np.nan, 10.0, 5.0],
        "component": ["sickness_benefit", "disability_pension", "social_assistance"],
    })  # fmt: skip

    rows = support_measure(totals, country="SE").tidy().set_index(["group", "measure"])
    nothing = support_measure(
        totals.assign(equivalents=[np.nan, np.nan, 5.0]), country="SE"
    ).tidy().set_index(["group", "measure"])["value"]  # fmt: skip

    assert rows.loc[("ill_health", "total"), ["value", "may_be_missing"]].tolist() == [10, True]
    assert rows.loc[("all", "total"), ["value", "may_be_missing"]].tolist() == [15, True]
    assert not rows.loc[("economic", "social_assistance"), "may_be_missing"]
    assert pd.isna(nothing["ill_health", "total"])
    assert nothing["all", "total"] == 5


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_is_between_0_and_1(level):
    with pytest.raises(ParameterError, match="conf_level"):
        before_after(sample(), conf_level=level)
