"""Normal likelihood of random intercepts and slopes, profiled over coefficients and variance.

Persons, and the units that they lie in, enter by sums alone, so that no matrix has more rows than
there are random effects of one person.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize

from evalkit.errors import EstimationError

TIGHT = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 500, "maxls": 60}
POLISH = {"xatol": 1e-8, "fatol": 1e-11, "maxiter": 2_000}
FINE = {"xatol": 1e-10, "maxiter": 500}
NEARLY_ZERO, NO_WORSE = 1e-4, 1e-7  # a deviation that may as well be 0 is 0
LARGEST = 1e3  # standard deviation of an effect in those of the residual that is searched up to


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """What the likelihood needs at one value of the relative variances.

    Attributes
    ----------
    products : ndarray of float, shape (k + 1, k + 1)
        Columns and outcome, multiplied by the inverse of the relative covariance of the rows.
    log_det : float
        Logarithm of the determinant of that covariance.
    """

    products: np.ndarray
    log_det: float


@dataclass(frozen=True, slots=True, eq=False)
class MixedFit:
    """A fit by (restricted) maximum likelihood.

    Attributes
    ----------
    theta : ndarray of float
        Relative standard deviations, as the model has them.
    params : ndarray of float, shape (k,)
    covariance : ndarray of float, shape (k, k)
    variance : float
        Of the residual.
    log_likelihood : float
    converged : bool
    """

    theta: np.ndarray
    params: np.ndarray
    covariance: np.ndarray
    variance: float
    log_likelihood: float
    converged: bool


def maximise(
    profile: Callable[[np.ndarray], Profile],
    start: np.ndarray,
    bounds: list[tuple[float, float]],
    n: int,
    *,
    reml: bool,
) -> MixedFit:
    """Maximise the profiled likelihood over the relative deviations."""

    def deviance(theta: np.ndarray) -> float:
        return -2 * _solve(profile(theta), n, reml).log_likelihood

    best = _along(deviance) if len(start) == 1 else _around(deviance, start, bounds)
    if np.abs(best.x).max() >= LARGEST * (1 - 1e-3):
        raise EstimationError(
            f"formula: hardly any variance is left within persons in {n} rows, so that the "
            "variance between them has no estimate"
        )
    theta = best.x
    for place, (low, _) in enumerate(bounds):
        at_zero = np.where(np.arange(len(theta)) == place, 0.0, theta)
        if low == 0 and theta[place] < NEARLY_ZERO and deviance(at_zero) <= best.fun + NO_WORSE:
            theta = at_zero
    fit = _solve(profile(theta), n, reml)
    return MixedFit(
        theta, fit.params, fit.covariance, fit.variance, fit.log_likelihood, bool(best.success)
    )


def _along(deviance: Callable[[np.ndarray], float]) -> optimize.OptimizeResult:
    """The lowest deviance of one deviation, by Brent's method on its share."""

    def at(share: float) -> float:
        return deviance(np.array([share / (1 - share)]))

    largest = LARGEST / (1 + LARGEST)
    found = optimize.minimize_scalar(at, bounds=(0.0, largest), method="bounded", options=FINE)
    found.x = np.array([found.x / (1 - found.x)])
    return found


def _around(
    deviance: Callable[[np.ndarray], float], start: np.ndarray, bounds: list[tuple[float, float]]
) -> optimize.OptimizeResult:
    """The lowest deviance of several, by gradients and then by a simplex around the end."""
    rough = optimize.minimize(
        deviance, start, method="L-BFGS-B", jac="3-point", bounds=bounds, options=TIGHT
    )
    found = optimize.minimize(
        deviance, rough.x, method="Nelder-Mead", bounds=bounds, options=POLISH
    )
    return found if found.fun <= rough.fun else rough


def _solve(profile: Profile, n: int, reml: bool) -> MixedFit:
    """Coefficients, residual variance and log-likelihood at one value of the variances."""
    k = len(profile.products) - 1
    scale = np.sqrt(np.diag(profile.products))
    upper = linalg.cholesky(profile.products / np.outer(scale, scale)) * scale
    inner, left = upper[:k, :k], upper[k, k] ** 2
    params = linalg.solve_triangular(inner, upper[:k, k])
    inverse = linalg.solve_triangular(inner, np.eye(k))
    df = n - k if reml else n
    variance = left / df
    log_likelihood = -0.5 * (df * (1 + np.log(2 * np.pi * variance)) + profile.log_det)
    if reml:
        log_likelihood -= np.log(np.abs(np.diag(inner))).sum()
    covariance = variance * inverse @ inverse.T
    return MixedFit(np.empty(0), params, covariance, variance, float(log_likelihood), True)


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Persons with a random intercept, and a random slope where `slope` has two columns.

    Attributes
    ----------
    products : ndarray of float, shape (k + 1, k + 1)
        Columns and outcome with themselves.
    gram : ndarray of float, shape (n_person, q, q)
        Random columns with themselves, by person.
    cross : ndarray of float, shape (n_person, q, k + 1)
        Random columns with columns and outcome.
    """

    products: np.ndarray
    gram: np.ndarray
    cross: np.ndarray

    def profile(self, theta: np.ndarray) -> Profile:
        """At the lower triangle of the relative Cholesky factor, row by row."""
        if len(theta) == 1:
            inner = 1 + theta[0] ** 2 * self.gram[:, 0, 0]
            sums = self.cross[:, 0]
            taken = (sums * (theta[0] ** 2 / inner)[:, None]).T @ sums
            return Profile(self.products - taken, float(np.log(inner).sum()))
        factor = lower_triangle(theta, self.gram.shape[1])
        inner = np.eye(len(factor)) + factor.T @ self.gram @ factor
        root = np.linalg.cholesky(inner)
        turned = np.linalg.solve(root, factor.T @ self.cross).reshape(-1, self.cross.shape[2])
        log_det = 2 * np.log(np.einsum("gii->gi", root)).sum()
        return Profile(self.products - turned.T @ turned, float(log_det))

    def modes(self, fit: MixedFit) -> tuple[np.ndarray, np.ndarray]:
        """Predicted effects (n_person, q), and their variances given the coefficients."""
        factor = lower_triangle(fit.theta, self.gram.shape[1])
        inner = np.linalg.inv(np.eye(len(factor)) + factor.T @ self.gram @ factor)
        left = self.cross[:, :, -1] - self.cross[:, :, :-1] @ fit.params
        effect = np.einsum("ij,gjk,lk,gl->gi", factor, inner, factor, left)
        return effect, fit.variance * np.einsum("ij,gjk,ik->gi", factor, inner, factor)


def lower_triangle(theta: np.ndarray, q: int) -> np.ndarray:
    """Relative Cholesky factor of the covariance of q random effects."""
    factor = np.zeros((q, q))
    factor[np.tril_indices(q)] = theta
    return factor


@dataclass(frozen=True, slots=True, eq=False)
class Nested:
    """Random intercepts of units, and of the persons in them.

    Attributes
    ----------
    products : ndarray of float, shape (k + 1, k + 1)
    size : ndarray of float, shape (n_person,)
        Rows of each person.
    sums : ndarray of float, shape (n_person, k + 1)
        Columns and outcome, summed over the rows of each person.
    unit : ndarray of int, shape (n_person,)
        Code of the unit of each person.
    """

    products: np.ndarray
    size: np.ndarray
    sums: np.ndarray
    unit: np.ndarray

    def profile(self, theta: np.ndarray) -> Profile:
        """At the relative standard deviations of persons and of units."""
        person, unit = theta**2
        inner = 1 + person * self.size
        products = self.products - (self.sums * (person / inner)[:, None]).T @ self.sums
        weight, sums = self._of_units(inner)
        outer = 1 + unit * weight
        products -= (sums * (unit / outer)[:, None]).T @ sums
        return Profile(products, float(np.log(inner).sum() + np.log(outer).sum()))

    def modes(self, fit: MixedFit) -> tuple[np.ndarray, np.ndarray]:
        """Predicted intercepts of units, and their variances given the coefficients."""
        person, unit = fit.theta**2
        weight, sums = self._of_units(1 + person * self.size)
        outer = 1 + unit * weight
        left = sums[:, -1] - sums[:, :-1] @ fit.params
        return unit * left / outer, fit.variance * unit / outer

    def _of_units(self, inner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Information on each unit's intercept, and columns summed with the same weights."""
        n_unit = int(self.unit.max()) + 1
        weight = np.bincount(self.unit, self.size / inner, minlength=n_unit)
        sums = [np.bincount(self.unit, column / inner, minlength=n_unit) for column in self.sums.T]
        return weight, np.column_stack(sums)
