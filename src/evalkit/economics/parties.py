"""Perspectives: which parties are public, and sums over them."""

from collections.abc import Sequence

import numpy as np

from evalkit.codes import PUBLIC_PARTIES
from evalkit.economics.entries import ACCOUNTS
from evalkit.errors import EstimationError

SOCIETY, PUBLIC, ALL_KINDS = "society", "public", "all"
__all__ = [
    "ALL_KINDS", "PUBLIC", "PUBLIC_PARTIES", "SOCIETY", "behind_public", "public_among",
    "require_no_sums", "with_public",
]  # fmt: skip


def require_no_sums(parties: Sequence[str]) -> None:
    """Refuse parties that bear the name of a sum.

    Raises
    ------
    EstimationError
        If `society` or `public` is a party.
    """
    for name in (SOCIETY, PUBLIC):
        if name in parties:
            raise EstimationError(f"payer: {name!r} is a sum over parties and cannot be one")


def public_among(parties: Sequence[str], public: Sequence[str]) -> tuple[str, ...]:
    """The parties that are public, in the order of the parties."""
    return tuple(party for party in parties if party in set(public) and party not in ACCOUNTS)


def with_public(
    parties: Sequence[str], values: np.ndarray, public: Sequence[str], axis: int = 0
) -> tuple[tuple[str, ...], np.ndarray]:
    """Put the sum over the public parties before society, which is last, along an axis.

    Where no party is public there is no such sum.
    """
    among = public_among(parties, public)
    if not among:
        return tuple(parties), values
    rows = [list(parties).index(party) for party in among]
    total = np.take(values, rows, axis=axis).sum(axis=axis, keepdims=True)
    before, last = np.split(values, [len(parties) - 1], axis=axis)
    return (
        (*parties[:-1], PUBLIC, parties[-1]),
        np.concatenate([before, total, last], axis=axis),
    )


def behind_public(flows: Flows, public: Sequence[str]) -> dict[str, np.ndarray]:
    """Support of the parties, and of the public sum before society.

    Behind the sum are at least those behind its largest party. Whether two persons hold most of it
    is told by its parties: where they do, they do in one of these.
    """
    among = public_among(flows.parties, public)
    every = {"n": flows.n_behind, **flows.largest}
    if not among:
        return every
    rows = [list(flows.parties).index(party) for party in among]
    first, second, gross = (every[name][rows] for name in LARGEST)
    worst = rows[int(shares_of_two(first, second, gross).argmax())]
    n_sum = flows.n_behind_sum([rows])[0]
    return {
        name: np.array([*values[:-1], n_sum if name == "n" else values[worst], values[-1]])
        for name, values in every.items()
    }
