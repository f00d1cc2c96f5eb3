"""Months compared given covariates, by least squares on pseudo-observations."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import ModelFit
from evalkit.survival.design_matrix import (
    DesignMatrix,
    design_matrix,
    refuse_collinear,
    refuse_constant,
)
from evalkit.survival.grouped import units_of_dependence
from evalkit.survival.hazard_fit import term_rows
from evalkit.survival.pseudo import Quantity, checked_cause, pseudo_values
from evalkit.survival.risksets import require_cause, require_rows
from evalkit.survival.sides import groups_of, smallest, term_support


def adjusted_months(
    sample: TimeToEvent,
    formula: str,
    *,
    by: str | Sequence[str] | None = None,
    cause: str | None = None,
    horizon: float,
    quantity: Quantity = "restricted_mean",
    interval: Literal["z", "t"] | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Estimate differences in months, or in incidence, given covariates.

    Parameters
    ----------
    sample : TimeToEvent
        One row a person.
    formula : str
        For example `"arm + age + C(education)"`; an intercept is always included.
    by : str or sequence of str, optional
        Columns on which censoring may depend, see `pseudo_observations`.
    cause : str, optional
        A cause, or `"any"`; as in `pseudo_observations`.
    horizon : float
        Time, in the unit of the sample.
    quantity : {"restricted_mean", "time_lost", "incidence"}
        What is modelled: months until any exit, months since the exit by a cause, or the share.
    interval : {"z", "t"}, optional
        By default t with clusters less one degrees of freedom if there are clusters, else z.
    conf_level : float

    Returns
    -------
    ModelFit
        Differences in months (or in the share) for one unit of each term, `arm[programme]` against
        `comparison`. The intercept is not listed.

    Raises
    ------
    EstimationError
        As `pseudo_observations`, except for weights; if a term does not vary or is a combination of
        others, or there are no more persons than terms. The message names the term.
    ParameterError
        If an argument is not allowed.

    Notes
    -----
    Least squares on pseudo-observations, that is a generalised estimating equation with identity
    link and working independence. Errors are the sandwich, summed over the cluster, else the
    person, without a small-sample factor. Case weights enter the regression, not the pseudo-
    observations. Censoring must not depend on the covariates other than `by`.

    References
    ----------
    Andersen and Pohar Perme (2010), Stat Methods Med Res 19:71-99. R, geepack::geese(id =).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"months": [1, 2, 3, 4], "exited": [True] * 4,
    ...      "arm": ["programme", "programme", "comparison", "comparison"]}
    ... )
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm")
    >>> adjusted_months(sample, "arm", horizon=4).tidy()[["term", "estimate", "std_error"]].round(3)
                 term  estimate  std_error
    0  arm[programme]      -2.0        0.5
    """
    if interval not in (None, "z", "t"):
        raise ParameterError(f"interval {interval!r}: must be one of z, t")
    require_rows(sample)
    cause = checked_cause(sample, cause, horizon, quantity)
    kept = _kept(sample)
    outcome = pseudo_values(sample, by, cause, horizon, quantity)[kept]
    design = design_matrix(formula, sample.covariates.iloc[kept])
    cluster = None if sample.cluster is None else sample.cluster[kept]
    unit, df, n_cluster = units_of_dependence(cluster, None, np.zeros(len(kept), dtype=np.intp))
    estimate, error = _least_squares(design, outcome, sample.weight[kept], unit)
    if interval == "t" and np.isinf(df):
        raise ParameterError("interval 't': needs clustered errors, whose clusters give its df")
    df = np.inf if interval == "z" else df
    return ModelFit(
        rows=term_rows(design.terms, estimate, error, conf_level, df),
        summary={
            "n_person": len(kept), "n_row": len(kept),
            "n_event": int(_exited(sample, cause, horizon)[kept].sum()),
            "scale": "share" if quantity == "incidence" else sample.time_unit,
            "vcov": "robust", "converged": True, "conf_level": conf_level, "n_cluster": n_cluster,
            "df": df, "interval": "z" if np.isinf(df) else "t", "label": "description",
            "formula": formula,
        },
        support=_support(design, _exited(sample, cause, horizon)[kept]),
        provenance=provenance(
            "adjusted_months", sample.digest, formula=formula, by=by, cause=cause, horizon=horizon,
            quantity=quantity, interval=interval, conf_level=conf_level,
        ),
    )  # fmt: skip


def _kept(sample: TimeToEvent) -> np.ndarray:
    """Positions of the rows that count."""
    kept = np.flatnonzero(sample.weight > 0.0)
    if not len(kept):
        raise EstimationError(f"weight: all {len(sample)} rows have weight 0")
    return kept


def _exited(sample: TimeToEvent, cause: str, horizon: float) -> np.ndarray:
    """Rows (n,) that end in an exit by the horizon."""
    is_cause = sample.code > 0 if cause == "any" else sample.code == require_cause(sample, cause)
    return is_cause & (sample.duration <= horizon)


def _support(design: DesignMatrix, exited: np.ndarray) -> dict:
    """Persons behind each term; the smallest groups with and without an exit on its two sides."""
    n = term_support(design, exited)["n"]
    everyone = np.ones(len(exited), dtype=bool)
    counts = [
        smallest([part for rows in sides or [everyone] for part in _split(rows, exited)])
        for sides in groups_of(design)
    ]
    return {"n": n} | dict(zip(("k", "complement"), np.transpose(counts), strict=True))


def _split(rows: np.ndarray, exited: np.ndarray) -> tuple[int, int]:
    return int((rows & exited).sum()), int((rows & ~exited).sum())


def _least_squares(design, outcome, weight, unit) -> tuple[np.ndarray, np.ndarray]:
    """Weighted least squares with intercept: coefficients and sandwich errors of the terms."""
    centre = np.average(design.values, axis=0, weights=weight)
    centred = design.values - centre
    spread = np.sqrt(np.average(centred**2, axis=0, weights=weight))
    refuse_constant(design, spread)
    x = np.column_stack([np.ones(len(outcome)), centred / spread])
    if len(outcome) <= x.shape[1]:
        raise EstimationError(f"formula: {x.shape[1] - 1} terms for {len(outcome)} persons")
    information = x.T @ (x * weight[:, None])
    refuse_collinear(information[1:, 1:], design.terms)
    beta = np.linalg.solve(information, x.T @ (weight * outcome))
    score = x * (weight * (outcome - x @ beta))[:, None]
    if unit is not None:
        codes = np.unique(unit, return_inverse=True)[1]
        score = np.column_stack([np.bincount(codes, column) for column in score.T])
    half = np.linalg.solve(information, score.T)
    return beta[1:] / spread, np.sqrt(np.sum(half**2, axis=1))[1:] / spread
