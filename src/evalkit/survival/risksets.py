"""The counting-process kernel: who was at risk, who exited and why, at each distinct time.

Everything in this room stands on `risk_sets`. Its table has one row for each stratum and distinct
exit time, in that order; sums over persons become sums over its rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError


@dataclass(frozen=True, slots=True, eq=False, repr=False)
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
    exit_row, entry_row : ndarray of int, shape (n,)
        For each input row: the table row of its exit, and the first at which it is at risk.
    is_delayed : bool
        Whether any input row came under observation after its stratum's first time.
    """

    stratum: np.ndarray
    time: np.ndarray
    first: np.ndarray
    n_at_risk: np.ndarray
    n_censored: np.ndarray
    n_event: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    exit_row: np.ndarray
    entry_row: np.ndarray
    is_delayed: bool

    def __len__(self) -> int:
        return len(self.time)

    @property
    def hazard(self) -> np.ndarray:
        """Share of those at risk who exit, any cause, shape (m,); exactly 1 where all exit."""
        all_exit = self.n_event.sum(axis=1) == self.n_at_risk
        return np.where(all_exit, 1.0, self.events.sum(axis=1) / self.at_risk)

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
    One sort, by stratum and duration. Exits precede censorings within a time: a row censored at t
    was still at risk at t. Counts are exact; weighted sums are cumulated from the end of each
    stratum, so that the smallest risk sets carry the smallest rounding error.

    Examples
    --------
    >>> entry, duration, code = np.array([0, 0, 2.0]), np.array([1, 3, 3.0]), np.array([1, 1, 0])
    >>> table = risk_sets(entry, duration, code)
    >>> table.time.tolist(), table.n_at_risk.tolist(), table.n_event[:, 0].tolist()
    ([1.0, 3.0], [2, 2], [1, 1])
    """
    n = len(duration)
    stratum = np.zeros(n, dtype=np.intp) if stratum is None else np.asarray(stratum, dtype=np.intp)
    order = np.lexsort((duration, stratum))
    sorted_stratum, sorted_time = stratum[order], np.asarray(duration, dtype=float)[order]
    is_new = np.ones(n, dtype=bool)
    is_new[1:] = (np.diff(sorted_stratum) > 0) | (np.diff(sorted_time) > 0)
    exit_row = np.empty(n, dtype=np.intp)
    exit_row[order] = np.cumsum(is_new) - 1
    row_stratum, time = sorted_stratum[is_new], sorted_time[is_new]
    m, n_stratum = len(time), int(row_stratum[-1]) + 1 if n else 0
    first = np.searchsorted(row_stratum, np.arange(n_stratum + 1))
    entry_row = _first_row_after(np.asarray(entry, dtype=float), stratum, row_stratum, time, first)
    n_event = np.bincount(exit_row * (n_cause + 1) + code, minlength=m * (n_cause + 1))
    n_event = n_event.reshape(m, n_cause + 1)
    is_delayed = bool(np.any(entry_row > first[stratum]))
    n_at_risk = _still_there(np.ones(n, dtype=np.int64), exit_row, entry_row, first, is_delayed)
    if weight is None or np.all(weight == 1.0):
        at_risk, events = n_at_risk.astype(float), n_event[:, 1:].astype(float)
    else:
        at_risk = _still_there(weight, exit_row, entry_row, first, is_delayed)
        cells = np.bincount(exit_row * (n_cause + 1) + code, weight, minlength=m * (n_cause + 1))
        events = cells.reshape(m, n_cause + 1)[:, 1:]
    return RiskSets(
        row_stratum, time, first, n_at_risk, n_event[:, 0], n_event[:, 1:], at_risk, events,
        exit_row, entry_row, is_delayed,
    )  # fmt: skip


def sum_at_risk(sets: RiskSets, values: np.ndarray) -> np.ndarray:
    """Sum `values` (n,) or (n, p) over those at risk at each table row: (m,) or (m, p)."""
    if values.ndim == 2:
        return np.column_stack([sum_at_risk(sets, column) for column in values.T])
    return _still_there(values, sets.exit_row, sets.entry_row, sets.first, sets.is_delayed)


def sum_exits(sets: RiskSets, values: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Sum `values` (n,) or (n, p) over the rows of `which` (n,) by their exit: (m,) or (m, p)."""
    if values.ndim == 2:
        return np.column_stack([sum_exits(sets, column, which) for column in values.T])
    return np.bincount(sets.exit_row[which], values[which], minlength=len(sets))


def running(sets: RiskSets, values: np.ndarray) -> np.ndarray:
    """Cumulate table values (m,) or (m, p) from the start of each stratum."""
    out = np.empty(values.shape)
    for rows in sets.slices():
        np.cumsum(values[rows], axis=0, out=out[rows])
    return out


def before(sets: RiskSets, cumulated: np.ndarray, rows: np.ndarray, initial: float = 0.0):
    """Value of a step function (m,) or (m, p) just before table rows; `initial` at the start."""
    earlier = cumulated[np.maximum(rows - 1, 0)]
    at_start = rows == sets.first[sets.stratum[rows]]
    return np.where(at_start if cumulated.ndim == 1 else at_start[:, None], initial, earlier)


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
        If the cause is not one of the sample's.
    """
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


def require_rows(sample: Sequence) -> None:
    """Refuse a sample without rows.

    Raises
    ------
    EstimationError
        If the sample is empty.
    """
    if len(sample) == 0:
        raise EstimationError("the sample has no rows; see the flow for the rule that removed them")


def _first_row_after(entry, stratum, row_stratum, time, first) -> np.ndarray:
    """The first table row of the stratum whose time is later than the entry."""
    if not np.any(entry > 0.0):
        return first[stratum]
    times = np.unique(time)
    position = row_stratum * (len(times) + 1) + np.searchsorted(times, time)
    wanted = stratum * (len(times) + 1) + np.searchsorted(times, entry, side="right")
    # Without delay a row is at risk from the start, also at a time of exactly 0.
    return np.where(entry > 0.0, np.searchsorted(position, wanted), first[stratum])


def _still_there(values, exit_row, entry_row, first, is_delayed) -> np.ndarray:
    """Sum over those with entry_row <= row <= exit_row, cumulated from the end of each stratum."""
    m = int(first[-1])
    leaving = np.bincount(exit_row, values, minlength=m)
    out = _from_the_end(leaving, first)
    if is_delayed:
        entering = np.bincount(entry_row, values, minlength=m)
        out -= _from_the_end(entering, first) - entering
    return np.rint(out).astype(np.int64) if values.dtype.kind == "i" else out


def _from_the_end(values: np.ndarray, first: np.ndarray) -> np.ndarray:
    out = np.empty_like(values)
    for low, high in zip(first[:-1].tolist(), first[1:].tolist(), strict=True):
        out[low:high] = values[low:high][::-1].cumsum()[::-1]
    return out
