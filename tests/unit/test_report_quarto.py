import json
import os
import re
import select
import zipfile
from html.parser import HTMLParser
from xml.etree import ElementTree

import nbformat
import pypdfium2
import pytest
import yaml
from nbformat.v4 import new_output
from quarto_on_machine import calls, put_stand_in
from report_notebooks import FIGURE, executed, front, png, save

from evalkit.errors import DisclosureError, ParameterError, RenderError
from evalkit.report import quarto
from evalkit.report.assemble import assemble
from evalkit.report.embedded import RENDERERS, render_html
from evalkit.report.quarto import (
    Job,
    find_renderer,
    quarto_version,
    render_together,
    render_with_quarto,
)
from evalkit.share import shared_folder

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture
def no_quarto(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("QUARTO_PATH", raising=False)


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    """Put the stand-in on the machine; return it."""
    program, variables = put_stand_in(tmp_path / "bin")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return program


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

    assert [call["arguments"] for call in calls(stand_in)] == [
        ["render", ".", "--no-execute", "--to", "html"]
    ]
    assert calls(stand_in)[0]["epoch"] == "1767139200"
    assert (tmp_path / "report.html").is_file()


def units(folder, *words, **changes):
    """A job for each unit: what its page says, and a picture of its own under one common name."""
    jobs = []
    for number, said in enumerate(words):
        notebook = save(executed([f"## {said}", FIGURE]), folder / str(number))
        (notebook.parent / "figures" / "fig-exits.png").write_bytes(png(50 * number))
        jobs.append(Job(notebook, front(**changes), folder / f"{number}.html"))
    return jobs


def alone(jobs, folder):
    """Bytes of the pages when each is made by a call of its own."""
    folder.mkdir()
    return [
        render_with_quarto(job.notebook, job.front, folder / job.target.name).read_bytes()
        for job in jobs
    ]


def test_many_units_are_one_call_and_the_same_pages(stand_in, tmp_path):
    jobs = units(tmp_path, "Ett", "Två", "Tre")

    assert render_together(jobs) == {}

    assert [len(call["notebooks"]) for call in calls(stand_in)] == [3]
    pages = [job.target.read_bytes() for job in jobs]
    assert len(set(pages)) == 3
    assert pages == alone(jobs, tmp_path / "alone")


def test_each_unit_has_a_folder_and_a_file_name_of_its_own(stand_in, tmp_path):
    jobs = units(tmp_path, "Ett", "Två")

    render_together(jobs)

    # The stand-in refuses any other name, and whatever a unit's folder holds of another one.
    assert len(set(calls(stand_in)[0]["notebooks"])) == 2
    pictures = [re.findall('data:image/png;base64,([^"]+)', job.target.read_text()) for job in jobs]
    assert len(pictures[0]) == len(pictures[1]) == 1
    assert pictures[0] != pictures[1]


def test_the_same_notebook_twice_is_made_alone_the_second_time(stand_in, tmp_path):
    jobs = units(tmp_path, "Ett", "Ett", "Två")

    assert render_together(jobs) == {}

    assert [len(call["notebooks"]) for call in calls(stand_in)] == [2, 1]
    assert jobs[0].target.read_bytes() != jobs[1].target.read_bytes()  # each has its own picture


def test_a_page_that_quarto_cannot_make_fails_only_its_unit(stand_in, tmp_path, monkeypatch):
    jobs = units(tmp_path, "Ett", "Två", "Tre")
    expected = alone(jobs, tmp_path / "alone")
    monkeypatch.setenv("STAND_IN_STUMBLES", "Två")

    errors = render_together(jobs)

    assert [len(call["notebooks"]) for call in calls(stand_in)[3:]] == [3, 1, 1, 1]
    assert list(errors) == [jobs[1].target]
    assert "a page that cannot be made" in str(errors[jobs[1].target])
    assert [job.target.exists() for job in jobs] == [True, False, True]
    assert [jobs[0].target.read_bytes(), jobs[2].target.read_bytes()] == expected[::2]


@pytest.mark.parametrize(
    ("fault", "told"),
    [("STAND_IN_LOADS", "from elsewhere"), ("STAND_IN_WRITES_NOTHING", "wrote no html")],
)
def test_a_bad_or_missing_page_is_made_again_and_fails_only_its_unit(
    stand_in, tmp_path, monkeypatch, fault, told
):
    monkeypatch.setenv(fault, "Två")
    jobs = units(tmp_path, "Ett", "Två", "Tre")

    errors = render_together(jobs)

    assert [len(call["notebooks"]) for call in calls(stand_in)] == [3, 1]
    assert list(errors) == [jobs[1].target]
    assert told in str(errors[jobs[1].target])
    assert [job.target.exists() for job in jobs] == [True, False, True]


def test_a_unit_that_may_not_be_shown_never_reaches_the_project(stand_in, tmp_path):
    jobs = units(tmp_path, "Ett", "Två", "Tre")
    stray = new_output("display_data", data={"text/html": "<table></table>"})
    save(executed(extra=stray), jobs[1].notebook.parent)
    (jobs[2].notebook.parent / "figures" / "fig-exits.png").unlink()

    errors = render_together(jobs)

    assert [len(call["notebooks"]) for call in calls(stand_in)] == [1]
    assert isinstance(errors[jobs[1].target], DisclosureError)
    assert "1 of 1 pictures missing" in str(errors[jobs[2].target])
    assert jobs[0].target.is_file()


def test_a_quarto_that_fails_altogether_is_an_error_of_every_unit(stand_in, tmp_path, monkeypatch):
    monkeypatch.setenv("STAND_IN_FAILS", "1")
    jobs = units(tmp_path, "Ett", "Två")

    errors = render_together(jobs)

    assert [len(call["notebooks"]) for call in calls(stand_in)] == [2, 1, 1]
    assert all(str(errors[job.target]).endswith("failure asked for") for job in jobs)


def test_a_project_holds_one_data_cut(stand_in, tmp_path):
    jobs = units(tmp_path / "new", "Ett", "Två")
    jobs += units(tmp_path / "old", "Tre", date="2024-12-31")

    assert render_together(jobs) == {}

    found = [(call["epoch"], len(call["notebooks"])) for call in calls(stand_in)]
    assert found == [("1767139200", 2), ("1735603200", 1)]


def test_word_documents_of_one_project_have_their_own_head(stand_in, tmp_path):
    jobs = units(tmp_path, "Ett", "Två")
    jobs = [
        Job(job.notebook, front(title=f"Rapport {n}"), tmp_path / f"{n}.docx")
        for n, job in enumerate(jobs)
    ]

    assert render_together(jobs, to="docx") == {}

    assert [len(call["notebooks"]) for call in calls(stand_in)] == [2]
    for n, job in enumerate(jobs):
        with zipfile.ZipFile(job.target) as archive:
            heads = b"".join(
                archive.read(name) for name in archive.namelist() if "header" in name
            ).decode()
        assert f"Rapport {n}" in heads
        assert f"Rapport {1 - n}" not in heads


def test_pdfs_of_one_project_do_not_meet(stand_in, tmp_path):
    jobs = [
        Job(job.notebook, job.front, job.target.with_suffix(".pdf"))
        for job in units(tmp_path, "Ett", "Två")
    ]

    assert render_together(jobs, to="pdf") == {}

    assert [len(call["notebooks"]) for call in calls(stand_in)] == [2]
    assert [("Ett" in said(job.target), "Två" in said(job.target)) for job in jobs] == [
        (True, False),
        (False, True),
    ]


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


def test_a_quarto_that_does_not_end_is_an_error_and_leaves_nothing_at_work(monkeypatch, tmp_path):
    os.mkfifo(tmp_path / "alive")
    alive = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    program = tmp_path / "quarto"
    program.write_text(f"#!/bin/sh\nexec >'{tmp_path}/alive'\necho begun\nsleep 600 &\nwait\n")
    program.chmod(0o755)
    monkeypatch.setenv("QUARTO_PATH", str(program))
    monkeypatch.setattr(quarto, "TIME_LIMIT_SECONDS", 2)

    with pytest.raises(RenderError, match="not done after 2 seconds"):
        quarto_version()

    assert os.read(alive, 100) == b"begun\n"
    assert select.select([alive], [], [], 60)[0], "a program that quarto started goes on"
    assert os.read(alive, 100) == b""
    os.close(alive)


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


def test_a_quarto_that_is_gone_could_not_be_started(tmp_path):
    with pytest.raises(RenderError, match="quarto: the program could not be started"):
        quarto._run(tmp_path / "quarto", ["render"], tmp_path, 0, 10)
