"""Pages in Chromium: nothing in the console, nothing asked of the network, headings in order."""

from pathlib import Path

import pytest
from sample_site import LANGUAGES, write_site

CHROMIUM = Path("/usr/bin/chromium")
PHONE, DESK = 390, 1280

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.is_file(), reason="Debian's chromium is not installed"),
]

OVERFLOWING = """() => [...document.querySelectorAll('body *')]
  .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .filter(e => !e.closest('div.table') && !e.closest('.skip') && !e.closest('details:not([open])'))
  .map(e => e.tagName)"""
SKIPPED = """() => {
  const levels = [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1]);
  return levels.filter((level, i) => level > (i ? levels[i - 1] : 0) + 1);
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    write_site(folder)
    return folder


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


PAGES = ["index.html", "index-fi.html", "index-en.html"]
PAGES += [f"9999/{language}/report.html" for language in LANGUAGES]


@pytest.fixture(params=PAGES)
def page(request, chromium, site):
    """Open a page; what it says to the console and asks for is in `complaints` and `requests`."""
    context = chromium.new_context(viewport={"width": DESK, "height": 900})
    opened = context.new_page()
    opened.complaints, opened.requests = [], []
    opened.on("console", lambda message: opened.complaints.append(message.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on("request", lambda asked: opened.requests.append(asked.url))
    opened.goto((site / request.param).as_uri())
    yield opened
    context.close()


def test_nothing_is_written_to_the_console_and_nothing_asked_of_the_network(page):
    outside = [url for url in page.requests if not url.startswith(("file:", "data:"))]

    assert page.complaints == []
    assert outside == []
    assert len(page.requests) >= 1


def test_headings_are_one_title_and_no_skipped_level(page):
    assert page.locator("h1").count() == 1
    assert page.locator("h2").count() >= 1
    assert page.evaluate(SKIPPED) == []


@pytest.mark.parametrize(
    ("html", "skipped"),
    [
        ("<h1>a</h1><h2>b</h2><h3>c</h3><h2>d</h2>", []),
        ("<h1>a</h1><h3>b</h3>", [3]),
        ("<h2>a</h2>", [2]),
    ],
)
def test_a_skipped_heading_would_be_found(chromium, html, skipped):
    opened = chromium.new_page()
    opened.set_content(html)

    assert opened.evaluate(SKIPPED) == skipped
    opened.close()


@pytest.mark.parametrize(("width", "found"), [("100px", []), ("3000px", ["P"])])
def test_an_element_wider_than_the_screen_would_be_found(chromium, width, found):
    opened = chromium.new_page()
    opened.set_content(f'<p style="width: {width}">a</p>')

    assert opened.evaluate(OVERFLOWING) == found
    opened.close()


def test_a_request_and_a_complaint_would_be_found(chromium):
    opened = chromium.new_page()
    requests, complaints = [], []
    opened.on("request", lambda asked: requests.append(asked.url))
    opened.on("console", lambda message: complaints.append(message.text))
    opened.set_content('<img src="http://127.0.0.1:9/x.png" alt="x">')
    opened.wait_for_function("document.images[0].complete")

    assert requests == ["http://127.0.0.1:9/x.png"]
    assert len(complaints) == 1
    opened.close()


def test_every_picture_has_an_alternative_text_and_is_drawn(page):
    pictures = page.locator("img")

    assert page.locator("img:not([alt]), img[alt='']").count() == 0
    assert pictures.evaluate_all("all => all.filter(i => !i.naturalWidth).length") == 0


def test_the_font_of_the_page_is_its_own(page):
    loaded = page.evaluate(
        "document.fonts.ready.then(f => [...f].filter(x => x.status == 'loaded').length)"
    )

    assert loaded >= 2


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_nothing_is_wider_than_the_screen_but_tables_that_scroll(page, width):
    page.set_viewport_size({"width": width, "height": 900})

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVERFLOWING) == []


def test_the_first_stop_of_the_keyboard_leads_past_the_contents(page):
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.getAttribute('href')") == "#content"


def test_links_within_the_site_lead_to_files(page, site):
    addresses = page.locator("a").evaluate_all("all => all.map(a => a.href.split('#')[0])")

    assert {url for url in addresses if not Path(url.removeprefix("file://")).is_file()} == set()


@pytest.fixture
def index(chromium, site):
    opened = chromium.new_page()
    opened.goto((site / "index.html").as_uri())
    yield opened
    opened.close()


def test_search_finds_a_place_by_its_code(index):
    index.get_by_role("searchbox").fill("9999")

    assert index.locator("li[data-words]:visible").count() == 1


def test_search_without_a_match_says_so(index):
    index.get_by_role("searchbox").fill("nowhere")

    assert index.locator("li[data-words]:visible").count() == 0
    assert index.get_by_role("status").inner_text() != ""


def test_the_index_can_be_read_without_scripts(chromium, site):
    context = chromium.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto((site / "index.html").as_uri())

    assert opened.locator("li[data-words]:visible").count() == 1
    assert opened.locator("input:visible").count() == 0
    context.close()


def test_folds_are_open_on_paper(chromium, site):
    opened = chromium.new_page()
    opened.goto((site / "9999/sv/report.html").as_uri())
    opened.emulate_media(media="print")

    heights = opened.locator("main .fold").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().height)"
    )

    assert min(heights) > 10
    opened.close()
