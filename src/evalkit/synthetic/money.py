"""Flows of money of each participant, double entry, and the prices behind them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.codes import benefits
from evalkit.errors import ParameterError
from evalkit.records import schema as s
from evalkit.synthetic.countries import PRICE_YEAR, SOURCE, Country
from evalkit.synthetic.months import amounts_of, last_month_present
from evalkit.synthetic.participation import Participation
from evalkit.synthetic.places import Place
from evalkit.synthetic.population import People
from evalkit.synthetic.process import YEAR, Course
from evalkit.synthetic.scenario import FORMS, SUBSIDISED, WORK, Scenario

BLOCKS = (12, 24)
MONTHS_FOLLOWED = 36
# Funds of a federation a year: a fixed part, and so many months of the dearest package per person.
FUNDS_FIXED, FUNDS_PER_RESIDENT = 500, 0.02
_TRANSFER, _REAL, _PRODUCTION, _TAX, _INTERVENTION = s.COST_KINDS


@dataclass(frozen=True, slots=True)
class Flow:
    """One kind of flow between two parties; `amount` has shape (n, months)."""

    payer: str
    payee: str
    item: str
    kind: str
    amount: np.ndarray


def costs_table(
    country: Country, scenario: Scenario, people: People, layers: tuple[np.ndarray, np.ndarray],
    course: Course, taken: Participation, ids: np.ndarray,
) -> pd.DataFrame:  # fmt: skip
    """Ledger rows of participants: the package at its start, the rest once a year in arrears.

    A row dated twelve (twenty-four) months after the month of the start is the sum of months 1-12
    (13-24). Years that the records do not hold to their end are left out.
    """
    person = taken.person[taken.is_first]
    start = course.start[person]
    parts = [
        _rows(person, start, payer, "resources", "package", _INTERVENTION, amount)
        for payer, amount in package_costs(country, people, course, person).items()
    ]
    for flow in _flows(country, people, course, person, layers, max(BLOCKS)):
        for block in BLOCKS:
            whole = start + block < course.state.shape[1]
            amount = flow.amount[:, block - YEAR : block].sum(axis=1)[whole]
            parts.append(_rows(
                person[whole], start[whole] + block, flow.payer, flow.payee, flow.item,
                flow.kind, amount,
            ))  # fmt: skip
    rows = pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    rows = rows.sort_values(["person", s.MONTH], kind="stable", ignore_index=True)
    return pd.DataFrame({
        s.PERSON_ID: ids[rows["person"]],
        s.TYPE_CASE: "",
        s.MONTH: (np.datetime64(scenario.first_month, "M") + rows[s.MONTH].to_numpy()).astype(str),
        s.PAYER: rows[s.PAYER],
        s.PAYEE: rows[s.PAYEE],
        s.ITEM: rows[s.ITEM],
        s.KIND: rows[s.KIND],
        s.AMOUNT: rows[s.AMOUNT],
        s.CURRENCY: country.currency,
        s.PRICE_YEAR: PRICE_YEAR,
        s.SOURCE: SOURCE,
    })  # fmt: skip


def flows_by_party(
    country: Country, scenario: Scenario, people: People, course: Course, rows: np.ndarray,
    layers: tuple[np.ndarray, np.ndarray],
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:  # fmt: skip
    """What each party receives less what it pays after the start, and what the package cost it.

    Parameters
    ----------
    rows : ndarray of int, shape (n,)
        Persons, each with a start.

    Returns
    -------
    dict of str to ndarray, shape (n, 36)
        By party, months 1, 2, ... after the start, without the package; NaN beyond the months
        simulated. `production` is the account that pays what is produced, so that the parties
        without it add up to society's gain, and all of them to 0.
    dict of str to ndarray, shape (n,)
        By financier, what the package cost.
    """
    balance: dict[str, np.ndarray] = {}
    for flow in _flows(country, people, course, rows, layers, MONTHS_FOLLOWED):
        for party, sign in ((flow.payer, -1.0), (flow.payee, 1.0)):
            nothing = np.zeros((len(rows), MONTHS_FOLLOWED))
            balance[party] = balance.get(party, nothing) + sign * flow.amount
    return balance, package_costs(country, people, course, rows)


def package_costs(
    country: Country, people: People, course: Course, rows: np.ndarray
) -> dict[str, np.ndarray]:
    """By financier, what the package of each person costs: its price a month, at least once.

    A package that death or emigration ends is paid until then; one that runs when the records end
    until then.
    """
    months = np.minimum(course.length[rows], last_month_present(course)[rows] - course.start[rows])
    price = np.array([country.package_price[form] for form in FORMS])[course.form[rows]]
    return {
        actor: np.round(share * price * np.maximum(months, 1)).astype(int)
        for actor, share in country.financiers.items()
    }


def tariffs_table(country: Country) -> pd.DataFrame:
    """Prices a month of packages, of work and of each benefit, and what each actor pays of them."""
    payer = benefits(country.code)["actor"]
    rows = [
        (f"package_{form}", actor, share, price)
        for form, price in country.package_price.items()
        for actor, share in country.financiers.items()
    ]
    rows += [("work", actor, share, country.production) for actor, share in country.taxes.items()]
    rows += [(benefit, payer[benefit], 1, amount) for benefit, amount in country.amounts.items()]
    return pd.DataFrame([
        {
            s.ITEM: item, s.ACTOR: actor, s.VALID_FROM: "2018-01-01", s.VALID_TO: "",
            s.DAY_FROM: "", s.DAY_TO: "", s.SHARE: share, s.AMOUNT: amount,
            s.CURRENCY: country.currency, s.PRICE_YEAR: PRICE_YEAR, s.SOURCE: SOURCE,
        }
        for item, actor, share, amount in rows
    ])  # fmt: skip


def with_tariffs(country: Country, path: str | Path) -> Country:
    """The country with the amounts of a file in the columns of the table `tariffs`.

    Benefit codes, `package_` and a form, and `work` take the amount of the file, whatever actor a
    row names; what the file does not name stays. How costs are shared between actors is not taken
    from the file.

    Raises
    ------
    ParameterError
        If the file cannot be read or lacks a column; if rows name an unknown item, an amount that
        is no number of at least 0, another currency or price year, or several amounts for one
        item. All faults at once, rows counted with the header as row 1; nothing is replaced then.
    """
    frame = _tariff_file(path)
    amount = pd.to_numeric(frame[s.AMOUNT], errors="coerce").to_numpy(dtype=float)
    packages = {f"package_{form}": form for form in country.package_price}
    known = frame[s.ITEM].isin([*country.amounts, *packages, "work"]).to_numpy()
    several = frame.assign(amount=amount).groupby(s.ITEM)["amount"].transform("nunique") > 1
    faults = [
        (f"an unknown item for {country.code}", ~known),
        ("an amount that is no number of at least 0", ~(np.isfinite(amount) & (amount >= 0))),
        (
            f"a currency other than {country.currency}",
            (frame[s.CURRENCY] != country.currency).to_numpy(),
        ),
        (
            f"a price year other than {PRICE_YEAR}",
            (frame[s.PRICE_YEAR] != str(PRICE_YEAR)).to_numpy(),
        ),
        ("one of several amounts for an item", several.to_numpy() & known),
    ]
    told = [_fault(what, wrong) for what, wrong in faults if wrong.any()]
    if told:
        raise ParameterError(f"tariffs: {'; '.join(told)}. Nothing was replaced.")
    given = dict(zip(frame[s.ITEM], map(_number, amount), strict=True))
    return replace(
        country,
        amounts={name: given.get(name, old) for name, old in country.amounts.items()},
        package_price={
            form: given.get(name, country.package_price[form]) for name, form in packages.items()
        },
        production=given.get("work", country.production),
    )


def price_index_table() -> pd.DataFrame:
    """A made-up price index, 100 in the price year."""
    levels = (80, 81.5, 82, 84, 91, 97.5, 100, 101.5)
    return pd.DataFrame(
        [
            {s.YEAR: year, s.INDEX: level, s.SOURCE: SOURCE}
            for year, level in enumerate(levels, 2018)
        ]
    )


def finances_table(country: Country, places: tuple[Place, ...], scenario: Scenario) -> pd.DataFrame:
    """Budgets of federations in each year, the funds shared as the financiers share packages."""
    month = max(country.package_price.values())
    first = int(scenario.first_month[:4])
    rows = []
    for group in dict.fromkeys(place.federation for place in places if place.federation):
        residents = sum(place.residents for place in places if place.federation == group)
        for number in range(scenario.n_month // YEAR):
            funds = month * (FUNDS_FIXED + FUNDS_PER_RESIDENT * residents) * (1 + 0.02 * number)
            lines = [(actor, "funds", share * funds) for actor, share in country.financiers.items()]
            spending = {"administration": 0.18, "package": 0.82}
            lines += [("federation", kind, share * funds) for kind, share in spending.items()]
            for financier, kind, budget in lines:
                spent = budget if kind == "funds" else budget * (0.88 + 0.02 * (number % 5))
                rows.append({
                    s.FEDERATION: group, s.YEAR: first + number, s.FINANCIER: financier,
                    s.KIND: kind, s.BUDGET: round(budget), s.OUTCOME: round(spent),
                    s.CURRENCY: country.currency,
                })  # fmt: skip
    return pd.DataFrame(rows)


def _rows(
    person: np.ndarray, month: np.ndarray, payer: str, payee: str, item: str, kind: str,
    amount: np.ndarray,
) -> dict[str, np.ndarray]:  # fmt: skip
    paid = amount > 0
    named = {s.PAYER: payer, s.PAYEE: payee, s.ITEM: item, s.KIND: kind}
    return {
        "person": person[paid],
        s.MONTH: month[paid],
        s.AMOUNT: amount[paid].astype(int),
        **{name: np.full(paid.sum(), text, dtype=object) for name, text in named.items()},
    }


def _flows(
    country: Country, people: People, course: Course, rows: np.ndarray,
    layers: tuple[np.ndarray, np.ndarray], n_month: int,
) -> Iterator[Flow]:  # fmt: skip
    """Every flow in months 1, ..., `n_month` after the start, in whole units of the currency."""
    month = course.start[rows, None] + np.arange(1, n_month + 1)
    known = month < course.state.shape[1]
    month, beyond = np.where(known, month, 0), np.where(known, 0.0, np.nan)
    column = rows[:, None]
    yield from _transfers(country, people, column, month, beyond, layers)
    works = np.isin(course.state[column, month], (WORK, SUBSIDISED))
    made = works * np.round(country.production * people.level[column])
    yield Flow("production", "individual", "work", _PRODUCTION, made + beyond)
    for actor, share in country.taxes.items():
        yield Flow("individual", actor, "work", _TAX, np.round(share * made) + beyond)


def _transfers(
    country: Country, people: People, column: np.ndarray, month: np.ndarray, beyond: np.ndarray,
    layers: tuple[np.ndarray, np.ndarray],
) -> Iterator[Flow]:  # fmt: skip
    actor = benefits(country.code)["actor"]
    names = [name.partition("@")[0] for name in country.benefits]
    paid_by = np.array([actor.get(name, "") for name in names])
    subsidy = country.benefits.index(country.wage_subsidy)
    paid = [layer[column, month].astype(int) for layer in layers]
    amounts = [amounts_of(country, people, column, benefit) for benefit in paid]
    for payer in sorted(set(paid_by) - {""}):
        for is_subsidy in (False, True):
            if is_subsidy and paid_by[subsidy] != payer:
                continue
            counts = (paid_by == payer) & ((np.arange(len(names)) == subsidy) == is_subsidy)
            amount = sum(counts[benefit] * of for benefit, of in zip(paid, amounts, strict=True))
            payee, item = ("employer", "wage_subsidy") if is_subsidy else ("individual", "benefits")
            yield Flow(payer, payee, item, _TRANSFER, amount + beyond)


def _tariff_file(path: str | Path) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ParameterError(f"tariffs: no file {Path(path).name}") from error
    except (OSError, ValueError) as error:
        raise ParameterError(f"tariffs: {Path(path).name} cannot be read as a table") from error
    missing = [name for name in (s.ITEM, s.AMOUNT, s.CURRENCY, s.PRICE_YEAR) if name not in frame]
    if missing:
        raise ParameterError(f"tariffs: no such column: {', '.join(missing)}")
    return frame


def _fault(what: str, wrong: np.ndarray) -> str:
    row = np.flatnonzero(wrong) + 2
    listed = ", ".join(map(str, row[:5])) + (", ..." if len(row) > 5 else "")
    return f"{len(row)} {'row' if len(row) == 1 else 'rows'} with {what} (row {listed})"


def _number(amount: float) -> int | float:
    return int(amount) if float(amount).is_integer() else float(amount)
