"""Which points of growing counts may be shown: curves, and the steps of a flow.

A count that grows (persons who have left by month 1, 2, ...; persons still there before step k)
gives away its increments: whoever sees it at two points sees how many came between. So points are
taken in order of importance, and a point is left out where an increment would be too small. Over
units that add up, the same holds for every set of municipalities whose count follows from the
shown units at both points.
"""

from collections.abc import Callable, Sequence

import numpy as np

from evalkit.release.hierarchy import Hierarchy

Fails = Callable[[object], np.ndarray]


def open_points(
    counts: np.ndarray, order: Sequence[int], *, fails: Fails, allowed: np.ndarray
) -> np.ndarray:
    """Choose the points of growing counts that may be shown, each count on its own.

    Parameters
    ----------
    counts : ndarray, shape (..., n_point)
        Cumulative counts, never falling; before the first point the count is 0.
    order : sequence of int
        All points, most important first.
    fails : callable
        Whether an increment is too small to be shown.
    allowed : ndarray of bool, same shape
        Points that may be shown as far as other rules go.

    Returns
    -------
    ndarray of bool, same shape
    """
    shown = np.zeros(counts.shape, dtype=bool)
    for point in order:
        now, before, after = counts[..., point], slice(point), slice(point + 1, None)
        last = np.where(shown[..., before], counts[..., before], 0).max(axis=-1, initial=0)
        following = np.where(shown[..., after], counts[..., after], np.inf)
        gap = following.min(axis=-1, initial=np.inf) - now
        shown[..., point] = allowed[..., point] & ~fails(now - last) & ~fails(gap)
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
    shown = open_points(totals, order, fails=fails, allowed=allowed)
    accepted: list[int] = []
    owners: list[np.ndarray] = []
    for point in order:
        while True:
            owner = hierarchy.owner(shown[:, point])
            given_away = _given_away(counts, owner, point, accepted, owners, fails)
            if given_away is None:
                break
            _hide_one(hierarchy, shown[:, point], totals[:, point], given_away, essential[point])
        if point == base:
            shown &= shown[:, [point]]
        accepted.append(point)
        owners.append(owner)
    return shown


def _given_away(counts, owner, point, accepted, owners, fails) -> np.ndarray | None:
    """Owners at `point` whose leaves' increment follows from what is shown, and is too small.

    The time before the first point is a point too: there every leaf is known to be 0.
    """
    leaf = np.arange(len(counts))
    others = np.array([leaf, *owners])
    past = np.column_stack([np.zeros(len(counts)), counts[:, accepted]]).T
    increment = np.abs(counts[:, point] - past)
    n_label = int(max(others.max(), owner.max())) + 2
    # One row of labels for each other point; the first label of a row: no shown unit tells.
    free = n_label * np.arange(len(others))[:, None]
    told = (owner >= 0) & (others >= 0)
    label = _joined(owner + 1 + free, others + 1 + free, np.where(told, owner + 1, 0) + free)
    total = np.bincount(label.ravel(), increment.ravel())
    bad = np.argwhere((label != free) & fails(total)[label])
    if not bad.size:
        return None
    row, leaf = bad[0]
    return np.unique(owner[label[row] == label[row, leaf]])


def _joined(left: np.ndarray, right: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Spread the smallest label over every set that is a union of groups on both sides."""
    n_group = int(max(left.max(), right.max())) + 1
    while True:
        before = label
        for group in (right, left):
            smallest = np.full(n_group, n_group)
            np.minimum.at(smallest, group.ravel(), label.ravel())
            label = smallest[group]
        if np.array_equal(label, before):
            return label


def _hide_one(hierarchy, shown, size, owners, essential) -> None:
    """Hide one more unit at a point: a small one where the point matters, else the largest."""
    if not essential:
        shown[owners[-1]] = False
        return
    inside = [hierarchy.next_to_hide(owner, shown, size) for owner in owners]
    smaller = [node for node, owner in zip(inside, owners, strict=True) if node != owner]
    shown[min(smaller or list(owners), key=lambda node: (size[node], node))] = False
