"""The within kernel: person and wave effects removed exactly from columns, block by block.

Persons are removed by their means, waves by least squares on their dummies after that, which is
exact for any pattern of answers and needs no iteration. The rows of a person stand together, as
`HealthPanel` sorts them, so that a block of persons fits into a processor's cache and no column of
the panel is copied but into the result.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

BLOCK = 8192  # rows that are swept at once
SAME = 1e-12  # eigenvalues below this share of the largest are waves that others make up
BADLY_LINKED = 1e4  # condition above which the wave effects are improved by another round


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """The rows that are used and the effects to be removed from them.

    Attributes
    ----------
    n : int
        Number of rows used.
    row : ndarray of int, shape (n,), or None
        Their positions in the panel; None if all are used.
    start : ndarray of int, shape (n_person,), or None
        First row used of each person; None if persons have no effects.
    wave : ndarray of int, shape (n,), or None
        Code of the wave, from 0; None if waves have no effects.
    n_wave : int
    weight : ndarray of float, shape (n,), or None
        Case weights; None if all are 1.
    """

    n: int
    row: np.ndarray | None = None
    start: np.ndarray | None = None
    wave: np.ndarray | None = None
    n_wave: int = 0
    weight: np.ndarray | None = None

    @property
    def n_dummy(self) -> int:
        """Dummies of waves: beside persons the first wave has none."""
        return 0 if self.wave is None else self.n_wave - (self.start is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Swept:
    """Columns without the effects, times the root of the weight.

    Attributes
    ----------
    columns : ndarray of float, shape (n, k)
        By columns in memory.
    products : ndarray of float, shape (k, k)
        Their inner products.
    length : ndarray of float, shape (k,)
        Length of each column before anything was removed.
    within_persons : ndarray of float, shape (k,)
        Length of each column when persons, but not waves, have been removed.
    wave_rank : int
        Coefficients that the waves take beside the persons.
    """

    columns: np.ndarray
    products: np.ndarray
    length: np.ndarray
    within_persons: np.ndarray
    wave_rank: int


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Rows of some persons: local codes and sums of weights by person, and the wave dummies."""

    rows: slice
    person: np.ndarray | None
    total: np.ndarray | None
    weight: np.ndarray | None
    wave: np.ndarray | None


def sweep(columns: Sequence[np.ndarray], effects: Effects) -> Swept:
    """Remove person and wave effects from columns of the whole panel, at the rows used."""
    k, n_dummy = len(columns), effects.n_dummy
    swept = np.empty((k, effects.n))
    length, within = np.zeros(k), np.zeros(k)
    inner, outer = np.zeros((n_dummy, n_dummy)), np.zeros((n_dummy, k))
    for block in _blocks(effects):
        values = _read(columns, effects, block.rows)
        length += _squares(values, block.weight)
        _centre(values, block)
        within += _squares(values, block.weight)
        if n_dummy:
            own, with_columns = _with_waves(values, block, effects)
            inner += own
            outer += with_columns
        swept[:, block.rows] = values
    rank = _remove_waves(swept, effects, inner, outer) if n_dummy else 0
    return Swept(
        columns=swept.T,
        products=_weigh(swept, effects),
        length=np.sqrt(length),
        within_persons=np.sqrt(within),
        wave_rank=rank,
    )


def wave_dummies(effects: Effects) -> np.ndarray:
    """Dummies of the waves without the persons and weighted like the columns, (n, n_dummy)."""
    codes = range(effects.n_wave - effects.n_dummy, effects.n_wave)
    dummies = [(effects.wave == code).astype(float) for code in codes]
    persons = Effects(effects.n, start=effects.start, weight=effects.weight)
    return sweep(dummies, persons).columns


def _remove_waves(swept: np.ndarray, effects: Effects, inner: np.ndarray, outer: np.ndarray) -> int:
    """Take the wave effects off centred columns, in place; the rank of the waves."""
    waves, _, rank, values = np.linalg.lstsq(inner, outer, rcond=SAME)
    again = _take_waves_off(swept, effects, waves)
    if rank and values[0] > BADLY_LINKED * values[rank - 1]:
        waves = np.linalg.lstsq(inner, again, rcond=SAME)[0]
        _take_waves_off(swept, effects, waves)
    return int(rank)


def _take_waves_off(swept: np.ndarray, effects: Effects, waves: np.ndarray) -> np.ndarray:
    """Take these effects (n_dummy, k) off; what the dummies still have in common with columns."""
    first = effects.n_wave - effects.n_dummy
    table = np.vstack([np.zeros((first, waves.shape[1])), waves]).T.copy()
    left = np.zeros_like(waves)
    for block in _blocks(effects):
        values = swept[:, block.rows]
        taken = np.take(table, block.wave, axis=1)
        _centre(taken, block)
        values -= taken
        left += _wave_sums(values, block, effects)
    return left


def _with_waves(
    values: np.ndarray, block: _Block, effects: Effects
) -> tuple[np.ndarray, np.ndarray]:
    """Inner products of the centred dummies with each other and with centred columns."""
    n_wave, first = effects.n_wave, effects.n_wave - effects.n_dummy
    own = np.diag(np.bincount(block.wave, block.weight, minlength=n_wave).astype(float))
    if block.person is not None:
        cell = block.person * n_wave + block.wave
        table = np.bincount(cell, block.weight, minlength=len(block.total) * n_wave)
        table = table.reshape(-1, n_wave)
        own -= (table / block.total[:, None]).T @ table
    return own[first:, first:], _wave_sums(values, block, effects)


def _wave_sums(values: np.ndarray, block: _Block, effects: Effects) -> np.ndarray:
    """Sum of centred columns at each wave that has a dummy, (n_dummy, k)."""
    dummies = block.wave == np.arange(effects.n_wave - effects.n_dummy, effects.n_wave)[:, None]
    return (dummies if block.weight is None else dummies * block.weight) @ values.T


def _blocks(effects: Effects) -> Iterator[_Block]:
    """Blocks of rows; the rows of a person are never apart."""
    for rows, persons in _cuts(effects):
        weight = None if effects.weight is None else effects.weight[rows]
        person = total = None
        if effects.start is not None:
            start = effects.start[persons] - rows.start
            size = np.diff(start, append=rows.stop - rows.start)
            person = np.repeat(np.arange(len(size)), size)
            total = size if weight is None else np.bincount(person, weight)
        wave = None if effects.wave is None else effects.wave[rows]
        yield _Block(rows, person, total, weight, wave)


def _cuts(effects: Effects) -> Iterator[tuple[slice, slice]]:
    """Rows and persons of each block."""
    if effects.start is None:
        for low in range(0, effects.n, BLOCK):
            yield slice(low, min(low + BLOCK, effects.n)), slice(0, 0)
        return
    edges = np.searchsorted(effects.start, np.arange(0, effects.n, BLOCK))
    edges = np.append(np.unique(edges[edges < len(effects.start)]), len(effects.start))
    ends = np.append(effects.start[edges[:-1]], effects.n)
    for number in range(len(edges) - 1):
        yield slice(ends[number], ends[number + 1]), slice(edges[number], edges[number + 1])


def _read(columns: Sequence[np.ndarray], effects: Effects, rows: slice) -> np.ndarray:
    values = np.empty((len(columns), rows.stop - rows.start))
    place = rows if effects.row is None else effects.row[rows]
    for number, column in enumerate(columns):
        values[number] = column[place]
    return values


def _squares(values: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    if weight is None:
        return np.einsum("ij,ij->i", values, values)
    return np.einsum("ij,ij,j->i", values, values, weight)


def _centre(values: np.ndarray, block: _Block) -> None:
    """Take the means of persons off each line, in place."""
    if block.person is None:
        return
    n = len(block.total)
    means = np.empty((len(values), n))
    for number, line in enumerate(values):
        weighted = line if block.weight is None else line * block.weight
        means[number] = np.bincount(block.person, weighted, minlength=n)
    means /= block.total
    values -= np.take(means, block.person, axis=1)


def _weigh(swept: np.ndarray, effects: Effects) -> np.ndarray:
    """Multiply by the root of the weights, in place; the inner products of the columns."""
    products = np.zeros((len(swept), len(swept)))
    for low in range(0, effects.n, BLOCK):
        values = swept[:, low : low + BLOCK]
        if effects.weight is not None:
            values *= np.sqrt(effects.weight[low : low + BLOCK])
        products += values @ values.T
    return products
