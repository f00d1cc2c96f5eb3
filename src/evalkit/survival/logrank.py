"""The log-rank family of tests."""

from collections.abc import Sequence

from evalkit.cohort.samples import TimeToEvent
from evalkit.provenance import provenance
from evalkit.results import Check
from evalkit.survival.rank_sums import (
    RankVcov,
    TimeWeights,
    compared,
    excess,
    name_of,
    quadratic_form,
    tail,
    time_weight,
)


def logrank_test(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str],
    cause: str | None = None,
    strata: str | Sequence[str] | None = None,
    weights: TimeWeights = "logrank",
    rho: float = 0.0,
    gamma: float = 0.0,
    vcov: RankVcov | None = None,
) -> Check:
    """Test whether groups exit at the same rate.

    With several causes the rate of one cause among those still followed is compared; other causes
    end the follow-up. It is a test of rates, not of incidences (see `gray_test`).

    Parameters
    ----------
    sample : TimeToEvent
        With delayed entry, or several rows of (entry, duration] a person, if need be.
    by : str or sequence of str
        Columns that make the groups.
    cause : str, optional
        A cause, or `"any"`. Required if the sample has several causes.
    strata : str or sequence of str, optional
        Columns within whose levels the groups are compared.
    weights : {"logrank", "gehan", "tarone_ware", "peto_peto"}
        Weight of a time: 1; those at risk n (within the stratum); the square root of n; or the
        curve of Peto and Peto, the product of 1 - d / (n + 1) up to and with the time.
    rho, gamma : float
        With `weights="logrank"`: weights S(t-)^rho (1 - S(t-))^gamma, S the pooled curve of the
        stratum. 0 and 0 give the log-rank test, `rho=1` stresses early differences, `gamma=1` late
        ones.
    vcov : {"model", "robust"}, optional
        By default robust if the sample has weights, else from the model. Robust sums over the
        cluster, else the person, else the row.

    Returns
    -------
    Check
        One row, term `"difference between groups"`, with a chi-squared statistic. Support is the
        smallest group.

    Raises
    ------
    EstimationError
        If there are fewer than two groups, no events, or no time at which two groups are at risk;
        if all weights are 0; if `vcov="model"` is asked of a weighted sample; if `cause` is
        missing.
    ParameterError
        If `cause`, `weights` or `vcov` is not allowed, or `rho` or `gamma` comes with other
        `weights`.

    Notes
    -----
    Observed minus expected events of each group, summed over times and strata. The model's
    variance is hypergeometric; rows are taken as independent, and a cluster in the sample brings
    an `AssumptionWarning`. The robust variance sums the squares of what each unit adds: w (W (1 -
    share) at its own event less W (1 - share) d / n at every time at risk), the score residuals of
    a Cox model at 0 under Breslow's ties. Degrees of freedom are the rank of the variance: the
    groups that can be compared, less one. With clusters the p-value is that of F with clusters
    less one degrees of freedom.

    References
    ----------
    Fleming and Harrington (1991), Counting Processes and Survival Analysis. Tarone and Ware
    (1977), Biometrika 64:156-160. R, survival::survdiff, and the robust score test of
    survival::coxph.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4], "exited": [True] * 4, "arm": list("aabb")})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm")
    >>> logrank_test(sample, by="arm").tidy().round(3)
                            term  statistic  df  p_value
    0  difference between groups      2.882   1     0.09
    """
    data = compared(sample, by, cause, strata, vcov)
    weight = time_weight(data, weights, rho, gamma)
    statistic, rank = quadratic_form(*excess(data, weight[:, None]))
    p_value, reference = tail(statistic, rank, data.df)
    return Check(
        rows={
            "term": ["difference between groups"],
            "statistic": [statistic],
            "df": [rank],
            "p_value": [p_value],
        },
        summary={
            "test": name_of(weights, rho, gamma),
            "n": int(data.n_person.sum()),
            "n_event": int(data.events.sum()),
            "reference": reference,
        },
        support={"n": [int(data.n_person.min())]},
        provenance=provenance(
            "logrank_test", sample.digest, by=by, cause=cause, strata=strata, weights=weights,
            rho=rho, gamma=gamma, vcov=vcov,
        ),
    )  # fmt: skip
