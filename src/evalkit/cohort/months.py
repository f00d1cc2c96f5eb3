"""Spells to months: which person received what, in which month of the person's own clock.

The clock of a person counts whole months from the index month (0). A window `(low, high)` names
the months of a matrix, both ends included; column j of the matrix is month `low + j`.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from evalkit.errors import CohortError
from evalkit.records import schema

NEVER = np.iinfo(np.int32).max
MOST_DAYS = 400 * 366  # a calendar to look days up in; dates further apart are reckoned one by one
BLOCK = 1 << 19  # persons whose months are counted together: what bounds the memory
CHUNK = 1 << 14  # rows that are worked on together, so that they stay in the cache

# Which state of the occupation figure a state of the code book makes. Subsidised work and study
# are no public support under SS-FORS, so a month of theirs is one of self-support.
STATE_GROUPS = {
    "sickness": "health_related",
    "disability": "health_related",
    "unemployment": "labour_market",
    "programme": "labour_market",
    "last_resort": "last_resort",
    "parental": "parental",
    "subsidised_work": "self_support",
    "study": "self_support",
}

# States of a month, the later ones before the earlier ones where a person has several: last-resort
# support is often a supplement to another benefit, so the other benefit names the month.
MONTH_STATES = (
    "self_support",
    "parental",
    "last_resort",
    "labour_market",
    "health_related",
    "old_age_pension",
    "disability_pension",
    "emigrated",
    "died",
)

# Within one month the earlier of these goes before the later (docs/conventions.md).
ABSORBING = ("died", "emigrated", "disability_pension", "old_age_pension")

SOURCES = ("sickness", "disability", "unemployment", "programme", "last_resort")


def month_number(values: pd.Series | str) -> np.ndarray:
    """Number calendar months: year * 12 + month - 1, and `NEVER` where the value is missing.

    Parameters
    ----------
    values : Series of datetime64 or of text `YYYY-MM`, or one such text

    Examples
    --------
    >>> int(month_number("2024-01"))
    24288
    """
    if isinstance(values, str):
        return month_number(pd.Series([values]))[0]
    if values.dtype.kind == "M":
        return _months_of_days(values.to_numpy())
    months = values.astype(object).fillna("NaT").to_numpy(dtype=str).astype("datetime64[M]")
    return np.where(np.isnat(months), NEVER, months.astype(np.int64) + 1970 * 12)


def _months_of_days(dates: np.ndarray) -> np.ndarray:
    """Month numbers of dates, (n,): each day that can occur is looked up, not reckoned."""
    months = np.full(len(dates), NEVER, dtype=np.int64)
    known = ~np.isnat(dates)
    if not known.any():
        return months
    low, high = (at.reduce(dates).astype("datetime64[D]") for at in (np.fmin, np.fmax))
    if high - low > np.timedelta64(MOST_DAYS, "D"):
        months[known] = dates[known].astype("datetime64[M]").astype(np.int64) + 1970 * 12
        return months
    calendar = np.arange(low, high + 1, dtype="datetime64[D]").astype("datetime64[M]")
    number = np.append(calendar.astype(np.int64) + 1970 * 12, NEVER)
    for begin in range(0, len(dates), CHUNK):
        rows = slice(begin, begin + CHUNK)
        place = (dates[rows].astype("datetime64[D]") - low).astype(np.int64)
        months[rows] = number[np.where(known[rows], place, -1)]
    return months


def month_text(number: np.ndarray) -> np.ndarray:
    """Write month numbers as `YYYY-MM`.

    Examples
    --------
    >>> month_text(np.array([24288]))[0]
    '2024-01'
    """
    months = (np.asarray(number, dtype=np.int64) - 1970 * 12).astype("datetime64[M]")
    return months.astype(str).astype(object)


def spells_on_clock(
    spells: pd.DataFrame,
    book: pd.DataFrame,
    person: pd.Series,
    index_month: np.ndarray,
    *,
    data_cut: int,
) -> pd.DataFrame:
    """Put the spells of some persons on their clocks, cut at the data cut.

    Parameters
    ----------
    spells : DataFrame
        The table of the records. A missing degree counts as full.
    book : DataFrame
        `evalkit.codes.benefits(country)`.
    person : Series of str, shape (n,)
        The persons; a spell's `row` is the position here.
    index_month : ndarray of int, shape (n,)
        Month numbers.
    data_cut : int
        Month number of the last month that the records cover. Running spells end there.

    Returns
    -------
    DataFrame
        `row`, `first`, `last` (months on the clock), `start`, `end` (dates), `state`, `actor`,
        `public_support`, `parental`, `absorbs` (this degree absorbs).

    Raises
    ------
    CohortError
        If benefit codes are not in the code book.
    """
    row = pd.Index(person).get_indexer(spells[schema.PERSON_ID])
    known = spells[schema.BENEFIT].isin(book.index).to_numpy()
    if not known.all():
        raise CohortError(
            f"spells: {int((~known).sum())} of {len(spells)} rows have a benefit that the code "
            "book of the country does not list; map it to a listed code (data.mapping)"
        )
    degree = pd.to_numeric(spells[schema.DEGREE]).fillna(100.0).to_numpy()
    begin = month_number(spells[schema.START])
    kept = np.flatnonzero((row >= 0) & (degree > 0) & (begin <= data_cut))
    chosen, row = spells.iloc[kept], row[kept]
    benefit = book.take(book.index.get_indexer(chosen[schema.BENEFIT]))
    last_day = (pd.Period(str(month_text(np.array([data_cut]))[0]), "M")).end_time.normalize()
    end = chosen[schema.END].fillna(last_day).clip(upper=last_day)
    clock = index_month[row]
    full_enough = ~(degree[kept] < benefit["min_degree"].to_numpy(dtype=float))
    return pd.DataFrame(
        {
            "row": row,
            "first": begin[kept] - clock,
            "last": month_number(end) - clock,
            "start": chosen[schema.START].to_numpy(),
            "end": end.to_numpy(),
            "state": pd.Categorical(benefit["state"]),
            "actor": pd.Categorical(benefit["actor"]),
            "public_support": benefit["public_support"].to_numpy(dtype=bool),
            "parental": benefit["parental"].to_numpy(dtype=bool),
            "absorbs": benefit["absorbing"].to_numpy(dtype=bool) & full_enough,
        }
    )


def cover(
    row: np.ndarray, first: np.ndarray, last: np.ndarray, *, n_person: int, window: tuple[int, int]
) -> np.ndarray:
    """Mark the months that at least one interval touches.

    Parameters
    ----------
    row, first, last : ndarray of int, shape (n_interval,)
        Person, first and last month of each interval.

    Returns
    -------
    ndarray of bool, shape (n_person, n_month)
        Months lie apart in memory and persons side by side, as what walks through months needs.

    Notes
    -----
    Each interval adds 1 where it starts and takes 1 away behind its end; the running sum over
    months counts the intervals that cover a month. There is no loop over persons, but blocks of
    them, so that memory beyond the result does not grow with their number.

    Examples
    --------
    >>> one = np.array([0])
    >>> cover(one, np.array([-5]), np.array([1]), n_person=1, window=(0, 3)).astype(int)
    array([[1, 1, 0, 0]])
    """
    low, high = window
    width = high - low + 1
    covered = np.empty((width, n_person), dtype=bool)
    row, first, last = np.asarray(row), np.asarray(first), np.asarray(last)
    for begin, chosen in _blocks(row, n_person):
        block = slice(begin, min(begin + BLOCK, n_person))
        size = block.stop - begin
        change = np.zeros((width + 1, size), dtype=np.int16)
        for rows in chosen:
            who = row[rows] - begin
            starts = np.clip(first[rows] - low, 0, width) * size + who
            np.add.at(change.reshape(-1), starts, np.int16(1))
            ends = np.clip(last[rows] + 1 - low, 0, width) * size + who
            np.add.at(change.reshape(-1), ends, np.int16(-1))
        count = np.zeros(size, dtype=np.int16)
        for month in range(width):
            count += change[month]
            np.greater(count, 0, out=covered[month, block])
    return covered.T


def _blocks(row: np.ndarray, n_person: int) -> Iterator[tuple[int, list[np.ndarray | slice]]]:
    """First person of each block, and the intervals of its persons in chunks."""
    if n_person <= BLOCK:
        yield 0, [slice(begin, begin + CHUNK) for begin in range(0, len(row), CHUNK)]
        return
    block = (row // BLOCK).astype(np.uint16)
    order = np.argsort(block, kind="stable")
    ends = np.cumsum(np.bincount(block, minlength=-(-n_person // BLOCK)))
    for number, end in enumerate(ends.tolist()):
        begin = int(ends[number - 1]) if number else 0
        parts = range(begin, end, CHUNK)
        yield number * BLOCK, [order[at : min(at + CHUNK, end)] for at in parts]


def received(
    spells: pd.DataFrame,
    index_month: np.ndarray,
    *,
    window: tuple[int, int],
    min_share: float | None = None,
) -> np.ndarray:
    """Mark the months in which at least one of the spells was paid.

    Parameters
    ----------
    spells : DataFrame
        Rows of `spells_on_clock`, already limited to the benefits in question.
    index_month : ndarray of int, shape (n_person,)
    min_share : float, optional
        Share of a month's days that must be covered; by default one day is enough. Days that
        several spells cover count once.

    Returns
    -------
    ndarray of bool, shape (n_person, n_month)
    """
    n_person = len(index_month)
    if min_share is None:
        row, first, last = (spells[name].to_numpy() for name in ("row", "first", "last"))
        return cover(row, first, last, n_person=n_person, window=window)
    row, start, end = _merged_days(spells)
    first, last = (_months(days) - index_month[row] for days in (start, end))
    whole = cover(row, first + 1, np.maximum(last - 1, first), n_person=n_person, window=window)
    low, high = window
    days = np.zeros(whole.shape, dtype=np.int16)
    same = first == last
    head = np.where(same, end - start + 1, _month_start(_months(start) + 1) - start)
    tail = end - _month_start(_months(end)) + 1
    for month, length, used in ((first, head, np.ones(len(row), bool)), (last, tail, ~same)):
        inside = used & (month >= low) & (month <= high)
        np.add.at(days, (row[inside], month[inside] - low), length[inside].astype(np.int16))
    number = index_month[:, None] + np.arange(low, high + 1)
    size = _month_start(number + 1) - _month_start(number)
    return whole | (days >= min_share * size) & (days > 0)


def absorbing_months(
    spells: pd.DataFrame, persons: pd.DataFrame, index_month: np.ndarray
) -> dict[str, np.ndarray]:
    """First month of each absorbing state on the clock, `NEVER` where it is not reached.

    Parameters
    ----------
    spells : DataFrame
        Rows of `spells_on_clock`; those that absorb make the pensions.
    persons : DataFrame, n_person rows
        With `died_month` and `emigrated_month`.

    Returns
    -------
    dict of str to ndarray of int, shape (n_person,)
        In the order within a month: died, emigrated, disability pension, old-age pension.
    """
    months = {}
    for name, column in (("died", schema.DIED_MONTH), ("emigrated", schema.EMIGRATED_MONTH)):
        number = month_number(persons[column])
        months[name] = np.where(number == NEVER, NEVER, number - index_month)
    for name, state in (("disability_pension", "disability"), ("old_age_pension",) * 2):
        chosen = spells[spells["absorbs"] & (spells["state"] == state)]
        months[name] = np.full(len(index_month), NEVER, dtype=np.int64)
        np.minimum.at(months[name], chosen["row"].to_numpy(), chosen["first"].to_numpy())
    return months


def state_of_month(
    groups: Mapping[str, np.ndarray],
    absorbed: Mapping[str, np.ndarray],
    *,
    last: np.ndarray,
    parental_rule: str = "neutral",
) -> np.ndarray:
    """State of each person in each month from the index month on.

    Parameters
    ----------
    groups : mapping of str to ndarray of bool, shape (n, n_month)
        Months by the groups of `STATE_GROUPS`; column 0 is the index month.
    absorbed : mapping of str to ndarray of int, shape (n,)
        See `absorbing_months`. A person stays in an absorbing state.
    last : ndarray of int, shape (n,)
        Last observed month: the data cut on the person's clock.
    parental_rule : str
        Under `none` a month of parental benefit is one of self-support.

    Returns
    -------
    ndarray of int8, shape (n, n_month)
        Index into `MONTH_STATES`, the highest of the states present; -1 after `last`.
    """
    n, n_month = next(iter(groups.values())).shape
    month = np.arange(n_month)
    state = np.zeros((n, n_month), dtype=np.int8)
    for code, name in enumerate(MONTH_STATES):
        if name in absorbed:
            state[month >= absorbed[name][:, None]] = code
        elif name in groups and not (name == "parental" and parental_rule == "none"):
            state[groups[name]] = code
    state[month > last[:, None]] = -1
    return state


def _merged_days(spells: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Person, first and last day (days since 1970) of runs of days, disjoint within a person."""
    day = spells[["row"]].assign(
        start=spells["start"].to_numpy().astype("datetime64[D]").astype(np.int64),
        end=spells["end"].to_numpy().astype("datetime64[D]").astype(np.int64),
    )
    day = day.sort_values(["row", "start", "end"], kind="stable")
    reach = day.groupby("row")["end"].cummax()
    before = reach.groupby(day["row"]).shift()
    block = (before.isna() | (day["start"] > before)).cumsum()
    merged = day.groupby(block).agg({"row": "first", "start": "min", "end": "max"})
    return tuple(merged[name].to_numpy() for name in ("row", "start", "end"))


def _months(days: np.ndarray) -> np.ndarray:
    """Month numbers of days since 1970."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12


def _month_start(number: np.ndarray) -> np.ndarray:
    """First day of months, in days since 1970."""
    months = (np.asarray(number) - 1970 * 12).astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64)
