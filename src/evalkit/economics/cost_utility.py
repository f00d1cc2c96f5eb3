"""Cost-utility: what a programme costs more, what health it gains, and at which price."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.economics.cost_effect_draws import Differences, resampled
from evalkit.economics.costs_and_effects import CostsAndEffects
from evalkit.economics.largest import LARGEST, shares_of_two, two_largest
from evalkit.economics.qaly import ADJUSTMENTS, ARMS, DIFFERENCE, TOO_FEW
from evalkit.economics.qaly import UNIT as QALYS
from evalkit.economics.two_outcomes import MIN_CLUSTERS, Joint, design_of, fit, usable_cluster
from evalkit.errors import EstimationError
from evalkit.provenance import provenance
from evalkit.results import CostUtility

COST, EFFECT = (1.0, 0.0), (0.0, 1.0)
NUMBERS = ("estimate", "std_error", "conf_low", "conf_high")
UNBOUNDED = "interval without end: the effect may be none"
# Signs of the differences in effect and cost: what may be said, and whether a ratio means anything.
QUADRANTS = {
    (1, 1): "more_effect_more_cost",
    (1, -1): "more_effect_less_cost",
    (-1, 1): "less_effect_more_cost",
    (-1, -1): "less_effect_less_cost",
}
NO_DIFFERENCE = "no_difference"
WITH_RATIO = ("more_effect_more_cost", "less_effect_less_cost")


def cost_utility(
    sample: CostsAndEffects,
    *,
    covariates: Sequence[str] = (),
    by: str | Sequence[str] | None = None,
    n_bootstrap: int = 1999,
    seed: int = 20261,
    conf_level: float = 0.95,
) -> CostUtility:
    """Compare costs and effects of the two arms, and give their ratio where there is one.

    Parameters
    ----------
    sample : CostsAndEffects
    covariates : sequence of str
        Columns to adjust both for, besides the utility at the start where the sample has it.
    by : str or list of str, optional
        Columns that make strata, each analysed by itself.
    n_bootstrap : int
        Draws of persons (of clusters where there are six or more) for `boot_low` and `boot_high`;
        0 for none. Imputed sets take turns.
    seed : int
    conf_level : float

    Returns
    -------
    CostUtility
        For each stratum, unadjusted and adjusted: mean cost and effect of each arm, and the
        differences programme - comparison; then `icer`, cost of a QALY more, from the adjusted
        differences. It is given only where both go up or both go down; elsewhere one arm is
        better in both and `reason` names the quadrant. Its limits are Fieller's, and missing where
        the effect may be none.

    Raises
    ------
    EstimationError
        If an arm has fewer than two persons, or a covariate is missing for some.
    ParameterError
        If a covariate is no column.

    Notes
    -----
    Both are regressed on the same columns, so that least squares are the estimates of seemingly
    unrelated regressions; errors are HC2 and t(n - k), or by cluster and t(G - 1). Fieller: the
    ratios R with (dC - R dE)^2 <= t^2 var(dC - R dE), as limits only if they are an interval; with
    imputed answers t has the degrees of freedom of dC - R dE at the ratio found.

    References
    ----------
    Willan AR, Briggs AH, Hoch JS (2004), doi 10.1002/hec.843. Briggs AH, Wonderling DE, Mooney CZ
    (1997), doi 10.1002/(SICI)1099-1050(199707)6:4<327::AID-HEC282>3.0.CO;2-W.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "id": range(6), "arm": ["programme"] * 3 + ["comparison"] * 3,
    ...     "cost": [90.0, 110.0, 100.0, 50.0, 70.0, 60.0],
    ...     "qaly": [1.5, 1.6, 1.4, 1.2, 1.3, 1.4],
    ... })
    >>> sample = CostsAndEffects.from_frame(
    ...     frame, person="id", arm="arm", cost="cost", effect="qaly", currency="SEK"
    ... )
    >>> table = cost_utility(sample).tidy()
    >>> table[table["measure"] == "icer"][["estimate", "unit"]].round()
        estimate          unit
    12     200.0  SEK per QALY
    """
    code, labels = sample.groups(by)
    parts, quadrants, correlations, df = [], [], [], np.nan
    for number, label in enumerate(labels):
        part = sample if by is None else sample.part(code == number)
        try:
            fits = [adjusted_terms(part, covariates if yes else None) for yes in (False, True)]
            draws = [
                draws_of(part, covariates if yes else None, n_bootstrap, seed)
                for yes in (False, True)
            ]
        except EstimationError:
            if by is None:
                raise
            fits, draws = [None, None], [None, None]
        rows, quadrant = _stratum(part, fits, draws, conf_level)
        parts.append(rows.assign(stratum=label, **largest_costs(part)))
        quadrants.append(quadrant)
        correlations.append(np.nan if fits[1] is None else _correlation(fits[1]["difference"]))
        df = np.nan if fits[1] is None else fits[1]["difference"].df
    rows = pd.concat(parts, ignore_index=True)
    only = len(labels) == 1
    return CostUtility(
        rows=rows[list(CostUtility.TIDY)],
        summary=facts_of(sample, covariates, conf_level, n_bootstrap)
        | {
            "n_left_out": sample.n_left_out,
            "quadrant": quadrants[0] if only else "",
            "correlation": correlations[0] if only else np.nan,
            "df": df if only else np.nan,
        },
        support={"n": rows["_n"], "k": rows["_k"], **rows[list(LARGEST)]},
        provenance=provenance(
            "cost_utility", sample.digest, seed=seed, covariates=tuple(covariates), by=by,
            n_bootstrap=n_bootstrap, conf_level=conf_level,
        ),
    )  # fmt: skip


def adjusted_terms(sample: CostsAndEffects, covariates: Sequence[str] | None) -> dict[str, Joint]:
    """Means of the arms and difference of cost and effect; None for no adjustment at all."""
    return fit(
        _design(sample, covariates),
        np.stack([np.broadcast_to(sample.cost, sample.effect.shape), sample.effect], axis=-1),
        cluster=usable_cluster(sample.cluster),
    )


def draws_of(
    sample: CostsAndEffects, covariates: Sequence[str] | None, n_bootstrap: int, seed: int
) -> Differences:
    """Resampled differences with the same adjustment."""
    x = _design(sample, covariates)
    cluster = sample.cluster
    if cluster is not None:
        found, cluster = np.unique(cluster, return_inverse=True)
        cluster = cluster if len(found) >= MIN_CLUSTERS else None
    return resampled(sample, x, cluster, n_bootstrap=n_bootstrap, seed=seed)


def smaller_arm(sample: CostsAndEffects) -> tuple[int, int]:
    """Persons of the smaller arm, and those with any cost of the arm that has fewer of them."""
    arms = [sample.in_programme, ~sample.in_programme]
    return (
        int(min(arm.sum() for arm in arms)),
        int(min((sample.cost[arm] != 0).sum() for arm in arms)),
    )


def largest_costs(sample: CostsAndEffects) -> dict[str, float]:
    """Costs of the two persons with most, and of all, of the arm in which the two have more."""
    arms = (sample.cost[sample.in_programme], sample.cost[~sample.in_programme])
    found = max((two_largest(costs) for costs in arms), key=lambda size: shares_of_two(*size))
    return dict(zip(LARGEST, found.tolist(), strict=True))


def fieller(joint: Joint, conf_level: float) -> tuple[float, float]:
    """Limits of the ratio of the first outcome to the second; NaN where they are no interval."""
    (cost, effect), covariance = joint.estimate, joint.covariance
    df = joint.along((1.0, -cost / effect))[2] if effect else joint.df
    reach = stats.t.ppf((1 + conf_level) / 2, df) ** 2
    square = effect**2 - reach * covariance[1, 1]
    mixed = effect * cost - reach * covariance[0, 1]
    free = cost**2 - reach * covariance[0, 0]
    under = mixed**2 - square * free
    if square <= 0 or under < 0:
        return np.nan, np.nan
    return (mixed - np.sqrt(under)) / square, (mixed + np.sqrt(under)) / square


def quadrant_of(cost: float, effect: float) -> str:
    """Name of the quadrant of the plane that the differences lie in."""
    return QUADRANTS.get((int(np.sign(effect)), int(np.sign(cost))), NO_DIFFERENCE)


def _design(sample: CostsAndEffects, covariates: Sequence[str] | None) -> np.ndarray:
    is_plain = covariates is None
    return design_of(
        sample.in_programme, sample.covariates, None if is_plain else sample.baseline,
        () if is_plain else covariates,
    )  # fmt: skip


def _stratum(
    sample: CostsAndEffects, fits: list, draws: list, conf_level: float
) -> tuple[pd.DataFrame, str]:
    parts = [
        _differences(sample, terms, drawn, name, conf_level)
        for name, terms, drawn in zip(ADJUSTMENTS, fits, draws, strict=True)
    ]
    ratio, quadrant = _ratio(sample, fits[1], conf_level)
    return pd.concat([*parts, ratio], ignore_index=True), quadrant


def _differences(
    sample: CostsAndEffects, terms: dict[str, Joint] | None, drawn: Differences | None, name: str,
    conf_level: float,
) -> pd.DataFrame:  # fmt: skip
    """Six rows: each measure by arm and their difference."""
    arms = [sample.in_programme, ~sample.in_programme]
    n = [int(arm.sum()) for arm in arms]
    spent = [int((sample.cost[arm] != 0).sum()) for arm in arms]
    rows = []
    for measure, weight, unit, behind in (
        ("cost", COST, f"{sample.currency} per person", spent),
        ("effect", EFFECT, QALYS, [np.nan, np.nan]),
    ):
        limits = percentiles(getattr(drawn, measure, None), conf_level)
        for term, scale, key, count, least, k in zip(
            (*ARMS, DIFFERENCE), ("arm", "arm", "difference"), (*ARMS, "difference"),
            (*n, sum(n)), (*n, min(n)), (*behind, min(behind)), strict=True,
        ):  # fmt: skip
            numbers = (
                dict.fromkeys(NUMBERS, np.nan)
                if terms is None
                else dict(zip(NUMBERS, terms[key].interval(weight, conf_level), strict=True))
            )
            boot = limits if scale == "difference" else (np.nan, np.nan)
            rows.append({
                "adjustment": name, "measure": measure, "term": term, "scale": scale, **numbers,
                "boot_low": boot[0], "boot_high": boot[1], "n": count, "unit": unit,
                "reason": "" if terms is not None else TOO_FEW, "_n": least, "_k": k,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _ratio(
    sample: CostsAndEffects, terms: dict[str, Joint] | None, conf_level: float
) -> tuple[pd.DataFrame, str]:
    """The row of the ratio, and the quadrant."""
    n, k = smaller_arm(sample) if len(sample) else (0, 0)
    value, limits, quadrant, reason = np.nan, (np.nan, np.nan), "", TOO_FEW
    if terms is not None:
        joint = terms["difference"]
        cost, effect = joint.estimate
        quadrant = reason = quadrant_of(cost, effect)
        if quadrant in WITH_RATIO:
            value, limits = cost / effect, fieller(joint, conf_level)
            reason = "" if np.isfinite(limits[0]) else UNBOUNDED
    row = {
        "adjustment": "adjusted", "measure": "icer", "term": DIFFERENCE, "scale": "ratio",
        "estimate": value, "std_error": np.nan, "conf_low": limits[0], "conf_high": limits[1],
        "boot_low": np.nan, "boot_high": np.nan, "n": len(sample),
        "unit": f"{sample.currency} per QALY", "reason": reason, "_n": n, "_k": k,
    }  # fmt: skip
    return pd.DataFrame([row]), quadrant


def _correlation(joint: Joint) -> float:
    covariance = joint.covariance
    scale = np.sqrt(covariance[0, 0] * covariance[1, 1])
    return float(covariance[0, 1] / scale) if scale > 0 else np.nan


def percentiles(drawn: np.ndarray | None, conf_level: float) -> tuple[float, float]:
    """Limits of draws; missing where there are none."""
    if drawn is None or not len(drawn):
        return np.nan, np.nan
    tail = (1 - conf_level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def facts_of(
    sample: CostsAndEffects, covariates: Sequence[str], conf_level: float, n_bootstrap: int
) -> dict[str, object]:
    """What a glance says of the sample and of how it was analysed."""
    named = [] if sample.baseline is None else ["baseline"]
    return {
        "n": len(sample),
        "perspective": sample.perspective,
        "horizon_months": sample.horizon_months,
        "discount_rate": sample.discount_rate,
        "missing": sample.missing,
        "m": len(sample.effect),
        "currency": sample.currency,
        "price_year": sample.price_year,
        "conf_level": conf_level,
        "n_bootstrap": n_bootstrap,
        "covariates": ", ".join([*named, *covariates]),
        "n_cluster": np.nan if sample.cluster is None else len(np.unique(sample.cluster)),
        "method": "least squares, same columns for cost and effect",
        "label": "description",
    }
