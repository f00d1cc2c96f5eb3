"""Two answers of the same person: the rows of a panel at one wave and at later ones."""

from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError


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


def _waves(panel: HealthPanel, answered: np.ndarray) -> str:
    waves = np.unique(panel.wave[answered])
    return f"answers at waves {', '.join(map(str, waves))}" if waves.size else "no answers at all"
