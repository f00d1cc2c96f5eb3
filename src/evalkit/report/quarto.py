"""Quarto, where it is installed: the same executed notebooks, rendered by `quarto render`.

Papermill has executed the notebook and its outcome was checked before; Quarto only shows what
ran. It works in a folder that it shares with nobody, since two units in one folder have mixed up
their figures, and its page is searched for external addresses, since it loads scripts from the
internet without an error.
"""

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import nbformat
import yaml

from evalkit.errors import ParameterError, RenderError
from evalkit.provenance import digest_bytes
from evalkit.report.addresses import external_addresses
from evalkit.report.assemble import copy_figures, displayed, quarto_notebook, read_executed
from evalkit.report.page import FrontMatter
from evalkit.report.style import FAMILY
from evalkit.report.theme import font_folder, page_style, theme_folder
from evalkit.report.word_styles import reference_document

PREFERENCES = ("auto", "quarto", "embedded")
OUTPUT = "_output"
TIME_LIMIT_SECONDS = 300
HOW_TO_GET = "install it from conda-forge (quarto), or set QUARTO_PATH to the program"

PROJECT = {
    "project": {"type": "default", "output-dir": OUTPUT},
    # Papermill has executed the notebook; hidden code includes the cell that it injected.
    "execute": {"enabled": False, "echo": False},
    "filters": ["tables.lua"],
    "format": {
        "html": {
            "theme": "none",  # the default themes load from the internet
            "css": "page.css",
            "toc": True,
            "embed-resources": True,
            "html-math-method": "mathml",  # MathJax would be loaded from the internet
        },
        "typst": {
            "papersize": "a4",
            "mainfont": FAMILY,
            "fontsize": "9.5pt",
            "font-paths": ["fonts"],
            "pdf-standard": "ua-1",  # known to Quarto 1.9 and later
        },
        "docx": {"reference-doc": "reference.docx"},
    },
}
# Quarto's name for each format of a report.
NAMES = {"html": "html", "pdf": "typst", "docx": "docx"}


def quarto_program() -> Path | None:
    """Find Quarto: QUARTO_PATH (the program, or its folder) first, then PATH."""
    named = os.environ.get("QUARTO_PATH", "")
    if named:
        candidates = [Path(named), Path(named) / "quarto", Path(named) / "bin" / "quarto"]
        runs = [path for path in candidates if path.is_file() and os.access(path, os.X_OK)]
        return runs[0] if runs else None
    found = shutil.which("quarto")
    return Path(found) if found else None


def find_renderer(preference: str = "auto") -> tuple[str, str]:
    """Choose the renderer.

    Parameters
    ----------
    preference : {"auto", "quarto", "embedded"}

    Returns
    -------
    tuple of (str, str)
        `"quarto"` or `"embedded"`, and why.

    Raises
    ------
    ParameterError
        If the preference is unknown, or Quarto is asked for and cannot be run.
    """
    if preference not in PREFERENCES:
        raise ParameterError(
            f"renderer: {preference!r} is not known; use one of {', '.join(PREFERENCES)}"
        )
    if preference == "embedded":
        return "embedded", "it was asked for"
    if preference == "quarto":
        _required_program()
    if quarto_program():
        return "quarto", f"it was found through {_where()}"
    return "embedded", f"there is no quarto to run through {_where()}"


def quarto_version() -> str:
    """Version of the Quarto that `find_renderer` found.

    Raises
    ------
    RenderError
        If it cannot be asked.
    """
    return _version(_required_program())


def render_with_quarto(
    notebook: Path, front: FrontMatter, target: Path, *, to: str = "html"
) -> Path:
    """Render an executed notebook to one file that needs no other.

    Parameters
    ----------
    notebook : Path
        Executed notebook in the work directory of its unit; `figures/` stands beside it.
    front : FrontMatter
    target : Path
        File to write.
    to : {"html", "pdf", "docx"}

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    DisclosureError
        If any output did not come from `display`.
    RenderError
        If the notebook or Quarto failed, or the page would load something from elsewhere.
    """
    program = _required_program()
    executed = read_executed(notebook)
    markdown = "\n".join(part for _, part in displayed(executed))
    with tempfile.TemporaryDirectory(prefix="page-") as scratch:
        work = Path(scratch)
        _write_project(work, to, front)
        copy_figures(markdown, notebook.parent / "figures", work / "figures")
        # Nothing that Quarto keeps under a file's name can meet another unit's.
        name = f"report-{digest_bytes(notebook.read_bytes())[:12]}"
        copy = work / f"{name}.ipynb"
        nbformat.write(quarto_notebook(executed, front), copy)
        arguments = ["render", copy.name, "--no-execute", "--to", NAMES[to]]
        _run(program, arguments, work, front.epoch)
        page = work / OUTPUT / f"{name}.{to}"
        if not page.is_file():
            raise RenderError(f"{notebook.name}: quarto ended well but wrote no {to}")
        if to == "html":
            _require_self_contained(page, notebook.name)
        shutil.copyfile(page, target)
    return target


def _required_program() -> Path:
    program = quarto_program()
    if program is None:
        raise ParameterError(f"renderer: no quarto to run through {_where()}; {HOW_TO_GET}")
    return program


def _where() -> str:
    return "QUARTO_PATH" if os.environ.get("QUARTO_PATH") else "PATH"


def _require_self_contained(page: Path, name: str) -> None:
    outside = external_addresses(page.read_text(encoding="utf-8"))
    if outside:
        raise RenderError(f"{name}: the page would load {len(outside)} files from elsewhere")


def _write_project(work: Path, to: str, front: FrontMatter) -> None:
    """Write the project of one format, and the files that its options name."""
    project = {**PROJECT, "format": {NAMES[to]: PROJECT["format"][NAMES[to]]}}
    (work / "_quarto.yml").write_text(yaml.safe_dump(project, sort_keys=False), encoding="utf-8")
    shutil.copyfile(theme_folder() / "tables.lua", work / "tables.lua")
    if to == "html":
        (work / "page.css").write_text(page_style(), encoding="utf-8", newline="\n")
    elif to == "pdf":
        (work / "fonts").mkdir()
        for font in sorted(font_folder().glob("*.ttf")):
            shutil.copyfile(font, work / "fonts" / font.name)
    else:
        reference = reference_document(
            front.title, front.strings.get("running", ""), front.strings.get("number", "")
        )
        (work / "reference.docx").write_bytes(reference)


@cache
def _version(program: Path) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        return _run(program, ["--version"], Path(scratch), 0).strip()


def _run(program: Path, arguments: list[str], work: Path, epoch: int) -> str:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    try:
        done = subprocess.run(
            [str(program), *arguments],
            cwd=work,
            capture_output=True,
            text=True,
            env=environment,
            timeout=TIME_LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RenderError(f"quarto: not done after {TIME_LIMIT_SECONDS} seconds") from None
    except OSError:
        raise RenderError("quarto: the program could not be started") from None
    if done.returncode:
        said = [line for line in done.stderr.replace(str(work), "").splitlines() if line.strip()]
        raise RenderError(
            f"quarto ended with code {done.returncode}: {said[-1] if said else 'no message'}"
        )
    return done.stdout
