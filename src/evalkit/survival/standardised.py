"""Incidences by arm, standardised to the covariates of everybody (g-formula)."""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import Contrast
from evalkit.survival.arm_hazards import Hazards, fit_hazards
from evalkit.survival.bootstrap import drawn_covariance
from evalkit.survival.contrasts import (
    Levels,
    contrast,
    counted_by,
    not_observed,
    require_horizon,
)
from evalkit.survival.cox import Ties
from evalkit.survival.curves import steps
from evalkit.survival.g_formula import Target, standardised
from evalkit.survival.grouped import Grouped, group, is_repeated
from evalkit.survival.risksets import require_cause, require_rows

Quantity = Literal["incidence", "time_lost"]
Model = Literal["cause_specific_cox"]
Error = Literal["influence", "bootstrap"]


def standardised_incidence(
    sample: TimeToEvent,
    formula: str | Mapping[str, str],
    *,
    arm: str = "arm",
    cause: str,
    horizon: float,
    quantity: Quantity = "incidence",
    strata: str | Sequence[str] | None = None,
    ties: Ties = "efron",
    model: Model = "cause_specific_cox",
    error: Error = "influence",
    n_draw: int = 500,
    conf_level: float = 0.95,
    seed: int | None = None,
) -> Contrast:
    """Compare what would be reached by a horizon if everybody were in one arm, then in the other.

    Arms that differ in age or history are made alike by a model: each person is given each arm in
    turn, and the predictions are averaged over the same persons. The answer is causal only if the
    covariates hold everything that both the arm and the exit depend on, and the models are right.

    Parameters
    ----------
    sample : TimeToEvent
        One row a person, with covariates known at the start; entry, weights and clusters allowed.
    formula : str or mapping of str to str
        Of the models, such as `"arm + age + sex"`; a mapping gives each cause its own. The arm
        should be in it, or in `strata`.
    arm : str
        Column of the arms.
    cause : str
        The cause; the others compete.
    horizon : float
    quantity : {"incidence", "time_lost"}
        The share who have exited by the cause, or the months since then (area under the share).
    strata : str or sequence of str, optional
        Columns whose levels have baseline hazards of their own; with the arm among them hazards
        need not be proportional.
    ties : {"efron", "breslow"}
    model : {"cause_specific_cox"}
        A Cox model for each cause that happens.
    error : {"influence", "bootstrap"}
        Errors by the influence of each person, or the spread of the estimates over `n_draw` samples
        of persons (of clusters, if there are six or more in each arm) drawn with replacement.
        Intervals have one form.
    n_draw : int
        Draws of the bootstrap, at least 50.
    conf_level : float
    seed : int, optional
        Of the bootstrap; required for it.

    Returns
    -------
    Contrast
        The number of each arm, then differences (signs as in `incidence_at`), then ratios. An arm
        in which nobody was under observation at the horizon is missing, with the reason.

    Raises
    ------
    EstimationError
        If a model cannot be estimated (the message names cause and term); if there are fewer than
        two arms; if a person has several rows; if more than a tenth of the draws fail.
    ParameterError
        If an argument is not allowed.

    Notes
    -----
    Cause l has the hazard b_l(u) exp(x'beta_l), b_l the Breslow (Efron) jumps. The incidence of a
    person is the sum over u <= h of S(u-) b_j(u) exp(x'beta_j), S the product of one less the sum
    of all jumps, so that the incidences of all causes and S add up to 1; where the predicted jumps
    of a time add up to more than 1, they share those left. The influence of a person has a part
    from being one of those averaged and one from the coefficients and jumps; it is exact under
    ties, where riskRegression's takes the product as an exponential. Weights count in models and
    averages, and are taken as known.
    A few draws without an estimate (separation) are left out, with an `AssumptionWarning`.

    References
    ----------
    Ozenne, Scheike, Staerk and Gerds (2020), Biom J 62:751-763. R, riskRegression::ate of CSC.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"months": [1, 2, 3, 4, 5, 6, 7, 8], "exit": ["work", "died", "work", "none"] * 2,
    ...      "arm": ["programme", "comparison", "comparison", "programme"] * 2,
    ...      "age": [30, 40, 50, 45, 35, 25, 60, 55]}
    ... )
    >>> sample = TimeToEvent.from_frame(
    ...     frame, duration="months", cause="exit", censored="none", arm="arm"
    ... )
    >>> found = standardised_incidence(
    ...     sample, {"work": "arm + age", "died": "age"}, cause="work", horizon=6
    ... )
    >>> found.tidy()[["term", "estimate"]].round(3)
                         term  estimate
    0               programme     0.392
    1              comparison     0.389
    2  programme - comparison     0.003
    3  programme / comparison     1.007
    """
    check_standardised(sample, arm, cause, formula, quantity, model, error, n_draw, seed)
    require_horizon(horizon)
    options = {"arm": arm, "cause": cause, "strata": strata, "ties": ties}
    groups = group(sample, arm, sample.code, len(sample.causes))
    target = Target(np.array([float(horizon)]), quantity == "time_lost")
    hazards = fit_hazards(sample, formula, **options)
    estimate, influence = standardised(hazards, target, with_influence=error == "influence")
    if influence is not None:
        covariance = covariance_of_arms(hazards, groups, influence[:, 0])
    else:
        covariance = drawn_covariance(
            sample, hazards.kept, groups.dependence, formula, options, target, n_draw, seed
        )
    is_share = quantity == "incidence"
    levels = _levels(groups, estimate[:, 0], require_cause(sample, cause), horizon, is_share)
    return contrast(
        sample, groups, levels, None, covariance=covariance, by=arm, conf_level=conf_level,
        summary={"quantity": quantity, "horizon": horizon, "label": "adjusted",
                 "unit": "share" if is_share else sample.time_unit,
                 "method": f"standardised, {error}"},
        source=provenance(
            "standardised_incidence", sample.digest, seed=seed, formula=formula, horizon=horizon,
            quantity=quantity, model=model, error=error, n_draw=n_draw, conf_level=conf_level,
            **options,
        ),
    )  # fmt: skip


def check_standardised(
    sample, arm, cause, formula, quantity="incidence", model="cause_specific_cox",
    error="influence", n_draw=0, seed=None,
) -> None:  # fmt: skip
    """Refuse arguments and samples that cannot be standardised."""
    require_rows(sample)
    require_cause(sample, cause)
    allowed = {
        "quantity": (quantity, Quantity), "model": (model, Model), "error": (error, Error),
    }  # fmt: skip
    for name, (value, options) in allowed.items():
        if value not in get_args(options):
            raise ParameterError(f"{name} {value!r}: must be one of {', '.join(get_args(options))}")
    if error == "bootstrap" and (n_draw < 50 or seed is None):
        raise ParameterError("error 'bootstrap': needs a seed and at least 50 draws (n_draw)")
    if not isinstance(formula, str):
        missing = [name for name in sample.causes if name not in formula]
        if missing:
            raise ParameterError(f"formula: none for {', '.join(missing)}")
    if arm not in sample.covariates:
        raise ParameterError(f"arm {arm!r}: no column of the sample")
    if is_repeated(sample.person):
        raise EstimationError(
            "person: standardising needs one row a person, with covariates known at the start"
        )


def _levels(groups: Grouped, estimate: np.ndarray, cause: int, horizon, is_share: bool) -> Levels:
    return Levels(
        estimate=estimate,
        reason=not_observed(groups, steps(groups.sets), horizon),
        n=groups.n_person,
        k=counted_by(groups.sets, groups.sets.n_event[:, cause - 1], horizon),
        is_share=is_share,
    )


def covariance_of_arms(hazards: Hazards, groups: Grouped, influence: np.ndarray) -> np.ndarray:
    """Covariance of the arms from the influence of each row on each, (n_arm, n)."""
    weighted = influence * hazards.weight
    if groups.dependence is not None:
        weighted = np.stack([np.bincount(groups.dependence, one) for one in weighted])
    return weighted @ weighted.T
