"""Tables about costs and health: means and differences, net benefit, a reporting checklist."""

import math
from dataclasses import replace

from evalkit.report.figures.cost_utility import net_benefit_header, net_benefit_rows
from evalkit.report.figures.frame import MISSING, drawn_part, shown, shown_range
from evalkit.report.markup import callout, escape
from evalkit.report.names import actor_name, arm_name, code_name, sentence_case
from evalkit.report.names_cost_utility import answers_name, measure_title, topic_name
from evalkit.report.parts import Part
from evalkit.report.phrases import compared_with, within
from evalkit.report.reading import released_frame
from evalkit.report.tables_frame import table_part
from evalkit.report.text import Text

DIFFERENCE = "programme - comparison"


@drawn_part
def cost_utility(cost_utility, text: Text, *, name: str = "cost-utility") -> Part:
    """Mean cost and health of each group and their differences, unadjusted and adjusted.

    Parameters
    ----------
    cost_utility : Released CostUtility
        Of one stratum.
    """
    frame = released_frame(cost_utility, "CostUtility")
    frame = frame[frame["measure"] != "icer"].set_index(["measure", "term", "adjustment"])
    currency = str(cost_utility.summary["currency"])
    keys = dict.fromkeys((measure, term) for measure, term, _ in frame.index)
    rows = [
        [
            escape(measure_title(measure, currency, text)),
            escape(_term(term, text)),
            *_cells(frame.loc[(measure, term, "unadjusted")], measure, term, text),
            *_cells(frame.loc[(measure, term, "adjusted")], measure, term, text),
        ]
        for measure, term in keys
    ]
    header = [
        text.say("What"), text.say("Group"), text.say("As it was"), text.say("Interval"),
        text.say("Adjusted for the start"), text.say("Interval"),
    ]  # fmt: skip
    caption = text.say(
        "Cost and health per person {within}, and how the groups differ.",
        within=within(int(cost_utility.summary["horizon_months"]), text),
    )
    costs = frame[frame["scale"] == "arm"].xs("cost", level="measure", drop_level=False)
    detail = ""
    if (costs["estimate"] < 0).any():
        detail = text.say(
            "A cost below zero means that people produced more than they used up. A difference in "
            "cost below zero is a gain: in the figures of gain less cost the sign is the other way "
            "round, and all who are followed are counted there, here only those whose health can "
            "be followed."
        )
    return table_part(name, header, rows, caption, [cost_utility], text, text_columns=2, keys=2,
                      detail=detail)  # fmt: skip


@drawn_part
def net_benefit(net_benefit, text: Text, *, name: str = "net-benefit") -> Part:
    """Net benefit per person at each price of a quality-adjusted life year.

    Parameters
    ----------
    net_benefit : Released NetBenefit
    """
    frame = released_frame(net_benefit, "NetBenefit")
    currency = str(net_benefit.summary["currency"])
    rows = net_benefit_rows(frame, text)
    caption = text.say(
        "Net benefit per person: health gained, at its price, less what it costs. Amounts in "
        "{unit}.", unit=text.thousands(currency),
    )  # fmt: skip
    header = net_benefit_header(currency, text)
    return table_part(name, header, rows, caption, [net_benefit], text, keys=1)


@drawn_part
def cheers(checklist, text: Text, *, name: str = "cheers", folded: bool = False) -> Part:
    """The reporting checklist, with what nobody has answered yet marked as open.

    Parameters
    ----------
    checklist : Released Checklist
    folded : bool
        Whether it is folded away under its name.
    """
    frame = released_frame(checklist, "Checklist")
    rows = [
        [text.number(row["item"]), topic_name(row["topic"], text), _answer(row, text)]
        for row in frame.to_dict("records")
    ]
    caption = text.plural(
        "Reporting checklist {checklist} in our own words (doi 10.1007/s10198-021-01426-6); {n} "
        "item is open.",
        "Reporting checklist {checklist} in our own words (doi 10.1007/s10198-021-01426-6); {n} "
        "items are open.",
        int(checklist.summary["n_open"]), checklist=str(checklist.summary["checklist"]),
    )  # fmt: skip
    header = [text.say("Number"), text.say("Item"), text.say("Answer")]
    part = table_part(name, header, rows, caption, [checklist], text, n=math.nan, text_columns=3,
                      keys=2)  # fmt: skip
    if not folded:
        return part
    title = text.say("Checklist for economic evaluations: CHEERS")
    return replace(part, markdown=callout(title, part.markdown))


def _term(term: str, text: Text) -> str:
    if term == DIFFERENCE:
        return text.say("Difference")
    return sentence_case(arm_name(term, text))


def _cells(row, measure: str, term: str, text: Text) -> list[str]:
    money, signed = measure == "cost", term == DIFFERENCE
    scale, decimals = (1000, 1) if money else (1, 3)
    return [
        shown(row["estimate"], lambda x: text.number(x / scale, decimals, signed=signed)),
        shown_range(
            row["conf_low"], row["conf_high"],
            lambda a, b: text.range(a / scale, b / scale, decimals, signed=signed),
        ),
    ]  # fmt: skip


def _answer(row, text: Text) -> str:
    """Put the status and the answer of one item into words."""
    if row["status"] == "open":
        return text.say("**Open:** not answered yet.")
    if row["origin"] == "given":
        return escape(row["answer"])
    if row["status"] == "in_report":
        return text.say("See the tables and figures of this chapter.")
    return _known(row["topic"], str(row["answer"]), text)


def _known(topic: str, answer: str, text: Text) -> str:
    """An answer that the analysis gave itself."""
    if topic == "horizon":
        return text.plural("{n} month.", "{n} months.", int(float(answer)))
    if topic == "discounting":
        return text.say("{percent} a year, from the second year.",
                        percent=text.percent(float(answer), 1))  # fmt: skip
    if topic == "currency":
        currency, year = answer.split()
        return text.say("{currency}, prices of {year}.", currency=currency, year=year)
    if topic == "perspective":
        parties = [actor_name(party, text) for party in answer.split(", ")]
        return f"{escape(sentence_case(text.list(parties)))}."
    if topic == "analysis":
        return _adjusted(answer, text)
    if topic == "uncertainty":
        if int(answer) == 0:
            return text.say("Intervals of 95 per cent.")
        return text.say("Intervals of 95 per cent, and {n} resamplings of people.",
                        n=text.number(int(answer)))  # fmt: skip
    return {
        "comparators": compared_with(text),
        "outcomes": text.say("Quality-adjusted life years, from a health index over time."),
        "outcome_measurement": answers_name(answer, text),
        "model": text.say("No model: the data are of people."),
    }.get(topic, MISSING)


def _adjusted(answer: str, text: Text) -> str:
    names = [
        text.say("health index at the start") if name == "baseline" else code_name(name, text)
        for name in answer.split(", ")
        if name not in ("none", "")
    ]
    if not names:
        return text.say("Linear regression of cost and of health, without adjustment.")
    return text.say("Linear regression of cost and of health, adjusted for: {names}.",
                    names=escape(text.list(names)))  # fmt: skip
