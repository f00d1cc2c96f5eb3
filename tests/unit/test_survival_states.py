import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import StateHistory
from evalkit.errors import EstimationError, ParameterError
from evalkit.survival import occupation, state_at, time_in_state


def history_of(rows, **columns):
    people = pd.DataFrame({"person_id": range(len(rows)), **columns})
    return StateHistory.from_matrix(np.array(rows), ["support", "work", "died"], people)


def test_rows_are_ordered_by_stratum_then_state_then_month():
    history = history_of([[0, 1], [0, 0]], arm=["comparison", "programme"])

    rows = occupation(history, by="arm").tidy()

    assert rows["stratum"].tolist() == ["programme"] * 6 + ["comparison"] * 6
    assert rows["state"].tolist()[:6] == ["support"] * 2 + ["work"] * 2 + ["died"] * 2
    assert rows["time"].tolist() == [0, 1] * 6


def test_a_group_that_nobody_observes_any_more_is_missing_from_there():
    history = history_of([[0, 1, -1], [0, 0, 1]], arm=["comparison", "programme"])

    rows = occupation(history, by="arm").tidy().query("state == 'work'")

    comparison, programme = (
        rows.query("stratum == 'comparison'"),
        rows.query("stratum != 'comparison'"),
    )
    assert comparison["estimate"].tolist() == pytest.approx([0, 1, np.nan], nan_ok=True)
    assert comparison["n_observed"].tolist() == [1, 1, 0]
    assert programme["estimate"].tolist() == [0, 0, 1]


def test_a_state_whose_members_left_observation_keeps_its_share():
    history = history_of([[0, 1, -1], [0, 0, 0]])

    rows = occupation(history).tidy().query("state == 'work'")

    assert rows["estimate"].tolist() == [0, 0.5, 0.5]


def test_relapse_lowers_the_share_in_work():
    history = history_of([[0, 1, 0], [0, 1, 1], [0, 0, 0], [0, 0, 0]])

    assert state_at(history, state="work", horizon=1).tidy()["estimate"].tolist() == [0.5]
    assert state_at(history, state="work", horizon=2).tidy()["estimate"].tolist() == [0.25]


@pytest.mark.parametrize("function", [state_at, time_in_state])
@pytest.mark.parametrize("horizon", [2, 9])
def test_a_month_that_nobody_of_an_arm_reached_is_missing_with_the_reason(function, horizon):
    history = history_of([[0, 1, -1], [0, 1, -1]], arm=["comparison", "programme"])

    result = function(history, by="arm", state="work", horizon=horizon).tidy()

    assert result["estimate"].isna().all()
    assert set(result["reason"]) == {"nobody under observation at the horizon"}


@pytest.mark.parametrize("function", [state_at, time_in_state])
def test_an_unknown_state_is_refused_with_those_known(function):
    with pytest.raises(ParameterError, match="the history has support, work, died"):
        function(history_of([[0, 1]]), state="works", horizon=1)


@pytest.mark.parametrize("function", [state_at, time_in_state])
def test_a_horizon_between_months_is_refused(function):
    with pytest.raises(ParameterError, match="whole number of months"):
        function(history_of([[0, 1]]), state="work", horizon=0.5)


def test_a_group_that_was_never_observed_is_an_error():
    history = history_of([[0, 1], [-1, -1]], arm=["comparison", "programme"])

    with pytest.raises(EstimationError, match="nobody is observed in 1 of 2 groups"):
        occupation(history, by="arm")


def test_support_counts_those_observed_and_those_in_the_state():
    history = history_of([[0, 1, 1], [0, 1, -1], [0, 0, 0]])

    result = state_at(history, state="work", horizon=2)

    assert {name: values.tolist() for name, values in result.support.items()} == {
        "n": [2],
        "k": [1],
        "complement": [1],
    }
    assert result.glance()["n"][0] == 3


def test_the_share_at_a_certain_start_has_no_width():
    rows = occupation(history_of([[0, 1], [0, 0]])).tidy().query("time == 0")

    assert rows["conf_low"].tolist() == rows["conf_high"].tolist() == [1, 0, 0]


def test_the_share_at_a_mixed_start_has_its_binomial_error():
    rows = occupation(history_of([[0], [1], [0], [0]])).tidy()

    assert rows["std_error"].tolist()[0] == pytest.approx(np.sqrt(0.75 * 0.25 / 4))
    assert rows["conf_low"][0] < 0.75 < rows["conf_high"][0]
