import pytest
from records_study import BERIT, make_study, with_row, write_tables

from evalkit.errors import CohortError, StudyError
from evalkit.records import check_eligibility, read_records


def study_selecting(folder, *names, **tables):
    write_tables(folder, **tables)
    return make_study(folder, population={"eligibility": list(names)})


@pytest.mark.parametrize(
    "name",
    ["persons.birth_year", "spells.benefit", "statuses.occupation@start", "health.value@0"],
)
def test_columns_known_at_time_zero_may_select(tmp_path, name):
    study = study_selecting(tmp_path, name)

    assert check_eligibility(study, read_records(study).tables) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("participations.exit_reason", "table participations, column exit_reason: known only"),
        ("participations.end", "table participations, column end: known only"),
        ("persons.died_month", "table persons, column died_month: known only"),
        ("statuses.occupation@end", "table statuses, column occupation: an occasion after"),
        ("statuses.occupation@follow_up", "table statuses, column occupation: an occasion after"),
        ("health.value@6", "table health, column value: an occasion after"),
        ("health.value@end", "table health, column value: an occasion after"),
    ],
)
def test_columns_from_the_future_are_refused(tmp_path, name, expected):
    study = study_selecting(tmp_path, name)

    with pytest.raises(CohortError) as caught:
        read_records(study)

    assert "population.eligibility: dated after time zero" in str(caught.value)
    assert expected in str(caught.value)
    assert caught.value.exit_code == 3


def test_a_baseline_answer_dated_after_the_index_month_is_refused_with_its_row(tmp_path):
    late = with_row("statuses", 4, f"{BERIT},wombat-b,start,2023-03-01,job_seeker")
    study = study_selecting(tmp_path, "statuses.occupation@start", statuses=late)

    with pytest.raises(CohortError) as caught:
        read_records(study)

    message = str(caught.value)
    assert "column occupation: dated after the index month: 1 of 3 rows (row 4)" in message
    assert "quokka" not in message
    assert "2023-03" not in message


def test_a_late_baseline_answer_is_no_fault_where_nobody_is_selected_by_it(tmp_path):
    late = with_row("statuses", 4, f"{BERIT},wombat-b,start,2023-03-01,job_seeker")
    study = study_selecting(tmp_path, "persons.sex", statuses=late)

    assert read_records(study)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("person.sex", "no such table \\(did you mean `persons`"),
        ("persons.sexx", "no such column \\(did you mean `sex`"),
        ("statuses.occupation", "name the occasion, as in `statuses.occupation@start`"),
    ],
)
def test_names_that_are_no_columns_are_faults_of_the_study_file(tmp_path, name, expected):
    study = study_selecting(tmp_path, name)

    with pytest.raises(StudyError, match=expected):
        read_records(study)
