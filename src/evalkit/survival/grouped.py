"""A sample split into the groups of `by`, with its risk sets and its units of dependence."""

import warnings
from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, SmallSampleWarning
from evalkit.survival.risksets import RiskSets, require_rows, risk_sets

MIN_CLUSTERS = 6  # below it, errors between clusters are not estimated (docs/conventions.md)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Grouped:
    """Rows of a sample, ready for the estimators of one curve for each group.

    Attributes
    ----------
    code, level : ndarray of int, shape (n,)
        Cause of exit (0 = censored), and the group.
    weight : ndarray of float, shape (n,)
    labels : tuple of str
        Name of each group.
    sets : RiskSets
        Strata are the groups.
    n_person : ndarray of int, shape (n_level,)
        Persons in each group.
    dependence : ndarray of int, shape (n,), or None
        Unit within which rows depend on each other; None where every row is its own.
    df : float
        Degrees of freedom of intervals: the fewest clusters of a group less one, or infinity.
    n_cluster : float
        Number of clusters; NaN without.
    is_weighted : bool
    """

    code: np.ndarray
    level: np.ndarray
    weight: np.ndarray
    labels: tuple[str, ...]
    sets: RiskSets
    n_person: np.ndarray
    dependence: np.ndarray | None
    df: float
    n_cluster: float
    is_weighted: bool

    @property
    def is_robust(self) -> bool:
        """Whether errors come from influence values rather than from Greenwood's formula."""
        return self.is_weighted or self.dependence is not None


def group(sample: TimeToEvent, by, code: np.ndarray, n_cause: int) -> Grouped:
    """Split a sample into the groups of `by` and tabulate their risk sets.

    Rows of one person that follow on each other without a gap (time-varying covariates) are first
    joined into one, so that the end of an interval does not count as a censoring.

    Raises
    ------
    EstimationError
        If the sample is empty, or a group has fewer than two clusters.
    """
    require_rows(sample)
    level, labels = sample.groups(by)
    last, entry = _joined(sample, level)
    keep = last[sample.weight[last] > 0.0]
    sizes = np.bincount(level[keep], minlength=len(labels))
    if np.any(sizes == 0):
        raise EstimationError(
            f"weight: {int((sizes == 0).sum())} of {len(labels)} groups have weight 0 throughout"
        )
    level, weight, code = level[keep], sample.weight[keep], code[keep]
    person = np.arange(len(keep)) if sample.person is None else sample.person[keep]
    dependence, df, n_cluster = units_of_dependence(
        None if sample.cluster is None else sample.cluster[keep], person, level
    )
    sets = risk_sets(
        entry[keep], sample.duration[keep], code, weight=weight, stratum=level, n_cause=n_cause
    )
    n_person = np.bincount(_distinct(level, person), minlength=len(labels))
    return Grouped(
        code, level, weight, labels, sets, n_person, dependence, df, n_cluster, sample.is_weighted
    )


def units_of_dependence(
    cluster: np.ndarray | None, person: np.ndarray, level: np.ndarray
) -> tuple[np.ndarray | None, float, float]:
    """Say what rows depend on each other: codes (n,) or None, degrees of freedom, clusters.

    Notes
    -----
    The cluster if there is one, with t intervals on the fewest clusters of a group less one. With
    2 to 5 clusters in a group the person takes its place, and the result says so.

    Raises
    ------
    EstimationError
        If a group has fewer than two clusters.
    """
    repeated = len(np.unique(person)) < len(person)
    by_person = np.unique(person, return_inverse=True)[1] if repeated else None
    if cluster is None:
        return by_person, np.inf, np.nan
    fewest = int(np.bincount(_distinct(level, cluster)).min())
    n_cluster = float(len(np.unique(cluster)))
    if fewest < 2:
        raise EstimationError(
            "cluster: a group has rows of one cluster only, so that differences between clusters "
            "cannot be estimated; leave the cluster out to describe this group alone"
        )
    if fewest < MIN_CLUSTERS:
        warnings.warn(
            f"cluster: {fewest} clusters in a group, fewer than {MIN_CLUSTERS}; intervals are for "
            "persons, and differences between clusters are not included",
            SmallSampleWarning,
            stacklevel=3,
        )
        return by_person, np.inf, n_cluster
    return np.unique(cluster, return_inverse=True)[1], fewest - 1.0, n_cluster


def _distinct(level: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """The level of each distinct pair of level and unit."""
    codes = np.unique(unit, return_inverse=True)[1]
    width = int(codes.max()) + 1
    return np.unique(level.astype(np.int64) * width + codes) // width


def _joined(sample: TimeToEvent, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the last row of each unbroken run of a person, and entries of the runs (n,)."""
    n = len(sample)
    entry = np.array(sample.entry)
    if sample.person is None or len(np.unique(sample.person)) == n:
        return np.arange(n), entry
    order = np.lexsort((entry, sample.person))
    this, following = order[:-1], order[1:]
    goes_on = (
        (sample.person[this] == sample.person[following])
        & (sample.code[this] == 0)
        & (sample.duration[this] == entry[following])
        & (level[this] == level[following])
        & (sample.weight[this] == sample.weight[following])
    )
    run = np.concatenate([[0], np.cumsum(~goes_on)])
    starts = np.concatenate([[True], ~goes_on])
    entry[order] = entry[order][starts][run]
    return np.sort(order[np.concatenate([~goes_on, [True]])]), entry
