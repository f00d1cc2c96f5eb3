"""Tables about people: who they were, before and after, municipalities, money."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.report.figures.frame import (
    MISSING,
    drawn_part,
    shown,
    shown_range,
)
from evalkit.report.figures.places import municipality_rows
from evalkit.report.markup import escape
from evalkit.report.names import actor_name, arm_name, code_name, sentence_case, state_name
from evalkit.report.parts import Part
from evalkit.report.phrases import horizon_within
from evalkit.report.reading import arms_of, money_decimals, released_frame
from evalkit.report.tables_frame import table_part
from evalkit.report.text import Text


@drawn_part
def characteristics(people, text: Text, *, name: str = "characteristics") -> Part:
    """Baseline table: number and share of each level, or mean and deviation, by group.

    Parameters
    ----------
    people : Released Characteristics
    """
    frame = released_frame(people, "Characteristics")
    arms = arms_of(frame)
    is_pair = len(arms) > 1  # alone there is nothing to differ from
    keyed = frame.assign(level=frame["level"].fillna("")).set_index(
        ["stratum", "variable", "level"]
    )
    rows, previous = [], None
    for variable, level in dict.fromkeys(
        (row.variable, row.level) for row in keyed.reset_index().itertuples()
    ):
        if level and variable != previous:
            rows.append([_variable(variable, text), *[""] * (len(arms) + is_pair)])
        label = escape(code_name(str(level), text)) if level else _variable(variable, text)
        cells = [_person_cell(keyed, (arm, variable, level), text) for arm in arms]
        if is_pair:
            gap = _cell(keyed, (arms[0], variable, level), "standardised_difference")
            cells.append(shown(gap, lambda value: text.number(value, 2)))
        rows.append([label, *cells])
        previous = variable
    header = [text.say("Characteristic"), *(sentence_case(arm_name(arm, text)) for arm in arms)]
    if is_pair:
        header.append(text.say("Difference, standard deviations"))
    caption = text.say("Who took part: number (share) or mean (standard deviation).")
    return table_part(name, header, rows, caption, [people], text)


def _variable(name: str, text: Text) -> str:
    return f"**{escape(sentence_case(code_name(name, text)))}**"


def _cell(keyed: pd.DataFrame, key: tuple, column: str) -> float:
    return float(keyed.at[key, column]) if key in keyed.index else math.nan


def _person_cell(keyed: pd.DataFrame, key: tuple, text: Text) -> str:
    n, share = _cell(keyed, key, "n"), _cell(keyed, key, "share")
    mean, deviation = _cell(keyed, key, "mean"), _cell(keyed, key, "std_dev")
    if math.isfinite(mean):
        spread = f" ({text.number(deviation, 1)})" if math.isfinite(deviation) else ""
        return f"{text.number(mean, 1)}{spread}"
    if math.isfinite(n) and math.isfinite(share):
        return f"{text.number(n)} ({text.percent(share)})"
    return MISSING


@drawn_part
def before_after(before_after, text: Text, *, name: str = "before-after") -> Part:
    """Shares before and after, change in points with interval, and who entered and left.

    Parameters
    ----------
    before_after : Released BeforeAfter
    """
    frame = released_frame(before_after, "BeforeAfter")
    points = lambda value: text.number(value, 0, signed=True)  # noqa: E731
    rows = [
        [
            escape(sentence_case(state_name(row["source"], text))),
            escape(sentence_case(arm_name(row["stratum"], text))),
            shown(row["share_before"], text.percent),
            shown(row["share_after"], text.percent),
            shown(row["change"], points),
            shown_range(
                row["conf_low"],
                row["conf_high"],
                lambda low, high: text.range(low, high, signed=True),
            ),
            shown(row["n_entered"], text.number),
            shown(row["n_left"], text.number),
        ]
        for row in frame.to_dict("records")
    ]
    header = [
        text.say("Source of support"), text.say("Group"), text.say("Before"), text.say("After"),
        text.say("Change, points"), text.say("Interval"), text.say("Began"), text.say("Ended"),
    ]  # fmt: skip
    caption = text.say("Sources of support before and after, all who started.")
    return table_part(name, header, rows, caption, [before_after], text, text_columns=2)


@drawn_part
def pay_off(pay_off, text: Text, *, name: str = "pay-off") -> Part:
    """Cost, gain, pay-off time and break-even share of each actor.

    Parameters
    ----------
    pay_off : Released PayOff
    """
    frame = released_frame(pay_off, "PayOff")
    currency = str(pay_off.summary["currency"])
    decimals = money_decimals(frame)
    money = lambda value: text.number(value / 1000, decimals)  # noqa: E731
    interval = lambda low, high: text.range(low / 1000, high / 1000, decimals)  # noqa: E731
    has_interval = bool(frame["net_low"].notna().any())
    years = float(pay_off.summary["horizon_years"])
    rows = [
        [
            escape(sentence_case(actor_name(row["party"], text))),
            shown(row["cost"], money),
            shown(row["gain"], money),
            shown(row["net"], money),
            *([shown_range(row["net_low"], row["net_high"], interval)] if has_interval else []),
            _pay_off_time(row, text),
            _break_even(row["break_even_share"], text),
        ]
        for row in frame.to_dict("records")
    ]
    header = [
        text.say("Actor"), text.say("Cost"), text.say("Gain a year"), text.say("Gain less cost"),
        *([text.say("Interval")] if has_interval else []), text.say("Pay-off time, months"),
        text.say("Share that must be due to the programme"),
    ]  # fmt: skip
    caption = text.plural(
        "Cost and gain within {n} year; a gain counts in full only if the programme caused it.",
        "Cost and gain within {n} years; a gain counts in full only if the programme caused it.",
        int(years),
    )
    unit = text.say("Amounts in {unit} per person.", unit=text.thousands(currency))
    return table_part(name, header, rows, caption, [pay_off], text, detail=unit)


def _pay_off_time(row: Mapping[str, object], text: Text) -> str:
    reasons = {
        "no outlay": text.say("no outlay"),
        "no_outlay": text.say("no outlay"),
        "never": text.say("no gain"),
    }
    reason = row["reason"]
    if isinstance(reason, str) and reason in reasons:
        return reasons[reason]
    if isinstance(reason, str) and reason.startswith("not within"):
        years = [part for part in reason.split() if part.replace(".", "").isdigit()]
        return text.plural("not within {n} year", "not within {n} years", round(float(years[0])))
    months = row["pay_off_months"]
    if np.isposinf(months):
        return reasons["never"]
    if not math.isfinite(months):
        return MISSING
    low, high = row["pay_off_low"], row["pay_off_high"]
    written = text.number(months)
    if math.isfinite(low) and math.isfinite(high):
        return f"{written} ({text.range(low, high)})"
    if math.isfinite(low) and np.isposinf(high):
        spoken = text.say("{low} months to never", low=text.number(low))
        return f"{written} ({spoken})"
    return written


def _break_even(share: float, text: Text) -> str:
    if np.isposinf(share) or share > 1:
        return text.say("not repaid")
    return shown(share, text.percent)


@drawn_part
def municipalities(by_municipality, text: Text, *, names, name="municipalities") -> Part:
    """Share with the outcome in each municipality, in alphabetical order.

    Parameters
    ----------
    by_municipality : Released Contrast
    names : mapping of str to str
        Names by code, in the report's language.
    """
    frame = municipality_rows(by_municipality, names)
    rows = [
        [
            escape(row["name"]),
            shown(row["estimate"], text.percent),
            shown_range(row["conf_low"], row["conf_high"], text.percent_range),
        ]
        for row in frame.to_dict("records")
    ]
    header = [text.say("Municipality"), text.say("Share"), text.say("Interval")]
    caption = text.say("Share who had reached it {within}, by municipality.",
                       within=horizon_within(by_municipality, text))  # fmt: skip
    return table_part(name, header, rows, caption, [by_municipality], text)
