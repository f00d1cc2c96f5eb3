"""Records that stand in a folder: as they are in memory, one table at a time."""

import pandas as pd
import pytest
from records_study import make_study, write_study

from evalkit.errors import CohortError, RecordsError
from evalkit.records import read_records, store_records
from evalkit.run.layout import find_study


@pytest.mark.parametrize("name", ["synthetic-se", "synthetic-fi"])
def test_stored_tables_are_those_that_are_read(tmp_path, name):
    study = find_study(name)
    read, stored = read_records(study).tables, store_records(study, tmp_path)
    assert set(stored) == set(read) and len(stored) == len(read)
    for table in read:
        pd.testing.assert_frame_equal(stored[table], read[table])


def test_a_table_that_the_study_lacks_is_not_among_them(tmp_path):
    folder = tmp_path / "stored"
    folder.mkdir()
    stored = store_records(write_study(tmp_path, health=None), folder)
    assert "health" not in stored and stored.get("health") is None
    with pytest.raises(KeyError):
        stored["health"]


def test_faults_are_those_of_read_records(tmp_path):
    folder = tmp_path / "stored"
    folder.mkdir()
    study = write_study(tmp_path, persons=["person_id,municipality,sex,birth_year,education",
                                           "a,0114,woman,1980,primary",
                                           "a,9999,male,19,primary"])  # fmt: skip
    with pytest.raises(RecordsError) as read:
        read_records(study)
    with pytest.raises(RecordsError) as stored:
        store_records(study, folder)
    assert str(stored.value) == str(read.value)
    assert "persons" in str(read.value)


def test_eligibility_from_the_future_is_refused(tmp_path):
    folder = tmp_path / "stored"
    folder.mkdir()
    write_study(tmp_path)
    late = make_study(tmp_path, population={"eligibility": ["persons.died_month"]})
    with pytest.raises(CohortError, match="after time zero"):
        store_records(late, folder)
