"""The pages around the reports: comparison, dots, changes, statement, feed."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import released_by_hand as hand

from evalkit.errors import DisclosureError
from evalkit.report.site import IndexEntry, Overview, is_site_page, write_index
from evalkit.report.site_changes import Change, compare_editions
from evalkit.report.site_dots import Scale
from evalkit.report.site_frame import PAGES
from evalkit.study import Labels, Words, parse_study

LANGUAGES = ("sv", "fi", "en")
CODES = list(hand.MUNICIPALITIES)


def study(**report):
    raw = {**hand.SPELLS, "report": {"languages": list(LANGUAGES), **report}}
    return parse_study(raw, root=Path("."), name="sample")


def entries(**report):
    protocol = study(**report)
    found = []
    for code, name in hand.MUNICIPALITIES.items():
        labels = Labels(study=protocol, level="municipality", code=code, place=Words(sv=name))
        found += [
            IndexEntry(labels, language, f"sample/municipality-{code}/{language}/report.html")
            for language in LANGUAGES
        ]
    return found


def overview(small=frozenset(), **options):
    table = hand.by_municipality(**options)
    curves = {CODES[0]: hand.curve(214)}
    return Overview("sample", table, hand.contrast(), curves, small)


@pytest.fixture
def site(tmp_path):
    def write(changes=(), hide=None, **report):
        write_index(tmp_path, entries(**report), overviews=[overview(hide=hide)], changes=changes)
        return tmp_path

    return write


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def text_of(path: Path) -> str:
    body = read(path).split("</style>")[1]
    return re.sub(r"\s+", " ", re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", body, flags=re.S))


def rows(path: Path, name: str) -> list[str]:
    table = re.search(rf'<table class="{name}.*?</table>', read(path), re.S).group()
    body = table.split("<tbody")[1].split("</tbody>")[0]
    return [re.sub(r"<[^>]+>", " ", row) for row in body.split("<tr")[1:]]


def test_every_page_is_there_in_every_language(site):
    names = {path.name for path in site().iterdir()}

    expected = {f"{page}-{language}.html" for page in PAGES for language in LANGUAGES}
    assert names == expected | {f"feed-{language}.xml" for language in LANGUAGES} | {"index.html"}
    assert all(is_site_page(name) for name in names)
    assert not is_site_page("manifest.jsonl")


def test_dots_are_in_alphabetical_order_with_share_and_interval(site):
    found = rows(site() / "index-sv.html", "dot-table")

    names = [name for row in found for name in hand.MUNICIPALITIES.values() if f" {name} " in row]
    alphabet = str.maketrans({"å": "{", "ä": "|", "ö": "}"})
    assert names == sorted(names, key=lambda name: name.casefold().translate(alphabet))
    assert len(names) == len(CODES)
    assert "22 %" in " ".join(found).replace("\N{NO-BREAK SPACE}", " ")


def test_what_is_withheld_is_said_and_never_a_number(site):
    page = site(hide=lambda frame: frame["term"].str.startswith(CODES[3]))
    name = hand.MUNICIPALITIES[CODES[3]]

    for kind, file in (("dot-table", "index-sv.html"), ("compare-table", "compare-sv.html")):
        row = next(row for row in rows(page / file, kind) if f" {name} " in row)
        said = row.split(name)[1]
        assert "Visas inte, för att skydda personer." in said
        assert not re.search(r"\d", said)


@pytest.mark.parametrize("how", [{"few": [CODES[0]]}, {"small": frozenset({CODES[0]})}])
def test_what_a_municipality_calls_too_uncertain_stands_nowhere_else(tmp_path, how):
    write_index(tmp_path, entries(), overviews=[overview(**how)])
    few, shown = (hand.MUNICIPALITIES[code] for code in CODES[:2])

    for kind, file in (("dot-table", "index-sv.html"), ("compare-table", "compare-sv.html")):
        found = rows(tmp_path / file, kind)
        said = next(row for row in found if f" {few} " in row)
        assert "Visas inte: för få personer deltog för en tillförlitlig siffra." in said
        assert "%" not in said
        assert "%" in next(row for row in found if f" {shown} " in row)


def test_the_comparison_shows_both_arms_and_how_many_started(site):
    row = next(
        row for row in rows(site() / "compare-en.html", "compare-table")
        if f" {hand.MUNICIPALITIES[CODES[0]]} " in row
    )  # fmt: skip

    assert "214" in row
    assert re.search(r"22%\s+\(14% to 30%\).*12%\s+\(4% to 20%\)", row)


def write_with_differences(folder, codes, std_error=0.06, curve=None):
    """Write a site of some municipalities, each with a difference of 10 of 100 people."""
    arms = [
        {"term": f"{code}, {arm}", "scale": "arm", "estimate": share, "std_error": 0.04,
         "conf_low": share - 0.08, "conf_high": share + 0.08, "reason": ""}
        for code in codes for arm, share in (("programme", 0.3), ("comparison", 0.2))
    ]  # fmt: skip
    differences = [
        {"term": f"{code}, programme - {code}, comparison", "scale": "difference",
         "estimate": 0.1, "std_error": std_error, "conf_low": -0.02, "conf_high": 0.22,
         "reason": ""}
        for code in codes
    ]  # fmt: skip
    table = hand.released("Contrast", [*arms, *differences], {"horizon": 24})
    curves = {codes[0]: curve or hand.curve(214)}
    chosen = [entry for entry in entries() if entry.labels.code in codes]
    write_index(folder, chosen, overviews=[Overview("sample", table, curves=curves)])
    return folder


def test_the_smallest_detectable_difference_stands_beside_every_difference(tmp_path):
    site = write_with_differences(tmp_path, CODES[:4])

    # By hand: 1.959964 + 0.841621 errors of 0.06 are 0.168.
    for row in rows(site / "compare-en.html", "compare-table"):
        assert re.search(r"\+10\s+\(\N{MINUS SIGN}2 to \+22\)\s+17\s", row)
    page = text_of(site / "compare-en.html")
    assert page.count("The smallest detectable difference: with as many people") == 1


def test_without_its_error_a_difference_has_no_smallest_detectable_one(tmp_path):
    site = write_with_differences(tmp_path, CODES[:4], std_error=float("nan"))

    page = text_of(site / "compare-en.html")
    assert "+10" in page
    assert "mallest detectable" not in page


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (3, {"en": "Choose two or three", "sv": "Välj två eller tre", "fi": "kaksi tai kolme"}),
        (4, {"en": "Choose two to four", "sv": "Välj två till fyra", "fi": "kahdesta neljään"}),
        (5, {"en": "Choose two to five", "sv": "Välj två till fem", "fi": "kahdesta viiteen"}),
        (7, {"en": "Choose two to five", "sv": "Välj två till fem", "fi": "kahdesta viiteen"}),
    ],
)
def test_as_many_can_be_chosen_as_there_are_and_five_at_most(tmp_path, n, said):
    site = write_with_differences(tmp_path, CODES[:n])

    for language, words in said.items():
        page = read(site / f"compare-{language}.html")
        assert words in page
        assert page.count("<select") == min(n, 5)


def test_two_municipalities_need_no_choice(tmp_path):
    site = write_with_differences(tmp_path, CODES[:2])

    assert "<form" not in read(site / "compare-sv.html")
    assert len(rows(site / "compare-sv.html", "compare-table")) == 2


def test_rounded_numbers_stand_alone_and_are_explained_below(tmp_path):
    site = write_with_differences(tmp_path, CODES[:4])

    first = rows(site / "compare-en.html", "compare-table")[0]
    assert "about" not in first
    page = text_of(site / "compare-en.html")
    assert page.count("The numbers who started are rounded to the nearest 5.") == 1


def test_numbers_that_are_not_rounded_are_not_said_to_be(tmp_path):
    site = write_with_differences(tmp_path, CODES[:4], curve=hand.curve(214, profile="public"))

    assert "rounded" not in text_of(site / "compare-en.html")


def test_a_site_without_a_table_says_that_there_is_nothing_to_compare(tmp_path):
    write_index(tmp_path, entries())

    assert "There are no municipalities to compare" in text_of(tmp_path / "compare-en.html")


def test_nothing_unreleased_can_be_compared(tmp_path):
    raw = Overview("sample", object())

    with pytest.raises(DisclosureError, match="has not passed the door"):
        write_index(tmp_path, entries(), overviews=[raw])


def test_a_place_on_a_line_stays_on_the_line():
    line = Scale(-0.5, 0.5)

    assert [line.at(value) for value in (-1, -0.5, 0, 0.25)] == [
        "0.00%", "0.00%", "50.00%", "75.00%",
    ]  # fmt: skip


def unit(numbers, name):
    return {"numbers": numbers, "place": {"sv": name}}


EDITIONS = {
    1: {"municipality 1": unit("a", "Ett"), "municipality 2": unit("b", "Två"),
        "municipality 3": unit("c", "Tre")},
    2: {"municipality 1": unit("a", "Ett"), "municipality 2": unit("x", "Två"),
        "municipality 4": unit("d", "Fyra")},
}  # fmt: skip


def test_an_edition_is_compared_with_the_one_before():
    assert compare_editions("sample", EDITIONS) == Change(
        "sample",
        2,
        1,
        new=frozenset({"municipality 4"}),
        changed=frozenset({"municipality 2"}),
        same=frozenset({"municipality 1"}),
        gone=(Words(sv="Tre"),),
    )


def test_the_first_edition_has_nothing_before_it():
    assert compare_editions("sample", {1: EDITIONS[1]}) == Change("sample", 1)


def test_changes_are_said_in_words(site):
    first, second, third = (f"municipality {code}" for code in CODES[:3])
    change = Change("sample", 2, 1, new=frozenset({first}), changed=frozenset({second, third}),
                    gone=(Words(sv="Borta"),))  # fmt: skip

    page = text_of(site([change]) / "changes-sv.html")

    assert (
        "Utgåva 2 jämförd med utgåva 1: 1 rapport är ny, 2 rapporter har andra siffror och "
        "1 rapport finns inte kvar." in page
    )
    assert "Borta" in page
    assert hand.MUNICIPALITIES[CODES[0]] in page


def test_a_first_edition_says_so(site):
    assert "the first one on this site" in text_of(site() / "changes-en.html")


def test_the_statement_marks_what_the_publisher_must_fill_in(site):
    page = text_of(site() / "accessibility-en.html")

    assert page.count("[to be filled in:") == 5
    assert "This statement is a template" in page
    assert "Digg" in page
    assert "Traficom" not in page


def test_a_filled_in_statement_is_the_publishers_own(site):
    page = text_of(
        site(
            publisher={"sv": "Norra Ån", "en": "Norra Ån"},
            contact="fraga@norraan.example",
            statement={"status": "partial", "method": "self", "assessed": "2026-03-01",
                       "limits": {"sv": "Kartan saknas.", "en": "The map is missing."}},
        )
        / "accessibility-en.html"
    )  # fmt: skip

    assert "to be filled in" not in page
    assert "template" not in page
    for said in ("Norra Ån", "fraga@norraan.example", "in part", "March 1, 2026", "The map is"):
        assert said in page


def test_a_contact_is_a_link_and_a_missing_one_is_said(site):
    assert "No contact for questions" in text_of(site() / "index-en.html")
    page = read(site(contact="fraga@norraan.example") / "index-en.html")
    assert '<a href="mailto:fraga@norraan.example">' in page


def test_the_feed_has_relative_links_and_the_data_cut_as_date(site):
    change = Change("sample", 2, 1, changed=frozenset({f"municipality {CODES[0]}"}))
    channel = ElementTree.fromstring(read(site([change]) / "feed-sv.xml")).find("channel")

    links = [item.findtext("link") for item in channel.iter("item")]
    assert links == ["changes-sv.html", f"sample/municipality-{CODES[0]}/sv/report.html"]
    assert {item.findtext("pubDate") for item in channel.iter("item")} == {
        "Wed, 31 Dec 2025 00:00:00 +0000"
    }
    assert len({item.findtext("guid") for item in channel.iter("item")}) == 2


def test_the_same_entries_give_the_same_bytes(site):
    first = {path.name: path.read_bytes() for path in site().iterdir()}

    assert {path.name: path.read_bytes() for path in site().iterdir()} == first
