"""Event study: the difference between the arms at each wave, before the start and after."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from evalkit.report import style
from evalkit.report.figures.frame import drawn_part, picture, shown, shown_range, too_few_part
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.parts import Part
from evalkit.report.phrases import score_name
from evalkit.report.reading import few_persons, released_frame
from evalkit.report.text import Text


@drawn_part
def event_study(study, text: Text, *, score: str = "", name: str = "event-study") -> Part:
    """Difference between the arms at each wave, less that at the reference wave.

    Parameters
    ----------
    study : Released ModelFit
        Of `event_study`, one arm beside the comparison.
    score : str
        Name of the score, where health is measured by scores.
    """
    frame = _rows(study)
    if few_persons(study, text):
        return too_few_part(text)
    decimals = text.health_decimals
    number = lambda x: text.number(x, decimals, signed=True)  # noqa: E731
    interval = lambda a, b: text.range(a, b, decimals, signed=True)  # noqa: E731
    rows = [
        [
            text.number(row["wave"]),
            shown(row["estimate"], number),
            text.say("point of comparison") if row["is_reference"]
            else shown_range(row["conf_low"], row["conf_high"], interval),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    label = escape(sentence_case(score_name(score, text)))
    return picture(
        name, draw_event_study(study, text, score=score), [study], text,
        finding=text.say("{score}: difference between the groups, before the start and after.",
                         score=label),
        caption=text.say("Dots: difference between the groups, compared with that at the hollow "
                         "dot; bars: 95 per cent intervals. Before the start it should be near "
                         "zero: otherwise the groups were on different paths already."),
        alt=" ".join([text.say("Dots with intervals by month, {score}.",
                               score=score_name(score, text)), *_spoken(frame, number, text)]),
        n=float(study.summary.get("n_person", math.nan)), rows=rows, keys=1,
        header=[text.say("Months since the start"), text.say("Difference"), text.say("Interval")],
    )  # fmt: skip


def draw_event_study(study, text: Text, *, score: str = "") -> Figure:
    """Draw the differences by wave; the start is a line, the reference wave a hollow dot."""
    frame = _rows(study)
    known = frame[frame["estimate"].notna()]
    with style.style():
        figure, (axes,) = style.panel(72, left=16, right=8, top=10, bottom=14)
        _draw_start(axes, frame, text)
        axes.axhline(0, color=style.INK, linewidth=0.9)
        _draw_dots(axes, known)
        waves = frame["wave"].tolist()
        axes.set_xticks(waves, [text.number(wave) for wave in waves])
        room = 0.06 * (max(waves) - min(waves)) or 1.0
        axes.set_xlim(min(waves) - room, max(waves) + room)
        axes.set_xlabel(text.say("Months since the start"), labelpad=2)
        ends = [*known["conf_low"].dropna(), *known["conf_high"].dropna(), 0.0]
        low, high = min(ends), max(ends)
        axes.set_ylim(low - 0.1 * (high - low or 1), high + 0.18 * (high - low or 1))
        axes.yaxis.set_major_locator(style.round_ticks(5))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value, text)))
        style.light_grid(axes, "y")
        style.axis_title(
            axes,
            text.say("{score}: programme group minus comparison group",
                     score=sentence_case(score_name(score, text))),
        )  # fmt: skip
    return figure


def _rows(study) -> pd.DataFrame:
    """Rows by wave; the reference has an estimate of zero and no error."""
    frame = released_frame(study, "ModelFit")
    wave = frame["term"].str.extract(r"wave\[(-?\d+)\]", expand=False)
    frame = frame.assign(wave=wave.astype(float))[wave.notna()]
    hidden = frame["suppressed"].astype(bool)
    is_reference = (frame["estimate"] == 0) & frame["std_error"].isna() & ~hidden
    return frame.assign(is_reference=is_reference).sort_values("wave", ignore_index=True)


def _draw_start(axes: Axes, frame: pd.DataFrame, text: Text) -> None:
    if frame["wave"].min() < 0 < frame["wave"].max():
        axes.axvline(0, color=style.QUIET, linewidth=0.9, linestyle=":")
        axes.annotate(
            text.say("Start"), xy=(0, 1), xycoords=("data", "axes fraction"), xytext=(4, -2),
            textcoords="offset points", va="top", ha="left", color=style.QUIET,
        )  # fmt: skip


def _draw_dots(axes: Axes, known: pd.DataFrame) -> None:
    own = known[~known["is_reference"]]
    axes.vlines(own["wave"], own["conf_low"], own["conf_high"], color=style.PROGRAMME,
                linewidth=1.4)  # fmt: skip
    axes.plot(own["wave"], own["estimate"], "o", color=style.PROGRAMME, markersize=6,
              label="difference")  # fmt: skip
    reference = known[known["is_reference"]]
    axes.plot(reference["wave"], reference["estimate"], "o", color=style.PROGRAMME, markersize=7,
              markerfacecolor="white", markeredgewidth=1.6, label="reference")  # fmt: skip


def _tick(value: float, text: Text) -> str:
    return text.number(value, 1 if text.is_score else 2)


def _spoken(frame: pd.DataFrame, number, text: Text) -> list[str]:
    told = []
    known = frame[frame["estimate"].notna() & ~frame["is_reference"]]
    for row in known.to_dict("records"):
        told.append(
            text.say(
                "Month {month}: {number}.",
                month=text.number(row["wave"]),
                number=number(row["estimate"]),
            )  # fmt: skip
        )
    return told
