"""Panels of stacked layers: areas or columns, hidden parts hatched, names beside the last one."""

import math
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.errors import ParameterError
from evalkit.report import style
from evalkit.report.figures.frame import (
    MISSING,
    in_two_lines,
    is_sparse,
    time_ticks,
    time_title,
)
from evalkit.report.names import arm_name, sentence_case
from evalkit.report.reading import arms_of
from evalkit.report.text import Text

# The order is the same everywhere, from the axis upwards; the one ochre is for the pension.
STATE_ORDER = (
    "self_support", "work", "subsidised_work", "study", "parental", "labour_market", "unemployment",
    "programme", "last_resort", "health_related", "partial_sickness", "full_sickness",
    "sickness", "medical_rehabilitation", "vocational_rehabilitation", "disability", "support",
    "public_support", "partial_disability_pension", "disability_pension", "old_age_pension",
    "emigrated", "died",
)  # fmt: skip
# The darkest is as dark as the blue, so it comes late.
LAYER_GREYS = tuple(style.GREYS[at] for at in (2, 1, 3, 0, 4))
LABEL_MM = 4.2
LEAST_MM, LEAST_OF_DAYS_MM = 30.0, 47.0  # of a panel
LONGEST_LABEL = 18  # letters on one line
MOST_COLUMNS, MOST_LABELS = 9, 7  # so many, evenly apart, do not touch
FEW_TICKS = 3
NOTHING_SHOWN = "nothing shown"


def draw_stack(
    frame: pd.DataFrame, order: list[str], names: dict, text: Text, *, whole: bool = False
) -> Figure:  # fmt: skip
    """Draw one panel an arm; layers are named once, at the right.

    Where the layers are of the `whole`, what hidden ones leave up to it is hatched.
    """
    wides = shown_layers(frame, order)
    every, wides = wides, wides if whole else _on_the_first(wides, order)
    drawn = visible_layers(wides, order)
    with style.style():
        if not wides:
            return _empty(text)
        gaps = any(is_hidden_somewhere(wide[drawn]) for wide in every.values())
        labels = [in_two_lines(sentence_case(names[layer]), LONGEST_LABEL) for layer in drawn]
        longest = max((len(line) for label in labels for line in label.split("\n")), default=0)
        tall = sum(map(_lines, labels)) * LABEL_MM
        figure, panels = style.panel(
            max(84, 31 + tall), left=10, right=9 + style.LETTER_MM * longest, top=18, bottom=13,
            columns=len(wides), least=LEAST_OF_DAYS_MM if text.unit == "days" else LEAST_MM,
        )  # fmt: skip
        highest = max(float(wide.sum(axis=1).max()) for wide in wides.values() if len(wide))
        top = min(1.0, max(math.ceil(highest * 10 - 1e-6) / 10, 0.1))
        open_ended = whole and any(map(is_hidden_somewhere, wides.values()))
        columns = is_sparse(frame) or gaps or open_ended or not drawn
        top = 1.0 if open_ended else top
        if columns:
            wides = {arm: _columns_of(wide, frame["time"], text) for arm, wide in wides.items()}
            width = _column_width(wides, frame["time"].max())
        for axes, (arm, wide) in zip(panels, wides.items(), strict=True):
            if columns:
                _draw_columns(axes, wide, drawn, width, is_hatched=open_ended)
                _time_axis(axes, wides, frame["time"].max(), width, text)
            else:
                _draw_areas(axes, wide[drawn], drawn, text)
            _dress(axes, top, arm, text, first=axes is panels[0])
        last = list(wides.values())[-1]
        start = _shown_from(last, drawn)[-1] if open_ended else 0.0
        _name_layers(panels[-1], last[drawn], drawn, labels, start)
    return figure


def shown_layers(frame: pd.DataFrame, order: list[str]) -> dict[str, pd.DataFrame]:
    """Times by layers of each arm of which anything is published."""
    return {arm: wide for arm in arms_of(frame) if len(wide := _layers_of(frame, arm, order))}


def _layers_of(frame: pd.DataFrame, arm: str, order: list[str]) -> pd.DataFrame:
    """Times by layers of an arm, without the times at which nothing is published."""
    own = ((frame["stratum"] == arm) & frame["layer"].isin(order)).to_numpy()
    places = {layer: place for place, layer in enumerate(order)}
    layer = [places[name] for name in frame["layer"].to_numpy()[own]]
    times, row = np.unique(frame["time"].to_numpy()[own], return_inverse=True)
    shares = np.full((len(times), len(order)), np.nan)
    if len(set(zip(row, layer, strict=True))) < len(row):
        raise ParameterError(f"layers of {arm or 'all'}: some have two shares for one time")
    shares[row, layer] = frame["estimate"].to_numpy(dtype=float)[own]
    known = np.isfinite(shares).any(axis=1)
    return pd.DataFrame(shares[known], index=times[known], columns=order)


def visible_layers(wides: dict[str, pd.DataFrame], order: list[str]) -> list[str]:
    """Layers that have a published share above zero somewhere."""
    if not wides:
        return []
    seen = np.any([(wide[order].to_numpy() > 0).any(axis=0) for wide in wides.values()], axis=0)
    return [layer for layer, is_seen in zip(order, seen, strict=True) if is_seen]


def is_hidden_somewhere(wide: pd.DataFrame) -> bool:
    """Whether any share of a table of times by layers is withheld."""
    return bool(np.isnan(wide.to_numpy(dtype=float)).any())


def layer_colours(order: list[str]) -> list[str]:
    """Programme blue for the outcome, ochre for the permanent pension, greys for the rest."""
    greys = cycle(LAYER_GREYS)
    return [
        style.OCHRE if layer == "disability_pension"
        else style.PROGRAMME if index == 0 and layer not in STATE_ORDER[2:]
        else next(greys)
        for index, layer in enumerate(order)
    ]  # fmt: skip


def _draw_areas(axes: Axes, wide: pd.DataFrame, order: list[str], text: Text) -> None:
    last = wide.index[-1]
    held = pd.concat([wide, wide.iloc[[-1]].set_axis([last * (1 + style.TAIL)])])
    axes.stackplot(
        held.index, held.to_numpy().T, colors=layer_colours(order), step="post",
        edgecolor=style.PAPER, linewidth=0.4, labels=order,
    )  # fmt: skip
    ticks = time_ticks(last, text)
    axes.set_xlim(0, last * (1 + style.TAIL))
    axes.set_xticks(ticks, [text.number(tick) for tick in ticks])


def _draw_columns(
    axes: Axes, wide: pd.DataFrame, order: list[str], width: float, *, is_hatched: bool
) -> None:
    """Draw a column at each time; what is hidden is hatched, or has a dash above what is shown."""
    if is_hatched:
        bottom = _hatch_hidden(axes, wide, order, width)
    else:
        bottom = np.zeros(len(wide))
        heights = wide[order].sum(axis=1)
        for time in wide.index[wide[order].isna().any(axis=1) | wide.isna().all(axis=1)]:
            axes.annotate(MISSING, (time, heights[time]), (0, 3), textcoords="offset points",
                          ha="center", color=style.QUIET, gid=NOTHING_SHOWN)  # fmt: skip
    for layer, colour in zip(order, layer_colours(order), strict=True):
        height = np.nan_to_num(wide[layer].to_numpy(dtype=float))
        axes.bar(wide.index, height, bottom=bottom, width=width, color=colour, label=layer,
                 edgecolor=style.PAPER, linewidth=0.4)  # fmt: skip
        bottom += height


def _hatch_hidden(
    axes: Axes, wide: pd.DataFrame, order: list[str], width: float
) -> np.ndarray:  # fmt: skip
    """Hatch what hidden layers leave of each column; return where its shown layers begin.

    It is at the top, unless the first layer is hidden: the others do not stand on the axis then.
    """
    start, hidden = _shown_from(wide, order), wide.isna().any(axis=1).to_numpy()
    shown = np.clip(np.nansum(wide[order].to_numpy(dtype=float), axis=1), 0, 1)
    low = np.where(_is_first_hidden(wide), 0.0, shown)
    axes.bar(wide.index[hidden], (1 - shown)[hidden], bottom=low[hidden], width=width,
             facecolor=style.PAPER, edgecolor=style.HATCH, hatch="////", linewidth=0.0,
             gid="hidden")  # fmt: skip
    return start


def _shown_from(wide: pd.DataFrame, order: list[str]) -> np.ndarray:
    """Height at which the shown layers of each column begin: above 0 where the first is hidden."""
    rest = np.clip(1 - np.nansum(wide[order].to_numpy(dtype=float), axis=1), 0, 1)
    return np.where(_is_first_hidden(wide), rest, 0.0)


def _is_first_hidden(wide: pd.DataFrame) -> np.ndarray:
    return wide[wide.columns[0]].isna().to_numpy()


def _time_axis(
    axes: Axes, wides: dict[str, pd.DataFrame], last: float, width: float, text: Text
) -> None:  # fmt: skip
    """Label the ticks and the columns between them; a label has room, that of a column goes first.

    A tick beside such a column has none: it would be read as that of the column.
    """
    ticks, labelled = time_ticks(last, text), []
    between = sorted({time for wide in wides.values() for time in wide.index} - set(ticks))
    for time in (*between, *ticks):
        if all(abs(time - other) >= last / MOST_LABELS for other in labelled):
            labelled.append(time)
    labelled.sort()
    axes.set_xlim(-0.8 * width, last + 0.6 * width)
    axes.set_xticks(labelled, [text.number(time) for time in labelled])


def _on_the_first(wides: dict[str, pd.DataFrame], order: list[str]) -> dict[str, pd.DataFrame]:
    """Without the times at which the first layer is hidden: the others stand on it."""
    kept = {arm: wide[wide[order[0]].notna()] for arm, wide in wides.items()}
    return kept if any(map(len, kept.values())) else wides


def _columns_of(wide: pd.DataFrame, measured: pd.Series, text: Text) -> pd.DataFrame:
    """The times of an arm's columns: the ticks, with rows without shares where they are hidden.

    The last published time has one too; where fewer than `FEW_TICKS` ticks are published, so have
    other times. None is so near another that the two would touch.
    """
    ticks = [tick for tick in time_ticks(measured.max(), text) if tick in set(measured)]
    kept = [tick for tick in ticks if tick in wide.index]
    others = wide.index.difference(kept) if len(kept) < FEW_TICKS else wide.index[-1:]
    for time in (*others, *(tick for tick in ticks if tick not in kept)):
        if all(abs(time - other) >= measured.max() / MOST_COLUMNS for other in kept):
            kept.append(time)
    return wide.reindex(sorted(kept))


def _column_width(wides: dict[str, pd.DataFrame], last: float) -> float:
    """Width of every column on the axis of time, the same in all panels."""
    gaps = [np.diff(wide.index).min() for wide in wides.values() if len(wide) > 1]
    return 0.72 * min(gaps, default=last / MOST_COLUMNS or 1.0)


def _dress(axes: Axes, top: float, arm: str, text: Text, *, first: bool) -> None:
    axes.set_ylim(0, top)
    marks = np.arange(0, top + 1e-9, 0.1 if top < 0.55 else 0.2)
    axes.set_yticks(marks, [text.number(100 * mark) for mark in marks] if first else [])
    style.light_grid(axes, "y")
    axes.set_xlabel(time_title(text), labelpad=2)
    if first:
        style.axis_title(axes, text.say("Per cent"))
    style.note(
        axes, sentence_case(arm_name(arm, text)), 0, _height_mm(axes) + 10, weight=600, va="center",
        color=style.ARM_COLOURS.get(arm, style.INK),
    )  # fmt: skip


def _height_mm(axes: Axes) -> float:
    return axes.get_position().height * axes.figure.get_figheight() / style.MM


def _width_mm(axes: Axes) -> float:
    return axes.get_position().width * axes.figure.get_figwidth() / style.MM


def _lines(label: str) -> float:
    """Height of a label in lines, with some air where it has two."""
    count = label.count("\n") + 1
    return count if count == 1 else count + 0.4


def _name_layers(
    axes: Axes, wide: pd.DataFrame, order: list[str], labels: list[str], start: float
) -> None:
    """Name the layers beside the last column, spread apart, with a thin line to each.

    Those of the last column begin at the height `start`.
    """
    known = np.isfinite(wide.iloc[-1].to_numpy(dtype=float))
    # A hidden layer has no height in its column; where all are, the columns before say the order.
    final = (wide if known.any() else wide.ffill()).iloc[-1].to_numpy(dtype=float)
    thick = np.where(np.isfinite(final), final, 0)
    middle = start * known.any() + np.cumsum(thick) - thick / 2
    high, mm = axes.get_ylim()[1], 1 / _width_mm(axes)
    line = LABEL_MM / _height_mm(axes) * high
    places = style.spread(
        list(middle), line, line / 2, high - line / 2, lines=list(map(_lines, labels))
    )
    for number, colour in enumerate(layer_colours(order)):
        place, at = places[number], middle[number]
        axes.text(1 + 7.2 * mm, place, labels[number], va="center", ha="left", linespacing=1.0,
                  transform=axes.get_yaxis_transform())  # fmt: skip
        if known[number]:
            axes.plot(
                [1 + 0.3 * mm, 1 + 2.5 * mm, 1 + 4 * mm], [at, place, place], color=style.QUIET,
                linewidth=0.5, transform=axes.get_yaxis_transform(), clip_on=False,
            )  # fmt: skip
        axes.plot(
            [1 + 5.4 * mm], [place], marker="s", markersize=5, color=colour, linestyle="",
            transform=axes.get_yaxis_transform(), clip_on=False, markeredgecolor=style.QUIET,
            markeredgewidth=0.3,
        )  # fmt: skip


def _empty(text: Text) -> Figure:
    figure, (axes,) = style.panel(24, left=10, right=10, top=4, bottom=4)
    axes.axis("off")
    axes.text(0, 0.5, text.say("Not shown, to protect people."), va="center", color=style.QUIET)
    return figure
