"""Costs and effects: the plane with its four quadrants, and net benefit by the price of a QALY."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from scipy import stats

from evalkit.report import style
from evalkit.report.figures.findings import reserved
from evalkit.report.figures.frame import (
    drawn_part,
    not_shown_part,
    picture,
    shown,
    shown_range,
    summary_n,
    too_few_part,
)
from evalkit.report.figures.number_axis import THOUSAND, number_axis
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.names_cost_utility import measure_title, quadrant_name
from evalkit.report.parts import Part
from evalkit.report.phrases import within
from evalkit.report.reading import Value, few_persons, released_frame
from evalkit.report.text import Text
from evalkit.report.words_cost_utility import both_certain, difference_of

CORNERS = {
    "more_effect_more_cost": (1, 1), "more_effect_less_cost": (1, 0),
    "less_effect_more_cost": (0, 1), "less_effect_less_cost": (0, 0),
}  # fmt: skip
LISTED = 9  # prices in a data table
ROOM = 1.5  # half the plane beyond the reach of the ellipse, so that corners stay free


@drawn_part
def plane(cost_utility, text: Text, *, name: str = "cost-effectiveness-plane") -> Part:
    """Difference in health and in cost: a point, and an ellipse that holds it with 95 per cent.

    No person and no draw is shown, only what all of them say together.

    Parameters
    ----------
    cost_utility : Released CostUtility
        Of one stratum.
    """
    frame = released_frame(cost_utility, "CostUtility")
    if few_persons(cost_utility, text):
        return too_few_part(text)
    cost, effect = (difference_of(cost_utility, measure) for measure in ("cost", "effect"))
    if not (cost.shown and effect.shown):
        return not_shown_part(cost_utility, text)
    rows = [_row(row, text) for row in frame[frame["scale"] == "difference"].to_dict("records")]
    alt = text.say(
        "Plane of differences between the groups. Health: {effect}; cost: {cost}. The point lies "
        "where there is: {quadrant}.",
        effect=text.number(effect.estimate, 3, signed=True),
        cost=_thousands(cost.estimate, text),
        quadrant=quadrant_name(cost_utility.summary["quadrant"], text),
    )
    caption = text.say(
        "Dot: difference between the groups per person, {first} less {second}, adjusted for health "
        "at the start; ellipse: 95 per cent of the uncertainty of both together. Health in "
        "quality-adjusted life years, cost in {unit}.",
        first=text.say("programme group"), second=text.say("comparison group"),
        unit=text.thousands(str(cost_utility.summary["currency"])),
    )  # fmt: skip
    return picture(
        name, draw_plane(cost_utility, text), [cost_utility], text,
        finding=_finding(cost_utility, text), caption=caption, alt=alt, n=summary_n(cost_utility),
        header=[text.say("What"), text.say("Adjusted for the start"), text.say("Difference"),
                text.say("Interval")],
        rows=rows, text_columns=2, keys=2,
    )  # fmt: skip


def draw_plane(cost_utility, text: Text) -> Figure:
    """Draw the point, the ellipse and the names of the quadrants."""
    cost, effect = (difference_of(cost_utility, measure) for measure in ("cost", "effect"))
    known = float(cost_utility.summary["correlation"])
    correlation = known if math.isfinite(known) else 0.0  # where one of the two has no spread
    currency = str(cost_utility.summary["currency"])
    reach = math.sqrt(stats.chi2.ppf(0.95, 2))
    with style.style():
        figure, (axes,) = style.panel(98, left=20, right=8, top=9, bottom=13)
        axes.axhline(0, color=style.INK, linewidth=0.9)
        axes.axvline(0, color=style.INK, linewidth=0.9)
        axes.add_patch(_ellipse(effect, cost, correlation, reach))
        axes.plot([effect.estimate], [cost.estimate], marker="o", markersize=6, linestyle="",
                  color=style.PROGRAMME, gid="difference")  # fmt: skip
        for value, set_limits in ((effect, axes.set_xlim), (cost, axes.set_ylim)):
            limit = ROOM * (abs(value.estimate) + reach * value.std_error) or 1.0
            set_limits(-limit, limit)
        for quadrant, (right, top) in CORNERS.items():
            axes.annotate(
                sentence_case(quadrant_name(quadrant, text)).replace(", ", ",\n"), (right, top),
                (-5 if right else 5, -6 if top else 6), xycoords="axes fraction",
                textcoords="offset points", ha="right" if right else "left",
                va="top" if top else "bottom", color=style.QUIET, style="italic", gid="quadrant",
            )  # fmt: skip
        number_axis(axes, text, "y", per=THOUSAND, signed=True)
        number_axis(axes, text, "x", signed=True)
        axes.set_xlabel(text.say("Difference in quality-adjusted life years per person"))
        style.axis_title(
            axes, text.say("Difference in cost per person, {unit}", unit=text.thousands(currency))
        )
    return figure


@drawn_part
def net_benefit(net_benefit, text: Text, *, name: str = "net-benefit") -> Part:
    """Net benefit per person by what a quality-adjusted life year is taken to be worth.

    Parameters
    ----------
    net_benefit : Released NetBenefit
    """
    frame = released_frame(net_benefit, "NetBenefit")
    if few_persons(net_benefit, text):
        return too_few_part(text)
    currency = str(net_benefit.summary["currency"])
    listed = frame[frame["willingness_to_pay"].isin(listed_prices(frame["willingness_to_pay"]))]
    first, last = frame.iloc[0], frame.iloc[-1]
    alt = text.say(
        "Line with a band: the net benefit per person is {low} where a quality-adjusted life year "
        "is worth {least}, and {high} where it is worth {most}, in {unit}.",
        low=shown(first["estimate"], lambda x: _thousands(x, text)),
        least=_thousands(first["willingness_to_pay"], text, signed=False),
        high=shown(last["estimate"], lambda x: _thousands(x, text)),
        most=_thousands(last["willingness_to_pay"], text, signed=False),
        unit=text.thousands(currency),
    )  # fmt: skip
    return picture(
        name, draw_net_benefit(net_benefit, text), [net_benefit], text,
        finding=text.say("Health gained, at its price, less what it costs."),
        caption=text.say(
            "Line: net benefit per person, programme group less comparison group, {within}; band: "
            "95 per cent interval. Above zero the health gained is worth more than it costs. "
            "Amounts in {unit}.",
            within=within(int(net_benefit.summary["horizon_months"]), text),
            unit=text.thousands(currency),
        ),
        alt=alt, n=summary_n(net_benefit), header=net_benefit_header(currency, text),
        rows=net_benefit_rows(listed, text), keys=1,
    )  # fmt: skip


def draw_net_benefit(net_benefit, text: Text) -> Figure:
    """Draw the line and its band."""
    frame = released_frame(net_benefit, "NetBenefit").sort_values("willingness_to_pay")
    currency = str(net_benefit.summary["currency"])
    x = frame["willingness_to_pay"]
    with style.style():
        figure, (axes,) = style.panel(80, left=20, right=10, top=10, bottom=14)
        axes.axhline(0, color=style.INK, linewidth=0.9)
        axes.fill_between(x, frame["conf_low"], frame["conf_high"], color=style.PROGRAMME,
                          alpha=style.BAND, linewidth=0)  # fmt: skip
        axes.plot(x, frame["estimate"], color=style.PROGRAMME, linewidth=1.8, label="net benefit")
        axes.set_xlim(x.min(), x.max() if x.max() > x.min() else x.min() + 1)
        price_axis(axes, currency, text)
        number_axis(axes, text, "y", per=THOUSAND, signed=True)
        style.light_grid(axes, "y")
        style.axis_title(
            axes, text.say("Net benefit per person, {unit}", unit=text.thousands(currency))
        )
    return figure


def price_title(currency: str, text: Text) -> str:
    """Head of the column of what a quality-adjusted life year is taken to be worth."""
    return text.say("A quality-adjusted life year is worth, {unit}", unit=text.thousands(currency))


def net_benefit_header(currency: str, text: Text) -> list[str]:
    """Header of `net_benefit_rows`."""
    return [
        price_title(currency, text), text.say("Net benefit"),
        text.say("Interval"), text.say("Interval by resampling"),
    ]  # fmt: skip


def net_benefit_rows(frame: pd.DataFrame, text: Text) -> list[list[str]]:
    """Cells of released net benefits, in thousands with the same decimals in all rows."""
    largest = frame["estimate"].abs().max()
    decimals = 0 if largest >= 100_000 else 1
    span = lambda low, high: text.range(low / 1000, high / 1000, decimals, signed=True)  # noqa: E731
    return [
        [
            text.number(row["willingness_to_pay"] / 1000),
            shown(row["estimate"], lambda x: text.number(x / 1000, decimals, signed=True)),
            shown_range(row["conf_low"], row["conf_high"], span),
            shown_range(row["boot_low"], row["boot_high"], span),
        ]
        for row in frame.to_dict("records")
    ]


def listed_prices(price: pd.Series) -> np.ndarray:
    """Prices that a data table lists: all of a few, else as many spread over them."""
    found = np.sort(price.unique())
    return found[np.unique(np.linspace(0, len(found) - 1, LISTED).round().astype(int))]


def price_axis(axes: Axes, currency: str, text: Text) -> None:
    """Axis of what a quality-adjusted life year is taken to be worth, in thousands."""
    number_axis(axes, text, "x", per=THOUSAND)
    axes.set_xlabel(
        text.say("Worth of a quality-adjusted life year, {unit}", unit=text.thousands(currency))
    )


def _ellipse(effect: Value, cost: Value, correlation: float, reach: float) -> Polygon:
    """Edge of the joint uncertainty."""
    angle = np.linspace(0, 2 * math.pi, 181)
    across, along = reach * np.cos(angle), reach * np.sin(angle)
    mixed = correlation * across + math.sqrt(1 - correlation**2) * along
    edge = np.column_stack(
        [effect.estimate + effect.std_error * across, cost.estimate + cost.std_error * mixed]
    )
    return Polygon(
        edge, closed=True, facecolor=to_rgba(style.PROGRAMME, style.BAND),
        edgecolor=style.PROGRAMME, linewidth=1.2, gid="ellipse",
    )  # fmt: skip


def _finding(cost_utility, text: Text) -> str:
    quadrant = str(cost_utility.summary["quadrant"])
    name = sentence_case(quadrant_name(quadrant, text))
    if quadrant == "no_difference" or both_certain(cost_utility) == "clear":
        return f"{name}."
    return reserved(name, text, uncertain=True)


def _row(row: Mapping[str, object], text: Text) -> list[str]:
    money = row["measure"] == "cost"
    write = (lambda x: _thousands(x, text)) if money else (lambda x: text.number(x, 3, signed=True))
    span = (
        (lambda a, b: _range(a, b, text))
        if money
        else (lambda a, b: text.range(a, b, 3, signed=True))
    )
    yes = text.say("yes") if row["adjustment"] == "adjusted" else text.say("no")
    currency = row["unit"].split()[0] if money else ""
    return [
        escape(measure_title(row["measure"], currency, text)), yes,
        shown(row["estimate"], write), shown_range(row["conf_low"], row["conf_high"], span),
    ]  # fmt: skip


def _thousands(value: float, text: Text, *, signed: bool = True) -> str:
    decimals = 0 if abs(value) >= 100_000 or value == 0 or not signed else 1
    return text.number(value / 1000, decimals, signed=signed)


def _range(low: float, high: float, text: Text) -> str:
    decimals = 0 if max(abs(low), abs(high)) >= 100_000 else 1
    return text.range(low / 1000, high / 1000, decimals, signed=True)
