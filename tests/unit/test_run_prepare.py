"""The cohort of a study in its work folder: made once, and anew where it was damaged."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cohort_records import study, tables

from evalkit.cohort import build_cohort, cohort_tables, part_of
from evalkit.errors import CohortError, ParameterError
from evalkit.records import read_records
from evalkit.run import prepare as module
from evalkit.run.layout import Layout, find_study
from evalkit.run.plan import read_json, write_json
from evalkit.run.prepare import prepare
from evalkit.run.prepared import read_cohort, read_table, read_unit

PROTOCOL = study(report={"levels": ["study"], "languages": ["sv"]})
# Months from 2020-01; packages start in 2021-01, position 12.
BEFORE = {"start": "2021-01-20", "layers": ("S" * 24, "A" * 13)}
PEOPLE = {"a": BEFORE, "b": {**BEFORE, "package": "info", "municipality": "0115"}}


@pytest.fixture
def layout(tmp_path, monkeypatch) -> Layout:
    """A study that stands prepared; `read` in its site counts how often its records were read."""
    layout = Layout(tmp_path / "site", tmp_path / "site.work", PROTOCOL.name)

    def read(_: object, folder: Path) -> dict[str, pd.DataFrame]:
        assert folder.is_relative_to(layout.folder)
        layout.site.mkdir(exist_ok=True)
        (layout.site / f"read {len(list(layout.site.iterdir()))}").touch()
        return tables(PEOPLE)

    monkeypatch.setattr(module, "store_records", read)
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


def test_a_cohort_that_cannot_be_built_leaves_the_one_before_as_it_stands(layout, monkeypatch):
    path = layout.cohort / "people.parquet"
    content = path.read_bytes()
    monkeypatch.setattr(module, "prepare_inputs", lambda _: {"records": "others"})
    # Two tables are written before the third cannot be made.
    half = list(cohort_tables(tables(PEOPLE), PROTOCOL))[:2]
    monkeypatch.setattr(module, "cohort_tables", lambda *_: _then_refused(half))

    with pytest.raises(CohortError, match="faulty"):
        prepare(PROTOCOL, layout)

    assert path.read_bytes() == content
    assert not list(layout.folder.glob(".*"))
    monkeypatch.setattr(module, "prepare_inputs", lambda _: {"records": "as they are"})
    assert prepare(PROTOCOL, layout).was_kept


def _then_refused(given):
    yield from given
    raise CohortError("faulty")


def _with_people_from_elsewhere(records):
    """Records in which a federation's packages have people of other federations too."""
    rows = records["participations"]
    return {
        **records,
        "participations": rows.assign(package_id=rows["package_id"].to_numpy()[::-1]),
    }


def test_a_study_without_units_has_a_cohort_all_the_same(layout, monkeypatch):
    nowhere = study(report={"levels": ["federation"], "languages": ["sv"]})
    (layout.folder / "prepared.json").unlink()
    areas = tables(PEOPLE)["municipalities"].assign(federation=np.nan)
    records = tables(PEOPLE) | {"municipalities": areas}
    monkeypatch.setattr(module, "store_records", lambda *_: records)

    assert prepare(nowhere, layout).units == ()
    assert prepare(nowhere, layout).was_kept


def test_what_a_killed_run_left_half_made_is_removed_by_the_next(layout, monkeypatch):
    (layout.folder / ".cohort-abc.new" / "records").mkdir(parents=True)
    monkeypatch.setattr(module, "prepare_inputs", lambda _: {"records": "others"})
    monkeypatch.setattr(module, "call_apart", lambda call, *given, what: call(*given))

    prepare(PROTOCOL, layout, apart=True)

    assert not list(layout.folder.glob(".*"))


def test_what_was_shared_before_goes_with_its_cohort(layout, monkeypatch):
    layout.shared.mkdir()
    write_json(layout.folder / "shared.json", {"key": "before"})
    monkeypatch.setattr(module, "prepare_inputs", lambda _: {"records": "others"})

    prepare(PROTOCOL, layout)

    assert not layout.shared.exists() and not (layout.folder / "shared.json").exists()


def test_a_run_prepares_in_another_process(tmp_path):
    protocol = find_study("synthetic-fi")
    layout = Layout(tmp_path / "site", tmp_path / "site.work", protocol.name)
    made = prepare(protocol, layout, apart=True)
    assert not made.was_kept and prepare(protocol, layout).was_kept
    assert made.units == prepare(protocol, layout).units


def test_slices_are_the_parts_of_the_cohort(tmp_path, monkeypatch):
    protocol = find_study("synthetic-se").model_copy(update={"name": "nation"})
    layout = Layout(tmp_path / "site", tmp_path / "site.work", protocol.name)
    records = _with_people_from_elsewhere(read_records(protocol).tables)
    whole = build_cohort(records, protocol)
    monkeypatch.setattr(module, "store_records", lambda *_: records)

    units = prepare(protocol, layout).units

    assert {unit.level for unit in units} == {"municipality", "federation", "national"}
    for unit in (units[0], units[-2], units[-1]):
        codes = unit.municipalities(whole.areas)
        expected = whole if codes is None else part_of(whole, codes)
        found = read_cohort(layout.slices(unit.name))
        for name in expected.__slots__:
            _assert_same(getattr(expected, name), getattr(found, name))


def _assert_same(frame: pd.DataFrame | None, stored: pd.DataFrame | None):
    if frame is None:
        assert stored is None
        return
    # Where a text is missing, a file gives None.
    texts = frame.select_dtypes("object").columns
    alike = frame.assign(**{name: frame[name].replace(np.nan, None) for name in texts})
    pd.testing.assert_frame_equal(alike, stored)


def prepared(folder, **changes):
    words = {"sv": "Lindala", "fi": "Lindala", "en": "Lindala"}
    unit = {"level": "municipality", "code": "0114", "place": words, "parent": words}
    write_json(folder / "prepared.json", {"units": [unit], **changes})
    return folder


@pytest.mark.parametrize("wanted", ["municipality-0114", "0114"])
def test_a_unit_is_found_by_its_name_and_by_its_code(wanted, tmp_path):
    assert read_unit(prepared(tmp_path), wanted).told == "municipality-0114 (Lindala)"


def test_a_unit_that_is_not_there_is_told_with_those_that_are(tmp_path):
    with pytest.raises(ParameterError, match="'9999': no such unit; there are municipality-0114$"):
        read_unit(prepared(tmp_path), "9999")


def test_what_was_not_prepared_or_by_another_version_is_told(tmp_path):
    with pytest.raises(CohortError, match="not prepared yet; run `evalkit report` first"):
        read_unit(tmp_path, "0114")
    with pytest.raises(CohortError, match="another version of evalkit prepared this study"):
        read_unit(prepared(tmp_path, units=[{"level": "municipality"}]), "0114")


def test_a_table_is_read_as_pandas_reads_it(tmp_path):
    frame = pd.DataFrame({
        "person_id": ["a", "b"], "day": pd.to_datetime(["2024-01-01", None]), "n": [1, 2],
        "arm": pd.Categorical(["x", None]), "share": [0.5, np.nan],
    })  # fmt: skip
    frame.to_parquet(tmp_path / "table.parquet", index=False)

    pd.testing.assert_frame_equal(
        read_table(tmp_path / "table.parquet"), pd.read_parquet(tmp_path / "table.parquet")
    )
    some = read_table(tmp_path / "table.parquet", columns=["arm", "n"])
    pd.testing.assert_frame_equal(some[["n", "arm"]], frame[["n", "arm"]])
