"""Units on a dask.distributed cluster: the same reports under the same keys, from other machines.

A worker makes each report in a folder of its own and sends the pages back; the run audits them
against every id of the study and publishes them. So a worker that vanishes, or that goes on after
its run has ended, leaves nothing behind on the site.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from evalkit.errors import DisclosureError, EvalkitError, ParameterError
from evalkit.run.engine import KILLED
from evalkit.run.parcels import unpack
from evalkit.run.remote import make_remote_report, pack_inputs
from evalkit.run.worker import DONE, REFUSED, Record, Task, failed, publish, settle

LOCAL = "local"
AHEAD = 4  # reports in hand for each thread of the cluster: enough to keep it busy, few to hold
CONNECT_SECONDS = 10
WORKERS_SECONDS = 600  # machines that are rented for the run take minutes to come
ATTEMPTS = 2
SCHEDULER_LOST = {
    "class": "SchedulerLost",
    "message": "the connection to the scheduler was lost; run again to go on",
}


class SchedulerError(EvalkitError):
    """No cluster answers, or it has no workers; what was finished before is kept."""

    exit_code = 4


def run_distributed(
    tasks: list[Task], scheduler: str, *, workers: int | None = None
) -> Iterator[Record]:
    """Make reports on a cluster; records come as the reports are ready.

    Parameters
    ----------
    tasks : list of Task
    scheduler : str
        Address of a dask scheduler, such as `tcp://10.0.0.1:8786`, or `local` for a cluster on
        this machine that lives as long as the run.
    workers : int
        Workers of a `local` cluster; by default the processors.

    Yields
    ------
    Record
        One for each task. A worker that vanishes costs its reports another attempt, on a worker
        that the scheduler chooses; if the scheduler itself vanishes, the reports left are failed.

    Raises
    ------
    ParameterError
        If dask.distributed is not installed, or the address is not one of a scheduler.
    SchedulerError
        If nothing answers at the address, or no worker comes.
    """
    if not tasks:
        return
    with _connected(scheduler, min(workers or os.cpu_count() or 1, len(tasks))) as client:
        hand = _Hand(client, tasks)
        try:
            yield from hand.records()
        finally:
            client.cancel(list(hand.held))


class _Hand:
    """Reports on their way: a few ahead of the workers, so that neither side waits or overflows."""

    def __init__(self, client, tasks: list[Task]) -> None:
        from distributed import as_completed

        self.client = client
        self.waiting = [(task, 1) for task in tasks[::-1]]
        self.held: dict[object, tuple[Task, int, bool]] = {}
        self.ready = as_completed(loop=client.loop, raise_errors=False)
        self.is_sent = False  # whether data go along, because a worker has no folder of the run

    def records(self) -> Iterator[Record]:
        """Records as they come."""
        while self.waiting or self.held:
            self._hand_out()
            future = next(self.ready)
            task, attempt, was_sent = self.held.pop(future)
            if future.status == "cancelled":
                yield from self._lost(task)
                return
            outcome = _outcome(task, future)
            if outcome is None and not was_sent:
                self.is_sent = True
                self.waiting.append((task, attempt))
            elif outcome[0].error.get("class") == KILLED and attempt < ATTEMPTS:
                self.waiting.append((task, attempt + 1))
            else:
                yield _take_in(task, *outcome)

    def _hand_out(self) -> None:
        while self.waiting and len(self.held) < max(AHEAD, AHEAD * _threads(self.client)):
            task, attempt = self.waiting.pop()
            parcel = pack_inputs(task) if self.is_sent else None
            future = self.client.submit(make_remote_report, task, parcel, pure=False)
            self.held[future] = (task, attempt, self.is_sent)
            self.ready.add(future)

    def _lost(self, task: Task) -> Iterator[Record]:
        rest = [
            task,
            *(held[0] for held in self.held.values()),
            *(left for left, _ in self.waiting),
        ]
        self.held, self.waiting = {}, []
        yield from (failed(task, SCHEDULER_LOST) for task in rest)


def _outcome(task: Task, future) -> tuple[Record, bytes] | None:
    """What a worker returned; a failed record where none survived the report or could start it."""
    from distributed import KilledWorker

    if future.status == "finished":
        return future.result()
    error = future.exception()
    kind = KILLED if isinstance(error, KilledWorker) else type(error).__name__
    return failed(task, {"class": kind}), b""


def _take_in(task: Task, record: Record, parcel: bytes) -> Record:
    """Keep the executed copy of a report from a worker; audit and publish its pages."""
    if not parcel:
        return record
    unit, language = task.unit.name, task.language
    with TemporaryDirectory(prefix=".parcel-", dir=task.layout.folder) as folder:
        unpack(parcel, Path(folder))
        _move(Path(folder) / "executed", task.layout.executed(unit, language))
        if record.state == DONE:
            pages = task.layout.quarantine(unit, language)
            _move(Path(folder) / "pages", pages)
            record = _published(task, record, pages)
    return settle(task, record)


def _published(task: Task, record: Record, pages: Path) -> Record:
    try:
        return replace(record, files=publish(task, pages, record.disclosure))
    except DisclosureError as error:
        told = {"class": type(error).__name__, "message": str(error)}
        return replace(record, state=REFUSED, files={}, disclosure={}, error=told)


def _move(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)


def _threads(client) -> int:
    try:
        return sum(client.nthreads().values())
    except OSError:  # the scheduler is gone, as the reports in hand will show
        return 0


@contextmanager
def _connected(scheduler: str, workers: int) -> Iterator[object]:
    """A client of the cluster, with at least one worker there."""
    try:
        from distributed import Client
    except ImportError:
        raise ParameterError(
            "--scheduler: dask.distributed is not installed; pip install 'evalkit[dask]'"
        ) from None
    with _address(scheduler, workers) as address:
        try:
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            kind = ParameterError if isinstance(error, ValueError) else SchedulerError
            raise kind(
                f"--scheduler {scheduler}: no dask scheduler answers there; start one with "
                "`dask scheduler` and give the address that it prints"
            ) from None
        try:
            _wait_for_workers(client, scheduler)
            yield client
        finally:
            client.close(timeout=2)


def _wait_for_workers(client, scheduler: str) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except TimeoutError:
        raise SchedulerError(
            f"--scheduler {scheduler}: it has no workers; start some with "
            f"`dask worker {scheduler} --nthreads 1`"
        ) from None


@contextmanager
def _address(scheduler: str, workers: int) -> Iterator[str]:
    """The address given, or that of a cluster of this machine for as long as it is needed."""
    if scheduler != LOCAL:
        yield scheduler
        return
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address
