"""Bars: attrition of participants, need and coverage."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from evalkit.report import style
from evalkit.report.figures.findings import titled
from evalkit.report.figures.frame import (
    drawn_part,
    in_two_lines,
    picture,
    shown,
    shown_range,
)
from evalkit.report.figures.hidden import write_hidden
from evalkit.report.figures.range_bars import draw_ranges, range_words
from evalkit.report.markup import escape
from evalkit.report.names import quantity_name, rule_name, sentence_case
from evalkit.report.parts import Part
from evalkit.report.reading import released_frame
from evalkit.report.text import Text

ROW_MM, FLOW_MM = 7.0, 10.0
LONGEST_RULE, LONGEST_NAME = 30, 24  # letters on one line
OUT_MM, LEFT_MM = 22.0, 38.0  # where the columns of numbers end, right of the axes


@drawn_part
def flow(flow, text: Text, *, name: str = "flow") -> Part:
    """People left after each condition, from all in the records to those followed.

    Parameters
    ----------
    flow : Released Flow
    """
    frame = released_frame(flow, "Flow")
    rows = [
        [
            escape(sentence_case(rule_name(row["reason"], text))),
            shown(row["n_removed"], text.number),
            shown(row["n_after"], text.number),
        ]
        for row in frame.to_dict("records")
    ]
    spoken = [text.say("Bars of people left after each condition.")]
    spoken += [
        text.say("{rule}: {removed} left out, {left} left.",
                 rule=sentence_case(rule_name(row["reason"], text)),
                 removed=text.number(row["n_removed"]), left=text.number(row["n_after"]))
        for row in frame.to_dict("records")
        if row["reason"] != "analysed" and math.isfinite(row["n_removed"])
        and math.isfinite(row["n_after"]) and row["n_removed"] > 0
    ]  # fmt: skip
    return picture(
        name, draw_flow(flow, text), [flow], text,
        **titled(
            _flow_finding(flow, frame, text),
            text.say("From the people in the records to those who are followed."),
            text.say("Blue: people remaining; grey: people left out by the condition."),
            is_repeated=True,
        ),
        alt=" ".join(spoken), n=math.nan, rows=rows,
        header=[text.say("Condition"), text.say("Left out"), text.say("Remaining")],
    )  # fmt: skip


def _flow_finding(flow, frame: pd.DataFrame, text: Text) -> str:
    start, left = float(flow.summary["n_start"]), float(frame["n_after"].iloc[-1])
    if not (math.isfinite(start) and math.isfinite(left)):
        return ""
    return text.plural("{left} of {n} person in the records is followed.",
                       "{left} of {n} people in the records are followed.",
                       int(start), left=text.number(left))  # fmt: skip


def draw_flow(flow, text: Text) -> Figure:
    """Draw one strip a condition, and in columns beside it those left out and those left."""
    frame = released_frame(flow, "Flow").reset_index(drop=True)
    start = float(flow.summary["n_start"])
    top = float(np.nanmax([start, *frame["n_after"], 1]))
    with style.style():
        figure, (axes,) = style.panel(11 + FLOW_MM * (len(frame) + 1), left=58, right=40, top=9,
                                      bottom=2, least=44)  # fmt: skip
        names = [text.say("In the records")]
        _strip(axes, 0, start, None, text)
        for place, row in frame.iterrows():
            names.append(in_two_lines(sentence_case(rule_name(row["reason"], text)), LONGEST_RULE))
            removed = None if row["reason"] == "analysed" else row["n_removed"]
            _strip(axes, place + 1, row["n_after"], removed, text)
        axes.set_xlim(0, top)
        axes.set_ylim(len(frame) + 0.5, -0.5)
        axes.set_yticks(range(len(names)), names, **style.NAMES)
        axes.set_xticks([])
        for words, at_mm in ((text.say("Left out"), OUT_MM), (text.say("Remaining"), LEFT_MM)):
            _beside(axes, -0.5, words, at_mm, va="bottom", color=style.QUIET)
        axes.tick_params(axis="y", length=0)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
    return figure


def _strip(axes: Axes, place: int, left: float, removed: float | None, text: Text) -> None:
    if not math.isfinite(left):
        write_hidden(axes, place, text)
        return
    axes.barh(place, left, height=0.62, color=style.PROGRAMME, gid="left")
    _beside(axes, place, text.number(left), LEFT_MM, weight=600)
    if removed is None:
        return
    if removed > 0:
        axes.barh(place, removed, left=left, height=0.62, color=style.RULE, gid="left out")
    _beside(axes, place, shown(removed, text.number), OUT_MM)


def _beside(axes: Axes, place: float, words: str, at_mm: float, **look) -> None:
    """Write in a column that ends so many millimetres right of the axes."""
    axes.annotate(words, (1, place), (at_mm * style.MM * 72, 0), ha="right",
                  xycoords=("axes fraction", "data"), textcoords="offset points",
                  annotation_clip=False, **{"va": "center", **look})  # fmt: skip


@drawn_part
def need(need, text: Text, *, name: str = "need") -> Part:
    """Ranges of need, coverage and unmet need under each assumed share, open ends hatched.

    Parameters
    ----------
    need : Released NeedCoverage
    """
    frame = released_frame(need, "NeedCoverage")
    number = lambda a, b: range_words(a, b, text)  # noqa: E731
    rows = [
        [
            text.percent(row["need_share"], 1),
            escape(sentence_case(quantity_name(row["quantity"], text))),
            shown_range(row["n_low"], row["n_high"], number),
            shown_range(row["low"], row["high"], lambda a, b: text.percent_range(a, b, 1)),
        ]
        for row in frame.to_dict("records")
    ]
    spoken = [text.say("Bars with hatched ends for each assumed share in need.")]
    for row in _counted(frame).to_dict("records"):
        if math.isfinite(row["n_low"]) and math.isfinite(row["n_high"]):
            spoken.append(text.say(
                "{quantity}, assumed share {share}: {range} people.",
                quantity=sentence_case(quantity_name(row["quantity"], text)),
                share=text.percent(row["need_share"], 1),
                range=number(row["n_low"], row["n_high"]),
            ))  # fmt: skip
    return picture(
        name, draw_need(need, text), [need], text,
        **titled(_need_finding(need, frame, text), text.say("Need, and how much of it is met."),
                 _need_caption(need, text)),
        alt=" ".join(spoken), n=math.nan, rows=rows, text_columns=2,
        header=[text.say("Assumed share in need"), text.say("Quantity"), text.say("People"),
                text.say("Share")],
    )  # fmt: skip


def _need_finding(need, frame: pd.DataFrame, text: Text) -> str:
    """Say how many are in need under all the assumed shares, and how many took part."""
    rows, covered = frame[frame["quantity"] == "need"], float(need.summary["n_covered"])
    if rows.empty or rows[["n_low", "n_high"]].isna().any(axis=None) or not math.isfinite(covered):
        return ""
    return text.say(
        "Under the assumptions, {range} people are in need; {covered} took part in all.",
        range=range_words(rows["n_low"].min(), rows["n_high"].max(), text),
        covered=text.number(covered),
    )


def _need_caption(need, text: Text) -> str:
    caption = " ".join((
        text.say("Solid: at least so many; hatched: range that the assumptions leave open."),
        text.say("Left of the bars: the assumed share in need."),
    ))  # fmt: skip
    population, covered = need.summary["population"], need.summary["n_covered"]
    if not (math.isfinite(population) and math.isfinite(covered)):
        return caption
    spoken = text.say(
        "People of working age, {period}: {population}; took part: {covered}.",
        period=escape(str(need.summary["period"])), population=text.number(population),
        covered=text.number(covered),
    )  # fmt: skip
    return f"{caption} {spoken}"


def _counted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["quantity"] != "population"]


def draw_need(need, text: Text) -> Figure:
    """Draw one group of bars a quantity, one bar an assumed share."""
    frame = _counted(released_frame(need, "NeedCoverage")).reset_index(drop=True)
    quantities = list(dict.fromkeys(frame["quantity"]))
    shares = sorted(frame["need_share"].unique())
    pitch = len(shares) + 0.9
    with style.style():
        figure, (axes,) = style.panel(
            20 + 5.2 * pitch * len(quantities), left=54, right=26, top=4, bottom=14
        )
        ticks, names = [], []
        for group, quantity in enumerate(quantities):
            for number, share in enumerate(shares):
                ticks.append(group * pitch + number)
                names.append(text.percent(share, 1))
            axes.annotate(
                in_two_lines(sentence_case(quantity_name(quantity, text)), LONGEST_NAME),
                xycoords=("axes fraction", "data"), xy=(0, group * pitch + (len(shares) - 1) / 2),
                xytext=(-52 * style.MM * 72, 0), textcoords="offset points", va="center", ha="left",
                weight=600, annotation_clip=False,
            )  # fmt: skip
        by_row = frame.drop_duplicates(["quantity", "need_share"])
        by_row = by_row.set_index(["quantity", "need_share"])[["n_low", "n_high"]]
        by_row = by_row.reindex(pd.MultiIndex.from_product([quantities, shares]))
        draw_ranges(axes, ticks, by_row["n_low"], by_row["n_high"], 0.66, text)
        axes.set_yticks(ticks, names)
        axes.set_ylim(pitch * len(quantities) - 1, -0.7)
        axes.set_xlim(0, float(np.nanmax([*frame["n_high"], 1])) * 1.02)
        axes.tick_params(axis="y", length=0, labelcolor=style.QUIET)
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(style.round_ticks(5, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: text.number(value)))
        style.light_grid(axes, "x")
        axes.set_xlabel(text.say("People of working age"))
    return figure
