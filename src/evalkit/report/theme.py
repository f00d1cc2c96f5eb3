"""The theme that both renderers and the index share: templates, filters, style and fonts."""

import base64
from functools import cache
from pathlib import Path

from evalkit.provenance import digest_bytes
from evalkit.share import shared_folder

_FONTS = Path(__file__).parent / "fonts"
_FACES = (("Regular", "normal", 400), ("Semibold", "normal", 600), ("It", "italic", 400))
_THEME_FILES = ("page.css", "page.html", "page.lua", "page.typ", "paper.lua", "tables.lua")


def theme_folder() -> Path:
    """Folder of the theme: in the checkout where there is one, else in the package."""
    return shared_folder("reports/theme")


def font_folder() -> Path:
    """Folder of the vendored fonts."""
    return _FONTS


@cache
def page_style() -> str:
    """Whole style sheet of a page, its fonts inside, so that a page asks for no other file."""
    rules = (theme_folder() / "page.css").read_text(encoding="utf-8")
    return "\n".join([*(_font_face(*face) for face in _FACES), rules])


@cache
def theme_digest() -> str:
    """SHA-256 of theme and fonts: part of the key that says whether a page is up to date."""
    return digest_bytes(
        page_style().encode(), *((theme_folder() / name).read_bytes() for name in _THEME_FILES)
    )


def _font_face(face: str, style: str, weight: int) -> str:
    data = (_FONTS / f"SourceSans3-{face}.woff2").read_bytes()
    encoded = base64.b64encode(data).decode("ascii")
    return (
        f'@font-face {{ font-family: "Source Sans 3"; font-style: {style}; '
        f"font-weight: {weight}; font-display: swap; "
        f'src: url("data:font/woff2;base64,{encoded}") format("woff2"); }}'
    )
