"""Tables of states before by states after: which cells may be shown beside their margins."""

from collections.abc import Callable

import numpy as np

from evalkit.release.tables import bridges

Fails = Callable[[object], np.ndarray]
FREE = ("free",)


def protect_square(
    counts: np.ndarray,
    shown: np.ndarray,
    row_shown: np.ndarray,
    column_shown: np.ndarray,
    *,
    known: np.ndarray,
    fails: Fails,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hide further cells until no small number follows from the shown ones and the margins.

    Parameters
    ----------
    counts : ndarray, shape (n_row, n_column)
    shown : ndarray of bool, same shape
        Cells that may be shown by their own numbers.
    row_shown, column_shown : ndarray of bool
        Margins that are shown. Cells of a hidden margin are hidden.
    known : ndarray of bool, shape (n_row, n_column)
        Cells that another table tells where they may be shown: hiding them protects nothing.

    Returns
    -------
    shown, row_shown, column_shown : ndarray of bool
        All false where no choice of cells is safe.

    Notes
    -----
    Two things follow from a margin: the sum of the hidden cells of a shown row or column, and a
    hidden cell itself, if its edge between row and column lies on no cycle of hidden cells (hidden
    margins meet in one vertex). Neither may be too small.

    Examples
    --------
    >>> counts = np.array([[30, 3, 20], [40, 25, 15], [20, 30, 50]])
    >>> own = counts >= 10
    >>> every, known = np.ones(3, dtype=bool), np.eye(3, dtype=bool)
    >>> few = lambda n: n < 10
    >>> protect_square(counts, own, every, every, known=known, fails=few)[0].astype(int)
    array([[1, 0, 0],
           [0, 1, 0],
           [0, 0, 1]])
    """
    seen = shown & row_shown[:, None] & column_shown[None, :]
    fixed = known & seen
    while True:
        wanted = _uneven(counts, seen, row_shown, column_shown, fails) or _bridge(
            counts, seen, row_shown, column_shown, fails
        )
        if wanted is None:
            return seen, row_shown, column_shown
        line, column = wanted
        left = seen & ~fixed
        inside = np.zeros_like(seen)
        if line is not None:
            inside[line] = True
        if column is not None:
            inside[:, column] = True
        candidates = np.argwhere(left & inside)
        if not len(candidates):
            candidates = np.argwhere(left)
        if not len(candidates):
            nothing = np.zeros_like(seen)
            return nothing, np.zeros_like(row_shown), np.zeros_like(column_shown)
        at = min(map(tuple, candidates), key=lambda cell: (counts[cell], cell))
        seen[at] = False


def _uneven(counts, seen, row_shown, column_shown, fails: Fails):
    """A row or column with a shown margin whose hidden cells have too small a sum."""
    for axis, margin in ((1, row_shown), (0, column_shown)):
        hidden = np.where(seen, 0, counts).sum(axis=axis)
        bad = np.flatnonzero((~seen).any(axis=axis) & margin & fails(hidden))
        if bad.size:
            return (int(bad[0]), None) if axis else (None, int(bad[0]))
    return None


def _bridge(counts, seen, row_shown, column_shown, fails: Fails):
    """A small hidden cell (or small parallel ones) that lies on no cycle."""
    size: dict[tuple, float] = {}
    for line, column in np.argwhere(~seen):
        first = ("row", int(line)) if row_shown[line] else FREE
        second = ("column", int(column)) if column_shown[column] else FREE
        if first != second:
            size[first, second] = size.get((first, second), 0.0) + float(counts[line, column])
    small = {edge for edge, count in size.items() if fails(count)}
    found = [edge for edge in bridges(list(size)) if edge in small]
    if not found:
        return None
    first, second = min(found, key=lambda edge: (size[edge], str(edge)))
    return (
        first[1] if first != FREE else None,
        second[1] if second != FREE else None,
    )


def implied(secrets: np.ndarray, told: np.ndarray) -> np.ndarray | None:
    """How the first secret that is a sum of multiples of what is told is put together.

    Parameters
    ----------
    secrets, told : ndarray, shape (n, n_cell)
        Numbers as sums over cells.

    Returns
    -------
    ndarray of float, shape (n_told,), or None
        Weights of what is told; None where no secret follows.

    Examples
    --------
    >>> total, one = np.array([1.0, 1.0]), np.array([1.0, 0.0])
    >>> implied(np.array([[0.0, 1.0]]), np.array([total, one])).round()
    array([ 1., -1.])
    """
    weights = np.linalg.lstsq(told.T, secrets.T, rcond=None)[0]
    gap = np.abs(told.T @ weights - secrets.T).max(axis=0)
    found = np.flatnonzero(gap < 1e-8)
    return weights[:, found[0]] if found.size else None
