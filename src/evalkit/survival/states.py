"""Multi-state estimates from monthly histories: being in a state, relapse included."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.cohort.samples import StateHistory
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import Contrast, OccupationCurve
from evalkit.survival.contrasts import NOT_OBSERVED, Levels, contrast, require_horizon
from evalkit.survival.grouped import units_of_dependence
from evalkit.survival.intervals import critical_value, share_interval
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


def occupation(
    history: StateHistory, *, by: str | Sequence[str] | None = None, conf_level: float = 0.95
) -> OccupationCurve:
    """Estimate the share in each state, month by month, with relapses.

    Parameters
    ----------
    history : StateHistory
    by : str or sequence of str, optional
        Columns that make the groups.
    conf_level : float

    Returns
    -------
    OccupationCurve
        A row for each group, state and month from 0; missing from the month in which nobody of the
        group is observed any more. `n_observed` counts the persons observed in the month.

    Raises
    ------
    EstimationError
        If nobody is observed, or a group has fewer than two clusters.
    ParameterError
        If `conf_level` is not allowed.

    Notes
    -----
    Aalen-Johansen: p(t) = p(t-1) P(t), where P(t) holds the shares of moves among those observed
    in both months; p(0) is observed. The only censoring is the end of observation. A state whose
    members have all left observation keeps its share, since no move out of it can be estimated.
    The error is the infinitesimal jackknife over persons, or over clusters where the history has
    them; then the interval is t, see docs/conventions.md, few clusters.

    References
    ----------
    Aalen and Johansen (1978), Scand J Stat 5:141-150. R, survival::survfit with id and istate.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"person_id": list("abcd")})
    >>> months = np.array([[0, 1, 1], [0, 0, 1], [0, 1, 0], [0, 0, -1]])
    >>> history = StateHistory.from_matrix(months, ["support", "work"], people)
    >>> occupation(history).tidy().query("state == 'work'")["estimate"].round(3).tolist()
    [0.0, 0.5, 0.75]
    """
    data = histories_of(history, by)
    critical = critical_value(conf_level, data.df)
    n_level, n_state, n_month = len(data.labels), len(history.states), data.state.shape[1]
    share = np.full((n_level, n_state, n_month), np.nan)
    error = np.full((n_level, n_state, n_month), np.nan)
    unit, level_of_unit = _units(data)
    for month, (probability, influence) in enumerate(occupation_by_month(data, n_state)):
        share[:, :, month] = probability
        sums = [np.bincount(unit, one) for one in influence.T]
        squares = [np.bincount(level_of_unit, one**2, minlength=n_level) for one in sums]
        error[:, :, month] = np.where(
            np.isnan(probability), np.nan, np.sqrt(np.column_stack(squares))
        )
    counts = _counts(data, n_state)
    low, high = share_interval(share, error, critical=critical)
    # At the start everyone's state is known.
    certain = (error[:, :, 0] == 0.0) & np.isin(share[:, :, 0], (0.0, 1.0))
    low[:, :, 0] = np.where(certain, share[:, :, 0], low[:, :, 0])
    high[:, :, 0] = np.where(certain, share[:, :, 0], high[:, :, 0])
    observed = np.repeat(counts.sum(axis=1)[:, None, :], n_state, axis=1)
    address = np.indices(share.shape).reshape(3, -1)
    return OccupationCurve(
        rows={
            "stratum": np.asarray(data.labels, dtype=object)[address[0]],
            "state": np.asarray(history.states, dtype=object)[address[1]],
            "time": address[2],
            "estimate": share.ravel(),
            "std_error": error.ravel(),
            "conf_low": low.ravel(),
            "conf_high": high.ravel(),
            "n_observed": observed.ravel(),
        },
        summary={
            "n": int(data.n_person.sum()),
            "n_stratum": n_level,
            "n_state": n_state,
            "last_time": int(np.flatnonzero(counts.sum(axis=(0, 1)))[-1]),
            "conf_level": conf_level,
            "method": "Aalen-Johansen",
            "time_unit": history.time_unit,
        },
        support={
            "n": observed.ravel(),
            "k": counts.ravel(),
            "complement": (observed - counts).ravel(),
        },
        provenance=provenance("occupation", history.digest, by=by, conf_level=conf_level),
    )


def state_at(
    history: StateHistory,
    *,
    by: str | Sequence[str] | None = None,
    state: str,
    horizon: int,
    conf_level: float = 0.95,
) -> Contrast:
    """Compare the share who are in a state in the month of the horizon.

    Parameters
    ----------
    history : StateHistory
    by : str or sequence of str, optional
        Columns whose levels are compared, as in `incidence_at`.
    state : str
    horizon : int
        Month after the index month.
    conf_level : float

    Returns
    -------
    Contrast
        The share of each level, then differences, then ratios. Support counts those observed in
        the month. A level in which nobody is observed in the month is missing, with the reason.

    Raises
    ------
    EstimationError
        If nobody is observed, or a group has fewer than two clusters.
    ParameterError
        If `state`, `horizon` or `conf_level` is not allowed.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"person_id": list("abcd")})
    >>> months = np.array([[0, 1, 1], [0, 0, 1], [0, 1, 0], [0, 0, 0]])
    >>> history = StateHistory.from_matrix(months, ["support", "work"], people)
    >>> state_at(history, state="work", horizon=2).tidy()["estimate"].tolist()
    [0.5]
    """
    number, data = _checked(history, by, state, horizon)
    n_level = len(data.labels)
    share, values = np.full(n_level, np.nan), np.zeros(len(data.state))
    for month, (probability, influence) in enumerate(
        occupation_by_month(data, len(history.states))
    ):
        if month == horizon:
            share, values = probability[:, number], influence[:, number]
            break
    n, k = np.zeros(n_level), np.zeros(n_level)
    if horizon < data.state.shape[1]:
        counts = _counts(data, len(history.states))[:, :, int(horizon)]
        n, k = counts.sum(axis=1), counts[:, number]
    levels = Levels(share, not_observed_in(data, horizon), n, k, is_share=True)
    return contrast(
        history, data, levels, values, by=by, conf_level=conf_level,
        summary={"quantity": "state_at", "horizon": horizon, "unit": "share",
                 "n": int(data.n_person.sum()), "method": "Aalen-Johansen"},
        source=provenance("state_at", history.digest, by=by, state=state, horizon=horizon,
                          conf_level=conf_level),
    )  # fmt: skip


def time_in_state(
    history: StateHistory,
    *,
    by: str | Sequence[str] | None = None,
    state: str,
    horizon: int,
    conf_level: float = 0.95,
) -> Contrast:
    """Compare the mean number of months in a state within a horizon, net of relapse.

    Parameters
    ----------
    history : StateHistory
    by : str or sequence of str, optional
        Columns whose levels are compared, as in `incidence_at`.
    state : str
    horizon : int
        Months after the index month.
    conf_level : float

    Returns
    -------
    Contrast
        The mean of each level, then differences (programme minus comparison), then ratios. A level
        in which nobody is observed in the month of the horizon is missing, with the reason.

    Raises
    ------
    EstimationError
        If nobody is observed, or a group has fewer than two clusters.
    ParameterError
        If `state`, `horizon` or `conf_level` is not allowed.

    Notes
    -----
    The area from 0 to h under the occupation probability, constant between months: the sum of p(t)
    over t = 0 ... h - 1. Without relapse it equals `time_lost` of the move into the state, and
    over all states it adds up to h.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"person_id": list("abcd")})
    >>> months = np.array([[0, 1, 1], [0, 0, 1], [0, 1, 0], [0, 0, 0]])
    >>> history = StateHistory.from_matrix(months, ["support", "work"], people)
    >>> time_in_state(history, state="support", horizon=2).tidy()["estimate"].tolist()
    [1.5]
    """
    number, data = _checked(history, by, state, horizon)
    total, values = np.zeros(len(data.labels)), np.zeros(len(data.state))
    for month, (probability, influence) in enumerate(
        occupation_by_month(data, len(history.states))
    ):
        if month == horizon:
            break
        total = total + probability[:, number]
        values = values + influence[:, number]
    levels = Levels(total, not_observed_in(data, horizon), data.n_person, None, is_share=False)
    return contrast(
        history, data, levels, values, by=by, conf_level=conf_level,
        summary={"quantity": "time_in_state", "horizon": horizon, "unit": history.time_unit,
                 "method": "Aalen-Johansen"},
        source=provenance("time_in_state", history.digest, by=by, state=state, horizon=horizon,
                          conf_level=conf_level),
    )  # fmt: skip


def _checked(history: StateHistory, by, state: str, horizon: float) -> tuple[int, Histories]:
    require_month(horizon)
    if state not in history.states:
        raise ParameterError(f"state {state!r}: the history has {', '.join(history.states)}")
    return history.states.index(state), histories_of(history, by)


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
        for number in range(n_level):
            members = data.level == number
            carried[members] = influence[members] @ table[number]
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


def _counts(data: Histories, n_state: int) -> np.ndarray:
    """Persons by group, state and month."""
    n_month = data.state.shape[1]
    person, month = np.nonzero(data.state >= 0)
    cell = (data.level[person] * n_state + data.state[person, month]) * n_month + month
    size = len(data.labels) * n_state * n_month
    return np.bincount(cell, minlength=size).reshape(len(data.labels), n_state, n_month)


def not_observed_in(data: Histories, horizon: float) -> np.ndarray:
    """Why a level has no estimate in the month of the horizon; empty where it has one."""
    n_month = data.state.shape[1]
    last = np.zeros(len(data.labels), dtype=np.intp)
    np.maximum.at(last, data.level, (data.state >= 0).sum(axis=1) - 1)
    unknown = (last < horizon) | (horizon >= n_month)
    return np.where(unknown, NOT_OBSERVED, "").astype(object)
