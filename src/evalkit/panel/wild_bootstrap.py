"""Wild cluster bootstrap: a test and an interval that hold with few clusters."""

import warnings
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import AssumptionWarning, EstimationError, ParameterError
from evalkit.panel.arms import smaller_arm
from evalkit.panel.clusters import MIN_CLUSTERS, cluster_column, n_group
from evalkit.panel.covariances import cluster_sums
from evalkit.panel.design import build_design
from evalkit.panel.regression import Regression, regress
from evalkit.panel.rows import code_is_nested
from evalkit.provenance import provenance
from evalkit.results import ModelFit

Weights = Literal["webb", "rademacher"]

WEBB_BELOW = 12  # clusters; Rademacher weights give 2^G samples only
WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))
TIE = 1e-9  # statistics that differ by less are the same: the sample is one of the draws
WIDEST = 1e6  # standard errors from the estimate; an interval as wide has no end
BLOCK = 4_000_000  # draws times clusters held at once


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Draws:
    """Each draw's statistic as a function of the distance d from estimate to hypothesis.

    The numerator is n0 + n1 d and the squared denominator d0 + 2 d1 d + d2 d^2.
    """

    n0: np.ndarray
    n1: np.ndarray
    d0: np.ndarray
    d1: np.ndarray
    d2: np.ndarray

    def squared(self, distance: float) -> np.ndarray:
        """Squared statistics if the hypothesis lies at this distance below the estimate."""
        top = (self.n0 + self.n1 * distance) ** 2
        bottom = self.d0 + 2 * self.d1 * distance + self.d2 * distance**2
        return np.divide(top, bottom, out=np.full(len(top), np.inf), where=bottom > 0)


def wild_cluster_bootstrap(
    panel: HealthPanel,
    formula: str,
    *,
    term: str,
    null: float = 0.0,
    person_effects: bool = True,
    wave_effects: bool = False,
    cluster: str | None = None,
    weights: Weights | None = None,
    n_draw: int = 9_999,
    conf_level: float = 0.95,
    seed: int = 0,
) -> ModelFit:
    """Test one term of a fixed-effects model by the restricted wild cluster bootstrap.

    With few clusters t-intervals by cluster are too short. Here the residuals under the hypothesis
    change their sign (or size) cluster by cluster, and the statistic is compared with what that
    gives. It is for few clusters of persons; with clusters that are very unequal, or with one or
    two that have the programme, it fails too.

    Parameters
    ----------
    panel : HealthPanel
    formula : str
        As in `fixed_effects`.
    term : str
        The term of the formula that is tested, for example `"arm[programme]:post"`.
    null : float
        Value under the hypothesis, in points of the outcome.
    person_effects, wave_effects : bool
    cluster : str
        Column; by default the panel's cluster. Persons must lie in one cluster each.
    weights : {"webb", "rademacher"}
        By default Webb's six points below 12 clusters, else Rademacher's two.
    n_draw : int
        Draws; where Rademacher weights have no more different ones, each is taken once.
    conf_level : float
    seed : int

    Returns
    -------
    ModelFit
        One row. `std_error` and `statistic` are those of `fixed_effects` by cluster, `p_value`
        and the interval come from the bootstrap. An end of the interval that no value reaches is
        infinite.

    Raises
    ------
    EstimationError
        If there are fewer than six clusters, no cluster is named, persons lie in several of them,
        or the term is not estimated.
    ParameterError
        If the term is none of the formula, or an argument is out of range.

    Warns
    -----
    AssumptionWarning
        If Rademacher weights are asked for below 12 clusters.

    Notes
    -----
    The p-value is the share of draws with |t*| at least |t|; the interval holds all hypotheses
    with a p-value above 1 - conf_level, found by bisection on each side of the estimate. With
    s_g the scores of cluster g under the hypothesis, v_g the draw, M the inverse of X'X, c the
    contrast: the numerator is sum_g v_g c'M s_g and the squared denominator
    m sum_h (v_h c'M s_h - c'M X_h'X_h M sum_g v_g s_g)^2, m the factor of CR1; both are
    polynomials of the hypothesis, so that inverting takes no new draws. Numbers do not depend on
    the order of rows.

    References
    ----------
    Cameron AC, Gelbach JB, Miller DL (2008), doi 10.1162/rest.90.3.414. Webb MD (2023), doi
    10.1111/caje.12661. MacKinnon JG, Nielsen MO, Webb MD (2023), doi
    10.1016/j.jeconom.2022.04.001. Roodman D and others (2019), doi 10.1177/1536867X19830877.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"id": np.repeat(np.arange(32), 2), "wave": [0, 6] * 32})
    >>> frame["place"] = frame["id"] // 4
    >>> frame["arm"] = np.where(frame["place"] < 4, "programme", "comparison")
    >>> frame["index"] = rng.normal(0.6, 0.1, 64)
    >>> panel = HealthPanel.from_frame(
    ...     frame, person="id", wave="wave", outcome="index", arm="arm", cluster="place"
    ... )
    >>> fit = wild_cluster_bootstrap(
    ...     panel, "arm:post", term="arm[programme]:post", wave_effects=True, n_draw=999
    ... )
    >>> fit.glance()[["n_cluster", "vcov", "interval"]]
       n_cluster                          vcov   interval
    0          8  wild cluster bootstrap, webb  bootstrap
    """
    _check(weights, n_draw, conf_level)
    regression, contrast, support = _prepared(
        panel, formula, term, person_effects, wave_effects, cluster
    )
    count = n_group(regression.cluster)
    kind = _weights(weights, count)
    draws = list(_drawn(kind, count, n_draw, seed))
    statistics, estimate, error = _statistics(regression, contrast, draws)
    distance = estimate - null
    p_value = _p_value(statistics, distance, error)
    low, high = (_end(statistics, error, 1 - conf_level, side) for side in (1, -1))
    rows = {
        "term": [term], "estimate": [estimate], "std_error": [error],
        "statistic": [distance / error], "p_value": [p_value],
        "conf_low": [estimate - low], "conf_high": [estimate + high],
    }  # fmt: skip
    return ModelFit(
        rows=rows,
        summary={
            "n_person": n_group(regression.person),
            "n_row": len(regression.row),
            "scale": "identity",
            "vcov": f"wild cluster bootstrap, {kind}",
            "converged": True,
            "conf_level": conf_level,
            "n_cluster": count,
            "n_singleton": regression.n_singleton,
            "interval": "bootstrap",
            "estimand": f"the term, tested against {null:g}",
            "label": "description",
            "formula": f"{panel.name} ~ {formula}"
            + " | person" * person_effects
            + " | wave" * wave_effects,
        },
        support={"n": [support]},
        provenance=provenance(
            "wild_cluster_bootstrap", panel.digest, seed=seed, formula=formula, term=term,
            null=null, person_effects=person_effects, wave_effects=wave_effects, cluster=cluster,
            weights=kind, n_draw=n_draw, conf_level=conf_level,
        ),
    )  # fmt: skip


def _check(weights: str | None, n_draw: int, conf_level: float) -> None:
    if weights is not None and weights not in get_args(Weights):
        raise ParameterError(f"weights: {weights!r} is none of {', '.join(get_args(Weights))}")
    if n_draw < 99:
        raise ParameterError(f"n_draw: {n_draw} draws tell nothing of a 5 per cent test, take 9999")
    if not 0 < conf_level < 1:
        raise ParameterError(f"conf_level: must lie between 0 and 1, is {conf_level}")


def _prepared(
    panel: HealthPanel, formula: str, term: str, person_effects: bool, wave_effects: bool,
    cluster: str | None,
) -> tuple[Regression, np.ndarray, int]:  # fmt: skip
    """The regression, the contrast that the term is, and the persons behind it."""
    code = cluster_column(panel, cluster)
    if code is None:
        raise EstimationError("cluster: the panel names none, the wild cluster bootstrap needs one")
    design = build_design(panel, formula, person_effects=person_effects)
    if term not in design.terms:
        raise ParameterError(f"term: {term!r} is none of {', '.join(design.terms)}")
    columns = design.columns
    at = design.terms.index(term)
    report, wave = design.report[at], design.waves[at]
    if not (person_effects or wave_effects):
        columns = columns.assign(Intercept=1.0)
        report = np.append(report, 0.0)
    regression = regress(
        panel, columns, person_effects=person_effects, wave_effects=wave_effects, cluster=cluster,
        enough=lambda used: _enough(used, cluster),
    )  # fmt: skip
    if person_effects and not code_is_nested(regression.person, regression.cluster):
        raise EstimationError(
            f"{cluster or 'cluster'}: some persons lie in several clusters. Give each person one."
        )
    used = regression.row
    if design.contrasts_arms:
        return regression, report, smaller_arm(
            panel, used if wave is None else used[panel.wave[used] == wave]
        )  # fmt: skip
    return regression, report, n_group(regression.person)


def _enough(code: np.ndarray, name: str | None) -> None:
    count = n_group(code)
    if count < MIN_CLUSTERS:
        raise EstimationError(
            f"{name or 'cluster'}: {count} clusters are too few for the wild cluster bootstrap, it "
            f"needs {MIN_CLUSTERS}. Give errors by person, and say that differences between "
            "clusters are not included."
        )


def _weights(weights: Weights | None, count: int) -> Weights:
    if weights == "rademacher" and count < WEBB_BELOW:
        _warn_few_draws(count)
    if weights is not None:
        return weights
    return "webb" if count < WEBB_BELOW else "rademacher"


def _warn_few_draws(count: int) -> None:
    warnings.warn(
        f"weights: {count} clusters have {2**count} different draws of Rademacher weights only, "
        "so that p-values are coarse. Use Webb's.",
        AssumptionWarning,
        stacklevel=4,
    )


def _drawn(kind: Weights, count: int, n_draw: int, seed: int):
    """Draws of the clusters' weights, block by block; each different one once where few enough."""
    size = max(BLOCK // count, 1)
    if kind == "rademacher" and 2**count <= n_draw + 1:
        for start in range(0, 2**count, size):
            number = np.arange(start, min(start + size, 2**count))
            yield 1.0 - 2.0 * (number[:, None] >> np.arange(count) & 1)
        return
    rng = np.random.default_rng(seed)
    points = np.array([-1.0, 1.0]) if kind == "rademacher" else np.concatenate([-WEBB, WEBB])
    for start in range(0, n_draw, size):
        yield points[rng.integers(0, len(points), (min(size, n_draw - start), count))]


def _statistics(regression: Regression, contrast, draws) -> tuple[_Draws, float, float]:
    """Polynomials of each draw, the estimate and its error by cluster (CR1)."""
    x, bread, residual = regression.fit.x, regression.fit.bread, regression.fit.residual
    if regression.absorbed.shape[1]:
        x, bread, contrast = _with_absorbed(regression, contrast)
    estimate = float(contrast[: len(regression.fit.params)] @ regression.fit.params)
    cluster, along = regression.cluster, bread @ contrast
    unit = along @ np.linalg.solve(bread, along)
    if not unit > 0:
        raise EstimationError("term: no coefficient of the formula is part of it")
    fitted = x @ along
    crossed = cluster_sums(x * fitted[:, None], cluster)  # c'M X_h'X_h
    scores = cluster_sums(x * residual[:, None], cluster)
    shift = crossed / unit  # what one unit of distance to the hypothesis adds to the scores
    count, n = len(scores), len(x)
    factor = count / (count - 1) * (n - 1) / (n - regression.n_counted)
    own = [scores @ along, shift @ along]
    parts = []
    for draw in draws:
        at_null, slope = (
            draw * a - draw @ s @ bread @ crossed.T
            for a, s in zip(own, (scores, shift), strict=True)
        )
        parts.append(
            (
                draw @ own[0],
                draw @ own[1],
                factor * np.einsum("bg,bg->b", at_null, at_null),
                factor * np.einsum("bg,bg->b", at_null, slope),
                factor * np.einsum("bg,bg->b", slope, slope),
            )
        )
    error = float(np.sqrt(factor * np.sum(own[0] ** 2)))
    if not error > 0:
        raise EstimationError("term: its error by cluster is zero, there is nothing to resample")
    return _Draws(*(np.concatenate(part) for part in zip(*parts, strict=True))), estimate, error


def _with_absorbed(regression: Regression, contrast: np.ndarray):
    """Waves as columns: their effects are fitted anew in every draw, across clusters."""
    absorbed = np.linalg.qr(regression.absorbed)[0]
    rank = np.linalg.matrix_rank(regression.absorbed)
    if rank < absorbed.shape[1]:
        absorbed = np.linalg.svd(regression.absorbed, full_matrices=False)[0][:, :rank]
    k = len(contrast)
    x = np.hstack([regression.fit.x, absorbed])
    bread = np.eye(k + rank)
    bread[:k, :k] = regression.fit.bread
    return x, bread, np.append(contrast, np.zeros(rank))


def _p_value(draws: _Draws, distance: float, error: float) -> float:
    squared = (distance / error) ** 2
    return float(np.mean(draws.squared(distance) >= squared * (1 - TIE)))


def _end(draws: _Draws, error: float, level: float, side: int) -> float:
    """Distance from the estimate to one end of the interval: where the p-value meets the level."""
    inside, outside = 0.0, error
    while _p_value(draws, side * outside, error) > level:
        inside, outside = outside, 2 * outside
        if outside > WIDEST * error:
            return np.inf
    while outside - inside > 1e-10 * outside:
        middle = (inside + outside) / 2
        above = _p_value(draws, side * middle, error) > level
        inside, outside = (middle, outside) if above else (inside, middle)
    return (inside + outside) / 2
