"""Financing: who gave how much, beside the shares of the law; administration and packages."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.codes import read_codes
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import digest_frame, provenance
from evalkit.results import Financing

FUNDS, SPENDING, ALL = "funds", ("administration", "package"), "all"
PART = "part_not_recorded"
COLUMNS = ("federation", "year", "financier", "kind", "budget", "outcome", "currency")


def legal_shares(country: str | None) -> dict[str, float]:
    """Shares of the funds that a country's law gives each financier; empty where none is known.

    Examples
    --------
    >>> legal_shares("SE")
    {'social_insurance': 0.5, 'region': 0.25, 'municipality': 0.25}
    >>> legal_shares("FI")
    {}
    """
    book = read_codes("financing_shares.csv")
    book = book[book["country"] == country]
    return dict(zip(book["financier"], book["share"].astype(float), strict=True))


def financing(
    finances: pd.DataFrame,
    *,
    country: str | None = None,
    legal: Mapping[str, float] | None = None,
) -> Financing:
    """Compare the funds by financier with the shares of the law, and administration with packages.

    Always a description. There are no persons in it: these are accounts of organisations.

    Parameters
    ----------
    finances : DataFrame
        The records' table: `federation`, `year`, `financier`, `kind` (`funds`, `own_capital`,
        `administration`, `package`), `budget`, `outcome`, `currency`.
    country : str, optional
        Takes the shares of the law of that country (SE; none are known for FI).
    legal : mapping of str to float, optional
        Shares by financier in place of the country's; they add up to 1.

    Returns
    -------
    Financing
        One row a federation, year, kind and financier, and one for all financiers of a kind
        (`all`). `share_percent` is the part of the funds, or for administration and packages of
        all spending, by outcome where every row of that federation, year and kind has one, else by
        budget. For funds also `legal_share_percent`, `deviation_points` (share less law, in
        percentage points) and `deviation` (money above what the law's share of the same total
        would be). A financier that the law does not name has a share of 0 there. Where one that
        it names is not in the records, shares are of what is recorded, deviations are missing.

    Raises
    ------
    EstimationError
        If there is no row, a key occurs twice, or one federation and year has several currencies.
    ParameterError
        If a column is missing, or shares do not add up to 1.

    Notes
    -----
    Own capital is shown and belongs to no share: the law shares the funds of the year.

    References
    ----------
    Lag (2003:1210) om finansiell samordning av rehabiliteringsinsatser, section 5.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "federation": "Norra", "year": 2024, "kind": "funds", "currency": "SEK",
    ...     "financier": ["social_insurance", "region", "municipality"],
    ...     "budget": [50, 25, 25], "outcome": [60, 20, 20],
    ... })
    >>> rows = financing(table, country="SE").tidy()
    >>> rows[["financier", "share_percent", "deviation_points", "deviation"]]
              financier  share_percent  deviation_points  deviation
    0  social_insurance           60.0              10.0       10.0
    1            region           20.0              -5.0       -5.0
    2      municipality           20.0              -5.0       -5.0
    3               all          100.0               0.0        0.0
    """
    shares = _shares(country, legal)
    given = _checked(finances)
    groups = given.groupby(["federation", "year"], sort=True)
    table = pd.concat([_federation_year(rows, shares) for _, rows in groups], ignore_index=True)
    return Financing(
        rows=table,
        summary={
            "n_federation": given["federation"].nunique(),
            "first_year": int(given["year"].min()),
            "last_year": int(given["year"].max()),
            "law": "yes" if shares else "none known",
            "source": "given" if legal is not None else _source(country),
            "label": "description",
        },
        support={"n": np.full(len(table), np.nan)},
        provenance=provenance(
            "financing", digest_frame(given)[:16], country=country, legal=sorted(shares.items())
        ),
    )


def implied_funds(state: float, *, country: str = "SE") -> pd.DataFrame:
    """Work out all funds from the state's, in the two ways that published texts are read.

    By law the state's part is half of the total. A text that says that municipalities and regions
    each add 25 per cent "of the state's share" gives less; the law decides.

    Parameters
    ----------
    state : float
        What the state gave, in any unit of money.

    Returns
    -------
    DataFrame
        `reading` (`law`, `of_state`), `financier`, `amount`; the financier `all` is the total.

    Raises
    ------
    ParameterError
        If the amount is not positive, or the country has no shares of the law.

    Examples
    --------
    The year 2016 in Sweden, in million kronor:

    >>> implied_funds(339).query("financier == 'all'")[["reading", "amount"]]
        reading  amount
    3       law   678.0
    7  of_state   508.5
    """
    shares = legal_shares(country)
    if not state > 0 or not np.isfinite(state):
        raise ParameterError("state: must be a positive amount")
    if not shares:
        raise ParameterError(f"country: no shares of the law are known for `{country}`")
    first = next(iter(shares))
    rows = []
    for reading, total in (("law", state / shares[first]), ("of_state", state)):
        parts = {name: share * total for name, share in shares.items()} | {first: float(state)}
        rows += [(reading, name, amount) for name, amount in parts.items()]
        rows.append((reading, ALL, sum(parts.values())))
    return pd.DataFrame(rows, columns=["reading", "financier", "amount"])


def _shares(country: str | None, legal: Mapping[str, float] | None) -> dict[str, float]:
    if legal is None:
        return legal_shares(country)
    shares = {name: float(share) for name, share in legal.items()}
    if (
        not all(0 <= share <= 1 for share in shares.values())
        or abs(sum(shares.values()) - 1) > 1e-9
    ):
        raise ParameterError("legal: shares must lie between 0 and 1 and add up to 1")
    return shares


def _source(country: str | None) -> str:
    book = read_codes("financing_shares.csv")
    return "; ".join(book.loc[book["country"] == country, "source"].unique())


def _checked(finances: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in COLUMNS if name not in finances]
    if missing:
        raise ParameterError(f"finances: no column {', '.join(missing)}")
    given = finances[list(COLUMNS)].reset_index(drop=True)
    if not len(given):
        raise EstimationError("finances: no row")
    again = int(given.duplicated(["federation", "year", "financier", "kind"]).sum())
    if again:
        raise EstimationError(
            f"finances: {again} of {len(given)} rows repeat a federation, year, financier and kind"
        )
    mixed = int((given.groupby(["federation", "year"])["currency"].nunique() > 1).sum())
    if mixed:
        raise EstimationError(f"currency: {mixed} federations and years have several")
    return given.astype({"budget": float, "outcome": float})


def _federation_year(rows: pd.DataFrame, shares: dict[str, float]) -> pd.DataFrame:
    """All kinds of one federation and year, in the order of the records."""
    parts = []
    for kind, own in rows.groupby("kind", sort=False):
        every = own.assign(reason="")
        total = own.iloc[:1].assign(
            financier=ALL, budget=_sum(own["budget"]), outcome=_sum(own["outcome"]), reason=""
        )
        if kind == FUNDS:
            every = _with_absent(every, shares)
            # Shares are then those of what is recorded, and the total is not all there was.
            total["reason"] = PART if len(every) > len(own) else ""
        part = pd.concat([every, total])
        parts.append(part.assign(share_percent=_share(part, rows, str(kind))))
    table = pd.concat(parts, ignore_index=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        used = 100 * table["outcome"] / table["budget"].where(table["budget"] != 0)
    table = table.assign(used_percent=used)
    is_funds = (table["kind"] == FUNDS) & bool(shares)
    law = table["financier"].map({**shares, ALL: 1.0}).fillna(0.0).where(is_funds)
    funds = table[(table["kind"] == FUNDS) & (table["financier"] == ALL)]
    total = float(_amount(funds).iloc[0]) if len(funds) else np.nan
    # Without one of the law's financiers nothing can be said of the total, so nor of deviations.
    share = table["share_percent"].where((table["reason"] != PART).all() | ~is_funds)
    return table.assign(
        legal_share_percent=100 * law,
        deviation_points=share - 100 * law,
        deviation=share / 100 * total - law * total,
    )


def _with_absent(funds: pd.DataFrame, shares: dict[str, float]) -> pd.DataFrame:
    """Rows of financiers that the law names and the records lack: they gave nothing known."""
    absent = [name for name in shares if name not in set(funds["financier"])]
    if not absent:
        return funds
    first = {name: funds[name].iloc[0] for name in ("federation", "year", "kind", "currency")}
    more = pd.DataFrame({"financier": absent, "budget": np.nan, "outcome": np.nan,
                         "reason": "not_recorded", **first})  # fmt: skip
    return pd.concat([funds, more], ignore_index=True)


def _share(part: pd.DataFrame, rows: pd.DataFrame, kind: str) -> pd.Series:
    """Percent of the funds, or of all spending; missing for own capital."""
    if kind == FUNDS:
        amount = _amount(part)
        total = amount[part["financier"] == ALL].iloc[0]
    elif kind in SPENDING:
        spending = rows[rows["kind"].isin(SPENDING)]
        column = "outcome" if spending["outcome"].notna().all() else "budget"
        amount, total = part[column], _sum(spending[column])
    else:
        return pd.Series(np.nan, index=part.index)
    return 100 * amount / total if total and np.isfinite(total) else amount * np.nan


def _amount(part: pd.DataFrame) -> pd.Series:
    """Outcomes where every financier in the records has one, else budgets."""
    known = part.loc[(part["financier"] != ALL) & (part["reason"] == ""), "outcome"]
    is_total = bool((part["financier"] == ALL).all())
    complete = part["outcome"].notna().all() if is_total else known.notna().all()
    return part["outcome"] if complete else part["budget"]


def _sum(amounts: pd.Series) -> float:
    return float(amounts.sum()) if amounts.notna().all() and len(amounts) else np.nan
