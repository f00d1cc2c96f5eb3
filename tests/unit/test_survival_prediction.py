"""Scores of predictions and calibration at their edges."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.survival import brier_score, calibration, concordance_index, roc_area
from evalkit.survival.pairs import weight_below

SCORES = [brier_score, roc_area, concordance_index]
ALL = [*SCORES, calibration]


def frame_of(n=60):
    rng = np.random.default_rng(2)
    return pd.DataFrame({
        "time": rng.integers(1, 13, n), "exited": rng.random(n) < 0.7,
        "weight": 1.0, "cluster": np.arange(n) % 8,
    })  # fmt: skip


def sample_of(frame, **columns):
    return TimeToEvent.from_frame(frame, duration="time", event="exited", **columns)


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize(
    ("risk", "message"),
    [(np.full(59, 0.1), "needs shape"), (np.full(60, np.nan), "60 .*rows missing|60 rows missing")],
)
def test_risks_of_the_wrong_shape_or_missing_are_refused(function, risk, message):
    with pytest.raises(ParameterError, match=message):
        function(sample_of(frame_of()), risk, horizon=6)


@pytest.mark.parametrize("function", [brier_score, calibration])
def test_risks_outside_0_and_1_are_refused(function):
    with pytest.raises(ParameterError, match="between 0 and 1"):
        function(sample_of(frame_of()), np.linspace(0, 1.2, 60), horizon=6)


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("horizon", [0.0, -1.0, np.nan])
def test_horizons_are_above_0(function, horizon):
    with pytest.raises(ParameterError, match="horizon"):
        function(sample_of(frame_of()), np.linspace(0, 1, 60), horizon=horizon)


def test_horizons_increase_and_concordance_takes_one():
    risk = np.linspace(0, 1, 60)
    with pytest.raises(ParameterError, match="must increase"):
        brier_score(sample_of(frame_of()), risk, horizon=[6, 3])
    with pytest.raises(ParameterError, match="one time"):
        concordance_index(sample_of(frame_of()), risk, horizon=[3, 6])


@pytest.mark.parametrize("function", SCORES)
def test_late_entry_is_refused(function):
    frame = frame_of().assign(entry=0.5)

    with pytest.raises(EstimationError, match="entry"):
        function(sample_of(frame, entry="entry"), np.full(60, 0.3), horizon=6)


@pytest.mark.parametrize("function", ALL)
def test_several_causes_need_a_name(function):
    frame = frame_of().assign(cause=np.where(np.arange(60) % 2, "work", "died"))
    sample = TimeToEvent.from_frame(
        frame, duration="time", cause="cause", censored="none", causes=["died", "work"]
    )

    with pytest.raises(EstimationError, match="cause: the sample has 2 causes"):
        function(sample, np.linspace(0, 1, 60), horizon=6)
    with pytest.raises(ParameterError, match="cause 'moved'"):
        function(sample, np.linspace(0, 1, 60), horizon=6, cause="moved")
    found = function(sample, np.linspace(0, 1, 60), horizon=6, cause="any").tidy()
    assert np.isfinite(found["estimate"]).all()


@pytest.mark.parametrize("function", ALL)
def test_an_empty_sample_and_weights_of_0_are_refused(function):
    with pytest.raises(EstimationError, match="no rows"):
        function(sample_of(frame_of().iloc[:0]), np.empty(0), horizon=6)
    with pytest.raises(EstimationError, match="weight"):
        function(
            sample_of(frame_of().assign(weight=0.0), weight="weight"),
            np.linspace(0, 1, 60), horizon=6,
        )  # fmt: skip


@pytest.mark.parametrize("function", SCORES)
def test_beyond_the_last_observation_there_is_a_reason_and_no_number(function):
    found = function(sample_of(frame_of()), np.full(60, 0.3), horizon=40).tidy()

    assert found["estimate"].isna().all()
    assert set(found["reason"]) == {"nobody under observation at the horizon"}


@pytest.mark.parametrize("function", [roc_area, concordance_index])
def test_without_cases_there_is_nothing_to_compare(function):
    found = function(sample_of(frame_of().assign(exited=False)), np.full(60, 0.3), horizon=3).tidy()

    assert found["reason"].tolist() == ["no cases, or nobody to compare them with"]


@pytest.mark.parametrize("function", [roc_area, concordance_index])
def test_one_risk_for_all_is_no_better_than_chance(function):
    found = function(sample_of(frame_of()), np.full(60, 0.3), horizon=6).tidy()

    assert found["estimate"].iloc[0] == pytest.approx(0.5)
    assert found["std_error"].iloc[0] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("function", SCORES)
def test_clusters_give_t_intervals(function):
    result = function(
        sample_of(frame_of(), cluster="cluster"), np.linspace(0, 1, 60), horizon=6
    )  # fmt: skip

    assert (result.summary["n_cluster"], result.summary["df"]) == (8.0, 7.0)


def test_several_horizons_have_an_integrated_score():
    scores = brier_score(sample_of(frame_of()), np.full(60, 0.3), horizon=[3, 6, 9]).tidy()

    by_time = scores[(scores["measure"] == "brier") & (scores["prediction"] == "model")]
    whole = scores[(scores["measure"] == "integrated_brier") & (scores["prediction"] == "model")]
    assert whole["time"].tolist() == [6, 9]
    first, second, _ = by_time["estimate"]
    np.testing.assert_allclose(whole["estimate"], [first * 3 / 6, (first * 3 + second * 3) / 9])


@pytest.mark.parametrize("n_group", [1, 61])
def test_groups_of_a_calibration_are_limited(n_group):
    with pytest.raises(ParameterError, match="n_group"):
        calibration(sample_of(frame_of()), np.linspace(0, 1, 60), horizon=6, n_group=n_group)


def test_equal_risks_stay_in_one_group():
    risk = np.repeat([0.1, 0.2], [50, 10])

    found = calibration(sample_of(frame_of()), risk, horizon=6, n_group=10).tidy()

    assert found["n"].tolist() == [50, 10]
    assert found["predicted"].tolist() == pytest.approx([0.1, 0.2])


@pytest.mark.parametrize("n", [0, 1, 2, 7, 64, 100])
def test_weights_below_a_point_are_those_of_all_pairs(n):
    rng = np.random.default_rng(n)
    first, second = rng.integers(0, 9, (2, n)), rng.integers(0, 9, (2, 13))
    weight = rng.random(n)

    found = weight_below((first[0], first[1]), weight, (second[0], second[1]))

    below = (first[0][None] < second[0][:, None]) & (first[1][None] < second[1][:, None])
    np.testing.assert_allclose(found, below @ weight, atol=1e-12)
