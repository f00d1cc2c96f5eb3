"""Faults of records: collected, then told all at once, by place and number, never by value."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from evalkit.errors import RecordsError

SHOWN_ROWS = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in one table.

    Attributes
    ----------
    table, column : str
        Where; an empty column means the table as a whole.
    what : str
        What is wrong, as a clause.
    remedy : str
        What to do about it, as a sentence.
    rows : tuple of int
        The first rows, counted as a spreadsheet does: the header is row 1.
    count : int
        How many rows have the fault; 0 where rows are not the matter.
    total : int
        Rows of the table.
    """

    table: str
    column: str
    what: str
    remedy: str
    rows: tuple[int, ...] = ()
    count: int = 0
    total: int = 0

    def __str__(self) -> str:
        where = f"table {self.table}" + (f", column {self.column}" if self.column else "")
        extent = ""
        if self.count:
            listed = ", ".join(str(row) for row in self.rows)
            more = ", ..." if self.count > len(self.rows) else ""
            word = "row" if self.count == 1 else "rows"
            extent = (
                f": {_spaced(self.count)} of {_spaced(self.total)} rows ({word} {listed}{more})"
            )
        return f"{where}: {self.what}{extent}. {self.remedy}"


def row_fault(table: str, column: str, rows, total: int, what: str, remedy: str) -> list[Fault]:
    """A list with the fault of the given file rows; empty where there are none."""
    found = np.unique(np.asarray(rows, dtype=np.int64))
    if not len(found):
        return []
    first = tuple(int(row) for row in found[:SHOWN_ROWS])
    return [Fault(table, column, what, remedy, first, len(found), total)]


def raise_faults(study: str, faults: Iterable[Fault]) -> None:
    """Raise one RecordsError that lists every fault on a line of its own, if there are any."""
    lines = [f"  {fault}" for fault in faults]
    if lines:
        count = "1 fault" if len(lines) == 1 else f"{len(lines)} faults"
        raise RecordsError("\n".join([f"records of study {study}: {count}", *lines]))


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")
