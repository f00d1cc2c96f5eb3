"""An axis of numbers, with as many decimals as its ticks need."""

import math
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from evalkit.report import style
from evalkit.report.text import Text

THOUSAND = 1_000


def number_axis(
    axes: Axes,
    text: Text,
    which: Literal["x", "y"],
    *,
    steps: int = 6,
    per: float = 1.0,
    signed: bool = False,
) -> None:
    """Write an axis in units of `per`, its ticks at most so many steps apart.

    The limits of the axes are set before.
    """
    axis, limits = (axes.xaxis, axes.get_xlim()) if which == "x" else (axes.yaxis, axes.get_ylim())
    locator = style.round_ticks(steps)
    step = np.diff(locator.tick_values(*limits))[0] / per
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    axis.set_major_locator(locator)
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: text.number(value / per, decimals, signed=signed))
    )
