"""Simultaneous confidence bands of a Kaplan-Meier curve, and their critical values."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal, get_args

import numpy as np
from scipy import linalg, optimize, stats

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import SurvivalCurve
from evalkit.survival.curves import (
    Steps,
    curve_rows,
    curve_summary,
    curve_support,
    greenwood_terms,
    steps,
    warn_if_restarted,
)
from evalkit.survival.grouped import Grouped, group
from evalkit.survival.intervals import ConfType, critical_value, survival_interval
from evalkit.survival.risksets import running, select_cause

Band = Literal["equal_precision", "hall_wellner"]
RANGE = (0.05, 0.95)  # of n s / (1 + n s), s = sum d / (n (n - d)); Nair's recommendation
N_FUNCTION = 60  # even polynomials; the error of a probability is below 1e-7 (tests)
SHORTEST = 1e-3  # length of a range, as logarithm of the odds, that 60 polynomials resolve


def confidence_bands(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str] | None = None,
    cause: str | None = None,
    kind: Band = "equal_precision",
    start: float | None = None,
    end: float | None = None,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
) -> SurvivalCurve:
    """Estimate the probability of no exit with limits that hold at all times together.

    A pointwise interval misses the curve at one time in twenty; whoever looks for the time at which
    two curves part needs a band, which contains the whole curve with the stated probability.

    Parameters
    ----------
    sample : TimeToEvent
        Without weights, clusters or repeated rows of a person.
    by : str or sequence of str, optional
        Columns that make the groups; one curve and band each.
    cause : {"any"}, optional
        Required if the sample has several causes.
    kind : {"equal_precision", "hall_wellner"}
        Limits in proportion to the error at each time (Nair), or Hall and Wellner's.
    start, end : float, optional
        Times between which the band holds. By default where n s / (1 + n s) lies in 0.05 to 0.95.
    conf_type : {"log-log", "log", "plain", "arcsine"}
        Scale on which the band is symmetric.
    conf_level : float

    Returns
    -------
    SurvivalCurve
        As `kaplan_meier`; `conf_low` and `conf_high` are the band, missing outside its range.

    Raises
    ------
    EstimationError
        If the sample has weights, clusters or several rows of a person; if it has delayed entry and
        `kind` is Hall and Wellner's; if a group has fewer than two times of exit in the range.
    ParameterError
        If an argument is not allowed.

    Notes
    -----
    With s(t) = sum d / (n (n - d)) up to t and a(t) = n s / (1 + n s), sqrt(n) (S_hat - S) / S is
    near a Brownian bridge B at time a, divided by 1 - a. The equal-precision band puts the upper
    quantile of sup |B(x)| / sqrt(x (1 - x)), x from a(start) to a(end), for the normal quantile in
    a pointwise interval; Hall and Wellner's puts that of sup |B(x)|, and (1 + n s) / sqrt(n) for
    the error. Neither quantile is simulated: the first comes from the eigenfunctions of an
    Ornstein-Uhlenbeck process between two barriers, the second from a series for a Brownian motion
    between two barriers, both to 1e-6.

    References
    ----------
    Hall and Wellner (1980), Biometrika 67:133-143. Nair (1984), Technometrics 26:265-275.
    Klein and Moeschberger (2003), Survival Analysis, section 4.4.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4, 5, 6], "exited": [True] * 6})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> band = confidence_bands(sample).tidy()
    >>> band[["time", "estimate", "conf_low", "conf_high"]].iloc[2:5].round(3)
       time  estimate  conf_low  conf_high
    2   2.0     0.667     0.036      0.952
    3   3.0     0.500     0.019      0.885
    4   4.0     0.333     0.006      0.792
    """
    if kind not in get_args(Band):
        raise ParameterError(f"kind {kind!r}: must be one of {', '.join(get_args(Band))}")
    if len(sample.causes) > 1 and cause not in (None, "any"):
        raise ParameterError('cause: a band is for the time to any exit; use cause="any"')
    events, _ = select_cause(sample, cause)
    critical_value(conf_level)  # refuses a level outside (0, 1)
    groups = group(sample, by, events, 1)
    _require_independent(groups, kind)
    warn_if_restarted(groups)
    curve = steps(groups.sets)
    part = _band(groups, curve, kind, start, end, conf_type, conf_level)
    rows = curve_rows(
        groups, [part],
        {"estimate": 1.0, "std_error": 0.0, "conf_low": np.nan, "conf_high": np.nan},
    )  # fmt: skip
    method = f"Kaplan-Meier, {kind.replace('_', ' ')} band"
    return SurvivalCurve(
        rows=rows,
        summary=curve_summary(groups, sample, conf_level, method),
        support=curve_support(rows["n_at_risk"]),
        provenance=provenance(
            "confidence_bands", sample.digest, by=by, cause=cause, kind=kind, start=start, end=end,
            conf_type=conf_type, conf_level=conf_level,
        ),
    )  # fmt: skip


def equal_precision_value(low: float, high: float, conf_level: float) -> float:
    """Quantile of sup |B(x)| / sqrt(x (1 - x)) over low <= x <= high, B a Brownian bridge.

    Notes
    -----
    With time half the log odds of x the process is a stationary Ornstein-Uhlenbeck process, so only
    the length of the range counts. The probability of staying between -c and c is expanded in the
    eigenfunctions of its generator that vanish there.
    """
    length = 0.5 * np.log(high * (1.0 - low) / (low * (1.0 - high)))
    if length < SHORTEST:
        return critical_value(conf_level)
    return _solve(lambda c: _stay_ornstein_uhlenbeck(c, length), conf_level, 1.0, 12.0)


def hall_wellner_value(low: float, high: float, conf_level: float) -> float:
    """Quantile of sup |B(x)| over low <= x <= high, B a Brownian bridge; low may be 0, high 1."""
    return _solve(lambda k: _stay_bridge(k, low, high), conf_level, 0.01, 6.0)


def _solve(probability: Callable[[float], float], level: float, low: float, high: float) -> float:
    return float(optimize.brentq(lambda c: probability(c) - level, low, high, xtol=1e-9))


def _stay_ornstein_uhlenbeck(c: float, length: float) -> float:
    """Probability that a stationary process with covariance exp(-|s|) stays in (-c, c).

    Multiplied by the root of the normal density, the generator d2/dx2 - x d/dx is symmetric:
    d2/dx2 - x2 / 4 + 1/2.
    """
    node, weight, basis, slope = _even_polynomials()
    mass = (basis * weight) @ basis.T
    energy = (slope * weight / c**2) @ slope.T
    energy += (basis * weight * (c**2 * node**2 / 4.0 - 0.5)) @ basis.T
    rate, vector = linalg.eigh(energy, mass)
    share = vector.T @ (basis @ (weight * np.sqrt(stats.norm.pdf(c * node))))
    return float(c * np.sum(share**2 * np.exp(-rate * length)))


@cache
def _even_polynomials() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Nodes and weights on (-1, 1); even polynomials that vanish at its ends, and their slopes.

    Differences of Legendre polynomials of degree k + 2 and k: their derivative is (2k + 3) times
    that of degree k + 1.
    """
    node, weight = np.polynomial.legendre.leggauss(4 * N_FUNCTION)
    degree = np.arange(0, 2 * N_FUNCTION, 2)
    values = np.polynomial.legendre.legvander(node, 2 * N_FUNCTION).T
    scale = np.sqrt(2.0 / (2.0 * degree + 3.0))[:, None]
    basis = (values[degree + 2] - values[degree]) * scale
    slope = (2.0 * degree + 3.0)[:, None] * values[degree + 1] * scale
    return node, weight, basis, slope


def _stay_bridge(k: float, low: float, high: float) -> float:
    """Probability that a Brownian bridge stays in (-k, k) from `low` to `high`."""
    length = high - low
    n_term = int(np.ceil(8.0 * k / np.pi / np.sqrt(max(length, 1e-6)))) + 2
    frequency = np.arange(1, 2 * n_term, 2) * np.pi / (2.0 * k)
    decay = np.exp(-0.5 * frequency**2 * length)
    overlap = _cosine_part(frequency, low, k) * _cosine_part(frequency, 1.0 - high, k)
    return float(np.sqrt(2.0 * np.pi) / k * np.sum(decay * overlap))


def _cosine_part(frequency: np.ndarray, variance: float, k: float) -> np.ndarray:
    """Integral over (-k, k) of a normal density times cos(frequency x)."""
    if variance <= 0.0:
        return np.ones(len(frequency))
    spread = np.sqrt(variance)
    edge = min(k, 9.0 * spread)
    node, weight = np.polynomial.legendre.leggauss(max(200, 4 * len(frequency)))
    density = edge * weight * stats.norm.pdf(edge * node, scale=spread)
    return np.cos(np.outer(frequency, edge * node)) @ density


def _band(groups: Grouped, curve: Steps, kind, start, end, conf_type, conf_level) -> dict:
    sets = groups.sets
    variance = running(sets, greenwood_terms(sets, curve))
    error = np.where(curve.survival > 0.0, curve.survival * np.sqrt(variance), np.nan)
    low, high = np.full((2, len(sets)), np.nan)
    for rows, label in zip(sets.slices(), groups.labels, strict=True):
        n = float(sets.n_at_risk[rows].max())
        scaled = n * variance[rows]
        share = scaled / (1.0 + scaled)
        inside = np.flatnonzero(_in_range(sets.time[rows], share, start, end))
        inside = inside[(curve.survival[rows][inside] > 0.0) & (share[inside] > 0.0)]
        if len(inside) < 2 or share[inside[-1]] <= share[inside[0]]:
            raise EstimationError(
                f"{label or 'sample'}: fewer than two times of exit between start and end"
            )
        first, last = share[inside[0]], share[inside[-1]]
        if kind == "equal_precision":
            width, critical = error[rows], equal_precision_value(first, last, conf_level)
        else:
            width = curve.survival[rows] * (1.0 + scaled) / np.sqrt(n)
            critical = hall_wellner_value(first, last, conf_level)
        limits = survival_interval(
            curve.survival[rows][inside], width[inside], conf_type=conf_type, critical=critical
        )
        low[rows.start + inside], high[rows.start + inside] = limits
    return {"estimate": curve.survival, "std_error": error, "conf_low": low, "conf_high": high}


def _in_range(time: np.ndarray, share: np.ndarray, start, end) -> np.ndarray:
    after = share >= RANGE[0] if start is None else time >= start
    return after & (share <= RANGE[1] if end is None else time <= end)


def _require_independent(groups: Grouped, kind: str) -> None:
    if groups.is_robust:
        what = "weight" if groups.is_weighted else "cluster or person"
        raise EstimationError(
            f"{what}: a band holds for independent rows of equal weight; use the pointwise "
            "intervals of kaplan_meier"
        )
    if groups.sets.is_delayed and kind == "hall_wellner":
        raise EstimationError(
            "entry: Hall and Wellner's band has no number of persons to start from with delayed "
            'entry; use kind="equal_precision"'
        )
