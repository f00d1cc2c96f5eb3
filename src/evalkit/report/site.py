"""The index of a site: every report by study, area and language, and a box to search it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from string import Template

from evalkit.errors import ParameterError
from evalkit.provenance import VERSION
from evalkit.report.page import page_strings
from evalkit.report.text import Text, open_text
from evalkit.report.theme import page_style, theme_folder
from evalkit.study import Labels

OWN_NAMES = {"sv": "Svenska", "fi": "Suomi", "en": "English"}
WIDEST_FIRST = ("study", "national", "county", "federation", "municipality")
# The last letters of the Swedish and Finnish alphabets, in the order of their own.
ALPHABET = str.maketrans({"å": "{", "ä": "|", "æ": "|", "ö": "}", "ø": "}"})


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One published report.

    Attributes
    ----------
    labels : Labels
        Its study, and the names of its unit.
    language : str
    href : str
        Its page, relative to the index.
    """

    labels: Labels
    language: str
    href: str

    @property
    def unit(self) -> tuple[str, int, str]:
        """What all language versions of a report share, ordered from wide to narrow."""
        return self.labels.study.name, WIDEST_FIRST.index(self.labels.level), self.labels.code


def write_index(site: Path, entries: Iterable[IndexEntry]) -> list[Path]:
    """Write the index of a site, a page for each language.

    `index.html` is in the first language of the first study; the others are `index-LANGUAGE.html`.

    Parameters
    ----------
    site : Path
        Existing folder that the addresses of the entries are relative to.
    entries : iterable of IndexEntry

    Returns
    -------
    list of Path
        The pages, first language first.

    Raises
    ------
    ParameterError
        If an address is not relative, or two reports have one address.
    """
    listed = list(entries)
    _check(listed)
    if not listed:
        return []
    languages = _languages(listed)
    names = {language: _page_name(language, languages) for language in languages}
    pages = []
    for language in languages:
        path = site / names[language]
        path.write_text(_page(listed, language, names), encoding="utf-8", newline="\n")
        pages.append(path)
    return pages


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


def _page_name(language: str, languages: Sequence[str]) -> str:
    return "index.html" if language == languages[0] else f"index-{language}.html"


def _page(entries: Sequence[IndexEntry], language: str, names: dict[str, str]) -> str:
    text = open_text(entries[0].labels, language)
    units = {entry.unit for entry in entries}
    template = Template((theme_folder() / "index.html").read_text(encoding="utf-8"))
    title = text.say("Evaluation reports")
    return template.substitute(
        language=language,
        title=escape(title),
        style=page_style(),
        skip=escape(page_strings(text)["skip"]),
        subtitle=escape(text.plural("{n} report", "{n} reports", len(units))),
        languages=_language_links(text, names),
        search=escape(text.say("Search by name or code")),
        none=escape(text.say("No report matches the search.")),
        body="\n".join(_study(text, group) for group in _by_study(entries)),
        colophon=escape(text.say("Made with evalkit {version}.", version=VERSION)),
    )


def _language_links(text: Text, names: dict[str, str]) -> str:
    if len(names) < 2:
        return ""
    current = {text.language: ' aria-current="page"'}
    items = [
        f'<li><a href="{name}" lang="{language}" hreflang="{language}"'
        f"{current.get(language, '')}>{OWN_NAMES[language]}</a></li>"
        for language, name in names.items()
    ]
    label = escape(text.say("Language of this list"))
    return f'<ul class="languages" aria-label="{label}">{"".join(items)}</ul>'


def _by_study(entries: Sequence[IndexEntry]) -> list[list[IndexEntry]]:
    order = list(dict.fromkeys(entry.labels.study.name for entry in entries))
    return [[entry for entry in entries if entry.labels.study.name == name] for name in order]


def _study(text: Text, entries: Sequence[IndexEntry]) -> str:
    study = entries[0].labels.study
    whole: list[IndexEntry] = []
    areas: dict[str, list[IndexEntry]] = {}
    for entry in entries:
        is_whole = entry.labels.level in ("study", "national")
        (whole if is_whole else areas.setdefault(_area(text, entry), [])).append(entry)
    cut = text.say("The records cover the time up to and including {month}.",
                   month=text.month(study.data_cut))  # fmt: skip
    blocks = [
        f"<h2>{escape(study.title.in_language(text.language))}</h2>",
        f'<p class="quiet">{escape(cut)}</p>',
        _units(text, whole, ""),
    ]
    for area in sorted(areas, key=_alphabetical):
        heading = f"<h3>{escape(area)}</h3>" if area else ""
        blocks.append(f"<section>{heading}{_units(text, areas[area], area)}</section>")
    return "<section>" + "\n".join(block for block in blocks if block) + "</section>"


def _area(text: Text, entry: IndexEntry) -> str:
    is_area = entry.labels.level in ("federation", "county")
    names = entry.labels.place if is_area else entry.labels.parent
    return names.in_language(text.language)


def _units(text: Text, entries: Sequence[IndexEntry], area: str) -> str:
    if not entries:
        return ""
    ordered = sorted(entries, key=lambda entry: (entry.unit[:2], _place_key(text, entry)))
    units = [list(group) for _, group in groupby(ordered, key=lambda entry: entry.unit)]
    return '<ul class="units">' + "\n".join(_unit(text, unit, area) for unit in units) + "</ul>"


def _place_key(text: Text, entry: IndexEntry) -> tuple[str, str]:
    return _alphabetical(_place(text, entry.labels)), entry.labels.code


def _unit(text: Text, versions: Sequence[IndexEntry], area: str) -> str:
    labels = versions[0].labels
    by_language = {entry.language: entry.href for entry in versions}
    first = text.language if text.language in by_language else versions[0].language
    place = _place(text, labels)
    code = labels.code if labels.level == "municipality" else ""
    words = " ".join([place, code, area, labels.study.title.in_language(text.language)]).lower()
    name = _link(by_language.pop(first), first, text.language, place)
    others = [
        _link(href, language, text.language, OWN_NAMES[language], f"{OWN_NAMES[language]}: {place}")
        for language, href in by_language.items()
    ]
    return (
        f'<li data-words="{escape(words)}"><span class="place">{name}'
        + (f'<span class="code">{escape(code)}</span>' if code else "")
        + f'</span><span class="links">{"".join(others)}</span></li>'
    )


def _place(text: Text, labels: Labels) -> str:
    if labels.level in ("federation", "county"):
        return text.say("The whole area")
    if labels.level == "study":
        return text.say("The whole study")
    if labels.level == "national":
        return text.say("The whole country")
    return labels.place.in_language(text.language)


def _link(href: str, language: str, page_language: str, shown: str, spoken: str = "") -> str:
    said = f' aria-label="{escape(spoken)}"' if spoken else ""
    # The name of a language is written in that language; the name of a place is not.
    own = f' lang="{language}"' if spoken and language != page_language else ""
    return f'<a href="{escape(href)}" hreflang="{language}"{own}{said}>{escape(shown)}</a>'


def _alphabetical(name: str) -> str:
    return name.casefold().translate(ALPHABET)
