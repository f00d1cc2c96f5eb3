"""First differences: changes from answer to answer."""

from dataclasses import replace

import numpy as np

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError
from evalkit.panel.design import build_design
from evalkit.panel.inference import Dependence, Vcov, dependence, known_vcov
from evalkit.panel.linear_models import Columns, linear_result, model_columns, solve
from evalkit.panel.rows import subset
from evalkit.provenance import provenance
from evalkit.results import ModelFit

CHANGES = "association of changes between consecutive answers of a person"


def first_difference(
    panel: HealthPanel,
    formula: str,
    *,
    intercept: bool = False,
    over_gaps: bool = True,
    vcov: Vcov = "cluster",
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Fit a linear model to the changes between consecutive answers.

    Like `fixed_effects` it removes what does not change about a person, but it needs no answer to
    be unrelated to disturbances of other waves than its own two.

    Parameters
    ----------
    panel : HealthPanel
        A change has the weight of its later row.
    formula : str
        Right-hand side in levels, as in `fixed_effects`; `C(wave)` lets waves differ.
    intercept : bool
        Add a constant change from answer to answer, however far apart.
    over_gaps : bool
        Whether consecutive answers count with waves missing between them. False keeps the changes
        between neighbouring waves of the panel only.
    vcov : {"cluster", "unadjusted", "CR2", "CR3", "two_way"}
        By cluster, because neighbouring changes of a person share an answer.
    cluster : str
        By default the panel's cluster, else the person. A change belongs to that of its later row.
    conf_level : float

    Returns
    -------
    ModelFit
        `n_row` in `glance` counts the changes, `n_singleton` the persons with a single row.

    Raises
    ------
    EstimationError
        As in `fixed_effects`: a term that does not vary within persons is refused by name.
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
    Least squares on the differences of consecutive complete rows. With gaps, `over_gaps=True` is
    `plm(model = "fd")`, `over_gaps=False` is linearmodels' `FirstDifferenceOLS`. With two waves all
    of them equal `fixed_effects`.

    References
    ----------
    Wooldridge JM (2010), Econometric Analysis of Cross Section and Panel Data, section 10.6.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "id": [1, 1, 2, 2, 3, 3], "wave": [0, 6] * 3, "index": [0.5, 0.6, 0.4, 0.7, 0.6, 0.8]
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index")
    >>> first_difference(panel, "C(wave)").tidy()[["term", "estimate"]].round(3)
          term  estimate
    0  wave[6]       0.2
    """
    known_vcov(vcov, ("cluster", "unadjusted", "CR2", "CR3", "two_way"))
    build_design(panel, formula, person_effects=True)  # refuses the arm alone
    levels = model_columns(panel, formula, intercept=False)
    later = _later_rows(panel, levels, over_gaps)
    how = _at(dependence(panel, levels.rows, vcov, cluster), later)
    columns, x, y = _changes(levels, later, intercept)
    weight = None if levels.rows.weight is None else levels.rows.weight[later]
    if weight is not None:
        x, y = x * np.sqrt(weight)[:, None], y * np.sqrt(weight)
    fit = solve(x, y, columns.names, panel.name, what="changes")
    return linear_result(
        panel, columns, fit, how, formula=formula, estimand=CHANGES, conf_level=conf_level,
        weight=weight,
        record=provenance(
            "first_difference", panel.digest, formula=formula, intercept=intercept,
            over_gaps=over_gaps, vcov=vcov, cluster=cluster, conf_level=conf_level,
        ),
    )  # fmt: skip


def _later_rows(panel: HealthPanel, levels: Columns, over_gaps: bool) -> np.ndarray:
    """Rows that come after another row of their person."""
    rows = levels.rows
    is_later = np.ones(len(rows), dtype=bool)
    is_later[rows.start] = False
    if not over_gaps:
        planned = np.searchsorted(np.unique(panel.wave), panel.wave[rows.row])
        is_later[1:] &= np.diff(planned) == 1
    later = np.flatnonzero(is_later)
    if not len(later):
        raise EstimationError(
            f"wave: no person has the outcome at two waves ({len(rows)} of {len(panel)} rows "
            "complete); changes need two. Use wave_means or ancova."
        )
    return later


def _changes(
    levels: Columns, later: np.ndarray, intercept: bool
) -> tuple[Columns, np.ndarray, np.ndarray]:
    """Differences of rows; terms that never change are refused by name."""
    x, y = levels.x[later] - levels.x[later - 1], levels.y[later] - levels.y[later - 1]
    fixed = [name for name, column in zip(levels.names, x.T, strict=True) if not column.any()]
    if fixed:
        raise EstimationError(
            f"formula: {', '.join(fixed)} does not vary within persons. "
            f"Use {fixed[0]}:C(wave) for a fixed covariate."
        )
    size = np.diff(levels.rows.start, append=len(levels.rows))
    rows = replace(
        subset(levels.rows, np.union1d(later - 1, later)), n_singleton=int((size == 1).sum())
    )
    if not intercept:
        return replace(levels, rows=rows), x, y
    n_term, k = levels.report.shape
    report = np.zeros((n_term + 1, k + 1))
    report[:-1, :-1], report[-1, -1] = levels.report, 1.0
    columns = replace(
        levels, names=(*levels.names, "Intercept"), terms=(*levels.terms, "Intercept"),
        report=report, rows=rows,
    )  # fmt: skip
    return columns, np.column_stack([x, np.ones(len(x))]), y


def _at(how: Dependence, later: np.ndarray) -> Dependence:
    """The same clusters, of the changes; counted anew, since some have none."""
    if how.first is None:
        return how
    codes = [code if code is None else np.unique(code[later], return_inverse=True)[1]
             for code in (how.first, how.second)]  # fmt: skip
    count = min(int(code.max()) + 1 for code in codes if code is not None)
    return Dependence(how.vcov, codes[0], codes[1], count)
