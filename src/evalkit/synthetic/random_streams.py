"""Random numbers that are the same on every run and every machine.

Only uniform doubles are drawn from the generator; everything else is computed from them, because
the other distributions of numpy may change between its versions.
"""

import zlib

import numpy as np
from scipy.special import ndtri


def stream(seed: int, name: str) -> np.random.Generator:
    """Generator of a named part of the population, independent of the other parts."""
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal draws of a given shape, by inversion."""
    return ndtri(np.clip(rng.random(shape), 1e-12, 1 - 1e-12))


def choose(rng: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    """One column for each row of a matrix (n, k) of weights, drawn in proportion to them."""
    cumulative = np.cumsum(weights, axis=1)
    point = rng.random(len(weights)) * cumulative[:, -1]
    return np.minimum((cumulative <= point[:, None]).sum(axis=1), weights.shape[1] - 1)


def between(rng: np.random.Generator, n: int, low: int, high: int) -> np.ndarray:
    """Whole numbers, evenly spread over low, ..., high."""
    return low + np.floor(rng.random(n) * (high - low + 1)).astype(int)
