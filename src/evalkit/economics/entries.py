"""Rows of a ledger: their rules, their prices, and the two entries that each one makes."""

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError

RESOURCES, PRODUCTION = "resources", "production"
ACCOUNTS = (RESOURCES, PRODUCTION)
KINDS = ("transfer", "real_resource", "production", "tax", "intervention")
USES_RESOURCES = ("real_resource", "intervention")
REQUIRED = ("month", "payer", "payee", "item", "kind", "amount", "currency", "price_year")

ROUNDING = 1e-9  # of the gross flow: what sums of floating-point amounts may differ by


def checked_rows(
    frame: pd.DataFrame, *, price_index: pd.DataFrame | None = None, price_year: int | None = None
) -> pd.DataFrame:
    """Copy ledger rows after checking every rule, in the prices of one year.

    Parameters
    ----------
    frame : DataFrame
        Columns month, payer, payee, item, kind, amount, currency, price_year; others are kept.
    price_index : DataFrame
        Columns year and index, needed where rows are in prices of several years, or of another
        year than `price_year`.
    price_year : int
        The year whose prices amounts are given in; by default the latest of the rows.

    Raises
    ------
    EstimationError
        With every rule that rows break: a missing column; no payer or payee, or one that pays
        itself; an unknown kind; an amount that is negative or no number; `resources` not on the
        receiving side of exactly the kinds that use them, `production` not on the paying side of
        exactly its kind; several currencies; price years that no index connects, or an index that
        has a year twice or is not above 0.
    """
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise EstimationError(f"ledger: no such column: {', '.join(missing)}")
    if not len(frame):
        raise EstimationError("ledger: no rows")
    rows = frame.reset_index(drop=True).copy()
    faults = [_fault(what, wrong) for what, wrong in _rules(rows) if wrong.any()]
    n_currency = rows["currency"].nunique(dropna=False)
    if n_currency > 1:
        faults.append(f"currency: {n_currency} currencies; convert to one first")
    if faults:
        raise EstimationError("ledger: " + "; ".join(faults))
    return _in_prices_of_one_year(rows, price_index, price_year)


def entries(rows: pd.DataFrame) -> pd.DataFrame:
    """Both sides of every row: columns row, party, kind, amount (received positive)."""
    number = np.arange(len(rows))
    paid = {"row": number, "party": rows["payer"], "kind": rows["kind"], "amount": -rows["amount"]}
    received = paid | {"party": rows["payee"], "amount": rows["amount"]}
    return pd.concat([pd.DataFrame(paid), pd.DataFrame(received)], ignore_index=True)


def balances(sides: pd.DataFrame) -> pd.Series:
    """Received less paid of each party, the accounts `resources` and `production` included.

    Raises
    ------
    EstimationError
        If any row lacks one of its two sides: what one party pays another must receive.
    """
    left = sides.groupby("row")["amount"].sum().abs()
    gross = sides["amount"].abs().groupby(sides["row"]).max()
    one_sided = int(((left > ROUNDING * gross) & (gross > 0)).sum())
    if one_sided:
        raise EstimationError(
            f"ledger: {one_sided} of {len(gross)} rows have one side only, so that the sum over "
            "all parties is not society's. Name payer and payee of every flow."
        )
    return sides.groupby("party")["amount"].sum()


def society(balance: pd.Series) -> float:
    """Production less resources, which is also the sum of the balances of all parties.

    Raises
    ------
    EstimationError
        If the two differ by more than rounding.
    """
    accounts = balance.reindex(ACCOUNTS, fill_value=0.0)
    produced = -accounts[PRODUCTION] - accounts[RESOURCES]
    of_parties = balance.drop(labels=list(ACCOUNTS), errors="ignore").sum()
    if abs(produced - of_parties) > ROUNDING * max(balance.abs().sum(), 1.0):
        raise EstimationError("ledger: the balances of the parties do not add up to society's")
    return float(produced)


def _rules(rows: pd.DataFrame) -> list[tuple[str, np.ndarray]]:
    """What each rule says of a row that breaks it, and which rows do."""
    payer, payee, kind = rows["payer"], rows["payee"], rows["kind"]
    amount = pd.to_numeric(rows["amount"], errors="coerce").to_numpy(dtype=float)
    uses = kind.isin(USES_RESOURCES)
    produces = kind == "production"
    rules = [
        ("no payer or no payee; every flow has a counterparty", _blank(payer) | _blank(payee)),
        ("payer and payee are the same", (payer == payee) & ~_blank(payer)),
        (f"kind is not one of {', '.join(KINDS)}", ~kind.isin(KINDS)),
        ("amount is missing or below 0; turn the flow round", ~(amount >= 0) | np.isinf(amount)),
        ("payee must be `resources` for kinds that use them", uses & (payee != RESOURCES)),
        ("payee is `resources` for a kind that uses none", ~uses & (payee == RESOURCES)),
        ("payer must be `production` for kind production", produces & (payer != PRODUCTION)),
        ("payer is `production` for another kind", ~produces & (payer == PRODUCTION)),
        ("`resources` pays or `production` receives", (payer == RESOURCES) | (payee == PRODUCTION)),
    ]  # fmt: skip
    return [(what, np.asarray(wrong, dtype=bool)) for what, wrong in rules]


def _blank(names: pd.Series) -> pd.Series:
    return names.isna() | (names.astype(str).str.strip() == "")


def _fault(what: str, wrong: np.ndarray) -> str:
    rows = np.flatnonzero(wrong)
    shown = ", ".join(str(row) for row in rows[:5]) + (", ..." if rows.size > 5 else "")
    return f"{rows.size} of {wrong.size} rows: {what} (positions {shown})"


def _in_prices_of_one_year(
    rows: pd.DataFrame, price_index: pd.DataFrame | None, price_year: int | None
) -> pd.DataFrame:
    years = pd.to_numeric(rows["price_year"], errors="coerce")
    if years.isna().any():
        raise EstimationError(f"price_year: missing in {int(years.isna().sum())} rows")
    years = years.astype(int)
    target = int(years.max()) if price_year is None else int(price_year)
    rows = rows.assign(amount=pd.to_numeric(rows["amount"]).astype(float), price_year=target)
    if (years == target).all():
        return rows
    wanted = sorted({*years.unique(), target})
    if price_index is None:
        raise EstimationError(
            f"price_year: {len(wanted)} different years and no price index; give `price_index`"
        )
    level = _levels(price_index, wanted)
    return rows.assign(amount=rows["amount"] * level[target] / level.loc[years].to_numpy())


def _levels(price_index: pd.DataFrame, wanted: list[int]) -> pd.Series:
    """Index by year of the years wanted; a sum would take a missing level for an amount of 0."""
    level = pd.to_numeric(price_index["index"], errors="coerce").astype(float)
    level.index = pd.to_numeric(price_index["year"]).astype(int)
    absent = [year for year in wanted if year not in level.index]
    if absent:
        raise EstimationError(f"price_index: {len(absent)} of {len(wanted)} price years not in it")
    level = level[level.index.isin(wanted)]
    repeated = int(level.index.duplicated().sum())
    wrong = int((~((level > 0) & np.isfinite(level))).sum())
    if repeated or wrong:
        raise EstimationError(
            f"price_index: of {len(wanted)} price years {repeated} stand in two rows, and {wrong} "
            "rows have no index above 0"
        )
    return level
