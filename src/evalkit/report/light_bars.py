"""Bars whose ends are numbers: matplotlib's also take dates, follow curves, and can be turned.

A report has some hundred bars, and a call that drew one took two milliseconds. Here a call places
all of its bars at once, to the same pixels and the same limits of the axes.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.patches import Rectangle
from matplotlib.transforms import Affine2D


class Bar(Rectangle):
    """A bar of a panel, with sides along its axes."""

    def get_patch_transform(self) -> Affine2D:
        """From the unit square to the place of the bar on the axes."""
        (x, y), wide, high = self.get_xy(), self.get_width(), self.get_height()
        return Affine2D(np.array([[wide, 0.0, x], [0.0, high, y], [0.0, 0.0, 1.0]]))


class BarAxes(Axes):
    """A panel whose bars are light."""

    def bar(self, x, height, width=0.8, bottom=0.0, **look) -> BarContainer:
        """Draw upright bars, each with its middle at x."""
        x, width = np.asarray(x, dtype=float), np.asarray(width, dtype=float)
        return self._add_bars(x - width / 2, bottom, width, height, "vertical", look)

    def barh(self, y, width, height=0.8, left=0.0, **look) -> BarContainer:
        """Draw lying bars, each with its middle at y."""
        y, height = np.asarray(y, dtype=float), np.asarray(height, dtype=float)
        return self._add_bars(left, y - height / 2, width, height, "horizontal", look)

    def _add_bars(self, left, bottom, width, height, orientation: str, look: dict) -> BarContainer:
        given = (np.atleast_1d(np.asarray(side, float)) for side in (left, bottom, width, height))
        sides = np.column_stack(np.broadcast_arrays(*given))
        if "color" in look:
            look = {**look, "facecolor": look["color"]}
            del look["color"]
        name = look.pop("label", "")
        is_upright = orientation == "vertical"
        bars = [Bar((x, y), wide, high, **look) for x, y, wide, high in sides]
        for bar, (x, y, *_) in zip(bars, sides, strict=True):
            if is_upright:
                bar.sticky_edges.y.append(y)
            else:
                bar.sticky_edges.x.append(x)
            self.add_artist(bar)
        low, size = sides[:, :2], sides[:, 2:]
        seen = size.any(axis=1)  # a bar without width and height moves no limit
        self.update_datalim(np.concatenate([low[seen], (low + size)[seen]]))
        self.autoscale(None)
        container = BarContainer(
            bars, None, datavalues=sides[:, 3 if is_upright else 2], orientation=orientation,
            label=name,
        )  # fmt: skip
        self.add_container(container)
        return container
