"""EQ-5D answers from a latent severity, with drop-out completely at random."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from evalkit.codes import read_codes
from evalkit.synthetic.countries import WAVES, Country
from evalkit.synthetic.population import PROGRAMME
from evalkit.synthetic.random_streams import between, normal

DIMENSIONS = ("mo", "sc", "ua", "pd", "ad")
DROP_OUT = 0.12
ITEM_MISSING = 0.001
RECOVERY = (0.0, 0.06, 0.10, 0.12, 0.13)
_LOADING, _STABLE = 0.75, 0.6


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers of participants.

    Attributes
    ----------
    level : ndarray of int8, shape (n, 5 waves, 5 dimensions)
    answered : ndarray of bool, shape (n, 5 waves, 5 dimensions)
    day : ndarray of int, shape (n, 5 waves)
        Days between the planned date and the answer.
    """

    level: np.ndarray
    answered: np.ndarray
    day: np.ndarray


def draw_answers(
    country: Country, arm: np.ndarray, female: np.ndarray, rng: np.random.Generator
) -> Answers:
    """Levels, drop-out and dates. Whoever drops out does not come back."""
    n = len(arm)
    level = draw_levels(country, arm, female, rng)
    lost = rng.random((n, len(WAVES))) < DROP_OUT
    lost[:, 0] = False
    missing = rng.random((n, len(WAVES), len(DIMENSIONS))) < ITEM_MISSING
    answered = ~missing & ~np.maximum.accumulate(lost, axis=1)[:, :, None]
    day = between(rng, n * len(WAVES), -20, 55).reshape(n, len(WAVES))
    day[:, 0] = between(rng, n, -20, 10)
    return Answers(level, answered, day)


def draw_levels(
    country: Country, arm: np.ndarray, female: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Levels 1, 2, ... of each person, wave and dimension.

    Notes
    -----
    Severity is sqrt(0.6) u_i + sqrt(0.4) v_iw + 0.1 female - recovery_w - shift_w programme, and
    the answer in a dimension counts the thresholds below 0.75 severity + sqrt(1 - 0.75^2) e.
    """
    n, waves, dimensions = len(arm), len(WAVES), len(DIMENSIONS)
    severity = (
        np.sqrt(_STABLE) * normal(rng, (n, 1))
        + np.sqrt(1 - _STABLE) * normal(rng, (n, waves))
        + 0.1 * female[:, None]
        - np.array(RECOVERY)
        - np.array(country.health_shift) * (arm == PROGRAMME)[:, None]
    )
    own = (normal(rng, (n, 1, dimensions)) + normal(rng, (n, waves, dimensions))) / np.sqrt(2)
    latent = _LOADING * severity[:, :, None] + np.sqrt(1 - _LOADING**2) * own
    level = np.ones(latent.shape, dtype=np.int8)
    for position, dimension in enumerate(DIMENSIONS):
        for threshold in ndtri(np.cumsum(country.level_shares[dimension])[:-1]):
            level[:, :, position] += latent[:, :, position] > threshold
    return level


def index_of(level: np.ndarray, value_set: str) -> np.ndarray:
    """Health index of levels (..., 5) under an additive value set of the code books."""
    terms = read_codes("value_set_terms.csv")
    terms = terms[terms["value_set"] == value_set]
    value = dict(zip(terms["term"], terms["coefficient"].astype(float), strict=True))
    index = np.full(level.shape[:-1], value["full_health"])
    for position, dimension in enumerate(DIMENSIONS):
        steps = np.array([value.get(f"{dimension}{number}", 0.0) for number in range(6)])
        index += steps[level[..., position]]
    worst = level.max(axis=-1)
    index += value.get("any_above_1", 0.0) * (worst > 1)
    index += value.get("any_3", 0.0) * (worst == 3) + value.get("any_5", 0.0) * (worst == 5)
    return index
