"""Which statuses and benefits before and after each unit may show, given what the others show.

Occupations add up to all persons, and those in work or study to all of these. So a unit shows them
all or none, and the parts of work or study only with them. Sources of support do not add up: each
is a block of its own. Amounts of benefits add up over benefits and over municipalities.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from evalkit import results
from evalkit.release.addresses import block, family
from evalkit.release.before_after_rows import (
    ENDED,
    GROUP,
    OCCUPATION,
    OTHERS,
    PARTS,
    STARTED,
    STAYED,
    TOTAL,
)
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.profiles import Profile
from evalkit.release.tables import protect_blocks, protect_table

PAIRS, SHARE = "pairs", "share"


def status_blocks(
    result, frame: pd.DataFrame, hierarchy: Hierarchy, profile: Profile
) -> Iterator[tuple[Hierarchy, np.ndarray, str]]:
    """Units that may show each block of `StatusChange`, stratum by stratum.

    Parameters
    ----------
    frame : DataFrame
        Tidy rows with `area` (municipality) and `rest` (what else the stratum says).

    Yields
    ------
    units over the municipalities with persons, which of them may show, address of the block
    """
    name = family(result.provenance.function)
    frame = frame.assign(
        not_before=frame["n_leaver"] - frame["n_before"],
        not_after=frame["n_leaver"] - frame["n_after"],
        always=frame["n_before"] - frame["n_left"],
        never=frame["n_leaver"] - frame["n_before"] - frame["n_entered"],
    )
    for rest, rows in frame.groupby("rest", sort=False):
        persons = rows.groupby("area")["n_leaver"].max()
        own = hierarchy.restrict(np.isin(hierarchy.leaves, persons.index[persons > 0]))
        leaves = list(own.leaves)
        counts = persons.reindex(leaves).to_numpy(dtype=float)[:, None]
        base = protect_blocks(counts, own, fails=profile.fails)
        yield own, base, block(name, rest)
        allowed = base
        for group in ((GROUP, *OTHERS), PARTS):
            members = rows[(rows["measure"] == OCCUPATION) & rows["category"].isin(group)]
            allowed = _margins(members, leaves, own, profile, allowed)
            for category in group:
                yield own, allowed, block(name, rest, OCCUPATION, category)
                yield _pairs(members, category, leaves, own, profile, allowed,
                             block(name, rest, OCCUPATION, category, PAIRS))  # fmt: skip
        support = rows[rows["measure"] != OCCUPATION]
        for (measure, category), members in support.groupby(["measure", "category"], sort=False):
            shown = _margins(members, leaves, own, profile, base)
            yield own, shown, block(name, rest, measure, category)
            yield _pairs(members, category, leaves, own, profile, shown,
                         block(name, rest, measure, category, PAIRS))  # fmt: skip


def _margins(rows: pd.DataFrame, leaves, own: Hierarchy, profile: Profile, allowed) -> np.ndarray:
    columns = ["n_leaver", "n_before", "n_after", "not_before", "not_after"]
    wide = rows.pivot(index="area", columns="category", values=columns).reindex(leaves)
    counts = wide.fillna(0.0).to_numpy(dtype=float)
    return protect_blocks(counts, own, fails=profile.fails, allowed=allowed)


def _pairs(rows: pd.DataFrame, category, leaves, own: Hierarchy, profile, allowed, name: str):
    columns = ["n_leaver", "n_entered", "n_left", "always", "never"]
    counts = rows[rows["category"] == category].set_index("area")[columns].reindex(leaves)
    table = counts.fillna(0.0).to_numpy(dtype=float)
    return own, protect_blocks(table, own, fails=profile.fails, allowed=allowed), name


def extent_blocks(
    result, frame: pd.DataFrame, hierarchy: Hierarchy, profile: Profile
) -> Iterator[tuple[Hierarchy, np.ndarray, str]]:
    """Who works or studies; of them who began; and of those who went on, all or none."""
    name = family(result.provenance.function)
    for rest, rows in frame.groupby("rest", sort=False):
        wide = rows.pivot(index="area", columns="quantity", values="n")
        wide = wide[wide[[GROUP, "not_work_or_study"]].sum(axis=1) > 0]
        own = hierarchy.restrict(np.isin(hierarchy.leaves, wide.index))
        table = wide.reindex(list(own.leaves)).astype(float)
        stayed = table[list(STAYED)].sum(axis=1)
        allowed = None
        for members, quantities in (
            (table[[GROUP, "not_work_or_study"]], (GROUP, "not_work_or_study")),
            (pd.concat([table[[STARTED, *ENDED]], stayed], axis=1), (STARTED, *ENDED)),
            (table[list(STAYED)], (*STAYED, "started_or_increased")),
        ):
            allowed = protect_blocks(members.to_numpy(), own, fails=profile.fails, allowed=allowed)
            for quantity in quantities:
                yield own, allowed, block(name, rest, quantity)


def benefit_blocks(
    result, frame: pd.DataFrame, hierarchy: Hierarchy, profile: Profile
) -> Iterator[tuple[Hierarchy, np.ndarray, str]]:
    """Benefits by month or quantity; their amounts add up over benefits and municipalities.

    What follows from which sums is the same for persons and amounts, so persons are protected.
    """
    name = family(result.provenance.function)
    at, counts = ("occasion", ["n_with"]) if "occasion" in frame else (
        "quantity", ["n_before", "n_after"])  # fmt: skip
    for (rest, when), rows in frame.groupby(["rest", at], sort=False):
        parts = rows[rows["benefit"] != TOTAL]
        own = hierarchy.restrict(np.isin(hierarchy.leaves, rows["area"]))
        leaves = list(own.leaves)
        tables = [parts.pivot(index="area", columns="benefit", values=count).reindex(leaves)
                  .fillna(0.0) for count in counts]  # fmt: skip
        base, shown = _together([table.to_numpy(dtype=float) for table in tables], own, profile)
        for position, benefit in enumerate(tables[0].columns):
            yield own, base & shown[:, position], block(name, rest, benefit, when)
        for benefit, members in rows.groupby("benefit", sort=False):
            people = members.set_index("area").reindex(leaves)[["n", *counts]].fillna(0.0)
            if benefit == TOTAL:
                yield own, protect_blocks(people.to_numpy(), own, fails=profile.fails), block(
                    name, rest, benefit, when)  # fmt: skip
            gaps = np.column_stack([people["n"] - people[count] for count in counts])
            everybody = np.column_stack([people["n"], gaps])
            told = protect_blocks(everybody, own, fails=profile.fails)
            yield own, told, block(name, rest, benefit, when, SHARE)


def _together(tables: list[np.ndarray], own: Hierarchy, profile: Profile):
    """Cells that may be shown of several tables of the same units and benefits."""
    base = np.ones(len(own.level), dtype=bool)
    shown = np.ones((len(base), tables[0].shape[1]), dtype=bool)
    while True:
        before = base.sum() + shown.sum()
        for table in tables:
            told, cells = protect_table(
                table, own, fails=profile.fails, allowed=shown & base[:, None]
            )
            base, shown = base & told, shown & cells
        if base.sum() + shown.sum() == before:
            return base, shown


STATUS_BLOCKS = {
    results.StatusChange: status_blocks,
    results.StatusShares: extent_blocks,
    results.BenefitVector: benefit_blocks,
    results.BenefitChange: benefit_blocks,
}
