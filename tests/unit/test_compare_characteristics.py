"""Shape, support and refusals of the baseline table."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import Persons
from evalkit.compare import characteristics
from evalkit.errors import EstimationError, ParameterError


def persons(**columns) -> Persons:
    frame = pd.DataFrame({"person": range(4), "arm": ["programme", "comparison"] * 2, **columns})
    return Persons.from_frame(frame, person="person")


def test_rows_go_by_stratum_then_variable_then_level():
    sample = persons(sex=["w", "m", "w", "w"], age=[1, 2, 3, 4])

    rows = characteristics(sample, variables=["age", "sex"]).tidy()

    assert rows["stratum"].tolist() == ["programme"] * 3 + ["comparison"] * 3
    assert rows["variable"].tolist() == ["age", "sex", "sex"] * 2
    assert rows["level"].tolist() == ["", "m", "w"] * 2


def test_support_counts_those_with_and_without_a_level():
    sample = persons(sex=["w", "m", "w", "w"], age=[1, 2, None, 4])

    table = characteristics(sample, variables=["sex", "age"])

    np.testing.assert_array_equal(table.support["n"], [2, 2, 1, 2, 2, 2])
    np.testing.assert_array_equal(table.support["k"], [0, 2, np.nan, 1, 1, np.nan])
    np.testing.assert_array_equal(table.support["complement"], [2, 0, np.nan, 1, 1, np.nan])


def test_levels_keep_the_order_of_categories_and_leave_out_unused_ones():
    education = pd.Categorical(["low", "high", "low", "high"], ["low", "middle", "high"])

    rows = characteristics(persons(education=education), variables=["education"]).tidy()

    assert rows["level"].tolist() == ["low", "high"] * 2


def test_booleans_are_yes_and_no():
    rows = characteristics(persons(born=[True, False, True, True]), variables=["born"]).tidy()

    assert rows["level"].tolist() == ["no", "yes"] * 2
    assert rows["n"].tolist() == [0, 2, 1, 1]


def test_one_stratum_alone_has_no_difference():
    sample = Persons.from_frame(
        pd.DataFrame({"person": range(3), "arm": "programme", "age": [1, 2, 3]}), person="person"
    )

    rows = characteristics(sample, variables=["age"]).tidy()

    assert rows["standardised_difference"].isna().all()


def test_the_deviation_of_one_person_is_missing():
    sample = persons(age=[1.0, None, None, 4.0])

    rows = characteristics(sample, variables=["age"]).tidy()

    assert rows["n"].tolist() == [1, 1]
    assert rows["std_dev"].isna().all()


def test_a_variable_that_is_no_column_is_named():
    with pytest.raises(ParameterError, match="height"):
        characteristics(persons(), variables=["arm", "height"])


def test_no_variables_is_an_error():
    with pytest.raises(ParameterError, match="none"):
        characteristics(persons(), variables=[])


def test_no_persons_is_an_error():
    empty = Persons.from_frame(persons().covariates.head(0), person="person")

    with pytest.raises(EstimationError, match="no persons"):
        characteristics(empty, variables=["arm"])
