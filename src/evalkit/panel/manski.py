"""Bounds that hold whatever those who did not answer would have said."""

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.clusters import n_group
from evalkit.panel.covariances import cluster_sums
from evalkit.panel.grid import Grid, build_grid
from evalkit.panel.waves_given_baseline import by_cluster
from evalkit.provenance import provenance
from evalkit.results import Bounds


def manski_bounds(
    panel: HealthPanel,
    *,
    wave: int,
    score_range: tuple[float, float],
    baseline: int = 0,
    last_due: str | None = None,
    conf_level: float = 0.95,
) -> Bounds:
    """Give the lowest and the highest mean that the unanswered scores allow.

    No assumption on who stopped answering stands behind these numbers. They are wide where many
    did, and that is their message.

    Parameters
    ----------
    panel : HealthPanel
    wave : int
    score_range : (float, float)
        Lowest and highest possible score: the range of the value set or of the scale, not that of
        the answers.
    baseline : int
        Persons with a score then are those whose mean is bounded.
    last_due : str, optional
        As in `attrition_weights`.
    conf_level : float

    Returns
    -------
    Bounds
        One row an arm (`scale` `arm`), and for two arms their difference, programme minus
        comparison: lowest of the one less highest of the other, and the reverse.

    Raises
    ------
    EstimationError
        If nobody was due; if fewer than two persons (or clusters) stand behind a row.
    ParameterError
        If the wave does not exist, the range is none, or a score lies outside it.

    Notes
    -----
    Bounds are means with each missing score at an end of the range. Interval by Imbens and Manski:
    [low - c s_low, high + c s_high], Phi(c + (high - low) / max(s_low, s_high)) - Phi(-c) = the
    level, which covers the mean itself (not the whole range) with that probability; errors are
    those of `wave_means`, by cluster where the panel has six or more.

    References
    ----------
    Manski CF (1990), American Economic Review 80(2), 319-323. Imbens GW, Manski CF (2004),
    doi 10.1111/j.1468-0262.2004.00555.x.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat(np.arange(4), 2), "wave": [0, 6] * 4,
    ...     "index": [0.4, 0.5, 0.5, 0.7, 0.6, 0.6, 0.7, None],
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> manski_bounds(panel, wave=6, score_range=(0, 1)).tidy()[["low", "high"]]
        low  high
    0  0.45   0.7
    """
    grid = build_grid(panel, baseline=baseline, last_due=last_due)
    if wave not in grid.waves[1:]:
        raise ParameterError(f"wave: {wave!r} is none of {', '.join(map(str, grid.waves[1:]))}")
    at = int(np.flatnonzero(grid.waves == wave)[0])
    lowest, highest = _checked_range(score_range, grid.score[:, at], panel.name)
    rows = np.flatnonzero(grid.due[:, at] & (grid.weight > 0))
    if not len(rows):
        raise EstimationError(f"wave {wave}: nobody was due")
    clustered = by_cluster(grid, [rows])
    ends = [
        np.where(grid.answered[rows, at], grid.score[rows, at], end) for end in (lowest, highest)
    ]
    table = _table(grid, rows, ends, clustered, conf_level)
    answered = grid.answered[rows, at]
    stratum = grid.stratum[rows]
    n = np.bincount(stratum, minlength=len(grid.arms))
    k = np.bincount(stratum, answered, minlength=len(grid.arms)).astype(int)
    is_arm = table["scale"] == "arm"
    table["n"] = [*n, *([len(rows)] * int((~is_arm).sum()))]
    table["n_answered"] = [*k, *([int(answered.sum())] * int((~is_arm).sum()))]
    weakest = int((n - k).min()) if len(n) > 1 else 0
    return Bounds(
        rows=table,
        summary={
            "n": len(rows), "wave": wave, "score_low": lowest, "score_high": highest,
            "conf_level": conf_level, "method": "Imbens-Manski", "label": "description",
            "n_cluster": n_group(grid.cluster[rows]) if clustered else np.nan,
            "outcome": panel.name,
        },
        support={
            "n": [*n, *([n.min()] * int((~is_arm).sum()))],
            "k": [*k, *([k.min()] * int((~is_arm).sum()))],
            "complement": [*(n - k), *([weakest] * int((~is_arm).sum()))],
        },
        provenance=provenance(
            "manski_bounds", panel.digest, wave=wave, score_range=tuple(score_range),
            baseline=baseline, last_due=last_due, conf_level=conf_level,
        ),
    )  # fmt: skip


def _checked_range(
    score_range: tuple[float, float], score: np.ndarray, name: str
) -> tuple[float, float]:
    low, high = (float(end) for end in score_range)
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ParameterError("score_range: the lowest score and then the highest, both finite")
    outside = int(np.sum((score < low) | (score > high)))
    if outside:
        raise ParameterError(f"score_range: {outside} scores of {name} lie outside it")
    return low, high


def _table(grid: Grid, rows, ends, clustered: bool, conf_level: float) -> pd.DataFrame:
    """Bounds of the arms, and of the difference of two."""
    stratum, weight = grid.stratum[rows], grid.weight[rows]
    unit = grid.cluster[rows] if clustered else np.arange(len(rows))
    means, influences = [], []
    for number, arm in enumerate(grid.arms):
        inside = stratum == number
        units = n_group(unit[inside])
        if units < 2:
            raise EstimationError(
                f"arm {arm or 'all'}: {units} {'clusters' if clustered else 'persons'} due at the "
                "wave, an error needs two"
            )
        share = weight * inside / np.sum(weight[inside])
        mean = np.array([share @ end for end in ends])
        parts = np.array([share * (end - value) for end, value in zip(ends, mean, strict=True)])
        influences.append(np.sqrt(units / (units - 1)) * cluster_sums(parts.T, unit).T)
        means.append(mean)
    terms, scales = list(grid.arms), ["arm"] * len(grid.arms)
    if len(grid.arms) == 2:
        # The lowest difference: the programme at its lowest, the comparison at its highest.
        means.append(means[1] - means[0][::-1])
        influences.append(influences[1] - influences[0][::-1])
        terms.append(f"{grid.arms[1]} - {grid.arms[0]}")
        scales.append("difference")
    errors = [np.sqrt(np.sum(part**2, axis=1)) for part in influences]
    limits = [
        _interval(*mean, *error, conf_level) for mean, error in zip(means, errors, strict=True)
    ]
    return pd.DataFrame({
        "term": terms, "scale": scales,
        "low": [mean[0] for mean in means], "high": [mean[1] for mean in means],
        "conf_low": [low for low, _ in limits], "conf_high": [high for _, high in limits],
    })  # fmt: skip


def _interval(low, high, error_low, error_high, conf_level: float) -> tuple[float, float]:
    """Limits by Imbens and Manski."""
    largest = max(error_low, error_high)
    if largest == 0:
        return low, high
    width = (high - low) / largest

    def covered(c: float) -> float:
        return stats.norm.cdf(c + width) - stats.norm.cdf(-c) - conf_level

    c = brentq(covered, 0.0, stats.norm.ppf((1 + conf_level) / 2) + 1e-9, xtol=1e-13)
    return low - c * error_low, high + c * error_high
