"""What a figure about money shows, in one sentence of its numbers: its title.

Each is about society, or the public sector where there is nothing to say of society. It says that
it is uncertain where the interval holds the opposite too, and is empty where a number that it needs
is hidden.
"""

import math

import pandas as pd

from evalkit.report.figures.findings import reserved
from evalkit.report.names import actor_name, sentence_case
from evalkit.report.names_money import years_label
from evalkit.report.reading import is_share_uncertain, told_horizon
from evalkit.report.text import Text

SUMS = ("society", "public")


def net_finding(row: pd.Series, currency: str, decimals: int, text: Text) -> str:
    """What society gains less what it costs, with its interval where there is one."""
    actor, net = actor_name(row["party"], text), float(row["net"])
    low, high = float(row["net_low"]), float(row["net_high"])
    if row["party"] != "society" or not math.isfinite(net):
        return ""
    amount = text.money(net, currency, decimals)
    if not (math.isfinite(low) and math.isfinite(high)):
        return text.say("Gain less cost per person, {actor}: {amount}.", actor=actor,
                        amount=amount)  # fmt: skip
    return text.say(
        "Gain less cost per person, {actor}: {amount} (interval {range}).", actor=actor,
        amount=amount, range=text.range(low / 1000, high / 1000, decimals),
    )  # fmt: skip


def needed_finding(frame: pd.DataFrame, text: Text, *, compared: bool) -> str:
    """What share of the gain, or of the change, is needed within the years that the text tells."""
    rows = (told_horizon(frame, party) for party in SUMS)
    row = next((row for row in rows if row is not None), None)
    if row is None:
        return ""
    share, limits = float(row["break_even_share"]), (row["conf_low"], row["conf_high"])
    slots = {
        "actor": sentence_case(actor_name(row["party"], text)),
        "years": years_label(row["horizon_years"], text),
    }
    uncertain = is_share_uncertain(share, *map(float, limits))
    if share > 1 and uncertain:
        return text.say("{actor}, {years}: it is not possible to say whether the cost comes back.",
                        **slots)  # fmt: skip
    if share > 1:
        return text.say("{actor}, {years}: the cost does not come back.", **slots)
    slots["share"] = text.percent(share)
    if compared:
        found = text.say("{actor}, {years}: {share} of the gain is needed", **slots)
    else:
        found = text.say("{actor}, {years}: {share} of the change must be due to the programme",
                         **slots)  # fmt: skip
    return reserved(found, text, uncertain=uncertain)


def back_finding(rows: pd.DataFrame, is_by: bool, text: Text) -> str:
    """From which month the cost of one party is back; in months counted `is_by` one of them.

    How sure that is, the lower limit at that month tells, or at the first one shown after it; how
    sure it is that the cost is not back, the upper limit at the last month.

    Parameters
    ----------
    rows : DataFrame
        Shown rows of the party, some of them with an interval.
    is_by : bool
        Whether months before the one when the cost is back are not shown.
    """
    banded = rows[rows["cumulative_low"].notna()].sort_values("month")
    month, last = float(rows["pay_off_months"].iloc[-1]), banded.iloc[-1]
    slots = {"actor": sentence_case(actor_name(rows["party"].iloc[-1], text))}
    if not math.isfinite(month):
        slots["month"] = text.number(last["month"])
        if last["cumulative"] >= 0:
            return ""
        if last["cumulative_high"] >= 0:
            return text.say("{actor}: it is not possible to say whether the cost is back by month "
                            "{month}.", **slots)  # fmt: skip
        return text.say("{actor}: the cost is not back by month {month}.", **slots)
    after = banded[banded["month"] >= month]
    if after.empty:
        return ""
    slots["month"] = text.number(month)
    if is_by:
        found = text.say("{actor}: the cost is back by month {month}", **slots)
    else:
        found = text.say("{actor}: the cost is back from month {month}", **slots)
    return reserved(found, text, uncertain=bool(after["cumulative_low"].iloc[0] < 0))
