"""Who gains: diverging bars by actor, and from every perspective."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.errors import ParameterError
from evalkit.report import style
from evalkit.report.figures.findings import titled
from evalkit.report.figures.findings_money import net_finding
from evalkit.report.figures.frame import (
    drawn_part,
    picture,
    shown,
    shown_range,
    summary_n,
    too_few_part,
)
from evalkit.report.figures.hidden import BEHIND, write_hidden
from evalkit.report.figures.number_axis import THOUSAND, number_axis
from evalkit.report.markup import escape
from evalkit.report.names import actor_name, sentence_case
from evalkit.report.names_money import years_label
from evalkit.report.parts import Part
from evalkit.report.reading import few_persons, money_decimals, released_frame, society_row
from evalkit.report.text import Text

ROW_MM = 7.0
SUMS = ("public", "society")


@drawn_part
def pay_off(pay_off, text: Text, *, exits=None, name: str = "pay-off") -> Part:
    """Net gain of each actor, losses to the left and gains to the right.

    Parameters
    ----------
    pay_off : Released PayOff
    exits : Released IncidenceCurve or None
        By arm; with it a municipality with too few people shows no estimate.
    """
    frame = released_frame(pay_off, "PayOff")
    currency = str(pay_off.summary["currency"])
    if few_persons(pay_off, text, exits):
        return too_few_part(text)
    decimals = money_decimals(frame)
    money = lambda x: text.money(x, currency, decimals)  # noqa: E731
    thousands = lambda x: text.number(x / 1000, decimals)  # noqa: E731
    interval = lambda low, high: text.range(low / 1000, high / 1000, decimals)  # noqa: E731
    has_interval = bool(frame["net_low"].notna().any())
    rows = [
        [
            escape(sentence_case(actor_name(row["party"], text))),
            shown(row["cost"], thousands), shown(row["gain"], thousands),
            shown(row["net"], thousands),
            *([shown_range(row["net_low"], row["net_high"], interval)] if has_interval else []),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    spoken = [text.say("Bars of net gain, one for each who pays or gains.")]
    spoken += [
        text.say("{actor}: {amount}.", actor=sentence_case(actor_name(row["party"], text)),
                 amount=shown(row["net"], money))
        for row in frame.to_dict("records")
        if math.isfinite(row["net"])
    ]  # fmt: skip
    caption = text.plural(
        "Gain less cost over {n} year, per person; the sum over all is the gain of society.",
        "Gain less cost over {n} years, per person; the sum over all is the gain of society.",
        int(pay_off.summary["horizon_years"]),
    )
    unit = text.say("Amounts in {unit} per person.", unit=text.thousands(currency))
    more = _discounted(pay_off, text)
    more += " " + text.say("Thin line: interval.") if has_interval else ""
    finding = net_finding(society_row(pay_off), currency, decimals, text)
    return picture(
        name, draw_pay_off(pay_off, text), [pay_off], text,
        **titled(finding, text.say("Who pays and who gains."), f"{caption} {unit}{more}",
                 is_repeated=True),
        alt=" ".join(spoken), n=summary_n(pay_off), rows=rows,
        header=[text.say("Actor"), text.say("Cost"), text.say("Gain a year"),
                text.say("Gain less cost"), *([text.say("Interval")] if has_interval else [])],
    )  # fmt: skip


def _discounted(pay_off, text: Text) -> str:
    """Say that later amounts count less; nothing where they do not."""
    rate = float(pay_off.summary.get("discount_rate", 0.0))
    if not rate > 0:
        return ""
    return " " + text.say(
        "Later amounts count less ({percent} a year), so gain less cost is not quite the gain a "
        "year times the years, less the cost.", percent=text.percent(rate, 1),
    )  # fmt: skip


def draw_pay_off(pay_off, text: Text) -> Figure:
    """Draw diverging bars, society last."""
    frame = released_frame(pay_off, "PayOff")
    last = frame["party"] == "society"
    frame = pd.concat([frame[~last], frame[last]]).reset_index(drop=True)
    currency = str(pay_off.summary["currency"])
    with style.style():
        has_interval = bool(frame["net_low"].notna().any())
        right = 18 if has_interval else 14
        height = 18 + ROW_MM * len(frame)
        figure, (axes,) = style.panel(height, left=58, right=right, top=4, bottom=14)
        known = frame[["net", "net_low", "net_high"]].abs().max(axis=None)
        limit = (1.08 if has_interval else 1.35) * (known if known > 0 else 1.0)
        decimals = money_decimals(frame)
        for place, row in frame.iterrows():
            _net_bar(axes, place, row["net"], decimals, text, at_end=not has_interval)
            _interval(axes, place, row)
        axes.axvline(0, color=style.INK, linewidth=0.9)
        axes.set_xlim(-limit, limit)
        axes.set_ylim(len(frame) - 0.4, -0.6)
        names = [sentence_case(actor_name(party, text)) for party in frame["party"]]
        axes.set_yticks(range(len(frame)), names, va="center")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        number_axis(axes, text, "x", steps=5, per=THOUSAND)
        style.light_grid(axes, "x")
        axes.set_xlabel(
            text.say("Gain less cost per person, {unit}", unit=text.thousands(currency))
        )
    return figure


@drawn_part
def perspectives(
    value, text: Text, *, years: float = 5, rate: float = 0.03, name: str = "perspectives"
) -> Part:
    """Net gain of each actor, of the public sector and of society, at one horizon and rate.

    Parameters
    ----------
    value : Released NetPresentValue
    years, rate : float
        Which of its horizons and discount rates is drawn.

    Raises
    ------
    ParameterError
        If the table has no such horizon and rate.
    """
    if few_persons(value, text):
        return too_few_part(text)
    frame = at_horizon(value, years, rate)
    currency = str(value.summary["currency"])
    decimals = money_decimals(frame)
    thousands = lambda x: text.number(x / 1000, decimals)  # noqa: E731
    rows = [
        [escape(sentence_case(actor_name(row["party"], text))), shown(row["cost"], thousands),
         shown(row["gain"], thousands), shown(row["net"], thousands)]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    spoken = [text.say("Bars of net gain, one for each who pays or gains.")]
    spoken += [
        text.say("{actor}: {amount}.", actor=sentence_case(actor_name(row["party"], text)),
                 amount=text.money(row["net"], currency, decimals))
        for row in frame.to_dict("records")
        if math.isfinite(row["net"])
    ]  # fmt: skip
    caption = text.say(
        "Gain less cost, {years}, discounted by {percent} a year. The public sector as a whole is "
        "the sum over authorities; society is the sum over all, where benefits and taxes cancel.",
        years=years_label(years, text), percent=text.percent(rate, 1),
    )  # fmt: skip
    return picture(
        name, draw_perspectives(value, text, years=years, rate=rate), [value], text,
        finding=text.say("Who pays and who gains, from every perspective."),
        caption=f"{caption} " + text.say("Amounts in {unit} per person.",
                                         unit=text.thousands(currency)),
        alt=" ".join(spoken), n=summary_n(value), rows=rows,
        header=[text.say("Actor"), text.say("Cost"), text.say("Gain"), text.say("Gain less cost")],
    )  # fmt: skip


def at_horizon(value, years: float, rate: float) -> pd.DataFrame:
    """Rows of one horizon and rate: public parties, their sum, the others, society.

    Raises
    ------
    ParameterError
        If there are none.
    """
    frame = released_frame(value, "NetPresentValue")
    frame = frame[(frame["horizon_years"] == years) & (frame["discount_rate"] == rate)]
    if frame.empty:
        raise ParameterError(f"net present value: no rows of {years:g} years at a rate of {rate:g}")
    public = str(value.summary["public"]).split(", ")
    order = frame["party"].map(
        lambda party: 3 if party == "society" else 1 if party == "public" else
        0 if party in public else 2
    )  # fmt: skip
    return frame.assign(order=order).sort_values("order", kind="stable").reset_index(drop=True)


def draw_perspectives(value, text: Text, *, years: float, rate: float) -> Figure:
    """Draw diverging bars; the sums are set apart and in bold."""
    frame = at_horizon(value, years, rate)
    currency = str(value.summary["currency"])
    place, places = 0.0, []
    for number, order in enumerate(frame["order"]):
        place += 0.0 if not number else 1.0 if order == frame["order"][number - 1] else 1.35
        places.append(place)
    with style.style():
        figure, (axes,) = style.panel(18 + ROW_MM * (places[-1] + 1), left=58, right=14, top=4,
                                      bottom=14)  # fmt: skip
        known = frame["net"].dropna().abs()
        limit = 1.35 * (known.max() if len(known) and known.max() > 0 else 1.0)
        decimals = money_decimals(frame)
        for at, net in zip(places, frame["net"], strict=True):
            _net_bar(axes, at, net, decimals, text)
        axes.axvline(0, color=style.INK, linewidth=0.9)
        axes.set_xlim(-limit, limit)
        axes.set_ylim(places[-1] + 0.6, -0.6)
        names = [sentence_case(actor_name(party, text)) for party in frame["party"]]
        axes.set_yticks(places, names, va="center")
        for label, party in zip(axes.get_yticklabels(), frame["party"], strict=True):
            label.set_fontweight(600 if party in SUMS else 400)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        number_axis(axes, text, "x", steps=5, per=THOUSAND)
        style.light_grid(axes, "x")
        axes.set_xlabel(
            text.say("Gain less cost per person, {unit}", unit=text.thousands(currency))
        )
    return figure


def _net_bar(
    axes: Axes, place: float, net: float, decimals: int, text: Text, *, at_end: bool = True
) -> None:  # fmt: skip
    """Draw a bar from zero, with its number at its end or in a column right of all bars."""
    if not math.isfinite(net):
        write_hidden(axes, place, text, text.say("not shown"))
        return
    colour = style.PROGRAMME if net >= 0 else style.WARNING
    axes.barh(place, net, height=0.62, color=colour, gid="net")
    words = text.number(net / 1000, decimals, signed=True)
    if not at_end:
        axes.annotate(words, (1, place), (16 * style.MM * 72, 0), textcoords="offset points",
                      xycoords=("axes fraction", "data"), va="center", ha="right",
                      annotation_clip=False)  # fmt: skip
        return
    is_right = round(net / 1000, decimals) >= 0  # what is written as zero has no sign
    axes.annotate(words, (net, place), (4 if is_right else -4, 0), textcoords="offset points",
                  va="center", bbox=BEHIND, ha="left" if is_right else "right",
                  annotation_clip=False)  # fmt: skip


def _interval(axes: Axes, place: float, row: pd.Series) -> None:
    """Draw the interval of a bar as a thin line with ends, where there is one."""
    ends = [float(row["net_low"]), float(row["net_high"])]
    if all(map(math.isfinite, ends)):
        axes.plot(ends, [place, place], color=style.INK, linewidth=0.8, marker="|", markersize=4,
                  markeredgewidth=0.8, gid="interval")  # fmt: skip
