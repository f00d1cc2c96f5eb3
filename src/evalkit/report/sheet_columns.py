"""Columns of the page made columns of a sheet: one number a cell, and names that are not alike."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from evalkit.report.document import ShownTable
from evalkit.report.sheet_numbers import shown_number
from evalkit.report.text import Text

COUNT_AND_SHARE = re.compile(r"(.+) \((.+%)\)")


def with_names(table: ShownTable, text: Text) -> ShownTable:
    """Give columns names that are neither empty nor alike, as a table of a sheet needs them.

    Of names that are alike each names the column before it as well: "Interval: Difference".
    """
    names = [words or text.say("Name") for words in table.header]
    told = [
        text.say("{group}: {part}", group=name, part=before)
        if names.count(name) > 1 and before not in ("", name)
        else name
        for before, name in zip(["", *names], names, strict=False)
    ]
    return replace(table, header=tuple(_numbered(told)))


def _numbered(names: Sequence[str]) -> Iterator[str]:
    """Number the names that are still alike; a sheet takes small and capital letters as one."""
    taken: set[str] = set()
    for name in names:
        free = name
        number = 1
        while free.casefold() in taken:
            number += 1
            free = f"{name} ({number})"
        taken.add(free.casefold())
        yield free


def counts_apart(table: ShownTable, text: Text) -> ShownTable:
    """Give a column of counts with shares, "16 (48 %)", as two columns.

    A cell that is anything else, such as a mean or the mark of a withheld number, stands whole in
    the first of them.
    """
    split = [_holds_shares(table, column, text.language) for column in range(len(table.header))]
    if not any(split):
        return table
    header = [
        name
        for words, two in zip(table.header, split, strict=True)
        for name in (_names(words, text) if two else (words,))
    ]
    rows = [
        tuple(part for cell, two in zip(row, split, strict=True) for part in _parts(cell, two))
        for row in table.rows
    ]
    is_text = [side for side, two in zip(table.is_text, split, strict=True) for _ in range(1 + two)]
    return replace(table, header=tuple(header), rows=tuple(rows), is_text=tuple(is_text))


def _holds_shares(table: ShownTable, column: int, language: str) -> bool:
    """Whether some cells are a count with its share, and what looks like one is one."""
    found = [COUNT_AND_SHARE.fullmatch(row[column]) for row in table.rows]
    told = [match.groups() for match in found if match]
    return all(shown_number(count, language) for count, _ in told) and any(
        shown_number(share, language) for _, share in told
    )


def _names(words: str, text: Text) -> tuple[str, str]:
    if not words:
        return text.say("Number"), text.say("Share")
    return text.say("{name}: number", name=words), text.say("{name}: share", name=words)


def _parts(cell: str, two: bool) -> Iterator[str]:
    match = COUNT_AND_SHARE.fullmatch(cell) if two else None
    yield match[1] if match else cell
    if two:
        yield match[2] if match else ""
