"""Counting pairs that agree in two orders, in n log n."""

import numpy as np


def weight_below(
    point: tuple[np.ndarray, np.ndarray], weight: np.ndarray, query: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Sum the weights of the points below each query in both coordinates.

    Parameters
    ----------
    point, query : pairs of ndarrays of float, shapes (n,) and (k,)
        Two coordinates each; both must be strictly smaller.
    weight : ndarray of float, shape (n,)

    Returns
    -------
    ndarray of float, shape (k,)

    Notes
    -----
    Points and queries stand in the order of the first coordinate. From halves of all down to
    neighbours, each query in a right half gains the points of its left half that come before it in
    the order of the second coordinate: one cumulative sum a level.

    Examples
    --------
    >>> points, query = (np.array([1, 2]), np.array([5, 1])), (np.array([3]), np.array([4]))
    >>> weight_below(points, np.ones(2), query)
    array([1.])
    """
    n, k = len(weight), len(query[0])
    is_query = np.arange(n + k) >= n
    # Among equals queries come first, so that points that are equal do not count.
    place = _rank(np.concatenate([point[0], query[0]]), is_query)
    height = _rank(np.concatenate([point[1], query[1]]), is_query)
    mass = np.concatenate([weight, np.zeros(k)])
    total = np.zeros(n + k)
    order = np.argsort(height)
    size = 1 << max(int(n + k - 1).bit_length() - 1, 0)
    while size >= 1 and n + k > 1:
        half = place[order] // size
        is_left = half % 2 == 0
        cumulated = np.cumsum(np.where(is_left, mass[order], 0.0))
        block = half // 2
        first = np.flatnonzero(np.diff(block, prepend=-1))
        at_start = np.where(first > 0, cumulated[first - 1], 0.0)
        lengths = np.diff(np.append(first, n + k))
        gained = cumulated - np.repeat(at_start, lengths)
        total[order] += np.where(is_left, 0.0, gained)
        order = order[np.argsort(half, kind="stable")]
        size //= 2
    return total[n:]


def _rank(values: np.ndarray, is_query: np.ndarray) -> np.ndarray:
    order = np.lexsort((~is_query, values))
    rank = np.empty(len(values), dtype=np.intp)
    rank[order] = np.arange(len(values))
    return rank
