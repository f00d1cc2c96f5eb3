"""The audit fires on each thing that a page must not hold, and on nothing else."""

import pytest

from evalkit.errors import DisclosureError
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
