"""Correlated random effects: terms within persons beside the means that tell persons apart."""

from dataclasses import replace

import numpy as np
from scipy import linalg, stats

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError
from evalkit.panel.design import COLLINEAR, independent_columns
from evalkit.panel.inference import Errors, Vcov, errors
from evalkit.panel.linear_models import linear_result, person_means, smallest_group, solve
from evalkit.panel.random_effects import RandomFit, less_means, random_fit
from evalkit.provenance import Provenance, provenance
from evalkit.results import Check, ModelFit

LEVELS = "association within persons; terms mean(...) add what persons' means have beside it"


def mundlak(
    panel: HealthPanel,
    formula: str,
    *,
    vcov: Vcov = "cluster",
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Fit random effects with the persons' means of all varying terms beside the terms.

    The coefficients of the terms are those of `fixed_effects`; those of fixed terms, the arm among
    them, can be estimated beside them. A mean's coefficient is how much more persons differ than
    changes within a person would make them.

    Parameters
    ----------
    panel, formula, vcov, cluster, conf_level
        As in `random_effects`.

    Returns
    -------
    ModelFit
        Terms, intercept, `mean(term)` for each term that varies within persons, and the standard
        deviations of the random-effects model without the means.

    Raises
    ------
    EstimationError, ParameterError
        As in `random_effects`; if no term varies within persons, or none has means that the other
        terms do not make up.

    Warns
    -----
    AssumptionWarning, SmallSampleWarning
        As in `random_effects`.

    Notes
    -----
    y_it = x_it b + mean(x_i) c + z_i d + u_i + e_it by generalised least squares with the variance
    components of the model without means. Means are over the rows used, so that b equals the
    within estimator in unbalanced panels too. Means that other columns make up (waves in a balanced
    panel) are left out.

    References
    ----------
    Mundlak Y (1978), doi 10.2307/1913646. Wooldridge JM (2019), doi 10.1016/j.jeconom.2018.12.010.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat(np.arange(5), 2), "wave": [0, 6] * 5,
    ...     "index": [0.5, 0.6, 0.4, 0.7, 0.6, 0.8, 0.3, 0.5, 0.9, 0.8],
    ...     "hours": [20.0, 25, 10, 30, 30, 40, 0, 15, 40, 35],
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> mundlak(panel, "hours").tidy()["term"].tolist()
    ['hours', 'Intercept', 'mean(hours)', 'sd(person)', 'sd(residual)']
    """
    solved, _, _ = _with_means(panel, formula, vcov, cluster)
    return linear_result(
        panel, solved.columns, solved.fit, solved.how, formula=formula, estimand=LEVELS,
        conf_level=conf_level, more=solved.deviations, likelihood=False,
        record=provenance(
            "mundlak", panel.digest, formula=formula, vcov=vcov, cluster=cluster,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def mundlak_test(
    panel: HealthPanel, formula: str, *, vcov: Vcov = "cluster", cluster: str | None = None
) -> Check:
    """Test whether persons differ by more than changes within a person would make them.

    If they do, their levels are related to the terms, and `random_effects` mixes that in.

    Parameters
    ----------
    panel, formula, vcov, cluster
        As in `random_effects`.

    Returns
    -------
    Check
        A row `all` for all means together, then one for each mean. A small p-value speaks for
        `fixed_effects`, a large one does not speak for random effects.

    Raises
    ------
    EstimationError, ParameterError
        As in `mundlak`.

    Notes
    -----
    Wald test of c = 0 in the model of `mundlak`: W/q against F(q, df), where df is that of the
    errors (clusters less one); `statistic` is W and `df` is q.

    References
    ----------
    Mundlak Y (1978), doi 10.2307/1913646. Wooldridge JM (2010), Econometric Analysis of Cross
    Section and Panel Data, section 10.7.3.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat(np.arange(5), 2), "wave": [0, 6] * 5,
    ...     "index": [0.5, 0.6, 0.4, 0.7, 0.6, 0.8, 0.3, 0.5, 0.9, 0.8],
    ...     "hours": [20.0, 25, 10, 30, 30, 40, 0, 15, 40, 35],
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> mundlak_test(panel, "hours").tidy()["term"].tolist()
    ['all', 'mean(hours)']
    """
    record = provenance("mundlak_test", panel.digest, formula=formula, vcov=vcov, cluster=cluster)
    test = "persons' means beside the terms"
    return mean_check(panel, formula, vcov, cluster, test=test, record=record, each=True)


def mean_check(
    panel: HealthPanel,
    formula: str,
    vcov: Vcov,
    cluster: str | None,
    *,
    test: str,
    record: Provenance,
    each: bool,
) -> Check:
    """Wald tests of the means: all together, then each where asked for."""
    solved, found, means = _with_means(panel, formula, vcov, cluster)
    rows = [("all", *_wald(solved.fit.params, found, means))]
    for place in means if each else ():
        name = solved.columns.names[place]
        rows.append((name, *_wald(solved.fit.params, found, np.array([place]))))
    n = solved.columns.rows.n_person
    return Check(
        rows=dict(
            zip(("term", "statistic", "df", "p_value"), zip(*rows, strict=True), strict=True)
        ),
        summary={"test": test, "n": n, "reference": f"F, {np.min(found.df):g} denominator df"},
        support={"n": [smallest_group(panel, solved.columns)] * len(rows)},
        provenance=record,
    )


def _wald(params: np.ndarray, found: Errors, places: np.ndarray) -> tuple[float, int, float]:
    """Statistic, its degrees of freedom and p-value of coefficients being zero together."""
    block = found.matrix[np.ix_(places, places)]
    q = int(np.linalg.matrix_rank(block, hermitian=True))
    statistic = float(params[places] @ linalg.pinvh(block) @ params[places])
    return statistic, q, float(stats.f.sf(statistic / max(q, 1), q, np.min(found.df)))


def _with_means(
    panel: HealthPanel, formula: str, vcov: Vcov, cluster: str | None
) -> tuple[RandomFit, Errors, np.ndarray]:
    """The model with means, its errors, and the places of the means among its coefficients."""
    plain = random_fit(panel, formula, vcov, cluster)
    columns = plain.columns
    means = person_means(columns.x, columns.rows)
    varies = _vary(columns.x, means, columns.rows.person)
    if not varies.any():
        raise EstimationError("formula: no term varies within persons, which the means need")
    length = np.linalg.norm(columns.x[:, varies], axis=0)
    joined = np.column_stack([columns.x, means[columns.rows.person][:, varies]])
    own = independent_columns(joined, np.concatenate([np.linalg.norm(columns.x, axis=0), length]))
    own[: columns.x.shape[1]] = True
    names = [f"mean({name})" for name, is_varying in zip(columns.names, varies, strict=True)
             if is_varying]  # fmt: skip
    names = np.array([*columns.names, *names], dtype=object)[own]
    places = np.arange(columns.x.shape[1], len(names))
    if not len(places):
        raise EstimationError(
            "formula: the means of persons are made up of other terms, so that there is nothing to "
            "compare changes with"
        )
    report = np.zeros((len(columns.terms) + len(places), len(names)))
    report[: len(columns.terms), : columns.x.shape[1]] = columns.report
    report[len(columns.terms) + np.arange(len(places)), places] = 1.0
    columns = replace(
        columns, x=joined[:, own], names=tuple(names), report=report,
        terms=(*columns.terms, *names[places]),
    )  # fmt: skip
    x = less_means(columns.x, columns, plain.theta)
    y = less_means(columns.y[:, None], columns, plain.theta)[:, 0]
    fit = solve(x, y, columns.names, panel.name, what="rows")
    found = errors(fit, plain.how, n_coefficient=x.shape[1], wave=columns.rows.wave)
    return replace(plain, columns=columns, fit=fit), found, places


def _vary(x: np.ndarray, means: np.ndarray, person: np.ndarray) -> np.ndarray:
    spread = np.linalg.norm(x - means[person], axis=0)
    return spread > COLLINEAR * np.linalg.norm(x, axis=0)
