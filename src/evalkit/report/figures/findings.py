"""What a figure shows, in one sentence of its numbers: its title.

A sentence is made only where every number that it needs is shown; it is empty otherwise, and the
title says then what the figure is about. Its numbers are in the figure's table too.
"""

import math

import pandas as pd

from evalkit.report.figures.frame import time_ticks
from evalkit.report.markup import escape
from evalkit.report.names import actor_name, arm_name, state_name
from evalkit.report.reading import arms_of
from evalkit.report.text import Text

MOST = 3  # shares in one title


def titled(finding: str, topic: str, caption: str) -> dict[str, str]:
    """The finding as title and the topic before the caption; the topic as title without one."""
    if not finding:
        return {"finding": topic, "caption": caption}
    return {"finding": escape(finding), "caption": f"{topic} {caption}"}


def incidence_finding(frame: pd.DataFrame, text: Text) -> str:
    """Share of each arm at the last tick at which all arms are shown."""
    wide = frame.pivot_table(index="time", columns="stratum", values="estimate").dropna()
    ticks = [at for at in time_ticks(frame["time"].max(), text) if at > 0 and at in wide.index]
    all_arms = len(wide.columns) == len(arms_of(frame))
    if text.is_events or text.unit == "days" or not ticks or not all_arms:
        return ""
    month = int(ticks[-1])
    return text.plural(
        "Had begun to support themselves within {n} month: {groups}.",
        "Had begun to support themselves within {n} months: {groups}.",
        month, groups=_by_arm(wide.loc[month], arms_of(frame), text.percent, text),
    )  # fmt: skip


def wave_finding(frame: pd.DataFrame, score: str, number, text: Text) -> str:
    """Mean of each arm at the last wave at which all arms are shown."""
    wide = frame.pivot_table(index="wave", columns="stratum", values="estimate").dropna()
    if wide.empty or len(wide.columns) < len(arms_of(frame)):
        return ""
    return text.say(
        "{score}, month {month}: {groups}.", score=score, month=text.number(wide.index[-1]),
        groups=_by_arm(wide.iloc[-1], arms_of(frame), number, text),
    )  # fmt: skip


def _by_arm(values: pd.Series, arms: list[str], number, text: Text) -> str:
    return text.list([
        text.say("{name} {number}", name=arm_name(arm, text), number=number(values[arm]))
        for arm in arms
    ])  # fmt: skip


def exits_finding(wide: pd.DataFrame, names: dict[str, str], arm: str, text: Text) -> str:
    """The largest exits of one arm that are shown at the last tick with any."""
    month, shares = _at_last_tick(wide, text)
    if shares.empty:
        return ""
    return text.plural(
        "Exits within {n} month, {group}: {shares}.", "Exits within {n} months, {group}: {shares}.",
        month, group=arm_name(arm, text), shares=_layers(shares, names, text),
    )  # fmt: skip


def states_finding(wide: pd.DataFrame, names: dict[str, str], arm: str, text: Text) -> str:
    """The most common states of one arm at the last tick.

    Hidden states together are what the shown ones leave of everybody: one larger than that is
    larger than any of them.
    """
    month, shares = _at_last_tick(wide, text)
    if shares.empty:
        return ""
    rest = 1 - wide.loc[month].sum() if wide.loc[month].isna().any() else 0.0
    known = shares[shares > rest]
    if known.empty:
        return ""
    return text.say(
        "Most common in month {month}, {group}: {shares}.", month=text.number(month),
        group=arm_name(arm, text), shares=_layers(known, names, text),
    )  # fmt: skip


def _at_last_tick(wide: pd.DataFrame, text: Text) -> tuple[int, pd.Series]:
    """The last tick, and the largest of its layers that are shown and above zero."""
    ticks = [at for at in time_ticks(wide.index.max(), text) if at > 0 and at in wide.index]
    if text.unit == "days" or not ticks:
        return 0, pd.Series(dtype=float)
    shares = wide.loc[ticks[-1]].sort_values(ascending=False, kind="stable")[:MOST]
    return int(ticks[-1]), shares[shares > 0]


def _layers(shares: pd.Series, names: dict[str, str], text: Text) -> str:
    return text.list([
        text.say("{name} {number}", name=names[layer], number=text.percent(share))
        for layer, share in shares.items()
    ])  # fmt: skip


def sources_finding(pairs: pd.DataFrame, text: Text) -> str:
    """The source of support whose share changed most; pairs of one arm."""
    if pairs.empty or pairs[["share_before", "share_after"]].isna().any(axis=None):
        return ""
    row = pairs.loc[(pairs["share_after"] - pairs["share_before"]).abs().idxmax()]
    return text.say(
        "Largest change: {source}, from {before} to {after}.",
        source=state_name(row["source"], text), before=text.percent(row["share_before"]),
        after=text.percent(row["share_after"]),
    )  # fmt: skip


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
