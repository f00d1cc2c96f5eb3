"""Predicted risks beside what came, in groups of rising risk."""

import dataclasses

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import Calibration
from evalkit.survival.incidence import incidence_at
from evalkit.survival.risksets import require_rows

GROUP = "_group_of_risk"


def calibration(
    sample: TimeToEvent,
    risk: np.ndarray,
    *,
    horizon: float,
    cause: str | None = None,
    n_group: int = 10,
    conf_level: float = 0.95,
) -> Calibration:
    """Compare mean predicted risk with observed incidence, in groups of rising predicted risk.

    A model is calibrated if, of those to whom it gives a risk of 30 %, about 30 % exit.

    Parameters
    ----------
    sample : TimeToEvent
    risk : ndarray of float, shape (n,)
        Predicted probability of an exit by `cause` within the horizon, one for each row.
    horizon : float
    cause : str, optional
        The exit that was predicted, or `"any"`. Required if the sample has several causes.
    n_group : int
        Groups of about equal numbers of persons; equal risks stay together, so that there can be
        fewer.
    conf_level : float

    Returns
    -------
    Calibration
        For each group its persons and exits by the horizon, the mean prediction, and the incidence
        with its interval; missing where nobody of the group was under observation at the horizon.

    Raises
    ------
    EstimationError
        If the sample is empty or has no weight, if it has several causes and none is named, or if a
        group has fewer than two clusters.
    ParameterError
        If `risk` has the wrong shape, is missing or not between 0 and 1; if `n_group` is below 2 or
        above the number of persons; if `horizon` or `cause` is not allowed.

    Notes
    -----
    Groups end at the quantiles of the predictions. Incidences and intervals are those of
    `incidence_at`, competing exits, late entry, weights and clusters included.

    References
    ----------
    Gerds, Andersen and Kattan (2014), Stat Med 33:3191-3203.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4], "exited": [True, True, True, False]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> found = calibration(sample, [0.9, 0.7, 0.3, 0.1], horizon=2, n_group=2).tidy()
    >>> found[["group", "n", "n_event", "predicted", "estimate"]]
       group    n  n_event  predicted  estimate
    0      1  2.0      0.0        0.2       0.0
    1      2  2.0      2.0        0.8       1.0
    """
    require_rows(sample)
    given = _checked(risk, len(sample), n_group)
    wanted = _cause_of_risks(sample, cause)
    number = _groups(sample, given, n_group)
    grouped = dataclasses.replace(
        sample, covariates=sample.covariates.assign(**{GROUP: number.astype(float)})
    )
    found = incidence_at(
        grouped, by=GROUP, cause=wanted, horizon=horizon, conf_level=conf_level
    )  # fmt: skip
    frame = found.tidy().assign(n=found.support["n"], k=found.support["k"])
    frame = frame[frame["scale"] == "arm"].assign(group=lambda rows: rows["term"].astype(float))
    frame = frame.sort_values("group")
    mean = np.bincount(number, sample.weight * given) / np.bincount(number, sample.weight)
    n, k = frame["n"].to_numpy(dtype=float), frame["k"].to_numpy(dtype=float)
    return Calibration(
        rows={
            "group": np.arange(1, len(frame) + 1), "n": n, "n_event": k,
            "predicted": mean[frame["group"].to_numpy(dtype=int)],
            **frame[["estimate", "std_error", "conf_low", "conf_high"]],
        },
        summary={
            "n": int(n.sum()), "n_event": int(k.sum()), "horizon": float(horizon),
            "cause": wanted, "conf_level": conf_level, "method": "Aalen-Johansen",
            "time_unit": sample.time_unit, "n_cluster": found.summary["n_cluster"],
            "df": found.summary["df"],
        },
        support={"n": n, "k": k, "complement": n - k},
        provenance=provenance(
            "calibration", sample.digest, horizon=float(horizon), cause=cause, n_group=n_group,
            risk=f"mean {given.mean():.12g}, of squares {(given**2).mean():.12g}",
            conf_level=conf_level,
        ),
    )  # fmt: skip


def _checked(risk: np.ndarray, n: int, n_group: int) -> np.ndarray:
    given = np.asarray(risk, dtype=float)
    if given.shape != (n,):
        raise ParameterError(f"risk: needs shape ({n},), has {given.shape}")
    if not np.isfinite(given).all():
        raise ParameterError(f"risk: {int((~np.isfinite(given)).sum())} of {n} rows missing")
    if given.min() < 0.0 or given.max() > 1.0:
        raise ParameterError("risk: must lie between 0 and 1")
    if not 2 <= n_group <= n:
        raise ParameterError(f"n_group: must be from 2 to the {n} rows, is {n_group}")
    return given


def _cause_of_risks(sample: TimeToEvent, cause: str | None) -> str:
    if cause is None and len(sample.causes) > 1:
        raise EstimationError(
            f"cause: the sample has {len(sample.causes)} causes ({', '.join(sample.causes)}); "
            "say which one the risks are of"
        )
    return sample.causes[0] if cause is None else cause


def _groups(sample: TimeToEvent, risk: np.ndarray, n_group: int) -> np.ndarray:
    """Group of each row (n,), 0, 1, ..., between quantiles of the risks of those that count."""
    kept = sample.weight > 0.0
    if not kept.any():
        raise EstimationError(f"weight: all {len(sample)} rows have weight 0")
    edges = np.quantile(risk[kept], np.linspace(0.0, 1.0, n_group + 1)[1:-1])
    return np.unique(np.searchsorted(edges, risk, side="left"), return_inverse=True)[1]
