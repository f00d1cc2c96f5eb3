"""What a table or a figure does where there is nothing to show: one rule for all of them."""

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes

from evalkit.report import style
from evalkit.report.text import Text

MISSING = "\N{EN DASH}"
STRONG = "**"  # around the name of a row that others may belong to
MANY_HIDDEN = 8  # so many rows of nothing but marks tell a reader nothing
CROWDED = 0.5  # and so does a table with a larger share of marks among its cells of numbers
MOST_NAMED = 12  # more names than these are no sentence
BEHIND = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.0}  # no line crosses the words


def has_numbers(rows: Sequence[Sequence[str]], keys: int) -> bool:
    """Whether a table shows any number beside the columns that name its rows."""
    return any(cell not in ("", MISSING) for row in rows for cell in row[keys:])


def without_hidden(
    header: Sequence[str], rows: Sequence[Sequence[str]], keys: int, text: Text
) -> tuple[list, str]:
    """Leave out rows without any number where they crowd a table, and say which they are.

    A row whose every number is a mark says its name and no more, and that the sentence says too:
    nobody can tell from the table that is left what the marks did not tell. A name of which other
    rows stay may be counted instead, since what stays tells that it is there.
    """
    hidden = [set(row[keys:]) == {MISSING} for row in rows]
    if not any(hidden) or not _is_crowded(rows, hidden, keys):
        return list(rows), ""
    under = {at: group for group in _groups(rows) for at in group}
    gone = _gone(rows, hidden, under)
    if len(gone) > MOST_NAMED:
        hidden, gone = _one_row_each(rows, hidden, gone, under), []
    seconds = _gone_seconds(rows, hidden, gone) if keys > 1 else []
    parts = _parts(header, rows, hidden, [*gone, *seconds], under, keys, text)
    left = [row for at, row in enumerate(rows) if not hidden[at] and row[0] not in gone]
    names = [_titled(name, header[0], text) for name in gone]
    names += [_titled(name, header[1], text) for name in seconds]
    return left, _left_out(names, parts, sum(hidden), text)


def write_hidden(
    axes: Axes, place: float, text: Text, words: str = "", *, x: float = 0.0, across: bool = False
) -> None:
    """Write in a row of a figure that it is not shown; nothing of the figure crosses the words.

    With `across`, x is a share of the axis and no value on it.
    """
    axes.annotate(
        words or text.say("Not shown, to protect people."), (x, place), (4, 0), va="center",
        xycoords=("axes fraction", "data") if across else "data", textcoords="offset points",
        color=style.QUIET, zorder=5, bbox=BEHIND,
    )  # fmt: skip


def _is_crowded(rows, hidden: list[bool], keys: int) -> bool:
    cells = [cell for row in rows for cell in row[keys:] if cell]
    return sum(hidden) >= MANY_HIDDEN or cells.count(MISSING) > CROWDED * len(cells)


def _groups(rows) -> list[range]:
    """Headings without numbers, each with the places of the rows that belong to it."""
    strong = [at for at, row in enumerate(rows) if row[0].startswith(STRONG)]
    ends = [*strong[1:], len(rows)]
    return [
        range(at, end) for at, end in zip(strong, ends, strict=False)
        if end > at + 1 and not any(rows[at][1:])
    ]  # fmt: skip


def _gone(rows, hidden: list[bool], under: dict[int, range]) -> list[str]:
    """Names, from the first column or a heading, of which no row would be left."""
    left = {row[0] for row, is_hidden in zip(rows, hidden, strict=True) if not is_hidden}
    gone = []
    for at, row in enumerate(rows):
        if at in under:
            heading = under[at].start
            if all(hidden[place] for place in under[at][1:]):
                gone.append(rows[heading][0])
        elif hidden[at] and row[0] not in left:
            gone.append(row[0])
    return list(dict.fromkeys(gone))


def _gone_seconds(rows, hidden: list[bool], gone: list[str]) -> list[str]:
    """Names, from the second column, of which nothing is left though their first names stay."""
    left = {row[1] for row, is_hidden in zip(rows, hidden, strict=True) if not is_hidden}
    named = (row[1] for row in rows if row[0] not in gone and row[1] not in left)
    return list(dict.fromkeys(named))


def _one_row_each(
    rows, hidden: list[bool], names: Iterable[str], under: dict[int, range]
) -> list[bool]:
    """Keep one row of each of many names, so that nobody is missing without a mark."""
    first = (next(at for at, row in enumerate(rows) if row[0] == name) for name in names)
    kept = {at + 1 if at in under and under[at].start == at else at for at in first}
    return [is_hidden and at not in kept for at, is_hidden in enumerate(hidden)]


def _parts(header, rows, hidden, gone, under, keys: int, text: Text) -> list[str]:
    """Names of the left out rows whose first name stays: its heading or name, then the rest."""
    found = []
    for at, row in enumerate(rows):
        first, rest = row[0], list(row[1:keys])
        if at in under:
            first, rest = rows[under[at].start][0], [row[0]]
        is_named_by_the_rest = rest[:1] == row[1:2] and row[1] in gone
        if not hidden[at] or first in gone or is_named_by_the_rest:
            continue
        if not _is_word(first):
            first, rest = header[0], [first, *rest]
        found.append(text.say("{group}: {part}", group=_plain(first), part=", ".join(rest)))
    return found


def _titled(name: str, title: str, text: Text) -> str:
    """A name, or a number under the title of its column."""
    if _is_word(name):
        return _plain(name)
    return text.say("{group}: {part}", group=title, part=name)


def _plain(name: str) -> str:
    return name.replace(STRONG, "")


def _is_word(name: str) -> bool:
    return any(letter.isalpha() for letter in name)


def _left_out(gone: list[str], parts: list[str], count: int, text: Text) -> str:
    names = [*gone, *parts]
    if names and len(names) <= MOST_NAMED:
        return text.say("Not in the table, because nothing of it can be shown: {names}.",
                        names="; ".join(names))  # fmt: skip
    counted = text.plural(
        "{n} row is left out, because nothing of it can be shown.",
        "{n} rows are left out, because nothing of them can be shown.",
        count,
    )
    if not gone:
        return counted
    whole = text.say("Nothing can be shown of: {names}.", names="; ".join(gone))
    return f"{counted} {whole}"
