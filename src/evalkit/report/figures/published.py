"""Published numbers and curves beside those computed again."""

import math
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from evalkit.report import style
from evalkit.report.figures.frame import drawn_part, picture
from evalkit.report.figures.number_axis import number_axis
from evalkit.report.markup import escape
from evalkit.report.parts import Part
from evalkit.report.published import (
    Names,
    as_published,
    in_language,
    name_of,
    printed,
    recomputed,
)
from evalkit.report.reading import released_frame
from evalkit.report.text import Text

ROW_MM = 7.0
LINES = ("-", (0, (5, 2)), (0, (1, 1.4)), (0, (6, 2, 1, 2)))
COLOURS = (style.PROGRAMME, style.COMPARISON, style.THIRD, style.FOURTH)


@drawn_part
def verdicts(
    verdicts, text: Text, *, names: Names, axis: Names, numbers: Sequence[str] = (),
    name: str = "verdicts",
) -> Part:  # fmt: skip
    """Numbers of one scale: a ring where it was published, a dot where it is computed again.

    Parameters
    ----------
    verdicts : Released Verdicts
    names : mapping of str to mapping of str to str
        As `open_published(name).names`.
    axis : mapping of str to str
        Title of the axis with its unit, by language.
    numbers : sequence of str
        Ids to show; by default all that have both numbers.
    """
    frame = _chosen(verdicts, numbers)
    rows = [
        [
            escape(name_of(row.number, names, text)),
            printed(row.published, text),
            recomputed(float(row.computed), row.published, text),
        ]
        for row in frame.itertuples()
    ]
    spoken = [
        text.say("{name}: published {published}, computed again {computed}.",
                 name=cells[0], published=cells[1], computed=cells[2])
        for cells in rows
    ]  # fmt: skip
    return picture(
        name, draw_verdicts(frame, names, in_language(axis, text.language), text), [verdicts], text,
        finding=text.say("Published numbers, and the same numbers computed again."),
        caption=text.say("Ring: published; dot: computed again."),
        alt=" ".join(spoken), n=math.nan, rows=rows,
        header=[text.say("The number"), text.say("Published"), text.say("Computed again")],
    )  # fmt: skip


def draw_verdicts(frame: pd.DataFrame, names: Names, axis: str, text: Text) -> Figure:
    """Draw one row a number."""
    with style.style():
        figure, (axes,) = style.panel(20 + ROW_MM * len(frame), left=68, right=30, top=6, bottom=14)
        axes.set_ylim(len(frame) - 0.4, -0.6)
        values = [as_published(row.published) for row in frame.itertuples()]
        known = [*values, *frame["computed"], *([0.0] if min(values) < 0 < max(values) else [])]
        room = 0.08 * (max(known) - min(known) or 1.0)
        axes.set_xlim(min(known) - room, max(known) + room)
        if min(known) < 0 < max(known):
            axes.axvline(0, color=style.QUIET, linewidth=0.8)
        for place, row in enumerate(frame.itertuples()):
            _draw_number(axes, place, row, values[place], text)
        axes.set_yticks(
            range(len(frame)), [name_of(number, names, text) for number in frame["number"]]
        )
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(style.round_ticks(6))
        axes.xaxis.set_major_formatter(FuncFormatter(_ticks(axes, text)))
        style.light_grid(axes, "x")
        axes.set_xlabel(axis)
    return figure


def _draw_number(axes: Axes, place: int, row, published: float, text: Text) -> None:
    axes.plot([published], [place], "o", markersize=11, markerfacecolor="none",
              markeredgecolor=style.COMPARISON, markeredgewidth=1.6, gid="published",
              clip_on=False)  # fmt: skip
    axes.plot([row.computed], [place], "o", markersize=5, color=style.PROGRAMME, gid="computed",
              clip_on=False)  # fmt: skip
    axes.annotate(
        recomputed(float(row.computed), row.published, text), (1, place), (6, 0), va="center",
        xycoords=("axes fraction", "data"), textcoords="offset points", annotation_clip=False,
    )  # fmt: skip


@drawn_part
def published_curve(
    curve, text: Text, *, axis: Names, time: Names, labels: Names | None = None,
    order: Sequence[str] = (), points: Sequence[tuple[float, float]] = (),
    last: float | None = None, name: str = "curve",
) -> Part:  # fmt: skip
    """A curve computed again, with published values as rings where there are any.

    Parameters
    ----------
    curve : Released SurvivalCurve, IncidenceCurve or HazardCurve
        Incidence by cause, or curves by stratum.
    axis, time : mapping of str to str
        Titles of the axes with their units, by language.
    labels : mapping of str to mapping of str to str
        Name of each stratum or cause by language.
    order : sequence of str
        Strata or causes as the lines are to be drawn, the first in the colour of the programme; by
        default as the curve has them.
    points : sequence of (time, value)
        Published values.
    last : float
        Last time of the axis; by default that of the curve.
    """
    frame = _curve_frame(curve, last)
    title, below = in_language(axis, text.language), in_language(time, text.language)
    found = list(dict.fromkeys(frame["line"]))
    lines = [*(line for line in order if line in found), *(x for x in found if x not in order)]
    named = {line: in_language((labels or {}).get(line, {}), text.language) for line in lines}
    ends = {line: frame[frame["line"] == line].iloc[-1] for line in lines}
    spoken = [
        text.say("{name}: {value} at {time}.", name=escape(named[line] or title),
                 value=text.number(row["estimate"], 2), time=text.number(row["time"]))
        for line, row in ends.items()
    ]  # fmt: skip
    chosen = frame.iloc[:: max(1, len(frame) // 24)]
    rows = [
        [escape(named[row.line] or title), text.number(row.time, 0 if row.time % 1 == 0 else 1),
         text.number(row.estimate, 3)]
        for row in chosen.itertuples()
    ]  # fmt: skip
    return picture(
        name, draw_curve(frame, named, title, below, points, text), [curve], text,
        finding=text.say("The curve, computed again."),
        caption=text.say("Line: computed again; ring: published.") if points
        else text.say("Line: computed again."),
        alt=" ".join(spoken), n=math.nan, rows=rows, text_columns=1, keys=2,
        header=[text.say("Group"), below, title],
    )  # fmt: skip


def draw_curve(
    frame: pd.DataFrame, named: dict, title: str, below: str, points, text: Text
) -> Figure:
    """Draw every line with its label at the end."""
    with style.style():
        figure, (axes,) = style.panel(82, left=16, right=46, top=12, bottom=14)
        top = max(frame["estimate"].max(), *(value for _, value in points), 1e-9)
        last = float(frame["time"].max())
        axes.set_xlim(0, last * (1 + style.TAIL))
        axes.set_ylim(0, 1.02 if 0.7 < top <= 1.0 else top * 1.08)
        heights = []
        for place, line in enumerate(named):
            rows = frame[frame["line"] == line]
            axes.plot(rows["time"], rows["estimate"], drawstyle="steps-post", linewidth=1.7,
                      color=COLOURS[place % 4], linestyle=LINES[place % 4])  # fmt: skip
            heights.append(float(rows["estimate"].iloc[-1]))
        gap = 0.055 * axes.get_ylim()[1]
        placed = style.spread(heights, gap, 0.0, axes.get_ylim()[1])
        for place, (height, label) in enumerate(zip(placed, named.values(), strict=True)):
            axes.annotate(label, (1, height), (5, 0), xycoords=("axes fraction", "data"),
                          textcoords="offset points", va="center", color=COLOURS[place % 4],
                          weight=600, annotation_clip=False)  # fmt: skip
        for at, value in points:
            axes.plot([at], [value], "o", markersize=8, markerfacecolor="none",
                      markeredgecolor=style.COMPARISON, markeredgewidth=1.6)  # fmt: skip
        axes.set_xlabel(below)
        style.axis_title(axes, title)
        style.light_grid(axes, "y")
        number_axis(axes, text, "x")
        number_axis(axes, text, "y")
    return figure


def _chosen(verdicts, numbers: Sequence[str]) -> pd.DataFrame:
    frame = released_frame(verdicts, "Verdicts")
    has_both = frame["computed"].notna() & (frame["published"] != "")
    if numbers:
        has_both &= frame["number"].isin(numbers)
    return frame[has_both].reset_index(drop=True)


def _curve_frame(curve, last: float | None) -> pd.DataFrame:
    frame = curve.tidy()
    frame = frame[frame["estimate"].notna()]
    if last is not None:
        frame = frame[frame["time"] <= last]
    line = frame["cause"] if "cause" in frame.columns and curve.kind == "IncidenceCurve" else (
        frame["stratum"]
    )  # fmt: skip
    return frame.assign(line=line.astype(str)).sort_values(["line", "time"]).reset_index(drop=True)


def _ticks(axes: Axes, text: Text):
    low, high = axes.get_xlim()
    decimals = max(0, min(3, 1 - math.floor(math.log10(high - low))))
    return lambda value, _at: text.number(value, decimals if high - low < 20 else 0)
