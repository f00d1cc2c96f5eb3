"""Costs and effects at the door: few persons, few with a cost, and what follows from either."""

import numpy as np
import pandas as pd
import pytest
from made_results import tree

from evalkit.economics import (
    CostsAndEffects,
    StrategyDraws,
    acceptability,
    cheers_checklist,
    cost_utility,
    information_value,
    net_benefit,
)
from evalkit.errors import ParameterError
from evalkit.provenance import provenance
from evalkit.release import load_profile, release, secondary_suppression
from evalkit.results import QalyMeans

PRICES = (0, 1000, 5000)
LEVELS = ("municipality", "federation", "national")


def sample_of(n_programme=40, n_comparison=40, spending=40, seed=1, n_left_out=0, **columns):
    """Persons of two arms, of whom `spending` in each cost something."""
    n = n_programme + n_comparison
    rng = np.random.default_rng(seed)
    place = np.r_[np.arange(n_programme), np.arange(n_comparison)]
    frame = pd.DataFrame({
        "id": np.arange(n), "arm": ["programme"] * n_programme + ["comparison"] * n_comparison,
        "cost": rng.gamma(2, 500, n) * (place < spending), "qaly": rng.normal(1.2, 0.2, n),
        **columns,
    })  # fmt: skip
    return CostsAndEffects.from_frame(
        frame, person="id", arm="arm", cost="cost", effect="qaly", currency="SEK",
        n_left_out=n_left_out,
    )  # fmt: skip


def analysed(sample):
    return cost_utility(sample, n_bootstrap=20)


def priced(sample):
    options = {"willingness_to_pay": PRICES, "n_bootstrap": 20}
    return [function(sample, **options) for function in (net_benefit, acceptability)] + [
        information_value(sample, **options)
    ]


def hidden_of(released):
    frame = released.tidy()
    return sorted(set(frame.loc[frame["suppressed"], "measure"]))


def test_enough_persons_with_costs_are_shown():
    sample = sample_of()

    assert hidden_of(release(analysed(sample), "strict10")) == []
    assert not any(release(each, "strict10").tidy()["suppressed"].any() for each in priced(sample))


@pytest.mark.parametrize("sizes", [(9, 40), (40, 9)])
def test_with_too_few_in_either_arm_nothing_is_shown(sizes):
    sample = sample_of(*sizes)
    released = release(analysed(sample), "strict10")

    assert released.is_withheld and hidden_of(released) == ["cost", "effect", "icer"]
    assert all(release(each, "strict10").is_withheld for each in priced(sample))


def test_where_few_cost_anything_health_is_shown_and_nothing_that_tells_their_cost():
    sample = sample_of(spending=9)
    released = release(analysed(sample), "strict10")

    assert hidden_of(released) == ["cost", "icer"]
    # A net benefit and the difference in health give the difference in cost.
    assert all(release(each, "strict10").is_withheld for each in priced(sample))


def test_the_glance_of_a_hidden_result_tells_no_sign_and_no_number_of_persons():
    summary = release(analysed(sample_of(spending=9)), "strict10").summary

    assert summary["quadrant"] == ""
    assert all(np.isnan(summary[name]) for name in ("correlation", "df", "n"))


def test_counts_that_drop_out_has_thinned_are_rounded():
    sample = sample_of(43, 41, spending=41, n_left_out=13)
    released = release(analysed(sample), "strict10")

    assert released.summary["n"] == 85 and released.summary["n_left_out"] == 15
    assert released.summary["df"] == 80
    assert set(released.tidy()["n"]) == {45.0, 40.0, 85.0}


@pytest.mark.parametrize("left_out", [0, 4])
def test_few_who_are_left_out_are_not_counted(left_out):
    summary = release(analysed(sample_of(n_left_out=left_out)), "strict10").summary

    assert np.isnan(summary["n_left_out"])


def test_a_block_of_another_unit_hides_everything():
    plan = pd.DataFrame({"level": "unit", "code": "x", "block": ["cost_utility/"]})
    profile = load_profile("strict10").for_unit(plan, "unit", "x")
    sample = sample_of()

    assert release(analysed(sample), profile).is_withheld
    assert all(release(each, profile).is_withheld for each in priced(sample))


def test_draws_of_parameters_are_of_nobody_and_always_shown():
    plan = pd.DataFrame({"level": "unit", "code": "x", "block": ["cost_utility/"]})
    profile = load_profile("strict10").for_unit(plan, "unit", "x")
    draws = StrategyDraws.from_arrays("ab", [[1, 2]] * 3, [[1, 1]] * 3, currency="EUR")

    released = release(acceptability(draws, willingness_to_pay=PRICES), profile)

    assert not released.tidy()["suppressed"].any()


def test_a_checklist_is_shown_whoever_is_hidden():
    checklist = cheers_checklist(analysed(sample_of(4, 4)))

    released = release(checklist, "strict10")

    pd.testing.assert_frame_equal(
        released.tidy().drop(columns="suppressed"), checklist.tidy(), check_dtype=False
    )


def test_a_profile_that_hides_nothing_changes_nothing():
    result = analysed(sample_of(3, 3, spending=1))
    released = release(result, "internal")

    pd.testing.assert_frame_equal(released.tidy().drop(columns="suppressed"), result.tidy())
    assert released.summary["quadrant"] == result.summary["quadrant"]


def qalys(n_programme, n_comparison):
    terms = ["programme", "comparison", "programme - comparison"]
    n = [n_programme, n_comparison, n_programme + n_comparison]
    least = [n_programme, n_comparison, min(n_programme, n_comparison)]
    return QalyMeans(
        rows={
            "stratum": [""] * 3, "adjustment": ["adjusted"] * 3, "term": terms,
            "scale": ["arm", "arm", "difference"], "estimate": [1.3, 1.2, 0.1], "n": n,
            "reason": [""] * 3,
        },
        summary={"n": sum(n[:2]), "n_left_out": 20},
        support={"n": least},
        provenance=provenance("qaly", "0" * 16),
    )  # fmt: skip


def test_qalys_with_too_few_in_either_arm_are_hidden_and_others_not():
    assert release(qalys(40, 9), "strict10").is_withheld
    assert not release(qalys(40, 10), "strict10").tidy()["suppressed"].any()


def planned(sizes, spending=99, federations=("F", "F", "F")):
    """Plan of municipalities with so many in each arm; blocks by unit."""
    place = [f"m{number}" for number, pair in enumerate(sizes) for _ in range(pair[0])]
    other = [f"m{number}" for number, pair in enumerate(sizes) for _ in range(pair[1])]
    sample = sample_of(len(place), len(other), spending, municipality=place + other)
    result = cost_utility(sample, by="municipality", n_bootstrap=0)
    plan = secondary_suppression(
        [result], areas=tree(federations), profile="strict10", levels=LEVELS
    )
    return sorted(plan["level"] + " " + plan["code"] + " " + plan["block"])


def test_a_small_municipality_takes_the_smallest_neighbour_with_it():
    found = planned([(40, 40), (5, 30), (15, 15)])

    assert found == ["municipality m1 cost_utility/", "municipality m2 cost_utility/"]


def test_where_all_are_large_enough_nothing_is_planned():
    assert planned([(40, 40), (12, 30), (15, 15)]) == []


def test_a_small_federation_is_covered_in_the_nation_too():
    found = planned([(40, 40), (5, 30), (15, 15)], federations=("F", "G", "H"))

    assert "federation G cost_utility/" in found and "federation H cost_utility/" in found
    assert not any(block.startswith("national") for block in found)


def test_strata_that_name_no_municipality_are_refused():
    result = cost_utility(sample_of(place=["x"] * 80), by="place", n_bootstrap=0)

    with pytest.raises(ParameterError, match="strata name no municipality"):
        secondary_suppression([result], areas=tree(["F", "F"]), profile="strict10", levels=LEVELS)
