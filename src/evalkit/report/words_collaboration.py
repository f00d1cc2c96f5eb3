"""Words of the chapters about working together."""

import math
from collections.abc import Mapping

import pandas as pd

from evalkit.report.certainty import estimand_label
from evalkit.report.figures.dose import crossing_sentence, is_quality, shape_sentence
from evalkit.report.markup import escape, span
from evalkit.report.names import sentence_case
from evalkit.report.names_collaboration import (
    dose_name,
    group_name,
    instrument_name,
    label_name,
    question_name,
)
from evalkit.report.parts import Part
from evalkit.report.phrases import not_shown
from evalkit.report.reading import is_without_rows, released_frame, require_all_released
from evalkit.report.replay import page_part
from evalkit.report.text import Text
from evalkit.report.words_method import missing
from evalkit.report.words_people import chapter, withheld


@page_part
def collaboration(scores, text: Text, *, trend=None, names=None, area: str = "") -> Part:
    """Say how well people work together, by those who answered.

    Parameters
    ----------
    scores : Released ResponseScores or None
        Of `collaboration_quality` without waves apart.
    trend : Released ResponseMeasures or None
        Of `collaboration_trend`.
    names : mapping of str to str, optional
        What the questions are called, by id.
    area : str
        Name of the federation or county that the answers are about, on the page of one of its
        municipalities; empty where they are the page's own.
    """
    require_all_released(scores, trend)
    question = text.say("How well do those involved work together?")
    if scores is None or is_without_rows(scores):
        return missing(question, "responses", text)
    frame = released_frame(scores, "ResponseScores")
    answer = [_index_sentence(row, scores, text)
              for row in frame[frame["item"] == "index"].to_dict("records")]  # fmt: skip
    answer = [sentence for sentence in answer if sentence] or [withheld(text)]
    answer += [_extremes(frame, names, text), _response_sentence(frame, text)]
    if area:
        answer.append(text.say(
            "The answers are about all of {area}, not about this municipality alone.",
            area=escape(area),
        ))  # fmt: skip
    if trend is not None:
        answer += _trend_sentences(trend, text)
    least = text.percent(float(scores.summary["least"]))
    reading = text.say(
        "Every answer is put on a scale from 0 (worst) to 100 (best). The index of a person is the "
        "mean of the questions answered, if at least {least} of them are. The bars are 95 per cent "
        "intervals among those who answered; those who did not may think otherwise.",
        least=least,
    )
    if not names and frame["item"].str.startswith("item_").any():
        reading += " " + text.say("Questions go by number, because the study does not give them.")
    return _chapter(question, answer, reading, text)


def _chapter(question: str, answer: list[str], reading: str, text: Text) -> Part:
    label = span(estimand_label("description", text), "label")
    spoken = " ".join(sentence for sentence in answer if sentence)
    return chapter(question, f"{spoken} {label}", reading, text)


def _index_sentence(row: Mapping[str, object], scores, text: Text) -> str:
    if not math.isfinite(row["estimate"]):
        return ""
    slots = {
        "group": escape(sentence_case(group_name(row["stratum"], text))),
        "topic": escape(instrument_name(str(scores.summary["instrument"]), text)),
        "number": text.number(row["estimate"]),
    }
    if not math.isfinite(row["conf_low"]):
        return text.say("{group}, {topic}: {number} points of 100.", **slots)
    return text.say("{group}, {topic}: {number} points of 100 ({range}).",
                    range=text.range(row["conf_low"], row["conf_high"]), **slots)  # fmt: skip


def _extremes(frame: pd.DataFrame, names, text: Text) -> str:
    means = frame[(frame["quantity"] == "mean") & (frame["item"] != "index")]
    known = means[means["stratum"] == means["stratum"].iloc[0]].dropna(subset=["estimate"])
    if len(known) < 2:
        return ""
    best, worst = known.loc[known["estimate"].idxmax()], known.loc[known["estimate"].idxmin()]
    return text.say(
        "Highest among the questions to this group ({group}): {best}, {high} points; lowest: "
        "{worst}, {low} points.",
        group=escape(group_name(best["stratum"], text)),
        best=escape(question_name(best["item"], text, names)), high=text.number(best["estimate"]),
        worst=escape(question_name(worst["item"], text, names)), low=text.number(worst["estimate"]),
    )  # fmt: skip


def _response_sentence(frame: pd.DataFrame, text: Text) -> str:
    rows = frame[(frame["item"] == "questionnaire") & frame["estimate"].notna()]
    shares = rows["estimate"] / 100
    if not len(rows):
        return ""
    if text.percent(shares.min()) == text.percent(shares.max()):
        return text.say("Of those asked {share} answered.", share=text.percent(shares.iloc[0]))
    return text.say("Of those asked {range} answered, depending on the group.",
                    range=text.percent_range(shares.min(), shares.max()))  # fmt: skip


def _trend_sentences(trend, text: Text) -> list[str]:
    frame = released_frame(trend, "ResponseMeasures")
    rows = frame[(frame["item"] == "index") & frame["conf_low"].notna()]
    spoken = []
    for row in rows.to_dict("records"):
        slots = {
            "group": escape(sentence_case(group_name(row["stratum"], text))),
            "number": text.number(row["estimate"], 1, signed=True),
            "range": text.range(row["conf_low"], row["conf_high"], 1, signed=True),
        }
        if row["conf_low"] > 0:
            said = text.say("{group}: the index rises by {number} points for each wave ({range}).",
                            **slots)  # fmt: skip
        elif row["conf_high"] < 0:
            said = text.say("{group}: the index changes by {number} points for each wave "
                            "({range}): it falls.", **slots)  # fmt: skip
        else:
            said = text.say("{group}: no clear change from wave to wave ({number} points each, "
                            "{range}).", **slots)  # fmt: skip
        spoken.append(said)
    return spoken


@page_part
def collaboration_forms(shares, text: Text) -> Part:
    """Say which forms of collaboration people met.

    Parameters
    ----------
    shares : Released LabelShares or None
        Of `collaboration_forms`.
    """
    require_all_released(shares)
    question = text.say("Which forms of collaboration did people meet?")
    if shares is None or is_without_rows(shares):
        return missing(question, "forms", text)
    frame = released_frame(shares, "LabelShares")
    first = frame[frame["stratum"] == frame["stratum"].iloc[0]]
    labels = first[(first["item"] == "label") & first["share"].notna()]
    answer = [span(not_shown(shares, text), "withheld")]
    if len(labels):
        row = labels.loc[labels["share"].idxmax()]
        label = label_name(row["level"], str(shares.summary["what"]), text)
        slots = {"label": escape(label), "share": text.percent(row["share"])}
        answer = [_most_frequent(row["stratum"] == "programme", first, slots, text)]
        answer.append(_none_sentence(first, text))
    reading = text.say(
        "A person can meet several forms, so the shares can add up to more than 100 per cent. A "
        "form that was not recorded counts as not met, so the true shares can be higher."
    )
    return _chapter(question, answer, reading, text)


def _most_frequent(of_programme: bool, first: pd.DataFrame, slots: dict, text: Text) -> str:
    """Say which form is the most frequent; another may be where some are not shown."""
    hidden = first.loc[first["item"] == "label", "share"].isna().any()
    if of_programme and hidden:
        return text.say("Most frequent in the programme group of those that can be shown: {label}, "
                        "{share} of its people.", **slots)  # fmt: skip
    if of_programme:
        return text.say("Most frequent in the programme group: {label}, {share} of its people.",
                        **slots)  # fmt: skip
    if hidden:
        return text.say("Most frequent of those that can be shown: {label}, {share} of people.",
                        **slots)  # fmt: skip
    return text.say("Most frequent: {label}, {share} of people.", **slots)


def _none_sentence(first: pd.DataFrame, text: Text) -> str:
    rows = first[(first["item"] == "number") & (first["level"] == "0")]
    if not len(rows) or not math.isfinite(rows["share"].iloc[0]):
        return ""
    return text.say("{share} met none that was recorded.",
                    share=text.percent(rows["share"].iloc[0]))  # fmt: skip


@page_part
def indicators(scores, text: Text) -> Part:
    """Say how many answered the national questionnaire, and what it shows.

    Parameters
    ----------
    scores : Released ResponseScores or None
        Of `indicators`.
    """
    require_all_released(scores)
    question = text.say("What do the national indicators say?")
    if scores is None or is_without_rows(scores):
        return missing(question, "responses", text)
    frame = released_frame(scores, "ResponseScores")
    means = frame[(frame["quantity"] == "mean") & (frame["federation"] == "")
                  & (frame["weighting"] == "respondents")]  # fmt: skip
    last = means[means["wave"] == means["wave"].max()]
    known = last.dropna(subset=["estimate"])
    answer = span(not_shown(scores, text), "withheld")
    if len(known):
        answer = text.plural(
            "All people together, {n} question: from {low} to {high} points of 100.",
            "All people together, {n} questions: from {low} to {high} points of 100.",
            known["item"].nunique(), low=text.number(known["estimate"].min()),
            high=text.number(known["estimate"].max()),
        )  # fmt: skip
    reading = text.say(
        "Every question has a panel of its own. Areas differ in size, so there are two "
        "numbers for all: one in which every person counts alike, and one in which every "
        "area does. The questions go by their numbers where the study gives no titles."
    )
    return _chapter(question, [answer], reading, text)


@page_part
def agreement(agreement, text: Text) -> Part:
    """Say how far two parties judge the same thing alike.

    Parameters
    ----------
    agreement : Released Agreement or None
    """
    require_all_released(agreement)
    question = text.say("Do both parties see it alike?")
    if agreement is None or is_without_rows(agreement):
        return missing(question, "responses", text)
    frame = released_frame(agreement, "Agreement")
    shares = frame[(frame["quantity"] == "share_alike") & frame["estimate"].notna()]
    kappas = frame[(frame["quantity"] == "kappa_quadratic") & frame["estimate"].notna()]
    answer = [span(not_shown(agreement, text), "withheld")]
    if len(shares):
        answer = [_alike(shares["estimate"] / 100, text)]
    if len(kappas):
        answer.append(text.say(
            "Beyond chance, near answers counted in part, they agree by {range} on a scale where 1 "
            "is complete agreement and 0 none but chance.",
            range=text.range(kappas["estimate"].min(), kappas["estimate"].max(), 2),
        ))  # fmt: skip
    first, second = (group_name(str(agreement.summary[key]), text) for key in ("first", "second"))
    reading = text.say(
        "The answers of both groups ({first}, {second}) about the same thing are compared pair by "
        "pair. Where nearly all give the same answer, agreement beyond chance can be low although "
        "most agree, so both numbers are shown.",
        first=first, second=second,
    )  # fmt: skip
    return _chapter(question, answer, reading, text)


def _alike(shares: pd.Series, text: Text) -> str:
    """Say how often both answer the same: one share, or from which to which."""
    low, high = text.percent(shares.min()), text.percent(shares.max())
    if low == high:
        return text.say("Both gave the same answer in {share} of pairs.", share=low)
    return text.say(
        "Both gave the same answer in {range} of pairs, depending on the question.",
        range=text.percent_range(shares.min(), shares.max()),
    )


@page_part
def dose_response(dose, text: Text, *, names: Mapping[str, str] | None = None) -> Part:
    """Say whether the outcome goes with the quality of collaboration, and whether it turns.

    Parameters
    ----------
    dose : Released DoseResponse or None
    names : mapping of str to str, optional
        What quality and outcome are called, by column, in the report's language.
    """
    require_all_released(dose)
    question = text.say("Does the outcome go with the quality of collaboration?")
    if dose is None or is_without_rows(dose):
        return missing(question, "responses", text)
    if not is_quality(dose):
        question = text.say("Does the outcome go with how much people got?")
    quality, outcome = (
        dose_name(str(dose.summary[key]), text, names) for key in ("dose", "outcome")
    )
    answer = [
        text.say("{outcome}, by this: {quality}.", outcome=escape(sentence_case(outcome)),
                 quality=escape(quality)),
        shape_sentence(dose, text),
        crossing_sentence(dose, text),
    ]  # fmt: skip
    reading = text.say(
        "A turn is claimed only where the curve clearly goes one way at the lower end and the "
        "other way at the upper end. Whoever meets good collaboration differs in other ways too, "
        "so this is no effect."
    ) if is_quality(dose) else text.say(
        "A turn is claimed only where the curve clearly goes one way at the lower end and the "
        "other way at the upper end. Whoever gets more differs in other ways too, so this is no "
        "effect."
    )  # fmt: skip
    if dose.summary["level"] != "person":
        reading = " ".join([reading, text.say(
            "Packages are compared here: what holds between packages need not hold between people."
        )])  # fmt: skip
    return _chapter(question, answer, reading, text)


@page_part
def fidelity(fidelity, text: Text) -> Part:
    """Say how closely the sites follow the model.

    Parameters
    ----------
    fidelity : Released Fidelity or None
    """
    require_all_released(fidelity)
    question = text.say("How closely do the sites follow the model?")
    if fidelity is None or is_without_rows(fidelity):
        return missing(question, "responses", text)
    frame = released_frame(fidelity, "Fidelity").set_index("part")
    total = frame.loc["total"]
    slots = {"total": text.number(total["estimate"], 0), "low": text.number(total["low"]),
             "high": text.number(total["high"])}  # fmt: skip
    answer = [text.plural(
        "{n} site has {total} points on a scale from {low} to {high}.",
        "{n} sites have {total} points on average on a scale from {low} to {high}.",
        int(total["n_site"]), **slots,
    )]  # fmt: skip
    if "correlation" in frame.index and math.isfinite(frame.loc["correlation", "conf_low"]):
        row = frame.loc["correlation"]
        answer.append(text.say(
            "The correlation of the total with the outcome of the sites is {number} ({range}).",
            number=text.number(row["estimate"], 2),
            range=text.range(row["conf_low"], row["conf_high"], 2),
        ))  # fmt: skip
    reading = text.say(
        "Every site is rated on the items of the scale; more points are closer to the model. "
        "Whether a total is good or poor is not said, because no limits are confirmed."
    )
    if fidelity.summary["band"]:
        reading = text.say(
            "Every site is rated on the items of the scale; more points are closer to the model. "
            "The bands are those of this source: {source}.",
            source=escape(str(fidelity.summary["band_source"])),
        )
    return _chapter(question, answer, reading, text)
