"""Histories of states split into groups, and the shares in each state month by month."""

from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import StateHistory, rows_by_group
from evalkit.errors import EstimationError, ParameterError
from evalkit.survival.contrasts import NOT_OBSERVED, require_horizon
from evalkit.survival.grouped import units_of_dependence
from evalkit.survival.risksets import require_rows


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Histories:
    """Histories of those ever observed, split into groups.

    Attributes
    ----------
    state : ndarray of int, shape (n, n_month)
        Index of the state, -1 after the end of observation.
    level : ndarray of int, shape (n,)
    labels : tuple of str
    n_person : ndarray of int, shape (n_level,)
    weight : ndarray of float, shape (n,)
    dependence, df, n_cluster, is_robust
        As in `Grouped`: without clusters every person is a unit of its own.
    """

    state: np.ndarray
    level: np.ndarray
    labels: tuple[str, ...]
    n_person: np.ndarray
    weight: np.ndarray
    dependence: np.ndarray | None
    df: float
    n_cluster: float
    is_robust: bool = True


def require_month(horizon: float) -> None:
    """Refuse a horizon that is not a positive whole number of months.

    Raises
    ------
    ParameterError
        If it is not.
    """
    require_horizon(horizon)
    if horizon != int(horizon):
        raise ParameterError(f"horizon: must be a whole number of months, is {horizon}")


def histories_of(history: StateHistory, by) -> Histories:
    """Split the histories of those ever observed into groups; see `occupation` for refusals."""
    require_rows(history)
    level, labels = history.groups(by)
    seen = history.state[:, 0] >= 0
    n_person = np.bincount(level[seen], minlength=len(labels))
    if np.any(n_person == 0):
        raise EstimationError(
            f"state: nobody is observed in {int((n_person == 0).sum())} of {len(labels)} groups"
        )
    cluster = None if history.cluster is None else history.cluster[seen]
    n, level = int(seen.sum()), level[seen]
    dependence, df, n_cluster = units_of_dependence(cluster, np.arange(n), level)
    return Histories(
        history.state[seen], level, labels, n_person, np.ones(n), dependence, df, n_cluster
    )


def _units(data: Histories) -> tuple[np.ndarray, np.ndarray]:
    """What adds up to one influence: a unit of dependence in a level (n,), and its level."""
    if data.dependence is None:
        return np.arange(len(data.level)), data.level
    n_level = len(data.labels)
    pair, unit = np.unique(data.dependence * n_level + data.level, return_inverse=True)
    return unit, pair % n_level


def occupation_by_month(data: Histories, n_state: int):
    """Yield occupation (n_level, n_state) and influence (n, n_state) for month 0, 1, ..."""
    n_level = len(data.labels)
    members = rows_by_group(data.level, n_level)
    now = data.state[:, 0].astype(np.intp)
    seen = now >= 0
    probability = _share(data.level[seen] * n_state + now[seen], n_level, n_state)
    influence = np.zeros((len(now), n_state))
    influence[seen] = -probability[data.level[seen]]
    influence[seen, now[seen]] += 1.0
    influence /= data.n_person[data.level][:, None]
    yield probability, influence
    for month in range(1, data.state.shape[1]):
        was, now = data.state[:, month - 1].astype(np.intp), data.state[:, month].astype(np.intp)
        seen = now >= 0
        group, origin, target = data.level[seen], was[seen], now[seen]
        cell = group * n_state + origin
        n_origin = np.bincount(cell, minlength=n_level * n_state)
        moves = _share(cell * n_state + target, n_level * n_state, n_state)
        moves[n_origin == 0] = np.tile(np.eye(n_state), (n_level, 1))[n_origin == 0]
        table = moves.reshape(n_level, n_state, n_state)
        carried = np.empty_like(influence)
        for number, rows in enumerate(members):
            carried[rows] = influence[rows] @ table[number]
        surprise = -moves[cell]
        surprise[np.arange(len(target)), target] += 1.0
        size = probability[group, origin] / n_origin[cell]
        carried[seen] += np.nan_to_num(size)[:, None] * surprise
        influence = carried
        probability = np.einsum("ls,lst->lt", probability, table)
        probability[n_origin.reshape(n_level, n_state).sum(axis=1) == 0] = np.nan
        yield probability, influence


def _share(cell: np.ndarray, n_row: int, n_column: int) -> np.ndarray:
    table = np.bincount(cell, minlength=n_row * n_column).reshape(n_row, n_column).astype(float)
    return np.divide(
        table, table.sum(axis=1, keepdims=True), out=table, where=table.any(axis=1)[:, None]
    )


def counts_by_month(data: Histories, n_state: int) -> np.ndarray:
    """Persons by group, state and month."""
    n_month = data.state.shape[1]
    person, month = np.nonzero(data.state >= 0)
    cell = (data.level[person] * n_state + data.state[person, month]) * n_month + month
    size = len(data.labels) * n_state * n_month
    return np.bincount(cell, minlength=size).reshape(len(data.labels), n_state, n_month)


def ever_in(data: Histories, number: int, horizon: int) -> np.ndarray:
    """Persons of each level who were observed in a state before the horizon, (n_level,)."""
    was_there = (data.state[:, :horizon] == number).any(axis=1)
    return np.bincount(data.level[was_there], minlength=len(data.labels))


def not_observed_in(data: Histories, horizon: float) -> np.ndarray:
    """Why a level has no estimate in the month of the horizon; empty where it has one."""
    n_month = data.state.shape[1]
    last = np.zeros(len(data.labels), dtype=np.intp)
    np.maximum.at(last, data.level, (data.state >= 0).sum(axis=1) - 1)
    unknown = (last < horizon) | (horizon >= n_month)
    return np.where(unknown, NOT_OBSERVED, "").astype(object)


def occupation_table(data: Histories, n_state: int) -> tuple[np.ndarray, np.ndarray]:
    """Occupation and its error, each (n_level, n_state, n_month)."""
    n_level, (unit, level_of_unit) = len(data.labels), _units(data)
    share, error = np.full((2, n_level, n_state, data.state.shape[1]), np.nan)
    for month, (probability, influence) in enumerate(occupation_by_month(data, n_state)):
        share[:, :, month] = probability
        sums = [np.bincount(unit, one) for one in influence.T]
        squares = [np.bincount(level_of_unit, one**2, minlength=n_level) for one in sums]
        error[:, :, month] = np.where(
            np.isnan(probability), np.nan, np.sqrt(np.column_stack(squares))
        )
    return share, error
