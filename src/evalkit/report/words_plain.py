"""Words of the first page explained in plain language, in a fold at its end."""

from evalkit.report.certainty import estimand_label
from evalkit.report.markup import callout, paragraphs
from evalkit.report.names import sentence_case
from evalkit.report.phrases import compared_with
from evalkit.report.text import Text


def plain_words(text: Text, *, has_health: bool) -> str:
    """Explain, folded away, what an interval, the label and the health index are.

    Parameters
    ----------
    text : Text
    has_health : bool
        Whether the page speaks of a health index.
    """
    lines = [
        text.say(
            "Interval: chance plays a part in every number. The interval shows where the true "
            "number probably lies. Of 20 such intervals, 19 hold it."
        )
    ]
    if text.labels.study.arms.comparison != "none":
        lines += [compared_with(text), _label(text)]
    if has_health and not text.is_score:
        lines.append(
            text.say(
                "Health index: answers to a few questions about health, made into one number. 1 is "
                "full health, and a lower number is worse health."
            )
        )
    return callout(text.say("What the words mean"), paragraphs(*lines))


def _label(text: Text) -> str:
    kind = text.labels.contrast_label
    name = sentence_case(estimand_label(kind, text))
    if kind == "effect":
        return text.say(
            "{label}: who got the help was decided by lot. So the difference is likely to "
            "come from the help, if the records are right and those who are missing are like the "
            "others.",
            label=name,
        )
    return text.say(
        "{label}: the groups can differ in more than the help. So the difference may come from "
        "something else.",
        label=name,
    )
