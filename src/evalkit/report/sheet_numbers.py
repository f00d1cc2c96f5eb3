"""Numbers as the page shows them, made numbers again for the cells of a sheet."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evalkit.report.document import ShownTable
from evalkit.report.text import MINUS, Text

SHOWN = {
    "en": re.compile(r"([+−]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(%?)"),
    "sv": re.compile(r"([+−]?)(\d{1,3}(?:\u00a0\d{3})+|\d+)(?:,(\d+))?(\u00a0%)?"),
    "fi": re.compile(r"([+−]?)(\d{1,3}(?:\u00a0\d{3})+|\d+)(?:,(\d+))?(\u00a0%)?"),
}
COUNT_AND_SHARE = re.compile(r"(.+) \((.+%)\)")


@dataclass(frozen=True, slots=True)
class _Number:
    """A number with what the page shows of its look; `percent` is the sign as it is written."""

    value: float
    decimals: int
    percent: str
    is_grouped: bool
    is_signed: bool


def shown_number(shown: str, language: str) -> tuple[float, str] | None:
    """Read a number as the page shows it: its value, and how a sheet shows it in the same way.

    Examples
    --------
    >>> shown_number("13,9\\u00a0%", "sv")
    (0.139, '0.0\\xa0%')
    >>> shown_number("−0,04", "fi")
    (-0.04, '0.00;−0.00')
    >>> shown_number("0114", "sv") is None
    True
    """
    number = _read(shown, language)
    return (number.value, _look([number])) if number else None


def shown_numbers(cells: Sequence[str], language: str) -> list[tuple[float, str] | None]:
    """Read the numbers of a column, all in one look; what is no number is None.

    Where the page itself writes them with unlike decimals or signs, the rows are unlike measures,
    and each number keeps its own look.

    Examples
    --------
    >>> shown_numbers(["+4,0", "–", "−5,2"], "fi")
    [(4.0, '+0.0;−0.0;0.0'), None, (-5.2, '+0.0;−0.0;0.0')]
    """
    numbers = [_read(cell, language) for cell in cells]
    found = [number for number in numbers if number]
    look = _look(found) if found and _are_alike(found) else ""
    return [(number.value, look or _look([number])) if number else None for number in numbers]


def _read(shown: str, language: str) -> _Number | None:
    match = SHOWN[language].fullmatch(shown)
    if not match:
        return None
    sign, whole, decimals, percent = match.groups(default="")
    digits = re.sub(r"\D", "", whole)
    if len(digits) > 1 and digits.startswith("0"):  # a code, such as that of a municipality
        return None
    value = int(digits + decimals) / 10 ** (len(decimals) + (2 if percent else 0))
    return _Number(
        value=-value if sign == MINUS else value,
        decimals=len(decimals),
        percent=percent,
        is_grouped=digits != whole,
        is_signed=sign == "+",
    )


def _are_alike(numbers: Sequence[_Number]) -> bool:
    """Whether numbers are written in one way; a zero may be written shorter, and has no sign."""
    decimals = {number.decimals for number in numbers if number.value}
    signs = {number.is_signed for number in numbers if number.value > 0}
    percents = {number.percent for number in numbers}
    return max(len(decimals), len(signs), len(percents)) <= 1


def _look(numbers: Sequence[_Number]) -> str:
    """The format of a sheet that shows all these numbers as the page does."""
    decimals = max(number.decimals for number in numbers)
    whole = "#,##0" if any(number.is_grouped for number in numbers) else "0"
    plain = f"{whole}.{'0' * decimals}" if decimals else whole
    plain += numbers[0].percent
    if any(number.is_signed for number in numbers):
        return f"+{plain};{MINUS}{plain};{plain}"
    return f"{plain};{MINUS}{plain}" if any(number.value < 0 for number in numbers) else plain


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
