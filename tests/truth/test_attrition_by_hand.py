"""Drop-out by hand: weights, bounds, Rubin's rules, tables of answers, as fractions."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import (
    attrition_weights,
    death_as_score,
    manski_bounds,
    response_table,
    weight_diagnostics,
)
from evalkit.panel.rubin import pool_estimates

# Scores at 0, 6, 12; two starting scores, so that a logistic regression fits the shares exactly.
# Low at start: 2 of 4 answer at 6; high at start: 3 of 4. All who answer at 6 have one of two
# scores there, of which 1 of 2 and 2 of 3 answer at 12.
ROWS = [
    (0.4, 0.3, 0.5), (0.4, 0.3, None), (0.4, None, None), (0.4, None, None),
    (0.8, 0.9, 0.7), (0.8, 0.9, 0.9), (0.8, 0.9, None), (0.8, None, 0.6),
]  # fmt: skip


def panel(rows=ROWS, **columns):
    scores = np.array(rows, dtype=float)
    n, k = scores.shape
    frame = pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), k),
            "wave": np.tile([0, 6, 12][:k], n),
            "index": scores.ravel(),
            **{name: np.repeat(values, k) for name, values in columns.items()},
        }
    )
    arm = "arm" if "arm" in columns else None
    return HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index", arm=arm)


def floats(*fractions):
    return [float(value) for value in fractions]


def test_weights_are_products_of_shares():
    weighted = attrition_weights(panel())

    by_wave = {wave: weighted.weight[weighted.wave == wave] for wave in (0, 6, 12)}
    low, high = 1 / Fraction(2, 4), 1 / Fraction(3, 4)
    np.testing.assert_allclose(by_wave[0], 1)
    np.testing.assert_allclose(by_wave[6], floats(low, low, 0, 0, high, high, high, 0), rtol=1e-9)
    later = high / Fraction(2, 3)
    # The last person came back after a gap: weight 0.
    np.testing.assert_allclose(
        by_wave[12], floats(low / Fraction(1, 2), 0, 0, 0, later, later, 0, 0), rtol=1e-9
    )
    assert by_wave[6].sum() == pytest.approx(8)


def test_weights_given_the_baseline_use_those_who_came_back():
    weighted = attrition_weights(panel(), given="baseline")

    last = weighted.weight[weighted.wave == 12]
    low, high = 1 / Fraction(1, 4), 1 / Fraction(3, 4)
    np.testing.assert_allclose(last, floats(low, 0, 0, 0, high, high, 0, high), rtol=1e-9)


def test_stabilised_weights_are_multiplied_by_the_share_who_answered():
    plain, stabilised = (attrition_weights(panel(), stabilised=yes) for yes in (False, True))

    share = {0: 1, 6: Fraction(5, 8), 12: Fraction(5, 8) * Fraction(3, 5)}
    factor = np.array([float(share[wave]) for wave in plain.wave])
    np.testing.assert_allclose(stabilised.weight, plain.weight * factor, rtol=1e-12)


def test_nobody_is_expected_to_answer_after_the_last_month_due():
    due = [12, 12, 12, 0, 12, 12, 12, 12]  # the fourth died after the start

    weighted = attrition_weights(panel(due=due), last_due="due")

    first = weighted.weight[weighted.wave == 6]
    low = 1 / Fraction(2, 3)
    np.testing.assert_allclose(first[:4], floats(low, low, 0, 0), rtol=1e-9)


def test_pairs_have_the_weight_of_the_later_wave_on_both_rows():
    pairs = attrition_weights(panel(), wave=12)

    assert sorted(set(pairs.wave)) == [0, 12]
    assert len(np.unique(pairs.person)) == 3
    for person in np.unique(pairs.person):
        assert len(set(pairs.weight[pairs.person == person])) == 1
    np.testing.assert_allclose(np.unique(pairs.weight), [2, 4], rtol=1e-9)


def test_effective_number_of_weights():
    table = weight_diagnostics(attrition_weights(panel())).tidy().set_index("wave")

    # Weights at 6: 2, 2, 4/3, 4/3, 4/3.
    assert table.loc[6, "effective_n"] == pytest.approx(float(Fraction(8) ** 2 / Fraction(40, 3)))
    assert table.loc[6, "largest_share"] == pytest.approx(float(Fraction(2, 8)))
    assert (table.loc[12, "n"], table.loc[12, "n_unused"]) == (3, 1)


def test_bounds_put_the_missing_at_the_ends():
    found = manski_bounds(panel(), wave=6, score_range=(0, 1)).tidy().iloc[0]

    total = 2 * Fraction(3, 10) + 3 * Fraction(9, 10)
    assert found["low"] == pytest.approx(float(total / 8))
    assert found["high"] == pytest.approx(float((total + 3) / 8))


def test_bounds_of_a_difference_are_lowest_less_highest():
    arms = ["programme", "comparison"] * 4
    found = manski_bounds(panel(arm=arms), wave=6, score_range=(0, 1)).tidy().set_index("term")

    programme, comparison = found.loc["programme"], found.loc["comparison"]
    difference = found.loc["programme - comparison"]
    assert difference["low"] == pytest.approx(programme["low"] - comparison["high"])
    assert difference["high"] == pytest.approx(programme["high"] - comparison["low"])
    assert difference["conf_low"] < difference["low"] < difference["high"]


def test_interval_of_bounds_is_two_sided_without_gaps_and_one_sided_with_wide_ones():
    whole = panel([(0.4, 0.3), (0.5, 0.6), (0.6, 0.6), (0.7, 0.9)])
    found = manski_bounds(whole, wave=6, score_range=(0, 1)).tidy().iloc[0]
    error = np.std([0.3, 0.6, 0.6, 0.9], ddof=1) / 2
    assert found["low"] == found["high"] == pytest.approx(0.6)
    assert found["conf_high"] == pytest.approx(0.6 + stats.norm.ppf(0.975) * error)

    wide = panel([(0.4, 0.5)] * 20 + [(0.4, 0.51)] * 20 + [(0.4, None)] * 40)
    found = manski_bounds(wide, wave=6, score_range=(0, 1)).tidy().iloc[0]
    score = np.array([0.5] * 20 + [0.51] * 20 + [0.0] * 40)
    error = score.std(ddof=1) / np.sqrt(80)
    assert found["conf_low"] == pytest.approx(found["low"] - stats.norm.ppf(0.95) * error, rel=1e-6)


def test_rubins_rules():
    # Estimates 1, 2, 3 with variances 1, 1, 4: U = 2, B = 1, T = 2 + 4/3 = 10/3.
    found = pool_estimates(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 2.0]), np.inf)

    share = Fraction(4, 3) / Fraction(10, 3)
    df = Fraction(2) / share**2
    assert found.estimate == 2
    assert found.std_error**2 == pytest.approx(float(Fraction(10, 3)))
    assert found.df == pytest.approx(float(df))
    ratio = Fraction(2, 3)
    assert found.increase == pytest.approx(float(ratio))
    assert found.fraction_missing == pytest.approx(float((ratio + 2 / (df + 3)) / (1 + ratio)))


def test_degrees_of_freedom_never_exceed_those_without_gaps():
    found = pool_estimates(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 2.0]), 20.0)

    old, share = Fraction(25, 2), Fraction(2, 5)
    seen = Fraction(21, 23) * 20 * (1 - share)
    assert found.df == pytest.approx(float(1 / (1 / old + 1 / seen)))
    alike = pool_estimates(np.ones(3), np.ones(3), 20.0)
    assert alike.df == pytest.approx(float(Fraction(21, 23) * 20))
    assert alike.std_error == 1


def test_response_by_stratum_with_wilson_limits():
    found = response_table(panel(sex=["f"] * 4 + ["m"] * 4), by="sex").tidy()

    assert found["n_answered"].tolist() == [4, 2, 1, 4, 3, 3]
    assert found["n"].tolist() == [4] * 6
    z2 = Fraction(stats.norm.ppf(0.975) ** 2)
    centre = (Fraction(2) + z2 / 2) / (4 + z2)
    assert (found["conf_low"][1] + found["conf_high"][1]) / 2 == pytest.approx(float(centre))


def test_the_dead_score_nought_from_their_month_of_death():
    died = [np.nan, 6, 7, np.nan, np.nan, np.nan, np.nan, np.nan]

    found = death_as_score(panel(died=died), died="died")

    np.testing.assert_array_equal(found.outcome[3:6], [0.4, 0, 0])  # was there at 6, died then
    np.testing.assert_array_equal(found.outcome[6:9], [0.4, np.nan, 0])
    np.testing.assert_array_equal(found.covariates["index"], found.outcome)
