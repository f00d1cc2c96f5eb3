"""Word: the assembled report through pandoc, with styles, header and footer of its own."""

import re
import tempfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

from evalkit.report.archives import read_members, write_members
from evalkit.report.page import read_front
from evalkit.report.pandoc import run_on_report
from evalkit.report.theme import theme_folder
from evalkit.report.word_styles import reference_document

TEXT = re.compile(r"<w:t[^>]*>([^<]*)</w:t>")
PICTURE = re.compile(r'(<wp:docPr descr=("[^"]*")[^>]*>.*?<pic:cNvPr descr=)"[^"]*"', re.S)
LOOK = re.compile(r"(<w:tblLook[^>]*?)w:firstColumn=\"0\"([^>]*/>)")
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
    """Add what pandoc leaves out: names of tables, row headers, whole rows, the language."""
    document = members["word/document.xml"].decode()
    document = PICTURE.sub(r"\1\2", document)
    document = LOOK.sub(r'\1w:firstColumn="1"\2', document)
    document = _name_tables(document)
    document = document.replace("<w:tr><w:tc>", "<w:tr><w:trPr></w:trPr><w:tc>")
    document = document.replace("<w:tr><w:trPr>", "<w:tr><w:trPr><w:cantSplit/>")
    settings = members["word/settings.xml"].decode()
    settings = settings.replace(
        '<w:themeFontLang w:val="en-US"', f'<w:themeFontLang w:val="{language}"'
    )
    return {
        **dict(sorted(members.items())),
        "word/document.xml": document.encode(),
        "word/settings.xml": settings.encode(),
    }


def _name_tables(document: str) -> str:
    """Give each table the name that stands above it: its caption, or the title of its fold."""
    before, *tables = document.split("<w:tbl>")
    parts = [before]
    for table in tables:
        name = _last_name("".join(parts))
        named = re.sub(
            r"(<w:tblLook[^>]*/>)",
            lambda match, name=name: f"{match[1]}<w:tblCaption w:val={quoteattr(name)}/>",
            table,
            count=1,
        )
        parts += ["<w:tbl>", named]
    return "".join(parts)


def _last_name(document: str) -> str:
    start = max(document.rfind(f'<w:pStyle w:val="{style}"') for style in NAMES)
    paragraph = document[start : document.find("</w:p>", start)]
    return "".join(TEXT.findall(paragraph))
