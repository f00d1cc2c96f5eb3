"""Two schemes compared at system level: whole areas, before and after."""

import math
import warnings
from collections.abc import Sequence
from itertools import combinations
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.errors import EstimationError, ParameterError, SmallSampleWarning
from evalkit.provenance import digest_frame, provenance
from evalkit.results import Contrast

PValue = Literal["auto", "t", "permutation"]
TRENDS = "difference in mean change of areas, under parallel trends"
FEW = 12  # areas below which p-values come from permutation
MOST = 20_000  # ways to choose areas up to which all are gone through
DRAWS = 9_999


def schemes_compared(
    areas: pd.DataFrame,
    *,
    before: Sequence[object],
    after: Sequence[object],
    reference: str,
    area: str = "area",
    period: str = "period",
    scheme: str = "scheme",
    outcome: str = "outcome",
    population: str | None = None,
    unit: str = "percentage points",
    p_value: PValue = "auto",
    conf_level: float = 0.95,
    seed: int = 20261,
) -> Contrast:
    """Compare how much more an outcome of whole areas changed under one scheme than another.

    Everybody in an area counts, not only those who took part, so this is about the system. A
    description unless the areas were allotted by lot.

    Parameters
    ----------
    areas : DataFrame
        One row an area and period, with the outcome of everybody there (a share in percent).
    before, after : sequence
        Periods; an area's outcome is the plain mean over them, and each area counts once.
    reference : str
        The scheme that the other is compared with.
    area, period, scheme, outcome, population : str
        Names of columns. `population` is how many persons an outcome is of; without it nothing is
        known of their number.
    unit : str
        Unit of the outcome's differences.
    p_value : {"auto", "t", "permutation"}
        auto: permutation with fewer than 12 areas, else t.
    conf_level : float
    seed : int
        For permutations, where there are too many to go through.

    Returns
    -------
    Contrast
        Mean change of each scheme (`scale` arm; the reference first), then the other less the
        reference (difference).

    Raises
    ------
    EstimationError
        If schemes are not two, an area changes its scheme or lacks a period, an area and period
        has two rows, or a scheme has fewer than two areas.
    ParameterError
        If a column or the reference is missing, or a period stands in both or in no row.

    Warns
    -----
    SmallSampleWarning
        If there are fewer than six areas.

    Notes
    -----
    With d_a the change of area a, the estimate is the mean of d over the areas of a scheme less
    that of the reference: the regression of area means on scheme, area and period. Its error is
    clustered by area, with the factor G / (G - 2), and t has G - 1 degrees of freedom. The
    permutation p-value is the share of ways to allot the areas to the schemes, in the same
    numbers, that give a difference at least as large.

    References
    ----------
    Bertrand M, Duflo E, Mullainathan S (2004), doi 10.1162/003355304772839588. Conley TG, Taber
    CR (2011), doi 10.1162/REST_a_00049 (few areas).

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "area": np.repeat(list("abcdef"), 2), "period": [0, 1] * 6,
    ...     "scheme": np.repeat(["FRISAM", "SOCSAM"], 6),
    ...     "outcome": [20, 21, 30, 32, 25, 25, 22, 26, 28, 31, 24, 26],
    ... })
    >>> found = schemes_compared(frame, before=[0], after=[1], reference="FRISAM").tidy()
    >>> found[["term", "estimate", "p_value"]].round(3)
                  term  estimate  p_value
    0           FRISAM       1.0      NaN
    1           SOCSAM       3.0      NaN
    2  SOCSAM - FRISAM       2.0      0.2
    """
    if p_value not in get_args(PValue):
        raise ParameterError(f"p_value: {p_value!r} is none of {', '.join(get_args(PValue))}")
    names = {"area": area, "period": period, "scheme": scheme, "outcome": outcome}
    given = _checked(areas, names, population, list(before), list(after))
    schemes = _two(given, reference)
    change = _changes(given, list(before), list(after))
    is_other = (change["scheme"] == schemes[1]).to_numpy()
    counts = int((~is_other).sum()), int(is_other.sum())
    if min(counts) < 2:
        raise EstimationError(
            f"schemes_compared: {counts[0]} and {counts[1]} areas of the schemes; two are needed "
            "of each"
        )
    n_area = len(change)
    if n_area < 6:
        warnings.warn(
            f"schemes_compared: {n_area} areas only; the interval rests on how few areas differ",
            SmallSampleWarning, stacklevel=2,
        )  # fmt: skip
    d = change["change"].to_numpy()
    estimate, error = _difference(d, is_other)
    margin = stats.t.ppf((1 + conf_level) / 2, n_area - 1) * error
    by_lot = p_value == "permutation" or (p_value == "auto" and n_area < FEW)
    p = _permutation(d, is_other, seed) if by_lot else _t_test(estimate[2], error[2], n_area - 1)
    return Contrast(
        rows={
            "term": [*schemes, f"{schemes[1]} - {schemes[0]}"],
            "scale": ["arm", "arm", "difference"],
            "estimate": estimate, "std_error": error, "conf_low": estimate - margin,
            "conf_high": estimate + margin, "p_value": [math.nan, math.nan, p],
            "reason": [""] * 3,
        },
        summary={
            "n": float(change["population"].sum()), "quantity": "mean change of areas",
            "horizon": math.nan, "unit": unit, "conf_level": conf_level, "estimand": TRENDS,
            "label": "description", "n_cluster": n_area, "df": float(n_area - 1),
            "method": "permutation p, t interval" if by_lot else "t",
        },
        support=_support(change, is_other),
        provenance=provenance(
            "schemes_compared", digest_frame(given)[:16], seed=seed, before=tuple(before),
            after=tuple(after), reference=reference, p_value=p_value, conf_level=conf_level,
        ),
    )  # fmt: skip


def _checked(areas, names, population, before: list, after: list) -> pd.DataFrame:
    wanted = [*names.values(), *([population] if population else [])]
    missing = [name for name in wanted if name not in areas]
    if missing:
        raise ParameterError(f"areas: no column {', '.join(missing)}")
    if not before or not after or set(before) & set(after):
        raise ParameterError("before, after: give at least one period each, and none in both")
    given = pd.DataFrame({role: areas[name].to_numpy() for role, name in names.items()})
    given["population"] = areas[population].to_numpy(dtype=float) if population else math.nan
    absent = [value for value in [*before, *after] if value not in set(given["period"])]
    if absent:
        raise ParameterError(f"before, after: {len(absent)} periods stand in no row")
    given = given[given["period"].isin([*before, *after])].reset_index(drop=True)
    if given["outcome"].isna().any():
        raise EstimationError(
            f"outcome: {int(given['outcome'].isna().sum())} of {len(given)} rows are missing; "
            "leave these areas or periods out"
        )
    again = int(given.duplicated(["area", "period"]).sum())
    if again:
        raise EstimationError(f"areas: {again} of {len(given)} rows repeat an area and period")
    changing = int((given.groupby("area")["scheme"].nunique() > 1).sum())
    if changing:
        raise EstimationError(f"scheme: changes within {changing} areas; leave them out")
    n_period = given.groupby("area")["period"].nunique()
    short = int((n_period < len({*before, *after})).sum())
    if short:
        raise EstimationError(
            f"period: {short} of {len(n_period)} areas lack a period; leave them out"
        )
    return given


def _two(given: pd.DataFrame, reference: str) -> tuple[str, str]:
    found = sorted(given["scheme"].unique())
    if len(found) != 2:
        raise EstimationError(f"scheme: {len(found)} schemes, two are compared")
    if reference not in found:
        raise ParameterError(f"reference: no area has the scheme `{reference}`")
    return reference, next(name for name in found if name != reference)


def _changes(given: pd.DataFrame, before: list, after: list) -> pd.DataFrame:
    """One row an area: its change, and the persons and cases behind its smallest outcome."""
    given = given.assign(late=given["period"].isin(after))
    mean = given.groupby(["area", "late"])["outcome"].mean().unstack()
    table = given.groupby("area")[["scheme", "population"]].min()
    return table.assign(change=mean[True] - mean[False]).reset_index()


def _difference(d: np.ndarray, is_other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of both schemes and their difference, with errors clustered by area."""
    n_area = len(d)
    means, parts = [], []
    for chosen in (~is_other, is_other):
        own = d[chosen]
        means.append(own.mean())
        parts.append(((own - own.mean()) ** 2).sum() / len(own) ** 2)
    factor = n_area / (n_area - 2)
    error = np.sqrt(np.array([*parts, sum(parts)]) * factor)
    return np.array([*means, means[1] - means[0]]), error


def _t_test(estimate: float, error: float, df: int) -> float:
    return float(2 * stats.t.sf(abs(estimate) / error, df)) if error > 0 else math.nan


def _permutation(d: np.ndarray, is_other: np.ndarray, seed: int) -> float:
    n_area, n_other = len(d), int(is_other.sum())
    total, scale = d.sum(), 1 / n_other + 1 / (n_area - n_other)

    def apart(sums: np.ndarray) -> np.ndarray:
        return np.abs(sums * scale - total / (n_area - n_other))

    observed = apart(d[is_other].sum()) - 1e-12 * (1 + np.abs(d).max())
    if math.comb(n_area, n_other) <= MOST:
        sums = np.array([d[list(chosen)].sum() for chosen in combinations(range(n_area), n_other)])
        return float((apart(sums) >= observed).mean())
    rng = np.random.default_rng(seed)
    sums = rng.permuted(np.broadcast_to(d, (DRAWS, n_area)), axis=1)[:, :n_other].sum(axis=1)
    return float(((apart(sums) >= observed).sum() + 1) / (DRAWS + 1))


def _support(change: pd.DataFrame, is_other: np.ndarray) -> dict[str, list[float]]:
    """Persons of each scheme; the difference rests on the fewer of them."""
    n = [
        float(change.loc[chosen, "population"].sum(min_count=1)) for chosen in (~is_other, is_other)
    ]
    return {"n": [*n, min(n)]}
