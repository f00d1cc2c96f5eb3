"""Need from records of a whole population, and need of many areas under assumed shares."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from evalkit.cohort.samples import AreaCount, TargetGroup, rows_by_group
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up.need import need_and_coverage
from evalkit.provenance import digest_frame, provenance
from evalkit.results import NeedByArea, NeedSteps

STEPS = ("population", "on_support", "long_support", "several_actors", "strict")


def need_steps(
    group: TargetGroup,
    *,
    by: str | Sequence[str] | None = None,
    wanting: float | tuple[float, float] | None = None,
) -> NeedSteps:
    """Count from everybody to the target group, and on to unmet need. A description.

    Parameters
    ----------
    group : TargetGroup
    by : str or list of str, optional
        Columns that make strata, such as municipality.
    wanting : float or (float, float), optional
        Share, or range of shares, of those in unmet need who want help.

    Returns
    -------
    NeedSteps
        For each stratum: `population` (`in_records` where the records are not of the whole
        population), of these `on_support`, of these `long_support`, of these `several_actors`, of
        these `strict` (no pension for good), and beside them `broad`. From records of the whole
        population with known participants also `covered` (of the strict group), `unmet`, and with
        `wanting` `expressed_unmet`. `n_low` and `n_high` differ only there, and shares are of the
        first step. The glance says in `basis` whose records they are.

    Raises
    ------
    EstimationError
        If nobody in the records is of the ages.
    ParameterError
        If `wanting` is no share or range of shares.

    Notes
    -----
    From records of participants nothing follows about need: `covered`, `unmet` and shares of need
    are then left out, whatever is known of the persons. The support of `covered` has as complement
    those covered who are not of the strict group.

    Examples
    --------
    >>> frame = pd.DataFrame({name: [True, True, False] for name in (
    ...     "on_support", "long_support", "several_actors", "broad", "strict")})
    >>> frame = frame.assign(in_population=True, pensioner=False, covered=[True, False, False])
    >>> group = TargetGroup(frame, "2024-12", True, True, "0" * 16)
    >>> need_steps(group).tidy().set_index("step")["n_low"].astype(int).to_dict()
    {'population': 3, 'on_support': 2, 'long_support': 2, 'several_actors': 2, 'strict': 2, \
'covered': 1, 'unmet': 1, 'broad': 2}
    """
    low, high = _wanting(wanting)
    frame = group.covariates
    inside = frame["in_population"].to_numpy(dtype=bool)
    if not inside.any():
        raise EstimationError("need_steps: nobody in the records is of the ages and in the country")
    code, labels = group.groups(by)
    nested = _nested(frame, inside)
    tells_need = group.of_population and group.knows_covered
    rows, outside = [], []
    in_broad = frame["broad"].to_numpy(dtype=bool)
    was_covered = frame["covered"].to_numpy(dtype=bool) if tells_need else None
    for label, here in zip(labels, rows_by_group(code, len(labels)), strict=True):
        count = {name: int(flag[here].sum()) for name, flag in nested.items()}
        first = "population" if group.of_population else "in_records"
        steps = [(first if name == STEPS[0] else name, n, n) for name, n in count.items()]
        if tells_need:
            covered = int((nested["strict"][here] & was_covered[here]).sum())
            unmet = count["strict"] - covered
            outside.append(int((inside[here] & was_covered[here]).sum()) - covered)
            steps += [("covered", covered, covered), ("unmet", unmet, unmet)]
            if low is not None:
                steps.append(("expressed_unmet", low * unmet, high * unmet))
        broad = int(in_broad[here].sum())
        steps.append(("broad", broad, broad))
        rows += [(label, *step, count[STEPS[0]]) for step in steps]
    stratum, step, n_low, n_high, total = zip(*rows, strict=True)
    n_low, n_high, total = (np.array(values, dtype=float) for values in (n_low, n_high, total))
    whole = np.where(total > 0, total, np.nan)
    population = int(inside.sum())
    complement = total - n_low
    complement[[name == "covered" for name in step]] = outside
    return NeedSteps(
        rows={
            "stratum": stratum, "step": step, "n_low": n_low, "n_high": n_high,
            "share_low": n_low / whole, "share_high": n_high / whole,
        },
        summary={
            "n": population,
            "population": population if group.of_population else np.nan,
            "n_covered": int((inside & was_covered).sum()) if tells_need else np.nan,
            "period": group.month,
            "basis": "population" if group.of_population else "records",
            "label": "description",
        },
        support={"n": total, "k": n_low, "complement": complement},
        provenance=provenance(
            "need_steps", group.digest, by=by, wanting=wanting, of_population=group.of_population
        ),
    )  # fmt: skip


def register_need(group: TargetGroup) -> float:
    """Share of the population in the strict target group, for `need_and_coverage`.

    Raises
    ------
    EstimationError
        If the records are not of the whole population, or nobody or everybody is in the group.

    Examples
    --------
    >>> frame = pd.DataFrame({"in_population": [True] * 20, "strict": [True] + [False] * 19})
    >>> register_need(TargetGroup(frame, "2024-12", True, False, "0" * 16))
    0.05
    """
    if not group.of_population:
        raise EstimationError(
            "register_need: the spells are of the people in the records, not of the population; "
            "need cannot be derived from participants. Use assumed shares, or give the records of "
            "everybody (target_group with of_population=True)"
        )
    inside = group.covariates["in_population"].to_numpy(dtype=bool)
    strict = int((group.covariates["strict"].to_numpy(dtype=bool) & inside).sum())
    if not 0 < strict < inside.sum():
        raise EstimationError("register_need: nobody, or everybody, is in the target group")
    return strict / int(inside.sum())


def need_by_area(
    areas: pd.DataFrame,
    *,
    by: str = "municipality",
    shares: Sequence[float] = (0.035, 0.05, 0.07),
    wanting: float | tuple[float, float] = 0.5,
    source: str = "",
    label: Literal["assumed", "register"] = "assumed",
) -> NeedByArea:
    """Give ranges of need, coverage and unmet need of each area.

    Parameters
    ----------
    areas : DataFrame
        One row a municipality: the column `by`, `population` (of working age), `covered` (who took
        part in the same twelve months) and `period`.
    by : str
        Column of areas; municipalities with the same value are summed up.
    shares, wanting, source, label
        As in `need_and_coverage`.

    Returns
    -------
    NeedByArea
        For each area and share in need: `need`, `coverage`, `unmet`, `expressed_unmet` as in
        `need_and_coverage`, and `covered_per_need`, those covered over those in need, which is what
        coverage is at most, and above 1 where more took part than need it.

    Raises
    ------
    EstimationError
        If no area has a known population.
    ParameterError
        If a column or who is covered is missing, periods differ, more are covered than live there,
        or a share lies outside its range.

    Examples
    --------
    >>> areas = pd.DataFrame({"municipality": ["0114"], "population": [4000.0], "covered": [76],
    ...                       "period": ["2024"]})
    >>> rows = need_by_area(areas, shares=[0.05]).tidy()
    >>> rows.loc[rows["quantity"] == "covered_per_need", "high"].round(2).tolist()
    [0.38]
    """
    missing = [name for name in (by, "population", "covered", "period") if name not in areas]
    if missing:
        raise ParameterError(f"areas: no column {', '.join(missing)}")
    known = areas[areas["population"].notna() & (areas["population"] > 0)]
    if known.empty:
        raise EstimationError("need_by_area: no area has a known population of working age")
    unknown = int((~(known["covered"] >= 0)).sum())
    if unknown:
        raise ParameterError(
            f"areas: covered is missing or below 0 in {unknown} of {len(known)} rows; 0 says that "
            "nobody took part"
        )
    if known["period"].nunique() > 1:
        raise ParameterError("areas: population and covered must be of the same twelve months")
    period = str(known["period"].iloc[0])
    summed = known.groupby(by, sort=True)[["population", "covered"]].sum()
    frames = []
    for area, row in summed.iterrows():
        count = AreaCount(int(row["population"]), int(row["covered"]), period, "0" * 16)
        ranges = need_and_coverage(count, shares=shares, wanting=wanting).tidy()
        frames.append(_with_ratio(ranges, count).assign(stratum=str(area), population=row[
            "population"], covered=row["covered"]))  # fmt: skip
    rows = pd.concat(frames, ignore_index=True)
    return NeedByArea(
        rows={name: rows[name].to_numpy() for name in NeedByArea.TIDY},
        summary={
            "n_area": len(summed),
            "population": int(summed["population"].sum()),
            "n_covered": int(summed["covered"].sum()),
            "period": period,
            "wanting": "-".join(f"{value:g}" for value in dict.fromkeys(_wanting(wanting))),
            "source": source,
            "label": label,
        },
        support={
            "n": rows["population"],
            "k": rows["covered"],
            "complement": rows["population"] - rows["covered"],
        },
        provenance=provenance(
            "need_by_area", digest_frame(known)[:16], by=by, shares=tuple(shares), wanting=wanting,
            source=source, label=label,
        ),
    )  # fmt: skip


def _nested(frame: pd.DataFrame, inside: np.ndarray) -> dict[str, np.ndarray]:
    """Who is left at each step, everybody of a step being among those of the one before."""
    left, found = inside, {STEPS[0]: inside}
    for name in STEPS[1:-1]:
        left = left & frame[name].to_numpy(dtype=bool)
        found[name] = left
    found[STEPS[-1]] = left & ~frame["pensioner"].to_numpy(dtype=bool)
    return found


def _with_ratio(ranges: pd.DataFrame, count: AreaCount) -> pd.DataFrame:
    need = ranges[ranges["quantity"] == "need"]
    ratio = count.covered / (need["low"] * count.population)
    added = need.assign(quantity="covered_per_need", low=ratio, high=ratio,
                        n_low=float(count.covered), n_high=float(count.covered))  # fmt: skip
    return pd.concat([ranges, added], ignore_index=True)


def _wanting(wanting) -> tuple[float | None, float | None]:
    if wanting is None:
        return None, None
    low, high = wanting if isinstance(wanting, tuple) else (wanting, wanting)
    if not 0 <= low <= high <= 1:
        raise ParameterError("wanting: must be a share, or a range of shares, between 0 and 1")
    return low, high
