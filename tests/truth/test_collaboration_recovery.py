"""A change of direction is found where there is one, and not where there is none."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import Persons
from evalkit.follow_up import dose_response
from evalkit.follow_up.reliability import omega, one_factor

RUNS = 120
SEED = 20261
# True mean outcome by quality from 0 to 100; the noise has a standard deviation of 1.
TURNS = {"falls then rises": lambda x: 0.0016 * (x - 45) ** 2}
NO_TURN = {
    "nothing": lambda x: 0 * x,
    "straight": lambda x: 0.03 * x,
    "bent, never turning": lambda x: 2 * np.sqrt(x / 100),
}


def shapes(mean, *, curve="quadratic", packages=0, n=300):
    """Shape and whether the interval holds the true turning point, for each run."""
    rng = np.random.default_rng(SEED)
    found = []
    for _ in range(RUNS):
        unit = rng.integers(0, packages, n) if packages else np.arange(n)
        quality = rng.uniform(5, 95, packages or n)[unit]
        shared = 0.3 * rng.standard_normal(packages or n)[unit] if packages else 0.0
        outcome = mean(quality) + shared + rng.standard_normal(n)
        frame = pd.DataFrame({"id": range(n), "quality": quality, "y": outcome, "package": unit})
        people = Persons.from_frame(frame, person="id")
        found.append(dose_response(people, dose="quality", outcome="y", curve=curve,
                                   unit="package" if packages else None).summary)  # fmt: skip
    return found


def test_a_turn_is_found_and_its_point_lies_in_the_interval():
    found = shapes(TURNS["falls then rises"])

    turned = [summary for summary in found if summary["shape"] == "turns"]
    holds = np.mean([one["turning_low"] <= 45 <= one["turning_high"] for one in turned])
    assert len(turned) / RUNS > 0.95
    assert abs(holds - 0.95) <= 3.5 * np.sqrt(0.95 * 0.05 / RUNS) + 0.015


def test_a_spline_finds_the_turn_of_a_parabola_near_where_it_is():
    found = shapes(TURNS["falls then rises"], curve="spline")

    turned = [one["turning_point"] for one in found if one["shape"] == "turns"]
    assert len(turned) / RUNS > 0.95
    # Straight at its ends, it turns at 46.7 however many persons there are.
    assert np.mean(turned) == pytest.approx(46.7, abs=3.5 * np.std(turned) / np.sqrt(RUNS) + 0.2)


@pytest.mark.parametrize("name", NO_TURN)
def test_no_turn_is_claimed_where_there_is_none(name):
    found = shapes(NO_TURN[name])

    claimed = np.mean([summary["shape"] == "turns" for summary in found])
    # Both ends must be clear at 2.5 per cent each; so a turn is claimed in 5 per cent at most.
    assert claimed <= 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / RUNS)


def test_a_clear_square_without_a_turn_would_be_called_one_by_the_sign_of_the_square_alone():
    found = shapes(NO_TURN["bent, never turning"], n=600)

    bent = np.mean([one["slope_low"] > 2 * one["slope_high"] for one in found])
    assert bent > 0.5  # most curves bend
    assert np.mean([one["shape"] == "turns" for one in found]) < 0.1


def test_between_packages_a_turn_is_found_with_errors_over_packages():
    found = shapes(TURNS["falls then rises"], packages=40, n=600)

    assert np.mean([summary["shape"] == "turns" for summary in found]) > 0.9
    assert {summary["df"] for summary in found} == {39.0}


def test_differences_between_packages_without_any_relation_give_no_turn():
    found = shapes(NO_TURN["nothing"], packages=30, n=600)

    assert np.mean([summary["shape"] == "turns" for summary in found]) <= 0.10


def test_one_factor_recovers_the_loadings_that_made_the_correlations():
    loading = np.array([0.9, 0.7, 0.5, 0.3])
    correlation = np.outer(loading, loading)
    np.fill_diagonal(correlation, 1.0)

    found = one_factor(correlation[None])[0]

    np.testing.assert_allclose(found, loading, rtol=1e-9)
    assert omega(found) == pytest.approx(2.4**2 / (2.4**2 + 4 - 1.64), rel=1e-9)
