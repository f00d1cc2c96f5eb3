"""Curves at the door: coarsened, cut, exact where shown."""

import numpy as np
import pandas as pd
import pytest
from made_results import incidence, survival

from evalkit.release import load_profile, release
from evalkit.release.curves import candidate_times, important_first


def times(released, cause="self_support", *, suppressed=False):
    rows = released.tidy().query("cause == @cause and suppressed == @suppressed")
    return rows["time"].tolist()


def hidden_blocks(*blocks):
    plan = pd.DataFrame({"level": "unit", "code": "x", "block": list(blocks)})
    return load_profile("strict10").for_unit(plan, "unit", "x")


def test_a_curve_with_many_events_each_month_keeps_every_month():
    curve = incidence({("", "self_support"): [10] * 24}, {"": 400})

    assert times(release(curve, "strict10")) == list(range(25))


def test_steps_wait_for_ten_persons_and_the_years_stay_exact():
    curve = incidence({("", "self_support"): [2] * 24}, {"": 200})

    released = release(curve, "strict10")

    assert times(released) == [0, 6, 12, 18, 24]
    assert released.tidy()["n_event"].tolist() == [0, 12, 12, 12, 12]


def test_a_tick_that_would_tell_of_few_is_a_suppressed_row():
    curve = incidence({("", "self_support"): [1] * 24}, {"": 200})

    released = release(curve, "strict10")

    assert times(released) == [0, 12, 24]
    assert times(released, suppressed=True) == [6, 18]
    hidden = released.tidy().query("suppressed").drop(columns=["stratum", "cause", "time"])
    assert hidden.select_dtypes("number").isna().all(axis=None)


def test_a_rare_cause_is_hidden_and_a_common_one_is_not():
    curve = incidence({("", "self_support"): [2] * 24, ("", "died"): [1] + [0] * 23}, {"": 200})

    released = release(curve, "strict10")

    assert times(released, "died") == []
    assert times(released, "self_support") == [0, 6, 12, 18, 24]
    assert pd.isna(released.summary["n_event"])


def test_the_number_of_events_stays_where_all_are_shown():
    curve = incidence({("", "self_support"): [2] * 24}, {"": 200})

    assert release(curve, "strict10").summary["n_event"] == 48


def test_a_curve_ends_where_fewer_than_ten_are_at_risk():
    at_risk = {"": [100.0] * 18 + [9.0] * 6}
    curve = incidence({("", "self_support"): [5] * 24}, {"": 200}, at_risk)

    released = release(curve, "strict10")

    assert max(times(released)) == 18
    assert times(released, suppressed=True) == [24]
    assert released.summary["last_time"] == 18
    assert ("cut", "exits//24/self_support", "fewer than 10 at risk") in released.log


def test_a_curve_is_hidden_where_nearly_everybody_has_left():
    curve = incidence({("", "self_support"): [8] * 24}, {"": 200}, {"": [50.0] * 24})

    released = release(curve, "strict10")

    assert 24 in times(released, suppressed=True)
    assert 12 in times(released)


def test_fewer_than_ten_persons_show_nothing_at_all():
    curve = incidence({("", "self_support"): [1] * 9}, {"": 9}, {"": [10.0] * 9})

    released = release(curve, "strict10")

    assert released.is_withheld
    assert released.glance()[["n", "n_event", "last_time"]].isna().all(axis=None)


def test_a_total_that_tells_of_a_small_stratum_is_hidden():
    curve = incidence(
        {("programme", "self_support"): [1] * 9, ("comparison", "self_support"): [5] * 9},
        {"programme": 9, "comparison": 90},
    )

    assert pd.isna(release(curve, "strict10").summary["n"])


def test_months_without_exits_are_shown_only_where_zero_is_no_secret():
    events = [12] + [0] * 10 + [0] + [12] + [0] * 11
    curve = incidence({("", "self_support"): events}, {"": 200})

    assert times(release(curve, "dk5")) == list(range(25))
    assert times(release(curve, "strict10")) == [0, 12, 24]


def test_values_between_rows_are_those_of_the_last_row():
    full = incidence({("", "self_support"): [15, 0, 15, 0, 0, 15]}, {"": 100})
    rows = full.tidy().assign(n=100).query("time != 5")
    sparse = type(full)(
        rows=rows.drop(columns="n"),
        summary=dict(full.summary),
        support={"n": rows["n"]},
        provenance=full.provenance,
    )

    shown = release(sparse, "dk5").tidy().set_index("time")

    assert shown.loc[5, "estimate"] == shown.loc[4, "estimate"] == 0.3
    assert shown.loc[5, "n_event"] == 0


def test_a_survival_curve_keeps_its_exact_shares():
    curve = survival([3] * 11, 100)

    shown = release(curve, "strict10").tidy().query("not suppressed")

    assert shown["time"].tolist() == [0, 6, 10]
    np.testing.assert_allclose(shown["estimate"], [1, 0.82, 0.7])


def test_a_hidden_block_takes_its_tick_from_every_curve_of_the_family():
    profile = hidden_blocks("exits//12/self_support")
    curve = incidence({("", "self_support"): [10] * 24, ("", "other"): [10] * 24}, {"": 900})

    released = release(curve, profile)

    assert 12 not in times(released, "self_support")
    assert 12 in times(released, "other")
    assert any(
        rule == "secondary" and at == "exits//12/self_support" for rule, at, _ in released.log
    )


def test_any_exit_is_a_block_of_its_own():
    curve, one = survival([10] * 24, 900), survival([10] * 24, 900, cause="died")
    profile = hidden_blocks("exits//12/any")

    assert 12 not in release(curve, profile).tidy().query("not suppressed")["time"].tolist()
    assert 12 in release(one, profile).tidy().query("not suppressed")["time"].tolist()


def test_a_whole_stratum_can_be_hidden():
    curve = incidence({("", "self_support"): [10] * 24}, {"": 900})

    released = release(curve, hidden_blocks("exits/"))

    assert released.is_withheld
    assert pd.isna(released.summary["n"])


def test_days_are_shown_by_the_week_and_at_round_numbers():
    curve = incidence({("", "event"): [1] * 60}, {"": 200}, time_unit="days")

    shown = release(curve, "strict10").tidy().query("not suppressed and time > 0")

    assert {30, 60} <= set(shown["time"])
    assert set(shown["time"]) <= {*range(7, 60, 7), 30, 60}


def test_the_horizons_of_reports_come_first():
    order = important_first(candidate_times(26, "months"), "months")

    assert (np.array(order) + 1).tolist()[:4] == [24, 12, 18, 6]


@pytest.mark.parametrize("name", ["strict10", "dk5"])
def test_no_mark_of_censoring_is_shown(name):
    curve = incidence({("", "self_support"): [10] * 24}, {"": 400})

    assert release(curve, name).tidy()["n_censored"].isna().all()
