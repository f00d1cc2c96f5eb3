"""A real cluster on loopback: scheduler and workers started from the shell, and what kills them."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from checkouts import Checkout, make_short_checkout

pytest.importorskip("distributed", reason="dask.distributed is an extra: evalkit[dask]")

UNITS = ("municipality-007", "municipality-023", "municipality-112", "municipality-327")
ONLY = [word for unit in UNITS for word in ("--only", unit)]
PATIENCE = 240
# The first who comes writes which worker it is on, and stays for ever; whoever comes later goes on.
FIRST_STAYS = """import time
try:
    with open({flag!r}, "x") as taken:
        taken.write(os.environ["WORKER"])
except FileExistsError:
    pass
else:
    time.sleep(600)
"""
# The first who comes goes on; whoever comes later stays for ever.
OTHERS_STAY = """import time
try:
    open({flag!r}, "x").close()
except FileExistsError:
    time.sleep(600)
"""


class Cluster:
    """A scheduler and workers, processes of their own."""

    def __init__(self, checkout: Checkout, folder: Path) -> None:
        self.checkout, self.folder = checkout, folder
        self.place = folder / "scheduler.json"
        self.scheduler = self.start("scheduler", "--port", "0", "--scheduler-file", str(self.place))
        self.workers = []

    def start(self, kind: str, *options: str, **variables: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", kind, "--host", "127.0.0.1", "--no-dashboard", *options],
            cwd=self.folder, env={**self.checkout.environment(), **variables},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    @property
    def address(self) -> str:
        until = time.monotonic() + PATIENCE
        while not self.place.is_file() and time.monotonic() < until:
            time.sleep(0.05)
        return json.loads(self.place.read_text(encoding="utf-8"))["address"]

    def add_workers(self, count: int, faults: dict[str, str]) -> None:
        """Start workers that know their number and how their reports misbehave."""
        for number in range(count):
            options = (self.address, "--nthreads", "1", "--no-nanny")
            variables = {"WORKER": str(number), "FAULTS": json.dumps(faults)}
            self.workers.append(self.start("worker", *options, **variables))

    def report(self, *options: str) -> subprocess.Popen:
        return subprocess.Popen(
            self.checkout.command(
                "report", str(self.checkout.study / "study.yaml"), "--renderer", "embedded",
                "--scheduler", self.address, *ONLY, *options,
            ),
            cwd=self.checkout.root, env=self.checkout.environment(),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@contextmanager
def cluster(checkout, folder: Path, workers: int, faults: dict[str, str]) -> Iterator[Cluster]:
    started = Cluster(checkout, folder)
    try:
        started.add_workers(workers, faults)
        yield started
    finally:
        started.end()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    """A study whose reports are short and can be told to stay."""
    return make_short_checkout(tmp_path_factory.mktemp("cluster"))


def wait_for(happened: Callable[[], object]) -> object:
    until = time.monotonic() + PATIENCE
    while not happened() and time.monotonic() < until:
        time.sleep(0.02)
    return happened()


def pages(checkout) -> dict[str, bytes]:
    """Every file of every report, in all formats."""
    return {name: page for name, page in checkout.pages().items() if name.count("/") > 1}


def states(checkout) -> set[str]:
    return {line["state"] for line in checkout.manifest().values()}


def forget_reports(checkout) -> None:
    """Leave a study prepared, with its shared stage, and without any report."""
    shutil.rmtree(checkout.site, ignore_errors=True)
    for folder in (checkout.study / "site.work").glob("*"):
        for name in ("records", "executed", "quarantine"):
            shutil.rmtree(folder / name, ignore_errors=True)


@pytest.fixture(scope="module")
def local_pages(checkout) -> dict[str, bytes]:
    result = checkout.report("--renderer", "embedded", *ONLY)
    assert result.returncode == 0, result.stderr
    return pages(checkout)


def test_a_run_on_a_cluster_that_loses_a_worker_is_complete_and_byte_identical(
    checkout, local_pages, tmp_path
):
    forget_reports(checkout)
    flag = tmp_path / "at work"
    faults = {UNITS[1]: FIRST_STAYS.format(flag=str(flag))}

    with cluster(checkout, tmp_path, 3, faults) as started:
        run = started.report()
        at_work = wait_for(lambda: flag.exists() and flag.read_text())
        started.workers[int(at_work)].send_signal(signal.SIGKILL)
        told, _ = run.communicate(timeout=PATIENCE)

    assert run.returncode == 0, told
    assert states(checkout) == {"done"}
    assert pages(checkout) == local_pages


def test_a_killed_scheduler_is_told_and_the_run_goes_on_without_it(checkout, local_pages, tmp_path):
    forget_reports(checkout)
    flag = str(tmp_path / "first")
    faults = dict.fromkeys(UNITS, OTHERS_STAY.format(flag=flag))

    with cluster(checkout, tmp_path, 1, faults) as started:
        run = started.report()
        wait_for(checkout.finished)
        started.scheduler.send_signal(signal.SIGKILL)
        told, _ = run.communicate(timeout=PATIENCE)
    interrupted = states(checkout)
    resumed = checkout.report("--renderer", "embedded", *ONLY)

    assert run.returncode == 4
    assert "connection to the scheduler was lost; run again" in told
    assert interrupted == {"done", "failed"}
    assert resumed.returncode == 0, resumed.stderr
    assert states(checkout) == {"done", "kept"}
    assert pages(checkout) == local_pages


def test_nothing_at_the_address_is_said_with_what_to_do(checkout, local_pages):
    forget_reports(checkout)

    result = checkout.report("--scheduler", "tcp://127.0.0.1:9", *ONLY)

    assert result.returncode == 4
    assert "no dask scheduler answers there; start one" in result.stderr
