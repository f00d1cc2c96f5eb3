"""Bounds and intervals of an effect whose trends are off by a limit, from estimates alone."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats


@dataclass(frozen=True, slots=True, eq=False)
class Deviations:
    """Estimates of an event study, as the bounds need them.

    Attributes
    ----------
    early, late : ndarray of float
        Months from the reference wave: negative, positive.
    estimate : ndarray of float, shape (n_early + n_late,)
    covariance : ndarray of float
    share : ndarray of float, shape (n_late,)
        Weights of the later waves in the effect that is bounded.
    df : float
        Degrees of freedom; infinite for the normal distribution.
    """

    early: np.ndarray
    late: np.ndarray
    estimate: np.ndarray
    covariance: np.ndarray
    share: np.ndarray
    df: float = np.inf


def relative_bounds(
    found: Deviations, limit: float, conf_level: float
) -> tuple[float, float, float, float]:
    """Identified set and interval if drifts are at most `limit` times the largest earlier one."""
    drift = _drifts(found)
    months = found.share @ found.late
    effect = np.concatenate([np.zeros(len(found.early)), found.share])
    value = effect @ found.estimate
    widest = limit * months * np.abs(drift @ found.estimate).max()
    critical = stats.t.ppf((1 + conf_level) / 2, found.df)
    ends = []
    for line in np.vstack([drift, -drift]):
        low, high = effect - limit * months * line, effect + limit * months * line
        ends.append(
            (
                low @ found.estimate - critical * _error(low, found.covariance),
                high @ found.estimate + critical * _error(high, found.covariance),
            )
        )
    held = [(low, high) for low, high in ends if low <= high]
    return value - widest, value + widest, min(e[0] for e in held), max(e[1] for e in held)


def smoothness_interval(
    found: Deviations, limit: float, conf_level: float
) -> tuple[float, float, np.ndarray]:
    """Shortest interval of fixed length if drifts change by at most `limit`.

    Returns
    -------
    low, high : float
    weights : ndarray of float
        Of the earlier differences in the estimate.
    """
    kinks, months = _kinks(found), np.concatenate([found.early, found.late])
    fixed = np.concatenate([np.zeros(len(found.early)), found.share])
    # The free weights keep the estimate blind to a straight line, whose slope has no bound.
    origin = -(months @ fixed) * found.early / (found.early @ found.early)
    free = np.linalg.svd(found.early[None, :])[2][1:].T
    base = fixed + np.concatenate([origin, np.zeros(len(found.share))])
    step = np.vstack([free, np.zeros((len(found.share), free.shape[1]))])
    best = _shortest(base, step, kinks, found, limit, conf_level)
    weights = base + step @ best
    half = _half_length(weights, kinks, found, limit, conf_level)
    value = float(weights @ found.estimate)
    return value - half, value + half, weights[: len(found.early)]


def smoothness_bounds(found: Deviations, limit: float) -> tuple[float, float]:
    """What is possible at the estimates themselves; missing if they bend too much."""
    n_early, value = len(found.early), found.share @ found.estimate[len(found.early) :]
    months = np.concatenate([found.early, found.late])
    shape = np.column_stack([months, _kinks(found)])  # differences from a slope and its changes
    late = found.share @ shape[n_early:]
    bounds = [(None, None), *[(-limit, limit)] * (shape.shape[1] - 1)]
    ends = []
    for sign in (1.0, -1.0):
        solved = optimize.linprog(
            sign * late, A_eq=shape[:n_early], b_eq=found.estimate[:n_early], bounds=bounds
        )
        if solved.status != 0:
            return np.nan, np.nan
        ends.append(value - sign * solved.fun)
    return min(ends), max(ends)


def _drifts(found: Deviations) -> np.ndarray:
    """Each drift before the reference as a combination of the estimates."""
    k = len(found.early)
    ends = np.append(found.early, 0.0)
    value = np.vstack([np.eye(k), np.zeros(k)])
    drift = np.diff(value, axis=0) / np.diff(ends)[:, None]
    return np.hstack([drift, np.zeros((k, len(found.late)))])


def _kinks(found: Deviations) -> np.ndarray:
    """What a change of slope by one at each wave but the first and last adds, (n_wave, n_kink)."""
    months = np.concatenate([found.early, found.late])
    ends = np.append(months, 0.0)
    inner = sorted(set(ends) - {ends.min(), ends.max()})
    return np.column_stack(
        [np.maximum(months - at, 0) if at >= 0 else np.maximum(at - months, 0) for at in inner]
    )


def _error(weights: np.ndarray, covariance: np.ndarray) -> float:
    return float(np.sqrt(max(weights @ covariance @ weights, 0.0)))


def _half_length(weights, kinks, found: Deviations, limit: float, conf_level: float) -> float:
    bias = limit * np.abs(kinks.T @ weights).sum()
    error = _error(weights, found.covariance)
    return error * _folded(bias / error, found.df, conf_level) if error > 0 else bias


def _folded(shift: float, df: float, conf_level: float) -> float:
    """Value that the size of a t-variable moved by `shift` stays below with `conf_level`."""
    if shift > 8:  # the other tail is empty
        return float(shift + stats.t.ppf(conf_level, df))
    gap = lambda c: stats.t.cdf(c - shift, df) - stats.t.cdf(-c - shift, df) - conf_level  # noqa: E731
    return float(optimize.brentq(gap, 0.0, shift + stats.t.ppf((1 + conf_level) / 2, df)))


def _shortest(base, step, kinks, found: Deviations, limit: float, conf_level: float) -> np.ndarray:
    """Free weights with the shortest interval, which is a convex problem.

    Least variance for each bound on the bias is a quadratic problem in the weights and the sizes
    of the kinks' parts; the best bound is then searched on a line.
    """
    if not step.shape[1]:
        return np.zeros(0)
    root = np.linalg.cholesky(found.covariance).T
    scale = _error(base, found.covariance)
    least = np.linalg.lstsq(root @ step, -root @ base, rcond=None)[0]
    if limit == 0:
        return least
    most = np.abs(kinks.T @ (base + step @ least)).sum()
    start = _least_bias(base, step, kinks)
    fewest = np.abs(kinks.T @ (base + step @ start)).sum()
    tried = {}

    def length(bound: float) -> float:
        weights = _least_variance(base, step, kinks, root / scale, bound, start)
        tried[bound] = weights
        return _half_length(base + step @ weights, kinks, found, limit, conf_level)

    if most - fewest <= 1e-9 * most:
        return least
    solved = optimize.minimize_scalar(length, bounds=(fewest, most), method="bounded",
                                      options={"xatol": 1e-7 * (most - fewest)})  # fmt: skip
    best = min([least, start, tried[solved.x]], key=lambda weights: _half_length(
        base + step @ weights, kinks, found, limit, conf_level))  # fmt: skip
    return best


def _least_bias(base, step, kinks) -> np.ndarray:
    k, m = step.shape[1], kinks.shape[1]
    lines, level = kinks.T @ step, kinks.T @ base
    solved = optimize.linprog(
        np.concatenate([np.zeros(k), np.ones(m)]),
        A_ub=np.block([[lines, -np.eye(m)], [-lines, -np.eye(m)]]),
        b_ub=np.concatenate([-level, level]),
        bounds=[(None, None)] * k + [(0, None)] * m,
    )
    return solved.x[:k]


def _least_variance(base, step, kinks, root, bound: float, start: np.ndarray) -> np.ndarray:
    """Weights of least variance with the sum of the kinks' parts at most `bound`."""
    k, m = step.shape[1], kinks.shape[1]
    lines, level = kinks.T @ step, kinks.T @ base
    left, right = root @ step, root @ base
    inequality = np.block([
        [-lines, np.eye(m)], [lines, np.eye(m)], [np.zeros((1, k)), -np.ones((1, m))],
    ])  # fmt: skip
    constant = np.concatenate([-level, level, [bound]])
    first = np.concatenate([start, np.abs(level + lines @ start)])
    solved = optimize.minimize(
        lambda z: np.sum((right + left @ z[:k]) ** 2),
        first,
        jac=lambda z: np.append(2 * left.T @ (right + left @ z[:k]), np.zeros(m)),
        constraints={"type": "ineq", "fun": lambda z: inequality @ z + constant,
                     "jac": lambda z: inequality},
        method="SLSQP", options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    return solved.x[:k]
