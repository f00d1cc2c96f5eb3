"""Rows of effects over time: each term at each time, with pointwise intervals."""

from collections.abc import Sequence

import numpy as np


def effect_rows(
    terms: Sequence[str],
    at: np.ndarray,
    estimate: np.ndarray,
    error: np.ndarray,
    critical: float,
    at_risk: np.ndarray,
    n_event: np.ndarray,
) -> dict[str, np.ndarray]:
    """Columns of an `EffectCurve`, one term after the other.

    Parameters
    ----------
    at, at_risk, n_event : ndarray of float, shape (n_time,)
    estimate, error : ndarray of float, shape (n_time, n_term)
    """
    n_term, n_time = len(terms), len(at)
    return {
        "term": np.repeat(np.array(terms, dtype=object), n_time),
        "time": np.tile(at, n_term),
        "estimate": estimate.T.ravel(),
        "std_error": error.T.ravel(),
        "conf_low": (estimate - critical * error).T.ravel(),
        "conf_high": (estimate + critical * error).T.ravel(),
        "n_at_risk": np.tile(at_risk, n_term),
        "n_event": np.tile(n_event, n_term),
    }
