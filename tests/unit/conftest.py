"""What tests of figures share."""

import matplotlib as mpl
import pytest

from evalkit.report import style


@pytest.fixture
def drawn_words(monkeypatch):
    """Draw a figure; give each word that appears, with its box, that of its arrow included."""
    drawn, draw = {}, mpl.text.Text.draw

    def record(self, renderer):
        # As it is now: an axis writes all labels of its ticks with one artist.
        words = self.get_text()
        if words.strip() and self.get_visible():
            whole = self.get_window_extent(renderer)
            alone = mpl.text.Text.get_window_extent(self, renderer)
            drawn[id(self), words, *alone.bounds] = (words, whole, alone)
        draw(self, renderer)

    monkeypatch.setattr(mpl.text.Text, "draw", record)

    def words_of(figure, arrows=True):
        drawn.clear()
        with style.style():
            figure.canvas.draw()
        return [(words, whole if arrows else alone) for words, whole, alone in drawn.values()]

    return words_of
