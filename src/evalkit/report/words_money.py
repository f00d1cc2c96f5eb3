"""Words of the chapter about money: who pays and who gains."""

import math

from evalkit.report.certainty import estimand_label
from evalkit.report.markup import escape, span
from evalkit.report.names import actor_name, sentence_case
from evalkit.report.parts import Part
from evalkit.report.phrases import (
    is_without_comparison,
    too_few,
)
from evalkit.report.reading import (
    few_persons,
    is_without_rows,
    pay_off_label,
    released_frame,
    society_row,
)
from evalkit.report.replay import page_part
from evalkit.report.text import Text
from evalkit.report.words_method import missing
from evalkit.report.words_people import chapter, withheld


@page_part
def pay_off(pay_off, text: Text) -> Part:
    """Say who pays and who gains.

    Parameters
    ----------
    pay_off : Released PayOff or None
        None where there are no costs.
    """
    question = text.say("Who pays and who gains?")
    if pay_off is None:
        return missing(question, "costs", text)
    if is_without_rows(pay_off):
        alone = is_without_comparison(pay_off, text)
        return missing(question, "no_comparison" if alone else "too_few", text)
    frame, row = released_frame(pay_off, "PayOff"), society_row(pay_off)
    few = few_persons(pay_off, text)
    answer = span(too_few(text), "withheld") if few else _pay_off_sentence(row, pay_off, text)
    others = frame[(frame["party"] != "society") & frame["net"].notna()]
    # A hidden actor may gain more than those shown; then nobody is called the first.
    if len(others) and not few and not frame["suppressed"].any():
        best = others.loc[others["net"].idxmax()]
        answer += " " + text.say(
            "The largest gain goes to: {actor}.", actor=escape(actor_name(best["party"], text))
        )
    reading = text.say(
        "A bar to the right is a gain, a bar to the left a loss, for each who pays. Society as a "
        "whole counts only what is produced and what is used up, since a benefit that one pays and "
        "another gets is no gain for all. What share of the change is due to the programme decides "
        "whether the cost is repaid."
    )
    if not few and not math.isnan(float(row["break_even_share"])):
        answer += " " + span(estimand_label(pay_off_label(pay_off, text), text), "label")
    return chapter(question, answer, reading, text)


def _pay_off_sentence(row, pay_off, text: Text) -> str:
    share, years = float(row["break_even_share"]), int(pay_off.summary["horizon_years"])
    if math.isnan(share):
        return withheld(text)
    if pay_off_label(pay_off, text) != "description":
        return _recovery_sentence(float(row["pay_off_months"]), share, years, text)
    return _share_sentence(share, years, text)


def _share_sentence(share: float, years: int, text: Text) -> str:
    """Say what share of the change must be due to the programme."""
    if share > 1:
        return text.plural(
            "Society does not recover the cost within {n} year, even if the whole change is due to "
            "the programme.",
            "Society does not recover the cost within {n} years, even if the whole change is due "
            "to the programme.",
            years,
        )
    return text.plural(
        "Society recovers the cost within {n} year if at least {percent} of the change is due to "
        "the programme.",
        "Society recovers the cost within {n} years if at least {percent} of the change is due to "
        "the programme.",
        years, percent=text.percent(share),
    )  # fmt: skip


def _recovery_sentence(months: float, share: float, years: int, text: Text) -> str:
    """Say when society recovers the cost, from a comparison of the groups."""
    if share <= 1 and math.isfinite(months):
        return text.plural(
            "At the pace seen here society recovers the cost in {n} month.",
            "At the pace seen here society recovers the cost in {n} months.",
            math.ceil(months),
        )
    return text.plural(
        "Society does not recover the cost within {n} year.",
        "Society does not recover the cost within {n} years.",
        years,
    )


@page_part
def break_even(break_even, text: Text) -> Part:
    """Say how much of the change must be due to the programme, by horizon: the headline.

    Parameters
    ----------
    break_even : Released BreakEven or None
        None where there are no costs.
    """
    question = text.say("How much must be due to the programme?")
    if break_even is None:
        return missing(question, "costs", text)
    if is_without_rows(break_even):
        return missing(question, "too_few", text)
    frame = released_frame(break_even, "BreakEven")
    few = few_persons(break_even, text)
    sentences = [] if few else _by_horizon(frame, text)
    answer = " ".join(sentences) if sentences else span(too_few(text), "withheld")
    reading = text.say(
        "What changed after the start would partly have changed anyway: people start when things "
        "are at their worst. So the question is turned round: how much of the change must be due "
        "to the programme for its cost to come back? The less, the safer. The more years are "
        "counted, the longer the change must last."
    )
    if sentences:
        answer += " " + span(estimand_label(str(break_even.summary["label"]), text), "label")
    return chapter(question, answer, reading, text)


def _by_horizon(frame, text: Text) -> list[str]:
    """A sentence about society and one about the public sector, those that may be shown.

    Of the horizons the shortest within which the cost can come back; the longest if it never does.
    """
    found = []
    for party in ("society", "public"):
        rows = frame[(frame["party"] == party) & ~frame["suppressed"]]
        rows = rows[rows["break_even_share"].notna() & (rows["horizon_years"] % 1 == 0)]
        rows = rows.sort_values("horizon_years")
        if len(rows):
            possible = rows[rows["break_even_share"] <= 1]
            row = possible.iloc[0] if len(possible) else rows.iloc[-1]
            share, years = float(row["break_even_share"]), int(row["horizon_years"])
            found.append(_horizon_sentence(party, share, years, text))
    return found


def _horizon_sentence(party: str, share: float, years: int, text: Text) -> str:
    if party == "society":
        return _share_sentence(share, years, text)
    if share > 1:
        return text.plural(
            "The public sector together does not recover the cost within {n} year, even if the "
            "whole change is due to the programme.",
            "The public sector together does not recover the cost within {n} years, even if the "
            "whole change is due to the programme.",
            years,
        )
    return text.plural(
        "The public sector together recovers the cost within {n} year if at least {percent} of "
        "the change is due to the programme.",
        "The public sector together recovers the cost within {n} years if at least {percent} of "
        "the change is due to the programme.",
        years, percent=text.percent(share),
    )  # fmt: skip


@page_part
def type_cases(cases, text: Text) -> Part:
    """Say what weighted type cases come to, and that they are assumed.

    Parameters
    ----------
    cases : Released TypeCases or None
    """
    question = text.say("What do the type cases come to?")
    if cases is None:
        return missing(question, "costs", text)
    frame = released_frame(cases, "TypeCases")
    row, alone = society_row_of(frame), only_party(frame)
    if row is None or row["suppressed"]:
        answer = span(too_few(text), "withheld")
    else:
        share, years = float(row["break_even_share"]), float(cases.summary["horizon_years"])
        share = 0.0 if row["reason"] == "no outlay" else share
        answer = (
            _share_sentence(share, round(years), text)
            if alone is None
            else _party_sentence(alone, share, round(years), text)
        )
    reading = text.say(
        "Type cases are described careers, each standing for a number of people. They show how the "
        "account is put together, but nobody was followed: the amounts and the numbers of people "
        "are assumed. The range says only what other numbers of people in the cases would give."
    )
    spoken = span(text.say("assumed, not measured"), "label")
    return chapter(question, f"{answer} {spoken}", reading, text)


def only_party(frame) -> str | None:
    """The one party whose money type cases count; None where there are several."""
    parties = set(frame["party"]) - {"society", "public"}
    return next(iter(parties)) if len(parties) == 1 else None


def _party_sentence(party: str, share: float, years: int, text: Text) -> str:
    """Say the same of the one party that counts, which is not society."""
    actor = escape(sentence_case(actor_name(party, text)))
    if share > 1:
        return text.plural(
            "{actor}: the cost does not come back within {n} year, even if the whole change is due "
            "to the programme.",
            "{actor}: the cost does not come back within {n} years, even if the whole change is "
            "due to the programme.",
            years, actor=actor,
        )  # fmt: skip
    return text.plural(
        "{actor}: the cost comes back within {n} year if at least {percent} of the change is due "
        "to the programme.",
        "{actor}: the cost comes back within {n} years if at least {percent} of the change is due "
        "to the programme.",
        years, percent=text.percent(share), actor=actor,
    )  # fmt: skip


def society_row_of(frame):
    """Row of society in a table of parties; None where it has none."""
    rows = frame[frame["party"] == "society"]
    return rows.iloc[-1] if len(rows) else None
