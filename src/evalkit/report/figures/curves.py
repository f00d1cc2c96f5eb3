"""Cumulative incidence of the outcome, by arm, with the numbers still followed under it."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.release import load_profile
from evalkit.report import style
from evalkit.report.figures.findings import incidence_finding, titled
from evalkit.report.figures.frame import (
    MISSING,
    drawn_part,
    is_sparse,
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
from evalkit.report.phrases import lasting, share_title
from evalkit.report.reading import arms_of, is_too_few, released_frame, require_outcome
from evalkit.report.text import Text

ROW_MM, LABEL_GAP_MM = 4.6, 4.2
BAR = 0.022  # width of the bar of an interval, of the time axis


@drawn_part
def incidence(curve, text: Text, *, name: str = "incidence") -> Part:
    """Share who had reached the outcome by each month, with band and numbers still followed.

    Parameters
    ----------
    curve : Released IncidenceCurve
        By arm. Only the study's outcome is drawn.
    text : Text
    name : str
        Name of the figure on the page.

    Raises
    ------
    DisclosureError
        If the curve has not passed the door.
    ParameterError
        If the curve has rows, but none of the study's outcome.
    """
    frame = outcome_rows(curve, text)
    require_outcome(curve, text)
    if is_too_few(curve, text):
        return too_few_part(text)
    drawn = draw_incidence(curve, text)
    ticks = time_ticks(frame["time"].max(), text)
    header = [text.say("Group"), time_title(text), text.say("Share"), text.say("Interval"),
              text.say("Still followed")]  # fmt: skip
    rows = [
        _data_row(frame[frame["stratum"] == arm], arm, tick, text)
        for arm in arms_of(frame)
        for tick in ticks
    ]
    caption = _caption(frame, text)
    if any(row[-1] == MISSING for row in rows):
        caption += " " + text.say("{mark}: not shown, to protect people.", mark=MISSING)
    base = load_profile(curve.profile).rounding
    if base > 1:
        caption += " " + text.say("Numbers still followed are rounded to the nearest {base}.",
                                  base=text.number(base))  # fmt: skip
    return picture(
        name, drawn, [curve], text,
        **titled(incidence_finding(frame, text), _topic(frame, text), caption),
        alt=_alt(frame, text), n=summary_n(curve), header=header, rows=rows, keys=2,
    )  # fmt: skip


def outcome_rows(curve, text: Text) -> pd.DataFrame:
    """Rows of a released incidence curve that concern the study's outcome."""
    frame = within_axis(released_frame(curve, "IncidenceCurve"), text)
    return frame[frame["cause"] == text.labels.study.outcome.cause].sort_values("time")


def draw_incidence(curve, text: Text) -> Figure:
    """Draw the curves of the arms."""
    frame = outcome_rows(curve, text)
    arms = arms_of(frame)
    bottom = 18 + ROW_MM * len(arms)
    with style.style():
        figure, (axes,) = style.panel(
            74 + bottom, left=34, right=36, top=9, bottom=bottom, least=56
        )
        last = _last_shown_time(frame)
        for arm in arms:
            _draw_arm(axes, frame[frame["stratum"] == arm], arm, last, dot=_dot_size(frame, text))
        ticks = time_ticks(last, text)
        axes.set_xlim(0, last * (1 + style.TAIL))
        axes.set_xticks(ticks, [text.number(tick) for tick in ticks])
        axes.set_xlabel(time_title(text), labelpad=2)
        _percent_axis(axes, frame, text)
        axes.set_ylim(0, _top(frame))
        style.axis_title(axes, share_title(text))
        _label_ends(axes, frame, arms, text)
        _numbers_at_risk(axes, frame, arms, ticks, text)
    return figure


def _last_shown_time(frame: pd.DataFrame) -> float:
    shown = frame.loc[frame["estimate"].notna(), "time"]
    return float((shown if shown.max() > 0 else frame["time"]).max())


def _draw_arm(axes: Axes, rows: pd.DataFrame, arm: str, last: float, *, dot: float) -> None:
    rows = rows[rows["estimate"].notna()]
    rows = rows if dot else with_tail(rows)
    colour = style.ARM_COLOURS.get(arm, style.PROGRAMME)
    low, high = (rows[name].fillna(rows["estimate"]) for name in ("conf_low", "conf_high"))
    if dot:
        axes.bar(rows["time"], high - low, bottom=low, width=BAR * last,
                 color=colour, alpha=style.BAND, linewidth=0, gid="interval")  # fmt: skip
    else:
        axes.fill_between(rows["time"], low, high, step="post", color=colour, alpha=style.BAND,
                          linewidth=0)  # fmt: skip
    axes.plot(
        rows["time"], rows["estimate"], color=colour, linewidth=1.0 if dot else 1.8, label=arm,
        linestyle=style.ARM_LINES.get(arm, "-"),
        drawstyle="default" if dot else "steps-post",
    )  # fmt: skip
    if dot:
        axes.plot(rows["time"], rows["estimate"], color=colour, linestyle="", marker="o",
                  markersize=dot, clip_on=False)  # fmt: skip


def with_tail(rows: pd.DataFrame) -> pd.DataFrame:
    """Hold the last value a little longer, so that the last step has a width."""
    if rows.empty:
        return rows
    last = rows.iloc[[-1]]
    return pd.concat([rows, last.assign(time=last["time"] * (1 + style.TAIL))])


def _top(frame: pd.DataFrame) -> float:
    highest = np.nanmax([*frame["conf_high"], *frame["estimate"], 0.09])
    return min(1.0, math.ceil(highest * 10 + 0.2) / 10)


def _percent_axis(axes: Axes, frame: pd.DataFrame, text: Text) -> None:
    top = _top(frame)
    step = 0.1 if top <= 0.6 else 0.2
    ticks = np.arange(0, top + 1e-9, step)
    axes.set_yticks(ticks, [text.number(100 * tick) for tick in ticks])
    style.light_grid(axes, "y")


def _label_ends(axes: Axes, frame: pd.DataFrame, arms: list[str], text: Text) -> None:
    ends = [_last_shown(frame[frame["stratum"] == arm]) for arm in arms]
    known = [(arm, end) for arm, end in zip(arms, ends, strict=True) if end is not None]
    top = axes.get_ylim()[1]
    height_mm = axes.get_position().height * axes.figure.get_figheight() / style.MM
    gap = 2.3 * LABEL_GAP_MM / height_mm * top
    places = style.spread([end["estimate"] for _, end in known], gap, gap / 2, top - gap / 4)
    for (arm, end), place in zip(known, places, strict=True):
        share = at_time(text.percent(end["estimate"]), int(end["time"]), text)
        written = f"{sentence_case(arm_name(arm, text))}\n{share}"
        axes.annotate(
            written, xy=(1, place), xycoords=("axes fraction", "data"), xytext=(5, 0),
            textcoords="offset points", va="center", ha="left", weight=600, linespacing=1.05,
            color=style.ARM_COLOURS.get(arm, style.PROGRAMME), annotation_clip=False,
        )  # fmt: skip


def at_time(number: str, time: int, text: Text) -> str:
    """Say of which time a number beside the end of a curve is: follow-up may end elsewhere."""
    if text.unit == "days":
        return text.say("{number}, day {time}", number=number, time=time)
    return text.say("{number}, month {time}", number=number, time=time)


def _last_shown(rows: pd.DataFrame) -> pd.Series | None:
    known = rows[rows["estimate"].notna()]
    return known.iloc[-1] if len(known) else None


def at_risk(rows: pd.DataFrame, tick: float) -> float:
    """Persons still followed at a tick: the row of that time, or the next one after it."""
    later = np.flatnonzero(rows["time"].to_numpy() >= tick - 1e-9)
    return float(rows["n_at_risk"].to_numpy()[later[0]]) if later.size else math.nan


def _numbers_at_risk(axes: Axes, frame, arms: list[str], ticks: list[int], text: Text) -> None:
    first = -15.0
    style.note(axes, text.say("Still followed"), -33, first + 0.2, color=style.QUIET, va="center",
               ha="left", style="italic")  # fmt: skip
    for row, arm in enumerate(arms, start=1):
        height = first - ROW_MM * row
        rows = frame[frame["stratum"] == arm]
        colour = style.ARM_COLOURS.get(arm, style.PROGRAMME)
        style.note(axes, sentence_case(arm_name(arm, text)), -33, height, color=colour,
                   va="center", ha="left")  # fmt: skip
        for tick in ticks:
            axes.annotate(
                shown(at_risk(rows, tick), text.number),
                xy=(tick, 0), xycoords=("data", "axes fraction"),
                xytext=(0, height * style.MM * 72), textcoords="offset points",
                ha="center", va="center", annotation_clip=False, gid=f"at-risk {arm} {tick}",
            )  # fmt: skip


def _data_row(rows: pd.DataFrame, arm: str, tick: int, text: Text) -> list[str]:
    known = rows[rows["time"] <= tick]
    last = known.iloc[-1] if len(known) else None
    name = escape(sentence_case(arm_name(arm, text)))
    if last is None:
        return [name, text.number(tick), MISSING, MISSING, MISSING]
    return [
        name,
        text.number(tick),
        shown(last["estimate"], lambda value: text.percent(value, 1)),
        shown_range(
            last["conf_low"], last["conf_high"], lambda low, high: text.percent_range(low, high, 1)
        ),
        shown(at_risk(rows, tick), text.number),
    ]


def _topic(frame: pd.DataFrame, text: Text) -> str:
    if text.is_events:
        return text.say("{outcome}: share who had reached it, by time.",
                        outcome=escape(sentence_case(text.outcome)))  # fmt: skip
    return text.say("Share who had at some time begun to support themselves {lasting}.",
                    lasting=lasting(text))  # fmt: skip


def _caption(frame: pd.DataFrame, text: Text) -> str:
    if is_dotted(frame, text):
        return text.say("Dots: share at the times that can be shown; lines only join them; bars: "
                        "95 per cent intervals; numbers: still followed.")  # fmt: skip
    return text.say("Lines: share; bands: 95 per cent intervals; numbers: still followed.")


def is_dotted(frame: pd.DataFrame, text: Text) -> bool:
    """Whether a curve is dots joined by lines: steps would hold a value over months left out.

    Days are shown by weeks and round numbers, so that steps of unlike width are no gaps there.
    """
    return is_sparse(frame) or (text.unit != "days" and has_gaps(frame))


def _dot_size(frame: pd.DataFrame, text: Text) -> float:
    """Size of a dot, smaller where there are many; 0 where the curve is drawn in steps."""
    if not is_dotted(frame, text):
        return 0.0
    return 4.0 if is_sparse(frame) else 3.0


def has_gaps(frame: pd.DataFrame) -> bool:
    """Whether the times that a curve is shown at lie further apart in some places than others."""
    shown = frame[frame["estimate"].notna()]
    steps = [np.diff(rows["time"].unique()) for _, rows in shown.groupby("stratum")]
    widths = np.concatenate([*steps, np.array([])])
    return bool(len(widths)) and bool(widths.max() > widths.min() + 1e-9)


def _alt(frame: pd.DataFrame, text: Text) -> str:
    spoken = [text.say("Curve of the share by time. Outcome: {outcome}.", outcome=text.outcome)]
    for arm in arms_of(frame):
        end = _last_shown(frame[frame["stratum"] == arm])
        group = sentence_case(arm_name(arm, text))
        if end is None:
            spoken.append(text.say("{group}: not shown.", group=group))
            continue
        time = int(end["time"])
        slots = {"group": group, "percent": text.percent(end["estimate"])}
        spoken.append(
            text.plural("{group}: {percent} after {n} day.", "{group}: {percent} after {n} days.",
                        time, **slots)
            if text.unit == "days"
            else text.plural("{group}: {percent} after {n} month.",
                             "{group}: {percent} after {n} months.", time, **slots)
        )  # fmt: skip
    return " ".join(spoken)
