"""Which units may show a change within persons, given who answered twice, and who once."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from evalkit.release.hierarchy import Hierarchy
from evalkit.release.profiles import Profile
from evalkit.release.tables import protect_blocks


def change_blocks(
    rows: pd.DataFrame, hierarchy: Hierarchy, profile: Profile
) -> Iterator[tuple[object, Hierarchy, np.ndarray]]:
    """Units that may show the change at each wave.

    A change less the means of both waves is a sum over those who answered once (`k`), and less
    that of another wave one over those of a single wave. So both are nobody or enough, in every
    unit and in what is left of it.

    Parameters
    ----------
    rows : DataFrame
        One row a municipality (`area`) and wave, with `n` and the result's support `k` and
        `complement`.

    Yields
    ------
    wave, the units over the municipalities with pairs, and which units are shown
    """
    wide = rows.set_index(["area", "wave"])[["n", "k", "complement"]].unstack().fillna(0.0)
    waves = list(wide["n"].columns)
    before: list = []
    for wave in (*waves[:1], *waves[:0:-1]):
        found = wide[wide["n"][wave] > 0]
        own = hierarchy.restrict(np.isin(hierarchy.leaves, found.index))
        found = found.reindex(list(own.leaves))
        persons = found["n"][wave]
        steps = [np.abs(persons - found["n"][one]) for one in before]
        counts = np.column_stack([persons, found["k"][wave], *steps])
        weak = _fails_unless_zero(profile, found["complement"][wave])
        allowed = (own.member.sum(axis=1) != 1) | ~(own.member & weak).any(axis=1)
        shown = protect_blocks(
            counts, own, fails=lambda count: _fails(profile, count), allowed=allowed
        )
        yield wave, own, shown
        before.append(wave)


def _fails(profile: Profile, counts: np.ndarray) -> np.ndarray:
    """Nobody is too few persons; that nobody answered once is no secret."""
    return np.column_stack(
        [profile.fails(counts[:, 0]), _fails_unless_zero(profile, counts[:, 1:])]
    )


def _fails_unless_zero(profile: Profile, count: object) -> np.ndarray:
    return profile.fails(count) & (np.asarray(count, dtype=float) != 0)
