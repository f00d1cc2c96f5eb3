import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from records_study import ANNA, BERIT, TABLES, make_study, with_line, with_row, write_study

from evalkit.errors import RecordsError
from evalkit.records import read_records, schema


def refusal(study) -> str:
    with pytest.raises(RecordsError) as caught:
        read_records(study)
    message = str(caught.value)
    assert caught.value.exit_code == 3
    assert "quokka" not in message
    assert "wombat" not in message
    return message


def test_tables_in_order_are_read_without_a_fault(tmp_path):
    records = read_records(write_study(tmp_path))

    assert list(records.tables) == [name for name in schema.TABLES if name in TABLES]
    assert len(records.tables["spells"]) == 4
    assert records.tables["persons"]["municipality"].tolist() == ["0114", "0114", "2480"]


def test_columns_without_a_name_are_left_out(tmp_path):
    lines = [f",{line},x" for line in TABLES["spells"]]
    lines[0] = f",{TABLES['spells'][0]},"
    tables = read_records(write_study(tmp_path, spells=lines)).tables
    assert list(tables["spells"]) == list(schema.TABLES["spells"].names)


def test_the_index_of_a_parquet_file_is_no_column(tmp_path):
    study = write_study(tmp_path)
    expected = read_records(study).tables["spells"]
    frame = pd.read_csv(tmp_path / "spells.csv", parse_dates=["start", "end"])
    frame.set_axis(pd.Index([9, 9, 3, 1], name="mark")).to_parquet(tmp_path / "spells.parquet")
    (tmp_path / "spells.csv").unlink()
    pd.testing.assert_frame_equal(read_records(study).tables["spells"], expected)


def test_names_of_parquet_columns_may_be_numbers_or_begin_alike(tmp_path):
    study = write_study(tmp_path)
    frame = pd.read_csv(tmp_path / "spells.csv", parse_dates=["start", "end"])
    frame["a"], frame["a.b"], frame[2024] = 1, 2, 3
    frame.columns = [str(name) for name in frame]
    frame.to_parquet(tmp_path / "spells.parquet", index=False)
    (tmp_path / "spells.csv").unlink()
    spells = read_records(study).tables["spells"]
    assert spells[["a", "a.b", "2024"]].drop_duplicates().to_numpy().tolist() == [[1, 2, 3]]
    pd.DataFrame([[1, 2]], columns=[2023, 2024]).to_parquet(tmp_path / "spells.parquet")
    assert "table spells, column person_id: the column is missing" in refusal(study)


def test_a_parquet_column_name_twice_is_a_fault(tmp_path):
    study = write_study(tmp_path)
    (tmp_path / "spells.csv").unlink()
    twice = pa.table([["a"], ["b"]], names=["benefit", "benefit"])
    pq.write_table(twice, tmp_path / "spells.parquet")
    assert "table spells: spells.parquet has a column name twice" in refusal(study)


def test_columns_are_delivered_in_the_types_of_the_schema(tmp_path):
    tables = read_records(write_study(tmp_path)).tables

    assert tables["spells"]["start"].dtype == "datetime64[ns]"
    assert tables["spells"]["end"].isna().tolist() == [False, True, False, False]
    assert tables["spells"]["degree"].dtype == "int64"
    assert tables["persons"]["died_month"].tolist()[1] == "2025-01"
    assert tables["health"]["occasion"].tolist() == ["0", "6", "0"]
    assert np.isnan(tables["health"]["value"][1])


def test_optional_columns_that_a_file_lacks_are_delivered_empty(tmp_path):
    persons = read_records(write_study(tmp_path)).tables["persons"]

    assert tuple(persons.columns) == schema.TABLES["persons"].names
    assert persons["education"].isna().all()


def test_extra_columns_are_kept_as_numbers_unless_a_leading_zero_makes_them_codes(tmp_path):
    lines = [f"{line},{x}" for line, x in zip(
        TABLES["persons"], ["weight,area", "70.5,011", "81,020", ",030"], strict=True
    )]  # fmt: skip
    persons = read_records(write_study(tmp_path, persons=lines)).tables["persons"]

    assert persons["weight"].dtype == float
    assert persons["area"].tolist() == ["011", "020", "030"]


def test_digest_changes_with_one_value_and_with_nothing_else(tmp_path):
    first, again, other = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    for folder in (first, again, other):
        folder.mkdir()
    changed = with_row("health", 2, f"{ANNA},0,2023-01-15,EQ-5D-5L,mo,3")

    digest = read_records(write_study(first)).digest

    assert read_records(write_study(again)).digest == digest
    assert read_records(write_study(other, health=changed)).digest != digest


def test_a_file_with_byte_order_mark_semicolons_and_decimal_commas_reads_the_same(tmp_path):
    plain, excel = tmp_path / "plain", tmp_path / "excel"
    plain.mkdir()
    excel.mkdir()
    lines = with_row("health", 2, f"{ANNA},0,2023-01-15,EQ-VAS,vas,55.5")
    expected = read_records(write_study(plain, health=lines)).tables["health"]
    study = write_study(excel)
    text = "\r\n".join(line.replace(",", ";").replace(".5", ",5") for line in lines)
    (excel / "health.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())

    health = read_records(study).tables["health"]

    pd.testing.assert_frame_equal(health, expected)


def test_parquet_with_typed_columns_reads_as_the_csv_does(tmp_path):
    study = write_study(tmp_path)
    expected = read_records(study).tables["spells"]
    pd.read_csv(tmp_path / "spells.csv", parse_dates=["start", "end"]).to_parquet(
        tmp_path / "spells.parquet"
    )
    (tmp_path / "spells.csv").unlink()

    spells = read_records(study).tables["spells"]

    pd.testing.assert_frame_equal(spells, expected)


def test_missing_tables_are_named_with_the_file_that_looks_like_them(tmp_path):
    study = write_study(tmp_path, persons=None, spells=None)
    (tmp_path / "person.csv").write_text("\n".join(TABLES["persons"]))

    message = refusal(study)

    assert "table persons: no file persons.csv or persons.parquet (person.csv looks like it)" in (
        message
    )
    assert "table spells: no file" in message


def test_an_optional_table_may_be_missing(tmp_path):
    records = read_records(write_study(tmp_path, health=None, statuses=None))

    assert "health" not in records.tables


def test_an_events_study_needs_no_table_but_its_events(tmp_path):
    (tmp_path / "events.csv").write_text(
        "person_id,arm,entry,time,cause,time_unit,age\n"
        "a,programme,0,12,linkage,days,40\nb,comparison,0,,,days,50\n"
    )
    study = make_study(
        tmp_path,
        outcome={"source": "events", "cause": "linkage", "time_unit": "days"},
        arms={"comparison": "given"},
    )

    events = read_records(study).tables["events"]

    assert events["time"].tolist()[0] == 12
    assert events["cause"].isna().tolist() == [False, True]
    assert events["age"].tolist() == [40, 50]


def test_persons_are_looked_up_in_persons_where_there_are_events_too(tmp_path):
    write_study(tmp_path)
    (tmp_path / "events.csv").write_text(
        f"person_id,arm,entry,time,cause,time_unit\n{ANNA},programme,0,12,linkage,days\n"
    )
    events = {"source": "events", "cause": "linkage", "time_unit": "days"}
    study = make_study(tmp_path, outcome=events, arms={"comparison": "given"})

    assert len(read_records(study).tables["health"]) == 3  # of two persons

    with (tmp_path / "events.csv").open("a", encoding="utf-8") as file:
        file.write("xq-nobody,programme,0,12,linkage,days\n")
    assert "table events, column person_id: not in table persons: 1 of 2 rows" in refusal(study)


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(RecordsError, match="no data folder"):
        read_records(make_study(tmp_path, data={"path": "nowhere"}))


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n"])
def test_an_empty_file_is_refused(tmp_path, content):
    study = write_study(tmp_path)
    (tmp_path / "health.csv").write_bytes(content)

    assert "table health: health.csv is empty. Fill it, or remove the file." in refusal(study)


def test_a_file_with_only_a_header_is_refused(tmp_path):
    message = refusal(write_study(tmp_path, health=TABLES["health"][:1]))

    assert "table health: health.csv has a header but no rows" in message


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_latin_1_file_is_refused_with_its_row(mark, tmp_path):
    study = write_study(tmp_path)
    lines = with_row("municipalities", 3, "\xe52480,SE,Lund,24,F2")
    content = "\n".join(lines).encode("latin-1")
    (tmp_path / "municipalities.csv").write_bytes(mark + content)

    message = refusal(study)

    assert "table municipalities: municipalities.csv is not UTF-8 (first at row 3)" in message
    assert "Save it as CSV UTF-8." in message


def test_a_row_with_too_many_fields_is_refused_with_its_row(tmp_path):
    message = refusal(write_study(tmp_path, health=with_line("health", f"{ANNA},12,,E,q,1,1,1")))

    assert "health.csv has more fields in row 5 than in its header" in message


def test_rows_that_are_all_too_long_are_refused(tmp_path):
    lines = [TABLES["health"][0], *(f"{line},1" for line in TABLES["health"][1:])]

    message = refusal(write_study(tmp_path, health=lines))

    assert "health.csv has more fields in row 2 than in its header" in message


def test_a_column_name_that_stands_twice_is_refused(tmp_path):
    lines = [line.replace("date", "item") for line in TABLES["health"]]

    message = refusal(write_study(tmp_path, health=lines))

    assert "health.csv has a column name twice (column 5)" in message


def test_blank_lines_do_not_shift_row_numbers(tmp_path):
    header, *rows = TABLES["spells"]
    bad = f"{BERIT},sickness_benefit,2023-05-01,2023-04-01,100"

    message = refusal(write_study(tmp_path, spells=[header, "", *rows, "", bad]))

    assert "table spells, column end: earlier than start: 1 of 5 rows (row 8)" in message


def test_both_csv_and_parquet_are_refused_until_one_is_chosen(tmp_path):
    study = write_study(tmp_path)
    pd.read_csv(tmp_path / "packages.csv").to_parquet(tmp_path / "packages.parquet")

    message = refusal(study)

    assert "both packages.csv and packages.parquet" in message
    assert "packages" in read_records(make_study(tmp_path, data={"format": "csv"})).tables


def test_a_broken_parquet_file_is_refused(tmp_path):
    study = write_study(tmp_path, packages=None)
    (tmp_path / "packages.parquet").write_bytes(b"no parquet")

    assert "table packages: packages.parquet is not a parquet file" in refusal(study)


def test_a_missing_column_is_named_with_the_column_that_looks_like_it(tmp_path):
    lines = [TABLES["persons"][0].replace("birth_year", "birthyear"), *TABLES["persons"][1:]]

    message = refusal(write_study(tmp_path, persons=lines))

    assert (
        "table persons, column birth_year: the column is missing (did you mean `birthyear`?)"
        in message
    )


def test_all_faults_of_all_tables_are_told_at_once(tmp_path):
    message = refusal(
        write_study(
            tmp_path,
            packages=None,
            persons=with_row("persons", 2, f"{ANNA},unclear,1980,0114,"),
            spells=with_row("spells", 5, f"{ANNA},sickness_benefit,2023-02-30,,100"),
        )
    )

    lines = message.splitlines()
    assert lines[0] == "records of study by-hand: 3 faults"
    assert len(lines) == 4
