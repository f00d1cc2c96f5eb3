"""Dots with intervals on a line: months gained, before and after."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from evalkit.errors import ParameterError
from evalkit.report import style
from evalkit.report.figures.findings import sources_finding, titled
from evalkit.report.figures.frame import (
    drawn_part,
    not_shown_part,
    picture,
    shown,
    shown_range,
    summary_n,
    too_few_part,
)
from evalkit.report.figures.hidden import write_hidden
from evalkit.report.markup import escape
from evalkit.report.names import arm_name, sentence_case, state_name
from evalkit.report.parts import Part
from evalkit.report.phrases import horizon_within, occasion
from evalkit.report.reading import arms_of, contrast_value, is_too_few, released_frame
from evalkit.report.text import Text

ROW_MM = 7.5
NEAR_POINTS = 16
COVERED_POINTS = 2
ARROW_POINTS = 14  # less than that lies under the two dots
GAINED = ("time_in_state", "time_lost")  # of these more is a gain


@drawn_part
def months(contrast, text: Text, *, curve=None, name: str = "months") -> Part | None:
    """Months in self-support, programme minus comparison: one dot on a line of months.

    Parameters
    ----------
    contrast : Released Contrast
        `time_in_state`, or `time_lost` for an events table.
    curve : Released IncidenceCurve or None
        By arm; with it a municipality with too few people shows no estimate.

    Returns
    -------
    Part or None
        None without a comparison group.

    Raises
    ------
    ParameterError
        If the contrast is of anything else, as `restricted_mean`, of which less is a gain.
    """
    frame = released_frame(contrast, "Contrast")
    _require_gained(contrast)
    if text.labels.study.arms.comparison == "none":
        return None
    if curve is not None and is_too_few(curve, text):
        return too_few_part(text)
    value = contrast_value(contrast, "difference")
    if not value.shown:
        return not_shown_part(contrast, text)
    within = horizon_within(contrast, text)
    number = lambda x: text.number(x, 1)  # noqa: E731
    rows = [
        [
            escape(_scale_name(row, text)),
            shown(row["estimate"], number),
            shown_range(row["conf_low"], row["conf_high"], lambda a, b: text.range(a, b, 1)),
        ]
        for row in frame[frame["scale"].isin(["arm", "difference"])].to_dict("records")
    ]
    unit = text.say("Days") if text.unit == "days" else text.say("Months")
    header = [text.say("Group"), unit, text.say("Interval")]
    spread = text.range(value.low, value.high, 1, signed=True)
    alt = text.say(
        "One dot with its interval on a line: {number} ({range}). Zero and the smallest useful "
        "size are marked.",
        number=text.number(value.estimate, 1, signed=True), range=spread,
    )  # fmt: skip
    slots = {"within": within, "number": text.number(value.estimate, 1, signed=True),
             "range": spread}  # fmt: skip
    finding = text.say(
        "Difference in months of self-support {within}: {number} (interval {range}).", **slots
    )
    if contrast.summary["quantity"] == "time_lost":  # relapse is not taken off
        finding = text.say("Difference in months since self-support began, {within}: {number} "
                           "(interval {range}).", **slots)  # fmt: skip
    if text.is_events:
        finding = text.say("{outcome}: time gained by the programme group {within}.",
                           outcome=escape(sentence_case(text.outcome)), within=within)  # fmt: skip
    return picture(
        name, draw_months(contrast, text), [contrast], text, finding=finding,
        caption=text.say("Dot: difference between the groups; bar: 95 per cent interval; shaded: "
                         "too small to matter."),
        alt=alt, n=summary_n(contrast), header=header, rows=rows,
    )  # fmt: skip


def _require_gained(contrast) -> None:
    quantity = contrast.summary.get("quantity")
    if quantity not in GAINED:
        raise ParameterError(
            f"contrast: its quantity is {quantity!r}; months gained are drawn of time_in_state or "
            "time_lost (of a restricted mean, less is a gain)"
        )


def _scale_name(row: pd.Series, text: Text) -> str:
    if row["scale"] == "difference":
        return text.say("Difference")
    return sentence_case(arm_name(row["term"], text))


def draw_months(contrast, text: Text) -> Figure:
    """Draw the difference on a line, zero marked, differences too small to matter shaded."""
    value = contrast_value(contrast, "difference")
    useful = text.labels.study.useful_size.months
    with style.style():
        figure, (axes,) = style.panel(42, left=8, right=8, top=12, bottom=14)
        ends = [value.low, value.high] if value.shown else []
        limit = 1.15 * max(abs(end) for end in [*ends, 2 * useful])
        axes.set_xlim(-limit, limit)
        axes.set_ylim(-1, 1)
        axes.axvspan(-useful, useful, color=style.RULE, alpha=0.55, linewidth=0)
        axes.axvline(0, color=style.INK, linewidth=0.9)
        if value.shown:
            axes.plot([value.low, value.high], [0, 0], color=style.PROGRAMME, linewidth=2.2,
                      solid_capstyle="butt")  # fmt: skip
            axes.plot([value.estimate], [0], "o", color=style.PROGRAMME, markersize=8)
            side = 1 if value.estimate >= 0 else -1
            is_near = _points_apart(axes, 0, value.estimate) < NEAR_POINTS  # the line at zero
            axes.annotate(
                text.number(value.estimate, 1, signed=True), (value.estimate, 0),
                (6 * side * is_near, 8), textcoords="offset points", va="bottom", weight=600,
                ha=("left" if side > 0 else "right") if is_near else "center",
                color=style.PROGRAMME,
            )  # fmt: skip
        else:
            axes.text(-limit, 0, text.say("Not shown, to protect people."), va="center",
                      color=style.QUIET)  # fmt: skip
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_formatter(_signed(text))
        axes.xaxis.set_major_locator(style.round_ticks(7))
        days, monthly = (
            text.say("Days, programme group minus comparison group"),
            text.say("Months, programme group minus comparison group"),
        )
        axes.set_xlabel(days if text.unit == "days" else monthly)
        for side, words, ha in (
            (-limit, text.say("Less time"), "left"), (limit, text.say("More time"), "right"),
        ):  # fmt: skip
            axes.annotate(words, (side, 1), (0, 4), textcoords="offset points", ha=ha, va="bottom",
                          color=style.QUIET, annotation_clip=False)  # fmt: skip
        axes.annotate(text.say("Too small to matter"), (0, 1), (0, 4), textcoords="offset points",
                      ha="center", va="bottom", color=style.QUIET,
                      annotation_clip=False)  # fmt: skip
    return figure


def _signed(text: Text) -> FuncFormatter:
    def write(value: float, _position: int) -> str:
        decimals = 0 if math.isclose(value, round(value), abs_tol=1e-9) else 1
        return text.number(value, decimals, signed=True)

    return FuncFormatter(write)


@drawn_part
def before_after(before_after, text: Text, *, name: str = "before-after") -> Part:
    """Share with each source of support before (hollow) and after (filled), with an arrow.

    Parameters
    ----------
    before_after : Released BeforeAfter
        The first stratum (the programme arm) is drawn; the table shows all.
    """
    frame = released_frame(before_after, "BeforeAfter")
    summary = before_after.summary
    before, after = (occasion(int(summary[key]), text) for key in ("before", "after"))
    rows = [
        [
            escape(sentence_case(state_name(row["source"], text))),
            escape(sentence_case(arm_name(row["stratum"], text))),
            shown(row["share_before"], text.percent),
            shown(row["share_after"], text.percent),
        ]
        for row in frame.to_dict("records")
    ]
    first = frame[frame["stratum"] == arms_of(frame)[0]]
    spoken = [text.say("Pairs of dots joined by arrows, one pair for each source of support.")]
    for row in first.to_dict("records"):
        source = sentence_case(state_name(row["source"], text))
        if math.isfinite(row["share_before"]) and math.isfinite(row["share_after"]):
            spoken.append(text.say(
                "{source}: from {share_before} to {share_after}.", source=source,
                share_before=text.percent(row["share_before"]),
                share_after=text.percent(row["share_after"]),
            ))  # fmt: skip
        else:
            spoken.append(text.say("{source}: not shown.", source=source))
    return picture(
        name, draw_before_after(before_after, text), [before_after], text,
        **titled(
            sources_finding(frame, text), text.say("Sources of support, before and after."),
            text.say("Hollow dot: {before}; filled dot: {after}.", before=before, after=after),
        ),
        alt=" ".join(spoken), n=summary_n(before_after),
        header=[text.say("Source of support"), text.say("Group"), text.say("Before"),
                text.say("After")],
        rows=rows, text_columns=2,
    )  # fmt: skip


def draw_before_after(before_after, text: Text) -> Figure:
    """Draw the paired dots of the first stratum."""
    frame = released_frame(before_after, "BeforeAfter")
    frame = frame[frame["stratum"] == arms_of(frame)[0]].reset_index(drop=True)
    with style.style():
        figure, (axes,) = style.panel(22 + ROW_MM * len(frame), left=62, right=14, top=8, bottom=14)
        shares = [*frame["share_before"].dropna(), *frame["share_after"].dropna(), 0.1]
        top = min(1.0, math.ceil(max(shares) * 10 + 0.3) / 10)
        axes.set_xlim(0, top)
        for place, row in frame.iterrows():
            draw_pair(axes, row, place, text)
        axes.set_ylim(len(frame) - 0.4, -0.6)
        ticks = np.arange(0, top + 1e-9, 0.1 if top <= 0.6 else 0.2)
        axes.set_xticks(ticks, [text.number(100 * tick) for tick in ticks])
        names = [sentence_case(state_name(source, text)) for source in frame["source"]]
        axes.set_yticks(range(len(frame)), names, **style.NAMES)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        style.light_grid(axes, "x")
        axes.set_xlabel(text.say("Per cent of those who started"))
    return figure


def draw_pair(axes, row: pd.Series, place: int, text: Text) -> None:
    """Draw a hollow dot before, a filled dot after, and an arrow where it has room between them.

    The horizontal limits of the axes have to be set.
    """
    before, after = row["share_before"], row["share_after"]
    if math.isfinite(before) and math.isfinite(after):
        if _points_apart(axes, before, after) > ARROW_POINTS:
            axes.annotate(
                "", xy=(after, place), xytext=(before, place),
                arrowprops={"arrowstyle": "-|>", "color": style.QUIET, "linewidth": 1,
                            "shrinkA": 4, "shrinkB": 4},
            )  # fmt: skip
    elif not (math.isfinite(before) or math.isfinite(after)):
        write_hidden(axes, place, text)
    if math.isfinite(before):
        # A ring around the filled dot, where that would cover it.
        covered = math.isfinite(after) and _points_apart(axes, before, after) < COVERED_POINTS
        axes.plot([before], [place], "o", markersize=11 if covered else 7,
                  markerfacecolor=style.PAPER,
                  markeredgecolor=style.PROGRAMME, markeredgewidth=1.5, gid="before")  # fmt: skip
    if math.isfinite(after):
        axes.plot([after], [place], "o", markersize=7, color=style.PROGRAMME,
                  gid="after")  # fmt: skip


def _points_apart(axes, before: float, after: float) -> float:
    ends = axes.transData.transform([(before, 0), (after, 0)])[:, 0]
    return float(abs(ends[1] - ends[0])) * 72 / axes.figure.dpi
