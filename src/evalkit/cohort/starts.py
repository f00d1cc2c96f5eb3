"""Who started what and when: first packages, arms, places, and what a person was like at start."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.cohort.months import NEVER, month_number
from evalkit.errors import CohortError
from evalkit.records import schema

PLACE = (schema.MUNICIPALITY, schema.FEDERATION, schema.COUNTY)
ARM_OF_COORDINATION = {
    "joint_work": schema.PROGRAMME,
    "coordination": schema.PROGRAMME,
    "information": schema.COMPARISON,
}
AGE_GROUPS = {0: "0-15", 16: "16-29", 30: "30-44", 45: "45-64", 65: "65-"}


def with_places(persons: pd.DataFrame, municipalities: pd.DataFrame | None) -> pd.DataFrame:
    """Add federation and county of each person's municipality; empty text where unknown."""
    placed = persons.assign(**{schema.MUNICIPALITY: persons[schema.MUNICIPALITY].fillna("")})
    for name in (schema.FEDERATION, schema.COUNTY):
        if municipalities is None:
            placed[name] = ""
            continue
        known = municipalities.set_index(schema.MUNICIPALITY)[name]
        placed[name] = placed[schema.MUNICIPALITY].map(known).fillna("").astype(object)
    return placed.reset_index(drop=True)


def first_packages(
    participations: pd.DataFrame, packages: pd.DataFrame, *, data_cut: int
) -> pd.DataFrame:
    """First package of each person up to the data cut; later ones do not count.

    Of several that start on one day the first by package id counts.

    Returns
    -------
    DataFrame
        `person_id`, `package_id`, `start`, `index_month` (number), `arm`: `programme` where the
        package coordinates or does joint work, `comparison` where it exchanges information.

    Raises
    ------
    CohortError
        If participations name packages that are not in the table of packages.
    """
    order = [schema.PERSON_ID, schema.START, schema.PACKAGE_ID]
    started = participations[month_number(participations[schema.START]) <= data_cut]
    first = started[order].sort_values(order, kind="stable").drop_duplicates(schema.PERSON_ID)
    first = first.reset_index(drop=True)
    coordination = packages.set_index(schema.PACKAGE_ID)[schema.COORDINATION]
    arm = first[schema.PACKAGE_ID].map(coordination).map(ARM_OF_COORDINATION)
    if arm.isna().any():
        raise CohortError(
            f"participations: {int(arm.isna().sum())} of {len(first)} first packages are not in "
            "the table packages, or have no known coordination"
        )
    return first.assign(index_month=month_number(first[schema.START]), arm=arm.astype(object))


def at_start(persons: pd.DataFrame, index_month: np.ndarray) -> pd.DataFrame:
    """Describe persons in their index month: sex, age, age group, education, origin.

    Columns of the persons table beyond the schema stay as they are, behind these. What the table
    does not know of anybody (an events study without birth years) is left out.
    """
    described = {name: persons[name] for name in (schema.PERSON_ID, *PLACE)}
    if persons[schema.SEX].notna().any():
        described[schema.SEX] = persons[schema.SEX].fillna("unknown")
    age = age_at(index_month, persons)
    if np.isfinite(age).any():
        described["age"], described["age_group"] = age, age_groups(age)
    if persons[schema.EDUCATION].notna().any():
        described[schema.EDUCATION] = persons[schema.EDUCATION].fillna("unknown")
    if persons[schema.BORN_IN_COUNTRY].notna().any():
        names = {1.0: "born_in_country", 0.0: "born_abroad"}
        origin = persons[schema.BORN_IN_COUNTRY].astype(float).map(names)
        described["origin"] = origin.fillna("unknown").astype(object)
    known = {*schema.TABLES[schema.PERSONS].names, *PLACE}
    extra = {name: persons[name] for name in persons.columns if name not in known}
    return pd.DataFrame({**described, **extra})


def age_at(index_month: np.ndarray, persons: pd.DataFrame) -> np.ndarray:
    """Years between birth year and the year of the index month; NaN where either is missing."""
    year = np.where(index_month == NEVER, np.nan, index_month // 12)
    return year - persons[schema.BIRTH_YEAR].to_numpy(dtype=float)


def age_groups(age: np.ndarray) -> np.ndarray:
    """Age groups 0-15, 16-29, 30-44, 45-64 and 65-; `unknown` where the age is missing.

    Examples
    --------
    >>> list(age_groups(np.array([29.0, 30.0, np.nan])))
    ['16-29', '30-44', 'unknown']
    """
    names = np.array([*AGE_GROUPS.values()], dtype=object)
    position = np.searchsorted([*AGE_GROUPS], np.nan_to_num(age), side="right") - 1
    return np.where(np.isnan(age), "unknown", names[np.maximum(position, 0)])


def size_of(tables: Mapping[str, pd.DataFrame], name: str) -> int:
    """Rows of a table, 0 where there is none; tables that know their `sizes` are not read for it.

    Examples
    --------
    >>> size_of({"spells": pd.DataFrame({"start": [1, 2]})}, "spells")
    2
    """
    if name not in tables:
        return 0
    sizes = getattr(tables, "sizes", None)
    return len(tables[name]) if sizes is None else sizes[name]
