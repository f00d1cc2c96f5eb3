"""Draws of cost and effect of several strategies, and what one would choose by them."""

from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import frozen
from evalkit.errors import EstimationError
from evalkit.provenance import digest_bytes, digest_json


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StrategyDraws:
    """Uncertain costs and effects per person of strategies between which one is to be chosen.

    Attributes
    ----------
    strategies : tuple of str
    cost, effect : ndarray of float, shape (n_draw, n_strategy)
    currency : str
    source : str
        `parameters` (probabilistic sensitivity analysis) or `bootstrap`.
    """

    strategies: tuple[str, ...]
    cost: np.ndarray
    effect: np.ndarray
    currency: str
    source: str
    price_year: float
    horizon_months: float
    digest: str

    @classmethod
    def from_arrays(
        cls, strategies, cost, effect, *, currency: str, source: str = "parameters",
        price_year: float = np.nan, horizon_months: float = np.nan,
    ) -> "StrategyDraws":  # fmt: skip
        """Check and freeze draws.

        Parameters
        ----------
        strategies : sequence of str
        cost, effect : array of float, shape (n_draw, n_strategy)

        Raises
        ------
        EstimationError
            If there are fewer than two strategies, shapes differ, or a number is missing.

        Examples
        --------
        >>> StrategyDraws.from_arrays(["a", "b"], [[1, 2]], [[0.5, 0.6]], currency="EUR")
        <StrategyDraws: 1 draws of a, b, EUR>
        """
        names = tuple(map(str, strategies))
        cost, effect = np.array(cost, dtype=float), np.array(effect, dtype=float)
        if len(names) < 2 or len(set(names)) < len(names):
            raise EstimationError(f"strategies: {len(names)}; at least two of different names")
        if cost.ndim != 2 or cost.shape != effect.shape or cost.shape[1] != len(names):
            raise EstimationError(
                f"draws: cost {cost.shape} and effect {effect.shape} must both have one column for "
                f"each of {len(names)} strategies"
            )
        bad = int((~np.isfinite(cost) | ~np.isfinite(effect)).any(axis=1).sum())
        if bad or not len(cost):
            raise EstimationError(f"draws: {bad} of {len(cost)} are missing or infinite")
        meaning = digest_json([names, currency, source, price_year, horizon_months])
        return cls(
            names, frozen(cost, copy=False), frozen(effect, copy=False), currency, source,
            price_year, horizon_months,
            digest_bytes(meaning.encode(), cost.tobytes(), effect.tobytes())[:16],
        )  # fmt: skip

    def __repr__(self) -> str:
        names = ", ".join(self.strategies)
        return f"<StrategyDraws: {len(self.cost)} draws of {names}, {self.currency}>"

    def net_benefit(self, willingness_to_pay: float) -> np.ndarray:
        """Net monetary benefit of each draw and strategy."""
        return willingness_to_pay * self.effect - self.cost
