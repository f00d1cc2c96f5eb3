"""PDF: the assembled report through pandoc and typst, tagged as PDF/UA-1 asks."""

from functools import cache
from pathlib import Path

from evalkit.errors import RenderError
from evalkit.report.pandoc import run_on_report
from evalkit.report.theme import font_folder, theme_folder

STANDARD = "ua-1"


def render_pdf(report: Path, target: Path, *, epoch: int = 0) -> Path:
    """Render an assembled report to a PDF that a screen reader can read.

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
        If the text leaves the page subset, PDF/UA-1 is not met, or pandoc or typst warns: typst
        only warns when it has no such font.
    """
    theme = theme_folder()
    source = run_on_report(
        [
            "--to=typst",
            "--standalone",
            "--wrap=none",
            f"--template={theme / 'page.typ'}",
            f"--lua-filter={theme / 'tables.lua'}",
            f"--lua-filter={theme / 'page.lua'}",
        ],
        report,
        epoch=epoch,
    )
    written = report.with_suffix(".typ")
    written.write_text(source, encoding="utf-8", newline="\n")
    target.write_bytes(compile_typst(written, epoch=epoch))
    return target


def compile_typst(source: Path, *, epoch: int) -> bytes:
    """Compile a typst file, whose pictures lie below its folder, to a tagged PDF.

    Raises
    ------
    RenderError
        If typst finds an error, warns, or cannot meet PDF/UA-1.
    """
    import typst  # a large library; notebooks load this module and never need it

    try:
        document, warnings = typst.compile_with_warnings(
            str(source),
            root=str(source.parent),
            font_paths=_fonts(),
            pdf_standards=[STANDARD],
            timestamp=epoch,
        )
    except typst.TypstError as error:
        raise RenderError(f"typst: {error.message}") from None
    if warnings:
        raise RenderError(f"typst: {len(warnings)} warnings: {warnings[0].message}")
    return document


@cache
def _fonts() -> object:
    """The vendored family and no other, so that a missing glyph is a warning, not a stand-in."""
    import typst

    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(font_folder())],
    )
