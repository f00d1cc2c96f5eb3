"""Units on a dask.distributed cluster: the same reports under the same keys, from other machines.

A worker makes each report in a folder of its own and sends the pages back; the run audits them
against every id of the study and publishes them. So a worker that vanishes, or that goes on after
its run has ended, leaves nothing behind on the site.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from evalkit.errors import EvalkitError, ParameterError
from evalkit.run.engine import KILLED
from evalkit.run.parcels import PARCEL, unpack
from evalkit.run.remote import make_remote_report, pack_inputs
from evalkit.run.worker import DONE, Record, Task, failed, publish, settle, without_pages

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


def require_distributed() -> None:
    """Refuse a run on a cluster where dask.distributed is not installed.

    Raises
    ------
    ParameterError
    """
    if find_spec("distributed") is None:
        raise ParameterError(
            "--scheduler: dask.distributed is not installed; pip install 'evalkit[dask]'"
        )


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
            hand.let_go()


class _Lost(Exception):
    """The scheduler is gone, and with it what the reports in hand came to."""


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
        """Records as they come; those of all reports that are left if the scheduler is lost."""
        try:
            yield from self._records()
        except _Lost:
            left = [held[0] for held in self.held.values()] + [task for task, _ in self.waiting]
            self.held, self.waiting = {}, []
            yield from (failed(task, SCHEDULER_LOST) for task in left)

    def let_go(self) -> None:
        """Have the cluster forget what is on its way; one that is gone has done so."""
        if self.held:
            with suppress(_Lost):
                self._ask(self.client.cancel, list(self.held))

    def _records(self) -> Iterator[Record]:
        while self.waiting or self.held:
            self._hand_out()
            future = next(self.ready)
            task, attempt, was_sent = self.held[future]
            outcome = _outcome(task, future)
            del self.held[future]
            if outcome is None and not was_sent:
                self.is_sent = True
                self.waiting.append((task, attempt))
            elif outcome[0].error.get("class") == KILLED and attempt < ATTEMPTS:
                self.waiting.append((task, attempt + 1))
            else:
                yield _take_in(task, *outcome)

    def _hand_out(self) -> None:
        while self.waiting and len(self.held) < max(AHEAD, AHEAD * _threads(self.client)):
            task, attempt = self.waiting[-1]
            parcel = pack_inputs(task) if self.is_sent else None
            future = self._ask(self.client.submit, make_remote_report, task, parcel, pure=False)
            self.waiting.pop()
            self.held[future] = (task, attempt, self.is_sent)
            self.ready.add(future)

    def _ask(self, call: Callable[..., object], *args: object, **options: object) -> object:
        """Ask the cluster for something; `_Lost` if nobody is there to be asked."""
        try:
            return call(*args, **options)
        except Exception as error:
            if isinstance(error, OSError) or self.client.status != "running":
                raise _Lost from None
            raise


def _outcome(task: Task, future) -> tuple[Record, bytes] | None:
    """What a worker returned; a failed record where none survived the report or could start it.

    Raises
    ------
    _Lost
        If what it returned cannot be had any more.
    """
    from distributed import KilledWorker

    try:
        return future.result()
    except Exception as error:
        is_own = future.status == "error"  # raised by the report, not on the way from there
        if isinstance(error, CancelledError) or (isinstance(error, OSError) and not is_own):
            raise _Lost from None
        if isinstance(error, KilledWorker):
            return failed(task, {"class": KILLED}), b""
        return without_pages(failed(task, {}), error), b""


def _take_in(task: Task, record: Record, parcel: bytes) -> Record:
    """Keep the executed copy of a report from a worker; audit and publish its pages."""
    if not parcel:
        return record
    unit, language = task.unit.name, task.language
    try:
        with TemporaryDirectory(prefix=PARCEL, dir=task.layout.folder) as folder:
            unpack(parcel, Path(folder))
            _move(Path(folder) / "executed", task.layout.executed(unit, language))
            if record.state == DONE:
                pages = task.layout.quarantine(unit, language)
                _move(Path(folder) / "pages", pages)
                record = replace(record, files=publish(task, pages, record.disclosure))
    except Exception as error:  # of one report, as where it is made on this machine
        record = without_pages(record, error)
    return settle(task, record)


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
    require_distributed()
    from distributed import Client

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
            with suppress(OSError):  # of a scheduler that is gone
                client.close(timeout=2)


def _wait_for_workers(client, scheduler: str) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except TimeoutError:
        raise SchedulerError(
            f"--scheduler {scheduler}: it has no workers; start some with "
            f"`dask worker {scheduler} --nthreads 1`"
        ) from None
    except OSError:
        raise SchedulerError(f"--scheduler {scheduler}: {SCHEDULER_LOST['message']}") from None


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
