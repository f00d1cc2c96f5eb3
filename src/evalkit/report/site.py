"""A site around the reports: index, comparison, changes, accessibility statement, feed."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from evalkit.errors import ParameterError
from evalkit.report.site_changes import Change, changes_body, feed
from evalkit.report.site_compare import compare_body
from evalkit.report.site_entries import IndexEntry, Overview, by_study
from evalkit.report.site_frame import PAGES, feed_name, frame, page_name
from evalkit.report.site_index import index_body
from evalkit.report.site_statement import contact_line, statement_body
from evalkit.report.text import LANGUAGES, Text, open_text

__all__ = ["IndexEntry", "Overview", "write_index"]


def write_index(
    site: Path,
    entries: Iterable[IndexEntry],
    *,
    overviews: Sequence[Overview] = (),
    changes: Sequence[Change] = (),
) -> list[Path]:
    """Write the pages of a site, in each language, and its news feeds.

    Every page is `PAGE-LANGUAGE.html`; `index.html` is the index in the first language of the
    first study.

    Parameters
    ----------
    site : Path
        Existing folder that the addresses of the entries are relative to.
    entries : iterable of IndexEntry
    overviews : sequence of Overview
        Municipalities of a study beside each other; released numbers only.
    changes : sequence of Change
        What the last edition of a study changed.

    Returns
    -------
    list of Path
        The pages, `index.html` first, then language by language.

    Raises
    ------
    ParameterError
        If an address is not relative, or two reports have one address.
    DisclosureError
        If an overview holds anything that has not passed the door.
    """
    listed = list(entries)
    _check(listed)
    if not listed:
        return []
    languages = _languages(listed)
    written: dict[str, str] = {}
    for language in languages:
        written |= _pages(open_text(listed[0].labels, language), listed, overviews, changes,
                          languages)  # fmt: skip
    written = {"index.html": written[page_name("index", languages[0])], **written}
    pages = []
    for name, content in written.items():
        (site / name).write_text(content, encoding="utf-8", newline="\n")
        pages.append(site / name)
    return pages


def is_site_page(name: str) -> bool:
    """Whether a file of a site is one that `write_index` writes, in whatever language."""
    known = {page_name(page, language) for page in PAGES for language in LANGUAGES}
    return name in known | {feed_name(language) for language in LANGUAGES} | {"index.html"}


def _pages(
    text: Text,
    entries: list[IndexEntry],
    overviews: Sequence[Overview],
    changes: Sequence[Change],
    languages: Sequence[str],
) -> dict[str, str]:
    studies = [own[0].labels.study for own in by_study(entries)]
    title = text.say("Evaluation reports")
    units = text.plural("{n} report", "{n} reports", len({entry.unit for entry in entries}))
    compare = text.say("Compare municipalities")
    changed = text.say("What has changed since the edition before")
    statement = text.say("Accessibility statement")
    contact = contact_line(text, studies)
    bodies = {
        "index": (title, units, index_body(text, entries, overviews, contact), "index.js"),
        "compare": (compare, title, compare_body(text, entries, overviews), "compare.js"),
        "changes": (changed, title, changes_body(text, entries, changes), ""),
        "accessibility": (statement, title, statement_body(text, entries), ""),
    }
    pages = {
        page_name(page, text.language): frame(
            text, page, title=heading, subtitle=subtitle, body=body, languages=languages,
            script=script,
        )
        for page, (heading, subtitle, body, script) in bodies.items()
    }  # fmt: skip
    return {**pages, feed_name(text.language): feed(text, title, entries, changes)}


def _check(entries: Sequence[IndexEntry]) -> None:
    hrefs = [entry.href for entry in entries]
    if len(set(hrefs)) < len(hrefs):
        raise ParameterError(f"index: {len(hrefs) - len(set(hrefs))} addresses are used twice")
    outside = [href for href in hrefs if href.startswith(("/", "..")) or ":" in href]
    if outside:
        raise ParameterError(f"index: {len(outside)} addresses are not relative to the site")


def _languages(entries: Sequence[IndexEntry]) -> list[str]:
    wanted = [item for entry in entries for item in entry.labels.study.report.languages]
    present = {entry.language for entry in entries}
    return [item for item in dict.fromkeys(wanted) if item in present]
