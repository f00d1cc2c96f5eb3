"""Survival models with a free baseline: splines, constant rates in pieces, and a cured share."""

import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import Provenance, provenance
from evalkit.results import ModelFit
from evalkit.survival.hazard_fit import Interval, refuse_options, term_rows
from evalkit.survival.person_time_fit import (
    Choices,
    UsableRows,
    Vcov,
    choices_of,
    estimate,
    usable_rows,
)
from evalkit.survival.person_time_likelihood import constant_rate
from evalkit.survival.risksets import require_rows, select_cause
from evalkit.survival.royston_parmar import royston_parmar

Model = Literal["spline", "piecewise", "cure"]

PIECES = (0.25, 0.5, 0.75)  # quantiles of the event times that part the pieces
INTERIOR = (1.0 / 3.0, 2.0 / 3.0)  # and that are the knots between the first and the last
CURE_TERMS = ("logit(never)", "log(scale)", "log(shape)")


def flexible_survival(
    sample: TimeToEvent,
    formula: str,
    *,
    cause: str | None = None,
    model: Model = "spline",
    breaks: Sequence[float] | None = None,
    vcov: Vcov | None = None,
    interval: Interval | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Estimate hazard ratios over a smooth or stepwise baseline, or the share who never exit.

    Parameters
    ----------
    sample : TimeToEvent
        Durations above 0; delayed entry is respected.
    formula : str
        For example `"arm + age"`; for `model="cure"` it is `"1"`.
    cause : str, optional
        A cause, or `"any"`. Required if the sample has several causes; the others end follow-up.
    model : {"spline", "piecewise", "cure"}
        The log cumulative hazard is a natural cubic spline of log time; the hazard is constant in
        pieces of time; or a share never exits and the times of the others are Weibull.
    breaks : sequence of float, optional
        Times of the inner knots, or where a new piece begins, above 0. By default the thirds of the
        event times for a spline, their quarters for pieces.
    vcov : {"model", "robust"}, optional
        By default robust if the sample has weights or a cluster, else from the model. Robust sums
        over the cluster, else the person, else the row.
    interval : {"z", "t"}, optional
        By default t with clusters less one degrees of freedom if errors are clustered, else z.
    conf_level : float

    Returns
    -------
    ModelFit
        The terms of the formula on the scale of log hazard ratios; the baseline is not reported.
        With `model="cure"` the rows are `logit(never)`, `log(scale)` and `log(shape)`.

    Raises
    ------
    EstimationError
        If there are no events, or one at time 0; if a term does not vary, is a combination of
        others or has no finite ratio; if there are too few distinct event times for the baseline;
        if a cure model has weights, clusters or several rows a person, or does not converge.
    ParameterError
        If an argument is not allowed, or a cure model has terms.

    Notes
    -----
    spline: log H(t) = s(log t) + x beta, knots of s also at the first and last event.
    piecewise: log L = sum of d eta - time exp(eta), over pieces (a, b].
    cure: S(t) = c + (1 - c) exp(-(t / scale)^shape); c is only as sure as follow-up is long, and
    means nothing where the curve has not turned flat.

    References
    ----------
    Royston and Parmar (2002), Stat Med 21:2175-2197. Friedman (1982), Ann Stat 10:101-113.
    lifelines, MixtureCureFitter. R, stats::glm(family = poisson) on split follow-up.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1.0, 2, 3, 4, 5, 9], "exited": [True] * 6,
    ...                       "old": [0, 1, 0, 1, 0, 1]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> fit = flexible_survival(sample, "old", model="piecewise", breaks=[3])
    >>> fit.tidy()[["term", "estimate", "std_error"]].round(3)
      term  estimate  std_error
    0  old    -0.693      0.849
    """
    choices = choices_of(vcov, interval, conf_level)
    refuse_options(model=(model, Model))
    made_by = provenance(
        "flexible_survival", sample.digest, formula=formula, cause=cause, model=model,
        breaks=None if breaks is None else list(map(float, breaks)), vcov=vcov, interval=interval,
        conf_level=conf_level,
    )  # fmt: skip
    if model == "cure":
        return _cure(sample, formula, cause, breaks, choices, made_by)
    rows = usable_rows(sample, formula, cause)
    summary = {"scale": "log hazard ratio", "formula": formula}
    if model == "spline":
        inner = _inner(rows, breaks, INTERIOR)
        return royston_parmar(
            sample, rows, inner, choices=choices, summary=summary, provenance=made_by
        )
    edges = np.concatenate([[0.0], _inner(rows, breaks, PIECES), [np.inf]])
    d, time = _pieces(rows, edges)
    empty = np.flatnonzero(d == 0.0)
    if len(empty):
        # A piece without events has rate 0 whatever the covariates, and adds nothing.
        d, time = np.delete(d, empty), np.delete(time, empty)
    starts = np.delete(np.arange(len(edges) - 1), empty)
    return estimate(
        sample, rows, np.eye(len(starts)), np.log(d / time), constant_rate,
        amounts=_amounts(edges, starts), choices=choices, summary=summary, provenance=made_by,
    )  # fmt: skip


def _inner(rows: UsableRows, breaks: Sequence[float] | None, quantiles: tuple) -> np.ndarray:
    if breaks is None:
        inner = np.unique(np.quantile(rows.exit[rows.event], quantiles))
    else:
        inner = np.unique(np.asarray(breaks, dtype=float))
        if not np.isfinite(inner).all() or np.any(inner <= 0.0):
            raise ParameterError("breaks: must be times above 0")
    return inner


def _amounts(edges: np.ndarray, pieces: np.ndarray):
    low, high = edges[pieces], edges[pieces + 1]

    def of(entry: np.ndarray, exit_: np.ndarray, event: np.ndarray):
        spent = np.minimum(exit_[:, None], high) - np.maximum(entry[:, None], low)
        inside = (low < exit_[:, None]) & (exit_[:, None] <= high)
        return spent.clip(0.0), (inside & event[:, None]).astype(float)

    return of


def _pieces(rows: UsableRows, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted events and time in each piece."""
    spent, events = _amounts(edges, np.arange(len(edges) - 1))(rows.entry, rows.exit, rows.event)
    return rows.weight @ events, rows.weight @ spent


def _cure(
    sample: TimeToEvent, formula: str, cause, breaks, choices: Choices, made_by: Provenance
) -> ModelFit:
    if formula.strip() != "1" or breaks is not None:
        raise ParameterError('a cure model has no terms (formula "1") and no breaks')
    if choices.vcov == "robust" or choices.interval == "t":
        raise ParameterError("a cure model has errors from the model and intervals z only")
    require_rows(sample)
    code, _ = select_cause(sample, cause)
    _require_simple(sample, code)
    fitted, (never, scale, shape), errors = _fit_cure(sample, code)
    value = np.array([np.log(never / (1.0 - never)), np.log(scale), np.log(shape)])
    error = errors / np.array([never * (1.0 - never), scale, shape])
    n, exits = len(sample), np.full(3, float(code.sum()))
    return ModelFit(
        rows=term_rows(CURE_TERMS, value, error, choices.conf_level, np.inf),
        summary={
            "n_person": n, "n_row": n, "n_event": int(code.sum()),
            "log_likelihood": float(fitted.log_likelihood_),
            "scale": "logit of a share, log time, log", "vcov": "model", "converged": True,
            "conf_level": choices.conf_level, "df": np.inf, "interval": "z",
            "label": "description", "formula": formula,
        },
        support={"n": np.full(3, n), "k": exits, "complement": n - exits},
        provenance=made_by,
    )  # fmt: skip


def _require_simple(sample: TimeToEvent, code: np.ndarray) -> None:
    if sample.is_weighted or sample.cluster is not None:
        raise EstimationError("weight, cluster: cure models have neither here; leave them out")
    if sample.person is not None and len(np.unique(sample.person)) < len(sample):
        raise EstimationError("person: a cure model needs one row a person")
    if not code.any():
        raise EstimationError(f"no events among {len(sample)} rows: no time can be modelled")
    n_zero = int((sample.duration <= 0.0).sum())
    if n_zero:
        raise EstimationError(f"duration: {n_zero} of {len(sample)} rows are 0")
    if len(sample) <= len(CURE_TERMS):
        raise EstimationError(
            f"{len(sample)} rows are too few for the {len(CURE_TERMS)} parameters of a cure model"
        )


def _fit_cure(sample: TimeToEvent, code: np.ndarray):
    """The fit; share who never exit, scale and shape, (3,); their errors, (3,)."""
    # Imported here: lifelines takes seconds to load, and only this model needs it.
    from lifelines import MixtureCureFitter, WeibullFitter
    from lifelines.exceptions import ConvergenceError

    entry = sample.entry if np.any(sample.entry > 0.0) else None
    fitter = MixtureCureFitter(base_fitter=WeibullFitter())
    fitter._scipy_fit_options = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000}
    # lifelines changes numpy's error handling and warns while it searches; both stay in here.
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fitter.fit(np.asarray(sample.duration), code.astype(bool), entry=entry)
        except (ConvergenceError, np.linalg.LinAlgError, ValueError) as error:
            raise EstimationError("cure: the model does not converge for these times") from error
    names = ["cured_fraction_", "lambda_", "rho_"]
    values = fitter.params_.loc[names].to_numpy(dtype=float)
    errors = fitter.summary["se(coef)"].loc[names].to_numpy()
    if not np.isfinite(errors).all() or not 1e-8 < values[0] < 1.0 - 1e-8:
        raise EstimationError(
            "cure: no share of those who never exit between 0 and 1 is best; the curve has not "
            "turned flat, or all exit"
        )
    return fitter, values, errors
