"""A nation's reports beside a naive loop and the floor, in one run; and how the time grows.

    python benchmarks/batch/nation.py                    290 municipalities, 300 000 persons
    python benchmarks/batch/nation.py --quick            29 municipalities, 30 000 persons; 4 loops
    python benchmarks/batch/nation.py --units 29 290 2900        each of a thousand persons
    python benchmarks/batch/nation.py --quick --persons 30000 300000 3000000

The loop is papermill's Python API and the same renderer, one report after the other; of it 20 units
are timed, drawn evenly from all. The floor is the cells of each report in one warm process and the
renderer's programs on their own, divided by the workers; every unit is timed, since reports take
from half to twice the mean. Growth with the units is measured with the five required tables alone,
whose reports are short. Never a test.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from nations import LANGUAGE, make_lean_nation, make_nation
from reference import write_reference

from evalkit.run.layout import find_study, layout_of
from evalkit.run.prepare import prepare
from evalkit.share import shared_folder

TEMPLATE = "municipal_report.ipynb"
PERSONS_OF_A_UNIT = 1_000
CHILD = """
import json, resource, sys, time
from pathlib import Path
from evalkit.run.runner import run_reports
from evalkit.run.manifest import TIMINGS
if __name__ == "__main__":
    study, workers, renderer, only = sys.argv[1:]
    start = time.perf_counter()
    done = run_reports([study], workers=int(workers), renderer=renderer, only=json.loads(only))
    took = time.perf_counter() - start
    per = 1024 if sys.platform == "linux" else 1024 ** 2
    peaks = [resource.getrusage(w).ru_maxrss / per for w in (
        resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    timings = done.site / TIMINGS
    once = {}
    if timings.is_file():
        once = next(iter(json.loads(timings.read_text()).values()))["once_seconds"]
    print(json.dumps({"seconds": took, "exit": done.exit_code, "once": once,
                      "reports": len(done.records), "parent": peaks[0], "child": peaks[1]}))
"""


def started(*words: str, **variables: str) -> dict:
    """Run a script in a process of its own; the JSON of its last line."""
    done = subprocess.run(
        [sys.executable, *words], env={**os.environ, **variables}, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def by_evalkit(study: Path, workers: int, only: list[str] | None = None) -> dict:
    """Everything that `evalkit report` does, from records to index."""
    return started("-c", CHILD, str(study), str(workers), "embedded", json.dumps(only or []))


def cells(what: str, study: Path, units: list[str], **more) -> dict:
    each = [{"study": str(study), "unit": unit, "language": LANGUAGE} for unit in units]
    template = shared_folder("notebooks") / TEMPLATE
    return ask(what, template, each, site=layout_of(find_study(str(study))).site, **more)


def ask(what: str, template: Path, each: list[dict], site: Path | None = None, **more) -> dict:
    asked = json.dumps({"what": what, "template": str(template), "each": each, **more})
    variables = {"EVALKIT_SITE": str(site)} if site else {}
    return started(str(Path(__file__).with_name("cells.py")), asked, **variables)


def prepared_units(study: Path) -> list[str]:
    """Names of the units, once the study is prepared."""
    layout = layout_of(find_study(str(study)))
    units = prepare(find_study(str(study)), layout).units
    shutil.rmtree(layout.work)  # the run that is timed prepares by itself
    return [unit.name for unit in units]


def compare(study: Path, workers: int, count: int) -> pd.DataFrame:
    """Evalkit, the loop and the floor on one nation, taking turns: half of the units each time."""
    every = prepared_units(study)
    timed = every[:: max(1, len(every) // count)][:count]
    runs, floors, loops = [], [], []
    for turn in (0, 1):
        runs.append(by_evalkit(study, workers, every[turn::2]))
        floors.append(cells("floor", study, every[turn::2]))
        loops.append(cells("naive", study, timed[turn::2], renderer="embedded"))
    again = by_evalkit(study, workers)
    pandoc = statistics.mean(part["pandoc"] for part in floors)
    warm = statistics.mean(part["seconds"] for part in floors)
    middle = statistics.mean(part["median"] for part in floors)
    loop = statistics.mean(part["seconds"] for part in loops)
    floor, n = (warm + pandoc) / workers, len(every)
    made = sum(run["once"]["reports"] for run in runs) / n
    first = {name: round(took, 1) for name, took in runs[0]["once"].items() if name != "reports"}
    seconds = sum(run["seconds"] for run in runs)
    failed = max(run["exit"] for run in runs)
    rows = [
        ("naive loop, embedded renderer", loop, f"{len(timed)} of {n} units timed"),
        (
            "floor",
            floor,
            f"{n} units: cells {warm:.2f} s (median {middle:.2f}), pandoc {pandoc:.2f} s",
        ),
        ("evalkit, reports", made, f"{n} units, exit code {failed}"),
        ("evalkit, everything", seconds / n, f"{seconds:.0f} s in two runs, at first {first}"),
    ]
    if shutil.which("quarto"):
        quarto = cells("naive", study, timed, renderer="quarto")["seconds"]
        rows.insert(1, ("naive loop, Quarto", quarto, f"{len(timed)} of {n} units timed"))
    print(f"Run again with nothing changed: {again['seconds']:.1f} s\n")
    table = pd.DataFrame(rows, columns=["way", "seconds a report", "of what"])
    table["/ floor"] = (table["seconds a report"] / floor).round(2)
    table["/ evalkit, reports"] = (table["seconds a report"] / made).round(1)
    return table.round({"seconds a report": 3})


def compare_reference(folder: Path, workers: int, count: int) -> pd.DataFrame:
    """Four figures, a Cox model and a panel table: papermill one by one, and the warm engine."""
    template, each = write_reference(folder, count)
    warm = ask("reference, evalkit", template, each, workers=workers)["seconds"]
    loop = ask("papermill", template, each[: max(2, count // 3)])["seconds"]
    rows = [("papermill's Python API", loop), (f"evalkit's engine, {workers} workers", warm)]
    table = pd.DataFrame(rows, columns=["way", "seconds a notebook"])
    table["evalkit is faster by"] = (table["seconds a notebook"] / warm).round(1)
    return table.round({"seconds a notebook": 3})


def grow(
    sizes: list[tuple[int, int]], make: Callable[[Path, int, int], Path], workers: int
) -> pd.DataFrame:
    """One nation a size, each from records to index."""
    rows = []
    for municipalities, persons in sizes:
        with tempfile.TemporaryDirectory() as folder:
            study = make(Path(folder) / "nation", municipalities, persons)
            run = by_evalkit(study, workers)
            rows.append(
                {
                    "units": municipalities, "persons": persons,
                    **{name: round(took, 1) for name, took in run["once"].items()},
                    "seconds": round(run["seconds"], 1),
                    "reports / unit": round(run["once"]["reports"] / municipalities, 3),
                    "parent MiB": round(run["parent"]), "largest child MiB": round(run["child"]),
                    "failed": run["exit"],
                }
            )  # fmt: skip
            print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the nation, 4 loops")
    growth = parser.add_mutually_exclusive_group()
    growth.add_argument("--units", type=int, nargs="+", help="growth with the municipalities")
    growth.add_argument("--persons", type=int, nargs="+", help="growth with the persons")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--timed", type=int, default=20, help="units of the loop")
    return parser.parse_args()


def main() -> None:
    chosen = options()
    municipalities, persons, timed = (
        (29, 30_000, 4) if chosen.quick else (290, 300_000, chosen.timed)
    )
    start = time.perf_counter()
    if chosen.units:
        sizes = [(count, PERSONS_OF_A_UNIT * count) for count in chosen.units]
        print(grow(sizes, make_lean_nation, chosen.workers).to_markdown(index=False))
        return
    if chosen.persons:
        sizes = [(municipalities, count) for count in chosen.persons]
        print(grow(sizes, make_nation, chosen.workers).to_markdown(index=False))
        return
    with tempfile.TemporaryDirectory() as folder:
        study = make_nation(Path(folder) / "nation", municipalities, persons)
        print(f"{municipalities} municipalities, {persons} persons, {chosen.workers} workers\n")
        print(compare(study, chosen.workers, timed).to_markdown(index=False), end="\n\n")
        table = compare_reference(Path(folder) / "reference", chosen.workers, 3 * timed)
        print(table.to_markdown(index=False))
    print(f"\n{time.perf_counter() - start:.0f} s in all")


if __name__ == "__main__":
    main()
