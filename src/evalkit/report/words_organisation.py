"""Words about organisations: key figures, targets, financing, services, two schemes."""

import math
from collections.abc import Mapping

import numpy as np

from evalkit.report.certainty import estimand_label
from evalkit.report.figures.key_figures import target_name, wide, with_target
from evalkit.report.markup import escape, span
from evalkit.report.names import sentence_case
from evalkit.report.names_organisation import financier_name, group_name, step_name
from evalkit.report.parts import Part
from evalkit.report.phrases import withheld_sentence
from evalkit.report.reading import contrast_value, is_without_rows, released_frame
from evalkit.report.replay import page_part
from evalkit.report.text import Text
from evalkit.report.words_method import missing
from evalkit.report.words_people import chapter, withheld

LEGAL_SLACK = 0.5  # points of deviation that are said to be none


@page_part
def key_figures(figures, text: Text) -> Part:
    """Say how many started, how many ended, and what a participation cost.

    Parameters
    ----------
    figures : Released KeyFigures or None
        None where the records have no participations.
    """
    question = text.say("How many took part, for how long, and what did it cost?")
    if figures is None or is_without_rows(figures):
        return missing(question, "participations" if figures is None else "too_few", text)
    row = wide(figures).loc[""]
    answer = [_volume_sentence(row, text), _money_sentence(row, figures, text)]
    reading = text.say(
        "One person may take part several times, so participations are more than people. The "
        "median counts also those who are still in the package, for as long as they have been "
        "there; a mean of those who left would leave the long stays out. A low cost says nothing "
        "of what came of it."
    )
    label = span(estimand_label("description", text), "label")
    return chapter(question, " ".join([*filter(None, answer), label]), reading, text)


def _volume_sentence(row, text: Text) -> str:
    if not math.isfinite(row["started"]):
        return withheld(text)
    started = int(row["started"])
    if not math.isfinite(row["left"]):
        return text.plural("{n} participation started.", "{n} participations started.", started)
    if not math.isfinite(row["median_days"]):
        return text.plural(
            "{n} participation started, and {left} ended.",
            "{n} participations started, and {left} ended.",
            started, left=text.number(row["left"]),
        )  # fmt: skip
    return text.plural(
        "{n} participation started, and {left} ended; half of all stays are over within {days} "
        "days.",
        "{n} participations started, and {left} ended; half of all stays are over within {days} "
        "days.",
        started, left=text.number(row["left"]), days=text.number(row["median_days"]),
    )  # fmt: skip


def _money_sentence(row, figures, text: Text) -> str:
    cost = row["cost_per_participation"]
    if not math.isfinite(cost):
        return ""
    amount = text.money(cost, str(figures.summary["currency"]), 0 if cost >= 50_000 else 1)
    if figures.summary["cost"] == "spent":
        return text.say("What was spent is {amount} for each participation.", amount=amount)
    return text.say("The budget is {amount} for each participation.", amount=amount)


@page_part
def targets(targets, text: Text, *, names: Mapping[str, str] | None = None) -> Part | None:
    """Say how many of the targets were met.

    Parameters
    ----------
    targets : Released Targets or None
    names : mapping of str to str, optional
        Names of the strata.
    """
    if targets is None or is_without_rows(targets):
        return None
    frame = with_target(targets)
    told = frame[frame["met"].isin(["yes", "no"])]
    if not len(told):
        return Part(span(withheld_sentence(text), "withheld"))
    met = told["met"] == "yes"
    spoken = text.say("Targets met: {met} of the {all} that can be shown.",
                      met=text.number(int(met.sum())), all=text.number(len(told)))  # fmt: skip
    short = told[(told["direction"] == "at_least") & ~met]
    if len(short):
        row = short.loc[short["fulfilment"].idxmin()]
        spoken += " " + text.say(
            "Furthest from its target, at {percent} of it, is “{label}”.",
            label=escape(target_name(row, text, names)),
            percent=text.percent(row["fulfilment"] / 100),
        )
    return Part(f"{spoken} {span(estimand_label('description', text), 'label')}")


@page_part
def process_times(times, text: Text) -> Part | None:
    """Say how long it takes until each step of working together.

    Parameters
    ----------
    times : Released ProcessTimes or None
    """
    if times is None or is_without_rows(times):
        return None
    frame = released_frame(times, "ProcessTimes")
    frame = frame[(frame["stratum"] == "") & (frame["quantity"] == "median_days")]
    sentences = [_step_sentence(row, text) for row in frame.to_dict("records")]
    if not any(sentences):
        return Part(span(withheld_sentence(text), "withheld"))
    label = span(estimand_label("description", text), "label")
    return Part(" ".join([*filter(None, sentences), label]))


def _step_sentence(row, text: Text) -> str:
    step = escape(sentence_case(step_name(row["step"], text)))
    if row["reason"] == "fewer_than_half_reached" and math.isfinite(row["n"]):
        return text.say("{step}: fewer than half of the participations got so far.", step=step)
    if not math.isfinite(row["estimate"]):
        return ""
    return text.plural(
        "{step}: half of the participations had it within {n} day.",
        "{step}: half of the participations had it within {n} days.",
        math.ceil(row["estimate"]), step=step,
    )  # fmt: skip


@page_part
def financing(financing, text: Text) -> Part:
    """Say how the funds of the last year are shared, beside the law where it is known.

    Parameters
    ----------
    financing : Released Financing or None
        None where the records hold no finances.
    """
    if financing is None:
        return Part(span(text.say("Not possible: the records hold no funds."), "withheld"))
    frame = released_frame(financing, "Financing")
    frame = frame[(frame["kind"] == "funds") & (frame["financier"] != "all")]
    if not len(frame):
        return Part(span(text.say("Not possible: the records hold no funds."), "withheld"))
    year = int(frame["year"].max())
    frame = frame[frame["year"] == year]
    label = span(estimand_label("description", text), "label")
    return Part(f"{_shares_sentence(frame, year, text)} {label}")


def _shares_sentence(frame, year: int, text: Text) -> str:
    largest = frame.loc[frame["share_percent"].idxmax()]
    slots = {"year": str(year), "financier": financier_name(largest["financier"], text)}
    apart = frame["deviation_points"].abs()
    if not apart.notna().any():
        return text.say(
            "Largest financier in {year}: {financier}, {percent} of the funds.",
            percent=text.percent(largest["share_percent"] / 100), **slots,
        )  # fmt: skip
    if np.nanmax(apart) < LEGAL_SLACK:
        return text.say("The funds of {year} are shared as the law says.", year=str(year))
    most = frame.loc[apart.idxmax()]
    return text.say(
        "The funds of {year} are not shared as the law says. Largest deviation: {financier}, "
        "{share} in place of {law}.",
        year=str(year), financier=escape(financier_name(most["financier"], text)),
        share=text.percent(most["share_percent"] / 100, 1),
        law=text.percent(most["legal_share_percent"] / 100),
    )  # fmt: skip


@page_part
def services(gaps, text: Text) -> Part:
    """Say which groups have no service, and in how many municipalities.

    Parameters
    ----------
    gaps : Released ServiceGaps or None
        None where the records have no services.
    """
    question = text.say("Which services are there, and who is left without?")
    if gaps is None:
        return missing(question, "services", text)
    frame = released_frame(gaps, "ServiceGaps")
    is_gap = frame["gap"] == "yes"
    answer = text.say("No group is known to be without any service.")
    if is_gap.any():
        groups = [group_name(str(group), text)
                  for group in dict.fromkeys(frame.loc[is_gap, "target_group"])]  # fmt: skip
        answer = text.plural(
            "Without any service in {n} municipality: {groups}.",
            "Without any service in at least one of {n} municipalities: {groups}.",
            frame["municipality"].nunique(),
            groups=escape("; ".join(groups)),
        )
    unclear = int((frame["gap"] == "unknown").sum())
    if unclear:
        answer += " " + text.plural(
            "For {n} group in a municipality it is not known.",
            "It is not known for {n} groups in municipalities.",
            unclear,
        )
    reading = text.say(
        "A group has no service where every service listed for it is known not to exist; where "
        "something is not known, that is said. How the profile of a municipality goes with what "
        "came of people there is about places: it does not say that those who got a service did "
        "better."
    )
    label = span(estimand_label("description", text), "label")
    return chapter(question, f"{answer} {label}", reading, text)


@page_part
def recommendations(assessment, text: Text) -> Part:
    """Say how many recommendations are done, and how many are open.

    Parameters
    ----------
    assessment : Released SelfAssessment
    """
    released_frame(assessment, "SelfAssessment")
    summary = assessment.summary
    spoken = text.say("Recommendations said to be done: {done} of {all}.",
                      done=text.number(summary["n_done"]),
                      all=text.number(summary["n_recommendation"]))  # fmt: skip
    n_open = int(summary["n_open"])
    if n_open:
        spoken += " " + text.plural(
            "{n} is open: nobody has answered.", "{n} are open: nobody has answered.", n_open
        )
    return Part(spoken + " " + span(text.say("self-assessment"), "label"))


@page_part
def two_schemes(comparison, detectable, text: Text) -> Part:
    """Say how much more areas changed under one scheme, and whether an effect could be seen.

    Parameters
    ----------
    comparison : Released Contrast or None
        From `schemes_compared`; None where there are no outcomes of whole areas.
    detectable : Released DetectableShare or None
        From `minimum_detectable_share`; its first row is told.
    """
    question = text.say("Did areas with one scheme change more than areas with another?")
    if comparison is None:
        return missing(question, "municipality_years", text)
    value = contrast_value(comparison, "difference")
    frame = released_frame(comparison, "Contrast")
    answer = withheld(text)
    if value.shown:
        terms = frame.loc[frame["scale"] == "arm", "term"].tolist()
        answer = text.say(
            "Change with {other} less change with {reference}: {number} percentage points ({range})"
            ".",
            other=escape(terms[1]), reference=escape(terms[0]),
            number=text.number(value.estimate, 1, signed=True),
            range=text.range(value.low, value.high, 1, signed=True),
        )  # fmt: skip
    if detectable is not None:
        answer += " " + detectable_sentence(detectable, text)
    reading = text.say(
        "Everybody in an area counts, not only those who took part. Where few take part, an area "
        "hardly moves however much they gain; that no difference is seen between areas then says "
        "nothing about the help. The comparison holds if the areas would have changed alike "
        "without the schemes."
    )
    label = span(estimand_label("description", text), "label")
    return chapter(question, f"{answer} {label}", reading, text)


def detectable_sentence(detectable, text: Text) -> str:
    """Say whether the effect of the first row could be seen in a comparison of areas."""
    row = released_frame(detectable, "DetectableShare").iloc[0]
    if not math.isfinite(row["system_effect"]):
        return withheld(text)
    slots = {"coverage": text.percent(row["coverage"], 1)}
    if row["detected"] == "never":
        return text.say(
            "With {coverage} of the population taking part no effect can be seen in whole areas, "
            "not even the largest possible one on every participant.",
            **slots,
        )
    slots |= {"effect": text.number(row["effect"], 0),
              "needed": text.number(row["detectable_effect"], 0)}  # fmt: skip
    if row["detected"] == "no":
        return text.say(
            "With {coverage} of the population taking part too few do so for an effect of "
            "{effect} points on each of them to be seen in whole areas; it would have to be "
            "{needed} points.",
            **slots,
        )
    return text.say(
        "With {coverage} of the population taking part an effect of {effect} points on each of "
        "them would be seen in whole areas; the smallest that would is {needed} points.",
        **slots,
    )
