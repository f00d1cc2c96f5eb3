"""Observed less expected exits of groups: what the rank tests are made of.

At each time the exits are shared out over the groups by their persons at risk. A test weights the
differences over times; model errors take the share as hypergeometric, robust ones sum what each
person (or cluster) adds to the differences.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy import special

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import AssumptionWarning, EstimationError, ParameterError
from evalkit.survival.curves import steps
from evalkit.survival.grouped import dense_codes, is_repeated, units_of_dependence
from evalkit.survival.risksets import (
    RiskSets,
    between_entry_and_exit,
    require_rows,
    risk_sets,
    running,
    select_cause,
)

TimeWeights = Literal["logrank", "gehan", "tarone_ware", "peto_peto"]
RankVcov = Literal["model", "robust"]
SINGULAR = 1e-10  # smallest eigenvalue of the correlation of two sums that are told apart


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Compared:
    """Groups of a sample at their common exit times.

    Attributes
    ----------
    sets : RiskSets
        Rows are those of positive weight; strata are those of the test, not the groups.
    group, events : ndarray of int, shape (n,)
        Group and 0 or 1 of each row.
    weight : ndarray of float, shape (n,)
    labels : tuple of str, of k groups
    observed, share : ndarray of float, shape (m, k)
        Exits of each group, and its share of those at risk.
    n_person : ndarray of int, shape (k,)
    unit : ndarray of int, shape (n,), or None
        Unit of robust errors; None for model errors.
    df : float
        Clusters less one, else infinity.
    """

    sets: RiskSets
    group: np.ndarray
    events: np.ndarray
    weight: np.ndarray
    labels: tuple[str, ...]
    observed: np.ndarray
    share: np.ndarray
    n_person: np.ndarray
    unit: np.ndarray | None
    df: float


def compared(
    sample: TimeToEvent,
    by: str | Sequence[str],
    cause: str | None,
    strata: str | Sequence[str] | None,
    vcov: str | None,
) -> Compared:
    """Tabulate the groups of a sample; see `logrank_test` for what is refused."""
    require_rows(sample)
    events, _ = select_cause(sample, cause)
    is_robust = _is_robust(sample, vcov)
    group, labels = sample.groups(by)
    stratum = None if strata is None else sample.groups(strata)[0]
    return tabulated(sample, events, group, labels, stratum, None, is_robust)


def tabulated(sample, events, group, labels, stratum, members, is_robust: bool) -> Compared:
    """Tabulate rows of a sample: those of the boolean `members` (n,), or all, of weight > 0."""
    kept = sample.weight > 0.0 if members is None else members & (sample.weight > 0.0)
    if not kept.any():
        raise EstimationError(f"weight: 0 in all of {len(sample)} rows")
    rows = slice(None)
    if not kept.all():
        rows = np.flatnonzero(kept)
        number, group = dense_codes(group[rows])
        labels = tuple(labels[level] for level in number)
    if len(labels) < 2:
        raise EstimationError(f"by: {len(labels)} group, nothing to compare")
    events, weight = events[rows], sample.weight[rows]
    if not events.any():
        raise EstimationError(f"no events among {len(events)} rows, nothing to compare")
    if stratum is not None:
        stratum = np.unique(stratum[rows], return_inverse=True)[1]
    sets = risk_sets(
        sample.entry[rows], sample.duration[rows], events, stratum=stratum,
        weight=weight if sample.is_weighted else None,
    )  # fmt: skip
    observed, at_risk = _by_group(sets, group, events, weight, len(labels))
    person = None if sample.person is None else sample.person[rows]
    unit, df = None, np.inf
    if is_robust:
        unit, df = _units(None if sample.cluster is None else sample.cluster[rows], person, events)
    return Compared(
        sets, group, events, weight, labels, observed, at_risk / sets.at_risk[:, None],
        _persons(group, person, len(labels)), unit, df,
    )  # fmt: skip


def _units(cluster, person, events: np.ndarray) -> tuple[np.ndarray, float]:
    """Unit of robust errors of each row (n,), and degrees of freedom."""
    everyone = np.zeros(len(events), dtype=np.intp)
    unit, df, _ = units_of_dependence(cluster, person, everyone)
    return np.arange(len(events)) if unit is None else unit, df


def time_weight(
    data: Compared, weights: str = "logrank", rho: float = 0.0, gamma: float = 0.0
) -> np.ndarray:
    """Weight of each time, (m,).

    Raises
    ------
    ParameterError
        If `weights` is not allowed, or given together with `rho` or `gamma`.
    """
    if weights not in get_args(TimeWeights):
        allowed = ", ".join(get_args(TimeWeights))
        raise ParameterError(f"weights {weights!r}: must be one of {allowed}")
    if weights != "logrank" and (rho or gamma):
        raise ParameterError(
            f"weights {weights!r}: rho and gamma belong to the tests of Fleming and Harrington; "
            "leave them at 0"
        )
    sets = data.sets
    if weights == "gehan":
        return sets.at_risk.copy()
    if weights == "tarone_ware":
        return np.sqrt(sets.at_risk)
    if weights == "peto_peto":
        return np.exp(running(sets, np.log1p(-sets.events[:, 0] / (sets.at_risk + 1.0))))
    if rho == gamma == 0.0:
        return np.ones(len(sets))
    survival = steps(sets).survival_before
    # No exit so far is survival of exactly 1; a weight of 0 to the power 0 is 1.
    return survival**rho * (1.0 - survival) ** gamma


def name_of(weights: str, rho: float, gamma: float) -> str:
    """What a test with these weights is called."""
    names = {"gehan": "Gehan", "tarone_ware": "Tarone-Ware", "peto_peto": "Peto-Peto"}
    if weights in names:
        return names[weights]
    return "log-rank" if rho == gamma == 0 else f"Fleming-Harrington ({rho:g}, {gamma:g})"


def excess(data: Compared, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted observed less expected exits, and their covariance.

    Parameters
    ----------
    weight : ndarray of float, shape (m, q)
        q weights of each time.

    Returns
    -------
    excess : ndarray of float, shape (q k,)
        The k groups of the first weight, then of the second, ...
    covariance : ndarray of float, shape (q k, q k)
    """
    total, n, share = data.sets.events[:, 0], data.sets.at_risk, data.share
    difference = weight.T @ data.observed - (weight * total[:, None]).T @ share
    if data.unit is not None:
        return difference.ravel(), _robust(data, weight)
    # With one left at risk the variance is 0, since then it exits.
    spread = total * (n - total)
    spread /= np.maximum(n - 1.0, 1.0)
    size = difference.size
    covariance = np.empty((size, size))
    n_group = len(data.labels)
    for one in range(weight.shape[1]):
        for two in range(one, weight.shape[1]):
            product = spread * weight[:, one] * weight[:, two]
            block = np.diag(product @ share) - (share * product[:, None]).T @ share
            first, second = (slice(i * n_group, (i + 1) * n_group) for i in (one, two))
            covariance[first, second] = covariance[second, first] = block
    return difference.ravel(), covariance


def quadratic_form(difference: np.ndarray, covariance: np.ndarray) -> tuple[float, int]:
    """Chi-squared statistic of differences with a singular covariance, and its rank.

    Raises
    ------
    EstimationError
        If the covariance is 0.
    """
    size = np.sqrt(np.diag(covariance))
    used = size > 0.0
    if not used.any():
        raise EstimationError("by: at no exit were two groups at risk, nothing to compare")
    size, covariance = size[used], covariance[used][:, used]
    scaled = difference[used] / size
    values, vectors = np.linalg.eigh(covariance / (size[:, None] * size))
    kept = values > SINGULAR * values[-1]
    return float(np.sum((vectors[:, kept].T @ scaled) ** 2 / values[kept])), int(kept.sum())


def tail(statistic: float, rank: int, df: float) -> tuple[float, str]:
    """p-value of a chi-squared statistic, and the distribution that gives it.

    With clusters the statistic over its rank is compared with F, as t with clusters less one
    degrees of freedom is for one number.
    """
    if np.isinf(df):
        return float(special.chdtrc(rank, statistic)), "chi-squared"
    return float(special.fdtrc(rank, df, statistic / rank)), f"F, {df:g} degrees of freedom below"


def _is_robust(sample: TimeToEvent, vcov: str | None) -> bool:
    if vcov is not None and vcov not in get_args(RankVcov):
        raise ParameterError(f"vcov {vcov!r}: must be one of {', '.join(get_args(RankVcov))}")
    if vcov == "model" and sample.is_weighted:
        raise EstimationError(
            "weight: the model error of a rank test is wrong with weights; leave vcov out"
        )
    if vcov is None and not sample.is_weighted and sample.cluster is not None:
        warnings.warn(
            'cluster: the log-rank test takes rows as independent; use vcov="robust", or cox with '
            "robust errors",
            AssumptionWarning,
            stacklevel=4,
        )
    return vcov == "robust" or sample.is_weighted


def _by_group(sets, group, events, weight, n_group: int) -> tuple[np.ndarray, np.ndarray]:
    """Exits and weight at risk of each group at each table row, each (m, k)."""
    m, given = len(sets), None if sets.is_counted else weight
    cell = (2 * group + events) * m
    cell += sets.exit_row
    cells = np.bincount(cell, given, minlength=2 * m * n_group).reshape(n_group, 2, m)
    at_risk = _from_the_end(sets, cells[:, 0] + cells[:, 1])
    if sets.is_delayed:
        cell = group * m + sets.entry_row
        entering = np.bincount(cell, given, minlength=m * n_group).reshape(n_group, m)
        at_risk = at_risk - (_from_the_end(sets, entering) - entering)
    return cells[:, 1].astype(float).T, at_risk.T


def _from_the_end(sets: RiskSets, table: np.ndarray) -> np.ndarray:
    """Cumulate a table (k, m) from the end of each stratum."""
    out = np.empty_like(table)
    for rows in sets.slices():
        out[:, rows] = table[:, rows][:, ::-1].cumsum(axis=1)[:, ::-1]
    return out


def _persons(group: np.ndarray, person: np.ndarray | None, n_group: int) -> np.ndarray:
    if not is_repeated(person):
        return np.bincount(group, minlength=n_group)
    return np.bincount(np.unique(person * n_group + group) % n_group, minlength=n_group)


def _robust(data: Compared, weight: np.ndarray) -> np.ndarray:
    """Covariance from what each unit adds to the differences."""
    sets, n_group = data.sets, len(data.labels)
    hazard = sets.events[:, 0] / sets.at_risk
    columns = []
    for times in weight.T:
        borne = between_entry_and_exit(sets, times * hazard)
        at_exit = times[sets.exit_row] * data.events
        for number in range(n_group):
            share = data.share[:, number]
            own = data.group == number
            row = at_exit * (own - share[sets.exit_row]) - own * borne
            row += between_entry_and_exit(sets, times * hazard * share)
            columns.append(np.bincount(data.unit, data.weight * row))
    sums = np.column_stack(columns)
    return sums.T @ sums
