"""Effects over time, one panel a term: is a ratio the same from first to last?"""

import math
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from evalkit.report import style
from evalkit.report.figures.frame import (
    drawn_part,
    is_sparse,
    picture,
    shown,
    shown_range,
    time_ticks,
    time_title,
    too_few_part,
    within_axis,
)
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case, term_name
from evalkit.report.parts import Part
from evalkit.report.reading import few_persons, released_frame
from evalkit.report.text import Text

COLUMNS = 3
HEIGHT_MM = 38
LONGEST = 26  # letters over one panel of three
MARKS = (0.01, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0, 100.0)
ROOM = 1.8  # of the size of the estimates that intervals may take; wider ones are cut
RATIO = "log hazard ratio"
PER = 100


@drawn_part
def effects(curve, text: Text, *, name: str = "effects") -> Part:
    """Effect of each term over time with its interval, one panel each.

    Parameters
    ----------
    curve : Released EffectCurve
        Of `effect_over_time`, drawn as ratios, or of `additive_hazards`, as summed
        rates per 100 people.
    """
    if few_persons(curve, text):
        return too_few_part(text)
    is_ratio = _is_ratio(curve)
    frame = _rows(curve, text)
    decimals = 2 if is_ratio else 1
    number = lambda value: text.number(value, decimals)  # noqa: E731
    interval = lambda low, high: text.range(low, high, decimals)  # noqa: E731
    rows, spoken = [], [text.say("Lines of the effect by time, one panel each.")]
    for term in _terms(frame):
        part = frame[frame["term"] == term]
        label = sentence_case(term_name(term, text))
        ticks = [tick for tick in time_ticks(part["time"].max(), text) if tick > 0 or not is_ratio]
        rows += [_data_row(part, label, tick, number, interval, text) for tick in ticks]
        spoken.append(_spoken(part, label, number, text))
    return picture(
        name, draw_effects(curve, text), [curve], text,
        finding=_finding(is_ratio, text), caption=_caption(is_ratio, text), alt=" ".join(spoken),
        n=float(curve.summary.get("n_person", math.nan)), rows=rows, keys=2,
        header=[text.say("Characteristic"), time_title(text), _unit(is_ratio, text),
                text.say("Interval")],
    )  # fmt: skip


def _is_ratio(curve) -> bool:
    return curve.summary.get("scale") == RATIO


def _rows(curve, text: Text) -> pd.DataFrame:
    """Released rows as they are drawn: ratios, or summed rates per 100 people."""
    frame = within_axis(released_frame(curve, "EffectCurve"), text)
    columns = ["estimate", "conf_low", "conf_high"]
    values = frame[columns].astype(float)
    return frame.assign(**(np.exp(values) if _is_ratio(curve) else PER * values))


def _terms(frame: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(frame["term"]))


def _unit(is_ratio: bool, text: Text) -> str:
    if is_ratio:
        return text.say("Rate ratio")
    return text.say("Rates summed so far, per 100 people")


def _finding(is_ratio: bool, text: Text) -> str:
    outcome = escape(sentence_case(text.outcome))
    if is_ratio:
        return text.say("{outcome}: rate ratios by time since the start.", outcome=outcome)
    return text.say("{outcome}: what each characteristic adds, by time.", outcome=outcome)


def _caption(is_ratio: bool, text: Text) -> str:
    if is_ratio:
        return text.say(
            "Line: rate ratio at each time, smoothed; band: 95 per cent interval. Where the line "
            "is level, one ratio describes the whole time."
        )
    return text.say(
        "Line: difference in summed rates; band: 95 per cent interval. Where the line turns "
        "level, the difference has ceased to grow."
    )


def draw_effects(curve, text: Text) -> Figure:
    """Draw the panels, at most three in a row."""
    frame, is_ratio = _rows(curve, text), _is_ratio(curve)
    terms = _terms(frame)
    with style.style():
        figure, panels = style.grid(
            len(terms), columns=min(COLUMNS, len(terms)), height=HEIGHT_MM, left=14, right=8,
            top=17, bottom=13,
        )  # fmt: skip
        for number, (axes, term) in enumerate(zip(panels, terms, strict=True)):
            part = frame[frame["term"] == term]
            _draw_term(axes, part, is_ratio=is_ratio, sparse=is_sparse(part), text=text)
            _dress(axes, part, term, is_ratio=is_ratio, first=number % COLUMNS == 0, text=text)
    return figure


def _draw_term(axes: Axes, part: pd.DataFrame, *, is_ratio: bool, sparse: bool, text: Text) -> None:
    known = part[part["estimate"].notna()].sort_values("time")
    if known.empty:
        axes.annotate(text.say("not shown"), (0.05, 0.5), va="center", color=style.QUIET,
                      xycoords="axes fraction")  # fmt: skip
        return
    axes.axhline(1.0 if is_ratio else 0.0, color=style.INK, linewidth=0.8, gid="no effect")
    colour = style.PROGRAMME
    # Of a cumulative effect each value holds until the next; a smooth curve joins its values.
    steps = "default" if is_ratio or sparse else "steps-post"
    axes.fill_between(
        known["time"], known["conf_low"], known["conf_high"], color=colour, alpha=style.BAND,
        linewidth=0, step=None if steps == "default" else "post",
    )  # fmt: skip
    axes.plot(known["time"], known["estimate"], color=colour, linewidth=1.6, drawstyle=steps,
              gid="effect")  # fmt: skip
    if sparse:
        axes.plot(known["time"], known["estimate"], "o", color=colour, markersize=3.5,
                  clip_on=False)  # fmt: skip


def _dress(axes: Axes, part: pd.DataFrame, term: str, *, is_ratio, first, text: Text) -> None:
    known = part[part["estimate"].notna()]
    last = known["time"].max() if len(known) else part["time"].max()
    ticks = time_ticks(last, text)
    axes.set_xlim(0, last)
    axes.set_xticks(ticks, [text.number(tick) for tick in ticks])
    axes.set_xlabel(time_title(text), labelpad=2)
    low, high = _limits(known, is_ratio=is_ratio)
    if is_ratio:
        axes.set_yscale("log")
        axes.set_ylim(low, high)
        marks = _marks(low, high)
        axes.yaxis.set_major_locator(FixedLocator(marks))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_yticks(marks, [_written(mark, text=text) for mark in marks])
    else:
        axes.set_ylim(low, high)
        axes.yaxis.set_major_locator(style.round_ticks(5))
        axes.yaxis.set_major_formatter(FuncFormatter(partial(_written, text=text)))
    style.light_grid(axes, "y")
    if first:
        style.note(axes, _unit(is_ratio, text), -10, HEIGHT_MM + 3.2, color=style.QUIET,
                   va="center")  # fmt: skip
    style.note(axes, _title(term, text), -10 if first else 0, HEIGHT_MM + 6.5, weight=600,
               va="bottom", linespacing=1.05)  # fmt: skip


def _title(term: str, text: Text) -> str:
    """Name of a term; variable and level on lines of their own where one line is too short."""
    name = sentence_case(term_name(term, text))
    return name.replace(": ", ":\n", 1) if len(name) > LONGEST else name


def _limits(known: pd.DataFrame, *, is_ratio: bool) -> tuple[float, float]:
    """Limits that hold the curve and its interval, unless that is far wider than the curve."""
    if known.empty:
        return (0.5, 2.0) if is_ratio else (-1.0, 1.0)
    scale = np.log if is_ratio else np.asarray
    curve = np.append(scale(known["estimate"].to_numpy()), 0.0)
    ends = scale(known[["conf_low", "conf_high"]].to_numpy().ravel())
    size = max(np.ptp(curve), np.log(2.0) if is_ratio else 1.0)
    low = max(min(curve.min(), np.nanmin(ends)), curve.min() - ROOM * size)
    high = min(max(curve.max(), np.nanmax(ends)), curve.max() + ROOM * size)
    room = 0.05 * (high - low)
    low, high = low - room, high + room
    return (float(np.exp(low)), float(np.exp(high))) if is_ratio else (float(low), float(high))


def _marks(low: float, high: float) -> list[float]:
    found = [mark for mark in MARKS if low <= mark <= high]
    return found if len(found) > 1 else [0.67, 1.0, 1.5]


def _written(value: float, _position: int = 0, *, text: Text) -> str:
    decimals = next((d for d in (0, 1, 2) if math.isclose(value, round(value, d), abs_tol=1e-9)), 2)
    return text.number(value, decimals)


def _data_row(part: pd.DataFrame, label: str, tick: int, number, interval, text: Text) -> list[str]:
    known = part[(part["time"] <= tick) & part["estimate"].notna()].sort_values("time")
    cells = [shown(math.nan, number)] * 2
    if len(known) and (known["time"].iloc[-1] == tick or not is_sparse(part)):
        last = known.iloc[-1]
        cells = [
            shown(last["estimate"], number),
            shown_range(last["conf_low"], last["conf_high"], interval),
        ]
    return [escape(label), text.number(tick), *cells]


def _spoken(part: pd.DataFrame, label: str, number, text: Text) -> str:
    known = part[part["estimate"].notna()].sort_values("time")
    if len(known) < 2:
        return text.say("{term}: not shown.", term=label)
    first, last = known.iloc[0], known.iloc[-1]
    return text.say(
        "{term}: {first} at {start}, {last} at {end}.", term=label,
        first=number(first["estimate"]), last=number(last["estimate"]),
        start=_at(first["time"], text), end=_at(last["time"], text),
    )  # fmt: skip


def _at(time: float, text: Text) -> str:
    if text.unit == "days":
        return text.say("day {time}", time=text.number(time))
    return text.say("month {time}", time=text.number(time))
