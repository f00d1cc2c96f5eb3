"""Drop-out: identities between the functions, and input that cannot be answered."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError, SmallSampleWarning
from evalkit.panel import (
    ancova,
    attrition_weights,
    death_as_score,
    fixed_effects,
    impute,
    manski_bounds,
    pattern_mixture,
    pool,
    response_table,
    tipping_point,
    wave_means,
    weight_diagnostics,
    weighted_ancova,
)

WAVES = (0, 6, 12)


def frame_of(seed=1, n=120, *, gaps="monotone"):
    rng = np.random.default_rng(seed)
    arm = np.arange(n) % 2 == 0
    score = rng.normal(0.5, 0.1, (n, 1)) + rng.normal(0, 0.08, (n, 3))
    score[:, 1:] += 0.05 * arm[:, None]
    lost = rng.random((n, 3)) < [0, 0.2, 0.2]
    if gaps == "monotone":
        lost = np.logical_or.accumulate(lost, axis=1)
    score[lost & (gaps != "none")] = np.nan
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), 3),
            "wave": np.tile(WAVES, n),
            "score": score.ravel(),
            "arm": np.repeat(np.where(arm, "programme", "comparison"), 3),
            "age": np.repeat(rng.integers(20, 60, n), 3),
            "town": np.repeat(np.arange(n) % 10, 3),
        }
    )


def panel_of(frame, arm="arm", **options):
    return HealthPanel.from_frame(
        frame, person="id", wave="wave", outcome="score", arm=arm, **options
    )


@pytest.mark.parametrize("given", ["previous", "baseline"])
@pytest.mark.parametrize("options", [{}, {"stabilised": True}, {"truncate": 0.9}])
@pytest.mark.parametrize("cluster", [None, "town"])
def test_known_weights_give_what_ancova_gives_with_them(given, options, cluster):
    panel = panel_of(frame_of(), cluster=cluster)

    ours = weighted_ancova(panel, given=given, vcov="known", **options).tidy()
    theirs = ancova(attrition_weights(panel, given=given, **options)).tidy()

    columns = ["estimate", "std_error", "conf_low", "conf_high", "p_value"]
    np.testing.assert_allclose(ours[columns], theirs[columns], rtol=1e-9)


def test_without_gaps_weights_are_one_and_everything_is_ancova():
    panel = panel_of(frame_of(gaps="none"))
    plain = ancova(panel).tidy()

    assert (attrition_weights(panel).weight == 1).all()
    columns = ["estimate", "std_error"]
    np.testing.assert_allclose(weighted_ancova(panel).tidy()[columns], plain[columns], rtol=1e-9)
    imputed = pattern_mixture(panel, delta=-1.0, m=3).tidy()
    np.testing.assert_allclose(imputed[columns], plain[columns], rtol=1e-9)
    assert (imputed["fraction_missing"] < 0.05).all()


@pytest.mark.parametrize("gaps", ["monotone", "any"])
@pytest.mark.parametrize("method", ["normal", "predictive_mean"])
@pytest.mark.parametrize("cluster", [None, "town"])
def test_no_shift_is_ancova_of_every_completed_panel_pooled(gaps, method, cluster):
    panel = panel_of(frame_of(gaps=gaps), cluster=cluster)
    options = {"m": 4, "method": method, "covariates": ["age"], "seed": 3}

    ours = pattern_mixture(panel, delta=0.0, **options).tidy()
    theirs = pool([ancova(done, covariates=["age"]) for done in impute(panel, **options)]).tidy()

    columns = ["estimate", "std_error", "df", "fraction_missing", "conf_low"]
    np.testing.assert_allclose(ours[columns], theirs[columns], rtol=1e-7)


def test_completed_panels_keep_every_answer_and_the_same_seed_gives_the_same_draws():
    panel = panel_of(frame_of(gaps="any"))
    first, second = (impute(panel, m=3, seed=5) for _ in range(2))

    known = ~np.isnan(panel.outcome)
    for done, again in zip(first, second, strict=True):
        np.testing.assert_array_equal(done.outcome[known], panel.outcome[known])
        np.testing.assert_array_equal(done.outcome, again.outcome)
        np.testing.assert_array_equal(done.covariates["score"], done.outcome)
    assert not np.array_equal(first[0].outcome, first[1].outcome)


def test_predictive_means_give_only_scores_that_somebody_of_the_arm_had():
    panel = panel_of(frame_of())
    for done in impute(panel, m=2, method="predictive_mean"):
        for arm in ("programme", "comparison"):
            here = (done.covariates["arm"] == arm).to_numpy()
            answers = panel.outcome[(panel.covariates["arm"] == arm).to_numpy()]
            assert set(done.outcome[here]) <= set(answers)


def test_missing_rows_are_missing_answers():
    frame = frame_of()
    whole, dropped = panel_of(frame), panel_of(frame.dropna(subset="score"))

    for function in (weighted_ancova, lambda panel: pattern_mixture(panel, delta=0.0, m=3)):
        np.testing.assert_allclose(
            function(whole).rows["estimate"], function(dropped).rows["estimate"]
        )
    assert len(impute(dropped, m=2)[0]) == len(whole)


def with_answers(frame):
    """Answers to EQ-5D at all waves, income that changes, a month of death."""
    rng = np.random.default_rng(8)
    return frame.assign(
        mo=rng.integers(1, 4, len(frame)), sc=1, income=rng.integers(0, 9, len(frame)),
        died=np.where(frame["id"] < 20, 3.0, np.nan),
    )  # fmt: skip


def test_rows_made_up_by_an_imputation_hold_no_values_of_another_wave():
    frame = with_answers(frame_of())
    (done, _) = impute(panel_of(frame.dropna(subset="score")), m=2)

    made_up = frame["score"].isna().to_numpy()
    assert made_up.any()
    assert done.covariates.loc[made_up, ["mo", "sc", "income"]].isna().all(axis=None)
    kept = ["mo", "sc", "income"]
    np.testing.assert_array_equal(done.covariates.loc[~made_up, kept], frame.loc[~made_up, kept])
    for name in ("age", "arm", "died"):
        pd.testing.assert_series_equal(done.covariates[name], frame[name])


def test_a_row_of_the_dead_holds_no_answers_and_a_row_of_the_living_keeps_them():
    frame = with_answers(frame_of(gaps="none"))
    late = (frame["id"] < 20) & (frame["wave"] == 12)
    panel = death_as_score(panel_of(frame[~late]), died="died")

    dead = ((frame["id"] < 20) & (frame["wave"] > 0)).to_numpy()
    assert (panel.outcome[dead] == 0).all()
    assert panel.covariates.loc[dead, ["mo", "sc", "income"]].isna().all(axis=None)
    assert panel.covariates.loc[dead, ["age", "arm"]].notna().all(axis=None)
    np.testing.assert_array_equal(panel.covariates.loc[~dead, "mo"], frame.loc[~dead, "mo"])


@pytest.mark.parametrize(
    "call",
    [
        attrition_weights,
        weighted_ancova,
        lambda panel: impute(panel, m=2),
        lambda panel: pattern_mixture(panel, delta=0.0, m=2),
        lambda panel: tipping_point(panel, wave=12, m=2),
        lambda panel: manski_bounds(panel, wave=12, score_range=(-1, 2)),
    ],
)
def test_case_weights_are_one_a_person(call):
    frame = frame_of().assign(size=lambda frame: 1.0 + frame["id"] % 3)
    call(panel_of(frame, weight="size"))

    frame.loc[(frame["wave"] == 12) & (frame["id"] < 7), "size"] += 1
    with pytest.raises(EstimationError, match="weight: differs between the rows of 7 persons"):
        call(panel_of(frame, weight="size"))


@pytest.mark.parametrize("options", [{}, {"wave": 12}])
def test_weights_for_drop_out_are_not_made_twice(options):
    with pytest.raises(EstimationError, match="without these weights, weighted_ancova makes its"):
        weighted_ancova(attrition_weights(panel_of(frame_of()), **options))


@pytest.mark.parametrize("cluster", [None, "town"])
def test_case_weights_of_persons_give_what_ancova_gives_with_them(cluster):
    frame = frame_of().assign(size=lambda frame: 1.0 + frame["id"] % 3)
    panel = panel_of(frame, weight="size", cluster=cluster)

    ours = weighted_ancova(panel, vcov="known").tidy()
    theirs = ancova(attrition_weights(panel)).tidy()

    columns = ["estimate", "std_error", "conf_low"]
    np.testing.assert_allclose(ours[columns], theirs[columns], rtol=1e-9)


def test_a_shift_moves_the_estimate_by_the_share_that_is_missing():
    panel = panel_of(frame_of())
    fits = [pattern_mixture(panel, delta={"programme": {12: d}}, m=5) for d in (0.0, -0.1)]

    moved = fits[1].rows["estimate"] - fits[0].rows["estimate"]
    programme = frame_of().query("arm == 'programme' and wave == 12")["score"]
    assert moved[0] == 0
    # The baseline and the gaps are nearly unrelated, so that the move is nearly share x shift.
    assert moved[1] == pytest.approx(-0.1 * programme.isna().mean(), rel=0.1)


def test_the_tip_is_where_the_limit_and_the_estimate_are_nought():
    panel = panel_of(frame_of())
    steps = np.linspace(-0.6, 0.6, 13)
    curve = tipping_point(panel, wave=12, deltas=steps, m=5)

    at = curve.summary["tipping_interval"]
    again = tipping_point(panel, wave=12, deltas=[at, at + 1], m=5).tidy().iloc[0]
    assert min(abs(again["conf_low"]), abs(again["conf_high"])) < 1e-9
    at = curve.summary["tipping_estimate"]
    again = tipping_point(panel, wave=12, deltas=[at, at + 1], m=5).tidy().iloc[0]
    assert abs(again["estimate"]) < 1e-9
    for row, delta in enumerate(steps):
        fit = pattern_mixture(panel, delta={"programme": float(delta)}, m=5).tidy().iloc[1]
        assert curve.rows["estimate"][row] == pytest.approx(fit["estimate"], rel=1e-9, abs=1e-12)
        assert curve.rows["std_error"][row] == pytest.approx(fit["std_error"], rel=1e-9)


def test_a_grid_without_a_tip_says_so():
    curve = tipping_point(panel_of(frame_of()), wave=12, deltas=[0, 1e-6], m=3)

    assert np.isnan(curve.summary["tipping_interval"])
    assert np.isnan(curve.summary["tipping_estimate"])


def test_the_truth_lies_within_bounds_and_estimates_do_too():
    panel = panel_of(frame_of())
    found = manski_bounds(panel, wave=12, score_range=(-1, 2)).tidy().set_index("term")

    mean = wave_means(attrition_weights(panel), by="arm").tidy()
    for arm in ("programme", "comparison"):
        own = mean.query("stratum == @arm and wave == 12")["estimate"].item()
        assert found.loc[arm, "low"] < own < found.loc[arm, "high"]


def test_weights_that_differ_by_wave_mislead_fixed_effects_and_pairs_do_not():
    rng = np.random.default_rng(20274)
    n = 40_000
    level = rng.normal(0.5, 0.1, (n, 1))
    score = level + rng.normal(0, 0.1, (n, 2))
    programme = np.arange(n) % 2 == 0
    slope = np.where(programme, -15, 15)
    stays = rng.random(n) < 1 / (1 + np.exp(slope * (score[:, 0] - 0.5)))
    score[~stays, 1] = np.nan
    frame = pd.DataFrame({
        "id": np.repeat(np.arange(n), 2), "wave": np.tile([0, 12], n), "score": score.ravel(),
        "arm": np.repeat(np.where(programme, "programme", "comparison"), 2),
    })  # fmt: skip
    panel = panel_of(frame)

    def effect(weighted):
        fit = fixed_effects(weighted, "arm:C(wave)", wave_effects=True).tidy().iloc[0]
        return fit["estimate"] / fit["std_error"], fit["estimate"]

    assert abs(effect(panel)[0]) > 5
    assert abs(effect(attrition_weights(panel))[0]) > 5
    assert abs(effect(attrition_weights(panel, wave=12))[0]) < 3.5


def test_weights_of_a_panel_multiply():
    frame = frame_of().assign(size=2.0)
    plain, double = panel_of(frame), panel_of(frame, weight="size")

    np.testing.assert_allclose(
        attrition_weights(double).weight, 2 * attrition_weights(plain).weight
    )


def test_a_cut_off_is_named_in_the_result():
    panel = panel_of(frame_of())

    assert "cut off" in weighted_ancova(panel, truncate=0.95).summary["formula"]
    assert "cut off" not in weighted_ancova(panel).summary["formula"]
    assert weight_diagnostics(attrition_weights(panel, truncate=0.95)).summary["truncate"] == "0.95"


def test_few_clusters_give_errors_by_person_and_a_warning():
    panel = panel_of(frame_of().assign(town=lambda frame: frame["id"] % 4), cluster="town")

    for function in (weighted_ancova, lambda panel: pattern_mixture(panel, delta=0.0, m=3)):
        with pytest.warns(SmallSampleWarning, match="4 clusters"):
            function(panel)


def test_who_has_died_is_not_expected_to_answer():
    frame = frame_of().assign(due=lambda frame: np.where(frame["id"] < 10, 6, 12))
    frame = frame[(frame["id"] >= 10) | (frame["wave"] < 12)]
    table = response_table(panel_of(frame), last_due="due").tidy()

    assert table.loc[table["wave"] == 12, ["n", "n_expected"]].to_numpy().tolist() == [[110, 120]]
    done = impute(panel_of(frame), m=2, last_due="due")
    assert len(done[0]) == 120 * 3 - 10


def separated(frame):
    """Who is 40 or older never answers at 6."""
    return frame.assign(
        score=np.where((frame["wave"] > 0) & (frame["age"] >= 40), np.nan,
                       frame["score"].fillna(0.5))
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda frame: frame[frame["wave"] == 0], {}, "a later one"),
        (lambda frame: frame[frame["wave"] > 0], {}, "needs wave 0"),
        (lambda frame: frame.assign(score=np.nan), {}, "missing for all 120"),
        (lambda frame: frame, {"covariates": ["height"]}, "Check their names"),
        (lambda frame: frame.assign(age=np.nan), {"covariates": ["age"]}, "missing for 120 of 120"),
        (separated, {"covariates": ["age"]}, "tell with certainty"),
        (lambda frame: frame, {"history": ["height"]}, "no column 'height'"),
    ],
)
def test_what_cannot_be_weighted_is_said(change, options, message):
    with pytest.raises(EstimationError, match=message):
        attrition_weights(panel_of(change(frame_of())), **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda panel: attrition_weights(panel, given="later"), "given"),
        (lambda panel: attrition_weights(panel, truncate=1.0), "truncate"),
        (lambda panel: attrition_weights(panel, wave=7), "wave: 7"),
        (lambda panel: attrition_weights(panel, last_due="no"), "last_due"),
        (lambda panel: weighted_ancova(panel, vcov="none"), "vcov"),
        (lambda panel: impute(panel, m=1), "m: 1"),
        (lambda panel: impute(panel, method="mean"), "method"),
        (lambda panel: pattern_mixture(panel, delta={"other": 1.0}), "arm: no other"),
        (lambda panel: pattern_mixture(panel, delta={"programme": {7: 1.0}}), "no wave 7"),
        (lambda panel: tipping_point(panel, wave=7), "wave: 7"),
        (lambda panel: tipping_point(panel, wave=12, deltas=[0.0]), "deltas"),
        (lambda panel: manski_bounds(panel, wave=12, score_range=(1, 0)), "score_range"),
        (lambda panel: manski_bounds(panel, wave=12, score_range=(0.4, 0.6)), "lie outside"),
        (lambda panel: death_as_score(panel, died="no"), "died"),
        (lambda panel: pool([ancova(panel)]), "at least 2"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(call, message):
    with pytest.raises(ParameterError, match=message):
        call(panel_of(frame_of()))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda frame: weighted_ancova(panel_of(frame, arm=None)), "no arm|two"),
        (lambda frame: weight_diagnostics(panel_of(frame)), "no such column"),
        (
            lambda frame: tipping_point(panel_of(frame.fillna({"score": 0.5})), wave=12),
            "nobody of the arm misses",
        ),
        (
            lambda frame: impute(
                panel_of(frame.assign(score=frame["score"].where(frame["wave"] < 12)))
            ),
            "wave 12, arm comparison: 0 persons",
        ),
        (lambda frame: impute(panel_of(frame), covariates=["C(id)"]), "Use fewer covariates"),
    ],
)
def test_samples_that_cannot_be_used_are_refused(call, message):
    with pytest.raises(EstimationError, match=message):
        call(frame_of().drop(columns=["arm"]) if "no arm" in message else frame_of())
