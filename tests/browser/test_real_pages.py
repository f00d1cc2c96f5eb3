"""Real reports of the Finnish study in all three languages, in Chromium."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from axe import CHROMIUM, axe_path, looked_at
from checkouts import make_checkout
from reading_level import jargon, lix

LANGUAGES = ("fi", "sv", "en")
UNITS = ("municipality-007", "municipality-112", "national")  # the second is a small one
# Words of one language that cannot stand in a page of another.
ONLY_ENGLISH = re.compile(r"\b(the|of|with|people|who|were|which|this|they|their|group)\b", re.I)
ONLY_SWEDISH = re.compile(r"\b(och|inte|personer|starten|andel|med|efter|är)\b", re.I)
# "ja" is a word of Swedish too.
ONLY_FINNISH = re.compile(r"\b(ei|sekä|henkilöä|osuus|jälkeen|kuukautta|ovat|oli)\b", re.I)
FOREIGN = {
    "en": (ONLY_SWEDISH, ONLY_FINNISH),
    "sv": (ONLY_ENGLISH, ONLY_FINNISH),
    "fi": (ONLY_ENGLISH, ONLY_SWEDISH),
}
OWN = {"en": ONLY_ENGLISH, "sv": ONLY_SWEDISH, "fi": ONLY_FINNISH}
DEBUG = re.compile(r"\bnan\b|\bNone\b|\binf\b|-0\b|Traceback|<[A-Z]\w+:|\{[a-z_]+\}|\bTrue\b")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.is_file(), reason="Debian's chromium is not installed"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    checkout = make_checkout(tmp_path_factory.mktemp("reports"), languages="[fi, sv, en]")
    result = checkout.report(*(word for unit in UNITS for word in ("--only", unit)))
    assert result.returncode == 0, result.stderr + result.stdout
    return checkout.site


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=[(unit, language) for unit in UNITS for language in LANGUAGES], ids=str)
def page(request, chromium, site):
    unit, language = request.param
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.language = language
    opened.complaints, opened.requests = [], []
    opened.on("console", lambda message: opened.complaints.append(message.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on("request", lambda asked: opened.requests.append(asked.url))
    opened.goto(next(site.glob(f"*/{unit}/{language}/report.html")).as_uri())
    opened.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    yield opened
    context.close()


def words_of(page) -> str:
    """Visible words without the table of provenance, which holds names of functions."""
    return page.evaluate(
        "() => { const main = document.querySelector('main').cloneNode(true);"
        " main.querySelectorAll('table').forEach(table => {"
        " if (table.innerText.includes('cumulative_incidence')) table.remove(); });"
        " return main.innerText; }"
    )


def test_a_report_asks_for_nothing_and_says_nothing_to_the_console(page):
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith(("file:", "data:"))] == []


def test_headings_are_in_order_and_no_section_is_empty(page):
    levels = page.evaluate(
        "() => [...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])"
    )
    empty = page.evaluate(
        "() => [...document.querySelectorAll('h2')].filter(h => !h.nextElementSibling).length"
    )

    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    assert len(levels) >= 9
    assert empty == 0


SCROLLED = """() => [...document.querySelectorAll('.picture')]
  .filter(e => e.scrollWidth > e.clientWidth + 1)
  .map(e => e.querySelector('img').alt.slice(0, 60) + ' ' + (e.scrollWidth - e.clientWidth))"""


def test_on_a_phone_every_figure_stands_whole(page):
    page.set_viewport_size({"width": 390, "height": 844})

    assert page.locator(".picture img").count() >= 3
    assert page.evaluate(SCROLLED) == []


# Sentences of the first page: all before the third heading but figures and the numbers of cards.
FIRST_PAGE = """() => {
  const main = document.querySelector('main').cloneNode(true);
  main.querySelectorAll('figure, .cards, .label, table, summary').forEach(e => e.remove());
  const end = main.querySelectorAll('h2')[2];
  return [...main.querySelectorAll('p, li')]
    .filter(e => e.compareDocumentPosition(end) & Node.DOCUMENT_POSITION_FOLLOWING)
    .map(e => e.textContent.trim()).join('\\n');
}"""


def test_the_first_page_is_easy_to_read_and_has_no_word_of_the_trade(page):
    text = page.evaluate(FIRST_PAGE)

    assert len(text) > 300
    assert lix(text, page.language) < 45
    assert jargon(text, page.language) == []


@pytest.mark.skipif(not axe_path().is_file(), reason="axe-core is not installed")
def test_no_page_of_the_site_breaks_a_rule_of_wcag_that_a_program_can_see(chromium, site):
    pages = sorted(site.rglob("*.html"))
    found = dict(looked_at(chromium, pages))

    assert len(found) == 4 * (len(UNITS) * len(LANGUAGES) + 4 * len(LANGUAGES) + 1)
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_the_pages_around_the_reports_lead_to_files_only(chromium, site):
    opened = chromium.new_page()
    outside = set()
    for path in site.glob("*.html"):
        opened.goto(path.as_uri())
        links = opened.locator("a").evaluate_all("all => all.map(a => a.href.split('#')[0])")
        outside |= {
            url for url in links if not Path(unquote(url).removeprefix("file://")).is_file()
        }
    opened.close()

    assert outside == set()


def test_every_figure_has_an_alternative_text_in_the_language_of_the_report(page):
    texts = page.evaluate("() => [...document.querySelectorAll('img')].map(img => img.alt)")

    assert len(texts) >= (3 if "municipality-112" in page.url else 8)
    assert all(len(text) > 30 for text in texts)
    assert [t for t in texts if any(other.search(t) for other in FOREIGN[page.language])] == []


def test_every_word_is_in_the_language_of_the_report(page):
    text = words_of(page)

    assert len(OWN[page.language].findall(text)) > 20
    assert [other.findall(text) for other in FOREIGN[page.language]] == [[], []]


def test_nothing_of_the_program_shows(page):
    assert DEBUG.findall(words_of(page)) == []
    assert page.locator("pre, .sourceCode").count() == 0


def test_the_language_check_fires():
    assert ONLY_ENGLISH.search("andel av the personer")
    assert DEBUG.findall("nan and -0 and {n}") == ["nan", "-0", "{n}"]
