"""Rubin's rules: several completed data sets, one estimate and one honest error."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import digest_json, provenance
from evalkit.results import ModelFit, PooledFit


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Pooled:
    """Estimates over m sets, each array of shape (...).

    Attributes
    ----------
    estimate, std_error, df : ndarray of float
    within, between : ndarray of float
        Mean of the variances, and variance of the estimates.
    increase, fraction_missing : ndarray of float
    """

    estimate: np.ndarray
    std_error: np.ndarray
    df: np.ndarray
    within: np.ndarray
    between: np.ndarray
    increase: np.ndarray
    fraction_missing: np.ndarray


def pool_estimates(
    estimate: np.ndarray, std_error: np.ndarray, complete_df: float | np.ndarray
) -> Pooled:
    """Pool estimates and errors along their first axis.

    Parameters
    ----------
    estimate, std_error : ndarray of float, shape (m, ...)
    complete_df : float or ndarray
        Degrees of freedom that the analysis would have without a missing answer.

    Notes
    -----
    T = U + (1 + 1/m) B; r = (1 + 1/m) B / U; l = r / (1 + r); df by Barnard and Rubin,
    1/(1/d_m + 1/d_o), d_m = (m - 1) / l^2, d_o = (d + 1) / (d + 3) d (1 - l);
    fraction of missing information (r + 2/(df + 3)) / (1 + r).
    """
    m = len(estimate)
    mean, within = estimate.mean(axis=0), np.mean(std_error**2, axis=0)
    between = estimate.var(axis=0, ddof=1)
    extra = (1 + 1 / m) * between
    total = within + extra
    share = np.divide(extra, total, out=np.zeros_like(total), where=total > 0)
    complete = np.broadcast_to(np.asarray(complete_df, dtype=float), share.shape)
    finite = np.where(np.isinf(complete), 1.0, complete)
    observed = np.where(
        np.isinf(complete), np.inf, (finite + 1) / (finite + 3) * finite * (1 - share)
    )
    # Estimates that agree in all sets (no answer is missing) leave the degrees of freedom alone.
    between_df = np.divide(m - 1, share**2, out=np.full(share.shape, np.inf), where=share > 1e-12)
    df = 1 / (1 / between_df + 1 / observed)
    increase = np.divide(extra, within, out=np.full(share.shape, np.inf), where=within > 0)
    fraction = np.where(np.isinf(increase), 1.0, (increase + 2 / (df + 3)) / (1 + increase))
    return Pooled(mean, np.sqrt(total), df, within, between, increase, fraction)


def pool(fits: Sequence[ModelFit], *, conf_level: float = 0.95) -> PooledFit:
    """Pool the same model fitted to each of several completed panels.

    Parameters
    ----------
    fits : sequence of ModelFit
        One for each panel of `impute`, all with the same terms. Their degrees of freedom are those
        without missing answers.
    conf_level : float

    Returns
    -------
    PooledFit
        One row a term; t intervals with the degrees of freedom of Barnard and Rubin.

    Raises
    ------
    EstimationError
        If the fits have different terms, or persons, or lack degrees of freedom.
    ParameterError
        If there are fewer than two.

    Notes
    -----
    See `pool_estimates` for the formulas.

    References
    ----------
    Rubin DB (1987), doi 10.1002/9780470316696. Barnard J, Rubin DB (1999),
    doi 10.1093/biomet/86.4.948.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.samples import HealthPanel
    >>> from evalkit.panel import ancova, impute
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat(np.arange(60), 2), "wave": [0, 6] * 60,
    ...     "arm": np.repeat(["programme", "comparison"], 60),
    ...     "index": rng.normal(0.5, 0.1, 120).round(2),
    ... })
    >>> frame.loc[frame["wave"].eq(6) & (rng.random(120) < 0.3), "index"] = np.nan
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index", arm="arm")
    >>> pool([ancova(done) for done in impute(panel, m=5)]).glance()[["n_person", "m"]]
       n_person  m
    0        60  5
    """
    fits = list(fits)
    if len(fits) < 2:
        raise ParameterError(f"fits: {len(fits)} fits cannot be pooled, at least 2")
    first = fits[0]
    terms = first.rows["term"]
    if any(list(fit.rows["term"]) != list(terms) for fit in fits):
        raise EstimationError("fits: the completed panels give models with different terms")
    counts = {fit.summary["n_person"] for fit in fits}
    if len(counts) > 1:
        raise EstimationError("fits: the completed panels have different numbers of persons")
    complete = np.array([fit.summary["df"] for fit in fits], dtype=float)
    if np.isnan(complete).any():
        raise EstimationError("fits: a model without degrees of freedom cannot be pooled")
    pooled = pool_estimates(
        np.array([fit.rows["estimate"] for fit in fits], dtype=float),
        np.array([fit.rows["std_error"] for fit in fits], dtype=float),
        complete.min(),
    )
    kept = ("n_person", "n_row", "n_event", "scale", "vcov", "n_cluster", "estimand", "formula")
    return pooled_fit(
        terms, pooled, m=len(fits), conf_level=conf_level, support=first.support["n"],
        summary={name: first.summary[name] for name in kept}
        | {"method": "imputation", "label": first.summary["label"]},
        made=provenance(
            "pool", digest_json([fit.provenance.id for fit in fits])[:16], conf_level=conf_level
        ),
    )  # fmt: skip


def pooled_fit(
    terms: Sequence[str], pooled: Pooled, *, m: int, conf_level: float, support: Sequence[int],
    summary: dict, made,
) -> PooledFit:  # fmt: skip
    """Put pooled estimates into a result."""
    margin = stats.t.ppf((1 + conf_level) / 2, pooled.df) * pooled.std_error
    statistic = np.divide(
        pooled.estimate, pooled.std_error, out=np.full(pooled.estimate.shape, np.nan),
        where=pooled.std_error > 0,
    )  # fmt: skip
    return PooledFit(
        rows={
            "term": terms,
            "estimate": pooled.estimate,
            "std_error": pooled.std_error,
            "statistic": statistic,
            "p_value": 2 * stats.t.sf(np.abs(statistic), pooled.df),
            "conf_low": pooled.estimate - margin,
            "conf_high": pooled.estimate + margin,
            "df": pooled.df,
            "within": pooled.within,
            "between": pooled.between,
            "increase": pooled.increase,
            "fraction_missing": pooled.fraction_missing,
        },
        summary={
            "m": m,
            "converged": True,
            "conf_level": conf_level,
            "df": float(np.min(pooled.df)) if len(pooled.df) else np.nan,
            "interval": "t",
        }
        | summary,
        support={"n": support},
        provenance=made,
    )
