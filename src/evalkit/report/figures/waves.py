"""Health by wave: means of the arms with their intervals, jittered apart."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.report import style
from evalkit.report.figures.findings import titled, wave_finding
from evalkit.report.figures.frame import (
    drawn_part,
    picture,
    shown,
    shown_range,
    summary_n,
    too_few_part,
)
from evalkit.report.markup import escape
from evalkit.report.names import arm_name, sentence_case
from evalkit.report.parts import Part
from evalkit.report.phrases import score_name
from evalkit.report.reading import arms_of, few_persons, released_frame
from evalkit.report.text import Text

JITTER = {"programme": -0.35, "comparison": 0.35}
MARKERS = {"programme": "o", "comparison": "s"}


@drawn_part
def health(means, text: Text, *, score: str = "", exits=None, name: str = "health") -> Part:
    """Mean health score by wave, two arms, with intervals.

    Parameters
    ----------
    means : Released WaveMeans
        By arm.
    score : str
        Name of the score, where health is measured by scores.
    exits : Released IncidenceCurve or None
        By arm; with it a municipality with too few people shows no estimate.
    """
    frame = released_frame(means, "WaveMeans")
    if few_persons(means, text, exits):
        return too_few_part(text)
    decimals = 1 if text.is_score else 2
    label = sentence_case(score_name(score, text))
    number = lambda x: text.number(x, decimals)  # noqa: E731
    rows = [
        [
            escape(sentence_case(arm_name(row["stratum"], text))),
            text.number(row["wave"]),
            shown(row["estimate"], number),
            shown_range(row["conf_low"], row["conf_high"], lambda a, b: text.range(a, b, decimals)),
            shown(row["n"], text.number),
        ]
        for row in frame.to_dict("records")
    ]
    spoken = [text.say("Dots with intervals by month, {score}.", score=score_name(score, text))]
    spoken += [spoken_arm(frame[frame["stratum"] == arm], arm, number, text)
               for arm in arms_of(frame)]  # fmt: skip
    return picture(
        name, draw_health(means, text, score=score), [means], text,
        **titled(
            wave_finding(frame, label, number, text),
            text.say("{score}, by month since the start.", score=escape(label)),
            text.say("Dots: means of those who answered; bars: 95 per cent intervals. The axis "
                     "does not start at zero."), is_repeated=True,
        ),
        alt=" ".join(spoken), n=summary_n(means),
        header=[text.say("Group"), text.say("Months since the start"), text.say("Mean"),
                text.say("Interval"), text.say("Answers")],
        rows=rows, keys=2,
    )  # fmt: skip


def spoken_arm(rows, arm: str, number, text: Text) -> str:
    """Say the first and the last mean of an arm."""
    known = rows[rows["estimate"].notna()].sort_values("wave")
    group = sentence_case(arm_name(arm, text))
    if len(known) < 2:
        return text.say("{group}: not shown.", group=group)
    first, last = known.iloc[0], known.iloc[-1]
    return text.plural(
        "{group}: {first} at the start, {last} after {n} month.",
        "{group}: {first} at the start, {last} after {n} months.",
        int(last["wave"]), group=group, first=number(first["estimate"]),
        last=number(last["estimate"]),
    )  # fmt: skip


def draw_health(means, text: Text, *, score: str = "") -> Figure:
    """Draw the means of the arms."""
    frame = released_frame(means, "WaveMeans")
    arms = arms_of(frame)
    with style.style():
        figure, (axes,) = style.panel(72, left=16, right=38, top=10, bottom=14)
        waves = sorted(frame["wave"].unique())
        for arm in arms:
            _draw_arm(axes, frame[frame["stratum"] == arm], arm)
        axes.set_xticks(waves, [text.number(wave) for wave in waves])
        axes.set_xlim(min(waves) - 1.2, max(waves) + 1.2)
        score_axis(axes, frame, text)
        axes.set_xlabel(text.say("Months since the start"))
        unit = text.say("{score}, points", score=sentence_case(score_name(score, text)))
        plain = text.say("{score} (1 is full health)", score=sentence_case(score_name(score, text)))
        style.axis_title(axes, unit if text.is_score else plain)
        _label_ends(axes, frame, arms, text)
    return figure


def _draw_arm(axes: Axes, rows, arm: str) -> None:
    rows = rows.sort_values("wave")
    colour = style.ARM_COLOURS.get(arm, style.PROGRAMME)
    x = rows["wave"].to_numpy(dtype=float) + JITTER.get(arm, 0.0)
    y = rows["estimate"].to_numpy(dtype=float)
    axes.plot(x, y, color=colour, linestyle=style.ARM_LINES.get(arm, "-"), linewidth=1.2, label=arm)
    axes.plot(x, y, linestyle="", marker=MARKERS.get(arm, "o"), color=colour, markersize=6)
    axes.vlines(x, rows["conf_low"], rows["conf_high"], color=colour, linewidth=1.2)


def score_axis(axes: Axes, frame, text: Text) -> None:
    """Set an axis of scores that holds all means and intervals, with even ticks."""
    ends = [*frame["conf_low"].dropna(), *frame["conf_high"].dropna(), *frame["estimate"].dropna()]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    step = (1 if high - low < 8 else 2 if high - low < 16 else 5) if text.is_score else (
        0.02 if high - low < 0.12 else 0.05 if high - low < 0.4 else 0.1
    )  # fmt: skip
    bottom, top = math.floor(low / step) * step, math.ceil(high / step) * step
    ticks = np.arange(bottom, top + step / 2, step)
    axes.set_yticks(ticks, [text.number(tick, 0 if text.is_score else 2) for tick in ticks])
    axes.set_ylim(bottom - step * 0.2, top + step * 0.2)
    style.light_grid(axes, "y")


def _label_ends(axes: Axes, frame, arms: list[str], text: Text) -> None:
    ends = {}
    for arm in arms:
        known = frame[(frame["stratum"] == arm) & frame["estimate"].notna()].sort_values("wave")
        if len(known):
            ends[arm] = float(known["estimate"].iloc[-1])
    low, high = axes.get_ylim()
    places = style.spread(list(ends.values()), 0.085 * (high - low), low, high)
    for arm, place in zip(ends, places, strict=True):
        axes.annotate(
            sentence_case(arm_name(arm, text)), xy=(1, place), xycoords=("axes fraction", "data"),
            xytext=(4, 0), textcoords="offset points", va="center", weight=600,
            color=style.ARM_COLOURS.get(arm, style.PROGRAMME), annotation_clip=False,
        )  # fmt: skip
