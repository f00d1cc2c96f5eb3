"""From executed notebooks to the pages of reports, by either renderer."""

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit.provenance import digest_json
from evalkit.release import load_profile, read_released
from evalkit.report.assemble import assemble
from evalkit.report.embedded import RENDERERS, renderer_version
from evalkit.report.page import FILES, FrontMatter, front_matter
from evalkit.report.quarto import Job, find_renderer, quarto_version, render_together
from evalkit.report.replay import RELEASED_FOLDER
from evalkit.report.text import open_text
from evalkit.report.words import heading
from evalkit.study import Labels


@dataclass(frozen=True, slots=True)
class Draft:
    """An executed notebook, and where its pages go.

    Attributes
    ----------
    notebook : Path
        Executed notebook in its own work folder, `figures/` and `released/` beside it.
    labels : Labels
    language : str
    pages : Path
        Existing folder that gets `report.html`, `report.pdf`, `report.docx`, as the study asks,
        and `tables.xlsx`.
    sums_up : bool
        The page sums up analyses whose records each cover a time of their own.
    """

    notebook: Path
    labels: Labels
    language: str
    pages: Path
    sums_up: bool = False


@dataclass(frozen=True, slots=True)
class _Assembled:
    """A draft with what both renderers need of it."""

    draft: Draft
    front: FrontMatter
    report: Path


def renderer_id(preference: str) -> str:
    """Name and version of the renderer that will be used, for the key of a page.

    Raises
    ------
    ParameterError
        If the preference is unknown, or Quarto is asked for and not installed.
    """
    name, _ = find_renderer(preference)
    return f"quarto {quarto_version()}" if name == "quarto" else f"embedded {renderer_version()}"


def render_report(
    notebook: Path, labels: Labels, language: str, pages: Path, renderer: str,
    *, sums_up: bool = False,
) -> dict[str, object]:  # fmt: skip
    """Render an executed notebook into a folder of pages.

    Parameters
    ----------
    notebook, labels, language, pages, sums_up
        As in `Draft`.
    renderer : {"embedded", "quarto"}

    Returns
    -------
    dict
        `publishable`, `profile`, number of `suppressed` rows, and `rules`: how often each applied.
    """
    (outcome,) = render_reports([Draft(notebook, labels, language, pages, sums_up)], renderer)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def render_reports(drafts: Sequence[Draft], renderer: str) -> list[dict[str, object] | Exception]:
    """Render the reports of one study; Quarto is started once for a format of all of them.

    Parameters
    ----------
    drafts : sequence of Draft
    renderer : {"embedded", "quarto"}

    Returns
    -------
    list of (dict or Exception)
        For each draft what `render_report` returns, or the error that ended it alone.
    """
    made = [_unless_failed(_assemble, draft) for draft in drafts]
    formats = drafts[0].labels.study.report.formats if drafts else ()
    for name in formats:
        made = _add_format(made, name, renderer)
    return [_unless_failed(_finish, item) for item in made]


def _unless_failed(step: Callable, item: object) -> object:
    """The outcome of a step, or its error; an error from before stays."""
    if isinstance(item, Exception):
        return item
    try:
        return step(item)
    except Exception as error:  # of one report, which must not stop another one
        return error


def _assemble(draft: Draft) -> _Assembled:
    front = _front(draft.labels, draft.language, sums_up=draft.sums_up)
    work = draft.notebook.parent / "page"
    shutil.rmtree(work, ignore_errors=True)
    return _Assembled(draft, front, assemble(draft.notebook, front, work))


def _add_format(
    made: list[_Assembled | Exception], name: str, renderer: str
) -> list[_Assembled | Exception]:
    """Make the files of one format."""

    def embedded(item: _Assembled) -> _Assembled:
        RENDERERS[name](item.report, item.draft.pages / FILES[name], epoch=item.front.epoch)
        return item

    if renderer != "quarto":
        return [_unless_failed(embedded, item) for item in made]
    jobs = {
        number: Job(item.draft.notebook, item.front, item.draft.pages / FILES[name])
        for number, item in enumerate(made)
        if not isinstance(item, Exception)
    }
    errors = render_together(list(jobs.values()), to=name)
    failed = {n: errors[job.target] for n, job in jobs.items() if job.target in errors}
    return [failed.get(number, item) for number, item in enumerate(made)]


def _finish(item: _Assembled) -> dict[str, object]:
    """Write the tables; say what disclosure control did."""
    from evalkit.report.workbook import write_workbook  # loads a library that only this step needs

    draft = item.draft
    write_workbook(item.report, item.front, open_text(draft.labels, draft.language),
                   draft.pages / FILES["xlsx"], epoch=item.front.epoch)  # fmt: skip
    return _disclosure(draft.notebook.parent / RELEASED_FOLDER, draft.labels)


def _front(labels: Labels, language: str, *, sums_up: bool) -> FrontMatter:
    text = open_text(labels, language)
    profile = load_profile(labels.study.disclosure)
    return front_matter(
        text,
        title=heading(text),
        data_cut=labels.study.data_cut,
        threshold=profile.threshold or None,
        publishable=profile.publishable,
        formats=labels.study.report.formats,
        sums_up=sums_up,
    )


def _disclosure(folder: Path, labels: Labels) -> dict[str, object]:
    shown = [read_released(path) for path in sorted(folder.glob("*.json"))]
    rules = Counter(rule for released in shown for rule, _, _ in released.log)
    rows = [(r.kind, r.tidy().to_json(orient="split", double_precision=10)) for r in shown]
    return {
        "numbers": digest_json(sorted(rows)),  # tells whether an edition changed any of them
        "profile": labels.study.disclosure,
        "publishable": load_profile(labels.study.disclosure).publishable
        and all(released.publishable for released in shown),
        "suppressed": sum(int(released.rows["suppressed"].sum()) for released in shown),
        "rules": dict(sorted(rules.items())),
    }
