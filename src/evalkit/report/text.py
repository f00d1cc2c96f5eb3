"""Sentences in the report's language: gettext templates with named slots, and numbers by locale."""

import gettext
import io
import math
import string
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

from evalkit.errors import ParameterError
from evalkit.study import Labels

LANGUAGES = ("sv", "fi", "en")
# How two numbers are joined: neither below zero, and one of them below zero.
RANGES = {
    "sv": ("{low}–{high}", "{low} till {high}"),
    "fi": ("{low}–{high}", "{low}…{high}"),
    "en": ("{low} to {high}", "{low} to {high}"),
}
DAYS = {"sv": "d MMMM y", "fi": "d.M.y", "en": "d MMMM y"}
MINUS = "\N{MINUS SIGN}"
NEARLY = 1e-9  # what a mean of draws may miss 1 by


def mark(msgid: str) -> str:
    """Return the sentence; tells the extractor of catalogues that it will be translated later."""
    return msgid


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Text:
    """The voice of one report: its language, its protocol, and the names of its unit.

    Made by `open_text`. A template is looked up by its English text; a slot that the template
    does not have, or that is not given, is an error, so that no sentence is printed half-filled.
    """

    labels: Labels
    language: str
    catalogue: gettext.NullTranslations

    def say(self, msgid: str, **slots: str | int) -> str:
        """Translate a whole template and fill its slots.

        Raises
        ------
        ParameterError
            If a slot is missing, left over, or holds a number that was not made text.
        """
        return self._fill(self.catalogue.gettext(msgid), msgid, slots)

    def plural(self, singular: str, plural: str, n: int, **slots: str | int) -> str:
        """Translate the template for a count of `n`; the slot `{n}` is filled with the count."""
        template = self.catalogue.ngettext(singular, plural, int(n))
        return self._fill(template, plural, {"n": self.number(n), **slots})

    def number(self, value: float, decimals: int = 0, *, signed: bool = False) -> str:
        """Write a number by the conventions of the language; never "-0" and never "nan".

        Raises
        ------
        ParameterError
            If the value is missing or infinite: the caller says what is withheld and why.
        """
        rounded = _rounded(value, decimals)
        written = _written(abs(rounded), decimals, self.language)
        sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
        return sign + written

    def percent(self, value: float, decimals: int = 0) -> str:
        """Write a share (0 to 1) in per cent; a positive share that rounds to 0 as below 1."""
        rounded = _rounded(100 * value, decimals) / 100
        if value > 0 and rounded == 0:
            return self.say("under {percent}", percent=self._percent(0.01, 0))
        return self._percent(rounded, decimals)

    def probability(self, value: float) -> str:
        """Write a probability in per cent; one that only rounds to 1 as over 99."""
        if value < 1 - NEARLY and _rounded(100 * value, 0) == 100:
            return self.say("over {percent}", percent=self._percent(0.99, 0))
        return self.percent(value)

    def money(
        self, value: float, currency: str, decimals: int = 0, *, signed: bool = False
    ) -> str:  # fmt: skip
        """Write an amount in thousands of its currency."""
        amount = self.number(value / 1000, decimals, signed=signed)
        if currency == "SEK":
            return self.say("SEK {amount} thousand", amount=amount)
        if currency == "EUR":
            return self.say("EUR {amount} thousand", amount=amount)
        return self.say("{currency} {amount} thousand", amount=amount, currency=currency)

    def thousands(self, currency: str) -> str:
        """Name the unit of numbers in thousands of a currency, as "SEK thousand"."""
        if currency == "SEK":
            return self.say("SEK thousand")
        if currency == "EUR":
            return self.say("EUR thousand")
        return self.say("{currency} thousand", currency=currency)

    def month(self, month: str) -> str:
        """Write a month `YYYY-MM` in the nominative, as "December 2025"."""
        year, number = month.split("-")
        return format_date(date(int(year), int(number), 1), "LLLL y", locale=self.language)

    def day(self, day: str) -> str:
        """Write a day `YYYY-MM-DD`, as "1 January 2023" or "1.1.2023"."""
        return format_date(date.fromisoformat(day), DAYS[self.language], locale=self.language)

    def range(self, low: float, high: float, decimals: int = 0, *, signed: bool = False) -> str:
        """Write an interval, as "29 to 39"; never with plus-minus."""
        first, last = (self.number(value, decimals, signed=signed) for value in (low, high))
        below = signed or _rounded(low, decimals) < 0
        return RANGES[self.language][below].format(low=first, high=last)

    def percent_range(self, low: float, high: float, decimals: int = 0) -> str:
        """Write an interval of shares (0 to 1), as "29% to 39%" or "29–39 %"; equal ends once."""
        if _rounded(100 * low, decimals) == _rounded(100 * high, decimals):
            return self.percent(high, decimals)
        if self.language == "en":
            return self.say("{low} to {high}", low=self._percent(low, decimals),
                            high=self._percent(high, decimals))  # fmt: skip
        first = self.number(100 * low, decimals if _rounded(100 * low, decimals) else 0)
        return RANGES[self.language][0].format(low=first, high=self._percent(high, decimals))

    def list(self, items: list[str]) -> str:
        """Join names as the language does: "a, b and c"."""
        if len(items) < 2:
            return "".join(items)
        start = ", ".join(items[:-1])
        return self.say("{start} and {last}", start=start, last=items[-1])

    @property
    def is_events(self) -> bool:
        """Whether the outcome is given by an events table, hence never called self-support."""
        return self.labels.study.outcome.source == "events"

    @property
    def health_decimals(self) -> int:
        """Decimals of a difference in health: one of a score, three of an index."""
        return 1 if self.is_score else 3

    @property
    def is_score(self) -> bool:
        """Whether health is measured by scores in points, without a value set."""
        health = self.labels.study.health
        return health is not None and health.instrument == "SF-36"

    @property
    def unit(self) -> str:
        """Unit of time: `months` or `days`."""
        return self.labels.study.outcome.time_unit if self.is_events else "months"

    @property
    def outcome(self) -> str:
        """Name of the outcome in the nominative."""
        return self.labels.study.outcome.name.in_language(self.language)

    @property
    def place(self) -> str:
        """Name of the unit in the nominative."""
        return self.labels.place.in_language(self.language)

    @property
    def parent(self) -> str:
        """Name of the federation or county in the nominative."""
        return self.labels.parent.in_language(self.language)

    def _percent(self, value: float, decimals: int) -> str:
        rounded = _rounded(value, decimals + 2)
        written = _written_percent(abs(rounded), decimals if rounded else 0, self.language)
        return MINUS + written if rounded < 0 else written

    def _fill(self, template: str, msgid: str, slots: dict) -> str:
        wanted = slot_names(msgid)
        if wanted | {"n"} != set(slots) | {"n"} or "n" in wanted - set(slots):
            odd = ", ".join(sorted(wanted ^ set(slots)))
            raise ParameterError(f"sentence {msgid!r}: slots missing or left over: {odd}")
        wrong = [name for name, value in slots.items() if not isinstance(value, str | int)]
        if wrong:
            raise ParameterError(f"sentence {msgid!r}: slots not yet text: {', '.join(wrong)}")
        filled = {
            name: value if isinstance(value, str) else self.number(value)
            for name, value in slots.items()
        }
        return template.format(**filled)


def open_text(labels: Labels, language: str) -> Text:
    """Open the voice of a report.

    Parameters
    ----------
    labels : Labels
        Protocol and names of the unit.
    language : str
        `sv`, `fi` or `en`.

    Raises
    ------
    ParameterError
        If there is no catalogue for the language.
    """
    if language not in LANGUAGES:
        raise ParameterError(f"language: {language!r} is none of {', '.join(LANGUAGES)}")
    return Text(labels, language, catalogue(language))


def slot_names(template: str) -> set[str]:
    """Names of the slots of a template."""
    return {field for _, field, _, _ in string.Formatter().parse(template) if field}


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The words of a language, read once."""
    source = files("evalkit.report") / "locale" / language / "evalkit.po"
    compiled = io.BytesIO()
    with source.open("rb") as stream:
        write_mo(compiled, read_po(stream, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@lru_cache(maxsize=4096)  # a page has some five hundred numbers, many of them small and alike
def _written(size: float, decimals: int, language: str) -> str:
    pattern = "#,##0." + "0" * decimals if decimals else "#,##0"
    return format_decimal(size, format=pattern, locale=language)


@lru_cache(maxsize=4096)
def _written_percent(size: float, decimals: int, language: str) -> str:
    pattern = Locale(language).percent_formats[None].pattern
    if decimals:
        pattern = pattern.replace("##0", "##0." + "0" * decimals)
    return format_percent(size, format=pattern, locale=language)


def _rounded(value: float, decimals: int) -> float:
    if not math.isfinite(value):
        raise ParameterError("a missing or infinite number cannot be written; say why it is so")
    return round(float(value), decimals) + 0.0
