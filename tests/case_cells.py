"""The code cells of a published case, run without its pages."""

import nbformat

from evalkit.published import find_case


def run_cells(name: str) -> dict:
    """The names that the code cells of a case's notebook leave behind; pages are not drawn."""
    notebook = nbformat.read(find_case(name).with_suffix(".ipynb"), as_version=4)
    left: dict = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and "ek.display(" not in cell.source:
            exec(compile(cell.source, f"{name}.ipynb", "exec"), left)
    return left
