"""Rows of a hazard model in the order of its risk sets, with scaled covariates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError
from evalkit.survival.design_matrix import DesignMatrix, design_matrix, refuse_constant
from evalkit.survival.risksets import RiskSets, require_rows, risk_sets, select_cause

BLOCK = 8192  # rows whose covariates are worked on at once; they fit into a processor's cache


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rows:
    """Rows of positive weight, by stratum and time, and events first within a time.

    Attributes
    ----------
    design : DesignMatrix
        Of the rows in the order of the sample.
    values : ndarray of float, shape (n, p)
        Covariates, centred and scaled, each column contiguous.
    centre, scale : ndarray of float, shape (p,)
    code : ndarray of int, shape (n,)
        0 = censored, 1 = the cause modelled, 2 = another cause.
    events : ndarray of bool, shape (n,)
        Whether the row ends in the cause modelled.
    weight : ndarray of float, shape (n,)
    sets : RiskSets
        Their m table rows.
    kept : ndarray of int, shape (n,)
        Position of each row in the sample.
    at_event : ndarray of int, shape (k,)
        Table rows with events.
    first_event : ndarray of int, shape (k,)
        The first row, that of an event, of each of these.
    group : ndarray of int, shape (g,)
        Table rows with events, and the first table row of each stratum: sums over risk sets change
        between them, but nothing needs them there.
    start : ndarray of int, shape (g + 1,)
        Group r holds the rows `start[r]` to `start[r + 1] - 1`, those of events first.
    n_tied : ndarray of int, shape (m,)
        Events tied at a table row; the sum of their frequencies, if weights are such.
    mean_weight : ndarray of float, shape (m,)
        Mean weight of the tied events; 1 with frequencies, each of which is an event of weight 1.
    is_frequency : bool
    """

    design: DesignMatrix
    values: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    code: np.ndarray
    events: np.ndarray
    weight: np.ndarray
    sets: RiskSets
    kept: np.ndarray
    at_event: np.ndarray
    first_event: np.ndarray
    group: np.ndarray
    start: np.ndarray
    n_tied: np.ndarray
    mean_weight: np.ndarray
    is_frequency: bool

    @property
    def n_event(self) -> int:
        """Events of the cause modelled."""
        return int(self.n_tied.sum())

    def blocks(self) -> list[tuple[int, int, int, int]]:
        """Bounds (rows, rows, groups, groups) of runs of whole groups."""
        last = len(self.group)
        cuts = np.searchsorted(self.start, np.arange(0, self.start[-1], BLOCK))
        bounds = np.unique(np.append(np.minimum(cuts, last), last)).tolist()
        return [
            (int(self.start[low]), int(self.start[high]), low, high)
            for low, high in zip(bounds[:-1], bounds[1:], strict=True)
        ]


def model_rows(
    sample: TimeToEvent,
    formula: str,
    *,
    cause: str | None,
    strata: str | Sequence[str] | None,
) -> Rows:
    """Order the rows of a sample for a hazard model of one cause.

    Raises
    ------
    EstimationError
        If the sample has no rows or no events, a term cannot be built or does not vary, rows of
        one person overlap, or have different frequencies.
    """
    require_rows(sample, frequencies=True)
    is_cause, _ = select_cause(sample, cause)
    kept = np.flatnonzero(sample.weight > 0.0)
    _require_events(sample, is_cause, kept)
    person = None if sample.person is None else sample.person[kept]
    level = None if strata is None else sample.groups(strata)[0]
    refuse_overlap(sample, level)
    everyone = len(kept) == len(sample)
    covariates = sample.covariates if everyone else sample.covariates.iloc[kept]
    frequency = _frequencies(sample.weight[kept], person) if sample.is_frequency else None
    design = design_matrix(formula, covariates, person=person, frequency=frequency)
    code = np.where(is_cause > 0, 1, np.where(sample.code > 0, 2, 0))[kept]
    stratum = None if level is None else dense(level[kept])
    order = _in_order(sample.duration[kept], stratum, code)
    kept = order if everyone else kept[order]
    code, weight = code[order], sample.weight[kept]
    values, centre, scale = _scaled(design.values, order, weight)
    refuse_constant(design, scale)
    sets = risk_sets(
        sample.entry[kept], sample.duration[kept], (code == 1).astype(np.intp),
        weight=weight if sample.is_weighted else None,
        stratum=None if stratum is None else stratum[order],
    )  # fmt: skip
    return _with_ties(design, values, centre, scale, code, weight, sets, kept, sample.is_frequency)


def _require_events(sample: TimeToEvent, is_cause: np.ndarray, kept: np.ndarray) -> None:
    if not len(kept):
        raise EstimationError(f"weight: all {len(sample)} rows have weight 0")
    if not is_cause[kept].any():
        raise EstimationError(f"no events among {len(kept)} rows: no hazard ratio can be estimated")


def _with_ties(design, values, centre, scale, code, weight, sets, kept, is_frequency) -> Rows:
    m = len(sets)
    before = np.concatenate([[0], np.cumsum(np.bincount(sets.exit_row, minlength=m))])
    sum_of_weights, count = sets.events[:, 0], sets.n_event[:, 0]
    n_tied = np.rint(sum_of_weights).astype(np.int64) if is_frequency else count
    mean = np.divide(sum_of_weights, n_tied, out=np.zeros(m), where=n_tied > 0)
    is_group = count > 0
    is_group[sets.first[:-1]] = True
    group, at_event = np.flatnonzero(is_group), np.flatnonzero(count)
    return Rows(
        design, values, centre, scale, code, code == 1, weight, sets, kept, at_event,
        before[at_event], group, before[np.append(group, m)], n_tied, mean, is_frequency,
    )  # fmt: skip


def refuse_overlap(sample: TimeToEvent, level: np.ndarray | None) -> None:
    """Refuse rows of one person that start while another one, in the same stratum, is running.

    Rows that start together are taken for occasions (the person is followed from several starts,
    each on its own clock) and allowed.

    Raises
    ------
    EstimationError
        With the number of such rows.
    """
    if sample.person is None or not sample.entry.any():
        return
    level = np.zeros(len(sample), dtype=np.intp) if level is None else level
    order = np.lexsort((sample.duration, sample.entry, sample.person, level))
    before, after = order[:-1], order[1:]
    same = (sample.person[before] == sample.person[after]) & (level[before] == level[after])
    start = sample.entry[after]
    overlap = same & (sample.entry[before] < start) & (start < sample.duration[before])
    if overlap.any():
        raise EstimationError(
            f"entry: {int(overlap.sum())} of {len(sample)} rows start before an earlier row of the "
            "same person has ended; a person must be in one row at a time"
        )


def _frequencies(weight: np.ndarray, person: np.ndarray | None) -> np.ndarray:
    if person is not None:
        order = np.argsort(person, kind="stable")
        changes = (np.diff(person[order]) == 0) & (np.diff(weight[order]) != 0.0)
        if changes.any():
            raise EstimationError(
                f"weight: the frequency changes between {int(changes.sum())} rows of the same "
                "person; a frequency is a number of persons with the same rows"
            )
    return weight


def dense(level: np.ndarray) -> np.ndarray:
    """Codes 0, 1, ... of the levels that occur."""
    occurs = np.bincount(level) > 0
    return (np.cumsum(occurs) - 1)[level]


def _in_order(duration: np.ndarray, stratum: np.ndarray | None, code: np.ndarray) -> np.ndarray:
    """Positions by stratum, time, and events before the others."""
    by_time = np.argsort(duration)
    ordered = duration[by_time]
    rank = np.empty(len(duration), dtype=np.int64)
    rank[by_time] = np.concatenate([[0], np.cumsum(ordered[1:] > ordered[:-1])])
    n_time = int(rank[by_time[-1]]) + 1
    if n_time == len(duration) and stratum is None:
        return by_time
    key = (rank if stratum is None else stratum * n_time + rank) * 2 + (code != 1)
    # Sorting small numbers takes a count of each, no comparisons.
    key = key.astype(np.uint16) if int(key.max()) < 2**16 else key
    return np.argsort(key, kind="stable" if key.dtype == np.uint16 else None)


def _scaled(
    values: np.ndarray, order: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns in the given order, less their mean, over their deviation; mean; deviation."""
    n, p = values.shape
    out, centre, spread = np.empty((n, p), order="F"), np.empty(p), np.empty(p)
    share, weighted = weight / weight.sum(), np.empty(n)
    for number in range(p):
        column = out[:, number]
        # A mode other than "raise" spares a copy; positions are known to be right.
        np.take(values[:, number], order, out=column, mode="clip")
        centre[number] = column @ share
        column -= centre[number]
        spread[number] = np.sqrt(np.multiply(column, share, out=weighted) @ column)
        column *= 1.0 / (spread[number] or 1.0)
    return out, centre, spread
