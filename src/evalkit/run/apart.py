"""A call in a process of its own: the memory that it takes is given back when it is done."""

import os
import traceback
from collections.abc import Callable
from typing import TypeVar

from evalkit.errors import EvalkitError
from evalkit.run.fork import start_warm

LOOK_SECONDS = 0.2
Result = TypeVar("Result")


class EndedError(EvalkitError):
    """The process ended before it had a result; it was killed."""

    exit_code = 4


def call_apart(call: Callable[..., Result], *args: object, what: str) -> Result:
    """Call a function in a warm process, and give its result or raise its error here.

    Parameters
    ----------
    call : callable
        A function of a module; result, errors and `args` can be pickled.
    what : str
        What it does, for the message if it is killed.

    Raises
    ------
    EndedError
        If the process is killed: it took more memory than there is, or somebody ended it.
    ProcessError
        If no process can be started.
    """
    process = start_warm(_answer, call, args, environment=os.environ)
    try:
        ready: list[str] = []
        while not ready:  # a wait that an interrupt can end
            ready = process.wait(LOOK_SECONDS)
        failed, found = process.connection.recv()
    except EOFError:
        raise EndedError(
            f"{what} was killed ({process.exit_code()}), most likely because memory ran out: end "
            "other programs, or use a machine with more memory; nothing was lost, run again"
        ) from None
    finally:
        process.close()
    if failed:
        raise found
    return found


def _answer(connection, call: Callable[..., object], args: tuple) -> None:
    try:
        answer = (False, call(*args))
    except Exception as error:
        if not isinstance(error, EvalkitError | OSError):  # a fault of the code: say where
            error.add_note(traceback.format_exc())
        answer = (True, error)
    connection.send(answer)
