"""Contrasts of completed scores, for any number of points by which those are moved."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evalkit.errors import ParameterError
from evalkit.panel.clusters import n_group
from evalkit.panel.covariances import cluster_sums
from evalkit.panel.grid import Grid
from evalkit.panel.imputation import draw_scores
from evalkit.panel.rubin import Pooled, pool_estimates
from evalkit.panel.waves_given_baseline import (
    Regression,
    analysis_columns,
    by_cluster,
    regression,
)

Delta = float | Mapping[str, float | Mapping[int, float]]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ShiftedWave:
    """A wave of the completed sets: what the contrast and its variance are for any shift.

    Estimates are `estimate + delta slope`; variances `square + 2 delta cross + delta^2 shift`.
    """

    rows: np.ndarray
    estimate: np.ndarray  # (m,)
    slope: float
    square: np.ndarray
    cross: np.ndarray
    shift: float
    df: float

    def pooled(self, delta: np.ndarray) -> Pooled:
        """Pool at each of some shifts, (d,)."""
        at = np.atleast_1d(np.asarray(delta, dtype=float))
        variance = self.square[:, None] + 2 * at * self.cross[:, None] + at**2 * self.shift
        return pool_estimates(
            self.estimate[:, None] + at * self.slope, np.sqrt(np.maximum(variance, 0)), self.df
        )


def draw(grid: Grid, covariates, m, method, seed) -> tuple[np.ndarray, np.ndarray]:
    """Completed scores (m, n, k), arm by arm, and the columns of the comparison (n, p)."""
    columns = analysis_columns(grid, covariates)
    scores = draw_scores(
        grid, m=m, covariates=covariates, method=method, by_arm=True, cycles=10, seed=seed
    )
    return scores, columns


def is_clustered(grid: Grid) -> bool:
    """Whether errors are by cluster at all waves."""
    return by_cluster(grid, [np.flatnonzero(due) for due in grid.due[:, 1:].T])


def shifted_wave(grid, scores, columns, at, shift, clustered) -> ShiftedWave | None:
    """Prepare a wave; None where the arms cannot be told apart."""
    rows = np.flatnonzero(grid.due[:, at] & (grid.weight > 0))
    fit = regression(columns[rows], grid.weight[rows]) if len(rows) else None
    if fit is None:
        return None
    moved = ~grid.answered[rows, at] * shift[grid.stratum[rows]]
    parts = _parts(fit, scores[:, rows, at], None if not clustered else grid.cluster[rows])
    (along,) = _parts(fit, moved[None], None if not clustered else grid.cluster[rows])
    count = n_group(grid.cluster[rows]) if clustered else 0
    factor = count / (count - 1) * (len(rows) - 1) / fit.df if clustered else 1.0
    return ShiftedWave(
        rows=rows,
        estimate=fit.estimate(scores[:, rows, at]),
        slope=float(fit.estimate(moved)),
        square=factor * np.sum(parts**2, axis=1),
        cross=factor * (parts @ along),
        shift=factor * float(along @ along),
        df=float(count - 1 if clustered else fit.df),
    )


def _parts(fit: Regression, score: np.ndarray, cluster: np.ndarray | None) -> np.ndarray:
    """What the root of the sum of squares is the error of, a row a set of scores."""
    influence = fit.loading * fit.residual(score)
    return influence * fit.stretch if cluster is None else cluster_sums(influence.T, cluster).T


def shifts_of(grid: Grid, delta: Delta) -> np.ndarray:
    """Points by arm and wave, shape (arms, k)."""
    by_arm = {arm: delta for arm in grid.arms} if isinstance(delta, int | float) else dict(delta)
    unknown = [str(arm) for arm in by_arm if arm not in grid.arms]
    if unknown:
        raise ParameterError(
            f"arm: no {', '.join(unknown)} to move; there are {', '.join(grid.arms)}"
        )
    shifts = np.zeros((len(grid.arms), len(grid.waves)))
    for arm, value in by_arm.items():
        place = grid.arms.index(arm)
        if not isinstance(value, Mapping):
            shifts[place] = float(value)
            continue
        other = sorted(set(value) - set(grid.waves[1:].tolist()))
        if other:
            raise ParameterError(f"delta: no wave {', '.join(map(str, other))} after the baseline")
        for wave, points in value.items():
            shifts[place, grid.waves == wave] = float(points)
    return shifts


def smaller_arm_of(grid: Grid, rows: np.ndarray) -> int:
    """Persons among these rows in the arm that has the fewest."""
    return int(np.bincount(grid.stratum[rows], minlength=len(grid.arms)).min())
