"""Concordance of predicted risks with the order of exits, competing exits respected."""

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import ParameterError
from evalkit.results import PredictionScores
from evalkit.survival.inverse_weights import Followed
from evalkit.survival.pairs import weight_below
from evalkit.survival.prediction_scores import (
    BEYOND,
    MODEL,
    NO_PAIRS,
    Score,
    predicted,
    scores_result,
)


def concordance_index(
    sample: TimeToEvent,
    risk: np.ndarray,
    *,
    horizon: float,
    cause: str | None = None,
    conf_level: float = 0.95,
) -> PredictionScores:
    """Probability that of two persons the one who exits first had the higher predicted risk.

    Parameters
    ----------
    sample : TimeToEvent
        One row a person, followed from time 0.
    risk : ndarray of float, shape (n,)
        Predicted risks, or any numbers that rise with them.
    horizon : float
        Only exits up to here are cases: later ones carry ever larger weights.
    cause : str, optional
        The exit that was predicted, or `"any"`. Required if the sample has several causes.
    conf_level : float

    Returns
    -------
    PredictionScores
        One row, `concordance`: 0.5 is no better than chance, ties in risk count one half. Missing,
        with a reason, where nobody is under observation or there are no pairs.

    Raises
    ------
    EstimationError
        As `brier_score`.
    ParameterError
        If `risk` has the wrong shape or is missing, or if the horizon is not above 0.

    Notes
    -----
    Person i exits by `cause` at T_i, within the horizon. Compared are those still followed after
    T_i, with weight 1 / (G(T_i-) G(T_i)), and those who had exited otherwise by T_i, who never
    will, with weight 1 / (G(T_i-) G(T_j-)). Without competing exits this is Uno's index up to the
    left limits of G; without censoring it is Harrell's. Errors include the estimation of G.

    References
    ----------
    Wolbers, Blanche, Koller, Witteman and Gerds (2014), Biostatistics 15:526-539.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"months": [1, 2, 3, 4], "exited": [True, True, True, False]})
    >>> sample = TimeToEvent.from_frame(frame, duration="months", event="exited")
    >>> concordance_index(sample, [0.9, 0.4, 0.5, 0.1], horizon=3).tidy()["estimate"].round(3)[0]
    np.float64(0.833)
    """
    if np.size(horizon) != 1:
        raise ParameterError("horizon: one time")
    given = predicted(sample, risk, horizon, cause)
    scores = [_concordance(given.persons, *column) for column in given.columns()]
    return scores_result("concordance_index", given, scores, conf_level)


def _concordance(persons: Followed, risk: np.ndarray, horizon: float) -> Score:
    if not persons.is_estimable(horizon):
        return Score("concordance", MODEL, horizon, np.nan, reason=BEYOND)
    before, at, v = persons.before, persons.at, persons.weight
    # Exits precede censorings: who is censored in the month of an exit is still followed after it.
    place = 2.0 * persons.row + (persons.code == 0)
    cases = np.flatnonzero((persons.code == 1) & (persons.time <= horizon) & (at > 0.0))
    competing = np.flatnonzero(persons.code == 2)
    late = _Pairs(place, risk, cases, np.arange(len(persons)), later=True)
    gone = _Pairs(place, risk, cases, competing, later=False)
    by_case = v[cases] / before[cases]
    by_other = v[competing] / before[competing]
    late_wins, late_all = late.of_cases(v)
    gone_wins, gone_all = gone.of_cases(by_other)
    under = float(by_case @ (late_all / at[cases] + gone_all))
    if under <= 0.0:
        return Score("concordance", MODEL, horizon, np.nan, reason=NO_PAIRS)
    value = float(by_case @ (late_wins / at[cases] + gone_wins)) / under
    own, after = np.zeros(len(persons)), np.zeros(len(persons))
    after[cases] = by_case * (late_wins - value * late_all) / at[cases] / under
    own[cases] = after[cases] + by_case * (gone_wins - value * gone_all) / under
    wins, count = gone.of_others(by_case)
    own[competing] = by_other * (wins - value * count) / under
    wins, count = late.of_others(by_case / at[cases])
    influence = own + v * (wins - value * count) / under
    influence += v * persons.censoring_term(own, horizon=horizon, after=after)
    return Score("concordance", MODEL, horizon, value, influence)


class _Pairs:
    """Pairs of a case and another who exits later, or who had exited by then."""

    def __init__(self, place, risk, cases, others, *, later: bool):
        sign = -1.0 if later else 1.0
        # An exit of another kind in the month of the case has come by then.
        self.shift = 0.0 if later else 0.5
        self.case = sign * place[cases] + self.shift
        self.other = sign * place[others]
        self.risk_case, self.risk_other = risk[cases], risk[others]

    def of_cases(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each case, the weight of others with lower risk (ties half), and of all others."""
        lower = self._others_below(weight, self.risk_other, self.risk_case)
        all_, higher = self._totals(weight)
        return 0.5 * (lower + all_ - higher), all_

    def _totals(self, weight) -> tuple[np.ndarray, np.ndarray]:
        flat = np.zeros(len(self.other)), np.ones(len(self.case))
        all_ = self._others_below(weight, *flat)
        return all_, self._others_below(weight, -self.risk_other, -self.risk_case)

    def _others_below(self, weight, height_other, height_case) -> np.ndarray:
        return weight_below((self.other, height_other), weight, (self.case, height_case))

    def of_others(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each other, the weight of cases with higher risk (ties half), and of all cases."""
        higher = self._cases_below(weight, -self.risk_case, -self.risk_other)
        lower = self._cases_below(weight, self.risk_case, self.risk_other)
        flat = np.zeros(len(self.case)), np.ones(len(self.other))
        all_ = self._cases_below(weight, *flat)
        return 0.5 * (higher + all_ - lower), all_

    def _cases_below(self, weight, height_case, height_other) -> np.ndarray:
        return weight_below((-self.case, height_case), weight, (-self.other, height_other))
