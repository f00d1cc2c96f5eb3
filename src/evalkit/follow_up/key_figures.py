"""Key figures of packages: volume, throughput, time in the package, money."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from evalkit.cohort.samples import Participations, group_rows
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up.days import Median, median_days
from evalkit.follow_up.period import Period, read_period
from evalkit.follow_up.scores import require_level
from evalkit.follow_up.scores import wilson as wilson_of
from evalkit.follow_up.spending import Spending, spending_of, with_packages
from evalkit.provenance import provenance
from evalkit.results import KeyFigures

Plan = Literal["year", "period"]
PARTICIPATIONS, PERSONS, PERCENT, DAYS = "participations", "persons", "percent", "days"
METHOD = "median: product-limit over all stays, those that still run censored"


def key_figures(
    sample: Participations,
    *,
    by: str | Sequence[str] | None = None,
    period: int | tuple[str, str] | None = None,
    packages: pd.DataFrame | None = None,
    outcomes: Sequence[str] = ("work_or_study",),
    plan_covers: Plan = "year",
    conf_level: float = 0.95,
) -> KeyFigures:
    """Count who started, left and took part, how long they stayed, and what it cost.

    A person may take part several times: numbers are given as participations and as distinct
    persons. Always a description.

    Parameters
    ----------
    sample : Participations
        Everybody in the packages. With a part of them (one municipality of several) money and
        plans belong to more than the sample: give no `packages` then.
    by : str or list of str, optional
        Columns that make strata, of the sample or of `packages` (`package_id`, `focus`,
        `federation`), or `start_year`. A last stratum, with an empty name, is all together.
    period : int or (str, str), optional
        A year, or the first and the last month (`YYYY-MM`); by default from the first start to
        the data cut.
    packages : DataFrame, optional
        The records' table: `package_id`, and where they are known `budget`, `outcome` (money
        spent), `planned_participants`, `currency`, `price_year`, `focus`.
    outcomes : sequence of str
        Exit reasons that count as the outcome of the package.
    plan_covers : {"year", "period"}
        What a budget and a plan of participants are for. Those of a year are multiplied by the
        years of the period.
    conf_level : float

    Returns
    -------
    KeyFigures
        One row a stratum and quantity. Participations and persons (`..._persons`): `took_part`
        (at any time in the period), `started`, `left`, `in_package` (on the last day);
        `anonymous`. `left_per_start`. `reached_outcome`, and `outcome_share` of those who left,
        in percent, with Wilson's interval. `median_days` with its interval, and `mean_days_left`
        of those who left, which leaves the long stays out. `budget`, `spent`, `budget_used` in
        percent; `planned`, and `fulfilment`, started in percent of planned; `cost_per_...`
        participation, person, leaver and outcome, from what was spent, or from the budget where
        that is not known (`cost` in the glance says which).

    Raises
    ------
    EstimationError
        If nobody took part in the period; if a package is not in the table of packages, or those
        of the sample have several currencies or price years.
    ParameterError
        If the period is none, `plan_covers` is unknown, or the level is not between 0 and 1.

    Notes
    -----
    took_part = left + in_package, in participations. Days count the first and the last day. The
    median is Kaplan and Meier's, with stays that began before the period entering at its first
    day and stays that still run censored at its last. Anonymous participants are participations,
    and each of them is a person of its own here: they may be fewer. Money of a package that has
    participations in several strata belongs to none of them.

    References
    ----------
    Kaplan EL, Meier P (1958), JASA 53, 457-481. Wilson EB (1927), JASA 22, 209-212.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "person_id": ["a", "a", "b", "c"], "package_id": "p",
    ...     "start": ["2024-01-01", "2024-07-01", "2024-02-01", "2024-10-01"],
    ...     "end": ["2024-03-31", None, "2024-05-31", None],
    ...     "exit_reason": ["completed", None, "work_or_study", None],
    ... })
    >>> figures = key_figures(Participations.from_frame(frame, data_cut="2024-12")).tidy()
    >>> figures.set_index("quantity").loc[
    ...     ["took_part", "took_part_persons", "left", "in_package", "outcome_share"], "estimate"]
    quantity
    took_part             4.0
    took_part_persons     3.0
    left                  2.0
    in_package            2.0
    outcome_share        50.0
    Name: estimate, dtype: float64
    """
    require_level(conf_level)
    if plan_covers not in get_args(Plan):
        raise ParameterError(f"plan_covers: {plan_covers!r} is none of year, period")
    span = read_period(sample, period)
    facts = _facts(sample, span, outcomes)
    if not facts.present.any():
        raise EstimationError(
            f"key_figures: none of {len(sample)} participations is in the period; choose another"
        )
    frame = with_packages(sample, packages)
    number, labels = group_rows(frame, by)
    groups = [(label, number == code) for code, label in enumerate(labels)] if by else []
    groups.append(("", np.ones(len(sample), dtype=bool)))
    money = spending_of(sample, packages, [chosen for _, chosen in groups],
                        years=span.years if plan_covers == "year" else 1.0)  # fmt: skip
    rows = [
        {"stratum": label, **row}
        for (label, chosen), spent in zip(groups, money, strict=True)
        for row in _stratum(facts, chosen, spent, conf_level)
    ]
    table = pd.DataFrame(rows)
    support = {name: table.pop(f"_{name}") for name in ("n", "k", "complement", "k_low", "k_high")}
    return KeyFigures(
        rows=table,
        summary={
            "n_package": len(set(sample.package[facts.present])),
            "n_misregistered": sample.n_misregistered,
            "first_day": str(span.first),
            "last_day": str(span.last),
            "currency": money[-1].currency,
            "price_year": money[-1].price_year,
            "cost": money[-1].basis,
            "plan_covers": plan_covers,
            "conf_level": conf_level,
            "method": METHOD,
            "label": "description",
        },
        support=support,
        provenance=provenance(
            "key_figures", sample.digest, by=by, period=period, outcomes=tuple(outcomes),
            plan_covers=plan_covers, conf_level=conf_level, packages=money[-1].digest,
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Facts:
    """What each participation was in the period; arrays of shape (n,)."""

    person: np.ndarray
    anonymous: np.ndarray
    present: np.ndarray
    started: np.ndarray
    left: np.ndarray
    stays: np.ndarray
    reached: np.ndarray
    days: np.ndarray
    entry: np.ndarray


def _facts(sample: Participations, span: Period, outcomes: Sequence[str]) -> _Facts:
    runs = np.isnat(sample.end) | (sample.end > span.last)
    present = (sample.start <= span.last) & (np.isnat(sample.end) | (sample.end >= span.first))
    left = present & ~runs
    last = np.where(runs, span.last, sample.end)
    anonymous = sample.person < 0
    # Each anonymous participant counts as one person: nothing tells who is the same.
    person = np.where(anonymous, sample.person.max(initial=0) + 1 + np.arange(len(sample)),
                      sample.person)  # fmt: skip
    return _Facts(
        person=person,
        anonymous=anonymous & present,
        present=present,
        started=present & (sample.start >= span.first),
        left=left,
        stays=present & runs,
        reached=left & np.isin(sample.exit_reason.astype(str), list(outcomes)),
        days=(last - sample.start).astype(float) + 1,
        entry=np.maximum((span.first - sample.start).astype(float), 0.0),
    )


def _stratum(facts: _Facts, chosen: np.ndarray, money: Spending, conf_level: float) -> list[dict]:
    """Rows of one stratum, all quantities in one order."""
    count = {
        name: int((getattr(facts, name) & chosen).sum())
        for name in ("present", "started", "left", "stays", "reached", "anonymous")
    }
    persons = {
        name: len(np.unique(facts.person[getattr(facts, name) & chosen]))
        for name in ("present", "started", "left", "stays")
    }
    rows = [*_volume(count, persons), *_time(facts, chosen, count, conf_level)]
    rows += _outcome(count, conf_level)
    rows += _money_rows(count, persons, money)
    for row in rows:
        row.setdefault("conf_low", np.nan)
        row.setdefault("conf_high", np.nan)
        row.setdefault("reason", "")
        is_of_persons = not np.isnan(row["_n"])
        row["n"] = float(persons["present"]) if is_of_persons else np.nan
        row["_n"] = row["n"]
    return rows


def _row(quantity: str, estimate: float, unit: str, n: float, k=np.nan, complement=np.nan, **more):
    """One row; without a number of persons `n` it is about money or plans alone."""
    return {
        "quantity": quantity, "estimate": float(estimate), "unit": unit, "_n": n, "_k": k,
        "_complement": complement, "_k_low": np.nan, "_k_high": np.nan, **more,
    }  # fmt: skip


def _volume(count: dict[str, int], persons: dict[str, int]) -> list[dict]:
    n = count["present"]
    names = {"took_part": "present", "started": "started", "left": "left", "in_package": "stays"}
    rows = []
    for quantity, fact in names.items():
        rows.append(_row(quantity, count[fact], PARTICIPATIONS, n, count[fact], n - count[fact]))
        rows.append(_row(f"{quantity}_persons", persons[fact], PERSONS, n, persons[fact],
                         persons["present"] - persons[fact]))  # fmt: skip
    rows.append(_row("anonymous", count["anonymous"], PARTICIPATIONS, n, count["anonymous"],
                     n - count["anonymous"]))  # fmt: skip
    return [*rows, _ratio("left_per_start", count["left"], count["started"], "leavers per start",
                          n, count["left"], "no_starts")]  # fmt: skip


def _time(facts: _Facts, chosen: np.ndarray, count: dict[str, int], conf_level: float):
    here = facts.present & chosen
    found = Median()
    if here.any():
        found = median_days(facts.days[here], facts.left[here], facts.entry[here],
                            conf_level=conf_level)  # fmt: skip
    reason = "" if np.isfinite(found.estimate) else "fewer_than_half_left"
    n, left = count["present"], facts.left & chosen
    mean = facts.days[left].mean() if left.any() else np.nan
    median = _row("median_days", found.estimate, DAYS, n, found.k, found.complement,
                  conf_low=found.low, conf_high=found.high, reason=reason)  # fmt: skip
    median |= {"_k_low": found.k_low, "_k_high": found.k_high}
    return [
        median,
        _row("mean_days_left", mean, DAYS, n, count["left"], n - count["left"],
             reason="" if left.any() else "nobody_left"),
    ]  # fmt: skip


def _outcome(count: dict[str, int], conf_level: float) -> list[dict]:
    n, left, reached = count["present"], count["left"], count["reached"]
    low, high = wilson(reached, left, conf_level)
    share = 100 * reached / left if left else np.nan
    return [
        _row("reached_outcome", reached, PARTICIPATIONS, n, reached, left - reached),
        _row("outcome_share", share, PERCENT, n, reached, left - reached, conf_low=100 * low,
             conf_high=100 * high, reason="" if left else "nobody_left"),
    ]  # fmt: skip


def _money_rows(count: dict[str, int], persons: dict[str, int], money: Spending) -> list[dict]:
    nobody = np.nan
    reason = {"reason": money.reason}
    used = 100 * money.spent / money.budget if money.budget > 0 else np.nan
    rows = [
        _row("budget", money.budget, money.currency, nobody, **reason),
        _row("spent", money.spent, money.currency, nobody,
             reason=money.reason or ("" if np.isfinite(money.spent) else "not_recorded")),
        _row("budget_used", used, PERCENT, nobody,
             reason=money.reason or ("" if np.isfinite(used) else "not_recorded")),
        _row("planned", money.planned, "participations", nobody, **reason),
    ]  # fmt: skip
    n, cost = count["present"], money.cost
    fulfilled = 100 * count["started"] / money.planned if money.planned > 0 else np.nan
    rows.append(
        _row("fulfilment", fulfilled, PERCENT, n, count["started"], n - count["started"],
             reason=money.reason or ("" if np.isfinite(fulfilled) else "no_plan"))
    )  # fmt: skip
    divided = (
        ("cost_per_participation", count["present"], "nobody_took_part"),
        ("cost_per_person", persons["present"], "nobody_took_part"),
        ("cost_per_leaver", count["left"], "nobody_left"),
        ("cost_per_outcome", count["reached"], "nobody_reached_it"),
    )
    for quantity, number, empty in divided:
        row = _ratio(quantity, cost, number, money.currency, n, number, empty)
        rows.append(row | ({"reason": money.reason} if money.reason else {}))
    return rows


def _ratio(quantity: str, above: float, below: float, unit: str, n: float, k: float, empty: str):
    value = above / below if below else np.nan
    return _row(quantity, value, unit, n, k, n - k, reason="" if below else empty)


def wilson(k: float, n: float, conf_level: float) -> tuple[float, float]:
    """Wilson's interval of a share; NaN without anybody."""
    low, high = wilson_of(np.array([float(k)]), np.array([float(n)]), conf_level)
    return float(low[0]), float(high[0])
