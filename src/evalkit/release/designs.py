"""Which rows of design results are hidden: bounds of trends, effects by joining and by wave."""

import numpy as np
import pandas as pd

from evalkit.release.addresses import family, part
from evalkit.release.profiles import Profile
from evalkit.release.rows import Decision, decision_of, weak_support


def by_limit(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide bounds that rest on too few persons; all limits rest on the same ones."""
    name = result.provenance.function
    addresses = [
        (name, restriction, part(limit))
        for restriction, limit in zip(frame["restriction"], frame["limit"], strict=True)
    ]
    decision = decision_of(addresses, weak_support(result, profile), profile)
    decision.texts = ("reason",)
    return decision


def by_joining(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide effects on too few who joined or were compared, and all means that rest on a hidden one.

    Several means of the same hidden cells are several equations for them, which can be solved
    although each alone would tell nothing. So the simple mean alone is shown beside hidden cells:
    where they are of two groups at least, large enough together.
    """
    name = family(result.provenance.function)
    keys = zip(frame["joined"], frame["wave"], frame["aggregation"], strict=True)
    addresses = [(name, part(joined), part(wave), kind) for joined, wave, kind in keys]
    primary = weak_support(result, profile) | profile.too_few(frame["n"])
    decision = decision_of(addresses, primary, profile)
    is_cell = (frame["aggregation"] == "group_time").to_numpy()
    cells = frame[is_cell].assign(_hidden=decision.suppressed[is_cell])
    for row in np.flatnonzero(~is_cell & ~decision.suppressed):
        hidden = _hidden_cells(frame.iloc[row], cells)
        sizes = hidden.groupby("joined")["n"].max()
        covered = len(sizes) > 1 and not profile.too_few(sizes.sum())
        is_simple = frame["aggregation"].iloc[row] == "simple"
        decision.secondary[row] = len(hidden) > 0 and not (is_simple and covered)
    decision.rounded = ("n",)
    decision.texts = ("reason",)
    return decision


def _hidden_cells(row: pd.Series, cells: pd.DataFrame) -> pd.DataFrame:
    """Hidden cells that are part of a mean."""
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
    return cells[part_of]
