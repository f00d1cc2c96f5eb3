"""Records by hand: persons whose months are drawn as text, as the tables of a study."""

from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.cohort.months import month_number, month_text
from evalkit.records import schema
from evalkit.study import Study, parse_study

START_MONTH = "2020-01"
BENEFIT = {
    "S": "sickness_benefit",
    "U": "unemployment_insurance",
    "A": "social_assistance",
    "P": "parental_benefit",
    "W": "wage_subsidy",
    "D": "disability_pension",
    "O": "old_age_pension",
}


def study(**changes) -> Study:
    """A protocol in which every rule has its default, changed where named."""
    raw = {
        "title": {"en": "By hand"},
        "country": "SE",
        "data_cut": "2021-12",
        "useful_size": {"incidence": "0.05", "months": "1"},
        **changes,
    }
    return parse_study(raw, root=Path("."), name="by-hand")


def frame(table: str, rows: list[dict]) -> pd.DataFrame:
    """A table with all columns of the schema in the types in which records are delivered."""
    made = pd.DataFrame(rows).reindex(
        columns=[*schema.TABLES[table].names, *extra_columns(table, rows)]
    )
    for column in schema.TABLES[table].columns:
        if column.kind == "date":
            made[column.name] = pd.to_datetime(made[column.name])
        elif column.kind in ("integer", "number", "flag"):
            made[column.name] = pd.to_numeric(made[column.name])
        else:
            made[column.name] = made[column.name].astype(object)
    return made


def extra_columns(table: str, rows: list[dict]) -> list[str]:
    named = dict.fromkeys(name for row in rows for name in row)
    return [name for name in named if name not in schema.TABLES[table].names]


def spells_of(person: str, *layers: str, first: str = START_MONTH) -> list[dict]:
    """One spell for each month and letter of the layers; `first` is the month of position 0."""
    rows = []
    for layer in layers:
        for position, letter in enumerate(layer):
            if letter in BENEFIT:
                month = month_text(np.array([month_number(first) + position]))[0]
                rows.append(
                    {
                        "person_id": person,
                        "benefit": BENEFIT[letter],
                        "start": f"{month}-10",
                        "end": f"{month}-20",
                        "degree": 100,
                    }
                )
    return rows


COORDINATION = {"joint": "joint_work", "coord": "coordination", "info": "information"}
PACKAGES = frame(
    "packages",
    [
        {"package_id": name, "name": name, "kind": "individual", "coordination": coordination}
        for name, coordination in COORDINATION.items()
    ],
)

MUNICIPALITIES = frame(
    "municipalities",
    [
        {"municipality": code, "country": "SE", "name_sv": code, "name_fi": code, "name_en": code,
         "county": "West", "federation": federation}
        for code, federation in (("0114", "North"), ("0115", "North"), ("0116", np.nan))
    ],
)  # fmt: skip


def tables(persons: dict[str, dict]) -> dict[str, pd.DataFrame]:
    """Tables of persons, each with `layers` (months from 2020-01) and `start` of a package.

    Other entries are columns of the persons table; `package` names the package.
    """
    people, spells, taken = [], [], []
    for name, given in persons.items():
        given = {"sex": "female", "birth_year": 1980, "municipality": "0114", **given}
        spells += spells_of(name, *given.pop("layers", ()))
        package, start = given.pop("package", "joint"), given.pop("start", None)
        if start is not None:
            taken.append({"person_id": name, "package_id": package, "start": start})
        people.append({"person_id": name, **given})
    return {
        "persons": frame("persons", people),
        "spells": frame("spells", spells),
        "packages": PACKAGES,
        "participations": frame("participations", taken),
        "municipalities": MUNICIPALITIES,
    }
