"""Changes within persons: those who answered once do not follow, in one unit or between units."""

import typing

import numpy as np
import pandas as pd
import pytest

from evalkit import health, panel, results
from evalkit.cohort.samples import HealthPanel
from evalkit.errors import ParameterError
from evalkit.health import (
    health_change,
    level_sum_table,
    probability_of_superiority,
    shannon_indices,
    value_set_comparison,
)
from evalkit.panel import wave_means
from evalkit.release import load_profile, release, secondary_suppression
from evalkit.release.addresses import FAMILIES

THREE = {"instrument": "EQ-5D-3L", "columns": ["state"]}
SETS = {"value_sets": ["SE-2014-TTO", "UK-1997-TTO"], "columns": ["state"]}
PROFILES = {"strict10": 10, "dk5": 5, "fi-kela4": 4}
ZEROS = ("dk5", "fi-kela4")
FIRST = ["21111", "11111", "12121", "22222"]


def cohort(persons, *, place="", start=0):
    """Persons by the waves that they answered, such as {(0, 6): 40, (0,): 3}."""
    rows = []
    for waves, n in persons.items():
        for _ in range(n):
            start += 1
            rows += [(f"{place}{start}", wave, FIRST[(start + wave) % 4], place) for wave in waves]
    return pd.DataFrame(rows, columns=["id", "wave", "state", "place"])


def sample(*frames):
    frame = pd.concat(frames)
    index = health.eq5d_index(frame, value_set="SE-2014-TTO", columns=["state"])
    return HealthPanel.from_frame(
        frame.assign(index=index), person="id", wave="wave", outcome="index"
    )


def changes(result, profile):
    frame = release(result, profile).tidy()
    return frame[frame["quantity"] == "mean_change"].set_index(["stratum", "wave"])["suppressed"]


@pytest.mark.parametrize("profile", PROFILES)
def test_the_baseline_of_one_who_left_follows_from_means_and_changes_unless_hidden(profile):
    one = sample(cohort({(0, 6): 51, (0,): 1}))
    change = health_change(one).tidy().set_index("quantity")["estimate"]["mean_change"]
    means = wave_means(one).tidy().set_index("wave")["estimate"]
    frame = one.covariates
    left = frame[~frame["id"].duplicated(keep=False)]["index"].item()

    # What anybody can work out from the exact numbers.
    assert 52 * means[0] - (51 * means[6] - 51 * change) == pytest.approx(left)
    assert changes(health_change(one), profile).all()


@pytest.mark.parametrize(("profile", "threshold"), PROFILES.items())
@pytest.mark.parametrize("describe", [health_change, value_set_comparison])
def test_a_change_is_hidden_where_too_few_answered_once(profile, threshold, describe):
    options = SETS if describe is value_set_comparison else {}
    hidden = {
        n: changes(describe(sample(cohort({(0, 6): 40, (0,): n})), **options), profile).all()
        for n in (0, threshold - 1, threshold)
    }
    assert hidden == {0: False, threshold - 1: True, threshold: False}


def test_who_answered_only_later_counts_too():
    few = sample(cohort({(0, 6): 40, (6,): 4}))
    both = sample(cohort({(0, 6): 40, (6,): 4, (0,): 6}))

    assert changes(health_change(few), "dk5").all()
    assert not changes(health_change(both), "strict10").any()


@pytest.mark.parametrize(("profile", "threshold"), PROFILES.items())
def test_a_wave_that_differs_from_another_by_few_is_hidden(profile, threshold):
    near = sample(cohort({(0, 6, 12): 51 - threshold, (0, 6): threshold - 1, (0,): threshold}))
    apart = sample(cohort({(0, 6, 12): 40, (0, 6): threshold, (0,): threshold}))

    assert changes(health_change(near), profile).tolist() == [False, True]
    assert changes(health_change(apart), profile).tolist() == [False, False]


def test_equally_many_who_are_not_the_same_are_not_taken_for_the_same():
    swapped = sample(cohort({(0, 6, 12): 40, (0, 6): 1, (0, 12): 1, (0,): 20}))
    same = sample(cohort({(0, 6, 12): 42, (0,): 20}))

    assert changes(health_change(swapped), "dk5").tolist() == [False, True]
    assert changes(health_change(same), "strict10").tolist() == [False, False]


def test_the_last_wave_goes_before_those_between():
    one = sample(cohort({(0, 6, 12, 24): 40, (0, 6, 12): 2, (0, 6): 20, (0,): 20}))

    hidden = changes(health_change(one), "strict10")

    assert hidden.tolist() == [False, True, False]


@pytest.mark.parametrize("profile", PROFILES)
def test_means_of_those_who_answered_twice_are_not_listed(profile):
    result = value_set_comparison(sample(cohort({(0, 6): 40})), **SETS)

    assert set(release(result, profile).tidy()["quantity"]) == {
        "mean_change", "change_in_important",
    }  # fmt: skip
    assert {"mean_before", "mean_after"} < set(release(result, "public").tidy()["quantity"])


def classes(better, same, worse):
    counts = {("21111", "11111"): better, ("11111", "11111"): same, ("11111", "21111"): worse}
    rows = []
    for (first, later), n in counts.items():
        for _ in range(n):
            rows += [(len(rows), 0, first), (len(rows) - 1, 6, later)]
    frame = pd.DataFrame(rows, columns=["id", "wave", "state"])
    frame["id"] = np.arange(len(frame)) // 2
    return sample(frame)


def item_hidden(result, profile, item="mo", wave=6):
    frame = release(result, profile).tidy()
    return frame[(frame["item"] == item) & (frame["wave"] == wave)]["suppressed"].all()


@pytest.mark.parametrize("profile", ZEROS)
def test_a_class_of_nobody_does_not_hide_that_another_is_of_two(profile):
    few, none, many = classes(40, 2, 0), classes(40, 30, 0), classes(40, 30, 20)

    assert item_hidden(probability_of_superiority(few, **THREE), profile)
    assert not item_hidden(probability_of_superiority(none, **THREE), profile)
    assert item_hidden(probability_of_superiority(none, **THREE), "strict10")
    assert not item_hidden(probability_of_superiority(many, **THREE), "strict10")


@pytest.mark.parametrize("profile", ZEROS)
def test_spread_over_levels_with_two_persons_is_hidden_beside_an_empty_level(profile):
    assert item_hidden(shannon_indices(classes(40, 0, 2), **THREE), profile)
    assert not item_hidden(shannon_indices(classes(40, 0, 20), **THREE), profile)
    assert item_hidden(shannon_indices(classes(40, 0, 20), **THREE), "strict10")


@pytest.mark.parametrize("profile", ZEROS)
def test_shares_of_important_change_with_a_class_of_two_are_hidden(profile):
    def shares(one):
        frame = release(health_change(one, important=0.01), profile).tidy()
        return frame[frame["quantity"].str.startswith("share_")]["suppressed"].tolist()

    assert shares(classes(40, 2, 0)) == [True] * 3
    assert shares(classes(40, 30, 0)) == [False] * 3


def test_no_problems_is_the_last_level_sum_to_be_hidden():
    states = {"11111": 12, "21111": 30, "22111": 3, "22211": 11}
    frame = pd.DataFrame(
        [(state, number) for state, n in states.items() for number in range(n)],
        columns=["state", "number"],
    )
    one = sample(frame.assign(id=np.arange(len(frame)), wave=0))

    table = release(level_sum_table(one, **THREE), "dk5").tidy().set_index("level")["suppressed"]

    assert table[["5", "6", "7", "8"]].tolist() == [False, False, True, True]
    smaller = release(level_sum_table(sample(one.covariates.query(
        "state != '11111' or number < 6")), **THREE), "dk5").tidy()  # fmt: skip
    assert not smaller.set_index("level")["suppressed"]["5"]


def profile_hiding(*blocks, name="strict10"):
    plan = pd.DataFrame({"level": "national", "code": "x", "block": blocks})
    return load_profile(name).for_unit(plan, "national", "x")


def test_numbers_made_of_a_level_that_is_hidden_elsewhere_are_hidden():
    one, levels = classes(40, 30, 20), ("answers//6/mo/improved", "answers//6/mo/worsened")
    spread = classes(40, 0, 20)
    planned = profile_hiding(*levels)

    assert not item_hidden(probability_of_superiority(one, **THREE), "strict10")
    assert item_hidden(probability_of_superiority(one, **THREE), planned)
    other = profile_hiding("answers//6/sc/improved", "answers//12/mo/improved")
    assert not item_hidden(probability_of_superiority(one, **THREE), other)
    assert not item_hidden(shannon_indices(spread, **THREE), profile_hiding(*levels, name="dk5"))
    digits = profile_hiding("answers//6/mo/2", name="dk5")
    assert item_hidden(shannon_indices(spread, **THREE), digits)


def municipalities(*persons):
    frames = [cohort(one, place=f"m{place}", start=1000 * place)
              for place, one in enumerate(persons)]  # fmt: skip
    return sample(*frames)


def planned(result, profile, n=3):
    areas = pd.DataFrame({"municipality": [f"m{unit}" for unit in range(n)], "federation": "F"})
    return secondary_suppression(
        [result], areas=areas, profile=profile, levels=("municipality", "national")
    )


def units_hiding(plan, block):
    return plan.loc[plan["block"] == block, "code"].tolist()


@pytest.mark.parametrize(("profile", "threshold"), PROFILES.items())
def test_a_municipality_with_few_pairs_takes_another_along(profile, threshold):
    block = "pairs//6/SE-2014-TTO/change"
    few, enough = threshold - 1, threshold

    def plan(n):
        one = municipalities({(0, 6): n}, {(0, 6): 40}, {(0, 6): 50})
        return planned(value_set_comparison(one, by="place", **SETS), profile)

    assert units_hiding(plan(few), block) == ["m0", "m1"]
    assert plan(enough).empty
    own = load_profile(profile).for_unit(plan(few), "municipality", "m1")
    neighbour = value_set_comparison(municipalities({(0, 6): 40}), **SETS)
    assert changes(neighbour, own).all() and not changes(neighbour, profile).any()


@pytest.mark.parametrize(("profile", "threshold"), PROFILES.items())
def test_what_is_left_of_hidden_municipalities_has_enough_who_answered_once(profile, threshold):
    block = "pairs//6/index/change"

    def hidden(*left):
        one = municipalities(*({(0, 6): 40 + place, (0,): n} for place, n in enumerate(left)))
        return units_hiding(planned(health_change(one, by="place"), profile, len(left)), block)

    assert hidden(threshold - 1, 0, 30) == ["m0", "m1", "m2"]
    assert hidden(threshold - 1, threshold - 1, 30) == ["m0", "m1"]
    assert hidden(threshold, 0, 30) == []


LARGE = [{(0, 6, 12): 50, (0, 6): 20}, {(0, 6, 12): 60, (0, 6): 20}]


@pytest.mark.parametrize(("profile", "threshold"), PROFILES.items())
def test_waves_that_differ_by_few_in_a_municipality_are_hidden_in_another(profile, threshold):
    def hidden(n, *others):
        first = {(0, 6, 12): 40, (0, 6): n, (0,): 20}
        plan = planned(health_change(municipalities(first, *others), by="place"), profile)
        assert not units_hiding(plan, "pairs//6/index/change")
        return units_hiding(plan, "pairs//12/index/change")

    assert hidden(threshold - 1, *LARGE) == ["m0", "m1"]
    # Where all stayed nobody is added, so a second one goes too.
    stayed = {(0, 6, 12): 45}
    assert hidden(threshold - 1, stayed, LARGE[1]) == ["m0", "m1", "m2"]
    assert hidden(threshold, *LARGE) == []


def test_a_municipality_where_one_left_and_another_came_back_is_hidden_at_its_own_level():
    swapped = {(0, 6, 12): 40, (0, 6): 1, (0, 12): 1, (0,): 20}

    plan = planned(health_change(municipalities(swapped, *LARGE), by="place"), "dk5")

    assert units_hiding(plan, "pairs//12/index/change") == ["m0"]


def test_shares_of_important_change_are_planned_by_their_classes():
    frames = [classes(30, 30, n).covariates.assign(place=f"m{place}")
              for place, n in enumerate((4, 30, 40))]  # fmt: skip
    frames = [frame.assign(id=frame["place"] + frame["id"].astype(str)) for frame in frames]
    result = health_change(sample(*frames), by="place", important=0.01)

    plan = planned(result, "strict10")

    assert units_hiding(plan, "pairs//6/index/shares") == ["m0", "m1"]
    assert not units_hiding(plan, "pairs//6/index/change")
    own = load_profile("strict10").for_unit(plan, "municipality", "m1")
    frame = release(health_change(classes(30, 30, 30), important=0.01), own).tidy()
    assert frame.set_index("quantity")["suppressed"].to_dict() == {
        "mean_change": False, "share_improved": True, "share_worsened": True, "share_between": True,
    }  # fmt: skip


def test_superiority_has_no_blocks_of_its_own():
    with pytest.raises(ParameterError, match="no blocks for probability_of_superiority"):
        planned(probability_of_superiority(classes(30, 30, 30), **THREE), "strict10")


@pytest.mark.parametrize("room", [panel, health])
def test_every_function_that_gives_a_result_shares_its_sample_with_a_family(room):
    kinds = {kind for kind in vars(results).values() if hasattr(kind, "TIDY")}
    functions = [getattr(room, name) for name in room.__all__]
    giving = {
        function.__name__
        for function in functions
        if callable(function) and not isinstance(function, type)
        and typing.get_type_hints(function).get("return") in kinds
    }  # fmt: skip

    assert len(giving) > 5
    assert giving - set(FAMILIES) == set()
