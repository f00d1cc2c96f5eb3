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
    name_of,
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
    name: str = "verdicts",
) -> Part:  # fmt: skip
    """Each published number, the one computed again, and the verdict with its reason.

    Parameters
    ----------
    verdicts : Released Verdicts
    names, reasons : mapping of str to mapping of str to str
        As `open_published(name).names` and `.reasons`.
    places : mapping of str to mapping of str to str
        As `open_published(name).places`; by default as the verdicts have them, in one language.
    """
    frame = released_frame(verdicts, "Verdicts")
    rows = [
        [
            escape(name_of(row.number, names, text)),
            _verdict(row, reasons, text),
            escape(in_language((places or {}).get(row.number, {}), text.language) or row.table),
            printed(row.published, text),
            recomputed(float(row.computed), row.published, text),
        ]
        for row in frame.itertuples()
    ]
    header = [text.say("Number"), text.say("Verdict"), text.say("Where it is printed"),
              text.say("Published"), text.say("Computed again")]  # fmt: skip
    caption = text.say("Published numbers and the same numbers computed again.")
    keys = 1 if (frame["verdict"] != "").any() else 3  # a verdict alone is something to show
    return table_part(
        name, header, rows, caption, [verdicts], text, n=math.nan, text_columns=3, keys=keys
    )


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
            escape(in_language(titles.get(str(released.summary["case"]), {}), text.language)),
            *(text.number(int(released.summary[column])) for column in counted),
        ]
        for released in cases
    ]
    total = [sum(int(released.summary[column]) for released in cases) for column in counted]
    rows.append([text.say("All"), *(text.number(count) for count in total)])
    header = [text.say("Analysis"), text.say("Numbers"), text.say("Reproduced"),
              text.say("Deviating"), text.say("Impossible"), text.say("Consistent"),
              text.say("From memory")]  # fmt: skip
    caption = text.say("What came of each published analysis when it was computed again.")
    return table_part(name, header, rows, caption, list(cases), text, n=math.nan)


def _verdict(row, reasons: Names, text: Text) -> str:
    said = text.say(VERDICT_WORDS[row.verdict]) if row.verdict else ""
    why = in_language(reasons.get(row.number, {}), text.language)
    if row.read == "secondary" and row.verdict == "reproduced":
        words = READ_WORDS["secondary"]
        quoted = text.say(words)
        said = f"{said} ({quoted})"
    return f"{said}: {escape(why)}" if why else said
