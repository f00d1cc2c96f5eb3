"""Which choice is likely the best, and what more knowledge is worth, by the price of a QALY."""

import math
import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.report import style
from evalkit.report.figures.cost_utility import listed_prices, price_axis, price_title
from evalkit.report.figures.frame import drawn_part, picture, shown, summary_n, too_few_part
from evalkit.report.markup import escape
from evalkit.report.names import arm_name, sentence_case
from evalkit.report.parts import Part
from evalkit.report.reading import arms_of, few_persons, released_frame
from evalkit.report.text import Text

COLOURS = (style.PROGRAMME, style.COMPARISON, style.THIRD, style.FOURTH, style.WARNING)
LINES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (3, 1, 1, 1, 1, 1)))
NAME_WIDTH, LINE_MM = 20, 4.7  # letters of a choice's name in a line, and its height


@drawn_part
def acceptability(acceptability, text: Text, *, name: str = "acceptability") -> Part:
    """Probability that each choice has the highest net benefit, and the frontier.

    Parameters
    ----------
    acceptability : Released Acceptability
    """
    frame = released_frame(acceptability, "Acceptability")
    if _of_few(acceptability, text):
        return too_few_part(text)
    currency = str(acceptability.summary["currency"])
    strategies = arms_of(frame, "strategy")
    rows = []
    for price in listed_prices(frame["willingness_to_pay"]):
        at = frame[frame["willingness_to_pay"] == price].set_index("strategy")
        chosen = [name for name in strategies if at.at[name, "is_best"] == 1]
        rows.append([
            text.number(price / 1000),
            *(shown(at.at[name, "probability"], text.probability) for name in strategies),
            escape(sentence_case(arm_name(chosen[0], text))) if chosen else shown(math.nan, str),
        ])  # fmt: skip
    last = frame[frame["willingness_to_pay"] == frame["willingness_to_pay"].max()]
    alt = [text.say("Curves of the probability of being the best choice.")] + [
        text.say(
            "{group}: {percent} where a quality-adjusted life year is worth {amount}.",
            group=sentence_case(arm_name(row["strategy"], text)),
            percent=text.probability(row["probability"]),
            amount=text.money(row["willingness_to_pay"], currency),
        )
        for row in last.to_dict("records")
        if math.isfinite(row["probability"])
    ]  # fmt: skip
    return picture(
        name, draw_acceptability(acceptability, text), [acceptability], text,
        finding=text.say("How likely each choice is the best one, by what health is worth."),
        caption=text.say(
            "Lines: probability that the choice has the highest net benefit; wide pale line: the "
            "choice with the highest net benefit on average. Amounts in {unit} for a "
            "quality-adjusted life year.", unit=text.thousands(currency),
        ),
        alt=" ".join(alt), n=summary_n(acceptability),
        header=[price_title(currency, text),
                *(sentence_case(arm_name(name, text)) for name in strategies),
                text.say("Best on average")],
        rows=rows,
    )  # fmt: skip


def draw_acceptability(acceptability, text: Text) -> Figure:
    """Draw a curve for each strategy and the frontier under them."""
    frame = released_frame(acceptability, "Acceptability").sort_values("willingness_to_pay")
    strategies = arms_of(frame, "strategy")
    currency = str(acceptability.summary["currency"])
    with style.style():
        figure, (axes,) = style.panel(84, left=14, right=38, top=10, bottom=14)
        for start, part in _frontier(frame):
            axes.plot(part["willingness_to_pay"], part["probability"], color=style.GREYS[3],
                      linewidth=7, solid_capstyle="butt", zorder=1,
                      gid=f"frontier {start}")  # fmt: skip
        for number, name in enumerate(strategies):
            rows = frame[frame["strategy"] == name]
            axes.plot(
                rows["willingness_to_pay"], rows["probability"], linewidth=1.8, label=name,
                color=COLOURS[number % len(COLOURS)], linestyle=LINES[number % len(LINES)],
                zorder=3,
            )  # fmt: skip
        price = frame["willingness_to_pay"]
        axes.set_xlim(price.min(), price.max() if price.max() > price.min() else price.min() + 1)
        axes.set_ylim(0, 1.03)
        axes.set_yticks(np.linspace(0, 1, 6), [text.number(20 * tick) for tick in range(6)])
        price_axis(axes, currency, text)
        style.light_grid(axes, "y")
        style.axis_title(axes, text.say("Probability of being the best choice, per cent"))
        _label_ends(axes, frame, strategies, text)
    return figure


@drawn_part
def information_value(value, text: Text, *, name: str = "information-value") -> Part:
    """What it would be worth per person to know for certain which choice is best.

    Parameters
    ----------
    value : Released InformationValue
    """
    frame = released_frame(value, "InformationValue")
    if _of_few(value, text):
        return too_few_part(text)
    currency = str(value.summary["currency"])
    listed = frame[frame["willingness_to_pay"].isin(listed_prices(frame["willingness_to_pay"]))]
    rows = [
        [text.number(row["willingness_to_pay"] / 1000),
         shown(row["estimate"], lambda x: text.number(x / 1000, 1)),
         shown(row["population_value"], lambda x: text.number(x / 1000))]
        for row in listed.to_dict("records")
    ]  # fmt: skip
    known = frame.dropna(subset="estimate")
    top = known.loc[known["estimate"].idxmax()] if len(known) else None
    alt = text.say("Line of the value of certainty by what a quality-adjusted life year is worth.")
    if top is not None:
        alt += " " + text.say(
            "It is highest, {value}, where that is {amount}, in {unit}.",
            value=text.number(top["estimate"] / 1000, 1),
            amount=text.number(top["willingness_to_pay"] / 1000), unit=text.thousands(currency),
        )  # fmt: skip
    return picture(
        name, draw_information_value(value, text), [value], text,
        finding=text.say("What it would be worth to know for certain which choice is best."),
        caption=text.say(
            "Line: expected loss per person from choosing under the present uncertainty, which is "
            "the most that further study can be worth. Amounts in {unit}.",
            unit=text.thousands(currency),
        ),
        alt=alt, n=summary_n(value),
        header=[price_title(currency, text), text.say("Value per person"),
                text.say("Value for all concerned")],
        rows=rows,
    )  # fmt: skip


def draw_information_value(value, text: Text) -> Figure:
    """Draw the line from zero."""
    frame = released_frame(value, "InformationValue").sort_values("willingness_to_pay")
    currency = str(value.summary["currency"])
    price, amount = frame["willingness_to_pay"], frame["estimate"] / 1000
    with style.style():
        figure, (axes,) = style.panel(74, left=18, right=10, top=10, bottom=14)
        axes.plot(price, amount, color=style.PROGRAMME, linewidth=1.8, label="value")
        axes.set_xlim(price.min(), price.max() if price.max() > price.min() else price.min() + 1)
        highest = amount.max() if amount.notna().any() and amount.max() > 0 else 1.0
        axes.set_ylim(0, 1.12 * highest)
        ticks = [tick for tick in axes.get_yticks() if tick <= 1.12 * highest]
        decimals = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9))
        axes.set_yticks(ticks, [text.number(tick, decimals) for tick in ticks])
        price_axis(axes, currency, text)
        style.light_grid(axes, "y")
        style.axis_title(
            axes, text.say("Value of certainty per person, {unit}", unit=text.thousands(currency))
        )
    return figure


def _of_few(released, text: Text) -> bool:
    """Whether so few persons are behind it that a municipality shows no estimate of its own."""
    return released.summary.get("source") != "parameters" and few_persons(released, text)


def _frontier(frame: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    """Stretches of prices over which one strategy is the best on average."""
    best = frame[frame["is_best"] == 1].sort_values("willingness_to_pay")
    run = (best["strategy"] != best["strategy"].shift()).cumsum()
    return [(int(number), part) for number, part in best.groupby(run)]


def _label_ends(axes: Axes, frame: pd.DataFrame, strategies: list[str], text: Text) -> None:
    """Name each curve at its right end."""
    ends = [frame[frame["strategy"] == name].iloc[-1]["probability"] for name in strategies]
    known = [(at, end) for at, end in enumerate(ends) if math.isfinite(end)]
    names = [textwrap.fill(sentence_case(arm_name(name, text)), NAME_WIDTH) for name in strategies]
    height_mm = axes.get_position().height * axes.figure.get_figheight() / style.MM
    n_line = 2 + max(names[at].count("\n") for at, _ in known) if known else 2
    gap = LINE_MM * n_line / height_mm
    places = style.spread([end for _, end in known], gap, gap / 2, 1 - gap / 4)
    for (at, end), place in zip(known, places, strict=True):
        axes.annotate(
            f"{names[at]}\n{text.probability(end)}", xy=(1, place),
            xycoords=("axes fraction", "data"), xytext=(5, 0), textcoords="offset points",
            va="center", ha="left", weight=600, linespacing=1.05,
            color=COLOURS[at % len(COLOURS)], annotation_clip=False,
        )  # fmt: skip
