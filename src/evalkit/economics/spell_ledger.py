"""A ledger from spells of benefits and a tariff, for a study without a table of costs."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.economics.entries import KINDS, PRODUCTION, RESOURCES
from evalkit.economics.tariffs import Unit, monthly_pieces, price, rounded
from evalkit.errors import EstimationError

TRANSFER, _, PRODUCED, TAX, INTERVENTION = KINDS
PAYEES = {"pay_subsidy": "employer", "wage_subsidy": "employer"}
WORK = "work"
INDIVIDUAL = "individual"
ROW = ["person_id", "month", "payer", "payee", "item", "kind", "amount", "currency", "price_year",
       "source"]  # fmt: skip


def ledger_from_spells(
    spells: pd.DataFrame,
    tariffs: pd.DataFrame,
    *,
    starts: pd.DataFrame | None = None,
    window: tuple[int, int] = (-12, 24),
    packages: pd.DataFrame | None = None,
    work: pd.DataFrame | None = None,
    unit: Unit = "month",
    payees: Mapping[str, str] = PAYEES,
    days_per_week: Mapping[str, float] | None = None,
    data_cut: str | None = None,
    decimals: int = 2,
) -> pd.DataFrame:
    """Ledger rows from spells, and from packages and work where they are given.

    Parameters
    ----------
    spells : DataFrame
        `person_id`, `benefit`, `start`, `end` (inclusive; empty: still running), `degree`; an
        optional `benefit_day` says which benefit day the first is. Otherwise days are counted from
        each person's first spell of the benefit in these rows, overlapping ones once, so records
        that begin in the middle of a spell count too few.
    tariffs : DataFrame
        As for `tariff_amounts`, with the items that are benefits, those of `packages`, and `work`
        (amount: what work produces; shares: taxes and charges on it).
    starts : DataFrame, optional
        `person_id` and `index_month` (`YYYY-MM`), with further columns to keep, such as `arm`.
        Rows get `month_from_start`; persons without a start are left out.
    window : tuple of int
        First and last month from start to keep.
    packages : DataFrame, optional
        `person_id`, `item` (as in the tariff, for example `package_joint_work`), `start`, `end`.
    work : DataFrame, optional
        `person_id`, `start`, `end`, and `degree` in percent (default 100).
    unit, days_per_week, decimals
        As for `tariff_amounts`.
    payees : mapping of str to str
        Who receives a benefit, where it is not the individual.
    data_cut : str
        Last month of the records, `YYYY-MM`; running spells end there.

    Returns
    -------
    DataFrame
        Rows for `ledger` and `pay_off`, one a person, month, payer and item: benefits are
        transfers, packages interventions that use resources, work production and taxes.

    Raises
    ------
    EstimationError
        As `tariff_amounts`; if a running spell has no `data_cut`, or ends before it begins.

    Examples
    --------
    >>> spells = pd.DataFrame({"person_id": ["a"], "benefit": ["social_assistance"],
    ...                        "start": ["2024-01-01"], "end": ["2024-02-15"], "degree": [100]})
    >>> tariffs = pd.DataFrame({"item": ["social_assistance"], "actor": ["municipality"],
    ...                         "valid_from": ["2024-01-01"], "share": [1], "amount": [2900.0],
    ...                         "currency": ["SEK"], "price_year": [2024]})
    >>> ledger_from_spells(spells, tariffs)[["month", "payer", "payee", "amount"]]
         month         payer       payee  amount
    0  2024-01  municipality  individual  2900.0
    1  2024-02  municipality  individual  1500.0
    """
    options = {"unit": unit, "days_per_week": days_per_week or {}, "partial": (WORK,)}
    benefits = _days(spells.rename(columns={"benefit": "item"}), "spells", data_cut)
    benefits = benefits.assign(benefit_day=_benefit_days(benefits, spells, days_per_week or {}))
    parts = [_flows(benefits, tariffs, TRANSFER, payees, starts, window, decimals, options)]
    if packages is not None:
        taken = _days(packages, "packages", data_cut)
        parts.append(_flows(taken, tariffs, INTERVENTION, {}, starts, window, decimals, options))
    if work is not None:
        worked = _days(work.assign(item=WORK), "work", data_cut)
        parts.append(_flows(worked, tariffs, TAX, {}, starts, window, decimals, options))
        parts.append(
            _flows(worked, tariffs, PRODUCED, {}, starts, window, decimals, options)
        )  # fmt: skip
    rows = pd.concat(parts, ignore_index=True)
    return rows[rows["amount"] > 0].reset_index(drop=True)


def _days(frame: pd.DataFrame, table: str, data_cut: str | None) -> pd.DataFrame:
    """Rows with person, item, first day, number of days and degree."""
    missing = [name for name in ("person_id", "item", "start", "end") if name not in frame.columns]
    if missing:
        raise EstimationError(f"{table}: no such column: {', '.join(missing)}")
    frame = frame.reset_index(drop=True)
    start = pd.to_datetime(frame["start"], errors="coerce")
    end = pd.to_datetime(frame["end"].replace("", np.nan), errors="coerce")
    running = end.isna()
    if running.any():
        if data_cut is None:
            raise EstimationError(
                f"{table}: {int(running.sum())} of {len(frame)} rows have no end; give `data_cut`"
            )
        end = end.fillna(pd.Period(data_cut, "M").end_time.normalize())
    wrong = start.isna() | (end < start)
    if wrong.any():
        raise EstimationError(
            f"{table}: {int(wrong.sum())} of {len(frame)} rows have no start, or end before it "
            "(running ones end with the data cut)"
        )
    degree = frame["degree"] if "degree" in frame.columns else pd.Series(100, frame.index)
    degree = pd.to_numeric(degree, errors="coerce").to_numpy(dtype=float)
    if not ((degree > 0) & (degree <= 100)).all():
        raise EstimationError(f"{table}: a degree is missing or outside (0, 100]")
    return pd.DataFrame({
        "row": np.arange(len(frame)), "person_id": frame["person_id"].to_numpy(),
        "item": frame["item"].to_numpy(dtype=object),
        "date": (start - pd.Timestamp(0)).dt.days.to_numpy(),
        "days": ((end - start).dt.days + 1).to_numpy(dtype=float), "benefit_day": 1.0,
        "degree": degree,
    })  # fmt: skip


def _benefit_days(
    days: pd.DataFrame, spells: pd.DataFrame, days_per_week: Mapping[str, float]
) -> np.ndarray:
    """Benefit day of the first day of each spell: as given, else counted over the person's own."""
    if "benefit_day" in spells.columns:
        given = pd.to_numeric(spells["benefit_day"], errors="coerce").to_numpy(dtype=float)
        if not (given >= 1).all():
            raise EstimationError("spells: a benefit_day is missing or below 1")
        return given
    order = days.assign(end=days["date"] + days["days"]).sort_values(
        ["person_id", "item", "date", "end"], kind="stable"
    )
    group = order.groupby(["person_id", "item"], sort=False)
    reached = group["end"].cummax().groupby([order["person_id"], order["item"]]).shift()
    reached = reached.fillna(order["date"])
    new = (order["end"] - np.maximum(reached, order["date"])).clip(lower=0)
    before = new.groupby([order["person_id"], order["item"]]).cumsum() - new
    before = before - (reached - order["date"]).clip(lower=0)
    rate = order["item"].map(lambda item: float(days_per_week.get(item, 7)) / 7)
    return (1 + before * rate).reindex(days.index).to_numpy()


def _flows(
    days: pd.DataFrame, tariffs: pd.DataFrame, kind: str, payees: Mapping[str, str],
    starts: pd.DataFrame | None, window: tuple[int, int], decimals: int, options: dict,
) -> pd.DataFrame:  # fmt: skip
    """Ledger rows of one kind, in the window around each person's start."""
    pieces = monthly_pieces(days)
    more: Sequence[str] = ()
    if starts is not None:
        pieces, more = _from_start(pieces, starts, window)
    if not len(pieces):
        return pd.DataFrame(columns=[*ROW, *more])
    priced = price(pieces, tariffs, **options)
    if kind == PRODUCED:
        first = priced.drop_duplicates(["row", "month", "step"])
        priced = first.assign(payer=PRODUCTION, amount=first["full"])
    whole = ["person_id", "month"]
    keys = [*whole, *more, "item", "payer", "currency", "price_year", "source"]
    partial = {WORK} if kind in (TAX, PRODUCED) else set()
    table = rounded(priced, keys, whole, partial, decimals)
    paid_to = RESOURCES if kind == INTERVENTION else table["item"].map(payees).fillna(INDIVIDUAL)
    table = table.assign(payee=paid_to, kind=kind, month=_month_names(table["month"]))
    if kind == TAX:
        table = table.assign(payee=table["payer"], payer=INDIVIDUAL)
    return table[[*ROW, *more]]


def _from_start(
    pieces: pd.DataFrame, starts: pd.DataFrame, window: tuple[int, int]
) -> tuple[pd.DataFrame, list[str]]:
    missing = [name for name in ("person_id", "index_month") if name not in starts.columns]
    repeated = 0 if missing else int(starts["person_id"].duplicated().sum())
    if missing or repeated:
        raise EstimationError(
            f"starts: no such column: {', '.join(missing)}" if missing else
            f"starts: {repeated} of {len(starts)} rows repeat a person"
        )  # fmt: skip
    first = starts["index_month"].astype(str).to_numpy(dtype="datetime64[M]").astype(int)
    kept = pieces.merge(starts.assign(_first=first), on="person_id", how="inner")
    month = kept["month"].to_numpy().astype("datetime64[M]").astype(int)
    kept = kept.assign(month_from_start=month - kept["_first"]).drop(columns="_first")
    inside = kept["month_from_start"].between(*window)
    more = [name for name in starts.columns if name not in ("person_id", "index_month")]
    return kept[inside].reset_index(drop=True), ["month_from_start", *more]


def _month_names(month: pd.Series) -> np.ndarray:
    return month.to_numpy().astype("datetime64[M]").astype(str)
