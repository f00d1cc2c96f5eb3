"""docs/follow-up.md: every system has its function, figure, table, chapter and test, and each is
there.
"""

import ast
import json
import re
from functools import cache
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
MIXED = r"\*: own notebook"
SHARED_STAGE = "shared_stage.ipynb"
CODE = re.compile(r"`([^`\n]+)`")
MARKED = re.compile(r"`([^`\n]+)`\\\*")
SCALE = "row 19: scale_reliability is in no shipped report"
UNSAID = "own notebook is not said where it is meant"
PLACES = {"function": "", "figure": "figures.", "table": "tables."}


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


def code_by_heading(notebook: str) -> list[tuple[set[str], ast.Module]]:
    """Code cells of a notebook, each with the headings that stand before it."""
    cells = json.loads((ROOT / "notebooks" / notebook).read_text("utf-8"))["cells"]
    above, found, is_fresh = set(), [], False
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            found.append((above, ast.parse(source)))
            is_fresh = True
            continue
        titles = set(re.findall(r"^## (.+)$", source, re.M))
        above = titles if is_fresh or not above else above | titles
        is_fresh = False
    return found


def evalkit_names(tree: ast.AST) -> set[str]:
    """What code takes from `ek`: `pay_off`, `figures.pay_off`, `tables.pay_off`."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            if name.startswith("ek."):
                found.add(name.removeprefix("ek."))
    return found


@cache
def called_in_reports() -> frozenset[str]:
    """What the notebooks of units, the shared stage or the run itself call."""
    names = [*NOTEBOOKS.values(), SHARED_STAGE]
    found = {
        name for file in names for _, tree in code_by_heading(file) for name in evalkit_names(tree)
    }
    for path in (ROOT / "src" / "evalkit" / "run").glob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text("utf-8")))
        calls = [node.func for node in nodes if isinstance(node, ast.Call)]
        found |= {call.id for call in calls if isinstance(call, ast.Name)}
    if "store_records" in found:  # the same reader, one table at a time
        found.add("read_records")
    return frozenset(found)


@cache
def shown_under(letter: str, title: str) -> frozenset[str]:
    """Figures and tables that a chapter calls, and functions whose results it uses."""
    cells = code_by_heading(NOTEBOOKS[letter])
    made: dict[str, set[str]] = {}
    for _, tree in cells:
        for node in tree.body:
            if isinstance(node, ast.Assign):
                made[ast.unparse(node.targets[0])] = evalkit_names(node.value)
    shown: set[str] = set()
    for headings_above, tree in cells:
        if title in headings_above:
            shown |= evalkit_names(tree)
            names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            shown |= {called for name in names for called in made.get(name, ())}
    return frozenset(shown)


def untrue_of_reports(row: dict[str, str]) -> list[str]:
    """What a row says of the shipped reports that their notebooks do not bear out."""
    found, named, marked = [], set(), set()
    for column, prefix in PLACES.items():
        every, ready = CODE.findall(row[column]), set(MARKED.findall(row[column]))
        named |= {prefix + item for item in every}
        marked |= {prefix + item for item in ready}
    called = called_in_reports()
    found += [f"{item} is in no shipped report" for item in sorted(named - marked - called)]
    found += [f"{item} is in a shipped report" for item in sorted(marked & called)]
    chapters = [part.strip() for part in row["chapter"].split(";")]
    has_own = {OWN, MIXED} & set(chapters)
    if bool(marked) != bool(has_own) or (marked == named) != (OWN in chapters):
        found.append(UNSAID)
    for chapter in chapters:
        letter, _, title = chapter.partition(": ")
        if letter in NOTEBOOKS and not named & shown_under(letter, title):
            found.append(f"{chapter} shows nothing of it")
    return found


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
    parts = [part.strip() for part in cell.split(";")]
    found = [part.partition(": ") for part in parts if part != MIXED]
    return bool(found) and all(
        name in NOTEBOOKS and title in headings(NOTEBOOKS[name]) for name, _, title in found
    )


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
        found += [f"{name}: {fault}" for fault in untrue_of_reports(row)]
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
        (r"`scale_reliability`\*", "`scale_reliability`", SCALE),
        ("| `read_records`,", r"| `read_records`\*,", "row 6: read_records is in a shipped report"),
        ("| F: Fidelity", "| F: Services", "row 21: F: Services shows nothing of it"),
        (r"| F: Fidelity; \*: own notebook", "| F: Fidelity", f"row 21: {UNSAID}"),
        (r"| M: Who took part |", r"| M: Who took part; \*: own notebook |", f"row 6: {UNSAID}"),
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
