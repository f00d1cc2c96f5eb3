"""Break-even share by horizon: how much must be due to the programme."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.report import style
from evalkit.report.figures.findings import titled
from evalkit.report.figures.findings_money import needed_finding
from evalkit.report.figures.frame import (
    MISSING,
    drawn_part,
    in_two_lines,
    picture,
    shown,
    shown_range,
    summary_n,
    too_few_part,
)
from evalkit.report.figures.hidden import write_hidden
from evalkit.report.markup import escape
from evalkit.report.names import actor_name, sentence_case
from evalkit.report.names_money import years_label
from evalkit.report.parts import Part
from evalkit.report.reading import few_persons, is_compared, money_decimals, released_frame
from evalkit.report.text import Text

ROW_MM, GAP = 5.4, 0.8
WIDEST = 1.4  # the axis ends beyond the whole change, in arrows of what goes on
TAIL, ARROW = 0.1, 0.09
LONGEST = 24  # letters of a name on one line
MOST = 10.0  # a share beyond it is written as over ten times the whole
SUMS = ("public", "society")


@drawn_part
def break_even(break_even, text: Text, *, exits=None, name: str = "break-even") -> Part:
    """Share of the change that must be due to the programme, by party and horizon.

    Parameters
    ----------
    break_even : Released BreakEven
    exits : Released IncidenceCurve or None
        By arm; with it a municipality with too few people shows no estimate.
    """
    if few_persons(break_even, text, exits):
        return too_few_part(text)
    frame = released_frame(break_even, "BreakEven")
    decimals = money_decimals(frame.assign(net=0.0))
    currency = str(break_even.summary["currency"])
    thousands = lambda x: text.number(x / 1000, decimals)  # noqa: E731
    rows = [
        [
            escape(sentence_case(actor_name(row["party"], text))),
            years_label(row["horizon_years"], text),
            shown(row["cost"], thousands), shown(row["gain"], thousands),
            share_words(row, text), interval_words(row, text),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    spoken = [text.say("Dots with intervals by actor and years counted; beyond the line at one "
                       "hundred per cent the cost does not come back.")]  # fmt: skip
    spoken += [
        text.say("{actor}, {years}: {share}.", years=years_label(row["horizon_years"], text),
                 actor=sentence_case(actor_name(row["party"], text)), share=share_words(row, text))
        for row in drawn_rows(frame).to_dict("records")
        if not row["suppressed"]
    ]  # fmt: skip
    caption = text.say(
        "Dot: share of the change that must be due to the programme for the cost to come back; "
        "bar: 95 per cent interval; line: all of the change; arrow: goes on beyond the axis, all "
        "of it where the tail of the arrow is dotted."
    )
    compared = is_compared(break_even)
    topic = text.say("How much must be due to the programme?")
    if compared:
        topic = text.say("How much of the gain is needed?")
        caption = text.say(
            "Dot: share of the difference from the comparison group that is needed for the cost to "
            "come back; bar: 95 per cent interval; line: all of the difference; arrow: goes on "
            "beyond the axis, all of it where the tail of the arrow is dotted."
        )
    notes = [text.say("Hollow dot: more than all of it would be needed; at the right: the share.")]
    if hidden := [actor_name(party, text) for party in _hidden(frame)]:
        notes.append(
            text.say("Not shown, to protect people: {names}.", names=escape(text.list(hidden)))
        )
    caption = " ".join([caption, *notes])
    return picture(
        name, draw_break_even(break_even, text), [break_even], text,
        **titled(needed_finding(frame, text, compared=compared), topic, caption),
        alt=" ".join(spoken), n=summary_n(break_even), rows=rows,
        text_columns=2,
        header=break_even_header(currency, text, compared=compared),
    )  # fmt: skip


def break_even_header(currency: str, text: Text, *, compared: bool = False) -> list[str]:
    """Header of a table of break-even shares: amounts carry their unit, shares say per cent."""
    needed = text.say("Share that must be due to the programme")
    if compared:
        needed = text.say("Share of the gain that is needed")
    return [
        text.say("Actor"), text.say("Years counted"),
        text.say("Cost, {unit} per person", unit=text.thousands(currency)),
        text.say("Gain a year, {unit} per person", unit=text.thousands(currency)),
        needed, text.say("Interval"),
    ]  # fmt: skip


def drawn_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of those who have an outlay and are not hidden altogether; the sums last."""
    kept = frame[(frame["reason"] != "no outlay") & ~frame["party"].isin(_hidden(frame))]
    is_sum = kept["party"].isin(SUMS)
    return pd.concat([kept[~is_sum], kept[is_sum]]).reset_index(drop=True)


def _hidden(frame: pd.DataFrame) -> list[str]:
    """Parties of which nothing is shown."""
    return [party for party, own in frame.groupby("party", sort=False) if own["suppressed"].all()]


def share_words(row, text: Text) -> str:
    """Write a break-even share, or why there is none."""
    if row["suppressed"]:
        return MISSING
    if row["reason"] == "no outlay":
        return text.say("no outlay")
    if row["reason"] == "never":
        return text.say("no gain")
    if MOST < float(row["break_even_share"]) < math.inf:
        return text.say("over {share}", share=text.percent(MOST))
    return shown(row["break_even_share"], text.percent)


def interval_words(row, text: Text) -> str:
    """Write the interval of a share; one that reaches infinity ends in "never".

    Empty where there is no outlay: then there is no share that an interval could be of.
    """
    if row["reason"] == "no outlay" and not row["suppressed"]:
        return ""
    low, high = float(row["conf_low"]), float(row["conf_high"])
    if math.isfinite(low) and math.isinf(high):
        return text.say("{low} to the cost never coming back", low=text.percent(low))
    return shown_range(low, high, text.percent_range)


def draw_break_even(break_even, text: Text) -> Figure:
    """Draw one group of rows a party, one row a horizon."""
    compared = is_compared(break_even)
    frame = drawn_rows(released_frame(break_even, "BreakEven"))
    new = (frame["party"] != frame["party"].shift()).to_numpy()
    places = np.arange(len(frame)) + GAP * (np.cumsum(new) - 1)
    bottom = float(places[-1]) if len(places) else 0.0
    with style.style():
        figure, (axes,) = style.panel(
            26 + ROW_MM * bottom, left=58, right=26, top=9, bottom=14, least=40
        )
        for place, (_, row) in zip(places, frame.iterrows(), strict=True):
            _share_row(axes, place, row, text)
        for party, rows in frame.groupby("party", sort=False):
            middle = places[rows.index].mean()
            axes.annotate(
                in_two_lines(sentence_case(actor_name(party, text)), LONGEST),
                xycoords=("axes fraction", "data"), xy=(0, middle),
                xytext=(-56 * style.MM * 72, 0), textcoords="offset points", va="center",
                ha="left", weight=600, annotation_clip=False,
            )  # fmt: skip
        axes.axvline(1, color=style.INK, linewidth=0.9, gid="all of the change")
        whole = text.say("all of the gain") if compared else text.say("all of the change")
        axes.annotate(whole, (1, 1), (0, 3), va="bottom", ha="center",
                      xycoords=("data", "axes fraction"), textcoords="offset points",
                      color=style.QUIET, annotation_clip=False)  # fmt: skip
        axes.set_xlim(0, WIDEST)
        axes.set_ylim(bottom + 0.7, -0.7)
        named = [
            "" if hidden else years_label(years, text)
            for years, hidden in zip(frame["horizon_years"], frame["suppressed"], strict=True)
        ]
        axes.set_yticks(places, named)
        axes.tick_params(axis="y", length=0, labelcolor=style.QUIET)
        axes.spines["left"].set_visible(False)
        marks = [0, 0.25, 0.5, 0.75, 1]
        axes.set_xticks(marks, [text.number(100 * mark) for mark in marks])
        style.light_grid(axes, "x")
        axes.set_xlabel(
            text.say("Share of the gain that is needed, per cent")
            if compared
            else text.say("Share of the change that must be due to the programme, per cent")
        )
    return figure


def _arrow(axes: Axes, place: float, colour: str, *, tail: bool) -> None:
    """Mark what goes on beyond the axis; with a dotted tail where nothing of it lies before."""
    if tail:
        axes.plot([WIDEST - TAIL, WIDEST], [place, place], color=colour, linewidth=1.2,
                  linestyle=(0, (1, 1.5)), gid="beyond the axis")  # fmt: skip
    axes.plot([WIDEST], [place], ">", color=colour, markersize=5, clip_on=False)


def _share_row(axes: Axes, place: float, row: pd.Series, text: Text) -> None:
    share = float(row["break_even_share"])
    colour = style.INK if row["party"] in SUMS else style.PROGRAMME
    if row["suppressed"] or math.isnan(share):
        write_hidden(axes, place, text)
        return
    low, high = float(row["conf_low"]), float(row["conf_high"])
    if math.isfinite(low):
        end = min(high, WIDEST)
        axes.plot([min(low, WIDEST), end], [place, place], color=colour, linewidth=1.6,
                  solid_capstyle="butt")  # fmt: skip
        if high > WIDEST:
            _arrow(axes, place, colour, tail=low >= WIDEST)
    if share <= WIDEST - ARROW:
        axes.plot([share], [place], "o", color=colour, markersize=6, gid="share", zorder=4,
                  clip_on=False,
                  markerfacecolor=colour if share <= 1 else style.PAPER)  # fmt: skip
    elif not math.isfinite(low):
        _arrow(axes, place, colour, tail=True)
    axes.annotate(share_words(row, text), (1, place), (9, 0), va="center",
                  xycoords=("axes fraction", "data"), textcoords="offset points",
                  annotation_clip=False)  # fmt: skip
