"""The papermill engine `evalkit`: a notebook in a warm process, with the outputs of a kernel.

Also for use without the rest: `papermill --engine evalkit in.ipynb out.ipynb`.
"""

import datetime
import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory

from ipykernel.ipkernel import IPythonKernel
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_output
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines
from papermill.log import logger

from evalkit.run.cells import Cell, Job, serve_notebooks
from evalkit.run.fork import WarmProcess, start_warm

NAME = "evalkit"
LOOK_SECONDS = 0.05  # how often time and memory are looked at
TIMEOUT, MEMORY, ENDED, KILLED = "TimeLimit", "MemoryLimit", "ProcessEnded", "WorkerKilled"
LIMITS_BROKEN = frozenset({TIMEOUT, MEMORY, ENDED, KILLED})
MOST_NOTEBOOKS = 25  # of one process, so that what one leaves behind does not add up
SKIP_TAG, ERROR_TAG = "skip-execution", "raises-exception"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one notebook may use; None for as much as there is.

    Attributes
    ----------
    seconds : float or None
        For the whole notebook.
    cell_seconds : float or None
        For one cell.
    memory_bytes : int or None
        Memory in use (Linux only).
    """

    seconds: float | None = None
    cell_seconds: float | None = None
    memory_bytes: int | None = None


class EvalkitEngine(Engine):
    """Runs the cells in a fork of a process that has imported everything."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        folder: str | None = None,
        environment: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        keep: bool = False,
        execution_timeout: float | None = None,
        **options: object,
    ) -> None:
        """Run a notebook as papermill asks for it.

        Parameters
        ----------
        nb_man : NotebookExecutionManager
        kernel_name : str
            Not used: the notebook runs in the Python that runs papermill.
        folder : str
            Folder to work in; by default the current one.
        environment : mapping
            Environment variables besides those of this process.
        limits : Limits
        keep : bool
            Keep the process for the next notebook of this caller, which then need not touch
            everything for the first time. One in which a notebook failed is never kept, nor one
            whose memory is limited.
        execution_timeout : float
            Seconds for a cell, as papermill's own engine names it.
        **options
            What papermill's own engine takes besides, of which `log_output`, `stdout_file` and
            `stderr_file` are used.
        """
        limits = limits or Limits(cell_seconds=execution_timeout)
        run = _Run(nb_man, limits, options)
        with TemporaryDirectory(prefix="evalkit-", ignore_cleanup_errors=True) as profile:
            variables = {**os.environ, **(environment or {})}
            keep = keep and limits.memory_bytes is None
            process = _Process.take(variables) if keep else _Process(variables)
            try:
                process.run(run, Job(run.cells(), folder or os.getcwd(), profile, variables))
            finally:
                process.settle(keep and run.succeeded)
        nb_man.nb.metadata["language_info"] = dict(IPythonKernel.language_info)
        nb_man.nb.metadata.papermill["peak_bytes"] = run.peak


class _Process:
    """A warm process that runs notebooks; at most one is kept for the next."""

    _kept: "list[_Process]" = []

    def __init__(self, environment: dict[str, str]) -> None:
        self.warm, self.asked = start_warm(serve_notebooks, environment=environment), 0

    @classmethod
    def take(cls, environment: dict[str, str]) -> "_Process":
        """The process that was kept, or a new one."""
        while cls._kept:
            kept = cls._kept.pop()
            if not kept.warm.wait(0):  # it neither ended nor said anything since
                return kept
            kept.warm.close()
        return cls(environment)

    @classmethod
    def end_kept(cls) -> None:
        """End the process that was kept."""
        while cls._kept:
            cls._kept.pop().warm.close()

    def run(self, run: "_Run", job: Job) -> None:
        """Run a notebook; one whose process has ended already fails as if it ended then."""
        self.asked += 1
        with suppress(OSError):
            self.warm.connection.send(job)
        run.follow(self.warm)

    def settle(self, keep: bool) -> None:
        """Keep it, or end it."""
        if keep and self.asked < MOST_NOTEBOOKS and not self._kept:
            self._kept.append(self)
        else:
            self.warm.close()


@dataclass
class _Run:
    """One notebook that runs elsewhere: what is known of it here."""

    manager: NotebookExecutionManager
    limits: Limits
    options: Mapping[str, object]
    started: float = field(default_factory=time.monotonic)
    cell_started: float | None = None
    index: int = 0  # the first cell that papermill was not told about
    peak: int = 0
    done: bool = False
    failed: bool = False

    def __post_init__(self) -> None:
        self.client = NotebookClient(self.manager.nb, record_timing=False, log=logger)
        self.client.reset_execution_trackers()

    @property
    def succeeded(self) -> bool:
        """Whether every cell ran, and none failed."""
        return self.done and not self.failed

    def cells(self) -> list[Cell]:
        """Cells that have something to run."""
        return [
            Cell(index, cell.source, ERROR_TAG in cell.metadata.get("tags", []))
            for index, cell in enumerate(self.manager.nb.cells)
            if cell.cell_type == "code"
            and cell.source.strip()
            and SKIP_TAG not in cell.metadata.get("tags", [])
        ]

    def follow(self, process: WarmProcess) -> None:
        """Take what the process sends until it ends, fails, or uses more than it may."""
        while not self.done:
            ready = process.wait(LOOK_SECONDS)
            fault = self._broken_limit(process.pid)
            if fault:
                process.kill()
                self._fail(*fault)
            elif "message" in ready:
                self._receive(process, "end" in ready)
            elif "end" in ready:
                self._fail(*_ending(process.exit_code()))
        self._pass_over(len(self.manager.nb.cells))

    def _receive(self, process: WarmProcess, has_ended: bool) -> None:
        try:
            index, kind, content = process.connection.recv()
        except (EOFError, OSError):
            self._fail(*_ending(process.exit_code()))
            return
        cell = self.manager.nb.cells[index]
        if kind == "begin":
            self._pass_over(index)
            self._begin(index)
        elif kind == "end":
            self._end(cell, content)
        elif kind == "done":
            self.done, self.peak = True, max(self.peak, content)
        else:
            self._take(cell, index, kind, content)

    def _begin(self, index: int) -> None:
        self.cell_started = time.monotonic()
        self.index = index
        self.manager.cell_start(self.manager.nb.cells[index], index)
        self.manager.nb.cells[index].outputs = []
        self.client.clear_before_next_output = False
        self.begun = _now()

    def _take(self, cell: NotebookNode, index: int, kind: str, content: dict) -> None:
        """Put a message where nbclient would put it."""
        message = {
            "header": {"msg_type": kind},
            "msg_type": kind,
            "parent_header": {},
            "metadata": {},
            "content": content,
        }
        output = self.client.process_message(message, cell, index)
        self._log(output)

    def _end(self, cell: NotebookNode, reply: dict) -> None:
        cell.metadata["execution"] = {
            "iopub.execute_input": self.begun,
            "iopub.status.busy": self.begun,
            "iopub.status.idle": _now(),
            "shell.execute_reply": _now(),
        }
        failed = reply["status"] == "error" and ERROR_TAG not in cell.metadata.get("tags", [])
        if failed:
            self.manager.cell_exception(cell, cell_index=self.index)
        self.manager.cell_complete(cell, cell_index=self.index)
        self.cell_started, self.index = None, self.index + 1
        self.failed = failed

    def _pass_over(self, index: int) -> None:
        """Tell papermill of cells with nothing to run, as its own engine does."""
        if self.failed:
            return
        for between in range(self.index, index):
            cell = self.manager.nb.cells[between]
            self.manager.cell_start(cell, between)
            self.manager.cell_complete(cell, cell_index=between)
        self.index = max(self.index, index)

    def _fail(self, kind: str, words: str) -> None:
        """End the notebook with an error in the cell that ran, or in the next one."""
        ran = self.cell_started is not None
        index = self.index if ran else self._next_code()
        cell = self.manager.nb.cells[index]
        if not ran:
            self.manager.cell_start(cell, index)
        cell.outputs.append(
            new_output("error", ename=kind, evalue=words, traceback=[f"{kind}: {words}"])
        )
        self.manager.cell_exception(cell, cell_index=index)
        self.manager.cell_complete(cell, cell_index=index)
        self.done = self.failed = True

    def _next_code(self) -> int:
        later = [cell.index for cell in self.cells() if cell.index >= self.index]
        return later[0] if later else self.cells()[-1].index

    def _broken_limit(self, pid: int) -> tuple[str, str] | None:
        now, limits = time.monotonic(), self.limits
        memory = memory_in_use(pid) if limits.memory_bytes else 0
        self.peak = max(self.peak, memory)
        if limits.memory_bytes and memory > limits.memory_bytes:
            return MEMORY, f"more than {limits.memory_bytes / 2**20:.0f} MiB of memory in use"
        if limits.seconds and now - self.started > limits.seconds:
            return TIMEOUT, f"the notebook had not ended after {limits.seconds:g} s"
        running = now - self.cell_started if self.cell_started else 0
        if limits.cell_seconds and running > limits.cell_seconds:
            return TIMEOUT, f"the cell had not ended after {limits.cell_seconds:g} s"
        return None

    def _log(self, output: NotebookNode | None) -> None:
        if output is None or output.output_type != "stream":
            return
        target = self.options.get(f"{output.name}_file")
        if target:
            target.write(output.text)
            target.flush()
        if self.options.get("log_output"):
            logger.log(30 if output.name == "stderr" else 20, output.text)


def memory_in_use(pid: int) -> int:
    """Resident memory of a process in bytes; 0 where it cannot be known."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as handle:
            return int(handle.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def register() -> None:
    """Make the engine known to papermill, also where the package was installed without it."""
    papermill_engines.register(NAME, EvalkitEngine)


def _ending(code: int) -> tuple[str, str]:
    if code == -signal.SIGKILL:
        return KILLED, "the process was killed from outside"
    if code < 0:
        return ENDED, f"the process ended by signal {signal.Signals(-code).name}"
    return ENDED, f"the process ended itself with code {code}"


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z")
