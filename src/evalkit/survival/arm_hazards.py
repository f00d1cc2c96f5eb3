"""Cause-specific Cox models, with the covariates of every row in every arm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.cohort.samples import TimeToEvent, group_rows
from evalkit.errors import EstimationError
from evalkit.survival.design_matrix import DesignMatrix, design_matrix
from evalkit.survival.fitted import FittedCox, fitted_cox
from evalkit.survival.risksets import RiskSets


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Hazards:
    """Fitted models of all causes that happen, with the covariates under each arm.

    Attributes
    ----------
    fits : list of FittedCox, one a cause
    shift : list of float
        Largest linear predictor of each fit, which its baseline hazard belongs to.
    values : list of ndarray of float, shape (n_arm, n, p)
        Covariates of the n kept rows, each in each arm, on the scale of the fit.
    stratum : ndarray of int, shape (n_arm, n)
        Stratum of the baseline hazards of each row in each arm.
    number : int
        Which of the causes is asked for.
    kept : ndarray of int, shape (n,)
        Positions in the sample, in its order.
    weight : ndarray of float, shape (n,)
    """

    fits: list[FittedCox]
    shift: list[float]
    values: list[np.ndarray]
    stratum: np.ndarray
    number: int
    kept: np.ndarray
    weight: np.ndarray

    @property
    def sets(self) -> RiskSets:
        """Risk sets; times and strata are those of every cause."""
        return self.fits[0].rows.sets


def fit_hazards(
    sample: TimeToEvent,
    formula: str | Mapping[str, str],
    *,
    arm: str,
    cause: str,
    strata: str | Sequence[str] | None,
    ties: str,
) -> Hazards:
    """Fit every cause that happens, and build the covariates of every row in every arm.

    Raises
    ------
    EstimationError
        If a model cannot be estimated (the message names its cause); if a formula uses a
        transformation that depends on who is in which arm; if a row in another arm would be in a
        stratum that nobody is in.
    """
    kept = np.flatnonzero(sample.weight > 0.0)
    causes = [
        name
        for number, name in enumerate(sample.causes, start=1)
        if name == cause or np.any(sample.code[kept] == number)
    ]
    people = sample.covariates.iloc[kept]
    arms = _arms(people, arm)
    stacked = pd.concat([people, *arms], ignore_index=True)
    fits, shift, values, designs = [], [], [], {}
    for name in causes:
        own = formula if isinstance(formula, str) else formula[name]
        fit = _fitted(sample, own, name, strata, ties)
        fits.append(fit)
        shift.append(float((fit.rows.values @ fit.beta).max()))
        designs[own] = designs.get(own) or design_matrix(own, stacked)
        values.append(_in_each_arm(fit, own, designs[own], len(arms)))
    stratum = _strata_in_each_arm(stacked, strata, len(arms))
    return Hazards(fits, shift, values, stratum, causes.index(cause), kept, sample.weight[kept])


def _fitted(sample, formula: str, cause: str, strata, ties: str) -> FittedCox:
    try:
        return fitted_cox(sample, formula, cause=cause, strata=strata, ties=ties)
    except EstimationError as error:
        raise EstimationError(f"cause {cause!r}: {error}") from error


def _arms(people: pd.DataFrame, arm: str) -> list[pd.DataFrame]:
    """The rows in each arm in turn, in the order of the arms' labels."""
    level, labels = group_rows(people, arm)
    if len(labels) < 2:
        raise EstimationError(f"{arm}: {len(labels)} arm, nothing to compare")
    values = [people[arm].iloc[np.flatnonzero(level == number)[0]] for number in range(len(labels))]
    kind = people[arm].dtype
    return [
        people.assign(**{arm: pd.Series([value] * len(people), index=people.index, dtype=kind)})
        for value in values
    ]


def _in_each_arm(fit: FittedCox, formula: str, design: DesignMatrix, n_arm: int) -> np.ndarray:
    """Covariates in each arm, (n_arm, n, p), on the scale of the fit."""
    rows = fit.rows
    n = len(rows.design.values)
    same = design.terms == rows.design.terms and np.allclose(
        design.values[:n], rows.design.values, rtol=1e-9, atol=1e-12
    )
    if not same:
        raise EstimationError(
            f"formula {formula!r}: has a transformation that depends on who is in which arm; make "
            "it a column of the sample"
        )
    scaled = (design.values[n:] - rows.centre) / rows.scale
    return scaled.reshape(n_arm, n, -1)


def _strata_in_each_arm(stacked: pd.DataFrame, strata, n_arm: int) -> np.ndarray:
    n = len(stacked) // (n_arm + 1)
    level, labels = group_rows(stacked, strata)
    known = np.unique(level[:n])
    position = np.full(len(labels), -1)
    position[known] = np.arange(len(known))
    stratum = position[level[n:]].reshape(n_arm, n)
    missing = int((stratum < 0).any(axis=0).sum())
    if missing:
        raise EstimationError(
            f"strata: {missing} of {n} rows would, in another arm, be in a stratum without rows; "
            "leave the column out of the strata"
        )
    return stratum
