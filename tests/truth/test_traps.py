"""Each trap: the naive estimate misses the truth by a stated amount, the right one does not.

Tolerances: 3.5 standard errors of the estimate and of the Monte-Carlo run of the truth. `OFF_BY` is
the smallest bias that each trap must show, with its sign; what is seen is well above it.
"""

from functools import cache

import numpy as np
import pytest

import evalkit as ek
from evalkit.synthetic.traps import PLANS, method_trap

SEED = 20261
OFF_BY = {
    "leavers_only": 0.08,
    "time_zero_at_end": 0.06,
    "sustained_to_the_cut": -0.04,
    "one_minus_km": 0.05,
    "status_off_incidence": 0.12,
    "before_after_with_a_dip": 0.05,
    "status_blind_panel": 0.06,
}
PERSONS = {"sustained_to_the_cut": 60_000}  # few start there
REACHED = {"cause": "self_support", "horizon": 24}
FREE = {"state": "self_support", "horizon": 12}


def times(frame):
    return ek.TimeToEvent.from_frame(frame, duration="time", cause="cause", censored="censored")


def months(frame):
    columns = {"person": "person", "month": "month", "state": "state", "arm": "arm"}
    return ek.StateHistory.from_frame(frame, **columns)


def scores(frame):
    columns = {"person": "person", "wave": "wave", "outcome": "score", "arm": "arm"}
    return ek.HealthPanel.from_frame(frame, **columns)


def change(panel):
    return ek.fixed_effects(panel, "arm:C(wave)", wave_effects=True)


def at(frame, **options):
    return ek.state_at(months(frame), **options)


ANALYSES = {
    "leavers_only": (lambda seen: at(seen, **FREE), lambda seen: at(seen, **FREE)),
    "time_zero_at_end": (
        lambda seen: at(seen, by="arm", **FREE),
        lambda seen: at(seen, by="arm", **FREE),
    ),
    "sustained_to_the_cut": (
        lambda seen: ek.incidence_at(times(seen), **REACHED),
        lambda seen: ek.incidence_at(times(seen), **REACHED),
    ),
    "one_minus_km": (
        lambda seen: ek.kaplan_meier(times(seen), cause="self_support", hypothetical=True),
        lambda seen: ek.incidence_at(times(seen), **REACHED),
    ),
    "status_off_incidence": (
        lambda seen: ek.incidence_at(times(seen), **REACHED),
        lambda seen: at(seen, state="self_support", horizon=24),
    ),
    "before_after_with_a_dip": (
        lambda seen: ek.fixed_effects(scores(seen), "C(wave)"),
        lambda seen: change(scores(seen)),
    ),
    "status_blind_panel": (
        lambda seen: change(scores(seen)),
        lambda seen: ek.ancova(scores(seen)),
    ),
}


@cache
def recovered(name):
    trap = method_trap(name, persons=PERSONS.get(name, 20_000), seed=SEED)
    naive, right = ANALYSES[name]
    return ek.against_truth(naive=naive(trap.naive), right=right(trap.right), **trap.stated)


def rows(name):
    found = recovered(name)
    frame = found.tidy().set_index("method")
    error = np.hypot(frame["std_error"], found.summary["truth_error"])
    return frame["bias"], error


def test_every_trap_is_tested():
    assert set(PLANS) == set(ANALYSES) == set(OFF_BY)


@pytest.mark.parametrize("name", PLANS)
def test_the_naive_estimate_is_off_by_a_stated_amount(name):
    bias, error = rows(name)

    assert np.sign(OFF_BY[name]) * bias["naive"] > abs(OFF_BY[name])
    assert abs(bias["naive"]) > 3.5 * error["naive"]


@pytest.mark.parametrize("name", PLANS)
def test_the_right_estimate_is_not(name):
    bias, error = rows(name)

    assert abs(bias["right"]) <= 3.5 * error["right"]


@pytest.mark.parametrize("name", PLANS)
def test_the_check_of_the_right_estimate_would_find_the_stated_bias(name):
    _, error = rows(name)

    assert abs(OFF_BY[name]) > 3.5 * error["right"]


@pytest.mark.parametrize("name", ["one_minus_km", "status_off_incidence"])
def test_the_truth_has_an_error_smaller_than_that_of_the_estimate(name):
    found = recovered(name)

    assert 0 < found.summary["truth_error"] < found.rows["std_error"][1]


@pytest.mark.parametrize(
    "name", ["time_zero_at_end", "before_after_with_a_dip", "status_blind_panel"]
)
def test_the_truth_is_nothing_where_nothing_has_an_effect(name):
    assert PLANS[name].scenario.effect == (0.0, 0.0, 0.0)
    assert recovered(name).summary["truth"] == recovered(name).summary["truth_error"] == 0.0


def test_the_same_seed_gives_the_same_trap():
    first, second = (method_trap("one_minus_km", persons=1_000, seed=3) for _ in range(2))

    assert first.naive.equals(second.naive)
    assert not first.naive.equals(method_trap("one_minus_km", persons=1_000, seed=4).naive)


def test_leavers_are_some_of_those_who_started():
    trap = method_trap("leavers_only", persons=2_000)

    assert set(trap.naive["person"]) < set(trap.right["person"])


def test_follow_up_in_the_right_frame_ends_five_months_earlier():
    trap = method_trap("sustained_to_the_cut", persons=2_000)

    both = trap.right.merge(trap.naive, on="person")
    censored = both[(both["cause_x"] == "censored") & (both["cause_y"] == "censored")]
    assert (censored["time_y"] - censored["time_x"]).eq(5).all()
    assert len(censored) > 50


def test_an_unknown_trap_is_refused():
    with pytest.raises(ek.ParameterError, match="no 'censoring'; there are leavers_only, "):
        method_trap("censoring")
