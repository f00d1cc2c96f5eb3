"""The likelihood of events in person-time: its maximum, its scores and its links."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evalkit.errors import EstimationError
from evalkit.survival.design_matrix import SINGULAR, refuse_collinear
from evalkit.survival.person_time import PersonTime

Link = Callable[..., tuple[float, np.ndarray, np.ndarray]]
MAX_STEPS = 60
MAX_HALVINGS = 40
STEP_TOLERANCE = 1e-10  # in standard deviations of the covariate; Newton's next step is its square
VANISHED = 1e-8  # share of the information at zero that is left; a ratio near e^18


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Fitted:
    """A maximum of the likelihood.

    Attributes
    ----------
    beta : ndarray of float, shape (p,)
    baseline : ndarray of float, shape (q,)
    value : float
        Log-likelihood.
    information : ndarray of float, shape (p, p)
        Expected, of `beta` with the baseline estimated beside it.
    drift : ndarray of float, shape (n_period, p)
        What an event of a period takes from the score of `beta` through the baseline.
    """

    beta: np.ndarray
    baseline: np.ndarray
    value: float
    information: np.ndarray
    drift: np.ndarray


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sums:
    """The likelihood at one point, summed over cells: by parameter, and by period."""

    value: float
    score: np.ndarray
    information: np.ndarray


def maximise(
    table: PersonTime, basis: np.ndarray, start: np.ndarray, link: Link, terms: tuple[str, ...]
) -> Fitted:
    """Newton's method; the log-likelihoods of all links here are concave.

    Parameters
    ----------
    basis : ndarray of float, shape (n_period, q)
        Columns of the baseline.
    start : ndarray of float, shape (q,)
    link : callable
        Of amounts, events and linear predictor (b, n_period): log-likelihood, its first derivatives
        and minus its second ones; these are expected ones with `expected=True`.

    Raises
    ------
    EstimationError
        If a term is a combination of others or of the baseline, or has no finite maximum.
    """
    q = basis.shape[1]
    point = np.concatenate([start, np.zeros(table.values.shape[1])])
    sums = _sums(table, basis, point, link)
    at_zero = given_baseline(sums.information, q)
    refuse_collinear(at_zero, terms)
    for _ in range(MAX_STEPS):
        step = np.linalg.solve(sums.information, sums.score)
        point, step, sums = _climb(table, basis, point, step, sums, link)
        if is_vanishing(given_baseline(sums.information, q), np.diag(at_zero)):
            break
        if np.abs(step).max() < STEP_TOLERANCE:
            expected = _sums(table, basis, point, link, expected=True).information
            pull = np.linalg.solve(expected[:q, :q], expected[:q, q:])
            return Fitted(
                point[q:], point[:q], sums.value, given_baseline(expected, q), basis @ pull
            )
    raise refuse_separation(step[q:], terms)


def _climb(table, basis, point, step, sums: Sums, link):
    """Take the step, halved until the likelihood is no lower than before."""
    lowest = sums.value - 1e-9 * abs(sums.value)
    for _ in range(MAX_HALVINGS):
        proposal = _sums(table, basis, point + step, link)
        if proposal.value >= lowest and np.isfinite(proposal.information).all():
            return point + step, step, proposal
        step = step / 2.0
    return point, step, sums


def _sums(table: PersonTime, basis, point, link: Link, *, expected: bool = False) -> Sums:
    q, p = basis.shape[1], table.values.shape[1]
    level, beta = basis @ point[:q], point[q:]
    value, score, own = 0.0, np.zeros(p), np.zeros((p, p))
    by_period, weight_by_period = np.zeros(len(basis)), np.zeros(len(basis))
    crossed = np.zeros((len(basis), p))
    for values, amount, event, _ in table.blocks():
        linear = (values @ beta)[:, None] + level
        part, first, weight = link(amount, event, linear, expected=expected)
        value += part
        score += values.T @ first.sum(axis=1)
        own += values.T @ (weight.sum(axis=1)[:, None] * values)
        by_period += first.sum(axis=0)
        weight_by_period += weight.sum(axis=0)
        crossed += weight.T @ values
    information = np.block([
        [basis.T @ (weight_by_period[:, None] * basis), basis.T @ crossed],
        [crossed.T @ basis, own],
    ])  # fmt: skip
    return Sums(value, np.concatenate([basis.T @ by_period, score]), information)


def refuse_separation(step: np.ndarray, terms: tuple[str, ...]) -> EstimationError:
    """The error that names the terms whose last step was still long."""
    moving = np.abs(step) > 1e-3 * np.abs(step).max()
    named = [term for term, moves in zip(terms, moving, strict=True) if moves]
    return EstimationError(
        f"{', '.join(named)}: no finite ratio (separation: along this term all events, or none, "
        "fall at one end). Merge its levels or leave it out"
    )


def given_baseline(information: np.ndarray, q: int) -> np.ndarray:
    """Information of the later parameters with the first q estimated beside them."""
    crossed = information[:q, q:]
    return information[q:, q:] - crossed.T @ np.linalg.solve(information[:q, :q], crossed)


def is_vanishing(information: np.ndarray, at_zero: np.ndarray) -> bool:
    """Whether a term, or a combination of terms, has lost its information since the start."""
    size = np.diag(information)
    if np.any(size < VANISHED * at_zero):
        return True
    correlation = information / np.sqrt(np.outer(size, size))
    return bool(np.linalg.eigvalsh(correlation)[0] < SINGULAR)


def row_scores(rows: PersonTime, basis: np.ndarray, fitted: Fitted, link: Link) -> np.ndarray:
    """Score of `beta` of each row, the baseline estimated beside it, per unit of weight: (n, p).

    Parameters
    ----------
    rows : PersonTime
        Not joined, of weight 1.
    """
    out = np.empty(rows.values.shape)
    for values, amount, event, which in rows.blocks():
        linear = (values @ fitted.beta)[:, None] + basis @ fitted.baseline
        first = link(amount, event, linear)[1]
        out[which] = first.sum(axis=1)[:, None] * values - first @ fitted.drift
    return out


def complementary_log_log(amount, event, linear, *, expected=False):
    """Of grouped binomials with hazard 1 - exp(-exp(linear)); see `maximise`."""
    hazard = np.exp(np.clip(linear, -700.0, 30.0))
    if expected:
        with np.errstate(over="ignore"):
            odds = hazard / np.expm1(hazard)
        return 0.0, linear, amount * hazard * odds
    weight = (amount - event) * hazard
    first, value = -weight, -float(weight.sum())
    # Few cells have events; only there are the costlier terms needed.
    at = np.flatnonzero(event)
    count, rate = event.ravel()[at], hazard.ravel()[at]
    with np.errstate(over="ignore"):
        odds = rate / np.expm1(rate)
    first.ravel()[at] += count * odds
    weight.ravel()[at] -= count * odds * (1.0 - rate - odds)
    return value + float(count @ np.log(-np.expm1(-rate))), first, weight


def logit(amount, event, linear, *, expected=False):
    """Of grouped binomials with odds exp(linear); see `maximise`."""
    linear = np.clip(linear, -700.0, 700.0)
    left = 1.0 / (1.0 + np.exp(linear))
    mean = amount * (1.0 - left)
    value = 0.0 if expected else float(np.vdot(event, linear) + np.vdot(amount, np.log(left)))
    return value, event - mean, mean * left


def constant_rate(amount, event, linear, *, expected=False):
    """Of events at the rate exp(linear) in `amount` of time; see `maximise`."""
    mean = amount * np.exp(np.minimum(linear, 700.0))
    return float(np.vdot(event, linear) - mean.sum()), event - mean, mean
