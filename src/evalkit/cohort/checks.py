"""Checks of a frame's columns: they say what is wrong and where, never with which value."""

import numpy as np
import pandas as pd

from evalkit.errors import CohortError


def event_causes(frame, event, cause, censored, causes) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes (0 = censored) and names of causes, from a boolean or a string column."""
    if (event is None) == (cause is None):
        raise CohortError("events: name either `event` (boolean) or `cause` (with `censored`)")
    if event is not None:
        values = frame[event]
        known = values.isin([0, 1]).to_numpy() & values.notna().to_numpy()
        if values.dtype.kind not in "biuf" or not known.all():
            raise CohortError(
                f"{event}: an event must be boolean or 0/1; {int((~known).sum())} of {len(frame)} "
                "rows are not. Recode it, or name a `cause` column with its `censored` level."
            )
        return values.to_numpy().astype(np.int16), tuple(causes or ("event",))
    if censored is None:
        raise CohortError(f"{cause}: say which level means censored (`censored=`)")
    values = frame[cause]
    strings = values.map(lambda value: isinstance(value, str)).to_numpy(dtype=bool)
    refuse(~strings, cause, "not a string")
    found = sorted(set(values.unique()) - {censored})
    names = tuple(causes) if causes else tuple(found)
    if set(found) - set(names):
        raise CohortError(f"{cause}: {len(set(found) - set(names))} causes are not among `causes`")
    code = pd.Categorical(values, categories=list(names)).codes.astype(np.int16) + 1
    return code, names


def require_columns(frame: pd.DataFrame, **columns: str | None) -> None:
    """Raise where a named column is not in the frame; the message gives its role."""
    missing = [
        f"{role} = {name!r}"
        for role, name in columns.items()
        if name is not None and name not in frame.columns
    ]
    if missing:
        raise CohortError(f"no such column: {'; '.join(missing)}")


def numbers(
    frame: pd.DataFrame, name: str, *, at_least: float | None = None, allow_missing: bool = False
) -> np.ndarray:
    """Take a numeric column as float; missing, infinite and too small values are refused."""
    if frame[name].dtype.kind not in "biuf":
        raise CohortError(f"{name}: must be numeric, is {frame[name].dtype}")
    values = frame[name].to_numpy(dtype=float)
    if not allow_missing:
        refuse(~np.isfinite(values), name, "missing or infinite")
    if at_least is not None:
        refuse(values < at_least, name, f"below {at_least:g}")
    return values


def codes(frame: pd.DataFrame, name: str | None) -> np.ndarray | None:
    """Number the values of a column in sorted order; missing values are refused."""
    if name is None:
        return None
    refuse(frame[name].isna().to_numpy(), name, "missing")
    return frozen(pd.factorize(frame[name], sort=True)[0])


def frozen(values: np.ndarray) -> np.ndarray:
    """Copy into a read-only array."""
    array = np.array(values, copy=True)
    array.setflags(write=False)
    return array


def refuse(wrong: np.ndarray | bool, name: str, what: str) -> None:
    """Raise with the positions of the first rows that are wrong, never with their values."""
    bad = np.flatnonzero(wrong)
    if bad.size:
        shown = ", ".join(str(row) for row in bad[:5]) + (", ..." if bad.size > 5 else "")
        size = np.size(wrong)
        raise CohortError(f"{name}: {bad.size} of {size} rows {what} (positions {shown})")
