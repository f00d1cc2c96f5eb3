"""The baseline table by hand, as fractions."""

from fractions import Fraction
from math import sqrt

import pandas as pd
import pytest

from evalkit.cohort.samples import Persons
from evalkit.compare import characteristics


def eight_persons(**columns) -> Persons:
    frame = pd.DataFrame(
        {
            "person": range(8),
            "arm": ["programme"] * 4 + ["comparison"] * 4,
            "sex": ["woman", "woman", "woman", "man", "woman", "man", "man", "man"],
            "age": [20, 30, 40, 50, 30, 30, 40, 40],
            "place": ["A", "A", "B", "B", "A", "A", "B", "B"],
            **columns,
        }
    )
    return Persons.from_frame(frame, person="person")


def test_shares_and_their_standardised_difference():
    table = characteristics(eight_persons(), variables=["sex"]).tidy()
    rows = table.set_index(["stratum", "level"])

    first, second = Fraction(3, 4), Fraction(1, 4)
    spread = (first * (1 - first) + second * (1 - second)) / 2

    assert rows.loc[("programme", "woman"), ["n", "share"]].tolist() == [3, float(first)]
    assert rows.loc[("programme", "woman"), "standardised_difference"] == pytest.approx(
        float(first - second) / sqrt(spread)
    )
    assert rows.loc["comparison", "standardised_difference"].isna().all()


def test_mean_deviation_and_standardised_difference_of_a_number():
    table = characteristics(eight_persons(), variables=["age"]).tidy()
    programme, comparison = table.loc[0], table.loc[1]

    variances = Fraction(500, 3), Fraction(100, 3)

    assert (programme["level"], programme["n"], programme["mean"]) == ("", 4, 35.0)
    assert programme["std_dev"] == pytest.approx(sqrt(variances[0]))
    assert comparison["std_dev"] == pytest.approx(sqrt(variances[1]))
    assert programme["standardised_difference"] == 0.0


def test_numbers_that_differ_and_do_not_vary_have_no_standardised_difference():
    apart = eight_persons(age=[1.0] * 4 + [2.0] * 4)

    table = characteristics(apart, variables=["age"]).tidy()

    assert table["standardised_difference"].isna().all()


def test_arms_are_compared_within_each_municipality():
    table = characteristics(eight_persons(), by=["place", "arm"], variables=["age"]).tidy()
    rows = table.set_index("stratum")["standardised_difference"]

    assert rows["A, programme"] == pytest.approx((25 - 30) / sqrt(Fraction(50, 2)))
    assert rows["B, programme"] == pytest.approx((45 - 40) / sqrt(Fraction(50, 2)))
    assert rows[["A, comparison", "B, comparison"]].isna().all()


def test_missing_values_are_a_level_of_text_and_left_out_of_a_mean():
    gaps = eight_persons(
        sex=["woman", None, "woman", "man"] + ["man"] * 4, age=[20, 30, None, 50] + [30] * 4
    )

    rows = characteristics(gaps, variables=["sex", "age"]).tidy()
    programme = rows[rows["stratum"] == "programme"].set_index("level")

    assert programme.loc["missing", ["n", "share"]].tolist() == [1, 0.25]
    assert programme.loc["", "n"] == 3
    assert programme.loc["", "mean"] == pytest.approx(float(Fraction(100, 3)))


def test_weights_change_shares_and_means_but_not_counts():
    frame = eight_persons().covariates.assign(weight=[3, 1, 1, 1] + [1] * 4)
    weighted = Persons.from_frame(frame, person="person", weight="weight")

    rows = characteristics(weighted, variables=["sex", "age"]).tidy()
    programme = rows[rows["stratum"] == "programme"].set_index("level")

    assert programme.loc["woman", "n"] == 3
    assert programme.loc["woman", "share"] == pytest.approx(float(Fraction(5, 6)))
    assert programme.loc["", "mean"] == pytest.approx(float(Fraction(180, 6)))
    # Reliability weights: sum w (x - m)^2 / (sum w - sum w^2 / sum w).
    assert programme.loc["", "std_dev"] == pytest.approx(
        sqrt(Fraction(800) / (6 - Fraction(12, 6)))
    )
