"""What the shared stage gives to each unit: its own part, and nothing that changes with others."""

import numpy as np
import pytest

from evalkit.provenance import Provenance
from evalkit.release import read_released, release, write_released
from evalkit.results import Contrast, ResponseScores
from evalkit.run.stage import _cut_released

FEDERATION = {"0114", "0115"}


def shares(estimates: dict[str, float]) -> Contrast:
    """Shares by municipality and arm, as the shared stage keeps them."""
    terms = [f"{code}, {arm}" for code in estimates for arm in ("programme", "comparison")]
    n = len(terms)
    return Contrast(
        rows={
            "term": terms, "scale": ["arm"] * n, "estimate": np.repeat([*estimates.values()], 2),
        },
        summary={"n": 100 * n},
        support={"n": np.full(n, 100.0), "k": np.full(n, 40.0), "complement": np.full(n, 60.0)},
        provenance=Provenance("incidence_at", f"{sum(estimates.values()):016.8f}"),
    )  # fmt: skip


def indicators() -> ResponseScores:
    return ResponseScores(
        rows={
            "stratum": ["staff"], "federation": ["North"], "wave": ["2024"], "item": ["i1"],
            "quantity": ["mean"], "weighting": ["respondents"], "estimate": [50.0], "n": [40],
            "n_asked": [50], "unit": ["points"], "reason": [""],
        },
        summary={"n": 40},
        support={"n": [40.0], "k": [20.0], "complement": [20.0]},
        provenance=Provenance("indicators", "0" * 16),
    )  # fmt: skip


def cut(tmp_path, name: str, estimates: dict[str, float]):
    source, target = tmp_path / name / "all", tmp_path / name / "own"
    write_released(release(shares(estimates), "internal"), source / "municipalities.json")
    write_released(release(indicators(), "internal"), source / "indicators.json")
    _cut_released(source, target, FEDERATION)
    return target


@pytest.fixture
def own(tmp_path):
    return cut(tmp_path, "first", {"0114": 0.3, "0115": 0.4, "0116": 0.5})


def test_a_region_gets_the_rows_of_its_own_municipalities_and_no_totals(own):
    part = read_released(own / "municipalities.json")

    assert {term[:4] for term in part.tidy()["term"]} == FEDERATION
    assert np.isnan(part.summary["n"])


def test_tables_that_are_not_of_municipalities_are_the_same_for_all(own, tmp_path):
    whole = tmp_path / "first" / "all" / "indicators.json"

    assert (own / "indicators.json").read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(("changed", "is_same"), [("0116", True), ("0115", False)])
def test_the_part_of_a_region_changes_with_its_own_rows_only(own, tmp_path, changed, is_same):
    estimates = {"0114": 0.3, "0115": 0.4, "0116": 0.5} | {changed: 0.45}

    other = cut(tmp_path, "second", estimates) / "municipalities.json"

    assert (other.read_bytes() == (own / "municipalities.json").read_bytes()) == is_same


def test_the_log_of_a_region_names_no_other_municipality(tmp_path):
    result = shares({"0114": 0.3, "0116": 0.5})
    few = Contrast(
        rows=dict(result.rows), summary=dict(result.summary),
        support={"n": np.full(4, 3.0), "k": np.full(4, 1.0), "complement": np.full(4, 2.0)},
        provenance=result.provenance,
    )  # fmt: skip
    write_released(release(few, "strict10"), tmp_path / "all" / "municipalities.json")

    _cut_released(tmp_path / "all", tmp_path / "own", FEDERATION)

    log = read_released(tmp_path / "own" / "municipalities.json").log
    assert log and all("0116" not in address for _, address, _ in log)
