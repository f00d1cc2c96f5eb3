import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError, SmallSampleWarning
from evalkit.survival import cox, kaplan_meier
from evalkit.survival.design_matrix import design_matrix


def people(n=200, n_cluster=10):
    rng = np.random.default_rng(11)
    arm = rng.choice(["programme", "comparison"], n)
    months = np.ceil(rng.exponential(np.where(arm == "programme", 8, 12)))
    return pd.DataFrame(
        {
            "months": np.minimum(months, 24),
            "exited": months <= 24,
            "arm": arm,
            "age": rng.integers(18, 64, n),
            "education": rng.choice(["long", "middle", "short"], n),
            "place": np.arange(n) % n_cluster,
            "weight": rng.uniform(0.5, 2.0, n),
        }
    )


def sample_of(frame, **columns):
    return TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm", **columns)


def test_terms_bear_the_bare_level():
    fit = cox(sample_of(people()), "arm + age + education")

    assert fit.tidy()["term"].tolist() == [
        "arm[programme]", "age", "education[middle]", "education[short]",
    ]  # fmt: skip


def test_the_reference_arm_is_the_comparison_whatever_the_order_of_the_levels():
    frame = people()
    ordered = frame.assign(arm=pd.Categorical(frame["arm"], ["programme", "comparison"]))

    fit = cox(sample_of(ordered), "arm + arm:age").tidy()

    pd.testing.assert_frame_equal(fit, cox(sample_of(frame), "arm + arm:age").tidy())
    assert fit["term"][0] == "arm[programme]"


def test_ratios_are_exponentiated_and_above_one_for_faster_exits():
    fit = cox(sample_of(people()), "arm")

    ratio, row = fit.ratios().iloc[0], fit.tidy().iloc[0]
    assert ratio["estimate"] == pytest.approx(np.exp(row["estimate"]))
    assert ratio["estimate"] > 1.0
    assert "std_error" not in ratio


def test_swapping_zero_and_one_inverts_the_hazard_ratio():
    frame = people().assign(x=lambda rows: (rows["arm"] == "programme").astype(int))
    swapped = frame.assign(x=1 - frame["x"])

    one, two = (cox(sample_of(data), "x + age").tidy() for data in (frame, swapped))

    assert one["estimate"][0] == pytest.approx(-two["estimate"][0], rel=1e-10)
    assert one["std_error"][0] == pytest.approx(two["std_error"][0], rel=1e-10)


def test_the_scale_of_a_covariate_does_not_matter():
    frame = people()
    large = frame.assign(age=1e6 + frame["age"] * 1e-3)

    one, two = (cox(sample_of(data), "age").tidy() for data in (frame, large))

    assert two["estimate"][0] == pytest.approx(1e3 * one["estimate"][0], rel=1e-5)


def test_a_term_that_is_a_combination_of_others_is_named():
    frame = people().assign(months_old=lambda rows: 12 * rows["age"] + 3)

    with pytest.raises(EstimationError, match="^months_old: does not vary among those at risk, or"):
        cox(sample_of(frame), "arm + age + months_old")


def test_a_term_that_is_constant_within_strata_is_named():
    frame = people().assign(side=lambda rows: (rows["place"] > 4).astype(int))

    with pytest.raises(EstimationError, match="^side: does not vary among those at risk"):
        cox(sample_of(frame), "arm + side", strata="place")


def test_a_term_that_does_not_vary_is_named():
    with pytest.raises(EstimationError, match="^one: does not vary in the sample"):
        cox(sample_of(people().assign(one=1)), "arm + one")


def test_a_level_without_any_exit_is_named_as_separation():
    frame = people()
    frame = frame.assign(exited=frame["exited"] & (frame["arm"] == "comparison"))

    with pytest.raises(EstimationError, match=r"^arm\[programme\]: no finite hazard ratio"):
        cox(sample_of(frame), "arm + age")


def test_a_number_that_orders_all_exits_is_named_as_separation():
    frame = people().sort_values("months").assign(order=lambda rows: np.arange(len(rows), 0, -1.0))
    frame = frame.assign(months=np.arange(1, len(frame) + 1), exited=True)

    with pytest.raises(EstimationError, match="order"):
        cox(sample_of(frame), "order")


def test_a_large_but_finite_hazard_ratio_is_not_taken_for_separation():
    rng = np.random.default_rng(4)
    x = np.repeat([0, 1], 400)
    months = rng.exponential(np.where(x == 1, 1.0, 300.0))
    frame = pd.DataFrame({"months": months, "exited": True, "arm": "none", "x": x})

    fit = cox(sample_of(frame), "x").tidy()

    assert abs(fit["estimate"][0] - np.log(300)) < 4 * fit["std_error"][0]


def test_no_events_is_an_error():
    with pytest.raises(EstimationError, match="no events among 200 rows"):
        cox(sample_of(people().assign(exited=False)), "arm")


def test_missing_covariates_are_an_error_with_their_number():
    frame = people()
    frame.loc[[3, 7], "education"] = None

    with pytest.raises(EstimationError, match="education: 2 of 200 rows missing"):
        cox(sample_of(frame), "arm + education")


@pytest.mark.parametrize("formula", ["arm + height", "arm +", "arm ~ age ~ 3"])
def test_a_formula_that_cannot_be_built_is_an_error_with_the_columns(formula):
    with pytest.raises(EstimationError, match="cannot be built from this sample.*education"):
        cox(sample_of(people()), formula)


def test_a_formula_without_terms_is_an_error():
    with pytest.raises(EstimationError, match="no terms to estimate"):
        cox(sample_of(people()), "1")


@pytest.mark.parametrize(
    ("name", "value"), [("ties", "exact"), ("vcov", "hc3"), ("interval", "bootstrap")]
)
def test_options_outside_the_list_are_refused_with_the_list(name, value):
    with pytest.raises(ParameterError, match=f"{name} '{value}': must be one of"):
        cox(sample_of(people()), "arm", **{name: value})


@pytest.mark.parametrize(
    ("columns", "expected"),
    [({}, "model"), ({"weight": "weight"}, "robust"), ({"cluster": "place"}, "robust")],
)
def test_errors_are_robust_by_default_with_weights_or_a_cluster(columns, expected):
    glance = cox(sample_of(people(), **columns), "arm").glance()

    assert glance["vcov"][0] == expected


def test_clustered_intervals_use_t_and_z_on_request():
    sample = sample_of(people(), cluster="place")

    by_t, by_z = cox(sample, "arm"), cox(sample, "arm", interval="z")

    row, glance = by_t.tidy().iloc[0], by_t.glance().iloc[0]
    width = stats.t.ppf(0.975, 9) * row["std_error"]
    assert row["conf_high"] - row["estimate"] == pytest.approx(width)
    assert glance[["n_cluster", "df", "interval"]].tolist() == [10, 9, "t"]
    assert by_z.tidy()["conf_high"][0] < row["conf_high"]


def test_t_intervals_without_clusters_are_refused():
    with pytest.raises(ParameterError, match="interval 't': needs clustered errors"):
        cox(sample_of(people()), "arm", interval="t")


def test_few_clusters_give_errors_for_persons_and_a_warning():
    frame = people(n_cluster=4)

    with pytest.warns(SmallSampleWarning, match="cluster: 4 clusters"):
        fit = cox(sample_of(frame, cluster="place"), "arm")

    persons = cox(sample_of(frame), "arm", vcov="robust")
    pd.testing.assert_frame_equal(fit.tidy(), persons.tidy())


def test_one_cluster_is_an_error():
    with pytest.raises(EstimationError, match="cluster: a group has rows of one cluster only"):
        cox(sample_of(people(n_cluster=1), cluster="place"), "arm")


def test_persons_behind_a_level_are_the_smaller_group():
    frame = people()

    fit = cox(sample_of(frame), "arm + age")

    assert fit.support["n"].tolist() == [frame["arm"].value_counts().min(), 200]


def test_persons_with_several_rows_count_once():
    frame = pd.DataFrame({"x": [0, 0, 1, 1], "y": [1.0, 2.0, 3.0, 4.0]})

    design = design_matrix("x + y", frame, person=np.array([0, 0, 1, 2]))

    assert design.n.tolist() == [1, 3]


def test_case_weights_of_one_change_nothing_but_the_errors():
    frame = people().assign(weight=1.0)

    weighted = cox(sample_of(frame, weight="weight"), "arm + age", vcov="model")

    pd.testing.assert_frame_equal(weighted.tidy(), cox(sample_of(frame), "arm + age").tidy())


def test_a_missing_arm_matters_only_where_the_model_has_it():
    frame = people()
    gaps = frame.assign(arm=frame["arm"].where(frame.index > 2))

    pd.testing.assert_frame_equal(
        cox(sample_of(gaps), "age").tidy(), cox(sample_of(frame), "age").tidy()
    )
    with pytest.raises(EstimationError, match="arm: 3 of 200 rows missing"):
        cox(sample_of(gaps), "arm + age")


def test_what_is_no_sample_is_refused_by_its_type():
    message = r"TimeToEvent is needed, got DataFrame: build it with TimeToEvent\.from_frame"
    with pytest.raises(ParameterError, match=message):
        cox(people(), "age")
    with pytest.raises(ParameterError, match=message):
        kaplan_meier(people())
