"""Calls in a process of their own."""

import os
import signal

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


def test_a_process_that_is_killed_is_told_of():
    with pytest.raises(EndedError, match=r"reading was killed \(-9\), most likely because memory"):
        call_apart(killed, what="reading")
