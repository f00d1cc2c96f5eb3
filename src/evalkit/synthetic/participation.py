"""Packages, who takes part in them and how long, and what persons do at start and end."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.codes import benefits
from evalkit.records import schema as s
from evalkit.synthetic.countries import FIRST_MONTH, N_MONTH, PRICE_YEAR, Country
from evalkit.synthetic.months import ORDINARY_WORK, STUDY, Calendar, last_month_present
from evalkit.synthetic.population import COMPARISON, NO_PACKAGE, PROGRAMME, People
from evalkit.synthetic.process import FREE, OLD_AGE
from evalkit.synthetic.random_streams import between, choose

LAST_DAY = np.datetime64("2025-12-31")
SECOND_PACKAGE_SHARE = 0.05
_ARM_OF_PACKAGE = (s.COORDINATIONS[2], s.COORDINATIONS[0])


@dataclass(frozen=True, slots=True)
class Participation:
    """First and later participations, one entry each, sorted by person and date.

    Attributes
    ----------
    person : ndarray of int
    arm : ndarray of int
        1 = joint work, 0 = information.
    start, end : ndarray of datetime64[D]
    is_first : ndarray of bool
    """

    person: np.ndarray
    arm: np.ndarray
    start: np.ndarray
    end: np.ndarray
    is_first: np.ndarray


def package_groups(country: Country) -> tuple[str, ...]:
    """Federations, or the counties of a country without federations, in order of the places."""
    return tuple(dict.fromkeys(place.federation or place.county for place in country.places))


def packages_table(country: Country) -> pd.DataFrame:
    """Three packages in each federation: joint work, information, and one structural."""
    rows = []
    for group in package_groups(country):
        planned = sum(
            place.participants
            for place in country.places
            if group in (place.federation, place.county)
        )
        for coordination, name, focus in country.packages:
            structural = coordination == "coordination"
            low, high = country.package_months.get(coordination, (0, 0))
            price = country.package_price.get(coordination, 0)
            budget = planned * 20 if structural else planned * price * (low + high) // 12
            rows.append({
                s.PACKAGE_ID: f"{country.prefix}p{len(rows) + 1:02d}",
                s.NAME: name,
                s.FEDERATION: group,
                s.KIND: s.PACKAGE_KINDS[structural],
                s.FOCUS: focus,
                s.COORDINATION: coordination,
                s.BUDGET: budget,
                s.PLANNED_PARTICIPANTS: 0 if structural else planned // 6,
                s.CURRENCY: country.currency,
                s.PRICE_YEAR: PRICE_YEAR,
            })  # fmt: skip
    return pd.DataFrame(rows)


def draw_participation(
    country: Country, people: People, calendar: Calendar, rng: np.random.Generator
) -> Participation:
    """Dates of each first package, and for a few a later one that starts after it ended."""
    person = np.flatnonzero(people.arm != NO_PACKAGE)
    present = last_month_present(calendar)[person]
    first = _dated(country, people.arm[person], people.index[person], present, rng)
    again = (rng.random(len(person)) < SECOND_PACKAGE_SHARE) & (first[2] + 3 <= present)
    arm = np.where(rng.random(len(person)) < 0.5, PROGRAMME, COMPARISON)
    second = _dated(country, arm, first[2] + between(rng, len(person), 2, 3), present, rng)
    again &= first[2] + 3 < N_MONTH
    parts = [
        np.concatenate([one, two[again]])
        for one, two in (
            (person, person), (people.arm[person], arm), (first[0], second[0]),
            (first[1], second[1]), (np.ones(len(person), bool), np.zeros(len(person), bool)),
        )
    ]  # fmt: skip
    order = np.lexsort((parts[2], parts[0]))
    return Participation(*(part[order] for part in parts))


def participations_table(
    country: Country, people: People, calendar: Calendar, taken: Participation, ids: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Participations with reasons of ending, who referred, and whether there was a joint plan."""
    n = len(taken.person)
    state = calendar.state[taken.person, _month_of(taken.end)]
    reasons = np.array(["completed", "interrupted", "further_support", "work_or_study"])
    reason = reasons[choose(rng, np.tile([0.5, 0.2, 0.3, 0.0], (n, 1)))]
    reason[state == FREE] = reasons[3]
    referrer = between(rng, n, 0, len(country.referrers) - 1)
    plan = rng.random(n) < np.where(taken.arm == PROGRAMME, 0.85, 0.25)
    return pd.DataFrame({
        s.PERSON_ID: ids[taken.person],
        s.PACKAGE_ID: _package_ids(country, people, taken),
        s.START: taken.start.astype(str),
        s.END: np.where(taken.end > LAST_DAY, "", taken.end.astype(str)),
        s.EXIT_REASON: np.where(taken.end > LAST_DAY, "", reason),
        s.REFERRED_BY: np.array(country.referrers)[referrer],
        s.JOINT_PLAN: plan.astype(int),
    })  # fmt: skip


def statuses_table(
    country: Country, people: People, calendar: Calendar, taken: Participation, ids: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """What persons did, and what supported them, at start and end of their first package."""
    package = _package_ids(country, people, taken)
    frames = []
    for occasion, date in ((s.OCCASIONS[0], taken.start), (s.OCCASIONS[1], taken.end)):
        row = np.flatnonzero(taken.is_first & (date <= LAST_DAY))
        person, month = taken.person[row], _month_of(date[row])
        occupation = _occupations(calendar, person, month, rng)
        works = np.char.find(occupation.astype(str), "work") >= 0
        full = calendar.state[person, month] == FREE
        extent = np.where(full, np.array([100, 75, 100, 50])[between(rng, len(row), 0, 3)], 25)
        frames.append(pd.DataFrame({
            s.PERSON_ID: ids[person],
            s.PACKAGE_ID: package[row],
            s.OCCASION: occasion,
            s.DATE: date[row].astype(str),
            s.OCCUPATION: occupation,
            s.EXTENT_PERCENT: np.where(works, extent.astype(str), ""),
            s.SUPPORT_SOURCES: _sources(country, calendar, person, month),
        }))  # fmt: skip
    order = [s.PERSON_ID, s.OCCASION]
    return pd.concat(frames).sort_values(order, ascending=[True, False], kind="stable")


def _dated(
    country: Country, arm: np.ndarray, month: np.ndarray, present: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Start, end and month of the end; nobody takes part after death or emigration."""
    n = len(arm)
    low, high = np.array([country.package_months[name] for name in _ARM_OF_PACKAGE[::-1]])[arm].T
    closing = month + low + np.floor(rng.random(n) * (high - low + 1)).astype(int)
    closing = np.maximum(np.minimum(closing, present), month)
    origin = np.datetime64(FIRST_MONTH, "M")
    start = (origin + month).astype("datetime64[D]") + between(rng, n, 0, 13)
    end = (origin + closing).astype("datetime64[D]") + between(rng, n, 14, 27)
    return start, end, closing


def _month_of(date: np.ndarray) -> np.ndarray:
    month = (date.astype("datetime64[M]") - np.datetime64(FIRST_MONTH, "M")).astype(int)
    return np.minimum(month, N_MONTH - 1)


def _package_ids(country: Country, people: People, taken: Participation) -> np.ndarray:
    groups = package_groups(country)
    group = np.array([groups.index(place.federation or place.county) for place in country.places])
    number = 1 + len(country.packages) * group[people.place[taken.person]] + (taken.arm == 0)
    return np.array([f"{country.prefix}p{value:02d}" for value in number])


def _occupations(
    calendar: Calendar, person: np.ndarray, month: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    state, does = calendar.state[person, month], calendar.occupation[person]
    draw = rng.random(len(person))
    supported = np.where(draw < 0.12, 1, np.where(draw < 0.55, 3, 4))
    free = np.where(does == ORDINARY_WORK, 0, np.where(does == STUDY, 2, 1))
    code = np.where(state == FREE, free, np.where(state < FREE, supported, 4))
    return np.array(s.OCCUPATIONS)[code]


def _sources(
    country: Country, calendar: Calendar, person: np.ndarray, month: np.ndarray
) -> np.ndarray:
    names = np.array([name.partition("@")[0] for name in country.benefits])
    book = benefits(country.code)
    public = book.index[book["public_support"]]
    main, beside = (names[layer[person, month]] for layer in calendar.layers[:2])
    main = np.where(np.isin(main, public) & (calendar.state[person, month] < OLD_AGE), main, "")
    between_both = np.where((main != "") & (beside != ""), ";", "")
    return np.char.add(np.char.add(main, between_both), beside)
