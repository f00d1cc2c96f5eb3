"""Execution: papermill runs a template in its own folder and leaves a clean executed copy."""

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from papermill.inspection import _infer_parameters
from papermill.iorw import load_notebook_node
from traitlets.config import Config

from evalkit.errors import EvalkitError, ParameterError
from evalkit.run import engine
from evalkit.run.engine import Limits
from evalkit.run.fork import SINGLE

NOTEBOOK = "notebook.ipynb"
ENVIRONMENT = {
    **SINGLE,
    "MPLBACKEND": "agg",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "EVALKIT_RUN": "1",
}
CELL_FILE = re.compile(r"[^\s\"']*ipykernel_\d+[/\\]+\d+\.py")
DEFAULT_LIMITS = Limits()


class NotebookError(EvalkitError):
    """A cell of a notebook failed; `cell` is its index and `kind` the class of its error."""

    exit_code = 4

    def __init__(self, cell: int, kind: str, message: str) -> None:
        super().__init__(f"cell {cell}: {kind}: {message}")
        self.cell, self.kind, self.message = cell, kind, message


@dataclass(frozen=True, slots=True)
class Usage:
    """What an execution took: seconds by stage (read, estimate, draw), most memory in bytes."""

    seconds: dict[str, float] = field(default_factory=dict)
    peak_bytes: int = 0


def run_notebook(
    template: Path,
    work: Path,
    parameters: dict[str, str],
    *,
    site: Path,
    limits: Limits = DEFAULT_LIMITS,
    cold: bool = False,
    keep: bool = False,
) -> Usage:
    """Execute a template in a fresh folder of its own.

    Parameters
    ----------
    template : Path
        Notebook with exactly one cell tagged `parameters`.
    work : Path
        Folder to work in; emptied first. The executed copy is `work/notebook.ipynb`, also when a
        cell fails.
    parameters : dict
        Values of the template's parameters, all of them known to it.
    site : Path
        Site of the run, from which the notebook's process finds its slices.
    limits : Limits
        What the notebook may use.
    cold : bool
        Use an ordinary kernel. Its limit of time holds for a cell, and it has none of memory.
    keep : bool
        Keep the warm process for the next notebook; see the engine.

    Raises
    ------
    ParameterError
        If a parameter is unknown to the template or one has no value.
    NotebookError
        If a cell fails, or the notebook uses more than it may.
    """
    check_parameters(template, parameters)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    target = work / NOTEBOOK
    environment = {**ENVIRONMENT, "EVALKIT_SITE": str(site)}
    run = _run_cold if cold else partial(_run_warm, keep=keep)
    try:
        executed = run(template, target, parameters, environment, limits)
    except PapermillExecutionError as error:
        raise NotebookError(error.cell_index, error.ename, error.evalue) from None
    usage = _usage(executed)
    _strip(executed)
    # Papermill has just checked and written it with its clocks; once is enough.
    target.write_text(nbformat.v4.writes(executed) + "\n", encoding="utf-8", newline="\n")
    return usage


def _run_warm(template, target, parameters, environment, limits, *, keep) -> NotebookNode:
    engine.register()
    return papermill.execute_notebook(
        str(template),
        str(target),
        parameters=parameters,
        engine_name=engine.NAME,
        kernel_name="python3",
        progress_bar=False,
        request_save_on_cell_execute=False,
        folder=str(target.parent),
        environment=environment,
        limits=limits,
        keep=keep,
    )


def _run_cold(template, target, parameters, environment, limits) -> NotebookNode:
    with _environment(environment):
        try:
            return papermill.execute_notebook(
                str(template),
                str(target),
                parameters=parameters,
                cwd=str(target.parent),
                kernel_name="python3",
                progress_bar=False,
                execution_timeout=limits.cell_seconds or limits.seconds,
                config=Config(KernelManager={"transport": "ipc"}),
                extra_arguments=["--IPKernelApp.log_level=50"],
            )
        except CellTimeoutError:
            kind, words = engine.TIMEOUT, "a cell took longer than the limit"
        except DeadKernelError:
            kind, words = engine.ENDED, "the process of the notebook ended"
    raise NotebookError(_unfinished(target), kind, words)


def check_parameters(template: Path, parameters: dict[str, str]) -> None:
    """Compare names with the template's `parameters` cell; papermill itself would only log."""
    known = _parameter_names(template, template.stat().st_mtime_ns)
    wrong = sorted(set(parameters) - known)
    missing = sorted(known - set(parameters))
    if wrong or missing:
        parts = [f"unknown: {', '.join(wrong)}"] * bool(wrong)
        parts += [f"without a value: {', '.join(missing)}"] * bool(missing)
        raise ParameterError(f"{template.name}: parameters {'; '.join(parts)}")


@cache
def _parameter_names(template: Path, changed: int) -> frozenset[str]:
    notebook = load_notebook_node(str(template))
    return frozenset(item.name for item in _infer_parameters(notebook))


def _unfinished(path: Path) -> int:
    """Index of the cell that ran when the notebook was last saved."""
    cells = nbformat.read(path, as_version=4).cells
    status = [cell.metadata.get("papermill", {}).get("status") for cell in cells]
    return status.index("running") if "running" in status else len(status) - 1


def _usage(notebook: NotebookNode) -> Usage:
    """Seconds of the cells by what they do, from papermill's record."""
    seconds: Counter[str] = Counter()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            took = cell.metadata.get("papermill", {}).get("duration") or 0.0
            seconds[_stage(cell.source)] += took
    peak = notebook.metadata.get("papermill", {}).get("peak_bytes", 0)
    return Usage({name: round(took, 3) for name, took in sorted(seconds.items())}, peak)


def _stage(source: str) -> str:
    if "import evalkit" in source or "open_unit(" in source or "open_shared(" in source:
        return "read"
    return "draw" if "ek.display(" in source else "estimate"


def _strip(notebook: NotebookNode) -> None:
    """Drop clocks and machine paths, and join what one stream wrote in several pieces.

    How often a kernel sends what was printed depends on a clock.
    """
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    joined: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream":
            output.text = CELL_FILE.sub("<cell>", output.text)
            last = joined[-1] if joined else None
            if last is not None and last.get("name") == output.name:
                last.text += output.text
                continue
        joined.append(output)
    return joined


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables for the kernel that is started inside."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
