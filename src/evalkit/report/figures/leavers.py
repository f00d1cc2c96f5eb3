"""Leavers only: paired dots of occupation and support at start and end."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from evalkit.codes import benefits
from evalkit.report import style
from evalkit.report.figures.alluvial import OCCASIONS
from evalkit.report.figures.dots import draw_pair
from evalkit.report.figures.findings import titled
from evalkit.report.figures.frame import drawn_part, picture, shown, summary_n
from evalkit.report.figures.key_figures import wrapped
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.names_before_after import status_name
from evalkit.report.parts import Part
from evalkit.report.reading import arms_of, released_frame
from evalkit.report.text import Text

ROW_MM = 8.0
GROUP = "work_or_study"


@drawn_part
def leavers(change, text: Text, *, name: str = "leavers") -> Part:
    """Share in each occupation and with each source of support, before (hollow) and after.

    Parameters
    ----------
    change : Released StatusChange
        The first stratum is drawn.
    """
    frame = leaver_rows(change, text)
    rows = [
        [
            escape(sentence_case(status_name(row["category"], text))),
            shown(row["share_before"], text.percent),
            shown(row["share_after"], text.percent),
        ]
        for row in frame.to_dict("records")
    ]
    spoken = [text.say("Pairs of dots joined by arrows, one pair for each status.")]
    for row in frame.to_dict("records"):
        status = sentence_case(status_name(row["category"], text))
        if math.isfinite(row["share_before"]) and math.isfinite(row["share_after"]):
            spoken.append(text.say(
                "{status}: from {share_before} to {share_after}.", status=status,
                share_before=text.percent(row["share_before"]),
                share_after=text.percent(row["share_after"]),
            ))  # fmt: skip
        else:
            spoken.append(text.say("{status}: not shown.", status=status))
    before, after = (text.say(OCCASIONS[str(change.summary[key])]) for key in ("before", "after"))
    return picture(
        name, draw_leavers(change, text), [change], text,
        **titled(
            _finding(change, frame, text),
            text.say("Leavers only: what they did and what supported them."),
            text.say("Hollow dot: {before}; filled dot: {after}.", before=before, after=after),
        ),
        alt=" ".join(spoken), n=summary_n(change), rows=rows,
        header=[text.say("Status"), text.say("Before"), text.say("After")],
    )  # fmt: skip


def _finding(change, frame: pd.DataFrame, text: Text) -> str:
    """Say how many of the only group worked or studied, where both shares are shown."""
    row = frame[frame["category"] == GROUP]
    is_one = len(arms_of(released_frame(change, "StatusChange"))) == 1
    if not is_one or row.empty or row[["share_before", "share_after"]].isna().any(axis=None):
        return ""
    before, after = (float(row[f"share_{name}"].iloc[0]) for name in ("before", "after"))
    return text.say("Leavers only: {status}, from {share_before} to {share_after}.",
                    status=status_name(GROUP, text), share_before=text.percent(before),
                    share_after=text.percent(after))  # fmt: skip


def leaver_rows(change, text: Text) -> pd.DataFrame:
    """Rows of the first stratum: work or studies, its parts, then support as in the code book."""
    frame = released_frame(change, "StatusChange")
    frame = frame[frame["stratum"] == arms_of(frame)[0]]
    book = {code: at for at, code in enumerate(benefits(text.labels.study.country).index)}
    support = frame["category"].map(book).fillna(len(book))
    place = np.where(frame["measure"] == "occupation", -1, support)
    place[frame["category"] == GROUP] = -2
    return frame.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)


def draw_leavers(change, text: Text) -> Figure:
    """Draw the paired dots, occupation above support."""
    frame = leaver_rows(change, text)
    gap = 0.6 * (frame["measure"] != "occupation")
    places = np.arange(len(frame)) + gap.to_numpy()
    names = [wrapped(sentence_case(status_name(code, text)), 36) for code in frame["category"]]
    with style.style():
        figure, (axes,) = style.panel(
            24 + ROW_MM * (len(frame) + 1), left=style.beside(names, 62), right=4, top=8, bottom=14
        )
        shares = [*frame["share_before"].dropna(), *frame["share_after"].dropna(), 0.1]
        top = min(1.0, math.ceil(max(shares) * 10 + 0.3) / 10)
        ticks = np.arange(0, top + 1e-9, 0.1 if top <= 0.6 else 0.2)
        axes.set_xlim(0, top)
        for place, (_, row) in zip(places, frame.iterrows(), strict=True):
            draw_pair(axes, row, place, text)
        axes.set_xticks(ticks, [text.number(100 * tick) for tick in ticks])
        axes.set_yticks(places, names, **style.NAMES)
        axes.set_ylim(places[-1] + 0.6, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        style.light_grid(axes, "x")
        axes.set_xlabel(text.say("Per cent of those who have left"))
    return figure
