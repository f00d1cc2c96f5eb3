"""Columns changed by their distinct values."""

import numpy as np
import pandas as pd
import pytest

from evalkit.records.levels import by_level

COLUMNS = {
    "text": pd.Series(["b ", None, "a", "b "], dtype=object),
    "numbers": pd.Series([2.5, np.nan, 1.0, 2.5]),
    "dates": pd.to_datetime(pd.Series(["2024-02-01", None, "2024-01-01", "2024-02-01"])),
    "without missing": pd.Series(["b", "a", "b"], dtype=object),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_every_row_gets_what_its_own_value_becomes(kind):
    column = COLUMNS[kind].set_axis(range(10, 10 + len(COLUMNS[kind])))

    changed = by_level(column, lambda values: values.astype(str) + "!", missing="")

    wanted = (column.astype(str) + "!").where(column.notna(), "")
    assert list(changed) == list(wanted)
    assert changed.index.equals(column.index)


def test_the_function_sees_each_value_once_and_no_missing_one():
    seen = []

    by_level(COLUMNS["text"], lambda values: (seen.extend(values), values)[1])

    assert seen == ["b ", "a"]


def test_numbers_stay_numbers_where_some_are_missing():
    changed = by_level(COLUMNS["numbers"], lambda values: values * 2)

    assert changed.dtype == float
    assert np.array_equal(changed, [5, np.nan, 2, 5], equal_nan=True)


def test_equal_values_share_one_object():
    changed = by_level(COLUMNS["text"], lambda values: values.str.upper())

    assert changed[0] is changed[3]
