"""Utility over time, person by person, and the area under it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from evalkit.cohort.samples import HealthPanel, StateHistory
from evalkit.errors import EstimationError, ParameterError

Missing = Literal["complete", "interpolate"]
Imputed = Sequence[HealthPanel] | Callable[[HealthPanel], Sequence[HealthPanel]] | None
DIED = "died"


@dataclass(frozen=True, slots=True, eq=False)
class PersonQalys:
    """QALYs of the persons of a panel.

    Attributes
    ----------
    first : ndarray of int, shape (n,)
        First row of each person in the panel.
    qaly : ndarray of float, shape (m, n)
    baseline : ndarray of float, shape (n,)
        Utility at the start.
    n_left_out : int
        Persons of the panel who are not among the n.
    missing : str
        How missing answers were treated: `none`, `complete`, `interpolate`, `imputed`.
    """

    first: np.ndarray
    qaly: np.ndarray
    baseline: np.ndarray
    n_left_out: int
    missing: str


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """How months and dates become years, and what a later year counts for."""

    horizon: float  # years from the wave at the start
    days_in_year: float
    discount_rate: float
    date: str | None
    start: str | None


def person_qalys(
    panel: HealthPanel,
    *,
    horizon_months: int,
    baseline: int,
    missing: Missing | None,
    imputed: Imputed,
    died: str | StateHistory | None,
    clock: Clock,
) -> PersonQalys:
    """Area under each person's utility curve; see `qaly` for what the arguments mean.

    Raises
    ------
    EstimationError
        If somebody lacks an answer and `missing` does not say what to do, nobody is left, or dates
        are not in the order of the waves.
    ParameterError
        If an option is unknown, or the panel has no wave at the horizon.
    """
    if missing is not None and (missing not in get_args(Missing) or imputed is not None):
        known = " or ".join(get_args(Missing))
        raise ParameterError(f"missing: {known}, and none of them with imputed panels")
    panels = _panels(panel, imputed)
    waves = _waves(panel, baseline, horizon_months)
    people, first = np.unique(panel.person, return_index=True)
    months_alive = _months_alive(panel, first, died)
    score = np.array([_grid(each, people, waves, each.outcome) for each in panels])
    time = _times(panels[0], people, waves, clock)
    known = np.isfinite(score).all(axis=0)
    due = waves < np.where(np.isnan(months_alive), np.inf, months_alive)[:, None]
    due[:, 0] = True  # the start is what everything is compared with
    complete = (known | ~due).all(axis=1)
    kept = known[:, 0] if missing == "interpolate" else complete
    if missing == "interpolate":
        kept = kept & (known[:, -1] | ~due[:, -1])
    _require_answers(kept, known[:, 0], missing, imputed)
    score = np.where(due, score, np.nan)[:, kept]
    dead = (months_alive[kept] - waves[0]) / 12
    areas = np.array([area(time[kept], each, dead, clock) for each in score])
    how = missing or ("imputed" if imputed is not None else "none")
    return PersonQalys(first[kept], areas, score[0, :, 0], int((~kept).sum()), how)


def area(time: np.ndarray, score: np.ndarray, dead: np.ndarray, clock: Clock) -> np.ndarray:
    """Discounted area from 0 to the horizon under the lines between known scores.

    Parameters
    ----------
    time, score : ndarray of float, shape (n, k)
        Years from the start; score NaN where there is none. The first of each row is known.
    dead : ndarray of float, shape (n,)
        Years from the start to death; NaN for who is alive.

    Notes
    -----
    Before the first and after the last known score the curve is level. Who dies has 0 from then
    on, and a straight line to it from the score before.
    """
    alive = np.isnan(dead) | (dead > clock.horizon)
    end = np.where(alive, np.inf, dead)
    last_time, last = np.minimum(time[:, 0], end), score[:, 0]
    total = _segment(np.zeros(len(time)), last, last_time, last, clock)
    for column in range(1, time.shape[1]):
        here = np.isfinite(score[:, column]) & (time[:, column] < end)
        at = np.where(here, time[:, column], last_time)
        value = np.where(here, score[:, column], last)
        total += _segment(last_time, last, at, value, clock)
        last_time, last = at, value
    rest = np.where(alive, np.maximum(clock.horizon, last_time), end)
    return total + _segment(last_time, last, rest, np.where(alive, last, 0.0), clock)


def discount_factor(year: int, discount_rate: float) -> float:
    """What counts a year after so many whole years: 1 within the first."""
    return (1 + discount_rate) ** -year


def _segment(
    start: np.ndarray, first: np.ndarray, end: np.ndarray, last: np.ndarray, clock: Clock
) -> np.ndarray:
    """Area under a line from (start, first) to (end, last), within the horizon, year by year."""
    length = np.where(end > start, end - start, 1.0)
    total = np.zeros(len(start))
    for year in range(int(np.ceil(clock.horizon))):
        low = np.maximum(start, year)
        high = np.minimum(end, min(year + 1, clock.horizon))
        width = np.maximum(high - low, 0.0)
        middle = first + (last - first) * ((low + high) / 2 - start) / length
        factor = discount_factor(year, clock.discount_rate)
        total += np.where(width > 0, width * middle * factor, 0.0)
    return total


def _panels(panel: HealthPanel, imputed: Imputed) -> list[HealthPanel]:
    if imputed is None:
        return [panel]
    panels = list(imputed(panel) if callable(imputed) else imputed)
    if len(panels) < 2:
        raise ParameterError(f"imputed: {len(panels)} completed panels, at least 2 are needed")
    return panels


def _waves(panel: HealthPanel, baseline: int, horizon_months: int) -> np.ndarray:
    waves = np.unique(panel.wave)
    waves = waves[(waves >= baseline) & (waves <= horizon_months)]
    if not len(panel) or baseline not in waves or horizon_months not in waves or len(waves) < 2:
        raise EstimationError(
            f"qaly: needs answers at the waves {baseline} and {horizon_months}; the panel has "
            f"{', '.join(map(str, np.unique(panel.wave))) or 'none'}"
        )
    return waves


def _grid(
    panel: HealthPanel, people: np.ndarray, waves: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """Values by person and wave, shape (n, k); missing where the panel has no row."""
    grid = np.full((len(people), len(waves)), np.nan)
    row, column = np.searchsorted(people, panel.person), np.searchsorted(waves, panel.wave)
    row, column = np.minimum(row, len(people) - 1), np.minimum(column, len(waves) - 1)
    inside = (people[row] == panel.person) & (waves[column] == panel.wave)
    grid[row[inside], column[inside]] = values[inside]
    return grid


def _times(panel: HealthPanel, people: np.ndarray, waves: np.ndarray, clock: Clock) -> np.ndarray:
    """Years from the start to each answer: by dates where there are any, else as planned."""
    planned = np.broadcast_to((waves - waves[0]) / 12, (len(people), len(waves)))
    if clock.date is None:
        return planned
    date = _dates(panel, clock.date)
    if clock.start is not None:
        start = _dates(panel, clock.start) + waves[0] / 12 * clock.days_in_year
    else:
        start = _grid(panel, people, waves, date)[np.searchsorted(people, panel.person), 0]
    years = _grid(panel, people, waves, (date - start) / clock.days_in_year)
    time = np.where(np.isnan(years), planned, years)
    known = np.isfinite(_grid(panel, people, waves, panel.outcome))
    turned = (np.diff(np.where(known, time, planned), axis=1) <= 0).any(axis=1)
    if turned.any():
        raise EstimationError(
            f"{clock.date}: the answers of {int(turned.sum())} of {len(people)} persons are not in "
            "the order of their waves"
        )
    return time


def _dates(panel: HealthPanel, name: str) -> np.ndarray:
    """Days since 1970, NaN where missing."""
    if name not in panel.covariates.columns:
        raise ParameterError(f"date, start: no such column: {name}")
    dates = pd.to_datetime(panel.covariates[name]).to_numpy().astype("datetime64[D]")
    days = dates.astype(np.int64).astype(float)
    return np.where(np.isnat(dates), np.nan, days)


def _months_alive(
    panel: HealthPanel, first: np.ndarray, died: str | StateHistory | None
) -> np.ndarray:
    """Month of death of each person, from the start; NaN for who did not die."""
    if died is None:
        return np.full(len(first), np.nan)
    start = panel.covariates.iloc[first]
    if isinstance(died, str):
        if died not in start.columns:
            raise ParameterError(f"died: no such column: {died}")
        return pd.to_numeric(start[died]).to_numpy(dtype=float)
    if DIED not in died.states:
        return np.full(len(first), np.nan)
    dead = died.state == died.states.index(DIED)
    month = np.where(dead.any(axis=1), dead.argmax(axis=1), np.nan)
    known = pd.Series(month, index=died.covariates["person_id"].to_numpy())
    return start["person_id"].map(known).to_numpy(dtype=float)


def _require_answers(
    kept: np.ndarray, started: np.ndarray, missing: Missing | None, imputed: Imputed
) -> None:
    n, left_out = len(kept), int((~kept).sum())
    if not kept.any():
        raise EstimationError(f"qaly: none of {n} persons has the answers that are needed")
    unsaid = int((started & ~kept).sum()) if imputed is not None else left_out
    if missing is None and unsaid:
        raise EstimationError(
            f"qaly: {unsaid} of {n} persons lack an answer. Give completed panels (imputed=), or "
            'say missing="complete" (they are left out) or missing="interpolate" (gaps between '
            "answers are bridged), which is a sensitivity analysis."
        )
