"""The monthly process after the index month: support, self-support, relapse, absorbing exits."""

from dataclasses import dataclass

import numpy as np

from evalkit.synthetic.population import PROGRAMME, People

SUPPORT, FREE, PARENTAL, PENSION, OLD_AGE, EMIGRATED, DIED = range(7)
N_DRAW = 9


@dataclass(frozen=True, slots=True)
class Hazards:
    """Parameters of the process; `exit_*` are log hazards a month, the others probabilities.

    Notes
    -----
    The probability of leaving support in month t is 1 - exp(-exp(eta)), with
    eta = intercept + ramp exp(-t / 4) + fade max(t - 12, 0) + programme [arm]
        + age (age - 42) / 10 + female + education + partial + municipality.
    """

    exit_intercept: float
    exit_programme: float
    exit_ramp: float = -0.7
    exit_fade: float = -0.012
    exit_age: float = -0.18
    exit_female: float = -0.12
    exit_tertiary: float = 0.25
    exit_partial_pension: float = -0.6
    relapse: float = 0.03
    died: float = 0.0006
    emigrated: float = 0.0008
    disability_pension: float = 0.0024
    old_age_pension: float = 0.02
    parental: float = 0.0022
    parental_months: tuple[int, int] = (3, 9)
    free_after_parental: tuple[float, float] = (0.3, 0.8)


def simulate_states(
    people: People, arm: np.ndarray, n_month: int, hazards: Hazards, municipality: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """State of each person in months 0, ..., n_month after the index month.

    The same number of uniform draws is used in every month whatever happens, so that two calls
    with equal generators give both arms common random numbers.

    Returns
    -------
    ndarray of int8, shape (n, n_month + 1)
        Column 0 is `SUPPORT`.
    """
    n = len(people)
    states = np.zeros((n, n_month + 1), dtype=np.int8)
    fixed = _fixed_part(people, arm, hazards, municipality)
    left = np.zeros(n, dtype=int)
    free_next = np.zeros(n, dtype=bool)
    for month in range(1, n_month + 1):
        draw = rng.random((N_DRAW, n))
        before = states[:, month - 1]
        age = people.age(people.index + month)
        now = before.copy()
        leaves = draw[0] < exit_probability(fixed, month, hazards)
        now[(before == SUPPORT) & leaves] = FREE
        now[(before == FREE) & (draw[1] < hazards.relapse)] = SUPPORT
        ends = (before == PARENTAL) & (left <= 1)
        now[ends] = np.where(free_next[ends], FREE, SUPPORT)
        left -= 1
        starts = (before <= FREE) & (draw[2] < _parental(people, age, hazards))
        now[starts] = PARENTAL
        low, high = hazards.parental_months
        left = np.where(starts, low + np.floor(draw[3] * (high - low + 1)).astype(int), left)
        from_support, from_free = hazards.free_after_parental
        chance = np.where(before == FREE, from_free, from_support)
        free_next = np.where(starts, draw[4] < chance, free_next)
        states[:, month] = _absorbed(before, now, age, draw[5:], hazards)
    return states


def exit_probability(fixed: np.ndarray, month: int, hazards: Hazards) -> np.ndarray:
    """Probability of leaving support in a month after the index month."""
    shape = hazards.exit_ramp * np.exp(-month / 4) + hazards.exit_fade * max(month - 12, 0)
    return -np.expm1(-np.exp(fixed + shape))


def _fixed_part(
    people: People, arm: np.ndarray, hazards: Hazards, municipality: np.ndarray
) -> np.ndarray:
    return (
        hazards.exit_intercept
        + hazards.exit_programme * (arm == PROGRAMME)
        + hazards.exit_age * (people.age(people.index) - 42) / 10
        + hazards.exit_female * people.female
        + hazards.exit_tertiary * (people.education == 2)
        + hazards.exit_partial_pension * people.partial
        + municipality[people.place]
    )


def _parental(people: People, age: np.ndarray, hazards: Hazards) -> np.ndarray:
    return hazards.parental * np.where(people.female, 1.3, 0.7) * (age <= 42)


def _absorbed(
    before: np.ndarray, now: np.ndarray, age: np.ndarray, draw: np.ndarray, hazards: Hazards
) -> np.ndarray:
    """Let absorbing exits overrule the others, the strongest last; nobody comes back."""
    older = np.exp(0.05 * (age - 42))
    retires = (age >= 66) | ((age >= 63) & (draw[0] < hazards.old_age_pension))
    now[retires] = OLD_AGE
    now[(before == SUPPORT) & (draw[1] < hazards.disability_pension * older)] = PENSION
    now[draw[2] < hazards.emigrated * (age < 60)] = EMIGRATED
    gone = (before == PENSION) | (before == OLD_AGE) | (before == EMIGRATED)
    now[gone] = before[gone]
    now[(draw[3] < hazards.died * older) & (before != EMIGRATED)] = DIED
    now[before == DIED] = DIED
    return now
