"""Curves of incidence by arm, standardised to the covariates of everybody."""

from collections.abc import Mapping, Sequence

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import ParameterError
from evalkit.provenance import provenance
from evalkit.results import IncidenceCurve
from evalkit.survival.arm_hazards import fit_hazards
from evalkit.survival.cox import Ties
from evalkit.survival.curves import curve_support
from evalkit.survival.g_formula import Target, standardised
from evalkit.survival.grouped import Grouped, group
from evalkit.survival.intervals import critical_value, share_interval
from evalkit.survival.risksets import require_cause
from evalkit.survival.standardised import check_standardised, covariance_of_arms


def standardised_curve(
    sample: TimeToEvent,
    formula: str | Mapping[str, str],
    *,
    arm: str = "arm",
    cause: str,
    times: Sequence[float],
    strata: str | Sequence[str] | None = None,
    ties: Ties = "efron",
    conf_level: float = 0.95,
) -> IncidenceCurve:
    """Estimate the share who would have exited by a cause if everybody were in one arm.

    Parameters
    ----------
    sample, formula, arm, cause, strata, ties
        As in `standardised_incidence`.
    times : sequence of float
        Times of the curve, positive and increasing; those at which nobody of an arm is under
        observation any more are left out for that arm.
    conf_level : float

    Returns
    -------
    IncidenceCurve
        For each arm a row for time 0 and for each of the times. Counts are those observed in the
        arm: at risk just before the time, events and censorings since the time before.

    Raises
    ------
    EstimationError, ParameterError
        As in `standardised_incidence`; if `times` are not positive and increasing.

    Notes
    -----
    As in `standardised_incidence`, errors by influence; the interval is symmetric on
    log(-log(1 - F)).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"months": [1, 2, 3, 4, 5, 6], "exited": [True, True, False, True, True, True],
    ...      "arm": ["programme", "comparison"] * 3, "age": [30, 40, 50, 45, 35, 25]}
    ... )
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm")
    >>> curve = standardised_curve(sample, "arm + age", cause="event", times=[2, 4])
    >>> curve.tidy()[["stratum", "time", "estimate"]].round(3)
          stratum  time  estimate
    0   programme   0.0     0.000
    1   programme   2.0     0.342
    2   programme   4.0     0.595
    3  comparison   0.0     0.000
    4  comparison   2.0     0.303
    5  comparison   4.0     0.538
    """
    check_standardised(sample, arm, cause, formula)
    grid = np.asarray(times, dtype=float)
    if grid.ndim != 1 or not len(grid) or not np.all(np.diff(grid, prepend=0.0) > 0.0):
        raise ParameterError("times: must be positive and increasing, at least one")
    groups = group(sample, arm, sample.code, len(sample.causes))
    hazards = fit_hazards(sample, formula, arm=arm, cause=cause, strata=strata, ties=ties)
    estimate, influence = standardised(hazards, Target(grid, False))
    errors = np.sqrt(
        [np.diag(covariance_of_arms(hazards, groups, influence[:, at])) for at in range(len(grid))]
    ).T
    low, high = share_interval(estimate, errors, critical=critical_value(conf_level, groups.df))
    columns = {"estimate": estimate, "std_error": errors, "conf_low": low, "conf_high": high}
    number = require_cause(sample, cause) - 1
    parts = [
        _observed(groups, one, number, grid)
        | {name: values[one] for name, values in columns.items()}
        for one in range(len(groups.labels))
    ]  # fmt: skip
    rows = _with_start(parts, groups.labels, cause)
    return IncidenceCurve(
        rows=rows,
        summary={
            "n": int(groups.n_person.sum()), "n_event": int(rows["n_event"].sum()),
            "n_stratum": len(groups.labels), "n_cause": 1,
            "last_time": float(rows["time"].max()), "conf_level": conf_level,
            "method": "standardised, influence", "time_unit": sample.time_unit,
        },
        support=curve_support(rows["n_at_risk"]),
        provenance=provenance(
            "standardised_curve", sample.digest, formula=formula, arm=arm, cause=cause,
            times=tuple(grid), strata=strata, ties=ties, conf_level=conf_level,
        ),
    )  # fmt: skip


def _observed(groups: Grouped, level: int, number: int, grid: np.ndarray) -> dict:
    """Counts of one arm at the times at which somebody was still there."""
    rows = groups.sets.slices()[level]
    time = groups.sets.time[rows]
    following = np.searchsorted(time, grid, side="left")
    at_risk = np.append(groups.sets.n_at_risk[rows], 0)[following]
    reached = np.searchsorted(time, grid, side="right")

    def since(counts: np.ndarray) -> np.ndarray:
        return np.diff(np.append(0, np.cumsum(counts))[reached], prepend=0)

    return {
        "time": grid,
        "n_at_risk": at_risk,
        "n_event": since(groups.sets.n_event[rows, number]),
        "n_censored": since(groups.sets.n_censored[rows]),
        "n_start": int(groups.sets.n_at_risk[rows][0]),
    }


def _with_start(parts: list[dict], labels: Sequence[str], cause: str) -> dict:
    """Rows of all arms, each with one for time 0 and without times after its last person."""
    columns: dict[str, list] = {"stratum": [], "cause": []}
    for label, part in zip(labels, parts, strict=True):
        shown = part["n_at_risk"] > 0
        size = int(shown.sum()) + 1
        columns["stratum"].append(np.full(size, label, dtype=object))
        columns["cause"].append(np.full(size, cause, dtype=object))
        for name, values in part.items():
            if name != "n_start":
                start = part["n_start"] if name == "n_at_risk" else 0
                columns.setdefault(name, []).append(np.append(start, values[shown]))
    return {name: np.concatenate(pieces) for name, pieces in columns.items()}
