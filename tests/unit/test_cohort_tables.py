"""Parts of a cohort: the rows of some municipalities, found once for all parts."""

from dataclasses import fields

import pandas as pd
import pytest

from evalkit.cohort import CohortParts, CohortTables, RowsByPlace

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

    part = CohortParts.of(whole).part(chosen)

    wanted = whole.people[whole.people["municipality"].isin(chosen)].reset_index(drop=True)
    pd.testing.assert_frame_equal(part.people, wanted)


def test_costs_of_type_cases_belong_to_every_part_once():
    part = CohortParts.of(tables()).part(["a"])

    assert list(part.costs["municipality"]) == ["a", "c", "a"]
    assert list(part.costs["person_id"].isna()) == [True, True, False]


def test_an_empty_table_has_no_rows_anywhere():
    empty = tables().people.iloc[:0]

    assert len(RowsByPlace.of(empty).of_places(["a"])) == 0
