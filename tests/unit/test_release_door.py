"""The door, kind by kind: where a rule fires, and where it does not."""

import pandas as pd
import pytest
from made_results import (
    SAMPLE,
    baseline,
    contrast,
    flow,
    model,
    need,
    occupation,
    paired,
    wave_means,
)

from evalkit import results
from evalkit.errors import DisclosureError
from evalkit.provenance import provenance
from evalkit.release import load_profile, release


def hidden(released):
    return released.tidy()["suppressed"].tolist()


def hidden_blocks(*blocks):
    plan = pd.DataFrame({"level": "unit", "code": "x", "block": list(blocks)})
    return load_profile("strict10").for_unit(plan, "unit", "x")


def test_the_columns_are_the_results_and_suppressed_last():
    released = release(wave_means({("", 0): 12}), "strict10")

    assert list(released.tidy()) == [*results.WaveMeans.TIDY, "suppressed"]
    assert (released.kind, released.profile, released.publishable) == (
        "WaveMeans",
        "strict10",
        True,
    )


def test_what_is_no_result_does_not_pass():
    with pytest.raises(DisclosureError, match="DataFrame is no result"):
        release(pd.DataFrame({"n": [100]}), "internal")


def test_released_under_one_profile_is_refused_by_another():
    released = release(wave_means({("", 0): 12}), "dk5")

    with pytest.raises(DisclosureError, match="released under `dk5`"):
        release(released, "strict10")


def test_released_again_is_the_same():
    released = release(wave_means({("", 0): 12}), "dk5")

    assert release(released, load_profile("dk5")) is released


def test_released_without_the_blocks_of_a_unit_is_refused_there():
    released = release(wave_means({("", 0): 12, ("", 6): 3}), "strict10")

    with pytest.raises(DisclosureError, match="1 rows of a released WaveMeans"):
        release(released, hidden_blocks("health//0"))


def test_released_again_where_only_hidden_rows_are_in_the_blocks():
    released = release(wave_means({("", 0): 12, ("", 6): 3}), "strict10")

    assert release(released, hidden_blocks("health//6")) is released


def test_released_states_are_compared_with_blocks_in_the_order_of_an_address():
    released = release(occupation({("", 12.0): {"support": 40, "wage": 30}}), "strict10")

    with pytest.raises(DisclosureError, match="1 rows"):
        release(released, hidden_blocks("states//12/wage"))


def test_the_log_names_rule_address_and_reason_and_no_value():
    released = release(wave_means({("", 0): 120, ("", 6): 7}), "strict10")

    assert released.log == (("primary", "health//6", "rests on too few persons: threshold 10"),)


def test_shares_need_enough_with_and_without_the_event():
    few_with = contrast("incidence_at", n=(50, 50), k=(9, 20), complement=(41, 30))
    few_without = contrast("incidence_at", n=(50, 50), k=(41, 20), complement=(9, 30))
    enough = contrast("incidence_at", n=(50, 50), k=(10, 20), complement=(40, 30))

    assert hidden(release(few_with, "strict10")) == [True, False, True, True]
    assert hidden(release(few_without, "strict10")) == [True, False, True, True]
    assert hidden(release(enough, "strict10")) == [False] * 4


def test_no_event_at_all_is_hidden_only_where_zero_is_a_secret():
    nobody = contrast("incidence_at", n=(50, 50), k=(0, 20), complement=(50, 30))

    assert hidden(release(nobody, "strict10")) == [True, False, True, True]
    assert hidden(release(nobody, "dk5")) == [False] * 4


def test_months_need_persons_only():
    months = contrast("time_lost", n=(12, 50), cause="self_support")

    assert hidden(release(months, "strict10")) == [False] * 4


def test_a_difference_goes_with_either_arm_and_the_total_too():
    released = release(contrast("time_lost", n=(50, 9), cause="self_support"), "strict10")

    assert hidden(released) == [False, True, True, True]
    assert pd.isna(released.summary["n"])
    assert released.tidy()["reason"].tolist() == [""] * 4


@pytest.mark.parametrize(
    ("function", "arguments", "hit"),
    [
        ("incidence_at", {"cause": "self_support", "horizon": 24}, True),
        ("time_lost", {"cause": "self_support", "horizon": 24}, True),
        ("time_lost", {"cause": "self_support", "horizon": 12}, False),
        ("time_lost", {"cause": "died", "horizon": 24}, False),
        ("restricted_mean", {"cause": None, "horizon": 24}, False),
        ("state_at", {"state": "self_support", "horizon": 24}, False),
    ],
)
def test_a_block_hides_every_function_of_its_family(function, arguments, hit):
    profile = hidden_blocks("exits/programme/24/self_support")

    released = release(contrast(function, **arguments), profile)

    assert hidden(released) == [hit, False, hit, hit]


def test_a_tick_hidden_for_all_causes_hides_months_until_any_exit():
    released = release(
        contrast("restricted_mean", cause=None, horizon=24), hidden_blocks("exits/programme/24")
    )

    assert hidden(released) == [True, False, True, True]
    assert released.log[0][0] == "planned"


def test_one_hidden_state_takes_the_next_smallest_along():
    states = {"support": 60, "self_support": 12, "parental": 14, "died": 3}

    rows = release(occupation({("", 12.0): states}), "strict10").tidy().set_index("state")

    assert rows["suppressed"].to_dict() == {
        "support": False,
        "self_support": False,
        "parental": True,
        "died": True,
    }


def test_states_that_are_large_enough_together_take_nothing_along():
    states = {"support": 60, "self_support": 30, "parental": 6, "died": 5}

    rows = release(occupation({("", 12.0): states}), "strict10").tidy().set_index("state")

    assert rows.query("suppressed").index.tolist() == ["parental", "died"]


def test_states_are_shown_at_ticks_and_the_first_month_is_no_secret():
    everyone = {"support": 60, "self_support": 0}
    months = {("", float(month)): {"support": 40, "self_support": 20} for month in range(1, 13)}

    rows = release(occupation({("", 0.0): everyone, **months}), "strict10").tidy()

    assert sorted(set(rows["time"])) == [0, 6, 12]
    assert not rows["suppressed"].any()


def test_a_month_between_the_ticks_is_not_told_and_hides_nothing_at_them():
    enough, few = {"support": 40, "self_support": 20}, {"support": 58, "self_support": 2}
    months = {("", 6.0): enough, ("", 8.0): few, ("", 12.0): few, ("", 18.0): enough}

    released = release(occupation(months), "strict10")
    rows = released.tidy()

    assert rows["time"].tolist() == [6, 6, 12, 12, 18, 18]
    assert rows["suppressed"].tolist() == [False, False, True, True, False, False]
    assert rows["estimate"].isna().tolist() == rows["suppressed"].tolist()
    assert rows["n_observed"].isna().tolist() == rows["suppressed"].tolist()
    assert {address for _, address, _ in released.log} == {
        "states//12/support", "states//12/self_support"
    }  # fmt: skip


def test_without_a_month_at_a_tick_no_state_is_told():
    released = release(occupation({("", 7.0): {"support": 40, "self_support": 20}}), "strict10")

    assert released.tidy().empty
    assert released.log == ()


def test_states_count_shares_of_persons_where_no_count_is_given():
    result = occupation({("", 12.0): {"support": 45, "self_support": 5}})
    bare = type(result)(
        rows=dict(result.rows),
        summary=dict(result.summary),
        support={"n": result.support["n"]},
        provenance=result.provenance,
    )

    assert release(bare, "strict10").is_withheld


def test_one_small_level_takes_the_next_along_and_a_mean_stays():
    table = baseline(
        {("programme", "education"): {"low": 30, "middle": 22, "high": 8}},
        {("programme", "age"): 60},
    )

    rows = release(table, "strict10").tidy().set_index("level")

    assert rows["suppressed"].to_dict() == {"low": False, "middle": True, "high": True, "": False}
    assert rows.loc["high", "stratum"] == "programme"


def test_a_standardised_difference_goes_when_the_other_arm_is_hidden():
    table = baseline(
        {
            ("programme", "education"): {"low": 30, "middle": 22, "high": 20},
            ("comparison", "education"): {"low": 30, "middle": 4, "high": 6},
        }
    )

    rows = release(table, "strict10").tidy().query("stratum == 'programme'").set_index("level")

    assert not rows["suppressed"].any()
    assert rows["standardised_difference"].isna().to_dict() == {
        "low": False,
        "middle": True,
        "high": True,
    }


def test_a_mean_of_few_is_hidden():
    table = baseline({}, {("programme", "age"): 9, ("comparison", "age"): 10})

    assert hidden(release(table, "strict10")) == [True, False]


def test_who_entered_and_left_goes_without_the_shares():
    rows = release(paired({("", "wage"): (20, 3, 17, 20)}), "strict10").tidy().loc[0]

    assert not rows["suppressed"]
    assert (rows["n_before"], rows["n_after"]) == (25, 35)
    assert rows[["n_entered", "n_left", "conf_low", "conf_high", "p_value"]].isna().all()
    assert rows["unit"] == "percentage points"


def test_pairs_that_are_all_large_are_shown_whole():
    rows = release(paired({("", "wage"): (20, 13, 17, 20)}), "strict10").tidy().loc[0]

    assert rows.notna().drop(["change_percent"]).all()
    assert (rows["n_entered"], rows["n_left"]) == (15, 15)


def test_persons_seen_again_are_rounded_so_that_those_who_died_are_not_counted():
    started, seen_again = 226, 223
    released = release(paired({("", "wage"): (50, 30, 40, 103)}), "strict10")

    row = released.tidy().loc[0]

    assert not row["suppressed"]
    assert row["n_pair"] == released.summary["n"] == 225
    assert started - row["n_pair"] != started - seen_again
    assert row["share_before"] == 80 / seen_again


def test_answers_are_rounded_and_their_mean_is_not():
    given = wave_means({("programme", 0): 114})
    released = release(given, "strict10")

    row = released.tidy().loc[0]

    assert row["n"] == released.summary["n"] == 115
    assert row["estimate"] == given.rows["estimate"][0]


def test_a_table_of_municipalities_hides_what_a_municipality_hides_itself():
    table = contrast("incidence_at", place="0114", cause="self_support")
    plan = pd.DataFrame(
        {
            "level": ["municipality", "municipality", "national"],
            "code": ["0114", "0131", "national"],
            "block": ["exits/programme/24/self_support"] * 3,
        }
    )

    whole = release(table, load_profile("strict10"))
    covered = release(table, load_profile("strict10").for_table_of(plan))

    assert hidden(whole) == [False] * 4
    assert hidden(covered) == [True, False, True, True]


def test_a_share_of_few_hides_its_row():
    few_before = paired({("", "wage"): (2, 3, 30, 20)})
    few_without = paired({("", "wage"): (30, 30, 2, 3)})

    assert hidden(release(few_before, "strict10")) == [True]
    assert hidden(release(few_without, "strict10")) == [True]


def test_pairs_can_be_hidden_for_another_unit():
    table = paired({("programme", "wage"): (20, 13, 17, 20)})

    rows = release(table, hidden_blocks("occasions/programme/wage/pairs")).tidy().loc[0]

    assert not rows["suppressed"]
    assert pd.isna(rows["n_entered"])


def test_a_step_that_removed_few_goes_with_a_neighbour():
    released = release(flow(300, [100, 3, 50]), "strict10")

    rows = released.tidy()
    shown = rows.query("not suppressed")["step"].tolist()
    assert rows.loc[1, "suppressed"]
    assert len(shown) == 1
    assert released.summary["n_start"] == 300
    assert released.summary["n_end"] == 147
    assert {rule for rule, _, _ in released.log} == {"primary", "secondary"}


def test_steps_that_removed_many_or_nobody_are_shown():
    assert hidden(release(flow(300, [0, 100, 0, 50]), "strict10")) == [False] * 4


def test_a_flow_that_lost_few_in_all_does_not_tell_its_start():
    released = release(flow(300, [2, 3]), "strict10")

    assert released.is_withheld
    assert pd.isna(released.summary["n_start"])
    assert released.summary["n_end"] == 295


def test_a_flow_that_ends_with_few_does_not_tell_its_end():
    released = release(flow(300, [100, 194]), "strict10")

    assert pd.isna(released.summary["n_end"])
    assert hidden(released) == [False, True]


def test_a_step_can_be_hidden_for_another_unit():
    released = release(flow(300, [100, 50, 50]), hidden_blocks("flow/a"))

    assert hidden(released) == [True, True, False]
    assert {rule for rule, _, _ in released.log} == {"planned"}


@pytest.mark.parametrize(
    ("summary", "withheld"),
    [
        ({"n_person": 100}, False),
        ({"n_person": 9}, True),
        ({"n_person": 11}, True),
        ({"n_person": 100, "n_event": 9}, True),
        ({"n_person": 100, "n_event": 10}, False),
    ],
)
def test_a_model_needs_persons_events_and_degrees_of_freedom(summary, withheld):
    assert release(model("cox", **summary), "strict10").is_withheld is withheld


def test_a_model_loses_the_waves_that_too_few_answered():
    assert hidden(release(model(n=[50, 9]), "strict10")) == [False, True]


@pytest.mark.parametrize(
    ("block", "rows"),
    [
        ("health/programme/12", [False, True]),
        ("health/programme/0", [True, True]),
        ("health/programme", [True, True]),
        ("exits/programme/12", [False, False]),
    ],
)
def test_a_model_of_waves_follows_the_blocks_of_health(block, rows):
    assert hidden(release(model(), hidden_blocks(block))) == rows


def test_other_models_do_not_follow_the_blocks_of_health():
    assert hidden(release(model("cox"), hidden_blocks("health/programme/0"))) == [False, False]


def test_need_is_hidden_where_few_are_covered():
    assert release(need(5000, 9), "strict10").is_withheld
    assert pd.isna(release(need(5000, 9), "strict10").summary["n_covered"])
    assert not release(need(5000, 10), "strict10").is_withheld
    assert release(need(5000, 50), hidden_blocks("need/covered")).is_withheld


@pytest.mark.parametrize(
    ("n", "n_event", "withheld"), [(9, 9, True), (50, 9, True), (50, 20, False)]
)
def test_a_check_needs_persons_and_events(n, n_event, withheld):
    check = results.Check(
        rows={"term": ["arm"], "statistic": [1.0], "df": [1], "p_value": [0.3]},
        summary={"test": "logrank", "n": n, "n_event": n_event},
        support={"n": [n]},
        provenance=provenance("logrank_test", SAMPLE),
    )

    assert release(check, "strict10").is_withheld is withheld


@pytest.mark.parametrize(("n", "withheld"), [([50, 9], True), ([50, 10], False)])
def test_accounts_are_shown_whole_or_not_at_all(n, withheld):
    account = results.Ledger(
        rows={"month": [1, 1], "payer": ["state", "municipality"], "amount": [1.0, 2.0]},
        summary={"n": 50, "society": 3.0, "currency": "SEK"},
        support={"n": n},
        provenance=provenance("ledger", SAMPLE),
    )

    released = release(account, "strict10")

    assert released.is_withheld is withheld
    assert pd.isna(released.summary["society"]) is withheld
    assert released.summary["currency"] == "SEK"


def test_internal_is_marked_and_hides_nothing():
    released = release(wave_means({("", 0): 1}), "internal")

    assert not released.publishable
    assert hidden(released) == [False]
