"""The index of EQ-5D answers: shapes, missing answers, answers out of range."""

import itertools
import time

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError, ParameterError
from evalkit.health import eq5d_index

COLUMNS = ["mo", "sc", "ua", "pd", "ad"]


def frame(*profiles):
    return pd.DataFrame(
        [[int(digit) for digit in row] for row in profiles], columns=COLUMNS, dtype="int64"
    )


@pytest.mark.parametrize(("value_set", "top"), [("SE-2014-TTO", 3), ("SE-2020-TTO", 5)])
def test_answers_and_profile_codes_give_the_same_index_for_every_state(value_set, top):
    states = ["".join(row) for row in itertools.product("12345"[:top], repeat=5)]

    from_answers = eq5d_index(frame(*states), value_set=value_set)
    from_codes = eq5d_index(pd.Series(states), value_set=value_set)

    assert len(states) == top**5
    np.testing.assert_array_equal(from_answers, from_codes)


def test_column_order_is_given_by_the_names_and_not_by_the_frame():
    answers = frame("21232")

    shuffled = eq5d_index(answers[COLUMNS[::-1]], value_set="UK-1997-TTO")

    assert shuffled.iloc[0] == eq5d_index(answers, value_set="UK-1997-TTO").iloc[0]


def test_index_of_the_frame_is_kept():
    answers = frame("11111", "22222").set_axis(["a", "b"])

    result = eq5d_index(answers, value_set="UK-1997-TTO")

    assert list(result.index) == ["a", "b"]
    assert result.name == "health_index"


def test_a_missing_answer_gives_a_missing_index_and_touches_no_other_row():
    answers = frame("21232", "21232").astype(float)
    answers.loc[0, "sc"] = np.nan

    result = eq5d_index(answers, value_set="UK-1997-TTO")

    assert np.isnan(result[0])
    assert result[1] == pytest.approx(0.088)


def test_nullable_integers_and_missing_profile_codes_are_understood():
    answers = frame("21232", "21232").astype("Int8")
    answers.loc[0, "ad"] = pd.NA
    codes = pd.DataFrame({"profile": [None, "21232"]})

    by_answer = eq5d_index(answers, value_set="UK-1997-TTO")
    by_code = eq5d_index(codes, value_set="UK-1997-TTO", columns=["profile"])

    np.testing.assert_array_equal(by_answer, by_code)


def test_an_empty_frame_gives_an_empty_index():
    assert len(eq5d_index(frame(), value_set="UK-1997-TTO")) == 0


@pytest.mark.parametrize(("value_set", "level"), [("SE-2020-TTO", 6), ("SE-2014-TTO", 4)])
def test_a_level_above_the_instrument_is_refused_by_column_count_and_position(value_set, level):
    answers = frame("11111", "11111", "11111")
    answers.loc[[0, 2], "ua"] = level

    with pytest.raises(EstimationError, match=r"^ua: 2 of 3 answers .*positions 0, 2") as caught:
        eq5d_index(answers, value_set=value_set)

    assert f" {level} " not in str(caught.value)


@pytest.mark.parametrize("level", [0, -9, 2.5, np.inf])
def test_levels_that_are_no_levels_are_refused(level):
    answers = frame("11111").astype(float).assign(pd=level)

    with pytest.raises(EstimationError, match="^pd: 1 of 1 answers"):
        eq5d_index(answers, value_set="SE-2020-TTO")


def test_faults_of_all_columns_are_reported_at_once():
    answers = frame("61171").assign(ua="two")

    with pytest.raises(EstimationError, match=r"mo: 1 of 1.*ua: levels must be.*pd: 1 of 1"):
        eq5d_index(answers, value_set="SE-2020-TTO")


def test_profile_codes_may_be_whole_numbers_with_gaps_or_not():
    words = eq5d_index(pd.Series(["11111", "21232"]), value_set="UK-1997-TTO")
    numbers = eq5d_index(pd.Series([11111, 21232]), value_set="UK-1997-TTO")
    gaps = eq5d_index(pd.Series([11111, np.nan, 21232]), value_set="UK-1997-TTO")
    nullable = pd.Series([11111, None, 21232], dtype="Int64")

    assert list(numbers) == list(words)
    assert list(gaps[[0, 2]]) == list(words) and np.isnan(gaps[1])
    pd.testing.assert_series_equal(eq5d_index(nullable, value_set="UK-1997-TTO"), gaps)
    for wrong in (21232.5, 1e300, np.inf, -11111.0):
        with pytest.raises(EstimationError, match="1 of 2 profile codes are not five digits"):
            eq5d_index(pd.Series([11111.0, wrong]), value_set="UK-1997-TTO")


@pytest.mark.parametrize("code", ["1123", "11426", "1x111", 21432])
def test_profile_codes_that_are_no_states_are_refused_without_being_shown(code):
    codes = pd.Series(["11111", code], name="profile", dtype=object)

    with pytest.raises(EstimationError, match=r"^profile: 1 of 2 profile codes") as caught:
        eq5d_index(codes, value_set="UK-1997-TTO")

    assert str(code) not in str(caught.value)


def test_a_missing_column_and_a_wrong_number_of_columns_are_errors():
    with pytest.raises(EstimationError, match="no such column: ad"):
        eq5d_index(frame("11111").drop(columns="ad"), value_set="UK-1997-TTO")
    with pytest.raises(EstimationError, match="five answers, 2 columns"):
        eq5d_index(frame("11111"), value_set="UK-1997-TTO", columns=["mo", "sc"])


def test_unknown_value_sets_and_options_name_what_is_allowed():
    with pytest.raises(ParameterError, match="SE-2020-TTO"):
        eq5d_index(frame("11111"), value_set="SE-2020")
    with pytest.raises(ParameterError, match="model, one"):
        eq5d_index(frame("11111"), value_set="SE-2020-TTO", full_health="two")


def test_five_million_profiles_take_about_a_second():
    levels = np.random.default_rng(1).integers(1, 6, (5, 5_000_000), dtype=np.int8)
    answers = pd.DataFrame(dict(zip(COLUMNS, levels, strict=True)))

    start = time.process_time()
    eq5d_index(answers, value_set="SE-2020-TTO")
    seconds = time.process_time() - start

    assert seconds < 1.0
