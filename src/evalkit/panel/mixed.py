"""Mixed models: persons with levels and slopes of their own, and municipalities beside them."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import AssumptionWarning, EstimationError, ParameterError
from evalkit.panel.design import require_panel
from evalkit.panel.inference import Errors, coefficient_table
from evalkit.panel.likelihood import LARGEST, MixedFit, Nested, Person, maximise
from evalkit.panel.linear_models import Columns, model_columns, solve
from evalkit.panel.rows import cluster_codes, is_nested, persons_behind
from evalkit.provenance import provenance
from evalkit.results import ModelFit, UnitIntercepts

CONDITIONAL = "association given persons' levels, which are taken to be normal"
MIN_UNITS = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Mixed:
    """A solved mixed model with its columns, and the deviations to be reported."""

    columns: Columns
    effects: Person | Nested
    fit: MixedFit
    deviations: dict[str, float]
    unit: np.ndarray | None = None


def mixed_effects(
    panel: HealthPanel,
    formula: str,
    *,
    slope: bool = False,
    unit: str | None = None,
    reml: bool = True,
    conf_level: float = 0.95,
) -> ModelFit:
    """Fit a linear model with a random intercept of each person, and a random slope or unit.

    All answers are used, and a person who stops answering is taken to have gone on as others with
    the same answers did (missing at random given the answers).

    Parameters
    ----------
    panel : HealthPanel
        Without weights.
    formula : str
        Right-hand side, as in `pooled`.
    slope : bool
        Add a random slope of the wave, in points a wave unit, correlated with the intercept.
    unit : str
        Column of units that persons lie in (municipality); adds a random intercept of these.
        Not together with `slope`.
    reml : bool
        Restricted maximum likelihood; False is maximum likelihood, whose `log_likelihood` can be
        compared between formulas.
    conf_level : float

    Returns
    -------
    ModelFit
        Terms, intercept, then without errors `sd(person)`, with a slope `sd(wave)` and
        `correlation`, with a unit `sd(unit)`, and `sd(residual)`.

    Raises
    ------
    EstimationError
        As in `pooled`; if the panel has weights; if no person has two rows (three with a slope,
        or not enough of them); if persons lie in several units, or there are fewer than three.
    ParameterError
        If both `slope` and `unit` are given, or the unit is no column.

    Warns
    -----
    AssumptionWarning
        If the variance between units is estimated as 0.

    Notes
    -----
    The likelihood is profiled over coefficients and residual variance and maximised over the
    relative Cholesky factor of the random effects, as lme4 does. Standard errors are from the
    information at the variances found; intervals are normal (`interval` z), too short with few
    persons or units. A variance at its bound is 0.

    References
    ----------
    Bates D, Maechler M, Bolker B, Walker S (2015), doi 10.18637/jss.v067.i01.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "id": [1, 1, 2, 2, 3, 3], "wave": [0, 6] * 3, "index": [0.5, 0.6, 0.4, 0.7, 0.6, 0.8]
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> mixed_effects(panel, "C(wave)").tidy()[["term", "estimate"]].round(3)
               term  estimate
    0       wave[6]     0.200
    1     Intercept     0.500
    2    sd(person)     0.071
    3  sd(residual)     0.071
    """
    if slope and unit is not None:
        raise ParameterError("slope: not together with a unit; choose one")
    solved = _solve(panel, formula, slope, unit, reml)
    columns, fit, n_more = solved.columns, solved.fit, len(solved.deviations)
    found = Errors(fit.covariance, np.full(len(columns.terms), np.inf))
    table = coefficient_table(columns.terms, columns.report, fit.params, found, conf_level)
    more = {"term": list(solved.deviations), "estimate": list(solved.deviations.values())}
    rows = {name: [*values, *more.get(name, [np.nan] * n_more)] for name, values in table.items()}
    support = persons_behind(panel, columns.design, columns.rows, len(columns.terms) + n_more)
    return ModelFit(
        rows=rows,
        summary={
            "n_person": columns.rows.n_person,
            "n_row": len(columns.rows),
            "log_likelihood": fit.log_likelihood,
            "scale": "identity",
            "vcov": "REML" if reml else "ML",
            "converged": fit.converged,
            "conf_level": conf_level,
            "n_cluster": np.nan if solved.unit is None else int(solved.unit.max()) + 1,
            "n_singleton": 0,
            "df": np.inf,
            "interval": "z",
            "estimand": CONDITIONAL,
            "label": "description",
            "formula": f"{panel.name} ~ {formula} + (1{' + wave' * slope} | person)"
            + (f" + (1 | {unit})" if unit else ""),
        },
        support={"n": support},
        provenance=provenance(
            "mixed_effects", panel.digest, formula=formula, slope=slope, unit=unit, reml=reml,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def unit_intercepts(
    panel: HealthPanel, formula: str, *, unit: str, conf_level: float = 0.95
) -> UnitIntercepts:
    """Predict how far the persons of each unit lie from the mean, shrunken by what is known of it.

    A caterpillar plot shows these. Units of few persons are drawn towards 0; a rank order of units
    whose intervals overlap says nothing.

    Parameters
    ----------
    panel : HealthPanel
        Without weights.
    formula : str
        What is taken into account, as in `pooled`.
    unit : str
        Column of the unit, municipality for one; a person lies in one.
    conf_level : float

    Returns
    -------
    UnitIntercepts
        One row a unit, in the order of the estimates, in points of the score.

    Raises
    ------
    EstimationError, ParameterError
        As in `mixed_effects`.

    Warns
    -----
    AssumptionWarning
        If the variance between units is estimated as 0: all intercepts are then 0, and their errors
        and limits missing.

    Notes
    -----
    Conditional means of the unit's random intercept in `mixed_effects(unit=...)` (REML), with
    `std_error` the conditional standard deviation given coefficients and variances, as
    `lme4::ranef(condVar = TRUE)`; normal intervals. What estimating the coefficients adds is not in
    it.

    References
    ----------
    Bates D, Maechler M, Bolker B, Walker S (2015), doi 10.18637/jss.v067.i01. Goldstein H,
    Spiegelhalter DJ (1996), doi 10.2307/2983325.

    Examples
    --------
    >>> import pandas as pd
    >>> index = [0.5, 0.6, 0.4, 0.7, 0.6, 0.8, 0.7, 0.7, 0.2, 0.3, 0.3, 0.3, 0.6, 0.7, 0.5, 0.6]
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat(np.arange(8), 2), "wave": [0, 6] * 8, "index": index,
    ...     "town": np.repeat(list("abcd"), 4),
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> unit_intercepts(panel, "C(wave)", unit="town").tidy()[["unit", "n"]]
      unit  n
    0    b  2
    1    d  2
    2    a  2
    3    c  2
    """
    solved = _solve(panel, formula, False, unit, True)
    rows, fit = solved.columns.rows, solved.fit
    estimate, variance = solved.effects.modes(fit)
    error = np.sqrt(variance) if fit.theta[1] > 0 else np.full(len(estimate), np.nan)
    margin = stats.norm.ppf((1 + conf_level) / 2) * error
    first = np.zeros(len(estimate), dtype=int)
    first[solved.unit[::-1]] = np.arange(len(rows))[::-1]
    names = panel.covariates[unit].to_numpy()[rows.row[first]]
    n = np.bincount(solved.unit[rows.start])
    order = np.argsort(-estimate, kind="stable")
    table = {
        "unit": np.array([str(name) for name in names], dtype=object), "estimate": estimate,
        "std_error": error, "conf_low": estimate - margin, "conf_high": estimate + margin, "n": n,
    }  # fmt: skip
    return UnitIntercepts(
        rows={name: values[order] for name, values in table.items()},
        summary={
            "n": rows.n_person,
            "n_unit": len(estimate),
            "unit": unit,
            "sd_unit": solved.deviations["sd(unit)"],
            "sd_person": solved.deviations["sd(person)"],
            "sd_residual": solved.deviations["sd(residual)"],
            "conf_level": conf_level,
            "method": "REML",
            "outcome": panel.name,
            "label": "description",
            "formula": f"{panel.name} ~ {formula} + (1 | person) + (1 | {unit})",
        },
        support={"n": n[order]},
        provenance=provenance(
            "unit_intercepts", panel.digest, formula=formula, unit=unit, conf_level=conf_level
        ),
    )


def _solve(panel: HealthPanel, formula: str, slope: bool, unit: str | None, reml: bool) -> _Mixed:
    """Fit the model; what it cannot tell apart is refused."""
    require_panel(panel)
    if panel.is_weighted:
        raise EstimationError(
            "weight: a mixed model with case weights is not defined here. Use pooled or gee, or "
            "build the panel without weights."
        )
    columns = model_columns(panel, formula)
    rows = columns.rows
    solve(columns.x, columns.y, columns.names, panel.name, what="rows")  # refusals by name
    if rows.n_person == len(rows):
        raise EstimationError(
            f"wave: no person has two of {len(rows)} rows; effects of persons need that"
        )
    values = np.column_stack([columns.x, columns.y])
    if unit is not None:
        return _with_units(panel, columns, values, unit, reml)
    return _with_persons(panel, columns, values, slope, reml)


def _with_persons(
    panel: HealthPanel, columns: Columns, values: np.ndarray, slope: bool, reml: bool
) -> _Mixed:
    rows = columns.rows
    wave = panel.wave[rows.row].astype(float)
    # In units of its spread and about its mean, so that the search is well scaled; undone below.
    centre, spread = wave.mean(), wave.std()
    if slope and (spread == 0 or len(rows) <= 2 * rows.n_person):
        raise EstimationError(
            f"wave: {len(rows)} rows of {rows.n_person} persons; a slope of each needs more than "
            "two rows a person. Use slope=False."
        )
    random = np.ones((len(rows), 1))
    if slope:
        random = np.column_stack([random, (wave - centre) / spread])
    effects = Person.of_rows(values, random, rows.person)
    start = np.array([1.0, 0.0, 0.5]) if slope else np.array([1.0])
    bounds = [(0.0, LARGEST), (-LARGEST, LARGEST), (0.0, LARGEST)] if slope else [(0.0, LARGEST)]
    fit = maximise(effects.profile, start, bounds, len(rows), reml=reml)
    factor = np.sqrt(fit.variance) * _on_waves(fit.theta, centre, spread)
    covariance = factor @ factor.T
    deviation = np.sqrt(np.diag(covariance))
    found = {"sd(person)": deviation[0]}
    if slope:
        both = deviation[0] * deviation[1]
        found |= {
            "sd(wave)": deviation[1],
            "correlation": covariance[0, 1] / both if both > 0 else np.nan,
        }
    found["sd(residual)"] = np.sqrt(fit.variance)
    return _Mixed(columns, effects, fit, found)


def _on_waves(theta: np.ndarray, centre: float, spread: float) -> np.ndarray:
    """Factor of the covariance of level at wave 0 and slope a wave unit."""
    if len(theta) == 1:
        return theta[None]
    factor = np.array([[theta[0], 0.0], [theta[1], theta[2]]])
    return np.array([[1.0, -centre / spread], [0.0, 1.0 / spread]]) @ factor


def _with_units(
    panel: HealthPanel, columns: Columns, values: np.ndarray, unit: str, reml: bool
) -> _Mixed:
    rows = columns.rows
    if unit not in panel.covariates.columns:
        raise ParameterError(f"unit: no such column: {unit!r}")
    code = cluster_codes(panel, rows, unit)
    if int(code.max()) + 1 < MIN_UNITS:
        raise EstimationError(
            f"{unit}: {int(code.max()) + 1} units, a variance between them needs {MIN_UNITS}"
        )
    if not is_nested(rows, code):
        raise EstimationError(
            f"{unit}: persons lie in several units. Use the unit at baseline for all their rows."
        )
    effects = Nested.of_rows(values, rows.person, code[rows.start])
    fit = maximise(
        effects.profile, np.array([1.0, 0.3]), [(0.0, LARGEST)] * 2, len(rows), reml=reml
    )
    if fit.theta[1] == 0:
        warnings.warn(
            f"{unit}: the deviation of the random intercept is estimated as 0, since units differ "
            "no more than by chance; the other estimates are those without it",
            AssumptionWarning,
            stacklevel=4,
        )
    residual = np.sqrt(fit.variance)
    found = {
        "sd(person)": fit.theta[0] * residual, "sd(unit)": fit.theta[1] * residual,
        "sd(residual)": residual,
    }  # fmt: skip
    return _Mixed(columns, effects, fit, found, code)
