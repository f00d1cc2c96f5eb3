"""Residuals of Cox models: how each person, or each exit, departs from the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.results import ModelFit
from evalkit.survival.cox import Ties
from evalkit.survival.fitted import FittedCox, fitted_cox
from evalkit.survival.hazard_fit import refuse_options
from evalkit.survival.partial_likelihood import (
    compensator_of,
    event_mean,
    score_residuals,
)

Kind = Literal["martingale", "deviance", "score", "schoenfeld", "scaled_schoenfeld", "dfbeta"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Residuals:
    """One value, or one for each term, for each row of a sample or for each of its exits.

    These are numbers about single persons. They are for looking at in the researcher's own
    environment; the door refuses them.

    Attributes
    ----------
    kind : str
    terms : tuple of str
        Empty for martingale and deviance residuals.
    values : ndarray of float, shape (r,) or (r, p)
    row : ndarray of int, shape (r,)
        Position in the sample.
    time : ndarray of float, shape (r,)
        Time at the end of the row.
    """

    kind: str
    terms: tuple[str, ...]
    values: np.ndarray
    row: np.ndarray
    time: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    def __repr__(self) -> str:
        return f"<Residuals: {self.kind}, {len(self)} rows, {len(self.terms)} terms>"


def residuals(
    sample: TimeToEvent,
    model: str | ModelFit,
    *,
    kind: Kind = "martingale",
    cause: str | None = None,
    strata: str | Sequence[str] | None = None,
    ties: Ties = "efron",
) -> Residuals:
    """Compute residuals of a Cox model.

    Parameters
    ----------
    sample : TimeToEvent
    model : str or ModelFit
        A formula, which is then estimated, or a fit of `cox` on this sample, whose own cause,
        strata, ties and penalty hold.
    kind : {"martingale", "deviance", "score", "schoenfeld", "scaled_schoenfeld", "dfbeta"}
        Martingale: exits less those expected. Deviance: the same made symmetric. Score: part of the
        row in the score of each term. Dfbeta: about how much each estimate would fall if the row
        were left out. Schoenfeld: for each exit, its covariates less those expected of an exit at
        its time; scaled: plus the estimate and in units of it, so that their trend over time is the
        trend of the log hazard ratio.
    cause, strata, ties
        As in `cox`; only with a formula.

    Returns
    -------
    Residuals
        Rows in the order of the sample, without rows of weight 0; exits (Schoenfeld) by stratum and
        time.

    Raises
    ------
    EstimationError
        As `cox`.
    ParameterError
        If an argument is not allowed, or a fit is not of `cox` on this sample.

    Notes
    -----
    Those of R's `residuals.coxph`: exact under Efron's ties, per unit of weight, but dfbeta times
    the weight; dfbeta and the scaled kind use the variance from the model. The sum of squared
    dfbetas is the robust variance.

    References
    ----------
    Therneau and Grambsch (2000), Modeling Survival Data, chapters 4, 6 and 7. Grambsch and Therneau
    (1994), Biometrika 81:515-526.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4], "exited": [True] * 4, "old": [1, 0, 1, 0]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> found = residuals(sample, "old", kind="martingale")
    >>> found, round(float(found.values.sum()), 10)
    (<Residuals: martingale, 4 rows, 0 terms>, 0.0)
    """
    refuse_options(kind=(kind, Kind))
    fitted = fitted_cox(sample, model, cause=cause, strata=strata, ties=ties)
    rows = fitted.rows
    terms = () if kind in ("martingale", "deviance") else rows.design.terms
    if kind in ("schoenfeld", "scaled_schoenfeld"):
        which, values = _of_exits(fitted, is_scaled=kind == "scaled_schoenfeld")
    else:
        which = np.argsort(rows.kept)
        values = _of_rows(fitted, kind)[which]
    row = rows.kept[which]
    return Residuals(kind, terms, values, row, sample.duration[row])


def _of_rows(fitted: FittedCox, kind: str) -> np.ndarray:
    rows, state = fitted.rows, fitted.state
    if kind == "score":
        return score_residuals(rows, state) * rows.scale
    if kind == "dfbeta":
        weighted = score_residuals(rows, state) * rows.weight[:, None]
        return weighted @ np.linalg.inv(fitted.information) / rows.scale
    expected = compensator_of(rows, state.relative / rows.weight, state.sums)
    martingale = rows.events - expected
    if kind == "martingale":
        return martingale
    with np.errstate(divide="ignore"):
        log = np.where(rows.events, np.log(expected), 0.0)
    return np.sign(martingale) * np.sqrt(-2.0 * (martingale + log))


def _of_exits(fitted: FittedCox, *, is_scaled: bool) -> tuple[np.ndarray, np.ndarray]:
    rows = fitted.rows
    which = np.flatnonzero(rows.events)
    place = np.searchsorted(rows.at_event, rows.sets.exit_row[which])
    means = [event_mean(rows, fitted.state, column) for column in range(len(fitted.beta))]
    values = rows.values[which] - np.column_stack(means)[place]
    if not is_scaled:
        return which, values * rows.scale
    scaled = values @ np.linalg.inv(fitted.information) * rows.n_event + fitted.beta
    return which, scaled / rows.scale
