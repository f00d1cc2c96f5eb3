"""Two to five municipalities beside each other: a table of all, that a script narrows."""

import math
from collections.abc import Sequence
from html import escape

from evalkit.report.certainty import estimand_label
from evalkit.report.names import sentence_case
from evalkit.report.phrases import place_withheld, within
from evalkit.report.reading import contrast_label, horizon
from evalkit.report.site_dots import Scale, axis, share_scale, written
from evalkit.report.site_entries import IndexEntry, Overview, Place, by_study, places
from evalkit.report.site_frame import link, option
from evalkit.report.text import Text, open_text

MOST = 5


def compare_body(text: Text, entries: Sequence[IndexEntry], overviews: Sequence[Overview]) -> str:
    """Write the content of the comparison: for each study the choice, the table, how to read it."""
    known = {overview.study: overview for overview in overviews}
    studies = []
    for own in by_study(entries):
        overview = known.get(own[0].labels.study.name)
        spoken = open_text(own[0].labels, text.language)
        listed = places(overview, own, spoken) if overview is not None else []
        if listed:
            studies.append(_study(spoken, overview, listed))
    nothing = text.say("There are no municipalities to compare on this site.")
    return "\n".join(studies) or f"<p>{escape(nothing)}</p>"


def _study(text: Text, overview: Overview, listed: Sequence[Place]) -> str:
    study = text.labels.study
    heading = f"compare-{overview.study}"
    columns = _columns(text, overview)
    notes = "".join(
        f'<p class="source">{escape(note)}</p>' for note in _notes(text, overview, columns)
    )
    return (
        '<section class="study compare">'
        f'<h2 id="{heading}">{escape(study.title.in_language(text.language))}</h2>'
        f'<p class="lead">{escape(_question(text, overview))}</p>'
        f"{_choices(text, listed, heading)}{_table(text, overview, listed, columns, heading)}"
        f"{notes}</section>"
    )


def _question(text: Text, overview: Overview) -> str:
    return text.say(
        "{outcome} {within}: how many of those who started?",
        outcome=sentence_case(text.outcome),
        within=within(horizon(overview.table, text), text),
    )


def _notes(text: Text, overview: Overview, columns: dict[str, str]) -> list[str]:
    """How the table is to be read, column by column."""
    reading = text.say(
        "Dot: the number; bar: its 95 per cent interval. The municipalities differ in more than "
        "the help they give, and the order is not a ranking: where intervals overlap, chance alone "
        "can be behind the distance."
    )
    if "difference" in columns:
        reading += " " + text.say("Upright line: no difference.")
    notes = {
        "": reading,
        "detectable": text.say(
            "The smallest detectable difference: with as many people as in that municipality, a "
            "true difference would be seen in 8 of 10 studies if it were at least so large; a "
            "smaller one can be there and not be seen."
        ),
    }
    if overview.rounding > 1:
        base = str(overview.rounding)
        notes["started"] = text.say(
            "The numbers who started are rounded to the nearest {base}.", base=base
        )
    return [note for name, note in notes.items() if not name or name in columns]


def _invitation(text: Text, n: int) -> str:
    """Say how many of `n` municipalities can be chosen, which are three or more."""
    if n == 3:
        return text.say("All municipalities are shown. Choose two or three to compare them.")
    if n == 4:
        return text.say("All municipalities are shown. Choose two to four to compare them.")
    return text.say("All municipalities are shown. Choose two to five to compare them.")


def _choices(text: Text, listed: Sequence[Place], heading: str) -> str:
    """The choice of municipalities; two of them are beside each other without one."""
    if len(listed) < 3:
        return ""
    options = option("", text.say("None")) + "".join(
        option(place.code, place.name) for place in listed
    )
    titles = [
        text.say("Municipality {number}", number=str(number))
        for number in range(1, min(MOST, len(listed)) + 1)
    ]
    fields = "".join(
        f'<label class="field"><span>{escape(title)}</span><select>{options}</select></label>'
        for title in titles
    )
    everything = text.say("Show all")
    words = {
        "all": _invitation(text, len(listed)),
        "one": text.say("Choose one more municipality."),
        "some": text.say("The chosen municipalities are shown."),
    }
    data = " ".join(f'data-{name}="{escape(said)}"' for name, said in words.items())
    return (
        f'<form class="filters pick" aria-labelledby="{heading}" hidden>{fields}'
        f'<button type="reset">{escape(everything)}</button>'
        f'<p class="found quiet" role="status" {data}></p></form>'
    )


def _columns(text: Text, overview: Overview) -> dict[str, str]:
    """Columns that there are numbers for, by what they show."""
    columns = {}
    if overview.curves:
        columns["started"] = text.say("People who started")
    columns["programme"] = sentence_case(text.say("programme group"))
    if overview.has("arm", ", comparison"):
        columns["comparison"] = sentence_case(text.say("comparison group"))
    if overview.has("difference", ", comparison"):
        label = estimand_label(contrast_label(overview.table, text), text)
        columns["difference"] = text.say("Difference of 100 people ({label})", label=label)
        if any(math.isfinite(overview.smallest_detectable(code)) for code in overview.codes):
            columns["detectable"] = text.say("Smallest detectable difference of 100 people")
    return columns


def _scales(overview: Overview, codes: Sequence[str]) -> dict[str, Scale]:
    """The line of each column; both arms have the same one."""
    arms = ("programme", "comparison")
    shares = share_scale(overview.value(code, arm) for code in codes for arm in arms)
    values = [overview.difference(code) for code in codes]
    ends = [abs(end) for value in values if value.shown for end in (value.low, value.high)]
    widest = math.ceil(10 * max(ends, default=0.1)) / 10
    return {"programme": shares, "comparison": shares, "difference": Scale(-widest, widest)}


def _table(
    text: Text,
    overview: Overview,
    listed: Sequence[Place],
    columns: dict[str, str],
    heading: str,
) -> str:
    scales = _scales(overview, [place.code for place in listed])
    axes = {name: axis(scale, text) for name, scale in scales.items()}
    head = [
        f'<th scope="col" role="columnheader" class="{name}">{escape(title)}{axes.get(name, "")}'
        "</th>"
        for name, title in {"name": text.say("Municipality"), **columns}.items()
    ]
    rows = "".join(_row(text, overview, place, columns, scales) for place in listed)
    ends = escape(_ends(text, scales))
    return (
        f'<table class="compare-table" role="table" aria-labelledby="{heading}" style="{ends}">'
        f'<thead role="rowgroup"><tr role="row">{"".join(head)}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>'
    )


def _ends(text: Text, scales: dict[str, Scale]) -> str:
    """Numbers at the ends of the lines, for the style of a phone, which has no heading row."""
    share, difference = scales["programme"], scales["difference"]
    known = {
        "share-start": text.number(100 * share.low),
        "share-end": text.number(100 * share.high),
        "difference-start": text.number(100 * difference.low, signed=True),
        "difference-end": text.number(100 * difference.high, signed=True),
    }
    return ";".join(f'--{name}:"{number}"' for name, number in known.items())


def _row(
    text: Text,
    overview: Overview,
    place: Place,
    columns: dict[str, str],
    scales: dict[str, Scale],
) -> str:
    cells, hidden = [], []
    why = overview.value(place.code, "programme").reason
    for name, title in columns.items():
        said = _cell(text, overview, place.code, name, scales)
        if not said:
            hidden.append(title)
            continue
        cells += [_withheld(text, hidden, why)] if hidden else []
        cells.append(f'<td role="cell" class="{name}" data-label="{escape(title)}">{said}</td>')
        hidden = []
    cells += [_withheld(text, hidden, why)] if hidden else []
    name = link(place.href, place.name, hreflang=place.language)
    return (
        f'<tr role="row" data-code="{escape(place.code)}"><th scope="row" role="rowheader">{name}'
        f"</th>{''.join(cells)}</tr>"
    )


def _cell(text: Text, overview: Overview, code: str, column: str, scales: dict[str, Scale]) -> str:
    """A number with its interval and dot; empty where it is not shown."""
    if column == "started":
        n = overview.started(code, text)
        return f'<span class="value">{escape(n)}</span>' if n else ""
    if column == "detectable":
        return _detectable(text, overview, code)
    if column == "difference":
        value = overview.difference(code)
        if not value.shown:
            return ""
        number = text.number(100 * value.estimate, signed=True)
        interval = text.range(100 * value.low, 100 * value.high, signed=True)
        dots = scales[column].dot(value, " zero")
    else:
        value = overview.value(code, column)
        if not value.shown:
            return ""
        number, interval = written(value, text)
        dots = scales[column].dot(value, " other" if column == "comparison" else "")
    return (
        f'<span class="value">{escape(number)}</span> '
        f'<span class="range">({escape(interval)})</span>{dots}'
    )


def _detectable(text: Text, overview: Overview, code: str) -> str:
    if not overview.difference(code).shown:
        return ""
    smallest = overview.smallest_detectable(code)
    if math.isfinite(smallest):
        return f'<span class="value">{escape(text.number(100 * smallest))}</span>'
    hidden = text.say("not shown")
    return f'<span class="range">{escape(hidden)}</span>'


def _withheld(text: Text, titles: list[str], why: str) -> str:
    """One cell over all neighbours that are not shown; on a phone their names stand above it."""
    said = escape(place_withheld(why, text))
    label = escape(text.list([titles[0], *(title[:1].lower() + title[1:] for title in titles[1:])]))
    return (
        f'<td role="cell" class="withheld" colspan="{len(titles)}" data-label="{label}">{said}</td>'
    )
