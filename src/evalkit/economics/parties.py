"""Perspectives: which parties are public, and sums over them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evalkit.codes import PUBLIC_PARTIES
from evalkit.economics.entries import ACCOUNTS
from evalkit.errors import EstimationError

if TYPE_CHECKING:
    from evalkit.economics.flows import Flows

SOCIETY, PUBLIC, ALL_KINDS = "society", "public", "all"
__all__ = [
    "ALL_KINDS", "PUBLIC", "PUBLIC_PARTIES", "SOCIETY", "public_among", "require_no_sums",
    "support_with_public", "with_public",
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


def support_with_public(flows: "Flows", public: Sequence[str]) -> dict[str, np.ndarray]:
    """Support of the parties, of the public sum where there is one, and of society."""
    among = public_among(flows.parties, public)
    return flows.support([[flows.parties.index(party) for party in among]] if among else [])
