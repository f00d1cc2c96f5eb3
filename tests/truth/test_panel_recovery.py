"""Panel models find the truth that was simulated, and each fails where its assumption does."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import (
    ancova,
    fixed_effects,
    gee,
    mixed_effects,
    mundlak,
    pooled,
    random_effects,
    tobit,
    two_part,
)

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
    planted = EFFECT + 2 * tolerance(estimates)
    assert not recovers(replicated(estimator, seed=20273, effect=planted), EFFECT)


def test_selection_on_the_measured_baseline_is_met_by_ancova_and_not_by_fixed_effects():
    options = {"selection": "measured baseline", "effect": np.zeros(2), "seed": 20264, "times": 25}

    assert recovers(replicated(by_ancova, **options), np.zeros(2))
    assert not recovers(replicated(by_fixed_effects, **options), np.zeros(2))


def test_selection_on_the_latent_level_is_met_by_fixed_effects_and_not_by_ancova():
    options = {"selection": "latent level", "effect": np.zeros(2), "seed": 20265, "times": 25}

    assert recovers(replicated(by_fixed_effects, **options), np.zeros(2))
    assert not recovers(replicated(by_ancova, **options), np.zeros(2))


SLOPE = 0.5


def with_levels(rng, *, related=0.0, slope=SLOPE, n=300):
    """A term that goes with the persons' levels as far as `related` says; a quarter is lost."""
    level = rng.normal(0, 1, n)
    term = rng.normal(0, 1, (n, 3)) + related * level[:, None]
    score = level[:, None] + slope * term + rng.normal(0, 0.7, (n, 3))
    frame = pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), 3),
            "wave": np.tile(WAVES, n),
            "score": score.ravel(),
            "term": term.ravel(),
            "arm": "programme",
        }
    )
    return frame[rng.random(len(frame)) < 0.75]


def estimates_of(model, seed, *, times=20, **options):
    rng = np.random.default_rng(seed)
    return np.array(
        [model(panel_of(with_levels(rng, **options)), "term").tidy()["estimate"][0]
         for _ in range(times)]
    )  # fmt: skip


@pytest.mark.parametrize("model", [pooled, random_effects, mixed_effects, gee, mundlak])
def test_a_term_unrelated_to_levels_is_recovered_by_all_and_a_planted_bias_is_not(model):
    estimates = estimates_of(model, 20267)

    assert tolerance(estimates) <= 0.1 * SLOPE
    assert recovers(estimates, SLOPE)
    planted = SLOPE + 2 * tolerance(estimates)
    assert not recovers(estimates_of(model, 20274, slope=planted), SLOPE)


@pytest.mark.parametrize(
    ("model", "is_right"),
    [(fixed_effects, True), (mundlak, True), (random_effects, False), (pooled, False)],
)
def test_a_term_related_to_levels_is_recovered_by_changes_within_persons_alone(model, is_right):
    assert recovers(estimates_of(model, 20268, related=0.5), SLOPE) is is_right


def leaving(rng, *, n=300):
    """Who scored low at one wave is likelier to be away for good: missing at random."""
    score = rng.normal(0.6, 0.12, n)[:, None] + rng.normal(0, 0.05, (n, 3)) + 0.005 * WAVES
    stays = rng.random((n, 2)) < 1 / (1 + np.exp(-25 * (score[:, :2] - 0.55)))
    answered = np.column_stack([np.ones(n, dtype=bool), stays[:, 0], stays.all(axis=1)])
    frame = pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), 3),
            "wave": np.tile(WAVES, n),
            "score": score.ravel(),
            "arm": "programme",
        }
    )
    return frame[answered.ravel()]


@pytest.mark.parametrize(("model", "is_right"), [(mixed_effects, True), (pooled, False)])
def test_drop_out_that_past_answers_explain_is_met_by_the_mixed_model(model, is_right):
    rng = np.random.default_rng(20269)
    rows = [model(panel_of(leaving(rng)), "C(wave)").tidy() for _ in range(30)]

    assert recovers(np.array([row["estimate"][1] for row in rows]), 0.06) is is_right


def capped(rng, *, n=400):
    """Latent scores with an effect of a tenth of a point; 1 is the ceiling."""
    programme = rng.random(n) < 0.5
    latent = 0.85 + 0.1 * programme[:, None] + rng.normal(0, 0.15, (n, 2))
    frame = pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), 2),
            "wave": np.tile([0, 6], n),
            "score": np.minimum(latent, 1.0).ravel(),
            "arm": np.repeat(np.where(programme, "programme", "comparison"), 2),
        }
    )
    return frame


def hidden(frame):
    return tobit(panel_of(frame), "arm").tidy()["estimate"][0]


def seen(frame):
    return pooled(panel_of(frame), "arm").tidy()["estimate"][0]


def in_two_parts(frame):
    return (
        two_part(panel_of(frame), "arm")
        .tidy()
        .set_index("term")["estimate"]["mean[arm[programme]]"]
    )


def test_the_hidden_score_is_recovered_by_tobit_and_not_by_least_squares():
    rng = np.random.default_rng(20270)
    frames = [capped(rng) for _ in range(40)]

    assert recovers(np.array([hidden(frame) for frame in frames]), 0.1)
    assert not recovers(np.array([seen(frame) for frame in frames]), 0.1)


def test_two_parts_recover_the_mean_that_is_seen():
    rng = np.random.default_rng(20271)
    frames = [capped(rng) for _ in range(40)]
    large = capped(np.random.default_rng(20272), n=400_000)
    truth = large.groupby("arm")["score"].mean()

    found = np.array([in_two_parts(frame) for frame in frames])

    assert recovers(found, truth["programme"] - truth["comparison"])


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
