"""Notebooks are scores: thin, parameterised, without outputs."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.rglob("*.ipynb"))
REPORTS = [path for path in NOTEBOOKS if path.stem.endswith("_report")]
MAX_LINES, MAX_CELLS = 15, 30
PARAMETERS = {"study", "unit", "language"}
FORBIDDEN_NODES = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.For,
    ast.While,
    ast.Try,
    ast.With,
    ast.ListComp,
    ast.DictComp,
    ast.SetComp,
    ast.GeneratorExp,
)
FORBIDDEN_TEXT = re.compile(
    r"^[%!]|sys\.path|filterwarnings|\.\./|(?<![\w])/(home|work|tmp|root|Users)/"
    r"|read_csv|read_parquet|\.tidy\(|\.head\(|print\(",
    re.M,
)


def faults_of(notebook: nbformat.NotebookNode) -> list[str]:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    found = []
    tagged = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1 or code[0] is not tagged[0]:
        found.append("the first code cell, and only it, is tagged `parameters`")
    if len(code) > MAX_CELLS:
        found.append(f"more than {MAX_CELLS} code cells")
    for number, cell in enumerate(code):
        found += [f"cell {number}: {fault}" for fault in cell_faults(cell)]
    return found


def cell_faults(cell: nbformat.NotebookNode) -> list[str]:
    found = []
    if cell.outputs or cell.execution_count is not None:
        found.append("has outputs")
    if len(cell.source.splitlines()) > MAX_LINES:
        found.append(f"more than {MAX_LINES} lines")
    if FORBIDDEN_TEXT.search(cell.source):
        return [*found, "holds a path, a magic, a print, a filter or a reader"]
    tree = ast.parse(cell.source)
    if any(isinstance(node, FORBIDDEN_NODES) for node in ast.walk(tree)):
        found.append("defines or loops")
    imported = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    if set(imported) - {"evalkit"}:
        found.append("imports more than evalkit")
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    displays = [
        call
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "display"
    ]
    if len(displays) > 1:
        found.append("displays more than one thing")
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_thin_and_clean(path):
    assert faults_of(nbformat.read(path, as_version=4)) == []


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_report_takes_study_unit_and_language_only(path):
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")

    names = {node.target.id for node in ast.parse(cell.source).body}

    assert names == PARAMETERS


BAD_CELLS = [
    "def f():\n    return 1",
    "for i in range(3):\n    i",
    "f = lambda x: x",
    "import pandas as pd",
    "%matplotlib inline",
    "frame = 'x'.read_csv('a')",
    "print(1)",
    "\n".join(f"a{i} = {i}" for i in range(16)),
    "ek.display(a)\nek.display(b)",
    "path = '../data'",
]


@pytest.mark.parametrize("source", BAD_CELLS)
def test_the_lint_fires(source):
    cell = nbformat.v4.new_code_cell(source)

    assert cell_faults(cell) != []


def test_the_lint_fires_on_outputs_and_on_a_second_parameters_cell():
    first = nbformat.v4.new_code_cell("study: str = 'a'", metadata={"tags": ["parameters"]})
    second = nbformat.v4.new_code_cell("unit: str = 'b'", metadata={"tags": ["parameters"]})
    second.outputs = [nbformat.v4.new_output("stream", text="x")]

    notebook = nbformat.v4.new_notebook(cells=[first, second])

    assert len(faults_of(notebook)) == 2
