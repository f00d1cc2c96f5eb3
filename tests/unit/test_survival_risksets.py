import numpy as np
import pytest

from evalkit.survival.risksets import between_entry_and_exit, risk_sets, sum_at_risk


def at_risk_by_definition(entry, duration, stratum, values, sets):
    """A persons-by-times table, as the definition of at risk has it."""
    same = stratum == sets.stratum[:, None]
    there = same & (entry < sets.time[:, None]) & (duration >= sets.time[:, None])
    return there @ values


@pytest.fixture
def rows():
    rng = np.random.default_rng(5)
    n = 200
    duration = rng.integers(1, 20, n).astype(float)
    entry = np.where(rng.random(n) < 0.5, 0.0, np.minimum(duration - 1.0, rng.integers(0, 8, n)))
    return entry, duration, rng.integers(0, 3, n), rng.uniform(0.2, 3, n), rng.integers(0, 3, n)


def test_risk_sets_are_those_of_the_definition(rows):
    entry, duration, code, weight, stratum = rows

    sets = risk_sets(entry, duration, code, weight=weight, stratum=stratum, n_cause=2)

    one = np.ones(len(entry))
    expected = at_risk_by_definition(entry, duration, stratum, one, sets)
    assert sets.n_at_risk.tolist() == expected.tolist()
    weighted = at_risk_by_definition(entry, duration, stratum, weight, sets)
    np.testing.assert_allclose(sets.at_risk, weighted, rtol=1e-12)


def test_every_row_leaves_once(rows):
    entry, duration, code, weight, stratum = rows

    sets = risk_sets(entry, duration, code, weight=weight, stratum=stratum, n_cause=2)

    assert sets.n_event.sum(axis=0).tolist() == [(code == 1).sum(), (code == 2).sum()]
    assert sets.n_censored.sum() == (code == 0).sum()
    np.testing.assert_allclose(sets.events.sum(), weight[code > 0].sum())


def test_sums_at_risk_are_those_of_the_definition(rows):
    entry, duration, code, _, stratum = rows
    sets = risk_sets(entry, duration, code, stratum=stratum, n_cause=2)
    values = np.random.default_rng(1).normal(size=(len(entry), 2))

    found = sum_at_risk(sets, values)

    expected = at_risk_by_definition(entry, duration, stratum, values, sets)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_values_borne_while_at_risk_run_from_entry_to_exit(rows):
    entry, duration, code, _, stratum = rows
    sets = risk_sets(entry, duration, code, stratum=stratum, n_cause=2)
    values = np.random.default_rng(2).normal(size=len(sets))

    found = between_entry_and_exit(sets, values)

    same = stratum[:, None] == sets.stratum
    there = same & (entry[:, None] < sets.time) & (duration[:, None] >= sets.time)
    np.testing.assert_allclose(found, there @ values, atol=1e-12)


def test_a_row_that_enters_at_an_exit_time_is_not_yet_at_risk():
    sets = risk_sets(np.array([0.0, 2.0]), np.array([2.0, 3.0]), np.array([1, 1]))

    assert sets.n_at_risk.tolist() == [1, 1]


def test_without_delay_everyone_is_at_risk_at_time_zero():
    sets = risk_sets(np.zeros(3), np.array([0.0, 0.0, 4.0]), np.array([1, 0, 1]))

    assert sets.n_at_risk.tolist() == [3, 1]


def test_all_exit_is_a_hazard_of_exactly_one_with_any_weights():
    weight = np.array([0.1, 0.2, 0.3])

    sets = risk_sets(np.zeros(3), np.array([1.0, 2, 2]), np.array([1, 1, 1]), weight=weight)

    assert sets.hazard[-1] == 1.0


@pytest.mark.parametrize("n_stratum", [1, 4])
def test_counting_whole_times_and_sorting_them_give_the_same_table(n_stratum):
    """A thousandth of a month more is not whole, so that rows are sorted instead of counted."""
    rng = np.random.default_rng(11)
    months = rng.integers(0, 40, 500).astype(float)
    entry = np.where(rng.random(500) < 0.3, np.floor(months * 0.5), 0.0)
    code, weight = rng.integers(0, 3, 500), rng.uniform(0.5, 2.0, 500)
    stratum = np.append(np.arange(n_stratum), rng.integers(0, n_stratum, 500 - n_stratum))
    rest = {"weight": weight, "stratum": stratum, "n_cause": 2}

    counted = risk_sets(entry, months, code, **rest)
    ordered = risk_sets(entry + 1e-3 * (entry > 0), months + 1e-3, code, **rest)

    np.testing.assert_allclose(counted.time + 1e-3, ordered.time)
    assert_same_tables(counted, ordered)


def assert_same_tables(one, two):
    for name in ("stratum", "first", "n_at_risk", "n_event", "n_censored", "exit_row", "entry_row"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    np.testing.assert_allclose(one.at_risk, two.at_risk)
    np.testing.assert_allclose(one.events, two.events)


def test_untied_times_give_one_table_row_each():
    sets = risk_sets(np.zeros(3), np.array([0.3, 0.1, 0.2]), np.array([1, 0, 2]), n_cause=2)

    assert sets.n_event.tolist() == [[0, 0], [0, 1], [1, 0]]
    assert sets.exit_row.tolist() == [2, 0, 1]
    assert sets.n_at_risk.tolist() == [3, 2, 1]
