"""How good predicted risks are, competing exits respected: error and discrimination."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import ParameterError
from evalkit.provenance import provenance
from evalkit.results import PredictionScores
from evalkit.survival.inverse_weights import Followed, followed, horizons_of, predicted_risks
from evalkit.survival.prediction_scores import (
    BEYOND,
    MODEL,
    NO_PAIRS,
    WITHOUT,
    Score,
    digest_of,
    scores_result,
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
    persons, name = followed(sample, cause)
    times = horizons_of(horizon)
    risks = predicted_risks(sample, persons, risk, len(times))
    if risks.min() < 0.0 or risks.max() > 1.0:
        raise ParameterError("risk: must lie between 0 and 1")
    alike = np.broadcast_to(_common_risk(persons, times), risks.shape)
    scores = []
    for prediction, given in ((MODEL, risks), (WITHOUT, alike)):
        scores += [
            _brier(persons, column, time, prediction)
            for column, time in zip(given.T, times, strict=True)
        ]
    scores += _explained(scores, len(times))
    if len(times) > 1:
        scores += _integrated(scores[: len(times)]) + _integrated(
            scores[len(times) : 2 * len(times)]
        )
    made_by = provenance(
        "brier_score", sample.digest, risk=digest_of(risks), horizon=times.tolist(), cause=cause,
        conf_level=conf_level,
    )  # fmt: skip
    return scores_result(sample, persons, scores, name, conf_level, made_by)


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
    persons, name = followed(sample, cause)
    times = horizons_of(horizon)
    risks = predicted_risks(sample, persons, risk, len(times))
    scores = [_roc_area(persons, column, time) for column, time in zip(risks.T, times, strict=True)]
    made_by = provenance(
        "roc_area", sample.digest, risk=digest_of(risks), horizon=times.tolist(), cause=cause,
        conf_level=conf_level,
    )  # fmt: skip
    return scores_result(sample, persons, scores, name, conf_level, made_by)


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


def _weights(persons: Followed, horizon: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who exited by the horizon, who was followed beyond it, and the weight of each, (n,)."""
    exited = (persons.time <= horizon) & (persons.code > 0)
    beyond = persons.time > horizon
    share = np.where(exited, persons.before, persons.after(horizon))
    weight = np.divide(exited | beyond, share, out=np.zeros(len(persons)), where=share > 0.0)
    return exited, beyond, weight


def _with_censoring(persons: Followed, parts: np.ndarray, horizon: float) -> np.ndarray:
    """Influence of each person: its own part, and what it adds through the weights."""
    beyond = persons.time > horizon
    early = np.where(beyond, 0.0, parts)
    term = persons.censoring_term(early, horizon=horizon, rest=float(parts[beyond].sum()))
    return parts + persons.weight * term


def _brier(persons: Followed, risk: np.ndarray, horizon: float, prediction: str) -> Score:
    if not persons.is_estimable(horizon):
        return Score("brier", prediction, horizon, np.nan, reason=BEYOND)
    exited, _, weight = _weights(persons, horizon)
    came = exited & (persons.code == 1)
    share = persons.weight / persons.weight.sum()
    squares = share * weight * (came - risk) ** 2
    value = float(squares.sum())
    influence = _with_censoring(persons, squares, horizon) - share * value
    return Score("brier", prediction, horizon, value, influence)


def _explained(scores: list[Score], n_time: int) -> list[Score]:
    pairs = zip(scores[:n_time], scores[n_time : 2 * n_time], strict=True)
    return [
        Score("explained", MODEL, model.time,
              1.0 - model.estimate / alike.estimate if alike.estimate > 0.0 else np.nan,
              reason=model.reason)
        for model, alike in pairs
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


def _roc_area(persons: Followed, risk: np.ndarray, horizon: float) -> Score:
    if not persons.is_estimable(horizon):
        return Score("roc_area", MODEL, horizon, np.nan, reason=BEYOND)
    exited, _, weight = _weights(persons, horizon)
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
    influence = _with_censoring(persons, parts / (n_case * n_other), horizon)
    return Score("roc_area", MODEL, horizon, value, influence)


def _share_below(risk: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weight of those with a lower risk, and half of those with the same, (n,)."""
    _, position = np.unique(risk, return_inverse=True)
    mass = np.bincount(position, weight)
    return (np.cumsum(mass) - 0.5 * mass)[position]
