"""A sample split into the groups of `by`, with its risk sets and its units of dependence."""

import warnings
from dataclasses import dataclass, replace

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
    weight, entry, duration : ndarray of float, shape (n,)
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
    entry: np.ndarray
    duration: np.ndarray
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
    if sample.is_weighted:
        positive = sample.weight if last is None else sample.weight[last]
        last = _narrowed(last, positive > 0.0)
        sizes = np.bincount(_taken(level, last), minlength=len(labels))
        if np.any(sizes == 0):
            raise EstimationError(
                f"weight: {int((sizes == 0).sum())} of {len(labels)} groups have weight 0 "
                "throughout"
            )
    level, weight = _taken(level, last), _taken(sample.weight, last)
    code = _taken(code, last)
    entry, duration = _taken(entry, last), _taken(sample.duration, last)
    cluster, person = _taken(sample.cluster, last), _taken(sample.person, last)
    dependence, df, n_cluster = units_of_dependence(cluster, person, level)
    sets = risk_sets(
        entry, duration, code,
        weight=weight if sample.is_weighted else None,
        stratum=None if len(labels) == 1 else level, n_cause=n_cause,
    )  # fmt: skip
    own = _distinct(level, person) if is_repeated(person) else level
    n_person = np.bincount(own, minlength=len(labels))
    return Grouped(
        code, level, weight, entry, duration, labels, sets, n_person, dependence, df, n_cluster,
        sample.is_weighted,
    )  # fmt: skip


def of_positive_weight(sample: TimeToEvent) -> TimeToEvent:
    """The sample without its rows of weight 0.

    Raises
    ------
    EstimationError
        If the sample is empty, or all its rows have weight 0.
    """
    require_rows(sample)
    kept = np.flatnonzero(sample.weight > 0.0)
    if not len(kept):
        raise EstimationError(f"weight: all {len(sample)} rows have weight 0")
    return sample if len(kept) == len(sample) else rows_of(sample, kept)


def rows_of(sample: TimeToEvent, rows: np.ndarray) -> TimeToEvent:
    """The rows of a sample at some positions (n,), in that order."""
    return replace(
        sample,
        duration=sample.duration[rows],
        entry=sample.entry[rows],
        code=sample.code[rows],
        weight=sample.weight[rows],
        cluster=_taken(sample.cluster, rows),
        person=_taken(sample.person, rows),
        covariates=sample.covariates.iloc[rows].reset_index(drop=True),
    )


def dense_codes(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The codes that occur, in order, and the position of each row's code among them."""
    if not len(values) or int(values.max()) > 4 * len(values) + 1_000 or values.min() < 0:
        return np.unique(values, return_inverse=True)
    occurs = np.bincount(values) > 0
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[values]


def is_repeated(person: np.ndarray | None) -> bool:
    """Whether several rows belong to one person."""
    if person is None or not len(person):
        return False
    if int(person.max()) < 4 * len(person):
        return bool(np.bincount(person).max() > 1)
    return len(np.unique(person)) < len(person)


def units_of_dependence(
    cluster: np.ndarray | None, person: np.ndarray | None, level: np.ndarray
) -> tuple[np.ndarray | None, float, float]:
    """Say what rows depend on each other: codes (n,) or None, degrees of freedom, clusters.

    Notes
    -----
    The cluster if there is one, with t intervals on the fewest clusters of a group less one. With
    2 to 5 clusters in a group the person takes its place, and the result says so. Without `person`
    every row is a person.

    Raises
    ------
    EstimationError
        If a group has fewer than two clusters.
    """
    by_person = dense_codes(person)[1] if is_repeated(person) else None
    if cluster is None:
        return by_person, np.inf, np.nan
    fewest = int(np.bincount(_distinct(level, cluster)).min())
    n_cluster = float(len(dense_codes(cluster)[0]))
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
    return dense_codes(cluster)[1], fewest - 1.0, n_cluster


def _distinct(level: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """The level of each distinct pair of level and unit."""
    codes = dense_codes(unit)[1]
    width = int(codes.max()) + 1
    return dense_codes(level.astype(np.int64) * width + codes)[0] // width


def _taken(values: np.ndarray | None, keep: np.ndarray | None) -> np.ndarray | None:
    return values if values is None or keep is None else values[keep]


def _narrowed(keep: np.ndarray | None, inside: np.ndarray) -> np.ndarray | None:
    if inside.all():
        return keep
    return np.flatnonzero(inside) if keep is None else keep[inside]


def _joined(sample: TimeToEvent, level: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """Positions of the last row of each unbroken run of a person, and entries of the runs (n,).

    Without a person in several rows there are no positions: all rows stay.
    """
    if not is_repeated(sample.person):
        return None, sample.entry
    entry = np.array(sample.entry)
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
