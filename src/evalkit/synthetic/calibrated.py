"""Made-up persons set to published numbers: what comes back shows the method, not the study.

The records of these studies are not public. Each frame here is drawn from a process whose truth is
the published number; everything that was not published is an assumption that stands in this file.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from evalkit.errors import ParameterError

SEED = 20261
STUDIES: dict[str, Callable[[np.random.Generator], pd.DataFrame]] = {}

# Laaksonen and Gould (2014), abstract: persons, incidence after 48 months, two ratios of
# subdistribution hazards, and the share who took part in vocational rehabilitation.
N_PENSIONS, RETURNED, FOLLOWED = 10_269, 0.25, 48
RATIO_EMPLOYED, RATIO_REHABILITATION, REHABILITATED = 2.41, 2.10, 0.09
EMPLOYED = 0.78  # assumed: then the interval of the ratio is about as wide as the published one
PACE = 20.0  # assumed, months: the return goes on through the whole follow-up
# Assumed, of those who do not return within the follow-up.
OTHER_EXITS = {"disability_pension": 0.72, "old_age_pension": 0.05, "died": 0.04}

# Leinonen et al. (2019), abstract: pairs, and the gain over the first year, the first two and the
# first three, which makes 11.8, 6.0 and 3.8 points for each year alone.
N_PAIRS = 3_199
TOTAL_GAIN = (11.8, 8.9, 7.2)
YEARS = (-36, -24, -12, 12, 24, 36)  # months from the start; -12 is the year before it
AT_WORK = (0.78, 0.68, 0.45, 0.50, 0.54, 0.55)  # assumed, of the comparison group
PRECISION = 2.54  # assumed: then the interval of the first year is as wide as the published one

# Oyeflaten et al. (2012), abstract: persons and mean number of moves in 48 months. The moves by
# month and state were not read anywhere: those below are assumed, up to one common factor.
N_PATIENTS, MOVES = 584, 3.7
STATES = (
    "work", "partial_sickness", "full_sickness", "medical_rehabilitation",
    "vocational_rehabilitation", "partial_disability_pension", "disability_pension",
)  # fmt: skip
AT_START = (0.05, 0.10, 0.55, 0.20, 0.10, 0.0, 0.0)
PER_CENT_A_MONTH = (
    (0.0, 0.4, 2.0, 0.4, 0.2, 0.1, 0.05),
    (10.0, 0.0, 4.0, 2.0, 1.0, 1.0, 0.3),
    (7.0, 5.0, 0.0, 5.0, 3.0, 0.4, 0.8),
    (3.0, 1.0, 1.0, 0.0, 4.0, 0.8, 1.5),
    (4.0, 0.5, 1.0, 2.0, 0.0, 0.8, 1.5),
    (0.5, 0.0, 0.5, 0.2, 0.2, 0.0, 0.8),
    (0.1, 0.0, 0.0, 0.0, 0.0, 0.2, 0.0),
)

# BORIS (2000): nothing but the place and the length of the follow-up was read. All assumed.
N_BOLLNAS = 120
SOURCES = ("work", "sickness", "unemployment", "last_resort")
BEFORE = (0.05, 0.45, 0.30, 0.25)
KEPT = (0.80, 0.50, 0.40, 0.50)  # share of those with the source before who have it after
GOT = (0.30, 0.05, 0.10, 0.04)  # share of the others who have it after

# GRUS (2008), summary: 12 persons, and 0.45 kronor back in the first year on each that was spent,
# mostly since some needed less care. Amounts and who saved how much are assumed.
N_GRUS, COST, RETURN = 12, 100_000.0, 0.45
LESS_CARE = 4

# FRISAM (2001), page 21: persons, million kronor a year, months until it is paid back.
N_FRISAM, GAIN, PAY_OFF_MONTHS = 120, 13.6e6, 6


def calibrated_data(name: str, *, seed: int = SEED) -> pd.DataFrame:
    """Draw made-up persons, or flows of money, that are set to the numbers of a published study.

    Parameters
    ----------
    name : str
        `laaksonen_2014`, `leinonen_2019`, `oeyeflaten_2014`, `boris`, `grus` or `frisam`.
    seed : int

    Returns
    -------
    DataFrame
        A row a person (`laaksonen_2014`), a person and year, month or occasion
        (`leinonen_2019`, `oeyeflaten_2014`, `boris`), or a flow of money (`grus`, `frisam`).

    Raises
    ------
    ParameterError
        If there is no such study.

    Notes
    -----
    Nobody in these frames exists. That an estimator gives the published number back says that it
    finds what was put in; whether the published number is right, no such frame can show.

    Examples
    --------
    >>> persons = calibrated_data("laaksonen_2014")
    >>> persons.shape, list(persons)
    ((10269, 5), ['person', 'months', 'exit', 'employed', 'rehabilitation'])
    """
    if name not in STUDIES:
        raise ParameterError(f"{name}: no calibrated data; there are {', '.join(sorted(STUDIES))}")
    return STUDIES[name](np.random.default_rng([seed, *name.encode()]))


def _study(function: Callable[[np.random.Generator], pd.DataFrame]) -> Callable:
    STUDIES[function.__name__] = function
    return function


@_study
def laaksonen_2014(random: np.random.Generator) -> pd.DataFrame:
    """Whole months on a temporary disability pension until work or another exit, at most 48."""
    employed = random.random(N_PENSIONS) < EMPLOYED
    rehabilitation = random.random(N_PENSIONS) < REHABILITATED
    ratio = RATIO_EMPLOYED**employed * RATIO_REHABILITATION**rehabilitation
    reached = returned_of_nobody_special()
    # Fine and Gray (1999): F(t | x) = 1 - (1 - G(t))^ratio with G(48) = reached.
    baseline = 1 - (1 - random.random(N_PENSIONS)) ** (1 / ratio)
    returns = baseline < reached
    within = 1 - np.exp(-FOLLOWED / PACE)
    months = -PACE * np.log1p(-np.where(returns, baseline / reached, 0.5) * within)
    chances = [*OTHER_EXITS.values(), 1 - sum(OTHER_EXITS.values())]
    others = random.choice([*OTHER_EXITS, "still_on_pension"], N_PENSIONS, p=chances)
    others_months = np.where(
        others == "still_on_pension", FOLLOWED, FOLLOWED * random.beta(1.3, 1.5, N_PENSIONS)
    )
    return pd.DataFrame({
        "person": np.arange(N_PENSIONS),
        "months": np.ceil(np.where(returns, months, others_months)),
        "exit": np.where(returns, "work", others),
        "employed": employed.astype(int),
        "rehabilitation": rehabilitation.astype(int),
    })  # fmt: skip


def returned_of_nobody_special() -> float:
    """Incidence at 48 months of those with neither attribute, so that all together have 25 %."""
    weights = np.outer((1 - EMPLOYED, EMPLOYED), (1 - REHABILITATED, REHABILITATED))
    ratios = np.outer((1, RATIO_EMPLOYED), (1, RATIO_REHABILITATION))
    excess = lambda share: float((weights * (1 - (1 - share) ** ratios)).sum()) - RETURNED  # noqa: E731
    return brentq(excess, 0.0, 1.0, xtol=1e-14)


@_study
def leinonen_2019(random: np.random.Generator) -> pd.DataFrame:
    """Per cent of each of six years spent at work, of rehabilitees and the person matched to each.

    Both of a pair are on the same path before the start, and would be after it: that is what
    matching and the comparison of changes assume.
    """
    path = random.uniform(-0.15, 0.15, N_PAIRS)[:, None] + np.array(AT_WORK)
    gain = np.concatenate([np.zeros(3), gain_of_each_year() / 100])
    mean = np.stack([path + gain, path])  # arm, pair, year
    share = random.beta(mean * PRECISION, (1 - mean) * PRECISION)
    arm, pair, year = (part.ravel() for part in np.indices(share.shape))
    return pd.DataFrame({
        "person": 2 * pair + arm,
        "pair": pair,
        "year": np.array(YEARS)[year],
        "at_work": 100 * share.ravel(),
        "arm": np.array(["programme", "comparison"])[arm],
    })  # fmt: skip


def gain_of_each_year() -> np.ndarray:
    """Points of each year alone, from the published means over the first one, two and three."""
    return np.diff(np.array(TOTAL_GAIN) * (1, 2, 3), prepend=0.0)


@_study
def oeyeflaten_2014(random: np.random.Generator) -> pd.DataFrame:
    """State of each of 584 persons at the start and in the 48 months after it."""
    step = np.cumsum(monthly_moves(), axis=1)
    state = np.empty((N_PATIENTS, FOLLOWED + 1), dtype=int)
    state[:, 0] = random.choice(len(STATES), N_PATIENTS, p=AT_START)
    for month in range(FOLLOWED):
        state[:, month + 1] = _next(step[state[:, month]], random.random(N_PATIENTS))
    person, month = (part.ravel() for part in np.indices(state.shape))
    return pd.DataFrame(
        {"person": person, "month": month, "state": np.array(STATES)[state.ravel()]}
    )


def _next(step: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    return np.minimum((step < uniform[:, None]).sum(axis=1), step.shape[1] - 1)


def monthly_moves() -> np.ndarray:
    """Probability of each state next month (columns) from each state (rows), 3.7 moves in all."""
    rates = np.array(PER_CENT_A_MONTH) / 100

    def moves(factor: float) -> np.ndarray:
        matrix = factor * rates
        return matrix + np.diag(1 - matrix.sum(axis=1))

    factor = brentq(lambda factor: expected_moves(moves(factor)) - MOVES, 0.01, 4.0, xtol=1e-12)
    return moves(factor)


def occupied(matrix: np.ndarray) -> np.ndarray:
    """Share in each state (columns) at months 0 to 48 (rows)."""
    shares = [np.array(AT_START)]
    for _ in range(FOLLOWED):
        shares.append(shares[-1] @ matrix)
    return np.array(shares)


def expected_moves(matrix: np.ndarray) -> float:
    """Mean number of moves in 48 months."""
    return float((occupied(matrix)[:-1] @ (1 - np.diag(matrix))).sum())


@_study
def boris(random: np.random.Generator) -> pd.DataFrame:
    """Sources of support of 120 persons at the start and 24 months after it; set to nothing."""
    before = random.random((N_BOLLNAS, len(SOURCES))) < np.array(BEFORE)
    after = random.random(before.shape) < np.where(before, KEPT, GOT)
    frames = [
        pd.DataFrame(state, columns=list(SOURCES)).assign(person=range(N_BOLLNAS), month=month)
        for state, month in ((before, 0), (after, 24))
    ]
    return pd.concat(frames, ignore_index=True)[["person", "month", *SOURCES]]


@_study
def grus(random: np.random.Generator) -> pd.DataFrame:
    """Flows of 12 persons, a year before and after: what it cost, and the care of four of them."""
    cost = _flows(range(N_GRUS), [0], "federation", "package", "intervention", COST)
    care = COST * RETURN * N_GRUS / LESS_CARE / 12
    before = _flows(range(LESS_CARE), range(-12, 0), "region", "care", "real_resource", care)
    return pd.concat([cost, before], ignore_index=True).assign(price_year=2008)


@_study
def frisam(random: np.random.Generator) -> pd.DataFrame:
    """Flows of the public sector as one party, a year before and after, of 120 persons together."""
    monthly = GAIN / 12
    cost = _flows([None], [0], "public_actors", "package", "intervention", monthly * PAY_OFF_MONTHS)
    support = _flows([None], range(-12, 0), "public_actors", "support", "transfer", monthly)
    return pd.concat([cost, support], ignore_index=True).drop(columns="person_id").assign(
        price_year=2000
    )  # fmt: skip


def _flows(persons, months, payer: str, item: str, kind: str, amount: float) -> pd.DataFrame:
    """One flow of each person in each month."""
    index = pd.MultiIndex.from_product([persons, months], names=["person_id", "month"])
    payee = "individual" if kind == "transfer" else "resources"
    return index.to_frame(index=False).assign(
        arm="programme", payer=payer, payee=payee, item=item, kind=kind, amount=amount,
        currency="SEK",
    )  # fmt: skip
