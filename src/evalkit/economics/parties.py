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


def behind_public(parties: Sequence[str], n: np.ndarray, public: Sequence[str]) -> np.ndarray:
    """Persons behind each party, with those behind the public sum: at least its largest party's."""
    among = public_among(parties, public)
    if not among:
        return np.asarray(n)
    largest = max(n[list(parties).index(party)] for party in among)
    return np.array([*n[:-1], largest, n[-1]])
