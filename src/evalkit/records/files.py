"""Files of tables as text: CSV and parquet, whatever their separator, parts or types."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.records.levels import by_level

SEPARATORS = ",;\t"


class UnreadableError(Exception):
    """A file that is no table: what is wrong with it, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


def is_table(path: Path) -> bool:
    """Whether a path is a file, or a folder of parquet files."""
    return path.is_file() or (path.suffix == ".parquet" and path.is_dir())


def files_of(path: Path) -> list[Path]:
    """The file of a table, or the parts of a folder in the order of their names."""
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path]


def read_text(path: Path) -> pd.DataFrame:
    """A table with every entry as text, indexed by its rows in the file; missing is NaN.

    Raises
    ------
    UnreadableError
        If the file is not a table.
    """
    return _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)


def _read_csv(path: Path) -> pd.DataFrame:
    content = path.read_bytes()
    if not content.strip(b"\xef\xbb\xbf\r\n\t "):
        raise UnreadableError("is empty", "Fill it, or remove the file.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise UnreadableError(
            f"is not UTF-8 (first at row {row})", "Save it as CSV UTF-8."
        ) from None
    blank = len(text) - len(text.lstrip("\r\n"))
    first = 2 + text[:blank].count("\n")
    header, separator = _header(text[blank:])
    try:
        frame = pd.read_csv(
            io.StringIO(text[blank:]), sep=separator, dtype=str, names=range(len(header)),
            header=None, keep_default_na=False, na_filter=False, skip_blank_lines=False,
        )  # fmt: skip
    except pd.errors.ParserError:
        frame = None
    if frame is None or not isinstance(frame.index, pd.RangeIndex):
        row = _ragged_row(text[blank:], separator, len(header)) + first - 2
        raise UnreadableError(
            f"has more fields in row {row} than in its header",
            "Quote entries that contain the separator.",
        )
    frame = frame.iloc[1:].set_axis(header, axis=1)
    frame.index = np.arange(first, first + len(frame))
    named = [position for position, name in enumerate(header) if name]
    return _cleaned(frame.iloc[:, named], decimal_comma=separator == ";")


def _header(text: str) -> tuple[list[str], str]:
    line = text.split("\n", 1)[0].rstrip("\r")
    separator = max(SEPARATORS, key=line.count)
    header = [name.strip() for name in next(csv.reader([line], delimiter=separator))]
    repeated = [i + 1 for i, name in enumerate(header) if name and name in header[:i]]
    if repeated:
        where = ", ".join(str(position) for position in repeated)
        raise UnreadableError(
            f"has a column name twice (column {where})", "Give each column a name of its own."
        )
    return header, separator


def _ragged_row(text: str, separator: str, width: int) -> int:
    rows = csv.reader(io.StringIO(text), delimiter=separator)
    return next((i for i, row in enumerate(rows, start=1) if len(row) > width), 0)


def _cleaned(frame: pd.DataFrame, *, decimal_comma: bool) -> pd.DataFrame:
    """Strip spaces, make empty entries missing, leave out rows that are wholly empty."""

    def clean(text: pd.Series) -> pd.Series:
        text = text.str.strip()
        if decimal_comma:
            text = text.str.replace(r"^([+-]?\d+),(\d+)$", r"\1.\2", regex=True)
        return text.mask(text == "", np.nan)

    columns = [by_level(column, clean) for _, column in frame.items()]
    frame = pd.concat(columns, axis=1, keys=frame.columns).astype(object).dropna(how="all")
    if frame.empty:
        raise UnreadableError("has a header but no rows", "Fill it, or remove the file.")
    return frame


def _read_parquet(path: Path) -> pd.DataFrame:
    files = files_of(path)
    if not files:
        raise UnreadableError("is a folder without parquet files", "Fill it, or remove it.")
    frames = [_read_part(file, path) for file in files]
    for file, frame in zip(files, frames, strict=True):
        if list(frame.columns) != list(frames[0].columns):
            raise UnreadableError(
                f"has other columns in {file.name} than in {files[0].name}",
                "Give all parts the same columns in the same order.",
            )
    same = all(frame.dtypes.equals(frames[0].dtypes) for frame in frames)
    frames = [pd.concat(frames, ignore_index=True)] if same else frames
    frame = pd.concat([_as_text(frame) for frame in frames], ignore_index=True)
    frame.index = np.arange(2, len(frame) + 2)
    return _cleaned(frame, decimal_comma=False)


def _read_part(file: Path, path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(file)
    except (OSError, ValueError):
        part = "" if file == path else f"has a part, {file.name}, that "
        raise UnreadableError(f"{part}is not a parquet file", "Write it again.") from None
    return frame.set_axis([str(name) for name in frame.columns], axis=1)


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Typed columns as text: dates ISO, whole numbers without a point, missing as empty."""
    columns = {name: by_level(frame[name], _text, missing="") for name in frame.columns}
    return pd.DataFrame(columns, dtype=object)


def _text(column: pd.Series) -> pd.Series:
    """Text of the values of one column."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.strftime("%Y-%m-%d").astype(object)
    if pd.api.types.is_bool_dtype(column):
        return column.astype("Int64").astype(str)
    text = column.astype(object).astype(str)
    return text.str.removesuffix(".0") if pd.api.types.is_float_dtype(column) else text
