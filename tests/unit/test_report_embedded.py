import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from report_notebooks import CARDS, FIGURE, FOLD, TABLE, executed, front, png, save

from evalkit.errors import RenderError
from evalkit.report.assemble import assemble
from evalkit.report.embedded import render_fragment, render_html
from evalkit.report.pandoc import run_pandoc
from evalkit.report.theme import page_style

LUMINANCE = (0.2126, 0.7152, 0.0722)
TEXT_COLOURS = ("ink", "quiet", "programme", "warning")
LINE_COLOURS = ("programme", "comparison", "third", "fourth")


def page_of(tmp_path, parts, **changes):
    matter = replace(front(), **changes)
    report = assemble(save(executed(parts), tmp_path / "work"), matter, tmp_path / "page")
    return render_html(report, tmp_path / "report.html", epoch=matter.epoch)


def render(tmp_path, *parts, **changes):
    html = page_of(tmp_path, parts, **changes).read_text(encoding="utf-8")
    return re.sub(r"[ \n]+", " ", html.partition("</head>")[2])


def contents_of(page):
    start = page.index('<nav class="contents"')
    return page[start : page.index("</nav>", start)]


def test_a_page_has_one_title_its_language_and_a_way_past_the_contents(tmp_path):
    page = page_of(tmp_path, ["## Kort sagt\n\nText."]).read_text(encoding="utf-8")

    assert '<html lang="sv">' in page
    assert "<title>Samordnad rehabilitering i Lindala</title>" in page
    assert page.count("<h1>") == 1
    assert '<a class="skip" href="#content">Hoppa till innehållet</a>' in page
    assert '<main id="content"' in page


def test_contents_list_the_chapters(tmp_path):
    page = render(tmp_path, "## Kort sagt\n\nA.\n\n### Mer\n\nB.\n\n## Hälsa\n\nC.")

    contents = contents_of(page)
    assert "Kort sagt" in contents
    assert "Hälsa" in contents
    assert "Mer" not in contents


def test_a_figure_has_its_alternative_text_and_a_numbered_caption(tmp_path):
    page = render(tmp_path, "## A", FIGURE)

    assert '<figure id="fig-exits">' in page
    assert 'alt="Andelen stiger."' in page
    assert '<span class="number">Figur\u00a01</span> Fler försörjer sig själva' in page


def test_the_source_of_a_figure_stands_below_its_picture(tmp_path):
    sourced = FIGURE.replace("själva\n", "själva [Källa: X.]{.source}\n")

    page = render(tmp_path, "## A", sourced)

    caption, picture, source = (page.index(mark) for mark in ("</figcaption>", "<img", "Källa"))
    assert caption < picture < source < page.index("</figure>")


def test_a_quiet_line_before_the_first_heading_belongs_to_the_title(tmp_path):
    page = render(tmp_path, "[Utgåva 1]{.quiet}", "## A", subtitle="")

    assert '<p class="quiet">Utgåva 1</p> </header>' in page
    assert page.count("Utgåva 1") == 1


def test_a_table_in_a_fold_is_named_by_the_fold_and_the_figure_before_it(tmp_path):
    table = "| a | b |\n|:--|--:|\n| x | 1 |"
    fold = f'::: {{.callout-note collapse="true"}}\n## Talen\n\n{table}\n:::'

    page = render(tmp_path, "## A", FIGURE, fold, "## B", fold)

    assert 'aria-label="Talen, Figur\u00a01"' in page
    assert 'aria-label="Talen"' in page


def test_pictures_and_fonts_are_inside_the_page(tmp_path):
    page = page_of(tmp_path, ["## A", FIGURE]).read_text(encoding="utf-8")

    assert 'src="data:image/png;base64,' in page
    assert page.count('url("data:font/woff2;base64,') == 3
    assert "figures/" not in page


def test_a_table_names_its_columns_and_rows_for_a_screen_reader(tmp_path):
    page = render(tmp_path, "## A", TABLE)

    assert page.count('scope="col"') == 2
    assert len(re.findall(r'<th[^>]*scope="row"', page)) == 2
    assert re.search(r'<div class="table"[^>]*tabindex="0"', page)
    assert re.search(r'<div class="table"[^>]*role="region"', page)
    assert 'aria-label="Tabell\u00a01: Antal personer"' in page
    assert '<caption><span class="caption"><span class="number">Tabell\u00a01:</span>' in page


def test_the_first_column_stands_to_the_left_and_numbers_to_the_right(tmp_path):
    page = render(tmp_path, "## A", TABLE.replace("|:--|--:|", "|--:|--:|"))

    assert page.count('<th style="text-align: left;" scope="row">') == 2
    assert page.count('<td style="text-align: right;">') == 2


@pytest.mark.parametrize(
    ("language", "figure", "table"),
    [("sv", "Figur", "Tabell"), ("fi", "Kuva", "Taulukko"), ("en", "Figure", "Table")],
)
def test_references_are_links_in_the_language_of_the_page(tmp_path, language, figure, table):
    page = render(tmp_path, "## A", "Se @fig-exits och [@tbl-n].", FIGURE, TABLE, lang=language)

    assert f'<a href="#fig-exits">{figure}\u00a01</a>' in page
    assert f'<a href="#tbl-n">{table}\u00a01</a>' in page


def test_a_collapsed_callout_is_a_fold_outside_the_contents(tmp_path):
    page = render(tmp_path, "## A", FIGURE, TABLE, FOLD)

    assert "<details> <summary> Så läser du </summary>" in page
    assert "Så läser du" not in contents_of(page)


def test_content_for_html_is_shown_and_content_for_others_is_not(tmp_path):
    block = '::: {{.content-visible when-format="{}"}}\n{}\n:::'

    page = render(tmp_path, "## A", block.format("html", "synlig"), block.format("docx", "dold"))

    assert "synlig" in page
    assert "dold" not in page


def test_cards_are_a_list(tmp_path):
    page = render(tmp_path, "## A", CARDS)

    assert '<div class="cards" role="list">' in page
    assert '<div class="card" role="listitem">' in page


def test_a_mark_over_the_page_is_shown_only_when_given(tmp_path):
    assert '<p class="mark">' not in render(tmp_path / "a", "## A")
    assert '<p class="mark">Inte för publicering</p>' in render(
        tmp_path / "b", "## A", mark="Inte för publicering"
    )


def test_a_page_links_to_the_formats_beside_it(tmp_path):
    page = render(tmp_path, "## A", others="Finns även som [PDF](report.pdf).")

    assert '<p class="quiet others">Finns även som <a href="report.pdf">PDF</a>.</p>' in page


def test_the_same_report_gives_the_same_bytes(tmp_path):
    parts = ["## A", FIGURE, TABLE, FOLD, CARDS]

    first = page_of(tmp_path / "a", parts).read_bytes()
    second = page_of(tmp_path / "b", parts).read_bytes()

    assert first == second


@pytest.mark.parametrize(
    ("markdown", "fault"),
    [
        ("# En till titel", "a heading of level 1"),
        ("## A\n\n#### B", "a heading of level 4 below one of level 2"),
        ("<b>fet</b>", "RawInline is not part of it"),
        ("```\nkod\n```", "CodeBlock is not part of it"),
        ("$x^2$", "Math is not part of it"),
        ("::: {.panel}\nx\n:::", "class panel is not known"),
        ("![bild](https://example.org/x.png)", "an image that is not a file"),
        ("Se @fig-saknas.", "a reference to fig-saknas, which is not on the page"),
        ("Se @smith2020.", "a reference to smith2020"),
        (FIGURE + "\n\n" + FIGURE, "two things are called fig-exits"),
        (FIGURE.replace('{fig-alt="Andelen stiger."}', ""), "fig-exits has no alternative text"),
        (FIGURE.replace("Fler försörjer sig själva\n", ""), "one image and one caption"),
        ("| a | b |\n|:--|--:|\n| x | 1 |", "a table without a caption outside a fold"),
    ],
)
def test_what_lies_outside_the_page_subset_is_refused(tmp_path, markdown, fault):
    with pytest.raises(RenderError, match=re.escape(fault)):
        page_of(tmp_path, [markdown])


def test_a_warning_of_pandoc_is_an_error(tmp_path):
    with pytest.raises(RenderError, match="pandoc ended with code"):
        run_pandoc(
            ["--from=markdown", "--to=html"], folder=tmp_path, source="[a]: x\n[a]: y\n\n[a]"
        )


def test_pandoc_without_a_warning_is_not_an_error(tmp_path):
    assert run_pandoc(["--from=markdown", "--to=html"], folder=tmp_path, source="x") == "<p>x</p>\n"


def test_a_fragment_brings_its_pictures_and_leaves_numbers_out():
    html = render_fragment(FIGURE + "\n\nSe @fig-exits.", {"fig-exits.png": png()}, language="sv")

    assert 'src="data:image/png;base64,' in html
    assert 'alt="Andelen stiger."' in html
    assert "Figur\u00a0" not in html


def test_a_fragment_without_its_picture_is_refused():
    with pytest.raises(RenderError, match="shows fig-exits.png, but does not bring it"):
        render_fragment(FIGURE, {})


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * value for weight, value in zip(LUMINANCE, linear, strict=True))


def contrast(first, second):
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def tokens(mode):
    rules = page_style()
    roots = re.findall(r":root \{(.*?)\}", rules[rules.index("/* Tokens") :], re.S)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", roots[mode]))


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "panel"])
@pytest.mark.parametrize("colour", TEXT_COLOURS)
def test_text_stands_out_from_its_ground(mode, ground, colour):
    chosen = tokens(mode)

    assert contrast(chosen[colour], chosen[ground]) >= 4.5


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("colour", LINE_COLOURS)
def test_lines_stand_out_from_the_paper(mode, colour):
    chosen = tokens(mode)

    assert contrast(chosen[colour], chosen["paper"]) >= 3


def test_contrast_of_black_on_white_is_twenty_one():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


class Nesting(HTMLParser):
    """Elements that were closed in another order than they were opened."""

    VOID = ("meta", "img", "br", "link", "input", "hr")

    def __init__(self):
        super().__init__()
        self.open, self.faults = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)


def test_every_element_of_a_page_is_closed_in_order(tmp_path):
    nesting = Nesting()

    nesting.feed(
        page_of(tmp_path, ["## A", FIGURE, TABLE, FOLD, CARDS]).read_text(encoding="utf-8")
    )

    assert nesting.faults == []
    assert nesting.open == []
