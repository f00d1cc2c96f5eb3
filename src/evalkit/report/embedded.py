"""The embedded renderer: `report.md` to a page by pandoc alone, for where Quarto cannot be had."""

import base64
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from evalkit.errors import RenderError
from evalkit.report.addresses import external_addresses
from evalkit.report.docx import render_docx
from evalkit.report.pandoc import READER, pandoc_version, run_on_report, run_pandoc
from evalkit.report.pdf import render_pdf
from evalkit.report.theme import page_style, theme_folder

PICTURE = re.compile(r'src="figures/([^"]+)"')
STYLE_MARK = "/* the style sheet */"


def render_html(report: Path, target: Path, *, epoch: int = 0) -> Path:
    """Render an assembled report to one html file that needs no other.

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
        If the text leaves the page subset, pandoc warns, or the page would ask for another file.
    """
    theme = theme_folder()
    with tempfile.TemporaryDirectory() as scratch:
        style = Path(scratch) / "style.html"
        style.write_text(f"<style>\n{STYLE_MARK}\n</style>\n", encoding="utf-8", newline="\n")
        page = run_on_report(
            [
                "--to=html5",
                "--standalone",
                "--section-divs",
                "--toc",
                "--toc-depth=2",
                "--wrap=none",
                f"--template={theme / 'page.html'}",
                f"--include-in-header={style}",
                f"--lua-filter={theme / 'tables.lua'}",
                f"--lua-filter={theme / 'page.lua'}",
            ],
            report,
            epoch=epoch,
        )
    target.write_text(_self_contained(page, report.parent), encoding="utf-8", newline="\n")
    return target


def _self_contained(page: str, folder: Path) -> str:
    """Put pictures and style into a page that pandoc made; it would take three times as long.

    Raises
    ------
    RenderError
        If the page would still ask for another file.
    """
    names = set(PICTURE.findall(page))
    shown = {f"figures/{name}" for name in names}
    outside = [item for item in external_addresses(page) if item not in shown]
    if outside:
        raise RenderError(f"the page would load {len(outside)} files from elsewhere: {outside[0]}")
    images = {
        name: (folder / "figures" / name).read_bytes()
        for name in names
        if (folder / "figures" / name).is_file()
    }
    page = PICTURE.sub(lambda match: _inlined(match[1], images), page)
    return page.replace(STYLE_MARK, page_style(), 1)


def render_fragment(markdown: str, images: Mapping[str, bytes], *, language: str = "en") -> str:
    """Render markdown of the page subset to a piece of html, its pictures inside.

    Numbers of figures and tables are left out, since a piece does not know what comes before it.
    """
    theme = theme_folder()
    fragment = run_pandoc(
        [
            f"--from={READER}",
            "--to=html5",
            "--wrap=none",
            f"--metadata=lang:{language}",
            "--metadata=fragment:true",
            f"--lua-filter={theme / 'tables.lua'}",
            f"--lua-filter={theme / 'page.lua'}",
        ],
        folder=theme,
        source=markdown,
    )
    return PICTURE.sub(lambda match: _inlined(match[1], images), fragment)


def renderer_version() -> str:
    """Name and version of what makes the pages, for the key of a page."""
    return f"pandoc {pandoc_version()}"


RENDERERS: dict[str, Callable[..., Path]] = {
    "html": render_html,
    "pdf": render_pdf,
    "docx": render_docx,
}


def _inlined(name: str, images: Mapping[str, bytes]) -> str:
    if name not in images:
        raise RenderError(f"the part shows {name}, but does not bring it")
    return f'src="data:image/png;base64,{base64.b64encode(images[name]).decode("ascii")}"'
