import pytest
from records_study import make_study
from test_records_reader import refusal

from evalkit.errors import StudyError
from evalkit.records import read_mapping, read_records

RAW = "nr;grupp;dagar;utfall;kön;pcs_0;pcs_6\n1;A;12;1;K;40,5;50\n2;B;30;0;M;41;\n"

MAPPING = """
persons:
  file: raw.csv
  columns: {nr: person_id, kön: sex}
  codes: {sex: {K: female, M: male}}
events:
  file: raw.csv
  columns: {nr: person_id, grupp: arm, dagar: time, utfall: cause}
  codes: {arm: {A: programme, B: comparison}, cause: {"1": linkage, "0": censored}}
  constants: {entry: 0, time_unit: days}
health:
  file: raw.csv
  columns: {nr: person_id}
  items: {pcs_0: pcs, pcs_6: later}
  constants: {occasion: 0, instrument: SF-36}
"""


def mapped_study(folder, mapping=MAPPING, raw=RAW):
    (folder / "raw.csv").write_text(raw, encoding="utf-8")
    (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
    return make_study(
        folder,
        data={"mapping": "mapping.yaml"},
        outcome={"source": "events", "cause": "linkage", "time_unit": "days"},
        arms={"comparison": "given"},
    )


def test_own_columns_and_codes_become_the_tables_of_the_schema(tmp_path):
    tables = read_records(mapped_study(tmp_path)).tables

    events = tables["events"]
    assert events["arm"].tolist() == ["programme", "comparison"]
    assert events["cause"].tolist() == ["linkage", "censored"]
    assert events["time"].tolist() == [12, 30]
    assert tables["persons"]["sex"].tolist() == ["female", "male"]


def test_columns_of_items_become_rows_and_unanswered_ones_none(tmp_path):
    health = read_records(mapped_study(tmp_path)).tables["health"]

    rows = health[["person_id", "item", "value"]].to_numpy().tolist()
    assert rows == [["1", "pcs", 40.5], ["2", "pcs", 41.0], ["1", "later", 50.0]]


def test_codes_that_the_mapping_leaves_out_are_faults_of_the_records(tmp_path):
    message = refusal(mapped_study(tmp_path, raw=RAW.replace("2;B", "2;Q")))

    assert "table events, column arm: not in the code list: 1 of 2 rows (row 3)" in message


def test_a_column_that_the_file_lacks_is_a_fault_of_the_records(tmp_path):
    message = refusal(mapped_study(tmp_path, raw=RAW.replace("dagar", "dagarr")))

    assert "table events, column dagar: the mapping names this column, raw.csv has none" in message
    assert "(did you mean `dagarr`?)" in message


def test_a_file_that_is_not_there_is_a_fault_of_the_records(tmp_path):
    message = refusal(mapped_study(tmp_path, mapping=MAPPING.replace("raw.csv", "row.csv", 1)))

    assert "table persons: no file row.csv" in message


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("events:", "event:", "unknown table `event` \\(did you mean `events`"),
        ("constants: {entry", "constant: {entry", "`events.constant` \\(did you mean `constants`"),
        ("dagar: time", "dagar: tiem", "events: no column `tiem`.*did you mean `time`"),
        ("codes: {sex", "codes: {sexx", "persons.codes: no column `sexx` \\(did you mean `sex`"),
        ("kön: sex", "kön: person_id", "persons: column `person_id` is named twice"),
        ("  file: raw.csv\n  columns: {nr: person_id}", "  columns: {nr: person_id}",
         "health.file: missing"),
        ("columns: {nr: person_id, kön: sex}", "columns: nr", "persons.columns: a mapping of"),
        ("codes: {sex: {K: female, M: male}}", "items: {kön: x}", "this table has no items"),
        ("persons:", "persons: [", "not valid YAML at line"),
    ],
)  # fmt: skip
def test_a_misspelt_mapping_is_refused_with_the_nearest_name(tmp_path, old, new, expected):
    study = mapped_study(tmp_path, mapping=MAPPING.replace(old, new, 1))

    with pytest.raises(StudyError, match=expected) as caught:
        read_records(study)

    assert caught.value.exit_code == 2


def test_a_missing_mapping_file_is_refused(tmp_path):
    with pytest.raises(StudyError, match="no such mapping file"):
        read_mapping(tmp_path / "nothing.yaml")
