"""Which points of growing counts may be shown: curves, and the steps of a flow.

A count that grows (persons who have left by month 1, 2, ...; persons still there before step k)
gives away its increments: whoever sees it at two points sees how many came between. So points are
taken in order of importance, and a point is left out where an increment would be too small. Over
units that add up, the same holds for every set of municipalities whose count follows from the
shown units at both points.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from evalkit.release.hierarchy import Hierarchy

Fails = Callable[[object], np.ndarray]


def open_points(
    counts: np.ndarray, order: Sequence[int], *, fails: Fails, allowed: np.ndarray
) -> np.ndarray:
    """Choose the points of one growing count that may be shown.

    Parameters
    ----------
    counts : ndarray, shape (n_point,)
        Cumulative counts, never falling; before the first point the count is 0.
    order : sequence of int
        All points, most important first.
    fails : callable
        Whether an increment is too small to be shown.
    allowed : ndarray of bool, shape (n_point,)
        Points that may be shown as far as other rules go.

    Returns
    -------
    ndarray of bool, shape (n_point,)
    """
    shown = np.zeros(len(counts), dtype=bool)
    for point in order:
        if not allowed[point]:
            continue
        before = np.flatnonzero(shown[:point])
        after = point + 1 + np.flatnonzero(shown[point + 1 :])
        gaps = [counts[point] - (counts[before[-1]] if before.size else 0)]
        if after.size:
            gaps.append(counts[after[0]] - counts[point])
        shown[point] = not fails(gaps).any()
    return shown


def protect_points(
    counts: np.ndarray,
    hierarchy: Hierarchy,
    order: Sequence[int],
    *,
    fails: Fails,
    allowed: np.ndarray,
    essential: np.ndarray,
    base: int | None = None,
) -> np.ndarray:
    """Choose the points that each unit may show so that no subtraction gives a small increment.

    Parameters
    ----------
    counts : ndarray, shape (n_leaf, n_point)
        Cumulative counts of each municipality, never falling.
    order : sequence of int
        All points, most important first.
    allowed : ndarray of bool, shape (n_node, n_point)
        What other rules allow.
    essential : ndarray of bool, shape (n_point,)
        Points at which a smaller unit is hidden rather than a larger one.
    base : int, optional
        A point without which a unit shows nothing.

    Returns
    -------
    ndarray of bool, shape (n_node, n_point)

    Notes
    -----
    At one point the shown units determine the sums over the leaves of each owner (the smallest
    shown unit that a leaf is in), and no others. The increment of a set of leaves between two
    points is therefore determined if and only if the set is a union of owners' leaves at both.
    """
    totals = hierarchy.member @ counts
    shown = np.array(
        [
            open_points(row, order, fails=fails, allowed=may)
            for row, may in zip(totals, allowed, strict=True)
        ]
    ).reshape(totals.shape)
    accepted: list[int] = []
    for point in order:
        while True:
            given_away = _given_away(counts, hierarchy, shown, point, accepted, fails)
            if given_away is None:
                break
            _hide_one(hierarchy, shown[:, point], totals[:, point], given_away, essential[point])
        if point == base:
            shown &= shown[:, [point]]
        accepted.append(point)
    return shown


def _given_away(counts, hierarchy, shown, point, accepted, fails) -> np.ndarray | None:
    """Owners at `point` whose leaves' increment follows from what is shown, and is too small."""
    owner = hierarchy.owner(shown[:, point])
    held = owner >= 0
    if not held.any():
        return None
    n_node = len(hierarchy.level)
    total = np.bincount(owner[held], counts[held, point], minlength=n_node)
    bad = np.isin(np.arange(n_node), owner[held]) & fails(total)
    if bad.any():
        return np.flatnonzero(bad)[:1]
    for other in accepted:
        before, after = min(point, other), max(point, other)
        increment = counts[:, after] - counts[:, before]
        found = _joint_owners(owner, hierarchy.owner(shown[:, other]), increment, n_node, fails)
        if found is not None:
            return found
    return None


def _joint_owners(owner, other, increment, n_node, fails) -> np.ndarray | None:
    """Owners of the first set that is a union of owners' leaves at both points and too small."""
    free = 2 * n_node
    left = np.where(owner >= 0, owner, free)
    right = np.where(other >= 0, other + n_node, free)
    graph = coo_array((np.ones(len(left)), (left, right)), shape=(free + 1, free + 1))
    component = connected_components(graph, directed=False)[1]
    of_leaf = component[left]
    known = of_leaf != component[free]
    total = np.bincount(of_leaf[known], increment[known], minlength=component.max() + 1)
    bad = np.flatnonzero(fails(total) & np.isin(np.arange(len(total)), of_leaf[known]))
    if not bad.size:
        return None
    return np.unique(owner[of_leaf == bad[0]])


def _hide_one(hierarchy, shown, size, owners, essential) -> None:
    """Hide one more unit at a point: a small one where the point matters, else the largest."""
    if not essential:
        shown[owners[-1]] = False
        return
    inside = [hierarchy.next_to_hide(owner, shown, size) for owner in owners]
    smaller = [node for node, owner in zip(inside, owners, strict=True) if node != owner]
    shown[min(smaller or list(owners), key=lambda node: (size[node], node))] = False
