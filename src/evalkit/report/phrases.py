"""Turns of phrase that several sentences share; each is whole in its grammatical case."""

from evalkit.release import load_profile
from evalkit.report.certainty import estimand_label, judge, phrase
from evalkit.report.markup import escape, span
from evalkit.report.names import VARIABLES, code_name, sentence_case
from evalkit.report.reading import (
    FEW_PEOPLE,
    FEW_REASON,
    Value,
    contrast_label,
    contrast_value,
    degrees_of_freedom,
    few_persons,
    horizon,
    is_without_rows,
)
from evalkit.report.text import Text, mark

NO_COMPARISON = mark("Not possible: there is no comparison group.")
FEW_ANSWERS = mark("Too few people answered about their health to say how they feel.")


def within(time: int, text: Text) -> str:
    """Say "within two years"."""
    if text.unit == "days":
        return text.plural("within {n} day", "within {n} days", time)
    spelled = {
        6: text.say("within six months"),
        12: text.say("within one year"),
        24: text.say("within two years"),
        36: text.say("within three years"),
    }
    if time in spelled:
        return spelled[time]
    return text.plural("within {n} month", "within {n} months", time)


def lasting(text: Text) -> str:
    """Say "for at least three months in a row"."""
    months = text.labels.study.self_support.sustained_months
    if months == 3:
        return text.say("for at least three months in a row")
    return text.plural("for at least {n} month", "for at least {n} months in a row", months)


def outcome_start(text: Text) -> str:
    """Write the outcome's own name as the start of a sentence."""
    return escape(sentence_case(text.outcome))


def of_hundred(value: Value, text: Text) -> dict[str, str]:
    """Slots `count` and `range` of a share in natural frequencies."""
    return {
        "count": text.number(100 * value.estimate),
        "range": text.range(100 * value.low, 100 * value.high),
    }


def comparison_sentence(other: Value, difference: Value, text: Text) -> str:
    """Say the share in the comparison group and the difference in persons of 100."""
    slots = {"other": text.number(100 * other.estimate)}
    parts = (difference.estimate, difference.low, difference.high)
    count, low, high = (round(100 * part) for part in parts)
    if text.is_events:
        return _events_comparison(outcome_start(text), slots["other"], count, low, high, text)
    if count == 0:
        return text.say(
            "In the comparison group about {other} of 100 had begun to do so, which is about as "
            "many (from {low} fewer to {high} more in the programme group).",
            low=-low, high=high, **slots,
        )  # fmt: skip
    if count > 0 and low >= 0:
        return text.say(
            "In the comparison group about {other} of 100 had begun to do so, so the "
            "programme group had {count} more of 100 ({low} to {high} more).",
            count=count, low=low, high=high, **slots,
        )  # fmt: skip
    if count > 0:
        return text.say(
            "In the comparison group about {other} of 100 had begun to do so, so the "
            "programme group had {count} more of 100 (from {low} fewer to {high} more).",
            count=count, low=-low, high=high, **slots,
        )  # fmt: skip
    if high <= 0:
        return text.say(
            "In the comparison group about {other} of 100 had begun to do so, so the "
            "programme group had {count} fewer of 100 ({low} to {high} fewer).",
            count=-count, low=-high, high=-low, **slots,
        )  # fmt: skip
    return text.say(
        "In the comparison group about {other} of 100 had begun to do so, so the "
        "programme group had {count} fewer of 100 (from {low} fewer to {high} more).",
        count=-count, low=-low, high=high, **slots,
    )  # fmt: skip


def _events_comparison(outcome, other, count, low, high, text: Text) -> str:
    slots = {"outcome": outcome, "other": other}
    if count == 0:
        return text.say(
            "{outcome}: in the comparison group about {other} of 100 had reached it, which is "
            "about as many (from {low} fewer to {high} more in the programme group).",
            low=-low, high=high, **slots,
        )  # fmt: skip
    if count > 0 and low >= 0:
        return text.say(
            "{outcome}: in the comparison group about {other} of 100 had reached it, so the "
            "programme group had {count} more of 100 ({low} to {high} more).",
            count=count, low=low, high=high, **slots,
        )  # fmt: skip
    if count > 0:
        return text.say(
            "{outcome}: in the comparison group about {other} of 100 had reached it, so the "
            "programme group had {count} more of 100 (from {low} fewer to {high} more).",
            count=count, low=-low, high=high, **slots,
        )  # fmt: skip
    if high <= 0:
        return text.say(
            "{outcome}: in the comparison group about {other} of 100 had reached it, so the "
            "programme group had {count} fewer of 100 ({low} to {high} fewer).",
            count=-count, low=-high, high=-low, **slots,
        )  # fmt: skip
    return text.say(
        "{outcome}: in the comparison group about {other} of 100 had reached it, so the "
        "programme group had {count} fewer of 100 (from {low} fewer to {high} more).",
        count=-count, low=-low, high=high, **slots,
    )  # fmt: skip


def certainty(contrast, useful: float, text: Text, value: Value | None = None) -> str:
    """Say how sure a difference is; nothing but a reminder where it is a description."""
    value = contrast_value(contrast, "difference") if value is None else value
    if not value.shown:
        return phrase("withheld", text)
    label = contrast_label(contrast, text)
    if label == "description":
        return text.say("The difference may have other causes than the programme.")
    verdict = judge(value.estimate, value.std_error, useful=useful, df=degrees_of_freedom(contrast))
    return phrase(verdict, text, harm=value.estimate < 0)


def label_span(contrast, text: Text) -> str:
    """Mark what a contrast may be called."""
    return span(estimand_label(contrast_label(contrast, text), text), "label")


def horizon_within(contrast, text: Text) -> str:
    """Say the horizon of a contrast as "within two years"."""
    return within(horizon(contrast, text), text)


def share_title(text: Text) -> str:
    """Title of an axis of the share with the outcome."""
    if text.is_events:
        return text.say("Share who had reached it, per cent")
    return text.say("Share who had begun to support themselves, per cent")


def compared_with(text: Text) -> str:
    """Say what the programme is compared with."""
    kind = text.labels.study.arms.comparison
    return {
        "other_packages": text.say("The comparison group started a package with information only."),
        "not_yet": text.say("The comparison group had not started any package yet."),
        "external": text.say("The comparison group comes from outside the programme."),
        "given": text.say("The groups are as the study assigned them."),
        "none": text.say("There is no comparison group."),
    }[kind]


def too_few(text: Text) -> str:
    """Say that a municipality's own estimate is not shown."""
    return text.say("Not shown: too few people took part for a reliable number.")


def place_withheld(reason: object, text: Text) -> str:
    """Say why a municipality has no number in a table of many: too uncertain, or protected."""
    return too_few(text) if reason == FEW_REASON else text.say("Not shown, to protect people.")


OF_ANSWERS = (
    "wave_means", "ancova", "fixed_effects", "paretian_change", "value_set_comparison",
)  # fmt: skip


def withheld_sentence(text: Text) -> str:
    """Say that a number is withheld by the disclosure rule."""
    return text.say(
        "Not shown: so few people are behind this number, or one that follows from it, that they "
        "could be recognised."
    )


def is_without_comparison(released, text: Text) -> bool:
    """Whether there is no estimate because it needs a comparison group, which the study lacks."""
    is_contrast = released.provenance.function in ("ancova", "fixed_effects", "pay_off")
    alone = text.labels.study.arms.comparison == "none"
    return is_contrast and alone and is_without_rows(released)


def not_shown(released, text: Text) -> str:
    """Say why nothing of a released result is shown."""
    if not is_without_rows(released):
        counted = {"n", "n_person"} & set(released.summary)
        few = counted and few_persons(released, text)
        return too_few(text) if few else withheld_sentence(text)
    if is_without_comparison(released, text):
        return text.say(NO_COMPARISON)
    if released.provenance.function in OF_ANSWERS:
        return text.say(FEW_ANSWERS)
    return too_few(text)


def occasion(month: int, text: Text) -> str:
    """Say a fixed month from start: "at the start", "24 months after the start"."""
    if month == 0:
        return text.say("at the start")
    if month < 0:
        return text.plural("{n} month before the start", "{n} months before the start", -month)
    return text.plural("{n} month after the start", "{n} months after the start", month)


def people_needed_to_show(released, text: Text) -> str:
    """Say how many people it takes for a number here; empty where that is not what is missing."""
    if is_without_rows(released):
        return ""
    if not_shown(released, text) == too_few(text):
        return text.say("A municipality's own number takes at least {n} people.",
                        n=text.number(FEW_PEOPLE))  # fmt: skip
    least = load_profile(released.profile).threshold
    if not least:
        return ""
    return text.say("A number takes at least {n} people behind it.", n=text.number(least))


def score_name(outcome: str, text: Text) -> str:
    """Name of a health score in the nominative."""
    if not (text.is_score and outcome):
        return text.say("health index")
    known = outcome.lower() in VARIABLES
    return code_name(outcome.lower(), text) if known else outcome
