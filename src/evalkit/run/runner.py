"""The run: plan, shared stage, units on worker processes, index and manifest."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

from evalkit.errors import ParameterError, StudyError
from evalkit.release import load_profile
from evalkit.report.rendering import renderer_id
from evalkit.run.layout import Layout, find_study, is_shipped, layout_of
from evalkit.run.plan import (
    TEMPLATES,
    UnitPlan,
    execute_key,
    render_key,
    select_units,
    template_path,
)
from evalkit.run.prepare import prepare
from evalkit.run.prepared import read_prepared
from evalkit.run.publish import publish_site
from evalkit.run.stage import run_shared_stage
from evalkit.run.worker import FAILED, REFUSED, Record, Task, kept_record, make_report, start_worker
from evalkit.study import Study

MANIFEST = "manifest.jsonl"
ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to."""

    site: Path
    records: tuple[Record, ...]

    def count(self, state: str) -> int:
        """Number of reports in a state (`done`, `kept`, `failed`, `refused`)."""
        return sum(record.state == state for record in self.records)

    @property
    def exit_code(self) -> int:
        """0 all done, 4 some failed, 5 some refused by disclosure control."""
        if self.count(REFUSED):
            return 5
        return 4 if self.count(FAILED) else 0


class Progress:
    """What a run tells about itself; the command line overrides it. Silent as it stands."""

    def stage(self, study: str, name: str) -> None:
        """A stage of a study begins."""

    def begin(self, study: str, total: int, kept: int) -> None:
        """The units of a study begin: reports in all, and those still good."""

    def finished(self, record: Record) -> None:
        """One report is done, failed or refused."""

    def end(self) -> None:
        """All units have ended."""


def run_reports(
    names: Sequence[str],
    *,
    output: Path | None = None,
    workers: int | None = None,
    renderer: str = "auto",
    only: Sequence[str] | None = None,
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
    renderer : str
        `auto`, `quarto` or `embedded`.
    only : sequence of str
        Names or codes of units to make; others are left as they are.
    progress : Progress

    Returns
    -------
    Summary

    Raises
    ------
    StudyError, ParameterError
        Before anything runs.
    RecordsError, CohortError
        If a study's records cannot be used; nothing of that study is written.
    """
    progress = progress or Progress()
    studies = [(name, find_study(name)) for name in names]
    sites = {layout_of(study, output).site for _, study in studies}
    if len(sites) != 1:
        raise ParameterError("studies with different sites: give one --output for all of them")
    _check_names([study for _, study in studies])
    for _, study in studies:
        check_runnable(study)
    site = sites.pop()
    with _lock(site):
        records = []
        for name, study in studies:
            layout = layout_of(study, output)
            source = name if is_shipped(study) else str(Path(name).resolve())
            records += _run_study(source, study, layout, workers, renderer, only, progress)
            _drop_stale(layout, study)
            _write_manifest(site, study.name, records)
        publish_site(site)
        progress.end()
    return Summary(site, tuple(records))


def _run_study(source, study, layout, workers, renderer, only, progress) -> list[Record]:
    progress.stage(study.name, "reading")
    prepared = prepare(study, layout)
    progress.stage(study.name, "shared")
    run_shared_stage(source, study, layout)
    units = select_units(list(prepared.units), list(only or []))
    tasks = [
        _task(source, study, layout, unit, language, renderer)
        for unit in units
        for language in study.report.languages
    ]
    kept = [(task, kept_record(task)) for task in tasks]
    waiting = [task for task, record in kept if record is None]
    progress.begin(study.name, len(tasks), len(tasks) - len(waiting))
    made = {}
    for record in _run_tasks(waiting, workers or os.cpu_count() or 1):
        progress.finished(record)
        made[(record.unit, record.language)] = record
    return [record or made[(task.unit.name, task.language)] for task, record in kept]


def _task(
    source: str, study: Study, layout: Layout, unit: UnitPlan, language: str, renderer: str
) -> Task:
    executed = execute_key(study, layout, unit, language)
    renders = renderer_id(renderer)
    return Task(
        study=study,
        source=source,
        layout=layout,
        unit=unit,
        language=language,
        execute_key=executed,
        render_key=render_key(executed, renders, language, study.report.formats),
        renderer=renders.split()[0],
    )


def _run_tasks(tasks: list[Task], workers: int) -> Iterator[Record]:
    """Records as they come. A worker that is killed costs its reports one more attempt."""
    waiting = list(tasks)
    for attempt in range(1, ATTEMPTS + 1):
        if not waiting:
            return
        lost = []
        for task, record in _attempt(waiting, workers if attempt == 1 else 1):
            if record is None:
                lost.append(task)
            else:
                yield record
        waiting = lost
    for task in waiting:
        yield _lost_record(task)


def _attempt(tasks: list[Task], workers: int) -> Iterator[tuple[Task, Record | None]]:
    context = get_context("spawn")
    pool = ProcessPoolExecutor(
        min(workers, len(tasks)), mp_context=context, initializer=start_worker
    )
    try:
        futures: dict[Future, Task] = {pool.submit(make_report, task): task for task in tasks}
        pending = set(futures)
        while pending:
            finished, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                try:
                    yield futures[future], future.result()
                except BrokenProcessPool:
                    yield futures[future], None
    finally:
        _stop(pool)


def _stop(pool: ProcessPoolExecutor) -> None:
    """End a pool at once: an interrupted run must not wait for notebooks that go on."""
    workers = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in workers:
        process.terminate()


def _lost_record(task: Task) -> Record:
    return Record(
        study=task.study.name,
        unit=task.unit.name,
        level=task.unit.level,
        code=task.unit.code,
        language=task.language,
        state=FAILED,
        execute_key=task.execute_key,
        render_key=task.render_key,
        error={"class": "WorkerKilled"},
    )


def _check_names(studies: list[Study]) -> None:
    names = [study.name for study in studies]
    if len(set(names)) < len(names):
        raise StudyError("two studies of the same name: give each its own `name`")


def check_runnable(study: Study) -> None:
    """Refuse, before anything runs, what this version cannot do.

    Raises
    ------
    ParameterError
        If the disclosure profile is unknown.
    StudyError
        If a level has no notebook, or no pages are asked for.
    """
    load_profile(study.disclosure)
    if "html" not in study.report.formats:
        raise StudyError("report.formats: html is missing; the index leads to the pages")
    for level in study.report.levels:
        if level not in TEMPLATES or not template_path(level).is_file():
            raise StudyError(f"report.levels: there is no notebook for level `{level}` yet")


def _drop_stale(layout: Layout, study: Study) -> None:
    """Take pages off the site whose unit or language the study no longer has."""
    planned = {
        (unit.name, language)
        for unit in read_prepared(layout.folder).units
        for language in study.report.languages
    }
    for folder in layout.pages.glob("*/*"):
        if (folder.parent.name, folder.name) not in planned:
            shutil.rmtree(folder)
            layout.record(folder.parent.name, folder.name).unlink(missing_ok=True)


def _write_manifest(site: Path, study: str, records: list[Record]) -> None:
    """One line a report; lines of other studies on the same site stay."""
    site.mkdir(parents=True, exist_ok=True)
    path = site / MANIFEST
    lines = [asdict(record) for record in records if record.study == study]
    made = {(line["study"], line["unit"], line["language"]) for line in lines}
    others = [
        line
        for line in read_manifest(site)
        if (line["study"], line["unit"], line["language"]) not in made
        and (site / line["study"] / line["unit"] / line["language"]).is_dir()
    ]
    every = sorted(others + lines, key=lambda line: (line["study"], line["unit"], line["language"]))
    text = "".join(json.dumps(line, sort_keys=True, ensure_ascii=False) + "\n" for line in every)
    beside = path.with_name(f".{MANIFEST}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def read_manifest(site: Path) -> list[dict]:
    """Lines of a site's manifest; none where there is no manifest."""
    path = site / MANIFEST
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


@contextmanager
def _lock(site: Path) -> Iterator[None]:
    """Keep two runs from meeting on one site."""
    work = site.with_name(f"{site.name}.work")
    work.mkdir(parents=True, exist_ok=True)
    with (work / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ParameterError(
                f"{site.name}: another run is writing this site; wait for it, or give --output"
            ) from None
        yield
