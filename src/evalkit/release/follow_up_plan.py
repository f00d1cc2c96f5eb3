"""What each unit may show of moves, forms, need and answers, given what the others show.

Each function yields units over the municipalities with persons, which of them may show, and the
address of the block. Numbers that stand alone are planned row by row; those that add up to all
persons are planned as a table.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from evalkit import results
from evalkit.release.addresses import block, family
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.label_rows import LABEL
from evalkit.release.need_rows import FIRST, NESTED, few_outside
from evalkit.release.profiles import Profile
from evalkit.release.sequences import protect_points
from evalkit.release.tables import protect_blocks, protect_table

Planned = Iterator[tuple[Hierarchy, np.ndarray, str]]
ALL = "all"


def transition_blocks(
    result, frame: pd.DataFrame, hierarchy: Hierarchy, profile: Profile
) -> Planned:
    """Cells that another unit limits; the door then hides the whole table of the unit."""
    name = family(result.provenance.function)
    cells = frame[(frame["before"] != ALL) & (frame["after"] != ALL)]
    for rest, rows in cells.groupby("rest", sort=False):
        for units, hidden, keys in _limited(rows, ["before", "after"], "n", hierarchy, profile):
            yield units, ~hidden, block(name, rest, *keys)


def label_blocks(result, frame: pd.DataFrame, hierarchy: Hierarchy, profile: Profile) -> Planned:
    """Each label alone; numbers and sets of labels as tables that add up."""
    name = family(result.provenance.function)
    support = {part: result.support[part].astype(float) for part in ("n", "k", "complement")}
    counted = frame.assign(**support)
    alone = counted["item"] == LABEL
    yield from _rows(name, counted[alone], ["item", "level"], [*support], hierarchy, profile)
    for (rest, item), rows in counted[~alone].groupby(["rest", "item"], sort=False):
        for units, hidden, keys in _limited(rows, ["level"], "n_with", hierarchy, profile):
            yield units, ~hidden, block(name, rest, item, *keys)


def step_blocks(result, frame: pd.DataFrame, hierarchy: Hierarchy, profile: Profile) -> Planned:
    """Steps from population to unmet need, each inside the one before; and the broad group."""
    name = family(result.provenance.function)
    frame = frame.assign(outside=result.support["complement"].astype(float))
    for rest, rows in frame.groupby("rest", sort=False):
        wide = rows.pivot_table(index="area", columns="step", values="n_low", sort=False)
        own = hierarchy.restrict(np.isin(hierarchy.leaves, wide.index))
        table = wide.reindex(list(own.leaves)).fillna(0.0)
        order = [step for step in (*NESTED, *FIRST) if step in table]
        counts = table[order].to_numpy()
        target, last = order.index("strict"), len(order) - 1
        first = dict.fromkeys([target, last, *range(last - 1, target, -1), *range(target)])
        shown = protect_points(
            counts, own, list(first), fails=profile.fails,
            allowed=_steps_allowed(rows, order, counts, own, profile),
            essential=np.ones(len(order), dtype=bool),
        )  # fmt: skip
        for position, step in enumerate(order):
            yield own, shown[:, position], block(name, rest, step)
        around = table["broad"], table["on_support"] - table["broad"], (
            table["broad"] - table["strict"])  # fmt: skip
        broad = protect_blocks(np.column_stack(around), own, fails=profile.fails)
        yield own, broad, block(name, rest, "broad")


def _steps_allowed(rows, order: list[str], counts, own: Hierarchy, profile: Profile) -> np.ndarray:
    """Steps of enough persons; unmet need where enough, or none, are covered outside the group."""
    allowed = ~profile.too_few(own.member @ counts)
    outside = rows[rows["step"] == "covered"].set_index("area")["outside"]
    if "unmet" in order and len(outside):
        table = outside.reindex(list(own.leaves)).fillna(0.0).to_numpy()[:, None]
        told = protect_blocks(table, own, fails=lambda count: few_outside(count, profile))
        allowed[:, order.index("unmet")] &= told
    return allowed


def score_blocks(result, frame: pd.DataFrame, hierarchy: Hierarchy, profile: Profile) -> Planned:
    """Means of answers by who answered, and by who of them answered alike."""
    name = family(result.provenance.function)
    support = {part: result.support[part].astype(float) for part in ("n", "k", "complement")}
    counted = frame.assign(**support)
    yield from _rows(name, counted, ["wave", "item", "quantity"], [*support], hierarchy, profile)


def _rows(
    name: str, counted: pd.DataFrame, keys: list[str], columns: list[str],
    hierarchy: Hierarchy, profile: Profile,
) -> Planned:  # fmt: skip
    """One block a row: all its counts, over the municipalities that have persons in it."""
    for (rest, *key), rows in counted.groupby(["rest", *keys], sort=False):
        table = rows.set_index("area")[columns]
        table = table[table[columns[0]] > 0]
        own = hierarchy.restrict(np.isin(hierarchy.leaves, table.index))
        counts = table.reindex(list(own.leaves)).to_numpy(dtype=float)
        shown = protect_blocks(counts, own, fails=profile.fails)
        yield own, shown, block(name, rest, *key)


def _limited(
    rows: pd.DataFrame, keys: list[str], count: str, hierarchy: Hierarchy, profile: Profile
) -> Iterator[tuple[Hierarchy, np.ndarray, tuple]]:
    """Cells of a table that adds up which a unit must hide for another's sake."""
    wide = rows.pivot_table(
        index="area", columns=keys, values=count, aggfunc="sum", fill_value=0, sort=False
    )
    wide = wide[wide.sum(axis=1) > 0]
    own = hierarchy.restrict(np.isin(hierarchy.leaves, wide.index))
    counts = wide.reindex(list(own.leaves)).to_numpy(dtype=float)
    base, shown = protect_table(counts, own, fails=profile.fails)
    totals = own.member @ counts
    size = totals.sum(axis=1, keepdims=True)
    few = profile.fails(totals) | profile.fails(size - totals)
    hidden = ~(shown & base[:, None]) & (~few | ~base[:, None])
    for position, key in enumerate(wide.columns):
        yield own, hidden[:, position], key if isinstance(key, tuple) else (key,)


BLOCKS: dict[type, Callable[..., Planned]] = {
    results.Transitions: transition_blocks,
    results.LabelShares: label_blocks,
    results.NeedSteps: step_blocks,
    results.ResponseScores: score_blocks,
}
