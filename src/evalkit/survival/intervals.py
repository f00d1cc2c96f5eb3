"""Confidence intervals for probabilities and for means."""

from typing import Literal, get_args

import numpy as np
from scipy import stats

from evalkit.errors import ParameterError

ConfType = Literal["log-log", "log", "plain"]


def critical_value(conf_level: float, df: float = np.inf) -> float:
    """Two-sided quantile: of the normal distribution, or of t with `df` degrees of freedom.

    Raises
    ------
    ParameterError
        If `conf_level` is not between 0 and 1.
    """
    if not 0.0 < conf_level < 1.0:
        raise ParameterError(f"conf_level: must lie between 0 and 1, is {conf_level}")
    upper = 0.5 + conf_level / 2.0
    return float(stats.norm.ppf(upper) if np.isinf(df) else stats.t.ppf(upper, df))


def p_value(statistic: np.ndarray, df: float = np.inf) -> np.ndarray:
    """Two-sided p-value of a statistic that is normal, or t with `df` degrees of freedom."""
    size = np.abs(statistic)
    return 2.0 * (stats.norm.sf(size) if np.isinf(df) else stats.t.sf(size, df))


def survival_interval(
    estimate: np.ndarray, std_error: np.ndarray, *, conf_type: ConfType, critical: float
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a survival probability.

    Parameters
    ----------
    estimate, std_error : ndarray of float, shape (m,)
    conf_type : {"log-log", "log", "plain"}
        Scale on which the interval is symmetric: log(-log S), log S or S. The last two are cut at
        0 and 1.
    critical : float
        Quantile, see `critical_value`.

    Returns
    -------
    tuple of two ndarrays of float, shape (m,)
        Missing where the scale is undefined: at 1 (log-log) and at 0 (log-log, log), as in R.
    """
    if conf_type not in get_args(ConfType):
        raise ParameterError(
            f"conf_type {conf_type!r}: must be one of {', '.join(get_args(ConfType))}"
        )
    width = critical * std_error
    if conf_type == "plain":
        return np.maximum(estimate - width, 0.0), np.minimum(estimate + width, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        if conf_type == "log":
            inside = np.where(estimate > 0.0, estimate, np.nan)
            factor = np.exp(width / inside)
            return inside / factor, np.minimum(inside * factor, 1.0)
        inside = np.where((estimate > 0.0) & (estimate < 1.0), estimate, np.nan)
        factor = np.exp(width / (inside * -np.log(inside)))
        return inside**factor, inside ** (1.0 / factor)


def share_interval(
    share: np.ndarray, std_error: np.ndarray, *, critical: float
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of an incidence or a share F, symmetric on log(-log(1 - F)); missing at 0 and 1.

    With one cause it is one minus the log-log interval of the survival curve, limits swapped.
    """
    low, high = survival_interval(1.0 - share, std_error, conf_type="log-log", critical=critical)
    return 1.0 - high, 1.0 - low
