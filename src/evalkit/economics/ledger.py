"""The ledger: flows between parties, summed over persons, in double entry."""

import numpy as np
import pandas as pd

from evalkit.economics.entries import balances, checked_rows, entries, society
from evalkit.economics.largest import LARGEST, largest_by_group
from evalkit.provenance import digest_frame, provenance
from evalkit.results import Ledger

KEYS = ["month", "payer", "payee", "item", "kind"]


def ledger(
    frame: pd.DataFrame,
    *,
    price_index: pd.DataFrame | None = None,
    price_year: int | None = None,
) -> Ledger:
    """Sum dated flows over persons, after checking that every flow has two sides.

    Single-sided cost lists lose money: what one authority saves, another or the person may pay.
    With both sides named, the balances of all parties add up to what society gains, and transfers
    and taxes cancel as they must.

    Parameters
    ----------
    frame : DataFrame
        One row a flow: `month` (any label), `payer`, `payee`, `item`, `kind` (transfer,
        real_resource, production, tax, intervention), `amount` >= 0, `currency`, `price_year`;
        optionally `person_id`. The payee is `resources` for the kinds real_resource and
        intervention, the payer is `production` for the kind production; wage, tax and production
        are separate rows.
    price_index : DataFrame
        Columns year and index; needed where price years differ.
    price_year : int
        Prices to express amounts in; by default the latest price year of the rows.

    Returns
    -------
    Ledger
        Amounts by month, payer, payee, item and kind; `glance` gives society's balance. The
        support of a row is its number of persons, missing without `person_id`.

    Raises
    ------
    EstimationError
        If rows break the rules above (all of them at once, by count and position).

    Notes
    -----
    society = production - resources = sum over parties of (received - paid).

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "month": 1,
    ...     "payer": ["production", "employer", "person", "municipality"],
    ...     "payee": ["employer", "person", "state", "resources"],
    ...     "item": ["output", "wage", "income tax", "casework"],
    ...     "kind": ["production", "transfer", "tax", "intervention"],
    ...     "amount": [30.0, 25.0, 6.0, 10.0],
    ...     "currency": "SEK",
    ...     "price_year": 2025,
    ... })
    >>> float(ledger(frame).glance()["society"][0])
    20.0
    """
    rows = checked_rows(frame, price_index=price_index, price_year=price_year)
    total = society(balances(entries(rows)))
    grouped = rows.groupby(KEYS, sort=True, dropna=False)
    table = grouped["amount"].sum().reset_index()
    has_person = "person_id" in rows.columns
    persons = grouped["person_id"].nunique().to_numpy(dtype=float) if has_person else np.nan
    return Ledger(
        rows=table[[*KEYS, "amount"]],
        summary={
            "n": rows["person_id"].nunique() if has_person else np.nan,
            "n_row": len(rows),
            "currency": rows["currency"].iloc[0],
            "price_year": int(rows["price_year"].iloc[0]),
            "society": total,
        },
        support={"n": np.broadcast_to(persons, len(table)), **_largest(rows, table)},
        provenance=provenance("ledger", digest_frame(rows)[:16], price_year=price_year),
    )


def _largest(rows: pd.DataFrame, table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Amounts of the two persons with most in each row, and of all its persons."""
    if "person_id" not in rows.columns:
        return {}
    found = largest_by_group([rows[name] for name in KEYS], rows["person_id"], rows["amount"])
    ordered = found.reindex(pd.MultiIndex.from_frame(table[KEYS]))
    return {name: ordered[name].to_numpy() for name in LARGEST}
