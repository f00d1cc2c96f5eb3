"""From an executed notebook to the document that a renderer reads.

Only what `display` showed goes on. Whatever else a cell wrote (text, warnings, a table that did
not pass the door) is an error of the unit: nothing reaches a page by accident.
"""

import copy
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from evalkit.errors import DisclosureError, RenderError
from evalkit.report.markup import div, escape, only_html, paragraphs
from evalkit.report.page import FrontMatter

PARAMETER_TAGS = frozenset({"parameters", "injected-parameters"})
PAGE_TAGS = frozenset({"remove-cell", "hide-code"})
IMAGE = re.compile(r"!\[[^\]]*\]\(figures/([\w.-]+\.png)\)")


def read_executed(path: Path) -> NotebookNode:
    """Read a notebook that papermill has executed to its end.

    Raises
    ------
    RenderError
        If it was not executed, or failed.
    """
    notebook = nbformat.read(path, as_version=4)
    record = notebook.metadata.get("papermill", {})
    failed = record.get("exception") or any(
        output.output_type == "error"
        for _, cell in _code_cells(notebook)
        for output in cell.outputs
    )
    if failed:
        raise RenderError(f"{path.name}: the notebook failed; a failed notebook is not rendered")
    unfinished = [
        index
        for index, cell in _code_cells(notebook)
        if cell.source.strip() and cell.execution_count is None
    ]
    if unfinished:
        raise RenderError(f"{path.name}: cell {unfinished[0]} was not executed")
    return notebook


def displayed(notebook: NotebookNode) -> list[tuple[int, str]]:
    """List what `display` showed, as (cell index, markdown), in order; hidden cells left out.

    Raises
    ------
    DisclosureError
        If any cell wrote anything else, or if a part is missing or out of order.
    """
    shown, numbers = [], []
    for index, cell in _code_cells(notebook):
        for output in cell.outputs:
            markdown, number = _part(index, output)
            numbers.append(number)
            if "remove-cell" not in _tags(cell):
                shown.append((index, markdown))
    if numbers != list(range(1, len(numbers) + 1)):
        raise DisclosureError(
            "the parts of the page are not numbered in the order of the cells: the notebook was "
            "not executed from top to bottom in one go"
        )
    return shown


def assemble(executed: Path, front: FrontMatter, folder: Path) -> Path:
    """Write `report.md` beside its `figures/` from an executed notebook.

    Parameters
    ----------
    executed : Path
        Notebook in the work directory of its unit; `figures/` stands beside it.
    front : FrontMatter
    folder : Path
        Empty folder for the result; created where it does not exist.

    Returns
    -------
    Path
        The file `report.md`.

    Raises
    ------
    DisclosureError
        If any output did not come from `display`.
    RenderError
        If the notebook failed, shows nothing, or a picture is missing.
    """
    parts = [markdown for _, markdown in displayed(read_executed(executed))]
    if not parts:
        raise RenderError(f"{executed.name}: the notebook displayed nothing")
    body = paragraphs(front.header(frame=True), *parts) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    copy_figures(body, executed.parent / "figures", folder / "figures")
    target = folder / "report.md"
    target.write_text(body, encoding="utf-8", newline="\n")
    return target


def quarto_notebook(executed: NotebookNode, front: FrontMatter) -> NotebookNode:
    """Make the copy of an executed notebook that Quarto renders.

    Front matter comes first, the template's own markdown cells go, the cells with parameters are
    tagged `remove-cell`, and papermill's record with its paths is dropped. What the embedded
    template puts around the text stands in the first and the last cell, so that both renderers
    say the same.

    Raises
    ------
    DisclosureError
        If any output did not come from `display`.
    RenderError
        If a cell has a tag that Quarto does not know: it would show the cell in full.
    """
    displayed(executed)
    opening = paragraphs(
        div(escape(front.subtitle), "quiet") if front.subtitle else "",
        div(escape(front.mark), "withheld") if front.mark else "",
        only_html(div(front.others, "quiet", colons=4)) if front.others else "",
    )
    closing = div(paragraphs(*map(escape, front.colophon)), "quiet") if front.colophon else ""
    cells = [nbformat.v4.new_raw_cell(front.header(frame=False))]
    cells += [nbformat.v4.new_markdown_cell(opening)] if opening else []
    cells += [_quarto_cell(index, cell) for index, cell in _code_cells(executed)]
    cells += [nbformat.v4.new_markdown_cell(closing)] if closing else []
    for index, cell in enumerate(cells):
        cell["id"] = f"cell-{index}"
    kernel = executed.metadata.get("kernelspec", {})
    made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": dict(kernel)})
    nbformat.validate(made)
    return made


def copy_figures(markdown: str, source: Path, target: Path) -> None:
    """Copy the pictures that a document shows, and no others.

    Raises
    ------
    RenderError
        If one is missing.
    """
    names = sorted(set(IMAGE.findall(markdown)))
    missing = [name for name in names if not (source / name).is_file()]
    if missing:
        raise RenderError(f"{len(missing)} of {len(names)} pictures missing: {', '.join(missing)}")
    if names:
        target.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copyfile(source / name, target / name)


def _code_cells(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    return ((i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")


def _tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def _part(index: int, output: NotebookNode) -> tuple[str, int]:
    number = output.get("metadata", {}).get("evalkit", {}).get("part")
    is_part = (
        output.output_type == "display_data"
        and set(output.data) == {"text/markdown"}
        and isinstance(number, int)
    )
    if not is_part:
        kind = output.get("name") or output.output_type
        raise DisclosureError(
            f"cell {index}: an output that did not come from display ({kind}); in a report only "
            "display may show anything"
        )
    return output.data["text/markdown"].strip("\n"), number


def _quarto_cell(index: int, cell: NotebookNode) -> NotebookNode:
    tags = _tags(cell)
    unknown = sorted(tags - PARAMETER_TAGS - PAGE_TAGS)
    if unknown:
        raise RenderError(f"cell {index}: tag {unknown[0]} is not known to Quarto; remove it")
    made = nbformat.v4.new_code_cell(
        cell.source, execution_count=cell.execution_count, outputs=copy.deepcopy(cell.outputs)
    )
    for output in made.outputs:
        output.metadata = {}
    kept = {"remove-cell"} if tags & PARAMETER_TAGS else tags
    if kept:
        made.metadata["tags"] = sorted(kept)
    return made
