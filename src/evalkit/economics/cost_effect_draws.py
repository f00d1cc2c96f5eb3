"""Bootstrap of differences in cost and effect: persons within arms, or whole clusters."""

from dataclasses import dataclass

import numpy as np

from evalkit.economics.costs_and_effects import CostsAndEffects

DRAWS_AT_ONCE = 100


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """Adjusted differences of resampled persons, programme - comparison.

    Attributes
    ----------
    cost, effect : ndarray of float, shape (n_bootstrap,)
    """

    cost: np.ndarray
    effect: np.ndarray

    def net_benefit(self, willingness_to_pay: np.ndarray) -> np.ndarray:
        """Net benefit of each draw at each willingness to pay, shape (n_bootstrap, n_value)."""
        return self.effect[:, None] * willingness_to_pay - self.cost[:, None]


def resampled(
    sample: CostsAndEffects, x: np.ndarray, cluster: np.ndarray | None, *, n_bootstrap: int,
    seed: int,
) -> Differences:  # fmt: skip
    """Differences of resampled samples; set b mod m of m imputed sets is used in draw b.

    Persons are drawn within their arm; clusters among those that have the same arms, so that a
    draw never loses an arm.
    """
    rng = np.random.default_rng(seed)
    found = []
    for start in range(0, n_bootstrap, DRAWS_AT_ONCE):
        size = min(DRAWS_AT_ONCE, n_bootstrap - start)
        times = times_drawn(rng, sample.in_programme, cluster, size)
        draw = np.arange(start, start + size) % len(sample.effect)
        found.append(differences(x, sample.cost, sample.effect, times, draw))
    both = np.concatenate(found) if found else np.empty((0, 2))
    return Differences(both[:, 0], both[:, 1])


def differences(
    x: np.ndarray, cost: np.ndarray, effect: np.ndarray, times: np.ndarray, draw: np.ndarray
) -> np.ndarray:
    """Coefficients of the programme by weighted least squares, shape (n_draw, 2).

    Parameters
    ----------
    x : ndarray, shape (n, k)
    cost : ndarray, shape (n,)
    effect : ndarray, shape (m, n)
    times : ndarray, shape (n_draw, n)
        How often each person is in each draw.
    draw : ndarray of int, shape (n_draw,)
        Which of the m sets each draw uses.
    """
    n, k = x.shape
    products = (x[:, :, None] * x[:, None, :]).reshape(n, k * k)
    cross = (times @ products).reshape(-1, k, k)
    spent = times @ (x * cost[:, None])
    gained = np.empty((len(times), k))
    for number in np.unique(draw):
        rows = draw == number
        gained[rows] = times[rows] @ (x * effect[number][:, None])
    # A covariate can vanish from a draw; the smallest solution leaves the programme's alone.
    inverse = np.linalg.pinv(cross, hermitian=True)[:, 1]
    return np.stack(
        [np.einsum("bk,bk->b", inverse, spent), np.einsum("bk,bk->b", inverse, gained)], axis=1
    )


def times_drawn(
    rng: np.random.Generator, in_programme: np.ndarray, cluster: np.ndarray | None, size: int
) -> np.ndarray:
    """How often each person is drawn, shape (size, n)."""
    if cluster is None:
        return _within(rng, in_programme.astype(np.intp), size)
    count = int(cluster.max()) + 1
    has = np.zeros((count, 2), dtype=bool)
    has[cluster, in_programme.astype(np.intp)] = True
    return _within(rng, has[:, 0] + 2 * has[:, 1], size)[:, cluster]


def _within(rng: np.random.Generator, stratum: np.ndarray, size: int) -> np.ndarray:
    times = np.zeros((size, len(stratum)))
    for level in np.unique(stratum):
        rows = np.flatnonzero(stratum == level)
        drawn = rng.integers(0, len(rows), (size, len(rows))) + len(rows) * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * len(rows))
        times[:, rows] = counts.reshape(size, len(rows))
    return times
