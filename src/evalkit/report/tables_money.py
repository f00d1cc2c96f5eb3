"""Tables of money: present values, the ledger by party and kind, break-even shares, type cases."""

import math
from collections.abc import Sequence

import numpy as np

from evalkit.report.figures.frame import MISSING, drawn_part, shown, shown_range
from evalkit.report.figures.money_break_even import (
    break_even_header,
    interval_words,
    share_words,
)
from evalkit.report.markup import escape
from evalkit.report.names import actor_name, sentence_case
from evalkit.report.names_money import kind_name, years_label
from evalkit.report.parts import Part
from evalkit.report.reading import is_compared, money_decimals, released_frame
from evalkit.report.tables_frame import table_part
from evalkit.report.text import Text


@drawn_part
def net_present_value(
    value, text: Text, *, parties: Sequence[str] | None = None, name: str = "net-present-value"
) -> Part:
    """Cost, gain and net by party, horizon and rate.

    Parameters
    ----------
    value : Released NetPresentValue
    parties : sequence of str, optional
        Parties to list; by default all.
    """
    frame = released_frame(value, "NetPresentValue")
    if parties is not None:
        frame = frame[frame["party"].isin(parties)]
    decimals = money_decimals(frame)
    money = lambda x: text.number(x / 1000, decimals)  # noqa: E731
    rows = [
        [
            _actor(row["party"], text),
            years_label(row["horizon_years"], text),
            text.percent(row["discount_rate"], 1),
            shown(row["cost"], money),
            shown(row["gain"], money),
            shown(row["net"], money),
            shown(row["benefit_cost"], lambda x: text.number(x, 2)),
            shown(row["annuity"], money),
        ]
        for row in frame.to_dict("records")
    ]
    header = [
        text.say("Actor"), text.say("Years counted"), text.say("Discount rate"), text.say("Cost"),
        text.say("Gain"), text.say("Gain less cost"), text.say("Gain per cost"),
        text.say("Gain less cost, same amount each year"),
    ]  # fmt: skip
    caption = text.say("Discounted cost and gain by actor, years counted and discount rate.")
    details, years = [_per_person(value, text)], float(value.summary["write_off_years"])
    if str(value.summary["label"]) == "assumed":
        details.append(text.say("After the months followed the last year is assumed to go on."))
    elif math.isfinite(years):
        details.append(text.say("Nothing after the months followed is counted."))
    else:
        details.append(text.say("Nothing after the months followed is counted, so a longer time "
                                "changes only the amount each year."))  # fmt: skip
    if math.isfinite(years):
        details.append(text.say("The cost is written off evenly over {years}.",
                                years=years_label(years, text)))  # fmt: skip
    return table_part(name, header, rows, caption, [value], text, text_columns=2, keys=3,
                      detail=" ".join(details))  # fmt: skip


@drawn_part
def ledger_balances(balances, text: Text, *, name: str = "ledger") -> Part:
    """What each party received and paid, by kind of flow.

    Parameters
    ----------
    balances : Released LedgerBalances
    """
    frame = released_frame(balances, "LedgerBalances")
    largest = np.nanmax(np.abs(frame["balance"].to_numpy(dtype=float)), initial=0.0)
    money = lambda x: text.number(x / 1000, 0 if largest >= 50_000 else 1)  # noqa: E731
    rows = [
        [
            _actor(row["party"], text),
            escape(kind_name(row["kind"], text)),
            shown(row["received"], money),
            shown(row["paid"], money),
            shown(row["balance"], money),
        ]
        for row in frame.to_dict("records")
    ]
    header = [text.say("Actor"), text.say("Kind of flow"), text.say("Received"), text.say("Paid"),
              text.say("Received less paid")]  # fmt: skip
    caption = text.say(
        "All flows of money in {unit}, prices of {year}. Public finance is the sum "
        "over authorities and is not society, where benefits and taxes cancel.",
        unit=text.thousands(str(balances.summary["currency"])),
        year=str(int(balances.summary["price_year"])),
    )  # fmt: skip
    return table_part(name, header, rows, caption, [balances], text, text_columns=2)


@drawn_part
def break_even(break_even, text: Text, *, name: str = "break-even-shares") -> Part:
    """Break-even share of each party and horizon, with its interval.

    Parameters
    ----------
    break_even : Released BreakEven
    """
    frame = released_frame(break_even, "BreakEven")
    decimals = money_decimals(frame.assign(net=0.0))
    money = lambda x: text.number(x / 1000, decimals)  # noqa: E731
    rows = [
        [
            _actor(row["party"], text),
            years_label(row["horizon_years"], text),
            shown(row["cost"], money),
            shown(row["gain"], money),
            share_words(row, text),
            interval_words(row, text),
        ]
        for row in frame.to_dict("records")
    ]
    currency = str(break_even.summary["currency"])
    header = break_even_header(currency, text, compared=is_compared(break_even))
    caption = text.say("Share of the change that must be due to the programme for its cost to come "
                       "back; above one hundred per cent it does not.")  # fmt: skip
    if is_compared(break_even):
        caption = text.say(
            "Share of the difference from the comparison group that is needed for the cost to come "
            "back; above one hundred per cent it does not."
        )
    return table_part(name, header, rows, caption, [break_even], text, text_columns=2)


@drawn_part
def type_cases(cases, text: Text, *, currency: str, name: str = "type-cases") -> Part:
    """Account of weighted type cases, with the range that uncertain weights leave open.

    Parameters
    ----------
    cases : Released TypeCases
    currency : str
        Of the amounts.
    """
    frame = released_frame(cases, "TypeCases")
    decimals = money_decimals(frame)
    money = lambda x: text.number(x / 1000, decimals)  # noqa: E731
    spread = lambda low, high: text.range(low / 1000, high / 1000, decimals)  # noqa: E731
    rows = [
        [
            _actor(row["party"], text),
            shown(row["cost"], money),
            shown(row["gain"], money),
            shown_range(row["gain_low"], row["gain_high"], spread),
            _months(row, text),
            _share(row, text),
            shown(row["total_gain"], money),
        ]
        for row in frame.to_dict("records")
    ]
    header = [
        text.say("Actor"), text.say("Cost"), text.say("Gain a year"), text.say("Range"),
        text.say("Pay-off time, months"), text.say("Share that must be due to the programme"),
        text.say("Gain a year, everyone"),
    ]  # fmt: skip
    caption = text.plural(
        "Assumed, not measured: {n} type case, multiplied up to {people} people. The range is "
        "what uncertain weights leave open; the amounts of the cases are taken as given.",
        "Assumed, not measured: {n} type cases, multiplied up to {people} people. The range is "
        "what uncertain weights leave open; the amounts of the cases are taken as given.",
        int(cases.summary["n_case"]), people=text.number(float(cases.summary["n_extrapolated"])),
    )  # fmt: skip
    unit = text.say("Amounts in {unit} per person.", unit=text.thousands(currency))
    return table_part(name, header, rows, caption, [cases], text, detail=unit)


def _actor(party: str, text: Text) -> str:
    return escape(sentence_case(actor_name(party, text)))


def _per_person(value, text: Text) -> str:
    currency = str(value.summary["currency"])
    return text.say("Amounts in {unit} per person.", unit=text.thousands(currency))


def _months(row, text: Text) -> str:
    reasons = {"no outlay": text.say("no outlay"), "never": text.say("no gain")}
    if row["suppressed"]:
        return MISSING
    if row["reason"] in reasons:
        return reasons[row["reason"]]
    low, high = float(row["pay_off_low"]), float(row["pay_off_high"])
    written = text.number(row["pay_off_months"], 1)
    if math.isfinite(low) and math.isinf(high):
        never = text.say("{low} months to never", low=text.number(low, 1))
        return f"{written} ({never})"
    return f"{written} ({text.range(low, high, 1)})" if math.isfinite(low) else written


def _share(row, text: Text) -> str:
    share = float(row["break_even_share"])
    if math.isinf(share) or share > 1:
        return text.say("not repaid")
    return shown(share, text.percent)
