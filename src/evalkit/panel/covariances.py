"""Errors under dependence within clusters and over waves, from regressors and residuals.

All functions take arrays: regressors from which the effects are removed, multiplied by the root of
the weight, their residuals in the same scale, and `bread`, the inverse of x'x.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.clusters import n_group, numbered

ClusterKind = Literal["CR1", "CR2", "CR3"]

FITTED = 1e-10  # share of a direction's variance that its own cluster leaves; below, it fits it
BLOCK = 20_000  # clusters whose cross-products are held at once


@dataclass(frozen=True, slots=True, eq=False)
class Covariance:
    """Covariance of coefficients, and the degrees of freedom of their t-intervals.

    Attributes
    ----------
    matrix : ndarray of float, shape (k, k)
    df : ndarray of float, shape (n_contrast,)
        One for each contrast; without contrasts one for each coefficient.
    """

    matrix: np.ndarray
    df: np.ndarray


def cluster_covariance(
    x: np.ndarray,
    residual: np.ndarray,
    bread: np.ndarray,
    cluster: np.ndarray,
    *,
    kind: ClusterKind = "CR1",
    n_counted: int,
    absorbed: np.ndarray | None = None,
    contrasts: np.ndarray | None = None,
) -> Covariance:
    """Compute a cluster-robust covariance, with the correction for few clusters that is asked for.

    Parameters
    ----------
    x : ndarray of float, shape (n, k)
        Regressors without the effects, times the root of the weight.
    residual : ndarray of float, shape (n,)
        In the same scale.
    bread : ndarray of float, shape (k, k)
        Inverse of x'x.
    cluster : ndarray of int, shape (n,)
    kind : {"CR1", "CR2", "CR3"}
        CR1: a factor for all. CR2: each cluster's residuals are raised by what its own fit took,
        so that the error is unbiased if observations are independent, with Satterthwaite's degrees
        of freedom. CR3: the jackknife over clusters.
    n_counted : int
        Coefficients that CR1 counts: regressors and effects, those nested in clusters as one.
    absorbed : ndarray of float, shape (n, m)
        Columns of the effects that do not lie inside clusters (waves), without those that do, in
        the same scale; orthogonal to `x`. CR2 and CR3 need them, since they too take from a
        cluster's residuals. Effects inside clusters (persons) change nothing there.
    contrasts : ndarray of float, shape (n_contrast, k)
        Combinations of coefficients that degrees of freedom are for; by default each coefficient.

    Returns
    -------
    Covariance
        Degrees of freedom are G - 1 for CR1 and CR3.

    Raises
    ------
    ParameterError
        If `kind` is none of the three.
    EstimationError
        If there is one cluster only, or if `n_counted` leaves no row (CR1).

    Notes
    -----
    With s_g = x_g' A_g e_g the covariance is c bread (sum_g s_g s_g') bread. CR1: A = I,
    c = G/(G-1) (n-1)/(n-n_counted). CR2: A = (I - H_gg)^(-1/2), c = 1. CR3: A = (I - H_gg)^(-1),
    c = (G-1)/G, which is the jackknife about the estimate. H has the absorbed columns too; the
    root and the inverse are generalised, so that a direction which a cluster fits alone adds
    nothing. The working model of CR2 is independence, with variance one over the weight. With
    U_g orthonormal all of it follows from U_g'U_g and U_g'e_g: no matrix has more rows than
    coefficients.

    References
    ----------
    Pustejovsky JE, Tipton E (2018), doi 10.1080/07350015.2016.1247004. Bell RM, McCaffrey DF
    (2002), Survey Methodology 28:169-181. MacKinnon JG, Nielsen MO, Webb MD (2023), doi
    10.1016/j.jeconom.2022.04.001.

    Examples
    --------
    The error of a mean of four clusters of one, which CR2 makes s/sqrt(n):

    >>> y = np.array([1.0, 2.0, 4.0, 5.0])
    >>> fit = cluster_covariance(
    ...     np.ones((4, 1)), y - y.mean(), np.array([[0.25]]), np.arange(4), kind="CR2", n_counted=1
    ... )
    >>> fit.matrix.round(4), fit.df.round(4)
    (array([[0.8333]]), array([3.]))
    """
    if kind not in get_args(ClusterKind):
        raise ParameterError(f"kind: {kind!r} is none of {', '.join(get_args(ClusterKind))}")
    n, k = x.shape
    count = n_group(cluster)
    if count < 2:
        raise EstimationError(f"cluster: {count} cluster, errors by cluster need at least two")
    contrasts = np.eye(k) if contrasts is None else np.asarray(contrasts, dtype=float)
    plain_df = np.full(len(contrasts), float(count - 1))
    if kind == "CR1":
        if n <= n_counted:
            raise EstimationError(f"{n_counted} coefficients for {n} rows leave nothing over")
        scores = score_sums(x, residual, cluster)
        factor = count / (count - 1) * (n - 1) / (n - n_counted)
        return Covariance(factor * _sandwich(bread, scores), plain_df)
    basis, load = _orthonormal(x, absorbed)
    scores, taken, along = _adjusted(basis, residual, cluster, load, kind, contrasts @ bread)
    if kind == "CR3":
        return Covariance((count - 1) / count * _sandwich(bread, scores), plain_df)
    return Covariance(_sandwich(bread, scores), _satterthwaite(taken, along))


def two_way_covariance(
    x: np.ndarray,
    residual: np.ndarray,
    bread: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    *,
    n_counted: int,
) -> Covariance:
    """Compute errors for dependence within either of two clusterings.

    Parameters
    ----------
    x, residual, bread
        As in `cluster_covariance`.
    first, second : ndarray of int, shape (n,)
    n_counted : int
        Effects nested in either clustering count as one.

    Returns
    -------
    Covariance
        Degrees of freedom G - 1, G the smaller number of clusters.

    Raises
    ------
    EstimationError
        If either has one cluster only, or nothing is left over.

    Notes
    -----
    V = V_first + V_second - V_both, each CR1 with the factor G/(G-1) of the smaller number of
    clusters, as in fixest. Where V has a negative eigenvalue it is set to zero.

    References
    ----------
    Cameron AC, Gelbach JB, Miller DL (2011), doi 10.1198/jbes.2010.07136.

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 4.0, 5.0])
    >>> fit = two_way_covariance(
    ...     np.ones((4, 1)), y - y.mean(), np.array([[0.25]]), np.array([0, 0, 1, 1]),
    ...     np.array([0, 1, 0, 1]), n_counted=1,
    ... )
    >>> fit.matrix
    array([[1.25]])
    """
    counts = [n_group(first), n_group(second)]
    if min(counts) < 2:
        raise EstimationError("cluster: one cluster, errors by cluster need at least two")
    n = len(x)
    if n <= n_counted:
        raise EstimationError(f"{n_counted} coefficients for {n} rows leave nothing over")
    both = first.astype(np.int64) * (int(second.max()) + 1) + second
    parts = [_sandwich(bread, score_sums(x, residual, code)) for code in (first, second, both)]
    factor = min(counts) / (min(counts) - 1) * (n - 1) / (n - n_counted)
    matrix = factor * (parts[0] + parts[1] - parts[2])
    return Covariance(_no_negative_variance(matrix), np.full(x.shape[1], min(counts) - 1.0))


def driscoll_kraay_covariance(
    x: np.ndarray,
    residual: np.ndarray,
    bread: np.ndarray,
    wave: np.ndarray,
    *,
    max_lag: int | None = None,
) -> Covariance:
    """Compute errors for dependence between persons of one wave and over neighbouring waves.

    They rest on the number of waves, not of persons; with a handful of waves they are too small.

    Parameters
    ----------
    x, residual, bread
        As in `cluster_covariance`.
    wave : ndarray of int, shape (n,)
    max_lag : int
        Waves over which dependence reaches, counted in waves and not in months; by default the
        fourth root of their number, rounded down.

    Returns
    -------
    Covariance
        Degrees of freedom are the waves less one.

    Raises
    ------
    EstimationError
        If there is one wave only.
    ParameterError
        If `max_lag` is negative, or not below the number of waves.

    Notes
    -----
    bread S bread, S = S_0 + sum_l (1 - l/(L+1)) (S_l + S_l'), S_l = sum_t h_t h_(t-l)' with h_t
    the sum of x e over the persons of wave t; no small-sample factor. As plm's `vcovSCC`.

    References
    ----------
    Driscoll JC, Kraay AC (1998), doi 10.1162/003465398557825.

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 4.0, 5.0])
    >>> fit = driscoll_kraay_covariance(
    ...     np.ones((4, 1)), y - y.mean(), np.array([[0.25]]), np.array([0, 0, 6, 6]), max_lag=0
    ... )
    >>> fit.matrix
    array([[1.125]])
    """
    sums = score_sums(x, residual, wave)
    count = len(sums)
    if count < 2:
        raise EstimationError("wave: one wave, errors over waves need at least two")
    lag = int(np.floor(count**0.25)) if max_lag is None else max_lag
    if not 0 <= lag < count:
        raise ParameterError(f"max_lag: must be 0 to {count - 1}, is {lag}")
    middle = sums.T @ sums
    for step in range(1, lag + 1):
        shifted = sums[step:].T @ sums[:-step]
        middle += (1 - step / (lag + 1)) * (shifted + shifted.T)
    matrix = _no_negative_variance(bread @ middle @ bread)
    return Covariance(matrix, np.full(x.shape[1], count - 1.0))


def cluster_sums(moments: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Sum rows by cluster, (n,) or (n, k); clusters are in the order of their codes."""
    code, count = numbered(cluster)
    if moments.ndim == 1:
        return np.bincount(code, moments, count)
    return np.column_stack([np.bincount(code, column, count) for column in moments.T])


def score_sums(x: np.ndarray, residual: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Sum x times residual by cluster, column by column so that no copy of `x` is held."""
    code, count = numbered(cluster)
    sums = np.empty((x.shape[1], count))
    for number, column in enumerate(x.T):
        sums[number] = np.bincount(code, column * residual, minlength=count)
    return sums.T


def _sandwich(bread: np.ndarray, scores: np.ndarray) -> np.ndarray:
    parts = scores @ bread
    return parts.T @ parts


def _no_negative_variance(matrix: np.ndarray) -> np.ndarray:
    matrix = (matrix + matrix.T) / 2
    value, vector = np.linalg.eigh(matrix)
    return matrix if (value >= 0).all() else (vector * np.maximum(value, 0.0)) @ vector.T


def _orthonormal(x: np.ndarray, absorbed: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """A basis of regressors and absorbed columns, and the loadings of `x` on it."""
    basis, load = np.linalg.qr(x)
    if absorbed is None or not absorbed.shape[1]:
        return basis, load
    left = absorbed - basis @ (basis.T @ absorbed)
    vector, value, _ = np.linalg.svd(left, full_matrices=False)
    more = vector[:, value > FITTED * max(value.max(initial=0.0), np.linalg.norm(absorbed))]
    return np.hstack([basis, more]), np.vstack([load, np.zeros((more.shape[1], x.shape[1]))])


def _adjusted(basis, residual, cluster, load, kind, directions):
    """Adjusted scores of the clusters, and for Satterthwaite what a contrast takes of each.

    `directions` (contrasts times bread) are in the space of `x`. The second value is the norm of
    the direction's column in each cluster, the third its product with the basis.
    """
    scores, taken, along = [], [], []
    for gram, moment in _blocks(basis, residual, cluster):
        value, vector = np.linalg.eigh(gram)
        left = 1 - value
        kept = np.where(left > FITTED, left, np.inf)
        factor = kept ** (-0.5 if kind == "CR2" else -1.0)
        turned = np.einsum("gij,gi->gj", vector, moment)
        scores.append(np.einsum("gij,gj->gi", vector, factor * turned) @ load)
        on_basis = np.einsum("gij,ic->gjc", vector, load @ directions.T)
        taken.append(np.einsum("gj,gjc->gc", np.where(left > FITTED, value, 0.0), on_basis**2))
        along.append(np.einsum("gij,gjc->gic", vector, (factor * value)[:, :, None] * on_basis))
    return np.vstack(scores), np.vstack(taken), np.concatenate(along)


def _blocks(
    basis: np.ndarray, residual: np.ndarray, cluster: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """U_g'U_g and U_g'e_g, for so many clusters at once as memory allows."""
    order = np.argsort(cluster, kind="stable")
    first = np.flatnonzero(np.diff(cluster[order], prepend=cluster[order[0]] - 1))
    edges = np.append(first, len(order))
    for start in range(0, len(first), BLOCK):
        stop = min(start + BLOCK, len(first))
        rows = order[edges[start] : edges[stop]]
        at = edges[start:stop] - edges[start]
        part = basis[rows]
        gram = np.add.reduceat(part[:, :, None] * part[:, None, :], at, axis=0)
        yield gram, np.add.reduceat(part * residual[rows, None], at, axis=0)


def _satterthwaite(taken: np.ndarray, along: np.ndarray) -> np.ndarray:
    """(trace)^2 / trace of the square of p_g' p_h, the products of the clusters' columns."""
    trace = taken.sum(axis=0)
    # p_g'p_h is -u_g'u_h off the diagonal, u_g the product with the basis, and taken_g on it.
    cross = np.einsum("gic,gjc->cij", along, along)
    own = np.einsum("gic,gic->gc", along, along)
    squares = np.einsum("cij,cij->c", cross, cross) - (own**2).sum(axis=0)
    return trace**2 / (squares + (taken**2).sum(axis=0))
