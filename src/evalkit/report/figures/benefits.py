"""The full benefit vector: every benefit at fixed months, one panel each, and all together."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.report import style
from evalkit.report.figures.findings import TWO, titled
from evalkit.report.figures.frame import (
    drawn_part,
    in_two_lines,
    not_shown_part,
    picture,
    shown,
    summary_n,
)
from evalkit.report.figures.hidden import BEHIND
from evalkit.report.markup import escape
from evalkit.report.names import arm_name, sentence_case
from evalkit.report.names_before_after import status_name
from evalkit.report.parts import Part
from evalkit.report.phrases import occasion
from evalkit.report.reading import arms_of, by_key, released_frame
from evalkit.report.text import Text

TOTAL = "total"
COLUMNS, HEIGHT_MM = 3, 22
LONGEST = 21  # letters over one panel


@drawn_part
def benefits(vector, text: Text, *, name: str = "benefits") -> Part:
    """Full-year equivalents per 100 persons of every benefit at fixed months from start.

    Parameters
    ----------
    vector : Released BenefitVector
        The first stratum is drawn; the table shows all. Nothing but empty panels is not drawn.
    """
    frame = released_frame(vector, "BenefitVector")
    first = _first(frame)
    if first.loc[first["benefit"] != TOTAL, "equivalents_per_100"].isna().all():
        return not_shown_part(vector, text)
    months, order = sorted(frame["occasion"].unique()), _order(first)
    rows = [
        [
            escape(sentence_case(status_name(benefit, text))),
            escape(sentence_case(arm_name(stratum, text))),
            *(shown(known[month], lambda value: text.number(value, 1)) for month in months),
        ]
        for (stratum, benefit), known in _by_month(frame).items()
    ]
    spoken = [text.say("One panel for each benefit, with a dot for each month.")]
    for benefit in order:
        part = first[first["benefit"] == benefit].dropna(subset=["equivalents_per_100"])
        if len(part) > 1:
            spoken.append(text.say(
                "{benefit}: from {first} to {last} per 100 people.",
                benefit=sentence_case(status_name(benefit, text)),
                first=text.number(part["equivalents_per_100"].iloc[0], 1),
                last=text.number(part["equivalents_per_100"].iloc[-1], 1),
            ))  # fmt: skip
    caption = text.say(
        "Full benefits per 100 people in that month. One person can have several at once, so the "
        "sum can be above 100. The scale is the same in all panels, except for all together."
    )
    hidden = [status_name(benefit, text) for benefit in _hidden(first)]
    if hidden:
        caption += " " + text.say("Not shown in any month, to protect people: {names}.",
                                  names=text.list(hidden))  # fmt: skip
    if first.loc[first["benefit"].isin(order), "equivalents_per_100"].isna().any():
        caption += " " + text.say("A month without a dot: not shown, to protect people.")
    return picture(
        name, draw_benefits(vector, text), [vector], text,
        **titled(
            _finding(frame, text),
            text.say("All benefits beside each other: does one take another's place?"),
            escape(caption),
        ),
        alt=" ".join(spoken), n=summary_n(vector), rows=rows, text_columns=2,
        header=[text.say("Benefit"), text.say("Group"),
                *(sentence_case(occasion(int(month), text)) for month in months)],
    )  # fmt: skip


def _finding(frame: pd.DataFrame, text: Text) -> str:
    """Say how much all benefits of the first arm together changed."""
    arms = arms_of(frame)
    sums = frame[(frame["benefit"] == TOTAL) & (frame["stratum"] == arms[0])]
    sums = sums.sort_values("occasion").iloc[[0, -1]] if len(sums) > 1 else sums[:0]
    if sums.empty or sums["equivalents_per_100"].isna().any() or (len(arms) > 1 and arms != TWO):
        return ""
    first, last = (text.number(value, 1) for value in sums["equivalents_per_100"])
    start, end = (occasion(int(month), text) for month in sums["occasion"])
    slots = {"first": first, "start": start, "last": last, "end": end}
    if arms == TWO:
        return text.say("All benefits together, per 100 people of the programme group: {first} "
                        "({start}) and {last} ({end}).", **slots)  # fmt: skip
    return text.say("All benefits together, per 100 people: {first} ({start}) and {last} ({end}).",
                    **slots)  # fmt: skip


def _by_month(frame: pd.DataFrame) -> dict[tuple[str, str], dict[float, float]]:
    """Numbers of each stratum and benefit, by month."""
    found: dict[tuple[str, str], dict[float, float]] = {}
    cells = by_key(frame, "stratum", "benefit", "occasion", value="equivalents_per_100")
    for (stratum, benefit, month), value in cells.items():
        found.setdefault((stratum, benefit), {})[month] = value
    return found


def _first(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["stratum"] == arms_of(frame)[0]]


def _order(first: pd.DataFrame) -> list[str]:
    """All together, then the benefits that are shown at any time, as the code book has them."""
    known = first.dropna(subset=["equivalents_per_100"])["benefit"]
    return list(dict.fromkeys([TOTAL, *known]))


def _hidden(first: pd.DataFrame) -> list[str]:
    """Benefits that are shown at no time: they have no panel."""
    listed = _order(first)
    return [name for name in dict.fromkeys(first["benefit"]) if name not in listed]


def draw_benefits(vector, text: Text) -> Figure:
    """Draw the panels; those of single benefits have one scale."""
    first = _first(released_frame(vector, "BenefitVector"))
    order, months = _order(first), sorted(first["occasion"].unique())
    known = {benefit: of for (_, benefit), of in _by_month(first.sort_values("occasion")).items()}
    single = first[first["benefit"] != TOTAL]["equivalents_per_100"].astype(float)
    top = _top(float(np.nanmax([*single, 1.0])))
    with style.style():
        figure, panels = style.grid(
            len(order), columns=COLUMNS, height=HEIGHT_MM, left=13, right=5, top=17, bottom=6,
            gap=9, foot=7, whole=style.PHONE_MM,
        )  # fmt: skip
        for number, (axes, benefit) in enumerate(zip(panels, order, strict=True)):
            part = known.get(benefit, {})
            values = np.array(list(part.values()), dtype=float)
            here = _top(float(np.nanmax([*values, 1.0]))) if benefit == TOTAL else top
            _draw(axes, np.array(list(part)), values, text)
            _dress(axes, benefit, months, here, text, first=number % COLUMNS == 0,
                   low=len(order) - number <= COLUMNS)  # fmt: skip
    return figure


def _top(highest: float) -> float:
    step = 10.0 ** math.floor(math.log10(highest))
    return float(next(step * size for size in (1, 2, 3, 4, 5, 6, 8, 10) if step * size >= highest))


def _draw(axes: Axes, months: np.ndarray, values: np.ndarray, text: Text) -> None:
    known = np.isfinite(values)
    if not known.any():  # of all together
        axes.annotate(text.say("not shown"), (0.5, 0.5), xycoords="axes fraction", ha="center",
                      va="center", color=style.QUIET, bbox=BEHIND)  # fmt: skip
        return
    axes.plot(months, values, color=style.PROGRAMME, linewidth=1.4, gid="equivalents")
    axes.plot(months, values, "o", color=style.PROGRAMME, markersize=4.5, clip_on=False)
    for at in {int(np.flatnonzero(known)[0]), int(np.flatnonzero(known)[-1])}:
        axes.annotate(text.number(values[at], 1), (months[at], values[at]), (0, 5),
                      textcoords="offset points", ha="center", va="bottom", bbox=BEHIND,
                      annotation_clip=False)  # fmt: skip


def _dress(axes: Axes, benefit, months, top, text: Text, *, first: bool, low: bool) -> None:
    axes.set_xlim(min(months) - 10, max(months) + 7)
    axes.set_ylim(0, 1.32 * top)
    axes.set_xticks(months, [text.number(month) for month in months])
    axes.set_yticks([0, top / 2, top], [
        text.number(value, 0 if float(value).is_integer() else 1) for value in (0, top / 2, top)
    ])  # fmt: skip
    style.light_grid(axes, "y")
    axes.axvline(0, color=style.QUIET, linewidth=0.6, linestyle=(0, (2, 2)))
    if low:
        axes.set_xlabel(text.say("Months from start"), labelpad=2)
    name = in_two_lines(sentence_case(status_name(benefit, text)), LONGEST)
    style.note(axes, name, -8 if first else 0, HEIGHT_MM + 6.6, weight=600, va="bottom",
               linespacing=1.0)  # fmt: skip
    if first:
        style.note(axes, text.say("Per 100 people"), -8, HEIGHT_MM + 1.6, color=style.QUIET,
                   va="bottom")  # fmt: skip
