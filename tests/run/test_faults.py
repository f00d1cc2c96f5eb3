"""What goes wrong in a run: nothing is lost, nothing half-published, and the summary tells.

The notebooks of the study are replaced by short ones that misbehave as the environment asks.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from checkouts import Checkout, make_short_checkout

FAULTS = {
    "municipality-007": "raise ValueError('a value of a person')",
    "municipality-023": "__import__('time').sleep(600)",
    "municipality-112": "blocks = []\nwhile True: blocks.append(bytearray(b'x' * 10_000_000))",
    "municipality-327": "__import__('os')._exit(3)",
}
KINDS = {
    "municipality-007": "ValueError",
    "municipality-023": "TimeLimit",
    "municipality-112": "MemoryLimit",
    "municipality-327": "ProcessEnded",
}
LIMITS = ("--timeout", "5", "--memory", "900M")


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Checkout:
    """A study of five short reports, all of them made."""
    checkout = make_short_checkout(tmp_path_factory.mktemp("faults"))
    result = checkout.report()
    assert result.returncode == 0, result.stdout + result.stderr
    return checkout


@pytest.fixture
def whole(clean) -> tuple[Checkout, dict[str, bytes]]:
    """The study with all its reports made, before and after the test, and their bytes."""
    assert clean.report().returncode == 0
    return clean, clean.pages()


def forget(checkout: Checkout, *units: str) -> None:
    """Make a run take some reports, or all, as never made."""
    work = next((checkout.study / "site.work").glob("*/records")).parent
    for unit in units or (path.name for path in (work / "executed").iterdir()):
        shutil.rmtree(work / "executed" / unit, ignore_errors=True)
        shutil.rmtree(checkout.site / work.name / unit, ignore_errors=True)
        for path in (work / "records").glob(f"{unit}.*"):
            path.unlink()


def start(checkout: Checkout, *options: str, faults: dict[str, str] | None = None):
    return subprocess.Popen(
        checkout.command("report", str(checkout.study / "study.yaml"), "--workers", "2", *options),
        env={**checkout.environment(), "FAULTS": json.dumps(faults or {})},
        cwd=checkout.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=heed_interrupts,
    )  # fmt: skip


def heed_interrupts() -> None:
    """Take SIGINT as a terminal's program does, also where the tests run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def finish(process: subprocess.Popen) -> str:
    said = process.communicate(timeout=120)[0]
    assert "Traceback" not in said, said
    return said


def left_over(checkout: Checkout) -> list[str]:
    """Processes that still work in the study's folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if str(checkout.study) in os.readlink(path / "cwd"):
                found.append((path / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_units_that_fail_are_told_of_and_made_when_asked_for(whole):
    checkout, pages = whole
    forget(checkout)

    process = start(checkout, *LIMITS, faults=FAULTS)
    said = finish(process)
    manifest = checkout.manifest()
    kept = next((checkout.study / "site.work").glob("*/executed/municipality-007/fi/*.ipynb"))
    failed = kept.read_text(encoding="utf-8")
    published = [path.parts[-3] for path in checkout.site.rglob("report.html")]
    planned = checkout.report("--dry-run")
    again = checkout.report("--only-failed")

    assert process.returncode == 4
    assert {name: manifest[f"{name}.fi"]["error"]["class"] for name in FAULTS} == KINDS
    assert "a value of a person" not in said + json.dumps(manifest)
    assert "ValueError" in failed
    assert published == ["national"]
    assert [name for name in FAULTS if f"{name} [fi] failed: {KINDS[name]}" not in said] == []
    assert "5 reports: 1 made, 0 good already, 4 failed" in said
    assert planned.stdout.count("it failed the last time") == 4
    assert "4 to make, 1 good already; nothing was run" in planned.stdout
    assert again.returncode == 0, again.stdout
    assert "4 reports: 4 made" in again.stdout
    assert checkout.pages() == pages


def test_a_damaged_slice_and_half_a_notebook_are_made_again(whole):
    checkout, pages = whole
    (work,) = (checkout.study / "site.work").glob("*/slices")
    damaged = work / "municipality-007" / "people.parquet"
    content = damaged.read_bytes()
    damaged.write_bytes(content[: len(content) // 2])
    (work / "municipality-023" / "answers.parquet").unlink()
    half = work.parent / "executed" / "national" / "fi" / "notebook.ipynb"
    half.write_bytes(half.read_bytes()[:500])
    shutil.rmtree(checkout.site)

    result = checkout.report()

    assert result.returncode == 0, result.stdout
    assert damaged.read_bytes() == content
    assert {name for name, line in checkout.manifest().items() if line["executed"]} == {
        "national.fi"
    }
    assert checkout.pages() == pages


def test_a_run_that_was_stopped_before_its_shared_stage_plans_suppression_again(whole):
    checkout, pages = whole
    (work,) = (checkout.study / "site.work").glob("*/slices")
    plans = sorted(work.glob("*/suppression.parquet"))
    records = checkout.study / "persons.csv"
    before = records.read_bytes()
    records.write_bytes(before.rstrip())  # other bytes: new slices, and no shared stage yet

    stopped = start(checkout)
    said = stopped.stdout.readline()
    while said and "shared stage" not in said:
        said = stopped.stdout.readline()
    stopped.kill()
    stopped.communicate()
    records.write_bytes(before)

    assert checkout.report().returncode == 0
    assert len(plans) == 5
    assert sorted(work.glob("*/suppression.parquet")) == plans
    assert checkout.pages() == pages


def test_a_changed_shared_stage_is_in_the_plan(whole):
    checkout, _ = whole
    template = checkout.root / "notebooks" / "shared_stage.ipynb"
    before = template.read_bytes()

    good = checkout.report("--dry-run")
    template.write_bytes(before + b"\n")
    planned = checkout.report("--dry-run")
    template.write_bytes(before)

    assert "0 to make, 5 good already" in good.stdout
    assert "5 to make, 0 good already" in planned.stdout
    assert planned.stdout.count("changed: the shared stage; made again if this unit shows it") == 5


@pytest.mark.slow
def test_the_first_failure_stops_the_run_if_asked_to(whole):
    checkout, pages = whole
    forget(checkout)

    process = start(checkout, "--fail-fast", "--workers", "1", faults=FAULTS)
    said = finish(process)

    assert process.returncode == 4
    assert "4 reports were not begun: the run stops at the first failure" in said
    assert checkout.report().returncode == 0
    assert checkout.pages() == pages


@pytest.mark.slow
def test_a_notebook_that_is_killed_from_outside_is_tried_once_more(whole, tmp_path):
    checkout, pages = whole
    forget(checkout, "municipality-007", "municipality-023")
    once = (
        f"flag = {str(tmp_path / 'tried')!r}\nif not os.path.exists(flag):\n"
        "    open(flag, 'w').close(); os.kill(os.getpid(), 9)"
    )

    process = start(
        checkout, faults={"municipality-007": once, "municipality-023": "os.kill(os.getpid(), 9)"}
    )
    said = finish(process)

    assert process.returncode == 4
    assert "municipality-023 [fi] failed: WorkerKilled" in said
    assert checkout.manifest()["municipality-007.fi"]["state"] == "done"
    assert checkout.report().returncode == 0
    assert checkout.pages() == pages


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)],
    ids=["SIGTERM", "SIGINT"],
)
def test_a_signal_stops_a_run_with_a_summary_and_leaves_no_process(whole, number):
    checkout, pages = whole
    forget(checkout)

    process = start(checkout, faults={"municipality-023": FAULTS["municipality-023"]})
    until = time.monotonic() + 60
    while not checkout.finished() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(number)
    said = finish(process)

    assert process.returncode == 130
    assert "reports were not begun: the run was interrupted" in said
    time.sleep(0.3)
    assert left_over(checkout) == []
    assert checkout.report().returncode == 0
    assert checkout.pages() == pages


def kill_and_go_on(checkout: Checkout, seed: int) -> None:
    """Kill a run with SIGKILL at a moment that the seed decides."""
    process = start(checkout)
    time.sleep(random.Random(seed).uniform(0.5, 8))
    process.send_signal(signal.SIGKILL)
    process.communicate()


def check_killed(whole, seeds: range) -> None:
    checkout, pages = whole
    forget(checkout)
    for seed in seeds:
        kill_and_go_on(checkout, seed)
        halves = [path for path in checkout.site.rglob("*") if path.name.startswith(".")]
        assert [path.name for path in halves if path.suffix != ".new"] == []
        published = {name: page for name, page in checkout.pages().items() if "/fi/" in name}
        whole_ones = {name: pages[name] for name in published if not name.endswith(".new")}
        assert published | whole_ones == published
    time.sleep(0.5)
    assert left_over(checkout) == []
    assert checkout.report().returncode == 0
    assert checkout.pages() == pages


def test_a_run_that_is_killed_at_any_moment_goes_on_to_the_same_bytes(whole):
    check_killed(whole, range(3))


@pytest.mark.slow
def test_a_run_that_is_killed_at_twenty_moments_goes_on_to_the_same_bytes(whole):
    checkout, pages = whole
    for first in range(100, 120, 4):
        check_killed((checkout, pages), range(first, first + 4))


@pytest.mark.slow
def test_an_ordinary_kernel_and_one_worker_give_the_same_bytes(whole):
    checkout, pages = whole
    forget(checkout)

    result = checkout.report("--cold", "--only", "007", "--workers", "1")
    rest = checkout.report("--workers", "1")

    assert result.returncode == 0, result.stdout
    assert rest.returncode == 0, rest.stdout
    assert checkout.pages() == pages


def test_two_runs_at_once_do_not_meet_and_the_first_says_where_its_time_went(whole, tmp_path):
    checkout, pages = whole
    forget(checkout)

    flag = tmp_path / "go on"
    wait = f"import time\nwhile not os.path.exists({str(flag)!r}): time.sleep(0.05)"
    first = start(checkout, faults={"national": wait})
    until = time.monotonic() + 60
    while not checkout.finished() and time.monotonic() < until:
        time.sleep(0.05)
    second = checkout.report()
    flag.touch()
    finish(first)

    assert second.returncode == 2
    assert "another run is writing this site" in second.stderr
    assert first.returncode == 0
    assert checkout.pages() == pages
    check_timings(json.loads((checkout.site / "timings.json").read_text()))


def check_timings(studies: dict[str, dict]) -> None:
    """Every stage has its seconds and its memory."""
    (timings,) = studies.values()
    stages = {"read", "estimate", "draw", "execute", "render", "audit", "publish", "total"}

    assert timings["reports"] == 5
    assert set(timings["once_seconds"]) == {"import", "prepare", "shared", "reports"}
    assert set(timings["sum_seconds"]) == stages
    assert set(timings["peak_bytes"]) == {"execute", "render"}
    assert all(10**7 < peak < 10**10 for peak in timings["peak_bytes"].values())


@contextmanager
def small_disk(folder: Path):
    """A file system of its own in memory; skip where it may not be made."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True
    )
    if made.returncode:
        pytest.skip("a small file system can be mounted by root on Linux only")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounts need root")
def test_a_full_disk_and_a_read_only_one_are_told_of_and_nothing_is_lost(whole, tmp_path):
    checkout, pages = whole
    with small_disk(tmp_path / "disk") as disk:
        here = Checkout(checkout.root, disk / checkout.study.name)
        shutil.copytree(checkout.study, here.study)
        forget(here, "municipality-023", "municipality-112", "municipality-327", "national")
        told = (here.site / "manifest.jsonl").read_bytes()
        filler = disk / "filler"
        filler.write_bytes(b"x" * (shutil.disk_usage(disk).free - 60_000))

        full = here.report()
        left = {name for name in here.pages() if name.endswith("report.html")}
        still = (here.site / "manifest.jsonl").read_bytes()
        filler.unlink()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        locked = here.report()
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        after = here.report()
        made = here.pages()

    assert full.returncode == 4, full.stdout + full.stderr
    assert "no space is left" in full.stdout + full.stderr
    assert "Traceback" not in full.stdout + full.stderr
    assert [name.split("/")[1] for name in left] == ["municipality-007"]
    assert still == told
    assert locked.returncode == 2
    assert "cannot be written" in locked.stderr
    assert after.returncode == 0, after.stdout
    assert made == pages
