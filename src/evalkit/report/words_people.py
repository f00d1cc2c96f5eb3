"""Words of the chapters about people: who took part, need, before and after, among the others."""

import math
import re

from evalkit.report.certainty import estimand_label
from evalkit.report.markup import callout, escape, paragraphs, span
from evalkit.report.names import code_name, sentence_case, state_name
from evalkit.report.parts import Part
from evalkit.report.phrases import (
    compared_with,
    horizon_within,
    not_shown,
    occasion,
    too_few,
    withheld_sentence,
)
from evalkit.report.reading import (
    FEW_REASON,
    arms_of,
    is_without_rows,
    released_frame,
    require_all_released,
)
from evalkit.report.replay import page_part
from evalkit.report.text import Text
from evalkit.report.words_method import missing

OVERVIEW = ("any_support", "support", "public_support", "no_support", "none", "self_support")

NOT_SHOWN = r"\[[^\]\n]*\]\{\.withheld\}"
NOTHING = f"{NOT_SHOWN}(?: {NOT_SHOWN})*"
LABEL_OF_NOTHING = re.compile(rf"^({NOTHING}) \[[^\]\n]*\]\{{\.label\}}")
SMALL_DIFFERENCE = 0.1  # as the way to read the table says


def chapter(question: str, answer: str, how_to_read: str, text: Text) -> Part:
    """Set a chapter's heading, its answer, and a fold on how to read what follows.

    The fold, and what an estimate may be called, are left out where the answer begins with a line
    that says only that nothing is shown: what can follow it then says itself how it is read.
    """
    answer = LABEL_OF_NOTHING.sub(r"\1", answer)
    is_nothing = re.fullmatch(NOTHING, answer.split("\n\n")[0])
    reading = "" if is_nothing else callout(text.say("How to read this"), how_to_read)
    return Part(paragraphs(f"## {question}", answer, reading))


def withheld(text: Text) -> str:
    """Mark the sentence that says why there is no number."""
    return span(withheld_sentence(text), "withheld")


@page_part
def participants(flow, people, text: Text) -> Part:
    """Say who took part.

    Parameters
    ----------
    flow : Released Flow
    people : Released Characteristics or None
    """
    require_all_released(flow, people)
    answer = [_flow_sentence(flow, text), compared_with(text)]
    if people is not None:
        answer.append(_balance_sentence(people, text))
    label = span(estimand_label("description", text), "label")
    reading = text.say(
        "Each bar shows how many people are left after a condition, and how many it leaves out."
    )
    if people is not None and len(arms_of(released_frame(people, "Characteristics"))) > 1:
        reading += " " + text.say(
            "The last column of the table says how far apart the groups were at the start, in "
            "standard deviations; below 0.1 in either direction is usually taken as small."
        )
    return chapter(
        text.say("Who took part?"), f"{' '.join(filter(None, answer))} {label}", reading, text
    )


def _flow_sentence(flow, text: Text) -> str:
    start, end = flow.summary["n_start"], flow.summary["n_end"]
    rows = released_frame(flow, "Flow")
    left = rows["n_after"].iloc[-1] if len(rows) else math.nan
    if not all(map(math.isfinite, (start, end, left))):
        return withheld(text)
    return text.plural(
        "{n} of {start} people in the records meets the conditions and is followed.",
        "{n} of {start} people in the records meet the conditions and are followed.",
        int(end), start=text.number(start),
    )  # fmt: skip


def _balance_sentence(people, text: Text) -> str:
    frame = released_frame(people, "Characteristics")
    sizes = frame["standardised_difference"].abs()
    if not sizes.notna().any():
        return ""
    row = frame.loc[sizes.idxmax()]
    name = code_name(str(row["variable"]), text)
    if isinstance(row["level"], str) and row["level"]:
        name = f"{name} ({code_name(row['level'], text)})"
    said = text.say("At the start the groups differ most in this: {variable}.",
                    variable=escape(name))  # fmt: skip
    if frame["suppressed"].any():
        said = text.say("Of what can be shown, the groups differ most at the start in this: "
                        "{variable}.", variable=escape(name))  # fmt: skip
    return f"{said} {_balance_size(float(sizes.max()), text)}"


def _balance_size(size: float, text: Text) -> str:
    """Say whether the largest difference at the start counts as small."""
    if size < SMALL_DIFFERENCE:
        return text.say("Even that difference is usually taken as small.")
    return text.say(
        "That difference is larger than what is usually taken as small; the table gives its size."
    )


@page_part
def need(need, text: Text) -> Part:
    """Say how large the need is, and how much of it is covered.

    Parameters
    ----------
    need : Released NeedCoverage or None
        None where the population is not known.
    """
    question = text.say("How many need it, and how many got it?")
    if need is None or is_without_rows(need):
        return missing(question, "no_population", text)
    frame = released_frame(need, "NeedCoverage")
    rows = frame[frame["quantity"] == "coverage"].dropna(subset=["low", "high"])
    answer = withheld(text)
    if len(rows):
        answer = text.say(
            "If {need} of people of working age need coordinated rehabilitation, {coverage} of "
            "them took part ({period}).",
            need=text.percent_range(rows["need_share"].min(), rows["need_share"].max(), 1),
            coverage=text.percent_range(rows["low"].min(), rows["high"].max()),
            period=escape(str(need.summary["period"])),
        )
    label = span(estimand_label("description", text), "label")
    reading = text.say(
        "How many need coordinated rehabilitation is not known, so three assumed shares are shown. "
        "The hatched part is the range that the assumptions leave open; it is not an interval of "
        "chance. Source of the shares: {source}.",
        source=escape(text.labels.study.need.source),
    )
    return chapter(question, f"{answer} {label}", reading, text)


@page_part
def before_after(before_after, text: Text) -> Part:
    """Say how support changed between two fixed months.

    Parameters
    ----------
    before_after : Released BeforeAfter or None
        None where the sources of support are not known.
    """
    question = text.say("What changed from before to after?")
    if before_after is None or is_without_rows(before_after):
        return missing(question, "spells" if before_after is None else "too_few", text)
    frame = released_frame(before_after, "BeforeAfter")
    frame = frame[frame["stratum"] == arms_of(frame)[0]]
    shown = frame.dropna(subset=["share_before", "share_after"])
    answer = span(not_shown(before_after, text), "withheld")
    if len(shown):
        answer = _change_sentence(shown, before_after, text)
    label = span(estimand_label("description", text), "label")
    reading = text.say(
        "A hollow dot is the share before, a filled dot the share after; the arrow shows the "
        "direction. All who started are counted, also those who left early. The change is not an "
        "effect: many would have changed without help too."
    )
    return chapter(question, f"{answer} {label}", reading, text)


def _change_sentence(shown, before_after, text: Text) -> str:
    overview = shown[shown["source"].isin(OVERVIEW)]
    largest = shown.loc[(shown["share_after"] - shown["share_before"]).abs().idxmax()]
    row = overview.iloc[0] if len(overview) else largest
    summary = before_after.summary
    return text.say(
        "{source}: {occasion_before} {share_before}, {occasion_after} {share_after}.",
        source=escape(sentence_case(state_name(str(row["source"]), text))),
        share_before=text.percent(row["share_before"]),
        share_after=text.percent(row["share_after"]),
        occasion_before=occasion(int(summary["before"]), text),
        occasion_after=occasion(int(summary["after"]), text),
    )


@page_part
def municipalities(municipalities, text: Text) -> Part:
    """Say how far apart the municipalities are.

    Parameters
    ----------
    municipalities : Released Contrast or None
        `incidence_at` by municipality and arm; the programme arm is described.
    """
    question = text.say("How do the municipalities compare?")
    if municipalities is None or is_without_rows(municipalities):
        reason = "municipalities" if municipalities is None else "too_few"
        return missing(question, reason, text)
    frame = released_frame(municipalities, "Contrast")
    rows = frame[(frame["scale"] == "arm") & ~frame["term"].str.endswith(", comparison")]
    shown = rows.dropna(subset=["estimate", "conf_low", "conf_high"])
    answer = withheld(text)
    if (rows["reason"] == FEW_REASON).any():
        answer = span(too_few(text), "withheld")
    if len(shown) > 1:
        slots = {
            "shown": text.number(len(shown)),
            "all": text.number(len(rows)),
            "range": text.percent_range(shown["estimate"].min(), shown["estimate"].max()),
        }
        slots["within"] = horizon_within(municipalities, text)
        answer = text.say(
            "In the municipalities that can be shown ({shown} of {all}) the share who had reached "
            "it {within} lies in the range {range}.", **slots,
        ) if text.is_events else text.say(
            "In the municipalities that can be shown ({shown} of {all}) the share who had begun to "
            "support themselves {within} lies in the range {range}.", **slots,
        )  # fmt: skip
    label = span(estimand_label("description", text), "label")
    reading = text.say(
        "Each dot is a municipality and the bar its interval; the line is all together. The order "
        "is alphabetical and is not a ranking: where bars overlap the line, chance alone can be "
        "behind the distance."
    )
    return chapter(question, f"{answer} {label}", reading, text)
