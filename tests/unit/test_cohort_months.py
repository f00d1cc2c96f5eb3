from calendar import monthrange

import numpy as np
import pandas as pd
import pytest
from cohort_records import frame, spells_of

from evalkit.codes import benefits
from evalkit.cohort import months
from evalkit.cohort.months import (
    MONTH_STATES,
    NEVER,
    SOURCES,
    STATE_GROUPS,
    absorbing_months,
    cover,
    month_number,
    month_text,
    received,
    spells_on_clock,
    state_of_month,
)
from evalkit.errors import CohortError


def on_clock(rows, *, persons=("a",), index="2020-01", data_cut="2021-12", country="SE"):
    index_month = np.full(len(persons), month_number(index))
    clocked = spells_on_clock(
        frame("spells", rows), benefits(country), pd.Series(persons), index_month,
        data_cut=int(month_number(data_cut)),
    )  # fmt: skip
    return clocked, index_month


def spell(start, end=None, *, benefit="sickness_benefit", degree=100, person="a"):
    return {"person_id": person, "benefit": benefit, "start": start, "end": end, "degree": degree}


def picture(matrix: np.ndarray) -> str:
    return "".join("S" if month else "." for month in matrix)


def test_months_are_numbered_from_dates_and_from_text_alike():
    dates = pd.Series(pd.to_datetime(["2024-01-31", "2024-02-01", None]))
    text = pd.Series(["2024-01", "2024-02", np.nan])
    expected = [2024 * 12, 2024 * 12 + 1, NEVER]
    assert list(month_number(dates)) == expected
    assert list(month_number(text)) == expected
    assert list(month_number(pd.Series([np.nan, np.nan]))) == [NEVER, NEVER]
    assert list(month_text(month_number(text)[:2])) == ["2024-01", "2024-02"]


def test_one_day_is_enough_for_a_month_to_be_received():
    clocked, index = on_clock(
        [spell("2020-02-29", "2020-02-29"), spell("2020-05-31", "2020-06-01")]
    )
    assert picture(received(clocked, index, window=(0, 6))[0]) == ".S..SS."


def test_a_running_spell_ends_at_the_data_cut_and_a_later_one_does_not_exist():
    clocked, index = on_clock(
        [spell("2020-03-05"), spell("2020-05-01", benefit="social_assistance")], data_cut="2020-04"
    )
    assert len(clocked) == 1
    assert picture(received(clocked, index, window=(0, 6))[0]) == "..SS..."


def test_months_before_the_index_month_have_negative_numbers():
    clocked, index = on_clock(spells_of("a", "SS.S", first="2019-10"), index="2020-01")
    assert picture(received(clocked, index, window=(-4, 1))[0]) == ".SS.S."


def test_spells_of_other_persons_are_left_out():
    rows = [spell("2020-01-01", "2020-02-01"), spell("2020-01-01", "2020-02-01", person="z")]
    clocked, _ = on_clock(rows, persons=("b", "a"))
    assert list(clocked["row"]) == [1]


def test_an_unknown_benefit_is_an_error_with_its_count_and_without_its_value():
    with pytest.raises(CohortError, match="1 of 2 rows") as caught:
        on_clock([spell("2020-01-01"), spell("2020-03-01", benefit="lottery")])
    assert "lottery" not in str(caught.value)


def test_intervals_cover_the_months_that_a_loop_over_them_marks():
    rng = np.random.default_rng(20261)
    row, first = rng.integers(0, 30, 200), rng.integers(-30, 40, 200)
    last = first + rng.integers(0, 15, 200)
    expected = np.zeros((30, 31), dtype=bool)
    for person, start, stop in zip(row, first, last, strict=True):
        for month in range(start, stop + 1):
            if -10 <= month <= 20:
                expected[person, month + 10] = True
    assert (cover(row, first, last, n_person=30, window=(-10, 20)) == expected).all()


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 1.0])
def test_a_share_of_the_month_counts_every_day_once(share):
    rng = np.random.default_rng(20261)
    rows, days = [], [set() for _ in range(8)]
    for _ in range(60):
        person, start = int(rng.integers(0, 8)), int(rng.integers(0, 300))
        stop = start + int(rng.choice([0, 3, 14, 40, 75]))
        first = np.datetime64("2020-01-01") + start
        last = np.datetime64("2020-01-01") + stop
        rows.append(spell(str(first), str(last), person=str(person)))
        days[person] |= set(range(start, stop + 1))
    clocked, index = on_clock(rows, persons=tuple(str(person) for person in range(8)))
    found = received(clocked, index, window=(0, 13), min_share=share)
    for person in range(8):
        for month in range(14):
            year, number = 2020 + month // 12, month % 12 + 1
            opening = (
                np.datetime64(f"{year}-{number:02d}-01") - np.datetime64("2020-01-01")
            ).astype(int)
            length = monthrange(year, number)[1]
            covered = len(days[person] & set(range(opening, opening + length)))
            assert found[person, month] == (covered >= share * length and covered > 0)


def test_only_a_full_permanent_pension_absorbs():
    rows = [
        spell("2020-02-01", "2020-04-30", benefit="disability_pension", degree=50),
        spell("2020-05-01", benefit="disability_pension"),
        spell("2020-04-01", benefit="disability_pension", degree=75, person="b"),
        spell("2020-01-01", benefit="activity_compensation", person="b"),
        spell("2020-07-01", benefit="old_age_pension", degree=25, person="b"),
    ]
    clocked, index = on_clock(rows, persons=("a", "b"))
    persons = frame("persons", [
        {"person_id": "a", "died_month": "2021-03"},
        {"person_id": "b", "emigrated_month": "2020-12"},
    ])  # fmt: skip
    months = absorbing_months(clocked, persons, index)
    assert list(months) == ["died", "emigrated", "disability_pension", "old_age_pension"]
    assert list(months["disability_pension"]) == [4, NEVER]
    assert list(months["old_age_pension"]) == [NEVER, 6]
    assert list(months["died"]) == [14, NEVER]
    assert list(months["emigrated"]) == [NEVER, 11]


def state_names(rows, *, absorbed=None, last=11, rule="neutral"):
    clocked, index = on_clock(rows)
    group = clocked["state"].map(STATE_GROUPS)
    groups = {
        name: received(clocked[group == name], index, window=(0, 5))
        for name in set(STATE_GROUPS.values()) - {"self_support"}
    }
    state = state_of_month(
        groups, {name: np.array([month]) for name, month in (absorbed or {}).items()},
        last=np.array([last]), parental_rule=rule,
    )  # fmt: skip
    return [MONTH_STATES[code] if code >= 0 else "" for code in state[0]]


def test_the_highest_of_several_states_names_the_month():
    rows = spells_of("a", "AAAAP.", ".UU.W.", "..S...")
    assert state_names(rows) == [
        "last_resort", "labour_market", "health_related", "last_resort", "parental", "self_support",
    ]  # fmt: skip


def test_subsidised_work_is_a_month_of_self_support():
    assert state_names(spells_of("a", "WWWWWW")) == ["self_support"] * 6


def test_a_person_stays_in_an_absorbing_state_and_death_goes_before_all():
    names = state_names(spells_of("a", "SSSSSS"), absorbed={"old_age_pension": 1, "died": 3})
    assert names == ["health_related"] + ["old_age_pension"] * 2 + ["died"] * 3


def test_months_after_the_data_cut_have_no_state():
    assert (
        state_names(spells_of("a", "SS"), last=2)
        == ["health_related"] * 2 + ["self_support"] + [""] * 3
    )


def test_parental_months_are_self_support_only_where_the_rule_says_none():
    assert state_names(spells_of("a", "PPPPPP"))[0] == "parental"
    assert state_names(spells_of("a", "PPPPPP"), rule="support")[0] == "parental"
    assert state_names(spells_of("a", "PPPPPP"), rule="none")[0] == "self_support"


@pytest.mark.parametrize("country", ["SE", "FI"])
def test_every_state_of_the_code_books_has_a_place(country):
    book = benefits(country)
    ordinary = set(book["state"]) - {"old_age_pension"}
    assert ordinary <= set(STATE_GROUPS)
    assert set(STATE_GROUPS.values()) <= set(MONTH_STATES)
    assert set(book.loc[book["public_support"], "state"]) == set(SOURCES)


def test_months_of_many_persons_are_counted_in_blocks_as_in_one(monkeypatch):
    rng = np.random.default_rng(7)
    row, first = rng.integers(0, 50, 400), rng.integers(-9, 12, 400)
    spells = row, first, first + rng.integers(0, 6, 400)
    whole = cover(*spells, n_person=50, window=(-3, 9))

    monkeypatch.setattr(months, "BLOCK", 8)
    monkeypatch.setattr(months, "CHUNK", 3)
    in_blocks = cover(*spells, n_person=50, window=(-3, 9))

    by_hand = np.zeros((50, 13), dtype=bool)
    for person, low, high in zip(*spells, strict=True):
        by_hand[person, np.clip(low + 3, 0, 13) : np.clip(high + 4, 0, 13)] = True
    assert np.array_equal(whole, by_hand)
    assert np.array_equal(in_blocks, by_hand)


def test_dates_far_apart_have_the_months_of_the_calendar():
    dates = pd.Series(pd.to_datetime(["1700-01-31", None, "2250-12-01"]))

    assert list(month_number(dates)) == [1700 * 12, months.NEVER, 2250 * 12 + 11]
    assert list(month_number(dates[2:])) == [2250 * 12 + 11]
    assert list(month_number(dates[1:2])) == [months.NEVER]
