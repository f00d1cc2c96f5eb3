"""Mean number of recurrent events at each time, and the influence of persons on it."""

from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.survival.grouped import Grouped
from evalkit.survival.influence import influence_values
from evalkit.survival.risksets import RiskSets, before, require_cause, running


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MeanSteps:
    """The mean at the m table rows, and the two influences A and B: that on it is A - mean B.

    Attributes
    ----------
    mean, survival : ndarray of float, shape (m,)
        Mean number of events, and probability of no terminal exit, by the time.
    first, second : tuple of (event_value, risk_value)
        As in `influence_values`; code 1 is the event, 2 the terminal exit.
    """

    mean: np.ndarray
    survival: np.ndarray
    first: tuple[np.ndarray, np.ndarray]
    second: tuple[np.ndarray, np.ndarray]


def mean_steps(sets: RiskSets) -> MeanSteps:
    """The mean number of events, with its influences; code 1 is the event, 2 terminal."""
    events, terminal = sets.events[:, 0], sets.events[:, 1]
    all_gone = sets.n_event[:, 1] == sets.n_at_risk
    hazard = np.where(all_gone, 1.0, terminal / sets.at_risk)
    survival = np.empty(len(sets))
    for rows in sets.slices():
        np.cumprod(1.0 - hazard[rows], out=survival[rows])
    direct = before(sets, survival, np.arange(len(sets)), initial=1.0) / sets.at_risk
    mean = running(sets, direct * events)
    inverse = np.divide(1.0, sets.at_risk - terminal, out=np.zeros(len(sets)), where=~all_gone)
    bearing = inverse * hazard
    first = np.column_stack([direct, mean * inverse])
    second = np.column_stack([np.zeros(len(sets)), inverse])
    return MeanSteps(
        mean, survival, (first, direct * events / sets.at_risk + mean * bearing), (second, bearing)
    )


def person_moments(groups: Grouped, influences: tuple) -> list[np.ndarray]:
    """Sums over persons of products of their running influences (11, 12, 22), each (m,).

    While at risk in a row a person's influence is what came before plus w (C(entry) - C(t)), C the
    running sum of the risk values; after its exit it rests until the person's next row. So sums
    over persons are sums over rows of constants times C, and no persons-by-times table is needed.
    """
    sets, m = groups.sets, len(groups.sets)
    unit = np.arange(len(groups.code)) if groups.dependence is None else groups.dependence
    order = np.lexsort((sets.entry_row, groups.level, unit))
    goes_on = (np.diff(unit[order]) == 0) & (np.diff(groups.level[order]) == 0)
    entry, leave, weight = sets.entry_row[order], sets.exit_row[order], groups.weight[order]
    following, rests = entry[1:][goes_on], np.flatnonzero(goes_on)
    run = np.concatenate([[0], np.cumsum(~goes_on)])
    starts = np.flatnonzero(np.concatenate([[True], ~goes_on]))
    running_c, constant, done = [], [], []
    for event_value, risk_value in influences:
        own = weight * influence_values(sets, groups.code, event_value, risk_value)[order]
        total = np.cumsum(own)
        total -= (total[starts] - own[starts])[run]
        cumulated = running(sets, risk_value)
        running_c.append(cumulated)
        constant.append(total - own + weight * before(sets, cumulated, entry))
        done.append(total)

    def moving(values: np.ndarray) -> np.ndarray:
        moves = np.bincount(entry, values, minlength=m) - np.bincount(leave, values, minlength=m)
        return running(sets, moves)

    def resting(values: np.ndarray) -> np.ndarray:
        moves = np.bincount(leave, values, minlength=m)
        return running(sets, moves - np.bincount(following, values[rests], minlength=m))

    squared = moving(weight**2)
    crossed = [moving(weight * values) for values in constant]
    return [
        resting(done[a] * done[b])
        + moving(constant[a] * constant[b])
        - crossed[a] * running_c[b]
        - crossed[b] * running_c[a]
        + squared * running_c[a] * running_c[b]
        for a, b in ((0, 0), (0, 1), (1, 1))
    ]


def first_events(
    sample: TimeToEvent, groups: Grouped, by, cause: str, *, number: int = 1
) -> np.ndarray:
    """Persons of each group whose first (second, ...) event comes at each table row, (m,)."""
    level = sample.groups(by)[0]
    rows = np.flatnonzero((sample.code == require_cause(sample, cause)) & (sample.weight > 0.0))
    order = rows[np.lexsort((sample.duration[rows], level[rows], sample.person[rows]))]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (np.diff(sample.person[order]) != 0) | (np.diff(level[order]) != 0)
    own_first = np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))
    order = order[np.arange(len(order)) - own_first == number - 1]
    counts = np.zeros(len(groups.sets), dtype=np.int64)
    for own, part in enumerate(groups.sets.slices()):
        times = sample.duration[order[level[order] == own]]
        row = part.start + np.searchsorted(groups.sets.time[part], times)
        counts += np.bincount(row, minlength=len(counts))
    return counts
