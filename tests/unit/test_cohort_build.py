import numpy as np
import pandas as pd
import pytest
from cohort_records import frame, study, tables

from evalkit.cohort import MONTH_STATES, build_cohort, part_of
from evalkit.errors import CohortError

# Position 0 is 2020-01; packages start in 2021-01, position 12, months are drawn to 2021-12.
BEFORE = "S" * 12
TWO_PAYERS = "A" * 13


def person(after: str = "SSS...SSSSSS", *, before=BEFORE, second=TWO_PAYERS, **given) -> dict:
    return {"layers": (before + after, second), "start": "2021-01-20", **given}


COMPARISON = person("SSSSSSSSSSSS", package="info", municipality="0115")
PEOPLE = {
    "exits": person(),
    "waits": COMPARISON,
    "dies": person("SSSSS.......", died_month="2021-07"),
    "retires": person("SSOOOOOOOOOO", birth_year=1958),
    "pension": person("SSSSDDDDDDDD", municipality="0116"),
}


def build(people=None, extra=None, **changes):
    return build_cohort({**tables(people or PEOPLE), **(extra or {})}, study(**changes))


def reasons(people, **changes) -> dict[str, str]:
    built = build({**people, "kept": person(), "other": COMPARISON}, **changes)
    left = built.steps.set_index("person_id")["reason"].to_dict()
    assert (left.pop("kept"), left.pop("other")) == ("analysed", "analysed")
    return left


def test_time_runs_from_the_index_month_to_the_exit_or_the_common_end():
    people = build().people.set_index("person_id")
    found = {name: (row["time"], row["cause"]) for name, row in people.iterrows()}
    assert found == {
        "exits": (3, "self_support"),
        "waits": (9, "censored"),
        "dies": (6, "died"),
        "retires": (2, "old_age_pension"),
        "pension": (4, "disability_pension"),
    }
    assert set(people["index_month"]) == {"2021-01"}


def test_people_are_described_as_they_were_at_start():
    people = {
        "a": person(birth_year=1992, education="primary", born_in_country=0, quarter="north"),
        "b": {**COMPARISON, "sex": None, "birth_year": 1976},
    }
    built = build(people).people.set_index("person_id")
    a, b = built.loc["a"], built.loc["b"]
    assert (a["arm"], b["arm"]) == ("programme", "comparison")
    assert (a["federation"], a["county"], a["package_id"]) == ("North", "West", "joint")
    assert (a["age"], a["age_group"], b["age"], b["age_group"]) == (29, "16-29", 45, "45-64")
    assert (a["sex"], b["sex"]) == ("female", "unknown")
    assert (a["education"], b["education"]) == ("primary", "unknown")
    assert (a["origin"], b["origin"]) == ("born_abroad", "unknown")
    assert a["support_months"] == 12 and a["quarter"] == "north"
    assert a["sickness_before"] and a["last_resort_before"] and not a["programme_before"]


def test_a_municipality_outside_every_federation_has_an_empty_one():
    people = build().people.set_index("person_id")
    assert people.loc["pension", "federation"] == ""
    assert people.loc["pension", "county"] == "West"


def test_each_exclusion_has_its_own_reason():
    early = {"birth_year": 1980}
    left = reasons({
        "no": {"layers": (BEFORE,)},
        "late": person(start="2022-01-01"),
        "old": person(birth_year=1955),
        "unknown": person(birth_year=None),
        "retired": person("OOOOOOOOOOOO", before="S" * 12),
        "off": person("SSSSSSSSSSSS", before="S" * 11 + ".", second="A" * 11),
        "off_at_start": person("." * 12, second="A" * 12),
        "short": person(before="." * 4 + "S" * 8, second="." * 6 + "A" * 6),
        "one_payer": person(second="", **early),
        "too_late": {"layers": ("S" * 24, "A" * 24), "start": "2021-10-05"},
    })  # fmt: skip
    assert left == {
        "no": "no_package",
        "late": "no_package",
        "old": "outside_ages",
        "unknown": "outside_ages",
        "retired": "left_before_start",
        "off": "not_on_support",
        "off_at_start": "not_on_support",
        "short": "too_short_support",
        "one_payer": "too_few_actors",
        "too_late": "too_short_follow_up",
    }


def test_the_first_month_that_can_be_confirmed_is_enough_follow_up():
    just = {"layers": ("S" * 24, "A" * 24), "start": "2021-09-05"}
    assert reasons({"just": just}) == {"just": "analysed"}


def test_eligibility_does_not_look_at_months_after_the_start():
    histories = ("SSSSSSSSSSSS", "S...........", "SPPPPPPPPPPP", "SUUUUUUUUUUU")
    left = reasons({str(row): person(after) for row, after in enumerate(histories)})
    assert set(left.values()) == {"analysed"}


def test_the_same_history_is_eligible_in_both_arms():
    for before in ("S" * 12, "SS.SSSSSSSSS", "SS..SSSSSSSS"):
        second = before.replace("S", "A") + "A"
        both = {
            name: person(before=before, second=second, package=name) for name in ("joint", "info")
        }
        left = reasons(both)
        assert left["joint"] == left["info"]


def test_the_first_package_counts_and_later_ones_do_not():
    taken = frame("participations", [
        {"person_id": "exits", "package_id": "info", "start": "2021-03-01"},
        {"person_id": "exits", "package_id": "joint", "start": "2021-01-20"},
        {"person_id": "waits", "package_id": "info", "start": "2021-01-20"},
    ])  # fmt: skip
    people = build(extra={"participations": taken}).people.set_index("person_id")
    assert list(people["arm"]) == ["programme", "comparison"]
    assert people.loc["exits", "index_month"] == "2021-01"


def test_without_a_comparison_only_the_programme_is_analysed():
    left = build(arms={"comparison": "none"}).steps.set_index("person_id")["reason"]
    assert left["waits"] == "other_package" and left["exits"] == "analysed"
    assert set(left) == {"other_package", "analysed"}


def test_states_run_from_the_index_month_to_the_data_cut():
    built = build()
    row = built.states.set_index("person_id").loc["dies"].filter(regex=r"^m\d+$")
    names = [MONTH_STATES[code] for code in row]
    assert names == ["health_related"] * 5 + ["self_support"] + ["died"] * 6
    assert list(built.states["person_id"]) == list(built.people["person_id"])


def test_occasions_are_those_that_the_records_cover_before_death():
    taken = build().occasions
    assert set(taken.loc[taken["person_id"] == "waits", "occasion"]) == {-12, 0}
    later = build(data_cut="2022-06").occasions.set_index(["person_id", "occasion"])
    assert set(later.loc["waits"].index) == {-12, 0, 12}
    assert set(later.loc["dies"].index) == {-12, 0}
    assert later.loc[("waits", 0), ["sickness", "last_resort", "any_support"]].all()
    assert not later.loc[("waits", 12), "any_support"]
    assert not later.loc[("waits", 0), ["disability", "unemployment", "programme"]].any()


def test_a_share_of_the_month_can_be_asked_for():
    # Every spell by hand covers eleven days: less than half of each month.
    with pytest.raises(CohortError, match="nobody of 5 persons is eligible .*not_on_support"):
        build(population={"min_share_of_month": "0.5"})
    assert len(build(population={"min_share_of_month": "0.3"}).people) == 5


def test_costs_count_from_start_and_type_cases_pass_through():
    cost = {"payer": "region", "payee": "resources", "item": "care", "kind": "real_resource",
            "amount": 10, "currency": "SEK", "price_year": 2024, "source": "made up"}  # fmt: skip
    rows = [
        {"person_id": "exits", "month": "2021-03", **cost},
        {"person_id": "waits", "month": "2020-12", **cost},
        {"person_id": "nobody", "month": "2021-03", **cost},
        {"type_case": "anna", "month": "2021-03", **cost},
    ]
    costs = build(extra={"costs": frame("costs", rows)}).costs
    assert list(costs["person_id"].fillna("")) == ["exits", "waits", ""]
    assert costs["month_from_start"].tolist()[:2] == [2, -1]
    assert np.isnan(costs["month_from_start"].iloc[2]) and costs["type_case"].iloc[2] == "anna"
    assert list(costs["municipality"].fillna("")) == ["0114", "0115", ""]


def test_health_answers_keep_who_gave_them():
    health = {"instrument": "EQ-5D-5L", "value_set": "SE-2020-TTO"}
    rows = [
        {"person_id": name, "occasion": "0", "date": "2021-01-25", "instrument": "EQ-5D-5L",
         "item": item, "value": 2}
        for name in ("exits", "waits", "nobody") for item in ("mo", "sc", "ua", "pd", "ad")
    ]  # fmt: skip
    answers = build(extra={"health": frame("health", rows)}, health=health).answers
    assert list(answers["person_id"]) == ["exits", "waits"]
    assert list(answers["arm"]) == ["programme", "comparison"]
    assert (answers[["mo", "sc", "ua", "pd", "ad"]] == 2).all(axis=None)
    assert len(build(health=health).answers) == 0


def test_a_part_has_the_rows_of_its_municipalities_and_all_type_cases():
    cost = {"month": "2021-03", "payer": "region", "payee": "resources", "item": "care",
            "kind": "real_resource", "amount": 10}  # fmt: skip
    rows = [
        {"person_id": "exits", **cost},
        {"person_id": "waits", **cost},
        {"type_case": "x", **cost},
    ]
    shown = {"shown": {"sustained_months": ["3"]}}
    part = part_of(build(extra={"costs": frame("costs", rows)}, self_support=shown), ["0115"])
    assert list(part.people["person_id"]) == list(part.states["person_id"]) == ["waits"]
    assert set(part.steps["person_id"]) == {"waits"}
    assert list(part.costs["person_id"].fillna("")) == ["waits", ""]
    assert set(part.definitions["person_id"]) == {"waits"}


def test_the_order_of_rows_in_the_records_does_not_matter():
    given = tables(PEOPLE)
    rng = np.random.default_rng(20261)
    shuffled = {
        name: table if name == "persons" else table.iloc[rng.permutation(len(table))]
        for name, table in given.items()
    }
    one, two = build_cohort(given, study()), build_cohort(shuffled, study())
    for name in ("people", "states", "occasions", "steps", "definitions"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))


def test_every_frame_can_be_stored(tmp_path):
    built = build()
    for name in built.__slots__:
        path, frame = tmp_path / f"{name}.parquet", getattr(built, name)
        if frame is None:  # the study lacks the table
            continue
        frame.to_parquet(path)
        stored = pd.read_parquet(path)
        # Where a text is missing, a file gives None.
        texts = frame.select_dtypes("object").columns
        alike = frame.assign(**{column: frame[column].replace(np.nan, None) for column in texts})
        pd.testing.assert_frame_equal(alike, stored)


def test_a_missing_or_empty_table_is_an_error_that_names_it():
    for absent in ("persons", "spells", "packages", "participations"):
        given = tables(PEOPLE)
        with pytest.raises(CohortError, match=f"{absent}: the table is empty"):
            build_cohort({**given, absent: given[absent].iloc[:0]}, study())
        del given[absent]
        with pytest.raises(CohortError, match=f"{absent}: the table is missing"):
            build_cohort(given, study())


def test_nobody_eligible_is_an_error_with_the_counts_of_the_rules():
    with pytest.raises(CohortError, match=r"nobody of 5 persons is eligible \(outside_ages 5\)"):
        build(population={"ages": ["16", "17"]})


def test_an_arm_without_persons_is_an_error_with_counts():
    with pytest.raises(CohortError, match="programme 1, comparison 0"):
        build({"exits": person()})


def test_an_absorbing_exit_that_is_not_listed_is_an_error():
    with pytest.raises(CohortError, match="1 of 5 persons exit to a state"):
        build(competing=["died", "emigrated", "disability_pension"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arms": {"comparison": "not_yet"}}, "`not_yet` is not available"),
        ({"competing": ["died", "moved"]}, "moved unknown"),
        ({"country": "other"}, "no code book of benefits"),
    ],
)
def test_a_protocol_that_cannot_be_followed_is_an_error(changes, message):
    with pytest.raises(CohortError, match=message):
        build(**changes)


def test_a_package_that_is_not_in_its_table_is_an_error():
    with pytest.raises(CohortError, match="1 of 2 first packages are not in"):
        build({"a": person(package="ghost"), "b": COMPARISON})


def test_a_column_that_the_cohort_makes_itself_is_refused():
    with pytest.raises(CohortError, match="persons: arm are names"):
        build({"a": person(arm="x"), "b": COMPARISON})


EVENTS = [
    {"person_id": "a", "arm": "programme", "entry": 0, "time": 12.5, "cause": "linked"},
    {"person_id": "b", "arm": "comparison", "entry": 0, "time": 365, "cause": "censored"},
    {"person_id": "c", "arm": "comparison", "entry": 0, "time": None, "cause": None},
    {"person_id": "d", "arm": None, "entry": 0, "time": 3, "cause": "linked"},
]
TRIAL = {
    "country": "other",
    "outcome": {"source": "events", "cause": "linked", "time_unit": "days"},
    "arms": {"comparison": "given"},
    "competing": [],
    "health": {"instrument": "SF-36", "scores": ["pcs"]},
}


def trial(events=EVENTS, persons=("a", "b", "c", "d", "e"), extra=None):
    given = {"events": frame("events", events), **(extra or {})}
    if persons:
        given["persons"] = frame("persons", [{"person_id": name, "cesd": 9} for name in persons])
    return build_cohort(given, study(**TRIAL))


def test_an_events_table_gives_exits_directly():
    built = trial()
    people = built.people.set_index("person_id")
    assert list(people.index) == ["a", "b"]
    assert list(people["time"]) == [12.5, 365] and list(people["cause"]) == ["linked", "censored"]
    assert list(people["cesd"]) == [9, 9] and "age" not in people
    assert built.steps.set_index("person_id")["reason"].to_dict() == {
        "a": "analysed", "b": "analysed", "c": "no_outcome", "d": "no_arm", "e": "no_arm",
    }  # fmt: skip
    assert len(built.states) == len(built.occasions) == len(built.areas) == 0


def test_an_events_study_needs_no_persons_table():
    with_extra = [{**row, "homeless": 1} for row in EVENTS]
    built = trial(with_extra, persons=())
    assert list(built.people["person_id"]) == ["a", "b"] and list(built.people["homeless"]) == [
        1,
        1,
    ]


def test_answers_of_a_trial_include_persons_without_an_outcome():
    rows = [
        {"person_id": name, "occasion": "6", "instrument": "SF-36", "item": "pcs", "value": 40}
        for name in ("a", "c", "d")
    ]
    answers = trial(extra={"health": frame("health", rows)}).answers
    assert list(answers["person_id"]) == ["a", "c"]
    assert list(answers["wave"]) == [6, 6] and list(answers["pcs"]) == [40, 40]


def test_an_unlisted_cause_of_an_events_table_is_an_error():
    with pytest.raises(CohortError, match="1 of 2 persons exit to a state"):
        trial([EVENTS[0], {**EVENTS[1], "cause": "moved"}])
