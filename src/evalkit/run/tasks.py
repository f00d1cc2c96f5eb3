"""What a run is asked for: studies that can be run, and a task for each of their reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit.errors import ParameterError, StudyError
from evalkit.release import load_profile
from evalkit.report.rendering import renderer_id
from evalkit.run.engine import Limits
from evalkit.run.layout import Layout, find_study, is_shipped, layout_of
from evalkit.run.manifest import failed_before
from evalkit.run.plan import (
    TEMPLATES,
    UnitPlan,
    digest_inputs,
    execute_inputs,
    render_inputs,
    select_units,
    slice_digest,
    template_path,
)
from evalkit.run.prepared import read_prepared
from evalkit.run.worker import Task
from evalkit.study import Study

PLANNED_COMPARISONS = ("not_yet", "external")


@dataclass(frozen=True, slots=True)
class Options:
    """How a run goes about it; see `run_reports`."""

    workers: int
    scheduler: str | None
    renderer: str
    only: tuple[str, ...]
    only_failed: bool
    fail_fast: bool
    cold: bool
    limits: Limits


def find_studies(names: Sequence[str], output: Path | None) -> tuple[list[tuple[str, Study]], Path]:
    """Read studies and check that they can be run together; return them and their one site.

    Raises
    ------
    StudyError, ParameterError
    """
    studies = [(name, find_study(name)) for name in names]
    sites = {layout_of(study, output).site for _, study in studies}
    if len(sites) != 1:
        raise ParameterError("studies with different sites: give one --output for all of them")
    _check_names([study for _, study in studies])
    for _, study in studies:
        check_runnable(study)
    return studies, sites.pop()


def source_name(name: str, study: Study) -> str:
    """What a notebook calls a study: its name, or where it is."""
    return name if is_shipped(study) else str(Path(name).resolve())


def _check_names(studies: list[Study]) -> None:
    names = [study.name for study in studies]
    if len(set(names)) < len(names):
        raise StudyError("two studies of the same name: give each its own `name`")


def check_runnable(study: Study) -> None:
    """Refuse, before anything runs, what this version cannot do.

    Raises
    ------
    StudyError
        If the disclosure profile is unknown, the comparison is one that is only planned, a level
        has no notebook, or no pages are asked for.
    """
    try:
        load_profile(study.disclosure)
    except ParameterError as error:
        raise StudyError(f"study file of {study.name}, key disclosure: {error}") from None
    if study.arms.comparison in PLANNED_COMPARISONS:
        raise StudyError(
            f"study file of {study.name}: arms.comparison: `{study.arms.comparison}` is planned "
            "and not available yet; use other_packages, none, or an events table with given arms"
        )
    if "html" not in study.report.formats:
        raise StudyError("report.formats: html is missing; the index leads to the pages")
    for level in study.report.levels:
        if level not in TEMPLATES or not template_path(level).is_file():
            raise StudyError(f"report.levels: there is no notebook for level `{level}` yet")


def make_tasks(source: str, study: Study, layout: Layout, options: Options) -> list[Task]:
    """Tasks of the reports that a run is asked for, whether good already or not."""
    units = select_units(list(read_prepared(layout.folder).units), list(options.only))
    renders = renderer_id(options.renderer)
    rows = {unit.name: slice_digest(layout, unit.name) for unit in units}
    tasks = [
        _task(source, study, layout, unit, language, renders, rows[unit.name], options)
        for unit in units
        for language in study.report.languages
    ]
    if options.only_failed:
        failed = failed_before(layout.site, study.name)
        tasks = [task for task in tasks if (task.unit.name, task.language) in failed]
    return tasks


def _task(
    source: str, study: Study, layout: Layout, unit: UnitPlan, language: str,
    renders: str, rows: str, options: Options,
) -> Task:  # fmt: skip
    inputs = execute_inputs(study, layout, unit, language, rows)
    shown = render_inputs(renders, language, study.report.formats)
    executed = digest_inputs(inputs)
    return Task(
        study=study,
        source=source,
        layout=layout,
        unit=unit,
        language=language,
        execute_key=executed,
        render_key=digest_inputs({"executed": executed, **shown}),
        renderer=renders.split()[0],
        inputs={**inputs, **shown},
        limits=options.limits,
        cold=options.cold,
    )
