"""Exits on either side of a term: what the door decides on models by.

A coefficient of two groups, with its error, tells how many of each exited, so the support of a term
counts the exits of both.
"""

from collections.abc import Sequence

import numpy as np

from evalkit.survival.design_matrix import DesignMatrix

FEW_ROWS = 1000  # most numbers have more than two values, and the first few rows already show it


def term_support(
    design: DesignMatrix,
    event: np.ndarray,
    *,
    person: np.ndarray | None = None,
    frequency: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Persons and exits behind each coefficient.

    Parameters
    ----------
    event : ndarray of bool, shape (n,)
        Rows that end in an exit, in the order of the design.
    person, frequency : ndarray, shape (n,), optional
        As in `design_matrix`.

    Returns
    -------
    dict of ndarray, shape (p,)
        `n` persons of the smaller group; `k` persons with an exit who have the level of the term,
        `complement` those with an exit who have its reference level. Of terms that are multiplied
        with each other, the combination with the fewest: `k` leaves out those without any. Missing
        for numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.survival.design_matrix import design_matrix
    >>> design = design_matrix("old", pd.DataFrame({"old": [0, 0, 0, 1]}))
    >>> found = term_support(design, np.array([True, True, False, True]))
    >>> {name: values.tolist() for name, values in found.items()}
    {'n': [1.0], 'k': [1.0], 'complement': [2.0]}
    """
    n, k, complement = (np.full(len(design.terms), np.nan) for _ in range(3))
    for term, groups in enumerate(groups_of(design)):
        if not groups:
            n[term] = design.n[term]
            continue
        sizes = [_count(rows, person, frequency) for rows in groups]
        exits = [_count(rows & event, person, frequency) for rows in groups]
        n[term] = min(sizes)
        k[term], complement[term] = exits if len(exits) == 2 else smallest(exits)
    return {"n": n, "k": k, "complement": complement}


def exits_since(
    design: DesignMatrix, exits: np.ndarray, time: np.ndarray, at: np.ndarray
) -> dict[str, np.ndarray]:
    """Exits on either side of each term between successive times.

    Parameters
    ----------
    exits : ndarray of int, shape (d,)
        Rows of the design that end in an exit.
    time : ndarray of float, shape (d,)
        When they do.
    at : ndarray of float, shape (t,)
        Rising times.

    Returns
    -------
    dict of ndarray, shape (p, t)
        `k` and `complement` as in `term_support`, since the time before; of terms that are
        multiplied with each other, the two combinations with the fewest exits in all.
    """
    row = np.searchsorted(at, time, side="left")
    found = {name: np.full((len(design.terms), len(at)), np.nan) for name in ("k", "complement")}
    for term, groups in enumerate(groups_of(design)):
        if not groups:
            continue
        inside = sorted((rows[exits] for rows in groups), key=np.sum)[:2]
        if len(groups) == 2:
            inside = [rows[exits] for rows in groups]
        for name, rows in zip(found, inside, strict=True):
            found[name][term] = np.bincount(row[rows], minlength=len(at) + 1)[: len(at)]
    return found


def of_all_terms(support: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Support (1,) of one number about a whole model: the smallest groups of its terms."""
    counts = np.concatenate([support["k"], support["complement"]])
    counts = counts[~np.isnan(counts)].tolist()
    k, complement = smallest(counts) if counts else (np.nan, np.nan)
    least = {"n": support["n"].min(), "k": k, "complement": complement}
    return {name: np.array([value]) for name, value in least.items()}


def smallest(counts: Sequence[float]) -> tuple[float, float]:
    """The smallest count above 0 (0 where there is none), and the smallest of all.

    The door may hide small counts and show 0, or hide both: it needs to know of either.
    """
    some = [count for count in counts if count > 0]
    return min(some, default=0), min(counts)


def groups_of(design: DesignMatrix) -> list[list[np.ndarray]]:
    """Rows (n,) of the groups that each coefficient compares; none for numbers.

    They are those with the level and those with the reference level; where terms are multiplied,
    all combinations of their levels that occur, since each follows from the coefficients.
    """
    sources = design.sources or design.terms
    level = [_higher(column) for column in design.values.T]
    joined = _multiplied(sources)
    groups = []
    for term, source in enumerate(sources):
        together = joined.get(source, {source})
        columns = [
            rows
            for rows, name in zip(level, sources, strict=True)
            if rows is not None and name in together
        ]
        if len(together) > 1 and columns:
            groups.append(_combinations(columns))
        elif level[term] is not None:
            groups.append([level[term], ~np.logical_or.reduce(columns)])
        else:
            groups.append([])
    return groups


def _higher(column: np.ndarray) -> np.ndarray | None:
    """Rows with the higher of two values; None where there are more."""
    few = column[:FEW_ROWS]
    if len(np.unique(few)) > 2:
        return None
    high, low = column.max(), column.min()
    is_high = column == high
    return is_high if np.all(is_high | (column == low)) else None


def _multiplied(sources: Sequence[str]) -> dict[str, set[str]]:
    """Terms of the formula that a product ties together, by term."""
    joined: dict[str, set[str]] = {}
    for source in dict.fromkeys(sources):
        factors = source.split(":")
        if len(factors) < 2:
            continue
        group = {source, *factors}.union(*(joined.get(name, ()) for name in (source, *factors)))
        joined |= dict.fromkeys(group, group)
    return joined


def _combinations(columns: Sequence[np.ndarray]) -> list[np.ndarray]:
    _, code = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
    return [code.ravel() == number for number in range(int(code.max()) + 1)]


def _count(rows: np.ndarray, person: np.ndarray | None, frequency: np.ndarray | None) -> float:
    if person is None:
        return float(rows.sum() if frequency is None else frequency[rows].sum())
    first = np.unique(person[rows], return_index=True)[1]
    return float(len(first) if frequency is None else frequency[rows][first].sum())
