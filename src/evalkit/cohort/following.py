"""Tables that follow people and places up: who took part in what, what was asked, what it cost.

They pass the cohort as they are. Rows of persons get the person's place, and the arm of those who
are analysed; answers get the area that they are about.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from evalkit.cohort.starts import PLACE
from evalkit.records import schema

OF_PERSONS = {
    "persons": schema.PERSONS,
    "participations": schema.PARTICIPATIONS,
    "statuses": schema.STATUSES,
    "forms": schema.FORMS,
    "needs": schema.NEEDS,
    "spells_received": schema.SPELLS,
}
OF_PLACES = {"services": schema.SERVICES, "area_years": schema.MUNICIPALITY_YEARS}
OF_ORGANISERS = {"packages": schema.PACKAGES, "finances": schema.FINANCES}
OF_ALL = {"tariffs": schema.TARIFFS, "price_index": schema.PRICE_INDEX}


def following_tables(
    tables: Mapping[str, pd.DataFrame], persons: pd.DataFrame, analysed: pd.DataFrame
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Tables of a cohort beyond the time to self-support, one after the other.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Records.
    persons : DataFrame
        Every person of the records with municipality, federation and county.
    analysed : DataFrame
        `person_id` and `arm` of the persons analysed.

    Yields
    ------
    str, DataFrame
        Field of `CohortTables` and its table; those that the study lacks are not among them.
    """
    place = persons.set_index(schema.PERSON_ID)[list(PLACE)]
    arm = analysed.set_index(schema.PERSON_ID)[schema.ARM]
    areas = tables.get(schema.MUNICIPALITIES)
    for name, table in (OF_ORGANISERS | OF_ALL).items():
        if table in tables:
            yield name, tables[table]
    for name, table in OF_PLACES.items():
        if table in tables:
            yield name, _of_places(tables[table], areas)
    if schema.RESPONSES in tables:
        yield "responses", _responses(tables, areas)
    for name, table in OF_PERSONS.items():
        if table in tables:
            rows = _of_persons(tables[table], place, arm)
            is_participation = table == schema.PARTICIPATIONS and schema.PACKAGES in tables
            yield name, _with_coordination(rows, tables) if is_participation else rows
            del rows


def _with_coordination(
    participations: pd.DataFrame, tables: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Participations with the coordination of their package."""
    coordination = tables[schema.PACKAGES].set_index(schema.PACKAGE_ID)[schema.COORDINATION]
    of_package = participations[schema.PACKAGE_ID].map(coordination)
    return participations.assign(coordination=of_package)


def organisers(areas: pd.DataFrame) -> pd.Series:
    """Federation of each area, or its county where it belongs to none, as in Finland."""
    federation, county = (
        areas[name].fillna("").astype(object) for name in (schema.FEDERATION, schema.COUNTY)
    )
    return federation.where(federation != "", county)


def _of_persons(frame: pd.DataFrame, place: pd.DataFrame, arm: pd.Series) -> pd.DataFrame:
    """Rows with the place of their person, and the arm where the person is analysed."""
    added = (*PLACE, schema.ARM)
    made = frame.copy(deep=False)  # a nation's spells are long
    for name in set(added) & set(frame):
        del made[name]
    row = place.index.get_indexer(frame[schema.PERSON_ID])
    for name in PLACE:
        made[name] = np.append(place[name].to_numpy(dtype=object), "")[row]
    arms = np.append(arm.to_numpy(dtype=object), np.nan)
    made[schema.ARM] = arms[arm.index.get_indexer(frame[schema.PERSON_ID])]
    return made


def _of_places(frame: pd.DataFrame, areas: pd.DataFrame | None) -> pd.DataFrame:
    """Rows with the federation and the county of their municipality; empty text where unknown."""
    return frame.assign(**{
        name: _looked_up(frame[schema.MUNICIPALITY], areas, name)
        for name in (schema.FEDERATION, schema.COUNTY)
    })  # fmt: skip


def _looked_up(code: pd.Series, areas: pd.DataFrame | None, column: str) -> pd.Series:
    if areas is None:
        return pd.Series("", index=code.index, dtype=object)
    known = areas.set_index(schema.MUNICIPALITY)[column]
    return code.map(known).fillna("").astype(object)


def _responses(tables: Mapping[str, pd.DataFrame], areas: pd.DataFrame | None) -> pd.DataFrame:
    """Answers with municipality and federation; those of a package are its federation's."""
    frame = tables[schema.RESPONSES]
    federation = frame[schema.FEDERATION].astype(object)
    packages = tables.get(schema.PACKAGES)
    if packages is not None:
        of_package = packages.set_index(schema.PACKAGE_ID)[schema.FEDERATION]
        federation = federation.fillna(frame[schema.PACKAGE_ID].map(of_package))
    if areas is not None:
        known = organisers(areas).set_axis(areas[schema.MUNICIPALITY].to_numpy())
        federation = federation.fillna(frame[schema.MUNICIPALITY].map(known))
    municipality = frame[schema.MUNICIPALITY].fillna("").astype(object)
    return frame.assign(municipality=municipality, federation=federation.fillna(""))
