"""Styles of a Word report, and the reference document that hands them to pandoc."""

import tempfile
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from evalkit.report.archives import read_members, write_members
from evalkit.report.pandoc import run_pandoc
from evalkit.report.style import FAMILY, INK, PROGRAMME, QUIET, RULE, WARNING

MAIN = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
LINKS = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CONTENT = "application/vnd.openxmlformats-officedocument.wordprocessingml"
# Where the family is not installed, a reader's program takes the first of these that it has.
FALLBACKS = "Source Sans Pro,Segoe UI,Calibri,Arial"
PANEL = "F6F8FA"
MM = 56.7  # twentieths of a point in a millimetre
LINE_END = round(44 * MM)  # what keeps a line of text to a length that can be read


def _colour(value: str) -> str:
    return value.lstrip("#").upper()


def _run(size: float = 0, *, bold: bool = False, italic: bool = False, colour: str = "") -> str:
    parts = ["<w:b/>"] * bold + ["<w:i/>"] * italic
    parts += [f'<w:color w:val="{_colour(colour)}"/>'] if colour else []
    half = round(2 * size)
    parts += [f'<w:sz w:val="{half}"/><w:szCs w:val="{half}"/>'] if size else []
    return "".join(parts)


def _paragraph(
    before: float, after: float, *, line: float = 1.08, next_stays: bool = False, end: int = 0,
    start: int = 0, edge: str = "",
) -> str:  # fmt: skip
    """Properties of a paragraph in the order of the schema; spaces in points."""
    parts = ["<w:keepNext/>"] * next_stays + ["<w:keepLines/>"]
    parts += [f"<w:pBdr>{edge}</w:pBdr>"] if edge else []
    parts.append(
        f'<w:spacing w:before="{round(20 * before)}" w:after="{round(20 * after)}" '
        f'w:line="{round(240 * line)}" w:lineRule="auto"/>'
    )
    parts.append(f'<w:ind w:left="{start}" w:right="{end}"/>')
    return "".join(parts)


def _edge(side: str, points: float, colour: str, space: int = 4) -> str:
    return (
        f'<w:{side} w:val="single" w:sz="{round(8 * points)}" w:space="{space}" '
        f'w:color="{_colour(colour)}"/>'
    )


def _paragraph_styles() -> list[tuple[str, str, str, str]]:
    """Name, style that it is based on, paragraph properties, run properties."""
    above = _edge("top", 0.5, RULE, 6)
    aside = _edge("left", 1, RULE, 8)
    return [
        ("Body Text", "Normal", _paragraph(4, 6, end=LINE_END), ""),
        ("First Paragraph", "Body Text", "", ""),
        ("Compact", "Body Text", _paragraph(1, 3, end=LINE_END), ""),
        ("Lead", "Normal", _paragraph(2, 8, end=LINE_END - 400), _run(11)),
        ("Title", "Normal", _paragraph(0, 4, line=1, next_stays=True), _run(20, bold=True)),
        ("Subtitle", "Normal", _paragraph(0, 10), _run(9.5, colour=QUIET)),
        ("heading 1", "Normal", _paragraph(22, 6, line=1, next_stays=True, edge=above),
         _run(14, bold=True)),
        ("heading 2", "Normal", _paragraph(14, 4, line=1, next_stays=True), _run(11, bold=True)),
        ("Image Caption", "Normal", _paragraph(14, 6, next_stays=True, end=LINE_END // 2),
         _run(8.5, colour=QUIET)),
        ("Table Caption", "Normal", _paragraph(14, 4, next_stays=True, end=LINE_END),
         _run(9.5, bold=True)),
        ("Figure", "Normal", _paragraph(0, 2, line=1, next_stays=True), ""),
        ("Source", "Normal", _paragraph(4, 6, end=LINE_END), _run(8.5, colour=QUIET)),
        ("Withheld Paragraph", "Normal", _paragraph(4, 6, end=LINE_END),
         _run(italic=True, colour=QUIET)),
        # Said once more, or LibreOffice sets a number in a table as the text around it.
        ("Key Figure", "Normal", _paragraph(4, 4, line=1, start=170, end=100),
         _run(9.5, colour=INK)),
        ("Fold Title", "Normal", _paragraph(8, 3, next_stays=True),
         _run(8.5, bold=True, colour=QUIET)),
        ("Fold Text", "Normal",
         _paragraph(0, 6, start=170, end=LINE_END, edge=aside), _run(8.5)),
        ("Table Heading", "Normal", _paragraph(1, 1, line=1, next_stays=True),
         _run(8.5, bold=True)),
        ("Table Text", "Normal", _paragraph(1, 1, line=1), _run(8.5)),
        ("Table Heading Small", "Table Heading", "", _run(7.5, bold=True)),
        ("Table Text Small", "Table Text", "", _run(7.5)),
        ("Mark", "Normal", _paragraph(4, 10, next_stays=True),
         _run(11, bold=True, colour=WARNING)),
        ("Colophon", "Normal", _paragraph(8, 0, end=LINE_END), _run(8.5, colour=QUIET)),
        ("header", "Normal", _paragraph(0, 0, line=1), _run(8.5, colour=QUIET)),
        ("footer", "Normal",
         f'<w:tabs><w:tab w:val="right" w:pos="{round(172 * MM)}"/></w:tabs>',
         _run(8.5, colour=QUIET)),
    ]  # fmt: skip


def _run_styles() -> list[tuple[str, str]]:
    border = f'<w:bdr w:val="single" w:sz="4" w:space="0" w:color="{_colour(RULE)}"/>'
    return [
        ("Quiet", _run(8.5, colour=QUIET)),
        ("Withheld", _run(italic=True, colour=QUIET)),
        ("Finding", _run(9.5, bold=True, colour=INK)),
        ("Label", _run(8.5, colour=QUIET) + border),
        ("Key Figure Number", _run(14, bold=True, colour=PROGRAMME)),
        ("Key Figure Unit", _run(bold=True)),
        ("Hyperlink", _run(colour=PROGRAMME) + '<w:u w:val="single"/>'),
    ]


def styles_xml() -> str:
    """The whole style part of the reference document."""
    fonts = "".join(f' w:{script}="{FAMILY}"' for script in ("ascii", "hAnsi", "cs", "eastAsia"))
    defaults = (
        f"<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts{fonts}/>{_run(9.5, colour=INK)}"
        '<w:lang w:val="en"/></w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults>'
    )
    paragraphs = [
        f'<w:style w:type="paragraph" w:styleId="{_identifier(name)}"{_custom(name)}>'
        f'<w:name w:val="{name}"/><w:basedOn w:val="{_identifier(base)}"/><w:qFormat/>'
        f"<w:pPr>{paragraph}{_outline(name)}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
        for name, base, paragraph, run in _paragraph_styles()
    ]
    runs = [
        f'<w:style w:type="character" w:styleId="{_identifier(name)}"{_custom(name)}>'
        f'<w:name w:val="{name}"/><w:qFormat/><w:rPr>{run}</w:rPr></w:style>'
        for name, run in _run_styles()
    ]
    normal = (
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
        "<w:qFormat/></w:style>"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><w:styles {MAIN}>{defaults}{normal}'
        f"{''.join(paragraphs)}{''.join(runs)}{_table_style()}{_cards_style()}</w:styles>"
    )


def _identifier(name: str) -> str:
    return "".join(word[0].upper() + word[1:] for word in name.split())


BUILT_IN = {"Body Text", "Title", "Subtitle", "heading 1", "heading 2", "header", "footer",
            "Hyperlink"}  # fmt: skip


def _custom(name: str) -> str:
    return "" if name in BUILT_IN else ' w:customStyle="1"'


def _outline(name: str) -> str:
    return f'<w:outlineLvl w:val="{int(name[-1]) - 1}"/>' if name.startswith("heading") else ""


def _table_style() -> str:
    margins = "".join(
        f'<w:{side} w:w="{width}" w:type="dxa"/>'
        for side, width in (("top", 30), ("left", 0), ("bottom", 30), ("right", 120))
    )
    return (
        '<w:style w:type="table" w:customStyle="1" w:styleId="Table"><w:name w:val="Table"/>'
        f"<w:qFormat/><w:tblPr><w:tblBorders>{_edge('bottom', 0.5, RULE, 0)}"
        f"{_edge('insideH', 0.5, RULE, 0)}</w:tblBorders><w:tblCellMar>{margins}</w:tblCellMar>"
        '</w:tblPr><w:tblStylePr w:type="firstRow"><w:tcPr><w:tcBorders>'
        f"{_edge('bottom', 1, INK, 0)}</w:tcBorders></w:tcPr></w:tblStylePr></w:style>"
    )


def _cards_style() -> str:
    """A table that lays out key figures side by side, a gap between them."""
    gap = _edge("insideV", 6, "#FFFFFF", 0)
    return (
        '<w:style w:type="table" w:customStyle="1" w:styleId="KeyFigures">'
        '<w:name w:val="Key Figures"/><w:qFormat/><w:tblPr>'
        f"<w:tblBorders>{_edge('top', 1.5, PROGRAMME, 0)}{gap}</w:tblBorders><w:tblCellMar>"
        '<w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f'<w:tcPr><w:shd w:val="clear" w:color="auto" w:fill="{PANEL}"/></w:tcPr></w:style>'
    )


def reference_document(running: str, footing: str, number: str) -> bytes:
    """Make the document whose styles, page, header and footer pandoc takes over.

    Parameters
    ----------
    running : str
        Line at the head of every page but the first.
    footing : str
        Left end of the foot of every page.
    number : str
        Its right end, with `{page}` and `{pages}` where the two numbers stand.
    """
    members = dict(_pandocs_own())
    members["word/styles.xml"] = styles_xml().encode()
    members["word/fontTable.xml"] = _font_table().encode()
    members["word/header1.xml"] = _part("hdr", "Header", _text(running)).encode()
    foot = f"{_text(footing)}<w:r><w:tab/></w:r>{_numbered(number)}"
    members["word/footer1.xml"] = _part("ftr", "Footer", foot).encode()
    members["word/header2.xml"] = _part("hdr", "Header", "").encode()
    _add_to_document(members)
    return write_members(members, epoch=0)


@cache
def _pandocs_own() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as scratch:
        run_pandoc(["-o", "own.docx", "--print-default-data-file", "reference.docx"],
                   folder=Path(scratch))  # fmt: skip
        return read_members((Path(scratch) / "own.docx").read_bytes())


def _font_table() -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><w:fonts {MAIN}><w:font w:name="{FAMILY}">'
        f'<w:altName w:val="{FALLBACKS}"/><w:panose1 w:val="020B0503030403020204"/>'
        '<w:charset w:val="00"/><w:family w:val="swiss"/><w:pitch w:val="variable"/></w:font>'
        "</w:fonts>"
    )


def _part(kind: str, style: str, runs: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><w:{kind} {MAIN}><w:p><w:pPr>'
        f'<w:pStyle w:val="{style}"/></w:pPr>{runs}</w:p></w:{kind}>'
    )


def _text(words: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{escape(words)}</w:t></w:r>' if words else ""


def _numbered(template: str) -> str:
    before, _, rest = template.partition("{page}")
    between, _, after = rest.partition("{pages}")
    field = '<w:fldSimple w:instr=" {} "><w:r><w:t>1</w:t></w:r></w:fldSimple>'
    return (
        f"{_text(before)}{field.format('PAGE')}{_text(between)}{field.format('NUMPAGES')}"
        f"{_text(after)}"
    )


def _add_to_document(members: dict[str, bytes]) -> None:
    """Tell the document of its header and footer, and make its page A4."""
    parts = [("header1", "header"), ("header2", "header"), ("footer1", "footer")]
    types = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{CONTENT}.{kind}+xml"/>'
        for name, kind in parts
    )
    relations = "".join(
        f'<Relationship Type="{KIND}/{kind}" Id="rIdOf{name}" Target="{name}.xml"/>'
        for name, kind in parts
    )
    section = (
        f"<w:document {MAIN} {LINKS}><w:body><w:sectPr>"
        '<w:headerReference w:type="default" r:id="rIdOfheader1"/>'
        '<w:headerReference w:type="first" r:id="rIdOfheader2"/>'
        '<w:footerReference w:type="default" r:id="rIdOffooter1"/>'
        '<w:footerReference w:type="first" r:id="rIdOffooter1"/>'
        '<w:pgSz w:w="11906" w:h="16838"/>'
        f'<w:pgMar w:top="{round(22 * MM)}" w:right="{round(19 * MM)}" w:bottom="{round(20 * MM)}" '
        f'w:left="{round(19 * MM)}" w:header="{round(11 * MM)}" w:footer="{round(9 * MM)}" '
        'w:gutter="0"/><w:titlePg/></w:sectPr></w:body></w:document>'
    )
    types_part, relations_part = "[Content_Types].xml", "word/_rels/document.xml.rels"
    members[types_part] = members[types_part].replace(b"</Types>", f"{types}</Types>".encode())
    members[relations_part] = members[relations_part].replace(
        b"</Relationships>", f"{relations}</Relationships>".encode()
    )
    members["word/document.xml"] = f'<?xml version="1.0" encoding="UTF-8"?>{section}'.encode()
