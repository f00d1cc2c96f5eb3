"""Tables as files, the same bytes on every run, and folders that change all at once."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from evalkit.errors import ParameterError
from evalkit.records import schema as s
from evalkit.synthetic.protocol import HEADER

STUDY_FILE, TRUTH_FILE = "study.yaml", "truth.json"
_TABLE_FILES = {name + suffix for name in s.TABLES for suffix in (".csv", ".parquet")}
_TYPES = {
    "date": pa.date32(), "integer": pa.int64(), "flag": pa.int8(), "number": pa.float64(),
}  # fmt: skip


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV in UTF-8; missing entries are empty."""
    text = frame.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d")
    path.write_bytes(text.encode("utf-8"))


def write_parquet(name: str, frame: pd.DataFrame, path: Path) -> None:
    """Write a table as parquet in the types of its schema, also where it has no rows."""
    columns = [s.TABLES[name].column(column) for column in frame.columns]
    arrays = [_array(frame[column.name], column.kind) for column in columns]
    table = pa.Table.from_arrays(arrays, [column.name for column in columns])
    pq.write_table(table, path, compression="zstd")


def count_rows(files: list[Path]) -> int:
    """Rows of the tables among the files that a synthetic study was written to."""
    parquet = sum(pq.read_metadata(path).num_rows for path in files if path.suffix == ".parquet")
    return parquet + sum(
        path.read_bytes().count(b"\n") - 1 for path in files if path.suffix == ".csv"
    )


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """A folder to write into that takes the place of a former study only when all went well.

    Other files in the folder, such as a site, are left alone.

    Raises
    ------
    ParameterError
        If the folder holds files but no made-up study.
    """
    _refuse_foreign(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield draft
        _move(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _array(column: pd.Series, kind: str) -> pa.Array:
    if kind == "date":
        days = pd.to_datetime(column, format="%Y-%m-%d").to_numpy().astype("datetime64[D]")
        return pa.array(days, pa.date32())
    if kind in _TYPES:
        return pa.array(pd.to_numeric(column), _TYPES[kind], from_pandas=True)
    texts = column if column.dtype == object else column.astype(str)
    array = pa.array(texts, pa.string(), from_pandas=True)
    return pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array)


def _refuse_foreign(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ParameterError(f"folder: {folder} is a file")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    study = folder / STUDY_FILE
    if not study.is_file() or not study.read_bytes().startswith(HEADER.encode()):
        raise ParameterError(f"folder: {folder} holds other files than a made-up study")


def _move(draft: Path, folder: Path) -> None:
    """Put new files in place of former ones, the study file last."""
    folder.mkdir(exist_ok=True)
    for former in sorted(folder.iterdir()):
        if former.name in _TABLE_FILES | {TRUTH_FILE}:
            shutil.rmtree(former) if former.is_dir() else former.unlink()
    for made in sorted(draft.iterdir(), key=lambda path: path.name == STUDY_FILE):
        made.replace(folder / made.name)
