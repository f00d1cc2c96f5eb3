"""The floor: the cells of a report in one warm process, and pandoc's own time; and the naive loop.

Started by `nation.py` in processes of their own; prints one line of JSON.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import gc
import io
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import nbformat


def code_cells(template: Path, parameters: dict[str, str]) -> list[str]:
    """Sources of the code cells, the parameters put in."""
    cells = [cell for cell in nbformat.read(template, 4).cells if cell.cell_type == "code"]
    given = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    return [
        given if "parameters" in cell.metadata.get("tags", ()) else cell.source for cell in cells
    ]


def floor(template: Path, each: list[dict[str, str]]) -> dict[str, float]:
    """Seconds of the cells of a notebook, and of the renderer's programs on it, after a first one.

    The programs render the notebook that the run before has executed.
    """
    from IPython.core.interactiveshell import InteractiveShell

    from evalkit.report.rendering import render_report
    from evalkit.run.layout import find_study, running_layout

    os.environ["EVALKIT_RUN"] = "1"
    shell = InteractiveShell.instance()
    study = find_study(each[0]["study"])
    layout = running_layout(study)
    labels = _labels_of(study)
    taken, own = [], _OwnTime()
    for number, parameters in enumerate([each[0], *each]):
        with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):
            os.chdir(folder)
            shell.reset(new_session=True)
            gc.collect()
            gc.freeze()
            start = time.perf_counter()
            for source in code_cells(template, parameters):
                shell.run_cell(source, silent=True).raise_error()
            if number:
                taken.append(time.perf_counter() - start)
            os.chdir("/")
            if number:
                executed = layout.executed(parameters["unit"], parameters["language"])
                with own:
                    render_report(
                        executed / "notebook.ipynb", labels(parameters["unit"]),
                        parameters["language"], Path(folder), "embedded",
                    )  # fmt: skip
    return {
        "seconds": statistics.mean(taken),
        "median": statistics.median(taken),
        "pandoc": sum(own.taken) / len(taken),
        "units": len(taken),
    }


def _labels_of(study: Path) -> Callable[[str], object]:
    from evalkit.run.layout import running_layout
    from evalkit.run.prepared import read_prepared

    units = {unit.name: unit for unit in read_prepared(running_layout(study).folder).units}
    return lambda name: units[name].labels(study)


def naive(template: Path, each: list[dict[str, str]], renderer: str) -> dict[str, float]:
    """Seconds a report of papermill's Python API and a render, one after the other."""
    import papermill

    from evalkit.report.rendering import render_report
    from evalkit.run.layout import find_study

    os.environ["EVALKIT_RUN"] = "1"
    study = find_study(each[0]["study"])
    labels = _labels_of(study)
    start = time.perf_counter()
    for parameters in each:
        with tempfile.TemporaryDirectory() as folder:
            executed = Path(folder) / "notebook.ipynb"
            papermill.execute_notebook(
                str(template), str(executed), parameters, cwd=folder, progress_bar=False
            )
            pages = Path(folder) / "pages"
            pages.mkdir()
            named = labels(parameters["unit"])
            render_report(executed, named, parameters["language"], pages, renderer)
    return {"seconds": (time.perf_counter() - start) / len(each), "units": len(each)}


class _OwnTime:
    """Seconds that the programs which a render starts take themselves."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self._run = subprocess.run

    def __enter__(self) -> None:
        def run(*args, **options):
            start = time.perf_counter()
            try:
                return self._run(*args, **options)
            finally:
                self.taken.append(time.perf_counter() - start)

        subprocess.run = run

    def __exit__(self, *_) -> None:
        subprocess.run = self._run


def reference(each: list[dict[str, str]], template: Path, workers: int) -> dict[str, float]:
    """Seconds a notebook on warm processes, several at a time, after one a worker that is not
    counted.
    """
    from concurrent.futures import ThreadPoolExecutor

    from evalkit.run.execute import run_notebook

    folder = Path(tempfile.mkdtemp())
    try:
        with ThreadPoolExecutor(workers) as pool:

            def execute(number: int) -> None:
                parameters = each[number % len(each)]
                run_notebook(template, folder / str(number), parameters, site=folder / "site")

            list(pool.map(execute, range(workers)))
            start = time.perf_counter()
            list(pool.map(execute, range(workers, workers + len(each))))
            return {"seconds": (time.perf_counter() - start) / len(each), "units": len(each)}
    finally:
        shutil.rmtree(folder)


def main() -> None:
    asked = json.loads(sys.argv[1])
    template, each = Path(asked["template"]), asked["each"]
    if asked["what"] == "floor":
        found = floor(template, each)
    elif asked["what"] == "naive":
        found = naive(template, each, asked["renderer"])
    elif asked["what"] == "reference, evalkit":
        found = reference(each, template, asked["workers"])
    else:
        found = papermill_loop(template, each)
    print(json.dumps(found))


def papermill_loop(template: Path, each: list[dict[str, str]]) -> dict[str, float]:
    """Seconds a notebook of papermill's Python API, one after the other."""
    import papermill

    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        for number, parameters in enumerate(each):
            target = str(Path(folder) / f"{number}.ipynb")
            papermill.execute_notebook(str(template), target, parameters, progress_bar=False)
        return {"seconds": (time.perf_counter() - start) / len(each), "units": len(each)}


if __name__ == "__main__":
    main()
