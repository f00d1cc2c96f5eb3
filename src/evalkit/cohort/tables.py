"""The tables of a built cohort, and the part of them that belongs to some municipalities."""

from collections.abc import Collection
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from evalkit.cohort.following import OF_ALL, OF_ORGANISERS, organisers
from evalkit.records import schema


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CohortTables:
    """A cohort as data frames, ready to be stored and to be cut by municipality.

    Every frame down to `impossible` has `municipality`; all of them but `areas` and `impossible`
    have `person_id`. Those below are None where the study has no such table.

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
    persons, participations, statuses, forms, needs, spells_received : DataFrame or None
        Rows of the records of everybody, with `municipality`, `federation` and `county` of the
        person, and the `arm` of those analysed. In the part of whole federations `participations`
        also has those of people from elsewhere in the federations' packages; it has the
        `coordination` of the package.
    responses : DataFrame or None
        Answers, with the `municipality` (or empty text) and the `federation` they are about.
    services, area_years : DataFrame or None
        Rows by municipality, with its `federation` and `county`.
    packages, finances : DataFrame or None
        Rows by federation, as in the records.
    tariffs, price_index : DataFrame or None
        As in the records; they belong to all.
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
    persons: pd.DataFrame | None = None
    participations: pd.DataFrame | None = None
    statuses: pd.DataFrame | None = None
    forms: pd.DataFrame | None = None
    needs: pd.DataFrame | None = None
    spells_received: pd.DataFrame | None = None
    responses: pd.DataFrame | None = None
    services: pd.DataFrame | None = None
    area_years: pd.DataFrame | None = None
    packages: pd.DataFrame | None = None
    finances: pd.DataFrame | None = None
    tariffs: pd.DataFrame | None = None
    price_index: pd.DataFrame | None = None

    def __repr__(self) -> str:
        return f"<CohortTables: {len(self.people)} of {len(self.steps)} persons>"


class Parts:
    """Tables that were sorted by municipality once, so that many parts can be cut from them."""

    def __init__(self, tables: CohortTables):
        self.tables = tables
        self.areas = {field.name: None for field in fields(CohortTables)}
        for name in self.areas:
            frame = getattr(tables, name)
            if frame is not None and name not in (*OF_ALL, *OF_ORGANISERS, "responses"):
                self.areas[name] = _Rows(frame[schema.MUNICIPALITY])
        self.of_type_cases = np.flatnonzero(tables.costs[schema.PERSON_ID].isna())
        taken = tables.participations
        self.in_packages = None if taken is None else _Rows(taken[schema.PACKAGE_ID])

    def of(self, municipalities: Collection[str]) -> CohortTables:
        """The part of some municipalities; see `part_of`."""
        areas = self.tables.areas
        own = areas[areas[schema.MUNICIPALITY].isin(municipalities)]
        federations = set(organisers(own)) - {""} if len(own) else set()
        whole = _whole_federations(areas, own)
        parts = {}
        for name, rows in self.areas.items():
            frame = getattr(self.tables, name)
            if rows is not None:
                parts[name] = _taken(frame, rows.of(municipalities), self._more(name, whole))
            elif frame is None or name in OF_ALL:
                parts[name] = frame
            elif name in OF_ORGANISERS:
                parts[name] = _taken(frame, frame[schema.FEDERATION].isin(federations))
            else:
                chosen = _own_answers(frame, municipalities, federations, whole)
                parts[name] = _taken(frame, chosen)
        return CohortTables(**parts)

    def _more(self, name: str, whole: Collection[str]) -> np.ndarray | None:
        """Rows that belong to the part although they are of no municipality in it."""
        if name == "costs":
            return self.of_type_cases
        if name == "participations" and self.tables.packages is not None:
            return self.in_packages.of(packages_of(self.tables.packages, whole))
        return None


class _Rows:
    """Positions of the rows of each value of a column."""

    def __init__(self, column: pd.Series):
        code, values = pd.factorize(column)
        self.order = np.argsort(code, kind="stable")
        self.place = pd.Series(np.arange(len(values)), index=values)
        self.start = np.searchsorted(code[self.order], np.arange(len(values) + 1))

    def of(self, values: Collection[str]) -> np.ndarray:
        """Positions of the rows of some values, in the order of the frame."""
        known = self.place.reindex(list(values)).dropna().astype(int)
        found = [self.order[self.start[place] : self.start[place + 1]] for place in known]
        return np.sort(np.concatenate(found)) if found else np.array([], dtype=np.intp)


def _taken(
    frame: pd.DataFrame, rows: np.ndarray | pd.Series, more: np.ndarray | None = None
) -> pd.DataFrame:
    at = np.flatnonzero(rows) if isinstance(rows, pd.Series) else rows
    if more is not None and len(more):
        at = np.union1d(at, more)
    return frame.take(at).reset_index(drop=True)


def part_of(tables: CohortTables, municipalities: Collection[str]) -> CohortTables:
    """The rows of some municipalities, in their order.

    Participations in packages of a federation that is there as a whole belong to it too, wherever
    the person lives. Costs of type cases, tariffs and the price index belong to all. Packages and
    finances belong to the federations of the municipalities (to the county where one is in none).
    Answers that name a municipality are its own; those that name only a federation are every one's
    of its municipalities, unless it is asked by municipality too: then they stand at the federation
    only.
    """
    return Parts(tables).of(municipalities)


def packages_of(packages: pd.DataFrame, federations: Collection[str]) -> set[str]:
    """Ids of the packages of some federations."""
    own = packages[schema.FEDERATION].isin(federations)
    return set(packages.loc[own, schema.PACKAGE_ID])


def _whole_federations(areas: pd.DataFrame, own: pd.DataFrame) -> set[str]:
    """Federations of which all municipalities are among the own ones."""
    if not len(areas):
        return set()
    found, wanted = organisers(own).value_counts(), organisers(areas).value_counts()
    return {name for name, count in found.items() if name and wanted[name] == count}


def _own_answers(
    frame: pd.DataFrame,
    municipalities: Collection[str],
    federations: set[str],
    whole: set[str],
) -> pd.Series:
    """Answers of the municipalities, and of their federations as far as those are not split."""
    is_placed = frame[schema.MUNICIPALITY] != ""
    split = set(frame.loc[is_placed, schema.FEDERATION])
    of_federation = frame[schema.FEDERATION].isin(whole | (federations - split))
    return frame[schema.MUNICIPALITY].isin(municipalities) | (~is_placed & of_federation)
