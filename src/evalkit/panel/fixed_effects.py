"""Fixed-effects models of a panel: changes within persons, compared between arms."""

import warnings
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd
from linearmodels.panel import PanelOLS
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import AssumptionWarning, EstimationError, ParameterError
from evalkit.panel.arms import arm_levels, smaller_arm
from evalkit.panel.clusters import n_group, usable_cluster
from evalkit.panel.design import (
    COLLINEAR,
    Design,
    build_design,
    has_wave_main_effect,
    independent_columns,
)
from evalkit.provenance import provenance
from evalkit.results import ModelFit

Vcov = Literal["cluster", "unadjusted"]

TRENDS = "difference in mean change from the reference wave, under parallel trends"
WITHIN = "association within persons"


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows that enter the fit, coded from 0."""

    row: np.ndarray
    person: np.ndarray
    wave: np.ndarray
    outcome: np.ndarray
    weight: np.ndarray
    cluster: np.ndarray
    n_singleton: int


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """Coefficients, their covariance, degrees of freedom of the interval, log-likelihood."""

    params: np.ndarray
    covariance: np.ndarray
    df: float
    log_likelihood: float


def fixed_effects(
    panel: HealthPanel,
    formula: str,
    *,
    person_effects: bool = True,
    wave_effects: bool = False,
    vcov: Vcov = "cluster",
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Fit a linear model with effects of person and wave.

    Everything about a person that does not change is removed, the arm included; what remains is
    how much more the score changed in one arm than in the other. That is an effect only if both
    arms would have changed alike (parallel trends), which selection on a passing low at baseline
    breaks; `ancova` stands beside it for that reason.

    Parameters
    ----------
    panel : HealthPanel
    formula : str
        Right-hand side. `arm:C(wave)`: the arm's difference in change from the reference wave
        (0, or the first), wave by wave, terms `arm[programme]:wave[6]`, .... `arm:post`: the
        mean of these over the waves after the reference, each wave with equal weight. Both need
        `wave_effects=True` to be differences in change. Further covariates must vary within
        persons; `x:C(wave)` lets a fixed one matter differently from wave to wave.
    person_effects, wave_effects : bool
    vcov : {"cluster", "unadjusted"}
    cluster : str
        Column of the unit that errors are clustered by; by default the panel's cluster, else the
        person.
    conf_level : float

    Returns
    -------
    ModelFit
        A wave without persons of both arms is missing, and so is the mean over such waves.
        `glance` counts the persons with one row only (`n_singleton`), who carry no information
        and are dropped with person effects.

    Raises
    ------
    EstimationError
        If `arm` stands alone beside person effects (use `arm:post`); if a covariate does not vary
        within persons, or only with the wave beside wave effects; if terms are collinear; if the
        outcome does not vary; if there is one wave or one cluster only.
    ParameterError
        If `vcov` is neither of the two, or the cluster is no column.

    Warns
    -----
    AssumptionWarning
        If the arm interacts with the wave while nothing lets the comparison arm change.
    SmallSampleWarning
        If there are fewer than six clusters; errors are then by person.

    Notes
    -----
    Errors by cluster are multiplied by G/(G-1) (n-1)/(n-K), with t(G-1). K counts the regressors
    and the effects, except that effects nested in the clusters count as one; n counts rows
    without singletons. `vcov="unadjusted"` divides the residual sum of squares by n less all
    coefficients and effects, with t of that many degrees of freedom. Where the panel is
    unbalanced, `arm:post` differs from the coefficient of a single product term, which weights
    waves by their precision.

    References
    ----------
    Cameron AC, Miller DL (2015), doi 10.3368/jhr.50.2.317 (section II.B on the corrections).

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat(np.arange(6), 2),
    ...     "wave": [0, 6] * 6,
    ...     "index": [0.5, 0.7, 0.6, 0.8, 0.4, 0.7, 0.5, 0.6, 0.6, 0.6, 0.4, 0.5],
    ...     "arm": np.repeat(["programme", "comparison"], 6),
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index", arm="arm")
    >>> fit = fixed_effects(panel, "arm:C(wave)", wave_effects=True)
    >>> fit.tidy()[["term", "estimate"]].round(3)
                         term  estimate
    0  arm[programme]:wave[6]     0.167
    """
    if vcov not in get_args(Vcov):
        raise ParameterError(f"vcov: {vcov!r} is not one of {', '.join(get_args(Vcov))}")
    design = build_design(panel, formula, person_effects=person_effects)
    if design.contrasts_arms and not (wave_effects or has_wave_main_effect(formula, panel)):
        _warn_that_nothing_lets_the_comparison_change()
    rows = _analysed(panel, design, panel.person, person_effects, wave_effects)
    code = _clusters(panel, cluster)[rows.row]
    by_unit = vcov == "cluster" and not _same_partition(code, rows.person)
    if by_unit and usable_cluster(code, name=cluster or "cluster"):
        rows = replace(rows, cluster=np.unique(code, return_inverse=True)[1])
    met = _arms_meet(panel, design, rows)
    columns = design.columns.to_numpy()[rows.row][:, met]
    names = [name for name, is_met in zip(design.columns, met, strict=True) if is_met]
    report = np.where((design.report[:, ~met] != 0).any(axis=1)[:, None], np.nan, design.report)
    report, terms, waves = report[:, met], design.terms, design.waves
    if not (person_effects or wave_effects):
        columns = np.column_stack([columns, np.ones(len(columns))])
        names, terms, waves = [*names, "Intercept"], (*terms, "Intercept"), (*waves, None)
        report = np.block([[report, np.zeros((len(report), 1))], [np.eye(1, len(names))[:, ::-1]]])
    _refuse_unidentified(columns, names, rows, person_effects, wave_effects, panel.name)
    fit = _fit(columns, rows, person_effects, wave_effects, vcov)
    return ModelFit(
        rows=_coefficients(terms, report, fit, conf_level),
        summary={
            "n_person": n_group(rows.person),
            "n_row": len(rows.row),
            "log_likelihood": fit.log_likelihood,
            "scale": "identity",
            "vcov": vcov,
            "converged": True,
            "conf_level": conf_level,
            "n_cluster": n_group(rows.cluster) if vcov == "cluster" else np.nan,
            "n_singleton": rows.n_singleton,
            "df": fit.df,
            "interval": "t",
            "estimand": TRENDS if design.contrasts_arms else WITHIN,
            "label": "description",
            "formula": f"{panel.name} ~ {formula}"
            + " | person" * person_effects
            + " | wave" * wave_effects,
        },
        support={"n": _support(panel, design, rows, waves)},
        provenance=provenance(
            "fixed_effects", panel.digest, formula=formula, person_effects=person_effects,
            wave_effects=wave_effects, vcov=vcov, cluster=cluster, conf_level=conf_level,
        ),
    )  # fmt: skip


def _warn_that_nothing_lets_the_comparison_change() -> None:
    warnings.warn(
        "formula: without wave effects the comparison arm is taken never to change, so that "
        "arm terms are changes and no differences in change. Use wave_effects=True.",
        AssumptionWarning,
        stacklevel=3,
    )


def _clusters(panel: HealthPanel, cluster: str | None) -> np.ndarray:
    """Code of each row's cluster."""
    if cluster is None:
        return panel.person if panel.cluster is None else panel.cluster
    if cluster not in panel.covariates.columns:
        raise ParameterError(f"cluster: no such column: {cluster!r}")
    missing = int(panel.covariates[cluster].isna().sum())
    if missing:
        raise EstimationError(f"{cluster}: missing in {missing} of {len(panel)} rows")
    return pd.factorize(panel.covariates[cluster])[0]


def _same_partition(first: np.ndarray, second: np.ndarray) -> bool:
    pairs = n_group(first * (int(second.max()) + 1) + second)
    return pairs == n_group(first) == n_group(second)


def _analysed(
    panel: HealthPanel,
    design: Design,
    cluster: np.ndarray,
    person_effects: bool,
    wave_effects: bool,
) -> _Rows:
    """Complete rows, without persons (and waves) of a single row where their effect fits it."""
    complete = ~np.isnan(panel.outcome) & design.columns.notna().all(axis=1).to_numpy()
    row = np.flatnonzero(complete & (panel.weight > 0))
    n_complete = len(row)
    alone = np.ones(len(row), dtype=bool)
    while alone.any():
        alone = np.zeros(len(row), dtype=bool)
        for code, used in ((panel.person, person_effects), (panel.wave, wave_effects)):
            if used and len(row):
                level = np.unique(code[row], return_inverse=True)[1]
                alone |= np.bincount(level)[level] == 1
        row = row[~alone]
    if not len(row) or (person_effects and n_group(panel.wave[row]) < 2):
        raise EstimationError(
            f"wave: no person has the outcome at two waves ({n_complete} of {len(panel)} rows "
            "complete); effects of persons need two. Use wave_means or ancova."
        )
    return _Rows(
        row=row,
        person=np.unique(panel.person[row], return_inverse=True)[1],
        wave=np.unique(panel.wave[row], return_inverse=True)[1],
        outcome=panel.outcome[row],
        weight=panel.weight[row],
        cluster=np.unique(cluster[row], return_inverse=True)[1],
        n_singleton=n_complete - len(row),
    )


def _arms_meet(panel: HealthPanel, design: Design, rows: _Rows) -> np.ndarray:
    """Which columns can be told apart: at the wave of an arm's column there are both arms."""
    met = np.ones(design.columns.shape[1], dtype=bool)
    if not design.contrasts_arms:
        return met
    reference, _ = arm_levels(panel.covariates)
    is_reference = (panel.covariates["arm"] == reference).to_numpy()[rows.row]
    for number, (name, wave) in enumerate(zip(design.columns, design.column_waves, strict=True)):
        if wave is not None and name.startswith("arm["):
            here = panel.wave[rows.row] == wave
            value = design.columns[name].to_numpy()[rows.row]
            met[number] = is_reference[here].any() and value[here].any()
    if not met.any():
        raise EstimationError(
            "arm: at no wave after the reference are there persons of both arms who also answered "
            "at another wave"
        )
    return met


def _refuse_unidentified(
    x: np.ndarray, names: list[str], rows: _Rows, person_effects: bool, wave_effects: bool,
    outcome: str,
) -> None:  # fmt: skip
    """Name the columns that the effects absorb, and those that other columns make up."""
    for used, code, what, advice in (
        (person_effects, rows.person, "persons", "Use {0}:C(wave) for a fixed covariate"),
        (wave_effects, rows.wave, "waves", "Leave it out, wave effects hold it"),
    ):
        if used:
            spread = x - _group_mean(x, code, np.ones(len(x)))
            flat = np.abs(spread).max(axis=0) <= COLLINEAR * np.abs(x).max(axis=0)
            absorbed = [name for name, is_flat in zip(names, flat, strict=True) if is_flat]
            if absorbed:
                raise EstimationError(
                    f"formula: {', '.join(absorbed)} does not vary within {what}. "
                    f"{advice.format(absorbed[0])}."
                )
    within = _within(np.column_stack([rows.outcome, x]), rows, person_effects, wave_effects)
    if np.linalg.norm(within[:, 0]) <= COLLINEAR * max(np.linalg.norm(rows.outcome), 1.0):
        raise EstimationError(f"{outcome}: constant in {len(x)} rows once the effects are removed")
    own = independent_columns(within[:, 1:], np.linalg.norm(x, axis=0))
    made_up = [name for name, is_own in zip(names, own, strict=True) if not is_own]
    if made_up:
        raise EstimationError(
            f"formula: {', '.join(made_up)} is made up of effects and other terms"
        )


def _within(
    columns: np.ndarray, rows: _Rows, person_effects: bool, wave_effects: bool
) -> np.ndarray:
    """Columns without person and wave effects, weighted: residuals on wave dummies within."""
    root = np.sqrt(rows.weight)[:, None]
    waves = np.eye(rows.wave.max() + 1)[rows.wave][:, int(person_effects) :]
    if person_effects:
        columns = columns - _group_mean(columns, rows.person, rows.weight)
        waves = waves - _group_mean(waves, rows.person, rows.weight)
    if not wave_effects:
        return columns * root
    effects = np.linalg.lstsq(waves * root, columns * root, rcond=None)[0]
    return (columns - waves @ effects) * root


def _group_mean(columns: np.ndarray, code: np.ndarray, weight: np.ndarray) -> np.ndarray:
    total = np.bincount(code, weight)
    sums = [np.bincount(code, weight * column) for column in columns.T]
    return (np.array(sums).T.reshape(len(total), -1) / total[:, None])[code]


def _fit(
    columns: np.ndarray, rows: _Rows, person_effects: bool, wave_effects: bool, vcov: Vcov
) -> _Fit:
    """Coefficients, and their covariance under the convention of the notes."""
    n, n_column = columns.shape
    sizes = [
        (int(code.max()) + 1, _is_nested(code, rows.cluster))
        for code, used in ((rows.person, person_effects), (rows.wave, wave_effects))
        if used
    ]
    n_coefficient = n_column + sum(size for size, _ in sizes) - max(len(sizes) - 1, 0)
    if n <= n_coefficient:
        raise EstimationError(
            f"formula: {n_coefficient} coefficients and effects for {n} rows leave nothing to "
            "judge their error by. Use fewer terms or a larger sample."
        )
    index = pd.MultiIndex.from_arrays([rows.person, rows.wave], names=["person", "wave"])
    model = PanelOLS(
        pd.DataFrame({"outcome": rows.outcome}, index=index),
        pd.DataFrame(columns, index=index).add_prefix("x"),
        weights=pd.DataFrame({"weight": rows.weight}, index=index),
        entity_effects=person_effects,
        time_effects=wave_effects,
    )
    # With two effects linearmodels counts those nested in the clusters, which makes errors up to a
    # sixth too large; its corrections are off and the factor below is the only one.
    plain = {"debiased": False, "auto_df": False, "count_effects": False}
    if vcov == "unadjusted":
        result = model.fit(cov_type="unadjusted", **plain)
        factor, df = n / (n - n_coefficient), n - n_coefficient
    else:
        clusters = pd.DataFrame({"cluster": rows.cluster}, index=index)
        result = model.fit(cov_type="clustered", clusters=clusters, **plain)
        count = n_group(rows.cluster)
        n_counted = n_coefficient - sum(size - 1 for size, is_nested in sizes if is_nested)
        factor, df = count / (count - 1) * (n - 1) / (n - n_counted), count - 1
    return _Fit(
        result.params.to_numpy(), factor * result.cov.to_numpy(), float(df), float(result.loglik)
    )


def _is_nested(code: np.ndarray, cluster: np.ndarray) -> bool:
    """Whether every level of an effect lies in one cluster."""
    return n_group(code * (int(cluster.max()) + 1) + cluster) == n_group(code)


def _coefficients(
    terms: tuple[str, ...], report: np.ndarray, fit: _Fit, conf_level: float
) -> dict[str, object]:
    estimate = report @ fit.params
    error = np.sqrt(np.einsum("ij,jk,ik->i", report, fit.covariance, report))
    margin = stats.t.ppf((1 + conf_level) / 2, fit.df) * error
    statistic = np.divide(estimate, error, out=np.full(len(estimate), np.nan), where=error > 0)
    return {
        "term": terms,
        "estimate": estimate,
        "std_error": error,
        "statistic": statistic,
        "p_value": 2 * stats.t.sf(np.abs(statistic), fit.df),
        "conf_low": estimate - margin,
        "conf_high": estimate + margin,
    }


def _support(
    panel: HealthPanel, design: Design, rows: _Rows, waves: tuple[int | None, ...]
) -> list[int]:
    """Persons behind each term: of the smaller arm, at the term's wave where it has one."""
    if not design.contrasts_arms:
        return [n_group(rows.person)] * len(waves)
    return [
        smaller_arm(panel, rows.row[panel.wave[rows.row] == wave] if wave is not None else rows.row)
        for wave in waves
    ]
