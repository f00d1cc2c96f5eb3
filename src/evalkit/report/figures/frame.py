"""What every figure has around it: caption, source, alternative text, data table."""

import math
from collections.abc import Callable, Sequence
from functools import wraps

import pandas as pd
from matplotlib.figure import Figure

from evalkit.release import load_profile
from evalkit.report import style
from evalkit.report.markup import callout, escape, figure, paragraphs, pipe_table, span
from evalkit.report.parts import Part
from evalkit.report.phrases import not_shown, too_few
from evalkit.report.reading import require_released
from evalkit.report.replay import page_part
from evalkit.report.text import Text

MISSING = "\N{EN DASH}"
TICKS = (0, 6, 12, 18, 24, 36)
DAY_TICKS = (0, 90, 180, 270, 365, 545, 730)
MANY_HIDDEN = 8  # so many rows of nothing but marks tell a reader nothing
SPARSE = 20  # with fewer published times a curve is dots joined by lines, not steps


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


def not_shown_part(released, text: Text) -> Part:
    """Stand where nothing of a released result may be shown: what is missing, and why."""
    what = span(text.say("A figure or table would stand here."), "quiet")
    return Part(f"{what} {span(not_shown(released, text), 'withheld')}")


def has_numbers(rows: Sequence[Sequence[str]], keys: int) -> bool:
    """Whether a table shows any number beside the columns that name its rows."""
    return any(cell not in ("", MISSING) for row in rows for cell in row[keys:])


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
) -> Part:
    """Put a drawn figure on the page: finding, image, caption, source and n, data table.

    A sentence stands there instead if the data table has no number beside its first `keys` columns.
    """
    if not has_numbers(rows, text_columns if keys is None else keys):
        return not_shown_part(released[0], text)
    if not all(value.publishable for value in released):
        stamp = text.say("Not for publication")
        style.mark_unpublishable(drawn, stamp)
        caption = f"{stamp}. {caption}"
    spoken = f"**{finding}** {caption} {span(source_line(text, n), 'source')}"
    rows, left_out = without_hidden(rows, text_columns if keys is None else keys, text)
    table = pipe_table(header, rows, text_columns=text_columns)
    notes = table_notes(header, rows, released[0], text)
    table = paragraphs(table, *(span(note, "quiet") for note in [left_out, *notes] if note))
    folded = callout(text.say("Data table"), table)
    markdown = paragraphs(figure(name, alt, spoken), folded)
    return Part(markdown, {f"fig-{name}.png": style.to_png(drawn)})


def too_few_part(text: Text) -> Part:
    """Stand where a municipality has too few people for a figure of its own."""
    return Part(span(too_few(text), "withheld"))


def source_line(text: Text, n: float) -> str:
    """Say the source and how many persons are behind a figure or a table."""
    study = text.labels.study
    source = escape((study.data.source or study.title).in_language(text.language))
    if not math.isfinite(n):
        return text.say("Source: {source}.", source=source)
    return text.plural(
        "Source: {source}; {n} person.", "Source: {source}; {n} people.", int(n), source=source
    )


def without_hidden(rows: Sequence[Sequence[str]], keys: int, text: Text) -> tuple[list, str]:
    """Leave out rows without any number where there are many, and say how many they are.

    One row stays of each name in the first column, so that nobody is missing without a mark.
    """
    hidden = [all(cell == MISSING for cell in row[keys:]) for row in rows]
    named = {row[0] for row, is_hidden in zip(rows, hidden, strict=True) if not is_hidden}
    for at, row in enumerate(rows):
        if row[0] not in named:
            hidden[at] = False
            named.add(row[0])
    if sum(hidden) < MANY_HIDDEN:
        return list(rows), ""
    kept = [row for row, is_hidden in zip(rows, hidden, strict=True) if not is_hidden]
    return kept, text.plural(
        "{n} row is left out, because nothing of it can be shown.",
        "{n} rows are left out, because nothing of them can be shown.",
        sum(hidden),
    )


def table_notes(header: Sequence[str], rows, released, text: Text) -> list[str]:
    """Explain what of a table needs it: the mark of a withheld number, and rounded counts."""
    gaps = any(MISSING in row for row in map(list, rows))
    notes = [withheld_note(text)] if gaps else []
    base = load_profile(released.profile).rounding if released is not None else 1
    thinned = {text.say("Answers"), text.say("Still followed")}
    if base > 1 and thinned & set(header):
        notes.append(text.say(
            "Numbers of answers and of those still followed are rounded to the nearest {base}, so "
            "they can be above the number who started.", base=text.number(base),
        ))  # fmt: skip
    return notes


def withheld_note(text: Text) -> str:
    """Explain the mark of a withheld number."""
    return text.say("{mark} means: not shown, to protect people, or not measured.", mark=MISSING)


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
