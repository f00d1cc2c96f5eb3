"""Pay-off: how soon what a programme costs comes back, and to whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from evalkit.economics.entries import ROUNDING, checked_rows
from evalkit.economics.flows import Flows, collect_flows
from evalkit.errors import ParameterError
from evalkit.provenance import digest_frame, provenance
from evalkit.results import Ledger, PayOff

Design = Literal["contrast", "before_after"]
Beyond = Literal["stop", "hold"]

ARMS: dict[str, tuple[str, ...]] = {
    "contrast": ("programme", "comparison"),
    "before_after": ("programme",),
}
DRAWS_AT_ONCE = 200


@dataclass(frozen=True, slots=True, eq=False)
class _Recovery:
    """Numbers of each party; leading axes as those of the flows."""

    cost: np.ndarray
    gain: np.ndarray
    net: np.ndarray
    static: np.ndarray
    dynamic: np.ndarray
    first_crossing: np.ndarray


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


def pay_off(
    frame: pd.DataFrame | Ledger,
    *,
    design: Design = "contrast",
    n_person: Mapping[str, int] | None = None,
    months: int | None = None,
    months_before: int = 12,
    horizon_years: float = 2,
    discount_rate: float = 0.03,
    beyond: Beyond = "stop",
    price_index: pd.DataFrame | None = None,
    price_year: int | None = None,
    n_bootstrap: int = 999,
    conf_level: float = 0.95,
    seed: int = 20261,
) -> PayOff:
    """Compare what each party pays for a programme with what it gains, per person.

    Parameters
    ----------
    frame : DataFrame or Ledger
        Ledger rows as for `ledger`, with whole months from each person's start in
        `month_from_start` (else in `month`); month 0 is the month of the start. `arm` (programme,
        comparison) is needed for a contrast. Amounts are sums, of a person (`person_id`) or, where
        that is missing, of the whole arm. All persons must have been followed for all `months`.
    design : {"contrast", "before_after"}
        Gain of a month: the flows of the programme arm less those of the comparison arm; or the
        flows of the programme arm less its own monthly mean before the start.
    n_person : mapping of str to int
        Persons of each arm, those without any flow included; else a column `n_person`, else the
        persons that have rows.
    months : int
        Months followed after the start; by default the last month of the rows. A row may hold
        the sum of earlier months (a yearly payment in arrears). Flows of month 0 count too.
    months_before : int
        Length of the period before the start (`before_after`).
    horizon_years : float
        Horizon of the net gain, the dynamic pay-off and the break-even share.
    discount_rate : float
        A year, of the net gain and the dynamic pay-off; the static pay-off is not discounted.
    beyond : {"stop", "hold"}
        Gains after the months followed: none, or the mean of the last twelve goes on.
    price_index, price_year
        As for `ledger`.
    n_bootstrap : int
        Draws of persons for the interval; 0 for none. Without `person_id` there is none.
    conf_level : float
    seed : int

    Returns
    -------
    PayOff
        One row a party, `society` last: `cost` (its own payments for interventions; in a contrast
        in excess of the comparison arm's), `gain` (a year), `net` (gain less cost within the
        horizon, discounted), static pay-off in months with interval, dynamic pay-off with
        interval, first crossing, break-even share, and `reason` where a party has no pay-off:
        `no outlay`, `never`, `not within 2 years`. A pay-off that never comes is infinite. The
        support of a party is the persons with a flow that it pays or receives, of society those
        with any flow, the smaller arm's number in a contrast; the whole arm where flows are of no
        person in particular.

    Raises
    ------
    EstimationError
        If rows break the rules of the ledger, an arm is missing, months are no whole numbers, or
        nothing follows the start.
    ParameterError
        If an option is none of those listed.

    Notes
    -----
    Cost C, yearly gain G = 12/months times the gains of the months followed. Static: 12 C/G, which
    takes the gain to be even and lasting. Dynamic: the first month from which the discounted
    cumulative net stays at 0 or above to the end of the horizon; `first_crossing` is where it
    first came back to 0, and earlier if it fell below again. Interval: percentiles over
    resampled persons, with a pay-off that never comes as infinity.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "arm": ["programme", "programme", "comparison"],
    ...     "month": [0, 12, 12],
    ...     "payer": ["municipality", "municipality", "municipality"],
    ...     "payee": ["resources", "individual", "individual"],
    ...     "item": ["package", "support", "support"],
    ...     "kind": ["intervention", "transfer", "transfer"],
    ...     "amount": [5_000.0, 90_000.0, 100_000.0],
    ...     "currency": "SEK",
    ...     "price_year": 2025,
    ... })
    >>> result = pay_off(frame, n_person={"programme": 1, "comparison": 1}, horizon_years=1)
    >>> result.tidy()[["party", "cost", "gain", "pay_off_months"]]
              party    cost     gain  pay_off_months
    0    individual     0.0 -10000.0             NaN
    1  municipality  5000.0  10000.0             6.0
    2       society  5000.0      0.0             inf
    """
    _check_options(design, beyond, horizon_years, discount_rate)
    if isinstance(frame, Ledger):
        glance = frame.glance().iloc[0]
        frame = frame.tidy().assign(currency=glance["currency"], price_year=glance["price_year"])
    rows = checked_rows(frame, price_index=price_index, price_year=price_year)
    flows = collect_flows(
        rows, arms=ARMS[design], n_person=n_person, months=months,
        months_before=months_before if design == "before_after" else 0,
    )  # fmt: skip
    options = {
        "last": flows.last, "discount_rate": discount_rate, "horizon_years": horizon_years,
        "beyond": beyond,
    }  # fmt: skip
    point = _recover(*_against_reference(flows), **options)
    has_person = any(arm.of_person.nnz for arm in flows.arms.values())
    n_draw = n_bootstrap if has_person else 0
    draws = _resampled(flows, n_draw, seed, options)
    counts = [arm.n_person for arm in flows.arms.values()]
    return PayOff(
        rows=_rows(flows.parties, point, draws, horizon_years, conf_level),
        summary={
            "n": sum(counts),
            "horizon_years": horizon_years,
            "discount_rate": discount_rate,
            "currency": rows["currency"].iloc[0],
            "price_year": int(rows["price_year"].iloc[0]),
            "society": float(point.net[-1]),
            "label": "description",
            "method": f"{design}, {flows.last} months followed, then {beyond}, bootstrap {n_draw}",
        },
        support={"n": np.min([arm.n_behind for arm in flows.arms.values()], axis=0)},
        provenance=provenance(
            "pay_off", digest_frame(rows)[:16], seed=seed, design=design, n_person=n_person,
            months=months, months_before=months_before, horizon_years=horizon_years,
            discount_rate=discount_rate, beyond=beyond, price_year=price_year,
            n_bootstrap=n_bootstrap, conf_level=conf_level,
        ),
    )  # fmt: skip


def _check_options(design: str, beyond: str, horizon_years: float, discount_rate: float) -> None:
    for name, value, allowed in (
        ("design", design, get_args(Design)),
        ("beyond", beyond, get_args(Beyond)),
    ):
        if value not in allowed:
            raise ParameterError(f"{name}: {value!r} is not one of {', '.join(allowed)}")
    if not horizon_years > 0 or not discount_rate > -1:
        raise ParameterError("pay_off: needs a horizon above 0 and a discount rate above -1")


def _against_reference(
    flows: Flows, times: Mapping[str, np.ndarray] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Outlay and gain per person (..., party, month) against the other arm or the time before."""
    means = [
        flows.split(arm.mean(None if times is None else times[name]))
        for name, arm in flows.arms.items()
    ]
    outlay, gain, before = means[0]
    if len(means) == 2:
        return outlay - means[1][0], gain - means[1][1]
    gain = gain.copy()
    if flows.n_before:
        gain[..., 1:] -= before[..., None] / flows.n_before
    return outlay, gain


def _recover(
    outlay: np.ndarray, gain: np.ndarray, *, last: int, discount_rate: float,
    horizon_years: float, beyond: Beyond,
) -> _Recovery:  # fmt: skip
    """Cost, gain and the two pay-off times; infinite where the cost never comes back."""
    horizon = round(12 * horizon_years)
    path = np.zeros((*gain.shape[:-1], horizon + 1))
    seen = min(last, horizon) + 1
    path[..., :seen] = (gain - outlay)[..., :seen]
    if beyond == "hold":
        path[..., seen:] = gain[..., -min(12, last) :].mean(axis=-1, keepdims=True)
    cumulative = np.cumsum(path * (1 + discount_rate) ** (-np.arange(horizon + 1) / 12), axis=-1)
    gross = np.abs(gain).sum(axis=-1) + np.abs(outlay).sum(axis=-1)
    below = cumulative < -ROUNDING * gross[..., None]
    cost, yearly = outlay.sum(axis=-1), gain.sum(axis=-1) * 12 / last
    cost = np.where(np.abs(cost) <= ROUNDING * gross, 0.0, cost)
    yearly = np.where(np.abs(yearly) <= ROUNDING * gross, 0.0, yearly)
    month = np.arange(horizon + 1)
    began = np.argmax(below, axis=-1)
    again = ~below & (month > began[..., None])
    crossing = np.where(again.any(axis=-1), np.argmax(again, axis=-1), np.inf)
    lasting = np.where(below[..., -1], np.inf, horizon - np.argmax(below[..., ::-1], axis=-1) + 1)
    never_below = ~below.any(axis=-1)
    static = np.divide(12 * cost, yearly, out=np.full(cost.shape, np.inf), where=yearly > 0)
    return _Recovery(
        cost=cost,
        gain=yearly,
        net=cumulative[..., -1],
        static=np.where(cost > 0, static, 0.0),
        dynamic=np.where(never_below, 0.0, lasting),
        first_crossing=np.where(never_below, 0.0, crossing),
    )


def _resampled(
    flows: Flows, n_draw: int, seed: int, options: Mapping[str, object]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Static and dynamic pay-off of resampled arms, (draw, party); None without draws."""
    if n_draw == 0:
        return None
    rng = np.random.default_rng(seed)
    static, dynamic = [], []
    for start in range(0, n_draw, DRAWS_AT_ONCE):
        size = min(DRAWS_AT_ONCE, n_draw - start)
        times = {name: _times_drawn(rng, arm.n_person, size)[:, : arm.of_person.shape[0]]
                 for name, arm in flows.arms.items()}  # fmt: skip
        drawn = _recover(*_against_reference(flows, times), **options)
        static.append(drawn.static)
        dynamic.append(drawn.dynamic)
    return np.concatenate(static), np.concatenate(dynamic)


def _times_drawn(rng: np.random.Generator, n: int, size: int) -> np.ndarray:
    """How often each of n persons is drawn when n are drawn with replacement, `size` times."""
    drawn = rng.integers(0, n, (size, n)) + n * np.arange(size)[:, None]
    return np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(float)


def _rows(
    parties: tuple[str, ...], point: _Recovery, draws: tuple[np.ndarray, np.ndarray] | None,
    horizon_years: float, conf_level: float,
) -> dict[str, object]:  # fmt: skip
    outlay = point.cost > 0
    shares = [
        break_even_share(cost, gain, horizon_years) if cost > 0 else np.nan
        for cost, gain in zip(point.cost, point.gain, strict=True)
    ]
    static = _interval(draws[0] if draws else None, outlay, conf_level)
    dynamic = _interval(draws[1] if draws else None, outlay, conf_level)
    return {
        "party": list(parties),
        "cost": point.cost,
        "gain": point.gain,
        "net": point.net,
        "pay_off_months": np.where(outlay, point.static, np.nan),
        "pay_off_low": static[0],
        "pay_off_high": static[1],
        "dynamic_months": np.where(outlay, point.dynamic, np.nan),
        "dynamic_low": dynamic[0],
        "dynamic_high": dynamic[1],
        "first_crossing": np.where(outlay, point.first_crossing, np.nan),
        "break_even_share": shares,
        "reason": _reasons(point, horizon_years),
    }


def _interval(
    draws: np.ndarray | None, outlay: np.ndarray, conf_level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Percentiles that are draws themselves, so that infinity is one of them."""
    if draws is None:
        missing = np.full(len(outlay), np.nan)
        return missing, missing
    tail = (1 - conf_level) / 2
    low = np.quantile(draws, tail, axis=0, method="inverted_cdf")
    high = np.quantile(draws, 1 - tail, axis=0, method="inverted_cdf")
    return np.where(outlay, low, np.nan), np.where(outlay, high, np.nan)


def _reasons(point: _Recovery, horizon_years: float) -> list[str]:
    late = f"not within {horizon_years:g} {'year' if horizon_years == 1 else 'years'}"
    return list(
        np.select(
            [point.cost <= 0, np.isposinf(point.static) & np.isposinf(point.dynamic),
             np.isposinf(point.dynamic)],
            ["no outlay", "never", late],
            default="",
        )
    )  # fmt: skip
