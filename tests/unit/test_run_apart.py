"""Calls in a process of their own."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from evalkit.errors import RecordsError
from evalkit.run.apart import EndedError, call_apart


def doubled(number: int) -> tuple[int, int]:
    return os.getpid(), 2 * number


def refused() -> None:
    raise RecordsError("records of study x: 1 fault\n  table persons")


def broken() -> None:
    raise KeyError("nothing")


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class TwoWordsError(Exception):
    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)


def odd() -> None:
    raise TwoWordsError("first", "second")


def unsendable() -> object:
    return lambda: None


def where() -> str:
    return os.getcwd()


def asleep(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(600)


def test_a_result_comes_from_another_process():
    process, number = call_apart(doubled, 21, what="doubling")
    assert (number, process != os.getpid()) == (42, True)


def test_an_error_is_raised_here_as_it_was_there():
    with pytest.raises(RecordsError) as caught:
        call_apart(refused, what="reading")
    assert str(caught.value).endswith("table persons") and caught.value.exit_code == 3
    assert not getattr(caught.value, "__notes__", [])


def test_a_fault_of_the_code_says_where_it_is():
    with pytest.raises(KeyError) as caught:
        call_apart(broken, what="reading")
    assert "in broken" in caught.value.__notes__[0]


def test_an_error_that_cannot_travel_is_told_by_its_traceback():
    with pytest.raises(RuntimeError, match="TwoWordsError: first"):
        call_apart(odd, what="reading")


def test_a_result_that_cannot_be_sent_is_not_taken_for_a_lack_of_memory():
    with pytest.raises(EndedError, match=r"reading ended without a result \(exit code 1\)"):
        call_apart(unsendable, what="reading")


def test_it_works_where_the_caller_works(tmp_path, monkeypatch):
    call_apart(where, what="looking")
    monkeypatch.chdir(tmp_path)
    assert call_apart(where, what="looking") == str(tmp_path)


def test_an_interrupt_ends_the_process_before_it_is_raised(tmp_path):
    path = tmp_path / "pid"

    def interrupt() -> None:
        while not path.is_file() or not path.read_text():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)  # as a terminal does: to the process, not to a thread

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            call_apart(asleep, str(path), what="sleeping")
    finally:
        signal.signal(signal.SIGINT, before)
        thread.join()
    with pytest.raises(ProcessLookupError):
        os.kill(int(path.read_text()), 0)


def test_a_process_that_is_killed_is_told_of():
    with pytest.raises(EndedError, match="reading was killed, most likely because memory ran out"):
        call_apart(killed, what="reading")
