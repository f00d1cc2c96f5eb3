import warnings

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import AssumptionWarning, EstimationError, ParameterError, SmallSampleWarning
from evalkit.release import release
from evalkit.survival import standardised_curve, standardised_incidence

RNG = np.random.default_rng(11)
N = 240
FRAME = pd.DataFrame(
    {
        "months": RNG.integers(1, 20, N),
        "exit": RNG.choice(["work", "died", "none"], N, p=[0.5, 0.2, 0.3]),
        "arm": RNG.choice(["programme", "comparison"], N),
        "age": RNG.uniform(20, 60, N),
        "sex": RNG.choice(["female", "male"], N),
        "place": RNG.integers(0, 12, N),
        "weight": RNG.uniform(0.5, 2.0, N),
    }
)
OPTIONS = {"cause": "work", "horizon": 12}


def sample_of(frame=FRAME, **columns):
    return TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", causes=("work", "died"),
        arm="arm", **columns,
    )  # fmt: skip


def test_arms_then_difference_then_ratio_with_persons_behind_them():
    result = standardised_incidence(sample_of(), "arm + age + sex", **OPTIONS)

    rows = result.tidy()
    assert rows["scale"].tolist() == ["arm", "arm", "difference", "ratio"]
    assert rows["estimate"][2] == pytest.approx(rows["estimate"][0] - rows["estimate"][1])
    assert result.glance()["label"][0] == "adjusted"
    assert result.support["n"][:2].tolist() == [
        int((FRAME["arm"] == name).sum()) for name in ("programme", "comparison")
    ]


def test_incidences_of_all_causes_and_staying_add_up_to_one():
    works, dies = (
        standardised_incidence(sample_of(), "arm + age", cause=cause, horizon=12, strata="sex")
        for cause in ("work", "died")
    )
    any_exit = FRAME.assign(exit=FRAME["exit"].replace("died", "work"))
    both = works.tidy()["estimate"][:2] + dies.tidy()["estimate"][:2]
    hazards_add = standardised_incidence(sample_of(any_exit), "arm + age", strata="sex", **OPTIONS)

    assert (both < 1).all()
    # One model for any exit is another model: near, not equal.
    np.testing.assert_allclose(both, hazards_add.tidy()["estimate"][:2], atol=0.02)


def test_months_are_the_area_under_the_curve():
    sample = sample_of()

    months = standardised_incidence(sample, "arm + age", **OPTIONS, quantity="time_lost").tidy()

    curve = standardised_curve(sample, "arm + age", cause="work", times=range(1, 12)).tidy()
    area = curve.groupby("stratum", sort=False)["estimate"].sum()
    np.testing.assert_allclose(months["estimate"][:2], area.loc[months["term"][:2]], rtol=1e-12)


def test_weights_of_one_change_nothing_and_their_unit_neither():
    plain = standardised_incidence(sample_of(), "arm + age", **OPTIONS).tidy()
    ones = sample_of(FRAME.assign(weight=1.0), weight="weight")
    weighted = standardised_incidence(sample_of(weight="weight"), "arm + age", **OPTIONS).tidy()
    doubled = sample_of(FRAME.assign(weight=2 * FRAME["weight"]), weight="weight")

    columns = ["estimate", "std_error"]
    again = standardised_incidence(ones, "arm + age", **OPTIONS).tidy()
    np.testing.assert_allclose(again[columns], plain[columns], rtol=1e-10)
    again = standardised_incidence(doubled, "arm + age", **OPTIONS).tidy()
    np.testing.assert_allclose(again[columns], weighted[columns], rtol=1e-8)
    assert abs(weighted["estimate"][0] - plain["estimate"][0]) > 1e-4


def test_rows_of_weight_zero_are_left_out():
    more = pd.concat([FRAME, FRAME.assign(weight=0.0)], ignore_index=True)

    found = standardised_incidence(sample_of(more, weight="weight"), "arm + age", **OPTIONS)

    expected = standardised_incidence(sample_of(weight="weight"), "arm + age", **OPTIONS)
    columns = ["estimate", "std_error"]
    np.testing.assert_allclose(found.tidy()[columns], expected.tidy()[columns], rtol=1e-10)


def test_a_formula_for_each_cause():
    formulas = {"work": "arm + age", "died": "age"}

    found = standardised_incidence(sample_of(), formulas, **OPTIONS).tidy()

    same = standardised_incidence(sample_of(), "arm + age", **OPTIONS).tidy()
    assert 0 < abs(found["estimate"][0] - same["estimate"][0]) < 0.05


def test_the_bootstrap_repeats_with_its_seed_and_is_near_the_influence():
    sample = sample_of(cluster="place")
    options = OPTIONS | {"strata": "arm"}

    first, again, other = (
        standardised_incidence(
            sample, "age", **options, error="bootstrap", n_draw=50, seed=seed
        ).tidy()
        for seed in (1, 1, 2)
    )

    pd.testing.assert_frame_equal(first, again)
    assert first["std_error"][0] != other["std_error"][0]
    influence = standardised_incidence(sample, "age", **options).tidy()
    np.testing.assert_allclose(first["std_error"], influence["std_error"], rtol=0.5)


@pytest.fixture(scope="module")
def drawn():
    """Bootstraps of one frame: of persons, with 4 clusters, and with 12; and what they warn of."""
    frame = FRAME.assign(site=np.random.default_rng(12).permutation(np.arange(N) % 4))
    options = OPTIONS | {"error": "bootstrap", "n_draw": 50, "seed": 1, "strata": "arm"}
    found = {}
    for column in (None, "site", "place"):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            result = standardised_incidence(sample_of(frame, cluster=column), "age", **options)
        found[column] = (result, [one.category for one in told])
    return found


def test_of_few_clusters_the_persons_are_drawn_and_that_is_said(drawn):
    (alone, _), (few, told) = drawn[None], drawn["site"]

    pd.testing.assert_frame_equal(few.tidy(), alone.tidy())
    assert told == [SmallSampleWarning]
    assert np.isinf(few.glance()["df"][0])


def test_of_many_clusters_the_clusters_are_drawn(drawn):
    (alone, _), (many, told) = drawn[None], drawn["place"]

    assert many.tidy()["std_error"][0] != alone.tidy()["std_error"][0]
    assert told == []
    assert many.glance()["df"][0] == 11


@pytest.mark.slow
def test_the_error_over_clusters_drawn_is_that_of_their_influence():
    rng, n_draw = np.random.default_rng(13), 400
    place = np.repeat(np.arange(30), 20)
    work = rng.exponential(1 / (0.06 * np.exp(rng.normal(0.0, 0.7, 30)[place])))
    died, end = rng.exponential(40.0, len(place)), rng.uniform(6.0, 24.0, len(place))
    first = np.minimum(work, died)
    frame = pd.DataFrame({
        "months": np.ceil(np.minimum(first, end)), "place": place,
        "exit": np.where(first > end, "none", np.where(work < died, "work", "died")),
        "arm": np.where(place % 2 == 0, "programme", "comparison"),
        "age": rng.uniform(20, 60, len(place)),
    })  # fmt: skip
    sample = sample_of(frame, cluster="place")

    drawn = standardised_incidence(
        sample, "arm + age", **OPTIONS, error="bootstrap", n_draw=n_draw, seed=1
    ).tidy()["std_error"]

    # A standard deviation of n draws that are normal has about this relative error.
    tolerance = 3.5 / np.sqrt(2 * (n_draw - 1))
    influence = standardised_incidence(sample, "arm + age", **OPTIONS).tidy()["std_error"]
    np.testing.assert_array_less(abs(drawn / influence - 1)[:3], tolerance)
    by_person = standardised_incidence(sample_of(frame), "arm + age", **OPTIONS).tidy()["std_error"]
    assert (abs(drawn / by_person - 1)[:3] > tolerance).all()


def test_draws_that_fail_are_told_or_refused():
    frame = FRAME[:60].assign(rare=np.r_[np.ones(3), np.zeros(57)])
    options = OPTIONS | {"error": "bootstrap", "n_draw": 50, "seed": 1}

    with pytest.raises(EstimationError, match=r"of 50 draws of the bootstrap have no estimate"):
        standardised_incidence(sample_of(frame), {"work": "arm + rare", "died": "age"}, **options)
    frame = frame.assign(rare=np.r_[np.ones(6), np.zeros(54)], exit=["work", "none"] * 30)
    with pytest.warns(AssumptionWarning, match="of 50 draws of the bootstrap have no estimate"):
        standardised_incidence(sample_of(frame), "arm + rare", **options | {"horizon": 6})


def test_an_arm_without_anybody_at_the_horizon_is_missing():
    short = FRAME[(FRAME["arm"] == "comparison") | (FRAME["months"] < 8)]

    found = standardised_incidence(sample_of(short), "arm + age", **OPTIONS).tidy()

    assert found["reason"][0] == "nobody under observation at the horizon"
    assert found["estimate"].isna().tolist() == [True, False, True, True]


def test_the_curve_ends_with_the_last_person_of_an_arm():
    short = FRAME[(FRAME["arm"] == "comparison") | (FRAME["months"] < 8)]

    curve = standardised_curve(sample_of(short), "arm", cause="work", times=[4, 8, 12]).tidy()

    assert curve[curve["stratum"] == "programme"]["time"].tolist() == [0.0, 4.0]
    assert curve[curve["stratum"] == "comparison"]["time"].tolist() == [0.0, 4.0, 8.0, 12.0]


def test_counts_of_the_curve_are_those_observed():
    curve = standardised_curve(sample_of(), "arm + age", cause="work", times=[6, 12]).tidy()

    arm = FRAME[FRAME["arm"] == "programme"]
    rows = curve[curve["stratum"] == "programme"]
    assert rows["n_at_risk"].tolist() == [len(arm), *[(arm["months"] >= t).sum() for t in (6, 12)]]
    works = arm[arm["exit"] == "work"]["months"]
    assert rows["n_event"].tolist() == [0, (works <= 6).sum(), works.between(7, 12).sum()]


def test_a_predicted_jump_above_one_leaves_nobody():
    frame = FRAME.assign(months=np.where(FRAME.index < 200, 1, FRAME["months"]), exit="work")

    found = standardised_incidence(sample_of(frame), "arm + age", **OPTIONS | {"horizon": 19})

    assert found.tidy()["estimate"][:2].between(0, 1 + 1e-12).all()
    assert np.isfinite(found.tidy()["std_error"][:2]).all()


@pytest.mark.parametrize(
    ("frame", "formula", "options", "message"),
    [
        (FRAME.assign(exit="none"), "arm", {}, "cause 'work': no events among 240 rows"),
        (FRAME[:1], "arm", {}, "arm: 1 arm, nothing to compare"),
        (FRAME[:0], "arm", {}, "the sample has no rows"),
        (FRAME.assign(same=FRAME["age"] * 2), "arm + age + same", {}, "cause 'work': same: does"),
        (FRAME.assign(weight=0.0), "arm", {}, "weight"),
        (FRAME, "arm + center(age * (arm == 'programme'))", {}, "depends on who is in which arm"),
        (
            FRAME[(FRAME["arm"] == "programme") | (FRAME["sex"] == "male")], "age",
            {"strata": ["arm", "sex"]}, "would, in another arm, be in a stratum without rows",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_standardised_is_named(frame, formula, options, message):
    with pytest.raises(EstimationError, match=message):
        standardised_incidence(sample_of(frame, weight="weight"), formula, **OPTIONS | options)


def test_perfect_separation_names_cause_and_term():
    frame = FRAME.assign(exit=np.where(FRAME["age"] > 40, "work", "none"))
    frame["old"] = (frame["age"] > 40).astype(float)

    with pytest.raises(EstimationError, match="cause 'work': old: no finite hazard ratio"):
        standardised_incidence(sample_of(frame), "arm + old", **OPTIONS)


def test_several_rows_of_a_person_are_refused():
    frame = FRAME.assign(id=np.arange(N) // 2)

    with pytest.raises(EstimationError, match="person: standardising needs one row a person"):
        standardised_incidence(sample_of(frame, person="id"), "arm", **OPTIONS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quantity": "survival"}, "quantity 'survival': must be one of incidence, time_lost"),
        ({"model": "fine_gray"}, "model 'fine_gray': must be one of cause_specific_cox"),
        ({"error": "jackknife"}, "error 'jackknife': must be one of influence, bootstrap"),
        ({"error": "bootstrap"}, "needs a seed and at least 50 draws"),
        ({"error": "bootstrap", "seed": 1, "n_draw": 10}, "needs a seed and at least 50 draws"),
        ({"arm": "group"}, "arm 'group': no column of the sample"),
        ({"cause": "moved"}, "cause 'moved'"),
        ({"horizon": -1}, "horizon: must be a positive time"),
    ],
)
def test_unknown_arguments_are_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        standardised_incidence(sample_of(), "arm", **OPTIONS | options)


def test_a_mapping_must_name_every_cause():
    with pytest.raises(ParameterError, match="formula: none for died"):
        standardised_incidence(sample_of(), {"work": "arm"}, **OPTIONS)


@pytest.mark.parametrize("times", [[], [0, 3], [3, 2]])
def test_times_must_rise_from_above_zero(times):
    with pytest.raises(ParameterError, match="times: must be positive and increasing"):
        standardised_curve(sample_of(), "arm", cause="work", times=times)


def test_the_door_shows_the_curve_and_the_contrast():
    result = standardised_incidence(sample_of(), "arm + age", **OPTIONS)
    curve = standardised_curve(sample_of(), "arm + age", cause="work", times=[6, 12])

    assert not release(result, "strict10").tidy()["suppressed"].any()
    shown = release(curve, "strict10").tidy()
    assert set(shown.loc[~shown["suppressed"], "time"]) >= {0.0, 6.0, 12.0}
