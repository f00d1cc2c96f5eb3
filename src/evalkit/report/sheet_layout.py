"""How a sheet looks: its letters, the widths and heights of its cells, and how it is printed."""

import textwrap
from collections.abc import Mapping, Sequence

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from evalkit.report.document import ShownTable
from evalkit.report.style import PROGRAMME, QUIET

LINE = 100  # letters of a line of words
POINTS = 15.5  # height of a line
HEAD_WIDEST, WIDEST = 20, 44  # letters of a column by its name, and by its cells
BUTTON = 4  # letters that the button of a named column takes
MOST_FROZEN = 10  # more rows than these would leave no room for others on an enlarged screen
A4 = 9

Look = Mapping[str, object]  # of a cell, in the words of XlsxWriter
PLAIN: Look = {}
TITLE: Look = {"bold": True, "font_size": 14}
FINDING: Look = {"bold": True, "font_size": 12}
STRONG: Look = {"bold": True}
MUTED: Look = {"font_color": QUIET}
LINKED: Look = {"font_color": PROGRAMME, "underline": 1}
LEFT: Look = {"align": "left"}
RIGHT: Look = {"align": "right"}
WRAPPED: Look = {"text_wrap": True, "valign": "top"}


class Looks:
    """The formats of a workbook: one for each look, however many cells have it."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[frozenset, Format] = {}

    def __call__(self, *looks: Look) -> Format | None:
        """Format of cells with all of these looks; None where there is nothing to say."""
        whole = {name: value for look in looks for name, value in look.items()}
        if not whole:
            return None
        key = frozenset(whole.items())
        if key not in self._made:
            self._made[key] = self._book.add_format(whole)
        return self._made[key]


def broken(words: str, width: int = LINE) -> list[str]:
    """Break words into lines; where a space does not break, neither does a line."""
    if len(words) <= width:
        return [words]
    return textwrap.wrap(words, width, break_on_hyphens=False)


def set_widths(sheet: Worksheet, widths: Sequence[int]) -> None:
    """Make columns so many letters wide."""
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)


def set_height(sheet: Worksheet, row: int, cells: Sequence[str], widths: Sequence[int]) -> bool:
    """Make a row as high as its longest cell, wrapped, needs; say whether that is over a line."""
    long = [pair for pair in zip(cells, widths, strict=True) if len(pair[0]) > pair[1]]
    if long:
        sheet.set_row(row, POINTS * max(len(broken(*pair)) for pair in long))
    return bool(long)


def fit_table(sheet: Worksheet, table: ShownTable, head: int) -> list[bool]:
    """Fit the columns and rows of a table, whose names stand in row `head`, to what they hold.

    Returns
    -------
    list of bool
        Which of its rows are higher than a line: their cells are to be wrapped.
    """
    widths = [_width(table, column) for column in range(len(table.header))]
    set_widths(sheet, [width + BUTTON for width in widths])
    set_height(sheet, head, table.header, widths)
    if head < MOST_FROZEN:
        sheet.freeze_panes(head + 1, 0)
    return [set_height(sheet, row, cells, widths) for row, cells in enumerate(table.rows, head + 1)]


def _width(table: ShownTable, column: int) -> int:
    name = table.header[column]
    of_name = max(min(len(name), HEAD_WIDEST), *map(len, name.split(" ")))
    return min(WIDEST, max([of_name, *(len(row[column]) for row in table.rows)]))


def set_print(sheet: Worksheet, head: int | None = None) -> None:
    """Print across an A4 page no wider than it; row `head` comes again on every page."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    if head is not None:
        sheet.repeat_rows(head)
