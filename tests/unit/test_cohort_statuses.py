"""Samples of statuses and of benefit spells, and the target group: what they hold and refuse."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import BenefitSpells, Occasions, Persons, Statuses
from evalkit.cohort.target_group import contacts_of_benefits, target_group
from evalkit.errors import CohortError


def statuses(**changes) -> pd.DataFrame:
    frame = pd.DataFrame({
        "person_id": ["a", "a", "b", "b", "a"],
        "package_id": ["p", "p", "p", "p", "q"],
        "occasion": ["start", "end", "start", "end", "start"],
        "date": pd.to_datetime(
            ["2023-01-01", "2023-06-01", "2023-01-01", "2023-06-01", "2022-01-01"]
        ),
        "occupation": ["other", "work", "other", None, "study"],
        "extent_percent": [np.nan, 50.0, np.nan, np.nan, 100.0],
        "support_sources": ["sickness;assistance", "", "none", None, "assistance"],
    })  # fmt: skip
    return frame.assign(**changes)


def test_sources_become_columns_and_none_is_no_source():
    sample = Statuses.from_frame(statuses())

    assert sample.sources == ("assistance", "sickness")
    assert sample.covariates["assistance"].tolist() == [True, False, False, False, True]
    assert sample.covariates["sickness"].tolist() == [True, False, False, False, False]


def test_an_empty_list_is_no_support_only_where_the_occupation_is_known():
    sample = Statuses.from_frame(statuses())

    assert sample.covariates["support_known"].tolist() == [True, True, True, False, True]


def test_an_empty_list_can_stand_for_not_known():
    sample = Statuses.from_frame(statuses(), empty_is_none=False)

    assert sample.covariates["support_known"].tolist() == [True, False, True, False, True]


def test_without_a_column_of_support_nothing_is_known_of_it():
    sample = Statuses.from_frame(statuses(), support=None)

    assert sample.sources == ()
    assert not sample.covariates["support_known"].any()


def test_no_support_beside_a_source_is_refused_without_naming_it():
    wrong = statuses(support_sources=["sickness; none", "", "none", None, "assistance"])

    with pytest.raises(CohortError, match="1 of 5 rows with `none` beside") as told:
        Statuses.from_frame(wrong)
    assert "sickness" not in str(told.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"occasion": ["start", "end", "start", "middle", "start"]}, "neither start, end nor"),
        ({"occasion": ["start", "start", "start", "end", "start"]}, "repeated for one person"),
        ({"extent_percent": [1.0, 101.0, 1.0, 1.0, 1.0]}, "outside 0 to 100"),
        ({"package_id": ["p", None, "p", "p", "q"]}, "package_id: 1 of 5 rows missing"),
        ({"assistance": 1}, "1 sources have the name of a column"),
    ],
)
def test_what_cannot_be_read_is_refused(change, message):
    with pytest.raises(CohortError, match=message):
        Statuses.from_frame(statuses(**change))


def test_sources_outside_the_given_ones_are_refused():
    with pytest.raises(CohortError, match="1 codes are not among"):
        Statuses.from_frame(statuses(), sources=["assistance"])


def test_the_first_participation_is_the_one_that_started_first():
    sample = Statuses.from_frame(statuses())

    assert sample.first_of_each().tolist() == [False, False, True, True, True]


def test_in_each_stratum_another_participation_can_be_the_first():
    sample = Statuses.from_frame(statuses())
    code, labels = sample.groups("package_id")

    assert labels == ("p", "q")
    assert sample.first_of_each(code).all()


def test_columns_of_persons_are_added_and_others_left_out():
    people = Persons.from_frame(
        pd.DataFrame({"person_id": ["a"], "sex": ["female"]}), person="person_id"
    )

    joined = Statuses.from_frame(statuses()).with_columns_of(people, ["sex"])

    assert joined.covariates["person_id"].unique().tolist() == ["a"]
    assert joined.covariates["sex"].eq("female").all()


def test_without_rows_there_is_an_empty_sample():
    sample = Statuses.from_frame(statuses().head(0))

    assert len(sample) == 0
    assert repr(sample) == "<Statuses: 0 rows of 0 persons, sources not known>"


def test_the_digest_changes_with_a_status():
    changed = statuses(occupation=["work", "work", "other", None, "study"])

    assert Statuses.from_frame(statuses()).digest != Statuses.from_frame(changed).digest


def spells(*rows) -> pd.DataFrame:
    columns = ["person_id", "benefit", "start", "end", "degree"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(start=pd.to_datetime(frame["start"]), end=pd.to_datetime(frame["end"]))


def persons(n, **more) -> pd.DataFrame:
    names = [f"p{number}" for number in range(n)]
    return pd.DataFrame({"person_id": names, "birth_year": 1980, **more})


def flags(*rows, people=None, **options) -> pd.DataFrame:
    people = persons(1) if people is None else people
    chosen = {"country": "SE", "month": "2023-12", "of_population": True} | options
    return target_group(spells(*rows), people, **chosen).covariates


LONG = ("p0", "sickness_benefit", "2022-12-01", None, 100)


def test_more_than_twelve_months_is_the_month_and_the_twelve_before():
    later = ("p0", "sickness_benefit", "2023-01-01", None, 100)

    assert flags(LONG)["long_support"].tolist() == [True]
    assert flags(later)["long_support"].tolist() == [False]


def test_a_break_of_one_month_is_bridged_and_one_of_two_is_not():
    one = [("p0", "sickness_benefit", "2022-01-01", "2023-03-31", 100),
           ("p0", "sickness_benefit", "2023-05-01", None, 100)]  # fmt: skip
    two = [one[0], ("p0", "sickness_benefit", "2023-06-01", None, 100)]

    assert flags(*one)["long_support"].tolist() == [True]
    assert flags(*two)["long_support"].tolist() == [False]


def test_a_break_in_the_month_itself_is_no_support():
    ended = ("p0", "sickness_benefit", "2022-01-01", "2023-11-30", 100)

    assert flags(ended)[["on_support", "long_support"]].to_numpy().tolist() == [[False, False]]


def test_two_of_three_actors_make_the_broad_group():
    rows = [LONG, ("p0", "rehabilitation_benefit", "2023-01-01", None, 100)]
    other = [LONG, ("p0", "social_assistance", "2023-01-01", "2023-02-28", 100)]

    assert flags(*rows)["broad"].tolist() == [False]
    assert flags(*other)[["broad", "strict"]].to_numpy().tolist() == [[True, True]]


def test_contact_before_the_window_does_not_count():
    rows = [LONG, ("p0", "social_assistance", "2020-01-01", "2022-11-30", 100)]

    assert flags(*rows)["several_actors"].tolist() == [False]


def test_a_permanent_full_pension_is_in_neither_group_and_a_partial_one_may_be():
    other = ("p0", "social_assistance", "2022-01-01", None, 100)
    full = [("p0", "disability_pension", "2022-01-01", None, 100), other]
    half = [("p0", "disability_pension", "2022-01-01", None, 50), other]

    assert flags(*full)[["pensioner", "broad", "strict"]].to_numpy().tolist() == [
        [True, False, False]
    ]
    assert flags(*half)[["pensioner", "broad", "strict"]].to_numpy().tolist() == [
        [False, True, True]
    ]


def test_who_died_moved_or_is_too_old_is_not_of_the_population():
    people = persons(3, died_month=["2023-11", None, None], emigrated_month=[None, "2024-01", None])
    people["birth_year"] = [1980, 1980, 1958]

    assert flags(people=people)["in_population"].tolist() == [False, True, False]


def test_an_unemployed_person_meets_the_employment_service_whoever_pays():
    contacts = contacts_of_benefits("FI")

    assert contacts["labour_market_subsidy"] == "employment_service"
    assert contacts["social_assistance"] == "social_insurance"
    assert contacts["preventive_assistance"] == "social_services"


def test_contacts_can_be_given_and_unknown_actors_are_refused():
    rows = [LONG, ("p0", "rehabilitation_benefit", "2023-01-01", None, 100)]
    given = contacts_of_benefits("SE") | {"rehabilitation_benefit": "social_services"}

    assert flags(*rows, contacts=given)["broad"].tolist() == [True]
    with pytest.raises(CohortError, match="1 actors are none of"):
        flags(LONG, contacts={"sickness_benefit": "police"})


@pytest.mark.parametrize("options", [{"months_of_support": 0}, {"min_actors": 4}])
def test_lengths_that_make_no_sense_are_refused(options):
    with pytest.raises(CohortError, match="must be at least 1"):
        flags(LONG, **options)


def test_a_person_with_two_rows_is_refused():
    people = pd.concat([persons(1), persons(1)])

    with pytest.raises(CohortError, match="more than one row"):
        flags(LONG, people=people)


def benefit_spells(*rows, index=("2023-01",), occasions=None, cut="2024-12") -> BenefitSpells:
    names = [f"p{number}" for number in range(len(index))]
    people = Persons.from_frame(
        pd.DataFrame({"person_id": names, "index_month": list(index)}), person="person_id"
    )
    return BenefitSpells.from_frame(
        spells(*rows), people=people, country="SE", data_cut=cut, occasions=occasions
    )


def at(sample, code):
    return sample.benefits.index(code)


def test_days_and_degree_days_of_a_window():
    sample = benefit_spells(("p0", "sickness_benefit", "2022-12-15", "2023-02-14", 50))

    days, weighted = sample.paid((0, 0))
    both, _ = sample.paid((-1, 1))

    assert days[0, at(sample, "sickness_benefit")] == 31
    assert weighted[0, at(sample, "sickness_benefit")] == 15.5
    assert both[0].sum() == 17 + 31 + 14
    assert sample.days_in((-1, 1)).tolist() == [31 + 31 + 28]


def test_running_spells_end_at_the_data_cut_and_a_missing_degree_is_full():
    sample = benefit_spells(("p0", "sickness_benefit", "2024-12-01", None, None))

    assert sample.paid((23, 24))[1].sum() == 31


def test_overlapping_spells_of_a_benefit_give_no_more_days_than_there_are():
    rows = [("p0", "sickness_benefit", "2023-01-01", "2023-01-31", 50)] * 2

    days, weighted = benefit_spells(*rows).paid((0, 0))

    assert days.sum() == 31
    assert weighted.sum() == 31


def test_who_is_missing_at_an_occasion_is_seen_until_the_one_before():
    seen = pd.DataFrame({"person_id": ["p0"] * 4 + ["p1"] * 2, "occasion": [-12, 0, 12, 24, -12, 0],
                         "support": True})  # fmt: skip
    occasions = Occasions.from_frame(
        seen, person="person_id", occasion="occasion", sources=["support"]
    )

    sample = benefit_spells(index=("2021-01", "2021-01"), occasions=occasions)

    assert sample.seen_until.tolist() == [47, 0]


def test_a_benefit_outside_the_code_book_is_refused():
    with pytest.raises(CohortError, match="not in the code book"):
        benefit_spells(("p0", "lottery", "2023-01-01", None, 100))


def test_a_window_that_ends_before_it_begins_is_refused():
    with pytest.raises(CohortError, match="last month is before the first"):
        benefit_spells(LONG).paid((3, 2))
