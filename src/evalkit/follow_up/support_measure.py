"""Public support in an area and year: its components, their groups, all of it; and context."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.codes import benefits
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up.years import full_year_equivalents
from evalkit.provenance import digest_frame, provenance
from evalkit.results import AreaMeasures

GROUPS = ("ill_health", "labour_market", "economic")
# Municipalities that deliver nothing stand as 0 in the statistics of economic assistance.
ZERO_MAY_BE_MISSING = "economic"
ALL, CONTEXT, TOTAL, COUNT = "all", "context", "total", "count"
TOTALS = ("component", "n", "equivalents", "amount")
POPULATION = "population_working_age"
QUANTITIES = ("equivalents", "amount")
UNITS = {
    "equivalents": "full-year equivalents; per 100 inhabitants",
    "amount": "thousands of the currency; thousands per inhabitant",
    "count": "number; per 100 inhabitants",
}


def support_totals(
    spells: pd.DataFrame,
    *,
    country: str,
    data_cut: str,
    by: str = "municipality",
    days_in_year: int = 365,
) -> pd.DataFrame:
    """Add up spells to persons, full-year equivalents and amounts by area, year and component.

    Spells of participants add up to what participants received, never to a measure of the area.

    Parameters
    ----------
    spells : DataFrame
        `person_id`, `benefit`, `start`, `end` (missing: running), `degree` (per cent; a missing
        one counts as full), perhaps `monthly_amount`, and the column `by`.
    country : {"SE", "FI"}
        Whose code book gives the component of each benefit.
    data_cut : str
        Last month `YYYY-MM` that the records cover.
    by : str
        Column of areas.
    days_in_year : int
        See `full_year_equivalents`.

    Returns
    -------
    DataFrame
        `area`, `year`, `component`, `n` (persons), `equivalents`, `amount` (in the currency;
        missing where no spell has an amount). A twelfth of a year's amount belongs to each twelfth
        of its days.

    Raises
    ------
    EstimationError
        If a column is missing, or benefit codes are not in the code book.

    Examples
    --------
    Two persons on half benefit all the year:

    >>> spells = pd.DataFrame({
    ...     "person_id": ["a", "b"], "benefit": "sickness_benefit", "municipality": "0114",
    ...     "start": pd.to_datetime("2023-01-01"), "end": pd.to_datetime("2023-12-31"),
    ...     "degree": 50, "monthly_amount": 5000.0})
    >>> support_totals(spells, country="SE", data_cut="2023-12")
       area  year         component  n  equivalents    amount
    0  0114  2023  sickness_benefit  2          1.0  120000.0
    """
    missing = [name for name in ("person_id", "benefit", "start", "end", "degree", by)
               if name not in spells]  # fmt: skip
    if missing:
        raise EstimationError(f"spells: no column {', '.join(missing)}")
    book = benefits(country)
    unknown = int((~spells["benefit"].isin(book.index)).sum())
    if unknown:
        raise EstimationError(
            f"spells: {unknown} of {len(spells)} rows have a benefit that the code book does not "
            "list; map it to a listed code"
        )
    component = spells["benefit"].map(book["component"])
    paid = spells[(component != "").to_numpy()].assign(component=component)
    cut = pd.Period(data_cut, "M").end_time.normalize()
    begin, end = pd.to_datetime(paid["start"]), pd.to_datetime(paid["end"]).fillna(cut).clip(
        upper=cut)  # fmt: skip
    degree = pd.to_numeric(paid["degree"]).fillna(100.0)
    monthly = paid.get("monthly_amount", np.nan)
    frames = []
    for year in range(int(begin.dt.year.min()), cut.year + 1) if len(paid) else ():
        first, last = pd.Timestamp(year, 1, 1), pd.Timestamp(year, 12, 31)
        days = (end.clip(upper=last) - begin.clip(lower=first)).dt.days + 1
        some = (days > 0) & (degree > 0)
        frames.append(pd.DataFrame({
            "area": paid.loc[some, by].astype(str), "year": year, "person": paid["person_id"][some],
            "component": paid.loc[some, "component"], "days": days[some] * degree[some] / 100,
            "amount": (monthly * 12 * days / (365 + first.is_leap_year))[some],
        }))  # fmt: skip
    columns = ["area", "year", *TOTALS]
    if not frames:
        return pd.DataFrame(columns=columns)
    rows = pd.concat(frames, ignore_index=True).groupby(["area", "year", "component"])
    return rows.agg(
        n=("person", "nunique"),
        equivalents=("days", lambda days: full_year_equivalents([days.sum()],
                                                                days_in_year=days_in_year)),
        amount=("amount", lambda amount: amount.sum(min_count=1)),
    ).reset_index()[columns]  # fmt: skip


def support_measure(
    totals: pd.DataFrame,
    *,
    country: str,
    population: pd.DataFrame | None = None,
    source: str = "",
    area: str = "area",
) -> AreaMeasures:
    """Sum public support of areas by component, by group, and in all (försörjningsmåttet).

    Ill health (sickness and rehabilitation benefit, activity compensation, disability pension),
    labour market support (unemployment insurance, activity support, establishment benefit), and
    economic assistance; for Finland by the code book of the country.

    Parameters
    ----------
    totals : DataFrame
        `area`, `year`, `component` (as in the code book), `equivalents` and, where known, `amount`
        and `n` (persons): deliveries of a statistical office, or `support_totals`.
    country : {"SE", "FI"}
    population : DataFrame, optional
        The area, `year`, and `population_working_age`.
    source : str
    area : str
        Column of areas.

    Returns
    -------
    AreaMeasures
        For each area, year and group (`all` for everything) the `measure`: each component, and the
        `total` of groups that have several; by `quantity`, `equivalents` and `amount` (thousands).
        `per_inhabitant` is equivalents per 100 inhabitants, or thousands per inhabitant.
        A 0 in economic assistance is marked `may_be_missing`, since municipalities that deliver
        nothing stand as 0; so is a component without a value, and the sums over either.

    Raises
    ------
    EstimationError
        If a column is missing, a component is not in the code book, or one is repeated.

    Examples
    --------
    >>> totals = pd.DataFrame({
    ...     "area": "0114", "year": 2023, "component": ["sickness_benefit", "social_assistance"],
    ...     "equivalents": [40.0, 0.0]})
    >>> rows = support_measure(totals, country="SE").tidy()
    >>> rows[["group", "measure", "value", "may_be_missing"]]
            group            measure  value  may_be_missing
    0  ill_health   sickness_benefit   40.0           False
    1    economic  social_assistance    0.0            True
    2         all              total   40.0            True
    """
    group_of = _components(country)
    _check_totals(totals, group_of, area)
    given = [name for name in QUANTITIES if name in totals and totals[name].notna().any()]
    frame = totals.assign(
        stratum=totals[area].astype(str),
        group=totals["component"].map(group_of),
        n=totals.get("n", np.nan),
    )
    rows = []
    for (stratum, year), part in frame.groupby(["stratum", "year"], sort=True):
        for name in given:
            rows += _area_rows(part, str(stratum), int(year), name)
    table = _per_inhabitant(pd.DataFrame(rows), population, area)
    return _measures(
        table, population, source, provenance("support_measure", digest_frame(totals)[:16],
                                              country=country, source=source), area,
    )  # fmt: skip


def area_context(
    area_years: pd.DataFrame,
    *,
    measures: Sequence[str] = (),
    area: str = "municipality",
    year: int | None = None,
    source: str = "",
) -> AreaMeasures:
    """Give the context of areas: population of working age, and households or persons on support.

    Parameters
    ----------
    area_years : DataFrame
        One row an area and year: `area`, `year`, `population_working_age`, and the measures.
    measures : sequence of str
        Columns that count persons or households, such as `households_on_assistance`.
    area : str
        Column of areas; municipalities with the same value are summed up.
    year : int, optional
        By default the last one.
    source : str

    Returns
    -------
    AreaMeasures
        `population_working_age` and each measure, with `per_inhabitant` per 100 inhabitants. A 0
        is marked `may_be_missing`; so is a sum over one.

    Raises
    ------
    EstimationError
        If a column is missing, or there is no such year.

    Examples
    --------
    >>> years = pd.DataFrame({"municipality": ["1281"], "year": [2018],
    ...     "population_working_age": [78000], "households_on_assistance": [1000]})
    >>> rows = area_context(years, measures=["households_on_assistance"]).tidy()
    >>> rows[["measure", "value", "per_inhabitant"]].round(2)
                        measure    value  per_inhabitant
    0    population_working_age  78000.0             NaN
    1  households_on_assistance   1000.0            1.28
    """
    missing = [name for name in (area, "year", POPULATION, *measures) if name not in area_years]
    if missing:
        raise EstimationError(f"area_context: no column {', '.join(missing)}")
    chosen = area_years["year"].max() if year is None else year
    frame = area_years[area_years["year"] == chosen]
    if frame.empty:
        raise EstimationError(f"area_context: no rows of the year {chosen}")
    rows = []
    for stratum, part in frame.groupby(area, sort=True):
        people = float(part[POPULATION].sum(min_count=len(part)))
        rows.append(
            _row(
                str(stratum),
                chosen,
                CONTEXT,
                POPULATION,
                COUNT,
                np.nan,
                people,
                False,
                UNITS[COUNT],
            )
        )
        for name in measures:
            count = part[name].astype(float)
            value = float(count.sum(min_count=1))
            rows.append(_row(str(stratum), chosen, CONTEXT, name, COUNT, value, value,
                             bool((count.isna() | (count == 0)).any()), UNITS[COUNT]))  # fmt: skip
            rows[-1]["per_inhabitant"] = 100 * value / people if people > 0 else np.nan
    made = provenance(
        "area_context", digest_frame(area_years)[:16], measures=tuple(measures), area=area,
        year=year, source=source,
    )  # fmt: skip
    return _measures(pd.DataFrame(rows), frame, source, made, area)


def _components(country: str) -> dict[str, str]:
    book = benefits(country)
    book = book[book["component"] != ""]
    return dict(zip(book["component"], book["group"], strict=True))


def _check_totals(totals: pd.DataFrame, group_of: dict[str, str], area: str) -> None:
    missing = [name for name in (area, "year", "component", "equivalents") if name not in totals]
    if missing:
        raise EstimationError(f"totals: no column {', '.join(missing)}")
    unknown = int((~totals["component"].isin(group_of)).sum())
    if unknown:
        raise EstimationError(
            f"totals: {unknown} of {len(totals)} rows have a component that is not in the code book"
        )
    again = int(totals.duplicated([area, "year", "component"]).sum())
    if again:
        raise EstimationError(f"totals: {again} rows repeat an area, year and component")
    if not len(totals):
        raise EstimationError("totals: no rows")
    if (totals["equivalents"].astype(float) < 0).any():
        raise ParameterError("equivalents: must not be negative")


def _row(
    stratum, year, group, measure, quantity, n, value, may_be_missing, unit
) -> dict[str, object]:
    return {
        "stratum": stratum, "year": int(year), "group": group, "measure": measure,
        "quantity": quantity, "n": n,
        "value": value, "per_inhabitant": np.nan, "may_be_missing": may_be_missing, "unit": unit,
    }  # fmt: skip


def _area_rows(part: pd.DataFrame, stratum: str, year: int, name: str) -> list[dict]:
    """Components, sums of groups with several of them, and all of one area and year."""
    rows, sums = [], []
    scale = 1000.0 if name == "amount" else 1.0
    for group in GROUPS:
        members = part[part["group"] == group]
        if members.empty:
            continue
        found = [
            _row(stratum, year, group, row.component, name, row.n,
                 float(getattr(row, name)) / scale, _is_doubtful(row, group, name), UNITS[name])
            for row in members.itertuples()
        ]  # fmt: skip
        total = _sum(found, stratum, year, group, name)
        sums.append(total)
        rows += found if len(found) == 1 else [*found, total]
    return rows if len(sums) < 2 else [*rows, _sum(sums, stratum, year, ALL, name)]


def _is_doubtful(row, group: str, name: str) -> bool:
    value = getattr(row, name)
    return bool(pd.isna(value) or (group == ZERO_MAY_BE_MISSING and value == 0))


def _sum(rows: list[dict], stratum, year, group, name) -> dict[str, object]:
    """Sum of what is there, and none without any; what may be missing passes its mark on."""
    values = np.array([row["value"] for row in rows], dtype=float)
    value = float(np.nansum(values)) if np.isfinite(values).any() else np.nan
    # Persons of several components overlap: at least as many as of the largest.
    n = np.max([row["n"] for row in rows]) if rows else np.nan
    doubtful = any(row["may_be_missing"] for row in rows)
    return _row(stratum, year, group, TOTAL, name, n, value, doubtful, UNITS[name])


def _per_inhabitant(table: pd.DataFrame, population, area: str) -> pd.DataFrame:
    if population is None:
        return table
    people = population.assign(stratum=population[area].astype(str))
    people = people.groupby(["stratum", "year"])[POPULATION].sum(min_count=1).rename("people")
    joined = table.merge(people.reset_index(), on=["stratum", "year"], how="left")
    ratio = joined["value"] / joined["people"].where(joined["people"] > 0)
    is_amount = joined["quantity"] == "amount"
    return joined.assign(per_inhabitant=ratio.where(is_amount, 100 * ratio)).drop(columns="people")


def _measures(table, population, source, made, area: str) -> AreaMeasures:
    known = population is not None and area in population
    last = table["year"].max()
    people = population.loc[population["year"] == last, POPULATION].sum() if known else np.nan
    return AreaMeasures(
        rows={name: table[name].to_numpy() for name in AreaMeasures.TIDY},
        summary={
            "n_area": table["stratum"].nunique(),
            "population": people,
            "first_year": int(table["year"].min()),
            "last_year": int(last),
            "source": source,
            "label": "description",
        },
        support={
            "n": table["n"], "k": table["n"], "complement": np.full(len(table), np.nan),
        },
        provenance=made,
    )  # fmt: skip
