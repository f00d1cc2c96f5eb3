"""Pages in Chromium: nothing in the console, nothing asked of the network, headings in order."""

from pathlib import Path

import pytest
from axe import CHROMIUM
from sample_site import LANGUAGES, PLACES, write_site

from evalkit.report.site_frame import PAGES as SITE_PAGES

PHONE, DESK = 390, 1280

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.is_file(), reason="Debian's chromium is not installed"),
]

OVERFLOWING = """() => [...document.querySelectorAll('body *')]
  .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .filter(e => !e.closest('div.table, .picture, .skip, .hidden, details:not([open])'))
  .filter(e => ![...document.querySelectorAll('thead')].some(  // clipped where rows are stacked
    head => head.contains(e) && getComputedStyle(head).clipPath !== 'none'))
  .map(e => e.tagName)"""
SKIPPED = """() => {
  const levels = [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1]);
  return levels.filter((level, i) => level > (i ? levels[i - 1] : 0) + 1);
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sites") / "site"
    folder.mkdir()
    write_site(folder)
    return folder


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


REPORT = "sample/municipality-9999/{}/report.html"
PAGES = ["index.html"]
PAGES += [f"{page}-{language}.html" for page in SITE_PAGES for language in LANGUAGES]
PAGES += [REPORT.format(language) for language in LANGUAGES]


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

    assert opened.locator("li[data-words]:visible").count() == len(PLACES)
    assert opened.locator("input:visible, select:visible").count() == 0
    context.close()


def test_folds_are_open_on_paper(chromium, site):
    opened = chromium.new_page()
    opened.goto((site / REPORT.format("sv")).as_uri())
    opened.emulate_media(media="print")

    heights = opened.locator("main .fold").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().height)"
    )

    assert min(heights) > 10
    opened.close()


def names(opened) -> list[str]:
    return opened.locator("li[data-words]:visible .place a").all_inner_texts()


def test_a_filter_keeps_what_fits_and_says_how_many(index):
    index.get_by_label("Samordningsförbund").select_option("Södra Ljung")

    assert names(index) == ["Tjärn", "Örnäs"]
    assert index.get_by_role("status").inner_text() == "2 rapporter visas."
    assert index.locator(".dot-table tbody tr:visible").count() == 2


def test_the_list_can_be_put_in_another_order_and_back(index):
    by_area = names(index)
    order = index.locator("[name=order]")

    order.select_option(label="Efter namn")
    assert names(index) == ["Lindala", "Tjärn", "Åby", "Örnäs"]
    order.select_option(label="Efter kod")
    assert names(index) == ["Tjärn", "Örnäs", "Åby", "Lindala"]
    index.get_by_role("button").click()
    index.wait_for_selector(".units.flat", state="detached")
    assert names(index) == by_area == ["Lindala", "Åby", "Tjärn", "Örnäs"]


def test_dots_stand_alphabetically_and_what_is_withheld_is_said(index):
    rows = index.locator(".dot-table tbody tr").all_inner_texts()

    assert [row.split("\t")[0].strip() for row in rows] == ["Lindala", "Tjärn", "Åby", "Örnäs"]
    assert ["Visas inte" in row for row in rows] == [False, True, False, False]


@pytest.fixture
def compare(chromium, site):
    opened = chromium.new_page()
    opened.goto((site / "compare-en.html").as_uri())
    yield opened
    opened.close()


def test_two_chosen_municipalities_stand_alone(compare):
    rows = compare.locator("[data-code]:visible")
    assert rows.count() == len(PLACES)

    compare.get_by_label("Municipality 1").select_option("9999")
    assert rows.count() == len(PLACES)
    compare.get_by_label("Municipality 2").select_option("9997")

    assert rows.locator("th").all_inner_texts() == ["Lindala", "Örnäs"]
    assert compare.get_by_role("status").inner_text() == "The chosen municipalities are shown."


def test_the_comparison_can_be_read_without_scripts(chromium, site):
    context = chromium.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto((site / "compare-en.html").as_uri())

    assert opened.locator("[data-code]:visible").count() == len(PLACES)
    assert opened.locator("select:visible").count() == 0
    context.close()


def test_on_a_phone_a_row_takes_the_whole_width(chromium, site):
    opened = chromium.new_page(viewport={"width": PHONE, "height": 900})
    opened.goto((site / "compare-en.html").as_uri())
    widths = opened.locator("[data-code] td").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().width)"
    )
    opened.close()

    assert min(widths) > PHONE * 0.8


def test_two_studies_are_picked_from_apart(chromium, site, tmp_path):
    """The table of one study stays as it is when municipalities of another are chosen."""
    page = (site / "compare-en.html").read_text(encoding="utf-8")
    start = page.index('<section class="study compare">')
    section = page[start : page.index("</section>", start) + len("</section>")]
    path = tmp_path / "two.html"
    path.write_text(page.replace(section, section + section), encoding="utf-8")
    opened = chromium.new_page()
    opened.goto(path.as_uri())
    first, second = (opened.locator("section.compare").nth(number) for number in (0, 1))
    first.locator("select").nth(0).select_option("9999")
    first.locator("select").nth(1).select_option("9998")

    assert first.locator("[data-code]:visible").count() == 2
    assert second.locator("[data-code]:visible").count() == len(PLACES)
    opened.close()
