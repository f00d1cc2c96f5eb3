"""Reports from slice to published page, in a worker process."""

import errno
import hashlib
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from evalkit import errors
from evalkit.errors import DisclosureError, EvalkitError, OutputError
from evalkit.provenance import digest_files
from evalkit.report.page import FILES
from evalkit.report.rendering import Draft, render_reports
from evalkit.report.replay import RELEASED_FOLDER, replay_parts
from evalkit.run.audit import audit_pages, searchable
from evalkit.run.engine import LIMITS_BROKEN, Limits
from evalkit.run.execute import NOTEBOOK, NotebookError, Usage, run_notebook
from evalkit.run.layout import Layout
from evalkit.run.plan import (
    UnitPlan,
    catalogue_digest,
    move_file,
    read_json,
    template_path,
    write_json,
)
from evalkit.run.prepared import read_table
from evalkit.study import Study

DONE, KEPT, FAILED, REFUSED = "done", "kept", "failed", "refused"
CANNOT_WRITE = {
    errno.ENOSPC: "no space is left where the output goes; make room and run again to go on",
    errno.EDQUOT: "the quota is used up where the output goes; make room and run again to go on",
    errno.EROFS: "the output cannot be written: its file system is read-only",
}


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
    inputs: dict[str, str] = field(default_factory=dict)  # digests that the keys are made of
    limits: Limits = Limits()
    cold: bool = False  # execute with an ordinary kernel


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
    memory: dict[str, int] = field(default_factory=dict)  # most bytes in use, by stage
    inputs: dict[str, str] = field(default_factory=dict)


def kept_record(task: Task) -> Record | None:
    """The record of a report that is still good: same keys, files present and unchanged."""
    known = read_json(task.layout.record(task.unit.name, task.language))
    if not known or (known["execute_key"], known["render_key"]) != (
        task.execute_key,
        task.render_key,
    ):
        return None
    page = task.layout.page(task.unit.name, task.language)
    if any((page / name).exists() for name in FILES.values() if name not in known["files"]):
        return None  # of a run that was killed while it moved its files in
    for name, digest in known["files"].items():
        if not (page / name).is_file() or _digest(page / name) != digest:
            return None
    return Record(**{**known, "state": KEPT, "executed": False, "seconds": {}, "memory": {}})


def make_report(task: Task) -> Record:
    """Execute, render, audit and publish one report; an error becomes part of the record.

    A function of its task alone, which can be sent to another process.
    """
    (record,) = make_reports([task])
    return record


def make_reports(tasks: list[Task]) -> Iterator[Record]:
    """Make the reports of a batch: each notebook is executed, then all are rendered at once.

    Parameters
    ----------
    tasks : list of Task
        Of one study and one renderer.

    Yields
    ------
    Record
        As in `make_report`, as soon as it is known: first those of notebooks that fail.
    """
    executed = []
    for report in map(_Report, tasks):
        report.take("execute", report.execute)
        report.take("render", report.draw_up)
        if report.error is None:
            executed.append(report)
        else:
            yield report.settle()
    _render(executed)
    for report in executed:
        report.take("audit", report.audit)
        report.take("publish", report.publish)
        yield report.settle()


class _Report:
    """One report on its way: what it took so far, and the error that ended it if one did."""

    def __init__(self, task: Task) -> None:
        self.task, self.clock, self.usage = task, _Clock(), Usage()
        self.executed, self.error = False, None
        self.draft: Draft | None = None
        self.disclosure: dict[str, object] = {}
        self.files: dict[str, str] = {}

    def take(self, stage: str, step: Callable[[], None]) -> None:
        """Take a step, unless one before failed."""
        if self.error is not None:
            return
        try:
            with self.clock.stage(stage):
                step()
        except Exception as error:
            # A unit that fails for any reason must not stop another one.
            self.error = error

    def execute(self) -> None:
        """Run the notebook where that is needed."""
        self.executed, self.usage = _execute(self.task)

    def draw_up(self) -> None:
        """Make ready what is rendered."""
        self.draft = _draft(self.task)

    def audit(self) -> None:
        """Search the pages for what must not be there."""
        _audit(self.task, self.draft.pages, self.disclosure)

    def publish(self) -> None:
        """Move the pages into place."""
        self.files = _move(self.task, self.draft.pages)

    def settle(self) -> Record:
        """The record of what became of it, kept if it is done."""
        if self.error is None:
            parts = {"files": self.files, "disclosure": self.disclosure}
            record = _record(self.task, DONE, self.executed, **parts)
        else:
            state, told = _failure(self.error), _error(self.error)
            record = _record(self.task, state, self.executed, error=told)
        seconds = {**self.usage.seconds, **self.clock.seconds, "total": self.clock.total()}
        memory = {"execute": self.usage.peak_bytes, "render": _peak_bytes()}
        return settle(self.task, replace(record, seconds=seconds, memory=memory))


def _render(reports: list[_Report]) -> None:
    """Render executed reports at once; each took its share of the time."""
    if not reports:
        return
    started = time.perf_counter()
    outcomes = render_reports([report.draft for report in reports], reports[0].task.renderer)
    share = (time.perf_counter() - started) / len(reports)
    for report, outcome in zip(reports, outcomes, strict=True):
        report.clock.add("render", share)
        if isinstance(outcome, Exception):
            report.error = outcome
        else:
            report.disclosure = outcome


class _Clock:
    """Seconds of the stages of one report."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Note how long what stands inside takes, also if it fails."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - started)

    def add(self, name: str, seconds: float) -> None:
        """Note more seconds of a stage."""
        self.seconds[name] = round(self.seconds.get(name, 0.0) + seconds, 3)

    def total(self) -> float:
        """Seconds of all stages."""
        return round(sum(self.seconds.values()), 3)


def _peak_bytes() -> int:
    """Most memory that this process, or a program that it ran, has used so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return unit * max(resource.getrusage(kind).ru_maxrss for kind in kinds)


def settle(task: Task, record: Record) -> Record:
    """Keep the record of a report that is done; take the page of one that is refused off."""
    known = task.layout.record(task.unit.name, task.language)
    if record.state == DONE:
        try:
            write_json(known, asdict(record))
        except OSError as error:
            return without_pages(record, error)
    elif record.state == REFUSED:
        # What may not be published now must not stay from an earlier run either.
        known.unlink(missing_ok=True)
        shutil.rmtree(task.layout.page(task.unit.name, task.language), ignore_errors=True)
    return record


def without_pages(record: Record, error: Exception) -> Record:
    """The record of a report that an error kept from being published."""
    told = {"state": _failure(error), "error": _error(error)}
    return replace(record, files={}, disclosure={}, **told)


def failed(task: Task, error: dict[str, object]) -> Record:
    """The record of a report that no worker could make."""
    return _record(task, FAILED, False, error=error)


def _execute(task: Task) -> tuple[bool, Usage]:
    """Run the notebook unless an executed copy with the same key stands there."""
    work = task.layout.executed(task.unit.name, task.language)
    known = read_json(work / "executed.json")
    if known and (known["key"], known.get("digest")) == (task.execute_key, _digest_copy(work)):
        return False, Usage()
    parameters = {"study": task.source, "unit": task.unit.name, "language": task.language}
    usage = run_notebook(
        template_path(task.unit.level),
        work,
        parameters,
        site=task.layout.site,
        limits=task.limits,
        cold=task.cold,
        keep=True,
    )
    _keep_copy(work, task.execute_key, catalogue_digest(task.language))
    return True, usage


def _keep_copy(work: Path, key: str, catalogue: str) -> None:
    """Say what an executed copy was made from, and what it is: half a copy is made again."""
    state = {"key": key, "catalogue": catalogue, "digest": _digest_copy(work)}
    write_json(work / "executed.json", state)


def _digest_copy(work: Path) -> str:
    """Digest of an executed notebook, its figures and its released values."""
    parts = [*work.glob("figures/*"), *work.glob(f"{RELEASED_FOLDER}/*"), work / NOTEBOOK]
    return digest_files((path for path in parts if path.is_file()), work)


def _draft(task: Task) -> Draft:
    """Bring the executed copy up to the words of today, and make room for its pages."""
    work = task.layout.executed(task.unit.name, task.language)
    labels = task.unit.labels(task.study)
    known = read_json(work / "executed.json") or {}
    catalogue = catalogue_digest(task.language)
    if known.get("catalogue") != catalogue:
        replay_parts(work / NOTEBOOK, labels, task.language)
        _keep_copy(work, task.execute_key, catalogue)
    pages = task.layout.quarantine(task.unit.name, task.language)
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir(parents=True)
    return Draft(work / NOTEBOOK, labels, task.language, pages)


def publish(task: Task, pages: Path, disclosure: dict[str, object]) -> dict[str, str]:
    """Audit the quarantined pages, then move each into place in one step."""
    _audit(task, pages, disclosure)
    return _move(task, pages)


def _audit(task: Task, pages: Path, disclosure: dict[str, object]) -> None:
    publishable = bool(disclosure["publishable"])
    audit_pages(pages, _person_ids(task.layout.cohort), publishable=publishable)


def _move(task: Task, pages: Path) -> dict[str, str]:
    """Move audited pages into place, each in one step; return their digests.

    A run that is killed in between leaves files of two runs there, each of them audited. The record
    is still that of before, or there is none: the report is not a kept one, and is made again.
    """
    target = task.layout.page(task.unit.name, task.language)
    target.mkdir(parents=True, exist_ok=True)
    digests = {}
    for path in sorted(pages.iterdir()):
        digests[path.name] = _digest(path)
        move_file(path, target / path.name)
    for stale in set(os.listdir(target)) - set(digests):
        (target / stale).unlink()
    return digests


def _person_ids(cohort: Path) -> frozenset[str]:
    """Ids to search for: of the table as it is now, since a process can see several runs."""
    table = cohort / "steps.parquet"
    return _ids_in(table, table.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _ids_in(table: Path, changed: int) -> frozenset[str]:
    steps = read_table(table, columns=["person_id"])
    return searchable(steps["person_id"].astype(str).unique())


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
        inputs=task.inputs,
        **parts,
    )


def _failure(error: Exception) -> str:
    kind = error.kind if isinstance(error, NotebookError) else type(error).__name__
    return REFUSED if kind == DisclosureError.__name__ else FAILED


def _error(error: Exception) -> dict[str, object]:
    """Class and cell of an error; its message only where evalkit wrote it."""
    full = _full_disk(error)
    if full:
        return {"class": OutputError.__name__, "message": full}
    if isinstance(error, NotebookError):
        is_own = hasattr(errors, error.kind) or error.kind in LIMITS_BROKEN
        own = {"message": error.message} if is_own else {}
        return {"class": error.kind, "cell": error.cell, **own}
    if isinstance(error, EvalkitError):
        return {"class": type(error).__name__, "message": str(error)}
    return {"class": type(error).__name__}


def _full_disk(error: Exception) -> str | None:
    """What to say where nothing more can be written; None for any other error."""
    if isinstance(error, NotebookError) and error.kind == OSError.__name__:
        number = next((n for n in CANNOT_WRITE if f"[Errno {n}]" in error.message), None)
    else:
        number = error.errno if isinstance(error, OSError) else None
    return CANNOT_WRITE.get(number)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
