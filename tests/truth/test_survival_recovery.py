"""Known truth recovered from simulated registers in whole months (docs/conventions.md).

Exits to work and to pension have constant hazards, months are rounded up, follow-up ends between
20 and 36 months; so the incidence at a whole month is that of the continuous times. Each tolerance
is 3.5 Monte-Carlo errors, and each test has a twin with a wrong method that must miss it.
"""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import StateHistory, TimeToEvent
from evalkit.survival import (
    incidence_at,
    kaplan_meier,
    restricted_mean,
    state_at,
    time_in_state,
    time_lost,
)

WORK = {"programme": 0.045, "comparison": 0.03}
PENSION = 0.02
HORIZON = 18
SEED = 20261
LIMIT = 3.5  # Monte-Carlo errors


def true_incidence(arm, month):
    total = WORK[arm] + PENSION
    return WORK[arm] / total * (1.0 - np.exp(-total * month))


def true_months(arm):
    """Area under the curve of whole months: steps up at 1, 2, ..."""
    return sum(true_incidence(arm, month) for month in range(HORIZON))


TRUTH = {
    "incidence": true_incidence("programme", HORIZON) - true_incidence("comparison", HORIZON),
    "time_lost": true_months("programme") - true_months("comparison"),
}


def draw(rng, n):
    arm = np.where(np.arange(n) < n / 2, "programme", "comparison")
    work = rng.exponential(1.0 / np.where(arm == "programme", *WORK.values()))
    pension = rng.exponential(1.0 / PENSION, n)
    end = rng.integers(20, 37, n)
    time = np.ceil(np.minimum(work, pension))
    cause = np.where(work < pension, "work", "pension")
    frame = pd.DataFrame(
        {
            "months": np.minimum(time, end),
            "exit": np.where(time <= end, cause, "none"),
            "arm": arm,
        }
    )
    return TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", arm="arm",
        causes=["pension", "work"],
    )  # fmt: skip


def replicated(function, *, n, repetitions, **options):
    """Estimates, errors and intervals of the difference, one row a repetition."""
    rng = np.random.default_rng(SEED)
    rows = [
        function(draw(rng, n), by="arm", horizon=HORIZON, **options).rows
        for _ in range(repetitions)
    ]
    names = ["estimate", "std_error", "conf_low", "conf_high"]
    return pd.DataFrame({name: [row[name][2] for row in rows] for name in names})


def misses(draws, truth):
    """Distance of the mean from the truth, in Monte-Carlo errors."""
    return abs(draws.mean() - truth) / (draws.std(ddof=1) / np.sqrt(len(draws)))


@pytest.fixture(scope="module")
def incidences():
    return replicated(incidence_at, n=400, repetitions=400, cause="work")


@pytest.fixture(scope="module")
def areas():
    return replicated(time_lost, n=400, repetitions=400, cause="work")


def test_difference_in_incidence_is_recovered(incidences):
    assert misses(incidences["estimate"], TRUTH["incidence"]) <= LIMIT


def test_a_bias_of_twice_the_tolerance_would_be_seen(incidences):
    error = incidences["estimate"].std() / np.sqrt(len(incidences))

    biased = incidences["estimate"] + 2 * LIMIT * error

    assert misses(biased, TRUTH["incidence"]) > LIMIT


def test_one_minus_kaplan_meier_misses_the_incidence():
    rng = np.random.default_rng(SEED)

    curves = [
        kaplan_meier(draw(rng, 400), by="arm", cause="work", hypothetical=True).tidy()
        for _ in range(50)
    ]

    shares = pd.Series(
        [
            1 - curve.query("stratum == 'programme' and time <= @HORIZON")["estimate"].iloc[-1]
            for curve in curves
        ]
    )
    assert misses(shares, true_incidence("programme", HORIZON)) > LIMIT


def test_error_of_the_difference_in_incidence_is_the_spread_of_the_estimates(incidences):
    spread = incidences["estimate"].std(ddof=1)

    tolerance = LIMIT * spread / np.sqrt(2 * len(incidences))
    assert abs(np.sqrt((incidences["std_error"] ** 2).mean()) - spread) <= tolerance


def test_difference_in_months_is_recovered(areas):
    assert misses(areas["estimate"], TRUTH["time_lost"]) <= LIMIT


def test_error_of_the_difference_in_months_is_the_spread_of_the_estimates(areas):
    spread = areas["estimate"].std(ddof=1)

    tolerance = LIMIT * spread / np.sqrt(2 * len(areas))
    assert abs(np.sqrt((areas["std_error"] ** 2).mean()) - spread) <= tolerance


def test_spread_of_the_times_is_not_the_error_of_their_mean(areas):
    """The variance of min(T, h), which lifelines returns, is no sampling variance."""
    sample = draw(np.random.default_rng(SEED), 400)

    result = restricted_mean(sample, by="arm", cause="any", horizon=HORIZON).tidy()

    clipped = np.minimum(sample.duration, HORIZON).std()
    assert result["std_error"][0] < clipped / 5


MOVES = np.array([[0.94, 0.06], [0.08, 0.92]])


def draw_history(rng, n):
    """Support and work with relapse; observation ends at 14 to 24 months."""
    state = np.zeros((n, 25), dtype=int)
    chance = rng.random((n, 25))
    for month in range(1, 25):
        state[:, month] = chance[:, month] < MOVES[state[:, month - 1], 1]
    end = rng.integers(14, 25, n)
    seen = np.where(np.arange(25) > end[:, None], -1, state)
    return StateHistory.from_matrix(seen, ["support", "work"], pd.DataFrame({"id": range(n)}))


@pytest.mark.parametrize("function", [state_at, time_in_state])
def test_states_with_relapse_are_recovered_with_their_error(function):
    rng = np.random.default_rng(SEED)
    powers = [np.linalg.matrix_power(MOVES, month)[0, 1] for month in range(HORIZON + 1)]
    truth = {state_at: powers[HORIZON], time_in_state: sum(powers[:HORIZON])}[function]

    rows = [
        function(draw_history(rng, 200), state="work", horizon=HORIZON).rows for _ in range(400)
    ]

    estimates = pd.Series([row["estimate"][0] for row in rows])
    errors = np.array([row["std_error"][0] for row in rows])
    spread = estimates.std(ddof=1)
    assert misses(estimates, truth) <= LIMIT
    assert abs(np.sqrt((errors**2).mean()) - spread) <= LIMIT * spread / np.sqrt(2 * len(rows))


def test_having_begun_work_is_not_being_in_work():
    history = draw_history(np.random.default_rng(SEED), 2000)

    in_work = state_at(history, state="work", horizon=HORIZON).tidy()["estimate"][0]

    begun = (
        (history.state[:, : HORIZON + 1] == 1).any(axis=1)[history.state[:, HORIZON] >= 0].mean()
    )
    assert begun - in_work > 0.2


@pytest.fixture(scope="module", params=[(200, 0.015), (2000, 0.005)], ids=["small", "large"])
def coverage(request):
    """Share of intervals that hold the truth, and how far it may lie from 0.95."""
    n, allowance = request.param
    rng = np.random.default_rng(SEED)
    options = {"by": "arm", "cause": "work", "horizon": HORIZON}
    samples = (draw(rng, n) for _ in range(10_000))
    rows = [(incidence_at(one, **options).rows, time_lost(one, **options).rows) for one in samples]
    truths = {
        "share": (0, 0, true_incidence("programme", HORIZON)),
        "difference in shares": (0, 2, TRUTH["incidence"]),
        "difference in months": (1, 2, TRUTH["time_lost"]),
    }
    covered = {
        name: np.mean(
            [row[which]["conf_low"][line] <= truth <= row[which]["conf_high"][line] for row in rows]
        )
        for name, (which, line, truth) in truths.items()
    }
    return covered, LIMIT * np.sqrt(0.95 * 0.05 / 10_000) + allowance


@pytest.mark.slow
@pytest.mark.parametrize("quantity", ["share", "difference in shares", "difference in months"])
def test_intervals_cover_the_truth(coverage, quantity):
    covered, tolerance = coverage

    assert abs(covered[quantity] - 0.95) <= tolerance
