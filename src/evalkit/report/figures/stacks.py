"""Stacks of shares over time, one panel an arm: exits of every kind, and states of the month.

Where every month is published the layers are areas. Where the disclosure rule leaves few times,
the published ticks and the last time are columns, so that nothing is drawn between them; the table
has every time.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from evalkit.report.figures.findings import exits_finding, states_finding, titled
from evalkit.report.figures.frame import (
    MISSING,
    drawn_part,
    is_sparse,
    picture,
    summary_n,
    time_ticks,
    time_title,
    too_few_part,
    within_axis,
)
from evalkit.report.figures.stack_panels import (
    NOTHING_SHOWN,
    STATE_ORDER,
    draw_stack,
    is_hidden_somewhere,
    shown_layers,
    visible_layers,
)
from evalkit.report.markup import escape
from evalkit.report.names import arm_name, exit_name, sentence_case, state_name
from evalkit.report.parts import Part
from evalkit.report.reading import (
    few_persons,
    is_too_few,
    released_frame,
    require_outcome,
)
from evalkit.report.text import Text

# Whose benefits are several; as `MONTH_STATES` of the cohort, from the highest.
ONCE = ("health_related", "labour_market", "last_resort")
EXIT_ORDER = ("disability_pension", "old_age_pension", "emigrated", "died", "moved")


@drawn_part
def exits(curve, text: Text, *, name: str = "exits") -> Part:
    """Share who had ended by each kind of exit, stacked, one panel an arm.

    Parameters
    ----------
    curve : Released IncidenceCurve
        By arm, with all causes.

    Raises
    ------
    ParameterError
        If the curve has rows, but none of the study's outcome.
    """
    frame = released_frame(curve, "IncidenceCurve").rename(columns={"cause": "layer"})
    require_outcome(curve, text)
    if is_too_few(curve, text):
        return too_few_part(text)
    order = in_order(frame["layer"], (text.labels.study.outcome.cause, *EXIT_ORDER))
    names = {layer: exit_name(layer, text) for layer in order}
    return _part(
        name, curve, within_axis(frame, text), order, names, text,
        finding=exits_finding(frame, names, text),
        topic=text.say("All exits: {outcome}, and what came instead.",
                         outcome=escape(text.outcome)),
        caption=text.say("Each layer is the share who had left by that exit; the rest were still "
                         "followed."),
        alt=text.say("Stacked layers of all exits by time."),
    )  # fmt: skip


@drawn_part
def occupation(curve, text: Text, *, exits=None, name: str = "occupation") -> Part:
    """Share in each state in each month, relapse included, stacked, one panel an arm.

    Parameters
    ----------
    curve : Released OccupationCurve
    exits : Released IncidenceCurve or None
        By arm; with it a municipality with too few people shows no shares.
    """
    frame = released_frame(curve, "OccupationCurve").rename(columns={"state": "layer"})
    if few_persons(curve, text, exits):
        return too_few_part(text)
    order = in_order(frame["layer"], STATE_ORDER)
    names = {layer: state_name(layer, text) for layer in order}
    return _part(
        name, curve, within_axis(frame, text), order, names, text,
        finding=states_finding(frame, text),
        topic=text.say("What people lived on, month by month."),
        caption=text.say("Each layer is the share in that state in the month itself; somebody who "
                         "falls back on support moves back. Somebody with several benefits "
                         "counts once, in the first of these: {order}.",
                         order=text.list([state_name(one, text) for one in ONCE])),
        alt=text.say("Stacked layers of the states by month."), whole=True,
    )  # fmt: skip


def in_order(found: pd.Series, order: tuple[str, ...]) -> list[str]:
    """The layers that occur: those of `order` first, then the others."""
    known = list(dict.fromkeys(found))
    first = [layer for layer in dict.fromkeys(order) if layer in known]
    return first + [layer for layer in known if layer not in first]


def _part(
    name, released, frame, order, names, text: Text, *, finding, topic, caption, alt, whole=False
) -> Part:  # fmt: skip
    wides = shown_layers(frame, order)
    shown = visible_layers(wides, order)
    rows = [
        _data_row(shares, arm, time, text)
        for arm, wide in wides.items()
        for time, shares in _told(wide if is_sparse(frame) else _at_ticks(wide, text), shown)
    ]
    spoken = [alt, *(_spoken_end(wide, shown, names, arm, text) for arm, wide in wides.items())]
    if not wides:
        spoken.append(text.say("Not shown, to protect people."))
    hidden = [
        names[layer]
        for layer in order
        if layer not in shown and any(wide[layer].isna().any() for wide in wides.values())
    ]
    if hidden:
        caption += " " + text.say("Not shown, too few people: {names}.", names=text.list(hidden))
    drawn = draw_stack(frame, order, names, text, whole=whole)
    marks = {artist.get_gid() for axes in drawn.axes for artist in (*axes.texts, *axes.patches)}
    if "hidden" in marks:
        caption += " " + text.say("Hatched: states that are not shown, to protect people.")
    elif any(is_hidden_somewhere(wide[shown]) for wide in wides.values()):
        caption += " " + text.say("A layer is missing at times when there were too few people.")
    if NOTHING_SHOWN in marks:
        caption += " " + text.say("{mark}: not shown, to protect people.", mark=MISSING)
    header = [time_title(text), text.say("Group"), *(sentence_case(names[x]) for x in shown)]
    return picture(
        name, drawn, [released], text, **titled(finding, topic, escape(caption)),
        alt=" ".join(spoken), n=summary_n(released), rows=rows,
        header=[escape(cell) for cell in header], text_columns=2, is_description=True,
    )  # fmt: skip


def _at_ticks(wide: pd.DataFrame, text: Text) -> pd.DataFrame:
    """Rows of the last time up to each tick."""
    ticks = time_ticks(wide.index[-1], text)
    last = np.searchsorted(wide.index, ticks, side="right") - 1
    return wide.iloc[last[last >= 0]]


def _told(wide: pd.DataFrame, shown: list[str]) -> Iterator[tuple[float, np.ndarray]]:
    """Times, and the shares of the shown layers at each."""
    return zip(wide.index, wide[shown].to_numpy(), strict=True)


def _data_row(shares: np.ndarray, arm: str, time: float, text: Text) -> list[str]:
    cells = [MISSING if np.isnan(value) else text.percent(value, 1) for value in shares]
    return [text.number(time), escape(sentence_case(arm_name(arm, text))), *cells]


def _spoken_end(wide: pd.DataFrame, order: list[str], names: dict, arm: str, text: Text) -> str:
    parts = text.list([
        f"{names[layer]} {text.percent(share)}"
        for layer, share in zip(order, wide[order].iloc[-1], strict=True)
        if share > 0
    ])  # fmt: skip
    slots = {"group": sentence_case(arm_name(arm, text)), "shares": parts}
    time = int(wide.index[-1])
    if text.unit == "days":
        return text.plural("{group} after {n} day: {shares}.", "{group} after {n} days: {shares}.",
                           time, **slots)  # fmt: skip
    return text.plural("{group} after {n} month: {shares}.", "{group} after {n} months: {shares}.",
                       time, **slots)  # fmt: skip
