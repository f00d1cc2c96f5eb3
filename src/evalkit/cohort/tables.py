"""The tables of a built cohort, and the part of them that belongs to some municipalities."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np
import pandas as pd

from evalkit.cohort.following import OF_ALL, OF_ORGANISERS, organisers
from evalkit.records import schema

UNPLACED = "unplaced"  # the federation of answers that name no municipality


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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Place:
    """Some municipalities of a study.

    Attributes
    ----------
    municipalities : tuple of str
    federations : frozenset of str
        Those that the municipalities are in; the county where one is in none.
    whole : frozenset of str
        Those of which all municipalities are here.
    """

    municipalities: tuple[str, ...]
    federations: frozenset[str]
    whole: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Places:
    """Which federation each municipality of a study is in, found once for many places."""

    organiser: Mapping[str, str]
    size: Mapping[str, int]

    @classmethod
    def of(cls, areas: pd.DataFrame) -> "Places":
        """Find the federation of every area, and how many areas it has."""
        names = organisers(areas) if len(areas) else pd.Series(dtype=object)
        pairs = zip(areas[schema.MUNICIPALITY], names, strict=True)
        return cls(dict(pairs), names.value_counts().to_dict())

    def place(self, municipalities: Collection[str]) -> Place:
        """Some of the municipalities, with the federations that they are in."""
        known = [name for name in dict.fromkeys(municipalities) if name in self.organiser]
        found = Counter(self.organiser[name] for name in known)
        found.pop("", None)
        whole = {name for name, count in found.items() if count == self.size[name]}
        return Place(tuple(municipalities), frozenset(found), frozenset(whole))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TableParts:
    """A table of a cohort, its rows sorted out by municipality once, to be cut into many parts.

    Cutting a part costs as much as the part is long; a nation of n units is cut in the time of one
    pass over its rows, not of n.
    """

    name: str
    frame: pd.DataFrame
    rows: Mapping[str, "RowsByPlace"]
    packages: pd.DataFrame | None = None

    @classmethod
    def of(
        cls, name: str, frame: pd.DataFrame, packages: pd.DataFrame | None = None
    ) -> "TableParts":
        """Find the rows of every municipality, and of federations and packages where they count.

        Parameters
        ----------
        name : str
            Field of `CohortTables`.
        frame : DataFrame
        packages : DataFrame, optional
            Those of the cohort; participations are cut by them too.
        """
        if name in OF_ALL:
            return cls(name, frame, {})
        if name in OF_ORGANISERS:
            return cls(name, frame, _rows_by(frame, schema.FEDERATION))
        if name == "responses":
            unplaced = frame[schema.FEDERATION].where(frame[schema.MUNICIPALITY] == "")
            rows = _rows_by(frame, schema.MUNICIPALITY, schema.FEDERATION)
            return cls(name, frame, rows | _rows_by(frame.assign(**{UNPLACED: unplaced}), UNPLACED))
        if name == "participations" and packages is not None:
            rows = _rows_by(frame, schema.MUNICIPALITY, schema.PACKAGE_ID)
            return cls(name, frame, rows, packages)
        rows = _rows_by(frame, schema.MUNICIPALITY)
        if name == "costs":
            type_cases = np.flatnonzero(frame[schema.PERSON_ID].isna())
            rows = {key: replace(of, everywhere=type_cases) for key, of in rows.items()}
        return cls(name, frame, rows)

    def part(self, place: Place) -> pd.DataFrame:
        """The rows of some municipalities, in their order.

        Participations in packages of a federation that is there as a whole belong to it too,
        wherever the person lives. Costs of type cases, tariffs and the price index belong to all.
        Packages and finances belong to the federations of the municipalities (to the county where
        one is in none). Answers that name a municipality are its own; those that name only a
        federation are every one's of its municipalities, unless it is asked by municipality too:
        then they stand at the federation only.
        """
        if not self.rows:
            return self.frame
        return self.frame.take(self._positions(place)).reset_index(drop=True)

    def _positions(self, place: Place) -> np.ndarray:
        if self.name in OF_ORGANISERS:
            return self.rows[schema.FEDERATION].of_places(place.federations)
        own = self.rows[schema.MUNICIPALITY].of_places(place.municipalities)
        if self.name == "responses":
            return np.union1d(own, self._of_federations(place))
        if self.packages is not None and place.whole:
            theirs = packages_of(self.packages, place.whole)
            return np.union1d(own, self.rows[schema.PACKAGE_ID].of_places(theirs))
        return own

    def _of_federations(self, place: Place) -> np.ndarray:
        """Positions of the answers that name only a federation, where they are the part's."""
        every, unplaced = self.rows[schema.FEDERATION], self.rows[UNPLACED]
        theirs = [
            name
            for name in place.federations
            if name in place.whole or unplaced.count(name) == every.count(name)
        ]
        return unplaced.of_places(theirs)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RowsByPlace:
    """Positions of the rows of a table by municipality, and of those that belong to all."""

    order: np.ndarray
    bounds: Mapping[str, tuple[int, int]]
    everywhere: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.intp))

    @classmethod
    def of(cls, frame: pd.DataFrame, column: str = schema.MUNICIPALITY) -> "RowsByPlace":
        """Sort positions by municipality, or another column, in one pass."""
        codes, places = pd.factorize(frame[column])
        order = np.argsort(codes, kind="stable")
        ends = np.searchsorted(codes[order], np.arange(len(places) + 1))
        spans = zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
        return cls(order, dict(zip(places, spans, strict=True)))

    def count(self, place: str) -> int:
        """Rows of one place."""
        low, high = self.bounds.get(place, (0, 0))
        return high - low

    def of_places(self, places: Collection[str]) -> np.ndarray:
        """Positions of the rows of some municipalities, in the order of the table."""
        spans = [self.bounds[place] for place in places if place in self.bounds]
        parts = [self.order[low:high] for low, high in spans]
        return np.unique(np.concatenate([*parts, self.everywhere]))


def _rows_by(frame: pd.DataFrame, *columns: str) -> dict[str, RowsByPlace]:
    return {column: RowsByPlace.of(frame, column) for column in columns}


def part_of(tables: CohortTables, municipalities: Collection[str]) -> CohortTables:
    """The rows of some municipalities, in their order: see `TableParts.part`."""
    place = Places.of(tables.areas).place(municipalities)
    frames = {item.name: getattr(tables, item.name) for item in fields(CohortTables)}
    return CohortTables(
        **{
            name: TableParts.of(name, frame, tables.packages).part(place)
            for name, frame in frames.items()
            if frame is not None
        }
    )


def packages_of(packages: pd.DataFrame, federations: Collection[str]) -> set[str]:
    """Ids of the packages of some federations."""
    own = packages[schema.FEDERATION].isin(federations)
    return set(packages.loc[own, schema.PACKAGE_ID])
