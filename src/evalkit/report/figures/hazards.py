"""Exit rates by elapsed time: how many left in each interval, of those still followed."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from evalkit.report import style
from evalkit.report.figures.curves import at_time
from evalkit.report.figures.frame import (
    drawn_part,
    picture,
    shown,
    shown_range,
    summary_n,
    time_ticks,
    time_title,
    too_few_part,
    within_axis,
)
from evalkit.report.markup import escape
from evalkit.report.names import arm_name, sentence_case
from evalkit.report.parts import Part
from evalkit.report.reading import arms_of, few_persons, released_frame
from evalkit.report.text import Text

PER = 100  # persons, for each unit of time
LABEL_MM = 4.2


@drawn_part
def exit_rates(rates, text: Text, *, name: str = "exit-rates") -> Part:
    """Exits per 100 people and month, by months since the start, one line an arm.

    Parameters
    ----------
    rates : Released HazardCurve
        Of `exit_rates`. Each rate holds for the time since the one before it.
    """
    frame = _rows(rates, text)
    if few_persons(rates, text):
        return too_few_part(text)
    number = lambda value: text.number(PER * value, 1)  # noqa: E731
    interval = lambda low, high: text.range(PER * low, PER * high, 1)  # noqa: E731
    rows, spoken = [], [text.say("Lines of the rate of exit by time, in steps.")]
    for arm in arms_of(frame):
        pieces = _pieces(frame[frame["stratum"] == arm])
        group = sentence_case(arm_name(arm, text))
        rows += [
            [
                escape(group),
                text.range(piece["start"], piece["time"]),
                shown(piece["estimate"], number),
                shown_range(piece["conf_low"], piece["conf_high"], interval),
            ]
            for piece in pieces.to_dict("records")
        ]
        spoken.append(_spoken(pieces, group, number, text))
    return picture(
        name, draw_exit_rates(rates, text), [rates], text,
        finding=text.say("{outcome}: rate by time since the start.",
                         outcome=escape(sentence_case(text.outcome))),
        caption=text.say("Steps: rate among those still followed; bands: 95 per cent intervals, "
                         "where they can be shown."),
        alt=" ".join(spoken), n=summary_n(rates), rows=rows, text_columns=1, keys=2,
        header=[text.say("Group"), time_title(text), _unit(text), text.say("Interval")],
    )  # fmt: skip


def draw_exit_rates(rates, text: Text) -> Figure:
    """Draw the rates of the arms in steps."""
    frame = _rows(rates, text)
    arms = arms_of(frame)
    with style.style():
        figure, (axes,) = style.panel(72, left=14, right=40, top=10, bottom=14)
        last = frame.loc[frame["estimate"].notna(), "time"].max()
        last = last if math.isfinite(last) else frame["time"].max()
        for arm in arms:
            _draw_arm(axes, _pieces(frame[frame["stratum"] == arm]), arm)
        ticks = time_ticks(last, text)
        axes.set_xlim(0, last)
        axes.set_xticks(ticks, [text.number(tick) for tick in ticks])
        axes.set_xlabel(time_title(text), labelpad=2)
        axes.set_ylim(0, _top(frame))
        axes.yaxis.set_major_locator(style.round_ticks(5))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(PER * value, text)))
        style.light_grid(axes, "y")
        style.axis_title(axes, _unit(text))
        _label_ends(axes, frame, arms, text)
    return figure


def _rows(rates, text: Text) -> pd.DataFrame:
    frame = within_axis(released_frame(rates, "HazardCurve"), text)
    return frame.sort_values(["stratum", "time"])


def _unit(text: Text) -> str:
    if text.unit == "days":
        return text.say("Exits per 100 people and day")
    return text.say("Exits per 100 people and month")


def _tick(value: float, text: Text) -> str:
    return text.number(value, 0 if math.isclose(value, round(value), abs_tol=1e-9) else 1)


def _pieces(rows: pd.DataFrame) -> pd.DataFrame:
    """Intervals with a published rate; each begins where the one before it ends."""
    known = rows[rows["estimate"].notna()]
    return known.assign(start=np.concatenate([[0.0], known["time"].to_numpy()[:-1]])[: len(known)])


def _draw_arm(axes: Axes, pieces: pd.DataFrame, arm: str) -> None:
    if pieces.empty:
        return
    colour = style.ARM_COLOURS.get(arm, style.PROGRAMME)
    edges = np.append(pieces["start"].to_numpy(), pieces["time"].iloc[-1])
    for piece in pieces.to_dict("records"):
        if math.isfinite(piece["conf_low"]) and math.isfinite(piece["conf_high"]):
            axes.fill_between(
                [piece["start"], piece["time"]], piece["conf_low"], piece["conf_high"],
                color=colour, alpha=style.BAND, linewidth=0,
            )  # fmt: skip
    values = np.append(pieces["estimate"], pieces["estimate"].iloc[-1])
    axes.plot(
        edges, values, color=colour, linewidth=1.8, drawstyle="steps-post", label=arm,
        linestyle=style.ARM_LINES.get(arm, "-"),
    )  # fmt: skip


def _top(frame: pd.DataFrame) -> float:
    """Room for the rates; an interval that is far wider than all rates is cut."""
    rates = frame["estimate"].dropna()
    highest = float(rates.max()) if len(rates) else 0.01
    limits = frame["conf_high"].dropna()
    widest = float(limits.max()) if len(limits) else highest
    return max(1.08 * min(widest, 2.5 * highest), 1.15 * highest)


def _label_ends(axes: Axes, frame: pd.DataFrame, arms: list[str], text: Text) -> None:
    ends = {}
    for arm in arms:
        known = _pieces(frame[frame["stratum"] == arm])
        if len(known):
            ends[arm] = known.iloc[-1]
    low, high = axes.get_ylim()
    height_mm = axes.get_position().height * axes.figure.get_figheight() / style.MM
    gap = 2.3 * LABEL_MM / height_mm * (high - low)
    places = style.spread([end["estimate"] for end in ends.values()], gap, low, high - gap / 4)
    for (arm, end), place in zip(ends.items(), places, strict=True):
        rate = at_time(text.number(PER * end["estimate"], 1), int(end["time"]), text)
        written = f"{sentence_case(arm_name(arm, text))}\n{rate}"
        axes.annotate(
            written, xy=(1, place), xycoords=("axes fraction", "data"), xytext=(5, 0),
            textcoords="offset points", va="center", ha="left", weight=600, linespacing=1.05,
            color=style.ARM_COLOURS.get(arm, style.PROGRAMME), annotation_clip=False,
        )  # fmt: skip


def _spoken(pieces: pd.DataFrame, group: str, number, text: Text) -> str:
    if pieces.empty:
        return text.say("{group}: not shown.", group=group)
    first, last = pieces.iloc[0], pieces.iloc[-1]
    slots = {"group": group, "first": number(first["estimate"]), "last": number(last["estimate"])}
    slots["time"] = text.number(last["time"])
    if text.unit == "days":
        return text.say("{group}: {first} per 100 people and day at first, {last} up to day "
                        "{time}.", **slots)  # fmt: skip
    return text.say("{group}: {first} per 100 people and month at first, {last} up to month "
                    "{time}.", **slots)  # fmt: skip
