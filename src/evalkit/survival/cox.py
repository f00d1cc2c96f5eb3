"""Cox's proportional hazards model."""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import ParameterError
from evalkit.provenance import provenance
from evalkit.results import ModelFit
from evalkit.survival.grouped import units_of_dependence
from evalkit.survival.intervals import critical_value, p_value
from evalkit.survival.model_rows import Rows, Weights, dense, model_rows
from evalkit.survival.newton import maximise
from evalkit.survival.partial_likelihood import likelihood, score_residuals

Ties = Literal["efron", "breslow"]
Vcov = Literal["model", "robust"]
Interval = Literal["z", "t"]
Penalty = float | Mapping[str, float]


def cox(
    sample: TimeToEvent,
    formula: str,
    *,
    cause: str | None = None,
    strata: str | Sequence[str] | None = None,
    ties: Ties = "efron",
    weights: Weights = "case",
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
        with time), told apart by `person`. Such rows may follow each other but not overlap.
    formula : str
        For example `"arm + age + C(education)"`; no intercept.
    cause : str, optional
        A cause, or `"any"`. Required if the sample has several causes.
    strata : str or sequence of str, optional
        Columns whose levels have baseline hazards of their own.
    ties : {"efron", "breslow"}
    weights : {"case", "frequency"}
        What the weights of the sample are. A frequency is the number of persons that a row stands
        for (see `collapse`): the fit is that of the rows written out one by one, ties included.
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
        there are fewer than two clusters; if rows of one person overlap; if a frequency is not a
        whole number. The message names the term or the column.
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
    refuse_options(ties=(ties, Ties), weights=(weights, Weights))
    refuse_options(vcov=(vcov, Vcov), interval=(interval, Interval), optional=True)
    rows = model_rows(sample, formula, cause=cause, strata=strata, weights=weights)
    ridge = ridge_of(penalty, rows)
    beta, fit = maximise(
        lambda point: likelihood(point, rows, ties=ties),
        rows.values,
        rows.design.terms,
        ridge=ridge,
    )
    inverse = np.linalg.inv(fit.information)
    unit, df, n_cluster, is_robust = dependence_of(sample, rows, vcov)
    if is_robust:
        residuals = score_residuals(rows, fit.state)
        residuals *= counted(rows, df)[:, None]
        inverse = sandwich(residuals, inverse, unit)
    if interval == "t" and np.isinf(df):
        raise ParameterError("interval 't': needs clustered errors, whose clusters give its df")
    df = np.inf if interval == "z" else df
    error = np.sqrt(np.diag(inverse)) / rows.scale
    missing = np.full(len(beta), np.nan)
    return ModelFit(
        rows=term_rows(rows.design.terms, beta / rows.scale, error, conf_level, df),
        summary=summary_of(sample, rows, formula, conf_level)
        | {
            "log_likelihood": fit.value + 0.5 * float(ridge @ beta**2),
            "vcov": "robust" if is_robust else "model",
            "n_cluster": n_cluster,
            "df": df,
            "interval": "z" if np.isinf(df) else "t",
        },
        support={"n": rows.design.n, "k": missing, "complement": missing},
        provenance=provenance(
            "cox", sample.digest, formula=formula, cause=cause, strata=strata, ties=ties,
            weights=weights, penalty=penalty, vcov=vcov, interval=interval, conf_level=conf_level,
        ),
    )  # fmt: skip


def refuse_options(*, optional: bool = False, **given) -> None:
    """Refuse arguments, given as (value, its Literal), that are not allowed; None if optional."""
    for name, (value, options) in given.items():
        if value not in get_args(options) and not (optional and value is None):
            raise ParameterError(f"{name} {value!r}: must be one of {', '.join(get_args(options))}")


def term_rows(terms, estimate: np.ndarray, error: np.ndarray, level: float, df: float) -> dict:
    """Rows of a `ModelFit`: estimates, errors, tests and intervals; no test where an error is 0."""
    critical = critical_value(level, df)
    statistic = np.divide(
        estimate, error, out=np.full(len(estimate), np.nan), where=np.asarray(error) > 0.0
    )
    return {
        "term": np.asarray(terms, dtype=object),
        "estimate": estimate,
        "std_error": error,
        "statistic": statistic,
        "p_value": p_value(statistic, df),
        "conf_low": estimate - critical * error,
        "conf_high": estimate + critical * error,
    }


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


def dependence_of(sample: TimeToEvent, rows: Rows, vcov: str | None):
    """Unit of robust errors (n,) or None, degrees of freedom, clusters, and whether robust."""
    has_case_weights = sample.is_weighted and not rows.is_frequency
    is_robust = vcov == "robust" or (
        vcov is None and (has_case_weights or sample.cluster is not None)
    )
    if not is_robust:
        return None, np.inf, np.nan, False
    person = None if sample.person is None else sample.person[rows.kept]
    if sample.cluster is None:
        return person, np.inf, np.nan, True
    cluster = dense(sample.cluster[rows.kept])
    n_cluster = int(cluster.max()) + 1
    one_level = np.zeros(n_cluster, dtype=np.intp)
    # Refuses and warns by the number of clusters, for which one row of each will do.
    _, df, _ = units_of_dependence(np.arange(n_cluster), None, one_level)
    return cluster if np.isfinite(df) else person, df, float(n_cluster), True


def counted(rows: Rows, df: float) -> np.ndarray:
    """What a row's residual is multiplied by before sums over units are squared: (n,).

    A frequency f is f units of their own, which add f squares; within a cluster they add up first.
    """
    return np.sqrt(rows.weight) if rows.is_frequency and np.isinf(df) else rows.weight


def sandwich(residuals: np.ndarray, inverse: np.ndarray, unit: np.ndarray | None) -> np.ndarray:
    """Robust variance (p, p) from weighted residuals (n, p); without units each row is one."""
    if unit is None:
        return inverse @ (residuals.T @ residuals) @ inverse
    sums = np.stack([np.bincount(unit, column) for column in residuals.T])
    return inverse @ (sums @ sums.T) @ inverse


def summary_of(sample: TimeToEvent, rows: Rows, formula: str, level: float) -> dict:
    """What `glance` says of any hazard model."""
    return {
        "n_person": n_person(sample, rows),
        "n_row": len(rows.kept),
        "n_event": rows.n_event,
        "scale": "log hazard ratio",
        "converged": True,
        "conf_level": level,
        "label": "description",
        "formula": formula,
    }


def n_person(sample: TimeToEvent, rows: Rows) -> int:
    """Persons behind the rows, each as often as its frequency says."""
    count = rows.weight if rows.is_frequency else np.ones(len(rows.kept))
    if sample.person is None:
        return int(count.sum())
    first = np.unique(sample.person[rows.kept], return_index=True)[1]
    return int(count[first].sum())
