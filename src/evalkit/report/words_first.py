"""Words of the first page: title, the answer, and what the page cannot tell."""

from evalkit.report.markup import div, escape, paragraphs, span
from evalkit.report.parts import Part
from evalkit.report.phrases import (
    certainty,
    comparison_sentence,
    horizon_within,
    label_span,
    lasting,
    of_hundred,
    outcome_start,
    too_few,
    withheld_sentence,
)
from evalkit.report.reading import (
    FEW_PEOPLE,
    contrast_label,
    contrast_value,
    first_arm,
    first_count,
    horizon,
    is_too_few,
    released_frame,
    require_all_released,
)
from evalkit.report.replay import page_part
from evalkit.report.text import Text
from evalkit.report.words_plain import plain_words

# What the name of a federation or county holds if it says itself what it is.
KINDS = ("förbund", "federation", "liitto", "finsam", "välfärdsområde", "alue", "services county")

# Areas of Finland that are as large as a wellbeing services county, and none.
NO_COUNTIES = ("helsinki", "helsingfors", "åland", "ahvenanmaa")


def heading(text: Text) -> str:
    """Title of the report, as plain text for the front matter."""
    study = text.labels.study
    if text.labels.level in ("national", "study") or not text.place:
        return study.title.in_language(text.language)
    if text.is_events:
        return f"{study.title.in_language(text.language)}: {text.place}"
    locative = text.labels.place.fi_locative
    if text.language == "fi" and locative:
        return text.say("Coordinated rehabilitation {where}", where=locative)
    if not any(kind in text.place.lower() for kind in (*KINDS, *NO_COUNTIES)):
        if text.labels.level == "federation":
            return text.say("Coordinated rehabilitation in the {name} coordination federation",
                            name=text.place)  # fmt: skip
        if text.labels.level == "county" and study.country == "FI":
            return text.say("Coordinated rehabilitation in the wellbeing services county of {name}",
                            name=text.place)  # fmt: skip
    return text.say("Coordinated rehabilitation in {place}", place=text.place)


@page_part
def title(text: Text) -> Part:
    """Write the quiet line under the title: kind of report, unit, records, edition."""
    study = text.labels.study
    source = study.data.source and escape(study.data.source.in_language(text.language))
    kinds = {
        "SE": text.say("coordination federation: {name}", name=escape(text.parent)),
        "FI": text.say("wellbeing services county: {name}", name=escape(text.parent)),
    }
    parts = [
        text.say("Evaluation report"),
        kinds.get(study.country, escape(text.parent)) if text.parent else "",
        "" if text.is_events else text.say("last month of the records: {month}",
                                           month=text.month(study.data_cut)),
        text.say("source: {source}", source=source) if source else "",
        text.say("edition {edition}", edition=str(study.edition)),
    ]  # fmt: skip
    return Part(span(" · ".join(part for part in parts if part), "quiet"))


@page_part
def in_short(curve, reached, status, text: Text) -> Part:
    """Answer the question in at most four sentences.

    Parameters
    ----------
    curve : Released IncidenceCurve
        By arm; says how many persons and exits there are.
    reached : Released Contrast
        `incidence_at`: share with the outcome by the horizon.
    status : Released Contrast or None
        `state_at`: share in self-support in the month of the horizon.
    text : Text

    Raises
    ------
    DisclosureError
        If a value has not passed the door.
    """
    require_all_released(curve, reached, status)
    question = text.say("In short")
    title_line = f"## {question}"
    if is_too_few(curve, text):
        return Part(paragraphs(title_line, span(too_few(text), "withheld")))
    sentences = [_reached_sentence(curve, reached, text)]
    if status is not None and not text.is_events:
        sentences.append(_status_sentence(status, text))
    if text.labels.study.arms.comparison != "none":
        sentences += _comparison_sentences(reached, text)
    answer = " ".join(sentence for sentence in sentences if sentence)
    return Part(paragraphs(title_line, div(f"{answer} {label_span(reached, text)}", "lead")))


def _reached_sentence(curve, reached, text: Text) -> str:
    value = first_arm(reached)
    if not value.shown:
        return span(withheld_sentence(text), "withheld")
    n = first_count(curve, text).n
    period = horizon_within(reached, text)
    if not n >= FEW_PEOPLE:
        slots = {
            "percent": text.percent(value.estimate),
            "range": text.percent_range(value.low, value.high),
            "within": period,
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
    if text.is_events:
        return text.say(
            "{outcome}: of 100 people in the programme group, about {count} ({range}) had reached "
            "it {within}.",
            outcome=outcome_start(text), within=period, **of_hundred(value, text),
        )  # fmt: skip
    return text.say(
        "Of 100 people who started, about {count} ({range}) had at some time {within} begun to "
        "support themselves {lasting}.",
        within=period, lasting=lasting(text), **of_hundred(value, text),
    )  # fmt: skip


def _status_sentence(status, text: Text) -> str:
    value = first_arm(status)
    if not value.shown:
        return ""
    return text.say(
        "In month {month} itself, about {count} of 100 ({range}) were supporting themselves.",
        month=horizon(status, text), **of_hundred(value, text),
    )  # fmt: skip


def _comparison_sentences(reached, text: Text) -> list[str]:
    other = contrast_value(reached, "arm", "comparison")
    difference = contrast_value(reached, "difference")
    sure = certainty(reached, text.labels.study.useful_size.incidence, text)
    if not (other.shown and difference.shown):
        return [span(sure, "withheld")]
    return [comparison_sentence(other, difference, text), sure]


@page_part
def limits(curve, reached, means, text: Text, *, wave: int = 12) -> Part:
    """Say in three computed points what the report cannot tell; explain the words of the page.

    Parameters
    ----------
    curve : Released IncidenceCurve
    reached : Released Contrast
        `incidence_at`.
    means : Released WaveMeans or None
    wave : int
        Month of the answers that are told, which is that of the answer about health; the last
        month there is without it.
    """
    require_all_released(curve, reached, means)
    points = [_chance_point(curve, reached, text), _comparison_point(reached, text)]
    points.append(_answers_point(means, wave, text))
    bullets = "\n".join(f"- {point}" for point in points)
    question = text.say("What this cannot tell you")
    explained = plain_words(text, has_health=means is not None)
    return Part(paragraphs(f"## {question}", bullets, explained))


def _chance_point(curve, reached, text: Text) -> str:
    value = first_arm(reached)
    if is_too_few(curve, text) or not value.shown:
        return text.say(
            "Too few people took part to say how many succeed here; the report for the whole "
            "country tells more."
        )
    half = 100 * (value.high - value.low) / 2
    if text.is_events:
        return text.say(
            "{outcome}: chance alone can move the share by about {points} of 100 either way.",
            outcome=outcome_start(text), points=text.number(half),
        )  # fmt: skip
    return text.say(
        "With as many people as here, chance alone can move the share by about {points} of 100 "
        "either way.",
        points=text.number(half),
    )


def _comparison_point(reached, text: Text) -> str:
    if text.labels.study.arms.comparison == "none":
        return text.say(
            "There is no comparison group, so the report cannot say what would have happened "
            "without the programme."
        )
    return {
        "effect": text.say(
            "The groups were drawn by lot, so they were alike at the start apart from chance. "
            "Whether people elsewhere would gain as much is not known."
        ),
        "adjusted": text.say(
            "The groups were made alike in what the records hold. They may still differ in what "
            "the records do not hold, such as motivation."
        ),
        "description": text.say(
            "The groups were not drawn by lot and may differ from the start, so the difference "
            "need not be due to the programme."
        ),
    }[contrast_label(reached, text)]


def _answers_point(means, wave: int, text: Text) -> str:
    if means is None:
        return text.say(
            "Nothing is known of how people feel: the study has no answers about health."
        )
    frame = released_frame(means, "WaveMeans")
    arms = frame.pivot(index="wave", columns="stratum", values="n").sort_index()
    begun = arms.loc[:, arms.iloc[:1].notna().all()]
    totals = begun.dropna().sum(axis=1)  # a month at which an arm is hidden tells nothing of it
    if len(totals) < 2 or not totals.iloc[0] > 0:
        return text.say("Too few people answered about their health to say how they feel.")
    told = wave if wave in totals.index[1:] else totals.index[-1]
    return text.say(
        "{percent} of those who answered about their health at the start did so again after "
        "{months} months; how the others feel is not known.",
        percent=text.percent(min(totals[told] / totals.iloc[0], 1.0)),
        months=text.number(told),
    )
