"""Net monetary benefit: health gained, priced, less what it costs."""

from collections.abc import Sequence

import numpy as np

from evalkit.economics.cost_utility import (
    adjusted_terms,
    draws_of,
    facts_of,
    largest_costs,
    percentiles,
    smaller_arm,
)
from evalkit.economics.costs_and_effects import CostsAndEffects
from evalkit.errors import ParameterError
from evalkit.provenance import provenance
from evalkit.results import NetBenefit


def net_benefit(
    sample: CostsAndEffects,
    *,
    willingness_to_pay: Sequence[float],
    covariates: Sequence[str] = (),
    n_bootstrap: int = 1999,
    seed: int = 20261,
    conf_level: float = 0.95,
) -> NetBenefit:
    """Say how much better off the programme leaves a person, at each price of a QALY.

    Unlike the ratio of cost to effect it has a sign that means one thing and an interval that
    always exists; so it is the primary answer.

    Parameters
    ----------
    sample : CostsAndEffects
    willingness_to_pay : sequence of float
        What a QALY is taken to be worth, in the sample's currency; 0 or more. There is no default:
        what it is worth is not for the data to say.
    covariates, n_bootstrap, seed, conf_level
        As for `cost_utility`.

    Returns
    -------
    NetBenefit
        One row a willingness to pay: the adjusted difference in net benefit per person, with its t
        interval and with bootstrap percentiles.

    Raises
    ------
    EstimationError
        As `cost_utility`.
    ParameterError
        If there is no willingness to pay, or one is negative.

    Notes
    -----
    NMB = l dE - dC, var = l^2 var(dE) + var(dC) - 2 l cov(dE, dC): the coefficient of the programme
    in a regression of l e - c on the same columns (net-benefit regression), and its error.

    References
    ----------
    Stinnett AA, Mullahy J (1998), doi 10.1177/0272989X98018002S09. Hoch JS, Briggs AH, Willan AR
    (2002), doi 10.1002/hec.678.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "id": range(4), "arm": ["programme"] * 2 + ["comparison"] * 2,
    ...     "cost": [90.0, 110.0, 50.0, 70.0], "qaly": [1.5, 1.7, 1.2, 1.4],
    ... })
    >>> sample = CostsAndEffects.from_frame(
    ...     frame, person="id", arm="arm", cost="cost", effect="qaly", currency="SEK"
    ... )
    >>> table = net_benefit(sample, willingness_to_pay=[0, 100, 200], n_bootstrap=0).tidy()
    >>> table["estimate"].round(6).tolist()
    [-40.0, -10.0, 20.0]
    """
    grid = checked_grid(willingness_to_pay)
    joint = adjusted_terms(sample, covariates)["difference"]
    drawn = draws_of(sample, covariates, n_bootstrap, seed).net_benefit(grid)
    numbers = np.array([joint.interval([-1.0, value], conf_level) for value in grid])
    limits = np.array([percentiles(column, conf_level) for column in drawn.T])
    n, k = smaller_arm(sample)
    return NetBenefit(
        rows={
            "willingness_to_pay": grid,
            "estimate": numbers[:, 0],
            "std_error": numbers[:, 1],
            "conf_low": numbers[:, 2],
            "conf_high": numbers[:, 3],
            "boot_low": limits[:, 0],
            "boot_high": limits[:, 1],
            "unit": [f"{sample.currency} per person"] * len(grid),
        },
        summary=facts_of(sample, covariates, conf_level, n_bootstrap)
        | {"method": "net-benefit regression"},
        support={
            name: np.full(len(grid), value)
            for name, value in {"n": n, "k": k, **largest_costs(sample)}.items()
        },
        provenance=provenance(
            "net_benefit", sample.digest, seed=seed, willingness_to_pay=tuple(grid),
            covariates=tuple(covariates), n_bootstrap=n_bootstrap, conf_level=conf_level,
        ),
    )  # fmt: skip


def checked_grid(willingness_to_pay: Sequence[float]) -> np.ndarray:
    """Values in rising order, each once.

    Raises
    ------
    ParameterError
        If there is none, or one is negative or no number.
    """
    grid = np.unique(np.asarray(list(willingness_to_pay), dtype=float))
    if not len(grid) or not np.isfinite(grid).all() or grid[0] < 0:
        raise ParameterError(
            "willingness_to_pay: needs at least one amount for a QALY, and none below 0"
        )
    return grid
