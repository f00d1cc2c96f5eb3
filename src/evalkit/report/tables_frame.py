"""What every table has around it."""

import math

from evalkit.report.figures.frame import not_shown_part, source_line, summary_n, table_notes
from evalkit.report.figures.hidden import has_numbers, without_hidden
from evalkit.report.markup import escape, paragraphs, pipe_table, span
from evalkit.report.parts import Part
from evalkit.report.text import Text


def table_part(
    name, header, rows, caption, released, text: Text, *, n=None, text_columns=1, keys=None,
    detail="",
) -> Part:  # fmt: skip
    """Put a table on the page: caption, note on withheld numbers, source and n.

    A sentence stands there instead if no row has a number beside its first `keys` columns.
    What the caption says beyond its finding is `detail`.
    """
    keys = text_columns if keys is None else keys
    if released and not has_numbers(rows, keys):
        return not_shown_part(released[0], text, caption)
    given = [value for value in released if value is not None]
    if not all(value.publishable for value in given):
        stamp = text.say("Not for publication")
        caption = f"{stamp}. {caption}"
    caption = f"{caption} {span(detail, 'quiet')}" if detail else caption
    n = summary_n(given[0]) if n is None and given else math.nan if n is None else n
    rows, left_out = without_hidden(header, rows, keys, text) if released else (rows, "")
    table = pipe_table(
        [escape(cell) for cell in header], rows, caption=caption, name=name,
        text_columns=text_columns,
    )  # fmt: skip
    counts = header[text_columns:]  # a column of words can have the same head
    notes = [left_out, *table_notes(counts, rows, given[0] if given else None, text)]
    spoken = [span(note, "quiet") for note in notes if note]
    return Part(paragraphs(table, *spoken, span(source_line(text, n, given), "source")))
