"""The monthly process: states, shocks, packages started, and what packages change."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit, ndtri

from evalkit.synthetic.countries import Country
from evalkit.synthetic.hazards import (
    BY_STATE,
    YEAR,
    destinations,
    exit_log_hazard,
    fixed_part,
    package_log_hazard,
    pick,
    relapse_log_hazard,
)
from evalkit.synthetic.population import NO_PAYER, People, payers_of
from evalkit.synthetic.scenario import (
    DIED,
    DISABILITY,
    EMIGRATED,
    LAST_RESORT,
    OLD_AGE,
    PARENTAL,
    SICKNESS,
    STATES,
    STUDY,
    SUPPORT,
    TEMPORARY,
    WORK,
    Scenario,
)

Assign = Literal["natural", "information", "coordinated"]
NEVER = 10_000
_LONG = (1 << YEAR) - 1
N_DRAW = 8
_LEAVE, _WHERE, _MOVE, _START, _PARENTAL, _ABSORB, _SHOCK, _RETIRE = range(N_DRAW)


@dataclass(frozen=True, slots=True)
class Course:
    """What happened to each person.

    Attributes
    ----------
    state : ndarray of int8, shape (n, n_month)
        Positions in `STATES`.
    shock : ndarray of float32, shape (n, n_month)
    start, length : ndarray of int
        Month in which the first package started (`NEVER` if none), and its length in months.
    form : ndarray of int
        Position in `FORMS`; -1 without a package.
    propensity : ndarray of float
        Probability, at the start, that the package is a coordinated one; missing without a start.
    eligible : ndarray of bool
        Whether a year of support and two payers stood before the start.
    """

    state: np.ndarray
    shock: np.ndarray
    start: np.ndarray
    length: np.ndarray
    form: np.ndarray
    propensity: np.ndarray
    eligible: np.ndarray


def simulate(
    country: Country, scenario: Scenario, people: People, place_effect: np.ndarray,
    joined: np.ndarray, draws: np.random.Generator, *, n_month: int | None = None,
    assign: Assign = "natural", rows: np.ndarray | None = None,
) -> Course:  # fmt: skip
    """Let the months pass.

    The same draws are used in a month whatever happens, so that two calls with equal generators
    and another `assign` give the potential outcomes of the same persons.

    Parameters
    ----------
    people : People
    place_effect, joined : ndarray, shape (places,)
        Log hazard ratio of leaving support, and month in which the place joined a federation.
    draws : numpy Generator
    n_month : int
        Months to pass; by default those of the scenario.
    assign : {"natural", "information", "coordinated"}
        Package that everybody gets who starts one.
    rows : ndarray of int
        Persons to follow; the draws are those of all.
    """
    n_all, n_month = len(people), n_month or scenario.n_month
    rows = np.arange(n_all) if rows is None else rows
    world = _World(country, scenario, people.part(rows), place_effect, joined, assign)
    state = np.empty((len(rows), n_month), dtype=np.int8)
    shock = np.empty((len(rows), n_month), dtype=np.float32)
    for month in range(n_month):
        drawn = draws.random((N_DRAW, n_all))
        world.pass_month(month, drawn if len(rows) == n_all else drawn[:, rows])
        state[:, month], shock[:, month] = world.state, world.shock
    return Course(
        state, shock, world.start, world.length, world.form, world.propensity, world.eligible
    )


class _World:
    """The persons in the month that passes; the only thing here that changes."""

    def __init__(self, country, scenario, people, place_effect, joined, assign) -> None:
        n = len(people)
        self.scenario, self.people, self.assign = scenario, people, assign
        self.state, self.duration = people.state.astype(np.int8), people.duration.copy()
        self.shock = people.shock.copy()
        self.came_from = np.full(n, WORK, dtype=np.int8)
        self.start = np.full(n, NEVER)
        self.length = np.zeros(n, dtype=int)
        self.form = np.full(n, -1)
        self.propensity = np.full(n, np.nan)
        self.eligible = np.zeros(n, dtype=bool)
        self.ill_at_start = np.zeros(n, dtype=bool)
        self.on_support = np.isin(np.arange(len(STATES)), SUPPORT)
        begun = self.on_support[self.state] * np.minimum(self.duration, 20)
        self.history = (1 << begun) - 1
        payer = payers_of(country)
        self.payer = payer[people.main], payer[people.beside]
        self.seen = np.full((payer.max() + 1, n), -NEVER)
        self._note_payers(-1)
        self.fixed = fixed_part(scenario, people, place_effect)
        self.joined = joined[people.place]
        self.tables = destinations(people, scenario)

    def pass_month(self, month: int, drawn: np.ndarray) -> None:
        before = self.state
        since = np.where(self.start == NEVER, 0, month - self.start)
        rho = self.scenario.shock_memory
        fresh = ndtri(np.clip(drawn[_SHOCK], 1e-12, 1 - 1e-12))
        self.shock = rho * self.shock + np.sqrt(1 - rho**2) * fresh
        now = self._leave_support(month, since, drawn)
        now = self._come_back(since, drawn, now)
        now = self._parental(drawn, now)
        now = self._absorb(month, drawn, now)
        self.duration = np.where(now == before, self.duration + 1, 1)
        self.state = now
        self._start_packages(month, drawn)
        self.history = (self.history << 1 | self.on_support[now]) & (1 << 20) - 1
        self._note_payers(month)

    def _leave_support(self, month: int, since: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        state = self.state
        eta = exit_log_hazard(self.scenario, state, self.duration, self.fixed, self.shock, month)
        form, ill = np.maximum(self.form, 0), self.ill_at_start
        eta = eta + package_log_hazard(self.scenario, form, since, self.length, ill)
        leaves = drawn[_LEAVE] < -np.expm1(-np.exp(eta))
        now, rows = state.copy(), np.flatnonzero(leaves)
        now[rows] = pick(self.tables["out"][rows], drawn[_WHERE, rows])
        supported = (since >= 1) & (since <= self.length) & (form > 0)
        rate = np.exp(self.scenario.transfer + self.scenario.substitution * supported)
        moves = ~leaves & (drawn[_MOVE] < -np.expm1(-rate * BY_STATE["moves"][state]))
        rows = np.flatnonzero(moves & self.on_support[state])
        now[rows] = pick(BY_STATE["between"][state[rows]], drawn[_WHERE, rows])
        return now

    def _come_back(self, since: np.ndarray, drawn: np.ndarray, now: np.ndarray) -> np.ndarray:
        scenario, state = self.scenario, self.state
        free = state <= STUDY
        eta = (
            scenario.relapse
            + scenario.relapse_early * np.exp(-self.duration / 6)
            - 0.5 * (scenario.frailty * self.people.frailty + scenario.shock * self.shock)
            + relapse_log_hazard(scenario, np.maximum(self.form, 0), since, self.length)
        )
        rows = np.flatnonzero(free & (drawn[_LEAVE] < -np.expm1(-np.exp(eta))))
        now[rows] = pick(BY_STATE["into"][state[rows]], drawn[_WHERE, rows])
        return now

    def _parental(self, drawn: np.ndarray, now: np.ndarray) -> np.ndarray:
        state, scenario = self.state, self.scenario
        young = self.tables["young"]
        begins = (drawn[_PARENTAL] < scenario.parental * young) & (state <= LAST_RESORT)
        ends = (state == PARENTAL) & (drawn[_PARENTAL] > 1 - scenario.parental_end)
        self.came_from = np.where(begins, state, self.came_from)
        now = np.where(begins, PARENTAL, now)
        return np.where(ends, self.came_from, now).astype(np.int8)

    def _absorb(self, month: int, drawn: np.ndarray, now: np.ndarray) -> np.ndarray:
        scenario, state, people = self.scenario, self.state, self.people
        age = int(scenario.first_month[:4]) + month // YEAR - people.birth_year
        older = np.exp(0.05 * (age - 42))
        rate = np.full(len(STATES), 0.0)
        rate[list(SUPPORT)] = scenario.disability_from_other
        rate[SICKNESS] = scenario.disability_from_sickness
        rate[TEMPORARY] = scenario.disability_from_temporary
        died = scenario.died * older
        emigrated = died + scenario.emigrated * (age < 60)
        pensioned = emigrated + rate[state] * older
        lot = drawn[_ABSORB]
        retires = (age >= 66) | (age >= 63) & (drawn[_RETIRE] < scenario.old_age_from_63)
        now = np.where((lot < pensioned) & (lot >= emigrated), DISABILITY, now)
        now = np.where(state == DISABILITY, DISABILITY, now)
        now = np.where(retires | (state == OLD_AGE), OLD_AGE, now)
        now = np.where((lot < emigrated) & (lot >= died) | (state == EMIGRATED), EMIGRATED, now)
        now = np.where((lot < died) & (state != EMIGRATED) | (state == DIED), DIED, now)
        return now.astype(np.int8)

    def _start_packages(self, month: int, drawn: np.ndarray) -> None:
        scenario, people = self.scenario, self.people
        if not scenario.first_start <= month <= scenario.last_start:
            return
        long = self._long_support()
        payers = ((month - self.seen) <= YEAR).sum(axis=0)
        ill = self.state == SICKNESS
        eta = (
            scenario.start
            + scenario.start_not_long * ~long
            + scenario.start_one_actor * (payers < 2)
            + scenario.start_shock * self.shock
            + scenario.start_frailty * people.frailty
            + scenario.start_sickness * ill
        )
        begins = drawn[_START] < -np.expm1(-np.exp(eta))
        begins &= self.on_support[self.state] & (self.start == NEVER)
        row = np.flatnonzero(begins)
        self.start[row], self.ill_at_start[row] = month, ill[row]
        self.eligible[row] = (long & (payers >= 2) & self._of_age(month))[row]
        chance = self._coordinated(month, ill, row)
        self.propensity[row] = chance
        self._give(row, chance)

    def _long_support(self) -> np.ndarray:
        """Support in each of the twelve months before, a single month's break bridged."""
        bridged = self.history | (self.history << 1) & (self.history >> 1)
        return (bridged & _LONG == _LONG) & (self.history & 1 == 1)

    def _of_age(self, month: int) -> np.ndarray:
        age = int(self.scenario.first_month[:4]) + month // YEAR - self.people.birth_year
        return (age >= 16) & (age <= 64)

    def _coordinated(self, month: int, ill: np.ndarray, row: np.ndarray) -> np.ndarray:
        scenario, people = self.scenario, self.people
        if scenario.randomised:
            return np.full(len(row), 0.5)
        age = int(scenario.first_month[:4]) + month // YEAR - people.birth_year[row]
        return expit(
            scenario.choice
            + scenario.choice_tertiary * (people.education[row] == 2)
            + scenario.choice_age * (age - 42) / 10
            + scenario.choice_sickness * ill[row]
            + scenario.choice_frailty * people.frailty[row]
            + scenario.choice_shock * self.shock[row]
            + scenario.choice_not_joined * (month < self.joined[row])
        )

    def _give(self, row: np.ndarray, chance: np.ndarray) -> None:
        people = self.people
        coordinated = people.arm_lot[row] < chance
        if self.assign in ("information", "coordinated"):
            coordinated = np.full(len(row), self.assign == "coordinated")
        joint = people.form_lot[row] < 0.6
        form = np.where(coordinated, np.where(joint, 2, 1), 0)
        low, high = np.array(self.scenario.length).T
        span = high[form] - low[form] + 1
        self.form[row] = form
        self.length[row] = low[form] + np.floor(people.length_lot[row] * span).astype(int)

    def _note_payers(self, month: int) -> None:
        row = np.arange(len(self.people))
        for payer in self.payer:
            here = payer[row, self.state]
            paid = np.flatnonzero((here != NO_PAYER) & self.on_support[self.state])
            self.seen[here[paid], paid] = month
