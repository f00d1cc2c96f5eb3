"""The notebook of the traps runs, and shows a figure for each of them."""

import re
from pathlib import Path

import nbformat
import papermill
import pytest

from evalkit.synthetic.traps import PLANS

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "why_method_matters.ipynb"


def shown(notebook: nbformat.NotebookNode) -> list[str]:
    return [
        output["data"]["text/html"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("why")
    executed = papermill.execute_notebook(
        NOTEBOOK,
        folder / "executed.ipynb",
        parameters={"persons": 5_000, "language": "sv"},
        cwd=folder,
        progress_bar=False,
    )
    return shown(executed)


def test_every_trap_has_its_figure(pages):
    pictures = [page for page in pages if "data:image/png;base64," in page]

    assert len(pictures) == len(PLANS) == 7


def test_every_trap_is_named_in_the_language_asked_for(pages):
    words = re.sub(r"<[^>]+>", "", " ".join(pages))

    for title in ("Bara de som har slutat", "Ett minus Kaplan-Meier", "Före och efter"):
        assert title in words
    assert not re.search(r"\bnan\b|naiv analys", words)


def test_the_last_table_has_two_rows_for_each_trap(pages):
    assert pages[-1].count("<tr") == 1 + 2 * len(PLANS)


def test_the_notebook_uses_every_trap_once():
    source = NOTEBOOK.read_text(encoding="utf-8")

    assert [source.count(f'method_trap(\\"{name}\\"') for name in PLANS] == [1] * len(PLANS)
