"""What a run cleans: what is of no unit any more, and what killed runs left; nothing else."""

from pathlib import Path

import pytest

from evalkit.run.layout import Layout
from evalkit.run.plan import write_json
from evalkit.run.stale import drop_stale
from evalkit.study import Study, parse_study

PROTOCOL = {
    "title": {"en": "A study"}, "country": "SE", "data_cut": "2025-12",
    "useful_size": {"incidence": "0.05", "months": "1.0"}, "report": {"languages": ["sv"]},
}  # fmt: skip
UNIT, GONE = "municipality-0114", "municipality-0131"


@pytest.fixture
def protocol() -> Study:
    return parse_study(PROTOCOL, root=Path("."), name="a")


@pytest.fixture
def layout(tmp_path, protocol) -> Layout:
    """A study that has one unit, with another study beside it."""
    layout = Layout(tmp_path / "site", tmp_path / "site.work", "a")
    units = [{"level": "municipality", "code": "0114", "place": {}, "parent": {}}]
    prepared = {"key": "k", "study": protocol.model_dump(mode="json"), "units": units}
    write_json(layout.folder / "prepared.json", prepared)
    return layout


def put(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("content")


def test_pages_that_the_study_no_longer_has_leave_the_site(layout, protocol):
    kept = layout.page(UNIT, "sv")
    stale = [layout.page(GONE, "sv"), layout.page(UNIT, "fi")]
    for folder in (kept, *stale):
        folder.mkdir(parents=True)
        write_json(layout.record(folder.parent.name, folder.name), {})

    drop_stale(layout, protocol)

    assert kept.is_dir()
    assert layout.record(UNIT, "sv").is_file()
    assert not any(folder.exists() for folder in stale)
    assert not layout.record(GONE, "sv").exists()


def test_notebooks_of_units_that_are_gone_go_and_those_of_others_stay(layout, protocol):
    kept = [
        layout.executed(UNIT, "sv") / "notebook.ipynb",
        layout.executed(UNIT, "fi") / "notebook.ipynb",
        layout.folder / "executed" / "shared" / "notebook.ipynb",
        layout.quarantine(UNIT, "sv") / "report.html",
        layout.slices(UNIT) / "people.parquet",
        layout.cohort / "steps.parquet",
    ]
    put(*kept, layout.executed(GONE, "sv") / "notebook.ipynb")
    put(layout.quarantine(GONE, "sv") / "report.html")

    drop_stale(layout, protocol)

    assert all(path.is_file() for path in kept)
    assert not (layout.folder / "executed" / GONE).exists()
    assert not (layout.folder / "quarantine" / GONE).exists()


def test_what_killed_runs_left_unfinished_goes(layout, protocol):
    kept = layout.record(UNIT, "sv")
    stale = [
        layout.folder / ".parcel-x1y2" / "pages" / "report.html",
        layout.folder / ".prepared.json.new",
        layout.folder / "records" / f".{UNIT}.sv.json.new",
    ]
    put(kept, *stale)

    drop_stale(layout, protocol)

    assert kept.is_file()
    assert (layout.folder / "prepared.json").is_file()
    assert not any(path.exists() for path in stale)
    assert not stale[0].parents[1].exists()


def test_nothing_outside_the_folder_of_the_study_goes(layout, protocol, tmp_path):
    other = Layout(layout.site, layout.work, "b")
    outside = tmp_path / "elsewhere"
    kept = [
        other.executed(GONE, "sv") / "notebook.ipynb",
        other.folder / ".parcel-x1y2" / "report.html",
        other.page(GONE, "sv") / "report.html",
        layout.work / ".parcel-x1y2",
        outside / "notebook.ipynb",
    ]
    put(*kept)
    (layout.folder / "executed").mkdir()
    (layout.folder / "executed" / GONE).symlink_to(outside, target_is_directory=True)

    drop_stale(layout, protocol)

    assert all(path.is_file() for path in kept)
    assert not (layout.folder / "executed" / GONE).is_symlink()
