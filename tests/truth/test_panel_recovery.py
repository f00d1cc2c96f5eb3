"""Panel models find the truth that was simulated, and each fails where its assumption does."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import ancova, fixed_effects

WAVES = np.array([0, 6, 12])
EFFECT = np.array([0.10, 0.06])
REPLICATIONS = 60
ALLOWED = 3.5  # Monte-Carlo errors


def simulate(rng, *, selection="randomised", effect=EFFECT, n=240, towns=None):
    """Persistent level, passing disturbance; after baseline answers are lost by arm and age."""
    level = rng.normal(0.5, 0.10, n)
    score = level[:, None] + rng.normal(0, 0.06, (n, len(WAVES))) + 0.002 * WAVES
    town = rng.integers(0, towns or 1, n)
    if towns is not None:
        score += rng.normal(0, 0.05, (towns, len(WAVES)))[town]
    chooses = {
        "randomised": rng.random(n) < 0.5,
        "measured baseline": rng.random(n) < 1 / (1 + np.exp(20 * (score[:, 0] - 0.5))),
        "latent level": rng.random(n) < 1 / (1 + np.exp(20 * (level - 0.5))),
    }
    programme = chooses[selection]
    score[:, 1:] += programme[:, None] * effect
    answered = rng.random(score.shape) < np.where(programme, 0.75, 0.85)[:, None]
    answered[:, 0] = True
    frame = pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), len(WAVES)),
            "wave": np.tile(WAVES, n),
            "score": score.ravel(),
            "arm": np.repeat(np.where(programme, "programme", "comparison"), len(WAVES)),
            "town": np.repeat(town, len(WAVES)),
        }
    )
    return frame[answered.ravel()]


def panel_of(frame, **options):
    return HealthPanel.from_frame(
        frame, person="id", wave="wave", outcome="score", arm="arm", **options
    )


def by_ancova(frame):
    return ancova(panel_of(frame)).tidy()["estimate"].to_numpy()


def by_fixed_effects(frame):
    fit = fixed_effects(panel_of(frame), "arm:C(wave)", wave_effects=True)
    return fit.tidy()["estimate"].to_numpy()


def replicated(estimator, seed, times=REPLICATIONS, **options):
    rng = np.random.default_rng(seed)
    return np.array([estimator(simulate(rng, **options)) for _ in range(times)])


def tolerance(estimates):
    return ALLOWED * estimates.std(axis=0, ddof=1) / np.sqrt(len(estimates))


def recovers(estimates, truth):
    return bool(np.all(np.abs(estimates.mean(axis=0) - truth) <= tolerance(estimates)))


@pytest.mark.parametrize("estimator", [by_ancova, by_fixed_effects])
def test_randomised_effects_are_recovered_and_a_planted_bias_is_not(estimator):
    estimates = replicated(estimator, seed=20263)

    assert np.all(tolerance(estimates) <= 0.1 * EFFECT)
    assert recovers(estimates, EFFECT)
    assert not recovers(estimates + 2 * tolerance(estimates), EFFECT)


def test_selection_on_the_measured_baseline_is_met_by_ancova_and_not_by_fixed_effects():
    options = {"selection": "measured baseline", "effect": np.zeros(2), "seed": 20264, "times": 25}

    assert recovers(replicated(by_ancova, **options), np.zeros(2))
    assert not recovers(replicated(by_fixed_effects, **options), np.zeros(2))


def test_selection_on_the_latent_level_is_met_by_fixed_effects_and_not_by_ancova():
    options = {"selection": "latent level", "effect": np.zeros(2), "seed": 20265, "times": 25}

    assert recovers(replicated(by_fixed_effects, **options), np.zeros(2))
    assert not recovers(replicated(by_ancova, **options), np.zeros(2))


@pytest.mark.slow
@pytest.mark.parametrize("model", ["ancova", "fixed effects", "fixed effects by town"])
def test_intervals_cover_as_often_as_they_say(model):
    replications, n = 2_000, 200
    rng = np.random.default_rng(20266)
    towns = 50 if model == "fixed effects by town" else None
    covered = 0
    for _ in range(replications):
        frame = simulate(rng, n=n if towns is None else 1_000, towns=towns)
        panel = panel_of(frame, cluster=None if towns is None else "town")
        fit = (
            ancova(panel)
            if model == "ancova"
            else fixed_effects(panel, "arm:C(wave)", wave_effects=True)
        ).tidy()
        covered += fit["conf_low"][0] <= EFFECT[0] <= fit["conf_high"][0]

    # 1.5 points for approximations at n = 200, 0.5 points in large samples.
    approximation = 0.015 if towns is None else 0.005
    allowed = ALLOWED * np.sqrt(0.95 * 0.05 / replications) + approximation
    assert abs(covered / replications - 0.95) <= allowed
