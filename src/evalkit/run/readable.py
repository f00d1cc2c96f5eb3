"""What a published file says to a reader or a machine, as text: pages, PDF, Word, Excel."""

import ctypes
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from evalkit.report.word_fonts import font_members

TEXT_FILES = (".html", ".md", ".json", ".xml", ".txt", ".csv")
ARCHIVES = (".docx", ".xlsx")
MEMBERS = (".xml", ".rels", ".png")
PARAGRAPHS = ("p", "si", "c")  # elements whose pieces of text are one: Word's, Excel's
EMBEDDED = re.compile(r"data:[a-z]+/[a-z0-9.+-]+;base64,[A-Za-z0-9+/=\s]+")
REQUEST = re.compile(
    r"<(?:script|link|img|iframe|source|video|audio|object|embed)\b[^>]*?"
    r"(?:src|href|data)\s*=\s*[\"']?(?:https?:)?//|@import\s+[\"']?(?:https?:)?//"
    r"|url\(\s*[\"']?(?:https?:)?//",
    re.I,
)
# The end of a line after a hyphen: a word may go on there. PDFium writes such a hyphen as U+FFFE
# or U+0002.
LINE_END_HYPHENS = re.compile("[\ufffe\x02]")
# What keeps words on one line in Word, as the signs that are looked for.
UNBREAKING = str.maketrans("\N{NON-BREAKING HYPHEN}\N{NO-BREAK SPACE}", "- ")
BROKEN = re.compile(r"(\S*-)\s*\n\s*(\S+)")


@dataclass(frozen=True, slots=True)
class Readable:
    """Text of a file, loads from elsewhere, and parts of a kind that is never published."""

    text: str
    requests: int = 0
    unknown: int = 0


def read_published(path: Path) -> Readable | None:
    """Read all that a file says; None for a kind of file that is never published."""
    if path.suffix in TEXT_FILES:
        text = EMBEDDED.sub("", path.read_text(encoding="utf-8"))
        return Readable(text, len(REQUEST.findall(text)))
    if path.suffix in ARCHIVES:
        return _read_archive(path)
    return Readable(_pdf_text(path)) if path.suffix == ".pdf" else None


def _read_archive(path: Path) -> Readable:
    texts, requests, unknown = [], 0, 0
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.endswith(MEMBERS):
                unknown += font_members().get(name) != archive.read(name)
            elif not name.endswith(".png"):
                root = ElementTree.fromstring(archive.read(name))
                texts += _xml_texts(root)
                requests += sum(_is_load(element) for element in root.iter())
    return Readable("\n".join(texts).translate(UNBREAKING), requests, unknown)


def _xml_texts(root: ElementTree.Element) -> Iterator[str]:
    """Attributes, and texts: those of a paragraph or a cell in one piece."""
    for element in root.iter():
        yield from element.attrib.values()
        if element.tag.rpartition("}")[2] in PARAGRAPHS:
            yield "".join(element.itertext())
        elif element.text and element.text.strip():
            yield element.text


def _is_load(element: ElementTree.Element) -> bool:
    """Whether a relation makes a program load something; links that a reader may follow do not."""
    is_outside = element.get("TargetMode") == "External"
    return is_outside and not str(element.get("Type")).endswith("/hyperlink")


def _pdf_text(path: Path) -> str:
    """Text of all pages, bookmarks, the document's own description, alternative texts."""
    import pypdfium2  # a large library that only this format needs

    document = pypdfium2.PdfDocument(path)
    try:
        texts = [str(value) for value in document.get_metadata_dict().values()]
        texts += [bookmark.get_title() for bookmark in document.get_toc()]
        for page in document:
            texts.append(page.get_textpage().get_text_bounded().replace("\r\n", "\n"))
            texts += _alternative_texts(page)
    finally:
        document.close()
    text = LINE_END_HYPHENS.sub("-", "\n".join(texts))
    return "\n".join([text, *(first + rest for first, rest in BROKEN.findall(text))])


def _alternative_texts(page) -> list[str]:
    import pypdfium2.raw as pdfium

    tree = pdfium.FPDF_StructTree_GetForPage(page)
    if not tree:
        return []
    count = pdfium.FPDF_StructTree_CountChildren(tree)
    roots = [pdfium.FPDF_StructTree_GetChildAtIndex(tree, index) for index in range(count)]
    texts = [text for root in roots if root for text in _element_texts(root)]
    pdfium.FPDF_StructTree_Close(tree)
    return texts


def _element_texts(element) -> Iterator[str]:
    import pypdfium2.raw as pdfium

    for ask in (pdfium.FPDF_StructElement_GetAltText, pdfium.FPDF_StructElement_GetActualText):
        size = ask(element, None, 0)
        if size > 2:
            buffer = ctypes.create_string_buffer(size)
            ask(element, buffer, size)
            yield buffer.raw[: size - 2].decode("utf-16-le")
    for index in range(max(pdfium.FPDF_StructElement_CountChildren(element), 0)):
        child = pdfium.FPDF_StructElement_GetChildAtIndex(element, index)
        if child:
            yield from _element_texts(child)
