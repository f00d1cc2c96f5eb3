"""How figures look: type, colours, sizes, and a PNG whose bytes depend on nothing else."""

import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import as_file, files

import matplotlib as mpl
import numpy as np
import seaborn
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evalkit.errors import ParameterError
from evalkit.report.light_axes import LightAxes
from evalkit.report.light_text import Canvas

INK, QUIET, RULE, PAPER = "#1b1f24", "#57606a", "#d0d7de", "#ffffff"
PROGRAMME, COMPARISON, THIRD, FOURTH = "#0b5fa5", "#8a6d3b", "#3b7d4f", "#8c4a8c"
WARNING = "#9a3b00"
OCHRE = "#c58a1d"
GREYS = ("#4b535c", "#7d8590", "#a5adb6", "#c6ccd3", "#e1e5ea", "#eef1f4")
HATCH = "#9aa4af"
FAMILY = "Source Sans 3"
FACES = ("Regular", "Semibold", "It")
WIDTH_MM, DPI = 172.0, 144
PHONE_MM = 120.0  # width of figures that need no more: their words can then be read on a phone
LEAST_PANEL_MM = 48.0
EDGE = 2  # pixels left around a picture, so that no letter is shaved where it is made smaller
LETTER_MM = 1.65  # width of a letter, on average
MM = 1 / 25.4

NAMES = {"va": "center", "linespacing": 0.95}  # of rows, so that those of two lines stand apart
ARM_COLOURS = {"programme": PROGRAMME, "comparison": COMPARISON}
ARM_LINES = {"programme": "-", "comparison": (0, (5, 2))}
BAND = 0.17
TAIL = 0.025  # a step curve goes on for this share of its length after the last time

STYLE = {
    "font.family": FAMILY,
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "ytick.alignment": "center",  # as the words at the other side of a row
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "text.color": INK,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "hatch.linewidth": 0.6,
    "path.simplify": False,
    "axes.unicode_minus": True,
    # Glyphs as they were designed; at 144 dots an inch hints only cost time.
    "text.hinting": "none",
    "text.parse_math": False,  # a name with two dollar signs is a name
}


@cache
def register_fonts() -> None:
    """Make the vendored family known to matplotlib.

    Raises
    ------
    ParameterError
        If a font file is missing from the installation.
    """
    folder = files("evalkit.report").joinpath("fonts")
    for face in FACES:
        source = folder.joinpath(f"SourceSans3-{face}.ttf")
        if not source.is_file():
            raise ParameterError(f"fonts: SourceSans3-{face}.ttf is missing; reinstall evalkit")
        with as_file(source) as path:
            font_manager.fontManager.addfont(str(path))


@contextmanager
def style() -> Iterator[None]:
    """Context in which a figure is drawn; settings outside it stay as they were.

    `rc_context` would check every setting again for every figure. What is changed within, besides
    the settings of `STYLE` and seaborn's, stays changed.
    """
    register_fonts()
    settings = _settings()
    before = {name: mpl.rcParams[name] for name in settings}
    dict.update(mpl.rcParams, settings)
    try:
        yield
    finally:
        dict.update(mpl.rcParams, before)


@cache
def _settings() -> dict[str, object]:
    """Settings as matplotlib keeps them once it has checked them."""
    given = {**seaborn.axes_style("ticks"), **STYLE}
    with mpl.rc_context(given):
        return {name: mpl.rcParams[name] for name in given}


def panel(
    height_mm: float,
    *,
    left: float = 30,
    right: float = 34,
    top: float = 8,
    bottom: float = 10,
    columns: int = 1,
    gap: float = 8,
    least: float = LEAST_PANEL_MM,
) -> tuple[Figure, list[Axes]]:
    """Make a figure with axes placed by margins in millimetres.

    It is as wide as a phone has room for, if that leaves each panel `least`, and 172 mm at most.
    """
    needed = left + right + least * columns + gap * (columns - 1)
    whole = min(WIDTH_MM, max(PHONE_MM, needed))
    figure = Figure(figsize=(whole * MM, height_mm * MM))
    Canvas(figure)
    width = (whole - left - right - gap * (columns - 1)) / columns
    axes = [
        figure.add_axes(
            (
                (left + number * (width + gap)) / whole,
                bottom / height_mm,
                width / whole,
                (height_mm - top - bottom) / height_mm,
            ),
            axes_class=LightAxes,
        )
        for number in range(columns)
    ]
    return figure, axes


def beside(names: Sequence[str], most: float) -> float:
    """Millimetres that the names of rows take at the left of a panel, `most` of them at most."""
    longest = max((len(line) for name in names for line in name.split("\n")), default=0)
    return min(most, LETTER_MM * longest + 5)


def grid(
    n: int,
    *,
    columns: int,
    height: float,
    left: float,
    right: float,
    top: float,
    bottom: float,
    gap: float = 14,
    foot: float = 0,
    whole: float = WIDTH_MM,
) -> tuple[Figure, list[Axes]]:
    """Make a figure of n panels of `height` mm in rows over a foot.

    Top and bottom belong to each row.
    """
    n_row = -(-n // columns)
    total = n_row * (top + height + bottom) + foot
    figure = Figure(figsize=(whole * MM, total * MM))
    Canvas(figure)
    width = (whole - left - right - gap * (columns - 1)) / columns
    axes = []
    for number in range(n):
        row, column = divmod(number, columns)
        low = total - (row + 1) * (top + height + bottom) + bottom
        place = (left + column * (width + gap)) / whole, low / total
        rectangle = (*place, width / whole, height / total)
        axes.append(figure.add_axes(rectangle, axes_class=LightAxes))
    return figure, axes


def to_png(figure: Figure) -> bytes:
    """Render to PNG, at most 172 mm wide, without software or time in it.

    Drawn and encoded once, without the empty margins: a picture starts where the text of the page
    does. What figures show is flat, so that plain rows packed fast are as small as filtered ones
    packed with care, and done in a fifth of the time.
    """
    figure.set_dpi(DPI)
    with style():
        figure.canvas.draw()
    pixels = _without_margins(np.asarray(figure.canvas.buffer_rgba()))
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), dtype=np.uint8)  # 0 before each row: no filter
    for channel in range(3):  # one after the other: pixels of four bytes into three are slow
        rows[:, 1 + channel :: 3] = pixels[:, :, channel]
    dots_per_metre = round(DPI / 0.0254)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            _chunk(b"pHYs", struct.pack(">IIB", dots_per_metre, dots_per_metre, 1)),
            _chunk(b"IDAT", zlib.compress(rows, level=1)),
            _chunk(b"IEND", b""),
        )
    )


def png_width_mm(png: bytes) -> float:
    """Width of a picture of `to_png` at the size that it was drawn in, in millimetres."""
    return struct.unpack(">I", png[16:20])[0] / DPI / MM


def _without_margins(pixels: np.ndarray) -> np.ndarray:
    """Cut what is white all along the sides of opaque pixels of four bytes, but for an edge."""
    drawn = pixels.view(np.uint32)[:, :, 0] != np.uint32(0xFFFFFFFF)
    rows, columns = (np.flatnonzero(drawn.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return pixels
    inside = (slice(max(at[0] - EDGE, 0), at[-1] + 1 + EDGE) for at in (rows, columns))
    return pixels[tuple(inside)]


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def note(axes: Axes, words: str, x_mm: float, y_mm: float, **options):
    """Write words at a distance in millimetres from the lower left corner of the axes."""
    return axes.annotate(
        words,
        xy=(0, 0),
        xycoords="axes fraction",
        xytext=(x_mm * MM * 72, y_mm * MM * 72),
        textcoords="offset points",
        annotation_clip=False,
        **options,
    )


def axis_title(axes: Axes, words: str) -> None:
    """Write the title of the vertical axis above it, left aligned and horizontal."""
    axes.annotate(
        words,
        xy=(0, 1),
        xycoords="axes fraction",
        xytext=(0, 7),
        textcoords="offset points",
        ha="left",
        va="bottom",
        color=QUIET,
        annotation_clip=False,
    )


def round_ticks(most: int, *, integer: bool = False) -> MaxNLocator:
    """Place ticks at most so many steps apart, of 1, 2 or 5 times a power of ten."""
    return MaxNLocator(most, steps=[1, 2, 5, 10], integer=integer)


def light_grid(axes: Axes, axis: str) -> None:
    """Draw a hairline grid along one axis."""
    axes.grid(axis=axis, color=RULE, linewidth=0.5)
    axes.tick_params(length=0, axis=axis)


def spread(
    positions: Sequence[float],
    gap: float,
    low: float,
    high: float,
    *,
    lines: Sequence[float] | None = None,
) -> list[float]:
    """Move label positions apart so that neighbours are at least `gap` from each other.

    Order is kept, and labels stay between `low` and `high` where there is room for all. A label
    of several `lines` takes so many gaps.
    """
    if not len(positions):
        return []
    order = np.argsort(np.asarray(positions, dtype=float), kind="stable")
    places = np.asarray(positions, dtype=float)[order]
    sizes = gap * (np.ones(len(places)) if lines is None else np.asarray(lines)[order])
    # Measured from where each label would be if all stood close together.
    close = np.concatenate([[0.0], np.cumsum((sizes[1:] + sizes[:-1]) / 2)])
    first, last = low + (sizes[0] - gap) / 2, high - (sizes[-1] - gap) / 2 - close[-1]
    apart = np.maximum.accumulate(places - close)
    placed = close + np.maximum(np.minimum(apart, last), first)
    result = np.empty(len(places))
    result[order] = placed
    return result.tolist()


def mark_unpublishable(figure: Figure, words: str) -> None:
    """Stamp a figure that must not leave the office."""
    with style():
        figure.text(0.995, 0.995, words, ha="right", va="top", color=WARNING, weight=600)
