"""Days in a package: the product-limit median when some are still in it."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

TIE = 1e-12  # a curve that is at one half but for the rounding of a product is at one half


@dataclass(frozen=True, slots=True)
class Median:
    """A median number of days with its interval, and who is on either side of each.

    `k` and `k_low` count ends at or before the median and the lower limit, `k_high` those at or
    before the upper; `complement` counts who stayed longer than the median.
    """

    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    k: float = np.nan
    k_low: float = np.nan
    k_high: float = np.nan
    complement: float = np.nan


def median_days(
    days: np.ndarray, ended: np.ndarray, entry: np.ndarray, *, conf_level: float
) -> Median:
    """Median of days in a package, from stays that ended and stays that still run.

    Parameters
    ----------
    days : ndarray of float, shape (n,)
        Days from start to end, or to the last day known.
    ended : ndarray of bool, shape (n,)
    entry : ndarray of float, shape (n,)
        Days from start to the first day of the period: nobody can be seen to end before.

    Notes
    -----
    S(t) is the product over t_j <= t of 1 - d_j / r_j, with r_j the stays under observation at
    t_j, entry < t_j <= days. The median is the first t with S(t) < 1/2; where S is exactly 1/2
    between two ends, the middle of them. Its limits are where the log-log interval of S crosses
    1/2 (Brookmeyer and Crowley).
    """
    times = np.unique(days[ended])
    if not times.size:
        return Median()
    at_risk = np.array([np.count_nonzero((entry < t) & (days >= t)) for t in times], dtype=float)
    events = np.array([np.count_nonzero(ended & (days == t)) for t in times], dtype=float)
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
        log = np.log(survival)
        half = norm.ppf((1 + conf_level) / 2) * np.sqrt(greenwood) / np.abs(log)
        low, high = survival ** np.exp(half), survival ** np.exp(-half)
    estimate, lower, upper = (_crossing(times, curve) for curve in (survival, low, high))
    before = [float(events[times <= t].sum()) if np.isfinite(t) else np.nan
              for t in (estimate, lower, upper)]  # fmt: skip
    beyond = float(np.count_nonzero(days > estimate)) if np.isfinite(estimate) else np.nan
    return Median(estimate, lower, upper, *before, beyond)


def _crossing(times: np.ndarray, curve: np.ndarray) -> float:
    """First time at which a falling curve is below one half; the middle of a step at one half."""
    below = np.flatnonzero(curve < 0.5 - TIE)
    at_half = np.flatnonzero(np.abs(curve - 0.5) <= TIE)
    if at_half.size:
        if not below.size:
            return float(times[at_half[0]])
        return float(times[at_half[0]] + times[below[0]]) / 2
    return float(times[below[0]]) if below.size else np.nan
