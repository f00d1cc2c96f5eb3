"""Persons and exits on either side of a term."""

import numpy as np
import pandas as pd
import pytest

from evalkit.survival.design_matrix import design_matrix
from evalkit.survival.sides import exits_since, term_support

FRAME = pd.DataFrame({
    "arm": ["programme"] * 4 + ["comparison"] * 6, "age": np.arange(10.0),
    "sex": [1, 1, 2, 2, 1, 1, 1, 2, 2, 2], "level": list("aabbbccccc"),
})  # fmt: skip
EVENT = np.array([1, 0, 0, 0, 1, 1, 1, 1, 0, 0], dtype=bool)


def support(formula, event=EVENT, **units):
    found = term_support(design_matrix(formula, FRAME), event, **units)
    return {name: values.tolist() for name, values in found.items()}


@pytest.mark.parametrize(
    ("formula", "n", "k", "complement"),
    [
        ("arm", [4], [1], [4]),
        ("sex", [5], [1], [4]),
        ("level", [2, 2], [1, 3], [1, 1]),
        # Programme and 2: nobody; programme and 1: one; the others: three and one.
        ("arm:sex + arm + sex", [2, 2, 2], [1, 1, 1], [0, 0, 0]),
    ],
)
def test_exits_of_both_groups_of_a_term(formula, n, k, complement):
    assert support(formula) == {"n": n, "k": k, "complement": complement}


def test_a_number_has_no_sides():
    found = support("age + arm")

    assert found["n"] == [10, 4]
    assert np.isnan(found["k"][0])
    assert found["k"][1] == 1


def test_rows_of_one_person_count_once_and_frequencies_as_often_as_they_say():
    person = np.array([0, 0, 1, 2, 3, 3, 3, 4, 5, 6])

    assert support("arm", person=person) == {"n": [3], "k": [1], "complement": [2]}
    often = np.full(10, 10.0)
    assert support("arm", frequency=often) == {"n": [40], "k": [10], "complement": [40]}


def test_exits_since_the_row_before_add_up_to_those_up_to_the_last():
    exits = np.flatnonzero(EVENT)
    time = np.array([1.0, 2.0, 2.0, 5.0, 9.0])

    found = exits_since(design_matrix("arm + age", FRAME), exits, time, np.array([0.0, 2.0, 5.0]))

    assert found["k"][0].tolist() == [0, 1, 0]
    assert found["complement"][0].tolist() == [0, 2, 1]
    assert np.isnan(found["k"][1]).all()
