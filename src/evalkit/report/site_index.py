"""The index of a site: every report by study and area, what narrows the list, and the dots."""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from evalkit.report.names import name_key, sentence_case
from evalkit.report.page import FILES, FORMAT_NAMES, covered_time
from evalkit.report.phrases import within
from evalkit.report.reading import horizon
from evalkit.report.site_dots import dot_table
from evalkit.report.site_entries import (
    OWN_NAMES,
    IndexEntry,
    Overview,
    by_study,
    places,
)
from evalkit.report.site_frame import choice, link
from evalkit.report.text import Text, open_text
from evalkit.study import Labels

FILE_NAMES = {**FORMAT_NAMES, "xlsx": "Excel"}


def index_body(
    text: Text, entries: Sequence[IndexEntry], overviews: Sequence[Overview], contact: str
) -> str:
    """Write the content of the index: the filters, then each study with its reports and dots."""
    names = _in_order(text, entries)
    known = {overview.study: overview for overview in overviews}
    studies = [
        _study(open_text(own[0].labels, text.language), own, names,
               known.get(own[0].labels.study.name))
        for own in by_study(entries)
    ]  # fmt: skip
    return "\n".join([_filters(text, entries), *studies, contact])


def level_names(text: Text) -> dict[str, str]:
    """Levels of reports, widest first."""
    return {
        "study": text.say("The whole study"),
        "national": text.say("The whole country"),
        "county": text.say("Counties"),
        "federation": text.say("Coordination federations"),
        "municipality": text.say("Municipalities"),
    }


def _filters(text: Text, entries: Sequence[IndexEntry]) -> str:
    every = text.say("All")
    levels = {entry.labels.level for entry in entries}
    choices = {
        "level": (
            text.say("Level"),
            {level: name for level, name in level_names(text).items() if level in levels},
        ),
        "county": (text.say("County"), _named(entry.county for entry in entries)),
        "federation": (text.say("Federation"), _named(entry.federation for entry in entries)),
        "language": (
            text.say("Language of the report"),
            {
                language: name
                for language, name in OWN_NAMES.items()
                if language in {entry.language for entry in entries}
            },
        ),
    }
    fields = [
        choice(name, label, options, every)
        for name, (label, options) in choices.items()
        if len(options) > 1
    ]
    orders = {"name": text.say("By name"), "code": text.say("By code")}
    fields.append(choice("order", text.say("Order"), orders, text.say("By area")))
    one, many = _counted(text)
    none = text.say("No report matches the search.")
    search, everything = text.say("Search by name or code"), text.say("Show all")
    return (
        '<form class="filters" role="search" hidden>'
        f'<label class="field search"><span>{escape(search)}</span>'
        '<input type="search" name="words" autocomplete="off"></label>'
        f'{"".join(fields)}<button type="reset">{escape(everything)}</button>'
        f'<p class="found quiet" role="status" data-one="{escape(one)}" '
        f'data-many="{escape(many)}" data-none="{escape(none)}"></p></form>'
    )


def _counted(text: Text) -> tuple[str, str]:
    """The sentence of the count in one and in many, its number left open for the script."""
    one, many = (
        text.plural("{n} report is shown.", "{n} reports are shown.", count) for count in (1, 2)
    )
    return one, many.replace(text.number(2), "#")


def _named(names) -> dict[str, str]:
    return {name: name for name in sorted(set(filter(None, names)), key=name_key)}


def _study(
    text: Text, entries: Sequence[IndexEntry], order: dict[str, int], overview: Overview | None
) -> str:
    study = entries[0].labels.study
    whole: list[IndexEntry] = []
    areas: dict[str, list[IndexEntry]] = {}
    for entry in entries:
        is_whole = entry.labels.level in ("study", "national")
        (whole if is_whole else areas.setdefault(_area(text, entry), [])).append(entry)
    sums_up = any(entry.analyses for entry in entries)
    cut = covered_time(text, "" if sums_up else study.data_cut)
    blocks = [_units(text, whole, "", order), _analyses(text, entries, len(order))]
    for area in sorted(areas, key=name_key):
        heading = f"<h3>{escape(area)}</h3>" if area else ""
        listed = _units(text, areas[area], area, order)
        blocks.append(f'<section class="area">{heading}{listed}</section>')
    dots = _dots(text, entries, overview) if overview is not None else ""
    return (
        '<section class="study">'
        f"<h2>{escape(study.title.in_language(text.language))}</h2>"
        f'<p class="quiet">{escape(cut)}</p>'
        f'<div class="columns"><div class="reports">{"".join(filter(None, blocks))}</div>{dots}'
        "</div></section>"
    )


def _analyses(text: Text, entries: Sequence[IndexEntry], n_report: int) -> str:
    """Links to the analyses that a report sums up, in the language of the index if it has them."""
    known = {entry.language: entry for entry in entries if entry.analyses}
    if not known:
        return ""
    entry = known.get(text.language) or next(iter(known.values()))
    lang = "" if entry.language == text.language else entry.language
    listed = "".join(
        f'<li data-words="{escape(title.lower())}" data-level="{entry.labels.level}" '
        f'data-languages="{" ".join(known)}" data-name="{number:06d}" data-code="1{number:06d}">'
        f'<span class="place">{link(href, title, hreflang=entry.language, lang=lang)}</span></li>'
        for number, (title, href) in enumerate(entry.analyses, start=n_report)
    )
    return f'<ul class="units">{listed}</ul>'


def _dots(text: Text, entries: Sequence[IndexEntry], overview: Overview) -> str:
    listed = places(overview, entries, text)
    if not listed:
        return ""
    heading = f"dots-{overview.study}"
    title, reading = dots_words(text, overview)
    return (
        f'<section class="plot"><h3 id="{heading}">{escape(title)}</h3>'
        f"{dot_table(overview, listed, text, heading)}"
        f'<p class="source">{escape(reading)}</p></section>'
    )


def dots_words(text: Text, overview: Overview) -> tuple[str, str]:
    """Heading of the dots, and how they are to be read."""
    title = text.say(
        "{outcome} {within}, per cent of those who started",
        outcome=sentence_case(text.outcome),
        within=within(horizon(overview.table, text), text),
    )
    reading = text.say(
        "Each dot is a municipality and the bar its interval; the line is all together. The order "
        "is alphabetical and is not a ranking: where bars overlap the line, chance alone can be "
        "behind the distance."
    )
    return title, reading


def _area(text: Text, entry: IndexEntry) -> str:
    is_area = entry.labels.level in ("federation", "county")
    names = entry.labels.place if is_area else entry.labels.parent
    return names.in_language(text.language)


def _units(text: Text, entries: Sequence[IndexEntry], area: str, order: dict[str, int]) -> str:
    if not entries:
        return ""
    ordered = sorted(entries, key=lambda entry: (entry.unit[:2], _place_key(text, entry)))
    units = [list(group) for _, group in groupby(ordered, key=lambda entry: entry.unit)]
    listed = "\n".join(_unit(text, unit, area, order) for unit in units)
    return f'<ul class="units">{listed}</ul>'


def _place_key(text: Text, entry: IndexEntry) -> tuple[str, str]:
    return name_key(_place(text, entry.labels)), entry.labels.code


def _in_order(text: Text, entries: Sequence[IndexEntry]) -> dict[str, int]:
    """Number of each report when all stand by name, wide areas first."""
    keys = {
        entry.href: (
            entry.unit[1],
            name_key(entry.labels.place.in_language(text.language)),
            entry.labels.code,
        )
        for entry in entries
    }
    return {href: number for number, href in enumerate(sorted(keys, key=keys.__getitem__))}


def _unit(text: Text, versions: Sequence[IndexEntry], area: str, order: dict[str, int]) -> str:
    entry = versions[0]
    labels = entry.labels
    by_language = {item.language: item.href for item in versions}
    first = text.language if text.language in by_language else versions[0].language
    place = text.say("All analyses together") if entry.analyses else _place(text, labels)
    code = labels.code if labels.level == "municipality" else ""
    words = " ".join([place, code, area, labels.study.title.in_language(text.language)]).lower()
    name = link(by_language[first], place, hreflang=first)
    others = _files(next(item for item in versions if item.language == first), place)
    others += [
        link(href, OWN_NAMES[language], hreflang=language,
             lang=language,
             aria_label=f"{OWN_NAMES[language]}: {place}")
        for language, href in by_language.items()
        if language != text.language  # the name leads there; to another language, this says so
    ]  # fmt: skip
    found = {
        "words": words,
        "level": labels.level,
        "county": entry.county,
        "federation": entry.federation,
        "languages": " ".join(by_language),
        "name": f"{order[entry.href]:06d}",
        "code": f"{labels.level != 'municipality':d}{labels.code}",
    }
    data = " ".join(f'data-{key}="{escape(value)}"' for key, value in found.items())
    return (
        f'<li {data}><span class="place">{name}'
        + (f'<span class="code">{escape(code)}</span>' if code else "")
        + (f'<span class="within">{escape(area)}</span>' if area else "")
        + f'</span><span class="links">{"".join(others)}</span></li>'
    )


def _files(entry: IndexEntry, place: str) -> list[str]:
    """Links to the other formats of the version that the name of a unit leads to."""
    folder = entry.href.rpartition("/")[0]
    return [
        link(f"{folder}/{FILES[name]}", shown, hreflang=entry.language,
             aria_label=f"{shown}: {place}")
        for name, shown in FILE_NAMES.items()
        if name in entry.formats
    ]  # fmt: skip


def _place(text: Text, labels: Labels) -> str:
    if labels.level in ("federation", "county"):
        return text.say("The whole area")
    if labels.level == "study":
        return text.say("The whole study")
    if labels.level == "national":
        return text.say("The whole country")
    return labels.place.in_language(text.language)
