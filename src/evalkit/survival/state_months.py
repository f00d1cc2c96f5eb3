"""Months in every state at once."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
import pandas as pd

from evalkit.cohort.samples import StateHistory
from evalkit.provenance import provenance
from evalkit.results import StateMonths
from evalkit.survival.contrasts import Levels, contrast
from evalkit.survival.histories import (
    ever_in,
    histories_of,
    not_observed_in,
    occupation_by_month,
    require_month,
)


def expected_months(
    history: StateHistory,
    *,
    by: str | Sequence[str] | None = None,
    horizon: int,
    conf_level: float = 0.95,
) -> StateMonths:
    """Compare the mean number of months in each state within a horizon, net of relapse.

    Parameters
    ----------
    history : StateHistory
    by : str or sequence of str, optional
        Columns whose levels are compared, as in `incidence_at`.
    horizon : int
        Months after the index month.
    conf_level : float

    Returns
    -------
    StateMonths
        For each state what `time_in_state` gives. Support counts, beside the persons of a level,
        those ever observed in the state within the horizon.

    Raises
    ------
    EstimationError
        If nobody is observed, or a group has fewer than two clusters.
    ParameterError
        If `horizon` or `conf_level` is not allowed.

    Notes
    -----
    The months of all states add up to the horizon, so one state's gain is the others' loss.

    Examples
    --------
    >>> people = pd.DataFrame({"person_id": list("abcd")})
    >>> months = np.array([[0, 1, 1], [0, 0, 1], [0, 1, 0], [0, 0, 0]])
    >>> history = StateHistory.from_matrix(months, ["support", "work"], people)
    >>> expected_months(history, horizon=2).tidy()[["state", "estimate"]]
         state  estimate
    0  support       1.5
    1     work       0.5
    """
    require_month(horizon)
    data = histories_of(history, by)
    n_level, n_state = len(data.labels), len(history.states)
    total, values = np.zeros((n_level, n_state)), np.zeros((len(data.state), n_state))
    for probability, influence in islice(occupation_by_month(data, n_state), int(horizon)):
        total += probability
        values += influence
    source = provenance(
        "expected_months", history.digest, by=by, horizon=horizon, conf_level=conf_level
    )
    reason = not_observed_in(data, horizon)
    frames = []
    for number, state in enumerate(history.states):
        one = contrast(
            history, data, Levels(total[:, number], reason, data.n_person, None, is_share=False),
            values[:, number], by=by, conf_level=conf_level, summary={}, source=source,
        )  # fmt: skip
        frame = one.tidy().assign(state=state, n=one.support["n"], k=np.nan)
        frame.loc[frame["scale"] == "arm", "k"] = ever_in(data, number, int(horizon))
        frames.append(frame)
    rows = pd.concat(frames, ignore_index=True)
    return StateMonths(
        rows=rows.drop(columns=["n", "k"]),
        summary={
            "n": int(data.n_person.sum()), "horizon": horizon, "unit": history.time_unit,
            "conf_level": conf_level, "method": "Aalen-Johansen", "n_state": n_state,
            "n_cluster": data.n_cluster, "df": data.df,
        },
        support={"n": rows["n"].to_numpy(), "k": rows["k"].to_numpy()},
        provenance=source,
    )  # fmt: skip
