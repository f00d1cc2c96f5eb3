"""Paths of outlay and gain by month: against the reference, over a horizon, discounted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype

from evalkit.economics.entries import ROUNDING, checked_rows
from evalkit.economics.flows import ABOUT, Flows, collect_flows
from evalkit.errors import ParameterError
from evalkit.provenance import digest_frame
from evalkit.results import Ledger

Design = Literal["contrast", "before_after"]
Beyond = Literal["stop", "hold"]

ARMS: dict[str, tuple[str, ...]] = {
    "contrast": ("programme", "comparison"),
    "before_after": ("programme",),
}


def open_flows(
    frame: pd.DataFrame | Ledger, *, design: str, n_person: Mapping[str, int] | None,
    months: int | None, months_before: int, price_index: pd.DataFrame | None,
    price_year: int | None, cluster: str | None = None,
) -> tuple[pd.DataFrame, Flows, str]:  # fmt: skip
    """Checked rows of a ledger, their flows by party and month, and the digest of the rows.

    Several estimates are made of the same flows one after the other, so the last are kept.
    """
    if isinstance(frame, Ledger):
        glance = frame.glance().iloc[0]
        frame = frame.tidy().assign(
            currency=glance["currency"], price_year=glance["price_year"],
            **{ABOUT: frame.support["n"]},
        )  # fmt: skip
    before = months_before if design == "before_after" else 0
    persons = None if n_person is None else tuple(n_person.items())
    opened = _opened if _is_told_by_digest(frame) else _opened.__wrapped__
    return opened(
        _given(frame), None if price_index is None else _given(price_index), price_year,
        ARMS[design], persons, months, before, cluster,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Given:
    """A frame that is equal to another by its content."""

    digest: str
    frame: pd.DataFrame = field(compare=False)


def _is_told_by_digest(frame: pd.DataFrame) -> bool:
    """Whether another frame has another digest: in a mixed column 1 and "1" have the same."""
    return all(
        isinstance(column.dtype, np.dtype)
        and (column.dtype.kind != "O" or infer_dtype(column, skipna=True) in ("string", "empty"))
        for _, column in frame.items()
    )


def _given(frame: pd.DataFrame) -> _Given:
    return _Given(digest_frame(frame), frame)


@lru_cache(maxsize=1)
def _opened(
    given: _Given, prices: _Given | None, price_year: int | None, arms: tuple[str, ...],
    persons: tuple | None, months: int | None, before: int, cluster: str | None,
) -> tuple[pd.DataFrame, Flows, str]:  # fmt: skip
    index = None if prices is None else prices.frame
    rows = checked_rows(given.frame, price_index=index, price_year=price_year)
    n_person = None if persons is None else dict(persons)
    flows = collect_flows(
        rows, arms=arms, n_person=n_person, months=months, months_before=before, cluster=cluster
    )
    return rows, flows, digest_frame(rows)[:16]


def check_options(design: str, beyond: str, horizon_years: object, discount_rate: object) -> None:
    """Refuse an unknown design, and horizons and rates that are none.

    Raises
    ------
    ParameterError
    """
    for name, value, allowed in (
        ("design", design, get_args(Design)),
        ("beyond", beyond, get_args(Beyond)),
    ):
        if value not in allowed:
            raise ParameterError(f"{name}: {value!r} is not one of {', '.join(allowed)}")
    horizons = np.atleast_1d(np.asarray(horizon_years, dtype=float))
    rates = np.atleast_1d(np.asarray(discount_rate, dtype=float))
    if not horizons.size or not rates.size or not (horizons > 0).all() or not (rates > -1).all():
        raise ParameterError("needs a horizon above 0 and a discount rate above -1")


def small_as_zero(values: np.ndarray, gross: np.ndarray) -> np.ndarray:
    """Sums that are nothing but rounding of a gross flow, as 0."""
    return np.where(np.abs(values) <= ROUNDING * gross, 0.0, values)


def over_horizon(path: np.ndarray, last: int, horizon: int, beyond: Beyond) -> np.ndarray:
    """Values of months 0, ..., horizon: those seen, then nothing or the last twelve's mean."""
    longer = np.zeros((*path.shape[:-1], horizon + 1))
    seen = min(last, horizon) + 1
    longer[..., :seen] = path[..., :seen]
    if beyond == "hold":
        longer[..., seen:] = path[..., -min(12, last) :].mean(axis=-1, keepdims=True)
    return longer


def gross_flow(flows: Flows) -> float:
    """All flows of a person, whatever their direction: what rounding is measured by."""
    return max(float(np.abs(arm.mean()).sum()) for arm in flows.arms.values())


def net_sums(
    outlay: np.ndarray, gain: np.ndarray, *, last: int, horizon: int, discount_rate: float,
    beyond: Beyond,
) -> np.ndarray:  # fmt: skip
    """Discounted gain less outlay, summed up from month 0 to the horizon, (..., month)."""
    path = over_horizon(gain, last, horizon, beyond) - over_horizon(outlay, last, horizon, "stop")
    return np.cumsum(path * discount(horizon + 1, discount_rate), axis=-1)


def discount(n_month: int, rate: float) -> np.ndarray:
    """Factors of months 0, ..., n_month - 1 at a yearly rate."""
    return (1 + rate) ** (-np.arange(n_month) / 12)


@dataclass(frozen=True, slots=True, eq=False)
class Recovery:
    """Numbers of each party; leading axes as those of the flows."""

    cost: np.ndarray
    gain: np.ndarray
    net: np.ndarray
    static: np.ndarray
    dynamic: np.ndarray
    first_crossing: np.ndarray


def against_reference(
    flows: Flows, times: Mapping[str, np.ndarray] | None = None, *, by_cluster: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Outlay and gain per person (..., party, month) against the other arm or the time before."""
    means = [
        flows.split(arm.mean(None if times is None else times[name], by_cluster=by_cluster))
        for name, arm in flows.arms.items()
    ]
    outlay, gain, before = means[0]
    if len(means) == 2:
        return outlay - means[1][0], gain - means[1][1]
    gain = gain.copy()
    if flows.n_before:
        followed = slice(flows.last + 1 - flows.n_month, None)  # from month 1, or month 0
        gain[..., followed] -= before[..., None] / flows.n_before
    return outlay, gain


def recover(
    outlay: np.ndarray, gain: np.ndarray, *, last: int, n_month: int, discount_rate: float,
    horizon_years: float, beyond: Beyond,
) -> Recovery:  # fmt: skip
    """Cost, gain and the two pay-off times; infinite where the cost never comes back."""
    cumulative = net_sums(
        outlay, gain, last=last, horizon=round(12 * horizon_years), discount_rate=discount_rate,
        beyond=beyond,
    )  # fmt: skip
    gross = np.abs(gain).sum(axis=-1) + np.abs(outlay).sum(axis=-1)
    cost, yearly = outlay.sum(axis=-1), gain.sum(axis=-1) * 12 / n_month
    cost, yearly = small_as_zero(cost, gross), small_as_zero(yearly, gross)
    dynamic, crossing = recovery_months(cumulative, gross)
    static = np.divide(12 * cost, yearly, out=np.full(cost.shape, np.inf), where=yearly > 0)
    return Recovery(
        cost=cost,
        gain=yearly,
        net=cumulative[..., -1],
        static=np.where(cost > 0, static, 0.0),
        dynamic=dynamic,
        first_crossing=crossing,
    )


def recovery_months(cumulative: np.ndarray, gross: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Month from which a sum stays at 0 or above to the end, and the first month that it is so.

    Parameters
    ----------
    cumulative : ndarray, shape (..., month)
    gross : ndarray, shape (...)
        What rounding is measured by.

    Returns
    -------
    tuple of ndarray, shape (...)
        0 where the sum is never below 0; infinite where it never comes back.
    """
    horizon = cumulative.shape[-1] - 1
    below = cumulative < -ROUNDING * gross[..., None]
    month = np.arange(horizon + 1)
    began = np.argmax(below, axis=-1)
    again = ~below & (month > began[..., None])
    crossing = np.where(again.any(axis=-1), np.argmax(again, axis=-1), np.inf)
    lasting = np.where(below[..., -1], np.inf, horizon - np.argmax(below[..., ::-1], axis=-1) + 1)
    never_below = ~below.any(axis=-1)
    return np.where(never_below, 0.0, lasting), np.where(never_below, 0.0, crossing)


def late_reason(horizon_years: float) -> str:
    """Why there is no pay-off where it is only late."""
    return f"not within {horizon_years:g} {'year' if horizon_years == 1 else 'years'}"
