"""Least squares for several outcomes at once, with the covariances that lie between them.

With the same regressors in both equations, seemingly unrelated regressions give the estimates of
ordinary least squares; what they add is the covariance of the two, which is what is kept here.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.errors import EstimationError, ParameterError, SmallSampleWarning

MIN_CLUSTERS = 6  # below, intervals by cluster are too short even with t (docs/conventions.md)
# Rows of the design are intercept, programme, centred covariates; so these pick means and contrast.
TERMS = {"programme": (1.0, 1.0), "comparison": (1.0, 0.0), "difference": (0.0, 1.0)}


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """Estimates of several outcomes for one term, with their covariance.

    Attributes
    ----------
    estimate : ndarray of float, shape (q,)
    within, between : ndarray of float, shape (q, q)
        Covariance; what imputation adds to it.
    df : float
        Degrees of freedom without a missing answer.
    m : int
        Completed sets.
    """

    estimate: np.ndarray
    within: np.ndarray
    between: np.ndarray
    df: float
    m: int

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the estimates, imputation included."""
        return self.within + self.between

    def along(self, weights: Sequence[float]) -> tuple[float, float, float]:
        """Estimate, standard error and degrees of freedom of a weighted sum of the outcomes.

        Degrees of freedom by Barnard and Rubin where answers were imputed.
        """
        weight = np.asarray(weights, dtype=float)
        total, extra = (weight @ part @ weight for part in (self.covariance, self.between))
        share = extra / total if total > 0 else 0.0
        df = self.df
        if share > 1e-12:
            observed = (df + 1) / (df + 3) * df * (1 - share)
            df = 1 / (share**2 / (self.m - 1) + 1 / observed)
        return float(weight @ self.estimate), float(np.sqrt(max(total, 0.0))), float(df)

    def interval(self, weights: Sequence[float], conf_level: float) -> tuple[float, ...]:
        """Estimate, standard error and limits (t) of a weighted sum of the outcomes."""
        if not 0 < conf_level < 1:
            raise ParameterError(f"conf_level: {conf_level} is not between 0 and 1")
        estimate, error, df = self.along(weights)
        reach = stats.t.ppf((1 + conf_level) / 2, df) * error
        return estimate, error, estimate - reach, estimate + reach


def design_of(
    in_programme: np.ndarray, covariates: pd.DataFrame, baseline: np.ndarray | None,
    names: Sequence[str],
) -> np.ndarray:  # fmt: skip
    """Intercept, programme, then baseline and covariates, centred; text becomes indicators.

    Columns that follow from the others are left out.

    Raises
    ------
    ParameterError
        If a covariate is no column.
    EstimationError
        If a covariate is missing for some persons.
    """
    columns = [] if baseline is None else [baseline]
    for name in names:
        if name not in covariates.columns:
            raise ParameterError(f"covariates: no such column: {name}")
        column = covariates[name]
        if column.isna().any():
            raise EstimationError(
                f"{name}: missing for {int(column.isna().sum())} of {len(column)} persons"
            )
        if column.dtype.kind in "biuf":
            columns.append(column.to_numpy(dtype=float))
        else:
            coded = pd.get_dummies(column.astype(str), drop_first=True, dtype=float)
            columns.extend(coded.to_numpy().T)
    n = len(in_programme)
    x = np.column_stack([np.ones(n), in_programme.astype(float)])
    for column in columns:
        centred = column - column.mean()
        left = centred - x @ np.linalg.lstsq(x, centred, rcond=None)[0]
        if np.linalg.norm(left) > 1e-9 * max(np.linalg.norm(centred), 1e-300):
            x = np.column_stack([x, centred])
    return x


def fit(
    x: np.ndarray, outcomes: np.ndarray, *, cluster: np.ndarray | None = None
) -> dict[str, Joint]:
    """Fit all outcomes in all completed sets; the terms are those of `TERMS`.

    Parameters
    ----------
    x : ndarray, shape (n, k)
        As from `design_of`.
    outcomes : ndarray, shape (m, n, q)
        Of m completed sets.

    Raises
    ------
    EstimationError
        If an arm has fewer than two persons, or there are no more persons than columns.

    Notes
    -----
    b = (X'X)^-1 X'y; covariance of all coefficients of all outcomes from the products of
    influences (X'X)^-1 x_i r_i / sqrt(1 - h_i) (HC2), which for the plain difference of two means
    is Welch's error; t(n - k). By cluster: sums of influences without h, times
    G/(G-1) (n-1)/(n-k); t(G - 1).
    """
    m, n, _ = outcomes.shape
    k = x.shape[1]
    in_programme = x[:, 1] == 1.0
    fewest = int(min(in_programme.sum(), (~in_programme).sum()))
    if fewest < 2 or n <= k:
        raise EstimationError(
            f"{n} persons, {fewest} in the smaller arm, for {k} coefficients: at least two in each "
            "arm and more persons than coefficients are needed"
        )
    inverse = np.linalg.inv(x.T @ x)
    reach = x @ inverse
    free = 1 - np.einsum("nk,nk->n", reach, x)
    scale = np.ones(n) if cluster is not None else 1 / np.sqrt(np.where(free > 1e-10, free, 1.0))
    coefficient = np.einsum("kl,nl,mnq->mkq", inverse, x, outcomes)
    residual = outcomes - np.einsum("nk,mkq->mnq", x, coefficient)
    factor, df = 1.0, float(n - k)
    if cluster is not None:
        count = int(cluster.max()) + 1
        factor, df = count / (count - 1) * (n - 1) / (n - k), float(count - 1)
    terms = {}
    for name, pair in TERMS.items():
        weight = np.zeros(k)
        weight[:2] = pair
        influence = (reach @ weight * scale)[None, :, None] * residual
        if cluster is not None:
            influence = np.array([_sums(each, cluster) for each in influence])
        within = factor * np.einsum("mnq,mnr->qr", influence, influence) / m
        estimate = np.einsum("k,mkq->mq", weight, coefficient)
        spread = estimate - estimate.mean(axis=0)
        between = (1 + 1 / m) * spread.T @ spread / (m - 1) if m > 1 else np.zeros_like(within)
        terms[name] = Joint(estimate.mean(axis=0), within, between, df, m)
    return terms


def usable_cluster(cluster: np.ndarray | None) -> np.ndarray | None:
    """Codes from 0 where errors can be by cluster, else None: below six they are by person.

    Raises
    ------
    EstimationError
        If there is one cluster only.
    """
    if cluster is None:
        return None
    found, code = np.unique(cluster, return_inverse=True)
    if len(found) < 2:
        raise EstimationError(
            f"cluster: {len(found)} in the sample, errors by cluster need at least two. Leave the "
            "cluster out, and say that differences between clusters are not included."
        )
    if len(found) < MIN_CLUSTERS:
        warnings.warn(
            f"cluster: {len(found)} are too few for errors by cluster; errors are by person, and "
            "differences between clusters are not included.",
            SmallSampleWarning,
            stacklevel=3,
        )
        return None
    return code


def _sums(values: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Sums of rows by code, shape (G, q)."""
    return np.column_stack([np.bincount(code, column) for column in values.T])
