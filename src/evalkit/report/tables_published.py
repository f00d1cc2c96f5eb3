"""Tables of published numbers beside those computed again."""

import math

from evalkit.report.figures.frame import drawn_part
from evalkit.report.markup import escape
from evalkit.report.parts import Part
from evalkit.report.published import (
    READ_WORDS,
    VERDICT_WORDS,
    Names,
    in_language,
    measured,
    printed,
    recomputed,
)
from evalkit.report.reading import released_frame
from evalkit.report.replay import page_part
from evalkit.report.tables_frame import table_part
from evalkit.report.text import Text


@drawn_part
def verdicts(
    verdicts, text: Text, *, names: Names, reasons: Names, places: Names | None = None,
    units: Names | None = None, name: str = "verdicts",
) -> Part:  # fmt: skip
    """Each published number, the one computed again, and the verdict with its reason.

    Parameters
    ----------
    verdicts : Released Verdicts
    names, reasons : mapping of str to mapping of str to str
        As `open_published(name).names` and `.reasons`.
    places : mapping of str to mapping of str to str
        As `open_published(name).places`; by default as the verdicts have them, in one language.
    units : mapping of str to mapping of str to str
        As `open_published(name).units`; by default none.
    """
    frame = released_frame(verdicts, "Verdicts")
    rows = [
        [
            escape(measured(row.number, names, units or {}, text)),
            _verdict(row, reasons, text),
            escape(in_language((places or {}).get(row.number, {}), text.language) or row.table),
            printed(row.published, text),
            recomputed(float(row.computed), row.published, text),
        ]
        for row in frame.itertuples()
    ]
    header = [text.say("The number"), text.say("Verdict"), text.say("Where it is printed"),
              text.say("Published"), text.say("Computed again")]  # fmt: skip
    caption = text.say("Published numbers and the same numbers computed again.")
    keys = 1 if (frame["verdict"] != "").any() else 3  # a verdict alone is something to show
    if keys == 1:
        header, rows = _without_empty(header, rows)
    return table_part(
        name, header, rows, caption, [verdicts], text, n=math.nan,
        text_columns=min(3, len(header)), keys=keys,
    )  # fmt: skip


def _without_empty(header: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Leave out the last columns where no row has anything."""
    wide = max(place for row in rows for place, cell in enumerate(row, start=1) if cell)
    return header[:wide], [row[:wide] for row in rows]


@page_part
def reproduction(cases, text: Text, *, titles: Names, name: str = "reproduction") -> Part:
    """One row an analysis: how many of its numbers met which verdict.

    Parameters
    ----------
    cases : sequence of Released Verdicts
    titles : mapping of str to mapping of str to str
        Title of each case by language.
    """
    counted = ("n", "n_reproduced", "n_deviates", "n_impossible", "n_consistent", "n_from_memory")
    rows = [
        [
            _linked(str(released.summary["case"]), titles, text),
            *(text.number(int(released.summary[column])) for column in counted),
        ]
        for released in cases
    ]
    total = [sum(int(released.summary[column]) for released in cases) for column in counted]
    rows.append([text.say("All"), *(text.number(count) for count in total)])
    header = [text.say("Analysis"), text.say("Published numbers"), text.say("Reproduced"),
              text.say("Deviating"), text.say("Impossible"), text.say("Consistent"),
              text.say("From memory")]  # fmt: skip
    caption = text.say("What came of each published analysis when it was computed again.")
    return table_part(name, header, rows, caption, list(cases), text, n=math.nan)


def _linked(case: str, titles: Names, text: Text) -> str:
    """Title of a case, with a link to its page beside that of the sum."""
    title = escape(in_language(titles.get(case, {}), text.language) or case)
    return f"[{title}](../../{case}/{text.language}/report.html)"


def _verdict(row, reasons: Names, text: Text) -> str:
    said = text.say(VERDICT_WORDS[row.verdict]) if row.verdict else ""
    why = in_language(reasons.get(row.number, {}), text.language)
    if row.read == "secondary" and row.verdict == "reproduced":
        words = READ_WORDS["secondary"]
        quoted = text.say(words)
        said = f"{said} ({quoted})"
    return f"{said}: {escape(why)}" if why else said
