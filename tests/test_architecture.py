"""The import table: which room may import from which.

Imports are read from the source, module by module, those inside functions included.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "evalkit"
FLOOR = ["errors", "share", "provenance", "results", "codes"]
SAMPLES = ["cohort.samples", "cohort.months"]
# room: what it may import from evalkit, besides itself
TABLE = {
    "errors": [],
    "share": ["errors"],
    "provenance": ["errors", "share"],
    "results": ["errors", "share", "provenance"],
    "codes": ["errors", "share", "provenance", "results"],
    "study": FLOOR,
    "published": [*FLOOR, "study"],
    "records": [*FLOOR, "study"],
    "synthetic": [*FLOOR, "study", "records.schema"],
    "examples": [*FLOOR, "study", "records.schema"],
    "cohort": [*FLOOR, "study", "records.schema"],
    "survival": [*FLOOR, *SAMPLES],
    "health": [*FLOOR, *SAMPLES],
    "panel": [*FLOOR, *SAMPLES],
    "economics": [*FLOOR, *SAMPLES],
    "follow_up": [*FLOOR, *SAMPLES],
    "compare": [*FLOOR, *SAMPLES],
    "release": FLOOR,
    "report": [*FLOOR, "study", "release"],
    "run": [*FLOOR, "study", "published", "records", "cohort", "release", "report"],
}
FREE = {"cli", "__init__", "__main__"}


def module_name(path: Path, source: Path) -> str:
    parts = path.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def modules(source: Path) -> dict[str, Path]:
    return {module_name(path, source): path for path in sorted(source.rglob("*.py"))}


def resolve(name: str, known: dict[str, Path]) -> str | None:
    """The module of evalkit that a dotted name means; a name inside a module means the module."""
    parts = name.split(".")
    if parts[0] != "evalkit":
        return None
    parts = parts[1:]
    while parts and ".".join(parts) not in known:
        parts = parts[:-1]
    return ".".join(parts) or "__init__"


def imports_of(path: Path, name: str, known: dict[str, Path]) -> set[str]:
    found = set()
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join(["evalkit", *above] if node.level else [])
            stem = ".".join(part for part in (stem, node.module) if part)
            found |= {f"{stem}.{alias.name}" for alias in node.names}
    return {target for target in (resolve(item, known) for item in found) if target} - {name}


def allowed(target: str, room: str) -> bool:
    """Whether a room may import a module: its own, one of the table, or a part of one."""
    permitted = [room, *TABLE[room]]
    return any(target == item or target.startswith(f"{item}.") for item in permitted)


@cache
def graph() -> dict[str, set[str]]:
    known = modules(SOURCE)
    return {name: imports_of(path, name, known) for name, path in known.items()}


def violations(imports: dict[str, set[str]]) -> list[str]:
    found = []
    for name, targets in imports.items():
        room = name.split(".")[0]
        if room in FREE:
            continue
        if room not in TABLE:
            found.append(f"{name} is in no room")
            continue
        found += [
            f"{name} imports {target}" for target in sorted(targets) if not allowed(target, room)
        ]
    return found


def test_every_import_is_in_the_table():
    assert violations(graph()) == []


def test_every_room_of_the_design_exists():
    rooms = {name.split(".")[0] for name in modules(SOURCE)}

    assert set(TABLE) | FREE <= rooms


PLANTED = [
    ("errors.py", "from evalkit import provenance"),
    ("share.py", "from evalkit.provenance import digest_json"),
    ("provenance.py", "from evalkit.results import Flow"),
    ("results/planted.py", "import evalkit.codes"),
    ("codes/__init__.py", "from evalkit.study import Study"),
    ("study/planted.py", "from evalkit.records import read_records"),
    ("records/planted.py", "from evalkit.cohort.samples import Persons"),
    ("synthetic/planted.py", "from evalkit.records.reader import read_records"),
    ("examples/planted.py", "from evalkit.cohort import build_cohort"),
    ("cohort/planted.py", "from evalkit.records import reader"),
    ("survival/planted.py", "def f():\n    from evalkit.panel import ancova"),
    ("health/planted.py", "from ..survival import curves"),
    ("panel/planted.py", "from evalkit.health import eq5d_index"),
    ("economics/planted.py", "from evalkit.cohort.build import build_cohort"),
    ("follow_up/planted.py", "from evalkit.study import Study"),
    ("compare/planted.py", "from evalkit.survival import cox"),
    ("release/planted.py", "from evalkit.study import Study"),
    ("report/planted.py", "from evalkit.cohort.samples import Persons"),
    ("run/planted.py", "from evalkit.survival import kaplan_meier"),
    ("survival/planted.py", "import evalkit"),
]


@pytest.mark.parametrize(("place", "line"), PLANTED)
def test_a_planted_violation_is_caught(tmp_path, place, line):
    planted, real = tmp_path / place, SOURCE / place
    planted.parent.mkdir(parents=True, exist_ok=True)
    before = real.read_text(encoding="utf-8") if real.exists() else ""
    planted.write_text(f"{before}\n{line}\n", encoding="utf-8")
    name = module_name(planted, tmp_path)

    imports = imports_of(planted, name, {**modules(SOURCE), name: planted})

    assert len(violations({name: imports})) == 1


def test_a_module_in_no_room_is_caught():
    assert violations({"attic.planted": set()}) == ["attic.planted is in no room"]


def test_a_module_has_at_most_400_lines():
    too_long = [
        f"{name}: {count}"
        for name, path in modules(SOURCE).items()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400
    ]

    assert too_long == []
