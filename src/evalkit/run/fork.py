"""Warm processes: forks of a parent of their own, which was started by exec and has one thread.

The process that asks is never forked itself, so this is safe below JupyterLab, papermill or a dask
worker, whatever threads they hold. A warm process has its own process group; the kernel ends the
group when the process that asked for it is gone, even by SIGKILL.
"""

import fcntl
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.reduction import ForkingPickler

from evalkit.errors import EvalkitError

WARM = "evalkit.run.warm"
# One thread in every numerical library, so that bytes do not depend on the number of cores.
SINGLE = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pyarrow would start a thread of its own
}
_lock = threading.Lock()
_servers: list[forkserver.ForkServer] = []


class ProcessError(EvalkitError):
    """No further process can be started; what was finished before is kept."""

    exit_code = 4

    def __init__(self, why: str) -> None:
        super().__init__(
            f"no further process can be started ({why}): end other programs, or give fewer "
            "--workers; run again to go on"
        )


@contextmanager
def starting() -> Iterator[None]:
    """Say clearly that a process cannot be started.

    Raises
    ------
    ProcessError
    """
    try:
        yield
    except OSError as error:
        raise ProcessError(error.strerror or type(error).__name__) from None


class _Inherited(forkserver.ForkServer):
    """The parent of this very process, which is itself a warm one."""

    def __init__(self, known: forkserver.ForkServer) -> None:
        super().__init__()
        self.__dict__.update({k: v for k, v in vars(known).items() if k != "_lock"})

    def ensure_running(self) -> None:
        """Do nothing: it runs, since it made this process."""
        resource_tracker.ensure_running()


def _server() -> forkserver.ForkServer:
    """The parent of warm processes: one for a process, and for the warm ones that it asked for."""
    if not _servers:
        if WARM in sys.modules and forkserver.get_inherited_fds() is not None:
            _servers.append(_Inherited(forkserver._forkserver))
        else:
            own = forkserver.ForkServer()
            own.set_forkserver_preload([WARM])
            _servers.append(own)
    return _servers[0]


@dataclass(frozen=True, slots=True)
class WarmProcess:
    """A warm process, seen from the one that asked for it."""

    pid: int  # 0 for one that ended while it began
    connection: Connection  # what the process sends, and what is sent to it
    _status: int  # its exit code can be read here when it has ended
    _alive: int  # held open; the process is killed when it closes

    def wait(self, seconds: float | None) -> list[str]:
        """Wait for a message or the end: `["message"]`, `["end"]`, both, or neither in time."""
        ready = wait([self.connection, self._status], seconds)
        return ["message"] * (self.connection in ready) + ["end"] * (self._status in ready)

    def exit_code(self) -> int:
        """Exit code, negative for a signal; waits for the end."""
        try:
            return forkserver.read_signed(self._status)
        except (EOFError, OSError):
            return -signal.SIGKILL  # its parent is gone too

    def kill(self) -> None:
        """End the process and whatever it started, at once."""
        if not self.pid:  # it never began; 0 would mean the caller's own group
            return
        for end in (os.killpg, os.kill):
            try:
                end(self.pid, signal.SIGKILL)
                return
            except ProcessLookupError:
                continue

    def close(self) -> None:
        """End it if it still runs, and let go of its pipes."""
        self.kill()
        self.connection.close()
        for fd in (self._status, self._alive):
            os.close(fd)


def start_warm(
    call: Callable[..., None], *args: object, environment: Mapping[str, str]
) -> WarmProcess:
    """Start a warm process that calls `call(connection, *args)`.

    Parameters
    ----------
    call : callable
        A function of a module; its first argument is a connection to the caller.
    *args
        Further arguments, picklable.
    environment : mapping
        All environment variables that the process has.

    Raises
    ------
    ProcessError
        If no process can be started.
    """
    with starting():
        ours, theirs = Pipe()
    # The main module of the caller is left out: a script without a guard would run again.
    preparation = {"sys_path": sys.path.copy(), "name": "MainProcess"}
    start = _Start(call, args, dict(environment))
    data = bytes(ForkingPickler.dumps(preparation)) + bytes(ForkingPickler.dumps(start))
    with starting(), _lock, _variables(SINGLE):
        status, writer = _server().connect_to_new_process([theirs.fileno()])
    theirs.close()
    alive = os.dup(writer)
    try:
        pid = _begin(status, writer, data)
    except BaseException:  # an interrupt: the process ends when nobody holds these
        WarmProcess(0, ours, status, alive).close()
        raise
    return WarmProcess(pid, ours, status, alive)


def _begin(status: int, writer: int, data: bytes) -> int:
    """Tell a new process what to do; its number, 0 where it or its parent ended meanwhile."""
    try:
        with os.fdopen(writer, "wb") as stream:
            stream.write(data)
        return forkserver.read_signed(status)
    except (EOFError, BrokenPipeError):
        return 0


def import_seconds() -> float:
    """Seconds that the parent of the warm processes took for its imports."""
    try:
        process = start_warm(_tell_import, environment=os.environ)
    except ProcessError:
        return 0.0  # a time is not worth a run
    try:
        return process.connection.recv() if "message" in process.wait(10) else 0.0
    except EOFError:
        return 0.0
    finally:
        process.close()


def _tell_import(connection: Connection) -> None:
    connection.send(getattr(sys.modules.get(WARM), "IMPORT_SECONDS", 0.0))


@dataclass
class _Start:
    """What multiprocessing's parent unpickles in the fork, and runs."""

    call: Callable[..., None]
    args: tuple
    environment: dict[str, str]

    def _bootstrap(self, parent_sentinel: int) -> int:
        os.setsid()
        _die_with(parent_sentinel)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.clear()
        os.environ.update(self.environment)
        fd = forkserver.get_inherited_fds()[0]
        os.set_inheritable(fd, False)
        self.call(Connection(fd), *self.args)
        return 0


def _die_with(sentinel: int) -> None:
    """Have the process group killed when the other end of a pipe is closed.

    The kernel does it where it can (Linux): even a cell that never gives the interpreter back ends.
    """
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(sentinel, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(sentinel, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(sentinel, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
        try:
            if os.read(sentinel, 1) == b"":  # it was closed before this was set up
                os.killpg(0, signal.SIGKILL)
        except BlockingIOError:
            pass
    else:
        threading.Thread(target=_wait_and_end, args=(sentinel,), daemon=True).start()


def _wait_and_end(sentinel: int) -> None:
    wait([sentinel])
    os.killpg(0, signal.SIGKILL)


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for a program that is started inside."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
