"""Tornado: the result at the low and the high value of each assumption."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from evalkit.report import style
from evalkit.report.figures.frame import (
    MISSING,
    drawn_part,
    picture,
    summary_n,
    too_few_part,
)
from evalkit.report.figures.hidden import write_hidden
from evalkit.report.figures.number_axis import THOUSAND, number_axis
from evalkit.report.markup import escape
from evalkit.report.names import actor_name, sentence_case
from evalkit.report.names_money import parameter_name, parameter_value
from evalkit.report.parts import Part
from evalkit.report.reading import few_persons, released_frame
from evalkit.report.text import Text

ROW_MM = 11.0
SIDES = (
    ("at_low", "low", style.COMPARISON, "\\\\\\\\"),
    ("at_high", "high", style.PROGRAMME, "////"),
)


@drawn_part
def tornado(sensitivity, text: Text, *, name: str = "tornado") -> Part:
    """What the result becomes when one assumption at a time is lower or higher.

    Parameters
    ----------
    sensitivity : Released Sensitivity
    """
    if few_persons(sensitivity, text):
        return too_few_part(text)
    frame = released_frame(sensitivity, "Sensitivity")
    rows, spoken = [], [text.say("Hatched bars, one for each assumption, the widest first.")]
    for row in frame.to_dict("records"):
        label = sentence_case(parameter_name(row["parameter"], text))
        values = [_assumption(row, side, text) for side in ("low", "high")]
        results = [_result(row[side], sensitivity, text) for side in ("at_low", "at_high")]
        rows.append([escape(label), *values, *results])
        if not row["suppressed"]:
            spoken.append(
                text.say("{assumption}: {first} at {low}, {second} at {high}.", assumption=label,
                         first=results[0], low=values[0], second=results[1], high=values[1])
            )  # fmt: skip
    header = [
        text.say("Assumption"), text.say("Low value"), text.say("High value"),
        text.say("Result at the low value"), text.say("Result at the high value"),
    ]  # fmt: skip
    base = text.say("Line: as assumed in the report, {result}.",
                    result=_result(sensitivity.summary["base"], sensitivity, text))  # fmt: skip
    caption = text.say("Hatched: range when one assumption is changed and the others stay; it is "
                       "not an interval of chance. Costs and amounts are in per cent of those "
                       "given.")  # fmt: skip
    return picture(
        name, draw_tornado(sensitivity, text), [sensitivity], text,
        finding=_finding(sensitivity, text), caption=f"{caption} {base}", alt=" ".join(spoken),
        n=summary_n(sensitivity), rows=rows, header=header, keys=3,
    )  # fmt: skip


def _finding(sensitivity, text: Text) -> str:
    actor = escape(sentence_case(actor_name(str(sensitivity.summary["party"]), text)))
    if sensitivity.summary["quantity"] == "net":
        return text.say("{actor}: which assumptions the gain less cost hangs on.", actor=actor)
    return text.say("{actor}: which assumptions the break-even share hangs on.", actor=actor)


def _assumption(row, side: str, text: Text) -> str:
    value = float(row[side])
    return parameter_value(value, row["unit"], text) if math.isfinite(value) else MISSING


def _result(value: float, sensitivity, text: Text) -> str:
    """Write a result: a share, or money in thousands; infinite has no gain, missing is hidden."""
    value = float(value)
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return text.say("no gain")
    if sensitivity.summary["quantity"] == "net":
        return text.number(value / 1000, 1, signed=True)
    return text.percent(value)


def draw_tornado(sensitivity, text: Text) -> Figure:
    """Draw one bar an assumption, from the result at its low to that at its high value."""
    frame = released_frame(sensitivity, "Sensitivity").reset_index(drop=True)
    base = float(sensitivity.summary["base"])
    is_net = sensitivity.summary["quantity"] == "net"
    with style.style():
        figure, (axes,) = style.panel(20 + ROW_MM * len(frame), left=52, right=12, top=6, bottom=14)
        low, high = _limits(frame, base, is_net)
        axes.set_xlim(low, high)
        axes.set_ylim(len(frame) - 0.4, -0.6)
        for place, row in frame.iterrows():
            _bar(axes, int(place), row, base, sensitivity, text)
        if math.isfinite(base):
            axes.axvline(base, color=style.INK, linewidth=1.1, gid="base")
        labels = [sentence_case(parameter_name(name, text)) for name in frame["parameter"]]
        axes.set_yticks(range(len(frame)), labels, va="center")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        style.light_grid(axes, "x")
        if is_net:
            number_axis(axes, text, "x", steps=5, per=THOUSAND)
            axes.set_xlabel(text.say(
                "Gain less cost per person, {unit}",
                unit=text.thousands(str(sensitivity.summary["currency"])),
            ))  # fmt: skip
        else:
            axes.xaxis.set_major_locator(style.round_ticks(5))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: text.number(100 * value)))
            axes.set_xlabel(
                text.say("Share of the change that must be due to the programme, per cent"),
                loc="right",  # it is wider than the axis
            )
    return figure


def _limits(frame: pd.DataFrame, base: float, is_net: bool) -> tuple[float, float]:
    """Limits that hold every finite result, with room for the words beside the bars."""
    values = np.array([*frame["at_low"], *frame["at_high"], base], dtype=float)
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    width = max(float(np.ptp(values)), 0.1 * abs(float(values[0])), 1e-9)
    low = float(values.min()) - 0.42 * width
    return (low, float(values.max()) + 0.42 * width)


def _bar(axes: Axes, place: int, row: pd.Series, base: float, sensitivity, text: Text) -> None:
    if row["suppressed"] or not math.isfinite(base):
        write_hidden(axes, place, text, across=True)
        return
    ends = {side: float(row[side]) for side, *_ in SIDES}
    slack = 1e-6 * max(abs(base), 1e-12)
    same_side = min(ends.values()) - base > slack or base - max(ends.values()) > slack
    for side, value, colour, hatch in SIDES:
        offset = (0.2 if side == "at_high" else -0.2) if same_side else 0.0
        right = ends[side] > base + slack or (
            abs(ends[side] - base) <= slack and (side == "at_high") == (ends["at_low"] <= base)
        )
        look = {"facecolor": style.PAPER, "edgecolor": colour, "hatch": hatch, "linewidth": 0.9,
                "height": 0.32 if same_side else 0.52, "gid": side}  # fmt: skip
        words = [_result(ends[side], sensitivity, text), f"({_assumption(row, value, text)})"]
        _side(axes, place + offset, (base, ends[side]), look, words, right=right, one=same_side)


def _side(axes: Axes, place: float, span: tuple, look: dict, words: list[str], *, right: bool,
          one: bool) -> None:  # fmt: skip
    """Draw one side of a bar with its words; one that never ends goes to the edge in an arrow."""
    base, end = span
    edge = axes.get_xlim()[1]
    is_never = not math.isfinite(end)
    axes.barh(place, (edge if is_never else end) - base, left=base, **look)
    if is_never:
        axes.plot([edge], [place], ">", color=look["edgecolor"], markersize=6, clip_on=False)
    inward = -1 if is_never or not right else 1
    axes.annotate(
        (" " if one or is_never else "\n").join(words), (edge if is_never else end, place),
        ((8 if is_never else 4) * inward, 0), va="center", ha="left" if inward > 0 else "right",
        textcoords="offset points", linespacing=1.0, annotation_clip=False,
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.0} if is_never else None,
    )  # fmt: skip
