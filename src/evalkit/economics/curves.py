"""Pay-off month by month: from the rows of a ledger, or from how many support themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    Beyond,
    Design,
    against_reference,
    check_options,
    discount,
    late_reason,
    open_flows,
    over_horizon,
    recovery_months,
)
from evalkit.economics.person_draws import sum_limits
from evalkit.economics.self_support import MonthlyShare, monthly_share
from evalkit.errors import EstimationError
from evalkit.provenance import provenance
from evalkit.results import Ledger, OccupationCurve, PayOffCurve


@dataclass(frozen=True, slots=True, eq=False)
class _Paths:
    """Outlay and gain per person by party and month 0, 1, ..., society last.

    What is behind each party holds the public sum too. `k` are the persons of the smaller arm, then
    those of the larger.
    """

    parties: tuple[str, ...]
    outlay: np.ndarray
    gain: np.ndarray
    behind: Mapping[str, np.ndarray]
    k: np.ndarray


def pay_off_curve(
    frame: pd.DataFrame | Ledger,
    *,
    design: Design = "contrast",
    horizon_years: float = 5,
    discount_rate: float = 0.03,
    beyond: Beyond = "stop",
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
) -> PayOffCurve:
    """Net gain of each party summed up month by month, with the month of its pay-off.

    Parameters
    ----------
    frame, design, beyond, n_person, months, months_before, price_index, price_year
        As for `pay_off`.
    horizon_years, discount_rate : float
    public : sequence of str
        As for `break_even_by_horizon`.
    cluster, n_bootstrap, conf_level, seed
        As for `pay_off`.

    Returns
    -------
    PayOffCurve
        One row a party and month 0, 1, ..., with `public` and `society` last: discounted `net` of
        the month and its `cumulative` sum per person, with interval (percentiles over resampled
        persons, each month by itself), missing where its ends are the same; `pay_off_months`,
        `first_crossing` and `reason` as in `pay_off`, the same in all rows of a party. Support `k`
        are the persons with a flow in the month, of two arms the smaller number (`k_most`: the
        larger), missing after the months followed.

    Raises
    ------
    EstimationError, ParameterError
        As `pay_off`.

    Notes
    -----
    A party that starts at 0 or above and never falls below has pay-off at month 0 (`no outlay` if
    it has paid nothing).

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "arm": ["programme", "comparison", "comparison"],
    ...     "month": [0, 1, 2],
    ...     "payer": "region",
    ...     "payee": "resources",
    ...     "item": ["package", "care", "care"],
    ...     "kind": ["intervention", "real_resource", "real_resource"],
    ...     "amount": [100.0, 60.0, 60.0],
    ...     "currency": "SEK",
    ...     "price_year": 2025,
    ... })
    >>> curve = pay_off_curve(frame, n_person={"programme": 1, "comparison": 1},
    ...                       horizon_years=0.25, discount_rate=0)
    >>> curve.tidy().query("party == 'region'")[["month", "cumulative", "pay_off_months"]]
       month  cumulative  pay_off_months
    0      0      -100.0             2.0
    1      1       -40.0             2.0
    2      2        20.0             2.0
    3      3        20.0             2.0
    """
    check_options(design, beyond, horizon_years, discount_rate)
    rows, flows, digest = open_flows(
        frame, design=design, n_person=n_person, months=months, months_before=months_before,
        price_index=price_index, price_year=price_year, cluster=cluster,
    )  # fmt: skip
    horizon, n_draw = round(12 * horizon_years), n_bootstrap if flows.has_person else 0
    outlay, gain = against_reference(flows)
    paths = _Paths(
        parties=flows.parties,
        outlay=over_horizon(outlay, flows.last, horizon, "stop"),
        gain=over_horizon(gain, flows.last, horizon, beyond),
        behind=support_with_public(flows, public),
        k=_seen(flows, horizon),
    )
    return _curve(
        paths, horizon_years, discount_rate, public,
        summary={
            "n": flows.n_person,
            "currency": rows["currency"].iloc[0],
            "price_year": int(rows["price_year"].iloc[0]),
            "label": "description",
            "conf_level": conf_level if n_draw else np.nan,
            "method": f"{design}, {flows.last} months followed, then {beyond}, bootstrap {n_draw}",
        },
        source=provenance(
            "pay_off_curve", digest, seed=seed, design=design, horizon_years=horizon_years,
            discount_rate=discount_rate, beyond=beyond, public=list(public), n_person=n_person,
            months=months, months_before=months_before, price_year=price_year, cluster=cluster,
            n_bootstrap=n_bootstrap, conf_level=conf_level,
        ),
        limits=sum_limits(
            flows, public, horizon=horizon, discount_rate=discount_rate, beyond=beyond,
            n_draw=n_draw, seed=seed, conf_level=conf_level,
        ),
    )  # fmt: skip


def dynamic_pay_off(
    curve: OccupationCurve | pd.DataFrame,
    *,
    gain_per_month: Mapping[str, float],
    cost: Mapping[str, float],
    comparison: bool = True,
    state: str = "self_support",
    horizon_years: float = 5,
    discount_rate: float = 0.03,
    beyond: Beyond = "stop",
    public: Sequence[str] = PUBLIC_PARTIES,
    n_person: int | None = None,
    currency: str,
    price_year: int,
) -> PayOffCurve:
    """Pay-off with relapse: a month in self-support gains, a month back on support does not.

    A static pay-off lets every gain last. Here the gain of a month is that of a person in
    self-support times the share who are, so that relapse takes it back.

    Parameters
    ----------
    curve : OccupationCurve or DataFrame
        Share in `state` by month from `occupation`, by arm; or a frame with `month`,
        `probability` and, for a contrast, `arm` (programme, comparison).
    gain_per_month : mapping of str to float
        What each party gains in a month in which a person supports herself, against a month on
        support; negative where it loses, as a benefit that no longer comes.
    cost : mapping of str to float
        Cost of the programme per participant and financier, paid in month 0.
    comparison : bool
        Take off the share of the comparison arm where the curve has one. False: all of it counts,
        as if nobody supported herself without the programme.
    horizon_years, discount_rate : float
    beyond : {"stop", "hold"}
        After the last month of the curve: no gain, or the share stays at its last twelve months.
    public : sequence of str
        As for `break_even_by_horizon`.
    n_person : int
        Persons behind a curve that comes as a frame; an occupation result knows them.
    currency : str
    price_year : int

    Returns
    -------
    PayOffCurve
        As from `pay_off_curve`. Support `k` are the persons in the state in the month.

    Raises
    ------
    EstimationError
        If the months are not 0, 1, 2, ..., shares lie outside [0, 1], the programme arm or the
        state is not in the curve, or `n_person` is missing.
    ParameterError
        If a cost is negative, or an option is none of those listed.

    Notes
    -----
    g(s) = gain_per_month x (P(s) - P_0(s)), P_0 the comparison's share or nothing; the sum of
    g(s) (1 + r)^(-s/12) less the cost is followed as in `pay_off`. The label is `assumed`: amounts
    are given, not observed.

    Examples
    --------
    Half support themselves from month 1 on; a cost of 60 comes back at 10 a month:

    >>> share = pd.DataFrame({"month": range(25), "probability": [0] + [0.5] * 24})
    >>> found = dynamic_pay_off(share, gain_per_month={"municipality": 20}, n_person=100,
    ...                         cost={"municipality": 60}, horizon_years=2, discount_rate=0,
    ...                         currency="SEK", price_year=2025)
    >>> float(found.tidy()["pay_off_months"][0])
    6.0
    """
    check_options("contrast", beyond, horizon_years, discount_rate)
    share = monthly_share(curve, state=state, comparison=comparison, n_person=n_person)
    parties, outlay, gain = _given_amounts(share, gain_per_month, cost)
    horizon = round(12 * horizon_years)
    last = len(share.value) - 1
    k = np.full((2, len(parties), horizon + 1), np.nan)
    seen = min(last, horizon) + 1
    k[:, :, :seen] = share.k[:seen]
    paths = _Paths(
        parties=parties,
        outlay=over_horizon(outlay, last, horizon, "stop"),
        gain=over_horizon(gain, last, horizon, beyond),
        behind={"n": np.full(len(parties) + bool(public_among(parties, public)), share.n)},
        k=k,
    )
    given = {"gain_per_month": dict(gain_per_month), "cost": dict(cost)}
    return _curve(
        paths, horizon_years, discount_rate, public,
        summary={
            "n": share.n,
            "currency": currency,
            "price_year": price_year,
            "label": "assumed",
            "method": f"{share.design}, occupation with relapse, {last} months, then {beyond}",
        },
        source=provenance(
            "dynamic_pay_off", share.sample, **given, state=state, comparison=comparison,
            horizon_years=horizon_years, discount_rate=discount_rate, beyond=beyond,
            public=list(public), currency=currency, price_year=price_year,
        ),
        complement=share.n - k[0],
    )  # fmt: skip


def _seen(flows: Flows, horizon: int) -> np.ndarray:
    """Persons with a flow by party and month, of the smaller arm and the larger, (2, ...).

    Missing after the months followed.
    """
    k = np.full((2, len(flows.parties), horizon + 1), np.nan)
    seen = min(flows.last, horizon) + 1
    k[..., :seen] = flows.persons_by_month()[..., :seen]
    return k


def _given_amounts(
    share: MonthlyShare, gain_per_month: Mapping[str, float], cost: Mapping[str, float]
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    parties = tuple(sorted({*gain_per_month, *cost}))
    amounts = np.array([float(gain_per_month.get(party, 0.0)) for party in parties])
    paid = np.array([float(cost.get(party, 0.0)) for party in parties])
    wrong = int((~np.isfinite(amounts)).sum() + (~(np.isfinite(paid) & (paid >= 0))).sum())
    if wrong or not parties:
        raise EstimationError(
            f"gain_per_month, cost: {wrong} amounts are missing, or costs below 0, of "
            f"{len(parties)} parties"
        )
    gain = amounts[:, None] * share.value
    outlay = np.zeros_like(gain)
    outlay[:, 0] = paid
    total = [np.concatenate([part, part.sum(axis=0, keepdims=True)]) for part in (outlay, gain)]
    return (*parties, "society"), *total


def _curve(
    paths: _Paths, horizon_years: float, discount_rate: float, public: Sequence[str], *,
    summary: dict, source, limits: np.ndarray | None = None, complement: np.ndarray | None = None,
) -> PayOffCurve:  # fmt: skip
    factor = discount(paths.gain.shape[-1], discount_rate)
    gross = np.abs(paths.gain).sum(axis=-1) + np.abs(paths.outlay).sum(axis=-1)
    stacked = np.stack([(paths.gain - paths.outlay) * factor, paths.outlay, *paths.k])
    parties, (net, outlay, *k) = with_public(paths.parties, stacked, public, axis=1)
    k = np.array(k)
    among = public_among(paths.parties, public)
    if among:  # persons behind a sum are at least those behind its largest party
        rows = [list(paths.parties).index(party) for party in among]
        k[:, -2] = paths.k[:, rows].max(axis=1)
    _, gross = with_public(paths.parties, gross, public)
    cumulative = np.cumsum(net, axis=-1)
    dynamic, crossing = recovery_months(cumulative, gross)
    has_outlay = outlay.sum(axis=-1) > 0
    reason = np.where(np.isposinf(dynamic), _late(cumulative, net, horizon_years), "")
    reason = np.where(has_outlay, reason, "no outlay")
    n_month = net.shape[-1]
    each = lambda values: np.repeat(values, n_month)  # noqa: E731
    low, high = np.full((2, *net.shape), np.nan) if limits is None else limits
    support = {name: each(values) for name, values in paths.behind.items()}
    support |= {"k": k[0].ravel(), "k_most": k[1].ravel()}
    if complement is not None:
        support["complement"] = np.broadcast_to(complement[0], net.shape).ravel()
    return PayOffCurve(
        rows={
            "party": each(np.array(parties, dtype=object)),
            "month": np.tile(np.arange(n_month), len(parties)),
            "net": net.ravel(),
            "cumulative": cumulative.ravel(),
            "cumulative_low": low.ravel(),
            "cumulative_high": high.ravel(),
            "pay_off_months": each(np.where(has_outlay, dynamic, np.nan)),
            "first_crossing": each(np.where(has_outlay, crossing, np.nan)),
            "reason": each(reason.astype(object)),
        },
        summary={
            "horizon_years": horizon_years,
            "discount_rate": discount_rate,
            "public": ", ".join(among),
            **summary,
        },
        support=support,
        provenance=source,
    )


def _late(cumulative: np.ndarray, net: np.ndarray, horizon_years: float) -> np.ndarray:
    """Why a sum that ends below 0 does: no gain at all, or too little in time."""
    gained = cumulative[:, -1] > np.minimum.accumulate(cumulative, axis=-1)[:, -1]
    return np.where(gained | (net[:, -1] > 0), late_reason(horizon_years), "never")
