"""Summaries of effects by group and wave, with what estimating their weights costs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evalkit.panel.group_time import Cell, Table


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Summary:
    """One number made of several cells.

    Attributes
    ----------
    aggregation : str
    joined, wave : float
        NaN where the number is about all.
    estimate : float
    influence : ndarray of float, shape (n,)
    groups : frozenset of float
        Who joined when.
    n_missing : int
        Cells that could not be estimated and are left out.
    """

    aggregation: str
    joined: float
    wave: float
    estimate: float
    influence: np.ndarray
    groups: frozenset
    n_missing: int


def summaries(cells: list[Cell], table: Table) -> Iterator[Summary]:
    """The simple mean, then means by group, by waves since joining and by wave."""
    after = [cell for cell in cells if cell.wave >= cell.joined]
    waves = sorted({cell.wave for cell in after})
    groups = sorted({cell.joined for cell in after})
    sizes = _Sizes(table)
    if after:
        yield sizes.mean("simple", np.nan, np.nan, after)
    by_group = [
        sizes.mean("group", joined, np.nan, [c for c in after if c.joined == joined])
        for joined in groups
    ]
    yield from by_group
    yield from sizes.over_groups(by_group)
    steps = sorted({cell.wave - cell.joined for cell in cells})
    dynamic = [
        sizes.mean("dynamic", np.nan, step, [c for c in cells if c.wave - c.joined == step])
        for step in steps
    ]
    yield from dynamic
    yield from _plain_mean("dynamic mean", [part for part in dynamic if part.wave >= 0])
    calendar = [
        sizes.mean("calendar", np.nan, wave, [c for c in after if c.wave == wave]) for wave in waves
    ]
    yield from calendar
    yield from _plain_mean("calendar mean", calendar)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Sizes:
    """Weights by the share of persons who joined at each wave."""

    table: Table

    def mean(self, aggregation: str, joined: float, wave: float, cells: list[Cell]) -> Summary:
        """Mean of cells by the size of their groups."""
        known = [cell for cell in cells if not np.isnan(cell.estimate)]
        groups = frozenset(cell.joined for cell in known)
        missing = len(cells) - len(known)
        if not known:
            empty = np.zeros(len(self.table.joined))
            return Summary(aggregation, joined, wave, np.nan, empty, groups, missing)
        estimate, influence = self._weighted(
            np.array([cell.joined for cell in known]),
            np.array([cell.estimate for cell in known]),
            np.column_stack([cell.influence for cell in known]),
        )
        return Summary(aggregation, joined, wave, estimate, influence, groups, missing)

    def over_groups(self, parts: list[Summary]) -> Iterator[Summary]:
        """Mean over groups, each with its size."""
        known = [part for part in parts if not np.isnan(part.estimate)]
        if not known:
            return
        estimate, influence = self._weighted(
            np.array([part.joined for part in known]),
            np.array([part.estimate for part in known]),
            np.column_stack([part.influence for part in known]),
        )
        yield Summary(
            "group mean", np.nan, np.nan, estimate, influence,
            frozenset().union(*(part.groups for part in known)), len(parts) - len(known),
        )  # fmt: skip

    def _weighted(self, joined, estimate, influence) -> tuple[float, np.ndarray]:
        member = (self.table.joined[:, None] == joined) * self.table.weight[:, None]
        size = member.mean(axis=0)
        share = size / size.sum()
        # Groups are a sample of persons too, so that their shares are estimated.
        of_shares = (member - size) / size.sum()
        of_shares = of_shares - of_shares.sum(axis=1, keepdims=True) * share
        return float(share @ estimate), influence @ share + of_shares @ estimate


def _plain_mean(name: str, parts: list[Summary]) -> Iterator[Summary]:
    known = [part for part in parts if not np.isnan(part.estimate)]
    if known:
        yield Summary(
            name, np.nan, np.nan, float(np.mean([part.estimate for part in known])),
            np.mean([part.influence for part in known], axis=0),
            frozenset().union(*(part.groups for part in known)), len(parts) - len(known),
        )  # fmt: skip
