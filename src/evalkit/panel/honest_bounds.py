"""What the effect can be if trends were not quite parallel."""

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.arms import smaller_arm
from evalkit.panel.clusters import n_group
from evalkit.panel.deviations import (
    Deviations,
    relative_bounds,
    smoothness_bounds,
    smoothness_interval,
)
from evalkit.panel.leads import Leads, estimate_leads
from evalkit.panel.regression import ClusterVcov
from evalkit.provenance import provenance
from evalkit.results import TrendBounds

Restriction = Literal["relative", "smoothness"]

RELATIVE_LIMITS = (0.0, 0.5, 1.0, 1.5, 2.0)
HIGHEST_LIMIT = 1e6
BENT = "the differences before the start bend more than the limit allows"
METHOD = {
    "relative": "union of intervals",
    "smoothness": "fixed-length interval",
}


def honest_bounds(
    panel: HealthPanel,
    *,
    restriction: Restriction = "relative",
    limits: Sequence[float] | None = None,
    waves: Sequence[int] | None = None,
    reference: int | None = None,
    covariates: Sequence[str] = (),
    vcov: ClusterVcov = "cluster",
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> TrendBounds:
    """Bound the effect, if trends after the start were off by as much as a limit allows.

    Parallel trends can be wrong although a test finds nothing. Here it is said how wrong they may
    be, and what the effect can be then: the answer to "what if".

    Parameters
    ----------
    panel, reference, covariates, vcov, cluster
        As in `event_study`. At least one wave lies before the reference and one after it.
    restriction : {"relative", "smoothness"}
        relative: after the reference, the difference between the arms' trends drifts by at most
        `limit` times the largest drift between neighbouring waves before it, a month. smoothness:
        the drift a month changes from one stretch between waves to the next by at most `limit`
        points; limit 0 is a straight line.
    limits : sequence of float
        By default 0, 0.5, 1, 1.5 and 2 for `relative`; for `smoothness` they must be given, in
        points a month.
    waves : sequence of int
        Waves after the reference whose plain mean is bounded; by default all.
    conf_level : float

    Returns
    -------
    TrendBounds
        One row a limit: `low` and `high` are what is possible at the estimates themselves, the
        interval adds sampling error. `breakdown` in the glance is the largest limit at which the
        interval leaves out 0; missing if it holds 0 at limit 0 already.

    Raises
    ------
    EstimationError
        As `event_study`; and if no wave lies before or after the reference.
    ParameterError
        If `restriction` is unknown, a limit is negative or missing, or a wave is not one after
        the reference.

    Notes
    -----
    With differences d (0 at the reference), drifts D_s = (d_(s+1) - d_s)/months before it,
    L the effect's weighted sum of later d and k the same sum of months since the reference:
    under `relative` the effect lies within L +- limit k max_s |D_s|. The interval is the union
    over s and both signs of [L - limit k D_s - t se, L + limit k D_s + t se], each end with its own
    error. It covers at least conf_level for the largest drift, whichever it is, and is wider than
    Rambachan and Roth's conditional intervals. With waves at equal distances the restriction is
    theirs. Under `smoothness` the interval is theirs of fixed length: the combination of later and
    earlier differences whose interval, worst bias included, is shortest.

    References
    ----------
    Rambachan A, Roth J (2023), doi 10.1093/restud/rdad018. Armstrong TB, Kolesar M (2018), doi
    10.3982/ECTA14434 (intervals of fixed length).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": np.repeat(np.arange(60), 4), "month": [-12, -6, 0, 6] * 60})
    >>> frame["arm"] = np.where(frame["id"] < 30, "programme", "comparison")
    >>> frame["index"] = 0.5 + 0.2 * ((frame["month"] == 6) & (frame["id"] < 30))
    >>> frame["index"] += rng.normal(0, 0.05, 240)
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="month", outcome="index", arm="arm")
    >>> honest_bounds(panel, limits=[0, 1]).tidy()[["limit", "low", "high"]].round(2)
       limit   low  high
    0    0.0  0.16  0.16
    1    1.0  0.15  0.18
    """
    levels = _limits(restriction, limits)
    leads = estimate_leads(
        panel, reference=reference, covariates=covariates, vcov=vcov, cluster=cluster
    )
    chosen = _waves(leads, waves)
    found = deviations_of(leads, chosen)
    rows = [_row(found, restriction, limit, conf_level) for limit in levels]
    used = leads.fitted.row
    n = smaller_arm(panel, used[np.isin(panel.wave[used], chosen)])
    return TrendBounds(
        rows={
            "restriction": [restriction] * len(levels),
            "limit": levels,
            **{name: [row[name] for row in rows] for name in rows[0]},
        },
        summary={
            "n": n_group(leads.fitted.person),
            "waves": ", ".join(map(str, chosen)),
            "reference": leads.reference,
            "breakdown": _breakdown(found, restriction, conf_level),
            "conf_level": conf_level,
            "n_cluster": n_group(leads.fitted.cluster),
            "df": found.df,
            "vcov": vcov,
            "method": METHOD[restriction],
            "label": "description",
            "outcome": panel.name,
        },
        support={"n": [n] * len(levels)},
        provenance=provenance(
            "honest_bounds", panel.digest, restriction=restriction, limits=tuple(levels),
            waves=tuple(chosen), reference=leads.reference, covariates=tuple(covariates),
            vcov=vcov, cluster=cluster, conf_level=conf_level,
        ),
    )  # fmt: skip


def deviations_of(leads: Leads, waves: Sequence[int]) -> Deviations:
    """The estimates before and after the reference, in months from it."""
    months = (leads.waves - leads.reference).astype(float)
    if not (months < 0).any():
        raise EstimationError(
            f"wave: no wave before {leads.reference} with answers of both arms; how far trends can "
            "be off is judged by the time before the start"
        )
    return Deviations(
        early=months[months < 0],
        late=months[months > 0],
        estimate=leads.estimate,
        covariance=leads.covariance.matrix,
        share=np.isin(leads.waves[months > 0], waves) / len(waves),
        df=float(leads.covariance.df.min()),
    )


def _limits(restriction: str, limits: Sequence[float] | None) -> list[float]:
    if restriction not in get_args(Restriction):
        raise ParameterError(
            f"restriction: {restriction!r} is none of {', '.join(get_args(Restriction))}"
        )
    if limits is None and restriction == "smoothness":
        raise ParameterError("limits: name them, in points a month, there is no usual value")
    levels = sorted({float(limit) for limit in (RELATIVE_LIMITS if limits is None else limits)})
    if not levels or not np.isfinite(levels).all() or levels[0] < 0:
        raise ParameterError("limits: must be numbers of 0 or more")
    return levels


def _waves(leads: Leads, waves: Sequence[int] | None) -> list[int]:
    later = leads.waves[leads.waves > leads.reference].tolist()
    if not later:
        raise EstimationError(
            f"wave: no wave after {leads.reference} with answers of both arms, so that there is no "
            "effect to bound"
        )
    chosen = sorted(set(waves)) if waves is not None else later
    if not chosen or set(chosen) - set(later):
        raise ParameterError(f"waves: must be among {', '.join(map(str, later))}")
    return chosen


def _row(found: Deviations, restriction: str, limit: float, conf_level: float) -> dict[str, object]:
    if restriction == "relative":
        low, high, conf_low, conf_high = relative_bounds(found, limit, conf_level)
    else:
        low, high = smoothness_bounds(found, limit)
        conf_low, conf_high, _ = smoothness_interval(found, limit, conf_level)
    return {
        "low": low, "high": high, "conf_low": conf_low, "conf_high": conf_high,
        "reason": BENT if np.isnan(low) else "",
    }  # fmt: skip


def _breakdown(found: Deviations, restriction: str, conf_level: float) -> float:
    """Largest limit at which the interval does not hold 0; infinite if there is none."""

    def holds_zero(limit: float) -> bool:
        if restriction == "relative":
            low, high = relative_bounds(found, limit, conf_level)[2:]
        else:
            low, high, _ = smoothness_interval(found, limit, conf_level)
        return low <= 0 <= high

    return _turning_point(holds_zero, start=1.0 if restriction == "relative" else 1e-3)


def _turning_point(holds: Callable[[float], bool], start: float) -> float:
    if holds(0.0):
        return np.nan
    inside, outside = 0.0, start
    while not holds(outside):
        inside, outside = outside, 4 * outside
        if outside > HIGHEST_LIMIT:
            return np.inf
    while outside - inside > 1e-4 * outside:
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if holds(middle) else (middle, outside)
    return inside
