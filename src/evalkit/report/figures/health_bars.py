"""Bars in parts: shares better, unchanged and worse, with their colours and hatches."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from evalkit.report import style
from evalkit.report.figures.hidden import BEHIND, write_hidden
from evalkit.report.text import Text

COLOURS = {
    "improved": style.PROGRAMME, "mixed": style.OCHRE, "worsened": style.WARNING,
    "unchanged": style.GREYS[3], "no_problems": style.GREYS[4],
}  # fmt: skip
HATCHES = {"worsened": "\\\\\\\\"}  # in grey its colour is that of "improved"
LIGHT = ("mixed", "unchanged", "no_problems")
ORDER = ("improved", "no_problems", "unchanged", "mixed", "worsened")
LEAST_WORDS_MM = 3.0  # a bar that is shorter has no room for its number


def bar_in_parts(
    axes: Axes, place: int, part: pd.Series, item: str, classes: Sequence[str], text: Text
) -> None:
    """Draw a bar of shares by class, with what is hidden hatched up to the whole.

    Parameters
    ----------
    part : Series of float
        Shares by item and class; missing is hidden.
    classes : sequence of str
        In the order drawn.
    """
    if not any(math.isfinite(part.get((item, one), math.nan)) for one in classes):
        write_hidden(axes, place, text, text.say("not shown"))
        return
    values = np.array([part.get((item, one), math.nan) for one in classes])
    # Hidden classes together have what the shown ones leave; alone they stay unknown.
    unknown = np.isnan(values) & np.array([(item, one) in part.index for one in classes])
    width = axes.get_position().width * axes.figure.get_figwidth() / style.MM
    left, least = 0.0, LEAST_WORDS_MM / width
    for one, value in zip(classes, values, strict=True):
        if not math.isfinite(value):
            continue
        axes.barh(place, value, left=left, height=0.66, color=COLOURS[one], gid=one,
                  hatch=HATCHES.get(one), edgecolor=style.PAPER)  # fmt: skip
        if value >= least:
            axes.text(left + value / 2, place, text.number(100 * value), ha="center", va="center",
                      color=style.INK if one in LIGHT else style.PAPER,
                      bbox={**BEHIND, "facecolor": COLOURS[one]} if one in HATCHES else None,
                      )  # fmt: skip
        left += value
    if unknown.any() and left < 1:
        axes.barh(place, 1 - left, left=left, height=0.66, facecolor=style.PAPER,
                  edgecolor=style.RULE, hatch="////", linewidth=0.6, gid="hidden")  # fmt: skip
