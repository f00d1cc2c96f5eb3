"""Effects of terms over time on a coarse grid: all terms rest on the same exits."""

import numpy as np
import pandas as pd

from evalkit.release.addresses import block, family
from evalkit.release.curves import candidate_times, essential_times, important_first, read_grid
from evalkit.release.profiles import Profile
from evalkit.release.sequences import open_points

SMOOTH = "log hazard ratio"  # values at their times only; between them nothing holds


def release_effects(result, profile: Profile) -> tuple[pd.DataFrame, list]:
    """Show effects at ticks before which, since the last one, enough persons exited.

    Returns
    -------
    rows : DataFrame
        The tidy columns and `suppressed`, for each term and tick.
    log : list of (rule, address, reason)
    """
    unit = str(result.summary["time_unit"])
    frame = result.tidy().assign(_n=result.support["n"])
    first = frame[frame["term"] == frame["term"].iloc[0]].sort_values("time")
    grid = read_grid(first, float(result.summary["n_person"]), _ticks(first, result, profile, unit))
    shown = _shown(grid, profile, unit)
    name = family(result.provenance.function)
    parts, log = [], []
    for term, rows in frame.groupby("term", sort=False):
        rows = rows.sort_values("time")
        few = bool(profile.too_few(rows["_n"]).any())
        planned = np.array([profile.hides(name, term, at) for at in grid.time], dtype=bool)
        hidden = ~shown | few | planned
        part = rows.iloc[grid.row].assign(
            time=grid.time, n_at_risk=profile.round_count(grid.at_risk),
            n_event=_since_last(grid.n_event, shown), suppressed=hidden,
        )  # fmt: skip
        parts.append(part)
        log += [
            ("planned" if plan else "primary", block(name, term, at), _reason(plan, profile))
            for at, hide, plan in zip(grid.time, hidden, planned, strict=True)
            if hide
        ]
    return pd.concat(parts, ignore_index=True).drop(columns="_n"), log


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


def _since_last(n_event: np.ndarray, shown: np.ndarray) -> np.ndarray:
    since = np.full(len(n_event), np.nan)
    since[shown] = np.diff(n_event[shown], prepend=0)
    return since


def _reason(planned: bool, profile: Profile) -> str:
    if planned:
        return "would give away a hidden number of another unit"
    return f"rests on too few persons: threshold {profile.threshold}"
