"""Checks of a frame's columns: they say what is wrong and where, never with which value."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from evalkit.errors import CohortError
from evalkit.provenance import factorised

SHOWN = 12  # names that a message lists at most


def event_causes(frame, event, cause, censored, causes) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes (0 = censored) and names of causes, from a boolean or a string column."""
    if (event is None) == (cause is None):
        raise CohortError("events: name either `event` (boolean) or `cause` (with `censored`)")
    if event is not None:
        values = frame[event]
        known = _is_zero_or_one(values)
        if values.dtype.kind not in "biuf" or not known.all():
            raise CohortError(
                f"{event}: an event must be boolean or 0/1; {int((~known).sum())} of {len(frame)} "
                "rows are not. Recode it, or name a `cause` column with its `censored` level."
            )
        return values.to_numpy().astype(np.int16), tuple(causes or ("event",))
    if censored is None:
        raise CohortError(f"{cause}: say which level means censored (`censored=`)")
    number, levels = _levels(frame[cause], cause)
    found = sorted(set(levels) - {censored})
    if causes is None:
        _require_level(frame[cause], cause, censored, levels)
    names = tuple(causes) if causes else tuple(found)
    if set(found) - set(names):
        raise CohortError(f"{cause}: {len(set(found) - set(names))} causes are not among `causes`")
    code = pd.Categorical(levels, categories=list(names)).codes.astype(np.int16) + np.int16(1)
    return (code[number] if len(levels) else np.zeros(len(frame), dtype=np.int16)), names


def _require_level(column: pd.Series, name: str, censored: str, levels: list[str]) -> None:
    """Refuse a level of censoring that is none of the column's: it may be misspelt."""
    is_category = (
        isinstance(column.dtype, pd.CategoricalDtype) and censored in column.cat.categories
    )
    if not levels or censored in levels or is_category:
        return
    raise CohortError(
        f"{name}: no row has the level censored={censored!r}; there are "
        f"{listed(sorted(map(repr, levels)))}. Correct the name; if nobody was censored, give "
        "causes=, the causes that could occur."
    )


def listed(names: Iterable[object]) -> str:
    """Names one after the other, cut short where they are many."""
    words = [str(name) for name in names]
    return ", ".join(words[:SHOWN]) + (", ..." if len(words) > SHOWN else "")


def coded(column: pd.Series) -> tuple[np.ndarray, list]:
    """Position of each row's value among those that occur, in any order; -1 where missing."""
    number, levels = factorised(column.to_numpy()) if column.dtype == object else column.factorize()
    return number, list(levels)


def _levels(column: pd.Series, name: str) -> tuple[np.ndarray, list[str]]:
    """Position of each row's text among those that occur; anything but text is refused."""
    try:
        number, levels = coded(column)
    except TypeError:  # a value that cannot be hashed, such as a list
        number, levels = np.arange(len(column)), list(column)
    is_text = np.array([*(isinstance(level, str) for level in levels), False])
    refuse(~is_text[number], name, "not a string")
    return number, levels


def _is_zero_or_one(column: pd.Series) -> np.ndarray:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        values = column.to_numpy()
        return (values == 0) | (values == 1)
    return column.isin([0, 1]).to_numpy() & column.notna().to_numpy()


def require_columns(frame: pd.DataFrame, **columns: str | None) -> None:
    """Raise where a named column is not in the frame; the message gives its role."""
    missing = [
        f"{role} = {name!r}"
        for role, name in columns.items()
        if name is not None and name not in frame.columns
    ]
    if missing:
        there = listed(frame.columns) or "none"
        raise CohortError(f"no such column: {'; '.join(missing)}; the columns are {there}")


def numbers(
    frame: pd.DataFrame, name: str, *, at_least: float | None = None, allow_missing: bool = False
) -> np.ndarray:
    """Take a numeric column as float; missing, infinite and too small values are refused."""
    if frame[name].dtype.kind not in "biuf":
        raise CohortError(f"{name}: must be numeric, is {frame[name].dtype}")
    values = frame[name].to_numpy(dtype=float)
    if not allow_missing:
        refuse(~np.isfinite(values), name, "missing or infinite")
    if at_least is not None:
        refuse(values < at_least, name, f"below {at_least:g}")
    return values


def require_one_a_person(frame: pd.DataFrame, name: str, person: np.ndarray) -> None:
    """Refuse an arm that changes between the rows of a person, which stand next to each other."""
    number = coded(frame[name])[0]
    known = number >= 0  # what is missing is for the estimator to refuse
    number, person = number[known], person[known]
    changes = (person[1:] == person[:-1]) & (number[1:] != number[:-1])
    count = len(np.unique(person[1:][changes]))
    if count:
        raise CohortError(
            f"{name}: changes between the rows of {count} persons. The arm is fixed at baseline; "
            "a column that changes is an ordinary covariate, without arm="
        )


def codes(frame: pd.DataFrame, name: str | None) -> np.ndarray | None:
    """Number the values of a column in sorted order; missing values are refused."""
    if name is None:
        return None
    refuse(frame[name].isna().to_numpy(), name, "missing")
    return frozen(pd.factorize(frame[name], sort=True)[0])


def frozen(values: np.ndarray, *, copy: bool = True) -> np.ndarray:
    """Copy into a read-only array; without a copy only what nobody else holds."""
    array = np.array(values, copy=True) if copy else values
    array.setflags(write=False)
    return array


def refuse(wrong: np.ndarray | bool, name: str, what: str) -> None:
    """Raise with the positions of the first rows that are wrong, never with their values."""
    bad = np.flatnonzero(wrong)
    if bad.size:
        shown = ", ".join(str(row) for row in bad[:5]) + (", ..." if bad.size > 5 else "")
        size = np.size(wrong)
        raise CohortError(f"{name}: {bad.size} of {size} rows {what} (positions {shown})")
