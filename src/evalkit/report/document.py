"""The figures and tables of an assembled report as plain values, read back from its markdown."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evalkit.report.pandoc import parsed

BLANKS = ("Space", "SoftBreak", "LineBreak")


@dataclass(frozen=True, slots=True)
class ShownTable:
    """One table of a report, as its page shows it.

    Attributes
    ----------
    kind : {"fig", "tbl"}
        Whether it holds the numbers of a figure, or is a table of its own.
    number : int
        Number of the figure or the table on the page.
    chapter : str
        Heading of the chapter that it stands in.
    caption, detail, source : str
        What it shows; what stands after that in the caption; where it comes from.
    label : str
        What the caption says that its numbers may be called, as "description"; mostly empty.
    notes : tuple of str
        What stands below its rows: those left out, the mark of a withheld number, rounding.
    header : tuple of str
    rows : tuple of tuple of str
    is_text : tuple of bool
        Columns that stand to the left.
    """

    kind: str
    number: int
    chapter: str
    caption: str
    detail: str
    source: str
    label: str
    notes: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_text: tuple[bool, ...]


def read_document(report: Path) -> tuple[list[ShownTable], list[str]]:
    """Tables of an assembled report, and the labels that it puts on its numbers.

    Returns
    -------
    tables : list of ShownTable
        Those of its figures included, in the order of the page.
    labels : list of str
        As "description", each once, in order.
    """
    blocks = json.loads(parsed(report.read_text(encoding="utf-8")))["blocks"]
    return list(_Reader(blocks).tables()), list(dict.fromkeys(_labels(blocks)))


class _Reader:
    """Walks the blocks once; numbers follow the order of the document, as in the filters."""

    def __init__(self, blocks: list[dict]) -> None:
        self.blocks = blocks
        self.count = {"fig": 0, "tbl": 0}
        self.chapter = ""
        self.figure: dict[str, int | str] | None = None

    def tables(self) -> Iterator[ShownTable]:
        yield from self._within(self.blocks)

    def _within(self, blocks: list[dict]) -> Iterator[ShownTable]:
        for place, block in enumerate(blocks):
            kind, content = block["t"], block.get("c")
            if kind == "Header" and content[0] == 2:
                self.chapter, self.figure = plain(content[2]), None
            elif kind == "Div" and content[0][0].startswith("fig-"):
                self._see_figure(content[1])
            elif kind == "Div" and "callout-note" in content[0][1]:
                yield from self._folded(content[1])
            elif kind == "Div":
                yield from self._within(content[1])
            elif kind == "Table":
                yield self._of_its_own(content, blocks[place + 1 :])

    def _see_figure(self, blocks: list[dict]) -> None:
        self.count["fig"] += 1
        caption, source = _without(blocks[-1]["c"], "source")
        words, label = _without(caption, "label")
        finding = 1 if words[0]["t"] == "Strong" else len(words)
        self.figure = {
            "number": self.count["fig"],
            "caption": plain(words[:finding]).strip(),
            "detail": plain(words[finding:]).strip(),
            "source": source,
            "label": label,
        }

    def _folded(self, blocks: list[dict]) -> Iterator[ShownTable]:
        for place, block in enumerate(blocks):
            if block["t"] == "Table" and _caption(block["c"]):
                yield self._of_its_own(block["c"], blocks[place + 1 :])
            elif block["t"] == "Table" and self.figure:
                notes, _ = _said_below(blocks[place + 1 :])
                yield self._table(block["c"], kind="fig", notes=notes, **self.figure)

    def _of_its_own(self, content, after: list[dict]) -> ShownTable:
        self.count["tbl"] += 1
        notes, source = _said_below(after)
        caption, detail = _without(_caption(content), "quiet")
        return self._table(
            content, kind="tbl", number=self.count["tbl"], caption=plain(caption).strip(),
            detail=detail, source=source, label="", notes=notes,
        )  # fmt: skip

    def _table(self, content, **said) -> ShownTable:
        _, _, specs, head, bodies, _ = content
        rows = [row for body in bodies for row in body[3]]
        return ShownTable(
            **said,
            chapter=self.chapter,
            header=_cells(head[1][0]),
            rows=tuple(_cells(row) for row in rows),
            is_text=tuple(spec[0]["t"] != "AlignRight" for spec in specs),
        )


def _without(inlines: list[dict], name: str) -> tuple[list[dict], str]:
    """Words without those of a class, and these as text."""
    marked = [item for item in inlines if item["t"] == "Span" and name in item["c"][0][1]]
    return [item for item in inlines if item not in marked], plain(marked)


def plain(inlines: list[dict]) -> str:
    """Text of inline elements."""
    return "".join(_plain(inline) for inline in inlines)


def _plain(inline: dict) -> str:
    kind, content = inline["t"], inline.get("c")
    if kind == "Str":
        return content
    if kind in BLANKS:
        return " "
    if kind in ("Strong", "Emph"):
        return plain(content)
    if kind in ("Span", "Link"):
        return plain(content[1])
    return content[1] if kind == "Code" else ""


def _caption(table) -> list[dict]:
    return [inline for block in table[1][1] for inline in block["c"]]


def _cells(row: list) -> tuple[str, ...]:
    return tuple(
        " ".join(plain(block["c"]) for block in cell[4] if block["t"] in ("Plain", "Para"))
        for cell in row[1]
    )


def _said_below(blocks: list[dict]) -> tuple[tuple[str, ...], str]:
    """Notes right below a table, and its source line after them."""
    notes: list[str] = []
    for block in blocks:
        if block["t"] != "Para" or len(block["c"]) != 1 or block["c"][0]["t"] != "Span":
            break
        (_, classes, _), words = block["c"][0]["c"]
        if "source" in classes:
            return tuple(notes), plain(words)
        if "quiet" not in classes:
            break
        notes.append(plain(words))
    return tuple(notes), ""


def _labels(items: list) -> Iterator[str]:
    """Text of every label; a report is long, so that what can hold none is left at once."""
    for item in items:
        if isinstance(item, list):
            yield from _labels(item)
        elif isinstance(item, dict) and "c" in item and item["t"] != "Str":
            content = item["c"]
            if item["t"] == "Span" and "label" in content[0][1]:
                yield plain(content[1])
            elif isinstance(content, list):
                yield from _labels(content)
