"""Staggered entry, relapse and death: the common end recovers the truth, two wrong rules do not.

Tolerances: 3.5 Monte-Carlo errors of the mean over the replications and of the truth.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from evalkit.cohort.exits import sustained_exit
from evalkit.cohort.months import NEVER

SEED = 20261
HORIZON = 24
N, REPLICATIONS, N_TRUTH = 1_000, 30, 1_000_000
EXIT, RELAPSE, DEATH = 0.035, 0.05, 0.003
LENGTHS = (1, 3, 6, 12)


@dataclass(frozen=True)
class Months:
    support: np.ndarray
    died: np.ndarray


def simulate(n: int, n_month: int, rng: np.random.Generator, exit_hazard: float = EXIT) -> Months:
    """Support in months 0 to n_month; month 0 is one of support."""
    support = np.ones((n, n_month + 1), dtype=bool)
    died = np.full(n, NEVER, dtype=np.int64)
    for month in range(1, n_month + 1):
        before = support[:, month - 1]
        draw = rng.random(n, dtype=np.float32)
        support[:, month] = np.where(before, draw >= exit_hazard, draw < RELAPSE)
        dies = (rng.random(n, dtype=np.float32) < DEATH) & (died == NEVER)
        died[dies] = month
    return Months(support, died)


def incidence(duration: np.ndarray, exited: np.ndarray, event: np.ndarray) -> float:
    """Aalen-Johansen estimate of the exit by the horizon, month by month."""
    surviving, total = 1.0, 0.0
    for month in range(1, HORIZON + 1):
        at_risk = (duration >= month).sum()
        now = duration == month
        total += surviving * (now & exited).sum() / at_risk
        surviving *= 1 - (now & event).sum() / at_risk
    return float(total)


def common_end(months: Months, last: np.ndarray, k: int) -> float:
    none = np.zeros_like(months.support)
    found = sustained_exit(months.support, none, {"died": months.died}, k=k, last=last)
    return incidence(found.duration, found.cause == "self_support", found.cause != "censored")


def begun_and_known(months: Months, last: np.ndarray, k: int) -> np.ndarray:
    """First month of the first run that is k long at the data cut."""
    month = np.arange(months.support.shape[1])
    seen = (month >= 1) & (month <= last[:, None]) & (month < months.died[:, None])
    free = ~months.support & seen
    run = np.zeros(len(free), dtype=int)
    begun = np.full(len(free), NEVER, dtype=np.int64)
    for column in month:
        run = np.where(free[:, column], run + 1, 0)
        begun = np.where((run == k) & (begun == NEVER), column - k + 1, begun)
    return begun


def followed_to_the_data_cut(months: Months, last: np.ndarray, k: int) -> float:
    begun = begun_and_known(months, last, k)
    stop = np.minimum(np.minimum(begun, months.died), last)
    return incidence(stop, stop == begun, (stop == begun) | (stop == months.died))


def open_runs_censored_at_their_start(months: Months, last: np.ndarray, k: int) -> float:
    begun = begun_and_known(months, last, k)
    rows = np.arange(len(last))
    trailing = np.zeros(len(last), dtype=int)
    for back in range(k - 1):
        still = trailing == back
        column = np.maximum(last - back, 0)
        trailing += still & ~months.support[rows, column] & (last - back >= 1)
    stop = np.minimum(np.minimum(begun, months.died), last - trailing)
    return incidence(stop, stop == begun, (stop == begun) | (stop == months.died))


@cache
def true_incidence(k: int) -> tuple[float, float]:
    rng = np.random.default_rng([SEED, 1])
    share = []
    for _ in range(10):
        months = simulate(N_TRUTH // 10, HORIZON + k, rng)
        last = np.full(N_TRUTH // 10, HORIZON + k - 1)
        none = np.zeros_like(months.support)
        found = sustained_exit(months.support, none, {"died": months.died}, k=k, last=last)
        share.append(np.mean(found.cause == "self_support"))
    value = float(np.mean(share))
    return value, np.sqrt(value * (1 - value) / N_TRUTH)


def replicated(rule, k: int, exit_hazard: float = EXIT) -> tuple[float, float]:
    """Mean and Monte-Carlo error of a rule; entry is spread over 36 months before the data cut."""
    rng = np.random.default_rng([SEED, 2])
    values = []
    for _ in range(REPLICATIONS):
        last = rng.integers(12, 49, N)
        values.append(rule(simulate(N, 48, rng, exit_hazard), last, k))
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(REPLICATIONS))


@pytest.mark.parametrize("k", LENGTHS)
def test_the_common_end_recovers_the_incidence(k):
    truth, truth_error = true_incidence(k)
    mean, error = replicated(common_end, k)
    tolerance = 3.5 * np.hypot(error, truth_error)
    assert truth_error <= error / 5
    assert tolerance <= 0.1 * truth
    assert abs(mean - truth) <= tolerance


def test_a_planted_bias_of_twice_the_tolerance_is_found():
    truth, truth_error = true_incidence(6)
    mean, error = replicated(common_end, 6, exit_hazard=1.1 * EXIT)
    tolerance = 3.5 * np.hypot(error, truth_error)
    assert abs(mean - truth) > 2 * tolerance


@pytest.mark.parametrize("k", [6, 12])
@pytest.mark.parametrize("rule", [followed_to_the_data_cut, open_runs_censored_at_their_start])
def test_a_wrong_rule_of_censoring_gives_too_low_an_incidence(rule, k):
    truth, truth_error = true_incidence(k)
    mean, error = replicated(rule, k)
    assert truth - mean > 3.5 * np.hypot(error, truth_error)


def test_without_confirmation_all_rules_agree():
    rng = np.random.default_rng([SEED, 3])
    months, last = simulate(N, 48, rng), rng.integers(12, 49, N)
    assert followed_to_the_data_cut(months, last, 1) == common_end(months, last, 1)
    assert open_runs_censored_at_their_start(months, last, 1) == common_end(months, last, 1)
