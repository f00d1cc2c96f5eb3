"""Groups of rows: the one place where the levels of `by` get their order and their labels."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from evalkit.cohort.checks import coded, refuse, require_columns


def group_rows(
    frame: pd.DataFrame, by: str | Sequence[str] | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Number the groups that columns make: codes (n,) and labels, `", "` between several columns.

    Labels are in the order of the columns' categories, else sorted, except that an `arm` column
    puts `programme` before `comparison`. Without `by` there is one group with an empty label.

    Raises
    ------
    CohortError
        If a column is missing or has missing values.
    """
    if by is None:
        return np.zeros(len(frame), dtype=np.intp), ("",)
    names = [by] if isinstance(by, str) else list(by)
    require_columns(frame, **{f"by ({name})": name for name in names})
    if not len(frame):
        return np.zeros(0, dtype=np.intp), ()
    columns = [_coded(frame[name], name) for name in names]
    number = columns[0][0].astype(np.intp, copy=False)
    for codes, levels in columns[1:]:
        number = number * len(levels) + codes
    number, found = _numbered(number, math.prod(len(levels) for _, levels in columns))
    words = []
    for _, levels in reversed(columns):
        words.insert(0, [levels[position] for position in found % len(levels)])
        found = found // len(levels)
    return number, tuple(", ".join(parts) for parts in zip(*words, strict=True))


def rows_by_group(code: np.ndarray, n_group: int) -> list[np.ndarray]:
    """Positions of the rows of each group, in their order; a row with a negative code is in none.

    One pass over the rows, however many groups there are.

    Examples
    --------
    >>> [rows.tolist() for rows in rows_by_group(np.array([1, 0, -1, 1]), 3)]
    [[1], [0, 3], []]
    """
    order = np.argsort(code, kind="stable")
    bounds = np.searchsorted(code[order], np.arange(n_group + 1)).tolist()
    return [order[low:high] for low, high in pairwise(bounds)]


def _coded(column: pd.Series, name: str) -> tuple[np.ndarray, list[str]]:
    """Position of each row's level, and all levels in order, as text."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, levels = column.cat.codes.to_numpy(), list(column.cat.categories)
        refuse(codes < 0, name, "missing")
    else:
        codes, found = coded(column)
        refuse(codes < 0, name, "missing")
        levels = sorted(found)
        arms = [level for level in ("programme", "comparison") if level in levels]
        levels = arms + [level for level in levels if level not in arms]
        rank = {level: position for position, level in enumerate(levels)}
        codes = np.array([rank[level] for level in found], dtype=np.intp)[codes]
    if all(type(level) is str for level in levels):
        return codes, levels
    return codes, pd.Series(pd.Categorical(levels, categories=levels)).astype(str).tolist()


def _numbered(values: np.ndarray, n_possible: int) -> tuple[np.ndarray, np.ndarray]:
    """Number the values that occur in their order; also these values."""
    if n_possible > 4 * len(values) + 1_000:
        found, number = np.unique(values, return_inverse=True)
        return number, found
    occurs = np.bincount(values, minlength=n_possible) > 0
    found = np.flatnonzero(occurs)
    return (values if occurs.all() else (np.cumsum(occurs) - 1)[values]), found
