"""A naive and a right estimate beside the truth: two dots and a line."""

import math

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
from evalkit.report.recovery import Recovered, read_recovery, truth_number, unit_title
from evalkit.report.text import Text

COLOURS = {"naive": style.WARNING, "right": style.PROGRAMME}
PLACES = {"naive": 0, "right": 1}
ROOM = 0.18  # of the range on each side, for the words of the outermost dots


@drawn_part
def recovery(recovery, text: Text, *, name: str = "recovery") -> Part:
    """Two dots with intervals, the naive one and the right one, and the line of the truth.

    Parameters
    ----------
    recovery : Released Recovery
    """
    found = read_recovery(recovery, text)
    number = lambda value: text.number(value, found.decimals)  # noqa: E731
    rows = [
        [
            escape(sentence_case(found.names[method])),
            shown(row["estimate"], number),
            shown_range(
                row["conf_low"], row["conf_high"],
                lambda low, high: text.range(low, high, found.decimals),
            ),
            shown(row["n"], text.number),
        ]
        for method, row in found.frame.iterrows()
    ]  # fmt: skip
    truth = truth_number(found, text)
    rows.append([text.say("Truth"), truth, "", ""])
    spoken = [text.say("Two dots with intervals, and a line for the truth at {truth}.",
                       truth=truth)]  # fmt: skip
    spoken += [f"{cells[0]}: {cells[1]}." for cells in rows[:2]]
    return picture(
        name, draw_recovery(recovery, text), [recovery], text,
        finding=f"{escape(found.title)}.",
        caption=text.say("Dot: estimate; bar: 95 per cent interval; line: the truth."),
        alt=" ".join(spoken), n=summary_n(recovery),
        header=[text.say("Analysis"), unit_title(found, text), text.say("Interval"),
                text.say("People")],
        rows=rows,
    )  # fmt: skip


def draw_recovery(recovery, text: Text) -> Figure:
    """Draw the two dots and the line of the truth."""
    found = read_recovery(recovery, text)
    with style.style():
        figure, (axes,) = style.panel(46, left=76, right=10, top=10, bottom=14)
        axes.set_xlim(*_limits(found))
        axes.set_ylim(1.6, -0.7)
        axes.axvline(found.truth, color=style.INK, linewidth=0.9, gid="truth")
        axes.annotate(
            text.say("Truth: {number}", number=truth_number(found, text)),
            (found.truth, -0.7), (0, 3), textcoords="offset points", ha="center", va="bottom",
            annotation_clip=False,
        )  # fmt: skip
        for method, row in found.frame.iterrows():
            _draw_dot(axes, str(method), row, found, text)
        axes.set_yticks([0, 1], [sentence_case(found.names[name]) for name in PLACES])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        style.light_grid(axes, "x")
        axes.xaxis.set_major_locator(style.round_ticks(6))
        axes.xaxis.set_major_formatter(FuncFormatter(_ticks(found, text)))
        axes.set_xlabel(unit_title(found, text))
    return figure


def _limits(found: Recovered) -> tuple[float, float]:
    ends = found.frame[["conf_low", "conf_high"]].to_numpy().ravel()
    known = [found.truth, *(end for end in ends if math.isfinite(end))]
    room = ROOM * (max(known) - min(known) or 1.0)
    return min(known) - room, max(known) + room


def _draw_dot(axes: Axes, method: str, row: pd.Series, found: Recovered, text: Text) -> None:
    place, colour = PLACES[method], COLOURS[method]
    if not math.isfinite(row["estimate"]):
        write_hidden(axes, place, text, across=True)
        return
    axes.plot([row["conf_low"], row["conf_high"]], [place, place], color=colour, linewidth=2.2,
              solid_capstyle="butt")  # fmt: skip
    axes.plot([row["estimate"]], [place], "o", color=colour, markersize=7, gid=method)
    axes.annotate(
        text.number(row["estimate"], found.decimals), (row["estimate"], place), (0, 7),
        textcoords="offset points", ha="center", va="bottom", weight=600, color=colour,
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.6},
    )  # fmt: skip


def _ticks(found: Recovered, text: Text):
    decimals = 2 if found.unit == "index" else 0
    return lambda value, _position: text.number(value, decimals)
