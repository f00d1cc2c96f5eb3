"""The cohort of a study in its work folder: made once, and anew where it was damaged."""

from types import SimpleNamespace

import pytest
from cohort_records import study, tables

from evalkit.run import prepare as module
from evalkit.run.layout import Layout
from evalkit.run.plan import read_json, write_json
from evalkit.run.prepare import prepare

PROTOCOL = study(report={"levels": ["study"], "languages": ["sv"]})
# Months from 2020-01; packages start in 2021-01, position 12.
BEFORE = {"start": "2021-01-20", "layers": ("S" * 24, "A" * 13)}
PEOPLE = {"a": BEFORE, "b": {**BEFORE, "package": "info", "municipality": "0115"}}


@pytest.fixture
def layout(tmp_path, monkeypatch) -> Layout:
    """A study that stands prepared; `read` in its site counts how often its records were read."""
    layout = Layout(tmp_path / "site", tmp_path / "site.work", PROTOCOL.name)

    def read(_: object) -> SimpleNamespace:
        layout.site.mkdir(exist_ok=True)
        (layout.site / f"read {len(list(layout.site.iterdir()))}").touch()
        return SimpleNamespace(tables=tables(PEOPLE))

    monkeypatch.setattr(module, "read_records", read)
    monkeypatch.setattr(module, "prepare_inputs", lambda _: {"records": "as they are"})
    assert not prepare(PROTOCOL, layout).was_kept
    return layout


def times_read(layout: Layout) -> int:
    return len(list(layout.site.iterdir()))


def test_a_cohort_that_stands_is_not_made_again(layout):
    assert prepare(PROTOCOL, layout).was_kept
    assert times_read(layout) == 1


@pytest.mark.parametrize("table", ["steps", "areas", "people"])
def test_a_damaged_table_of_the_cohort_has_it_made_anew(layout, table):
    path = layout.cohort / f"{table}.parquet"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])

    assert not prepare(PROTOCOL, layout).was_kept
    assert path.read_bytes() == content
    assert prepare(PROTOCOL, layout).was_kept
    assert times_read(layout) == 2


def test_a_missing_table_of_the_cohort_has_it_made_anew(layout):
    (layout.cohort / "costs.parquet").unlink()

    assert not prepare(PROTOCOL, layout).was_kept
    assert (layout.cohort / "costs.parquet").is_file()


def test_what_another_version_prepared_is_prepared_anew(layout):
    known = read_json(layout.folder / "prepared.json")
    write_json(layout.folder / "prepared.json", {"units": known["units"]})

    assert not prepare(PROTOCOL, layout).was_kept
    assert prepare(PROTOCOL, layout).was_kept
