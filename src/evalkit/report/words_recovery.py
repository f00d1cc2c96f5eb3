"""Words about a naive and a right estimate beside the truth."""

import math

from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.parts import Part
from evalkit.report.recovery import read_recovery, with_unit
from evalkit.report.replay import page_part
from evalkit.report.text import Text
from evalkit.report.words_people import withheld


@page_part
def recovery(recovery, text: Text) -> Part:
    """Say how far off the naive estimate is, and that the right one is not.

    Parameters
    ----------
    recovery : Released Recovery
    """
    found = read_recovery(recovery, text)
    naive, right = found.frame.loc["naive"], found.frame.loc["right"]
    if not (math.isfinite(naive["estimate"]) and math.isfinite(right["estimate"])):
        return Part(withheld(text))
    slots = {
        "naive_name": escape(sentence_case(found.names["naive"])),
        "naive": with_unit(naive["estimate"], found, text),
        "right_name": escape(sentence_case(found.names["right"])),
        "right": with_unit(right["estimate"], found, text),
    }
    if not found.truth:
        return Part(text.say(
            "In truth there is no difference. {naive_name}: {naive}. {right_name}: {right}.",
            **slots,
        ))  # fmt: skip
    slots["truth"] = with_unit(found.truth, found, text)
    slots["bias"] = with_unit(abs(naive["bias"]), found, text, is_difference=True)
    if naive["bias"] < 0:
        return Part(text.say(
            "The truth is {truth}. {naive_name}: {naive}, which is {bias} too low. {right_name}: "
            "{right}.", **slots,
        ))  # fmt: skip
    return Part(text.say(
        "The truth is {truth}. {naive_name}: {naive}, which is {bias} too high. {right_name}: "
        "{right}.", **slots,
    ))  # fmt: skip
