"""`tables.xlsx`: every table of a report, and the numbers of every figure, behind a sheet of notes.

It is written from the assembled page, hence from released values only, rounded as the page shows
them. A number is a number in the sheet, a count with its share is two, and so is an interval; what
the page says in words ("under 1 %", the mark of a withheld number) stands as the page has it.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from evalkit.release import load_profile
from evalkit.report.document import ShownTable, read_document
from evalkit.report.figures.frame import withheld_note
from evalkit.report.page import FrontMatter
from evalkit.report.sheet_columns import for_a_sheet
from evalkit.report.sheet_layout import (
    FINDING,
    LEFT,
    LINE,
    LINKED,
    MUTED,
    PLAIN,
    RIGHT,
    STRONG,
    TITLE,
    WRAPPED,
    Look,
    Looks,
    broken,
    fit_table,
    set_height,
    set_print,
    set_widths,
)  # fmt: skip
from evalkit.report.sheet_numbers import is_numeric, shown_numbers
from evalkit.report.text import Text

NOTES_WIDTHS = (32, LINE)
NOTES_ROW = 2


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
    names = _sheet_names(tables, text)
    stream = io.BytesIO()
    with Workbook(stream, {"in_memory": True}) as book:
        looks = Looks(book)
        notes = [*_notes(front, text, labels), ("", "", False), *_contents(tables, names, text)]
        _write_notes(book.add_worksheet(text.say("Notes")), front.title, notes, looks)
        for table, name in zip(tables, names, strict=True):
            sheet = book.add_worksheet(name)
            _write_table(sheet, for_a_sheet(table, text), name, text, looks)
        _describe(book, front, epoch)
    target.write_bytes(stream.getvalue())
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
    sheet: Worksheet, title: str, notes: Sequence[tuple[str, str, bool]], looks: Looks
) -> None:  # fmt: skip
    set_widths(sheet, NOTES_WIDTHS)
    set_print(sheet)
    sheet.write_string(0, 0, title, looks(TITLE))
    for line, (name, words, is_link) in enumerate(notes, start=NOTES_ROW):
        if not name:
            continue
        set_height(sheet, line, (name, words), NOTES_WIDTHS)
        if is_link:
            sheet.write_url(line, 0, f"internal:'{name}'!A1", looks(LINKED, WRAPPED), name)
        else:
            sheet.write_string(line, 0, name, looks(STRONG, WRAPPED))
        sheet.write_string(line, 1, words, looks(WRAPPED))


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


def _write_table(
    sheet: Worksheet, table: ShownTable, name: str, text: Text, looks: Looks
) -> None:  # fmt: skip
    above = _above(table, name, text)
    for line, (words, look) in enumerate(above):
        sheet.write_string(line, 0, words, looks(look))
    head = len(above)
    _name_columns(sheet, table, head, looks)
    is_high = fit_table(sheet, table, head)
    for column in range(len(table.header)):
        shown = [row[column] for row in table.rows]
        numeric = is_numeric(table, column, text.language)
        found = shown_numbers(shown, text.language) if numeric else [None] * len(shown)
        for row, (words, number) in enumerate(zip(shown, found, strict=True)):
            wrap = WRAPPED if is_high[row] else PLAIN
            at = head + 1 + row, column
            _write_cell(sheet, at, words, number, table.is_text[column], looks, wrap)
    set_print(sheet, head)


def _above(table: ShownTable, name: str, text: Text) -> list[tuple[str, Look]]:
    """What the page says around a table: all of it stands above the cells, a row a line."""
    label = table.label and text.say(
        "What the numbers may be called: {label}.", label=table.label
    )  # fmt: skip
    said = [
        (f"{name}: {table.caption}", FINDING),
        (table.detail or table.chapter, PLAIN),
        (label, PLAIN),
        (table.source, MUTED),
        *((note, MUTED) for note in table.notes),
    ]
    return [(line, look) for words, look in said if words for line in broken(words)]


def _write_cell(
    sheet: Worksheet, at: tuple[int, int], shown: str, found: tuple[float, str] | None,
    to_the_left: bool, looks: Looks, wrap: Look,
) -> None:  # fmt: skip
    """Write what the page shows; a sheet has words to the left and numbers to the right anyway."""
    if found:
        value, number_format = found
        side = LEFT if to_the_left else PLAIN
        sheet.write_number(*at, value, looks({"num_format": number_format}, side, wrap))
    elif shown:
        sheet.write_string(*at, shown, looks(PLAIN if to_the_left else RIGHT, wrap))


def _name_columns(sheet: Worksheet, table: ShownTable, head: int, looks: Looks) -> None:
    """Make the cells a table whose columns have names, which stand in row `head`."""
    look = looks(STRONG, WRAPPED)
    sheet.add_table(
        head, 0, head + max(len(table.rows), 1), len(table.header) - 1,
        {
            "name": f"{table.kind}_{table.number}_{sheet.index}",
            "style": "Table Style Light 1",
            "banded_rows": False,
            "columns": [{"header": words, "header_format": look} for words in table.header],
        },
    )  # fmt: skip


def _describe(book: Workbook, front: FrontMatter, epoch: int) -> None:
    moment = datetime.fromtimestamp(epoch, UTC)
    book.set_properties({"title": front.title, "author": "evalkit", "created": moment})
    book.set_custom_property("Language", front.lang)
