"""Service profile: a matrix of services and municipalities, readable without colour."""

import math
from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from evalkit.report import style
from evalkit.report.figures.frame import drawn_part, picture
from evalkit.report.figures.key_figures import wrapped
from evalkit.report.figures.places import alphabetical
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.names_organisation import coordination_name, group_name, service_name
from evalkit.report.parts import Part
from evalkit.report.reading import released_frame
from evalkit.report.text import Text

ROW_MM, MOST_COLUMNS = 9.0, 12
CELL_MM, LEAST_CELLS = 20.0, 4
LEFT_MM = 46.0
LEFT_POINTS = LEFT_MM * style.MM * 72
LEVEL_CODES = ("fragmented", "information", "coordination", "joint_work")
# Darker is more coordinated; every cell also carries its sign.
LEVEL_COLOURS = ("#e3edf6", "#b7d1e8", "#6fa5d2", style.PROGRAMME)
THERE, NOT_THERE, NOT_KNOWN = "+", "\N{MULTIPLICATION SIGN}", "?"


@drawn_part
def services(
    profile, text: Text, *, names: Mapping[str, str] | None = None, name: str = "services"
) -> Part:
    """Services by municipality: a number for how coordinated, a cross where there is none.

    With more than twelve municipalities bars of how many have each service are drawn instead.

    Parameters
    ----------
    profile : Released ServiceProfile
    names : mapping of str to str, optional
        Names of the municipalities by code, in the report's language.
    """
    names = names or {}
    frame = cells_of(profile)
    places = _places(frame, names)
    is_many = len(places) > MOST_COLUMNS
    header, rows = _counted(frame, text) if is_many else _listed(frame, places, names, text)
    spoken = [text.say("A grid of services and municipalities with a sign in each cell.")]
    if is_many:
        spoken = [text.say("Bars of how many municipalities have each service.")]
    spoken += [
        text.plural(
            "{service}, for this group: {group}: {count} of {n} municipality.",
            "{service}, for this group: {group}: {count} of {n} municipalities.",
            len(own), service=sentence_case(service_name(service, text)),
            group=group_name(group, text),
            count=text.number(int((own["availability"] == "yes").sum())),
        )
        for (group, service), own in frame.groupby(["target_group", "service"], sort=False)
    ]  # fmt: skip
    return picture(
        name, draw_services(profile, text, names=names), [profile], text,
        finding=text.say("Which services there are, for whom, and how they are coordinated."),
        caption=text.say("Numbers of municipalities.") if is_many else services_key(text),
        alt=" ".join(spoken), n=math.nan, header=header, rows=rows, text_columns=2,
    )  # fmt: skip


def _places(frame: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    """Codes of the municipalities, in the alphabetical order of their names."""
    codes = list(dict.fromkeys(frame["municipality"]))
    return [codes[row] for row in alphabetical([names.get(code, code) for code in codes])]


def services_key(text: Text) -> str:
    """Say what the signs of a cell mean."""
    levels = [text.say("{number}: {level}", number=str(number), level=coordination_name(code, text))
              for number, code in enumerate(LEVEL_CODES)][::-1]  # fmt: skip
    return text.say(
        "{levels}; +: exists, coordination not known; ×: does not exist; ?: not known. Thick "
        "frame: the municipality has no service for the group.",
        levels="; ".join(levels),
    )


def _listed(frame, places, names: Mapping[str, str], text: Text) -> tuple[list, list]:
    """Header and rows of the data table: signs, in words where a sign would say too little."""
    words = {NOT_THERE: text.say("none"), NOT_KNOWN: text.say("not known")}
    header = [text.say("Group"), text.say("Service")]
    header += [escape(names.get(code, code)) for code in places]
    rows = []
    for (group, service), own in frame.groupby(["target_group", "service"], sort=False):
        sign = own.set_index("municipality")["sign"]
        rows.append([*_labels(group, service, text),
                     *(words.get(sign[code], sign[code]) for code in places)])  # fmt: skip
    return header, rows


def _counted(frame: pd.DataFrame, text: Text) -> tuple[list, list]:
    """Header and rows of the data table: how many municipalities have each service."""
    header = [text.say("Group"), text.say("Service"), text.say("Have it"),
              text.say("Do not have it"), text.say("Not known")]  # fmt: skip
    rows = []
    for (group, service), own in frame.groupby(["target_group", "service"], sort=False):
        counts = [int((own["availability"] == answer).sum()) for answer in ("yes", "no", "unknown")]
        rows.append([*_labels(group, service, text), *map(text.number, counts)])
    return header, rows


def _labels(group: str, service: str, text: Text) -> list[str]:
    names = group_name(group, text), service_name(service, text)
    return [escape(sentence_case(name)) for name in names]


def cells_of(profile) -> pd.DataFrame:
    """Cells in the order of the profile, groups together, each with its sign and its gap."""
    frame = released_frame(profile, "ServiceProfile")
    groups = list(dict.fromkeys(frame["target_group"]))
    frame = frame.assign(
        sign=[_sign(row) for row in frame.to_dict("records")],
        order=frame["target_group"].map({group: place for place, group in enumerate(groups)}),
    )
    none = frame.groupby(["municipality", "target_group"])["availability"].transform(
        lambda own: (own == "no").all()
    )
    frame = frame.assign(gap=none.astype(bool) & (frame["target_group"] != ""))
    return frame.sort_values("order", kind="stable").reset_index(drop=True)


def _sign(row: Mapping[str, object]) -> str:
    if row["availability"] == "no":
        return NOT_THERE
    if row["availability"] != "yes":
        return NOT_KNOWN
    return str(int(row["level"])) if math.isfinite(row["level"]) else THERE


def draw_services(profile, text: Text, *, names: Mapping[str, str] | None = None) -> Figure:
    """Draw the matrix, or bars of counts where there are too many municipalities for one."""
    frame = cells_of(profile)
    places = _places(frame, names or {})
    order = list(dict.fromkeys(zip(frame["target_group"], frame["service"], strict=True)))
    with style.style():
        rows, heads, height = _lines(order)
        is_many = len(places) > MOST_COLUMNS
        figure, (axes,) = style.panel(20 + ROW_MM * height, left=LEFT_MM, right=6, top=16, bottom=2,
                                      least=style.LEAST_PANEL_MM if is_many
                                      else CELL_MM * max(len(places), LEAST_CELLS))  # fmt: skip
        if is_many:
            _counts(axes, frame, rows, len(places), text)
        else:
            _matrix(axes, frame, rows, places, names or {})
        axes.set_ylim(height - 0.4, -0.6)
        axes.set_yticks(list(rows.values()), [
            wrapped(sentence_case(service_name(service, text)), 27) for _, service in rows
        ], **style.NAMES)  # fmt: skip
        for place, group in heads:
            axes.annotate(sentence_case(group_name(group, text)), (0, place), (4 - LEFT_POINTS, 0),
                          xycoords=("axes fraction", "data"), textcoords="offset points",
                          va="center", weight=600, annotation_clip=False)  # fmt: skip
        axes.tick_params(length=0)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
    return figure


def _lines(order: list[tuple[str, str]]) -> tuple[dict, list, int]:
    """Vertical place of each service, of the heading of each group, and how many lines."""
    rows, heads, place, previous = {}, [], 0, None
    for group, service in order:
        if group != previous:
            heads.append((place, group))
            place, previous = place + 1, group
        rows[group, service] = place
        place += 1
    return rows, heads, place


def _matrix(
    axes: Axes, frame: pd.DataFrame, rows: dict, places: list[str], names: Mapping[str, str]
) -> None:
    for _, cell in frame.iterrows():
        x, y = places.index(cell["municipality"]), rows[cell["target_group"], cell["service"]]
        fill, ink = style.PAPER, style.QUIET
        if cell["sign"].isdigit():
            level = int(cell["sign"])
            fill = LEVEL_COLOURS[level]
            ink = style.PAPER if level == len(LEVEL_COLOURS) - 1 else style.INK
        elif cell["sign"] == THERE:
            fill, ink = style.GREYS[4], style.INK
        axes.add_patch(Rectangle((x - 0.45, y - 0.42), 0.9, 0.84, facecolor=fill,
                                 edgecolor=style.WARNING if cell["gap"] else style.RULE,
                                 linewidth=1.8 if cell["gap"] else 0.6,
                                 gid="gap" if cell["gap"] else "cell"))  # fmt: skip
        axes.text(x, y, cell["sign"], ha="center", va="center", color=ink, weight=600)
    axes.set_xlim(-0.5, max(len(places), LEAST_CELLS) - 0.5)
    axes.set_xticks(range(len(places)), [wrapped(names.get(code, code), 12) for code in places])
    axes.xaxis.tick_top()


def _counts(axes: Axes, frame: pd.DataFrame, rows: dict, n: int, text: Text) -> None:
    """Bars of how many municipalities have a service, know that they have not, do not know."""
    looks = (("yes", style.PROGRAMME, None), ("no", style.GREYS[3], None),
             ("unknown", style.PAPER, "////"))  # fmt: skip
    for (group, service), own in frame.groupby(["target_group", "service"], sort=False):
        left = 0
        for answer, colour, hatch in looks:
            count = int((own["availability"] == answer).sum())
            axes.barh(rows[group, service], count, left=left, height=0.62, facecolor=colour,
                      edgecolor=style.HATCH, hatch=hatch, linewidth=0.5, gid=answer)  # fmt: skip
            if count >= 0.06 * n:
                axes.text(left + count / 2, rows[group, service], text.number(count), ha="center",
                          va="center", color=style.PAPER if answer == "yes" else style.INK,
                          bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1}
                          if hatch else None)  # fmt: skip
            left += count
    axes.set_xlim(0, n)
    axes.set_xticks([])
    # Longer than the axis, so it starts where the names do.
    axes.annotate(text.say("Municipalities: have it (dark), do not (light), not known (hatched)"),
                  (0, 1), (4 - LEFT_POINTS, 7), xycoords="axes fraction", va="bottom",
                  textcoords="offset points", color=style.QUIET, annotation_clip=False)  # fmt: skip
