"""The mapping file: how a user's own columns and codes become the tables of the schema.

One entry a table, all parts optional but `file`:

.. code-block:: yaml

    health:
      file: visits.csv                  # relative to the data folder
      columns: {ID: person_id}          # their column: our column
      items: {PCS: pcs, MCS: mcs}       # columns that become rows with `item` and `value`
      codes: {sex: {"1": female}}       # our column: their code: our code
      constants: {instrument: SF-36}    # our column: one value for all rows
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.errors import StudyError
from evalkit.records import schema
from evalkit.records.faults import Fault
from evalkit.study.yaml_file import read_yaml

PARTS = ("file", "columns", "items", "codes", "constants")


@dataclass(frozen=True, slots=True)
class TableMapping:
    """The entry of one table in a mapping file."""

    table: str
    file: str
    columns: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


def read_mapping(path: Path) -> dict[str, TableMapping]:
    """Read and check a mapping file.

    Returns
    -------
    dict
        Mapping of the tables that the file names, by our table name.

    Raises
    ------
    StudyError
        If the file is missing, is not YAML, gives a key twice, or names a table, part or column
        that does not exist;
        every fault in one message, with the nearest known name.
    """
    if not path.is_file():
        raise StudyError(f"{path.name}: no such mapping file; data.mapping names it")
    raw = read_yaml(path)
    if not isinstance(raw, dict):
        raise StudyError(f"{path.name}: a mapping file has one entry for each table")
    faults = [text for name, entry in raw.items() for text in _entry_faults(name, entry)]
    if faults:
        raise StudyError(f"{path.name}: " + "; ".join(faults))
    return {name: TableMapping(name, **entry) for name, entry in raw.items()}


def apply_mapping(
    frame: pd.DataFrame, mapping: TableMapping, total: int
) -> tuple[pd.DataFrame, list[Fault]]:
    """Bring a table of text to our columns and codes; columns that nothing names are kept.

    Parameters
    ----------
    frame : DataFrame of str
        The file as read, indexed by file row.
    mapping : TableMapping
    total : int
        Rows of the file, for the messages.

    Returns
    -------
    DataFrame, list of Fault
        The table, and a fault for each column that the mapping names and the file lacks.
    """
    named = [*mapping.columns, *mapping.items]
    lacking = [name for name in named if name not in frame.columns]
    faults = [
        Fault(
            mapping.table, name, f"the mapping names this column, {mapping.file} has none of it",
            f"Correct the mapping{nearest(name, frame.columns)}.", total=total,
        )
        for name in lacking
    ]  # fmt: skip
    taken = [ours for theirs, ours in mapping.columns.items() if theirs != ours]
    frame = frame.drop(columns=[ours for ours in taken if ours in frame.columns])
    frame = frame.rename(columns=dict(mapping.columns))
    if mapping.items:
        frame = _rows_of_items(frame, mapping.items)
    for column, codes in mapping.codes.items():
        if column in frame.columns:
            frame[column] = _translate(frame[column], codes)
    for column, value in mapping.constants.items():
        frame[column] = value
    return frame, faults


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that ends a clause, ` (did you mean x?)`, or nothing where no name is near."""
    near = difflib.get_close_matches(name.lower(), [str(item) for item in known], n=1, cutoff=0.7)
    return f" (did you mean `{near[0]}`?)" if near else ""


def _rows_of_items(frame: pd.DataFrame, items: Mapping[str, str]) -> pd.DataFrame:
    present = [column for column in items if column in frame.columns]
    kept = frame.drop(columns=present)
    parts = [
        kept.assign(**{schema.ITEM: items[column], schema.VALUE: frame[column]})
        for column in present
    ]
    # A question that was not answered makes no row.
    return pd.concat(parts).dropna(subset=[schema.VALUE]) if parts else kept


def _translate(column: pd.Series, codes: Mapping[str, str]) -> pd.Series:
    known = {theirs: (ours or np.nan) for theirs, ours in codes.items() if theirs}
    translated = column.map(known).where(column.isin(list(known)), column)
    return translated.fillna(codes[""]) if codes.get("") else translated


def _entry_faults(name: str, entry: object):
    table = schema.TABLES.get(name)
    if table is None:
        yield f"unknown table `{name}`{nearest(name, schema.TABLES)}"
        return
    if not isinstance(entry, dict):
        yield f"{name}: an entry has the keys {', '.join(PARTS)}"
        return
    for part in set(entry) - set(PARTS):
        yield f"unknown key `{name}.{part}`{nearest(part, PARTS)}; keys: {', '.join(PARTS)}"
    if not isinstance(entry.get("file"), str) or not entry["file"]:
        yield f"{name}.file: missing; name the file of this table"
    for part in PARTS[1:]:
        if part in entry and not isinstance(entry[part], dict):
            yield f"{name}.{part}: a mapping of names is needed"
            return
    yield from _column_faults(table, entry)


def _column_faults(table: schema.Table, entry: dict):
    ours = [*entry.get("columns", {}).values(), *entry.get("constants", {})]
    for column in dict.fromkeys(str(name) for name in ours):
        if column not in table.names:
            known = nearest(column, table.names) or f"; columns: {', '.join(table.names)}"
            yield f"{table.name}: no column `{column}` in this table{known}"
        elif ours.count(column) > 1:
            yield f"{table.name}: column `{column}` is named twice"
    if entry.get("items") and schema.ITEM not in table.names:
        yield f"{table.name}.items: this table has no items"
    for column, codes in entry.get("codes", {}).items():
        if not isinstance(codes, dict):
            yield f"{table.name}.codes.{column}: a mapping of their code to ours is needed"
        elif nearest(column, table.names) and column not in table.names:
            yield f"{table.name}.codes: no column `{column}`{nearest(column, table.names)}"
