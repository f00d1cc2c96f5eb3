"""The likelihood of person-time with a normal intercept of each group, by adaptive quadrature."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from evalkit.survival.person_time import PersonTime
from evalkit.survival.person_time_likelihood import MAX_STEPS, Link, complementary_log_log, logit

FARTHEST = 3.0  # a step towards the mode of an intercept, in deviations
MODE_TOLERANCE = 1e-10
VALUE, FIRST, OBSERVED, EXPECTED, SLOPE = range(5)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Mixture:
    """Cells of person-time whose patterns are sorted by group.

    A point (q + p + 1,) of its likelihood holds the baseline, the coefficients and the deviation of
    the intercepts. Intercepts `at` (n_group,) are in deviations.

    Attributes
    ----------
    table : PersonTime
        The last column of its values is the group.
    basis : ndarray of float, shape (n_period, q)
    link : callable
        One of those in `CELLS`.
    n_group : int
    n_node : int
        Points of the quadrature; one is Laplace's approximation.
    """

    table: PersonTime
    basis: np.ndarray
    link: Link
    n_group: int
    n_node: int

    def blocks(self, point: np.ndarray, at: np.ndarray):
        """Covariates, groups, and the quantities of the cells, some patterns at a time."""
        q = self.basis.shape[1]
        level, beta, deviation = self.basis @ point[:q], point[q:-1], point[-1]
        for values, amount, event, _ in self.table.blocks():
            group = values[:, -1].astype(np.intp)
            linear = (values[:, :-1] @ beta + deviation * at[group])[:, None] + level
            yield values[:, :-1], group, CELLS[self.link](amount, event, linear)

    def totals(self, point: np.ndarray, at: np.ndarray, *wanted: int) -> list[np.ndarray]:
        """Sums of quantities by group: alone, then times each column, (n_group, 1 + q + p)."""
        n_term = len(point) - 1 - self.basis.shape[1]
        by_period = np.zeros((len(wanted), self.n_group, len(self.basis)))
        by_term = np.zeros((len(wanted), self.n_group, n_term))
        for values, group, cells in self.blocks(point, at):
            starts = np.flatnonzero(np.diff(group, prepend=-1))
            for number, which in enumerate(wanted):
                cell = cells[which]
                by_period[number, group[starts]] += np.add.reduceat(cell, starts)
                crossed = cell.sum(axis=1)[:, None] * values
                by_term[number, group[starts]] += np.add.reduceat(crossed, starts)
        return [
            np.column_stack([periods.sum(axis=1), periods @ self.basis, terms])
            for periods, terms in zip(by_period, by_term, strict=True)
        ]


def log_likelihood(
    mixture: Mixture, point: np.ndarray, at: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Log-likelihood by adaptive quadrature, its gradient, and the modes of the intercepts.

    Nodes move with the parameters, through mode and curvature of each group. The gradient follows
    them, so that it is that of the sum itself, also with a single node.
    """
    at, scale, of_mode, of_log_scale = _centres(mixture, point, _modes(mixture, point, at))
    height, slopes = [], []
    for node, weight in zip(*_nodes(mixture.n_node), strict=True):
        place = at + scale * node
        value, first = mixture.totals(point, place, VALUE, FIRST)
        height.append(np.log(weight) + value[:, 0] + 0.5 * (node**2 - place**2))
        moved = of_mode + node * scale[:, None] * of_log_scale
        pull = point[-1] * first[:, 0] - place
        slopes.append(_scores(first, place) + pull[:, None] * moved)
    height = np.array(height)
    share = special.softmax(height, axis=0)
    value = special.logsumexp(height, axis=0) + np.log(scale)
    gradient = np.einsum("kg,kgp->p", share, np.array(slopes)) + of_log_scale.sum(axis=0)
    return float(value.sum()), gradient, at


def observed_information(
    mixture: Mixture, point: np.ndarray, at: np.ndarray, n_node: int
) -> np.ndarray:
    """Minus the second derivatives of the log-likelihood, (q + p + 1, q + p + 1).

    They need more nodes than the likelihood, since they are variances over each intercept.

    Parameters
    ----------
    at : ndarray of float, shape (n_group,)
        Modes.
    n_node : int

    References
    ----------
    Louis (1982), J R Stat Soc B 44:226-233.
    """
    scale = _centres(mixture, point, at)[1]
    nodes, weights = _nodes(n_node)
    height, scores = [], []
    for node, weight in zip(nodes, weights, strict=True):
        place = at + scale * node
        value, first = mixture.totals(point, place, VALUE, FIRST)
        height.append(np.log(weight) + value[:, 0] + 0.5 * (node**2 - place**2))
        scores.append(_scores(first, place))
    share, scores = special.softmax(np.array(height), axis=0), np.array(scores)
    mean = np.einsum("kg,kgp->gp", share, scores)
    spread = np.einsum("kg,kgp,kgr->pr", share, scores, scores) - mean.T @ mean
    complete = [
        _complete(mixture, point, at + scale * node, one)
        for node, one in zip(nodes, share, strict=True)
    ]
    return np.sum(complete, axis=0) - spread


def _nodes(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights for the average over a standard normal variable."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(number)
    return nodes, weights / weights.sum()


def _modes(mixture: Mixture, point: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Most likely intercept of each group, by Newton's method."""
    for _ in range(MAX_STEPS):
        first, observed = mixture.totals(point, at, FIRST, OBSERVED)
        step = (point[-1] * first[:, 0] - at) / (1.0 + point[-1] ** 2 * observed[:, 0])
        at = at + np.clip(step, -FARTHEST, FARTHEST)
        if np.abs(step).max() < MODE_TOLERANCE:
            break
    return at


def _centres(mixture: Mixture, point: np.ndarray, at: np.ndarray):
    """Modes and scales of the groups (n_group,), derivatives of both by the point, (n_group, P).

    The second derivative at the mode is the expected one, as in R's lme4; with the logit link it is
    the observed one too.
    """
    deviation = point[-1]
    first, observed, expected, slope = mixture.totals(point, at, FIRST, OBSERVED, EXPECTED, SLOPE)
    curvature = 1.0 + deviation**2 * expected[:, 0]
    by_deviation = first[:, 0] - deviation * at * observed[:, 0]
    of_mode = np.column_stack([-deviation * observed[:, 1:], by_deviation])
    of_mode /= (1.0 + deviation**2 * observed[:, 0])[:, None]
    by_deviation = deviation * (2.0 * expected[:, 0] + deviation * at * slope[:, 0])
    of_curvature = np.column_stack([deviation**2 * slope[:, 1:], by_deviation])
    of_curvature += (deviation**3 * slope[:, 0])[:, None] * of_mode
    return at, curvature**-0.5, of_mode, -0.5 * of_curvature / curvature[:, None]


def _scores(first: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Derivatives by the point of each group's likelihood, its intercept given, (n_group, P)."""
    return np.column_stack([first[:, 1:], at * first[:, 0]])


def _complete(mixture: Mixture, point: np.ndarray, at: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Information of the point with the intercepts given, each group counted by its share."""
    basis, p = mixture.basis, len(point) - mixture.basis.shape[1]
    own, crossed, by_period = np.zeros((p, p)), np.zeros((len(basis), p)), np.zeros(len(basis))
    for values, group, cells in mixture.blocks(point, at):
        columns = np.column_stack([values, at[group]])
        weight = cells[OBSERVED] * share[group][:, None]
        own += columns.T @ (weight.sum(axis=1)[:, None] * columns)
        crossed += weight.T @ columns
        by_period += weight.sum(axis=0)
    return np.block([
        [basis.T @ (by_period[:, None] * basis), basis.T @ crossed],
        [crossed.T @ basis, own],
    ])  # fmt: skip


def _log_log_cells(amount, event, linear) -> tuple:
    """Log-likelihood, its derivative, minus the second one; expected weight, its derivative."""
    rate = np.exp(np.clip(linear, -700.0, 30.0))
    with np.errstate(over="ignore"):
        odds = rate / np.expm1(rate)
    stayed, expected = (amount - event) * rate, amount * rate * odds
    return (
        event * np.log(-np.expm1(-rate)) - stayed,
        event * odds - stayed,
        stayed - event * odds * (1.0 - rate - odds),
        expected,
        expected * (2.0 - rate - odds),
    )


def _logit_cells(amount, event, linear) -> tuple:
    """As `_log_log_cells`."""
    share = special.expit(linear)
    weight = amount * share * (1.0 - share)
    value = event * linear - amount * np.logaddexp(0.0, linear)
    return value, event - amount * share, weight, weight, weight * (1.0 - 2.0 * share)


CELLS = {complementary_log_log: _log_log_cells, logit: _logit_cells}
