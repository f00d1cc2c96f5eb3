"""Cumulative incidence with competing exits: the curve, and the share by a horizon."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.provenance import provenance
from evalkit.results import Contrast, IncidenceCurve
from evalkit.survival.contrasts import Levels, contrast, not_observed, require_horizon, value_at
from evalkit.survival.curves import (
    Steps,
    curve_rows,
    curve_summary,
    curve_support,
    hazard_influence,
    steps,
    warn_if_restarted,
)
from evalkit.survival.grouped import Grouped, group
from evalkit.survival.influence import influence_values, running_variance
from evalkit.survival.intervals import critical_value, share_interval
from evalkit.survival.risksets import RiskSets, over_causes, require_cause, running


def cumulative_incidence(
    sample: TimeToEvent, *, by: str | Sequence[str] | None = None, conf_level: float = 0.95
) -> IncidenceCurve:
    """Estimate the share who have exited by each cause, by each time.

    A person who dies can no longer become self-supporting: the curves of all causes and the curve
    of no exit add up to 1, which one minus a curve of one cause alone does not.

    Parameters
    ----------
    sample : TimeToEvent
    by : str or sequence of str, optional
        Columns that make the groups; one curve each and cause.
    conf_level : float

    Returns
    -------
    IncidenceCurve
        For each group and cause a row for time 0 and for each distinct time of an exit or a
        censoring in the group. `n_event` counts the cause, `n_censored` all censorings.

    Raises
    ------
    EstimationError
        If the sample is empty, or a group has fewer than two clusters.
    ParameterError
        If `conf_level` is not allowed.

    Notes
    -----
    Aalen-Johansen: F_j(t) is the sum over u <= t of S(u-) d_j(u) / n(u), all causes that happen in
    one month sharing its risk set. The error is the infinitesimal jackknife, computed from running
    sums without a table of persons by times. The interval is symmetric on log(-log(1 - F)), the
    complement of the log-log interval of a survival curve; R's survfit offers log(-log F) for
    multi-state curves instead. It is missing where F is 0 or 1, except at time 0.

    References
    ----------
    Aalen and Johansen (1978), Scand J Stat 5:141-150. R, survival::survfit with a factor event.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 1, 2, 3], "exit": ["work", "died", "none", "work"]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", cause="exit", censored="none")
    >>> cumulative_incidence(sample).tidy().query("cause == 'work'")[["time", "estimate"]]
       time  estimate
    4   0.0      0.00
    5   1.0      0.25
    6   2.0      0.25
    7   3.0      0.75
    """
    n_cause = len(sample.causes)
    groups = group(sample, by, sample.code, n_cause)
    warn_if_restarted(groups)
    rows = curve_rows(
        groups,
        incidence_parts(groups, steps(groups.sets), critical_value(conf_level, groups.df)),
        {"estimate": 0.0, "std_error": 0.0, "conf_low": 0.0, "conf_high": 0.0},
        causes=sample.causes,
    )
    return IncidenceCurve(
        rows=rows,
        summary=curve_summary(groups, sample, conf_level, "Aalen-Johansen") | {"n_cause": n_cause},
        support=curve_support(rows["n_at_risk"]),
        provenance=provenance("cumulative_incidence", sample.digest, by=by, conf_level=conf_level),
    )


def incidence_at(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str] | None = None,
    cause: str,
    horizon: float,
    conf_level: float = 0.95,
) -> Contrast:
    """Compare the share who have reached a cause by a horizon.

    Parameters
    ----------
    sample : TimeToEvent
    by : str or sequence of str, optional
        Columns whose levels are compared: the first minus the second, or each minus the last, in
        the order of a column's categories, else sorted; `programme` comes before `comparison`. So
        of `control` and `treated` it is control minus treated, though models have control as
        reference. With several columns the last is compared within the levels of the others.
    cause : str
        The cause, or `"any"` for an exit of any kind.
    horizon : float
        Time, in the unit of the sample.
    conf_level : float

    Returns
    -------
    Contrast
        The share of each level, then differences (of the sign told at `by`), then ratios. A
        level in which nobody was under observation at the horizon is missing, with the reason.

    Raises
    ------
    EstimationError
        If the sample is empty, or a group has fewer than two clusters.
    ParameterError
        If `cause`, `horizon` or `conf_level` is not allowed.

    Notes
    -----
    Intervals: log(-log(1 - F)) for a share, plain for a difference, logarithmic for a ratio.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 1, 2, 3], "exit": ["work", "died", "none", "work"]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", cause="exit", censored="none")
    >>> incidence_at(sample, cause="work", horizon=2).tidy()[["scale", "estimate"]]
      scale  estimate
    0   arm      0.25
    """
    require_horizon(horizon)
    is_any = cause == "any"
    code = (sample.code > 0).astype(np.intp) if is_any else sample.code
    number = 0 if is_any else require_cause(sample, cause) - 1
    groups = group(sample, by, code, 1 if is_any else len(sample.causes))
    sets, curve = groups.sets, steps(groups.sets)
    share = value_at(sets, curve.incidence[:, number], horizon)
    first, second = incidence_influence(sets, curve, number)
    counted = sets.time <= horizon
    at_end = share[sets.stratum]
    values = influence_values(
        sets,
        groups.code,
        (first[0] - at_end[:, None] * second[0]) * counted[:, None],
        (first[1] - at_end * second[1]) * counted,
    )
    levels = Levels(
        estimate=share,
        reason=not_observed(groups, curve, horizon),
        n=groups.n_person,
        k=np.add.reduceat(sets.n_event[:, number] * counted, sets.first[:-1]),
        is_share=True,
    )
    return contrast(
        sample, groups, levels, values, by=by, conf_level=conf_level,
        summary={"quantity": "incidence", "horizon": horizon, "unit": "share",
                 "method": "Aalen-Johansen"},
        source=provenance("incidence_at", sample.digest, by=by, cause=cause, horizon=horizon,
                          conf_level=conf_level),
    )  # fmt: skip


def incidence_influence(sets: RiskSets, curve: Steps, number: int) -> tuple[tuple, tuple]:
    """The two influences A and B of which that on F_j(t) is A(t) - F_j(t) B(t).

    Notes
    -----
    An event or its absence at v moves F_j(t) directly, by S(v-) / n(v), and through the survival
    of all later jumps, by -(F_j(t) - F_j(v)) / (n(v) - d(v)).
    """
    second = hazard_influence(sets, curve)
    incidence = curve.incidence[:, number]
    direct = curve.survival_before / sets.at_risk
    event_value = incidence[:, None] * second[0]
    event_value[:, number] += direct
    risk_value = direct * sets.events[:, number] / sets.at_risk + incidence * second[1]
    return (event_value, risk_value), second


def incidence_parts(groups: Grouped, curve: Steps, critical: float) -> list[dict]:
    """Estimate, error and interval at every table row, for each cause."""
    parts = []
    for number in range(groups.sets.n_event.shape[1]):
        incidence = curve.incidence[:, number]
        error = np.sqrt(np.maximum(_variance(groups, curve, number), 0.0))
        error[incidence == 0.0] = 0.0
        low, high = share_interval(incidence, error, critical=critical)
        parts.append(
            {"estimate": incidence, "std_error": error, "conf_low": low, "conf_high": high}
        )
    return parts


def _variance(groups: Grouped, curve: Steps, number: int) -> np.ndarray:
    sets, incidence = groups.sets, curve.incidence[:, number]
    if groups.dependence is None and sets.is_counted and not sets.is_delayed:
        return _variance_of_counts(sets, curve, number)
    parts = incidence_influence(sets, curve, number)
    return running_variance(groups, parts, [np.ones(len(sets)), -incidence])


def _variance_of_counts(sets: RiskSets, curve: Steps, number: int) -> np.ndarray:
    """The same from counts alone: moves at different times are uncorrelated (see `influence`)."""
    incidence, left = curve.incidence[:, number], curve.inverse_left
    count, direct = sets.n_event[:, number], curve.survival_before / sets.at_risk
    through = incidence * left
    borne = direct * (count / sets.at_risk) + through * curve.hazard
    total = over_causes(sets.n_event)
    shared = total * through + count * direct
    own = shared * through + count * direct * (through + direct)
    own -= sets.n_at_risk * borne**2
    shared -= sets.n_at_risk * borne * curve.hazard
    shared *= left
    survival = incidence * running(sets, curve.hazard * left) - 2.0 * running(sets, shared)
    return running(sets, own) + incidence * survival
