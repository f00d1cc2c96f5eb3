"""Net gain summed up month by month, with the month from which the cost is back."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.report import style
from evalkit.report.figures.findings import titled
from evalkit.report.figures.findings_money import back_finding
from evalkit.report.figures.frame import (
    MISSING,
    drawn_part,
    picture,
    shown,
    shown_range,
    summary_n,
    too_few_part,
)
from evalkit.report.figures.number_axis import THOUSAND, number_axis
from evalkit.report.markup import escape
from evalkit.report.names import ACTORS, actor_name, sentence_case
from evalkit.report.parts import Part
from evalkit.report.reading import few_persons, pay_off_label, released_frame
from evalkit.report.text import Text

LABEL_GAP_MM, LEADER_MM = 10.5, 8.0
MOST_MARKS = 12
LOOKS = (
    (style.PROGRAMME, "-", "o"), (style.COMPARISON, (0, (5, 2)), "s"),
    (style.THIRD, (0, (1, 1.4)), "^"), (style.FOURTH, (0, (6, 1.6, 1.2, 1.6)), "D"),
    (style.WARNING, (0, (3, 1)), "v"), (style.QUIET, (0, (1, 3)), "P"),
)  # fmt: skip
SIZES = {"*": 8.5, "P": 7}  # marks that look smaller than others of their size
SUM_LOOKS = {"public": (style.INK, (0, (8, 2)), "X"), "society": (style.INK, "-", "*")}


@drawn_part
def pay_off_curve(curve, text: Text, *, exits=None, name: str = "pay-off-curve") -> Part:
    """Gain less cost, summed up from the start, for each who has an outlay.

    Parameters
    ----------
    curve : Released PayOffCurve
    exits : Released IncidenceCurve or None
        By arm; with it a municipality with too few people shows no estimate.
    """
    if few_persons(curve, text, exits):
        return too_few_part(text)
    frame = released_frame(curve, "PayOffCurve")
    header, rows = _table(frame, text)
    unit = text.say("Amounts in {unit} per person.",
                    unit=text.thousands(str(curve.summary["currency"])))  # fmt: skip
    rate = text.say("Discount rate {percent} a year.",
                    percent=text.percent(float(curve.summary["discount_rate"]), 1))  # fmt: skip
    return picture(
        name, draw_pay_off_curve(curve, text), [curve], text,
        **titled(_finding(curve, frame, text), text.say("When is the cost back, and for whom?"),
                 " ".join([*_reading(frame, text), *_assumed(curve, text), unit, rate])),
        alt=_spoken(frame, text), n=summary_n(curve), rows=rows, header=header,
    )  # fmt: skip


def _finding(curve, frame: pd.DataFrame, text: Text) -> str:
    """When the cost is back for the line with a band, which tells how sure that is.

    Empty where that holds only if the whole change is due to the programme, or amounts are assumed.
    """
    rows = frame[(frame["party"] == _banded(frame)) & ~frame["suppressed"]]
    is_assumed = str(curve.summary["label"]) == "assumed"
    if rows.empty or is_assumed or pay_off_label(curve, text) == "description":
        return ""
    return back_finding(rows, is_by(rows), text)


def _table(frame: pd.DataFrame, text: Text) -> tuple[list[str], list[list[str]]]:
    """Header and rows: the sums of whole years, the last interval that is shown, the month."""
    decimals = _decimals(frame)
    thousands = lambda x: text.number(x / 1000, decimals)  # noqa: E731
    interval = lambda low, high: text.range(low / 1000, high / 1000, decimals)  # noqa: E731
    told = [at for at in sorted(frame["month"].unique()) if at % 12 == 0]
    known = [at for at in told if at in set(frame.loc[frame["cumulative_low"].notna(), "month"])]
    rows = []
    for party, own in frame.groupby("party", sort=False):
        names = ("cumulative", "cumulative_low", "cumulative_high")
        at = dict(zip(own["month"], own[[*names]].to_numpy(dtype=float), strict=True))
        cells = [shown(at[month][0] if month in at else math.nan, thousands) for month in told]
        cells += [shown_range(*at[month][1:], interval) for month in known[-1:]]
        label = escape(sentence_case(actor_name(party, text)))
        rows.append([label, *cells, pay_off_words(own, text)])
    months = [text.say("Month {month}", month=text.number(month)) for month in told]
    months += [text.say("Interval, month {month}", month=text.number(at)) for at in known[-1:]]
    return [text.say("Actor"), *months, text.say("Cost back")], rows


def _spoken(frame: pd.DataFrame, text: Text) -> str:
    """Say the lines, the band and when the cost of each is back."""
    spoken = [text.say("Lines of gain less cost, summed up from the start.")]
    spoken += _band_words(frame, text)
    for party, own in frame.groupby("party", sort=False):
        found = pay_off_words(own, text)
        if found != MISSING:
            spoken.append(text.say("{actor}: {result}.", result=found,
                                   actor=sentence_case(actor_name(party, text))))  # fmt: skip
    return " ".join(spoken)


def _band_words(frame: pd.DataFrame, text: Text) -> list[str]:
    banded = _banded(frame)
    return [text.say("Band: 95 per cent interval, each month by itself: {actor}.",
                     actor=actor_name(banded, text))] if banded else []  # fmt: skip


def _reading(frame: pd.DataFrame, text: Text) -> list[str]:
    """Say what the line of zero means, and what the marks say of when the cost is back."""
    shown_rows = frame[~frame["suppressed"]]
    back = [(own, is_by(own)) for _, own in shown_rows.groupby("party", sort=False)
            if math.isfinite(own["pay_off_months"].iloc[-1])]  # fmt: skip
    found = [text.say("Below zero the cost is not yet back.")]
    if any(not between for _, between in back):
        found.append(text.say("The mark on the line is the month from which the cost is "
                              "back for good."))  # fmt: skip
    if any(between for _, between in back):
        found.append(text.say("By a month: the cost came back in that month or in one since the "
                              "mark before it."))  # fmt: skip
    if (shown_rows["reason"] == "no outlay").any():
        found.append(text.say("Those without an outlay have no line; the table has them."))
    found += _band_words(frame, text)
    hidden = [actor_name(party, text) for party, own in frame.groupby("party", sort=False)
              if own["suppressed"].all()]  # fmt: skip
    if hidden:
        found.append(text.say(
            "No line by month, to protect people: {names}. Sums over all months can be shown where "
            "months cannot.",
            names=escape(text.list(hidden))))  # fmt: skip
    return found


def is_by(rows: pd.DataFrame) -> bool:
    """Whether a party's pay-off month is one of the shown months, with others left out before it.

    The cost can then have come back in any month since the last one that is shown.
    """
    months = np.sort(rows.loc[~rows["suppressed"], "month"].to_numpy(dtype=float))
    back = float(rows["pay_off_months"].iloc[-1])
    before = months[months < back]
    return bool(back in months and before.size and back - before[-1] > 1)


def _assumed(curve, text: Text) -> list[str]:
    """Say that amounts, or months after those followed, are assumed."""
    method, found = str(curve.summary["method"]), []
    if str(curve.summary["label"]) == "assumed":
        found.append(text.say("Amounts a month are assumed; who supports themselves is followed."))
    if "then hold" in method:
        found.append(text.say("After the months followed the last year is assumed to go on."))
    return found


def pay_off_words(rows: pd.DataFrame, text: Text) -> str:
    """Say when the cost of one party is back, or why it is not."""
    told = rows[~rows["suppressed"]]
    if told.empty:
        return MISSING
    row = told.iloc[-1]
    reason, month = str(row["reason"]), float(row["pay_off_months"])
    if reason == "no outlay":
        return text.say("no outlay")
    if reason == "never":
        return text.say("no gain")
    if reason.startswith("not within"):
        years = float(reason.split()[2])
        if years.is_integer():
            return text.plural("not within {n} year", "not within {n} years", int(years))
        return text.plural("not within {n} month", "not within {n} months", round(12 * years))
    if not math.isfinite(month):
        return MISSING
    if is_by(told):
        return text.say("by month {month}", month=text.number(month))
    return text.say("month {month}", month=text.number(month))


def _decimals(frame: pd.DataFrame) -> int:
    largest = np.nanmax(np.abs(frame["cumulative"].to_numpy(dtype=float)), initial=0.0)
    return 0 if largest >= 50_000 else 1


def lines(frame: pd.DataFrame) -> list[str]:
    """Parties that are drawn: those with an outlay that is shown; the sums last."""
    shown_rows = frame[~frame["suppressed"]]
    payers = shown_rows.loc[shown_rows["reason"] != "no outlay", "party"]
    names = list(dict.fromkeys(payers))
    return [name for name in names if name not in SUM_LOOKS] + [
        name for name in SUM_LOOKS if name in names
    ]


def _banded(frame: pd.DataFrame) -> str:
    """The line with a band, the widest sum that is drawn: bands of all would hide each other."""
    known = set(frame.loc[frame["cumulative_low"].notna(), "party"])
    return next((name for name in reversed(lines(frame)) if name in known & set(SUM_LOOKS)), "")


def looks_of(frame: pd.DataFrame) -> dict[str, tuple]:
    """Colour, dashes and mark of each party, whatever others there are as far as they last."""
    found = list(dict.fromkeys(frame["party"]))
    places = {name: at for at, name in enumerate(ACTORS)}
    single = sorted((name for name in found if name not in SUM_LOOKS),
                    key=lambda name: places.get(name, len(places)))  # fmt: skip
    return SUM_LOOKS | {name: LOOKS[at % len(LOOKS)] for at, name in enumerate(single)}


def draw_pay_off_curve(curve, text: Text) -> Figure:
    """Draw a line a party, with its pay-off month on the line of zero."""
    frame = released_frame(curve, "PayOffCurve")
    drawn = lines(frame)
    currency = str(curve.summary["currency"])
    with style.style():
        figure, (axes,) = style.panel(max(96.0, 24 + LABEL_GAP_MM * len(drawn)), left=20, right=58,
                                      top=10, bottom=14, least=50)  # fmt: skip
        ends = []
        each = [frame[frame["party"] == party] for party in drawn]
        looks, banded = looks_of(frame), _banded(frame)
        for party, rows in zip(drawn, each, strict=True):
            ends.append(_line(axes, rows, looks[party]))
            if party == banded:
                _band(axes, rows, looks[party])
        axes.axhline(0, color=style.INK, linewidth=0.9)
        last = float(frame["month"].max())
        axes.set_xlim(-0.025 * last, last)  # room for marks at the start
        marks = [at for at in range(0, int(last) + 1, 12 if last <= 72 else 24)]
        axes.set_xticks(marks, [text.number(mark) for mark in marks])
        axes.set_xlabel(text.say("Months since the start"))
        number_axis(axes, text, "y", per=THOUSAND)
        style.light_grid(axes, "y")
        style.axis_title(
            axes, text.say("Gain less cost so far per person, {unit}",
                           unit=text.thousands(currency)))  # fmt: skip
        _end_labels(axes, frame, drawn, ends, text)
    return figure


def _line(axes: Axes, rows: pd.DataFrame, look: tuple) -> float:
    """Draw one party, its months marked if they are few, else the last; give the height of that."""
    colour, dashes, marker = look
    rows = rows[rows["cumulative"].notna()].sort_values("month")
    axes.plot(rows["month"], rows["cumulative"], color=colour, linestyle=dashes, linewidth=1.8)
    marked = rows if len(rows) <= MOST_MARKS else rows.iloc[-1:]
    axes.plot(marked["month"], marked["cumulative"], marker, color=colour,
              markersize=SIZES.get(marker, 6), clip_on=False, zorder=4, gid="known")  # fmt: skip
    back = float(rows["pay_off_months"].iloc[-1])
    if math.isfinite(back) and not is_by(rows):
        axes.plot([back], [0], marker, color=colour, markeredgecolor=style.PAPER, zorder=5,
                  markersize=1.5 * SIZES.get(marker, 6), gid="cost back",
                  clip_on=False)  # fmt: skip
    return float(rows["cumulative"].iloc[-1])


def _band(axes: Axes, rows: pd.DataFrame, look: tuple) -> None:
    rows = rows[rows["cumulative"].notna()].sort_values("month")
    ends = (rows[name].fillna(rows["cumulative"]) for name in ("cumulative_low", "cumulative_high"))
    axes.fill_between(rows["month"], *ends, color=look[0], alpha=style.BAND, linewidth=0,
                      gid="interval")  # fmt: skip


def _end_labels(
    axes: Axes, frame: pd.DataFrame, drawn: list[str], ends: list[float], text: Text
) -> None:
    low, high = axes.get_ylim()
    width_mm, height_mm = axes.get_window_extent().size / axes.figure.dpi / style.MM
    gap = LABEL_GAP_MM / height_mm * (high - low)
    places = style.spread(ends, gap, low + gap / 3, high - gap / 3)
    beside = {"transform": axes.get_yaxis_transform(), "clip_on": False}
    looks = looks_of(frame)
    for number, (party, place) in enumerate(zip(drawn, places, strict=True)):
        colour = looks[party][0]
        own = frame[frame["party"] == party]
        words = f"{sentence_case(actor_name(party, text))}\n{pay_off_words(own, text)}"
        axes.plot([1.02, 1 + LEADER_MM / width_mm], [ends[number], place], color=colour,
                  linewidth=0.7, zorder=1, gid="leader", **beside)  # fmt: skip
        axes.annotate(words, (1, place), ((LEADER_MM + 1) * style.MM * 72, 0), va="center",
                      xycoords=("axes fraction", "data"), textcoords="offset points", color=colour,
                      weight=600, linespacing=1.05, annotation_clip=False)  # fmt: skip
