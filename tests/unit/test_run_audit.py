"""The audit fires on each thing that a page must not hold, and on nothing else."""

import re
import zipfile

import openpyxl
import pytest
from report_notebooks import FIGURE, TABLE, executed, front, save

from evalkit.errors import DisclosureError
from evalkit.report.assemble import assemble
from evalkit.report.embedded import RENDERERS
from evalkit.run.audit import audit, searchable

IDS = {"se00001", "p-77", "1234567", "42"}
CLEAN = "<html><body><p>34 of 100 people, 1 234 persons.</p></body></html>"


def write(folder, text, name="report.html"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_clean_page_passes(tmp_path):
    audit(write(tmp_path, CLEAN), IDS)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<p>se00001</p>", "ids of persons"),
        ("<p>p-77</p>", "ids of persons"),
        ("<p>no 1234567.</p>", "ids of persons"),
        ("<pre>Traceback (most recent call last):</pre>", "tracebacks"),
        ('<pre>  File "cell.py", line 3</pre>', "tracebacks"),
        ("<p>/home/anna/extract.csv</p>", "paths of a machine"),
        ("<p>C:\\Users\\anna</p>", "paths of a machine"),
        ('<script src="https://cdn.example.org/x.js"></script>', "requests"),
        ('<link rel="stylesheet" href="//fonts.example.org/a.css">', "requests"),
        ("<style>@import 'https://example.org/a.css';</style>", "requests"),
    ],
)
def test_each_fault_is_found_and_its_text_not_repeated(tmp_path, text, what):
    write(tmp_path, CLEAN.replace("</body>", f"{text}</body>"))

    with pytest.raises(DisclosureError, match=what) as caught:
        audit(tmp_path, IDS)

    assert not any(identity in str(caught.value) for identity in IDS - {"42"})
    assert "anna" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["se000012", "AC:\\Users", "lib/home/x", "../tmp/x", "a/:\\x", 'xFile "a", line 3', "/homes/x"],
)
def test_what_only_looks_like_a_fault_is_none(tmp_path, text):
    audit(write(tmp_path, f"{CLEAN}<p>{text}</p>"), IDS)


def test_embedded_pictures_are_not_searched(tmp_path):
    audit(write(tmp_path, f'{CLEAN}<img src="data:image/png;base64,se00001/home/anna+">'), IDS)


def test_a_link_that_a_reader_may_follow_is_no_request(tmp_path):
    audit(write(tmp_path, f'{CLEAN}<a href="https://doi.org/10.1007/x">source</a>'), IDS)


def test_a_kind_of_file_that_is_never_published_is_refused(tmp_path):
    write(tmp_path, "person_id", name="rows.parquet")

    with pytest.raises(DisclosureError, match="never published"):
        audit(tmp_path, IDS)


def test_internal_is_refused(tmp_path):
    write(tmp_path, CLEAN)

    with pytest.raises(DisclosureError, match="internal"):
        audit(tmp_path, IDS, publishable=False)


def test_short_bare_numbers_are_not_looked_for():
    assert searchable(IDS) == {"se00001", "p-77", "1234567"}


def rendered(folder, name, *parts, **changes):
    """A report of one format, alone in a folder that is audited."""
    matter = front(**changes)
    report = assemble(save(executed(list(parts)), folder / "work"), matter, folder / "page")
    (folder / "pages").mkdir()
    return RENDERERS[name](report, folder / "pages" / f"report.{name}", epoch=0).parent


FORMATS = sorted(RENDERERS)
LONG_WORDS = " ".join(["ordentligt"] * 7)
PLACES = {
    "prose": ["## A\n\nHon heter se00001 och p-77."],
    "table": ["## A", TABLE.replace("| A |", "| se00001 |")],
    "alternative text": ["## A", FIGURE.replace("Andelen stiger.", "Andelen se00001 stiger.")],
    "heading": ["## Person se00001\n\nText."],
    "fold": ['## A\n\n::: {.callout-note collapse="true"}\n## Tal\n\nse00001\n:::'],
    "kept at its hyphen": ["## A\n\nHon heter (ab-0123456), månad 24."],
    "broken at the end of a line": [f"## A\n\n{LONG_WORDS} abcdefghijklmnopqrstuvw-77-01234567-89"],
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("place", PLACES)
def test_an_id_is_found_wherever_it_stands_in_every_format(tmp_path, name, place):
    folder = rendered(tmp_path, name, *PLACES[place])

    with pytest.raises(DisclosureError, match=rf"report.{name}: ids of persons"):
        audit(folder, {*IDS, "ab-0123456", "abcdefghijklmnopqrstuvw-77-01234567-89"})


@pytest.mark.parametrize("name", FORMATS)
def test_a_traceback_is_found_in_every_format(tmp_path, name):
    folder = rendered(tmp_path, name, '## A\n\nFile \\"cell.py\\", line 12, in')

    with pytest.raises(DisclosureError, match=rf"report.{name}: tracebacks"):
        audit(folder, IDS)


@pytest.mark.parametrize("name", FORMATS)
def test_a_clean_report_passes_in_every_format(tmp_path, name):
    audit(rendered(tmp_path, name, "## A\n\n34 av 100.", FIGURE, TABLE), IDS)


@pytest.mark.parametrize("name", FORMATS)
def test_a_path_of_a_machine_is_found_in_every_format(tmp_path, name):
    folder = rendered(tmp_path, name, "## A\n\nLäst från /home/anna/utdrag.csv.")

    with pytest.raises(DisclosureError, match="paths of a machine"):
        audit(folder, IDS)


@pytest.mark.parametrize("name", ["pdf", "docx"])
def test_an_id_in_the_title_of_a_document_is_found(tmp_path, name):
    folder = rendered(tmp_path, name, "## A\n\nText.", title="Om se00001")

    with pytest.raises(DisclosureError, match="ids of persons"):
        audit(folder, IDS)


@pytest.mark.parametrize("place", ["cell", "number", "sheet", "property"])
def test_an_id_in_a_workbook_is_found(tmp_path, place):
    book = openpyxl.Workbook()
    sheet = book.active
    if place == "cell":
        sheet["B2"] = "se00001"
    elif place == "number":
        sheet["B2"] = 1234567
    elif place == "sheet":
        sheet.title = "se00001"
    else:
        book.properties.title = "se00001"
    book.save(tmp_path / "tables.xlsx")

    with pytest.raises(DisclosureError, match="tables.xlsx: ids of persons"):
        audit(tmp_path, IDS)


def test_a_word_document_that_loads_from_elsewhere_is_refused(tmp_path):
    folder = rendered(tmp_path, "docx", "## A", FIGURE)
    path = folder / "report.docx"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    relations = members["word/_rels/document.xml.rels"]
    members["word/_rels/document.xml.rels"] = re.sub(
        rb'Target="media/[^"]*"',
        b'Target="https://example.org/x.png" TargetMode="External"',
        relations,
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)

    with pytest.raises(DisclosureError, match="requests to another address"):
        audit(folder, IDS)


def test_a_font_that_is_not_the_packages_own_is_refused(tmp_path):
    folder = rendered(tmp_path, "docx", "## A\n\nText.")
    path = folder / "report.docx"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["word/fonts/It.odttf"] += b"se00001"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)

    with pytest.raises(DisclosureError, match="parts of a kind that is never published"):
        audit(folder, IDS)


def test_an_office_document_with_a_part_of_another_kind_is_refused(tmp_path):
    folder = rendered(tmp_path, "docx", "## A\n\nText.")
    with zipfile.ZipFile(folder / "report.docx", "a") as archive:
        archive.writestr("word/embeddings/rows.bin", b"se00001")

    with pytest.raises(DisclosureError, match="parts of a kind that is never published"):
        audit(folder, IDS)
