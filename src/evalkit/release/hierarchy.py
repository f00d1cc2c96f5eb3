"""Municipalities in federations in a nation: who adds up to whom."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evalkit.errors import ParameterError

ROOTS = ("national", "study")


@dataclass(frozen=True, slots=True, eq=False)
class Hierarchy:
    """Published units (nodes) over municipalities (leaves); smaller levels first.

    Attributes
    ----------
    leaves : tuple of str
        Codes of the municipalities.
    level, code : tuple of str, one entry a node
    member : ndarray of bool, shape (n_node, n_leaf)
        Which municipalities make up a unit. Units of one level do not overlap, and each lies
        inside one unit of the next level or in none.
    inside : ndarray of bool, shape (n_node, n_node)
        `inside[a, b]`: the unit b comes before a and lies in it.
    """

    leaves: tuple[str, ...]
    level: tuple[str, ...]
    code: tuple[str, ...]
    member: np.ndarray
    inside: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        counted = self.member.astype(np.int64)
        shared, size = counted @ counted.T, counted.sum(axis=1)
        inside = (shared == size[None, :]) & (size[None, :] > 0)
        object.__setattr__(self, "inside", np.tril(inside, k=-1))

    @classmethod
    def single(cls) -> "Hierarchy":
        """One unit that belongs to nothing: a table on its own."""
        return cls(("",), ("",), ("",), np.ones((1, 1), dtype=bool))

    @classmethod
    def from_areas(cls, areas: pd.DataFrame, levels: Sequence[str]) -> "Hierarchy":
        """Build from one row a municipality, with a column for each level but the root.

        Raises
        ------
        ParameterError
            If a column is missing, a municipality is repeated, or a unit of one level lies in two
            of the next.
        """
        needed = ["municipality", *(name for name in levels if name not in ROOTS)]
        missing = sorted({name for name in needed if name not in areas.columns})
        if missing:
            raise ParameterError(f"areas: no column {', '.join(missing)}")
        if areas["municipality"].duplicated().any():
            raise ParameterError("areas: a municipality has more than one row")
        names, codes, rows = [], [], []
        for name in levels:
            column = np.full(len(areas), name) if name in ROOTS else areas[name].to_numpy()
            known = np.array([isinstance(value, str) and value != "" for value in column])
            for code in sorted(set(column[known])):
                names.append(name)
                codes.append(code)
                rows.append(known & (column == code))
        member = np.array(rows, dtype=bool).reshape(len(rows), len(areas))
        made = cls(tuple(areas["municipality"]), tuple(names), tuple(codes), member)
        made._check()
        return made

    def _check(self) -> None:
        overlap = self.member.astype(int) @ self.member.T.astype(int)
        size = self.member.sum(axis=1)
        smaller = np.minimum(size[:, None], size[None, :])
        crossed = np.argwhere((overlap > 0) & (overlap < smaller))
        if crossed.size:
            first, second = (self.level[node] for node in crossed[0])
            raise ParameterError(f"areas: a unit of level {first} lies in two of level {second}")

    def without_twins(self, counted: np.ndarray) -> tuple["Hierarchy", tuple[tuple[int, ...], ...]]:
        """The units of several municipalities that differ, and the nodes that each stands for.

        A country of one county has each of its numbers twice. What one of the two hides the other
        tells, so they are planned as one, under the larger level. Only municipalities that are
        `counted`, (n_leaf,), make a difference.
        """
        twins: dict[object, list[int]] = {}
        for node, own in enumerate(self.member & counted):
            twins.setdefault(own.tobytes() if own.sum() > 1 else node, []).append(node)
        groups = sorted((tuple(nodes) for nodes in twins.values()), key=lambda nodes: nodes[-1])
        kept = [nodes[-1] for nodes in groups]
        level, code = ([names[node] for node in kept] for names in (self.level, self.code))
        made = Hierarchy(self.leaves, tuple(level), tuple(code), self.member[kept])
        return made, tuple(groups)

    def restrict(self, keep: np.ndarray) -> "Hierarchy":
        """The same units over some of the municipalities."""
        leaves = tuple(name for name, kept in zip(self.leaves, keep, strict=True) if kept)
        return Hierarchy(leaves, self.level, self.code, self.member[:, keep])

    def owner(self, shown: np.ndarray) -> np.ndarray:
        """For each leaf, the smallest shown unit that it is in, or -1.

        What the shown units give away by subtraction are exactly the sums over the leaves of one
        owner (and sums of those).
        """
        inside = self.member & shown[:, None]
        return np.where(inside.any(axis=0), inside.argmax(axis=0), -1)

    def next_to_hide(self, owner: int, shown: np.ndarray, size: np.ndarray) -> int:
        """The smallest of the largest shown units inside `owner`; `owner` if there is none."""
        inside = np.flatnonzero(shown & self.inside[owner])
        if not inside.size:
            return owner
        nested = self.inside[np.ix_(inside, inside)].any(axis=0)
        outermost = inside[~nested]
        return int(outermost[np.argmin(size[outermost])])
