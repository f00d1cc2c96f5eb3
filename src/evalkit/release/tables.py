"""Which cells of tables that add up may be shown: over categories, and over units.

A table of counts adds up twice: over its categories to the number of persons, and over
municipalities to federations and the nation. A hidden cell follows from the shown ones exactly
when it is a bridge of the graph whose vertices are the sums and whose edges are the cells.
"""

from collections.abc import Callable

import numpy as np

from evalkit.release.hierarchy import Hierarchy

Fails = Callable[[object], np.ndarray]
FREE = ("free",)


def protect_blocks(
    counts: np.ndarray, hierarchy: Hierarchy, *, fails: Fails, allowed: np.ndarray | None = None
) -> np.ndarray:
    """Choose the units that may show a block of counts, all of it or nothing.

    Parameters
    ----------
    counts : ndarray, shape (n_leaf, n_cell)
        Counts of each municipality; the first is the number of persons.
    allowed : ndarray of bool, shape (n_node,), optional

    Returns
    -------
    ndarray of bool, shape (n_node,)
        While the municipalities hidden under a shown unit have a sum that is too small, the
        smallest further unit is hidden; where none is left, the shown unit itself.
    """
    totals = hierarchy.member @ counts
    shown = ~fails(totals).any(axis=1)
    if allowed is not None:
        shown &= allowed
    while True:
        owner = hierarchy.owner(shown)
        bad = _owners_below(counts, owner, len(shown), fails)
        if not bad.size:
            return shown
        shown[hierarchy.next_to_hide(bad[0], shown, totals[:, 0])] = False


def _owners_below(counts, owner, n_node, fails) -> np.ndarray:
    held = owner >= 0
    total = np.zeros((n_node, counts.shape[1]))
    np.add.at(total, owner[held], counts[held])
    return np.flatnonzero(fails(total).any(axis=1) & np.isin(np.arange(n_node), owner[held]))


def protect_table(
    counts: np.ndarray,
    hierarchy: Hierarchy,
    *,
    fails: Fails,
    keep: np.ndarray | None = None,
    allowed: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Choose the cells that each unit may show of counts over categories.

    Parameters
    ----------
    counts : ndarray, shape (n_leaf, n_category)
        Counts; their sum over categories is the number of persons and is shown too.
    keep : ndarray of bool, shape (n_category,), optional
        Categories that are hidden as the last to protect others.
    allowed : ndarray of bool, shape (n_node, n_category), optional

    Returns
    -------
    base : ndarray of bool, shape (n_node,)
        Units that may show their number of persons; the others show nothing.
    shown : ndarray of bool, shape (n_node, n_category)

    Notes
    -----
    Vertices are the known numbers of persons (rows) and the known sums over municipalities for
    one category (columns); a cell is an edge between its two. Tables with the same sums differ by
    circulations, so a cell, or the sum of parallel cells, is determined exactly if it lies on no
    cycle. Sums that are not known meet in one free vertex.
    """
    n_person = counts.sum(axis=1, keepdims=True)
    base = protect_blocks(n_person, hierarchy, fails=fails)
    totals = hierarchy.member @ counts
    size = totals.sum(axis=1, keepdims=True)
    shown = base[:, None] & ~fails(totals) & ~fails(size - totals)
    if allowed is not None:
        shown &= allowed
    if len(base) == 1 and shown.all():
        return base, shown  # one unit that shows everything leaves nothing to be worked out
    order = np.zeros(counts.shape[1]) if keep is None else np.asarray(keep, dtype=float)
    table = _Table(counts, totals, hierarchy, base, shown, order, fails)
    while table.hide_more():
        pass
    return base, shown


class _Table:
    """The working state of `protect_table`: what is shown so far."""

    def __init__(self, counts, totals, hierarchy, base, shown, order, fails):
        self.counts, self.totals, self.hierarchy = counts, totals, hierarchy
        self.base, self.shown, self.order, self.fails = base, shown, order, fails
        self.row_owner = hierarchy.owner(base)
        self.levels = [None, *dict.fromkeys(hierarchy.level)]

    def hide_more(self) -> bool:
        """Hide cells that would give small ones away; False if there are none."""
        owners = np.array([self.hierarchy.owner(column) for column in self.shown.T])
        # What one unit shows is its own counts, none of which failed to begin with.
        categories = range(len(owners)) if len(self.base) > 1 else ()
        found = [
            (owner, category)
            for category in categories
            for owner in _owners_below(
                self._cells_with_complement(category), owners[category], len(self.base), self.fails
            )
        ]
        for owner, category in found:
            self._hide_unit(owner, category)
        if found:
            return True
        for level in self.levels:
            edges = self._small_bridges(owners, level)
            if edges:
                self._close_cycles(edges)
                return True
        return False

    def _close_cycles(self, edges: list[tuple]) -> None:
        """Treat bridges one by one, each unit and each sum once before looking again."""
        touched: set = set()
        for row, column in edges:
            ends = {row, column} - {FREE}
            if not ends & touched:
                self._close_cycle(row, column)
                touched |= ends

    def _cells_with_complement(self, category: int) -> np.ndarray:
        count = self.counts[:, category]
        return np.column_stack([count, self.counts.sum(axis=1) - count])

    def _hide_unit(self, owner: int, category: int) -> None:
        node = self.hierarchy.next_to_hide(owner, self.shown[:, category], self.totals[:, category])
        self.shown[node, category] = False

    def _small_bridges(self, owners: np.ndarray, level: str | None) -> list[tuple]:
        """Determined cells that are too small, as row and column vertices, smallest first.

        Without a level the cells of municipalities are looked at; with one, what is left of the
        cells of its units, where the sums inside a unit are merged into one.
        """
        n_node, n_category = len(self.base), len(owners)
        row = np.broadcast_to(self._merged(self.row_owner, level), owners.shape)
        column = np.array([self._merged(owner, level) for owner in owners])
        category = np.broadcast_to(np.arange(n_category)[:, None], owners.shape)
        told = (row >= 0) | (column >= 0)
        place = np.where(column >= 0, column * n_category + category + 1, 0)
        code = ((row + 1) * (n_node * n_category + 1) + place)[told]
        edge, cell = np.unique(code, return_inverse=True)
        total = np.bincount(cell, self.counts.T[told], minlength=len(edge))
        small = self.fails(total)
        if not small.any():
            return []
        rows, places = np.divmod(edge, n_node * n_category + 1)
        ends = [
            (
                ("row", at - 1) if at else FREE,
                ("column", *divmod(where - 1, n_category)) if where else FREE,
            )
            for at, where in zip(rows.tolist(), places.tolist(), strict=True)
        ]
        size = dict(zip(ends, total.tolist(), strict=True))
        tiny = {pair for pair, few in zip(ends, small, strict=True) if few}
        found = [pair for pair in bridges(ends) if pair in tiny]
        return sorted(found, key=lambda pair: (size[pair], ends.index(pair)))

    def _merged(self, owner: np.ndarray, level: str | None) -> np.ndarray:
        """Owners, those inside a unit of the level replaced by that unit."""
        merged = owner.copy()
        if level is None:
            return merged
        inside, member = self.hierarchy.inside, self.hierarchy.member
        for node in np.flatnonzero(np.array(self.hierarchy.level) == level):
            leaves = member[node] & (owner >= 0)
            leaves[leaves] = inside[node, owner[leaves]]
            merged[leaves] = node
        return merged

    def _close_cycle(self, row, column) -> None:
        """Hide one more cell, or a pair, so that a small cell comes to lie on a cycle."""
        unit = row[1] if row != FREE else column[1]
        if FREE in (row, column):
            if not self._hide_category([unit]):
                self._hide_above(unit)
            return
        owner, category = column[1], column[2]
        units = self._around(unit, owner, category)
        if not units or not self._hide_category(units):
            self._hide_unit(owner, category)

    def _around(self, unit: int, owner: int, category: int) -> list[int]:
        """A unit, those around it up to the first with another such cell, and that other one.

        Such a cell is hidden and part of the sum of `owner` for this category.
        """
        inside, member = self.hierarchy.inside, self.hierarchy.member
        summed = self.hierarchy.owner(self.shown[:, category]) == owner
        hidden = self.base & ~self.shown[:, category] & (member & summed).any(axis=1)
        hidden &= ~inside[unit] & ~inside[:, unit]
        hidden[unit] = False
        chain = [unit]
        for container in np.flatnonzero(inside[: owner + 1, unit]):
            peers = np.flatnonzero(hidden & inside[container])
            if peers.size:
                outermost = peers[~inside[np.ix_(peers, peers)].any(axis=0)]
                size = self.totals[outermost].sum(axis=1)
                return [*chain, int(outermost[np.argmin(size)])]
            chain.append(int(container))
        return []

    def _hide_above(self, unit: int) -> None:
        """Hide the smallest cell that a unit around this one still shows."""
        member = self.hierarchy.member
        around = (member & member[unit]).any(axis=1)[:, None] & self.shown
        node, category = min(np.argwhere(around), key=lambda at: self.totals[tuple(at)])
        self.shown[node, category] = False

    def _hide_category(self, units: list[int]) -> bool:
        """Hide the smallest category that one of these units still shows, in all of them."""
        left = np.flatnonzero(self.shown[units].any(axis=0))
        if not left.size:
            return False
        size = self.totals[units].sum(axis=0)
        chosen = min(left, key=lambda category: (self.order[category], size[category], category))
        self.shown[units, chosen] = False
        return True


def bridges(edges: list[tuple]) -> list[tuple]:
    """Edges of a simple graph that lie on no cycle.

    Examples
    --------
    >>> bridges([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")])
    [('c', 'd')]
    """
    neighbours: dict = {}
    for number, (first, second) in enumerate(edges):
        neighbours.setdefault(first, []).append((second, number))
        neighbours.setdefault(second, []).append((first, number))
    entered: dict = {}
    lowest: dict = {}
    found = []
    for root in neighbours:
        if root in entered:
            continue
        entered[root] = lowest[root] = len(entered)
        stack = [(root, None, iter(neighbours[root]))]
        while stack:
            vertex, arrived, rest = stack[-1]
            step = next(rest, None)
            if step is None:
                stack.pop()
                if stack:
                    parent = stack[-1][0]
                    lowest[parent] = min(lowest[parent], lowest[vertex])
                    if lowest[vertex] > entered[parent]:
                        found.append(arrived)
                continue
            target, number = step
            if number == arrived:
                continue
            if target in entered:
                lowest[vertex] = min(lowest[vertex], entered[target])
            else:
                entered[target] = lowest[target] = len(entered)
                stack.append((target, number, iter(neighbours[target])))
    return [edges[number] for number in sorted(found)]
