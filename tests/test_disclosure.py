"""Properties of the door: what is hidden cannot be solved from what is shown.

The released numbers are written down as a linear system in the numbers of the municipalities, and
solved: no small count may be in the space that the system spans.
"""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_results import baseline, flow, incidence, occupation, tree

from evalkit.cohort.samples import TimeToEvent
from evalkit.release import load_profile, release, secondary_suppression
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.sequences import protect_points
from evalkit.release.tables import protect_blocks, protect_table
from evalkit.survival import median_time

PROFILES = ("strict10", "fi-kela4", "dk5", "opensafely7")
LEVELS = ("municipality", "federation", "national")
QUICK = settings(max_examples=60, deadline=None, derandomize=True)


def spans(system: np.ndarray, cell: np.ndarray) -> bool:
    """Whether a cell follows from the rows of a linear system."""
    if not len(system):
        return False
    solved = np.linalg.lstsq(system.T, cell, rcond=None)[0]
    return bool(np.allclose(system.T @ solved, cell, atol=1e-7))


def unit_vector(size: int, position: int) -> np.ndarray:
    return np.eye(size)[position]


@st.composite
def hierarchies(draw, max_leaves=6):
    size = draw(st.integers(2, max_leaves))
    federations = draw(st.lists(st.sampled_from(["F", "G", None]), min_size=size, max_size=size))
    levels = draw(st.sampled_from([LEVELS, ("municipality", "national"), LEVELS[1:]]))
    return Hierarchy.from_areas(tree(federations), levels)


def tables(n_row, n_column):
    cell = st.integers(0, 9) | st.integers(0, 60)
    row = st.lists(cell, min_size=n_column, max_size=n_column)
    return st.lists(row, min_size=n_row, max_size=n_row).map(np.array)


@QUICK
@given(data=st.data(), hierarchy=hierarchies(), name=st.sampled_from(PROFILES))
def test_no_small_cell_of_a_table_follows_from_the_shown_cells_of_any_unit(data, hierarchy, name):
    profile = load_profile(name)
    size, n_category = len(hierarchy.leaves), data.draw(st.integers(2, 5))
    counts = data.draw(tables(size, n_category))

    base, shown = protect_table(counts, hierarchy, fails=profile.fails)

    member = hierarchy.member.astype(float)
    system = np.array(
        [np.kron(member[node], np.ones(n_category)) for node in np.flatnonzero(base)]
        + [np.kron(member[n], unit_vector(n_category, c)) for n, c in np.argwhere(shown)]
    )
    small = np.argwhere(profile.fails(hierarchy.member @ counts))
    cells = [np.kron(member[n], unit_vector(n_category, c)) for n, c in small if member[n].any()]
    assert not any(spans(system, cell) for cell in cells)


@QUICK
@given(data=st.data(), hierarchy=hierarchies(), name=st.sampled_from(PROFILES))
def test_no_small_block_follows_from_the_shown_blocks(data, hierarchy, name):
    profile = load_profile(name)
    counts = data.draw(tables(len(hierarchy.leaves), 2))

    shown = protect_blocks(counts, hierarchy, fails=profile.fails)

    system = hierarchy.member[shown].astype(float)
    subsets = [
        np.isin(np.arange(len(counts)), chosen)
        for length in range(1, len(counts) + 1)
        for chosen in itertools.combinations(range(len(counts)), length)
    ]
    small = [subset for subset in subsets if profile.fails(subset @ counts).any()]
    assert not any(spans(system, subset.astype(float)) for subset in small)


@QUICK
@given(data=st.data(), hierarchy=hierarchies(max_leaves=5), name=st.sampled_from(PROFILES))
def test_no_small_increment_of_any_municipalities_follows_from_the_shown_points(
    data, hierarchy, name
):
    profile = load_profile(name)
    size, n_point = len(hierarchy.leaves), data.draw(st.integers(2, 4))
    counts = data.draw(tables(size, n_point)).cumsum(axis=1)
    essential = np.array(data.draw(st.lists(st.booleans(), min_size=n_point, max_size=n_point)))
    order = [n_point - 1, *data.draw(st.permutations(range(n_point - 1)))]

    shown = protect_points(
        counts,
        hierarchy,
        order,
        fails=profile.fails,
        allowed=np.ones((len(hierarchy.level), n_point), dtype=bool),
        essential=essential,
        base=n_point - 1,
    )

    member = hierarchy.member.astype(float)
    system = np.array([np.kron(member[n], unit_vector(n_point, p)) for n, p in np.argwhere(shown)])
    steps = np.vstack([np.zeros(n_point), np.eye(n_point)])
    cells = [
        np.kron(np.isin(np.arange(size), chosen), steps[after] - steps[before])
        for length in range(1, size + 1)
        for chosen in itertools.combinations(range(size), length)
        for before, after in itertools.combinations(range(n_point + 1), 2)
    ]
    small = [cell for cell in cells if profile.fails(cell @ counts.ravel())]
    assert not any(spans(system, cell) for cell in small)


@st.composite
def curves(draw, causes=("self_support", "died"), n_month=26):
    events = {
        ("", cause): draw(st.lists(st.integers(0, 12), min_size=n_month, max_size=n_month))
        for cause in causes
    }
    total = int(sum(np.sum(row) for row in events.values()))
    return incidence(events, {"": total + draw(st.integers(0, 40))})


@QUICK
@given(curve=curves(), name=st.sampled_from(PROFILES))
def test_between_two_shown_times_of_a_curve_enough_persons_came(curve, name):
    profile = load_profile(name)

    shown = release(curve, profile).tidy().query("not suppressed and time > 0")

    assert not profile.fails(shown["n_event"]).any()
    cumulative = shown.groupby("cause")["n_event"].cumsum()
    assert np.allclose(cumulative, shown["estimate"] * curve.summary["n"])


@QUICK
@given(curve=curves(), name=st.sampled_from(PROFILES))
def test_shown_times_of_a_curve_hold_its_exact_values(curve, name):
    exact = curve.tidy().set_index(["cause", "time"])["estimate"]

    shown = release(curve, name).tidy().query("not suppressed")

    pairs = pd.MultiIndex.from_frame(shown[["cause", "time"]])
    np.testing.assert_array_equal(exact.loc[pairs], shown["estimate"])


@QUICK
@given(curve=curves(), name=st.sampled_from(PROFILES))
def test_numbers_at_risk_are_large_and_rounded(curve, name):
    shown = release(curve, name).tidy().query("not suppressed")

    assert (shown["n_at_risk"] % 5 == 0).all()
    assert shown["n_censored"].isna().all()


@QUICK
@given(data=st.data(), name=st.sampled_from(PROFILES))
def test_no_count_of_a_released_baseline_table_is_small_or_left_over(data, name):
    profile = load_profile(name)
    counts = data.draw(tables(2, 3))
    levels = {
        (stratum, "education"): dict(zip(["low", "middle", "high"], map(int, row), strict=True))
        for stratum, row in zip(["programme", "comparison"], counts + [[1], [1]], strict=True)
    }

    rows = release(baseline(levels), profile).tidy()

    assert not profile.fails(rows["n"]).any()
    totals = {key: sum(table.values()) for key, table in levels.items()}
    left = pd.Series(totals).droplevel(1) - rows.groupby("stratum")["n"].sum()
    has_hidden = rows.groupby("stratum")["suppressed"].sum().between(1, 2)
    assert not profile.fails(left[has_hidden]).any()


@QUICK
@given(
    removed=st.lists(st.integers(0, 25), min_size=1, max_size=6),
    rest=st.integers(0, 60),
    name=st.sampled_from(PROFILES),
)
def test_no_small_removal_follows_from_the_shown_points_of_a_flow(removed, rest, name):
    profile = load_profile(name)
    start = sum(removed) + rest
    released = release(flow(start, removed), profile)

    rows, ends = released.tidy(), released.glance().loc[0]

    points = [ends["n_start"], *rows["n_before"], *rows["n_after"], ends["n_end"]]
    known = np.unique(np.array(points, dtype=float)[np.isfinite(points)])
    gaps = np.diff(known)
    assert not (profile.fails(gaps) & (gaps > 0)).any()
    assert not profile.too_few(known).any()


@QUICK
@given(
    months=st.lists(st.integers(1, 30), min_size=20, max_size=80),
    shares=st.sets(st.integers(1, 99), min_size=1, max_size=40),
    name=st.sampled_from(PROFILES),
)
def test_between_two_times_by_which_shares_exited_enough_persons_came(months, shares, name):
    frame = pd.DataFrame({"months": months, "exited": np.arange(len(months)) % 4 > 0})
    sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    result = median_time(sample, q=[share / 100 for share in sorted(shares)])

    shown = release(result, name).tidy().query("not suppressed")

    told = shown[["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float)
    dates = np.unique(told[np.isfinite(told)])
    exits = np.sort(sample.duration[sample.code == 1])
    between = np.diff(np.searchsorted(exits, dates, side="right"), prepend=0)
    assert (between >= load_profile(name).threshold).all()


@st.composite
def studies(draw, n_month=12):
    """Events of one cause in one stratum, by municipality and month, and persons."""
    federations = draw(st.lists(st.sampled_from(["F", "G"]), min_size=2, max_size=5))
    events = draw(tables(len(federations), 2))
    spread = np.zeros((len(federations), n_month), dtype=int)
    spread[:, 5], spread[:, 11] = events[:, 0], events[:, 1]
    other = draw(tables(len(federations), 1))[:, 0]
    return tree(federations), spread, spread.sum(axis=1) + other


def curve_of(events: np.ndarray, persons: int, stratum: str = "programme"):
    at_risk = {stratum: np.full(len(events), 100.0)}
    return incidence({(stratum, "self_support"): events}, {stratum: int(persons)}, at_risk)


@settings(QUICK, max_examples=25)
@given(study=studies(), name=st.sampled_from(PROFILES))
def test_released_curves_of_all_levels_give_no_small_count_of_a_municipality_away(study, name):
    areas, events, persons = study
    profile = load_profile(name)
    strata = [f"{code}, programme" for code in areas["municipality"]]
    national = incidence(
        {(stratum, "self_support"): row for stratum, row in zip(strata, events, strict=True)},
        dict(zip(strata, map(int, persons), strict=True)),
        {stratum: np.full(events.shape[1], 100.0) for stratum in strata},
    )
    hierarchy = Hierarchy.from_areas(areas, LEVELS)

    plan = secondary_suppression([national], areas=areas, profile=profile, levels=LEVELS)
    units = zip(hierarchy.level, hierarchy.code, hierarchy.member, strict=True)
    released = [
        (
            members,
            release(
                curve_of(members @ events, members @ persons),
                profile.for_unit(plan, level, code),
            ),
        )
        for level, code, members in units
    ]

    n_month = events.shape[1]
    system = [
        np.kron(members, unit_vector(n_month + 1, int(month) - 1))
        for members, result in released
        for month in result.tidy().query("not suppressed and time > 0")["time"]
    ] + [
        np.kron(members, unit_vector(n_month + 1, n_month))
        for members, result in released
        if np.isfinite(result.summary["n"])
    ]
    counts = np.column_stack([events.cumsum(axis=1), persons])
    steps = np.vstack([np.zeros(n_month + 1), np.eye(n_month + 1)])
    cells = [
        np.kron(unit_vector(len(events), leaf), steps[after] - steps[before])
        for leaf in range(len(events))
        for before, after in itertools.combinations([0, 6, 12, 13], 2)
    ]
    small = [cell for cell in cells if profile.fails(cell @ counts.ravel())]
    assert not any(spans(np.array(system), cell) for cell in small)


RESULTS = st.sampled_from(
    [
        incidence({("", "self_support"): [5] * 24, ("", "died"): [1, 0] * 12}, {"": 200}),
        occupation({("", 12.0): {"support": 40, "self_support": 12, "died": 3}}),
        baseline({("programme", "sex"): {"woman": 12, "man": 4}}, {("programme", "age"): 16}),
        flow(100, [12, 3, 20]),
    ]
)


@given(result=RESULTS, name=st.sampled_from((*PROFILES, "internal", "public")))
def test_release_is_idempotent(result, name):
    once = release(result, name)

    twice = release(once, name)

    pd.testing.assert_frame_equal(once.tidy(), twice.tidy())
    pd.testing.assert_frame_equal(once.glance(), twice.glance())
    assert once.log == twice.log


@given(result=RESULTS, name=st.sampled_from(PROFILES))
def test_suppressed_rows_are_missing_and_never_zero(result, name):
    hidden = release(result, name).tidy().query("suppressed")

    keys = {*type(result).KEYS, "suppressed"}
    numbers = hidden.drop(columns=[column for column in hidden if column in keys])
    assert numbers.select_dtypes("number").isna().all(axis=None)


@pytest.mark.parametrize("name", ["internal", "public"])
@given(result=RESULTS)
def test_profiles_that_hide_nothing_change_nothing(result, name):
    released = release(result, name)

    pd.testing.assert_frame_equal(released.tidy().drop(columns="suppressed"), result.tidy())
    assert not released.tidy()["suppressed"].any()
    assert released.log == ()
