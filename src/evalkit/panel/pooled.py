"""Pooled least squares: every answer counts once, whoever gave it."""

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.panel.inference import Vcov, dependence, known_vcov
from evalkit.panel.linear_models import linear_result, model_columns, solve
from evalkit.provenance import provenance
from evalkit.results import ModelFit

ALL_ROWS = "association over all answers, between and within persons"


def pooled(
    panel: HealthPanel,
    formula: str,
    *,
    vcov: Vcov = "cluster",
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Fit a linear model to all answers, without effects of persons.

    What persons differ by and the model does not hold goes into the coefficients, so that this is
    the description that the other panel models are compared with.

    Parameters
    ----------
    panel : HealthPanel
    formula : str
        Right-hand side, `"arm + C(wave) + arm:C(wave) + age"`; the arm may stand alone.
    vcov : {"cluster", "unadjusted", "CR2", "CR3", "two_way", "driscoll_kraay"}
        As in `fixed_effects`.
    cluster : str
        Column of the unit that errors are clustered by; by default the panel's cluster, else the
        person.
    conf_level : float

    Returns
    -------
    ModelFit
        The intercept is the last term.

    Raises
    ------
    EstimationError
        If a term cannot be built or is made up of others, the outcome does not vary, rows are
        fewer than coefficients, or there is one cluster only.
    ParameterError
        If `vcov` is none of these, or the cluster is no column.

    Warns
    -----
    AssumptionWarning
        If the arm interacts with the wave while nothing lets the comparison arm change.
    SmallSampleWarning
        If there are fewer than six clusters; errors are then by person.

    Notes
    -----
    (Weighted) least squares; errors by cluster times G/(G-1) (n-1)/(n-k), with t(G-1).

    References
    ----------
    Wooldridge JM (2010), Econometric Analysis of Cross Section and Panel Data, section 7.8.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "id": [1, 1, 2, 2, 3, 3], "wave": [0, 6] * 3, "index": [0.5, 0.6, 0.4, 0.7, 0.6, 0.8]
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> pooled(panel, "C(wave)").tidy()[["term", "estimate"]].round(3)
            term  estimate
    0    wave[6]       0.2
    1  Intercept       0.5
    """
    known_vcov(vcov)
    columns = model_columns(panel, formula)
    how = dependence(panel, columns.rows, vcov, cluster)
    x, y, weight = columns.x, columns.y, columns.rows.weight
    if weight is not None:
        x, y = x * np.sqrt(weight)[:, None], y * np.sqrt(weight)
    fit = solve(x, y, columns.names, panel.name, what="rows")
    return linear_result(
        panel, columns, fit, how, formula=formula, estimand=ALL_ROWS, conf_level=conf_level,
        weight=weight,
        record=provenance(
            "pooled", panel.digest, formula=formula, vcov=vcov, cluster=cluster,
            conf_level=conf_level,
        ),
    )  # fmt: skip
