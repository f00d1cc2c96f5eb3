"""Value sets: the published tables that turn a profile of answers into an index."""

from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np
import pandas as pd

from evalkit.codes import read_codes
from evalkit.errors import ParameterError

FullHealth = Literal["model", "one"]

DIMENSIONS = ("mo", "sc", "ua", "pd", "ad")
N_LEVEL = {"EQ-5D-3L": 3, "EQ-5D-5L": 5}

# Walters & Brazier 2005, doi 10.1007/s11136-004-7713-0: mean of 11 groups in 8 studies.
PUBLISHED_DIFFERENCE = {
    "UK-1997-TTO": (0.074, "Walters SJ, Brazier JE, Quality of Life Research 2005, "
                           "doi 10.1007/s11136-004-7713-0 (range -0.011 to 0.140)"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MinimalImportantDifference:
    """The smallest difference in an index that persons are taken to notice.

    Attributes
    ----------
    value_set : str
        Id of the value set that it belongs to; it is valid for no other.
    size : float
        Index points.
    source : str
        The publication, or the rule that it was computed by.
    is_rule_of_thumb : bool
        True where no published value exists and 1:20 of the set's range stands in.
    """

    value_set: str
    size: float
    source: str
    is_rule_of_thumb: bool


def value_sets() -> pd.DataFrame:
    """List the value sets that come with the package, one row each.

    Returns
    -------
    DataFrame
        Columns `value_set` (the id), `instrument`, `country`, `year`, `method` (TTO, cTTO, VAS),
        `elicitation` (experience, hypothetical), `source`, `doi` (empty for the inventory),
        `lowest`, `highest` and `range` (index points over all states, computed), `confirmed`
        (True where two independent public implementations give the same value for every
        state) and `licence`.

    Examples
    --------
    >>> sets = value_sets().set_index("value_set")
    >>> float(sets.loc["SE-2014-TTO", "range"].round(3))
    0.629
    """
    table = read_codes("value_sets.csv")
    values = [state_values(name, "model") for name in table["value_set"]]
    lowest = np.array([np.min(value) for value in values])
    highest = np.array([np.max(value) for value in values])
    numbers = {"lowest": lowest, "highest": highest, "range": highest - lowest}
    table = table.assign(
        year=table["year"].astype(int), confirmed=table["confirmed"] == "1", **numbers
    )
    last = ["confirmed", "licence"]
    return table[[name for name in table.columns if name not in last] + last]


def minimal_important_difference(value_set: str) -> MinimalImportantDifference:
    """Give the smallest index difference that matters, and where it comes from.

    A published difference belongs to one value set only: the 0.074 of the British 3L set is
    more than twice what the narrow Swedish experience-based sets allow. Where nothing is
    published, 1:20 of the range of the set stands in and is labelled so.

    Parameters
    ----------
    value_set : str
        Id from `value_sets()`.

    Returns
    -------
    MinimalImportantDifference

    Raises
    ------
    ParameterError
        If the value set is not known.

    References
    ----------
    Walters SJ, Brazier JE (2005), doi 10.1007/s11136-004-7713-0.

    Examples
    --------
    >>> round(minimal_important_difference("SE-2020-TTO").size, 3)
    0.037
    """
    if value_set in PUBLISHED_DIFFERENCE:
        size, source = PUBLISHED_DIFFERENCE[value_set]
        return MinimalImportantDifference(value_set, size, source, is_rule_of_thumb=False)
    values = state_values(value_set, "model")
    size = float(values.max() - values.min()) / 20
    source = "rule of thumb: 1:20 of the range of the value set; no published value"
    return MinimalImportantDifference(value_set, size, source, is_rule_of_thumb=True)


def n_level(value_set: str) -> int:
    """Number of levels of each dimension: 3 or 5."""
    return N_LEVEL[_instruments()[_known(value_set)]]


@cache
def state_values(value_set: str, full_health: FullHealth) -> np.ndarray:
    """Index of every state of a value set, in the order 11111, 11112, ..., read-only.

    Parameters
    ----------
    value_set : str
        Id from `value_sets()`.
    full_health : {"model", "one"}
        Value of 11111: as the model says, or 1.

    Returns
    -------
    ndarray of float, shape (levels ** 5,)
    """
    if full_health not in get_args(FullHealth):
        allowed = ", ".join(get_args(FullHealth))
        raise ParameterError(f"full_health: {full_health!r} is not one of {allowed}")
    top = n_level(value_set)
    terms = _coefficients()[value_set]
    levels = np.indices((top,) * len(DIMENSIONS)).reshape(len(DIMENSIONS), -1) + 1
    values = np.full(levels.shape[1], terms["full_health"])
    values += terms.get("any_above_1", 0.0) * (levels > 1).any(axis=0)
    values += terms.get(f"any_{top}", 0.0) * (levels == top).any(axis=0)
    for dimension, level in zip(DIMENSIONS, levels, strict=True):
        decrements = [0.0] + [terms[f"{dimension}{step}"] for step in range(2, top + 1)]
        values += np.array(decrements)[level - 1]
    if full_health == "one":
        values[0] = 1.0
    values.setflags(write=False)
    return values


def _known(value_set: str) -> str:
    known = _instruments()
    if value_set not in known:
        raise ParameterError(f"value_set: {value_set!r} is not one of {', '.join(known)}")
    return value_set


@cache
def _instruments() -> dict[str, str]:
    table = read_codes("value_sets.csv")
    return dict(zip(table["value_set"], table["instrument"], strict=True))


@cache
def _coefficients() -> dict[str, dict[str, float]]:
    table = read_codes("value_set_terms.csv")
    table["coefficient"] = table["coefficient"].astype(float)
    return {
        name: dict(zip(rows["term"], rows["coefficient"], strict=True))
        for name, rows in table.groupby("value_set", sort=False)
    }
