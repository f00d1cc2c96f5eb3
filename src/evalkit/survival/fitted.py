"""A Cox model at its estimates, from a formula or from the fit that `cox` returned."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import ParameterError
from evalkit.results import ModelFit
from evalkit.survival.cox import Ties, ridge_of
from evalkit.survival.hazard_fit import refuse_options
from evalkit.survival.model_rows import Rows, model_rows
from evalkit.survival.newton import maximise
from evalkit.survival.partial_likelihood import State, derivatives, likelihood, state_at


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FittedCox:
    """What checks of a Cox model start from.

    Attributes
    ----------
    rows : Rows
    beta : ndarray of float, shape (p,)
        On the scale of `rows.values`.
    state : State
    information : ndarray of float, shape (p, p)
        On the same scale, penalty included.
    """

    rows: Rows
    beta: np.ndarray
    state: State
    information: np.ndarray


def fitted_cox(
    sample: TimeToEvent,
    model: str | ModelFit,
    *,
    cause: str | None = None,
    strata: str | Sequence[str] | None = None,
    ties: Ties = "efron",
) -> FittedCox:
    """Estimate a formula, or take up a fit of `cox`, whose own arguments then hold.

    Raises
    ------
    EstimationError
        As `cox`.
    ParameterError
        If a fit is not of `cox`, or not of this sample, or comes with arguments of its own.
    """
    penalty, estimate = 0.0, None
    if isinstance(model, ModelFit):
        if cause is not None or strata is not None or ties != "efron":
            raise ParameterError("a fit brings its own cause, strata and ties; leave them out")
        given = _arguments(sample, model)
        formula, cause, strata = given["formula"], given["cause"], given["strata"]
        ties, penalty = given["ties"], given["penalty"]
        estimate = model.rows["estimate"].astype(float)
    else:
        formula = model
        refuse_options(ties=(ties, Ties))
    rows = model_rows(sample, formula, cause=cause, strata=strata)
    ridge = ridge_of(penalty, rows)
    if estimate is None:
        beta, _ = maximise(
            lambda point: likelihood(point, rows, ties=ties), rows.values, rows.design.terms
        )
    else:
        beta = estimate * rows.scale
    state = state_at(beta, rows, ties)
    information = derivatives(rows, state, state.sums, rows.weight * rows.events)[1]
    return FittedCox(rows, beta, state, information + np.diag(ridge))


def _arguments(sample: TimeToEvent, fit: ModelFit) -> dict:
    record = fit.provenance
    if record.function != "cox":
        raise ParameterError(f"a fit of {record.function}: only fits of cox can be checked here")
    if record.sample != sample.digest:
        raise ParameterError("the fit was made from another sample")
    given = dict(record.arguments)
    for name in ("cause", "strata", "penalty"):
        given[name] = _value_of(given[name])
    return given


def _value_of(text: str) -> object:
    """The argument that was recorded as text: None, a number, a sequence or mapping, or a name."""
    if text == "None":
        return None
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text
    return value if isinstance(value, list | tuple | dict | float | int) else text
