"""`tables.xlsx`: every table of a report, and the numbers of every figure, behind a sheet of notes.

It is written from the assembled page, hence from released values only, rounded as the page shows
them. A number is a number in the sheet, a count with its share is two, and so is an interval; what
the page says in words ("under 1 %", the mark of a withheld number) stands as the page has it.
"""

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from evalkit.release import load_profile
from evalkit.report.archives import read_members, write_members
from evalkit.report.document import ShownTable, read_document
from evalkit.report.figures.frame import withheld_note
from evalkit.report.page import FrontMatter
from evalkit.report.sheet_columns import for_a_sheet
from evalkit.report.sheet_layout import (
    FINDING,
    LINE,
    LINKED,
    MUTED,
    STRONG,
    TITLE,
    broken,
    fit_table,
    set_height,
    set_print,
    set_widths,
    write_words,
)  # fmt: skip
from evalkit.report.sheet_numbers import is_numeric, shown_numbers
from evalkit.report.text import Text

NOTES_WIDTHS = (32, LINE)
LEFT, RIGHT = Alignment(horizontal="left"), Alignment(horizontal="right")
NOTES_ROW = 3
MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


def write_workbook(
    report: Path, front: FrontMatter, text: Text, target: Path, *, epoch: int = 0
) -> Path:
    """Write the tables of an assembled report.

    Parameters
    ----------
    report : Path
        `report.md`.
    front : FrontMatter
        Title and notes of the report.
    text : Text
        Voice of the report.
    target : Path
        File to write.
    epoch : int
        Seconds since 1970 of the data cut; stands for now.
    """
    tables, labels = read_document(report)
    book = Workbook()
    names = _sheet_names(tables, text)
    _write_notes(book.active, front, text, labels, tables, names)
    for table, name in zip(tables, names, strict=True):
        _write_table(book.create_sheet(name), for_a_sheet(table, text), name, text)
    _describe(book, front, epoch)
    target.write_bytes(_stable(book, epoch))
    return target


def _sheet_names(tables: Sequence[ShownTable], text: Text) -> list[str]:
    """Names as on the page, "Figure 3"; a second table of a figure gets a letter."""
    names: list[str] = []
    for table in tables:
        number = text.number(table.number)
        stem = (
            text.say("Figure {number}", number=number)
            if table.kind == "fig"
            else text.say("Table {number}", number=number)
        )
        letters = (f"{stem}{letter}" for letter in ("", *"bcdefgh"))
        names.append(next(name for name in letters if name not in names))
    return names


def _write_notes(
    sheet: Worksheet, front: FrontMatter, text: Text, labels, tables, names
) -> None:  # fmt: skip
    sheet.title = text.say("Notes")
    set_widths(sheet, NOTES_WIDTHS)
    set_print(sheet)
    write_words(sheet, 1, 1, front.title, TITLE)
    empty = ("", "", False)
    rows = [*_notes(front, text, labels), empty, *_contents(tables, names, text)]
    for line, (name, words, link) in enumerate(rows, start=NOTES_ROW):
        if not name:
            continue
        cell = write_words(sheet, line, 1, name, LINKED if link else STRONG, wrap=True)
        write_words(sheet, line, 2, words, None, wrap=True)
        set_height(sheet, line, (name, words), NOTES_WIDTHS)
        if link:
            cell.hyperlink = Hyperlink(cell.coordinate, location=f"'{name}'!A1")


def _notes(front: FrontMatter, text: Text, labels: Sequence[str]) -> list[tuple[str, str, bool]]:
    study = text.labels.study
    source = (study.data.source or study.title).in_language(text.language)
    licence = study.data.licence
    period, hidden, made = front.colophon  # see `front_matter`
    protects = not load_profile(study.disclosure).hides_nothing
    notes = [
        (text.say("Area"), text.place or text.say("The whole study")
         if text.labels.level != "national" else text.say("The whole country")),
        (text.say("Period"), period),
        (text.say("What is not shown"), f"{hidden} {withheld_note(text, protects=protects)}"),
        (text.say("What the numbers may be called"), _called(labels, text)),
        (text.say("Source of the data"), source),
        (text.say("Licence"), licence.in_language(text.language) if licence else text.say(
            "The study file names none; ask the publisher before the numbers are used again.")),
        (text.say("Made with"), made),
    ]  # fmt: skip
    warning = [(front.mark, "", False)] if front.mark else []
    return warning + [(name, words, False) for name, words in notes if words]


def _called(labels: Sequence[str], text: Text) -> str:
    if not labels:
        return ""
    return text.say(
        "{labels}; the page says which holds for which numbers.",
        labels=text.list(list(labels)),
    )


def _contents(tables, names, text: Text) -> list[tuple[str, str, bool]]:
    heading = (text.say("Sheet"), text.say("What it holds"), False)
    return [
        heading,
        *((name, table.caption, True) for name, table in zip(names, tables, strict=True)),
    ]


def _write_table(sheet: Worksheet, table: ShownTable, name: str, text: Text) -> None:
    above = _above(table, name, text)
    for line, (words, font) in enumerate(above, start=1):
        write_words(sheet, line, 1, words, font)
    head = len(above) + 1
    for column, words in enumerate(table.header, start=1):
        write_words(sheet, head, column, words, STRONG, wrap=True)
    for column, is_text in enumerate(table.is_text):
        shown = [row[column] for row in table.rows]
        numeric = is_numeric(table, column, text.language)
        found = shown_numbers(shown, text.language) if numeric else [None] * len(shown)
        for line, (words, number) in enumerate(zip(shown, found, strict=True), start=head + 1):
            _write_cell(sheet.cell(line, column + 1), words, number, is_text)
    _name_columns(sheet, table, head)
    fit_table(sheet, table, head)
    set_print(sheet, head)


def _above(table: ShownTable, name: str, text: Text) -> list[tuple[str, Font | None]]:
    """What the page says around a table: all of it stands above the cells, a row a line."""
    label = table.label and text.say(
        "What the numbers may be called: {label}.", label=table.label
    )  # fmt: skip
    said = [
        (f"{name}: {table.caption}", FINDING),
        (table.detail or table.chapter, None),
        (label, None),
        (table.source, MUTED),
        *((note, MUTED) for note in table.notes),
    ]
    return [(line, font) for words, font in said if words for line in broken(words)]


def _write_cell(
    cell: Cell, shown: str, found: tuple[float, str] | None, to_the_left: bool
) -> None:  # fmt: skip
    """Write what the page shows; a sheet has words to the left and numbers to the right anyway."""
    if found:
        cell.value, cell.number_format = found
    else:
        cell.value, cell.data_type = shown, "s"  # a text never becomes a formula
    if to_the_left and found:
        cell.alignment = LEFT
    elif not to_the_left and not found:
        cell.alignment = RIGHT


def _name_columns(sheet: Worksheet, table: ShownTable, head: int) -> None:
    """Make the cells a table whose columns have names, which stand in row `head`."""
    last = get_column_letter(len(table.header))
    end = head + max(len(table.rows), 1)
    made = Table(displayName=f"{table.kind}_{table.number}_{sheet.parent.index(sheet)}",
                 ref=f"A{head}:{last}{end}")  # fmt: skip
    made.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
    sheet.add_table(made)


def _describe(book: Workbook, front: FrontMatter, epoch: int) -> None:
    book.properties.title = front.title
    book.properties.language = front.lang
    book.properties.creator = "evalkit"
    book.properties.created = datetime.fromtimestamp(epoch, UTC).replace(tzinfo=None)


def _stable(book: Workbook, epoch: int) -> bytes:
    """Save without the clock, which openpyxl writes as the time of change; packed once."""
    stream = io.BytesIO()
    ExcelWriter(book, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED)).save()
    members = read_members(stream.getvalue())
    moment = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    members["docProps/core.xml"] = MODIFIED.sub(
        rb"\g<1>" + moment + rb"\g<2>", members["docProps/core.xml"]
    )
    return write_members(members, epoch=epoch)
