"""A case in which one assumption at a time is moved, and what may be moved in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from evalkit.economics.flows import Flows
from evalkit.economics.paths import (
    Beyond,
    Design,
    against_reference,
    check_options,
    open_flows,
    recover,
)
from evalkit.errors import EstimationError, ParameterError

Quantity = Literal["break_even_share", "net"]
SHARE_DUE, RATE, HORIZON = "share_due", "discount_rate", "horizon_years"
UNITS = {SHARE_DUE: "share", RATE: "share", HORIZON: "years"}


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """The rows of a ledger with one party's result, and the settings of the base case."""

    rows: pd.DataFrame
    flows: Flows
    party: str
    quantity: Quantity
    design: Design
    beyond: Beyond
    months_before: int
    settings: Mapping[str, float]

    @property
    def place(self) -> int:
        """Position of the party among those of the flows."""
        return self.flows.parties.index(self.party)

    def value(self, name: str | None = None, at: float = 1.0) -> float:
        """Result with one parameter at a value; the base case where none is named."""
        outlay, gain = against_reference(self._moved(name, at))
        due = at if name == SHARE_DUE else 1.0
        used = {**self.settings, **({name: at} if name in self.settings else {})}
        point = recover(
            outlay, due * gain, last=self.flows.last, n_month=self.flows.n_month,
            beyond=self.beyond, **used,
        )  # fmt: skip
        if self.quantity == "net":
            return float(point.net[self.place])
        cost, gained = float(point.cost[self.place]), float(point.gain[self.place])
        return _share(cost, gained, used[HORIZON])

    def _moved(self, name: str | None, at: float) -> Flows:
        """Flows with the amounts of one item times a factor; other parameters leave them."""
        moved = self.rows
        if name is not None and name not in UNITS:
            factor = np.where(moved["item"] == name, at, 1.0)
            moved = moved.assign(amount=moved["amount"] * factor)
        _, flows, _ = open_flows(
            moved, design=self.design, months=self.flows.last, months_before=self.months_before,
            n_person={name: arm.n_person for name, arm in self.flows.arms.items()},
            price_index=None, price_year=None,
        )  # fmt: skip
        return flows


def _share(cost: float, gain: float, years: float) -> float:
    if cost <= 0:
        return float("nan")
    return cost / (gain * years) if gain > 0 else float("inf")


def check_ranges(
    ranges: Mapping[str, tuple[float, float]], quantity: str, design: str, beyond: str,
    horizon_years: float, discount_rate: float,
) -> None:  # fmt: skip
    """Refuse options and values that cannot be.

    Raises
    ------
    ParameterError
    """
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


def check_names(case: Case, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse a party and parameters that the rows do not have.

    Raises
    ------
    EstimationError
    """
    unknown = sorted(set(ranges) - set(UNITS) - set(case.rows["item"]))
    is_party = case.party in case.flows.parties
    if unknown or not is_party:
        what = f"ranges: {unknown}" if is_party else f"party: {case.party!r}"
        raise EstimationError(f"{what} is no party, item or parameter of these rows")
