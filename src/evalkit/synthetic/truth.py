"""What is true of the made-up population, by a large simulation of the same process."""

import numpy as np

from evalkit.synthetic.answers import draw_levels, index_of
from evalkit.synthetic.countries import WAVES, Country
from evalkit.synthetic.population import COMPARISON, PROGRAMME, People, eligible_participants
from evalkit.synthetic.process import FREE, PARENTAL, PENSION, Hazards, simulate_states
from evalkit.synthetic.random_streams import stream

N_TRUTH = 100_000
HORIZONS, SUSTAINED = (12, 24), (1, 3, 6, 12)
NEVER = 10_000


def first_sustained_exit(states: np.ndarray, sustained: int) -> np.ndarray:
    """Month of the first run of `sustained` months without public support, `NEVER` if none.

    Months of parental benefit neither start, continue nor break a run; any other state but
    self-support breaks it. Runs that the last column cuts off are no exits.
    """
    length = np.zeros(len(states), dtype=int)
    began = np.full(len(states), NEVER)
    found = np.full(len(states), NEVER)
    for month in range(1, states.shape[1]):
        free, neutral = states[:, month] == FREE, states[:, month] == PARENTAL
        began = np.where(free & (length == 0), month, began)
        length = np.where(free, length + 1, np.where(neutral, length, 0))
        found = np.where((length >= sustained) & (found == NEVER), began, found)
    return found


def true_values(
    country: Country, hazards: Hazards, municipality: np.ndarray, seed: int, n: int = N_TRUTH
) -> dict:
    """True values by arm and their differences, each with its Monte-Carlo standard error.

    Both arms are simulated for the same `n` eligible persons with common random numbers.
    """
    people = eligible_participants(country, n, stream(seed, f"{country.code} truth people"))
    arms = {
        name: _arm_values(country, people, np.full(n, arm), hazards, municipality, seed)
        for name, arm in (("programme", PROGRAMME), ("comparison", COMPARISON))
    }
    return {
        quantity: _summary(arms["programme"][quantity], arms["comparison"][quantity])
        for quantity in arms["programme"]
    }


def _arm_values(
    country: Country, people: People, arm: np.ndarray, hazards: Hazards,
    municipality: np.ndarray, seed: int,
) -> dict[str, np.ndarray]:  # fmt: skip
    rng = stream(seed, f"{country.code} truth months")
    states = simulate_states(people, arm, 48, hazards, municipality, rng)
    values: dict[str, np.ndarray] = {}
    for sustained in SUSTAINED:
        month = first_sustained_exit(states, sustained)
        for horizon in HORIZONS:
            values[f"incidence_k{sustained}_h{horizon}"] = month <= horizon
        if sustained == 3:
            values["months_since_first_exit_k3_h24"] = np.maximum(24 - month, 0)
            values |= _competing(states, month)
    values["months_without_support_h24"] = (states[:, 1:25] == FREE).sum(axis=1)
    values["without_support_in_month_24"] = states[:, 24] == FREE
    levels = draw_levels(country, arm, people.female, stream(seed, f"{country.code} truth health"))
    index = index_of(levels, country.value_set)
    return values | {f"index_wave{wave}": index[:, column] for column, wave in enumerate(WAVES)}


def _competing(states: np.ndarray, exit_month: np.ndarray) -> dict[str, np.ndarray]:
    """First absorbing exit by month 24, where no sustained self-support came before it."""
    names = ("disability_pension", "old_age_pension", "emigrated", "died")
    absorbed = states >= PENSION
    first = np.where(absorbed.any(axis=1), absorbed.argmax(axis=1), NEVER)
    cause = states[np.arange(len(states)), np.minimum(first, states.shape[1] - 1)]
    counts = (first <= 24) & (first < exit_month)
    return {
        f"incidence_{name}_h24": counts & (cause == state)
        for state, name in enumerate(names, start=PENSION)
    }


def _summary(programme: np.ndarray, comparison: np.ndarray) -> dict:
    parts = {
        "programme": programme.astype(float),
        "comparison": comparison.astype(float),
        "difference": programme.astype(float) - comparison,
    }
    return {
        name: {
            "value": round(float(draws.mean()), 6),
            "mc_error": round(float(draws.std(ddof=1) / np.sqrt(len(draws))), 7),
        }
        for name, draws in parts.items()
    }
