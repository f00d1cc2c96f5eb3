"""From estimates and influence values to levels, differences and ratios with their intervals."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from evalkit.cohort.samples import StateHistory, TimeToEvent, group_rows
from evalkit.errors import ParameterError
from evalkit.provenance import Provenance
from evalkit.results import Contrast
from evalkit.survival.curves import Steps
from evalkit.survival.grouped import Grouped
from evalkit.survival.intervals import critical_value, p_value, share_interval
from evalkit.survival.risksets import RiskSets

NOT_OBSERVED = "nobody under observation at the horizon"
NO_RATIO = "the ratio of a zero is undefined"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Levels:
    """One number for each group, before they are compared.

    Attributes
    ----------
    estimate : ndarray of float, shape (n_level,)
    reason : ndarray of str, shape (n_level,)
        Why the estimate is missing; empty where it is not.
    n : ndarray of int, shape (n_level,)
        Persons behind the number.
    k : ndarray of int, shape (n_level,), or None
        Those of them with the event by the horizon, or ever in the state; None if there is none.
    is_share : bool
        Whether the interval must stay between 0 and 1.
    variance : ndarray of float, shape (n_level,), optional
        Variance by a formula of its own, for groups that are independent of each other.
    """

    estimate: np.ndarray
    reason: np.ndarray
    n: np.ndarray
    k: np.ndarray | None
    is_share: bool
    variance: np.ndarray | None = None


def contrast(
    sample: TimeToEvent | StateHistory,
    groups: Grouped,
    levels: Levels,
    influence: np.ndarray | Callable[[], np.ndarray] | None,
    *,
    covariance: np.ndarray | None = None,
    by: str | Sequence[str] | None,
    conf_level: float,
    summary: dict,
    source: Provenance,
) -> Contrast:
    """Put levels, differences and ratios in one result.

    Parameters
    ----------
    influence : ndarray of float, shape (n,), or a callable that gives it
        Influence of each row of `groups` on its own level. It is not asked for where the levels
        bring a variance that holds.
    covariance : ndarray of float, shape (n_level, n_level), optional
        Covariance of the levels, where rows of one level move the others too; then `influence` is
        not used.

    Notes
    -----
    Units of dependence may lie in several levels; the covariance of two levels is the sum over
    units of the product of their summed influences.
    """
    critical = critical_value(conf_level, groups.df)
    estimate = np.where(levels.reason == "", levels.estimate, np.nan)
    if covariance is None:
        covariance = _covariance(groups, levels, influence)
    first, second = _pairs(sample.covariates, by, len(groups.labels))
    parts = [
        _level_rows(groups.labels, estimate, covariance, levels, critical),
        _difference_rows(groups, estimate, covariance, levels, first, second, critical),
        _ratio_rows(groups, estimate, covariance, levels, first, second, critical),
    ]
    return Contrast(
        rows={name: np.concatenate([part[name] for part in parts]) for name in parts[0]},
        summary={
            "n": int(levels.n.sum()),
            "conf_level": conf_level,
            "label": "description",
            "n_cluster": groups.n_cluster,
            "df": groups.df,
            **summary,
        },
        support=_support(levels, _under_observation(groups, summary), first, second),
        provenance=source,
    )


def require_horizon(horizon: float) -> None:
    """Refuse a horizon that is not a positive time.

    Raises
    ------
    ParameterError
        If it is not.
    """
    if not (math.isfinite(horizon) and horizon > 0):
        raise ParameterError(f"horizon: must be a positive time, is {horizon}")


def value_at(sets: RiskSets, values: np.ndarray, horizon: float, initial: float = 0.0):
    """Value of a step function (m,) at the horizon, for each stratum."""
    n_before = np.add.reduceat((sets.time <= horizon).astype(np.intp), sets.first[:-1])
    return np.where(n_before > 0, values[sets.first[:-1] + np.maximum(n_before - 1, 0)], initial)


def counted_by(sets: RiskSets, counts: np.ndarray, horizon: float) -> np.ndarray:
    """Sum of counts (m,) up to the horizon, for each stratum."""
    return np.add.reduceat(counts * (sets.time <= horizon), sets.first[:-1])


def not_observed(groups: Grouped, curve: Steps, horizon: float) -> np.ndarray:
    """Why a level has no estimate at the horizon; empty where it has one.

    Notes
    -----
    A level whose last person has exited is known at every later time; nothing is extrapolated.
    """
    last = groups.sets.first[1:] - 1
    unknown = (groups.sets.time[last] < horizon) & (curve.survival[last] > 0.0)
    return np.where(unknown, NOT_OBSERVED, "").astype(object)


def _covariance(groups: Grouped, levels: Levels, influence) -> np.ndarray:
    if levels.variance is not None and not groups.is_robust:
        return np.diag(levels.variance)
    n_level = len(groups.labels)
    weighted = groups.weight * (influence() if callable(influence) else influence)
    if groups.dependence is None:
        return np.diag(np.bincount(groups.level, weighted**2, minlength=n_level))
    shape = (int(groups.dependence.max()) + 1, n_level)
    sums = sparse.csr_array((weighted, (groups.dependence, groups.level)), shape=shape)
    return (sums.T @ sums).toarray()


def _pairs(covariates: pd.DataFrame, by, n_level: int) -> tuple[np.ndarray, np.ndarray]:
    """Levels to compare: each with the last one of the same outer group."""
    names = [by] if isinstance(by, str) else list(by or ())
    outer_of = np.zeros(n_level, dtype=np.intp)
    if len(names) > 1:
        outer_of[group_rows(covariates, names)[0]] = group_rows(covariates, names[:-1])[0]
    last = np.zeros(int(outer_of.max()) + 1, dtype=np.intp)
    np.maximum.at(last, outer_of, np.arange(n_level))
    first = np.flatnonzero(last[outer_of] != np.arange(n_level))
    return first, last[outer_of][first]


def _level_rows(labels, estimate, covariance, levels: Levels, critical: float) -> dict:
    error = np.where(np.isnan(estimate), np.nan, np.sqrt(np.maximum(np.diag(covariance), 0.0)))
    if levels.is_share:
        error = np.where(estimate == 0.0, 0.0, error)
        low, high = share_interval(estimate, error, critical=critical)
    else:
        low, high = estimate - critical * error, estimate + critical * error
    return {
        "term": np.asarray(labels, dtype=object), "scale": _named("arm", labels),
        "estimate": estimate,
        "std_error": error, "conf_low": low, "conf_high": high,
        "p_value": np.full(len(labels), np.nan), "reason": levels.reason,
    }  # fmt: skip


def _difference_rows(groups, estimate, covariance, levels, first, second, critical) -> dict:
    difference = estimate[first] - estimate[second]
    variance = (
        covariance[first, first] + covariance[second, second] - 2.0 * covariance[first, second]
    )
    error = np.where(np.isnan(difference), np.nan, np.sqrt(np.maximum(variance, 0.0)))
    return {
        "term": _terms(groups.labels, first, second, " - "), "scale": _named("difference", first),
        "estimate": difference, "std_error": error,
        "conf_low": difference - critical * error, "conf_high": difference + critical * error,
        "p_value": _p(difference, error, groups.df), "reason": _reasons(levels, first, second),
    }  # fmt: skip


def _ratio_rows(groups, estimate, covariance, levels, first, second, critical) -> dict:
    above, below = estimate[first], estimate[second]
    defined = (above > 0.0) & (below > 0.0)
    above, below = np.where(defined, above, np.nan), np.where(defined, below, np.nan)
    ratio = above / below
    variance = (
        covariance[first, first] / above**2
        + covariance[second, second] / below**2
        - 2.0 * covariance[first, second] / (above * below)
    )
    error = np.sqrt(np.maximum(variance, 0.0))
    reason = _reasons(levels, first, second)
    return {
        "term": _terms(groups.labels, first, second, " / "), "scale": _named("ratio", first),
        "estimate": ratio,
        "std_error": error,
        "conf_low": ratio * np.exp(-critical * error),
        "conf_high": ratio * np.exp(critical * error),
        "p_value": _p(np.log(ratio), error, groups.df),
        "reason": np.where((reason == "") & ~defined, NO_RATIO, reason),
    }  # fmt: skip


def _p(value: np.ndarray, error: np.ndarray, df: float) -> np.ndarray:
    statistic = np.divide(value, error, out=np.full(len(value), np.nan), where=error > 0.0)
    return p_value(statistic, df)


def _reasons(levels: Levels, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    one, two = levels.reason[first], levels.reason[second]
    return np.where(one != "", one, two)


def _terms(labels, first, second, sign: str) -> np.ndarray:
    terms = [labels[a] + sign + labels[b] for a, b in zip(first, second, strict=True)]
    return np.array(terms, dtype=object)


def _named(scale: str, rows: Sequence) -> np.ndarray:
    return np.full(len(rows), scale, dtype=object)


def _under_observation(groups: Grouped, summary: dict) -> dict[str, np.ndarray]:
    """Persons of each level under observation just before the horizon; none for histories."""
    if not isinstance(groups, Grouped):
        return {}
    inside = (groups.entry < summary["horizon"]) & (groups.duration >= summary["horizon"])
    return {"at_horizon": np.bincount(groups.level[inside], minlength=len(groups.labels))}


def _support(levels: Levels, more: dict, first: np.ndarray, second: np.ndarray) -> dict:
    missing = np.full(len(levels.n), np.nan)
    k = missing if levels.k is None else levels.k
    columns = {"n": levels.n, "k": k, "complement": levels.n - k} | more
    return {
        name: np.concatenate([of, *[np.minimum(of[first], of[second])] * 2])
        for name, of in columns.items()
    }
