"""YAML of users: keys given twice and faults of form are told by their lines."""

from pathlib import Path

import pytest

from evalkit.errors import StudyError
from evalkit.study.yaml_file import read_yaml

ROOT = Path(__file__).parents[2]
OURS = [
    *(ROOT / "data" / "synthetic").glob("*/study.yaml"),
    *(ROOT / "notebooks" / "published").glob("*.yaml"),
]


def write(folder, text: str) -> Path:
    path = folder / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder, text: str) -> str:
    with pytest.raises(StudyError) as refused:
        read_yaml(write(folder, text))
    return str(refused.value)


def test_a_key_given_twice_is_told_with_both_lines(tmp_path):
    message = refusal(tmp_path, "title: {en: A}\ncountry: SE\nname: a\ncountry: FI\n")

    assert message == (
        "file.yaml: key `country` stands at line 2 and again at line 4; keep one of them"
    )


def test_keys_within_parts_and_lists_are_told_with_their_path_all_at_once(tmp_path):
    text = "report:\n  languages: [sv]\n  languages: [fi]\nnumbers:\n  - {id: a, id: b}\n"

    message = refusal(tmp_path, text)

    assert "`report.languages` stands at line 2 and again at line 3" in message
    assert "`numbers.id` stands at line 5 and again at line 5" in message


def test_the_same_key_in_two_parts_is_no_fault(tmp_path):
    text = "a: {name: x}\nb: {name: y}\nc:\n  - name: z\n  - name: z\n"

    assert read_yaml(write(tmp_path, text))["c"] == [{"name": "z"}, {"name": "z"}]


def test_a_part_named_once_and_used_twice_is_no_fault(tmp_path):
    assert read_yaml(write(tmp_path, "a: &x {n: 1}\nb: *x\n")) == {"a": {"n": "1"}, "b": {"n": "1"}}


def test_an_empty_file_is_nothing(tmp_path):
    assert read_yaml(write(tmp_path, "# only a comment\n")) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\ncountry SE\nd: 4\n", "at line 3: is a colon missing after a key?"),
        ("a: 1\nb: see: here\n", "at line 2: put quotes around a text that contains a colon"),
        ("a:\n\tb: 1\n", "at line 2: indent with spaces, not with tabs"),
        ('a: 1\nb: "open\nc: 2\n', "at line 2: a quote that opens here is not closed"),
        ("a: 1\nb: {c: 1\nd: 2\n", "is a bracket not closed, or a comma missing?"),
        ("a: 1\n  b: 2\n", "at line 2: put quotes around a text that contains a colon"),
    ],
)
def test_what_is_not_yaml_has_its_line_and_a_hint(tmp_path, text, told):
    assert told in refusal(tmp_path, text)


def test_another_coding_is_told_by_its_byte(tmp_path):
    path = tmp_path / "file.yaml"
    path.write_bytes("name: å".encode("latin-1"))

    with pytest.raises(StudyError, match=r"not UTF-8 \(byte 6\)"):
        read_yaml(path)


@pytest.mark.parametrize("path", OURS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_files_that_are_shipped_give_every_key_once(path):
    assert isinstance(read_yaml(path), dict)
