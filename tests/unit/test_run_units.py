"""The unit of dependence of a unit's estimates."""

from pathlib import Path

import pytest

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
