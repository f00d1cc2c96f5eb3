"""Stacked incidence and the gap that one minus Kaplan-Meier leaves."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError
from evalkit.survival import (
    competing_gap,
    cumulative_incidence,
    kaplan_meier,
    stacked_incidence,
)

PEOPLE = pd.read_csv(Path(__file__).parents[1] / "truth" / "r" / "survival_sets.csv")
SETS = list(dict.fromkeys(PEOPLE["set"]))
ALL_OPTIONS = {"entry": "entry", "weight": "weight", "cluster": "cluster", "person": "person"}

pytestmark = pytest.mark.filterwarnings("ignore:entry. at . times:evalkit.errors.AssumptionWarning")


def sample_of(name, **columns):
    return TimeToEvent.from_frame(
        PEOPLE[PEOPLE["set"] == name], duration="time", cause="cause", censored="censored",
        arm="arm", causes=["self_support", "pension", "died"], **columns,
    )  # fmt: skip


def small():
    frame = pd.DataFrame({"months": [1, 2, 3, 4], "exit": ["work", "died", "work", "none"]})
    return TimeToEvent.from_frame(frame, duration="months", cause="exit", censored="none")


@pytest.mark.parametrize("options", [{}, ALL_OPTIONS], ids=["plain", "every option"])
@pytest.mark.parametrize("name", SETS)
def test_all_curves_add_up_to_one_at_every_time(name, options):
    rows = stacked_incidence(sample_of(name, **options), by="arm").tidy()

    total = rows.groupby(["stratum", "time"])["estimate"].sum()
    np.testing.assert_allclose(total, 1.0, rtol=0, atol=1e-12)


def test_its_parts_are_the_incidences_and_kaplan_meier():
    sample = sample_of("monthly", cluster="cluster")
    rows = stacked_incidence(sample, by="arm").tidy()

    nobody = rows["cause"] == "no_exit"
    pd.testing.assert_frame_equal(
        rows[~nobody].reset_index(drop=True), cumulative_incidence(sample, by="arm").tidy()
    )
    pd.testing.assert_frame_equal(
        rows[nobody].drop(columns="cause").reset_index(drop=True),
        kaplan_meier(sample, by="arm", cause="any").tidy(),
    )


def test_a_cause_cannot_be_called_no_exit():
    frame = pd.DataFrame({"months": [1, 2], "exit": ["no_exit", "none"]})
    sample = TimeToEvent.from_frame(frame, duration="months", cause="exit", censored="none")

    with pytest.raises(EstimationError, match="no_exit"):
        stacked_incidence(sample)


def test_the_gap_by_hand():
    """At risk 4, 3, 2: Kaplan-Meier of work 3/4, 3/4, 3/8; incidence 1/4, 1/4, 1/4 + 1/2 x 1/2."""
    rows = competing_gap(small(), cause="work").tidy().query("time == 3").set_index("cause")

    claimed, incidence = Fraction(5, 8), Fraction(1, 4) + Fraction(1, 2) * Fraction(1, 2)
    np.testing.assert_allclose(rows.loc["1 - Kaplan-Meier", "estimate"], float(claimed))
    np.testing.assert_allclose(rows.loc["work", "estimate"], float(incidence))
    np.testing.assert_allclose(rows.loc["gap", "estimate"], float(claimed - incidence))


@pytest.mark.parametrize("name", ["monthly", "continuous", "late_weighted_clustered"])
def test_shares_and_errors_beside_the_gap_are_those_of_their_own_functions(name):
    options = ALL_OPTIONS if name.startswith("late") else {}
    sample = sample_of(name, **options)
    rows = competing_gap(sample, by="arm", cause="self_support").tidy()
    incidence = cumulative_incidence(sample, by="arm").tidy().query("cause == 'self_support'")
    alone = kaplan_meier(sample, by="arm", cause="self_support", hypothetical=True).tidy()

    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    own = rows.query("cause == 'self_support'")
    np.testing.assert_allclose(own[columns], incidence[columns], atol=1e-12)
    claimed = rows.query("cause == '1 - Kaplan-Meier'")
    np.testing.assert_allclose(claimed["estimate"], 1 - alone["estimate"], atol=1e-12)
    np.testing.assert_allclose(
        claimed["std_error"], alone["std_error"].fillna(0.0), rtol=1e-8, atol=1e-12
    )


@pytest.mark.parametrize("unit", ["person", "cluster"])
def test_the_error_of_the_gap_is_the_root_sum_of_squared_derivatives_by_weight(unit):
    """The infinitesimal jackknife, by differences of weights, at month 15."""
    people = PEOPLE[PEOPLE["set"] == "late_weighted_clustered"]
    people = people.query("arm == 'programme'").reset_index(drop=True).head(80)
    options = {"entry": "entry", "weight": "weight"} | (
        {"cluster": "cluster"} if unit == "cluster" else {}
    )

    def gap(weight):
        sample = TimeToEvent.from_frame(
            people.assign(weight=weight), duration="time", cause="cause", censored="censored",
            **options,
        )  # fmt: skip
        rows = competing_gap(sample, cause="self_support").tidy()
        return rows.query("cause == 'gap' and time == 15").iloc[0]

    weight, step = people["weight"].to_numpy(), 1e-5
    moved = np.array(
        [
            (
                gap(np.where(people[unit] == code, weight * (1 + step), weight))["estimate"]
                - gap(np.where(people[unit] == code, weight * (1 - step), weight))["estimate"]
            )
            / (2 * step)
            for code in people[unit].unique()
        ]
    )

    np.testing.assert_allclose(gap(weight)["std_error"], np.sqrt((moved**2).sum()), rtol=1e-6)


def test_without_competing_exits_there_is_no_gap():
    frame = pd.DataFrame({"months": [1, 2, 3], "exit": ["work", "none", "work"]})
    sample = TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", causes=["work", "died"]
    )
    rows = competing_gap(sample, cause="work").tidy().query("cause == 'gap'")

    assert (rows[["estimate", "std_error"]] == 0.0).all(axis=None)


def test_a_single_cause_has_nothing_to_compete_with():
    frame = pd.DataFrame({"months": [1, 2], "exited": [1, 0]})
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited")

    with pytest.raises(EstimationError, match="one cause"):
        competing_gap(sample, cause="event")
