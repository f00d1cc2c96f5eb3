"""Who gains: diverging bars by actor."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from evalkit.report import style
from evalkit.report.figures.frame import drawn_part, picture, shown, summary_n, too_few_part
from evalkit.report.markup import escape
from evalkit.report.names import actor_name, sentence_case
from evalkit.report.parts import Part
from evalkit.report.reading import few_persons, money_decimals, released_frame
from evalkit.report.text import Text

ROW_MM = 7.0


@drawn_part
def pay_off(pay_off, text: Text, *, name: str = "pay-off") -> Part:
    """Net gain of each actor, losses to the left and gains to the right.

    Parameters
    ----------
    pay_off : Released PayOff
    """
    frame = released_frame(pay_off, "PayOff")
    currency = str(pay_off.summary["currency"])
    if few_persons(pay_off, text):
        return too_few_part(text)
    money = lambda x: text.money(x, currency, money_decimals(frame))  # noqa: E731
    decimals = money_decimals(frame)
    thousands = lambda x: text.number(x / 1000, decimals)  # noqa: E731
    rows = [
        [
            escape(sentence_case(actor_name(row["party"], text))),
            shown(row["cost"], thousands), shown(row["gain"], thousands),
            shown(row["net"], thousands),
        ]
        for _, row in frame.iterrows()
    ]  # fmt: skip
    spoken = [text.say("Bars of net gain, one for each who pays or gains.")]
    spoken += [
        text.say("{actor}: {amount}.", actor=sentence_case(actor_name(row["party"], text)),
                 amount=shown(row["net"], money))
        for _, row in frame.iterrows()
        if math.isfinite(row["net"])
    ]  # fmt: skip
    return picture(
        name, draw_pay_off(pay_off, text), [pay_off], text,
        finding=text.say("Who pays and who gains."),
        caption=text.plural(
            "Gain less cost over {n} year, per person; the sum over all is the gain of society.",
            "Gain less cost over {n} years, per person; the sum over all is the gain of society.",
            int(pay_off.summary["horizon_years"]),
        ) + " " + text.say("Amounts in thousand {currency} per person.", currency=currency),
        alt=" ".join(spoken), n=summary_n(pay_off), rows=rows,
        header=[text.say("Actor"), text.say("Cost"), text.say("Gain a year"),
                text.say("Gain less cost")],
    )  # fmt: skip


def draw_pay_off(pay_off, text: Text) -> Figure:
    """Draw diverging bars, society last."""
    frame = released_frame(pay_off, "PayOff")
    last = frame["party"] == "society"
    frame = pd.concat([frame[~last], frame[last]]).reset_index(drop=True)
    currency = str(pay_off.summary["currency"])
    with style.style():
        figure, (axes,) = style.panel(18 + ROW_MM * len(frame), left=58, right=14, top=4, bottom=14)
        known = frame["net"].dropna().abs()
        limit = 1.35 * (known.max() if len(known) and known.max() > 0 else 1.0)
        for place, row in frame.iterrows():
            _net_bar(axes, place, row["net"], money_decimals(frame), text)
        axes.axvline(0, color=style.INK, linewidth=0.9)
        axes.set_xlim(-limit, limit)
        axes.set_ylim(len(frame) - 0.4, -0.6)
        names = [sentence_case(actor_name(party, text)) for party in frame["party"]]
        axes.set_yticks(range(len(frame)), names)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        step = 0 if limit >= 4000 else 1
        write = FuncFormatter(lambda value, _: text.number(value / 1000, step))
        axes.xaxis.set_major_formatter(write)
        style.light_grid(axes, "x")
        axes.set_xlabel(
            text.say("Gain less cost per person, thousand {currency}", currency=currency)
        )
    return figure


def _net_bar(axes: Axes, place: int, net: float, decimals: int, text: Text) -> None:
    if not math.isfinite(net):
        axes.annotate(text.say("Not shown, to protect people."), (0, place), (4, 0),
                      textcoords="offset points", va="center", color=style.QUIET)  # fmt: skip
        return
    colour = style.PROGRAMME if net >= 0 else style.WARNING
    axes.barh(place, net, height=0.62, color=colour, gid="net")
    side = 1 if net >= 0 else -1
    axes.annotate(text.number(net / 1000, decimals, signed=True), (net, place), (4 * side, 0),
                  textcoords="offset points", va="center",
                  ha="left" if net >= 0 else "right", annotation_clip=False)  # fmt: skip
