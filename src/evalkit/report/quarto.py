"""Quarto, where it is installed: the same executed notebooks, rendered by `quarto render`.

Papermill has executed the notebook and its outcome was checked before; Quarto only shows what
ran. Several notebooks are rendered as one project, since Quarto takes longer to start than to make
a page. Each has a folder and a file name that it shares with nobody, since two units in one folder
have mixed up their figures, and each page is searched for external addresses, since Quarto loads
scripts from the internet without an error.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
import yaml

from evalkit.errors import ParameterError, RenderError
from evalkit.provenance import digest_bytes
from evalkit.report.addresses import external_addresses
from evalkit.report.assemble import copy_figures, displayed, quarto_notebook, read_executed
from evalkit.report.page import FrontMatter
from evalkit.report.program import run_program
from evalkit.report.style import FAMILY
from evalkit.report.theme import font_folder, page_style, theme_folder
from evalkit.report.word_styles import reference_document

PREFERENCES = ("auto", "quarto", "embedded")
OUTPUT = "_output"
TIME_LIMIT_SECONDS = 300
NOT_STARTED = (126, 127)  # what a shell says of a program that it cannot run
MORE_SECONDS = 30  # for each further page of a project
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
        "docx": {},
    },
}
# A Word document has its own words at the head of its pages; in the folder of its notebook.
WORD_FOLDER = {"format": {"docx": {"reference-doc": "reference.docx"}}}
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


@dataclass(frozen=True, slots=True)
class Job:
    """One page to make.

    Attributes
    ----------
    notebook : Path
        Executed notebook in the work directory of its unit; `figures/` stands beside it.
    front : FrontMatter
    target : Path
        File to write.
    """

    notebook: Path
    front: FrontMatter
    target: Path


def render_with_quarto(
    notebook: Path, front: FrontMatter, target: Path, *, to: str = "html"
) -> Path:
    """Render an executed notebook to one file that needs no other.

    Parameters
    ----------
    notebook, front, target
        As in `Job`.
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
    errors = render_together([Job(notebook, front, target)], to=to)
    if errors:
        raise errors[target]
    return target


def render_together(jobs: Sequence[Job], *, to: str = "html") -> dict[Path, Exception]:
    """Render executed notebooks in one format, as one project for each data cut.

    Where Quarto fails, or a page is missing or would load something from elsewhere, these pages
    are made again one by one, so that a failure is one page's own.

    Parameters
    ----------
    jobs : sequence of Job
        Each with a target of its own.
    to : {"html", "pdf", "docx"}

    Returns
    -------
    dict of Path to Exception
        By target, why there is no page; see `render_with_quarto`. Empty if all are there.
    """
    # The data cut is the time that Quarto is told, which is one for a call.
    projects: dict[int, list[Job]] = {}
    for job in jobs:
        projects.setdefault(job.front.epoch, []).append(job)
    errors: dict[Path, Exception] = {}
    for project in projects.values():
        failed = _render(project, to)
        again = [job for job in project if job.target in failed] if len(project) > 1 else []
        for job in again:
            del failed[job.target]
            failed |= _render([job], to)
        errors |= failed
    return errors


def _render(jobs: list[Job], to: str) -> dict[Path, Exception]:
    """Make the pages of one project by one call; return the errors by target."""
    errors: dict[Path, Exception] = {}
    try:
        program = _required_program()
        with tempfile.TemporaryDirectory(prefix="page-") as scratch:
            work = Path(scratch)
            _write_project(work, to)
            added = _each(jobs, lambda job: _add(job, work, to), errors)
            if added:
                arguments = ["render", ".", "--no-execute", "--to", NAMES[to]]
                seconds = TIME_LIMIT_SECONDS + MORE_SECONDS * (len(added) - 1)
                _run(program, arguments, work, jobs[0].front.epoch, seconds)
                _each(added, lambda job: _take(job, work, to), errors)
    except Exception as error:  # of the project, which may be due to any of its pages
        errors |= {job.target: error for job in jobs if job.target not in errors}
    return errors


def _each(jobs: list[Job], step: Callable[[Job], None], errors: dict[Path, Exception]) -> list[Job]:
    """Take a step with each job, note the errors, and return the jobs without one."""
    for job in jobs:
        try:
            step(job)
        except Exception as error:  # of one page, which must not stop another one
            errors[job.target] = error
    return [job for job in jobs if job.target not in errors]


def _name(job: Job) -> str:
    """Name of the folder and the file of a job: nothing that Quarto keeps under it can meet."""
    return f"report-{digest_bytes(job.notebook.read_bytes())[:12]}"


def _add(job: Job, work: Path, to: str) -> None:
    """Write the copy of a notebook into its own folder of the project, its figures beside it."""
    executed = read_executed(job.notebook)
    markdown = "\n".join(part for _, part in displayed(executed))
    copy = quarto_notebook(executed, job.front)
    folder = work / _name(job)
    folder.mkdir()  # fails where another job has the same notebook: this one is made alone
    copy_figures(markdown, job.notebook.parent / "figures", folder / "figures")
    if to == "docx":
        _write_word_folder(folder, job.front)
    # Last, so that Quarto does not see the folder of a job that failed before.
    nbformat.write(copy, folder / f"{folder.name}.ipynb")


def _take(job: Job, work: Path, to: str) -> None:
    """Check the page of a job, and copy it to its target."""
    name = _name(job)
    page = work / OUTPUT / name / f"{name}.{to}"
    if not page.is_file():
        raise RenderError(f"{job.notebook.name}: quarto ended well but wrote no {to}")
    if to == "html":
        _require_self_contained(page, job.notebook.name)
    shutil.copyfile(page, job.target)


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


def _write_project(work: Path, to: str) -> None:
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


def _write_word_folder(folder: Path, front: FrontMatter) -> None:
    reference = reference_document(
        front.title, front.strings.get("running", ""), front.strings.get("number", "")
    )
    (folder / "reference.docx").write_bytes(reference)
    (folder / "_metadata.yml").write_text(yaml.safe_dump(WORD_FOLDER), encoding="utf-8")


@cache
def _version(program: Path) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        return _run(program, ["--version"], Path(scratch), 0, TIME_LIMIT_SECONDS).strip()


def _run(program: Path, arguments: list[str], work: Path, epoch: int, seconds: float) -> str:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    try:
        done = run_program([str(program), *arguments], work, environment, seconds)
    except subprocess.TimeoutExpired:
        raise RenderError(f"quarto: not done after {seconds} seconds") from None
    except OSError:
        raise RenderError("quarto: the program could not be started") from None
    if done.returncode in NOT_STARTED:
        raise RenderError("quarto: the program could not be started")
    if done.returncode:
        told = done.stderr.replace(str(work), "").replace(str(program), "quarto")
        said = [line for line in told.splitlines() if line.strip()]
        raise RenderError(
            f"quarto ended with code {done.returncode}: {said[-1] if said else 'no message'}"
        )
    return done.stdout
