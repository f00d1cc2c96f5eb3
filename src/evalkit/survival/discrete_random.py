"""Hazard models of whole months with a normal intercept of each municipality."""

import warnings
from dataclasses import dataclass, replace

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import AssumptionWarning, EstimationError, ParameterError, SmallSampleWarning
from evalkit.provenance import Provenance
from evalkit.results import ModelFit
from evalkit.survival.grouped import MIN_CLUSTERS
from evalkit.survival.intervals import critical_value
from evalkit.survival.person_time import Amounts, person_time
from evalkit.survival.person_time_fit import Choices, UsableRows, model_fit
from evalkit.survival.person_time_likelihood import MAX_HALVINGS, MAX_STEPS, Fitted, Link, maximise
from evalkit.survival.quadrature import Mixture, log_likelihood, observed_information

STEP_NODES, ERROR_NODES = 7, 15  # of the information; with 7 errors are 0.1 % off
START = 0.5  # deviation of the intercepts, on the scale of a log hazard
NONE = 1e-4  # a deviation below it is none
ENDLESS = 10.0  # one beyond it is on its way to infinity
LONGEST = 2.0  # step
STEP_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RandomIntercept:
    """A column whose levels have intercepts of their own, and the points of the quadrature."""

    column: str
    n_node: int


def estimate_random(
    sample: TimeToEvent,
    rows: UsableRows,
    basis: np.ndarray,
    start: np.ndarray,
    link: Link,
    *,
    intercept: RandomIntercept,
    amounts: Amounts,
    choices: Choices,
    summary: dict,
    provenance: Provenance,
) -> ModelFit:
    """Fit a model of person-time with a random intercept; the others as in `estimate`.

    Raises
    ------
    EstimationError
        If the intercept cannot be estimated, or sample and intercept do not fit.
    ParameterError
        If the column is unknown, or if robust errors or t intervals are asked for.
    """
    if choices.vcov == "robust" or choices.interval == "t":
        raise ParameterError(
            "random_intercept: errors come from the model and intervals are z; leave vcov and "
            "interval out"
        )
    column = intercept.column
    group = _groups(sample, column)[rows.kept]
    _require_many(len(np.unique(group)), column)
    fixed = maximise(rows.table(amounts, len(basis)), basis, start, link, rows.design.terms)
    mixture = _mixture(rows, group, basis, link, amounts, intercept.n_node)
    fitted, deviation, information = _maximum(mixture, fixed, column)
    q, p = basis.shape[1], len(fixed.beta)
    covariance = np.linalg.inv(information)[q:, q:]
    fit = model_fit(
        rows, sample, fitted, covariance[:p, :p], np.inf, choices,
        summary | {"vcov": "model", "n_cluster": float(mixture.n_group)}, provenance,
    )  # fmt: skip
    error = np.sqrt(covariance[p, p]) if deviation else np.nan
    return _with_deviation(fit, column, deviation, error)


def _groups(sample: TimeToEvent, column: str) -> np.ndarray:
    """Codes of the levels of the column, (n,)."""
    if sample.is_weighted:
        raise EstimationError("weight: a model with a random intercept has no weights here")
    if column in sample.covariates:
        n_missing = int(sample.covariates[column].isna().sum())
        if n_missing:
            raise EstimationError(f"{column}: {n_missing} of {len(sample)} rows missing")
        group = sample.groups(column)[0]
    elif column == "cluster" and sample.cluster is not None:
        group = sample.cluster
    else:
        raise ParameterError(f"random_intercept {column!r}: no column of the sample")
    if sample.cluster is not None and not _is_same(sample.cluster, group):
        raise EstimationError(
            f"cluster: the clusters of the sample are not the levels of {column}, and errors would "
            "ignore them; name their column, or use a sample without"
        )
    return group


def _is_same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two codes part the rows alike."""
    n_pair = len(np.unique(np.column_stack([one, other]), axis=0))
    return n_pair == len(np.unique(one)) == len(np.unique(other))


def _require_many(n_group: int, column: str) -> None:
    if n_group < 2:
        raise EstimationError(f"{column}: {n_group} level, so that nothing can vary between levels")
    if n_group < MIN_CLUSTERS:
        warnings.warn(
            f"{column}: {n_group} levels, fewer than {MIN_CLUSTERS}; how much they differ is "
            "hardly known",
            SmallSampleWarning,
            stacklevel=4,
        )


def _mixture(rows: UsableRows, group, basis, link: Link, amounts: Amounts, n_node: int) -> Mixture:
    # In the order of the groups, patterns come by group too.
    order = np.argsort(group, kind="stable")
    number = np.unique(group[order], return_inverse=True)[1]
    table = person_time(
        np.column_stack([rows.values[order], number]), rows.entry[order], rows.exit[order],
        rows.event[order], rows.weight[order], amounts=amounts, n_period=len(basis),
    )  # fmt: skip
    return Mixture(table, basis, link, int(number[-1]) + 1, n_node)


def _maximum(mixture: Mixture, fixed: Fitted, column: str) -> tuple[Fitted, float, np.ndarray]:
    """Fit, deviation and information; those of the model without it where the levels are alike."""
    start = np.concatenate([fixed.baseline, fixed.beta, [START]])
    point, value, at = _newton(mixture, start, column)
    deviation = abs(float(point[-1]))
    if deviation < NONE or value < fixed.value:
        warnings.warn(
            f"{column}: the deviation of the random intercept is estimated as 0, since its levels "
            "differ no more than by chance; the other estimates are those without it",
            AssumptionWarning,
            stacklevel=4,
        )
        point, value, deviation = np.append(point[:-1], 0.0), fixed.value, 0.0
        point[: len(fixed.baseline)], point[len(fixed.baseline) : -1] = fixed.baseline, fixed.beta
        at = np.zeros(mixture.n_group)
    information = observed_information(mixture, point, at, max(mixture.n_node, ERROR_NODES))
    if not deviation:
        information = information[:-1, :-1]
    q = len(fixed.baseline)
    return Fitted(point[q:-1], point[:q], value, information, fixed.drift), deviation, information


def _newton(mixture: Mixture, point: np.ndarray, column: str):
    """Point, log-likelihood and modes at the maximum."""
    value, gradient, at = log_likelihood(mixture, point, np.zeros(mixture.n_group))
    for _ in range(MAX_STEPS):
        size, axes = np.linalg.eigh(observed_information(mixture, point, at, STEP_NODES))
        # Far from the maximum the likelihood may curve upwards; the step goes uphill all the same.
        size = np.maximum(np.abs(size), 1e-10 * np.abs(size).max())
        step = axes @ ((axes.T @ gradient) / size)
        step *= min(1.0, LONGEST / np.abs(step).max(initial=LONGEST))
        for _ in range(MAX_HALVINGS):
            proposal = log_likelihood(mixture, point + step, at)
            if proposal[0] >= value - 1e-12 * abs(value):
                break
            step = step / 2.0
        point, (value, gradient, at) = point + step, proposal
        if abs(point[-1]) > ENDLESS:
            break
        if np.abs(step).max() < STEP_TOLERANCE:
            return point, value, at
    raise EstimationError(
        f"{column}: the likelihood has no maximum at a finite deviation of the random intercept; "
        "leave it out, or merge levels with few persons"
    )


def _with_deviation(fit: ModelFit, column: str, deviation: float, error: float) -> ModelFit:
    """The fit with a last row for the deviation, its interval symmetric on the log scale."""
    width = critical_value(fit.summary["conf_level"]) * error
    factor = np.exp(width / deviation) if deviation else np.nan
    row = {
        "term": f"sd({column})", "estimate": deviation, "std_error": error, "statistic": np.nan,
        "p_value": np.nan, "conf_low": deviation / factor, "conf_high": deviation * factor,
    }  # fmt: skip
    n = fit.summary["n_person"]
    return replace(
        fit,
        rows={name: np.append(values, row[name]) for name, values in fit.rows.items()},
        support={
            name: np.append(values, n if name == "n" else np.nan)
            for name, values in fit.support.items()
        },
    )
