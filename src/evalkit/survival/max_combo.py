"""The max-combo test: the largest of several log-rank tests with different weights."""

from collections.abc import Sequence

import numpy as np
from scipy import stats
from scipy.stats import qmc

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import Check
from evalkit.survival.intervals import p_value
from evalkit.survival.rank_sums import SINGULAR, RankVcov, compared, excess, name_of, time_weight

COMPONENTS = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))  # Lin et al. (2020)
LOG2_POINTS = 17  # relative error of the p-value below 1e-3, see the Notes


def max_combo_test(
    sample: TimeToEvent,
    *,
    by: str | Sequence[str],
    components: Sequence[tuple[float, float]] = COMPONENTS,
    cause: str | None = None,
    strata: str | Sequence[str] | None = None,
    vcov: RankVcov | None = None,
) -> Check:
    """Test whether two groups exit at the same rate, whenever in time they may differ.

    A log-rank test loses power where curves part late or cross. The largest of tests that stress
    early, late and middle differences keeps it, and its p-value allows for the choice.

    Parameters
    ----------
    sample : TimeToEvent
    by : str or sequence of str
        Columns that make two groups.
    components : sequence of (rho, gamma)
        Weights of Fleming and Harrington, as in `logrank_test`.
    cause, strata, vcov
        As in `logrank_test`.

    Returns
    -------
    Check
        A first row `"largest"` with the largest absolute standardised excess and its two-sided
        p-value; then a row for each component with its own standardised excess of the first group
        (above 0: exits faster) and its own p-value, not adjusted. `df` is missing. Support is the
        smaller group.

    Raises
    ------
    EstimationError
        If there are not exactly two groups, or as in `logrank_test`.
    ParameterError
        If there are no components, or an argument is not allowed.

    Notes
    -----
    The standardised excesses Z are jointly normal with mean 0; the covariance of two of them sums
    the product of their weights times the variance of the exits (or comes from the robust sums).
    It is singular: the weights of (0, 0) are those of (1, 0) plus those of (0, 1). So with R its
    rank, Z = A x for R independent normal numbers x, and P(max |Z| > z) is the mean over
    directions u of the tail of a chi distribution with R degrees of freedom at
    z / max |A u|. The directions are the 2^17 of a Sobol sequence with a fixed scrambling: equal
    input gives equal p-values, with a relative error below 1e-3 also where they are small.

    References
    ----------
    Lee (2007), Stat Med 26:5185-5197. Lin et al. (2020), Stat Biopharm Res 12:187-198.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4], "exited": [True] * 4, "arm": list("aabb")})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited", arm="arm")
    >>> max_combo_test(sample, by="arm").tidy()[["term", "statistic", "p_value"]].round(3)
                            term  statistic  p_value
    0                    largest      1.698    0.157
    1                   log-rank      1.698    0.090
    2  Fleming-Harrington (1, 0)      1.633    0.102
    3  Fleming-Harrington (0, 1)      1.414    0.157
    4  Fleming-Harrington (1, 1)      1.414    0.157
    """
    pairs = [(float(rho), float(gamma)) for rho, gamma in components]
    if not pairs or not np.all(np.isfinite(pairs)):
        raise ParameterError("components: must be pairs of finite rho and gamma, at least one")
    data = compared(sample, by, cause, strata, vcov)
    if len(data.labels) != 2:
        raise EstimationError(
            f"by: {len(data.labels)} groups; max-combo compares two, see pairwise_tests"
        )
    weight = np.column_stack([time_weight(data, rho=rho, gamma=gamma) for rho, gamma in pairs])
    score, correlation = _scores(*excess(data, weight))
    largest = float(np.nanmax(np.abs(score)))
    kind = "normal numbers" if np.isinf(data.df) else f"t numbers, {data.df:g} degrees of freedom"
    return Check(
        rows={
            "term": ["largest", *(name_of("logrank", rho, gamma) for rho, gamma in pairs)],
            "statistic": [largest, *score],
            "p_value": [largest_tail(largest, correlation, data.df), *p_value(score, data.df)],
        },
        summary={
            "test": "max-combo", "n": int(data.n_person.sum()),
            "n_event": int(data.events.sum()), "reference": f"largest of correlated {kind}",
        },
        support={"n": [int(data.n_person.min())] * (len(pairs) + 1)},
        provenance=provenance(
            "max_combo_test", sample.digest, by=by, components=tuple(pairs), cause=cause,
            strata=strata, vcov=vcov,
        ),
    )  # fmt: skip


def _scores(difference: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standardised differences (k,), missing without variance; the correlation of the others."""
    # The second group's excess is minus the first one's.
    difference, covariance = difference[::2], covariance[::2, ::2]
    error = np.sqrt(np.diag(covariance))
    known = error > 0.0
    if not known.any():
        raise EstimationError("by: at no exit were two groups at risk, nothing to compare")
    score = np.full(len(error), np.nan)
    score[known] = difference[known] / error[known]
    return score, covariance[np.ix_(known, known)] / np.outer(error[known], error[known])


def largest_tail(value: float, correlation: np.ndarray, df: float = np.inf) -> float:
    """Probability that one of several numbers exceeds a value in size.

    Parameters
    ----------
    value : float
    correlation : ndarray of float, shape (q, q)
        Of the numbers, possibly singular; they are normal, or with `df` multivariate t.

    Returns
    -------
    float

    Examples
    --------
    >>> round(largest_tail(1.96, np.ones((3, 3))), 3)
    0.05
    """
    values, vectors = np.linalg.eigh(correlation)
    kept = values > SINGULAR * values[-1]
    root = vectors[:, kept] * np.sqrt(values[kept])
    rank = int(kept.sum())
    if rank == 1:
        direction = np.ones((1, 1))
    else:
        points = qmc.Sobol(rank, seed=np.random.default_rng(0)).random_base2(LOG2_POINTS)
        normal = stats.norm.ppf(points)
        direction = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    reach = np.abs(direction @ root.T).max(axis=1)
    radius = np.divide(value, reach, out=np.full(len(reach), np.inf), where=reach > 0.0)
    tails = (
        stats.chi2.sf(radius**2, rank) if np.isinf(df) else stats.f.sf(radius**2 / rank, rank, df)
    )
    return float(tails.mean())
