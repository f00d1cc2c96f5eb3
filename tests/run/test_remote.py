"""Reports from a parcel: a machine that sees nothing of the run makes the same bytes."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.run.engine import Limits
from evalkit.run.layout import layout_of
from evalkit.run.parcels import unpack
from evalkit.run.remote import make_remote_report, pack_inputs
from evalkit.run.tasks import Options, find_studies, make_tasks
from evalkit.run.worker import Task

UNIT = "municipality-023"


@pytest.fixture(scope="module")
def task(checkout) -> Task:
    """The task of one report of a study whose reports were made on this machine."""
    result = checkout.report("--renderer", "embedded", "--only", UNIT)
    assert result.returncode == 0, result.stderr
    options = Options(1, None, "embedded", (UNIT,), False, False, False, Limits())
    file = str(checkout.study / "study.yaml")
    [(_, study)], _ = find_studies([file], None)
    return make_tasks(file, study, layout_of(study), options)[0]


@pytest.fixture(scope="module")
def parcel(task) -> bytes:
    shutil.rmtree(task.layout.executed(task.unit.name, task.language))
    return pack_inputs(task)


def elsewhere(task: Task) -> Task:
    """The task as a machine meets it that has none of its folders."""
    gone = Path("/nowhere")
    return replace(task, layout=replace(task.layout, site=gone / "site", work=gone / "site.work"))


def test_a_machine_without_the_folder_asks_for_the_data(task):
    assert make_remote_report(elsewhere(task), None) is None


def test_a_report_from_a_parcel_has_the_bytes_of_a_local_one(task, parcel, tmp_path):
    record, pages = make_remote_report(elsewhere(task), parcel)
    unpack(pages, tmp_path)

    local = task.layout.page(task.unit.name, task.language) / "report.html"
    assert (record.state, record.executed) == ("done", True)
    assert (tmp_path / "pages" / "report.html").read_bytes() == local.read_bytes()
    assert (tmp_path / "executed" / "notebook.ipynb").is_file()


def test_a_parcel_holds_the_rows_of_its_unit_alone(task, parcel, tmp_path):
    unpack(parcel, tmp_path)

    files = {path.relative_to(tmp_path).parts[2] for path in tmp_path.glob("site.work/*/*")}
    assert files == {"prepared.json", "slices", "cohort"}
    assert [path.name for path in tmp_path.glob("site.work/*/slices/*")] == [UNIT]
    assert [path.name for path in tmp_path.glob("site.work/*/cohort/*")] == ["steps.parquet"]


def test_a_machine_with_other_sources_makes_nothing_and_says_why(task, parcel):
    other = replace(elsewhere(task), execute_key="0" * 64)

    record, pages = make_remote_report(other, parcel)

    assert (record.state, record.error["class"], pages) == ("failed", "WorkerDiffers", b"")
    assert "install the same lock" in record.error["message"]
