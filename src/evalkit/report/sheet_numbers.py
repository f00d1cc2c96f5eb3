"""Numbers as the page shows them, made numbers again for the cells of a sheet."""

import re
from collections.abc import Iterator
from dataclasses import replace

from evalkit.report.document import ShownTable
from evalkit.report.text import MINUS, Text

SHOWN = {
    "en": re.compile(r"([+−]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(%?)"),
    "sv": re.compile(r"([+−]?)(\d{1,3}(?:\u00a0\d{3})+|\d+)(?:,(\d+))?(\u00a0%)?"),
    "fi": re.compile(r"([+−]?)(\d{1,3}(?:\u00a0\d{3})+|\d+)(?:,(\d+))?(\u00a0%)?"),
}
COUNT_AND_SHARE = re.compile(r"(.+) \((.+%)\)")


def shown_number(shown: str, language: str) -> tuple[float, str] | None:
    """Read a number as the page shows it: its value, and how a sheet shows it in the same way.

    Examples
    --------
    >>> shown_number("13,9\\u00a0%", "sv")
    (0.139, '0.0\\xa0%')
    >>> shown_number("−0,04", "fi")
    (-0.04, '0.00')
    >>> shown_number("0114", "sv") is None
    True
    """
    match = SHOWN[language].fullmatch(shown)
    if not match:
        return None
    sign, whole, decimals, percent = match.groups(default="")
    digits = re.sub(r"\D", "", whole)
    if len(digits) > 1 and digits.startswith("0"):  # a code, such as that of a municipality
        return None
    exponent = len(decimals) + (2 if percent else 0)
    value = int(digits + decimals) / 10**exponent
    pattern = ("#,##0" if digits != whole else "0") + (
        "." + "0" * len(decimals) if decimals else ""
    )
    pattern += percent
    pattern = f"+{pattern};{MINUS}{pattern};{pattern}" if sign == "+" else pattern
    return (-value if sign == MINUS else value), pattern


def is_numeric(table: ShownTable, column: int, language: str) -> bool:
    """Whether a column may hold numbers: not if it names rows by codes that look like numbers."""
    if not table.is_text[column]:
        return True
    cells = [row[column] for row in table.rows]
    return all(shown_number(cell, language) and len(cell) <= 5 for cell in cells)


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
