"""Answers on health: shares of levels, what packages change, and who stops answering."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from evalkit.records import schema as s
from evalkit.synthetic.answers import (
    OCCASIONS,
    SCALES,
    answering,
    draw_levels,
    draw_severity,
    health_table,
    index_of,
    true_index,
)
from evalkit.synthetic.countries import COUNTRIES, FINLAND, SWEDEN, WAVES
from evalkit.synthetic.months import last_month_present
from evalkit.synthetic.participation import draw_participation
from evalkit.synthetic.population import draw_people
from evalkit.synthetic.process import NEVER, Course, simulate
from evalkit.synthetic.random_streams import normal, stream
from evalkit.synthetic.scenario import Scenario, make_scenario

SEED, N = 5, 20_000
SCENARIO = Scenario()


@cache
def people_of(code, n=N):
    return draw_people(
        COUNTRIES[code], SCENARIO, np.zeros(n, dtype=int), stream(SEED, "test people")
    )


def chosen_by_lot(form=0, n=N, n_month=60):
    """A course in which starts have nothing to do with shocks, which are at their long run."""
    rng = stream(SEED, "test shocks")
    shock, rho = normal(rng, (n, n_month)), SCENARIO.shock_memory
    for month in range(1, n_month):
        shock[:, month] = rho * shock[:, month - 1] + np.sqrt(1 - rho**2) * shock[:, month]
    start = 13 + np.floor(20 * rng.random(n)).astype(int)
    return Course(
        np.zeros(shock.shape, dtype=np.int8), shock, start, np.full(n, 8), np.full(n, form),
        np.full(n, 0.5), np.ones(n, dtype=bool),
    )  # fmt: skip


def severity_of(form=0, scenario=SCENARIO, seed=SEED):
    rows = np.arange(N)
    course = chosen_by_lot(form)
    return draw_severity(scenario, people_of("SE"), course, rows, stream(seed, "severity"))


def lost_at_first_wave(scenario, severity, level):
    length = np.full(len(level), 8)
    there = answering(SWEDEN, scenario, level, severity, length, stream(SEED, "test drop-out"))
    return ~there[:, 1]


@cache
def starters(code="SE", n=30_000):
    country = COUNTRIES[code]
    people = people_of(code, n)
    course = simulate(
        country, SCENARIO, people, np.zeros(1), np.zeros(1, dtype=int), stream(SEED, "test months")
    )
    taken = draw_participation(country, SCENARIO, people, course, stream(SEED, "test packages"))
    ids = np.array([f"{country.prefix}{number:07d}" for number in range(n)])
    about = (country, SCENARIO, people, course, taken, ids)
    return course, taken, health_table(*about, stream(SEED, "test health"))


def test_severity_is_standard_normal_in_a_random_month():
    severity = severity_of()
    assert (np.abs(severity.mean(axis=0)) < 4 / np.sqrt(N)).all()
    assert (np.abs(severity.var(axis=0) - 1) < 4 * np.sqrt(2 / N)).all()


@pytest.mark.parametrize("country", [SWEDEN, FINLAND])
def test_answers_in_a_random_month_have_the_stated_shares_of_levels(country):
    severity = normal(stream(SEED, "test severity"), (N, len(OCCASIONS)))
    levels = draw_levels(country, severity, stream(SEED, "test levels"))
    for position, shares in enumerate(country.level_shares.values()):
        drawn = np.bincount(levels[:, 0, position], minlength=len(shares) + 1)[1:] / N
        error = np.sqrt(np.array(shares) * (1 - np.array(shares)) / N)
        assert (np.abs(drawn - shares) < 4 * error + 1e-9).all()


def test_the_same_draws_serve_every_package_and_differ_by_its_effect():
    information, joint = severity_of(0), severity_of(2)
    shape = np.array([0, 1, 1, 0.8, 0.65, 1])
    effect = SCENARIO.health_effect[2]
    assert np.allclose(information - joint, effect * shape)
    without = make_scenario("no_effect")
    assert (severity_of(0, without) == severity_of(2, without)).all()


def test_severity_is_missing_where_no_month_was_simulated():
    course = chosen_by_lot(n_month=40)
    severity = draw_severity(
        SCENARIO, people_of("SE"), course, np.arange(N), stream(SEED, "severity")
    )
    month = course.start[:, None] + np.array([*WAVES, 8])
    assert (np.isnan(severity) == (month >= 40)).all() and np.isnan(severity).any()
    levels = draw_levels(SWEDEN, severity, stream(SEED, "test levels"))
    assert ((levels == 0) == np.isnan(severity)[:, :, None]).all()
    index = true_index(
        SWEDEN, SCENARIO, people_of("SE"), course, np.arange(N), stream(SEED, "severity")
    )
    assert (np.isnan(index) == np.isnan(severity[:, : len(WAVES)])).all()


def test_those_who_start_are_ill_and_recover_without_a_package():
    course, taken, _ = starters()
    plain = replace(SCENARIO, health_effect=(0.0, 0.0, 0.0))
    rows = taken.person[taken.is_first]
    severity = draw_severity(plain, people_of("SE", 30_000), course, rows, stream(SEED, "x"))
    mean = np.nanmean(severity, axis=0)
    assert mean[0] > mean[1] > mean[2] and mean[0] - mean[2] > 0.1


def test_true_index_is_that_of_the_levels_and_better_with_a_package_only_after_the_start():
    rows, people = np.arange(N), people_of("SE")
    index = [
        true_index(SWEDEN, SCENARIO, people, chosen_by_lot(form), rows, stream(SEED, "index"))
        for form in (0, 2)
    ]
    difference = (index[1] - index[0]).mean(axis=0)
    assert difference[0] == 0 and (difference[1:] > 0).all()
    assert index[0].max() == pytest.approx(0.9755)


def test_index_values_are_those_published_for_the_states():
    levels = np.array([[1, 1, 1, 1, 1], [1, 2, 3, 4, 5], [5, 5, 5, 5, 5]])
    assert index_of(levels, "SE-2020-TTO") == pytest.approx([0.9755, 0.4972, 0.2433])
    levels = np.array([[1, 1, 1, 1, 1], [1, 2, 3, 2, 1], [3, 3, 3, 3, 3]])
    assert index_of(levels, "FI-VAS-3L") == pytest.approx([1.0, 0.502, -0.011])
    levels = np.array([[1, 1, 1, 1, 1], [3, 3, 3, 3, 3]])
    assert index_of(levels, "SE-2014-TTO") == pytest.approx([0.9694, 0.3402])


def test_nobody_comes_back_and_the_share_lost_at_a_wave_is_the_stated_one():
    severity = severity_of()
    level = draw_levels(SWEDEN, severity, stream(SEED, "test levels"))
    length = 2 + np.arange(N) % 14
    there = answering(SWEDEN, SCENARIO, level, severity, length, stream(SEED, "test drop-out"))
    waves = there[:, : len(WAVES)]
    assert waves[:, 0].all()
    assert not (waves[:, 1:] & ~waves[:, :-1]).any()
    next_wave = np.searchsorted(WAVES, length)
    assert (there[:, -1] == waves[np.arange(N), next_wave]).all()
    kept, before = waves[:, 1:].sum(axis=0), waves[:, :-1].sum(axis=0)
    assert (np.abs(kept / before - 0.9) < 4 * np.sqrt(0.09 / before)).all()


@pytest.mark.parametrize(
    ("switch", "observed", "unobserved"),
    [("observed_drop_out", 0.9, 0.0), ("informative_drop_out", 0.0, 0.9)],
)
def test_drop_out_has_the_stated_slopes_and_no_other(switch, observed, unobserved):
    """A logistic regression on both gives back both slopes within four standard errors."""
    severity = severity_of()
    level = draw_levels(SWEDEN, severity, stream(SEED, "test levels"))
    lost = lost_at_first_wave(make_scenario(switch), severity, level)
    score = level[:, 0].sum(axis=1)
    design = np.column_stack([
        np.ones(N), (score - score.mean()) / score.std(), severity[:, 1]
    ])  # fmt: skip
    slope, error = logistic(design, lost)
    # the score is in standard deviations that are themselves an approximation of 5 %
    assert abs(slope[1] - observed) < 4 * error[1] + 0.05 * observed
    assert abs(slope[2] - unobserved) < 4 * error[2]


def logistic(design, lost):
    slope = np.zeros(design.shape[1])
    for _ in range(25):
        share = 1 / (1 + np.exp(-design @ slope))
        information = design.T @ (design * (share * (1 - share))[:, None])
        slope = slope + np.linalg.solve(information, design.T @ (lost - share))
    return slope, np.sqrt(np.diag(np.linalg.inv(information)))


def test_without_drop_out_everybody_answers():
    severity = severity_of()
    level = draw_levels(SWEDEN, severity, stream(SEED, "test levels"))
    scenario = make_scenario("no_drop_out", "observed_drop_out", "informative_drop_out")
    scenario = replace(scenario, drop_out=0.0)
    assert not lost_at_first_wave(scenario, severity, level).any()


@pytest.mark.parametrize("code", ["SE", "FI"])
def test_the_table_has_the_columns_keys_and_ranges_of_the_instruments(code):
    _, _, health = starters(code)
    table = s.TABLES["health"]
    assert list(health.columns) == list(table.names)
    assert not health.duplicated(list(table.key)).any()
    assert set(health[s.OCCASION]) == set(OCCASIONS)
    value = health.groupby([s.INSTRUMENT, s.ITEM])[s.VALUE].agg(["min", "max"])
    instrument = COUNTRIES[code].instrument
    top = s.EQ5D_LEVELS[instrument]
    for item in s.EQ5D_ITEMS:
        assert tuple(value.loc[(instrument, item)]) == (1, top)
    ranges = {(instrument, "vas"): 100, ("WAS", "was"): 10}
    if code == "FI":
        ranges |= {("Kykyviisari", scale): 4 * items for scale, items in SCALES.items()}
    for key, high in ranges.items():
        assert 0 <= value.loc[key, "min"] < value.loc[key, "max"] <= high
    assert len(value) == len(s.EQ5D_ITEMS) + len(ranges)
    assert health[s.VALUE].dtype.kind == "i"


def test_answers_lie_within_the_time_that_persons_are_there():
    course, _, health = starters()
    person = health[s.PERSON_ID].str[2:].astype(int).to_numpy()
    origin = np.datetime64(SCENARIO.first_month, "M")
    month = (health[s.DATE].to_numpy().astype("datetime64[M]") - origin).astype(int)
    assert (month <= last_month_present(course)[person]).all()
    assert (course.start[person] < NEVER).all()


def test_a_part_without_participants_has_an_empty_table():
    people = people_of("SE").part(np.arange(3))
    course = chosen_by_lot(n=3)
    never = np.full(3, NEVER)
    course = replace(course, start=never)
    taken = draw_participation(SWEDEN, SCENARIO, people, course, stream(SEED, "test packages"))
    ids = np.array(["se1", "se2", "se3"])
    health = health_table(SWEDEN, SCENARIO, people, course, taken, ids, stream(SEED, "health"))
    assert len(health) == 0 and list(health.columns) == list(s.TABLES["health"].names)
