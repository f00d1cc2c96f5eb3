"""Bars in parts: shares better, unchanged and worse, with their colours and hatches."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
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
BESIDE_MM = 1.6  # least room beside the number of a part, both sides together


def bar_in_parts(
    axes: Axes, place: int, part: Mapping[tuple[str, str], float], item: str,
    classes: Sequence[str], text: Text,
) -> None:  # fmt: skip
    """Draw a bar of shares by class, with what is hidden hatched.

    Parameters
    ----------
    part : mapping to float
        Shares by item and class; missing is hidden.
    classes : sequence of str
        In the order drawn.
    """
    if not any(math.isfinite(part.get((item, one), math.nan)) for one in classes):
        write_hidden(axes, place, text, text.say("not shown"))
        return
    values = np.array([part.get((item, one), math.nan) for one in classes])
    known = np.isfinite(values)
    # Hidden classes together have what the shown ones leave; alone they stay unknown.
    hidden = ~known & np.array([(item, one) in part for one in classes])
    lefts, gap, rest = _starts(values, known, hidden)
    width = axes.get_position().width * axes.figure.get_figwidth() / style.MM
    for number in np.flatnonzero(known):
        one, value, left = classes[number], values[number], lefts[number]
        axes.barh(place, value, left=left, height=0.66, color=COLOURS[one], gid=one,
                  hatch=HATCHES.get(one), edgecolor=style.PAPER)  # fmt: skip
        written = text.number(100 * value)
        if value * width >= style.LETTER_MM * len(written) + BESIDE_MM:
            axes.text(left + value / 2, place, written, ha="center", va="center",
                      color=style.INK if one in LIGHT else style.PAPER,
                      bbox={**BEHIND, "facecolor": COLOURS[one]} if one in HATCHES else None,
                      )  # fmt: skip
    if rest > 0:
        axes.barh(place, rest, left=gap, height=0.66, facecolor=style.PAPER,
                  edgecolor=style.RULE, hatch="////", linewidth=0.6, gid="hidden")  # fmt: skip


def _starts(
    values: np.ndarray, known: np.ndarray, hidden: np.ndarray
) -> tuple[np.ndarray, float, float]:
    """Where each class begins, where the hidden ones begin together, and how much they have.

    They stand between their neighbours, so that the classes after them end where they do in bars of
    which all is shown. Where others stand between them nobody knows which has how much: then they
    stand last.
    """
    sizes = np.nan_to_num(values)
    ends = np.cumsum(sizes)
    lefts, rest = ends - sizes, max(1 - float(ends[-1]), 0.0) if hidden.any() else 0.0
    among = np.flatnonzero(hidden[known | hidden])
    if not rest or among[-1] - among[0] >= among.size:
        return lefts, float(ends[-1]), rest
    first = np.flatnonzero(hidden)[0]
    return lefts + rest * (np.arange(len(values)) > first), float(lefts[first]), rest
