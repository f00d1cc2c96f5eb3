"""Least squares on columns that a model has transformed; what every error is computed from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from evalkit.errors import EstimationError
from evalkit.panel.design import COLLINEAR, independent_columns

SAFE_PIVOT = 1e-8  # squared share of a column left by others, above which products suffice
ROUNDS = 4  # of refinement, at most
ROUNDING = 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class LinearFit:
    """A solved least-squares problem.

    Attributes
    ----------
    params : ndarray of float, shape (k,)
    bread : ndarray of float, shape (k, k)
        Inverse of x'x.
    x : ndarray of float, shape (n, k)
        The columns, by columns in memory, weighted and without effects.
    residual : ndarray of float, shape (n,)
        Weighted like them.
    """

    params: np.ndarray
    bread: np.ndarray
    x: np.ndarray
    residual: np.ndarray

    @property
    def sum_of_squares(self) -> float:
        """Residual sum of squares, weighted."""
        return float(self.residual @ self.residual)


def least_squares(x: np.ndarray, y: np.ndarray, products: np.ndarray | None = None) -> LinearFit:
    """Solve by normal equations with refinement, and by QR where the columns are almost collinear.

    The columns must be independent (`made_up_columns`). `products` are x'x where they are known.
    """
    products = x.T @ x if products is None else products
    scale = np.sqrt(np.diag(products))
    products = products / np.outer(scale, scale)
    if _pivots(products).min(initial=1.0) > SAFE_PIVOT:
        upper = linalg.cholesky(products)
    else:
        upper = np.linalg.qr(x / scale, mode="r")
    params, residual = np.zeros(x.shape[1]), y
    for _ in range(ROUNDS):
        step = linalg.cho_solve((upper, False), (x.T @ residual) / scale) / scale
        params = params + step
        residual = y - x @ params
        if np.all(np.abs(step) <= ROUNDING * np.abs(params)):
            break
    bread = linalg.cho_solve((upper, False), np.eye(len(scale))) / np.outer(scale, scale)
    return LinearFit(params, bread, x, residual)


def made_up_columns(
    x: np.ndarray, length: np.ndarray, names: Sequence[str], products: np.ndarray | None = None
) -> list[str]:
    """Names of the columns that those before them make up, to 1e-9 of `length`."""
    products = x.T @ x if products is None else products
    norms = np.sqrt(np.diag(products))
    if np.all(norms > np.sqrt(SAFE_PIVOT) * length):
        pivots = _pivots(products / np.outer(norms, norms))
        if pivots.min(initial=1.0) > SAFE_PIVOT:
            return []
    own = independent_columns(x, length)
    return [name for name, is_own in zip(names, own, strict=True) if not is_own]


def refuse_constant(y: np.ndarray, length: float, name: str) -> None:
    """Refuse an outcome in which the effects leave nothing."""
    if np.linalg.norm(y) <= COLLINEAR * max(length, 1.0):
        raise EstimationError(f"{name}: constant in {len(y)} rows once the effects are removed")


def _pivots(products: np.ndarray) -> np.ndarray:
    """Squared share of each column that those before it leave; 0 from where it breaks down."""
    left = products.copy()
    pivots = np.zeros(len(left))
    for number in range(len(left)):
        pivots[number] = max(left[number, number], 0.0)
        if pivots[number] <= SAFE_PIVOT:
            break
        left -= np.outer(left[:, number], left[number]) / pivots[number]
    return pivots
