"""Arms compared at each wave, weighted for drop-out, with the price of estimating the weights."""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.attrition_weights import OPTIONS, Given, Response, fit_response
from evalkit.panel.clusters import n_group
from evalkit.panel.covariances import cluster_sums
from evalkit.panel.waves_given_baseline import (
    Regression,
    analysis_columns,
    by_cluster,
    regression,
)
from evalkit.provenance import provenance
from evalkit.results import ModelFit

Vcov = Literal["stacked", "known"]
ESTIMAND = (
    "difference in mean outcome at the wave, given the outcome at baseline, had nobody dropped out"
)


def weighted_ancova(
    panel: HealthPanel,
    *,
    covariates: Sequence[str] = (),
    response: Sequence[str] = (),
    history: Sequence[str] = (),
    given: Given = "previous",
    by_arm: bool = True,
    stabilised: bool = False,
    truncate: float | None = None,
    baseline: int = 0,
    last_due: str | None = None,
    vcov: Vcov = "stacked",
    conf_level: float = 0.95,
) -> ModelFit:
    """Compare the arms at each wave with weights for drop-out.

    It is `ancova` of `attrition_weights(panel)`, except that the error counts that the weights
    were estimated from the same persons. Case weights must be one a person.

    Parameters
    ----------
    panel : HealthPanel
        With an arm of two levels.
    covariates : sequence of str
        Terms of the model of the score, values at baseline; the baseline score is always in it.
    response, history : sequence of str
        Terms of the model of answering; `covariates` and `history` of `attrition_weights`.
    given, by_arm, stabilised, truncate, baseline, last_due
        As in `attrition_weights`.
    vcov : {"stacked", "known"}
        Equations of the weights and of the outcome stacked, or weights taken as known, which is
        wider where the model of answering is right.
    conf_level : float

    Returns
    -------
    ModelFit
        One term a wave, `wave[6]`, ...: programme minus comparison in points of the score; missing
        at a wave without two arms or with fewer persons than coefficients.

    Raises
    ------
    EstimationError
        As `attrition_weights`; if the panel comes from there; if arms are not two, or no wave can
        be estimated.
    ParameterError
        If an option is unknown.

    Notes
    -----
    Error: with u_i = a'x_i w_i e_i / (1 - h_i), a the row of the arm in the inverse of X'WX and h
    the leverage, the influence of person i is u_i - sum_j d_j' V_j z_ij (r_ij - p_ij), where j
    runs over the models behind the weight, V_j is the inverse of their information, z and r are
    their columns and answers, and d_j = sum a'x_i w_i e_i (1 - p_ij) z_ij over those who answered.
    The error is the root of the sum of squares, t(n - k); by cluster, sums over clusters with the
    factor G/(G-1) (n-1)/(n-k), t(G-1), and no division by 1 - h.
    A weight that was cut off is taken as known.

    References
    ----------
    Robins JM, Rotnitzky A, Zhao LP (1995), doi 10.1080/01621459.1995.10476493. Stefanski LA, Boos
    DD (2002), doi 10.1198/000313002753631330 (stacked equations).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat(np.arange(60), 2), "wave": [0, 6] * 60,
    ...     "arm": np.repeat(["programme", "comparison"], 60),
    ...     "index": rng.normal(0.5, 0.1, 120).round(2),
    ... })
    >>> frame.loc[frame["wave"].eq(6) & (rng.random(120) < 0.3), "index"] = np.nan
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index", arm="arm")
    >>> weighted_ancova(panel).tidy()[["term", "estimate", "std_error"]].round(3)
          term  estimate  std_error
    0  wave[6]     -0.02       0.02
    """
    _refuse(panel, vcov)
    model = fit_response(
        panel, covariates=response, history=history, given=given, by_arm=by_arm,
        stabilised=stabilised, truncate=truncate, baseline=baseline, last_due=last_due,
    )  # fmt: skip
    grid = model.grid
    rows, fits = _fits(model, analysis_columns(grid, covariates))
    clustered = by_cluster(grid, rows[1:])
    table = pd.DataFrame([
        _row(model, rows[at], fits[at], at, clustered, vcov == "stacked", conf_level)
        for at in range(1, len(grid.waves))
    ])  # fmt: skip
    truncation = "" if truncate is None else f", cut off at their {truncate:g} quantile"
    return ModelFit(
        rows=table.drop(columns=["df", "n"]),
        summary={
            "n_person": len(grid.person),
            "n_row": sum(len(here) for here in rows[1:]),
            "scale": "identity",
            "vcov": f"cluster, {vcov}" if clustered else vcov,
            "converged": True,
            "conf_level": conf_level,
            "n_cluster": min(n_group(grid.cluster[here]) for here in rows[1:] if len(here))
            if clustered
            else np.nan,
            "n_singleton": 0,
            "df": table["df"].min(),
            "interval": "t",
            "estimand": ESTIMAND,
            "label": "description",
            "formula": f"{panel.name} ~ arm + baseline | weights given the {given}{truncation}",
        },
        support={"n": table["n"]},
        provenance=provenance(
            "weighted_ancova", panel.digest, covariates=tuple(covariates), response=tuple(response),
            history=tuple(history), given=given, by_arm=by_arm, stabilised=stabilised,
            truncate=truncate, baseline=baseline, last_due=last_due, vcov=vcov,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def _refuse(panel: HealthPanel, vcov: str) -> None:
    if vcov not in get_args(Vcov):
        raise ParameterError(f"vcov: {vcov!r} is not one of {', '.join(get_args(Vcov))}")
    if panel.is_weighted and OPTIONS in panel.covariates.columns:
        raise EstimationError(
            "weight: the panel has weights for drop-out already; give the panel without these "
            "weights, weighted_ancova makes its own"
        )


def _fits(model: Response, columns: np.ndarray) -> tuple[list[np.ndarray], list[Regression | None]]:
    """Rows that answered at each wave, and the weighted regression on them where there is one."""
    weight = model.weight * model.grid.weight[:, None]
    rows = [np.flatnonzero(weight[:, position] > 0) for position in range(weight.shape[1])]
    fits = [regression(columns[here], weight[here, at]) for at, here in enumerate(rows)]
    if not any(fit is not None for fit in fits[1:]):
        raise EstimationError(
            f"arm: at none of {len(fits) - 1} waves are there persons of both arms with an answer, "
            "more than the model has coefficients. Use fewer covariates."
        )
    return rows, fits


def _row(
    model: Response, rows: np.ndarray, fit: Regression | None, position: int, clustered: bool,
    stacked: bool, conf_level: float,
) -> dict[str, object]:  # fmt: skip
    grid = model.grid
    term = f"wave[{grid.waves[position]}]"
    if fit is None:
        return {"term": term, "df": np.nan, "n": 0}
    score = grid.score[rows, position]
    estimate, part = float(fit.estimate(score)), fit.loading * fit.residual(score)
    influence = np.zeros(len(grid.person))
    influence[rows] = part * (fit.stretch if not clustered else 1.0)
    if stacked:
        influence += _price(model, rows, part, position)
    if clustered:
        cluster = grid.cluster
        count = n_group(cluster[rows])
        df, factor = count - 1, count / (count - 1) * (len(rows) - 1) / fit.df
        error = float(np.sqrt(factor * np.sum(cluster_sums(influence, cluster) ** 2)))
    else:
        df, error = fit.df, float(np.sqrt(np.sum(influence**2)))
    margin = stats.t.ppf((1 + conf_level) / 2, df) * error
    statistic = estimate / error if error > 0 else np.nan
    in_arm = np.bincount(grid.stratum[rows], minlength=2)
    return {
        "term": term, "estimate": estimate, "std_error": error, "statistic": statistic,
        "p_value": 2 * stats.t.sf(abs(statistic), df), "conf_low": estimate - margin,
        "conf_high": estimate + margin, "df": df, "n": int(in_arm.min()),
    }  # fmt: skip


def _price(model: Response, rows: np.ndarray, part: np.ndarray, position: int) -> np.ndarray:
    """What estimating the weights adds to each person's influence, (n,)."""
    moved = np.zeros(len(model.grid.person))
    moved[rows] = np.where(model.is_truncated[rows, position], 0.0, part)
    added = np.zeros(len(moved))
    for step in model.steps_of(position):
        if step.model is None:
            continue
        left = step.yes - step.model.probability
        slope = -(moved[step.at_risk] * (1 - step.model.probability)) @ step.columns
        added[step.at_risk] += (step.columns * left[:, None]) @ (step.model.covariance @ slope)
        if model.stabilised:
            added[step.at_risk] += _price_of_shares(model, step, moved)
    return added


def _price_of_shares(model: Response, step, moved: np.ndarray) -> np.ndarray:
    """The same for the share of each arm, by which weights are multiplied."""
    stratum = model.grid.stratum[step.at_risk]
    count = np.maximum(np.bincount(stratum), 1)
    share = np.bincount(stratum, step.yes) / count
    slope = np.bincount(stratum, moved[step.at_risk], minlength=len(count))
    scale = np.divide(slope, count * share, out=np.zeros(len(count)), where=share > 0)
    return scale[stratum] * (step.yes - share[stratum])
