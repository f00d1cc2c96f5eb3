"""Words about how it was done: definitions, rules, sources, and what could not be done."""

from collections.abc import Sequence

from evalkit.report.markup import escape, paragraphs, pipe_table, span
from evalkit.report.names import EXITS, code_name
from evalkit.report.parts import Part
from evalkit.report.phrases import FEW_ANSWERS, NO_COMPARISON
from evalkit.report.reading import contrast_label, is_without_rows, require_all_released
from evalkit.report.replay import page_part
from evalkit.report.text import Text, mark
from evalkit.report.words_checklist import checklist
from evalkit.report.words_target_trial import target_trial

DEFINITIONS = {
    "SS-FORS": mark("no public support paid in the month"),
    "SS-SUS": mark("no public support; old-age pension and parental benefit do not count as such"),
    "SS-WORKSTUDY": mark("works or studies"),
    "SS-INCOME": mark("earned income above a threshold"),
}
CHAPTERS = {
    "participants": mark("Who took part?"),
    "need": mark("How many need it, and how many got it?"),
    "before_after": mark("What changed from before to after?"),
    "self_support": mark("How many come to support themselves, and when?"),
    "health": mark("How did health change?"),
    "pay_off": mark("Who pays and who gains?"),
    "collaboration": mark("How well do the organisations work together?"),
    "municipalities": mark("How do the municipalities compare?"),
    "pace": mark("How much faster was it?"),
}
REASONS = {
    "too_few_answers": FEW_ANSWERS,
    "too_few": mark("Not shown: too few people took part for a reliable number."),
    "no_comparison": NO_COMPARISON,
    "no_events": mark("Not possible: nobody had reached the outcome."),
    "not_estimable": mark("Not possible: it could not be estimated from these records."),
    "no_instrument": mark("Not possible: the study file names no questionnaire about health."),
    "no_population": mark("Not possible: the population of working age is not known."),
}
TABLES = {
    "persons": mark("people"),
    "spells": mark("spells of support"),
    "participations": mark("participation in packages"),
    "events": mark("events"),
    "statuses": mark("occupation"),
    "incomes": mark("incomes"),
    "health": mark("answers about health"),
    "responses": mark("answers about working together"),
    "costs": mark("costs"),
    "tariffs": mark("tariffs"),
    "municipality_years": mark("population by municipality and year"),
    "forms": mark("forms of working together"),
    "services": mark("services of the municipalities"),
}


@page_part
def not_possible(chapter: str, reason: str, text: Text) -> Part:
    """Say, where a chapter would have stood, why there is none.

    Parameters
    ----------
    chapter : str
        Name of the chapter, for example `"health"`.
    reason : str
        Name of the missing table, or one of `too_few`, `too_few_answers`, `no_comparison`,
        `no_events`, `not_estimable`, `no_instrument`, `no_population`.
    """
    question = text.say(CHAPTERS[chapter])
    if chapter == "self_support" and text.is_events:
        question = text.say("When was this reached: {outcome}?", outcome=escape(text.outcome))
    return missing(question, reason, text)


def missing(question: str, reason: str, text: Text) -> Part:
    """Set a chapter's heading, and why there is nothing under it; see `not_possible`."""
    if reason in REASONS:
        spoken = text.say(REASONS[reason])
    else:
        name = text.say(TABLES[reason]) if reason in TABLES else reason
        spoken = text.say(
            "Not possible: this is missing from the records ({name}).", name=escape(name)
        )
    return Part(paragraphs(f"## {question}", span(spoken, "withheld")))


@page_part
def method(*released, text: Text, cautions: Sequence[str] = ()) -> Part:
    """Say how everything was done.

    Parameters
    ----------
    *released : Released or None
        Everything that stands on the page.
    text : Text
    cautions : sequence of str
        Names of evalkit's warnings that the estimates gave.
    """
    require_all_released(*released)
    shown = [value for value in released if value is not None]
    points = [*_points(shown, text), *_cautions(cautions, text)]
    bullets = "\n".join(f"- {point}" for point in points)
    question = text.say("How was it done?")
    appendices = _provenance(shown, text), target_trial(text), checklist(text)
    return Part(paragraphs(f"## {question}", bullets, *appendices))


def _cautions(kinds: Sequence[str], text: Text) -> list[str]:
    """One sentence for each kind of warning; a warning that nobody reads would be a defect."""
    sentences = {
        "SmallSampleWarning": text.say(
            "Some intervals rest on so few clusters, such as municipalities, that differences "
            "between clusters are not included in them."
        ),
        "AssumptionWarning": text.say(
            "An assumption of one of the models is in doubt for these data."
        ),
    }
    return [sentences[kind] for kind in dict.fromkeys(kinds)]


def _points(shown, text: Text) -> list[str]:
    study = text.labels.study
    points = _events_points(text) if text.is_events else _spells_points(text)
    if study.health is not None and study.health.value_set:
        points.append(text.say(
            "Health: questionnaire {instrument}, value set {value_set}.",
            instrument=study.health.instrument, value_set=escape(study.health.value_set),
        ))  # fmt: skip
    elif study.health is not None:
        points.append(text.say(
            "Health: questionnaire {instrument}, scores as given, higher is better.",
            instrument=study.health.instrument,
        ))  # fmt: skip
    points.append(
        text.say("The groups were drawn by lot.")
        if study.assignment == "randomised"
        else text.say("The groups were not drawn by lot.")
    )
    if any(contrast_label(value, text) != "description" for value in shown):
        points.append(text.say(
            "Limits for what is called clear, probable or large enough to matter are evalkit's own "
            "choice."
        ))  # fmt: skip
    points += [
        text.say(
            "Money of later years counts less, by {percent} a year.",
            percent=text.percent(value.summary["discount_rate"]),
        )
        for value in shown
        if value.kind == "PayOff" and not value.is_withheld
    ]
    points.append(_disclosure(shown, text))
    return [*points, _source(text)]


def _spells_points(text: Text) -> list[str]:
    study = text.labels.study
    rule = study.self_support
    return [
        text.say(
            "Definition of self-support: {definition} ({code}).",
            definition=text.say(DEFINITIONS[rule.definition]), code=rule.definition,
        ),
        text.plural(
            "It counts once it has lasted {n} month; it is dated to the first.",
            "It counts once it has lasted {n} months in a row; it is dated to the first of them.",
            rule.sustained_months,
        ) if rule.dating == "first" else text.plural(
            "It counts once it has lasted {n} month; it is dated to the last.",
            "It counts once it has lasted {n} months in a row; it is dated to the last of them.",
            rule.sustained_months,
        ),
        text.say(
            "Horizon in months: {n}. The month of the start is month 0.",
            n=study.horizon_months,
        ),
        text.say(
            "Exits after which nobody can begin to support themselves any more: {exits}.",
            exits=text.list([code_name(cause, text, EXITS) for cause in study.competing]),
        ),
        text.plural(
            "Who could take part: ages {ages}, public support for at least {n} month before the "
            "start.",
            "Who could take part: ages {ages}, public support for at least {n} months before the "
            "start.",
            study.population.months_of_support, ages=text.range(*study.population.ages),
        ),
        text.plural(
            "At least {n} authority had to be involved.",
            "At least {n} authorities had to be involved.",
            study.population.min_actors,
        ),
        text.say("Sick days that the employer pays are not in the registers."),
        text.say("Last month of the records: {month}.", month=text.month(study.data_cut)),
    ]  # fmt: skip


def _events_points(text: Text) -> list[str]:
    study = text.labels.study
    unit = text.plural("{n} day", "{n} days", study.horizon_months) if text.unit == "days" else (
        text.plural("{n} month", "{n} months", study.horizon_months)
    )  # fmt: skip
    return [
        text.say("Outcome: {outcome}, as the study recorded it.", outcome=escape(text.outcome)),
        text.say("Horizon: {time}.", time=unit),
    ]


def _disclosure(shown, text: Text) -> str:
    study = text.labels.study
    hidden = sum(int(value.rows["suppressed"].sum()) for value in shown)
    total = sum(len(value.rows["suppressed"]) for value in shown)
    if study.disclosure == "public":
        return text.say("The records are public; nothing is withheld.")
    if not total:
        return text.say("Disclosure rule: {profile}.", profile=study.disclosure)
    return text.say(
        "Disclosure rule {profile}: {hidden} of {total} numbers in this report are withheld.",
        profile=study.disclosure, hidden=hidden, total=total,
    )  # fmt: skip


def _source(text: Text) -> str:
    study = text.labels.study
    source = (study.data.source or study.title).in_language(text.language)
    return text.say(
        "Source: {source}. Protocol: {digest}.",
        source=escape(source), digest=study.digest[:12],
    )  # fmt: skip


def _provenance(shown, text: Text) -> str:
    rows = {
        value.provenance.id: (
            f"`{value.provenance.function}`",
            value.provenance.id,
            value.provenance.sample,
            text.number(int(value.rows["suppressed"].sum())),
        )
        for value in shown
        if not is_without_rows(value)
    }
    header = [
        text.say("Function"),
        text.say("Identifier"),
        text.say("Records"),
        text.say("Withheld"),
    ]
    if not rows:
        return ""
    caption = text.say("What was computed, and from which records.")
    return pipe_table(header, list(rows.values()), caption=caption, name="provenance",
                      text_columns=3)  # fmt: skip
