"""Stacked incidence, and what one minus a curve of one cause alone would have claimed."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError
from evalkit.provenance import provenance
from evalkit.results import IncidenceCurve
from evalkit.survival.curves import (
    Steps,
    curve_rows,
    curve_summary,
    curve_support,
    steps,
    survival_error,
    warn_if_restarted,
)
from evalkit.survival.grouped import Grouped, group
from evalkit.survival.incidence import incidence_influence, incidence_parts
from evalkit.survival.influence import running_variance
from evalkit.survival.intervals import critical_value, share_interval, survival_interval
from evalkit.survival.risksets import RiskSets, over_causes, require_cause, risk_sets

NO_EXIT = "no_exit"
GAP = "gap"
SHARE = ("estimate", "conf_low", "conf_high")
CERTAIN = {"std_error": 0.0}


def stacked_incidence(
    sample: TimeToEvent, *, by: str | Sequence[str] | None = None, conf_level: float = 0.95
) -> IncidenceCurve:
    """Estimate where everybody is at each time: exited by each cause, or not yet.

    Parameters
    ----------
    sample : TimeToEvent
    by : str or sequence of str, optional
        Columns that make the groups.
    conf_level : float

    Returns
    -------
    IncidenceCurve
        The curves of `cumulative_incidence`, and one more, cause `no_exit`: the probability of no
        exit, whose `n_event` counts exits of any cause. At every time the estimates of a group add
        up to 1. `release` shows a time for all curves of a group or for none.

    Raises
    ------
    EstimationError
        If the sample is empty, a cause is called `no_exit`, or a group has fewer than two clusters.
    ParameterError
        If `conf_level` is not allowed.

    Notes
    -----
    S(t) + sum over causes of F_j(t) = 1 holds exactly for Aalen-Johansen's estimator, ties included
    (tested to 1e-12). Errors are those of `cumulative_incidence` and `kaplan_meier`.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 1, 2, 3], "exit": ["work", "died", "none", "work"]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", cause="exit", censored="none")
    >>> rows = stacked_incidence(sample).tidy()
    >>> rows["cause"].unique().tolist()
    ['died', 'work', 'no_exit']
    >>> rows.groupby("time")["estimate"].sum().tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    if NO_EXIT in sample.causes:
        raise EstimationError(f"cause: {NO_EXIT!r} names those without an exit; rename the cause")
    groups = group(sample, by, sample.code, len(sample.causes))
    warn_if_restarted(groups)
    curve, critical = steps(groups.sets), critical_value(conf_level, groups.df)
    error = survival_error(groups, curve)
    low, high = survival_interval(curve.survival, error, conf_type="log-log", critical=critical)
    nobody = {"estimate": curve.survival, "std_error": error, "conf_low": low, "conf_high": high,
              "n_event": over_causes(groups.sets.n_event)}  # fmt: skip
    rows = curve_rows(
        groups,
        [*incidence_parts(groups, curve, critical), nobody],
        [CERTAIN | {name: 0.0 for name in SHARE}] * len(sample.causes)
        + [CERTAIN | {name: 1.0 for name in SHARE}],
        causes=[*sample.causes, NO_EXIT],
    )
    return IncidenceCurve(
        rows=rows,
        summary=curve_summary(groups, sample, conf_level, "Aalen-Johansen")
        | {"n_cause": len(sample.causes)},
        support=curve_support(rows["n_at_risk"]),
        provenance=provenance("stacked_incidence", sample.digest, by=by, conf_level=conf_level),
    )


def competing_gap(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str] | None = None,
    cause: str,
    conf_level: float = 0.95,
) -> IncidenceCurve:
    """Put the incidence of a cause beside one minus its Kaplan-Meier curve, and their difference.

    The latter counts everyone who left for another reason as if they could still reach the cause;
    the gap says how much such a figure overstates.

    Parameters
    ----------
    sample : TimeToEvent
        With at least two causes.
    by : str or sequence of str, optional
        Columns that make the groups.
    cause : str
        The cause; the others compete.
    conf_level : float

    Returns
    -------
    IncidenceCurve
        For each group three curves, in the column `cause`: the cause itself (its incidence),
        `1 - Kaplan-Meier`, and `gap`. All count the events of the cause.

    Raises
    ------
    EstimationError
        If the sample is empty or has a single cause; if a group has fewer than two clusters.
    ParameterError
        If `cause` or `conf_level` is not allowed.

    Notes
    -----
    The gap is never negative, and 0 until the first exit by another cause. Its error is the
    infinitesimal jackknife of the difference, its interval is plain; intervals of the shares are
    symmetric on log(-log(1 - F)).

    References
    ----------
    Gooley et al. (1999), Stat Med 18:695-706.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4], "exit": ["work", "died", "work", "none"]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", cause="exit", censored="none")
    >>> rows = competing_gap(sample, cause="work").tidy()
    >>> rows[rows["time"] == 3][["cause", "estimate"]]
                   cause  estimate
    3               work     0.500
    8   1 - Kaplan-Meier     0.625
    13               gap     0.125
    """
    number = require_cause(sample, cause) - 1
    if len(sample.causes) < 2:
        raise EstimationError("cause: the sample has one cause, so nothing competes with it")
    groups = group(sample, by, sample.code, len(sample.causes))
    warn_if_restarted(groups)
    of_cause = groups.sets.n_event[:, number]
    parts = _gap_parts(groups, number, critical_value(conf_level, groups.df))
    rows = curve_rows(
        groups,
        [part | {"n_event": of_cause} for part in parts],
        {"estimate": 0.0, "std_error": 0.0, "conf_low": 0.0, "conf_high": 0.0},
        causes=[cause, "1 - Kaplan-Meier", GAP],
    )
    return IncidenceCurve(
        rows=rows,
        summary=curve_summary(groups, sample, conf_level, "Aalen-Johansen less Kaplan-Meier")
        | {"n_cause": len(sample.causes), "n_event": int(of_cause.sum())},
        support=curve_support(rows["n_at_risk"]),
        provenance=provenance(
            "competing_gap", sample.digest, by=by, cause=cause, conf_level=conf_level
        ),
    )


def _gap_parts(groups: Grouped, number: int, critical: float) -> list[dict]:
    """Incidence, one minus Kaplan-Meier, and their gap, at every table row."""
    sets, curve = groups.sets, steps(groups.sets)
    alone, one = steps(_one_cause(groups, number)), np.ones(len(sets))
    first, second = incidence_influence(sets, curve, number)
    claimed = _claimed_influence(groups, number, alone)
    incidence, one_less = curve.incidence[:, number], 1.0 - alone.survival
    gap = np.maximum(one_less - incidence, 0.0)
    variances = (
        running_variance(groups, [first, second], [one, -incidence]),
        running_variance(groups, [claimed], [alone.survival]),
        running_variance(groups, [claimed, first, second], [alone.survival, -one, incidence]),
    )
    of_incidence, of_claimed, of_gap = (np.sqrt(variance) for variance in variances)
    of_gap[gap <= 1e-14] = 0.0
    return [
        _share(incidence, of_incidence, critical),
        _share(one_less, of_claimed, critical),
        {"estimate": gap, "std_error": of_gap, "conf_low": gap - critical * of_gap,
         "conf_high": gap + critical * of_gap},
    ]  # fmt: skip


def _one_cause(groups: Grouped, number: int) -> RiskSets:
    """The same risk sets with the other causes counted as censoring."""
    return risk_sets(
        groups.entry, groups.duration, (groups.code == number + 1).astype(np.intp),
        weight=groups.weight if groups.is_weighted else None,
        stratum=None if len(groups.labels) == 1 else groups.level,
    )  # fmt: skip


def _claimed_influence(groups: Grouped, number: int, alone: Steps) -> tuple:
    """Influence on minus the logarithm of the curve of the cause alone."""
    sets = groups.sets
    event_value = np.zeros(sets.n_event.shape)
    event_value[:, number] = alone.inverse_left
    return event_value, alone.inverse_left * alone.hazard


def _share(estimate: np.ndarray, error: np.ndarray, critical: float) -> dict:
    error = np.where(estimate == 0.0, 0.0, error)
    low, high = share_interval(estimate, error, critical=critical)
    return {"estimate": estimate, "std_error": error, "conf_low": low, "conf_high": high}
