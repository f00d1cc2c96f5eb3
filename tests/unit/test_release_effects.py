"""Effects over time, scores of predictions and calibrations pass the door without small numbers."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.release import release
from evalkit.survival import additive_hazards, brier_score, calibration, effect_over_time


def sample_of(n, *, seed=3, rate=0.03):
    rng = np.random.default_rng(seed)
    end = rng.integers(20, 37, n)
    arm = np.where(rng.random(n) < 0.5, "programme", "comparison")
    exits = np.ceil(rng.exponential(1 / (rate * np.where(arm == "programme", 1.5, 1.0))))
    frame = pd.DataFrame({
        "months": np.minimum(exits, end), "exited": exits <= end, "arm": arm,
        "age": rng.normal(size=n), "rare": np.arange(n) < 6,
    })  # fmt: skip
    return TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm")


@pytest.mark.parametrize("estimate", [additive_hazards, effect_over_time])
def test_effects_are_shown_at_ticks_only_with_their_exact_values(estimate):
    result = estimate(sample_of(600), "arm + age")

    shown = release(result, "strict10").tidy()

    assert set(shown["time"]) <= {0, 6, 12, 18, 24, 36}
    known = shown[~shown["suppressed"]]
    assert len(known) >= 8
    exact = known.merge(result.tidy(), on=["term", "time"], suffixes=("", "_exact"))
    # Where no exit came in the very month of a tick, the value of an earlier one holds.
    assert len(exact) >= 6
    np.testing.assert_array_equal(exact["estimate"], exact["estimate_exact"])


@pytest.mark.parametrize("estimate", [additive_hazards, effect_over_time])
def test_effects_with_few_exits_between_ticks_are_hidden(estimate):
    result = estimate(sample_of(100, rate=0.01), "age")

    shown = release(result, "strict10").tidy()

    assert shown["suppressed"].any()
    assert shown.loc[shown["suppressed"], ["estimate", "conf_low", "n_event"]].isna().all(axis=None)
    assert (shown.loc[~shown["suppressed"] & (shown["time"] > 0), "n_event"] >= 10).all()


def exits_until(last, n_late, *, n=400, n_early=240):
    """Exits in months 1 to `last`, a few more in the month after, others followed to month 36."""
    months = np.full(n, 36.0)
    months[:n_early] = 1.0 + np.arange(n_early) % last
    months[n_early : n_early + n_late] = last + 1.0
    frame = pd.DataFrame({"months": months, "age": np.random.default_rng(1).normal(size=n)})
    frame["exited"] = np.arange(n) < n_early + n_late
    return TimeToEvent.from_frame(frame, duration="months", event="exited")


@pytest.mark.parametrize("estimate", [additive_hazards, effect_over_time])
@pytest.mark.parametrize(("n_late", "is_told"), [(0, True), (3, False), (9, False), (10, True)])
def test_all_exits_less_those_shown_do_not_tell_of_few_late_ones(estimate, n_late, is_told):
    released = release(estimate(exits_until(24, n_late), "age"), "strict10")

    shown = released.tidy().query("term == 'age'")["n_event"].sum()
    assert shown == 240
    total = released.summary["n_event"]
    assert (total == 240 + n_late) if is_told else np.isnan(total)


@pytest.mark.parametrize("estimate", [additive_hazards, effect_over_time])
def test_all_exits_do_not_tell_that_few_never_exited(estimate):
    released = release(estimate(exits_until(24, 155), "age"), "strict10")

    assert np.isnan(released.summary["n_event"])


def test_a_term_of_few_persons_is_hidden_throughout_with_the_intercept():
    result = additive_hazards(sample_of(600), "age + rare")

    hidden = release(result, "strict10").tidy().groupby("term")["suppressed"]

    assert hidden.all().tolist() == [False, True, True]  # age, intercept, rare
    assert not hidden.any()["age"]


def with_few_exits(n_exit, *, column="arm", few="programme", n=600):
    """A sample in which only so many of one group exit, in months 1, 2, ..."""
    frame = pd.DataFrame(dict(sample_of(n).covariates)).assign(months=36.0, exited=True)
    frame["months"] = 1.0 + np.arange(n) % 36
    frame["education"] = np.array(["basic", "higher", "upper"])[np.arange(n) % 3]
    inside = np.flatnonzero(frame[column] == few)
    frame.loc[inside[n_exit:], ["months", "exited"]] = (36.0, False)
    return TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm")


EFFECTS = pytest.mark.parametrize("estimate", [additive_hazards, effect_over_time])


@EFFECTS
@pytest.mark.parametrize("few", ["programme", "comparison"])
def test_the_effect_of_an_arm_with_few_exits_is_hidden_and_others_are_not(estimate, few):
    result = estimate(with_few_exits(6, few=few), "arm + age")

    hidden = release(result, "strict10").tidy().groupby("term")["suppressed"]

    assert hidden.all()["arm[programme]"]
    assert not hidden.any()["age"]
    assert hidden.all().get("intercept", True)


@EFFECTS
def test_the_effect_of_an_arm_with_enough_exits_is_shown(estimate):
    hidden = release(estimate(sample_of(600), "arm + age"), "strict10").tidy()["suppressed"]

    assert not hidden.any()


@EFFECTS
def test_a_tick_is_hidden_where_one_arm_has_few_exits_since_the_last(estimate):
    sample = with_few_exits(60)
    result = estimate(sample, "arm")
    late = (sample.code > 0) & (sample.covariates["arm"] == "programme").to_numpy()
    assert 0 < (late & (sample.duration > 6) & (sample.duration <= 12)).sum() < 30

    frame = release(result, "strict10").tidy().query("term == 'arm[programme]'")

    arm = sample.duration[late]
    ticks = [0.0, *frame.loc[~frame["suppressed"], "time"]]
    assert len(ticks) > 2
    assert (np.histogram(arm, np.array(ticks) + 0.5)[0] >= 10).all()
    assert frame["suppressed"].any()


def test_few_exits_of_the_reference_level_hide_all_levels():
    few = with_few_exits(6, column="education", few="basic")
    enough = with_few_exits(150, column="education", few="basic")

    def hidden(sample):
        return release(additive_hazards(sample, "education + age"), "strict10").tidy()

    by_term = hidden(few).groupby("term")["suppressed"]
    assert by_term.all()[["intercept", "education[higher]", "education[upper]"]].all()
    assert not by_term.any()["age"]
    assert not hidden(enough)["suppressed"].any()


def test_few_exits_of_a_combination_hide_the_product_and_its_parts():
    sample = with_few_exits(180)
    frame = sample.covariates.assign(woman=np.arange(600) // 2 % 2)
    inside = ((frame["arm"] == "programme") & (frame["woman"] == 1)).to_numpy()
    few = np.flatnonzero(inside & (sample.code > 0))[6:]
    code = sample.code.copy()
    code[few] = 0
    thinned = dataclasses.replace(sample, code=code, covariates=frame)

    added = release(additive_hazards(thinned, "arm + woman"), "strict10").tidy()
    multiplied = release(additive_hazards(thinned, "arm * woman"), "strict10").tidy()

    assert not added["suppressed"].all()
    assert multiplied["suppressed"].all()


def score_frame(sample, horizon):
    risk = np.full(len(sample), 0.3)
    return release(brier_score(sample, risk, horizon=horizon), "strict10").tidy()


def test_scores_of_few_cases_are_hidden_and_others_are_exact():
    sample = sample_of(400, rate=0.015)
    result = brier_score(sample, np.full(400, 0.3), horizon=[1, 12])

    shown = release(result, "strict10").tidy()

    few = (shown["time"] == 1) | (shown["measure"] == "integrated_brier")
    assert list(shown["suppressed"]) == list(few)
    np.testing.assert_array_equal(shown["estimate"][~few], result.rows["estimate"][~few])
    assert shown["estimate"][few].isna().all()


def test_horizons_with_few_cases_between_them_are_not_both_shown():
    sample = sample_of(100)
    cases = {at: int(((sample.code == 1) & (sample.duration <= at)).sum()) for at in range(1, 21)}

    frame = score_frame(sample, list(cases))

    shown = frame[~frame["suppressed"] & (frame["measure"] == "brier")]["time"].unique()
    assert 2 < len(shown) < 20
    assert 12 in shown
    assert (np.diff([cases[at] for at in shown], prepend=0) >= 10).all()


def test_an_average_of_scores_does_not_give_a_single_hidden_one_away():
    months = np.repeat([4.0, 11.0, 12.0, 15.0, 30.0], [20, 4, 20, 20, 40])
    people = pd.DataFrame({"months": months, "exited": months < 30})
    sample = TimeToEvent.from_frame(people, duration="months", event="exited")
    frame = score_frame(sample, [6, 11, 12, 18])
    hidden = frame.set_index(["prediction", "measure", "time"])["suppressed"].loc["model"]

    assert hidden["brier"].to_dict() == {6.0: False, 11.0: True, 12.0: False, 18.0: False}
    assert hidden["integrated_brier"].to_dict() == {11.0: True, 12.0: True, 18.0: True}


def test_an_average_of_scores_that_are_all_shown_is_shown():
    frame = score_frame(sample_of(600), [6, 12, 18])

    assert not frame["suppressed"].any()


@pytest.mark.parametrize(("n_late", "is_told"), [(0, True), (3, False), (10, True)])
def test_all_cases_less_those_of_the_last_horizon_do_not_tell_of_few(n_late, is_told):
    sample = exits_until(12, n_late, n_early=96)
    result = brier_score(sample, np.full(400, 0.3), horizon=[6, 12])

    released = release(result, "strict10")

    assert not released.tidy()["suppressed"].any()
    total = released.summary["n_event"]
    assert (total == 96 + n_late) if is_told else np.isnan(total)


def test_scores_with_few_followed_beyond_the_horizon_are_hidden():
    sample = sample_of(300)
    late = np.flatnonzero((sample.code == 0) & (sample.duration > 24))
    duration = sample.duration.copy()
    duration[late[4:]] = 20.0
    duration[sample.code == 1] = np.minimum(duration[sample.code == 1], 24.0)

    few = dataclasses.replace(sample, duration=duration)

    assert not score_frame(sample, [24])["suppressed"].any()
    assert score_frame(few, [24])["suppressed"].all()


def test_one_small_group_hides_a_whole_calibration():
    sample = sample_of(400)
    risk = np.random.default_rng(1).uniform(0, 0.5, 400)

    large = release(calibration(sample, risk, horizon=18, n_group=4), "strict10").tidy()
    small = release(calibration(sample, risk, horizon=2, n_group=10), "strict10").tidy()

    assert not large["suppressed"].any()
    assert small["suppressed"].all()


def test_the_profile_that_hides_nothing_shows_every_row():
    result = effect_over_time(sample_of(300), "age")

    assert len(release(result, "public").tidy()) == len(result.tidy())
