"""Regression of several scores of one wave on arm and baseline: the algebra shared by drop-out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.errors import EstimationError
from evalkit.panel.clusters import n_group, usable_cluster
from evalkit.panel.grid import Grid, own_columns, start_columns

LEVERAGE_ONE = 1 - 1e-10


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Regression:
    """What the arm's coefficient is made of, for rows whose scores may be several sets.

    Attributes
    ----------
    columns : ndarray of float, shape (n, p)
        The arm last.
    weight : ndarray of float, shape (n,)
    loading : ndarray of float, shape (n,)
        The coefficient is the sum of loading times score.
    free : ndarray of bool, shape (n,)
        Rows that the model does not fit by a coefficient of their own.
    stretch : ndarray of float, shape (n,)
        1 / (1 - leverage) where free.
    df : int
    """

    columns: np.ndarray
    weight: np.ndarray
    loading: np.ndarray
    free: np.ndarray
    stretch: np.ndarray
    df: int

    def estimate(self, score: np.ndarray) -> np.ndarray:
        """Coefficient of the arm for each set of scores, (..., n) -> (...)."""
        return score @ self.loading

    def residual(self, score: np.ndarray) -> np.ndarray:
        """Residuals of each set of scores, (..., n) -> (..., n)."""
        root = np.sqrt(self.weight)
        q, _ = np.linalg.qr(self.columns * root[:, None])
        scaled = score * root
        return (scaled - (scaled @ q) @ q.T) / np.where(root > 0, root, 1.0)


def regression(columns: np.ndarray, weight: np.ndarray) -> Regression | None:
    """Prepare a weighted regression; None if the arm, the last column, cannot be told apart."""
    arm = columns[:, -1]
    if len(np.unique(arm)) < 2:
        return None
    own = own_columns(columns)
    if len(own) <= own.shape[1] or not np.array_equal(own[:, -1], arm):
        return None
    whitened = own * np.sqrt(weight)[:, None]
    inverse = np.linalg.inv(whitened.T @ whitened)
    leverage = np.einsum("ij,jk,ik->i", whitened, inverse, whitened)
    free = leverage < LEVERAGE_ONE
    stretch = np.divide(1.0, 1 - leverage, out=np.zeros(len(arm)), where=free)
    loading = (own @ inverse[-1]) * weight
    return Regression(own, weight, loading, free, stretch, len(own) - own.shape[1])


def analysis_columns(grid: Grid, covariates: Sequence[str]) -> np.ndarray:
    """Intercept, covariates, baseline score and arm, (n, p).

    Raises
    ------
    EstimationError
        If arms are not two.
    """
    if len(grid.arms) != 2:
        count = "no arm" if grid.arms == ("",) else f"{len(grid.arms)} levels"
        raise EstimationError(f"arm: {count}, a comparison at a wave needs two")
    n = len(grid.stratum)
    start = grid.start["baseline_score"].to_numpy()
    fixed = start_columns(grid.start, covariates)
    return np.column_stack([np.ones(n), fixed, start, grid.stratum == 1])


def by_cluster(grid: Grid, rows: list[np.ndarray]) -> bool:
    """Whether errors are by cluster, given the persons of each wave."""
    if grid.cluster is None:
        return False
    counts = [n_group(grid.cluster[here]) for here in rows if len(here)]
    return usable_cluster(grid.cluster, name="cluster", smallest=min(counts, default=0))
