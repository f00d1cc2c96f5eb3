"""Flows of money, their double entry, and tariffs of one's own."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from evalkit.economics.entries import balances, checked_rows, entries, society
from evalkit.errors import ParameterError
from evalkit.records import schema as s
from evalkit.synthetic.countries import COUNTRIES, FINLAND, SWEDEN
from evalkit.synthetic.money import (
    MONTHS_FOLLOWED,
    costs_table,
    finances_table,
    flows_by_party,
    package_costs,
    price_index_table,
    tariffs_table,
    with_tariffs,
)
from evalkit.synthetic.months import last_month_present, layers_of
from evalkit.synthetic.participation import draw_participation
from evalkit.synthetic.places import Place
from evalkit.synthetic.population import draw_people
from evalkit.synthetic.process import NEVER, simulate
from evalkit.synthetic.random_streams import stream
from evalkit.synthetic.scenario import FORMS, SELF_SUPPORT, STUDY, Scenario

SEED, N = 5, 12_000
SCENARIO = Scenario()


@cache
def world(code="SE"):
    country = COUNTRIES[code]
    people = draw_people(country, SCENARIO, np.zeros(N, dtype=int), stream(SEED, "test people"))
    course = simulate(
        country, SCENARIO, people, np.zeros(1), np.zeros(1, dtype=int), stream(SEED, "test months")
    )
    layers = layers_of(country, people, course)
    taken = draw_participation(country, SCENARIO, people, course, stream(SEED, "test packages"))
    ids = np.array([f"{country.prefix}{number:07d}" for number in range(N)])
    costs = costs_table(country, SCENARIO, people, layers, course, taken, ids)
    return country, people, course, layers, costs


@pytest.mark.parametrize("code", ["SE", "FI"])
def test_the_ledger_sums_to_the_flows_of_every_party_to_the_unit(code):
    country, people, course, layers, costs = world(code)
    for horizon in (12, 24):
        rows = np.flatnonzero(course.start + horizon < SCENARIO.n_month)
        flows, _ = flows_by_party(country, SCENARIO, people, course, rows, layers)
        person = costs[s.PERSON_ID].str[2:].astype(int).to_numpy()
        start = np.datetime64(SCENARIO.first_month, "M") + course.start[person]
        later = costs[s.MONTH].to_numpy().astype("datetime64[M]") - start
        mine = np.isin(person, rows) & (later.astype(int) > 0) & (later.astype(int) <= horizon)
        ledger = balances(entries(costs[mine].reset_index(drop=True)))
        assert set(ledger.index) == set(flows)
        for party, flow in flows.items():
            assert ledger[party] == flow[:, :horizon].sum()


@pytest.mark.parametrize("code", ["SE", "FI"])
def test_society_gains_production_less_resources(code):
    country, people, course, layers, costs = world(code)
    rows = checked_rows(costs)
    production = rows.loc[rows[s.KIND] == "production", s.AMOUNT].sum()
    packages = rows.loc[rows[s.KIND] == "intervention", s.AMOUNT].sum()
    assert society(balances(entries(rows))) == production - packages
    started = np.flatnonzero(course.start + MONTHS_FOLLOWED < SCENARIO.n_month)
    flows, cost = flows_by_party(country, SCENARIO, people, course, started, layers)
    assert not sum(flows.values()).any()
    parties = sum(flow for party, flow in flows.items() if party != "production")
    assert (parties == -flows["production"]).all() and (parties.sum() > 0)
    paid = rows[(rows[s.KIND] == "intervention") & rows[s.PERSON_ID].notna()]
    everyone = np.flatnonzero(course.start < NEVER)
    cost = package_costs(country, people, course, everyone)
    assert paid.groupby(s.PAYER)[s.AMOUNT].sum().to_dict() == {
        actor: amounts.sum() for actor, amounts in cost.items()
    }


def test_a_month_of_work_pays_taxes_and_a_month_of_study_produces_nothing():
    country, people, course, layers, _ = world()
    rows = np.flatnonzero(course.start + MONTHS_FOLLOWED < SCENARIO.n_month)
    flows, _ = flows_by_party(country, SCENARIO, people, course, rows, layers)
    state = course.state[rows[:, None], course.start[rows, None] + np.arange(1, 37)]
    works = np.isin(state, SELF_SUPPORT) & (state != STUDY)
    assert ((flows["production"] < 0) == works).all()
    made = -flows["production"][works]
    level = np.broadcast_to(people.level[rows, None], works.shape)[works]
    assert np.allclose(made, country.production * level)
    region = flows["region"]
    assert (region[~works] == 0).all()
    assert np.allclose(region[works], country.taxes["region"] * made, atol=0.5)


def test_months_beyond_those_simulated_are_missing_and_their_years_not_in_the_ledger():
    country, people, course, layers, costs = world()
    rows = np.flatnonzero(course.start < NEVER)
    flows, _ = flows_by_party(country, SCENARIO, people, course, rows, layers)
    beyond = course.start[rows, None] + np.arange(1, 37) >= SCENARIO.n_month
    for flow in flows.values():
        assert (np.isnan(flow) == beyond).all()
    assert costs[s.MONTH].max() <= "2024-12"
    late = np.flatnonzero((course.start < NEVER) & (course.start + 12 >= SCENARIO.n_month))
    person = costs[s.PERSON_ID].str[2:].astype(int)
    assert set(costs.loc[person.isin(late), s.KIND]) == {"intervention"}


def test_a_package_costs_its_price_a_month_until_it_or_its_person_ends():
    country, people, course, *_ = world()
    rows = np.flatnonzero(course.start < NEVER)
    cost = sum(package_costs(country, people, course, rows).values())
    price = np.array([country.package_price[form] for form in FORMS])[course.form[rows]]
    left = last_month_present(course)[rows] - course.start[rows]
    assert (cost == price * np.maximum(np.minimum(course.length[rows], left), 1)).all()


@pytest.mark.parametrize("code", ["SE", "FI"])
def test_tables_have_the_columns_and_keys_of_the_schema(code):
    country, *_, costs = world(code)
    places = (
        Place("0114", "A", "A", "First", "North", "2016-01", 900),
        Place("0131", "B", "B", "First", "", "", 100),
    )
    finances = finances_table(country, places, SCENARIO)
    made = {
        s.COSTS: costs, s.TARIFFS: tariffs_table(country), s.PRICE_INDEX: price_index_table(),
        s.FINANCES: finances,
    }  # fmt: skip
    for name, frame in made.items():
        assert list(frame.columns) == list(s.TABLES[name].names)
        if s.TABLES[name].key:
            assert not frame.duplicated(list(s.TABLES[name].key)).any()
    assert set(finances[s.FEDERATION]) == {"North"} and finances[s.YEAR].nunique() == 5
    funds = finances[finances[s.KIND] == "funds"].groupby(s.FINANCIER)[s.BUDGET].sum()
    assert (funds / funds.sum()).round(3).to_dict() == country.financiers
    assert set(country.amounts) < set(made[s.TARIFFS][s.ITEM])


@pytest.mark.parametrize("country", [SWEDEN, FINLAND])
def test_the_tariffs_of_the_country_change_nothing(country, tmp_path):
    path = tmp_path / "tariffs.csv"
    tariffs_table(country).to_csv(path, index=False)
    assert with_tariffs(country, path) == country


def test_tariffs_of_a_file_replace_what_it_names_and_nothing_else(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "item,amount,currency,price_year\n"
        "social_assistance,8000,SEK,2024\npackage_joint_work,4000.5,SEK,2024\n"
        "work,40000,SEK,2024\n"
    )
    mine = with_tariffs(SWEDEN, path)
    assert mine.amounts == SWEDEN.amounts | {"social_assistance": 8000}
    assert mine.package_price == SWEDEN.package_price | {"joint_work": 4000.5}
    assert mine.production == 40000 and SWEDEN.production == 38600
    assert tariffs_table(mine).query("item == 'work'")[s.AMOUNT].eq(40000).all()


def test_tariffs_with_faults_are_refused_by_number_and_row_and_never_by_content(tmp_path):
    path = tmp_path / "mine.csv"
    pd.DataFrame({
        s.ITEM: ["work", "secret", "work", "social_assistance", "study_support", "also"],
        s.AMOUNT: ["1", "2", "3", "-4", "5", "6"],
        s.CURRENCY: ["SEK", "SEK", "SEK", "SEK", "EUR", "SEK"],
        s.PRICE_YEAR: ["2024", "2024", "2024", "2024", "2024", "2023"],
    }).to_csv(path, index=False)  # fmt: skip
    with pytest.raises(ParameterError) as raised:
        with_tariffs(SWEDEN, path)
    told = str(raised.value)
    assert "2 rows with an unknown item for SE (row 3, 7)" in told
    assert "1 row with an amount that is no number of at least 0 (row 5)" in told
    assert "1 row with a currency other than SEK (row 6)" in told
    assert "1 row with a price year other than 2024 (row 7)" in told
    assert "2 rows with one of several amounts for an item (row 2, 4)" in told
    assert "Nothing was replaced" in told and "secret" not in told


def test_a_file_of_tariffs_that_is_none_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="no file absent.csv"):
        with_tariffs(SWEDEN, tmp_path / "absent.csv")
    (tmp_path / "other.csv").write_text("item,price\nwork,3\n")
    with pytest.raises(ParameterError, match="no such column: amount, currency, price_year"):
        with_tariffs(SWEDEN, tmp_path / "other.csv")
