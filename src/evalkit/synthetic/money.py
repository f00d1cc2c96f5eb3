"""Flows of money of each participant, double entry, and the prices behind them."""

import numpy as np
import pandas as pd

from evalkit.codes import benefits
from evalkit.records import schema as s
from evalkit.synthetic.countries import FIRST_MONTH, PRICE_YEAR, SOURCE, Country
from evalkit.synthetic.months import STUDY, Calendar
from evalkit.synthetic.participation import Participation, package_groups
from evalkit.synthetic.population import PROGRAMME, People
from evalkit.synthetic.process import FREE

BLOCKS = (12, 24)
_TRANSFER, _REAL, _PRODUCTION, _TAX, _INTERVENTION = s.COST_KINDS


def costs_table(
    country: Country, people: People, calendar: Calendar, taken: Participation, ids: np.ndarray
) -> pd.DataFrame:
    """Ledger rows of participants: the package at its start, the rest once a year in arrears.

    A row dated twelve (twenty-four) months after the index month is the sum of months 1-12
    (13-24).
    """
    first = taken.is_first
    parts = [_interventions(country, people, taken.person[first], taken, first)]
    for block in BLOCKS:
        parts += _transfers(country, people, calendar, taken.person[first], block)
        parts += _work(country, people, calendar, taken.person[first], block)
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.sort_values(["person", s.MONTH], kind="stable")
    return pd.DataFrame({
        s.PERSON_ID: ids[rows["person"]],
        s.TYPE_CASE: "",
        s.MONTH: (np.datetime64(FIRST_MONTH, "M") + rows[s.MONTH].to_numpy()).astype(str),
        s.PAYER: rows[s.PAYER],
        s.PAYEE: rows[s.PAYEE],
        s.ITEM: rows[s.ITEM],
        s.KIND: rows[s.KIND],
        s.AMOUNT: rows[s.AMOUNT],
        s.CURRENCY: country.currency,
        s.PRICE_YEAR: PRICE_YEAR,
        s.SOURCE: SOURCE,
    })  # fmt: skip


def degrees_of(
    country: Country, calendar: Calendar, person: np.ndarray, benefit: np.ndarray
) -> np.ndarray:
    """Degree of each benefit of each person: its own, the person's where it varies, else 100."""
    fixed = np.array([int(name.partition("@")[2] or 100) for name in country.benefits])
    varies = np.array([name in country.degrees_vary for name in country.benefits])
    return np.where(varies[benefit], calendar.degree[person], fixed[benefit])


def amounts_of(
    country: Country, calendar: Calendar, person: np.ndarray, benefit: np.ndarray
) -> np.ndarray:
    """Amount a month of each benefit of each person, in whole tens."""
    full = np.array([country.amounts.get(name.partition("@")[0], 0) for name in country.benefits])
    degree = degrees_of(country, calendar, person, benefit)
    return (np.round(full[benefit] * calendar.level[person] * degree / 1000) * 10).astype(int)


def tariffs_table(country: Country) -> pd.DataFrame:
    """Prices of packages and of a month of work, and what each actor pays of them."""
    rows = [
        (f"package_{coordination}", actor, share, price)
        for coordination, price in country.package_price.items()
        for actor, share in country.financiers.items()
    ]
    rows += [("work", actor, share, country.production) for actor, share in country.taxes.items()]
    return pd.DataFrame([
        {
            s.ITEM: item, s.ACTOR: actor, s.VALID_FROM: "2018-01-01", s.VALID_TO: "",
            s.DAY_FROM: "", s.DAY_TO: "", s.SHARE: share, s.AMOUNT: amount,
            s.CURRENCY: country.currency, s.PRICE_YEAR: PRICE_YEAR, s.SOURCE: SOURCE,
        }
        for item, actor, share, amount in rows
    ])  # fmt: skip


def price_index_table() -> pd.DataFrame:
    """A made-up price index, 100 in the price year."""
    levels = (80, 81.5, 82, 84, 91, 97.5, 100, 101.5)
    return pd.DataFrame(
        [
            {s.YEAR: year, s.INDEX: level, s.SOURCE: SOURCE}
            for year, level in enumerate(levels, 2018)
        ]
    )


def finances_table(country: Country) -> pd.DataFrame:
    """Budgets of federations, shared by their financiers: half, a quarter and a quarter."""
    rows = []
    for position, group in enumerate(package_groups(country)):
        for year in range(2021, 2026):
            funds = 6_000_000 + 400_000 * position + 200_000 * (year - 2021)
            lines = [(actor, "funds", share * funds) for actor, share in country.financiers.items()]
            spending = {"administration": 0.18, "package": 0.82}
            lines += [("federation", kind, share * funds) for kind, share in spending.items()]
            for financier, kind, budget in lines:
                spent = budget if kind == "funds" else budget * (0.88 + 0.02 * (year - 2021))
                rows.append({
                    s.FEDERATION: group, s.YEAR: year, s.FINANCIER: financier, s.KIND: kind,
                    s.BUDGET: round(budget), s.OUTCOME: round(spent),
                    s.CURRENCY: country.currency,
                })  # fmt: skip
    return pd.DataFrame(rows)


def _rows(person, month, payer: str, payee: str, item: str, kind: str, amount) -> pd.DataFrame:
    amount = np.round(np.asarray(amount) / 10).astype(int) * 10
    paid = amount > 0
    return pd.DataFrame({
        "person": person[paid], s.MONTH: month[paid], s.PAYER: payer, s.PAYEE: payee,
        s.ITEM: item, s.KIND: kind, s.AMOUNT: amount[paid],
    })  # fmt: skip


def _interventions(
    country: Country, people: People, person: np.ndarray, taken: Participation, first: np.ndarray
) -> pd.DataFrame:
    days = (taken.end - taken.start)[first].astype(int)
    joint = people.arm[person] == PROGRAMME
    prices = country.package_price
    price = np.where(joint, prices["joint_work"], prices["information"])
    return pd.concat([
        _rows(
            person, people.index[person], actor, "resources", "package", _INTERVENTION,
            share * price * days / 30.4,
        )
        for actor, share in country.financiers.items()
    ])  # fmt: skip


def _block(people: People, person: np.ndarray, block: int) -> np.ndarray:
    """Calendar months of the year that ends `block` months after the index month, (n, 12)."""
    return people.index[person][:, None] + np.arange(block - 11, block + 1)


def _transfers(
    country: Country, people: People, calendar: Calendar, person: np.ndarray, block: int
) -> list[pd.DataFrame]:
    months, column = _block(people, person, block), person[:, None]
    actor = benefits(country.code)["actor"]
    names = [name.partition("@")[0] for name in country.benefits]
    paid_by = np.array([actor.get(name, "") for name in names])
    subsidy = country.benefits.index(country.wage_subsidy)
    parts = []
    for payer in sorted(set(paid_by) - {""}):
        for is_subsidy in (False, True):
            amount = np.zeros(len(person))
            for layer in calendar.layers:
                benefit = layer[column, months].astype(int)
                here = (paid_by[benefit] == payer) & ((benefit == subsidy) == is_subsidy)
                amount += (here * amounts_of(country, calendar, column, benefit)).sum(axis=1)
            payee, item = ("employer", "wage_subsidy") if is_subsidy else ("individual", "benefits")
            month = people.index[person] + block
            parts.append(_rows(person, month, payer, payee, item, _TRANSFER, amount))
    return parts


def _work(
    country: Country, people: People, calendar: Calendar, person: np.ndarray, block: int
) -> list[pd.DataFrame]:
    """Production of months in self-support by work, and the taxes on it."""
    free = calendar.state[person[:, None], _block(people, person, block)] == FREE
    worked = free.sum(axis=1) * (calendar.occupation[person] != STUDY)
    value = worked * country.production * calendar.level[person]
    month = people.index[person] + block
    parts = [_rows(person, month, "production", "individual", "work", _PRODUCTION, value)]
    for actor, share in country.taxes.items():
        parts.append(_rows(person, month, "individual", actor, "work", _TAX, share * value))
    return parts
