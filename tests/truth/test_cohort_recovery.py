"""The made-up study, from its records to incidences: the values of truth.json are recovered.

One draw of the records: tolerance 3.5 standard errors of a share among as many persons. Only those
are counted who started early enough to be followed to the horizon; when somebody started does not
depend on what happened later, so a plain share estimates the incidence.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort import MONTH_STATES, build_cohort
from evalkit.cohort.months import month_number
from evalkit.records import read_records
from evalkit.study import read_study

DATA = Path(__file__).parents[2] / "data" / "synthetic"
ARMS = ("programme", "comparison")
CAUSES = ("died", "emigrated", "disability_pension", "old_age_pension")


@cache
def built(country: str):
    study = read_study(DATA / country / "study.yaml")
    truth = json.loads((DATA / country / "truth.json").read_text(encoding="utf-8"))["values"]
    return build_cohort(read_records(study).tables, study), truth


def early(tables, arm: str, months: int) -> pd.Series:
    """Persons of an arm whose index month is at least so many months before the data cut."""
    people = tables.people
    before = month_number("2025-12") - month_number(people["index_month"])
    return people.loc[(people["arm"] == arm) & (before >= months), "person_id"]


def share_by(rows, horizon: int, cause: str = "self_support") -> float:
    """Share with the exit by the horizon among persons who are all followed that long."""
    followed = (rows["time"] >= horizon) | (rows["cause"] != "censored")
    assert followed.all() and len(rows) > 100
    return float(((rows["time"] <= horizon) & (rows["cause"] == cause)).mean())


def agrees(found: float, truth: dict, n: int) -> bool:
    error = np.hypot(np.sqrt(truth["value"] * (1 - truth["value"]) / n), truth["mc_error"])
    return abs(found - truth["value"]) <= 3.5 * error


@pytest.mark.parametrize("country", ["SE", "FI"])
@pytest.mark.parametrize("arm", ARMS)
def test_the_incidence_of_every_length_is_recovered(country, arm):
    tables, truth = built(country)
    chosen = tables.definitions["person_id"].isin(early(tables, arm, 24 + 11))
    chosen &= tables.definitions["definition"] == "SS-FORS"
    for k, rows in tables.definitions[chosen].groupby("sustained_months"):
        for horizon in (12, 24):
            value = truth[f"incidence_k{k}_h{horizon}"][arm]
            assert agrees(share_by(rows, horizon), value, len(rows)), (k, horizon)
            # A bias of twice the tolerance would be found.
            error = np.hypot(np.sqrt(value["value"] / len(rows)), value["mc_error"])
            assert not agrees(value["value"] + 7 * error, value, len(rows))


@pytest.mark.parametrize("country", ["SE", "FI"])
@pytest.mark.parametrize("arm", ARMS)
def test_the_incidence_of_every_competing_exit_is_recovered(country, arm):
    tables, truth = built(country)
    rows = tables.people[tables.people["person_id"].isin(early(tables, arm, 24 + 2))]
    for cause in CAUSES:
        value = truth[f"incidence_{cause}_h24"][arm]
        assert agrees(share_by(rows, 24, cause), value, len(rows)), cause


@pytest.mark.parametrize("country", ["SE", "FI"])
@pytest.mark.parametrize("arm", ARMS)
def test_the_share_without_support_in_month_24_is_recovered(country, arm):
    tables, truth = built(country)
    state = tables.states.loc[tables.states["person_id"].isin(early(tables, arm, 24)), "m024"]
    assert (state >= 0).all()
    free = float((state == MONTH_STATES.index("self_support")).mean())
    assert agrees(free, truth["without_support_in_month_24"][arm], len(state))


@pytest.mark.parametrize("country", ["SE", "FI"])
def test_every_person_of_the_records_stands_in_the_flow_once(country):
    tables, _ = built(country)
    assert not tables.steps["person_id"].duplicated().any()
    assert (tables.steps["reason"] == "analysed").sum() == len(tables.people)
    left = set(tables.steps["reason"])
    expected = {"no_package", "outside_ages", "not_on_support", "too_short_support"}
    assert expected | {"too_few_actors", "analysed"} <= left
