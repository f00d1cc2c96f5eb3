"""Confidence intervals for probabilities and for means."""

from typing import Literal, get_args

import numpy as np
from scipy import special

from evalkit.errors import ParameterError

ConfType = Literal["log-log", "log", "plain", "arcsine"]


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
    return float(special.ndtri(upper) if np.isinf(df) else special.stdtrit(df, upper))


def p_value(statistic: np.ndarray, df: float = np.inf) -> np.ndarray:
    """Two-sided p-value of a statistic that is normal, or t with `df` degrees of freedom."""
    size = np.abs(statistic)
    return 2.0 * (special.ndtr(-size) if np.isinf(df) else special.stdtr(df, -size))


def survival_interval(
    estimate: np.ndarray, std_error: np.ndarray, *, conf_type: ConfType, critical: float
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a survival probability.

    Parameters
    ----------
    estimate, std_error : ndarray of float, shape (m,)
    conf_type : {"log-log", "log", "plain", "arcsine"}
        Scale on which the interval is symmetric: log(-log S), log S, S or arcsin(sqrt(S)). The last
        three are cut at 0 and 1.
    critical : float
        Quantile, see `critical_value`.

    Returns
    -------
    tuple of two ndarrays of float, shape (m,)
        Missing where the scale is undefined: at 1 (log-log, arcsine) and at 0 (log-log, log,
        arcsine), as in R.
    """
    if conf_type not in get_args(ConfType):
        raise ParameterError(
            f"conf_type {conf_type!r}: must be one of {', '.join(get_args(ConfType))}"
        )
    width = critical * std_error
    if conf_type == "plain":
        return np.maximum(estimate - width, 0.0), np.minimum(estimate + width, 1.0)
    # An error that is large beside its scale gives a factor of infinity, and limits of 0 and 1.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if conf_type == "log":
            inside = np.where(estimate > 0.0, estimate, np.nan)
            factor = np.exp(width / inside)
            return inside / factor, np.minimum(inside * factor, 1.0)
        inside = np.where((estimate > 0.0) & (estimate < 1.0), estimate, np.nan)
        if conf_type == "arcsine":
            angle, half = np.arcsin(np.sqrt(inside)), 0.5 * width / np.sqrt(inside * (1.0 - inside))
            return (
                np.sin(np.maximum(angle - half, 0.0)) ** 2,
                np.sin(np.minimum(angle + half, np.pi / 2.0)) ** 2,
            )
        logarithm = np.log(inside)
        factor = np.exp(-width / (inside * logarithm))
        return np.exp(logarithm * factor), np.exp(logarithm / factor)


def share_interval(
    share: np.ndarray, std_error: np.ndarray, *, critical: float
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of an incidence or a share F, symmetric on log(-log(1 - F)); missing at 0 and 1.

    With one cause it is one minus the log-log interval of the survival curve, limits swapped.
    """
    low, high = survival_interval(1.0 - share, std_error, conf_type="log-log", critical=critical)
    return 1.0 - high, 1.0 - low
