"""Person-time as a table of cells, one a covariate pattern and period.

A row of the sample at risk in a period adds its amount (a person at risk, or the time spent there)
and its event to the cell of its pattern. Equal rows are joined first, and cells are made in blocks,
so that memory does not grow with rows times periods.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

CELLS = 100_000  # of a block: its arrays stay in the processor's cache
KEPT = 2_000_000  # cells that are kept between steps, if there are no more

Amounts = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(slots=True, eq=False, repr=False)
class PersonTime:
    """Rows of a sample, sorted by covariate pattern.

    Attributes
    ----------
    values : ndarray of float, shape (n_pattern, p)
    first : ndarray of int, shape (n_pattern + 1,)
        Pattern j has the rows `first[j]` to `first[j + 1] - 1`.
    entry, exit, weight : ndarray of float, shape (n_row,)
    event : ndarray of bool, shape (n_row,)
    amounts : callable
        Of entry, exit and event of some rows: their amounts, and which period the event is in, each
        (n, n_period), events as 0 and 1.
    n_period : int
    """

    values: np.ndarray
    first: np.ndarray
    entry: np.ndarray
    exit: np.ndarray
    event: np.ndarray
    weight: np.ndarray
    amounts: Amounts
    n_period: int
    kept: list = field(default_factory=list)

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, slice]]:
        """Covariates (b, p), amounts and events (b, n_period) of some patterns, and which."""
        if self.kept:
            yield from self.kept
            return
        is_small = len(self.values) * self.n_period <= KEPT
        low = 0
        while low < len(self.values):
            last_row = self.first[low] + max(CELLS // self.n_period, 1)
            high = max(low + 1, int(np.searchsorted(self.first, last_row, side="right")) - 1)
            block = (self.values[low:high], *self._cells(low, high), slice(low, high))
            if is_small:
                self.kept.append(block)
            yield block
            low = high

    def _cells(self, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
        rows = slice(self.first[low], self.first[high])
        amount, event = self.amounts(self.entry[rows], self.exit[rows], self.event[rows])
        weight, starts = self.weight[rows, None], self.first[low:high] - self.first[low]
        return (
            np.add.reduceat(amount * weight, starts, axis=0),
            np.add.reduceat(event * weight, starts, axis=0),
        )


def person_time(
    values: np.ndarray,
    entry: np.ndarray,
    exit_: np.ndarray,
    event: np.ndarray,
    weight: np.ndarray,
    *,
    amounts: Amounts,
    n_period: int,
    joined: bool = True,
) -> PersonTime:
    """Sort rows by covariate pattern; with `joined`, equal rows become one of their summed weight.

    Without `joined` every row is a pattern of its own, in the order given.
    """
    n = len(values)
    if not joined:
        return PersonTime(
            values, np.arange(n + 1), entry, exit_, event, weight, amounts, n_period
        )  # fmt: skip
    pattern = _codes(list(values.T), n)
    cell = _codes([entry, exit_, event], n, start=pattern)
    _, representative, inverse = np.unique(cell, return_index=True, return_inverse=True)
    summed = np.bincount(inverse, weight)
    order = np.argsort(pattern[representative], kind="stable")
    rows = representative[order]
    first = np.flatnonzero(np.diff(pattern[rows], prepend=-1))
    return PersonTime(
        values[rows[first]], np.append(first, len(rows)), entry[rows], exit_[rows], event[rows],
        summed[order], amounts, n_period,
    )  # fmt: skip


def _codes(columns: list[np.ndarray], n: int, start: np.ndarray | None = None) -> np.ndarray:
    """Code of each distinct combination of columns."""
    code = np.zeros(n, dtype=np.int64) if start is None else start
    for column in columns:
        added, levels = pd.factorize(column)
        code = pd.factorize(code * len(levels) + added)[0]
    return code
