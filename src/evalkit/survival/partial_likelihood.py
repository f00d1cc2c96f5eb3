"""Cox's partial likelihood under ties: value, score, information and score residuals.

Sums run over distinct times, never over persons: with the share that each row bears of every event
(its compensator) known, score and information are two matrix products.
"""

from dataclasses import dataclass

import numpy as np

from evalkit.survival.risksets import (
    RiskSets,
    between_entry_and_exit,
    sum_at_risk,
    sum_exits,
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Likelihood:
    """The log partial likelihood at one coefficient vector.

    Attributes
    ----------
    value : float
    score : ndarray of float, shape (p,)
    information : ndarray of float, shape (p, p)
    """

    value: float
    score: np.ndarray
    information: np.ndarray


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TieSums:
    """Sums over the d tied events l of each time; den_l = S0 - f_l D0, h = their mean weight.

    Attributes
    ----------
    log : ndarray of float, shape (m,)
        Sum of h log den_l.
    one, share : ndarray of float, shape (m,)
        Sums of h / den_l and h f_l / den_l.
    one_2, share_2, both_2 : ndarray of float, shape (m,)
        Sums of h / den_l^2, h f_l^2 / den_l^2 and h f_l / den_l^2.
    """

    log: np.ndarray
    one: np.ndarray
    share: np.ndarray
    one_2: np.ndarray
    share_2: np.ndarray
    both_2: np.ndarray


def likelihood(
    beta: np.ndarray,
    values: np.ndarray,
    events: np.ndarray,
    weight: np.ndarray,
    sets: RiskSets,
    *,
    ties: str,
) -> Likelihood:
    """Evaluate the log partial likelihood and its derivatives.

    Parameters
    ----------
    beta : ndarray of float, shape (p,)
    values : ndarray of float, shape (n, p)
        Covariates, centred for precision.
    events : ndarray of bool, shape (n,)
    weight : ndarray of float, shape (n,)
    sets : RiskSets
        Risk sets of these n rows.
    ties : {"efron", "breslow"}

    Notes
    -----
    With tied events D at a time, Efron's denominators are S0 - (l - 1) / d D0 for l = 1 ... d, and
    each event counts with the mean weight of the tied events; Breslow's are S0 throughout.

    References
    ----------
    Efron (1977), J Am Stat Assoc 72:557-565. Therneau and Grambsch (2000), section 3.3.
    """
    linear, relative, sums = _relative(beta, values, events, weight, sets, ties)
    compensator = _compensator(relative, events, sums, sets)
    value = float(weight[events] @ linear[events] - sums.log.sum())
    score = values.T @ (weight * events - compensator)
    at_risk = sum_at_risk(sets, relative[:, None] * values)
    tied = sum_exits(sets, relative[:, None] * values, events)
    crossed = at_risk.T @ (sums.both_2[:, None] * tied)
    information = (
        values.T @ (compensator[:, None] * values)
        - at_risk.T @ (sums.one_2[:, None] * at_risk)
        + crossed
        + crossed.T
        - tied.T @ (sums.share_2[:, None] * tied)
    )
    return Likelihood(value, score, information)


def score_residuals(
    beta: np.ndarray,
    values: np.ndarray,
    events: np.ndarray,
    weight: np.ndarray,
    sets: RiskSets,
    *,
    ties: str,
) -> np.ndarray:
    """Contribution of each row to the score, per unit of weight, exact under Efron's ties.

    Returns
    -------
    ndarray of float, shape (n, p)
        The weighted sum over rows is the score.

    Notes
    -----
    Row i has, for its own event, x_i less the mean of the d tied covariate means, and loses
    exp(x_i beta) (x_i - mean_l) h / den_l for each l of each time at risk; in its own tied event it
    bears only the part 1 - f_l of that.

    References
    ----------
    Lin and Wei (1989), J Am Stat Assoc 84:1074-1078. R, survival:::residuals.coxph.
    """
    _, relative, sums = _relative(beta, values, events, weight, sets, ties)
    at_risk = sum_at_risk(sets, relative[:, None] * values)
    tied = sum_exits(sets, relative[:, None] * values, events)
    own = events[:, None]
    means = at_risk * sums.one[:, None] - tied * sums.share[:, None]
    borne = at_risk * sums.one_2[:, None] - tied * sums.both_2[:, None]
    spared = at_risk * sums.both_2[:, None] - tied * sums.share_2[:, None]
    weight_of_events = np.bincount(sets.exit_row[events], weight[events], minlength=len(sets))
    mean = np.divide(
        means, weight_of_events[:, None], out=np.zeros_like(means),
        where=weight_of_events[:, None] > 0.0,
    )  # fmt: skip
    compensator = _compensator(relative, events, sums, sets) / weight
    lost = between_entry_and_exit(sets, borne) - own * spared[sets.exit_row]
    jump = own * (values - mean[sets.exit_row])
    return jump - compensator[:, None] * values + (relative / weight)[:, None] * lost


def _relative(beta, values, events, weight, sets, ties):
    """Linear predictor, weighted relative rate of each row, and the sums over tied events."""
    linear = values @ beta
    linear = linear - linear.max()
    relative = weight * np.exp(linear)
    total = sum_at_risk(sets, relative)
    n_tied = np.bincount(sets.exit_row[events], minlength=len(sets))
    tied = np.bincount(sets.exit_row[events], relative[events], minlength=len(sets))
    share = np.bincount(sets.exit_row[events], weight[events], minlength=len(sets))
    mean_weight = np.divide(share, n_tied, out=np.zeros(len(sets)), where=n_tied > 0)
    return linear, relative, _tie_sums(total, tied, n_tied, mean_weight, ties)


def _tie_sums(total, tied, n_tied, mean_weight, ties) -> TieSums:
    row = np.repeat(np.arange(len(total)), n_tied)
    first = np.cumsum(n_tied) - n_tied
    fraction = (np.arange(len(row)) - first[row]) / n_tied[row]
    fraction = fraction if ties == "efron" else np.zeros(len(row))
    denominator = total[row] - fraction * tied[row]
    weight = mean_weight[row]

    def summed(terms):
        return np.bincount(row, terms, minlength=len(total))

    once = weight / denominator
    twice = once / denominator
    return TieSums(
        summed(weight * np.log(denominator)),
        summed(once),
        summed(once * fraction),
        summed(twice),
        summed(twice * fraction**2),
        summed(twice * fraction),
    )


def _compensator(relative, events, sums: TieSums, sets: RiskSets) -> np.ndarray:
    """Expected weighted events of each row: (n,)."""
    borne = between_entry_and_exit(sets, sums.one)
    return relative * (borne - events * sums.share[sets.exit_row])
