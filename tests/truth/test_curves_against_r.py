"""Curves, hazards, quantiles and pseudo-observations against R (tests/truth/r/curves.R).

Six data sets, among them one with delayed entry, weights and clusters together. Estimates agree to
1e-8 of the larger of value and error, errors and limits to 1e-6 (docs/conventions.md).
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.survival import (
    adjusted_months,
    cumulative_incidence,
    exit_rates,
    follow_up_time,
    kaplan_meier,
    median_time,
    nelson_aalen,
    pseudo_observations,
)

FOLDER = Path(__file__).parent / "r"
REFERENCE = pd.read_csv(FOLDER / "curves.csv", keep_default_na=False, na_values=[""])
PEOPLE = pd.read_csv(FOLDER / "survival_sets.csv")
SETS = list(dict.fromkeys(PEOPLE["set"]))
LATE = "late_weighted_clustered"
ALL_OPTIONS = {"entry": "entry", "weight": "weight", "cluster": "cluster", "person": "person"}
CAUSES = ["self_support", "pension", "died"]
SHARES = [0.1, 0.25, 0.5, 0.75]
HORIZON = 12
QUANTITIES = ["incidence", "time_lost", "restricted_mean"]

ESTIMATE_TOLERANCE = 1e-8  # of the larger of |R| and its error
ERROR_TOLERANCE = 1e-6  # relative, also for limits
ZERO = 1e-12  # rounding where R and evalkit are 0

pytestmark = pytest.mark.filterwarnings("ignore:entry. at . times:evalkit.errors.AssumptionWarning")


def sample_of(name, **columns):
    options = columns or (ALL_OPTIONS if name == LATE else {})
    return TimeToEvent.from_frame(
        PEOPLE[PEOPLE["set"] == name], duration="time", cause="cause", censored="censored",
        arm="arm", causes=CAUSES, **options,
    )  # fmt: skip


def reference(name, quantity, **chosen):
    rows = REFERENCE[(REFERENCE["set"] == name) & (REFERENCE["quantity"] == quantity)]
    for column, value in chosen.items():
        rows = rows[rows[column] == value]
    assert len(rows) > 0, f"curves.csv has no row {name}, {quantity}"
    return rows.reset_index(drop=True)


def assert_same(found, expected, *, limits=False):
    size = np.maximum(expected["estimate"].abs(), expected["std_error"].fillna(0.0))
    gap = (found["estimate"] - expected["estimate"]).abs()
    assert (gap.fillna(0.0) <= np.maximum(ESTIMATE_TOLERANCE * size, ZERO)).all()
    assert (found["estimate"].isna() == expected["estimate"].isna()).all()
    columns = ["std_error", "conf_low", "conf_high"] if limits else ["std_error"]
    for column in columns:
        known = expected[column].notna().to_numpy()
        np.testing.assert_allclose(
            found[column].to_numpy()[known], expected[column].to_numpy()[known],
            rtol=ERROR_TOLERANCE, atol=ZERO,
        )  # fmt: skip


def matched(result, expected, keys=("stratum", "time")):
    found = expected[list(keys)].merge(result.tidy(), on=list(keys), how="left")
    assert len(found) == len(expected)
    return found


@pytest.mark.parametrize("name", SETS)
def test_arcsine_intervals_equal_those_of_survfit(name):
    result = kaplan_meier(sample_of(name), by="arm", cause="any", conf_type="arcsine")

    expected = reference(name, "arcsine")
    assert_same(matched(result, expected), expected, limits=True)


def test_kaplan_meier_with_every_option_equals_survfit():
    result = kaplan_meier(sample_of(LATE), by="arm", cause="any")

    expected = reference(LATE, "kaplan_meier")
    assert_same(matched(result, expected), expected)


@pytest.mark.parametrize("name", SETS)
def test_cumulative_incidence_equals_survfit(name):
    result = cumulative_incidence(sample_of(name), by="arm")

    expected = reference(name, "incidence").rename(columns={"key": "cause"})
    assert_same(matched(result, expected, ("stratum", "cause", "time")), expected)


@pytest.mark.parametrize("cause", ["any", "self_support"])
@pytest.mark.parametrize("name", SETS)
def test_nelson_aalen_equals_survfit(name, cause):
    result = nelson_aalen(sample_of(name), by="arm", cause=cause)

    expected = reference(name, "nelson_aalen", key=cause)
    assert_same(matched(result, expected), expected)


@pytest.mark.parametrize("quantity", ["quantile", "follow_up"])
@pytest.mark.parametrize("name", SETS)
def test_quantiles_and_their_limits_equal_those_of_survfit(name, quantity):
    sample = sample_of(name)
    result = (
        median_time(sample, by="arm", cause="any", q=SHARES)
        if quantity == "quantile"
        else follow_up_time(sample, by="arm", q=SHARES)
    )

    expected = reference(name, quantity)
    expected = expected.assign(quantile=expected["key"].astype(float))
    found = matched(result, expected, ("stratum", "quantile"))
    columns = ["estimate", "conf_low", "conf_high"]
    np.testing.assert_allclose(found[columns], expected[columns], rtol=1e-8)


@pytest.mark.parametrize("name", SETS)
def test_exit_rates_equal_counts_over_months_with_poisson_limits(name):
    result = exit_rates(sample_of(name), by="arm", cause="self_support", width=3)

    expected = reference(name, "exit_rate")
    assert_same(matched(result, expected), expected, limits=name != LATE)


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("name", SETS)
def test_pseudo_observations_equal_leaving_each_person_out(name, quantity):
    sample = sample_of(name, **({"entry": "entry"} if name == LATE else {"person": "person"}))
    cause = "any" if quantity == "restricted_mean" else "self_support"

    values = pseudo_observations(sample, horizon=HORIZON, quantity=quantity, cause=cause).values

    expected = reference(name, f"pseudo_{quantity}")
    positions = expected["key"].astype(float).astype(int)
    np.testing.assert_allclose(values[positions], expected["estimate"], rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("name", [name for name in SETS if name != "one_event"])
def test_adjusted_months_equal_estimating_equations(name, quantity):
    cause = "any" if quantity == "restricted_mean" else "self_support"

    result = adjusted_months(
        sample_of(name), "arm + age + score", horizon=HORIZON, quantity=quantity, cause=cause
    )

    expected = reference(name, f"adjusted_{quantity}").rename(columns={"key": "term"})
    assert_same(matched(result, expected, ("term",)), expected)
