"""Amounts shared between payers, so that no öre is lost."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.errors import ParameterError

LARGEST = 2.0**45  # smallest units; far above it floating point cannot tell neighbours apart
SHARE_ROUNDING = 1e-9
ROUNDING = 1e-15  # of an amount in smallest units: what products of floats are off by


def split_amount(amount, shares: Mapping[str, float], *, decimals: int = 2) -> pd.DataFrame:
    """Share amounts between parties in whole smallest units, the parts adding up exactly.

    Rounding each part on its own loses or makes money: a third of 100.00 three times is 99.99.

    Parameters
    ----------
    amount : array-like of float, shape (n,), or float
        Amounts of 0 or more in units of the currency; rounded to the smallest unit first.
    shares : mapping of str to float
        Share of each party in the total, 0 to 1, together 1.
    decimals : int
        Digits of the smallest unit: 2 for öre and cents, 0 for whole kronor.

    Returns
    -------
    DataFrame, n rows
        One column a party. Counted in smallest units, each row adds up to its amount.

    Raises
    ------
    ParameterError
        If an amount is missing, negative or too large, or shares are negative or not together 1.

    Notes
    -----
    Method of the largest remainder: every part is rounded down, and the units left over go to the
    parts with the largest remainders, in the order of `shares` among equal ones.

    References
    ----------
    Balinski, Young (1982) Fair Representation, on largest remainders (Hamilton's method).

    Examples
    --------
    The financing of a Swedish federation by law 2003:1210, of one krona and one öre:

    >>> split_amount(1.01, {"state": 0.5, "region": 0.25, "municipality": 0.25})
       state  region  municipality
    0   0.51    0.25          0.25
    """
    parts = np.array([float(share) for share in shares.values()])
    if not len(parts) or not (parts >= 0).all() or abs(parts.sum() - 1) > SHARE_ROUNDING:
        raise ParameterError(
            f"shares: {len(parts)} shares that must be 0 or more and add up to 1; a legal share is "
            "a share of the total"
        )
    given = np.atleast_1d(np.asarray(amount, dtype=float))
    units = np.rint(given * 10**decimals)
    wrong = ~((given >= 0) & (units < LARGEST))
    if wrong.any():
        raise ParameterError(
            f"amount: {int(wrong.sum())} of {given.size} are missing, negative or too large"
        )
    group = np.repeat(np.arange(given.size), len(parts))
    whole = whole_units((units[:, None] * parts).ravel(), group).reshape(given.size, len(parts))
    return pd.DataFrame(whole / 10**decimals, columns=list(shares))


def whole_units(ideal: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Round amounts to whole units so that each group keeps its rounded sum.

    Parameters
    ----------
    ideal : ndarray of float, shape (n,)
        0 or more, in smallest units.
    group : ndarray of int, shape (n,)
        Codes 0, 1, ... of the sums to be kept.

    Returns
    -------
    ndarray of int, shape (n,)
    """
    if not ideal.size:
        return np.zeros(0, dtype=np.int64)
    near = np.rint(ideal)
    exact = np.abs(ideal - near) <= ROUNDING * np.maximum(near, 1)
    ideal = np.where(exact, near, ideal)
    down = np.floor(ideal)
    n_group = int(group.max()) + 1
    total = np.rint(np.bincount(group, ideal, n_group))
    left = (total - np.bincount(group, down, n_group)).astype(np.int64)
    order = np.lexsort((down - ideal, group))  # stable: the first listed among equal remainders
    first = np.searchsorted(group[order], np.arange(n_group))
    rank = np.empty(ideal.size, dtype=np.int64)
    rank[order] = np.arange(ideal.size) - first[group[order]]
    return (down + (rank < left[group])).astype(np.int64)
