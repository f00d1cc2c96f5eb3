"""The run: plan, shared stage, units on worker processes, index and manifest."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from evalkit.errors import OutputError
from evalkit.report.quarto import find_renderer
from evalkit.run.distributed import require_distributed, run_distributed
from evalkit.run.engine import Limits
from evalkit.run.fork import ProcessError, import_seconds
from evalkit.run.guard import clear_errors, lock, processors, stoppable
from evalkit.run.layout import Layout, layout_of
from evalkit.run.manifest import read_manifest, write_manifest, write_timings
from evalkit.run.pool import run_tasks
from evalkit.run.prepare import prepare
from evalkit.run.progress import Progress, default_progress
from evalkit.run.publish import publish_site
from evalkit.run.stage import run_shared_stage
from evalkit.run.stale import drop_stale
from evalkit.run.tasks import Options, check_runnable, find_studies, make_tasks, source_name
from evalkit.run.worker import DONE, FAILED, REFUSED, Record, Task, kept_record
from evalkit.study import Study

INTERRUPTED, FIRST_FAILURE = "interrupted", "first failure"
NO_OUTPUT, NO_PROCESS = "output", "process"
TIMEOUT_SECONDS = 1800.0  # a notebook of a nation takes minutes; one that hangs must end

__all__ = ["Progress", "Summary", "check_runnable", "read_manifest", "run_reports"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to.

    Attributes
    ----------
    site : Path
    records : tuple of Record
        One for each report that is ready, was made or was tried.
    n_left : int
        Reports that the run did not come to, because it was stopped.
    stopped : str
        Why it was stopped: `interrupted`, `first failure`, `output` (it cannot be written),
        `process` (none can be started), or "".
    """

    site: Path
    records: tuple[Record, ...]
    n_left: int = 0
    stopped: str = ""

    def count(self, state: str) -> int:
        """Number of reports in a state (`done`, `kept`, `failed`, `refused`)."""
        return sum(record.state == state for record in self.records)

    @property
    def exit_code(self) -> int:
        """0 all done, 4 some failed, 5 some refused by disclosure control, 130 interrupted."""
        if self.stopped == INTERRUPTED:
            return 130
        if self.count(REFUSED):
            return 5
        return 4 if self.count(FAILED) or self.stopped else 0


@dataclass
class _Outcome:
    """What the run of one study came to."""

    records: list[Record] = field(default_factory=list)
    steps: dict[str, float] = field(default_factory=dict)
    n_left: int = 0
    stopped: str = ""


def run_reports(
    names: Sequence[str],
    *,
    output: Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    renderer: str = "auto",
    only: Sequence[str] | None = None,
    only_failed: bool = False,
    fail_fast: bool = False,
    cold: bool = False,
    timeout: float | None = TIMEOUT_SECONDS,
    memory: int | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Make all reports of one or more studies that are not good already, and publish them.

    Parameters
    ----------
    names : sequence of str
        Names of shipped studies, or paths of study files.
    output : Path
        Folder of the site; by default reports/_site for shipped studies, else `site` beside the
        study file.
    workers : int
        Worker processes; by default the processors of this machine.
    scheduler : str
        Address of a dask scheduler that units run on, or `local` for one on this machine; by
        default units run on processes of the run itself.
    renderer : str
        `auto`, `quarto` or `embedded`.
    only : sequence of str
        Names or codes of units to make; others are left as they are.
    only_failed : bool
        Make only the reports that failed or were refused the last time.
    fail_fast : bool
        Stop at the first report that fails or is refused.
    cold : bool
        Run every notebook in an ordinary kernel of its own: slower, the same outputs.
    timeout : float
        Seconds for one notebook; None for no limit.
    memory : int
        Bytes that one notebook may have in use (Linux only); None for no limit.
    progress : Progress
        By default a bar in JupyterLab, and nothing elsewhere.

    Returns
    -------
    Summary
        Also of a run that was interrupted.

    Raises
    ------
    StudyError, ParameterError
        Before anything runs; of units in `only` that are unknown, when the units are known.
    RecordsError, CohortError
        If a study's records cannot be used; nothing of that study is written.
    OutputError
        If the output's disk is full before the first report.
    """
    progress = progress or default_progress()
    limits = Limits(seconds=timeout, memory_bytes=memory)
    options = Options(
        workers or processors(), scheduler, renderer, tuple(only or ()), only_failed, fail_fast,
        cold, limits,
    )  # fmt: skip
    studies, site = find_studies(names, output)
    find_renderer(renderer)
    if scheduler is not None:
        require_distributed()
    outcomes = []
    with lock(site), stoppable(), clear_errors():
        try:
            for name, study in studies:
                layout, source = layout_of(study, output), source_name(name, study)
                outcomes.append(_run_study(source, study, layout, options, progress))
                if outcomes[-1].stopped:
                    break
        finally:  # a study whose records are faulty must not hide what those before it came to
            progress.end()
            if outcomes:
                _close(site, outcomes, [study.name for _, study in studies])
    return Summary(
        site,
        tuple(record for outcome in outcomes for record in outcome.records),
        sum(outcome.n_left for outcome in outcomes),
        outcomes[-1].stopped if outcomes else "",
    )


def _run_study(
    source: str, study: Study, layout: Layout, options: Options, progress: Progress
) -> _Outcome:
    outcome, started = _Outcome(), time.monotonic()
    progress.stage(study.name, "reading")
    prepare(study, layout, apart=not options.cold)
    outcome.steps["prepare"] = time.monotonic() - started
    progress.stage(study.name, "shared")
    run_shared_stage(source, study, layout, limits=options.limits, cold=options.cold)
    outcome.steps["shared"] = time.monotonic() - started - outcome.steps["prepare"]
    tasks = make_tasks(source, study, layout, options)
    kept = [(task, kept_record(task)) for task in tasks]
    waiting = [task for task, record in kept if record is None]
    progress.begin(study.name, len(tasks), len(tasks) - len(waiting))
    began = time.monotonic()
    _make(waiting, options, progress, outcome)
    outcome.steps["reports"] = time.monotonic() - began
    drop_stale(layout, study)
    if outcome.records:
        is_warm = not options.cold and options.scheduler is None
        outcome.steps["import"] = import_seconds() if is_warm else 0.0
        _write_timings(layout, outcome)
    outcome.n_left = len(waiting) - len(outcome.records)
    made = {(record.unit, record.language): record for record in outcome.records}
    found = [record or made.get((task.unit.name, task.language)) for task, record in kept]
    outcome.records = [record for record in found if record is not None]
    return outcome


def _write_timings(layout: Layout, outcome: _Outcome) -> None:
    try:
        write_timings(layout.site, layout.study, outcome.steps, outcome.records)
    except OSError:
        if outcome.stopped != NO_OUTPUT:
            raise


def _make(waiting: list[Task], options: Options, progress: Progress, outcome: _Outcome) -> None:
    """Make reports until all are ready or something stops the run."""
    try:
        with closing(_records(waiting, options)) as records:
            for record in records:
                outcome.records.append(record)
                progress.finished(record)
                outcome.stopped = _stops(record, options)
                if outcome.stopped:
                    break
    except ProcessError:
        outcome.stopped = NO_PROCESS
    except KeyboardInterrupt:
        outcome.stopped = INTERRUPTED


def _stops(record: Record, options: Options) -> str:
    """Why no further report is begun after this one; empty if the run goes on."""
    if record.error.get("class") == OutputError.__name__:
        return NO_OUTPUT
    return FIRST_FAILURE if options.fail_fast and record.state != DONE else ""


def _records(tasks: list[Task], options: Options) -> Iterator[Record]:
    """Records as they come, from a cluster or from processes of this machine."""
    if options.scheduler is None:
        return run_tasks(tasks, options.workers)
    return run_distributed(tasks, options.scheduler, workers=options.workers)


def _close(site: Path, outcomes: list[_Outcome], order: list[str]) -> None:
    """Write manifest and index; on a full disk those of before stay, and the summary says so."""
    try:
        for outcome in outcomes:
            if outcome.records:
                write_manifest(site, outcome.records[0].study, outcome.records)
        publish_site(site, order)
    except OSError:
        if not outcomes or outcomes[-1].stopped != NO_OUTPUT:
            raise
