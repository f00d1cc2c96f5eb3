"""Fixed-effects models of a panel: changes within persons, compared between arms."""

import warnings
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from linearmodels.panel import PanelOLS
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import AssumptionWarning, EstimationError, ParameterError
from evalkit.panel.arms import smaller_arm
from evalkit.panel.clusters import n_group, usable_cluster
from evalkit.panel.design import Design, build_design, has_wave_main_effect, reference_wave
from evalkit.provenance import provenance
from evalkit.results import ModelFit

Vcov = Literal["cluster", "unadjusted"]

COLLINEAR = 1e-9  # share of a column's length left after the columns before it


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
    may_change = wave_effects or has_wave_main_effect(formula, panel)
    if design.contrasts_arms and not may_change:
        warnings.warn(
            "formula: without wave effects the comparison arm is taken never to change, so that "
            "arm terms are changes and no differences in change. Use wave_effects=True.",
            AssumptionWarning,
            stacklevel=2,
        )
    code, is_person = _clusters(panel, cluster)
    rows = _analysed(panel, design, code, person_effects, wave_effects)
    if vcov == "cluster" and not is_person and not usable_cluster(rows.cluster, name="cluster"):
        rows = _analysed(panel, design, panel.person, person_effects, wave_effects)
    x = design.columns.to_numpy()[rows.row]
    names = list(design.columns.columns)
    if not (person_effects or wave_effects):
        x, names = np.column_stack([x, np.ones(len(x))]), [*names, "Intercept"]
    _refuse_unidentified(x, names, rows, person_effects, wave_effects, panel.name)
    sizes = _effect_sizes(rows, person_effects, wave_effects)
    params, covariance, df, log_likelihood = _fit(x, rows, sizes, vcov)
    report, terms, waves = _with_intercept(design, len(names))
    estimate = report @ params
    error = np.sqrt(np.einsum("ij,jk,ik->i", report, covariance, report))
    margin = stats.t.ppf((1 + conf_level) / 2, df) * error
    statistic = estimate / error
    return ModelFit(
        rows={
            "term": terms,
            "estimate": estimate,
            "std_error": error,
            "statistic": statistic,
            "p_value": 2 * stats.t.sf(np.abs(statistic), df),
            "conf_low": estimate - margin,
            "conf_high": estimate + margin,
        },
        summary={
            "n_person": n_group(rows.person),
            "n_row": len(rows.row),
            "log_likelihood": log_likelihood,
            "scale": "identity",
            "vcov": vcov,
            "converged": True,
            "conf_level": conf_level,
            "n_cluster": n_group(rows.cluster) if vcov == "cluster" else np.nan,
            "n_singleton": rows.n_singleton,
            "df": df,
            "interval": "t",
            "estimand": "difference in mean change from the reference wave, under parallel trends",
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


def _clusters(panel: HealthPanel, cluster: str | None) -> tuple[np.ndarray, bool]:
    """Code of each row's cluster, and whether it is the person."""
    if cluster is None:
        return (panel.person, True) if panel.cluster is None else (panel.cluster, False)
    if cluster not in panel.covariates.columns:
        raise ParameterError(f"cluster: no such column: {cluster!r}")
    missing = int(panel.covariates[cluster].isna().sum())
    if missing:
        raise EstimationError(f"{cluster}: missing in {missing} of {len(panel)} rows")
    code = pd.factorize(panel.covariates[cluster])[0]
    return code, bool(np.all(_same_partition(code, panel.person)))


def _same_partition(first: np.ndarray, second: np.ndarray) -> bool:
    pairs = n_group(first * (int(second.max()) + 1) + second)
    return pairs == n_group(first) == n_group(second)


def _analysed(
    panel: HealthPanel, design: Design, cluster: np.ndarray, person_effects: bool, wave_effects: bool
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
    before = np.empty((len(x), 0))
    for name, column, full in zip(names, within[:, 1:].T, x.T, strict=True):
        left = column - before @ (before.T @ column)
        left = left - before @ (before.T @ left)
        if np.linalg.norm(left) <= COLLINEAR * np.linalg.norm(full):
            raise EstimationError(f"formula: {name} is made up of effects and terms before it")
        before = np.column_stack([before, left / np.linalg.norm(left)])


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


def _effect_sizes(
    rows: _Rows, person_effects: bool, wave_effects: bool
) -> list[tuple[int, bool]]:
    """Number of levels of each effect, and whether these are nested in the clusters."""
    n_cluster = rows.cluster.max() + 1
    sizes = []
    for code, used in ((rows.person, person_effects), (rows.wave, wave_effects)):
        if used:
            n_level = code.max() + 1
            sizes.append((int(n_level), n_group(code * n_cluster + rows.cluster) == n_level))
    return sizes


def _fit(
    x: np.ndarray, rows: _Rows, sizes: list[tuple[int, bool]], vcov: Vcov
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Coefficients, their covariance under the convention of the notes, df, log-likelihood."""
    index = pd.MultiIndex.from_arrays([rows.person, rows.wave], names=["person", "wave"])
    model = PanelOLS(
        pd.DataFrame({"outcome": rows.outcome}, index=index),
        pd.DataFrame(x, index=index),
        weights=pd.DataFrame({"weight": rows.weight}, index=index),
        entity_effects=bool(sizes) and sizes[0][0] == rows.person.max() + 1,
        time_effects=False,
        check_rank=False,
    )
    raise NotImplementedError
