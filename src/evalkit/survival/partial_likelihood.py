"""Cox's partial likelihood under ties: value, score, information and score residuals.

Sums run over distinct times, never over persons: with the share that each row bears of every event
(its compensator) known, score and information are two matrix products. Covariates are read in
blocks that fit into a processor's cache.
"""

from collections.abc import Iterator
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
    if sums.share.any():
        borne -= rows.events * sums.share[rows.sets.exit_row]
    borne *= relative
    return borne


def event_mean(rows: Rows, state: State, column: int) -> np.ndarray:
    """Covariate expected of an event at each time, averaged over the tied ones: (k,)."""
    at, sums = rows.at_event, state.sums
    mean = state.at_risk[column] * sums.one[at]
    if state.tied is not None:
        mean -= state.tied[column] * sums.share[at]
    return mean / rows.sets.events[at, 0]


def score_blocks(
    rows: Rows, state: State, factor: np.ndarray | None = None
) -> Iterator[tuple[slice, np.ndarray]]:
    """Contribution of each row to the score, exact under Efron's ties, a block at a time.

    Parameters
    ----------
    factor : ndarray of float, shape (n,), optional
        What contributions per unit of weight are multiplied by.

    Yields
    ------
    slice and ndarray of float, shape (p, width)
        Rows, and their contributions.

    Notes
    -----
    Row i has, for its own event, x_i less the mean of the d tied covariate means, and loses
    exp(x_i beta) (x_i - mean_l) h / den_l for each l of each time at risk; in its own tied event it
    bears only the part 1 - f_l of that.

    References
    ----------
    Lin and Wei (1989), J Am Stat Assoc 84:1074-1078. R, survival:::residuals.coxph.
    """
    sums, rate = at_events(rows, state.sums), state.relative / rows.weight
    jump = rows.events - compensator_of(rows, rate, state.sums)
    first, last = _places(rows)
    borne = np.zeros((len(state.at_risk), len(rows.at_event) + 1))
    np.multiply(state.at_risk, sums.one_2, out=borne[:, 1:])
    if state.tied is not None:
        borne[:, 1:] -= state.tied * sums.both_2
    np.cumsum(borne, axis=1, out=borne)
    for low in range(0, len(rate), BLOCK):
        here = slice(low, low + BLOCK)
        block = borne.take(last[here], axis=1)
        if first is not None:
            block -= borne.take(first[here], axis=1)
        block *= rate[here]
        block += rows.values.T[:, here] * jump[here]
        own = np.flatnonzero(rows.events[here])
        if len(own):
            block[:, own] -= _at_own(rows, state, sums, last[here][own] - 1, rate[here][own])
        yield here, block if factor is None else np.multiply(block, factor[here], out=block)


def score_residuals(rows: Rows, state: State) -> np.ndarray:
    """Contribution of each row to the score, per unit of weight (see `score_blocks`): (n, p).

    The weighted sum over rows is the score.
    """
    residuals = np.empty(rows.values.shape, order="F")
    for here, block in score_blocks(rows, state):
        residuals[here] = block.T
    return residuals


def _places(rows: Rows) -> tuple[np.ndarray | None, np.ndarray]:
    """Times with events before each row is at risk, and until its exit: (n,) and (n,).

    They are counted from the first stratum on; nothing for the first, if all are 0.
    """
    sets = rows.sets
    until = np.zeros(len(sets) + 1, dtype=np.intp)
    np.cumsum(sets.n_event[:, 0] > 0, out=until[1:])
    last = until[1:][sets.exit_row]
    if not sets.is_delayed and len(sets.first) == 2:
        return None, last
    return until[sets.entry_row], last


def _at_own(rows: Rows, state: State, sums: TieSums, place: np.ndarray, rate: np.ndarray):
    """What own events take off: the mean at their time, and what is spared of it: (p, width)."""
    here = slice(int(place[0]), int(place[-1]) + 1)
    at_risk, place = state.at_risk[:, here], place - here.start
    mean = at_risk * sums.one[here]
    if state.tied is not None:
        mean -= state.tied[:, here] * sums.share[here]
    mean /= rows.sets.events[rows.at_event[here], 0]
    own = mean.take(place, axis=1)
    if state.tied is not None:
        spared = at_risk * sums.both_2[here] - state.tied[:, here] * sums.share_2[here]
        own += spared.take(place, axis=1) * rate
    return own


def at_events(rows: Rows, sums: TieSums) -> TieSums:
    """The sums at table rows with events only, each (k,)."""
    return TieSums(*(getattr(sums, field.name)[rows.at_event] for field in fields(sums)))


def _breslow_sums(total: np.ndarray, rows: Rows) -> TieSums:
    counted, none = rows.sets.events[:, 0], np.broadcast_to(0.0, len(total))
    # Where nothing is counted, it does not matter what rounding has made of those at risk.
    at_risk = np.where(counted > 0.0, total, 1.0) if rows.sets.is_delayed else total
    one = counted / at_risk
    return TieSums(counted * np.log(at_risk), one, none, one / at_risk, none, none)


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
    at_risk = np.empty((len(columns), len(rows.at_event)))
    tied = np.empty_like(at_risk) if needs_tied else None
    entering = _entering(rows, relative) if rows.sets.is_delayed else None
    first = np.searchsorted(rows.group, rows.sets.first[:-1])
    # Where groups are small it is faster to cumulate their rows than to sum them first.
    by_row = entering is None and len(relative) < SMALL_GROUP * len(rows.group)
    carry = np.zeros(len(columns))
    for low, high, top, bottom in reversed(rows.blocks()):
        weighted = columns[:, low:high] * relative[low:high]
        here = slice(*np.searchsorted(rows.first_event, [low, high]).tolist())
        if needs_tied and here.start < here.stop:
            tied[:, here] = _of_tied(rows, weighted, low, here)
        if by_row:
            carry = _from_the_end(weighted, rows.start[first], low, carry)
            at_risk[:, here] = weighted.take(rows.first_event[here] - low, axis=1)
            continue
        leaving = np.add.reduceat(weighted, rows.start[top:bottom] - low, axis=1)
        if entering is not None:
            leaving -= entering[:, top + 1 : bottom + 1]
        carry = _from_the_end(leaving, first, top, carry)
        groups = np.searchsorted(rows.group[top:bottom], rows.at_event[here])
        at_risk[:, here] = leaving.take(groups, axis=1)
    return at_risk, tied


def _of_tied(rows: Rows, weighted: np.ndarray, low: int, here: slice) -> np.ndarray:
    """Sums of weighted covariates (p, width) over the events of each time of a block."""
    n_event = rows.sets.n_event[rows.at_event[here], 0]
    which = np.flatnonzero(rows.events[low : low + weighted.shape[1]])
    return np.add.reduceat(weighted.take(which, axis=1), np.cumsum(n_event) - n_event, axis=1)


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
