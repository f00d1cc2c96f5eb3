"""Which comparisons of costs and health each unit may show, given what the others show.

Means times persons add up over municipalities, in either arm. So a unit shows a comparison if in
neither arm too few are left over, of those with any cost too; all of it or nothing.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from evalkit import results
from evalkit.errors import ParameterError
from evalkit.release.addresses import block, family
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.profiles import Profile
from evalkit.release.tables import protect_blocks


def comparison_blocks(
    result, frame: pd.DataFrame, hierarchy: Hierarchy, profile: Profile
) -> Iterator[tuple[Hierarchy, np.ndarray, str]]:
    """Units that may show each comparison.

    Parameters
    ----------
    frame : DataFrame
        Tidy rows with `area` (municipality), `rest` and `k` (persons with any cost).

    Yields
    ------
    units over the municipalities with persons, which of them may show, address of the block

    Raises
    ------
    ParameterError
        If a stratum is of no municipality.
    """
    frame = frame[(frame["scale"] == "arm") & (frame["adjustment"] == "unadjusted")]
    if "measure" in frame:
        frame = frame[frame["measure"] == "cost"]
    unknown = set(frame["area"]) - set(hierarchy.leaves)
    if unknown:
        raise ParameterError(f"{len(unknown)} strata name no municipality of `areas`")
    known = ["n"] if frame["k"].isna().all() else ["n", "k"]
    for rest, rows in frame.groupby("rest", sort=False):
        table = rows.pivot(index="area", columns="term", values=known).fillna(0.0)
        persons = table["n"].sum(axis=1)
        table, persons = table[persons > 0], persons[persons > 0]
        units = hierarchy.restrict(np.isin(hierarchy.leaves, table.index))
        names = list(units.leaves)
        counts = np.column_stack([persons.reindex(names), table.reindex(names)])
        shown = protect_blocks(counts, units, fails=profile.fails)
        yield units, shown, block(family(result.provenance.function), rest)


COST_UTILITY_BLOCKS = {
    results.QalyMeans: comparison_blocks,
    results.CostUtility: comparison_blocks,
}
