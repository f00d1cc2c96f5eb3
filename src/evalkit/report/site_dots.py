"""Dots with intervals as rows of a table: text first, the picture beside it made of boxes."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from evalkit.report.phrases import place_withheld
from evalkit.report.reading import Value, first_arm
from evalkit.report.site_entries import Overview, Place
from evalkit.report.site_frame import link
from evalkit.report.text import Text


@dataclass(frozen=True, slots=True)
class Scale:
    """A line from `low` to `high` that dots stand on."""

    low: float
    high: float

    def at(self, value: float) -> str:
        """Place of a value, in per cent of the line's length."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return f"{100 * share:.2f}%"

    def dot(self, value: Value, kind: str = "") -> str:
        """Draw a dot with its interval; for the eye only, the numbers stand beside it."""
        left, right = self.at(value.low), self.at(value.high)
        return (
            f'<span class="dots{kind}" aria-hidden="true"><span class="bar" '
            f'style="left:{left};width:calc({right} - {left})"></span>'
            f'<span class="dot" style="left:{self.at(value.estimate)}"></span></span>'
        )


def share_scale(values: Iterable[Value]) -> Scale:
    """A line from 0 to just above the highest interval, in tenths."""
    highest = max((value.high for value in values if value.shown), default=0.1)
    return Scale(0.0, min(1.0, math.ceil(highest * 10 + 0.2) / 10))


def axis(scale: Scale, text: Text) -> str:
    """Draw the ticks of a line of shares."""
    if scale.low < 0:
        ticks = [scale.low, 0.0, scale.high]
    else:
        step = 0.1 if scale.high <= 0.4 else 0.2
        ticks = [step * number for number in range(int(scale.high / step + 1e-9) + 1)]
    marks = "".join(
        f'<span style="left:{scale.at(tick)}">'
        f"{escape(text.number(100 * tick, signed=scale.low < 0))}</span>"
        for tick in ticks
    )
    return f'<span class="axis" aria-hidden="true">{marks}</span>'


def dot_table(overview: Overview, places: Sequence[Place], text: Text, areas: str = "") -> str:
    """Write the municipalities of an overview as a table of dots, alphabetically.

    Parameters
    ----------
    overview : Overview
    places : sequence of Place
        In the order in which they are to stand; withheld ones are said to be withheld.
    text : Text
    areas : str
        Id of the heading that names the table.
    """
    values = [overview.value(place.code, "programme") for place in places]
    nation = first_arm(overview.nation) if overview.nation is not None else None
    known = nation is not None and nation.shown
    scale = share_scale([*values, nation] if known else values)
    line = f' style="--nation:{scale.at(nation.estimate)}"' if known else ""
    words = {
        "name": text.say("Municipality"),
        "graph": text.say("Picture"),
        "value": text.say("Share"),
        "range": text.say("Interval"),
    }
    rows = [_row(place, value, scale, text) for place, value in zip(places, values, strict=True)]
    picture = f'{axis(scale, text)}<span class="hidden">{escape(words["graph"])}</span>'
    head = [
        f'<th scope="col" role="columnheader" class="{name}">'
        f"{picture if name == 'graph' else escape(title)}</th>"
        for name, title in words.items()
    ]
    foot = _foot(nation, scale, text) if known else ""
    return (
        f'<table class="dot-table{" with-line" if known else ""}" role="table" '
        f'aria-labelledby="{areas}"{line}>'
        f'<thead role="rowgroup"><tr role="row">{"".join(head)}</tr></thead>'
        f'<tbody role="rowgroup">{"".join(rows)}</tbody>{foot}</table>'
    )


def written(value: Value, text: Text) -> tuple[str, str]:
    """A share and its interval, as they stand on the page."""
    return text.percent(value.estimate), text.percent_range(value.low, value.high)


def row_filters(place: Place) -> str:
    """Attributes that the search and the filters of the index read."""
    entry = place.entry
    words = " ".join([place.name, place.code, entry.county, entry.federation]).lower()
    return (
        f'data-words="{escape(words)}" data-level="municipality" '
        f'data-county="{escape(entry.county)}" data-federation="{escape(entry.federation)}" '
        'data-row="1"'
    )


def _row(place: Place, value: Value, scale: Scale, text: Text) -> str:
    name = link(place.href, place.name, hreflang=place.language)
    cells = [f'<th scope="row" role="rowheader">{name}</th>']
    if value.shown:
        share, interval = written(value, text)
        cells += [
            f'<td role="cell" class="graph">{scale.dot(value)}</td>',
            f'<td role="cell" class="value">{escape(share)}</td>',
            f'<td role="cell" class="range">{escape(interval)}</td>',
        ]
    else:
        said = escape(place_withheld(value.reason, text))
        cells.append(f'<td role="cell" class="withheld" colspan="3">{said}</td>')
    return f'<tr role="row" {row_filters(place)}>{"".join(cells)}</tr>'


def _foot(nation: Value, scale: Scale, text: Text) -> str:
    share, interval = written(nation, text)
    name = escape(text.say("All together"))
    return (
        '<tfoot role="rowgroup"><tr role="row">'
        f'<th scope="row" role="rowheader">{name}</th>'
        f'<td role="cell" class="graph">{scale.dot(nation, " all")}</td>'
        f'<td role="cell" class="value">{escape(share)}</td>'
        f'<td role="cell" class="range">{escape(interval)}</td></tr></tfoot>'
    )
