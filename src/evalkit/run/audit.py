"""The audit: what a page must not contain, looked for in every file before it is published."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from evalkit.errors import DisclosureError
from evalkit.run.readable import read_published

TOKEN = re.compile(r"[A-Za-z0-9_-]+")
# Each begins with letters that a search can leap to; what must not stand before them comes after.
TRACEBACKS = (
    re.compile(r"Traceback \(most recent call last\)"),
    re.compile(r"File(?<!\wFile) \"[^\"]+\", line \d+"),
)
PATHS = (
    re.compile(r"/(?<![\w/.]/)(?:home|root|Users|mnt|media|srv|opt|var|tmp|work|etc)/[\w.-]+"),
    re.compile(r":(?<=[A-Za-z]:)(?<![\w/.][A-Za-z]:)\\\\?[\w.-]+"),
)
FEWEST_SIGNS, FEWEST_DIGITS = 4, 6
SEARCHABLE = re.compile(
    rf"(?=.*\d)(?:(?=.*[^\W\d_]).{{{FEWEST_SIGNS},}}|.{{{FEWEST_DIGITS},}})", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that stops a page: in which file, what, and how often."""

    file: str
    what: str
    count: int

    def __str__(self) -> str:
        return f"{self.file}: {self.what} ({self.count} times)"


def audit(folder: Path, person_ids: Iterable[str], *, publishable: bool = True) -> None:
    """Refuse a folder of pages that holds a person's id, a machine path, a traceback or a request.

    Parameters
    ----------
    folder : Path
        Quarantined pages.
    person_ids : iterable of str
        All ids of the study; see `searchable`.
    publishable : bool
        False where a page was made under the profile `internal`.

    Raises
    ------
    DisclosureError
        Naming files, kinds and counts, never what was found.
    """
    audit_pages(folder, searchable(person_ids), publishable=publishable)


def audit_pages(folder: Path, ids: frozenset[str], *, publishable: bool) -> None:
    """As `audit`, with ids that `searchable` has been through already: once for many folders."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    faults = [fault for path in files for fault in audit_file(path, folder, ids)]
    if not publishable:
        faults.append(Fault("report", "made under the profile `internal`, not for publication", 1))
    if faults:
        raise DisclosureError("; ".join(str(fault) for fault in faults))


def audit_file(path: Path, root: Path, ids: frozenset[str]) -> list[Fault]:
    """Faults of one file."""
    name = path.relative_to(root).as_posix()
    said = read_published(path)
    if said is None:
        return [Fault(name, "a kind of file that is never published", 1)]
    found = {
        "ids of persons": _count_ids(said.text, ids),
        "tracebacks": _count(TRACEBACKS, said.text),
        "paths of a machine": _count(PATHS, said.text),
        "requests to another address": said.requests,
        "parts of a kind that is never published": said.unknown,
    }
    return [Fault(name, what, count) for what, count in found.items() if count]


def _count_ids(text: str, ids: frozenset[str]) -> int:
    tokens = TOKEN.findall(text)
    return 0 if ids.isdisjoint(tokens) else sum(token in ids for token in tokens)


def _count(patterns: Iterable[re.Pattern], text: str) -> int:
    return sum(len(pattern.findall(text)) for pattern in patterns)


def searchable(person_ids: Iterable[str]) -> frozenset[str]:
    """The ids that can be told from ordinary numbers: with a letter and a digit, or long.

    A bare number of fewer than six digits would be found in any table. Such ids are not looked
    for; the import table, which keeps rows of persons from every page, remains.
    """
    return frozenset(filter(SEARCHABLE.match, map(str, person_ids)))
