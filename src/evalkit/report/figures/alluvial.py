"""Alluvial: who went from which state to which, drawn from shown flows only."""

import math
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from evalkit.errors import ParameterError
from evalkit.report import style
from evalkit.report.figures.findings import titled
from evalkit.report.figures.frame import drawn_part, not_shown_part, picture, shown, summary_n
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.names_before_after import status_name
from evalkit.report.parts import Part
from evalkit.report.reading import arms_of, released_frame
from evalkit.report.text import Text, mark

ALL, HIDDEN = "all", "hidden"
ORDER = ("work", "subsidised_work", "study", "job_seeker", "other")
COLOURS = {
    "work": style.PROGRAMME, "subsidised_work": "#5a93c6", "study": style.THIRD,
    "job_seeker": style.OCHRE, "other": style.GREYS[1], "none": style.PROGRAMME,
}  # fmt: skip
MORE = (style.FOURTH, style.COMPARISON, style.OCHRE, style.THIRD, style.GREYS[0], style.GREYS[1])
GAP, NODE, STUB = 0.02, 0.03, 0.16  # of the height; of the width; how far a hidden band reaches
LABELLED = 0.035  # share from which a flow has room for its number
LINE = 0.052  # height of a line of words
LONGEST = 34  # letters of a line beside a node
OCCASIONS = {"start": mark("at the start"), "end": mark("at the end"),
             "follow_up": mark("at the follow-up")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flows:
    """Shares to draw: of states before and after, and of the shown flows between them."""

    before: dict[str, float]
    after: dict[str, float]
    flows: dict[tuple[str, str], float]


@drawn_part
def alluvial(transitions, text: Text, *, name: str = "alluvial") -> Part:
    """Bands from states before to states after; what is not shown is a band of its own.

    Parameters
    ----------
    transitions : Released Transitions
        Of `transitions`, each person in one cell; the first stratum is drawn.

    Raises
    ------
    ParameterError
        If the table has persons in several cells, as `support_after` gives.
    """
    read = read_flows(transitions)
    if not read.flows:
        return not_shown_part(transitions, text)
    rows = table_rows(transitions, text)
    spoken = [text.say("Bands from the states before, at the left, to those after, at the right.")]
    for (before, after), share in sorted(read.flows.items(), key=lambda item: -item[1])[:8]:
        spoken.append(text.say(
            "From {before} to {after}: {share}.", before=status_name(before, text),
            after=status_name(after, text), share=text.percent(share),
        ))  # fmt: skip
    hidden = 1 - sum(read.flows.values())
    if hidden > 5e-4:
        spoken.append(text.say("Not shown: {share}.", share=text.percent(hidden)))
    return picture(
        name, draw_alluvial(transitions, text), [transitions], text,
        **titled(
            _finding(transitions, read, text),
            text.say("Where people came from, and where they went."),
            text.say(
                "Each band is a share of all who have left, in per cent. Only those who have left "
                "are in it. Hatched: flows of so few people that they are not shown."
            ),
        ),
        alt=" ".join(spoken), n=summary_n(transitions), rows=rows,
        header=[text.say("Before"), *table_header(transitions, text)],
    )  # fmt: skip


def _finding(transitions, read: Flows, text: Text) -> str:
    """Say the largest flow of the only group, where nothing that is hidden can be larger."""
    if len(arms_of(released_frame(transitions, "Transitions"))) > 1:
        return ""
    (before, after), share = max(read.flows.items(), key=lambda item: item[1])
    if 1 - sum(read.flows.values()) >= share:
        return ""
    slots = {"before": status_name(before, text), "share": text.percent(share)}
    if before == after:
        return text.say("Largest group: {before} both at the start and at the end, {share}.",
                        **slots)  # fmt: skip
    return text.say("Largest group: from {before} to {after}, {share}.",
                    after=status_name(after, text), **slots)  # fmt: skip


def read_flows(transitions) -> Flows:
    """Shares of the first stratum; hidden margins are left out."""
    frame = released_frame(transitions, "Transitions")
    _require_exclusive(transitions)
    frame = frame[frame["stratum"] == arms_of(frame)[0]]
    known = frame.dropna(subset=["share"])
    known = known[known["share"] > 0]
    before = known[(known["after"] == ALL) & (known["before"] != ALL)]
    after = known[(known["before"] == ALL) & (known["after"] != ALL)]
    cells = known[(known["before"] != ALL) & (known["after"] != ALL)]
    return Flows(
        dict(zip(before["before"], before["share"].astype(float), strict=True)),
        dict(zip(after["after"], after["share"].astype(float), strict=True)),
        {
            (row.before, row.after): float(row.share)
            for row in cells.itertuples()
        },
    )  # fmt: skip


def _require_exclusive(transitions) -> None:
    if not bool(transitions.summary["exclusive"]):
        raise ParameterError(
            "transitions: people are in several cells; bands are drawn of `transitions`, not of "
            "`support_after`"
        )


def states_of(frame: pd.DataFrame) -> list[str]:
    """States in the order in which they are drawn."""
    found = [name for name in dict.fromkeys(frame["before"]) if name != ALL]
    return [name for name in ORDER if name in found] + [name for name in found if name not in ORDER]


def table_header(transitions, text: Text) -> list[str]:
    """States after, and all."""
    frame = released_frame(transitions, "Transitions")
    names = [sentence_case(status_name(name, text)) for name in states_of(frame)]
    return [*names, sentence_case(text.say("all"))]


def table_rows(transitions, text: Text, column: str = "n") -> list[list[str]]:
    """Numbers of the first stratum: a row a state before, a column a state after, and margins."""
    frame = released_frame(transitions, "Transitions")
    frame = frame[frame["stratum"] == arms_of(frame)[0]].set_index(["before", "after"])
    names = [*states_of(frame.reset_index()), ALL]
    written = text.number if column == "n" else text.percent
    return [
        [
            escape(sentence_case(status_name(before, text))),
            *(shown(float(frame[column].get((before, after), math.nan)), written)
              for after in names),
        ]
        for before in names
    ]  # fmt: skip


def draw_alluvial(transitions, text: Text) -> Figure:
    """Draw nodes at both sides, shown flows between, hidden mass as short hatched bands."""
    read = read_flows(transitions)
    names = states_of(released_frame(transitions, "Transitions"))
    colour = colours(names)
    words = {side: _labels(shares, names, text)
             for side, shares in (("left", read.before), ("right", read.after))}  # fmt: skip
    longest = max(len(line) for side in words.values() for word in side.values()
                  for line in word.split("\n"))  # fmt: skip
    margin = 8 + style.LETTER_MM * longest
    left, right = (_stack(side, names) for side in (read.before, read.after))
    with style.style():
        figure, (axes,) = style.panel(104, left=margin, right=margin, top=12, bottom=5)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1 + GAP * 6)
        axes.axis("off")
        leaving, arriving = ({name: low for name, (low, _) in side.items()}
                             for side in (left, right))  # fmt: skip
        for before in left:
            for after in right:
                share = read.flows.get((before, after))
                if share is None:
                    continue
                _band(axes, leaving[before], arriving[after], share, colour[before])
                _number(axes, leaving[before], share, text)
                leaving[before] += share
                arriving[after] += share
        for side, taken, at_left in ((left, leaving, True), (right, arriving, False)):
            for name, (low, high) in side.items():
                _rest(axes, taken[name], high, at_left=at_left)
                _node(axes, low, high, name, colour[name], at_left=at_left)
            _name(axes, side, words["left" if at_left else "right"], at_left=at_left)
        summary = transitions.summary
        for x, ha, occasion in ((0, "left", summary["before"]), (1, "right", summary["after"])):
            axes.annotate(
                sentence_case(text.say(OCCASIONS[str(occasion)])), (x, 1), (0, 6), ha=ha,
                xycoords="axes fraction", textcoords="offset points", va="bottom",
                color=style.QUIET, annotation_clip=False,
            )  # fmt: skip
    return figure


def _stack(shares: dict[str, float], names: list[str]) -> dict[str, tuple[float, float]]:
    """Lower and upper end of each state, the first on top; hidden states are one at the bottom."""
    order = [name for name in names if name in shares]
    rest = 1 - sum(shares.values())
    sizes = {name: shares[name] for name in order}
    if rest > 5e-4:
        sizes[HIDDEN] = rest
    top, places = 1 + GAP * 6, {}
    room = GAP * 6 / max(len(sizes) - 1, 1)
    for name, size in sizes.items():
        places[name] = (top - size, top)
        top -= size + room
    return places


def colours(names: list[str]) -> dict[str, str]:
    """Colour of each state; sources of support beside each other differ."""
    others = [name for name in names if name not in COLOURS]
    more = {name: MORE[place % len(MORE)] for place, name in enumerate(others)}
    return {**COLOURS, **more, HIDDEN: style.RULE}


def _band(axes: Axes, low: float, target: float, share: float, colour: str) -> None:
    start, end = NODE, 1 - NODE
    middle = 0.5
    corners = [
        (start, low), (middle, low), (middle, target), (end, target), (end, target + share),
        (middle, target + share), (middle, low + share), (start, low + share), (start, low),
    ]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    axes.add_patch(PathPatch(
        Path(corners, codes), facecolor=colour, alpha=0.5, edgecolor=style.PAPER,
        linewidth=0.6, gid="flow",
    ))  # fmt: skip


def _number(axes: Axes, low: float, share: float, text: Text) -> None:
    if share < LABELLED:
        return
    axes.annotate(text.percent(share), (NODE, low + share / 2), (5, 0), va="center",
                  textcoords="offset points")  # fmt: skip


def _rest(axes: Axes, low: float, high: float, *, at_left: bool) -> None:
    """The part of a state whose flows are not shown: a hatched band that leads nowhere."""
    if high - low < 5e-4:
        return
    x = NODE if at_left else 1 - NODE - STUB
    axes.add_patch(Rectangle((x, low), STUB, high - low, facecolor=style.PAPER, hatch="/////",
                             edgecolor=style.HATCH, linewidth=0.5, gid="hidden"))  # fmt: skip


def _node(axes: Axes, low: float, high: float, name: str, colour: str, *, at_left: bool) -> None:
    x = 0 if at_left else 1 - NODE
    hatch = "/////" if name == HIDDEN else None
    axes.add_patch(Rectangle((x, low), NODE, high - low, facecolor=colour, hatch=hatch,
                             edgecolor=style.PAPER, linewidth=0.4, gid=f"node {name}"))  # fmt: skip


def _labels(shares: dict[str, float], names: list[str], text: Text) -> dict[str, str]:
    """Name and share of each state of a side; long names on two lines."""
    labels = {}
    for name, (low, high) in _stack(shares, names).items():
        words = text.say("{name}, {share}", name=sentence_case(status_name(name, text)),
                         share=text.percent(high - low))  # fmt: skip
        places = [at for at, letter in enumerate(words) if letter == " "]
        if len(words) > LONGEST and places:
            at = min(places, key=lambda place: abs(place - 0.6 * len(words)))
            words = f"{words[:at]}\n{words[at + 1 :]}"
        labels[name] = words
    return labels


def _name(axes: Axes, side: dict, labels: dict[str, str], *, at_left: bool) -> None:
    """Write the names beside the nodes, apart from each other."""
    lines, owner = [], []
    for name, (low, high) in side.items():
        count = labels[name].count("\n") + 1
        lines += [(low + high) / 2 + LINE * ((count - 1) / 2 - line) for line in range(count)]
        owner += [name] * count
    placed = style.spread(lines, LINE, -0.02, 1 + GAP * 6)
    places = pd.Series(placed).groupby(pd.Series(owner), sort=False).mean()
    for name, place in places.items():
        axes.annotate(
            labels[name], (0 if at_left else 1, place), (-5 if at_left else 5, 0), va="center",
            textcoords="offset points", ha="right" if at_left else "left", linespacing=0.95,
            multialignment="right" if at_left else "left", annotation_clip=False,
        )  # fmt: skip
