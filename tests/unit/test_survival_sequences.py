import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import StateHistory
from evalkit.errors import EstimationError, ParameterError
from evalkit.survival import expected_months, state_sequences, time_in_state

STATES = ["support", "work", "study"]
MONTHS = np.array(
    [
        [0, 1, 1, 0],
        [0, 0, 1, 1],
        [0, 1, 0, 1],
        [0, 0, 0, 2],
        [0, 0, -1, -1],
    ]
)
PEOPLE = pd.DataFrame({"arm": ["programme"] * 3 + ["comparison"] * 2, "place": [0, 1, 2, 3, 4]})
HISTORY = StateHistory.from_matrix(MONTHS, STATES, PEOPLE)


def rows(result, quantity):
    frame = result.tidy()
    return frame[frame["quantity"] == quantity].set_index("item")


def long_history(n=300, **columns):
    rng = np.random.default_rng(2)
    months = np.zeros((n, 25), dtype=int)
    for month in range(1, 25):
        stays = rng.random(n) < 0.85
        months[:, month] = np.where(stays, months[:, month - 1], rng.integers(0, 3, n))
    last = rng.integers(10, 25, n)
    months[np.arange(25) > last[:, None]] = -1
    people = pd.DataFrame(
        {"arm": rng.choice(["programme", "comparison"], n), "place": rng.integers(0, 12, n)}
    )
    return StateHistory.from_matrix(months, STATES, people, **columns)


@pytest.mark.parametrize("columns", [{}, {"cluster": "place"}])
def test_months_in_all_states_add_up_to_the_horizon(columns):
    found = expected_months(long_history(**columns), by="arm", horizon=12).tidy()

    arms = found[found["scale"] == "arm"].groupby("term")["estimate"].sum()
    differences = found[found["scale"] == "difference"]["estimate"].sum()
    np.testing.assert_allclose(arms, 12)
    assert differences == pytest.approx(0, abs=1e-12)


def test_each_state_is_what_time_in_state_gives():
    history = long_history()

    found = expected_months(history, by="arm", horizon=18)

    one = time_in_state(history, by="arm", state="work", horizon=18).tidy()
    mine = found.tidy().query("state == 'work'").drop(columns="state").reset_index(drop=True)
    pd.testing.assert_frame_equal(mine[list(one)], one)


def test_behind_months_in_a_state_stand_those_who_were_there():
    found = expected_months(HISTORY, by="arm", horizon=3)

    frame = found.tidy().assign(n=found.support["n"], k=found.support["k"])
    arms = frame[frame["scale"] == "arm"].set_index(["state", "term"])
    assert arms.loc[("work", "programme"), ["n", "k"]].tolist() == [3, 3]
    assert arms.loc[("study", "comparison"), ["n", "k"]].tolist() == [2, 0]
    assert frame.loc[frame["scale"] != "arm", "k"].isna().all()


def test_a_state_of_nobody_beyond_the_follow_up_is_missing():
    found = expected_months(HISTORY, horizon=9).tidy()

    assert found["estimate"].isna().all()
    assert set(found["reason"]) == {"nobody under observation at the horizon"}


def test_months_and_spells_are_means_over_persons():
    found = state_sequences(HISTORY, horizon=4)

    assert rows(found, "months")["estimate"].tolist() == [9 / 4, 6 / 4, 1 / 4]
    assert rows(found, "spells")["estimate"].tolist() == [6 / 4, 4 / 4, 1 / 4]
    assert rows(found, "months")["n_with"].tolist() == [4, 3, 1]
    assert found.glance()[["n", "n_left_out"]].iloc[0].tolist() == [4, 1]


def test_moves_are_shares_of_the_months_moved_from():
    found = rows(state_sequences(HISTORY, horizon=4), "transition")

    expected = {
        "support > support": 3 / 8, "support > work": 4 / 8, "support > study": 1 / 8,
        "work > support": 2 / 4, "work > work": 2 / 4, "work > study": 0.0,
    }  # fmt: skip
    assert found["estimate"].to_dict() == pytest.approx(expected)


def test_moves_from_a_state_that_nobody_left_are_not_listed():
    found = rows(state_sequences(HISTORY, horizon=4), "transition")

    assert not any(item.startswith("study") for item in found.index)


def test_entropy_is_nought_where_all_are_in_one_state_and_one_where_all_are_equally_common():
    even = StateHistory.from_matrix(np.array([[0, 0], [0, 1], [0, 2]]), STATES, PEOPLE[:3])

    found = state_sequences(even, horizon=2).tidy().query("quantity == 'entropy'")

    np.testing.assert_allclose(found["estimate"], [0, 1], atol=1e-15)
    assert found["time"].tolist() == [0, 1]


def test_sequences_are_orders_of_states_however_long():
    found = rows(state_sequences(HISTORY, horizon=4, n_commonest=2), "sequence")

    assert found["n_with"].to_dict() == {
        "support > work": 1,
        "support > work > support": 1,
        "other": 2,
    }
    assert found["estimate"].sum() == pytest.approx(1)


def test_groups_are_described_one_by_one():
    found = state_sequences(HISTORY, by="arm", horizon=2).tidy()

    sizes = found.drop_duplicates("stratum").set_index("stratum")["n"]
    assert sizes.to_dict() == {"programme": 3, "comparison": 2}


def test_shares_of_a_sum_add_up():
    found = state_sequences(long_history(), by="arm", horizon=10).tidy()

    months = found[found["quantity"] == "months"].groupby("stratum")["estimate"].sum()
    moves = found[found["quantity"] == "transition"]
    origin = moves["item"].str.split(" > ").str[0]
    np.testing.assert_allclose(months, 10)
    np.testing.assert_allclose(moves.groupby([moves["stratum"], origin])["estimate"].sum(), 1)


def test_nobody_observed_for_that_long_is_an_error():
    with pytest.raises(EstimationError, match="in 1 of 1 groups nobody is observed for 5 months"):
        state_sequences(HISTORY, horizon=5)
    with pytest.raises(EstimationError, match="in 1 of 2 groups nobody is observed for 4 months"):
        state_sequences(
            StateHistory.from_matrix(MONTHS, STATES, PEOPLE.assign(arm=list("aaaab"))),
            by="arm", horizon=4,
        )  # fmt: skip


@pytest.mark.parametrize(
    "options", [{"horizon": 0}, {"horizon": 1.5}, {"horizon": 2, "n_commonest": 0}]
)
def test_numbers_must_be_whole_and_at_least_one(options):
    with pytest.raises(ParameterError, match="must be a whole number of at least 1"):
        state_sequences(HISTORY, **options)


def test_one_person_and_one_month_are_described():
    one = StateHistory.from_matrix(np.array([[0]]), STATES, PEOPLE[:1])

    found = state_sequences(one, horizon=1)

    assert rows(found, "sequence")["estimate"].to_dict() == {"support": 1.0, "other": 0.0}
    assert len(rows(found, "transition")) == 0
