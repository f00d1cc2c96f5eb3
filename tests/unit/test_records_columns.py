import pytest
from records_study import ANNA, BERIT, CARIN, with_line, with_row, write_study
from test_records_reader import refusal

from evalkit.records import read_records


def test_unknown_benefit_codes_are_counted_with_their_rows(tmp_path):
    lines = with_line(
        "spells",
        f"{ANNA},zebrapeng,2023-04-01,,100",
        f"{BERIT},zebrapeng,2023-04-01,,100",
    )

    message = refusal(write_study(tmp_path, spells=lines))

    assert "table spells, column benefit: unknown benefit code for country SE: 2 of 6 rows" in (
        message
    )
    assert "(rows 6, 7)" in message
    assert "sickness_benefit" in message
    assert "zebrapeng" not in message


def test_a_municipality_code_that_lost_its_leading_zero_is_recognised(tmp_path):
    lines = [
        "person_id,sex,birth_year,municipality",
        f"{ANNA},female,1980,114",
        f"{BERIT},male,1975,0114",
        f"{CARIN},male,1975,2480",
    ]

    message = refusal(write_study(tmp_path, persons=lines))

    assert "table persons, column municipality" in message
    assert "fewer than 4 digits, leading zero lost?: 1 of 3 rows (row 2)" in message
    assert "114" not in message


def test_a_municipality_code_with_letters_is_another_fault(tmp_path):
    lines = with_row("municipalities", 3, "sthlm,SE,Provstad,24,F2")

    message = refusal(write_study(tmp_path, municipalities=lines))

    assert "table municipalities, column municipality: not a municipality code: 1 of 2" in message
    assert "sthlm" not in message


@pytest.mark.parametrize(
    ("name", "row", "line", "expected"),
    [
        ("spells", 3, f"{ANNA},social_assistance,1/6/2022,,50",
         "column start: not a date YYYY-MM-DD that exists: 1 of 4 rows (row 3)"),
        ("spells", 3, f"{ANNA},social_assistance,,,50", "column start: empty: 1 of 4 rows (row 3)"),
        ("spells", 4, f"{ANNA},sickness_benefit,2024-01-01,,60",
         "column degree: not in the code list: 1 of 4 rows (row 4)"),
        ("persons", 4, f"{CARIN},female,ninety,2480,",
         "column birth_year: not a whole number: 1 of 3 rows (row 4)"),
        ("persons", 4, f"{CARIN},female,1990,2480,2025-13",
         "column died_month: not a month YYYY-MM: 1 of 3 rows (row 4)"),
        ("persons", 4, f"{CARIN},female,1790,2480,",
         "column birth_year: outside its range (at least 1900 and at most 2100)"),
        ("health", 3, f"{ANNA},later,,EQ-5D-5L,mo,2",
         "column occasion: not a planned month (a whole number) or `end`: 1 of 3 rows (row 3)"),
        ("health", 3, f"{ANNA},6,,EQ-5D-5L,mo,much",
         "column value: not a number: 1 of 3 rows (row 3)"),
    ],
)  # fmt: skip
def test_an_entry_of_a_wrong_form_is_refused_by_place(tmp_path, name, row, line, expected):
    message = refusal(write_study(tmp_path, **{name: with_row(name, row, line)}))

    assert f"table {name}, {expected}" in message
    assert line.split(",")[2] not in message or not line.split(",")[2]


def test_only_the_first_rows_are_listed(tmp_path):
    lines = with_line(
        "spells", *(f"{ANNA},zebrapeng,2024-01-{day:02d},,100" for day in range(1, 8))
    )

    message = refusal(write_study(tmp_path, spells=lines))

    assert "7 of 11 rows (rows 6, 7, 8, 9, 10, ...)" in message


def test_negative_amounts_are_refused_and_zero_is_not(tmp_path):
    header = "person_id,benefit,start,end,degree,monthly_amount"
    row = f"{ANNA},sickness_benefit,2022-01-10,,100"

    message = refusal(write_study(tmp_path, spells=[header, f"{row},-1"]))
    read = read_records(write_study(tmp_path, spells=[header, f"{row},0"]))

    assert "column monthly_amount: outside its range (at least 0): 1 of 1 rows (row 2)" in message
    assert read.tables["spells"]["monthly_amount"].tolist() == [0]
