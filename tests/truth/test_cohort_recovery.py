"""The made-up study, from its records to incidences: the values of truth.json are recovered.

One draw of the records: tolerance 3.5 standard errors of a share among as many persons. Only those
are counted who started early enough to be followed to the horizon. Truth is about all starters
who can be followed for two years; where a quantity needs a longer look, those who started earliest
stand for them, whose true value differs by less than a tenth of the tolerance.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort import MONTH_STATES, build_cohort, open_samples
from evalkit.cohort.months import month_number
from evalkit.health import eq5d_index
from evalkit.records import read_records
from evalkit.records.schema import EQ5D_ITEMS
from evalkit.study import read_study
from evalkit.survival import restricted_mean, time_in_state, time_lost
from evalkit.synthetic.countries import COUNTRIES
from evalkit.synthetic.parts import live, parts_of, person_ids
from evalkit.synthetic.write import small_plan

DATA = Path(__file__).parents[2] / "data" / "synthetic"
ARMS = ("programme", "comparison")


@cache
def built(country: str):
    study = read_study(DATA / country / "study.yaml")
    truth = json.loads((DATA / country / "truth.json").read_text(encoding="utf-8"))["values"]["ATE"]
    return build_cohort(read_records(study).tables, study), study, truth


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
    tables, _, truth = built(country)
    chosen = tables.definitions["person_id"].isin(early(tables, arm, 24 + 11))
    chosen &= tables.definitions["definition"] == "SS-FORS"
    for k, rows in tables.definitions[chosen].groupby("sustained_months"):
        for horizon in (12, 24):
            value = truth[f"incidence_k{k}_h{horizon}"][arm]
            assert agrees(share_by(rows, horizon), value, len(rows)), (k, horizon)
            # Another horizon would be found.
            assert not agrees(share_by(rows, 3), value, len(rows)), (k, horizon)


@pytest.mark.parametrize("country", ["SE", "FI"])
@pytest.mark.parametrize("arm", ARMS)
def test_the_incidence_of_disability_pension_is_recovered(country, arm):
    tables, _, truth = built(country)
    rows = tables.people[tables.people["person_id"].isin(early(tables, arm, 24 + 2))]
    value = truth["incidence_disability_pension_h24"][arm]
    assert agrees(share_by(rows, 24, "disability_pension"), value, len(rows))
    assert not agrees(0.0, value, len(rows))


def test_the_incidence_of_the_rare_exits_is_recovered():
    """Deaths, moves abroad and old age together, in both countries and arms: they are few."""
    found, expected, persons = 0.0, 0.0, 0
    for country in ("SE", "FI"):
        tables, _, truth = built(country)
        for arm in ARMS:
            rows = tables.people[tables.people["person_id"].isin(early(tables, arm, 24 + 2))]
            persons += len(rows)
            for cause in ("died", "emigrated", "old_age_pension"):
                found += share_by(rows, 24, cause) * len(rows)
                expected += truth[f"incidence_{cause}_h24"][arm]["value"] * len(rows)
    value = {"value": expected / persons, "mc_error": 0.0005}
    assert agrees(found / persons, value, persons)
    assert not agrees(0.0, value, persons)


@pytest.mark.parametrize("country", ["SE", "FI"])
@pytest.mark.parametrize("arm", ARMS)
def test_the_three_kinds_of_months_are_recovered(country, arm):
    tables, study, truth = built(country)
    samples = open_samples(tables, study)
    options = {"by": "arm", "horizon": 24}
    found = {
        "months_until_any_exit_k3_h24": restricted_mean(samples.exits, cause="any", **options),
        "months_since_first_exit_k3_h24": time_lost(samples.exits, cause="self_support", **options),
        "months_in_self_support_h24": time_in_state(
            samples.states, state="self_support", **options
        ),
    }
    for quantity, contrast in found.items():
        row = contrast.tidy().set_index("term").loc[arm]
        true = truth[quantity][arm]
        error = np.hypot(row["std_error"], true["mc_error"])
        assert abs(row["estimate"] - true["value"]) <= 3.5 * error, quantity
        # Half of it would be found.
        assert abs(row["estimate"] / 2 - true["value"]) > 3.5 * error, quantity


@pytest.mark.parametrize("country", ["SE", "FI"])
def test_the_health_index_at_the_start_and_its_difference_later_are_recovered(country):
    """Drop-out is at random in these studies, so those who answered speak for all."""
    tables, study, truth = built(country)
    values = {country: study.health.value_set for country in ("SE", "FI")}
    answers = tables.answers.dropna(subset=list(EQ5D_ITEMS))
    index = eq5d_index(answers[list(EQ5D_ITEMS)], value_set=values[country])
    for wave in (0, 12, 24):
        means, errors = {}, {}
        for arm in ARMS:
            rows = index[(answers["wave"] == wave) & (answers["arm"] == arm)]
            means[arm], errors[arm] = rows.mean(), rows.std() / np.sqrt(len(rows))
            true = truth[f"index_wave{wave}"][arm]
            assert abs(means[arm] - true["value"]) <= 3.5 * np.hypot(errors[arm], true["mc_error"])
            assert abs(means[arm] - 0.1 - true["value"]) > 3.5 * errors[arm]


@pytest.mark.parametrize("country", ["SE", "FI"])
@pytest.mark.parametrize("arm", ARMS)
def test_the_share_in_self_support_in_month_24_is_recovered(country, arm):
    tables, _, truth = built(country)
    state = tables.states.loc[tables.states["person_id"].isin(early(tables, arm, 24)), "m024"]
    assert (state >= 0).all()
    free = float((state == MONTH_STATES.index("self_support")).mean())
    assert agrees(free, truth["self_support_in_month_24"][arm], len(state))


@pytest.mark.parametrize("country", ["SE", "FI"])
def test_every_person_of_the_records_stands_in_the_flow_once(country):
    tables, _, _ = built(country)
    assert not tables.steps["person_id"].duplicated().any()
    assert (tables.steps["reason"] == "analysed").sum() == len(tables.people)
    left = set(tables.steps["reason"])
    assert {"no_package", "too_short_support", "too_few_actors", "analysed"} <= left


@pytest.mark.parametrize("country", ["SE", "FI"])
def test_the_cohort_holds_those_whom_the_process_took_as_eligible(country):
    """Two ways to the same persons: from the dated spells, and from the states behind them."""
    tables, _, _ = built(country)
    plan = small_plan(COUNTRIES[country], 20261)
    known = {"programme": set(), "comparison": set()}
    for part in parts_of(plan.places):
        _, course = live(plan, part)
        ids = person_ids(plan, part)
        known["programme"] |= set(ids[course.eligible & (course.form > 0)])
        known["comparison"] |= set(ids[course.eligible & (course.form == 0)])
    for arm in ARMS:
        people = tables.people
        assert set(people.loc[people["arm"] == arm, "person_id"]) == known[arm]
