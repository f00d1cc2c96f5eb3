"""Descriptions of EQ-5D answers by hand: eight persons, counts and fractions.

person  arm          wave 0   wave 6   change         dimensions
a       programme    21232    11232    improved       mo better
b       programme    11111    11111    no problems
c       programme    22222    22222    unchanged
d       programme    21232    12232    mixed          mo better, sc worse
e       programme    11121    11221    worsened       ua worse
f       comparison   33333    22222    improved       all better
g       comparison   21232    (missing)
h       comparison   11112    11112    unchanged
"""

from fractions import Fraction
from math import log2, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.health import (
    ceiling_share,
    dimension_table,
    eq5d_index,
    frequent_profiles,
    health_change,
    health_profile_grid,
    level_sum_table,
    minimal_important_difference,
    paretian_change,
    probability_of_superiority,
    shannon_indices,
    value_set_comparison,
)

THREE = {"instrument": "EQ-5D-3L", "columns": ["state"]}
FIRST = ["21232", "11111", "22222", "21232", "11121", "33333", "21232", "11112"]
LATER = ["11232", "11111", "22222", "12232", "11221", "22222", None, "11112"]
ARMS = ["programme"] * 5 + ["comparison"] * 3
EXACT = 1e-12


def panel(value_set="UK-1997-TTO", **options):
    frame = pd.DataFrame({
        "id": list("abcdefgh") * 2, "wave": [0] * 8 + [6] * 8, "state": FIRST + LATER,
        "arm": ARMS * 2, "centre": list("xxyyzzxy") * 2, "w": [1.0, 2, 1, 1, 1, 1, 1, 3] * 2,
    })  # fmt: skip
    frame["index"] = eq5d_index(frame["state"], value_set=value_set)
    return HealthPanel.from_frame(
        frame, person="id", wave="wave", outcome="index", arm="arm", **options
    )


def counts(result, item, wave=6, stratum=""):
    frame = result.tidy()
    kept = (frame["item"] == item) & (frame["wave"] == wave) & (frame["stratum"] == stratum)
    return frame[kept].set_index("level")["n_with"].to_dict()


def number(result, quantity, item=None, wave=6, stratum=""):
    frame = result.tidy()
    kept = (frame["quantity"] == quantity) & (frame["wave"] == wave)
    kept &= (frame["stratum"] == stratum) & ((frame["item"] == item) if item else True)
    (row,) = frame[kept].to_dict("records")
    return row


def test_levels_are_counted_in_each_dimension():
    table = dimension_table(panel(), **THREE)

    assert counts(table, "mo", 0) == {"1": 3, "2": 4, "3": 1}
    assert counts(table, "mo", 6) == {"1": 5, "2": 2, "3": 0}
    assert set(table.tidy().query("wave == 6")["n"]) == {7}


def test_sums_of_levels_are_counted():
    table = counts(level_sum_table(panel(), **THREE), "level_sum", 0)

    assert {level: n for level, n in table.items() if n} == {
        "5": 1, "6": 2, "10": 4, "15": 1,
    }  # fmt: skip
    assert list(table) == [str(total) for total in range(5, 16)]


def test_frequent_profiles_stand_in_order_with_the_others_last():
    table = counts(frequent_profiles(panel(), n_profile=2, **THREE), "profile", 0)

    assert list(table.items()) == [("21232", 3), ("11111", 1), ("other", 4)]


def test_all_profiles_are_listed_where_there_are_few():
    table = counts(frequent_profiles(panel(), n_profile=10, **THREE), "profile", 6)

    assert sum(table.values()) == 7 and "other" not in table


def test_ceiling_is_the_share_at_11111_with_wilsons_interval():
    row = ceiling_share(panel(), **THREE).tidy().query("wave == 6").iloc[0]
    z, p, n = stats.norm.ppf(0.975), 1 / 7, 7
    half = z * sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)

    assert row["share"] == pytest.approx(p, abs=EXACT)
    assert [row["conf_low"], row["conf_high"]] == pytest.approx([centre - half, centre + half])


def test_profiles_are_classified_by_pareto():
    plain = paretian_change(panel(), **THREE)
    apart = paretian_change(panel(), no_problems=True, **THREE)

    assert counts(plain, "profile") == {"improved": 2, "mixed": 1, "worsened": 1, "unchanged": 3}
    assert counts(apart, "profile") == {
        "improved": 2, "mixed": 1, "worsened": 1, "unchanged": 2, "no_problems": 1,
    }  # fmt: skip


def test_dimensions_are_classified_one_by_one():
    plain = paretian_change(panel(), **THREE)
    apart = paretian_change(panel(), no_problems=True, **THREE)

    assert counts(plain, "mo") == {"improved": 3, "worsened": 0, "unchanged": 4}
    assert counts(plain, "sc") == {"improved": 1, "worsened": 1, "unchanged": 5}
    assert counts(apart, "mo") == {
        "improved": 3, "worsened": 0, "unchanged": 1, "no_problems": 3,
    }  # fmt: skip


def test_classes_by_arm_add_up_to_the_pairs_of_the_arm():
    table = paretian_change(panel(), by="arm", **THREE)

    assert counts(table, "profile", stratum="comparison") == {
        "improved": 1, "mixed": 0, "worsened": 0, "unchanged": 1,
    }  # fmt: skip
    assert sum(counts(table, "profile", stratum="programme").values()) == 5


def test_probability_of_superiority_counts_ties_half():
    rows = probability_of_superiority(panel(), **THREE)
    score = np.array([1, 0.5, 0.5, 1, 0.5, 1, 0.5])

    mo = number(rows, "probability_of_superiority", "mo")

    assert mo["estimate"] == pytest.approx(float(Fraction(3) + Fraction(4, 2)) / 7, abs=EXACT)
    assert mo["std_error"] == pytest.approx(score.std(ddof=1) / sqrt(7), abs=EXACT)


def test_shannon_indices_are_those_of_the_shares():
    rows = shannon_indices(panel(), **THREE)
    shares = np.array([3, 4, 1]) / 8
    h = -sum(p * log2(p) for p in shares)
    variance = (sum(p * log2(p) ** 2 for p in shares) - h**2) / 7

    assert number(rows, "shannon_index", "mo", 0)["estimate"] == pytest.approx(h, abs=EXACT)
    assert number(rows, "shannon_evenness", "mo", 0)["estimate"] == pytest.approx(h / log2(3))
    assert number(rows, "shannon_index", "mo", 0)["std_error"] == pytest.approx(sqrt(variance))
    profile = -(3 / 8 * log2(3 / 8) + 5 * 1 / 8 * log2(1 / 8))
    assert number(rows, "shannon_index", "profile", 0)["estimate"] == pytest.approx(profile)
    evenness = number(rows, "shannon_evenness", "profile", 0)["estimate"]
    assert evenness == pytest.approx(profile / log2(243))


def test_shannon_is_zero_where_all_answer_alike_and_one_where_all_levels_are_equal():
    frame = pd.DataFrame({"id": range(3), "wave": 0, "state": ["11111", "12111", "13111"], "y": 0})
    sample = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="y")

    rows = shannon_indices(sample, **THREE)

    assert number(rows, "shannon_index", "mo", 0)["estimate"] == 0
    assert number(rows, "shannon_evenness", "sc", 0)["estimate"] == pytest.approx(1)


def test_mean_change_is_that_of_the_same_persons():
    index = {s: float(eq5d_index(pd.Series([s]), value_set="UK-1997-TTO")[0])
             for s in {*FIRST, *LATER} - {None}}  # fmt: skip
    pairs = [(index[a], index[b]) for a, b in zip(FIRST, LATER, strict=True) if b is not None]
    change = np.array([b - a for a, b in pairs])

    row = number(health_change(panel()), "mean_change")
    margin = stats.t.ppf(0.975, 6) * change.std(ddof=1) / sqrt(7)

    assert row["n"] == 7
    assert row["estimate"] == pytest.approx(change.mean(), abs=EXACT)
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(
        [change.mean() - margin, change.mean() + margin], abs=EXACT
    )


def test_shares_of_important_change_count_a_change_of_exactly_that_size():
    important = minimal_important_difference("UK-1997-TTO")
    rows = health_change(panel(), important=important)
    # a: mo2 0.069 less than 0.074; d: mo2 against sc2; e: ua2 0.036; f: large.
    assert number(rows, "share_improved")["estimate"] == pytest.approx(1 / 7)
    assert number(rows, "share_worsened")["estimate"] == 0
    at_the_size = health_change(panel(), important=0.069)
    assert number(at_the_size, "share_improved")["estimate"] == pytest.approx(2 / 7)
    assert rows.summary["important_source"].startswith("UK-1997-TTO: Walters")


def test_two_value_sets_are_compared_on_the_same_persons():
    sets = ["UK-1997-TTO", "SE-2014-TTO"]

    both = value_set_comparison(panel(), value_sets=sets, columns=["state"])

    own = {name: number(health_change(panel(name)), "mean_change") for name in sets}
    for name in sets:
        found = number(both, "mean_change", name)
        assert found["estimate"] == pytest.approx(own[name]["estimate"], abs=EXACT)
        assert found["std_error"] == pytest.approx(own[name]["std_error"], abs=EXACT)
        times = number(both, "change_in_important", name)["estimate"]
        size = minimal_important_difference(name).size
        assert times == pytest.approx(found["estimate"] / size)


def test_the_grid_counts_persons_by_the_rank_of_their_state():
    grid = health_profile_grid(panel(), value_set="UK-1997-TTO", columns=["state"])

    ranks = counts(grid, "rank")
    cells = counts(grid, "grid")
    # By value d improves too: mobility weighs less than self-care here, so it worsens.
    assert ranks == {"improved": 2, "worsened": 2, "unchanged": 3}
    assert sum(cells.values()) == 7 and len(cells) == 25
    # 22222 is among the best fifth: all states with a level 3 but a few are worse by this set.
    assert {cell: n for cell, n in cells.items() if n} == {"1 > 1": 4, "3 > 3": 2, "5 > 1": 1}


def test_clusters_of_one_person_and_equal_weights_change_nothing():
    plain = health_change(panel()).tidy()
    person_clusters = health_change(panel(cluster="id")).tidy()
    weights = panel()
    doubled = HealthPanel.from_frame(
        weights.covariates.assign(w=2.0), person="id", wave="wave", outcome="index", arm="arm",
        weight="w",
    )  # fmt: skip

    pd.testing.assert_frame_equal(plain, person_clusters)
    pd.testing.assert_frame_equal(plain, health_change(doubled).tidy())
    for result in (paretian_change, ceiling_share):
        pd.testing.assert_frame_equal(
            result(panel(), **THREE).tidy(), result(doubled, **THREE).tidy()
        )


def test_clustered_error_is_that_of_cluster_sums():
    rows = health_change(panel(cluster="centre"))
    frame = panel().covariates
    change = frame.pivot_table(index=["id", "centre"], columns="wave", values="index")
    change = (change[6] - change[0]).dropna()
    sums = (change - change.mean()).groupby("centre").sum()

    row = number(rows, "mean_change")

    expected = sqrt(3 / 2 * (sums**2).sum()) / len(change)
    assert row["std_error"] == pytest.approx(expected, abs=EXACT)
    assert row["conf_high"] - row["estimate"] == pytest.approx(stats.t.ppf(0.975, 2) * expected)


def test_weighted_shares_have_the_linearised_variance_in_wilsons_interval():
    rows = ceiling_share(panel(weight="w"), **THREE).tidy().query("wave == 0").iloc[0]
    w = np.array([1.0, 2, 1, 1, 1, 1, 1, 3])
    inside = np.array([state == "11111" for state in FIRST])
    p = (w * inside).sum() / w.sum()
    variance = ((w * (inside - p)) ** 2).sum() / w.sum() ** 2
    n, z = p * (1 - p) / variance, stats.norm.ppf(0.975)
    half = z * sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)

    assert rows["share"] == pytest.approx(p)
    assert [rows["conf_low"], rows["conf_high"]] == pytest.approx([centre - half, centre + half])
    assert rows["n_with"] == 1
