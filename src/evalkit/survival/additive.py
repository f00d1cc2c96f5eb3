"""Aalen's additive hazards model: effects that add to the hazard and may change with time."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import ParameterError
from evalkit.provenance import provenance
from evalkit.results import EffectCurve
from evalkit.survival.additive_steps import Steps, least_squares_steps, model_errors, robust_errors
from evalkit.survival.design_matrix import refuse_collinear
from evalkit.survival.effect_rows import effect_rows
from evalkit.survival.hazard_fit import dependence_of, refuse_options, rows_support
from evalkit.survival.intervals import critical_value
from evalkit.survival.person_time_fit import UsableRows, usable_rows
from evalkit.survival.risksets import RiskSets, risk_sets
from evalkit.survival.sides import exits_since

Vcov = Literal["robust", "model"]

MOST_TIMES = 200  # rows a term; with more event times, as many of their quantiles


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
    refuse_options(vcov=(vcov, Vcov))
    rows = usable_rows(sample, formula, cause)
    refuse_collinear(rows.values.T @ (rows.weight[:, None] * rows.values), rows.design.terms)
    dependence = dependence_of(sample, rows.kept, vcov)
    values = np.column_stack([np.ones(len(rows.kept)), rows.values])
    sets = risk_sets(rows.entry, rows.exit, rows.event.astype(np.intp), weight=rows.weight)
    steps = least_squares_steps(values, rows, sets)
    at = _times(times, steps)
    back = _unscaled(rows)
    curve = np.vstack([np.zeros(values.shape[1]), np.cumsum(steps.step, axis=0)])
    position = np.searchsorted(steps.time, at, side="right")
    estimate = curve[position] @ back.T
    error = (
        robust_errors(values, rows, sets, steps, position, dependence.unit, back)
        if vcov == "robust"
        else model_errors(values, rows, sets, steps, position, back)
    )
    person = rows.kept if sample.person is None else sample.person[rows.kept]
    n_person = len(np.unique(person))
    return EffectCurve(
        rows=effect_rows(
            ["intercept", *rows.design.terms], at, estimate, error,
            critical_value(conf_level, dependence.df), _at_risk(sets, at),
            _since_last(sets, position, steps),
        ),
        summary={
            "n_person": n_person, "n_event": int(rows.event.sum()), "last_time": at[-1],
            "scale": "cumulative hazard difference", "method": "Aalen", "conf_level": conf_level,
            **dependence.summary, "df": dependence.df, "time_unit": sample.time_unit,
            "formula": formula,
        },
        support=_support(sample, rows, at, n_person),
        provenance=provenance(
            "additive_hazards", sample.digest, formula=formula, cause=cause,
            times=None if times is None else list(map(float, times)), vcov=vcov,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def _support(sample: TimeToEvent, rows: UsableRows, at: np.ndarray, n_person: int) -> dict:
    """Persons behind each term, and exits on either side of it since the row before."""
    behind = rows_support(sample, rows.design, rows.kept, rows.event)["n"]
    exits = np.flatnonzero(rows.event)
    since = exits_since(rows.design, exits, rows.exit[exits], at)
    all_persons = np.full(len(at), np.nan)
    return {"n": np.repeat([n_person, *behind], len(at))} | {
        name: np.append(all_persons, counts) for name, counts in since.items()
    }


def _unscaled(rows: UsableRows) -> np.ndarray:
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
