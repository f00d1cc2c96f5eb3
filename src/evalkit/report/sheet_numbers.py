"""Numbers as the page shows them, made numbers again for the cells of a sheet."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from evalkit.report.document import ShownTable
from evalkit.report.text import MINUS

SHOWN = {
    "en": re.compile(r"([+−]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(%?)"),
    "sv": re.compile(r"([+−]?)(\d{1,3}(?:\u00a0\d{3})+|\d+)(?:,(\d+))?(\u00a0%)?"),
    "fi": re.compile(r"([+−]?)(\d{1,3}(?:\u00a0\d{3})+|\d+)(?:,(\d+))?(\u00a0%)?"),
}


class _Number(NamedTuple):
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

    Where the page itself writes them with unlike decimals, the rows are unlike measures, and those
    of as many decimals have one look. A number keeps its own where only some have a plus.

    Examples
    --------
    >>> shown_numbers(["+4,0", "–", "−5,2"], "fi")
    [(4.0, '+0.0;−0.0;0.0'), None, (-5.2, '+0.0;−0.0;0.0')]
    """
    numbers = [_read(cell, language) for cell in cells]
    looks = _looks([number for number in numbers if number])
    return [(number.value, looks[number]) if number else None for number in numbers]


@lru_cache(maxsize=4096)  # a number is read to tell what its column holds, and again for its cell
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


def _looks(numbers: Sequence[_Number]) -> dict[_Number, str]:
    """Looks of the numbers of a column, each the same for as many of them as can share it."""
    kinds: dict[tuple[int, str], list[_Number]] = {}
    for number in numbers:
        kinds.setdefault((number.decimals, number.percent), []).append(number)
    looks: dict[_Number, str] = {}
    for group in [numbers] if _are_alike(numbers) else kinds.values():
        shared = _look(group) if group and _are_alike(group) else ""
        looks |= {number: shared or _look([number]) for number in group}
    return looks


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
