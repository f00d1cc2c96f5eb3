"""Between effects: persons compared by their means."""

from dataclasses import replace

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.panel.inference import Dependence, Vcov, dependence, known_vcov
from evalkit.panel.linear_models import linear_result, model_columns, person_means, solve
from evalkit.provenance import provenance
from evalkit.results import ModelFit

PERSONS = "association between persons' means"


def between_effects(
    panel: HealthPanel,
    formula: str,
    *,
    vcov: Vcov = "cluster",
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Fit a linear model to the means of persons over their waves.

    It shows what differences between persons say alone, beside `fixed_effects`, which uses changes
    alone.

    Parameters
    ----------
    panel : HealthPanel
        Weights are averaged over a person's rows.
    formula : str
        Right-hand side, as in `pooled`. Wave terms become the shares of a person's answers.
    vcov : {"cluster", "unadjusted", "CR2", "CR3"}
        By cluster; where there is none by person, which is robust to unequal variances (HC1).
    cluster : str
        By default the panel's cluster, else the person. Persons belong to that of their first row.
    conf_level : float

    Returns
    -------
    ModelFit
        `n_row` in `glance` counts the means.

    Raises
    ------
    EstimationError
        As in `pooled`; wave terms do not differ between persons in a balanced panel.
    ParameterError
        If `vcov` is none of these, or the cluster is no column.

    Warns
    -----
    AssumptionWarning, SmallSampleWarning
        As in `pooled`.

    Notes
    -----
    Least squares on one row a person, all persons counting alike however often they answered:
    `plm(model = "between")`. A person moving between clusters counts in the first.

    References
    ----------
    Wooldridge JM (2010), Econometric Analysis of Cross Section and Panel Data, section 10.2.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "id": [1, 1, 2, 2, 3, 3], "wave": [0, 6] * 3, "index": [0.5, 0.6, 0.4, 0.7, 0.6, 0.8],
    ...     "age": [40, 40, 50, 50, 30, 30],
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> between_effects(panel, "age").tidy()[["term", "estimate"]].round(4)
            term  estimate
    0        age   -0.0075
    1  Intercept    0.9000
    """
    known_vcov(vcov, ("cluster", "unadjusted", "CR2", "CR3"))
    columns = model_columns(panel, formula)
    rows = columns.rows
    how = dependence(panel, rows, vcov, cluster)
    x, y = person_means(columns.x, rows), person_means(columns.y[:, None], rows)[:, 0]
    weight = None
    if rows.weight is not None:
        weight = person_means(rows.weight[:, None], rows)[:, 0]
        x, y = x * np.sqrt(weight)[:, None], y * np.sqrt(weight)
    fit = solve(x, y, columns.names, panel.name, what="persons")
    return linear_result(
        panel, columns, fit, _of_persons(how, rows.start), formula=formula, estimand=PERSONS,
        conf_level=conf_level, weight=weight,
        record=provenance(
            "between_effects", panel.digest, formula=formula, vcov=vcov, cluster=cluster,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def _of_persons(how: Dependence, start: np.ndarray) -> Dependence:
    return how if how.first is None else replace(how, first=how.first[start])
