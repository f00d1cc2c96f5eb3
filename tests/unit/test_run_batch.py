"""A batch in one worker: what is done for each report, what for all, and whose an error is."""

import os
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from evalkit.errors import DisclosureError, RenderError
from evalkit.report.rendering import Draft
from evalkit.run import worker
from evalkit.run.execute import Usage
from evalkit.run.layout import Layout
from evalkit.run.plan import UnitPlan, read_json
from evalkit.run.worker import DONE, FAILED, REFUSED, Task, kept_record, make_report, make_reports
from evalkit.study import Words, parse_study

PROTOCOL = {
    "title": {"en": "A study"}, "country": "SE", "data_cut": "2025-12",
    "useful_size": {"incidence": "0.05", "months": "1.0"},
}  # fmt: skip


def batch(folder: Path, *codes: str) -> list[Task]:
    study = parse_study(PROTOCOL, root=folder, name="a")
    layout = Layout(folder / "site", folder / "site.work", "a")
    units = [UnitPlan("municipality", code, Words(), Words()) for code in codes]
    return [Task(study, "a", layout, unit, "sv", "e", "r", "quarto") for unit in units]


@pytest.fixture
def steps(monkeypatch):
    """What was done, in order; a unit's code says at which step it fails."""
    done = []

    def execute(task):
        done.append(("execute", task.unit.code))
        if task.unit.code == "no-notebook":
            raise ValueError("a cell")
        return True, Usage({"read": 0.1}, 5)

    def draft(task):
        pages = task.layout.quarantine(task.unit.name, task.language)
        pages.mkdir(parents=True)
        return Draft(pages / task.unit.code, None, task.language, pages)

    def render(drafts, renderer):
        codes = [made.notebook.name for made in drafts]
        done.append(("render", *codes, renderer))
        for made in drafts:
            (made.pages / "report.html").write_text(made.notebook.name)
        bad = {"no-page": RenderError("no page"), "closed": DisclosureError("a name")}
        return [bad.get(code, {"publishable": True}) for code in codes]

    def audit(task, pages, disclosure):
        done.append(("audit", task.unit.code))
        if task.unit.code == "names":
            raise DisclosureError("an id")

    for name, step in [("_execute", execute), ("_draft", draft), ("render_reports", render),
                       ("_audit", audit)]:  # fmt: skip
        monkeypatch.setattr(worker, name, step)
    return done


def test_each_notebook_is_executed_and_all_are_rendered_at_once(steps, tmp_path):
    tasks = batch(tmp_path, "1", "2", "3")

    records = list(make_reports(tasks))

    assert [step[0] for step in steps] == ["execute"] * 3 + ["render"] + ["audit"] * 3
    assert steps[3] == ("render", "1", "2", "3", "quarto")
    assert [record.state for record in records] == [DONE] * 3
    for task, record in zip(tasks, records, strict=True):
        page = task.layout.page(task.unit.name, "sv") / "report.html"
        assert page.read_text() == task.unit.code
        assert record.files.keys() == {"report.html"}
        assert {"execute", "read", "render", "audit", "publish", "total"} == set(record.seconds)
        assert read_json(task.layout.record(task.unit.name, "sv"))["files"] == record.files


def test_an_error_is_its_own_reports_wherever_it_happens(steps, tmp_path):
    codes = ("1", "no-notebook", "no-page", "closed", "names", "2")

    records = {record.code: record for record in make_reports(batch(tmp_path, *codes))}

    assert {code: record.state for code, record in records.items()} == {
        "1": DONE, "2": DONE, "no-notebook": FAILED, "no-page": FAILED, "closed": REFUSED,
        "names": REFUSED,
    }  # fmt: skip
    assert records["no-notebook"].error == {"class": "ValueError"}
    assert not records["no-notebook"].executed
    assert records["no-page"].error == {"class": "RenderError", "message": "no page"}
    assert {path.parents[1].name for path in tmp_path.glob("site/a/*/*/report.html")} == {
        "municipality-1",
        "municipality-2",
    }


def test_a_notebook_that_fails_is_told_before_anything_is_rendered(steps, tmp_path):
    """So that a run with --fail-fast stops there."""
    records = make_reports(batch(tmp_path, "1", "no-notebook", "2"))

    assert next(records).code == "no-notebook"
    assert [step[0] for step in steps] == ["execute", "execute"]


def test_a_batch_without_a_good_notebook_renders_nothing(steps, tmp_path):
    records = list(make_reports(batch(tmp_path, "no-notebook")))

    assert [record.state for record in records] == [FAILED]
    assert [step[0] for step in steps] == ["execute"]


def test_one_report_is_a_batch_of_one(steps, tmp_path):
    record = make_report(*batch(tmp_path, "1"))

    assert record.state == DONE
    assert steps == [("execute", "1"), ("render", "1", "quarto"), ("audit", "1")]


@pytest.mark.parametrize("files", [("report.html", "report.pdf"), ("report.docx", "report.html")])
def test_a_run_killed_while_it_moves_files_leaves_a_report_that_is_made_again(
    steps, tmp_path, monkeypatch, files
):
    """Also where all is as before again: no file of the killed run may stay."""
    (old,) = batch(tmp_path, "1")
    assert make_report(old).state == DONE
    new = replace(old, execute_key="e2", render_key="r2")
    pages = tmp_path / "pages"
    pages.mkdir()
    for name in files:
        (pages / name).write_text("of the new run")
    moved = []

    def move_one(source, target):
        if moved:
            raise KeyboardInterrupt
        moved.append(target)
        source.replace(target)

    assert kept_record(old) is not None
    monkeypatch.setattr(worker, "move_file", move_one)
    with pytest.raises(KeyboardInterrupt):
        worker._move(new, pages)
    monkeypatch.undo()

    assert moved[0].read_text() == "of the new run"
    assert kept_record(new) is None
    assert kept_record(old) is None


def test_ids_are_those_of_the_cohort_as_it_is_now(tmp_path):
    table = tmp_path / "steps.parquet"
    pd.DataFrame({"person_id": ["p1a2b3"]}).to_parquet(table)
    before = worker._person_ids(tmp_path)
    pd.DataFrame({"person_id": ["q4c5d6"]}).to_parquet(table)
    os.utime(table, ns=(0, table.stat().st_mtime_ns + 10**9))

    assert before == {"p1a2b3"}
    assert worker._person_ids(tmp_path) == {"q4c5d6"}
