"""Made-up municipalities: those of the small studies, and as many as a nation needs."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from evalkit.errors import ParameterError
from evalkit.synthetic.countries import Country
from evalkit.synthetic.place_names import COUNTIES, PlaceName, federation_name, place_names
from evalkit.synthetic.process import NEVER
from evalkit.synthetic.random_streams import between, choose, normal, stream
from evalkit.synthetic.scenario import Scenario

MOST_MUNICIPALITIES = 340
FEDERATED_SHARE, JOINED_BEFORE_SHARE = 0.85, 0.55
MONTHS_BEFORE = 72
MOST_COUNTIES = 21
# How often a federation has 1, 2, ..., 9 municipalities.
MEMBERS = (0.22, 0.20, 0.18, 0.13, 0.10, 0.07, 0.05, 0.03, 0.02)
# A log-normal whose mean is three times its median, as for Swedish and Finnish municipalities.
SIZE_SPREAD = float(np.sqrt(2 * np.log(3)))


@dataclass(frozen=True, slots=True)
class Place:
    """A made-up municipality.

    Attributes
    ----------
    federation, joined : str
        Coordination federation and the month (`YYYY-MM`) in which the municipality joined it;
        empty where there is none.
    residents : int
        Persons of the municipality that the records hold.
    genitive, locative : str
        Finnish case forms of `name_fi`, in Finland.
    """

    code: str
    name_sv: str
    name_fi: str
    county: str
    federation: str
    joined: str
    residents: int
    genitive: str = ""
    locative: str = ""


_NORTH, _SOUTH = ("Norrdalens län", "Norra Ån", "2016-01"), ("Sunnanbergs län", "Södra Ljung", "")

_STUDY_PLACES = {
    "SE": (
        Place("0114", "Lindala", "Lindala", *_NORTH, 500),
        Place("0131", "Norrvik", "Norrvik", *_NORTH, 800),
        Place("0137", "Ekhamra", "Ekhamra", *_NORTH, 230),
        Place("0145", "Sjöhaga", "Sjöhaga", *_NORTH, 110),
        Place("0149", "Åmossa", "Åmossa", *_NORTH, 31),
        Place("2611", "Granberga", "Granberga", *_SOUTH[:2], "2014-01", 610),
        Place("2614", "Tallmora", "Tallmora", *_SOUTH[:2], "2014-01", 360),
        Place("2622", "Kvarnholma", "Kvarnholma", *_SOUTH[:2], "2014-01", 295),
        Place("2631", "Örtäng", "Örtäng", *_SOUTH[:2], "2018-01", 175),
        Place("2640", "Ljungfors", "Ljungfors", *_SOUTH[:2], "2018-01", 72),
    ),
    "FI": (
        Place("007", "Stenå", "Kivijoki", "Pohjanranta", "", "", 520, "Kivijoen", "Kivijoella"),
        Place("023", "Lundby", "Lehtola", "Pohjanranta", "", "", 355, "Lehtolan", "Lehtolassa"),
        Place(
            "112", "Skogsviken", "Metsälahti", "Pohjanranta", "", "", 220,
            "Metsälahden", "Metsälahdessa",
        ),
        Place(
            "327", "Furuberg", "Honkavaara", "Pohjanranta", "", "", 105,
            "Honkavaaran", "Honkavaarassa",
        ),
    ),
}  # fmt: skip


def study_places(country: Country) -> tuple[Place, ...]:
    """Municipalities of the small study of a country."""
    return _STUDY_PLACES[country.code]


def nation_places(
    country: Country, n_municipality: int, n_person: int, scenario: Scenario, seed: int
) -> tuple[Place, ...]:
    """As many municipalities as wished, in counties and federations, in the order of their codes.

    Sizes are log-normal and add up to `n_person`; every municipality has at least one person.
    About 85 % belong to a federation, of one to nine municipalities of a county, which they
    joined before the first month or within the window.

    Raises
    ------
    ParameterError
        If there are more municipalities than persons, or than names.
    """
    if not 1 <= n_municipality <= MOST_MUNICIPALITIES:
        raise ParameterError(f"municipalities: must be 1 to {MOST_MUNICIPALITIES}")
    if n_person < n_municipality:
        raise ParameterError("persons: must be at least as many as municipalities")
    rng = stream(seed, f"{country.code} places {n_municipality}")
    county = _counties(n_municipality, rng)
    names = place_names(country.code, n_municipality, rng)
    residents = apportion(n_person, _weights(n_municipality, rng))
    group = _groups(county, rng)
    member = rng.random(n_municipality) < FEDERATED_SHARE
    joined = _joined(n_municipality, scenario, rng)
    codes = _codes(country, county)
    called = _federations(country.code, names, group, member)
    return tuple(
        Place(
            codes[i], names[i].sv, names[i].fi, COUNTIES[country.code][county[i]],
            called[int(group[i])] if member[i] else "", str(joined[i]) if member[i] else "",
            int(residents[i]), names[i].genitive, names[i].locative,
        )
        for i in range(n_municipality)
    )  # fmt: skip


def joined_months(places: tuple[Place, ...], scenario: Scenario) -> np.ndarray:
    """Month, counted from the first, in which each place joined its federation; else `NEVER`."""
    origin = np.datetime64(scenario.first_month, "M")
    return np.array([
        int((np.datetime64(place.joined, "M") - origin).astype(int)) if place.joined else NEVER
        for place in places
    ])  # fmt: skip


def municipality_effects(
    places: tuple[Place, ...], scenario: Scenario, country: Country, seed: int
) -> np.ndarray:
    """Log hazard ratio of leaving support of each municipality."""
    rng = stream(seed, f"{country.code} municipalities")
    return np.round(scenario.municipality * normal(rng, (len(places),)), 3)


def package_groups(places: tuple[Place, ...]) -> tuple[str, ...]:
    """Federations, or counties of places without one, in the order of the places."""
    return tuple(dict.fromkeys(place.federation or place.county for place in places))


def apportion(total: int, weights: np.ndarray) -> np.ndarray:
    """Whole numbers of at least 1 in proportion to weights, by largest remainders."""
    exact = (total - len(weights)) * weights / weights.sum()
    whole = np.floor(exact).astype(int)
    left = total - len(weights) - whole.sum()
    largest = np.argsort(whole - exact, kind="stable")[:left]
    whole[largest] += 1
    return whole + 1


def _weights(n: int, rng: np.random.Generator) -> np.ndarray:
    """Log-normal sizes, one from each of n equal slices of the distribution, shuffled."""
    order = np.argsort(rng.random(n), kind="stable")
    return np.exp(SIZE_SPREAD * ndtri((np.arange(n) + 0.5) / n))[order]


def _counties(n: int, rng: np.random.Generator) -> np.ndarray:
    """Position of each municipality's county; counties are unequal and run in order."""
    n_county = max(1, min(MOST_COUNTIES, n // 4))
    sizes = apportion(n, 0.3 + 1.7 * rng.random(n_county))
    return np.repeat(np.arange(n_county), sizes)


def _groups(county: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Number of the would-be federation of each municipality: neighbours in one county."""
    n = len(county)
    sizes = 1 + choose(rng, np.tile(MEMBERS, (n, 1)))
    group = np.repeat(np.arange(n), sizes)[:n]
    begins = np.ones(n, dtype=bool)
    begins[1:] = (group[1:] != group[:-1]) | (county[1:] != county[:-1])
    return np.cumsum(begins) - 1


def _federations(
    country: str, names: tuple[PlaceName, ...], group: np.ndarray, member: np.ndarray
) -> dict[int, str]:
    """Name of each federation, after its first member."""
    numbers, first = np.unique(group[member], return_index=True)
    position = np.flatnonzero(member)[first]
    return {
        int(g): federation_name(country, names[i]) for g, i in zip(numbers, position, strict=True)
    }


def _joined(n: int, scenario: Scenario, rng: np.random.Generator) -> np.ndarray:
    before = rng.random(n) < JOINED_BEFORE_SHARE
    earlier = -between(rng, n, 1, MONTHS_BEFORE)
    within = between(rng, n, 1, scenario.n_month - 1)
    origin = np.datetime64(scenario.first_month, "M")
    return (origin + np.where(before, earlier, within)).astype(str)


def _codes(country: Country, county: np.ndarray) -> list[str]:
    """Codes in rising order: county and number in Sweden, spread over three digits in Finland."""
    n = len(county)
    if country.code == "FI":
        return [f"{5 + 990 // n * i:03d}" for i in range(n)]
    number = np.arange(n) - np.searchsorted(county, county)
    return [f"{c + 1:02d}{10 + 3 * k:02d}" for c, k in zip(county, number, strict=True)]
