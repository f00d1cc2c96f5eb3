"""The example of a case of one's own, as the document has it, runs and drifts."""

from pathlib import Path

import pytest
from test_docs import FENCE, blocks, table_rows, text_of

from evalkit.published import PublishedCase, open_published
from evalkit.report.page import disclosure_note
from evalkit.report.published import VERDICT_WORDS
from evalkit.report.text import open_text
from evalkit.report.words import published_case

TEXT = text_of("published.md")


@pytest.fixture
def example(tmp_path) -> Path:
    """The files of the example in a folder; the notebook's cells are run by the tests."""
    (table,) = [body for name, body in FENCE.findall(TEXT) if body.startswith("months,exit")]
    (tmp_path / "people.csv").write_text(table, encoding="utf-8")
    path = tmp_path / "our_report.yaml"
    path.write_text(blocks(TEXT, "yaml")[0], encoding="utf-8")
    return path


def run_cells(path: Path) -> dict:
    left: dict = {}
    for number, cell in enumerate(blocks(TEXT, "python")):
        exec(compile(cell, "docs/published.md", "exec"), left)
        left |= {"case": str(path)} if number == 0 else {}
    return left


def test_the_example_is_reproduced(example, monkeypatch):
    monkeypatch.chdir(example.parent)

    verdicts = run_cells(example)["verdicts"].tidy().set_index("number")["verdict"]

    assert verdicts.to_dict() == {"in_work": "reproduced", "people": "reproduced"}


def test_the_page_of_records_that_are_not_public_never_calls_them_public(example):
    case = open_published(str(example))
    text = open_text(case.labels, "en")
    told = published_case(case.story, text).markdown
    note = disclosure_note(text, threshold=None, publishable=True)

    assert "which are not public" in told
    assert "Public data" not in told
    assert "public" not in note
    example.write_text(example.read_text("utf-8").replace("kind: own", "kind: real"), "utf-8")
    assert "Public data" in published_case(open_published(str(example)).story, text).markdown


def test_the_example_drifts_with_its_data(example, monkeypatch):
    monkeypatch.chdir(example.parent)
    people = example.with_name("people.csv")
    people.write_text(people.read_text().replace("14,work", "14,pension"), encoding="utf-8")

    verdicts = run_cells(example)["verdicts"].tidy().set_index("number")["verdict"]

    assert verdicts.to_dict() == {"in_work": "drifted", "people": "reproduced"}


def test_every_kind_and_verdict_is_explained():
    rows = [row[0].strip("`") for row in table_rows(TEXT)]
    kinds = PublishedCase.model_fields["kind"].annotation.__args__

    assert set(kinds) <= set(rows)
    assert len([row for row in rows if row not in (*kinds, "kind", "---", "verdict")]) == len(
        VERDICT_WORDS
    )
