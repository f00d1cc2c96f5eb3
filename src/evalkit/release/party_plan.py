"""Which parties each unit may show, given what the other units show.

Means times persons add up over municipalities to federations and the nation, and over parties to
public finance and society. A party that is hidden so that a small one does not follow from society
can itself follow from the federation less its other municipalities. So parties and units are
planned together: a number is given away if it is a sum of multiples of shown ones.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.codes import PUBLIC_PARTIES
from evalkit.release.addresses import block
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.parties import PUBLIC, SOCIETY, SUMS, hidden_parties
from evalkit.release.profiles import Profile

NEAR = 1e-8
LARGEST = ("first", "second", "gross")


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A municipality and a party each: persons, the largest amounts, and whether it pays."""

    leaf: np.ndarray
    party: np.ndarray
    n: np.ndarray
    largest: np.ndarray  # (3, n_cell): first, second, gross
    pays: np.ndarray

    def small(self, sets: np.ndarray, profile: Profile) -> np.ndarray:
        """Whether the sum over each set of cells, (n_set, n_cell), may not be known.

        Parties can be about the same persons: of several one must be large enough alone.
        """
        enough = np.zeros(len(sets), dtype=bool)
        for party in np.unique(self.party):
            own = self.party == party
            chosen = sets[:, own]
            first, second, gross = self.largest[:, own]
            held = np.column_stack([chosen * first, chosen * second])
            top = np.sort(np.partition(held, -2, axis=1)[:, -2:], axis=1) if own.any() else held
            support = {
                "n": np.zeros(len(sets)), "first": top[:, 1], "second": top[:, 0],
                "gross": chosen @ gross,
            }  # fmt: skip
            few = profile.too_few(chosen @ self.n[own]) | ~chosen.any(axis=1)
            enough |= ~few & ~profile.dominated(support)
        return sets.any(axis=1) & ~enough


def plan_parties(
    by_unit: Mapping[str, object], hierarchy: Hierarchy, profile: Profile
) -> Iterator[tuple[Hierarchy, np.ndarray, str]]:
    """Units that may show each party, and the sums `public` and `society`.

    Parameters
    ----------
    by_unit : mapping of str to PayOff
        By municipality. Of two arms the support is of the smaller one; its sum is at most that of
        all.

    Yields
    ------
    units over the municipalities with a pay-off, which of them may show, address of the block
    """
    units = hierarchy.restrict(np.isin(hierarchy.leaves, list(by_unit)))
    plan = PartyPlan(cells_of([by_unit[code] for code in units.leaves]), units, profile)
    plan.protect()
    for party in plan.names:
        yield units, plan.of(party), block("pay_off", "", party)


def cells_of(results: list) -> Cells:
    """Cells of the municipalities' pay-offs, society left out."""
    parts = []
    for leaf, result in enumerate(results):
        support = {name: values.astype(float) for name, values in result.support.items()}
        frame = pd.DataFrame(support).reindex(columns=["n", *LARGEST])
        paid = result.rows["cost"].astype(float) != 0
        parts.append(frame.assign(leaf=leaf, party=result.rows["party"], pays=paid))
    table = pd.concat(parts, ignore_index=True)
    table = table[table["party"] != SOCIETY]
    return Cells(
        table["leaf"].to_numpy(), table["party"].to_numpy(dtype=object), table["n"].to_numpy(),
        table[list(LARGEST)].fillna(0.0).to_numpy().T, table["pays"].to_numpy(dtype=bool),
    )  # fmt: skip


class PartyPlan:
    """What is shown so far: a number is a unit and a party or sum, made of cells."""

    def __init__(
        self, cells: Cells, units: Hierarchy, profile: Profile,
        told: Mapping[str, np.ndarray] | None = None,
    ):  # fmt: skip
        """`told`: nodes that may show a party or sum at all, by its name."""
        self.cells, self.units, self.profile = cells, units, profile
        parties = sorted(set(cells.party))
        self.public = np.isin(cells.party, PUBLIC_PARTIES)
        self.names = [*parties, PUBLIC, SOCIETY]
        groups = [*(cells.party == party for party in parties), self.public,
                  np.ones(len(cells.n), dtype=bool)]  # fmt: skip
        inside = units.member[:, cells.leaf]
        made = inside[:, None] & np.array(groups)[None]
        self.node, self.name = np.nonzero(made.any(axis=2))
        self.sums = made[self.node, self.name]
        self.n = np.array([self._persons(own) for own in self.sums])
        self.told = np.ones(len(self.node), dtype=bool)
        self.alone = (units.member.sum(axis=1) == 1)[self.node] & (self.name < len(parties))
        self.small = self._small(self.sums)
        for node in np.unique(self.node):
            self._hide_within(np.flatnonzero(self.node == node))
        for name, shown in (told or {}).items():
            if name in self.names:
                own = self.name == self.names.index(name)
                self.told[own] &= shown[self.node[own]]

    def of(self, name: str) -> np.ndarray:
        """Nodes that may show a party or sum; those that have no such flows may."""
        shown = np.ones(len(self.units.level), dtype=bool)
        own = self.name == self.names.index(name)
        shown[self.node[own]] = self.told[own]
        return shown

    def _small(self, sets: np.ndarray) -> np.ndarray:
        """Whether a sum, or the outlays in it, may not be known."""
        paid = sets & self.cells.pays
        return self.cells.small(sets, self.profile) | self.cells.small(paid, self.profile)

    def _persons(self, chosen: np.ndarray) -> float:
        frame = pd.Series(self.cells.n[chosen]).groupby(self.cells.party[chosen]).sum()
        return float(frame.max())

    def _hide_within(self, rows: np.ndarray) -> None:
        """Hide what a unit hides for its own sake, as its page does."""
        names = np.array(self.names, dtype=object)[self.name[rows]]
        weak = set(names[self.small[rows]])
        if not weak:
            return
        n = pd.Series(np.where(self.small[rows], 0.0, self.n[rows]), names)
        pays = {name for name, row in zip(names, rows, strict=True)
                if name not in SUMS and (self.sums[row] & self.cells.pays).any()}  # fmt: skip
        gone = hidden_parties(n, weak, pays, set(PUBLIC_PARTIES) & set(names), self.profile)
        self.told[rows] = [name not in gone and SOCIETY not in gone for name in names]

    def protect(self) -> None:
        """Hide until no small sum follows: of all flows, and of the outlays of those who pay.

        First within each unit, smaller ones first, so that what is hidden is near what it protects.
        """
        every = np.ones(len(self.cells.n), dtype=bool)
        sizes = self.units.member.sum(axis=1)
        for around in (*np.argsort(sizes, kind="stable"), None):
            while self._hide_given_away(every, around) or self._hide_given_away(
                self.cells.pays, around
            ):
                pass

    def _hide_given_away(self, used: np.ndarray, around: int | None) -> bool:
        """Hide one number of each combination that gives a small sum away; False if none does.

        Of combinations of numbers of the units in one, if any is named.
        """
        near = np.ones(len(self.node), dtype=bool)
        if around is not None:
            near = (self.units.inside[around] | (np.arange(len(self.units.level)) == around))[
                self.node
            ]
            used = used & self.units.member[around][self.cells.leaf]
        known = self.sums[self.told & self.alone].any(axis=0)
        unknown = used & ~known
        keys = np.flatnonzero(self.told & near & (self.sums & unknown).any(axis=1))
        if not keys.size:
            return False
        # Cells that stand in the same sums only are one unknown.
        rows, place = np.unique(self.sums[np.ix_(keys, unknown)], axis=1, return_inverse=True)
        rows, wanted = rows.astype(float), self._secrets(unknown, place)
        if not len(wanted):
            return False
        _, size, directions = np.linalg.svd(rows, full_matrices=False)
        space = directions[size > NEAR * size[0]]
        apart = np.abs(wanted - wanted @ space.T @ space).max(axis=1)
        given = wanted[apart < NEAR]
        weights = np.linalg.lstsq(rows.T, given.T, rcond=None)[0].T
        self._hide_one_each(weights, keys, used, known)
        return bool(len(given))

    def _hide_one_each(self, weights: np.ndarray, keys: np.ndarray, used, known) -> None:
        """Hide of the numbers that each combination takes the one that costs least."""
        rank = np.empty(len(self.node))
        rank[self._order()] = np.arange(len(self.node))
        full = (self.sums[keys] & used).astype(float)
        own = np.flatnonzero(self.told & self.alone)
        cell_of = self.sums[own].argmax(axis=1)
        for weight in weights:
            listed = (np.abs(weight @ full) > NEAR) & known
            needed = np.concatenate([keys[np.abs(weight) > NEAR], own[listed[cell_of]]])
            if self.told[needed].all():
                self.told[needed[np.argmin(rank[needed])]] = False

    def _secrets(self, unknown: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Unknown parts of sums that are too small, by class of unknown cells.

        They follow if the sum does or the part does.
        """
        last = self.name == len(self.names) - 1
        single = np.eye(len(unknown), dtype=bool)[unknown]
        one = np.zeros((place.max() + 1, len(unknown)), dtype=bool)
        one[place, np.flatnonzero(unknown)] = True
        parts = np.concatenate([
            single, one, self.sums & unknown, self.sums[last] & unknown & ~self.public
        ])  # fmt: skip
        parts = parts[parts.any(axis=1)]
        packed = np.packbits(parts, axis=1)
        names = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
        parts = parts[np.unique(names, return_index=True)[1]]
        held = self.sums[~self.told & self.small] & unknown  # of which two persons hold most
        parts = np.concatenate([parts[self._small(parts)], held[held.any(axis=1)]])
        size = np.bincount(place)
        of_class = np.zeros((len(parts), len(size)))
        np.add.at(of_class.T, place, parts[:, unknown].T.astype(float))
        of_class /= size
        return of_class[((of_class == 0) | (of_class == 1)).all(axis=1)]

    def _order(self) -> np.ndarray:
        """The numbers to hide first: of municipalities, beside hidden ones, of few.

        Before all others the sums of a municipality that shows nothing else.
        """
        is_sum = self.name >= len(self.names) - 2
        gone = ~self.told & ~is_sum
        beside = np.bincount(self.node, gone, len(self.units.level))[self.node] == 0
        elsewhere = np.bincount(self.name, gone, len(self.names))[self.name] == 0
        is_large = self.units.member.sum(axis=1)[self.node] > 1
        last = self.name == len(self.names) - 1
        size = np.bincount(self.node[last], self.n[last], len(self.units.level))[self.node]
        shows = np.bincount(self.node, self.told & ~is_sum, len(self.units.level))[self.node] > 0
        is_sum &= shows | is_large
        return np.lexsort((
            self.name, self.node, self.n, size, beside.astype(int) + elsewhere, is_sum, is_large
        ))  # fmt: skip
