"""The door for grids of definitions, months in states, and sequences."""

import numpy as np
import pandas as pd
import pytest
from made_results import SAMPLE

from evalkit import results
from evalkit.cohort.samples import StateHistory
from evalkit.provenance import provenance
from evalkit.release import load_profile, release
from evalkit.survival import exit_definitions, expected_months, state_sequences


def grid(exits, n=200, arms=("programme", "comparison")):
    """A grid of one definition from exits by (sustained months, horizon), the same in all arms."""
    rows = [
        {"definition": "SS-FORS", "sustained_months": length, "horizon": float(horizon),
         "term": term, "scale": scale, "estimate": count / n, "reason": "", "n": n, "k": k}
        for (length, horizon), count in exits.items()
        for term, scale, k in [
            *[(arm, "arm", count) for arm in arms],
            *([(" - ".join(arms), "difference", np.nan)] if len(arms) == 2 else []),
        ]
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    return results.DefinitionGrid(
        rows=frame.drop(columns=["n", "k"]),
        summary={"n": n, "cause": "self_support"},
        support={"n": frame["n"], "k": frame["k"], "complement": frame["n"] - frame["k"]},
        provenance=provenance("exit_definitions", SAMPLE),
    )


def shown(released):
    frame = released.tidy()
    arms = frame[(frame["scale"] == "arm") & ~frame["suppressed"]].drop_duplicates(
        ["sustained_months", "horizon"]
    )
    return set(zip(arms["sustained_months"], arms["horizon"], strict=True))


def hidden_in_unit(*blocks):
    plan = pd.DataFrame({"level": "unit", "code": "x", "block": list(blocks)})
    return load_profile("strict10").for_unit(plan, "unit", "x")


def test_cells_far_enough_apart_are_all_shown():
    exits = {(1, 12): 90, (6, 12): 60, (1, 24): 140, (6, 24): 110}

    assert shown(release(grid(exits), "strict10")) == set(exits)


@pytest.mark.parametrize(
    ("exits", "open_cells"),
    [
        # Seven persons left for three months but not for six: the shorter length goes.
        ({(3, 24): 67, (6, 24): 60}, {(6, 24)}),
        # Seven persons left between months 12 and 18.
        ({(6, 12): 60, (6, 18): 67}, {(6, 12)}),
        # Neither is within the other, so nothing follows.
        ({(6, 24): 60, (3, 12): 63}, {(6, 24), (3, 12)}),
        # Seven persons left for three months by month 24, but not for six by month 12.
        ({(6, 12): 60, (3, 24): 67}, {(3, 24)}),
        ({(6, 24): 7, (3, 24): 60}, {(3, 24)}),
        ({(6, 24): 195}, set()),
    ],
)
def test_a_cell_whose_difference_to_another_tells_of_too_few_is_hidden(exits, open_cells):
    assert shown(release(grid(exits), "strict10")) == open_cells


def test_no_two_shown_cells_give_away_a_small_number_of_persons():
    rng = np.random.default_rng(1)
    lengths, horizons = (1, 3, 6, 12), (6.0, 12.0, 18.0, 24.0, 36.0)
    steps = rng.integers(0, 14, (len(lengths), len(horizons)))
    counts = 12 + steps[::-1].cumsum(axis=0)[::-1].cumsum(axis=1)
    exits = {
        (length, horizon): int(counts[i, j])
        for i, length in enumerate(lengths)
        for j, horizon in enumerate(horizons)
    }

    open_cells = shown(release(grid(exits, n=2_000), "strict10"))

    assert 2 < len(open_cells) < len(exits)
    nested = [
        abs(exits[a] - exits[b])
        for a in open_cells
        for b in open_cells
        if a != b and a[0] >= b[0] and a[1] <= b[1]
    ]
    assert min(nested) >= 10


def two_definitions(first, second):
    """A grid of two definitions from exits by (sustained months, horizon)."""
    one, other = grid(first).tidy(), grid(second).tidy().assign(definition="SS-SUS")
    frame = pd.concat([one, other], ignore_index=True)
    k = np.round(frame["estimate"].where(frame["scale"] == "arm") * 200)
    return results.DefinitionGrid(
        rows=frame,
        summary={"n": 200, "cause": "self_support"},
        support={"n": np.full(len(frame), 200), "k": k, "complement": 200 - k},
        provenance=provenance("exit_definitions", SAMPLE),
    )


@pytest.mark.parametrize(
    ("second", "hidden"),
    [
        # One person exits under one definition only.
        ({(6, 24): 61}, {(6, 24)}),
        ({(6, 24): 75}, set()),
        # A stricter definition: who had three months of it had one of the other.
        ({(3, 24): 61}, {(3, 24)}),
        ({(3, 12): 63}, set()),
        ({(6, 24): 75, (6, 12): 61}, {(6, 12)}),
    ],
)
def test_two_definitions_that_differ_by_few_are_not_both_shown(second, hidden):
    frame = release(two_definitions({(6, 24): 60}, second), "strict10").tidy()

    assert not frame[frame["definition"] == "SS-FORS"]["suppressed"].any()
    other = frame[(frame["definition"] == "SS-SUS") & frame["suppressed"]]
    assert set(zip(other["sustained_months"], other["horizon"], strict=True)) == hidden
    assert other["estimate"].isna().all()


def test_no_two_shown_definitions_give_away_a_small_number_of_persons():
    rng = np.random.default_rng(2)
    cells = [(length, horizon) for length in (1, 6) for horizon in (12, 24)]
    first = {(6, 12): 40, (6, 24): 75, (1, 12): 90, (1, 24): 130}
    for _ in range(20):
        second = {cell: first[cell] + int(rng.integers(-15, 16)) for cell in cells}
        frame = release(two_definitions(first, second), "strict10").tidy()
        shown = frame[(frame["scale"] == "arm") & ~frame["suppressed"]]
        shown = shown[shown["term"] == "programme"]
        both = shown.merge(shown, on=["sustained_months", "horizon"])
        both = both[both["definition_x"] != both["definition_y"]]
        assert (np.abs(both["estimate_x"] - both["estimate_y"]) * 200 > 9.5).all()


def test_a_difference_goes_with_either_arm():
    frame = release(grid({(6, 24): 7}), "strict10").tidy()

    assert frame["suppressed"].tolist() == [True, True, True]
    assert frame["estimate"].isna().all()


def test_what_a_unit_hides_of_its_exits_it_hides_under_every_definition():
    exits = {(1, 24): 140, (6, 24): 110, (6, 12): 60}
    profile = hidden_in_unit("exits/programme/24/self_support")

    frame = release(grid(exits), profile).tidy().set_index(["sustained_months", "horizon", "term"])

    assert frame.loc[(1, 24.0, "programme"), "suppressed"]
    assert frame.loc[(6, 24.0, "programme - comparison"), "suppressed"]
    assert not frame.loc[(6, 24.0, "comparison"), "suppressed"]
    assert not frame.loc[(6, 12.0, "programme"), "suppressed"]


def history(n=300, rare=0):
    rng = np.random.default_rng(6)
    state = np.zeros((n, 30), dtype=int)
    for month in range(1, 30):
        moves = rng.random(n) < 0.2
        state[:, month] = np.where(moves, rng.integers(0, 3, n), state[:, month - 1])
    state[:rare, 20:] = 3
    people = pd.DataFrame({"arm": np.where(np.arange(n) % 2, "programme", "comparison")})
    return StateHistory.from_matrix(state, ["support", "self_support", "study", "died"], people)


def test_months_in_a_rare_state_take_another_state_along():
    result = expected_months(history(rare=4), horizon=24)

    frame = release(result, "strict10").tidy().set_index("state")
    assert frame.loc["died", "suppressed"]
    assert frame["suppressed"].sum() == 2
    assert not frame.loc["self_support", "suppressed"]


def test_months_of_states_that_many_were_in_are_shown():
    result = expected_months(history(rare=40), by="arm", horizon=24)

    frame = release(result, "strict10").tidy()
    assert not frame["suppressed"].any()


def test_differences_of_months_go_with_their_arms():
    frame = release(expected_months(history(rare=4), by="arm", horizon=24), "strict10").tidy()

    died = frame[frame["state"] == "died"]
    assert died["suppressed"].all()
    assert died["scale"].tolist() == ["arm", "arm", "difference", "ratio"]


def test_months_that_a_unit_hides_are_hidden():
    profile = hidden_in_unit("states/programme/24/study")

    result = expected_months(history(rare=40), by="arm", horizon=24)
    frame = release(result, profile).tidy().set_index(["state", "term"])

    assert frame.loc[("study", "programme"), "suppressed"]
    assert frame.loc[("study", "programme - comparison"), "suppressed"]
    assert not frame.loc[("study", "comparison"), "suppressed"]


def test_sequences_states_and_moves_of_few_are_hidden_with_one_more_of_their_sum():
    result = state_sequences(history(rare=4), horizon=24)

    frame = release(result, "strict10").tidy()
    few = result.tidy().query("n_with < 10")

    listed = frame.set_index(["quantity", "item", "time"])["suppressed"]
    assert len(few) > 4
    assert listed.loc[list(zip(few["quantity"], few["item"], few["time"], strict=True))].all()
    moves = frame[frame["quantity"] == "transition"]
    origin = moves["item"].str.split(" > ").str[0]
    hidden = moves.groupby(origin)["suppressed"].sum()
    assert (hidden != 1).all()
    for quantity in ("months", "spells", "sequence"):
        assert frame[frame["quantity"] == quantity]["suppressed"].sum() != 1


def test_an_entropy_that_tells_of_a_rare_state_is_hidden():
    frame = release(state_sequences(history(rare=40), horizon=30), "strict10").tidy()

    entropy = frame[frame["quantity"] == "entropy"].set_index("time")["suppressed"]
    # An entropy tells the counts of its month, so months between ticks are not listed.
    assert entropy.to_dict() == {0.0: True, 6.0: True, 12.0: True, 18.0: True, 24.0: False}


def test_counts_behind_sequences_are_rounded():
    shown = release(state_sequences(history(rare=40), horizon=24), "strict10").tidy()

    counts = shown.loc[~shown["suppressed"], ["n", "n_with"]]
    assert (counts % 5 == 0).all().all()


def test_few_who_are_left_out_do_not_follow_from_the_number_of_persons():
    whole = history(rare=40)
    state = whole.state.copy()
    state[:3, 25:] = -1
    thinned = StateHistory.from_matrix(state, whole.states, whole.covariates)

    shown = release(state_sequences(thinned, horizon=28), "strict10").glance()

    assert shown["n"][0] == 295
    assert np.isnan(shown["n_left_out"][0])


def test_a_real_grid_passes_and_hides():
    result = exit_definitions(history(rare=10), horizons=[6, 12], by="arm")

    frame = release(result, "strict10").tidy()

    assert frame["suppressed"].any()
    assert not frame["suppressed"].all()
    assert release(result, "internal").tidy()["suppressed"].sum() == 0
