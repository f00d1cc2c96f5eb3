"""Word: the assembled report through pandoc, with styles, header and footer of its own."""

import re
import tempfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

from evalkit.report.archives import read_members, write_members
from evalkit.report.page import read_front
from evalkit.report.pandoc import run_on_report
from evalkit.report.theme import theme_folder
from evalkit.report.word_fonts import embed_fonts
from evalkit.report.word_styles import reference_document

TEXT = re.compile(r"<w:t[^>]*>([^<]*)</w:t>")
PICTURE = re.compile(r'(<wp:docPr descr=("[^"]*")[^>]*>.*?<pic:cNvPr descr=)"[^"]*"', re.S)
KEY_FIGURES = '<w:pStyle w:val="KeyFigure" />'
LOOK = re.compile(r"(<w:tblLook[^>]*?)w:firstColumn=\"0\"([^>]*/>)")
MOST_ROWS_TOGETHER, FIRST_ROWS, LAST_ROWS = 12, 2, 3
STYLED = re.compile(r"(<w:pPr><w:pStyle[^>]*/>)")
SOURCE = r'\s*<w:p><w:pPr><w:pStyle w:val="Source" />'
SOURCES = re.compile(rf"({SOURCE})(?=(?:(?!</w:p>).)*</w:p>{SOURCE})", re.S)
NUMBER = r"[+\u2212]?\d(?:[\d,.\u00a0\u2013\u2026+\u2212]*\d)?(?:\u00a0?%)?"
WORD = r"[^\W\d_]"
COUNTED = re.compile(
    rf"(?:\b{WORD}{{1,8}} )?{NUMBER}(?: {WORD}{{1,8}} {NUMBER})*(?: {WORD}{{1,12}}\b)?"
)
HYPHENED = re.compile(r"(?<![\w-])\w{1,4}(?:-\w{1,12})+\b")
NAMES = ("TableCaption", "FoldTitle")


def render_docx(report: Path, target: Path, *, epoch: int = 0) -> Path:
    """Render an assembled report to a Word document.

    Parameters
    ----------
    report : Path
        `report.md`, its pictures in `figures/` beside it.
    target : Path
        File to write.
    epoch : int
        Seconds since 1970 of the data cut; stands for now.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    RenderError
        If the text leaves the page subset, or pandoc warns.
    """
    theme = theme_folder()
    front = read_front(report)
    frame = front.get("page", {})
    with tempfile.TemporaryDirectory() as scratch:
        reference = Path(scratch) / "reference.docx"
        reference.write_bytes(
            reference_document(front["title"], frame.get("running", ""), frame.get("number", ""))
        )
        made = Path(scratch) / "made.docx"
        run_on_report(
            [
                "--to=docx",
                f"--output={made}",
                f"--reference-doc={reference}",
                f"--lua-filter={theme / 'tables.lua'}",
                f"--lua-filter={theme / 'page.lua'}",
            ],
            report,
            epoch=epoch,
        )
        members = read_members(made.read_bytes())
    target.write_bytes(write_members(_accessible(members, front["lang"]), epoch=epoch))
    return target


def _accessible(members: dict[str, bytes], language: str) -> dict[str, bytes]:
    """Add what pandoc leaves out: names of tables, row headers, whole rows, language, fonts."""
    document = members["word/document.xml"].decode()
    document = PICTURE.sub(r"\1\2", document)
    # Without it LibreOffice moves a picture 3 mm to the right.
    document = document.replace(
        "<wp:inline>", '<wp:inline distT="0" distB="0" distL="0" distR="0">'
    )
    document = _keep_together(document)
    document = _keep_words(_name_tables(document))
    document = document.replace("<w:tr><w:tc>", "<w:tr><w:trPr></w:trPr><w:tc>")
    document = document.replace("<w:tr><w:trPr>", "<w:tr><w:trPr><w:cantSplit/>")
    settings = members["word/settings.xml"].decode()
    settings = settings.replace(
        '<w:themeFontLang w:val="en-US"', f'<w:themeFontLang w:val="{language}"'
    )
    made = members | {
        "word/document.xml": document.encode(), "word/settings.xml": settings.encode()
    }  # fmt: skip
    return dict(sorted(embed_fonts(made).items()))


def _keep_together(document: str) -> str:
    """Keep rows together, and the notes and the source of a table with its last row.

    Of a long table only the first and the last rows are, and a row that heads a group.
    """
    document = SOURCES.sub(r"\1<w:keepNext/>", document)
    before, *tables = document.split("<w:tbl>")
    parts = [before]
    for table in tables:
        inside, end, after = table.partition("</w:tbl>")
        start, *rows = inside.split("<w:tr>")
        stays = _rows_that_stay(rows, is_noted=re.match(SOURCE, after) is not None)
        kept = [
            STYLED.sub(r"\1<w:keepNext/>", row) if stay else row
            for row, stay in zip(rows, stays, strict=True)
        ]
        parts += ["<w:tbl>", "<w:tr>".join([start, *kept]), end, after]
    return "".join(parts)


def _rows_that_stay(rows: list[str], *, is_noted: bool) -> list[bool]:
    """Whether each row, the head among them, stays with what follows it."""
    last = len(rows) - 1
    if last < MOST_ROWS_TOGETHER:
        return [True] * last + [is_noted]
    return [
        *(row < FIRST_ROWS or row > last - LAST_ROWS or _heads_group(rows[row])
          for row in range(last)),
        is_noted,
    ]  # fmt: skip


def _heads_group(row: str) -> bool:
    _, *others = row.split("</w:tc>")
    return not "".join(TEXT.findall("".join(others)))


def _keep_words(document: str) -> str:
    """Keep a number outside tables on one line with the words beside it, as in a PDF.

    So does a short beginning with what follows its hyphen.
    """
    before, *tables = document.split("<w:tbl>")
    parts = [TEXT.sub(_unbroken, before)]
    for table in tables:
        inside, end, after = table.partition("</w:tbl>")
        inside = TEXT.sub(_unbroken, inside) if KEY_FIGURES in inside else inside
        parts += ["<w:tbl>", inside, end, TEXT.sub(_unbroken, after)]
    return "".join(parts)


def _unbroken(run: re.Match) -> str:
    kept = COUNTED.sub(lambda words: words[0].replace(" ", "\N{NO-BREAK SPACE}"), run[1])
    kept = HYPHENED.sub(lambda word: word[0].replace("-", "\N{NON-BREAKING HYPHEN}"), kept)
    return run[0].replace(f">{run[1]}<", f">{kept}<")


def _name_tables(document: str) -> str:
    """Give each table row headers and the name above it: its caption, or the title of its fold.

    Key figures are laid out in a table, and are none.
    """
    before, *tables = document.split("<w:tbl>")
    parts = [before]
    for table in tables:
        if KEY_FIGURES in table.partition("</w:tbl>")[0]:
            parts += ["<w:tbl>", table.replace('w:val="Table"', 'w:val="KeyFigures"', 1)]
            continue
        name = _last_name("".join(parts))
        named = LOOK.sub(
            lambda look, name=name: (
                f'{look[1]}w:firstColumn="1"{look[2]}<w:tblCaption w:val={quoteattr(name)}/>'
            ),
            table,
            count=1,
        )
        parts += ["<w:tbl>", named]
    return "".join(parts)


def _last_name(document: str) -> str:
    start = max(document.rfind(f'<w:pStyle w:val="{style}"') for style in NAMES)
    paragraph = document[start : document.find("</w:p>", start)]
    return "".join(TEXT.findall(paragraph))
