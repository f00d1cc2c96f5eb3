"""The monthly process does what its formulas say: hazards, season, dip, relapse, choice, effects.

Counts are compared with the sum of the probabilities that the formulas give for the very months
that were lived: z = (observed - sum p) / sqrt(sum p (1 - p)) is standard normal if the process is
right. Every check allows one false alarm in a thousand (`ALPHA`), and has a twin that must fail.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from evalkit.errors import ParameterError
from evalkit.synthetic.countries import COUNTRIES, FINLAND, SWEDEN
from evalkit.synthetic.hazards import (
    MOVES,
    YEAR,
    exit_log_hazard,
    fixed_part,
    package_log_hazard,
    relapse_log_hazard,
)
from evalkit.synthetic.population import draw_people, payers_of
from evalkit.synthetic.process import NEVER, simulate
from evalkit.synthetic.random_streams import stream
from evalkit.synthetic.scenario import (
    DIED,
    DISABILITY,
    EMIGRATED,
    OLD_AGE,
    PARENTAL,
    SELF_SUPPORT,
    SICKNESS,
    STATES,
    SUPPORT,
    SWITCHES,
    Scenario,
    make_scenario,
)
from evalkit.synthetic.truth import first_sustained_exit, log_hazard_ratio, outcomes_of

SEED, N, ALPHA = 20261, 20_000, 0.001
LIMIT = stats.norm.isf(ALPHA / 2)
LETTERS = {
    "s": SICKNESS,
    "F": 0,
    "p": PARENTAL,
    "D": DISABILITY,
    "o": OLD_AGE,
    "e": EMIGRATED,
    "d": DIED,
}
# Nobody leaves the labour states by another door, so that every exit is one of the formula.
CLOSED = replace(
    Scenario(), died=0.0, emigrated=0.0, parental=0.0, disability_from_sickness=0.0,
    disability_from_temporary=0.0, disability_from_other=0.0, old_age_from_63=0.0,
)  # fmt: skip
NO_PACKAGES = replace(CLOSED, first_start=NEVER)


def world(scenario, n=N, country=SWEDEN, effects=(0.0,), joined=(0,), **options):
    """Persons of as many places as there are effects, and what happens to them."""
    place = np.arange(n) % len(effects)
    people = draw_people(country, scenario, place, stream(SEED, "test people"))
    places = np.array(effects), np.array(joined)
    course = simulate(country, scenario, people, *places, stream(SEED, "test months"), **options)
    return people, course


def durations(people, course):
    """Months in the state before each month."""
    state = np.column_stack([people.state, course.state])
    length = people.duration.copy()
    out = np.empty(course.state.shape, dtype=int)
    for month in range(course.state.shape[1]):
        out[:, month] = length
        length = np.where(state[:, month + 1] == state[:, month], length + 1, 1)
    return out


def since_start(course, month):
    return np.where(course.start < month, month - course.start, 0)


def exits(scenario, people, course, young, effects=(0.0,)):
    """Observed exits and their probabilities, for each person-month on support."""
    before = np.column_stack([people.state, course.state])[:, :-1]
    at_risk = np.isin(before, SUPPORT) & young[:, None]
    left = np.isin(course.state, SELF_SUPPORT)
    length, fixed = durations(people, course), fixed_part(scenario, people, np.array(effects))
    chance = np.zeros(course.state.shape)
    ill = course.state[np.arange(len(people)), np.minimum(course.start, 59)] == SICKNESS
    for month in range(course.state.shape[1]):
        eta = exit_log_hazard(
            scenario, before[:, month], length[:, month], fixed, course.shock[:, month], month
        )
        form, since = np.maximum(course.form, 0), since_start(course, month)
        eta = eta + package_log_hazard(scenario, form, since, course.length, ill)
        chance[:, month] = -np.expm1(-np.exp(eta))
    return at_risk, left, chance


def z_of(observed, chance):
    return (observed.sum() - chance.sum()) / np.sqrt((chance * (1 - chance)).sum())


def young_of(people):
    return people.birth_year > 2025 - 60


@pytest.fixture(scope="module")
def plain():
    people, course = world(NO_PACKAGES)
    return people, course, *exits(NO_PACKAGES, people, course, young_of(people))


@pytest.mark.parametrize("state", SUPPORT, ids=[STATES[state] for state in SUPPORT])
def test_exits_from_each_state_are_as_many_as_the_formula_says(plain, state):
    people, course, at_risk, left, chance = plain
    before = np.column_stack([people.state, course.state])[:, :-1]
    chosen = at_risk & (before == state)
    assert left[chosen].sum() > 150
    assert abs(z_of(left[chosen], chance[chosen])) < LIMIT


def test_exits_follow_duration_and_the_check_sees_a_wrong_slope(plain):
    people, course, at_risk, left, chance = plain
    length = durations(people, course)
    wrong = exits(replace(NO_PACKAGES, duration=-0.2), people, course, young_of(people))[2]
    bands = [(1, 3), (4, 9), (10, 24), (25, 999)]
    chosen = [at_risk & (length >= low) & (length <= high) for low, high in bands]
    assert all(abs(z_of(left[rows], chance[rows])) < LIMIT for rows in chosen)
    assert any(abs(z_of(left[rows], wrong[rows])) > LIMIT for rows in chosen)


def test_exits_follow_the_season_the_trend_and_the_break(plain):
    people, course, at_risk, left, chance = plain
    months = np.arange(course.state.shape[1])
    groups = [months % YEAR == month for month in range(YEAR)]
    groups += [months < 30, months >= 30]

    def worst(given):
        return max(
            abs(z_of(left[:, group][at_risk[:, group]], given[:, group][at_risk[:, group]]))
            for group in groups
        )

    limit = stats.norm.isf(ALPHA / 2 / len(groups))
    for change in ({"season": 0.0}, {"policy": -0.05}):
        wrong = exits(replace(NO_PACKAGES, **change), people, course, young_of(people))[2]
        assert worst(wrong) > limit
    assert worst(chance) < limit


@pytest.mark.parametrize("switch", ["lasting_effect", "standard"])
def test_packages_change_the_exits_as_the_formula_says(switch):
    scenario = CLOSED if switch == "standard" else make_scenario(switch, base=CLOSED)
    people, course = world(scenario, n=60_000)
    at_risk, left, chance = exits(scenario, people, course, young_of(people))
    started = at_risk & (course.start[:, None] < np.arange(60)) & (course.form > 0)[:, None]
    assert left[started].sum() > 400
    assert abs(z_of(left[started], chance[started])) < LIMIT
    without = exits(make_scenario("no_effect", base=scenario), people, course, young_of(people))[2]
    assert abs(z_of(left[started], without[started])) > LIMIT


def test_relapse_is_as_frequent_as_the_formula_says():
    people, course = world(NO_PACKAGES)
    before = np.column_stack([people.state, course.state])[:, :-1]
    at_risk = np.isin(before, SELF_SUPPORT) & young_of(people)[:, None]
    back, length = np.isin(course.state, SUPPORT), durations(people, course)

    def chance(scenario):
        eta = (
            scenario.relapse
            + scenario.relapse_early * np.exp(-length / 6)
            - 0.5 * scenario.frailty * people.frailty[:, None]
            - 0.5 * scenario.shock * course.shock
        )
        return -np.expm1(-np.exp(eta))

    for rows in (at_risk & (length <= 6), at_risk & (length > 6)):
        assert abs(z_of(back[rows], chance(NO_PACKAGES)[rows])) < LIMIT
        wrong = chance(replace(NO_PACKAGES, relapse=-4.5))
        assert abs(z_of(back[rows], wrong[rows])) > LIMIT


def test_packages_make_relapse_rarer_as_the_formula_says():
    scenario = replace(CLOSED, relapse=-3.0)
    people, course = world(scenario, n=60_000)
    before = np.column_stack([people.state, course.state])[:, :-1]
    months = np.arange(60)
    started = (course.start[:, None] < months) & (course.form > 0)[:, None]
    rows = np.isin(before, SELF_SUPPORT) & young_of(people)[:, None] & started
    back, length = np.isin(course.state, SUPPORT), durations(people, course)
    own = 0.5 * (scenario.frailty * people.frailty[:, None] + scenario.shock * course.shock)
    eta = scenario.relapse + scenario.relapse_early * np.exp(-length / 6) - own
    form = np.maximum(course.form, 0)
    added = np.column_stack([
        relapse_log_hazard(scenario, form, since_start(course, month), course.length)
        for month in months
    ])  # fmt: skip
    assert back[rows].sum() > 500
    assert abs(z_of(back[rows], -np.expm1(-np.exp(eta + added))[rows])) < LIMIT
    assert abs(z_of(back[rows], -np.expm1(-np.exp(eta))[rows])) > LIMIT


def test_moves_between_benefits_are_as_frequent_as_stated_and_more_so_in_a_package():
    people, course = world(CLOSED, n=60_000)
    before = np.column_stack([people.state, course.state])[:, :-1]
    at_risk, _, leaves = exits(CLOSED, people, course, young_of(people))
    moved = np.isin(course.state, SUPPORT) & (course.state != before)
    since = np.column_stack([since_start(course, month) for month in range(60)])
    helped = (since >= 1) & (since <= course.length[:, None]) & (course.form > 0)[:, None]
    moves = np.array([MOVES.get(state, 0.0) for state in range(len(STATES))])[before]
    for rows, more in ((at_risk & helped, CLOSED.substitution), (at_risk & ~helped, 0.0)):
        rate = np.exp(CLOSED.transfer + more) * moves
        chance = (1 - leaves) * -np.expm1(-rate)
        assert moved[rows].sum() > 300
        assert abs(z_of(moved[rows], chance[rows])) < LIMIT
        wrong = (1 - leaves) * -np.expm1(-1.3 * rate)
        assert abs(z_of(moved[rows], wrong[rows])) > LIMIT


def test_municipalities_differ_by_their_effects():
    effects = (-0.3, 0.3)
    people, course = world(NO_PACKAGES, effects=effects, joined=(0, 0))
    at_risk, left, chance = exits(NO_PACKAGES, people, course, young_of(people), effects)
    equal = exits(NO_PACKAGES, people, course, young_of(people), (0.0, 0.0))[2]
    for place in (0, 1):
        rows = at_risk & (people.place == place)[:, None]
        assert abs(z_of(left[rows], chance[rows])) < LIMIT
        assert abs(z_of(left[rows], equal[rows])) > LIMIT


def test_coordinated_packages_are_rarer_before_the_municipality_joins():
    _, course = world(Scenario(), n=60_000, joined=(35,))
    row = np.flatnonzero(course.start < NEVER)
    coordinated, chance = course.form[row] > 0, course.propensity[row]
    earlier = course.start[row] < 35
    assert coordinated[earlier].mean() < coordinated[~earlier].mean() - 0.1
    for part in (earlier, ~earlier):
        assert abs(z_of(coordinated[part], chance[part])) < LIMIT


def test_the_stated_log_hazard_ratio_is_that_of_the_process():
    lasting = make_scenario("lasting_effect")
    stated = log_hazard_ratio(lasting)
    form, since = np.array([0, 1, 2]), np.full(3, 7)
    for ill in (False, True):
        added = package_log_hazard(lasting, form, since, np.full(3, 4), np.full(3, ill))
        assert added[1] - added[0] == pytest.approx(stated["coordination"])
        assert added[2] - added[0] == pytest.approx(stated["joint_work"])
    assert not log_hazard_ratio(Scenario())["meaningful"]
    assert log_hazard_ratio(make_scenario("no_effect"))["joint_work"] == 0


def test_starters_are_in_a_dip_that_closes_at_the_rate_of_the_shock():
    _, course = world(CLOSED, n=60_000)
    row = np.flatnonzero(course.start < 60 - 12)
    start = course.start[row]
    at_start = course.shock[row, start].astype(float)
    before = course.shock[row, start - 6].astype(float)
    assert stats.ttest_1samp(at_start, 0.0).statistic > 10
    assert stats.ttest_rel(at_start, before).statistic > 10
    for ahead in (3, 6, 12):
        gap = course.shock[row, start + ahead] - CLOSED.shock_memory**ahead * at_start
        assert abs(stats.ttest_1samp(gap, 0.0).statistic) < LIMIT
    wrong = course.shock[row, start + 3] - 0.7**3 * at_start
    assert abs(stats.ttest_1samp(wrong, 0.0).statistic) > LIMIT


def test_without_selection_on_the_shock_there_is_no_dip():
    _, course = world(replace(make_scenario("no_dip", base=CLOSED), shock=0.0), n=60_000)
    row = np.flatnonzero(course.start < NEVER)
    at_start = course.shock[row, course.start[row]]
    assert abs(stats.ttest_1samp(at_start, 0.0).statistic) < LIMIT


@pytest.mark.parametrize("country", COUNTRIES.values(), ids=list(COUNTRIES))
def test_coordinated_packages_are_as_many_as_the_propensities_say(country):
    people, course = world(Scenario(), n=60_000, country=country)
    row = np.flatnonzero(course.start < NEVER)
    coordinated, chance = course.form[row] > 0, course.propensity[row]
    assert abs(z_of(coordinated, chance)) < LIMIT
    groups = np.searchsorted(np.quantile(chance, [0.2, 0.4, 0.6, 0.8]), chance)
    assert all(abs(z_of(coordinated[groups == g], chance[groups == g])) < LIMIT for g in range(5))
    assert np.isnan(course.propensity[course.start == NEVER]).all()


def test_the_choice_is_the_stated_function_of_what_is_known_and_unknown():
    scenario = Scenario()
    people, course = world(scenario)
    row = np.flatnonzero(course.start < NEVER)
    month = course.start[row]
    age = int(scenario.first_month[:4]) + month // YEAR - people.birth_year[row]
    eta = (
        scenario.choice
        + scenario.choice_tertiary * (people.education[row] == 2)
        + scenario.choice_age * (age - 42) / 10
        + scenario.choice_sickness * (course.state[row, month] == SICKNESS)
        + scenario.choice_frailty * people.frailty[row]
        + scenario.choice_shock * course.shock[row, month]
    )
    assert course.propensity[row] == pytest.approx(expit(eta), abs=1e-6)


def test_lots_decide_by_half_when_the_study_is_randomised():
    _, course = world(make_scenario("randomised"), n=60_000)
    row = np.flatnonzero(course.start < NEVER)
    assert (course.propensity[row] == 0.5).all()
    assert stats.binomtest(int((course.form[row] > 0).sum()), len(row)).pvalue > ALPHA


def test_no_form_is_open_to_nobody_and_lengths_keep_to_their_bounds():
    scenario = Scenario()
    _, course = world(scenario, n=60_000)
    for form, (low, high) in enumerate(scenario.length):
        lengths = course.length[course.form == form]
        assert lengths.min() == low and lengths.max() == high


@pytest.mark.parametrize("assign", ["information", "coordinated"])
def test_another_assignment_changes_nothing_before_the_start(assign):
    _, natural = world(Scenario())
    _, other = world(Scenario(), assign=assign)
    assert (natural.start == other.start).all()
    untouched = np.arange(60) <= natural.start[:, None]
    assert (natural.state == other.state)[untouched].all()
    assert (natural.shock == other.shock).all()
    assert (natural.state != other.state).any()


def test_without_effects_both_potential_outcomes_are_the_same():
    scenario = make_scenario("no_effect")
    _, programme = world(scenario, assign="coordinated")
    _, comparison = world(scenario, assign="information")
    assert (programme.state == comparison.state).all()


def test_some_of_the_persons_live_as_they_do_among_all():
    _, everyone = world(Scenario())
    rows = np.flatnonzero(everyone.eligible)
    _, some = world(Scenario(), rows=rows)
    assert (some.state == everyone.state[rows]).all()
    assert (some.form == everyone.form[rows]).all()


def test_nobody_returns_from_an_absorbing_state():
    _, course = world(make_scenario("much_competition"))
    for state, allowed in (
        (DISABILITY, {DISABILITY, OLD_AGE, EMIGRATED, DIED}),
        (OLD_AGE, {OLD_AGE, EMIGRATED, DIED}),
        (EMIGRATED, {EMIGRATED}),
        (DIED, {DIED}),
    ):
        reached = course.state == state
        assert reached.any()
        later = np.maximum.accumulate(reached, axis=1)
        assert set(np.unique(course.state[later])) <= allowed


def test_eligible_starters_have_a_year_of_support_and_two_payers():
    people, course = world(Scenario(), country=FINLAND)
    support = np.isin(course.state, SUPPORT)
    payer, row = payers_of(FINLAND), np.arange(N)[:, None]
    paid = [
        np.where(support, payer[codes[row, course.state]], -1)
        for codes in (people.main, people.beside)
    ]
    ids = np.flatnonzero(course.eligible)
    assert len(ids) > 500
    for person in ids[:300]:
        start = course.start[person]
        year = slice(start - 12, start)
        seen = set(paid[0][person, year]) | set(paid[1][person, year])
        assert len(seen - {-1}) >= 2
        assert support[person, start - 1] and support[person, start]
        breaks = ~support[person, start - 13 : start]
        assert not (breaks[1:] & breaks[:-1]).any()


@pytest.mark.parametrize("name", SWITCHES)
def test_every_switch_changes_the_scenario_and_runs(name):
    scenario = make_scenario(name)
    assert replace(scenario, name="standard") != Scenario()
    _, course = world(scenario, n=500)
    assert course.state.shape == (500, 60)


def test_an_unknown_switch_is_refused_by_name():
    with pytest.raises(
        ParameterError, match="no switch no_efect; give the option once for each of no_effect"
    ):
        make_scenario("no_efect")


def history(text):
    return np.array([[LETTERS[letter] for letter in text]], dtype=np.int8)


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


def test_quantities_of_one_life_by_hand():
    life = history("s" * 4 + "F" * 6 + "s" * 3 + "F" * 30 + "D" * 10)
    values = {name: draws[0] for name, draws in outcomes_of(life).items()}
    assert values["incidence_k6_h12"] and not values["incidence_k12_h12"]
    assert values["incidence_k12_h24"]
    assert values["months_since_first_exit_k3_h12"] == 8
    assert values["months_until_any_exit_k3_h24"] == 4
    assert values["months_in_self_support_h12"] == 6
    assert not values["self_support_in_month_12"] and values["self_support_in_month_24"]
    assert not values["incidence_disability_pension_h36"]
    dies = {name: draws[0] for name, draws in outcomes_of(history("s" * 5 + "d" * 44)).items()}
    assert dies["incidence_died_h12"] and dies["months_until_any_exit_k3_h12"] == 5
