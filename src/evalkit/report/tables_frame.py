"""What every table has around it."""

import math

from evalkit.report.figures.frame import (
    has_numbers,
    not_shown_part,
    source_line,
    summary_n,
    table_notes,
)
from evalkit.report.markup import escape, paragraphs, pipe_table, span
from evalkit.report.parts import Part
from evalkit.report.text import Text


def table_part(
    name, header, rows, caption, released, text: Text, *, n=None, text_columns=1, keys=None
) -> Part:
    """Put a table on the page: caption, note on withheld numbers, source and n.

    A sentence stands there instead if no row has a number beside its first `keys` columns.
    """
    if released and not has_numbers(rows, text_columns if keys is None else keys):
        return not_shown_part(released[0], text)
    given = [value for value in released if value is not None]
    if not all(value.publishable for value in given):
        stamp = text.say("Not for publication")
        caption = f"{stamp}. {caption}"
    n = summary_n(given[0]) if n is None and given else math.nan if n is None else n
    table = pipe_table(
        [escape(cell) for cell in header], rows, caption=caption, name=name,
        text_columns=text_columns,
    )  # fmt: skip
    notes = table_notes(header, rows, given[0] if given else None, text)
    spoken = [span(note, "quiet") for note in notes]
    return Part(paragraphs(table, *spoken, span(source_line(text, n), "source")))
