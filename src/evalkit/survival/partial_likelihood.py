"""Cox's partial likelihood under ties: value, score, information and score residuals.

Sums run over distinct times, never over persons: with the share that each row bears of every event
(its compensator) known, score and information are two matrix products. Covariates are read in
blocks that fit into a processor's cache.
"""

from dataclasses import dataclass, fields

import numpy as np

from evalkit.survival.model_rows import BLOCK, Rows
from evalkit.survival.risksets import between_entry_and_exit, sum_at_risk

SMALL_GROUP = 8  # rows


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Likelihood:
    """The log partial likelihood at one coefficient vector.

    Attributes
    ----------
    value : float
    score : ndarray of float, shape (p,)
    information : ndarray of float, shape (p, p)
    state : object
        The sums that it was made of, for residuals.
    """

    value: float
    score: np.ndarray
    information: np.ndarray
    state: object = None


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

    def times(self, factor: np.ndarray) -> "TieSums":
        """Every sum times a number for each table row (m,)."""
        return TieSums(*(getattr(self, field.name) * factor for field in fields(self)))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class State:
    """What value, score, information and residuals at one coefficient vector are made of.

    Attributes
    ----------
    linear, relative : ndarray of float, shape (n,)
        Linear predictor, less its maximum, and weight times its exponential.
    sums : TieSums
    at_risk : ndarray of float, shape (p, k)
        Sum of `relative` times the covariates over those at risk at each table row with events.
    tied : ndarray of float, shape (p, k), or None
        The same over the tied events; None where no ties need it.
    """

    linear: np.ndarray
    relative: np.ndarray
    sums: TieSums
    at_risk: np.ndarray
    tied: np.ndarray | None


def state_at(beta: np.ndarray, rows: Rows, ties: str) -> State:
    """Sums over the risk sets at a coefficient vector (p,) on the scale of `rows.values`."""
    linear = rows.values @ beta
    linear -= linear.max()
    relative = np.exp(linear)
    relative *= rows.weight
    total = sum_at_risk(rows.sets, relative)
    needs_tied = ties == "efron" and bool((rows.n_tied > 1).any())
    tied = None
    if needs_tied:
        which = np.flatnonzero(rows.events)
        tied = np.bincount(rows.sets.exit_row[which], relative[which], minlength=len(total))
    sums = _efron_sums(total, tied, rows) if needs_tied else _breslow_sums(total, rows)
    at_risk, tied_moments = moments(rows, relative, needs_tied)
    return State(linear, relative, sums, at_risk, tied_moments)


def likelihood(beta: np.ndarray, rows: Rows, *, ties: str) -> Likelihood:
    """Evaluate the log partial likelihood and its derivatives.

    Parameters
    ----------
    beta : ndarray of float, shape (p,)
        On the scale of `rows.values`.
    rows : Rows
    ties : {"efron", "breslow"}

    Notes
    -----
    With tied events D at a time, Efron's denominators are S0 - (l - 1) / d D0 for l = 1 ... d, and
    each event counts with the mean weight of the tied events; Breslow's are S0 throughout. With
    frequencies d is their sum, so that the value is that of the rows written out one by one.

    References
    ----------
    Efron (1977), J Am Stat Assoc 72:557-565. Therneau and Grambsch (2000), section 3.3.
    """
    state = state_at(beta, rows, ties)
    counted = rows.weight * rows.events
    value = float(counted @ state.linear - state.sums.log.sum())
    return Likelihood(value, *derivatives(rows, state, state.sums, counted), state)


def derivatives(
    rows: Rows, state: State, sums: TieSums, counted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Score (p,) and information (p, p), where `counted` (n,) is how much each event counts."""
    compensator = compensator_of(rows, state.relative, sums)
    score = rows.values.T @ (counted - compensator)
    information = cross_products(rows.values, compensator)
    at = rows.at_event
    information -= cross_products(state.at_risk.T, sums.one_2[at])
    if state.tied is not None:
        crossed = cross_products(state.at_risk.T, sums.both_2[at], state.tied.T)
        information += crossed + crossed.T
        information -= cross_products(state.tied.T, sums.share_2[at])
    return score, information


def cross_products(
    values: np.ndarray, weight: np.ndarray, other: np.ndarray | None = None
) -> np.ndarray:
    """X' W Y, shape (p, p), of `values` X and `other` Y (n, p), by default X, and weights (n,)."""
    one, two = values.T, values.T if other is None else other.T
    total = np.zeros((len(one), len(two)))
    for low in range(0, len(weight), BLOCK):
        here = slice(low, low + BLOCK)
        total += (one[:, here] * weight[here]) @ two[:, here].T
    return total


def compensator_of(rows: Rows, relative: np.ndarray, sums: TieSums) -> np.ndarray:
    """Expected weighted events of each row: (n,)."""
    borne = between_entry_and_exit(rows.sets, sums.one)
    borne -= rows.events * sums.share[rows.sets.exit_row]
    borne *= relative
    return borne


def event_mean(rows: Rows, state: State, column: int) -> np.ndarray:
    """Covariate expected of an event at each time, averaged over the tied ones: (k,)."""
    at, sums = rows.at_event, state.sums
    mean = state.at_risk[column] * sums.one[at]
    if state.tied is not None:
        mean -= state.tied[column] * sums.share[at]
    return mean / (rows.n_tied * rows.mean_weight)[at]


def score_residuals(rows: Rows, state: State) -> np.ndarray:
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
    sets, at = rows.sets, rows.at_event
    rate = state.relative / rows.weight
    jump = rows.events - compensator_of(rows, rate, state.sums)
    own, part = np.flatnonzero(rows.events), np.empty(len(rate))
    n_event, rate_of_own = sets.n_event[at, 0], rate[own]
    sums = at_events(rows, state.sums)
    count = (rows.n_tied * rows.mean_weight)[at]
    residuals = np.empty(rows.values.shape, order="F")
    for number, column in enumerate(rows.values.T):
        at_risk = state.at_risk[number]
        borne, mean = at_risk * sums.one_2, at_risk * sums.one
        if state.tied is not None:
            borne -= state.tied[number] * sums.both_2
            mean -= state.tied[number] * sums.share
        mean /= count
        lost = residuals[:, number]
        np.multiply(_borne_by(rows, borne), rate, out=lost)
        lost += np.multiply(jump, column, out=part)
        at_own = np.repeat(mean, n_event)
        if state.tied is not None:
            spared = at_risk * sums.both_2 - state.tied[number] * sums.share_2
            at_own += np.repeat(spared, n_event) * rate_of_own
        lost[own] -= at_own
    return residuals


def at_events(rows: Rows, sums: TieSums) -> TieSums:
    """The sums at table rows with events only, each (k,)."""
    return TieSums(*(getattr(sums, field.name)[rows.at_event] for field in fields(sums)))


def _borne_by(rows: Rows, values: np.ndarray) -> np.ndarray:
    """Sum of values at rows with events (k,) over those at which each row was at risk: (n,)."""
    sets = rows.sets
    if sets.is_delayed:
        table = np.zeros(len(sets))
        table[rows.at_event] = values
        return between_entry_and_exit(sets, table)
    by_group = np.zeros(len(rows.group))
    by_group[sets.n_event[rows.group, 0] > 0] = values
    bounds = np.searchsorted(rows.group, sets.first).tolist()
    for low, high in zip(bounds[:-1], bounds[1:], strict=True):
        np.cumsum(by_group[low:high], out=by_group[low:high])
    return np.repeat(by_group, np.diff(rows.start))


def _breslow_sums(total: np.ndarray, rows: Rows) -> TieSums:
    at, none = rows.at_event, np.zeros(len(total))
    log, one, one_2 = none.copy(), none.copy(), none.copy()
    counted, at_risk = (rows.n_tied * rows.mean_weight)[at], total[at]
    log[at] = counted * np.log(at_risk)
    one[at] = counted / at_risk
    one_2[at] = one[at] / at_risk
    return TieSums(log, one, none, one_2, none, none)


def _efron_sums(total: np.ndarray, tied: np.ndarray, rows: Rows) -> TieSums:
    row = np.repeat(np.arange(len(total)), rows.n_tied)
    first = np.cumsum(rows.n_tied) - rows.n_tied
    fraction = (np.arange(len(row)) - first[row]) / rows.n_tied[row]
    denominator = total[row] - fraction * tied[row]
    once = rows.mean_weight[row] / denominator
    twice = once / denominator

    def summed(terms):
        return np.bincount(row, terms, minlength=len(total))

    return TieSums(
        summed(rows.mean_weight[row] * np.log(denominator)),
        summed(once),
        summed(once * fraction),
        summed(twice),
        summed(twice * fraction**2),
        summed(twice * fraction),
    )


def moments(
    rows: Rows, relative: np.ndarray, needs_tied: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """Sums of `relative` times the covariates over the risk sets, and over tied events: (p, k)."""
    columns = rows.values.T
    count = rows.sets.n_event[rows.group, 0]
    at_risk = np.empty((len(columns), len(rows.at_event)))
    tied = np.empty_like(at_risk) if needs_tied else None
    entering = _entering(rows, relative) if rows.sets.is_delayed else None
    first = np.searchsorted(rows.group, rows.sets.first[:-1])
    # Where groups are small it is faster to cumulate their rows than to sum them first.
    by_row = entering is None and len(relative) < SMALL_GROUP * len(rows.group)
    carry, done = np.zeros(len(columns)), len(rows.at_event)
    for low, high, top, bottom in reversed(rows.blocks()):
        weighted = columns[:, low:high] * relative[low:high]
        has_events = np.flatnonzero(count[top:bottom])
        here, done = slice(done - len(has_events), done), done - len(has_events)
        start = rows.start[top:bottom] - low
        if needs_tied and len(has_events):
            which = np.flatnonzero(rows.events[low:high])
            n_event = count[top:bottom][has_events]
            begin = np.cumsum(n_event) - n_event
            tied[:, here] = np.add.reduceat(weighted[:, which], begin, axis=1)
        if by_row:
            carry = _from_the_end(weighted, rows.start[first], low, carry)
            at_risk[:, here] = weighted[:, start[has_events]]
            continue
        leaving = np.add.reduceat(weighted, start, axis=1)
        if entering is not None:
            leaving -= entering[:, top + 1 : bottom + 1]
        carry = _from_the_end(leaving, first, top, carry)
        at_risk[:, here] = leaving[:, has_events]
    return at_risk, tied


def _from_the_end(values: np.ndarray, first: np.ndarray, top: int, carry: np.ndarray):
    """Cumulate groups or rows (p, width) in place from the end of each stratum; carry on."""
    bottom = top + values.shape[1]
    low, high = np.searchsorted(first, [top, bottom])
    if bottom not in first[high : high + 1]:
        values[:, -1] += carry
    bounds = [0, *(first[low:high] - top).tolist(), bottom - top]
    for begin, end in zip(bounds[:-1], bounds[1:], strict=True):
        part = values[:, begin:end]
        np.cumsum(part[:, ::-1], axis=1, out=part[:, ::-1])
    return values[:, 0].copy() if top not in first[low : low + 1] else np.zeros(len(values))


def _entering(rows: Rows, relative: np.ndarray) -> np.ndarray:
    """Sums over those who enter late, by the first group that finds them there: (p, g + 1)."""
    sets, n_group = rows.sets, len(rows.group)
    late = np.flatnonzero(sets.entry_row > sets.first[sets.stratum[sets.exit_row]])
    entry, rate = np.searchsorted(rows.group, sets.entry_row[late]), relative[late]
    return np.stack(
        [np.bincount(entry, column[late] * rate, minlength=n_group + 1) for column in rows.values.T]
    )
