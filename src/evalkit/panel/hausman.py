"""Hausman's test: do fixed and random effects tell the same?"""

import numpy as np
from scipy import linalg, stats

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.inference import Vcov
from evalkit.panel.linear_fit import least_squares, made_up_columns
from evalkit.panel.linear_models import Columns, smallest_group
from evalkit.panel.mundlak import mean_check
from evalkit.panel.random_effects import RandomFit, random_fit
from evalkit.panel.within import sweep
from evalkit.provenance import provenance
from evalkit.results import Check


def hausman_test(
    panel: HealthPanel,
    formula: str,
    *,
    robust: bool = True,
    vcov: Vcov = "cluster",
    cluster: str | None = None,
) -> Check:
    """Test whether fixed and random effects estimate the same coefficients.

    If they do not, persons' levels are related to the terms, and only changes within persons can be
    trusted. Agreement is no proof of the contrary: with few persons the test rarely speaks.

    Parameters
    ----------
    panel, formula
        As in `random_effects`.
    robust : bool
        Through the auxiliary regression, with errors by cluster. The classic test takes it that
        random effects are efficient, which dependence within municipalities alone breaks.
    vcov, cluster
        Of the robust test, as in `random_effects`.

    Returns
    -------
    Check
        One row, `all`.

    Raises
    ------
    EstimationError
        As in `random_effects`; if no term varies within persons; if the classic statistic is not
        positive, which happens where random effects are not efficient (use `robust=True`).
    ParameterError
        As in `random_effects`; if a `cluster` is given for the classic test.

    Notes
    -----
    Classic: d' (V_fixed - V_random)^(-1) d with d the difference of the coefficients of terms that
    vary within persons, chi-squared with as many degrees of freedom; each V has its own residual
    variance (`plm::phtest`). Robust: Wald test of the terms less their persons' means, added to the
    random-effects regression (`phtest(method = "aux")`), against F with clusters less one; it is
    the test of `mundlak_test` on all means.

    References
    ----------
    Hausman JA (1978), doi 10.2307/1913827. Wooldridge JM (2010), Econometric Analysis of Cross
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
    >>> hausman_test(panel, "hours").tidy()[["term", "df"]]
      term  df
    0  all   1
    """
    record = provenance(
        "hausman_test", panel.digest, formula=formula, robust=robust, vcov=vcov, cluster=cluster
    )
    if robust:
        test = "Hausman, by auxiliary regression"
        return mean_check(panel, formula, vcov, cluster, test=test, record=record, each=False)
    if cluster is not None or vcov != "cluster":
        raise ParameterError(
            "vcov: the classic test has none; use robust=True for errors by cluster"
        )
    solved = random_fit(panel, formula, "unadjusted", None)
    statistic, q = _classic(panel, solved)
    n = solved.columns.rows.n_person
    behind = smallest_group(panel, solved.columns)
    return Check(
        rows={
            "term": ["all"], "statistic": [statistic], "df": [q],
            "p_value": [float(stats.chi2.sf(statistic, q))],
        },
        summary={"test": "Hausman", "n": n, "reference": "chi-squared"},
        support={"n": [behind]},
        provenance=record,
    )  # fmt: skip


def _classic(panel: HealthPanel, solved: RandomFit) -> tuple[float, int]:
    """Statistic and degrees of freedom, from the terms that the within estimator knows."""
    columns, rows = solved.columns, solved.columns.rows
    within, variance, known = _within(columns)
    if not len(known):
        raise EstimationError("formula: no term varies within persons, so there is nothing to test")
    fit = solved.fit
    of_random = fit.sum_of_squares / (len(rows) - fit.x.shape[1]) * fit.bread
    difference = within - fit.params[known]
    spread = variance - of_random[np.ix_(known, known)]
    statistic = float(difference @ linalg.solve(spread, difference, assume_a="sym"))
    if statistic <= 0:
        raise EstimationError(
            f"formula: the classic statistic is not positive for {len(known)} terms, so that "
            "random effects are not efficient here. Use robust=True."
        )
    return statistic, len(known)


def _within(columns: Columns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Within coefficients, their model-based covariance, and which columns they belong to."""
    rows = columns.rows
    swept = sweep([*columns.x.T, columns.y], rows.own_effects())
    x, y = swept.columns[:, :-1], swept.columns[:, -1]
    made_up = set(made_up_columns(x, swept.length[:-1], columns.names))
    known = np.array([n for n, name in enumerate(columns.names) if name not in made_up], dtype=int)
    if not len(known):
        return np.zeros(0), np.zeros((0, 0)), known
    fit = least_squares(x[:, known], y)
    left = len(rows) - rows.n_person - len(known)
    return fit.params, fit.sum_of_squares / left * fit.bread, known
