"""Analysis of covariance: arms compared wave by wave, given the score at baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

import formulaic
import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError
from evalkit.panel.arms import arm_levels
from evalkit.panel.clusters import n_group, usable_cluster
from evalkit.panel.design import independent_columns
from evalkit.provenance import provenance
from evalkit.results import ModelFit

ESTIMAND = "difference in mean outcome at the wave, given the outcome at baseline"
LEVERAGE_ONE = 1 - 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class _Wave:
    """The arm's coefficient at one wave and what its error is made of."""

    wave: int
    estimate: float
    influence: np.ndarray  # coefficient's share of each person, times the residual
    leverage: np.ndarray
    df_resid: int
    person: np.ndarray
    cluster: np.ndarray | None
    n_smaller_arm: int


def ancova(
    panel: HealthPanel,
    *,
    covariates: Sequence[str] = (),
    baseline: int = 0,
    conf_level: float = 0.95,
) -> ModelFit:
    """Compare the arms at each wave among persons with the same score at baseline.

    Change scores compare persons whose starting points differ, and entry is at a low of health,
    so that some improvement comes by itself. Adjusting for the baseline score removes what of
    this differs between the arms. It is the primary health analysis where one wave lies before
    start.

    Parameters
    ----------
    panel : HealthPanel
        With an `arm` of two levels; `comparison` is the reference.
    covariates : sequence of str
        Further terms of the model, as a formula would have them (`"age"`, `"C(education)"`);
        values at baseline are used.
    baseline : int
        The wave that is adjusted for. Waves after it are analysed, each by its own regression.
    conf_level : float

    Returns
    -------
    ModelFit
        One term a wave, `wave[6]`, ...: programme minus comparison in points of the score. A wave
        that cannot be estimated (one arm only, or fewer persons than coefficients) is missing.
        `glance` holds the smallest degrees of freedom of the waves.

    Raises
    ------
    EstimationError
        If arms are not two, there is no baseline wave or none after it, a covariate does not
        exist, the baseline score is missing for all, or no wave can be estimated.

    Notes
    -----
    At each wave w, among persons with both scores: y_w = a + b arm + c y_0 + d x + e by (weighted)
    least squares. Error of b: HC3, with t(n - k); by cluster with the factor
    G/(G-1) (n-1)/(n-k) and t(G-1) where the panel has clusters, six at least. A person whom the
    model fits by a coefficient of its own (leverage 1) adds nothing to the error.

    References
    ----------
    Manca A, Hawkins N, Sculpher MJ (2005), doi 10.1002/hec.944. MacKinnon JG, White H (1985),
    doi 10.1016/0304-4076(85)90158-7.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat(np.arange(6), 2),
    ...     "wave": [0, 6] * 6,
    ...     "index": [0.5, 0.7, 0.6, 0.8, 0.4, 0.7, 0.5, 0.6, 0.6, 0.6, 0.4, 0.5],
    ...     "arm": np.repeat(["programme", "comparison"], 6),
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index", arm="arm")
    >>> ancova(panel).tidy()[["term", "estimate"]].round(3)
          term  estimate
    0  wave[6]     0.167
    """
    formula = " + ".join(["arm", "baseline_score", *covariates])
    waves = [(wave, _one_wave(frame, wave, formula)) for wave, frame in _paired(panel, baseline)]
    fitted = [fit for _, fit in waves if fit is not None]
    if not fitted:
        raise EstimationError(
            f"arm: at none of {len(waves)} waves are there persons of both arms with a score then "
            "and at baseline, more than the model has coefficients. Use fewer covariates."
        )
    by_cluster = usable_cluster(
        panel.cluster,
        name="cluster",
        smallest=min(n_group(fit.cluster) for fit in fitted) if panel.cluster is not None else None,
    )
    table = pd.DataFrame([_row(wave, fit, by_cluster, conf_level) for wave, fit in waves])
    n_cluster = min(n_group(fit.cluster) for fit in fitted) if by_cluster else np.nan
    return ModelFit(
        rows=table.drop(columns=["df", "n"]),
        summary={
            "n_person": n_group(np.concatenate([fit.person for fit in fitted])),
            "n_row": sum(len(fit.person) for fit in fitted),
            "scale": "identity",
            "vcov": "cluster" if by_cluster else "HC3",
            "converged": True,
            "conf_level": conf_level,
            "n_cluster": n_cluster,
            "n_singleton": 0,
            "df": table["df"].min(),
            "interval": "t",
            "estimand": ESTIMAND,
            "label": "description",
            "formula": f"{panel.name} ~ {formula}",
        },
        support={"n": table["n"]},
        provenance=provenance(
            "ancova", panel.digest, covariates=tuple(covariates), baseline=baseline,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def _paired(panel: HealthPanel, baseline: int) -> list[tuple[int, pd.DataFrame]]:
    """For each wave after the baseline, the persons who have a score at both."""
    reference, others = arm_levels(panel.covariates)
    if len(others) != 1:
        raise EstimationError(f"arm: {len(others) + 1} levels, ancova compares two")
    later = np.unique(panel.wave[panel.wave > baseline])
    first = panel.wave == baseline
    if not first.any() or not len(later):
        raise EstimationError(
            f"wave: ancova needs wave {baseline} (baseline) and a later one; "
            f"{'no later wave' if first.any() else 'no row at baseline'} in {len(panel)} rows"
        )
    start = panel.covariates[first].assign(
        arm=(panel.covariates["arm"][first] == others[0]).astype(float),
        baseline_score=panel.outcome[first],
    )
    start = start.drop(columns="outcome").set_index(panel.person[first])
    if not start["baseline_score"].notna().any():
        raise EstimationError(f"{panel.name}: missing for all {len(start)} persons at baseline")
    return [(int(wave), _at_wave(panel, start, wave)) for wave in later]


def _at_wave(panel: HealthPanel, start: pd.DataFrame, wave: int) -> pd.DataFrame:
    row = panel.wave == wave
    score = pd.DataFrame(
        {
            "outcome": panel.outcome[row],
            "weight_": panel.weight[row],
            "cluster_": -1 if panel.cluster is None else panel.cluster[row],
        },
        index=panel.person[row],
    )
    both = start.join(score, how="inner").dropna(subset=["outcome", "baseline_score"])
    return both[both["weight_"] > 0]


def _one_wave(frame: pd.DataFrame, wave: int, formula: str) -> _Wave | None:
    """Fit one wave; None if the arm's coefficient cannot be told apart or has no error."""
    if frame["arm"].nunique() < 2:
        return None
    design = _design(frame, formula)
    frame = frame.loc[design.index]
    own = independent_columns(design.to_numpy())
    x = design.to_numpy()[:, own]
    if len(x) <= x.shape[1] or not own[-1]:
        return None
    fit = sm.WLS(frame["outcome"].to_numpy(), x, weights=frame["weight_"].to_numpy()).fit()
    inverse, whitened = fit.normalized_cov_params, fit.model.wexog
    arms = design["arm"].to_numpy()
    return _Wave(
        wave=wave,
        estimate=float(fit.params[-1]),
        influence=(whitened @ inverse[-1]) * fit.wresid,
        leverage=np.einsum("ij,jk,ik->i", whitened, inverse, whitened),
        df_resid=len(x) - x.shape[1],
        person=frame.index.to_numpy(),
        cluster=frame["cluster_"].to_numpy(),
        n_smaller_arm=int(min(arms.sum(), len(arms) - arms.sum())),
    )


def _design(frame: pd.DataFrame, formula: str) -> pd.DataFrame:
    """Columns of the model for the persons without a missing covariate, the arm last."""
    try:
        design = formulaic.model_matrix(f"1 + {formula}", frame, na_action="drop")
    except formulaic.errors.FormulaicError as error:
        raise EstimationError(
            f"covariates: {formula!r} cannot be built from the columns of the panel. "
            "Check their names."
        ) from error
    return pd.DataFrame(design)[[name for name in design.columns if name != "arm"] + ["arm"]]


def _row(wave: int, fit: _Wave | None, by_cluster: bool, conf_level: float) -> dict[str, object]:
    if fit is None:
        return {"term": f"wave[{wave}]", "df": np.nan, "n": 0}
    if by_cluster:
        clusters = np.unique(fit.cluster, return_inverse=True)[1]
        count, n = clusters.max() + 1, len(fit.person)
        sums = np.bincount(clusters, fit.influence)
        factor = count / (count - 1) * (n - 1) / fit.df_resid
        variance, df = factor * np.sum(sums**2), count - 1
    else:
        free = fit.leverage < LEVERAGE_ONE
        variance = np.sum((fit.influence[free] / (1 - fit.leverage[free])) ** 2)
        df = fit.df_resid
    error = float(np.sqrt(variance))
    margin = stats.t.ppf((1 + conf_level) / 2, df) * error
    statistic = fit.estimate / error if error > 0 else np.nan
    return {
        "term": f"wave[{wave}]",
        "estimate": fit.estimate,
        "std_error": error,
        "statistic": statistic,
        "p_value": 2 * stats.t.sf(abs(statistic), df),
        "conf_low": fit.estimate - margin,
        "conf_high": fit.estimate + margin,
        "df": df,
        "n": fit.n_smaller_arm,
    }
