"""The counting-process kernel: who was at risk, who exited and why, at each distinct time.

Everything in this room stands on `risk_sets`. Its table has one row for each stratum and distinct
exit time, in that order; sums over persons become sums over its rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError

COUNTED_CELLS = 4  # cells of a table of whole times, for each row, above which sorting is cheaper


@dataclass(frozen=True, eq=False, repr=False)
class RiskSets:
    """Counts by stratum and distinct exit time.

    Attributes
    ----------
    stratum : ndarray of int, shape (m,)
    time : ndarray of float, shape (m,)
        Increasing within a stratum.
    first : ndarray of int, shape (n_stratum + 1,)
        Stratum s has the rows `first[s]` to `first[s + 1] - 1`.
    n_at_risk, n_censored : ndarray of int, shape (m,)
        Input rows at risk just before `time`, and censored at it.
    n_event : ndarray of int, shape (m, n_cause)
    at_risk : ndarray of float, shape (m,)
        Sum of weights at risk.
    events : ndarray of float, shape (m, n_cause)
        Sum of weights of the events.
    is_delayed : bool
        Whether any input row came under observation after its stratum's first time.
    is_counted : bool
        Whether every weight is 1, so that `at_risk` and `events` are counts.
    exit_row, entry_row : ndarray of int, shape (n,)
        For each input row: the table row of its exit, and the first at which it is at risk. Both
        are found at first use, since counts alone do not need them.
    """

    stratum: np.ndarray
    time: np.ndarray
    first: np.ndarray
    n_at_risk: np.ndarray
    n_censored: np.ndarray
    n_event: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    is_delayed: bool
    is_counted: bool
    find_exit_row: Callable[[], np.ndarray]
    find_entry_row: Callable[[], np.ndarray]

    @cached_property
    def exit_row(self) -> np.ndarray:
        """The table row of each input row's exit, shape (n,)."""
        return self.find_exit_row()

    @cached_property
    def entry_row(self) -> np.ndarray:
        """The first table row at which each input row is at risk, shape (n,)."""
        return self.find_entry_row()

    def __len__(self) -> int:
        return len(self.time)

    @cached_property
    def hazard(self) -> np.ndarray:
        """Share of those at risk who exit, any cause, shape (m,); exactly 1 where all exit."""
        share = over_causes(self.events) / self.at_risk
        share[over_causes(self.n_event) == self.n_at_risk] = 1.0
        return share

    def slices(self) -> list[slice]:
        """The rows of each stratum."""
        bounds = self.first.tolist()
        return [slice(low, high) for low, high in zip(bounds[:-1], bounds[1:], strict=True)]


def risk_sets(
    entry: np.ndarray,
    duration: np.ndarray,
    code: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    stratum: np.ndarray | None = None,
    n_cause: int = 1,
) -> RiskSets:
    """Tabulate who was at risk and who exited at each distinct time of each stratum.

    Parameters
    ----------
    entry, duration : ndarray of float, shape (n,)
        A row is at risk on (entry, duration]; a row that enters at 0 is at risk at time 0 too.
    code : ndarray of int, shape (n,)
        0 = censored, j = exit by cause j.
    weight : ndarray of float, shape (n,), optional
        Positive case weights.
    stratum : ndarray of int, shape (n,), optional
        Codes 0, 1, ..., each of which occurs.
    n_cause : int
        Number of causes.

    Returns
    -------
    RiskSets

    Notes
    -----
    One sort, by stratum and duration; times in whole numbers are counted without one. Exits precede
    censorings within a time: a row censored at t was still at risk at t. Counts are exact; weighted
    sums are cumulated from the end of each stratum, so that the smallest risk sets carry the
    smallest rounding error.

    Examples
    --------
    >>> entry, duration, code = np.array([0, 0, 2.0]), np.array([1, 3, 3.0]), np.array([1, 1, 0])
    >>> table = risk_sets(entry, duration, code)
    >>> table.time.tolist(), table.n_at_risk.tolist(), table.n_event[:, 0].tolist()
    ([1.0, 3.0], [2, 2], [1, 1])
    """
    duration, entry = np.asarray(duration, dtype=float), np.asarray(entry, dtype=float)
    n_stratum = 1 if stratum is None else int(np.max(stratum, initial=-1)) + 1
    cell = _whole_cells(duration, stratum, n_stratum)
    table = (
        _sort(duration, stratum, code, n_cause)
        if cell is None
        else _count(cell, duration, n_stratum, code, n_cause)
    )
    row_stratum, time, cells, exit_row = table
    first = np.searchsorted(row_stratum, np.arange(n_stratum + 1))
    entry_row = _entry_rows(entry, stratum, row_stratum, time, first)
    n_at_risk = _from_the_end(sum(cells.T[1:], cells.T[0]), first)
    if entry_row is not None:
        n_at_risk -= _not_yet(np.bincount(entry_row, minlength=len(time)), first)
    at_risk, events = n_at_risk.astype(float), cells[:, 1:].astype(float)
    is_counted = weight is None or bool(np.all(weight == 1.0))
    if not is_counted:
        known = exit_row()
        exit_row = _known(known)
        at_risk = _still_there(weight, known, entry_row, first)
        sums = np.bincount(known + np.multiply(code, len(time)), weight, minlength=cells.size)
        events = sums.reshape(n_cause + 1, -1).T[:, 1:]
    start = _start_of_stratum(first, stratum, len(duration))
    return RiskSets(
        row_stratum, time, first, n_at_risk, cells[:, 0], cells[:, 1:], at_risk, events,
        entry_row is not None, is_counted, exit_row,
        start if entry_row is None else _known(entry_row),
    )  # fmt: skip


def over_causes(table: np.ndarray) -> np.ndarray:
    """Sum of a table (m, n_cause) over causes, (m,)."""
    return sum(table.T[1:], table[:, 0])


def sum_at_risk(sets: RiskSets, values: np.ndarray) -> np.ndarray:
    """Sum `values` (n,) or (n, p) over those at risk at each table row: (m,) or (m, p)."""
    if values.ndim == 2:
        return np.column_stack([sum_at_risk(sets, column) for column in values.T])
    entry_row = sets.entry_row if sets.is_delayed else None
    return _still_there(values, sets.exit_row, entry_row, sets.first)


def sum_exits(sets: RiskSets, values: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Sum `values` (n,) or (n, p) over the rows of `which` (n,) by their exit: (m,) or (m, p)."""
    if values.ndim == 2:
        return np.column_stack([sum_exits(sets, column, which) for column in values.T])
    return np.bincount(sets.exit_row[which], values[which], minlength=len(sets))


def running(sets: RiskSets, values: np.ndarray) -> np.ndarray:
    """Cumulate table values (m,) or (m, p) from the start of each stratum."""
    out = np.empty_like(values, dtype=float)
    for rows in sets.slices():
        np.cumsum(values[rows], axis=0, out=out[rows])
    return out


def before(sets: RiskSets, cumulated: np.ndarray, rows: np.ndarray, initial: float = 0.0):
    """Value of a step function (m,) or (m, p) just before table rows; `initial` at the start."""
    earlier = cumulated[np.maximum(rows - 1, 0)]
    at_start = rows == sets.first[sets.stratum[rows]]
    return np.where(at_start if cumulated.ndim == 1 else at_start[:, None], initial, earlier)


def previous(sets: RiskSets, values: np.ndarray, initial: float = 0.0) -> np.ndarray:
    """Value of a step function (m,) just before each table row; `initial` at a stratum's start."""
    earlier = np.empty(len(values))
    earlier[1:] = values[:-1]
    earlier[sets.first[:-1]] = initial
    return earlier


def between_entry_and_exit(sets: RiskSets, values: np.ndarray) -> np.ndarray:
    """Sum table values (m,) or (m, p) over the times at which each input row was at risk."""
    cumulated = running(sets, values)
    at_exit = cumulated[sets.exit_row]
    if not sets.is_delayed:
        return at_exit
    return at_exit - before(sets, cumulated, sets.entry_row)


def select_cause(sample: TimeToEvent, cause: str | None) -> tuple[np.ndarray, str]:
    """Events of one cause, or of any, as codes 0 and 1 (n,), and the name of the cause.

    Raises
    ------
    EstimationError
        If the sample has several causes and none is named.
    ParameterError
        If it is no such sample, or the cause is not one of the sample's.
    """
    if not isinstance(sample, TimeToEvent):
        raise ParameterError(
            f"a TimeToEvent is needed, got {type(sample).__name__}: build it with "
            "TimeToEvent.from_frame"
        )
    causes = sample.causes
    if cause is None and len(causes) > 1:
        raise EstimationError(
            f"cause: the sample has {len(causes)} causes ({', '.join(causes)}); "
            'say which one is meant, or "any" for the first exit of any kind'
        )
    if cause is None or cause == "any":
        return (sample.code > 0).astype(np.intp), "any" if len(causes) > 1 else causes[0]
    return (sample.code == require_cause(sample, cause)).astype(np.intp), cause


def require_cause(sample: TimeToEvent, cause: str) -> int:
    """The code of a cause, from 1.

    Raises
    ------
    ParameterError
        If the cause is not one of the sample's.
    """
    if cause not in sample.causes:
        raise ParameterError(f"cause {cause!r}: the sample has {', '.join(sample.causes)}")
    return sample.causes.index(cause) + 1


def require_rows(sample: Sequence, *, frequencies: bool = False) -> None:
    """Refuse a sample without rows, and one of frequencies unless they can be used.

    Raises
    ------
    EstimationError
        If the sample is empty, or its rows stand for several persons each.
    """
    if len(sample) == 0:
        raise EstimationError("the sample has no rows; see the flow for the rule that removed them")
    if not frequencies and isinstance(sample, TimeToEvent) and sample.is_frequency:
        raise EstimationError(
            "weight: each row stands for several persons (a frequency), which only cox, "
            "cause_specific, fine_gray, concordance, proportional_hazards_test and residuals can "
            "use; give the sample of the persons"
        )


def _whole_cells(
    duration: np.ndarray, stratum: np.ndarray | None, n_stratum: int
) -> np.ndarray | None:
    """Number of each row's stratum and time where times are whole and few, else nothing."""
    if not len(duration) or np.any(duration[:100] != np.rint(duration[:100])):
        return None
    width = float(duration.max()) + 1.0
    if width * n_stratum > COUNTED_CELLS * len(duration) + 1_000:
        return None
    whole = duration.astype(np.intp)
    if np.any(whole != duration):
        return None
    return whole if stratum is None else whole + np.asarray(stratum, dtype=np.intp) * int(width)


def _count(cell, duration, n_stratum: int, code, n_cause: int) -> tuple:
    """Stratum, time and counts (m, n_cause + 1) of table rows by counting cells, no sort."""
    width = int(duration.max()) + 1
    n_cell = n_stratum * width
    cells = cell + np.multiply(code, n_cell, dtype=np.intp)
    counts = np.bincount(cells, minlength=n_cell * (n_cause + 1)).reshape(n_cause + 1, -1).T
    is_row = counts.any(axis=1)
    rows, number = np.flatnonzero(is_row), np.cumsum(is_row) - 1
    return rows // width, (rows % width).astype(float), counts[is_row], lambda: number[cell]


def _sort(duration, stratum, code, n_cause: int) -> tuple:
    """Stratum, time and counts (m, n_cause + 1) of table rows by one sort."""
    n = len(duration)
    order = _order(duration, stratum)
    time = duration[order]
    is_new = np.ones(n, dtype=bool)
    np.not_equal(time[1:], time[:-1], out=is_new[1:])
    whose = np.zeros(n, dtype=np.intp) if stratum is None else np.asarray(stratum, np.intp)[order]
    if stratum is not None:
        is_new[1:] |= whose[1:] != whose[:-1]
    row = np.cumsum(is_new) - 1
    m = int(row[-1]) + 1 if n else 0
    if m == n:
        # Nobody is tied: each table row is one input row.
        counts = (code[order] == np.arange(n_cause + 1)[:, None]).astype(np.int64).T
    else:
        cells = row + np.multiply(code[order], m, dtype=np.intp)
        counts = np.bincount(cells, minlength=m * (n_cause + 1)).reshape(n_cause + 1, m).T
    if m < n:
        time, whose = time[is_new], whose[is_new]

    def exit_row() -> np.ndarray:
        out = np.empty(n, dtype=np.intp)
        out[order] = row
        return out

    return whose, time, counts, exit_row


def _order(duration: np.ndarray, stratum: np.ndarray | None) -> np.ndarray:
    """Order of rows by stratum and duration; ties in any order."""
    if stratum is None:
        is_sorted = bool(np.all(duration[1:] >= duration[:-1]))
        return np.arange(len(duration)) if is_sorted else np.argsort(duration)
    n_stratum = int(np.max(stratum, initial=-1)) + 1
    small = np.min_scalar_type(max(n_stratum - 1, 0))
    order = np.argsort(np.asarray(stratum).astype(small), kind="stable")
    ends = np.cumsum(np.bincount(stratum, minlength=n_stratum)).tolist()
    for low, high in zip([0, *ends[:-1]], ends, strict=True):
        inside = order[low:high]
        order[low:high] = inside[np.argsort(duration[inside])]
    return order


def _start_of_stratum(first, stratum, n: int) -> Callable[[], np.ndarray]:
    return lambda: np.zeros(n, dtype=np.intp) if stratum is None else first[stratum]


def _known(values: np.ndarray) -> Callable[[], np.ndarray]:
    return lambda: values


def _entry_rows(entry, stratum, row_stratum, time, first) -> np.ndarray | None:
    """The first table row at which each input row is at risk; nothing if nobody is delayed."""
    if not np.any(entry > 0.0):
        return None
    whose = np.zeros(len(entry), dtype=np.intp) if stratum is None else stratum
    rows = _first_row_after(entry, whose, row_stratum, time, first)
    return rows if np.any(rows > first[whose]) else None


def _first_row_after(entry, stratum, row_stratum, time, first) -> np.ndarray:
    """The first table row of the stratum whose time is later than the entry."""
    times = np.unique(time)
    position = row_stratum * (len(times) + 1) + np.searchsorted(times, time)
    wanted = stratum * (len(times) + 1) + np.searchsorted(times, entry, side="right")
    # Without delay a row is at risk from the start, also at a time of exactly 0.
    return np.where(entry > 0.0, np.searchsorted(position, wanted), first[stratum])


def _still_there(values, exit_row, entry_row, first) -> np.ndarray:
    """Sum over those with entry_row <= row <= exit_row, cumulated from the end of each stratum."""
    m = int(first[-1])
    out = _from_the_end(np.bincount(exit_row, values, minlength=m), first)
    if entry_row is not None:
        out -= _not_yet(np.bincount(entry_row, values, minlength=m), first)
    return np.rint(out).astype(np.int64) if values.dtype.kind == "i" else out


def _not_yet(entering: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Sum over those who enter at a later table row."""
    return _from_the_end(entering, first) - entering


def _from_the_end(values: np.ndarray, first: np.ndarray) -> np.ndarray:
    out = np.empty_like(values)
    for low, high in zip(first[:-1].tolist(), first[1:].tolist(), strict=True):
        out[low:high] = values[low:high][::-1].cumsum()[::-1]
    return out
