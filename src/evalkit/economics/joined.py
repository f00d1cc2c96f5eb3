"""Costs from a ledger and health from a panel, joined person by person."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.cohort.samples import HealthPanel, StateHistory
from evalkit.economics.costs_and_effects import CostsAndEffects
from evalkit.economics.entries import KINDS, PRODUCTION, RESOURCES, checked_rows
from evalkit.economics.qaly import ARMS, check_rate
from evalkit.economics.utility_curves import (
    Clock,
    Imputed,
    Missing,
    PersonQalys,
    discount_factor,
    person_qalys,
)
from evalkit.errors import EstimationError, ParameterError

SOCIETY = "society"
MONTH = "month_from_start"
PERSON = "person_id"
FEWEST = 10  # persons of an arm; with fewer, QALYs of anybody may not exist


def cost_utility_sample(
    health: HealthPanel | None,
    costs: pd.DataFrame | None,
    *,
    perspective: str | Sequence[str],
    n_months: int = 24,
    kinds: Sequence[str] | None = None,
    missing: Missing | None = None,
    imputed: Imputed = None,
    died: str | StateHistory | None = None,
    date: str | None = None,
    start: str | None = None,
    days_in_year: float = 365.25,
    discount_rate: float = 0.03,
    data_cut: str | None = None,
    price_index: pd.DataFrame | None = None,
    price_year: int | None = None,
) -> CostsAndEffects | None:
    """Join QALYs with costs, person by person, for `cost_utility` and its companions.

    Parameters
    ----------
    health : HealthPanel or None
        Utilities by wave, with `person_id` and `arm` among the columns.
    costs : DataFrame or None
        Ledger rows with `person_id` and `month_from_start`, as for `pay_off`. Who has no row cost
        nothing.
    perspective : str or list of str
        `society`: resources used less what is produced, whoever pays; transfers and taxes cancel.
        Or the payers whose costs count, such as `["municipality"]` or several together: what they
        pay less what they receive.
    n_months : int
        Months 0, ..., n_months - 1 from the start count, and the area under the utility curve
        reaches to the wave `n_months`. Interventions that were paid before the start count in
        month 0.
    kinds : sequence of str, optional
        Kinds of rows that count, for example `["intervention", "real_resource"]`; by default all.
    missing, imputed, died, date, start, days_in_year, discount_rate
        As for `qaly`; costs are discounted alike, from the second year.
    data_cut : str, optional
        Last month of the records, `YYYY-MM`. With it only persons are taken whose `index_month`
        lies at least `n_months` before; without it all are taken to have been followed.
    price_index, price_year
        As for `ledger`.

    Returns
    -------
    CostsAndEffects or None
        One row for each person who has QALYs; None where the records hold no health or no costs.
        Where fewer than ten persons of an arm answered twice, and QALYs cannot be computed, it is
        without persons, so that the page of a small place can say so.

    Raises
    ------
    EstimationError
        If rows break the rules of the ledger, belong to no person, or have no month; if the panel
        has no arms; or as `qaly` for answers that are missing.
    ParameterError
        If a kind or an option is unknown, or no row names a payer of `perspective`.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "person_id": ["a", "a", "b", "b"], "wave": [0, 12, 0, 12], "index": [0.5, 0.7] * 2,
    ...     "arm": ["programme"] * 2 + ["comparison"] * 2,
    ... })
    >>> health = HealthPanel.from_frame(
    ...     frame, person="person_id", wave="wave", outcome="index", arm="arm"
    ... )
    >>> costs = pd.DataFrame({
    ...     "person_id": ["a"], "month": ["2024-01"], "month_from_start": [0],
    ...     "payer": ["region"], "payee": ["resources"], "item": ["package"],
    ...     "kind": ["intervention"], "amount": [900.0], "currency": ["SEK"], "price_year": [2024],
    ... })
    >>> sample = cost_utility_sample(health, costs, perspective="society", n_months=12)
    >>> sample.cost.tolist(), sample.effect.round(3).tolist()
    ([900.0, 0.0], [[0.6, 0.6]])
    """
    if health is None or costs is None:
        return None
    check_rate(discount_rate, days_in_year)
    for name in (PERSON, "arm"):
        if name not in health.covariates.columns:
            raise EstimationError(f"{name}: no such column in the panel; costs are joined by it")
    clock = Clock(n_months / 12, days_in_year, discount_rate, date, start)
    try:
        found = person_qalys(
            health, horizon_months=n_months, baseline=0, missing=missing, imputed=imputed,
            died=died, clock=clock,
        )  # fmt: skip
    except EstimationError:
        if _answered_twice(health) >= FEWEST:
            raise
        found = _nobody(health, missing)
    people = health.covariates.iloc[found.first].reset_index(drop=True)
    kept = people["arm"].isin(ARMS).to_numpy() & _followed(people, data_cut, n_months)
    _require_parties(costs, perspective)
    rows, facts = _rows(costs, people.loc[kept, PERSON], price_index, price_year)
    spent = _spent(rows, perspective, kinds, n_months, discount_rate)
    effects = {f"_effect_{number}": each[kept] for number, each in enumerate(found.qaly)}
    cluster = None if health.cluster is None else health.cluster[found.first][kept]
    made = people[kept].reset_index(drop=True)
    frame = made.assign(
        _cost=made[PERSON].map(spent).fillna(0.0).to_numpy(dtype=float),
        _baseline=found.baseline[kept], **effects,
        **({} if cluster is None else {"_cluster": cluster}),
    )  # fmt: skip
    return CostsAndEffects.from_frame(
        frame, person=PERSON, arm="arm", cost="_cost", effect=list(effects), baseline="_baseline",
        cluster=None if cluster is None else "_cluster", currency=facts[0], price_year=facts[1],
        perspective=perspective if isinstance(perspective, str) else ", ".join(perspective),
        missing=found.missing, horizon_months=n_months, discount_rate=discount_rate,
        n_left_out=_n_followed(health, data_cut, n_months) - len(frame),
    )  # fmt: skip


def _n_followed(health: HealthPanel, data_cut: str | None, n_months: int) -> int:
    """Persons of both arms whose records cover the whole period."""
    first = np.unique(health.person, return_index=True)[1]
    people = health.covariates.iloc[first]
    return int((people["arm"].isin(ARMS).to_numpy() & _followed(people, data_cut, n_months)).sum())


def _answered_twice(health: HealthPanel) -> int:
    """Persons of the smaller arm with two answers at least, as a change needs."""
    rows = health.covariates[np.isfinite(health.outcome)]
    rows = rows[rows.duplicated(PERSON)]
    count = rows.groupby("arm")[PERSON].nunique()
    return min(int(count.get(arm, 0)) for arm in ARMS)


def _nobody(health: HealthPanel, missing: Missing | None) -> PersonQalys:
    """QALYs of nobody: so few are in the panel that there need not be any."""
    empty, n = np.zeros(0), len(np.unique(health.person))
    return PersonQalys(empty.astype(np.intp), empty[None], empty, n, missing or "imputed")


def _followed(people: pd.DataFrame, data_cut: str | None, n_months: int) -> np.ndarray:
    """Whose records cover the whole period."""
    if data_cut is None:
        return np.ones(len(people), dtype=bool)
    if "index_month" not in people.columns:
        raise EstimationError("index_month: no such column in the panel; data_cut= needs it")
    begun = pd.PeriodIndex(people["index_month"], freq="M")
    cut = pd.Period(data_cut, "M")
    months = (cut.year - begun.year) * 12 + (cut.month - begun.month)
    return np.asarray(months >= n_months)


def _rows(
    costs: pd.DataFrame, persons: pd.Series, price_index: pd.DataFrame | None,
    price_year: int | None,
) -> tuple[pd.DataFrame, tuple[str, float]]:  # fmt: skip
    """Checked rows of the persons, with currency and price year."""
    absent = [name for name in (PERSON, MONTH) if name not in costs.columns]
    if absent:
        raise EstimationError(f"costs: no such column: {', '.join(absent)}")
    nobody = int(costs[PERSON].isna().sum())
    if nobody:
        raise EstimationError(
            f"costs: {nobody} of {len(costs)} rows belong to no person; share them out, or leave "
            "them out and say so"
        )
    if not len(costs):
        return costs, ("", np.nan)
    rows = checked_rows(costs, price_index=price_index, price_year=price_year)
    facts = str(rows["currency"].iloc[0]), int(rows["price_year"].iloc[0])
    rows = rows[rows[PERSON].isin(persons)]
    undated = int(pd.to_numeric(rows[MONTH], errors="coerce").isna().sum())
    if undated:
        raise EstimationError(f"{MONTH}: missing in {undated} of {len(rows)} rows")
    return rows, facts


def _spent(
    rows: pd.DataFrame, perspective: str | Sequence[str], kinds: Sequence[str] | None,
    n_months: int, discount_rate: float,
) -> pd.Series:  # fmt: skip
    """Discounted cost of each person with a row."""
    unknown = sorted(set(kinds or ()) - set(KINDS))
    if unknown:
        raise ParameterError(f"kinds: {', '.join(unknown)}: not among {', '.join(KINDS)}")
    if kinds is not None:
        rows = rows[rows["kind"].isin(kinds)]
    month = pd.to_numeric(rows[MONTH]).to_numpy(dtype=float)
    early = (rows["kind"] == "intervention").to_numpy() & (month < 0)
    month = np.where(early, 0.0, month)
    inside = (month >= 0) & (month < n_months)
    factor = discount_factor(np.floor(np.where(inside, month, 0) / 12), discount_rate)
    sign = _sign(rows, perspective)
    value = pd.Series(sign * rows["amount"].to_numpy(dtype=float) * factor * inside)
    return value.groupby(rows[PERSON].to_numpy()).sum()


def _sign(rows: pd.DataFrame, perspective: str | Sequence[str]) -> np.ndarray:
    """Whether each row is a cost (1), a saving (-1) or neither (0)."""
    if perspective == SOCIETY:
        used, made = rows["payee"] == RESOURCES, rows["payer"] == PRODUCTION
        return used.to_numpy(dtype=float) - made.to_numpy(dtype=float)
    parties = _parties(perspective)
    paid, received = rows["payer"].isin(parties), rows["payee"].isin(parties)
    return paid.to_numpy(dtype=float) - received.to_numpy(dtype=float)


def _parties(perspective: str | Sequence[str]) -> list[str]:
    return [perspective] if isinstance(perspective, str) else list(perspective)


def _require_parties(costs: pd.DataFrame, perspective: str | Sequence[str]) -> None:
    """Refuse payers of whom no row knows: a misspelt one would cost nothing."""
    parties = _parties(perspective)
    if not parties:
        raise ParameterError(f"perspective: `{SOCIETY}`, or the payers whose costs count")
    if perspective == SOCIETY or not len(costs):
        return
    known = {*costs["payer"].dropna(), *costs["payee"].dropna()}
    unknown = [party for party in parties if party not in known]
    if unknown:
        raise ParameterError(f"perspective: no row names {', '.join(unknown)}")
