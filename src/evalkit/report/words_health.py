"""Words of the chapter about health."""

import math

from evalkit.report.detectable import detectable_score
from evalkit.report.markup import escape, paragraphs, span
from evalkit.report.names import sentence_case
from evalkit.report.parts import Part
from evalkit.report.phrases import (
    FEW_ANSWERS,
    certainty,
    is_without_comparison,
    label_span,
    score_name,
    too_few,
)
from evalkit.report.reading import (
    few_persons,
    is_without_rows,
    require_all_released,
    term_value,
    useful_index,
    wave_term,
)
from evalkit.report.replay import page_part
from evalkit.report.text import Text
from evalkit.report.words_method import missing
from evalkit.report.words_people import chapter, withheld


@page_part
def health(
    change,
    means,
    text: Text,
    *,
    wave: int = 12,
    score: str = "",
    useful: float | None = None,
    exits=None,
) -> Part:
    """Say how health changed, compared with the other group and with the start.

    Parameters
    ----------
    change : Released ModelFit or None
        `ancova` or `fixed_effects`, the one that the study names; None where there are no answers.
    means : Released WaveMeans or None
    wave : int
        The wave that the sentence is about.
    score : str
        Name of the score, where health is measured by scores.
    useful : float, optional
        Smallest useful change, where the study file says `mid`.
    exits : Released IncidenceCurve or None
        By arm; with it a municipality with too few people shows no estimate.
    """
    require_all_released(change, means, exits)
    question = (
        text.say("How did health change: {score}?", score=escape(score_name(score, text)))
        if text.is_score
        else text.say("How did health change?")
    )
    reason = _why_none(change, text)
    if reason:
        return missing(question, reason, text)
    term = wave_term(change, wave)
    value = term_value(change, term)
    name = sentence_case(score_name(score, text))
    answer, detectable = withheld(text), ""
    if few_persons(change, text, exits):
        answer = span(too_few(text), "withheld")
    elif term not in set(change.rows["term"]):
        answer = span(text.say(FEW_ANSWERS), "withheld")
    elif value.shown:
        decimals = text.health_decimals
        spoken = text.plural(
            "{score} {n} month after the start, programme group against comparison group: "
            "{number} ({range}).",
            "{score} {n} months after the start, programme group against comparison group: "
            "{number} ({range}).",
            wave, score=escape(name), number=text.number(value.estimate, decimals, signed=True),
            range=text.range(value.low, value.high, decimals, signed=True),
        )  # fmt: skip
        answer = f"{spoken} {_health_certainty(change, value, useful, text)}".strip()
        detectable = detectable_score(change, value, useful_index(text, useful), text)
    answer = paragraphs(f"{answer} {label_span(change, text)}", detectable)
    return chapter(question, answer, _health_reading(change, text), text)


def _why_none(change, text: Text) -> str:
    """Id of the reason why there is nothing about health; empty where there is something."""
    if text.labels.study.health is None:
        return "no_instrument"
    if change is None:
        return "health"
    if is_without_comparison(change, text):
        return "no_comparison"
    return "too_few_answers" if is_without_rows(change) else ""


def _health_certainty(change, value, useful, text: Text) -> str:
    smallest = useful_index(text, useful)
    return certainty(change, smallest, text, value) if math.isfinite(smallest) else ""


def _health_reading(change, text: Text) -> str:
    if change is not None and change.provenance.function == "fixed_effects":
        return text.say(
            "Higher is better. The dots are means of those who answered, the bars their intervals. "
            "The difference compares how much people changed in the two groups; it is an effect "
            "only if both would otherwise have changed alike."
        )
    if text.is_score:
        return text.say(
            "The score is a number of points; higher is better. The dots are means of those who "
            "answered, the bars their intervals. The difference compares people who had the same "
            "score at the start, among those who are alive and answered."
        )
    return text.say(
        "The health index is 1 for full health and lower for worse health. The dots are means of "
        "those who answered, the bars their intervals. The difference compares people who had the "
        "same index at the start, among those who are alive and answered."
    )
