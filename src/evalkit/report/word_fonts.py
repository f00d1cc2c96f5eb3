"""Fonts inside a Word document, so that its pages break the same way wherever it is opened."""

import hashlib
from functools import cache
from importlib.resources import files

from evalkit.errors import RenderError
from evalkit.report.style import FAMILY

FACES = {"embedRegular": "Regular", "embedBold": "Semibold", "embedItalic": "It"}
TYPE = "application/vnd.openxmlformats-officedocument.obfuscatedFont"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SCRAMBLED = 32  # first bytes of a font that the format asks to be scrambled


def embed_fonts(members: dict[str, bytes]) -> dict[str, bytes]:
    """Put the regular, semibold (as bold) and italic face of the family into a document.

    Source: ECMA-376 part 1, 17.8.1: the first 32 bytes are combined with a key that stands beside
    the name of the face.
    """
    links, marks = [], []
    for number, (mark, face) in enumerate(FACES.items(), start=1):
        links.append(f'<Relationship Id="rId{number}" Type="{OFFICE}/font" '
                     f'Target="fonts/{face}.odttf"/>')  # fmt: skip
        marks.append(f'<w:{mark} r:id="rId{number}" w:fontKey="{{{_scrambled(face)[0]}}}"/>')
    made = {
        **font_members(),
        "word/_rels/fontTable.xml.rels": (
            f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{RELATIONSHIPS}">'
            f"{''.join(links)}</Relationships>"
        ).encode(),
    }
    return {
        **members, **made,
        "word/fontTable.xml": _replaced(
            members["word/fontTable.xml"],
            {"<w:fonts ": f'<w:fonts xmlns:r="{OFFICE}" ',
             "</w:font>": "".join(marks) + "</w:font>"},
        ),
        "[Content_Types].xml": _replaced(
            members["[Content_Types].xml"],
            {"</Types>": f'<Default Extension="odttf" ContentType="{TYPE}"/></Types>'},
        ),
        "word/settings.xml": _replaced(
            members["word/settings.xml"],
            {"<w:embedSystemFonts": "<w:embedTrueTypeFonts/><w:embedSystemFonts"},
        ),
    }  # fmt: skip


@cache
def font_members() -> dict[str, bytes]:
    """The font files of every document, by their names in it."""
    return {f"word/fonts/{face}.odttf": _scrambled(face)[1] for face in FACES.values()}


def _replaced(member: bytes, changes: dict[str, str]) -> bytes:
    text = member.decode()
    for before, after in changes.items():
        if before not in text:
            raise RenderError(f"report.docx: pandoc's document has no {before} to put fonts beside")
        text = text.replace(before, after)
    return text.encode()


@cache
def _scrambled(face: str) -> tuple[str, bytes]:
    """Key of a face of the family, which its bytes decide, and the bytes with the key in them."""
    font = files("evalkit.report").joinpath("fonts", f"SourceSans3-{face}.ttf").read_bytes()
    plain = hashlib.sha256(FAMILY.encode() + font).hexdigest()[:32].upper()
    key = "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
    mask = bytes.fromhex(plain)[::-1] * 2
    first = bytes(a ^ b for a, b in zip(font[:SCRAMBLED], mask, strict=True))
    return key, first + font[SCRAMBLED:]
