"""How a sheet looks: its letters, the widths and heights of its cells, and how it is printed."""

import textwrap
from collections.abc import Sequence

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from evalkit.report.document import ShownTable
from evalkit.report.style import PROGRAMME, QUIET

FACE = "Calibri"  # as that of cells whose font is not set
LINE = 100  # letters of a line of words
POINTS = 15.5  # height of a line
HEAD_WIDEST, WIDEST = 20, 44  # letters of a column by its name, and by its cells
BUTTON = 4  # letters that the button of a named column takes
MOST_FROZEN = 10  # more rows than these would leave no room for others on an enlarged screen
A4 = 9
WRAPPED = {
    side: Alignment(horizontal=side, vertical="top", wrap_text=True)
    for side in (None, "left", "right")
}


def _rgb(colour: str) -> str:
    return "FF" + colour.lstrip("#").upper()


def _font(size: int = 11, **look) -> Font:
    return Font(name=FACE, size=size, **look)


TITLE, FINDING, STRONG = _font(14, bold=True), _font(12, bold=True), _font(bold=True)
MUTED, LINKED = _font(color=_rgb(QUIET)), _font(color=_rgb(PROGRAMME), underline="single")


def broken(words: str, width: int = LINE) -> list[str]:
    """Break words into lines; where a space does not break, neither does a line."""
    if len(words) <= width:
        return [words]
    return textwrap.wrap(words, width, break_on_hyphens=False)


def write_words(
    sheet: Worksheet, row: int, column: int, words: str, font: Font | None, *, wrap: bool = False
) -> Cell:
    """Write words that never become a formula, whatever they begin with."""
    cell = sheet.cell(row, column)
    cell.value, cell.data_type = words, "s"
    if font:
        cell.font = font
    if wrap:
        cell.alignment = WRAPPED[None]
    return cell


def set_widths(sheet: Worksheet, widths: Sequence[int]) -> None:
    """Make columns so many letters wide."""
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width


def set_height(sheet: Worksheet, row: int, cells: Sequence[str], widths: Sequence[int]) -> bool:
    """Make a row as high as its longest cell, wrapped, needs; say whether that is over a line."""
    long = [pair for pair in zip(cells, widths, strict=True) if len(pair[0]) > pair[1]]
    if long:
        sheet.row_dimensions[row].height = POINTS * max(len(broken(*pair)) for pair in long)
    return bool(long)


def fit_table(sheet: Worksheet, table: ShownTable, head: int) -> None:
    """Fit the columns and rows of a table, whose names stand in row `head`, to what they hold."""
    widths = [_width(table, column) for column in range(len(table.header))]
    set_widths(sheet, [width + BUTTON for width in widths])
    set_height(sheet, head, table.header, widths)
    for row, cells in enumerate(table.rows, start=head + 1):
        if set_height(sheet, row, cells, widths):
            for column in range(1, len(cells) + 1):
                cell = sheet.cell(row, column)
                cell.alignment = WRAPPED[cell.alignment.horizontal]
    if head <= MOST_FROZEN:
        sheet.freeze_panes = f"A{head + 1}"


def _width(table: ShownTable, column: int) -> int:
    name = table.header[column]
    of_name = max(min(len(name), HEAD_WIDEST), *map(len, name.split(" ")))
    return min(WIDEST, max([of_name, *(len(row[column]) for row in table.rows)]))


def set_print(sheet: Worksheet, head: int | None = None) -> None:
    """Print across an A4 page no wider than it; row `head` comes again on every page."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    if head:
        sheet.print_title_rows = f"{head}:{head}"
