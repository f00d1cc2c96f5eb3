"""A panel as a table of persons by waves: who was due, who answered, what was known first."""

from collections.abc import Sequence
from dataclasses import dataclass

import formulaic
import numpy as np
import pandas as pd

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.arms import arm_levels
from evalkit.panel.clusters import one_weight
from evalkit.panel.design import independent_columns


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Grid:
    """Persons with a score at baseline, by wave.

    Attributes
    ----------
    person : ndarray of int, shape (n,)
        Code of the person in the panel.
    waves : ndarray of int, shape (k,)
        The baseline and the waves after it.
    score : ndarray of float, shape (n, k)
        NaN where there is no answer.
    row : ndarray of int, shape (n, k)
        Row of the panel; -1 where there is none.
    due : ndarray of bool, shape (n, k)
        Whether the person could have answered.
    start : DataFrame, n rows
        Covariates at baseline, and `baseline_score`.
    weight : ndarray of float, shape (n,)
        Case weight of the person.
    cluster : ndarray of int, shape (n,), or None
    stratum : ndarray of int, shape (n,)
        Arm of the person; 0 where the panel has none.
    arms : tuple of str
        Names of the strata.
    n_without_baseline : int
        Persons of the panel who are left out.
    """

    person: np.ndarray
    waves: np.ndarray
    score: np.ndarray
    row: np.ndarray
    due: np.ndarray
    start: pd.DataFrame
    weight: np.ndarray
    cluster: np.ndarray | None
    stratum: np.ndarray
    arms: tuple[str, ...]
    n_without_baseline: int

    @property
    def answered(self) -> np.ndarray:
        """Whether each person answered at each wave, (n, k)."""
        return ~np.isnan(self.score)


def build_grid(panel: HealthPanel, *, baseline: int = 0, last_due: str | None = None) -> Grid:
    """Lay out a panel by person and wave, for those with a score at baseline.

    Parameters
    ----------
    baseline : int
        The first wave; earlier ones are left out.
    last_due : str
        Column with the last planned month at which the person could answer: they died, moved
        abroad or had not come further at the data cut. By default all are due at all waves.

    Raises
    ------
    EstimationError
        If nobody has a score at baseline, no wave comes after it, or the weights of a person
        differ.
    ParameterError
        If `last_due` is no column of numbers without gaps.
    """
    waves = np.unique(panel.wave[panel.wave >= baseline])
    if len(waves) < 2 or waves[0] != baseline:
        raise EstimationError(
            f"wave: drop-out needs wave {baseline} (baseline) and a later one; the panel has "
            f"{', '.join(map(str, np.unique(panel.wave)))}"
        )
    one_weight(panel)
    people, inverse = np.unique(panel.person, return_inverse=True)
    row = np.full((len(people), len(waves)), -1)
    inside = np.flatnonzero(panel.wave >= baseline)
    row[inverse[inside], np.searchsorted(waves, panel.wave[inside])] = inside
    score = np.where(row >= 0, panel.outcome[row], np.nan)
    kept = ~np.isnan(score[:, 0])
    if not kept.any():
        raise EstimationError(f"{panel.name}: missing for all {len(people)} persons at baseline")
    first = row[kept, 0]
    start = panel.covariates.iloc[first].reset_index(drop=True)
    stratum, arms = _strata(panel, first)
    return Grid(
        person=people[kept],
        waves=waves,
        score=score[kept],
        row=row[kept],
        due=is_due(start, waves, last_due),
        start=start.assign(baseline_score=score[kept, 0]),
        weight=panel.weight[first],
        cluster=None if panel.cluster is None else panel.cluster[first],
        stratum=stratum,
        arms=arms,
        n_without_baseline=int((~kept).sum()),
    )


def _strata(panel: HealthPanel, first: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Number and names of the arms, the reference first."""
    if "arm" not in panel.covariates.columns:
        return np.zeros(len(first), dtype=int), ("",)
    reference, others = arm_levels(panel.covariates)
    levels = [reference, *others]
    arm = panel.covariates["arm"].iloc[first]
    return arm.map({level: number for number, level in enumerate(levels)}).to_numpy(), tuple(
        str(level) for level in levels
    )


def is_due(start: pd.DataFrame, waves: np.ndarray, last_due: str | None) -> np.ndarray:
    """Whether each person could have answered at each wave, (n, k); see `build_grid`."""
    if last_due is None:
        return np.ones((len(start), len(waves)), dtype=bool)
    last = months_of(start, last_due, "last_due")
    missing = int(np.isnan(last).sum())
    if missing:
        raise ParameterError(f"{last_due}: no number for {missing} of {len(start)} persons")
    return waves <= last[:, None]


def months_of(frame: pd.DataFrame, name: str, role: str) -> np.ndarray:
    """A column of months; NaN where it holds no number."""
    if name not in frame.columns:
        raise ParameterError(f"{role}: no such column: {name!r}")
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float)


def start_columns(start: pd.DataFrame, covariates: Sequence[str]) -> np.ndarray:
    """Columns of covariates at baseline without the intercept, shape (n, p).

    Raises
    ------
    EstimationError
        If a covariate is no column, or is missing for somebody.
    """
    if not covariates:
        return np.empty((len(start), 0))
    formula = " + ".join(covariates)
    try:
        matrix = formulaic.model_matrix(f"1 + {formula}", start, na_action="ignore")
    except formulaic.errors.FormulaicError as error:
        raise EstimationError(
            f"covariates: {formula!r} cannot be built from the columns of the panel. "
            "Check their names."
        ) from error
    frame = pd.DataFrame(matrix).drop(columns="Intercept").astype(float)
    missing = frame.isna().any()
    if missing.any():
        name, count = missing.idxmax(), int(frame.isna().any(axis=1).sum())
        raise EstimationError(
            f"{name}: missing for {count} of {len(frame)} persons at baseline. "
            "Give them a level of their own, or leave the covariate out."
        )
    return frame.to_numpy()


def own_columns(columns: np.ndarray) -> np.ndarray:
    """The columns that are no combination of those before them."""
    return columns[:, independent_columns(columns)]
