"""One real report in every format: the same numbers, and what the law asks of documents."""

import re
import shutil
import subprocess

import openpyxl
import pikepdf
import pypdfium2
import pytest
from reading import words_of

UNIT = "municipality-007"
OFFICE = shutil.which("soffice")
NUMBERED = re.compile(r"(?:Kuva|Taulukko)\s\d+")


@pytest.fixture(scope="module")
def folder(checkout):
    result = checkout.report("--only", UNIT)
    assert result.returncode == 0, result.stdout + result.stderr
    return next(checkout.site.glob(f"*/{UNIT}/fi"))


def numbers(path):
    """Numbers in the order in which they are read, those of figures and tables left out."""
    return re.findall(r"\d+", NUMBERED.sub("", " ".join(words_of(path))))


def test_the_report_is_there_in_every_format(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        "report.docx", "report.html", "report.pdf", "tables.xlsx",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["report.pdf", "report.docx"])
def test_the_numbers_are_those_of_the_page_in_the_same_order(folder, name):
    wanted = numbers(folder / "report.html")

    assert len(wanted) > 400
    assert numbers(folder / name) == wanted


def test_the_page_leads_to_the_other_formats(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")

    assert all(f'<a href="{name}">' in page for name in
               ("report.pdf", "report.docx", "tables.xlsx"))  # fmt: skip


def test_the_index_leads_to_the_other_formats(checkout, folder):
    index = (checkout.site / "index.html").read_text(encoding="utf-8")

    assert all(f"{UNIT}/fi/{name}" in index for name in
               ("report.pdf", "report.docx", "tables.xlsx"))  # fmt: skip


def test_the_pdf_is_tagged_with_a_text_for_every_picture(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    with pikepdf.open(folder / "report.pdf") as document:
        known = (item for item in document.objects if isinstance(item, pikepdf.Dictionary))
        tags = [item for item in known if "/S" in item and "/P" in item]
        alts = [str(item.Alt) for item in tags if item.S == "/Figure"]
        headers = sum(item.S == "/TH" for item in tags)
        chapters = sum(item.S == "/H1" for item in tags)

        assert bool(document.Root.MarkInfo.Marked)
        assert str(document.Root.Lang) == "fi"
        with document.open_metadata() as meta:
            assert meta["pdfuaid:part"] == "1"
        with document.open_outline() as outline:
            assert len(outline.root) == chapters == page.count("<h2")
    assert len(alts) == page.count("<img ")
    assert all(len(alt) > 30 for alt in alts)
    assert headers >= page.count('scope="col"')


def test_the_workbook_holds_the_tables_of_the_page(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    book = openpyxl.load_workbook(folder / "tables.xlsx")
    cells = [sheet[table.ref] for sheet in book.worksheets[1:] for table in sheet.tables.values()]
    header = [cell.value for table in cells for cell in table[0]]
    # A count with its share, and an interval, is one column of the page, and two of the sheet.
    columns = [name for name in header if not name.endswith((": osuus", ", yläraja"))]
    rows = sum(len(table) - 1 for table in cells)

    assert book.sheetnames[0] == "Lue ensin"
    assert len(book.sheetnames) - 1 == page.count("<table")
    assert len(columns) < len(header)
    assert len(columns) == page.count('scope="col"')
    assert rows == page.count('scope="row"')


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice (soffice) is not installed")
def test_libreoffice_opens_the_word_document(folder, tmp_path):
    subprocess.run(
        [OFFICE, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless",
         "--convert-to", "pdf", "--outdir", str(tmp_path), str(folder / "report.docx")],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip

    pages = pypdfium2.PdfDocument(tmp_path / "report.pdf")
    assert 5 < len(pages) < 40
