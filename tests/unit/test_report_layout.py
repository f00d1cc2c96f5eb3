"""How figures lie on a page: their width, their ticks, and what is said of the people behind."""

import io

import numpy as np
import pytest
import released_by_hand as hand
from matplotlib.image import imread

from evalkit.follow_up.fidelity import ONE_SITE as OF_FIDELITY
from evalkit.follow_up.sites import ONE_SITE as OF_SITES
from evalkit.report import figures, reading, style
from evalkit.report.figures.number_axis import THOUSAND, number_axis
from evalkit.report.figures.row_dots import Dot, Row, draw_rows
from evalkit.report.text import open_text


def speak(language="en"):
    return open_text(hand.labels(), language)


def drawn(**options):
    with style.style():
        figure, (axes,) = style.panel(50, **options)
        axes.plot([1, 6, 12], [0.1, 0.4, 0.9])
    return figure, axes


def test_a_picture_has_no_empty_margin_and_says_how_wide_it_was_drawn():
    png = style.to_png(drawn(left=60, right=40)[0])

    is_ink = (imread(io.BytesIO(png)) < 1).any(axis=2)

    edge = style.EDGE  # no letter is shaved where the picture is made smaller
    assert not is_ink[:edge].any() and not is_ink[-edge:].any()
    assert not is_ink[:, :edge].any() and not is_ink[:, -edge:].any()
    assert is_ink[[edge, -edge - 1]].any(axis=1).all()
    assert is_ink[:, [edge, -edge - 1]].any(axis=0).all()
    assert style.png_width_mm(png) == pytest.approx(is_ink.shape[1] / 144 * 25.4)
    assert style.png_width_mm(png) < style.PHONE_MM - 60


def test_a_page_gives_each_picture_the_width_that_it_was_drawn_in():
    part = figures.months(hand.months(), speak())
    ((_, png),) = part.images.items()

    assert f'style="--mm: {style.png_width_mm(png):.0f}"' in part.markdown


def test_an_empty_picture_stays_whole():
    figure, (axes,) = style.panel(50)
    axes.axis("off")

    assert style.png_width_mm(style.to_png(figure)) == pytest.approx(style.PHONE_MM, abs=0.2)


@pytest.mark.parametrize(
    ("options", "whole", "room"),
    [
        ({"left": 20, "right": 20}, 120, 80),
        ({"left": 60, "right": 40}, 148, 48),
        ({"left": 60, "right": 60, "least": 40}, 160, 40),
        ({"left": 90, "right": 60}, 172, 22),
        ({"left": 20, "right": 20, "least": 150}, 172, 132),
        ({"left": 20, "right": 20, "columns": 2, "gap": 12, "least": 40}, 132, 40),
        ({"left": 20, "right": 20, "columns": 2, "gap": 12, "least": 60}, 172, 60),
    ],
)
def test_a_figure_is_as_wide_as_a_phone_takes_if_that_leaves_its_panels_room(options, whole, room):
    figure, axes = style.panel(50, **options)

    width = figure.get_size_inches()[0] * 25.4
    assert width == pytest.approx(whole)
    assert [one.get_position().width * width for one in axes] == pytest.approx([room] * len(axes))


@pytest.mark.parametrize(
    ("limits", "options", "written"),
    [
        ((-2_300, 2_300), {"per": THOUSAND}, ["-2", "-1", "0", "1", "2"]),
        ((-900, 900), {"per": THOUSAND, "signed": True}, ["-0.5", "0.0", "+0.5"]),
        ((0, 95_000), {"per": THOUSAND}, ["0", "20", "40", "60", "80"]),
        ((0, 0.11), {}, ["0.00", "0.02", "0.04", "0.06", "0.08", "0.10"]),
        ((0, 3), {"steps": 7}, ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0"]),
    ],
)
@pytest.mark.parametrize("which", ["x", "y"])
def test_an_axis_has_as_many_decimals_as_its_ticks_need(which, limits, options, written):
    figure, axes = drawn()
    getattr(axes, f"set_{which}lim")(limits)

    number_axis(axes, speak(), which, **options)

    axis = getattr(axes, f"{which}axis")
    ticks = axis.get_majorticklocs()
    inside = [tick for tick in ticks if limits[0] <= tick <= limits[1]]
    labels = axis.get_major_formatter().format_ticks(inside)
    assert [label.replace("\N{MINUS SIGN}", "-") for label in labels] == written


def test_steps_are_one_two_or_five_times_a_power_of_ten():
    steps = [
        np.diff(style.round_ticks(6).tick_values(0.0, high))[0] for high in np.geomspace(1e-3, 1e6)
    ]

    leading = [float(f"{step:e}".split("e")[0]) for step in steps]
    assert set(np.round(leading, 9)) == {1.0, 2.0, 5.0}


ABOUT = {"sv": ("ungefär", "personer"), "fi": ("noin", "ihmistä"), "en": ("about", "people")}


@pytest.mark.parametrize("language", ABOUT)
def test_a_rounded_number_of_people_is_about_so_many(language):
    said = figures.health(hand.wave_means(), speak(language)).markdown
    exact = [
        figures.incidence(hand.curve(), speak(language)).markdown,
        figures.health(hand.wave_means(profile="public"), speak(language)).markdown,
    ]

    about, people = ABOUT[language]
    assert f"; {about} " in said and people in said
    assert not [markdown for markdown in exact if f"; {about} " in markdown]


def test_one_site_is_told_by_what_the_estimates_say():
    assert reading.ONE_SITE == OF_FIDELITY == OF_SITES


def test_words_for_a_hidden_dot_never_cover_the_dot_beside_them():
    nan = float("nan")
    rows = [Row("plan", (Dot(6.0, 4.0, 9.0), Dot(nan, nan, nan)))]

    (axes,) = draw_rows(
        rows, ["a", "b"], speak(), limits=(0, 100), ticks=(0, 100), written=str, x_title="x"
    ).axes

    (words,) = [text for text in axes.texts if text.get_text() == "not shown"]
    dots = [line for line in axes.lines if line.get_gid() == "dot"]
    assert dots and all(words.get_zorder() < dot.get_zorder() for dot in dots)


@pytest.mark.parametrize(("names", "width"), [([], 5), (["Åby"], 9.95), (["a" * 9, "b\nc"], 19.85),
                                              (["a" * 90], 46)])  # fmt: skip
def test_names_beside_rows_take_what_the_longest_line_needs(names, width):
    assert style.beside(names, 46) == pytest.approx(width)
