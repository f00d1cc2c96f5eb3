"""Pseudo-observations and the models of them: identities, degenerate samples."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import DisclosureError, EstimationError, ParameterError
from evalkit.release import release
from evalkit.survival import (
    adjusted_months,
    incidence_at,
    pseudo_observations,
    restricted_mean,
    time_lost,
)
from evalkit.survival.grouped import group
from evalkit.survival.leave_one_out import leave_one_out


def drawn(n=200, seed=5, *, censored=True):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "months": rng.integers(1, 24, n),
            "exit": rng.choice(["work", "died", "none"] if censored else ["work", "died"], n),
            "arm": rng.choice(["programme", "comparison"], n),
            "age": rng.normal(40, 8, n),
            "cluster": rng.integers(0, 12, n),
            "weight": rng.integers(1, 4, n).astype(float),
        }
    )


def sample(frame, **columns):
    return TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", arm="arm",
        causes=["died", "work"], **columns,
    )  # fmt: skip


def test_without_censoring_they_are_what_was_seen():
    frame = drawn(censored=False)
    rows = sample(frame)

    reached = (frame["exit"] == "work") & (frame["months"] <= 12)
    np.testing.assert_allclose(
        pseudo_observations(rows, cause="work", horizon=12).values, reached, atol=1e-10
    )
    np.testing.assert_allclose(
        pseudo_observations(rows, cause="any", horizon=12, quantity="restricted_mean").values,
        np.minimum(frame["months"], 12),
    )


def test_months_until_and_since_any_exit_add_up_to_the_horizon():
    rows = sample(drawn())
    until = pseudo_observations(rows, cause="any", horizon=12, quantity="restricted_mean").values
    since = pseudo_observations(rows, cause="any", horizon=12, quantity="time_lost").values

    np.testing.assert_allclose(until + since, 12.0)


@pytest.mark.parametrize(
    ("quantity", "function", "cause"),
    [
        ("incidence", incidence_at, "work"),
        ("time_lost", time_lost, "work"),
        ("restricted_mean", restricted_mean, "any"),
    ],
)
def test_a_model_of_the_arm_alone_is_near_the_difference_of_the_curves(quantity, function, cause):
    """With curves of each arm's own, the mean pseudo-observation differs from them by O(1/n)."""
    rows = sample(drawn(2000))

    found = adjusted_months(rows, "arm", by="arm", cause=cause, horizon=12, quantity=quantity)
    expected = (
        function(rows, by="arm", cause=cause, horizon=12).tidy().query("scale == 'difference'")
    )

    gap = found.rows["estimate"][0] - expected["estimate"].iloc[0]
    assert abs(gap) < 0.02 * expected["std_error"].iloc[0]
    np.testing.assert_allclose(found.rows["std_error"], expected["std_error"], rtol=0.01)


def test_a_category_of_persons_shares_one_value():
    frame = drawn()
    values = pseudo_observations(sample(frame), cause="work", horizon=12).values

    spread = pd.Series(values).groupby([frame["months"], frame["exit"]]).std().fillna(0.0)
    assert (spread < 1e-10).all()


def test_values_cannot_be_changed_nor_released():
    made = pseudo_observations(sample(drawn()), cause="work", horizon=12)

    assert not made.values.flags.writeable
    assert "0." not in repr(made)
    with pytest.raises(DisclosureError):
        release(made, "strict10")


def test_whole_weights_in_the_regression_count_rows():
    frame = drawn()
    weighted = sample(frame, weight="weight")
    values = pseudo_observations(sample(frame), cause="work", horizon=12).values
    x = np.column_stack([np.ones(len(frame)), frame["arm"] == "programme"])
    repeated = np.repeat(np.arange(len(frame)), frame["weight"].astype(int))
    expected = np.linalg.lstsq(x[repeated], values[repeated], rcond=None)[0][1]

    found = adjusted_months(weighted, "arm", cause="work", horizon=12, quantity="incidence")

    np.testing.assert_allclose(found.rows["estimate"], [expected])


def test_clusters_bring_t_intervals():
    rows = sample(drawn(), cluster="cluster")
    clustered = adjusted_months(rows, "arm + age", cause="any", horizon=12)
    normal = adjusted_months(rows, "arm + age", cause="any", horizon=12, interval="z")

    assert clustered.summary["df"] == 11.0
    assert clustered.summary["n_cluster"] == 12.0
    assert normal.summary["interval"] == "z"
    assert (clustered.rows["conf_high"] > normal.rows["conf_high"]).all()


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"cause": None}, EstimationError, "cause"),
        ({"cause": "pension"}, ParameterError, "pension"),
        ({"cause": "work", "horizon": 40}, EstimationError, "nobody under observation"),
        ({"cause": "work", "horizon": -1}, ParameterError, "horizon"),
        ({"cause": "work", "quantity": "median"}, ParameterError, "quantity 'median'"),
        ({"cause": "work", "quantity": "restricted_mean"}, EstimationError, "undefined"),
    ],
)
def test_arguments_that_are_not_allowed(arguments, error, named):
    frame = drawn()
    frame.loc[frame["months"].idxmax(), "exit"] = "none"

    with pytest.raises(error, match=named):
        pseudo_observations(sample(frame), **({"horizon": 12} | arguments))


@pytest.mark.parametrize(
    ("change", "formula", "named"),
    [
        ({"age": 40.0}, "arm + age", "age: does not vary"),
        ({"twice": lambda frame: 2 * frame["age"]}, "arm + age + twice", "twice"),
    ],
)
def test_terms_that_cannot_be_estimated_are_named(change, formula, named):
    with pytest.raises(EstimationError, match=named):
        adjusted_months(sample(drawn().assign(**change)), formula, cause="any", horizon=12)


def test_weights_are_for_the_regression_alone():
    rows = sample(drawn(), weight="weight")

    with pytest.raises(EstimationError, match="weight"):
        pseudo_observations(rows, cause="work", horizon=12)


def test_weights_of_zero_throughout_are_an_error():
    rows = sample(drawn().assign(weight=0.0), weight="weight")

    with pytest.raises(EstimationError, match="weight"):
        adjusted_months(rows, "arm", cause="any", horizon=12)


def test_several_rows_of_a_person_are_refused():
    rows = sample(drawn().assign(person=np.arange(200) // 2), person="person")

    with pytest.raises(EstimationError, match="one row a person"):
        pseudo_observations(rows, cause="work", horizon=12)


def test_one_person_cannot_be_left_out():
    with pytest.raises(EstimationError, match="one person"):
        pseudo_observations(sample(drawn(1).assign(months=20)), cause="work", horizon=12)


def test_an_empty_risk_set_before_the_horizon_is_refused():
    frame = pd.DataFrame(
        {"months": [2, 9, 9], "entry": [0, 4, 4], "exit": ["work", "work", "none"], "arm": "a"}
    )

    with pytest.raises(EstimationError, match="nobody was left at risk"):
        pseudo_observations(sample(frame, entry="entry"), cause="work", horizon=8)


def test_no_events_give_zeros():
    frame = drawn().assign(exit="none")

    assert (pseudo_observations(sample(frame), cause="work", horizon=12).values == 0.0).all()


def test_all_events_at_time_zero():
    frame = drawn(10).assign(months=0, exit="work")

    values = pseudo_observations(sample(frame), cause="work", horizon=12).values
    np.testing.assert_allclose(values, 1.0)


def test_estimates_without_one_come_from_the_others_alone():
    """Every person of a small sample with ties and delayed entry, left out by hand."""
    rng = np.random.default_rng(8)
    months = rng.integers(3, 9, 12)
    frame = pd.DataFrame(
        {"months": months, "entry": np.where(np.arange(12) % 3 == 0, 2, 0),
         "exit": rng.choice(["work", "died", "none"], 12), "arm": "a"}
    )  # fmt: skip
    groups = group(sample(frame, entry="entry"), None, sample(frame).code, 2)
    worth = (groups.sets.time <= 6).astype(float)

    _, without = leave_one_out(groups, 1, worth)

    others = [
        incidence_at(sample(frame.drop(index=row), entry="entry"), cause="work", horizon=6)
        for row in range(12)
    ]
    np.testing.assert_allclose(without, [one.rows["estimate"][0] for one in others])
