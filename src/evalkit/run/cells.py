"""The cells of notebooks, run in this process as a kernel would, messages and all.

A process may run several notebooks, one after the other; each has a shell of its own, and finds
settings, warnings and figures as the first one did. Shell, display hook and publisher are
ipykernel's own; only what they send to is replaced, so that what a notebook keeps is what a kernel
would have sent. Streams are written out before a display and at the end of a cell, never by a
clock.
"""

import atexit
import builtins
import io
import os
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import set_start_method
from multiprocessing.connection import Connection
from types import MethodType, SimpleNamespace

INLINE = "module://matplotlib_inline.backend_inline"
PAGE = "evalkit.report.display"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell to run: its place in the notebook, its text, and whether an error in it is allowed."""

    index: int
    source: str
    allows_errors: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A notebook to run: its cells, where, and with which environment variables.

    IPython writes into `profile`.
    """

    cells: list[Cell]
    folder: str
    profile: str
    environment: dict[str, str]


def serve_notebooks(connection: Connection) -> None:
    """Run the notebooks that are asked for, until the asker is gone.

    Sent are `(index, "begin", None)`, `(index, message type, content)` and `(index, "end", reply)`
    for each cell; after the last cell, or the first error, `(-1, "done", peak memory in bytes)`.
    """
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        send = _Sender(connection)
        with _as_it_was():
            peak = _run_notebook(job, send)
        send("done", peak)


def _run_notebook(job: Job, send: "_Sender") -> int:
    """Run cells in order in a folder, and send what they give; the peak of memory in bytes."""
    os.chdir(job.folder)
    os.environ.clear()
    os.environ.update(job.environment)
    _be_fresh()
    shell = _open_shell(send, job.profile)
    for cell in job.cells:
        send.index = cell.index
        send("begin", None)
        reply = _run_cell(shell, cell, send)
        send("end", reply)
        if reply["status"] == "error" and not cell.allows_errors:
            break
    _close_shell(shell)
    send.index = -1
    return _peak_bytes()


class _Sender:
    """Sends messages of the cell that runs; a forked child of a notebook sends none."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.index, self.pid = connection, -1, os.getpid()

    def __call__(self, kind: str, content: object) -> None:
        if os.getpid() == self.pid:
            self.connection.send((self.index, kind, content))


@contextmanager
def _as_it_was() -> Iterator[None]:
    """Undo what a thin notebook may have changed for the next one: settings, figures, the peak."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        if "matplotlib.pyplot" in sys.modules:
            pyplot = sys.modules["matplotlib.pyplot"]
            stack.enter_context(pyplot.rc_context())
            stack.callback(pyplot.close, "all")
        if "numpy" in sys.modules:
            stack.enter_context(sys.modules["numpy"].errstate())
            stack.enter_context(sys.modules["numpy"].printoptions())
        yield
    if PAGE in sys.modules:
        sys.modules[PAGE].begin_page()
    for module in list(sys.modules.values()):  # or a warning would be told once for all notebooks
        getattr(module, "__dict__", {}).get("__warningregistry__", {}).clear()
    _forget_peak()


def _peak_bytes() -> int:
    """Most memory in use so far; on Linux since the notebook began."""
    try:
        with open("/proc/self/status", encoding="utf-8") as handle:
            return 1024 * next(int(line.split()[1]) for line in handle if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024
        return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _forget_peak() -> None:
    with suppress(OSError), open("/proc/self/clear_refs", "w", encoding="utf-8") as handle:
        handle.write("5")


def _be_fresh() -> None:
    """What a fork shares with its parent and a fresh process would have of its own."""
    set_start_method(None, force=True)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    backend = os.environ.get("MPLBACKEND") or INLINE
    os.environ["MPLBACKEND"] = backend


def _open_shell(send: Callable[[str, object], None], profile: str):
    """An interactive shell with a fresh namespace whose messages go to `send`."""
    from ipykernel.compiler import XCachingCompiler
    from ipykernel.kernelbase import Kernel
    from ipykernel.zmqshell import ZMQInteractiveShell
    from IPython.core.profiledir import ProfileDir
    from jupyter_client.session import Session
    from traitlets.config import Config

    class Messages(Session):
        """Hands messages on in place of writing them to a socket."""

        def send(self, stream, msg_or_type, content=None, parent=None, **_):
            message = msg_or_type if isinstance(msg_or_type, dict) else None
            if message is None:
                message = self.msg(msg_or_type, content=content, parent=parent)
            content = self.unpack(self.pack(message["content"]))
            send(message["header"]["msg_type"], content)
            return message

    sys.stdout = _Stream(send, "stdout", 1)
    sys.stderr = _Stream(send, "stderr", 2)
    sys.argv = [""]
    shell = ZMQInteractiveShell.instance(
        config=Config(HistoryManager={"enabled": False}, IPKernelApp={"log_level": 50}),
        profile_dir=ProfileDir.create_profile_dir(profile),
        compiler_class=XCachingCompiler,
        user_ns={},
    )
    session = Messages()
    shell.displayhook.session = shell.display_pub.session = session
    shell.displayhook.get_execution_count = lambda: shell.execution_count
    shell.enable_gui = lambda gui=None: None  # there is no window, so no event loop of one
    # A method of a kernel that has no reader at its other end, so that the refusal is the kernel's.
    builtins.input = MethodType(Kernel.raw_input, SimpleNamespace(_allow_stdin=False))
    _show_figures(shell)
    return shell


def _close_shell(shell) -> None:
    """Let go of a notebook's shell and of all that its cells hold."""
    shell.reset(new_session=False)
    atexit.unregister(shell.atexit_operations)
    type(shell).clear_instance()


def _show_figures(shell) -> None:
    """Draw with the backend that the environment names; the inline one shows figures by cell."""
    if "matplotlib" not in sys.modules:
        return
    import matplotlib

    matplotlib.rcParams["backend"] = os.environ["MPLBACKEND"]
    if os.environ["MPLBACKEND"] == INLINE:
        from matplotlib_inline.backend_inline import _enable_matplotlib_integration

        _enable_matplotlib_integration()


def _run_cell(shell, cell: Cell, send: Callable[[str, object], None]) -> dict:
    """Run a cell, and reply as a kernel does, with the seconds that it took."""
    send("execute_input", {"execution_count": shell.execution_count})
    parent = {"header": {"msg_id": str(cell.index), "msg_type": "execute_request"}}
    shell.set_parent(parent)
    started = time.perf_counter()
    result = shell.run_cell(cell.source, store_history=True)
    sys.stdout.flush()
    sys.stderr.flush()
    error = result.error_before_exec or result.error_in_exec
    failed = not result.success or shell._last_traceback_during_displayhook
    shell.payload_manager.clear_payload()
    return {
        "status": "error" if failed else "ok",
        "ename": type(error).__name__ if failed else "",
        "evalue": str(error) if failed else "",
        "seconds": time.perf_counter() - started,
    }


class _Stream(io.TextIOBase):
    """What a cell prints, kept until something else is shown or the cell ends.

    What programs that the cell starts write to the file descriptor comes in between, in order.
    """

    encoding = "UTF-8"

    def __init__(self, send: Callable[[str, object], None], name: str, fd: int) -> None:
        self._send, self.name, self._fd, self._parts = send, name, fd, []
        self._seen = 0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as the process)
        os.dup2(self._file.fileno(), fd)

    def write(self, text: str) -> int:
        """Keep text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._take_from_programs()
        self._parts.append(text)
        return len(text)

    def writable(self) -> bool:
        """Yes."""
        return True

    def flush(self) -> None:
        """Send what was kept."""
        self._take_from_programs()
        text = "".join(self._parts)
        self._parts.clear()
        if text:
            self._send("stream", {"name": self.name, "text": text})

    def set_parent(self, parent: object) -> None:
        """Belong to a cell; the sender knows which."""

    def fileno(self) -> int:
        """Where programs that the cell starts write."""
        return self._fd

    def _take_from_programs(self) -> None:
        size = os.fstat(self._fd).st_size
        if size > self._seen:
            data = os.pread(self._file.fileno(), size - self._seen, self._seen)
            self._seen = size
            self._parts.append(data.decode(errors="replace"))
