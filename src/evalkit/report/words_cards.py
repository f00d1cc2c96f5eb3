"""Words of the first page: the key-figure cards."""

import math

from evalkit.release import load_profile
from evalkit.report.markup import div, escape, paragraphs, span
from evalkit.report.parts import Part
from evalkit.report.phrases import (
    is_without_comparison,
    score_name,
    too_few,
    withheld_sentence,
)
from evalkit.report.reading import (
    Value,
    arm_counts,
    contrast_value,
    first_arm,
    first_count,
    is_pay_off_uncertain,
    is_too_few,
    is_without_rows,
    pay_off_label,
    require_all_released,
    society_row,
    starters,
    term_value,
    wave_term,
)
from evalkit.report.replay import page_part
from evalkit.report.text import Text


@page_part
def cards(
    curve, months, health, pay_off, text: Text, *, wave: int = 12, score: str = "", people=None
) -> Part:  # fmt: skip
    """Show up to four key figures: people, months, health at `wave`, pay-off.

    Parameters
    ----------
    curve : Released IncidenceCurve
    months : Released Contrast or None
        `time_in_state`, or `time_lost` for an events table.
    health : Released ModelFit or None
        `ancova` or `fixed_effects`, the one that the study names.
    pay_off : Released PayOff or None
    people : Released Characteristics or None
        With it those who started are counted as its table on the same page counts them.
    """
    require_all_released(curve, months, health, pay_off, people)
    few = is_too_few(curve, text)
    known = first_count(curve, text) is not None
    shown = [
        _people_card(curve, people, text)
        if known
        else _withheld_card(_starters_title(arm_counts(curve, text), text), True, text)
    ]
    if months is not None:
        shown.append(_months_card(months, few, text))
    if health is not None and not is_without_comparison(health, text):
        shown.append(_health_card(health, few, wave, score, text))
    if pay_off is not None and not is_without_comparison(pay_off, text):
        shown.append(_pay_off_card(pay_off, few, text))
    return Part(div("\n\n".join(shown), "cards"))


def _card(number: str, unit: str, note: str) -> str:
    blocks = [span(number, "card-number"), span(unit, "card-unit"), span(note, "card-note")]
    return div(paragraphs(*(block for block in blocks if not block.startswith("[]"))), "card",
               colons=4)  # fmt: skip


def _withheld_card(unit: str, few: bool, text: Text) -> str:
    reason = too_few(text) if few else withheld_sentence(text)
    blocks = [span(unit, "card-unit"), span(reason, "withheld")]
    return div(paragraphs(*blocks), "card", colons=4)


def _people_card(curve, people, text: Text) -> str:
    counts = arm_counts(curve, text)
    first = counts.get("programme") or next(iter(counts.values()))
    if math.isnan(first.n):
        return _withheld_card(_starters_title(counts, text), False, text)
    other = counts.get("comparison")
    note = ""
    if other is not None and not math.isnan(other.n):
        count = _count(other.n, curve, people, "comparison", text)
        note = text.say("{n} in the comparison group", n=count)
    grouped = text.is_events or "comparison" in counts
    unit = text.say("people in the programme group") if grouped else (
        text.plural("person started", "people started", int(first.n))
    )  # fmt: skip
    arm = "programme" if "programme" in counts else next(iter(counts))
    return _card(_count(first.n, curve, people, arm, text), unit, note)


def _starters_title(counts, text: Text) -> str:
    """Say who would be counted, where their number is not shown."""
    if text.is_events or "comparison" in counts:
        return text.say("number of people in the programme group")
    return text.say("number of people who started")


def _count(n: float, curve, people, arm: str, text: Text) -> str:
    """Number who started: as the table of the page adds up to, else rounded by the profile."""
    profile = load_profile(curve.profile)
    exact = math.nan if people is None else starters(people, arm)
    if float(profile.round_count(exact)) == n:
        return text.number(exact)
    number = text.number(n)
    if profile.rounding > 1:
        return text.say("about {number}", number=number)
    return number


def _months_card(months, few: bool, text: Text) -> str:
    difference = contrast_value(months, "difference")
    has_comparison = text.labels.study.arms.comparison != "none"
    value = difference if has_comparison else first_arm(months)
    unit = text.say("months in self-support")
    if text.is_events:
        unit = (
            text.say("{outcome}: days gained", outcome=text.outcome)
            if text.unit == "days"
            else text.say("{outcome}: months gained", outcome=text.outcome)
        )
    if few or not value.shown:
        return _withheld_card(escape(unit), few or is_without_rows(months), text)
    note = _interval_note(value, 1, has_comparison, text)
    return _card(text.number(value.estimate, 1, signed=has_comparison), escape(unit), note)


def _interval_note(value: Value, decimals: int, compared: bool, text: Text) -> str:
    interval = text.range(value.low, value.high, decimals, signed=compared)
    if not compared:
        return text.say("interval: {range}", range=interval)
    return text.say("interval: {range}; against the comparison group", range=interval)


def _health_card(health, few: bool, wave: int, score: str, text: Text) -> str:
    decimals = text.health_decimals
    term = wave_term(health, wave)
    value = term_value(health, term)
    name = escape(score_name(score, text))
    unit = text.plural(
        "{score} after {n} month, points", "{score} after {n} months, points", wave, score=name
    )
    if not text.is_score:
        unit = text.plural("{score} after {n} month", "{score} after {n} months", wave, score=name)
    if few or not value.shown:
        return _withheld_card(unit, few or term not in set(health.rows["term"]), text)
    note = _interval_note(value, decimals, True, text)
    return _card(text.number(value.estimate, decimals, signed=True), unit, note)


def _pay_off_card(pay_off, few: bool, text: Text) -> str:
    if few or is_without_rows(pay_off):
        return _withheld_card(text.say("pay-off for society"), True, text)
    row, years = society_row(pay_off), int(pay_off.summary["horizon_years"])
    share, months = float(row["break_even_share"]), float(row["pay_off_months"])
    within = text.plural("within {n} year", "within {n} years", years)
    compared = pay_off_label(pay_off, text) != "description"
    if math.isnan(share):
        return _withheld_card(text.say("pay-off for society"), False, text)
    if share > 1 and is_pay_off_uncertain(row, years):
        unit = text.say("pay-off for society")
        return _card(text.say("uncertain"), unit, _pay_off_interval(row, text))
    if share > 1:
        note = text.say("for society, whatever caused the change")
        return _card(text.say("not repaid"), within,
                     text.say("for society") if compared else note)  # fmt: skip
    if compared:
        unit = text.say("months until society has the cost back, at the mean pace")
        return _card(text.number(math.ceil(months)), unit, _pay_off_interval(row, text))
    return _card(
        text.percent(share),
        text.say("of the change repays the cost"),
        text.plural(
            "society has it back within {n} year if so much of the change is due to the programme",
            "society has it back within {n} years if so much of the change is due to the programme",
            years,
        ),
    )


def _pay_off_interval(row, text: Text) -> str:
    low, high = float(row["pay_off_low"]), float(row["pay_off_high"])
    if math.isfinite(low) and math.isfinite(high):
        return text.say("interval: {range} months", range=text.range(low, high))
    if math.isfinite(low):
        return text.say("interval: {low} months to never", low=text.number(low))
    return ""
