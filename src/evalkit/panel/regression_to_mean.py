"""Regression to the mean: how much would have changed by itself, because people enter at a low."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.clusters import cluster_column, n_group, usable_cluster
from evalkit.panel.covariances import cluster_covariance
from evalkit.provenance import provenance
from evalkit.results import ModelFit

Method = Literal["mean", "cut_off", "earlier_wave"]

TERMS = ("observed_change", "expected_change", "remaining_change")
NEEDED = {
    "mean": ("population_mean", "correlation"),
    "cut_off": ("population_mean", "population_sd", "correlation", "cut_off"),
    "earlier_wave": ("earlier",),
}
ESTIMAND = "mean change, and what regression to the mean alone would make of it"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Persons:
    """Scores at the waves that are used, one row a person."""

    scores: np.ndarray
    weight: np.ndarray
    group: np.ndarray
    by_cluster: bool


def regression_to_the_mean(
    panel: HealthPanel,
    *,
    wave: int,
    baseline: int = 0,
    method: Method = "earlier_wave",
    earlier: int | None = None,
    population_mean: float | None = None,
    population_sd: float | None = None,
    correlation: float | None = None,
    cut_off: float | None = None,
    arm: str | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Estimate how much of a change is expected because people were measured at a low.

    Who is chosen by a low score has a higher one next time, without any help: part of the low was
    chance, or would have passed. A before-after comparison counts that as success.

    Parameters
    ----------
    panel : HealthPanel
    wave, baseline : int
        The change is from `baseline` to `wave`.
    method : {"mean", "cut_off", "earlier_wave"}
        earlier_wave: the score before the low shows where it would return to; needs `earlier`, and
        best lies as long before the baseline as `wave` lies after it. mean: how far the baseline
        lies from the mean of the population, for a known correlation between two measurements
        without help. cut_off: everybody below `cut_off` was chosen, nobody above.
    earlier : int
        A wave before the baseline.
    population_mean, population_sd : float
        Of the score among all from whom people were chosen, in points.
    correlation : float
        Of two measurements of one person as far apart as these, without help: 0 to 1.
    cut_off : float
        In points.
    arm : str
        Only the persons of this arm; by default all.
    conf_level : float

    Returns
    -------
    ModelFit
        Three terms: `observed_change`, `expected_change` (by regression to the mean alone) and
        their difference `remaining_change`, in points. Given numbers are taken as known, so that
        `cut_off` has no error of the expected change.

    Raises
    ------
    EstimationError
        If fewer than two persons answered at the waves that are needed, the arm has none, or there
        is one cluster only.
    ParameterError
        If an argument that the method needs is missing, one that it does not use is given, or one
        is out of range.

    Warns
    -----
    SmallSampleWarning
        If there are fewer than six clusters.

    Notes
    -----
    With correlation r, mean m and deviation s of the population. mean: (1 - r)(m - mean of y_0),
    the linear regression of the later on the earlier score. cut_off: s (1 - r) f(z)/F(z) with
    z = (c - m)/s, f and F the normal density and distribution. earlier_wave: mean of
    y_earlier - y_0: if scores vary about a level and choice is by the score at the baseline,
    scores as long before and after it have the same mean (symmetry of a stationary series); if
    health was falling for good, this expects too much. All are about the persons who answered at
    every wave used. Errors: by cluster, else by person, with t.

    References
    ----------
    Davis CE (1976), doi 10.1093/oxfordjournals.aje.a112321. Barnett AG, van der Pols JC, Dobson AJ
    (2005), doi 10.1093/ije/dyh299. Heckman JJ, Robb R (1985), doi 10.1016/0304-4076(85)90139-3
    (symmetry about the time of choice).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat([1, 2, 3], 3), "month": [-6, 0, 6] * 3,
    ...     "index": [0.7, 0.4, 0.8, 0.6, 0.5, 0.6, 0.8, 0.5, 0.7],
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="month", outcome="index")
    >>> fit = regression_to_the_mean(panel, wave=6, earlier=-6)
    >>> fit.tidy()[["term", "estimate"]].round(3)
                   term  estimate
    0   observed_change     0.233
    1   expected_change     0.233
    2  remaining_change     0.000
    """
    given = {
        "earlier": earlier, "population_mean": population_mean, "population_sd": population_sd,
        "correlation": correlation, "cut_off": cut_off,
    }  # fmt: skip
    _check(method, given, wave, baseline)
    waves = [baseline, wave, *([earlier] if earlier is not None else [])]
    persons = _persons(panel, waves, arm)
    changes = persons.scores[:, 1] - persons.scores[:, 0]
    expected = _expected(method, given, persons.scores)
    values = np.column_stack([changes, expected, changes - expected])
    total = persons.weight.sum()
    estimate = persons.weight @ values / total
    error, df = np.empty(3), np.empty(3)
    root = np.sqrt(persons.weight)[:, None]
    for at in range(3):
        residual = (values[:, at] - estimate[at]) * root[:, 0]
        found = cluster_covariance(
            root, residual, np.array([[1 / total]]), persons.group, n_counted=1
        )
        error[at], df[at] = np.sqrt(found.matrix[0, 0]), found.df[0]
    return ModelFit(
        rows=_tidy(estimate, error, df, conf_level),
        summary={
            "n_person": len(changes),
            "n_row": len(changes) * len(waves),
            "scale": "identity",
            "vcov": "CR1",
            "converged": True,
            "conf_level": conf_level,
            "n_cluster": n_group(persons.group),
            "df": float(df[0]),
            "interval": "t",
            "estimand": ESTIMAND,
            "label": "description",
            "formula": f"{panel.name}, wave {baseline} to {wave}, {method}",
        },
        support={"n": [len(changes)] * 3},
        provenance=provenance(
            "regression_to_the_mean", panel.digest, wave=wave, baseline=baseline, method=method,
            arm=arm, conf_level=conf_level, **given,
        ),
    )  # fmt: skip


def _tidy(estimate, error, df, conf_level: float) -> dict[str, object]:
    margin = stats.t.ppf((1 + conf_level) / 2, df) * error
    statistic = np.divide(estimate, error, out=np.full(3, np.nan), where=error > 1e-14)
    return {
        "term": list(TERMS), "estimate": estimate, "std_error": error, "statistic": statistic,
        "p_value": 2 * stats.t.sf(np.abs(statistic), df), "conf_low": estimate - margin,
        "conf_high": estimate + margin,
    }  # fmt: skip


def _check(method: str, given: dict, wave: int, baseline: int) -> None:
    if method not in get_args(Method):
        raise ParameterError(f"method: {method!r} is none of {', '.join(get_args(Method))}")
    needed = NEEDED[method]
    missing = [name for name in needed if given[name] is None]
    unused = [name for name, value in given.items() if value is not None and name not in needed]
    if missing or unused:
        raise ParameterError(
            f"method {method}: needs {', '.join(needed)}"
            + (f"; missing: {', '.join(missing)}" if missing else "")
            + (f"; not used: {', '.join(unused)}" if unused else "")
        )
    if wave <= baseline or (given["earlier"] is not None and given["earlier"] >= baseline):
        raise ParameterError(
            "wave, baseline, earlier: must be in the order earlier, baseline, wave"
        )
    if given["correlation"] is not None and not 0 <= given["correlation"] <= 1:
        raise ParameterError(f"correlation: must lie in 0 to 1, is {given['correlation']}")
    if given["population_sd"] is not None and not given["population_sd"] > 0:
        raise ParameterError(f"population_sd: must be above 0, is {given['population_sd']}")


def _expected(method: str, given: dict, scores: np.ndarray) -> np.ndarray:
    """What each person's change is expected to be."""
    if method == "earlier_wave":
        return scores[:, 2] - scores[:, 0]
    left = 1 - given["correlation"]
    if method == "mean":
        return left * (given["population_mean"] - scores[:, 0])
    z = (given["cut_off"] - given["population_mean"]) / given["population_sd"]
    # By logarithms, so that a cut-off far below the mean gives no 0/0.
    hazard = np.exp(stats.norm.logpdf(z) - stats.norm.logcdf(z))
    return np.full(len(scores), given["population_sd"] * left * hazard)


def _persons(panel: HealthPanel, waves: list[int], arm: str | None) -> _Persons:
    unknown = sorted(set(waves) - set(np.unique(panel.wave).tolist()))
    if unknown:
        raise ParameterError(f"wave: no answers at {', '.join(map(str, unknown))} in the panel")
    used = ~np.isnan(panel.outcome) & (panel.weight > 0)
    if arm is not None:
        if "arm" not in panel.covariates.columns:
            raise EstimationError("arm: the panel names no arm. Build it with from_frame(arm=...)")
        used &= (panel.covariates["arm"] == arm).to_numpy()
    n = int(panel.person.max()) + 1 if len(panel) else 0
    scores, at = np.full((n, len(waves)), np.nan), np.zeros(n, dtype=int)
    for column, wave in enumerate(waves):
        rows = np.flatnonzero(used & (panel.wave == wave))
        scores[panel.person[rows], column] = panel.outcome[rows]
        if column == 0:
            at[panel.person[rows]] = rows
    complete = np.flatnonzero(~np.isnan(scores).any(axis=1))
    if len(complete) < 2:
        raise EstimationError(
            f"{panel.name}: {len(complete)} persons answered at all of the waves "
            f"{', '.join(map(str, sorted(waves)))}, two are needed"
        )
    code = cluster_column(panel, None)
    code = None if code is None else code[at[complete]]
    by_cluster = usable_cluster(code, name="cluster")
    group = code if by_cluster else np.arange(len(complete))
    return _Persons(scores[complete], panel.weight[at[complete]], group, by_cluster)
