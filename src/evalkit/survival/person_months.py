"""Time under observation by intervals of elapsed time, without a row for each person and month."""

from dataclasses import dataclass

import numpy as np

from evalkit.errors import ParameterError
from evalkit.survival.grouped import Grouped

MAX_INTERVALS = 100_000  # of all groups together
BLOCK = 2_000_000  # cells of a unit-by-interval table held at once


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class IntervalTable:
    """Exits and time under observation by group and interval.

    Attributes
    ----------
    level : ndarray of int, shape (m,)
    end : ndarray of float, shape (m,)
        End of the interval, which it contains.
    width : float
    exposure, events : ndarray of float, shape (m,)
        Weighted time under observation, and weighted exits.
    n_at_risk, n_event, n_censored : ndarray of int, shape (m,)
        Persons under observation just after the interval begins; who leave within it.
    first, last : ndarray of int, shape (n,)
        Table row of each input row's first and last interval.
    at_first, at_last : ndarray of float, shape (n,)
        Time spent in them; 0 in the first where it is the last.
    """

    level: np.ndarray
    end: np.ndarray
    width: float
    exposure: np.ndarray
    events: np.ndarray
    n_at_risk: np.ndarray
    n_event: np.ndarray
    n_censored: np.ndarray
    first: np.ndarray
    last: np.ndarray
    at_first: np.ndarray
    at_last: np.ndarray


def interval_table(groups: Grouped, width: float) -> IntervalTable:
    """Split the time that rows are at risk into intervals of one width.

    Raises
    ------
    ParameterError
        If the intervals are too many.
    """
    entry, duration = groups.entry, groups.duration
    n_interval = max(int(np.ceil(duration.max() / width)), 1)
    m = n_interval * len(groups.labels)
    if m > MAX_INTERVALS:
        raise ParameterError(f"width: {m} intervals, more than {MAX_INTERVALS}; make them wider")
    # An exit at the end of an interval belongs to it; an entry there belongs to the next one.
    own_last = np.maximum(np.ceil(duration / width).astype(np.intp) - 1, 0)
    own_first = np.minimum(np.floor(entry / width).astype(np.intp), own_last)
    offset = groups.level * n_interval
    at_last = duration - np.maximum(own_last * width, entry)
    at_first = np.where(own_first < own_last, (own_first + 1) * width - entry, 0.0)
    first, last = own_first + offset, own_last + offset
    exits = groups.code > 0
    n_event, n_left = np.bincount(last[exits], minlength=m), np.bincount(last, minlength=m)
    # Under observation just after the start of an interval: came by then, and left later.
    begins = np.minimum(np.ceil(entry / width).astype(np.intp), own_last + 1) + offset
    there = np.bincount(begins, minlength=m + 1) - np.bincount(last + 1, minlength=m + 1)
    return IntervalTable(
        level=np.repeat(np.arange(len(groups.labels)), n_interval),
        end=np.tile(np.arange(1, n_interval + 1) * width, len(groups.labels)),
        width=width,
        exposure=_spread(first, last, at_first, at_last, width, groups.weight, m),
        events=np.bincount(last[exits], groups.weight[exits], minlength=m),
        n_at_risk=np.cumsum(there)[:-1],
        n_event=n_event,
        n_censored=n_left - n_event, first=first, last=last, at_first=at_first, at_last=at_last,
    )  # fmt: skip


def squared_excess(groups: Grouped, table: IntervalTable, rate: np.ndarray) -> np.ndarray:
    """Sum over units of the squared weighted exits less rate times time, by table row, (m,)."""
    m = len(table.end)
    rate = np.nan_to_num(rate)
    if groups.dependence is not None:
        return _by_unit(groups, table, rate)
    squared = groups.weight**2
    times = (table.at_first**2, table.at_last**2, table.width**2)
    time_squared = _spread(table.first, table.last, *times, squared, m)
    exits = groups.code > 0
    last, weight = table.last[exits], squared[exits]
    total = np.bincount(last, weight * (1.0 - 2.0 * rate[last] * table.at_last[exits]), minlength=m)
    return np.maximum(total + rate**2 * time_squared, 0.0)


def _spread(first, last, at_first, at_last, between, weight, m: int) -> np.ndarray:
    """Sum of each row's amounts by interval: in its first, its last, and each one between."""
    total = np.bincount(last, weight * at_last, minlength=m)
    total += np.bincount(first, weight * at_first, minlength=m)
    inner = last > first
    moves = np.bincount(first[inner] + 1, weight[inner], minlength=m + 1)
    moves -= np.bincount(last[inner], weight[inner], minlength=m + 1)
    n_inner = np.cumsum(np.bincount(first[inner] + 1, minlength=m + 1)) - np.cumsum(
        np.bincount(last[inner], minlength=m + 1)
    )
    # Rounding of the running sum is no time: nobody inside means none.
    return total + np.where(n_inner > 0, np.cumsum(moves), 0.0)[:-1] * between


def _by_unit(groups: Grouped, table: IntervalTable, rate: np.ndarray) -> np.ndarray:
    m = len(table.end)
    codes = np.unique(groups.dependence, return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    ordered, total = codes[order], np.zeros(m)
    step = max(1, BLOCK // m)
    for low in range(0, int(ordered[-1]) + 1, step):
        inside = order[slice(*np.searchsorted(ordered, [low, low + step]))]
        cells = (codes[inside] - low) * m
        size = (int(codes[inside].max()) - low + 1) * m
        time = _spread(
            cells + table.first[inside], cells + table.last[inside], table.at_first[inside],
            table.at_last[inside], table.width, groups.weight[inside], size,
        ).reshape(-1, m)  # fmt: skip
        exits = groups.weight[inside] * (groups.code[inside] > 0)
        seen = np.bincount(cells + table.last[inside], exits, minlength=size).reshape(-1, m)
        total += np.square(seen - rate * time).sum(axis=0)
    return total
