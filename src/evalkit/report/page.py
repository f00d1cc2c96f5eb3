"""What stands around a report: its front matter, and the words of the page itself."""

import calendar
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from evalkit.errors import ParameterError
from evalkit.provenance import VERSION
from evalkit.report.markup import escape
from evalkit.report.text import Text


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
    """

    title: str
    lang: str
    date: str
    subtitle: str = ""
    colophon: tuple[str, ...] = ()
    mark: str = ""
    strings: Mapping[str, str] = field(default_factory=dict)

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
    version: str = VERSION,
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
    version : str
        Version of evalkit to name.
    """
    return FrontMatter(
        title=title,
        lang=text.language,
        date=last_day(data_cut).isoformat(),
        subtitle=subtitle,
        colophon=(
            text.say("The records cover the time up to and including {month}.",
                     month=text.month(data_cut)),
            disclosure_note(text, threshold=threshold, publishable=publishable),
            text.say("Computed with evalkit {version}; every number comes from the notebook of "
                     "this report.", version=version),
        ),
        mark="" if publishable else text.say("Not for publication"),
        strings=page_strings(text),
    )  # fmt: skip


def page_strings(text: Text) -> dict[str, str]:
    """Words of the frame of a page, by the name that the template uses."""
    return {"skip": text.say("Skip to the content"), "contents": text.say("Contents")}


def disclosure_note(text: Text, *, threshold: int | None, publishable: bool) -> str:
    """Say in one or two sentences what the page leaves out to protect people."""
    if not publishable:
        return text.say("Nothing is left out to protect people: this page must not be published.")
    if threshold is None:
        return text.say("The data are public or synthetic, so no number is left out.")
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
