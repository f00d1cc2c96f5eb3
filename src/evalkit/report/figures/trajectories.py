"""Health over time: means with bands, answers below, and what weighting for drop-out changes."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.errors import ParameterError
from evalkit.report import style
from evalkit.report.figures.frame import (
    drawn_part,
    picture,
    shown,
    shown_range,
    summary_n,
    too_few_part,
)
from evalkit.report.figures.waves import score_axis, spoken_arm
from evalkit.report.markup import escape
from evalkit.report.names import arm_name, sentence_case
from evalkit.report.parts import Part
from evalkit.report.phrases import score_name
from evalkit.report.reading import arms_of, few_persons, released_frame, require_all_released
from evalkit.report.text import Text

ROW_MM, FIRST_MM, LEFT_MM = 4.6, -17.0, 36
COLOURS = (style.PROGRAMME, style.COMPARISON, style.THIRD, style.FOURTH)
LINES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)))
MARKERS = ("o", "s", "^", "D")
MOST = len(COLOURS)


@drawn_part
def trajectories(
    means, text: Text, *, weighted=None, score: str = "", name: str = "trajectories"
) -> Part:
    """Mean health score over time by group, as bands, and weighted for those who left.

    Parameters
    ----------
    means : Released WaveMeans
        By arm, or by other strata, four at most.
    weighted : Released WaveMeans, optional
        The same of `attrition_weights(panel)`: hollow dots.
    score : str
        Name of the score, where health is measured by scores.

    Raises
    ------
    ParameterError
        If there are more than four strata.
    """
    require_all_released(weighted)
    if few_persons(means, text):
        return too_few_part(text)
    frame = _joined(means, weighted)
    decimals = 1 if text.is_score else 2
    number = lambda x: text.number(x, decimals)  # noqa: E731
    interval = lambda low, high: text.range(low, high, decimals)  # noqa: E731
    header = [text.say("Group"), text.say("Months since the start"), text.say("Mean"),
              text.say("Interval"), text.say("Answers")]  # fmt: skip
    rows = [
        [
            escape(_group(row["stratum"], text)),
            text.number(row["wave"]),
            shown(row["estimate"], number),
            shown_range(row["conf_low"], row["conf_high"], interval),
            shown(row["n"], text.number),
            *([shown(row["weighted"], number)] if weighted is not None else []),
        ]
        for row in frame.to_dict("records")
    ]
    caption = text.say("Lines: means of those who answered; bands: 95 per cent intervals; numbers: "
                       "answers. The axis does not start at zero.")  # fmt: skip
    if weighted is not None:
        header.append(text.say("Weighted mean"))
        caption += " " + text.say("Hollow dots: weighted, so that those who answered stand for "
                                  "people like them who stopped answering.")  # fmt: skip
    label = sentence_case(score_name(score, text))
    return picture(
        name, draw_trajectories(means, text, weighted=weighted, score=score),
        [means] if weighted is None else [means, weighted], text,
        finding=text.say("{score}, by month since the start.", score=escape(label)),
        caption=caption, alt=_alt(frame, number, score, text, weighted is not None),
        n=summary_n(means), header=header, rows=rows, keys=2,
    )  # fmt: skip


def _joined(means, weighted) -> pd.DataFrame:
    """Rows of the means, with the weighted ones where there are any."""
    frame = released_frame(means, "WaveMeans")
    if weighted is None:
        return frame.assign(weighted=math.nan)
    other = released_frame(weighted, "WaveMeans").rename(columns={"estimate": "weighted"})
    return frame.merge(other[["stratum", "wave", "weighted"]], on=["stratum", "wave"], how="left")


def _group(stratum: str, text: Text) -> str:
    return sentence_case(arm_name(stratum, text))


def _alt(frame, number, score: str, text: Text, is_weighted: bool) -> str:
    spoken = [text.say("Lines with bands by month, {score}.", score=score_name(score, text))]
    for arm in arms_of(frame):
        rows = frame[frame["stratum"] == arm].sort_values("wave")
        spoken.append(spoken_arm(rows, arm, number, text))
        known = rows[rows["weighted"].notna() & rows["estimate"].notna()]
        if is_weighted and len(known):
            last = known.iloc[-1]
            spoken.append(text.plural(
                "{group}, weighted: {number} after {n} month.",
                "{group}, weighted: {number} after {n} months.",
                int(last["wave"]), group=_group(arm, text), number=number(last["weighted"]),
            ))  # fmt: skip
    return " ".join(spoken)


def draw_trajectories(means, text: Text, *, weighted=None, score: str = "") -> Figure:
    """Draw the lines, and the numbers of answers below them."""
    frame = _joined(means, weighted)
    groups = arms_of(frame)
    if len(groups) > MOST:
        raise ParameterError(f"means: {len(groups)} strata, a figure can tell {MOST} apart")
    bottom = 19 + ROW_MM * len(groups)
    with style.style():
        figure, (axes,) = style.panel(66 + bottom, left=LEFT_MM, right=38, top=10, bottom=bottom)
        waves = sorted(frame["wave"].unique())
        for place, group in enumerate(groups):
            _draw_group(axes, frame[frame["stratum"] == group].sort_values("wave"), place)
        axes.set_xticks(waves, [text.number(wave) for wave in waves])
        room = 0.04 * max(max(waves) - min(waves), 1)
        axes.set_xlim(min(waves) - room, max(waves) + room)
        everything = pd.concat([frame, frame.assign(estimate=frame["weighted"])])
        score_axis(axes, everything, text)
        axes.set_xlabel(text.say("Months since the start"), labelpad=2)
        label = sentence_case(score_name(score, text))
        unit = text.say("{score}, points", score=label)
        plain = text.say("{score} (1 is full health)", score=label)
        style.axis_title(axes, unit if text.is_score else plain)
        _label_ends(axes, frame, groups, text)
        _answers(axes, frame, groups, waves, text)
    return figure


def _draw_group(axes: Axes, rows: pd.DataFrame, place: int) -> None:
    colour = COLOURS[place]
    x, y = rows["wave"].to_numpy(dtype=float), rows["estimate"].to_numpy(dtype=float)
    axes.fill_between(x, rows["conf_low"], rows["conf_high"], color=colour, alpha=style.BAND,
                      linewidth=0)  # fmt: skip
    axes.plot(x, y, color=colour, linestyle=LINES[place], linewidth=1.8,
              label=rows["stratum"].iloc[0])  # fmt: skip
    axes.plot(x, y, linestyle="", marker=MARKERS[place], color=colour, markersize=4.5)
    changed = rows["weighted"].notna() & rows["estimate"].notna()
    axes.plot(
        x[changed], rows.loc[changed, "weighted"], linestyle="", marker=MARKERS[place],
        markerfacecolor=style.PAPER, markeredgecolor=colour, markeredgewidth=1.3, markersize=7,
        zorder=1.9, gid="weighted",
    )  # fmt: skip


def _label_ends(axes: Axes, frame, groups: list[str], text: Text) -> None:
    ends = {}
    for place, group in enumerate(groups):
        known = frame[(frame["stratum"] == group) & frame["estimate"].notna()].sort_values("wave")
        if len(known):
            ends[place] = float(known["estimate"].iloc[-1])
    low, high = axes.get_ylim()
    places = style.spread(list(ends.values()), 0.085 * (high - low), low, high)
    for place, height in zip(ends, places, strict=True):
        axes.annotate(
            _group(groups[place], text), xy=(1, height), xycoords=("axes fraction", "data"),
            xytext=(4, 0), textcoords="offset points", va="center", weight=600,
            color=COLOURS[place], annotation_clip=False,
        )  # fmt: skip


def _answers(axes: Axes, frame, groups: list[str], waves: list, text: Text) -> None:
    """Write how many answered below each wave, a row a group."""
    style.note(axes, text.say("Answers"), 1 - LEFT_MM, FIRST_MM + 0.2, color=style.QUIET,
               va="center", ha="left", style="italic")  # fmt: skip
    for place, group in enumerate(groups):
        height = FIRST_MM - ROW_MM * (place + 1)
        style.note(axes, _group(group, text), 1 - LEFT_MM, height, color=COLOURS[place],
                   va="center", ha="left")  # fmt: skip
        rows = frame[frame["stratum"] == group].set_index("wave")["n"]
        for wave in waves:
            axes.annotate(
                shown(float(rows.get(wave, math.nan)), text.number), xy=(wave, 0),
                xycoords=("data", "axes fraction"), xytext=(0, height * style.MM * 72),
                textcoords="offset points", ha="center", va="center", annotation_clip=False,
                gid=f"answers {group} {wave}",
            )  # fmt: skip
