"""Which rows of grids and of summaries of sequences are hidden.

A grid shows one number many times over: under several definitions, for every state. What one cell
hides must not follow from its neighbours.
"""

import numpy as np
import pandas as pd

from evalkit.release.addresses import arms_of, family, part
from evalkit.release.curves import MONTH_PRIORITY
from evalkit.release.hierarchy import Hierarchy
from evalkit.release.profiles import Profile
from evalkit.release.rows import Decision, weak_support
from evalkit.release.tables import protect_table


def by_definition(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide cells on too few, and cells whose difference to a shown one tells of too few.

    Exits of six months are among those of three, and those by month 12 among those by month 24: of
    two such cells of an arm, the difference in exits is a number of persons of its own. So it is of
    two definitions one of which is stricter, and the door does not know which are.
    """
    cause = str(result.summary["cause"])
    weak = weak_support(result, profile)
    is_arm = (frame["scale"] == "arm").to_numpy()
    arms = frame["term"][is_arm].drop_duplicates().tolist()
    planned = np.array(
        [
            profile.hides("exits", term, horizon, cause)
            for term, horizon in zip(frame["term"], frame["horizon"], strict=True)
        ],
        dtype=bool,
    )
    secondary = np.zeros(len(frame), dtype=bool)
    cells = frame[is_arm].assign(n_event=result.support["k"][is_arm].astype(float))
    for _, rows in cells.groupby("term", sort=False):
        at = rows.index.to_numpy()
        allowed = ~(weak | planned)[at]
        secondary[at] = allowed & ~_open_cells(rows, allowed, profile)
    cell = ["definition", "sustained_months", "horizon"]
    address = [
        (result.provenance.function, term, f"{definition}-{part(length)}", horizon)
        for definition, length, horizon, term in frame[[*cell, "term"]].itertuples(index=False)
    ]
    hidden = (weak, secondary, planned)
    return _with_comparisons(frame, cell, is_arm, arms, address, hidden)


def by_state_months(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide months in a state in which too few ever were, and one more state: they add up."""
    name, horizon = family(result.provenance.function), result.summary["horizon"]
    is_arm = (frame["scale"] == "arm").to_numpy()
    arms = frame["term"][is_arm].drop_duplicates().tolist()
    primary = profile.too_few(result.support["n"])
    ever = result.support["k"].astype(float)
    primary |= is_arm & profile.fails(np.where(is_arm, ever, np.inf))
    planned = np.array(
        [
            profile.hides(name, term, horizon, state)
            for term, state in zip(frame["term"], frame["state"], strict=True)
        ],
        dtype=bool,
    )
    secondary = np.zeros(len(frame), dtype=bool)
    for _, rows in frame[is_arm].groupby("term", sort=False):
        at = rows.index.to_numpy()
        closed = (primary | planned)[at]
        secondary[at] = ~closed & ~_summing(ever[at], closed, rows["state"], profile)
    address = [
        (name, term, horizon, state)
        for term, state in zip(frame["term"], frame["state"], strict=True)
    ]
    hidden = (primary, secondary, planned)
    return _with_comparisons(frame, ["state"], is_arm, arms, address, hidden)


def by_sequence(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide states, moves and sequences of too few, one more of each sum, and telling entropies."""
    name = family(result.provenance.function)
    n, least = result.support["n"].astype(float), result.support["k"].astype(float)
    is_sequence = (frame["quantity"] == "sequence").to_numpy()
    primary = profile.too_few(n) | profile.fails(least)
    # A sequence that all have tells of everybody; a state that all were in is no secret.
    primary |= is_sequence & profile.fails(n - least)
    addresses = list(
        zip([name] * len(frame), frame["stratum"], frame["quantity"], frame["item"], strict=True)
    )
    planned = np.array([profile.hides(*address) for address in addresses], dtype=bool)
    secondary = np.zeros(len(frame), dtype=bool)
    origin = frame["item"].where(frame["quantity"] == "transition", "").str.split(" > ").str[0]
    sums = frame[(frame["quantity"] != "entropy").to_numpy()]
    for _, rows in sums.groupby(["stratum", "quantity", origin], sort=False):
        at = rows.index.to_numpy()
        closed = (primary | planned)[at]
        secondary[at] = ~closed & ~_summing(least[at], closed, rows["item"], profile)
    decision = Decision(
        ["/".join(map(part, address)) for address in addresses], primary, secondary, planned
    )
    # An entropy tells the counts of a month, so it is shown where counts of states are.
    is_tick = frame["time"].isin(profile.ticks)
    decision.keep = ((frame["quantity"] != "entropy") | is_tick).to_numpy()
    decision.rounded = ("n", "n_with")
    return decision


def _open_cells(rows: pd.DataFrame, allowed: np.ndarray, profile: Profile) -> np.ndarray:
    """Cells of one arm that can be shown together: ticks, first definitions, long runs first."""
    horizon, length, count = (
        rows[name].to_numpy(dtype=float) for name in ("horizon", "sustained_months", "n_event")
    )
    rank = {at: number for number, at in enumerate(MONTH_PRIORITY)}
    tick = [rank.get(at, len(rank)) for at in horizon]
    definition = pd.factorize(rows["definition"])[0]
    shown = np.zeros(len(rows), dtype=bool)
    for cell in np.lexsort((-length, definition, horizon, tick)):
        inside = (length >= length[cell]) & (horizon <= horizon[cell])
        around = (length <= length[cell]) & (horizon >= horizon[cell])
        told = shown & (inside | around)
        small = profile.fails(np.abs(count[told] - count[cell]))
        shown[cell] = allowed[cell] and not np.any(small)
    return shown


def _summing(
    count: np.ndarray, closed: np.ndarray, name: pd.Series, profile: Profile
) -> np.ndarray:
    """Which cells with a known sum may be shown, so that what is left for the hidden ones is safe.

    The counts are of persons behind each cell; one person can be behind several.
    """
    _, shown = protect_table(
        count[None, :], Hierarchy.single(), fails=profile.fails, allowed=~closed[None, :],
        keep=name.isin(profile.keep).to_numpy(),
    )  # fmt: skip
    return shown[0]


def _with_comparisons(frame, cell: list[str], is_arm, arms, address, hidden) -> Decision:
    """Hide differences and ratios that rest on a hidden arm of their cell."""
    key = frame[cell].astype(str).agg("/".join, axis=1)
    rests_on = [arms_of(term, arms) for term in frame["term"]]
    spread = []
    for mask in hidden:
        gone = set(zip(key[is_arm & mask], frame["term"][is_arm & mask], strict=True))
        told = [
            any((at, arm) in gone for arm in used) for at, used in zip(key, rests_on, strict=True)
        ]
        spread.append(mask | np.array(told, dtype=bool))
    primary, secondary, planned = spread
    decision = Decision(
        ["/".join(map(part, one)) for one in address], primary,
        secondary & ~primary & ~planned, planned,
    )  # fmt: skip
    decision.texts = ("reason",)
    return decision
