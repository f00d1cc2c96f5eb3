"""Records: files read as text, mapped, checked and typed; every fault told at once."""

import csv
import difflib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.errors import RecordsError
from evalkit.provenance import digest_frame, digest_json
from evalkit.records import schema
from evalkit.records.checks import check_tables
from evalkit.records.columns import check_columns, typed
from evalkit.records.eligibility import refuse_future
from evalkit.records.faults import Fault, raise_faults
from evalkit.records.levels import by_level
from evalkit.records.mapping import TableMapping, apply_mapping, read_mapping
from evalkit.study import Study

SUFFIXES = {"auto": (".csv", ".parquet"), "csv": (".csv",), "parquet": (".parquet",)}
SEPARATORS = ",;\t"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Records:
    """The tables of a study, checked.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        By table name, in the columns and types of `schema`. Tables that the study lacks are not
        in it.
    digest : str
        Digest of all tables, 64 hexadecimal digits.
    """

    tables: Mapping[str, pd.DataFrame]
    digest: str

    def __repr__(self) -> str:
        rows = ", ".join(f"{name} {len(table)}" for name, table in self.tables.items())
        return f"<Records: {rows}>"


def read_records(study: Study) -> Records:
    """Read the records of a study and check them against the schema and each other.

    A table is the file NAME.csv or NAME.parquet in the data folder, or what the mapping file says.
    NAME.parquet may be a folder of parquet files with the same columns: they are read in the order
    of their names, and their rows are numbered on from one to the next. CSV is UTF-8, with or
    without byte order mark, separated by comma, semicolon or tab; with semicolons, numbers may have
    a decimal comma. Every column is read as text and then typed, so that codes keep their leading
    zeros.

    Parameters
    ----------
    study : Study

    Returns
    -------
    Records

    Raises
    ------
    RecordsError
        If anything is wrong with the records. The message has one line for each fault: table,
        column, what, how many rows, the first row numbers (the header is row 1), what to do.
        It never holds a value.
    StudyError
        If the mapping file is not in order, or eligibility names no column.
    CohortError
        If eligibility names a column that is known only after time zero.
    """
    folder = study.data_folder
    if not folder.is_dir():
        raise RecordsError(f"records of study {study.name}: no data folder at data.path")
    mapping = read_mapping(study.folder / study.data.mapping) if study.data.mapping else {}
    faults: list[Fault] = []
    tables: dict[str, pd.DataFrame] = {}
    for name, table in schema.TABLES.items():
        path = _find(name, study, mapping.get(name), faults)
        text = _read_table(path, name, mapping.get(name), faults) if path else None
        if text is not None:
            faults += check_columns(text, table, study)
            tables[name] = typed(text, table)
    faults += check_tables(tables, study)
    raise_faults(study.name, faults)
    refuse_future(study, tables)
    tables = {name: table.reset_index(drop=True) for name, table in tables.items()}
    digests = {name: digest_frame(table) for name, table in tables.items()}
    return Records(tables, digest_json(digests))


def record_files(study: Study) -> list[Path]:
    """Files that `read_records` reads for a study, mapping file first; missing ones left out."""
    mapped = study.folder / study.data.mapping if study.data.mapping else None
    mapping = read_mapping(mapped) if mapped else {}
    ignored: list[Fault] = []
    if not study.data_folder.is_dir():
        return []
    found = [_find(name, study, mapping.get(name), ignored) for name in schema.TABLES]
    read = [file for path in found if path is not None for file in _files_of(path)]
    return [mapped, *read] if mapped is not None else read


def _find(
    name: str, study: Study, mapping: TableMapping | None, faults: list[Fault]
) -> Path | None:
    folder = study.data_folder
    if mapping is not None:
        path = folder / mapping.file
        if not _is_table(path):
            faults.append(Fault(name, "", f"no file {mapping.file}", "Correct data.mapping."))
            return None
        return path
    if name == schema.TARIFFS and study.economics.tariffs:
        return _named_tariffs(study, faults)
    names = [name + suffix for suffix in SUFFIXES[study.data.format]]
    found = [folder / file for file in names if _is_table(folder / file)]
    if len(found) > 1:
        faults.append(
            Fault(name, "", f"both {' and '.join(names)}", "Keep one, or set data.format.")
        )
        return None
    if not found and name in schema.REQUIRED_TABLES[study.outcome.source]:
        near = difflib.get_close_matches(
            names[0], [path.name for path in folder.iterdir()], n=1, cutoff=0.8
        )
        hint = f" ({near[0]} looks like it)" if near else ""
        remedy = "Add it to the data folder, or name your own file in data.mapping."
        faults.append(Fault(name, "", f"no file {' or '.join(names)}{hint}", remedy))
    return found[0] if found else None


def _named_tariffs(study: Study, faults: list[Fault]) -> Path | None:
    """The file of tariffs that the study file names, beside the records or beside itself."""
    file = str(study.economics.tariffs)
    for path in (study.data_folder / file, study.folder / file):
        if _is_table(path):
            return path
    remedy = "Correct economics.tariffs in the study file, or take the key out."
    faults.append(Fault(schema.TARIFFS, "", f"no file {file}", remedy))
    return None


def _is_table(path: Path) -> bool:
    return path.is_file() or (path.suffix == ".parquet" and path.is_dir())


def _files_of(path: Path) -> list[Path]:
    """The file of a table, or the parts of a folder in the order of their names."""
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path]


def _read_table(
    path: Path, name: str, mapping: TableMapping | None, faults: list[Fault]
) -> pd.DataFrame | None:
    """The table as text in our columns, indexed by file row; None where it cannot be read."""
    try:
        frame = _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    except _UnreadableError as error:
        faults.append(Fault(name, "", f"{path.name} {error.what}", error.remedy))
        return None
    if mapping is None:
        return frame
    frame, found = apply_mapping(frame, mapping, len(frame))
    faults += found
    return frame


class _UnreadableError(Exception):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


def _read_csv(path: Path) -> pd.DataFrame:
    content = path.read_bytes()
    if not content.strip(b"\xef\xbb\xbf\r\n\t "):
        raise _UnreadableError("is empty", "Fill it, or remove the file.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise _UnreadableError(
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
        raise _UnreadableError(
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
        raise _UnreadableError(
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
        raise _UnreadableError("has a header but no rows", "Fill it, or remove the file.")
    return frame


def _read_parquet(path: Path) -> pd.DataFrame:
    files = _files_of(path)
    if not files:
        raise _UnreadableError("is a folder without parquet files", "Fill it, or remove it.")
    frames = [_read_part(file, path) for file in files]
    for file, frame in zip(files, frames, strict=True):
        if list(frame.columns) != list(frames[0].columns):
            raise _UnreadableError(
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
        raise _UnreadableError(f"{part}is not a parquet file", "Write it again.") from None
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
