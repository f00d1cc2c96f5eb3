"""Multi-state estimates from monthly histories: being in a state, relapse included."""

from collections.abc import Sequence

import numpy as np

from evalkit.cohort.samples import StateHistory
from evalkit.errors import ParameterError
from evalkit.provenance import provenance
from evalkit.results import Contrast, OccupationCurve
from evalkit.survival.contrasts import Levels, contrast
from evalkit.survival.histories import (
    Histories,
    counts_by_month,
    ever_in,
    histories_of,
    not_observed_in,
    occupation_by_month,
    occupation_table,
    require_month,
)
from evalkit.survival.intervals import critical_value, share_interval


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
    share, error = occupation_table(data, len(history.states))
    low, high = _limits(share, error, critical_value(conf_level, data.df))
    counts = counts_by_month(data, len(history.states))
    observed = np.broadcast_to(counts.sum(axis=1)[:, None, :], counts.shape)
    address = np.indices(share.shape).reshape(3, -1)
    return OccupationCurve(
        rows={
            "stratum": np.asarray(data.labels, dtype=object)[address[0]],
            "state": np.asarray(history.states, dtype=object)[address[1]],
            "time": address[2], "estimate": share.ravel(), "std_error": error.ravel(),
            "conf_low": low.ravel(), "conf_high": high.ravel(), "n_observed": observed.ravel(),
        },
        summary={
            "n": int(data.n_person.sum()), "n_stratum": len(data.labels),
            "n_state": len(history.states),
            "last_time": int(np.flatnonzero(counts.sum(axis=(0, 1)))[-1]),
            "conf_level": conf_level, "method": "Aalen-Johansen", "time_unit": history.time_unit,
        },
        support={
            "n": observed.ravel(), "k": counts.ravel(), "complement": (observed - counts).ravel(),
        },
        provenance=provenance("occupation", history.digest, by=by, conf_level=conf_level),
    )  # fmt: skip


def _limits(share: np.ndarray, error: np.ndarray, critical: float):
    low, high = share_interval(share, error, critical=critical)
    # At the start everyone's state is known.
    certain = (error[:, :, 0] == 0.0) & np.isin(share[:, :, 0], (0.0, 1.0))
    for limit in (low, high):
        limit[:, :, 0] = np.where(certain, share[:, :, 0], limit[:, :, 0])
    return low, high


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
        counts = counts_by_month(data, len(history.states))[:, :, int(horizon)]
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
        The mean of each level, then differences (signs as in `incidence_at`), then ratios. A level
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
    ever = ever_in(data, number, int(horizon))
    levels = Levels(total, not_observed_in(data, horizon), data.n_person, ever, is_share=False)
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
