"""Made-up persons with known differences: estimates find them, intervals hold them."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.economics import (
    CostsAndEffects,
    draw_parameters,
    net_benefit,
    qaly,
)
from evalkit.economics.two_outcomes import design_of, fit

WAVES = (0, 6, 12, 18, 24)
SLOPE = 0.06  # index points a year that the programme adds


def panel(rng, n=300, gap=0.05):
    """Utilities with a line of their own, an imbalance at the start, and the programme's gain."""
    in_programme = np.arange(n) % 2 == 0
    start = rng.normal(0.5 + gap * in_programme, 0.15)
    time = np.array(WAVES) / 12
    score = start[:, None] + SLOPE * in_programme[:, None] * time + rng.normal(0, 0.05, (n, 5))
    frame = pd.DataFrame({
        "id": np.repeat(np.arange(n), 5), "wave": np.tile(WAVES, n), "score": score.ravel(),
        "arm": np.repeat(np.where(in_programme, "programme", "comparison"), 5),
    })  # fmt: skip
    return HealthPanel.from_frame(frame, person="id", wave="wave", outcome="score", arm="arm")


def differences(n_replication=60, **options):
    rng = np.random.default_rng(20262)
    found = []
    for _ in range(n_replication):
        table = qaly(panel(rng, **options), discount_rate=0.0).tidy()
        found.append(table[table["scale"] == "difference"]["estimate"].to_numpy())
    return np.array(found)


def test_adjusted_qalys_find_the_gain_and_unadjusted_ones_take_the_imbalance_for_it():
    found = differences()
    # The area under SLOPE t from 0 to 2 is 2 SLOPE. Within an arm, start and its error have the
    # variances 0.15^2 and 0.05^2; both add to the area, by 2 and by 1/4 (half of the first half
    # year). So the coefficient of the start takes nearly all of an imbalance of 0.05 away.
    coefficient = (2 * 0.15**2 + 0.05**2 / 4) / (0.15**2 + 0.05**2)
    truth, left = 2 * SLOPE, 0.05 * (2 - coefficient)

    unadjusted, adjusted = found.mean(axis=0)
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))

    assert abs(adjusted - truth - left) < 3.5 * error[1]
    assert abs(unadjusted - truth - 2 * 0.05) < 3.5 * error[0]
    assert unadjusted - truth > 10 * error[0]


def test_drawn_parameters_have_their_means_and_errors():
    drawn = draw_parameters(
        {
            "cost": {"distribution": "gamma", "mean": 800, "std_error": 200},
            "utility": {"distribution": "beta", "mean": 0.7, "std_error": 0.05},
            "worked": {"distribution": "beta", "yes": 30, "no": 70},
            "decrement": {"distribution": "normal", "mean": 0.1, "std_error": 0.02},
            "ways": {"distribution": "dirichlet", "counts": [10, 30, 60]},
        },
        n_draw=40_000, seed=5,
    )  # fmt: skip

    expected = {
        "cost": (800, 200), "utility": (0.7, 0.05), "decrement": (0.1, 0.02),
        "worked": (0.3, np.sqrt(0.3 * 0.7 / 101)),
    }  # fmt: skip
    for name, (mean, error) in expected.items():
        assert drawn[name].mean() == pytest.approx(mean, abs=3.5 * error / 200)
        assert drawn[name].std() == pytest.approx(error, rel=0.03)
    assert drawn["ways"].mean(axis=0) == pytest.approx([0.1, 0.3, 0.6], abs=0.002)
    assert drawn["ways"].sum(axis=1) == pytest.approx(1)
    assert (drawn["cost"] > 0).all() and ((drawn["utility"] > 0) & (drawn["utility"] < 1)).all()


def persons(rng, n):
    """Skewed costs and QALYs that go together within a person."""
    in_programme = (np.arange(n) % 2 == 0).astype(float)
    frailty = rng.normal(0, 1, n)
    start = 0.5 + 0.1 * frailty + rng.normal(0, 0.1, n)
    cost = rng.gamma(2, 10_000, n) * np.exp(-0.2 * frailty) + 8_000 * in_programme
    effect = 1.0 + 0.12 * frailty + 0.06 * in_programme + rng.normal(0, 0.15, n)
    return in_programme, start, cost, effect


@pytest.mark.slow
@pytest.mark.parametrize(("n", "slack"), [(200, 0.015), (2000, 0.005)])
def test_intervals_of_net_benefit_hold_the_truth(n, slack):
    rng = np.random.default_rng(20263)
    price, replications, hits = 300_000.0, 2_000, 0
    truth = price * 0.06 - 8_000
    for _ in range(replications):
        in_programme, start, cost, effect = persons(rng, n)
        x = design_of(in_programme == 1, pd.DataFrame(index=range(n)), start, ())
        joint = fit(x, np.stack([cost, effect], axis=-1)[None])["difference"]
        _, _, low, high = joint.interval([-1.0, price], 0.95)
        hits += low <= truth <= high

    allowed = 3.5 * np.sqrt(0.95 * 0.05 / replications) + slack
    assert abs(hits / replications - 0.95) <= allowed


@pytest.mark.slow
def test_bootstrap_intervals_of_net_benefit_hold_the_truth():
    rng = np.random.default_rng(20264)
    price, replications, hits = 300_000.0, 600, 0
    truth = price * 0.06 - 8_000
    for number in range(replications):
        in_programme, start, cost, effect = persons(rng, 200)
        frame = pd.DataFrame({
            "id": range(200), "arm": np.where(in_programme == 1, "programme", "comparison"),
            "cost": cost, "effect": effect, "start": start,
        })  # fmt: skip
        sample = CostsAndEffects.from_frame(
            frame, person="id", arm="arm", cost="cost", effect="effect", baseline="start",
            currency="SEK",
        )  # fmt: skip
        table = net_benefit(sample, willingness_to_pay=[price], n_bootstrap=499, seed=number).tidy()
        hits += table["boot_low"][0] <= truth <= table["boot_high"][0]

    allowed = 3.5 * np.sqrt(0.95 * 0.05 / replications) + 0.015
    assert abs(hits / replications - 0.95) <= allowed
