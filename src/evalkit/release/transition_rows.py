"""Which cells of tables of states before by states after are hidden.

The table of statuses (`StatusChange`) and that of those who began (`StatusShares`) are about the
same persons. A cell is hidden where a small number would follow from all three together.
"""

import itertools

import numpy as np
import pandas as pd

from evalkit.release.addresses import family
from evalkit.release.before_after_rows import (
    GROUP,
    OCCUPATION,
    PARTS,
    in_all_strata,
    occupations_shown,
)
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.profiles import Profile
from evalkit.release.rows import Decision, decision_of
from evalkit.release.squares import implied, protect_square
from evalkit.release.tables import protect_table

ALL, NONE = "all", "none"


def by_transition(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide cells of too few, of one too few less than a margin, and others they would follow from.

    Where nobody is in two cells, cells add up to margins. What the table of statuses tells (who
    stayed, and who had no support) is not counted on as hidden.
    """
    name = family(result.provenance.function)
    exclusive = bool(result.summary["exclusive"])
    primary = np.zeros(len(frame), dtype=bool)
    shown = np.ones(len(frame), dtype=bool)
    for stratum, rows in frame.groupby("stratum", sort=False):
        at = rows.index.to_numpy()
        table, one, two, n = _square(rows)
        planned = _planned(table, str(stratum), result, profile)
        few, seen = _cells(table, one, two, n, result, profile, exclusive, planned)
        primary[at], shown[at] = _listed(rows, few), _listed(rows, seen)
    keys = ("stratum", "before", "after")
    addresses = [(name, *key) for key in zip(*(frame[key] for key in keys), strict=True)]
    shown &= in_all_strata(frame, ["before", "after"], shown)
    decision = decision_of(addresses, primary, profile)
    if decision.planned.any():  # cells that another unit limits: no other cell may tell of them
        decision.planned[:] = True
    decision.secondary = ~shown & ~primary & ~decision.planned
    decision.rounded = ("n", "n_before", "n_after")
    return decision


def _square(rows: pd.DataFrame):
    """Cells, margins and total of one stratum."""
    wide = rows.pivot_table(index="before", columns="after", values="n", sort=False, aggfunc="sum")
    table = wide.drop(index=ALL, columns=ALL)
    one = wide.loc[table.index, ALL].to_numpy(dtype=float)
    two = wide.loc[ALL, table.columns].to_numpy(dtype=float)
    return table, one, two, float(wide.loc[ALL, ALL])


def _planned(table: pd.DataFrame, stratum: str, result, profile: Profile):
    """Margins and persons who stayed that the plan of `StatusChange` hides here."""
    measure = str(result.summary["measure"])
    at = ("statuses", stratum, measure)
    names = {name: "any_support" if name == NONE else name for name in (*table.index, *table)}
    whole = measure == OCCUPATION and profile.hides(*at, GROUP)
    hidden = {name: whole or profile.hides(*at, code) for name, code in names.items()}
    stayed = {name: profile.hides(*at, code, "pairs") for name, code in names.items()}
    first, second = (
        np.array([hidden[name] for name in axis], dtype=bool) for axis in (table.index, table)
    )
    same = np.equal.outer(table.index.to_numpy(), table.columns.to_numpy())
    return first, second, same & np.array([stayed[name] for name in table.index])[:, None]


def _cells(table, one, two, n, result, profile: Profile, exclusive: bool, planned):
    """Extended tables (margins last) of what is too small, and of what may be shown."""
    counts, fails = table.to_numpy(dtype=float), profile.fails
    few = fails(counts) | fails(one[:, None] - counts) | fails(two[None, :] - counts)
    few |= fails(n - one[:, None] - two[None, :] + counts)
    few |= planned[2]
    few_one = fails(one) | fails(n - one) | planned[0]
    few_two = fails(two) | fails(n - two) | planned[1]
    if profile.too_few(n):
        few[:], few_one[:], few_two[:] = True, True, True
    row_ok, column_ok = ~few_one, ~few_two
    if exclusive:
        row_ok, column_ok = _margins(table, one, two, row_ok, column_ok, result, profile)
    shown = ~few & row_ok[:, None] & column_ok[None, :]
    if exclusive:
        known = _told_elsewhere(table, result)
        shown, row_ok, column_ok = protect_square(
            counts, shown, row_ok, column_ok, known=known, fails=fails
        )
        if result.summary["measure"] == OCCUPATION:
            shown, row_ok, column_ok = _beside_statuses(
                table, shown, row_ok, column_ok, planned, profile
            )
    total = not profile.too_few(n)
    return (
        _extended(few, few_one, few_two, not total),
        _extended(shown, row_ok, column_ok, total),
    )


def _margins(table, one, two, row_ok, column_ok, result, profile: Profile):
    """Margins that may be shown; of occupations those that the table of statuses shows."""
    if result.summary["measure"] == OCCUPATION and list(table.index) == list(table.columns):
        names = np.array([*table.index, GROUP], dtype=object)
        in_group = np.isin(names[:-1], PARTS)
        before, after = (np.append(side, side[in_group].sum()) for side in (one, two))
        n = one.sum()
        allowed = np.append(row_ok & column_ok, True)
        for count in (before, after, n - before, n - after):
            allowed &= ~profile.fails(count)
        seen = occupations_shown(names, before, after, allowed, profile)[:-1]
        return seen, seen.copy()
    margins = []
    for counts, ok, names in ((one, row_ok, table.index), (two, column_ok, table.columns)):
        # How many have no support, and the source that names everybody who has it, stand elsewhere.
        keep = np.array([name in (NONE, names[0]) for name in names], dtype=bool)
        _, told = protect_table(
            counts[None, :], Hierarchy.single(), fails=profile.fails, keep=keep,
            allowed=ok[None, :],
        )  # fmt: skip
        margins.append(ok & told[0])
    return margins


def _told_elsewhere(table: pd.DataFrame, result) -> np.ndarray:
    """Cells that other tables of the same persons show wherever they may."""
    if result.summary["measure"] == OCCUPATION:
        return np.equal.outer(table.index.to_numpy(), table.columns.to_numpy())
    first, second = (
        np.isin(names, [NONE, names[0]]) for names in (table.index, table.columns)
    )  # fmt: skip
    return first[:, None] & second[None, :]


def _beside_statuses(table: pd.DataFrame, shown, row_ok, column_ok, planned, profile: Profile):
    """Hide further cells until no small number follows from the table of statuses and this one."""
    counts = table.to_numpy(dtype=float)
    flows = _flows(list(table.index))
    small = np.array([bool(profile.fails(counts.ravel() @ flow)) for flow in flows.values()])
    secrets = np.array(list(flows.values()))[small]
    cells = {place: flows["cell", place] for place in np.ndindex(*counts.shape)}
    told = _told_by_statuses(table, flows, row_ok, planned, profile)
    seen = shown.copy()
    while len(secrets):
        listed = [place for place in cells if seen[place]]
        known = [*told, *(cells[place] for place in listed)]
        found = implied(secrets, np.array(known))
        if found is None:
            break
        free = [
            place
            for place, weight in zip(listed, found[len(told) :], strict=True)
            if abs(weight) > 1e-9 and place[0] != place[1]
        ]
        if not free:
            nothing = np.zeros_like(row_ok)
            return np.zeros_like(seen), nothing, nothing.copy()
        seen[min(free, key=lambda place: (counts[place], place))] = False
    return seen, row_ok, column_ok


def _flows(names: list[str]) -> dict[tuple, np.ndarray]:
    """Natural numbers of persons as sums over cells: cells, margins, and who came, left, stayed."""
    size = len(names)
    flows = {}
    for place in itertools.product(range(size), range(size)):
        cell = np.zeros((size, size))
        cell[place] = 1.0
        flows["cell", place] = cell.ravel()
    every = np.ones(size)
    groups = {name: np.array([other == name for other in names], float) for name in names}
    groups[GROUP] = np.isin(names, PARTS).astype(float)
    for name, inside in groups.items():
        outside = every - inside
        for kind, before, after in (
            ("before", inside, every), ("after", every, inside), ("not before", outside, every),
            ("not after", every, outside), ("entered", outside, inside),
            ("left", inside, outside), ("stayed", inside, inside), ("never", outside, outside),
        ):  # fmt: skip
            flows[kind, name] = np.outer(before, after).ravel()
    return flows


def _told_by_statuses(table, flows, row_ok, planned, profile: Profile) -> list[np.ndarray]:
    """What the table of statuses shows: margins, and who came and left where all is enough."""
    counts = table.to_numpy(dtype=float).ravel()
    told = [np.ones(len(counts))]
    in_group = np.isin(list(table.index), PARTS)
    shown = dict(zip(table.index, row_ok.tolist(), strict=True))
    margins = (flows[kind, GROUP] @ counts for kind in ("before", "after", "not before",
                                                        "not after"))  # fmt: skip
    shown[GROUP] = bool(in_group.any()) and not any(profile.fails(count) for count in margins)
    hidden = dict(zip(table.index, planned[2].diagonal().tolist(), strict=True))
    for name, seen in shown.items():
        if not seen:
            continue
        told += [flows["before", name], flows["after", name]]
        kinds = ("entered", "left", "stayed", "never")
        few = any(profile.fails(flows[kind, name] @ counts) for kind in kinds)
        if not few and not hidden.get(name, False):
            told += [flows["entered", name], flows["left", name]]
    # Who works or studies after stands in `StatusShares` even where it is not shown before.
    if not profile.fails(flows["after", GROUP] @ counts):
        told.append(flows["after", GROUP])
    return told


def _extended(cells, rows, columns, corner: bool) -> np.ndarray:
    return np.block([[cells, rows[:, None]], [columns[None, :], np.array([[corner]])]])


def _listed(rows: pd.DataFrame, extended: np.ndarray) -> np.ndarray:
    """Values of an extended table in the order of the rows."""
    first = [name for name in dict.fromkeys(rows["before"]) if name != ALL] + [ALL]
    second = [name for name in dict.fromkeys(rows["after"]) if name != ALL] + [ALL]
    line, column = pd.Index(first), pd.Index(second)
    return extended[line.get_indexer(rows["before"]), column.get_indexer(rows["after"])]
