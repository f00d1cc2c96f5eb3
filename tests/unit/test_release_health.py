"""Descriptions of health pass the door without small numbers, and none can be worked out."""

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import ParameterError
from evalkit.health import (
    ceiling_share,
    dimension_table,
    frequent_profiles,
    health_change,
    paretian_change,
    probability_of_superiority,
    shannon_indices,
)
from evalkit.release import load_profile, release, secondary_suppression

THREE = {"instrument": "EQ-5D-3L", "columns": ["state"]}


def panel(counts, *, by=""):
    """Persons by (state at wave 0, state at wave 6) and their number."""
    rows = []
    for (first, later), n in counts.items():
        for _ in range(n):
            rows += [(len(rows), 0, first), (len(rows), 6, later)]
    frame = pd.DataFrame(rows, columns=["id", "wave", "state"])
    frame["id"] = np.arange(len(frame)) // 2
    return HealthPanel.from_frame(
        frame.assign(index=frame["state"].astype(float), area=by), person="id", wave="wave",
        outcome="index",
    )  # fmt: skip


def shown(result, item=None, wave=6, profile="strict10"):
    frame = release(result, profile).tidy()
    frame = frame[(frame["wave"] == wave) & ((frame["item"] == item) if item else True)]
    return frame.set_index("level" if "level" in frame else "quantity")


MIXED = {
    ("21111", "11111"): 30, ("11111", "11111"): 40, ("11111", "21111"): 4, ("21111", "12111"): 12,
}  # fmt: skip


def test_a_class_of_few_is_hidden_and_one_more_so_that_it_does_not_follow():
    rows = shown(paretian_change(panel(MIXED), **THREE), "profile")

    assert rows["suppressed"].to_dict() == {
        "improved": False, "mixed": True, "worsened": True, "unchanged": False,
    }  # fmt: skip
    assert rows.loc["worsened", ["n", "n_with", "share", "conf_low"]].isna().all()


def test_what_is_left_for_hidden_classes_together_is_large_enough():
    result = paretian_change(panel(MIXED), **THREE)
    exact = result.tidy().set_index(["item", "wave", "level"])["n_with"]
    frame = release(result, "strict10").tidy()

    hidden = frame[frame["suppressed"]]
    left = hidden.apply(lambda row: exact[row["item"], row["wave"], row["level"]], axis=1)
    sums = left.groupby([hidden["item"], hidden["wave"]]).sum()
    assert len(sums) and (sums >= 10).all()


def test_shares_of_many_are_shown_with_their_exact_value_and_rounded_counts():
    result = paretian_change(panel({**MIXED, ("11111", "21111"): 14}), **THREE)

    rows = shown(result, "profile")

    assert not rows["suppressed"].any()
    assert rows.loc["improved", "share"] == pytest.approx(30 / 96)
    assert rows.loc["improved", ["n", "n_with"]].tolist() == [95, 30]
    assert (rows["n_with"] % 5 == 0).all()


def test_a_profile_of_few_is_not_even_listed():
    many = {("21232", "21232"): 30, ("11111", "11111"): 20, ("33333", "33333"): 3}

    rows = shown(frequent_profiles(panel(many), **THREE))

    # The three are hidden with the next smallest that is not the ceiling.
    assert rows["suppressed"].to_dict() == {"11111": False}


def test_a_ceiling_of_few_and_of_all_but_few_are_hidden():
    few = {("21111", "11111"): 4, ("21111", "21111"): 30}
    most = {("21111", "11111"): 30, ("21111", "21111"): 4}
    both = {("21111", "11111"): 30, ("21111", "21111"): 14}

    hidden = [shown(ceiling_share(panel(one), **THREE))["suppressed"].item()
              for one in (few, most, both)]  # fmt: skip

    assert hidden == [True, True, False]


def test_superiority_is_hidden_where_a_class_of_few_would_follow():
    few = panel({("21111", "11111"): 30, ("11111", "11111"): 40, ("11111", "21111"): 4})
    many = panel({("21111", "11111"): 30, ("11111", "11111"): 40, ("11111", "21111"): 14})

    hidden, open_ = (
        release(probability_of_superiority(sample, **THREE), "strict10").tidy().set_index("item")
        for sample in (few, many)
    )

    assert hidden.loc["mo", "suppressed"] and np.isnan(hidden.loc["mo", "estimate"])
    assert not open_.loc["mo", "suppressed"]


def test_an_index_of_spread_is_hidden_where_a_level_of_few_would_follow():
    level = {"1": 20, "2": 15, "3": 4}
    few = panel({(f"{key}1111", f"{key}1111"): n for key, n in level.items()})
    many = panel({(f"{key}1111", f"{key}1111"): 12 for key in level})

    hidden, open_ = (
        release(shannon_indices(sample, **THREE), "strict10").tidy().query("item == 'mo'")
        for sample in (few, many)
    )

    assert hidden["suppressed"].all()
    assert not open_["suppressed"].any()


def test_shares_of_important_change_stand_or_fall_together():
    result = health_change(panel(MIXED), important=500)

    rows = release(result, "strict10").tidy().set_index("quantity")

    assert not rows.loc["mean_change", "suppressed"]
    assert rows.loc[["share_improved", "share_worsened", "share_between"], "suppressed"].all()


@pytest.mark.parametrize("n", [9, 10])
def test_a_wave_that_few_answered_is_hidden(n):
    result = health_change(panel({("21111", "11111"): n}))

    assert release(result, "strict10").is_withheld == (n < 10)


def test_a_wave_that_is_hidden_elsewhere_is_hidden_here_too():
    profile = load_profile("strict10")
    plan = pd.DataFrame({"level": ["national"], "code": ["x"], "block": ["health//6"]})

    result = release(
        paretian_change(panel(MIXED), **THREE), profile.for_unit(plan, "national", "x")
    )

    assert result.is_withheld
    assert {reason for *_, reason in result.log} >= {
        "would give away a hidden number of another unit"
    }


def test_a_municipality_with_a_class_of_few_takes_another_along():
    frames = []
    for number, few in enumerate((4, 30, 40)):
        own = {("21111", "11111"): 30, ("11111", "11111"): 40, ("11111", "21111"): few}
        own[("21111", "12111")] = 20
        frame = panel(own).covariates.assign(area=f"m{number}")
        frames.append(frame.assign(id=frame["id"] + 1000 * number))
    sample = HealthPanel.from_frame(pd.concat(frames), person="id", wave="wave", outcome="index")
    result = paretian_change(sample, by="area", **THREE)
    areas = pd.DataFrame({"municipality": ["m0", "m1", "m2"], "federation": "F"})

    plan = secondary_suppression(
        [result], areas=areas, profile="strict10", levels=("municipality", "national")
    )

    hidden = plan[plan["block"] == "answers//6/profile/worsened"]["code"].tolist()
    assert hidden == ["m0", "m1"]


def test_frequent_profiles_of_municipalities_cannot_be_planned():
    areas = pd.DataFrame({"municipality": ["a", "b"], "federation": "F"})

    with pytest.raises(ParameterError, match="no blocks for frequent_profiles"):
        secondary_suppression(
            [frequent_profiles(panel(MIXED), **THREE)], areas=areas, profile="strict10",
            levels=("municipality", "national"),
        )  # fmt: skip


@pytest.mark.parametrize("describe", [dimension_table, paretian_change, shannon_indices])
def test_release_is_idempotent_and_public_hides_nothing(describe):
    result = describe(panel(MIXED), **THREE)

    once = release(result, "strict10")

    pd.testing.assert_frame_equal(once.tidy(), release(once, "strict10").tidy())
    public = release(result, "public").tidy()
    pd.testing.assert_frame_equal(public.drop(columns="suppressed"), result.tidy())
