"""Which rows of design results are hidden: bounds of trends, effects by joining and by wave."""

import numpy as np
import pandas as pd

from evalkit.release.addresses import block, family, part
from evalkit.release.profiles import Profile
from evalkit.release.rows import Decision, weak_support


def by_limit(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide bounds that rest on too few persons; all limits rest on the same ones."""
    name = result.provenance.function
    addresses = [
        (name, restriction, part(limit))
        for restriction, limit in zip(frame["restriction"], frame["limit"], strict=True)
    ]
    decision = _plain(addresses, weak_support(result, profile), profile)
    decision.texts = ("reason",)
    return decision


def by_joining(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide effects on too few who joined or were compared, and means that would give them away.

    A mean of groups is known beside the groups that are shown; what is hidden in it follows unless
    at least two groups are hidden, large enough together. The mean of one group over waves tells of
    the group itself.
    """
    name = family(result.provenance.function)
    keys = zip(frame["joined"], frame["wave"], frame["aggregation"], strict=True)
    addresses = [(name, part(joined), part(wave), kind) for joined, wave, kind in keys]
    primary = weak_support(result, profile) | profile.too_few(frame["n"])
    decision = _plain(addresses, primary, profile)
    is_cell = (frame["aggregation"] == "group_time").to_numpy()
    cells = frame[is_cell].assign(_hidden=decision.suppressed[is_cell])
    small = cells[cells["_hidden"] & (cells["n"] > 0)].groupby("joined")["n"].max()
    for row in np.flatnonzero(~is_cell & ~decision.suppressed):
        hidden = _hidden_groups(frame.iloc[row], cells)
        known = small.reindex(hidden).fillna(0.0)
        covered = len(known) > 1 and not profile.too_few(known.sum())
        decision.secondary[row] = len(hidden) > 0 and not covered
    decision.rounded = ("n",)
    decision.texts = ("reason",)
    return decision


def _hidden_groups(row: pd.Series, cells: pd.DataFrame) -> list[float]:
    """Groups of which a hidden cell is part of a mean."""
    kind = row["aggregation"]
    part_of = cells["_hidden"] & (cells["n"] > 0)
    if kind == "group":
        part_of &= cells["joined"] == row["joined"]
    if kind == "calendar":
        part_of &= cells["wave"] == row["wave"]
    if kind == "dynamic":
        part_of &= cells["wave"] - cells["joined"] == row["wave"]
    else:
        part_of &= cells["wave"] >= cells["joined"]
    return sorted(cells.loc[part_of, "joined"].unique())


def _plain(addresses: list[tuple], primary: np.ndarray, profile: Profile) -> Decision:
    planned = np.array([profile.hides(*parts) for parts in addresses], dtype=bool)
    none = np.zeros(len(primary), dtype=bool)
    return Decision([block(*parts) for parts in addresses], primary, none, planned)
