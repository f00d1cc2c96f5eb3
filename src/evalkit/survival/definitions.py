"""Sustained exits of several lengths side by side, all with one end of follow-up."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.cohort.months import ABSORBING
from evalkit.cohort.samples import StateHistory, TimeToEvent
from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import digest_frame, provenance
from evalkit.results import DefinitionGrid
from evalkit.survival.incidence import incidence_at
from evalkit.survival.risksets import require_rows

LENGTHS = (1, 3, 6, 12)
CENSORED = "censored"
NEVER = np.iinfo(np.int64).max
CLUSTER = "_cluster"
COLUMNS = ("definition", "sustained_months", "time", "cause")


def exit_definitions(
    sample: StateHistory | pd.DataFrame,
    *,
    horizons: Sequence[float],
    by: str | Sequence[str] | None = None,
    cause: str = "self_support",
    sustained_months: Sequence[int] | None = None,
    competing: Sequence[str] | None = None,
    neutral: Sequence[str] | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> DefinitionGrid:
    """Compare the share with an exit under several definitions and lengths, by several horizons.

    How much an answer depends on what counts as an exit shows only where the same persons are
    followed for the same months; so all cells share the end of follow-up of the longest length.

    Parameters
    ----------
    sample : StateHistory or DataFrame
        Monthly states, in which an exit is a run of months in the state `cause`; or the exits of a
        cohort under its definitions (`samples.definitions`: `definition`, `sustained_months`,
        `time`, `cause`, and columns of persons), which share an end already.
    horizons : sequence of float
        Months at which shares are compared.
    by : str or sequence of str, optional
        Columns whose levels are compared, as in `incidence_at`.
    cause : str
        The exit: a state of the history, or a cause of the frame.
    sustained_months : sequence of int, optional
        Lengths, by default 1, 3, 6 and 12 months; of a frame all that are in it.
    competing : sequence of str, optional
        States of a history that end the follow-up for good; by default those of death, emigration,
        disability pension and old-age pension that it has. A history stays in them up to the data
        cut. Of a frame they are its other causes.
    neutral : sequence of str, optional
        States of a history whose months neither start, continue nor break a run; by default
        parental benefit, if it is a state.
    cluster : str, optional
        Column of a frame that is the unit of dependence; a history has its own.
    conf_level : float

    Returns
    -------
    DefinitionGrid
        For each definition, length and horizon what `incidence_at` gives. From a history the
        definition is the name of the state.

    Raises
    ------
    EstimationError
        If nobody is followed for longer than the largest length; if a group is empty or has fewer
        than two clusters.
    ParameterError
        If a state, a length or a column is not there, or a frame comes with arguments of a history.

    Notes
    -----
    An exit of k months is dated at the first month of the first run of k months in the state; it is
    known k - 1 months later. Everybody is followed, exited or not, to their last observed month
    less the largest length plus 1; persons observed for less, or gone in month 0, have no row. A
    longer length finds a part of the exits of a shorter one, never earlier.

    References
    ----------
    docs/conventions.md, sustained exits and the common end of follow-up.

    Examples
    --------
    >>> people = pd.DataFrame({"person_id": list("abc")})
    >>> months = np.array([[0, 1, 0, 0, 0], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0]])
    >>> history = StateHistory.from_matrix(months, ["support", "work"], people)
    >>> grid = exit_definitions(history, horizons=[2], cause="work", sustained_months=[1, 3])
    >>> grid.tidy()[["sustained_months", "horizon", "estimate"]].round(3)
       sustained_months  horizon  estimate
    0                 1      2.0     0.667
    1                 3      2.0     0.333
    """
    if not len(horizons):
        raise ParameterError("horizons: at least one")
    is_history = isinstance(sample, StateHistory)
    digest = sample.digest if is_history else digest_frame(sample)[:16]
    given = (cause, sustained_months, competing, neutral, cluster)
    cells = (_cells_of_history if is_history else _cells_of_frame)(sample, *given)
    found = {
        (definition, length, float(horizon)): incidence_at(
            exits, by=by, cause=cause, horizon=horizon, conf_level=conf_level
        )
        for (definition, length), exits in cells.items()
        for horizon in horizons
    }
    return DefinitionGrid(
        rows=_stacked(found),
        summary={
            "n": int(max(one.summary["n"] for one in found.values())),
            "cause": cause, "conf_level": conf_level,
            "method": "Aalen-Johansen, common end of follow-up",
            "time_unit": sample.time_unit if is_history else "months",
            "n_cluster": next(iter(found.values())).summary["n_cluster"],
            "df": min(one.summary["df"] for one in found.values()),
        },
        support={
            name: np.concatenate([one.support[name] for one in found.values()])
            for name in ("n", "k", "complement")
        },
        provenance=provenance(
            "exit_definitions", digest, horizons=tuple(horizons), by=by, cause=cause,
            sustained_months=sustained_months, competing=competing, neutral=neutral,
            cluster=cluster, conf_level=conf_level,
        ),
    )  # fmt: skip


def _stacked(found: dict) -> pd.DataFrame:
    frames = [
        one.tidy().assign(definition=definition, sustained_months=length, horizon=horizon)
        for (definition, length, horizon), one in found.items()
    ]
    return pd.concat(frames, ignore_index=True)


def _lengths(given: Sequence[int]) -> list[int]:
    lengths = sorted({int(length) for length in given})
    if not lengths or lengths[0] < 1 or any(length != int(length) for length in given):
        raise ParameterError("sustained_months: must be whole numbers of at least 1")
    return lengths


def _cells_of_frame(frame: pd.DataFrame, cause: str, lengths, competing, neutral, cluster) -> dict:
    if competing is not None or neutral is not None:
        raise ParameterError("competing, neutral: a frame brings its causes; leave them out")
    missing = [name for name in COLUMNS if name not in frame]
    if missing:
        raise ParameterError(f"no such column: {', '.join(missing)}")
    if lengths is not None:
        unknown = sorted(set(lengths) - set(frame["sustained_months"]))
        if unknown:
            raise ParameterError(f"sustained_months: no exits of {unknown} months in the frame")
        # A definition without runs has one length, 1, whatever lengths are asked for.
        several = frame.groupby("definition")["sustained_months"].transform("nunique") > 1
        frame = frame[~several | frame["sustained_months"].isin(lengths)]
    if not len(frame):
        raise EstimationError("the frame of definitions has no rows")
    others = sorted(set(frame["cause"]) - {cause, CENSORED})
    return {
        (definition, int(length)): TimeToEvent.from_frame(
            part, duration="time", cause="cause", censored=CENSORED, causes=(cause, *others),
            cluster=cluster,
        )
        for (definition, length), part in frame.groupby(
            ["definition", "sustained_months"], sort=False
        )
    }  # fmt: skip


def _cells_of_history(
    history: StateHistory, cause: str, given, competing, neutral, cluster
) -> dict:
    if cluster is not None:
        raise ParameterError("cluster: a history brings its own; leave it out")
    require_rows(history)
    lengths = _lengths(LENGTHS if given is None else given)
    codes, rest, names = _codes(history.states, cause, competing, neutral)
    end = (history.state >= 0).sum(axis=1) - 1 - (lengths[-1] - 1)
    kept = np.flatnonzero((end >= 1) & ~np.isin(history.state[:, 0], codes[1:]))
    if not len(kept):
        raise EstimationError(
            f"sustained_months: nobody is observed for {lengths[-1]} months after month 0"
        )
    people = history.covariates.iloc[kept].reset_index(drop=True)
    if history.cluster is not None:
        people = people.assign(**{CLUSTER: history.cluster[kept]})
    cells = {}
    for length in lengths:
        time, number = _first_exits(history.state[kept], codes, rest, length, end[kept])
        frame = people.assign(_time=time, _cause=np.array([CENSORED, *names], dtype=object)[number])
        cells[cause, length] = TimeToEvent.from_frame(
            frame, duration="_time", cause="_cause", censored=CENSORED, causes=names,
            cluster=None if history.cluster is None else CLUSTER, time_unit=history.time_unit,
        )  # fmt: skip
    return cells


def _codes(states: tuple[str, ...], cause: str, competing, neutral):
    """Codes of the cause and its competitors, codes of neutral states, names of the former."""
    if competing is None:
        competing = [name for name in ABSORBING if name in states and name != cause]
    if neutral is None:
        neutral = [name for name in ("parental",) if name in states and name != cause]
    unknown = [name for name in (cause, *competing, *neutral) if name not in states]
    if unknown:
        raise ParameterError(
            f"state {', '.join(map(repr, unknown))}: the history has {', '.join(states)}"
        )
    names = (cause, *competing)
    return [states.index(name) for name in names], [states.index(name) for name in neutral], names


def _first_exits(
    state: np.ndarray, codes: list[int], neutral: list[int], length: int, end: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Time and number (0 censored, 1 the exit, 2 ... competing) of what ended each follow-up."""
    gone = np.isin(state, codes[1:])
    left = np.where(gone.any(axis=1), gone.argmax(axis=1), NEVER)
    month = np.arange(state.shape[1])
    free = (state == codes[0]) & (month >= 1) & (month < left[:, None])
    breaks = ~free & ~np.isin(state, neutral)
    counted = np.cumsum(free, axis=1)
    base = np.maximum.accumulate(np.where(breaks, counted, 0), axis=1)
    complete = free & (counted - base >= length)
    rows = np.flatnonzero(complete.any(axis=1))
    begun = np.full(len(state), NEVER)
    target = counted[rows, complete[rows].argmax(axis=1)] - length + 1
    begun[rows] = (counted[rows] >= target[:, None]).argmax(axis=1)
    time = np.minimum(np.minimum(begun, left), end)
    number = np.zeros(len(state), dtype=np.intp)
    ended = np.flatnonzero(left <= end)
    position = np.zeros(max(codes) + 1, dtype=np.intp)
    position[codes] = np.arange(1, len(codes) + 1)
    number[ended] = position[state[ended, left[ended]]]
    number[begun <= np.minimum(end, left)] = 1
    return time, number
