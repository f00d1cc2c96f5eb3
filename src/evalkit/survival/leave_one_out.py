"""Estimates without each person, exactly and without going through the persons."""

import numpy as np

from evalkit.survival.curves import steps
from evalkit.survival.grouped import Grouped
from evalkit.survival.risksets import RiskSets, over_causes, previous, running


def leave_one_out(groups: Grouped, number: int, worth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum of the jumps of an incidence, each times its worth: for all, and without each row.

    Parameters
    ----------
    groups : Grouped
        Unweighted, one row a person. In no group all at risk exit before its last time.
    number : int
        Cause, from 0.
    worth : ndarray of float, shape (m,)
        1 up to a horizon gives the incidence there; the time left gives the area under it.

    Returns
    -------
    total : ndarray of float, shape (n_level,)
    without : ndarray of float, shape (n,)

    Notes
    -----
    Leaving out a row that is at risk from table row e to r changes nothing before e; in between one
    less is at risk, so that the curve follows that of the hazards d / (n - 1), scaled to where it
    was at e; at r its own event is missing; after r the hazards are those of all again, scaled to
    where the curve then is. Where d = n - 1 the curve without the row ends in 0.
    """
    sets, curve = groups.sets, steps(groups.sets)
    jump = running(sets, curve.jump[:, number] * worth)
    total = jump[sets.first[1:] - 1]
    one_less = _OneLess(sets, number, worth)
    e, r = sets.entry_row, sets.exit_row
    exits, is_cause = groups.code > 0, groups.code == number + 1

    scale = curve.survival_before[e] / one_less.product_before[e]
    ends = one_less.next_end[e]
    is_over = ends < r
    until = np.where(is_over, ends, r - 1)
    inside = np.where(until >= e, one_less.sum[np.maximum(until, 0)] - one_less.sum_before[e], 0.0)
    value = previous(sets, jump)[e] + scale * inside

    others = sets.at_risk[r] - 1.0
    share = np.divide(1.0, others, out=np.zeros(len(r)), where=others > 0.0)
    before_own = scale * one_less.product_before[r]
    own_jump = before_own * (sets.events[r, number] - is_cause) * share
    after_own = before_own * (1.0 - (over_causes(sets.events)[r] - exits) * share)
    rest = np.divide(
        total[sets.stratum] - jump, curve.survival, out=np.zeros(len(sets)),
        where=curve.survival > 0.0,
    )  # fmt: skip
    return total, value + np.where(is_over, 0.0, own_jump * worth[r] + after_own * rest[r])


class _OneLess:
    """Running product and sum of the hazards with one less at risk, and where they end in 0.

    Attributes
    ----------
    product_before : ndarray of float, shape (m,)
        Product of 1 - d / (n - 1) over the earlier rows of the stratum, factors of 0 left out.
    sum, sum_before : ndarray of float, shape (m,)
        Sum of jumps times worth, up to and before each row.
    next_end : ndarray of int, shape (m,)
        The first row from each one on at which all others exit; m if there is none.
    """

    def __init__(self, sets: RiskSets, number: int, worth: np.ndarray) -> None:
        others, events = sets.n_at_risk - 1, over_causes(sets.n_event)
        # Where all at risk exit, or nobody else is, no row is left out in the midst of its time.
        is_used = (others > 0) & (events <= others)
        divisor = np.where(is_used, others, 1)
        factor = np.where(is_used & (events < others), 1.0 - events / divisor, 1.0)
        product = factor.copy()
        for rows in sets.slices():
            np.cumprod(product[rows], out=product[rows])
        self.product_before = previous(sets, product, initial=1.0)
        jump = np.where(is_used, self.product_before * sets.n_event[:, number] / divisor, 0.0)
        self.sum = running(sets, jump * worth)
        self.sum_before = previous(sets, self.sum)
        m = len(sets)
        ends = np.where(is_used & (events == others), np.arange(m), m)
        self.next_end = np.minimum.accumulate(ends[::-1])[::-1]
