"""Workers of one machine: records as they come, killed workers, and a run that is stopped."""

import errno
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from evalkit.cli.app import _bytes
from evalkit.cli.progress import print_summary
from evalkit.errors import OutputError, ParameterError
from evalkit.run import fork, runner
from evalkit.run.engine import Limits
from evalkit.run.fork import ProcessError
from evalkit.run.guard import clear_errors, lock
from evalkit.run.layout import Layout
from evalkit.run.manifest import failed_before, read_manifest, write_manifest, write_timings
from evalkit.run.plan import UnitPlan, read_json, write_json
from evalkit.run.pool import run_tasks
from evalkit.run.progress import Pace, Progress
from evalkit.run.reasons import changed, planned
from evalkit.run.runner import Summary
from evalkit.run.tasks import Options
from evalkit.run.worker import DONE, FAILED, REFUSED, Record, Task, _record, failed
from evalkit.study import Study, Words, parse_study


def study() -> Study:
    protocol = {
        "title": {"en": "A study"}, "country": "SE", "data_cut": "2025-12",
        "useful_size": {"incidence": "0.05", "months": "1.0"},
    }  # fmt: skip
    return parse_study(protocol, root=Path("."), name="a")


def task(folder: Path, code: str, **changes: object) -> Task:
    layout = Layout(folder / "site", folder / "site.work", "a")
    unit = UnitPlan("municipality", code, Words(), Words())
    return Task(study(), "a", layout, unit, "sv", "e", "r", "embedded", **changes)


def make(batch: list[Task]) -> Iterator[Record]:
    """Do what the codes of the units say."""
    for asked in batch:
        yield make_one(asked, len(batch))


def make_one(asked: Task, size: int) -> Record:
    if asked.unit.code == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if asked.unit.code == "once" and not (asked.layout.site / "tried").exists():
        (asked.layout.site / "tried").mkdir(parents=True)
        os.kill(os.getpid(), signal.SIGKILL)
    if asked.unit.code == "slow":
        time.sleep(600)
    return _record(asked, DONE, True, memory={"batch": size})


@pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
def test_a_worker_that_is_killed_costs_its_report_one_more_attempt(tmp_path, cold):
    asked = [task(tmp_path, code, cold=cold) for code in ("one", "killed", "once", "two")]

    records = {record.code: record for record in run_tasks(asked, 2, make=make)}

    states = {code: record.state for code, record in records.items()}
    assert states == {"one": DONE, "killed": FAILED, "once": DONE, "two": DONE}
    assert records["killed"].error == {"class": "WorkerKilled"}


def of_quarto(folder: Path, codes: list[str]) -> list[Task]:
    return [replace(task(folder, code), renderer="quarto") for code in codes]


def test_quarto_gets_batches_that_are_smaller_at_the_end(tmp_path):
    asked = of_quarto(tmp_path, [f"{number:03}" for number in range(90)])

    records = list(run_tasks(asked, 2, make=make))

    sizes = {record.code: record.memory["batch"] for record in records}
    assert sorted(sizes) == [each.unit.code for each in asked]
    assert [sizes[f"{number:03}"] for number in (0, 20, 40, 60, 75, 83, 87, 89)] == [
        20, 20, 20, 15, 8, 4, 2, 1,
    ]  # fmt: skip


def test_any_other_renderer_gets_one_report_at_a_time(tmp_path):
    asked = [task(tmp_path, str(number)) for number in range(5)]

    records = list(run_tasks(asked, 2, make=make))

    assert {record.memory["batch"] for record in records} == {1}


def test_a_worker_killed_within_a_batch_costs_the_others_nothing(tmp_path):
    asked = of_quarto(tmp_path, ["one", "killed", "two", "three"])

    records = {record.code: record for record in run_tasks(asked, 1, make=make)}

    states = {code: record.state for code, record in records.items()}
    assert states == {"one": DONE, "killed": FAILED, "two": DONE, "three": DONE}
    assert records["killed"].error == {"class": "WorkerKilled"}
    batches = {code: record.memory.get("batch") for code, record in records.items()}
    assert batches == {"one": 4, "killed": None, "two": 1, "three": 1}


def test_a_run_that_is_stopped_does_not_wait_for_what_goes_on(tmp_path):
    asked = [task(tmp_path, code) for code in ("one", "slow", "slow")]
    started = time.monotonic()

    with closing(run_tasks(asked, 2, make=make)) as records:
        first = next(records)

    assert first.code == "one"
    assert time.monotonic() - started < 60


def refuse(*_: object) -> None:
    raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")


@pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
def test_a_worker_that_cannot_be_started_is_told_of_clearly(tmp_path, monkeypatch, cold):
    monkeypatch.setattr(fork.forkserver.ForkServer, "connect_to_new_process", refuse)
    monkeypatch.setattr(get_context("spawn").Process, "start", refuse)

    with pytest.raises(ProcessError, match="Resource temporarily unavailable.*fewer --workers"):
        list(run_tasks([task(tmp_path, "one", cold=cold)], 1, make=make))


def test_a_thread_that_cannot_be_started_is_told_of_in_the_same_words(tmp_path, monkeypatch):
    def refuse_thread(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse_thread)

    with pytest.raises(ProcessError, match="no further process can be started"):
        list(run_tasks([task(tmp_path, "one")], 1, make=make))


def test_a_run_that_gets_no_further_process_keeps_what_it_made_and_says_so(
    tmp_path, monkeypatch, capsys
):
    def records(tasks, _):
        yield _record(tasks[0], DONE, True)
        raise ProcessError("no memory")

    monkeypatch.setattr(runner, "_records", records)
    outcome = runner._Outcome()
    options = Options(1, None, "embedded", (), False, False, False, Limits())
    runner._make([task(tmp_path, "1"), task(tmp_path, "2")], options, Progress(), outcome)
    summary = Summary(tmp_path, tuple(outcome.records), 1, outcome.stopped)
    print_summary(summary)

    assert [record.code for record in outcome.records] == ["1"]
    assert summary.exit_code == 4
    assert "1 reports were not begun: no further process can be started" in capsys.readouterr().out


def test_what_is_only_measured_needs_no_process(monkeypatch):
    monkeypatch.setattr(fork.forkserver.ForkServer, "connect_to_new_process", refuse)

    assert fork.import_seconds() == 0


def test_no_tasks_need_no_worker():
    assert list(run_tasks([], 2)) == []


def test_what_changed_is_named():
    before = {"rows": "a", "study": "b", "source": "c"}

    assert changed(before, before) == ""
    assert changed(before, {**before, "study": "x", "rows": "y"}) == (
        "the unit's rows or the shared results it reads, the study file"
    )


def test_a_plan_says_why_a_report_is_made(tmp_path):
    asked = task(tmp_path, "1", inputs={"rows": "new"})
    known = asked.layout.record("municipality-1", "sv")

    assert planned(asked, set()).reason == "it was never made"
    assert planned(asked, {("municipality-1", "sv")}).reason == "it failed the last time"
    record = {"execute_key": "e", "render_key": "old", "files": {}, "inputs": {"rows": "old"}}
    write_json(known, record)
    assert planned(asked, set()).reason.startswith("changed: the unit's rows")
    write_json(known, {**record, "render_key": "r", "files": {"report.html": "0"}} | {
        "inputs": {"rows": "new"}})  # fmt: skip
    assert planned(asked, set()).reason == "a file of it is missing or was changed by hand"


def test_failed_reports_stay_in_the_manifest_until_they_are_made(tmp_path):
    site = tmp_path / "site"
    one, two = task(tmp_path, "1"), task(tmp_path, "2")
    site.mkdir()
    write_manifest(site, "a", [failed(one, {"class": "ValueError"})])
    write_manifest(site, "a", [failed(two, {"class": "ValueError"})])

    assert failed_before(site, "a") == {("municipality-1", "sv"), ("municipality-2", "sv")}
    write_manifest(site, "a", [_record(one, DONE, True)])
    assert failed_before(site, "a") == {("municipality-2", "sv")}
    assert len(read_manifest(site)) == 2


def test_refused_reports_stay_in_the_manifest_although_they_have_no_page(tmp_path):
    site = tmp_path / "site"
    one, two = task(tmp_path, "1"), task(tmp_path, "2")
    write_manifest(site, "a", [_record(one, REFUSED, True)])

    write_manifest(site, "a", [_record(two, DONE, True)])

    assert failed_before(site, "a") == {("municipality-1", "sv")}


def test_timings_add_up_seconds_and_take_the_most_memory(tmp_path):
    record = _record(task(tmp_path, "1"), DONE, True, seconds={"read": 1.0}, memory={"render": 5})
    other = _record(task(tmp_path, "2"), DONE, True, seconds={"read": 0.5}, memory={"render": 9})

    write_timings(tmp_path, "a", {"import": 2.0}, [record, other])

    found = read_json(tmp_path / "timings.json")["a"]
    assert found["sum_seconds"] == {"read": 1.5}
    assert found["peak_bytes"] == {"render": 9}
    assert found["once_seconds"] == {"import": 2.0}


def test_the_pace_counts_what_was_made_now(tmp_path):
    pace = Pace(total=10, kept=4)
    pace.started -= 60

    pace.count(_record(task(tmp_path, "1"), DONE, True))
    pace.count(failed(task(tmp_path, "2"), {}))

    assert (pace.ready, pace.failed) == (6, 1)
    assert pace.per_minute == pytest.approx(2, rel=0.01)
    assert pace.seconds_left == pytest.approx(120, rel=0.01)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(None, None), ("500", 500), ("500M", 500 * 2**20), ("4 GiB", 4 * 2**30), ("2g", 2 * 2**30)],
)
def test_a_size_is_read_with_its_unit(size, expected):
    assert _bytes(size) == expected


def test_a_size_that_is_none_is_refused():
    with pytest.raises(ParameterError, match="--memory much"):
        _bytes("much")


def test_a_full_disk_is_one_clear_message_and_any_other_fault_stays():
    with pytest.raises(OutputError, match="no space is left"), clear_errors():
        raise OSError(28, "No space left on device")
    with pytest.raises(FileNotFoundError), clear_errors():
        raise FileNotFoundError(2, "missing")


def test_a_file_in_the_place_of_the_work_folder_is_refused(tmp_path):
    (tmp_path / "site.work").write_text("a file")

    with pytest.raises(ParameterError, match="cannot be written"), lock(tmp_path / "site"):
        pass
