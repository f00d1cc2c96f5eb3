"""What is true of the made-up population, by a large simulation of both potential outcomes."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from evalkit.synthetic.answers import true_index
from evalkit.synthetic.countries import WAVES, Country
from evalkit.synthetic.money import flows_by_party
from evalkit.synthetic.months import layers_of
from evalkit.synthetic.places import Place, joined_months, municipality_effects
from evalkit.synthetic.population import NO_PAYER, People, draw_people, payers_of
from evalkit.synthetic.process import NEVER, YEAR, Assign, Course, simulate
from evalkit.synthetic.random_streams import stream
from evalkit.synthetic.scenario import (
    DISABILITY,
    OLD_AGE,
    PARENTAL,
    SELF_SUPPORT,
    STATES,
    SUPPORT,
    Scenario,
)

HORIZONS, SUSTAINED = (12, 24, 36), (1, 3, 6, 12)
PRIMARY = 3
BLOCK, STARTERS = 50_000, 40_000
ARMS: tuple[tuple[str, Assign], ...] = (("programme", "coordinated"), ("comparison", "information"))
PAY_OFF_MONTHS = 24
_AHEAD = max(HORIZONS) + max(SUSTAINED)
_EXIT = {"disability": "disability_pension"}
_FLOW, _COST = "received_less_paid_by_", "package_paid_by_"


@dataclass(frozen=True, slots=True)
class Starters:
    """Both potential outcomes of eligible persons who start a package.

    Attributes
    ----------
    weight : dict of str to ndarray
        Weight of each starter under ATT, ATO and ATE.
    outcomes : dict of str to dict of str to ndarray
        By arm and quantity, one entry a starter.
    """

    weight: dict[str, np.ndarray]
    outcomes: dict[str, dict[str, np.ndarray]]


def truth_text(
    country: Country, scenario: Scenario, places: tuple[Place, ...], seed: int,
    n_starter: int = STARTERS,
) -> str:  # fmt: skip
    """Content of `truth.json`: the true value of every quantity, with its Monte-Carlo error.

    Notes
    -----
    Persons of the same process are drawn until `n_starter` eligible ones have started a package.
    Each lives twice, with a coordinated and with an information package, on the same random
    numbers. ATT averages over those whose own package was coordinated, ATE over all, ATO with
    weights e (1 - e), where e is the known probability of a coordinated package.
    """
    blocks = list(_blocks(country, scenario, places, seed, n_starter))
    starters = _joined([block[0] for block in blocks])
    areas = np.sum([block[1] for block in blocks], axis=0)
    content = {
        "about": "Made-up data: true values of the process that the records were drawn from.",
        "country": country.code,
        "seed": seed,
        "persons_simulated": BLOCK * len(blocks),
        "starters_simulated": len(starters.weight["ATE"]),
        "population": "eligible starters of a first package whom the records can follow for 24 "
        "months and an exit of 3 months in a row; later months are simulated beyond the records",
        "definition": "SS-FORS; month of the first run of k months without public support; "
        "months of parental benefit are neutral; programme: coordinated package, comparison: "
        "information package; common random numbers in both arms",
        "scenario": asdict(scenario),
        "municipalitylog_hazard_ratio": _effects_by_place(country, scenario, places, seed),
        "log_hazard_ratio": log_hazard_ratio(scenario),
        "need": need_shares(areas, scenario),
        "values": {name: _values(starters, weight) for name, weight in starters.weight.items()},
        "pay_off": {name: _pay_offs(starters, weight) for name, weight in starters.weight.items()},
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def last_followed(scenario: Scenario) -> int:
    """Last month of start from which the records reach two years and the primary exit."""
    return scenario.n_month - (PAY_OFF_MONTHS + PRIMARY)


def first_sustained_exit(states: np.ndarray, sustained: int) -> np.ndarray:
    """Month of the first run of `sustained` months of self-support, `NEVER` if none.

    Column 0 is the month of the start. Months of parental benefit neither start, continue nor
    break a run; any other state breaks it. Runs that the last column cuts off are no exits.
    """
    length = np.zeros(len(states), dtype=int)
    began = np.full(len(states), NEVER)
    found = np.full(len(states), NEVER)
    free, neutral = np.isin(states, SELF_SUPPORT), states == PARENTAL
    for month in range(1, states.shape[1]):
        now = free[:, month]
        began = np.where(now & (length == 0), month, began)
        length = np.where(now, length + 1, np.where(neutral[:, month], length, 0))
        found = np.where((length >= sustained) & (found == NEVER), began, found)
    return found


def outcomes_of(states: np.ndarray) -> dict[str, np.ndarray]:
    """Quantities of each person from their states in months 0, 1, ... after the start."""
    free = np.isin(states, SELF_SUPPORT)
    values: dict[str, np.ndarray] = {}
    for sustained in SUSTAINED:
        month = first_sustained_exit(states, sustained)
        values |= {f"incidence_k{sustained}_h{h}": month <= h for h in HORIZONS}
    primary = first_sustained_exit(states, PRIMARY)
    absorbed = states >= DISABILITY
    gone = np.where(absorbed.any(axis=1), absorbed.argmax(axis=1), NEVER)
    cause = states[np.arange(len(states)), np.minimum(gone, states.shape[1] - 1)]
    for h in HORIZONS:
        values[f"months_since_first_exit_k{PRIMARY}_h{h}"] = np.maximum(h - primary, 0)
        values[f"months_until_any_exit_k{PRIMARY}_h{h}"] = np.minimum(h, np.minimum(primary, gone))
        values[f"months_in_self_support_h{h}"] = free[:, :h].sum(axis=1)
        values[f"self_support_in_month_{h}"] = free[:, h]
        for state in range(DISABILITY, len(STATES)):
            counts = (gone <= h) & (gone < primary) & (cause == state)
            values[f"incidence_{_EXIT.get(STATES[state], STATES[state])}_h{h}"] = counts
    return values


def _blocks(
    country: Country, scenario: Scenario, places: tuple[Place, ...], seed: int, n_starter: int
) -> Iterator[tuple[Starters, np.ndarray]]:
    found, number = 0, 0
    while found < n_starter:
        block = _block(country, scenario, places, seed, f"{country.code} truth {number}")
        found, number = found + len(block[0].weight["ATE"]), number + 1
        yield block


def _block(
    country: Country, scenario: Scenario, places: tuple[Place, ...], seed: int, name: str
) -> tuple[Starters, np.ndarray]:
    rng = stream(seed, f"{name} people")
    residents = np.cumsum([place.residents for place in places])
    place = np.searchsorted(residents, rng.random(BLOCK) * residents[-1], side="right")
    people = draw_people(country, scenario, place, rng)
    effect = municipality_effects(places, scenario, country, seed)
    world = country, scenario, people, effect, joined_months(places, scenario)
    natural = simulate(*world, stream(seed, f"{name} months"))
    rows = np.flatnonzero(natural.eligible & (natural.start <= last_followed(scenario)))
    outcomes = {}
    for arm, assign in ARMS:
        course = simulate(
            *world, stream(seed, f"{name} months"), n_month=scenario.last_start + _AHEAD + 1,
            assign=assign, rows=rows,
        )  # fmt: skip
        outcomes[arm] = _outcomes(country, scenario, people.part(rows), course, seed, name)
    chance, own = natural.propensity[rows], natural.form[rows] > 0
    weight = {"ATT": own.astype(float), "ATO": chance * (1 - chance), "ATE": np.ones(len(rows))}
    return Starters(weight, outcomes), count_need(country, scenario, people, natural)


def _outcomes(
    country: Country, scenario: Scenario, people: People, course: Course, seed: int, name: str
) -> dict[str, np.ndarray]:
    everyone = np.arange(len(people))
    ahead = course.start[:, None] + np.arange(_AHEAD + 1)
    values = outcomes_of(course.state[everyone[:, None], ahead])
    index = true_index(country, scenario, people, course, everyone, stream(seed, f"{name} health"))
    values |= {f"index_wave{wave}": index[:, column] for column, wave in enumerate(WAVES)}
    layers = layers_of(country, people, course)
    flows, cost = flows_by_party(country, scenario, people, course, everyone, layers)
    for party, flow in flows.items():
        for h in HORIZONS:
            values[f"{_FLOW}{party}_h{h}"] = flow[:, :h].sum(axis=1)
    return values | {f"{_COST}{party}": paid for party, paid in cost.items()}


def _joined(blocks: list[Starters]) -> Starters:
    return Starters(
        {
            name: np.concatenate([block.weight[name] for block in blocks])
            for name in blocks[0].weight
        },
        {
            arm: {
                name: np.concatenate([block.outcomes[arm][name] for block in blocks])
                for name in blocks[0].outcomes[arm]
            }
            for arm in blocks[0].outcomes
        },
    )


def _values(starters: Starters, weight: np.ndarray) -> dict[str, dict]:
    programme, comparison = starters.outcomes["programme"], starters.outcomes["comparison"]
    return {
        name: {
            "programme": _mean(programme[name].astype(float), weight),
            "comparison": _mean(comparison[name].astype(float), weight),
            "difference": _mean(programme[name].astype(float) - comparison[name], weight),
        }
        for name in programme
    }


def _pay_offs(starters: Starters, weight: np.ndarray) -> dict[str, dict]:
    """Static pay-off in months, of each financier and of society: 12 C / G over two years."""
    programme, comparison = starters.outcomes["programme"], starters.outcomes["comparison"]
    money = [name for name in programme if name.startswith((_FLOW, _COST))]
    extra = {name: programme[name] - comparison[name] for name in money}
    costs = {name.removeprefix(_COST): extra[name] for name in extra if name.startswith(_COST)}
    gains = {party: extra[f"{_FLOW}{party}_h{PAY_OFF_MONTHS}"] for party in costs}
    costs["society"] = sum(costs.values())
    gains["society"] = -extra[f"{_FLOW}production_h{PAY_OFF_MONTHS}"]
    return {party: _pay_off(costs[party], gains[party], weight) for party in costs}


def _pay_off(cost: np.ndarray, gain: np.ndarray, weight: np.ndarray) -> dict[str, object]:
    paid, gained = (weight @ cost) / weight.sum(), (weight @ gain) / weight.sum()
    found = {
        "cost": round(float(paid), 2),
        "gain_a_year": round(float(gained * YEAR / PAY_OFF_MONTHS), 2),
    }
    if gained <= 0:
        return found | {"months": None, "because": "never: there is no gain"}
    months = PAY_OFF_MONTHS * paid / gained
    spread = weight * (PAY_OFF_MONTHS * cost - months * gain)
    error = np.sqrt(spread @ spread) / weight.sum() / gained
    return found | {"months": round(float(months), 3), "mc_error": round(float(error), 4)}


def _mean(draws: np.ndarray, weight: np.ndarray) -> dict[str, float]:
    mean = (weight @ draws) / weight.sum()
    error = np.sqrt(weight**2 @ (draws - mean) ** 2) / weight.sum()
    return {"value": round(float(mean), 6), "mc_error": round(float(error), 7)}


def count_need(country: Country, scenario: Scenario, people: People, course: Course) -> np.ndarray:
    """By calendar year: persons, in need, covered by a first package, and both.

    The first year is left out, because its history lies before the records.
    """
    state, payer = course.state, payers_of(country)
    support = np.isin(state, SUPPORT)
    row = np.arange(len(people))[:, None]
    paid = [
        np.where(support, payer[part[row, state]], NO_PAYER)
        for part in (people.main, people.beside)
    ]
    counts = []
    for first in range(YEAR, scenario.n_month - YEAR + 1, YEAR):
        year = slice(first, first + YEAR)
        payers = sum(
            ((paid[0][:, year] == one) | (paid[1][:, year] == one)).any(axis=1)
            for one in range(payer.max() + 1)
        )
        here = state[:, first] < OLD_AGE
        need = here & support[:, year].all(axis=1) & (payers >= 2)
        active = (course.start < first + YEAR) & (course.start + course.length >= first)
        covered = here & active & (course.form > 0)
        counts.append([len(people), need.sum(), covered.sum(), (need & covered).sum()])
    return np.array(counts)


def need_shares(counts: np.ndarray, scenario: Scenario) -> dict[str, dict]:
    """Shares of the population of working age, which is more than those in the records."""
    names = ("need", "covered", "covered_in_need", "unmet_need")
    first_year = int(scenario.first_month[:4]) + 1
    found = {}
    for year, (here, need, covered, both) in enumerate(counts, start=first_year):
        shares = np.array([need, covered, both, need - both]) / here
        error = np.sqrt(shares * (1 - shares) / here) * scenario.share_of_population
        found[str(year)] = {
            name: {"value": round(float(value), 6), "mc_error": round(float(of), 7)}
            for name, value, of in zip(
                names, shares * scenario.share_of_population, error, strict=True
            )
        }
    return found


def _effects_by_place(
    country: Country, scenario: Scenario, places: tuple[Place, ...], seed: int
) -> dict[str, float]:
    effects = municipality_effects(places, scenario, country, seed)
    return {place.code: float(one) for place, one in zip(places, effects, strict=True)}


def log_hazard_ratio(scenario: Scenario) -> dict[str, object]:
    """Where the package's effect does not fade, the difference of the forms is one number."""
    changes = any(scenario.effect) or any(scenario.lock_in) or scenario.effect_sickness
    if changes and scenario.fade_months is not None:
        return {
            "meaningful": False,
            "because": "the effect changes with time: lock-in during the package, then fading",
        }
    information, *others = scenario.effect
    return {
        "meaningful": True,
        "given": "state, duration, calendar, covariates, frailty and shock",
        "coordination": round(others[0] - information, 6),
        "joint_work": round(others[1] - information, 6),
    }
