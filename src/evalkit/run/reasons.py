"""What a run would do, and why: `evalkit report --dry-run`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit.run.engine import Limits
from evalkit.run.layout import Layout, layout_of
from evalkit.run.manifest import failed_before
from evalkit.run.plan import read_json
from evalkit.run.prepare import prepare_inputs
from evalkit.run.prepared import read_prepared
from evalkit.run.stage import stage_key
from evalkit.run.tasks import Options, find_studies, make_tasks, source_name
from evalkit.run.worker import Task, kept_record

PARTS = {
    "template": "the notebook",
    "parameters": "the parameters",
    "labels": "the names of the unit",
    "study": "the study file",
    "rows": "the unit's rows or the shared results it reads",
    "source": "the installed evalkit or a package it runs on",
    "renderer": "the renderer",
    "theme": "the theme",
    "catalogue": "the translations",
    "formats": "the formats",
    "records": "the records",
}


NOTHING_YET = "nothing was made yet; how many reports there are is known once the records are read"


@dataclass(frozen=True, slots=True)
class Planned:
    """One report of a run that is only planned: would it be made, and why.

    Without a language it stands for all reports of a study whose units are not known yet.
    """

    study: str
    unit: str
    language: str
    is_kept: bool
    reason: str


def plan_reports(
    names: Sequence[str],
    *,
    output: Path | None = None,
    renderer: str = "auto",
    only: Sequence[str] | None = None,
    only_failed: bool = False,
) -> list[Planned]:
    """Say what `run_reports` would make and why; nothing is run or written.

    Where the records, the study or the shared stage changed since the last run, which units show
    the change is known only after the cohort was built; then all of them may.
    """
    studies, _ = find_studies(names, output)
    plans = []
    for name, study in studies:
        layout = layout_of(study, output)
        known = read_json(layout.folder / "prepared.json")
        if known is None:
            plans.append(Planned(study.name, "every unit", "", False, NOTHING_YET))
            continue
        options = Options(1, None, renderer, tuple(only or ()), only_failed, False, False, Limits())
        parts = changed(known.get("inputs", {}), prepare_inputs(study)) or _stage_changed(layout)
        failed = failed_before(layout.site, study.name)
        for task in make_tasks(source_name(name, study), study, layout, options):
            plan = planned(task, failed)
            if parts and plan.is_kept:
                reason = f"changed: {parts}; made again if this unit shows it"
                plan = Planned(plan.study, plan.unit, plan.language, False, reason)
            plans.append(plan)
    return plans


def planned(task: Task, failed: set[tuple[str, str]]) -> Planned:
    """Say what a run would do with a report.

    Parameters
    ----------
    task : Task
    failed : set of (str, str)
        Unit and language of the reports that failed the last time.
    """
    is_kept = kept_record(task) is not None
    reason = "it is good already" if is_kept else _why(task, failed)
    return Planned(task.study.name, task.unit.name, task.language, is_kept, reason)


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """The parts of two sets of inputs that differ, in words."""
    return ", ".join(PARTS.get(name, name) for name in now if before.get(name) != now[name])


def _stage_changed(layout: Layout) -> str:
    known = read_json(layout.folder / "shared.json") or {}
    key = stage_key(read_prepared(layout.folder).key)
    return "" if known.get("key") == key else "the shared stage"


def _why(task: Task, failed: set[tuple[str, str]]) -> str:
    if (task.unit.name, task.language) in failed:
        return "it failed the last time"
    known = read_json(task.layout.record(task.unit.name, task.language))
    if known is None:
        return "it was never made"
    parts = changed(known.get("inputs", {}), task.inputs)
    return f"changed: {parts}" if parts else "a file of it is missing or was changed by hand"
