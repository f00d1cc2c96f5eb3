"""Curves on a coarse grid: points that may be shown, each with its exact value.

A raw curve is a list of people's exit dates. A point is shown only where enough persons came
since the last shown point; the months of the ticks are placed first, so that a share at 12 or 24
months is exact whenever it can be shown at all. Marks of censoring are never shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.errors import DisclosureError
from evalkit.release.addresses import block, family
from evalkit.release.profiles import Profile
from evalkit.release.sequences import open_points
from evalkit.results import RecurrentCurve

TOGETHER = ("stacked_incidence",)  # curves that add up to 1: whoever sees all but one sees it too
ONE_CAUSE = ("competing_gap",)  # curves that all rest on the events of the cause of the call
NO_EXIT = "no_exit"
OTHER_UNIT = "would give away a hidden number of another unit"
MONTH_PRIORITY = (24, 12, 36, 48, 60, 18, 6)
DAY_PRIORITY = (365, 730, 180, 90, 1095, 270, 540, 60, 30)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Candidate points of one curve: times after 0, cumulative events, numbers at risk.

    `row` is the row of the curve that holds at each time; `n` the persons of the stratum.
    """

    time: np.ndarray
    row: np.ndarray
    n_event: np.ndarray
    at_risk: np.ndarray
    n: float

    @property
    def counts(self) -> np.ndarray:
        """Cumulative counts, last all persons: its last increment is those without the event."""
        return np.append(self.n_event, self.n)


def candidate_times(last: float, time_unit: str) -> np.ndarray:
    """Times at which a curve could be shown: each month, or each week and round numbers of days."""
    if time_unit == "months":
        return np.arange(1.0, np.floor(last) + 1)
    days = np.union1d(np.arange(7.0, last + 1, 7.0), np.array(DAY_PRIORITY, dtype=float))
    return days[days <= last]


def important_first(time: np.ndarray, time_unit: str) -> list[int]:
    """Positions of all times, the most important first, then from the earliest."""
    priority = MONTH_PRIORITY if time_unit == "months" else DAY_PRIORITY
    position = {value: number for number, value in enumerate(time.tolist())}
    first = [position[value] for value in priority if value in position]
    return first + [number for number in range(len(time)) if number not in set(first)]


def essential_times(time: np.ndarray, time_unit: str) -> np.ndarray:
    """Which times are ticks, where a smaller unit gives way to a larger one."""
    return np.isin(time, MONTH_PRIORITY if time_unit == "months" else DAY_PRIORITY)


def read_grid(curve: pd.DataFrame, n: float, time: np.ndarray) -> Grid:
    """Read one curve (one stratum and cause, sorted by time) at candidate times."""
    at = curve["time"].to_numpy(dtype=float)
    events = np.cumsum(np.nan_to_num(curve["n_event"].to_numpy(dtype=float)))
    at_risk = curve["n_at_risk"].to_numpy(dtype=float)
    row = np.searchsorted(at, time, side="right") - 1
    following = np.minimum(np.searchsorted(at, time, side="left"), len(at) - 1)
    still = np.where(time <= at[-1], at_risk[following], 0.0)
    return Grid(time, row, np.round(events[row]), still, float(n))


def curves_of(result) -> Iterator[tuple[str, str, pd.DataFrame, float]]:
    """Stratum, category, rows sorted by time, and number of persons of each curve of a result."""
    frame = result.tidy().assign(_n=result.support["n"], _k=result.support["k"])
    if _is_rate(result):
        frame = _with_starts(frame)
    keys = ["stratum", "cause"] if "cause" in frame.columns else ["stratum"]
    named = cause_of(result.provenance)
    for key, rows in frame.groupby(keys, sort=False):
        cause = key[1] if len(key) == 2 else named
        if result.provenance.function in ONE_CAUSE:
            cause = named
        rows = rows.sort_values("time", kind="stable")
        n = rows["_n"].fillna(rows["n_at_risk"]).max()
        yield key[0], "any" if cause == NO_EXIT else cause, rows, n


def _is_rate(result) -> bool:
    return result.summary.get("quantity") == "exit_rate"


def _with_starts(frame: pd.DataFrame) -> pd.DataFrame:
    """Rates have no row for time 0; with one, their exits are counted as those of any curve."""
    start = frame.drop_duplicates("stratum").assign(
        time=0.0, estimate=0.0, n_event=0, n_censored=0, exposure=0.0
    )
    return pd.concat([start, frame], ignore_index=True)


def cause_of(provenance) -> str:
    """The cause (or state) that a call was about; `any` where it named none."""
    arguments = dict(provenance.arguments)
    named = arguments.get("cause", arguments.get("state", "None"))
    return "any" if named in ("None", "") else named


def release_curve(result, profile: Profile):
    """Coarsen and cut every curve of a result; see the module.

    Returns
    -------
    rows : DataFrame
        The tidy columns and `suppressed`: time 0, the points that are shown, and the ticks that
        are not.
    log : list of (rule, address, reason)
    """
    unit = str(result.summary["time_unit"])
    if _is_rate(result) and result.summary["width"] != 1.0:
        raise DisclosureError(
            f"width: only rates of width 1 pass, not {result.summary['width']:g}; the door joins "
            "intervals with few exits, where other curves of these persons have their points"
        )
    drafts = []
    for stratum, category, rows, n in curves_of(result):
        name = (family(result.provenance.function), stratum)
        grid = read_grid(rows, n, candidate_times(rows["time"].max(), unit))
        second = rows["_k"] if isinstance(result, RecurrentCurve) else None
        shown, reasons = _shown_points(grid, name, category, profile, unit, second)
        drafts.append((name, category, rows, grid, shown, reasons))
    if result.provenance.function in TOGETHER:
        _show_together(drafts)
    parts, log = [], []
    for name, category, rows, grid, shown, reasons in drafts:
        made = _coarse_rows(rows, grid, shown, profile, unit)
        parts.append(_joined_rates(made, rows, grid, shown) if _is_rate(result) else made)
        log += [
            (rule, block(*name, at, category), reason)
            for at, (rule, reason) in reasons.items()
            if at in profile.ticks or unit != "months"
        ]
    made = pd.concat(parts, ignore_index=True).drop(columns=["_n", "_k"])
    return made.assign(exposure=np.nan) if "exposure" in made else made, log


def _show_together(drafts: list[tuple]) -> None:
    """Show a time for all curves of a stratum or for none."""
    together: dict[tuple, np.ndarray] = {}
    for name, _, _, _, shown, _ in drafts:
        together[name] = together.get(name, True) & shown
    for name, _, _, grid, shown, reasons in drafts:
        for at in grid.time[shown & ~together[name]]:
            reasons[at] = ("secondary", "would tell of a hidden number of another cause")
        shown &= together[name]


def _joined_rates(made: pd.DataFrame, rows, grid: Grid, shown: np.ndarray) -> pd.DataFrame:
    """Rates over the time since the last shown one, without a row for time 0.

    Where intervals were joined, error and limits are missing: they do not follow from the parts.
    """
    exposure = rows["exposure"].to_numpy(dtype=float)
    exits = np.nan_to_num(rows["estimate"].to_numpy(dtype=float)) * exposure
    at = grid.row[shown]
    time, count = (np.diff(np.cumsum(values)[at], prepend=0.0) for values in (exposure, exits))
    n_joined = np.diff(at, prepend=0)
    made = made.iloc[1:].reset_index(drop=True)
    is_shown = ~made["suppressed"].to_numpy(dtype=bool)
    made.loc[is_shown, "estimate"] = np.divide(
        count, time, out=np.full(len(time), np.nan), where=time > 0.0
    )
    joined = made.index[is_shown][n_joined > 1]
    made.loc[joined, ["std_error", "conf_low", "conf_high"]] = np.nan
    return made


def _shown_points(grid: Grid, name, category: str, profile: Profile, unit: str, second):
    planned = np.array([profile.hides(*name, at, category) for at in grid.time], dtype=bool)
    few = profile.too_few(grid.at_risk)
    all_hidden = bool(profile.too_few(grid.n)) or profile.hides(*name)
    order = [len(grid.time), *important_first(grid.time, unit)]
    allowed, fails = ~(planned | few), profile.fails
    if second is not None:
        # No first event is no sign of no event: the mean may have grown by one person's second.
        allowed, fails = _enough_again(second, grid, allowed, profile, unit), profile.too_few
    shown = open_points(grid.counts, order, fails=fails, allowed=np.append(allowed, not all_hidden))
    shown = shown[:-1] & shown[-1]
    reasons = {}
    for at, kept, cut, plan in zip(grid.time, shown, few, planned, strict=True):
        if cut:
            reasons[at] = ("cut", f"fewer than {profile.threshold} at risk")
        elif plan:
            reasons[at] = ("secondary", OTHER_UNIT)
        elif not kept:
            reasons[at] = ("primary", f"fewer than {profile.threshold} persons since the last time")
    return shown, reasons


def _enough_again(second, grid: Grid, allowed, profile: Profile, unit: str) -> np.ndarray:
    """Times by which enough persons had a second event, and enough since the last such time.

    The mean times the persons, less those with a first event, is the number of all later events;
    that there is none may be told where zero is no secret.
    """
    again = np.cumsum(second.to_numpy(dtype=float))[grid.row]
    none = allowed & (again == 0) & ~profile.fails(0)
    order = important_first(grid.time, unit)
    return none | open_points(again, order, fails=profile.too_few, allowed=allowed & ~none)


def _coarse_rows(rows, grid: Grid, shown, profile: Profile, unit: str) -> pd.DataFrame:
    tick = (
        np.isin(grid.time, profile.ticks) if unit == "months" else essential_times(grid.time, unit)
    )
    listed = shown | tick
    made = rows.take([0, *grid.row[listed]]).reset_index(drop=True)
    at_risk = np.append(float(rows["n_at_risk"].iloc[0]), grid.at_risk[listed])
    return made.assign(
        time=np.append(float(rows["time"].iloc[0]), grid.time[listed]),
        n_at_risk=profile.round_count(at_risk),
        n_event=np.append(0.0, since_last(grid.n_event, shown)[listed]),
        n_censored=np.nan,
        suppressed=np.append(not shown.any(), ~shown[listed]),
    )


def since_last(n_event: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Events since the last shown point, at the shown points."""
    since = np.full(len(n_event), np.nan)
    since[shown] = np.diff(n_event[shown], prepend=0)
    return since
