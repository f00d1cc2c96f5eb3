"""Aalen's additive hazards model: effects that add to the hazard and may change with time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import EffectCurve
from evalkit.survival.design_matrix import SINGULAR, refuse_collinear
from evalkit.survival.intervals import critical_value
from evalkit.survival.person_time_fit import Choices, Rows, dependence, usable_rows
from evalkit.survival.risksets import RiskSets, risk_sets, sum_at_risk, sum_exits

Vcov = Literal["robust", "model"]

MOST_TIMES = 200  # rows a term; with more event times, as many of their quantiles
BLOCK = 4_000_000  # numbers that are gathered at once


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Steps:
    """The least-squares steps at the distinct event times.

    Attributes
    ----------
    time : ndarray of float, shape (m,)
    row : ndarray of int, shape (m,)
        Rows of the risk sets.
    inverse : ndarray of float, shape (m, q, q)
        Of the weighted cross products of those at risk.
    step : ndarray of float, shape (m, q)
    """

    time: np.ndarray
    row: np.ndarray
    inverse: np.ndarray
    step: np.ndarray


def additive_hazards(
    sample: TimeToEvent,
    formula: str,
    *,
    cause: str | None = None,
    times: Sequence[float] | None = None,
    vcov: Vcov = "robust",
    conf_level: float = 0.95,
) -> EffectCurve:
    """Estimate what each covariate adds to the hazard, cumulated over time.

    A cumulative coefficient that rises along a straight line is an effect that stays the same; one
    that turns flat is an effect that has ended. Its slope is exits per person and unit of time.

    Parameters
    ----------
    sample : TimeToEvent
        One row a person, or several rows of (entry, duration] a person.
    formula : str
        For example `"arm + age"`; an intercept is always there.
    cause : str, optional
        A cause, or `"any"`. Required if the sample has several causes; the others end follow-up.
    times : sequence of float, optional
        Times of the rows, above 0. By default the event times; of more than 200 their quantiles.
    vcov : {"robust", "model"}
        Robust sums the martingale residuals over the cluster, else the person, else the row.
    conf_level : float

    Returns
    -------
    EffectCurve
        `intercept` (the cumulative hazard where all covariates are 0) and the terms of the formula,
        each from 0 on. The curves end before the first event time at which those at risk no longer
        tell the terms apart, or are no more than there are terms; `last_time` says when. With
        clusters intervals are t.

    Raises
    ------
    EstimationError
        If there are no events, or one at time 0; if a term does not vary or is a combination of
        others; if the terms cannot be told apart at the first event; if there are fewer than two
        clusters. The message names the term.
    ParameterError
        If an argument is not allowed.

    Notes
    -----
    B(t) = sum over event times s <= t of (X'WX)^-1 X'W dN, with X and W of those at risk at s and
    all events of one time in one step. The robust variance sums squares of
    w_i int (X'WX)^-1 x_i dM_i, where dM_i = dN_i - x_i dB; the model's sums
    (X'WX)^-1 X' W dN W X (X'WX)^-1.

    References
    ----------
    Aalen (1989), Stat Med 8:907-925. Scheike (2002), Lifetime Data Anal 8:247-262.
    R, timereg::aalen; with ties survival::aareg.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4], "exited": [True] * 4, "old": [0, 1, 0, 1]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> additive_hazards(sample, "old").tidy()[["term", "time", "estimate"]].round(3)
            term  time  estimate
    0  intercept   0.0       0.0
    1  intercept   1.0       0.5
    2  intercept   2.0       0.5
    3        old   0.0       0.0
    4        old   1.0      -0.5
    5        old   2.0       0.0
    """
    if vcov not in get_args(Vcov):
        raise ParameterError(f"vcov {vcov!r}: must be one of {', '.join(get_args(Vcov))}")
    rows = usable_rows(sample, formula, cause)
    refuse_collinear(rows.values.T @ (rows.weight[:, None] * rows.values), rows.design.terms)
    unit, df, n_cluster, _ = dependence(sample, rows, Choices(vcov, None, conf_level))
    critical = critical_value(conf_level, df)
    values = np.column_stack([np.ones(len(rows.kept)), rows.values])
    sets = risk_sets(rows.entry, rows.exit, rows.event.astype(np.intp), weight=rows.weight)
    steps = _steps(values, rows, sets)
    at = _times(times, steps)
    back = _unscaled(rows)
    curve = np.vstack([np.zeros(values.shape[1]), np.cumsum(steps.step, axis=0)])
    position = np.searchsorted(steps.time, at, side="right")
    estimate = curve[position] @ back.T
    if vcov == "robust":
        error = _robust_errors(values, rows, sets, steps, position, unit, back)
    else:
        error = _model_errors(values, rows, sets, steps, position, back)
    n_event = _since_last(sets, position, steps)
    at_risk = _at_risk(sets, at)
    terms = ["intercept", *rows.design.terms]
    n_term, n_time = len(terms), len(at)
    person = rows.kept if sample.person is None else sample.person[rows.kept]
    n_person = len(np.unique(person))
    missing = np.full(n_term * n_time, np.nan)
    return EffectCurve(
        rows={
            "term": np.repeat(np.array(terms, dtype=object), n_time),
            "time": np.tile(at, n_term),
            "estimate": estimate.T.ravel(),
            "std_error": error.T.ravel(),
            "conf_low": (estimate - critical * error).T.ravel(),
            "conf_high": (estimate + critical * error).T.ravel(),
            "n_at_risk": np.tile(at_risk, n_term),
            "n_event": np.tile(n_event, n_term),
        },
        summary={
            "n_person": n_person,
            "n_event": int(rows.event.sum()),
            "last_time": at[-1],
            "scale": "cumulative hazard difference",
            "conf_level": conf_level,
            "method": "Aalen",
            "vcov": vcov,
            "n_cluster": n_cluster,
            "df": df,
            "time_unit": sample.time_unit,
            "formula": formula,
        },
        support={
            "n": np.repeat([n_person, *rows.design.n], n_time), "k": missing, "complement": missing,
        },
        provenance=provenance(
            "additive_hazards", sample.digest, formula=formula, cause=cause,
            times=None if times is None else list(map(float, times)), vcov=vcov,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def _steps(values: np.ndarray, rows: Rows, sets: RiskSets) -> Steps:
    """Least squares at each event time, up to the last at which the terms can be told apart."""
    q = values.shape[1]
    at_events = np.flatnonzero(sets.n_event[:, 0] > 0)
    cross = np.empty((len(at_events), q, q))
    for i in range(q):
        for j in range(i + 1):
            summed = sum_at_risk(sets, rows.weight * values[:, i] * values[:, j])[at_events]
            cross[:, i, j] = cross[:, j, i] = summed
    # With as many terms as persons the fit is perfect, and its residuals say nothing of errors.
    usable = _are_told_apart(cross) & (sets.n_at_risk[at_events] > q)
    n_usable = len(usable) if usable.all() else int(np.argmin(usable))
    if n_usable == 0:
        raise EstimationError(
            f"{', '.join(rows.design.terms)}: those at risk at the first event do not tell the "
            "terms apart; leave terms out"
        )
    at_events, cross = at_events[:n_usable], cross[:n_usable]
    inverse = np.linalg.inv(cross)
    weighted = rows.weight[:, None] * values
    jump = sum_exits(sets, weighted, rows.event)[at_events]
    step = np.einsum("mij,mj->mi", inverse, jump)
    return Steps(sets.time[at_events], at_events, inverse, step)


def _are_told_apart(cross: np.ndarray) -> np.ndarray:
    size = np.sqrt(np.einsum("mii->mi", cross))
    known = (size > 0.0).all(axis=1)
    scaled = cross / np.where(size > 0.0, size, 1.0)[:, :, None] / size.clip(1e-300)[:, None, :]
    smallest = np.linalg.eigvalsh(np.where(known[:, None, None], scaled, 0.0))[:, 0]
    return known & (smallest > SINGULAR)


def _unscaled(rows: Rows) -> np.ndarray:
    """Matrix (q, q) that takes coefficients of the scaled covariates to those of the given ones."""
    q = len(rows.scale) + 1
    centre = np.average(rows.design.values, axis=0, weights=rows.weight)
    back = np.zeros((q, q))
    back[0, 0] = 1.0
    back[0, 1:] = -centre / rows.scale
    back[1:, 1:] = np.diag(1.0 / rows.scale)
    return back


def _times(times: Sequence[float] | None, steps: Steps) -> np.ndarray:
    if times is None:
        at = steps.time
        if len(at) > MOST_TIMES:
            at = np.quantile(at, np.linspace(0.0, 1.0, MOST_TIMES), method="nearest")
        return np.concatenate([[0.0], np.unique(at)])
    at = np.unique(np.asarray(times, dtype=float))
    if not len(at) or not np.isfinite(at).all() or at[0] <= 0.0:
        raise ParameterError("times: must be numbers above 0")
    return np.concatenate([[0.0], at[at <= steps.time[-1]]])


def _at_risk(sets: RiskSets, at: np.ndarray) -> np.ndarray:
    """Persons at risk just before each time; at time 0, at the first time."""
    following = np.minimum(np.searchsorted(sets.time, at, side="left"), len(sets) - 1)
    return sets.n_at_risk[following].astype(float)


def _since_last(sets: RiskSets, position: np.ndarray, steps: Steps) -> np.ndarray:
    counted = np.concatenate([[0], np.cumsum(sets.n_event[steps.row, 0])])
    return np.diff(counted[position], prepend=0).astype(float)


def _model_errors(values, rows: Rows, sets, steps: Steps, position, back) -> np.ndarray:
    q = values.shape[1]
    squared = np.empty((len(steps.row), q, q))
    for i in range(q):
        product = rows.weight[:, None] ** 2 * values[:, [i]] * values
        squared[:, i] = sum_exits(sets, product, rows.event)[steps.row]
    variance = steps.inverse @ squared @ steps.inverse
    variance = np.concatenate([np.zeros((1, q, q)), np.cumsum(variance, axis=0)])[position]
    return np.sqrt(np.einsum("ki,mij,kj->mk", back, variance, back).clip(0.0))


def _robust_errors(values, rows: Rows, sets, steps: Steps, position, unit, back) -> np.ndarray:
    """Errors from the residual of each row, brought forward from one time of the rows to the next.

    A row loses x_i' Q x_i over event times s, where Q sums (X'WX)^-1_k. dB' at s: where it is at
    risk over a whole interval Q is the same for all, else it is looked up by its first and last
    event time.
    """
    n, q = values.shape
    first = np.searchsorted(steps.row, sets.entry_row)
    last = np.searchsorted(steps.row, sets.exit_row, side="right")  # event times up to the exit
    own = np.searchsorted(steps.row, sets.exit_row)
    residual, out = np.zeros((n, q)), np.zeros((len(position), q))
    for number in range(1, len(position)):
        low, high = position[number - 1], position[number]
        cross = np.einsum("ski,sj->skij", steps.inverse[low:high], steps.step[low:high])
        drift = np.concatenate([np.zeros((1, q, q, q)), np.cumsum(cross, axis=0)])
        begin, end = np.clip(first, low, high) - low, np.clip(last, low, high) - low
        _take(residual, values, np.flatnonzero((begin == 0) & (end == high - low)), drift[-1])
        partly = np.flatnonzero((begin < end) & ((begin > 0) | (end < high - low)))
        for some in np.array_split(partly, 1 + len(partly) * q**3 // BLOCK):
            between = drift[end[some]] - drift[begin[some]]
            residual[some] -= np.einsum(
                "ni,nkij,nj->nk", values[some], between, values[some], optimize=True
            )
        exits = np.flatnonzero(rows.event & (own >= low) & (own < high))
        residual[exits] += np.einsum("nij,nj->ni", steps.inverse[own[exits]], values[exits])
        sums = _by_unit(residual * rows.weight[:, None], unit) @ back.T
        out[number] = np.sqrt((sums**2).sum(axis=0))
    return out


def _take(residual: np.ndarray, values: np.ndarray, some: np.ndarray, drift: np.ndarray) -> None:
    """Take x_i' drift_k x_i from the residuals of some rows."""
    if len(some):
        x = values[some]
        for k in range(values.shape[1]):
            residual[some, k] -= ((x @ drift[k]) * x).sum(axis=1)


def _by_unit(values: np.ndarray, unit: np.ndarray) -> np.ndarray:
    if len(unit) and unit[-1] == len(unit) - 1 and np.array_equal(unit, np.arange(len(unit))):
        return values
    return np.column_stack([np.bincount(unit, column) for column in values.T])
