"""Words of the chapter about money: who pays and who gains."""

import math

from evalkit.report.certainty import estimand_label
from evalkit.report.markup import escape, span
from evalkit.report.names import actor_name
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
    spoken = span(estimand_label(pay_off_label(pay_off, text), text), "label")
    return chapter(question, f"{answer} {spoken}", reading, text)


def _pay_off_sentence(row, pay_off, text: Text) -> str:
    share, years = float(row["break_even_share"]), int(pay_off.summary["horizon_years"])
    if math.isnan(share):
        return withheld(text)
    if pay_off_label(pay_off, text) != "description":
        return _recovery_sentence(float(row["pay_off_months"]), share, years, text)
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
