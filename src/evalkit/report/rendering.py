"""From an executed notebook to the pages of a report, by either renderer."""

import shutil
from collections import Counter
from pathlib import Path

from evalkit.provenance import digest_json
from evalkit.release import load_profile, read_released
from evalkit.report.assemble import assemble
from evalkit.report.embedded import RENDERERS, renderer_version
from evalkit.report.page import FILES, FrontMatter, front_matter
from evalkit.report.quarto import find_renderer, quarto_version, render_with_quarto
from evalkit.report.replay import RELEASED_FOLDER
from evalkit.report.text import open_text
from evalkit.report.words import heading
from evalkit.study import Labels


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
    notebook : Path
        Executed notebook in its own work folder, `figures/` and `released/` beside it.
    labels : Labels
    language : str
    pages : Path
        Existing folder that gets `report.html`, `report.pdf`, `report.docx`, as the study asks,
        and `tables.xlsx`.
    renderer : {"embedded", "quarto"}
    sums_up : bool
        The page sums up analyses whose records each cover a time of their own.

    Returns
    -------
    dict
        `publishable`, `profile`, number of `suppressed` rows, and `rules`: how often each applied.
    """
    from evalkit.report.workbook import write_workbook  # loads a library that only this step needs

    front = _front(labels, language, sums_up=sums_up)
    work = notebook.parent / "page"
    shutil.rmtree(work, ignore_errors=True)
    report = assemble(notebook, front, work)
    for name in labels.study.report.formats:
        target = pages / FILES[name]
        if renderer == "quarto":
            render_with_quarto(notebook, front, target, to=name)
        else:
            RENDERERS[name](report, target, epoch=front.epoch)
    write_workbook(report, front, open_text(labels, language), pages / FILES["xlsx"],
                   epoch=front.epoch)  # fmt: skip
    return _disclosure(notebook.parent / RELEASED_FOLDER, labels)


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
