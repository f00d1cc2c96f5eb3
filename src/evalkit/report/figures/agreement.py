"""Agreement of two parties: the square table of their answers to one question."""

import math
from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from evalkit.report import style
from evalkit.report.figures.frame import drawn_part, picture, shown, summary_n
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.names_collaboration import group_name, question_name
from evalkit.report.parts import Part
from evalkit.report.reading import released_frame
from evalkit.report.text import Text


@drawn_part
def agreement(
    table, text: Text, *, item: str | None = None, names: Mapping[str, str] | None = None,
    name: str = "agreement",
) -> Part:  # fmt: skip
    """Pairs by the answers of both parties, one question; the diagonal is agreement.

    Parameters
    ----------
    table : Released AgreementTable
    item : str, optional
        The question; the first one by default.
    """
    frame = _one_question(table, item)
    asked = frame["item"].iloc[0]
    levels = list(dict.fromkeys(frame["first"]))
    cells = frame.set_index(["first", "second"])["share"]
    rows = [[one, *(shown(cells[one, other], text.percent) for other in levels)] for one in levels]
    first, second = (group_name(str(table.summary[key]), text) for key in ("first", "second"))
    alike = sum(cells[level, level] for level in levels)
    return picture(
        name, draw_agreement(table, text, item=item), [table], text,
        finding=text.say("{item}: the answers of two groups side by side ({first}, {second}).",
                         first=first, second=second,
                         item=escape(sentence_case(question_name(asked, text, names)))),
        caption=text.say("Share of all pairs in each square; squares with a frame: both gave the "
                         "same answer; hatched: not shown, to protect people."),
        alt=text.say("A square table of answers. Both gave the same answer in {share} of pairs.",
                     share=text.percent(alike)) if math.isfinite(alike)
        else text.say("A square table of answers, some of which are not shown."),
        n=summary_n(table), rows=rows,
        header=[text.say("{first} (rows), {second} (columns)", first=sentence_case(first),
                         second=second), *levels],
    )  # fmt: skip


def _one_question(table, item: str | None) -> pd.DataFrame:
    frame = released_frame(table, "AgreementTable")
    frame = frame[frame["stratum"] == frame["stratum"].iloc[0]]
    return frame[frame["item"] == (item or frame["item"].iloc[0])]


def draw_agreement(table, text: Text, *, item: str | None = None) -> Figure:
    """Draw the squares, the darker the more pairs, with their share in them."""
    frame = _one_question(table, item)
    levels = list(dict.fromkeys(frame["first"]))
    size = len(levels)
    side = min(13.0, 90 / size)
    first, second = (group_name(str(table.summary[key]), text) for key in ("first", "second"))
    most = max(frame["share"].max(), 0.01) if frame["share"].notna().any() else 1.0
    margin = (style.PHONE_MM - side * size) / 2
    with style.style():
        figure, (axes,) = style.panel(24 + side * size, left=margin, right=margin, top=8,
                                      bottom=16, least=side * size)  # fmt: skip
        axes.set_xlim(0, size)
        axes.set_ylim(0, size)
        for row in frame.to_dict("records"):
            x, y = levels.index(row["second"]), levels.index(row["first"])
            _draw_square(axes, x, y, row["share"], most, text)
        for at in range(size):
            axes.add_patch(Rectangle((at, at), 1, 1, fill=False, edgecolor=style.INK, linewidth=1.4,
                                     zorder=4, gid="alike",
 clip_on=False))  # fmt: skip
        axes.set_xticks([at + 0.5 for at in range(size)], levels)
        axes.set_yticks([at + 0.5 for at in range(size)], levels)
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.set_xlabel(text.say("Answer, {group}", group=second))
        axes.set_ylabel(text.say("Answer, {group}", group=first))
    return figure


def _draw_square(axes: Axes, x: int, y: int, share: float, most: float, text: Text) -> None:
    if not math.isfinite(share):
        axes.add_patch(Rectangle((x, y), 1, 1, facecolor=style.PAPER, edgecolor=style.HATCH,
                                 hatch="////", linewidth=0.0, gid="hidden"))  # fmt: skip
        return
    depth = 0.12 + 0.88 * share / most
    axes.add_patch(Rectangle((x, y), 1, 1, facecolor=style.PROGRAMME, alpha=depth, linewidth=0))
    colour = style.PAPER if depth > 0.75 else style.INK
    axes.text(x + 0.5, y + 0.5, text.percent(share), ha="center", va="center", color=colour)
