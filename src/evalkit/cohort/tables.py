"""The tables of a built cohort, and the part of them that belongs to some municipalities."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np
import pandas as pd

from evalkit.records import schema


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CohortTables:
    """A cohort as data frames, ready to be stored and to be cut by municipality.

    Every frame has `municipality`; all but `areas` and `impossible` have `person_id`.

    Attributes
    ----------
    people : DataFrame
        One row a person analysed: place, `arm`, `package_id`, `index_month`, what the person was
        like at start, `support_months` (of the 24 before), `sickness_before` and the like (in the
        12 before), `time`, `cause`.
    states : DataFrame
        The persons of `people` in the same order; m000, m001, ... index `MONTH_STATES`.
    occasions : DataFrame
        One row a person and occasion (-12, 0, 12, 24), a boolean column for each source.
    answers : DataFrame
        One row a person and wave, a column for each item.
    steps : DataFrame
        One row for every person of the records: `reason` at which the person left the flow.
    costs : DataFrame
        Rows of costs of the persons analysed with `month_from_start`, and those of type cases.
    areas : DataFrame
        One row a municipality.
    definitions : DataFrame
        One row a person, definition and length, all with the same end of follow-up.
    impossible : DataFrame
        Definitions that the study wants to show and the records do not allow, with the `reason`.
    """

    people: pd.DataFrame
    states: pd.DataFrame
    occasions: pd.DataFrame
    answers: pd.DataFrame
    steps: pd.DataFrame
    costs: pd.DataFrame
    areas: pd.DataFrame
    definitions: pd.DataFrame
    impossible: pd.DataFrame

    def __repr__(self) -> str:
        return f"<CohortTables: {len(self.people)} of {len(self.steps)} persons>"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CohortParts:
    """A cohort whose rows are sorted out by municipality once, to be cut into many parts.

    Cutting a part costs as much as the part is long; a nation of n units is cut in the time of one
    pass over its rows, not of n.
    """

    tables: CohortTables
    _rows: Mapping[str, "RowsByPlace"]

    @classmethod
    def of(cls, tables: CohortTables) -> "CohortParts":
        """Find the rows of every municipality in every table."""
        rows = {
            item.name: RowsByPlace.of(getattr(tables, item.name)) for item in fields(CohortTables)
        }
        type_cases = np.flatnonzero(tables.costs[schema.PERSON_ID].isna())
        rows["costs"] = replace(rows["costs"], everywhere=type_cases)
        return cls(tables, rows)

    def part(self, municipalities: Collection[str]) -> CohortTables:
        """The rows of some municipalities, in their order; costs of type cases belong to all."""
        found = {}
        for name, rows in self._rows.items():
            frame = getattr(self.tables, name)
            found[name] = frame.take(rows.of_places(municipalities)).reset_index(drop=True)
        return CohortTables(**found)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RowsByPlace:
    """Positions of the rows of a table by municipality, and of those that belong to all."""

    order: np.ndarray
    bounds: Mapping[str, tuple[int, int]]
    everywhere: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.intp))

    @classmethod
    def of(cls, frame: pd.DataFrame) -> "RowsByPlace":
        """Sort positions by municipality, in one pass."""
        codes, places = pd.factorize(frame[schema.MUNICIPALITY])
        order = np.argsort(codes, kind="stable")
        ends = np.searchsorted(codes[order], np.arange(len(places) + 1))
        spans = zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
        return cls(order, dict(zip(places, spans, strict=True)))

    def of_places(self, municipalities: Collection[str]) -> np.ndarray:
        """Positions of the rows of some municipalities, in the order of the table."""
        spans = [self.bounds[place] for place in municipalities if place in self.bounds]
        parts = [self.order[low:high] for low, high in spans]
        return np.unique(np.concatenate([*parts, self.everywhere]))


def part_of(tables: CohortTables, municipalities: Collection[str]) -> CohortTables:
    """The rows of some municipalities, in their order; costs of type cases belong to all."""
    return CohortParts.of(tables).part(municipalities)
