"""Weights for those whose follow-up ended before a horizon, and what it costs to estimate them."""

from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.survival.grouped import units_of_dependence
from evalkit.survival.risksets import require_cause, require_rows


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Followed:
    """Persons with a positive weight, and the Kaplan-Meier curve of staying uncensored.

    Attributes
    ----------
    time, weight : ndarray of float, shape (n,)
    code : ndarray of int, shape (n,)
        0 = censored, 1 = the cause of interest, 2 = any other exit.
    kept : ndarray of int, shape (n,)
        Positions in the sample.
    row : ndarray of int, shape (n,)
        Position of each time among the distinct ones.
    times, left : ndarray of float, shape (m,)
        Distinct times, and the share uncensored after each.
    spread : ndarray of float, shape (m,)
        Weight at risk of a censoring and not censored, at each time.
    hazard : ndarray of float, shape (m,)
        Share of those at risk of a censoring who are censored.
    """

    time: np.ndarray
    weight: np.ndarray
    code: np.ndarray
    kept: np.ndarray
    row: np.ndarray
    times: np.ndarray
    left: np.ndarray
    spread: np.ndarray
    hazard: np.ndarray

    def __len__(self) -> int:
        return len(self.time)

    @property
    def before(self) -> np.ndarray:
        """Share uncensored just before each person's own time, (n,)."""
        return np.concatenate([[1.0], self.left])[self.row]

    @property
    def at(self) -> np.ndarray:
        """Share uncensored after each person's own time, (n,)."""
        return self.left[self.row]

    def after(self, horizon: float) -> float:
        """Share uncensored at a horizon."""
        position = int(np.searchsorted(self.times, horizon, side="right"))
        return float(np.concatenate([[1.0], self.left])[position])

    def is_estimable(self, horizon: float) -> bool:
        """Whether anybody was under observation at the horizon."""
        return bool(np.any(self.time >= horizon)) and self.after(horizon) > 0.0

    def censoring_term(
        self, own: np.ndarray, *, horizon: float, after: np.ndarray | None = None, rest: float = 0.0
    ) -> np.ndarray:
        """What the estimated weights add to the influence of each person, (n,).

        Parameters
        ----------
        own, after : ndarray of float, shape (n,)
            Parts of the estimate that are divided by the share just before, or after, the person's
            time.
        rest : float
            Part that is divided by the share at the horizon.

        Notes
        -----
        A censoring at s lowers the share after s; person i's part is the integral of
        H(s) / (Y(s) - dC(s)) dM_i(s), H(s) the parts whose share lies after s, and M_i the
        martingale of being censored.
        """
        m = len(self.times)
        parts = np.bincount(self.row, own, minlength=m + 1)[: m + 1].astype(float)
        beyond = parts[::-1].cumsum()[::-1][1:] if m else parts[:0]
        if after is not None:
            parts = np.bincount(self.row, after, minlength=m)
            beyond = beyond + parts[::-1].cumsum()[::-1]
        beyond = beyond + rest * (self.times <= horizon)
        usable = self.spread > 0.0
        rate = np.divide(beyond, self.spread, out=np.zeros(m), where=usable)
        cumulated = np.cumsum(rate * self.hazard)
        censored = self.code == 0
        # Whose exit is at s has left before those who are censored at s.
        last = self.row - (~censored)
        drift = np.where(last >= 0, cumulated[np.maximum(last, 0)], 0.0)
        return censored * rate[self.row] - drift


def followed(sample: TimeToEvent, cause: str | None) -> tuple[Followed, str]:
    """Persons of a sample, and the name of the cause; see `Followed`.

    Raises
    ------
    EstimationError
        If the sample is empty, has several causes and none is named, has delayed entry or several
        rows a person, or has no weight.
    ParameterError
        If the cause is not one of the sample's.
    """
    kept = _usable(sample)
    code, name = _codes(sample, cause)
    time, weight, code = sample.duration[kept], sample.weight[kept], code[kept]
    times, row = np.unique(time, return_inverse=True)
    leaving = np.bincount(row, weight, minlength=len(times))
    censored = np.bincount(row, weight * (code == 0), minlength=len(times))
    exits = leaving - censored
    at_risk = leaving[::-1].cumsum()[::-1] - exits
    none_left = np.bincount(row, code == 0, minlength=len(times)) == _count_at_risk(row, code)
    hazard = np.divide(censored, at_risk, out=np.zeros(len(times)), where=censored > 0.0)
    hazard[none_left & (censored > 0.0)] = 1.0
    left = np.cumprod(1.0 - hazard)
    spread = np.where(hazard < 1.0, at_risk - censored, 0.0)
    return Followed(time, weight, code, kept, row, times, left, spread, hazard), name


def _usable(sample: TimeToEvent) -> np.ndarray:
    """Positions of the rows that count."""
    require_rows(sample)
    if np.any(sample.entry > 0.0):
        raise EstimationError(
            "entry: weights for censoring need everybody to be followed from time 0"
        )
    if sample.person is not None and len(np.unique(sample.person)) < len(sample):
        raise EstimationError("person: weights for censoring need one row a person")
    kept = np.flatnonzero(sample.weight > 0.0)
    if not len(kept):
        raise EstimationError(f"weight: all {len(sample)} rows have weight 0")
    return kept


def _codes(sample: TimeToEvent, cause: str | None) -> tuple[np.ndarray, str]:
    """Codes (n,): 1 the cause, 2 another one; and the name of the cause."""
    if cause is None and len(sample.causes) > 1:
        raise EstimationError(
            f"cause: the sample has {len(sample.causes)} causes ({', '.join(sample.causes)}); "
            "say which one the risks are of"
        )
    if cause == "any" or (cause is None and len(sample.causes) == 1):
        name = "any" if cause == "any" else sample.causes[0]
        return (sample.code > 0).astype(np.intp), name
    wanted = require_cause(sample, str(cause))
    return np.where(sample.code == wanted, 1, np.where(sample.code > 0, 2, 0)), str(cause)


def _count_at_risk(row: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Persons at risk of a censoring at each time, exits of that time left out."""
    leaving = np.bincount(row)
    exits = np.bincount(row, code > 0, minlength=len(leaving))
    return leaving[::-1].cumsum()[::-1] - exits


def units(sample: TimeToEvent, persons: Followed) -> tuple[np.ndarray, float, float]:
    """Unit of dependence of each person (n,), degrees of freedom, and number of clusters."""
    n = len(persons)
    cluster = None if sample.cluster is None else sample.cluster[persons.kept]
    unit, df, n_cluster = units_of_dependence(cluster, np.arange(n), np.zeros(n, dtype=np.intp))
    return np.arange(n) if unit is None else unit, df, n_cluster


def error_of(influence: np.ndarray, unit: np.ndarray) -> float:
    """Standard error of a sum of influences (n,) over independent units."""
    sums = np.bincount(unit, influence)
    n_unit = len(np.unique(unit))
    return float(np.sqrt((sums**2).sum() * n_unit / (n_unit - 1.0))) if n_unit > 1 else np.nan


def predicted_risks(
    sample: TimeToEvent, persons: Followed, risk: np.ndarray, n_time: int
) -> np.ndarray:
    """Predicted risks as (n, n_time), of the persons kept.

    Raises
    ------
    ParameterError
        If there is not one number for each row of the sample (and horizon), or one is missing.
    """
    given = np.asarray(risk, dtype=float)
    given = given[:, None] if given.ndim == 1 else given
    if given.ndim != 2 or len(given) != len(sample) or given.shape[1] not in (1, n_time):
        raise ParameterError(
            f"risk: needs shape ({len(sample)},) or ({len(sample)}, {n_time}), has {np.shape(risk)}"
        )
    if not np.isfinite(given).all():
        raise ParameterError(f"risk: {int((~np.isfinite(given)).any(axis=1).sum())} rows missing")
    return np.broadcast_to(given, (len(given), n_time))[persons.kept]


def horizons_of(horizon: object) -> np.ndarray:
    """Horizons in increasing order.

    Raises
    ------
    ParameterError
        If one is not a number above 0, or they do not increase.
    """
    given = np.atleast_1d(np.asarray(horizon, dtype=float))
    if given.ndim != 1 or not len(given) or not np.isfinite(given).all() or given[0] <= 0.0:
        raise ParameterError("horizon: must be one or several times above 0")
    if np.any(np.diff(given) <= 0.0):
        raise ParameterError("horizon: several times must increase")
    return given
