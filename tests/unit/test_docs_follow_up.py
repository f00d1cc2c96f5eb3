"""docs/follow-up.md: every system has its function, figure, table, chapter and test, and each is
there.
"""

import ast
import json
import re
from pathlib import Path

import pytest

import evalkit as ek

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "follow-up.md"
COLUMNS = ("row", "system", "measured", "function", "figure", "table", "chapter", "test")
NOTEBOOKS = {
    "M": "municipal_report.ipynb",
    "F": "federation_report.ipynb",
    "N": "national_report.ipynb",
}
OWN = "own notebook"
CODE = re.compile(r"`([^`\n]+)`")


def systems(text: str) -> list[dict[str, str]]:
    """Rows of the table of systems, by the names of its columns."""
    lines = [line.strip().strip("|").split("|") for line in text.splitlines() if line[:1] == "|"]
    cells = [[cell.strip() for cell in line] for line in lines]
    named = [row for row in cells if len(row) == len(COLUMNS)]
    return [dict(zip(COLUMNS, row, strict=True)) for row in named if row[0].isdigit()]


def headings(notebook: str) -> set[str]:
    """Second-level headings of a shipped notebook."""
    cells = json.loads((ROOT / "notebooks" / notebook).read_text("utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return set(re.findall(r"^## (.+)$", text, re.M))


def is_test(identifier: str) -> bool:
    """Whether a node id names a test of this repository."""
    path, _, name = identifier.partition("::")
    if not (ROOT / path).is_file() or not path.startswith("tests/"):
        return False
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return name.startswith("test_") and name.partition("[")[0] in defined


def is_chapter(cell: str, examples: str, row: str) -> bool:
    """Whether a cell names headings of shipped notebooks, or a row with an example below."""
    if cell == OWN:
        return re.search(rf"^### Row {row}\b", examples, re.M) is not None
    found = [part.strip().partition(": ") for part in cell.split(";")]
    return all(name in NOTEBOOKS and title in headings(NOTEBOOKS[name]) for name, _, title in found)


def faults(text: str) -> list[str]:
    """What is wrong with the table of systems."""
    rows = systems(text)
    examples = text.partition("## Own notebooks")[2]
    found = []
    if [row["row"] for row in rows] != [str(number) for number in range(1, 23)]:
        found.append("not the rows 1 to 22")
    for row in rows:
        name = f"row {row['row']}"
        found += [f"{name}: {column} is empty" for column in COLUMNS if not row[column]]
        places = {"function": ek, "figure": ek.figures, "table": ek.tables}
        for column, place in places.items():
            named = CODE.findall(row[column])
            missing = [item for item in named if not hasattr(place, item)]
            found += [f"{name}: no {column} {item}" for item in missing]
            found += [] if named or not row[column] else [f"{name}: no {column} is named"]
        if row["chapter"] and not is_chapter(row["chapter"], examples, row["row"]):
            found.append(f"{name}: no chapter {row['chapter']}")
        tests = CODE.findall(row["test"])
        found += [f"{name}: no test {item}" for item in tests if not is_test(item)]
        found += [] if tests or not row["test"] else [f"{name}: no test is named"]
    return found


def test_every_system_has_everything_that_the_table_names():
    assert faults(PAGE.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("| `read_records`, `characteristics`", "| ", "row 6: function is empty"),
        ("| `read_records`", "| `read_tea_leaves`", "row 6: no function read_tea_leaves"),
        ("| `read_records`, `characteristics`", "| records", "row 6: no function is named"),
        ("| M: Who took part |", "| M: Who ran away |", "row 6: no chapter M: Who ran away"),
        ("| 6 | ", "| 66 | ", "not the rows 1 to 22"),
        ("| 6 | ", "| a | ", "not the rows 1 to 22"),
    ],
)
def test_a_fault_of_the_table_is_found(old, new, fault):
    text = PAGE.read_text("utf-8")
    assert old in text

    assert fault in faults(text.replace(old, new, 1))


def test_a_test_that_is_not_there_is_found():
    here = "tests/unit/test_docs_follow_up.py"

    assert is_test(f"{here}::test_a_test_that_is_not_there_is_found")
    assert is_test(f"{here}::test_a_fault_of_the_table_is_found[some case]")
    assert not is_test(f"{here}::test_nowhere")
    assert not is_test(f"{here}::is_test")
    assert not is_test("tests/unit/test_nowhere.py::test_nowhere")
    assert not is_test(here)


def test_a_row_for_an_own_notebook_needs_its_example():
    assert is_chapter(OWN, "### Row 10: type cases\n", "10")
    assert not is_chapter(OWN, "### Row 100\n", "10")


def test_the_examples_for_own_notebooks_run():
    page = PAGE.read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    names: dict[str, object] = {}

    for block in blocks:
        assert block.startswith("# tested\n")
        exec(compile(block, "docs/follow-up.md", "exec"), names)

    told = "\n".join(part.markdown for part in names["shown"])
    assert len(names["shown"]) == 10
    assert "withheld" not in told
    assert set(names["days"].tidy()["stratum"]) == {"female", "male"}
