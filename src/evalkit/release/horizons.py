"""Which times by which shares exited, and which scores at horizons, are hidden.

Several of them are points of one curve: whoever sees two knows how many came between.
"""

import numpy as np
import pandas as pd

from evalkit.release.addresses import family
from evalkit.release.curves import important_first
from evalkit.release.profiles import Profile
from evalkit.release.rows import Decision, decision_of, weak_support
from evalkit.release.sequences import open_points

SHARE_PRIORITY = (0.5, 0.25, 0.75, 0.1, 0.9)
INTEGRATED = "integrated_brier"


def by_quantile(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide times before or after which too few exited, or too few between them and a shown one.

    The limits of a shown time are times of exits too; one that is too close is missing.
    """
    name = family(result.provenance.function)
    addresses = [(name, stratum) for stratum in frame["stratum"]]
    decision = decision_of(addresses, weak_support(result, profile), profile)
    table = frame.assign(_row=np.arange(len(frame)), **_counts(result, frame))
    closed = {column: np.ones(len(frame), dtype=bool) for column in ("conf_low", "conf_high")}
    for _, rows in table.groupby("stratum", sort=False):
        at = rows["_row"].to_numpy()
        allowed = ~decision.suppressed[at]
        shown = _open_times(rows, allowed, profile)
        decision.secondary[at] = allowed & ~shown
        _open_limits(rows[shown], closed, profile)
    decision.cells = closed
    decision.texts = ("reason",)
    return decision


def by_score(result, frame: pd.DataFrame, profile: Profile) -> Decision:
    """Hide scores of too few cases or others, and horizons with few cases since a shown one.

    The error of one risk for all tells how many cases there are. An average over horizons is
    hidden where it would give away the score at a single hidden one.
    """
    name = result.provenance.function
    keys = zip(frame["prediction"], frame["measure"], frame["time"], strict=True)
    addresses = [(name, prediction, measure, time) for prediction, measure, time in keys]
    decision = decision_of(addresses, weak_support(result, profile), profile)
    cases = pd.Series(result.support["k"].astype(float)).groupby(frame["time"]).max()
    weak = pd.Series(decision.primary).groupby(frame["time"]).any()
    time, unit = cases.index.to_numpy(dtype=float), str(result.summary["time_unit"])
    shown = open_points(
        cases.to_numpy(), important_first(time, unit), fails=profile.fails,
        allowed=~weak.to_numpy(),
    )  # fmt: skip
    is_open = shown[np.searchsorted(time, frame["time"].to_numpy(dtype=float))]
    is_average = (frame["measure"] == INTEGRATED).to_numpy()
    n_closed = np.searchsorted(time[~shown], frame["time"].to_numpy(dtype=float), side="left")
    for _, rows in frame[is_average].groupby("prediction"):
        told = 0
        for row in rows.sort_values("time").index:
            if is_open[row] and n_closed[row] - told == 1:
                is_open[row] = False
            elif is_open[row]:
                told = n_closed[row]
    decision.secondary = ~is_open & ~decision.primary & ~decision.planned
    decision.texts = ("reason",)
    return decision


def exits_told(result, frame: pd.DataFrame) -> float:
    """Exits by the last time, limits included, that a released table tells of each stratum.

    Missing where a stratum tells of none: the total less the others' would tell of it.
    """
    counts = pd.DataFrame(_counts(result, frame))
    told = [
        counts[f"_{column}"].where(frame[column].notna().to_numpy())
        for column in ("estimate", "conf_low", "conf_high")
    ]
    last = pd.concat(told, axis=1).max(axis=1).groupby(frame["stratum"].to_numpy()).max()
    return float(last.sum(skipna=False))


def cases_told(result, frame: pd.DataFrame) -> float:
    """Cases by the last horizon that a released table shows, 0 where it shows none."""
    shown = ~frame["suppressed"].to_numpy(dtype=bool)
    return float(result.support["k"][shown].max(initial=0.0))


def _counts(result, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    support = {name: np.asarray(values, dtype=float) for name, values in result.support.items()}
    unknown = np.full(len(frame), np.nan)
    return {
        "_n": support["n"],
        "_estimate": support["k"],
        "_conf_low": support.get("k_low", unknown),
        "_conf_high": support.get("k_high", unknown),
    }


def _open_times(rows: pd.DataFrame, allowed: np.ndarray, profile: Profile) -> np.ndarray:
    """Times of one stratum that can be shown together, the median first, those reached first.

    Two shares at one time say that at least so many exited then; so they must be far apart too.
    """
    share, time, count, n = (
        rows[name].to_numpy(dtype=float) for name in ("quantile", "estimate", "_estimate", "_n")
    )
    rank = np.round(share * n, 6)
    place = {value: number for number, value in enumerate(SHARE_PRIORITY)}
    priority = [place.get(value, len(place)) for value in share.tolist()]
    shown = np.zeros(len(rows), dtype=bool)
    for row in np.lexsort((share, priority, np.isnan(time))):
        is_same = (time == time[row]) | (np.isnan(time) & np.isnan(time[row]))
        between = np.where(is_same, np.abs(rank - rank[row]), np.abs(count - count[row]))
        shown[row] = allowed[row] and not np.any(shown & profile.too_few(between))
    return shown


def _open_limits(rows: pd.DataFrame, closed: dict, profile: Profile) -> None:
    """Open the limits of the shown times of one stratum that are far from all that is shown."""
    time, count = (rows[name].to_numpy(dtype=float) for name in ("estimate", "_estimate"))
    for values in rows.to_dict("records"):
        for column, is_closed in closed.items():
            at, counted = float(values[column]), float(values[f"_{column}"])
            few = profile.too_few(counted) | profile.fails(values["_n"] - counted)
            near = profile.too_few(np.abs(count - counted)) & (time != at)
            if np.isnan(at) or np.isnan(counted) or few or near.any():
                continue
            is_closed[values["_row"]] = False
            time, count = np.append(time, at), np.append(count, counted)
