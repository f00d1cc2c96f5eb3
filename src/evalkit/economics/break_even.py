"""Break-even share: how much of a change must be due to the programme to repay its cost."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.economics.flows import Flows
from evalkit.economics.parties import (
    PUBLIC_PARTIES,
    public_among,
    support_with_public,
    with_public,
)
from evalkit.economics.paths import (
    Design,
    against_reference,
    check_options,
    late_reason,
    open_flows,
    small_as_zero,
)
from evalkit.economics.person_draws import percentiles, resampled
from evalkit.errors import ParameterError
from evalkit.provenance import provenance
from evalkit.results import BreakEven, Ledger

HORIZONS = (1, 3, 5, 10)


def break_even_share(cost: float, gain: float, years: float) -> float:
    """Share of a change that the programme must have caused to recover its cost in time.

    A before-after change is never all due to the programme. Rather than to assume so, this turns
    the question round.

    Parameters
    ----------
    cost : float
        Cost per person, 0 or more.
    gain : float
        Gain per person and year if all of the change is due to the programme.
    years : float
        Years within which the cost is to be recovered, above 0.

    Returns
    -------
    float
        cost / (gain years). Above 1, or infinite where there is no gain: not recovered in time
        whatever caused the change.

    Raises
    ------
    ParameterError
        If the cost is negative, or there are no years.

    Examples
    --------
    >>> round(break_even_share(56_667, 113_333, 1), 2)
    0.5
    """
    if cost < 0 or not years > 0:
        raise ParameterError("break_even_share: needs a cost of 0 or more and years above 0")
    if cost == 0:
        return 0.0
    return cost / (gain * years) if gain > 0 else float("inf")


def break_even_by_horizon(
    frame: pd.DataFrame | Ledger,
    *,
    design: Design = "before_after",
    horizons: Sequence[float] = HORIZONS,
    public: Sequence[str] = PUBLIC_PARTIES,
    n_person: Mapping[str, int] | None = None,
    months: int | None = None,
    months_before: int = 12,
    price_index: pd.DataFrame | None = None,
    price_year: int | None = None,
    cluster: str | None = None,
    n_bootstrap: int = 999,
    conf_level: float = 0.95,
    seed: int = 20261,
) -> BreakEven:
    """Break-even share of each party, of the public sector and of society, by horizon.

    This is the headline where there is no comparison: it says how much would have to be due to the
    programme, and leaves the reader to judge whether that is likely.

    Parameters
    ----------
    frame, design, n_person, months, months_before, price_index, price_year
        As for `pay_off`.
    horizons : sequence of float
        Years within which the cost is to be recovered.
    public : sequence of str
        Codes of the parties whose sum is `public`; by default every payer of what the code book of
        benefits calls public support, and the bodies that they finance. Parties of other names are
        not public.
    cluster : str
        Column of the unit that is drawn whole, such as the federation; by default persons are.
    n_bootstrap : int
        Draws for the interval; 0 for none. Without `person_id` there is none.
    conf_level : float
    seed : int

    Returns
    -------
    BreakEven
        One row a party and horizon, then `public` and `society`: `cost` and `gain` (a year) per
        person, the share with its interval, and `reason` (`no outlay`, `never`,
        `not within 3 years` where the share is above 1). A share that is never enough is infinite.

    Raises
    ------
    EstimationError, ParameterError
        As `pay_off`; and if persons have no cluster, or there is only one.

    Notes
    -----
    cost / (gain x years): gains are taken to go on as in the months followed, and are not
    discounted. Interval: percentiles over resampled persons, or clusters where there are six or
    more, with a share that is never enough as infinity.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "month": [0, *range(-12, 0), *range(1, 13)],
    ...     "payer": "municipality",
    ...     "payee": ["resources"] + ["individual"] * 24,
    ...     "item": ["package"] + ["support"] * 24,
    ...     "kind": ["intervention"] + ["transfer"] * 24,
    ...     "amount": [60.0] + [15.0] * 12 + [5.0] * 12,
    ...     "currency": "SEK",
    ...     "price_year": 2025,
    ... })
    >>> result = break_even_by_horizon(frame, horizons=(1, 3), n_person={"programme": 1})
    >>> result.tidy()[["party", "horizon_years", "break_even_share"]].iloc[2:4]
              party  horizon_years  break_even_share
    2  municipality            1.0          0.500000
    3  municipality            3.0          0.166667
    """
    check_options(design, "stop", list(horizons), 0)
    rows, flows, digest = open_flows(
        frame, design=design, n_person=n_person, months=months, months_before=months_before,
        price_index=price_index, price_year=price_year, cluster=cluster,
    )  # fmt: skip
    years = np.asarray(horizons, dtype=float)
    parties, cost, gain = _cost_and_gain(flows, *against_reference(flows), public)
    low, high = _interval(flows, public, years, cost > 0, n_bootstrap, seed, conf_level)
    behind = support_with_public(flows, public)
    method = f"{design}, {flows.last} months followed, bootstrap {n_bootstrap}"
    return BreakEven(
        rows=_rows(parties, cost, gain, years) | {"conf_low": low, "conf_high": high},
        summary=_summary(rows, flows, public) | {"conf_level": conf_level, "method": method},
        support={name: np.repeat(values, len(years)) for name, values in behind.items()},
        provenance=provenance(
            "break_even_by_horizon", digest, seed=seed, design=design,
            horizons=list(horizons), public=list(public), n_person=n_person, months=months,
            months_before=months_before, price_year=price_year, cluster=cluster,
            n_bootstrap=n_bootstrap, conf_level=conf_level,
        ),
    )  # fmt: skip


def _rows(parties: tuple, cost: np.ndarray, gain: np.ndarray, years: np.ndarray) -> dict:
    """Columns of one row a party and horizon, the interval left out."""
    point = _shares(cost, gain, years)
    outlay = np.repeat(cost > 0, len(years))
    return {
        "party": np.repeat(np.array(parties, dtype=object), len(years)),
        "horizon_years": np.tile(years, len(parties)),
        "cost": np.repeat(cost, len(years)),
        "gain": np.repeat(gain, len(years)),
        "break_even_share": np.where(outlay, point, np.nan),
        "reason": _reasons(cost, gain, point, years),
    }


def _interval(
    flows: Flows, public: Sequence[str], years: np.ndarray, has_outlay: np.ndarray,
    n_bootstrap: int, seed: int, conf_level: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Percentiles of the shares over resampled persons or clusters; missing without draws."""
    drawn = [
        _shares(*_cost_and_gain(flows, *paths, public)[1:], years)
        for paths in resampled(flows, n_bootstrap if flows.has_person else 0, seed)
    ]
    outlay = np.repeat(has_outlay, len(years))
    return percentiles(np.concatenate(drawn) if drawn else None, outlay, conf_level)


def _summary(rows: pd.DataFrame, flows: Flows, public: Sequence[str]) -> dict:
    return {
        "n": flows.n_person,
        "n_cluster": np.nan if flows.n_cluster is None else flows.n_cluster,
        "currency": rows["currency"].iloc[0],
        "price_year": int(rows["price_year"].iloc[0]),
        "public": ", ".join(public_among(flows.parties, public)),
        "label": "description",
    }


def _cost_and_gain(flows, outlay: np.ndarray, gain: np.ndarray, public) -> tuple:
    """Names, cost and yearly gain of the parties, the public sum among them, (..., party)."""
    gross = np.abs(gain).sum(axis=-1) + np.abs(outlay).sum(axis=-1)
    cost = small_as_zero(outlay.sum(axis=-1), gross)
    yearly = small_as_zero(gain.sum(axis=-1) * 12 / flows.n_month, gross)
    parties, cost = with_public(flows.parties, cost, public, axis=-1)
    return parties, cost, with_public(flows.parties, yearly, public, axis=-1)[1]


def _shares(cost: np.ndarray, gain: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Break-even shares (..., party and horizon); infinite without gain, 0 without cost."""
    needed, reached = cost[..., None], gain[..., None] * years
    share = np.divide(
        needed, reached, out=np.full(reached.shape, np.inf), where=reached > 0
    )  # fmt: skip
    share = np.where(needed > 0, share, 0.0)
    return share.reshape(*share.shape[:-2], -1)


def _reasons(cost, gain, share, years) -> list[str]:
    texts = []
    for place, value in enumerate(share):
        party, year = divmod(place, len(years))
        if cost[party] <= 0:
            texts.append("no outlay")
        elif gain[party] <= 0:
            texts.append("never")
        else:
            texts.append(late_reason(years[year]) if value > 1 else "")
    return texts
