"""Pay-off: how soon what a programme costs comes back, and to whom."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.economics.break_even import break_even_share
from evalkit.economics.entries import ROUNDING
from evalkit.economics.paths import (
    Beyond,
    Design,
    Recovery,
    against_reference,
    check_options,
    gross_flow,
    late_reason,
    open_flows,
    recover,
)
from evalkit.economics.person_draws import percentiles, resampled
from evalkit.provenance import provenance
from evalkit.results import Ledger, PayOff


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
    cluster: str | None = None,
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
        Last month followed; by default the last month of the rows. A row may hold the sum of
        earlier months (a yearly payment in arrears). Where anything but an intervention flows in
        month 0, it is a month followed like the others, so that there is one more.
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
    cluster : str
        Column of the unit that is drawn whole, such as the federation; by default persons are.
    n_bootstrap : int
        Draws for the interval; 0 for none. Without `person_id` there is none.
    conf_level : float
    seed : int

    Returns
    -------
    PayOff
        One row a party, `society` last: `cost` (its own payments for interventions; in a contrast
        in excess of the comparison arm's), `gain` (a year), `net` (gain less cost within the
        horizon, discounted) with interval, missing where its ends are the same, static pay-off in
        months with interval, dynamic pay-off with interval, first crossing, break-even share, and
        `reason` where a party has no pay-off: `no outlay`, `never`, `not within 2 years`. A pay-off
        that never comes is infinite. The support of a party is the persons with a flow that it pays
        or receives, of society those with any flow, the smaller arm's number in a contrast; the
        whole arm where flows are of no person in particular.

    Raises
    ------
    EstimationError
        If rows break the rules of the ledger, an arm is missing, months are no whole numbers, or
        nothing follows the start.
    ParameterError
        If an option is none of those listed.

    Notes
    -----
    Cost C, yearly gain G = 12 times the mean gain of the months followed. Static: 12 C/G, which
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
    check_options(design, beyond, horizon_years, discount_rate)
    rows, flows, digest = open_flows(
        frame, design=design, n_person=n_person, months=months, months_before=months_before,
        price_index=price_index, price_year=price_year, cluster=cluster,
    )  # fmt: skip
    options = {
        "last": flows.last, "n_month": flows.n_month, "discount_rate": discount_rate,
        "horizon_years": horizon_years, "beyond": beyond,
    }  # fmt: skip
    point = recover(*against_reference(flows), **options)
    n_draw = n_bootstrap if flows.has_person else 0
    drawn = [recover(*paths, **options) for paths in resampled(flows, n_draw, seed)]
    return PayOff(
        rows=_rows(flows.parties, point, drawn, horizon_years, conf_level, gross_flow(flows)),
        summary={
            "n": flows.n_person,
            "horizon_years": horizon_years,
            "discount_rate": discount_rate,
            "currency": rows["currency"].iloc[0],
            "price_year": int(rows["price_year"].iloc[0]),
            "society": float(point.net[-1]),
            "label": "description",
            "method": f"{design}, {flows.last} months followed, then {beyond}, bootstrap {n_draw}",
        },
        support=flows.support(),
        provenance=provenance(
            "pay_off", digest, seed=seed, design=design, n_person=n_person,
            months=months, months_before=months_before, horizon_years=horizon_years,
            discount_rate=discount_rate, beyond=beyond, price_year=price_year, cluster=cluster,
            n_bootstrap=n_bootstrap, conf_level=conf_level,
        ),
    )  # fmt: skip


def _rows(
    parties: tuple[str, ...], point: Recovery, drawn: list[Recovery],
    horizon_years: float, conf_level: float, gross: float,
) -> dict[str, object]:  # fmt: skip
    outlay, everybody = point.cost > 0, np.ones(len(parties), dtype=bool)
    shares = [
        break_even_share(cost, gain, horizon_years) if cost > 0 else np.nan
        for cost, gain in zip(point.cost, point.gain, strict=True)
    ]
    static, dynamic, net = (
        percentiles(
            np.concatenate([getattr(part, name) for part in drawn]) if drawn else None,
            shown, conf_level,
        )
        for name, shown in (("static", outlay), ("dynamic", outlay), ("net", everybody))
    )  # fmt: skip
    varies = net[1] - net[0] > ROUNDING * gross
    return {
        "party": list(parties),
        "cost": point.cost,
        "gain": point.gain,
        "net": point.net,
        "net_low": np.where(varies, net[0], np.nan),
        "net_high": np.where(varies, net[1], np.nan),
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


def _reasons(point: Recovery, horizon_years: float) -> list[str]:
    return list(
        np.select(
            [point.cost <= 0, np.isposinf(point.static) & np.isposinf(point.dynamic),
             np.isposinf(point.dynamic)],
            ["no outlay", "never", late_reason(horizon_years)],
            default="",
        )
    )  # fmt: skip
