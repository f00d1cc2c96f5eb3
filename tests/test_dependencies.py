"""One list of dependencies: pyproject.toml, environment.yml and the lock name the same ones."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
# pip's name: conda-forge's name; None where `pip: -e .` brings it, since conda has no such package.
CONDA_NAMES = {
    "matplotlib": "matplotlib-base", "quarto-cli": "quarto", "pypandoc-binary": None,
    "pypdfium2": None, "typst": None,
}  # fmt: skip
NAMED = {"jupyterlab", "pandas", "seaborn", "lifelines", "linearmodels", "papermill"}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements: list[str]) -> dict[str, str]:
    pairs = (re.match(r"([A-Za-z0-9_-]+)(.*)", item).groups() for item in requirements)
    return {name.lower(): bound for name, bound in pairs}


def conda() -> dict[str, str]:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    plain = [item for item in environment["dependencies"] if isinstance(item, str)]
    return {k: v for k, v in names(plain).items() if k not in ("python", "pip")}


def test_environment_yml_names_the_same_dependencies_with_the_same_bounds():
    wanted = names(project()["dependencies"] + project()["optional-dependencies"]["quarto"])
    renamed = {CONDA_NAMES.get(name, name): bound for name, bound in wanted.items()}
    renamed.pop(None)

    assert conda() == renamed


def test_the_named_packages_are_dependencies_and_quarto_is_only_an_extra():
    core = names(project()["dependencies"])

    assert set(core) >= NAMED
    assert "quarto-cli" not in core
    assert "quarto-cli" in names(project()["optional-dependencies"]["quarto"])


def test_the_lock_holds_every_dependency_with_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9_.-]+)==", lock, flags=re.M))
    extras = project()["optional-dependencies"]
    wanted = names(project()["dependencies"] + extras["dev"] + extras["examples"])

    assert set(wanted) <= {name.replace("_", "-") for name in locked}
    assert "://" not in lock
    assert lock.count("==") <= lock.count("--hash=sha256:")
    assert "quarto-cli" not in locked


REASON = re.compile(r'^\s+"[A-Za-z0-9_-]+.*",\s+# .+$')


@pytest.mark.parametrize("line", [
    line for line in (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    if re.match(r'^\s+"[a-z0-9-]+>=', line)
])  # fmt: skip
def test_every_dependency_says_why(line):
    assert REASON.match(line)


def imported_by(room: str) -> str:
    source = ROOT / "src" / "evalkit"
    paths = [*source.glob(f"{room}.py"), *source.glob(f"{room}/**/*.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


IMPORT_NAMES = {"babel": "babel", "pyyaml": "yaml", "pypandoc-binary": "pypandoc"}
ROOMS = re.compile(r'"([a-z0-9-]+)>=.*# .*\[([a-z_, ]+)\]')


def test_each_dependency_is_imported_by_a_room_that_its_comment_names():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    stated = {name: rooms.split(", ") for name, rooms in ROOMS.findall(text)}
    core = {
        name: rooms
        for name, rooms in stated.items()
        if name in names(project()["dependencies"]) and rooms[0] != "make lab"
    }
    everywhere = {name for name, rooms in core.items() if rooms == ["every room"]}
    unused = [
        name
        for name, rooms in core.items()
        if not any(
            re.search(rf"\b(import|from) {IMPORT_NAMES.get(name, name)}\b", imported_by(room))
            or (name == "tabulate" and ".to_markdown(" in imported_by(room))
            or (name == "pyarrow" and "_parquet(" in imported_by(room))
            or (name == "ipykernel" and "kernel_name" in imported_by(room))
            for room in (rooms if name not in everywhere else ["cohort"])
        )
    ]

    assert unused == []
