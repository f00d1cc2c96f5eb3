"""Two answers of the same person: the rows of a panel at one wave and at later ones."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.health.means import Groups


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Rows of a panel, first and later, of persons who answered at both waves."""

    first: np.ndarray
    later: np.ndarray
    wave: np.ndarray


def pairs_of(panel: HealthPanel, answered: np.ndarray, before: int, after: int | None) -> Pairs:
    """Pair each person's answer at one wave with those at a later wave, or at all later ones.

    Parameters
    ----------
    answered : ndarray of bool, one entry a row
        Whether the row can be used.

    Raises
    ------
    ParameterError
        If `after` is not later than `before`.
    EstimationError
        If a wave has no answers, or nobody answered at both.
    """
    if after is not None and after <= before:
        raise ParameterError(f"after: wave {after} is not later than wave {before}")
    for wave in (before, after):
        if wave is not None and not (answered & (panel.wave == wave)).any():
            raise EstimationError(
                f"wave {wave}: no complete answer in {len(panel)} rows; there are "
                f"{_waves(panel, answered)}"
            )
    base = np.full(int(panel.person.max()) + 1, -1)
    start = np.flatnonzero(answered & (panel.wave == before))
    base[panel.person[start]] = start
    is_later = panel.wave > before if after is None else panel.wave == after
    later = np.flatnonzero(answered & is_later & (base[panel.person] >= 0))
    if not later.size:
        raise EstimationError(
            f"nobody of {start.size} who answered at wave {before} did so at a later one"
        )
    return Pairs(base[panel.person[later]], later, panel.wave[later])


def persons_apart(
    panel: HealthPanel, answered: np.ndarray, pairs: Pairs, groups: Groups, by: object, before: int
) -> tuple[np.ndarray, np.ndarray]:
    """Persons whose answers a mean change gives away beside other means, for each group.

    Returns
    -------
    once : ndarray
        Who answered at one of the two waves only: the change less the means of both waves is a sum
        over them.
    step : ndarray
        The fewest persons by which those paired differ from those of a wave that goes before: the
        first, then the last, then backwards. Missing, as above, where there are none.
    """
    stratum, names = panel.groups(by)
    number = {name: place for place, name in enumerate(names)}
    waves, n_name = np.unique(pairs.wave), len(names)
    same = stratum[pairs.first] == stratum[pairs.later]

    def persons(rows: np.ndarray) -> np.ndarray:
        return np.bincount(stratum[rows], minlength=n_name)

    start = persons(answered & (panel.wave == before))
    once, paired = np.zeros((len(waves), n_name)), []
    for place, wave in enumerate(waves):
        here = pairs.wave == wave
        end = persons(answered & (panel.wave == wave))
        once[place] = start + end - 2 * persons(pairs.later[here & same])
        member = np.full(int(panel.person.max()) + 1, -1)
        member[panel.person[pairs.later[here]]] = stratum[pairs.later[here]]
        paired.append(member)
    step = np.full(once.shape, np.nan)
    for first, later in combinations(_by_importance(len(waves)), 2):
        one, other = paired[first], paired[later]
        both = np.bincount(one[(one == other) & (one >= 0)], minlength=n_name)
        apart = sum(np.bincount(member[member >= 0], minlength=n_name) for member in (one, other))
        step[later] = np.fmin(step[later], _unless_zero(apart - 2 * both))
    cell = tuple(np.array([(np.searchsorted(waves, wave), number[name])
                           for name, wave in groups.labels]).T)  # fmt: skip
    return _unless_zero(once)[cell], step[cell]


def _by_importance(n_wave: int) -> list[int]:
    return [0, *range(n_wave - 1, 0, -1)]


def _unless_zero(count: np.ndarray) -> np.ndarray:
    return np.where(count == 0, np.nan, count)


def smallest_class(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Persons of the smallest class that has any, and of the smallest one, of (class, group).

    A class of nobody may be no secret while one of two persons is, so both are told.
    """
    counts = np.asarray(counts)
    most = counts.sum(axis=0)
    return np.where(counts > 0, counts, most).min(axis=0), counts.min(axis=0)


def _waves(panel: HealthPanel, answered: np.ndarray) -> str:
    waves = np.unique(panel.wave[answered])
    return f"answers at waves {', '.join(map(str, waves))}" if waves.size else "no answers at all"
