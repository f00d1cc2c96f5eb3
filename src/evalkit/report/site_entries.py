"""What a site lists: its reports, the released table of its municipalities, and their order."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evalkit.release import Released, load_profile
from evalkit.report.detectable import smallest_detectable
from evalkit.report.names import name_key
from evalkit.report.reading import (
    UNCERTAIN,
    WITHHELD,
    Value,
    arm_counts,
    contrast_value,
    degrees_of_freedom,
    released_frame,
)
from evalkit.report.text import Text
from evalkit.study import Labels

OWN_NAMES = {"sv": "Svenska", "fi": "Suomi", "en": "English"}
WIDEST_FIRST = ("study", "national", "county", "federation", "municipality")


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
    county, federation : str
        Areas that a municipality lies in; empty where they are not known.
    formats : tuple of str
        Formats that stand beside the page, see `page.FILES`.
    analyses : tuple of (str, str)
        Title and page of each analysis that the report sums up, each of which says for itself what
        time its records cover; empty for a report that sums up none.
    """

    labels: Labels
    language: str
    href: str
    county: str = ""
    federation: str = ""
    formats: tuple[str, ...] = ()
    analyses: tuple[tuple[str, str], ...] = ()

    @property
    def unit(self) -> tuple[str, int, str]:
        """What all language versions of a report share, ordered from wide to narrow."""
        return self.labels.study.name, WIDEST_FIRST.index(self.labels.level), self.labels.code


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """The municipalities of one study beside each other; released numbers only.

    Attributes
    ----------
    study : str
    table : Released Contrast
        `incidence_at` by municipality and arm, from the shared stage.
    nation : Released Contrast or None
        The same for all together.
    curves : mapping of str to Released IncidenceCurve
        Curve of each municipality's own report, by code; says how many people started.
    small : set of str
        Codes of those with too few people for a number of their own, as their reports say.
    """

    study: str
    table: Released
    nation: Released | None = None
    curves: Mapping[str, Released] = field(default_factory=dict)
    small: frozenset[str] = frozenset()

    def value(self, code: str, arm: str) -> Value:
        """Share of an arm of a municipality; a table without arms knows the programme alone."""
        if code in self.small:
            return UNCERTAIN
        alone = code in set(released_frame(self.table, "Contrast")["term"])
        if alone:
            return contrast_value(self.table, "arm", code) if arm == "programme" else WITHHELD
        return contrast_value(self.table, "arm", f"{code}, {arm}")

    def difference(self, code: str) -> Value:
        """Programme less comparison in a municipality."""
        if code in self.small:
            return UNCERTAIN
        term = f"{code}, programme - {code}, comparison"
        return contrast_value(self.table, "difference", term)

    @property
    def codes(self) -> set[str]:
        """Municipalities of the table, withheld ones included."""
        rows = released_frame(self.table, "Contrast")
        return {term.split(", ")[0] for term in rows.loc[rows["scale"] == "arm", "term"]}

    def has(self, scale: str, ending: str) -> bool:
        """Whether the table has rows of a scale whose term ends so."""
        rows = released_frame(self.table, "Contrast")
        return bool(rows.loc[rows["scale"] == scale, "term"].str.endswith(ending).any())

    def smallest_detectable(self, code: str) -> float:
        """Smallest difference that the comparison in a municipality sees; NaN if not shown."""
        value = self.difference(code)
        df = degrees_of_freedom(self.table)
        return smallest_detectable(value.std_error, df) if value.shown else math.nan

    def started(self, code: str, text: Text) -> str:
        """How many people started in a municipality; empty where it is not shown."""
        curve = self.curves.get(code)
        counts = arm_counts(curve, text) if curve is not None else {}
        n = counts["programme"].n if "programme" in counts else math.nan
        return text.number(n) if math.isfinite(n) else ""

    @property
    def rounding(self) -> int:
        """What the numbers who started are rounded to the nearest multiple of; 1 is no rounding."""
        return max((load_profile(curve.profile).rounding for curve in self.curves.values()),
                   default=1)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality of an overview: its names, and the report that it has."""

    code: str
    name: str
    href: str
    language: str
    entry: IndexEntry


def by_study(entries: Sequence[IndexEntry]) -> list[list[IndexEntry]]:
    """Entries of each study, studies in the order in which they come."""
    order = list(dict.fromkeys(entry.labels.study.name for entry in entries))
    return [[entry for entry in entries if entry.labels.study.name == name] for name in order]


def places(overview: Overview, entries: Iterable[IndexEntry], text: Text) -> list[Place]:
    """Municipalities of an overview that have a report, in alphabetical order."""
    listed = overview.codes
    versions: dict[str, dict[str, IndexEntry]] = {}
    for entry in entries:
        if entry.labels.level == "municipality" and entry.labels.code in listed:
            versions.setdefault(entry.labels.code, {})[entry.language] = entry
    found = []
    for code, known in versions.items():
        entry = known.get(text.language) or next(iter(known.values()))
        name = entry.labels.place.in_language(text.language)
        found.append(Place(code, name, entry.href, entry.language, entry))
    return sorted(found, key=lambda place: (name_key(place.name), place.code))
