"""Records that stand in a folder, one file a table: a nation's are too long to hold at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

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
        return pd.read_pickle(self.folder / name)

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
        Empty, and for this process alone: the tables stand there as they are in memory, missing
        values and shared texts too.

    Raises
    ------
    RecordsError, StudyError, CohortError
        As by `read_records`.
    """
    names = []
    for name, frame in read_tables(study):
        frame.to_pickle(folder / name)
        names.append(name)
        del frame  # or it would stand until the next one is read
    return StoredRecords(folder, tuple(names))
