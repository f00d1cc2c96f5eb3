"""Weights that keep those with a competing exit in the risk sets of a Fine-Gray model.

Who left by another cause at s stays at risk with the weight W(t) / W(s), the chance of still being
under observation at t among those who were at s. W = G H: G is the Kaplan-Meier estimate for
censoring, H the product-limit estimate, in reverse time, for late entry.
"""

from dataclasses import dataclass

import numpy as np

from evalkit.errors import EstimationError
from evalkit.survival.model_rows import Rows
from evalkit.survival.risksets import RiskSets, between_entry_and_exit, running, sum_at_risk


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Observation:
    """Chance of being under observation, in each stratum and group of one censoring distribution.

    Attributes
    ----------
    group : ndarray of int, shape (n,)
    share : ndarray of float, shape (n_group, m)
        W just before the time of each table row.
    own : ndarray of float, shape (n,)
        W just before the row's own exit.
    hazard : ndarray of float, shape (n_group, m)
        Share of those at risk who are censored at the time.
    at_risk : ndarray of float, shape (n_group, m)
        Those whom the hazard is a share of.
    after_exits : bool
        Whether who exits at a time is no longer among them.
    """

    group: np.ndarray
    share: np.ndarray
    own: np.ndarray
    hazard: np.ndarray
    at_risk: np.ndarray
    after_exits: bool


def observation(rows: Rows, entry: np.ndarray, group: np.ndarray, after_exits: bool) -> Observation:
    """Estimate the distributions of censoring and of late entry.

    Parameters
    ----------
    rows : Rows
    entry : ndarray of float, shape (n,)
        In the order of `rows`.
    group : ndarray of int, shape (n,)
        Codes 0, 1, ...
    after_exits : bool
        Whether who exits at a time is no longer at risk of being censored at it.

    Raises
    ------
    EstimationError
        If nobody of a group who was observed at an exit could be observed later.
    """
    sets, n_group = rows.sets, int(group.max()) + 1
    count = rows.weight if rows.is_frequency else np.ones(len(group))
    share = np.empty((n_group, len(sets)))
    hazard, at_risk = np.empty_like(share), np.empty_like(share)
    for number in range(n_group):
        inside = np.where(group == number, count, 0.0)
        leaving = np.bincount(sets.exit_row, inside, minlength=len(sets))
        censored = np.where(rows.code == 0, inside, 0.0)
        censored = np.bincount(sets.exit_row, censored, minlength=len(sets))
        at_risk[number] = sum_at_risk(sets, inside)
        if after_exits:
            at_risk[number] -= leaving - censored
        hazard[number] = np.divide(
            censored, at_risk[number], out=np.zeros(len(sets)), where=censored > 0.0
        )
        # Nothing is known of a group after its last member has left; crr takes it for 0.
        there = after(sets, leaving) + leaving > 0.0
        share[number] = np.where(there, _before_each(sets, 1.0 - hazard[number]), 0.0)
        if sets.is_delayed:
            share[number] *= _entered_before(rows, entry, inside)
    own = share[group, sets.exit_row]
    lost = int(((own <= 0.0) & (rows.code == 2)).sum())
    if lost:
        raise EstimationError(
            f"entry: at the time of {lost} competing exits everybody under observation had just "
            "come under it, so that nothing is known of the time before; start the clock later"
        )
    return Observation(group, share, own, hazard, at_risk, after_exits)


def influence_of_weights(
    rows: Rows, entry: np.ndarray, seen: Observation, moved: np.ndarray, by_entry: np.ndarray
) -> np.ndarray:
    """How much each row moves the score by moving the estimated weights: (n,), for one column.

    Parameters
    ----------
    moved : ndarray of float, shape (n_group, m)
        Change of the score when the hazard of censoring at a table row rises by 1, times the share
        not censored there if exits are no longer at risk of it.
    by_entry : ndarray of float, shape (n_group, m)
        Change of the score when the logarithm of all weights W(t) / W(s) with s up to the table row
        and t after it falls by 1.

    Notes
    -----
    The sum over times of `moved` times the row's censoring martingale over those at risk; for late
    entry the same in reverse time with the opposite sign.
    """
    sets, out = rows.sets, np.zeros(len(seen.group))
    for number, hazard in enumerate(seen.hazard):
        member = np.flatnonzero(seen.group == number)
        inside = np.zeros(len(seen.group))
        inside[member] = rows.weight[member] if rows.is_frequency else 1.0
        left = seen.at_risk[number] * (1.0 - hazard if seen.after_exits else 1.0)
        is_used = (hazard > 0.0) & (left > 0.0)
        per_head = np.divide(moved[number], left, out=np.zeros(len(sets)), where=is_used)
        out[member] -= between_entry_and_exit(sets, per_head * hazard)[member]
        if seen.after_exits:
            exits = member[rows.code[member] > 0]
            out[exits] += (per_head * hazard)[sets.exit_row[exits]]
        censored = member[rows.code[member] == 0]
        out[censored] += per_head[sets.exit_row[censored]]
        if sets.is_delayed:
            out[member] -= _influence_of_entry(rows, entry, inside, by_entry[number])[member]
    return out


def after(sets: RiskSets, values: np.ndarray) -> np.ndarray:
    """Sum of table values (m,) over the later rows of the stratum: (m,)."""
    total = running(sets, values)
    last = sets.first[1:] - 1
    return total[last][sets.stratum] - total


def _entries(rows: Rows, entry: np.ndarray, inside: np.ndarray, stratum: int):
    """Late entries of one stratum: times (j,), their hazard in reverse time, at risk, table row.

    At risk at u are those who entered no later and exit after it. The table row is the last one
    whose time is not after u, or the one before the stratum's first.
    """
    sets = rows.sets
    table = slice(int(sets.first[stratum]), int(sets.first[stratum + 1]))
    mine = (sets.stratum[sets.exit_row] == stratum) & (inside > 0.0)
    start, count, leave = entry[mine], inside[mine], sets.time[sets.exit_row[mine]]
    time, code = np.unique(start, return_inverse=True)
    entered = np.bincount(code, count, minlength=len(time))
    order = np.argsort(leave)
    gone = np.concatenate([[0.0], np.cumsum(count[order])])
    there = np.cumsum(entered) - gone[np.searchsorted(leave[order], time, side="right")]
    late = time > 0.0
    time, entered, there = time[late], entered[late], there[late]
    at = table.start + np.searchsorted(sets.time[table], time, side="right") - 1
    return time, entered / there, there, at


def _entered_before(rows: Rows, entry: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """H just before the time of each table row: (m,)."""
    sets, out = rows.sets, np.ones(len(rows.sets))
    for stratum, table in enumerate(sets.slices()):
        time, hazard, _, _ = _entries(rows, entry, inside, stratum)
        later = np.append(np.cumprod((1.0 - hazard)[::-1])[::-1], 1.0)
        out[table] = later[np.searchsorted(time, sets.time[table])]
    return out


def _influence_of_entry(rows: Rows, entry, inside, moved) -> np.ndarray:
    sets, out = rows.sets, np.zeros(len(inside))
    whose = sets.stratum[sets.exit_row]
    leave = sets.time[sets.exit_row]
    for stratum in range(len(sets.first) - 1):
        time, hazard, there, at = _entries(rows, entry, inside, stratum)
        if not len(time):
            continue
        left = there * (1.0 - hazard)
        is_used = (at >= sets.first[stratum]) & (left > 0.0)
        per_head = np.divide(moved[at], left, out=np.zeros(len(at)), where=is_used)
        borne = np.concatenate([[0.0], np.cumsum(per_head * hazard)])
        mine = np.flatnonzero((whose == stratum) & (inside > 0.0))
        first = np.searchsorted(time, entry[mine])
        out[mine] -= borne[np.searchsorted(time, leave[mine])] - borne[first]
        late = mine[entry[mine] > 0.0]
        out[late] += per_head[np.searchsorted(time, entry[late])]
    return out


def _before_each(sets: RiskSets, factor: np.ndarray) -> np.ndarray:
    """Product of a factor (m,) over the earlier table rows of the stratum: (m,)."""
    out = np.ones(len(sets))
    for table in sets.slices():
        out[table.start + 1 : table.stop] = np.cumprod(factor[table])[:-1]
    return out
