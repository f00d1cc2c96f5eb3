"""Events that can come again: their mean number by a time, when death or the like ends them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError
from evalkit.provenance import provenance
from evalkit.results import Contrast, RecurrentCurve
from evalkit.survival.contrasts import NOT_OBSERVED, Levels, contrast, require_horizon, value_at
from evalkit.survival.curves import curve_rows, curve_summary, curve_support
from evalkit.survival.grouped import Grouped, group
from evalkit.survival.influence import influence_values, running_variance
from evalkit.survival.intervals import critical_value
from evalkit.survival.risksets import RiskSets, before, require_cause, require_rows, running


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MeanSteps:
    """The mean at the m table rows, and the two influences A and B: that on it is A - mean B.

    Attributes
    ----------
    mean, survival : ndarray of float, shape (m,)
        Mean number of events, and probability of no terminal exit, by the time.
    first, second : tuple of (event_value, risk_value)
        As in `influence_values`; code 1 is the event, 2 the terminal exit.
    """

    mean: np.ndarray
    survival: np.ndarray
    first: tuple[np.ndarray, np.ndarray]
    second: tuple[np.ndarray, np.ndarray]


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
    sets, curve = groups.sets, _steps(groups.sets)
    if groups.dependence is not None and np.isfinite(groups.df):
        ones = np.ones(len(sets))
        variance = running_variance(groups, (curve.first, curve.second), (ones, -curve.mean))
    else:
        parts = _person_moments(groups, (curve.first, curve.second))
        variance = parts[0] - 2.0 * curve.mean * parts[1] + curve.mean**2 * parts[2]
    error = np.where(curve.mean > 0.0, np.sqrt(np.maximum(variance, 0.0)), 0.0)
    inside = np.where(curve.mean > 0.0, curve.mean, np.nan)
    factor = np.exp(critical_value(conf_level, groups.df) * error / inside)
    first_events = _first_events(sample, groups, by, cause)
    part = {
        "estimate": curve.mean, "std_error": error, "conf_low": inside / factor,
        "conf_high": inside * factor, "n_event": first_events,
    }  # fmt: skip
    at_zero = {"estimate": 0.0, "std_error": 0.0, "conf_low": 0.0, "conf_high": 0.0}
    rows = curve_rows(groups, [part], at_zero)
    return RecurrentCurve(
        rows=rows,
        summary=curve_summary(groups, sample, conf_level, "Ghosh-Lin")
        | {"n_event": int(first_events.sum())},
        support=curve_support(rows["n_at_risk"]),
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
        The mean of each level, then differences (programme minus comparison), then ratios. A level
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
    sets, curve = groups.sets, _steps(groups.sets)
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
        k=None,
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


def _steps(sets: RiskSets) -> MeanSteps:
    events, terminal = sets.events[:, 0], sets.events[:, 1]
    all_gone = sets.n_event[:, 1] == sets.n_at_risk
    hazard = np.where(all_gone, 1.0, terminal / sets.at_risk)
    survival = np.empty(len(sets))
    for rows in sets.slices():
        np.cumprod(1.0 - hazard[rows], out=survival[rows])
    direct = before(sets, survival, np.arange(len(sets)), initial=1.0) / sets.at_risk
    mean = running(sets, direct * events)
    inverse = np.divide(1.0, sets.at_risk - terminal, out=np.zeros(len(sets)), where=~all_gone)
    bearing = inverse * hazard
    first = np.column_stack([direct, mean * inverse])
    second = np.column_stack([np.zeros(len(sets)), inverse])
    return MeanSteps(
        mean, survival, (first, direct * events / sets.at_risk + mean * bearing), (second, bearing)
    )


def _person_moments(groups: Grouped, influences: tuple) -> list[np.ndarray]:
    """Sums over persons of products of their running influences (11, 12, 22), each (m,).

    While at risk in a row a person's influence is what came before plus w (C(entry) - C(t)), C the
    running sum of the risk values; after its exit it rests until the person's next row. So sums
    over persons are sums over rows of constants times C, and no persons-by-times table is needed.
    """
    sets, m = groups.sets, len(groups.sets)
    unit = np.arange(len(groups.code)) if groups.dependence is None else groups.dependence
    order = np.lexsort((sets.entry_row, groups.level, unit))
    goes_on = (np.diff(unit[order]) == 0) & (np.diff(groups.level[order]) == 0)
    entry, leave, weight = sets.entry_row[order], sets.exit_row[order], groups.weight[order]
    following, rests = entry[1:][goes_on], np.flatnonzero(goes_on)
    run = np.concatenate([[0], np.cumsum(~goes_on)])
    starts = np.flatnonzero(np.concatenate([[True], ~goes_on]))
    running_c, constant, done = [], [], []
    for event_value, risk_value in influences:
        own = weight * influence_values(sets, groups.code, event_value, risk_value)[order]
        total = np.cumsum(own)
        total -= (total[starts] - own[starts])[run]
        cumulated = running(sets, risk_value)
        running_c.append(cumulated)
        constant.append(total - own + weight * before(sets, cumulated, entry))
        done.append(total)

    def moving(values: np.ndarray) -> np.ndarray:
        moves = np.bincount(entry, values, minlength=m) - np.bincount(leave, values, minlength=m)
        return running(sets, moves)

    def resting(values: np.ndarray) -> np.ndarray:
        moves = np.bincount(leave, values, minlength=m)
        return running(sets, moves - np.bincount(following, values[rests], minlength=m))

    squared = moving(weight**2)
    crossed = [moving(weight * values) for values in constant]
    return [
        resting(done[a] * done[b])
        + moving(constant[a] * constant[b])
        - crossed[a] * running_c[b]
        - crossed[b] * running_c[a]
        + squared * running_c[a] * running_c[b]
        for a, b in ((0, 0), (0, 1), (1, 1))
    ]


def _first_events(sample: TimeToEvent, groups: Grouped, by, cause: str) -> np.ndarray:
    """Persons of each group whose first event comes at each table row, (m,)."""
    level = sample.groups(by)[0]
    rows = np.flatnonzero((sample.code == require_cause(sample, cause)) & (sample.weight > 0.0))
    order = rows[np.lexsort((sample.duration[rows], level[rows], sample.person[rows]))]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (np.diff(sample.person[order]) != 0) | (np.diff(level[order]) != 0)
    order = order[is_first]
    counts = np.zeros(len(groups.sets), dtype=np.int64)
    for number, part in enumerate(groups.sets.slices()):
        times = sample.duration[order[level[order] == number]]
        row = part.start + np.searchsorted(groups.sets.time[part], times)
        counts += np.bincount(row, minlength=len(counts))
    return counts
