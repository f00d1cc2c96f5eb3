"""Areas: how many of working age live there, and how many took part in the same twelve months."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.cohort.samples import AreaCount
from evalkit.cohort.starts import PLACE
from evalkit.provenance import digest_frame
from evalkit.records import schema
from evalkit.study import Study

NAMES = (
    schema.NAME_SV,
    schema.NAME_FI,
    schema.NAME_EN,
    schema.NAME_FI_GENITIVE,
    schema.NAME_FI_LOCATIVE,
)
COLUMNS = (*PLACE, *NAMES, "population", "covered", "period")


def areas_frame(
    tables: Mapping[str, pd.DataFrame], persons: pd.DataFrame, study: Study
) -> pd.DataFrame:
    """Count population and persons covered in the same twelve months.

    The period is the last full calendar year of the records whose population is known and in which
    anybody started a first package: a year after intake has closed says nothing about coverage.
    Covered is who took part in a coordinated package at any time of the year, each person once, in
    the municipality where the person is registered. Where packages with information only are the
    comparison, they do not count.

    Parameters
    ----------
    persons : DataFrame
        With `person_id` and `municipality`.

    Returns
    -------
    DataFrame
        One row a municipality; `population` is missing where that of the period is not known.
        Empty without the table municipalities.
    """
    municipalities = tables.get(schema.MUNICIPALITIES)
    if municipalities is None:
        return pd.DataFrame(columns=list(COLUMNS))
    area = municipalities.reindex(columns=[*PLACE, *NAMES]).reset_index(drop=True)
    texts = [*PLACE, *NAMES]
    area[texts] = area[texts].fillna("")
    years = tables.get(schema.MUNICIPALITY_YEARS)
    year = None
    if years is not None and len(years):
        participations = tables[schema.PARTICIPATIONS]
        first_start = participations.groupby(schema.PERSON_ID)[schema.START].min()
        year = _last_full_year(years[schema.YEAR], first_start, study.data_cut)
    if year is None:
        return area.assign(population=np.nan, covered=0, period="")
    counted = years[years[schema.YEAR] == year].set_index(schema.MUNICIPALITY)
    covered = _covered(_coordinated(tables, study), persons, year)
    code = area[schema.MUNICIPALITY]
    return area.assign(
        population=code.map(counted[schema.POPULATION_WORKING_AGE]).astype(float),
        covered=code.map(covered).fillna(0).astype(int),
        period=str(year),
    )


def area_count(areas: pd.DataFrame) -> AreaCount | None:
    """Sum over municipalities; none where there are no areas or a population is missing."""
    if not len(areas) or areas["population"].isna().any():
        return None
    return AreaCount(
        population=int(areas["population"].sum()),
        covered=int(areas["covered"].sum()),
        period=str(areas["period"].iloc[0]),
        digest=digest_frame(areas)[:16],
    )


def _last_full_year(years: pd.Series, started: pd.Series, data_cut: str) -> int | None:
    year, month = (int(part) for part in data_cut.split("-"))
    full = years <= (year if month == 12 else year - 1)
    known = years[full & years.isin(started.dt.year.unique())]
    return int(known.max()) if len(known) else None


def _coordinated(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Participations in packages that are more than the comparison's information."""
    participations = tables[schema.PARTICIPATIONS]
    if study.arms.comparison != "other_packages":
        return participations
    packages = tables[schema.PACKAGES]
    plain = packages.loc[packages[schema.COORDINATION] == "information", schema.PACKAGE_ID]
    return participations[~participations[schema.PACKAGE_ID].isin(plain)]


def _covered(participations: pd.DataFrame, persons: pd.DataFrame, year: int) -> pd.Series:
    """Persons with a participation that touches the year, by municipality."""
    touched = took_part_in(participations, year)
    return persons[persons[schema.PERSON_ID].isin(touched)].groupby(schema.MUNICIPALITY).size()


def took_part_in(participations: pd.DataFrame, year: int) -> np.ndarray:
    """Ids of the persons with a participation that touches a calendar year."""
    begun = participations[schema.START] <= pd.Timestamp(year, 12, 31)
    ended = participations[schema.END].fillna(pd.Timestamp.max) >= pd.Timestamp(year, 1, 1)
    return participations.loc[np.asarray(begun & ended), schema.PERSON_ID].unique()
