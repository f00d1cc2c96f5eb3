"""Columns of the page made columns of a sheet: one number a cell, and names that are not alike."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from evalkit.report.document import ShownTable
from evalkit.report.figures.hidden import MISSING
from evalkit.report.sheet_numbers import shown_number
from evalkit.report.text import RANGES, Text

COUNT_AND_SHARE = re.compile(r"(.+) \((.+%)\)")
# What stands between the limits of an interval.
JOINTS = {
    language: re.compile("|".join(re.escape(form.format(low="", high="")) for form in forms))
    for language, forms in RANGES.items()
}


def for_a_sheet(table: ShownTable, text: Text) -> ShownTable:
    """Give counts with shares, and intervals, two columns, and every column a name of its own.

    A column of counts with shares, "16 (48 %)", may hold something else, such as a mean or the
    mark of a withheld number, which then stands whole in the first of the two. A column of
    intervals holds nothing but them, single numbers and marks; with a word it stays one of text.
    """
    counted = _in_two(table, _holds_shares, _names_of_share, _count_and_share, text)
    named = replace(counted, header=_told_apart(counted.header, text))
    limited = _in_two(named, _holds_intervals, _names_of_limits, _limits, text)
    return replace(limited, header=tuple(_numbered(limited.header)))


def _in_two(
    table: ShownTable,
    is_double: Callable[[ShownTable, int, str], bool],
    names: Callable[[str, Text], tuple[str, str]],
    parts: Callable[[str, str], tuple[str, str]],
    text: Text,
) -> ShownTable:
    """Divide the columns, their names, and their cells, that hold two things each."""
    double = [is_double(table, at, text.language) for at in range(len(table.header))]
    if not any(double):
        return table

    def divided(items: Sequence, divide: Callable) -> tuple:
        pairs = (divide(item) if two else (item,)
                 for item, two in zip(items, double, strict=True))  # fmt: skip
        return tuple(part for pair in pairs for part in pair)

    return replace(
        table,
        header=divided(table.header, lambda words: names(words, text)),
        rows=tuple(divided(row, lambda cell: parts(cell, text.language)) for row in table.rows),
        is_text=divided(table.is_text, lambda side: (side, side)),
    )


def _holds_shares(table: ShownTable, column: int, language: str) -> bool:
    """Whether some cells are a count with its share, and what looks like one is one."""
    found = [COUNT_AND_SHARE.fullmatch(row[column]) for row in table.rows]
    told = [match.groups() for match in found if match]
    return all(shown_number(count, language) for count, _ in told) and any(
        shown_number(share, language) for _, share in told
    )


def _names_of_share(words: str, text: Text) -> tuple[str, str]:
    if not words:
        return text.say("Count"), text.say("Share")
    return text.say("{name}: number", name=words), text.say("{name}: share", name=words)


def _count_and_share(cell: str, language: str) -> tuple[str, str]:
    match = COUNT_AND_SHARE.fullmatch(cell)
    return (match[1], match[2]) if match else (cell, "")


def _holds_intervals(table: ShownTable, column: int, language: str) -> bool:
    """Whether cells are intervals, the rest numbers, marks or empty; names of rows never are."""
    if table.is_text[column]:
        return False
    shown = [row[column] for row in table.rows if row[column] not in ("", MISSING)]
    return any(map(JOINTS[language].search, shown)) and all(
        shown_number(end, language) for cell in shown for end in _limits(cell, language)
    )


def _names_of_limits(words: str, text: Text) -> tuple[str, str]:
    return text.say("{name}, lower limit", name=words), text.say("{name}, upper limit", name=words)


def _limits(cell: str, language: str) -> tuple[str, str]:
    """Both ends of an interval as they stand alone; what is none is both its ends."""
    ends = JOINTS[language].split(cell)
    if len(ends) != 2 or "" in ends:
        return cell, cell
    low, high = ends
    percent = high[len(high.rstrip("%\N{NO-BREAK SPACE}")) :]
    return (low if low.endswith("%") else low + percent), high


def _told_apart(header: Sequence[str], text: Text) -> tuple[str, ...]:
    """Names that are not empty; of those alike each says the column before: "Interval: Change"."""
    names = [words or text.say("Name") for words in header]
    return tuple(
        text.say("{group}: {part}", group=name, part=before)
        if names.count(name) > 1 and before not in ("", name)
        else name
        for before, name in zip(["", *names], names, strict=False)
    )


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
