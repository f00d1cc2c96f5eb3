"""Areas in the order of their distance from the mean of all: shrunken dots with intervals."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from evalkit.report import style
from evalkit.report.figures.frame import drawn_part, picture, shown, shown_range, summary_n
from evalkit.report.figures.hidden import write_hidden
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.parts import Part
from evalkit.report.phrases import score_name
from evalkit.report.reading import released_frame
from evalkit.report.text import Text

ROW_MM, THIN_MM = 4.6, 1.1
MOST_NAMED = 45  # with more areas only one's own has its name beside it


@drawn_part
def caterpillar(
    intercepts, text: Text, *, names: Mapping[str, str] | None = None, score: str = "",
    name: str = "caterpillar",
) -> Part:  # fmt: skip
    """How far each area lies from the mean of all, from the lowest to the highest.

    Parameters
    ----------
    intercepts : Released UnitIntercepts
    names : mapping of str to str
        Names of the areas by code, in the report's language.
    score : str
        Name of the score, where health is measured by scores.
    """
    frame = caterpillar_rows(intercepts, names)
    decimals = text.health_decimals
    number = lambda value: text.number(value, decimals, signed=True)  # noqa: E731
    rows = [
        [
            escape(row["name"]),
            shown(row["estimate"], number),
            shown_range(row["conf_low"], row["conf_high"],
                        lambda low, high: text.range(low, high, decimals, signed=True)),
            shown(row["n"], text.number),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    return picture(
        name, draw_caterpillar(intercepts, text, names=names, score=score), [intercepts], text,
        finding=text.say("{score}: how far each area lies from the mean of all.",
                         score=escape(sentence_case(score_name(score, text)))),
        caption=text.say("Dot: distance from the mean of all; bar: 95 per cent interval; line: the "
                         "mean of all. Where there are few people, the dot is drawn towards the "
                         "line, since the distance could be due to chance."),
        alt=_alt(frame, number, text), n=summary_n(intercepts),
        header=[text.say("Area"), text.say("Distance"), text.say("Interval"), text.say("People")],
        rows=rows,
    )  # fmt: skip


def caterpillar_rows(intercepts, names: Mapping[str, str] | None) -> pd.DataFrame:
    """Rows of the areas with their names, rising; those that are withheld last."""
    frame = released_frame(intercepts, "UnitIntercepts")
    known = names or {}
    frame["name"] = [known.get(unit, str(unit)) for unit in frame["unit"]]
    return frame.sort_values(["estimate", "name"], na_position="last").reset_index(drop=True)


def _alt(frame: pd.DataFrame, number, text: Text) -> str:
    known = frame[frame["estimate"].notna()]
    clear = int(((known["conf_low"] > 0) | (known["conf_high"] < 0)).sum())
    return text.plural(
        "Dots with intervals for {n} area, from {low} to {high}; intervals without the mean of "
        "all: {clear}.",
        "Dots with intervals for {n} areas, from {low} to {high}; intervals without the mean of "
        "all: {clear}.",
        len(known), low=number(known["estimate"].min()), high=number(known["estimate"].max()),
        clear=text.number(clear),
    )  # fmt: skip


def draw_caterpillar(
    intercepts, text: Text, *, names: Mapping[str, str] | None = None, score: str = ""
) -> Figure:
    """Draw the dots; all named where there is room."""
    frame = caterpillar_rows(intercepts, names)
    is_named = len(frame) <= MOST_NAMED
    frame = frame if is_named else frame[frame["estimate"].notna()].reset_index(drop=True)
    height = (ROW_MM if is_named else THIN_MM) * len(frame)
    with style.style():
        figure, (axes,) = style.panel(
            28 + max(height, 20), left=46 if is_named else 14, right=14 if is_named else 38,
            top=10, bottom=16,
        )  # fmt: skip
        axes.axvline(0, color=style.INK, linewidth=0.9, gid="mean of all")
        axes.set_xlim(*_limits(frame))
        axes.set_ylim(-0.7, len(frame) - 0.3)
        own = str(text.labels.code) if text.labels.level != "study" else ""
        for place, row in frame.iterrows():
            _draw_row(axes, place, row, row["unit"] == own, is_named, text)
        axes.set_yticks(range(len(frame)) if is_named else [],
                        list(frame["name"]) if is_named else [])  # fmt: skip
        for label, unit in zip(axes.get_yticklabels(), frame["unit"], strict=False):
            label.set_weight(600 if unit == own else 400)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        style.light_grid(axes, "x")
        axes.xaxis.set_major_locator(style.round_ticks(6))
        axes.xaxis.set_major_formatter(FuncFormatter(_ticks(axes, text)))
        axes.annotate(text.say("Mean of all"), (0, 1), (0, 3), xycoords=("data", "axes fraction"),
                      textcoords="offset points", ha="center", va="bottom",
                      annotation_clip=False)  # fmt: skip
        label = sentence_case(score_name(score, text))
        axes.set_xlabel(text.say("{score}, points", score=label) if text.is_score
                        else text.say("Points of the health index"), labelpad=4)  # fmt: skip
    return figure


def _limits(frame: pd.DataFrame) -> tuple[float, float]:
    ends = frame[["conf_low", "conf_high", "estimate"]].to_numpy(dtype=float)
    widest = float(np.nanmax(np.abs(ends), initial=0.0, where=np.isfinite(ends))) or 1.0
    return -1.06 * widest, 1.06 * widest


def _draw_row(axes: Axes, place: int, row, is_own: bool, is_named: bool, text: Text) -> None:
    if not math.isfinite(row["estimate"]):
        write_hidden(axes, place, text, across=True)
        return
    is_clear = row["conf_low"] > 0 or row["conf_high"] < 0
    colour = style.WARNING if is_own else style.PROGRAMME if is_clear else style.GREYS[1]
    axes.plot([row["conf_low"], row["conf_high"]], [place, place], color=colour,
              linewidth=1.6 if is_named else 0.9, solid_capstyle="butt",
              zorder=3 if is_own else 2)  # fmt: skip
    axes.plot([row["estimate"]], [place], "o", color=colour, gid="area",
              markersize=(5.5 if is_named else 2.6) + 2.0 * is_own,
              zorder=4 if is_own else 3)  # fmt: skip
    if is_own and not is_named:
        axes.annotate(row["name"], xy=(1, place), xycoords=("axes fraction", "data"),
                      xytext=(4, 0), textcoords="offset points", va="center", weight=600,
                      color=colour, annotation_clip=False)  # fmt: skip


def _ticks(axes: Axes, text: Text):
    width = axes.get_xlim()[1] - axes.get_xlim()[0]
    decimals = 0 if width > 6 else 1 if width > 0.6 else 2 if width > 0.06 else 3
    return lambda value, _position: text.number(value, decimals, signed=True)
