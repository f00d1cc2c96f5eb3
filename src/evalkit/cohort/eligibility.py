"""Who is eligible at the index month, judged from earlier months only, arms never seen.

Bridging of breaks is for eligibility and history; a break is never bridged in an exit.
"""

import numpy as np
import pandas as pd


def bridge(support: np.ndarray) -> np.ndarray:
    """Fill breaks of exactly one month between two months of support.

    Examples
    --------
    >>> bridge(np.array([[True, False, True, False, False, True]])).astype(int)
    array([[1, 1, 1, 0, 0, 1]])
    """
    filled = support.copy()
    filled[:, 1:-1] |= support[:, :-2] & support[:, 2:]
    return filled


def long_support(history: np.ndarray, months: int) -> np.ndarray:
    """Whether there was support in each of the last `months` months of a history.

    Parameters
    ----------
    history : ndarray of bool, shape (n, n_month)
        Public support; the last column is the month before the index month. With at least one
        column more than `months`, so that a break in the first of them can be bridged.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    return bridge(history)[:, -months:].all(axis=1)


def payers(spells: pd.DataFrame, n_person: int, months: int) -> np.ndarray:
    """Number of different payers of public support in the `months` months before the index month.

    Parameters
    ----------
    spells : DataFrame
        Rows of `evalkit.cohort.months.spells_on_clock`.

    Returns
    -------
    ndarray of int, shape (n_person,)
    """
    within = spells["public_support"] & (spells["first"] <= -1) & (spells["last"] >= -months)
    pairs = spells.loc[within, ["row", "actor"]].drop_duplicates()
    return np.bincount(pairs["row"], minlength=n_person)


def exclusions(
    *,
    age: np.ndarray,
    ages: tuple[int, int],
    gone: np.ndarray,
    history: np.ndarray,
    at_start: np.ndarray,
    payer: np.ndarray,
    months_of_support: int,
    min_actors: int,
) -> dict[str, np.ndarray]:
    """Mark who fails each rule, in the order in which the flow applies them.

    Parameters
    ----------
    age : ndarray of float, shape (n,)
        Age in the index month; NaN fails.
    gone : ndarray of int, shape (n,)
        First month in an absorbing state.
    history : ndarray of bool, shape (n, n_month)
        Public support up to the month before the index month.
    at_start : ndarray of bool, shape (n,)
        Public support in the index month. Not a rule about the past: who has left support before
        the clock starts cannot leave it later.
    payer : ndarray of int, shape (n,)
        See `payers`.

    Returns
    -------
    dict of str to ndarray of bool, shape (n,)
        `outside_ages`, `left_before_start`, `not_on_support`, `too_short_support`,
        `too_few_actors`.
    """
    return {
        "outside_ages": ~((age >= ages[0]) & (age <= ages[1])),
        "left_before_start": gone <= 0,
        "not_on_support": ~(history[:, -1] & at_start),
        "too_short_support": ~long_support(history, months_of_support),
        "too_few_actors": payer < min_actors,
    }
