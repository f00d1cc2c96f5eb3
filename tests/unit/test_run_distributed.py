"""What comes back from a cluster: reports, errors of theirs, or nothing since it is gone."""

import errno
import sys
from concurrent.futures import CancelledError
from pathlib import Path
from types import SimpleNamespace

import pytest

from evalkit.errors import DisclosureError, OutputError, ParameterError
from evalkit.run import distributed, runner
from evalkit.run.distributed import (
    SCHEDULER_LOST,
    SchedulerError,
    _Hand,
    _outcome,
    _take_in,
    _wait_for_workers,
)
from evalkit.run.layout import Layout
from evalkit.run.parcels import pack
from evalkit.run.plan import UnitPlan, read_json
from evalkit.run.runner import NO_OUTPUT, run_reports
from evalkit.run.worker import DONE, FAILED, REFUSED, Task, _record
from evalkit.study import Words, parse_study

PROTOCOL = {
    "title": {"en": "A study"}, "country": "SE", "data_cut": "2025-12",
    "useful_size": {"incidence": "0.05", "months": "1.0"},
}  # fmt: skip
FULL = OSError(errno.ENOSPC, "No space left on device")


def task(folder: Path, code: str = "1") -> Task:
    study = parse_study(PROTOCOL, root=folder, name="a")
    layout = Layout(folder / "site", folder / "site.work", "a")
    layout.folder.mkdir(parents=True, exist_ok=True)
    unit = UnitPlan("municipality", code, Words(), Words())
    return Task(study, "a", layout, unit, "sv", "e", "r", "embedded")


@pytest.fixture
def parcel(tmp_path) -> bytes:
    (tmp_path / "from" / "pages").mkdir(parents=True)
    (tmp_path / "from" / "pages" / "report.html").write_text("a page")
    return pack({"pages": tmp_path / "from" / "pages"})


def failing(error: Exception):
    def step(*_: object, **__: object) -> None:
        raise error

    return step


@pytest.mark.parametrize("step", ["unpack", "publish", "TemporaryDirectory"])
def test_a_full_disk_where_a_report_is_taken_in_stops_the_run_with_its_message(
    tmp_path, monkeypatch, parcel, step
):
    monkeypatch.setattr(distributed, step, failing(FULL))
    asked = task(tmp_path)

    record = _take_in(asked, _record(asked, DONE, True), parcel)

    assert (record.state, record.error["class"]) == (FAILED, OutputError.__name__)
    assert "no space is left" in record.error["message"]
    assert runner._stops(record, None) == NO_OUTPUT
    assert read_json(asked.layout.record("municipality-1", "sv")) is None
    assert list(asked.layout.folder.glob(".parcel-*")) == []


@pytest.mark.parametrize(
    ("error", "state", "told"),
    [(DisclosureError("an id"), REFUSED, {"class": "DisclosureError", "message": "an id"}),
     (ValueError("a value"), FAILED, {"class": "ValueError"})],
)  # fmt: skip
def test_any_other_error_is_that_of_its_report(tmp_path, monkeypatch, parcel, error, state, told):
    monkeypatch.setattr(distributed, "publish", failing(error))
    asked = task(tmp_path)

    record = _take_in(asked, _record(asked, DONE, True, files={"report.html": "0"}), parcel)

    assert (record.state, record.error, record.files) == (state, told, {})


class Future:
    """A report on a cluster: its status, and what asking for it gives."""

    def __init__(self, status: str, error: Exception | None = None, result: object = None):
        self.status, self.error, self.returned = status, error, result

    def result(self) -> object:
        if self.error is not None:
            raise self.error
        return self.returned


class Client:
    """A cluster that gives futures of its own until it is gone."""

    def __init__(self, *futures: Future) -> None:
        self.futures, self.status, self.loop = list(futures), "running", None

    def nthreads(self) -> dict[str, int]:
        return {"one": 1}

    def submit(self, *_: object, **__: object) -> Future:
        if not self.futures:
            self.status = "closed"
            raise RuntimeError("the client is closed")
        return self.futures.pop(0)

    def cancel(self, _: object) -> None:
        if self.status != "running":
            raise RuntimeError("the client is closed")


class AsCompleted(list):
    """Futures in the order in which they were handed out."""

    def __init__(self, **_: object) -> None:
        super().__init__()

    add = list.append

    def __next__(self) -> Future:
        return self.pop(0)


@pytest.fixture
def cluster(monkeypatch):
    library = pytest.importorskip("distributed", reason="an extra: evalkit[dask]")
    monkeypatch.setattr(library, "as_completed", AsCompleted)
    return Client


def done(asked: Task) -> Future:
    return Future("finished", result=(_record(asked, DONE, True), b""))


GONE = {
    "before it was ready": Future("cancelled", CancelledError()),
    "before it was fetched": Future("finished", OSError("closed")),
}


@pytest.mark.parametrize("second", GONE.values(), ids=GONE)
def test_a_scheduler_lost_with_reports_in_hand_fails_those_that_are_left(tmp_path, cluster, second):
    tasks = [task(tmp_path, code) for code in "123456"]
    hand = _Hand(cluster(done(tasks[0]), second, *map(done, tasks[2:])), tasks)

    records = list(hand.records())

    assert [record.state for record in records] == [DONE] + [FAILED] * 5
    assert {record.code for record in records} == set("123456")
    assert all(record.error == SCHEDULER_LOST for record in records[1:])


def test_a_scheduler_lost_before_a_report_is_handed_out_fails_those_that_are_left(
    tmp_path, cluster
):
    tasks = [task(tmp_path, code) for code in "123"]
    hand = _Hand(cluster(done(tasks[0])), tasks)

    records = list(hand.records())
    hand.let_go()

    assert {record.code for record in records} == set("123")
    assert all(record.error == SCHEDULER_LOST for record in records)


def test_reports_on_their_way_are_let_go_also_where_nobody_can_be_asked(tmp_path, cluster):
    tasks = [task(tmp_path, code) for code in "12345"]
    client = cluster(*map(done, tasks))
    hand = _Hand(client, tasks)
    records = hand.records()
    next(records)
    client.status = "closed"

    hand.let_go()
    records.close()

    assert hand.held


@pytest.mark.parametrize(
    ("error", "told"),
    [(TimeoutError(), "it has no workers; start some"),
     (ConnectionResetError(), "the connection to the scheduler was lost; run again")],
)  # fmt: skip
def test_a_wait_for_workers_ends_with_what_to_do(error, told):
    client = SimpleNamespace(wait_for_workers=failing(error))

    with pytest.raises(SchedulerError, match=told):
        _wait_for_workers(client, "tcp://10.0.0.5:8786")


def test_an_error_of_the_report_itself_is_its_own(tmp_path, cluster):
    asked = task(tmp_path)

    full, parcel = _outcome(asked, Future("error", FULL))
    other, _ = _outcome(asked, Future("error", ConnectionResetError()))

    assert parcel == b""
    assert full.error["class"] == OutputError.__name__
    assert other.error == {"class": "ConnectionResetError"}


def test_a_cluster_without_dask_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setattr(runner, "prepare", failing(AssertionError("records were read")))

    with pytest.raises(ParameterError, match=r"not installed; pip install 'evalkit\[dask\]'"):
        run_reports(["synthetic-fi"], output=tmp_path / "site", scheduler="tcp://127.0.0.1:9")

    assert list(tmp_path.iterdir()) == []
