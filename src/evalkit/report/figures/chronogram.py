"""Chronogram: the state of everybody, month by month, in wide panels one below the other."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.report import style
from evalkit.report.figures.frame import (
    MISSING,
    drawn_part,
    is_sparse,
    picture,
    summary_n,
    time_ticks,
    time_title,
    too_few_part,
    within_axis,
)
from evalkit.report.figures.stack_panels import (
    LABEL_MM,
    STATE_ORDER,
    is_hidden_somewhere,
    layer_colours,
    shown_layers,
)
from evalkit.report.figures.stacks import in_order
from evalkit.report.markup import escape
from evalkit.report.names import arm_name, sentence_case, state_name
from evalkit.report.parts import Part
from evalkit.report.reading import few_persons, released_frame
from evalkit.report.text import Text

HEIGHT_MM = 52


@drawn_part
def chronogram(curve, text: Text, *, last: int | None = None, name: str = "chronogram") -> Part:
    """Share in each state at each time, stacked to everybody, one wide panel a group.

    Beside each layer stand its name and its share at the first and at the last time, so that the
    figure can be read without the table.

    Parameters
    ----------
    curve : Released OccupationCurve
    last : int
        Last month of the axis; by default that of every figure over time.
    """
    if few_persons(curve, text):
        return too_few_part(text)
    frame, order, names = _layers(curve, text, last)
    wides = shown_layers(frame, order)
    rows = [
        [
            text.number(time),
            escape(sentence_case(arm_name(arm, text))),
            *(_share(value, text) for value in wide.loc[time]),
        ]
        for arm, wide in wides.items()
        for time in (wide.index if is_sparse(frame) else _ticks(wide, text))
    ]
    spoken = [text.say("Stacked layers of the states by month, one panel a group.")]
    spoken += [_spoken(wide, names, arm, text) for arm, wide in wides.items()]
    caption = text.say("Each layer is the share in that state; at the right its share at the start "
                       "and at the end.")  # fmt: skip
    if any(map(is_hidden_somewhere, wides.values())):
        caption += " " + text.say("A layer is missing at times when there were too few people.")
    header = [time_title(text), text.say("Group"), *(sentence_case(names[x]) for x in order)]
    return picture(
        name, draw_chronogram(curve, text, last), [curve], text,
        finding=text.say("From month to month: who was where."), caption=caption,
        alt=" ".join(spoken), n=summary_n(curve), rows=rows, text_columns=2,
        header=[escape(cell) for cell in header],
    )  # fmt: skip


def _layers(curve, text: Text, last: int | None) -> tuple[pd.DataFrame, list[str], dict[str, str]]:
    """Rows within the time axis, and the states with a published share, in order."""
    frame = released_frame(curve, "OccupationCurve").rename(columns={"state": "layer"})
    frame = within_axis(frame, text) if last is None else frame[frame["time"] <= last]
    seen = frame.loc[frame["estimate"] > 0, "layer"]
    order = in_order(seen, STATE_ORDER)
    return frame, order, {layer: state_name(layer, text) for layer in order}


def draw_chronogram(curve, text: Text, last: int | None = None) -> Figure:
    """Draw one panel a group, areas where every time is published and columns where few are."""
    frame, order, names = _layers(curve, text, last)
    wides = shown_layers(frame, order)
    with style.style():
        figure, panels = style.grid(
            max(len(wides), 1), columns=1, height=HEIGHT_MM, left=12, right=70, top=14, bottom=12
        )
        if not wides:
            panels[0].axis("off")
            panels[0].text(0, 0.5, text.say("Not shown, to protect people."), va="center",
                           color=style.QUIET)  # fmt: skip
        for axes, (arm, wide) in zip(panels, wides.items(), strict=False):
            _draw_layers(axes, wide, order, columns=is_sparse(frame) or is_hidden_somewhere(wide))
            _dress(axes, wide, arm, text)
            _name_layers(axes, wide, order, names, text)
    return figure


def _draw_layers(axes: Axes, wide: pd.DataFrame, order: list[str], *, columns: bool) -> None:
    colours = layer_colours(order)
    times, shares = wide.index.to_numpy(dtype=float), wide.fillna(0.0).to_numpy().T
    if not columns:
        axes.stackplot(times, shares, colors=colours, edgecolor=style.PAPER, linewidth=0.4,
                       labels=order)  # fmt: skip
        axes.set_xlim(times[0], times[-1])
        return
    gap = float(np.diff(times).min()) if len(times) > 1 else 1.0
    bottom = np.zeros(len(times))
    for layer, colour, height in zip(order, colours, shares, strict=True):
        axes.bar(times, height, bottom=bottom, width=0.62 * gap, color=colour, label=layer,
                 edgecolor=style.PAPER, linewidth=0.4)  # fmt: skip
        bottom += height
    axes.set_xlim(times[0] - 0.45 * gap, times[-1] + 0.45 * gap)


def _dress(axes: Axes, wide: pd.DataFrame, arm: str, text: Text) -> None:
    axes.set_ylim(0, 1)
    marks = np.arange(0, 1.01, 0.25)
    axes.set_yticks(marks, [text.number(100 * mark) for mark in marks])
    style.light_grid(axes, "y")
    ticks = _axis_ticks(wide, text)
    axes.set_xticks(ticks, [text.number(tick) for tick in ticks])
    axes.set_xlabel(time_title(text), labelpad=2)
    style.note(axes, text.say("Per cent"), -9, HEIGHT_MM + 4.5, color=style.QUIET, va="center")
    style.note(axes, sentence_case(arm_name(arm, text)), -9, HEIGHT_MM + 9.5, weight=600,
               va="center", color=style.ARM_COLOURS.get(arm, style.INK))  # fmt: skip


def _name_layers(axes: Axes, wide: pd.DataFrame, order, names: dict, text: Text) -> None:
    """Name the layers beside the last time, spread apart, with the shares at both ends."""
    final = wide.iloc[-1].to_numpy(dtype=float)
    thick = np.nan_to_num(final)
    middle = np.cumsum(thick) - thick / 2
    width = axes.get_position().width * axes.figure.get_figwidth() / style.MM
    gap = LABEL_MM / HEIGHT_MM
    places = style.spread(list(middle), gap, gap / 2, 1 - gap / 2)
    transform = axes.get_yaxis_transform()
    for number, (layer, colour) in enumerate(zip(order, layer_colours(order), strict=True)):
        place, at = places[number], middle[number]
        if math.isfinite(final[number]):
            axes.plot(
                [1 + 0.3 / width, 1 + 2.5 / width, 1 + 4 / width], [at, place, place],
                color=style.QUIET, linewidth=0.5, transform=transform, clip_on=False,
            )  # fmt: skip
        axes.plot([1 + 5.4 / width], [place], marker="s", markersize=5, color=colour, linestyle="",
                  transform=transform, clip_on=False, markeredgecolor=style.QUIET,
                  markeredgewidth=0.3)  # fmt: skip
        axes.text(1 + 7.2 / width, place, sentence_case(names[layer]), va="center", ha="left",
                  transform=transform)  # fmt: skip
        for value, at_mm in ((wide.iloc[0][layer], 58.5), (final[number], 68.5)):
            axes.text(1 + at_mm / width, place, _bare(value, text), va="center", ha="right",
                      transform=transform, color=style.QUIET)  # fmt: skip
    for time, at_mm in ((wide.index[0], 58.5), (wide.index[-1], 68.5)):
        axes.text(1 + at_mm / width, 1 + 4.5 / HEIGHT_MM, text.number(time), va="center",
                  ha="right", transform=transform, color=style.QUIET)  # fmt: skip


def _bare(value: float, text: Text) -> str:
    """A share in per cent without its sign, for a column of numbers."""
    if not math.isfinite(value):
        return MISSING
    return text.number(100 * value)


def _ticks(wide: pd.DataFrame, text: Text) -> list[float]:
    return [wide.index[wide.index <= tick][-1] for tick in _axis_ticks(wide, text)]


def _axis_ticks(wide: pd.DataFrame, text: Text) -> list[int]:
    """The common ticks, and every twelfth month after the last of them."""
    first, last = wide.index[0], wide.index[-1]
    ticks = [tick for tick in time_ticks(last, text) if tick >= first]
    later = [] if text.unit == "days" else range(ticks[-1] + 12, int(last) + 1, 12)
    return [*ticks, *later]


def _share(value: float, text: Text) -> str:
    return text.percent(value, 1) if math.isfinite(value) else MISSING


def _spoken(wide: pd.DataFrame, names: dict, arm: str, text: Text) -> str:
    ends = [
        text.list([
            f"{names[layer]} {text.percent(share)}" for layer, share in wide.iloc[row].items()
            if share > 0
        ])
        for row in (0, -1)
    ]  # fmt: skip
    return text.say(
        "{group}, at the start: {first}; at the end: {last}.",
        group=sentence_case(arm_name(arm, text)), first=ends[0], last=ends[1],
    )  # fmt: skip
