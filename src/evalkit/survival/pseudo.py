"""Pseudo-observations: one number a person whose mean is the estimate, and models of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import ModelFit
from evalkit.survival.contrasts import not_observed, require_horizon
from evalkit.survival.curves import steps
from evalkit.survival.design_matrix import design_matrix, refuse_collinear, refuse_constant
from evalkit.survival.grouped import Grouped, group, is_repeated, units_of_dependence
from evalkit.survival.intervals import critical_value, p_value
from evalkit.survival.leave_one_out import leave_one_out
from evalkit.survival.risksets import require_cause

Quantity = Literal["incidence", "restricted_mean", "time_lost"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PseudoObservations:
    """Pseudo-observations of the rows of a sample. They are about persons: `release` refuses them.

    Attributes
    ----------
    values : ndarray of float, shape (n,)
        In the order of the sample.
    quantity, cause, time_unit : str
    horizon : float
    """

    values: np.ndarray
    quantity: str
    cause: str
    horizon: float
    time_unit: str

    def __repr__(self) -> str:
        return f"<PseudoObservations: {self.quantity} at {self.horizon:g} {self.time_unit}>"


def pseudo_observations(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str] | None = None,
    cause: str | None = None,
    horizon: float,
    quantity: Quantity = "incidence",
) -> PseudoObservations:
    """Turn censored times into one number a person, by leaving each person out once.

    Without censoring it is what was seen: whether the person had exited by the horizon, or the
    months until then. With censoring it is n times the estimate less n - 1 times the estimate
    without the person, which any regression can take as outcome.

    Parameters
    ----------
    sample : TimeToEvent
        One row a person, without weights; delayed entry is allowed.
    by : str or sequence of str, optional
        Columns within whose groups the estimates are made. Censoring may then depend on them.
    cause : str, optional
        A cause, or `"any"`. Required if the sample has several causes; with `restricted_mean` only
        `"any"`.
    horizon : float
        Time, in the unit of the sample.
    quantity : {"incidence", "restricted_mean", "time_lost"}

    Returns
    -------
    PseudoObservations

    Raises
    ------
    EstimationError
        If the sample is empty, weighted, or has several rows of a person; if a group has fewer than
        two persons, nobody under observation at the horizon, or nobody at risk at some time before
        it; if `cause` is missing.
    ParameterError
        If `cause`, `horizon` or `quantity` is not allowed.

    Notes
    -----
    Exact, not an approximation by influence values: the curve without a person differs from the
    full one only by one less at risk between entry and exit, so that running products and sums of
    both give every estimate, in n log n. After leaving out the last person under observation the
    curve is carried on flat, as in R.

    References
    ----------
    Andersen, Klein and Rosthoj (2003), Biometrika 90:15-27.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4], "exited": [True, False, True, True]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> pseudo_observations(sample, horizon=3).values.round(3).tolist()
    [1.0, 0.5, 1.5, -0.5]
    """
    if sample.is_weighted:
        raise EstimationError(
            "weight: leaving one out has no meaning with weights; adjusted_months gives the "
            "weights to the regression"
        )
    cause = _check(sample, cause, horizon, quantity)
    values = _values(sample, by, cause, horizon, quantity)
    values.setflags(write=False)
    return PseudoObservations(values, quantity, cause, float(horizon), sample.time_unit)


def adjusted_months(
    sample: TimeToEvent,
    formula: str,
    *,
    by: str | Sequence[str] | None = None,
    cause: str | None = None,
    horizon: float,
    quantity: Quantity = "restricted_mean",
    interval: Literal["z", "t"] | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Estimate differences in months, or in incidence, given covariates.

    Parameters
    ----------
    sample : TimeToEvent
        One row a person.
    formula : str
        For example `"arm + age + C(education)"`; an intercept is always included.
    by : str or sequence of str, optional
        Columns on which censoring may depend, see `pseudo_observations`.
    cause : str, optional
        A cause, or `"any"`; as in `pseudo_observations`.
    horizon : float
        Time, in the unit of the sample.
    quantity : {"restricted_mean", "time_lost", "incidence"}
        What is modelled: months until any exit, months since the exit by a cause, or the share.
    interval : {"z", "t"}, optional
        By default t with clusters less one degrees of freedom if there are clusters, else z.
    conf_level : float

    Returns
    -------
    ModelFit
        Differences in months (or in the share) for one unit of each term, `arm[programme]` against
        `comparison`. The intercept is not listed.

    Raises
    ------
    EstimationError
        As `pseudo_observations`, except for weights; if a term does not vary or is a combination of
        others, or there are no more persons than terms. The message names the term.
    ParameterError
        If an argument is not allowed.

    Notes
    -----
    Least squares on pseudo-observations, that is a generalised estimating equation with identity
    link and working independence. Errors are the sandwich, summed over the cluster, else the
    person, without a small-sample factor. Case weights enter the regression, not the pseudo-
    observations. Censoring must not depend on the covariates other than `by`.

    References
    ----------
    Andersen and Pohar Perme (2010), Stat Methods Med Res 19:71-99. R, geepack::geese(id =).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"months": [1, 2, 3, 4], "exited": [True] * 4,
    ...      "arm": ["programme", "programme", "comparison", "comparison"]}
    ... )
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm")
    >>> adjusted_months(sample, "arm", horizon=4).tidy()[["term", "estimate", "std_error"]].round(3)
                 term  estimate  std_error
    0  arm[programme]      -2.0        0.5
    """
    if interval not in (None, "z", "t"):
        raise ParameterError(f"interval {interval!r}: must be one of z, t")
    cause = _check(sample, cause, horizon, quantity)
    kept = np.flatnonzero(sample.weight > 0.0)
    if not len(kept):
        raise EstimationError("weight: every row has weight 0")
    outcome = _values(sample, by, cause, horizon, quantity)[kept]
    design = design_matrix(formula, sample.covariates.iloc[kept])
    cluster = None if sample.cluster is None else sample.cluster[kept]
    unit, df, n_cluster = units_of_dependence(cluster, None, np.zeros(len(kept), dtype=np.intp))
    estimate, error = _least_squares(design, outcome, sample.weight[kept], unit)
    if interval == "t" and np.isinf(df):
        raise ParameterError("interval 't': needs clustered errors, whose clusters give its df")
    df = np.inf if interval == "z" else df
    return ModelFit(
        rows=_rows(design.terms, estimate, error, critical_value(conf_level, df), df),
        summary={
            "n_person": len(kept), "n_row": len(kept),
            "n_event": _events_by(sample, kept, cause, horizon),
            "scale": "share" if quantity == "incidence" else sample.time_unit,
            "vcov": "robust", "converged": True, "conf_level": conf_level, "n_cluster": n_cluster,
            "df": df, "interval": "z" if np.isinf(df) else "t", "label": "description",
            "formula": formula,
        },
        support={"n": design.n, "k": np.full(len(error), np.nan),
                 "complement": np.full(len(error), np.nan)},
        provenance=provenance(
            "adjusted_months", sample.digest, formula=formula, by=by, cause=cause, horizon=horizon,
            quantity=quantity, interval=interval, conf_level=conf_level,
        ),
    )  # fmt: skip


def _rows(terms, estimate: np.ndarray, error: np.ndarray, critical: float, df: float) -> dict:
    statistic = np.divide(estimate, error, out=np.full(len(error), np.nan), where=error > 0.0)
    return {
        "term": np.asarray(terms, dtype=object),
        "estimate": estimate,
        "std_error": error,
        "statistic": statistic,
        "p_value": p_value(statistic, df),
        "conf_low": estimate - critical * error,
        "conf_high": estimate + critical * error,
    }


def _events_by(sample: TimeToEvent, kept: np.ndarray, cause: str, horizon: float) -> int:
    counts = sample.code > 0 if cause == "any" else sample.code == require_cause(sample, cause)
    return int(np.sum(counts[kept] & (sample.duration[kept] <= horizon)))


def _check(sample: TimeToEvent, cause: str | None, horizon: float, quantity: str) -> str:
    """The cause that is meant; refuses what is not allowed."""
    require_horizon(horizon)
    if quantity not in get_args(Quantity):
        raise ParameterError(
            f"quantity {quantity!r}: must be one of {', '.join(get_args(Quantity))}"
        )
    if cause is None and len(sample.causes) > 1:
        raise EstimationError(
            f"cause: the sample has {len(sample.causes)} causes ({', '.join(sample.causes)}); "
            'say which one is meant, or "any" for the first exit of any kind'
        )
    if cause not in (None, "any"):
        require_cause(sample, cause)
    if quantity == "restricted_mean" and cause not in (None, "any") and len(sample.causes) > 1:
        raise EstimationError(
            'cause: the mean time until one of several causes is undefined; use cause="any", or '
            "time_lost"
        )
    return cause if cause not in (None, "any") and quantity != "restricted_mean" else "any"


def _values(sample: TimeToEvent, by, cause: str, horizon: float, quantity: str) -> np.ndarray:
    if is_repeated(sample.person):
        raise EstimationError("person: pseudo-observations need one row a person")
    bare = replace(
        sample, weight=np.ones(len(sample)), cluster=None, person=None, is_weighted=False
    )
    number = 0 if cause == "any" else require_cause(sample, cause) - 1
    code = (sample.code > 0).astype(np.intp) if cause == "any" else sample.code
    groups = group(bare, by, code, 1 if cause == "any" else len(sample.causes))
    _require_observed(groups, horizon)
    time = groups.sets.time
    share = (time <= horizon).astype(float)
    worth = share if quantity == "incidence" else np.maximum(horizon - time, 0.0)
    total, without = leave_one_out(groups, number, worth)
    n = groups.n_person[groups.level].astype(float)
    values = n * total[groups.level] - (n - 1.0) * without
    # The area under survival is what the area above it, lost to any exit, leaves of the horizon.
    return horizon - values if quantity == "restricted_mean" else values


def _require_observed(groups: Grouped, horizon: float) -> None:
    sets, curve = groups.sets, steps(groups.sets)
    faults = [
        f"{label or 'sample'}: {reason}"
        for label, reason in zip(groups.labels, not_observed(groups, curve, horizon), strict=True)
        if reason
    ]
    few = int((groups.n_person < 2).sum())
    faults += [f"{few} groups of one person, who cannot be left out"] if few else []
    is_last = np.zeros(len(sets), dtype=bool)
    is_last[sets.first[1:] - 1] = True
    emptied = int(np.sum((sets.hazard >= 1.0) & ~is_last & (sets.time < horizon)))
    if emptied:
        faults.append(f"entry: at {emptied} times before the horizon nobody was left at risk")
    if faults:
        raise EstimationError("; ".join(faults))


def _least_squares(design, outcome, weight, unit) -> tuple[np.ndarray, np.ndarray]:
    """Weighted least squares with intercept: coefficients and sandwich errors of the terms."""
    centre = np.average(design.values, axis=0, weights=weight)
    centred = design.values - centre
    spread = np.sqrt(np.average(centred**2, axis=0, weights=weight))
    refuse_constant(design, spread)
    x = np.column_stack([np.ones(len(outcome)), centred / spread])
    if len(outcome) <= x.shape[1]:
        raise EstimationError(f"formula: {x.shape[1] - 1} terms for {len(outcome)} persons")
    information = x.T @ (x * weight[:, None])
    refuse_collinear(information[1:, 1:], design.terms)
    beta = np.linalg.solve(information, x.T @ (weight * outcome))
    score = x * (weight * (outcome - x @ beta))[:, None]
    if unit is not None:
        codes = np.unique(unit, return_inverse=True)[1]
        score = np.column_stack([np.bincount(codes, column) for column in score.T])
    half = np.linalg.solve(information, score.T)
    return beta[1:] / spread, np.sqrt(np.sum(half**2, axis=1))[1:] / spread
