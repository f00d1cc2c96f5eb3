"""From a sample to a model of person-time and back: rows, errors and the table of estimates."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError
from evalkit.provenance import Provenance
from evalkit.results import ModelFit
from evalkit.survival.design_matrix import DesignMatrix, design_matrix, refuse_constant
from evalkit.survival.hazard_fit import (
    Interval,
    degrees_of_freedom,
    dependence_of,
    refuse_options,
    rows_support,
    sandwich,
    term_rows,
)
from evalkit.survival.intervals import critical_value
from evalkit.survival.person_time import Amounts, PersonTime, person_time
from evalkit.survival.person_time_likelihood import Fitted, Link, maximise, row_scores
from evalkit.survival.risksets import require_rows, select_cause

Vcov = Literal["model", "robust"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class UsableRows:
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


def usable_rows(sample: TimeToEvent, formula: str, cause: str | None) -> UsableRows:
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
    n_zero = int((event & (sample.duration <= 0.0) & (sample.weight > 0.0)).sum())
    if n_zero:
        raise EstimationError(
            f"duration: {n_zero} events are at time 0, before anybody has been at risk; start the "
            "clock earlier or exclude these rows by a rule of the flow"
        )
    if not np.any(sample.weight > 0.0):
        raise EstimationError(f"weight: all {len(sample)} rows have weight 0")
    kept = np.flatnonzero((sample.weight > 0.0) & (sample.duration > 0.0))
    if not event[kept].any():
        raise EstimationError(f"no events among {len(kept)} rows: no hazard can be modelled")
    person = None if sample.person is None else sample.person[kept]
    design = design_matrix(formula, sample.covariates.iloc[kept], person=person)
    weight = sample.weight[kept]
    centred = design.values - np.average(design.values, axis=0, weights=weight)
    spread = np.sqrt(np.average(centred**2, axis=0, weights=weight))
    refuse_constant(design, spread)
    return UsableRows(
        design, centred / spread, spread, sample.entry[kept], sample.duration[kept], event[kept],
        weight, kept,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Choices:
    """How errors and intervals are made."""

    vcov: str | None
    interval: str | None
    conf_level: float


def choices_of(vcov: str | None, interval: str | None, conf_level: float) -> Choices:
    """Choices that are allowed.

    Raises
    ------
    ParameterError
        If one is not.
    """
    refuse_options(vcov=(vcov, Vcov), interval=(interval, Interval), optional=True)
    critical_value(conf_level)
    return Choices(vcov, interval, conf_level)


def estimate(
    sample: TimeToEvent,
    rows: UsableRows,
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
    dependence = dependence_of(sample, rows.kept, choices.vcov)
    df = degrees_of_freedom(dependence, choices.interval)
    if dependence.is_robust:
        alone = rows.table(amounts, len(basis), joined=False)
        scores = row_scores(alone, basis, fitted, link) * rows.weight[:, None]
        covariance = sandwich([(slice(None), scores.T)], covariance, dependence.unit)
    summary = summary | dependence.summary
    return model_fit(rows, sample, fitted, covariance, df, choices, summary, provenance)


def model_fit(
    rows: UsableRows,
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
    person = rows.kept if sample.person is None else sample.person[rows.kept]
    return ModelFit(
        rows=term_rows(rows.design.terms, value, error, choices.conf_level, df),
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
        support=rows_support(sample, rows.design, rows.kept, rows.event),
        provenance=provenance,
    )
