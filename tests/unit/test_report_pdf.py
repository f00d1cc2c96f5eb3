"""The PDF of a report: PDF/UA-1, and what a screen reader gets of it."""

import re

import pikepdf
import pypdfium2
import pytest
from reading import words_of
from report_notebooks import FIGURE, PAGE, executed, front, save

from evalkit.errors import RenderError
from evalkit.report import pdf
from evalkit.report.assemble import assemble
from evalkit.report.pdf import render_pdf

LONG = "\n".join(f"| rad{number} | {number} |" for number in range(80))
GROUPED = 3
ORDERED = (
    "[undertitel]{.quiet}",
    "## Kapitel\n\n::: {.lead}\nledord [etikett]{.label}\n:::",
    ":::: {.cards}\n::: {.card}\n[kortal]{.card-number}\n\n[korttext]{.card-unit}\n:::\n::::",
    FIGURE.replace("Fler försörjer sig själva", "**fynd** figurtext [figurkälla]{.source}"),
    '::: {.callout-note collapse="true"}\n## Datatabell\n\n| spalt | tal |\n|:--|--:|\n'
    "| cell | 12 |\n\n[anmärkning]{.quiet}\n:::",
    "stycke\n\n- punkt\n- punkten",
    "### Underrubrik\n\n| kolumn | antal |\n|:--|--:|\n| post | 34 |\n\n: tabelltext {#tbl-n}",
    "[tabellkälla]{.source}",
    "## Sist\n\nslut",
)
# Figures and tables are numbered, and a fold names its figure, as on the page.
IN_ORDER = """
Samordnad rehabilitering i Lindala undertitel Kapitel ledord etikett kortal korttext Figur 1 fynd
figurtext figurkälla Datatabell, Figur 1 spalt tal cell 12 anmärkning stycke • punkt • punkten
Underrubrik Tabell 1: tabelltext kolumn antal post 34 tabellkälla Sist slut Till och med december
2025. Tal under 10 visas inte.
"""


def pdf_of(folder, parts=PAGE, **changes):
    strings = {"number": "Sida {page} av {pages}", "running": "Rapport", "contents": "Innehåll"}
    matter = front(strings=strings, **changes)
    report = assemble(save(executed(parts), folder / "work"), matter, folder / "page")
    return render_pdf(report, folder / "report.pdf", epoch=matter.epoch)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return pdf_of(tmp_path_factory.mktemp("pdf"), ORDERED, subtitle="")


@pytest.fixture
def opened(made):
    with pikepdf.open(made) as document:
        yield document


def elements(node):
    """Elements of the structure tree, parents before children, in reading order."""
    for child in node.get("/K", []) if isinstance(node.get("/K"), pikepdf.Array) else [node.K]:
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            yield child
            if "/K" in child:
                yield from elements(child)


def test_the_document_says_that_it_is_accessible_in_which_language_and_its_title(opened):
    assert bool(opened.Root.MarkInfo.Marked)
    assert str(opened.Root.Lang) == "sv"
    assert bool(opened.Root.ViewerPreferences.DisplayDocTitle)
    with opened.open_metadata() as meta:
        assert meta["pdfuaid:part"] == "1"
        assert meta["dc:title"] == "Samordnad rehabilitering i Lindala"


def test_every_figure_has_its_alternative_text(opened):
    figures = [item for item in elements(opened.Root.StructTreeRoot) if item.S == "/Figure"]

    assert [str(item.Alt) for item in figures] == ["Andelen stiger."]


def test_tables_have_header_cells(opened):
    kinds = [str(item.S) for item in elements(opened.Root.StructTreeRoot)]

    assert kinds.count("/Table") == 2
    assert kinds.count("/TH") == 4
    assert kinds.count("/TD") == 4


def test_chapters_are_headings_and_bookmarks(opened):
    kinds = [str(item.S) for item in elements(opened.Root.StructTreeRoot)]
    with opened.open_outline() as outline:
        chapters = [item.title for item in outline.root]
        inner = [item.title for item in outline.root[0].children]

    assert kinds.count("/H1") == 2
    assert kinds.count("/H2") == 1
    assert chapters == ["Kapitel", "Sist"]
    assert inner == ["Underrubrik"]


def test_it_is_read_in_the_order_of_the_markdown(made):
    assert words_of(made) == IN_ORDER.split()


def test_a_long_table_repeats_its_header_on_the_next_page(tmp_path):
    table = f"## A\n\n| Grupp | Antal |\n|:--|--:|\n{LONG}\n\n: Antal {{#tbl-n}}"

    pages = pypdfium2.PdfDocument(pdf_of(tmp_path, [table]))
    texts = [page.get_textpage().get_text_bounded() for page in pages]

    assert len(texts) > 1
    assert all("Grupp" in text for text in texts[:2])


@pytest.mark.parametrize("rows", [5, 14, 31])
def test_heads_groups_and_notes_of_tables_are_never_alone_on_a_page(tmp_path, rows):
    parts = ["## A", *(noted_table(number, rows) for number in range(30))]

    pages = pypdfium2.PdfDocument(pdf_of(tmp_path, parts))
    texts = [page.get_textpage().get_text_bounded() for page in pages]
    found = pieces = 0
    for text in texts:
        said = {}
        for name, table, row in re.findall(r"([a-zäö]+)(\d+)[.](?:(\d+)[.])?", text):
            said.setdefault(table, {}).setdefault(name, []).append(row)
        for names in said.values():
            assert len(names["rad"]) > 1, "a head alone, or with one row"
            assert "grupp" not in names or str(GROUPED) in names["rad"]
            assert ("källa" in names) == ("anmärkning" in names) == (str(rows - 1) in names["rad"])
            found += "källa" in names
        pieces += len(said)
    assert found == 30
    assert (pieces > found) == (rows > 16)


def noted_table(number, rows):
    """A table with a row that heads a group, a note and a source; every second one in a fold."""
    lines = [f"| rad{number}.{row}. | {row} |" for row in range(rows)]
    lines.insert(GROUPED, f"| **grupp{number}.** | |")
    table = "\n".join([f"| spalt{number}. | b |", "|:--|--:|", *lines])
    notes = f"[anmärkning{number}.]{{.quiet}}\n\n[källa{number}.]{{.source}}"
    if number % 2:
        return f"{table}\n\n: t {{#tbl-n{number}}}\n\n{notes}"
    return f'::: {{.callout-note collapse="true"}}\n## Datatabell\n\n{table}\n\n{notes}\n:::'


def lines_of(path):
    """Lines of the first page as they are set, and where the last letter of all ends, in mm."""
    page = pypdfium2.PdfDocument(path)[0].get_textpage()
    ends = [page.get_rect(number)[2] for number in range(page.count_rects())]
    return page.get_text_bounded().splitlines(), max(ends) / 72 * 25.4


def wide_table(heading, cells):
    return "\n".join([f"| {heading} |", "|" + ":--|" * len(cells), f"| {' | '.join(cells)} |"])


def test_columns_of_a_wide_table_hold_their_words_and_narrow_ones_their_cells(tmp_path):
    words = "förutsättningarna för samordningen " * 6
    table = wide_table(
        "Programgrupp | Toimeentulotukipäätös | Kustannusvaikuttavuus | 3 | 4 | Lång | Längre",
        ["Samhället som helhet", "1", "2", "3", "4", words, words],
    )
    lines, end = lines_of(pdf_of(tmp_path, [f"## A\n\n{table}\n\n: t {{#tbl-n}}"]))

    said = " ".join(lines)
    assert "Toimeentulotukipäätös" in said
    assert "Kustannusvaikuttavuus" in said
    assert "Samhället som helhet" in said
    assert said.split().count("förutsättningarna") == 12
    assert end <= 191


def test_columns_of_a_narrow_table_are_as_wide_as_their_cells(tmp_path):
    table = wide_table("Grupp | Antal år sedan starten", ["Insats", "1"])
    lines, end = lines_of(pdf_of(tmp_path, [f"## A\n\n{table}\n\n: t {{#tbl-n}}"]))

    assert any("Antal år sedan starten" in line for line in lines)
    assert end > 180  # the number of the page


def test_numbers_are_not_torn_from_their_words_nor_short_beginnings_from_their_hyphen(tmp_path):
    kept = (
        "(1 till 17 fler)",
        "600 tusen",
        "månad 24",
        "95-procentigt",
        "a-kassa",
        "0,0 till +1,7",
    )
    loose = "långa ord"
    text = "\n\n".join("n" * start + " ord" * 16 + f" {words}"
                       for start in range(1, 30) for words in (*kept, loose))  # fmt: skip

    pages = pypdfium2.PdfDocument(pdf_of(tmp_path, [f"## A\n\n{text}"]))
    lines = [line for page in pages
             for line in page.get_textpage().get_text_bounded().splitlines()]  # fmt: skip
    whole = {words: sum(words in line for line in lines) for words in (*kept, loose)}

    assert all(whole[words] == 29 for words in kept), whole
    assert 0 < whole[loose] < 29


@pytest.mark.parametrize(("figures", "times"), [(10, 0), (11, 1)])
def test_a_report_of_many_figures_lists_its_chapters_after_the_first(tmp_path, figures, times):
    parts = [FIGURE.replace("#fig-exits", f"#fig-exits{number}") for number in range(figures)]
    path = pdf_of(tmp_path, ["## Kapitel", "Svar.", "## Frågan", *parts, "### Mer", "## Sist"])

    page = pypdfium2.PdfDocument(path)[0].get_textpage().get_text_bounded()
    with pikepdf.open(path) as document:
        kinds = [str(item.S) for item in elements(document.Root.StructTreeRoot)]
    assert kinds.count("/TOC") == times
    assert kinds.count("/TOCI") == 3 * times
    assert kinds.count("/H1") == 3
    assert ("Innehåll" in page) == bool(times)
    if times:
        assert page.index("Svar.") < page.index("Innehåll") < page.rindex("Frågan")
        assert "Mer" not in page[page.index("Innehåll") : page.rindex("Frågan")]


def test_every_page_has_its_number_and_later_ones_the_title(tmp_path):
    table = f"## A\n\n| Grupp | Antal |\n|:--|--:|\n{LONG}\n\n: Antal {{#tbl-n}}"

    pages = pypdfium2.PdfDocument(pdf_of(tmp_path, [table]))
    second = pages[1].get_textpage().get_text_bounded()

    assert f"Sida 2 av {len(pages)}" in second
    assert second.startswith("Samordnad rehabilitering i Lindala")


@pytest.mark.parametrize(("lines", "on_page"), [(10, 1), (30, 2)])
def test_the_colophon_stands_on_one_page(tmp_path, lines, on_page):
    text = "\n\n".join(f"Rad {line}." for line in range(lines))
    colophon = [f"Slutord{line}." for line in range(20)]

    pages = pypdfium2.PdfDocument(pdf_of(tmp_path, [f"## A\n\n{text}"], colophon=colophon))
    last = pages[len(pages) - 1].get_textpage().get_text_bounded()

    assert len(pages) == on_page
    assert all(sentence in last for sentence in colophon)


def test_a_mark_over_the_page_is_printed(tmp_path):
    made = pdf_of(tmp_path, ["## A\n\nText."], mark="Inte för publicering")

    assert (
        "Inte för publicering" in pypdfium2.PdfDocument(made)[0].get_textpage().get_text_bounded()
    )


def test_text_that_looks_like_typst_is_text(tmp_path):
    cell = r"\#let x = \"1\" \\ \$ \<a\> \@b \*"
    table = f"## A\n\n| a | b |\n|:--|--:|\n| {cell} | 1 |\n\n: t {{#tbl-n}}\n\n{cell}"

    text = pypdfium2.PdfDocument(pdf_of(tmp_path, [table]))[0].get_textpage().get_text_bounded()

    assert text.count('#let x = "1" \\ $ <a> @b *') == 2


def test_the_same_report_gives_the_same_bytes(tmp_path):
    assert pdf_of(tmp_path / "a").read_bytes() == pdf_of(tmp_path / "b").read_bytes()


def test_a_letter_that_the_font_lacks_is_an_error(tmp_path):
    with pytest.raises(RenderError, match="typst"):
        pdf_of(tmp_path, ["## A\n\n\u4e2d"])


def test_a_missing_font_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "font_folder", lambda: tmp_path)
    pdf._fonts.cache_clear()
    try:
        with pytest.raises(RenderError, match="unknown font family"):
            pdf_of(tmp_path, ["## A\n\nText."])
    finally:
        pdf._fonts.cache_clear()


def test_a_report_outside_the_subset_is_refused(tmp_path):
    with pytest.raises(RenderError, match="RawInline is not part of it"):
        pdf_of(tmp_path, ["## A\n\n<b>fet</b>"])
