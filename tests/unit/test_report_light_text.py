"""Words of figures are where and as large as matplotlib has them, whatever was drawn before."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from evalkit.report import light_text, style
from evalkit.report.light_text import Canvas

pytestmark = pytest.mark.skipif(
    not light_text.IS_KNOWN, reason="another matplotlib: it draws the words itself"
)
WORDS = ("Försörjningsstöd", "Työkyvyttömyyseläke", "0", "−1,5", "fi AV Å", "två\nrader")


NAMES = ("sizes", "heights", "layouts", "words", "letters")
KEPT = tuple(getattr(light_text, f"_{name}") for name in NAMES)


@pytest.fixture(autouse=True)
def nothing_kept():
    for kept in KEPT:
        kept.clear()


def drawn(canvas, words=WORDS, weight=400, **options):
    """Ink of words below each other, each begun at another part of a pixel."""
    with style.style():
        figure = Figure(figsize=(4, 3), dpi=style.DPI)
        canvas(figure)
        for number, word in enumerate(words):
            figure.text(0.1 + 0.0007 * number, 0.9 - 0.14 * number, word, weight=weight, **options)
        figure.canvas.draw()
        return 255.0 - np.asarray(figure.canvas.buffer_rgba())[:, :, 0]


def rows_and_columns(ink):
    seen = ink > 60
    return [np.flatnonzero(seen.any(axis=axis))[[0, -1]] for axis in (0, 1)]


@pytest.mark.parametrize("weight", [400, 600])
@pytest.mark.parametrize("word", WORDS)
def test_a_word_stands_where_matplotlib_has_it_with_as_much_ink(word, weight):
    ours, stock = (drawn(canvas, [word], weight) for canvas in (Canvas, FigureCanvasAgg))

    for here, there in zip(rows_and_columns(ours), rows_and_columns(stock), strict=True):
        assert np.abs(here - there).max() <= 1
    assert ours.sum() == pytest.approx(stock.sum(), rel=0.02)


def test_a_picture_is_the_same_whatever_was_drawn_before():
    first = drawn(Canvas)
    drawn(Canvas, ["AVA", "rader", "15"], weight=600, size=14)
    again = drawn(Canvas)
    for kept in KEPT:
        kept.clear()
    drawn(FigureCanvasAgg, [*WORDS, "x"], size=11)

    np.testing.assert_array_equal(again, first)
    np.testing.assert_array_equal(drawn(Canvas), first)


def test_letters_that_touch_darken_each_other_and_never_lighten():
    ink = np.full((2, 2), 128, dtype=np.uint8)
    picture, left, top = light_text._joined([(ink, 5, 2), (ink, 6, 3)])

    assert (left, top, picture.dtype) == (5, 3, np.uint8)
    np.testing.assert_array_equal(picture, [[0, 128, 128], [128, 192, 128], [128, 128, 0]])
    assert light_text._joined([])[0].size == 0


def test_words_are_measured_as_by_matplotlib():
    with style.style():
        figure = Figure(dpi=style.DPI)
        Canvas(figure)
        text = figure.text(0, 0, "x", style="italic")
        ours, stock = figure.canvas.get_renderer(), RendererAgg(9, 9, style.DPI)
        for word in WORDS[:5]:
            size = stock.get_text_width_height_descent(word, text.get_fontproperties(), False)
            for _ in range(2):
                assert size == ours.get_text_width_height_descent(
                    word, text.get_fontproperties(), False
                )


@pytest.mark.parametrize("look", [{}, {"style": "italic"}, {"weight": 600, "size": 13},
                                  {"rotation": 30, "linespacing": 1.0}])  # fmt: skip
def test_a_label_takes_the_room_that_matplotlib_gives_it(look):
    boxes = []
    for canvas in (Canvas, FigureCanvasAgg):
        with style.style():
            figure = Figure(dpi=style.DPI)
            canvas(figure)
            labels = [figure.text(0.5, 0.5, word, va="center", **look) for word in WORDS]
            boxes.append([label.get_window_extent().bounds for label in labels])

    assert boxes[0] == boxes[1]
    assert light_text._heights


@pytest.mark.parametrize("look", [{}, {"va": "center", "ha": "right"}, {"linespacing": 0.95},
                                  {"size": 13}, {"rotation": 30}])  # fmt: skip
def test_a_label_is_lined_up_as_any_text_also_when_it_is_kept(look):
    found = []
    for kind, canvas in ((Text, FigureCanvasAgg), (light_text.Label, Canvas)):
        with style.style():
            figure = Figure(dpi=style.DPI)
            canvas(figure)
            label = kind(0.5, 0.5, **look)
            label.set_figure(figure)
            for word in (*WORDS, *WORDS):
                label.set_text(word)
                found.append(label.get_window_extent().bounds)

    assert found[: 2 * len(WORDS)] == found[2 * len(WORDS) :]
    assert len(light_text._layouts) == len(WORDS)


@pytest.mark.parametrize("options", [{"rotation": 90}, {"antialiased": False}])
def test_what_is_not_kept_is_drawn_by_matplotlib(options):
    np.testing.assert_array_equal(
        drawn(Canvas, WORDS[:3], **options), drawn(FigureCanvasAgg, WORDS[:3], **options)
    )
    assert not light_text._letters


def test_what_is_kept_has_a_limit(monkeypatch):
    monkeypatch.setattr(light_text._letters, "most", 30)
    monkeypatch.setattr(light_text._words, "most", 2)
    limited = drawn(Canvas)

    assert 0 < len(light_text._letters) <= 30
    assert 0 < len(light_text._words) <= 2
    monkeypatch.undo()
    np.testing.assert_array_equal(drawn(Canvas), limited)
