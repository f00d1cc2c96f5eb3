"""The tables of a made-up country: those that grow with its persons part by part, and the rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from evalkit.records import schema as s
from evalkit.synthetic.answers import health_table
from evalkit.synthetic.countries import Country
from evalkit.synthetic.money import costs_table, finances_table, price_index_table, tariffs_table
from evalkit.synthetic.months import (
    amounts_of,
    degrees_of,
    layers_of,
    month_of_event,
    spells_of,
)
from evalkit.synthetic.organisation import responses_table, services_table
from evalkit.synthetic.participation import (
    draw_participation,
    forms_table,
    needs_table,
    packages_table,
    participations_table,
    statuses_table,
)
from evalkit.synthetic.places import Place, joined_months, municipality_effects
from evalkit.synthetic.population import People, draw_people
from evalkit.synthetic.process import Course, simulate
from evalkit.synthetic.random_streams import stream
from evalkit.synthetic.scenario import DIED, EMIGRATED, Scenario

MOST_PERSONS = 20_000
OF_PERSONS = (
    s.PERSONS, s.NEEDS, s.SPELLS, s.PARTICIPATIONS, s.FORMS, s.STATUSES, s.HEALTH, s.COSTS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides the records of a made-up country; `digits` is the length of ids."""

    country: Country
    scenario: Scenario
    places: tuple[Place, ...]
    seed: int
    digits: int = 5


@dataclass(frozen=True, slots=True)
class Part:
    """Persons drawn together: those of a place, or some of them where there are many.

    Attributes
    ----------
    name : str
        Code of the place, with a number where it has several parts. Names the random streams.
    place : int
        Position of the place.
    first, n_person : int
        Number of the first person in the country, and how many there are.
    """

    name: str
    place: int
    first: int
    n_person: int


def parts_of(places: tuple[Place, ...], most: int = MOST_PERSONS) -> Iterator[Part]:
    """Parts of all places in their order, none with more than `most` persons."""
    first = 1
    for position, place in enumerate(places):
        n_part = -(-place.residents // most)
        for number in range(n_part):
            n_person = min(most, place.residents - number * most)
            name = place.code if n_part == 1 else f"{place.code}-{number + 1}"
            yield Part(name, position, first, n_person)
            first += n_person


def live(plan: Plan, part: Part) -> tuple[People, Course]:
    """The persons of a part, and what happened to them; the same whatever else is drawn."""
    country, scenario, places = plan.country, plan.scenario, plan.places
    place = np.full(part.n_person, part.place)
    people = draw_people(country, scenario, place, _draws(plan, part, "people"))
    effects = municipality_effects(places, scenario, country, plan.seed)
    joined = joined_months(places, scenario)
    months = _draws(plan, part, "months")
    return people, simulate(country, scenario, people, effects, joined, months)


def make_tables(plan: Plan, part: Part) -> dict[str, pd.DataFrame]:
    """Tables about the persons of a part, by name."""
    country, scenario, places = plan.country, plan.scenario, plan.places
    draws = partial(_draws, plan, part)
    people, course = live(plan, part)
    layers = layers_of(country, people, course)
    taken = draw_participation(country, scenario, people, course, draws("packages"))
    ids = person_ids(plan, part)
    about = (country, scenario, places, people, course, layers, taken, ids)
    tables = {
        s.PERSONS: _persons_table(scenario, places, people, course, ids),
        s.NEEDS: needs_table(*about, draws("needs")),
        s.SPELLS: _spells_table(country, scenario, people, layers, course, ids, draws("spells")),
        s.PARTICIPATIONS: participations_table(*about, draws("participations")),
        s.FORMS: forms_table(*about, draws("forms")),
        s.STATUSES: statuses_table(*about, draws("statuses")),
        s.HEALTH: health_table(country, scenario, people, course, taken, ids, draws("health")),
        s.COSTS: costs_table(country, scenario, people, layers, course, taken, ids),
    }
    return {name: _in_order(name, frame) for name, frame in tables.items()}


def common_tables(plan: Plan) -> dict[str, pd.DataFrame]:
    """Tables that are not about persons, by name."""
    country, scenario, places, seed = plan.country, plan.scenario, plan.places, plan.seed
    tables = {
        s.PACKAGES: packages_table(country, places, scenario),
        s.TARIFFS: tariffs_table(country),
        s.PRICE_INDEX: price_index_table(),
        s.RESPONSES: responses_table(country, scenario, places, seed),
        s.MUNICIPALITIES: _municipalities_table(country, places),
        s.MUNICIPALITY_YEARS: _municipality_years_table(scenario, places),
    }
    if country.code == "FI":
        tables[s.SERVICES] = services_table(country, places, seed)
    if any(place.federation for place in places):
        tables[s.FINANCES] = finances_table(country, places, scenario)
    return {name: _in_order(name, frame) for name, frame in tables.items()}


def _in_order(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    return frame[[column for column in s.TABLES[name].names if column in frame]]


def _draws(plan: Plan, part: Part, name: str) -> np.random.Generator:
    return stream(plan.seed, f"{plan.country.code} {part.name} {name}")


def person_ids(plan: Plan, part: Part) -> np.ndarray:
    """Ids of the persons of a part: prefix of the country and running number."""
    numbers = range(part.first, part.first + part.n_person)
    return np.array([f"{plan.country.prefix}{number:0{plan.digits}d}" for number in numbers])


def _persons_table(
    scenario: Scenario, places: tuple[Place, ...], people: People, course: Course, ids: np.ndarray
) -> pd.DataFrame:
    codes = np.array([place.code for place in places])
    return pd.DataFrame({
        s.PERSON_ID: ids,
        s.SEX: np.where(people.female, *s.SEXES),
        s.BIRTH_YEAR: people.birth_year,
        s.MUNICIPALITY: codes[people.place],
        s.EDUCATION: np.array(s.EDUCATIONS)[people.education],
        s.BORN_IN_COUNTRY: people.born_in_country.astype(int),
        s.DIED_MONTH: _month_text(scenario, month_of_event(course, DIED)),
        s.EMIGRATED_MONTH: _month_text(scenario, month_of_event(course, EMIGRATED)),
    })  # fmt: skip


def _spells_table(
    country: Country, scenario: Scenario, people: People, layers: tuple[np.ndarray, np.ndarray],
    course: Course, ids: np.ndarray, rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    spells = spells_of(country, scenario, people, layers, course, rng)
    names = np.array([name.partition("@")[0] for name in country.benefits])
    return pd.DataFrame({
        s.PERSON_ID: ids[spells.person],
        s.BENEFIT: names[spells.benefit],
        s.START: spells.start.astype("datetime64[s]"),
        s.END: spells.end.astype("datetime64[s]"),
        s.DEGREE: degrees_of(country, people, spells.person, spells.benefit),
        s.MONTHLY_AMOUNT: amounts_of(country, people, spells.person, spells.benefit),
    })  # fmt: skip


def _municipalities_table(country: Country, places: tuple[Place, ...]) -> pd.DataFrame:
    rows = []
    for place in places:
        row = {
            s.MUNICIPALITY: place.code, s.COUNTRY: country.code, s.NAME_SV: place.name_sv,
            s.NAME_FI: place.name_fi,
            s.NAME_EN: place.name_fi if country.code == "FI" else place.name_sv,
            s.COUNTY: place.county, s.FEDERATION: place.federation,
            s.JOINED_FEDERATION: place.joined,
        }  # fmt: skip
        if place.genitive:
            row |= {s.NAME_FI_GENITIVE: place.genitive, s.NAME_FI_LOCATIVE: place.locative}
        rows.append(row)
    return pd.DataFrame(rows)


def _municipality_years_table(scenario: Scenario, places: tuple[Place, ...]) -> pd.DataFrame:
    """Population of working age, of whom the records hold a fixed share; it grows or shrinks."""
    first = int(scenario.first_month[:4])
    years = range(first, first + -(-scenario.n_month // 12))
    rows = []
    for position, place in enumerate(places):
        base = round(place.residents / scenario.share_of_population)
        for year in years:
            population = base + base * (year - first) * (position % 3 - 1) // 250
            rows.append({
                s.MUNICIPALITY: place.code, s.YEAR: year, s.POPULATION_WORKING_AGE: population,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _month_text(scenario: Scenario, month: np.ndarray) -> np.ndarray:
    text = (np.datetime64(scenario.first_month, "M") + np.maximum(month, 0)).astype(str)
    return np.where(month < 0, "", text)
