"""EQ-5D index: five answers, or one profile code, to one number."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.health.value_sets import DIMENSIONS, FullHealth, n_level, state_values


def eq5d_index(
    answers: pd.DataFrame | pd.Series,
    *,
    value_set: str,
    columns: Sequence[str] = DIMENSIONS,
    full_health: FullHealth = "model",
) -> pd.Series:
    """Value EQ-5D answers by a published value set.

    There is no default value set: the sets differ by more than most programmes achieve, and the
    study file names one before results exist. A profile with a missing answer has no index; an
    answer is never replaced.

    Parameters
    ----------
    answers : DataFrame or Series, n rows
        Either five numeric columns of levels (1 to 3 or 1 to 5, NaN where missing), or profile
        codes such as `"21232"` (strings, missing allowed) as a Series or as one column.
    value_set : str
        Id from `value_sets()`; it decides between three and five levels.
    columns : sequence of str
        The five columns in the order mobility, self-care, usual activities, pain/discomfort,
        anxiety/depression; or one column of profile codes.
    full_health : {"model", "one"}
        Value of state 11111. The Swedish experience-based models put it below 1 (0.9694, 0.9755);
        `"one"` sets that state alone to 1, as some implementations do.

    Returns
    -------
    Series of float, n rows
        Named `health_index`, on the index of `answers`; NaN where an answer is missing.

    Raises
    ------
    EstimationError
        If a column is missing or not numeric, if a level is not a whole number within the range
        of the instrument, or if a profile code is not five digits; all columns at once.
    ParameterError
        If the value set or `full_health` is not known.

    Notes
    -----
    index = full health + (any answer above 1) a + (any answer at the top level) b + the sum over
    dimensions of the coefficient of the level answered, where level 1 has none.

    References
    ----------
    `value_sets()` names the publication of each set.

    Examples
    --------
    >>> answers = pd.DataFrame({"mo": [2, 1], "sc": 1, "ua": 2, "pd": 3, "ad": [2, np.nan]})
    >>> eq5d_index(answers, value_set="SE-2014-TTO").round(4).tolist()
    [0.6127, nan]
    >>> eq5d_index(pd.Series(["21232"]), value_set="SE-2014-TTO").round(4).tolist()
    [0.6127]
    """
    top = n_level(value_set)
    values = np.append(state_values(value_set, full_health), np.nan)
    profiles = _profiles(answers, columns)
    if profiles is not None:
        state = _states_of_profiles(profiles, top)
    else:
        state = _states_of_answers(answers, columns, top)
    return pd.Series(values[state], index=answers.index, name="health_index")


def _profiles(answers: pd.DataFrame | pd.Series, columns: Sequence[str]) -> pd.Series | None:
    """The column of profile codes, or None if there are five columns of levels."""
    if isinstance(answers, pd.Series):
        return answers
    missing = [name for name in columns if name not in answers.columns]
    if missing:
        raise EstimationError(f"answers: no such column: {', '.join(missing)}")
    if len(columns) == 1:
        return answers[columns[0]]
    if len(columns) != len(DIMENSIONS):
        raise EstimationError(f"columns: EQ-5D has five answers, {len(columns)} columns were named")
    return None


def _states_of_answers(answers: pd.DataFrame, columns: Sequence[str], top: int) -> np.ndarray:
    """Position of each row's state in the table of values; with an answer missing, past its end."""
    state = np.zeros(len(answers), dtype=np.int16)
    incomplete = np.zeros(len(answers), dtype=bool)
    faults = []
    for name in columns:
        level, missing, fault = _levels(answers[name], top)
        if fault:
            faults.append(fault)
            continue
        state = state * np.int16(top) + level
        if missing is not None:
            incomplete |= missing
    if faults:
        raise EstimationError("; ".join(faults))
    state[incomplete] = top ** len(DIMENSIONS)
    return state


def _levels(column: pd.Series, top: int) -> tuple[np.ndarray | None, np.ndarray | None, str | None]:
    """Levels from 0 as int16, which are missing (None: none), and what is wrong with the column."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return None, None, f"{column.name}: levels must be numbers, the column is {column.dtype}"
    missing = None
    if pd.api.types.is_extension_array_dtype(column):
        column = pd.Series(column.to_numpy(dtype=float, na_value=np.nan), name=column.name)
    values = column.to_numpy()
    if values.dtype.kind == "f":
        missing = np.isnan(values)
        values = np.where(missing, 1, values) if missing.any() else values
    if len(values) and (values.min() < 1 or values.max() > top):
        return None, None, _fault(column.name, (values < 1) | (values > top), top)
    level = values.astype(np.int16)
    if values.dtype.kind == "f" and not np.array_equal(level, values):
        return None, None, _fault(column.name, level != values, top)
    return level - np.int16(1), missing, None


def _states_of_profiles(profiles: pd.Series, top: int) -> np.ndarray:
    codes, distinct = pd.factorize(profiles)  # -1 where missing
    known = {state: number for number, state in enumerate(_all_states(top))}
    state = np.array([known.get(profile, -1) for profile in distinct] + [len(known)], dtype=int)
    state = state[codes]
    if (state < 0).any():
        name = profiles.name if profiles.name is not None else "profile"
        raise EstimationError(_fault(name, state < 0, top, "profile codes are not five digits"))
    return state


def _all_states(top: int) -> list[str]:
    digits = np.indices((top,) * len(DIMENSIONS)).reshape(len(DIMENSIONS), -1).T + 1
    return ["".join(map(str, row)) for row in digits]


def _fault(name: object, wrong: np.ndarray, top: int, what: str = "answers are not levels") -> str:
    """Say which column is wrong, how often and where; never the value."""
    rows = np.flatnonzero(wrong)
    shown = ", ".join(str(row) for row in rows[:5]) + (", ..." if rows.size > 5 else "")
    return (
        f"{name}: {rows.size} of {wrong.size} {what} 1 to {top} (positions {shown}). Correct the "
        f"records, leave the answer empty, or name a value set of the right instrument."
    )
