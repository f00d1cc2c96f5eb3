"""Months: until any exit, and lost to a cause, within a horizon."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError
from evalkit.provenance import provenance
from evalkit.results import Contrast
from evalkit.survival.contrasts import (
    Levels,
    contrast,
    counted_by,
    not_observed,
    require_horizon,
)
from evalkit.survival.curves import Steps, greenwood_terms, hazard_influence, steps
from evalkit.survival.grouped import group
from evalkit.survival.influence import influence_values
from evalkit.survival.risksets import RiskSets, previous, require_cause, running


def restricted_mean(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str] | None = None,
    horizon: float,
    cause: str | None = None,
    conf_level: float = 0.95,
) -> Contrast:
    """Compare the mean time until any exit, counted up to a horizon (fewer is earlier).

    Parameters
    ----------
    sample : TimeToEvent
    by : str or sequence of str, optional
        Columns whose levels are compared, as in `incidence_at`.
    horizon : float
        Time up to which it is counted, in the unit of the sample.
    cause : {"any"}, optional
        Required if the sample has several causes; one cause alone has no mean in this world.
    conf_level : float

    Returns
    -------
    Contrast
        The mean of each level, then differences, then ratios. A level in which nobody was under
        observation at the horizon is missing, with the reason; R would extrapolate.

    Raises
    ------
    EstimationError
        If the sample has several causes and `cause` is not `"any"`; if the sample is empty; if a
        group has fewer than two clusters.
    ParameterError
        If `cause`, `horizon` or `conf_level` is not allowed.

    Notes
    -----
    The area under the Kaplan-Meier curve up to h. Its variance is the sum over times v <= h of
    A(v)^2 d / (n (n - d)), A(v) the area from v to h; with weights, clusters or repeated rows the
    infinitesimal jackknife. Horizon = restricted mean + sum over causes of `time_lost`.

    References
    ----------
    R, survival::survfit with rmean.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 4], "exited": [True, True, True]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> restricted_mean(sample, horizon=3).tidy()[["scale", "estimate"]]
      scale  estimate
    0   arm       2.0
    """
    require_horizon(horizon)
    _require_any_exit(sample, cause)
    groups = group(sample, by, (sample.code > 0).astype(np.intp), 1)
    sets, curve = groups.sets, steps(groups.sets)
    mean, left = _areas(sets, curve, horizon)
    levels = Levels(
        estimate=mean,
        reason=not_observed(groups, curve, horizon),
        n=groups.n_person,
        k=counted_by(sets, sets.n_event[:, 0], horizon),
        is_share=False,
        variance=np.add.reduceat(left**2 * greenwood_terms(sets, curve), sets.first[:-1]),
    )

    def influence() -> np.ndarray:
        event_value, risk_value = hazard_influence(sets, curve)
        return influence_values(sets, groups.code, -left[:, None] * event_value, -left * risk_value)

    return contrast(
        sample, groups, levels, influence, by=by, conf_level=conf_level,
        summary={"quantity": "restricted_mean", "horizon": horizon, "unit": sample.time_unit,
                 "method": "Kaplan-Meier"},
        source=provenance("restricted_mean", sample.digest, by=by, horizon=horizon, cause=cause,
                          conf_level=conf_level),
    )  # fmt: skip


def _require_any_exit(sample: TimeToEvent, cause: str | None) -> None:
    if cause not in (None, "any"):
        require_cause(sample, cause)
    if len(sample.causes) > 1 and cause != "any":
        raise EstimationError(
            f"cause: the sample has {len(sample.causes)} causes, and the mean time until one of "
            'them is undefined for those who exit by another. Use cause="any" for the time until '
            "any exit, or time_lost for one cause"
        )


def time_lost(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str] | None = None,
    cause: str,
    horizon: float,
    conf_level: float = 0.95,
) -> Contrast:
    """Compare the mean time since the first exit by a cause, within a horizon (more is earlier).

    Parameters
    ----------
    sample : TimeToEvent
    by : str or sequence of str, optional
        Columns whose levels are compared, as in `incidence_at`.
    cause : str
        The cause; the others compete.
    horizon : float
        Time up to which it is counted, in the unit of the sample.
    conf_level : float

    Returns
    -------
    Contrast
        The mean of each level, then differences (signs as in `incidence_at`), then ratios. A level
        in which nobody was under observation at the horizon is missing, with the reason.

    Raises
    ------
    EstimationError
        If the sample is empty, or a group has fewer than two clusters.
    ParameterError
        If `cause`, `horizon` or `conf_level` is not allowed.

    Notes
    -----
    The area under the cumulative incidence of the cause up to h: for self-support the months since
    it first began, relapses not taken off (see `time_in_state`). The error is the infinitesimal
    jackknife; the interval of a ratio is logarithmic.

    References
    ----------
    Andersen (2013), Stat Med 32:5278-5285.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 4], "exit": ["work", "died", "work"]})
    >>> sample = TimeToEvent.from_frame(
    ...     frame, duration="months", cause="exit", censored="none", causes=["died", "work"]
    ... )
    >>> time_lost(sample, cause="work", horizon=3).tidy()["estimate"].round(4).tolist()
    [0.6667]
    """
    require_horizon(horizon)
    number = require_cause(sample, cause) - 1
    groups = group(sample, by, sample.code, len(sample.causes))
    sets, curve = groups.sets, steps(groups.sets)
    lost, values = _time_lost(sets, curve, groups.code, number, horizon)
    levels = Levels(
        estimate=lost,
        reason=not_observed(groups, curve, horizon),
        n=groups.n_person,
        k=counted_by(sets, sets.n_event[:, number], horizon),
        is_share=False,
    )
    return contrast(
        sample, groups, levels, values, by=by, conf_level=conf_level,
        summary={"quantity": "time_lost", "horizon": horizon, "unit": sample.time_unit,
                 "method": "Aalen-Johansen"},
        source=provenance("time_lost", sample.digest, by=by, cause=cause, horizon=horizon,
                          conf_level=conf_level),
    )  # fmt: skip


def _areas(sets: RiskSets, curve: Steps, horizon: float) -> tuple[np.ndarray, np.ndarray]:
    """Area under survival up to the horizon (n_stratum,), and from each time to it (m,)."""
    clipped = np.minimum(sets.time, horizon)
    area = running(sets, curve.survival_before * (clipped - previous(sets, clipped)))
    last = sets.first[1:] - 1
    total = area[last] + curve.survival[last] * (horizon - clipped[last])
    return total, np.where(sets.time <= horizon, total[sets.stratum] - area, 0.0)


def _time_lost(
    sets: RiskSets, curve: Steps, code: np.ndarray, number: int, horizon: float
) -> tuple[np.ndarray, np.ndarray]:
    """Area under the incidence of a cause up to the horizon, and each row's influence on it."""
    counted = sets.time <= horizon
    rest = np.maximum(horizon - sets.time, 0.0)
    area = running(sets, curve.jump[:, number] * rest)
    total = area[sets.first[1:] - 1]
    # What all later jumps add; an exit at v takes its share of it away from everyone left.
    later = (total[sets.stratum] - area) * counted
    direct = curve.survival_before * rest / sets.at_risk
    through, bearing = hazard_influence(sets, curve)
    event_value = -later[:, None] * through
    event_value[:, number] += direct
    risk_value = direct * sets.events[:, number] / sets.at_risk - later * bearing
    return total, influence_values(sets, code, event_value, risk_value)
