"""Months and mean numbers of events at the door: they rest on those who exited, not on all."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from pytest import approx

from evalkit.cohort.samples import StateHistory, TimeToEvent
from evalkit.release import release
from evalkit.survival import (
    incidence_at,
    recurrent_mean,
    recurrent_mean_at,
    restricted_mean,
    standardised_incidence,
    time_in_state,
    time_lost,
)

N = 200
HIDDEN, SHOWN = [True, False, True, True], [False] * 4


def sample_of(programme, comparison=60):
    """Two arms of 100 in which so many leave for work within two years; 30 of each die."""
    frame = pd.DataFrame({
        "arm": np.repeat(["programme", "comparison"], 100), "age": np.arange(N) % 7,
        "months": 36.0, "exit": "none",
    })  # fmt: skip
    for first, number in ((0, programme), (100, comparison)):
        leave, die = np.arange(first, first + number), np.arange(first + 70, first + 100)
        frame.loc[die, ["months", "exit"]] = (30.0, "died")
        frame.loc[leave, "exit"] = "work"
        frame.loc[leave, "months"] = 1.0 + np.arange(number) % 20
    return TimeToEvent.from_frame(
        frame, duration="months", cause="exit", censored="none", arm="arm"
    )


def standardised(quantity):
    return lambda sample: standardised_incidence(
        sample, {"work": "age", "died": "age"}, cause="work", horizon=24, quantity=quantity,
        strata="arm",
    )  # fmt: skip


MONTHS = {
    "time_lost": lambda sample: time_lost(sample, by="arm", cause="work", horizon=24),
    "restricted_mean": lambda sample: restricted_mean(sample, by="arm", cause="any", horizon=24),
    "standardised months": standardised("time_lost"),
    "standardised share": standardised("incidence"),
}


def hidden(result, profile="strict10"):
    return release(result, profile).tidy()["suppressed"].tolist()


@pytest.mark.parametrize("function", MONTHS)
@pytest.mark.parametrize("number", [1, 9, 95])
def test_months_of_an_arm_in_which_few_exited_or_few_did_not_are_hidden(function, number):
    assert hidden(MONTHS[function](sample_of(number))) == HIDDEN


@pytest.mark.parametrize("function", MONTHS)
def test_months_of_arms_with_enough_of_both_are_shown(function):
    assert hidden(MONTHS[function](sample_of(10))) == SHOWN


@pytest.mark.parametrize("function", [name for name in MONTHS if name != "restricted_mean"])
def test_no_exit_at_all_is_hidden_with_the_reason_that_tells_of_it(function):
    result = MONTHS[function](sample_of(0))
    assert result.rows["estimate"][0] == 0.0
    assert "zero" in result.rows["reason"][3]

    frame = release(result, "strict10").tidy()

    assert frame["suppressed"].tolist() == HIDDEN
    assert frame["reason"].tolist() == [""] * 4
    assert frame.loc[0, ["estimate", "std_error"]].isna().all()


def test_no_exit_at_all_is_shown_where_zero_is_no_secret():
    frame = release(MONTHS["time_lost"](sample_of(0)), "dk5").tidy()

    assert not frame["suppressed"].any()
    assert frame.loc[3, "reason"] == "the ratio of a zero is undefined"


def test_exits_after_the_horizon_do_not_count():
    sample = sample_of(40)

    early = time_lost(sample, by="arm", cause="work", horizon=4)

    assert early.support["k"].tolist()[:2] == [8, 12]
    assert hidden(early) == HIDDEN


def followed_to_the_horizon(number):
    """Forty of each arm leave for work early; so many of the programme are followed to month 24."""
    sample = sample_of(40, 40)
    duration, code = sample.duration.copy(), sample.code.copy()
    still = np.flatnonzero((duration > 24) & (np.arange(N) < 100))
    duration[still[number:]], code[still[number:]] = 20.0, 0
    return dataclasses.replace(sample, duration=duration, code=code)


CONTRASTS = MONTHS | {
    "incidence": lambda sample: incidence_at(sample, by="arm", cause="work", horizon=24),
}


@pytest.mark.parametrize("function", CONTRASTS)
def test_an_arm_with_few_under_observation_at_the_horizon_is_hidden(function):
    few, enough = (CONTRASTS[function](followed_to_the_horizon(number)) for number in (9, 10))

    assert few.support["complement"].min() == 60
    assert hidden(few) == HIDDEN
    assert hidden(enough) == SHOWN


def relapses(first, again, *, n=100):
    """Persons with an event in month 6, some with more each month after that."""
    rows = []
    for person in range(n):
        times = [6.0] if person < first else []
        times += [7.0 + number for number in range(again)] if person == 0 else []
        ends = [0.0, *times]
        rows += [(person, a, b, "relapse") for a, b in zip(ends, ends[1:], strict=False)]
        rows.append((person, ends[-1], 30.0, "none"))
    frame = pd.DataFrame(rows, columns=["id", "start", "stop", "event"]).assign(
        arm=lambda table: np.where(table["id"] % 2, "programme", "comparison")
    )
    return TimeToEvent.from_frame(
        frame, duration="stop", entry="start", cause="event", censored="none", person="id",
        arm="arm",
    )  # fmt: skip


def test_a_mean_number_of_events_counts_persons_and_not_events():
    few = recurrent_mean_at(relapses(4, again=18), cause="relapse", horizon=28)
    enough = recurrent_mean_at(relapses(40, again=0), cause="relapse", horizon=28)
    by_arm = recurrent_mean_at(relapses(12, again=9), cause="relapse", by="arm", horizon=28)

    assert few.support["k"].tolist() == [4]
    assert hidden(few) == [True]
    assert hidden(enough) == [False]
    assert hidden(by_arm) == [True] * 4


def shown_means(sample, profile):
    frame = release(recurrent_mean(sample, cause="relapse"), profile).tidy()
    return frame.query("not suppressed and time > 0").set_index("time")


def test_a_later_event_of_one_person_does_not_show_in_the_mean():
    shown = shown_means(relapses(40, again=10), "dk5")

    assert shown["n_event"].to_dict() == {6.0: 40.0}


def with_second(number, *, first=60, third=0, n=300):
    """Persons with an event in month 3, of whom some have a second in month 9 and one more."""
    rows = []
    for person in range(n):
        ends = [3.0] * (person < first) + [9.0] * (person < number) + [15.0] * (person < third)
        starts = [0.0, *ends]
        rows += [(person, a, b, "relapse") for a, b in zip(starts, ends, strict=False)]
        rows.append((person, starts[-1], 30.0, "none"))
    frame = pd.DataFrame(rows, columns=["id", "start", "stop", "event"])
    return TimeToEvent.from_frame(
        frame, duration="stop", entry="start", cause="event", censored="none", person="id"
    )


@pytest.mark.parametrize("profile", ["strict10", "dk5"])
def test_the_mean_less_first_events_does_not_tell_how_few_had_a_second(profile):
    sample = with_second(2)
    assert recurrent_mean(sample, cause="relapse").rows["estimate"][-1] * 300 - 60 == approx(2)

    shown = shown_means(sample, profile)

    assert (shown["estimate"] * 300).tolist() == approx(shown["n_event"].cumsum().tolist())


def test_no_second_event_is_shown_where_zero_is_no_secret():
    assert shown_means(with_second(0), "dk5")["n_event"].sum() == 60
    assert shown_means(with_second(0), "strict10").empty


def test_a_mean_with_enough_second_events_is_shown_and_exact():
    shown = shown_means(with_second(12), "strict10")

    assert shown.index.tolist() == [24]
    assert shown.loc[24, "estimate"] * 300 == approx(72)


def test_a_third_event_of_one_person_does_not_show_between_two_times():
    again = shown_means(with_second(12, third=1), "dk5")["estimate"] * 300

    assert again.max() == approx(73)
    assert len(again[again > 70]) == 1


def history(ever, n=100):
    state = np.zeros((n, 25), dtype=int)
    state[:ever, 5:9] = 1
    return StateHistory.from_matrix(state, ["support", "work"], pd.DataFrame(index=range(n)))


def test_months_in_a_state_need_persons_who_were_there():
    def months(ever, state="work"):
        return time_in_state(history(ever), state=state, horizon=24)

    assert hidden(months(9)) == [True]
    assert hidden(months(10)) == [False]
    assert hidden(months(10, state="support")) == [False]  # that all were there is no secret
