"""What every table has around it."""

import math

from evalkit.report.figures.frame import (
    MISSING,
    has_numbers,
    not_shown_part,
    source_line,
    summary_n,
    withheld_note,
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
    note = span(withheld_note(text), "quiet") if any(MISSING in row for row in rows) else ""
    return Part(paragraphs(table, note, span(source_line(text, n), "source")))
