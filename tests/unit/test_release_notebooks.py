"""What report notebooks show at several levels is planned by the shared stage."""

import json
import re
from pathlib import Path

import pytest

from evalkit.release.addresses import family

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
REPORTS = ("municipal_report", "federation_report", "national_report")
OF_NOBODY = {"service_profile", "service_gaps"}  # services of municipalities


def code(name: str) -> str:
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def released(name: str) -> set[str]:
    return set(re.findall(r"\.release\(\s*ek\.(\w+)", code(name)))


def planned() -> set[str]:
    source = code("shared_stage")
    given = re.findall(r"\.estimate\(\s*ek\.(\w+)", source)
    for call in re.findall(r"by_municipality\(([^)]*)\)", source):
        given += re.findall(r"ek\.(\w+)", call)
    return {family(function) for function in given}


def unplanned(shown: dict[str, set[str]], families: set[str]) -> list[str]:
    several = {name for name in set.union(*shown.values())
               if sum(name in part for part in shown.values()) > 1}  # fmt: skip
    return sorted(name for name in several - OF_NOBODY if family(name) not in families)


def test_whatever_stands_at_two_levels_is_planned():
    shown = {name: released(name) for name in REPORTS}

    assert all(len(part) > 15 for part in shown.values())
    assert unplanned(shown, planned()) == []


def test_a_kind_without_a_plan_would_be_found():
    shown = {name: released(name) | {"collaboration_trend_by_site"} for name in REPORTS}

    assert unplanned(shown, planned()) == ["collaboration_trend_by_site"]


@pytest.mark.parametrize("name", REPORTS)
def test_strata_are_breakdowns_of_one_kind_and_open_months_are_not_filled(name):
    """Two breakdowns of the same persons on one page would be two sums of the same cells."""
    source = code(name)
    assert not re.search(r"complete=|interpolate", source)
    breakdowns: dict[str, set[str]] = {}
    for function, options in re.findall(r"\.release\(\s*ek\.(\w+),([^)]*)\)", source):
        by = re.search(r"by=\"?(\[[^\]]*\]|\w+)", options)
        breakdowns.setdefault(function, set()).add(by.group(1) if by else "")
    assert all(len(found) == 1 for found in breakdowns.values())
