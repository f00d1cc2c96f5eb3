"""What a comparison of whole areas could see of an effect on those who took part."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import digest_json, provenance
from evalkit.results import Contrast, DetectableShare


def minimum_detectable_share(
    comparison: Contrast | None = None,
    *,
    coverage: float | Sequence[float],
    effect: float | Sequence[float],
    std_error: float | None = None,
    df: float | None = None,
    power: float = 0.80,
    conf_level: float = 0.95,
    largest_effect: float = 100.0,
    unit: str = "percentage points",
) -> DetectableShare:
    """Work out whether a comparison of whole areas could see an effect on those who took part.

    If a share c of the population takes part and each gains e, the area gains c e. Where c is
    small, an area hardly moves however much the participants gain.

    Parameters
    ----------
    comparison : Contrast, optional
        From `schemes_compared`, or any difference of area outcomes: its error and its degrees of
        freedom are taken. Else give `std_error` and, if not infinite, `df`.
    coverage : float or sequence of float
        Shares of the population that took part, in (0, 1].
    effect : float or sequence of float
        Effects on a participant, in `unit`, above 0.
    power : float
        Wanted probability to see the effect (a two-sided test at 1 - `conf_level`).
    largest_effect : float
        The largest effect that a participant can have; 100 percentage points for a share.

    Returns
    -------
    DetectableShare
        One row for each pair. `system_effect` is c e; `detectable_system` the smallest system
        effect that is seen with the wanted power, `detectable_effect` what that is for a
        participant, `detectable_coverage` the coverage at which the effect would be seen (above 1:
        at none). `detected`: `yes`, `no`, or `never` where not even the largest effect on every
        participant would be seen at this coverage. `power` is that of the test at c e.

    Raises
    ------
    EstimationError
        If the comparison has no difference with an error above 0.
    ParameterError
        If a coverage, an effect, an error or the power is outside its range.

    Notes
    -----
    The estimate over its error is taken as noncentral t with the degrees of freedom given; the
    detectable effect d solves P(|T(d / se)| > t) = power.

    References
    ----------
    Bloom HS (1995), Evaluation Review 19, 547-556 (minimum detectable effects).

    Examples
    --------
    With 1.8 per cent taking part, and an error of 0.5 points at the level of areas:

    >>> found = minimum_detectable_share(coverage=0.018, effect=20, std_error=0.5).tidy()
    >>> found[["system_effect", "detectable_system", "detectable_effect", "detected"]].round(2)
       system_effect  detectable_system  detectable_effect detected
    0           0.36                1.4              77.82       no
    """
    error, freedom, source, n = _error_of(comparison, std_error, df)
    if not (0 < power < 1 and 0 < conf_level < 1 and largest_effect > 0):
        raise ParameterError("power, conf_level: must lie between 0 and 1; largest_effect above 0")
    share, gain = (np.atleast_1d(np.asarray(given, dtype=float)) for given in (coverage, effect))
    if not ((share > 0) & (share <= 1)).all() or not (np.isfinite(gain) & (gain > 0)).all():
        raise ParameterError("coverage: must lie in (0, 1]; effect: must be above 0")
    c, e = (grid.ravel() for grid in np.meshgrid(share, gain, indexing="ij"))
    smallest = error * _noncentrality(power, freedom, conf_level)
    system = c * e
    reached = np.array([_power(value / error, freedom, conf_level) for value in system])
    detected = np.where(system >= smallest, "yes",
                        np.where(c * largest_effect < smallest, "never", "no"))  # fmt: skip
    return DetectableShare(
        rows={
            "coverage": c, "effect": e, "system_effect": system,
            "detectable_system": np.full(len(c), smallest), "detectable_effect": smallest / c,
            "detectable_coverage": smallest / e, "detected": detected.astype(object),
            "power": reached, "unit": [unit] * len(c),
        },
        summary={
            "std_error": error, "df": freedom,
            "n_cluster": comparison.summary["n_cluster"] if comparison is not None else math.nan,
            "conf_level": conf_level, "power": power, "label": "assumed",
        },
        support={"n": np.full(len(c), n)},
        provenance=provenance(
            "minimum_detectable_share", source, coverage=tuple(share), effect=tuple(gain),
            std_error=std_error, df=df, power=power, conf_level=conf_level,
            largest_effect=largest_effect,
        ),
    )  # fmt: skip


def _error_of(comparison, std_error, df) -> tuple[float, float, str, float]:
    if comparison is None:
        if std_error is None or not (np.isfinite(std_error) and std_error > 0):
            raise ParameterError("std_error: give a number above 0, or a comparison")
        if df is not None and not df > 0:
            raise ParameterError("df: must be above 0")
        source = digest_json([std_error, df])[:16]
        return float(std_error), math.inf if df is None else float(df), source, math.nan
    rows = comparison.tidy()
    found = rows.loc[rows["scale"] == "difference", "std_error"].to_numpy(dtype=float)
    if len(found) != 1 or not found[0] > 0:
        raise EstimationError("comparison: no difference with an error above 0")
    freedom = float(comparison.summary["df"])
    n = float(np.min(comparison.support["n"]))
    return (float(found[0]), freedom if np.isfinite(freedom) else math.inf,
            comparison.provenance.sample, n)  # fmt: skip


def _power(noncentrality: float, df: float, conf_level: float) -> float:
    """Probability that a two-sided test sees an effect of so many errors."""
    if math.isinf(df):
        limit = stats.norm.ppf((1 + conf_level) / 2)
        return float(stats.norm.sf(limit - noncentrality) + stats.norm.cdf(-limit - noncentrality))
    limit = stats.t.ppf((1 + conf_level) / 2, df)
    above = stats.nct.sf(limit, df, noncentrality)
    below = stats.nct.cdf(-limit, df, noncentrality)
    return float(above + (below if np.isfinite(below) else 0.0))


def _noncentrality(power: float, df: float, conf_level: float) -> float:
    """Errors that an effect must have to be seen with the wanted power."""
    if power <= 1 - conf_level:
        raise ParameterError("power: must be above 1 - conf_level")
    high = 1.0
    while _power(high, df, conf_level) < power:
        high *= 2
    return brentq(lambda size: _power(size, df, conf_level) - power, 0.0, high, xtol=1e-12)
