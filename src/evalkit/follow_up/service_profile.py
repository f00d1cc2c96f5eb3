"""Service profiles of municipalities: what exists for whom, how coordinated, and where it lacks."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.codes import read_codes
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import digest_frame, provenance
from evalkit.results import ServiceGaps, ServiceIndex, ServiceProfile

AVAILABLE, NOT, UNKNOWN = "yes", "no", "unknown"
AVAILABILITY = (AVAILABLE, NOT, UNKNOWN)
NO_GROUP = ""
COLUMNS = ("municipality", "service", "target_group", "availability", "coordination")


def service_profile(services: pd.DataFrame) -> ServiceProfile:
    """Lay out which municipality has which service for whom, and how it is coordinated.

    Always a description. There are no persons in it.

    Parameters
    ----------
    services : DataFrame
        The records' table: `municipality`, `service`, `target_group`, `availability` (`yes`, `no`,
        `unknown`), `coordination` (a code of `codes/data/coordination_levels.csv`, from
        `fragmented` to `joint_work`; empty where it is not known), and, if there is one, `source`.

    Returns
    -------
    ServiceProfile
        Every municipality with every pair of service and target group that any of them has a row
        of. Where a municipality has no row availability is unknown: no record is not a "no".
        `level` counts coordination from 0 (fragmented); missing where the service does not exist
        or its coordination is not known.

    Raises
    ------
    EstimationError
        If there is no row, a key occurs twice, or a code is unknown.
    ParameterError
        If a column is missing.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "municipality": ["007", "023"], "service": ["job_coaching", "escort"],
    ...     "target_group": "disabled", "availability": "yes",
    ...     "coordination": ["joint_work", None],
    ... })
    >>> service_profile(table).tidy()[["municipality", "service", "availability", "level"]]
      municipality       service availability  level
    0          007  job_coaching          yes    3.0
    1          007        escort      unknown    NaN
    2          023  job_coaching      unknown    NaN
    3          023        escort          yes    NaN
    """
    given = _checked(services)
    levels = coordination_levels()
    pairs = given[["service", "target_group"]].drop_duplicates()
    places = pd.DataFrame({"municipality": sorted(given["municipality"].unique())})
    cells = places.merge(pairs, how="cross").merge(given, how="left", on=list(COLUMNS[:3]))
    cells["availability"] = cells["availability"].fillna(UNKNOWN)
    is_there = cells["availability"] == AVAILABLE
    cells["coordination"] = cells["coordination"].where(
        is_there & cells["coordination"].notna(), ""
    )
    cells["level"] = cells["coordination"].map(levels).astype(float)
    cells["source"] = cells["source"].fillna("").astype(object)
    return ServiceProfile(
        rows=cells[[*COLUMNS, "level", "source"]],
        summary={
            "n_municipality": len(places),
            "n_service": pairs["service"].nunique(),
            "n_target_group": pairs["target_group"].nunique(),
            "n_cell": len(cells),
            "n_unknown": int((cells["availability"] == UNKNOWN).sum()),
            "top_level": max(levels.values()),
            "label": "description",
        },
        support={"n": np.full(len(cells), np.nan)},
        provenance=provenance("service_profile", digest_frame(given)[:16]),
    )


def service_gaps(
    profile: ServiceProfile, *, target_groups: Sequence[str] | None = None
) -> ServiceGaps:
    """Flag groups of persons for whom a municipality has no service. Always a description.

    Parameters
    ----------
    profile : ServiceProfile
    target_groups : sequence of str, optional
        Groups to look at, also such as no municipality has a row of; by default those of the
        profile.

    Returns
    -------
    ServiceGaps
        `gap` is `no` where a service exists, `yes` where all services that are listed for the
        group are known not to exist, else `unknown`.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "municipality": ["007", "023"], "service": "social_rehabilitation",
    ...     "target_group": "substance_use", "availability": ["no", "unknown"],
    ...     "coordination": None,
    ... })
    >>> service_gaps(service_profile(table)).tidy()[["municipality", "gap"]]
      municipality      gap
    0          007      yes
    1          023  unknown
    """
    cells = profile.tidy()
    found = cells.loc[cells["target_group"] != NO_GROUP, "target_group"].unique()
    groups = list(found if target_groups is None else target_groups)
    index = pd.MultiIndex.from_product(
        [cells["municipality"].unique(), groups], names=["municipality", "target_group"]
    )
    counted = pd.crosstab([cells["municipality"], cells["target_group"]], cells["availability"])
    counted = counted.reindex(index=index, columns=list(AVAILABILITY), fill_value=0)
    there, absent, unknown = (counted[name].to_numpy() for name in AVAILABILITY)
    gap = np.where(there > 0, "no", np.where((absent > 0) & (unknown == 0), "yes", "unknown"))
    rows = index.to_frame(index=False)
    return ServiceGaps(
        rows={
            "municipality": rows["municipality"], "target_group": rows["target_group"],
            "n_service": there + absent + unknown, "n_available": there, "n_not": absent,
            "n_unknown": unknown, "gap": gap.astype(object),
        },
        summary={
            "n_municipality": rows["municipality"].nunique(),
            "n_target_group": len(groups),
            "n_gap": int((gap == "yes").sum()),
            "n_unclear": int((gap == "unknown").sum()),
            "label": "description",
        },
        support={"n": np.full(len(rows), np.nan)},
        provenance=provenance(
            "service_gaps", profile.provenance.sample, profile=profile.provenance.id,
            target_groups=target_groups,
        ),
    )  # fmt: skip


def service_index(profile: ServiceProfile) -> ServiceIndex:
    """Sum up each municipality's profile in two indices from 0 to 100. Always a description.

    Parameters
    ----------
    profile : ServiceProfile

    Returns
    -------
    ServiceIndex
        `availability`: services that exist, of those whose availability is known, in percent.
        `coordination`: mean level of those that exist and whose coordination is known, in percent
        of the top level. `low` and `high` are the range if all that is unknown were at its worst
        or best: a range of what is possible, not an interval.

    Notes
    -----
    Levels are in an order; that the steps between them are equal is an assumption of the index.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "municipality": "007", "service": ["a", "b", "c"], "target_group": "disabled",
    ...     "availability": ["yes", "no", "unknown"], "coordination": ["joint_work", None, None],
    ... })
    >>> index = service_index(service_profile(table)).tidy()
    >>> index[["quantity", "estimate", "low", "high"]].round(1)
           quantity  estimate   low   high
    0  availability      50.0  33.3   66.7
    1  coordination     100.0  50.0  100.0
    """
    cells, top = profile.tidy(), float(profile.summary["top_level"])
    rows = [
        {"municipality": place, **row}
        for place, own in cells.groupby("municipality", sort=False)
        for row in (_available(own), _coordinated(own, top))
    ]
    return ServiceIndex(
        rows=pd.DataFrame(rows),
        summary={
            "n_municipality": cells["municipality"].nunique(),
            "n_cell": len(cells),
            "n_unknown": int((cells["availability"] == UNKNOWN).sum()),
            "top_level": top,
            "method": "range: all unknown at worst, at best",
            "label": "description",
        },
        support={"n": np.full(len(rows), np.nan)},
        provenance=provenance(
            "service_index", profile.provenance.sample, profile=profile.provenance.id
        ),
    )


def coordination_levels() -> dict[str, int]:
    """Codes of coordination with their level, 0 = fragmented.

    Examples
    --------
    >>> coordination_levels()
    {'fragmented': 0, 'information': 1, 'coordination': 2, 'joint_work': 3}
    """
    book = read_codes("coordination_levels.csv")
    return dict(zip(book["code"], book["level"].astype(int), strict=True))


def _available(own: pd.DataFrame) -> dict:
    count = {name: int((own["availability"] == name).sum()) for name in AVAILABILITY}
    there, unknown, n = count[AVAILABLE], count[UNKNOWN], len(own)
    known = n - unknown
    return {
        "quantity": "availability", "estimate": 100 * there / known if known else np.nan,
        "low": 100 * there / n, "high": 100 * (there + unknown) / n, "unit": "percent",
        "n_known": known, "n_unknown": unknown,
    }  # fmt: skip


def _coordinated(own: pd.DataFrame, top: float) -> dict:
    """Level of what exists; what may exist counts in the range, at level 0 or at the top."""
    level = own.loc[own["availability"] == AVAILABLE, "level"]
    known, possible = level.dropna(), int((own["availability"] == UNKNOWN).sum())
    unknown = int(level.isna().sum()) + possible
    n = len(known) + unknown
    return {
        "quantity": "coordination",
        "estimate": 100 * known.mean() / top if len(known) else np.nan,
        "low": 100 * known.sum() / (top * n) if n else np.nan,
        "high": 100 * (known.sum() + top * unknown) / (top * n) if n else np.nan,
        "unit": "percent of the top level", "n_known": len(known), "n_unknown": unknown,
    }  # fmt: skip


def _checked(services: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in COLUMNS if name not in services]
    if missing:
        raise ParameterError(f"services: no column {', '.join(missing)}")
    given = services.reset_index(drop=True)
    given = given[list(COLUMNS)].assign(source=given.get("source", ""))
    if not len(given):
        raise EstimationError("services: no row")
    given["target_group"] = given["target_group"].fillna(NO_GROUP).astype(object)
    given["coordination"] = given["coordination"].replace("", None)
    again = int(given.duplicated(["municipality", "service", "target_group"]).sum())
    if again:
        raise EstimationError(
            f"services: {again} of {len(given)} rows repeat a municipality, service and group"
        )
    for name, known in (("availability", AVAILABILITY), ("coordination", coordination_levels())):
        wrong = int((given[name].notna() & ~given[name].isin(list(known))).sum())
        if wrong:
            raise EstimationError(
                f"{name}: {wrong} of {len(given)} rows have an unknown code; known: "
                f"{', '.join(known)}"
            )
    given["availability"] = given["availability"].fillna(UNKNOWN)
    return given
