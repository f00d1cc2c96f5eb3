"""Who holds most of a sum of money: the two persons with the largest amounts in it.

A sum of which one or two persons hold nearly all tells their amounts, however many have a part in
it; above all to one of the two.
"""

import numpy as np
import pandas as pd

from evalkit.results.contract import LARGEST

__all__ = ["LARGEST", "largest_by_group", "shares_of_two", "two_largest"]


def two_largest(amounts: np.ndarray) -> np.ndarray:
    """Largest and second largest amount and the sum over persons, signs left out.

    Parameters
    ----------
    amounts : ndarray, shape (n_person, ...)
        Net amounts of each person.

    Returns
    -------
    ndarray, shape (3, ...)

    Examples
    --------
    >>> two_largest(np.array([5.0, -80.0, 15.0])).tolist()
    [80.0, 15.0, 100.0]
    """
    size = np.abs(np.asarray(amounts, dtype=float))
    size = np.concatenate([size, np.zeros((2, *size.shape[1:]))])
    top = np.partition(size, -2, axis=0)[-2:]
    return np.stack([top[1], top[0], size.sum(axis=0)])


def shares_of_two(first: np.ndarray, second: np.ndarray, gross: np.ndarray) -> np.ndarray:
    """Share of the sum that the two persons with most hold; 0 where there is no amount."""
    both = np.asarray(first, dtype=float) + second
    return np.divide(both, gross, out=np.zeros(both.shape), where=np.asarray(gross) > 0)


def largest_by_group(keys: list, person: pd.Series, amount: pd.Series) -> pd.DataFrame:
    """Largest, second largest and summed amounts of persons by group; none of nobody's flows.

    Parameters
    ----------
    keys : list of Series
        What the groups are made of.
    person, amount : Series
        Whose the amount is, missing where it is of nobody in particular.
    """
    held = amount.groupby([*keys, person], sort=True).sum().abs()
    groups = held.groupby(level=list(range(len(keys))))
    ranked = groups.rank(method="first", ascending=False)
    parts = {
        name: held[ranked == place].groupby(level=list(range(len(keys)))).sum()
        for place, name in enumerate(LARGEST[:2], start=1)
    }
    return pd.DataFrame({**parts, LARGEST[2]: groups.sum()}).fillna({LARGEST[1]: 0.0})
