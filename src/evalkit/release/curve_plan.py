"""Which units may show which parties of their pay-off by month, given what the others show.

The step of a curve between two shown months rests on the persons with a flow in between. All units
list the same months, those between which enough persons had flows with the parties that pay. A
party with which few had flows in some step is then hidden in the curve, in all months, together
with others that it does not follow from: who pays keeps a curve though few meet some other party.
Steps add up over municipalities and over parties like the pay-off, and are planned like it.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from evalkit.release.addresses import block
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.money_rows import CURVE, enough_between, larger_arm, listed_months, paying
from evalkit.release.parties import SUMS
from evalkit.release.party_plan import LARGEST, Cells, PartyPlan
from evalkit.release.profiles import Profile


def plan_curves(
    by_unit: Mapping[str, object], told: Mapping[str, np.ndarray], hierarchy: Hierarchy,
    profile: Profile,
) -> Iterator[tuple[Hierarchy, np.ndarray, str]]:  # fmt: skip
    """Months that nobody shows, and units that may show the curve of each party and sum.

    Parameters
    ----------
    by_unit : mapping of str to PayOffCurve
        By municipality.
    told : mapping of str to ndarray of bool, shape (n_node,)
        Nodes that may show each party and sum at all; what they hide, their curves hide too.
    """
    units = hierarchy.restrict(np.isin(hierarchy.leaves, list(by_unit)))
    results = [by_unit[code] for code in units.leaves]
    parties, (k, larger) = _persons(results)
    pays = np.array([[name in paying(result.tidy()) for name in parties] for result in results])
    ticks = listed_months(k.shape[-1], profile)
    of_all = [arm.sum(axis=0)[_deciding(parties, pays, told)] for arm in (k, larger)]
    months = enough_between(of_all[0], ticks, profile, of_all[1])
    for month in sorted(set(ticks) - set(months)):
        yield units, np.zeros(len(units.level), dtype=bool), block("pay_off", CURVE, month)
    cells = _cells(results, parties, pays, fewest_in_a_step(k, months, larger))
    plan = PartyPlan(cells, units, profile, told)
    plan.protect()
    for party in plan.names:
        yield units, plan.of(party), block("pay_off", CURVE, party)


def _deciding(parties: list[str], pays: np.ndarray, told: Mapping[str, np.ndarray]) -> np.ndarray:
    """Parties that the months are chosen by: those that pay and are told anywhere, or all told."""
    shown = np.array([bool(told[name].any()) if name in told else True for name in parties])
    return shown & pays.any(axis=0) if (shown & pays.any(axis=0)).any() else shown


def fewest_in_a_step(k: np.ndarray, months: list[int], larger: np.ndarray) -> np.ndarray:
    """Persons with a flow in the step with the fewest, at least, by municipality and party.

    Parameters
    ----------
    k : ndarray, shape (n_leaf, n_party, n_month)
        Persons with a flow in each month, of two arms the smaller number.
    months : list of int
        Those shown.
    larger : ndarray, shape (n_leaf, n_party, n_month)
        Persons of the larger arm: they count at the start and the end where the other has nobody.

    Notes
    -----
    A step has at least as many persons as any of its months. Of each party and step the month is
    the same everywhere, the one with most persons in all, so that the numbers add up. That nobody
    has had a flow in the first shown month, or anybody after the last, is no secret.
    """
    if not months:
        return np.zeros(k.shape[:2])
    steps, last = [], -1
    for month in [*months, k.shape[-1] - 1]:  # at last what came after the last shown month
        step, either = (arm[:, :, last + 1 : month + 1] for arm in (k, larger))
        if np.isnan(step).all() or (last == months[-1] and not np.nansum(either)):
            continue  # after the months followed nobody has news
        chosen, of_one = _of_largest_month(step), _of_largest_month(either)
        if month == 0 or last == months[-1]:
            chosen = np.where(chosen.sum(axis=0) == 0, of_one, chosen)
        steps.append(chosen if month else np.where(chosen.sum(axis=0) == 0, np.inf, chosen))
        last = month
    return np.min(steps, axis=0)


def _of_largest_month(step: np.ndarray) -> np.ndarray:
    """Persons by municipality and party in the month in which a party has most in all."""
    step = np.nan_to_num(step)
    most = step.sum(axis=0).argmax(axis=1)
    return np.take_along_axis(step, most[None, :, None], axis=2)[:, :, 0]


def _cells(results: list, parties: list[str], pays: np.ndarray, n: np.ndarray) -> Cells:
    """A cell for each municipality and party that it has, with the persons of its poorest step."""
    leaf, party, largest = [], [], []
    for place, result in enumerate(results):
        support = {name: result.support.get(name, 0.0) for name in LARGEST}
        frame = result.tidy().assign(**support)
        frame = frame[~frame["party"].isin(SUMS)].drop_duplicates("party")
        leaf += [place] * len(frame)
        party += [parties.index(name) for name in frame["party"]]
        largest.append(frame[list(LARGEST)].to_numpy(dtype=float))
    at = np.array(leaf, dtype=int), np.array(party, dtype=int)
    return Cells(
        at[0], np.array(parties, dtype=object)[at[1]], n[at],
        np.nan_to_num(np.concatenate(largest)).T, pays[at],
    )  # fmt: skip


def _persons(results: list) -> tuple[list[str], np.ndarray]:
    """Parties, and persons with a flow by municipality, party and month; sums left out.

    First of the smaller arm, then of the larger. None where a municipality has no such flows;
    missing after the months followed anywhere.
    """
    parties = sorted({name for result in results for name in result.rows["party"]} - set(SUMS))
    n_month = max(int(result.rows["month"].max()) + 1 for result in results)
    k = np.full((2, len(results), len(parties), n_month), np.nan)
    for leaf, result in enumerate(results):
        own = np.isin(result.rows["party"], parties)
        place = np.searchsorted(parties, result.rows["party"][own].astype(str))
        month = result.rows["month"][own].astype(int)
        k[0, leaf, place, month] = result.support["k"][own].astype(float)
        k[1, leaf, place, month] = larger_arm(result.support)[own]
    return parties, np.where(np.isnan(k) & ~np.isnan(k).all(axis=(0, 1, 2)), 0.0, k)
