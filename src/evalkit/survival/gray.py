"""Gray's test: whether cumulative incidences differ between groups."""

import warnings
from collections.abc import Sequence

import numpy as np
from scipy import stats

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import AssumptionWarning, EstimationError
from evalkit.provenance import provenance
from evalkit.results import Check
from evalkit.survival.grouped import is_repeated
from evalkit.survival.rank_sums import quadratic_form
from evalkit.survival.risksets import RiskSets, require_cause, require_rows, risk_sets


def gray_test(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str],
    cause: str,
    rho: float = 0.0,
    strata: str | Sequence[str] | None = None,
) -> Check:
    """Test whether groups differ in the share who have exited by a cause.

    It compares incidences, where `logrank_test` compares rates among those still followed: a group
    in which more people die has fewer who become self-supporting, whatever its rate.

    Parameters
    ----------
    sample : TimeToEvent
        One row a person, without delayed entry and without weights.
    by : str or sequence of str
        Columns that make the groups.
    cause : str
        The cause; the others compete.
    rho : float
        Weights (1 - F(t-))^rho, F the pooled incidence of the stratum.
    strata : str or sequence of str, optional
        Columns within whose levels the groups are compared.

    Returns
    -------
    Check
        One row, term `"difference between groups"`, with a chi-squared statistic. Support is the
        smallest group.

    Raises
    ------
    EstimationError
        If there are fewer than two groups or no exit by the cause; if at no such exit two groups
        were at risk; if the sample has delayed entry, weights or several rows a person, for which
        the test is not defined.
    ParameterError
        If `cause` is not one of the sample's.

    Notes
    -----
    Those who left by another cause stay in the comparison: group k counts n_k (1 - F_k(t-)) /
    S_k(t-) persons at t, S_k the curve of no exit of any kind. Observed exits less those expected
    by these counts are summed over times and strata. The variance is Gray's, by martingales of
    both kinds of exit, with the corrections of cmprsk for ties. Degrees of freedom are the groups
    that can be compared, less one. Rows are taken as independent; a cluster in the sample brings
    an `AssumptionWarning`.

    References
    ----------
    Gray (1988), Ann Stat 16:1141-1154. R, cmprsk::cuminc.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"months": [1, 2, 3, 4, 5, 6], "exit": ["work", "died", "work"] * 2,
    ...      "arm": list("aaabbb")}
    ... )
    >>> sample = TimeToEvent.from_frame(
    ...     frame, duration="months", cause="exit", censored="none", arm="arm",
    ...     causes=["died", "work"],
    ... )
    >>> gray_test(sample, by="arm", cause="work").tidy().round(3)
                            term  statistic  df  p_value
    0  difference between groups      2.165   1    0.141
    """
    require_rows(sample)
    number = require_cause(sample, cause)
    _refuse(sample)
    group, labels = sample.groups(by)
    if len(labels) < 2:
        raise EstimationError(f"by: {len(labels)} group, nothing to compare")
    # 1 = the cause, 2 = any other exit.
    code = np.where(sample.code == number, 1, np.where(sample.code > 0, 2, 0))
    if not np.any(code == 1):
        raise EstimationError(f"cause {cause!r}: no exits among {len(sample)} rows")
    stratum, strata_labels = sample.groups(strata)
    parts = [
        _stratum(sample.duration[rows], code[rows], group[rows], len(labels), rho)
        for rows in (np.flatnonzero(stratum == one) for one in range(len(strata_labels)))
    ]
    statistic, df = quadratic_form(*(sum(part) for part in zip(*parts, strict=True)))
    return Check(
        rows={
            "term": ["difference between groups"], "statistic": [statistic], "df": [df],
            "p_value": [float(stats.chi2.sf(statistic, df))],
        },
        summary={
            "test": "Gray" if rho == 0 else f"Gray, rho {rho:g}", "n": len(sample),
            "n_event": int((code == 1).sum()), "reference": "chi-squared",
        },
        support={"n": [int(np.bincount(group).min())]},
        provenance=provenance(
            "gray_test", sample.digest, by=by, cause=cause, rho=rho, strata=strata
        ),
    )  # fmt: skip


def _refuse(sample: TimeToEvent) -> None:
    if sample.is_weighted:
        raise EstimationError(
            "weight: Gray's test is not defined with weights; compare incidence_at with robust "
            "errors"
        )
    if np.any(sample.entry > 0.0) or is_repeated(sample.person):
        raise EstimationError(
            "entry: Gray's test is not defined with delayed entry or several rows a person; "
            "compare incidence_at"
        )
    if sample.cluster is not None:
        warnings.warn(
            "cluster: Gray's test takes rows as independent; compare incidence_at, whose errors "
            "are by cluster",
            AssumptionWarning,
            stacklevel=3,
        )


def _stratum(
    time: np.ndarray, code: np.ndarray, group: np.ndarray, n_group: int, rho: float
) -> tuple[np.ndarray, np.ndarray]:
    """Excess (k,) of one stratum and its covariance (k, k).

    With d the pooled exits by the cause, Y = n / S(t-) of each group and R their sum, the pooled
    incidence grows by d / R. A(t) holds the weights of the groups' martingales, C(t) their running
    sum over the pooled hazard d / (R (1 - F(t-))); an exit of group g at t moves the excess of
    group i by A_ig + (C_ig(end) - C_ig(t)) (1 - F(t)) / S_g(t), less C_ig(end) - C_ig(t) if it is
    by the cause.
    """
    sets = risk_sets(np.zeros(len(time)), time, code, n_cause=2)
    at_risk, first, other = _counts(sets, group, code, n_group)
    present = at_risk > 0.0
    safe = np.where(present, at_risk, 1.0)
    left = np.where(present, 1.0 - (first + other) / safe, 1.0)
    survival = np.cumprod(left, axis=0)
    survival_before = np.vstack([np.ones(n_group), survival[:-1]])
    incidence = np.cumsum(survival_before * first / safe, axis=0)
    incidence_before = np.vstack([np.zeros(n_group), incidence[:-1]])
    # A group without anyone at risk has a survival of 0 or takes no part any more.
    inverse = np.divide(1.0, survival_before, out=np.zeros_like(survival), where=present)
    return _excess_and_covariance(
        sets, rho, at_risk * inverse, at_risk, first, other, survival, survival_before,
        incidence_before,
    )  # fmt: skip


def _excess_and_covariance(
    sets: RiskSets, rho, size, at_risk, first, other, survival, survival_before, incidence_before
) -> tuple[np.ndarray, np.ndarray]:
    n_group = at_risk.shape[1]
    pooled = first.sum(axis=1)
    total = size.sum(axis=1)
    pooled_incidence = np.cumsum(pooled / total)
    left_before = 1.0 - np.concatenate([[0.0], pooled_incidence[:-1]])
    left_after = 1.0 - pooled_incidence
    weight = left_before**rho
    share = size / total[:, None]
    expected = size * (1.0 - incidence_before)
    expected *= (pooled / expected.sum(axis=1))[:, None]
    excess = weight @ (first - expected)
    moved = weight[:, None, None] * (
        size[:, :, None] * np.eye(n_group) - size[:, :, None] * share[:, None, :]
    )
    carried = np.cumsum(moved * (pooled / (total * left_before))[:, None, None], axis=0)
    still = carried[-1] - carried
    ratio = np.divide(
        left_after[:, None], survival, out=np.zeros_like(survival), where=survival > 0.0
    )
    return excess, _covariance(
        moved, still, ratio, pooled, total, at_risk, other, survival, survival_before
    )


def _covariance(
    moved, still, ratio, pooled, total, at_risk, other, survival, survival_before
) -> np.ndarray:
    """Sum over times and groups of squared moves times the variance of the exits."""
    present = at_risk > 0.0
    safe = np.where(present, at_risk, 1.0)
    # Exits by the cause are pooled over groups, so that their tie correction is too.
    own = np.where(survival > 0.0, 1.0 - ratio, 1.0)
    scale = total[:, None] * survival_before - 1.0
    ties = np.where(
        (pooled > 1.0)[:, None] & present,
        1.0 - (pooled[:, None] - 1.0) / np.where(scale == 0.0, 1.0, scale),
        1.0,
    )
    variance = ties * survival_before * pooled[:, None] / (total[:, None] * safe) * present
    by_cause = moved + own[:, None, :] * still
    covariance = np.einsum("tig,tjg,tg->ij", by_cause, by_cause, variance, optimize=True)
    ties = 1.0 - np.where(other > 1.0, (other - 1.0) / np.maximum(safe - 1.0, 1.0), 0.0)
    variance = ties * survival_before**2 * other / safe**2 * (survival > 0.0)
    by_other = ratio[:, None, :] * still
    return covariance + np.einsum("tig,tjg,tg->ij", by_other, by_other, variance, optimize=True)


def _counts(sets: RiskSets, group, code, n_group: int) -> tuple:
    """At risk, exits by the cause, exits by another, by time and group, each (m, k)."""
    m = len(sets)
    cells = np.bincount((sets.exit_row * n_group + group) * 3 + code, minlength=3 * m * n_group)
    cells = cells.reshape(m, n_group, 3).astype(float)
    leaving = cells.sum(axis=2)
    at_risk = leaving[::-1].cumsum(axis=0)[::-1]
    return at_risk, cells[:, :, 1], cells[:, :, 2]
