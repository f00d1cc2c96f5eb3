"""Bars and lines whose places are numbers: matplotlib's also take dates, curves, and formats.

A report has some hundred of each, and a call that drew one took one or two milliseconds. Here a
call places what it draws at once, to the same pixels and the same limits of the axes.
"""

from functools import cached_property

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.transforms import Affine2D, Bbox, TransformedBbox


class _InPanel:
    """A mark that is cut off at the sides of its panel, in the box that the panel keeps for it."""

    def set_clip_path(self, path, transform=None) -> None:
        """Cut off at a path; at the panel's own without another box."""
        if path is self.axes.patch:
            self.set_clip_box(self.axes.sides)
        else:
            super().set_clip_path(path, transform)


class Line(_InPanel, Line2D):
    """A line of a panel."""


class Bar(_InPanel, Rectangle):
    """A bar of a panel, with sides along its axes."""

    def get_patch_transform(self) -> Affine2D:
        """From the unit square to the place of the bar on the axes."""
        (x, y), wide, high = self.get_xy(), self.get_width(), self.get_height()
        return Affine2D(np.array([[wide, 0.0, x], [0.0, high, y], [0.0, 0.0, 1.0]]))


class MarkAxes(Axes):
    """A panel whose bars and lines are light.

    A call draws one line, or bars of one look: places are numbers without masks, a line without a
    colour has the settings' own, bars stand in data units and a label names them all.
    """

    @cached_property
    def sides(self) -> TransformedBbox:
        """The panel's sides in pixels."""
        return TransformedBbox(Bbox.unit(), self.transAxes)

    def plot(self, x, y, mark: str = "", **look) -> list[Line2D]:
        """Draw a line through the places, or a mark at each without a line."""
        x, y = (np.asarray(values, dtype=float) for values in (x, y))
        if mark:
            look = {"marker": mark, "linestyle": "none", **look}
        line = Line(x, y, **look)
        if line.is_transform_set():
            self.add_line(line)
        else:
            self.add_artist(line)
            self.update_datalim(np.column_stack([x, y]))
        self.autoscale(None)
        return [line]

    def bar(self, x, height, width=0.8, bottom=0.0, **look) -> BarContainer:
        """Draw upright bars, each with its middle at x."""
        x, width = np.asarray(x, dtype=float), np.asarray(width, dtype=float)
        return self._add_bars((x - width / 2, bottom, width, height), look, is_upright=True)

    def barh(self, y, width, height=0.8, left=0.0, **look) -> BarContainer:
        """Draw lying bars, each with its middle at y."""
        y, height = np.asarray(y, dtype=float), np.asarray(height, dtype=float)
        return self._add_bars((left, y - height / 2, width, height), look, is_upright=False)

    def _add_bars(self, places: tuple, look: dict, *, is_upright: bool) -> BarContainer:
        """Add a bar for each of the places: left, bottom, width and height."""
        given = (np.atleast_1d(np.asarray(values, dtype=float)) for values in places)
        places = np.column_stack(np.broadcast_arrays(*given))
        name = look.pop("label", "")
        if "color" in look:
            look.setdefault("facecolor", look.pop("color"))
        bars = [Bar((x, y), wide, high, **look) for x, y, wide, high in places]
        for bar in bars:  # without room between a bar and the axis that it stands on
            ends, at = (bar.sticky_edges.y, 1) if is_upright else (bar.sticky_edges.x, 0)
            ends.append(bar.get_xy()[at])
            self.add_artist(bar)
        low, size = places[:, :2], places[:, 2:]
        seen = size.any(axis=1)  # a bar without width and height moves no limit
        self.update_datalim(np.concatenate([low[seen], (low + size)[seen]]))
        self.autoscale(None)
        way = "vertical" if is_upright else "horizontal"
        lengths = size[:, 1 if is_upright else 0]
        container = BarContainer(bars, None, datavalues=lengths, orientation=way, label=name)
        self.add_container(container)
        return container
