"""Packages, who takes part in them and how long, and what persons do before and after."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from evalkit.codes import benefits
from evalkit.records import schema as s
from evalkit.synthetic.countries import PRICE_YEAR, Country
from evalkit.synthetic.months import last_month_present
from evalkit.synthetic.places import Place, package_groups
from evalkit.synthetic.population import People
from evalkit.synthetic.process import NEVER, Course
from evalkit.synthetic.random_streams import between, choose
from evalkit.synthetic.scenario import (
    FORMS,
    SELF_SUPPORT,
    SICKNESS,
    STATES,
    STUDY,
    SUBSIDISED,
    SUPPORT,
    WORK,
    Scenario,
)

LATER_PACKAGE_SHARE = 0.05
# Of the persons of a place, those who start a certain package in a year.
PLANNED_SHARE = 0.015
STRUCTURAL = "structural"

# Persons on support may work or study beside it, unless they are wholly on sick leave. The shares
# make 13 % in work or study at the start and 33 % at the end, men 6 points above women: what was
# published of the Swedish federations for 2016 (13 and 33 %) and for 2017 (women 28, men 34 %).
# Both years cannot be met at once; the level is that of 2016, the difference that of 2017.
ACTIVE_AT_START = 0.167
ACTIVE_AT_END = {"female": 0.278, "male": 0.350}
# Of those, by occasion: part-time work, subsidised work, study.
_ACTIVITY = np.array([WORK, SUBSIDISED, STUDY])
_ACTIVITY_SHARES = {False: (0.30, 0.45, 0.25), True: (0.40, 0.40, 0.20)}

COLLABORATION_FORMS = (
    "multiparty_talk", "personal_ombudsman", "contact_person", "joint_plan", "joint_activity",
)  # fmt: skip
# Share of participations with each form, by package in the order of `FORMS`; the joint plan is
# that of the participation.
_FORM_SHARES = np.array([
    (0.25, 0.03, 0.15, 0.0, 0.05),
    (0.60, 0.06, 0.35, 0.0, 0.20),
    (0.80, 0.10, 0.50, 0.0, 0.75),
])  # fmt: skip
_PLAN_SHARES = np.array([0.25, 0.65, 0.85])
_REASONS = np.array(["completed", "interrupted", "further_support", "work_or_study"])


@dataclass(frozen=True, slots=True)
class Participation:
    """First and later participations, one entry each, sorted by person and date.

    Attributes
    ----------
    person : ndarray of int
    form : ndarray of int
        Position in `FORMS`.
    start, end : ndarray of datetime64[D]
        The end is NaT where the package still runs at the data cut.
    is_first : ndarray of bool
    plan : ndarray of bool
        Whether there is a joint plan.
    """

    person: np.ndarray
    form: np.ndarray
    start: np.ndarray
    end: np.ndarray
    is_first: np.ndarray
    plan: np.ndarray


def packages_table(country: Country, places: tuple[Place, ...], scenario: Scenario) -> pd.DataFrame:
    """Four packages in each federation: one of each form, and a structural one without persons."""
    rows = []
    months = {form: sum(span) / 2 for form, span in zip(FORMS, scenario.length, strict=True)}
    ids = iter(_package_names(country, places))
    for group in package_groups(places):
        residents = sum(place.residents for place in places if _group(place) == group)
        planned = max(round(residents * PLANNED_SHARE), 1)
        for form, name, focus in country.packages:
            individual = form != STRUCTURAL
            price = country.package_price[form] * months[form] if individual else 20
            rows.append({
                s.PACKAGE_ID: next(ids),
                s.NAME: name,
                s.FEDERATION: group,
                s.KIND: s.PACKAGE_KINDS[not individual],
                s.FOCUS: focus,
                s.COORDINATION: form if individual else s.COORDINATIONS[1],
                s.BUDGET: round(planned * price),
                s.PLANNED_PARTICIPANTS: planned * individual,
                s.CURRENCY: country.currency,
                s.PRICE_YEAR: PRICE_YEAR,
            })  # fmt: skip
    return pd.DataFrame(rows)


def draw_participation(
    country: Country, scenario: Scenario, people: People, course: Course, rng: np.random.Generator
) -> Participation:
    """Dates of each first package, and for a few a later one that starts after it ended.

    A later package may be of any form, and changes nothing. Nobody takes part after death or
    emigration.
    """
    person = np.flatnonzero(course.start < NEVER)
    n, present = len(person), last_month_present(course)[person]
    form, closing = course.form[person], course.start[person] + course.length[person]
    first = _dated(scenario, course.start[person], closing, present, rng)
    low, high = np.array(scenario.length).T
    again_form = between(rng, n, 0, len(FORMS) - 1)
    span = high[again_form] - low[again_form] + 1
    opening = closing + between(rng, n, 2, 3)
    length = low[again_form] + np.floor(rng.random(n) * span).astype(int)
    second = _dated(scenario, opening, opening + length, present, rng)
    again = (rng.random(n) < LATER_PACKAGE_SHARE) & (opening <= present)
    pairs = (
        (person, person), (form, again_form), (first[0], second[0]), (first[1], second[1]),
        (np.ones(n, dtype=bool), np.zeros(n, dtype=bool)),
    )  # fmt: skip
    parts = [np.concatenate([one, two[again]]) for one, two in pairs]
    order = np.lexsort((parts[2], parts[0]))
    parts = [part[order] for part in parts]
    return Participation(*parts, rng.random(len(order)) < _PLAN_SHARES[parts[1]])


def participations_table(
    country: Country, scenario: Scenario, places: tuple[Place, ...], people: People,
    course: Course, layers: tuple[np.ndarray, np.ndarray], taken: Participation, ids: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Participations with reasons of ending, who referred, and whether there was a joint plan."""
    n, ended = len(taken.person), ~np.isnat(taken.end)
    state = course.state[taken.person, _month_of(taken.end, scenario)]
    reason = _REASONS[choose(rng, np.tile([0.5, 0.2, 0.3, 0.0], (n, 1)))]
    reason[np.isin(state, SELF_SUPPORT)] = _REASONS[3]
    referrer = between(rng, n, 0, len(country.referrers) - 1)
    return pd.DataFrame({
        s.PERSON_ID: ids[taken.person],
        s.PACKAGE_ID: _package_ids(country, places, people, taken),
        s.START: taken.start.astype(str),
        s.END: np.where(ended, taken.end.astype(str), ""),
        s.EXIT_REASON: np.where(ended, reason, ""),
        s.REFERRED_BY: np.array(country.referrers)[referrer],
        s.JOINT_PLAN: taken.plan.astype(int),
    })  # fmt: skip


def statuses_table(
    country: Country, scenario: Scenario, places: tuple[Place, ...], people: People,
    course: Course, layers: tuple[np.ndarray, np.ndarray], taken: Participation, ids: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """What persons did, and what supported them: at start, at end, and a year after the end."""
    package = _package_ids(country, places, people, taken)
    present = last_month_present(course)[taken.person]
    later = taken.end + np.timedelta64(365, "D")
    public = _public_names(country)
    frames = []
    for occasion, date in zip(s.OCCASIONS, (taken.start, taken.end, later), strict=True):
        known = taken.is_first & ~np.isnat(date)
        row = np.flatnonzero(known & (_month_number(date, scenario) <= present))
        person, month = taken.person[row], _month_number(date[row], scenario)
        does, extent = _activities(
            country, people, course, layers, person, month, occasion != s.OCCASIONS[0], rng
        )
        frames.append(pd.DataFrame({
            s.PERSON_ID: ids[person],
            s.PACKAGE_ID: package[row],
            s.OCCASION: occasion,
            s.DATE: date[row].astype(str),
            s.OCCUPATION: does,
            s.EXTENT_PERCENT: extent,
            s.SUPPORT_SOURCES: _sources(public, layers, person, month),
        }))  # fmt: skip
    together = pd.concat(frames, ignore_index=True)
    return together.sort_values([s.PERSON_ID, s.DATE], kind="stable", ignore_index=True)


def needs_table(
    country: Country, scenario: Scenario, places: tuple[Place, ...], people: People,
    course: Course, layers: tuple[np.ndarray, np.ndarray], taken: Participation, ids: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Up to three needs of each participant; psychological ones likelier where frailty is low."""
    person = taken.person[taken.is_first]
    ill = course.state[person, course.start[person]] == SICKNESS
    chance = np.column_stack([
        expit(-0.2 - 0.6 * people.frailty[person]),
        np.where(ill, 0.60, 0.25),
        np.full(len(person), 0.40),
        np.full(len(person), 0.22),
    ])  # fmt: skip
    has = rng.random(chance.shape) < chance
    has[:, -1] &= has.sum(axis=1) < len(s.NEEDS_OF_PERSONS)
    row, need = np.nonzero(has)
    return pd.DataFrame({
        s.PERSON_ID: ids[person[row]], s.NEED: np.array(s.NEEDS_OF_PERSONS)[need],
    })  # fmt: skip


def forms_table(
    country: Country, scenario: Scenario, places: tuple[Place, ...], people: People,
    course: Course, layers: tuple[np.ndarray, np.ndarray], taken: Participation, ids: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Forms of collaboration of each participation: none, one or several."""
    n = len(taken.person)
    has = rng.random((n, len(COLLABORATION_FORMS))) < _FORM_SHARES[taken.form]
    has[:, COLLABORATION_FORMS.index("joint_plan")] = taken.plan
    cut = np.datetime64(scenario.first_month, "M") + last_month_present(course)[taken.person]
    last = np.where(np.isnat(taken.end), cut.astype("datetime64[D]"), taken.end)
    room = np.minimum(np.maximum((last - taken.start).astype(int), 0), 60)
    day = np.floor(rng.random(has.shape) * (room[:, None] + 1)).astype(int)
    row, form = np.nonzero(has)
    return pd.DataFrame({
        s.PERSON_ID: ids[taken.person[row]],
        s.PACKAGE_ID: _package_ids(country, places, people, taken)[row],
        s.START: (taken.start[row] + day[row, form]).astype(str),
        s.FORM: np.array(COLLABORATION_FORMS)[form],
    })  # fmt: skip


def _group(place: Place) -> str:
    return place.federation or place.county


def _dated(
    scenario: Scenario, month: np.ndarray, closing: np.ndarray, present: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Start and end; NaT where the end lies after the last month of the records."""
    n, origin = len(month), np.datetime64(scenario.first_month, "M")
    start = (origin + month).astype("datetime64[D]") + between(rng, n, 0, 13)
    last = np.maximum(np.minimum(closing, present), month)
    end = (origin + last).astype("datetime64[D]") + between(rng, n, 14, 27)
    end[(closing >= scenario.n_month) & (present == scenario.n_month - 1)] = np.datetime64("NaT")
    return start, end


def _month_number(date: np.ndarray, scenario: Scenario) -> np.ndarray:
    """Months from the first of the records; far beyond the last for NaT."""
    origin = np.datetime64(scenario.first_month, "M")
    number = (np.where(np.isnat(date), origin, date).astype("datetime64[M]") - origin).astype(int)
    return np.where(np.isnat(date), NEVER, number)


def _month_of(date: np.ndarray, scenario: Scenario) -> np.ndarray:
    return np.minimum(_month_number(date, scenario), scenario.n_month - 1)


def _package_names(country: Country, places: tuple[Place, ...]) -> list[str]:
    n = len(country.packages) * len(package_groups(places))
    width = max(2, len(str(n)))
    return [f"{country.prefix}p{number:0{width}d}" for number in range(1, n + 1)]


def _package_ids(
    country: Country, places: tuple[Place, ...], people: People, taken: Participation
) -> np.ndarray:
    groups = {group: number for number, group in enumerate(package_groups(places))}
    group = np.array([groups[_group(place)] for place in places])
    forms = [form for form, _, _ in country.packages]
    position = np.array([forms.index(form) for form in FORMS])
    number = len(forms) * group[people.place[taken.person]] + position[taken.form]
    return np.array(_package_names(country, places))[number]


def _activities(
    country: Country, people: People, course: Course, layers: tuple[np.ndarray, np.ndarray],
    person: np.ndarray, month: np.ndarray, after: bool, rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Occupation, and the extent of work or study in per cent (empty without)."""
    n, state = len(person), course.state[person, month]
    female = people.female[person]
    chance = np.where(female, *ACTIVE_AT_END.values()) if after else ACTIVE_AT_START
    degree = people.degree[person]
    varies = np.array([name in country.degrees_vary for name in country.benefits])
    wholly_ill = varies[layers[0][person, month]] & (degree == 100)
    beside = (rng.random(n) < chance) & np.isin(state, SUPPORT) & ~wholly_ill
    part = _ACTIVITY[choose(rng, np.tile(_ACTIVITY_SHARES[after], (n, 1)))]
    free = np.isin(state, SELF_SUPPORT)
    seeks = np.isin(state, SUPPORT) & ~wholly_ill & (rng.random(n) < 0.55)
    occupation = np.where(seeks, s.OCCUPATIONS[3], s.OCCUPATIONS[4]).astype(object)
    does = np.where(free, state, np.where(beside, part, -1))
    for activity in _ACTIVITY:
        occupation[does == activity] = STATES[activity]
    full = np.array([100, 75, 100, 50])[between(rng, n, 0, 3)]
    some = np.where(rng.random(n) < 0.5, 25, 50)
    some = np.where(varies[layers[0][person, month]], np.minimum(some, 100 - degree), some)
    extent = np.where(free, full, some)
    return occupation, np.where(does >= 0, extent.astype(str), "")


def _public_names(country: Country) -> np.ndarray:
    """Name of each benefit that is public support, empty for the others."""
    book = benefits(country.code)
    public = set(book.index[book["public_support"]])
    names = [name.partition("@")[0] for name in country.benefits]
    return np.array([name if name in public else "" for name in names])


def _sources(
    names: np.ndarray, layers: tuple[np.ndarray, np.ndarray], person: np.ndarray, month: np.ndarray
) -> np.ndarray:
    """Benefits that are public support in the month, joined by semicolons."""
    main, beside = (names[layer[person, month]] for layer in layers)
    between_both = np.where((main != "") & (beside != ""), ";", "")
    return np.char.add(np.char.add(main, between_both), beside)
