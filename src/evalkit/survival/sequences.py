"""Summaries of whole sequences of monthly states: time, spells, moves, variety, common paths."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.cohort.samples import StateHistory
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import provenance
from evalkit.results import StateSequences
from evalkit.survival.risksets import require_rows

ARROW = " > "
OTHER = "other"


def state_sequences(
    history: StateHistory,
    *,
    by: str | Sequence[str] | None = None,
    horizon: int,
    n_commonest: int = 10,
) -> StateSequences:
    """Describe the sequences of states of those observed for as many months.

    It is a description of paths, without errors; shares by month that use those observed for
    shorter too are `occupation`, and months in states are `expected_months`.

    Parameters
    ----------
    history : StateHistory
    by : str or sequence of str, optional
        Columns that make the groups.
    horizon : int
        Months 0 to `horizon` - 1 are described, of persons observed in all of them. Those observed
        for fewer, who started too late, are left out and counted.
    n_commonest : int
        Sequences listed for each group, at least 1.

    Returns
    -------
    StateSequences
        For each group, by `quantity`: `months`, mean months in a state; `spells`, mean number of
        unbroken runs of months in it; `transition`, the share of moves (item `"from > to"`, staying
        included) among months in the state moved from; `entropy` at each month; `sequence`, the
        share of persons with each of the commonest orders of states (item `"a > b > a"`, however
        long each lasts), and of all others (`"other"`). `time` is the month of an entropy, else
        `horizon`. `n` counts persons of the group; `n_with` those ever in the state, who made the
        move, or have the sequence.

    Raises
    ------
    EstimationError
        If nobody of a group is observed in all the months.
    ParameterError
        If `horizon` or `n_commonest` is not a whole number of at least 1.

    Notes
    -----
    Entropy is minus the sum over states of p log p, over the logarithm of the number of states of
    the history: 0 where all are in one state, 1 where all states are equally common. Sequences of
    equal count are in the order of the states.

    References
    ----------
    Gabadinho, Ritschard, Mueller and Studer (2011), J Stat Softw 40(4).

    Examples
    --------
    >>> people = pd.DataFrame({"person_id": list("abcd")})
    >>> months = np.array([[0, 1, 1], [0, 0, 1], [0, 1, 0], [0, 0, -1]])
    >>> history = StateHistory.from_matrix(months, ["support", "work"], people)
    >>> found = state_sequences(history, horizon=3).tidy()
    >>> found.query("quantity == 'sequence'")[["item", "estimate", "n_with"]].round(3)
                            item  estimate  n_with
    11            support > work     0.667       2
    12  support > work > support     0.333       1
    13                     other     0.000       0
    """
    require_rows(history)
    for name, value in (("horizon", horizon), ("n_commonest", n_commonest)):
        if value != int(value) or value < 1:
            raise ParameterError(f"{name}: must be a whole number of at least 1, is {value}")
    horizon = int(horizon)
    level, labels = history.groups(by)
    seen = _seen(history, level, len(labels), horizon)
    frames = [
        _group(history.state[seen & (level == number), :horizon], history.states, n_commonest)
        .assign(stratum=label)
        for number, label in enumerate(labels)
    ]  # fmt: skip
    rows = pd.concat(frames, ignore_index=True)
    return StateSequences(
        rows=rows.drop(columns="least"),
        summary={
            "n": int(seen.sum()), "n_left_out": int((~seen).sum()), "horizon": horizon,
            "n_stratum": len(labels), "n_state": len(history.states),
            "time_unit": history.time_unit,
        },
        support={"n": rows["n"], "k": rows["least"], "complement": rows["n"] - rows["least"]},
        provenance=provenance(
            "state_sequences", history.digest, by=by, horizon=horizon, n_commonest=n_commonest
        ),
    )  # fmt: skip


def _seen(history: StateHistory, level: np.ndarray, n_level: int, horizon: int) -> np.ndarray:
    """Who is observed for as many months, (n,)."""
    seen = np.zeros(len(history), dtype=bool)
    if horizon <= history.state.shape[1]:
        seen = history.state[:, horizon - 1] >= 0
    empty = n_level - len(np.unique(level[seen]))
    if empty:
        raise EstimationError(
            f"horizon: in {empty} of {n_level} groups nobody is observed for {horizon} months"
        )
    return seen


def _group(state: np.ndarray, states: Sequence[str], n_commonest: int) -> pd.DataFrame:
    n, horizon = state.shape
    parts = [
        _states(state, states),
        _moves(state, states),
        _entropy(state, states),
        _commonest(state, states, n_commonest),
    ]
    rows = pd.concat(parts, ignore_index=True)
    least = rows.pop("least").fillna(rows["n_with"]) if "least" in rows else rows["n_with"]
    return rows.assign(n=n, least=least, time=rows["time"].fillna(horizon))


def _states(state: np.ndarray, states: Sequence[str]) -> pd.DataFrame:
    """Mean months and mean number of spells in each state."""
    begins = np.ones(state.shape, dtype=bool)
    begins[:, 1:] = state[:, 1:] != state[:, :-1]
    found = {"months": [], "spells": []}
    ever = []
    for number in range(len(states)):
        there = state == number
        found["months"].append(there.sum() / len(state))
        found["spells"].append((there & begins).sum() / len(state))
        ever.append(int(there.any(axis=1).sum()))
    return pd.concat(
        [
            pd.DataFrame(
                {"quantity": name, "item": states, "estimate": values, "n_with": ever}
            ).assign(time=np.nan)
            for name, values in found.items()
        ]
    )


def _moves(state: np.ndarray, states: Sequence[str]) -> pd.DataFrame:
    """Share of each move among the months in the state moved from, where there are any."""
    n, n_state = len(state), len(states)
    move = state[:, :-1].astype(np.intp) * n_state + state[:, 1:]
    count = np.bincount(move.ravel(), minlength=n_state**2).reshape(n_state, n_state)
    made = np.zeros((n, n_state**2), dtype=bool)
    made[np.arange(n)[:, None], move] = True
    origin = count.sum(axis=1)
    here = np.flatnonzero(np.repeat(origin > 0, n_state))
    share = count / np.maximum(origin, 1)[:, None]
    return pd.DataFrame(
        {
            "quantity": "transition",
            "item": [states[cell // n_state] + ARROW + states[cell % n_state] for cell in here],
            "estimate": share.ravel()[here],
            "n_with": made.sum(axis=0)[here],
            "time": np.nan,
        }
    )


def _entropy(state: np.ndarray, states: Sequence[str]) -> pd.DataFrame:
    """Entropy of the states in each month; `least` is the count of the rarest state."""
    n, horizon = state.shape
    n_state = len(states)
    cell = state.astype(np.intp) * horizon + np.arange(horizon)
    count = np.bincount(cell.ravel(), minlength=n_state * horizon).reshape(n_state, horizon)
    share = count / n
    terms = share * np.log(np.where(count > 0, share, 1.0))
    scale = np.log(n_state) if n_state > 1 else 1.0
    return pd.DataFrame(
        {
            "quantity": "entropy",
            "item": "",
            "estimate": np.abs(terms.sum(axis=0)) / scale,
            "n_with": n,
            "time": np.arange(horizon, dtype=float),
            "least": count.min(axis=0).astype(float),
        }
    )


def _commonest(state: np.ndarray, states: Sequence[str], n_commonest: int) -> pd.DataFrame:
    """Share of the commonest orders of states, and of all others together."""
    n, horizon = state.shape
    begins = np.ones(state.shape, dtype=bool)
    begins[:, 1:] = state[:, 1:] != state[:, :-1]
    orders = np.full((n, horizon), -1, dtype=np.int8)
    row, month = np.nonzero(begins)
    orders[row, (begins.cumsum(axis=1) - 1)[row, month]] = state[row, month]
    distinct, count = np.unique(orders, axis=0, return_counts=True)
    first = np.argsort(-count, kind="stable")[:n_commonest]
    items = [ARROW.join(states[code] for code in distinct[one] if code >= 0) for one in first]
    counts = np.append(count[first], n - count[first].sum())
    return pd.DataFrame(
        {
            "quantity": "sequence",
            "item": [*items, OTHER],
            "estimate": counts / n,
            "n_with": counts,
            "time": np.nan,
        }
    )
