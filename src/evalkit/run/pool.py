"""Worker processes of one machine: each makes many reports, one batch after the other.

A batch is one report, or with Quarto several that are rendered as one project, since Quarto takes
longer to start than to make a page.
"""

import ctypes
import os
import queue
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

from evalkit.run.engine import KILLED
from evalkit.run.fork import ProcessError, WarmProcess, start_warm, starting
from evalkit.run.worker import Record, Task, failed, make_reports

ATTEMPTS = 2
LOOK_SECONDS = 0.2
BATCH = 20  # most reports of a batch: few starts of Quarto, and few to make again

Make = Callable[[list[Task]], Iterable[Record]]


def run_tasks(tasks: list[Task], workers: int, *, make: Make = make_reports) -> Iterator[Record]:
    """Records as they come. A worker that is killed costs its reports one more attempt.

    Parameters
    ----------
    tasks : list of Task
    workers : int
        Processes at a time.
    make : callable
        Makes the records of a batch of tasks, in any order; a function of a module.

    Yields
    ------
    Record
        One for each task, unless the caller stops before.

    Raises
    ------
    ProcessError
        If no worker can be started. Reports that others make are ended, to be made again.
    """
    workers = min(workers, len(tasks))
    pool = _Pool(tasks, workers, make)
    threads: list[threading.Thread] = []
    try:
        for _ in range(workers):
            threads.append(_start_thread(pool.work))
        for _ in tasks:
            yield pool.next_record()
    finally:
        pool.stop()
        for thread in threads:
            thread.join()


def _start_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # a thread counts as a process, and takes memory as one does
        raise ProcessError("not even a thread") from None
    return thread


class _Pool:
    """Tasks that wait, workers that run, records that are ready."""

    def __init__(self, tasks: list[Task], workers: int, make: Make) -> None:
        self.waiting, self.workers = deque((task, 1) for task in tasks), workers
        self.most = BATCH if all(task.renderer == "quarto" for task in tasks) else 1
        self.make, self.is_cold = make, any(task.cold for task in tasks)
        self.ready: queue.Queue[Record | BaseException] = queue.Queue()
        self.left, self.lock, self.stopped = len(tasks), threading.Lock(), threading.Event()

    def next_record(self) -> Record:
        """The next record; a wait that an interrupt can end."""
        while True:
            try:
                found = self.ready.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                continue
            if isinstance(found, BaseException):
                raise found
            return found

    def stop(self) -> None:
        """End all workers at once: an interrupted run must not wait for notebooks that go on."""
        self.stopped.set()

    def work(self) -> None:
        """Let one worker process make reports until none waits; start another when it is killed."""
        process = None
        try:
            while not self.stopped.is_set() and self.left:
                batch = self._take()
                if not batch:
                    if self.stopped.wait(LOOK_SECONDS):
                        break
                    continue  # a report may come back from a worker that was killed
                process = process or self._start()
                left = self._ask(process, batch)
                if left:
                    process.close()
                    process = None
                for task, attempt in left:
                    self._settle(task, attempt, None)
        except BaseException as error:  # to be raised where the records are taken
            self.ready.put(error)
        finally:
            if process is not None:
                process.close()

    def _take(self) -> list[tuple[Task, int]]:
        """The next batch: a worker's share of what waits, so that all finish together.

        A report that is tried again goes alone: it may be the one that has its worker killed.
        """
        with self.lock:
            share = min(self.most, -(-len(self.waiting) // self.workers))
            taken: list[tuple[Task, int]] = []
            while len(taken) < share and (not taken or taken[0][1] == self.waiting[0][1] == 1):
                taken.append(self.waiting.popleft())
            return taken

    def _start(self) -> "WarmProcess | _ColdProcess":
        if self.is_cold:
            return _ColdProcess(self.make)
        return start_warm(serve, self.make, environment=os.environ)

    def _ask(
        self, process: "WarmProcess | _ColdProcess", batch: list[tuple[Task, int]]
    ) -> list[tuple[Task, int]]:
        """Settle the records of a batch as they come; what is left if the worker ended first."""
        left = {(task.unit.name, task.language): (task, attempt) for task, attempt in batch}
        try:
            process.connection.send([task for task, _ in batch])
            while left and not self.stopped.is_set():
                ready = process.wait(LOOK_SECONDS)
                if "message" in ready:
                    record = process.connection.recv()
                    self._settle(*left.pop((record.unit, record.language)), record)
                elif "end" in ready:
                    break
        except (EOFError, OSError):
            pass
        return list(left.values())

    def _settle(self, task: Task, attempt: int, record: Record | None) -> None:
        """Pass a record on; a task whose worker or notebook was killed comes once more."""
        if self.stopped.is_set():
            return
        was_killed = record is None or record.error.get("class") == KILLED
        if was_killed and attempt < ATTEMPTS:
            self.waiting.append((task, attempt + 1))
            return
        with self.lock:
            self.left -= 1
        self.ready.put(record or failed(task, {"class": KILLED}))


def serve(connection: Connection, make: Make) -> None:
    """Make the batches that are asked for until the other end is closed."""
    while True:
        try:
            tasks = connection.recv()
        except EOFError:
            return
        for record in make(tasks):
            connection.send(record)


class _ColdProcess:
    """A worker that is started as a program of its own, where none can be forked or none shall."""

    def __init__(self, make: Make) -> None:
        context = get_context("spawn")
        with starting():
            self.connection, theirs = context.Pipe()
            self._process = context.Process(target=_serve_alone, args=(theirs, make))
            self._process.start()
        theirs.close()

    def wait(self, seconds: float | None) -> list[str]:
        """Wait for a message or the end."""
        ready = wait([self.connection, self._process.sentinel], seconds)
        ended = self._process.sentinel in ready
        return ["message"] * (self.connection in ready) + ["end"] * ended

    def close(self) -> None:
        """End it, and let go of its pipe."""
        self._process.terminate()
        self._process.join()
        self.connection.close()


def _serve_alone(connection: Connection, make: Make) -> None:
    """Serve, end with the runner, and leave interrupts to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    serve(connection, make)
