"""Linear models of a panel without fixed effects: the steps that they share, and the result."""

from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError
from evalkit.panel.design import Design, build_design, has_wave_main_effect
from evalkit.panel.fixed_effects import TRENDS, warn_that_nothing_lets_the_comparison_change
from evalkit.panel.inference import (
    Dependence,
    coefficient_table,
    enough_rows,
    errors,
    log_likelihood,
)
from evalkit.panel.linear_fit import LinearFit, least_squares, made_up_columns, refuse_constant
from evalkit.panel.rows import Rows, analysed_rows, arms_meet, persons_behind
from evalkit.provenance import Provenance
from evalkit.results import ModelFit


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Columns of a model at the rows used, the intercept last.

    Attributes
    ----------
    x : ndarray of float, shape (n, k)
    y : ndarray of float, shape (n,)
    names : tuple of str
    report : ndarray of float, shape (n_term, k)
        Each term reported as a combination of coefficients.
    terms : tuple of str
    """

    x: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]
    report: np.ndarray
    terms: tuple[str, ...]
    design: Design
    rows: Rows


def model_columns(panel: HealthPanel, formula: str, *, intercept: bool = True) -> Columns:
    """Columns of a formula at complete rows."""
    design = build_design(panel, formula, person_effects=False)
    if design.contrasts_arms and not has_wave_main_effect(formula, panel):
        warn_that_nothing_lets_the_comparison_change()
    rows = analysed_rows(panel, design)
    met = arms_meet(panel, design, rows)
    names = [name for name, is_met in zip(design.columns, met, strict=True) if is_met]
    x = np.empty((len(names) + intercept, len(rows)))
    for number, name in enumerate(names):
        x[number] = design.columns[name].to_numpy()[rows.row]
    report = np.where((design.report[:, ~met] != 0).any(axis=1)[:, None], np.nan, design.report)
    report, terms = report[:, met], design.terms
    if intercept:
        x[-1] = 1.0
        names, terms = [*names, "Intercept"], (*terms, "Intercept")
        report = np.block([[report, np.zeros((len(report), 1))], [np.eye(1, len(names))[:, ::-1]]])
    return Columns(x.T, panel.outcome[rows.row], tuple(names), report, terms, design, rows)


def solve(
    x: np.ndarray, y: np.ndarray, names: tuple[str, ...], outcome: str, *, what: str
) -> LinearFit:
    """Least squares; terms that others make up and a constant outcome are refused by name."""
    spread = y - y.mean() if len(y) else y
    refuse_constant(spread, np.linalg.norm(y), outcome)
    enough_rows(len(y), x.shape[1])
    zero = [name for name, column in zip(names, x.T, strict=True) if not column.any()]
    if zero:
        raise EstimationError(f"formula: {', '.join(zero)} is 0 in all {len(y)} {what}")
    made_up = made_up_columns(x, np.linalg.norm(x, axis=0), names)
    if made_up:
        raise EstimationError(
            f"formula: {', '.join(made_up)} is made up of other terms in {len(y)} {what}"
        )
    return least_squares(x, y)


def linear_result(
    panel: HealthPanel,
    columns: Columns,
    fit: LinearFit,
    how: Dependence,
    *,
    formula: str,
    estimand: str,
    conf_level: float,
    record: Provenance,
    more: dict[str, float] | None = None,
    likelihood: bool = True,
    weight: np.ndarray | None = None,
) -> ModelFit:
    """Build the result of a fit; `more` are terms without an error, such as variances."""
    k = fit.x.shape[1]
    found = errors(fit, how, n_coefficient=k, report=columns.report, wave=columns.rows.wave)
    table = coefficient_table(columns.terms, columns.report, fit.params, found, conf_level)
    more = more or {}
    n_term = len(columns.terms) + len(more)
    for name, values in table.items():
        extra = {"term": list(more), "estimate": list(more.values())}
        table[name] = [*values, *extra.get(name, [np.nan] * len(more))]
    return ModelFit(
        rows=table,
        summary={
            "n_person": columns.rows.n_person,
            "n_row": len(fit.residual),
            "log_likelihood": log_likelihood(fit, weight) if likelihood else np.nan,
            "scale": "identity",
            "vcov": how.vcov,
            "converged": True,
            "conf_level": conf_level,
            "n_cluster": how.n_cluster,
            "n_singleton": columns.rows.n_singleton,
            "df": np.min(found.df),
            "interval": "t",
            "estimand": TRENDS if columns.design.contrasts_arms else estimand,
            "label": "description",
            "formula": f"{panel.name} ~ {formula}",
        },
        support={"n": persons_behind(panel, columns.design, columns.rows, n_term)},
        provenance=record,
    )


def person_means(columns: np.ndarray, rows: Rows) -> np.ndarray:
    """Mean of each column over the rows of each person, (n_person, k)."""
    size = np.diff(rows.start, append=len(rows))
    sums = [np.bincount(rows.person, column) for column in columns.T]
    return np.column_stack(sums) / size[:, None]


def smallest_group(panel: HealthPanel, columns: Columns) -> int:
    """Persons behind the model as a whole: those of the smaller arm where it has arms."""
    n_term = len(columns.design.terms) + 1
    return persons_behind(panel, columns.design, columns.rows, n_term)[-1]
