"""Newton's method for hazard models, with the refusals of terms that have no finite estimate."""

from collections.abc import Callable, Sequence

import numpy as np

from evalkit.errors import EstimationError
from evalkit.survival.design_matrix import SINGULAR, refuse_collinear
from evalkit.survival.partial_likelihood import Likelihood

MAX_STEPS = 50
MAX_HALVINGS = 40
# In standard deviations of the covariate. A step this small is the last: Newton's next one is its
# square, and value and information are the same to rounding on both sides of it.
LAST_STEP = 1e-8
VANISHED = 1e-8  # share of the information at zero that is left; a hazard ratio near e^18
WIDEST = 400.0  # logarithm of the largest ratio of rates of two rows that can be computed with


def maximise(
    evaluate: Callable[[np.ndarray], Likelihood],
    values: np.ndarray,
    terms: Sequence[str],
    *,
    ridge: np.ndarray | None = None,
) -> tuple[np.ndarray, Likelihood]:
    """Maximise a partial likelihood, less half the sum of `ridge` times squared coefficients.

    Parameters
    ----------
    evaluate : function
        From coefficients (p,) to the likelihood without penalty.
    values : ndarray of float, shape (n, p)
        Covariates with mean 0 and deviation 1.
    terms : sequence of str
    ridge : ndarray of float, shape (p,), optional

    Returns
    -------
    tuple of ndarray of float, shape (p,), and Likelihood
        Coefficients, and the likelihood one last, negligible step before them, penalty included.

    Raises
    ------
    EstimationError
        If a term is not identified, or the likelihood has no finite maximum; it names the terms.
    """
    beta = np.zeros(values.shape[1])
    penalty = np.zeros(len(beta)) if ridge is None else ridge

    def penalised(point: np.ndarray) -> Likelihood:
        fit = evaluate(point)
        return Likelihood(
            fit.value - 0.5 * float(penalty @ point**2),
            fit.score - penalty * point,
            fit.information + np.diag(penalty),
            fit.state,
        )

    fit = penalised(beta)
    size = np.diag(fit.information)
    refuse_collinear(fit.information, terms)
    for _ in range(MAX_STEPS):
        step = np.linalg.solve(fit.information, fit.score)
        if np.abs(step).max() < LAST_STEP:
            return beta + step, fit
        beta, step, fit = _climb(beta, step, fit, penalised, values)
        if _is_vanishing(fit.information, size) or np.ptp(values @ beta) > WIDEST / 2.0:
            break
    moving = np.abs(step) > 1e-3 * np.abs(step).max()
    faults = [term for term, moves in zip(terms, moving, strict=True) if moves]
    raise EstimationError(
        f"{', '.join(faults)}: no finite hazard ratio (separation: along this term all events, or "
        "none, fall at one end). Merge its levels or leave it out"
    )


def _climb(
    beta: np.ndarray, step: np.ndarray, fit: Likelihood, evaluate, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Likelihood]:
    """Take the step, halved until the likelihood can be computed and is no lower than before."""
    lowest = fit.value - 1e-9 * abs(fit.value)
    for _ in range(MAX_HALVINGS):
        if np.ptp(values @ (beta + step)) <= WIDEST:
            proposal = evaluate(beta + step)
            if proposal.value >= lowest:
                return beta + step, step, proposal
        step = step / 2.0
    return beta, step, fit


def _is_vanishing(information: np.ndarray, at_zero: np.ndarray) -> bool:
    size = np.diag(information)
    if np.any(size < VANISHED * at_zero):
        return True
    correlation = information / np.sqrt(np.outer(size, size))
    return bool(np.linalg.eigvalsh(correlation)[0] < SINGULAR)
