"""Sensitivity: what one number becomes when one assumption at a time is lower or higher."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.economics.assumptions import (
    HORIZON,
    RATE,
    UNITS,
    Case,
    Quantity,
    check_names,
    check_ranges,
)
from evalkit.economics.largest import LARGEST, largest_by_group, shares_of_two
from evalkit.economics.paths import Beyond, Design, open_flows
from evalkit.provenance import provenance
from evalkit.results import Sensitivity

FACTOR = "factor"


def sensitivity(
    frame: pd.DataFrame,
    *,
    ranges: Mapping[str, tuple[float, float]],
    quantity: Quantity = "break_even_share",
    party: str = "society",
    design: Design = "contrast",
    horizon_years: float = 2,
    discount_rate: float = 0.03,
    beyond: Beyond = "stop",
    n_person: Mapping[str, int] | None = None,
    months: int | None = None,
    months_before: int = 12,
    price_index: pd.DataFrame | None = None,
    price_year: int | None = None,
) -> Sensitivity:
    """Evaluate the break-even share or the net gain at both ends of each assumption.

    One assumption is moved at a time, the others stay. So the widths say which assumption matters
    most, and not how uncertain the result is in all.

    Parameters
    ----------
    frame, design, beyond, n_person, months, months_before, price_index, price_year
        As for `pay_off`; `item` of the rows is what unit costs are named by.
    ranges : mapping of str to (low, high)
        By parameter: an item of the ledger (factor on its amounts, 0 or more, 1 is as given),
        `discount_rate`, `horizon_years`, or `share_due` (share of the gain that is due to the
        programme; 1 is all).
    quantity : {"break_even_share", "net"}
    party : str
        Whose; a party of the ledger, or `society`.
    horizon_years, discount_rate : float
        As they are in the base case.

    Returns
    -------
    Sensitivity
        One row a parameter, the widest first: `at_low` and `at_high`, and `unit` of the parameter
        (`factor`, `share`, `years`); `glance` holds the base case. Support: persons with a flow
        of the item, of other parameters those of the party.

    Raises
    ------
    EstimationError
        As `pay_off`; if a parameter is neither an item of the rows nor one of those named, or the
        party is not in the rows.
    ParameterError
        If a range is not low to high, or a value is impossible.

    Notes
    -----
    The results are ranges of assumptions, not intervals. `share_due` divides the break-even share:
    it scales the gain.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "arm": ["programme", "comparison"],
    ...     "month": [0, 12],
    ...     "payer": "region",
    ...     "payee": "resources",
    ...     "item": ["package", "care"],
    ...     "kind": ["intervention", "real_resource"],
    ...     "amount": [60.0, 120.0],
    ...     "currency": "SEK",
    ...     "price_year": 2025,
    ... })
    >>> found = sensitivity(frame, ranges={"package": (0.5, 1.5), "horizon_years": (1, 2)},
    ...                     n_person={"programme": 1, "comparison": 1}, horizon_years=1)
    >>> found.tidy()[["parameter", "at_low", "at_high"]]
           parameter  at_low  at_high
    0        package    0.25     0.75
    1  horizon_years    0.50     0.25
    """
    check_ranges(ranges, quantity, design, beyond, horizon_years, discount_rate)
    rows, flows, digest = open_flows(
        frame, design=design, n_person=n_person, months=months, months_before=months_before,
        price_index=price_index, price_year=price_year,
    )  # fmt: skip
    case = Case(
        rows, flows, party, quantity, design, beyond, months_before,
        {HORIZON: horizon_years, RATE: discount_rate},
    )  # fmt: skip
    check_names(case, ranges)
    base = case.value()
    table = _both_ends(case, ranges, base)
    order = _widest_first(table)
    return Sensitivity(
        rows=table.iloc[order].reset_index(drop=True),
        summary=_summary(case, base),
        support=_support(case, table["parameter"].to_numpy()[order]),
        provenance=provenance(
            "sensitivity", digest,
            ranges={name: list(ends) for name, ends in ranges.items()}, quantity=quantity,
            party=party, design=design, horizon_years=horizon_years, discount_rate=discount_rate,
            beyond=beyond, n_person=n_person, months=months, months_before=months_before,
            price_year=price_year,
        ),
    )  # fmt: skip


def _both_ends(case: Case, ranges: Mapping[str, tuple[float, float]], base: float) -> pd.DataFrame:
    """One row a parameter: the result at its low and its high value."""
    table = pd.DataFrame([
        {"parameter": name, "low": low, "high": high, "at_low": case.value(name, low),
         "at_high": case.value(name, high), "unit": UNITS.get(name, FACTOR)}
        for name, (low, high) in ranges.items()
    ])  # fmt: skip
    for side in ("at_low", "at_high"):  # what an assumption does not touch stays exactly
        near = np.isclose(table[side], base, rtol=1e-9, atol=0)
        table[side] = np.where(near, base, table[side])
    return table


def _widest_first(table: pd.DataFrame) -> np.ndarray:
    """Order of the rows; a result that is never reached is wider than all."""
    width = np.abs(np.nan_to_num(table["at_high"] - table["at_low"], nan=np.inf, posinf=np.inf))
    return np.argsort(-width, kind="stable")


def _summary(case: Case, base: float) -> dict:
    followed = f"{case.flows.last} months followed, then {case.beyond}"
    return {
        "n": case.flows.n_person,
        "quantity": case.quantity,
        "party": case.party,
        "base": base,
        "horizon_years": case.settings[HORIZON],
        "discount_rate": case.settings[RATE],
        "currency": case.rows["currency"].iloc[0],
        "price_year": int(case.rows["price_year"].iloc[0]),
        "label": "assumed",
        "method": f"{case.design}, {followed}, one at a time",
    }


def _support(case: Case, names: np.ndarray) -> dict[str, np.ndarray]:
    """Persons with a flow of each item, of other parameters those of the party; their largest."""
    rows, flows = case.rows, case.flows
    of_party = flows.n_behind[case.place]
    behind = [of_party if name in UNITS else _behind(rows, name, flows) for name in names]
    return {
        "n": np.minimum(np.array(behind, dtype=float), of_party),
        **_largest(rows, list(names), flows, case.party),
    }


def _largest(rows: pd.DataFrame, names: list, flows, party: str) -> dict[str, np.ndarray]:
    """Of an item or the party, whichever is held more by two persons: their amounts, and all."""
    own = flows.support()
    of_party = [float(own[name][flows.parties.index(party)]) for name in LARGEST]
    if "person_id" not in rows.columns:
        return {
            name: np.full(len(names), value) for name, value in zip(LARGEST, of_party, strict=True)
        }
    of_items = largest_by_group([rows["item"]], rows["person_id"], rows["amount"])
    found = [
        max(of_party, list(of_items.loc[name]), key=lambda size: float(shares_of_two(*size)))
        if name in of_items.index
        else of_party
        for name in names
    ]
    return dict(zip(LARGEST, np.array(found, dtype=float).T, strict=True))


def _behind(rows: pd.DataFrame, item: str, flows) -> float:
    """Persons with a flow of an item, of two arms the smaller number; the arm where of nobody."""
    found = []
    for name, arm in flows.arms.items():
        own = rows[rows["item"] == item]
        own = own[own["arm"] == name] if "arm" in own.columns else own
        own = own[own["amount"] != 0]
        persons = own["person_id"] if "person_id" in own.columns else pd.Series(dtype=object)
        found.append(float(persons.nunique()) if persons.notna().any() else float(arm.n_person))
    return min(found)
