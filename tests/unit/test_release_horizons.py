"""Times by which shares exited: many of them are a curve, and pass the door as one."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.release import load_profile, release
from evalkit.survival import follow_up_time, median_time

PERCENTILES = np.arange(1, 100) / 100


def sample_of(n, *, seed=1, unit="days"):
    rng = np.random.default_rng(seed)
    exits, end = np.ceil(rng.exponential(300, n)), np.ceil(rng.uniform(200, 900, n))
    width = 30 if unit == "months" else 1
    frame = pd.DataFrame({
        "time": np.ceil(np.minimum(exits, end) / width), "exited": exits <= end,
        "arm": np.where(np.arange(n) % 2, "programme", "comparison"),
    })  # fmt: skip
    return TimeToEvent.from_frame(frame, duration="time", event="exited", arm="arm", time_unit=unit)


def dates_told(frame):
    """All dates that a released table tells, those of limits included."""
    shown = frame[~frame["suppressed"]]
    dates = shown[["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float).ravel()
    return np.unique(dates[np.isfinite(dates)])


@pytest.mark.parametrize("name", ["strict10", "dk5", "fi-kela4"])
@pytest.mark.parametrize("unit", ["days", "months"])
@pytest.mark.parametrize("seed", range(4))
def test_between_two_dates_that_many_quantiles_tell_enough_persons_exited(name, unit, seed):
    sample = sample_of(200, seed=seed, unit=unit)
    result = median_time(sample, q=PERCENTILES)

    dates = dates_told(release(result, name).tidy())

    exits = np.sort(sample.duration[sample.code == 1])
    between = np.diff(np.searchsorted(exits, dates, side="right"), prepend=0)
    assert len(dates) > 5
    assert (between >= load_profile(name).threshold).all()


def test_many_times_of_follow_up_do_not_tell_single_dates_of_censoring():
    sample = sample_of(500)

    dates = dates_told(release(follow_up_time(sample, q=PERCENTILES), "strict10").tidy())

    ends = np.sort(sample.duration[sample.code == 0])
    assert len(dates) > 3
    assert (np.diff(np.searchsorted(ends, dates, side="right"), prepend=0) >= 10).all()


def test_the_quarters_of_a_large_arm_are_shown_with_their_limits():
    result = median_time(sample_of(2_000), by="arm", q=[0.25, 0.5, 0.75])

    frame = release(result, "strict10").tidy()

    pd.testing.assert_frame_equal(frame.drop(columns="suppressed"), result.tidy())
    assert not frame["suppressed"].any()


def test_a_limit_close_to_a_shown_time_is_missing_and_the_time_is_not():
    frame = release(median_time(sample_of(60)), "strict10").tidy().loc[0]

    assert not frame["suppressed"]
    assert frame["estimate"] > 0
    assert frame[["conf_low", "conf_high"]].isna().all()


def exits_in_two_runs(n_early, n_late, *, n=200):
    """Exits on days 1 to 100, one or more a day, some on day 300, others followed to day 900."""
    days = np.full(n, 900.0)
    days[:n_early] = 1.0 + np.arange(n_early) % 100
    days[n_early : n_early + n_late] = 300.0
    frame = pd.DataFrame({"days": days, "exited": days < 900})
    return TimeToEvent.from_frame(frame, duration="days", event="exited", time_unit="days")


@pytest.mark.parametrize(("n_late", "is_told"), [(3, False), (9, False), (10, True), (40, True)])
def test_all_exits_less_those_by_the_median_do_not_tell_of_few_late_ones(n_late, is_told):
    # The median lies half-way in the gap after day 100, by which half have left.
    released = release(median_time(exits_in_two_runs(100, n_late)), "strict10")

    assert not released.tidy()["suppressed"].any()
    total = released.summary["n_event"]
    assert (total == 100 + n_late) if is_told else np.isnan(total)


def test_all_exits_do_not_tell_that_few_never_exited():
    assert np.isnan(release(median_time(exits_in_two_runs(195, 0)), "strict10").summary["n_event"])


@pytest.mark.parametrize(("number", "is_told"), [(140, True), (120, False)])
def test_a_shown_limit_counts_as_a_time_that_is_told(number, is_told):
    exits = exits_in_two_runs(number, 0)

    released = release(median_time(exits), "strict10")

    median, limit = released.tidy().loc[0, ["estimate", "conf_high"]]
    by_median, by_limit = (
        ((exits.code == 1) & (exits.duration <= at)).sum() for at in (median, limit)
    )
    assert by_median < by_limit
    assert number - by_median >= 10
    assert (number - by_limit >= 10) == is_told
    assert np.isnan(released.summary["n_event"]) != is_told


def test_the_total_is_hidden_where_an_arm_tells_of_no_time():
    sample = sample_of(2_000)
    few = dataclasses.replace(sample, code=sample.code.copy())
    programme = np.flatnonzero((sample.covariates["arm"] == "programme") & (sample.code == 1))
    few.code[programme[4:]] = 0

    told, hidden = (release(median_time(one, by="arm"), "strict10") for one in (sample, few))

    assert told.summary["n_event"] == (sample.code == 1).sum()
    assert hidden.tidy()["suppressed"].tolist() == [True, False]
    assert np.isnan(hidden.summary["n_event"])


def test_the_median_is_placed_first():
    frame = release(median_time(sample_of(60), q=[0.4, 0.45, 0.5, 0.55]), "strict10").tidy()

    assert frame["suppressed"].tolist() == [True, True, False, True]


def test_shares_reached_in_one_month_do_not_tell_how_few_left_in_it():
    months = np.repeat([3.0, 6.0, 9.0, 30.0], [40, 25, 15, 20])
    frame = pd.DataFrame({"months": months, "exited": months < 30})
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited")

    rows = release(median_time(sample, q=PERCENTILES), "strict10").tidy()

    in_month = rows[~rows["suppressed"] & (rows["estimate"] == 6.0)]
    assert len(in_month) == 2
    assert np.diff(in_month["quantile"])[0] * 100 > 9.99


def test_a_time_that_is_not_reached_says_nothing_of_few_late_exits():
    months = np.repeat([3.0, 6.0, 20.0, 30.0], [30, 20, 4, 46])
    frame = pd.DataFrame({"months": months, "exited": months < 30})
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited")

    close = release(median_time(sample, q=[0.48, 0.55]), "strict10").tidy()
    alone = release(median_time(sample, q=[0.25, 0.55]), "strict10").tidy()

    assert close["suppressed"].tolist() == [False, True]
    assert close["reason"].tolist() == ["", ""]
    assert alone["reason"].tolist() == ["", "not reached within the follow-up"]
