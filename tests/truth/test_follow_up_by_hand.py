"""Before and after, need and coverage, full-year equivalents: by hand, as fractions."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import AreaCount, Occasions
from evalkit.follow_up import (
    before_after,
    frechet_bounds,
    full_year_equivalents,
    need_and_coverage,
)

PERCENT = 100


def six_starters() -> Occasions:
    """Six persons: one at work at both times, one left, three entered, one at neither."""
    first = [True, True, False, False, False, False]
    second = [True, False, True, True, True, False]
    frame = pd.DataFrame(
        {
            "person": list("abcdef") * 2,
            "month": [0] * 6 + [24] * 6,
            "work": first + second,
            "arm": ["programme"] * 4 + ["comparison"] * 2 + ["programme"] * 6,
        }
    )
    return Occasions.from_frame(frame, person="person", occasion="month", sources=["work"])


def test_shares_change_and_flows_of_six_starters():
    row = before_after(six_starters()).tidy().loc[0]

    assert row["share_before"] == float(Fraction(2, 6))
    assert row["share_after"] == float(Fraction(4, 6))
    assert row["change"] == pytest.approx(float(PERCENT * Fraction(2, 6)))
    assert row["change_percent"] == pytest.approx(float(PERCENT * Fraction(2, 6) / Fraction(2, 6)))
    assert (row["n_entered"], row["n_left"], row["n_pair"]) == (3, 1, 6)
    assert row["unit"] == "percentage points"


def test_exact_test_of_three_against_one_is_ten_sixteenths():
    row = before_after(six_starters()).tidy().loc[0]

    assert row["p_value"] == pytest.approx(float(2 * Fraction(1 + 4, 16)))


def test_points_and_percent_of_the_national_follow_up_are_far_apart():
    bounds = frechet_bounds(7633, 0.13, 0.33).set_index("quantity").round()

    assert bounds.loc["entered"].tolist() == [1527, 2519]
    assert bounds.loc["left"].tolist() == [0, 992]


def test_bounds_meet_where_everybody_was_in_the_state():
    bounds = frechet_bounds(10, 1.0, 0.25)

    assert bounds["low"].tolist() == bounds["high"].tolist() == [0.0, 7.5]


def test_pairs_lie_within_the_bounds_of_their_own_margins():
    row = before_after(six_starters()).tidy().loc[0]

    bounds = frechet_bounds(6, row["share_before"], row["share_after"]).set_index("quantity")

    assert bounds.loc["entered", "low"] <= row["n_entered"] <= bounds.loc["entered", "high"]
    assert bounds.loc["left", "low"] <= row["n_left"] <= bounds.loc["left", "high"]


def coverage_of(covered: int, share: float) -> tuple[float, float]:
    table = need_and_coverage(AreaCount(1000, covered, "2000"), shares=(share,)).tidy()
    row = table.set_index("quantity").loc["coverage"]
    return row["low"], row["high"]


def test_a_third_of_need_is_covered_only_at_five_percent_need_and_at_best():
    assert coverage_of(17, 0.05) == (0.0, pytest.approx(float(Fraction(17, 50))))
    assert coverage_of(19, 0.05) == (0.0, pytest.approx(float(Fraction(19, 50))))


def test_over_the_range_of_local_counts_coverage_is_24_to_54_percent_at_best():
    assert round(coverage_of(17, 0.07)[1], 2) == 0.24
    assert round(coverage_of(19, 0.035)[1], 2) == 0.54


def test_unmet_and_expressed_need_go_worst_with_worst():
    area = AreaCount(100, 60, "2024")

    table = need_and_coverage(area, shares=(0.5,), wanting=(0.25, 0.75)).tidy()
    rows = table.set_index("quantity")[["low", "high"]]

    assert rows.loc["coverage"].tolist() == pytest.approx([float(Fraction(1, 5)), 1.0])
    assert rows.loc["unmet"].tolist() == pytest.approx([0.0, float(Fraction(4, 10))])
    assert rows.loc["expressed_unmet"].tolist() == pytest.approx([0.0, float(Fraction(3, 10))])


def test_persons_are_shares_of_the_population():
    table = need_and_coverage(AreaCount(200, 4, "2024"), shares=(0.05,)).tidy()

    rows = table.set_index("quantity")

    assert rows.loc["need", ["n_low", "n_high"]].tolist() == pytest.approx([10, 10])
    assert rows.loc["coverage", ["n_low", "n_high"]].tolist() == pytest.approx([0, 4])
    assert rows.loc["unmet", ["n_low", "n_high"]].tolist() == pytest.approx([6, 10])


def test_two_persons_on_half_benefit_all_year_are_one_full_year():
    assert full_year_equivalents([365, 365], [50, 50]) == 1.0


def test_a_leap_year_in_full_is_more_than_one_full_year():
    assert full_year_equivalents(366) == float(Fraction(366, 365))
    assert full_year_equivalents(366, days_in_year=366) == 1.0


def test_two_half_years_at_full_degree_are_one_full_year():
    assert full_year_equivalents(np.array([182.5, 182.5])) == 1.0
