import sys

import nbformat
import numpy as np
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from report_notebooks import FIGURE, TABLE, front, png

from evalkit.errors import DisclosureError, ParameterError
from evalkit.provenance import provenance
from evalkit.release.released import Released
from evalkit.report.assemble import assemble
from evalkit.report.display import display
from evalkit.report.parts import Part

TEMPLATE = """\
from evalkit.report.display import display
from evalkit.report.parts import Part
image = bytes.fromhex({image!r})
display(Part("## Kort sagt"), Part({figure!r}, {{"fig-exits.png": image}}))
"""


@pytest.fixture
def shown(monkeypatch, tmp_path):
    """Outputs that a cell would hold."""
    outputs = []
    # The package has a function of the module's name.
    module = sys.modules["evalkit.report.display"]
    monkeypatch.setattr(
        module, "publish_display_data", lambda data, metadata=None: outputs.append((data, metadata))
    )
    monkeypatch.chdir(tmp_path)
    return outputs


@pytest.fixture
def under_run(monkeypatch):
    monkeypatch.setenv("EVALKIT_RUN", "1")


@pytest.fixture
def in_jupyter(monkeypatch):
    monkeypatch.delenv("EVALKIT_RUN", raising=False)


def released():
    rows = {"time": np.array([1.0]), "suppressed": np.array([False])}
    return Released("IncidenceCurve", rows, {}, "strict10", True, (), provenance("f", "0" * 16))


def test_under_run_each_part_is_one_markdown_output_and_its_picture_a_file(
    shown, under_run, tmp_path
):
    display(Part("## A"), Part(FIGURE, {"fig-exits.png": png()}))

    assert [data for data, _ in shown] == [{"text/markdown": "## A"}, {"text/markdown": FIGURE}]
    assert (tmp_path / "figures" / "fig-exits.png").read_bytes() == png()


def test_under_run_parts_are_numbered_one_after_the_other(shown, under_run):
    display(Part("a"), Part("b"))
    display(Part("c"))

    numbers = [metadata["evalkit"]["part"] for _, metadata in shown]
    assert np.diff(numbers).tolist() == [1, 1]


def test_in_jupyter_a_figure_is_a_picture_with_its_alternative_text(shown, in_jupyter, tmp_path):
    display(Part(FIGURE, {"fig-exits.png": png()}))

    html = shown[0][0]["text/html"]
    assert 'src="data:image/png;base64,' in html
    assert 'alt="Andelen stiger."' in html
    assert list(tmp_path.iterdir()) == []


def test_in_jupyter_a_table_is_a_table_and_no_markup(shown, in_jupyter):
    display(Part(TABLE))

    html = shown[0][0]["text/html"]
    assert "<table" in html
    assert "|" not in html
    assert "{#tbl" not in html


@pytest.mark.parametrize(
    "value", [3, "text", {"a": 1}, ()], ids=["number", "text", "dict", "tuple"]
)
def test_anything_but_a_part_is_refused_and_nothing_shown(shown, under_run, value):
    with pytest.raises(DisclosureError, match="display shows parts of a page"):
        display(Part("first"), value)

    assert shown == []


def test_a_released_result_is_refused_with_the_next_step(shown, under_run):
    with pytest.raises(DisclosureError, match="IncidenceCurve .* figures, tables or words"):
        display(released())

    assert shown == []


def test_two_different_pictures_of_one_name_are_refused(shown, under_run):
    display(Part(FIGURE, {"fig-exits.png": png(1)}))

    with pytest.raises(ParameterError, match="two different pictures"):
        display(Part(FIGURE, {"fig-exits.png": png(2)}))


def test_the_same_picture_twice_is_accepted(shown, under_run):
    display(Part(FIGURE, {"fig-exits.png": png(1)}))
    display(Part(FIGURE, {"fig-exits.png": png(1)}))

    assert len(shown) == 2


@pytest.mark.parametrize("name", ["../fig-x.png", "fig-X.png", "exits.png", "fig-exits.svg"])
def test_a_picture_of_another_name_is_refused(shown, under_run, name):
    with pytest.raises(ParameterError, match="must be fig-NAME.png"):
        display(Part("x", {name: png()}))


def test_parts_of_a_notebook_that_papermill_ran_become_a_report(tmp_path, monkeypatch):
    monkeypatch.setenv("EVALKIT_RUN", "1")
    code = TEMPLATE.format(image=png().hex(), figure=FIGURE)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    template = new_notebook(cells=[new_code_cell(code)], metadata={"kernelspec": kernel})
    nbformat.write(template, tmp_path / "template.ipynb")

    papermill.execute_notebook(
        tmp_path / "template.ipynb", tmp_path / "report.ipynb", cwd=tmp_path, progress_bar=False
    )
    report = assemble(tmp_path / "report.ipynb", front(), tmp_path / "page")

    assert report.read_text(encoding="utf-8").endswith(f"---\n\n## Kort sagt\n\n{FIGURE}\n")
    assert (tmp_path / "page" / "figures" / "fig-exits.png").read_bytes() == png()
