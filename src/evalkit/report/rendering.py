"""From an executed notebook to the pages of a report, by either renderer."""

import shutil
from collections import Counter
from pathlib import Path

from evalkit.release import load_profile, read_released
from evalkit.report.assemble import assemble
from evalkit.report.embedded import render_html, renderer_version
from evalkit.report.page import FrontMatter, front_matter
from evalkit.report.quarto import find_renderer, quarto_version, render_with_quarto
from evalkit.report.replay import RELEASED_FOLDER
from evalkit.report.text import open_text
from evalkit.report.words import heading
from evalkit.study import Labels

PAGE = "report.html"


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
    notebook: Path, labels: Labels, language: str, pages: Path, renderer: str
) -> dict[str, object]:
    """Render an executed notebook into a folder of pages.

    Parameters
    ----------
    notebook : Path
        Executed notebook in its own work folder, `figures/` and `released/` beside it.
    labels : Labels
    language : str
    pages : Path
        Existing folder that gets `report.html`.
    renderer : {"embedded", "quarto"}

    Returns
    -------
    dict
        `publishable`, `profile`, number of `suppressed` rows, and `rules`: how often each applied.
    """
    front = _front(labels, language)
    if renderer == "quarto":
        render_with_quarto(notebook, front, pages / PAGE)
    else:
        work = notebook.parent / "page"
        shutil.rmtree(work, ignore_errors=True)
        report = assemble(notebook, front, work)
        render_html(report, pages / PAGE, epoch=front.epoch)
    return _disclosure(notebook.parent / RELEASED_FOLDER, labels)


def _front(labels: Labels, language: str) -> FrontMatter:
    text = open_text(labels, language)
    profile = load_profile(labels.study.disclosure)
    return front_matter(
        text,
        title=heading(text),
        data_cut=labels.study.data_cut,
        threshold=profile.threshold or None,
        publishable=profile.publishable,
    )


def _disclosure(folder: Path, labels: Labels) -> dict[str, object]:
    shown = [read_released(path) for path in sorted(folder.glob("*.json"))]
    rules = Counter(rule for released in shown for rule, _, _ in released.log)
    return {
        "profile": labels.study.disclosure,
        "publishable": load_profile(labels.study.disclosure).publishable
        and all(released.publishable for released in shown),
        "suppressed": sum(int(released.rows["suppressed"].sum()) for released in shown),
        "rules": dict(sorted(rules.items())),
    }
