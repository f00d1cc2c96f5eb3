"""Standardised incidences from cause-specific Cox models, with their influence values.

Every cause has a Cox model of its own. Each person is then given each arm in turn, and the
incidences that the models predict are averaged over persons.
"""

from dataclasses import dataclass

import numpy as np

from evalkit.survival.arm_hazards import Hazards
from evalkit.survival.fitted import FittedCox
from evalkit.survival.partial_likelihood import score_residuals
from evalkit.survival.risksets import between_entry_and_exit

BLOCK = 30_000  # cells of a person-by-time table held at once; they fit into a processor's cache


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Target:
    """What is averaged: an incidence by each horizon, or the area under it up to the horizon.

    Attributes
    ----------
    horizon : ndarray of float, shape (n_horizon,)
    is_area : bool
        Whether the area under the incidence up to h is meant, rather than its value at h.
    """

    horizon: np.ndarray
    is_area: bool

    def weights(self, time: np.ndarray) -> np.ndarray:
        """What a jump at each time adds, (m, n_horizon)."""
        left = self.horizon - time[:, None]
        return np.maximum(left, 0.0) if self.is_area else (left >= 0.0).astype(float)

    @property
    def slope(self) -> np.ndarray:
        """What a jump adds whatever its time, (n_horizon,)."""
        return self.horizon if self.is_area else np.ones(len(self.horizon))


def standardised(
    hazards: Hazards, target: Target, *, with_influence: bool = True
) -> tuple[np.ndarray, np.ndarray | None]:
    """Average the target over rows, in each arm.

    Returns
    -------
    estimate : ndarray of float, shape (n_arm, n_horizon)
    influence : ndarray of float, shape (n_arm, n_horizon, n), or None
        Influence of each row per unit of its weight; variances are sums over units of the squared
        weighted sum.

    Notes
    -----
    Row i with rates r_l and baseline jumps b_l(u) has S(u) the product of 1 - sum_l r_l b_l, and
    the incidence F the sum of S(u-) r_j b_j(u). A baseline jump b_l(u) moves F(h) by
    1(l = j) S(u-) r_j - r_l (F(h) - F(u)) / (1 - sum_l r_l b_l(u)), and a coefficient of cause l by
    the sum over u of that times b_l(u) x. Averaged over rows these meet the influence of each row
    on jumps and coefficients, under Efron's ties too; to them comes the row's own prediction.
    """
    n_arm, n = hazards.stratum.shape
    share = hazards.weight / hazards.weight.sum()
    estimate = np.zeros((n_arm, len(target.horizon)))
    influence = np.zeros((n_arm, len(target.horizon), n)) if with_influence else None
    for number in range(n_arm):
        predicted = np.empty((n, len(target.horizon)))
        slopes = [_Slopes.empty(fit, len(target.horizon)) for fit in hazards.fits]
        for stratum, rows in enumerate(_used_rows(hazards, target)):
            members = np.flatnonzero(hazards.stratum[number] == stratum)
            step = max(1, BLOCK // max(len(rows), 1))
            for low in range(0, len(members), step):
                who = members[low : low + step]
                predicted[who] = _predict(
                    hazards, target, number, who, rows, share, slopes if with_influence else None
                )
        estimate[number] = share @ predicted
        if influence is not None:
            own = (predicted - estimate[number]) / hazards.weight.sum()
            influence[number] = own.T + _through_models(hazards, slopes).T
    return estimate, influence


def _used_rows(hazards: Hazards, target: Target) -> list[np.ndarray]:
    """Table rows of each stratum up to the last horizon at which any cause has exits."""
    sets = hazards.sets
    used = sum(fit.state.sums.one for fit in hazards.fits) > 0.0
    used &= sets.time <= target.horizon.max()
    return [rows.start + np.flatnonzero(used[rows]) for rows in sets.slices()]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Slopes:
    """Derivatives of an average with respect to a cause's jumps (m, H) and coefficients (p, H)."""

    jump: np.ndarray
    beta: np.ndarray

    @classmethod
    def empty(cls, fit: FittedCox, n_horizon: int) -> "_Slopes":
        return cls(np.zeros((len(fit.rows.sets), n_horizon)), np.zeros((len(fit.beta), n_horizon)))


def _predict(hazards, target: Target, arm: int, who, rows, share, slopes) -> np.ndarray:
    """The target of some rows of one stratum, (n, H); derivatives are added to `slopes`."""
    time = hazards.sets.time[rows]
    baseline = [fit.state.sums.one[rows] for fit in hazards.fits]
    rate = [
        np.exp(values[arm][who] @ fit.beta - shift)
        for values, fit, shift in zip(hazards.values, hazards.fits, hazards.shift, strict=True)
    ]
    total = sum(np.outer(r, b) for r, b in zip(rate, baseline, strict=True))
    # Predicted jumps can add up to more than 1 where few are at risk: they share those left then.
    cap = np.maximum(total, 1.0)
    before = np.ones_like(total)
    np.cumprod(np.maximum(1.0 - total[:, :-1], 0.0), axis=1, out=before[:, 1:])
    before /= cap
    asked = hazards.number
    jump = before * np.outer(rate[asked], baseline[asked])
    weight = target.weights(time)
    predicted = jump @ weight
    if slopes is not None:
        own = before.T @ (rate[asked] * share[who])
        slopes[asked].jump[rows] += own[:, None] * weight
        averaged = hazards.values[asked][arm][who] * share[who][:, None]
        slopes[asked].beta[:] += averaged.T @ predicted
        inverse = np.divide(1.0, 1.0 - total, out=np.zeros_like(total), where=total < 1.0)
        shared = np.where(total > 1.0, jump / cap, 0.0)
        for number, slope in enumerate(slopes):
            values, scaled = hazards.values[number][arm][who], rate[number] * share[who]
            parts = (inverse * scaled[:, None], jump, shared * scaled[:, None], predicted)
            _take_from_others(slope, target, parts, baseline[number], values, time, weight, rows)
    return predicted


def _take_from_others(slope: _Slopes, target: Target, parts, jumps, values, time, weight, rows):
    """Subtract what a jump of a cause takes from the later jumps of the cause that is asked for.

    The later ones add up to T - slope F(u), T the target at its horizon, and for an area the sum of
    v times the jumps at v <= u. Where the jumps of a time share those left, it takes from them too.
    """
    scaled, jump, shared, predicted = parts
    counted = (time[:, None] <= target.horizon).astype(float)
    done = scaled * np.cumsum(jump, axis=1)
    later = scaled.T @ predicted - np.outer(done.sum(axis=0), target.slope)
    by_row = (scaled * jumps) @ counted * predicted - (done * jumps) @ counted * target.slope
    if target.is_area:
        moment = scaled * np.cumsum(jump * time, axis=1)
        later += moment.sum(axis=0)[:, None]
        by_row += (moment * jumps) @ counted
    slope.jump[rows] -= later * counted + shared.sum(axis=0)[:, None] * weight
    slope.beta[:] -= values.T @ (by_row + (shared * jumps) @ weight)


def _through_models(hazards: Hazards, slopes: list) -> np.ndarray:
    """Influence of each row on an average through the models, per unit of weight: (n, H)."""
    total = np.zeros((len(hazards.kept), slopes[0].jump.shape[1]))
    for fit, slope in zip(hazards.fits, slopes, strict=True):
        rows, state, sums = fit.rows, fit.state, fit.state.sums
        sets, at = rows.sets, rows.at_event
        counted = np.zeros(len(sets))
        counted[at] = (rows.n_tied * rows.mean_weight)[at]
        per_event = np.divide(sums.one, counted, out=np.zeros(len(sets)), where=counted > 0.0)
        rate = state.relative / rows.weight
        moved = -rate[:, None] * between_entry_and_exit(sets, slope.jump * sums.one_2[:, None])
        own = np.flatnonzero(rows.events)
        place = sets.exit_row[own]
        at_own = per_event[place] + rate[own] * sums.both_2[place]
        moved[own] += at_own[:, None] * slope.jump[place]
        drift = state.at_risk * sums.one_2[at]
        if state.tied is not None:
            drift -= state.tied * sums.both_2[at]
        through_beta = slope.beta - drift @ slope.jump[at]
        residuals = score_residuals(rows, state)
        moved += residuals @ np.linalg.solve(fit.information, through_beta)
        total[np.searchsorted(hazards.kept, rows.kept)] += moved
    return total
