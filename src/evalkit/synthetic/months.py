"""From states to benefits of each calendar month, and from months to dated spells."""

from dataclasses import dataclass

import numpy as np

from evalkit.synthetic.countries import FIRST_MONTH, N_MONTH, Country
from evalkit.synthetic.population import NOT_ON_SUPPORT, ONE_ACTOR, People
from evalkit.synthetic.process import EMIGRATED, FREE, OLD_AGE, PARENTAL, PENSION, SUPPORT
from evalkit.synthetic.random_streams import between

ABSENT = -1
BREAK_SHARE = 0.012
ORDINARY_WORK, SUBSIDISED_WORK, STUDY = range(3)


@dataclass(frozen=True, slots=True)
class Calendar:
    """What happened in each calendar month, one row a person, one column a month.

    Attributes
    ----------
    state : ndarray of int8
        States of `process`; -1 where the person was not (yet) on support.
    layers : tuple of ndarray of int8
        Benefits as positions in `Country.benefits`, 0 for none: the main benefit, one beside it,
        and one beside work or study. The same benefit never stands in two layers of one month.
    occupation : ndarray of int
        What the person does when free of support: work, subsidised work, study.
    level : ndarray of float
        The person's benefit amounts relative to the ordinary ones.
    degree : ndarray of int
        The person's degree in benefits whose degree varies.
    """

    state: np.ndarray
    layers: tuple[np.ndarray, np.ndarray, np.ndarray]
    occupation: np.ndarray
    level: np.ndarray
    degree: np.ndarray


@dataclass(frozen=True, slots=True)
class Spells:
    """Runs of months with one benefit, in the order of persons, dates and benefits."""

    person: np.ndarray
    benefit: np.ndarray
    start: np.ndarray
    end: np.ndarray


def calendar_of(
    country: Country, people: People, states: np.ndarray, rng: np.random.Generator
) -> Calendar:
    """Lay states after the index month and the history before it onto the calendar."""
    n = len(people)
    since = np.arange(N_MONTH)[None, :] - people.index[:, None]
    state = np.take_along_axis(states, np.clip(since, 0, states.shape[1] - 1), axis=1)
    state[since < -people.history[:, None]] = ABSENT
    state[_breaks(since, rng)] = ABSENT
    state[(people.ground == NOT_ON_SUPPORT)[:, None] & ((since == -1) | (since == 0))] = ABSENT
    student = (rng.random(n) < 0.3) & (people.age(people.index) < 33)
    occupation = np.where(rng.random(n) < 0.2, SUBSIDISED_WORK, ORDINARY_WORK)
    occupation = np.where(student, STUDY, occupation)
    return Calendar(
        state=state,
        layers=_layers(country, people, state, since, occupation, rng),
        occupation=occupation,
        level=0.8 + 0.05 * between(rng, n, 0, 8),
        degree=np.array([100, 100, 100, 75, 50, 50, 25, 100])[between(rng, n, 0, 7)],
    )


def spells_of(country: Country, calendar: Calendar, rng: np.random.Generator) -> Spells:
    """Runs of months as dated spells; part months at their ends, NaT where still running."""
    runs = [_runs(layer) for layer in calendar.layers]
    person, benefit, first, last = (np.concatenate(part) for part in zip(*runs, strict=True))
    origin = np.datetime64(FIRST_MONTH, "M")
    part_start = (rng.random(len(person)) < 0.4) & (first > 0)
    start = (origin + first).astype("datetime64[D]")
    start = start + np.where(part_start, between(rng, len(person), 1, 26), 0)
    closing = (origin + last + 1).astype("datetime64[D]") - 1
    room = (closing - np.maximum(start, (origin + last).astype("datetime64[D]"))).astype(int)
    cut = np.floor(rng.random(len(person)) * (room + 1)).astype(int)
    end = closing - np.where(rng.random(len(person)) < 0.4, cut, 0)
    end[last == N_MONTH - 1] = np.datetime64("NaT")
    order = np.lexsort((benefit, start, person))
    return Spells(person[order], benefit[order], start[order], end[order])


def _breaks(since: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Single months without support before the index month, never two in a row."""
    broken = (rng.random(since.shape) < BREAK_SHARE) & (since < -1)
    broken[:, 1:] &= ~broken[:, :-1]
    return broken


def _layers(
    country: Country, people: People, state: np.ndarray, since: np.ndarray,
    occupation: np.ndarray, rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    n, code = len(people), country.benefits.index
    on = state == SUPPORT
    switch = between(rng, n, -18, 12)[:, None]
    main = np.where(on, np.where(since < switch, people.first[:, None], people.then[:, None]), 0)
    main[state == PARENTAL] = code(country.parental)
    main[state == PENSION] = code("disability_pension")
    main[state == OLD_AGE] = code("old_age_pension")
    begins, stops = between(rng, n, -20, -5)[:, None], between(rng, n, 1, 14)[:, None]
    begins = np.where((people.ground == ONE_ACTOR)[:, None], 1 - stops, begins)
    beside = np.where(on & (since >= begins) & (since < stops), people.beside[:, None], 0)
    third = np.zeros_like(main)
    later = (state == FREE) & (since > 0)
    third[later & (occupation == SUBSIDISED_WORK)[:, None]] = code(country.wage_subsidy)
    third[later & (occupation == STUDY)[:, None]] = code(country.study)
    return tuple(layer.astype(np.int8) for layer in (main, beside, third))


def _runs(layer: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Row, value, first and last column of each run of equal values other than 0."""
    padded = np.pad(layer, ((0, 0), (1, 1)))
    changes = padded[:, 1:] != padded[:, :-1]
    row, first = np.nonzero(changes[:, :-1] & (layer != 0))
    _, last = np.nonzero(changes[:, 1:] & (layer != 0))
    return row, layer[row, first].astype(int), first, last


def absorbed_month(calendar: Calendar, state: int) -> np.ndarray:
    """First calendar month of an absorbing state, -1 for persons who never reached it."""
    reached = calendar.state == state
    return np.where(reached.any(axis=1), reached.argmax(axis=1), -1)


def last_month_present(calendar: Calendar) -> np.ndarray:
    """Last calendar month before death or emigration; the last month of all for most."""
    gone = calendar.state >= EMIGRATED
    return np.where(gone.any(axis=1), gone.argmax(axis=1) - 1, N_MONTH - 1)
