"""Rows of a hazard model in the order of its risk sets, with scaled covariates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError
from evalkit.survival.design_matrix import DesignMatrix, design_matrix, refuse_constant
from evalkit.survival.risksets import RiskSets, require_rows, risk_sets, select_cause

Weights = Literal["case", "frequency"]

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
    weights: Weights = "case",
) -> Rows:
    """Order the rows of a sample for a hazard model of one cause.

    Raises
    ------
    EstimationError
        If the sample has no rows or no events, a term cannot be built or does not vary, rows of
        one person overlap, or a frequency is not a whole number.
    """
    require_rows(sample)
    is_cause, _ = select_cause(sample, cause)
    kept = np.flatnonzero(sample.weight > 0.0)
    if not len(kept):
        raise EstimationError(f"weight: all {len(sample)} rows have weight 0")
    if not is_cause[kept].any():
        raise EstimationError(f"no events among {len(kept)} rows: no hazard ratio can be estimated")
    person = None if sample.person is None else sample.person[kept]
    level = sample.groups(strata)[0]
    refuse_overlap(sample, level)
    everyone = len(kept) == len(sample)
    covariates = sample.covariates if everyone else sample.covariates.iloc[kept]
    frequency = _frequencies(sample.weight[kept], person) if weights == "frequency" else None
    design = design_matrix(formula, covariates, person=person, frequency=frequency)
    code = np.where(is_cause > 0, 1, np.where(sample.code > 0, 2, 0))[kept]
    stratum = dense(level[kept]) if strata is not None else np.zeros(len(kept), dtype=np.intp)
    order = _in_order(sample.duration[kept], stratum, code)
    kept, code, weight = kept[order], code[order], sample.weight[kept[order]]
    values, centre, scale = _scaled(design.values, order, weight)
    refuse_constant(design, scale)
    sets = risk_sets(
        sample.entry[kept], sample.duration[kept], (code == 1).astype(np.intp),
        weight=weight, stratum=stratum[order],
    )  # fmt: skip
    return _with_ties(
        design, values, centre, scale, code, weight, sets, kept, weights == "frequency"
    )


def _with_ties(design, values, centre, scale, code, weight, sets, kept, is_frequency) -> Rows:
    m = len(sets)
    before = np.concatenate([[0], np.cumsum(np.bincount(sets.exit_row, minlength=m))])
    sum_of_weights, count = sets.events[:, 0], sets.n_event[:, 0]
    n_tied = np.rint(sum_of_weights).astype(np.int64) if is_frequency else count
    mean = np.divide(sum_of_weights, n_tied, out=np.zeros(m), where=n_tied > 0)
    is_group = count > 0
    is_group[sets.first[:-1]] = True
    group = np.flatnonzero(is_group)
    return Rows(
        design, values, centre, scale, code, code == 1, weight, sets, kept,
        np.flatnonzero(count), group, before[np.append(group, m)], n_tied, mean, is_frequency,
    )  # fmt: skip


def refuse_overlap(sample: TimeToEvent, level: np.ndarray) -> None:
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
    faults = int((weight != np.round(weight)).sum())
    if faults:
        raise EstimationError(
            f"weight: {faults} of {len(weight)} frequencies are not whole numbers; other weights "
            "are case weights (weights='case')"
        )
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


def _in_order(duration: np.ndarray, stratum: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Positions by stratum, time, and events before the others."""
    by_time = np.argsort(duration)
    ordered = duration[by_time]
    rank = np.empty(len(duration), dtype=np.int64)
    rank[by_time] = np.concatenate([[0], np.cumsum(ordered[1:] > ordered[:-1])])
    n_time = int(rank[by_time[-1]]) + 1
    if n_time == len(duration) and not stratum.any():
        return by_time
    key = (stratum * n_time + rank) * 2 + (code != 1)
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
