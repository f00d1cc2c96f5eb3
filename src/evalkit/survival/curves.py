"""Kaplan-Meier curves, and the pieces of a curve that other estimators build on."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import AssumptionWarning, EstimationError
from evalkit.provenance import provenance
from evalkit.results import SurvivalCurve
from evalkit.survival.grouped import Grouped, group
from evalkit.survival.influence import running_variance
from evalkit.survival.intervals import ConfType, critical_value, survival_interval
from evalkit.survival.risksets import RiskSets, over_causes, previous, running, select_cause


@dataclass(frozen=True, eq=False, repr=False)
class Steps:
    """Step functions at the m table rows of a set of curves.

    Attributes
    ----------
    sets : RiskSets
    hazard : ndarray of float, shape (m,)
        Share of those at risk who exit, any cause.
    survival, survival_before : ndarray of float, shape (m,)
        Probability of no exit by the time, and just before it.
    jump, incidence : ndarray of float, shape (m, n_cause)
        Probability of exit by a cause at the time, and by the time; found at first use.
    inverse_left : ndarray of float, shape (m,)
        One over the weight at risk that did not exit; 0 where all exit, after which nothing moves.
    """

    sets: RiskSets
    hazard: np.ndarray
    survival: np.ndarray
    inverse_left: np.ndarray

    @cached_property
    def survival_before(self) -> np.ndarray:
        """Probability of no exit just before each time, shape (m,)."""
        return previous(self.sets, self.survival, initial=1.0)

    @cached_property
    def jump(self) -> np.ndarray:
        """Probability of exit by each cause at each time, shape (m, n_cause)."""
        return self.sets.events * (self.survival_before / self.sets.at_risk)[:, None]

    @cached_property
    def incidence(self) -> np.ndarray:
        """Probability of exit by each cause by each time, shape (m, n_cause)."""
        return running(self.sets, self.jump)


def steps(sets: RiskSets) -> Steps:
    """Aalen-Johansen step functions of every stratum, exact under ties."""
    hazard = sets.hazard
    survival = 1.0 - hazard
    for rows in sets.slices():
        np.cumprod(survival[rows], out=survival[rows])
    left = sets.at_risk - over_causes(sets.events)
    inverse_left = np.divide(1.0, left, out=np.zeros(len(sets)), where=hazard < 1.0)
    return Steps(sets, hazard, survival, inverse_left)


def hazard_influence(sets: RiskSets, curve: Steps) -> tuple[np.ndarray, np.ndarray]:
    """Influence (event_value, risk_value) on minus the logarithm of survival."""
    event_value = np.repeat(curve.inverse_left[:, None], sets.events.shape[1], axis=1)
    return event_value, curve.inverse_left * curve.hazard


def greenwood_terms(sets: RiskSets, curve: Steps) -> np.ndarray:
    """d / (n (n - d)) at each table row; 0 where all exit."""
    return curve.hazard * curve.inverse_left


def kaplan_meier(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str] | None = None,
    cause: str | None = None,
    hypothetical: bool = False,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
) -> SurvivalCurve:
    """Estimate the probability of no exit by each time.

    With several causes the curve for one of them alone describes a world in which the others do
    not exist; it is refused unless `hypothetical` says that this is meant. The share who reach a
    cause in this world is `cumulative_incidence`.

    Parameters
    ----------
    sample : TimeToEvent
        One row a person, or several rows of (entry, duration] a person.
    by : str or sequence of str, optional
        Columns that make the groups; one curve each.
    cause : str, optional
        A cause, or `"any"`. Required if the sample has several causes.
    hypothetical : bool
        Allow one of several causes, the others counted as censoring.
    conf_type : {"log-log", "log", "plain", "arcsine"}
        Scale of the interval.
    conf_level : float

    Returns
    -------
    SurvivalCurve
        A row for time 0 and for each distinct time of an exit or a censoring. Counts are of
        persons, also in a weighted sample.

    Raises
    ------
    EstimationError
        If the sample is empty; if it has several causes and `cause` is missing, or names one of
        them without `hypothetical`; if a group has fewer than two clusters.
    ParameterError
        If `cause`, `conf_type` or `conf_level` is not allowed.

    Notes
    -----
    S(t) is the product over times u <= t of 1 - d(u) / n(u), exits before censorings within a
    time. The error is Greenwood's, S sqrt(sum d / (n (n - d))), missing once S is 0. With weights,
    clusters or repeated rows of a person it is the infinitesimal jackknife (the two agree for one
    unweighted row a person without delayed entry), and with clusters the interval uses t. The
    interval is undefined, hence missing, where no exit has happened yet, except at time 0.

    References
    ----------
    Kaplan and Meier (1958), J Am Stat Assoc 53:457-481. R, survival::survfit.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 2, 3], "exited": [True, True, False, True]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> kaplan_meier(sample).tidy()[["time", "estimate", "n_at_risk", "n_event", "n_censored"]]
       time  estimate  n_at_risk  n_event  n_censored
    0   0.0      1.00          4        0           0
    1   1.0      0.75          4        1           0
    2   2.0      0.50          3        1           1
    3   3.0      0.00          1        1           0
    """
    events, name = select_cause(sample, cause)
    if len(sample.causes) > 1 and name != "any" and not hypothetical:
        raise EstimationError(
            f"cause {name!r}: its curve alone assumes that the {len(sample.causes) - 1} other "
            "causes do not exist. Use cumulative_incidence for the share who reach it, or "
            "hypothetical=True for the rate of exit among those still followed"
        )
    groups = group(sample, by, events, 1)
    warn_if_restarted(groups)
    rows = curve_rows(
        groups,
        [curve_estimates(groups, conf_type, conf_level)],
        {"estimate": 1.0, "std_error": 0.0, "conf_low": 1.0, "conf_high": 1.0},
    )
    return SurvivalCurve(
        rows=rows,
        summary=curve_summary(groups, sample, conf_level, "Kaplan-Meier"),
        support=curve_support(rows["n_at_risk"]),
        provenance=provenance(
            "kaplan_meier", sample.digest, by=by, cause=cause, hypothetical=hypothetical,
            conf_type=conf_type, conf_level=conf_level,
        ),
    )  # fmt: skip


def curve_estimates(groups: Grouped, conf_type: ConfType, conf_level: float) -> dict:
    """Survival with error and interval at every table row, each (m,)."""
    curve = steps(groups.sets)
    error = survival_error(groups, curve)
    low, high = survival_interval(
        curve.survival, error, conf_type=conf_type, critical=critical_value(conf_level, groups.df)
    )
    return {"estimate": curve.survival, "std_error": error, "conf_low": low, "conf_high": high}


def curve_rows(
    groups: Grouped,
    parts: Sequence[dict],
    at_zero: dict | Sequence[dict],
    *,
    causes: Sequence[str] | None = None,
) -> dict[str, np.ndarray]:
    """Columns of curves, by group and then by part, each with a row for time 0.

    Parameters
    ----------
    parts : sequence of dict
        For each curve of a group its own columns (m,); times and numbers of persons are added. Part
        j counts the events of cause j, unless it brings `n_event`.
    at_zero : dict, or one for each part
        The values of these columns at time 0; a curve whose first time is 0 gets no such row.
    causes : sequence of str, optional
        Names of the parts.

    Returns
    -------
    dict of ndarray
        Read-only, so that a result takes them as they are.
    """
    sets = groups.sets
    shared = {"time": sets.time, "n_at_risk": sets.n_at_risk, "n_censored": sets.n_censored}
    full = [
        shared | {"n_event": sets.n_event[:, min(number, sets.n_event.shape[1] - 1)]} | part
        for number, part in enumerate(parts)
    ]
    starts = [at_zero] * len(parts) if isinstance(at_zero, dict) else at_zero
    starts = [{"time": 0.0, "n_event": 0, "n_censored": 0} | start for start in starts]
    # One entry for each curve: its group, its part, its table rows, whether it starts after 0.
    pieces = [
        (group, number, rows, int(sets.time[rows.start] > 0.0))
        for group, rows in enumerate(sets.slices())
        for number in range(len(parts))
    ]
    names = {"stratum": [groups.labels[group] for group, *_ in pieces]}
    if causes is not None:
        names["cause"] = [causes[number] for _, number, *_ in pieces]
    return _joined(names, full, starts, pieces)


def _joined(names: dict, full: list[dict], starts: list[dict], pieces: list) -> dict:
    """Columns of names, and of values with a row for time 0 where a piece has none."""
    ends = np.cumsum([rows.stop - rows.start + late for _, _, rows, late in pieces]).tolist()
    columns = {name: np.empty(ends[-1], dtype=object) for name in names}
    columns |= {name: np.empty(ends[-1], dtype=values.dtype) for name, values in full[0].items()}
    for name, column in columns.items():
        for which, (_, number, rows, late) in enumerate(pieces):
            piece = column[ends[which] - (rows.stop - rows.start) - late : ends[which]]
            if name in names:
                piece[:] = names[name][which]
                continue
            piece[late:] = full[number][name][rows]
            if late:
                piece[0] = starts[number].get(name, piece[1])
        column.setflags(write=False)
    return columns


def curve_summary(groups: Grouped, sample: TimeToEvent, conf_level: float, method: str) -> dict:
    """The glance that curves share."""
    return {
        "n": int(groups.n_person.sum()),
        "n_event": int(groups.sets.n_event.sum()),
        "n_stratum": len(groups.labels),
        "last_time": float(groups.sets.time.max()),
        "conf_level": conf_level,
        "method": method,
        "time_unit": sample.time_unit,
    }


def curve_support(n_at_risk: np.ndarray) -> dict:
    """Persons at risk stand behind each point of a curve."""
    missing = np.full(len(n_at_risk), np.nan)
    missing.setflags(write=False)
    return {"n": n_at_risk, "k": missing, "complement": missing}


def warn_if_restarted(groups: Grouped) -> None:
    """Warn where everyone at risk exited before others came under observation."""
    sets = groups.sets
    n_emptied = np.count_nonzero(sets.hazard >= 1.0)
    n_restarted = n_emptied - np.count_nonzero(sets.hazard[sets.first[1:] - 1] >= 1.0)
    if n_restarted:
        warnings.warn(
            f"entry: at {n_restarted} times all at risk exited before others came under "
            "observation; the curve stays at 0 from there. Start the clock where more are at risk",
            AssumptionWarning,
            stacklevel=3,
        )


def survival_error(groups: Grouped, curve: Steps) -> np.ndarray:
    """Standard error of survival at every table row, (m,); missing where survival is 0."""
    sets = groups.sets
    if not groups.is_robust:
        error = curve.survival * np.sqrt(running(sets, greenwood_terms(sets, curve)))
        return np.where(curve.survival > 0.0, error, np.nan)
    values = hazard_influence(sets, curve)
    error = curve.survival * np.sqrt(running_variance(groups, [values], [np.ones(len(sets))]))
    return np.where(curve.survival > 0.0, error, np.nan)
