"""The crosswalk of van Hout and others: the 3L value to be expected, given a 5L state."""

from functools import cache

import numpy as np

from evalkit.codes import read_codes
from evalkit.health.states import DIMENSIONS


def expected_values(values: np.ndarray) -> np.ndarray:
    """Expected value of each of 3 125 states, given the values of the 243 states of EQ-5D-3L.

    The answers to the five dimensions are taken as independent, given the 5L state.
    """
    expected = values.reshape((3,) * len(DIMENSIONS))
    for axis, probability in enumerate(_probabilities()):
        expected = np.moveaxis(np.tensordot(probability, expected, axes=(1, axis)), 0, axis)
    return expected.ravel()


@cache
def _probabilities() -> np.ndarray:
    """Probability of the 3L level (last) given the 5L level, by dimension, (5, 5, 3)."""
    table = read_codes("crosswalk_5l_3l.csv")
    chance = np.zeros((len(DIMENSIONS), 5, 3))
    place = table["dimension"].map(DIMENSIONS.index)
    five, three = (table[name].astype(int) - 1 for name in ("level_5l", "level_3l"))
    chance[place, five, three] = table["probability"].astype(float)
    return chance
