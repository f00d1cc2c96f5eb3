"""Words of figures, shaped and drawn once: matplotlib forgets both with every figure.

A report has hundreds of words in figures, and most of them (ticks, names, reasons) stand in many.
Shaping a word takes a third of a millisecond, measuring it as much again, and each letter is drawn
anew. Here a process keeps how a word is laid out, how large it is, and how its letters look.
Letters stand at quarters of a pixel along the line and on whole ones across it. Turned words,
formulas, and words with features of the font are drawn by matplotlib.
"""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg, get_hinting_flag
from matplotlib.ft2font import FT2Font, RenderMode

MOST = 20_000  # words and letters kept; a report has some hundreds of each
STEPS = 4  # places of a letter within a pixel
HEIGHTS = (
    ("OS/2", ("sTypoAscender", "sTypoDescender", "sTypoLineGap")),
    ("hhea", ("ascent", "descent", "lineGap")),
)
UPRIGHT = np.array([[0x10000, 0], [0, 0x10000]])
# Names of matplotlib's own that may change: without them figures are drawn as by any other program.
IS_KNOWN = all(hasattr(FT2Font, name) for name in ("_layout", "_render_glyph", "_set_transform"))


class _Kept(dict):
    """What was worked out, by key; emptied when it grows too large."""

    def of(self, key, make):
        if key not in self:
            if len(self) >= MOST:
                self.clear()
            self[key] = make()
        return self[key]


_sizes, _heights, _layouts, _letters = _Kept(), _Kept(), _Kept(), _Kept()


class _Renderer(RendererAgg):
    def get_text_width_height_descent(self, s, prop, ismath):
        """Measure a word, once."""
        measure = super().get_text_width_height_descent
        return _sizes.of((s, *self._look(prop), ismath), lambda: measure(s, prop, ismath))

    def _get_font_height_metrics(self, prop) -> tuple:
        """Ascent, descent and line gap of a font in pixels, read once, where matplotlib asks."""
        return _heights.of(self._look(prop), lambda: self._read_heights(prop))

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        """Draw a word letter by letter, from what is kept."""
        if ismath or angle or not gc.get_antialiased() or _is_special(mtext):
            return super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
        items = _layouts.of((s, *self._look(prop)), lambda: self._layout(s, prop))
        height, base = int(self.height), round(self.height - float(y))
        for font, index, right, up in items:
            whole, part = divmod(round(STEPS * (float(x) + right)), STEPS)
            key = (font, prop.get_size_in_points(), self.dpi, index, part)
            letter, left, top = _letters.of(key, lambda key=key: self._letter(*key))
            if letter.size:
                low = height - (base + round(up) + top) + letter.shape[0]
                self._renderer.draw_text_image(letter, whole + left, low, 0, gc)

    def _read_heights(self, prop) -> tuple:
        """Take them from the tables that matplotlib takes them from; None each without one."""
        font = self._prepare_font(prop)
        for name, keys in HEIGHTS:
            table = font.get_sfnt_table(name)
            if table is not None:
                size = prop.get_size_in_points() * self.dpi / 72
                scale = 1 / font.get_sfnt_table("head")["unitsPerEm"] * size
                ascent, descent, gap = (table[key] * scale for key in keys)
                return ascent, -descent, gap
        return None, None, None

    def _look(self, prop) -> tuple:
        family, style, weight = tuple(prop.get_family()), prop.get_style(), prop.get_weight()
        return family, style, weight, prop.get_size_in_points(), self.dpi

    def _layout(self, words: str, prop) -> list[tuple]:
        """Font, letter, and its place in pixels from the start of the words."""
        items = self._prepare_font(prop)._layout(words, flags=get_hinting_flag())
        return [(item.ft_object, item.glyph_index, item.x, item.y) for item in items]

    def _letter(self, font: FT2Font, size: float, dpi: float, index: int, part: int) -> tuple:
        """Picture of a letter, and how far left and up of its place it begins."""
        font.set_size(size, dpi)
        font._set_transform(UPRIGHT, [part * 0x40 // STEPS, 0])
        drawn = font._render_glyph(index, get_hinting_flag(), RenderMode.NORMAL)
        return np.array(drawn.buffer), drawn.left, drawn.top


def _is_special(mtext) -> bool:
    return mtext is not None and bool(mtext.get_fontfeatures() or mtext.get_language())


class _Canvas(FigureCanvasAgg):
    def get_renderer(self) -> RendererAgg:
        """Give the renderer of the figure's size."""
        stock = super().get_renderer()
        if type(stock) is not RendererAgg:
            return stock
        self.renderer = _Renderer(stock.width, stock.height, stock.dpi)
        return self.renderer


Canvas = _Canvas if IS_KNOWN else FigureCanvasAgg
