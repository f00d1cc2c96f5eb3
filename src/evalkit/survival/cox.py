"""Cox's proportional hazards model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import ModelFit
from evalkit.survival.design_matrix import (
    SINGULAR,
    DesignMatrix,
    design_matrix,
    refuse_collinear,
    refuse_constant,
)
from evalkit.survival.grouped import units_of_dependence
from evalkit.survival.intervals import critical_value, p_value
from evalkit.survival.partial_likelihood import Likelihood, likelihood, score_residuals
from evalkit.survival.risksets import RiskSets, require_rows, risk_sets, select_cause

Ties = Literal["efron", "breslow"]
Vcov = Literal["model", "robust"]
Interval = Literal["z", "t"]

MAX_STEPS = 50
MAX_HALVINGS = 40
STEP_TOLERANCE = 1e-10  # in standard deviations of the covariate; Newton's next step is its square
VANISHED = 1e-8  # share of the information at zero that is left; a hazard ratio near e^18
WIDEST = 400.0  # logarithm of the largest ratio of rates of two rows that can be computed with


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rows:
    """Rows of positive weight with their scaled covariates."""

    design: DesignMatrix
    values: np.ndarray
    scale: np.ndarray
    events: np.ndarray
    weight: np.ndarray
    sets: RiskSets
    kept: np.ndarray


def cox(
    sample: TimeToEvent,
    formula: str,
    *,
    cause: str | None = None,
    strata: str | Sequence[str] | None = None,
    ties: Ties = "efron",
    vcov: Vcov | None = None,
    interval: Interval | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Estimate log hazard ratios.

    With several causes the rate of one cause among those still followed is modelled; other causes
    end the follow-up. Such a hazard ratio says nothing by itself about incidences.

    Parameters
    ----------
    sample : TimeToEvent
        One row a person, or several rows of (entry, duration] a person.
    formula : str
        For example `"arm + age + C(education)"`; no intercept.
    cause : str, optional
        A cause, or `"any"`. Required if the sample has several causes.
    strata : str or sequence of str, optional
        Columns whose levels have baseline hazards of their own.
    ties : {"efron", "breslow"}
    vcov : {"model", "robust"}, optional
        By default robust if the sample has weights or a cluster, else from the model. Robust sums
        over the cluster, else the person, else the row.
    interval : {"z", "t"}, optional
        By default t with clusters less one degrees of freedom if errors are clustered, else z.
    conf_level : float

    Returns
    -------
    ModelFit
        Terms are named `arm[programme]` (against `comparison`) and `age`. `ratios()` gives hazard
        ratios: programme over comparison, above 1 a faster exit.

    Raises
    ------
    EstimationError
        If there are no events; if a term does not vary or is a combination of others among those at
        risk; if a hazard ratio is not finite (separation); if there are fewer than two clusters.
        The message names the term.
    ParameterError
        If an argument is not allowed.

    Notes
    -----
    Newton-Raphson on sums over distinct times. Case weights enter Efron's ties as in R: a tied
    event counts with the mean weight of the tied events. Robust errors are Lin and Wei's with score
    residuals that are exact under Efron's ties, without a small-sample factor. With 2 to 5 clusters
    errors are for persons, with a `SmallSampleWarning`.

    References
    ----------
    Cox (1972), J R Stat Soc B 34:187-220. Lin and Wei (1989), J Am Stat Assoc 84:1074-1078.
    R, survival::coxph.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"months": [1, 2, 3, 4], "exited": [True] * 4,
    ...      "arm": ["programme", "comparison", "programme", "comparison"]}
    ... )
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm")
    >>> cox(sample, "arm").tidy()[["term", "estimate", "std_error"]].round(3)
                 term  estimate  std_error
    0  arm[programme]     0.941       1.24
    """
    _check(ties, vcov, interval)
    require_rows(sample)
    rows = _rows(sample, formula, cause, strata)
    beta, fit = _newton(rows, ties)
    inverse = np.linalg.inv(fit.information)
    unit, df, n_cluster, is_robust = _dependence(sample, rows, vcov)
    if is_robust:
        residuals = score_residuals(
            beta, rows.values, rows.events, rows.weight, rows.sets, ties=ties
        )
        inverse = _sandwich(residuals * rows.weight[:, None], inverse, unit)
    if interval == "t" and np.isinf(df):
        raise ParameterError("interval 't': needs clustered errors, whose clusters give its df")
    df = np.inf if interval == "z" else df
    estimate, error = beta / rows.scale, np.sqrt(np.diag(inverse)) / rows.scale
    critical, statistic = critical_value(conf_level, df), estimate / error
    missing = np.full(len(beta), np.nan)
    return ModelFit(
        rows={
            "term": np.asarray(rows.design.terms, dtype=object),
            "estimate": estimate,
            "std_error": error,
            "statistic": statistic,
            "p_value": p_value(statistic, df),
            "conf_low": estimate - critical * error,
            "conf_high": estimate + critical * error,
        },
        summary=_summary(sample, rows, fit, formula, conf_level)
        | {
            "vcov": "robust" if is_robust else "model",
            "n_cluster": n_cluster,
            "df": df,
            "interval": "z" if np.isinf(df) else "t",
        },
        support={"n": rows.design.n, "k": missing, "complement": missing},
        provenance=provenance(
            "cox", sample.digest, formula=formula, cause=cause, strata=strata, ties=ties, vcov=vcov,
            interval=interval, conf_level=conf_level,
        ),
    )  # fmt: skip


def _check(ties: str, vcov: str | None, interval: str | None) -> None:
    allowed = {"ties": (ties, Ties), "vcov": (vcov, Vcov), "interval": (interval, Interval)}
    for name, (value, options) in allowed.items():
        if value not in get_args(options) and (value is not None or name == "ties"):
            raise ParameterError(f"{name} {value!r}: must be one of {', '.join(get_args(options))}")


def _rows(sample: TimeToEvent, formula: str, cause, strata) -> Rows:
    code, _ = select_cause(sample, cause)
    kept = np.flatnonzero(sample.weight > 0.0)
    events = code[kept] > 0
    if not events.any():
        raise EstimationError(f"no events among {len(kept)} rows: no hazard ratio can be estimated")
    person = None if sample.person is None else sample.person[kept]
    design = design_matrix(formula, sample.covariates.iloc[kept], person=person)
    weight = sample.weight[kept]
    centred = design.values - np.average(design.values, axis=0, weights=weight)
    spread = np.sqrt(np.average(centred**2, axis=0, weights=weight))
    refuse_constant(design, spread)
    level = sample.groups(strata)[0][kept]
    stratum = np.unique(level, return_inverse=True)[1]
    sets = risk_sets(
        sample.entry[kept], sample.duration[kept], events.astype(np.intp),
        weight=weight, stratum=stratum,
    )  # fmt: skip
    return Rows(design, centred / spread, spread, events, weight, sets, kept)


def _newton(rows: Rows, ties: str) -> tuple[np.ndarray, Likelihood]:
    """Maximise the likelihood; refuse terms that are not identified or have no finite maximum."""
    beta = np.zeros(rows.values.shape[1])
    fit = _likelihood(beta, rows, ties)
    size = np.diag(fit.information)
    refuse_collinear(fit.information, rows.design.terms)
    for _ in range(MAX_STEPS):
        step = np.linalg.solve(fit.information, fit.score)
        beta, step, fit = _climb(beta, step, fit, rows, ties)
        if _is_vanishing(fit.information, size) or np.ptp(rows.values @ beta) > WIDEST / 2.0:
            break
        if np.abs(step).max() < STEP_TOLERANCE:
            return beta, fit
    moving = np.abs(step) > 1e-3 * np.abs(step).max()
    terms = [term for term, moves in zip(rows.design.terms, moving, strict=True) if moves]
    raise EstimationError(
        f"{', '.join(terms)}: no finite hazard ratio (separation: along this term all events, or "
        "none, fall at one end). Merge its levels or leave it out"
    )


def _likelihood(beta: np.ndarray, rows: Rows, ties: str) -> Likelihood:
    return likelihood(beta, rows.values, rows.events, rows.weight, rows.sets, ties=ties)


def _climb(
    beta: np.ndarray, step: np.ndarray, fit: Likelihood, rows: Rows, ties: str
) -> tuple[np.ndarray, np.ndarray, Likelihood]:
    """Take the step, halved until the likelihood can be computed and is no lower than before."""
    lowest = fit.value - 1e-9 * abs(fit.value)
    for _ in range(MAX_HALVINGS):
        if np.ptp(rows.values @ (beta + step)) <= WIDEST:
            proposal = _likelihood(beta + step, rows, ties)
            if proposal.value >= lowest:
                return beta + step, step, proposal
        step = step / 2.0
    return beta, step, fit


def _persons(sample: TimeToEvent, kept: np.ndarray) -> np.ndarray:
    return np.arange(len(kept)) if sample.person is None else sample.person[kept]


def _is_vanishing(information: np.ndarray, at_zero: np.ndarray) -> bool:
    size = np.diag(information)
    if np.any(size < VANISHED * at_zero):
        return True
    correlation = information / np.sqrt(np.outer(size, size))
    return bool(np.linalg.eigvalsh(correlation)[0] < SINGULAR)


def _dependence(sample: TimeToEvent, rows: Rows, vcov: str | None):
    """Unit of robust errors (n,), degrees of freedom, clusters, and whether errors are robust."""
    n = len(rows.kept)
    person = _persons(sample, rows.kept)
    is_robust = vcov == "robust" or (
        vcov is None and (sample.is_weighted or sample.cluster is not None)
    )
    if not is_robust:
        return person, np.inf, np.nan, False
    cluster = None if sample.cluster is None else sample.cluster[rows.kept]
    unit, df, n_cluster = units_of_dependence(cluster, person, np.zeros(n, dtype=np.intp))
    return person if unit is None else unit, df, n_cluster, True


def _sandwich(score: np.ndarray, inverse: np.ndarray, unit: np.ndarray) -> np.ndarray:
    codes = np.unique(unit, return_inverse=True)[1]
    sums = np.column_stack([np.bincount(codes, column) for column in score.T])
    return inverse @ (sums.T @ sums) @ inverse


def _summary(sample: TimeToEvent, rows: Rows, fit: Likelihood, formula: str, level: float) -> dict:
    return {
        "n_person": len(np.unique(_persons(sample, rows.kept))),
        "n_row": len(rows.kept),
        "n_event": int(rows.events.sum()),
        "log_likelihood": fit.value,
        "scale": "log hazard ratio",
        "converged": True,
        "conf_level": level,
        "label": "description",
        "formula": formula,
    }
