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
    order = np.zeros(counts.shape[1]) if keep is None else np.asarray(keep, dtype=float)
    table = _Table(counts, totals, hierarchy, base, shown, order, fails)
    while table.hide_one_more():
        pass
    return base, shown


class _Table:
    """The working state of `protect_table`: what is shown so far."""

    def __init__(self, counts, totals, hierarchy, base, shown, order, fails):
        self.counts, self.totals, self.hierarchy = counts, totals, hierarchy
        self.base, self.shown, self.order, self.fails = base, shown, order, fails
        self.row_owner = hierarchy.owner(base)
        self.levels = [None, *dict.fromkeys(hierarchy.level)]

    def hide_one_more(self) -> bool:
        """Hide a cell that would give a small one away; False if there is none."""
        owners = [self.hierarchy.owner(column) for column in self.shown.T]
        for category, owner in enumerate(owners):
            cells = self._cells_with_complement(category, owner)
            bad = _owners_below(cells, owner, len(self.base), self.fails)
            if bad.size:
                self._hide_unit(bad[0], category)
                return True
        edge = next(filter(None, (self._small_bridge(owners, step) for step in self.levels)), None)
        if edge is None:
            return False
        self._close_cycle(*edge)
        return True

    def _cells_with_complement(self, category: int, owner: np.ndarray) -> np.ndarray:
        count = self.counts[:, category]
        return np.column_stack([count, self.counts.sum(axis=1) - count])

    def _hide_unit(self, owner: int, category: int) -> None:
        node = self.hierarchy.next_to_hide(owner, self.shown[:, category], self.totals[:, category])
        self.shown[node, category] = False

    def _small_bridge(self, owners: list[np.ndarray], level: str | None):
        """A determined cell that is too small, as its row vertex and its column vertex.

        Without a level the cells of municipalities are looked at; with one, what is left of the
        cells of its units, where the sums inside a unit are merged into one.
        """
        rows = self._merged(self.row_owner, level)
        total: dict = {}
        for category, owner in enumerate(owners):
            columns = self._merged(owner, level)
            for leaf, (row, column) in enumerate(zip(rows, columns, strict=True)):
                ends = (
                    ("row", row) if row >= 0 else FREE,
                    ("column", column, category) if column >= 0 else FREE,
                )
                if ends != (FREE, FREE):
                    total[ends] = total.get(ends, 0) + self.counts[leaf, category]
        small = {ends for ends, count in total.items() if self.fails(count)}
        if not small:
            return None
        found = [edge for edge in bridges(list(total)) if edge in small]
        return min(found, key=lambda edge: (total[edge], str(edge)), default=None)

    def _merged(self, owner: np.ndarray, level: str | None) -> list[int]:
        """Owners, those inside a unit of the level replaced by that unit."""
        replaced = owner.tolist()
        if level is None:
            return replaced
        member = self.hierarchy.member
        for node, name in enumerate(self.hierarchy.level):
            if name == level:
                inside = ~(member & ~member[node]).any(axis=1)
                for leaf in np.flatnonzero(member[node]):
                    if owner[leaf] >= 0 and inside[owner[leaf]]:
                        replaced[leaf] = node
        return replaced

    def _close_cycle(self, row, column) -> None:
        """Hide one more cell, or a pair, so that a small cell comes to lie on a cycle."""
        unit = row[1] if row != FREE else column[1]
        if FREE in (row, column):
            if not self._hide_category([unit]):
                self._hide_above(unit)
            return
        owner, category = column[1], column[2]
        partner = self._partner(unit, owner, category)
        if partner is None or not self._hide_category([unit, partner]):
            self._hide_unit(owner, category)

    def _partner(self, unit: int, owner: int, category: int) -> int | None:
        """The smallest other unit under `owner` whose cell in this category is hidden too."""
        member = self.hierarchy.member
        others = [
            node
            for node in range(owner)
            if node != unit
            and self.base[node]
            and not self.shown[node, category]
            and (member[node] & member[owner]).any()
        ]
        return min(others, key=lambda node: (self.totals[node].sum(), node), default=None)

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
