"""The monthly process, the lot, and the rule that the truth counts exits by."""

import numpy as np
import pytest

from evalkit.synthetic.answers import draw_answers, draw_levels, index_of
from evalkit.synthetic.countries import FINLAND, SWEDEN
from evalkit.synthetic.months import calendar_of, spells_of
from evalkit.synthetic.population import eligible_participants, municipality_effects, residents
from evalkit.synthetic.process import DIED, EMIGRATED, OLD_AGE, PENSION, Hazards, simulate_states
from evalkit.synthetic.random_streams import stream
from evalkit.synthetic.truth import NEVER, first_sustained_exit, true_values

SEED = 20261
LETTERS = {"s": 0, "F": 1, "p": 2, "D": 3, "o": 4, "e": 5, "d": 6}


def history(text):
    return np.array([[LETTERS[letter] for letter in text]], dtype=np.int8)


@pytest.fixture(scope="module")
def people():
    return eligible_participants(SWEDEN, 4_000, stream(SEED, "test people"))


def states_of(people, arm, hazards, n_month=36):
    nothing = np.zeros(len(SWEDEN.places))
    rng = stream(SEED, "test months")
    return simulate_states(people, np.full(len(people), arm), n_month, hazards, nothing, rng)


@pytest.mark.parametrize(
    ("months", "k", "expected"),
    [
        ("sFFFs", 3, 1),
        ("sFFsFFF", 3, 4),
        ("sFFsF", 3, NEVER),
        ("sFpFF", 3, 1),
        ("spFFF", 3, 2),
        ("sFpsFF", 3, NEVER),
        ("sFFd", 3, NEVER),
        ("sFFDFFF", 1, 1),
        ("sFFoooo", 3, NEVER),
        ("ssF", 1, 2),
        ("sFFFFFF", 6, 1),
        ("sFFFFF", 6, NEVER),
    ],
)
def test_an_exit_is_the_first_month_of_the_first_long_enough_run(months, k, expected):
    assert first_sustained_exit(history(months), k)[0] == expected


def test_everybody_starts_on_support_and_nobody_returns_from_an_absorbing_state(people):
    hazards = Hazards(-4.0, 0.3, disability_pension=0.01, emigrated=0.01, died=0.01)
    states = states_of(people, 1, hazards)
    assert (states[:, 0] == 0).all()
    for state in (OLD_AGE, EMIGRATED, DIED, PENSION):
        assert (states == state).any()
        later = np.maximum.accumulate(states == state, axis=1)
        allowed = (state, DIED) if state in (PENSION, OLD_AGE) else (state,)
        assert np.isin(states[later], allowed).all()


def test_without_a_programme_effect_common_random_numbers_give_equal_arms(people):
    assert (
        states_of(people, 1, Hazards(-4.0, 0.0)) == states_of(people, 0, Hazards(-4.0, 0.0))
    ).all()
    assert (
        states_of(people, 1, Hazards(-4.0, 0.3)) != states_of(people, 0, Hazards(-4.0, 0.3))
    ).any()


def test_the_first_month_has_the_probability_that_the_notes_state(people):
    hazards = Hazards(-2.0, 0.3, died=0, emigrated=0, disability_pension=0, parental=0)
    young = (people.birth_year > 1965) & ~people.female & (people.education != 2) & ~people.partial
    age = 2018 + people.index[young] // 12 - people.birth_year[young]
    eta = -2.0 + 0.3 - 0.7 * np.exp(-0.25) - 0.18 * (age - 42) / 10
    expected = 1 - np.exp(-np.exp(eta))
    left = states_of(people, 1, hazards)[young, 1] == 1
    error = np.sqrt((expected * (1 - expected)).sum()) / young.sum()
    assert young.sum() > 500
    assert abs(left.mean() - expected.mean()) < 3.5 * error


@pytest.mark.parametrize("country", [SWEDEN, FINLAND])
def test_the_lot_halves_participants_of_each_municipality_and_sex(country):
    people = residents(country, SEED)
    started = people.arm >= 0
    assert started.sum() == sum(place.participants for place in country.places)
    for place in range(len(country.places)):
        for female in (False, True):
            arm = people.arm[started & (people.place == place) & (people.female == female)]
            assert abs(2 * arm.sum() - len(arm)) <= 1


def test_true_values_say_that_the_programme_helps_and_state_their_errors():
    effects = municipality_effects(SWEDEN, SEED)
    values = true_values(SWEDEN, Hazards(-4.14, 0.32), effects, SEED, n=4_000)
    exits = values["incidence_k3_h24"]
    assert exits["difference"]["value"] == pytest.approx(
        exits["programme"]["value"] - exits["comparison"]["value"], abs=2e-6
    )
    assert 0 < exits["difference"]["mc_error"] < exits["programme"]["mc_error"]
    for k, longer in ((1, 3), (3, 6), (6, 12)):
        shorter_run, longer_run = values[f"incidence_k{k}_h24"], values[f"incidence_k{longer}_h24"]
        assert shorter_run["programme"]["value"] > longer_run["programme"]["value"]
    assert values["index_wave0"]["difference"]["value"] == 0


def test_index_values_are_those_published_for_the_states():
    levels = np.array([[1, 1, 1, 1, 1], [1, 2, 3, 4, 5], [5, 5, 5, 5, 5]])
    assert index_of(levels, "SE-2020-TTO") == pytest.approx([0.9755, 0.4972, 0.2433])
    levels = np.array([[1, 1, 1, 1, 1], [1, 2, 3, 2, 1], [3, 3, 3, 3, 3]])
    assert index_of(levels, "FI-VAS-3L") == pytest.approx([1.0, 0.502, -0.011])
    levels = np.array([[1, 1, 1, 1, 1], [3, 3, 3, 3, 3]])
    assert index_of(levels, "SE-2014-TTO") == pytest.approx([0.9694, 0.3402])


@pytest.mark.parametrize("country", [SWEDEN, FINLAND])
def test_answers_at_baseline_have_the_stated_shares_of_levels(country):
    n = 20_000
    levels = draw_levels(country, np.zeros(n), np.zeros(n, dtype=bool), stream(SEED, "test levels"))
    for position, shares in enumerate(country.level_shares.values()):
        drawn = np.bincount(levels[:, 0, position], minlength=len(shares) + 1)[1:] / n
        error = np.sqrt(np.array(shares) * (1 - np.array(shares)) / n)
        assert (np.abs(drawn - shares) < 4 * error + 1e-9).all()


def test_who_drops_out_does_not_come_back():
    n = 5_000
    answers = draw_answers(SWEDEN, np.zeros(n), np.zeros(n, dtype=bool), stream(SEED, "test drop"))
    there = answers.answered.any(axis=2)
    assert there[:, 0].all()
    assert not (there[:, 1:] & ~there[:, :-1]).any()
    kept = there[:, 1:].sum(axis=0) / there[:, :-1].sum(axis=0)
    assert (np.abs(kept - 0.88) < 3.5 * np.sqrt(0.88 * 0.12 / (0.5 * n))).all()


def test_spells_cover_the_months_of_the_calendar_and_no_others():
    people = residents(FINLAND, SEED)
    effects = np.zeros(len(FINLAND.places))
    states = simulate_states(
        people, people.arm, 83, Hazards(-4.0, 0.3), effects, stream(SEED, "test states")
    )
    calendar = calendar_of(FINLAND, people, states, stream(SEED, "test calendar"))
    spells = spells_of(FINLAND, calendar, stream(SEED, "test spells"))
    origin = np.datetime64("2018-01", "M")
    first = (spells.start.astype("datetime64[M]") - origin).astype(int)
    last = np.where(
        np.isnat(spells.end), 95, (spells.end.astype("datetime64[M]") - origin).astype(int)
    )
    assert (last[np.isnat(spells.end)] == 95).all() and np.isnat(spells.end).any()
    benefit = FINLAND.benefits.index("labour_market_subsidy")
    rebuilt = np.zeros(calendar.state.shape, dtype=bool)
    for row in np.flatnonzero(spells.benefit == benefit):
        rebuilt[spells.person[row], first[row] : last[row] + 1] = True
    assert (rebuilt == sum(layer == benefit for layer in calendar.layers).astype(bool)).all()
