"""Profiles of EQ-5D answers, read from five columns of levels or from codes, and checked."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.health.states import DIMENSIONS, N_LEVEL, all_states, levels_of_states

MIXED = " They are levels of EQ-5D-5L: if both versions stand in one column, separate them first."


def profile_states(
    answers: pd.DataFrame | pd.Series, columns: Sequence[str], instrument: str
) -> np.ndarray:
    """Position of each row's state in the order 11111, 11112, ...; past the end if incomplete.

    Raises
    ------
    EstimationError
        If a column is missing or not numeric, if an answer is no level of the instrument, or if
        rows are of another instrument.
    """
    top = N_LEVEL[instrument]
    _refuse_other_instruments(answers, instrument)
    profiles = _profile_column(answers, columns)
    if profiles is not None:
        return _states_of_profiles(profiles, top)
    return _states_of_answers(answers, columns, top)


def answer_levels(answers: pd.DataFrame, columns: Sequence[str], instrument: str) -> np.ndarray:
    """Levels from 1 of each row, 0 where an answer is missing, (n, 5); errors as above."""
    top = N_LEVEL[instrument]
    if len(columns) == 1:
        state = profile_states(answers, columns, instrument)
        complete = state < top ** len(DIMENSIONS)
        return levels_of_states(state, top) * complete[:, None]
    profile_states(answers, columns, instrument)  # reports the faults of all columns at once
    given = [answers[name].to_numpy(dtype=float, na_value=np.nan) for name in columns]
    return np.nan_to_num(np.column_stack(given)).astype(np.int64)


def _refuse_other_instruments(answers: pd.DataFrame | pd.Series, instrument: str) -> None:
    if isinstance(answers, pd.Series) or "instrument" not in answers:
        return
    named = answers["instrument"]
    other = (named.notna() & (named != instrument)).to_numpy()
    if other.any():
        rows = np.flatnonzero(other)
        shown = ", ".join(str(row) for row in rows[:5]) + (", ..." if rows.size > 5 else "")
        raise EstimationError(
            f"instrument: {rows.size} of {other.size} rows are not of {instrument} (positions "
            f"{shown}). Value each instrument by a set of its own; the indices cannot be compared."
        )


def _profile_column(answers: pd.DataFrame | pd.Series, columns: Sequence[str]) -> pd.Series | None:
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
        wrong = (values < 1) | (values > top)
        is_mixed = top == 3 and bool(np.isin(values[wrong], (4, 5)).all())
        return None, None, _fault(column.name, wrong, top, is_mixed=is_mixed)
    level = values.astype(np.int16)
    if values.dtype.kind == "f" and not np.array_equal(level, values):
        return None, None, _fault(column.name, level != values, top)
    return level - np.int16(1), missing, None


def _states_of_profiles(profiles: pd.Series, top: int) -> np.ndarray:
    codes, distinct = pd.factorize(profiles)  # -1 where missing
    distinct = [_code(profile) for profile in distinct]
    known = {state: number for number, state in enumerate(all_states(top))}
    state = np.array([known.get(profile, -1) for profile in distinct] + [len(known)], dtype=int)
    state = state[codes]
    if (state < 0).any():
        name = profiles.name if profiles.name is not None else "profile"
        raise EstimationError(_fault(name, state < 0, top, "profile codes are not five digits"))
    return state


def _code(profile: object) -> object:
    """The code as text, where it was read as a whole number (a float in a column with gaps)."""
    is_number = isinstance(profile, (int, float, np.number)) and not isinstance(profile, bool)
    return str(int(profile)) if is_number and float(profile).is_integer() else profile


def _fault(
    name: object,
    wrong: np.ndarray,
    top: int,
    what: str = "answers are not levels",
    *,
    is_mixed: bool = False,
) -> str:
    """Say which column is wrong, how often and where; never the value."""
    rows = np.flatnonzero(wrong)
    shown = ", ".join(str(row) for row in rows[:5]) + (", ..." if rows.size > 5 else "")
    hint = MIXED if is_mixed else ""
    return (
        f"{name}: {rows.size} of {wrong.size} {what} 1 to {top} (positions {shown}). Correct the "
        f"records, leave the answer empty, or name a value set of the right instrument.{hint}"
    )
