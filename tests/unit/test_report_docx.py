"""The Word document of a report: styles, headers, names and alternative texts."""

import io
import re
import shutil
import subprocess
import zipfile
from importlib.resources import files
from xml.etree import ElementTree

import pikepdf
import pypdfium2
import pytest
from report_notebooks import CARDS, FIGURE, FOLD, PAGE, TABLE, executed, front, save

from evalkit.errors import RenderError
from evalkit.report.assemble import assemble
from evalkit.report.docx import render_docx

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/picture}cNvPr"
OFFICE = shutil.which("soffice")
NUMBERS = (
    '::: {.callout-note collapse="true"}\n## Datatabell\n\n| a | b |\n|:--|--:|\n| x | 1 |\n:::'
)


def docx_of(folder, parts=PAGE, **changes):
    matter = front(strings={"number": "Sida {page} av {pages}", "running": "Rapport"}, **changes)
    report = assemble(save(executed(parts), folder / "work"), matter, folder / "page")
    return render_docx(report, folder / "report.docx", epoch=matter.epoch)


def part(path, name="word/document.xml"):
    with zipfile.ZipFile(path) as archive:
        return ElementTree.fromstring(archive.read(name))


def text_of(element):
    broken = f"{W}br"
    return "".join(" " if item.tag == broken else item.text or "" for item in element.iter()
                   if item.tag in (f"{W}t", broken))  # fmt: skip


def paragraphs(path):
    """Style and text of each paragraph."""
    for paragraph in part(path).iter(f"{W}p"):
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        yield (None if style is None else style.get(f"{W}val")), text_of(paragraph)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    parts = [
        "## Kapitel\n\n::: {.lead}\nSvar.\n:::",
        CARDS,
        FIGURE,
        NUMBERS,
        "### Mer",
        TABLE,
        FOLD,
    ]
    return docx_of(tmp_path_factory.mktemp("docx"), parts)


def test_title_headings_and_captions_have_styles_of_their_own(made):
    styles = dict((text, style) for style, text in paragraphs(made))

    assert styles["Samordnad rehabilitering i Lindala"] == "Title"
    assert styles["Rapport\u00a02021–2025"] == "Subtitle"
    assert styles["Kapitel"] == "Heading1"
    assert styles["Mer"] == "Heading2"
    assert styles["Svar."] == "Lead"
    assert styles["Figur\u00a01 Fler försörjer sig själva"] == "ImageCaption"
    assert styles["Tabell\u00a01: Antal personer"] == "TableCaption"
    assert styles["Datatabell, Figur\u00a01"] == "FoldTitle"
    assert styles["Till och med december\u00a02025."] == "Colophon"


def test_every_style_that_is_used_is_defined(made):
    used = {item.get(f"{W}val") for kind in ("pStyle", "rStyle", "tblStyle")
            for item in part(made).iter(f"{W}{kind}")}  # fmt: skip
    defined = {item.get(f"{W}styleId") for item in part(made, "word/styles.xml").iter(f"{W}style")}

    assert used <= defined
    assert len(used) > 12


def test_a_picture_has_its_alternative_text_and_no_file_name(made):
    document = part(made)

    assert [item.get("descr") for item in document.iter(DRAWN)] == ["Andelen stiger."]
    assert [item.get("descr") for item in document.iter(PICTURE)] == ["Andelen stiger."]


def test_tables_have_a_header_row_row_headers_and_a_name(made):
    tables = [table for table in part(made).iter(f"{W}tbl") if style_of(table) == "Table"]
    names = [table.find(f"{W}tblPr/{W}tblCaption").get(f"{W}val") for table in tables]
    headers = [[row.find(f"{W}trPr/{W}tblHeader") is not None for row in table.iter(f"{W}tr")]
               for table in tables]  # fmt: skip
    looks = [table.find(f"{W}tblPr/{W}tblLook") for table in tables]

    assert names == ["Datatabell, Figur\u00a01", "Tabell\u00a01: Antal personer"]
    assert headers == [[True, False], [True, False, False]]
    assert all(row.find(f"{W}trPr/{W}cantSplit") is not None
               for table in tables for row in table.iter(f"{W}tr"))  # fmt: skip
    assert all(look.get(f"{W}firstRow") == look.get(f"{W}firstColumn") == "1" for look in looks)


def kept_rows(path):
    """Of each table, whether each row stays with what follows it."""
    return [
        [row.find(f"{W}tc/{W}p/{W}pPr/{W}keepNext") is not None for row in table.iter(f"{W}tr")]
        for table in part(path).iter(f"{W}tbl")
    ]


def table_of(rows):
    return "\n".join(["| a | b |", "|:--|--:|", *(f"| {row} | {number} |" for row, number in rows)])


def fold_of(*blocks):
    return '::: {.callout-note collapse="true"}\n## Datatabell\n\n' + "\n\n".join(blocks) + "\n:::"


def style_of(table):
    return table.find(f"{W}tblPr/{W}tblStyle").get(f"{W}val")


def test_key_figures_stand_side_by_side_in_a_table_without_headers_or_name(tmp_path):
    card = "::: {.card}\n[{}]{.card-number}\n\n[efter månad 24]{.card-note}\n:::"
    cards = "\n\n".join(card.replace("{}", number, 1) for number in ("1", "2", "3", "4"))
    path = docx_of(tmp_path, ["## Kapitel", f":::: {{.cards}}\n{cards}\n::::", TABLE])
    laid_out, table = part(path).iter(f"{W}tbl")
    look = laid_out.find(f"{W}tblPr/{W}tblLook")

    assert (style_of(laid_out), style_of(table)) == ("KeyFigures", "Table")
    assert [text_of(cell) for cell in laid_out.iter(f"{W}tc")] == [
        f"{number} efter månad\u00a024" for number in range(1, 5)
    ]
    assert len(list(laid_out.iter(f"{W}tr"))) == 1
    assert len({column.get(f"{W}w") for column in laid_out.iter(f"{W}gridCol")}) == 1
    assert laid_out.find(f".//{W}tblHeader") is None
    assert laid_out.find(f"{W}tblPr/{W}tblCaption") is None
    assert look.get(f"{W}firstRow") == look.get(f"{W}firstColumn") == "0"


def test_rows_of_a_short_table_stay_together_and_of_a_long_one_the_first_and_the_last(tmp_path):
    long = fold_of(table_of([("x", row) for row in range(30)]))
    kept = kept_rows(docx_of(tmp_path, ["## Kapitel", FIGURE, long, TABLE]))

    assert kept[0] == [True] * 2 + [False] * 26 + [True] * 2 + [False]
    assert kept[1] == [True] * (len(kept[1]) - 1) + [False]


def test_the_last_row_stays_with_a_note_or_a_source_and_with_nothing_else(tmp_path):
    table, note, source = (
        table_of([("x", 1)]),
        "[– betyder: visas inte.]{.quiet}",
        "[Källa: x.]{.source}",
    )
    own = f"{table}\n\n: Antal {{#tbl-n}}"
    path = docx_of(tmp_path, ["## Kapitel", fold_of(table, note), own, note, source, "Mer.", FIGURE,
                              fold_of(table), "[Skäl.]{.withheld}"])  # fmt: skip
    stays = [
        (text_of(paragraph), paragraph.find(f"{W}pPr/{W}keepNext") is not None)
        for paragraph in part(path).iter(f"{W}p")
        if paragraph.find(f"{W}pPr/{W}pStyle").get(f"{W}val") == "Source"
    ]

    assert kept_rows(path) == [[True, True], [True, True], [True, False]]
    assert stays == [("– betyder: visas inte.", False), ("– betyder: visas inte.", True),
                     ("Källa: x.", False)]  # fmt: skip


def test_a_row_that_heads_a_group_stays_with_its_first_row(tmp_path):
    rows = [("**Kön**" if row in (6, 9) else "x", "" if row == 6 else row) for row in range(20)]
    (kept,) = kept_rows(docx_of(tmp_path, ["## Kapitel", fold_of(table_of(rows))]))

    assert kept == [True] * 2 + [False] * 5 + [True] + [False] * 10 + [True] * 2 + [False]


def test_numbers_in_running_text_are_not_torn_from_their_words(tmp_path):
    words = "I månad 24 är (1 till 17 fler) 95-procentigt a-kassa, 600 tusen långa hel-dags."
    table = "| a b | c |\n|:--|--:|\n| månad 24 | SE-2020 |\n\n: t {#tbl-n}"
    path = docx_of(tmp_path, [f"## Kapitel\n\n{words}", table])
    said = dict((style, text) for style, text in paragraphs(path) if style != "TableText")
    cells = [text for style, text in paragraphs(path) if style == "TableText"]

    assert said["FirstParagraph"] == (
        "I månad\u00a024\u00a0är (1\u00a0till\u00a017\u00a0fler) 95\u2011procentigt a\u2011kassa, "
        "600\u00a0tusen långa hel\u2011dags."
    )
    assert cells == ["månad 24", "SE-2020"]


def test_the_fonts_are_in_the_document_scrambled_by_their_keys(made):
    links = {link.get("Id"): link.get("Target") for link in part(
        made, "word/_rels/fontTable.xml.rels")}  # fmt: skip
    relation = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    (font,) = part(made, "word/fontTable.xml")
    faces = {"embedRegular": "Regular", "embedBold": "Semibold", "embedItalic": "It"}
    kinds = [item.get("Extension") for item in part(made, "[Content_Types].xml")]

    assert "odttf" in kinds
    assert part(made, "word/settings.xml").find(f"{W}embedTrueTypeFonts") is not None
    assert font.get(f"{W}name") == "Source Sans 3"
    with zipfile.ZipFile(made) as archive:
        for mark, face in faces.items():
            item = font.find(f"{W}{mark}")
            key = bytes.fromhex(re.sub("[{}-]", "", item.get(f"{W}fontKey")))
            found = archive.read(f"word/{links[item.get(relation)]}")
            plain = files("evalkit.report").joinpath("fonts", f"SourceSans3-{face}.ttf")
            first = bytes(a ^ b for a, b in zip(found[:32], key[::-1] * 2, strict=True))
            assert first + found[32:] == plain.read_bytes()


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_prints_in_the_fonts_of_the_document(made, tmp_path):
    subprocess.run(
        [OFFICE, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless",
         "--convert-to", "pdf", "--outdir", str(tmp_path), str(made)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    with pikepdf.open(tmp_path / "report.pdf") as pdf:
        fonts = {str(one.get("/BaseFont", "")) for one in pdf.objects if isinstance(
            one, pikepdf.Dictionary)}  # fmt: skip

    assert any("SourceSans3-Regular" in name for name in fonts)
    assert any("SourceSans3-Semibold" in name for name in fonts)


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_the_language_is_that_of_the_report(tmp_path, language):
    path = docx_of(tmp_path, lang=language)
    defaults = part(path, "word/styles.xml").find(f"{W}docDefaults/{W}rPrDefault/{W}rPr/{W}lang")
    core = part(path, "docProps/core.xml")

    assert defaults.get(f"{W}val") == language
    assert "".join(core.itertext()).count(language)


def test_the_font_is_named_with_what_may_stand_for_it(made):
    font = part(made, "word/fontTable.xml").find(f"{W}font")

    assert font.get(f"{W}name") == "Source Sans 3"
    assert "Calibri" in font.find(f"{W}altName").get(f"{W}val")


def test_pages_are_a4_with_title_and_number(made):
    with zipfile.ZipFile(made) as archive:
        frames = {name: archive.read(name).decode() for name in archive.namelist()
                  if re.match(r"word/(header|footer)", name)}  # fmt: skip
    size = part(made).find(f".//{W}sectPr/{W}pgSz")

    assert (size.get(f"{W}w"), size.get(f"{W}h")) == ("11906", "16838")
    assert any("Samordnad rehabilitering i Lindala" in frame for frame in frames.values())
    assert any("NUMPAGES" in frame and "Sida " in frame for frame in frames.values())


def test_references_lead_to_what_they_name(made):
    document = part(made)
    anchors = {item.get(f"{W}anchor") for item in document.iter(f"{W}hyperlink")}
    marks = {item.get(f"{W}name") for item in document.iter(f"{W}bookmarkStart")}

    assert anchors == {"fig-exits", "tbl-n"}
    assert anchors <= marks


def test_nothing_is_loaded_from_elsewhere(made):
    assert b"TargetMode" not in zipfile.ZipFile(made).read("word/_rels/document.xml.rels")


def test_the_same_report_gives_the_same_bytes(tmp_path):
    first, second = docx_of(tmp_path / "a").read_bytes(), docx_of(tmp_path / "b").read_bytes()

    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        dates = {item.date_time for item in archive.infolist()}
    assert first == second
    assert dates == {(2025, 12, 31, 0, 0, 0)}


def test_a_report_outside_the_subset_is_refused(tmp_path):
    with pytest.raises(RenderError, match="RawInline is not part of it"):
        docx_of(tmp_path, ["## A\n\n<b>fet</b>"])


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice (soffice) is not installed")
def test_libreoffice_opens_it_and_finds_every_word(made, tmp_path):
    profile = (tmp_path / "profile").as_uri()
    subprocess.run(
        [OFFICE, f"-env:UserInstallation={profile}", "--headless", "--convert-to", "pdf",
         "--outdir", str(tmp_path), str(made)],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip

    pages = pypdfium2.PdfDocument(tmp_path / "report.pdf")
    said = " ".join(page.get_textpage().get_text_bounded() for page in pages).split()
    wanted = " ".join(text for _, text in paragraphs(made)).replace("\u00a0", " ").split()
    assert [word for word in wanted if word not in " ".join(said)] == []
    assert "Sida" in said
