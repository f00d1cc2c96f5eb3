"""The documents say what the code does: their examples run, their lists are complete."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

import evalkit
from evalkit import errors
from evalkit.codes import benefits
from evalkit.cohort.definitions import EARNED
from evalkit.records import read_mapping, schema
from evalkit.release import load_profile, profile_names
from evalkit.run.worker import Record
from evalkit.study import Study, parse_study, read_study

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", *DOCS]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")


def text_of(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return [body for name, body in FENCE.findall(text) if name == language]


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", text)


def table_rows(text: str) -> list[list[str]]:
    """Cells of all rows of pipe tables."""
    lines = [line for line in prose(text).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def anchors(text: str) -> set[str]:
    """Anchors of headings, as a reader's browser gets them."""
    titles = re.findall(r"^#+ (.+)$", prose(text), re.M)
    kept = [re.sub(r"[^\w\- ]", "", title.replace("`", "").lower()) for title in titles]
    return {title.replace(" ", "-") for title in kept}


def broken_links(page: Path) -> list[str]:
    found = []
    for target in LINK.findall(prose(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (anchor and anchor not in anchors(path.read_text("utf-8"))):
            found.append(target)
    return found


def keys_of(model: type[BaseModel]) -> set[str]:
    """Every key of a part of the study file, and of the parts inside it."""
    keys = set()
    for name, field in model.model_fields.items():
        inner = [field.annotation, *getattr(field.annotation, "__args__", ())]
        parts = [item for item in inner if isinstance(item, type) and issubclass(item, BaseModel)]
        keys |= {name}.union(*map(keys_of, parts))
    return keys - {"root"}


def leaves_of(value: object) -> set[str]:
    if not isinstance(value, dict):
        return set()
    return set(value).union(*map(leaves_of, value.values()))


def study_of(block: str) -> Study:
    raw = yaml.load(block, Loader=yaml.BaseLoader)
    return parse_study(raw, root=Path("."), name="example")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    assert broken_links(page) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A `b` c\n[x](#a-b-c) [y](#d) [z](z.md) [w](page.md#a-b-c)", "utf-8")

    assert broken_links(page) == ["#d", "z.md"]


def test_the_example_of_a_study_file_is_valid():
    examples = blocks(text_of("study-file.md"), "yaml")

    assert [study_of(example).title.en for example in examples] == ["Coordinated rehabilitation"]


def test_every_key_of_the_study_file_is_explained_and_in_the_example():
    text = text_of("study-file.md")
    (example,) = blocks(text, "yaml")
    words = {word for code in CODE.findall(prose(text)) for word in re.split(r"[.,: ]+", code)}

    assert keys_of(Study) - words - {"report", "data", "population", "economics"} == set()
    given = leaves_of(yaml.load(example, Loader=yaml.BaseLoader))
    assert keys_of(Study) - given == {"fi_genitive", "fi_locative"}


def test_the_example_shows_the_defaults():
    example = study_of(blocks(text_of("study-file.md"), "yaml")[0])
    raw = {"title": {"en": "A"}, "country": "SE", "data_cut": "2025-12"}
    raw["useful_size"] = {"incidence": "0.05", "months": "1"}
    bare = parse_study(raw, root=Path("."), name="example")

    for part in ("outcome", "population", "self_support", "need", "report", "competing"):
        shown, default = getattr(example, part), getattr(bare, part)
        if isinstance(default, BaseModel):
            chosen = {"eligibility", "shown"}
            assert shown.model_dump(exclude=chosen) == default.model_dump(exclude=chosen)
        else:
            assert shown == default


def columns_in(cell: str) -> dict[str, str]:
    """Columns of a cell with how they are marked: bold, and ° where cells may be empty."""
    found = re.findall(r"(\*\*)?`(\w+)`(?:\*\*)?(°)?", cell)
    return {name: bold + sign for bold, name, sign in found}


def mark_of(column: schema.Column) -> str:
    if column.need == "never":
        return ""
    return "**°" if column.nullable else "**"


def test_the_list_of_tables_is_the_schema():
    rows = [row for row in table_rows(text_of("data.md")) if len(row) == 4]
    listed = {CODE.findall(row[0])[0]: row for row in rows if CODE.findall(row[0])}

    assert list(listed) == list(schema.TABLES)
    for name, table in schema.TABLES.items():
        assert columns_in(listed[name][2]) == {c.name: mark_of(c) for c in table.columns}
        key = list(table.names[:2]) if listed[name][3] == "both" else CODE.findall(listed[name][3])
        assert tuple(key) == table.key


def test_every_code_is_listed():
    listed = set(CODE.findall(prose(text_of("data.md"))))
    coded = [column for table in schema.TABLES.values() for column in table.columns]
    codes = {code for column in coded if column.kind == "code" for code in column.allowed}

    assert codes - listed == set()
    assert set(EARNED) - listed == set()


@pytest.mark.parametrize(("country", "position"), [("SE", 1), ("FI", 2)])
def test_benefits_are_listed_by_what_they_count_as(country, position):
    rows = [row for row in table_rows(text_of("data.md")) if len(row) == 3]
    listed = {row[0]: set(CODE.findall(row[position])) for row in rows}
    book = benefits(country)
    support, parental = book["public_support"], book["parental"]
    neither = ~support & ~parental & ~book["absorbing"]

    assert listed["public support"] == set(book.index[support])
    assert listed["parental"] == set(book.index[parental])
    assert listed["not public support"] == set(book.index[neither])
    assert set(book.index[book["absorbing"]]) == {"old_age_pension", "disability_pension"}


def test_the_example_of_a_mapping_file_is_valid(tmp_path):
    (example,) = blocks(text_of("data.md"), "yaml")
    path = tmp_path / "mapping.yaml"
    path.write_text(example, encoding="utf-8")

    mapping = read_mapping(path)

    assert list(mapping) == ["persons", "spells", "health"]
    assert mapping["health"].items["fraga1"] == "mo"
    ours = {code for entry in mapping["spells"].codes["benefit"].values() for code in [entry]}
    assert ours <= set(benefits("SE").index)


def test_the_exit_codes_are_those_of_the_errors():
    rows = [row for row in table_rows(text_of("data.md")) if row[0].isdigit()]
    raised = {kind.exit_code for kind in vars(errors).values() if hasattr(kind, "exit_code")}

    assert {int(row[0]) for row in rows} == raised | {0, 130}


def test_every_field_of_the_manifest_is_explained():
    listed = set(CODE.findall(prose(text_of("reports.md"))))

    assert {field.name for field in fields(Record)} - listed == set()


def test_profiles_are_described_as_they_are():
    rows = {row[0].strip("`"): row[1:] for row in table_rows(text_of("conventions.md"))}

    for name in profile_names():
        profile = load_profile(name)
        yes = {True: "yes", False: "no"}
        assert rows[name] == [
            str(profile.threshold),
            yes[profile.zeros_disclosive],
            str(profile.rounding),
            yes[profile.publishable],
        ]


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_files_that_are_named_exist(page):
    # The name of a test is that of its file, and what follows two colons.
    named = [name.split("::")[0] for name in CODE.findall(prose(page.read_text("utf-8")))]
    places = {"tests": ROOT, "src": ROOT, "data": ROOT, "notebooks": ROOT}
    paths = [ROOT / name for name in named if name.partition("/")[0] in places and "/" in name]
    truth = [name for name in named if re.fullmatch(r"test_\w+\.py", name)]

    assert [str(path) for path in paths if not list(ROOT.glob(str(path.relative_to(ROOT))))] == []
    assert [name for name in truth if not (ROOT / "tests" / "truth" / name).is_file()] == []


def test_every_estimator_has_its_convention():
    rows = [row for row in table_rows(text_of("conventions.md")) if len(row) == 5]
    listed = {name for row in rows for name in CODE.findall(row[0])} - set(profile_names())
    rooms = ("survival", "panel", "health", "economics", "follow_up", "compare")
    public = {name for name in evalkit.__all__ if callable(getattr(evalkit, name))}
    home = {name: getattr(evalkit, name).__module__.split(".")[1] for name in public}

    assert listed == {name for name in public if home[name] in rooms} | {"release"}


def test_the_worked_example_runs():
    examples = blocks(text_of("reports.md"), "python")
    tested = [block for block in examples if block.startswith("# tested\n")]
    names: dict[str, object] = {}

    for block in tested:
        exec(compile(block, "docs/reports.md", "exec"), names)

    assert len(tested) == len(examples) == 7
    difference = names["reached"].tidy().set_index("scale").loc["difference"]
    assert difference["conf_low"] > 0
    assert names["given_baseline"].tidy()["estimate"].between(0.03, 0.07).all()
    assert names["released"].profile == "strict10"
    assert len(names["shown"]) > 5
    assert "Work: share who had reached it" in names["picture"].markdown
    assert "Work: time gained by the programme group" in names["gained"].markdown
    assert "for each quality-adjusted life year gained" in names["told"].markdown
    assert "withheld" not in names["told"].markdown + names["plane"].markdown


def test_a_study_is_named_after_its_folder_also_from_inside_it(tmp_path, monkeypatch):
    folder = tmp_path / "North Federation"
    folder.mkdir()
    raw = 'title: {en: A}\ncountry: SE\ndata_cut: "2025-12"\n'
    text = raw + "useful_size: {incidence: 0.05, months: 1}\n"
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)

    assert read_study("study.yaml").name == "north-federation"
    assert read_study(folder / "study.yaml").name == "north-federation"
