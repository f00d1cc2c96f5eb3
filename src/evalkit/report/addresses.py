"""What a page would load from elsewhere. Links that a reader may follow are not loads."""

import re
from html.parser import HTMLParser

LOADING = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "audio": ("src",),
    "video": ("src", "poster"),
    "track": ("src",),
    "link": ("href",),
    "input": ("src",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
    "base": ("href",),
}
STYLE_URL = re.compile(r"""url\(\s*["']?([^"')\s]{1,200})|@import\s+["']([^"']{1,200})""")
SCRIPT_URL = re.compile(r"""["'](https?:)?//[^"'\s]{1,200}["']""")
# Most tags of a page, which is mostly tables: no name that loads, no value that holds an address.
HARMLESS = re.compile(
    rf"""<(?!(?:script|style|{"|".join(LOADING)})\b)[a-z][a-z0-9]*"""
    r"""(?:\s[a-z-]+="[^"<>(@/\\&]*")*\s?/?>"""
)


class _Loads(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = ""

    def parse_starttag(self, i: int) -> int:
        """Pass a tag that cannot load anything, without looking into it."""
        harmless = HARMLESS.match(self.rawdata, i)
        if harmless:
            self._inside = ""
            return harmless.end()
        return super().parse_starttag(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._inside = tag
        self._keep(*(values.get(name) or "" for name in LOADING.get(tag, ())))
        self._keep_styles(values.get("style") or "")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self._keep_styles(data)
        elif self._inside == "script":
            self._keep(*(match.group().strip("\"'") for match in SCRIPT_URL.finditer(data)))

    def _keep(self, *addresses: str) -> None:
        self.found += [item for item in addresses if item and not item.startswith(("data:", "#"))]

    def _keep_styles(self, style: str) -> None:
        self._keep(*(first or second for first, second in STYLE_URL.findall(style)))


def external_addresses(html: str) -> list[str]:
    """List every address that a browser would load to show the page; data URIs are inside it.

    Examples
    --------
    >>> external_addresses('<img src="data:image/png;base64,AAAA"><a href="https://scb.se">SCB</a>')
    []
    >>> external_addresses('<script src="https://example.org/x.js"></script>')
    ['https://example.org/x.js']
    """
    parser = _Loads()
    parser.feed(html)
    parser.close()
    return parser.found
