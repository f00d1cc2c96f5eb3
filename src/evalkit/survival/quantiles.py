"""Median and other quantiles of the time to exit, and of the time of follow-up."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import Quantiles
from evalkit.survival.curves import curve_estimates, warn_if_restarted
from evalkit.survival.grouped import Grouped, group
from evalkit.survival.intervals import ConfType
from evalkit.survival.risksets import select_cause

TOLERANCE = np.sqrt(np.finfo(float).eps)  # as R: shares this close count as equal
NOT_REACHED = "not reached within the follow-up"


def median_time(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str] | None = None,
    cause: str | None = None,
    q: float | Sequence[float] = 0.5,
    hypothetical: bool = False,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
) -> Quantiles:
    """Estimate the time by which a share of persons have exited.

    Parameters
    ----------
    sample : TimeToEvent
    by : str or sequence of str, optional
        Columns that make the groups.
    cause : str, optional
        A cause, or `"any"`. Required if the sample has several causes.
    q : float or sequence of float
        Shares who have exited, between 0 and 1; 0.5 is the median.
    hypothetical : bool
        Allow one of several causes, the others counted as censoring.
    conf_type : {"log-log", "log", "plain", "arcsine"}
        Scale of the interval of the curve that is inverted.
    conf_level : float

    Returns
    -------
    Quantiles
        A row for each group and share, in the unit of the sample. A time that is not reached is
        missing, with the reason; so is a limit that is not reached.

    Raises
    ------
    EstimationError
        If the sample is empty; if it has several causes and `cause` is missing, or names one of
        them without `hypothetical`; if a group has fewer than two clusters.
    ParameterError
        If an argument is not allowed.

    Notes
    -----
    The first time at which 1 - S reaches q. Where the curve is flat at exactly q (within 1.5e-8),
    the middle of the flat part, and at the end of the curve the middle between its last step and
    the last time of follow-up: R's convention. The interval is Brookmeyer and Crowley's: the times
    at which the pointwise limits of S reach 1 - q, by the same rule.

    References
    ----------
    Brookmeyer and Crowley (1982), Biometrics 38:29-41. R, quantile(survival::survfit).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 4, 6], "exited": [True] * 4})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> median_time(sample, q=[0.25, 0.5, 0.6]).tidy()[["quantile", "estimate"]]
       quantile  estimate
    0      0.25       1.5
    1      0.50       3.0
    2      0.60       4.0
    """
    events, name = select_cause(sample, cause)
    if len(sample.causes) > 1 and name != "any" and not hypothetical:
        raise EstimationError(
            f"cause {name!r}: the time by which a share exit by it is undefined for those who exit "
            'by another. Use cause="any", cumulative_incidence, or hypothetical=True'
        )
    groups = group(sample, by, events, 1)
    warn_if_restarted(groups)
    return _result(
        sample, groups, q, conf_type, conf_level,
        quantity="time to exit",
        source=provenance(
            "median_time", sample.digest, by=by, cause=cause, q=q, hypothetical=hypothetical,
            conf_type=conf_type, conf_level=conf_level,
        ),
    )  # fmt: skip


def follow_up_time(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str] | None = None,
    q: float | Sequence[float] = 0.5,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
) -> Quantiles:
    """Estimate how long persons were followed, by the reverse Kaplan-Meier method.

    The mean of the observed times is too short, since exits cut the follow-up short: how long would
    persons have been followed had nobody exited?

    Parameters
    ----------
    sample : TimeToEvent
    by : str or sequence of str, optional
        Columns that make the groups.
    q : float or sequence of float
        Shares whose follow-up has ended; 0.5 is the median follow-up.
    conf_type : {"log-log", "log", "plain", "arcsine"}
    conf_level : float

    Returns
    -------
    Quantiles
        As in `median_time`; `n_event` in the glance counts censorings.

    Raises
    ------
    EstimationError
        If the sample is empty, or a group has fewer than two clusters.
    ParameterError
        If an argument is not allowed.

    Notes
    -----
    `median_time` with censoring as the event and exits of all causes as censoring. Where an exit
    and a censoring share a month, the censored one was at risk of being censored with the other
    still there, as in R.

    References
    ----------
    Schemper and Smith (1996), Control Clin Trials 17:343-346. R, quantile of
    survfit(Surv(time, censored) ~ 1).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [2, 6, 9], "exited": [True, False, False]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> follow_up_time(sample).tidy()["estimate"].tolist()
    [7.5]
    """
    groups = group(sample, by, (sample.code == 0).astype(np.intp), 1)
    return _result(
        sample, groups, q, conf_type, conf_level,
        quantity="time of follow-up",
        source=provenance("follow_up_time", sample.digest, by=by, q=q, conf_type=conf_type,
                          conf_level=conf_level),
    )  # fmt: skip


def _result(sample, groups: Grouped, q, conf_type, conf_level, *, quantity, source) -> Quantiles:
    shares = np.atleast_1d(np.asarray(q, dtype=float))
    if shares.ndim != 1 or not np.all((shares > 0.0) & (shares < 1.0)):
        raise ParameterError("q: shares must lie between 0 and 1")
    found = _times_of(groups, curve_estimates(groups, conf_type, conf_level), shares)
    n_share = len(shares)
    missing = np.isnan(found["estimate"]).ravel()
    n = np.repeat(groups.n_person, n_share)
    exited = {name: _exited_by(groups, times).ravel() for name, times in found.items()}
    return Quantiles(
        rows={
            "stratum": np.repeat(np.asarray(groups.labels, dtype=object), n_share),
            "quantile": np.tile(shares, len(groups.labels)),
            "estimate": found["estimate"].ravel(),
            "conf_low": found["low"].ravel(),
            "conf_high": found["high"].ravel(),
            "reason": np.where(missing, NOT_REACHED, "").astype(object),
        },
        summary={
            "n": int(groups.n_person.sum()), "n_event": int(groups.sets.n_event[:, 0].sum()),
            "n_stratum": len(groups.labels), "quantity": quantity, "conf_level": conf_level,
            "method": "Kaplan-Meier", "time_unit": sample.time_unit,
        },
        support={
            "n": n, "k": exited["estimate"], "complement": n - exited["estimate"],
            "k_low": exited["low"], "k_high": exited["high"],
        },
        provenance=source,
    )  # fmt: skip


def _exited_by(groups: Grouped, times: np.ndarray) -> np.ndarray:
    """Events up to each time (n_level, n_share); all of the group where the time is missing."""
    sets, counts = groups.sets, np.empty(times.shape)
    for number, rows in enumerate(sets.slices()):
        cumulated = np.append(0, np.cumsum(sets.n_event[rows, 0]))
        wanted = np.where(np.isnan(times[number]), np.inf, times[number])
        counts[number] = cumulated[np.searchsorted(sets.time[rows], wanted, side="right")]
    return counts


def _times_of(groups: Grouped, estimates: dict, shares: np.ndarray) -> dict[str, np.ndarray]:
    """First times at which curve and limits have reached the shares, each (n_level, n_share)."""
    sets = groups.sets
    return {
        name: np.array([
            _first_times(sets.time[rows], 1.0 - estimates[column][rows], shares)
            for rows in sets.slices()
        ])
        for name, column in (("estimate", "estimate"), ("low", "conf_low"), ("high", "conf_high"))
    }  # fmt: skip


def _first_times(time: np.ndarray, share: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Times at which a growing share (m,) reaches the wanted ones; the middle of a flat part."""
    time, share = np.concatenate([[0.0], time]), np.concatenate([[0.0], share])
    end = time[-1]
    # Only the first time of each value, and none where the limit is undefined.
    known = np.sort(np.unique(share, return_index=True)[1])
    time, share = time[known], share[known]
    last_share = share[-1]
    inside = ~np.isnan(share)
    time, share = time[inside], share[inside]
    order = np.argsort(share, kind="stable")
    time, share = time[order], share[order]
    padded = np.append(time, np.nan)
    reached = padded[np.searchsorted(share, wanted - TOLERANCE, side="left")]
    passed = padded[np.searchsorted(share, wanted + TOLERANCE, side="left")]
    is_last = np.abs(wanted - last_share) < TOLERANCE
    return np.where(is_last, (reached + end) / 2.0, (reached + passed) / 2.0)
