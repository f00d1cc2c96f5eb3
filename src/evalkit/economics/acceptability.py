"""Acceptability: how likely each strategy is the best one, and what more knowledge is worth."""

from collections.abc import Sequence

import numpy as np

from evalkit.economics.cost_utility import draws_of, largest_costs, smaller_arm
from evalkit.economics.costs_and_effects import CostsAndEffects
from evalkit.economics.net_benefit import checked_grid
from evalkit.economics.strategy_draws import StrategyDraws
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import Acceptability, InformationValue

ARMS = ("programme", "comparison")


def acceptability(
    sample: CostsAndEffects | StrategyDraws,
    *,
    willingness_to_pay: Sequence[float],
    covariates: Sequence[str] = (),
    n_bootstrap: int = 1999,
    seed: int = 20261,
) -> Acceptability:
    """Probability that each strategy has the highest net benefit, by willingness to pay.

    The strategy to choose is the one with the highest net benefit on average, which need not be the
    one that is most often the best: its probability is the acceptability frontier (`is_best`).

    Parameters
    ----------
    sample : CostsAndEffects or StrategyDraws
        Persons of two arms, who are resampled as in `cost_utility`; or draws of any number of
        strategies, as from `probabilistic_sensitivity`.
    willingness_to_pay : sequence of float
        As for `net_benefit`.
    covariates, n_bootstrap, seed
        As for `cost_utility`; without meaning for draws.

    Returns
    -------
    Acceptability
        One row a willingness to pay and strategy: `probability`, mean `net_benefit` per person (of
        arms: over that of the comparison, which is 0), and whether it is the best on average.

    Raises
    ------
    EstimationError
        As `cost_utility`, or if there are no draws.
    ParameterError
        As `net_benefit`.

    Notes
    -----
    Strategies that tie in a draw share it. Bootstrap shares are read as probabilities as in
    Bayesian analysis with flat priors.

    References
    ----------
    Fenwick E, Claxton K, Sculpher M (2001), doi 10.1002/hec.635. Barton GR, Briggs AH, Fenwick EAL
    (2008), doi 10.1111/j.1524-4733.2008.00358.x.

    Examples
    --------
    >>> draws = StrategyDraws.from_arrays(
    ...     ["new", "old"], [[30, 20], [30, 20]], [[0.2, 0.1], [0.1, 0.1]], currency="EUR"
    ... )
    >>> table = acceptability(draws, willingness_to_pay=[0, 300]).tidy()
    >>> table[["willingness_to_pay", "strategy", "probability", "is_best"]]
       willingness_to_pay strategy  probability  is_best
    0                 0.0      new          0.0    False
    1                 0.0      old          1.0     True
    2               300.0      new          0.5     True
    3               300.0      old          0.5    False
    """
    grid = checked_grid(willingness_to_pay)
    draws, behind = _draws(sample, covariates, n_bootstrap, seed)
    probability, mean, best = [], [], []
    for value in grid:
        benefit = draws.net_benefit(value)
        highest = _is_highest(benefit)
        probability.append((highest / highest.sum(axis=1, keepdims=True)).mean(axis=0))
        mean.append(benefit.mean(axis=0))
        best.append(np.arange(len(draws.strategies)) == np.argmax(benefit.mean(axis=0)))
    size = len(grid) * len(draws.strategies)
    return Acceptability(
        rows={
            "willingness_to_pay": np.repeat(grid, len(draws.strategies)),
            "strategy": np.array(draws.strategies * len(grid), dtype=object),
            "probability": np.concatenate(probability),
            "net_benefit": np.concatenate(mean),
            "is_best": np.concatenate(best),
        },
        summary=_facts(sample, draws),
        support={name: np.full(size, value) for name, value in behind.items()},
        provenance=_made("acceptability", sample, grid, covariates, n_bootstrap, seed),
    )


def information_value(
    sample: CostsAndEffects | StrategyDraws,
    *,
    willingness_to_pay: Sequence[float],
    population: float = np.nan,
    covariates: Sequence[str] = (),
    n_bootstrap: int = 1999,
    seed: int = 20261,
) -> InformationValue:
    """What it would be worth to know for certain which strategy is best (EVPI).

    This is what is expected to be lost by choosing under the present uncertainty, and so the most
    that a further study can be worth.

    Parameters
    ----------
    sample, willingness_to_pay, covariates, n_bootstrap, seed
        As for `acceptability`.
    population : float
        Persons whom the choice concerns, for `population_value`; discount those of later years
        yourself. Missing without it.

    Returns
    -------
    InformationValue
        One row a willingness to pay: value per person and its Monte-Carlo error, and that of the
        population.

    Raises
    ------
    EstimationError
        As `acceptability`.
    ParameterError
        As `net_benefit`, or if the population is negative.

    Notes
    -----
    EVPI = E max_k NB_k - max_k E NB_k, never below 0.

    References
    ----------
    Claxton K (1999), doi 10.1016/S0167-6296(98)00039-3.

    Examples
    --------
    >>> draws = StrategyDraws.from_arrays(
    ...     ["new", "old"], [[10, 0], [10, 0]], [[0.3, 0.0], [0.0, 0.0]], currency="EUR"
    ... )
    >>> information_value(draws, willingness_to_pay=[100]).tidy()["estimate"].tolist()
    [5.0]
    """
    grid = checked_grid(willingness_to_pay)
    if population < 0:
        raise ParameterError("population: a number of persons, 0 or more")
    draws, behind = _draws(sample, covariates, n_bootstrap, seed)
    value, error = np.array([_lost(draws.net_benefit(price)) for price in grid]).T
    return InformationValue(
        rows={
            "willingness_to_pay": grid,
            "estimate": value,
            "std_error": error,
            "population_value": value * population,
            "unit": [f"{draws.currency} per person"] * len(grid),
        },
        summary=_facts(sample, draws) | {"population": population},
        support={name: np.full(len(grid), value) for name, value in behind.items()},
        provenance=_made(
            "information_value", sample, grid, covariates, n_bootstrap, seed, population=population
        ),
    )


def _lost(benefit: np.ndarray) -> tuple[float, float]:
    """Mean of what the best strategy of each draw has over the one chosen, and its error."""
    chosen = np.argmax(benefit.mean(axis=0))
    lost = benefit.max(axis=1) - benefit[:, chosen]
    error = lost.std(ddof=1) / np.sqrt(len(lost)) if len(lost) > 1 else np.nan
    return float(lost.mean()), float(error)


def _is_highest(benefit: np.ndarray) -> np.ndarray:
    return (benefit == benefit.max(axis=1, keepdims=True)).astype(float)


def _draws(
    sample: CostsAndEffects | StrategyDraws, covariates: Sequence[str], n_bootstrap: int, seed: int
) -> tuple[StrategyDraws, dict[str, float]]:
    """Draws of the strategies; persons of the smaller arm, and those who have the costs."""
    if isinstance(sample, StrategyDraws):
        return sample, dict.fromkeys(("n", "k"), np.nan)
    if n_bootstrap < 1:
        raise EstimationError("n_bootstrap: no draws, so that nothing is more or less likely")
    drawn = draws_of(sample, covariates, n_bootstrap, seed)
    nothing = np.zeros(n_bootstrap)
    draws = StrategyDraws.from_arrays(
        ARMS, np.stack([drawn.cost, nothing], axis=1), np.stack([drawn.effect, nothing], axis=1),
        currency=sample.currency, source="bootstrap", price_year=sample.price_year,
        horizon_months=sample.horizon_months,
    )  # fmt: skip
    n, k = smaller_arm(sample)
    return draws, {"n": n, "k": k, **largest_costs(sample)}


def _facts(sample: CostsAndEffects | StrategyDraws, draws: StrategyDraws) -> dict[str, object]:
    return {
        "n": np.nan if sample is draws else len(sample),
        "n_draw": len(draws.cost),
        "n_strategy": len(draws.strategies),
        "source": draws.source,
        "currency": draws.currency,
        "price_year": draws.price_year,
        "horizon_months": draws.horizon_months,
        "label": "description",
    }


def _made(function: str, sample, grid, covariates, n_bootstrap: int, seed: int, **more):
    if isinstance(sample, StrategyDraws):
        return provenance(function, sample.digest, willingness_to_pay=tuple(grid), **more)
    return provenance(
        function, sample.digest, seed=seed, willingness_to_pay=tuple(grid),
        covariates=tuple(covariates), n_bootstrap=n_bootstrap, **more,
    )  # fmt: skip
