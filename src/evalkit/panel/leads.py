"""The regression behind an event study: how the arms differ at each wave but one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.covariances import Covariance
from evalkit.panel.design import build_design
from evalkit.panel.regression import ClusterVcov, Regression, regress, two_arms


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Leads:
    """Differences between the arms at each wave other than the reference.

    Attributes
    ----------
    arm : str
        The arm that is not the reference arm.
    reference : int
        The wave that all others are compared with.
    waves : ndarray of int, shape (k,)
        The other waves with answers of both arms.
    left_out : tuple of int
        Waves without answers of both.
    estimate : ndarray of float, shape (k,)
    covariance : Covariance
        Of `estimate`, with the degrees of freedom of each.
    fitted : Regression
    """

    arm: str
    reference: int
    waves: np.ndarray
    left_out: tuple[int, ...]
    estimate: np.ndarray
    covariance: Covariance
    fitted: Regression


def estimate_leads(
    panel: HealthPanel,
    *,
    reference: int | None,
    covariates: Sequence[str],
    vcov: ClusterVcov,
    cluster: str | None,
) -> Leads:
    """Fit the event study; see there for the arguments."""
    if vcov not in get_args(ClusterVcov):
        raise ParameterError(f"vcov: {vcov!r} is none of {', '.join(get_args(ClusterVcov))}")
    first, arm = two_arms(panel)
    reference = _reference(panel, reference)
    is_arm = (panel.covariates["arm"] == arm).to_numpy()
    columns = {
        int(wave): ((panel.wave == wave) & is_arm).astype(float)
        for wave in np.unique(panel.wave)
        if wave != reference
    }
    frame = pd.DataFrame({f"arm[{arm}]:wave[{wave}]": column for wave, column in columns.items()})
    more = pd.DataFrame(index=frame.index)
    if covariates:
        more = build_design(panel, " + ".join(covariates), person_effects=True).columns
    met = _met(panel, frame, more, is_arm, list(columns), reference)
    fitted = regress(
        panel, pd.concat([frame.loc[:, met], more], axis=1), cluster=cluster
    )  # fmt: skip
    k = int(met.sum())
    contrasts = np.eye(k, len(fitted.fit.params))
    waves = np.array(list(columns))
    return Leads(
        arm=str(arm),
        reference=reference,
        waves=waves[met],
        left_out=tuple(waves[~met].tolist()),
        estimate=fitted.fit.params[:k],
        covariance=fitted.covariance(vcov, contrasts),
        fitted=fitted,
    )


def _reference(panel: HealthPanel, reference: int | None) -> int:
    waves = np.unique(panel.wave)
    if len(waves) < 2:
        raise EstimationError(f"wave: {len(waves)} wave in the panel, a change needs two")
    if reference is None:
        early = waves[waves <= 0]
        return int(early[-1] if len(early) else waves[0])
    if reference not in waves:
        raise ParameterError(
            f"reference: {reference} is none of the waves {', '.join(map(str, waves))}"
        )
    return int(reference)


def _met(panel, frame, more, is_arm, waves, reference) -> np.ndarray:
    """Which waves have answers of both arms, by persons who answered at another wave too."""
    used = ~np.isnan(panel.outcome) & (panel.weight > 0) & more.notna().all(axis=1).to_numpy()
    used &= np.bincount(panel.person[used], minlength=panel.person.max() + 1)[panel.person] > 1
    both = {
        wave: (used & is_arm & (panel.wave == wave)).any()
        and (used & ~is_arm & (panel.wave == wave)).any()
        for wave in [*waves, reference]
    }
    if not both[reference]:
        raise EstimationError(
            f"wave: one arm has no answers at the reference wave {reference}. Choose another "
            "`reference`."
        )
    met = np.array([both[wave] for wave in waves])
    if not met.any():
        raise EstimationError(
            f"arm: at no wave other than {reference} are there answers of both arms"
        )
    return met
