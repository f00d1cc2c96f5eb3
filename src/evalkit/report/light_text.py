"""Words of figures, shaped and drawn once: matplotlib forgets both with every figure.

A report has hundreds of words in figures, and most of them (ticks, names, reasons) stand in many.
Shaping a word takes a third of a millisecond, measuring it as much again, and each letter is drawn
anew. Here a process keeps how large a word is, and the picture of it and of its letters. Letters
stand at quarters of a pixel along the line and on whole ones across it. Turned words, formulas, and
words with features of the font are drawn by matplotlib.
"""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg, get_hinting_flag
from matplotlib.ft2font import FT2Font, RenderMode
from matplotlib.text import Text

MOST = 20_000  # sizes and letters kept; a report has some hundreds of each
MOST_WORDS = 4_000  # pictures of words kept, of a kilobyte or some
STEPS = 4  # places of a letter within a pixel
HEIGHTS = (
    ("OS/2", ("sTypoAscender", "sTypoDescender", "sTypoLineGap")),
    ("hhea", ("ascent", "descent", "lineGap")),
)
UPRIGHT = np.array([[0x10000, 0], [0, 0x10000]])
# Names of matplotlib's own that may change: without them figures are drawn as by any other program.
IS_KNOWN = all(hasattr(FT2Font, name) for name in ("_layout", "_render_glyph", "_set_transform"))


class _Kept(dict):
    """What was worked out, by key; emptied when there is more than most."""

    def __init__(self, most: int):
        self.most = most

    def of(self, key, make):
        if key not in self:
            if len(self) >= self.most:
                self.clear()
            self[key] = make()
        return self[key]


_sizes, _heights, _layouts, _letters = (_Kept(MOST) for _ in range(4))
_words = _Kept(MOST_WORDS)


class _Renderer(RendererAgg):
    def get_text_width_height_descent(self, s, prop, ismath):
        """Measure a word, once."""
        measure = super().get_text_width_height_descent
        return _sizes.of((s, *self._look(prop), ismath), lambda: measure(s, prop, ismath))

    def _get_font_height_metrics(self, prop) -> tuple:
        """Ascent, descent and line gap of a font in pixels, read once, where matplotlib asks."""
        return _heights.of(self._look(prop), lambda: self._read_heights(prop))

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        """Draw a word, from what is kept."""
        if ismath or angle or not gc.get_antialiased() or _is_special(mtext):
            return super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
        whole, part = divmod(round(STEPS * float(x)), STEPS)
        word, left, top = _words.of((s, *self._look(prop), part), lambda: self._word(s, prop, part))
        if word.size:
            base = round(self.height - float(y))
            low = int(self.height) - (base + top) + word.shape[0]
            self._renderer.draw_text_image(word, whole + left, low, 0, gc)

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

    def _word(self, words: str, prop, part: int) -> tuple[np.ndarray, int, int]:
        """Picture of words that begin at a part of a pixel, and how far left and up it begins."""
        size, placed = prop.get_size_in_points(), []
        for item in self._prepare_font(prop)._layout(words, flags=get_hinting_flag()):
            whole, rest = divmod(round(STEPS * item.x) + part, STEPS)
            key = (item.ft_object, size, self.dpi, item.glyph_index, rest)
            letter, left, top = _letters.of(key, lambda key=key: self._letter(*key))
            if letter.size:
                placed.append((letter, whole + left, round(item.y) + top))
        return _joined(placed)

    def _letter(self, font: FT2Font, size: float, dpi: float, index: int, part: int) -> tuple:
        """Picture of a letter, and how far left and up of its place it begins."""
        font.set_size(size, dpi)
        font._set_transform(UPRIGHT, [part * 0x40 // STEPS, 0])
        drawn = font._render_glyph(index, get_hinting_flag(), RenderMode.NORMAL)
        return np.array(drawn.buffer), drawn.left, drawn.top


def _joined(placed: list[tuple[np.ndarray, int, int]]) -> tuple[np.ndarray, int, int]:
    """Lay letters, each with its left and its top edge, over each other on one picture."""
    if not placed:
        return np.zeros((0, 0), dtype=np.uint8), 0, 0
    left, top = min(at for _, at, _ in placed), max(up for _, _, up in placed)
    right = max(at + letter.shape[1] for letter, at, _ in placed)
    low = min(up - letter.shape[0] for letter, _, up in placed)
    paper = np.zeros((top - low, right - left), dtype=np.uint16)  # wide enough for products
    for letter, at, up in placed:
        rows, columns = letter.shape
        under = paper[top - up : top - up + rows, at - left : at - left + columns]
        under += letter - (under * letter + 127) // 255
    return paper.astype(np.uint8), left, top


def _is_special(mtext) -> bool:
    return mtext is not None and bool(mtext.get_fontfeatures() or mtext.get_language())


class Label(Text):
    """A label of an axis, whose letters are lined up once."""

    def _get_layout(self, renderer):
        if self.get_wrap() or not isinstance(renderer, _Renderer):
            return super()._get_layout(renderer)
        place = self.get_ha(), self.get_va(), self.get_rotation(), self.get_rotation_mode()
        lines = self._linespacing, self._get_multialignment(), self.get_parse_math()
        key = (self.get_text(), *renderer._look(self.get_fontproperties()), *place, *lines)
        layout = super()._get_layout
        return _layouts.of(key, lambda: layout(renderer))


class _Canvas(FigureCanvasAgg):
    def get_renderer(self) -> RendererAgg:
        """Give the renderer of the figure's size."""
        stock = super().get_renderer()
        if type(stock) is not RendererAgg:
            return stock
        self.renderer = _Renderer(stock.width, stock.height, stock.dpi)
        return self.renderer


Canvas = _Canvas if IS_KNOWN else FigureCanvasAgg
