"""The log-rank family of tests."""

import warnings
from collections.abc import Sequence

import numpy as np
from scipy import stats

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import AssumptionWarning, EstimationError
from evalkit.provenance import provenance
from evalkit.results import Check
from evalkit.survival.curves import steps
from evalkit.survival.risksets import RiskSets, require_rows, risk_sets, select_cause, sum_at_risk


def logrank_test(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str],
    cause: str | None = None,
    strata: str | Sequence[str] | None = None,
    rho: float = 0.0,
    gamma: float = 0.0,
) -> Check:
    """Test whether groups exit at the same rate.

    With several causes the rate of one cause among those still followed is compared; other causes
    end the follow-up. It is a test of rates, not of incidences.

    Parameters
    ----------
    sample : TimeToEvent
    by : str or sequence of str
        Columns that make the groups.
    cause : str, optional
        A cause, or `"any"`. Required if the sample has several causes.
    strata : str or sequence of str, optional
        Columns within whose levels the groups are compared.
    rho, gamma : float
        Weights S(t-)^rho (1 - S(t-))^gamma, S the pooled curve of the stratum: 0 and 0 give the
        log-rank test, `rho=1` stresses early differences, `gamma=1` late ones.

    Returns
    -------
    Check
        One row, term `"difference between groups"`, with a chi-squared statistic. Support is the
        smallest group.

    Raises
    ------
    EstimationError
        If there are fewer than two groups, no events, or no time at which two groups are at risk;
        if the sample has weights (use `cox` with robust errors); if `cause` is missing.
    ParameterError
        If `cause` is not allowed.

    Notes
    -----
    Observed minus expected events of each group with the hypergeometric variance, summed over
    times and strata; degrees of freedom are the groups with expected events less one. Rows are
    taken as independent; a cluster in the sample brings an `AssumptionWarning`.

    References
    ----------
    Fleming and Harrington (1991), Counting Processes and Survival Analysis. R, survival::survdiff.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4], "exited": [True] * 4, "arm": list("aabb")})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm")
    >>> logrank_test(sample, by="arm").tidy().round(3)
                            term  statistic  df  p_value
    0  difference between groups      2.882   1     0.09
    """
    require_rows(sample)
    events, _ = select_cause(sample, cause)
    if sample.is_weighted:
        raise EstimationError(
            "weight: the log-rank test has no valid error with weights; use cox with robust errors"
        )
    if sample.cluster is not None:
        warnings.warn(
            "cluster: the log-rank test takes rows as independent; use cox with robust errors",
            AssumptionWarning,
            stacklevel=2,
        )
    group, labels = sample.groups(by)
    if len(labels) < 2:
        raise EstimationError(f"by: {len(labels)} group, nothing to compare")
    if not events.any():
        raise EstimationError(f"no events among {len(sample)} rows, nothing to compare")
    sets = risk_sets(sample.entry, sample.duration, events, stratum=sample.groups(strata)[0])
    excess, variance, expected = _excess(sets, group, events, len(labels), rho, gamma)
    df = int((expected > 0.0).sum()) - 1
    used = np.flatnonzero(expected > 0.0)[:-1]
    if df < 1 or not variance[used, used].all():
        raise EstimationError("by: at no exit were two groups at risk, nothing to compare")
    statistic = float(excess[used] @ np.linalg.solve(variance[np.ix_(used, used)], excess[used]))
    return Check(
        rows={
            "term": ["difference between groups"],
            "statistic": [statistic],
            "df": [df],
            "p_value": [float(stats.chi2.sf(statistic, df))],
        },
        summary={
            "test": "log-rank" if rho == gamma == 0 else f"Fleming-Harrington ({rho:g}, {gamma:g})",
            "n": len(sample),
            "n_event": int(events.sum()),
            "reference": "chi-squared",
        },
        support={"n": [int(np.bincount(group).min())], "k": [np.nan], "complement": [np.nan]},
        provenance=provenance(
            "logrank_test", sample.digest, by=by, cause=cause, strata=strata, rho=rho, gamma=gamma
        ),
    )


def _excess(
    sets: RiskSets, group: np.ndarray, events: np.ndarray, n_group: int, rho: float, gamma: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted observed less expected events, its covariance, and expected events by group."""
    n, d = sets.at_risk, sets.events[:, 0]
    survival = steps(sets).survival_before
    weight = survival**rho * (1.0 - survival) ** gamma
    members = (group[:, None] == np.arange(n_group)).astype(float)
    share = sum_at_risk(sets, members) / n[:, None]
    cells = sets.exit_row * n_group + group
    observed = np.bincount(cells, events, minlength=len(sets) * n_group).reshape(-1, n_group)
    expected = d[:, None] * share
    spread = weight**2 * d * np.divide(n - d, n - 1.0, out=np.zeros(len(n)), where=n > 1.0)
    variance = np.diag(spread @ share) - (share * spread[:, None]).T @ share
    return weight @ (observed - expected), variance, expected.sum(axis=0)
