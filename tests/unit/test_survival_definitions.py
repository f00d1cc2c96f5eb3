import numpy as np
import pandas as pd
import pytest

from evalkit.cohort import sustained_exit
from evalkit.cohort.months import ABSORBING, NEVER
from evalkit.cohort.samples import StateHistory, TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.survival import exit_definitions, incidence_at

STATES = ("self_support", "parental", "labour_market", "disability_pension", "died")
LENGTHS = (1, 3, 6, 12)
N, MONTHS = 400, 40


def made():
    """Histories with staggered ends, and the same months as `sustained_exit` takes them."""
    rng = np.random.default_rng(4)
    state = np.full((N, MONTHS), 2)
    for month in range(1, MONTHS):
        draw = rng.random(N)
        state[:, month] = state[:, month - 1]
        moves = (draw < 0.25) & (state[:, month - 1] < 3)
        state[moves, month] = rng.choice([0, 0, 1, 2, 2, 3, 4], moves.sum(), p=[
            0.3, 0.2, 0.1, 0.2, 0.14, 0.03, 0.03,
        ])  # fmt: skip
    last = rng.integers(8, MONTHS, N)
    state[np.arange(MONTHS) > last[:, None]] = -1
    people = pd.DataFrame(
        {"arm": rng.choice(["programme", "comparison"], N), "place": rng.integers(0, 15, N)}
    )
    return state, last, people


STATE, LAST, PEOPLE = made()
HISTORY = StateHistory.from_matrix(STATE, STATES, PEOPLE)


def exits_of_the_cohort(length):
    """The exits that a cohort finds in the same months, up to the end of the longest length."""
    end = LAST - 11
    first = {
        name: np.where(found.any(axis=1), found.argmax(axis=1), NEVER)
        for name in ("died", "disability_pension")
        for found in [np.isin(STATE, STATES.index(name))]
    }
    found = sustained_exit(STATE == 2, STATE == 1, first, k=length, last=LAST, end=end)
    kept = (found.duration > 0) & (end > 0)
    return PEOPLE.assign(time=found.duration, cause=found.cause)[kept]


def cell(grid, length, horizon, term="programme"):
    frame = grid.tidy()
    chosen = (frame["sustained_months"] == length) & (frame["horizon"] == horizon)
    return frame[chosen & (frame["term"] == term)].iloc[0]


@pytest.mark.parametrize("length", LENGTHS)
def test_exits_of_a_history_are_those_of_the_cohort(length):
    grid = exit_definitions(HISTORY, horizons=[6, 12], by="arm")

    sample = TimeToEvent.from_frame(
        exits_of_the_cohort(length), duration="time", cause="cause", censored="censored",
        causes=("self_support", "died", "disability_pension"),
    )  # fmt: skip
    expected = incidence_at(sample, by="arm", cause="self_support", horizon=12).tidy()
    for row in expected.itertuples():
        found = cell(grid, length, 12, row.term)
        assert found["estimate"] == pytest.approx(row.estimate, rel=1e-12)
        assert found["std_error"] == pytest.approx(row.std_error, rel=1e-12)


def test_all_lengths_are_about_the_same_persons():
    grid = exit_definitions(HISTORY, horizons=[12], by="arm")

    arms = grid.tidy().assign(n=grid.support["n"]).query("scale == 'arm'")
    assert (arms.groupby("term")["n"].nunique() == 1).all()
    assert grid.glance()["n"][0] == (LAST - 11 >= 1).sum()


def test_longer_runs_are_rarer():
    grid = exit_definitions(HISTORY, horizons=[12])

    shares = [cell(grid, length, 12, "")["estimate"] for length in LENGTHS]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1]


def test_a_frame_of_the_cohort_gives_the_same_grid():
    frame = pd.concat(
        [
            exits_of_the_cohort(length).assign(definition="SS-FORS", sustained_months=length)
            for length in LENGTHS
        ]
    )

    found = exit_definitions(frame, horizons=[6, 12], by="arm").tidy()

    expected = exit_definitions(HISTORY, horizons=[6, 12], by="arm").tidy()
    assert set(found["definition"]) == {"SS-FORS"}
    pd.testing.assert_frame_equal(
        found.drop(columns="definition"), expected.drop(columns="definition")
    )


def test_a_definition_without_runs_stays_when_lengths_are_chosen():
    frame = exits_of_the_cohort(1)
    frame = pd.concat(
        [
            frame.assign(definition="SS-FORS", sustained_months=1),
            frame.assign(definition="SS-FORS", sustained_months=6),
            frame.assign(definition="SS-WORKSTUDY", sustained_months=1),
        ]
    )

    found = exit_definitions(frame, horizons=[12], sustained_months=[6]).tidy()

    assert found[["definition", "sustained_months"]].to_numpy().tolist() == [
        ["SS-FORS", 6],
        ["SS-WORKSTUDY", 1],
    ]


def test_clusters_of_the_history_and_of_the_frame_are_used():
    clustered = StateHistory.from_matrix(STATE, STATES, PEOPLE, cluster="place")
    frame = exits_of_the_cohort(12).assign(definition="SS-FORS", sustained_months=12)

    grid = exit_definitions(clustered, horizons=[12], sustained_months=[12])
    same = exit_definitions(frame, horizons=[12], cluster="place")

    assert grid.glance()["df"][0] == 14
    assert cell(grid, 12, 12, "")["std_error"] == pytest.approx(
        cell(same, 12, 12, "")["std_error"], rel=1e-12
    )
    plain = exit_definitions(HISTORY, horizons=[12], sustained_months=[12])
    assert cell(grid, 12, 12, "")["std_error"] != cell(plain, 12, 12, "")["std_error"]


def test_states_of_the_default_are_those_that_end_a_follow_up():
    given = exit_definitions(
        HISTORY, horizons=[12], competing=["died", "disability_pension"], neutral=["parental"]
    )

    default = exit_definitions(HISTORY, horizons=[12])
    pd.testing.assert_frame_equal(given.tidy(), default.tidy())
    assert set(ABSORBING) & set(STATES) == {"died", "disability_pension"}


def test_a_neutral_month_neither_breaks_a_run_nor_counts():
    state = np.array([[2, 0, 1, 0, 0, 2, 2, 2]])
    history = StateHistory.from_matrix(state, STATES, PEOPLE[:1])

    neutral = exit_definitions(history, horizons=[2], sustained_months=[3])
    breaks = exit_definitions(history, horizons=[2], sustained_months=[3], neutral=[])

    assert cell(neutral, 3, 2, "")["estimate"] == 1
    assert cell(breaks, 3, 2, "")["estimate"] == 0


def test_nobody_followed_long_enough_is_an_error():
    with pytest.raises(EstimationError, match="nobody is observed for 60 months"):
        exit_definitions(HISTORY, horizons=[12], sustained_months=[60])


def test_who_is_gone_from_the_start_has_no_row():
    state = np.array([[4, 4, 4], [2, 0, 0]])
    history = StateHistory.from_matrix(state, STATES, PEOPLE[:2])

    grid = exit_definitions(history, horizons=[1], sustained_months=[1])

    assert grid.glance()["n"][0] == 1


@pytest.mark.parametrize(
    ("sample", "options", "message"),
    [
        (HISTORY, {"horizons": []}, "horizons: at least one"),
        (HISTORY, {"cause": "work"}, "state 'work': the history has self_support, parental"),
        (HISTORY, {"competing": ["moved"]}, "state 'moved'"),
        (HISTORY, {"sustained_months": [0]}, "whole numbers of at least 1"),
        (HISTORY, {"sustained_months": [1.5]}, "whole numbers of at least 1"),
        (HISTORY, {"cluster": "place"}, "cluster: a history brings its own"),
        (PEOPLE, {}, "no such column: definition, sustained_months, time, cause"),
        (PEOPLE, {"neutral": []}, "a frame brings its causes"),
        (
            exits_of_the_cohort(1).assign(definition="SS-FORS", sustained_months=1),
            {"sustained_months": [6]}, r"no exits of \[6\] months in the frame",
        ),
    ],
)  # fmt: skip
def test_arguments_that_do_not_fit_are_refused(sample, options, message):
    with pytest.raises(ParameterError, match=message):
        exit_definitions(sample, **{"horizons": [12], **options})


def test_an_empty_frame_is_an_error():
    empty = exits_of_the_cohort(1)[:0].assign(definition="SS-FORS", sustained_months=1)

    with pytest.raises(EstimationError, match="no rows"):
        exit_definitions(empty, horizons=[12])
