import json
import re
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pypandoc
import pypdfium2
import pytest
import yaml
from nbformat.v4 import new_output
from report_notebooks import executed, front, save

from evalkit.errors import DisclosureError, ParameterError, RenderError
from evalkit.report import quarto
from evalkit.report.assemble import assemble
from evalkit.report.embedded import RENDERERS, render_html
from evalkit.report.quarto import find_renderer, quarto_version, render_with_quarto
from evalkit.share import shared_folder

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
STAND_IN = Path(__file__).parents[1] / "quarto_stand_in.py"


@pytest.fixture
def no_quarto(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("QUARTO_PATH", raising=False)


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    """Put the stand-in on the machine; return it."""
    program = tmp_path / "bin" / "quarto"
    program.parent.mkdir()
    copy = program.with_name("stand_in.py")
    copy.write_text(STAND_IN.read_text(encoding="utf-8"), encoding="utf-8")
    # Through a shell, since a first line that names the interpreter breaks at a space in its path.
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{copy}' \"$@\"\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("QUARTO_PATH", str(program))
    monkeypatch.setenv("STAND_IN_THEME", str(shared_folder("reports/theme")))
    monkeypatch.setenv("STAND_IN_PANDOC", pypandoc.get_pandoc_path())
    return program


def calls(program):
    lines = (program.parent / "calls.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


class Content(HTMLParser):
    """What a reader gets of a page: words, headings, alternative texts, cells, references."""

    def __init__(self, html):
        super().__init__()
        self.words, self.headings, self.alts, self.cells, self.links = [], [], [], [], []
        self.stack = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "img":
            self.alts.append(values["alt"])
            return
        self.stack.append(tag)
        if tag == "a":
            self.links.append(values["href"])

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs) if tag == "img" else None

    def handle_endtag(self, tag):
        self.stack.pop()

    def handle_data(self, data):
        words = data.split()
        self.words += words
        inside = self.stack[-1] if self.stack else ""
        if re.fullmatch("h[2-6]", inside) and words:
            self.headings.append((inside, data))
        if inside in ("td", "th") and words:
            self.cells.append(data)


def test_quarto_in_the_path_is_preferred(stand_in, monkeypatch):
    monkeypatch.delenv("QUARTO_PATH")
    monkeypatch.setenv("PATH", str(stand_in.parent))

    assert find_renderer("auto") == ("quarto", "it was found through PATH")


@pytest.mark.parametrize("up", [0, 1, 2], ids=["program", "its folder", "folder above"])
def test_quarto_path_names_the_program_or_a_folder(stand_in, monkeypatch, up):
    monkeypatch.setenv("QUARTO_PATH", str([stand_in, *stand_in.parents][up]))

    assert find_renderer("quarto") == ("quarto", "it was found through QUARTO_PATH")


def test_the_embedded_renderer_serves_where_there_is_no_quarto(no_quarto):
    assert find_renderer("auto") == ("embedded", "there is no quarto to run through PATH")


def test_quarto_asked_for_and_missing_is_an_error_that_says_how_to_get_it(no_quarto):
    with pytest.raises(ParameterError, match="no quarto to run through PATH; install it"):
        find_renderer("quarto")


def test_a_quarto_path_to_nothing_is_not_replaced_by_the_path(stand_in, monkeypatch):
    monkeypatch.setenv("PATH", str(stand_in.parent))
    monkeypatch.setenv("QUARTO_PATH", str(stand_in.parent / "missing"))

    assert find_renderer("auto") == ("embedded", "there is no quarto to run through QUARTO_PATH")


def test_the_embedded_renderer_can_be_asked_for(stand_in):
    assert find_renderer("embedded") == ("embedded", "it was asked for")


def test_an_unknown_renderer_is_refused():
    with pytest.raises(ParameterError, match="'latex' is not known"):
        find_renderer("latex")


def test_the_version_is_asked_of_the_program(stand_in):
    assert quarto_version() == "1.11.0"


def test_quarto_renders_without_executing_at_the_time_of_the_data_cut(stand_in, tmp_path):
    notebook = save(executed(), tmp_path / "work")

    render_with_quarto(notebook, front(), tmp_path / "report.html")

    assert [call["arguments"][2:] for call in calls(stand_in)] == [["--no-execute", "--to", "html"]]
    assert calls(stand_in)[0]["epoch"] == "1767139200"
    assert (tmp_path / "report.html").is_file()


def test_each_unit_has_a_folder_and_a_file_name_of_its_own(stand_in, tmp_path):
    first = save(executed(["## Ett"]), tmp_path / "a")
    second = save(executed(["## Två"]), tmp_path / "b")

    render_with_quarto(first, front(), tmp_path / "a.html")
    render_with_quarto(second, front(), tmp_path / "b.html")

    assert len({call["folder"] for call in calls(stand_in)}) == 2
    assert len({call["arguments"][1] for call in calls(stand_in)}) == 2


def test_both_renderers_give_the_same_content(stand_in, tmp_path):
    notebook = save(executed(), tmp_path / "work")
    report = assemble(notebook, front(), tmp_path / "page")

    theirs = render_with_quarto(notebook, front(), tmp_path / "quarto.html").read_text()
    ours = render_html(report, tmp_path / "embedded.html").read_text(encoding="utf-8")

    frame = front()
    opening, closing = frame.subtitle.split(), " ".join(frame.colophon).split()
    embedded = Content(ours[ours.index("<main") : ours.index("</main>")] + "</main>")
    quarto_page = Content(theirs[theirs.index("</header>") + 9 : theirs.index("</body>")])
    assert quarto_page.words == opening + embedded.words + closing
    assert quarto_page.headings == embedded.headings
    assert quarto_page.alts == embedded.alts
    assert quarto_page.cells == embedded.cells
    assert quarto_page.links == embedded.links
    assert len(embedded.cells) == 6


NAMED = {"html": "html", "pdf": "typst", "docx": "docx"}


@pytest.mark.parametrize("to", NAMED)
def test_each_format_is_asked_for_by_its_name_in_a_folder_of_its_own(stand_in, tmp_path, to):
    notebook = save(executed(), tmp_path / "work")

    made = render_with_quarto(notebook, front(), tmp_path / f"report.{to}", to=to)

    assert [call["arguments"][-1] for call in calls(stand_in)] == [NAMED[to]]
    assert made.stat().st_size > 4000


def said(path):
    """Words of a Word document or a PDF, in order."""
    if path.suffix == ".pdf":
        pages = pypdfium2.PdfDocument(path)
        return " ".join(page.get_textpage().get_text_bounded() for page in pages).split()
    with zipfile.ZipFile(path) as archive:
        root = ElementTree.fromstring(archive.read("word/document.xml"))
    return " ".join("".join(part.itertext()) for part in root.iter(f"{WORD}p")).split()


@pytest.mark.parametrize("to", ["pdf", "docx"])
def test_both_renderers_give_the_same_words_on_paper(stand_in, tmp_path, to):
    notebook = save(executed(), tmp_path / "work")
    frame = front(strings={}, others="Finns även som [Word](report.docx).")
    report = assemble(notebook, frame, tmp_path / "page")

    theirs = said(render_with_quarto(notebook, frame, tmp_path / f"quarto.{to}", to=to))
    ours = said(RENDERERS[to](report, tmp_path / f"embedded.{to}", epoch=frame.epoch))

    assert [word for word in theirs if word.isalnum()] == [word for word in ours if word.isalnum()]
    assert "Word" not in theirs
    assert len(ours) > 40


def test_the_line_about_other_formats_stands_on_the_page(stand_in, tmp_path):
    notebook = save(executed(), tmp_path / "work")
    frame = front(others="Finns även som [Word](report.docx).")

    page = render_with_quarto(notebook, frame, tmp_path / "report.html").read_text()

    assert '<a href="report.docx">Word</a>' in page


def test_a_quarto_that_writes_no_file_of_the_format_is_an_error(stand_in, tmp_path, monkeypatch):
    monkeypatch.setenv("STAND_IN_WRITES_NOTHING", "1")
    notebook = save(executed(), tmp_path / "work")

    with pytest.raises(RenderError, match="wrote no pdf"):
        render_with_quarto(notebook, front(), tmp_path / "report.pdf", to="pdf")


def test_no_code_and_no_parameters_reach_the_page(stand_in, tmp_path):
    notebook = save(executed(), tmp_path / "work")

    page = render_with_quarto(notebook, front(), tmp_path / "report.html").read_text()

    assert "ek.display" not in page
    assert "unit = 2" not in page


def test_a_page_that_loads_from_elsewhere_is_refused(stand_in, tmp_path, monkeypatch):
    monkeypatch.setenv("STAND_IN_LOADS", "1")
    notebook = save(executed(), tmp_path / "work")

    with pytest.raises(RenderError, match="would load 1 files from elsewhere"):
        render_with_quarto(notebook, front(), tmp_path / "report.html")

    assert not (tmp_path / "report.html").exists()


def test_a_failing_quarto_is_an_error_of_the_unit_with_its_last_line(
    stand_in, tmp_path, monkeypatch
):
    monkeypatch.setenv("STAND_IN_FAILS", "1")
    notebook = save(executed(), tmp_path / "work")

    with pytest.raises(RenderError, match="quarto ended with code 1: stand-in: failure asked for"):
        render_with_quarto(notebook, front(), tmp_path / "report.html")


def test_a_failed_notebook_never_reaches_quarto(stand_in, tmp_path):
    notebook = executed()
    notebook.metadata["papermill"]["exception"] = True

    with pytest.raises(RenderError, match="the notebook failed"):
        render_with_quarto(save(notebook, tmp_path / "work"), front(), tmp_path / "report.html")

    assert not (stand_in.parent / "calls.jsonl").exists()


def test_html_in_an_output_never_reaches_quarto(stand_in, tmp_path):
    stray = new_output("display_data", data={"text/html": "<table></table>"})
    notebook = save(executed(extra=stray), tmp_path / "work")

    with pytest.raises(DisclosureError, match="did not come from display"):
        render_with_quarto(notebook, front(), tmp_path / "report.html")

    assert not (stand_in.parent / "calls.jsonl").exists()


def with_project(**changes):
    project = json.loads(json.dumps(quarto.PROJECT))
    for key, value in changes.items():
        project["format"]["html"][key.replace("_", "-")] = value
    return project


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"code_fold": True}, "project key format.html.code-fold"),
        ({"theme": "cosmo"}, "project key format.html.theme is missing or has another value"),
        ({"html_math_method": "mathjax"}, "project key format.html.html-math-method"),
        ({"css": "other.css"}, "file other.css of the project is missing"),
    ],
)
def test_the_stand_in_refuses_another_project(stand_in, tmp_path, monkeypatch, change, complaint):
    monkeypatch.setattr(quarto, "PROJECT", with_project(**change))
    notebook = save(executed(), tmp_path / "work")

    with pytest.raises(RenderError, match=re.escape(complaint)):
        render_with_quarto(notebook, front(), tmp_path / "report.html")


def planted(change):
    """Make the copy for Quarto with one fault in it."""

    def make(notebook, matter):
        made = original(notebook, matter)
        change(made)
        return made

    original = quarto.quarto_notebook
    return make


PLANTS = {
    "tag hide-input": lambda made: made.cells[4].metadata.update(tags=["hide-input"]),
    "metadata ['papermill']": lambda made: made.cells[4].metadata.update(papermill={}),
    "papermill's record": lambda made: made.metadata.update(papermill={}),
    "output type stream": lambda made: made.cells[4].outputs.append(
        new_output("stream", name="stdout", text="x")
    ),
    "['text/html']": lambda made: made.cells[4].outputs[0].update(data={"text/html": "x"}),
    "front matter has keys": lambda made: made.cells[0].update(source="---\ntitle: x\nfoo: 1\n---"),
    "not raw front matter": lambda made: made.cells.pop(0),
    "div .panel-tabset": lambda made: made.cells.append(
        nbformat.v4.new_markdown_cell("::: {.panel-tabset}\nx\n:::")
    ),
    "html in markdown": lambda made: made.cells.append(nbformat.v4.new_markdown_cell("<b>x</b>")),
    "picture figures/fig-y.png": lambda made: made.cells.append(
        nbformat.v4.new_markdown_cell("![x](figures/fig-y.png)")
    ),
}


@pytest.mark.parametrize("complaint", PLANTS)
def test_the_stand_in_refuses_a_planted_fault(stand_in, tmp_path, monkeypatch, complaint):
    monkeypatch.setattr(quarto, "quarto_notebook", planted(PLANTS[complaint]))
    notebook = save(executed(), tmp_path / "work")

    with pytest.raises(RenderError, match=re.escape(complaint)):
        render_with_quarto(notebook, front(), tmp_path / "report.html")


def test_the_preview_project_has_the_settings_of_a_run_but_its_own_output():
    path = shared_folder("reports/theme").parent / "_quarto.yml"
    preview = yaml.safe_load(path.read_text(encoding="utf-8"))

    assert preview["execute"] == quarto.PROJECT["execute"]
    assert preview["project"]["output-dir"] == "_preview"
    assert {**preview["format"]["html"], "css": "page.css"} == quarto.PROJECT["format"]["html"]
    assert all((path.parent / name).is_file() for name in preview["filters"])
