"""Which units may show their pay-off by month, given what the other units show.

The step of a curve between two shown months rests on the persons with a flow in between. A month
that one municipality hides could follow from its federation less the others. So all units list the
same months, and a unit shows its curve whole or not at all.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from evalkit.release.addresses import block
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.money_rows import CURVE, enough_between, listed_months
from evalkit.release.parties import SUMS
from evalkit.release.profiles import Profile


def plan_curves(
    by_unit: Mapping[str, object], told: Mapping[str, np.ndarray], hierarchy: Hierarchy,
    profile: Profile,
) -> Iterator[tuple[Hierarchy, np.ndarray, str]]:  # fmt: skip
    """Units that may show their curves, and months that nobody shows.

    Parameters
    ----------
    by_unit : mapping of str to PayOffCurve
        By municipality.
    told : mapping of str to ndarray of bool, shape (n_node,)
        Parties that each node may show at all.
    """
    units = hierarchy.restrict(np.isin(hierarchy.leaves, list(by_unit)))
    parties, k = _persons([by_unit[code] for code in units.leaves])
    n_node, has = len(units.level), ~np.isnan(k).all(axis=2)
    told_by = [told.get(party, np.ones(n_node, dtype=bool)) for party in parties]
    shows = np.array(told_by).T & (units.member.astype(int) @ has.astype(int) > 0)
    # After the months followed nobody has news.
    k = np.where(np.isnan(k) & ~np.isnan(k).all(axis=(0, 1)), 0.0, k)
    ticks = listed_months(k.shape[-1], profile)
    months = enough_between(k.sum(axis=0)[shows.any(axis=0)], ticks, profile)
    for month in sorted(set(ticks) - set(months)):
        yield units, np.zeros(n_node, dtype=bool), block("pay_off", CURVE, month)

    def is_enough(node: int, leaves: np.ndarray) -> bool:
        summed = k[leaves].sum(axis=0)[shows[node]]
        return bool(len(summed)) and enough_between(summed, months, profile) == months

    shown = np.array([is_enough(node, units.member[node]) for node in range(n_node)])
    size = units.member.astype(float) @ np.nan_to_num(k).max(axis=(1, 2))
    while True:
        owner = units.owner(shown)
        bad = [node for node in np.unique(owner[owner >= 0]) if not is_enough(node, owner == node)]
        if not bad:
            break
        shown[units.next_to_hide(int(bad[0]), shown, size)] = False
    yield units, shown, block("pay_off", CURVE)


def _persons(results: list) -> tuple[list[str], np.ndarray]:
    """Parties, and persons with a flow by municipality, party and month; sums left out.

    Missing after the months followed, and throughout where a municipality has no such flows.
    """
    parties = sorted({name for result in results for name in result.rows["party"]} - set(SUMS))
    n_month = max(int(result.rows["month"].max()) + 1 for result in results)
    k = np.full((len(results), len(parties), n_month), np.nan)
    for leaf, result in enumerate(results):
        own = np.isin(result.rows["party"], parties)
        place = np.searchsorted(parties, result.rows["party"][own].astype(str))
        month = result.rows["month"][own].astype(int)
        k[leaf, place, month] = result.support["k"][own].astype(float)
    return parties, k
