"""Influence values: how much each row moves an estimate, and the variances that follow.

Every estimator of this room is a smooth function of weighted counts, and its influence values have
one form: row i contributes `event_value` at its own exit and `-risk_value` at every time at which
it was at risk. The variance is the sum over units of dependence of the squared sum of weighted
influence values (the infinitesimal jackknife, which R's survfit uses).
"""

from collections.abc import Sequence

import numpy as np

from evalkit.survival.grouped import Grouped
from evalkit.survival.risksets import RiskSets, before, between_entry_and_exit, running

BLOCK = 2_000_000  # cells of a cluster-by-time table held at once


def influence_values(
    sets: RiskSets, code: np.ndarray, event_value: np.ndarray, risk_value: np.ndarray
) -> np.ndarray:
    """Influence of each row: its event's value less what it bore while at risk.

    Parameters
    ----------
    sets : RiskSets
        The risk sets of m table rows and n input rows.
    code : ndarray of int, shape (n,)
        Cause of exit, 0 = censored.
    event_value : ndarray of float, shape (m, n_cause)
    risk_value : ndarray of float, shape (m,)

    Returns
    -------
    ndarray of float, shape (n,)
    """
    return _at_own_exit(sets, code, event_value) - between_entry_and_exit(sets, risk_value)


def running_moment(
    sets: RiskSets,
    code: np.ndarray,
    weight: np.ndarray,
    first: tuple[np.ndarray, np.ndarray],
    second: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Sum of squared weight times the product of two running influences, at every table row.

    Parameters
    ----------
    first, second : tuple of (event_value, risk_value)
        The two influences, as in `influence_values`; at table row r each stands for the part that
        is accumulated up to and including r.

    Returns
    -------
    ndarray of float, shape (m,)

    Notes
    -----
    Until its exit a row has accumulated -(C(t) - C(entry)), C the running sum of `risk_value`, so
    that sums over those still there are sums of C(entry): no persons-by-times table is needed.
    """
    if sets.is_counted and not sets.is_delayed:
        return _moment_of_counts(sets, first, second)
    squared = weight**2
    done = influence_values(sets, code, *first)
    other = done if second is first else influence_values(sets, code, *second)
    m = len(sets)
    total = running(sets, np.bincount(sets.exit_row, squared * done * other, minlength=m))
    c_first = running(sets, first[1])
    c_second = c_first if second is first else running(sets, second[1])
    total += _present(sets, squared) * c_first * c_second
    if not sets.is_delayed:
        return total
    e_first = before(sets, c_first, sets.entry_row)
    e_second = before(sets, c_second, sets.entry_row)
    total -= _present(sets, squared * e_second) * c_first
    total -= _present(sets, squared * e_first) * c_second
    return total + _present(sets, squared * e_first * e_second)


def _moment_of_counts(sets: RiskSets, first, second) -> np.ndarray:
    """The same where all weights are 1 and nobody enters late.

    The moves at one time then add up to 0 over those at risk, who have all moved alike before; so
    moves at different times are uncorrelated.
    """
    moves = -sets.n_at_risk * first[1] * second[1]
    for number, count in enumerate(sets.n_event.T):
        moves += count * first[0][:, number] * second[0][:, number]
    return running(sets, moves)


def running_variance(
    groups: Grouped, parts: Sequence[tuple], factors: Sequence[np.ndarray]
) -> np.ndarray:
    """Variance of a step function whose influence is a sum of running influences times factors.

    Parameters
    ----------
    parts : sequence of (event_value, risk_value)
        Running influences, as in `running_moment`.
    factors : sequence of ndarray of float, shape (m,)
        One for each part.

    Returns
    -------
    ndarray of float, shape (m,)
        Sum over units of dependence of the squared weighted influence.
    """
    if groups.dependence is not None:
        return _clustered(groups, parts, factors)
    rows = (groups.sets, groups.code, groups.weight)
    total = np.zeros(len(groups.sets))
    for number, (part, factor) in enumerate(zip(parts, factors, strict=True)):
        total += factor**2 * running_moment(*rows, part, part)
        for other, by_other in list(zip(parts, factors, strict=True))[number + 1 :]:
            total += 2.0 * factor * by_other * running_moment(*rows, part, other)
    return np.maximum(total, 0.0)


def _clustered(groups: Grouped, parts, factors) -> np.ndarray:
    sets, code, weight = groups.sets, groups.code, groups.weight
    total = np.zeros(len(sets))
    stratum = sets.stratum[sets.exit_row]
    for number, rows in enumerate(sets.slices()):
        members = np.flatnonzero(stratum == number)
        codes = np.unique(groups.dependence[members], return_inverse=True)[1]
        members = members[np.argsort(codes, kind="stable")]
        codes = np.sort(codes)
        width = rows.stop - rows.start
        step = max(1, BLOCK // width)
        for low in range(0, int(codes[-1]) + 1, step):
            inside = slice(*np.searchsorted(codes, [low, low + step]))
            who, local = members[inside], codes[inside] - low
            moved = sum(
                factor[rows] * _by_unit(sets, code, weight, who, local, rows, *part)
                for part, factor in zip(parts, factors, strict=True)
            )
            total[rows] += np.square(moved).sum(axis=0)
    return total


def _by_unit(sets, code, weight, who, local, rows, event_value, risk_value) -> np.ndarray:
    """Accumulated influence of each unit at the table rows of one stratum: (n_unit, width)."""
    width, n_unit = rows.stop - rows.start, int(local[-1]) + 1
    exits, entries = sets.exit_row[who] - rows.start, sets.entry_row[who] - rows.start
    own = np.where(code[who] > 0, event_value[sets.exit_row[who], np.maximum(code[who] - 1, 0)], 0)
    jumps = np.bincount(local * width + exits, weight[who] * own, minlength=n_unit * width)
    there = np.zeros((n_unit, width + 1))
    np.add.at(there, (local, entries), weight[who])
    np.subtract.at(there, (local, exits + 1), weight[who])
    there = there[:, :-1].cumsum(axis=1)
    return np.cumsum(jumps.reshape(n_unit, width) - there * risk_value[rows], axis=1)


def _at_own_exit(sets: RiskSets, code: np.ndarray, event_value: np.ndarray) -> np.ndarray:
    values = event_value[sets.exit_row, np.maximum(code - 1, 0)]
    return np.where(code > 0, values, 0.0)


def _present(sets: RiskSets, values: np.ndarray) -> np.ndarray:
    """Sum over those who have entered by a table row and leave after it."""
    m = len(sets)
    moves = np.bincount(sets.entry_row, values, minlength=m)
    moves -= np.bincount(sets.exit_row, values, minlength=m)
    return running(sets, moves)
