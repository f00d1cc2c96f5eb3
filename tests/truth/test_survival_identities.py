"""Identities that need no outside authority, on made-up monthly and continuous persons."""

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter

from evalkit.cohort.samples import StateHistory, TimeToEvent
from evalkit.survival import (
    cox,
    cumulative_incidence,
    incidence_at,
    kaplan_meier,
    logrank_test,
    occupation,
    restricted_mean,
    state_at,
    time_in_state,
    time_lost,
)
from evalkit.survival.model_rows import model_rows
from evalkit.survival.partial_likelihood import likelihood, score_residuals

EXACT = 1e-12  # rounding of a few hundred terms
DERIVATIVE = 1e-6  # central differences with a step of 1e-5
LIFELINES = 1e-5  # where its Newton steps stop


def people(seed, n=300, *, monthly=True):
    rng = np.random.default_rng(seed)
    arm = rng.choice(["programme", "comparison"], n)
    exits = rng.exponential(12 / np.where(arm == "programme", 1.4, 1.0))
    pension = rng.exponential(40, n)
    end = rng.uniform(10, 36, n)
    time = np.minimum(np.minimum(exits, pension), end)
    cause = np.select([time == exits, time == pension], ["work", "pension"], "none")
    duration = np.ceil(time) if monthly else time
    entry = np.where(rng.random(n) < 0.5, 0.0, np.floor(rng.uniform(0, 6, n)))
    return pd.DataFrame(
        {
            "person_id": [f"p{number}" for number in range(n)],
            "arm": arm,
            "age": rng.integers(18, 64, n),
            "months": duration,
            "exit": cause,
            "entry": np.where(entry < duration, entry, 0.0),
            "weight": rng.integers(1, 4, n).astype(float),
            "cluster": rng.integers(0, 12, n),
        }
    )


def competing(frame, **columns):
    return TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", arm="arm", **columns
    )


@pytest.mark.parametrize("entry", [None, "entry"])
def test_survival_and_all_incidences_add_up_to_one(entry):
    sample = competing(people(1), entry=entry)

    survival = kaplan_meier(sample, by="arm", cause="any").tidy().set_index(["stratum", "time"])
    incidence = cumulative_incidence(sample, by="arm").tidy().groupby(["stratum", "time"])

    total = survival["estimate"] + incidence["estimate"].sum()
    np.testing.assert_allclose(total, 1.0, atol=EXACT)


def test_kaplan_meier_without_censoring_is_the_empirical_survivor_function():
    frame = people(2).assign(exited=True)
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited")

    curve = kaplan_meier(sample).tidy()

    share = [(frame["months"] > time).mean() for time in curve["time"]]
    np.testing.assert_allclose(curve["estimate"], share, atol=EXACT)


def test_incidence_without_censoring_is_the_share_with_the_binomial_error():
    frame = people(3).query("exit != 'none'")

    rows = (
        cumulative_incidence(competing(frame, causes=["pension", "work"]))
        .tidy()
        .query("cause == 'work'")
    )

    share = np.array(
        [((frame["months"] <= t) & (frame["exit"] == "work")).mean() for t in rows.time]
    )
    np.testing.assert_allclose(rows["estimate"], share, atol=EXACT)
    binomial = np.sqrt(share * (1 - share) / len(frame))
    np.testing.assert_allclose(rows["std_error"], binomial, atol=EXACT)


def test_incidence_of_the_only_cause_is_one_minus_survival_with_the_same_interval():
    frame = people(4).assign(exited=lambda rows: rows["exit"] != "none")
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm")

    survival = kaplan_meier(sample, by="arm").tidy()
    incidence = cumulative_incidence(sample, by="arm").tidy()

    np.testing.assert_allclose(incidence["estimate"], 1 - survival["estimate"], atol=EXACT)
    np.testing.assert_allclose(incidence["std_error"], survival["std_error"], atol=1e-10)
    np.testing.assert_allclose(incidence["conf_low"], 1 - survival["conf_high"], atol=1e-10)
    np.testing.assert_allclose(incidence["conf_high"], 1 - survival["conf_low"], atol=1e-10)


@pytest.mark.parametrize("horizon", [7, 24, 60])
def test_restricted_mean_without_censoring_is_the_mean_of_the_clipped_times(horizon):
    frame = people(5).assign(exited=True)
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited")

    result = restricted_mean(sample, horizon=horizon).tidy()

    clipped = np.minimum(frame["months"], horizon)
    np.testing.assert_allclose(result["estimate"], [clipped.mean()], rtol=EXACT)
    error = clipped.std(ddof=0) / np.sqrt(len(frame))
    np.testing.assert_allclose(result["std_error"], [error], rtol=1e-10)


@pytest.mark.parametrize("entry", [None, "entry"])
@pytest.mark.parametrize("monthly", [True, False])
def test_horizon_is_restricted_mean_plus_time_lost_to_every_cause(monthly, entry):
    sample = competing(people(6, monthly=monthly), entry=entry)

    until = restricted_mean(sample, by="arm", horizon=24, cause="any").tidy()["estimate"][:2]
    work = time_lost(sample, by="arm", cause="work", horizon=24).tidy()["estimate"][:2]
    pension = time_lost(sample, by="arm", cause="pension", horizon=24).tidy()["estimate"][:2]

    np.testing.assert_allclose(until + work + pension, 24.0, rtol=EXACT)


def test_incidence_at_equals_the_curve_at_the_horizon():
    sample = competing(people(7), entry="entry", weight="weight")

    contrast = incidence_at(sample, by="arm", cause="work", horizon=18).tidy()[:2]
    curve = cumulative_incidence(sample, by="arm").tidy().query("cause == 'work' and time == 18")

    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    ours = contrast.set_index("term").loc[curve["stratum"], columns]
    np.testing.assert_allclose(ours, curve[columns], rtol=1e-10)


def test_incidence_of_any_exit_is_one_minus_survival():
    sample = competing(people(7))

    share = incidence_at(sample, cause="any", horizon=12).tidy()
    survival = kaplan_meier(sample, cause="any").tidy().query("time == 12")

    np.testing.assert_allclose(share["estimate"], 1 - survival["estimate"], rtol=EXACT)
    np.testing.assert_allclose(share["std_error"], survival["std_error"], rtol=1e-10)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("entry", [None, "entry"])
def test_logrank_equals_the_cox_score_test_at_zero_without_ties(entry, ties):
    frame = people(8, monthly=False)
    sample = competing(frame, entry=entry)

    statistic = logrank_test(sample, by="arm", cause="work").tidy()["statistic"][0]

    rows = model_rows(sample, "arm", cause="work", strata=None)
    fit = likelihood(np.zeros(1), rows, ties=ties)
    assert statistic == pytest.approx(fit.score[0] ** 2 / fit.information[0, 0], rel=1e-10)


@pytest.mark.parametrize("entry", [None, "entry"])
def test_integer_weights_give_the_estimates_of_repeated_rows(entry):
    frame = people(9)
    repeated = frame.loc[frame.index.repeat(frame["weight"].astype(int))]

    weighted = cumulative_incidence(competing(frame, entry=entry, weight="weight")).tidy()
    expected = cumulative_incidence(competing(repeated, entry=entry)).tidy()

    np.testing.assert_allclose(weighted["estimate"], expected["estimate"], atol=EXACT)


@pytest.mark.parametrize("function", [kaplan_meier, cumulative_incidence])
def test_one_cluster_a_row_gives_the_errors_of_independent_rows(function):
    frame = people(10).assign(unit=range(300))
    options = {kaplan_meier: {"cause": "any"}, cumulative_incidence: {}}[function]

    alone = function(competing(frame, entry="entry", weight="weight"), **options).tidy()
    clustered = function(
        competing(frame, entry="entry", weight="weight", cluster="unit"), **options
    ).tidy()

    np.testing.assert_allclose(clustered["std_error"], alone["std_error"], atol=1e-12)


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (incidence_at, {"cause": "work", "horizon": 18}),
        (restricted_mean, {"cause": "any", "horizon": 18}),
        (time_lost, {"cause": "work", "horizon": 18}),
    ],
)
@pytest.mark.parametrize("entry", [None, "entry"])
def test_errors_are_root_sums_of_squared_derivatives_by_weight(function, options, entry):
    frame = people(11, n=40).assign(weight=lambda rows: rows["weight"] / 2)

    def value(number, step):
        moved = frame["weight"] * np.where(np.arange(len(frame)) == number, 1 + step, 1.0)
        sample = competing(frame.assign(weight=moved), entry=entry, weight="weight")
        return function(sample, **options).tidy()["estimate"][0]

    slopes = [(value(i, 1e-5) - value(i, -1e-5)) / 2e-5 for i in range(len(frame))]
    error = function(competing(frame, entry=entry, weight="weight"), **options).tidy()["std_error"]
    assert error[0] == pytest.approx(np.sqrt(np.sum(np.square(slopes))), rel=DERIVATIVE)


def test_difference_over_shared_clusters_is_the_root_sum_over_clusters():
    frame = people(12)

    def share(cluster, step):
        moved = 1.0 + step * (frame["cluster"] == cluster)
        sample = competing(frame.assign(weight=moved), weight="weight")
        return incidence_at(sample, by="arm", cause="work", horizon=18).tidy()["estimate"]

    slopes = np.array([(share(g, 1e-5) - share(g, -1e-5)) / 2e-5 for g in range(12)])
    result = incidence_at(
        competing(frame, cluster="cluster"), by="arm", cause="work", horizon=18
    ).tidy()
    expected = np.sqrt(np.square(slopes).sum(axis=0))
    np.testing.assert_allclose(result["std_error"][:3], expected[:3], rtol=DERIVATIVE)
    assert result["std_error"][3] == pytest.approx(
        expected[3] / result["estimate"][3], rel=DERIVATIVE
    )


@pytest.mark.parametrize("function", [kaplan_meier, cumulative_incidence])
def test_splitting_a_person_into_intervals_changes_nothing(function):
    frame = people(13)
    options = {kaplan_meier: {"cause": "any"}, cumulative_incidence: {}}[function]
    early = frame.query("months > 8").assign(months=8.0, exit="none", entry=0.0)
    late = frame.assign(entry=np.where(frame["months"] > 8, 8.0, 0.0))
    split = pd.concat([late, early]).sample(frac=1.0, random_state=1)

    whole = function(competing(frame, person="person_id"), by="arm", **options).tidy()
    parts = function(
        competing(split, entry="entry", person="person_id"), by="arm", **options
    ).tidy()

    pd.testing.assert_frame_equal(whole, parts, rtol=1e-12)


def test_splitting_a_person_into_intervals_leaves_cox_as_it_is():
    frame = people(13)
    early = frame.query("months > 8").assign(months=8.0, exit="none", entry=0.0)
    late = frame.assign(entry=np.where(frame["months"] > 8, 8.0, 0.0))
    split = pd.concat([late, early])

    whole = cox(competing(frame), "arm + age", cause="work", vcov="robust")
    parts = cox(
        competing(split, entry="entry", person="person_id"),
        "arm + age", cause="work", vcov="robust",
    )  # fmt: skip

    pd.testing.assert_frame_equal(whole.tidy(), parts.tidy(), rtol=1e-10)
    assert parts.glance()["n_person"][0] == 300


def test_kaplan_meier_equals_lifelines():
    frame = people(14).assign(exited=lambda rows: rows["exit"] != "none")
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited", entry="entry")

    curve = kaplan_meier(sample).tidy()

    with np.errstate(all="warn"):
        fitter = KaplanMeierFitter().fit(frame["months"], frame["exited"], entry=frame["entry"])
    expected = fitter.survival_function_at_times(curve["time"]).to_numpy()
    np.testing.assert_allclose(curve["estimate"], expected, atol=EXACT)


@pytest.mark.parametrize("monthly", [True, False])
def test_cox_equals_lifelines(monthly):
    frame = people(15, monthly=monthly).assign(
        exited=lambda rows: rows["exit"] == "work",
        programme=lambda rows: (rows["arm"] == "programme").astype(float),
    )

    fit = cox(competing(frame), "arm + age", cause="work").tidy()

    with np.errstate(all="warn"):
        columns = frame[["months", "exited", "programme", "age"]]
        other = CoxPHFitter().fit(columns, "months", "exited").summary
    np.testing.assert_allclose(fit["estimate"], other["coef"], rtol=LIFELINES)
    np.testing.assert_allclose(fit["std_error"], other["se(coef)"], rtol=LIFELINES)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_weighted_score_residuals_add_up_to_the_score(ties):
    frame = people(16)
    sample = competing(frame, entry="entry", weight="weight")
    rows = model_rows(sample, "arm + age", cause="work", strata=None)

    fit = likelihood(np.array([0.3, -0.2]), rows, ties=ties)

    residuals = score_residuals(rows, fit.state)
    np.testing.assert_allclose(rows.weight @ residuals, fit.score, rtol=1e-9)


def test_robust_breslow_error_is_the_root_sum_of_squared_derivatives_by_weight():
    frame = people(17, n=60)

    def value(number, step):
        moved = frame["weight"] * np.where(np.arange(len(frame)) == number, 1 + step, 1.0)
        sample = competing(frame.assign(weight=moved), weight="weight")
        return cox(sample, "arm", cause="work", ties="breslow").tidy()["estimate"][0]

    slopes = [(value(i, 1e-5) - value(i, -1e-5)) / 2e-5 for i in range(len(frame))]
    fit = cox(competing(frame, weight="weight"), "arm", cause="work", ties="breslow")
    expected = np.sqrt(np.sum(np.square(slopes)))
    assert fit.tidy()["std_error"][0] == pytest.approx(expected, rel=1e-5)


def absorbing(seed, n=200):
    """Persons who move once, and the same persons as durations; follow-up ends at 12 to 18."""
    rng = np.random.default_rng(seed)
    end = rng.integers(12, 19, n)
    move = rng.geometric(0.06, n)
    target = rng.choice([1, 2], n, p=[0.7, 0.3])
    month = np.arange(19)
    state = np.where(month >= move[:, None], target[:, None], 0)
    people = pd.DataFrame(
        {
            "person_id": range(n),
            "arm": rng.choice(["programme", "comparison"], n),
            "months": np.minimum(move, end).astype(float),
            "exit": np.where(move <= end, np.array(["none", "work", "pension"])[target], "none"),
        }
    )
    seen = np.where(month > end[:, None], -1, state)
    history = StateHistory.from_matrix(seen, ["support", "work", "pension"], people)
    return history, competing(people)


def test_without_relapse_occupation_is_cumulative_incidence_when_nobody_is_censored():
    history, sample = absorbing(18)

    occupied = occupation(history, by="arm").tidy().query("state == 'work' and time <= 12")
    incidence = incidence_at(sample, by="arm", cause="work", horizon=12).tidy()[:2]

    at_12 = occupied.query("time == 12").set_index("stratum").loc[incidence["term"]]
    np.testing.assert_allclose(at_12["estimate"], incidence["estimate"], rtol=EXACT)
    np.testing.assert_allclose(at_12["std_error"], incidence["std_error"], rtol=1e-10)


def test_without_relapse_time_in_state_is_time_lost():
    history, sample = absorbing(19)

    inside = time_in_state(history, by="arm", state="work", horizon=12).tidy()
    lost = time_lost(sample, by="arm", cause="work", horizon=12).tidy()

    pd.testing.assert_frame_equal(inside, lost, rtol=1e-9)


def test_shares_and_months_of_all_states_add_up():
    history, _ = absorbing(20)

    shares = [state_at(history, state=s, horizon=15).tidy()["estimate"][0] for s in history.states]
    months = [
        time_in_state(history, state=s, horizon=15).tidy()["estimate"][0] for s in history.states
    ]

    assert sum(shares) == pytest.approx(1.0)
    assert sum(months) == pytest.approx(15.0)


def test_state_at_equals_the_occupation_curve():
    history, _ = absorbing(21)

    share = state_at(history, by="arm", state="work", horizon=15).tidy()[:2]
    curve = occupation(history, by="arm").tidy().query("state == 'work' and time == 15")

    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    np.testing.assert_allclose(share[columns], curve[columns], rtol=EXACT)


def relapsing(seed, n=80, n_cluster=8):
    """Matrix of moves to and fro, followed for 9 to 12 months, with arm and cluster."""
    rng = np.random.default_rng(seed)
    state = (rng.random((n, 13)) < 0.3).cumsum(axis=1) % 3
    people = pd.DataFrame(
        {
            "arm": rng.choice(["programme", "comparison"], n),
            "cluster": rng.integers(0, n_cluster, n),
            "unit": range(n),
        }
    )
    return np.where(np.arange(13) > rng.integers(9, 13, n)[:, None], -1, state), people


def history_of(matrix, people, **options):
    return StateHistory.from_matrix(matrix, ["support", "work", "study"], people, **options)


@pytest.mark.parametrize("function", [occupation, state_at, time_in_state])
def test_one_cluster_a_person_gives_the_errors_of_independent_persons(function):
    matrix, people = relapsing(22)
    options = {} if function is occupation else {"state": "work", "horizon": 8}

    alone = function(history_of(matrix, people), by="arm", **options).tidy()
    clustered = function(history_of(matrix, people, cluster="unit"), by="arm", **options).tidy()

    same = ["estimate", "std_error"]
    np.testing.assert_allclose(clustered[same], alone[same], atol=EXACT)


@pytest.mark.parametrize("function", [state_at, time_in_state])
def test_errors_by_cluster_are_root_sums_of_squared_derivatives_by_its_weight(function):
    matrix, people = relapsing(23)
    copies = 500  # of each person, so that one more or less is a weight of 1.002 or 0.998

    def value(cluster, step):
        times = copies + step * (people["cluster"] == cluster)
        rows = np.repeat(np.arange(len(people)), times)
        history = history_of(matrix[rows], people.iloc[rows])
        return function(history, by="arm", state="work", horizon=8).tidy()["estimate"][:3]

    slopes = np.array([(value(g, 1) - value(g, -1)) * copies / 2 for g in range(8)])
    history = history_of(matrix, people, cluster="cluster")
    result = function(history, by="arm", state="work", horizon=8)

    rows, expected = result.tidy(), np.sqrt(np.square(slopes).sum(axis=0))
    np.testing.assert_allclose(rows["std_error"][:3], expected, rtol=1e-4)
    # Arms share clusters: their covariance is part of the difference.
    apart = np.sqrt(np.square(rows["std_error"][:2]).sum())
    assert abs(rows["std_error"][2] / apart - 1) > 0.01
    assert result.glance()[["n_cluster", "df"]].iloc[0].tolist() == [8, 7]
