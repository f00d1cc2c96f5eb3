"""Perspectives: what each party, the public sector and society received and paid."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.economics.entries import ACCOUNTS, balances, checked_rows, entries, society
from evalkit.economics.largest import LARGEST, largest_by_group, shares_of_two
from evalkit.economics.parties import (
    ALL_KINDS,
    PUBLIC,
    PUBLIC_PARTIES,
    SOCIETY,
    public_among,
    require_no_sums,
)
from evalkit.errors import EstimationError
from evalkit.provenance import digest_frame, provenance
from evalkit.results import Ledger, LedgerBalances

KEYS = ["party", "kind"]
SAME = 1e-9  # of the gross flow


def ledger_balances(
    frame: pd.DataFrame | Ledger,
    *,
    public: Sequence[str] = PUBLIC_PARTIES,
    price_index: pd.DataFrame | None = None,
    price_year: int | None = None,
) -> LedgerBalances:
    """Received and paid by party and kind, from every perspective.

    The same flows answer four questions: what an authority paid (its own rows), what public finance
    did (`public`), what the individual did (its rows), and what society gained (`society`). Public
    finance is not society: transfers and taxes move money, and only production and resources are
    gained and used.

    Parameters
    ----------
    frame, price_index, price_year
        As for `ledger`.
    public : sequence of str
        As for `break_even_by_horizon`.

    Returns
    -------
    LedgerBalances
        One row a party and kind, and kind `all`; then the same of `public`, where any party is
        public, and of `society`. Support: persons behind the row, missing without `person_id`.

    Raises
    ------
    EstimationError
        As `ledger`; if a party is named `public` or `society`; if the balances of all parties do
        not add up to production less resources.

    Notes
    -----
    balance = received - paid. public = sum over public parties. society = sum over all parties,
    individual, employer and insurers included = production - resources, which is asserted.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "month": 1,
    ...     "payer": ["production", "employer", "individual", "municipality"],
    ...     "payee": ["employer", "individual", "state", "resources"],
    ...     "item": ["output", "wage", "income tax", "casework"],
    ...     "kind": ["production", "transfer", "tax", "intervention"],
    ...     "amount": [30.0, 25.0, 6.0, 10.0],
    ...     "currency": "SEK",
    ...     "price_year": 2025,
    ... })
    >>> result = ledger_balances(frame).tidy()
    >>> result[result["kind"] == "all"].set_index("party")["balance"].to_dict()
    {'employer': 5.0, 'individual': 19.0, 'municipality': -10.0, 'state': 6.0, 'public': -4.0, \
'society': 20.0}
    """
    is_result = isinstance(frame, Ledger)
    n_row = int(frame.summary["n_row"]) if is_result else len(frame)
    if is_result:
        known = frame
        frame = known.tidy().assign(
            currency=known.summary["currency"], price_year=known.summary["price_year"]
        )
    rows = checked_rows(frame, price_index=price_index, price_year=price_year)
    sides = _sides(rows)
    require_no_sums(list(pd.unique(sides["party"])))
    balance = balances(entries(rows))
    total = society(balance)
    table = _table(sides, public)
    _assert_identity(table, total)
    has_person = "person_id" in rows.columns
    n = float(rows["person_id"].nunique()) if has_person else np.nan
    if is_result:
        n = known.summary["n"]
    return LedgerBalances(
        rows=table[["party", "kind", "received", "paid", "balance"]],
        summary={
            "n": n,
            "n_row": n_row,
            "currency": rows["currency"].iloc[0],
            "price_year": int(rows["price_year"].iloc[0]),
            "society": total,
            "public": ", ".join(public_among(list(dict.fromkeys(sides["party"])), public)),
        },
        support=_support(table, known, public)
        if is_result
        else {name: table[name] for name in ("n", *LARGEST)},
        provenance=provenance(
            "ledger_balances", digest_frame(rows)[:16], public=list(public), price_year=price_year
        ),
    )


def _sides(rows: pd.DataFrame) -> pd.DataFrame:
    """Both sides of every row with its person, amounts of 0 left out."""
    sides = entries(rows)
    person = rows["person_id"].to_numpy() if "person_id" in rows.columns else np.nan
    sides = sides.assign(person=np.tile(np.broadcast_to(person, len(rows)), 2))
    return sides[sides["amount"] != 0]


def _table(sides: pd.DataFrame, public: Sequence[str]) -> pd.DataFrame:
    """Rows of the parties by name, of `public`, of `society`; kinds by name, then all."""
    of_parties = sides[~sides["party"].isin(ACCOUNTS)]
    groups = [of_parties]
    among = of_parties[of_parties["party"].isin(set(public))]
    if len(among):
        groups.append(among.assign(party=PUBLIC))
    groups.append(of_parties.assign(party=SOCIETY))
    found = pd.concat([_summed(part) for part in groups], ignore_index=True)
    return found.assign(balance=found["received"] - found["paid"])


def _summed(sides: pd.DataFrame) -> pd.DataFrame:
    both = pd.concat([sides, sides.assign(kind=ALL_KINDS)])
    both = both.assign(
        received=both["amount"].clip(lower=0), paid=-both["amount"].clip(upper=0),
        is_all=both["kind"] == ALL_KINDS,
    )  # fmt: skip
    names = ["party", "is_all", "kind"]
    grouped = both.groupby(names, sort=True)
    table = grouped[["received", "paid"]].sum()
    keys = [both[name] for name in names]
    ends = [
        largest_by_group(keys, both["person"], both[side]).reindex(table.index).fillna(0.0)
        for side in ("received", "paid")
    ]
    return table.assign(n=_persons(both, names), **_worse(*ends)).reset_index()


def _worse(received: pd.DataFrame, paid: pd.DataFrame) -> dict[str, np.ndarray]:
    """Of what was received and paid, that in which two persons hold the larger share."""
    sides = np.stack([side[list(LARGEST)].to_numpy().T for side in (received, paid)])
    share = np.stack([shares_of_two(*side) for side in sides])
    return dict(zip(LARGEST, np.where(share[0] >= share[1], *sides), strict=True))


def _persons(both: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Persons of a row, of what was received and what was paid the smaller number.

    Missing where all of its flows are of nobody in particular.
    """
    own = both[both["person"].notna()]
    sides = own.groupby([*keys, own["amount"] > 0])["person"].nunique()
    return sides.groupby(level=list(range(len(keys)))).min().astype(float)


def _support(table: pd.DataFrame, known: Ledger, public: Sequence[str]) -> dict[str, np.ndarray]:
    """Persons behind sums over a ledger's rows: at least as many as behind the largest of them.

    Two persons who hold most of a sum hold most of one of its rows.
    """
    support = {name: values.astype(float) for name, values in known.support.items()}
    rows = known.tidy().assign(n=support["n"], share=0.0)
    if LARGEST[0] in support:
        rows["share"] = shares_of_two(*(np.nan_to_num(support[name]) for name in LARGEST))
    sides = pd.concat([
        rows.assign(party=rows["payer"], side="paid"),
        rows.assign(party=rows["payee"], side="received"),
    ])  # fmt: skip
    sides = sides[~sides["party"].isin(ACCOUNTS)]
    is_public = sides["party"].isin(set(public))
    sides = pd.concat([
        sides, sides[is_public].assign(party=PUBLIC), sides.assign(party=SOCIETY)
    ])  # fmt: skip
    sides = pd.concat([sides, sides.assign(kind=ALL_KINDS)])
    keys = pd.MultiIndex.from_frame(table[KEYS])
    largest = sides.groupby([*KEYS, "side"])[["n", "share"]].max()
    largest = largest.groupby(level=KEYS).agg({"n": "min", "share": "max"}).reindex(keys)
    one = np.ones(len(largest))
    held = (largest["share"].to_numpy(), 0 * one, one)
    return {"n": largest["n"].to_numpy(), **dict(zip(LARGEST, held, strict=True))}


def _assert_identity(table: pd.DataFrame, total: float) -> None:
    """The four perspectives are sums over the same rows.

    Raises
    ------
    EstimationError
        If society's balance is not production less resources.
    """
    whole = table[table["kind"] == ALL_KINDS].set_index("party")
    gross = float(whole.loc[SOCIETY, ["received", "paid"]].sum()) if len(whole) else 0.0
    found = float(whole.loc[SOCIETY, "balance"]) if len(whole) else 0.0
    if abs(found - total) > SAME * max(gross, 1.0):
        raise EstimationError("ledger: the balances of the parties do not add up to society's")
