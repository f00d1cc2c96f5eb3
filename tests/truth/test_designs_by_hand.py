"""Designs by hand: four means, a dip from a line, regression to the mean from a formula."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import (
    difference_in_differences,
    event_study,
    fixed_effects,
    honest_bounds,
    pre_start_dip,
    pre_trend_test,
    regression_to_the_mean,
    staggered_effects,
)

ROUNDING = 1e-12


def panel_of(scores, waves, arms=None, **columns):
    """One row of scores a person; columns hold one value a person."""
    n = len(scores)
    frame = pd.DataFrame({
        "id": np.repeat(np.arange(n), len(waves)), "wave": np.tile(waves, n),
        "index": np.array(scores, dtype=float).ravel(),
    })  # fmt: skip
    for name, values in (columns | ({"arm": arms} if arms else {})).items():
        frame[name] = np.repeat(values, len(waves))
    return HealthPanel.from_frame(
        frame, person="id", wave="wave", outcome="index", arm="arm" if arms else None,
        cluster="cluster" if "cluster" in columns else None,
    )  # fmt: skip


FOUR = [[5, 7], [6, 9], [4, 8], [5, 6], [7, 7], [3, 5]]
ARMS = ["programme"] * 3 + ["comparison"] * 3


@pytest.mark.parametrize("method", ["two_way", "two_by_two"])
def test_the_difference_is_that_of_four_means(method):
    fit = difference_in_differences(panel_of(FOUR, [0, 6], ARMS), method=method).tidy()

    # Changes 2, 3, 4 and 1, 0, 2.
    changes = [Fraction(3, 3), Fraction(9, 3), Fraction(9, 3) - Fraction(3, 3)]
    np.testing.assert_allclose(fit["estimate"], [float(c) for c in changes], rtol=ROUNDING)
    # Residual changes -1, 0, 1 and 0, -1, 1: each mean has variance 2/9, times G/(G-1).
    one = Fraction(2, 9)
    variance = [one, one, 2 * one]
    factor = Fraction(6, 5) * (Fraction(11, 12 - 4) if method == "two_way" else Fraction(5, 6 - 2))
    # two_way: 12 rows, two waves and arms, the persons once.
    factor = factor if method == "two_by_two" else Fraction(6, 5) * Fraction(11, 12 - 3)
    error = [math.sqrt(v * factor) for v in variance]
    np.testing.assert_allclose(fit["std_error"], error, rtol=1e-10)


def test_several_waves_count_alike_on_both_sides():
    scores = [[4, 6, 9, 11], [5, 5, 8, 8], [6, 4, 7, 9], [5, 5, 5, 5]]
    panel = panel_of(scores, [-6, 0, 6, 12], ["programme"] * 2 + ["comparison"] * 2)

    fit = difference_in_differences(panel).tidy()["estimate"]
    chosen = difference_in_differences(panel, before=[-6], after=[12]).tidy()["estimate"]

    # Programme: before 5, after 9; comparison: before 5, after 6.5.
    np.testing.assert_allclose(fit, [1.5, 4.0, 2.5], rtol=ROUNDING)
    # Programme: 4.5 to 9.5; comparison: 5.5 to 7.
    np.testing.assert_allclose(chosen, [1.5, 5.0, 3.5], rtol=ROUNDING)


def test_an_event_study_is_fixed_effects_with_a_reference_of_its_own():
    rng = np.random.default_rng(20267)
    scores = rng.normal(0.6, 0.1, (40, 4))
    scores[rng.random((40, 4)) < 0.2] = np.nan
    panel = panel_of(scores, [-6, 0, 6, 12], ["programme", "comparison"] * 20)

    ours = event_study(panel).tidy().set_index("term")
    theirs = fixed_effects(panel, "arm:C(wave)", wave_effects=True).tidy().set_index("term")
    moved = event_study(panel, reference=6).tidy().set_index("term")

    pd.testing.assert_frame_equal(ours.loc[theirs.index], theirs, rtol=1e-9)
    assert ours.loc["arm[programme]:wave[0]", "estimate"] == 0.0
    # Another reference shifts all by the same.
    shift = ours["estimate"] - moved["estimate"]
    np.testing.assert_allclose(shift, shift.iloc[0], rtol=1e-9)


def test_one_wave_before_tests_trends_by_the_square_of_its_statistic():
    rng = np.random.default_rng(20268)
    panel = panel_of(rng.normal(0.6, 0.1, (30, 3)), [-6, 0, 6], ["programme", "comparison"] * 15)

    check = pre_trend_test(panel).tidy().iloc[0]
    lead = event_study(panel).tidy().iloc[0]

    assert check["statistic"] == pytest.approx(lead["statistic"] ** 2, rel=1e-9)
    assert check["p_value"] == pytest.approx(lead["p_value"], rel=1e-9)


def test_relative_bounds_are_the_limit_times_the_largest_drift():
    # Differences of the arms: 1 at -12, 3 at -6, 0 at 0, 7 at 6, 10 at 12.
    level = [[1, 3, 0, 7, 10], [0, 0, 0, 0, 0]]
    jitter = 0.01 * np.array([[1, -1, 0, 1, -1], [-1, 1, 0, -1, 1]])
    scores = [np.add(row, wobble) for row in level for wobble in jitter]
    panel = panel_of(scores, [-12, -6, 0, 6, 12], ["programme"] * 2 + ["comparison"] * 2)

    first = honest_bounds(panel, limits=[0, 2], waves=[6]).tidy()
    both = honest_bounds(panel, limits=[1]).tidy()

    # Drifts a month are 2/6 and -3/6; 6 months at twice 1/2 are 6, the mean of 6 and 12 is 9.
    np.testing.assert_allclose(first["low"], [7, 7 - 2 * 0.5 * 6], atol=1e-9)
    np.testing.assert_allclose(first["high"], [7, 7 + 2 * 0.5 * 6], atol=1e-9)
    np.testing.assert_allclose(both[["low", "high"]], [[8.5 - 4.5, 8.5 + 4.5]], atol=1e-9)


def test_with_limit_zero_the_interval_is_that_of_the_event_study_and_breakdown_is_its_end():
    rng = np.random.default_rng(20269)
    scores = rng.normal(0.6, 0.03, (60, 4)) + np.outer(np.arange(60) < 30, [0, 0, 0, 0.1])
    panel = panel_of(scores, [-12, -6, 0, 6], ["programme"] * 30 + ["comparison"] * 30)

    lead = event_study(panel).tidy().iloc[-1]
    bounds = honest_bounds(panel, limits=[0])
    end = bounds.glance()["breakdown"].item()
    around = honest_bounds(panel, limits=[0.999 * end, 1.001 * end]).tidy()["conf_low"]

    np.testing.assert_allclose(
        bounds.tidy()[["conf_low", "conf_high"]].iloc[0], lead[["conf_low", "conf_high"]].tolist()
    )
    assert around.iloc[0] > 0 > around.iloc[1]


def test_a_straight_line_before_the_start_is_carried_on_at_limit_zero():
    rng = np.random.default_rng(20270)
    slope = np.outer(np.arange(60) < 30, np.array([-12, -6, 0, 6]) * 0.01)
    scores = rng.normal(0.6, 0.01, (60, 4)) + slope
    panel = panel_of(scores, [-12, -6, 0, 6], ["programme"] * 30 + ["comparison"] * 30)

    bounds = honest_bounds(panel, restriction="smoothness", limits=[0]).tidy().iloc[0]

    assert bounds["conf_low"] < 0 < bounds["conf_high"]
    assert event_study(panel).tidy()["conf_low"].iloc[-1] > 0.04


def test_a_dip_is_the_distance_from_the_line_of_earlier_waves():
    scores = [[8, 7, 4], [6, 6, 3], [7, 6, 5], [9, 7, 4]]

    fit = pre_start_dip(panel_of(scores, [-12, -6, 0])).tidy()

    # Means 7.5, 6.5, 4; the line points to 5.5.
    np.testing.assert_allclose(fit["estimate"], [-1.5], rtol=ROUNDING)


def test_dips_of_arms_are_their_own_and_compared():
    scores = [[8, 7, 4], [6, 6, 3], [5, 5, 5], [4, 6, 7]]
    panel = panel_of(scores, [-12, -6, 0], ["programme"] * 2 + ["comparison"] * 2)

    fit = pre_start_dip(panel).tidy()

    # Programme 7, 6.5, 3.5 against 6; comparison 4.5, 5.5, 6 against 6.5.
    np.testing.assert_allclose(fit["estimate"], [-0.5, -2.5, -2.0], rtol=ROUNDING)
    assert fit["term"].tolist() == ["comparison", "programme", "programme - comparison"]


def test_a_fall_in_a_straight_line_is_no_dip():
    scores = np.array([[9.0, 7, 5, 3], [8, 6, 4, 2], [7, 5, 3, 1]]) + np.eye(3, 4) * 1e-3

    fit = pre_start_dip(panel_of(scores, [-18, -12, -6, 0])).tidy()

    assert abs(fit["estimate"].item()) < 1e-3


def test_regression_to_the_mean_is_the_published_formula():
    scores = [[4, 6], [5, 6], [3, 5], [4, 7]]
    panel = panel_of(scores, [0, 6])
    known = {"population_mean": 7.0, "correlation": 0.6}

    by_mean = regression_to_the_mean(panel, wave=6, method="mean", **known).tidy()
    by_cut = regression_to_the_mean(
        panel, wave=6, method="cut_off", cut_off=6.0, population_sd=2.0, **known
    ).tidy()

    # Observed 2; expected 0.4 (7 - 4) = 1.2.
    np.testing.assert_allclose(by_mean["estimate"], [2.0, 1.2, 0.8], rtol=ROUNDING)
    # s (1 - r) f(z)/F(z), z = -1/2.
    density = math.exp(-0.125) / math.sqrt(2 * math.pi)
    expected = 2.0 * 0.4 * density / (0.5 * math.erfc(0.5 / math.sqrt(2)))
    np.testing.assert_allclose(by_cut["estimate"], [2.0, expected, 2.0 - expected], rtol=1e-12)
    assert by_cut["std_error"].iloc[1] == 0


def test_an_earlier_wave_says_where_the_low_returns_to():
    fit = regression_to_the_mean(
        panel_of([[7, 4, 8], [6, 5, 6], [8, 5, 7]], [-6, 0, 6]), wave=6, earlier=-6
    ).tidy()

    # Changes 4, 1, 2; expected 3, 1, 3; left 1, 0, -1.
    np.testing.assert_allclose(fit["estimate"], [7 / 3, 7 / 3, 0.0], atol=ROUNDING)
    error = math.sqrt(2 / 9 * 3 / 2)
    assert fit["std_error"].iloc[2] == pytest.approx(error, rel=1e-12)


def test_effects_by_joining_are_differences_of_means():
    scores = [[1, 2, 5], [2, 2, 4], [1, 4, 6], [3, 5, 9], [0, 1, 1], [2, 3, 5]]
    panel = panel_of(scores, [1, 2, 3], joined=[3.0, 3.0, 2.0, 2.0, np.nan, np.nan])

    tidy = staggered_effects(panel, joined="joined", n_draw=99).tidy()

    # Never: 1, 2, 3. Joined at 2: 2, 4.5, 7.5. Joined at 3: 1.5, 2, 4.5.
    cells = tidy[tidy["aggregation"] == "group_time"]
    assert cells[["joined", "wave"]].to_numpy().tolist() == [[2, 2], [2, 3], [3, 2], [3, 3]]
    np.testing.assert_allclose(cells["estimate"], [1.5, 3.5, -0.5, 1.5], rtol=ROUNDING)
    overall = tidy.set_index("aggregation")["estimate"]
    # Groups of two: the three cells since joining count alike.
    assert overall["simple"] == pytest.approx((1.5 + 3.5 + 1.5) / 3, rel=ROUNDING)
    assert overall["group mean"] == pytest.approx((2.5 + 1.5) / 2, rel=ROUNDING)
    assert overall["dynamic mean"] == pytest.approx((1.5 + 3.5) / 2, rel=ROUNDING)
    assert overall["calendar mean"] == pytest.approx((1.5 + 2.5) / 2, rel=ROUNDING)


def test_without_covariates_all_adjustments_are_the_same():
    rng = np.random.default_rng(20271)
    panel = panel_of(rng.normal(size=(60, 3)), [1, 2, 3], joined=np.repeat([2.0, 3.0, np.nan], 20))

    one, two, three = (
        staggered_effects(panel, joined="joined", method=method, n_draw=99).tidy()
        for method in ("doubly_robust", "outcome", "weighting")
    )

    columns = ["estimate", "std_error"]
    pd.testing.assert_frame_equal(one[columns], two[columns], rtol=1e-8)
    pd.testing.assert_frame_equal(one[columns], three[columns], rtol=1e-8)


def test_the_band_of_one_row_is_its_interval():
    rng = np.random.default_rng(20272)
    panel = panel_of(rng.normal(size=(60, 2)), [1, 2], joined=np.repeat([2.0, np.nan], 30))

    row = staggered_effects(panel, joined="joined", n_draw=99_999).tidy().iloc[0]

    assert row["band_high"] == pytest.approx(row["conf_high"], rel=0.03)
    assert row["band_high"] >= row["conf_high"]
    # One group, one wave: the error is that of a difference of means, with n for n - 1.
    change = panel.outcome[1::2] - panel.outcome[::2]
    variance = change[:30].var() / 30 + change[30:].var() / 30
    assert row["std_error"] == pytest.approx(math.sqrt(variance), rel=1e-10)
    assert row["p_value"] == pytest.approx(
        2 * stats.t.sf(abs(row["estimate"]) / math.sqrt(variance), 59), rel=1e-9
    )


def test_each_cell_uses_the_pairs_of_answers_that_there_are():
    nan = np.nan
    scores = [
        [1, 2, 5], [2, nan, 4], [nan, 3, 7],  # join at 2
        [1, 1, 2], [0, 2, nan], [3, nan, 5], [nan, 4, 4],  # never
    ]  # fmt: skip
    joined = [2.0] * 3 + [nan] * 4

    tidy = staggered_effects(panel_of(scores, [1, 2, 3], joined=joined), joined="joined",
                             n_draw=99).tidy()  # fmt: skip

    cells = tidy[tidy["aggregation"] == "group_time"].set_index("wave")
    # Waves 1 and 2: one change of 1; controls 0 and 2. Waves 1 and 3: changes 4, 2; controls 1, 2.
    assert cells["estimate"].to_dict() == pytest.approx({2: 1 - 1, 3: 3 - 1.5}, abs=ROUNDING)
    assert cells["n"].to_dict() == {2: 1, 3: 2}
    # Variances of the pairs, n for n - 1: 0 and 1 of 1 and 2; 1 and 1/4 of 2 and 2.
    variance = {2: Fraction(1, 2), 3: Fraction(1, 2) + Fraction(1, 8)}
    assert cells["std_error"].to_dict() == pytest.approx(
        {wave: math.sqrt(value) for wave, value in variance.items()}, rel=1e-10
    )
    simple = tidy.set_index("aggregation").loc["simple", "estimate"]
    assert simple == pytest.approx((0 + 1.5) / 2, abs=ROUNDING)


@pytest.mark.parametrize("base", ["varying", "universal"])
def test_inside_the_window_of_anticipation_the_base_lies_before_it(base):
    apart = np.array([0, 0.25, -0.25, 0.5, -0.5])
    scores = [[1, 2, 4, 8, 16] + apart, [1, 2, 4, 8, 16] - apart, apart, -apart]
    panel = panel_of(scores, [1, 2, 3, 4, 5], joined=[5.0, 5.0, np.nan, np.nan])

    tidy = staggered_effects(panel, joined="joined", anticipation=2, base=base, n_draw=99).tidy()

    cells = tidy[tidy["aggregation"] == "group_time"].set_index("wave")["estimate"].to_dict()
    # From wave 3 on effects may have begun, so that wave 2 is the last before.
    first = {2: 1} if base == "varying" else {1: -1, 2: 0}
    assert cells == pytest.approx(first | {3: 2, 4: 6, 5: 14}, abs=ROUNDING)
