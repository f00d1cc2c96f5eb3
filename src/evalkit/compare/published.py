"""Computed again: a published number beside the one that the same function gives today."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError, ParameterError
from evalkit.provenance import digest_json, provenance
from evalkit.results import SUPPORT, Verdicts
from evalkit.results.published import VERDICTS

SCALES = {
    "": lambda value: value,
    "exp": np.exp,
    "percent": lambda value: 100 * value,
    "minus": np.negative,
}
SLACK = 1e-9  # of the tolerance: what binary fractions may add to half a printed unit
NEEDED = (
    "number", "table", "published", "value", "tolerance", "read", "derived", "source", "where",
    "column", "scale", "because", "computed", "impossible",
)  # fmt: skip


def against_published(numbers: pd.DataFrame, *, case: str = "", **results: object) -> Verdicts:
    """Set published numbers beside the same numbers computed again.

    Parameters
    ----------
    numbers : DataFrame
        One row a published number, as `open_published(name).numbers`: `number` (its id),
        `published` (as printed), `value`, `tolerance`, `read` (document, secondary, memory),
        `derived`, `source` (name of a result), `where` (keys of its row), `column`, `scale`,
        `because`, `computed` (the known deviating number), `impossible`, `table`.
    case : str
        Name of the case.
    **results
        Results of evalkit by the name that `source` gives them, or plain numbers.

    Returns
    -------
    Verdicts
        One row a number. See there for the verdicts.

    Raises
    ------
    ParameterError
        If a number names a result that is not given, or a result is given that no number names.
    EstimationError
        If a result has no such row or column, or several such rows.

    Notes
    -----
    A number is met if it differs from the printed one by at most `tolerance`, by default half a
    unit of the last printed digit. A deviation counts as known only while the number computed today
    still agrees with `computed`; otherwise it has drifted.

    Examples
    --------
    >>> row = dict(number="cost", table="p. 24", published="56 667", value=56667.0, tolerance=0.5,
    ...            read="document", derived=False, source="cost", where={}, column="", scale="",
    ...            because={}, computed="", impossible=False)
    >>> verdicts = against_published(pd.DataFrame([row]), cost=6 * 113_333.3333 / 12)
    >>> verdicts.tidy()[["number", "published", "computed", "verdict"]].round(1)
      number published  computed     verdict
    0   cost    56 667   56666.7  reproduced
    """
    _check(numbers, results)
    found = [_found(row, results) for row in numbers.itertuples()]
    computed = np.array([value for value, _ in found], dtype=float)
    verdict = [
        _verdict(row, value) for row, value in zip(numbers.itertuples(), computed, strict=True)
    ]
    counts = {f"n_{name}": verdict.count(name) for name in VERDICTS}
    return Verdicts(
        rows={
            "number": numbers["number"].astype(object),
            "published": numbers["published"].astype(object),
            "computed": computed,
            "difference": computed - numbers["value"].to_numpy(dtype=float),
            "tolerance": numbers["tolerance"].to_numpy(dtype=float),
            "verdict": verdict,
            "read": numbers["read"].astype(object),
            "table": numbers["table"].astype(object),
        },
        summary={"case": case, "n": len(numbers), **counts, "label": "published"},
        support={
            name: np.array([behind[name] for _, behind in found], dtype=float) for name in SUPPORT
        },
        provenance=provenance("against_published", _digest(numbers, results), case=case),
    )


def _check(numbers: pd.DataFrame, results: Mapping[str, object]) -> None:
    missing = [name for name in NEEDED if name not in numbers.columns]
    if missing:
        raise ParameterError(f"numbers: no such column: {', '.join(missing)}")
    wanted = set(numbers.loc[~numbers["impossible"].astype(bool), "source"])
    absent, unused = sorted(wanted - set(results)), sorted(set(results) - wanted)
    if absent or unused:
        parts = [f"results not given: {', '.join(absent)}"] * bool(absent)
        parts += [f"results that no number names: {', '.join(unused)}"] * bool(unused)
        raise ParameterError(f"against_published: {'; '.join(parts)}")


def _found(row, results: Mapping[str, object]) -> tuple[float, Mapping[str, float]]:
    """The number computed again, on the printed scale, and how many persons stand behind it."""
    nobody = dict.fromkeys(SUPPORT, np.nan)
    if row.impossible:
        return np.nan, nobody
    result = results[row.source]
    if isinstance(result, int | float | np.number):
        return float(SCALES[row.scale](float(result))), nobody
    frame = result.tidy()
    chosen = np.ones(len(frame), dtype=bool)
    for name, wanted in {**row.where}.items():
        if name not in frame.columns:
            raise EstimationError(f"{row.number}: {row.source} has no column {name}")
        chosen &= _same(frame[name], wanted)
    if chosen.sum() != 1 or row.column not in frame.columns:
        raise EstimationError(
            f"{row.number}: {int(chosen.sum())} rows of {row.source} are where "
            f"{', '.join(f'{name} = {value}' for name, value in row.where.items()) or 'asked'}, "
            f"column {row.column} (columns: {', '.join(frame.columns)}); one is needed"
        )
    at = int(np.flatnonzero(chosen)[0])
    behind = {name: float(result.support[name][at]) for name in SUPPORT}
    return float(SCALES[row.scale](float(frame[row.column].iloc[at]))), behind


def _same(column: pd.Series, wanted: str) -> np.ndarray:
    """Rows whose key is the wanted text; numbers are compared as numbers."""
    if column.dtype.kind in "iuf":
        return np.isclose(column.to_numpy(dtype=float), float(wanted))
    return (column.astype(str) == str(wanted)).to_numpy()


def _verdict(row, computed: float) -> str:
    if row.impossible:
        return "impossible"
    if row.because:
        known = "".join(row.computed.split()).replace("\N{MINUS SIGN}", "-")
        digits = len(known.partition(".")[2])
        return "deviates" if _within(computed, float(known), 0.5 * 10.0**-digits) else "drifted"
    if not _within(computed, row.value, row.tolerance):
        return "drifted"
    if row.derived:
        return "consistent"
    return "from_memory" if row.read == "memory" else "reproduced"


def _within(computed: float, value: float, tolerance: float) -> bool:
    return bool(abs(computed - value) <= tolerance * (1 + SLACK) + 1e-12 * abs(value))


def _digest(numbers: pd.DataFrame, results: Mapping[str, object]) -> str:
    """Digest of what is compared: the printed numbers and what made the computed ones."""
    made = {
        name: getattr(getattr(result, "provenance", None), "id", str(result))
        for name, result in results.items()
    }
    return digest_json([numbers.astype(str).to_dict("records"), made])[:16]
