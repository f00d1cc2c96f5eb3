"""Pandoc, run as a program: same bytes for the same input, and a warning is an error."""

import os
import re
import subprocess
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

import pypandoc

from evalkit.errors import RenderError

# Quarto's own reader; html in the text of a report is refused by the filter.
READER = "markdown"
TIME_LIMIT_SECONDS = 120
SUBSET_FAULT = re.compile(r"page subset: .*")


@cache
def pandoc_version() -> str:
    """Version of the pandoc that comes with the installation."""
    return str(pypandoc.get_pandoc_version())


def run_pandoc(
    arguments: Sequence[str], *, folder: Path, source: str | None = None, epoch: int = 0
) -> str:
    """Run pandoc in a folder.

    Parameters
    ----------
    arguments : sequence of str
        Everything after the program's name.
    folder : Path
        Directory that relative paths start from.
    source : str, optional
        Document to read from standard input.
    epoch : int
        Seconds since 1970 that stand for now wherever a date is written.

    Returns
    -------
    str
        What pandoc wrote to standard output.

    Raises
    ------
    RenderError
        If pandoc fails or warns. The message repeats what it said, without paths.
    """
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch), "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            [pypandoc.get_pandoc_path(), *arguments, "--fail-if-warnings"],
            cwd=folder,
            input=(source or "").encode(),
            capture_output=True,
            env=environment,
            timeout=TIME_LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RenderError(f"pandoc: no page after {TIME_LIMIT_SECONDS} seconds") from None
    complaint = done.stderr.decode(errors="replace").strip()
    if done.returncode or complaint:
        raise RenderError(_explain(complaint, done.returncode))
    return done.stdout.decode()


def run_on_report(arguments: Sequence[str], report: Path, *, epoch: int = 0) -> str:
    """Run pandoc on an assembled report, from the folder that it stands in.

    Parameters
    ----------
    arguments : sequence of str
        As in `run_pandoc`, without what is read.
    report : Path
        `report.md`.
    epoch : int
        As in `run_pandoc`.
    """
    source = parsed(report.read_text(encoding="utf-8"))
    return run_pandoc(["--from=json", *arguments], folder=report.parent, source=source, epoch=epoch)


@lru_cache(maxsize=4)
def parsed(markdown: str) -> str:
    """A document as pandoc's JSON.

    Reading markdown takes half of pandoc's time, so that a report is read once for its tables and
    all formats.
    """
    return run_pandoc([f"--from={READER}", "--to=json"], folder=Path(), source=markdown)


def _explain(complaint: str, code: int) -> str:
    fault = SUBSET_FAULT.search(complaint)
    if fault:
        return fault.group()
    first = complaint.splitlines()[0] if complaint else "no message"
    return f"pandoc ended with code {code}: {first}"
