"""Fixed-effects models of a panel: changes within persons, compared between arms."""

import warnings
from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import AssumptionWarning, EstimationError
from evalkit.panel.design import COLLINEAR, Design, build_design, has_wave_main_effect
from evalkit.panel.inference import (
    Dependence,
    Errors,
    Vcov,
    coefficient_table,
    dependence,
    enough_rows,
    errors,
    known_vcov,
    log_likelihood,
)
from evalkit.panel.linear_fit import LinearFit, least_squares, made_up_columns, refuse_constant
from evalkit.panel.rows import (
    Rows,
    analysed_rows,
    arms_meet,
    code_is_nested,
    is_nested,
    persons_behind,
)
from evalkit.panel.within import Effects, Swept, sweep, wave_dummies
from evalkit.provenance import provenance
from evalkit.results import ModelFit

TRENDS = "difference in mean change from the reference wave, under parallel trends"
WITHIN = "association within persons"


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    """Columns of the model with their names, and the terms reported from them."""

    columns: list[np.ndarray]
    names: list[str]
    report: np.ndarray
    terms: tuple[str, ...]
    effects: Effects


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
    vcov : {"cluster", "unadjusted", "CR2", "CR3", "two_way", "driscoll_kraay"}
        By cluster with one factor for all (CR1); without dependence; by cluster with the
        corrections for few clusters of `CR2` (and Satterthwaite's degrees of freedom) or `CR3`
        (the jackknife); by person and by cluster (`two_way`); by wave, over neighbouring waves.
    cluster : str
        Column of the unit that errors are clustered by; by default the panel's cluster, else the
        person. `two_way` needs one beside the person.
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
        outcome does not vary; if there is one wave or one cluster only; if persons lie in several
        clusters, for `CR2` and `CR3`.
    ParameterError
        If `vcov` is none of these, the cluster is no column, or `two_way` has none.

    Warns
    -----
    AssumptionWarning
        If the arm interacts with the wave while nothing lets the comparison arm change.
    SmallSampleWarning
        If there are fewer than six clusters; errors are then by person.

    Notes
    -----
    Persons are removed by their means and waves by dummies after that, which is exact for any
    pattern of answers. Errors by cluster are multiplied by G/(G-1) (n-1)/(n-K), with t(G-1). K
    counts the regressors and the effects, except that effects nested in the clusters (in either of
    two) count as one; n counts rows without singletons. Two-way errors take the smaller number of
    clusters for G in all three parts. These are the conventions of fixest. `CR2` and `CR3` have
    their own correction, with the waves among what a cluster's fit took; `df` in `glance` is then
    the smallest of the terms. `driscoll_kraay` has t(waves - 1) and no factor.
    `vcov="unadjusted"` divides the residual sum of squares by n less all coefficients and effects,
    with t of that many degrees of freedom. Where the panel is unbalanced, `arm:post` differs from
    the coefficient of a single product term, which weights waves by their precision.

    References
    ----------
    Cameron AC, Miller DL (2015), doi 10.3368/jhr.50.2.317 (section II.B on the corrections).
    Pustejovsky JE, Tipton E (2018), doi 10.1080/07350015.2016.1247004 (CR2).

    Examples
    --------
    >>> import pandas as pd
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
    known_vcov(vcov)
    design = build_design(panel, formula, person_effects=person_effects)
    if design.contrasts_arms and not (wave_effects or has_wave_main_effect(formula, panel)):
        warn_that_nothing_lets_the_comparison_change()
    rows = analysed_rows(panel, design, person_effects=person_effects, wave_effects=wave_effects)
    how = dependence(panel, rows, vcov, cluster)
    model = _model(panel, design, rows, person_effects, wave_effects)
    fit, swept = _fit(panel, model)
    found = _errors(fit, swept, how, rows, model)
    return ModelFit(
        rows=coefficient_table(model.terms, model.report, fit.params, found, conf_level),
        summary={
            "n_person": rows.n_person,
            "n_row": len(rows),
            "log_likelihood": log_likelihood(fit, rows.weight),
            "scale": "identity",
            "vcov": how.vcov,
            "converged": True,
            "conf_level": conf_level,
            "n_cluster": how.n_cluster,
            "n_singleton": rows.n_singleton,
            "df": np.min(found.df),
            "interval": "t",
            "estimand": TRENDS if design.contrasts_arms else WITHIN,
            "label": "description",
            "formula": f"{panel.name} ~ {formula}"
            + " | person" * person_effects
            + " | wave" * wave_effects,
        },
        support={"n": persons_behind(panel, design, rows, len(model.terms))},
        provenance=provenance(
            "fixed_effects", panel.digest, formula=formula, person_effects=person_effects,
            wave_effects=wave_effects, vcov=vcov, cluster=cluster, conf_level=conf_level,
        ),
    )  # fmt: skip


def warn_that_nothing_lets_the_comparison_change() -> None:
    """Warn that the arm's terms are changes, and no differences in change."""
    warnings.warn(
        "formula: without wave effects the comparison arm is taken never to change, so that "
        "arm terms are changes and no differences in change. Use wave_effects=True.",
        AssumptionWarning,
        stacklevel=3,
    )


def _model(
    panel: HealthPanel, design: Design, rows: Rows, person_effects: bool, wave_effects: bool
) -> _Model:
    """Columns that can be told apart; without effects an intercept as the last of them."""
    met = arms_meet(panel, design, rows)
    names = [name for name, is_met in zip(design.columns, met, strict=True) if is_met]
    columns = [design.columns[name].to_numpy() for name in names]
    report = np.where((design.report[:, ~met] != 0).any(axis=1)[:, None], np.nan, design.report)
    report, terms = report[:, met], design.terms
    if not (person_effects or wave_effects):
        columns = [*columns, np.ones(len(panel))]
        names, terms = [*names, "Intercept"], (*terms, "Intercept")
        report = np.block([[report, np.zeros((len(report), 1))], [np.eye(1, len(names))[:, ::-1]]])
    effects = rows.effects(panel, person=person_effects, wave=wave_effects)
    return _Model(columns, names, report, terms, effects)


def _fit(panel: HealthPanel, model: _Model) -> tuple[LinearFit, Swept]:
    """Coefficients of the columns without effects; what cannot be identified is refused by name."""
    swept = sweep([*model.columns, panel.outcome], model.effects)
    x, y = swept.columns[:, :-1], swept.columns[:, -1]
    products = swept.products[:-1, :-1]
    made_up = made_up_columns(x, swept.length[:-1], model.names, products)
    if made_up:
        _refuse_absorbed(model, swept)
    refuse_constant(y, swept.length[-1], panel.name)
    if made_up:
        raise EstimationError(
            f"formula: {', '.join(made_up)} is made up of effects and other terms"
        )
    return least_squares(x, y, products), swept


def _refuse_absorbed(model: _Model, swept: Swept) -> None:
    """Name the columns that do not vary within persons, or within waves."""
    fixed = swept.within_persons[:-1] <= COLLINEAR * swept.length[:-1]
    if model.effects.start is not None and fixed.any():
        absorbed = [name for name, is_fixed in zip(model.names, fixed, strict=True) if is_fixed]
        raise EstimationError(
            f"formula: {', '.join(absorbed)} does not vary within persons. "
            f"Use {absorbed[0]}:C(wave) for a fixed covariate."
        )
    if model.effects.wave is not None:
        absorbed = [
            name
            for name, column in zip(model.names, model.columns, strict=True)
            if _follows_the_wave(column, model.effects)
        ]
        if absorbed:
            raise EstimationError(
                f"formula: {', '.join(absorbed)} does not vary within waves. "
                "Leave it out, wave effects hold it."
            )


def _follows_the_wave(column: np.ndarray, effects: Effects) -> bool:
    values = column if effects.row is None else column[effects.row]
    mean = np.bincount(effects.wave, values) / np.bincount(effects.wave)
    return np.linalg.norm(values - mean[effects.wave]) <= COLLINEAR * np.linalg.norm(values)


def _errors(fit: LinearFit, swept: Swept, how: Dependence, rows: Rows, model: _Model) -> Errors:
    """Errors under the convention of the notes: effects nested in clusters count as one."""
    n_person = rows.n_person if model.effects.start is not None else 0
    n_coefficient = fit.x.shape[1] + n_person + swept.wave_rank
    enough_rows(len(rows), n_coefficient)
    clusters = [code for code in (how.first, how.second) if code is not None]
    n_counted = n_coefficient
    if n_person and any(is_nested(rows, code) for code in clusters):
        n_counted -= n_person - 1
    if model.effects.wave is not None and any(code_is_nested(rows.wave, code) for code in clusters):
        n_counted -= rows.n_wave - 1
    absorbed = None
    if how.vcov in ("CR2", "CR3"):
        if n_person and not is_nested(rows, how.first):
            raise EstimationError(
                f"cluster: persons lie in several clusters, which {how.vcov} cannot account for. "
                'Use vcov="cluster", or the cluster at baseline.'
            )
        absorbed = wave_dummies(model.effects) if model.effects.wave is not None else None
    return errors(
        fit, how, n_coefficient=n_coefficient, n_counted=n_counted, report=model.report,
        absorbed=absorbed, wave=rows.wave,
    )  # fmt: skip
