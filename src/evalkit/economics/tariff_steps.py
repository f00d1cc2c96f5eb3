"""Tariff rows as steps: spans of dates and benefit days in which shares and amount are the same."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError

EVER = 10**7  # later than any date in days since 1970, more than any benefit day
TOGETHER = 1e-6
REQUIRED = ("item", "actor", "valid_from", "share", "amount", "currency", "price_year")


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One span of dates and benefit days of an item; ends are not part of it.

    Attributes
    ----------
    since, until : int
        Dates in days since 1970.
    day_since, day_until : int
        Benefit days.
    shares : dict of str to float
        By actor; NaN where the tariff is a template that the user must fill in.
    """

    since: int
    until: int
    day_since: int
    day_until: int
    amount: float
    shares: dict[str, float]
    currency: str
    price_year: object
    source: str

    @property
    def is_empty(self) -> bool:
        """Whether the amount or a share is to be filled in."""
        return bool(np.isnan(self.amount) or np.isnan(list(self.shares.values())).any())


def tariff_steps(tariffs: pd.DataFrame, partial: tuple[str, ...]) -> dict[str, list[Step]]:
    """Steps of each item, after checking that rows do not overlap and shares add up to 1.

    Raises
    ------
    EstimationError
        If a column is missing, a span ends before it begins, rows of one item and actor overlap,
        the shares of an item on some date do not add up to 1 (items of `partial` may stay below),
        or actors of one step differ in amount, currency or price year.
    """
    rows = _typed(tariffs)
    backwards = int(
        ((rows["until"] <= rows["since"]) | (rows["day_until"] <= rows["day_since"])).sum()
    )
    wrong = int((~((rows["share"] >= 0) & (rows["share"] <= 1)) & rows["share"].notna()).sum())
    wrong += int((rows["amount"] < 0).sum())
    if backwards or wrong:
        raise EstimationError(
            f"tariffs: {backwards} of {len(rows)} rows end before they begin; {wrong} have a share "
            "outside 0 to 1 or a negative amount"
        )
    return {
        item: _steps(group, item, item in partial)
        for item, group in rows.groupby("item", sort=False)
    }


def _typed(tariffs: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in REQUIRED if name not in tariffs.columns]
    if missing or not len(tariffs):
        raise EstimationError(f"tariffs: no such column: {', '.join(missing)}" if missing else
                              "tariffs: no rows")  # fmt: skip
    since = _days(tariffs["valid_from"], "valid_from")
    if since.isna().any():
        raise EstimationError(f"tariffs: valid_from is missing in {int(since.isna().sum())} rows")
    until = _days(_optional(tariffs, "valid_to"), "valid_to") + 1
    numbers = {name: pd.to_numeric(_optional(tariffs, name), errors="coerce").astype(float)
               for name in ("day_from", "day_to", "share", "amount")}  # fmt: skip
    return pd.DataFrame({
        "item": tariffs["item"], "actor": tariffs["actor"], "since": since.astype(int),
        "until": until.fillna(EVER).astype(int),
        "day_since": numbers["day_from"].fillna(1).astype(int),
        "day_until": (numbers["day_to"] + 1).fillna(EVER).astype(int),
        "share": numbers["share"], "amount": numbers["amount"],
        "currency": tariffs["currency"], "price_year": tariffs["price_year"],
        "source": _optional(tariffs, "source").fillna(""),
    }).reset_index(drop=True)  # fmt: skip


def _optional(tariffs: pd.DataFrame, name: str) -> pd.Series:
    return tariffs[name] if name in tariffs.columns else pd.Series(np.nan, tariffs.index)


def _days(dates: pd.Series, name: str) -> pd.Series:
    """Days since 1970; missing where the date is."""
    empty = dates.isna() | (dates.astype(str).str.strip() == "")
    found = pd.to_datetime(dates.where(~empty), errors="coerce")
    wrong = int((found.isna() & ~empty).sum())
    if wrong:
        raise EstimationError(f"tariffs: {name} is no date in {wrong} of {len(dates)} rows")
    return (found - pd.Timestamp(0)).dt.days.astype(float)


def _steps(rows: pd.DataFrame, item: str, is_partial: bool) -> list[Step]:
    """Cut an item's rows at every border of a date and of a benefit day."""
    dates = np.unique(rows[["since", "until"]])
    days = np.unique(rows[["day_since", "day_until"]])
    found = []
    for since, until in zip(dates[:-1], dates[1:], strict=True):
        in_date = rows[(rows["since"] <= since) & (rows["until"] >= until)]
        for first, last in zip(days[:-1], days[1:], strict=True):
            here = in_date[(in_date["day_since"] <= first) & (in_date["day_until"] >= last)]
            if len(here):
                span = (int(since), int(until), int(first), int(last))
                found.append(_step(here, item, span, is_partial))
    return found


def _step(rows: pd.DataFrame, item: str, span: tuple[int, int, int, int], is_partial: bool) -> Step:
    at = f"{item}, {pd.Timestamp(0) + pd.Timedelta(days=span[0]):%Y-%m-%d}, benefit day {span[2]}"
    if rows["actor"].duplicated().any():
        raise EstimationError(f"tariffs: {len(rows)} rows overlap ({at}); one row an actor")
    for name in ("amount", "currency", "price_year"):
        if rows[name].nunique(dropna=False) > 1:
            raise EstimationError(
                f"tariffs: {name} differs between the {len(rows)} actors of one item ({at}); it is "
                "that of the whole, which the shares divide"
            )
    total = rows["share"].sum()
    short = total < 1 - TOGETHER and not is_partial
    if not rows["share"].isna().any() and (total > 1 + TOGETHER or short):
        raise EstimationError(
            f"tariffs: the shares of {len(rows)} actors add up to {total:g}, not to 1 ({at})"
        )
    first = rows.iloc[0]
    return Step(
        *span, amount=float(first["amount"]), shares=dict(zip(rows["actor"], rows["share"],
        strict=True)), currency=first["currency"], price_year=first["price_year"],
        source=str(first["source"]),
    )  # fmt: skip
