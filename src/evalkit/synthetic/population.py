"""Who lives in the synthetic country: what is known of each person at the index month."""

from dataclasses import dataclass

import numpy as np

from evalkit.synthetic.countries import FIRST_INDEX, N_INDEX, Country, Track
from evalkit.synthetic.random_streams import between, choose, normal, stream

ELIGIBLE, SHORT_SUPPORT, TOO_OLD, ONE_ACTOR, NOT_ON_SUPPORT = range(5)
GROUND_SHARES = (0.0, 0.035, 0.015, 0.03, 0.012)
PROGRAMME, COMPARISON, NO_PACKAGE = 1, 0, -1
MUNICIPALITY_SPREAD = 0.12
_FIRST_YEAR = 2018


@dataclass(frozen=True, slots=True)
class People:
    """Arrays with one entry a person; months are counted from the first month of the records.

    Attributes
    ----------
    place : ndarray of int
        Position of the municipality in `Country.places`.
    index : ndarray of int
        Index month; for persons without a package a month that only dates their history.
    ground : ndarray of int
        0 = eligible; otherwise why the person is not (constants of this module).
    arm : ndarray of int
        1 programme, 0 comparison, -1 no package.
    first, then, beside : ndarray of int
        Benefits of the person's track, as positions in `Country.benefits`.
    partial : ndarray of bool
        On a partial disability pension.
    """

    place: np.ndarray
    female: np.ndarray
    birth_year: np.ndarray
    education: np.ndarray
    born_in_country: np.ndarray
    index: np.ndarray
    history: np.ndarray
    ground: np.ndarray
    arm: np.ndarray
    first: np.ndarray
    then: np.ndarray
    beside: np.ndarray
    partial: np.ndarray

    def __len__(self) -> int:
        return len(self.place)

    def age(self, month: np.ndarray | int) -> np.ndarray:
        """Age reached in the calendar year of a month."""
        return _FIRST_YEAR + np.asarray(month) // 12 - self.birth_year


def residents(country: Country, seed: int) -> People:
    """The persons of the study: participants of each municipality, then the others."""
    sizes = np.array([place.participants for place in country.places])
    started = np.repeat(np.arange(len(sizes)), sizes)
    rng = stream(seed, f"{country.code} places of others")
    others = choose(rng, np.tile(sizes + 10.0, (country.others, 1)))
    place = np.concatenate([started, np.sort(others)])
    participant = np.arange(len(place)) < len(started)
    return draw_people(country, place, participant, stream(seed, f"{country.code} people"))


def eligible_participants(country: Country, n: int, rng: np.random.Generator) -> People:
    """Persons as the eligible participants of the study, any number of them, for the truth."""
    sizes = np.array([float(place.participants) for place in country.places])
    place = choose(rng, np.tile(sizes, (n, 1)))
    return draw_people(country, place, np.ones(n, dtype=bool), rng, all_eligible=True)


def draw_people(
    country: Country, place: np.ndarray, participant: np.ndarray, rng: np.random.Generator,
    *, all_eligible: bool = False,
) -> People:  # fmt: skip
    """Draw everything that is fixed at the index month, arms by lot included."""
    n = len(place)
    female = rng.random(n) < 0.56
    started = between(rng, n, FIRST_INDEX, FIRST_INDEX + N_INDEX - 1)
    index = np.where(participant, started, between(rng, n, 12, 77))
    ground = np.where(participant, choose(rng, _ground_weights(n, all_eligible)), ELIGIBLE)
    age = 18 + np.floor(47 * (rng.random(n) + rng.random(n)) / 2).astype(int)
    age = np.where(ground == TOO_OLD, between(rng, n, 65, 66), age)
    born_in_country = rng.random(n) < 0.76
    track = _tracks(country, age, born_in_country, ground == ONE_ACTOR, rng)
    long = 24 + np.floor(36 * rng.random(n) ** 1.5)
    history = np.where(participant, long, between(rng, n, 3, 40))
    history = np.where(ground == SHORT_SUPPORT, between(rng, n, 4, 9), history).astype(int)
    return People(
        place=place,
        female=female,
        birth_year=_FIRST_YEAR + index // 12 - age,
        education=choose(rng, np.tile([0.29, 0.52, 0.17, 0.02], (n, 1))),
        born_in_country=born_in_country,
        index=index,
        history=history,
        ground=ground,
        arm=_by_lot(place, female, participant, rng),
        first=track[0],
        then=track[1],
        beside=track[2],
        partial=track[3],
    )


def municipality_effects(country: Country, seed: int) -> np.ndarray:
    """Log hazard ratio of exit of each municipality."""
    rng = stream(seed, f"{country.code} municipalities")
    return np.round(MUNICIPALITY_SPREAD * normal(rng, (len(country.places),)), 3)


def _ground_weights(n: int, all_eligible: bool) -> np.ndarray:
    shares = np.zeros(len(GROUND_SHARES)) if all_eligible else np.array(GROUND_SHARES)
    shares[ELIGIBLE] = 1 - shares.sum()
    return np.tile(shares, (n, 1))


def _by_lot(
    place: np.ndarray, female: np.ndarray, participant: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Halve the participants of one municipality and sex at random; the odd one by lot too."""
    stratum = 4 * place + 2 * female + participant
    lot = rng.random(len(place))
    odd = rng.random(stratum.max() + 1) < 0.5
    order = np.lexsort((lot, stratum))
    first = np.searchsorted(stratum[order], np.arange(stratum.max() + 1))
    rank = np.empty(len(place), dtype=int)
    rank[order] = np.arange(len(place)) - first[stratum[order]]
    return np.where(participant, (rank + odd[stratum]) % 2, NO_PACKAGE)


def _tracks(
    country: Country, age: np.ndarray, born_in_country: np.ndarray, one_actor: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, ...]:  # fmt: skip
    ordinary, single = country.tracks, country.single_actor
    weights = np.zeros((len(age), len(ordinary) + len(single)))
    for column, track in enumerate(ordinary):
        allowed = ~one_actor & (age >= track.low) & (age <= track.high)
        weights[:, column] = track.weight * (allowed & ~(track.foreign_only & born_in_country))
    for column, track in enumerate(single, start=len(ordinary)):
        weights[:, column] = track.weight * one_actor
    chosen = choose(rng, weights)
    return tuple(part[chosen] for part in _codes(country, ordinary + single))


def _codes(country: Country, tracks: tuple[Track, ...]) -> tuple[np.ndarray, ...]:
    position = {benefit: code for code, benefit in enumerate(country.benefits)}
    columns = [
        np.array([position[getattr(track, part)] for track in tracks])
        for part in ("first", "then", "beside")
    ]
    return *columns, np.array(["@" in track.first for track in tracks])
