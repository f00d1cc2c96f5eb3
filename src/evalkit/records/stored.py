"""Records that stand in a folder, one file a table: a nation's are too long to hold at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pyarrow.parquet import ParquetFile

from evalkit.records.reader import read_tables
from evalkit.study import Study


@dataclass(frozen=True, slots=True)
class StoredRecords(Mapping[str, pd.DataFrame]):
    """Tables by name, each read when it is asked for and not kept.

    Attributes
    ----------
    folder : Path
    sizes : mapping of str to int
        Rows of each table, known without reading it.
    """

    folder: Path
    sizes: Mapping[str, int]

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self.sizes:
            raise KeyError(name)
        frame = ParquetFile(self.folder / name).read().to_pandas()
        return frame.assign(**{text: _as_text(frame[text]) for text in _texts(frame)})

    def __contains__(self, name: object) -> bool:
        return name in self.sizes

    def __iter__(self) -> Iterator[str]:
        return iter(self.sizes)

    def __len__(self) -> int:
        return len(self.sizes)


def store_records(study: Study, folder: Path) -> StoredRecords:
    """Read and check the records of a study, holding one table at a time.

    Parameters
    ----------
    study : Study
    folder : Path
        Empty.

    Raises
    ------
    RecordsError, StudyError, CohortError
        As by `read_records`.
    """
    sizes = {}
    for name, frame in read_tables(study):
        _as_categories(frame).to_parquet(folder / name, index=False)
        sizes[name] = len(frame)
        del frame  # or it would stand until the next one is read
    return StoredRecords(folder, sizes)


def _as_categories(frame: pd.DataFrame) -> pd.DataFrame:
    """Texts as categories: each is stored once, and a missing one comes back as it was."""
    return frame.assign(**{name: _category(frame[name]) for name in _texts(frame)})


def _category(text: pd.Series) -> pd.Categorical:
    codes, levels = pd.factorize(text)  # `astype` would sort them
    return pd.Categorical.from_codes(codes, levels)


def _as_text(column: pd.Series) -> np.ndarray:
    """Texts of a stored column, a missing one as NaN; of none there are no categories."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.to_numpy(dtype=object)
    if column.notna().any():
        raise TypeError(f"{column.name}: stored as text, and not read as text")
    return np.full(len(column), np.nan, dtype=object)


def _texts(frame: pd.DataFrame) -> list[str]:
    return list(frame.select_dtypes(["object", "category"]))
