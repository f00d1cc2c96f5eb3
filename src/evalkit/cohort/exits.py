"""The rule of a sustained exit, on matrices of person-months."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.cohort.months import NEVER
from evalkit.errors import CohortError

BLOCK = 1 << 15  # persons who walk through the months together, so that they fit in the cache

Dating = Literal["first", "confirmed"]
ParentalRule = Literal["neutral", "none", "support"]


@dataclass(frozen=True, slots=True, eq=False)
class Exits:
    """How and when the follow-up of each person ended.

    Attributes
    ----------
    duration : ndarray of int, shape (n,)
        Months from the index month to the exit or to the end of follow-up.
    cause : ndarray of str, shape (n,)
        The exit, an absorbing state, or `censored`.
    """

    duration: np.ndarray
    cause: np.ndarray


def sustained_exit(
    support: np.ndarray,
    parental: np.ndarray,
    absorbed: Mapping[str, np.ndarray],
    *,
    k: int,
    last: np.ndarray,
    end: np.ndarray | None = None,
    dating: Dating = "first",
    parental_rule: ParentalRule = "neutral",
    name: str = "self_support",
) -> Exits:
    """Find the first exit that lasts k months, or what ended the follow-up instead.

    An exit is dated to the first month of the first run of k months without public support, and is
    known only k - 1 months later. So everybody's follow-up, exited or not, ends k - 1 months
    before the data cut. Following those without an exit up to the data cut, or censoring a run
    that is still open at its start, counts only the exits that had time to be confirmed and gives
    too low an incidence.

    Parameters
    ----------
    support, parental : ndarray of bool, shape (n, n_month)
        Public support and parental benefit by month; column 0 is the index month, which is not at
        risk. A month with both is a month of support.
    absorbed : mapping of str to ndarray of int, shape (n,)
        First month of each absorbing state (`NEVER` where not reached), the state that goes first
        within a month first. A month in or after one never counts towards a run.
    k : int
        Months without public support that make an exit sustained; all k must be observed.
    last : ndarray of int, shape (n,)
        Last observed month: the data cut on each person's clock.
    end : ndarray of int, shape (n,), optional
        End of follow-up where several rules share the end of the longest; by default
        `last - (k - 1)`. Not used with `dating="confirmed"`, where follow-up ends at the data cut.
    dating : {"first", "confirmed"}
        Date of an exit: the first month of its run, or the month in which the run is k long.
    parental_rule : {"neutral", "none", "support"}
        Months of parental benefit neither start, continue nor break a run; or count as free of
        support; or count as support.
    name : str
        Cause of an exit.

    Returns
    -------
    Exits

    Raises
    ------
    CohortError
        If k is below 1, if shapes differ, or if `end` is later than a run of k can be observed.

    Notes
    -----
    Let c(t) be the number of free months up to t and b(t) the same number at the last month of
    support. The first t with c(t) - b(t) = k completes the first run; it began at the first month
    with c = c(t) - k + 1. With neutral parental months a run can take longer than k months, and
    one that is not complete at the data cut is no exit.

    References
    ----------
    docs/conventions.md, sustained exits and the common end of follow-up.

    Examples
    --------
    On support in months 0 and 1, free from month 2, records up to month 5:

    >>> support = np.array([[True, True, False, False, False, False]])
    >>> none = np.zeros_like(support)
    >>> found = sustained_exit(support, none, {}, k=3, last=np.array([5]))
    >>> int(found.duration[0]), found.cause[0]
    (2, 'self_support')

    With records up to month 3 only, the run cannot be seen to last and follow-up ends at 1:

    >>> found = sustained_exit(support, none, {}, k=3, last=np.array([3]))
    >>> int(found.duration[0]), found.cause[0]
    (1, 'censored')
    """
    last = np.asarray(last)
    end = last - (k - 1) if end is None else np.asarray(end)
    _check(support, parental, last, end, k)
    gone, reason = _first_absorbed(absorbed, len(support))
    taken = support | parental if parental_rule == "support" else support
    neutral = parental if parental_rule == "neutral" and parental.any() else None
    begun, complete = _first_run(taken, neutral, np.minimum(last, gone - 1), k)
    exited, stop = (complete, last) if dating == "confirmed" else (begun, end)
    duration = np.minimum(np.minimum(exited, gone), stop)
    cause = np.full(len(support), "censored", dtype=object)
    cause[gone <= stop] = reason[gone <= stop]
    cause[exited <= stop] = name
    return Exits(duration, cause)


def _first_run(
    taken: np.ndarray, neutral: np.ndarray | None, until: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """First and k-th month of the first run of k free months; `NEVER` without one."""
    begun = np.full(len(taken), NEVER, dtype=np.int64)
    complete = begun.copy()
    for low in range(0, len(taken), BLOCK):
        rows = slice(low, low + BLOCK)
        spared = ~np.ascontiguousarray(taken[rows].T)
        skipped = None if neutral is None else np.ascontiguousarray(neutral[rows].T)
        _walk(spared, skipped, until[rows], k, begun[rows], complete[rows])
    return begun, complete


def _walk(spared, neutral, until, k, begun, complete) -> None:
    """Walk through the months of some persons, (n_month, n), and note their first runs.

    A neutral month leaves a run as it is, so a run can be longer than k months.
    """
    run = np.zeros(spared.shape[1], dtype=np.int16)
    first = np.zeros(spared.shape[1], dtype=np.int16)
    until = np.clip(until, -1, len(spared)).astype(np.int16)
    is_open = np.ones(spared.shape[1], dtype=bool)
    for month in range(1, len(spared)):
        free = until >= month
        free &= spared[month]
        if neutral is not None:
            free &= ~neutral[month]
        run *= spared[month]
        run += free
        if neutral is not None:
            np.copyto(first, month, where=free & (run == 1))
        ready = free & (run == k)
        ready &= is_open
        if ready.any():
            begun[ready] = month - k + 1 if neutral is None else first[ready]
            complete[ready] = month
            is_open &= ~ready


def _first_absorbed(absorbed: Mapping[str, np.ndarray], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Month of the first absorbing state of each person, and its name."""
    gone = np.full(n, NEVER, dtype=np.int64)
    reason = np.full(n, "", dtype=object)
    for name, month in absorbed.items():
        # Strictly earlier: within one month the state named first goes first.
        earlier = month < gone
        gone[earlier], reason[earlier] = month[earlier], name
    return gone, reason


def _check(support, parental, last, end, k) -> None:
    if k < 1:
        raise CohortError(f"k: a sustained exit needs at least 1 month, not {k}")
    if support.shape != parental.shape or len(support) != len(last) or len(end) != len(last):
        raise CohortError("support, parental, last and end: one row for each person in all of them")
    late = int((end > last - (k - 1)).sum())
    if late:
        raise CohortError(
            f"end: for {late} of {len(end)} persons later than k - 1 months before the last "
            "observed month; a run that starts there cannot be seen to last"
        )
