"""Questions about working together from 0 to 100: side by side, and wave by wave."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit.report import style
from evalkit.report.figures.findings import titled
from evalkit.report.figures.frame import (
    drawn_part,
    picture,
    shown,
    shown_range,
    summary_n,
)
from evalkit.report.figures.row_dots import COLOURS, MARKERS, Dot, Row, draw_rows, highest_first
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.names_collaboration import (
    group_name,
    instrument_name,
    question_name,
)
from evalkit.report.parts import Part
from evalkit.report.reading import released_frame
from evalkit.report.text import Text

HUNDRED = ((0, 100), (0, 20, 40, 60, 80, 100))
MOST_GROUPS = 4


@drawn_part
def collaboration_items(
    scores, text: Text, *, names: Mapping[str, str] | None = None, name: str = "collaboration"
) -> Part:
    """Every question from 0 to 100 with its interval, the highest first; non-response at the right.

    Parameters
    ----------
    scores : Released ResponseScores
        Of `collaboration_quality`; of several waves the last is drawn.
    names : mapping of str to str
        What the questions are called, by id, in the report's language.
    """
    frame = _last_wave(released_frame(scores, "ResponseScores"))
    groups = list(dict.fromkeys(frame["stratum"]))
    means = frame[(frame["quantity"] == "mean") & (frame["federation"] == "")]
    items = _by_height(means)
    rows = [
        [
            escape(sentence_case(question_name(row["item"], text, names))),
            escape(sentence_case(group_name(row["stratum"], text))),
            shown(row["estimate"], text.number),
            shown_range(row["conf_low"], row["conf_high"], text.range),
            shown(row["n"], text.number),
            shown(row["non_response"], text.percent),
        ]
        for row in sorted(means.to_dict("records"), key=lambda row: items.index(row["item"]))
    ]
    topic = sentence_case(instrument_name(str(scores.summary["instrument"]), text))
    known = means[(means["item"] != "index") & means["estimate"].notna()]
    caption = text.say("Dot: mean of those who answered; bar: 95 per cent interval; at the right: "
                       "share of those asked who did not answer the question. 100 is the best "
                       "answer.")  # fmt: skip
    known_groups = _shown_groups(means)
    hidden = [group_name(one, text) for one in groups if one not in known_groups]
    if hidden:
        caption += " " + text.say("Not shown, too few people: {names}.",
                                  names=escape(text.list(hidden)))  # fmt: skip
    return picture(
        name, draw_items(scores, text, names=names), [scores], text,
        **titled(
            _finding(means, topic, names, text),
            text.say("{topic}: every question from 0 to 100.", topic=escape(topic)), caption,
        ),
        alt=_items_alt(known, len(known_groups[:MOST_GROUPS]), names, text), n=summary_n(scores),
        header=[text.say("Question"), text.say("Group"), text.say("Mean"), text.say("Interval"),
                text.say("Answers"), text.say("No answer")],
        rows=rows, text_columns=2,
    )  # fmt: skip


def _finding(means: pd.DataFrame, topic: str, names, text: Text) -> str:
    """Say the highest and the lowest question of the only group there is."""
    items = means[means["item"] != "index"]
    if items["stratum"].nunique() != 1 or len(items) < 2 or items["estimate"].isna().any():
        return ""
    best, worst = items.loc[items["estimate"].idxmax()], items.loc[items["estimate"].idxmin()]
    high, low = (text.number(row["estimate"]) for row in (best, worst))
    if high == low:
        return ""
    return text.say(
        "{topic}: highest {best} ({high}), lowest {worst} ({low}).", topic=topic,
        best=question_name(best["item"], text, names), high=high,
        worst=question_name(worst["item"], text, names), low=low,
    )  # fmt: skip


def _items_alt(known: pd.DataFrame, n_group: int, names, text: Text) -> str:
    if not len(known):
        return text.say("No question is shown.")
    best, worst = known.loc[known["estimate"].idxmax()], known.loc[known["estimate"].idxmin()]
    return text.plural(
        "Rows of dots with intervals from 0 to 100, {n} group. Highest: {best} ({high}); lowest: "
        "{worst} ({low}).",
        "Rows of dots with intervals from 0 to 100, {n} groups. Highest: {best} ({high}); lowest: "
        "{worst} ({low}).",
        n_group, best=question_name(best["item"], text, names),
        high=text.number(best["estimate"]), worst=question_name(worst["item"], text, names),
        low=text.number(worst["estimate"]),
    )  # fmt: skip


def _last_wave(frame: pd.DataFrame) -> pd.DataFrame:
    waves = sorted(set(frame["wave"]))
    return frame[frame["wave"] == waves[-1]]


def _by_height(means: pd.DataFrame) -> list[str]:
    """Questions from the highest to the lowest mean; the index last."""
    order = highest_first(means, "item", "estimate")
    return [*(item for item in order if item != "index"), *["index"] * ("index" in order)]


def _shown_groups(means: pd.DataFrame) -> list[str]:
    """Groups of which any question is shown; all where none is."""
    known = means.dropna(subset=["estimate", "non_response"], how="all")
    return list(dict.fromkeys((known if len(known) else means)["stratum"]))


def draw_items(scores, text: Text, *, names: Mapping[str, str] | None = None) -> Figure:
    """Draw the questions of at most four groups."""
    frame = _last_wave(released_frame(scores, "ResponseScores"))
    means = frame[(frame["quantity"] == "mean") & (frame["federation"] == "")]
    groups = _shown_groups(means)[:MOST_GROUPS]
    cells = {(row["item"], row["stratum"]): row for row in means.to_dict("records")}
    rows = []
    for item in _by_height(means):
        own = [cells[item, group] for group in groups]
        rows.append(Row(
            sentence_case(question_name(item, text, names)),
            tuple(Dot(row["estimate"], row["conf_low"], row["conf_high"]) for row in own),
            tuple(shown(row["non_response"], text.percent) for row in own),
        ))  # fmt: skip
    titles = [sentence_case(group_name(group, text)) for group in groups]
    limits, ticks = HUNDRED
    return draw_rows(rows, titles, text, limits=limits, ticks=ticks, written=text.number,
                     x_title=text.say("Points, 100 is best"),
                     right_title=text.say("No answer"))  # fmt: skip


@drawn_part
def collaboration_trend(
    scores, text: Text, *, item: str = "index", names: Mapping[str, str] | None = None,
    name: str = "collaboration-trend",
) -> Part:  # fmt: skip
    """One question, or the index, by wave, a line for each group.

    Parameters
    ----------
    scores : Released ResponseScores
        Of `collaboration_quality` with `per_wave=True`.
    """
    frame = _of_item(scores, item)
    rows = [
        [
            escape(sentence_case(group_name(row["stratum"], text))), escape(row["wave"]),
            shown(row["estimate"], text.number),
            shown_range(row["conf_low"], row["conf_high"], text.range),
            shown(row["n"], text.number),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    topic = sentence_case(instrument_name(str(scores.summary["instrument"]), text))
    return picture(
        name, draw_trend(scores, text, item=item), [scores], text,
        finding=text.say("{topic}, wave by wave: {item}.", topic=escape(topic),
                         item=escape(question_name(item, text, names))),
        caption=text.say("Dots: means of those who answered; bars: 95 per cent intervals. Those "
                         "who answer differ from wave to wave."),
        alt=" ".join(_trend_alt(frame, group, text) for group in dict.fromkeys(frame["stratum"])),
        n=summary_n(scores), rows=rows, text_columns=2,
        header=[text.say("Group"), text.say("Wave"), text.say("Mean"), text.say("Interval"),
                text.say("Answers")],
    )  # fmt: skip


def _of_item(scores, item: str) -> pd.DataFrame:
    frame = released_frame(scores, "ResponseScores")
    chosen = (frame["item"] == item) & (frame["quantity"] == "mean") & (frame["federation"] == "")
    return frame[chosen].reset_index(drop=True)


def _trend_alt(frame: pd.DataFrame, group: str, text: Text) -> str:
    known = frame[(frame["stratum"] == group) & frame["estimate"].notna()]
    title = sentence_case(group_name(group, text))
    if not len(known):
        return text.say("{group}: not shown.", group=title)
    first, last = known.iloc[0], known.iloc[-1]
    return text.say(
        "{group}: {first} in wave {first_wave}, {last} in wave {last_wave}.", group=title,
        first=text.number(first["estimate"]), first_wave=first["wave"],
        last=text.number(last["estimate"]), last_wave=last["wave"],
    )  # fmt: skip


def draw_trend(scores, text: Text, *, item: str = "index") -> Figure:
    """Draw the waves; groups a little apart, named at their last dot."""
    frame = _of_item(scores, item)
    waves = list(dict.fromkeys(sorted(frame["wave"])))
    groups = list(dict.fromkeys(frame["stratum"]))[:MOST_GROUPS]
    with style.style():
        figure, (axes,) = style.panel(68, left=14, right=44, top=12, bottom=14)
        ends = {}
        for place, group in enumerate(groups):
            own = frame[frame["stratum"] == group].set_index("wave").reindex(waves)
            x = [at + 0.07 * (place - (len(groups) - 1) / 2) for at in range(len(waves))]
            _draw_line(axes, x, own, place)
            known = own["estimate"].dropna()
            if len(known):
                ends[place] = float(known.iloc[-1])
        axes.set_xticks(range(len(waves)), waves)
        axes.set_xlim(-0.4, len(waves) - 0.6)
        axes.set_ylim(0, 100)
        axes.set_yticks(HUNDRED[1], [text.number(tick) for tick in HUNDRED[1]])
        style.light_grid(axes, "y")
        style.axis_title(axes, text.say("Points, 100 is best"))
        axes.set_xlabel(text.say("Wave"))
        if not ends:
            axes.annotate(text.say("Not shown, to protect people."), (0.5, 0.5), ha="center",
                          xycoords="axes fraction", color=style.QUIET)  # fmt: skip
        for place, at in zip(ends, style.spread(list(ends.values()), 8, 0, 100), strict=True):
            axes.annotate(sentence_case(group_name(groups[place], text)), (1, at), (4, 0),
                          xycoords=("axes fraction", "data"), textcoords="offset points",
                          va="center", weight=600, color=COLOURS[place],
                          annotation_clip=False)  # fmt: skip
    return figure


def _draw_line(axes: Axes, x: list[float], own: pd.DataFrame, place: int) -> None:
    lines = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1, 2)))
    axes.plot(x, own["estimate"], color=COLOURS[place], linestyle=lines[place], linewidth=1.2)
    axes.plot(x, own["estimate"], MARKERS[place], color=COLOURS[place], markersize=6, gid="dot")
    axes.vlines(x, own["conf_low"], own["conf_high"], color=COLOURS[place], linewidth=1.2)
