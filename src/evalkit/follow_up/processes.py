"""Process times: how long until a joint plan, and until the first joint work."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.cohort.samples import Forms, Participations, group_rows
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up.days import Median, median_days
from evalkit.follow_up.key_figures import wilson
from evalkit.follow_up.period import read_period
from evalkit.follow_up.scores import require_level
from evalkit.provenance import provenance
from evalkit.results import ProcessTimes

FIRST_FORM = "first_form"
METHOD = "product-limit; who left without the step never reaches it"
NEVER = np.inf


def process_times(
    sample: Participations,
    forms: Forms,
    *,
    by: str | Sequence[str] | None = None,
    steps: Sequence[str] = ("joint_plan", FIRST_FORM),
    within: Sequence[int] = (30, 90),
    period: int | tuple[str, str] | None = None,
    origin: str = "start",
    conf_level: float = 0.95,
) -> ProcessTimes:
    """Measure the days from the start of a participation to steps of working together.

    Always a description.

    Parameters
    ----------
    sample : Participations
    forms : Forms
        The first occasion of a form from the origin until the participation ends counts.
    by : str or list of str, optional
        Columns of the sample that make strata. A last stratum, with an empty name, is all together.
    steps : sequence of str
        Forms, and `first_form` for the first of any.
    within : sequence of int
        Days within which shares are given.
    period : int or (str, str), optional
        A year, or the first and the last month in which the participations start; by default all.
    origin : str
        Column of dates that the days count from, for example that of a referral; rows without a
        date there are left out.
    conf_level : float

    Returns
    -------
    ProcessTimes
        For each stratum and step `share_within_...` days, in percent of those who could be followed
        for that long, with Wilson's interval, and `median_days` over all, missing where fewer
        than half reached the step. `n` counts participations, `n_reached` those of them that
        reached it (by that day).

    Raises
    ------
    EstimationError
        If no participation started in the period with a date of origin.
    ParameterError
        If the origin is no column, `within` is empty or not above 0, or the level is not between
        0 and 1.

    Notes
    -----
    Whoever left without the step is not censored but never reaches it, and stays under observation
    until the data cut: only the data cut censors. So the median is that of all participations, and
    not of those that got the step.

    Examples
    --------
    >>> starts = pd.DataFrame({
    ...     "person_id": ["a", "b"], "package_id": "p", "start": "2024-01-01",
    ...     "end": ["2024-06-30", "2024-06-30"], "exit_reason": "completed",
    ... })
    >>> met = pd.DataFrame({
    ...     "person_id": ["a"], "package_id": "p", "start": ["2024-01-21"], "form": ["joint_plan"],
    ... })
    >>> sample = Participations.from_frame(starts, data_cut="2024-12")
    >>> times = process_times(sample, Forms.from_frame(met), steps=["joint_plan"]).tidy()
    >>> times[["quantity", "estimate", "n", "n_reached"]]
              quantity  estimate    n  n_reached
    0  share_within_30      50.0  2.0        1.0
    1  share_within_90      50.0  2.0        1.0
    2      median_days      20.0  2.0        1.0
    """
    require_level(conf_level)
    if origin not in sample.covariates:
        raise ParameterError(f"origin: `{origin}` is no column of the participations")
    if not len(within) or min(within) <= 0:
        raise ParameterError("within: give days above 0")
    span = read_period(sample, period)
    chosen, limit, clock = _followed(sample, origin, span)
    reached = {step: _days_to(sample, forms, step, clock)[chosen] for step in steps}
    number, labels = group_rows(sample.covariates, by)
    number, limit = number[chosen], limit[chosen]
    groups = [(label, number == code) for code, label in enumerate(labels)] if by else []
    groups.append(("", np.ones(len(limit), dtype=bool)))
    rows = [
        {"stratum": label, "step": step, **row}
        for label, here in groups
        for step in steps
        for row in _step(reached[step][here], limit[here], within, conf_level)
    ]
    table = pd.DataFrame(rows)
    support = {name: table.pop(f"_{name}") for name in ("n", "k", "complement", "k_low", "k_high")}
    return ProcessTimes(
        rows=table,
        summary={
            "origin": origin, "first_day": str(span.first), "last_day": str(span.last),
            "conf_level": conf_level, "method": METHOD, "label": "description",
        },
        support=support,
        provenance=provenance(
            "process_times", sample.digest, forms=forms.digest, by=by, steps=tuple(steps),
            within=tuple(within), period=period, origin=origin, conf_level=conf_level,
        ),
    )  # fmt: skip


def _followed(sample: Participations, origin: str, span) -> tuple[np.ndarray, ...]:
    """Who is followed, days until the data cut, and the day that the clock starts."""
    clock = pd.to_datetime(sample.covariates[origin]).to_numpy().astype("datetime64[D]")
    began = (sample.start >= span.first) & (sample.start <= span.last)
    chosen = began & ~np.isnat(clock) & (clock <= sample.data_cut)
    if not chosen.any():
        raise EstimationError(
            f"process_times: none of {len(sample)} participations started in the period and has a "
            f"date in `{origin}`"
        )
    return chosen, (sample.data_cut - clock).astype(float), clock


def _days_to(sample: Participations, forms: Forms, step: str, clock: np.ndarray) -> np.ndarray:
    """Days to the first occasion of a step in each participation; infinite without one."""
    frame = forms.covariates
    if step != FIRST_FORM:
        frame = frame[frame["form"] == step]
    stays = pd.DataFrame({
        "row": np.arange(len(sample)), "person_id": sample.covariates["person_id"].to_numpy(),
        "package_id": sample.package, "clock": clock, "end": sample.end,
    })  # fmt: skip
    occasions = frame[["person_id", "package_id", "start"]]
    met = stays.merge(occasions, on=["person_id", "package_id"])
    inside = (met["start"] >= met["clock"]) & (met["end"].isna() | (met["start"] <= met["end"]))
    met = met[inside & (met["start"] <= pd.Timestamp(sample.data_cut))]
    days = np.full(len(sample), NEVER)
    np.minimum.at(days, met["row"].to_numpy(), (met["start"] - met["clock"]).dt.days.to_numpy())
    return days


def _step(days: np.ndarray, limit: np.ndarray, within: Sequence[int], conf_level: float):
    rows = [_share(days, limit, span, conf_level) for span in within]
    got = np.isfinite(days)
    found = Median()
    if got.any():
        # A step on the day of the origin takes 0 days, which is no time at which one is at risk.
        found = median_days(np.where(got, days, limit) + 1, got, np.zeros(len(days)),
                            conf_level=conf_level)  # fmt: skip
    short = "" if np.isfinite(found.estimate) else "fewer_than_half_reached"
    rows.append({
        "quantity": "median_days", "estimate": found.estimate - 1, "conf_low": found.low - 1,
        "conf_high": found.high - 1, "unit": "days", "n": float(len(days)),
        "n_reached": float(got.sum()), "reason": short, "_n": len(days), "_k": found.k,
        "_complement": found.complement, "_k_low": found.k_low, "_k_high": found.k_high,
    })  # fmt: skip
    return rows


def _share(days: np.ndarray, limit: np.ndarray, span: int, conf_level: float) -> dict:
    known = limit >= span
    n, k = int(known.sum()), int((known & (days <= span)).sum())
    low, high = wilson(k, n, conf_level)
    return {
        "quantity": f"share_within_{span}", "estimate": 100 * k / n if n else np.nan,
        "conf_low": 100 * low, "conf_high": 100 * high, "unit": "percent", "n": float(n),
        "n_reached": float(k), "reason": "" if n else "too_short_follow_up", "_n": n, "_k": k,
        "_complement": n - k, "_k_low": np.nan, "_k_high": np.nan,
    }  # fmt: skip
