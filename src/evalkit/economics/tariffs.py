"""What a benefit costs whom on a date: dated tariffs, by benefit day."""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd

from evalkit.codes import read_codes
from evalkit.economics.amounts import whole_units
from evalkit.economics.tariff_steps import Step, tariff_steps
from evalkit.errors import EstimationError, ParameterError

Unit = Literal["month", "day"]
COUNTRIES = ("SE", "FI")
EMPTY = 1e-6  # of a day


def tariff_template(country: str) -> pd.DataFrame:
    """Dated shares of payers, as far as they are published, without amounts.

    Fill in `amount` and `price_year`, and every empty `share`; an empty one that is used is an
    error, never a guess.

    Parameters
    ----------
    country : {"SE", "FI"}

    Returns
    -------
    DataFrame
        Columns of the table `tariffs` as text. Sweden: financing of federations by law. Finland:
        municipal share of unemployment benefits by benefit day; the steps from 2025 are empty.

    Raises
    ------
    ParameterError
        If there is no template for the country.

    Examples
    --------
    >>> tariff_template("SE")[["actor", "share"]].to_dict("list")
    {'actor': ['state', 'region', 'municipality'], 'share': ['0.5', '0.25', '0.25']}
    """
    if country not in COUNTRIES:
        raise ParameterError(f"country: {country!r} is not one of {', '.join(COUNTRIES)}")
    return read_codes(f"tariffs_{country.lower()}.csv")


def tariff_amounts(
    rows: pd.DataFrame,
    tariffs: pd.DataFrame,
    *,
    unit: Unit = "month",
    days_per_week: Mapping[str, float] | None = None,
    partial: Sequence[str] = (),
    decimals: int = 2,
) -> pd.DataFrame:
    """Amounts of benefits by payer, from the tariff in force on each day.

    Who pays can change with the date and with how long a benefit has been paid, so that an amount
    a month times a share is wrong in every month in which a step is passed.

    Parameters
    ----------
    rows : DataFrame, n rows
        `item` (or `benefit`), `date` of the first day, `days` in a row, `benefit_day` that the
        first day is (default 1), `degree` in percent (default 100).
    tariffs : DataFrame
        As the table `tariffs`: item, actor, valid_from, valid_to, day_from, day_to (empty: from
        the first day, for ever), share, amount, currency, price_year, source. The amount is that
        of full benefit, of all actors together.
    unit : {"month", "day"}
        What the amount is for: a calendar month, of which days are a part, or a day.
    days_per_week : mapping of str to float
        By item, benefit days counted in a week; by default 7. Amounts of a day are those of a
        calendar day nevertheless.
    partial : sequence of str
        Items whose shares need not add up to 1, such as the taxes on work.
    decimals : int
        Digits of the smallest unit: the payers' parts of a row add up to it exactly.

    Returns
    -------
    DataFrame
        Columns row (position in `rows`), item, payer, amount, currency, price_year, source.

    Raises
    ------
    EstimationError
        If the tariff does not cover a date or benefit day (with item, date and how many), or is
        empty there; if tariff rows overlap, or the shares of a date do not add up to 1; if rows
        have no date, no days, or a degree outside (0, 100].
    ParameterError
        If the unit is neither.

    Notes
    -----
    amount = sum over steps of full amount x degree/100 x share x days in the step (/ days of the
    month). Parts are rounded by the largest remainder.

    Examples
    --------
    Labour market subsidy of 31 days, the 290th to the 320th, in January 2024:

    >>> tariffs = tariff_template("FI").assign(amount=310, price_year=2024)
    >>> rows = pd.DataFrame({"benefit": ["labour_market_subsidy"], "date": ["2024-01-01"],
    ...                      "days": [31], "benefit_day": [290]})
    >>> tariff_amounts(rows, tariffs)[["payer", "amount"]].to_dict("list")
    {'payer': ['municipality', 'state'], 'amount': [100.0, 210.0]}
    """
    if unit not in get_args(Unit):
        raise ParameterError(f"unit: {unit!r} is not one of {', '.join(get_args(Unit))}")
    pieces = monthly_pieces(checked_days(rows))
    priced = price(pieces, tariffs, unit=unit, days_per_week=days_per_week or {}, partial=partial)
    keys = ["row", "item", "payer", "currency", "price_year", "source"]
    return rounded(priced, keys, ["row"], set(partial), decimals)[
        ["row", "item", "payer", "amount", "currency", "price_year", "source"]
    ]


def checked_days(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows as item, date (days since 1970), days, benefit_day and degree; refuse odd ones.

    Raises
    ------
    EstimationError
    """
    item = "item" if "item" in rows.columns else "benefit"
    missing = [name for name in (item, "date", "days") if name not in rows.columns]
    if missing:
        raise EstimationError(f"rows: no such column: {', '.join(missing)}")
    date = pd.to_datetime(rows["date"], errors="coerce")
    number = lambda name, default: pd.to_numeric(  # noqa: E731
        rows[name] if name in rows.columns else pd.Series(default, rows.index), errors="coerce"
    )
    days, first = number("days", np.nan), number("benefit_day", 1)
    degree = number("degree", 100)
    wrong = date.isna() | ~(days >= 1) | ~(first >= 1) | ~((degree > 0) & (degree <= 100))
    if wrong.any():
        raise EstimationError(
            f"rows: {int(wrong.sum())} of {len(rows)} have no date, no days, no benefit day of 1 "
            "or more, or a degree outside (0, 100]"
        )
    return pd.DataFrame({
        "row": np.arange(len(rows)), "item": rows[item].to_numpy(dtype=object),
        "date": (date - pd.Timestamp(0)).dt.days.to_numpy(), "days": days.to_numpy(dtype=float),
        "benefit_day": first.to_numpy(dtype=float), "degree": degree.to_numpy(dtype=float),
    })  # fmt: skip


def monthly_pieces(rows: pd.DataFrame) -> pd.DataFrame:
    """Cut rows of days at the ends of months: each piece with its month and that month's days.

    `into` is the number of days from the first day of the row to the first of the piece.
    """
    start = rows["date"].to_numpy().astype("datetime64[D]")
    last = start + (np.ceil(rows["days"].to_numpy()).astype(int) - 1)
    first_month, last_month = start.astype("datetime64[M]"), last.astype("datetime64[M]")
    n_piece = (last_month - first_month).astype(int) + 1
    of_row = np.repeat(np.arange(len(rows)), n_piece)
    number = np.arange(len(of_row)) - np.repeat(np.cumsum(n_piece) - n_piece, n_piece)
    month = first_month[of_row] + number
    opens = month.astype("datetime64[D]").astype(int)
    closes = (month + 1).astype("datetime64[D]").astype(int)
    pieces = rows.iloc[of_row].reset_index(drop=True)
    begins = np.maximum(opens, pieces["date"].to_numpy())
    ends = np.minimum(closes, pieces["date"].to_numpy() + pieces["days"].to_numpy())
    return pieces.assign(
        into=begins - pieces["date"], date=begins, days=ends - begins, month=month,
        month_days=(closes - opens).astype(float),
    )  # fmt: skip


def price(
    pieces: pd.DataFrame, tariffs: pd.DataFrame, *, unit: str, days_per_week: Mapping[str, float],
    partial: Sequence[str],
) -> pd.DataFrame:  # fmt: skip
    """Unrounded amount of each piece and payer, and the whole (`full`) that it is a part of."""
    steps = tariff_steps(tariffs, tuple(partial))
    unknown = sorted(set(pieces["item"]) - set(steps))
    if unknown:
        n = int(pieces["item"].isin(unknown).sum())
        raise EstimationError(f"tariffs: no rows of {', '.join(map(str, unknown))}; {n} need them")
    found = []
    for item, group in pieces.groupby("item", sort=False):
        rate = float(days_per_week.get(item, 7)) / 7
        if not rate > 0:
            raise ParameterError("days_per_week: must be above 0")
        found += _of_item(item, group, steps[item], unit, rate)
    return pd.concat(found, ignore_index=True)


def _of_item(item: str, pieces: pd.DataFrame, steps: list[Step], unit: str, rate: float):
    date, days, into = (pieces[name].to_numpy(dtype=float) for name in ("date", "days", "into"))
    benefit_day = pieces["benefit_day"].to_numpy() + into * rate
    left, found = days.copy(), []
    for number, step in enumerate(steps):
        begin = np.maximum(step.since, date + (step.day_since - benefit_day) / rate)
        end = np.minimum(step.until, date + (step.day_until - benefit_day) / rate)
        inside = np.minimum(end, date + days) - np.maximum(begin, date)
        used = inside > EMPTY
        if not used.any():
            continue
        if step.is_empty:
            raise EstimationError(_to_fill_in(item, step, date[used], int(used.sum())))
        left[used] -= inside[used]
        own = pieces[used]
        whole = step.amount * own["degree"].to_numpy() / 100 * inside[used]
        if unit == "month":
            whole = whole / own["month_days"].to_numpy()
        for actor, share in step.shares.items():
            found.append(own.assign(
                payer=actor, amount=whole * share, full=whole, currency=step.currency,
                price_year=step.price_year, source=step.source, step=number,
            ))  # fmt: skip
    if (left > EMPTY).any():
        raise EstimationError(_not_covered(item, pieces[left > EMPTY], steps, rate))
    return found


def _to_fill_in(item: str, step: Step, date: np.ndarray, n: int) -> str:
    first = max(step.since, int(date.min()))
    return (
        f"tariffs: share or amount of {item} is empty from {_written(first)}, benefit day "
        f"{step.day_since} and later, and {n} rows need it; it is not shipped, fill in the tariff"
    )


def _not_covered(item: str, pieces: pd.DataFrame, steps: list[Step], rate: float) -> str:
    """Name the item, and the first day of the earliest piece that no step covers."""
    first = pieces.sort_values("date", kind="stable").iloc[0]
    offset = np.arange(int(np.ceil(first["days"])))
    date = first["date"] + offset
    day = np.floor(first["benefit_day"] + (first["into"] + offset) * rate)
    covered = np.zeros(len(date), dtype=bool)
    for step in steps:
        covered |= (date >= step.since) & (date < step.until) & (day >= step.day_since) & (
            day < step.day_until
        )  # fmt: skip
    at = int(np.argmin(covered))
    return (
        f"tariffs: {item} on {_written(int(date[at]))} (benefit day {int(day[at])}) is not "
        f"covered; nor are {len(pieces)} rows in all; add the tariff of that time"
    )


def _written(days: int) -> str:
    return f"{pd.Timestamp(0) + pd.Timedelta(days=days):%Y-%m-%d}"


def rounded(
    priced: pd.DataFrame, keys: list[str], whole: list[str], partial: set[str], decimals: int
) -> pd.DataFrame:
    """Sum amounts over `keys` and round them so that those of each of `whole` add up.

    Items whose shares are partial are rounded one by one: they add up to nothing.
    """
    table = priced.groupby(keys, sort=True, dropna=False)["amount"].sum().reset_index()
    by_itself = table["item"].isin(partial).to_numpy()
    group = table.groupby([*whole, "item"], sort=False, dropna=False).ngroup().to_numpy()
    group = np.where(by_itself, group.max(initial=0) + 1 + np.arange(len(table)), group)
    group = np.unique(group, return_inverse=True)[1]
    units = whole_units(table["amount"].to_numpy() * 10**decimals, group)
    return table.assign(amount=units / 10**decimals)
