"""Hazards: the cumulative hazard, and exit rates by elapsed time."""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from scipy import stats

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import HazardCurve
from evalkit.survival.curves import curve_rows, curve_summary, curve_support
from evalkit.survival.grouped import Grouped, group
from evalkit.survival.influence import running_variance
from evalkit.survival.intervals import critical_value
from evalkit.survival.person_months import IntervalTable, interval_table, squared_excess
from evalkit.survival.risksets import running, select_cause

HazardScale = Literal["log", "plain"]


def nelson_aalen(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str] | None = None,
    cause: str | None = None,
    conf_type: HazardScale = "log",
    conf_level: float = 0.95,
) -> HazardCurve:
    """Estimate the cumulative hazard of exit by each time.

    With several causes it is the rate of one of them among those still followed, summed over time;
    it is no probability, and may exceed 1.

    Parameters
    ----------
    sample : TimeToEvent
        One row a person, or several rows of (entry, duration] a person.
    by : str or sequence of str, optional
        Columns that make the groups; one curve each.
    cause : str, optional
        A cause, or `"any"`. Required if the sample has several causes.
    conf_type : {"log", "plain"}
        Scale on which the interval is symmetric; the second is cut at 0.
    conf_level : float

    Returns
    -------
    HazardCurve
        A row for time 0 and for each distinct time of an exit or a censoring. Counts are of
        persons, also in a weighted sample; `exposure` is missing.

    Raises
    ------
    EstimationError
        If the sample is empty; if it has several causes and `cause` is missing; if a group has
        fewer than two clusters.
    ParameterError
        If `cause`, `conf_type` or `conf_level` is not allowed.

    Notes
    -----
    H(t) is the sum over times u <= t of d(u) / n(u), with variance the sum of d / n^2 (Aalen's).
    With weights, clusters or repeated rows of a person the error is the infinitesimal jackknife,
    and with clusters the interval uses t. The interval on the log scale is missing while H is 0.

    References
    ----------
    Aalen (1978), Ann Stat 6:701-726. R, survival::survfit(stype = 1, ctype = 1).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 2, 4], "exited": [True, True, False, True]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> nelson_aalen(sample).tidy()[["time", "estimate", "n_at_risk"]].round(4)
       time  estimate  n_at_risk
    0   0.0    0.0000          4
    1   1.0    0.2500          4
    2   2.0    0.5833          3
    3   4.0    1.5833          1
    """
    if conf_type not in get_args(HazardScale):
        raise ParameterError(
            f"conf_type {conf_type!r}: must be one of {', '.join(get_args(HazardScale))}"
        )
    events, _ = select_cause(sample, cause)
    groups = group(sample, by, events, 1)
    sets = groups.sets
    estimate = running(sets, sets.events[:, 0] / sets.at_risk)
    error = np.sqrt(np.maximum(_variance(groups), 0.0))
    low, high = _interval(estimate, error, conf_type, critical_value(conf_level, groups.df))
    exposure = np.full(len(sets), np.nan)
    rows = curve_rows(
        groups,
        [{"estimate": estimate, "std_error": error, "conf_low": low, "conf_high": high,
          "exposure": exposure}],
        {"estimate": 0.0, "std_error": 0.0, "conf_low": 0.0, "conf_high": 0.0},
    )  # fmt: skip
    return HazardCurve(
        rows=rows,
        summary=curve_summary(groups, sample, conf_level, "Nelson-Aalen")
        | {"quantity": "cumulative_hazard"},
        support=curve_support(rows["n_at_risk"]),
        provenance=provenance(
            "nelson_aalen", sample.digest, by=by, cause=cause, conf_type=conf_type,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def exit_rates(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str] | None = None,
    cause: str | None = None,
    width: float = 1.0,
    conf_level: float = 0.95,
) -> HazardCurve:
    """Estimate exits per unit of time under observation, by elapsed time.

    A rate of 0.03 in the row of month 7 says: of those followed in the seventh month, three in a
    hundred left by that cause. Rates show when exits happen, which a curve hides.

    Parameters
    ----------
    sample : TimeToEvent
    by : str or sequence of str, optional
        Columns that make the groups.
    cause : str, optional
        A cause, or `"any"`. Required if the sample has several causes.
    width : float
        Length of an interval, in the unit of the sample.
    conf_level : float

    Returns
    -------
    HazardCurve
        A row for each interval (time - width, time] in which a group was observed. `estimate` is
        exits per unit of time, `exposure` the (weighted) time under observation, `n_at_risk` the
        persons under observation as the interval begins, `n_event` and `n_censored` those who left
        within it.

    Raises
    ------
    EstimationError
        If the sample is empty; if it has several causes and `cause` is missing; if nobody was
        observed for any time; if a group has fewer than two clusters.
    ParameterError
        If `cause`, `width` or `conf_level` is not allowed.

    Notes
    -----
    d / T, with error sqrt(d) / T and the exact interval of a Poisson count, so that no exits give
    the interval from 0. With weights, clusters or repeated rows of a person: the error is that of
    the sum over units of (exits - rate x time) / T, the interval is symmetric on the logarithm, and
    missing without exits. Over intervals, sum of rate x width is near the cumulative hazard.

    References
    ----------
    Garwood (1936), Biometrika 28:437-442. R, poisson.test.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 2, 3], "exited": [True, True, False, True]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> exit_rates(sample).tidy()[["time", "estimate", "n_at_risk", "exposure"]].round(3)
       time  estimate  n_at_risk  exposure
    0   1.0     0.250          4       4.0
    1   2.0     0.333          3       3.0
    2   3.0     1.000          1       1.0
    """
    if not (np.isfinite(width) and width > 0.0):
        raise ParameterError(f"width: must be a positive time, is {width}")
    events, _ = select_cause(sample, cause)
    groups = group(sample, by, events, 1)
    table = interval_table(groups, width)
    if not np.any(table.exposure > 0.0):
        raise EstimationError("duration: nobody was under observation for any time")
    rate, error, low, high = _rates(groups, table, conf_level)
    keep = table.exposure > 0.0
    columns = {
        "stratum": np.asarray(groups.labels, dtype=object)[table.level],
        "time": table.end, "estimate": rate, "std_error": error, "conf_low": low,
        "conf_high": high, "n_at_risk": table.n_at_risk, "n_event": table.n_event,
        "n_censored": table.n_censored, "exposure": table.exposure,
    }  # fmt: skip
    columns = {name: values[keep] for name, values in columns.items()}
    return HazardCurve(
        rows=columns,
        summary=curve_summary(groups, sample, conf_level, "exits per time under observation")
        | {"quantity": "exit_rate", "width": float(width)},
        support=curve_support(columns["n_at_risk"]),
        provenance=provenance(
            "exit_rates", sample.digest, by=by, cause=cause, width=width, conf_level=conf_level
        ),
    )  # fmt: skip


def _rates(groups: Grouped, table: IntervalTable, conf_level: float) -> tuple[np.ndarray, ...]:
    """Exits per unit of time, error and limits; missing where there is no time."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = table.events / table.exposure
        if groups.is_robust:
            error = np.sqrt(squared_excess(groups, table, rate)) / table.exposure
            critical = critical_value(conf_level, groups.df)
            return rate, error, *_interval(rate, error, "log", critical)
        error = np.sqrt(table.events) / table.exposure
        return rate, error, *_poisson_interval(table.events, table.exposure, conf_level)


def _variance(groups: Grouped) -> np.ndarray:
    sets = groups.sets
    if not groups.is_robust:
        return running(sets, sets.events[:, 0] / sets.at_risk**2)
    values = ((1.0 / sets.at_risk)[:, None], sets.events[:, 0] / sets.at_risk**2)
    return running_variance(groups, [values], [np.ones(len(sets))])


def _interval(
    estimate: np.ndarray, error: np.ndarray, conf_type: str, critical: float
) -> tuple[np.ndarray, np.ndarray]:
    if conf_type == "plain":
        return np.maximum(estimate - critical * error, 0.0), estimate + critical * error
    inside = np.where(estimate > 0.0, estimate, np.nan)
    factor = np.exp(critical * error / inside)
    return inside / factor, inside * factor


def _poisson_interval(
    count: np.ndarray, exposure: np.ndarray, conf_level: float
) -> tuple[np.ndarray, np.ndarray]:
    tail = (1.0 - conf_level) / 2.0
    critical_value(conf_level)  # refuses a level outside (0, 1)
    low = stats.gamma.ppf(tail, np.maximum(count, 1.0))
    high = stats.gamma.isf(tail, count + 1.0)
    return np.where(count > 0, low, 0.0) / exposure, high / exposure
