"""Effects of joining at one wave on the outcome at another: one comparison of two changes each."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit

from evalkit.panel.design import independent_columns

Adjustment = Literal["doubly_robust", "outcome", "weighting"]

SURE = 0.999  # a fitted probability of joining above which nobody compares
STEPS, TIGHT = 50, 1e-10
NO_CONTROL = "nobody to compare with"
NO_CHANGE = "nobody who joined then answered at both waves"
NO_OVERLAP = "covariates tell who joined"
COLLINEAR = "covariates are collinear among those compared with"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Table:
    """A panel by person and wave.

    Attributes
    ----------
    score : ndarray of float, shape (n, n_wave)
        NaN where missing.
    covariates : ndarray of float, shape (n, n_wave, p)
        With the intercept; NaN where missing.
    waves : ndarray of int, shape (n_wave,)
    joined : ndarray of float, shape (n,)
        Wave at which the person's municipality joined; infinite for never.
    weight : ndarray of float, shape (n,)
        Mean 1.
    """

    score: np.ndarray
    covariates: np.ndarray
    waves: np.ndarray
    joined: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Cell:
    """The effect for those who joined at `joined`, at `wave`.

    Attributes
    ----------
    estimate : float
        NaN where `reason` says why.
    influence : ndarray of float, shape (n,)
        Each person's influence on the estimate, times n; 0 for those outside.
    n_joined, n_control : int
        Persons with both answers.
    """

    joined: float
    wave: int
    estimate: float
    influence: np.ndarray
    n_joined: int
    n_control: int
    reason: str = ""


def group_time_cells(
    table: Table, *, control: str, adjustment: Adjustment, anticipation: int, base: str
) -> list[Cell]:
    """All effects by group and wave; see `staggered_effects`."""
    cells = []
    for joined in np.unique(table.joined[np.isfinite(table.joined)]):
        last_before = int(np.searchsorted(table.waves, joined - anticipation)) - 1
        for at in range(len(table.waves)):
            # Inside the window of anticipation effects count already: the long base, as csdid.
            is_after = table.waves[at] >= joined - anticipation
            reference = last_before if is_after or base == "universal" else at - 1
            if reference < 0:
                continue
            if reference == at:
                cells.append(_at_reference(table, joined, at))
                continue
            latest = table.waves[max(at, reference)]
            compared = _compared(table, joined, latest + anticipation, control)
            cells.append(_cell(table, joined, at, reference, compared, adjustment))
    return cells


def _compared(table: Table, joined: float, until: float, control: str) -> np.ndarray:
    if control == "never":
        return np.isinf(table.joined)
    return (table.joined > until) & (table.joined != joined)


def _at_reference(table: Table, joined: float, at: int) -> Cell:
    here = (table.joined == joined) & ~np.isnan(table.score[:, at])
    wave = int(table.waves[at])
    return Cell(joined, wave, 0.0, np.zeros(len(table.score)), int(here.sum()), int(here.sum()))


def _cell(table: Table, joined, at, reference, compared, adjustment) -> Cell:
    change = table.score[:, at] - table.score[:, reference]
    columns = table.covariates[:, reference]
    known = ~np.isnan(change) & ~np.isnan(columns).any(axis=1)
    is_joined = (table.joined == joined) & known
    used = np.flatnonzero(is_joined | (compared & known))
    n_joined, n_control = int(is_joined.sum()), len(used) - int(is_joined.sum())
    wave, n = int(table.waves[at]), len(change)
    found = _Missing(NO_CHANGE) if not n_joined else _Missing(NO_CONTROL) if not n_control else None
    if found is None:
        own = independent_columns(columns[used])
        found = compare_changes(
            change[used], is_joined[used].astype(float), columns[used][:, own],
            table.weight[used], adjustment,
        )  # fmt: skip
    influence = np.zeros(n)
    if isinstance(found, _Missing):
        return Cell(joined, wave, np.nan, influence, n_joined, n_control, found.reason)
    influence[used] = found[1] * (n / len(used))
    return Cell(joined, wave, found[0], influence, n_joined, n_control)


@dataclass(frozen=True, slots=True)
class _Missing:
    reason: str


def compare_changes(
    change: np.ndarray,
    joined: np.ndarray,
    columns: np.ndarray,
    weight: np.ndarray,
    adjustment: Adjustment,
) -> tuple[float, np.ndarray] | _Missing:
    """Mean change of those who joined, less what they would have changed without.

    Parameters
    ----------
    change : ndarray of float, shape (n,)
    joined : ndarray of float, shape (n,)
        1 or 0.
    columns : ndarray of float, shape (n, p)
        With the intercept.
    weight : ndarray of float, shape (n,)

    Returns
    -------
    estimate : float
    influence : ndarray of float, shape (n,)
        Mean 0; the variance of the estimate is its mean square over n.

    Notes
    -----
    Sant'Anna and Zhao (2020): least squares of the change on the covariates among controls,
    weights p/(1-p) by a logistic regression, or both.
    """
    weight = weight / weight.mean()
    rest, controls = change, weight * (1 - joined)
    ols = np.zeros((len(change), columns.shape[1]))
    if adjustment != "weighting":
        inner = (columns * controls[:, None]).T @ columns / len(change)
        if np.linalg.cond(inner) > 1e12:
            return _Missing(COLLINEAR)
        inverse = np.linalg.inv(inner)
        slope = inverse @ ((columns * controls[:, None]).T @ change / len(change))
        rest = change - columns @ slope
        ols = (columns * (controls * rest)[:, None]) @ inverse
    own = weight * joined
    treated = own @ rest / own.sum()
    influence = own * (rest - treated)
    influence = (influence - ols @ (own @ columns / len(change))) / own.mean()
    if adjustment == "outcome":
        return float(treated), influence
    fitted = _probability(joined, columns, weight)
    if fitted is None:
        return _Missing(NO_OVERLAP)
    odds, scores = fitted
    share = controls * odds
    other = share @ rest / share.sum()
    part = share * (rest - other)
    part = part + scores @ ((share * (rest - other)) @ columns / len(change))
    part = part - ols @ (share @ columns / len(change))
    return float(treated - other), influence - part / share.mean()


def _probability(joined, columns, weight) -> tuple[np.ndarray, np.ndarray] | None:
    """Odds of joining, and the influence of each person on the logistic coefficients."""
    scale = np.maximum(np.abs(columns).max(axis=0), np.finfo(float).tiny)
    x, beta = columns / scale, np.zeros(columns.shape[1])
    for _ in range(STEPS):
        chance = expit(x @ beta)
        information = (x * (weight * chance * (1 - chance))[:, None]).T @ x
        if np.linalg.cond(information) > 1e12:
            return None
        step = np.linalg.solve(information, x.T @ (weight * (joined - chance)))
        beta = beta + step
        if np.abs(step).max() <= TIGHT * max(1.0, np.abs(beta).max()):
            break
    else:
        return None
    chance = expit(x @ beta)
    if chance.max() > SURE:
        return None
    inverse = np.linalg.inv(information / len(joined)) / np.outer(scale, scale)
    return chance / (1 - chance), (columns * (weight * (joined - chance))[:, None]) @ inverse
