"""Which key figures and process times each unit may show, given what the others show.

A package counts participants from several municipalities, and a municipality has participants in
several packages; both add up to federations and the nation. So each count is a table of
municipalities and packages, protected like any other.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from evalkit import results
from evalkit.release.addresses import block, family
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.organisation_rows import ALL, BASE, block_counts
from evalkit.release.profiles import Profile
from evalkit.release.sparse_tables import Fails, Shown, protect_cells
from evalkit.release.tables import protect_blocks

NEXT_TO_NOTHING = 1e-6
# Each with the block that it can be shown with only.
ORDER = ((BASE, None), ("started", BASE), ("left", BASE), ("outcome", "left"),
         ("anonymous", BASE))  # fmt: skip


def key_figure_blocks(
    result, frame: pd.DataFrame, hierarchy: Hierarchy, profile: Profile
) -> Iterator[tuple[Hierarchy, np.ndarray, str]]:
    """Units that may show each block of key figures, stratum by stratum.

    Persons do not add up over packages, as participations do: one can be in several. So who took
    part twice is planned for each package, and for all together only from a result by municipality
    alone; both results are to be given.

    Parameters
    ----------
    frame : DataFrame
        Tidy rows with `area` (municipality; empty in the row of all) and `rest` (the package).

    Yields
    ------
    units over the municipalities with participants, which of them may show, address of the block
    """
    wide = frame[frame["area"] != ""].pivot(
        index=["area", "rest"], columns="quantity", values="estimate"
    )  # fmt: skip
    wide = wide[wide[BASE] > 0]
    name = family(result.provenance.function)
    told: dict[str, Shown] = {}
    for which, needed in ORDER:
        counts = [block_counts(own, which) for own in wide.to_dict("records")]
        strict, lenient = (
            [pd.Series(column, index=wide.index) for column in zip(*side, strict=True)]
            for side in zip(*counts, strict=True)
        )  # fmt: skip
        sides = [_as_few(column) for column in strict] + list(lenient)
        told[which] = protect_cells(
            sides, hierarchy, fails=_unless_zero(profile), needed=told.get(needed)
        )
        yield from _blocks(told[which], wide, name, () if which == BASE else (which,))
    for rest, rows in wide.groupby("rest", sort=False):
        twice = (rows[BASE] - rows["took_part_persons"]).droplevel("rest")
        units = hierarchy.restrict(np.isin(hierarchy.leaves, twice.index))
        counts = twice.reindex(list(units.leaves)).to_numpy(dtype=float)[:, None]
        shown = protect_blocks(counts, units, fails=_unless_zero(profile))
        yield units, shown, block(name, rest, "persons")


def process_blocks(
    result, frame: pd.DataFrame, hierarchy: Hierarchy, profile: Profile
) -> Iterator[tuple[Hierarchy, np.ndarray, str]]:
    """Units that may show each process time, as `key_figure_blocks`."""
    name = family(result.provenance.function)
    rows = frame[(frame["area"] != "") & (frame["n"] > 0)]
    for (step, quantity), own_rows in rows.groupby(["step", "quantity"], sort=False):
        table = own_rows.set_index(["area", "rest"])
        columns = (table["n"], table["n_reached"], table["n"] - table["n_reached"])
        shown = None
        # Both numbers stand in one row, which is shown or hidden as a whole.
        for own in ([columns[0]], columns[1:], [columns[0]]):
            sides = [_as_few(column) for column in own]
            shown = protect_cells(sides, hierarchy, fails=_unless_zero(profile), needed=shown)
        yield from _blocks(shown, table, name, (step, quantity))


def _blocks(shown: Shown, table: pd.DataFrame, name: str, suffix: tuple):
    """Units that may show, and address, for all together and for each package."""
    yield shown.units, shown.of(ALL), block(name, ALL, *suffix)
    for rest in table.index.get_level_values("rest").unique():
        if rest != ALL:
            yield shown.units, shown.of(rest), block(name, rest, *suffix)


def _as_few(counts: pd.Series) -> pd.Series:
    """Zeros as next to nothing: that none of the participants there did something is a secret.

    A municipality that has no participants in a package has no such count, and its 0 tells nothing.
    """
    return counts.where(counts != 0, NEXT_TO_NOTHING)


def _unless_zero(profile: Profile) -> Fails:
    return lambda number: profile.fails(number) & (np.asarray(number, dtype=float) != 0)


OTHER_BLOCKS = {results.KeyFigures: key_figure_blocks, results.ProcessTimes: process_blocks}
