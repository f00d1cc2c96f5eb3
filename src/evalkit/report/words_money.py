"""Words of the chapter about money: who pays and who gains."""

import math

from evalkit.report.certainty import estimand_label
from evalkit.report.markup import escape, paragraphs, span
from evalkit.report.names import actor_name, sentence_case
from evalkit.report.parts import Part
from evalkit.report.phrases import (
    is_without_comparison,
    too_few,
)
from evalkit.report.reading import (
    few_persons,
    is_compared,
    is_pay_off_uncertain,
    is_share_uncertain,
    is_without_rows,
    pay_off_label,
    released_frame,
    society_row,
    told_horizon,
)
from evalkit.report.replay import page_part
from evalkit.report.text import Text
from evalkit.report.words_method import missing
from evalkit.report.words_people import chapter, withheld


@page_part
def pay_off(pay_off, text: Text, *, exits=None) -> Part:
    """Say who pays and who gains.

    Parameters
    ----------
    pay_off : Released PayOff or None
        None where there are no costs.
    exits : Released IncidenceCurve or None
        By arm; with it a municipality with too few people shows no estimate.
    """
    question = text.say("Who pays and who gains?")
    if pay_off is None:
        return missing(question, "costs", text)
    if is_without_rows(pay_off):
        alone = is_without_comparison(pay_off, text)
        return missing(question, "no_comparison" if alone else "too_few", text)
    frame, row = released_frame(pay_off, "PayOff"), society_row(pay_off)
    few = few_persons(pay_off, text, exits)
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
    spoken = span(estimand_label(pay_off_label(pay_off, text), text), "label")
    paced = "" if few else _pace(row, pay_off, text)
    return chapter(question, paragraphs(f"{answer} {spoken}", paced), reading, text)


def _pay_off_sentence(row, pay_off, text: Text) -> str:
    share, years = float(row["break_even_share"]), int(pay_off.summary["horizon_years"])
    if math.isnan(share):
        return withheld(text)
    uncertain = is_pay_off_uncertain(row, years)
    if share > 1 and uncertain:
        return f"{_unknown('society', years, text)} {_months_interval(row, text)}"
    if pay_off_label(pay_off, text) != "description":
        said = _recovery_sentence(float(row["pay_off_months"]), share, years, text)
    else:
        said = _share_sentence(share, years, text)
    if not uncertain:
        return said
    return f"{said} {_reaches_beyond(years, text)} {_months_interval(row, text)}"


def _pace(row, pay_off, text: Text) -> str:
    """Say why a time at a mean pace is not that of the curve over the months; empty without one."""
    share = float(row["break_even_share"])
    if pay_off_label(pay_off, text) == "description" or not share <= 1:
        return ""
    return text.say(
        "The pace is the mean of all the months followed; month by month the gain was smaller or "
        "larger, so a curve over the months can have the cost back at another time."
    )


def _unknown(party: str, years: int, text: Text) -> str:
    """Say that the interval does not tell whether the cost comes back."""
    if party == "society":
        return text.plural(
            "It is not possible to say whether society recovers the cost within {n} year.",
            "It is not possible to say whether society recovers the cost within {n} years.",
            years,
        )
    return text.plural(
        "It is not possible to say whether the public sector as a whole recovers the cost within "
        "{n} year.",
        "It is not possible to say whether the public sector as a whole recovers the cost within "
        "{n} years.",
        years,
    )


def _reaches_beyond(years: int, text: Text) -> str:
    return text.plural(
        "This is uncertain, since the interval reaches beyond the {n} year counted.",
        "This is uncertain, since the interval reaches beyond the {n} years counted.",
        years,
    )


def _opposite(text: Text) -> str:
    return text.say("This is uncertain, since the interval also includes the opposite.")


def _both_opposite(text: Text) -> str:
    return text.say("Both answers are uncertain, since the intervals also include the opposite.")


def _months_interval(row, text: Text) -> str:
    low, high = float(row["pay_off_low"]), float(row["pay_off_high"])
    if math.isfinite(high):
        return text.say("Interval: {range} months.", range=text.range(low, high))
    return text.say("Interval: {low} months to never.", low=text.number(low))


def _share_interval(low: float, high: float, text: Text) -> str:
    first = text.percent(low)
    if math.isinf(high):
        reach = text.say("{low} to the cost never coming back", low=first)
    elif high > 1 >= low:  # how much more than all of it does not matter
        reach = text.say("{low} to more than {limit}", low=first, limit=text.percent(1))
    else:
        reach = text.percent_range(low, high)
    return text.say("Interval of the share: {range}.", range=reach)


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
def break_even(break_even, text: Text, *, exits=None) -> Part:
    """Say how much of the change must be due to the programme, by horizon: the headline.

    Parameters
    ----------
    break_even : Released BreakEven or None
        None where there are no costs.
    exits : Released IncidenceCurve or None
        By arm; with it a municipality with too few people shows no estimate.
    """
    compared = break_even is not None and is_compared(break_even)
    question = (
        text.say("How much of the gain is needed?")
        if compared
        else text.say("How much must be due to the programme?")
    )
    if break_even is None:
        return missing(question, "costs", text)
    if is_without_rows(break_even):
        return missing(question, "too_few", text)
    frame = released_frame(break_even, "BreakEven")
    few = few_persons(break_even, text, exits)
    sentences = [] if few else _by_horizon(frame, compared, text)
    answer = " ".join(sentences) if sentences else span(too_few(text), "withheld")
    reading = text.say(
        "What changed after the start would partly have changed anyway: people start when things "
        "are at their worst. So the question is turned round: how much of the change must be due "
        "to the programme for its cost to come back? The less, the safer. The more years are "
        "counted, the longer the change must last."
    )
    if compared:
        reading = text.say(
            "The gain is the difference from the comparison group. The question is turned round: "
            "how much of it is needed for the cost to come back? The less, the safer. The more "
            "years are counted, the longer the gain must last. The share is worked out at the mean "
            "pace of all the months followed; month by month the gain was smaller or larger, so in "
            "the months seen the cost can come back at another time."
        )
    spoken = span(estimand_label(pay_off_label(break_even, text), text), "label")
    return chapter(question, f"{answer} {spoken}", reading, text)


def _by_horizon(frame, compared: bool, text: Text) -> list[str]:
    """A sentence about society and one about the public sector, those that may be shown.

    Where both are uncertain that is said once.
    """
    horizons = (told_horizon(frame, party) for party in ("society", "public"))
    rows = [row for row in horizons if row is not None]
    both = len(rows) > 1 and all(
        row["break_even_share"] <= 1 and _is_uncertain(row) for row in rows
    )
    found = [_horizon_words(row, compared, text, alone=not both) for row in rows]
    return [*found, _both_opposite(text)] if both else found


def _is_uncertain(row) -> bool:
    limits = float(row["conf_low"]), float(row["conf_high"])
    return is_share_uncertain(float(row["break_even_share"]), *limits)


def _horizon_words(row, compared: bool, text: Text, *, alone: bool) -> str:
    """Say what share is needed; one that stands `alone` says itself that it is uncertain."""
    party, share, years = row["party"], float(row["break_even_share"]), int(row["horizon_years"])
    if not _is_uncertain(row):
        return _horizon_sentence(party, share, years, compared, text)
    interval = _share_interval(float(row["conf_low"]), float(row["conf_high"]), text)
    if share > 1:
        return f"{_unknown(party, years, text)} {interval}"
    said = _horizon_sentence(party, share, years, compared, text)
    return f"{said} {_opposite(text)} {interval}" if alone else f"{said} {interval}"


def _gain_sentence(party: str, share: float, years: int, text: Text) -> str:
    """Say what share of the difference from the comparison group is needed."""
    if share > 1 and party == "society":
        return _recovery_sentence(math.inf, share, years, text)
    if share > 1:
        return text.plural(
            "The public sector as a whole does not recover the cost within {n} year.",
            "The public sector as a whole does not recover the cost within {n} years.",
            years,
        )
    percent = text.percent(share)
    if party == "society":
        return text.plural(
            "Society recovers the cost within {n} year if at least {percent} of the difference "
            "from the comparison group lasts.",
            "Society recovers the cost within {n} years if at least {percent} of the difference "
            "from the comparison group lasts.",
            years, percent=percent,
        )  # fmt: skip
    return text.plural(
        "The public sector as a whole recovers the cost within {n} year if at least {percent} of "
        "the difference from the comparison group lasts.",
        "The public sector as a whole recovers the cost within {n} years if at least {percent} of "
        "the difference from the comparison group lasts.",
        years, percent=percent,
    )  # fmt: skip


def _horizon_sentence(party: str, share: float, years: int, compared: bool, text: Text) -> str:
    if compared:
        return _gain_sentence(party, share, years, text)
    if party == "society":
        return _share_sentence(share, years, text)
    if share > 1:
        return text.plural(
            "The public sector as a whole does not recover the cost within {n} year, even if the "
            "whole change is due to the programme.",
            "The public sector as a whole does not recover the cost within {n} years, even if the "
            "whole change is due to the programme.",
            years,
        )
    return text.plural(
        "The public sector as a whole recovers the cost within {n} year if at least {percent} of "
        "the change is due to the programme.",
        "The public sector as a whole recovers the cost within {n} years if at least {percent} of "
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
