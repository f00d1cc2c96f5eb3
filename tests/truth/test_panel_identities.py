"""Panel identities, which need no outside authority."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import (
    ancova,
    between_effects,
    first_difference,
    fixed_effects,
    gee,
    hausman_test,
    mixed_effects,
    mundlak,
    mundlak_test,
    pooled,
    random_effects,
    two_part,
    unit_intercepts,
    within,
)

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


def dummies_of(frame, *, weights=None):
    """Coefficient of income by least squares with a dummy for each person and wave."""
    people = pd.get_dummies(frame["id"], dtype=float)
    waves = pd.get_dummies(frame["wave"], dtype=float).iloc[:, 1:]
    root = np.ones(len(frame)) if weights is None else np.sqrt(weights)
    columns = np.column_stack([frame["income"], people, waves]) * np.asarray(root)[:, None]
    return np.linalg.lstsq(columns, frame["score"] * root, rcond=None)[0][0]


@pytest.mark.parametrize("block", [1, 7, 64, 8192])
def test_blocks_of_rows_change_nothing(monkeypatch, block):
    monkeypatch.setattr(within, "BLOCK", block)
    frame = simulated([0, 6, 12, 18], keep=0.6)

    fit = fixed_effects(panel_of(frame), "income", wave_effects=True).tidy()

    assert fit["estimate"][0] == pytest.approx(dummies_of(frame), abs=IDENTITY)


def test_weighted_effects_equal_weighted_dummies():
    frame = simulated([0, 6, 12, 18], keep=0.6)
    weight = np.random.default_rng(3).uniform(0.1, 4, len(frame))
    panel = HealthPanel.from_frame(
        frame.assign(weight=weight), person="id", wave="wave", outcome="score", weight="weight"
    )

    fit = fixed_effects(panel, "income", wave_effects=True).tidy()

    assert fit["estimate"][0] == pytest.approx(dummies_of(frame, weights=weight), abs=IDENTITY)


def test_waves_that_no_person_links_are_as_good_as_two_studies():
    """Half answered at 0 and 6, half at 12 and 18: one wave of each half is given."""
    frame = simulated([0, 6, 12, 18])
    frame = frame[(frame["id"] % 2 == 0) == (frame["wave"] < 12)]

    result = fixed_effects(panel_of(frame), "income", wave_effects=True, vcov="unadjusted")

    assert result.tidy()["estimate"][0] == pytest.approx(dummies_of(frame), abs=IDENTITY)
    assert result.glance()["df"][0] == len(frame) - (1 + 80 + 2)


@pytest.mark.parametrize("badly_linked", [1.0, within.BADLY_LINKED])
def test_waves_that_a_single_person_links_are_told_apart(monkeypatch, badly_linked):
    monkeypatch.setattr(within, "BADLY_LINKED", badly_linked)
    frame = simulated([0, 6, 12, 18], n=300)
    frame = frame[((frame["id"] % 2 == 0) == (frame["wave"] < 12)) | (frame["id"] == 0)]

    result = fixed_effects(panel_of(frame), "income", wave_effects=True, vcov="unadjusted")

    assert result.tidy()["estimate"][0] == pytest.approx(dummies_of(frame), abs=IDENTITY)
    assert result.glance()["df"][0] == len(frame) - (1 + 300 + 3)


def test_a_level_of_millions_costs_no_digits():
    frame = simulated([0, 6, 12, 18], keep=0.7)
    far = frame.assign(score=frame["score"] + 1e6, income=frame["income"] + 1e6)

    near = fixed_effects(panel_of(frame), "income", wave_effects=True).tidy()
    moved = fixed_effects(panel_of(far), "income", wave_effects=True).tidy()

    # Rows of 1e6 are stored to 1e-10, one part in 1e9 of their spread.
    np.testing.assert_allclose(near["estimate"], moved["estimate"], rtol=1e-7)


def test_almost_collinear_terms_are_solved_by_orthogonal_columns():
    frame = simulated([0, 6, 12, 18], keep=0.7)
    noise = np.random.default_rng(4).normal(size=len(frame))
    near = frame.assign(near=frame["income"] + 1e-5 * noise, noise=noise)

    mixed_up = fixed_effects(panel_of(near), "income + near", wave_effects=True).tidy()
    apart = fixed_effects(panel_of(near), "income + noise", wave_effects=True).tidy()

    assert mixed_up["estimate"][1] * 1e-5 == pytest.approx(apart["estimate"][1], rel=1e-5)
    assert mixed_up["estimate"].sum() == pytest.approx(apart["estimate"][0], rel=1e-5)


def test_fixed_effects_without_effects_are_pooled():
    panel = panel_of(simulated([0, 6, 12], keep=0.8))

    one = fixed_effects(panel, "income + age", person_effects=False).tidy()

    pd.testing.assert_frame_equal(one, pooled(panel, "income + age").tidy())


def test_two_waves_make_first_differences_fixed_effects():
    panel = panel_of(simulated([0, 6]))

    changes = first_difference(panel, "income + C(wave)").tidy()
    effects = fixed_effects(panel, "income + C(wave)").tidy()

    np.testing.assert_allclose(changes["estimate"], effects["estimate"], rtol=0, atol=IDENTITY)


def test_random_effects_lie_between_the_two_that_they_mix():
    frame = simulated([0, 6, 12], n=200)
    panel = panel_of(frame)

    within_, between, both = (
        model(panel, "income").tidy()["estimate"][0]
        for model in (fixed_effects, between_effects, random_effects)
    )

    assert min(within_, between) < both < max(within_, between)


def test_mundlak_terms_are_those_of_fixed_effects_in_an_unbalanced_panel():
    panel = panel_of(simulated([0, 6, 12, 18], keep=0.6))

    beside = mundlak(panel, "income + C(wave) + age").tidy().set_index("term")["estimate"]
    inside = fixed_effects(panel, "income + C(wave)").tidy().set_index("term")["estimate"]

    np.testing.assert_allclose(beside[inside.index], inside, rtol=0, atol=IDENTITY)


def test_the_robust_hausman_test_is_the_test_of_the_means():
    panel = panel_of(simulated([0, 6, 12, 18], keep=0.6))

    means = mundlak_test(panel, "income + C(wave)").tidy().iloc[0]
    hausman = hausman_test(panel, "income + C(wave)").tidy().iloc[0]

    assert hausman["statistic"] == pytest.approx(means["statistic"], rel=1e-9)
    assert hausman["p_value"] == pytest.approx(means["p_value"], rel=1e-9)


def test_balanced_random_effects_mixed_model_and_equations_have_the_same_coefficients():
    """With terms that vary within persons only; variances differ a little."""
    panel = panel_of(simulated([0, 6, 12]))

    fits = [model(panel, "C(wave)") for model in (random_effects, mixed_effects, gee)]

    estimates = [fit.tidy()["estimate"][:3] for fit in fits]
    np.testing.assert_allclose(estimates[0], estimates[1], rtol=0, atol=IDENTITY)
    np.testing.assert_allclose(estimates[0], estimates[2], rtol=0, atol=IDENTITY)
    deviations = [fit.tidy().set_index("term")["estimate"] for fit in fits[:2]]
    names = ["sd(person)", "sd(residual)"]
    np.testing.assert_allclose(deviations[0][names], deviations[1][names], rtol=1e-6)


def test_equations_under_independence_are_pooled():
    panel = panel_of(simulated([0, 6, 12], keep=0.8))

    columns = ["estimate", "std_error", "conf_low"]
    np.testing.assert_allclose(
        gee(panel, "income + age", working="independence").tidy()[columns],
        pooled(panel, "income + age").tidy()[columns],
        rtol=1e-12,
    )


def test_intercepts_of_units_add_up_to_zero():
    frame = simulated([0, 6, 12], n=120, keep=0.8)
    frame["town"] = frame["id"] % 9
    frame["score"] += 0.1 * (frame["town"] - 4)

    rows = unit_intercepts(panel_of(frame), "income", unit="town").tidy()

    assert rows["estimate"].sum() == pytest.approx(0, abs=1e-9)
    assert rows["estimate"].is_monotonic_decreasing
    assert rows["unit"].tolist()[0] == "8"


def test_without_terms_that_matter_two_parts_give_the_difference_of_the_means():
    frame = simulated([0, 6])
    frame["score"] = frame["score"].clip(upper=0.65)
    waves = frame.groupby("wave")["score"].mean()

    fit = two_part(panel_of(frame), "C(wave)", ceiling=0.65).tidy().set_index("term")

    assert fit.loc["mean[wave[6]]", "estimate"] == pytest.approx(waves[6] - waves[0], abs=1e-9)
