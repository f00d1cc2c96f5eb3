"""Answers on health and work ability from a latent severity, and who stops answering.

The wording of the instruments is not shipped; their items and scales go by short names. Directions
and levels of the Kykyviisari scales here are those of the made-up data: more is better.
"""

import numpy as np
import pandas as pd
from scipy.special import expit, logit, ndtr, ndtri

from evalkit.codes import read_codes
from evalkit.records import schema as s
from evalkit.synthetic.countries import WAVES, Country
from evalkit.synthetic.months import last_month_present
from evalkit.synthetic.participation import Participation
from evalkit.synthetic.population import People
from evalkit.synthetic.process import Course
from evalkit.synthetic.random_streams import between, normal
from evalkit.synthetic.scenario import Scenario

END = "end"
OCCASIONS = (*map(str, WAVES), END)
ITEM_MISSING = 0.001
# What a package does to severity at each wave, as a share of its full effect, and at its end.
SHAPE = (0.0, 1.0, 1.0, 0.8, 0.65, 1.0)
# Participants whose form holds more than EQ-5D, and the occasions at which it does.
EXTENDED_SHARE = 0.25
VAS, WORK_ABILITY_SCORE, KYKYVIISARI = "vas", "WAS", "Kykyviisari"
SCALES = {"scale_c": 12, "scale_d": 9, "scale_e": 11, "scale_f": 10, "scale_g": 2}
TOP_LEVEL = 4  # of each item of a scale
_LOADING, _STABLE = 0.75, 0.5


def draw_severity(
    scenario: Scenario, people: People, course: Course, rows: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Latent severity of persons with a start at the five waves and at the end of the package.

    Parameters
    ----------
    rows : ndarray of int, shape (n,)
        Persons, each with a start.

    Returns
    -------
    ndarray of float, shape (n, 6)
        NaN where the month lies after the last one simulated.

    Notes
    -----
    health_shock z(t) - health_frailty a + noise - health_effect[form] SHAPE[occasion], where z(t)
    is the transitory shock of the month and a the constant one; the noise, half of it constant
    within a person, makes the variance 1 in a random month without a package. Recovery is nothing
    but the shock's fading. The draws do not depend on the package.
    """
    month = occasion_months(course, rows)
    known = month < course.state.shape[1]
    shock = course.shock[rows[:, None], np.where(known, month, 0)]
    explained = scenario.health_frailty**2 + scenario.health_shock**2
    n = len(rows)
    noise = np.sqrt(_STABLE) * normal(rng, (n, 1))
    noise = noise + np.sqrt(1 - _STABLE) * normal(rng, (n, len(OCCASIONS)))
    severity = (
        scenario.health_shock * shock
        - scenario.health_frailty * people.frailty[rows, None]
        + np.sqrt(max(1 - explained, 0.0)) * noise
        - np.array(scenario.health_effect)[course.form[rows], None] * np.array(SHAPE)
    )
    return np.where(known, severity, np.nan)


def draw_levels(country: Country, severity: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Levels 1, 2, ... in each dimension of EQ-5D; 0 where the severity is missing.

    Notes
    -----
    The answer counts the thresholds below 0.75 severity + sqrt(1 - 0.75^2) e, where half of the
    variance of e is constant within person and dimension.
    """
    n, occasions = severity.shape
    own = normal(rng, (n, 1, len(s.EQ5D_ITEMS))) + normal(rng, (n, occasions, len(s.EQ5D_ITEMS)))
    latent = _LOADING * severity[:, :, None] + np.sqrt((1 - _LOADING**2) / 2) * own
    level = np.ones(latent.shape, dtype=np.int8)
    for position, dimension in enumerate(s.EQ5D_ITEMS):
        for threshold in ndtri(np.cumsum(country.level_shares[dimension])[:-1]):
            level[:, :, position] += latent[:, :, position] > threshold
    level[np.isnan(severity)] = 0
    return level


def health_table(
    country: Country, scenario: Scenario, people: People, course: Course, taken: Participation,
    ids: np.ndarray, rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Answers of participants, one row an item answered; whoever drops out does not come back."""
    person = taken.person[taken.is_first]
    severity = draw_severity(scenario, people, course, person, rng)
    level = draw_levels(country, severity, rng)
    there = answering(country, scenario, level, severity, course.length[person], rng)
    date = _dates(course, taken, person, rng)
    last = np.datetime64(scenario.first_month, "M") + last_month_present(course)[person]
    there &= ~np.isnan(severity) & ~np.isnat(date) & (date.astype("datetime64[M]") <= last[:, None])
    parts = [_eq5d(country, level, there, rng), *_extended(country, severity, there, rng)]
    rows = pd.concat(parts, ignore_index=True).sort_values(["row", "at"], kind="stable")
    row, at = rows["row"].to_numpy(), rows["at"].to_numpy()
    return pd.DataFrame({
        s.PERSON_ID: ids[person[row]],
        s.OCCASION: np.array(OCCASIONS)[at],
        s.DATE: date[row, at].astype(str),
        s.INSTRUMENT: rows[s.INSTRUMENT].to_numpy(),
        s.ITEM: rows[s.ITEM].to_numpy(),
        s.VALUE: rows[s.VALUE].to_numpy(),
    })  # fmt: skip


def answering(
    country: Country, scenario: Scenario, level: np.ndarray, severity: np.ndarray,
    length: np.ndarray, rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Whether a person still answers at each wave and at the end of the package, shape (n, 6).

    Notes
    -----
    Of those who answered at the wave before, a share expit(logit(drop_out) + drop_out_observed q
    + drop_out_unobserved severity) is lost at a wave: q is the sum of the levels answered then, in
    standard deviations from its mean in a random month, and the severity that of the wave itself.
    The package's end counts with the first wave that is not before it.
    """
    n, follow_ups = len(level), len(WAVES) - 1
    mean, deviation = _level_sum(country)
    score = (level[:, :follow_ups].sum(axis=2) - mean) / deviation
    now = np.nan_to_num(severity[:, 1 : len(WAVES)])
    log_odds = (
        logit(scenario.drop_out)
        + scenario.drop_out_observed * score
        + scenario.drop_out_unobserved * now
    )
    lost = np.zeros((n, len(OCCASIONS)), dtype=bool)
    lost[:, 1 : len(WAVES)] = rng.random((n, follow_ups)) < expit(log_odds)
    there = ~np.maximum.accumulate(lost, axis=1)
    wave = np.minimum(np.searchsorted(WAVES, length), follow_ups)
    there[:, -1] = there[np.arange(n), wave]
    return there


def true_index(
    country: Country, scenario: Scenario, people: People, course: Course, rows: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Health index of persons at each wave without drop-out, shape (n, waves); NaN unknown."""
    severity = draw_severity(scenario, people, course, rows, rng)
    level = draw_levels(country, severity, rng)[:, : len(WAVES)]
    index = index_of(level, country.value_set)
    return np.where(np.isnan(severity[:, : len(WAVES)]), np.nan, index)


def index_of(level: np.ndarray, value_set: str) -> np.ndarray:
    """Health index of levels (..., 5) under an additive value set of the code books."""
    terms = read_codes("value_set_terms.csv")
    terms = terms[terms["value_set"] == value_set]
    value = dict(zip(terms["term"], terms["coefficient"].astype(float), strict=True))
    index = np.full(level.shape[:-1], value["full_health"])
    for position, dimension in enumerate(s.EQ5D_ITEMS):
        steps = np.array([value.get(f"{dimension}{number}", 0.0) for number in range(6)])
        index += steps[level[..., position]]
    worst = level.max(axis=-1)
    index += value.get("any_above_1", 0.0) * (worst > 1)
    index += value.get("any_3", 0.0) * (worst == 3) + value.get("any_5", 0.0) * (worst == 5)
    return index


def occasion_months(course: Course, rows: np.ndarray) -> np.ndarray:
    """Months of the waves and of the end of the package, shape (n, 6)."""
    start, length = course.start[rows, None], course.length[rows, None]
    return np.hstack([start + np.array(WAVES), start + length])


def _level_sum(country: Country) -> tuple[float, float]:
    """Mean and standard deviation of the sum of levels in a random month.

    The correlation of two answers is taken to be that of what lies behind them.
    """
    means, variances = [], []
    for dimension in s.EQ5D_ITEMS:
        share = np.array(country.level_shares[dimension])
        level = np.arange(1, len(share) + 1)
        means.append(share @ level)
        variances.append(share @ level**2 - (share @ level) ** 2)
    own = np.sqrt(variances)
    between_them = _LOADING**2 * (own.sum() ** 2 - (own**2).sum())
    return float(np.sum(means)), float(np.sqrt(np.sum(variances) + between_them))


def _dates(
    course: Course, taken: Participation, person: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Days of the answers: around the planned month, and in the last days of the package."""
    start, end = taken.start[taken.is_first], taken.end[taken.is_first]
    planned = start.astype("datetime64[M]")[:, None] + np.array(WAVES)
    day_of_month = (start - start.astype("datetime64[M]")).astype(int)
    delay = between(rng, len(person) * len(WAVES), -20, 55).reshape(len(person), len(WAVES))
    delay[:, 0] = between(rng, len(person), -20, 10)
    waves = planned.astype("datetime64[D]") + day_of_month[:, None] + delay
    return np.hstack([waves, (end - between(rng, len(person), 0, 6))[:, None]])


def _eq5d(
    country: Country, level: np.ndarray, there: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    answered = there[:, :, None] & (rng.random(level.shape) >= ITEM_MISSING)
    row, at, item = np.nonzero(answered)
    value = level[row, at, item]
    names = np.array(s.EQ5D_ITEMS)[item]
    return _answers(row, at, country.instrument, names, value)


def _extended(
    country: Country, severity: np.ndarray, there: np.ndarray, rng: np.random.Generator
) -> list[pd.DataFrame]:
    """Health from 0 to 100, work ability from 0 to 10, and in Finland the five scales."""
    n = len(severity)
    asked = (rng.random(n) < EXTENDED_SHARE)[:, None]
    row, at = np.nonzero(there & asked)
    noise = normal(rng, (n, len(OCCASIONS), 2 + len(SCALES)))[row, at]
    now = severity[row, at]
    vas = np.clip(np.round(52 - 13 * now + 11 * noise[:, 0]), 0, 100).astype(int)
    score = np.clip(np.round(4.2 - 1.6 * now + 1.3 * noise[:, 1]), 0, 10).astype(int)
    parts = [
        _answers(row, at, country.instrument, VAS, vas),
        _answers(row, at, WORK_ABILITY_SCORE, "was", score),
    ]
    if country.code == "FI":
        for column, (scale, items) in enumerate(SCALES.items(), start=2):
            share = ndtr(0.25 - 0.6 * now + 0.4 * noise[:, column])
            total = np.round(TOP_LEVEL * items * share).astype(int)
            parts.append(_answers(row, at, KYKYVIISARI, scale, total))
    return parts


def _answers(row, at, instrument: str, item, value) -> pd.DataFrame:
    return pd.DataFrame({
        "row": row, "at": at, s.INSTRUMENT: instrument, s.ITEM: item, s.VALUE: value,
    })  # fmt: skip
