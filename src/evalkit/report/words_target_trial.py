"""The trial that the study stands in for: each part of its protocol, and what was done here."""

from evalkit.report.markup import callout, escape, paragraphs, pipe_table
from evalkit.report.text import Text, mark

STRATEGIES = {
    "other_packages": mark("Begin a package that is given together, or begin another package."),
    "not_yet": mark("Begin now, or not yet."),
    "external": mark("Begin here, or belong to a group elsewhere."),
    "given": mark("The two groups that the study gives."),
    "none": mark("**Open:** one group only, nothing to compare with."),
}


def target_trial(text: Text) -> str:
    """Fold away the protocol of the trial that the study stands in for.

    Parameters
    ----------
    text : Text

    Returns
    -------
    str
        Markdown; empty for a single trial, which is no stand-in.

    References
    ----------
    Hernán MA, Robins JM (2016), doi 10.1093/aje/kwv254.
    """
    if text.labels.level == "study":
        return ""
    title = text.say("The trial that this study stands in for")
    if text.labels.study.assignment == "randomised":
        title = text.say("The plan of the trial, part by part")
    told = text.say(
        "A trial that answers the question would have a protocol of seven parts "
        "(doi 10.1093/aje/kwv254). The table says what this study has in the place of each."
    )
    header = [text.say("Part of the protocol"), text.say("In this study")]
    caption = text.say("Protocol of the trial, and what this study has of it.")
    table = pipe_table(header, _rows(text), caption=caption, name="target-trial", text_columns=2)
    return callout(title, paragraphs(told, table))


def _rows(text: Text) -> list[list[str]]:
    study = text.labels.study
    return [
        [text.say("Who can take part"), _eligible(text)],
        [text.say("What is compared"), text.say(STRATEGIES[study.arms.comparison])],
        [text.say("How people come into the groups"), _assignment(text)],
        [text.say("Start of the clock"), text.say(
            "The start of the package. What comes later decides nothing about who is counted."
        )],
        [text.say("Follow-up"), text.say(
            "From the start to an exit or the end of the records, {month}.",
            month=text.month(study.data_cut),
        )],
        [text.say("Outcome"), escape(text.outcome)],
        [text.say("Contrast and analysis"), text.say(
            "Everybody counts in the group in which they began, whatever came after. The functions "
            "stand in the table of this chapter."
        )],
    ]  # fmt: skip


def _eligible(text: Text) -> str:
    if text.is_events:
        return text.say("Those whom the study gives.")
    population = text.labels.study.population
    return text.plural(
        "Ages {ages}, public support for at least {n} month before the start.",
        "Ages {ages}, public support for at least {n} months before the start.",
        population.months_of_support, ages=text.range(*population.ages),
    )  # fmt: skip


def _assignment(text: Text) -> str:
    if text.labels.study.assignment == "randomised":
        return text.say("By lot, as in a trial.")
    if text.labels.study.arms.comparison == "none":
        return text.say("**Open:** a trial would draw lots; here there is one group.")
    return text.say(
        "**Open:** a trial would draw lots; here people and those who help them chose. What both "
        "groups would have reached without the package is not known."
    )
