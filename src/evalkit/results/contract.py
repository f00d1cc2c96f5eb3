"""What every kind of result has in common: columns, support, `tidy()`, `glance()`."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from evalkit.provenance import Provenance

SUPPORT = ("n", "k", "complement")
# By the limits of a time, which are times of exits too; under observation at a horizon; of the
# larger arm; amounts of the two persons with most money in a sum, and of all of its persons, signs
# left out.
LARGEST = ("first", "second", "gross")
MORE_SUPPORT = ("k_low", "k_high", "at_horizon", "k_most", *LARGEST)


def frozen_columns(
    columns: Mapping[str, object] | pd.DataFrame, names: tuple[str, ...]
) -> Mapping[str, np.ndarray]:
    """Copy columns in the given order into read-only arrays of one length; a missing one is NaN.

    Raises
    ------
    ValueError
        If a column is not among `names`, or if the columns differ in length.
    """
    given = dict(columns.items())
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise ValueError(f"columns outside the contract: {', '.join(unknown)}")
    arrays = {name: _frozen(given[name]) for name in names if name in given}
    lengths = {len(array) for array in arrays.values()}
    if len(lengths) > 1:
        raise ValueError(f"columns differ in length: {sorted(lengths)}")
    if len(arrays) < len(names):
        empty = _frozen(np.full(next(iter(lengths), 0), np.nan))
        arrays = {name: arrays.get(name, empty) for name in names}
    return MappingProxyType({name: arrays[name] for name in names})


def _frozen(values: object) -> np.ndarray:
    # An array that nobody can write to, also not through another view, needs no copy.
    if type(values) is np.ndarray and values.base is None and not values.flags.writeable:
        return values
    array = np.array(values, copy=True)
    if array.dtype.kind in "US":
        array = array.astype(object)
    array.setflags(write=False)
    return array


def result_kind(*, keys: str, tidy: str, glance: str, counts: str = ""):
    """Make a class a result with the given columns, each a string of names apart by spaces.

    Parameters
    ----------
    keys : str
        The leading columns of `tidy` that name a row (a cell's address at the door).
    tidy, glance : str
        All columns, in order.
    counts : str
        The columns of `tidy` that count persons and add up over municipalities.
    """

    def decorate(cls: type) -> type:
        cls.__annotations__ = {
            "rows": Mapping,
            "summary": Mapping,
            "support": Mapping,
            "provenance": Provenance,
        }
        cls.KEYS, cls.TIDY = tuple(keys.split()), tuple(tidy.split())
        cls.GLANCE, cls.COUNTS = tuple(glance.split()), tuple(counts.split())
        cls.__post_init__, cls.tidy, cls.glance = _post_init, _tidy, _glance
        cls.__repr__, cls._repr_html_ = _describe, None
        return dataclass(frozen=True, eq=False, repr=False)(cls)

    return decorate


def _post_init(self) -> None:
    rows = frozen_columns(self.rows, self.TIDY)
    n_row = len(next(iter(rows.values())))
    names = (*SUPPORT, *(name for name in MORE_SUPPORT if name in self.support))
    support = frozen_columns(self.support, names) if len(self.support) else None
    if support is None or len(support["n"]) != n_row:
        raise ValueError(f"{type(self).__name__}: support needs one entry for each of {n_row} rows")
    unknown = sorted(set(self.summary) - set(self.GLANCE))
    if unknown:
        raise ValueError(f"summary entries outside the contract: {', '.join(unknown)}")
    summary = {name: self.summary.get(name, np.nan) for name in self.GLANCE}
    object.__setattr__(self, "rows", rows)
    object.__setattr__(self, "support", support)
    object.__setattr__(self, "summary", MappingProxyType(summary))


def _tidy(self) -> pd.DataFrame:
    """One row for each thing estimated; a new frame at every call."""
    return pd.DataFrame(dict(self.rows))


def _glance(self) -> pd.DataFrame:
    """Exactly one row about the whole."""
    return pd.DataFrame({name: [value] for name, value in self.summary.items()})


def _describe(self) -> str:
    n_row = len(next(iter(self.rows.values())))
    return f"<{type(self).__name__}: {n_row} rows, {self.provenance.function} {self.provenance.id}>"
