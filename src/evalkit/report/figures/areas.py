"""Coverage of need in each municipality: a range, and a dot at what it is at most."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from evalkit.report import style
from evalkit.report.figures.frame import drawn_part, picture, shown, shown_range
from evalkit.report.figures.hidden import write_hidden
from evalkit.report.figures.places import alphabetical
from evalkit.report.markup import escape
from evalkit.report.parts import Part
from evalkit.report.reading import released_frame
from evalkit.report.text import Text

ROW_MM = 6.0


@drawn_part
def need_by_area(areas, text: Text, *, names=None, name: str = "need-by-area") -> Part:
    """Coverage of need in each municipality, hatched from the least to the most that it can be.

    Parameters
    ----------
    areas : Released NeedByArea
    names : mapping of str to str, optional
        Names of the municipalities by code, in the report's language.
    """
    frame = area_rows(areas, names or {})
    rows = [
        [
            escape(row["name"]),
            shown(row["covered"], text.number),
            shown_range(row["need_low"], row["need_high"], text.range),
            shown_range(row["low"], row["high"], text.percent_range),
            shown_range(row["unmet_low"], row["unmet_high"], text.range),
        ]
        for row in frame.to_dict("records")
    ]
    known = frame.dropna(subset=["low", "high"])
    alt = text.say("Hatched bars, one for each municipality. Not shown, to protect people.")
    if len(known):
        alt = text.say(
            "Hatched bars with a dot, one for each municipality: at most {low} to {high} of those "
            "in need took part.",
            low=text.percent(known["middle"].min()), high=text.percent(known["middle"].max()),
        )  # fmt: skip
    share = middle_share(areas)
    return picture(
        name, draw_need_by_area(areas, text, names=names or {}), [areas], text,
        finding=text.say("How much of the need is covered, by municipality."),
        caption=text.say(
            "Hatched: range of the coverage under all assumed shares in need; dot: the most that "
            "it can be if {share} are in need. Above 100 per cent, more took part than need it.",
            share=text.percent(share, 1),
        ),
        alt=alt, n=math.nan, rows=rows,
        header=[text.say("Municipality"), text.say("Took part"), text.say("In need"),
                text.say("Coverage"), text.say("Unmet need")],
    )  # fmt: skip


def middle_share(areas) -> float:
    """The middle one of the assumed shares."""
    shares = sorted(set(released_frame(areas, "NeedByArea")["need_share"]))
    return float(shares[len(shares) // 2])


def area_rows(areas, names) -> pd.DataFrame:
    """One row a municipality, alphabetically, with ranges over all shares."""
    frame = released_frame(areas, "NeedByArea")
    middle = middle_share(areas)
    rows = []
    for area, part in frame.groupby("stratum", sort=False):
        of = {quantity: group for quantity, group in part.groupby("quantity")}
        ratio = of["covered_per_need"]
        rows.append({
            "name": names.get(area, area),
            "covered": ratio["n_low"].iloc[0],
            "need_low": of["need"]["n_low"].min(skipna=False),
            "need_high": of["need"]["n_high"].max(skipna=False),
            "low": of["coverage"]["low"].min(skipna=False),
            "high": of["coverage"]["high"].max(skipna=False),
            "middle": float(ratio.loc[ratio["need_share"] == middle, "high"].iloc[0]),
            "unmet_low": of["unmet"]["n_low"].min(skipna=False),
            "unmet_high": of["unmet"]["n_high"].max(skipna=False),
        })  # fmt: skip
    made = pd.DataFrame(rows)
    return made.iloc[alphabetical(list(made["name"]))].reset_index(drop=True)


def draw_need_by_area(areas, text: Text, *, names) -> Figure:
    """Draw one hatched bar and a dot a municipality."""
    frame = area_rows(areas, names)
    with style.style():
        figure, (axes,) = style.panel(
            24 + ROW_MM * len(frame),
            left=style.beside(frame["name"], 46),
            right=4,
            top=9,
            bottom=14,
        )
        for place, row in frame.iterrows():
            if not (math.isfinite(row["low"]) and math.isfinite(row["high"])):
                write_hidden(axes, place, text)
                continue
            axes.barh(place, row["high"] - row["low"], left=row["low"], height=0.55,
                      facecolor=style.PAPER, edgecolor=style.PROGRAMME, hatch="/////",
                      linewidth=0.6, gid="range")  # fmt: skip
            axes.plot([row["middle"]], [place], "o", color=style.PROGRAMME, markersize=6.5,
                      markeredgecolor=style.PAPER, gid="at most", clip_on=False)  # fmt: skip
        highest = np.nanmax([*frame["high"], *frame["middle"], 0.1])
        top = math.ceil(highest * 10 + 1e-9) / 10
        step = 0.1 if top <= 0.6 else 0.2 if top <= 1.2 else 0.5
        ticks = np.arange(0, top + 1e-9, step)
        axes.set_xlim(0, top)
        axes.set_xticks(ticks, [text.number(100 * tick) for tick in ticks])
        axes.set_yticks(range(len(frame)), list(frame["name"]))
        axes.set_ylim(len(frame) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        style.light_grid(axes, "x")
        axes.set_xlabel(text.say("Per cent of those in need"))
    return figure
