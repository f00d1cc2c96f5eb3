"""Least squares of additive hazards at each time of exit, and their errors."""

from dataclasses import dataclass

import numpy as np

from evalkit.errors import EstimationError
from evalkit.survival.design_matrix import SINGULAR
from evalkit.survival.person_time_fit import (
    UsableRows,
)
from evalkit.survival.risksets import RiskSets, sum_at_risk, sum_exits

BLOCK = 4_000_000  # numbers that are gathered at once


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Steps:
    """The least-squares steps at the distinct event times.

    Attributes
    ----------
    time : ndarray of float, shape (m,)
    row : ndarray of int, shape (m,)
        Rows of the risk sets.
    inverse : ndarray of float, shape (m, q, q)
        Of the weighted cross products of those at risk.
    step : ndarray of float, shape (m, q)
    """

    time: np.ndarray
    row: np.ndarray
    inverse: np.ndarray
    step: np.ndarray


def least_squares_steps(values: np.ndarray, rows: UsableRows, sets: RiskSets) -> Steps:
    """Least squares at each event time, up to the last at which the terms can be told apart."""
    q = values.shape[1]
    at_events = np.flatnonzero(sets.n_event[:, 0] > 0)
    cross = np.empty((len(at_events), q, q))
    for i in range(q):
        for j in range(i + 1):
            summed = sum_at_risk(sets, rows.weight * values[:, i] * values[:, j])[at_events]
            cross[:, i, j] = cross[:, j, i] = summed
    # With as many terms as persons the fit is perfect, and its residuals say nothing of errors.
    usable = _are_told_apart(cross) & (sets.n_at_risk[at_events] > q)
    n_usable = len(usable) if usable.all() else int(np.argmin(usable))
    if n_usable == 0:
        raise EstimationError(
            f"{', '.join(rows.design.terms)}: those at risk at the first event do not tell the "
            "terms apart; leave terms out"
        )
    at_events, cross = at_events[:n_usable], cross[:n_usable]
    inverse = np.linalg.inv(cross)
    weighted = rows.weight[:, None] * values
    jump = sum_exits(sets, weighted, rows.event)[at_events]
    step = np.einsum("mij,mj->mi", inverse, jump)
    return Steps(sets.time[at_events], at_events, inverse, step)


def _are_told_apart(cross: np.ndarray) -> np.ndarray:
    size = np.sqrt(np.einsum("mii->mi", cross))
    known = (size > 0.0).all(axis=1)
    scaled = cross / np.where(size > 0.0, size, 1.0)[:, :, None] / size.clip(1e-300)[:, None, :]
    smallest = np.linalg.eigvalsh(np.where(known[:, None, None], scaled, 0.0))[:, 0]
    return known & (smallest > SINGULAR)


def model_errors(values, rows: UsableRows, sets, steps: Steps, position, back) -> np.ndarray:
    """Errors from the model at table positions, (k, q) back on the scale given."""
    q = values.shape[1]
    squared = np.empty((len(steps.row), q, q))
    for i in range(q):
        product = rows.weight[:, None] ** 2 * values[:, [i]] * values
        squared[:, i] = sum_exits(sets, product, rows.event)[steps.row]
    variance = steps.inverse @ squared @ steps.inverse
    variance = np.concatenate([np.zeros((1, q, q)), np.cumsum(variance, axis=0)])[position]
    return np.sqrt(np.einsum("ki,mij,kj->mk", back, variance, back).clip(0.0))


def robust_errors(values, rows: UsableRows, sets, steps: Steps, position, unit, back) -> np.ndarray:
    """Errors from the residual of each row, brought forward from one time of the rows to the next.

    A row loses x_i' Q x_i over event times s, where Q sums (X'WX)^-1_k. dB' at s: where it is at
    risk over a whole interval Q is the same for all, else it is looked up by its first and last
    event time.
    """
    n, q = values.shape
    first = np.searchsorted(steps.row, sets.entry_row)
    last = np.searchsorted(steps.row, sets.exit_row, side="right")  # event times up to the exit
    own = np.searchsorted(steps.row, sets.exit_row)
    residual, out = np.zeros((n, q)), np.zeros((len(position), q))
    for number in range(1, len(position)):
        low, high = position[number - 1], position[number]
        cross = np.einsum("ski,sj->skij", steps.inverse[low:high], steps.step[low:high])
        drift = np.concatenate([np.zeros((1, q, q, q)), np.cumsum(cross, axis=0)])
        begin, end = np.clip(first, low, high) - low, np.clip(last, low, high) - low
        _take(residual, values, np.flatnonzero((begin == 0) & (end == high - low)), drift[-1])
        partly = np.flatnonzero((begin < end) & ((begin > 0) | (end < high - low)))
        for some in np.array_split(partly, 1 + len(partly) * q**3 // BLOCK):
            between = drift[end[some]] - drift[begin[some]]
            residual[some] -= np.einsum(
                "ni,nkij,nj->nk", values[some], between, values[some], optimize=True
            )
        exits = np.flatnonzero(rows.event & (own >= low) & (own < high))
        residual[exits] += np.einsum("nij,nj->ni", steps.inverse[own[exits]], values[exits])
        sums = sums_by_unit(residual * rows.weight[:, None], unit) @ back.T
        out[number] = np.sqrt((sums**2).sum(axis=0))
    return out


def _take(residual: np.ndarray, values: np.ndarray, some: np.ndarray, drift: np.ndarray) -> None:
    """Take x_i' drift_k x_i from the residuals of some rows."""
    if len(some):
        x = values[some]
        for k in range(values.shape[1]):
            residual[some, k] -= ((x @ drift[k]) * x).sum(axis=1)


def sums_by_unit(values: np.ndarray, unit: np.ndarray | None) -> np.ndarray:
    """Sum the rows of each unit, (n_unit, q); without units each row is one."""
    if unit is None:
        return values
    return np.column_stack([np.bincount(unit, column) for column in values.T])
