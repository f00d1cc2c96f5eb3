"""Panel identities, which need no outside authority."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import ancova, fixed_effects

IDENTITY = 1e-10


def simulated(waves, *, n=80, seed=20262, keep=1.0):
    rng = np.random.default_rng(seed)
    arm = np.where(rng.random(n) < 0.5, "programme", "comparison")
    frame = pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), len(waves)),
            "arm": np.repeat(arm, len(waves)),
            "wave": np.tile(waves, n),
            "income": rng.normal(10, 2, n * len(waves)),
            "age": np.repeat(rng.integers(20, 60, n), len(waves)),
        }
    )
    level = np.repeat(rng.normal(0.5, 0.2, n), len(waves))
    frame["score"] = level + 0.01 * frame["income"] + rng.normal(0, 0.1, len(frame))
    return frame[rng.random(len(frame)) < keep]


def panel_of(frame):
    return HealthPanel.from_frame(frame, person="id", wave="wave", outcome="score", arm="arm")


def least_squares(columns, outcome):
    return np.linalg.lstsq(np.column_stack(columns), outcome, rcond=None)[0]


def test_two_wave_fixed_effects_equal_first_differences():
    frame = simulated([0, 6])
    wide = frame.set_index(["id", "wave"]).unstack()
    change = wide["score"][6] - wide["score"][0]
    programme = (wide["arm"][0] == "programme").astype(float)
    expected = least_squares(
        [programme, wide["income"][6] - wide["income"][0], np.ones(len(wide))], change
    )

    fit = fixed_effects(panel_of(frame), "arm:C(wave) + income", wave_effects=True).tidy()

    np.testing.assert_allclose(fit["estimate"], expected[:2], rtol=0, atol=IDENTITY)


def test_unbalanced_fixed_effects_equal_least_squares_on_dummies():
    frame = simulated([0, 6, 12, 18], keep=0.7)
    people = pd.get_dummies(frame["id"], dtype=float)
    waves = pd.get_dummies(frame["wave"], dtype=float).iloc[:, 1:]
    product = (frame["arm"] == "programme").to_numpy()[:, None] * waves.to_numpy()
    expected = least_squares([product, waves, people], frame["score"])

    fit = fixed_effects(panel_of(frame), "arm:C(wave)", wave_effects=True).tidy()

    np.testing.assert_allclose(fit["estimate"], expected[:3], rtol=0, atol=IDENTITY)


def test_balanced_arm_post_equals_the_single_product_term():
    frame = simulated([0, 6, 12])
    frame["product"] = ((frame["arm"] == "programme") & (frame["wave"] > 0)).astype(float)

    ours = fixed_effects(panel_of(frame), "arm:post", wave_effects=True).tidy()
    product = fixed_effects(panel_of(frame), "product", wave_effects=True).tidy()

    assert ours["term"].tolist() == ["arm[programme]:post"]
    np.testing.assert_allclose(ours["estimate"], product["estimate"], rtol=0, atol=IDENTITY)


def test_arm_post_is_the_mean_of_the_waves_when_the_panel_is_unbalanced():
    panel = panel_of(simulated([0, 6, 12, 18], keep=0.6))

    post = fixed_effects(panel, "arm:post", wave_effects=True).tidy()["estimate"][0]
    waves = fixed_effects(panel, "arm:C(wave)", wave_effects=True).tidy()["estimate"]

    assert post == pytest.approx(waves.mean(), abs=IDENTITY)


def test_waves_in_the_formula_equal_wave_effects():
    panel = panel_of(simulated([0, 6, 12], keep=0.8))

    inside = fixed_effects(panel, "arm:C(wave) + C(wave)").tidy().set_index("term")
    outside = fixed_effects(panel, "arm:C(wave)", wave_effects=True).tidy().set_index("term")

    np.testing.assert_allclose(
        inside.loc[outside.index, "estimate"], outside["estimate"], rtol=0, atol=IDENTITY
    )


def test_a_score_of_the_covariate_by_wave_is_removed_by_its_interaction():
    frame = simulated([0, 6, 12])
    frame["score"] += 0.02 * frame["age"] * frame["wave"]

    fit = fixed_effects(panel_of(frame), "age:C(wave) + arm:C(wave)", wave_effects=True).tidy()

    terms = ["age:wave[6]", "age:wave[12]"]
    without = simulated([0, 6, 12])
    plain = fixed_effects(panel_of(without), "age:C(wave) + arm:C(wave)", wave_effects=True).tidy()
    assert fit["term"].tolist()[:2] == terms
    np.testing.assert_allclose(
        fit["estimate"] - plain["estimate"], [0.12, 0.24, 0, 0], rtol=0, atol=IDENTITY
    )


def test_pooled_least_squares_without_effects_has_an_intercept():
    frame = simulated([0, 6])
    expected = least_squares([frame["income"], np.ones(len(frame))], frame["score"])

    fit = fixed_effects(panel_of(frame), "income", person_effects=False).tidy()

    assert fit["term"].tolist() == ["income", "Intercept"]
    np.testing.assert_allclose(fit["estimate"], expected, rtol=0, atol=IDENTITY)


def test_moving_every_score_by_a_constant_changes_no_contrast():
    frame = simulated([0, 6, 12], keep=0.8)
    moved = frame.assign(score=frame["score"] + 3)

    for_scores = ancova(panel_of(frame), covariates=["age"]).tidy()
    for_moved = ancova(panel_of(moved), covariates=["age"]).tidy()

    columns = ["estimate", "std_error"]
    np.testing.assert_allclose(for_scores[columns], for_moved[columns], rtol=0, atol=IDENTITY)


def test_a_person_with_an_own_dummy_does_not_change_the_ancova():
    frame = simulated([0, 6])
    alone = frame.assign(alone=(frame["id"] == 0).astype(float))
    without = frame[frame["id"] != 0]

    with_dummy = ancova(panel_of(alone), covariates=["alone"]).tidy()
    left_out = ancova(panel_of(without)).tidy()

    np.testing.assert_allclose(
        with_dummy[["estimate", "std_error"]], left_out[["estimate", "std_error"]], atol=IDENTITY
    )
