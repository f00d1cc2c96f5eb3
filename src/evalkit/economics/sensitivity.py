"""Sensitivity: what one number becomes when one assumption at a time is lower or higher."""

from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
import pandas as pd

from evalkit.economics.largest import LARGEST, largest_by_group, shares_of_two
from evalkit.economics.paths import (
    Beyond,
    Design,
    against_reference,
    check_options,
    open_flows,
    recover,
)
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import digest_frame, provenance
from evalkit.results import Sensitivity

Quantity = Literal["break_even_share", "net"]
SHARE_DUE, RATE, HORIZON = "share_due", "discount_rate", "horizon_years"
UNITS = {SHARE_DUE: "share", RATE: "share", HORIZON: "years"}
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
    _check(ranges, quantity, design, beyond, horizon_years, discount_rate)
    rows, flows = open_flows(
        frame, design=design, n_person=n_person, months=months, months_before=months_before,
        price_index=price_index, price_year=price_year,
    )  # fmt: skip
    unknown = sorted(set(ranges) - set(UNITS) - set(rows["item"]))
    if unknown or party not in flows.parties:
        what = f"party: {party!r}" if party not in flows.parties else f"ranges: {unknown}"
        raise EstimationError(f"{what} is no party, item or parameter of these rows")
    counts = {name: arm.n_person for name, arm in flows.arms.items()}
    settings = {HORIZON: horizon_years, RATE: discount_rate}

    def value(name: str | None = None, at: float = 1.0) -> float:
        moved = rows
        if name is not None and name not in UNITS:
            factor = np.where(rows["item"] == name, at, 1.0)
            moved = rows.assign(amount=rows["amount"] * factor)
        _, found = open_flows(
            moved, design=design, n_person=counts, months=flows.last,
            months_before=months_before, price_index=None, price_year=None,
        )  # fmt: skip
        outlay, gain = against_reference(found)
        due = at if name == SHARE_DUE else 1.0
        used = {**settings, **({name: at} if name in settings else {})}
        point = recover(outlay, due * gain, last=flows.last, beyond=beyond, **used)
        place = flows.parties.index(party)
        if quantity == "net":
            return float(point.net[place])
        return _share(float(point.cost[place]), float(point.gain[place]), used[HORIZON])

    table = pd.DataFrame([
        {"parameter": name, "low": low, "high": high, "at_low": value(name, low),
         "at_high": value(name, high), "unit": UNITS.get(name, FACTOR)}
        for name, (low, high) in ranges.items()
    ])  # fmt: skip
    base = value()
    for side in ("at_low", "at_high"):  # what an assumption does not touch stays exactly
        near = np.isclose(table[side], base, rtol=1e-9, atol=0)
        table[side] = np.where(near, base, table[side])
    of_party = flows.n_behind[flows.parties.index(party)]
    behind = [of_party if name in UNITS else _behind(rows, name, flows) for name in ranges]
    width = np.abs(np.nan_to_num(table["at_high"] - table["at_low"], nan=np.inf, posinf=np.inf))
    order = np.argsort(-width, kind="stable")
    return Sensitivity(
        rows=table.iloc[order].reset_index(drop=True),
        summary={
            "n": flows.n_person,
            "quantity": quantity,
            "party": party,
            "base": base,
            "horizon_years": horizon_years,
            "discount_rate": discount_rate,
            "currency": rows["currency"].iloc[0],
            "price_year": int(rows["price_year"].iloc[0]),
            "label": "assumed",
            "method": f"{design}, {flows.last} months followed, then {beyond}, one at a time",
        },
        support={
            "n": np.minimum(np.array(behind, dtype=float)[order], of_party),
            **_largest(rows, list(table["parameter"].iloc[order]), flows, party),
        },
        provenance=provenance(
            "sensitivity", digest_frame(rows)[:16],
            ranges={name: list(ends) for name, ends in ranges.items()}, quantity=quantity,
            party=party, design=design, horizon_years=horizon_years, discount_rate=discount_rate,
            beyond=beyond, n_person=n_person, months=months, months_before=months_before,
            price_year=price_year,
        ),
    )  # fmt: skip


def _check(ranges, quantity, design, beyond, horizon_years, discount_rate) -> None:
    check_options(design, beyond, horizon_years, discount_rate)
    if quantity not in get_args(Quantity):
        raise ParameterError(
            f"quantity: {quantity!r} is not one of {', '.join(get_args(Quantity))}"
        )
    if not ranges:
        raise ParameterError("ranges: give at least one parameter with its low and high value")
    lowest = {RATE: -1, HORIZON: 0}
    for name, (low, high) in ranges.items():
        floor = lowest.get(name, -np.inf)
        if not (np.isfinite([low, high]).all() and floor < low <= high):
            raise ParameterError(f"ranges: {name} needs finite ends, low to high, above {floor:g}")
        if name not in lowest and low < 0:
            raise ParameterError(f"ranges: {name} is a factor or a share, 0 or more")


def _share(cost: float, gain: float, years: float) -> float:
    if cost <= 0:
        return float("nan")
    return cost / (gain * years) if gain > 0 else float("inf")


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
