"""Suppression between levels, by hand: where it fires, and where it does not."""

import numpy as np
import pandas as pd
import pytest
from made_results import (
    baseline,
    contrast,
    flow,
    incidence,
    need,
    occupation,
    paired,
    survival,
    tree,
    wave_means,
)

from evalkit.errors import ParameterError
from evalkit.release import load_profile, release, secondary_suppression
from evalkit.release.hierarchy import Hierarchy

TWO_LEVELS = ("municipality", "national")


def plan_of(*results, federations="FFF", levels=("municipality", "federation", "national"), **more):
    areas = tree(list(federations))
    return secondary_suppression(
        list(results), areas=areas, profile="strict10", levels=levels, **more
    )


def hidden(plan, block):
    return plan.loc[plan["block"] == block, "code"].tolist()


def answered(*n):
    return wave_means({(f"m{unit}, programme", 6): size for unit, size in enumerate(n)})


def test_nothing_small_hides_nothing():
    assert plan_of(answered(10, 40, 90)).empty


def test_one_small_municipality_takes_the_smallest_other_along():
    assert hidden(plan_of(answered(4, 90, 40)), "health/programme/6") == ["m0", "m2"]


def test_two_small_ones_that_are_enough_together_take_nobody_along():
    assert hidden(plan_of(answered(6, 7, 90)), "health/programme/6") == ["m0", "m1"]


def test_two_small_ones_that_are_not_enough_take_a_third_along():
    assert hidden(plan_of(answered(3, 4, 90)), "health/programme/6") == ["m0", "m1", "m2"]


def test_where_all_are_hidden_and_too_few_the_federation_is_hidden_too():
    plan = plan_of(answered(3, 4, 90, 80), federations="FFGG")

    assert hidden(plan, "health/programme/6") == ["m0", "m1", "m3", "F", "G"]


def test_a_federation_hidden_on_its_own_would_follow_from_the_nation():
    plan = plan_of(answered(3, 4, 90, 80, 70), federations="FFGGH")

    assert hidden(plan, "health/programme/6")[2:] == ["m4", "F", "H"]


def test_a_federation_of_one_shows_what_its_municipality_shows():
    plan = plan_of(answered(3, 90, 80), federations="FGH")

    units = plan[plan["block"] == "health/programme/6"]
    assert sorted(units["code"]) == ["F", "H", "m0", "m2"]


def test_a_municipality_without_federation_follows_from_the_nation():
    plan = plan_of(answered(3, 90, 80), federations=["", "F", "F"])

    assert hidden(plan, "health/programme/6") == ["m0", "m2", "F"]


def test_strata_do_not_mix():
    result = wave_means(
        {
            ("m0, programme", 6): 4,
            ("m1, programme", 6): 40,
            ("m0, comparison", 6): 50,
            ("m1, comparison", 6): 40,
        }
    )

    plan = plan_of(result, federations="FF", levels=TWO_LEVELS)

    assert set(plan["block"]) == {"health/programme/6"}


def test_strata_of_municipalities_alone_have_an_empty_rest():
    plan = plan_of(wave_means({("m0", 6): 4, ("m1", 6): 40, ("m2", 6): 50}))

    assert hidden(plan, "health//6") == ["m0", "m1"]


def curve(events, persons, cause="self_support", arm="programme"):
    strata = [f"m{unit}, {arm}" for unit in range(len(events))]
    return incidence(
        {(stratum, cause): row for stratum, row in zip(strata, events, strict=True)},
        dict(zip(strata, persons, strict=True)),
    )


def test_a_small_number_of_exits_hides_the_tick_of_a_neighbour_and_its_share():
    result = curve([[0] * 11 + [4], [0] * 11 + [30], [0] * 11 + [60]], [90, 90, 120])

    plan = plan_of(result)
    profile = load_profile("strict10").for_unit(plan, "municipality", "m1")
    share = contrast("incidence_at", cause="self_support", horizon=12, k=(30, 20))

    assert hidden(plan, "exits/programme/12/self_support") == ["m0", "m1"]
    assert release(share, profile).tidy()["suppressed"].tolist() == [True, False, True, True]
    assert not release(share, "strict10").tidy()["suppressed"].any()


def test_an_increment_between_ticks_does_not_follow_from_neighbours():
    events = [[0] * 5 + [15] + [0] * 5 + [3], [0] * 5 + [20] + [0] * 5 + [30]]

    plan = plan_of(curve(events, [90, 120]), federations="FF", levels=TWO_LEVELS)

    assert hidden(plan, "exits/programme/6/self_support") == ["m0", "m1"]
    assert hidden(plan, "exits/programme/12/self_support") == []


def test_ticks_stay_where_everyone_has_enough():
    events = [[0] * 5 + [15] + [0] * 5 + [13], [0] * 5 + [20] + [0] * 5 + [30]]

    plan = plan_of(curve(events, [90, 120]), federations="FF", levels=TWO_LEVELS)

    assert hidden(plan, "exits/programme/6/self_support") == []
    assert hidden(plan, "exits/programme/12/self_support") == []


def test_too_few_persons_hide_all_exits_of_the_stratum():
    plan = plan_of(curve([[0] * 12, [3] * 12, [4] * 12], [8, 70, 90]))

    assert hidden(plan, "exits/programme") == ["m0", "m1"]


def test_few_at_risk_hide_a_tick():
    strata = ["m0, programme", "m1, programme"]
    result = incidence(
        {(stratum, "self_support"): [0] * 11 + [20] for stratum in strata},
        dict.fromkeys(strata, 90),
        {strata[0]: [90] * 11 + [9], strata[1]: [90] * 12},
    )

    plan = plan_of(result, federations="FF", levels=TWO_LEVELS)

    assert hidden(plan, "exits/programme/12/self_support") == ["m0"]


def test_any_exit_is_hidden_where_a_cause_is():
    strata = ["m0, programme", "m1, programme"]
    result = incidence(
        {
            (stratum, cause): [0] * 11 + [number]
            for stratum in strata
            for cause, number in (("self_support", 20), ("died", 6))
        },
        dict.fromkeys(strata, 90),
    )

    plan = plan_of(result, federations="FF", levels=TWO_LEVELS)

    assert hidden(plan, "exits/programme/12/died") == ["m0", "m1"]
    assert hidden(plan, "exits/programme/12/any") == ["m0", "m1"]
    assert hidden(plan, "exits/programme/12/self_support") == []


def test_a_survival_curve_is_planned_as_any_exit():
    parts = [survival([0] * 11 + [n], 90, stratum=f"m{unit}, a") for unit, n in enumerate([4, 50])]
    rows = pd.concat([part.tidy() for part in parts], ignore_index=True)
    both = type(parts[0])(
        rows=rows,
        summary=dict(parts[0].summary),
        support={"n": np.full(len(rows), 90)},
        provenance=parts[0].provenance,
    )

    plan = plan_of(both, federations="FF", levels=TWO_LEVELS)

    assert hidden(plan, "exits/a/12/any") == ["m0", "m1"]


def states(*tables, month=12.0):
    return occupation({(f"m{unit}, programme", month): table for unit, table in enumerate(tables)})


def test_a_rare_state_is_hidden_in_pairs_of_states_and_of_municipalities():
    common = {"support": 60, "self_support": 40, "parental": 30}
    result = states({**common, "study": 4}, {**common, "study": 40}, {**common, "study": 50})

    plan = plan_of(result)

    assert hidden(plan, "states/programme/12/study") == ["m0", "m1"]
    assert hidden(plan, "states/programme/12/parental") == ["m0", "m1"]
    assert hidden(plan, "states/programme/12/self_support") == []


def test_a_federation_that_is_the_whole_country_hides_what_the_country_hides():
    names = ("support", "self_support", "parental", "study", "died")
    tables = [
        (24, 19, 1, 18, 13),
        (0, 17, 2, 16, 28),
        (21, 19, 2, 8, 23),
        (19, 6, 3, 11, 8),
    ]
    result = states(*(dict(zip(names, table, strict=True)) for table in tables))

    plan = plan_of(result, federations="FFFF")

    blocks = plan.groupby("code")["block"].agg(set)
    assert blocks["F"] == blocks["national"] != set()
    two = plan_of(result, federations="FFFF", levels=TWO_LEVELS)
    pd.testing.assert_frame_equal(
        plan[plan["level"] != "federation"].reset_index(drop=True), two, check_index_type=False
    )
    # A municipality that no number is about makes no difference.
    wider = plan_of(result, federations="FFFFG")
    of_wider = wider.groupby("code")["block"].agg(set)
    assert of_wider["F"] == of_wider["national"] == blocks["F"]


def test_states_between_ticks_are_not_planned():
    assert plan_of(states({"support": 60, "study": 4}, month=7.0)).empty


def test_the_first_month_is_planned_by_persons_only():
    result = states({"support": 60, "study": 0}, {"support": 5, "study": 0}, month=0.0)

    plan = plan_of(result, federations="FF", levels=TWO_LEVELS)

    assert sorted(set(plan["block"])) == ["states/programme"]


def test_who_died_is_hidden_in_states_where_it_is_hidden_in_exits():
    exits = curve([[0] * 11 + [4], [0] * 11 + [30], [0] * 11 + [60]], [90, 90, 120], cause="died")
    other = states(
        {"support": 50, "study": 36, "died": 20},
        {"support": 50, "study": 10, "died": 30},
        {"support": 50, "study": 30, "died": 40},
    )

    assert hidden(plan_of(other), "states/programme/12/died") == []
    assert hidden(plan_of(other, exits), "states/programme/12/died")[:2] == ["m0", "m1"]


def test_a_small_level_is_hidden_with_another_level_and_another_municipality():
    table = baseline(
        {
            ("m0, programme", "education"): {"low": 30, "middle": 20, "high": 4},
            ("m1, programme", "education"): {"low": 30, "middle": 25, "high": 15},
            ("m2, programme", "education"): {"low": 30, "middle": 40, "high": 50},
        },
        {(f"m{unit}, programme", "age"): 54 for unit in range(3)},
    )

    plan = plan_of(table)

    assert hidden(plan, "people/programme/education/high") == ["m0", "m1"]
    assert hidden(plan, "people/programme/education/middle") == ["m0", "m1"]
    assert hidden(plan, "people/programme/education/low") == []
    assert not plan["block"].str.contains("age").any()


def test_a_mean_of_few_hides_the_mean_of_a_neighbour():
    table = baseline({}, {(f"m{u}, programme", "age"): n for u, n in enumerate([5, 80, 60])})

    plan = plan_of(table)

    assert hidden(plan, "people/programme/age") == ["m0", "m2"]


def test_before_and_after_hides_shares_and_pairs_apart():
    table = paired(
        {
            ("m0, programme", "wage"): (20, 3, 17, 20),
            ("m1, programme", "wage"): (20, 15, 17, 20),
            ("m2, programme", "wage"): (30, 25, 27, 30),
        }
    )

    plan = plan_of(table)

    assert hidden(plan, "occasions/programme/wage") == []
    assert hidden(plan, "occasions/programme/wage/pairs") == ["m0", "m1"]


def test_a_small_arm_hides_the_other_arm_because_the_flow_tells_their_sum():
    small = baseline({}, {("m0, programme", "age"): 6, ("m0, comparison", "age"): 40,
                          ("m1, programme", "age"): 50, ("m1, comparison", "age"): 60,
                          ("m2, programme", "age"): 70, ("m2, comparison", "age"): 80})  # fmt: skip
    large = baseline({}, {(f"m{unit}, {arm}", "age"): 40 + unit
                          for unit in range(3) for arm in ("programme", "comparison")})  # fmt: skip

    plan = plan_of(small, levels=TWO_LEVELS)

    assert hidden(plan, "exits/programme") == ["m0", "m1"]
    assert hidden(plan, "exits/comparison") == ["m0", "m1"]
    assert plan_of(large, levels=TWO_LEVELS).empty


def test_persons_behind_one_source_do_not_follow_from_those_behind_another():
    work = {
        ("m0", "wage"): (2, 1, 1, 2),
        ("m1", "wage"): (20, 20, 20, 20),
        ("m2", "wage"): (30, 30, 30, 30),
        ("m3", "wage"): (40, 40, 40, 40),
    }
    study = {
        ("m0", "study"): (2, 1, 1, 2),
        ("m1", "study"): (20, 20, 20, 20),
        ("m2", "study"): (5, 3, 57, 55),
        ("m3", "study"): (40, 40, 40, 40),
    }

    plan = plan_of(paired(work | study), federations="FFFF", levels=TWO_LEVELS)

    assert hidden(plan, "occasions/") == ["m0", "m1"]
    assert hidden(plan, "occasions//wage") == ["m0", "m1"]
    assert hidden(plan, "occasions//study") == ["m0", "m1", "m2"]


def test_flows_and_coverage_are_planned_from_results_of_each_unit():
    units = {
        "m0": [flow(300, [100, 50]), need(5000, 4)],
        "m1": [flow(300, [100, 3]), need(5000, 60)],
        "m2": [flow(300, [40, 50]), need(5000, 50)],
    }

    plan = plan_of(unit_results=units)

    assert hidden(plan, "flow/a") == ["m0", "m1"]
    assert hidden(plan, "flow/b") == []
    assert hidden(plan, "need/covered") == ["m0", "m2"]


def test_flows_with_different_steps_are_refused():
    units = {"m0": [flow(300, [100, 50])], "m1": [flow(300, [100])]}

    with pytest.raises(ParameterError, match="differ in their steps"):
        plan_of(unit_results=units)


def test_results_without_blocks_are_refused():
    with pytest.raises(ParameterError, match="Contrast"):
        plan_of(contrast("time_lost"))

    with pytest.raises(ParameterError, match="WaveMeans"):
        plan_of(unit_results={"m0": [answered(5)]})


def test_a_stratum_of_no_municipality_is_refused_without_naming_it():
    with pytest.raises(ParameterError, match="1 strata name no municipality") as caught:
        plan_of(wave_means({("m0, programme", 6): 50, ("9999, programme", 6): 50}))

    assert "9999" not in str(caught.value)


@pytest.mark.parametrize("profile", ["internal", "public"])
def test_profiles_that_hide_nothing_plan_nothing(profile):
    plan = secondary_suppression([answered(1, 2)], areas=tree(["F", "F"]), profile=profile)

    assert plan.empty
    assert list(plan) == ["level", "code", "block"]


def test_one_level_alone_needs_no_plan():
    assert plan_of(answered(4, 90), levels=("national",)).empty


def test_a_missing_column_of_areas_is_named():
    with pytest.raises(ParameterError, match="no column county"):
        plan_of(answered(4, 90), levels=("municipality", "county"))


def test_a_municipality_twice_in_areas_is_refused():
    areas = pd.concat([tree(["F"]), tree(["F"])])

    with pytest.raises(ParameterError, match="more than one row"):
        Hierarchy.from_areas(areas, TWO_LEVELS)


def test_levels_that_cross_are_refused():
    areas = tree(["F", "F", "G"]).assign(county=["A", "B", "B"])

    with pytest.raises(ParameterError, match="lies in two of level"):
        Hierarchy.from_areas(areas, ("federation", "county"))
