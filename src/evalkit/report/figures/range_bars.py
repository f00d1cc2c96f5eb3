"""Bars of counts that are at least so many, and at most so many: solid, then hatched."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from evalkit.report import style
from evalkit.report.figures.hidden import BEHIND, write_hidden
from evalkit.report.text import Text


def draw_ranges(
    axes: Axes, places: Sequence[float], lows: Sequence[float], highs: Sequence[float],
    height: float, text: Text,
) -> None:  # fmt: skip
    """Draw a bar in each row, with its range in words at the end; where it is hidden, say so."""
    places, lows, highs = (np.asarray(given, dtype=float) for given in (places, lows, highs))
    known = np.isfinite(lows) & np.isfinite(highs)
    for place in places[~known]:
        write_hidden(axes, place, text)
    axes.barh(places[known], lows[known], height=height, color=style.PROGRAMME, gid="at least")
    wide = known & (highs > lows)
    axes.barh(places[wide], (highs - lows)[wide], left=lows[wide], height=height,
              facecolor=style.PAPER, edgecolor=style.PROGRAMME, hatch="/////", linewidth=0.6,
              gid="range")  # fmt: skip
    for place, low, high in zip(places[known], lows[known], highs[known], strict=True):
        axes.annotate(range_words(low, high, text), (high, place), (5, 0), va="center",
                      bbox=BEHIND, textcoords="offset points", annotation_clip=False)  # fmt: skip


def range_words(low: float, high: float, text: Text) -> str:
    """Write a range of counts; equal ends once."""
    return text.number(low) if round(low) == round(high) else text.range(low, high)
