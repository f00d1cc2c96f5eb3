"""Stacked areas over months, one panel an arm: exits of every kind, and states of the month."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.report import style
from evalkit.report.figures.frame import (
    MISSING,
    picture,
    summary_n,
    time_ticks,
    time_title,
    too_few_part,
)
from evalkit.report.markup import escape
from evalkit.report.names import arm_name, exit_name, sentence_case, state_name
from evalkit.report.parts import Part
from evalkit.report.reading import arms_of, few_persons, is_too_few, released_frame
from evalkit.report.replay import page_part
from evalkit.report.text import Text

# The order is the same everywhere, from the axis upwards; the one ochre is for the pension.
EXIT_ORDER = ("disability_pension", "old_age_pension", "emigrated", "died", "moved")
STATE_ORDER = (
    "self_support", "work", "subsidised_work", "study", "parental", "labour_market", "unemployment",
    "programme", "last_resort", "health_related", "sickness", "disability", "support",
    "public_support", "disability_pension", "old_age_pension", "emigrated", "died",
)  # fmt: skip
LABEL_MM = 4.2


@page_part
def exits(curve, text: Text, *, name: str = "exits") -> Part:
    """Share who had ended by each kind of exit, stacked, one panel an arm.

    Parameters
    ----------
    curve : Released IncidenceCurve
        By arm, with all causes.
    """
    frame = released_frame(curve, "IncidenceCurve").rename(columns={"cause": "layer"})
    if is_too_few(curve, text):
        return too_few_part(text)
    outcome = text.labels.study.outcome.cause
    order = _ordered(frame["layer"], (outcome, *EXIT_ORDER))
    names = {layer: exit_name(layer, text) for layer in order}
    drawn = draw_stack(frame, order, names, text)
    slots = {"outcome": escape(text.outcome)}
    return _part(
        name, drawn, curve, frame, order, names, text,
        finding=text.say("All exits: {outcome}, and what came instead.", **slots),
        caption=text.say("Each layer is the share who had left by that exit; the rest were still "
                         "waiting."),
        alt=text.say("Stacked areas of all exits by time."),
    )  # fmt: skip


@page_part
def occupation(curve, text: Text, *, name: str = "occupation") -> Part:
    """Share in each state in each month, relapse included, stacked, one panel an arm.

    Parameters
    ----------
    curve : Released OccupationCurve
    """
    frame = released_frame(curve, "OccupationCurve").rename(columns={"state": "layer"})
    if few_persons(curve, text):
        return too_few_part(text)
    order = _ordered(frame["layer"], STATE_ORDER)
    names = {layer: state_name(layer, text) for layer in order}
    drawn = draw_stack(frame, order, names, text)
    return _part(
        name, drawn, curve, frame, order, names, text,
        finding=text.say("What people lived on, month by month."),
        caption=text.say("Each layer is the share in that state in the month itself; somebody who "
                         "falls back on support moves back."),
        alt=text.say("Stacked areas of the states by month."),
    )  # fmt: skip


def draw_stack(frame: pd.DataFrame, order: list[str], names: dict, text: Text) -> Figure:
    """Draw one panel an arm; layers are named once, at the right."""
    arms = [arm for arm in arms_of(frame) if _wide(frame, arm, order) is not None]
    with style.style():
        if not arms:
            return _empty(text)
        figure, panels = style.panel(82, left=10, right=59, top=16, bottom=13, columns=len(arms))
        wides = [_wide(frame, arm, order) for arm in arms]
        last = max(wide.index[-1] for wide in wides)
        highest = max(float(wide.sum(axis=1).max()) for wide in wides)
        top = min(1.0, math.ceil(highest * 10 - 1e-6) / 10)
        for axes, arm in zip(panels, arms, strict=True):
            _draw_panel(axes, _wide(frame, arm, order), order)
            _dress(axes, last, top, arm, text, first=axes is panels[0])
        _name_layers(panels[-1], _wide(frame, arms[-1], order), order, names)
    return figure


def layer_colours(order: list[str]) -> list[str]:
    """Programme blue for the first layer, ochre for the permanent pension, greys for the rest."""
    greys = iter(style.GREYS * 3)
    return [
        style.PROGRAMME if index == 0 else style.OCHRE if layer == "disability_pension"
        else next(greys)
        for index, layer in enumerate(order)
    ]  # fmt: skip


def _wide(frame: pd.DataFrame, arm: str, order: list[str]) -> pd.DataFrame | None:
    """Times by layers of an arm, up to the first time at which a layer is withheld."""
    rows = frame[frame["stratum"] == arm]
    wide = rows.pivot(index="time", columns="layer", values="estimate").reindex(columns=order)
    gaps = wide.isna().all(axis=1)
    wide = wide[~gaps.cummax()]
    return wide.fillna(0.0) if len(wide) > 1 else None


def _draw_panel(axes: Axes, wide: pd.DataFrame, order: list[str]) -> None:
    wide.loc[wide.index[-1] * (1 + style.TAIL)] = wide.iloc[-1]
    axes.stackplot(
        wide.index, wide.to_numpy().T, colors=layer_colours(order), step="post",
        edgecolor=style.PAPER, linewidth=0.4, labels=order,
    )  # fmt: skip


def _dress(axes: Axes, last: float, top: float, arm: str, text: Text, *, first: bool) -> None:
    ticks = time_ticks(last, text)
    axes.set_xlim(0, last * (1 + style.TAIL))
    axes.set_xticks(ticks, [text.number(tick) for tick in ticks])
    axes.set_ylim(0, top)
    marks = np.arange(0, top + 1e-9, 0.1 if top < 0.55 else 0.2)
    axes.set_yticks(marks, [text.number(100 * mark) for mark in marks] if first else [])
    style.light_grid(axes, "y")
    axes.set_xlabel(time_title(text), labelpad=2)
    if first:
        style.axis_title(axes, text.say("Per cent"))
    style.note(
        axes, sentence_case(arm_name(arm, text)), 0, _height_mm(axes) + 8, weight=600, va="center",
        color=style.ARM_COLOURS.get(arm, style.INK),
    )  # fmt: skip


def _height_mm(axes: Axes) -> float:
    return axes.get_position().height * axes.figure.get_figheight() / style.MM


def _name_layers(axes: Axes, wide: pd.DataFrame, order: list[str], names: dict) -> None:
    """Name the layers beside the last column, spread apart, with a thin line to each."""
    final = wide.iloc[-1].to_numpy()
    top = np.cumsum(final)
    middle = top - final / 2
    high, mm = axes.get_ylim()[1], 1 / _width_mm(axes)
    # Where a panel stops early, the thin lines start at its last column.
    end = wide.index[-1] / axes.get_xlim()[1]
    gap = LABEL_MM / _height_mm(axes) * high
    places = style.spread(list(middle), gap, gap / 2, high - gap / 2)
    for layer, colour, at, place in zip(order, layer_colours(order), middle, places, strict=True):
        axes.text(1 + 7.2 * mm, place, sentence_case(names[layer]), va="center", ha="left",
                  transform=axes.get_yaxis_transform())  # fmt: skip
        axes.plot(
            [end, 1 + 0.3 * mm, 1 + 2.5 * mm, 1 + 4 * mm], [at, at, place, place],
            color=style.QUIET, linewidth=0.5, transform=axes.get_yaxis_transform(), clip_on=False,
        )  # fmt: skip
        axes.plot(
            [1 + 5.4 * mm], [place], marker="s", markersize=5, color=colour, linestyle="",
            transform=axes.get_yaxis_transform(), clip_on=False, markeredgecolor=style.QUIET,
            markeredgewidth=0.3,
        )  # fmt: skip


def _width_mm(axes: Axes) -> float:
    return axes.get_position().width * axes.figure.get_figwidth() / style.MM


def _empty(text: Text) -> Figure:
    figure, (axes,) = style.panel(24, left=10, right=10, top=4, bottom=4)
    axes.axis("off")
    axes.text(0, 0.5, text.say("Not shown: too few people."), va="center", color=style.QUIET)
    return figure


def _ordered(found: pd.Series, order: tuple[str, ...]) -> list[str]:
    known = list(dict.fromkeys(found))
    first = [layer for layer in dict.fromkeys(order) if layer in known]
    return first + [layer for layer in known if layer not in first]


def _part(name, drawn, released, frame, order, names, text: Text, *, finding, caption, alt) -> Part:
    arms = [arm for arm in arms_of(frame) if _wide(frame, arm, order) is not None]
    header = [time_title(text), text.say("Group"), *(sentence_case(names[x]) for x in order)]
    rows, spoken = [], [alt]
    for arm in arms:
        wide = _wide(frame, arm, order)
        raw = frame[frame["stratum"] == arm].pivot(index="time", columns="layer", values="estimate")
        for tick in time_ticks(wide.index[-1], text):
            rows.append(_data_row(raw, order, arm, tick, text))
        spoken.append(_spoken_end(wide, order, names, arm, text))
    if not arms:
        spoken.append(text.say("Not shown: too few people."))
    return picture(
        name, drawn, [released], text, finding=finding, caption=caption, alt=" ".join(spoken),
        n=summary_n(released), header=[escape(cell) for cell in header], rows=rows, text_columns=2,
    )  # fmt: skip


def _data_row(raw: pd.DataFrame, order: list[str], arm: str, tick: int, text: Text) -> list[str]:
    known = raw[raw.index <= tick].reindex(columns=order).iloc[-1]
    cells = [MISSING if np.isnan(value) else text.percent(value, 1) for value in known]
    return [text.number(tick), escape(sentence_case(arm_name(arm, text))), *cells]


def _spoken_end(wide: pd.DataFrame, order: list[str], names: dict, arm: str, text: Text) -> str:
    parts = text.list([
        f"{names[layer]} {text.percent(share)}"
        for layer, share in zip(order, wide.iloc[-1], strict=True)
        if share > 0
    ])  # fmt: skip
    slots = {"group": sentence_case(arm_name(arm, text)), "shares": parts}
    time = int(wide.index[-1])
    if text.unit == "days":
        return text.plural("{group} after {n} day: {shares}.", "{group} after {n} days: {shares}.",
                           time, **slots)  # fmt: skip
    return text.plural("{group} after {n} month: {shares}.", "{group} after {n} months: {shares}.",
                       time, **slots)  # fmt: skip
