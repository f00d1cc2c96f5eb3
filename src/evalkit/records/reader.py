"""Records: files read as text, mapped, checked and typed; every fault told at once."""

import difflib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evalkit.errors import RecordsError
from evalkit.provenance import digest_frame, digest_json
from evalkit.records import schema
from evalkit.records.checks import check_table
from evalkit.records.columns import check_columns, typed
from evalkit.records.eligibility import refuse_future, tables_of_eligibility
from evalkit.records.faults import Fault, raise_faults
from evalkit.records.files import UnreadableError, files_of, is_table, read_text
from evalkit.records.mapping import TableMapping, apply_mapping, read_mapping
from evalkit.study import Study

# Where each person, package and municipality has its row; of two, the first that there is.
HOMES = {
    schema.MUNICIPALITIES: schema.MUNICIPALITY,
    schema.PACKAGES: schema.PACKAGE_ID,
    schema.PERSONS: schema.PERSON_ID,
    schema.EVENTS: schema.PERSON_ID,
}
SUFFIXES = {"auto": (".csv", ".parquet"), "csv": (".csv",), "parquet": (".parquet",)}


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
    read = dict(read_tables(study))
    tables = {name: read[name] for name in schema.TABLES if name in read}
    digests = {name: digest_frame(table) for name, table in tables.items()}
    return Records(tables, digest_json(digests))


def read_tables(study: Study) -> Iterator[tuple[str, pd.DataFrame]]:
    """The tables of a study one after the other, checked, so that only one need be held.

    Those that others refer to come first.

    Parameters
    ----------
    study : Study

    Yields
    ------
    str, DataFrame
        Name and table, in the columns and types of `schema`.

    Raises
    ------
    RecordsError, StudyError, CohortError
        After the last table, if anything is wrong with any of them: see `read_records`.
    """
    if not study.data_folder.is_dir():
        raise RecordsError(f"records of study {study.name}: no data folder at data.path")
    mapping = read_mapping(study.folder / study.data.mapping) if study.data.mapping else {}
    faults: dict[tuple[int, int], list[Fault]] = defaultdict(list)
    homes: dict[str, tuple[str, pd.Series]] = {}
    dated: dict[str, pd.DataFrame] = {}
    order = list(schema.TABLES)
    for name in dict.fromkeys([*HOMES, *order]):
        position = order.index(name)
        frame = _read_typed(name, study, mapping.get(name), faults[-1, position])
        if frame is None:
            continue
        for place, fault in check_table(name, frame, homes, study):
            faults[place, position].append(fault)
        if name in HOMES and HOMES[name] not in homes:
            homes[HOMES[name]] = name, frame[HOMES[name]].dropna()
        if name in tables_of_eligibility(study):
            dated[name] = frame
        frame = frame.reset_index(drop=True)
        yield name, frame
        del frame  # or it would stand until the next one is read
    raise_faults(study.name, [fault for key in sorted(faults) for fault in faults[key]])
    refuse_future(study, dated)


def _read_typed(
    name: str, study: Study, mapping: TableMapping | None, faults: list[Fault]
) -> pd.DataFrame | None:
    """A table in its types, indexed by file row; None where there is none or it is unreadable."""
    path = _find(name, study, mapping, faults)
    text = _read_table(path, name, mapping, faults) if path else None
    if text is None:
        return None
    faults += check_columns(text, schema.TABLES[name], study)
    return typed(text, schema.TABLES[name])


def record_files(study: Study) -> list[Path]:
    """Files that `read_records` reads for a study, mapping file first; missing ones left out."""
    mapped = study.folder / study.data.mapping if study.data.mapping else None
    mapping = read_mapping(mapped) if mapped else {}
    ignored: list[Fault] = []
    if not study.data_folder.is_dir():
        return []
    found = [_find(name, study, mapping.get(name), ignored) for name in schema.TABLES]
    read = [file for path in found if path is not None for file in files_of(path)]
    return [mapped, *read] if mapped is not None else read


def _find(
    name: str, study: Study, mapping: TableMapping | None, faults: list[Fault]
) -> Path | None:
    folder = study.data_folder
    if mapping is not None:
        path = folder / mapping.file
        if not is_table(path):
            faults.append(Fault(name, "", f"no file {mapping.file}", "Correct data.mapping."))
            return None
        return path
    if name == schema.TARIFFS and study.economics.tariffs:
        return _named_tariffs(study, faults)
    names = [name + suffix for suffix in SUFFIXES[study.data.format]]
    found = [folder / file for file in names if is_table(folder / file)]
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
        if is_table(path):
            return path
    remedy = "Correct economics.tariffs in the study file, or take the key out."
    faults.append(Fault(schema.TARIFFS, "", f"no file {file}", remedy))
    return None


def _read_table(
    path: Path, name: str, mapping: TableMapping | None, faults: list[Fault]
) -> pd.DataFrame | None:
    """The table as text in our columns, indexed by file row; None where it cannot be read."""
    try:
        frame = read_text(path)
    except UnreadableError as error:
        faults.append(Fault(name, "", f"{path.name} {error.what}", error.remedy))
        return None
    if mapping is None:
        return frame
    frame, found = apply_mapping(frame, mapping, len(frame))
    faults += found
    return frame
