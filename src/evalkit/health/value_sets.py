"""Value sets: the published tables that turn a profile of answers into an index."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd

from evalkit.codes import read_codes
from evalkit.errors import ParameterError
from evalkit.health.expectation import expected_values
from evalkit.health.own_value_set import ValueSet
from evalkit.health.states import N_LEVEL, additive_values, all_states

FullHealth = Literal["model", "one"]

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
        True where no published value is confirmed and 1:20 of the set's range stands in.
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
        Columns `value_set` (the id), `instrument`, `country`, `year`, `method` (TTO, cTTO, VAS;
        crosswalk for 5L answers valued by a 3L set), `elicitation` (experience, hypothetical),
        `based_on` (the 3L set of a crosswalk), `source`, `doi` (empty for the inventory),
        `lowest`, `highest` and `range` (index points over all states, computed), `confirmed`
        (True where an independent public implementation or table gives the same value for
        every state) and `licence`.

    Notes
    -----
    There is no Finnish set for EQ-5D-5L. Finnish 5L answers are valued by the crosswalk to the
    Finnish 3L set (`FI-VAS-3L-CW`) or by another country's set; the study names which, and a
    second one beside it.

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


def minimal_important_difference(value_set: str | ValueSet) -> MinimalImportantDifference:
    """Give the smallest index difference that matters, and where it comes from.

    A published difference belongs to one value set only: the 0.074 of the British 3L set is
    more than twice what the narrow Swedish experience-based sets allow. Where nothing is
    published, 1:20 of the range of the set stands in and is labelled so.

    Parameters
    ----------
    value_set : str or ValueSet
        Id from `value_sets()`, or a set of your own (`read_value_set`).

    Returns
    -------
    MinimalImportantDifference

    Raises
    ------
    ParameterError
        If the value set is not known. There is none for the EQ VAS: no difference is confirmed.

    References
    ----------
    Walters SJ, Brazier JE (2005), doi 10.1007/s11136-004-7713-0.

    Examples
    --------
    >>> round(minimal_important_difference("SE-2020-TTO").size, 3)
    0.037
    """
    name = value_set_name(value_set)
    if name in PUBLISHED_DIFFERENCE:
        size, source = PUBLISHED_DIFFERENCE[name]
        return MinimalImportantDifference(name, size, source, is_rule_of_thumb=False)
    values = state_values(value_set, "model")
    size = float(values.max() - values.min()) / 20
    source = "rule of thumb: 1:20 of the range of the value set; no published value is confirmed"
    return MinimalImportantDifference(name, size, source, is_rule_of_thumb=True)


def state_table(instrument: str) -> pd.DataFrame:
    """Give the index of every state of an instrument under every value set.

    Parameters
    ----------
    instrument : {"EQ-5D-3L", "EQ-5D-5L"}

    Returns
    -------
    DataFrame, 243 or 3 125 rows
        `state`, and one column for each value set of the instrument, crosswalks included, in
        index points and not rounded.

    Raises
    ------
    ParameterError
        If the instrument is not one of the two.

    Examples
    --------
    >>> state_table("EQ-5D-3L").set_index("state").loc["21232", "UK-1997-TTO"].round(3)
    np.float64(0.088)
    """
    top = levels_of(instrument)
    names = [name for name, of in _instruments().items() if of == instrument]
    values = {name: state_values(name, "model") for name in names}
    return pd.DataFrame({"state": all_states(top), **values})


def write_state_tables(folder: Path) -> list[Path]:
    """Write `value_sets.csv` and the state tables of both instruments into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {"value_sets": value_sets()}
    tables |= {name.lower(): state_table(name) for name in N_LEVEL}
    paths = []
    for name, table in tables.items():
        paths.append(folder / f"{name}.csv")
        table.to_csv(paths[-1], index=False, float_format="%.10g", lineterminator="\n")
    return paths


def levels_of(instrument: str) -> int:
    """Number of levels of each dimension of an instrument; anything but EQ-5D is refused."""
    if instrument not in N_LEVEL:
        raise ParameterError(f"instrument: {instrument!r} is not one of {', '.join(N_LEVEL)}")
    return N_LEVEL[instrument]


def value_set_name(value_set: str | ValueSet) -> str:
    """Id of a value set, after a look whether it is known."""
    return value_set.name if isinstance(value_set, ValueSet) else _known(value_set)


def instrument_of(value_set: str | ValueSet) -> str:
    """Instrument whose answers a value set values."""
    if isinstance(value_set, ValueSet):
        return value_set.instrument
    return _instruments()[_known(value_set)]


def n_level(value_set: str | ValueSet) -> int:
    """Number of levels of each dimension: 3 or 5."""
    return N_LEVEL[instrument_of(value_set)]


@cache
def state_values(value_set: str | ValueSet, full_health: FullHealth) -> np.ndarray:
    """Index of every state of a value set, in the order 11111, 11112, ..., read-only.

    Parameters
    ----------
    value_set : str or ValueSet
    full_health : {"model", "one"}
        Value of 11111: as the model says, or 1.

    Returns
    -------
    ndarray of float, shape (levels ** 5,)
    """
    if full_health not in get_args(FullHealth):
        allowed = ", ".join(get_args(FullHealth))
        raise ParameterError(f"full_health: {full_health!r} is not one of {allowed}")
    if isinstance(value_set, ValueSet):
        values = value_set.values.copy()
    elif _bases()[_known(value_set)]:
        return crosswalk_values(_bases()[value_set], full_health)
    else:
        values = additive_values(_coefficients()[value_set], n_level(value_set))
    if full_health == "one":
        values[0] = 1.0
    values.setflags(write=False)
    return values


@cache
def crosswalk_values(value_set: str | ValueSet, full_health: FullHealth) -> np.ndarray:
    """Index of every 5L state by a 3L value set, through the crosswalk, read-only."""
    if instrument_of(value_set) != "EQ-5D-3L":
        own = [name for name, of in _instruments().items() if of == "EQ-5D-3L"]
        raise ParameterError(
            f"value_set: {value_set_name(value_set)} is a set of EQ-5D-5L; the crosswalk values 5L "
            f"answers by a set of EQ-5D-3L: {', '.join(own)}"
        )
    values = expected_values(state_values(value_set, full_health))
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
def _bases() -> dict[str, str]:
    table = read_codes("value_sets.csv")
    return dict(zip(table["value_set"], table["based_on"], strict=True))


@cache
def _coefficients() -> dict[str, dict[str, float]]:
    table = read_codes("value_set_terms.csv")
    table["coefficient"] = table["coefficient"].astype(float)
    return {
        name: dict(zip(rows["term"], rows["coefficient"], strict=True))
        for name, rows in table.groupby("value_set", sort=False)
    }
