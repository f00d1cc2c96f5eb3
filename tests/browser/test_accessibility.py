"""What axe-core sees, and what the keyboard alone reaches."""

import pytest
from axe import CHROMIUM, SCHEMES, WIDTHS, axe_path, violations
from sample_site import LANGUAGES, write_site

from evalkit.report.site_frame import PAGES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.is_file(), reason="Debian's chromium is not installed"),
]
needs_axe = pytest.mark.skipif(
    not axe_path().is_file(), reason="axe-core is not installed: npm install --no-save axe-core"
)
REPORT = "sample/municipality-9999/{}/report.html"
NAMES = [f"{page}-{{}}.html" for page in PAGES] + [REPORT]
# Every stop from the top, as `tag:what`, until the focus is back where it began.
WALK = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) { return null; }
  const box = at.getBoundingClientRect(), look = getComputedStyle(at);
  return {
    key: [...document.querySelectorAll('*')].indexOf(at),
    tag: at.tagName.toLowerCase(),
    href: at.getAttribute('href') || '',
    seen: box.width > 1 && box.height > 1,
    ringed: look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2,
  };
}"""
REACHABLE = """() => {
  const all = [...document.querySelectorAll('*')];
  return [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')]
    .filter(e => e.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true}))
    .map(e => all.indexOf(e));
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


@needs_axe
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_breaks_no_rule_of_wcag_that_a_program_can_see(chromium, site, name, width, scheme):
    context = chromium.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True
    )
    opened = context.new_page()
    found = {}
    for language in LANGUAGES:
        opened.goto((site / name.format(language)).as_uri())
        found[language] = violations(opened)
    context.close()

    assert found == {language: [] for language in LANGUAGES}


@needs_axe
@pytest.mark.parametrize(
    ("planted", "rule"),
    [
        ('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', "image-alt"),
        ('<p style="color:#aaa;background:#fff">grey</p>', "color-contrast"),
        ("<select><option>a</option></select>", "select-name"),
    ],
)
def test_a_planted_fault_is_found(chromium, planted, rule):
    opened = chromium.new_page()
    opened.set_content(f'<html lang="en"><title>t</title><main><h1>t</h1>{planted}</main></html>')

    assert [fault.split(":")[0] for fault in violations(opened)] == [rule]
    opened.close()


def stops(opened) -> list[dict]:
    """Every stop of the Tab key, in order, from the top of the page to its end."""
    found = []
    while len(found) < 500:
        opened.keyboard.press("Tab")
        stop = opened.evaluate(WALK)
        if stop is None or (found and stop["key"] == found[0]["key"]):
            return found
        found.append(stop)
    return found


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_the_keyboard_alone_reaches_everything_in_order(chromium, site, name, width):
    opened = chromium.new_page(viewport={"width": width, "height": 900})
    opened.goto((site / name.format("sv")).as_uri())
    expected = opened.evaluate(REACHABLE)

    found = stops(opened)
    opened.close()

    assert [stop["key"] for stop in found] == expected
    assert found[0]["href"] == "#content"
    assert [stop for stop in found if not stop["seen"] or not stop["ringed"]] == []


def test_a_fold_opens_and_a_filter_works_from_the_keyboard(chromium, site):
    opened = chromium.new_page()
    opened.goto((site / REPORT.format("sv")).as_uri())
    opened.locator("main summary").first.focus()
    opened.keyboard.press("Enter")
    assert opened.locator("main details").first.get_attribute("open") is not None

    opened.goto((site / "index-sv.html").as_uri())
    opened.get_by_label("Samordningsförbund").focus()
    opened.keyboard.press("ArrowDown")
    assert opened.locator("li[data-words]:visible").count() == 2
    opened.close()


def test_the_skip_link_leads_to_the_content(chromium, site):
    opened = chromium.new_page()
    opened.goto((site / "index-sv.html").as_uri())
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")

    assert opened.evaluate("document.activeElement.id") == "content"
    opened.close()


@pytest.mark.parametrize("name", NAMES)
def test_at_four_hundred_per_cent_nothing_is_cut_but_what_scrolls(chromium, site, name):
    """1280 pixels at 400 per cent are 320 pixels of the page (WCAG 1.4.10)."""
    opened = chromium.new_page(viewport={"width": 320, "height": 256})
    for language in LANGUAGES:
        opened.goto((site / name.format(language)).as_uri())
        assert opened.evaluate("document.documentElement.scrollWidth") <= 320
    opened.close()


SPACED = (
    "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; "
    "word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }"
)


@pytest.mark.parametrize("name", NAMES)
def test_wider_spacing_of_the_text_cuts_nothing(chromium, site, name):
    """The spacing of WCAG 1.4.12."""
    context = chromium.new_context(viewport={"width": 390, "height": 900}, bypass_csp=True)
    opened = context.new_page()
    opened.goto((site / name.format("fi")).as_uri())
    opened.add_style_tag(content=SPACED)

    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
