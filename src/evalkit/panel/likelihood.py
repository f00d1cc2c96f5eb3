"""Normal likelihood of random intercepts and slopes, profiled over coefficients and variance.

Persons enter by sums alone, added over those with the same waves, so that a step of the search
takes no longer with a million persons than with a hundred.
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
    """Persons with a random intercept, and a random slope where there are two random columns.

    Persons with the same waves have the same random columns, and are summed.

    Attributes
    ----------
    products : ndarray of float, shape (k + 1, k + 1)
        Columns and outcome with themselves.
    gram : ndarray of float, shape (n_pattern, q, q)
        Random columns with themselves, one for each pattern of waves.
    count : ndarray of int, shape (n_pattern,)
        Persons with the pattern.
    cross : ndarray of float, shape (n_pattern, q, q, (k + 1)^2)
        Random columns with columns and outcome, two of them multiplied and summed over persons.
    """

    products: np.ndarray
    gram: np.ndarray
    count: np.ndarray
    cross: np.ndarray

    @classmethod
    def of_rows(cls, values: np.ndarray, random: np.ndarray, person: np.ndarray) -> "Person":
        """From columns with the outcome last (n, k + 1), and random columns (n, q)."""
        q, k = random.shape[1], values.shape[1]
        gram = by_person(person, random, random)
        found, code = np.unique(gram.reshape(len(gram), -1), axis=0, return_inverse=True)
        sums = by_person(person, random, values)
        cross = np.empty((len(found), q, q, k * k))
        for place in np.ndindex(q, q):
            cross[:, *place] = sum_outer(sums[:, place[0]], sums[:, place[1]], code, len(found))
        return cls(values.T @ values, found.reshape(-1, q, q), np.bincount(code.ravel()), cross)

    def profile(self, theta: np.ndarray) -> Profile:
        """At the lower triangle of the relative Cholesky factor, row by row."""
        factor = lower_triangle(theta, self.gram.shape[1])
        inner = np.eye(len(factor)) + factor.T @ self.gram @ factor
        share = factor @ np.linalg.inv(inner) @ factor.T
        taken = share.ravel() @ self.cross.reshape(share.size, -1)
        log_det = self.count @ np.log(np.linalg.det(inner))
        return Profile(self.products - taken.reshape(self.products.shape), float(log_det))


def lower_triangle(theta: np.ndarray, q: int) -> np.ndarray:
    """Relative Cholesky factor of the covariance of q random effects."""
    factor = np.zeros((q, q))
    factor[np.tril_indices(q)] = theta
    return factor


def by_person(person: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Sum of products of columns over the rows of each person, (n_person, left, right)."""
    return np.stack(
        [np.stack([np.bincount(person, a * b) for b in right.T], axis=-1) for a in left.T], axis=1
    )


def sum_outer(left: np.ndarray, right: np.ndarray, code: np.ndarray, n_code: int) -> np.ndarray:
    """Outer products of the rows of two tables, summed by code and flat, (n_code, k * k)."""
    code = code.ravel()
    order = np.argsort(code, kind="stable")
    edges = np.searchsorted(code[order], np.arange(n_code + 1))
    parts = [order[low:high] for low, high in zip(edges[:-1], edges[1:], strict=True)]
    return np.array([(left[rows].T @ right[rows]).ravel() for rows in parts])


@dataclass(frozen=True, slots=True, eq=False)
class Nested:
    """Random intercepts of units, and of the persons in them.

    Persons with as many rows are summed: over all units, and within each.

    Attributes
    ----------
    products : ndarray of float, shape (k + 1, k + 1)
    size : ndarray of float, shape (n_size,)
        Numbers of rows that a person has.
    outer : ndarray of float, shape (n_size, (k + 1)^2)
        Sums of a person's rows, multiplied with themselves and summed over persons.
    count : ndarray of float, shape (n_unit, n_size)
        Persons.
    sums : ndarray of float, shape (n_unit, n_size, k + 1)
        Columns and outcome.
    """

    products: np.ndarray
    size: np.ndarray
    outer: np.ndarray
    count: np.ndarray
    sums: np.ndarray

    @classmethod
    def of_rows(cls, values: np.ndarray, person: np.ndarray, unit: np.ndarray) -> "Nested":
        """From columns with the outcome last (n, k + 1), and the unit of each person."""
        sums = by_person(person, np.ones((len(person), 1)), values)[:, 0]
        size, code = np.unique(np.bincount(person), return_inverse=True)
        cell, shape = unit * len(size) + code, (int(unit.max()) + 1, len(size))
        n_cell = shape[0] * shape[1]
        of_cell = [np.bincount(cell, column, minlength=n_cell) for column in sums.T]
        return cls(
            products=values.T @ values,
            size=size.astype(float),
            outer=sum_outer(sums, sums, code, len(size)),
            count=np.bincount(cell, minlength=n_cell).reshape(shape).astype(float),
            sums=np.stack(of_cell, axis=-1).reshape(*shape, -1),
        )

    def profile(self, theta: np.ndarray) -> Profile:
        """At the relative standard deviations of persons and of units."""
        person, unit = theta**2
        inner = 1 + person * self.size
        products = self.products - ((person / inner) @ self.outer).reshape(self.products.shape)
        weight, sums = self._of_units(inner)
        outer = 1 + unit * weight
        products -= (sums * (unit / outer)[:, None]).T @ sums
        log_det = (self.count @ np.log(inner)).sum() + np.log(outer).sum()
        return Profile(products, float(log_det))

    def modes(self, fit: MixedFit) -> tuple[np.ndarray, np.ndarray]:
        """Predicted intercepts of units, and their variances given the coefficients."""
        person, unit = fit.theta**2
        weight, sums = self._of_units(1 + person * self.size)
        outer = 1 + unit * weight
        left = sums[:, -1] - sums[:, :-1] @ fit.params
        return unit * left / outer, fit.variance * unit / outer

    def _of_units(self, inner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Information on each unit's intercept, and columns summed with the same weights."""
        weight = self.count @ (self.size / inner)
        return weight, np.einsum("ust,s->ut", self.sums, 1 / inner)
