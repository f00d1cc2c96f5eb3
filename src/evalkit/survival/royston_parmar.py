"""Proportional hazards over a log cumulative hazard that is a spline of log time."""

from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError
from evalkit.provenance import Provenance
from evalkit.results import ModelFit
from evalkit.survival.design_matrix import refuse_collinear
from evalkit.survival.hazard_fit import degrees_of_freedom, dependence_of, sandwich
from evalkit.survival.person_time_fit import Choices, UsableRows, model_fit
from evalkit.survival.person_time_likelihood import (
    MAX_HALVINGS,
    MAX_STEPS,
    STEP_TOLERANCE,
    Fitted,
    given_baseline,
    is_vanishing,
    refuse_separation,
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Columns:
    """Columns of the model at exit, their derivatives by log time, and the columns at entry.

    Attributes
    ----------
    at, slope : ndarray of float, shape (n, q + p)
        The first q are the spline's.
    before : ndarray of float, shape (n_late, q + p)
    late : ndarray of int, shape (n_late,)
        Rows that entered after time 0.
    """

    at: np.ndarray
    slope: np.ndarray
    before: np.ndarray
    late: np.ndarray
    event: np.ndarray
    weight: np.ndarray
    log_time: np.ndarray


def royston_parmar(
    sample: TimeToEvent,
    rows: UsableRows,
    inner: np.ndarray,
    *,
    choices: Choices,
    summary: dict,
    provenance: Provenance,
) -> ModelFit:
    """Fit log H(t) = s(log t) + x beta by Newton's method; see `flexible_survival`.

    Parameters
    ----------
    inner : ndarray of float
        Times of the knots between the first and the last event.

    References
    ----------
    Royston and Parmar (2002), Stat Med 21:2175-2197.
    """
    times = rows.exit[rows.event]
    inner = inner[(inner > times.min()) & (inner < times.max())]
    if len(np.unique(times)) < len(inner) + 2:
        raise EstimationError(
            f"duration: events at {len(np.unique(times))} distinct times are too few for a spline"
        )
    knots = np.log(np.concatenate([[times.min()], inner, [times.max()]]))
    columns, q = _columns(rows, knots), len(knots)
    point, value, information = _newton(columns, q, rows.design.terms)
    fitted = Fitted(
        point[q:], point[:q], value, given_baseline(information, q), np.zeros((0, len(point) - q))
    )
    dependence = dependence_of(sample, rows.kept, choices.vcov)
    df = degrees_of_freedom(dependence, choices.interval)
    covariance = np.linalg.inv(information)
    if dependence.is_robust:
        scores = _scores(columns, point) * rows.weight[:, None]
        covariance = sandwich([(slice(None), scores.T)], covariance, dependence.unit)
    summary = summary | dependence.summary
    return model_fit(rows, sample, fitted, covariance[q:, q:], df, choices, summary, provenance)


def _columns(rows: UsableRows, knots: np.ndarray) -> Columns:
    late = np.flatnonzero(rows.entry > 0.0)
    log_time = np.log(rows.exit)
    at, slope = _spline(log_time, knots)
    before = _spline(np.log(rows.entry[late]), knots)[0]
    none = np.zeros(rows.values.shape)
    return Columns(
        np.hstack([at, rows.values]), np.hstack([slope, none]),
        np.hstack([before, rows.values[late]]), late, rows.event, rows.weight, log_time,
    )  # fmt: skip


def _spline(log_time: np.ndarray, knots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns of a natural cubic spline and their derivatives, each (n, k)."""
    width = knots[-1] - knots[0]
    at, places = (log_time - knots[0]) / width, (knots - knots[0]) / width

    def curve(power: int) -> list[np.ndarray]:
        part = [np.maximum(at - place, 0.0) ** power for place in places]
        line = [(one - part[-1]) / (1.0 - place) for one, place in zip(part[:-1], places[:-1],
                                                                     strict=True)]  # fmt: skip
        return [one - line[-1] for one in line[:-1]]

    columns = np.column_stack([np.ones(len(at)), at, *curve(3)])
    slopes = [np.zeros(len(at)), np.ones(len(at)), *(3.0 * column for column in curve(2))]
    return columns, np.column_stack(slopes) / width


def _newton(columns: Columns, q: int, terms: tuple[str, ...]):
    point = _start(columns, q)
    value, score, information = _likelihood(columns, point)
    at_zero = given_baseline(information, q)
    refuse_collinear(at_zero, terms)
    for _ in range(MAX_STEPS):
        step = np.linalg.solve(information, score)
        for _ in range(MAX_HALVINGS):
            proposal = _likelihood(columns, point + step)
            if proposal[0] >= value - 1e-9 * abs(value):
                break
            step = step / 2.0
        point, (value, score, information) = point + step, proposal
        if is_vanishing(given_baseline(information, q), np.diag(at_zero)):
            break
        if np.abs(step).max() < STEP_TOLERANCE:
            return point, value, information
    raise refuse_separation(step[q:], terms)


def _start(columns: Columns, q: int) -> np.ndarray:
    """A Weibull curve through the crude rate, its shape 1."""
    point = np.zeros(columns.at.shape[1])
    rate = (columns.weight @ columns.event) / (columns.weight @ np.exp(columns.log_time))
    width = 1.0 / columns.slope[0, 1]
    origin = columns.log_time[0] - columns.at[0, 1] * width
    point[0], point[1] = np.log(rate) + origin, width
    return point


def _likelihood(columns: Columns, point: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Value, score and observed information; the value is -inf where the curve would fall."""
    linear, rise = columns.at @ point, columns.slope @ point
    if np.any(rise <= 0.0) or linear.max() > 700.0:
        return -np.inf, point, np.eye(len(point))
    hazard, d = columns.weight * np.exp(linear), columns.weight * columns.event
    early = columns.weight[columns.late] * np.exp(columns.before @ point)
    value = float(d @ (np.log(rise) - columns.log_time + linear) - hazard.sum() + early.sum())
    score = columns.slope.T @ (d / rise) + columns.at.T @ (d - hazard) + columns.before.T @ early
    information = (
        columns.slope.T @ ((d / rise**2)[:, None] * columns.slope)
        + columns.at.T @ (hazard[:, None] * columns.at)
        - columns.before.T @ (early[:, None] * columns.before)
    )
    return value, score, information


def _scores(columns: Columns, point: np.ndarray) -> np.ndarray:
    """Score of each row per unit of weight, (n, q + p)."""
    linear, rise = columns.at @ point, columns.slope @ point
    jump = (columns.event / rise)[:, None] * columns.slope
    scores = jump + (columns.event - np.exp(linear))[:, None] * columns.at
    scores[columns.late] += np.exp(columns.before @ point)[:, None] * columns.before
    return scores
