"""Forest plot: the ratio of each term of a model, with its interval, on a logarithmic axis."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from evalkit.report import style
from evalkit.report.figures.frame import drawn_part, picture, shown, shown_range, too_few_part
from evalkit.report.figures.hidden import write_hidden
from evalkit.report.markup import escape
from evalkit.report.names import exit_name, sentence_case, term_name
from evalkit.report.parts import Part
from evalkit.report.reading import few_persons, released_frame
from evalkit.report.text import Text

ROW_MM = 6.5
DIGITS = 2
WIDEST = 4.2  # the axis is no wider unless a ratio is; an interval beyond it ends in an arrow
NO_RATIO = ("intercept", "log(shape)", "log(scale)", "logit(never)")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a ratio is of, and what lies on its two sides."""

    title: str
    below: str
    above: str


@drawn_part
def ratios(fit, text: Text, *, name: str = "ratios") -> Part:
    """Ratios of a model with their intervals, one row a term.

    Parameters
    ----------
    fit : Released ModelFit
        On the scale of the model: log hazards, log odds, log subdistribution hazards or log time.

    Notes
    -----
    The finding names the exit that the model was asked for; none where the model does not say it.
    """
    if few_persons(fit, text):
        return too_few_part(text)
    frame = ratio_rows(fit)
    reading = _reading(fit, text)
    number = lambda value: text.number(value, DIGITS)  # noqa: E731
    interval = lambda low, high: text.range(low, high, DIGITS)  # noqa: E731
    rows, spoken = [], [text.say("Dots with intervals, one for each characteristic; the ratio 1 "
                                 "means no difference.")]  # fmt: skip
    for row in frame.to_dict("records"):
        label = sentence_case(term_name(row["term"], text))
        cells = [shown(row["estimate"], number),
                 shown_range(row["conf_low"], row["conf_high"], interval)]  # fmt: skip
        rows.append([escape(label), *cells])
        spoken.append(
            text.say("{term}: {ratio} ({range}).", term=label, ratio=cells[0], range=cells[1])
            if math.isfinite(row["estimate"])
            else text.say("{term}: not shown.", term=label)
        )
    caption = text.say("Dot: ratio; bar: 95 per cent interval; line: no difference.")
    return picture(
        name, draw_ratios(fit, text), [fit], text,
        finding=_finding(fit, text),
        caption=f"{caption} {_compared(text)}",
        alt=" ".join(spoken), n=float(fit.summary.get("n_person", math.nan)), rows=rows,
        header=[text.say("Characteristic"), reading.title, text.say("Interval")],
    )  # fmt: skip


def ratio_rows(fit) -> pd.DataFrame:
    """Released terms on the ratio scale, without those that are no comparison."""
    frame = released_frame(fit, "ModelFit")
    frame = frame[~frame["term"].isin(NO_RATIO)].reset_index(drop=True)
    columns = ["estimate", "conf_low", "conf_high"]
    return frame.assign(**np.exp(frame[columns].astype(float)))


def _finding(fit, text: Text) -> str:
    cause = dict(fit.provenance.arguments).get("cause")
    if cause in (None, "None"):
        return text.say("Ratios by characteristic.")
    name = text.say("any exit") if cause == "any" else exit_name(cause, text)
    return text.say("{outcome}: ratios by characteristic.", outcome=escape(sentence_case(name)))


def _compared(text: Text) -> str:
    return text.say("A group is compared with the one that is not in the list, a number with one "
                    "less.")  # fmt: skip


def _reading(fit, text: Text) -> Reading:
    scale = str(fit.summary.get("scale", ""))
    if scale == "log time":
        return Reading(text.say("Time ratio"), text.say("Sooner"), text.say("Later"))
    if scale.startswith("log odds"):
        return Reading(text.say("Odds ratio"), text.say("Slower"), text.say("Faster"))
    if scale.startswith("log subdistribution"):
        return Reading(text.say("Ratio, as for the share"), text.say("Fewer"), text.say("More"))
    return Reading(text.say("Rate ratio"), text.say("Slower"), text.say("Faster"))


def draw_ratios(fit, text: Text) -> Figure:
    """Draw one row a term."""
    frame, reading = ratio_rows(fit), _reading(fit, text)
    with style.style():
        figure, (axes,) = style.panel(
            26 + ROW_MM * len(frame), left=62, right=38, top=12, bottom=14
        )
        low, high = _limits(frame)
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        axes.set_ylim(len(frame) - 0.4, -0.6)
        axes.axvline(1.0, color=style.INK, linewidth=0.9, gid="no difference")
        for place, row in frame.iterrows():
            _draw_row(axes, int(place), row, low, high, text)
        axes.set_yticks(
            range(len(frame)), [sentence_case(term_name(term, text)) for term in frame["term"]]
        )
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        marks = _marks(low, high)
        axes.xaxis.set_major_locator(FixedLocator(marks))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xticks(marks, [_written(mark, text) for mark in marks])
        style.light_grid(axes, "x")
        axes.set_xlabel(reading.title)
        for x, words, ha in ((0.0, reading.below, "left"), (1.0, reading.above, "right")):
            axes.annotate(words, (x, 1), (0, 5), xycoords="axes fraction", ha=ha, va="bottom",
                          textcoords="offset points", color=style.QUIET,
                          annotation_clip=False)  # fmt: skip
    return figure


def _limits(frame: pd.DataFrame) -> tuple[float, float]:
    """Limits around 1 that hold all ratios, and the intervals as far as they are not too wide."""
    sizes = np.abs(np.log(frame[["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float)))
    sizes = np.where(np.isfinite(sizes), sizes, 0.0)
    ratio, interval = sizes[:, 0].max(initial=0.0) + 0.1, sizes.max(initial=np.log(1.6))
    widest = float(np.exp(max(ratio, min(interval, np.log(WIDEST)) + 0.05)))
    return 1.0 / widest, widest


def _marks(low: float, high: float) -> list[float]:
    """Ticks in pairs on both sides of 1, few enough to stay apart."""
    if high < 1.7:
        chosen = (0.67, 0.8, 1.0, 1.25, 1.5)
    elif high < 9.0:
        chosen = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
    else:
        chosen = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
    return [mark for mark in chosen if low <= mark <= high]


def _written(mark: float, text: Text) -> str:
    decimals = next(d for d in (0, 1, 2, 3) if math.isclose(mark, round(mark, d)))
    return text.number(mark, decimals)


def _draw_row(axes: Axes, place: int, row: pd.Series, low: float, high: float, text: Text) -> None:
    values = [float(row[name]) for name in ("estimate", "conf_low", "conf_high")]
    if not all(math.isfinite(value) for value in values):
        write_hidden(axes, place, text, across=True)
        return
    estimate, first, last = values
    colour = style.PROGRAMME if "[programme]" in row["term"] else style.INK
    axes.plot([max(first, low), min(last, high)], [place, place], color=colour, linewidth=1.6,
              solid_capstyle="butt")  # fmt: skip
    for beyond, at, marker in ((first < low, low, "<"), (last > high, high, ">")):
        if beyond:
            axes.plot([at], [place], marker, color=colour, markersize=5, clip_on=False)
    if low <= estimate <= high:
        axes.plot([estimate], [place], "o", color=colour, markersize=6.5, gid="ratio")
    written = f"{text.number(estimate, DIGITS)}  ({text.range(first, last, DIGITS)})"
    axes.annotate(written, (1, place), (6, 0), xycoords=("axes fraction", "data"), va="center",
                  textcoords="offset points", annotation_clip=False)  # fmt: skip
