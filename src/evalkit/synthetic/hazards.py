"""Log hazards and destinations of the monthly process; the formulas stand in `Scenario`."""

import numpy as np

from evalkit.synthetic.population import People
from evalkit.synthetic.scenario import (
    LAST_RESORT,
    PROGRAMME,
    SICKNESS,
    STATES,
    STUDY,
    SUBSIDISED,
    SUPPORT,
    TEMPORARY,
    UNEMPLOYMENT,
    WORK,
    Scenario,
)

YEAR = 12

# Where a person goes, by the state that they leave: shares of the destinations.
INTO_SUPPORT = {
    WORK: {SICKNESS: 0.50, UNEMPLOYMENT: 0.36, PROGRAMME: 0.04, LAST_RESORT: 0.10},
    SUBSIDISED: {SICKNESS: 0.25, UNEMPLOYMENT: 0.30, PROGRAMME: 0.30, LAST_RESORT: 0.15},
    STUDY: {SICKNESS: 0.15, UNEMPLOYMENT: 0.25, PROGRAMME: 0.25, LAST_RESORT: 0.35},
}
BETWEEN_SUPPORT = {
    SICKNESS: {TEMPORARY: 0.40, UNEMPLOYMENT: 0.25, PROGRAMME: 0.20, LAST_RESORT: 0.15},
    TEMPORARY: {SICKNESS: 0.45, PROGRAMME: 0.35, LAST_RESORT: 0.20},
    UNEMPLOYMENT: {SICKNESS: 0.20, PROGRAMME: 0.60, LAST_RESORT: 0.20},
    PROGRAMME: {SICKNESS: 0.35, UNEMPLOYMENT: 0.20, LAST_RESORT: 0.45},
    LAST_RESORT: {SICKNESS: 0.30, TEMPORARY: 0.08, PROGRAMME: 0.62},
}
MOVES = {SICKNESS: 0.6, TEMPORARY: 0.35, UNEMPLOYMENT: 1.1, PROGRAMME: 1.1, LAST_RESORT: 0.9}


def exit_log_hazard(
    scenario: Scenario, state: np.ndarray, duration: np.ndarray, fixed: np.ndarray,
    shock: np.ndarray, month: int,
) -> np.ndarray:  # fmt: skip
    """Log hazard of leaving support in a month, before what a package adds; see `Scenario`."""
    by_state = np.full(len(STATES), -np.inf)
    by_state[list(SUPPORT)] = scenario.exit
    return (
        by_state[state]
        + scenario.duration * np.log1p(duration)
        + calendar_part(scenario, month)
        + fixed
        + scenario.shock * shock
    )


def calendar_part(scenario: Scenario, month: int) -> float:
    """Season, trend and policy break: highest exits in September, fewest in March."""
    season = -scenario.season * np.cos(2 * np.pi * (month % YEAR - 2) / YEAR)
    return (
        season + scenario.trend * month / YEAR + scenario.policy * (month >= scenario.policy_month)
    )


def package_log_hazard(
    scenario: Scenario, form: np.ndarray, since: np.ndarray, length: np.ndarray, ill: np.ndarray
) -> np.ndarray:
    """What a package adds to the log hazard `since` months after its start (1, 2, ...)."""
    full = np.array(scenario.effect)[form] + scenario.effect_sickness * (ill & (form > 0))
    if scenario.fade_months is None:
        return np.where(since >= 1, full, 0.0)
    after = full * fading(scenario, since, length)
    during = np.array(scenario.lock_in)[form]
    return np.where(since < 1, 0.0, np.where(since <= length, during, after))


def fading(scenario: Scenario, since: np.ndarray, length: np.ndarray) -> np.ndarray:
    """What is left of an effect: all of it while the package lasts, then less and less."""
    if scenario.fade_months is None:
        return np.ones(len(since))
    return np.exp(-np.maximum(since - length - 1, 0) / scenario.fade_months)


def relapse_log_hazard(
    scenario: Scenario, form: np.ndarray, since: np.ndarray, length: np.ndarray
) -> np.ndarray:
    """What a package adds to the log hazard of returning to support."""
    effect = np.array(scenario.relapse_effect)[form]
    return np.where(since < 1, 0.0, effect * fading(scenario, since, length))


def fixed_part(scenario: Scenario, people: People, place_effect: np.ndarray) -> np.ndarray:
    """What of the log hazard of leaving support never changes for a person."""
    age = int(scenario.first_month[:4]) + scenario.n_month // 24 - people.birth_year
    return (
        place_effect[people.place]
        + scenario.age * (age - 42) / 10
        + scenario.female * people.female
        + scenario.tertiary * (people.education == 2)
        + scenario.foreign * ~people.born_in_country
        + scenario.frailty * people.frailty
    )


def destinations(people: People, scenario: Scenario) -> dict[str, np.ndarray]:
    """What the way out of support depends on: age at the beginning and sex."""
    age = int(scenario.first_month[:4]) - people.birth_year
    study = np.where(age < 30, 0.25, 0.04)
    out = np.zeros((len(people), len(STATES)))
    out[:, STUDY], out[:, SUBSIDISED] = study, 0.20
    out[:, WORK] = 1 - out.sum(axis=1)
    young = (age <= 40) * np.where(people.female, 1.3, 0.7)
    return {"out": np.cumsum(out, axis=1), "young": young}


def pick(cumulative: np.ndarray, lot: np.ndarray) -> np.ndarray:
    """Column in which each row's cumulative share first exceeds the lot."""
    return (cumulative <= lot[:, None]).sum(axis=1)


def _by_state(shares: dict[int, dict[int, float]]) -> np.ndarray:
    table = np.zeros((len(STATES), len(STATES)))
    for origin, targets in shares.items():
        for target, share in targets.items():
            table[origin, target] = share
    cumulative = np.cumsum(table, axis=1)
    cumulative[:, -1] = np.where(table.any(axis=1), 1.0 + 1e-9, 0.0)
    return cumulative


BY_STATE = {
    "into": _by_state(INTO_SUPPORT),
    "between": _by_state(BETWEEN_SUPPORT),
    "moves": np.array([MOVES.get(state, 0.0) for state in range(len(STATES))]),
}
