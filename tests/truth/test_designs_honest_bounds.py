"""Bounds under limits on trends against the Python port of HonestDiD (peers/honest_bounds.py)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.panel.deviations import (
    Deviations,
    relative_bounds,
    smoothness_bounds,
    smoothness_interval,
)

REFERENCE = pd.read_csv(Path(__file__).parent / "peers" / "honest_bounds.csv")
FOUND = REFERENCE.groupby("kind")
GRID = 1e-4  # of the interval's length; the reference searches a grid of 1 000 points
SHARES = {"first": [1.0, 0.0, 0.0], "mean": [1 / 3, 1 / 3, 1 / 3]}


def deviations(share):
    return Deviations(
        early=np.array([-3.0, -2.0, -1.0]),
        late=np.array([1.0, 2.0, 3.0]),
        estimate=np.array([0.006, -0.002, 0.004, 0.02, 0.03, 0.025]),
        covariance=4e-5 * (0.4 + 0.6 * np.eye(6)) + np.diag(np.arange(6) * 1e-5),
        share=np.array(SHARES[share]),
    )


@pytest.mark.parametrize("row", FOUND.get_group("interval").index)
def test_intervals_of_fixed_length_agree(row):
    theirs = REFERENCE.loc[row]

    low, high, _ = smoothness_interval(deviations(theirs["share"]), theirs["limit"], 0.95)

    length = theirs["high"] - theirs["low"]
    # Ours is searched without a grid: never longer, and the same to the grid's step.
    assert high - low <= length * (1 + 1e-6)
    assert high - low == pytest.approx(length, rel=GRID)
    assert (low + high) / 2 == pytest.approx(
        (theirs["low"] + theirs["high"]) / 2, abs=0.02 * length
    )


@pytest.mark.parametrize("row", FOUND.get_group("set").index)
def test_what_is_possible_under_smoothness_agrees(row):
    theirs = REFERENCE.loc[row]

    ours = smoothness_bounds(deviations(theirs["share"]), theirs["limit"])

    np.testing.assert_allclose(ours, theirs[["low", "high"]].tolist(), atol=1e-7)


@pytest.mark.parametrize("row", FOUND.get_group("relative").index)
def test_intervals_under_relative_limits_hold_the_conditional_ones(row):
    theirs = REFERENCE.loc[row]

    _, _, low, high = relative_bounds(deviations(theirs["share"]), theirs["limit"], 0.95)

    assert low <= theirs["low"] < theirs["high"] <= high
    assert high - low < 1.8 * (theirs["high"] - theirs["low"])


@pytest.mark.slow
def test_both_intervals_cover_when_trends_are_off_by_just_the_limit():
    rng = np.random.default_rng(20273)
    found = deviations("mean")
    root, n_sample, drift = np.linalg.cholesky(found.covariance), 2_000, 0.004
    noise = rng.standard_normal((n_sample, 6)) @ root.T
    straight = np.array([-3, -2, -1, 1, 2, 3]) * drift + noise
    bent = np.array([0, 0, 0, 1, 3, 6]) * drift + noise
    ends = [relative_bounds(replace(found, estimate=row), 1.0, 0.95)[2:] for row in straight]

    relative = np.mean([low <= 0 <= high for low, high in ends])
    smooth, too_smooth = (covered(found, limit, bent) for limit in (drift, 0.0))

    allowed = 3.5 * np.sqrt(0.95 * 0.05 / n_sample)
    assert relative >= 0.95 - allowed
    assert smooth >= 0.95 - allowed
    assert too_smooth < 0.95 - allowed


def covered(found, limit, samples):
    """Share of samples whose interval holds 0; weights and length do not depend on the sample."""
    low, high, weights = smoothness_interval(found, limit, 0.95)
    value = samples @ np.concatenate([weights, found.share])
    return np.mean(np.abs(value) <= (high - low) / 2)
