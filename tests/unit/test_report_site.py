import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from evalkit.errors import ParameterError
from evalkit.report.addresses import external_addresses
from evalkit.report.site import IndexEntry, write_index
from evalkit.study import Labels, Words, parse_study

PLACES = {"0114": "Upplands Väsby", "0192": "Älvby", "2480": "Åby", "0305": "Östby"}


def study(name="lindala", languages=("sv", "en"), title="Samordnad rehabilitering"):
    raw = {
        "title": {"sv": title, "en": "Coordinated rehabilitation"},
        "country": "SE",
        "data_cut": "2025-12",
        "useful_size": {"incidence": "0.05", "months": "1.0"},
        "report": {"languages": list(languages)},
    }
    return parse_study(raw, root=Path("."), name=name)


def entry(code, language, *, level="municipality", parent="Norra Ån", protocol=None):
    labels = Labels(
        study=protocol or study(),
        level=level,
        code=code,
        place=Words(sv=PLACES.get(code, "")),
        parent=Words(sv=parent) if parent else Words(),
    )
    return IndexEntry(
        labels, language, f"{labels.study.name}/{level}-{code}/{language}/report.html"
    )


def entries():
    codes = [entry(code, language) for code in PLACES for language in ("sv", "en")]
    return [*codes, entry("national", "sv", level="national", parent="")]


class Page(HTMLParser):
    """Headings, links and items of a page."""

    def __init__(self, path):
        super().__init__()
        self.headings, self.links, self.text, self.inside = [], [], [], ""
        self.feed(path.read_text(encoding="utf-8").partition("</head>")[2])

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_data(self, data):
        if self.inside in ("h1", "h2", "h3"):
            self.headings.append((int(self.inside[1]), data))
            self.inside = ""
        self.text.append(data)


def test_every_report_is_linked_from_the_index_in_its_language(tmp_path):
    write_index(tmp_path, entries())

    links = Page(tmp_path / "index.html").links
    assert set(links) >= {item.href for item in entries()}


def test_the_first_language_of_the_study_is_the_index_and_the_others_have_their_own(tmp_path):
    pages = write_index(tmp_path, entries())

    indices = [page for page in pages if page.name.startswith("index")]
    assert [page.name for page in indices] == ["index.html", "index-sv.html", "index-en.html"]
    assert indices[0].read_bytes() == indices[1].read_bytes()
    assert '<html lang="sv">' in indices[1].read_text(encoding="utf-8")
    assert '<html lang="en">' in indices[2].read_text(encoding="utf-8")
    assert "index-en.html" in Page(indices[1]).links
    assert "index-sv.html" in Page(indices[2]).links


def test_a_language_without_reports_gets_no_index(tmp_path):
    pages = write_index(tmp_path, [entry("0114", "sv")])

    assert [page.name for page in pages if "index" in page.name] == ["index.html", "index-sv.html"]


def test_headings_are_title_study_and_area_in_order(tmp_path):
    write_index(tmp_path, entries())

    levels = [level for level, _ in Page(tmp_path / "index.html").headings]
    assert levels == [1, 2, 3]


def test_places_stand_in_the_order_of_the_swedish_alphabet(tmp_path):
    write_index(tmp_path, [entry(code, "sv") for code in PLACES])

    text = " ".join(Page(tmp_path / "index.html").text)
    found = sorted(PLACES.values(), key=text.index)
    assert found == ["Upplands Väsby", "Åby", "Älvby", "Östby"]


def test_two_studies_stand_under_headings_of_their_own(tmp_path):
    other = study("other", languages=("en",), title="En annan studie")

    write_index(tmp_path, [*entries(), entry("0114", "en", protocol=other)])

    headings = [text for level, text in Page(tmp_path / "index.html").headings if level == 2]
    assert headings == ["Samordnad rehabilitering", "En annan studie"]


def test_a_report_in_another_language_only_is_still_listed(tmp_path):
    write_index(tmp_path, [entry("0114", "sv"), entry("2480", "en")])

    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert re.search(r'hreflang="en"[^>]*>Åby</a>', page)
    assert re.search(r'hreflang="en" lang="en"[^>]*>English</a>', page)  # and says so


def test_names_are_escaped(tmp_path):
    protocol = study(title="A & B <script>")

    write_index(tmp_path, [entry("0114", "sv", protocol=protocol)])

    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "A &amp; B &lt;script&gt;" in page
    assert "B <script>" not in page


def test_the_index_loads_nothing_from_elsewhere(tmp_path):
    pages = write_index(tmp_path, entries())

    found = {page.name: external_addresses(page.read_text(encoding="utf-8")) for page in pages}
    assert found == {page.name: [] for page in pages}


def test_the_same_entries_give_the_same_bytes(tmp_path):
    first = [page.read_bytes() for page in write_index(tmp_path, entries())]
    second = [page.read_bytes() for page in write_index(tmp_path, list(reversed(entries()))[::-1])]

    assert first == second


def test_an_empty_site_gets_no_index(tmp_path):
    assert write_index(tmp_path, []) == []


@pytest.mark.parametrize("href", ["/srv/report.html", "../report.html", "https://example.org"])
def test_an_address_outside_the_site_is_refused(tmp_path, href):
    labels = entry("0114", "sv").labels

    with pytest.raises(ParameterError, match="1 addresses are not relative"):
        write_index(tmp_path, [IndexEntry(labels, "sv", href)])


def test_one_address_for_two_reports_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="1 addresses are used twice"):
        write_index(tmp_path, [entry("0114", "sv"), entry("0114", "sv")])
