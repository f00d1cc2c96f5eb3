"""From a linear fit to its table: the covariance asked for, intervals, and the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.clusters import usable_cluster
from evalkit.panel.covariances import (
    cluster_covariance,
    driscoll_kraay_covariance,
    two_way_covariance,
)
from evalkit.panel.linear_fit import LinearFit
from evalkit.panel.rows import Rows, cluster_codes, code_is_nested

Vcov = Literal["cluster", "unadjusted", "CR2", "CR3", "two_way", "driscoll_kraay"]
CLUSTERED = ("cluster", "CR2", "CR3", "two_way")
KINDS = {"cluster": "CR1", "CR2": "CR2", "CR3": "CR3"}


@dataclass(frozen=True, slots=True, eq=False)
class Dependence:
    """Which rows depend on each other, and by which rule errors account for it.

    Attributes
    ----------
    vcov : str
        As asked for, except that two-way errors without usable clusters are by person.
    first, second : ndarray of int, shape (n,), or None
        Codes of clusters from 0; `second` for two-way errors.
    n_cluster : float
        The smaller number of clusters; missing without clusters.
    """

    vcov: str
    first: np.ndarray | None = None
    second: np.ndarray | None = None
    n_cluster: float = np.nan


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Covariance of coefficients, and degrees of freedom of each term reported."""

    matrix: np.ndarray
    df: np.ndarray


def known_vcov(vcov: str, allowed: tuple[str, ...] = get_args(Vcov)) -> None:
    """Refuse any other rule.

    Raises
    ------
    ParameterError
        If `vcov` is not among those allowed.
    """
    if vcov not in allowed:
        raise ParameterError(f"vcov: {vcov!r} is not one of {', '.join(allowed)}")


def dependence(panel: HealthPanel, rows: Rows, vcov: str, cluster: str | None = None) -> Dependence:
    """Settle the clusters: too few of them make errors by person, with a warning.

    Raises
    ------
    EstimationError
        If there is one cluster only.
    ParameterError
        If two-way errors have no cluster beside the person.
    """
    if vcov not in CLUSTERED:
        return Dependence(vcov)
    code = cluster_codes(panel, rows, cluster)
    by_person = len(code) == 0 or _same_partition(code, rows.person)
    if vcov == "two_way" and by_person:
        raise ParameterError("vcov: two_way needs a cluster beside the person; name one (cluster=)")
    if by_person or not usable_cluster(np.arange(int(code.max()) + 1), name=cluster or "cluster"):
        vcov = "cluster" if vcov == "two_way" else vcov
        return Dependence(vcov, rows.person, None, rows.n_person)
    count = int(code.max()) + 1
    if vcov == "two_way":
        return Dependence(vcov, rows.person, code, min(count, rows.n_person))
    return Dependence(vcov, code, None, count)


def _same_partition(first: np.ndarray, second: np.ndarray) -> bool:
    if first is second:
        return True
    if first.max() != second.max():
        return False
    return code_is_nested(first, second) and code_is_nested(second, first)


def errors(
    fit: LinearFit,
    how: Dependence,
    *,
    n_coefficient: int,
    n_counted: int | None = None,
    report: np.ndarray | None = None,
    absorbed: np.ndarray | None = None,
    wave: np.ndarray | None = None,
) -> Errors:
    """Covariance of the coefficients by the rule settled.

    Parameters
    ----------
    n_coefficient, n_counted : int
        All coefficients and effects; those that errors by cluster count, by default the same.
    report : ndarray of float, shape (n_term, k)
        Combinations of coefficients that are reported.
    absorbed : ndarray of float, shape (n, m)
        Columns of effects outside the clusters, for CR2 and CR3.
    wave : ndarray of int, shape (n,)
        For Driscoll-Kraay errors.
    """
    n, k = fit.x.shape
    n_counted = n_coefficient if n_counted is None else n_counted
    report = np.eye(k) if report is None else report
    if how.vcov == "unadjusted":
        left = n - n_coefficient
        return Errors(fit.sum_of_squares / left * fit.bread, np.full(len(report), float(left)))
    if how.vcov == "two_way":
        found = two_way_covariance(
            fit.x, fit.residual, fit.bread, how.first, how.second, n_counted=n_counted
        )
    elif how.vcov == "driscoll_kraay":
        found = driscoll_kraay_covariance(fit.x, fit.residual, fit.bread, wave)
    else:
        found = cluster_covariance(
            fit.x, fit.residual, fit.bread, how.first, kind=KINDS[how.vcov], n_counted=n_counted,
            absorbed=absorbed, contrasts=np.nan_to_num(report),
        )  # fmt: skip
    df = found.df if len(found.df) == len(report) else np.full(len(report), found.df.min())
    return Errors(found.matrix, df)


def enough_rows(n: int, n_coefficient: int) -> None:
    """Refuse a fit that leaves nothing over.

    Raises
    ------
    EstimationError
        If there are no more rows than coefficients and effects.
    """
    if n <= n_coefficient:
        raise EstimationError(
            f"formula: {n_coefficient} coefficients and effects for {n} rows leave nothing to "
            "judge their error by. Use fewer terms or a larger sample."
        )


def coefficient_table(
    terms: tuple[str, ...], report: np.ndarray, params: np.ndarray, found: Errors, conf_level: float
) -> dict[str, object]:
    """Columns of a `ModelFit`; infinite degrees of freedom make the normal interval."""
    error = np.sqrt(np.einsum("ij,jk,ik->i", report, found.matrix, report))
    return with_intervals(terms, report @ params, error, found.df, conf_level)


def with_intervals(
    terms: Sequence[str], estimate: np.ndarray, error: np.ndarray, df: np.ndarray, conf_level: float
) -> dict[str, object]:
    """Columns of a `ModelFit` from estimates and errors; without an error there is no test."""
    margin = stats.t.ppf((1 + conf_level) / 2, df) * error
    statistic = np.divide(estimate, error, out=np.full(len(estimate), np.nan), where=error > 0)
    return {
        "term": terms,
        "estimate": estimate,
        "std_error": error,
        "statistic": statistic,
        "p_value": 2 * stats.t.sf(np.abs(statistic), df),
        "conf_low": estimate - margin,
        "conf_high": estimate + margin,
    }


def log_likelihood(fit: LinearFit, weight: np.ndarray | None) -> float:
    """Of a normal model at the largest, as R's `logLik.lm`."""
    n = len(fit.residual)
    weights = 0.0 if weight is None else float(np.log(weight).sum())
    return float(0.5 * (weights - n * (np.log(2 * np.pi * fit.sum_of_squares / n) + 1)))
