"""Every sentence in the source is translated, whole and in the right language."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import evalkit
from evalkit.report.text import slot_names

SOURCE = Path(evalkit.__file__).parent
KEYWORDS = {"say": None, "plural": (1, 2), "mark": None}
# Common English words that are no words of Swedish or Finnish.
ENGLISH_WORDS = """
the and of with without this that which from those these who are was were been have has not people
person share shown group groups months month years year days day health programme comparison
difference between least only than because however each every their there number numbers interval
support benefit cost gain followed reached
"""
ENGLISH = set(ENGLISH_WORDS.split())
# Words that the three languages share, or that stand for themselves.
SHARED = {"person", "interval"}


@cache
def sentences() -> dict:
    found = extract_from_dir(str(SOURCE), [("**.py", "python")], keywords=KEYWORDS)
    return {message: (file, line) for file, line, message, _, _ in found}


@cache
def catalogue(language):
    path = SOURCE / "report" / "locale" / language / "evalkit.po"
    with path.open("rb") as stream:
        return read_po(stream, locale=language)


def forms(value) -> tuple:
    return value if isinstance(value, tuple) else (value,)


def messages(language) -> list:
    return [message for message in catalogue(language) if message.id]


def test_the_extractor_finds_the_sentences():
    assert len(sentences()) > 300


def test_no_sentence_hides_in_an_f_string():
    hidden = [
        f"{path.name}:{node.lineno}"
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in KEYWORDS
    ]

    assert hidden == []


@pytest.mark.parametrize("language", ["sv", "fi"])
def test_every_sentence_is_translated(language):
    translated = {message.id: message for message in messages(language)}
    missing = [
        message
        for message in sentences()
        if message not in translated or not all(forms(translated[message].string))
    ]

    assert missing == []


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_no_sentence_stands_twice(language):
    path = SOURCE / "report" / "locale" / language / "evalkit.po"
    entries = re.findall(r"^msgid (.+(?:\n\".*)*)", path.read_text(encoding="utf-8"), re.M)

    assert [entry for entry, count in Counter(entries).items() if count > 1] == []


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_no_translation_is_fuzzy(language):
    assert [message.id for message in messages(language) if message.fuzzy] == []


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_no_translation_is_left_from_a_sentence_that_is_gone(language):
    assert [message.id for message in messages(language) if message.id not in sentences()] == []


@pytest.mark.parametrize("language", ["sv", "fi", "en"])
def test_a_translation_has_the_slots_of_its_sentence(language):
    wrong = [
        message.id
        for message in messages(language)
        for form in forms(message.string)
        if slot_names(form) != slot_names(forms(message.id)[-1])
    ]

    assert wrong == []


@pytest.mark.parametrize("language", ["sv", "fi"])
def test_no_english_word_stands_in_a_translation(language):
    words = {
        (word, form)
        for message in messages(language)
        for form in forms(message.string)
        for word in re.findall(r"[a-zåäö]+", re.sub(r"\{\w+\}", "", form).lower())
    }
    english = sorted(form for word, form in words if word in ENGLISH - SHARED)

    assert english == []


@pytest.mark.parametrize("language", ["sv", "fi"])
def test_a_translation_ends_as_its_sentence_does(language):
    wrong = [
        message.id
        for message in messages(language)
        for form in forms(message.string)
        if form[-1:] in ".:?" and form[-1] != forms(message.id)[0][-1]
        or forms(message.id)[0][-1] in ".?" and form[-1:] != forms(message.id)[0][-1]
    ]  # fmt: skip

    assert wrong == []
