"""Write a synthetic study: its tables, its study file and its truth, the same on every run."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.errors import ParameterError
from evalkit.records import schema as s
from evalkit.synthetic.answers import DIMENSIONS, Answers, draw_answers
from evalkit.synthetic.countries import COUNTRIES, FIRST_MONTH, N_MONTH, WAVES, Country
from evalkit.synthetic.money import (
    amounts_of,
    costs_table,
    degrees_of,
    finances_table,
    price_index_table,
    tariffs_table,
)
from evalkit.synthetic.months import (
    Calendar,
    absorbed_month,
    calendar_of,
    last_month_present,
    spells_of,
)
from evalkit.synthetic.participation import (
    Participation,
    draw_participation,
    packages_table,
    participations_table,
    statuses_table,
)
from evalkit.synthetic.population import People, municipality_effects, residents
from evalkit.synthetic.process import DIED, EMIGRATED, Hazards, simulate_states
from evalkit.synthetic.protocol import study_text
from evalkit.synthetic.random_streams import stream
from evalkit.synthetic.truth import N_TRUTH, true_values


def synthesise(
    folder: str | Path, *, country: str = "SE", seed: int = 20261, truth: bool = True
) -> list[Path]:
    """Write a synthetic study of a country into a folder.

    Parameters
    ----------
    folder : path
        Made where it does not exist; files of the same names are overwritten.
    country : {"SE", "FI"}
        Sweden: 10 municipalities, about 4 000 persons. Finland: 4 and about 1 400.
    seed : int
        Everything is drawn from it; equal seeds give equal bytes.
    truth : bool
        Whether to simulate the true values too (some seconds).

    Returns
    -------
    list of Path
        The files written, in order.

    Raises
    ------
    ParameterError
        If the country is not one of the two.

    Notes
    -----
    Everything is made up: no person, place, price or package in it exists.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = synthesise(folder, country="FI", truth=False)
    >>> [path.name for path in written][:3]
    ['costs.csv', 'health.csv', 'municipalities.csv']
    """
    if country not in COUNTRIES:
        raise ParameterError(f"country: must be one of {', '.join(COUNTRIES)}")
    there, folder = COUNTRIES[country], Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        f"{name}.csv": _in_order(name, frame).to_csv(index=False, lineterminator="\n")
        for name, frame in sorted(make_tables(there, seed).items())
    }
    texts["study.yaml"] = study_text(there, seed)
    if truth:
        texts["truth.json"] = _truth_text(there, seed)
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode("utf-8"))
    return [folder / name for name in texts]


def make_tables(country: Country, seed: int) -> dict[str, pd.DataFrame]:
    """All tables of a synthetic study, by name, columns and rows in their final order."""
    people = residents(country, seed)
    calendar = _calendar(country, people, seed)
    ids = np.array([f"{country.prefix}{number:05d}" for number in range(1, len(people) + 1)])
    taken = draw_participation(country, people, calendar, stream(seed, f"{country.code} packages"))
    rng = stream(seed, f"{country.code} participations")
    tables = {
        s.PERSONS: _persons(country, people, calendar, ids),
        s.SPELLS: _spells(country, calendar, ids, stream(seed, f"{country.code} spells")),
        s.PACKAGES: packages_table(country),
        s.PARTICIPATIONS: participations_table(country, people, calendar, taken, ids, rng),
        s.STATUSES: statuses_table(country, people, calendar, taken, ids, rng),
        s.HEALTH: _health(country, people, calendar, taken, ids, seed),
        s.COSTS: costs_table(country, people, calendar, taken, ids),
        s.TARIFFS: tariffs_table(country),
        s.PRICE_INDEX: price_index_table(),
        s.MUNICIPALITIES: _municipalities(country),
        s.MUNICIPALITY_YEARS: _municipality_years(country),
    }
    if any(place.federation for place in country.places):
        tables[s.FINANCES] = finances_table(country)
    return tables


def _in_order(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    return frame[[column for column in s.TABLES[name].names if column in frame]]


def _hazards(country: Country) -> Hazards:
    return Hazards(country.exit_intercept, country.exit_log_ratio)


def _calendar(country: Country, people: People, seed: int) -> Calendar:
    states = simulate_states(
        people, people.arm, N_MONTH - int(people.index.min()) - 1, _hazards(country),
        municipality_effects(country, seed), stream(seed, f"{country.code} months"),
    )  # fmt: skip
    return calendar_of(country, people, states, stream(seed, f"{country.code} benefits"))


def _persons(country: Country, people: People, calendar: Calendar, ids: np.ndarray) -> pd.DataFrame:
    codes = np.array([place.code for place in country.places])
    return pd.DataFrame({
        s.PERSON_ID: ids,
        s.SEX: np.where(people.female, *s.SEXES),
        s.BIRTH_YEAR: people.birth_year,
        s.MUNICIPALITY: codes[people.place],
        s.EDUCATION: np.array(s.EDUCATIONS)[people.education],
        s.BORN_IN_COUNTRY: people.born_in_country.astype(int),
        s.DIED_MONTH: _month_text(absorbed_month(calendar, DIED)),
        s.EMIGRATED_MONTH: _month_text(absorbed_month(calendar, EMIGRATED)),
    })  # fmt: skip


def _spells(
    country: Country, calendar: Calendar, ids: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    spells = spells_of(country, calendar, rng)
    names = np.array([name.partition("@")[0] for name in country.benefits])
    return pd.DataFrame({
        s.PERSON_ID: ids[spells.person],
        s.BENEFIT: names[spells.benefit],
        s.START: spells.start.astype(str),
        s.END: np.where(np.isnat(spells.end), "", spells.end.astype(str)),
        s.DEGREE: degrees_of(country, calendar, spells.person, spells.benefit),
        s.MONTHLY_AMOUNT: amounts_of(country, calendar, spells.person, spells.benefit),
    })  # fmt: skip


def _health(
    country: Country, people: People, calendar: Calendar, taken: Participation, ids: np.ndarray,
    seed: int,
) -> pd.DataFrame:  # fmt: skip
    person, start = taken.person[taken.is_first], taken.start[taken.is_first]
    rng = stream(seed, f"{country.code} health")
    answers: Answers = draw_answers(country, people.arm[person], people.female[person], rng)
    planned = start.astype("datetime64[M]")[:, None] + np.array(WAVES)
    day_of_month = (start - start.astype("datetime64[M]")).astype(int)
    date = planned.astype("datetime64[D]") + day_of_month[:, None] + answers.day
    last = np.datetime64(FIRST_MONTH, "M") + last_month_present(calendar)[person]
    alive = date.astype("datetime64[M]") <= last[:, None]
    row, wave, item = np.nonzero(answers.answered & alive[:, :, None])
    return pd.DataFrame({
        s.PERSON_ID: ids[person[row]],
        s.OCCASION: np.array(WAVES)[wave],
        s.DATE: date[row, wave].astype(str),
        s.INSTRUMENT: country.instrument,
        s.ITEM: np.array(DIMENSIONS)[item],
        s.VALUE: answers.level[row, wave, item],
    })  # fmt: skip


def _municipalities(country: Country) -> pd.DataFrame:
    rows = []
    for place in country.places:
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


def _municipality_years(country: Country) -> pd.DataFrame:
    rows = []
    for position, place in enumerate(country.places):
        for year in range(2018, 2024):
            base = place.participants * (23 + 5 * (position % 4)) + 40 * position
            population = base + base * (2021 - year) * (position % 3 - 1) // 250
            rows.append({
                s.MUNICIPALITY: place.code, s.YEAR: year, s.POPULATION_WORKING_AGE: population,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _month_text(month: np.ndarray) -> np.ndarray:
    text = (np.datetime64(FIRST_MONTH, "M") + np.maximum(month, 0)).astype(str)
    return np.where(month < 0, "", text)


def _truth_text(country: Country, seed: int) -> str:
    effects = municipality_effects(country, seed)
    hazards = _hazards(country)
    content = {
        "about": "Made-up data: true values of the process that the records were drawn from.",
        "assignment": "randomised: half of each municipality and sex to each arm, by lot",
        "country": country.code,
        "seed": seed,
        "persons_per_arm": N_TRUTH,
        "definition": "SS-FORS; month of the first run of k months without public support; "
        "months of parental benefit are neutral; common random numbers in both arms",
        "parameters": {
            "process": asdict(hazards),
            "municipality_log_hazard_ratio": {
                place.code: float(effect)
                for place, effect in zip(country.places, effects, strict=True)
            },
            "health_shift_by_wave": dict(zip(map(str, WAVES), country.health_shift, strict=True)),
            "value_set": country.value_set,
        },
        "values": true_values(country, hazards, effects, seed),
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
