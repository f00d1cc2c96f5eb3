"""A report on a machine of a cluster: made in a folder of its own, returned as a parcel."""

import threading
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from evalkit.errors import EvalkitError
from evalkit.report.rendering import renderer_id
from evalkit.run.layout import SHIPPED, Layout
from evalkit.run.parcels import pack, unpack
from evalkit.run.plan import execute_key, render_key
from evalkit.run.worker import DONE, Record, Task, failed, make_report

DIFFERS = {
    "class": "WorkerDiffers",
    "message": (
        "the worker has another evalkit, other packages or other data than the run; install the "
        "same lock on both"
    ),
}
# A report sets variables of its process, so threads of one worker take turns.
_one_at_a_time = threading.Lock()


def pack_inputs(task: Task) -> bytes:
    """What the report of a task is made from: study file, plan, slice, and executed copy if any."""
    layout, unit = task.layout, task.unit.name
    work = f"site.work/{layout.study}"
    parts = {
        f"{work}/prepared.json": layout.folder / "prepared.json",
        f"{work}/slices/{unit}": layout.slices(unit),
        # Only the unit's own ids are known there; the run audits against those of everybody.
        f"{work}/cohort/steps.parquet": layout.slices(unit) / "steps.parquet",
        f"{work}/executed/{unit}/{task.language}": layout.executed(unit, task.language),
    }
    if task.source not in SHIPPED:
        parts[_study_file(task)] = _file_of(task.source)
    return pack(parts)


def make_remote_report(task: Task, parcel: bytes | None) -> tuple[Record, bytes] | None:
    """Make a report from a parcel, or from the run's own folder where this machine sees it.

    Returns
    -------
    tuple of Record and bytes, or None
        The record, and a parcel of `pages` and `executed` if it is done. None where no parcel was
        given and the folder of the run is not here.
    """
    if parcel is None:
        if not _sees(task):
            return None
        parcel = pack_inputs(task)
    with _one_at_a_time, TemporaryDirectory(prefix="evalkit-") as folder:
        unpack(parcel, Path(folder))
        return _make(_here(task, Path(folder)))


def _make(task: Task) -> tuple[Record, bytes]:
    if _keys(task) != (task.execute_key, task.render_key):
        return failed(task, DIFFERS), b""
    record = make_report(task)
    unit, language = task.unit.name, task.language
    parts = {"executed": task.layout.executed(unit, language)}
    if record.state == DONE:
        parts["pages"] = task.layout.page(unit, language)
    return record, pack(parts)


def _keys(task: Task) -> tuple[str, str]:
    """Keys that a report made here has."""
    executed = execute_key(task.study, task.layout, task.unit, task.language)
    formats = task.study.report.formats
    try:
        renders = renderer_id(task.renderer)
    except EvalkitError:  # not installed here
        return executed, ""
    return executed, render_key(executed, renders, task.language, formats)


def _sees(task: Task) -> bool:
    """Whether the slice of a task stands on this machine as the run left it."""
    if not (task.layout.folder / "prepared.json").is_file():
        return False
    return execute_key(task.study, task.layout, task.unit, task.language) == task.execute_key


def _here(task: Task, folder: Path) -> Task:
    """The task with folders and study file in a folder of its own."""
    layout = Layout(folder / "site", folder / "site.work", task.layout.study)
    source = task.source
    if source not in SHIPPED:
        source = str(folder / _study_file(task))
    return replace(task, layout=layout, source=source)


def _study_file(task: Task) -> str:
    """Place of the study file in a parcel; a study without a name is called by its folder."""
    return f"{task.layout.study}/{_file_of(task.source).name}"


def _file_of(source: str) -> Path:
    """The study file that a path means, which may be that of its folder."""
    path = Path(source)
    return path / "study.yaml" if path.is_dir() else path
