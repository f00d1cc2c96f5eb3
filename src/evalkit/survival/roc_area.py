"""How well predicted risks tell apart who exits within a horizon from who does not."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.results import PredictionScores
from evalkit.survival.inverse_weights import Followed
from evalkit.survival.prediction_scores import (
    BEYOND,
    MODEL,
    NO_PAIRS,
    Score,
    horizon_weights,
    predicted,
    scores_result,
    with_censoring,
)


def roc_area(
    sample: TimeToEvent,
    risk: np.ndarray,
    *,
    horizon: float | Sequence[float],
    cause: str | None = None,
    conf_level: float = 0.95,
) -> PredictionScores:
    """Probability that who exits within the horizon had a higher predicted risk than who does not.

    Parameters
    ----------
    sample : TimeToEvent
        One row a person, followed from time 0.
    risk : ndarray of float, shape (n,) or (n, n_horizon)
        Predicted risks, or any numbers that rise with them.
    horizon : float or sequence of float
    cause : str, optional
        The exit that was predicted, or `"any"`. Required if the sample has several causes.
    conf_level : float

    Returns
    -------
    PredictionScores
        `roc_area` at each horizon: 0.5 is no better than chance, ties count one half. Missing, with
        a reason, where nobody is under observation, or where there are no cases.

    Raises
    ------
    EstimationError
        As `brier_score`.
    ParameterError
        If `risk` has the wrong shape or is missing, or if a horizon is not above 0.

    Notes
    -----
    Cases exit by `cause` within the horizon; the others are followed beyond it or exit otherwise.
    Weights and errors as in `brier_score`.

    References
    ----------
    Blanche, Dartigues and Jacqmin-Gadda (2013), Stat Med 32:5381-5397. R, riskRegression::Score.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4], "exited": [True, True, True, False]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> roc_area(sample, [0.9, 0.4, 0.5, 0.1], horizon=2).tidy()["estimate"].tolist()
    [0.75]
    """
    given = predicted(sample, risk, horizon, cause)
    scores = [_roc_area(given.persons, *column) for column in given.columns()]
    return scores_result("roc_area", given, scores, conf_level)


def _roc_area(persons: Followed, risk: np.ndarray, horizon: float) -> Score:
    if not persons.is_estimable(horizon):
        return Score("roc_area", MODEL, horizon, np.nan, reason=BEYOND)
    exited, _, weight = horizon_weights(persons, horizon)
    is_case = exited & (persons.code == 1)
    case = persons.weight * weight * is_case
    other = persons.weight * weight * ~is_case
    n_case, n_other = case.sum(), other.sum()
    if n_case <= 0.0 or n_other <= 0.0:
        return Score("roc_area", MODEL, horizon, np.nan, reason=NO_PAIRS)
    lower = _share_below(risk, other)
    value = float(case @ lower / (n_case * n_other))
    higher = n_case - _share_below(risk, case)
    parts = case * (lower - value * n_other) + other * (higher - value * n_case)
    influence = with_censoring(persons, parts / (n_case * n_other), horizon)
    return Score("roc_area", MODEL, horizon, value, influence)


def _share_below(risk: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weight of those with a lower risk, and half of those with the same, (n,)."""
    _, position = np.unique(risk, return_inverse=True)
    mass = np.bincount(position, weight)
    return (np.cumsum(mass) - 0.5 * mass)[position]
