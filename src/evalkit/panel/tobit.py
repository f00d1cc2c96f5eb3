"""Tobit: a score that stops at its ceiling, as if it went on beyond."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.special import log_ndtr

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.covariances import cluster_sums
from evalkit.panel.inference import Dependence, Errors, coefficient_table, dependence, known_vcov
from evalkit.panel.linear_models import Columns, model_columns, solve
from evalkit.panel.rows import persons_behind
from evalkit.provenance import provenance
from evalkit.results import ModelFit

LATENT = "association with a score that would go on beyond its limits, if it were normal"
MOST_STEPS, TIGHT = 100, 1e-12
FLAT = 1e-7  # share of the curvature that an uncensored score would have
AT_LIMIT = 1e-9  # points of the score within which an answer is at the limit


@dataclass(frozen=True, slots=True, eq=False)
class _Likelihood:
    """Value, scores of the rows and information, at coefficients and 1 over the deviation."""

    value: float
    scores: np.ndarray
    information: np.ndarray


def tobit(
    panel: HealthPanel,
    formula: str,
    *,
    upper: float | None = 1.0,
    lower: float | None = None,
    vcov: str = "cluster",
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Fit a linear model to a score of which answers at the ceiling are only known to reach it.

    A sensitivity analysis: many people answer full health, so that improvement beyond it cannot
    show. The model takes the hidden part to be normal with equal variance, which nothing in the
    data can confirm; the coefficients are of the hidden score.

    Parameters
    ----------
    panel : HealthPanel
    formula : str
        Right-hand side, as in `pooled`.
    upper, lower : float or None
        Limits of the score, in its points; at least one.
    vcov : {"cluster", "unadjusted"}
    cluster : str
        By default the panel's cluster, else the person.
    conf_level : float

    Returns
    -------
    ModelFit
        Terms, intercept and `sd(residual)`, which has no error.

    Raises
    ------
    EstimationError
        As in `pooled`; if an answer lies beyond a limit, none lies at one, fewer lie between them
        than there are coefficients, or the likelihood has no maximum (a term tells with certainty
        who is at the limit).
    ParameterError
        If there is no limit, or they are not in order, or `vcov` is neither of the two.

    Warns
    -----
    AssumptionWarning, SmallSampleWarning
        As in `pooled`.

    Notes
    -----
    Maximum likelihood by Newton's method on b/s and 1/s, where the likelihood is concave. Errors
    from the information (z), `survival::survreg(dist = "gaussian")`; by cluster from the rows'
    scores times G/(G-1) (n-1)/(n-k), with t(G-1).

    References
    ----------
    Tobin J (1958), doi 10.2307/1907382. Olsen RJ (1978), doi 10.2307/1913082. Pullenayegum EM and
    others (2010), doi 10.1111/j.1524-4733.2010.00726.x (what it assumes of health scores).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "id": [1, 1, 2, 2, 3, 3, 4, 4], "wave": [0, 6] * 4,
    ...     "index": [0.5, 0.6, 0.4, 1.0, 0.6, 0.8, 0.7, 1.0],
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> tobit(panel, "C(wave)").tidy()[["term", "estimate"]].round(3)
               term  estimate
    0       wave[6]     0.357
    1     Intercept     0.550
    2  sd(residual)     0.180
    """
    known_vcov(vcov, ("cluster", "unadjusted"))
    _check_limits(upper, lower)
    columns = model_columns(panel, formula)
    solve(columns.x, columns.y, columns.names, panel.name, what="rows")  # refusals by name
    side = _sides(columns, panel.name, upper, lower)
    how = dependence(panel, columns.rows, vcov, cluster)
    params, deviation, found, value = _fit(columns, side, how)
    table = coefficient_table(columns.terms, columns.report, params, found, conf_level)
    more = {"term": "sd(residual)", "estimate": deviation}
    return ModelFit(
        rows={name: [*values, more.get(name, np.nan)] for name, values in table.items()},
        summary={
            "n_person": columns.rows.n_person,
            "n_row": len(columns.rows),
            "log_likelihood": value,
            "scale": "identity",
            "vcov": how.vcov,
            "converged": True,
            "conf_level": conf_level,
            "n_cluster": how.n_cluster,
            "n_singleton": 0,
            "df": np.min(found.df),
            "interval": "t" if how.first is not None else "z",
            "estimand": LATENT,
            "label": "description",
            "formula": f"{panel.name} ~ {formula}",
        },
        support={
            "n": persons_behind(panel, columns.design, columns.rows, len(columns.terms) + 1)
        },
        provenance=provenance(
            "tobit", panel.digest, formula=formula, upper=upper, lower=lower, vcov=vcov,
            cluster=cluster, conf_level=conf_level,
        ),
    )  # fmt: skip


def _check_limits(upper: float | None, lower: float | None) -> None:
    if upper is None and lower is None:
        raise ParameterError("upper: a tobit model needs a limit; use pooled without one")
    if upper is not None and lower is not None and upper <= lower:
        raise ParameterError("upper: not above lower")


def _sides(columns: Columns, outcome: str, upper: float | None, lower: float | None) -> np.ndarray:
    """1 at the upper limit, -1 at the lower one, else 0."""
    y = columns.y
    beyond = np.zeros(len(y), dtype=bool)
    side = np.zeros(len(y), dtype=int)
    for limit, sign in ((upper, 1), (lower, -1)):
        if limit is not None:
            beyond |= sign * (y - limit) > AT_LIMIT
            side[np.abs(y - limit) <= AT_LIMIT] = sign
    if beyond.any():
        raise EstimationError(
            f"{outcome}: {int(beyond.sum())} of {len(y)} answers beyond the limit. Name the limits "
            "of the score (upper=, lower=)."
        )
    n_between = int((side == 0).sum())
    if n_between == len(y):
        raise EstimationError(f"{outcome}: none of {len(y)} answers at the limit. Use pooled.")
    if n_between <= columns.x.shape[1]:
        raise EstimationError(
            f"{outcome}: {n_between} of {len(y)} answers between the limits are too few for "
            f"{columns.x.shape[1]} coefficients"
        )
    return side


def _fit(
    columns: Columns, side: np.ndarray, how: Dependence
) -> tuple[np.ndarray, float, Errors, float]:
    """Coefficients, deviation, their errors and the log-likelihood."""
    x, weight = columns.x, columns.rows.weight
    length = np.sqrt(np.mean(x**2, axis=0))
    at = _maximum(_start(x / length, columns.y), x / length, columns.y, side, weight)
    end = _likelihood(at, x / length, columns.y, side, weight)
    k = x.shape[1]
    deviation = 1.0 / at[-1]
    params = at[:-1] * deviation / length
    turn = np.zeros((k, k + 1))
    turn[:, :-1] = np.diag(deviation / length)
    turn[:, -1] = -params * deviation
    bread = turn @ linalg.inv(end.information)
    if how.first is None:
        matrix = bread @ end.information @ bread.T
        return params, deviation, Errors(matrix, np.full(len(columns.terms), np.inf)), end.value
    n, count = len(x), int(how.n_cluster)
    factor = count / (count - 1) * (n - 1) / (n - k)
    parts = cluster_sums(end.scores, how.first) @ bread.T
    df = np.full(len(columns.terms), count - 1.0)
    return params, deviation, Errors(factor * parts.T @ parts, df), end.value


def _start(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Least squares as if no answer were at a limit, as b/s and 1/s."""
    params = np.linalg.lstsq(x, y, rcond=None)[0]
    deviation = np.std(y - x @ params)
    return np.append(params / deviation, 1.0 / deviation)


def _maximum(
    at: np.ndarray, x: np.ndarray, y: np.ndarray, side: np.ndarray, weight: np.ndarray | None
) -> np.ndarray:
    """Newton's method on b/s and 1/s, with shorter steps where a full one goes down."""
    now = _likelihood(at, x, y, side, weight)
    for _ in range(MOST_STEPS):
        gradient = now.scores.sum(axis=0)
        step = linalg.solve(now.information, gradient, assume_a="sym")
        size, after = 1.0, now
        while size > TIGHT:
            new = at + size * step
            if new[-1] > 0:
                after = _likelihood(new, x, y, side, weight)
                if after.value >= now.value - TIGHT * abs(now.value):
                    break
            size /= 2
        at, now = new, after
        if gradient @ step <= TIGHT:
            if _told_by_all(now, x, weight):
                return at
            break
    raise EstimationError(
        "formula: the likelihood has no maximum, because a term tells with certainty who is at the "
        "limit. Leave it out."
    )


def _told_by_all(end: _Likelihood, x: np.ndarray, weight: np.ndarray | None) -> bool:
    """Whether every combination of terms still bends the likelihood where it was left."""
    products = x.T @ (x if weight is None else x * weight[:, None])
    return linalg.eigvalsh(end.information[:-1, :-1], products)[0] > FLAT


def _likelihood(
    at: np.ndarray, x: np.ndarray, y: np.ndarray, side: np.ndarray, weight: np.ndarray | None
) -> _Likelihood:
    """The residual in deviations is z; a row at a limit adds the probability of reaching it."""
    weight = np.ones(len(y)) if weight is None else weight
    z = at[-1] * y - x @ at[:-1]
    inside = side == 0
    signed = np.where(inside, 0.0, side * z)
    log_tail = log_ndtr(-signed)
    hazard = np.exp(-0.5 * signed**2 - 0.5 * np.log(2 * np.pi) - log_tail)
    values = np.where(inside, np.log(at[-1]) - 0.5 * np.log(2 * np.pi) - 0.5 * z**2, log_tail)
    pull = np.where(inside, z, side * hazard)  # minus the derivative by z
    curve = np.where(inside, 1.0, hazard * (hazard - signed))
    wide = np.column_stack([x, -y])
    scores = wide * (weight * pull)[:, None]
    scores[:, -1] += np.where(inside, weight / at[-1], 0.0)
    information = wide.T @ (wide * (weight * curve)[:, None])
    information[-1, -1] += np.sum(weight[inside]) / at[-1] ** 2
    return _Likelihood(float(weight @ values), scores, information)
