"""What has changed since the edition before: a page in words, and a feed of the news."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from evalkit.report.names import name_key
from evalkit.report.page import last_day
from evalkit.report.site_entries import IndexEntry, by_study
from evalkit.report.site_frame import link, page_name
from evalkit.report.text import Text, open_text
from evalkit.study import Words

# RFC 822 has names of its own, in English whatever the language of the feed.
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """What an edition of a study changed.

    Attributes
    ----------
    study : str
    edition : int
    former : int or None
        The edition compared with; None for the first one of this site.
    new, changed, same : frozenset of str
        Units by level and code, as "municipality 0114": new, with other numbers, as before.
    gone : tuple of Words
        Names of units that have no report any more.
    """

    study: str
    edition: int
    former: int | None = None
    new: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    same: frozenset[str] = frozenset()
    gone: tuple[Words, ...] = ()


def compare_editions(study: str, editions: Mapping[int, Mapping[str, Mapping]]) -> Change:
    """Compare the last edition of a study with the one before.

    Parameters
    ----------
    study : str
    editions : mapping of int to mapping
        Of each edition the units, with the digest of their numbers and their names.
    """
    number = max(editions)
    earlier = [item for item in editions if item < number]
    if not earlier:
        return Change(study, number)
    former, now = editions[max(earlier)], editions[number]
    both = former.keys() & now.keys()
    changed = frozenset(u for u in both if former[u]["numbers"] != now[u]["numbers"])
    return Change(
        study,
        number,
        max(earlier),
        new=frozenset(now.keys() - former.keys()),
        changed=changed,
        same=frozenset(both - changed),
        gone=tuple(Words(**former[unit]["place"]) for unit in sorted(former.keys() - now.keys())),
    )


def unit_key(entry: IndexEntry) -> str:
    """How a change names a unit."""
    return f"{entry.labels.level} {entry.labels.code}"


def changes_body(text: Text, entries: Sequence[IndexEntry], changes: Sequence[Change]) -> str:
    """Write the content of the page: each study's changes in words, its reports linked."""
    known = {change.study: change for change in changes}
    blocks = []
    for own in by_study(entries):
        spoken = open_text(own[0].labels, text.language)
        study = spoken.labels.study
        change = known.get(study.name, Change(study.name, study.edition))
        title = escape(study.title.in_language(text.language))
        said = escape(change_sentence(spoken, change))
        lists = _lists(spoken, own, change)
        blocks.append(f"<section><h2>{title}</h2><p>{said}</p>{lists}</section>")
    return "\n".join(blocks)


def change_sentence(text: Text, change: Change) -> str:
    """Say in one or two sentences what an edition changed."""
    if change.former is None:
        return text.say(
            "This is edition {edition}, the first one on this site, so there is nothing to compare "
            "with.", edition=str(change.edition),
        )  # fmt: skip
    counts = [
        text.plural("{n} report is new", "{n} reports are new", len(change.new)),
        text.plural(
            "{n} report has other numbers", "{n} reports have other numbers", len(change.changed)
        ),
        text.plural(
            "{n} report has the same numbers", "{n} reports have the same numbers", len(change.same)
        ),
        text.plural("{n} report is gone", "{n} reports are gone", len(change.gone)),
    ]
    numbers = (change.new, change.changed, change.same, change.gone)
    shown = [said for said, found in zip(counts, numbers, strict=True) if found]
    return text.say(
        "Edition {edition} compared with edition {former}: {changes}.",
        edition=str(change.edition), former=str(change.former), changes=text.list(shown),
    )  # fmt: skip


def _lists(text: Text, entries: Sequence[IndexEntry], change: Change) -> str:
    gone = [escape(name_of(text, words)) for words in change.gone]
    groups = {
        text.say("New reports"): _links(text, entries, change.new),
        text.say("Reports with other numbers"): _links(text, entries, change.changed),
        text.say("Reports that are gone"): gone,
    }
    return "".join(
        f"<h3>{escape(title)}</h3><ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
        for title, items in groups.items()
        if items
    )


def _links(text: Text, entries: Sequence[IndexEntry], units: frozenset[str]) -> list[str]:
    chosen = versions(text, [entry for entry in entries if unit_key(entry) in units])
    return [
        link(entry.href, name_of(text, entry.labels.place, entry.labels.level),
             hreflang=entry.language)
        for entry in chosen
    ]  # fmt: skip


def versions(text: Text, entries: Sequence[IndexEntry]) -> list[IndexEntry]:
    """One entry of each unit, in the page's language where there is one; wide areas first."""
    best: dict[str, IndexEntry] = {}
    for entry in entries:
        if unit_key(entry) not in best or entry.language == text.language:
            best[unit_key(entry)] = entry

    def place(entry: IndexEntry) -> tuple[int, str]:
        return entry.unit[1], name_key(entry.labels.place.in_language(text.language))

    return sorted(best.values(), key=place)


def name_of(text: Text, place: Words, level: str = "") -> str:
    """Name of a unit on its own; the whole has no name of a place."""
    whole = text.say("The whole study") if level == "study" else text.say("The whole country")
    return place.in_language(text.language) or whole


def feed(text: Text, title: str, entries: Sequence[IndexEntry], changes: Sequence[Change]) -> str:
    """Write the news of a site as RSS; the data cut is the date, and every link is relative."""
    known = {change.study: change for change in changes}
    items, dates = [], []
    for own in by_study(entries):
        spoken = open_text(own[0].labels, text.language)
        study = spoken.labels.study
        change = known.get(study.name, Change(study.name, study.edition))
        when = last_day(study.data_cut)
        dates.append(when)
        name = study.title.in_language(text.language)
        identifier = f"{study.name}-{change.edition}-{text.language}"
        heading = text.say("{study}: edition {edition}", study=name, edition=str(change.edition))
        said = change_sentence(spoken, change)
        items.append(_item(heading, page_name("changes", text.language), said, when, identifier))
        fresh = [
            e for e in own if change.former is None or unit_key(e) in change.new | change.changed
        ]
        for entry in versions(spoken, fresh):
            place = name_of(spoken, entry.labels.place, entry.labels.level)
            items.append(_item(f"{name}: {place}", entry.href, "", when,
                               f"{identifier}-{unit_key(entry).replace(' ', '-')}"))  # fmt: skip
    channel = [
        f"<title>{escape(title)}</title>",
        f"<link>{page_name('index', text.language)}</link>",
        f"<description>{escape(title)}</description>",
        f"<language>{text.language}</language>",
        f"<lastBuildDate>{_rfc822(max(dates))}</lastBuildDate>",
        *items,
    ]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<rss version="2.0"><channel>',
        *channel,
        "</channel></rss>",
    ]
    return "\n".join(lines) + "\n"


def _item(title: str, href: str, said: str, when: date, identifier: str) -> str:
    description = f"<description>{escape(said)}</description>" if said else ""
    return (
        f"<item><title>{escape(title)}</title><link>{escape(href)}</link>{description}"
        f'<guid isPermaLink="false">{escape(identifier)}</guid>'
        f"<pubDate>{_rfc822(when)}</pubDate></item>"
    )


def _rfc822(day: date) -> str:
    weekday, month = WEEKDAYS[day.weekday()], MONTHS[day.month - 1]
    return f"{weekday}, {day.day:02d} {month} {day.year} 00:00:00 +0000"
