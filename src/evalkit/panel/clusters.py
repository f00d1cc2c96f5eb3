"""Which rows depend on each other, and whether there are enough groups of them to say so."""

import warnings

import numpy as np
import pandas as pd

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError, SmallSampleWarning

MIN_CLUSTERS = 6  # below, intervals by cluster are too short even with t (docs/conventions.md)


def n_group(code: np.ndarray) -> int:
    """Number of distinct codes."""
    return numbered(code)[1]


def numbered(code: np.ndarray) -> tuple[np.ndarray, int]:
    """Codes from 0 in their order, and how many there are; without sorting where they are dense."""
    if not len(code):
        return np.zeros(0, dtype=np.intp), 0
    if code.dtype.kind not in "iu" or np.ptp(code) > 4 * len(code) + 1_000:
        found, number = np.unique(code, return_inverse=True)
        return number, len(found)
    low = code.min()
    shifted = code - low if low else code
    occurs = np.bincount(shifted) > 0
    n_found = int(occurs.sum())
    return (shifted if n_found == len(occurs) else (np.cumsum(occurs) - 1)[shifted]), n_found


def cluster_column(panel: HealthPanel, cluster: str | None) -> np.ndarray | None:
    """Code of each row's cluster: of the column named, else the panel's, None where it has none.

    Raises
    ------
    ParameterError
        If the cluster is no column.
    EstimationError
        If it is missing in some row.
    """
    if cluster is None:
        return panel.cluster
    if cluster not in panel.covariates.columns:
        raise ParameterError(f"cluster: no such column: {cluster!r}")
    missing = int(panel.covariates[cluster].isna().sum())
    if missing:
        raise EstimationError(f"{cluster}: missing in {missing} of {len(panel)} rows")
    return pd.factorize(panel.covariates[cluster], sort=True)[0]


def one_weight(panel: HealthPanel) -> None:
    """Refuse weights that differ between the rows of a person.

    Raises
    ------
    EstimationError
        If some do: which of them would stand for the person's other waves is not defined.
    """
    if not panel.is_weighted:
        return
    same = panel.person[1:] == panel.person[:-1]
    differs = same & (panel.weight[1:] != panel.weight[:-1])
    count = len(np.unique(panel.person[1:][differs]))
    if count:
        raise EstimationError(
            f"weight: differs between the rows of {count} persons. Give each person one, such as "
            "that of the start."
        )


def usable_cluster(code: np.ndarray | None, *, name: str, smallest: int | None = None) -> bool:
    """Whether errors can be computed by cluster; below six clusters they are by person.

    Parameters
    ----------
    code : ndarray of int, shape (n,), or None
        Cluster of each row; None if the sample names none.
    name : str
        What the message calls the cluster.
    smallest : int
        The smallest number of clusters behind any number to be given; by default all of them.

    Raises
    ------
    EstimationError
        If there is one cluster only.
    """
    if code is None:
        return False
    count = n_group(code)
    if count < 2:
        raise EstimationError(
            f"{name}: {count} cluster in the sample, errors by cluster need at least two. "
            "Leave the cluster out, and say that differences between clusters are not included."
        )
    count = min(count, smallest) if smallest is not None else count
    if count < MIN_CLUSTERS:
        warnings.warn(
            f"{name}: {count} clusters are too few for errors by cluster; errors are by person, "
            "and differences between clusters are not included.",
            SmallSampleWarning,
            stacklevel=4,
        )
        return False
    return True
