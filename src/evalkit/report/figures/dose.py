"""Outcome by quality of collaboration: groups, fitted curve, turning point."""

import math
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from evalkit.report import style
from evalkit.report.figures.frame import drawn_part, picture, shown, shown_range, summary_n
from evalkit.report.figures.number_axis import number_axis
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.names_collaboration import DOSES, INSTRUMENTS, ITEMS, dose_name
from evalkit.report.parts import Part
from evalkit.report.reading import released_frame
from evalkit.report.text import Text

QUALITIES = {*DOSES, *ITEMS, *INSTRUMENTS}


@drawn_part
def dose_response(
    dose, text: Text, *, names: Mapping[str, str] | None = None, name: str = "dose-response"
) -> Part:
    """Outcome by quality of collaboration: dots of groups, curve with band, turning point.

    Parameters
    ----------
    dose : Released DoseResponse
    names : mapping of str to str
        What quality and outcome are called, by column, in the report's language; the outcome with
        its unit, since that stands at the axis.
    """
    frame = released_frame(dose, "DoseResponse")
    bins = frame[frame["part"] == "bin"]
    number = outcome_writer(frame, text)
    rows = [
        [
            text.number(row["x"]), shown(row["estimate"], number),
            shown_range(row["conf_low"], row["conf_high"],
                        lambda low, high: f"{number(low)}\N{EN DASH}{number(high)}"
                        if low >= 0 else text.say("{low} to {high}", low=number(low),
                                                  high=number(high))),
            shown(row["n"], text.number),
        ]
        for row in (bins if bins["estimate"].notna().any() else frame).to_dict("records")
    ]  # fmt: skip
    quality, outcome = (
        dose_name(str(dose.summary[key]), text, names) for key in ("dose", "outcome")
    )
    return picture(
        name, draw_dose(dose, text, names=names), [dose], text,
        finding=text.say("{outcome}, by this: {quality}.", outcome=escape(sentence_case(outcome)),
                         quality=escape(quality)),
        caption=_caption(dose, text), alt=shape_sentence(dose, text), n=summary_n(dose),
        header=[sentence_case(quality), text.say("Mean"), text.say("Interval"),
                text.say("People")], rows=rows,
    )  # fmt: skip


def _caption(dose, text: Text) -> str:
    spoken = [text.say("Dots: means of groups of people; bars: 95 per cent intervals; curve and "
                       "band: fitted.")]  # fmt: skip
    if dose.summary["level"] != "person":
        spoken.append(text.say("The quality is that of the package: packages are compared, and "
                               "the same need not hold between people.")
                      if is_quality(dose) else
                      text.say("The value is that of the package: packages are compared, and the "
                               "same need not hold between people."))  # fmt: skip
    if math.isfinite(dose.summary["reference"]):
        number = outcome_writer(released_frame(dose, "DoseResponse"), text)
        spoken.append(text.say("Dashed line: {number}.", number=number(dose.summary["reference"])))
    return " ".join(spoken)


def crossing_sentence(dose, text: Text) -> str:
    """Say where the curve passes the reference; empty where it does not do so clearly."""
    summary = dose.summary
    if not math.isfinite(summary["crossing"]):
        return ""
    number = outcome_writer(released_frame(dose, "DoseResponse"), text)
    slots = {"number": number(summary["reference"]), "point": text.number(summary["crossing"]),
             "range": text.range(summary["crossing_low"], summary["crossing_high"])}  # fmt: skip
    if not is_quality(dose):
        return text.say("The fitted outcome passes {number} at {point} ({range}).", **slots)
    return text.say(
        "The fitted outcome passes {number} where the quality is {point} ({range}).", **slots
    )


def outcome_writer(frame, text: Text):
    """Write outcomes with as many decimals as they need."""
    ends = frame[["estimate", "conf_low", "conf_high"]].abs().max().max()
    decimals = 2 if ends < 2 else 1 if ends < 20 else 0
    return lambda value: text.number(value, decimals)


def shape_sentence(dose, text: Text) -> str:
    """Say what the curve shows."""
    summary = dose.summary
    shape = summary["shape"]
    if shape == "turns":
        slots = {"point": text.number(summary["turning_point"]),
                 "range": text.range(summary["turning_low"], summary["turning_high"])}  # fmt: skip
        if not is_quality(dose):
            return _turn_sentence(dose, slots, text)
        if summary["slope_low"] > 0:
            return text.say("The outcome is higher with higher quality up to {point} ({range}), "
                            "and lower beyond.", **slots)  # fmt: skip
        return text.say("The outcome is lower with higher quality up to {point} ({range}), and "
                        "higher beyond.", **slots)  # fmt: skip
    if not is_quality(dose):
        return {
            "rises": text.say("The outcome is higher at higher values; no change of direction is "
                              "clear."),
            "falls": text.say("The outcome is lower at higher values; no change of direction is "
                              "clear."),
            "unclear": text.say("It is not possible to say whether the outcome goes with it."),
        }.get(shape, text.say("Not shown, to protect people."))  # fmt: skip
    return {
        "rises": text.say("The outcome is higher where the quality is higher; no change of "
                          "direction is clear."),
        "falls": text.say("The outcome is lower where the quality is higher; no change of "
                          "direction is clear."),
        "unclear": text.say("It is not possible to say whether the outcome goes with the quality."),
    }.get(shape, text.say("Not shown, to protect people."))  # fmt: skip


def _turn_sentence(dose, slots: dict[str, str], text: Text) -> str:
    """Say where the outcome turns with a dose that is no quality."""
    if dose.summary["slope_low"] > 0:
        return text.say("The outcome is higher at higher values up to {point} ({range}), and lower "
                        "beyond.", **slots)  # fmt: skip
    return text.say("The outcome is lower at higher values up to {point} ({range}), and higher "
                    "beyond.", **slots)  # fmt: skip


def is_quality(dose) -> bool:
    """Whether the dose is a quality in points, not something else such as length of time."""
    return str(dose.summary["dose"]) in QUALITIES


def draw_dose(dose, text: Text, *, names: Mapping[str, str] | None = None) -> Figure:
    """Draw the groups and the curve; the interval of the turning point is shaded."""
    frame = released_frame(dose, "DoseResponse")
    summary = dose.summary
    bins, curve = frame[frame["part"] == "bin"], frame[frame["part"] == "curve"]
    number = outcome_writer(frame, text)
    with style.style():
        figure, (axes,) = style.panel(82, left=18, right=14, top=14, bottom=15)
        _draw_turn(axes, summary, text)
        axes.fill_between(curve["x"], curve["conf_low"], curve["conf_high"], linewidth=0,
                          color=style.PROGRAMME, alpha=style.BAND)  # fmt: skip
        axes.plot(curve["x"], curve["estimate"], color=style.PROGRAMME, linewidth=1.5)
        axes.vlines(bins["x"], bins["conf_low"], bins["conf_high"], color=style.INK, linewidth=1.1)
        axes.plot(bins["x"], bins["estimate"], "o", color=style.INK, markersize=5, gid="group")
        reference = summary["reference"]
        if math.isfinite(reference):
            axes.axhline(reference, color=style.INK, linewidth=0.8, linestyle=(0, (4, 2)))
        if not frame["estimate"].notna().any():
            axes.annotate(text.say("Not shown, to protect people."), (0.5, 0.5), ha="center",
                          xycoords="axes fraction", color=style.QUIET)  # fmt: skip
        if axes.get_ylim()[0] > 0:
            axes.set_ylim(bottom=0)
        number_axis(axes, text, "x", steps=7)
        axes.yaxis.set_major_locator(style.round_ticks(6))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        style.light_grid(axes, "y")
        quality = sentence_case(dose_name(str(summary["dose"]), text, names))
        points = text.say("{quality}, points", quality=quality)
        axes.set_xlabel(points if is_quality(dose) else quality)
        style.axis_title(axes, sentence_case(dose_name(str(summary["outcome"]), text, names)))
    return figure


def _draw_turn(axes: Axes, summary, text: Text) -> None:
    point = summary["turning_point"]
    if not math.isfinite(point):
        return
    axes.axvspan(summary["turning_low"], summary["turning_high"], color=style.RULE, alpha=0.6,
                 linewidth=0, gid="turning point")  # fmt: skip
    axes.axvline(point, color=style.QUIET, linewidth=0.9)
    words = text.say("Turns at {point} ({range})", point=text.number(point),
                     range=text.range(summary["turning_low"], summary["turning_high"]))  # fmt: skip
    axes.annotate(words, (point, 1), (0, 7), xycoords=("data", "axes fraction"), ha="center",
                  va="bottom", textcoords="offset points", color=style.QUIET,
                  annotation_clip=False)  # fmt: skip
