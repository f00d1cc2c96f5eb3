"""A small Swedish study made by hand, and what the tests of records change in it."""

from pathlib import Path

from evalkit.study import Study, parse_study

# Ids and values that no message can hold by accident.
ANNA, BERIT, CARIN = "xq-quokka-1", "xq-quokka-2", "xq-quokka-3"

TABLES = {
    "persons": [
        "person_id,sex,birth_year,municipality,died_month",
        f"{ANNA},female,1980,0114,",
        f"{BERIT},male,1975,0114,2025-01",
        f"{CARIN},female,1990,2480,",
    ],
    "spells": [
        "person_id,benefit,start,end,degree",
        f"{ANNA},sickness_benefit,2022-01-10,2023-02-28,100",
        f"{ANNA},social_assistance,2022-06-01,,50",
        f"{BERIT},unemployment_insurance,2021-01-01,2023-06-30,100",
        f"{CARIN},activity_support,2022-03-01,2023-03-31,100",
    ],
    "packages": [
        "package_id,name,federation,kind,coordination",
        "wombat-a,Together,F1,individual,joint_work",
        "wombat-b,Leaflet,F1,individual,information",
    ],
    "participations": [
        "person_id,package_id,start,end,exit_reason",
        f"{ANNA},wombat-a,2023-01-15,2023-06-30,work",
        f"{BERIT},wombat-b,2023-02-01,,",
        f"{CARIN},wombat-a,2023-03-01,2023-09-30,",
        f"{CARIN},wombat-a,2023-10-01,,",
    ],
    "municipalities": [
        "municipality,country,name_sv,county,federation",
        "0114,SE,Testby,01,F1",
        "2480,SE,Provstad,24,F2",
    ],
    "health": [
        "person_id,occasion,date,instrument,item,value",
        f"{ANNA},0,2023-01-15,EQ-5D-5L,mo,2",
        f"{ANNA},6,2023-07-15,EQ-5D-5L,mo,",
        f"{BERIT},0,2023-02-01,EQ-5D-5L,mo,5",
    ],
    "statuses": [
        "person_id,package_id,occasion,date,occupation",
        f"{ANNA},wombat-a,start,2023-01-15,other",
        f"{ANNA},wombat-a,end,2023-06-30,work",
        f"{BERIT},wombat-b,start,2023-02-01,job_seeker",
    ],
}

STUDY = {
    "title": {"en": "By hand"},
    "country": "SE",
    "data_cut": "2025-12",
    "useful_size": {"incidence": "0.05", "months": "1"},
    "health": {"instrument": "EQ-5D-5L", "value_set": "SE-2020-TTO"},
}


def write_tables(folder: Path, **changed: list[str] | None) -> None:
    """Write the study's CSV files; a changed table replaces its own, None leaves it out."""
    for name, lines in {**TABLES, **changed}.items():
        if lines is not None:
            (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def make_study(folder: Path, **changed) -> Study:
    return parse_study({**STUDY, **changed}, root=folder, name="by-hand")


def write_study(folder: Path, **changed: list[str] | None) -> Study:
    write_tables(folder, **changed)
    return make_study(folder)


def with_line(name: str, *lines: str) -> list[str]:
    return [*TABLES[name], *lines]


def with_row(name: str, row: int, line: str) -> list[str]:
    """The table with one line replaced; the header is row 1."""
    return [line if i == row else old for i, old in enumerate(TABLES[name], start=1)]
