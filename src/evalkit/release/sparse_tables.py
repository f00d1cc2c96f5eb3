"""Which numbers units may show of a table of municipalities and packages that is mostly empty.

In a table of categories that everybody can have, a hidden 0 covers a hidden 3. Here it does not: a
municipality that has nobody in a package is known to have nobody, since it does not list it. So
cells without participations are no unknowns, and what the shown numbers tell is worked out by
linear algebra: a number is given away if it is a combination of shown ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.release.hierarchy import ROOTS, Hierarchy
from evalkit.release.tables import protect_blocks

ALL = ""  # all packages together
NEAR = 1e-8
Fails = Callable[[object], np.ndarray]
Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """Which numbers each unit may show, by node of the hierarchy and package (`ALL`: together)."""

    units: Hierarchy
    told: dict[Key, bool]

    def of(self, rest: str) -> np.ndarray:
        """Nodes that may show a package, (n_node,); those that have nobody in it may."""
        n_node = len(self.units.level)
        return np.array([self.told.get((node, rest), True) for node in range(n_node)])


def protect_cells(
    counts: Sequence[pd.Series],
    hierarchy: Hierarchy,
    *,
    fails: Fails,
    needed: Shown | None = None,
) -> Shown:
    """Choose what each unit may show of a number, so that no count that is too small follows.

    Parameters
    ----------
    counts : sequence of Series
        By (municipality, package): the number that is shown, and other counts that follow where it
        is known, such as those who did not. Only municipalities and packages with participations.
    fails : callable
        Whether each count is too small; 0 is to pass.
    needed : Shown, optional
        Numbers that this one can be shown beside only.
    """
    index = counts[0].index
    leaves = np.isin(hierarchy.leaves, index.get_level_values(0))
    units = hierarchy.restrict(leaves)
    place = {name: position for position, name in enumerate(units.leaves)}
    leaf = np.array([place[area] for area in index.get_level_values(0)])
    rest = index.get_level_values(1).to_numpy()
    values = np.column_stack([count.to_numpy(dtype=float) for count in counts])
    sums = np.zeros((len(units.leaves), values.shape[1]))
    np.add.at(sums, leaf, values)
    allowed = None if needed is None else needed.of(ALL)
    base = protect_blocks(sums, units, fails=fails, allowed=allowed)
    told: dict[Key, bool] = {}
    for group in _connected(leaf, rest):
        told |= _Group(
            units, leaf[group], rest[group], values[group], fails, base, needed
        ).protect()
    told |= {(node, ALL): bool(base[node]) for node in range(len(base)) if (node, ALL) not in told}
    return Shown(units, told)


def _connected(leaf: np.ndarray, rest: np.ndarray) -> list[np.ndarray]:
    """Cells in groups that share no municipality and no package, as positions."""
    number, _ = pd.factorize(rest)
    label = leaf.copy()
    while True:
        lowest = np.full(number.max() + 1, len(label) + leaf.max())
        np.minimum.at(lowest, number, label)
        own = np.full(leaf.max() + 1, len(label) + leaf.max())
        np.minimum.at(own, leaf, lowest[number])
        if (own[leaf] == label).all():
            return [np.flatnonzero(label == one) for one in np.unique(label)]
        label = own[leaf]


class _Group:
    """Cells that are connected, and the numbers made of them: which are shown so far."""

    def __init__(self, units: Hierarchy, leaf, rest, values, fails: Fails, base, needed):
        self.fails, self.rest = fails, rest
        self.sums: dict[Key, np.ndarray] = {}
        self.order: dict[Key, tuple] = {}
        for node in range(len(units.level)):
            inside = units.member[node][leaf]
            # The sum over everything has cells of other groups too.
            own = {ALL: inside} if units.level[node] not in ROOTS else {}
            own |= {name: inside & (rest == name) for name in np.unique(rest[inside])}
            size = int(units.member[node].sum())
            for name, cells in own.items():
                if cells.any():
                    self.sums[node, name] = cells
                    self.order[node, name] = (size > 1, name == ALL, float(values[cells, 0].sum()))
        self.small = {key: bool(fails(values[cells].sum(axis=0)).any())
                      for key, cells in self.sums.items()}  # fmt: skip
        self.values = values
        self.told = {key: not self.small[key] for key in self.sums}
        for key in self.sums:
            self.told[key] &= bool(base[key[0]])
            if needed is not None:
                self.told[key] &= needed.told.get(key, True)
        # A sum that is hidden for another unit's sake is as secret as a small one.
        self.secret = [key for key in self.sums
                       if self.small[key] or (key[1] == ALL and not base[key[0]])]  # fmt: skip

    def protect(self) -> dict[Key, bool]:
        """Hide until nothing secret follows, and nothing small is left of a sum."""
        while self._hide_given_away() or self._hide_small_rests():
            pass
        return self.told

    def _hide_given_away(self) -> bool:
        """Hide one of the numbers that together give a secret away; False if none is."""
        keys = [key for key, shown in self.told.items() if shown]
        if not keys or not self.secret:
            return False
        rows = np.array([self.sums[key] for key in keys], dtype=float)
        wanted = np.array([self.sums[key] for key in self.secret], dtype=float)
        _, size, directions = np.linalg.svd(rows, full_matrices=False)
        known = directions[size > NEAR * size[0]]
        apart = np.abs(wanted - wanted @ known.T @ known).max(axis=1)
        given = np.flatnonzero(apart < NEAR)
        if not given.size:
            return False
        weight = np.linalg.lstsq(rows.T, wanted[given[0]], rcond=None)[0]
        used = [key for key, part in zip(keys, weight, strict=True) if abs(part) > NEAR]
        self.told[min(used, key=self.order.__getitem__)] = False
        return True

    def _hide_small_rests(self) -> bool:
        """Hide one more part of a shown sum whose hidden parts are too few together."""
        for key, cells in self.sums.items():
            if not self.told[key]:
                continue
            for parts in self._parts(key):
                shown = [part for part in parts if self.told[part]]
                left = cells.copy()
                for part in shown:
                    left &= ~self.sums[part]
                if len(shown) < len(parts) and self.fails(self.values[left].sum(axis=0)).any():
                    self.told[min(shown, key=self.order.__getitem__, default=key)] = False
                    return True
        return False

    def _parts(self, key: Key) -> list[list[Key]]:
        """Ways to split a sum: by package, and by the municipalities of one package."""
        node, name = key
        if name == ALL:
            return [[other for other in self.sums if other[0] == node and other[1] != ALL]]
        of_one = [other for other in self.sums
                  if other[1] == name and other != key and not self.order[other][0]
                  and not (self.sums[other] & ~self.sums[key]).any()]  # fmt: skip
        return [of_one] if of_one else []
