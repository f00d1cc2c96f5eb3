"""Two parts of a score with a ceiling: who is at it, and how the others score."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.special import expit

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError
from evalkit.panel.covariances import cluster_sums
from evalkit.panel.inference import Dependence, Errors, coefficient_table, dependence
from evalkit.panel.linear_fit import made_up_columns
from evalkit.panel.linear_models import Columns, model_columns, solve
from evalkit.panel.logit import Logit, fit_logit
from evalkit.panel.rows import Rows, persons_behind, subset
from evalkit.panel.tobit import AT_LIMIT
from evalkit.provenance import provenance
from evalkit.results import ModelFit

PARTS = "ceiling[...] log odds of being at the ceiling, below[...] points, mean[...] points in all"


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """Coefficients of both parts and their joint covariance; what they do to the mean."""

    params: np.ndarray
    errors: Errors
    log_likelihood: float


def two_part(
    panel: HealthPanel,
    formula: str,
    *,
    ceiling: float = 1.0,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Fit a model of who is at the ceiling, and one of the scores below it.

    A sensitivity analysis beside `tobit` that takes no hidden score for granted: full health is
    an answer of its own. The two together give what a term does to the mean score.

    Parameters
    ----------
    panel : HealthPanel
        Without weights.
    formula : str
        Right-hand side of both parts, as in `pooled`.
    ceiling : float
        The highest value of the score, in its points.
    cluster : str
        By default the panel's cluster, else the person.
    conf_level : float

    Returns
    -------
    ModelFit
        `ceiling[term]`, log odds of being at the ceiling; `below[term]`, points among those below;
        `mean[term]`, points of the mean score: for a term of 0 and 1 the mean difference that it
        makes to the rows where it is 1, else the mean slope.

    Raises
    ------
    EstimationError
        As in `pooled`; if the panel has weights, nobody or everybody is at the ceiling, an answer
        lies above it, or a term tells with certainty who is at it.
    ParameterError
        If the cluster is no column.

    Warns
    -----
    AssumptionWarning, SmallSampleWarning
        As in `pooled`.

    Notes
    -----
    Mean m = p c + (1 - p) mu with p from a logit model of all rows and mu from least squares on
    those below. Errors of all three from the rows' influence on both parts, by cluster, times
    G/(G-1) (n-1)/(n-k) with t(G-1); for `mean[...]` by the delta method at the rows observed.

    References
    ----------
    Duan N and others (1983), doi 10.1080/07350015.1983.10509330. Puhani PA (2012), doi
    10.1016/j.econlet.2011.11.025 (the effect of a term on those it applies to).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "id": [1, 1, 2, 2, 3, 3, 4, 4], "wave": [0, 6] * 4,
    ...     "index": [0.5, 0.6, 0.4, 1.0, 1.0, 0.8, 0.7, 1.0],
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> two_part(panel, "C(wave)").tidy()[["term", "estimate"]].round(3)
                     term  estimate
    0    ceiling[wave[6]]     1.099
    1  ceiling[Intercept]    -1.099
    2      below[wave[6]]     0.167
    3    below[Intercept]     0.533
    4       mean[wave[6]]     0.200
    """
    if panel.is_weighted:
        raise EstimationError(
            "weight: the two parts are without case weights. Build the panel without them."
        )
    columns = model_columns(panel, formula)
    at = _at_ceiling(columns, panel.name, ceiling)
    how = dependence(panel, columns.rows, "cluster", cluster)
    parts = _fit(columns, at, how, panel.name)
    terms, report = _reported(columns)
    table = coefficient_table(
        terms, report, *_with_means(columns, parts, ceiling), conf_level=conf_level
    )
    return ModelFit(
        rows=table,
        summary={
            "n_person": columns.rows.n_person,
            "n_row": len(columns.rows),
            "log_likelihood": parts.log_likelihood,
            "scale": "identity",
            "vcov": how.vcov,
            "converged": True,
            "conf_level": conf_level,
            "n_cluster": how.n_cluster,
            "n_singleton": 0,
            "df": np.min(parts.errors.df),
            "interval": "t",
            "estimand": PARTS,
            "label": "description",
            "formula": f"{panel.name} ~ {formula}",
        },
        support={"n": _support(panel, columns, at, len(terms))},
        provenance=provenance(
            "two_part",
            panel.digest,
            formula=formula,
            ceiling=ceiling,
            cluster=cluster,
            conf_level=conf_level,
        ),
    )


def _at_ceiling(columns: Columns, outcome: str, ceiling: float) -> np.ndarray:
    above = int((columns.y > ceiling + AT_LIMIT).sum())
    if above:
        raise EstimationError(f"{outcome}: {above} of {len(columns.y)} answers above the ceiling")
    at = np.abs(columns.y - ceiling) <= AT_LIMIT
    if not at.any() or at.all():
        raise EstimationError(
            f"{outcome}: {int(at.sum())} of {len(at)} answers at the ceiling leave no two parts. "
            "Use pooled."
        )
    return at


def _fit(columns: Columns, at: np.ndarray, how: Dependence, outcome: str) -> _Parts:
    """Both parts; their covariance from the sums of influences by cluster."""
    x, k, n = columns.x, columns.x.shape[1], len(at)
    made_up = made_up_columns(x, np.linalg.norm(x, axis=0), columns.names)
    if made_up:
        raise EstimationError(
            f"formula: {', '.join(made_up)} is made up of other terms in {n} rows"
        )
    above = _above(at, x)
    below = solve(x[~at], columns.y[~at], columns.names, outcome, what="rows below the ceiling")
    influence = np.zeros((n, 2 * k))
    influence[:, :k] = (x * (at - above.probability)[:, None]) @ above.covariance
    influence[~at, k:] = (below.x * below.residual[:, None]) @ below.bread
    sums = cluster_sums(influence, how.first)
    count = int(how.n_cluster)
    factor = np.sqrt(count / (count - 1) * (n - 1) / (n - k))
    df = np.full(2 * len(columns.terms) + len(columns.design.terms), count - 1.0)
    likelihood = np.log(np.where(at, above.probability, 1 - above.probability)).sum()
    n_below = n - int(at.sum())
    likelihood -= n_below / 2 * (np.log(2 * np.pi * below.sum_of_squares / n_below) + 1)
    sums *= factor
    return _Parts(
        np.concatenate([above.params, below.params]), Errors(sums.T @ sums, df), float(likelihood)
    )


def _above(at: np.ndarray, x: np.ndarray) -> Logit:
    try:
        return fit_logit(at, x, where="ceiling")
    except EstimationError as error:
        fewer = int(min(at.sum(), (~at).sum()))
        raise EstimationError(
            f"formula: the terms tell with certainty who is at the ceiling among some of {len(at)} "
            f"answers ({fewer} in the smaller group), or they are too many for it. Use fewer terms."
        ) from error


def _reported(columns: Columns) -> tuple[tuple[str, ...], np.ndarray]:
    """Terms of both parts, and of the mean without the intercept."""
    n_own = len(columns.design.terms)
    own = columns.report[:n_own, :-1]
    terms = [f"ceiling[{term}]" for term in columns.terms]
    terms += [f"below[{term}]" for term in columns.terms]
    terms += [f"mean[{term}]" for term in columns.terms[:n_own]]
    return tuple(terms), linalg.block_diag(columns.report, columns.report, own)


def _with_means(columns: Columns, parts: _Parts, ceiling: float) -> tuple[np.ndarray, Errors]:
    """Coefficients and effects on the mean, with the covariance of all of them."""
    k = columns.x.shape[1]
    found = [_on_mean(columns.x, parts.params, place, ceiling) for place in range(k - 1)]
    turn = np.vstack([np.eye(2 * k), *[slope for _, slope in found]])
    params = np.concatenate([parts.params, [value for value, _ in found]])
    return params, Errors(turn @ parts.errors.matrix @ turn.T, parts.errors.df)


def _on_mean(
    x: np.ndarray, params: np.ndarray, place: int, ceiling: float
) -> tuple[float, np.ndarray]:
    """Effect of one column on the mean score, and its derivative by both parts' coefficients."""
    k = x.shape[1]
    column = x[:, place]
    if np.isin(column, (0.0, 1.0)).all():
        one = x[column == 1.0]
        zero = one.copy()
        zero[:, place] = 0.0
        (with_it, slope), (without, other) = (_mean(v, params, ceiling) for v in (one, zero))
        return with_it - without, slope - other
    p, level = expit(x @ params[:k]), x @ params[k:]
    a, b = params[place], params[k + place]
    spread = p * (1 - p)
    value = np.mean(spread * (ceiling - level) * a + (1 - p) * b)
    by_above = np.mean((spread * ((1 - 2 * p) * (ceiling - level) * a - b))[:, None] * x, axis=0)
    by_below = np.mean((-spread * a)[:, None] * x, axis=0)
    by_above[place] += np.mean(spread * (ceiling - level))
    by_below[place] += np.mean(1 - p)
    return float(value), np.concatenate([by_above, by_below])


def _mean(x: np.ndarray, params: np.ndarray, ceiling: float) -> tuple[float, np.ndarray]:
    """Mean score predicted for rows, and its derivative."""
    k = x.shape[1]
    p, level = expit(x @ params[:k]), x @ params[k:]
    by_above = np.mean((p * (1 - p) * (ceiling - level))[:, None] * x, axis=0)
    by_below = np.mean((1 - p)[:, None] * x, axis=0)
    return float(np.mean(p * ceiling + (1 - p) * level)), np.concatenate([by_above, by_below])


def _support(panel: HealthPanel, columns: Columns, at: np.ndarray, n_term: int) -> list[int]:
    """The fewest persons behind each term: at the ceiling, below it, or in the smaller arm."""

    def behind(rows: Rows) -> np.ndarray:
        return np.array(persons_behind(panel, columns.design, rows, len(columns.terms)))

    sides = [behind(subset(columns.rows, np.flatnonzero(here))) for here in (at, ~at)]
    fewer = np.minimum(*sides)
    return [*fewer, *sides[1], *fewer[: n_term - 2 * len(fewer)]]
