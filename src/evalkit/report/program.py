"""Programs that end with the one who runs them, and take whatever they started with them."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# The shell leads a process group of its own. When the pipe that it reads from closes, because the
# one who holds the other end has died, however that happened, the whole group is killed.
TOGETHER = """
exec 3<&0 </dev/null
(read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 &
"$@" 3<&-
code=$?
exec 2>/dev/null
kill -KILL $!
wait $!
exit $code
"""


def run_program(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, and return its code and what it wrote.

    Parameters
    ----------
    arguments : sequence of str
        The program first.
    folder : Path
    environment : mapping
        All environment variables that it has.
    seconds : float
        How long it may take.

    Raises
    ------
    subprocess.TimeoutExpired
        If it had not ended by then. It and all that it started have ended now, as they have when
        the caller is interrupted, or killed.
    OSError
        If no process can be started.
    """
    theirs, ours = os.pipe()
    try:
        try:
            process = subprocess.Popen(
                ["/bin/sh", "-c", TOGETHER, "sh", *arguments],
                cwd=folder,
                env=environment,
                stdin=theirs,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        finally:
            os.close(theirs)
        with process:
            try:
                out, err = process.communicate(timeout=seconds)
            except BaseException:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)
    finally:
        os.close(ours)
