"""What the panel models refuse, warn about and put into their results."""

import warnings
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import AssumptionWarning, EstimationError, ParameterError, SmallSampleWarning
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
    tobit,
    two_part,
    unit_intercepts,
    wave_means,
)


def long_frame(waves=(0, 6, 12), n=40, seed=5):
    rng = np.random.default_rng(seed)
    size = n * len(waves)
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), len(waves)),
            "wave": np.tile(waves, n),
            "score": rng.normal(0.6, 0.1, size),
            "arm": np.repeat(np.where(np.arange(n) % 2, "programme", "comparison"), len(waves)),
            "age": np.repeat(rng.integers(20, 60, n), len(waves)),
            "sex": np.repeat(np.where(np.arange(n) % 3, "f", "m"), len(waves)),
            "income": rng.normal(10, 2, size),
            "town": np.repeat(np.arange(n) % 8, len(waves)),
            "county": np.repeat(np.arange(n) % 3, len(waves)),
        }
    )


def panel_of(frame, **options):
    return HealthPanel.from_frame(
        frame, **{"person": "id", "wave": "wave", "outcome": "score", "arm": "arm"} | options
    )


@pytest.fixture
def panel():
    return panel_of(long_frame())


def test_arm_alone_under_person_effects_suggests_arm_post(panel):
    with pytest.raises(EstimationError, match="arm:post"):
        fixed_effects(panel, "arm", wave_effects=True)


def test_arm_alone_without_person_effects_is_a_term(panel):
    fit = fixed_effects(panel, "arm", person_effects=False)

    assert fit.tidy()["term"].tolist() == ["arm[programme]", "Intercept"]


def test_fixed_covariates_are_named_and_refused(panel):
    with pytest.raises(EstimationError, match=r"age, sex\[m\] does not vary within persons"):
        fixed_effects(panel, "arm:C(wave) + age + C(sex)", wave_effects=True)


def test_covariates_that_only_follow_the_wave_are_named_and_refused():
    frame = long_frame().assign(year=lambda rows: rows["wave"] // 6)

    with pytest.raises(EstimationError, match="year does not vary within waves"):
        fixed_effects(panel_of(frame), "year + income", wave_effects=True)


def test_a_term_made_up_of_others_is_named():
    frame = long_frame().assign(double=lambda rows: 2 * rows["income"] + rows["wave"])

    with pytest.raises(EstimationError, match="double is made up of"):
        fixed_effects(panel_of(frame), "income + double", wave_effects=True)


def test_a_constant_outcome_is_refused_by_name():
    with pytest.raises(EstimationError, match="^score: constant in 120 rows"):
        fixed_effects(panel_of(long_frame().assign(score=0.7)), "arm:C(wave)", wave_effects=True)


@pytest.mark.parametrize("formula", ["arm:C(wave)", "arm:post", "income"])
def test_one_wave_is_refused(formula):
    with pytest.raises(EstimationError, match=r"^wave: (one wave only|no person has)"):
        fixed_effects(panel_of(long_frame(waves=(0,))), formula, wave_effects=True)


def test_one_arm_and_no_arm_are_refused():
    one = long_frame().assign(arm="programme")
    none = long_frame().drop(columns="arm")

    with pytest.raises(EstimationError, match="arm: one level"):
        fixed_effects(panel_of(one), "arm:post", wave_effects=True)
    with pytest.raises(EstimationError, match="arm: the panel names no arm"):
        fixed_effects(panel_of(none, arm=None), "arm:post", wave_effects=True)
    with pytest.raises(EstimationError, match="arm: one level"):
        ancova(panel_of(one))


def test_three_arms_make_two_terms_a_wave_and_are_refused_by_ancova():
    frame = long_frame()
    frame.loc[frame["id"] % 4 == 1, "arm"] = "other"
    panel = panel_of(frame)

    fit = fixed_effects(panel, "arm:C(wave)", wave_effects=True).tidy()

    assert fit["term"].tolist() == [
        "arm[other]:wave[6]", "arm[programme]:wave[6]",
        "arm[other]:wave[12]", "arm[programme]:wave[12]",
    ]  # fmt: skip
    with pytest.raises(EstimationError, match="arm: 3 levels"):
        ancova(panel)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("arm*C(wave)", "instead of arm"),
        ("arm:C(wave) + ", "an empty term"),
        ("arm:C(wave) + nothing", "'nothing' cannot be built"),
        ("other ~ arm:C(wave)", "the outcome of this panel is score"),
        ("income + income", "income is there twice"),
    ],
)
def test_formulas_that_cannot_be_read_say_why(panel, formula, message):
    with pytest.raises(EstimationError, match=message):
        fixed_effects(panel, formula, wave_effects=True)


def test_an_outcome_on_the_left_and_the_order_within_a_term_make_no_difference(panel):
    plain = fixed_effects(panel, "arm:C(wave)", wave_effects=True).tidy()

    pd.testing.assert_frame_equal(
        plain, fixed_effects(panel, "score ~ C(wave):arm", wave_effects=True).tidy()
    )


def test_the_first_wave_is_the_reference_without_a_wave_zero_and_else_wave_zero_is():
    later = fixed_effects(panel_of(long_frame((6, 12))), "arm:C(wave)", wave_effects=True)
    earlier = fixed_effects(panel_of(long_frame((-6, 0, 6))), "arm:C(wave)", wave_effects=True)

    assert later.tidy()["term"].tolist() == ["arm[programme]:wave[12]"]
    assert earlier.tidy()["term"].tolist() == ["arm[programme]:wave[-6]", "arm[programme]:wave[6]"]


def test_a_column_post_of_the_panel_is_used_as_it_is():
    frame = long_frame().assign(post=lambda rows: (rows["wave"] == 12).astype(float))

    fit = fixed_effects(panel_of(frame), "arm:post", wave_effects=True)

    only_last = frame.assign(late=frame["post"] * (frame["arm"] == "programme"))
    expected = fixed_effects(panel_of(only_last), "late", wave_effects=True)
    assert fit.tidy()["term"].tolist() == ["arm[programme]:post"]
    assert fit.tidy()["estimate"][0] == pytest.approx(expected.tidy()["estimate"][0])


def test_arm_terms_without_wave_effects_warn_and_with_them_do_not(panel):
    with pytest.warns(AssumptionWarning, match="wave_effects=True"):
        fixed_effects(panel, "arm:C(wave)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fixed_effects(panel, "arm:C(wave)", wave_effects=True)
        fixed_effects(panel, "arm:post + post")


def test_one_cluster_is_refused_and_few_clusters_fall_back_on_persons():
    frame = long_frame().assign(nation="SE")
    by_person = fixed_effects(panel_of(frame), "arm:post", wave_effects=True).tidy()

    with pytest.raises(EstimationError, match="nation: 1 cluster"):
        fixed_effects(panel_of(frame), "arm:post", wave_effects=True, cluster="nation")
    with pytest.warns(SmallSampleWarning, match="county: 3 clusters"):
        few = fixed_effects(panel_of(frame), "arm:post", wave_effects=True, cluster="county")

    pd.testing.assert_frame_equal(few.tidy(), by_person)
    assert few.glance()["n_cluster"][0] == 40


def test_clusters_of_the_panel_are_used_by_all_three():
    panel = panel_of(long_frame(), cluster="town")

    assert ancova(panel).glance()[["vcov", "n_cluster", "df"]].iloc[0].tolist() == ["cluster", 8, 7]
    effects = fixed_effects(panel, "arm:post", wave_effects=True).glance().iloc[0]
    assert effects[["n_cluster", "df"]].tolist() == [8, 7]
    assert wave_means(panel).tidy()["std_error"].notna().all()


def test_few_clusters_of_the_panel_warn_in_ancova_and_one_is_refused():
    few = panel_of(long_frame(), cluster="county")
    one = panel_of(long_frame().assign(nation=1), cluster="nation")

    with pytest.warns(SmallSampleWarning, match="3 clusters"):
        fit = ancova(few)

    pd.testing.assert_frame_equal(fit.tidy(), ancova(panel_of(long_frame())).tidy())
    with pytest.raises(EstimationError, match="1 cluster"):
        ancova(one)


def test_unknown_arguments_are_parameter_errors(panel):
    with pytest.raises(ParameterError, match="cluster, unadjusted, CR2"):
        fixed_effects(panel, "arm:post", wave_effects=True, vcov="robust")
    with pytest.raises(ParameterError, match="no such column"):
        fixed_effects(panel, "arm:post", wave_effects=True, cluster="village")


def test_more_coefficients_than_rows_are_refused():
    with pytest.raises(EstimationError, match="leave nothing to judge"):
        fixed_effects(panel_of(long_frame((0, 6), n=2)), "arm:C(wave)", wave_effects=True)


def test_rows_with_a_missing_score_or_covariate_are_left_out():
    frame = long_frame()
    frame.loc[[0, 4], "score"] = np.nan
    frame.loc[10, "income"] = np.nan

    fit = fixed_effects(panel_of(frame), "arm:C(wave) + income", wave_effects=True)

    kept = frame.dropna()
    expected = fixed_effects(panel_of(kept), "arm:C(wave) + income", wave_effects=True)
    pd.testing.assert_frame_equal(fit.tidy(), expected.tidy())
    assert fit.glance()["n_row"][0] == 117


def test_support_is_the_smaller_arm_at_the_wave():
    frame = long_frame()
    frame = frame[~((frame["wave"] == 12) & (frame["arm"] == "programme") & (frame["id"] < 20))]
    panel = panel_of(frame)

    of_waves = fixed_effects(panel, "arm:C(wave)", wave_effects=True).support["n"]
    of_post = fixed_effects(panel, "arm:post + income", wave_effects=True).support["n"]

    assert of_waves.tolist() == [20, 10]
    assert of_post.tolist() == [20, 20]
    assert ancova(panel).support["n"].tolist() == [20, 10]
    assert wave_means(panel, by="arm").support["n"].tolist() == [20, 20, 10, 20, 20, 20]


def test_a_wave_that_one_arm_did_not_reach_is_missing_and_the_others_stay():
    frame = long_frame()
    frame = frame[~((frame["wave"] == 12) & (frame["arm"] == "programme"))]

    fit = ancova(panel_of(frame)).tidy().set_index("term")

    assert fit.loc["wave[12]"].isna().all()
    assert fit.loc["wave[6]"].notna().all()


@pytest.mark.parametrize("absent", ["programme", "comparison"])
def test_a_wave_without_one_arm_is_missing_under_fixed_effects_too(absent):
    frame = long_frame()
    frame = frame[~((frame["wave"] == 12) & (frame["arm"] == absent))]

    fit = fixed_effects(panel_of(frame), "arm:C(wave)", wave_effects=True).tidy()
    post = fixed_effects(panel_of(frame), "arm:post + income", wave_effects=True).tidy()

    two_waves = panel_of(frame[frame["wave"] < 12])
    expected = fixed_effects(two_waves, "arm:C(wave)", wave_effects=True).tidy()
    assert fit["estimate"][0] == pytest.approx(expected["estimate"][0])
    assert fit.drop(columns="term").iloc[1].isna().all()
    assert post["estimate"].isna().tolist() == [True, False]


def test_arms_that_never_meet_after_the_start_are_refused():
    frame = long_frame((0, 6))
    frame = frame[~((frame["wave"] == 6) & (frame["arm"] == "comparison"))]

    with pytest.raises(EstimationError, match="at no wave after the reference"):
        fixed_effects(panel_of(frame), "arm:C(wave)", wave_effects=True)


def test_ancova_needs_a_baseline_and_a_later_wave():
    with pytest.raises(EstimationError, match="no row at baseline"):
        ancova(panel_of(long_frame((6, 12))))
    with pytest.raises(EstimationError, match="no later wave"):
        ancova(panel_of(long_frame((0,))))
    with pytest.raises(EstimationError, match="missing for all 40 persons"):
        frame = long_frame()
        ancova(panel_of(frame.assign(score=frame["score"].where(frame["wave"] > 0))))


def test_ancova_says_when_a_covariate_is_unknown_or_there_are_too_many(panel):
    with pytest.raises(EstimationError, match="Check their names"):
        ancova(panel, covariates=["nothing"])
    with pytest.raises(EstimationError, match="at none of 2 waves"):
        ancova(panel, covariates=["C(id)"])


def test_another_baseline_can_be_named():
    fit = ancova(panel_of(long_frame((-6, 0, 6))), baseline=-6).tidy()

    assert fit["term"].tolist() == ["wave[0]", "wave[6]"]


def test_a_constant_covariate_changes_nothing(panel):
    frame = long_frame().assign(country=1.0)

    pd.testing.assert_frame_equal(
        ancova(panel_of(frame), covariates=["country"]).tidy(), ancova(panel).tidy()
    )


def test_results_say_what_they_are(panel):
    adjusted = ancova(panel, covariates=["age"]).glance().iloc[0]
    effects = fixed_effects(panel, "arm:C(wave)", wave_effects=True).glance().iloc[0]

    assert adjusted["label"] == effects["label"] == "description"
    assert "given the outcome at baseline" in adjusted["estimand"]
    assert "parallel trends" in effects["estimand"]
    assert adjusted["formula"] == "score ~ arm + baseline_score + age"
    assert effects["formula"] == "score ~ arm:C(wave) | person | wave"
    assert effects["interval"] == adjusted["interval"] == "t"


def test_wave_means_are_in_the_order_of_the_strata_and_count_the_persons(panel):
    result = wave_means(panel, by="arm")

    rows, glance = result.tidy(), result.glance().iloc[0]

    assert rows["stratum"].tolist() == ["programme"] * 3 + ["comparison"] * 3
    assert rows["wave"].tolist() == [0, 6, 12] * 2
    assert glance.tolist() == [40, 2, 3, 0.95, "score"]


def test_the_mean_of_one_person_has_no_error():
    rows = wave_means(panel_of(long_frame(n=1))).tidy()

    assert rows["estimate"].notna().all()
    assert rows[["std_error", "conf_low", "conf_high"]].isna().all(axis=None)


def test_a_panel_without_scores_has_no_means():
    with pytest.raises(EstimationError, match="missing in all 120 rows"):
        wave_means(panel_of(long_frame().assign(score=np.nan)))


ALL_ROWS = [pooled, random_effects, between_effects, mundlak, mixed_effects, gee]


@pytest.mark.parametrize("model", [*ALL_ROWS, first_difference])
def test_a_constant_outcome_is_refused_by_all(model):
    panel = panel_of(long_frame().assign(score=0.7))

    with pytest.raises(EstimationError, match="^score: constant in"):
        model(panel, "income")


@pytest.mark.parametrize("model", [random_effects, mundlak, mixed_effects, gee])
def test_one_wave_is_refused_where_persons_need_two(model):
    panel = panel_of(long_frame(waves=(0,)))

    with pytest.raises(EstimationError, match="^wave: no person has two of 40 rows"):
        model(panel, "income")


def test_one_wave_has_no_changes_but_means_and_all_rows():
    panel = panel_of(long_frame(waves=(0,)))

    with pytest.raises(EstimationError, match="^wave: no person has the outcome at two waves"):
        first_difference(panel, "income")
    columns = ["estimate", "std_error"]
    np.testing.assert_allclose(
        pooled(panel, "income").tidy()[columns], between_effects(panel, "income").tidy()[columns]
    )


def test_fixed_covariates_are_named_and_refused_in_changes(panel):
    with pytest.raises(EstimationError, match="^formula: age does not vary within persons"):
        first_difference(panel, "age + income")
    with pytest.raises(EstimationError, match="arm:post"):
        first_difference(panel, "arm + income")


def test_without_varying_terms_there_is_nothing_to_tell_persons_apart_by(panel):
    with pytest.raises(EstimationError, match="no term varies within persons"):
        mundlak_test(panel, "age")
    with pytest.raises(EstimationError, match="no term varies within persons"):
        hausman_test(panel, "age", robust=False)
    with pytest.raises(EstimationError, match="means of persons are made up of other terms"):
        mundlak(panel, "C(wave)")


@pytest.mark.parametrize("model", ALL_ROWS)
def test_made_up_terms_are_named_by_all(model):
    frame = long_frame().assign(double=lambda rows: 2 * rows["income"])

    with pytest.raises(EstimationError, match="double is made up of other terms"):
        model(panel_of(frame), "income + double")


@pytest.mark.parametrize("model", [random_effects, mixed_effects, gee, two_part])
def test_case_weights_are_refused_where_they_have_no_meaning(model):
    panel = panel_of(long_frame().assign(w=1.5), weight="w")

    with pytest.raises(EstimationError, match="^weight: "):
        model(panel, "income")


def test_weights_of_one_change_nothing():
    frame = long_frame().assign(w=1.0)
    columns = ["estimate", "std_error"]

    np.testing.assert_allclose(
        pooled(panel_of(frame, weight="w"), "income").tidy()[columns],
        pooled(panel_of(frame), "income").tidy()[columns],
    )
    np.testing.assert_allclose(
        first_difference(panel_of(frame, weight="w"), "income").tidy()[columns],
        first_difference(panel_of(frame), "income").tidy()[columns],
    )
    np.testing.assert_allclose(
        between_effects(panel_of(frame, weight="w"), "income").tidy()[columns],
        between_effects(panel_of(frame), "income").tidy()[columns],
    )


def test_rows_of_weight_zero_are_left_out():
    frame = long_frame().assign(w=lambda rows: (rows["id"] < 30).astype(float))

    fit = fixed_effects(panel_of(frame, weight="w"), "income", wave_effects=True)

    kept = fixed_effects(panel_of(frame[frame["id"] < 30]), "income", wave_effects=True)
    np.testing.assert_allclose(fit.tidy()["estimate"], kept.tidy()["estimate"])
    assert fit.glance()["n_row"][0] == 90


def test_persons_who_move_are_refused_for_cr2_and_as_units():
    frame = long_frame().assign(place=lambda rows: (rows["id"] + rows["wave"] // 6) % 8)
    panel = panel_of(frame)

    with pytest.raises(EstimationError, match="persons lie in several clusters"):
        fixed_effects(panel, "income", vcov="CR2", cluster="place")
    with pytest.raises(EstimationError, match="place: persons lie in several units"):
        unit_intercepts(panel, "income", unit="place")
    assert pooled(panel, "income", vcov="CR2", cluster="place").glance()["vcov"][0] == "CR2"


def test_two_way_errors_need_a_cluster_beside_the_person(panel):
    with pytest.raises(ParameterError, match="two_way needs a cluster beside the person"):
        fixed_effects(panel, "income", vcov="two_way")
    with pytest.warns(SmallSampleWarning, match="county: 3 clusters"):
        few = fixed_effects(panel, "income", vcov="two_way", cluster="county")
    assert few.glance()["vcov"][0] == "cluster"
    assert few.glance()["n_cluster"][0] == 40


def test_each_rule_for_errors_says_its_degrees_of_freedom(panel):
    found = {
        vcov: fixed_effects(panel, "income", vcov=vcov, cluster="town").glance().iloc[0]
        for vcov in ("cluster", "CR2", "CR3", "driscoll_kraay")
    }

    assert found["cluster"]["df"] == found["CR3"]["df"] == 7
    assert 1 < found["CR2"]["df"] < 7
    assert found["driscoll_kraay"]["df"] == 2
    assert np.isnan(found["driscoll_kraay"]["n_cluster"])


def test_one_person_in_each_cluster_is_by_person():
    panel = panel_of(long_frame().assign(own=lambda rows: rows["id"] + 100))

    by_cluster = fixed_effects(panel, "income", cluster="own")

    pd.testing.assert_frame_equal(by_cluster.tidy(), fixed_effects(panel, "income").tidy())


def test_the_arm_alone_counts_the_smaller_arm(panel):
    assert pooled(panel, "arm + income").support["n"].tolist() == [20, 20, 20]
    assert pooled(panel, "income").support["n"].tolist() == [40, 40]
    assert mixed_effects(panel, "arm").support["n"].tolist() == [20] * 4
    assert hausman_test(panel, "income + arm").support["n"].tolist() == [20]


def test_changes_rest_on_the_persons_who_have_any():
    frame = long_frame()
    frame = frame[(frame["id"] >= 10) | (frame["wave"] == 0)]

    fit = first_difference(panel_of(frame), "income").glance().iloc[0]

    assert fit[["n_person", "n_row", "n_singleton"]].tolist() == [30, 60, 10]


def test_changes_over_gaps_can_be_left_out():
    frame = long_frame()
    frame = frame[(frame["id"] >= 10) | (frame["wave"] != 6)]

    with_gaps = first_difference(panel_of(frame), "income").glance().iloc[0]
    without = first_difference(panel_of(frame), "income", over_gaps=False).glance().iloc[0]

    assert [with_gaps["n_row"], without["n_row"]] == [70, 60]
    assert [with_gaps["n_cluster"], without["n_cluster"]] == [40, 30]


def test_a_slope_and_a_unit_need_enough_and_not_both(panel):
    with pytest.raises(ParameterError, match="not together with a unit"):
        mixed_effects(panel, "income", slope=True, unit="town")
    with pytest.raises(ParameterError, match="unit: no such column: 'village'"):
        unit_intercepts(panel, "income", unit="village")
    with pytest.raises(EstimationError, match="more than two rows a person"):
        mixed_effects(panel_of(long_frame(waves=(0, 6))), "income", slope=True)
    with pytest.raises(EstimationError, match="nation: 2 units, a variance between them needs 3"):
        frame = long_frame().assign(nation=lambda rows: rows["id"] % 2)
        unit_intercepts(panel_of(frame), "income", unit="nation")


def test_units_that_do_not_differ_have_no_variance_between_them(panel):
    with pytest.warns(AssumptionWarning, match="town: the deviation .* is estimated as 0"):
        result = unit_intercepts(panel, "income", unit="town")
    with pytest.warns(AssumptionWarning, match="town: the deviation .* is estimated as 0"):
        mixed_effects(panel, "income", unit="town")

    assert result.summary["sd_unit"] == 0
    assert (result.tidy()["estimate"] == 0).all()
    assert result.tidy()[["std_error", "conf_low", "conf_high"]].isna().all(axis=None)
    assert result.tidy()["n"].tolist() == [5] * 8


def test_a_formula_that_cannot_be_read_says_what_to_write(panel):
    with pytest.raises(
        EstimationError, match=r"arm\*C\(wave\) write arm \+ C\(wave\) \+ arm:C\(wave\)$"
    ):
        mixed_effects(panel, "arm*C(wave)")
    with pytest.raises(
        EstimationError, match="'incom' cannot be built .* are id, wave, score, arm"
    ):
        pooled(panel, "incom")


@pytest.mark.parametrize("model", [fixed_effects, pooled, mixed_effects, first_difference])
def test_a_frame_is_no_panel(model):
    with pytest.raises(ParameterError, match=r"needed, got DataFrame: .* HealthPanel\.from_frame"):
        model(long_frame(), "income")


def test_scores_that_are_all_persons_have_no_mixed_model():
    frame = long_frame().assign(score=lambda rows: rows["id"] / 40)

    with pytest.raises(EstimationError, match="hardly any variance is left within persons"):
        mixed_effects(panel_of(frame), "income")


def test_a_ceiling_is_checked(panel):
    capped = panel_of(long_frame().assign(score=lambda rows: rows["score"].clip(upper=0.7)))

    with pytest.raises(ParameterError, match="needs a limit"):
        tobit(capped, "income", upper=None)
    with pytest.raises(ParameterError, match="not above lower"):
        tobit(capped, "income", upper=0.5, lower=0.6)
    with pytest.raises(EstimationError, match="score: .* of 120 answers beyond the limit"):
        tobit(capped, "income", upper=0.6)
    with pytest.raises(EstimationError, match="none of 120 answers at the limit"):
        tobit(capped, "income", upper=1.0)
    with pytest.raises(EstimationError, match="0 of 120 answers at the ceiling"):
        two_part(capped, "income", ceiling=1.0)
    with pytest.raises(EstimationError, match="answers above the ceiling"):
        two_part(capped, "income", ceiling=0.6)
    assert tobit(capped, "income", upper=0.7).tidy()["std_error"][:2].gt(0).all()


def test_a_term_that_tells_who_is_at_the_ceiling_is_refused():
    frame = long_frame().assign(score=lambda rows: rows["score"].clip(upper=0.7))
    frame["at"] = (frame["score"] == 0.7).astype(float)

    with pytest.raises(EstimationError, match="with certainty"):
        two_part(panel_of(frame), "at", ceiling=0.7)
    with pytest.raises(EstimationError, match="with certainty"):
        tobit(panel_of(frame), "at", upper=0.7)


def test_hardly_any_answers_between_the_limits_are_refused():
    frame = long_frame().assign(score=1.0)
    frame.loc[[0, 1], "score"] = [0.5, 0.6]

    with pytest.raises(EstimationError, match="2 of 120 answers between the limits are too few"):
        tobit(panel_of(frame), "income")


def test_parts_rest_on_the_fewer_persons_at_the_ceiling_or_below():
    frame = long_frame().assign(score=lambda rows: rows["score"].clip(upper=0.75))
    at_ceiling = frame[frame["score"] == 0.75]["id"].nunique()

    fit = two_part(panel_of(frame), "income", ceiling=0.75)

    assert fit.tidy()["term"].tolist()[-1] == "mean[income]"
    assert fit.support["n"].tolist() == [at_ceiling, at_ceiling, 40, 40, at_ceiling]


def test_a_wrong_working_correlation_is_a_parameter_error(panel):
    with pytest.raises(ParameterError, match="exchangeable, independence"):
        gee(panel, "income", working="unstructured")


def test_a_correlation_that_does_not_settle_is_no_result(panel, monkeypatch):
    monkeypatch.setattr(import_module("evalkit.panel.gee"), "MOST_ROUNDS", 1)

    with pytest.raises(EstimationError, match="did not settle within 1 rounds"):
        gee(panel, "income")


def test_answers_that_are_opposite_have_no_common_correlation():
    frame = long_frame(waves=(0, 6))
    frame["score"] = np.where(frame["wave"] == 0, 1.0, -1.0) * np.repeat(np.arange(40) % 7 - 3, 2)
    frame["score"] += np.random.default_rng(1).normal(0, 1e-9, len(frame))

    with pytest.raises(EstimationError, match="no common correlation"):
        gee(panel_of(frame), "income")


def test_too_few_persons_for_a_variance_between_them():
    with pytest.raises(EstimationError, match="too few"):
        random_effects(panel_of(long_frame((0, 6, 12, 18), n=3)), "age + income + C(sex)")


def test_the_classic_test_says_when_it_has_no_answer_and_takes_no_clusters(panel):
    with pytest.raises(ParameterError, match="the classic test has none"):
        hausman_test(panel, "income", robust=False, cluster="town")
    assert hausman_test(panel, "income", robust=False).tidy()["p_value"].between(0, 1).all()


def test_models_of_all_rows_say_what_they_are(panel):
    glances = {
        model.__name__: model(panel, "income").glance().iloc[0]
        for model in [*ALL_ROWS, first_difference]
    }

    assert {row["label"] for row in glances.values()} == {"description"}
    assert len({row["estimand"] for row in glances.values()}) == 7
    assert glances["mixed_effects"][["interval", "vcov"]].tolist() == ["z", "REML"]
    assert mixed_effects(panel, "income", slope=True).summary["formula"] == (
        "score ~ income + (1 + wave | person)"
    )


def test_waves_inside_clusters_count_once():
    """Two clusters a wave, so that waves lie in clusters only if clusters are as coarse."""
    frame = long_frame(waves=(0, 6, 12, 18, 24, 30, 36), n=30)
    panel = panel_of(frame.assign(period=frame["wave"]))

    fit = fixed_effects(
        panel, "income", person_effects=False, wave_effects=True, cluster="period"
    ).tidy()

    n, k, waves = len(frame), 1, 7
    within = frame[["score", "income"]] - frame.groupby("wave")[["score", "income"]].transform(
        "mean"
    )
    slope = (within["score"] @ within["income"]) / (within["income"] @ within["income"])
    scores = (within["income"] * (within["score"] - slope * within["income"])).groupby(
        frame["wave"]
    )
    meat = (scores.sum() ** 2).sum() / (within["income"] @ within["income"]) ** 2
    factor = waves / (waves - 1) * (n - 1) / (n - k - 1)
    assert fit["std_error"][0] == pytest.approx(np.sqrt(factor * meat), rel=1e-10)


def test_a_wave_of_a_single_row_is_dropped_beside_wave_effects():
    frame = long_frame()
    frame = frame[(frame["wave"] < 12) | (frame["id"] == 7)]

    fit = fixed_effects(panel_of(frame), "income", person_effects=False, wave_effects=True)

    assert fit.glance()[["n_row", "n_singleton"]].iloc[0].tolist() == [80, 1]


def test_missing_clusters_and_arms_are_counted():
    frame = long_frame()
    frame["town"] = frame["town"].astype(float)
    frame.loc[[1, 2], "town"] = np.nan
    no_arm = long_frame()
    no_arm["arm"] = no_arm["arm"].astype(object)
    no_arm.loc[[5, 8, 9], "arm"] = None

    with pytest.raises(EstimationError, match="town: missing in 2 of 120 rows"):
        pooled(panel_of(frame), "income", cluster="town")
    with pytest.raises(EstimationError, match="arm: missing in 3 of 120 rows"):
        pooled(panel_of(no_arm), "arm + income")


@pytest.mark.parametrize("model", [pooled, mixed_effects, tobit])
def test_no_complete_row_is_refused(model):
    panel = panel_of(long_frame().assign(income=np.nan))

    with pytest.raises(EstimationError, match="none of 120 rows has the outcome, all terms"):
        model(panel, "income")


def test_no_rows_are_refused():
    with pytest.raises(EstimationError, match="the panel has no rows"):
        pooled(panel_of(long_frame().head(0)), "income")


def test_arm_terms_over_all_rows_warn_without_waves_and_with_them_do_not(panel):
    with pytest.warns(AssumptionWarning, match="taken never to change"):
        pooled(panel, "arm + arm:C(wave)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = pooled(panel, "arm + age:post + post + arm:post").tidy()
    assert fit["term"].tolist() == [
        "arm[programme]", "age:post", "post", "arm[programme]:post", "Intercept",
    ]  # fmt: skip


def test_a_term_that_is_always_zero_is_named(panel):
    frame = long_frame().assign(never=0.0)

    with pytest.raises(EstimationError, match="never is 0 in all 120 rows"):
        pooled(panel_of(frame), "income + never")


def test_made_up_terms_are_named_by_both_parts():
    frame = long_frame().assign(score=lambda rows: rows["score"].clip(upper=0.7))
    frame["double"] = 2 * frame["income"]

    with pytest.raises(EstimationError, match="double is made up of other terms in 120 rows"):
        two_part(panel_of(frame), "income + double", ceiling=0.7)


def test_the_classic_statistic_can_fail_to_exist():
    """Levels are all of the term's mean, which random effects leave in their residual."""
    frame = long_frame().assign(square=lambda rows: rows["income"] ** 2)
    frame["score"] += 2 * frame.groupby("id")["income"].transform("mean")

    with pytest.raises(EstimationError, match="the classic statistic is not positive for 2 terms"):
        hausman_test(panel_of(frame), "income + square", robust=False)


def test_weights_go_with_independent_answers():
    frame = long_frame().assign(w=lambda rows: 1 + rows["id"] % 3)
    panel = panel_of(frame, weight="w")

    np.testing.assert_allclose(
        gee(panel, "income", working="independence").tidy()["std_error"],
        pooled(panel, "income").tidy()["std_error"],
    )


def test_a_wave_without_one_arm_is_missing_in_models_of_all_rows():
    frame = long_frame().assign(score=lambda rows: rows["score"].clip(upper=0.7))
    frame = frame[~((frame["wave"] == 12) & (frame["arm"] == "comparison"))]

    fit = tobit(panel_of(frame), "arm + C(wave) + arm:C(wave)", upper=0.7).tidy()

    is_missing = fit.set_index("term")["estimate"].isna()
    assert is_missing[is_missing].index.tolist() == ["arm[programme]:wave[12]"]


@pytest.mark.parametrize("inverse_deviation", [0.001, 1.0, 1_000.0])
def test_tobit_ends_at_the_maximum_from_wherever_it_starts(inverse_deviation):
    maximum = import_module("evalkit.panel.tobit")._maximum
    rng = np.random.default_rng(5)
    x = np.column_stack([rng.normal(size=60), np.ones(60)])
    y = np.minimum(x @ [0.5, -0.3] + rng.normal(size=60), 0.0)
    side = (y == 0).astype(int)

    ends = [
        maximum(np.array(start), x, y, side, None)
        for start in ([0.5, -0.3, 1.0], [0.0, 0.0, inverse_deviation], [9.0, 9.0, 0.1])
    ]

    np.testing.assert_allclose(ends[1], ends[0], rtol=1e-9)
    np.testing.assert_allclose(ends[2], ends[0], rtol=1e-9)


def test_a_tobit_that_does_not_settle_is_no_result(monkeypatch):
    monkeypatch.setattr(import_module("evalkit.panel.tobit"), "MOST_STEPS", 1)
    frame = long_frame().assign(score=lambda rows: rows["score"].clip(upper=0.7))

    with pytest.raises(EstimationError, match="the likelihood has no maximum"):
        tobit(panel_of(frame), "income", upper=0.7)
