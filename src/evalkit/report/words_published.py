"""Words about a published analysis that was computed again."""

from evalkit.report.markup import escape, paragraphs, span
from evalkit.report.parts import Part
from evalkit.report.published import (
    KIND_WORDS,
    NBSP,
    VERDICT_WORDS,
    Names,
    as_formula,
    in_language,
    source_of,
)
from evalkit.report.reading import released_frame
from evalkit.report.replay import page_part
from evalkit.report.text import Text


@page_part
def published_case(story: Names, text: Text) -> Part:
    """Say what a published analysis asked, of whom, by which model, and where it is printed.

    Parameters
    ----------
    story : mapping
        As `open_published(name).story`.
    """
    told = lambda name: escape(in_language(story[name], text.language))  # noqa: E731
    model = in_language(story["model"], text.language)
    kind = text.say(KIND_WORDS[in_language(story["kind"], "en")])
    return Part(paragraphs(
        span(text.say("A published analysis, computed again"), "quiet"),
        told("question"),
        _heading(text.say("Data and model")),
        told("data"),
        span(kind, "quiet"),
        text.say("Model: {model}", model=escape(as_formula(model))),
        span(text.say("Published in: {source}. Licence of the data: {licence}.",
                      source=source_of(story, text),
                      licence=escape(in_language(story["licence"], text.language))), "quiet"),
    ))  # fmt: skip


@page_part
def verdicts(verdicts, text: Text) -> Part:
    """Count what was reproduced, what deviates and what cannot be computed.

    Parameters
    ----------
    verdicts : Released Verdicts
    """
    released_frame(verdicts, "Verdicts")
    return Part(paragraphs(_heading(text.say("Published and computed again")),
                           " ".join(_counts(verdicts.summary, text))))  # fmt: skip


@page_part
def published_lesson(story: Names, text: Text) -> Part:
    """Say what the case teaches about evaluating rehabilitation."""
    return Part(paragraphs(
        _heading(text.say("What this teaches")),
        escape(in_language(story["teaches"], text.language)),
    ))  # fmt: skip


@page_part
def reproduction(cases, text: Text) -> Part:
    """Sum up all published analyses: how many numbers met which verdict.

    Parameters
    ----------
    cases : sequence of Released Verdicts
    """
    total = {
        f"n_{name}": sum(int(released.summary[f"n_{name}"]) for released in cases)
        for name in VERDICT_WORDS
    }
    n = sum(int(released.summary["n"]) for released in cases)
    first = text.say(
        "Published numbers were computed again with the same functions that make every report: "
        "{numbers} numbers from {cases} analyses.",
        numbers=text.number(n), cases=text.number(len(cases)),
    )  # fmt: skip
    rule = text.say(
        "A number counts as reproduced only if it meets the printed digits, was read in a document "
        "and comes from data; the other verdicts are said beside it."
    )
    return Part(paragraphs(" ".join([first, *_counts(total, text, summed=True)]), rule))


def _counts(summary, text: Text, *, summed: bool = False) -> list[str]:
    """A sentence for each verdict that some number met; `summed` over several analyses."""
    counted = {name: int(summary[f"n_{name}"]) for name in VERDICT_WORDS}
    said = {
        "reproduced": text.plural(
            "{n} number is reproduced within the printed digits.",
            "{n} numbers are reproduced within the printed digits.", counted["reproduced"]),
        "from_memory": text.plural(
            "{n} number agrees with a value that is known from memory only.",
            "{n} numbers agree with values that are known from memory only.",
            counted["from_memory"]),
        "consistent": text.plural(
            "{n} number follows from the published ones and proves nothing.",
            "{n} numbers follow from the published ones and prove nothing.",
            counted["consistent"]),
        "deviates": text.plural(
            "{n} number deviates; the page of its analysis says by how much and why.",
            "{n} numbers deviate; the pages of their analyses say by how much and why.",
            counted["deviates"]) if summed else text.plural(
            "{n} number deviates; the table says by how much and why.",
            "{n} numbers deviate; the table says by how much and why.", counted["deviates"]),
        "impossible": text.plural(
            "{n} number cannot be computed again; the page of its analysis says why.",
            "{n} numbers cannot be computed again; the pages of their analyses say why.",
            counted["impossible"]) if summed else text.plural(
            "{n} number cannot be computed again; the table says why.",
            "{n} numbers cannot be computed again; the table says why.", counted["impossible"]),
        "drifted": text.plural(
            "{n} number has changed since it was last computed.",
            "{n} numbers have changed since they were last computed.", counted["drifted"]),
    }  # fmt: skip
    # Each sentence begins with its number, which stays on the line of the next word.
    return [sentence.replace(" ", NBSP, 1) for name, sentence in said.items() if counted[name]]


def _heading(words: str) -> str:
    return f"## {words}"
