"""The tables of a report as a workbook: notes first, then what the page shows, and no more."""

import hashlib
from datetime import UTC, datetime

import openpyxl
import pytest
from report_notebooks import FIGURE, TABLE, executed, front, save

from evalkit.report.assemble import assemble
from evalkit.report.document import ShownTable, read_document
from evalkit.report.sheet_columns import for_a_sheet
from evalkit.report.sheet_layout import broken
from evalkit.report.sheet_numbers import shown_number, shown_numbers
from evalkit.report.text import open_text
from evalkit.report.workbook import write_workbook
from evalkit.study import Labels, Study, Words

NBSP = "\u00a0"
DATA = (
    '::: {.callout-note collapse="true"}\n## Datatabell\n\n'
    "| Grupp | Månad | Andel | Intervall | Kvar |\n|:--|:--|--:|--:|--:|\n"
    f"| Insats | 0 | 0{NBSP}% | 0–0{NBSP}% | 1{NBSP}234 |\n"
    f"| Insats | 12 | 13,9{NBSP}% | 8,0–23,7{NBSP}% | – |\n"
    f"| Jämförelse | 24 | under 1{NBSP}% | – | −0,04 |\n\n"
    "[– betyder: visas inte.]{.quiet}\n:::"
)
CODES = "| Kommun | Antal | |\n|:--|--:|--:|\n| 0114 | =1+1 | +1,5 |\n\n: Kommuner {#tbl-codes}"
SHARES = (
    "| Vilka | Insats | Datum |\n|:--|--:|--:|\n"
    f"| Kvinnor | 1{NBSP}234 (48{NBSP}%) | ca 20 (1{NBSP}%) |\n| Män | – | 3 av 5 |\n"
    f"| Få | 5 (under 1{NBSP}%) | – |\n| Ålder | 45,2 (10,1) | – |\n"
    "| Alla | 25 | – |\n\n: Deltagare {#tbl-shares}"
)
PARTS = (
    "## Kort sagt\n\nSvar. [beskrivning]{.label}",
    FIGURE.replace("Fler försörjer sig själva", "**Fynd.** Mer. [Källa: X.]{.source}"),
    DATA,
    "## Hälsa",
    TABLE,
    "[Källa: Y.]{.source}",
    CODES,
    SHARES,
)


def labels():
    study = Study(
        name="s", title=Words(sv="Studien", fi="Tutkimus", en="Study"), country="SE",
        data_cut="2025-12", data={"source": "register", "licence": "CC BY 4.0"},
        useful_size={"incidence": 0.05, "months": 1.0},
    )  # fmt: skip
    place = Words(sv="Lindala", fi="Lindala", en="Lindala")
    return Labels(study=study, level="municipality", code="0114", place=place, parent=Words())


def report_of(folder):
    matter = front(colophon=("Till och med december 2025.", "Tal under 10 visas inte.", "evalkit"))
    return assemble(save(executed(PARTS), folder / "work"), matter, folder / "page"), matter


def made_in(folder, language="sv"):
    report, matter = report_of(folder)
    text = open_text(labels(), language)
    return write_workbook(report, matter, text, folder / "tables.xlsx", epoch=matter.epoch)


@pytest.fixture
def book(tmp_path):
    return openpyxl.load_workbook(made_in(tmp_path))


def cells(sheet):
    """Cells of the table of a sheet, its header first."""
    (table,) = sheet.tables.values()
    return sheet[table.ref]


def rows(sheet):
    return [[cell.value for cell in row] for row in cells(sheet)]


def above(sheet):
    """What stands above the table of a sheet."""
    return [sheet.cell(row, 1).value for row in range(1, cells(sheet)[0][0].row)]


def sheets_of(parts, folder):
    """Sheets of a report of these parts, without the notes."""
    matter = front(colophon=("Till och med 2025.", "Tal under 10 visas inte.", "evalkit"))
    report = assemble(save(executed(parts), folder / "work"), matter, folder / "page")
    made = write_workbook(report, matter, open_text(labels(), "sv"), folder / "tables.xlsx")
    return openpyxl.load_workbook(made).worksheets[1:]


@pytest.mark.parametrize(
    ("shown", "language", "value", "pattern"),
    [
        ("12", "sv", 12, "0"),
        (f"1{NBSP}234", "fi", 1234, "#,##0"),
        ("1,234", "en", 1234, "#,##0"),
        ("13.9%", "en", 0.139, "0.0%"),
        (f"34{NBSP}%", "sv", 0.34, f"0{NBSP}%"),
        ("−0,04", "sv", -0.04, "0.00;−0.00"),
        (f"−2,5{NBSP}%", "fi", -0.025, f"0.0{NBSP}%;−0.0{NBSP}%"),
        ("+2,1", "fi", 2.1, "+0.0;−0.0;0.0"),
        ("0", "sv", 0, "0"),
    ],
)
def test_a_shown_number_is_read_back_with_its_look(shown, language, value, pattern):
    assert shown_number(shown, language) == (value, pattern)


@pytest.mark.parametrize(
    "shown", ["0114", "–", "", "8,0–23,7 %", "under 1 %", "1 234", "12e5", "1.5"]
)
def test_what_is_not_a_plain_number_of_the_language_stays_text(shown):
    assert shown_number(shown, "sv") is None


@pytest.mark.parametrize(
    ("shown", "language", "look"),
    [
        (["+4,0", "−5,2", "0,0"], "fi", "+0.0;−0.0;0.0"),
        (["4,0", "−5,2"], "sv", "0.0;−0.0"),
        (["4.0", "0.2"], "en", "0.0"),
        ([f"0{NBSP}%", f"9,4{NBSP}%"], "sv", f"0.0{NBSP}%"),
        (["980", "1,234", "–"], "en", "#,##0"),
    ],
)
def test_the_numbers_of_a_column_have_one_look(shown, language, look):
    found = shown_numbers(shown, language)

    assert {pattern for _, pattern in filter(None, found)} == {look}
    assert [item and item[0] for item in found] == [
        number and number[0] for number in (shown_number(words, language) for words in shown)
    ]


@pytest.mark.parametrize(
    ("shown", "looks"),
    [
        (["48", "1,68"], ["0", "0.00"]),
        (["1,093", "+0,062"], ["0.000", "+0.000;−0.000;0.000"]),
        (["−2,1", "+0,062"], ["0.0;−0.0", "+0.000;−0.000;0.000"]),
        (["−2,1", "+0,062", "−0,030", "+0,8"],
         ["+0.0;−0.0;0.0", "+0.000;−0.000;0.000", "+0.000;−0.000;0.000", "+0.0;−0.0;0.0"]),
        (["1,2", "+0,8", "−0,5", "3"], ["0.0", "+0.0;−0.0;0.0", "0.0;−0.0", "0"]),
        (["3", f"3{NBSP}%"], ["0", f"0{NBSP}%"]),
    ],
)  # fmt: skip
def test_unlike_measures_of_a_column_keep_their_own_looks(shown, looks):
    assert [look for _, look in shown_numbers(shown, "sv")] == looks


def test_every_number_that_text_writes_is_read_back():
    for language in ("sv", "fi", "en"):
        text = open_text(labels(), language)
        assert shown_number(text.number(-1234567.891, 2), language)[0] == -1234567.89
        assert shown_number(text.number(0.5, 1, signed=True), language)[0] == 0.5
        assert shown_number(text.percent(0.1234, 1), language)[0] == 0.123


def test_notes_come_first_and_say_what_a_reader_must_know(book):
    said = {row[0]: row[1] for row in book.worksheets[0].iter_rows(values_only=True)}

    assert book.sheetnames == ["Läs först", "Figur 1", "Tabell 1", "Tabell 2", "Tabell 3"]
    assert next(iter(said)) == "Samordnad rehabilitering i Lindala"
    assert said["Område"] == "Lindala"
    assert said["Period"] == "Till och med december 2025."
    assert said["Vad som inte visas"].startswith("Tal under 10 visas inte. – betyder")
    assert said["Vad siffrorna får kallas"].startswith("beskrivning;")
    assert said["Uppgifternas källa"] == "register"
    assert said["Licens"] == "CC BY 4.0"
    assert said["Figur 1"] == "Fynd."


@pytest.mark.parametrize(
    ("language", "names"),
    [("fi", ["Lue ensin", "Kuva 1", "Taulukko 1"]), ("en", ["Notes", "Figure 1", "Table 1"])],
)
def test_sheets_are_named_in_the_language_of_the_report(tmp_path, language, names):
    assert openpyxl.load_workbook(made_in(tmp_path, language)).sheetnames[:3] == names


def test_numbers_are_numbers_and_the_rest_is_as_shown(book):
    assert rows(book["Figur 1"]) == [
        ["Grupp", "Månad", "Andel", "Intervall, undre gräns", "Intervall, övre gräns", "Kvar"],
        ["Insats", 0, 0, 0, 0, 1234],
        ["Insats", 12, 0.139, 0.08, 0.237, "–"],
        ["Jämförelse", 24, f"under 1{NBSP}%", "–", "–", -0.04],
    ]
    shares = [row[2].number_format for row in cells(book["Figur 1"])[1:3]]
    assert shares == [f"0.0{NBSP}%"] * 2


def test_a_code_stays_text_and_a_text_never_becomes_a_formula(book):
    row = cells(book["Tabell 2"])[1]

    assert [cell.value for cell in row] == ["0114", "=1+1", 1.5]
    assert [cell.data_type for cell in row] == ["s", "s", "n"]


def test_a_count_with_its_share_is_two_numbers(book):
    assert rows(book["Tabell 3"]) == [
        ["Vilka", "Insats: antal", "Insats: andel", "Datum"],
        ["Kvinnor", 1234, 0.48, f"ca 20 (1{NBSP}%)"],
        ["Män", "–", None, "3 av 5"],
        ["Få", 5, f"under 1{NBSP}%", "–"],
        ["Ålder", "45,2 (10,1)", None, "–"],
        ["Alla", 25, None, "–"],
    ]


def columns_of(cells, language, *, align="--:"):
    """Columns of a sheet for one column of the page."""
    header = ("", "Intervall")
    shown = ShownTable(
        kind="tbl", number=1, chapter="", caption="", detail="", source="", label="", notes=(),
        header=header, rows=tuple(("A", cell) for cell in cells), is_text=(True, align == ":--"),
    )  # fmt: skip
    made = for_a_sheet(shown, open_text(labels(), language))
    return made.header[1:], [row[1:] for row in made.rows]


@pytest.mark.parametrize(
    ("language", "shown", "limits", "names"),
    [
        ("sv", [f"6,2–14,0{NBSP}%", f"0{NBSP}%", "–", ""],
         [(f"6,2{NBSP}%", f"14,0{NBSP}%"), (f"0{NBSP}%",) * 2, ("–", "–"), ("", "")],
         ("undre gräns", "övre gräns")),
        ("sv", ["−0,3 till +2,0", f"1{NBSP}100–1{NBSP}200"],
         [("−0,3", "+2,0"), (f"1{NBSP}100", f"1{NBSP}200")], ("undre gräns", "övre gräns")),
        ("fi", ["−8,4…−1,9", "3–4"], [("−8,4", "−1,9"), ("3", "4")], ("alaraja", "yläraja")),
        ("en", ["0% to 62%", "−1.5 to 1,200"], [("0%", "62%"), ("−1.5", "1,200")],
         ("lower limit", "upper limit")),
    ],
)  # fmt: skip
def test_an_interval_is_two_numbers(language, shown, limits, names):
    header, found = columns_of(shown, language)

    assert header == tuple(f"Intervall, {name}" for name in names)
    assert found == limits


def test_every_interval_that_text_writes_is_two_numbers():
    for language in ("sv", "fi", "en"):
        text = open_text(labels(), language)
        ranges = [(text.range(-1234.5, 2345.6, 1), -1234.5, 2345.6),
                  (text.range(-0.3, 0.4, 1, signed=True), -0.3, 0.4),
                  (text.range(3, 4), 3, 4),
                  (text.percent_range(0, 0.224, 1), 0, 0.224),
                  (text.percent_range(0.1, 0.1), 0.1, 0.1)]  # fmt: skip
        _, found = columns_of([words for words, _, _ in ranges], language)
        values = [tuple(shown_number(end, language)[0] for end in pair) for pair in found]

        assert values == [(low, high) for _, low, high in ranges]


@pytest.mark.parametrize(
    ("language", "shown", "align"),
    [
        ("sv", ["1–2", "från 41 till att den aldrig kommer tillbaka"], "--:"),
        ("en", ["1 to 2", "3 to never"], "--:"),
        ("sv", [f"1–2{NBSP}%", f"under 1{NBSP}%"], "--:"),
        ("sv", ["1–2–3", "1–2"], "--:"),
        ("fi", ["1–2", "–5"], "--:"),
        ("sv", ["12", "–"], "--:"),
        ("sv", ["16–29", "30–44"], ":--"),
    ],
)
def test_what_is_not_all_intervals_stays_one_column(language, shown, align):
    header, found = columns_of(shown, language, align=align)

    assert header == ("Intervall",)
    assert found == [(cell,) for cell in shown]


def test_the_limits_of_alike_intervals_say_what_they_are_of(tmp_path):
    table = (
        "| Tid | Tal | Intervall | Ändring | Intervall |\n|:--|--:|--:|--:|--:|\n"
        "| A | 1 | 0–2 | 3 | 2–4 |\n\n: Tal {#tbl-alike}"
    )

    *_, sheet = sheets_of((*PARTS[:3], table), tmp_path)

    assert rows(sheet) == [
        ["Tid", "Tal", "Intervall: Tal, undre gräns", "Intervall: Tal, övre gräns", "Ändring",
         "Intervall: Ändring, undre gräns", "Intervall: Ändring, övre gräns"],
        ["A", 1, 0, 2, 3, 2, 4],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "named"),
    [
        ("Tid | Skillnad | Intervall | Ändring | Intervall",
         ["Tid", "Skillnad", "Intervall: Skillnad", "Ändring", "Intervall: Ändring"]),
        ("Tid | Skillnad | Intervall | Ändring | Antal",
         ["Tid", "Skillnad", "Intervall", "Ändring", "Antal"]),
        ("A | A | a |  | ", ["A", "A (2)", "a (3)", "Namn: a", "Namn"]),
        ("A | B | A | B | B", ["A", "B: A", "A: B", "B: A (2)", "B"]),
    ],
)  # fmt: skip
def test_columns_of_one_name_say_what_they_are_of(tmp_path, shown, named):
    table = f"| {shown} |\n|:--|--:|--:|--:|--:|\n| A | 1 | 2 | 3 | 4 |\n\n: Tal {{#tbl-alike}}"

    *_, sheet = sheets_of((*PARTS[:3], table), tmp_path)

    assert rows(sheet)[0] == named


def test_every_sheet_says_what_it_holds_where_and_from_where(book):
    assert [above(sheet) for sheet in book.worksheets[1:4]] == [
        ["Figur 1: Fynd.", "Mer.", "Källa: X.", "– betyder: visas inte."],
        ["Tabell 1: Antal personer", "Hälsa", "Källa: Y."],
        ["Tabell 2: Kommuner", "Hälsa"],
    ]


NOTES = "[Inte i tabellen: Få.]{.quiet}\n\n[Avrundat till 5-tal.]{.quiet}"


def test_every_note_below_a_table_stands_above_its_cells(tmp_path):
    figure = (
        *PARTS[:2],
        DATA.replace("visas inte.]{.quiet}", f"visas inte.]{{.quiet}}\n\n{NOTES}"),
    )
    parts = (*figure, "## Hälsa", TABLE, NOTES, "[Källa: Y.]{.source}", CODES, NOTES)

    drawn, sourced, plain = sheets_of(parts, tmp_path)

    assert above(drawn)[3:] == [
        "– betyder: visas inte.", "Inte i tabellen: Få.", "Avrundat till 5-tal.",
    ]  # fmt: skip
    assert above(sourced)[2:] == ["Källa: Y.", "Inte i tabellen: Få.", "Avrundat till 5-tal."]
    assert above(plain)[2:] == ["Inte i tabellen: Få.", "Avrundat till 5-tal."]


@pytest.mark.parametrize(
    ("below", "kept"),
    [
        ("Svar. [beskrivning]{.label}", []),
        ("[Tyst]{.quiet} och mer.", []),
        ("[Visas inte.]{.withheld}", []),
        ("Emellan.\n\n[Inte om tabellen.]{.quiet}", []),
        ("[Källa: Y.]{.source}\n\n[Inte om tabellen.]{.quiet}", ["Källa: Y."]),
    ],
)
def test_what_is_not_said_of_a_table_does_not_stand_above_its_cells(tmp_path, below, kept):
    _, sheet = sheets_of((*PARTS[:3], "## Hälsa", TABLE, below), tmp_path)

    assert above(sheet) == ["Tabell 1: Antal personer", "Hälsa", *kept]


@pytest.mark.parametrize(
    "caption",
    [
        "**Fynd.** Mer. [beskrivning]{.label} [Källa: X.]{.source}",
        "**Fynd.** [beskrivning]{.label} Mer. [Källa: X.]{.source}",
        "**Fynd.** Mer. [Källa: X.]{.source} [beskrivning]{.label}",
    ],
)
def test_what_numbers_may_be_called_has_a_cell_of_its_own(tmp_path, caption):
    drawn = FIGURE.replace("Fler försörjer sig själva", caption)

    sheet, *_ = sheets_of((PARTS[0], drawn, DATA, TABLE), tmp_path)

    assert above(sheet) == [
        "Figur 1: Fynd.", "Mer.", "Vad siffrorna får kallas: beskrivning.", "Källa: X.",
        "– betyder: visas inte.",
    ]  # fmt: skip


def test_sheets_can_be_read_without_eyes(book):
    for sheet in book.worksheets[1:]:
        (table,) = sheet.tables.values()
        header = rows(sheet)[0]
        assert sheet.freeze_panes == f"A{len(above(sheet)) + 2}"
        assert not sheet.merged_cells.ranges
        assert table.ref.startswith(f"A{len(above(sheet)) + 1}:")
        assert [column.name for column in table.tableColumns] == header
        assert all(header)
        assert len(set(header)) == len(header)


def test_the_notes_lead_to_the_sheets(book):
    links = [
        cell.hyperlink.location for row in book.worksheets[0] for cell in row if cell.hyperlink
    ]

    assert links == ["'Figur 1'!A1", "'Tabell 1'!A1", "'Tabell 2'!A1", "'Tabell 3'!A1"]


def test_the_list_of_sheets_stands_apart_from_the_notes(book):
    names = [row[0] for row in book.worksheets[0].iter_rows(values_only=True)]
    heads = names.index("Blad")

    assert names[heads - 2 : heads + 2] == ["Framställd med", None, "Blad", "Figur 1"]
    assert names.count(None) == 2


def test_a_long_note_is_wrapped_in_a_row_high_enough(tmp_path):
    long = "Siffror som bygger på färre än tio personer visas inte. " * 3
    matter = front(colophon=("Till och med 2025.", long, "evalkit"))
    report = assemble(save(executed(PARTS), tmp_path / "work"), matter, tmp_path / "page")
    made = write_workbook(report, matter, open_text(labels(), "sv"), tmp_path / "tables.xlsx")
    sheet = openpyxl.load_workbook(made).worksheets[0]
    heights = {row[0].value: sheet.row_dimensions[row[0].row].height for row in sheet}
    (cell,) = [row[1] for row in sheet if row[0].value == "Vad som inte visas"]

    assert heights["Vad som inte visas"] >= 2 * 15
    assert heights["Period"] is None
    assert cell.alignment.wrap_text
    assert len(cell.value) / (heights["Vad som inte visas"] // 15) <= 100


WORDS = f"Andelen är 12{NBSP}% bland alla dem som svarade på frågan. "


@pytest.mark.parametrize(
    ("times", "lines", "frozen"), [(1, 1, True), (6, 4, True), (30, 17, False)]
)
def test_long_words_above_a_table_are_lines_that_leave_room_for_it(tmp_path, times, lines, frozen):
    words = (WORDS * times).strip()
    drawn = FIGURE.replace("Fler försörjer sig själva", f"**Fynd.** {words} [Källa: X.]{{.source}}")

    sheet, *_ = sheets_of((PARTS[0], drawn, DATA, TABLE), tmp_path)
    said = above(sheet)[1:-2]

    assert " ".join(said) == words
    assert len(said) == lines
    assert max(map(len, said)) <= 100
    assert sheet.freeze_panes == (f"A{len(above(sheet)) + 2}" if frozen else None)


@pytest.mark.parametrize(("space", "ends"), [(NBSP, "är"), (" ", "12")])
def test_a_line_breaks_at_a_space_that_breaks(space, ends):
    words = f"{'Andelen ' * 11}av dem är 12{space}% av alla"

    assert broken(words)[0].rsplit(" ", 1)[1] == ends


def test_what_a_caption_says_beyond_its_finding_has_a_row_of_its_own(tmp_path):
    table = TABLE.replace(": Antal personer", ": Antal personer. [Avrundade.]{.quiet}")

    *_, sheet = sheets_of((*PARTS[:3], "## Hälsa", table), tmp_path)

    assert above(sheet) == ["Tabell 1: Antal personer.", "Avrundade."]


def test_a_long_cell_is_wrapped_in_a_row_high_enough(tmp_path):
    long = "Vilka som kan delta i en insats som ges samordnat"
    table = f"| Del | Antal |\n|:--|--:|\n| {long} | – |\n| Kort | – |\n\n: Delar {{#tbl-long}}"

    *_, sheet = sheets_of((*PARTS[:3], table), tmp_path)
    _, (first, mark), (short, _) = cells(sheet)

    assert sheet.column_dimensions["A"].width < len(long)
    assert sheet.row_dimensions[first.row].height >= 2 * 15
    assert sheet.row_dimensions[short.row].height is None
    assert first.alignment.wrap_text
    assert not short.alignment.wrap_text
    assert mark.alignment.horizontal == "right"


def test_a_name_of_a_column_does_not_make_it_wide(tmp_path):
    name = "Andel av minskningarna som uppvägs av ökningar"
    table = f"| Del | {name} |\n|:--|--:|\n| A | 1 |\n\n: Delar {{#tbl-wide}}"

    *_, sheet = sheets_of((*PARTS[:3], table), tmp_path)
    head = cells(sheet)[0][1]

    assert sheet.column_dimensions["B"].width < 30
    assert head.alignment.wrap_text
    assert sheet.row_dimensions[head.row].height >= 3 * 15


def test_sheets_are_printed_across_pages_no_wider_than_one(book):
    for sheet in book.worksheets:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth in (1, None)  # 1 where it is not said
        assert sheet.page_setup.fitToHeight == 0
    for sheet in book.worksheets[1:]:
        head = cells(sheet)[0][0].row
        assert sheet.print_title_rows == f"${head}:${head}"


def test_every_cell_has_letters_with_a_name_and_a_size(book):
    fonts = {(cell.font.name, bool(cell.font.size))
             for sheet in book.worksheets for row in sheet for cell in row}  # fmt: skip

    assert fonts == {("Calibri", True)}


def test_a_workbook_says_what_it_is_and_nothing_of_the_clock(book):
    about = book.properties

    assert (about.title, about.creator) == ("Samordnad rehabilitering i Lindala", "evalkit")
    assert (
        about.created
        == about.modified
        == datetime.fromtimestamp(front().epoch, UTC).replace(tzinfo=None)
    )
    assert [(item.name, item.value) for item in book.custom_doc_props.props] == [("Language", "sv")]


def test_the_same_report_gives_the_same_bytes(tmp_path):
    digests = {hashlib.sha256(made_in(tmp_path / name).read_bytes()).hexdigest() for name in "ab"}

    assert len(digests) == 1


def test_tables_are_numbered_as_on_the_page(tmp_path):
    report, _ = report_of(tmp_path)

    tables, _ = read_document(report)
    assert [(table.kind, table.number) for table in tables] == [
        ("fig", 1), ("tbl", 1), ("tbl", 2), ("tbl", 3),
    ]  # fmt: skip
    assert tables[0].chapter == "Kort sagt"


def test_a_table_with_a_caption_in_a_fold_is_one_of_its_own(tmp_path):
    folded = '::: {.callout-note collapse="true"}\n## Checklista\n\n' + CODES + "\n:::"
    matter = front()
    parts = (*PARTS[:3], "## Metod", TABLE, folded)
    report = assemble(save(executed(parts), tmp_path / "work"), matter, tmp_path / "page")

    tables, _ = read_document(report)

    assert [(table.kind, table.number) for table in tables] == [("fig", 1), ("tbl", 1), ("tbl", 2)]
    assert (tables[2].chapter, tables[2].caption) == ("Metod", "Kommuner")
