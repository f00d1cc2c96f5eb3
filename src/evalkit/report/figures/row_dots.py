"""Rows of dots with intervals on one scale, one dot for each of a few groups in a row."""

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.report import style
from evalkit.report.figures.hidden import BEHIND, write_hidden
from evalkit.report.reading import by_key
from evalkit.report.text import Text

COLOURS = (style.PROGRAMME, style.COMPARISON, style.THIRD, style.FOURTH)
MARKERS = ("o", "s", "^", "D")
SUM = (style.INK, "s")
ROW_MM, DOT_MM, KEY_MM, APART_MM = 5.2, 3.4, 5.0, 3.0
WIDEST_NAME = 30  # letters of a row's name in one line


@dataclass(frozen=True, slots=True)
class Dot:
    """One number with its interval, or an interval alone; missing where withheld."""

    estimate: float
    low: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether there is anything to draw."""
        return math.isfinite(self.estimate) or math.isfinite(self.low)


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its name, one dot for each group, and what stands at its right, one for each group.

    One that is `apart` sums up the others: it is drawn in ink with a square, after a gap.
    """

    name: str
    dots: tuple[Dot, ...]
    right: tuple[str, ...] = ()
    apart: bool = False


def highest_first(frame: pd.DataFrame, row: str, value: str) -> list[str]:
    """Rows by their value in the first stratum, and where it is hidden there by the next one's."""
    known = by_key(frame, row, "stratum", value=value)
    strata = list(dict.fromkeys(frame["stratum"]))
    first = {}
    for name in dict.fromkeys(frame[row]):
        numbers = (known.get((name, one), math.nan) for one in strata)
        first[name] = next(filter(math.isfinite, numbers), -math.inf)
    return sorted(first, key=lambda name: -first[name])


def draw_rows(
    rows: Sequence[Row], groups: Sequence[str], text: Text, *, limits: tuple[float, float],
    ticks: Sequence[float], written: Callable[[float], str], x_title: str, right_title: str = "",
    left: float | None = None, right: float = 22, line: float | None = None,
) -> Figure:  # fmt: skip
    """Draw the rows from top to bottom; groups differ in colour, shape and a key above."""
    names = [textwrap.fill(row.name, WIDEST_NAME) for row in rows]
    heights = [
        max(ROW_MM, DOT_MM * len(groups) + 1.6, 3.9 * (name.count("\n") + 1) + 1.2)
        for name in names
    ]
    for place in range(1, len(rows)):
        heights[place] += APART_MM * (rows[place].apart and not rows[place - 1].apart)
    is_keyed = any(groups)
    lines = _key_lines(groups) if is_keyed else []
    longest = max(len(line) for name in names for line in name.split("\n"))
    left = min(max(1.68 * longest + 5, 26), 72) if left is None else left
    top = 7 + (KEY_MM * len(lines) if is_keyed else 0) + (4 if right_title else 0)
    with style.style():
        figure, (axes,) = style.panel(
            top + sum(heights) + 15, left=left, right=right, top=top, bottom=15
        )
        axes.set_xlim(*limits)
        axes.set_ylim(sum(heights), 0)
        if line is not None:
            axes.axvline(line, color=style.INK, linewidth=0.9, gid="line")
        centres = _draw_all(axes, rows, heights, text)
        axes.set_yticks(centres, names, **style.NAMES)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xticks(ticks, [written(tick) for tick in ticks])
        style.light_grid(axes, "x")
        axes.set_xlabel(x_title)
        if right_title:
            axes.annotate(right_title, (1, 1), (6, 5), xycoords="axes fraction", ha="left",
                          va="bottom", textcoords="offset points", color=style.QUIET,
                          annotation_clip=False)  # fmt: skip
        if is_keyed:
            _draw_key(axes, lines, left, 4 if right_title else 0, sum(heights))
    return figure


def _draw_all(axes: Axes, rows, heights, text: Text) -> list[float]:
    """Draw the dots of all rows; give the middle of each row."""
    centres, start = [], 0.0
    placed: dict[tuple[str, str], list[tuple[Dot, float]]] = {}
    for number, (row, height) in enumerate(zip(rows, heights, strict=True)):
        gap = APART_MM if number and row.apart and not rows[number - 1].apart else 0.0
        centre = start + (height + gap) / 2
        centres.append(centre)
        if not any(dot.shown for dot in row.dots):
            write_hidden(axes, centre, text, across=True)
        count = len(row.dots)
        for place, dot in enumerate(row.dots):
            at = centre + (place - (count - 1) / 2) * DOT_MM
            if dot.shown:
                look = SUM if row.apart else (COLOURS[place], MARKERS[place])
                placed.setdefault(look, []).append((dot, at))
            elif any(other.shown for other in row.dots):
                axes.annotate(
                    text.say("not shown"), (0, at), (4, 0), va="center", color=COLOURS[place],
                    xycoords=("axes fraction", "data"), textcoords="offset points",
                    bbox=BEHIND, zorder=1,  # behind the dots of the other groups
                )  # fmt: skip
            if row.right:
                axes.annotate(row.right[place], (1, at), (6, 0), va="center", annotation_clip=False,
                              xycoords=("axes fraction", "data"), textcoords="offset points",
                              color=COLOURS[place] if count > 1 else style.INK)  # fmt: skip
        start += height
    for look, dots in placed.items():
        _draw_dots(axes, dots, look)
    return centres


def _draw_dots(axes: Axes, dots: list[tuple[Dot, float]], look: tuple[str, str]) -> None:
    """Draw all dots of one look, then all their intervals, cut at the ends of the axis."""
    colour, marker = look
    values = np.array([(dot.estimate, dot.low, dot.high) for dot, _ in dots], dtype=float)
    values[np.isinf(values)] = np.nan
    at = np.array([place for _, place in dots])
    seen = np.isfinite(values[:, 0])
    axes.plot(values[seen, 0], at[seen], marker, color=colour, markersize=5.4, zorder=3,
              gid="dot", clip_on=False)  # fmt: skip
    low, high = axes.get_xlim()
    ends = np.column_stack([np.maximum(values[:, 1], low), np.minimum(values[:, 2], high)])
    apart = np.full((len(dots), 1), np.nan)  # ends each line
    axes.plot(np.hstack([ends, apart]).ravel(), np.repeat(at, 3), color=colour, linewidth=1.4,
              solid_capstyle="butt", zorder=2)  # fmt: skip


def _key_lines(groups: Sequence[str]) -> list[list[tuple[int, str]]]:
    """Entries of the key in lines, as many in each as there is room for."""
    lines, width = [[]], 0.0
    for place, name in enumerate(groups):
        needed = 7 + 1.75 * len(name)
        if width + needed > style.PHONE_MM - 7 and lines[-1]:
            lines.append([])
            width = 0.0
        lines[-1].append((place, name))
        width += needed
    return lines


def _draw_key(axes: Axes, lines, left: float, lift: float, height: float) -> None:
    """Write the key above the rows from the figure's left edge: mark, then name."""
    for number, entries in enumerate(lines):
        x = 3.0 - left
        y = height + 4 + lift + KEY_MM * (len(lines) - 1 - number)
        for place, name in entries:
            style.note(axes, name, x + 3, y, va="center", color=COLOURS[place], weight=600)
            _key_mark(axes, x, y, place)
            x += 7 + 1.75 * len(name)


def _key_mark(axes: Axes, x_mm: float, y_mm: float, place: int) -> None:
    width, height = axes.get_window_extent().size / axes.figure.dpi / style.MM
    axes.plot([x_mm / width], [y_mm / height], MARKERS[place], color=COLOURS[place], markersize=5.4,
              transform=axes.transAxes, clip_on=False)  # fmt: skip
