import nbformat
import pytest
from nbformat.v4 import new_output
from report_notebooks import FIGURE, executed, front, part_output, save

from evalkit.errors import DisclosureError, RenderError
from evalkit.report.assemble import assemble, displayed, quarto_notebook, read_executed

STRAY = {
    "stdout": new_output("stream", name="stdout", text="person 17"),
    "stderr": new_output("stream", name="stderr", text="person 17"),
    "execute_result": new_output("execute_result", data={"text/plain": "person 17"}),
    "display_data": new_output("display_data", data={"text/html": "person 17"}),
}


def test_report_holds_the_displayed_parts_in_order_after_the_front_matter(tmp_path):
    notebook = save(executed(["## Ett", FIGURE, "Två"]), tmp_path / "work")

    report = assemble(notebook, front(), tmp_path / "page")

    text = report.read_text(encoding="utf-8")
    assert text.startswith('---\ntitle: "Samordnad rehabilitering i Lindala"\nlang: sv\n')
    assert text.endswith(f"---\n\n## Ett\n\n{FIGURE}\n\nTvå\n")


def test_markdown_cells_of_the_template_and_hidden_cells_are_left_out(tmp_path):
    notebook = executed(["shown"])
    notebook.cells.append(nbformat.v4.new_code_cell("x", execution_count=9))
    notebook.cells[-1].metadata["tags"] = ["remove-cell"]
    notebook.cells[-1].outputs = [part_output("hidden", 2)]

    report = assemble(save(notebook, tmp_path), front(), tmp_path / "page")

    text = report.read_text(encoding="utf-8")
    assert "shown" in text
    assert "hidden" not in text
    assert "A title of the template" not in text


def test_only_pictures_on_the_page_are_copied(tmp_path):
    notebook = save(executed([FIGURE]), tmp_path / "work", figures=["fig-exits.png", "fig-x.png"])

    assemble(notebook, front(), tmp_path / "page")

    assert [path.name for path in (tmp_path / "page" / "figures").iterdir()] == ["fig-exits.png"]


def test_a_missing_picture_is_refused(tmp_path):
    notebook = save(executed([FIGURE]), tmp_path / "work", figures=[])

    with pytest.raises(RenderError, match="1 of 1 pictures missing: fig-exits.png"):
        assemble(notebook, front(), tmp_path / "page")


@pytest.mark.parametrize("kind", STRAY)
def test_any_output_that_did_not_come_from_display_is_refused_without_its_value(kind):
    notebook = executed(["shown"], extra=STRAY[kind])

    with pytest.raises(DisclosureError, match=f"cell 4: an output .* \\({kind}\\)") as caught:
        displayed(notebook)

    assert "17" not in str(caught.value)


def test_markdown_without_the_mark_of_display_is_refused():
    stray = new_output("display_data", data={"text/markdown": "person 17"})

    with pytest.raises(DisclosureError, match="did not come from display"):
        displayed(executed(["shown"], extra=stray))


def test_a_part_with_a_second_format_beside_markdown_is_refused():
    stray = part_output("shown", 2)
    stray.data["text/html"] = "<b>person 17</b>"

    with pytest.raises(DisclosureError, match="did not come from display"):
        displayed(executed(["shown"], extra=stray))


def test_parts_out_of_order_are_refused():
    with pytest.raises(DisclosureError, match="not numbered in the order"):
        displayed(executed(["shown"], extra=part_output("again", 5)))


def test_a_failed_notebook_is_not_rendered(tmp_path):
    notebook = executed(["shown"])
    notebook.metadata["papermill"]["exception"] = True

    with pytest.raises(RenderError, match="report.ipynb: the notebook failed"):
        read_executed(save(notebook, tmp_path))


def test_a_notebook_with_an_error_output_is_not_rendered(tmp_path):
    failure = new_output("error", ename="E", evalue="person 17", traceback=[])

    with pytest.raises(RenderError, match="the notebook failed") as caught:
        read_executed(save(executed(["shown"], extra=failure), tmp_path))

    assert "17" not in str(caught.value)


def test_a_template_that_was_never_executed_is_not_rendered(tmp_path):
    notebook = executed(["shown"])
    notebook.cells[1]["execution_count"] = None

    with pytest.raises(RenderError, match="cell 1 was not executed"):
        read_executed(save(notebook, tmp_path))


def test_a_notebook_that_shows_nothing_is_refused(tmp_path):
    with pytest.raises(RenderError, match="displayed nothing"):
        assemble(save(executed([]), tmp_path), front(), tmp_path / "page")


def test_front_matter_escapes_what_markdown_would_read_as_markup():
    assert '"A \\\\*b\\\\* \\\\[c\\\\]"' in front(title="A *b* [c]").header(frame=False)


def test_copy_for_quarto_hides_parameters_and_forgets_papermill():
    made = quarto_notebook(executed(), front())

    assert [cell.metadata.get("tags") for cell in made.cells[2:4]] == [["remove-cell"]] * 2
    assert "papermill" not in str(made.metadata) + str([cell.metadata for cell in made.cells])
    assert all(output.metadata == {} for cell in made.cells[2:-1] for output in cell.outputs)


def test_copy_for_quarto_starts_with_the_front_matter_and_drops_markdown_cells():
    made = quarto_notebook(executed(), front())

    assert made.cells[0].cell_type == "raw"
    assert made.cells[0].source.splitlines() == [
        "---",
        'title: "Samordnad rehabilitering i Lindala"',
        "lang: sv",
        'date: "2025-12-31"',
        "---",
    ]
    assert [cell.source for cell in made.cells if cell.cell_type == "markdown"] == [
        "::: {.quiet}\nRapport 2021–2025\n:::",
        "::: {.quiet}\nTill och med december 2025.\n\nTal under 10 visas inte.\n:::",
    ]


def test_copy_for_quarto_leaves_the_executed_notebook_as_it_is():
    notebook = executed()
    before = nbformat.writes(notebook)

    quarto_notebook(notebook, front())

    assert nbformat.writes(notebook) == before


def test_a_tag_that_quarto_does_not_know_is_refused():
    with pytest.raises(RenderError, match="cell 3: tag hide-input is not known to Quarto"):
        quarto_notebook(executed(tags=["hide-input"]), front())


def test_a_tag_that_quarto_knows_is_kept():
    made = quarto_notebook(executed(tags=["hide-code"]), front())

    assert made.cells[4].metadata["tags"] == ["hide-code"]
