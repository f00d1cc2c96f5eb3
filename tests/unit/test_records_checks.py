import pandas as pd
import pytest
from records_study import (
    ANNA,
    BERIT,
    CARIN,
    TABLES,
    make_study,
    with_line,
    with_row,
    write_study,
    write_tables,
)
from test_records_reader import refusal

from evalkit.records import read_records
from evalkit.records.pseudonyms import identity_numbers

COSTS = "person_id,type_case,month,payer,payee,item,kind,amount,currency,price_year,source"


def test_an_end_before_its_start_is_refused(tmp_path):
    lines = with_line("spells", f"{ANNA},parental_benefit,2023-05-02,2023-05-01,100")

    message = refusal(write_study(tmp_path, spells=lines))

    assert "table spells, column end: earlier than start: 1 of 5 rows (row 6)" in message
    assert "2023-05" not in message


def test_a_spell_of_one_day_is_in_order(tmp_path):
    lines = with_line("spells", f"{ANNA},parental_benefit,2023-05-02,2023-05-02,100")

    assert len(read_records(write_study(tmp_path, spells=lines)).tables["spells"]) == 5


def test_overlapping_participation_in_one_package_is_refused(tmp_path):
    lines = with_line("participations", f"{ANNA},wombat-a,2023-06-01,2023-07-31,")

    message = refusal(write_study(tmp_path, participations=lines))

    assert "table participations, column start: starts while the same person still takes" in message
    assert "1 of 5 rows (row 6)" in message


def test_overlap_is_seen_behind_a_shorter_participation_and_an_open_end(tmp_path):
    lines = [
        TABLES["participations"][0],
        f"{ANNA},wombat-a,2023-01-01,2023-12-31,",
        f"{ANNA},wombat-a,2023-02-01,2023-02-28,",
        f"{ANNA},wombat-a,2023-05-01,,",
        f"{ANNA},wombat-a,2024-05-01,,",
    ]

    message = refusal(write_study(tmp_path, participations=lines))

    assert "3 of 4 rows (rows 3, 4, 5)" in message


def test_two_packages_at_once_and_a_return_on_the_last_day_are_no_overlap(tmp_path):
    lines = with_line(
        "participations",
        f"{ANNA},wombat-b,2023-02-01,2023-03-31,",
        f"{ANNA},wombat-a,2023-06-30,2023-07-31,",
    )

    assert read_records(write_study(tmp_path, participations=lines))


def test_a_person_in_health_but_not_in_persons_is_refused(tmp_path):
    lines = with_line("health", "xq-quokka-9,0,,EQ-5D-5L,mo,1", "xq-quokka-9,6,,EQ-5D-5L,mo,1")

    message = refusal(write_study(tmp_path, health=lines))

    assert "table health, column person_id: not in table persons: 2 of 5 rows (rows 5, 6)" in (
        message
    )


def test_unknown_packages_and_municipalities_are_refused(tmp_path):
    message = refusal(
        write_study(
            tmp_path,
            participations=with_row("participations", 3, f"{BERIT},wombat-z,2023-02-01,,"),
            persons=with_row("persons", 4, f"{CARIN},female,1990,1880,"),
        )
    )

    assert (
        "table participations, column package_id: not in table packages: 1 of 4 rows (row 3)"
        in (message)
    )
    assert "table persons, column municipality: not in table municipalities: 1 of 3 rows" in message
    assert "1880" not in message


def test_a_repeated_key_is_refused_at_its_later_row(tmp_path):
    message = refusal(write_study(tmp_path, persons=with_line("persons", TABLES["persons"][1])))

    assert "table persons, column person_id: the same key as an earlier row: 1 of 4 rows" in message
    assert "(row 5)" in message


def test_a_birth_after_the_data_cut_is_refused(tmp_path):
    lines = with_row("persons", 2, f"{ANNA},female,2026,0114,")

    message = refusal(write_study(tmp_path, persons=lines))

    assert "column birth_year: unborn at the data cut, or over 120 years old: 1 of 3" in message


def test_a_municipality_without_any_name_is_refused(tmp_path):
    lines = with_row("municipalities", 2, "0114,SE,,01,F1")

    message = refusal(write_study(tmp_path, municipalities=lines))

    assert "table municipalities, column name_sv: no name in any language: 1 of 2 rows" in message


def test_an_impossible_answer_is_refused_for_its_instrument_only(tmp_path):
    lines = with_line(
        "health", f"{CARIN},0,,EQ-5D-5L,ua,6", f"{CARIN},0,,EQ-5D-3L,ua,4", f"{CARIN},0,,X,ua,6"
    )

    message = refusal(write_study(tmp_path, health=lines))

    assert "column value: not an answer of EQ-5D-5L: 1 of 6 rows (row 5)" in message
    assert "column value: not an answer of EQ-5D-3L: 1 of 6 rows (row 6)" in message


def test_a_ledger_entry_needs_two_sides_and_one_subject(tmp_path):
    good = f"{ANNA},,2023-01,state,person,benefit,transfer,10,SEK,2023,by hand"
    costs = [COSTS, good, good.replace("state", "person"), good.replace(",,", ",case,")]

    message = refusal(write_study(tmp_path, costs=costs))

    assert "table costs, column payee: payer and payee are the same: 1 of 3 rows (row 3)" in message
    assert "table costs, column type_case: neither or both" in message
    assert "1 of 3 rows (row 4)" in message


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("c,programme,0,9,recovered,days", "column cause: not a cause that the study file names"),
        ("c,programme,0,9,,days", "column time: a time without a cause, or a cause without a time"),
        ("c,programme,9,9,linkage,days", "column time: not after entry"),
        ("c,programme,0,9,linkage,months", "column time_unit: not the outcome.time_unit"),
        ("c,treated,0,9,linkage,days", "column arm: not in the code list"),
    ],
)
def test_an_event_that_contradicts_itself_or_the_study_is_refused(tmp_path, row, expected):
    (tmp_path / "events.csv").write_text(
        f"person_id,arm,entry,time,cause,time_unit\na,comparison,0,12,linkage,days\n{row}\n"
    )
    study = make_study(
        tmp_path,
        outcome={"source": "events", "cause": "linkage", "time_unit": "days"},
        arms={"comparison": "given"},
    )

    message = refusal(study)

    assert f"table events, {expected}" in message
    assert "1 of 2 rows (row 3)" in message


def test_answers_of_other_instruments_stay_within_their_range(tmp_path):
    lines = with_line(
        "health", f"{CARIN},0,,EQ-5D-5L,vas,101", f"{CARIN},0,,WAS,was,11",
        f"{CARIN},0,,IPS-25,ips25,6", f"{CARIN},6,,EQ-5D-5L,vas,100", f"{CARIN},0,,X,vas,101",
    )  # fmt: skip

    message = refusal(write_study(tmp_path, health=lines))

    for instrument, row in (("EQ-VAS", 5), ("WAS", 6), ("IPS-25", 7)):
        assert f"not an answer of {instrument}: 1 of 8 rows (row {row})" in message


# Numbers that the authorities publish as examples.
SWEDISH, FINNISH = "19121212-1212", "131052-308T"


@pytest.mark.parametrize("number", [SWEDISH, SWEDISH.replace("-", ""), "121212-1212", FINNISH])
def test_personal_identity_numbers_are_refused(tmp_path, number):
    lines = [line.replace(ANNA, number) for line in TABLES["persons"]]

    message = refusal(
        write_study(
            tmp_path,
            persons=lines,
            **{
                name: [line.replace(ANNA, number) for line in TABLES[name]]
                for name in ("spells", "participations", "health", "statuses")
            },
        )
    )

    assert "table persons, column person_id: looks like personal identity numbers" in message
    assert "1 of 3 rows (row 2)" in message
    assert number not in message


@pytest.mark.parametrize("number", ["19121212-1213", "131052-308U", "19121312-1212", "person-1"])
def test_numbers_that_fail_their_check_digit_are_not_identity_numbers(number):
    assert not identity_numbers(pd.Series([number])).any()


def test_running_numbers_are_not_identity_numbers():
    ids = pd.Series([str(8_000_000_000 + i) for i in range(0, 2_000)])

    assert not identity_numbers(ids).any()


def test_a_missing_column_of_a_key_makes_no_rows_alike(tmp_path):
    lines = [",".join(line.split(",")[:1] + line.split(",")[2:]) for line in TABLES["spells"]]
    lines = [line.replace("2022-06-01", "2022-01-10") for line in lines]

    message = refusal(write_study(tmp_path, spells=lines))

    assert "table spells, column benefit: the column is missing" in message
    assert "the same key" not in message


def costs(*currencies):
    header = "person_id,month,payer,payee,item,kind,amount,currency,price_year,source"
    row = "{},2023-0{},municipality,resources,rent,real_resource,5,{},2024,books"
    return [header, *(row.format(ANNA, i, code) for i, code in enumerate(currencies, start=1))]


def test_another_currency_is_told_by_its_rows(tmp_path):
    write_tables(tmp_path, costs=costs("SEK", "EUR", "SEK"))

    message = refusal(make_study(tmp_path, economics={"currency": "SEK"}))

    assert (
        "table costs, column currency: not the economics.currency of the study file (SEK): "
        "1 of 3 rows (row 3)" in message
    )
    assert "EUR" not in message


def test_the_currency_of_the_study_is_no_fault_nor_is_any_without_one(tmp_path):
    write_tables(tmp_path, costs=costs("SEK", "SEK"))

    assert len(read_records(make_study(tmp_path, economics={"currency": "SEK"})).tables["costs"])
    assert len(read_records(make_study(tmp_path, economics={"currency": "null"})).tables["costs"])


def test_a_tariff_file_that_is_not_there_can_be_taken_out_of_the_study_file(tmp_path):
    write_tables(tmp_path)

    message = refusal(make_study(tmp_path, economics={"tariffs": "tariffs.csv"}))

    assert "Correct economics.tariffs in the study file, or take the key out." in message
    assert read_records(make_study(tmp_path)).tables
