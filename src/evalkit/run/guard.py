"""What keeps a run safe from another one, from signals, and from a disk that cannot be written."""

import fcntl
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalkit.errors import OutputError, ParameterError
from evalkit.run.worker import CANNOT_WRITE

READ_ONLY = "cannot be written; give --output, or ask for the right to write there"


@contextmanager
def lock(site: Path) -> Iterator[None]:
    """Keep two runs from meeting on one site, and refuse one that cannot be written.

    Raises
    ------
    ParameterError
        If another run has the site, or it cannot be written.
    """
    work = site.with_name(f"{site.name}.work")
    try:
        work.mkdir(parents=True, exist_ok=True)
        for folder in (work, site if site.exists() else site.parent):
            if not os.access(folder, os.W_OK):
                raise PermissionError
        handle = (work / "lock").open("w")
    except OSError as error:
        full = CANNOT_WRITE.get(error.errno)
        raise ParameterError(f"{site}: {full or READ_ONLY}") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ParameterError(
                f"{site.name}: another run is writing this site; wait for it, or give --output"
            ) from None
        yield


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM end a run as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn a disk that cannot be written into one clear message.

    Raises
    ------
    OutputError
    """
    try:
        yield
    except OSError as error:
        if error.errno not in CANNOT_WRITE:
            raise
        raise OutputError(CANNOT_WRITE[error.errno]) from None


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
