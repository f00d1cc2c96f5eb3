"""Tables that come as a folder of parquet files."""

import pandas as pd
import pytest
from records_study import make_study, write_study

from evalkit.errors import RecordsError
from evalkit.records import read_records, record_files
from evalkit.run.prepare import _records_digest


@pytest.fixture
def spells(tmp_path):
    """A study by hand whose spells are cut into two parts and an empty one."""
    study = write_study(tmp_path)
    frame = pd.read_csv(tmp_path / "spells.csv", parse_dates=["start", "end"])
    folder = tmp_path / "spells.parquet"
    folder.mkdir()
    for name, rows in (("b", slice(2, None)), ("a", slice(0, 2)), ("c", slice(0, 0))):
        frame[rows].to_parquet(folder / f"{name}.parquet", index=False)
    expected = read_records(study_of_csv(study, tmp_path)).tables["spells"]
    (tmp_path / "spells.csv").unlink()
    return study, folder, expected


def study_of_csv(study, folder):
    return make_study(folder, data={"format": "csv"})


def refusal(study) -> str:
    with pytest.raises(RecordsError) as caught:
        read_records(study)
    assert caught.value.exit_code == 3
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    return lines[1].strip()


def test_parts_are_one_table_in_the_order_of_their_names(spells):
    study, _, expected = spells

    pd.testing.assert_frame_equal(read_records(study).tables["spells"], expected)


def test_every_part_is_a_file_of_the_records(spells):
    study, folder, _ = spells
    files = record_files(study)

    assert [f.name for f in files if f.parent == folder] == ["a.parquet", "b.parquet", "c.parquet"]


def test_the_digest_of_the_files_tells_parts_of_equal_names_apart(spells):
    study, folder, _ = spells
    before = _records_digest(study)
    (folder / "a.parquet").rename(folder / "d.parquet")

    assert _records_digest(study) != before


def test_a_part_that_is_no_parquet_file_is_one_fault(spells):
    study, folder, _ = spells
    (folder / "b.parquet").write_bytes((folder / "b.parquet").read_bytes()[:-9])

    assert refusal(study) == (
        "table spells: spells.parquet has a part, b.parquet, that is not a parquet file. "
        "Write it again."
    )


def test_a_part_with_other_columns_is_one_fault(spells):
    study, folder, _ = spells
    part = pd.read_parquet(folder / "b.parquet")
    part.drop(columns="degree").to_parquet(folder / "b.parquet", index=False)

    assert refusal(study).startswith(
        "table spells: spells.parquet has other columns in b.parquet than in a.parquet."
    )


def test_rows_are_numbered_on_from_part_to_part(spells):
    study, folder, _ = spells
    part = pd.read_parquet(folder / "b.parquet")
    part.loc[1, "benefit"] = "quokka"
    part.to_parquet(folder / "b.parquet", index=False)

    message = refusal(study)

    assert "column benefit: unknown benefit code" in message and "1 of 4 rows (row 5)" in message


def test_a_folder_without_parts_is_refused(spells):
    study, folder, _ = spells
    for part in folder.iterdir():
        part.unlink()

    assert "spells.parquet is a folder without parquet files" in refusal(study)


def test_parts_without_any_row_are_refused(spells):
    study, folder, _ = spells
    for name in ("a", "b"):
        (folder / f"{name}.parquet").unlink()

    assert "spells.parquet has a header but no rows" in refusal(study)


def test_a_folder_and_a_file_of_one_table_are_refused(spells):
    study, folder, _ = spells
    (folder.parent / "spells.csv").write_text("person_id\n")

    assert "both spells.csv and spells.parquet" in refusal(study)
