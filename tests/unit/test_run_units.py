"""The unit of dependence of a unit's estimates."""

from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

from evalkit.cohort import CohortTables
from evalkit.run.units import Unit, cluster_of
from evalkit.study import Labels, parse_study

MINIMAL = {
    "title": {"en": "A study"},
    "country": "SE",
    "data_cut": "2025-12",
    "useful_size": {"incidence": "0.05", "months": "1.0"},
}


@pytest.mark.parametrize(
    ("level", "changes", "expected"),
    [
        ("municipality", {}, None),
        ("national", {}, "municipality"),
        ("national", {"assignment": "randomised"}, None),
        ("national", {"cluster": "package_id"}, "package_id"),
        ("municipality", {"cluster": "package_id"}, "package_id"),
    ],
)
def test_the_cluster_is_the_unit_of_assignment_else_the_municipality_in_a_nation(
    level, changes, expected
):
    study = parse_study({**MINIMAL, **changes}, root=Path("."), name="a")

    assert cluster_of(Labels(study=study, level=level, code="x")) == expected


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        ({"value_set": "SE-2020-TTO"}, "given the start"),
        ({"value_set": "SE-2020-TTO", "primary": "fixed_effects"}, "within people"),
    ],
)
def test_the_study_file_names_the_health_analysis_that_leads(health, expected):
    unit = Unit.__new__(Unit)
    study = parse_study({**MINIMAL, "health": health}, root=Path("."), name="a")
    object.__setattr__(unit, "labels", Labels(study=study, level="national", code=""))

    assert unit.primary(ancova="given the start", fixed_effects="within people") == expected


def unit_of(level="municipality", study=None, **tables) -> Unit:
    """A unit with the tables named; others are without rows, or None where they may be lacking."""
    unit = Unit.__new__(Unit)
    protocol = parse_study({**MINIMAL, **(study or {})}, root=Path("."), name="a")
    optional = {field.name: field.default for field in fields(CohortTables)}
    given = {
        name: None if default is None else pd.DataFrame() for name, default in optional.items()
    }
    object.__setattr__(unit, "labels", Labels(study=protocol, level=level, code="x"))
    object.__setattr__(unit, "_tables", CohortTables(**(given | tables)))
    return unit


def answers(municipality=("", "")) -> pd.DataFrame:
    return pd.DataFrame({
        "respondent_id": ["r1", "r2"], "respondent_group": ["staff", "participant"],
        "package_id": None, "federation": "North", "municipality": list(municipality),
        "wave": "2024", "instrument": ["climate", "quality"], "item": "i1", "value": [3.0, 4.0],
    })  # fmt: skip


TAKEN = pd.DataFrame({
    "person_id": ["a", "b"], "package_id": ["north", "south"], "exit_reason": None,
    "start": pd.Timestamp("2024-01-10"), "end": pd.NaT, "coordination": "joint_work",
})  # fmt: skip
PACKAGES = pd.DataFrame({
    "package_id": ["north", "empty"], "name": ["North", "Empty"], "federation": "North",
    "planned_participants": [25, 10],
})  # fmt: skip


def test_samples_are_none_where_the_study_has_no_such_table():
    unit = unit_of()

    assert unit.participations is unit.statuses is unit.forms is unit.responses is None
    assert unit.in_packages is unit.benefit_spells is unit.asked("climate") is None
    assert unit.answers_area == "" and unit.package_names == {} and unit.goals.empty


def test_a_federation_sees_who_lives_there_and_who_is_in_its_packages():
    tables = {"participations": TAKEN, "packages": PACKAGES,
              "steps": pd.DataFrame({"person_id": ["b"]})}  # fmt: skip
    federation, municipality = unit_of("federation", **tables), unit_of(**tables)

    assert list(federation.participations.covariates["person_id"]) == ["b"]
    assert list(federation.in_packages.covariates["person_id"]) == ["a"]
    assert municipality.in_packages is None
    assert federation.goals.to_dict("records") == [
        {"stratum": "north", "quantity": "started", "target": 25}
    ]


def test_answers_are_chosen_by_questionnaire_and_group():
    unit = unit_of(responses=answers())

    assert len(unit.asked("climate")) == len(unit.asked("climate", "staff")) == 1
    assert unit.asked("climate", "participant") is None
    assert unit.asked("climate").digest != unit.asked("climate", "staff").digest


@pytest.mark.parametrize(
    ("level", "places", "expected"),
    [("municipality", ("", ""), "North"), ("municipality", ("x", ""), ""),
     ("federation", ("", ""), "")],
)  # fmt: skip
def test_a_municipality_says_whose_answers_it_shows(level, places, expected):
    assert unit_of(level, responses=answers(places)).answers_area == expected


@pytest.mark.parametrize(
    ("economics", "rate", "worth"),
    [
        ({}, 0.03, 100_000.0),
        ({"discount_rate": ["0", "0.05"]}, 0.0, 100_000.0),
        ({"discount_rate": ["0.05", "0.03"], "currency": "SEK"}, 0.03, 1_000_000.0),
        ({"willingness_to_pay": ["0", "40000"]}, 0.03, 40_000.0),
    ],
)
def test_the_study_file_gives_rates_and_what_health_may_be_worth(economics, rate, worth):
    unit = unit_of(study={"economics": economics})

    assert unit.discount_rate == rate
    assert unit.willingness_to_pay[-1] == worth and unit.willingness_to_pay[0] == 0


def test_an_estimate_without_its_sample_or_another_that_it_needs_is_none():
    unit = unit_of()

    assert unit.release(len, None) is None and unit.release(max, [1], None) is None
    assert unit.estimate(len, None) is None and unit.estimate(max, [1], None) is None
    assert unit.estimate(len, [1, 2]) == 2
