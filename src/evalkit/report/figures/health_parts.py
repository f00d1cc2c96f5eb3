"""What figures of health share: which wave and groups are drawn, a key of colours, rows of dots."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from evalkit.report import style
from evalkit.report.figures.hidden import write_hidden
from evalkit.report.names import arm_name, sentence_case
from evalkit.report.phrases import occasion
from evalkit.report.text import Text

ROW_MM = 8.0
LONG_TITLE = 40  # letters
KEY_GAP_MM, KEY_SQUARE_MM, KEY_LINE_MM = 5.0, 3.0, 5.0
SERIES = (style.PROGRAMME, style.COMPARISON, style.THIRD, style.FOURTH)
MARKERS = ("o", "s", "D", "^")


def last_wave(frame: pd.DataFrame, column: str, wave: int | None) -> int:
    """The wave asked for, else the last one that has any number, else the last one."""
    if wave is not None:
        return wave
    known = frame[frame[column].notna()]
    return int((known if len(known) else frame)["wave"].max())


def wave_title(wave: int, text: Text) -> str:
    """The time of a wave as a heading: "12 months after the start"."""
    return sentence_case(occasion(int(wave), text))


def group_title(stratum: str, text: Text) -> str:
    """Name of a group as a heading."""
    return sentence_case(arm_name(stratum, text))


def draw_key(
    figure: Figure, entries: Sequence[tuple], top_mm: float, markers: Sequence[str] = ()
) -> None:
    """Write squares of colour, hatched or not, or marks, with names from the upper left corner."""
    width, height = (size / style.MM for size in figure.get_size_inches())
    renderer = figure.canvas.get_renderer()
    x, y = 2.0, height - top_mm
    for number, (colour, words, *hatch) in enumerate(entries):
        word = figure.text(0, 0, words, va="center", ha="left")
        long = word.get_window_extent(renderer).width / figure.dpi / style.MM
        if x + KEY_SQUARE_MM + 2 + long > width - 2 and x > 2.0:
            x, y = 2.0, y - KEY_LINE_MM
        if markers:
            figure.lines.append(Line2D(
                [(x + KEY_SQUARE_MM / 2) / width], [y / height], transform=figure.transFigure,
                marker=markers[number % len(markers)], color=colour, markersize=6, linestyle="",
            ))  # fmt: skip
        else:
            square = _square(figure, colour, x / width, (y - KEY_SQUARE_MM / 2) / height, width,
                             height)  # fmt: skip
            square.set_hatch(hatch[0] if hatch else None)
            figure.patches.append(square)
        word.set_position(((x + KEY_SQUARE_MM + 1.5) / width, y / height))
        x += KEY_SQUARE_MM + 1.5 + long + KEY_GAP_MM


def _square(figure: Figure, colour: str, x: float, y: float, width: float, height: float):
    return Rectangle(
        (x, y), KEY_SQUARE_MM / width, KEY_SQUARE_MM / height, transform=figure.transFigure,
        facecolor=colour, edgecolor=style.PAPER, linewidth=0,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DotAxis:
    """What the axis of a figure of dots shows."""

    title: str
    written: Callable[[float], str]
    reference: float | None = None
    shaded: float = math.nan  # half width of the range that is too small to matter
    limits: tuple[float, float] | None = None


def draw_dots(
    frame: pd.DataFrame, rows: Mapping, series: Mapping[str, str], axis: DotAxis, text: Text
) -> Figure:
    """Draw one row a key of `rows`, and in it one dot with its interval a series.

    Parameters
    ----------
    frame : DataFrame
        Columns `row`, `series`, `estimate`, `conf_low`, `conf_high`.
    rows, series : mapping
        Names by key, in the order drawn.
    """
    many, pitch = len(series) > 1, ROW_MM + 2 * (len(series) > 2)
    longest = max(map(len, rows.values()), default=0)
    with style.style():
        figure, (axes,) = style.panel(
            22 + 6 * many + pitch * len(rows), left=min(1.68 * longest + 5, 66), right=8,
            top=4 + 6 * many, bottom=14,
        )  # fmt: skip
        _dress(axes, frame, axis)
        places = {key: place for place, key in enumerate(rows)}
        for number, one in enumerate(series):
            shift = (number - (len(series) - 1) / 2) * 0.28
            for row in frame[frame["series"] == one].to_dict("records"):
                _draw_dot(axes, row, places[row["row"]] + shift, number)
        _mark_hidden(axes, frame, places, text)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_yticks(range(len(rows)), list(rows.values()))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        # A long title ends with the axis, or it would not fit right of the middle.
        axes.set_xlabel(axis.title, loc="right" if len(axis.title) > LONG_TITLE else "center")
        if many:
            draw_key(figure, list(zip(SERIES, series.values(), strict=False)), 4.0, MARKERS)
    return figure


def _dress(axes: Axes, frame: pd.DataFrame, axis: DotAxis) -> None:
    numbers = [*frame["conf_low"].dropna(), *frame["conf_high"].dropna(), *frame["estimate"]]
    numbers = [number for number in numbers if math.isfinite(number)]
    also = [axis.reference] if axis.reference is not None else []
    also += [-axis.shaded, axis.shaded] if math.isfinite(axis.shaded) else []
    low, high = min([*numbers, *also], default=0.0), max([*numbers, *also], default=1.0)
    margin = 0.06 * (high - low) or 0.1
    axes.set_xlim(axis.limits or (low - margin, high + margin))
    first, last = axes.get_xlim()
    ticks = [
        tick for tick in style.round_ticks(7).tick_values(first, last) if first <= tick <= last
    ]
    axes.set_xticks(ticks, [axis.written(tick) for tick in ticks])
    style.light_grid(axes, "x")
    if math.isfinite(axis.shaded):
        axes.axvspan(-axis.shaded, axis.shaded, color=style.RULE, alpha=0.55, linewidth=0,
                     gid="too small")  # fmt: skip
    if axis.reference is not None:
        axes.axvline(axis.reference, color=style.INK, linewidth=0.9, gid="reference")


def _draw_dot(axes: Axes, row: Mapping[str, object], place: float, number: int) -> None:
    if not math.isfinite(row["estimate"]):
        return
    colour = SERIES[number % len(SERIES)]
    if math.isfinite(row["conf_low"]) and math.isfinite(row["conf_high"]):
        axes.plot([row["conf_low"], row["conf_high"]], [place, place], color=colour, linewidth=1.4)
    axes.plot([row["estimate"]], [place], linestyle="", marker=MARKERS[number % len(MARKERS)],
              color=colour, markersize=6, gid="estimate")  # fmt: skip


def _mark_hidden(axes: Axes, frame: pd.DataFrame, places: Mapping, text: Text) -> None:
    known = frame.groupby("row", sort=False)["estimate"].apply(lambda values: values.notna().any())
    for key, shown in known.items():
        if not shown:
            low, high = places[key] - 0.48, places[key] + 0.48
            axes.axhspan(low, high, color=style.PAPER, linewidth=0, zorder=4, gid="hidden")
            write_hidden(axes, places[key], text, text.say("not shown"), across=True)


def heat(
    axes: Axes,
    values: np.ndarray,
    written: Callable[[float], str],
    *,
    columns: Sequence[str],
    rows: Sequence[str],
) -> None:
    """Draw a table of shares as cells that are darker the larger; hatched where not shown."""
    n_row, n_column = values.shape
    for (row, column), value in np.ndenumerate(values):
        known = math.isfinite(value)
        depth = 0.06 + 0.94 * value if known else 0.0
        axes.add_patch(Rectangle(
            (column, row), 1, 1, linewidth=0.8, edgecolor=style.PAPER if known else style.RULE,
            facecolor=_tint(depth) if known else style.PAPER, hatch=None if known else "////",
            gid="cell" if known else "hidden",
        ))  # fmt: skip
        if known:
            axes.text(column + 0.5, row + 0.5, written(value), ha="center", va="center",
                      color=style.PAPER if depth > 0.55 else style.INK)  # fmt: skip
    axes.set_xlim(0, n_column)
    axes.set_ylim(n_row, 0)
    axes.set_xticks(np.arange(n_column) + 0.5, columns)
    axes.set_yticks(np.arange(n_row) + 0.5, rows)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _tint(depth: float) -> tuple[float, float, float]:
    full, paper = np.array(to_rgb(style.PROGRAMME)), np.array(to_rgb(style.PAPER))
    return tuple(paper + (full - paper) * depth)
