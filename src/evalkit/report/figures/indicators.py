"""Indicators: one small panel a question, with federations and all together in rows."""

import math
import textwrap
from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.report import style
from evalkit.report.figures.frame import drawn_part, picture, shown, shown_range, summary_n
from evalkit.report.figures.hidden import write_hidden
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.names_collaboration import instrument_name, question_name
from evalkit.report.parts import Part
from evalkit.report.reading import released_frame
from evalkit.report.text import Text

MOST_ROWS = 7  # federations beside all; with more only one's own is drawn
COLUMNS = 3
FEDERATIONS = "federations"
PERCENT = "share_top"


@drawn_part
def indicators(
    scores, text: Text, *, stratum: str | None = None, quantity: str = "mean",
    names: Mapping[str, str] | None = None, name: str = "indicators",
) -> Part:  # fmt: skip
    """Every indicator from 0 to 100 for each federation, for all people and for all federations.

    Parameters
    ----------
    scores : Released ResponseScores
        Of `indicators`; of several waves the last is drawn.
    stratum : str, optional
        The group of respondents; the first one by default.
    quantity : str
        `mean` or `share_top`.
    names : mapping of str to str
        What the questions are called, by id, in the report's language.
    """
    frame, group = _chosen(scores, stratum, quantity)
    rows = [
        [
            escape(sentence_case(question_name(row["item"], text, names))),
            escape(sentence_case(_row_name(row, text))), shown(row["estimate"], text.number),
            shown_range(row["conf_low"], row["conf_high"], text.range),
            shown(row["n"], text.number), shown(row["non_response"], text.percent),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    wave = str(frame["wave"].iloc[0])
    topic = sentence_case(instrument_name(str(scores.summary["instrument"]), text))
    finding = text.say("{topic}: every question, by federation.", topic=escape(topic))
    if wave:
        finding = text.say("{topic}: every question, by federation; wave {wave}.",
                           topic=escape(topic), wave=escape(wave))  # fmt: skip
    return picture(
        name, draw_indicators(scores, text, stratum=group, quantity=quantity, names=names),
        [scores], text, finding=finding,
        caption=text.say("Dot: those who answered; bar: 95 per cent interval. Areas differ "
                         "in size: once every person counts alike, once every area does."),
        alt=text.plural("Small panels with dots, {n} question.",
                        "Small panels with dots, {n} questions.", frame["item"].nunique()),
        n=summary_n(scores), rows=rows, text_columns=2,
        header=[text.say("Question"), text.say("Federation"), _scale_title(quantity, text),
                text.say("Interval"), text.say("Answers"), text.say("No answer")],
    )  # fmt: skip


def _scale_title(quantity: str, text: Text) -> str:
    if quantity == PERCENT:
        return text.say("Per cent with a top answer")
    return text.say("Points, 100 is best")


def _row_name(row: Mapping[str, object], text: Text) -> str:
    if row["federation"]:
        return row["federation"]
    if row["weighting"] == FEDERATIONS:
        return text.say("all, federations alike")
    return text.say("all, people alike")


def _chosen(scores, stratum: str | None, quantity: str) -> tuple[pd.DataFrame, str]:
    """Rows of one group, quantity and the last wave; federations first, then all."""
    frame = released_frame(scores, "ResponseScores")
    frame = frame[frame["quantity"] == quantity]
    group = frame["stratum"].iloc[0] if stratum is None else stratum
    frame = frame[frame["stratum"] == group]
    frame = frame[frame["wave"] == max(frame["wave"])]
    place = {item: at for at, item in enumerate(dict.fromkeys(frame["item"]))}
    order = frame.assign(_item=frame["item"].map(place), _all=frame["federation"] == "")
    order = order.sort_values(["_item", "_all", "federation"], kind="stable")
    return order.drop(columns=["_item", "_all"]).reset_index(drop=True), group


def draw_indicators(
    scores, text: Text, *, stratum: str | None = None, quantity: str = "mean",
    names: Mapping[str, str] | None = None,
) -> Figure:  # fmt: skip
    """Draw the panels; federations by name where there are few, else one's own only."""
    frame, _ = _chosen(scores, stratum, quantity)
    own = text.place if text.labels.level != "study" else ""
    federations = [name for name in dict.fromkeys(frame["federation"]) if name]
    if len(federations) > MOST_ROWS:
        frame = frame[frame["federation"].isin(["", own, text.parent])]
    items = list(dict.fromkeys(frame["item"]))
    per_item = int(frame.groupby("item").size().max())
    with style.style():
        figure, axes = style.grid(
            len(items), columns=COLUMNS, height=4.4 * per_item + 1, left=40, right=5, top=11,
            bottom=13, gap=8,
        )  # fmt: skip
        for place, (item, panel) in enumerate(zip(items, axes, strict=True)):
            rows = frame[frame["item"] == item].reset_index(drop=True)
            _draw_panel(panel, rows, place % COLUMNS == 0, text)
            title = sentence_case(question_name(item, text, names))
            panel.set_title(
                "\n".join(textwrap.wrap(title, 27, max_lines=2, placeholder=" …")),
                loc="left",
                weight=600,
                pad=3,
            )
            panel.set_xlabel(_scale_title(quantity, text))
    return figure


def _draw_panel(axes: Axes, rows: pd.DataFrame, is_first: bool, text: Text) -> None:
    axes.set_xlim(0, 100)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    for place, row in rows.iterrows():
        is_all = row["federation"] == ""
        colour = style.INK if is_all else style.PROGRAMME
        marker = "o" if not is_all else "D" if row["weighting"] == FEDERATIONS else "s"
        if math.isfinite(row["estimate"]):
            axes.plot([row["conf_low"], row["conf_high"]], [place, place], color=colour,
                      linewidth=1.3, solid_capstyle="butt")  # fmt: skip
            axes.plot([row["estimate"]], [place], marker, color=colour, markersize=4.6, gid="dot",
                      clip_on=False)  # fmt: skip
        else:
            write_hidden(axes, place, text, text.say("not shown"))
    labels = [sentence_case(_row_name(row, text)) for row in rows.to_dict("records")]
    axes.set_yticks(range(len(rows)), labels if is_first else [""] * len(rows), va="center")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xticks([0, 50, 100], [text.number(tick) for tick in (0, 50, 100)])
    style.light_grid(axes, "x")
