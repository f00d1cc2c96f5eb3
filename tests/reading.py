"""What a reader gets of a report in each format: its words, in the order in which they are read."""

import ctypes
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2
import pypdfium2.raw as pdfium

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def words_of(path: Path) -> list[str]:
    """Words of a page's title, text and colophon, of a PDF by its tags, of a Word document."""
    reader = {".html": _page, ".pdf": _pdf, ".docx": _docx}[path.suffix]
    return " ".join(reader(path)).split()


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.pieces, self.skipped = [], 0

    def handle_starttag(self, tag, attrs):
        if tag in ("nav", "style", "title") or self.skipped:
            self.skipped += tag not in ("img", "meta", "link", "br", "input")
        elif dict(attrs).get("class") in ("skip", "quiet others"):
            self.skipped = 1

    def handle_endtag(self, tag):
        self.skipped = max(self.skipped - 1, 0)

    def handle_data(self, data):
        if not self.skipped:
            self.pieces.append(data)


def _page(path):
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page.pieces


def _docx(path):
    with zipfile.ZipFile(path) as archive:
        root = ElementTree.fromstring(archive.read("word/document.xml"))
    text, line_break = f"{WORD}t", f"{WORD}br"
    for paragraph in root.iter(f"{WORD}p"):
        pieces = (item for item in paragraph.iter() if item.tag in (text, line_break))
        yield "".join(" " if item.tag == line_break else item.text or "" for item in pieces)


def _pdf(path):
    """Texts in the order of the structure tree, page after page; what is no content is left out."""
    for page in pypdfium2.PdfDocument(path):
        texts = _texts_by_mark(page)
        tree = pdfium.FPDF_StructTree_GetForPage(page)
        for index in range(pdfium.FPDF_StructTree_CountChildren(tree)):
            for mark in _marks(pdfium.FPDF_StructTree_GetChildAtIndex(tree, index)):
                yield texts.get(mark, "") if mark >= 0 else ""


def _texts_by_mark(page):
    text_page = page.get_textpage()
    texts = {}
    for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT], max_depth=5):
        mark = pdfium.FPDFPageObj_GetMarkedContentID(item)  # -1 for what is no content
        size = pdfium.FPDFTextObj_GetText(item, text_page, None, 0)
        buffer = ctypes.create_string_buffer(size * 2)
        place = ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort))
        pdfium.FPDFTextObj_GetText(item, text_page, place, size)
        texts[mark] = texts.get(mark, "") + buffer.raw[:size].decode("utf-16-le").rstrip("\0")
    return texts


def _marks(element):
    for index in range(max(pdfium.FPDF_StructElement_CountChildren(element), 0)):
        child = pdfium.FPDF_StructElement_GetChildAtIndex(element, index)
        if child and _kind(child) == "TOC":  # as the list of contents of a page
            continue
        if child:
            yield from _marks(child)
        else:
            yield pdfium.FPDF_StructElement_GetChildMarkedContentID(element, index)


def _kind(element):
    size = pdfium.FPDF_StructElement_GetType(element, None, 0)
    buffer = ctypes.create_string_buffer(size)
    pdfium.FPDF_StructElement_GetType(element, buffer, size)
    return buffer.raw.decode("utf-16-le").rstrip("\0")
