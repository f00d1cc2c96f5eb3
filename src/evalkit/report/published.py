"""What words, figures and tables of published numbers share: names, verdicts, written numbers."""

import math
import re
from collections.abc import Mapping

from evalkit.report.markup import escape
from evalkit.report.text import Text, mark

Names = Mapping[str, Mapping[str, str]]

NBSP = "\N{NO-BREAK SPACE}"
THOUSANDS = re.compile(r"\b\d{1,3}(?: \d{3})+\b")
OPERATOR = re.compile(r" ([=≤−+·/|~]) ")
BRACKETED = re.compile(r"\([^()]{0,24}\)")

VERDICT_WORDS = {
    "reproduced": mark("reproduced"),
    "deviates": mark("deviates"),
    "impossible": mark("cannot be reproduced"),
    "consistent": mark("consistent: follows from the published numbers themselves"),
    "from_memory": mark("agrees, but the published value is from memory"),
    "drifted": mark("has changed: neither the published number nor the known deviation"),
}
READ_WORDS = {
    "document": mark("read in the source"),
    "secondary": mark("quoted by another source"),
    "memory": mark("from memory"),
}
KIND_WORDS = {
    "real": mark("Public data, loaded when the page was made."),
    "own": mark("The publisher's own records, which are not public."),
    "arithmetic": mark("The published numbers themselves; there are no data of persons."),
    "synthetic": mark(
        "The data are made up, and set to the numbers that were published. Agreement shows that "
        "the method finds what was put in, not that the published result is right."
    ),
    "illustration": mark(
        "The data are made up, and set to no published number: they show how, and not what."
    ),
}


def in_language(words: Mapping[str, str], language: str) -> str:
    """A text of a case in a language, or in the first language that has one.

    A number with a space between its thousands stays on one line.
    """
    told = next((words[key] for key in (language, "en", "sv", "fi") if words.get(key)), "")
    return THOUSANDS.sub(lambda number: number.group().replace(" ", NBSP), told)


def as_formula(words: str) -> str:
    """A model in one line: a line may break before an operator, never after it or in brackets.

    Examples
    --------
    >>> as_formula("y = a + f(b, c), by lot").replace(NBSP, "_")
    'y =_a +_f(b,_c), by lot'
    """
    bound = OPERATOR.sub(rf" \1{NBSP}", words)
    return BRACKETED.sub(lambda found: found.group().replace(" ", NBSP), bound)


def name_of(number: str, names: Names, text: Text) -> str:
    """Name of a number as a reader sees it."""
    return in_language(names.get(number, {}), text.language) or number


def measured(number: str, names: Names, units: Names, text: Text) -> str:
    """Name of a number with its unit."""
    unit = in_language(units.get(number, {}), text.language)
    name = name_of(number, names, text)
    return f"{name}, {unit}" if unit else name


def printed(published: str, text: Text) -> str:
    """A number as it was printed, in the conventions of the language, digit for digit."""
    return text.number(as_published(published), decimals_of(published)) if published else ""


def as_published(published: str) -> float:
    """The number that was printed."""
    return float("".join(published.split()).replace("\N{MINUS SIGN}", "-"))


def decimals_of(published: str) -> int:
    """Decimals of a printed number."""
    return len("".join(published.split()).partition(".")[2])


def recomputed(value: float, published: str, text: Text) -> str:
    """The number computed again, with one digit more than was printed."""
    if not math.isfinite(value):
        return ""
    decimals = decimals_of(published)
    if math.isclose(value, round(value, decimals), rel_tol=1e-12, abs_tol=1e-12):
        return text.number(value, decimals)
    return text.number(value, decimals + 1)


def source_of(story: Names, text: Text) -> str:
    """Where the analysis is printed, with its address."""
    source = in_language(story["source"], text.language)
    address = story["source"].get("address", "")
    return escape(f"{source}, {address}" if address else source)
