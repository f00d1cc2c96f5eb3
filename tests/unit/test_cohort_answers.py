import numpy as np
import pandas as pd
import pytest
from cohort_records import frame

from evalkit.cohort.answers import answers_by_wave
from evalkit.errors import CohortError
from evalkit.study import Health

PROTOCOL = Health(instrument="EQ-5D-5L", value_set="SE-2020-TTO")
START = pd.Series(pd.to_datetime(["2024-01-15", "2024-03-31"]))
PERSONS = pd.Series(["a", "b"])


def rows(*answers, instrument="EQ-5D-5L"):
    """Answers as (person, occasion, date, value of mo)."""
    return frame("health", [
        {"person_id": person, "occasion": occasion, "date": date, "instrument": instrument,
         "item": item, "value": value}
        for person, occasion, date, value in answers for item in ("mo", "sc")
    ])  # fmt: skip


def waves(*answers, start=START) -> list[tuple[int, int, float]]:
    found = answers_by_wave(rows(*answers), PERSONS, start, PROTOCOL)
    return list(zip(found["row"], found["wave"], found["mo"], strict=True)) if len(found) else []


@pytest.mark.parametrize(
    ("date", "wave"),
    [
        ("2023-12-15", 0),  # one month before the start
        ("2023-12-14", None),
        ("2024-01-29", 0),  # 14 days after the start
        ("2024-01-30", None),
        ("2024-06-15", 6),  # one month before the planned month
        ("2024-06-14", None),
        ("2024-10-15", 6),  # three months after it
        ("2024-10-16", None),
        ("2024-12-20", 12),
    ],
)
def test_the_window_of_a_wave_closes_on_the_day(date, wave):
    found = waves(("a", "6", date, 3))
    assert [row[1] for row in found] == ([] if wave is None else [wave])


def test_an_answer_at_the_end_of_a_package_is_never_a_wave():
    assert waves(("a", "end", "2024-07-15", 3)) == []
    assert waves(("a", "6", "2024-07-15", 3)) == [(0, 6, 3.0)]


def test_the_nearest_answer_wins_a_wave_and_the_earlier_of_two_equally_near():
    assert waves(("a", "6", "2024-07-30", 3), ("a", "12", "2024-07-10", 4)) == [(0, 6, 4.0)]
    assert waves(("a", "6", "2024-07-20", 3), ("a", "12", "2024-07-10", 4)) == [(0, 6, 4.0)]
    assert waves(("a", "12", "2024-07-10", 4), ("a", "6", "2024-07-30", 3)) == [(0, 6, 4.0)]


def test_an_answer_that_is_not_the_nearest_fills_no_gap_of_it():
    near = rows(("a", "6", "2024-07-16", 3)).query("item == 'mo'")
    far = rows(("a", "12", "2024-08-16", 4))
    for given in (pd.concat([near, far]), pd.concat([far, near])):
        found = answers_by_wave(given, PERSONS, START, PROTOCOL)
        assert found.columns.tolist() == ["row", "wave", "instrument", "mo"]
        assert found[["row", "wave", "mo"]].to_numpy().tolist() == [[0, 6, 3]]


def test_of_two_answers_to_one_item_the_first_counts():
    given = rows(("a", "6", "2024-07-16", 3), ("a", "6", "2024-07-16", 5))
    assert answers_by_wave(given, PERSONS, START, PROTOCOL)["mo"].tolist() == [3]
    assert answers_by_wave(given[::-1], PERSONS, START, PROTOCOL)["mo"].tolist() == [5]


def test_rows_without_an_item_answer_nothing():
    given = rows(("a", "6", "2024-07-16", 3))
    given.loc[given["item"] == "sc", "item"] = None
    found = answers_by_wave(given, PERSONS, START, PROTOCOL)
    assert found.columns.tolist() == ["row", "wave", "instrument", "mo"]


def test_many_answers_are_put_to_their_waves_in_parts(monkeypatch):
    given = [("a", "0", "2024-01-15", 1), ("a", "6", "2024-07-15", 2), ("b", "6", "2024-10-01", 3)]
    whole = waves(*given)
    monkeypatch.setattr("evalkit.cohort.answers.CHUNK", 2)
    assert waves(*given) == whole == [(0, 0, 1.0), (0, 6, 2.0), (1, 6, 3.0)]


def test_without_a_date_the_planned_month_counts():
    assert waves(("a", "12", None, 2)) == [(0, 12, 2.0)]
    unknown = pd.Series(pd.to_datetime([None, None]))
    assert waves(("a", "0", None, 1), ("b", "6", "2024-01-01", 5), start=unknown) == [
        (0, 0, 1.0), (1, 6, 5.0),
    ]  # fmt: skip
    assert waves(("a", "7", None, 2)) == [(0, 6, 2.0)]
    assert waves(("a", "10", None, 2)) == []


def test_items_of_one_answer_become_columns_and_a_missing_item_stays_missing():
    health = rows(("a", "0", "2024-01-15", 3), ("b", "0", "2024-03-31", 2))
    health.loc[(health["person_id"] == "b") & (health["item"] == "sc"), "value"] = np.nan
    found = answers_by_wave(health, PERSONS, START, PROTOCOL)
    assert list(found.columns) == ["row", "wave", "instrument", "mo", "sc"]
    assert found["sc"].isna().tolist() == [False, True]


def test_answers_of_others_and_from_other_instruments_are_left_out():
    both = pd.concat([
        rows(("a", "0", "2024-01-15", 3), ("z", "0", "2024-01-15", 1)),
        rows(("a", "0", "2024-01-15", 50), instrument="VAS"),
    ])  # fmt: skip
    found = answers_by_wave(both, PERSONS, START, PROTOCOL)
    assert list(found["mo"]) == [3.0]


def test_an_instrument_that_the_records_do_not_have_is_an_error():
    with pytest.raises(CohortError, match="none of 2 rows"):
        answers_by_wave(
            rows(("a", "0", "2024-01-15", 3), instrument="VAS"), PERSONS, START, PROTOCOL
        )


def test_no_answers_give_an_empty_frame():
    assert len(answers_by_wave(rows(), PERSONS, START, PROTOCOL)) == 0
    assert len(answers_by_wave(rows(("z", "0", "2024-01-15", 1)), PERSONS, START, PROTOCOL)) == 0
