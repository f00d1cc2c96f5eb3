"""Mean of a score at each wave among those who answered."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError
from evalkit.panel.clusters import usable_cluster
from evalkit.provenance import provenance
from evalkit.results import WaveMeans


def wave_means(
    panel: HealthPanel, *, by: str | Sequence[str] | None = None, conf_level: float = 0.95
) -> WaveMeans:
    """Describe a score at each wave, among those who answered then.

    The persons differ from wave to wave, so that differences between waves are not changes of
    persons; those come from `ancova` and `fixed_effects`.

    Parameters
    ----------
    panel : HealthPanel
    by : str or sequence of str
        Columns that make the strata.
    conf_level : float

    Returns
    -------
    WaveMeans
        One row a stratum and wave that has an answer; the error is missing where one person (or
        cluster) answered.

    Raises
    ------
    EstimationError
        If no row has a score, or if the panel has one cluster only.

    Notes
    -----
    Mean m = sum w y / sum w, with the linearised variance n/(n-1) sum (w (y - m))^2 / (sum w)^2,
    which is s^2/n without weights, and t(n-1). With clusters, sums are by cluster and G stands
    for n.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": [1, 2, 3], "wave": 0, "index": [0.5, 0.7, 0.6]})
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> wave_means(panel).tidy()[["wave", "estimate", "n"]]
       wave  estimate  n
    0     0       0.6  3
    """
    answered = ~np.isnan(panel.outcome) & (panel.weight > 0)
    if not answered.any():
        raise EstimationError(f"{panel.name}: missing in all {len(panel)} rows")
    stratum, labels = panel.groups(by)
    waves, wave = np.unique(panel.wave, return_inverse=True)
    cell, inverse = np.unique((stratum * len(waves) + wave)[answered], return_inverse=True)
    score, weight = panel.outcome[answered], panel.weight[answered]
    by_cluster = usable_cluster(panel.cluster, name="cluster")
    group = panel.cluster[answered] if by_cluster else panel.person[answered]
    mean, error, n_unit = _means(score, weight, inverse, group)
    margin = stats.t.ppf((1 + conf_level) / 2, np.where(n_unit > 1, n_unit - 1, np.nan)) * error
    n = np.bincount(inverse)
    return WaveMeans(
        rows={
            "stratum": [labels[number] for number in cell // len(waves)],
            "wave": waves[cell % len(waves)],
            "estimate": mean,
            "std_error": error,
            "conf_low": mean - margin,
            "conf_high": mean + margin,
            "n": n,
        },
        summary={
            "n": len(np.unique(panel.person[answered])),
            "n_stratum": len(np.unique(cell // len(waves))),
            "n_wave": len(np.unique(cell % len(waves))),
            "conf_level": conf_level,
            "outcome": panel.name,
        },
        support={"n": n},
        provenance=provenance("wave_means", panel.digest, by=by, conf_level=conf_level),
    )


def _means(
    score: np.ndarray, weight: np.ndarray, cell: np.ndarray, group: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, standard error and number of independent units of each cell."""
    total = np.bincount(cell, weight)
    mean = np.bincount(cell, weight * score) / total
    deviation = weight * (score - mean[cell]) / total[cell]
    unit, member = np.unique(np.column_stack([cell, group]), axis=0, return_inverse=True)
    squared = np.bincount(unit[:, 0], np.bincount(member.ravel(), deviation) ** 2)
    n_unit = np.bincount(unit[:, 0]).astype(float)
    factor = n_unit / np.where(n_unit > 1, n_unit - 1, np.nan)
    return mean, np.sqrt(factor * squared), n_unit
