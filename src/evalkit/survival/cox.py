"""Cox's proportional hazards model."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import ParameterError
from evalkit.provenance import provenance
from evalkit.results import ModelFit
from evalkit.survival.hazard_fit import (
    Interval,
    counted,
    dependence_of,
    hazard_fit,
    refuse_options,
    sandwich,
)
from evalkit.survival.model_rows import Rows, model_rows
from evalkit.survival.newton import maximise
from evalkit.survival.partial_likelihood import likelihood, score_blocks

Ties = Literal["efron", "breslow"]
Vcov = Literal["model", "robust"]
Penalty = float | Mapping[str, float]


def cox(
    sample: TimeToEvent,
    formula: str,
    *,
    cause: str | None = None,
    strata: str | Sequence[str] | None = None,
    ties: Ties = "efron",
    penalty: Penalty = 0.0,
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
        One row a person, or several rows of (entry, duration] a person (covariates that change
        with time), told apart by `person`. Such rows may follow each other but not overlap. Of a
        sample of frequencies (see `collapse`) the fit is that of the rows written out one by one,
        ties included.
    formula : str
        For example `"arm + age + C(education)"`; no intercept.
    cause : str, optional
        A cause, or `"any"`. Required if the sample has several causes.
    strata : str or sequence of str, optional
        Columns whose levels have baseline hazards of their own.
    ties : {"efron", "breslow"}
    penalty : float or mapping of str to float
        Ridge: half of it times the squared log hazard ratio is taken off the log likelihood. One
        number for all terms, or numbers by term.
    vcov : {"model", "robust"}, optional
        By default robust if the sample has case weights or a cluster, else from the model. Robust
        sums over the cluster, else the person, else the row.
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
        If there are no rows, no positive weights or no events; if a term does not vary or is a
        combination of others among those at risk; if a hazard ratio is not finite (separation); if
        there are fewer than two clusters; if rows of one person overlap, or have different
        frequencies. The message names the term or the column.
    ParameterError
        If an argument is not allowed.

    Notes
    -----
    Newton-Raphson on sums over distinct times. Case weights enter Efron's ties as in R: a tied
    event counts with the mean weight of the tied events. Robust errors are Lin and Wei's with score
    residuals that are exact under Efron's ties, without a small-sample factor. With 2 to 5 clusters
    errors are for persons, with a `SmallSampleWarning`. With a penalty the error from the model is
    the inverse of the information plus the penalty (R's `se(coef)` under `ridge`), and
    `log_likelihood` is without the penalty.

    Events at time 0 count, and everybody without delayed entry is at risk then. All events at one
    time are a valid sample: one risk set. Everybody having exited at it, the ratio is 1, and the
    robust error 0.

    References
    ----------
    Cox (1972), J R Stat Soc B 34:187-220. Lin and Wei (1989), J Am Stat Assoc 84:1074-1078.
    R, survival::coxph, and survival::ridge with scale=FALSE.

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
    refuse_options(ties=(ties, Ties))
    refuse_options(vcov=(vcov, Vcov), interval=(interval, Interval), optional=True)
    rows = model_rows(sample, formula, cause=cause, strata=strata)
    ridge = ridge_of(penalty, rows)
    beta, fit = maximise(
        lambda point: likelihood(point, rows, ties=ties),
        rows.values,
        rows.design.terms,
        ridge=ridge,
    )
    variance = np.linalg.inv(fit.information)
    dependence = dependence_of(sample, rows.kept, vcov)
    if dependence.is_robust:
        blocks = score_blocks(rows, fit.state, counted(rows, dependence.df))
        variance = sandwich(blocks, variance, dependence.unit)
    return hazard_fit(
        sample, rows, beta, variance, dependence, interval=interval, conf_level=conf_level,
        summary={
            "formula": formula,
            "scale": "log hazard ratio",
            "log_likelihood": fit.value + 0.5 * float(ridge @ beta**2),
            "vcov": "robust" if dependence.is_robust else "model",
        },
        source=provenance(
            "cox", sample.digest, formula=formula, cause=cause, strata=strata, ties=ties,
            penalty=penalty, vcov=vcov, interval=interval, conf_level=conf_level,
        ),
    )  # fmt: skip


def ridge_of(penalty: Penalty, rows: Rows) -> np.ndarray:
    """The penalty of each squared coefficient on the scale of `rows.values`, shape (p,)."""
    terms = rows.design.terms
    given = dict(penalty) if isinstance(penalty, Mapping) else dict.fromkeys(terms, penalty)
    unknown = [name for name in given if name not in terms]
    if unknown:
        raise ParameterError(
            f"penalty {', '.join(map(str, unknown))}: the model has the terms {', '.join(terms)}"
        )
    theta = np.array([given.get(term, 0.0) for term in terms], dtype=float)
    if not np.all((theta >= 0.0) & np.isfinite(theta)):
        raise ParameterError("penalty: must be 0 or more, and finite")
    return theta / rows.scale**2
