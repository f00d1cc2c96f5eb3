"""A difference for each number of points that unanswered scores may lie off."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from evalkit.report import style
from evalkit.report.figures.frame import drawn_part, picture, shown, shown_range
from evalkit.report.markup import escape
from evalkit.report.names import arm_name, sentence_case
from evalkit.report.parts import Part
from evalkit.report.phrases import score_name
from evalkit.report.reading import released_frame
from evalkit.report.text import Text

LISTED = 9  # rows of the data table


@drawn_part
def tipping(curve, text: Text, *, score: str = "", name: str = "tipping") -> Part:
    """The difference of the arms if those who did not answer were better or worse off.

    Parameters
    ----------
    curve : Released TippingCurve
    score : str
        Name of the score, where health is measured by scores.
    """
    frame = released_frame(curve, "TippingCurve").sort_values("delta").reset_index(drop=True)
    decimals = text.health_decimals
    number = lambda value: text.number(value, decimals, signed=True)  # noqa: E731
    interval = lambda low, high: text.range(low, high, decimals, signed=True)  # noqa: E731
    listed = frame.iloc[np.unique(np.linspace(0, len(frame) - 1, LISTED).round().astype(int))]
    rows = [
        [number(row["delta"]), shown(row["estimate"], number),
         shown_range(row["conf_low"], row["conf_high"], interval)]
        for row in listed.to_dict("records")
    ]  # fmt: skip
    finding = _finding(curve, text)
    label = escape(sentence_case(score_name(score, text)))
    months = int(curve.summary["wave"])
    caption = text.plural(
        "{score} after {n} month. Line: difference between the groups, for each number of points "
        "added to the scores of those who did not answer ({group}); band: 95 per cent interval. 0 "
        "means that they were like people who answered and had the same scores before.",
        "{score} after {n} months. Line: difference between the groups, for each number of points "
        "added to the scores of those who did not answer ({group}); band: 95 per cent interval. 0 "
        "means that they were like people who answered and had the same scores before.",
        months, score=label, group=_moved(curve, text),
    )  # fmt: skip
    first, last = frame.iloc[0], frame.iloc[-1]
    alt = text.say(
        "Line with a band: the difference is {low} where {least} points are added, and {high} "
        "where {most} are.", low=number(first["estimate"]), least=number(first["delta"]),
        high=number(last["estimate"]), most=number(last["delta"]),
    )  # fmt: skip
    return picture(
        name, draw_tipping(curve, text, score=score), [curve], text, finding=finding,
        caption=caption, alt=f"{alt} {finding}", n=_number_of(curve, "n"),
        header=[text.say("Points added"), text.say("Difference"), text.say("Interval")],
        rows=rows,
    )  # fmt: skip


def _number_of(curve, name: str) -> float:
    try:
        return float(curve.summary[name])
    except (TypeError, ValueError):
        return math.nan


def _moved(curve, text: Text) -> str:
    shifted = str(curve.summary["shifted"])
    return text.say("both groups") if shifted == "both" else arm_name(shifted, text)


def _finding(curve, text: Text) -> str:
    """Say where the conclusion tips."""
    tip = _number_of(curve, "tipping_interval")
    is_clear = bool(curve.summary["is_clear"])
    if not math.isfinite(tip):
        if is_clear:
            return text.say("The difference stays clear at all numbers of points shown.")
        return text.say("The difference stays unclear at all numbers of points shown.")
    written = text.number(tip, text.health_decimals, signed=True)
    if is_clear:
        return text.say("The difference stops being clear at {number} points.", number=written)
    return text.say("The difference becomes clear at {number} points only.", number=written)


def draw_tipping(curve, text: Text, *, score: str = "") -> Figure:
    """Draw the line, its band and the points at which the conclusion tips."""
    frame = released_frame(curve, "TippingCurve").sort_values("delta")
    with style.style():
        figure, (axes,) = style.panel(84, left=18, right=14, top=20, bottom=14)
        axes.axhline(0, color=style.INK, linewidth=0.9)
        axes.axvline(0, color=style.RULE, linewidth=0.9, zorder=0)
        axes.fill_between(frame["delta"], frame["conf_low"], frame["conf_high"],
                          color=style.PROGRAMME, alpha=style.BAND, linewidth=0)  # fmt: skip
        axes.plot(frame["delta"], frame["estimate"], color=style.PROGRAMME, linewidth=1.8,
                  label="difference")  # fmt: skip
        axes.set_xlim(frame["delta"].min(), frame["delta"].max())
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(style.round_ticks(6))
        axes.xaxis.set_major_formatter(FuncFormatter(_ticks(axes.get_xlim(), text)))
        axes.yaxis.set_major_formatter(FuncFormatter(_ticks(axes.get_ylim(), text)))
        style.light_grid(axes, "y")
        axes.set_xlabel(text.say("Points added to the scores of those who did not answer"))
        axes.annotate(
            text.say("Difference, {first} minus {second}", first=arm_name("programme", text),
                     second=arm_name("comparison", text)),
            (0, 1), (0, 34), xycoords="axes fraction", textcoords="offset points", ha="left",
            va="bottom", color=style.QUIET, annotation_clip=False,
        )  # fmt: skip
        _mark_tips(axes, curve, text)
    return figure


def _mark_tips(axes: Axes, curve, text: Text) -> None:
    """Mark where the interval and where the difference itself tips, words in rows of their own."""
    is_clear = bool(curve.summary["is_clear"])
    word = text.say("no longer clear") if is_clear else text.say("clear")
    marks = (
        (_number_of(curve, "tipping_interval"), word, 16, style.WARNING),
        (_number_of(curve, "tipping_estimate"), text.say("no difference"), 3, style.INK),
    )
    low, high = axes.get_xlim()
    for place, word, height, colour in marks:
        if not math.isfinite(place) or not low <= place <= high:
            continue
        axes.axvline(place, color=colour, linewidth=1.1, linestyle=(0, (3, 2)), gid="tip")
        share = (place - low) / (high - low)
        axes.annotate(
            f"{text.number(place, text.health_decimals, signed=True)}: {word}",
            (place, 1), (0, height), xycoords=("data", "axes fraction"),
            textcoords="offset points", va="bottom", color=colour, weight=600,
            ha="left" if share < 0.2 else "right" if share > 0.8 else "center",
            annotation_clip=False,
        )  # fmt: skip


def _ticks(limits: tuple[float, float], text: Text):
    width = limits[1] - limits[0]
    decimals = 0 if width > 6 else 1 if width > 0.6 else 2 if width > 0.05 else 3
    return lambda value, _position: text.number(value, decimals, signed=True)
