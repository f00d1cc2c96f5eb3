"""Means and shares of groups of persons, with errors by person or by cluster."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Rows of persons, and the group that each is described in.

    Attributes
    ----------
    cell : ndarray of int, shape (n,)
        Number of the group.
    labels : tuple of (str, int)
        Stratum and wave of each group.
    weight : ndarray of float, shape (n,)
    unit : ndarray of int, shape (n,)
        Cluster of each row, else its person.
    is_clustered : bool
    n_person : int
        Persons of all groups together.
    """

    cell: np.ndarray
    labels: tuple[tuple[str, int], ...]
    weight: np.ndarray
    unit: np.ndarray
    is_clustered: bool
    n_person: int

    @property
    def size(self) -> np.ndarray:
        """Persons of each group."""
        return np.bincount(self.cell, minlength=len(self.labels))


def groups_of(panel: HealthPanel, rows: np.ndarray, by: object, wave: np.ndarray) -> Groups:
    """Groups by stratum and wave of the chosen rows of a panel; strata as the chosen rows say."""
    stratum, names = panel.groups(by)
    waves, number = np.unique(wave, return_inverse=True)
    code = stratum[rows] * len(waves) + number
    present, cell = np.unique(code, return_inverse=True)
    clusters = None if panel.cluster is None else panel.cluster[rows]
    is_clustered = clusters is not None
    if is_clustered and len(np.unique(clusters)) < 2:
        raise EstimationError(
            "cluster: one cluster only among those described; an error needs at least two. Leave "
            "the cluster out, and say that differences between clusters are not included."
        )
    return Groups(
        cell=cell,
        labels=tuple((names[one // len(waves)], int(waves[one % len(waves)])) for one in present),
        weight=panel.weight[rows],
        unit=clusters if is_clustered else panel.person[rows],
        is_clustered=is_clustered,
        n_person=len(np.unique(panel.person[rows])),
    )


def check_level(conf_level: float) -> float:
    """Refuse what is no level of confidence."""
    if not 0 < conf_level < 1:
        raise ParameterError(f"conf_level: {conf_level} is not between 0 and 1")
    return conf_level


def mean_rows(groups: Groups, value: np.ndarray, conf_level: float) -> dict[str, np.ndarray]:
    """Mean of each group with its error and interval, t with units less one.

    Notes
    -----
    m = sum w y / sum w, variance n/(n-1) sum (w (y - m))^2 / (sum w)^2 over units: s^2/n without
    weights. A group of one unit has no error.
    """
    n_cell = len(groups.labels)
    total = np.bincount(groups.cell, groups.weight, n_cell)
    mean = np.bincount(groups.cell, groups.weight * value, n_cell) / total
    squared, n_unit = _squares(groups, groups.weight * (value - mean[groups.cell]))
    factor = n_unit / np.where(n_unit > 1, n_unit - 1, np.nan)
    error = np.sqrt(factor * squared) / total
    margin = stats.t.ppf((1 + conf_level) / 2, np.where(n_unit > 1, n_unit - 1, np.nan)) * error
    return {
        "estimate": mean,
        "std_error": error,
        "conf_low": mean - margin,
        "conf_high": mean + margin,
    }


def share_rows(groups: Groups, inside: np.ndarray, conf_level: float) -> dict[str, np.ndarray]:
    """Share of each group with an attribute, and Wilson's interval.

    Notes
    -----
    With weights or clusters, n in Wilson's formula is the number of independent persons that
    would give the linearised variance, and clusters take t with clusters less one for the normal
    quantile. Without either it is the number of persons.
    """
    n_cell = len(groups.labels)
    weight = groups.weight
    total = np.bincount(groups.cell, weight, n_cell)
    share = np.clip(np.bincount(groups.cell, weight * inside, n_cell) / total, 0.0, 1.0)
    squared, n_unit = _squares(groups, weight * (inside - share[groups.cell]))
    variance, quantile = squared / total**2, stats.norm.ppf((1 + conf_level) / 2)
    if groups.is_clustered:
        df = np.where(n_unit > 1, n_unit - 1, np.nan)
        variance = variance * n_unit / df
        quantile = stats.t.ppf((1 + conf_level) / 2, df)
    kish = total**2 / np.bincount(groups.cell, weight**2, n_cell)
    spread = share * (1 - share)
    tiny = variance <= 1e-15 * spread
    n = np.where(tiny, kish, spread / np.where(tiny, 1.0, variance))
    low, high = wilson(share, n, quantile)
    return {"share": share, "conf_low": low, "conf_high": high}


def wilson(share: np.ndarray, n: np.ndarray, quantile: np.ndarray | float) -> tuple:
    """Wilson's interval of a share of n persons."""
    squared = np.square(quantile) / n
    centre = (share + squared / 2) / (1 + squared)
    half = np.sqrt(squared * (share * (1 - share) + squared / 4)) / (1 + squared)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def _squares(groups: Groups, deviation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum over the units of each group of their squared sums, and the number of units."""
    n_cell = len(groups.labels)
    if not groups.is_clustered:  # one row a person in a group
        return np.bincount(groups.cell, deviation**2, n_cell), groups.size.astype(float)
    key = groups.cell.astype(np.int64) * (int(groups.unit.max()) + 1) + groups.unit
    unit, member = np.unique(key, return_inverse=True)
    cell = unit // (int(groups.unit.max()) + 1)
    sums = np.bincount(member, deviation)
    n_unit = np.bincount(cell, minlength=n_cell).astype(float)
    return np.bincount(cell, sums**2, n_cell), n_unit
