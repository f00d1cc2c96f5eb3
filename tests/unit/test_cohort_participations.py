"""Samples of participations and of forms: what is checked, dropped, and left running."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import Forms, Participations
from evalkit.errors import CohortError


def frame(**changes):
    rows = {
        "person_id": ["a", "a", "b", None], "package_id": ["p", "q", "p", "p"],
        "start": ["2024-01-10", "2024-05-02", "2024-02-01", "2024-02-01"],
        "end": ["2024-03-01", None, "2025-02-01", "2024-02-03"],
        "exit_reason": ["completed", None, "completed", "interrupted"],
    }  # fmt: skip
    return pd.DataFrame(rows | changes)


def test_what_ends_after_the_data_cut_still_runs_and_has_no_reason():
    sample = Participations.from_frame(frame(), data_cut="2024-12")

    assert np.isnat(sample.end).tolist() == [False, True, True, False]
    assert sample.exit_reason.tolist() == ["completed", None, None, "interrupted"]
    assert str(sample.data_cut) == "2024-12-31"


def test_what_starts_after_the_data_cut_is_left_out():
    assert len(Participations.from_frame(frame(), data_cut="2024-04-30")) == 3


def test_misregistered_rows_are_dropped_and_counted():
    given = frame(exit_reason=["felregistrering", None, "completed", "misregistered"])

    sample = Participations.from_frame(given, data_cut="2024-12")

    assert (len(sample), sample.n_misregistered) == (2, 2)


def test_a_missing_person_is_anonymous_and_may_start_twice_on_a_day():
    given = frame(person_id=[None, "a", None, None], start=["2024-01-10"] * 4)

    sample = Participations.from_frame(given, data_cut="2024-12")

    assert sample.person.tolist() == [-1, 0, -1, -1]


def test_other_columns_and_names_stay():
    given = frame().rename(columns={"person_id": "id"}).assign(focus="x")

    sample = Participations.from_frame(given, data_cut="2024-12", person="id")

    assert sample.covariates["focus"].tolist() == ["x"] * 4
    assert sample.groups("package_id")[1] == ("p", "q")


def test_the_digest_follows_rows_and_data_cut():
    one, again = (Participations.from_frame(frame(), data_cut="2024-12") for _ in range(2))
    other = Participations.from_frame(frame(), data_cut="2024-12-30")

    assert one.digest == again.digest != other.digest


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"end": ["2024-01-09", None, None, None]}, "end: 1 of 4 rows before the start"),
        ({"start": ["no date"] * 4}, "start: 4 of 4 rows not a date"),
        ({"start": [None] * 4}, "start: 4 of 4 rows missing"),
        ({"package_id": [None, "q", "p", "p"]}, "package_id: 1 of 4 rows missing"),
        ({"person_id": ["b", "a", "b", None], "start": ["2024-02-01"] * 4},
         "start: 1 of 4 rows repeated for one person and package"),
    ],
)  # fmt: skip
def test_wrong_rows_are_refused_by_position(changes, message):
    with pytest.raises(CohortError, match=message):
        Participations.from_frame(frame(**changes), data_cut="2024-12")


def test_a_missing_column_and_a_wrong_data_cut_are_named():
    with pytest.raises(CohortError, match="no such column: end = 'end'"):
        Participations.from_frame(frame().drop(columns="end"), data_cut="2024-12")
    with pytest.raises(CohortError, match="data_cut: must be a month"):
        Participations.from_frame(frame(), data_cut="last year")


def test_without_rows_there_is_an_empty_sample():
    sample = Participations.from_frame(frame()[:0], data_cut="2024-12")

    assert repr(sample) == "<Participations: 0 of 0 persons in 0 packages, until 2024-12-31>"


def test_forms_refuse_a_missing_person():
    given = pd.DataFrame({"person_id": ["a", None], "package_id": "p", "start": "2024-01-01",
                          "form": "joint_plan"})  # fmt: skip

    with pytest.raises(CohortError, match="person_id: 1 of 2 rows missing"):
        Forms.from_frame(given)
    assert len(Forms.from_frame(given[:1])) == 1
    assert Forms.from_frame(given[:1]).groups("form")[1] == ("joint_plan",)
