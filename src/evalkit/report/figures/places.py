"""The municipalities beside each other: dots with intervals, in alphabetical order."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from evalkit.report import style
from evalkit.report.figures.frame import (
    drawn_part,
    picture,
    shown,
    shown_range,
    summary_n,
)
from evalkit.report.figures.hidden import write_hidden
from evalkit.report.markup import escape
from evalkit.report.names import name_key
from evalkit.report.parts import Part
from evalkit.report.phrases import share_title
from evalkit.report.reading import first_arm, released_frame
from evalkit.report.text import Text

ROW_MM = 5.4


@drawn_part
def municipalities(by_municipality, nation, text: Text, *, names, name="municipalities") -> Part:
    """Share with the outcome in each municipality, alphabetically, and the line of all together.

    Parameters
    ----------
    by_municipality : Released Contrast
        Rows of scale `arm`: the term is the code of a municipality, or "code, programme".
    nation : Released Contrast
        `incidence_at` by arm for all together; the programme arm is the line.
    names : mapping of str to str
        Names of the municipalities by code, in the report's language.
    """
    frame, line = municipality_rows(by_municipality, names), first_arm(nation)
    header = [text.say("Municipality"), text.say("Share"), text.say("Interval")]
    rows = [
        [
            escape(row["name"]),
            shown(row["estimate"], text.percent),
            shown_range(row["conf_low"], row["conf_high"], text.percent_range),
        ]
        for row in frame.to_dict("records")
    ]
    known = frame.dropna(subset=["estimate", "conf_low", "conf_high"])
    alt = text.say("Dots with intervals, one for each municipality. Not shown, to protect people.")
    if len(known) and line.shown:
        alt = text.say(
            "Dots with intervals, one for each municipality: the shares lie in the range {range}; "
            "all together: {nation}.",
            range=text.percent_range(known["estimate"].min(), known["estimate"].max()),
            nation=text.percent(line.estimate),
        )
    caption = text.say("Dot: share; bar: 95 per cent interval; line: all together.")
    if frame["estimate"].isna().any():
        caption += " " + text.say("Not shown: too few people for a number, or to protect people.")
    return picture(
        name, draw_municipalities(by_municipality, nation, text, names=names),
        [by_municipality, nation], text,
        finding=text.say("Share who had reached it, by municipality in alphabetical order.")
        if text.is_events
        else text.say("Share who had begun to support themselves, by municipality in alphabetical "
                      "order."),
        caption=caption,
        alt=alt, n=summary_n(nation), header=header, rows=rows,
    )  # fmt: skip


def municipality_rows(by_municipality, names) -> pd.DataFrame:
    """Rows of the municipalities with their names, alphabetically."""
    frame = released_frame(by_municipality, "Contrast")
    frame = frame[(frame["scale"] == "arm") & ~frame["term"].str.endswith(", comparison")].copy()
    frame["name"] = [names.get(term.split(", ")[0], term) for term in frame["term"]]
    return frame.iloc[alphabetical(list(frame["name"]))].reset_index(drop=True)


def alphabetical(names: list[str]) -> list[int]:
    """Positions of names in the order of the Swedish and Finnish alphabets."""
    return sorted(range(len(names)), key=lambda row: name_key(names[row]))


def draw_municipalities(by_municipality, nation, text: Text, *, names) -> Figure:
    """Draw the caterpillar."""
    frame, line = municipality_rows(by_municipality, names), first_arm(nation)
    with style.style():
        figure, (axes,) = style.panel(
            26 + ROW_MM * len(frame), left=style.beside(frame["name"], 46), right=14, top=10,
            bottom=14,
        )  # fmt: skip
        for place, row in frame.iterrows():
            if not math.isfinite(row["estimate"]):
                write_hidden(axes, place, text, text.say("Not shown"))
                continue
            axes.plot([row["conf_low"], row["conf_high"]], [place, place], color=style.PROGRAMME,
                      linewidth=1.4, alpha=0.6, solid_capstyle="butt")  # fmt: skip
            axes.plot([row["estimate"]], [place], "o", color=style.PROGRAMME, markersize=5.5,
                      gid="municipality")  # fmt: skip
        highest = np.nanmax([*frame["conf_high"].fillna(0), line.estimate, 0.1])
        top = min(1.0, math.ceil(highest * 10 + 0.2) / 10)
        axes.set_xlim(0, top)
        axes.set_ylim(len(frame) - 0.4, -0.6)
        if line.shown:
            axes.axvline(line.estimate, color=style.INK, linewidth=0.9, gid="nation")
            axes.annotate(
                text.say("All together: {percent}", percent=text.percent(line.estimate)),
                (line.estimate, -0.6), (0, 3), textcoords="offset points", ha="center",
                va="bottom", annotation_clip=False,
            )  # fmt: skip
        ticks = np.arange(0, top + 1e-9, 0.1 if top <= 0.6 else 0.2)
        axes.set_xticks(ticks, [text.number(100 * tick) for tick in ticks])
        axes.set_yticks(range(len(frame)), list(frame["name"]))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        style.light_grid(axes, "x")
        axes.set_xlabel(share_title(text))
    return figure
