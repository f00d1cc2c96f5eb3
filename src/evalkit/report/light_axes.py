"""Axes whose ticks are drawn, not kept: matplotlib makes five artists for every tick of an axis.

A report has hundreds of ticks, which took a quarter of the time of its cells. Here an axis draws
its grid, its marks and its labels with one artist each, to the same pixels. Where it is asked for
more than that (its labels as artists, minor ticks, another side, turned labels, a power of ten at
its end), it is an ordinary axis.
"""

import matplotlib as mpl
import numpy as np
from matplotlib.axis import XAxis, YAxis
from matplotlib.lines import Line2D
from matplotlib.markers import TICKDOWN, TICKLEFT
from matplotlib.ticker import FixedFormatter, FixedLocator

from evalkit.report.light_marks import MarkAxes
from evalkit.report.light_text import Label

FAR_SIDE = ("top", "right", "labeltop", "labelright")
NEAR_SIDE = ("bottom", "left", "labelbottom", "labelleft")
OF_THE_GRID = ("color", "linewidth", "linestyle", "alpha")


class _Light:
    """What both axes of a panel do otherwise than matplotlib's."""

    is_ordinary = False
    label_options: dict[str, object] = {}

    def reset_ticks(self) -> None:
        """Have no tick until one is asked for."""
        self.majorTicks, self.minorTicks = [], []

    def set_ticks(self, ticks, labels=None, *, minor: bool = False, **options):
        """Set places and labels of the ticks, as matplotlib does."""
        if minor or self.is_ordinary:
            return super().set_ticks(ticks, labels, minor=minor, **options)
        ticks = list(ticks)
        if labels and len(labels) != len(ticks):
            raise ValueError(f"{len(labels)} labels for {len(ticks)} ticks")
        if ticks:
            self.set_view_interval(min(ticks), max(ticks))
        self.set_major_locator(FixedLocator(ticks))
        if labels is not None:
            self.set_major_formatter(FixedFormatter(list(labels)))
        self.label_options = options
        self.axes.stale = True
        return []

    def get_ticklabels(self, *args, **options):
        """Labels as artists, which the axis keeps from now on."""
        self._become_ordinary()
        return super().get_ticklabels(*args, **options)

    def get_ticks_position(self):
        """The side of the ticks, which matplotlib reads off the first of them."""
        self._become_ordinary()
        return super().get_ticks_position()

    def _become_ordinary(self) -> None:
        if not self.is_ordinary:
            self.is_ordinary = True
            places = self.get_majorticklocs()
            labels = self.major.formatter.format_ticks(places)
            limits = self.get_view_interval().copy()
            super().set_ticks(places, labels, **self.label_options)
            self.set_view_interval(*limits, ignore=True)

    def draw(self, renderer) -> None:
        """Draw grid, marks, labels and title."""
        if not self.get_visible():
            return
        chosen = self.get_tick_params()
        places = np.asarray(self.get_majorticklocs(), dtype=float)
        labels = self.major.formatter.format_ticks(places)
        if self.is_ordinary or self._asks_for_more(chosen):
            super().draw(renderer)
            return
        renderer.open_group(type(self).__name__, gid=self.get_gid())
        shown = self._in_view(places)
        self._draw_grid(renderer, chosen, places[shown])
        length = self._draw_marks(renderer, chosen, places[shown])
        at = self._draw_labels(renderer, chosen, places, labels, shown, length)
        self._draw_title(renderer, at, length if shown.any() else 0.0)
        renderer.close_group(type(self).__name__)
        self.stale = False

    def _asks_for_more(self, chosen: dict) -> bool:
        """Whether an ordinary axis is needed; after the formatter has seen the places."""
        return (
            any(chosen.get(side) for side in FAR_SIDE)
            or not all(chosen.get(side, True) for side in NEAR_SIDE)
            or bool(chosen.get("labelrotation") or chosen.get("rotation"))
            or chosen.get("direction", mpl.rcParams[f"{self.axis_name}tick.direction"]) != "out"
            or bool(self.major.formatter.get_offset())
            or len(self.get_minorticklocs()) > 0
        )

    def _in_view(self, places: np.ndarray) -> np.ndarray:
        low, high = sorted(self.get_transform().transform(self.get_view_interval()))
        near = 1e-10 * (high - low)
        at = self.get_transform().transform(places)
        return (low - near <= at) & (at <= high + near)

    def _draw_grid(self, renderer, chosen: dict, places: np.ndarray) -> None:
        if not chosen.get("gridOn", mpl.rcParams["axes.grid"]) or not len(places):
            return
        look = {
            name: chosen.get(f"grid_{name}", mpl.rcParams[f"grid.{name}"]) for name in OF_THE_GRID
        }
        along = np.repeat(np.asarray(places, dtype=float), 3)
        across = np.tile([0.0, 1.0, np.nan], len(places))
        self._draw_line(renderer, along, across, "grid", **look)

    def _draw_marks(self, renderer, chosen: dict, places: np.ndarray) -> float:
        """Draw the marks; return their length in points."""
        length, width, colour = (
            chosen.get(name, mpl.rcParams[f"{self.axis_name}tick.{default}"])
            for name, default in (("length", "major.size"), ("width", "major.width"),
                                  ("color", "color"))
        )  # fmt: skip
        if length and len(places):
            self._draw_line(
                renderer, np.asarray(places, dtype=float), np.zeros(len(places)), "tick1",
                linestyle="none", marker=self.mark, markersize=length, markeredgewidth=width,
                markeredgecolor=colour, color=colour,
            )  # fmt: skip
        return length

    def _draw_line(self, renderer, along, across, which: str, **look) -> None:
        line = Line2D(*self._pair(along, across), transform=self._line_transform(which), **look)
        line.set_figure(self.axes.figure)
        line.axes = self.axes
        if which == "grid":
            line.set_clip_path(self.axes.patch)
        line.draw(renderer)

    def _draw_labels(self, renderer, chosen: dict, places, labels, shown, length: float) -> float:
        """Draw the labels one after the other; return how far out they reach, in pixels."""
        rc, name = mpl.rcParams, self.axis_name
        pad = length + chosen.get("pad", rc[f"{name}tick.major.pad"])
        transform, va, ha = self._text_transform(pad)
        colour = chosen.get("labelcolor", rc[f"{name}tick.labelcolor"])
        label = Label(
            fontsize=chosen.get("labelsize", rc[f"{name}tick.labelsize"]),
            color=chosen.get("color", rc[f"{name}tick.color"]) if colour == "inherit" else colour,
            transform=transform, **{"va": va, "ha": ha, **self.label_options},
        )  # fmt: skip
        label.set_figure(self.axes.figure)
        reach = np.inf
        for place, words in zip(places[shown], np.asarray(labels)[shown], strict=True):
            label.set_text(words)
            label.set_position(self._pair(place, 0))
            label.draw(renderer)
            if words and self.label.get_text():
                reach = min(reach, getattr(label.get_window_extent(renderer), self.outside))
        return reach

    def _draw_title(self, renderer, reach: float, length: float) -> None:
        if not self.label.get_text():
            return
        pixels = self.axes.figure.dpi / 72
        end = min(reach, getattr(self.axes.bbox, self.outside) - length * pixels)
        across = "y" if self.axis_name == "x" else "x"
        self.label.set(**{across: end - self.labelpad * pixels})
        self.label.draw(renderer)

    def _pair(self, along, across) -> tuple:
        """Places along the axis and across it, as x and y."""
        return (along, across) if self.axis_name == "x" else (across, along)

    def _line_transform(self, which: str):
        return getattr(self.axes, f"get_{self.axis_name}axis_transform")(which)

    def _text_transform(self, pad: float) -> tuple:
        return getattr(self.axes, f"get_{self.axis_name}axis_text1_transform")(pad)


class _LightX(_Light, XAxis):
    mark, outside = TICKDOWN, "y0"


class _LightY(_Light, YAxis):
    mark, outside = TICKLEFT, "x0"


class LightAxes(MarkAxes):
    """A panel of a figure, with light axes, bars and lines."""

    def _init_axis(self) -> None:
        """Make the axes; where matplotlib's own projections make theirs."""
        self.xaxis, self.yaxis = _LightX(self, clear=False), _LightY(self, clear=False)
        for axis, sides in ((self.xaxis, ("bottom", "top")), (self.yaxis, ("left", "right"))):
            for side in sides:
                self.spines[side].register_axis(axis)
