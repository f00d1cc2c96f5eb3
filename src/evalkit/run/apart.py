"""A call in a process of its own: the memory that it takes is given back when it is done."""

import os
import pickle
import signal
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TypeVar

from evalkit.errors import EvalkitError
from evalkit.run.fork import start_warm

Result = TypeVar("Result")


class EndedError(EvalkitError):
    """The process ended before it had a result."""

    exit_code = 4


def call_apart(call: Callable[..., Result], *args: object, what: str) -> Result:
    """Call a function in a warm process, and give its result or raise its error here.

    Parameters
    ----------
    call : callable
        A function of a module; its result and `args` can be pickled.
    what : str
        What it does, for the message if it ends without a result.

    Raises
    ------
    EndedError
        If the process ends without one: it took more memory than there is, or somebody ended it.
    ProcessError
        If no process can be started.
    """
    process = start_warm(_answer, call, args, os.getcwd(), environment=os.environ)
    try:
        failed, found = process.connection.recv()
    except EOFError:
        raise EndedError(_ended(what, process.exit_code())) from None
    finally:
        process.kill()
        process.exit_code()  # it is gone before the caller removes what it works on
        process.close()
    if failed:
        raise found
    return found


def _ended(what: str, code: int) -> str:
    if code != -signal.SIGKILL:
        return f"{what} ended without a result (exit code {code})"
    return (
        f"{what} was killed, most likely because memory ran out: end other programs, or use a "
        "machine with more memory; nothing was lost, run again"
    )


def _answer(connection: Connection, call: Callable[..., object], args: tuple, folder: str) -> None:
    os.chdir(folder)
    try:
        answer = (False, call(*args))
    except Exception as error:
        answer = (True, _that_travels(error))
    connection.send(answer)


def _that_travels(error: Exception) -> Exception:
    """The error as it can be raised elsewhere, with its place if it is a fault of the code."""
    if not isinstance(error, EvalkitError | OSError):
        error.add_note(traceback.format_exc())
    try:
        same = pickle.loads(pickle.dumps(error))
        return error if str(same) == str(error) else RuntimeError(traceback.format_exc())
    except Exception:
        return RuntimeError(traceback.format_exc())
