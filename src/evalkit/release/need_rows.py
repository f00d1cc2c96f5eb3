"""Which rows about need and about support in areas are hidden."""

import numpy as np
import pandas as pd

from evalkit.release.addresses import family
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.profiles import Profile
from evalkit.release.rows import Decision, decision_of
from evalkit.release.sequences import open_points
from evalkit.release.tables import protect_table

NESTED = ("unmet", "strict", "several_actors", "long_support", "on_support")
FIRST = ("population", "in_records")
GROUPS, ALL, TOTAL = ("ill_health", "labour_market", "economic"), "all", "total"


def by_need_step(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide steps of too few, and those that differ from a shown one by too few.

    Who is covered is what the target group leaves of unmet need, and who wants help a share of it.
    How many are covered in all stands elsewhere; so few covered outside the group hide it too.
    """
    name = family(result.provenance.function)
    shown = np.zeros(len(frame), dtype=bool)
    complement = result.support["complement"].astype(float)
    for _, rows in frame.groupby("stratum", sort=False):
        count = dict(zip(rows["step"], rows["n_low"].astype(float), strict=True))
        outside = complement[rows.index[rows["step"] == "covered"]]
        seen = _steps(count, outside, profile)
        shown[rows.index] = rows["step"].map(seen).to_numpy(dtype=bool)
    addresses = list(zip([name] * len(frame), frame["stratum"], frame["step"], strict=True))
    few = profile.fails(frame["n_low"])
    decision = decision_of(addresses, np.asarray(few) & ~shown, profile)
    decision = _with_secondary(decision, shown)
    is_covered = (frame["step"] == "covered").to_numpy()
    if decision.suppressed[is_covered].any():  # less the target group, all covered tell the unmet
        decision.glance = {"n_covered": np.nan}
    return decision


def few_outside(count: object, profile: Profile) -> np.ndarray:
    """Whether too few are covered who are not of the group; that nobody is, is no secret."""
    return profile.fails(count) & (np.asarray(count, dtype=float) != 0)


def _steps(count: dict[str, float], outside: np.ndarray, profile: Profile) -> dict[str, bool]:
    """Which steps of one stratum may be shown."""
    order = [name for name in (*NESTED, *FIRST) if name in count]
    points = np.array([count[name] for name in order])
    last = len(order) - 1
    target = order.index("strict")
    first = dict.fromkeys([target, last, *range(last - 1, target, -1), *range(target)])
    allowed = ~profile.too_few(points)
    allowed[np.array(order) == "unmet"] &= not few_outside(outside, profile).any()
    seen = open_points(points, list(first), fails=profile.fails, allowed=allowed)
    kept = dict(zip(order, seen.tolist(), strict=True))
    # The population of an area is public, whoever of it is on support.
    kept["population"] = True
    kept["covered"] = kept.get("unmet", False) and kept["strict"]
    kept["expressed_unmet"] = kept.get("unmet", False)
    around = (count["on_support"] - count["broad"], count["broad"] - count["strict"])
    kept["broad"] = not any(profile.fails(gap) for gap in (count["broad"], *around))
    return kept


def by_need_of_area(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide areas where too few are covered, and another area that they would follow from."""
    areas = frame.drop_duplicates("stratum")
    at = areas.index.to_numpy()
    covered, rest = (result.support[part].astype(float)[at] for part in ("k", "complement"))
    everywhere = profile.hides("need", "covered")
    planned = np.array(
        [everywhere or profile.hides("need", f"{area}, covered") for area in areas["stratum"]]
    )
    few = profile.fails(covered) | profile.fails(rest)
    _, shown = protect_table(
        covered[None, :], Hierarchy.single(), fails=profile.fails,
        allowed=(~few & ~planned)[None, :],
    )  # fmt: skip
    of_area = pd.DataFrame(
        {"few": few, "planned": planned, "shown": shown[0]}, index=areas["stratum"]
    ).loc[frame["stratum"]]
    addresses = [("need", f"{area}, covered") for area in frame["stratum"]]
    decision = decision_of(addresses, of_area["few"].to_numpy(), profile)
    decision.planned |= of_area["planned"].to_numpy()
    return _with_secondary(decision, of_area["shown"].to_numpy())


def by_area_measure(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide measures of too few persons; then all components of a group, or all groups.

    Where no persons are counted, as in the deliveries of a statistical office, all is shown.
    """
    name = family(result.provenance.function)
    primary = profile.fails(result.support["n"])
    shown = ~primary
    for _, rows in frame.groupby(["stratum", "year", "quantity"], sort=False):
        _hide_components(rows, shown)
    keys = ["stratum", "year", "group", "measure", "quantity"]
    addresses = [(name, *key) for key in zip(*(frame[key] for key in keys), strict=True)]
    return _with_secondary(decision_of(addresses, primary, profile), shown)


def _hide_components(rows: pd.DataFrame, shown: np.ndarray) -> None:
    """Hide what a hidden component or group of one area and year would follow from."""
    at, group = rows.index.to_numpy(), rows["group"].to_numpy()
    is_sum = (rows["measure"] == TOTAL).to_numpy()
    lost = False
    for name in GROUPS:
        own = at[group == name]
        components = at[(group == name) & ~is_sum]
        if not len(own):
            continue
        if not shown[components].all():
            shown[components] = False
        # A group of one component is that component.
        total = at[(group == name) & is_sum]
        lost |= not shown[total if len(total) else components].all()
    if lost:
        shown[at[np.isin(group, GROUPS)]] = False


def _with_secondary(decision: Decision, shown: np.ndarray) -> Decision:
    decision.secondary = ~shown & ~decision.primary & ~decision.planned
    return decision
