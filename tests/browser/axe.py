"""axe-core in Chromium: what of WCAG 2.1 A and AA a program can see on a page.

`python tests/browser/axe.py FOLDER` looks at every page of a site, in light and dark, at the width
of a phone and of a desk.
"""

import os
import sys
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).parents[2]
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
SCHEMES, WIDTHS = ("light", "dark"), (390, 1280)
# Nothing is hidden from the check: folds are open.
RUN = """async (tags) => {
  document.querySelectorAll('details').forEach(fold => { fold.open = true; });
  const found = await axe.run(document, {runOnly: {type: 'tag', values: tags}});
  return found.violations.map(fault =>
    [fault.id, fault.nodes.length, fault.nodes[0].target.join(' ')].join(': '));
}"""


def axe_path() -> Path:
    """The program axe-core, as npm puts it: in the checkout, or where AXE_CORE says."""
    folder = Path(os.environ.get("AXE_CORE", ROOT / "node_modules" / "axe-core"))
    return folder / "axe.min.js"


@cache
def axe_source() -> str:
    return axe_path().read_text(encoding="utf-8")


def violations(page) -> list[str]:
    """What axe-core finds on an open page: rule, number of places, the first of them."""
    page.evaluate(axe_source() + "; undefined")
    return page.evaluate(RUN, list(TAGS))


def looked_at(browser, pages: list[Path]) -> Iterator[tuple[str, list[str]]]:
    """Every page in both schemes and widths, and what was found on it."""
    for scheme, width in product(SCHEMES, WIDTHS):
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True
        )
        opened = context.new_page()
        for path in pages:
            opened.goto(path.as_uri())
            yield f"{path.as_posix()} {scheme} {width}", violations(opened)
        context.close()


def main(folder: Path) -> int:
    from playwright.sync_api import sync_playwright

    pages = sorted(folder.resolve().rglob("*.html"))
    looks = faults = 0
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        for name, found in looked_at(browser, pages):
            looks += 1
            faults += len(found)
            for fault in found:
                print(f"{name}: {fault}")
        browser.close()
    print(f"{len(pages)} pages looked at {looks} times: {faults} violations")
    return 1 if faults or not pages else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
