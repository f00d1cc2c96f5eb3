"""One report from slice to published page, in a worker process."""

import ctypes
import hashlib
import os
import shutil
import signal
import sys
import time
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

import pandas as pd

from evalkit import errors
from evalkit.errors import DisclosureError, EvalkitError
from evalkit.report.rendering import render_report
from evalkit.report.replay import replay_parts
from evalkit.run.audit import audit
from evalkit.run.execute import NOTEBOOK, NotebookError, run_notebook
from evalkit.run.layout import Layout
from evalkit.run.plan import (
    UnitPlan,
    catalogue_digest,
    read_json,
    template_path,
    write_json,
)
from evalkit.study import Study

DONE, KEPT, FAILED, REFUSED = "done", "kept", "failed", "refused"


@dataclass(frozen=True, slots=True)
class Task:
    """One report to make: unit, language, and the keys of what it is made from."""

    study: Study
    source: str  # name or path that the notebook opens
    layout: Layout
    unit: UnitPlan
    language: str
    execute_key: str
    render_key: str
    renderer: str


@dataclass(frozen=True, slots=True)
class Record:
    """What became of a report; one line of the manifest. Holds no data values."""

    study: str
    unit: str
    level: str
    code: str
    language: str
    state: str
    execute_key: str
    render_key: str
    executed: bool = False
    renderer: str = ""
    files: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    disclosure: dict[str, object] = field(default_factory=dict)
    error: dict[str, object] = field(default_factory=dict)


def start_worker() -> None:
    """Make a worker end with its runner, and leave interrupts to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def kept_record(task: Task) -> Record | None:
    """The record of a report that is still good: same keys, files present and unchanged."""
    known = read_json(task.layout.record(task.unit.name, task.language))
    if not known or (known["execute_key"], known["render_key"]) != (
        task.execute_key,
        task.render_key,
    ):
        return None
    page = task.layout.page(task.unit.name, task.language)
    for name, digest in known["files"].items():
        if not (page / name).is_file() or _digest(page / name) != digest:
            return None
    return Record(**{**known, "state": KEPT, "executed": False, "seconds": {}})


def make_report(task: Task) -> Record:
    """Execute, render, audit and publish one report; an error becomes part of the record."""
    started = time.perf_counter()
    seconds: dict[str, float] = {}
    executed = False
    try:
        executed = _execute(task)
        seconds["execute"] = _since(started)
        rendered = time.perf_counter()
        pages, disclosure = _render(task)
        seconds["render"] = _since(rendered)
        files = _publish(task, pages, disclosure)
        record = _record(task, DONE, executed, files=files, disclosure=disclosure)
    except Exception as error:
        # A unit that fails for any reason must not stop another one.
        record = _record(task, _failure(error), executed, error=_error(error))
    seconds["total"] = _since(started)
    record = Record(**{**asdict(record), "seconds": seconds})
    known = task.layout.record(task.unit.name, task.language)
    if record.state == DONE:
        write_json(known, asdict(record))
    elif record.state == REFUSED:
        # What may not be published now must not stay from an earlier run either.
        known.unlink(missing_ok=True)
        shutil.rmtree(task.layout.page(task.unit.name, task.language), ignore_errors=True)
    return record


def _execute(task: Task) -> bool:
    """Run the notebook unless an executed copy with the same key stands there."""
    work = task.layout.executed(task.unit.name, task.language)
    known = read_json(work / "executed.json")
    if known and known["key"] == task.execute_key and (work / NOTEBOOK).is_file():
        return False
    parameters = {"study": task.source, "unit": task.unit.name, "language": task.language}
    run_notebook(template_path(task.unit.level), work, parameters, site=task.layout.site)
    state = {"key": task.execute_key, "catalogue": catalogue_digest(task.language)}
    write_json(work / "executed.json", state)
    return True


def _render(task: Task) -> tuple[Path, dict[str, object]]:
    work = task.layout.executed(task.unit.name, task.language)
    labels = task.unit.labels(task.study)
    known = read_json(work / "executed.json") or {}
    catalogue = catalogue_digest(task.language)
    if known.get("catalogue") != catalogue:
        replay_parts(work / NOTEBOOK, labels, task.language)
        write_json(work / "executed.json", {**known, "catalogue": catalogue})
    pages = task.layout.quarantine(task.unit.name, task.language)
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir(parents=True)
    disclosure = render_report(work / NOTEBOOK, labels, task.language, pages, task.renderer)
    return pages, disclosure


def _publish(task: Task, pages: Path, disclosure: dict[str, object]) -> dict[str, str]:
    """Audit the quarantined pages, then move each into place in one step."""
    audit(pages, _person_ids(task.layout.cohort), publishable=bool(disclosure["publishable"]))
    target = task.layout.page(task.unit.name, task.language)
    target.mkdir(parents=True, exist_ok=True)
    digests = {}
    for path in sorted(pages.iterdir()):
        digests[path.name] = _digest(path)
        os.replace(path, target / path.name)
    for stale in set(os.listdir(target)) - set(digests):
        (target / stale).unlink()
    return digests


@cache
def _person_ids(cohort: Path) -> frozenset[str]:
    steps = pd.read_parquet(cohort / "steps.parquet", columns=["person_id"])
    return frozenset(steps["person_id"].astype(str))


def _record(task: Task, state: str, executed: bool, **parts) -> Record:
    return Record(
        study=task.study.name,
        unit=task.unit.name,
        level=task.unit.level,
        code=task.unit.code,
        language=task.language,
        state=state,
        execute_key=task.execute_key,
        render_key=task.render_key,
        executed=executed,
        renderer=task.renderer,
        **parts,
    )


def _failure(error: Exception) -> str:
    kind = error.kind if isinstance(error, NotebookError) else type(error).__name__
    return REFUSED if kind == DisclosureError.__name__ else FAILED


def _error(error: Exception) -> dict[str, object]:
    """Class and cell of an error; its message only where evalkit wrote it."""
    if isinstance(error, NotebookError):
        own = {"message": error.message} if hasattr(errors, error.kind) else {}
        return {"class": error.kind, "cell": error.cell, **own}
    if isinstance(error, EvalkitError):
        return {"class": type(error).__name__, "message": str(error)}
    return {"class": type(error).__name__}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _since(start: float) -> float:
    return round(time.perf_counter() - start, 3)
