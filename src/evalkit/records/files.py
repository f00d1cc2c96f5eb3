"""Files of tables as text: CSV and parquet, whatever their separator, parts or types."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from pyarrow.parquet import ParquetFile

from evalkit.records.levels import by_level

SEPARATORS = ",;\t"
BEFORE_HEADER = re.compile(rb"(\xef\xbb\xbf)?[\r\n]*")  # byte order mark and empty lines


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
    _check_encoding(content)
    start = BEFORE_HEADER.match(content).end()
    first = 2 + content.count(b"\n", 0, start)
    end = content.find(b"\n", start)
    header, separator = _header(content[start : end if end >= 0 else None].decode())
    rows = io.BytesIO(content)  # shares the bytes; a StringIO would hold the text once more
    rows.seek(start)
    try:
        frame = pd.read_csv(
            rows, sep=separator, dtype=str, names=range(len(header)), encoding="utf-8",
            header=None, keep_default_na=False, na_filter=False, skip_blank_lines=False,
        )  # fmt: skip
    except pd.errors.ParserError:
        frame = None
    if frame is None or not isinstance(frame.index, pd.RangeIndex):
        row = _ragged_row(content[start:].decode(), separator, len(header)) + first - 2
        raise UnreadableError(
            f"has more fields in row {row} than in its header",
            "Quote entries that contain the separator.",
        )
    frame = frame.iloc[1:]
    columns = ((name, frame[place]) for place, name in enumerate(header) if name)
    return _cleaned(columns, first, decimal_comma=separator == ";")


def _check_encoding(content: bytes) -> None:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise UnreadableError(
            f"is not UTF-8 (first at row {row})", "Save it as CSV UTF-8."
        ) from None


def _header(line: str) -> tuple[list[str], str]:
    line = line.rstrip("\r")
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


def _cleaned(
    columns: Iterable[tuple[str, pd.Series]], first: int, *, decimal_comma: bool
) -> pd.DataFrame:
    """Strip spaces, make empty entries missing, leave out rows that are wholly empty.

    Column by column, so that a long table is not held twice. `first` is the number of the first
    row in the file.
    """

    def clean(text: pd.Series) -> pd.Series:
        text = text.str.strip()
        if decimal_comma:
            text = text.str.replace(r"^([+-]?\d+),(\d+)$", r"\1.\2", regex=True)
        return text.mask(text == "", np.nan)

    texts = {name: by_level(text, clean).to_numpy(dtype=object) for name, text in columns}
    frame = pd.DataFrame(texts, dtype=object, copy=False)
    frame.index = np.arange(first, first + len(frame))
    empty = np.ones(len(frame), dtype=bool)
    for name in frame:
        empty &= frame[name].isna().to_numpy()
    if empty.all():
        raise UnreadableError("has a header but no rows", "Fill it, or remove the file.")
    return frame[~empty] if empty.any() else frame


def _read_parquet(path: Path) -> pd.DataFrame:
    files = files_of(path)
    if not files:
        raise UnreadableError("is a folder without parquet files", "Fill it, or remove it.")
    names = [_names(file, path) for file in files]
    for file, found in zip(files, names, strict=True):
        if found != names[0]:
            raise UnreadableError(
                f"has other columns in {file.name} than in {files[0].name}",
                "Give all parts the same columns in the same order.",
            )
    columns = ((name, _column(files, path, name)) for name in names[0])
    return _cleaned(columns, 2, decimal_comma=False)


@contextmanager
def _reading(file: Path, path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError):
        part = "" if file == path else f"has a part, {file.name}, that "
        raise UnreadableError(f"{part}is not a parquet file", "Write it again.") from None


def _names(file: Path, path: Path) -> list[str]:
    """Columns of a part, without those that pandas keeps an index in."""
    with _reading(file, path):
        schema = ParquetFile(file).schema_arrow
    if len(set(schema.names)) < len(schema.names):
        raise UnreadableError("has a column name twice", "Give each column a name of its own.")
    index = (schema.pandas_metadata or {}).get("index_columns", [])
    return [name for name in schema.names if name not in index]


def _column(files: list[Path], path: Path, name: str) -> pd.Series:
    """One column of all parts as text: dates ISO, whole numbers without a point, missing empty."""
    columns = []
    for file in files:
        with _reading(file, path):
            # Of `a` and `a.b` the file gives both for the first.
            table = ParquetFile(file).read(columns=[name]).select([name])
            columns.append(table.to_pandas().iloc[:, 0])
    if all(column.dtype == columns[0].dtype for column in columns):
        columns = [pd.concat(columns, ignore_index=True)]
    texts = [by_level(column, _text, missing="") for column in columns]
    return pd.concat(texts, ignore_index=True)


def _text(column: pd.Series) -> pd.Series:
    """Text of the values of one column."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.strftime("%Y-%m-%d").astype(object)
    if pd.api.types.is_bool_dtype(column):
        return column.astype("Int64").astype(str)
    text = column.astype(object).astype(str)
    return text.str.removesuffix(".0") if pd.api.types.is_float_dtype(column) else text
