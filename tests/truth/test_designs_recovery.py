"""Designs recover a known truth by simulation, and the naive comparison beside each does not."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import (
    difference_in_differences,
    pre_start_dip,
    regression_to_the_mean,
    staggered_effects,
)

N_SAMPLE, N_PLANTED = 200, 50


def panel_of(scores, waves, **columns):
    n = len(scores)
    frame = pd.DataFrame({
        "id": np.repeat(np.arange(n), len(waves)), "wave": np.tile(waves, n),
        "index": scores.ravel(),
    })  # fmt: skip
    for name, values in columns.items():
        frame[name] = np.repeat(values, len(waves))
    return HealthPanel.from_frame(
        frame, person="id", wave="wave", outcome="index",
        arm="arm" if "arm" in columns else None,
    )  # fmt: skip


def mcse(estimates):
    return np.std(estimates, ddof=1) / np.sqrt(len(estimates))


def assert_recovers(drawn, truth, *, seed):
    """Within 3.5 Monte-Carlo errors of the truth, as neither the naive estimate is nor a bias.

    `drawn(rng, bias)` draws a sample with a bias in its scores and gives both estimates.
    """
    rng = np.random.default_rng(seed)
    ours, naive = np.array([drawn(rng, 0.0) for _ in range(N_SAMPLE)]).T
    assert abs(ours.mean() - truth) <= 3.5 * mcse(ours)
    assert abs(naive.mean() - truth) > 3.5 * (mcse(ours) + mcse(naive))
    bias = 7 * mcse(ours[:N_PLANTED])
    planted = np.array([drawn(rng, bias)[0] for _ in range(N_PLANTED)])
    assert abs(planted.mean() - truth) > 3.5 * mcse(planted)


def two_way_coefficient(scores, treated):
    """One coefficient beside effects of persons and waves, in a balanced panel."""
    x = treated - treated.mean(axis=0) - treated.mean(axis=1, keepdims=True) + treated.mean()
    return (x * scores).sum() / (x**2).sum()


def test_effects_that_grow_are_recovered_where_two_way_effects_are_not():
    waves, joined = np.arange(1, 7), np.repeat([3.0, 5.0, np.nan], 40)
    since = np.where(np.isnan(joined)[:, None], 0, waves - joined[:, None] + 1).clip(0)
    effect, after = 0.05 * since**1.5, since > 0

    def drawn(rng, bias):
        level = rng.normal(0.5, 0.2, (120, 1)) - 0.1 * (joined == 3.0)[:, None]
        scores = level + 0.02 * waves + effect + rng.normal(0, 0.1, effect.shape) + bias * after
        tidy = staggered_effects(
            panel_of(scores, waves, joined=joined), joined="joined", n_draw=99
        ).tidy()
        ours = tidy.set_index("aggregation").loc["simple", "estimate"]
        return ours, two_way_coefficient(scores, after.astype(float))

    # Groups are of one size: every cell since joining counts alike.
    assert_recovers(drawn, effect[after].mean(), seed=20274)


def test_a_trend_by_age_is_removed_by_adjustment_and_not_without():
    def drawn(rng, bias):
        age = rng.normal(size=200)
        joined = np.where(rng.random(200) < 1 / (1 + np.exp(-age)), 2.0, np.nan)
        scores = rng.normal(0, 0.1, (200, 2))
        scores[:, 1] += 0.2 * age + (0.3 + bias) * (joined == 2.0)
        panel = panel_of(scores, [1, 2], joined=joined, age=age)
        return [
            staggered_effects(panel, joined="joined", covariates=names, n_draw=99)
            .tidy()["estimate"].iloc[0]
            for names in (["age"], [])
        ]  # fmt: skip

    assert_recovers(drawn, 0.3, seed=20275)


def test_a_dip_before_the_start_is_found_and_biases_the_comparison():
    arm = np.repeat(["programme", "comparison"], 60)
    changes = []

    def drawn(rng, bias):
        scores = rng.normal(0.6, 0.1, (120, 1)) + rng.normal(0, 0.05, (120, 5))
        scores += 0.001 * np.array([-18, -12, -6, 0, 6])
        scores[:60] -= 0.05
        scores[:60, 3] -= 0.1 - bias
        panel = panel_of(scores, [-18, -12, -6, 0, 6], arm=arm)
        changes.append(difference_in_differences(panel, before=[0]).tidy()["estimate"].iloc[2])
        # The arms differ by 0.05 at all waves, which the difference at the start counts as dip.
        at_start = scores[:60, 3].mean() - scores[60:, 3].mean()
        return pre_start_dip(panel).tidy()["estimate"].iloc[2], at_start

    assert_recovers(drawn, -0.1, seed=20276)
    # No effect: what the comparison of changes finds is the way back from the dip.
    unbiased = changes[:N_SAMPLE]
    assert np.mean(unbiased) == pytest.approx(0.1, abs=3.5 * mcse(unbiased))


def entrants(rng, n=4_000, *, cut_off=0.45):
    """People of a population with a lasting level, who enter when they measure low."""
    level = rng.normal(0.6, 0.12, n)
    scores = level[:, None] + rng.normal(0, 0.08, (n, 3))
    return scores[scores[:, 1] < cut_off]


@pytest.mark.parametrize(
    "options",
    [
        {"method": "earlier_wave", "earlier": -6},
        {"method": "mean", "population_mean": 0.6, "correlation": 0.12**2 / (0.12**2 + 0.08**2)},
        {
            "method": "cut_off", "cut_off": 0.45, "population_mean": 0.6,
            "population_sd": np.hypot(0.12, 0.08), "correlation": 0.12**2 / (0.12**2 + 0.08**2),
        },
    ],
)  # fmt: skip
def test_nothing_is_left_of_a_change_that_is_regression_to_the_mean(options):
    def drawn(rng, bias):
        scores = entrants(rng)
        scores[:, 2] += bias
        fit = regression_to_the_mean(panel_of(scores, [-6, 0, 6]), wave=6, **options).tidy()
        return fit["estimate"].iloc[2], fit["estimate"].iloc[0]

    assert_recovers(drawn, 0.0, seed=20277)
