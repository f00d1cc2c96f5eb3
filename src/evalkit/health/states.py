"""States of EQ-5D: their codes, their order, and their values from additive terms."""

from collections.abc import Mapping

import numpy as np

DIMENSIONS = ("mo", "sc", "ua", "pd", "ad")
N_LEVEL = {"EQ-5D-3L": 3, "EQ-5D-5L": 5}
FULL_HEALTH = "11111"


def state_levels(top: int) -> np.ndarray:
    """Levels from 1 of all states in the order 11111, 11112, ..., (5, top ** 5)."""
    return np.indices((top,) * len(DIMENSIONS)).reshape(len(DIMENSIONS), -1) + 1


def all_states(top: int) -> list[str]:
    """Codes of all states in that order."""
    return ["".join(map(str, row)) for row in state_levels(top).T]


def levels_of_states(state: np.ndarray, top: int) -> np.ndarray:
    """Levels from 1 of the states at these positions, (n, 5)."""
    powers = top ** np.arange(len(DIMENSIONS) - 1, -1, -1)
    return (np.asarray(state)[:, None] // powers) % top + 1


def term_names(top: int) -> tuple[list[str], list[str]]:
    """Names of the terms that an additive set must have, and of those that it may have."""
    steps = range(2, top + 1)
    needed = ["full_health", *(f"{name}{step}" for name in DIMENSIONS for step in steps)]
    return needed, ["any_above_1", f"any_{top}"]


def additive_values(terms: Mapping[str, float], top: int) -> np.ndarray:
    """Value of every state: full health, plus the coefficient of each level, plus any-terms."""
    levels = state_levels(top)
    values = np.full(levels.shape[1], terms["full_health"])
    values += terms.get("any_above_1", 0.0) * (levels > 1).any(axis=0)
    values += terms.get(f"any_{top}", 0.0) * (levels == top).any(axis=0)
    for dimension, level in zip(DIMENSIONS, levels, strict=True):
        decrements = [0.0] + [terms[f"{dimension}{step}"] for step in range(2, top + 1)]
        values += np.array(decrements)[level - 1]
    return values
