import pandas as pd
import pytest
from cohort_records import frame, study, tables

from evalkit.cohort import build_cohort, impossible_definitions, open_samples, part_of
from evalkit.errors import CohortError

# Twelve months of support from two payers (sickness, social assistance), then what is drawn.
BEFORE = ("S" * 13, "A" * 13)
START = "2021-01-05"


def cohort(*, shown, extra=None, rule=None, months=("........", "........"), **changes):
    persons = {
        name: {"layers": (BEFORE[0] + drawn, BEFORE[1]), "start": START, "package": package}
        for name, drawn, package in zip("ab", months, ("joint", "info"), strict=True)
    }
    rule = {
        "sustained_months": "3",
        "shown": {"definitions": shown, "sustained_months": ["1", "3"]},
        **(rule or {}),
    }
    protocol = study(data_cut="2021-12", self_support=rule, **changes)
    return build_cohort({**tables(persons), **(extra or {})}, protocol), protocol


def cells(built, person="a") -> dict[tuple[str, int], tuple[int, str]]:
    mine = built.definitions[built.definitions["person_id"] == person]
    return {
        (row.definition, row.sustained_months): (row.time, row.cause) for row in mine.itertuples()
    }


def test_old_age_pension_competes_and_is_an_exit_only_under_the_old_register_rule():
    built, _ = cohort(shown=["SS-FORS", "SS-SUS"], months=("SSOOOOOOOOO", "SSSSSSSSSSS"))
    assert cells(built)["SS-FORS", 3] == (3, "old_age_pension")
    assert cells(built)["SS-SUS", 3] == (3, "self_support")


def test_parental_months_are_free_of_support_under_the_old_register_rule():
    built, _ = cohort(shown=["SS-FORS", "SS-SUS"], months=("PPP...SSSSS", "SSSSSSSSSSS"))
    assert cells(built)["SS-FORS", 3] == (4, "self_support")
    assert cells(built)["SS-SUS", 3] == (1, "self_support")


def test_all_definitions_and_lengths_end_with_the_longest():
    built, _ = cohort(shown=["SS-FORS", "SS-SUS"], months=("S" * 11, "S" * 11))
    # Data cut 11 months after the index month, longest run 3: follow-up of 9 months for all.
    assert set(cells(built).values()) == {(9, "censored")}
    assert set(cells(built)) == {(name, k) for name in ("SS-FORS", "SS-SUS") for k in (1, 3)}


def test_confirmed_exits_are_followed_to_the_data_cut():
    built, _ = cohort(shown=["SS-FORS"], rule={"dating": "confirmed"}, months=("S" * 8, "S" * 11))
    assert cells(built)["SS-FORS", 1] == (9, "self_support")
    assert cells(built)["SS-FORS", 3] == (11, "self_support")
    assert cells(built, "b")["SS-FORS", 3] == (11, "censored")


def statuses(*rows):
    return {"statuses": frame("statuses", [
        {"person_id": "a", "package_id": "joint", "occasion": occasion, "date": date,
         "occupation": occupation} for occasion, date, occupation in rows
    ])}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("end", "2021-06-30", "work")], (5, "self_support")),
        ([("end", "2021-06-30", "subsidised_work")], (5, "self_support")),
        ([("end", "2021-06-30", "job_seeker"), ("follow_up", "2021-09-30", "study")],
         (8, "self_support")),
        ([("end", "2021-06-30", "job_seeker")], (5, "censored")),
        ([("start", "2021-01-05", "work"), ("end", "2021-06-30", "other")], (5, "censored")),
        ([("end", "2021-12-15", "work")], (9, "censored")),  # after the common end
    ],
)  # fmt: skip
def test_work_or_study_is_taken_from_recorded_statuses(rows, expected):
    built, _ = cohort(shown=["SS-FORS", "SS-WORKSTUDY"], extra=statuses(*rows))
    assert cells(built)["SS-WORKSTUDY", 1] == expected
    assert ("SS-WORKSTUDY", 3) not in cells(built)
    assert ("SS-WORKSTUDY", 1) not in cells(built, "b")


def test_income_above_the_threshold_makes_a_free_month():
    months = [f"2021-{number:02d}" for number in range(1, 13)]
    amounts = [0, 0, 17_500, 17_500, 17_499, 9_000, 17_500, 20_000, 18_000, 0, 0, 0]
    rows = [
        {"person_id": "a", "month": month, "kind": "wage", "amount": amount, "currency": "SEK"}
        for month, amount in zip(months, amounts, strict=True)
    ]
    rows.append({"person_id": "a", "month": "2021-06", "kind": "wage", "amount": 8_500})
    rows.append({"person_id": "a", "month": "2021-02", "kind": "gift", "amount": 99_000})
    built, _ = cohort(
        shown=["SS-INCOME"],
        rule={"income_threshold": "17500"},
        extra={"incomes": frame("incomes", rows)},
    )
    assert cells(built)["SS-INCOME", 1] == (2, "self_support")
    assert cells(built)["SS-INCOME", 3] == (5, "self_support")
    assert cells(built, "b")["SS-INCOME", 3] == (9, "censored")


def test_a_definition_without_its_table_is_named_with_the_reason():
    shown = ["SS-FORS", "SS-WORKSTUDY", "SS-INCOME"]
    built, protocol = cohort(shown=shown)
    assert set(built.definitions["definition"]) == {"SS-FORS"}
    reasons = {"SS-WORKSTUDY": "no_statuses_table", "SS-INCOME": "no_incomes_table"}
    assert open_samples(built, protocol).impossible == reasons
    assert open_samples(part_of(built, ["0114"]), protocol).impossible == reasons
    given = {"spells": pd.DataFrame({"person_id": ["a"]}), "incomes": pd.DataFrame()}
    assert impossible_definitions(given, protocol) == reasons


@pytest.mark.parametrize("country", ["SE", "FI"])
def test_income_has_no_threshold_but_the_one_of_the_study(country):
    protocol = study(country=country, self_support={"shown": {"definitions": ["SS-INCOME"]}})
    given = {"spells": pd.DataFrame({"a": [1]}), "incomes": pd.DataFrame({"a": [1]})}
    assert impossible_definitions(given, protocol) == {"SS-INCOME": "no_threshold"}


def test_a_primary_definition_without_its_table_is_an_error():
    with pytest.raises(CohortError, match="SS-WORKSTUDY is not possible: no statuses table"):
        cohort(shown=["SS-FORS"], rule={"definition": "SS-WORKSTUDY"})
