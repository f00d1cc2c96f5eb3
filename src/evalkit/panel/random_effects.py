"""Random effects: between and within persons, as far as each can be trusted."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError
from evalkit.panel.inference import Dependence, Vcov, dependence, known_vcov
from evalkit.panel.linear_fit import LinearFit
from evalkit.panel.linear_models import (
    Columns,
    linear_result,
    model_columns,
    person_means,
    solve,
)
from evalkit.provenance import provenance
from evalkit.results import ModelFit

BOTH = "association between and within persons, if persons' levels are unrelated to the terms"
PERSON, RESIDUAL = "sd(person)", "sd(residual)"


@dataclass(frozen=True, slots=True, eq=False)
class RandomFit:
    """A solved random-effects model.

    Attributes
    ----------
    columns : Columns
    how : Dependence
    fit : LinearFit
        On rows less `theta` times the mean of the person.
    theta : ndarray of float, shape (n_person,)
    deviations : dict of str to float
        Standard deviations between persons and of the residual.
    """

    columns: Columns
    how: Dependence
    fit: LinearFit
    theta: np.ndarray
    deviations: dict[str, float]


def random_effects(
    panel: HealthPanel,
    formula: str,
    *,
    vcov: Vcov = "cluster",
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Fit a linear model in which each person has a level of its own, drawn at random.

    It uses differences between persons as well as changes, and is efficient if the levels have
    nothing to do with the terms; `hausman_test` and `mundlak_test` question just that.

    Parameters
    ----------
    panel : HealthPanel
        Without weights.
    formula : str
        Right-hand side, as in `pooled`; waves are terms (`C(wave)`).
    vcov : {"cluster", "unadjusted", "CR2", "CR3", "two_way", "driscoll_kraay"}
        As in `fixed_effects`; of the transformed rows.
    cluster : str
        By default the panel's cluster, else the person.
    conf_level : float

    Returns
    -------
    ModelFit
        After the terms and the intercept, `sd(person)` and `sd(residual)`, without errors.

    Raises
    ------
    EstimationError
        As in `pooled`; if the panel has weights; if no person has two rows; if there are no more
        persons than terms that differ between them.
    ParameterError
        If `vcov` is none of these, or the cluster is no column.

    Warns
    -----
    AssumptionWarning, SmallSampleWarning
        As in `pooled`.

    Notes
    -----
    Feasible generalised least squares, y_it - theta_i ybar_i on the terms transformed alike, with
    theta_i = 1 - sqrt(s_e^2 / (T_i s_u^2 + s_e^2)). Variance components by Swamy and Arora, in
    unbalanced panels after Baltagi and Chang: `plm(random.method = "swar")`, linearmodels
    `small_sample=True`. Persons with one row stay in. The degrees of freedom of `unadjusted`
    errors are n - k.

    References
    ----------
    Swamy PAVB, Arora SS (1972), doi 10.2307/1909405. Baltagi BH, Chang YJ (1994), doi
    10.1016/0304-4076(94)90054-X.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "id": [1, 1, 2, 2, 3, 3], "wave": [0, 6] * 3, "index": [0.5, 0.6, 0.4, 0.7, 0.6, 0.8]
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> random_effects(panel, "C(wave)").tidy()[["term", "estimate"]].round(3)
               term  estimate
    0       wave[6]     0.200
    1     Intercept     0.500
    2    sd(person)     0.071
    3  sd(residual)     0.071
    """
    solved = random_fit(panel, formula, vcov, cluster)
    return linear_result(
        panel, solved.columns, solved.fit, solved.how, formula=formula, estimand=BOTH,
        conf_level=conf_level, more=solved.deviations, likelihood=False,
        record=provenance(
            "random_effects", panel.digest, formula=formula, vcov=vcov, cluster=cluster,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def random_fit(panel: HealthPanel, formula: str, vcov: Vcov, cluster: str | None) -> RandomFit:
    """Solve the model on transformed rows."""
    known_vcov(vcov)
    if panel.is_weighted:
        raise EstimationError(
            "weight: random effects with case weights are not defined here. Use pooled or "
            "fixed_effects, or build the panel without weights."
        )
    columns = model_columns(panel, formula)
    how = dependence(panel, columns.rows, vcov, cluster)
    solve(columns.x, columns.y, columns.names, panel.name, what="rows")  # refusals by name
    theta, deviations = _components(columns)
    x, y = less_means(columns.x, columns, theta), less_means(columns.y[:, None], columns, theta)
    fit = solve(x, y[:, 0], columns.names, panel.name, what="rows")
    return RandomFit(columns, how, fit, theta, deviations)


def less_means(values: np.ndarray, columns: Columns, theta: np.ndarray) -> np.ndarray:
    """Columns less `theta` times the mean of the person."""
    means = theta[:, None] * person_means(values, columns.rows)
    return values - means[columns.rows.person]


def _components(columns: Columns) -> tuple[np.ndarray, dict[str, float]]:
    """Share of the mean that is taken off each person, and the standard deviations."""
    # Imported here, since it takes longer than most fits.
    from linearmodels.panel import RandomEffects

    rows = columns.rows
    if rows.n_person == len(rows):
        raise EstimationError(
            f"wave: no person has two of {len(rows)} rows; effects of persons need that"
        )
    index = pd.MultiIndex.from_arrays([rows.person, rows.wave], names=["person", "wave"])
    model = RandomEffects(
        pd.DataFrame({"y": columns.y}, index=index),
        pd.DataFrame(columns.x, index=index).add_prefix("x"),
        check_rank=False,
    )
    try:
        found = model.fit(small_sample=True)
    except ValueError as error:
        raise EstimationError(
            f"formula: {rows.n_person} persons with {len(rows)} rows are too few for "
            f"{len(columns.names)} coefficients and a variance between persons. Use fewer terms."
        ) from error
    parts = found.variance_decomposition
    deviations = {
        PERSON: float(np.sqrt(parts["Effects"])), RESIDUAL: float(np.sqrt(parts["Residual"])),
    }  # fmt: skip
    return found.theta["theta"].to_numpy(), deviations
