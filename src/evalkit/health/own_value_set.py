"""Value sets of one's own: read from a file or a frame, and checked against the scheme."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.errors import ParameterError
from evalkit.health.states import N_LEVEL, additive_values, all_states, term_names

SCHEMES = {("term", "coefficient"): "terms", ("state", "value"): "states"}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ValueSet:
    """A value set that does not come with the package. Made by `read_value_set`.

    Attributes
    ----------
    name : str
        What it is called in results and reports.
    instrument : {"EQ-5D-3L", "EQ-5D-5L"}
    values : ndarray of float, shape (243,) or (3125,)
        Index of each state in the order 11111, 11112, ..., read-only.
    source : str
        Where the values were published.
    """

    name: str
    instrument: str
    values: np.ndarray
    source: str

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<ValueSet {self.name}, {self.instrument}>"


def read_value_set(
    source: str | Path | pd.DataFrame, *, name: str, instrument: str, published: str
) -> ValueSet:
    """Read a value set that is not in the package, and check it against the scheme.

    Parameters
    ----------
    source : path or DataFrame
        A CSV file or a frame in one of two forms. Columns `term` and `coefficient`: `full_health`,
        one coefficient (to be added, so mostly negative) for each dimension and level such as
        `mo2`, and where the set has them `any_above_1` and `any_3` or `any_5`. Or columns `state`
        and `value`: every state of the instrument once.
    name : str
        What the set is called; not the id of a set of the package.
    instrument : {"EQ-5D-3L", "EQ-5D-5L"}
    published : str
        Where the values come from; it goes into every result.

    Returns
    -------
    ValueSet
        To be given as `value_set` wherever an id can be.

    Raises
    ------
    ParameterError
        If the columns are of neither form, if terms or states are missing, unknown or given
        twice, if a number is missing, if a coefficient of a level is above 0, or if a state is
        better than 1; all faults of the kind at once.

    Examples
    --------
    >>> terms = {"full_health": 1.0}
    >>> terms |= {f"{d}{level}": -0.1 * level for d in ("mo", "sc", "ua", "pd", "ad")
    ...           for level in (2, 3)}
    >>> frame = pd.DataFrame({"term": list(terms), "coefficient": list(terms.values())})
    >>> mine = read_value_set(frame, name="mine", instrument="EQ-5D-3L", published="an example")
    >>> from evalkit.health import eq5d_index
    >>> eq5d_index(pd.Series(["21111"]), value_set=mine).round(3).tolist()
    [0.8]
    """
    if instrument not in N_LEVEL:
        raise ParameterError(f"instrument: {instrument!r} is not one of {', '.join(N_LEVEL)}")
    table = _read(source)
    form = SCHEMES.get(tuple(table.columns))
    if form is None:
        raise ParameterError(
            f"{name}: the columns are neither `term, coefficient` nor `state, value`"
        )
    key, number = table.columns
    values = pd.to_numeric(table[number], errors="coerce").to_numpy(dtype=float)
    if not np.isfinite(values).all():
        count = int((~np.isfinite(values)).sum())
        raise ParameterError(f"{name}: {count} of {len(table)} numbers are missing or no numbers")
    given = dict(zip(table[key].astype(str).str.strip(), values, strict=True))
    twice = sorted(set(table.loc[table[key].duplicated(), key].astype(str)))
    if twice:
        raise ParameterError(f"{name}: given twice: {_listed(twice)}")
    made = (_from_terms if form == "terms" else _from_states)(given, name, N_LEVEL[instrument])
    if made.max() > 1 + 1e-12:
        raise ParameterError(
            f"{name}: {int((made > 1 + 1e-12).sum())} states are above 1, the value of full health"
        )
    made.setflags(write=False)
    return ValueSet(name, instrument, made, published)


def _read(source: str | Path | pd.DataFrame) -> pd.DataFrame:
    if isinstance(source, pd.DataFrame):
        return source
    if not Path(source).is_file():
        raise ParameterError(f"value set: there is no file {Path(source).name}")
    return pd.read_csv(source, dtype=str, comment="#", skipinitialspace=True)


def _from_terms(given: dict[str, float], name: str, top: int) -> np.ndarray:
    needed, possible = term_names(top)
    _require(set(given), needed, [*needed, *possible], name, "terms")
    rising = [term for term in needed[1:] if given[term] > 0]
    if rising:
        raise ParameterError(
            f"{name}: coefficients are added to full health, so they are 0 or below; above 0: "
            f"{_listed(rising)}"
        )
    return additive_values(given, top)


def _from_states(given: dict[str, float], name: str, top: int) -> np.ndarray:
    states = all_states(top)
    _require(set(given), states, states, name, "states")
    return np.array([given[state] for state in states])


def _require(given: set, needed: list[str], possible: list[str], name: str, what: str) -> None:
    missing = [one for one in needed if one not in given]
    unknown = sorted(given - set(possible))
    faults = [
        f"{len(found)} {what} {how}: {_listed(found)}"
        for found, how in ((missing, "missing"), (unknown, "unknown to the instrument"))
        if found
    ]
    if faults:
        raise ParameterError(f"{name}: {'; '.join(faults)}")


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
