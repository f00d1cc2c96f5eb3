"""Words of the chapter about costs and health: is the health gained worth what it costs?"""

import math

from evalkit.report.certainty import estimand_label, sign_verdict
from evalkit.report.markup import span
from evalkit.report.parts import Part
from evalkit.report.phrases import too_few, within
from evalkit.report.reading import (
    WITHHELD,
    Value,
    contrast_label,
    degrees_of_freedom,
    few_persons,
    is_without_rows,
    released_frame,
)
from evalkit.report.replay import page_part
from evalkit.report.text import Text
from evalkit.report.words_method import missing
from evalkit.report.words_people import chapter, withheld


@page_part
def cost_utility(cost_utility, text: Text, *, net_benefit=None) -> Part:
    """Say what the programme costs more, what health it gains, and at which price.

    Parameters
    ----------
    cost_utility : Released CostUtility or None
        None where there are no costs or no health index.
    net_benefit : Released NetBenefit or None
        Its prices tell from which one on the gain exceeds the cost.
    """
    question = text.say("Is the health gained worth what it costs?")
    if cost_utility is None:
        return missing(question, "costs", text)
    if is_without_rows(cost_utility):
        alone = text.labels.study.arms.comparison == "none"
        return missing(question, "no_comparison" if alone else "too_few", text)
    label = contrast_label(cost_utility, text)
    cost, effect = (difference_of(cost_utility, measure) for measure in ("cost", "effect"))
    if few_persons(cost_utility, text):
        answer = span(too_few(text), "withheld")
    elif not (cost.shown and effect.shown):
        answer = withheld(text)
    else:
        said = [_differences(cost_utility, cost, effect, text), _balance(cost_utility, text)]
        if net_benefit is not None:
            said.append(_worth(net_benefit, text))
        if label == "description":
            said.append(text.say("The difference may have other causes than the programme."))
        answer = " ".join(sentence for sentence in said if sentence)
    reading = text.say(
        "A quality-adjusted life year is a year in full health, or a longer time in less than full "
        "health. Health is measured over the whole time, not only at the end, and the groups are "
        "compared as if they had been equally well at the start. What such a year is worth in money"
        " is not decided here, so the answer is given for many amounts."
    )
    return chapter(question, f"{answer} {span(estimand_label(label, text), 'label')}", reading,
                   text)  # fmt: skip


def difference_of(cost_utility, measure: str) -> Value:
    """The adjusted difference in cost or effect, or the ratio, of a released result."""
    frame = released_frame(cost_utility, "CostUtility")
    rows = frame[(frame["measure"] == measure) & (frame["adjustment"] == "adjusted")]
    rows = rows[rows["scale"] != "arm"]
    if len(rows) != 1 or bool(rows["suppressed"].iloc[0]):
        return WITHHELD
    row = rows.iloc[0]
    return Value(*(float(row[name]) for name in ("estimate", "std_error", "conf_low", "conf_high")))


def _differences(cost_utility, cost: Value, effect: Value, text: Text) -> str:
    """Say both differences in words of more and less, each with its sign and its interval."""
    currency = str(cost_utility.summary["currency"])
    slots = {
        "within": within(int(cost_utility.summary["horizon_months"]), text),
        "effect": text.number(effect.estimate, 3, signed=True),
        "effect_range": text.range(effect.low, effect.high, 3, signed=True),
        "cost": text.money(cost.estimate, currency, 1, signed=True),
        "cost_range": text.range(cost.low / 1000, cost.high / 1000, 1, signed=True),
    }
    if effect.estimate >= 0 and cost.estimate >= 0:
        return text.say(
            "On average a person in the programme group had more quality-adjusted life years "
            "{within}, {effect} ({effect_range}), and cost more, {cost} ({cost_range}).", **slots,
        )  # fmt: skip
    if effect.estimate >= 0:
        return text.say(
            "On average a person in the programme group had more quality-adjusted life years "
            "{within}, {effect} ({effect_range}), and cost less, {cost} ({cost_range}).", **slots,
        )  # fmt: skip
    if cost.estimate >= 0:
        return text.say(
            "On average a person in the programme group had fewer quality-adjusted life years "
            "{within}, {effect} ({effect_range}), and cost more, {cost} ({cost_range}).", **slots,
        )  # fmt: skip
    return text.say(
        "On average a person in the programme group had fewer quality-adjusted life years "
        "{within}, {effect} ({effect_range}), and cost less, {cost} ({cost_range}).", **slots,
    )  # fmt: skip


def both_certain(cost_utility) -> str:
    """How sure the signs of both differences are: that of the one less sure."""
    df = degrees_of_freedom(cost_utility)
    values = [difference_of(cost_utility, measure) for measure in ("cost", "effect")]
    found = {sign_verdict(v.estimate, v.std_error, v.low, v.high, df) for v in values}
    return next(verdict for verdict in ("unknown", "probable", "clear") if verdict in found)


def _uncertain(quadrant: str, sure: str, text: Text) -> str:
    """Say what is not known where an interval also holds the opposite."""
    if sure == "probable" and quadrant == "more_effect_less_cost":
        return text.say("The programme group probably did better in both, but at least one "
                        "interval also includes the opposite.")  # fmt: skip
    if sure == "probable" and quadrant == "less_effect_more_cost":
        return text.say("The comparison group probably did better in both, but at least one "
                        "interval also includes the opposite.")  # fmt: skip
    return text.say("It is not possible to say which group did better in both health and cost, "
                    "since at least one interval also includes the opposite.")  # fmt: skip


def _balance(cost_utility, text: Text) -> str:
    """Say the ratio where there is one, else which group did better in both."""
    quadrant = str(cost_utility.summary["quadrant"])
    sure = both_certain(cost_utility)
    has_ratio = quadrant in ("more_effect_more_cost", "less_effect_less_cost")
    if sure != "clear" and not has_ratio:
        return _uncertain(quadrant, sure, text)
    if quadrant == "more_effect_less_cost":
        return text.say("More health at a lower cost: the programme group did better in both.")
    if quadrant == "less_effect_more_cost":
        return text.say("Less health at a higher cost: the comparison group did better in both.")
    ratio = difference_of(cost_utility, "icer").estimate
    if not math.isfinite(ratio):
        return ""
    amount = text.money(ratio, str(cost_utility.summary["currency"]))
    spoken = (
        text.say("That is {amount} for each quality-adjusted life year gained.", amount=amount)
        if quadrant == "more_effect_more_cost"
        else text.say("That is {amount} saved for each quality-adjusted life year lost.",
                      amount=amount)
    )  # fmt: skip
    opposite = text.say("This is uncertain, since the interval also includes the opposite.")
    return spoken if sure == "clear" else f"{spoken} {opposite}"


def _worth(net_benefit, text: Text) -> str:
    """Say from which price on the gain clearly exceeds the cost."""
    frame = released_frame(net_benefit, "NetBenefit").sort_values("willingness_to_pay")
    if frame["suppressed"].any() or not len(frame):
        return ""
    currency = str(net_benefit.summary["currency"])
    clear = (frame["conf_low"] > 0).to_numpy()
    if clear.all():
        return text.say(
            "At all amounts shown the health gained is clearly worth more than it costs."
        )
    if clear[-1]:
        first = frame["willingness_to_pay"].to_numpy()[len(clear) - clear[::-1].argmin()]
        return text.say(
            "Where such a year is worth {amount} or more, the health gained is clearly worth more "
            "than it costs.", amount=text.money(first, currency),
        )  # fmt: skip
    return text.say("At the highest amount shown it is not clear that the health gained is worth "
                    "what it costs.")  # fmt: skip
