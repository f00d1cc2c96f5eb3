"""Tables that follow people and places up: whose rows a municipality, a federation, all have."""

import numpy as np
import pandas as pd
import pytest
from cohort_records import MUNICIPALITIES, frame, study, tables

from evalkit.cohort import build_cohort, part_of
from evalkit.cohort.following import organisers
from evalkit.errors import CohortError

PLACE = {"a": "0114", "b": "0115", "c": "0116", "d": "0114"}
PACKAGES = frame("packages", [
    {"package_id": "north", "name": "North", "kind": "individual", "coordination": "joint_work",
     "federation": "North"},
    {"package_id": "west", "name": "West", "kind": "individual", "coordination": "information",
     "federation": "West"},
])  # fmt: skip
ANSWERS = [
    ("r1", "North", np.nan, np.nan), ("r2", np.nan, "north", np.nan), ("r3", np.nan, np.nan, "0116")
]  # fmt: skip


def responses(rows=ANSWERS):
    return frame("responses", [
        {"respondent_id": who, "respondent_group": "staff", "federation": federation,
         "package_id": package, "municipality": place, "wave": "2024", "instrument": "climate",
         "item": "i1", "value": 3}
        for who, federation, package, place in rows
    ])  # fmt: skip


def records(**more):
    given = tables({
        name: {"layers": ("S" * 24, "A" * 13), "start": None if name == "d" else "2021-01-20",
               "municipality": PLACE[name], "birth_year": 1970}
        for name in PLACE
    })  # fmt: skip
    # c lives outside the federation and takes part in its package all the same.
    taken = [("a", "north"), ("b", "west"), ("c", "north")]
    given["participations"] = frame("participations", [
        {"person_id": name, "package_id": package, "start": "2021-01-20"}
        for name, package in taken
    ])  # fmt: skip
    return given | {"packages": PACKAGES} | more


def built(**more):
    return build_cohort(records(**more), study())


def test_rows_of_persons_get_place_and_the_arm_of_those_analysed():
    statuses = frame("statuses", [
        {"person_id": name, "package_id": "north", "occasion": "start", "occupation": "work"}
        for name in ("d", "a", "nobody")
    ])  # fmt: skip

    found = built(statuses=statuses).statuses

    assert list(found["person_id"]) == ["d", "a", "nobody"]
    assert list(found["municipality"]) == ["0114", "0114", ""]
    assert list(found["federation"]) == ["North", "North", ""]
    assert found["arm"].isna().tolist() == [True, False, True]
    assert found["arm"][1] == "programme"


def test_places_and_arms_that_a_table_has_already_give_way_and_the_records_stay():
    statuses = frame("statuses", [
        {"person_id": "a", "package_id": "north", "occasion": "start", "occupation": "work"}
    ]).assign(municipality="9999", arm="other")  # fmt: skip
    before = statuses.copy()

    found = built(statuses=statuses).statuses

    assert found[["municipality", "arm"]].to_numpy().tolist() == [["0114", "programme"]]
    assert list(found)[-4:] == ["municipality", "federation", "county", "arm"]
    pd.testing.assert_frame_equal(statuses, before)


def test_what_a_study_lacks_is_none_and_what_a_place_lacks_is_empty():
    made = built(statuses=frame("statuses", [
        {"person_id": "a", "package_id": "north", "occasion": "start"}]))  # fmt: skip

    own = part_of(made, ["0116"])

    assert made.responses is None and own.responses is None
    assert len(own.statuses) == 0 and list(own.statuses.columns) == list(made.statuses.columns)


def test_participations_have_the_coordination_of_their_package():
    assert list(built().participations["coordination"]) == ["joint_work", "information",
                                                            "joint_work"]  # fmt: skip


def test_a_federation_counts_everybody_in_its_packages_and_a_municipality_its_own_people():
    made = built()

    federation, municipality = part_of(made, ["0114", "0115"]), part_of(made, ["0114"])

    assert list(federation.participations["person_id"]) == ["a", "b", "c"]
    assert list(municipality.participations["person_id"]) == ["a"]
    assert set(federation.persons["person_id"]) == {"a", "b", "d"}


def test_packages_and_finances_are_the_federation_s_or_the_county_s():
    finances = frame("finances", [
        {"federation": name, "year": 2021, "financier": "region", "kind": "funds"}
        for name in ("North", "West")
    ])  # fmt: skip
    made = built(finances=finances)

    of_federation, of_county = part_of(made, ["0115"]), part_of(made, ["0116"])

    assert list(of_federation.packages["package_id"]) == ["north"]
    assert list(of_federation.finances["federation"]) == ["North"]
    assert list(of_county.packages["package_id"]) == ["west"]
    assert list(organisers(MUNICIPALITIES)) == ["North", "North", "West"]


def test_answers_are_about_the_municipality_they_name_else_about_the_federation():
    made = built(responses=responses())

    found = made.responses.set_index("respondent_id")[["municipality", "federation"]]

    assert found.loc["r1"].tolist() == ["", "North"]
    assert found.loc["r2"].tolist() == ["", "North"]  # the federation of the package
    assert found.loc["r3"].tolist() == ["0116", "West"]


@pytest.mark.parametrize(
    ("placed", "own", "whole"),
    [
        ([], ["r1"], ["r1"]),  # a federation's answers are every one's of its municipalities
        ([("r4", "North", np.nan, "0114")], ["r4"], ["r1", "r4"]),
        ([("r4", "North", np.nan, "0115")], [], ["r1", "r4"]),
    ],
)
def test_a_municipality_shows_its_own_answers_once_there_are_any_by_municipality(
    placed, own, whole
):
    made = built(responses=responses([ANSWERS[0], *placed]))

    assert list(part_of(made, ["0114"]).responses["respondent_id"]) == own
    assert list(part_of(made, ["0114", "0115"]).responses["respondent_id"]) == whole


def test_services_and_years_are_the_municipality_s_and_tariffs_everybody_s():
    services = frame("services", [
        {"municipality": code, "service": "coaching", "availability": "yes", "source": "by hand"}
        for code in ("0114", "0116")
    ])  # fmt: skip
    index = frame("price_index", [{"year": 2021, "index": 100, "source": "by hand"}])

    own = part_of(built(services=services, price_index=index), ["0116"])

    assert list(own.services["municipality"]) == ["0116"]
    assert list(own.services["county"]) == ["West"]
    assert len(own.price_index) == 1


def test_one_row_of_another_municipality_changes_nothing_of_ones_own():
    statuses = [
        {"person_id": name, "package_id": "north", "occasion": "start", "occupation": "work"}
        for name in ("a", "b")
    ]
    first = part_of(built(statuses=frame("statuses", statuses)), ["0114"])
    statuses[1]["occupation"] = "study"
    second = part_of(built(statuses=frame("statuses", statuses)), ["0114"])

    for name in first.__slots__:
        one, other = getattr(first, name), getattr(second, name)
        assert (one is None) == (other is None)
        if one is not None:
            pd.testing.assert_frame_equal(one, other)


def test_costs_in_another_currency_than_the_study_s_are_refused():
    costs = frame("costs", [
        {"person_id": "a", "month": "2021-02", "payer": "region", "payee": "resources",
         "item": "package", "kind": "intervention", "amount": 1, "currency": currency,
         "price_year": 2021, "source": "by hand"}
        for currency in ("SEK", "EUR")
    ])  # fmt: skip
    given = records(costs=costs)

    with pytest.raises(CohortError, match="1 of 2 rows are not in SEK"):
        build_cohort(given, study(economics={"currency": "SEK"}))
    assert len(build_cohort(given, study()).costs) == 2
