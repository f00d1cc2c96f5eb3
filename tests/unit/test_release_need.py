"""Need of areas and support in areas at the door."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TargetGroup
from evalkit.follow_up import area_context, need_by_area, need_steps, support_measure
from evalkit.release import load_profile, release, secondary_suppression

STEPS = ("on_support", "long_support", "several_actors", "strict", "covered")


def steps(population, *counts, of_population=True) -> pd.DataFrame:
    """Released steps of made-up people: so many at each step, the rest not."""
    frame = pd.DataFrame({"in_population": np.ones(population, dtype=bool)})
    for name, count in zip(STEPS, counts, strict=True):
        frame[name] = np.arange(population) < count
    frame = frame.assign(pensioner=frame["several_actors"] & ~frame["strict"],
                         broad=frame["strict"])  # fmt: skip
    group = TargetGroup(frame, "2024-12", of_population, True, "0" * 16)
    return release(need_steps(group, wanting=0.5), "strict10").tidy().set_index("step")


def test_steps_that_are_far_apart_are_all_shown():
    rows = steps(1000, 400, 300, 200, 150, 50)

    assert not rows.drop(index="broad")["suppressed"].any()
    assert rows.loc["broad", "suppressed"]  # equal to the strict group: the difference is 0


def test_a_step_that_leaves_out_few_is_not_shown_beside_the_one_before():
    rows = steps(1000, 400, 300, 155, 150, 50)

    assert rows.loc["several_actors", "suppressed"]
    assert not rows.loc[["strict", "long_support"], "suppressed"].any()


@pytest.mark.parametrize("covered", [3, 145])
def test_few_covered_or_few_unmet_hide_both_and_those_who_want(covered):
    rows = steps(1000, 400, 300, 200, 150, covered)

    assert rows.loc[["covered", "unmet", "expressed_unmet"], "suppressed"].all()
    assert not rows.loc["strict", "suppressed"]


def test_all_covered_are_not_told_where_few_are_unmet():
    frame = pd.DataFrame({"in_population": np.ones(1000, dtype=bool)})
    for name, count in zip(STEPS, (400, 300, 200, 150, 145), strict=True):
        frame[name] = np.arange(1000) < count
    frame = frame.assign(pensioner=frame["several_actors"] & ~frame["strict"], broad=False)
    result = need_steps(TargetGroup(frame, "2024-12", True, True, "0" * 16))

    assert result.summary["n_covered"] == 145
    assert np.isnan(release(result, "strict10").summary["n_covered"])


def beside(outside: int, covered: int = 60, strict: int = 150) -> pd.DataFrame:
    """Released steps where so many are covered who are not of the strict group."""
    frame = pd.DataFrame({"in_population": np.ones(1000, dtype=bool)})
    for name, count in zip(STEPS[:-1], (400, 300, 200, strict), strict=True):
        frame[name] = np.arange(1000) < count
    at = np.arange(1000)
    frame["covered"] = (at < covered) | ((at >= 500) & (at < 500 + outside))
    frame = frame.assign(pensioner=frame["several_actors"] & ~frame["strict"], broad=False)
    result = need_steps(TargetGroup(frame, "2024-12", True, True, "0" * 16))
    return release(result, "strict10").tidy().set_index("step")["suppressed"]


@pytest.mark.parametrize(("outside", "gone"), [(0, False), (4, True), (12, False)])
def test_few_covered_outside_the_group_do_not_follow_from_all_who_are_covered(outside, gone):
    shown = beside(outside)

    assert shown["covered"] == shown["unmet"] == gone and not shown["strict"]


def test_the_population_is_public_but_people_in_records_are_not():
    assert not steps(1000, 5, 4, 3, 2, 1).loc["population", "suppressed"]
    assert steps(8, 5, 4, 3, 2, 1, of_population=False).loc["in_records", "suppressed"]


def areas(covered) -> pd.DataFrame:
    names = [f"m{number}" for number in range(len(covered))]
    return pd.DataFrame(
        {"municipality": names, "population": 5000.0, "covered": covered, "period": "2024"}
    )


def hidden_areas(covered, profile="strict10") -> list[str]:
    rows = release(need_by_area(areas(covered)), profile).tidy()
    return sorted(rows.loc[rows["suppressed"], "stratum"].unique())


def test_areas_with_enough_covered_are_shown():
    assert hidden_areas([40, 30, 20]) == []


def test_an_area_with_few_covered_takes_the_next_smallest_along():
    assert hidden_areas([40, 3, 20, 30]) == ["m1", "m2"]


def test_areas_that_are_enough_together_need_no_other():
    assert hidden_areas([40, 6, 7, 30]) == ["m1", "m2"]


def test_what_the_plan_hides_of_a_municipality_is_hidden_in_the_table_of_all():
    plan = pd.DataFrame(
        [("municipality", "m0", "need/covered")], columns=["level", "code", "block"]
    )

    profile = load_profile("strict10").for_table_of(plan)

    assert "m0" in hidden_areas([40, 30, 20], profile)


TOTALS = pd.DataFrame({
    "area": "m0", "year": 2023,
    "component": ["sickness_benefit", "disability_pension", "unemployment_insurance",
                  "activity_support", "social_assistance"],
    "equivalents": [40.0, 60.0, 20.0, 30.0, 25.0], "n": [80.0, 70.0, 40.0, 50.0, 60.0],
})  # fmt: skip


def hidden_measures(totals) -> set[tuple[str, str]]:
    rows = release(support_measure(totals, country="SE"), "strict10").tidy()
    rows = rows[rows["suppressed"]]
    return set(zip(rows["group"], rows["measure"], strict=True))


def test_a_component_of_few_takes_its_group_mates_along():
    few = TOTALS.assign(n=[80.0, 70.0, 4.0, 50.0, 60.0])

    assert hidden_measures(TOTALS) == set()
    assert hidden_measures(few) == {
        ("labour_market", "unemployment_insurance"), ("labour_market", "activity_support")
    }  # fmt: skip


def test_a_group_of_few_takes_all_groups_along_and_leaves_the_total():
    few = TOTALS.assign(n=[80.0, 70.0, 40.0, 50.0, 4.0])

    hidden = hidden_measures(few)

    assert ("all", "total") not in hidden
    assert {group for group, _ in hidden} == {"ill_health", "labour_market", "economic"}


def test_deliveries_without_persons_are_shown():
    assert hidden_measures(TOTALS.drop(columns="n")) == set()


def test_few_households_of_an_area_are_hidden():
    years = pd.DataFrame({"municipality": ["a", "b"], "year": 2024,
                          "population_working_age": [900, 800], "households": [4, 40]})  # fmt: skip

    rows = release(area_context(years, measures=["households"]), "strict10").tidy()

    shown = rows[rows["measure"] == "households"].set_index("stratum")["value"]
    assert np.isnan(shown["a"])
    assert shown["b"] == 40


def test_steps_of_municipalities_can_be_planned_with_those_of_the_nation():
    frames = []
    for code, counts in (("m0", (400, 300, 200, 150)), ("m1", (400, 300, 155, 150))):
        frame = pd.DataFrame({"in_population": np.ones(1000, dtype=bool)})
        for name, count in zip(STEPS, counts, strict=False):
            frame[name] = np.arange(1000) < count
        frames.append(frame.assign(municipality=code))
    frame = pd.concat(frames, ignore_index=True)
    frame = frame.assign(pensioner=False, broad=frame["on_support"])
    group = TargetGroup(frame, "2024-12", True, False, "0" * 16)

    plan = secondary_suppression(
        [need_steps(group, by=["municipality"])],
        areas=pd.DataFrame({"municipality": ["m0", "m1"]}), profile="strict10",
        levels=("municipality", "national"),
    )  # fmt: skip

    assert "target_group//several_actors" in set(plan["block"])
