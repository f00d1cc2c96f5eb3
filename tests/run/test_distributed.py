"""A real cluster on loopback: scheduler and workers started from the shell, and what kills them."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="dask.distributed is an extra: evalkit[dask]")

UNITS = ("municipality-007", "municipality-023", "municipality-112", "municipality-327")
ONLY = [word for unit in UNITS for word in ("--only", unit)]
PATIENCE = 240


class Cluster:
    """A scheduler and workers, processes of their own."""

    def __init__(self, checkout, folder: Path) -> None:
        self.checkout, self.folder = checkout, folder
        self.place = folder / "scheduler.json"
        self.scheduler = self.start("scheduler", "--port", "0", "--scheduler-file", str(self.place))
        self.workers = []

    def start(self, kind: str, *options: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", kind, "--host", "127.0.0.1", "--no-dashboard", *options],
            cwd=self.folder, env=self.checkout.environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    @property
    def address(self) -> str:
        until = time.monotonic() + PATIENCE
        while not self.place.is_file() and time.monotonic() < until:
            time.sleep(0.05)
        return json.loads(self.place.read_text(encoding="utf-8"))["address"]

    def add_workers(self, count: int) -> None:
        for _ in range(count):
            self.workers.append(self.start("worker", self.address, "--nthreads", "1", "--no-nanny"))

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
def cluster(checkout, folder: Path, workers: int) -> Iterator[Cluster]:
    started = Cluster(checkout, folder)
    try:
        started.add_workers(workers)
        yield started
    finally:
        started.end()


def wait_for_first(checkout) -> None:
    until = time.monotonic() + PATIENCE
    while not checkout.finished() and time.monotonic() < until:
        time.sleep(0.02)


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

    with cluster(checkout, tmp_path, workers=3) as started:
        run = started.report()
        wait_for_first(checkout)
        started.workers[0].send_signal(signal.SIGKILL)
        told, _ = run.communicate(timeout=PATIENCE)

    assert run.returncode == 0, told
    assert states(checkout) == {"done"}
    assert pages(checkout) == local_pages


def test_a_killed_scheduler_is_told_and_the_run_goes_on_without_it(checkout, local_pages, tmp_path):
    forget_reports(checkout)

    with cluster(checkout, tmp_path, workers=1) as started:
        run = started.report()
        wait_for_first(checkout)
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
