"""One regression with person and wave effects, kept whole: for contrasts and for resampling."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError
from evalkit.panel.arms import arm_levels
from evalkit.panel.clusters import cluster_column, n_group, usable_cluster
from evalkit.panel.covariances import Covariance, cluster_covariance
from evalkit.panel.inference import KINDS
from evalkit.panel.linear_fit import LinearFit, least_squares, made_up_columns, refuse_constant
from evalkit.panel.rows import code_is_nested, without_singletons
from evalkit.panel.within import Effects, sweep, wave_dummies

ClusterVcov = Literal["cluster", "CR2", "CR3"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Regression:
    """A fitted regression of a panel.

    Attributes
    ----------
    fit : LinearFit
        Columns and residuals without the effects, times the root of the weight.
    absorbed : ndarray of float, shape (n, m)
        Dummies of the waves where they are effects, without persons, in the same scale.
    row : ndarray of int, shape (n,)
        Rows of the panel that are used.
    person, cluster : ndarray of int, shape (n,)
        Codes; the cluster is the person where there are too few clusters.
    n_counted : int
        Coefficients and effects, those nested in the clusters as one.
    n_singleton : int
        Rows left out because an effect fits them alone.
    by_cluster : bool
        Whether errors are by a cluster other than the person.
    """

    fit: LinearFit
    absorbed: np.ndarray
    row: np.ndarray
    person: np.ndarray
    cluster: np.ndarray
    n_counted: int
    n_singleton: int
    by_cluster: bool

    def covariance(self, vcov: ClusterVcov, contrasts: np.ndarray) -> Covariance:
        """Covariance of combinations of coefficients, with the degrees of freedom of each."""
        whole = cluster_covariance(
            self.fit.x, self.fit.residual, self.fit.bread, self.cluster, kind=KINDS[vcov],
            n_counted=self.n_counted, absorbed=self.absorbed, contrasts=contrasts,
        )  # fmt: skip
        matrix = contrasts @ whole.matrix @ contrasts.T
        # What is fitted exactly has no error, which rounding can make negative.
        np.fill_diagonal(matrix, np.maximum(np.diag(matrix), 0.0))
        return Covariance(matrix, whole.df)


def regress(
    panel: HealthPanel,
    columns: pd.DataFrame,
    *,
    person_effects: bool = True,
    wave_effects: bool = True,
    cluster: str | None = None,
    keep: np.ndarray | None = None,
    enough: Callable[[np.ndarray], None] | None = None,
) -> Regression:
    """Fit the outcome of a panel on columns, complete rows only.

    Parameters
    ----------
    columns : DataFrame, one row a row of the panel
        NaN where missing. Without effects the intercept must be among them.
    cluster : str
        Column; by default the panel's cluster, else the person.
    keep : ndarray of bool
        Rows to use; by default all.
    enough : callable
        Given the clusters of the rows used, raises where they are too few; without it errors are
        then by person, with a warning.

    Raises
    ------
    EstimationError
        If no person is left with two rows, the outcome does not vary, a column is made up of
        others and effects, there is one cluster, or no row is left to judge the error by.
    """
    code = cluster_column(panel, cluster)
    row, n_singleton = _rows(panel, columns, keep, person_effects, wave_effects)
    start = np.flatnonzero(np.diff(panel.person[row], prepend=-1)) if person_effects else None
    waves, wave = np.unique(panel.wave[row], return_inverse=True)
    effects = Effects(
        n=len(row), row=row, start=start, wave=wave if wave_effects else None,
        n_wave=len(waves) if wave_effects else 0,
        weight=panel.weight[row] if panel.is_weighted else None,
    )  # fmt: skip
    names = [str(name) for name in columns.columns]
    series = [panel.outcome, *(columns[name].to_numpy(dtype=float) for name in columns)]
    swept = sweep(series, effects)
    y, x = swept.columns[:, 0], swept.columns[:, 1:]
    refuse_constant(y, swept.length[0], panel.name)
    made_up = made_up_columns(x, swept.length[1:], names)
    if made_up:
        raise EstimationError(
            f"formula: {', '.join(made_up)} is made up of effects and other terms"
        )
    person = np.unique(panel.person[row], return_inverse=True)[1]
    named = code is not None
    if named and enough is not None:
        enough(code[row])
    by_cluster = usable_cluster(code[row] if named else None, name=cluster or "cluster")
    group = np.unique(code[row], return_inverse=True)[1] if by_cluster else person
    n_person = n_group(person) if person_effects else 0
    n_counted = x.shape[1] + swept.wave_rank + (
        (1 if code_is_nested(person, group) else n_person) if person_effects else 0
    )  # fmt: skip
    if len(row) <= x.shape[1] + swept.wave_rank + n_person:
        raise EstimationError(
            f"formula: {x.shape[1]} terms and the effects of {n_person} persons for {len(row)} "
            "rows leave nothing to judge their error by. Use fewer terms or a larger sample."
        )
    absorbed = wave_dummies(effects) if wave_effects else np.empty((len(row), 0))
    return Regression(
        least_squares(x, y), absorbed, row, person, group, n_counted, n_singleton, by_cluster
    )


def two_arms(panel: HealthPanel) -> tuple[object, object]:
    """The reference arm and the other one; more than two are refused."""
    reference, others = arm_levels(panel.covariates)
    if len(others) != 1:
        raise EstimationError(f"arm: {len(others) + 1} levels, this compares two")
    changing = n_changing(panel.person, panel.covariates["arm"])
    if changing:
        raise EstimationError(
            f"arm: differs between the rows of {changing} persons. Keep the arm of the start, or "
            "use staggered_effects where persons join at different times."
        )
    return reference, others[0]


def n_changing(person: np.ndarray, values: pd.Series | np.ndarray) -> int:
    """Persons whose rows do not all have the same value."""
    pairs = pd.DataFrame({"person": person, "value": np.asarray(values)}).drop_duplicates()
    return int((np.bincount(pairs["person"]) > 1).sum())


def _rows(
    panel: HealthPanel,
    columns: pd.DataFrame,
    keep: np.ndarray | None,
    person_effects: bool,
    wave_effects: bool,
) -> tuple[np.ndarray, int]:
    """Complete rows, less those that an effect fits alone."""
    complete = ~np.isnan(panel.outcome) & columns.notna().all(axis=1).to_numpy()
    complete &= panel.weight > 0
    row = np.flatnonzero(complete if keep is None else complete & keep)
    n_complete = len(row)
    row, _, n_wave = without_singletons(panel, row, person_effects, wave_effects)
    if not len(row) or (person_effects and n_wave < 2):
        raise EstimationError(
            f"wave: no person has the outcome at two waves ({n_complete} of {len(panel)} rows "
            "complete); a change needs two. Use wave_means or ancova."
        )
    return row, n_complete - len(row)
