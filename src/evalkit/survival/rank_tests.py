"""Tests of a trend over ordered groups, and of every pair of groups."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal, get_args

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import Check
from evalkit.survival.rank_sums import (
    Compared,
    RankVcov,
    TimeWeights,
    compared,
    excess,
    name_of,
    quadratic_form,
    tabulated,
    tail,
    time_weight,
)
from evalkit.survival.risksets import select_cause

Adjustment = Literal["holm", "bonferroni", "none"]


def trend_test(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str],
    scores: Mapping[str, float] | None = None,
    cause: str | None = None,
    strata: str | Sequence[str] | None = None,
    weights: TimeWeights = "logrank",
    rho: float = 0.0,
    gamma: float = 0.0,
    vcov: RankVcov | None = None,
) -> Check:
    """Test whether the rate of exit rises or falls over ordered groups.

    Parameters
    ----------
    sample : TimeToEvent
    by : str or sequence of str
        Columns that make the groups; a categorical column gives them their order.
    scores : mapping of str to float, optional
        A number for each group, by its label; by default 1, 2, ... in the order of the groups.
    cause, strata, weights, rho, gamma, vcov
        As in `logrank_test`.

    Returns
    -------
    Check
        One row, term `"trend over groups"`, with a chi-squared statistic on one degree of freedom.
        Support is the smallest group.

    Raises
    ------
    EstimationError
        As in `logrank_test`.
    ParameterError
        If `scores` does not name exactly the groups, holds no two different numbers, or another
        argument is not allowed.

    Notes
    -----
    With scores c, excesses U and their covariance V as in `logrank_test`, the statistic is
    (c'U)^2 / c'Vc. It is the score test of a Cox model with the score as covariate; with two groups
    it is the log-rank test.

    References
    ----------
    Tarone (1975), Biometrika 62:679-690. R: `obs`, `exp` and `var` of survival::survdiff.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"months": [1, 2, 3, 4, 5, 6], "exited": [True] * 6, "age": list("aabbcc")}
    ... )
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> trend_test(sample, by="age").tidy().round(3)
                    term  statistic  df  p_value
    0  trend over groups      6.672   1     0.01
    """
    data = compared(sample, by, cause, strata, vcov)
    number = _scores(data, scores)
    weight = time_weight(data, weights, rho, gamma)
    difference, covariance = excess(data, weight[:, None])
    variance = number @ covariance @ number
    statistic, rank = quadratic_form(np.array([number @ difference]), np.array([[variance]]))
    p_value, reference = tail(statistic, rank, data.df)
    return Check(
        rows={
            "term": ["trend over groups"],
            "statistic": [statistic],
            "df": [rank],
            "p_value": [p_value],
        },
        summary={
            "test": f"{name_of(weights, rho, gamma)}, trend",
            "n": int(data.n_person.sum()),
            "n_event": int(data.events.sum()),
            "reference": reference,
        },
        support={"n": [int(data.n_person.min())]},
        provenance=provenance(
            "trend_test", sample.digest, by=by, scores=scores, cause=cause, strata=strata,
            weights=weights, rho=rho, gamma=gamma, vcov=vcov,
        ),
    )  # fmt: skip


def pairwise_tests(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str],
    adjust: Adjustment = "holm",
    cause: str | None = None,
    strata: str | Sequence[str] | None = None,
    weights: TimeWeights = "logrank",
    rho: float = 0.0,
    gamma: float = 0.0,
    vcov: RankVcov | None = None,
) -> Check:
    """Test every two groups against each other, with p-values adjusted for their number.

    Parameters
    ----------
    sample : TimeToEvent
    by : str or sequence of str
        Columns that make the groups.
    adjust : {"holm", "bonferroni", "none"}
        Holm's step-down adjustment, p times the number of pairs, or none.
    cause, strata, weights, rho, gamma, vcov
        As in `logrank_test`.

    Returns
    -------
    Check
        A row for each pair, term `"first - second"`. `p_value` is the adjusted one; a pair that
        cannot be compared (no events, never at risk together) is missing and not counted. Support
        is the smaller group of the pair.

    Raises
    ------
    EstimationError
        As in `logrank_test`, for all groups or if no pair can be compared.
    ParameterError
        If an argument is not allowed.

    Notes
    -----
    Each pair is tested on its own two groups, the others left out, so that their curves do not
    enter the expected exits or the weights.

    References
    ----------
    Holm (1979), Scand J Stat 6:65-70. R, survival::survdiff on two groups, and p.adjust.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"months": [1, 2, 3, 4, 5, 6], "exited": [True] * 6, "place": list("aabbcc")}
    ... )
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> pairwise_tests(sample, by="place").tidy().round(3)
        term  statistic  df  p_value
    0  a - b      2.882   1    0.269
    1  a - c      2.882   1    0.269
    2  b - c      2.882   1    0.269
    """
    if adjust not in get_args(Adjustment):
        allowed = ", ".join(get_args(Adjustment))
        raise ParameterError(f"adjust {adjust!r}: must be one of {allowed}")
    data = compared(sample, by, cause, strata, vcov)
    time_weight(data, weights, rho, gamma)
    names, found = _by_pair(sample, data, by, cause, strata, (weights, rho, gamma))
    statistic, rank, p_value, reference = (list(column) for column in zip(*found, strict=True))
    if np.all(np.isnan(statistic)):
        raise EstimationError(f"by: none of {len(names)} pairs can be compared; {reference[0]}")
    size = dict(zip(data.labels, data.n_person, strict=True))
    return Check(
        rows={
            "term": [f"{one} - {two}" for one, two in names],
            "statistic": statistic,
            "df": rank,
            "p_value": adjusted(np.array(p_value), adjust),
        },
        summary={
            "test": f"{name_of(weights, rho, gamma)}, pairs",
            "n": int(data.n_person.sum()),
            "n_event": int(data.events.sum()),
            "reference": f"{reference[int(np.nanargmax(statistic))]}, {adjust}",
        },
        support={"n": [int(min(size[one], size[two])) for one, two in names]},
        provenance=provenance(
            "pairwise_tests", sample.digest, by=by, adjust=adjust, cause=cause, strata=strata,
            weights=weights, rho=rho, gamma=gamma, vcov=vcov,
        ),
    )  # fmt: skip


def _by_pair(sample: TimeToEvent, data, by, cause, strata, weighting: tuple):
    """Names of every two groups; statistic, rank, p-value and reference of each, or why not."""
    events, (group, labels) = select_cause(sample, cause)[0], sample.groups(by)
    stratum = None if strata is None else sample.groups(strata)[0]
    pairs = list(combinations([labels.index(label) for label in data.labels], 2))
    found = []
    for pair in pairs:
        members = np.isin(group, pair)
        try:
            two = tabulated(sample, events, group, labels, stratum, members, data.unit is not None)
            weight = time_weight(two, *weighting)
            statistic, rank = quadratic_form(*excess(two, weight[:, None]))
            found.append((statistic, rank, *tail(statistic, rank, two.df)))
        except EstimationError as error:
            found.append((np.nan, np.nan, np.nan, str(error)))
    return [(labels[one], labels[two]) for one, two in pairs], found


def adjusted(p_value: np.ndarray, adjust: Adjustment) -> np.ndarray:
    """p-values (n,) adjusted for their number; missing ones stay missing and are not counted.

    Examples
    --------
    >>> adjusted(np.array([0.01, 0.04, 0.03]), "holm").round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    out = np.array(p_value, dtype=float)
    known = np.flatnonzero(~np.isnan(out))
    n = len(known)
    if adjust == "bonferroni":
        out[known] = np.minimum(out[known] * n, 1.0)
    elif adjust == "holm":
        order = known[np.argsort(out[known], kind="stable")]
        out[order] = np.minimum(np.maximum.accumulate(out[order] * (n - np.arange(n))), 1.0)
    return out


def _scores(data: Compared, scores: Mapping[str, float] | None) -> np.ndarray:
    if scores is None:
        return np.arange(1.0, len(data.labels) + 1.0)
    if set(scores) != set(data.labels):
        raise ParameterError(f"scores: must name the groups {', '.join(data.labels)}, each once")
    number = np.array([scores[label] for label in data.labels], dtype=float)
    if not np.all(np.isfinite(number)) or np.ptp(number) == 0.0:
        raise ParameterError("scores: must be finite, and not all the same")
    return number
