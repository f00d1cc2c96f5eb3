"""What every figure has around it: caption, source, alternative text, data table."""

import math
from collections.abc import Callable, Sequence
from functools import wraps

import pandas as pd
from matplotlib.figure import Figure

from evalkit.release import is_rounded, load_profile
from evalkit.report import style
from evalkit.report.certainty import estimand_label
from evalkit.report.figures.hidden import MISSING, has_numbers, without_hidden
from evalkit.report.markup import callout, escape, figure, paragraphs, pipe_table, span
from evalkit.report.names import arm_name, sentence_case
from evalkit.report.parts import Part
from evalkit.report.phrases import not_shown, people_needed_to_show, too_few
from evalkit.report.reading import require_released
from evalkit.report.replay import page_part
from evalkit.report.text import Text

TICKS = (0, 6, 12, 18, 24, 36)
DAY_TICKS = (0, 90, 180, 270, 365, 545, 730)
SPARSE = 20  # with fewer published times a curve is dots joined by lines, not steps


def in_two_lines(name: str, most: int) -> str:
    """Break a name of more letters than `most` at the space nearest to its middle."""
    places = [at for at, letter in enumerate(name) if letter == " "]
    if len(name) <= most or not places:
        return name
    at = min(places, key=lambda place: abs(place - len(name) / 2))
    return f"{name[:at]}\n{name[at + 1 :]}"


def drawn_part(function: Callable[..., Part | None]) -> Callable[..., Part | None]:
    """Make a function that draws or tabulates its first argument a part of a page.

    It gives nothing where that is None, which stands for something that the records lack, and a
    sentence where every row is withheld.
    """

    @wraps(function)
    def drawn(first, *args, **kwargs) -> Part | None:
        if first is None:
            return None
        text = next(value for value in (*args, *kwargs.values()) if isinstance(value, Text))
        if require_released(first).is_withheld:
            return not_shown_part(first, text)
        return function(first, *args, **kwargs)

    return page_part(drawn)


def not_shown_part(released, text: Text, what: str = "") -> Part:
    """Stand where nothing of a released result may be shown: what, why, and what it would take."""
    named = f"**{what}**" if what else ""
    stands = span(text.say("A figure or table would stand here."), "quiet")
    why = span(not_shown(released, text), "withheld")
    least = people_needed_to_show(released, text)
    return Part(" ".join(filter(None, [named, stands, why, least and span(least, "quiet")])))


def picture(
    name: str,
    drawn: Figure,
    released: Sequence,
    text: Text,
    *,
    finding: str,
    caption: str,
    alt: str,
    n: float,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    text_columns: int = 1,
    keys: int | None = None,
    is_description: bool = False,
) -> Part:
    """Put a drawn figure on the page: finding, image, caption, source and n, data table.

    A sentence stands there instead if the data table has no number beside its first `keys` columns.
    One that stands without words of its own above it is called what it is: a description.
    """
    keys = text_columns if keys is None else keys
    if not has_numbers(rows, keys):
        return not_shown_part(released[0], text, finding)
    if not all(value.publishable for value in released):
        stamp = text.say("Not for publication")
        style.mark_unpublishable(drawn, stamp)
        caption = f"{stamp}. {caption}"
    if is_description:
        caption = f"{caption} {span(estimand_label('description', text), 'label')}"
    spoken = f"**{finding}** {caption} {span(source_line(text, n, released), 'source')}"
    rows, left_out = without_hidden(header, rows, keys, text)
    if _says_all_alone(header, rows, text):
        at = list(header).index(text.say("Group"))
        header, *rows = ([*row[:at], *row[at + 1 :]] for row in (header, *rows))
        text_columns -= at < text_columns
    table = pipe_table(header, rows, text_columns=text_columns)
    notes = [left_out, *table_notes(header, rows, released[0], text)]
    table = paragraphs(table, *(span(note, "quiet") for note in notes if note))
    folded = callout(text.say("Data table"), table)
    png = style.to_png(drawn)
    markdown = paragraphs(figure(name, alt, spoken, style.png_width_mm(png)), folded)
    return Part(markdown, {f"fig-{name}.png": png})


def _says_all_alone(header: Sequence[str], rows: Sequence[Sequence[str]], text: Text) -> bool:
    """Whether a column names the group, and it is all participants in every row."""
    if text.say("Group") not in header:
        return False
    at = list(header).index(text.say("Group"))
    return {row[at] for row in rows} == {escape(sentence_case(arm_name("", text)))}


def too_few_part(text: Text) -> Part:
    """Stand where a municipality has too few people for a figure of its own."""
    return Part(span(too_few(text), "withheld"))


def source_line(text: Text, n: float, released: Sequence = ()) -> str:
    """Say the source and how many persons are behind a figure or a table of released results."""
    study = text.labels.study
    source = escape((study.data.source or study.title).in_language(text.language))
    if not math.isfinite(n):
        return text.say("Source: {source}.", source=source)
    if released and is_rounded(released[0]):
        return text.plural(
            "Source: {source}; about {n} person.", "Source: {source}; about {n} people.", int(n),
            source=source,
        )  # fmt: skip
    return text.plural(
        "Source: {source}; {n} person.", "Source: {source}; {n} people.", int(n), source=source
    )


def table_notes(header: Sequence[str], rows, released, text: Text) -> list[str]:
    """Explain what of a table needs it: the mark of a withheld number, and rounded counts."""
    gaps = any(cell == MISSING or f"({MISSING})" in cell for row in rows for cell in row)
    rule = load_profile(released.profile) if released is not None else None
    notes = [withheld_note(text, protects=rule is None or not rule.hides_nothing)] if gaps else []
    base = rule.rounding if rule is not None else 1
    thinned = {text.say("Answers"), text.say("Still followed")}
    if base > 1 and thinned & set(header):
        notes.append(text.say(
            "Numbers of answers and of those still followed are rounded to the nearest {base}, so "
            "they can be above the number who started.", base=text.number(base),
        ))  # fmt: skip
    if base > 1 and text.say("Change, people") in header:
        notes.append(text.say(
            "Numbers of people and their changes are rounded to the nearest {base}, each on its "
            "own, so a change can be another than the numbers beside it give. Shares and changes "
            "in per cent are worked out before that.", base=text.number(base),
        ))  # fmt: skip
    return notes


def withheld_note(text: Text, *, protects: bool = True) -> str:
    """Explain the mark of a number that is not there: withheld, or where nothing is, not known.

    Whether people are protected or are too few to work it out is not told apart: that would tell
    how many they are.
    """
    if not protects:
        return text.say("{mark} means: not measured, or it cannot be worked out.", mark=MISSING)
    return text.say(
        "{mark} means: not shown, to protect people or because they are too few for a number; or "
        "it cannot be worked out.",
        mark=MISSING,
    )


def summary_n(released) -> float:
    """Persons behind a released result; NaN where that is withheld."""
    n = released.summary.get("n", math.nan)
    try:
        return float(n)
    except (TypeError, ValueError):
        return math.nan


def time_ticks(last: float, text: Text) -> list[int]:
    """Ticks of the time axis up to the last time of the figure."""
    ticks = [tick for tick in (DAY_TICKS if text.unit == "days" else TICKS) if tick <= last]
    return ticks if len(ticks) > 1 else [0, int(last)]


def within_axis(frame: pd.DataFrame, text: Text) -> pd.DataFrame:
    """Rows up to the last tick that the time axis may have."""
    return frame[frame["time"] <= (DAY_TICKS if text.unit == "days" else TICKS)[-1]]


def is_sparse(frame: pd.DataFrame) -> bool:
    """Whether a curve is published at so few times that steps would hold a value too long."""
    return frame.loc[frame["estimate"].notna(), "time"].nunique() < SPARSE


def time_title(text: Text) -> str:
    """Title of the time axis, with its unit."""
    return text.say("Days since the start") if text.unit == "days" else (
        text.say("Months since the start")
    )  # fmt: skip


def shown(value: float, written) -> str:
    """Write a number, or the mark of a withheld one."""
    return written(value) if math.isfinite(value) else MISSING


def shown_range(low: float, high: float, written) -> str:
    """Write an interval, or the mark of a withheld one."""
    return written(low, high) if math.isfinite(low) and math.isfinite(high) else MISSING
