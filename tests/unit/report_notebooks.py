"""Executed notebooks and front matter for the tests of the report room."""

import struct
import zlib
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from evalkit.report.page import FrontMatter

FIGURE = (
    '::: {#fig-exits}\n![](figures/fig-exits.png){fig-alt="Andelen stiger."}\n\n'
    "Fler försörjer sig själva\n:::"
)
TABLE = "| Grupp | Antal |\n|:--|--:|\n| A | 12 |\n| B | 34 |\n\n: Antal personer {#tbl-n}"
FOLD = '::: {.callout-note collapse="true"}\n## Så läser du\n\nSe @fig-exits och [@tbl-n].\n:::'
CARDS = (
    ":::: {.cards}\n::: {.card}\n[214]{.card-number} [personer]{.card-unit}\n\n"
    "[inom två år]{.card-note}\n:::\n::::"
)
PAGE = (
    "## Kort sagt\n\n::: {.lead}\nOmkring 34 av 100. [beskrivning]{.label}\n:::",
    CARDS,
    FIGURE,
    TABLE,
    FOLD,
)


def png(shade: int = 0) -> bytes:
    """Draw a picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(bytes([0, shade]))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
    )


def part_output(markdown: str, number: int):
    return new_output(
        "display_data",
        data={"text/markdown": markdown},
        metadata={"evalkit": {"part": number}},
    )


def executed(parts=PAGE, *, extra=None, tags=()):
    """Make a notebook as papermill leaves it: title, parameters, injected cell, one cell a part."""
    cells = [
        new_markdown_cell("# A title of the template"),
        new_code_cell('unit = "x"', execution_count=1, metadata={"tags": ["parameters"]}),
        new_code_cell(
            'unit = "0114"', execution_count=2, metadata={"tags": ["injected-parameters"]}
        ),
    ]
    for number, markdown in enumerate(parts, start=1):
        cell = new_code_cell("ek.display(shown)", execution_count=number + 2)
        cell.outputs = [part_output(markdown, number)]
        cell.metadata["tags"] = list(tags)
        cells.append(cell)
    if extra is not None:
        cells.append(new_code_cell("x", execution_count=99, outputs=[extra]))
    for index, cell in enumerate(cells):
        cell["id"] = f"c{index}"
        cell.metadata["papermill"] = {"duration": 1.5, "status": "completed"}
    record = {"input_path": "template.ipynb", "output_path": "report.ipynb", "exception": None}
    kernel = {"name": "python3", "display_name": "Python 3"}
    return new_notebook(cells=cells, metadata={"papermill": record, "kernelspec": kernel})


def save(notebook, folder: Path, *, name: str = "report.ipynb", figures=("fig-exits.png",)) -> Path:
    """Write a notebook and its pictures into a work folder."""
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    for figure in figures:
        (folder / "figures" / figure).write_bytes(png())
    nbformat.write(notebook, folder / name)
    return folder / name


def front(**changes) -> FrontMatter:
    values = {
        "title": "Samordnad rehabilitering i Lindala",
        "lang": "sv",
        "date": "2025-12-31",
        "subtitle": "Rapport 2021–2025",
        "colophon": ("Till och med december 2025.", "Tal under 10 visas inte."),
        "strings": {"skip": "Hoppa till innehållet", "contents": "Innehåll"},
    }
    return FrontMatter(**{**values, **changes})
