"""Effects of terms over time on a coarse grid: all terms rest on the same exits."""

import numpy as np
import pandas as pd

from evalkit.release.addresses import block, family
from evalkit.release.curves import (
    OTHER_UNIT,
    candidate_times,
    essential_times,
    important_first,
    read_grid,
    since_last,
)
from evalkit.release.profiles import Profile
from evalkit.release.rows import FEW, INTERCEPT
from evalkit.release.sequences import open_points

SMOOTH = "log hazard ratio"  # values at their times only; between them nothing holds


def release_effects(result, profile: Profile) -> tuple[pd.DataFrame, list]:
    """Show effects at ticks before which, since the last one, enough persons exited.

    For a term with two groups, enough in either. The intercept is the level of one group, and with
    a term that of the other: it is shown where all terms are.

    Returns
    -------
    rows : DataFrame
        The tidy columns and `suppressed`, for each term and tick.
    log : list of (rule, address, reason)
    """
    unit = str(result.summary["time_unit"])
    frame = result.tidy().assign(
        _n=result.support["n"], _k=result.support["k"], _complement=result.support["complement"]
    )
    first = frame[frame["term"] == frame["term"].iloc[0]].sort_values("time")
    grid = read_grid(first, float(result.summary["n_person"]), _ticks(first, result, profile, unit))
    shown = _shown(grid, profile, unit)
    name = family(result.provenance.function)
    drafts = {}
    for term, rows in frame.groupby("term", sort=False):
        rows = rows.sort_values("time")
        planned = np.array([profile.hides(name, term, at) for at in grid.time], dtype=bool)
        is_open = shown & _enough_on_both_sides(rows, grid, profile, unit)
        drafts[term] = rows, is_open, planned
    if INTERCEPT in drafts:
        rows, _, planned = drafts[INTERCEPT]
        all_open = np.all([is_open & ~plan for _, is_open, plan in drafts.values()], axis=0)
        drafts[INTERCEPT] = rows, all_open, planned
    parts, log = [], []
    for term, (rows, is_open, planned) in drafts.items():
        hidden = ~is_open | planned
        part = rows.iloc[grid.row].assign(
            time=grid.time, n_at_risk=profile.round_count(grid.at_risk),
            n_event=since_last(grid.n_event, ~hidden), suppressed=hidden,
        )  # fmt: skip
        parts.append(part)
        log += [
            ("planned" if plan else "primary", block(name, term, at), _reason(plan, profile))
            for at, hide, plan in zip(grid.time, hidden, planned, strict=True)
            if hide
        ]
    return pd.concat(parts, ignore_index=True).drop(columns=["_n", "_k", "_complement"]), log


def exits_told(_, frame: pd.DataFrame) -> float:
    """Exits by the last shown time of a released table."""
    return float(frame.groupby("term")["n_event"].sum().max())


def _enough_on_both_sides(rows: pd.DataFrame, grid, profile: Profile, unit: str) -> np.ndarray:
    """Ticks at which neither group of a term has too few exits since the last; all for a number."""
    enough = np.full(len(grid.time), not profile.too_few(rows["_n"]).any())
    for side in ("_k", "_complement"):
        if rows[side].notna().any():
            exits = np.cumsum(np.nan_to_num(rows[side].to_numpy(dtype=float)))[grid.row]
            order = important_first(grid.time, unit)
            enough &= open_points(exits, order, fails=profile.fails, allowed=enough)
    return enough


def _ticks(first: pd.DataFrame, result, profile: Profile, unit: str) -> np.ndarray:
    last = float(first["time"].max())
    time = candidate_times(last, unit)
    is_tick = np.isin(time, profile.ticks) if unit == "months" else essential_times(time, unit)
    time = time[is_tick & (time >= first["time"].min())]
    return time[np.isin(time, first["time"])] if result.summary["scale"] == SMOOTH else time


def _shown(grid, profile: Profile, unit: str) -> np.ndarray:
    allowed = np.append(~profile.too_few(grid.at_risk), not profile.too_few(grid.n))
    order = [len(grid.time), *important_first(grid.time, unit)]
    shown = open_points(grid.counts, order, fails=profile.fails, allowed=allowed)
    return shown[:-1] & shown[-1]


def _reason(planned: bool, profile: Profile) -> str:
    return OTHER_UNIT if planned else f"{FEW}: threshold {profile.threshold}"
