"""Logistic regression by Newton's method, with what estimating it costs."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from evalkit.errors import EstimationError

MOST_STEPS, TIGHT = 50, 1e-10
SURE = 1e-9  # a fitted probability nearer to 0 or 1 means that the columns tell who answers


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Logit:
    """A fitted model of a yes or no.

    Attributes
    ----------
    params : ndarray of float, shape (p,)
    covariance : ndarray of float, shape (p, p)
        Inverse of the information.
    probability : ndarray of float, shape (n,)
    """

    params: np.ndarray
    covariance: np.ndarray
    probability: np.ndarray


def fit_logit(yes: np.ndarray, columns: np.ndarray, *, where: str) -> Logit:
    """Fit by maximum likelihood.

    Parameters
    ----------
    yes : ndarray of bool, shape (n,)
    columns : ndarray of float, shape (n, p)
        Independent, with the intercept.
    where : str
        What the message calls the rows.

    Raises
    ------
    EstimationError
        If the columns tell with certainty who says yes, or there are too few rows.
    """
    n, n_column = columns.shape
    fewer = int(min(yes.sum(), n - yes.sum()))
    if fewer == 0 or n <= n_column:
        raise EstimationError(
            f"{where}: {n} persons, {fewer} in the smaller group, for {n_column} coefficients. "
            "Use fewer covariates, or by_arm=False."
        )
    # Columns of one length keep the steps well conditioned; undone at the end.
    length = np.maximum(np.abs(columns).max(axis=0), np.finfo(float).tiny)
    x = columns / length
    beta = np.zeros(n_column)
    for _ in range(MOST_STEPS):
        probability = expit(x @ beta)
        information = x.T @ (x * (probability * (1 - probability))[:, None])
        if np.linalg.cond(information) > 1 / np.finfo(float).eps:
            break
        step = np.linalg.solve(information, x.T @ (yes - probability))
        beta = beta + step
        if np.abs(step).max() <= TIGHT * max(1.0, np.abs(beta).max()):
            probability = expit(x @ beta)
            if min(probability.min(), 1 - probability.max()) > SURE:
                covariance = np.linalg.inv(information) / np.outer(length, length)
                return Logit(beta / length, covariance, probability)
            break
    raise EstimationError(
        f"{where}: the covariates tell with certainty who answers among some of {n} persons "
        f"({fewer} in the smaller group), so that nobody can stand for those who did not. "
        "Use fewer covariates, or by_arm=False."
    )
