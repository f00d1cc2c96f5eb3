"""Every colour of the pages on every ground that it stands on, in light, dark and print."""

import re
from itertools import product

import pytest

from evalkit.report import style
from evalkit.report.theme import theme_folder

TOKEN = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{6})")
TEXT = ("ink", "quiet", "programme", "warning")
LINES = ("programme", "comparison", "third", "fourth", "quiet")
GROUNDS = ("paper", "panel")


def blocks() -> dict[str, str]:
    """Tokens as they are set for screens in light and dark, and for paper."""
    css = (theme_folder() / "page.css").read_text(encoding="utf-8")
    found = [css[at.start() :].split("}")[0] for at in re.finditer(r":root \{", css)]
    return dict(zip(("light", "dark", "print"), found, strict=True))


def palette(mode: str) -> dict[str, str]:
    known = dict(TOKEN.findall(blocks()["light"]))
    return {**known, **dict(TOKEN.findall(blocks()[mode]))}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_is_twenty_one_to_one():
    assert ratio("#000000", "#ffffff") == pytest.approx(21)
    assert ratio("#ffffff", "#ffffff") == pytest.approx(1)


@pytest.mark.parametrize("mode", ["light", "dark", "print"])
@pytest.mark.parametrize(("colour", "ground"), list(product(TEXT, GROUNDS)))
def test_text_has_four_and_a_half_to_one(mode, colour, ground):
    known = palette(mode)

    assert ratio(known[colour], known[ground]) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize(("colour", "ground"), list(product(LINES, GROUNDS)))
def test_lines_have_three_to_one(mode, colour, ground):
    known = palette(mode)

    assert ratio(known[colour], known[ground]) >= 3


@pytest.mark.parametrize(
    "line", [style.PROGRAMME, style.COMPARISON, style.THIRD, style.FOURTH, style.INK, style.QUIET]
)
def test_lines_of_figures_have_three_to_one_on_their_panel(line):
    assert ratio(line, palette("dark")["figure-paper"]) >= 3


def test_figures_and_pages_have_the_same_colours():
    names = ("INK", "QUIET", "RULE", "PAPER", "PROGRAMME", "COMPARISON", "THIRD", "FOURTH",
             "WARNING")  # fmt: skip
    known = palette("light")

    assert {name: getattr(style, name) for name in names} == {
        name: known[name.lower()] for name in names
    }


def test_a_colour_is_named_in_one_place_only():
    css = (theme_folder() / "page.css").read_text(encoding="utf-8")
    for block in blocks().values():
        css = css.replace(block, "")

    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s])", css) == []
