"""Statuses and benefits at the door: small numbers are hidden, and do not follow from others."""

import itertools

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import BenefitSpells, Persons, Statuses
from evalkit.follow_up import (
    benefit_change,
    benefit_vector,
    margin_bounds,
    started_or_increased,
    status_change,
    support_after,
    transitions,
)
from evalkit.release import load_profile, release, secondary_suppression
from evalkit.release.squares import protect_square

OCCUPATIONS = ("work", "subsidised_work", "study", "job_seeker", "other")
WORK = OCCUPATIONS[:3]
EXTENT = ("increased", "unchanged", "decreased", "extent_unknown")
AFTER_EXTENT = {"increased": 75.0, "unchanged": 50.0, "decreased": 25.0, "extent_unknown": np.nan}
THRESHOLD = 10

# What a person can be: before, after, and how much more, for those in work or study both times.
KINDS = [
    (before, after, extent)
    for before, after in itertools.product(OCCUPATIONS, OCCUPATIONS)
    for extent in (EXTENT if before in WORK and after in WORK else ("",))
]


def statuses(counts, still_in=0, stratum="x") -> Statuses:
    """Persons by kind, and some who have no status after."""
    kinds = np.repeat(np.arange(len(KINDS)), counts)
    rows = []
    for person, kind in enumerate(kinds):
        before, after, extent = KINDS[kind]
        rows.append((f"{stratum}{person}", "start", before, 50.0))
        rows.append((f"{stratum}{person}", "end", after, AFTER_EXTENT.get(extent, 50.0)))
    rows += [(f"{stratum}s{person}", "start", "other", 0.0) for person in range(still_in)]
    frame = pd.DataFrame(rows, columns=["person_id", "occasion", "occupation", "extent_percent"])
    frame = frame.assign(package_id="p", group=stratum)
    return Statuses.from_frame(frame, date=None, support=None)


def of_kinds(before=OCCUPATIONS, after=OCCUPATIONS, extent=None) -> np.ndarray:
    return np.array(
        [b in before and a in after and (extent is None or e in extent) for b, a, e in KINDS],
        dtype=float,
    )


def members(category) -> tuple:
    return WORK if category == "work_or_study" else (category,)


def others(category) -> tuple:
    return tuple(name for name in OCCUPATIONS if name not in members(category))


def told_by_change(released) -> list[np.ndarray]:
    """What the table of statuses shows, as sums over kinds of persons."""
    told = []
    for _, row in released.tidy().iterrows():
        inside, outside = members(row["category"]), others(row["category"])
        sums = {
            "n_before": of_kinds(before=inside),
            "n_after": of_kinds(after=inside),
            "n_entered": of_kinds(before=outside, after=inside),
            "n_left": of_kinds(before=inside, after=outside),
        }
        told += [vector for name, vector in sums.items() if np.isfinite(row[name])]
    return told


def told_by_transitions(released) -> list[np.ndarray]:
    shown = released.tidy().dropna(subset=["n"])
    every = dict.fromkeys(["all"], OCCUPATIONS)
    return [
        of_kinds(every.get(row.before, (row.before,)), every.get(row.after, (row.after,)))
        for row in shown.itertuples()
    ]


QUANTITIES = {
    "work_or_study": of_kinds(after=WORK),
    "not_work_or_study": of_kinds(after=OCCUPATIONS[3:]),
    "started": of_kinds(before=OCCUPATIONS[3:], after=WORK),
    "started_or_increased": of_kinds(before=OCCUPATIONS[3:], after=WORK)
    + of_kinds(extent=("increased",)),
    "stopped": of_kinds(before=WORK, after=OCCUPATIONS[3:]),
    "neither_before": of_kinds(before=OCCUPATIONS[3:], after=OCCUPATIONS[3:]),
    **{name: of_kinds(extent=(name,)) for name in EXTENT},
}


def told_by_shares(released) -> list[np.ndarray]:
    shown = released.tidy().dropna(subset=["n"])
    return [QUANTITIES[quantity] for quantity in shown["quantity"]]


def secrets(counts) -> list[np.ndarray]:
    """Natural numbers of persons that are too small: cells, margins, flows, extents."""
    found = [of_kinds((a,), (b,)) for a, b in itertools.product(OCCUPATIONS, OCCUPATIONS)]
    for category in (*OCCUPATIONS, "work_or_study"):
        inside, outside = members(category), others(category)
        found += [of_kinds(before=inside), of_kinds(after=inside)]
        found += [of_kinds(before=inside, after=outside), of_kinds(before=outside, after=inside)]
        found += [of_kinds(before=inside, after=inside), of_kinds(before=outside, after=outside)]
    found += list(QUANTITIES.values())
    return [vector for vector in found if vector @ counts < THRESHOLD]


def follows(vector, told) -> bool:
    """Whether a number is a sum and difference of those told."""
    matrix = np.array(told).T
    solution = np.linalg.lstsq(matrix, vector, rcond=None)[0]
    return bool(np.abs(matrix @ solution - vector).max() < 1e-8)


def made_up(seed) -> np.ndarray:
    """Counts of kinds, many of them small, with some rare states."""
    draw = np.random.default_rng(seed)
    state = dict(zip(OCCUPATIONS, draw.gamma(0.7, size=5), strict=True))
    mean = [state[before] * state[after] * 60 + draw.gamma(0.3, 6) for before, after, _ in KINDS]
    return draw.poisson(mean)


@pytest.mark.parametrize("seed", range(12))
def test_no_small_number_follows_from_three_tables_of_the_same_persons(seed):
    counts = made_up(seed)
    sample = statuses(counts)
    told = [np.ones(len(KINDS))]
    told += told_by_change(release(status_change(sample), "strict10"))
    told += told_by_transitions(release(transitions(sample), "strict10"))
    told += told_by_shares(release(started_or_increased(sample), "strict10"))

    assert [vector for vector in secrets(counts) if follows(vector, told)] == []


def test_the_attack_finds_what_would_be_told_without_secondary_suppression():
    counts = np.zeros(len(KINDS), dtype=int)
    for kind, count in {("work", "other", ""): 40, ("study", "other", ""): 3,
                        ("other", "other", ""): 60, ("other", "work", ""): 30,
                        ("job_seeker", "other", ""): 20}.items():  # fmt: skip
        counts[KINDS.index(kind)] = count
    naive = [np.ones(len(KINDS))] + [of_kinds(before=(name,)) for name in OCCUPATIONS if name not in
                                     ("study", "subsidised_work")]  # fmt: skip

    assert follows(of_kinds(before=("study", "subsidised_work")), naive)


def test_tables_of_enough_people_are_shown_whole():
    counts = np.full(len(KINDS), 12)
    sample = statuses(counts)

    assert not release(transitions(sample), "strict10").rows["suppressed"].any()
    assert not release(started_or_increased(sample), "strict10").rows["suppressed"].any()
    change = release(status_change(sample), "strict10").tidy()
    assert change.loc[change["measure"] == "occupation", "n_entered"].notna().all()


@pytest.mark.parametrize("seed", range(8))
def test_hidden_cells_of_a_row_or_column_add_up_to_enough(seed):
    sample = statuses(made_up(seed))
    result = transitions(sample)
    frame = result.tidy().assign(hidden=release(result, "strict10").rows["suppressed"])
    cells = frame[(frame["before"] != "all") & (frame["after"] != "all")]
    margin = frame[(frame["after"] == "all") & ~frame["hidden"]].set_index("before")
    hidden = cells[cells["hidden"]].groupby("before")["n"].sum()

    shown = hidden[hidden.index.isin(margin.index)]
    assert not (shown < THRESHOLD).any()


@pytest.mark.parametrize("seed", range(100))
def test_no_small_cell_of_any_square_follows_from_its_margins(seed):
    draw = np.random.default_rng(seed)
    size = draw.integers(2, 6)
    counts = draw.poisson(draw.gamma(0.6, 25, (size, size)))
    few = counts < THRESHOLD
    margins = [~(counts.sum(axis=axis) < THRESHOLD) for axis in (1, 0)]
    known = np.zeros_like(few)

    shown, rows, columns = protect_square(
        counts, ~few, *margins, known=known, fails=lambda number: np.asarray(number) < THRESHOLD
    )

    told = [np.eye(size * size)[cell] for cell in np.flatnonzero(shown)]
    lines = np.arange(size * size).reshape(size, size)
    told += [np.isin(np.arange(size * size), lines[line]).astype(float)
             for line in np.flatnonzero(rows)]  # fmt: skip
    told += [np.isin(np.arange(size * size), lines[:, column]).astype(float)
             for column in np.flatnonzero(columns)]  # fmt: skip
    leaked = [
        cell
        for cell in np.flatnonzero(few & ~shown)
        if told and follows(np.eye(size * size)[cell], told)
    ]
    assert leaked == []


def test_few_still_in_hide_the_starters_and_the_bounds():
    counts = np.full(len(KINDS), 12)
    few = release(status_change(statuses(counts, still_in=3)), "strict10")
    many = release(status_change(statuses(counts, still_in=30)), "strict10")

    columns = ["n_start", "n_still_in", "bound_low", "bound_high"]
    assert few.tidy()[columns].isna().all().all()
    assert np.isnan(few.summary["n_start"]) and np.isnan(few.summary["n_still_in"])
    occupations = many.tidy()[lambda frame: frame["measure"] == "occupation"]
    assert occupations[columns].notna().all().all()
    assert many.summary["n_still_in"] == 30


def test_a_category_hidden_in_one_stratum_is_hidden_in_another_too():
    one, two = np.full(len(KINDS), 12), np.full(len(KINDS), 12)
    small = np.array(["study" in kind[:2] for kind in KINDS])
    one[small] = 0
    three = np.full(len(KINDS), 12)
    frames = [statuses(counts, stratum=name).covariates
              for counts, name in ((one, "a"), (two, "b"), (three, "c"))]  # fmt: skip
    sample = Statuses.from_frame(pd.concat(frames), date=None, support=None)

    rows = release(status_change(sample, by="group"), "strict10").tidy()

    study = rows[rows["category"] == "study"].set_index("stratum")["suppressed"]
    assert study.sum() >= 2 and study["a"]


def test_support_given_support_hides_cells_and_what_is_left_of_their_margins():
    rows = []
    for person in range(60):
        after = "sick" if person < 55 else ""
        rows.append((f"p{person}", "start", "sick"))
        rows.append((f"p{person}", "end", after))
    frame = pd.DataFrame(rows, columns=["person_id", "occasion", "support_sources"])
    sample = Statuses.from_frame(
        frame.assign(package_id="p", occupation="other"), date=None, extent=None
    )

    table = release(support_after(sample), "strict10").tidy().set_index(["before", "after"])

    assert table.loc[("sick", "sick"), "suppressed"]
    assert table.loc[("sick", "none"), "suppressed"]
    assert np.isnan(table.loc[("all", "sick"), "n"])


def test_published_shares_of_few_are_hidden():
    assert not release(margin_bounds(7633, 0.13, 0.33), "strict10").is_withheld
    assert release(margin_bounds(40, 0.1, 0.5), "strict10").is_withheld
    assert release(margin_bounds(40, 0.5, 1.0), "strict10").is_withheld


BENEFITS = ("sickness_benefit", "unemployment_insurance", "social_assistance")


def spells(holders: dict[str, tuple[range, range]], n: int, groups=None) -> BenefitSpells:
    """Persons with each benefit throughout the year before, and throughout the second year."""
    rows = []
    for benefit, windows in holders.items():
        for persons, year in zip(windows, (2021, 2023), strict=True):
            rows += [(f"p{k}", benefit, f"{year}-01-01", f"{year}-12-31", 100) for k in persons]
    frame = pd.DataFrame(rows, columns=["person_id", "benefit", "start", "end", "degree"])
    frame = frame.assign(start=pd.to_datetime(frame["start"]), end=pd.to_datetime(frame["end"]))
    who = pd.DataFrame({"person_id": [f"p{k}" for k in range(n)], "index_month": "2022-01"})
    who = who.assign(municipality=groups if groups is not None else "m")
    people = Persons.from_frame(who, person="person_id")
    return BenefitSpells.from_frame(frame, people=people, country="SE", data_cut="2024-12")


def three_benefits(**options) -> BenefitSpells:
    return spells({
        "sickness_benefit": (range(0, 5), range(0, 30)),
        "unemployment_insurance": (range(10, 40), range(10, 30)),
        "social_assistance": (range(20, 80), range(20, 60)),
    }, 100, **options)  # fmt: skip


def test_amounts_of_a_benefit_of_few_do_not_follow_from_the_total():
    result = benefit_vector(three_benefits(), occasions=[-12, 12])
    rows = release(result, "strict10").tidy().set_index(["benefit", "occasion"])

    before = rows.xs(-12, level="occasion")["equivalents"]
    assert np.isnan(before["sickness_benefit"]) and np.isnan(before["unemployment_insurance"])
    assert np.isfinite(before["total"]) and np.isfinite(before["social_assistance"])
    assert rows.xs(12, level="occasion")["equivalents"].notna().all()


def test_a_change_of_few_takes_another_one_and_the_offset_along():
    rows = release(benefit_change(three_benefits()), "strict10").tidy().set_index("benefit")

    assert rows.loc[["sickness_benefit", "unemployment_insurance"], "change"].isna().all()
    assert rows["offset_share"].isna().all()
    assert np.isfinite(rows.loc["total", "change"]) and np.isfinite(rows.loc["total", "alert"])


def test_changes_of_enough_people_are_shown_with_their_offset():
    sample = spells({"sickness_benefit": (range(0, 50), range(0, 20)),
                     "social_assistance": (range(20, 60), range(20, 80))}, 100)  # fmt: skip

    rows = release(benefit_change(sample), "strict10").tidy()

    assert not rows["suppressed"].any()
    assert rows.loc[rows["benefit"] == "total", "offset_share"].notna().all()


def test_that_everybody_has_a_benefit_is_hidden_but_not_at_the_start():
    rows = [("sickness_benefit", "2020-01-01", None)]
    frame = pd.DataFrame(
        [(f"p{k}", *rows[0], 100) for k in range(50)],
        columns=["person_id", "benefit", "start", "end", "degree"],
    )
    frame = frame.assign(start=pd.to_datetime(frame["start"]), end=pd.to_datetime(frame["end"]))
    who = pd.DataFrame({"person_id": [f"p{k}" for k in range(50)], "index_month": "2022-01"})
    sample = BenefitSpells.from_frame(
        frame, people=Persons.from_frame(who, person="person_id"), country="SE",
        data_cut="2024-12",
    )  # fmt: skip

    table = release(benefit_vector(sample), "strict10").tidy().set_index(["benefit", "occasion"])

    assert np.isnan(table.loc[("total", 12), "share"])
    assert table.loc[("total", 0), "share"] == 1.0
    assert np.isnan(table.loc[("sickness_benefit", 0), "share"])


def test_between_levels_no_small_number_of_a_municipality_follows():
    """Two municipalities in a nation: what one hides, the nation less the other must not tell."""
    one, two = np.full(len(KINDS), 12), np.full(len(KINDS), 12)
    one[of_kinds(before=("study",)).astype(bool)] = 0
    frames = [
        statuses(counts, stratum=name).covariates for counts, name in ((one, "a"), (two, "b"))
    ]
    sample = Statuses.from_frame(pd.concat(frames), date=None, support=None)
    areas = pd.DataFrame({"municipality": ["a", "b"]})

    plan = secondary_suppression(
        [status_change(sample, by=["group"]), started_or_increased(sample, by=["group"]),
         transitions(sample, by=["group"])],
        areas=areas, profile="strict10", levels=("municipality", "national"),
    )  # fmt: skip

    profile = load_profile("strict10")
    rows = sample.covariates
    own = [Statuses.from_frame(part, date=None, support=None) for _, part in rows.groupby("group")]
    released = {
        "a": release(status_change(own[0]), profile.for_unit(plan, "municipality", "a")),
        "b": release(status_change(own[1]), profile.for_unit(plan, "municipality", "b")),
        "nation": release(status_change(sample), profile.for_unit(plan, "national", "national")),
    }
    study = {name: table.tidy().set_index("category").loc["study", "n_before"]
             for name, table in released.items()}  # fmt: skip
    assert np.isnan(study["a"])
    assert np.isnan(study["b"]) or np.isnan(study["nation"])


def test_between_levels_amounts_of_a_benefit_of_few_do_not_follow():
    groups = np.where(np.arange(100) < 15, "a", "b")
    sample = three_benefits(groups=groups)
    areas = pd.DataFrame({"municipality": ["a", "b"]})

    plan = secondary_suppression(
        [benefit_change(sample, by=["municipality"])], areas=areas, profile="strict10",
        levels=("municipality", "national"),
    )  # fmt: skip

    nation = load_profile("strict10").for_unit(plan, "national", "national")
    of_nation = release(benefit_change(sample), nation).tidy().set_index("benefit")
    hidden = plan[(plan["level"] == "municipality")]["block"]
    assert (hidden == "benefits//unemployment_insurance/equivalents").any()
    assert np.isnan(of_nation.loc["sickness_benefit", "change"])
