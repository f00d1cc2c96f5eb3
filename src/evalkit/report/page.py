"""What stands around a report: its front matter, and the words of the page itself."""

import calendar
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import yaml

from evalkit.errors import ParameterError
from evalkit.provenance import VERSION
from evalkit.report.markup import escape
from evalkit.report.text import Text

# Files of a report by format; the tables go with every report.
FILES = {"html": "report.html", "pdf": "report.pdf", "docx": "report.docx", "xlsx": "tables.xlsx"}
FORMAT_NAMES = {"pdf": "PDF", "docx": "Word"}
ESCAPED = re.compile(r"\\([\\`*_{}\[\]<>#|$@^~])")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Everything on a page that no notebook writes. All text is plain, in the report's language.

    Attributes
    ----------
    title : str
    lang : str
        `sv`, `fi` or `en`.
    date : str
        Last day that the records cover, ISO 8601; stands for the present in every file.
    subtitle : str
        The quiet line below the title.
    colophon : tuple of str
        Sentences at the foot: data cut, disclosure, version.
    mark : str
        A warning over the whole page, for example that it is not for publication; may be empty.
    strings : mapping of str to str
        Words of the page's frame, see `page_strings`.
    others : str
        Markdown of the line that links to the other formats; only a page has it.
    """

    title: str
    lang: str
    date: str
    subtitle: str = ""
    colophon: tuple[str, ...] = ()
    mark: str = ""
    strings: Mapping[str, str] = field(default_factory=dict)
    others: str = ""

    @property
    def epoch(self) -> int:
        """Seconds from 1970 to the data cut (midnight, UTC)."""
        return int(datetime.fromisoformat(self.date).replace(tzinfo=UTC).timestamp())

    def header(self, *, frame: bool) -> str:
        """Write the front matter as YAML; `frame` adds what only the embedded template reads."""
        lines = [
            f"title: {_quoted(self.title)}",
            f"lang: {self.lang}",
            f"date: {_quoted(self.date)}",
        ]
        if frame:
            lines.append("page:")
            lines += [f"  {name}: {_quoted(words)}" for name, words in sorted(self.strings.items())]
            lines += [f"  subtitle: {_quoted(self.subtitle)}"] if self.subtitle else []
            lines += [f"  mark: {_quoted(self.mark)}"] if self.mark else []
            lines += (
                [f"  others: {json.dumps(self.others, ensure_ascii=False)}"] if self.others else []
            )
            lines += ["  colophon:", *(f"    - {_quoted(line)}" for line in self.colophon)]
        return "\n".join(["---", *lines, "---"])


def front_matter(
    text: Text,
    *,
    title: str,
    subtitle: str = "",
    data_cut: str,
    threshold: int | None,
    publishable: bool = True,
    formats: Sequence[str] = (),
    version: str = VERSION,
    sums_up: bool = False,
) -> FrontMatter:
    """Write the front matter of a report.

    Parameters
    ----------
    text : Text
        Voice of the report.
    title, subtitle : str
        Heading of the page and the quiet line below it, already in its language.
    data_cut : str
        Last month that the records cover, `YYYY-MM`.
    threshold : int or None
        Smallest number of people that the disclosure profile shows; None if it hides nothing.
    publishable : bool
        False for the profile `internal`: the page is marked.
    formats : sequence of str
        Formats of the report; a page links to those beside it.
    version : str
        Version of evalkit to name.
    sums_up : bool
        The page sums up analyses whose records each cover a time of their own.
    """
    return FrontMatter(
        title=title,
        lang=text.language,
        date=last_day(data_cut).isoformat(),
        subtitle=subtitle,
        colophon=(
            covered_time(text, "" if sums_up else data_cut),
            disclosure_note(text, threshold=threshold, publishable=publishable),
            text.say("Computed with evalkit {version}; every number comes from the notebook of "
                     "this report.", version=version),
        ),
        mark="" if publishable else text.say("Not for publication"),
        strings={**page_strings(text), **paper_strings(text, data_cut)},
        others=other_formats(text, formats),
    )  # fmt: skip


def covered_time(text: Text, data_cut: str = "") -> str:
    """Say what time the records cover; without a month, that each analysis has one of its own."""
    if not data_cut:
        return text.say("What time its records cover is said on the page of each analysis.")
    return text.say("The records cover the time up to and including {month}.",
                    month=text.month(data_cut))  # fmt: skip


def page_strings(text: Text) -> dict[str, str]:
    """Words of the frame of a page, by the name that the template uses."""
    return {
        "skip": text.say("Skip to the content"),
        "contents": text.say("Contents"),
        "site": text.say("Pages of this site"),
        "index": text.say("All reports"),
        "statement": text.say("Accessibility"),
    }


def paper_strings(text: Text, data_cut: str) -> dict[str, str]:
    """Words at the foot of a sheet of paper; `{page}` and `{pages}` stand for the numbers."""
    kind = text.say("Evaluation report")
    cut = text.say("last month of the records: {month}", month=text.month(data_cut))
    return {
        "running": f"{kind} · {cut}",
        "number": text.say("Page {page} of {pages}", page="{page}", pages="{pages}"),
    }


def other_formats(text: Text, formats: Sequence[str]) -> str:
    """Say, with links, in which other formats a report can be had; empty where there are none."""
    if not formats:
        return ""
    names = {**FORMAT_NAMES, "xlsx": text.say("Excel (tables)")}
    beside = [name for name in names if name in (*formats, "xlsx")]
    links = [f"[{names[name]}]({FILES[name]})" for name in beside]
    return text.say("Also as {formats}.", formats=text.list(links))


def read_front(report: Path) -> dict:
    """Front matter of an assembled report as plain text: what `FrontMatter.header` wrote."""
    _, header, _ = report.read_text(encoding="utf-8").split("---\n", 2)
    return _plain(yaml.safe_load(header))


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return ESCAPED.sub(r"\1", value) if isinstance(value, str) else value


def disclosure_note(text: Text, *, threshold: int | None, publishable: bool) -> str:
    """Say in one or two sentences what the page leaves out to protect people."""
    if not publishable:
        return text.say("Nothing is left out to protect people: this page must not be published.")
    if threshold is None:
        return text.say("No number on this page is left out to protect people.")
    return text.say(
        "Numbers that rest on fewer than {threshold} people are not shown, nor are numbers from "
        "which they could be worked out.",
        threshold=threshold,
    )


def last_day(month: str) -> date:
    """Last day of a month given as `YYYY-MM`.

    Raises
    ------
    ParameterError
        If it is not a month.

    Examples
    --------
    >>> last_day("2024-02").isoformat()
    '2024-02-29'
    """
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise ParameterError("data cut: not a month written YYYY-MM") from None
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _quoted(plain: str) -> str:
    return json.dumps(escape(plain), ensure_ascii=False)
