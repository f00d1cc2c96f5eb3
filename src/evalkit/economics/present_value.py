"""Net present value: cost and gain over several horizons, at several rates."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from evalkit.economics.entries import ROUNDING
from evalkit.economics.flows import Flows
from evalkit.economics.parties import (
    PUBLIC_PARTIES,
    public_among,
    support_with_public,
    with_public,
)
from evalkit.economics.paths import (
    Beyond,
    Design,
    against_reference,
    check_options,
    discount,
    late_reason,
    open_flows,
    over_horizon,
)
from evalkit.errors import ParameterError
from evalkit.provenance import provenance
from evalkit.results import Ledger, NetPresentValue

HORIZONS = (1, 3, 5, 10)
RATES = (0.0, 0.03, 0.035, 0.05)
YEAR, HALF_YEAR = 12, 6


def net_present_value(
    frame: pd.DataFrame | Ledger,
    *,
    design: Design = "contrast",
    horizons: Sequence[float] = HORIZONS,
    discount_rates: Sequence[float] = RATES,
    beyond: Beyond = "stop",
    write_off_years: float | None = None,
    public: Sequence[str] = PUBLIC_PARTIES,
    n_person: Mapping[str, int] | None = None,
    months: int | None = None,
    months_before: int = 12,
    price_index: pd.DataFrame | None = None,
    price_year: int | None = None,
) -> NetPresentValue:
    """Net present value, benefit-cost ratio and annuity of each party, by horizon and rate.

    Agencies use different rates and horizons, and the answer can turn on them. So all of them stand
    in one table, and none is hidden in a default.

    Parameters
    ----------
    frame, design, n_person, months, months_before, price_index, price_year
        As for `pay_off`.
    horizons : sequence of float
        Years.
    discount_rates : sequence of float
        A year.
    beyond : {"stop", "hold"}
        Gains after the months followed: none, or the mean of the last twelve goes on, which is an
        assumption and makes the result a range of what could be.
    write_off_years : float, optional
        Spread the cost of interventions evenly over so many years (practice: 1 or 3); a horizon
        shorter than that bears only its part. By default costs count in the month they were paid.
    public : sequence of str
        As for `break_even_by_horizon`.

    Returns
    -------
    NetPresentValue
        One row a party, horizon and rate, then `public` and `society`: discounted `cost`, `gain`
        and `net` per person, `benefit_cost` (gain/cost), `annuity` (the even yearly amount with
        the same present value), `break_even_share` (cost/gain, both discounted) and `reason`.
        Support `k`, of horizons before the last month followed: the fewest persons behind the
        outlays or the gains between two horizons, or behind both in half a year.

    Raises
    ------
    EstimationError
        As `pay_off`.
    ParameterError
        If a horizon, a rate or the years of writing off are out of range.

    Notes
    -----
    Month s is discounted by (1 + r)^(-s/12). annuity = net r / (1 - (1 + r)^-h), net / h at r = 0.
    The ratio and the share are missing without cost; the share is infinite without gain. Here the
    share discounts both sides and takes gains as `beyond` says; `break_even_by_horizon` does not.

    References
    ----------
    Drummond and others (2015) Methods for the Economic Evaluation of Health Care Programmes,
    chapter 4, on discounting and equivalent annual cost.

    Examples
    --------
    An outlay of 100, and 60 less to pay in each of two years:

    >>> frame = pd.DataFrame({
    ...     "arm": ["programme", "comparison", "comparison"],
    ...     "month": [0, 12, 24],
    ...     "payer": "region",
    ...     "payee": "resources",
    ...     "item": ["package", "care", "care"],
    ...     "kind": ["intervention", "real_resource", "real_resource"],
    ...     "amount": [100.0, 60.0, 60.0],
    ...     "currency": "SEK",
    ...     "price_year": 2025,
    ... })
    >>> result = net_present_value(frame, n_person={"programme": 1, "comparison": 1},
    ...                            horizons=(1, 2), discount_rates=(0, 0.03))
    >>> result.tidy().query("party == 'region'")[["horizon_years", "discount_rate", "net"]].round(2)
       horizon_years  discount_rate    net
    0            1.0           0.00 -40.00
    1            1.0           0.03 -41.75
    2            2.0           0.00  20.00
    3            2.0           0.03  14.81
    """
    check_options(design, beyond, list(horizons), list(discount_rates))
    if write_off_years is not None and not write_off_years > 0:
        raise ParameterError("write_off_years: needs years above 0, or none")
    rows, flows, digest = open_flows(
        frame, design=design, n_person=n_person, months=months, months_before=months_before,
        price_index=price_index, price_year=price_year,
    )  # fmt: skip
    years, rates = (np.asarray(given, dtype=float) for given in (horizons, discount_rates))
    parties, values = _present_values(flows, years, rates, beyond, write_off_years, public)
    keys = pd.MultiIndex.from_product([parties, years, rates])
    behind = support_with_public(flows, public)
    spread = "cash" if write_off_years is None else f"written off over {write_off_years:g} years"
    return NetPresentValue(
        rows={
            "party": keys.get_level_values(0).to_numpy(dtype=object),
            "horizon_years": keys.get_level_values(1).to_numpy(),
            "discount_rate": keys.get_level_values(2).to_numpy(),
            **_columns(values, keys),
        },
        summary={
            "n": flows.n_person,
            "write_off_years": np.nan if write_off_years is None else write_off_years,
            "currency": rows["currency"].iloc[0],
            "price_year": int(rows["price_year"].iloc[0]),
            "public": ", ".join(public_among(flows.parties, public)),
            "label": "description" if beyond == "stop" else "assumed",
            "method": f"{design}, {flows.last} months followed, then {beyond}, {spread}",
        },
        support={
            name: np.repeat(values, len(years) * len(rates)) for name, values in behind.items()
        }
        | {"k": np.repeat(_fewest(flows, years, public), len(rates))},
        provenance=provenance(
            "net_present_value", digest, design=design, horizons=list(horizons),
            discount_rates=list(discount_rates), beyond=beyond, write_off_years=write_off_years,
            public=list(public), n_person=n_person, months=months, months_before=months_before,
            price_year=price_year,
        ),
    )  # fmt: skip


def _present_values(
    flows: Flows, years: np.ndarray, rates: np.ndarray, beyond: Beyond,
    write_off_years: float | None, public: Sequence[str],
) -> tuple[tuple[str, ...], np.ndarray]:  # fmt: skip
    """Names of the parties, and discounted cost, gain and gross (3, party, horizon, rate)."""
    outlay, gain = against_reference(flows)
    values = np.empty((3, len(flows.parties), len(years), len(rates)))
    for at, horizon in enumerate(np.rint(YEAR * years).astype(int)):
        cost = (
            over_horizon(outlay, flows.last, horizon, "stop")
            if write_off_years is None
            else _written_off(outlay.sum(axis=-1), round(YEAR * write_off_years), horizon)
        )
        gained = over_horizon(gain, flows.last, horizon, beyond)
        gross = np.abs(gained).sum(axis=-1) + np.abs(cost).sum(axis=-1)
        for place, rate in enumerate(rates):
            factor = discount(horizon + 1, rate)
            values[:, :, at, place] = cost @ factor, gained @ factor, gross
    parties, values = with_public(flows.parties, values, public, axis=1)
    return parties, values


def _fewest(flows: Flows, years: np.ndarray, public: Sequence[str]) -> np.ndarray:
    """Fewest persons behind the steps that a horizon tells, by party and horizon.

    Missing for horizons that take in all months followed: they tell no month apart. Behind the
    public sum are at least those of its largest party.
    """
    horizon = np.rint(YEAR * years).astype(int)
    early = horizon < flows.last
    k = _fewest_between(flows, np.unique(horizon[early])) if early.any() else np.zeros(0)
    k = k if len(k) else np.full(len(flows.parties), np.nan)
    among = [flows.parties.index(party) for party in public_among(flows.parties, public)]
    if among:
        k = np.insert(k, len(k) - 1, k[among].max())
    return np.where(early[None], k[:, None], np.nan).ravel()


def _fewest_between(flows: Flows, ends: Sequence[int]) -> np.ndarray:
    """Fewest persons, of those that there are, behind what a present value up to a month tells.

    Parameters
    ----------
    ends : sequence of int
        Months up to which cost and gain are told, before the last one followed.

    Returns
    -------
    ndarray, shape (n_party,)
        Society last. Of each arm, and of the steps between these months the outlays and the
        gains, of every half year both together: in the month of a step with most persons.
    """
    years = [-1, *sorted(ends), flows.last]
    halves = [0, *range(HALF_YEAR, flows.last, HALF_YEAR), flows.last]
    found = [np.full(len(flows.parties), np.inf)]
    for arm in flows.arms.values():
        for kinds, bounds in (((0,), years), ((1,), years), ((0, 1), halves)):
            held = flows.persons_of(arm, kinds)
            for first, last in pairwise(bounds):
                most = held[:, first + 1 : last + 1].max(axis=1)
                if 1 in kinds:
                    most = np.where(most == 0, flows.persons_before(), most)
                found.append(np.where(most > 0, most, np.inf))
    return np.min(found, axis=0)


def _written_off(cost: np.ndarray, months: int, horizon: int) -> np.ndarray:
    """Cost spread evenly over months 1, ..., `months`, as far as the horizon reaches."""
    month = np.arange(horizon + 1)
    return cost[:, None] / months * ((month >= 1) & (month <= months))


def _columns(values: np.ndarray, keys: pd.MultiIndex) -> dict[str, object]:
    cost, gain, gross = values.reshape(3, -1)
    cost, gain = (np.where(np.abs(part) <= ROUNDING * gross, 0.0, part) for part in (cost, gain))
    years, rate = (keys.get_level_values(level).to_numpy(dtype=float) for level in (1, 2))
    net, has_cost = gain - cost, cost > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        annuity = np.where(rate == 0, 1 / years, rate / (1 - (1 + rate) ** -years))
        ratio = np.where(has_cost, gain / cost, np.nan)
        share = np.where(gain > 0, cost / gain, np.inf)
    late = [late_reason(year) for year in years]
    return {
        "cost": cost,
        "gain": gain,
        "net": net,
        "benefit_cost": ratio,
        "annuity": net * annuity,
        "break_even_share": np.where(has_cost, share, np.nan),
        "reason": np.select(
            [~has_cost, gain <= 0, net < 0], [np.full(len(late), "no outlay"),
             np.full(len(late), "never"), late], default=""
        ),
    }  # fmt: skip
