"""Parts of a cohort: the rows of some municipalities, found once for all parts."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort import CohortTables, Places, RowsByPlace, TableParts, part_of

PLACES = ["b", "a", "", "b", "c", None, "a"]


def tables() -> CohortTables:
    frame = pd.DataFrame({"municipality": PLACES, "person_id": list("tuvwxyz")}).assign(
        federation="f", county="", package_id="p"
    )
    every = {field.name: frame.assign(table=field.name) for field in fields(CohortTables)}
    every["costs"] = every["costs"].assign(person_id=["t", None, "v", "w", None, "y", "z"])
    return CohortTables(**every)


@pytest.mark.parametrize("chosen", [["a"], ["b", "a"], ["c", "none such"], [], [""]])
def test_a_part_has_the_rows_that_a_filter_finds_in_their_order(chosen):
    whole = tables()

    part = part_of(whole, chosen)

    wanted = whole.people[whole.people["municipality"].isin(chosen)].reset_index(drop=True)
    pd.testing.assert_frame_equal(part.people, wanted)


def test_costs_of_type_cases_belong_to_every_part_once():
    part = part_of(tables(), ["a"])

    assert list(part.costs["municipality"]) == ["a", "c", "a"]
    assert list(part.costs["person_id"].isna()) == [True, True, False]


def test_an_empty_table_has_no_rows_anywhere():
    empty = tables().people.iloc[:0]

    assert len(RowsByPlace.of(empty).of_places(["a"])) == 0


AREAS = pd.DataFrame({
    "municipality": ["a", "b", "c", "d", "e"], "federation": ["F", "F", "G", "", "H"],
    "county": ["1", "1", "1", "2", "2"],
})  # fmt: skip
CHOSEN = [["a"], ["a", "b"], ["c"], ["d", "e"], ["a", "c"], ["none such"], []]


def place_of(chosen):
    return Places.of(AREAS).place(chosen)


@pytest.mark.parametrize("chosen", CHOSEN)
def test_a_place_knows_its_federations_and_which_are_whole(chosen):
    organiser = {"a": "F", "b": "F", "c": "G", "d": "2", "e": "H"}
    place, known = place_of(chosen), [name for name in chosen if name in organiser]
    federations = {organiser[name] for name in known}
    assert place.federations == federations
    whole = {f for f in federations if {n for n in organiser if organiser[n] == f} <= set(known)}
    assert place.whole == whole


def test_a_municipality_in_neither_federation_nor_county_has_none():
    areas = AREAS.assign(county=["1", "1", "1", "", "2"])
    place = Places.of(areas).place(["d"])
    assert (place.federations, place.whole) == (frozenset(), frozenset())


@pytest.mark.parametrize("chosen", CHOSEN)
def test_answers_of_a_federation_are_every_ones_unless_it_is_asked_by_municipality(chosen):
    rng = np.random.default_rng(20262)
    # F is asked by municipality too, G and H as a whole only.
    federation = np.array(["F", "G", "H", "2"])[rng.integers(0, 4, 60)]
    placed = (federation == "F") & (rng.random(60) < 0.7)
    municipality = np.where(placed, np.array(["a", "b"])[rng.integers(0, 2, 60)], "")
    frame = pd.DataFrame({"municipality": municipality, "federation": federation, "n": range(60)})
    place = place_of(chosen)
    own = frame["municipality"].isin(chosen)
    theirs = ~placed & frame["federation"].isin(place.whole | (place.federations - {"F"}))

    part = TableParts.of("responses", frame).part(place)

    assert list(part["n"]) == list(frame.loc[own | theirs, "n"])


@pytest.mark.parametrize("chosen", CHOSEN)
def test_participations_in_packages_of_a_whole_federation_belong_to_it(chosen):
    rng = np.random.default_rng(20263)
    packages = pd.DataFrame({"package_id": list("pqrs"), "federation": ["F", "F", "G", "2"]})
    frame = pd.DataFrame({
        "municipality": np.array(["a", "b", "c", "d", ""])[rng.integers(0, 5, 60)],
        "package_id": np.array(list("pqrs"))[rng.integers(0, 4, 60)], "n": range(60),
    })  # fmt: skip
    place = place_of(chosen)
    own = frame["municipality"].isin(chosen)
    theirs = frame["package_id"].map(packages.set_index("package_id")["federation"])

    part = TableParts.of("participations", frame, packages).part(place)

    assert list(part["n"]) == list(frame.loc[own | theirs.isin(place.whole), "n"])
    assert len(TableParts.of("packages", packages).part(place)) == (
        packages["federation"].isin(place.federations).sum()
    )
