"""Hazard models beside the partial likelihood: simulated coefficients are recovered."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.survival import additive_hazards, discrete_time, flexible_survival

TRUTH = 0.5
REPLICATIONS = 60


def monthly(rng, n=1500):
    """Hazards 1 - exp(-exp(a_t + 0.5 x)) by month, with a baseline that rises and falls."""
    x = rng.integers(0, 2, n)
    months = np.arange(1, 25)
    baseline = -3.2 + 0.8 * np.sin(months / 4)
    hazard = -np.expm1(-np.exp(baseline[None, :] + TRUTH * x[:, None]))
    exits = rng.random((n, 24)) < hazard
    first = np.where(exits.any(axis=1), exits.argmax(axis=1) + 1, 99)
    end = rng.integers(8, 25, n)
    return pd.DataFrame({"time": np.minimum(first, end), "exited": first <= end, "x": x})


def continuous(rng, n=1500):
    x = rng.integers(0, 2, n)
    time = (rng.exponential(1.0, n) / (0.04 * np.exp(TRUTH * x))) ** (1 / 1.3)
    end = rng.uniform(5, 30, n)
    return pd.DataFrame({"time": np.minimum(time, end), "exited": time <= end, "x": x})


def additive(rng, n=1500):
    """Hazard 0.03 + 0.02 x, so that the cumulative coefficient at 10 is 0.2."""
    x = rng.integers(0, 2, n)
    time, end = rng.exponential(1.0, n) / (0.03 + 0.02 * x), rng.uniform(12, 30, n)
    return pd.DataFrame({"time": np.minimum(time, end), "exited": time <= end, "x": x})


def discrete(sample):
    return discrete_time(sample, "x").tidy()["estimate"].iloc[0]


def discrete_spline(sample):
    return discrete_time(sample, "x", baseline="spline").tidy()["estimate"].iloc[0]


def discrete_logit(sample):
    return discrete_time(sample, "x", link="logit").tidy()["estimate"].iloc[0]


def spline(sample):
    return flexible_survival(sample, "x").tidy()["estimate"].iloc[0]


def piecewise(sample):
    return flexible_survival(sample, "x", model="piecewise").tidy()["estimate"].iloc[0]


def at_ten(sample):
    rows = additive_hazards(sample, "x", times=[10.0], vcov="model").tidy()
    return rows.loc[(rows["term"] == "x") & (rows["time"] == 10.0), "estimate"].iloc[0]


def distance(make, estimate, truth):
    """How far the mean is from the truth, in tolerances of 3.5 Monte-Carlo errors."""
    rng = np.random.default_rng(20264)
    found = [
        estimate(TimeToEvent.from_frame(make(rng), duration="time", event="exited"))
        for _ in range(REPLICATIONS)
    ]
    tolerance = 3.5 * np.std(found, ddof=1) / np.sqrt(REPLICATIONS)
    assert tolerance < 0.1 * abs(truth)
    return abs(np.mean(found) - truth) / tolerance


@pytest.mark.parametrize(
    ("make", "estimate", "truth"),
    [
        (monthly, discrete, TRUTH),
        (monthly, discrete_spline, TRUTH),
        (continuous, spline, TRUTH),
        (continuous, piecewise, TRUTH),
        (additive, at_ten, 0.2),
    ],
)
def test_simulated_effects_are_recovered_and_a_planted_bias_is_not(make, estimate, truth):
    assert distance(make, estimate, truth) <= 1
    biased = truth * 1.2
    assert distance(make, estimate, biased) > 1


def test_log_odds_ratios_of_monthly_hazards_are_not_log_hazard_ratios():
    assert distance(monthly, discrete_logit, TRUTH) > distance(monthly, discrete, TRUTH)
