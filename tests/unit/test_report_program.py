"""Programs that a report needs: nothing of one stays when its time is over or its caller dies."""

import os
import select
import signal
import subprocess
import sys

import pytest

from evalkit.report.program import run_program

PATIENCE = 60
# A program whose child goes on: both hold the pipe `alive` open for as long as they live.
GOES_ON = ["/bin/sh", "-c", "exec >alive; echo started; sleep 600 & wait"]
CALL = """
import os, sys
from pathlib import Path
from evalkit.report.program import run_program
run_program(sys.argv[1:], Path.cwd(), os.environ, 600)
"""


@pytest.fixture
def alive(tmp_path):
    """The reading end of the pipe `alive`."""
    os.mkfifo(tmp_path / "alive")
    end = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    yield end
    os.close(end)


def read(alive) -> bytes:
    """What comes through the pipe next; empty when nobody is left who holds its other end."""
    assert select.select([alive], [], [], PATIENCE)[0], "somebody still holds the pipe"
    return os.read(alive, 100)


def test_a_program_gives_its_code_and_what_it_wrote(tmp_path):
    script = "pwd; echo $WORD >&2; exit 3"

    done = run_program(["/bin/sh", "-c", script], tmp_path, {"WORD": "a word"}, PATIENCE)

    assert (done.returncode, done.stderr) == (3, "a word\n")
    assert done.stdout == f"{tmp_path.resolve()}\n"


def test_a_program_reads_nothing_and_its_arguments_are_left_as_they_are(tmp_path):
    words = ["/bin/sh", "-c", 'cat; echo "$1|$2"', "sh", "two words", "$HOME `x`"]

    assert run_program(words, tmp_path, os.environ, PATIENCE).stdout == "two words|$HOME `x`\n"


def test_what_a_program_started_ends_with_its_time(tmp_path, alive):
    with pytest.raises(subprocess.TimeoutExpired):
        run_program(GOES_ON, tmp_path, os.environ, 2)

    assert read(alive) == b"started\n"
    assert read(alive) == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_a_program_started_ends_with_its_caller(tmp_path, alive, number):
    caller = subprocess.Popen(
        [sys.executable, "-c", CALL, *GOES_ON], cwd=tmp_path, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    started = read(alive)

    caller.send_signal(number)
    caller.wait(PATIENCE)

    assert started == b"started\n"
    assert read(alive) == b""
