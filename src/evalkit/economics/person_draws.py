"""Persons with flows, or whole clusters of them, drawn again."""

import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from evalkit.economics.entries import ROUNDING
from evalkit.economics.flows import Flows
from evalkit.economics.parties import public_among, with_public
from evalkit.economics.paths import Beyond, against_reference, gross_flow, net_sums
from evalkit.errors import ParameterError, SmallSampleWarning

Drawn = tuple[tuple[np.ndarray, np.ndarray], ...]
DRAWS_AT_ONCE = 200
FEW_CLUSTERS = 6  # below it persons are drawn (statistics, clusters and small samples)


def resampled(flows: Flows, n_draw: int, seed: int) -> Drawn:
    """Outlays and gains per person of resampled arms, (draw, party, month), in batches.

    With clusters, the same ones are drawn in all arms, each with all its persons. Draws in which
    an arm has nobody are left out. With fewer than six clusters persons are drawn, with a warning.
    Several estimates are made of the same draws one after the other, so the last are kept.
    """
    if not n_draw:
        return ()
    by_cluster = flows.n_cluster is not None and flows.n_cluster >= FEW_CLUSTERS
    if flows.n_cluster is not None and not by_cluster:
        warnings.warn(
            f"{flows.n_cluster} clusters are too few to draw: persons are drawn, and differences "
            "between clusters are not included",
            SmallSampleWarning,
            stacklevel=3,
        )
    return _drawn(flows, n_draw, seed, by_cluster)


@lru_cache(maxsize=1)
def _drawn(flows: Flows, n_draw: int, seed: int, by_cluster: bool) -> Drawn:
    rng, found = np.random.default_rng(seed), []
    for start in range(0, n_draw, DRAWS_AT_ONCE):
        size = min(DRAWS_AT_ONCE, n_draw - start)
        times = _of_clusters(flows, rng, size) if by_cluster else _of_persons(flows, rng, size)
        found.append(against_reference(flows, times, by_cluster=by_cluster))
        for values in found[-1]:
            values.flags.writeable = False
    return tuple(found)


def sum_limits(
    flows: Flows, public: Sequence[str], *, horizon: int, discount_rate: float, beyond: Beyond,
    n_draw: int, seed: int, conf_level: float,
) -> np.ndarray:  # fmt: skip
    """Percentiles of gain less cost summed up by month, the public sum too, (2, party, month).

    Each month by itself. Missing without draws, and where they differ by nothing but rounding.
    """
    options = {"last": flows.last, "horizon": horizon, "discount_rate": discount_rate}
    drawn = [
        with_public(flows.parties, net_sums(*paths, **options, beyond=beyond), public, axis=1)[1]
        for paths in resampled(flows, n_draw, seed)
    ]
    n_party = len(flows.parties) + bool(public_among(flows.parties, public))
    shown = np.ones((n_party, horizon + 1), dtype=bool)
    limits = percentiles(np.concatenate(drawn) if drawn else None, shown, conf_level)
    varies = limits[1] - limits[0] > ROUNDING * gross_flow(flows)
    return np.where(varies, limits, np.nan)


def _of_persons(flows: Flows, rng: np.random.Generator, size: int) -> Mapping[str, np.ndarray]:
    return {
        name: _times_drawn(rng, arm.n_person, size)[:, : arm.of_person.shape[0]]
        for name, arm in flows.arms.items()
    }


def _of_clusters(flows: Flows, rng: np.random.Generator, size: int) -> Mapping[str, np.ndarray]:
    drawn = _times_drawn(rng, flows.n_cluster, size)
    times = {name: drawn[:, arm.cluster] for name, arm in flows.arms.items()}
    filled = np.all([rows.sum(axis=1) > 0 for rows in times.values()], axis=0)
    return {name: rows[filled] for name, rows in times.items()}


def _times_drawn(rng: np.random.Generator, n: int, size: int) -> np.ndarray:
    """How often each of n is drawn when n are drawn with replacement, `size` times."""
    drawn = rng.integers(0, n, (size, n)) + n * np.arange(size)[:, None]
    return np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(float)


def percentiles(
    draws: np.ndarray | None, shown: np.ndarray, conf_level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Percentiles that are draws themselves, so that infinity is one of them.

    Missing without draws, and where there is nothing to show.
    """
    if draws is None or not len(draws):
        missing = np.full(np.shape(shown), np.nan)
        return missing, missing
    if not 0 < conf_level < 1:
        raise ParameterError(f"conf_level: {conf_level} is not between 0 and 1")
    tail = (1 - conf_level) / 2
    low = np.quantile(draws, tail, axis=0, method="inverted_cdf")
    high = np.quantile(draws, 1 - tail, axis=0, method="inverted_cdf")
    return np.where(shown, low, np.nan), np.where(shown, high, np.nan)
