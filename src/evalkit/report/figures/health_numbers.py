"""Numbers about health with their intervals: change, superiority, spread, two value sets."""

import math
from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from evalkit.report.figures.findings import titled, valued_finding
from evalkit.report.figures.frame import (
    drawn_part,
    not_shown_part,
    picture,
    summary_n,
    too_few_part,
)
from evalkit.report.figures.health_parts import (
    DotAxis,
    draw_dots,
    group_title,
    last_wave,
    wave_title,
)
from evalkit.report.markup import escape
from evalkit.report.names import arm_name, sentence_case
from evalkit.report.names_health import QUANTITIES, item_name
from evalkit.report.parts import Part
from evalkit.report.reading import arms_of, few_persons, released_frame
from evalkit.report.tables_health import measure_cells, measure_header
from evalkit.report.text import Text

NIL = 1e-9
VALUE = 4  # the cell of `measure_cells` with the number


@drawn_part
def health_change(change, text: Text, *, name: str = "health-change") -> Part:
    """Mean change of the index within people by wave; the range too small to matter is shaded.

    Parameters
    ----------
    change : Released HealthMeasures
        Of `health_change`.
    """
    frame = released_frame(change, "HealthMeasures")
    return _picture(
        name, draw_health_change(change, text), change, frame, text,
        finding=text.say("Change of the health index within people."),
        caption=text.say("Dots: mean change of those who answered both times; bars: 95 per cent "
                         "intervals; shaded: too small to matter. People start when their health "
                         "is low: some would be better later without help too."),
        alt=text.say("Dots with intervals by month and group."), drawn_number="mean_change",
    )  # fmt: skip


def draw_health_change(change, text: Text) -> Figure:
    """Draw one row a wave, one dot a group."""
    frame = released_frame(change, "HealthMeasures")
    frame = frame[frame["quantity"] == "mean_change"]
    frame = frame.rename(columns={"wave": "row", "stratum": "series"})
    important = change.summary["important"]
    decimals = 1 if text.is_score else 2
    axis = DotAxis(
        text.say("Points, after less before"),
        lambda value: text.number(value, decimals, signed=True),
        reference=0.0, shaded=float(important),
    )  # fmt: skip
    return draw_dots(frame, _waves(frame, text), _groups(frame, text), axis, text)


@drawn_part
def superiority(measures, text: Text, *, wave: int | None = None, name="superiority") -> Part:
    """Probability of superiority by dimension: above one half more people got better.

    Parameters
    ----------
    measures : Released HealthMeasures
        Of `probability_of_superiority`.
    wave : int, optional
        By default the last wave with any number.
    """
    frame = _of_wave(measures, wave)
    return _picture(
        name, draw_superiority(measures, text, wave=wave), measures, frame, text,
        finding=text.say("Did more people get better or worse in each dimension?"),
        caption=text.say("Above 0.5 more people are better than worse, {time}; bars: 95 per cent "
                         "intervals. Equal answers count half.", time=_time(frame, text)),
        alt=text.say("Dots with intervals by dimension; a line marks one half."),
    )  # fmt: skip


def draw_superiority(measures, text: Text, *, wave: int | None = None) -> Figure:
    """Draw one row a dimension, one dot a group."""
    frame = _of_wave(measures, wave).rename(columns={"item": "row", "stratum": "series"})
    axis = DotAxis(text.say("Probability of superiority"), lambda value: text.number(value, 2),
                   reference=0.5)  # fmt: skip
    return draw_dots(frame, _items(frame, text), _groups(frame, text), axis, text)


@drawn_part
def evenness(measures, text: Text, *, wave: int | None = None, name: str = "evenness") -> Part:
    """Shannon's evenness by dimension: how evenly answers spread over the levels.

    Parameters
    ----------
    measures : Released HealthMeasures
        Of `shannon_indices`.
    wave : int, optional
        By default the last wave with any number.
    """
    frame = _of_wave(measures, wave)
    return _picture(
        name, draw_evenness(measures, text, wave=wave), measures, frame, text,
        finding=text.say("How evenly answers spread over the levels."),
        caption=text.say("0: all give one answer; 1: all answers are equally frequent, {time}. "
                         "Bars: 95 per cent intervals. This says nothing of how good health is.",
                         time=_time(frame, text)),
        alt=text.say("Dots with intervals by dimension."), drawn_number="shannon_evenness",
    )  # fmt: skip


def draw_evenness(measures, text: Text, *, wave: int | None = None) -> Figure:
    """Draw one row a dimension and the whole profile, one dot a group."""
    frame = _of_wave(measures, wave)
    frame = frame[frame["quantity"] == "shannon_evenness"]
    frame = frame.rename(columns={"item": "row", "stratum": "series"})
    axis = DotAxis(text.say("Shannon's evenness"), lambda value: text.number(value, 1),
                   limits=(0.0, 1.0))  # fmt: skip
    return draw_dots(frame, _items(frame, text), _groups(frame, text), axis, text)


@drawn_part
def two_value_sets(comparison, text: Text, *, exits=None, name: str = "value-sets") -> Part:
    """Mean change under two or more value sets side by side, in important steps of each set.

    Parameters
    ----------
    comparison : Released HealthMeasures
        Of `value_set_comparison`.
    exits : Released IncidenceCurve or None
        By arm; with it a municipality with too few people shows no numbers.
    """
    frame = released_frame(comparison, "HealthMeasures")
    if exits is not None and few_persons(comparison, text, exits):
        return too_few_part(text)
    caption = text.say(
        "Mean change, counted in smallest changes that matter by each value set; bars: 95 per cent "
        "intervals; shaded: too small to matter. Index points of two sets cannot be compared. The "
        "study chose {value_set}.", value_set=escape(str(comparison.summary["value_set"])),
    )  # fmt: skip
    changes = frame[frame["quantity"] == "change_in_important"]
    rows, known = _rows_by_group(changes, text)
    if not known:
        return not_shown_part(comparison, text)
    if left_out := [row for row in rows if row not in known]:
        caption += " " + text.say("Not shown, to protect people: {names}.",
                                  names=text.list(_by_arm(left_out, text)))  # fmt: skip
    finding = valued_finding(changes, lambda value: _signed(value, text), text)
    return _picture(
        name, draw_two_value_sets(comparison, text), comparison, frame, text,
        **titled(finding, text.say("The same answers, valued in two ways."), caption),
        alt=text.say("Dots with intervals by month, one for each value set."),
        drawn_number="change_in_important",
    )  # fmt: skip


def draw_two_value_sets(comparison, text: Text) -> Figure:
    """Draw one row a group and wave, one dot a value set."""
    frame = released_frame(comparison, "HealthMeasures")
    frame = frame[frame["quantity"] == "change_in_important"].rename(columns={"item": "series"})
    rows, known = _rows_by_group(frame, text)
    frame = frame.assign(row=list(zip(frame["stratum"], frame["wave"], strict=True)))
    frame, rows = frame[frame["row"].isin(known)], {row: rows[row] for row in rows if row in known}
    series = {name: name for name in dict.fromkeys(frame["series"])}
    axis = DotAxis(
        text.say("Change from the start, in smallest changes that matter"),
        lambda value: _signed(value, text), reference=0.0, shaded=1.0,
    )  # fmt: skip
    return draw_dots(frame, rows, series, axis, text)


def _rows_by_group(frame: pd.DataFrame, text: Text) -> tuple[dict[tuple, str], set[tuple]]:
    """Names of rows by arm and wave, and which of them are not hidden."""
    rows = {
        (arm, wave): _group_at(arm, wave, text)
        for arm in arms_of(frame)
        for wave in sorted(frame["wave"].unique())
    }
    shown = frame[~frame["suppressed"]]
    return rows, set(zip(shown["stratum"], shown["wave"], strict=True))


def _by_arm(rows: list[tuple[str, int]], text: Text) -> list[str]:
    """Name each arm once, with its waves."""
    waves = {arm: [wave for other, wave in rows if other == arm] for arm, _ in rows}
    return [
        text.plural("{group} (month {months})", "{group} (months {months})", len(own),
                    group=arm_name(arm, text), months=text.list(list(map(text.number, own))))
        for arm, own in waves.items()
    ]  # fmt: skip


def _signed(value: float, text: Text) -> str:
    return text.number(value, int(abs(value) > NIL), signed=True)


def _group_at(arm: str, wave: int, text: Text) -> str:
    if not arm:
        return wave_title(wave, text)
    return text.say("{group}, month {time}", group=group_title(arm, text), time=text.number(wave))


def _waves(frame: pd.DataFrame, text: Text) -> dict:
    return {wave: wave_title(wave, text) for wave in sorted(frame["row"].unique())}


def _items(frame: pd.DataFrame, text: Text) -> dict:
    return {item: sentence_case(item_name(item, text)) for item in dict.fromkeys(frame["row"])}


def _groups(frame: pd.DataFrame, text: Text) -> dict:
    return {arm: group_title(arm, text) for arm in arms_of(frame, "series")}


def _of_wave(measures, wave: int | None) -> pd.DataFrame:
    frame = released_frame(measures, "HealthMeasures")
    return frame[frame["wave"] == last_wave(frame, "estimate", wave)].reset_index(drop=True)


def _time(frame: pd.DataFrame, text: Text) -> str:
    title = wave_title(int(frame["wave"].iloc[0]), text)
    return title[:1].lower() + title[1:]


def _picture(
    name, drawn, released, frame, text: Text, *, finding, caption, alt, drawn_number=""
) -> Part:
    header = measure_header(text)
    rows = [measure_cells(row, text) for row in frame.to_dict("records")]
    known = frame[frame["estimate"].map(math.isfinite)]
    known = known[known["quantity"] == drawn_number] if drawn_number else known
    spoken = [_spoken(row, text) for row in known.head(6).to_dict("records")]
    return picture(
        name, drawn, [released], text, finding=finding, caption=caption,
        alt=" ".join([alt, *spoken]), n=summary_n(released), header=header, rows=rows,
        text_columns=4, keys=4, is_description=True,
    )  # fmt: skip


def _spoken(row: Mapping[str, object], text: Text) -> str:
    quantity = row["quantity"]
    return text.say(
        "{group}, {item}, month {time}: {quantity} {number}.",
        group=group_title(row["stratum"], text), item=item_name(row["item"], text),
        time=text.number(row["wave"]), quantity=text.say(QUANTITIES[quantity]),
        number=measure_cells(row, text)[VALUE],
    )  # fmt: skip
