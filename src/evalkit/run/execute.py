"""Execution: papermill runs a template in its own folder and leaves a clean executed copy."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError
from papermill.inspection import _infer_parameters
from papermill.iorw import load_notebook_node
from traitlets.config import Config

from evalkit.errors import EvalkitError, ParameterError

NOTEBOOK = "notebook.ipynb"
# One thread in every numerical library, so that bytes do not depend on the number of cores.
ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "agg",
    "PYTHONHASHSEED": "0",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "EVALKIT_RUN": "1",
}


class NotebookError(EvalkitError):
    """A cell of a notebook failed; `cell` is its index and `kind` the class of its error."""

    exit_code = 4

    def __init__(self, cell: int, kind: str, message: str) -> None:
        super().__init__(f"cell {cell}: {kind}: {message}")
        self.cell, self.kind, self.message = cell, kind, message


def run_notebook(template: Path, work: Path, parameters: dict[str, str], *, site: Path) -> Path:
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

    Raises
    ------
    ParameterError
        If a parameter is unknown to the template or one has no value.
    NotebookError
        If a cell fails.
    """
    check_parameters(template, parameters)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    target = work / NOTEBOOK
    with _environment({**ENVIRONMENT, "EVALKIT_SITE": str(site)}):
        try:
            papermill.execute_notebook(
                str(template),
                str(target),
                parameters=parameters,
                cwd=str(work),
                kernel_name="python3",
                progress_bar=False,
                log_output=False,
                request_save_on_cell_execute=False,
                config=Config(KernelManager={"transport": "ipc"}),
                extra_arguments=["--IPKernelApp.log_level=50"],
            )
        except PapermillExecutionError as error:
            raise NotebookError(error.cell_index, error.ename, error.evalue) from None
    _strip(target)
    return target


def check_parameters(template: Path, parameters: dict[str, str]) -> None:
    """Compare names with the template's `parameters` cell; papermill itself would only log."""
    notebook = load_notebook_node(str(template))
    known = {item.name for item in _infer_parameters(notebook)}
    wrong = sorted(set(parameters) - known)
    missing = sorted(known - set(parameters))
    if wrong or missing:
        parts = [f"unknown: {', '.join(wrong)}"] * bool(wrong)
        parts += [f"without a value: {', '.join(missing)}"] * bool(missing)
        raise ParameterError(f"{template.name}: parameters {'; '.join(parts)}")


def _strip(path: Path) -> None:
    """Drop clocks and machine paths from an executed notebook."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
    nbformat.write(notebook, path)


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
