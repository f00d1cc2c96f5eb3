"""Which parties of a table of money are hidden, so that none follows from a sum."""

import pandas as pd

from evalkit.codes import PUBLIC_PARTIES
from evalkit.release.profiles import Profile

SOCIETY, PUBLIC = "society", "public"
SUMS = (PUBLIC, SOCIETY)


def hidden_parties(
    n: pd.Series, hidden: set[str], pays: set[str], public: set[str], profile: Profile
) -> set[str]:
    """Parties and sums to hide, so that none of the hidden follows from the shown.

    Parameters
    ----------
    n : Series of float
        Persons behind each party and sum.
    hidden : set of str
        Those to be hidden for their own or another unit's sake.
    pays, public : set of str
        Parties that pay for interventions; parties whose sum is `public`.

    Returns
    -------
    set of str
        With the given ones.

    Notes
    -----
    A sum less its shown parties is the sum of the hidden ones. Two can rest on the same persons, so
    one of them must be large enough alone. Where no other party is left, the public sum goes, and
    society's where it is a single party's.
    """
    usual = _of_one_sum(n, set(hidden), pays, set(PUBLIC_PARTIES), profile)
    return _of_one_sum(n, usual, pays, public, profile)


def _of_one_sum(
    n: pd.Series, gone: set[str], pays: set[str], public: set[str], profile: Profile
) -> set[str]:
    if SOCIETY in gone:
        return set(n.index)
    gone = set(gone)
    leaves = [party for party in n.index if party not in SUMS]
    if public & set(leaves) and PUBLIC not in gone:
        groups = [[p for p in leaves if p in public], [p for p in leaves if p not in public]]
        if not all(_cover(n, group, gone, pays, profile) for group in groups):
            gone.add(PUBLIC)
    if not _cover(n, leaves, gone, pays, profile) and len(leaves) == 1:
        return set(n.index)
    return gone


def _cover(n: pd.Series, group: list[str], gone: set[str], pays: set[str], profile) -> bool:
    """Hide the smallest large enough party of a group besides; false where there is none."""
    away = [party for party in group if party in gone]
    if not away or (len(away) > 1 and not profile.too_few(n[away]).all()):
        return True
    left = [party for party in group if party not in gone]
    if not left:
        return False
    no_cover = bool(pays & set(away))
    gone.add(min(left, key=lambda party: (no_cover and party not in pays, n[party], party)))
    return True
