import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.cohort.samples import StateHistory
from evalkit.errors import EstimationError, ParameterError, SmallSampleWarning
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


FUNCTIONS = [
    lambda history: occupation(history, by="arm"),
    lambda history: state_at(history, by="arm", state="work", horizon=4),
    lambda history: time_in_state(history, by="arm", state="work", horizon=4),
]
each_function = pytest.mark.parametrize("function", FUNCTIONS)


def clustered(n_cluster, cluster="place", n=60):
    rng = np.random.default_rng(4)
    people = pd.DataFrame(
        {
            "arm": np.where(np.arange(n) % 2 == 0, "programme", "comparison"),
            "place": np.arange(n) // 2 % n_cluster,
        }
    )
    matrix = rng.integers(0, 3, (n, 6))
    states = ["support", "work", "study"]
    return StateHistory.from_matrix(matrix, states, people, cluster=cluster)


@each_function
def test_one_cluster_in_a_group_is_an_error_that_names_the_column(function):
    with pytest.raises(EstimationError, match="cluster: a group has rows of one cluster only"):
        function(clustered(1))


@each_function
@pytest.mark.parametrize("n_cluster", [2, 5])
def test_few_clusters_give_intervals_for_persons_and_a_warning(function, n_cluster):
    with pytest.warns(SmallSampleWarning, match=f"cluster: {n_cluster} clusters in a group"):
        rows = function(clustered(n_cluster)).tidy()

    pd.testing.assert_frame_equal(rows, function(clustered(n_cluster, cluster=None)).tidy())


@each_function
def test_six_clusters_change_the_errors_without_a_warning(function):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = function(clustered(6)).tidy()

    persons = function(clustered(6, cluster=None)).tidy()
    np.testing.assert_allclose(rows["estimate"], persons["estimate"])
    assert not np.allclose(rows["std_error"], persons["std_error"], rtol=0.01)


def test_intervals_are_t_with_the_fewest_clusters_of_a_group_less_one():
    history = clustered(7)
    place = history.covariates["place"].where(history.covariates["arm"] == "programme", 0)
    people = history.covariates.assign(place=place + np.arange(60) // 10)
    history = StateHistory.from_matrix(history.state, history.states, people, cluster="place")
    fewest = people.groupby("arm")["place"].nunique().min()

    result = time_in_state(history, by="arm", state="work", horizon=4)

    row = result.tidy().iloc[2]
    critical = stats.t.ppf(0.975, fewest - 1)
    assert row["conf_high"] - row["estimate"] == pytest.approx(critical * row["std_error"])
    assert result.glance()[["n_cluster", "df"]].iloc[0].tolist() == [
        people["place"].nunique(), fewest - 1,
    ]  # fmt: skip


def test_the_curve_has_the_interval_of_the_share_in_the_same_month():
    curve = occupation(clustered(6), by="arm").tidy().query("state == 'work' and time == 4")

    share = state_at(clustered(6), by="arm", state="work", horizon=4).tidy()[:2]

    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    np.testing.assert_allclose(curve[columns], share[columns])


def test_clusters_of_persons_never_observed_do_not_count():
    matrix = np.vstack([clustered(6).state, np.full((4, 6), -1)])
    people = pd.DataFrame(
        {
            "arm": [*clustered(6).covariates["arm"], *["programme", "comparison"] * 2],
            "place": [*clustered(6).covariates["place"], 6, 6, 7, 7],
        }
    )
    history = StateHistory.from_matrix(matrix, clustered(6).states, people, cluster="place")

    result, expected = FUNCTIONS[1](history), FUNCTIONS[1](clustered(6))

    pd.testing.assert_frame_equal(result.tidy(), expected.tidy())
    assert result.glance()[["n_cluster", "df"]].iloc[0].tolist() == [6, 5]
