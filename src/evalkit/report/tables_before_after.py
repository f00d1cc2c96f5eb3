"""Tables about need, support in areas, and before and after."""

import math
from collections.abc import Mapping

from evalkit.report.benefit_offset import TOTAL, offset_range, offset_words
from evalkit.report.figures.alluvial import states_of
from evalkit.report.figures.areas import area_rows
from evalkit.report.figures.frame import MISSING, drawn_part, shown, shown_range
from evalkit.report.figures.leavers import leaver_rows
from evalkit.report.markup import escape
from evalkit.report.names import arm_name, code_name, sentence_case
from evalkit.report.names_before_after import (
    area_quantity_name,
    extent_name,
    margin_name,
    measure_name,
    status_name,
    step_name,
)
from evalkit.report.parts import Part
from evalkit.report.reading import arms_of, released_frame
from evalkit.report.tables_frame import table_part
from evalkit.report.text import Text

ALL = "all"


@drawn_part
def leavers(change, text: Text, *, name: str = "leavers") -> Part:
    """Leavers only: before and after in persons and per cent, change in three units, bounds.

    Parameters
    ----------
    change : Released StatusChange
        The first stratum.
    """
    frame = leaver_rows(change, text)
    signed = lambda value: text.number(value, 0, signed=True)  # noqa: E731
    rows = [
        [
            escape(sentence_case(status_name(row["category"], text))),
            _count_and_share(row["n_before"], row["share_before"], text),
            _count_and_share(row["n_after"], row["share_after"], text),
            shown(row["change_n"], signed),
            _change_and_interval(row, text),
            shown(row["change_percent"], signed),
            shown_range(row["bound_low"], row["bound_high"], text.percent_range),
        ]
        for row in frame.to_dict("records")
    ]
    header = [
        text.say("Status"), text.say("Before"), text.say("After"), text.say("Change, people"),
        text.say("Change, percentage points (interval)"),
        text.say("Change, per cent of before"), text.say("After, range for all who started"),
    ]  # fmt: skip
    if all(row[-1] == MISSING for row in rows):  # nobody is still in, or the range is withheld
        header, rows = header[:-1], [row[:-1] for row in rows]
    caption = text.say("Leavers only: status before and after, without those still in.")
    return table_part(name, header, rows, caption, [change], text)


@drawn_part
def leavers_by_group(change, text: Text, *, category: str = "work_or_study",
                     name: str = "leavers-by-group") -> Part:  # fmt: skip
    """Leavers only, one category: before and after by sex, age, education, federation or package.

    Parameters
    ----------
    change : Released StatusChange
        Estimated with `by`.
    category : str
    """
    frame = released_frame(change, "StatusChange")
    frame = frame[frame["category"] == category]
    rows = [
        [
            escape(_stratum(row["stratum"], text)),
            shown(row["n_leaver"], text.number),
            shown(row["share_before"], text.percent),
            shown(row["share_after"], text.percent),
            shown(row["change"], lambda value: text.number(value, 0, signed=True)),
            shown_range(row["conf_low"], row["conf_high"],
                        lambda low, high: text.range(low, high, signed=True)),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    header = [
        text.say("Group"), text.say("People who left"), text.say("Before"), text.say("After"),
        text.say("Change, percentage points"), text.say("Interval"),
    ]  # fmt: skip
    caption = text.say("Leavers only, by group: {status}.", status=status_name(category, text))
    return table_part(name, header, rows, caption, [change], text)


@drawn_part
def transitions(table, text: Text, *, share: bool = False, name: str = "transitions") -> Part:
    """Who went from which state to which; with `share`, of those in each state before.

    Parameters
    ----------
    table : Released Transitions
        The first stratum; of `transitions`, or of `support_after`, whose rows do not add up.
    share : bool
        Per cent of those in the state before, in place of numbers.
    """
    frame = released_frame(table, "Transitions")
    frame = frame[frame["stratum"] == arms_of(frame)[0]]
    first = [*states_of(frame), ALL]
    second = [*(name for name in dict.fromkeys(frame["after"]) if name != ALL), ALL]
    cells = frame.set_index(["before", "after"])["share_of_before" if share else "n"].astype(float)
    written = text.percent if share else text.number
    rows = [
        [
            escape(sentence_case(status_name(before, text))),
            *(shown(float(cells.get((before, after), math.nan)), written) for after in second),
        ]
        for before in first
    ]
    header = [text.say("Before"),
              *(sentence_case(status_name(after, text)) for after in second)]  # fmt: skip
    exclusive = bool(table.summary["exclusive"])
    if exclusive and share:
        caption = text.say("From each state before, per cent who were in each state after.")
    elif exclusive:
        caption = text.say("From each state before to each state after, people.")
    elif share:
        caption = text.say("Of those with a source of support before, per cent with each source "
                           "after; somebody can have several.")  # fmt: skip
    else:
        caption = text.say("Of those with a source of support before, people with each source "
                           "after; somebody can have several.")  # fmt: skip
    return table_part(name, header, rows, caption, [table], text)


@drawn_part
def extents(shares, text: Text, *, name: str = "extents") -> Part:
    """Who works or studies afterwards, and how many of them began or do more.

    Parameters
    ----------
    shares : Released StatusShares
    """
    frame = released_frame(shares, "StatusShares")
    grouped = set(frame["stratum"]) != {""}
    rows = [
        [
            *([escape(_stratum(row["stratum"], text))] if grouped else []),
            escape(sentence_case(extent_name(row["quantity"], text))),
            shown(row["n"], text.number),
            shown(row["n_of"], text.number),
            shown(row["share"], text.percent),
            shown_range(row["conf_low"], row["conf_high"], text.percent_range),
        ]
        for row in frame.to_dict("records")
    ]
    header = [
        *([text.say("Group")] if grouped else []), text.say("Status"), text.say("People"),
        text.say("Of"), text.say("Share"), text.say("Interval"),
    ]  # fmt: skip
    caption = text.say("Leavers only: who began to work or study, or does more of it.")
    return table_part(name, header, rows, caption, [shares], text, text_columns=1 + grouped)


@drawn_part
def margins(bounds, text: Text, *, name: str = "margins") -> Part:
    """What two published shares leave open about who came into a state and who left it.

    Parameters
    ----------
    bounds : Released MarginBounds
    """
    frame = released_frame(bounds, "MarginBounds")
    rows = [
        [
            escape(sentence_case(margin_name(row["quantity"], text))),
            text.say("percentage points") if row["unit"] == "percentage points"
            else text.say("people"),
            shown_range(row["low"], row["high"], lambda low, high: _range(low, high, text)),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    header = [text.say("Quantity"), text.say("Unit"), text.say("Range")]
    caption = text.say(
        "Of {n} people, {before} before and {after} after: what these shares leave open.",
        n=_or_missing(bounds.summary["n"], text.number),
        before=_or_missing(bounds.summary["share_before"], text.percent),
        after=_or_missing(bounds.summary["share_after"], text.percent),
    )
    return table_part(name, header, rows, caption, [bounds], text, text_columns=2)


@drawn_part
def benefit_changes(change, text: Text, *, name: str = "benefit-changes") -> Part:
    """Change of every benefit between two windows of months, with how far rises offset falls.

    Parameters
    ----------
    change : Released BenefitChange
    """
    frame = released_frame(change, "BenefitChange")
    days = bool((frame["quantity"] == "days").any())
    decimals = 0 if days else 1
    number = lambda value: text.number(value, decimals)  # noqa: E731
    signed = lambda value: text.number(value, decimals, signed=True)  # noqa: E731
    ranges = {label: offset_range(part) for label, part in frame.groupby("stratum")}
    grouped = set(ranges) != {""}
    rows = [
        [
            escape(sentence_case(status_name(row["benefit"], text))),
            *([escape(_stratum(row["stratum"], text))] if grouped else []),
            shown(row["before"], number),
            shown(row["after"], number),
            shown(row["change"], signed),
            shown_range(row["conf_low"], row["conf_high"],
                        lambda low, high: text.range(low, high, decimals, signed=True)),
            *([] if days else [_offset(row, ranges[row["stratum"]], text)]),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    header = [
        text.say("Benefit"), *([text.say("Group")] if grouped else []), text.say("Before"),
        text.say("After"), text.say("Change"), text.say("Interval"),
        *([] if days else [text.say("Share of the falls that rises offset")]),
    ]  # fmt: skip
    slots = {"before": _months(change.summary["window_before"], text),
             "after": _months(change.summary["window_after"], text)}  # fmt: skip
    if days:
        caption = text.say("Days with the benefit per person in months {before} and in months "
                           "{after} from start.", **slots)  # fmt: skip
    else:
        caption = text.say("Full-year equivalents per 100 people in months {before} and in months "
                           "{after} from start.", **slots)  # fmt: skip
    return table_part(name, header, rows, caption, [change], text, text_columns=1 + grouped)


def _offset(row, found: tuple[float, float] | None, text: Text) -> str:
    """Share of all falls that rises offset; in the row of all benefits, since it is of them all.

    A range that hidden benefits leave open stands there whole; none where the falls are too small.
    """
    if row["benefit"] != TOTAL:
        return ""
    return offset_words(found, text) if found and math.isfinite(row["alert"]) else MISSING


@drawn_part
def need_steps(need, text: Text, *, name: str = "need-steps") -> Part:
    """From population, or the people in the records, to the target group and unmet need.

    Parameters
    ----------
    need : Released NeedSteps
    """
    frame = released_frame(need, "NeedSteps")
    grouped = frame["stratum"].nunique() > 1
    rows = [
        [
            *([escape(_stratum(row["stratum"], text))] if grouped else []),
            escape(sentence_case(step_name(row["step"], text))),
            shown_range(row["n_low"], row["n_high"], lambda low, high: _range(low, high, text)),
            shown_range(row["share_low"], row["share_high"], lambda low, high: _shares(
                low, high, text)),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    header = [*([text.say("Municipality")] if grouped else []), text.say("Step"),
              text.say("People"), text.say("Share")]  # fmt: skip
    caption = text.say("From everybody in the records of the area to unmet need.")
    if need.summary["basis"] == "records":
        caption = text.say("The people in the records: how many are in the target group. Nothing "
                           "follows about the area.")  # fmt: skip
    return table_part(name, header, rows, caption, [need], text, text_columns=1 + grouped)


@drawn_part
def need_by_area(areas, text: Text, *, names=None, name: str = "need-by-area") -> Part:
    """Need, coverage and unmet need of each municipality, as ranges over the assumed shares.

    Parameters
    ----------
    areas : Released NeedByArea
    names : mapping of str to str, optional
        Names of the municipalities by code, in the report's language.
    """
    frame = area_rows(areas, names or {})
    rows = [
        [
            escape(row["name"]),
            shown(row["covered"], text.number),
            shown_range(row["need_low"], row["need_high"], text.range),
            shown_range(row["low"], row["high"], text.percent_range),
            shown_range(row["unmet_low"], row["unmet_high"], text.range),
        ]
        for row in frame.to_dict("records")
    ]
    header = [text.say("Municipality"), text.say("Took part"), text.say("In need"),
              text.say("Coverage"), text.say("Unmet need")]  # fmt: skip
    shares = sorted(set(released_frame(areas, "NeedByArea")["need_share"]))
    caption = text.say(
        "Need, coverage and unmet need by municipality, if {share} of people of working age are in "
        "need: ranges, not intervals of chance.",
        share=text.percent_range(shares[0], shares[-1], 1),
    )
    return table_part(name, header, rows, caption, [areas], text, n=math.nan)


@drawn_part
def area_measures(measures, text: Text, *, names=None, name: str = "area-measures") -> Part:
    """Public support, or the context, of areas: number and per inhabitant; doubtful zeros marked.

    Parameters
    ----------
    measures : Released AreaMeasures
    names : mapping of str to str, optional
        Names of the areas by code, in the report's language.
    """
    frame = released_frame(measures, "AreaMeasures")
    rows = [_measure_row(row, names or {}, text) for row in frame.to_dict("records")]
    header = [text.say("Municipality"), text.say("Year"), text.say("Group"), text.say("Measure"),
              text.say("Counted in"), text.say("Count"), text.say("Per inhabitant")]  # fmt: skip
    caption = text.say("Public support in the area. Persons, days and equivalents are per 100 "
                       "inhabitants, money is in thousands per inhabitant.")  # fmt: skip
    if frame["may_be_missing"].astype(float).fillna(0).any():
        doubt = text.say("An asterisk marks a 0 that can mean that nothing was delivered, and sums "
                         "without it.")  # fmt: skip
        caption = f"{caption} {doubt}"
    return table_part(name, header, rows, caption, [measures], text, n=math.nan, text_columns=5)


def _measure_row(row: Mapping[str, object], names, text: Text) -> list[str]:
    decimals = 1 if row["quantity"] == "equivalents" else 0
    doubtful = row["may_be_missing"] == 1
    value = shown(row["value"], lambda number: text.number(number, decimals))
    return [
        escape(str(names.get(row["stratum"], row["stratum"]))),
        str(int(row["year"])),
        escape(sentence_case(measure_name(row["group"], text))),
        escape(sentence_case(measure_name(row["measure"], text))),
        escape(area_quantity_name(row["quantity"], text)),
        f"{value}\\*" if doubtful and value != MISSING else value,
        shown(row["per_inhabitant"], lambda number: text.number(number, 2)),
    ]


def _count_and_share(n: float, share: float, text: Text) -> str:
    if not (math.isfinite(n) and math.isfinite(share)):
        return MISSING
    return f"{text.number(n)} ({text.percent(share)})"


def _change_and_interval(row: Mapping[str, object], text: Text) -> str:
    """Write a change with its interval in brackets, where there is one."""
    change = shown(row["change"], lambda value: text.number(value, 0, signed=True))
    between = shown_range(row["conf_low"], row["conf_high"],
                          lambda low, high: text.range(low, high, signed=True))  # fmt: skip
    return MISSING if change == MISSING else f"{change} ({between})"


def _stratum(stratum: str, text: Text) -> str:
    named = [arm_name(part, text) if part == "" else code_name(part, text)
             for part in str(stratum).split(", ")]  # fmt: skip
    return sentence_case(", ".join(named))


def _range(low: float, high: float, text: Text) -> str:
    return text.number(low) if round(low) == round(high) else text.range(low, high)


def _shares(low: float, high: float, text: Text) -> str:
    return text.percent(low, 1) if low == high else text.percent_range(low, high, 1)


def _months(window: str, text: Text) -> str:
    low, high = (float(part) for part in str(window).split(" to "))
    return text.range(low, high)


def _or_missing(value: object, written) -> str:
    number = float(value) if isinstance(value, int | float) else math.nan
    return shown(number, written)
