"""What each unit may show of results without strata: flows, coverage, and who pays and gains."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit import results as kinds
from evalkit.errors import ParameterError
from evalkit.release.addresses import block
from evalkit.release.curve_plan import plan_curves
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.party_plan import plan_parties
from evalkit.release.profiles import Profile
from evalkit.release.rows import flow_order, flow_points
from evalkit.release.sequences import protect_points
from evalkit.release.tables import protect_blocks

Planned = Iterator[tuple[Hierarchy, np.ndarray, str]]


def unit_blocks(
    by_unit: Mapping[str, Sequence[object]], hierarchy: Hierarchy, profile: Profile
) -> Planned:
    """Plan results that are given by municipality.

    Yields
    ------
    units over the municipalities with such a result, which of them may show, address of the block

    Raises
    ------
    ParameterError
        If a municipality is none of the hierarchy's, a result has no blocks, or flows differ.
    """
    unknown = sorted(set(by_unit) - set(hierarchy.leaves))
    if unknown:
        raise ParameterError(f"{len(unknown)} strata name no municipality of `areas`")
    flows, covered, paid, monthly = {}, {}, {}, {}
    for code, items in by_unit.items():
        for item in items:
            if isinstance(item, kinds.Flow):
                flows[code] = item.tidy()
            elif isinstance(item, kinds.NeedCoverage):
                covered[code] = item.summary["n_covered"]
            elif isinstance(item, kinds.PayOff):
                paid[code] = item
            elif isinstance(item, kinds.PayOffCurve):
                monthly[code] = item
            else:
                raise ParameterError(f"no blocks for one unit's {type(item).__name__}")
    if flows:
        yield from _flows(flows, hierarchy, profile)
    if covered:
        yield from _counted(pd.Series(covered), block("need", "covered"), hierarchy, profile)
    told = {}
    if paid:
        for units, shown, name in plan_parties(paid, hierarchy, profile):
            told[name.rsplit("/", 1)[-1]] = shown
            yield units, shown, name
    if monthly:
        yield from plan_curves(monthly, told, hierarchy, profile)


def _counted(count: pd.Series, name: str, hierarchy: Hierarchy, profile: Profile) -> Planned:
    own = hierarchy.restrict(np.isin(hierarchy.leaves, count.index))
    counts = count.reindex(list(own.leaves)).to_numpy(dtype=float)[:, None]
    yield own, protect_blocks(counts, own, fails=profile.fails), name


def _flows(flows: dict[str, pd.DataFrame], hierarchy: Hierarchy, profile: Profile) -> Planned:
    steps = {tuple(frame["step"]) for frame in flows.values()}
    if len(steps) > 1:
        raise ParameterError("flows of different municipalities differ in their steps")
    own = hierarchy.restrict(np.isin(hierarchy.leaves, list(flows)))
    counts = np.array([flow_points(flows[code]) for code in own.leaves])
    shown = protect_points(
        counts,
        own,
        flow_order(counts.shape[1]),
        fails=lambda gap: profile.fails(gap) & (np.asarray(gap) != 0),
        allowed=~profile.too_few(own.member @ counts),
        essential=np.ones(counts.shape[1], dtype=bool),
    )
    for position, step in enumerate(["start", *steps.pop()][::-1]):
        yield own, shown[:, position], block("flow", step)
