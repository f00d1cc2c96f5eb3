"""How far off unanswered scores would have to be for a conclusion to change."""

from collections.abc import Sequence

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.grid import Grid, build_grid
from evalkit.panel.imputation import Method
from evalkit.panel.rubin import Pooled
from evalkit.panel.shifted_waves import (
    ShiftedWave,
    draw,
    is_clustered,
    shifted_wave,
    shifts_of,
    smaller_arm_of,
)
from evalkit.provenance import provenance
from evalkit.results import TippingCurve

GRID = 41
BOTH = "both"


def tipping_point(
    panel: HealthPanel,
    *,
    wave: int,
    deltas: Sequence[float] | None = None,
    shifted: str = "programme",
    covariates: Sequence[str] = (),
    m: int = 20,
    method: Method = "normal",
    baseline: int = 0,
    last_due: str | None = None,
    seed: int = 1,
    conf_level: float = 0.95,
) -> TippingCurve:
    """Find how far off unanswered scores would have to be for the conclusion to change.

    Parameters
    ----------
    panel : HealthPanel
        With an arm of two levels.
    wave : int
        The wave that the conclusion is about.
    deltas : sequence of float
        Points by which imputed scores are moved. By default 41 from minus to plus the standard
        deviation of the answers of the wave.
    shifted : str
        The arm whose imputed scores are moved, or `both`.
    covariates, m, method, baseline, last_due, seed
        As in `pattern_mixture`. The same draws serve all shifts.
    conf_level : float

    Returns
    -------
    TippingCurve
        One row a shift, and in `glance` the two points at which the conclusion tips.

    Raises
    ------
    EstimationError
        As `pattern_mixture`; if nobody of the arm misses the wave.
    ParameterError
        If the wave or the arm does not exist, or there are fewer than two shifts.

    Notes
    -----
    The pooled estimate is linear in the shift, so that its root is exact and may lie beyond the
    grid, where it is not given. A tip of the interval is the shift nearest to 0 at which one of
    its limits is 0, searched between neighbouring shifts of the grid.

    References
    ----------
    Yan X, Lee S, Li N (2009), doi 10.1080/10543400903243009. National Research Council (2010),
    doi 10.17226/12955.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat(np.arange(60), 2), "wave": [0, 6] * 60,
    ...     "arm": np.repeat(["programme", "comparison"], 60),
    ...     "index": rng.normal(0.5, 0.1, 120).round(2),
    ... })
    >>> frame.loc[frame["wave"].eq(6) & (rng.random(120) < 0.3), "index"] = np.nan
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index", arm="arm")
    >>> curve = tipping_point(panel, wave=6, deltas=[-0.2, -0.1, 0, 0.1, 0.2])
    >>> curve.tidy()["delta"].tolist()
    [-0.2, -0.1, 0.0, 0.1, 0.2]
    """
    grid = build_grid(panel, baseline=baseline, last_due=last_due)
    at, moved = _moved(grid, wave, shifted)
    steps = _deltas(grid.score[:, at], deltas)
    scores, columns = draw(grid, covariates, m, method, seed)
    clustered = is_clustered(grid)
    found = shifted_wave(grid, scores, columns, at, moved, clustered)
    if found is None:
        raise EstimationError(
            f"wave {wave}: one arm only, or no more persons than coefficients. "
            "Use fewer covariates."
        )
    low, high, pooled = _limits(found, steps, conf_level)
    statistic = np.abs(pooled.estimate) / pooled.std_error
    imputed, answered = _persons_moved(grid, found.rows, at, moved)
    return TippingCurve(
        rows={
            "term": [f"wave[{wave}]"] * len(steps), "delta": steps, "estimate": pooled.estimate,
            "std_error": pooled.std_error, "conf_low": low, "conf_high": high,
            "p_value": 2 * stats.t.sf(statistic, pooled.df),
        },
        summary={
            "n": len(found.rows),
            "n_imputed": int(imputed.sum()),
            "wave": wave,
            "shifted": shifted,
            "tipping_estimate": _root_of_line(found, steps),
            "tipping_interval": _nearest_root(found, steps, conf_level),
            "is_clear": _is_clear(found, conf_level),
            "m": m,
            "conf_level": conf_level,
            "label": "description",
            "method": f"pattern mixture, {'by cluster' if clustered else 'HC3'}",
            "outcome": panel.name,
        },
        support={
            "n": [smaller_arm_of(grid, found.rows)] * len(steps),
            # Of the arm moved, or of that which has fewer where both are.
            "k": [int(imputed.min())] * len(steps),
            "complement": [int(answered.min())] * len(steps),
        },
        provenance=provenance(
            "tipping_point", panel.digest, seed=seed, wave=wave, deltas=tuple(steps),
            shifted=shifted, covariates=tuple(covariates), m=m, method=method, baseline=baseline,
            last_due=last_due, conf_level=conf_level,
        ),
    )  # fmt: skip


def _moved(grid: Grid, wave: int, shifted: str) -> tuple[int, np.ndarray]:
    """Position of the wave, and the shift of each arm there in units of delta."""
    if wave not in grid.waves[1:]:
        raise ParameterError(f"wave: {wave!r} is none of {', '.join(map(str, grid.waves[1:]))}")
    at = int(np.flatnonzero(grid.waves == wave)[0])
    moved = shifts_of(grid, 1.0 if shifted == BOTH else {shifted: 1.0})[:, at]
    moving = moved[grid.stratum] != 0
    if not (grid.due[:, at] & ~grid.answered[:, at] & (grid.weight > 0) & moving).any():
        raise EstimationError(
            f"wave {wave}: nobody of the arm misses it, so that there is nothing to move"
        )
    return at, moved


def _persons_moved(
    grid: Grid, rows: np.ndarray, at: int, moved: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Persons of each moved arm whose score is drawn, and those who answered."""
    moving = moved[grid.stratum[rows]] != 0
    of_arm = np.bincount(grid.stratum[rows], moving)[moved != 0].astype(int)
    drawn = np.bincount(grid.stratum[rows], moving & ~grid.answered[rows, at])
    drawn = drawn[moved != 0].astype(int)
    return drawn, of_arm - drawn


def _deltas(score: np.ndarray, given: Sequence[float] | None) -> np.ndarray:
    if given is None:
        spread = float(np.nanstd(score, ddof=1))
        return np.linspace(-spread, spread, GRID)
    steps = np.unique(np.asarray(list(given), dtype=float))
    if len(steps) < 2 or not np.isfinite(steps).all():
        raise ParameterError("deltas: a curve needs at least two different numbers")
    return steps


def _limits(found: ShiftedWave, deltas, conf_level: float) -> tuple[np.ndarray, np.ndarray, Pooled]:
    pooled = found.pooled(np.asarray(deltas, dtype=float))
    margin = stats.t.ppf((1 + conf_level) / 2, pooled.df) * pooled.std_error
    return pooled.estimate - margin, pooled.estimate + margin, pooled


def _is_clear(found: ShiftedWave, conf_level: float) -> bool:
    """Whether the interval without any shift leaves 0 out."""
    low, high, _ = _limits(found, [0.0], conf_level)
    return bool(np.sign(low[0]) * np.sign(high[0]) > 0)


def _root_of_line(found: ShiftedWave, steps: np.ndarray) -> float:
    if not found.slope:
        return np.nan
    root = -float(found.estimate.mean()) / found.slope
    return root if steps[0] <= root <= steps[-1] else np.nan


def _nearest_root(found: ShiftedWave, steps: np.ndarray, conf_level: float) -> float:
    """The shift nearest to 0 at which a limit of the interval is 0; NaN where there is none."""
    roots = []
    for side in (0, 1):

        def limit(delta: float, side: int = side) -> float:
            return float(_limits(found, [delta], conf_level)[side][0])

        values = _limits(found, steps, conf_level)[side]
        for place in np.flatnonzero(np.sign(values[1:]) != np.sign(values[:-1])):
            roots.append(brentq(limit, steps[place], steps[place + 1], xtol=1e-12))
    return min(roots, key=abs) if roots else np.nan
