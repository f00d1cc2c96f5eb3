"""From a sample to a model of person-time and back: rows, errors and the table of estimates."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import Provenance
from evalkit.results import ModelFit
from evalkit.survival.design_matrix import DesignMatrix, design_matrix, refuse_constant
from evalkit.survival.grouped import units_of_dependence
from evalkit.survival.intervals import critical_value, p_value
from evalkit.survival.person_time import (
    Amounts,
    Fitted,
    Link,
    PersonTime,
    maximise,
    person_time,
    row_scores,
)
from evalkit.survival.risksets import require_rows, select_cause

Vcov = Literal["model", "robust"]
Interval = Literal["z", "t"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rows:
    """Rows of positive weight with their scaled covariates.

    Attributes
    ----------
    values : ndarray of float, shape (n, p)
        Centred and divided by `scale` (p,).
    kept : ndarray of int, shape (n,)
        Positions in the sample.
    """

    design: DesignMatrix
    values: np.ndarray
    scale: np.ndarray
    entry: np.ndarray
    exit: np.ndarray
    event: np.ndarray
    weight: np.ndarray
    kept: np.ndarray

    def table(self, amounts: Amounts, n_period: int, *, joined: bool = True) -> PersonTime:
        """Person-time of the rows; not joined, every row has weight 1."""
        weight = self.weight if joined else np.ones(len(self.kept))
        return person_time(
            self.values, self.entry, self.exit, self.event, weight,
            amounts=amounts, n_period=n_period, joined=joined,
        )  # fmt: skip


def usable_rows(sample: TimeToEvent, formula: str, cause: str | None) -> Rows:
    """Covariates and times of the rows that count.

    Raises
    ------
    EstimationError
        If the sample is empty, has no events or no weight, if an event is at time 0, where nobody
        has been at risk, or if a term is missing or constant.
    """
    require_rows(sample)
    code, _ = select_cause(sample, cause)
    event = code > 0
    n_zero = int((event & (sample.duration <= 0.0)).sum())
    if n_zero:
        raise EstimationError(
            f"duration: {n_zero} events are at time 0, before anybody has been at risk; start the "
            "clock earlier or exclude these rows by a rule of the flow"
        )
    kept = np.flatnonzero((sample.weight > 0.0) & (sample.duration > 0.0))
    if not event[kept].any():
        raise EstimationError(f"no events among {len(kept)} rows: no hazard can be modelled")
    person = None if sample.person is None else sample.person[kept]
    design = design_matrix(formula, sample.covariates.iloc[kept], person=person)
    weight = sample.weight[kept]
    centred = design.values - np.average(design.values, axis=0, weights=weight)
    spread = np.sqrt(np.average(centred**2, axis=0, weights=weight))
    refuse_constant(design, spread)
    return Rows(
        design, centred / spread, spread, sample.entry[kept], sample.duration[kept], event[kept],
        weight, kept,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Choices:
    """How errors and intervals are made."""

    vcov: str | None
    interval: str | None
    conf_level: float


def check_choices(choices: Choices, **allowed: tuple[str, object]) -> None:
    """Refuse a value that its `Literal` does not have; `vcov` and `interval` may be None.

    Raises
    ------
    ParameterError
        If one does not fit; the message lists what is allowed.
    """
    optional = {"vcov": (choices.vcov, Vcov), "interval": (choices.interval, Interval)}
    for name, (value, options) in (allowed | optional).items():
        if value not in get_args(options) and (value is not None or name in allowed):
            raise ParameterError(f"{name} {value!r}: must be one of {', '.join(get_args(options))}")
    critical_value(choices.conf_level)


def estimate(
    sample: TimeToEvent,
    rows: Rows,
    basis: np.ndarray,
    start: np.ndarray,
    link: Link,
    *,
    amounts: Amounts,
    choices: Choices,
    summary: dict,
    provenance: Provenance,
) -> ModelFit:
    """Fit a model of person-time; see `maximise` for `basis`, `start` and `link`."""
    fitted = maximise(rows.table(amounts, len(basis)), basis, start, link, rows.design.terms)
    covariance = np.linalg.inv(fitted.information)
    unit, df, n_cluster, is_robust = dependence(sample, rows, choices)
    if is_robust:
        alone = rows.table(amounts, len(basis), joined=False)
        scores = row_scores(alone, basis, fitted, link) * rows.weight[:, None]
        sums = np.column_stack([np.bincount(unit, column) for column in scores.T])
        covariance = covariance @ (sums.T @ sums) @ covariance
    errors = {"vcov": "robust" if is_robust else "model", "n_cluster": n_cluster}
    return model_fit(rows, sample, fitted, covariance, df, choices, summary | errors, provenance)


def dependence(sample: TimeToEvent, rows: Rows, choices: Choices):
    """Unit of robust errors (n,), degrees of freedom, clusters, and whether errors are robust.

    Raises
    ------
    ParameterError
        If a t interval is asked for where no clusters give its degrees of freedom.
    """
    n = len(rows.kept)
    person = np.arange(n) if sample.person is None else sample.person[rows.kept]
    unit, df, n_cluster = None, np.inf, np.nan
    is_robust = choices.vcov == "robust" or (
        choices.vcov is None and (sample.is_weighted or sample.cluster is not None)
    )
    if is_robust:
        cluster = None if sample.cluster is None else sample.cluster[rows.kept]
        unit, df, n_cluster = units_of_dependence(cluster, person, np.zeros(n, dtype=np.intp))
    if choices.interval == "t" and np.isinf(df):
        raise ParameterError("interval 't': needs clustered errors, whose clusters give its df")
    unit = np.unique(person, return_inverse=True)[1] if unit is None else unit
    return unit, np.inf if choices.interval == "z" else df, n_cluster, is_robust


def model_fit(
    rows: Rows,
    sample: TimeToEvent,
    fitted: Fitted,
    covariance: np.ndarray,
    df: float,
    choices: Choices,
    summary: dict,
    provenance: Provenance,
) -> ModelFit:
    """The table of estimates, on the scale of the covariates as given."""
    value = fitted.beta / rows.scale
    error = np.sqrt(np.diag(covariance)) / rows.scale
    critical, statistic = critical_value(choices.conf_level, df), value / error
    missing = np.full(len(value), np.nan)
    person = rows.kept if sample.person is None else sample.person[rows.kept]
    return ModelFit(
        rows={
            "term": np.asarray(rows.design.terms, dtype=object),
            "estimate": value,
            "std_error": error,
            "statistic": statistic,
            "p_value": p_value(statistic, df),
            "conf_low": value - critical * error,
            "conf_high": value + critical * error,
        },
        summary={
            "n_person": len(np.unique(person)),
            "n_row": len(rows.kept),
            "n_event": int(rows.event.sum()),
            "log_likelihood": fitted.value,
            "converged": True,
            "conf_level": choices.conf_level,
            "df": df,
            "interval": "z" if np.isinf(df) else "t",
            "label": "description",
        }
        | summary,
        support={"n": rows.design.n, "k": missing, "complement": missing},
        provenance=provenance,
    )
