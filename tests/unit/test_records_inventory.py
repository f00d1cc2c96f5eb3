from records_study import make_study, with_row, write_study

from evalkit.records import read_records, what_is_possible


def verdicts(study, tables):
    return {item.analysis: item for item in what_is_possible(study, tables)}


def test_what_the_tables_allow_is_possible_and_the_rest_has_its_reason(tmp_path):
    study = write_study(tmp_path)

    found = verdicts(study, read_records(study).tables)

    assert found["time to the outcome"].possible
    assert found["work or study at the end (SS-WORKSTUDY)"].possible
    assert found["health"].possible
    assert found["earned income (SS-INCOME)"].reason == "no incomes table"
    assert found["pay-off"].reason == "no costs table"
    assert found["need and coverage"].reason == "no municipality_years table"
    assert found["working together"].reason == "no responses table"


def test_a_study_without_health_says_which_part_is_missing(tmp_path):
    study = write_study(tmp_path, health=None)
    tables = read_records(study).tables
    without_instrument = study.model_copy(update={"health": None})

    assert verdicts(study, tables)["health"].reason == "no health table"
    assert not verdicts(without_instrument, tables)["health"].possible


def test_answers_to_another_instrument_do_not_make_health_possible(tmp_path):
    study = write_study(tmp_path)
    tables = dict(read_records(study).tables)
    tables["health"] = tables["health"].assign(instrument="SF-36")

    reason = verdicts(study, tables)["health"].reason

    assert reason == "no answers to the study's health instrument"


def test_time_to_the_outcome_needs_a_package_to_compare_with(tmp_path):
    only_joint = with_row("packages", 3, "wombat-b,Leaflet,F1,individual,joint_work")
    study = write_study(tmp_path, packages=only_joint)
    alone = make_study(tmp_path, arms={"comparison": "none"})
    tables = read_records(study).tables

    assert "to compare with" in verdicts(study, tables)["time to the outcome"].reason
    assert verdicts(alone, tables)["time to the outcome"].possible
