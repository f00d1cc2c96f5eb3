"""How good predicted risks are, competing exits respected: error and discrimination."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import ParameterError
from evalkit.results import PredictionScores
from evalkit.survival.inverse_weights import Followed
from evalkit.survival.prediction_scores import (
    BEYOND,
    MODEL,
    WITHOUT,
    Score,
    horizon_weights,
    predicted,
    scores_result,
    with_censoring,
)


def brier_score(
    sample: TimeToEvent,
    risk: np.ndarray,
    *,
    horizon: float | Sequence[float],
    cause: str | None = None,
    conf_level: float = 0.95,
) -> PredictionScores:
    """Mean squared difference between predicted risk and what came, at each horizon.

    Parameters
    ----------
    sample : TimeToEvent
        One row a person, followed from time 0.
    risk : ndarray of float, shape (n,) or (n, n_horizon)
        Predicted probability of an exit by `cause` within each horizon, between 0 and 1, one row
        for each row of the sample. One column is used for all horizons. Predictions made on the
        same persons are too good.
    horizon : float or sequence of float
    cause : str, optional
        The exit that was predicted, or `"any"`. Required if the sample has several causes.
    conf_level : float

    Returns
    -------
    PredictionScores
        `brier` of the model and of one risk for all (Aalen-Johansen), `explained` (the index of
        prediction accuracy: 1 less their ratio, without an interval), and, with several horizons,
        `integrated_brier`. Lower is better for `brier`, higher for `explained`.

    Raises
    ------
    EstimationError
        If the sample is empty, has delayed entry or several rows a person, or has several causes
        and none is named.
    ParameterError
        If `risk` has the wrong shape, is missing or is not between 0 and 1, or if a horizon is not
        above 0.

    Notes
    -----
    Each square is weighted by 1/G: at the person's own time, left limit, for an exit by the
    horizon; at the horizon for who is followed beyond it; 0 for who was censored by then, also at
    the horizon itself. G is the Kaplan-Meier curve of censoring, exits first within a time. Errors
    include the estimation of G and, with clusters, sum over them. `integrated_brier` holds each
    value until the next horizon, from 0 at time 0, and divides by the horizon, as R does: give it
    many horizons.

    References
    ----------
    Graf et al. (1999), Stat Med 18:2529-2545. Kattan and Gerds (2018), Diagn Progn Res 2:7.
    R, riskRegression::Score(cens.model = "km", conservative = FALSE).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4], "exited": [True, True, True, False]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> scores = brier_score(sample, [0.9, 0.7, 0.5, 0.1], horizon=2).tidy()
    >>> scores[["measure", "prediction", "estimate"]].round(4)
         measure          prediction  estimate
    0      brier               model      0.09
    1      brier  without covariates      0.25
    2  explained               model      0.64
    """
    given = predicted(sample, risk, horizon, cause)
    if given.risks.min() < 0.0 or given.risks.max() > 1.0:
        raise ParameterError("risk: must lie between 0 and 1")
    persons = given.persons
    model = [_brier(persons, *column, MODEL) for column in given.columns()]
    common = zip(_common_risk(persons, given.times), given.times, strict=True)
    alike = [_brier(persons, *column, WITHOUT) for column in common]
    scores = [*model, *alike, *_explained(model, alike)]
    if len(given.times) > 1:
        scores += _integrated(model) + _integrated(alike)
    return scores_result("brier_score", given, scores, conf_level)


def _common_risk(persons: Followed, times: np.ndarray) -> np.ndarray:
    """Aalen-Johansen incidence of the cause in all persons, at each time."""
    m, weight = len(persons.times), persons.weight
    leaving = np.bincount(persons.row, weight, minlength=m)
    at_risk = leaving[::-1].cumsum()[::-1]
    cases = np.bincount(persons.row, weight * (persons.code == 1), minlength=m)
    exits = np.bincount(persons.row, weight * (persons.code > 0), minlength=m)
    survival = np.cumprod(1.0 - np.minimum(exits / at_risk, 1.0))
    incidence = np.cumsum(np.concatenate([[1.0], survival[:-1]]) * cases / at_risk)
    position = np.searchsorted(persons.times, times, side="right")
    return np.concatenate([[0.0], incidence])[position]


def _brier(persons: Followed, risk: np.ndarray | float, horizon: float, prediction: str) -> Score:
    if not persons.is_estimable(horizon):
        return Score("brier", prediction, horizon, np.nan, reason=BEYOND)
    exited, _, weight = horizon_weights(persons, horizon)
    came = exited & (persons.code == 1)
    share = persons.weight / persons.weight.sum()
    squares = share * weight * (came - risk) ** 2
    value = float(squares.sum())
    influence = with_censoring(persons, squares, horizon) - share * value
    return Score("brier", prediction, horizon, value, influence)


def _explained(models: list[Score], without: list[Score]) -> list[Score]:
    return [
        Score("explained", MODEL, model.time,
              1.0 - model.estimate / alike.estimate if alike.estimate > 0.0 else np.nan,
              reason=model.reason)
        for model, alike in zip(models, without, strict=True)
    ]  # fmt: skip


def _integrated(scores: list[Score]) -> list[Score]:
    """Average of a step function that starts with 0 and holds each value until the next horizon."""
    time = np.array([score.time for score in scores])
    value = np.array([score.estimate for score in scores])
    known = [score.influence for score in scores if score.influence is not None]
    influence = np.column_stack(known) if known else np.zeros((0, 0))
    made = []
    for number in range(1, len(scores)):
        length = np.diff(time[: number + 1]) / time[number]
        reason = scores[number].reason
        made.append(
            Score(
                "integrated_brier", scores[0].prediction, time[number],
                np.nan if reason else float(value[:number] @ length),
                None if reason else influence[:, :number] @ length, reason,
            )
        )  # fmt: skip
    return made
