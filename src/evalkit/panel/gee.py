"""Generalised estimating equations: the mean of all, with a working correlation within persons."""

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.inference import dependence
from evalkit.panel.linear_fit import LinearFit
from evalkit.panel.linear_models import Columns, linear_result, model_columns, solve
from evalkit.panel.random_effects import less_means
from evalkit.provenance import provenance
from evalkit.results import ModelFit

WORKING = ("exchangeable", "independence")
MARGINAL = "association in the mean of all who answered"
MOST_ROUNDS, TIGHT = 200, 1e-13


def gee(
    panel: HealthPanel,
    formula: str,
    *,
    working: str = "exchangeable",
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Fit a linear model of the mean, whatever the answers of a person have in common.

    The coefficients describe the mean of all who answered. They and their errors are right also
    where the working correlation is not, provided that those who do not answer are missing
    completely at random.

    Parameters
    ----------
    panel : HealthPanel
        Weights with `working="independence"` only.
    formula : str
        Right-hand side, as in `pooled`.
    working : {"exchangeable", "independence"}
        Correlation of two answers of a person: the same for all pairs, or none.
    cluster : str
        Column of the unit that errors are clustered by; by default the panel's cluster, else the
        person. The working correlation is of persons.
    conf_level : float

    Returns
    -------
    ModelFit
        Terms, intercept, and with `exchangeable` the `correlation`, without an error.

    Raises
    ------
    EstimationError
        As in `pooled`; if no person has two rows, weights meet an exchangeable correlation, or no
        common correlation is possible or found.
    ParameterError
        If `working` is neither of the two, or the cluster is no column.

    Warns
    -----
    AssumptionWarning, SmallSampleWarning
        As in `pooled`.

    Notes
    -----
    Correlation: mean product of residuals over all pairs of rows of a person, over their mean
    square, until nothing changes; `geepack::geeglm(corstr = "exchangeable")`, whose robust errors
    lack the factor G/(G-1) (n-1)/(n-k) that these have, with t(G-1).

    References
    ----------
    Liang KY, Zeger SL (1986), doi 10.1093/biomet/73.1.13.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "id": [1, 1, 2, 2, 3, 3], "wave": [0, 6] * 3, "index": [0.5, 0.6, 0.4, 0.7, 0.6, 0.8]
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> gee(panel, "C(wave)").tidy()[["term", "estimate"]].round(3)
              term  estimate
    0      wave[6]       0.2
    1    Intercept       0.5
    2  correlation       0.5
    """
    if working not in WORKING:
        raise ParameterError(f"working: {working!r} is not one of {', '.join(WORKING)}")
    columns = model_columns(panel, formula)
    how = dependence(panel, columns.rows, "cluster", cluster)
    fit, correlation = _fit(panel, columns, working)
    return linear_result(
        panel, columns, fit, how, formula=formula, estimand=MARGINAL, conf_level=conf_level,
        more=correlation, likelihood=False,
        record=provenance(
            "gee", panel.digest, formula=formula, working=working, cluster=cluster,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def _fit(panel: HealthPanel, columns: Columns, working: str) -> tuple[LinearFit, dict[str, float]]:
    rows, x, y = columns.rows, columns.x, columns.y
    if working == "independence":
        if rows.weight is not None:
            x, y = x * np.sqrt(rows.weight)[:, None], y * np.sqrt(rows.weight)
        return solve(x, y, columns.names, panel.name, what="rows"), {}
    if rows.weight is not None:
        raise EstimationError(
            'weight: weights need working="independence", since a weight is of a row and the '
            "correlation of a pair"
        )
    size = np.diff(rows.start, append=len(rows))
    if size.max() < 2:
        raise EstimationError(
            f"wave: no person has two of {len(rows)} rows; a correlation needs that"
        )
    fit, correlation = solve(x, y, columns.names, panel.name, what="rows"), 0.0
    for _ in range(MOST_ROUNDS):
        before = correlation
        correlation = _correlation(y - x @ fit.params, columns, size)
        spread = 1 + (size - 1) * correlation
        if spread.min() <= 0 or correlation >= 1:
            raise EstimationError(
                "formula: answers of a person are correlated so that no common correlation is "
                'possible. Use working="independence".'
            )
        theta = 1 - np.sqrt((1 - correlation) / spread)
        now = less_means(np.column_stack([x, y]), columns, theta)
        fit = solve(now[:, :-1], now[:, -1], columns.names, panel.name, what="rows")
        if abs(correlation - before) <= TIGHT:
            return fit, {"correlation": correlation}
    raise EstimationError(
        f"formula: the correlation did not settle within {MOST_ROUNDS} rounds. "
        'Use working="independence".'
    )


def _correlation(residual: np.ndarray, columns: Columns, size: np.ndarray) -> float:
    """Mean product over pairs of rows of a person, over the mean square."""
    squares = float(residual @ residual)
    sums = np.bincount(columns.rows.person, residual)
    pairs = (size * (size - 1)).sum()
    return float((sums @ sums - squares) / pairs / (squares / len(residual)))
