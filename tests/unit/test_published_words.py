"""What a published case tells a reader is told in the reader's language."""

import re
from collections.abc import Iterator

import pytest
from test_report_catalogue import ENGLISH, SHARED

from evalkit.published import PublishedCase, find_case, read_case, shipped_cases
from evalkit.study import Words

# Words of tables and models, beside the common ones; none is a word of Swedish or Finnish.
OF_TABLES = """
table tables figure licence license coefficients ties errors error from about chapter section
lecture notes output lines vignette vignettes computed appendix edition examples survey which
installs users over under normal censored fixed ignored random robust adjusted plain rate rates
share men women years ordinary squares least unequal earnings
"""
BORROWED = {"under", "normal", "men"}  # also words of Swedish
FOREIGN = (ENGLISH | set(OF_TABLES.split())) - SHARED - BORROWED


def told(case: PublishedCase) -> Iterator[tuple[str, Words]]:
    """Every text that a page shows, by where it stands in the file of the case."""
    yield from (("title", case.title), ("data", case.data), ("licence", case.licence))
    for name in type(case.story).model_fields:
        if (words := getattr(case.story, name)) is not None:
            yield f"story.{name}", words
    for number in case.numbers:
        yield f"{number.id}.name", number.name
        yield f"{number.id}.table", number.table
        yield f"{number.id}.unit", number.unit or case.unit
        for words in (number.because, number.impossible):
            if words is not None:
                yield f"{number.id}.reason", words


def segments(source: str) -> set[str]:
    """Parts of a reference between its punctuation marks."""
    return {part.strip() for part in re.split(r"[;:,()]", source) if part.strip()}


def foreign(text: str) -> set[str]:
    return set(re.findall(r"[a-zåäöéáüï-]+", text.lower())) & FOREIGN


@pytest.mark.parametrize("language", ["sv", "fi"])
@pytest.mark.parametrize("name", shipped_cases())
def test_no_english_word_is_told_in_another_language(name, language):
    case = read_case(find_case(name))
    english = {
        place: found
        for place, words in told(case)
        if (found := foreign(getattr(words, language) or ""))
    }
    # A title or a name in a reference stays as it is printed, in every language.
    own = segments(case.source.in_language(language)) - segments(case.source.in_language("en"))

    assert english == {}
    assert [part for part in own if foreign(part)] == []


@pytest.mark.parametrize("word", ["the", "ties", "licence", "table"])
def test_an_english_word_would_be_found(word):
    assert foreign(f"hasard, {word} enligt Efron") == {word}


def test_only_the_parts_of_a_reference_that_differ_are_read():
    assert segments("A (1999), The Book; b") == {"A", "1999", "The Book", "b"}
