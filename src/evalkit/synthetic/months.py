"""From states to benefits of each calendar month, and from months to dated spells."""

from dataclasses import dataclass

import numpy as np

from evalkit.synthetic.countries import Country
from evalkit.synthetic.population import NOTHING, People
from evalkit.synthetic.process import Course
from evalkit.synthetic.random_streams import between
from evalkit.synthetic.scenario import DIED, EMIGRATED, STATES, SUPPORT, Scenario

PART_MONTH_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Spells:
    """Runs of months with one benefit, in the order of persons, dates and benefits.

    Attributes
    ----------
    person, benefit : ndarray of int
        Row of the person, and position in `Country.benefits`.
    start, end : ndarray of datetime64[D]
        First and last day; NaT where the benefit still runs in the last month.
    """

    person: np.ndarray
    benefit: np.ndarray
    start: np.ndarray
    end: np.ndarray


def layers_of(country: Country, people: People, course: Course) -> tuple[np.ndarray, np.ndarray]:
    """Main benefit and the one beside it of each person and month, 0 where there is none.

    The same benefit never stands in both layers of a month.

    Returns
    -------
    tuple of ndarray of int8, shape (n, n_month)
        Positions in `Country.benefits`.
    """
    row = np.arange(len(people))[:, None]
    on_support = np.isin(np.arange(len(STATES)), SUPPORT)
    beside = np.where(on_support[None, :], people.beside, NOTHING).astype(np.int8)
    return people.main[row, course.state], beside[row, course.state]


def last_month_present(course: Course) -> np.ndarray:
    """Last month before death or emigration; the last month of all for most, -1 for nobody."""
    gone = course.state >= EMIGRATED
    return np.where(gone.any(axis=1), gone.argmax(axis=1) - 1, course.state.shape[1] - 1)


def month_of_event(course: Course, state: int) -> np.ndarray:
    """Month in which a person died or emigrated, -1 for those who did not."""
    if state not in (EMIGRATED, DIED):
        raise ValueError(f"{STATES[state]} is no way to leave the records")
    reached = course.state == state
    return np.where(reached.any(axis=1), reached.argmax(axis=1), -1)


def spells_of(
    country: Country, scenario: Scenario, people: People, layers: tuple[np.ndarray, np.ndarray],
    course: Course, rng: np.random.Generator,
) -> Spells:  # fmt: skip
    """Runs of months as dated spells, some with part of a month at their ends.

    A run in the first month whose state had lasted before starts that many months earlier.
    """
    runs = [_runs(layer) for layer in layers]
    person, benefit, first, last = (np.concatenate(part) for part in zip(*runs, strict=True))
    lasted = (first == 0) & (course.state[person, 0] == people.state[person])
    begun = np.where(lasted, -people.duration[person], first)
    origin = np.datetime64(scenario.first_month, "M")
    opening = (origin + begun).astype("datetime64[D]")
    late = (rng.random(len(person)) < PART_MONTH_SHARE) & ~lasted
    start = opening + np.where(late, between(rng, len(person), 1, 26), 0)
    closing = (origin + last + 1).astype("datetime64[D]") - 1
    room = (closing - np.maximum(start, (origin + last).astype("datetime64[D]"))).astype(int)
    cut = np.floor(rng.random(len(person)) * (room + 1)).astype(int)
    end = closing - np.where(rng.random(len(person)) < PART_MONTH_SHARE, cut, 0)
    end[last == course.state.shape[1] - 1] = np.datetime64("NaT")
    order = np.lexsort((benefit, start, person))
    return Spells(person[order], benefit[order], start[order], end[order])


def degrees_of(
    country: Country, people: People, person: np.ndarray, benefit: np.ndarray
) -> np.ndarray:
    """Degree of each benefit of each person: its own, the person's where it varies, else 100."""
    fixed = np.array([int(name.partition("@")[2] or 100) for name in country.benefits])
    varies = np.array([name in country.degrees_vary for name in country.benefits])
    return np.where(varies[benefit], people.degree[person], fixed[benefit])


def amounts_of(
    country: Country, people: People, person: np.ndarray, benefit: np.ndarray
) -> np.ndarray:
    """Amount a month of each benefit of each person, in whole tens."""
    full = np.array([country.amounts.get(name.partition("@")[0], 0) for name in country.benefits])
    degree = degrees_of(country, people, person, benefit)
    return (np.round(full[benefit] * people.level[person] * degree / 1000) * 10).astype(int)


def _runs(layer: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Row, value, first and last column of each run of equal values other than 0."""
    padded = np.pad(layer, ((0, 0), (1, 1)))
    changes = padded[:, 1:] != padded[:, :-1]
    row, first = np.nonzero(changes[:, :-1] & (layer != NOTHING))
    _, last = np.nonzero(changes[:, 1:] & (layer != NOTHING))
    return row, layer[row, first].astype(int), first, last
