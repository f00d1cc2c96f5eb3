"""What a figure shows, in one sentence of its numbers: its title.

A sentence is made only where every number that it needs is shown; it is empty otherwise, and the
title says then what the figure is about. Its numbers are in the figure's table too.
"""

import pandas as pd

from evalkit.report.figures.frame import time_ticks
from evalkit.report.markup import escape
from evalkit.report.names import state_name
from evalkit.report.reading import arms_of, by_key
from evalkit.report.text import Text

MOST = 3  # shares in one title
TWO = ["programme", "comparison"]


def titled(
    finding: str, topic: str, caption: str, *, is_repeated: bool = False
) -> dict[str, str]:  # fmt: skip
    """The finding as title and the topic before the caption; the topic as title without one.

    A topic that says no more than the finding, or the caption, `is_repeated` and left out.
    """
    if not finding:
        return {"finding": topic, "caption": caption}
    return {"finding": escape(finding), "caption": caption if is_repeated else f"{topic} {caption}"}


def reserved(found: str, text: Text, *, uncertain: bool) -> str:
    """A finding without its full stop, as a sentence that says how sure it is."""
    if uncertain:
        return text.say("{finding}, but this is uncertain.", finding=found)
    return f"{found}."


def incidence_finding(frame: pd.DataFrame, text: Text) -> str:
    """Share of each arm at the last tick up to the study's horizon at which all arms are shown."""
    month, shares = _of_arms(frame.rename(columns={"time": "at"}), text)
    if text.is_events or not month:
        return ""
    if len(shares) == 1:
        return text.plural("Within {n} month, {first} had begun to support themselves.",
                           "Within {n} months, {first} had begun to support themselves.",
                           month, first=text.percent(shares[0]))  # fmt: skip
    return text.plural(
        "Within {n} month, {first} of the programme group had begun to support themselves, and "
        "{second} of the comparison group.",
        "Within {n} months, {first} of the programme group had begun to support themselves, and "
        "{second} of the comparison group.",
        month, first=text.percent(shares[0]), second=text.percent(shares[1]),
    )  # fmt: skip


def states_finding(frame: pd.DataFrame, text: Text) -> str:
    """Share of each arm that supports itself at that time."""
    rows = frame[frame["layer"].isin(["self_support", "self_supporting"])]
    month, shares = _of_arms(rows.rename(columns={"time": "at"}), text)
    if text.is_events or not month:
        return ""
    slots = {"month": text.number(month), "first": text.percent(shares[0])}
    if len(shares) == 1:
        return text.say("In month {month}, {first} supported themselves.", **slots)
    return text.say(
        "In month {month}, {first} of the programme group supported themselves, and {second} of "
        "the comparison group.", second=text.percent(shares[1]), **slots,
    )  # fmt: skip


def wave_finding(frame: pd.DataFrame, score: str, number, text: Text) -> str:
    """Mean of each arm at that wave."""
    month, means = _of_arms(frame.rename(columns={"wave": "at"}), text)
    if not month:
        return ""
    slots = {"score": score, "month": text.number(month), "first": number(means[0])}
    if len(means) == 1:
        return text.say("{score} in month {month}: {first}.", **slots)
    return text.say(
        "{score} in month {month}: {first} in the programme group and {second} in the comparison "
        "group.", second=number(means[1]), **slots,
    )  # fmt: skip


def profile_finding(frame: pd.DataFrame, text: Text) -> str:
    """Shares of each arm better in some dimension and worse in none, and the reverse, at a wave.

    Whoever is better in one and worse in another is in neither.
    """
    whole = frame[frame["item"] == "profile"]
    arms = arms_of(whole)
    table = whole.pivot(index="stratum", columns="level", values="share")
    ends = table.reindex(index=arms, columns=["improved", "worsened"])
    if ends.empty or ends.isna().any(axis=None) or (len(arms) != 1 and arms != TWO):
        return ""
    better, worse, *others = (text.percent(share) for share in ends.to_numpy().ravel())
    slots = {"month": text.number(whole["wave"].iloc[0]), "better": better, "worse": worse}
    if not others:
        return text.say("By month {month}, {better} were better in some dimension and worse in "
                        "none, {worse} the reverse.", **slots)  # fmt: skip
    return text.say(
        "By month {month}, {better} of the programme group were better in some dimension and worse "
        "in none, {worse} the reverse; of the comparison group {other_better} and {other_worse}.",
        other_better=others[0], other_worse=others[1], **slots,
    )  # fmt: skip


def _of_arms(rows: pd.DataFrame, text: Text) -> tuple[int, list[float]]:
    """Numbers of the two arms, or of the only group, at the last common time up to the horizon."""
    arms = arms_of(rows)
    if len(arms) != 1 and arms != TWO:
        return 0, []
    known = by_key(rows.dropna(subset=["estimate"]), "stratum", "at", value="estimate")
    horizon = text.labels.study.horizon_months
    ticks = [
        at for at in time_ticks(horizon, text)
        if 0 < at <= horizon and all((arm, at) in known for arm in arms)
    ]  # fmt: skip
    return (int(ticks[-1]), [float(known[arm, ticks[-1]]) for arm in arms]) if ticks else (0, [])


def exits_finding(frame: pd.DataFrame, names: dict[str, str], text: Text) -> str:
    """The largest exits of the first arm at the last tick, up to the study's horizon if possible.

    The first layer is shown at it: nothing can be stacked on a layer that is hidden.
    """
    arms, first = arms_of(frame), next(iter(names))
    wide = frame[frame["stratum"] == arms[0]].pivot(
        index="time", columns="layer", values="estimate"
    )
    wide = wide[wide[first].notna()]
    ticks = [at for at in time_ticks(frame["time"].max(), text) if at > 0 and at in wide.index]
    horizon = text.labels.study.horizon_months  # the other titles are of it
    ticks = [at for at in ticks if at <= horizon] or ticks
    if text.unit == "days" or not ticks or (len(arms) > 1 and arms != TWO):
        return ""
    largest = wide.loc[ticks[-1]].sort_values(ascending=False, kind="stable")[:MOST]
    shares = text.list([
        text.say("{name} {number}", name=names[layer], number=text.percent(share))
        for layer, share in largest[largest > 0].items()
    ])  # fmt: skip
    if arms == TWO:
        return text.plural("Exits within {n} month in the programme group: {shares}.",
                           "Exits within {n} months in the programme group: {shares}.",
                           int(ticks[-1]), shares=shares)  # fmt: skip
    return text.plural("Exits within {n} month: {shares}.", "Exits within {n} months: {shares}.",
                       int(ticks[-1]), shares=shares)  # fmt: skip


def sources_finding(pairs: pd.DataFrame, text: Text) -> str:
    """The source of support whose share changed most in the first arm, if any did."""
    arms = arms_of(pairs)
    rows = pairs[pairs["stratum"] == arms[0]] if arms else pairs
    if rows.empty or rows[["share_before", "share_after"]].isna().any(axis=None):
        return ""
    row = rows.loc[(rows["share_after"] - rows["share_before"]).abs().idxmax()]
    before, after = text.percent(row["share_before"]), text.percent(row["share_after"])
    if before == after or (len(arms) > 1 and arms != TWO):
        return ""
    slots = {"source": state_name(row["source"], text), "before": before, "after": after}
    if arms == TWO:
        return text.say("Largest change in the programme group: {source}, from {before} to "
                        "{after}.", **slots)  # fmt: skip
    return text.say("Largest change: {source}, from {before} to {after}.", **slots)


def valued_finding(frame: pd.DataFrame, number, text: Text) -> str:
    """Change of the first arm by each value set, at the last wave where all are shown."""
    arms = arms_of(frame)
    if len(arms) != 1 and arms != TWO:
        return ""
    rows = frame[frame["stratum"] == arms[0]]
    wide = rows.pivot(index="wave", columns="item", values="estimate").dropna().sort_index()
    if wide.empty:
        return ""
    last = wide.iloc[-1][list(dict.fromkeys(rows["item"]))]
    slots = {
        "month": text.number(wide.index[-1]),
        "changes": text.list([
            text.say("{name} {number}", name=name, number=number(change))
            for name, change in last.items()
        ]),
    }  # fmt: skip
    if arms == TWO:
        return text.say("Change by month {month} in the programme group, where 1 is the smallest "
                        "change that matters: {changes}.", **slots)  # fmt: skip
    return text.say("Change by month {month}, where 1 is the smallest change that matters: "
                    "{changes}.", **slots)  # fmt: skip
