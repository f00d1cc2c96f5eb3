"""Records that stand in a folder, one file a table: a nation's are too long to hold at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pyarrow.parquet import ParquetFile

from evalkit.records.reader import read_tables
from evalkit.study import Study


@dataclass(frozen=True, slots=True)
class StoredRecords(Mapping[str, pd.DataFrame]):
    """Tables by name, each read when it is asked for and not kept."""

    folder: Path
    names: tuple[str, ...]

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self.names:
            raise KeyError(name)
        frame = ParquetFile(self.folder / name).read().to_pandas()
        return _as_categories(frame).astype(dict.fromkeys(_texts(frame), object))

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


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
    names = []
    for name, frame in read_tables(study):
        _as_categories(frame).to_parquet(folder / name, index=False)
        names.append(name)
        del frame  # or it would stand until the next one is read
    return StoredRecords(folder, tuple(names))


def _as_categories(frame: pd.DataFrame) -> pd.DataFrame:
    """Texts as categories: each is stored once, and a missing one comes back as it was."""
    return frame.assign(**{name: _category(frame[name]) for name in _texts(frame)})


def _category(text: pd.Series) -> pd.Categorical:
    codes, levels = pd.factorize(text)  # `astype` would sort them
    return pd.Categorical.from_codes(codes, levels)


def _texts(frame: pd.DataFrame) -> list[str]:
    return list(frame.select_dtypes(["object", "category"]))
