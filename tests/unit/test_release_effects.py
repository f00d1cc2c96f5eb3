"""Effects over time, scores of predictions and calibrations pass the door without small numbers."""

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


def test_a_term_of_few_persons_is_hidden_throughout():
    result = additive_hazards(sample_of(600), "age + rare")

    shown = release(result, "strict10").tidy()

    is_rare = shown["term"].str.startswith("rare")
    assert shown.loc[is_rare, "suppressed"].all()
    assert not shown.loc[~is_rare, "suppressed"].all()


def test_scores_of_few_cases_are_hidden_and_others_are_exact():
    sample = sample_of(400, rate=0.015)
    risk = np.full(400, 0.3)
    result = brier_score(sample, risk, horizon=[1, 12])

    shown = release(result, "strict10").tidy()

    few = result.support["k"] < 10
    assert few.any() and (~few).any()
    assert list(shown["suppressed"]) == list(few)
    np.testing.assert_array_equal(shown["estimate"][~few], result.rows["estimate"][~few])
    assert shown["estimate"][few].isna().all()


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
