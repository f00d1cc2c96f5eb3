"""How a hazard ratio changes with time: a smooth curve through residuals of a Cox model."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import EffectCurve
from evalkit.survival.cox import Ties
from evalkit.survival.discrete_time import natural_curves
from evalkit.survival.effect_rows import effect_rows
from evalkit.survival.fitted import fitted_cox
from evalkit.survival.hazard_fit import rows_support
from evalkit.survival.intervals import critical_value
from evalkit.survival.model_rows import Rows
from evalkit.survival.residuals import Residuals, residuals
from evalkit.survival.risksets import require_rows
from evalkit.survival.sides import exits_since

MOST_TIMES = 60


def effect_over_time(
    sample: TimeToEvent,
    formula: str,
    *,
    cause: str | None = None,
    strata: str | Sequence[str] | None = None,
    ties: Ties = "efron",
    flexibility: int = 4,
    times: Sequence[float] | None = None,
    conf_level: float = 0.95,
) -> EffectCurve:
    """Estimate the log hazard ratio of each term as it changes with time.

    It is the picture behind `proportional_hazards_test`: where the hazards are proportional the
    curve is level. Only the smooth curve is a result; the residuals, one for each exit, are not.

    Parameters
    ----------
    sample : TimeToEvent
    formula : str
        As in `cox`.
    cause, strata, ties
        As in `cox`.
    flexibility : int
        Columns of the natural cubic spline of time, at least 2 (a straight line).
    times : sequence of float, optional
        Times of the rows, between the first and the last exit; others are left out. By default
        whole units of time, at most 60.
    conf_level : float

    Returns
    -------
    EffectCurve
        For each term a row a time, with a pointwise interval from the model. `n_event` counts exits
        since the row before.

    Raises
    ------
    EstimationError
        As `cox`; also if the exits fall on fewer distinct times than `flexibility`.
    ParameterError
        If an argument is not allowed.

    Notes
    -----
    Least squares, with case weights, of the scaled Schoenfeld residuals on a natural cubic spline
    of time with knots at the quantiles of the exits, R's `ns(time, df)`. A residual of term k has
    variance d V_kk, with d exits and V from the model. With clusters intervals are too narrow.

    References
    ----------
    Grambsch and Therneau (1994), Biometrika 81:515-526. R, survival:::plot.cox.zph with
    `transform = "identity"`, whose band is plus or minus 2 errors.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4, 5, 6], "exited": [True] * 6,
    ...                       "old": [1, 0, 1, 0, 0, 1]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> curve = effect_over_time(sample, "old", flexibility=2)
    >>> curve.tidy()[["term", "time", "n_event"]].head(2)
      term  time  n_event
    0  old   1.0      1.0
    1  old   2.0      1.0
    """
    require_rows(sample)
    if flexibility < 2:
        raise ParameterError(f"flexibility: must be at least 2, is {flexibility}")
    options = {"cause": cause, "strata": strata, "ties": ties}
    found = residuals(sample, formula, kind="scaled_schoenfeld", **options)
    if len(np.unique(found.time)) < flexibility:
        raise EstimationError(
            f"duration: exits at {len(np.unique(found.time))} distinct times, fewer than the "
            f"{flexibility} columns of the curve"
        )
    fitted = fitted_cox(sample, formula, **options)
    variance = np.diag(np.linalg.inv(fitted.information)) / fitted.rows.scale**2 * len(found)
    at = _times(times, found.time)
    estimate, width = _smoothed(found.time, found.values, sample.weight[found.row], at, flexibility)
    error = np.sqrt(np.outer(width, variance))
    kept = fitted.rows.kept
    counted = np.searchsorted(np.sort(found.time), at, side="right")
    return EffectCurve(
        rows=effect_rows(
            found.terms, at, estimate, error, critical_value(conf_level),
            _at_risk(sample, kept, at), np.diff(counted, prepend=0).astype(float),
        ),
        summary={
            "n_person": len(kept if sample.person is None else np.unique(sample.person[kept])),
            "n_event": len(found), "last_time": at[-1], "scale": "log hazard ratio",
            "conf_level": conf_level, "method": "scaled Schoenfeld residuals", "vcov": "model",
            "df": np.inf, "time_unit": sample.time_unit, "formula": formula,
        },
        support=_support(sample, fitted.rows, found, at),
        provenance=provenance(
            "effect_over_time", sample.digest, formula=formula, cause=cause, strata=strata,
            ties=ties, flexibility=flexibility,
            times=None if times is None else list(map(float, times)), conf_level=conf_level,
        ),
    )  # fmt: skip


def _support(sample: TimeToEvent, rows: Rows, found: Residuals, at: np.ndarray) -> dict:
    """Persons behind each term, and exits on either side of it since the row before."""
    exits = np.searchsorted(np.sort(rows.kept), found.row)
    since = exits_since(rows.design, exits, found.time, at)
    behind = rows_support(sample, rows.design, rows.kept, rows.events)["n"]
    return {"n": np.repeat(behind, len(at))} | {
        name: counts.ravel() for name, counts in since.items()
    }


def _times(times: Sequence[float] | None, exits: np.ndarray) -> np.ndarray:
    first, last = exits.min(), exits.max()
    if times is None:
        whole = np.arange(np.ceil(first), np.floor(last) + 1.0)
        if len(whole) > MOST_TIMES:
            whole = np.unique(np.rint(np.linspace(whole[0], whole[-1], MOST_TIMES)))
        return whole if len(whole) else np.array([last])
    at = np.unique(np.asarray(times, dtype=float))
    at = at[(at >= first) & (at <= last)]
    if not len(at):
        raise ParameterError(f"times: none is between the first and the last exit ({first}-{last})")
    return at


def _smoothed(exits, values, weight, at, flexibility) -> tuple[np.ndarray, np.ndarray]:
    """Values of the curves at times, and their variances in units of a residual's."""
    knots = np.quantile(exits, np.linspace(0.0, 1.0, flexibility))
    knots = np.unique(knots)
    low, width = knots[0], knots[-1] - knots[0]

    def columns(time: np.ndarray) -> np.ndarray:
        scaled = (time - low) / width
        return np.column_stack(
            [np.ones(len(scaled)), scaled, *natural_curves(scaled, (knots - low) / width)]
        )

    basis, wanted = columns(exits), columns(at)
    inverse = np.linalg.inv(basis.T @ (weight[:, None] * basis))
    curve = wanted @ (inverse @ (basis.T @ (weight[:, None] * values)))
    meat = inverse @ (basis.T @ (weight[:, None] ** 2 * basis)) @ inverse
    return curve, np.einsum("ij,jk,ik->i", wanted, meat, wanted)


def _at_risk(sample: TimeToEvent, kept: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Rows at risk just before each time."""
    leaving, entering = np.sort(sample.duration[kept]), np.sort(sample.entry[kept])
    gone = np.searchsorted(leaving, at, side="left")
    return (np.searchsorted(entering, at, side="left") - gone).astype(float)
