"""Words of the chapters about the outcome: time to it, and its pace."""

import math

from evalkit.report.certainty import estimand_label
from evalkit.report.detectable import detectable_share, detectable_time, people_for_share
from evalkit.report.markup import escape, paragraphs, span
from evalkit.report.parts import Part
from evalkit.report.phrases import (
    certainty,
    horizon_within,
    label_span,
    lasting,
    outcome_start,
    too_few,
)
from evalkit.report.reading import (
    contrast_value,
    first_arm,
    horizon,
    is_too_few,
    is_without_rows,
    released_frame,
    require_all_released,
)
from evalkit.report.replay import page_part
from evalkit.report.text import Text
from evalkit.report.words_method import missing
from evalkit.report.words_people import chapter, withheld


@page_part
def self_support(reached, months, status, text: Text, *, curve=None) -> Part:
    """Say when people reach the outcome, and how much time they gain.

    Parameters
    ----------
    reached : Released Contrast or None
        `incidence_at`; None where the outcome is not known of anybody.
    months : Released Contrast or None
        `time_in_state`, or `time_lost` for an events table.
    status : Released Contrast or None
        `state_at`.
    curve : Released IncidenceCurve or None
        By arm; with it a municipality with too few people shows no estimate.
    """
    require_all_released(reached, months, status, curve)
    question = text.say("How many come to support themselves, and when?")
    if text.is_events:
        question = text.say("When was this reached: {outcome}?", outcome=escape(text.outcome))
    if reached is None:
        return missing(question, "events" if text.is_events else "participations", text)
    if is_without_rows(reached) or (curve is not None and is_too_few(curve, text)):
        sentences, months, status = [span(too_few(text), "withheld")], None, None
        detectable = people_for_share(text)
    else:
        sentences = [_share_sentence(reached, text)]
        detectable = detectable_share(reached, text)
    if months is not None:
        sentences.append(_time_sentence(months, text))
    if status is not None and not text.is_events:
        sentences.append(_relapse_sentence(reached, status, text))
    answer = " ".join([*filter(None, sentences), label_span(reached, text)])
    answer = paragraphs(answer, detectable, "" if months is None else detectable_time(months, text))
    reading = _events_reading(text) if text.is_events else _reading(text)
    if not text.is_events and sentences[0].endswith("{.withheld}"):
        reading = _reading_without_curve(text)
    return chapter(question, answer, reading, text)


def _share_sentence(reached, text: Text) -> str:
    value = first_arm(reached)
    if not value.shown:
        return withheld(text)
    slots = {
        "percent": text.percent(value.estimate),
        "range": text.percent_range(value.low, value.high),
        "within": horizon_within(reached, text),
    }
    if text.is_events:
        return text.say(
            "{outcome}: {percent} of the programme group ({range}) had reached it {within}.",
            outcome=outcome_start(text), **slots,
        )  # fmt: skip
    return text.say(
        "{percent} of those who started ({range}) had at some time {within} begun to support "
        "themselves {lasting}.",
        lasting=lasting(text), **slots,
    )  # fmt: skip


def _time_sentence(months, text: Text) -> str:
    value = contrast_value(months, "difference")
    compared = text.labels.study.arms.comparison != "none"
    value = value if compared else first_arm(months)
    if not value.shown:
        return _time_withheld(months, text)
    slots = {
        "number": text.number(value.estimate, 1, signed=compared),
        "range": text.range(value.low, value.high, 1, signed=compared),
        "within": horizon_within(months, text),
    }
    if not compared:
        return _time_alone(slots, text)
    sure = certainty(months, text.labels.study.useful_size.months, text)
    if text.is_events:
        spoken = text.say(
            "{outcome}: time gained {within}, programme group against comparison group: {number} "
            "on average ({range}), {unit}.",
            outcome=outcome_start(text), unit=_unit(text), **slots,
        )  # fmt: skip
        return f"{spoken} {sure}"
    spoken = text.say(
        "Months in self-support {within}, programme group against comparison group: {number} on "
        "average ({range}).",
        **slots,
    )
    return f"{spoken} {sure}"


def _time_withheld(months, text: Text) -> str:
    within = horizon_within(months, text)
    if text.is_events:
        return span(text.say(
            "{outcome}: the time gained {within} is not shown, because so few people are behind "
            "the number that they could be recognised.",
            outcome=outcome_start(text), within=within,
        ), "withheld")  # fmt: skip
    return span(text.say(
        "The months in self-support {within} are not shown, because so few people are behind the "
        "number that they could be recognised.",
        within=within,
    ), "withheld")  # fmt: skip


def _unit(text: Text) -> str:
    return text.say("unit: days") if text.unit == "days" else text.say("unit: months")


def _time_alone(slots: dict, text: Text) -> str:
    if text.is_events:
        return text.say(
            "{outcome}: time since it was reached, {within}: {number} on average ({range}), "
            "{unit}.",
            outcome=outcome_start(text), unit=_unit(text), **slots,
        )  # fmt: skip
    return text.say("Months in self-support {within}: {number} on average ({range}).", **slots)


def _relapse_sentence(reached, status, text: Text) -> str:
    begun, now = first_arm(reached), first_arm(status)
    if not (begun.shown and now.shown):
        return ""
    slots = {
        "month": text.number(horizon(status, text)),
        "percent": text.percent(now.estimate),
        "range": text.percent_range(now.low, now.high),
    }
    if now.estimate >= begun.estimate:
        return text.say("In month {month} itself {percent} ({range}) were supporting themselves.",
                        **slots)  # fmt: skip
    return text.say(
        "In month {month} itself {percent} ({range}) were supporting themselves; some who had "
        "begun were back on support.",
        **slots,
    )


def _reading(text: Text) -> str:
    return text.say(
        "The figure shows the share who had begun to support themselves by then. The interval says "
        "how far chance can move it: in 95 of 100 studies like this one it holds the true share. "
        "Under the figure stands how many are still followed. People who moved abroad, died or got "
        "a permanent pension can no longer begin, and are counted as such."
    )


def _reading_without_curve(text: Text) -> str:
    """Explain what is left of the chapter where there are too few people for the curve."""
    return text.say(
        "The figure shows what people lived on in each month. Somebody who begins to support "
        "themselves and later gets support again is counted where they are in that month. People "
        "who moved abroad, died or got a permanent pension stand by themselves."
    )


def _events_reading(text: Text) -> str:
    return text.say(
        "{outcome}: the figure shows the share who had reached it by then. The interval says how "
        "far chance can move it: in 95 of 100 studies like this one it holds the true share. "
        "Under the figure stands how many are still followed.",
        outcome=outcome_start(text),
    )


@page_part
def pace(test, cox, text: Text) -> Part:
    """Say whether the pace differs between the groups.

    Parameters
    ----------
    test : Released Check or None
        `logrank_test`.
    cox : Released ModelFit or None
    """
    require_all_released(test, cox)
    question = text.say("How much faster was it?")
    if test is None or is_without_rows(test):
        return missing(question, "events" if test is None else "too_few", text)
    row = released_frame(test, "Check").iloc[0]
    answer = withheld(text)
    if math.isfinite(row["statistic"]) and math.isfinite(row["p_value"]):
        answer = text.say(
            "{outcome}: the log-rank test of equal pace in the groups gives {statistic} (degrees "
            "of freedom: {df}; p-value: {p_value}).",
            outcome=outcome_start(text), statistic=text.number(row["statistic"], 2),
            df=text.number(row["df"]), p_value=p_value(row["p_value"], text),
        )  # fmt: skip
    reading = text.say(
        "The log-rank test asks whether the curves could be equal. The rate ratio says how many "
        "times faster a group with the property reaches the outcome than one without, among those "
        "still followed; 1 means no difference."
    )
    return chapter(question, f"{answer} {_label(text)}", reading, text)


def _label(text: Text) -> str:
    return span(estimand_label(text.labels.contrast_label, text), "label")


def p_value(value: float, text: Text) -> str:
    """Write a p-value with three decimals, and a tiny one as below 0.001."""
    if value < 0.001:
        return text.say("below {number}", number=text.number(0.001, 3))
    return text.number(value, 3)
