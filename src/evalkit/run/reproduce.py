"""Published analyses, computed again: one notebook a case, one page a language, one summary."""

import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from evalkit.errors import ParameterError
from evalkit.published import case_labels, find_case, read_case, shipped_cases
from evalkit.release import Released, read_released, require_released
from evalkit.report.rendering import render_report, renderer_id
from evalkit.report.replay import RELEASED_FOLDER, replay_parts
from evalkit.run.audit import audit
from evalkit.run.execute import NOTEBOOK, NotebookError, run_notebook
from evalkit.run.guard import clear_errors, lock, processors
from evalkit.run.layout import SITE_VARIABLE
from evalkit.run.plan import move_file, write_json
from evalkit.run.publish import publish_site
from evalkit.run.reproduced_pages import (
    LANGUAGES,
    SUMMARY,
    published_verdicts,
    published_work,
    summary_labels,
)
from evalkit.share import is_checkout, shared_folder
from evalkit.study import Labels

WRITTEN = "en"  # language that a notebook is run in; the others are made from its parts
TEMPLATE = "published/summary.ipynb"
KIND = "Verdicts"


@dataclass(frozen=True, slots=True)
class CaseTask:
    """One case to run: its file, where to work, and where its pages go."""

    path: Path
    work: Path
    site: Path
    renderer: str
    languages: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the case."""
        return self.path.stem


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """What came of one case.

    Attributes
    ----------
    counts : dict of str to int
        Numbers by verdict (`n_reproduced`, ...); empty where the notebook failed.
    drifted : tuple of str
        The numbers that are neither as printed nor as known: id, printed and computed number.
    error : str
        Why there is no page; empty where there is one.
    """

    name: str
    counts: dict[str, int] = field(default_factory=dict)
    drifted: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Reproduced:
    """What all cases came to."""

    site: Path
    records: tuple[CaseRecord, ...]

    def count(self, name: str) -> int:
        """Sum of a count over all cases."""
        return sum(record.counts.get(name, 0) for record in self.records)

    @property
    def exit_code(self) -> int:
        """0 if every case ran and no number drifted, else 4."""
        return 4 if any(record.error or record.drifted for record in self.records) else 0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Reproduction:
    """The verdicts of all cases, as the summary's notebook opens them."""

    labels: Labels
    verdicts: tuple[Released, ...]
    titles: dict[str, dict[str, str]]


def reproduce(
    names: Sequence[str] = (),
    *,
    output: Path | None = None,
    languages: Sequence[str] = LANGUAGES,
    workers: int | None = None,
    renderer: str = "auto",
    told: Callable[[CaseRecord], None] = lambda record: None,
) -> Reproduced:
    """Run published analyses through evalkit's own functions and make their pages.

    Parameters
    ----------
    names : sequence of str
        Shipped cases, or paths of the YAML files of one's own; by default all shipped ones.
    output : Path
        Folder of the site; by default that of the shipped studies.
    languages : sequence of str
    workers : int
        Processes; by default the processors of this machine.
    renderer : str
        `auto`, `quarto` or `embedded`.
    told : callable
        Called with the record of every finished case.

    Returns
    -------
    Reproduced

    Raises
    ------
    ParameterError
        If there is no such case, or no notebook beside its file, or another run has the site.
    StudyError
        If the file of a case breaks its schema.
    """
    site = (output or _default_site()).resolve()
    work = published_work(site)
    made_by = renderer_id(renderer).split()[0]
    tasks = [
        CaseTask(path, work / "executed" / path.stem, site, made_by, tuple(languages))
        for path in map(_checked, names or shipped_cases())
    ]
    with lock(site), clear_errors():
        records = _run_cases(tasks, workers or processors(), told)
        if not names:
            _keep_only(site, work, [task.name for task in tasks])
        if any((work / "verdicts").glob("*.json")):
            _make_summary(site, work, made_by, tuple(languages))
        else:
            shutil.rmtree(site / "published" / SUMMARY, ignore_errors=True)
        publish_site(site)
    return Reproduced(site, tuple(records))


def _run_cases(
    tasks: list[CaseTask], workers: int, told: Callable[[CaseRecord], None]
) -> list[CaseRecord]:
    records = []
    # Notebooks run in processes of their own; pages are drawn here, one after the other.
    with ThreadPoolExecutor(min(workers, len(tasks))) as pool:
        for task, error in zip(tasks, pool.map(execute_case, tasks), strict=True):
            record = CaseRecord(task.name, error=error) if error else publish_case(task)
            if record.error:  # a page of an earlier run would tell what no longer holds
                shutil.rmtree(task.site / "published" / task.name, ignore_errors=True)
            told(record)
            records.append(record)
    return records


def execute_case(task: CaseTask) -> str:
    """Run the notebook of one case; why it failed, or nothing."""
    try:
        parameters = {"case": _source(task.path), "language": WRITTEN}
        run_notebook(task.path.with_suffix(".ipynb"), task.work, parameters, site=task.site)
    except Exception as error:  # a notebook of one's own may be broken in any way
        _kept(task).unlink(missing_ok=True)
        return _told(error)
    return ""


def publish_case(task: CaseTask) -> CaseRecord:
    """Make the pages of an executed case; an error becomes part of the record."""
    try:
        case = read_case(task.path)
        verdicts = _verdicts(task.work / RELEASED_FOLDER, task.name)
        _publish(task.work / NOTEBOOK, case_labels(case, task.name), task)
        write_json(_kept(task), {"title": case.title.model_dump(exclude_none=True),
                                 "released": verdicts.name})  # fmt: skip
        return _record(task.name, read_released(verdicts))
    except Exception as error:  # a notebook of one's own may be broken in any way
        _kept(task).unlink(missing_ok=True)
        return CaseRecord(task.name, error=_told(error))


def _kept(task: CaseTask) -> Path:
    """Where the verdicts of a case are kept for the summary."""
    return task.work.parent.parent / "verdicts" / f"{task.name}.json"


def open_verdicts() -> Reproduction:
    """Open the verdicts of the last run, for the notebook that sums them up.

    Raises
    ------
    ParameterError
        If nothing has been reproduced yet.
    """
    site = Path(os.environ.get(SITE_VARIABLE) or _default_site()).resolve()
    work, kept = published_work(site), published_verdicts(site)
    if not kept:
        raise ParameterError("no published analysis has been computed yet: run `evalkit reproduce`")
    released = tuple(
        read_released(work / "executed" / name / RELEASED_FOLDER / entry["released"])
        for name, entry in kept.items()
    )
    return Reproduction(
        summary_labels(), released, {name: entry["title"] for name, entry in kept.items()}
    )


def _default_site() -> Path:
    return shared_folder("reports") / "_site" if is_checkout() else Path("evalkit-site")


def _checked(name: str) -> Path:
    path = find_case(name)
    read_case(path)
    if not path.with_suffix(".ipynb").is_file():
        raise ParameterError(f"{path.name}: no notebook {path.stem}.ipynb beside it")
    return path.resolve()


def _source(path: Path) -> str:
    """What the notebook is told: the name of a shipped case, else its path."""
    shipped = shared_folder("notebooks/published").resolve()
    return path.stem if path.parent == shipped else str(path)


def _verdicts(folder: Path, name: str) -> Path:
    found = [path for path in sorted(folder.glob("*.json")) if read_released(path).kind == KIND]
    if len(found) != 1:
        raise ParameterError(f"{name}: its notebook shows {len(found)} sets of verdicts, not one")
    require_released(read_released(found[0]), KIND)
    return found[0]


def _publish(notebook: Path, labels: Labels, task: CaseTask) -> None:
    for language in task.languages:
        own = notebook.parent / f"in_{language}"
        shutil.rmtree(own, ignore_errors=True)
        shutil.copytree(notebook.parent, own, ignore=shutil.ignore_patterns("in_*", "page"))
        if language != WRITTEN:
            replay_parts(own / notebook.name, labels, language)
        pages = own / "pages"
        pages.mkdir()
        render_report(
            own / notebook.name, labels, language, pages, task.renderer,
            sums_up=task.name == SUMMARY,
        )  # fmt: skip
        audit(pages, frozenset(), publishable=True)
        target = task.site / "published" / task.name / language
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted(pages.iterdir()):
            move_file(path, target / path.name)


def _record(name: str, verdicts: Released) -> CaseRecord:
    counts = {
        key: int(value)
        for key, value in verdicts.summary.items()
        if key == "n" or key.startswith("n_")
    }
    frame = verdicts.tidy()
    drifted = frame[frame["verdict"] == "drifted"]
    return CaseRecord(name, counts, tuple(_moved(row) for row in drifted.itertuples()))


def _moved(row) -> str:
    return f"{row.number} (printed {row.published}, now computed {row.computed:.8g})"


def _make_summary(site: Path, work: Path, renderer: str, languages: tuple[str, ...]) -> None:
    folder = work / "executed" / SUMMARY
    template = shared_folder("notebooks") / TEMPLATE
    run_notebook(template, folder, {"language": WRITTEN}, site=site)
    task = CaseTask(Path(f"{SUMMARY}.yaml"), folder, site, renderer, languages)
    _publish(folder / NOTEBOOK, summary_labels(), task)


def _keep_only(site: Path, work: Path, names: Sequence[str]) -> None:
    """Take what is no longer a shipped case off the site and out of the summary."""
    for path in (work / "verdicts").glob("*.json"):
        if path.stem not in names:
            path.unlink()
    for folder in (site / "published").glob("*"):
        if folder.name not in (*names, SUMMARY):
            shutil.rmtree(folder)


def _told(error: Exception) -> str:
    if isinstance(error, NotebookError):
        return f"cell {error.cell}: {error.kind}: {error.message}"
    return f"{type(error).__name__}: {error}"
