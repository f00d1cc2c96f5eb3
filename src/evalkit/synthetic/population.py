"""Who lives in the made-up country: what is fixed about each person, and where they begin."""

from dataclasses import dataclass

import numpy as np

from evalkit.codes import benefits
from evalkit.synthetic.countries import Country, Source
from evalkit.synthetic.random_streams import between, choose, normal
from evalkit.synthetic.scenario import SELF_SUPPORT, STATES, Scenario

NOTHING = 0
NO_PAYER = -1


@dataclass(frozen=True, slots=True)
class People:
    """Arrays with one entry a person.

    Attributes
    ----------
    place : ndarray of int
        Position of the municipality among the places.
    frailty : ndarray of float
        Standard normal; high is healthy and motivated. No table shows it.
    shock : ndarray of float
        Transitory shock in the month before the first; high is bad.
    state, duration : ndarray of int
        State in the month before the first, and months spent in it by then.
    main, beside : ndarray of int8, shape (n, states)
        Benefit in each state, and the one drawn beside it, as positions in `Country.benefits`.
    degree : ndarray of int
        Degree of the benefits whose degree varies.
    level : ndarray of float
        The person's amounts relative to the ordinary ones.
    arm_lot, form_lot, length_lot : ndarray of float
        Uniform draws that decide which package the person would get, and how long.
    """

    place: np.ndarray
    female: np.ndarray
    birth_year: np.ndarray
    education: np.ndarray
    born_in_country: np.ndarray
    frailty: np.ndarray
    shock: np.ndarray
    state: np.ndarray
    duration: np.ndarray
    main: np.ndarray
    beside: np.ndarray
    degree: np.ndarray
    level: np.ndarray
    arm_lot: np.ndarray
    form_lot: np.ndarray
    length_lot: np.ndarray

    def __len__(self) -> int:
        return len(self.place)

    def part(self, rows: np.ndarray) -> "People":
        """Some of the persons, in the order of `rows`."""
        return People(*(getattr(self, name)[rows] for name in self.__slots__))


def draw_people(
    country: Country, scenario: Scenario, place: np.ndarray, rng: np.random.Generator
) -> People:
    """Draw the persons of the places, one entry of `place` each."""
    n = len(place)
    female = rng.random(n) < 0.52
    age = 18 + np.floor(46 * (rng.random(n) + rng.random(n)) / 2).astype(int)
    born_in_country = rng.random(n) < 0.78
    state, duration = _beginning(scenario, age, female, rng)
    main = _benefits(country, country.main, age, born_in_country, rng)
    beside = _benefits(country, country.beside, age, born_in_country, rng)
    return People(
        place=place,
        female=female,
        birth_year=int(scenario.first_month[:4]) - age,
        education=choose(rng, np.tile([0.24, 0.50, 0.24, 0.02], (n, 1))),
        born_in_country=born_in_country,
        frailty=normal(rng, (n,)),
        shock=normal(rng, (n,)),
        state=state,
        duration=duration,
        main=main,
        beside=np.where(beside == main, NOTHING, beside).astype(np.int8),
        degree=np.array([100, 100, 100, 75, 50, 50, 25, 100])[between(rng, n, 0, 7)],
        level=0.8 + 0.05 * between(rng, n, 0, 8),
        arm_lot=rng.random(n),
        form_lot=rng.random(n),
        length_lot=rng.random(n),
    )


def payers_of(country: Country) -> np.ndarray:
    """Payer of public support behind each benefit, as a small number; -1 where it is none."""
    book = benefits(country.code)
    names = [name.partition("@")[0] for name in country.benefits]
    public = book["public_support"].astype(bool)
    actors = sorted(set(book.loc[public, "actor"]))
    return np.array([
        actors.index(book["actor"][name]) if name in public.index and public[name] else NO_PAYER
        for name in names
    ])  # fmt: skip


def _beginning(
    scenario: Scenario, age: np.ndarray, female: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """State before the first month, and how long it has lasted: geometric, longer when ill."""
    names, shares = zip(*scenario.initial, strict=True)
    codes = np.array([STATES.index(name) for name in names])
    weights = np.tile(np.array(shares), (len(age), 1))
    weights[:, codes == STATES.index("disability")] *= np.exp(0.06 * (age - 42))[:, None]
    weights[:, codes == STATES.index("study")] *= np.where(age < 32, 2.5, 0.2)[:, None]
    weights[:, codes == STATES.index("sickness")] *= np.where(female, 1.35, 0.65)[:, None]
    state = codes[choose(rng, weights)]
    mean = np.full(len(STATES), 14.0)
    mean[list(SELF_SUPPORT)] = 40.0
    for name, months in (("sickness", 33.0), ("temporary_disability", 30.0), ("disability", 60.0)):
        mean[STATES.index(name)] = months
    duration = 1 + np.floor(-mean[state] * np.log1p(-rng.random(len(age)))).astype(int)
    return state, np.minimum(duration, 12 * np.maximum(age - 17, 1))


def _benefits(
    country: Country, sources: tuple[Source, ...], age: np.ndarray, born_in_country: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """One benefit for each person and state; the same lot in every state."""
    codes = np.zeros((len(age), len(STATES)), dtype=np.int8)
    lot = rng.random(len(age))
    for state, name in enumerate(STATES):
        here = [source for source in sources if source.state == name]
        if not here:
            continue
        weights = np.stack([
            source.weight
            * ((age >= source.low) & (age <= source.high))
            * ~(source.foreign_only & born_in_country)
            for source in here
        ], axis=1)  # fmt: skip
        cumulative = np.cumsum(weights, axis=1)
        point = lot * cumulative[:, -1]
        chosen = np.minimum((cumulative <= point[:, None]).sum(axis=1), len(here) - 1)
        known = np.array([country.benefits.index(source.benefit) for source in here])
        codes[:, state] = known[chosen]
    return codes
