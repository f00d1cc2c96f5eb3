"""Parametric survival models, fitted by lifelines."""

import warnings
from contextlib import suppress
from typing import Literal, get_args

import numpy as np
import pandas as pd

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import ModelFit
from evalkit.survival.design_matrix import (
    DesignMatrix,
    design_matrix,
    refuse_collinear,
    refuse_constant,
)
from evalkit.survival.grouped import of_positive_weight
from evalkit.survival.hazard_fit import term_rows
from evalkit.survival.intervals import critical_value
from evalkit.survival.risksets import select_cause
from evalkit.survival.sides import term_support

Distribution = Literal["weibull", "log-normal", "log-logistic"]

# lifelines' names of the location and of the second parameter, and evalkit's name of the latter.
PARAMETERS = {
    "weibull": ("lambda_", "rho_", "log(shape)"),
    "log-normal": ("mu_", "sigma_", "log(scale)"),
    "log-logistic": ("alpha_", "beta_", "log(shape)"),
}

# lifelines' own stopping rules leave the log-logistic model 0.6 % of an error from its maximum and
# the log-normal one 0.05 %, so that a published fourth digit would not be met.
STOPPING = {
    "weibull": ("ftol", 1e-14),
    "log-normal": ("gtol", 1e-10),
    "log-logistic": ("ftol", 1e-14),
}
LOOSER = (1, 10, 100, 1000)


def parametric_survival(
    sample: TimeToEvent,
    formula: str,
    *,
    cause: str | None = None,
    distribution: Distribution = "weibull",
    conf_level: float = 0.95,
) -> ModelFit:
    """Estimate log time ratios in an accelerated failure time model.

    Parameters
    ----------
    sample : TimeToEvent
        Durations above 0; delayed entry is respected. Rows of weight 0 are left out.
    formula : str
        For example `"arm + age"`.
    cause : str, optional
        A cause, or `"any"`. Required if the sample has several causes; the others end follow-up.
    distribution : {"weibull", "log-normal", "log-logistic"}
    conf_level : float

    Returns
    -------
    ModelFit
        `intercept`, the terms, and last `log(shape)` or, log-normal, `log(scale)`. A negative
        estimate is an earlier exit; `ratios()` gives ratios of times. Errors are from the model,
        with weights robust.

    Raises
    ------
    EstimationError
        If the sample is empty, has no weight, no events or durations of 0, if it has a cluster (its
        errors would ignore it), if a covariate is missing, if a term is constant, a combination of
        others or a level at which all events or none happen, or if the fit does not converge.
    ParameterError
        If `cause` or `distribution` is not allowed.

    Notes
    -----
    log T = x beta + sigma W. R's survreg reports the same coefficients and `Log(scale)`, which is
    minus `log(shape)`.

    References
    ----------
    lifelines, WeibullAFTFitter, LogNormalAFTFitter, LogLogisticAFTFitter. R, survival::survreg.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1.0, 2, 3, 4, 5, 9], "exited": [True] * 6,
    ...                       "old": [0, 1, 0, 1, 0, 1]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> parametric_survival(sample, "old").tidy()["term"].tolist()
    ['intercept', 'old', 'log(shape)']
    """
    if distribution not in get_args(Distribution):
        allowed = ", ".join(get_args(Distribution))
        raise ParameterError(f"distribution {distribution!r}: must be one of {allowed}")
    critical_value(conf_level)
    sample = of_positive_weight(sample)
    events, _ = select_cause(sample, cause)
    _require_usable(sample, events)
    design = design_matrix(formula, sample.covariates, person=sample.person)
    _refuse_unidentified(design, events > 0)
    fitted = _fit(sample, design, events, distribution)
    estimate, error = _in_order(fitted, design, distribution)
    n_person = len(sample) if sample.person is None else len(np.unique(sample.person))
    behind = term_support(design, events > 0, person=sample.person)
    ends = {"n": n_person, "k": np.nan, "complement": np.nan}
    return ModelFit(
        rows=term_rows(
            ["intercept", *design.terms, PARAMETERS[distribution][2]], estimate, error, conf_level,
            np.inf,
        ),
        summary={
            "n_person": n_person, "n_row": len(sample), "n_event": int(events.sum()),
            "log_likelihood": float(fitted.log_likelihood_), "scale": "log time",
            "vcov": "robust" if sample.is_weighted else "model", "converged": True,
            "conf_level": conf_level, "df": np.inf, "interval": "z", "label": "description",
            "formula": formula,
        },
        support={name: [ends[name], *behind[name], ends[name]] for name in behind},
        provenance=provenance(
            "parametric_survival", sample.digest, formula=formula, cause=cause,
            distribution=distribution, conf_level=conf_level,
        ),
    )  # fmt: skip


def _require_usable(sample: TimeToEvent, events: np.ndarray) -> None:
    if sample.cluster is not None:
        raise EstimationError(
            "cluster: parametric models have no clustered errors here; use cox, or a sample without"
        )
    if not events.any():
        raise EstimationError(f"no events among {len(sample)} rows: no time can be modelled")
    n_zero = int((sample.duration <= 0.0).sum())
    if n_zero:
        raise EstimationError(
            f"duration: {n_zero} of {len(sample)} rows are 0, where log time is undefined; start "
            "the clock earlier or exclude these rows by a rule of the flow"
        )


def _refuse_unidentified(design: DesignMatrix, events: np.ndarray) -> None:
    spread = design.values.std(axis=0)
    refuse_constant(design, spread)
    scaled = (design.values - design.values.mean(axis=0)) / spread
    refuse_collinear(scaled.T @ scaled, design.terms)
    is_indicator = np.isin(design.values, (0.0, 1.0)).all(axis=0)
    is_separate = is_indicator & (np.ptp(design.values[events], axis=0) == 0.0)
    faults = [term for term, fault in zip(design.terms, is_separate, strict=True) if fault]
    if faults:
        raise EstimationError(
            f"{', '.join(faults)}: no finite time ratio (all events, or none, fall at this level). "
            "Merge its levels or leave it out"
        )


def _fit(sample: TimeToEvent, design: DesignMatrix, events: np.ndarray, distribution: str):
    # Imported here: lifelines takes seconds to load, and only this model needs it.
    from lifelines import LogLogisticAFTFitter, LogNormalAFTFitter, WeibullAFTFitter
    from lifelines.exceptions import ConvergenceError

    fitters = {
        "weibull": WeibullAFTFitter,
        "log-normal": LogNormalAFTFitter,
        "log-logistic": LogLogisticAFTFitter,
    }
    frame, options = _as_lifelines(sample, design, events)
    # lifelines changes numpy's error handling and warns while it searches; both stay in here.
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # A strict rule can fail by rounding alone, which depends on the processor: then one
            # that is a little looser decides, and lifelines' own last of all.
            rule, strictest = STOPPING[distribution]
            for looser in LOOSER:
                with suppress(ConvergenceError):
                    strict = {rule: looser * strictest, "maxiter": 1000}
                    return fitters[distribution]().fit(frame, **options, fit_options=strict)
            return fitters[distribution]().fit(frame, **options)
        except (ConvergenceError, np.linalg.LinAlgError) as error:
            raise EstimationError(
                f"{', '.join(design.terms)}: the {distribution} model does not converge; look for "
                "a term that is a combination of others or that separates events from censorings"
            ) from error


def _as_lifelines(
    sample: TimeToEvent, design: DesignMatrix, events: np.ndarray
) -> tuple[pd.DataFrame, dict]:
    """The rows as lifelines takes them, and which of its options say what they are."""
    names = [f"x{number}" for number in range(design.values.shape[1])]
    frame = pd.DataFrame(design.values, columns=names)
    frame = frame.assign(_duration=sample.duration, _event=events)
    options = {"duration_col": "_duration", "event_col": "_event"}
    if np.any(sample.entry > 0.0):
        frame, options["entry_col"] = frame.assign(_entry=sample.entry), "_entry"
    if sample.is_weighted:
        frame, options["weights_col"] = frame.assign(_weight=sample.weight), "_weight"
        options["robust"] = True
    return frame, options


def _in_order(fitted, design: DesignMatrix, distribution: str) -> tuple[np.ndarray, np.ndarray]:
    location, second, _ = PARAMETERS[distribution]
    keys = [(location, "Intercept")]
    keys += [(location, f"x{number}") for number in range(len(design.terms))]
    keys.append((second, "Intercept"))
    estimate = fitted.params_.loc[keys].to_numpy(dtype=float)
    error = fitted.standard_errors_.loc[keys].to_numpy(dtype=float)
    if not np.isfinite([estimate, error]).all():
        raise EstimationError(
            f"{', '.join(design.terms)}: the {distribution} model has no finite errors; look for a "
            "term that separates events from censorings"
        )
    return estimate, error
