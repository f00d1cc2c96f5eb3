"""Events that can come again: their mean number by a time, when death or the like ends them."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError
from evalkit.provenance import provenance
from evalkit.results import Contrast, RecurrentCurve
from evalkit.survival.contrasts import (
    NOT_OBSERVED,
    Levels,
    contrast,
    counted_by,
    require_horizon,
    value_at,
)
from evalkit.survival.curves import curve_rows, curve_summary, curve_support
from evalkit.survival.grouped import Grouped, group
from evalkit.survival.influence import influence_values, running_variance
from evalkit.survival.intervals import critical_value
from evalkit.survival.recurrent_steps import first_events, mean_steps, person_moments
from evalkit.survival.risksets import require_cause, require_rows


def recurrent_mean(
    sample: TimeToEvent,
    *,
    cause: str,
    by: str | Sequence[str] | None = None,
    conf_level: float = 0.95,
) -> RecurrentCurve:
    """Estimate the mean number of events a person has had by each time.

    After death no event can come. Leaving the dead out of those at risk, as if they were only no
    longer followed, gives the number of events in a world without death; here the dead count, with
    the events they had.

    Parameters
    ----------
    sample : TimeToEvent
        Several rows of (entry, duration] a person, one for each event and one for the rest of the
        follow-up, with `person` named.
    cause : str
        The event that can come again. All other causes are terminal: none of them leaves a person
        at risk.
    by : str or sequence of str, optional
        Columns that make the groups; one curve each.
    conf_level : float

    Returns
    -------
    RecurrentCurve
        A row for time 0 and for each distinct time. `n_event` counts the persons whose first
        observed event comes at the time; `estimate` counts all events.

    Raises
    ------
    EstimationError
        If the sample is empty or names no `person`; if rows of a person overlap, or go on after a
        terminal exit; if a group has fewer than two clusters.
    ParameterError
        If `cause` or `conf_level` is not allowed.

    Notes
    -----
    The sum over times u <= t of S(u-) d(u) / n(u): d events among n persons at risk, S the
    Kaplan-Meier curve of the terminal exits. The error is the infinitesimal jackknife over persons,
    or clusters: person i moves the mean by the sum of S(u-) (d_i - d / n) / n at the times at risk,
    less (mean(t) - mean(u)) (t_i - t / n) / (n - t) for the terminal exits t. That is the variance
    of Ghosh and Lin, with n - t for their n. The interval is symmetric on the log scale, missing
    where no event has happened yet. With an event that can come only once and ends the follow-up
    it is the incidence of that event.

    References
    ----------
    Ghosh and Lin (2000), Biometrics 56:554-562. Cook and Lawless (1997), Stat Med 16:911-924.
    R, mets::recurrentMarginal.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"id": [1, 1, 2, 2, 3], "start": [0, 2, 0, 3, 0], "stop": [2, 5, 3, 4, 5],
    ...      "event": ["relapse", "none", "relapse", "died", "none"]}
    ... )
    >>> sample = TimeToEvent.from_frame(
    ...     frame, duration="stop", entry="start", cause="event", censored="none", person="id"
    ... )
    >>> recurrent_mean(sample, cause="relapse").tidy()[["time", "estimate", "n_event"]].round(3)
       time  estimate  n_event
    0   0.0     0.000        0
    1   2.0     0.333        1
    2   3.0     0.667        1
    3   4.0     0.667        0
    4   5.0     0.667        0
    """
    groups = _grouped(sample, by, cause)
    sets, curve = groups.sets, mean_steps(groups.sets)
    if groups.dependence is not None and np.isfinite(groups.df):
        ones = np.ones(len(sets))
        variance = running_variance(groups, (curve.first, curve.second), (ones, -curve.mean))
    else:
        parts = person_moments(groups, (curve.first, curve.second))
        variance = parts[0] - 2.0 * curve.mean * parts[1] + curve.mean**2 * parts[2]
    error = np.where(curve.mean > 0.0, np.sqrt(np.maximum(variance, 0.0)), 0.0)
    inside = np.where(curve.mean > 0.0, curve.mean, np.nan)
    factor = np.exp(critical_value(conf_level, groups.df) * error / inside)
    n_first = first_events(sample, groups, by, cause)
    part = {
        "estimate": curve.mean, "std_error": error, "conf_low": inside / factor,
        "conf_high": inside * factor, "n_event": n_first,
        "n_second": first_events(sample, groups, by, cause, number=2),
    }  # fmt: skip
    at_zero = {
        "estimate": 0.0, "std_error": 0.0, "conf_low": 0.0, "conf_high": 0.0, "n_second": 0
    }  # fmt: skip
    rows = curve_rows(groups, [part], at_zero)
    n_second = rows.pop("n_second")
    return RecurrentCurve(
        rows=rows,
        summary=curve_summary(groups, sample, conf_level, "Ghosh-Lin")
        | {"n_event": int(n_first.sum())},
        support=curve_support(rows["n_at_risk"]) | {"k": n_second},
        provenance=provenance(
            "recurrent_mean", sample.digest, cause=cause, by=by, conf_level=conf_level
        ),
    )


def recurrent_mean_at(
    sample: TimeToEvent,
    *,
    cause: str,
    by: str | Sequence[str] | None = None,
    horizon: float,
    conf_level: float = 0.95,
) -> Contrast:
    """Compare the mean number of events by a horizon.

    Parameters
    ----------
    sample, cause
        As in `recurrent_mean`.
    by : str or sequence of str, optional
        Columns whose levels are compared, as in `incidence_at`.
    horizon : float
    conf_level : float

    Returns
    -------
    Contrast
        The mean of each level, then differences (signs as in `incidence_at`), then ratios. A level
        in which nobody was under observation at the horizon is missing, with the reason.

    Raises
    ------
    EstimationError
        As in `recurrent_mean`.
    ParameterError
        If `cause`, `horizon` or `conf_level` is not allowed.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"id": [1, 1, 2, 3], "start": [0, 2, 0, 0], "stop": [2, 5, 4, 5],
    ...      "event": ["relapse", "none", "died", "none"]}
    ... )
    >>> sample = TimeToEvent.from_frame(
    ...     frame, duration="stop", entry="start", cause="event", censored="none", person="id"
    ... )
    >>> recurrent_mean_at(sample, cause="relapse", horizon=4).tidy()["estimate"].round(4).tolist()
    [0.3333]
    """
    require_horizon(horizon)
    groups = _grouped(sample, by, cause)
    sets, curve = groups.sets, mean_steps(groups.sets)
    mean = value_at(sets, curve.mean, horizon)
    counted = sets.time <= horizon
    at_end = mean[sets.stratum]
    values = influence_values(
        sets,
        groups.code,
        (curve.first[0] - at_end[:, None] * curve.second[0]) * counted[:, None],
        (curve.first[1] - at_end * curve.second[1]) * counted,
    )
    last = sets.first[1:] - 1
    unknown = (sets.time[last] < horizon) & (curve.survival[last] > 0.0)
    levels = Levels(
        estimate=mean,
        reason=np.where(unknown, NOT_OBSERVED, "").astype(object),
        n=groups.n_person,
        k=counted_by(sets, first_events(sample, groups, by, cause), horizon),
        is_share=False,
    )
    return contrast(
        sample, groups, levels, values, by=by, conf_level=conf_level,
        summary={"quantity": "recurrent_mean", "horizon": horizon, "unit": "events",
                 "method": "Ghosh-Lin"},
        source=provenance("recurrent_mean_at", sample.digest, cause=cause, by=by, horizon=horizon,
                          conf_level=conf_level),
    )  # fmt: skip


def _grouped(sample: TimeToEvent, by, cause: str) -> Grouped:
    """Groups with code 1 for the event and 2 for a terminal exit."""
    require_rows(sample)
    number = require_cause(sample, cause)
    if sample.person is None:
        raise EstimationError(
            "person: rows of one person cannot be told from rows of several; name the column"
        )
    code = np.where(sample.code == number, 1, np.where(sample.code > 0, 2, 0))
    order = np.lexsort((sample.entry, sample.person))
    same = sample.person[order][1:] == sample.person[order][:-1]
    overlap = same & (sample.entry[order][1:] < sample.duration[order][:-1])
    after = same & (code[order][:-1] == 2)
    for wrong, what in ((overlap, "overlap"), (after, "go on after a terminal exit")):
        if wrong.any():
            raise EstimationError(f"person: {int(wrong.sum())} rows {what}")
    return group(sample, by, code, 2)
