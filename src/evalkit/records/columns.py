"""Column checks with pandera on text, and the types that records are delivered in."""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from evalkit.codes import benefits
from evalkit.records import schema
from evalkit.records.faults import Fault, row_fault
from evalkit.records.levels import by_level
from evalkit.records.mapping import nearest
from evalkit.study import Study

_NUMBER = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"
_PATTERNS = {
    "integer": r"[+-]?\d+(\.0*)?",
    "number": _NUMBER,
    "flag": r"[01](\.0*)?",
    "month": r"\d{4}-(0[1-9]|1[0-2])",
    "date": r"\d{4}-\d{2}-\d{2}",
    "occasion": r"-?\d+|end",
}
_FORMS = {
    "integer": "not a whole number",
    "number": "not a number",
    "flag": "not 0 or 1",
    "month": "not a month YYYY-MM",
    "date": "not a date YYYY-MM-DD that exists",
    "occasion": "not a planned month (a whole number) or `end`",
}


def check_columns(frame: pd.DataFrame, table: schema.Table, study: Study) -> list[Fault]:
    """All faults of single columns: missing, empty, of a wrong form, outside range or code list.

    Parameters
    ----------
    frame : DataFrame of str
        The table in our columns, indexed by file row.
    """
    faults = [
        _missing_column(frame, table, column)
        for column in table.columns
        if column.name not in frame.columns and column.required(study.outcome.source)
    ]
    present = [column for column in table.columns if column.name in frame.columns]
    checks = {column.name: _pandera_column(column, study) for column in present}
    try:
        # In place: nothing is changed, and a long table is not copied.
        pa.DataFrameSchema(checks).validate(frame, lazy=True, inplace=True)
    except SchemaErrors as errors:
        # failure_cases also holds the values; only places and check names are taken from it.
        cases = errors.failure_cases[["column", "check", "index"]]
        for (column, check), rows in cases.groupby(["column", "check"], sort=False)["index"]:
            what, remedy = _explain(table.column(column), check, study)
            faults += row_fault(table.name, column, rows, len(frame), what, remedy)
    return faults


def typed(frame: pd.DataFrame, table: schema.Table) -> pd.DataFrame:
    """The table in the types of `schema`; text that does not fit its type becomes missing.

    The columns are taken out of `frame`, so that a long table does not stand here twice.
    """
    index, others = frame.index, frame.columns.difference(table.names, sort=False)
    columns = {}
    for column in table.columns:
        absent = column.name not in frame
        text = pd.Series(np.nan, index, dtype=object) if absent else frame.pop(column.name)
        columns[column.name] = _typed_column(text, column).to_numpy()
    columns |= {name: _guessed(frame.pop(name)).to_numpy() for name in others}
    # Rows made from items share their file row, so columns are joined by position.
    return pd.DataFrame(columns, index=index, copy=False)


def _typed_column(text: pd.Series, column: schema.Column) -> pd.Series:
    if column.kind == "date":
        return pd.to_datetime(text, format="%Y-%m-%d", errors="coerce").astype("datetime64[ns]")
    if column.kind in ("integer", "number", "flag"):
        numbers = by_level(text, _as_numbers)
        whole = column.kind == "integer" and not column.nullable and numbers.notna().all()
        return numbers.astype("int64") if whole else numbers
    return text.astype(object)


def _as_numbers(text: pd.Series) -> pd.Series:
    return pd.to_numeric(text, errors="coerce").astype(float)


def _guessed(text: pd.Series) -> pd.Series:
    """Numbers where every entry is one; a code with a leading zero keeps the column text."""
    given = text.dropna().unique()
    is_number = [re.fullmatch(_NUMBER, value) and not re.match(r"0\d", value) for value in given]
    return pd.to_numeric(text).astype(float) if len(given) and all(is_number) else text


def _pandera_column(column: schema.Column, study: Study) -> pa.Column:
    # A check passes what an earlier one refuses, so that an entry has one fault.
    checks = []
    form = _form_of(column)
    if form is not None:
        checks.append(pa.Check(lambda text: by_level(text, form), error="form"))
    if allowed := _allowed(column, study):
        checks.append(pa.Check(lambda text: text.isin(allowed), error="code"))
    if column.name == schema.MUNICIPALITY and study.country in schema.MUNICIPALITY_DIGITS:
        digits = schema.MUNICIPALITY_DIGITS[study.country]
        short, code = (_short_code(digits), _code_or_short(digits))
        checks.append(pa.Check(lambda text: ~by_level(text, short), error="short"))
        checks.append(pa.Check(lambda text: by_level(text, code), error="municipality"))
    if np.isfinite(column.low) or np.isfinite(column.high):
        within = _within(column.low, column.high)
        checks.append(pa.Check(lambda text: by_level(text, within), error="range"))
    return pa.Column(None, checks=checks, nullable=column.nullable, required=False)


def _form_of(column: schema.Column) -> Callable[[pd.Series], pd.Series] | None:
    if column.kind not in _PATTERNS or column.allowed:
        return None
    pattern = _PATTERNS[column.kind]
    if column.kind == "date":
        return lambda text: (
            text.str.fullmatch(pattern)
            & pd.to_datetime(text, format="%Y-%m-%d", errors="coerce").notna()
        )
    return lambda text: text.str.fullmatch(pattern)


def _allowed(column: schema.Column, study: Study) -> tuple[str, ...]:
    if column.name == schema.BENEFIT:
        return tuple(benefits(study.country).index)
    return column.allowed


def _within(low: float, high: float) -> Callable[[pd.Series], pd.Series]:
    def check(text: pd.Series) -> pd.Series:
        numbers = pd.to_numeric(text, errors="coerce")
        return numbers.isna() | numbers.between(low, high)

    return check


def _short_code(digits: int) -> Callable[[pd.Series], pd.Series]:
    return lambda text: text.str.fullmatch(rf"\d{{1,{digits - 1}}}")


def _code_or_short(digits: int) -> Callable[[pd.Series], pd.Series]:
    return lambda text: text.str.fullmatch(rf"\d{{1,{digits}}}")


def _explain(column: schema.Column, check: str, study: Study) -> tuple[str, str]:
    if check == "not_nullable":
        return "empty", "Fill the column, or leave the rows out of the extract by a stated rule."
    if check == "form":
        return _FORMS[column.kind], "Correct the form of the entries."
    if check == "range":
        low, high = f"at least {column.low:g}", f"at most {column.high:g}"
        ends = [word for word in (low, high) if "inf" not in word]
        return f"outside its range ({' and '.join(ends)})", "Correct the numbers."
    if check == "short":
        digits = schema.MUNICIPALITY_DIGITS[study.country]
        return (
            f"municipality code with fewer than {digits} digits, leading zero lost?",
            "Keep the column as text where the file is made, so that leading zeros stay.",
        )
    if check == "municipality":
        digits = schema.MUNICIPALITY_DIGITS[study.country]
        return "not a municipality code", f"Codes of {study.country} have {digits} digits."
    if column.name == schema.BENEFIT:
        what = f"unknown benefit code for country {study.country}"
    else:
        what = "not in the code list"
    codes = ", ".join(_allowed(column, study))
    return what, f"Use one of: {codes}; or translate the codes with data.mapping."


def _missing_column(frame: pd.DataFrame, table: schema.Table, column: schema.Column) -> Fault:
    others = [name for name in frame.columns if name not in table.names]
    return Fault(
        table.name,
        column.name,
        f"the column is missing{nearest(column.name, others)}",
        "Add or rename the column, or name yours in data.mapping.",
    )
