"""The frame that every page of a site has: title, the other pages, languages, foot."""

from collections.abc import Mapping, Sequence
from html import escape
from string import Template

from evalkit.provenance import VERSION
from evalkit.report.page import page_strings
from evalkit.report.site_entries import OWN_NAMES
from evalkit.report.text import Text
from evalkit.report.theme import page_style, theme_folder

PAGES = ("index", "compare", "changes", "accessibility")


def page_name(page: str, language: str) -> str:
    """File of a page of the site in a language."""
    return f"{page}-{language}.html"


def feed_name(language: str) -> str:
    """File of the news feed in a language."""
    return f"feed-{language}.xml"


def frame(
    text: Text,
    page: str,
    *,
    title: str,
    subtitle: str,
    body: str,
    languages: Sequence[str],
    pages: Sequence[str] = PAGES,
    script: str = "",
) -> str:
    """Write one page of a site.

    Parameters
    ----------
    text : Text
    page : str
        Which of the pages it is.
    title, subtitle : str
        Heading and the quiet line below it, plain text.
    body : str
        Markup of the content.
    languages : sequence of str
        Languages of the site.
    pages : sequence of str
        Pages that the site has.
    script : str
        Name of a script of the theme; the page must be readable without it.
    """
    template = Template((theme_folder() / "index.html").read_text(encoding="utf-8"))
    code = (theme_folder() / script).read_text(encoding="utf-8") if script else ""
    return template.substitute(
        language=text.language,
        page=page,
        title=escape(title),
        style=page_style(),
        skip=escape(page_strings(text)["skip"]),
        subtitle=escape(subtitle),
        pages=_page_links(text, page, pages),
        languages=_language_links(text, page, languages),
        body=body,
        colophon=escape(text.say("Made with evalkit {version}.", version=VERSION)),
        feed=link(feed_name(text.language), text.say("News feed (RSS)")),
        script=f"<script>\n{code}</script>" if code else "",
    )


def link(href: str, shown: str, **attributes: str) -> str:
    """Write a link; further attributes by name (`_` stands for `-`)."""
    more = "".join(
        f' {name.replace("_", "-")}="{escape(value)}"'
        for name, value in attributes.items()
        if value
    )
    return f'<a href="{escape(href)}"{more}>{escape(shown)}</a>'


def option(value: str, shown: str) -> str:
    """Write an option of a choice."""
    return f'<option value="{escape(value)}">{escape(shown)}</option>'


def choice(name: str, label: str, options: Mapping[str, str], first: str) -> str:
    """Write a labelled choice; `first` is what stands for no choice."""
    listed = "".join(option(value, shown) for value, shown in options.items())
    return (
        f'<label class="field"><span>{escape(label)}</span>'
        f'<select name="{name}">{option("", first)}{listed}</select></label>'
    )


def _page_links(text: Text, current: str, pages: Sequence[str]) -> str:
    names = {
        "index": text.say("All reports"),
        "compare": text.say("Compare municipalities"),
        "changes": text.say("What has changed"),
        "accessibility": text.say("Accessibility"),
    }
    items = [
        f"<li>{link(page_name(page, text.language), names[page], aria_current=_now(page, current))}"
        "</li>"
        for page in pages
    ]
    label = escape(text.say("Pages of this site"))
    return f'<nav class="pages" aria-label="{label}"><ul>{"".join(items)}</ul></nav>'


def _language_links(text: Text, page: str, languages: Sequence[str]) -> str:
    if len(languages) < 2:
        return ""
    items = [
        "<li>"
        + link(page_name(page, language), OWN_NAMES[language], lang=language, hreflang=language,
               aria_current=_now(language, text.language))
        + "</li>"
        for language in languages
    ]  # fmt: skip
    label = escape(text.say("Language of this page"))
    return f'<ul class="languages" aria-label="{label}">{"".join(items)}</ul>'


def _now(name: str, current: str) -> str:
    return "page" if name == current else ""
