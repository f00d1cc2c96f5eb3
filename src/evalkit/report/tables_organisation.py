"""Tables about organisations: key figures, targets, times, financing, services, schemes."""

import math
from collections.abc import Mapping

import pandas as pd

from evalkit.report.figures.frame import drawn_part, shown, shown_range
from evalkit.report.figures.key_figures import (
    decimals_of,
    direction_name,
    persons,
    target_name,
    wide,
    with_target,
)
from evalkit.report.figures.places import alphabetical
from evalkit.report.figures.schemes import scheme_caption, scheme_rows
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.names_organisation import (
    ANSWERS,
    FIGURES,
    figure_name,
    financier_name,
    group_name,
    kind_name,
    recommendation_name,
    status_name,
    step_name,
    stratum_name,
    unit_name,
)
from evalkit.report.parts import Part
from evalkit.report.reading import released_frame
from evalkit.report.tables_frame import table_part
from evalkit.report.text import Text

MONEY = ("budget", "spent", "cost_per_participation", "cost_per_person", "cost_per_leaver",
         "cost_per_outcome")  # fmt: skip
DECIMALS = {"left_per_start": 2, "outcome_share": 1, "budget_used": 1}


@drawn_part
def key_figures(
    figures, text: Text, *, names: Mapping[str, str] | None = None, name: str = "key-figures"
) -> Part:
    """Key figures, one row each; a column for every stratum, all together last.

    Parameters
    ----------
    figures : Released KeyFigures
    names : mapping of str to str, optional
        Names of the strata.
    """
    frame = released_frame(figures, "KeyFigures")
    table = wide(figures)
    known = [quantity for quantity in FIGURES if _is_recorded(frame, quantity)]
    rows = [
        [escape(figure_name(quantity, text)),
         *(shown(value, _writer(quantity, text)) for value in table[quantity])]
        for quantity in known
    ]  # fmt: skip
    header = [
        text.say("Key figure"),
        *(stratum_name(stratum, text, names) for stratum in table.index),
    ]
    first, last = (text.day(str(figures.summary[name])) for name in ("first_day", "last_day"))
    caption = text.say("Key figures, {first} to {last}.", first=first, last=last)
    has_money = any(quantity in MONEY for quantity in known)
    unit = text.say("Amounts in {unit}.", unit=text.thousands(str(figures.summary["currency"])))
    return table_part(name, header, rows, caption, [figures], text, n=persons(figures),
                      detail=unit if has_money else "")  # fmt: skip


def _is_recorded(frame: pd.DataFrame, quantity: str) -> bool:
    """Whether the records give a quantity for any stratum: known, or hidden."""
    rows = frame[frame["quantity"] == quantity]
    if quantity == "anonymous" and not rows["suppressed"].any():
        return bool((rows["estimate"] > 0).any())
    return bool(rows["estimate"].notna().any() or rows["suppressed"].any())


def _writer(quantity: str, text: Text):
    if quantity in MONEY:
        return lambda value: text.number(value / 1000, 0 if abs(value) >= 50_000 else 1)
    return lambda value: text.number(value, DECIMALS.get(quantity, 0))


@drawn_part
def targets(
    targets, text: Text, *, names: Mapping[str, str] | None = None, name: str = "targets"
) -> Part:
    """Target, what was reached, and fulfilment in per cent.

    Parameters
    ----------
    targets : Released Targets
    names : mapping of str to str, optional
        Names of the strata.
    """
    number = lambda value: text.number(value, decimals_of(value))  # noqa: E731
    answers = {answer: text.say(words) for answer, words in ANSWERS.items()}
    rows = [
        [
            escape(target_name(row, text, names)), direction_name(row["direction"], text),
            unit_name(row["unit"], text), shown(row["target"], number),
            shown(row["actual"], number), shown(row["fulfilment"], text.number),
            answers.get(row["met"], ""),
        ]
        for row in with_target(targets).to_dict("records")
    ]  # fmt: skip
    header = [text.say("Target"), text.say("Kind"), text.say("Unit"), text.say("Target value"),
              text.say("Reached"), text.say("Per cent of the target"), text.say("Met")]  # fmt: skip
    caption = text.say("Targets and what came of them.")
    return table_part(name, header, rows, caption, [targets], text, n=math.nan, text_columns=3)


@drawn_part
def process_times(
    times, text: Text, *, names: Mapping[str, str] | None = None, name: str = "process-times"
) -> Part:
    """Share that reached each step within fixed days, and the median of days.

    Parameters
    ----------
    times : Released ProcessTimes
    names : mapping of str to str, optional
        Names of the strata.
    """
    frame = released_frame(times, "ProcessTimes")
    whole = lambda low, high: text.range(low, high)  # noqa: E731
    rows = [
        [
            escape(stratum_name(row["stratum"], text, names)),
            escape(sentence_case(step_name(row["step"], text))),
            _measure(row["quantity"], text),
            shown(row["estimate"], text.number),
            shown_range(row["conf_low"], row["conf_high"], whole), shown(row["n"], text.number),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    header = [text.say("Package or group"), text.say("Step"), text.say("Measure"),
              text.say("Value"), text.say("Interval"), text.say("Participations")]  # fmt: skip
    caption = text.say("How long it takes from the start until each step.")
    return table_part(name, header, rows, caption, [times], text, n=math.nan, text_columns=3)


def _measure(quantity: str, text: Text) -> str:
    if quantity == "median_days":
        return text.say("Median, days")
    days = int(quantity.rsplit("_", 1)[-1])
    return text.plural("Within {n} day, per cent", "Within {n} days, per cent", days)


@drawn_part
def financing(financing, text: Text, *, year: int | None = None, name: str = "financing") -> Part:
    """Money of a year by kind and financier, with shares and the shares of the law.

    Parameters
    ----------
    financing : Released Financing
    year : int, optional
        By default the last year.
    """
    frame = released_frame(financing, "Financing")
    chosen = int(frame["year"].max()) if year is None else year
    frame = frame[frame["year"] == chosen]
    # A sum over one financier is that financier's own row.
    size = frame.groupby(["federation", "kind"])["financier"].transform("size")
    frame = frame[(frame["financier"] != "all") | (size > 2)]
    is_one = frame["federation"].nunique() == 1
    rows = [_money_row(row, text)[is_one:] for row in frame.to_dict("records")]
    header = [text.say("Federation"), text.say("Kind"), text.say("Financier"),
              text.say("Budget"), text.say("Actual"), text.say("Share, per cent"),
              text.say("By law, per cent"), text.say("Deviation, points"),
              text.say("Deviation, money")]  # fmt: skip
    caption = text.say(
        "Funds, administration and packages in {year}, {unit}. Shares of the funds, "
        "or of all spending.",
        year=str(chosen), unit=text.thousands(str(frame["currency"].iloc[0])),
    )  # fmt: skip
    return table_part(name, header[is_one:], rows, caption, [financing], text, n=math.nan,
                      text_columns=3 - is_one)  # fmt: skip


def _money_row(row: Mapping[str, object], text: Text) -> list[str]:
    percent = lambda value: text.number(value, 1)  # noqa: E731
    points = lambda value: text.number(value, 1, signed=True)  # noqa: E731
    thousands = lambda value: text.number(value / 1000)  # noqa: E731
    return [
        escape(row["federation"]),
        escape(sentence_case(kind_name(row["kind"], text))),
        escape(sentence_case(financier_name(row["financier"], text))),
        shown(row["budget"], thousands), shown(row["outcome"], thousands),
        shown(row["share_percent"], percent), shown(row["legal_share_percent"], percent),
        shown(row["deviation_points"], points),
        shown(row["deviation"], lambda value: text.number(value / 1000, signed=True)),
    ]  # fmt: skip


@drawn_part
def service_gaps(
    gaps, text: Text, *, names: Mapping[str, str] | None = None, name: str = "service-gaps"
) -> Part:
    """Groups of persons by municipality: whether any service exists.

    Parameters
    ----------
    gaps : Released ServiceGaps
    names : mapping of str to str, optional
        Names of the municipalities by code.
    """
    frame = _by_name(released_frame(gaps, "ServiceGaps"), names)
    told = {"yes": text.say("no service"), "no": text.say("has service"),
            "unknown": text.say("not known")}  # fmt: skip
    rows = [
        [escape(row["name"]), escape(sentence_case(group_name(row["target_group"], text))),
         told[row["gap"]].replace(" ", "\N{NO-BREAK SPACE}"),
         text.number(row["n_available"]), text.number(row["n_service"])]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    header = [text.say("Municipality"), text.say("Group"), text.say("Service"),
              text.say("Services that exist"), text.say("Services asked about")]  # fmt: skip
    caption = text.say("Groups of people, and whether there is any service for them.")
    return table_part(name, header, rows, caption, [gaps], text, n=math.nan, text_columns=3)


def _by_name(frame: pd.DataFrame, names: Mapping[str, str] | None) -> pd.DataFrame:
    """Rows with the name of their municipality, alphabetically."""
    called = [(names or {}).get(code, code) for code in frame["municipality"]]
    return frame.assign(name=called).iloc[alphabetical(called)]


@drawn_part
def service_index(
    index, text: Text, *, names: Mapping[str, str] | None = None, name: str = "service-index"
) -> Part:
    """Availability and coordination of each municipality from 0 to 100, with their range.

    Parameters
    ----------
    index : Released ServiceIndex
    names : mapping of str to str, optional
        Names of the municipalities by code.
    """
    frame = _by_name(released_frame(index, "ServiceIndex"), names)
    called = {"availability": text.say("Services that exist"),
              "coordination": text.say("How they are coordinated")}  # fmt: skip
    whole = lambda low, high: text.range(low, high)  # noqa: E731
    rows = [
        [escape(row["name"]), called[row["quantity"]], shown(row["estimate"], text.number),
         shown_range(row["low"], row["high"], whole), text.number(row["n_unknown"])]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    header = [text.say("Municipality"), text.say("Index"), text.say("Value, 0 to 100"),
              text.say("Range"), text.say("Not known")]  # fmt: skip
    caption = text.say(
        "Index of services, 0 to 100. The range is what is possible if all that is not known were "
        "at its worst or best; it is not an interval of chance."
    )
    return table_part(name, header, rows, caption, [index], text, n=math.nan, text_columns=2)


@drawn_part
def service_link(link, text: Text, *, name: str = "service-link") -> Part:
    """How services of municipalities go with an outcome there.

    Parameters
    ----------
    link : Released AreaLink
    """
    frame = released_frame(link, "AreaLink")
    called = {"spearman": text.say("Rank correlation"),
              "slope": text.say("Difference for 10 index points more")}  # fmt: skip
    rows = [
        [called[row["quantity"]], shown(row["estimate"], lambda value: text.number(value, 2,
         signed=True)),
         shown_range(row["conf_low"], row["conf_high"],
                     lambda low, high: text.range(low, high, 2, signed=True)),
         shown(row["p_value"], lambda value: text.number(value, 2)),
         shown(row["n_area"], text.number)]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    header = [text.say("Measure"), text.say("Value"), text.say("Interval"),
              text.say("p, by permutation"), text.say("Municipalities")]  # fmt: skip
    caption = text.say(
        "Services and outcomes of municipalities. This is about places, not about people: it does "
        "not say that those who got a service did better."
    )
    return table_part(name, header, rows, caption, [link], text, n=math.nan)


@drawn_part
def recommendations(assessment, text: Text, *, name: str = "recommendations") -> Part:
    """The recommendations and what the organisation says of each.

    Parameters
    ----------
    assessment : Released SelfAssessment
    """
    frame = released_frame(assessment, "SelfAssessment")
    rows = [
        [escape(recommendation_name(row["recommendation"], text)),
         sentence_case(status_name(row["status"], text)), escape(row["source"])]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    header = [text.say("Recommendation"), text.say("Status"), text.say("Where it can be checked")]
    caption = text.say(
        "Recommendations, in evalkit's own words, and the organisation's own answer."
    )
    return table_part(
        name, header, rows, caption, [assessment], text, n=math.nan, text_columns=3, keys=1
    )


@drawn_part
def two_schemes(comparison, text: Text, *, name: str = "two-schemes") -> Part:
    """Change of areas under each scheme, and the difference.

    Parameters
    ----------
    comparison : Released Contrast
        From `schemes_compared`.
    """
    frame = released_frame(comparison, "Contrast")
    p_values = [
        shown(row["p_value"], lambda value: text.number(value, 3))
        if row["scale"] == "difference" else ""
        for row in frame.to_dict("records")
    ]  # fmt: skip
    rows = [[*cells, p] for cells, p in zip(scheme_rows(comparison, text), p_values, strict=True)]
    header = [text.say("Scheme"), text.say("Change, percentage points"), text.say("Interval"),
              text.say("p")]  # fmt: skip
    return table_part(name, header, rows, scheme_caption(comparison, text), [comparison], text)


@drawn_part
def detectable_share(detectable, text: Text, *, name: str = "detectable") -> Part:
    """Which effects on participants a comparison of whole areas could see.

    Parameters
    ----------
    detectable : Released DetectableShare
    """
    frame = released_frame(detectable, "DetectableShare")
    seen = {"yes": text.say("yes"), "no": text.say("no"), "never": text.say("never")}
    one = lambda value: text.number(value, 1)  # noqa: E731
    rows = [
        [text.percent(row["coverage"], 1), one(row["effect"]),
         shown(row["system_effect"], lambda value: text.number(value, 2)),
         shown(row["detectable_system"], lambda value: text.number(value, 2)),
         shown(row["detectable_effect"], one),
         seen[row["detected"]] if math.isfinite(row["system_effect"]) else ""]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    header = [text.say("Share taking part"), text.say("Effect on each, points"),
              text.say("Effect on the area, points"), text.say("Smallest seen in areas, points"),
              text.say("Smallest seen, on each, points"), text.say("Seen")]  # fmt: skip
    caption = text.say("What a comparison of whole areas could see. Assumed effects.")
    return table_part(name, header, rows, caption, [detectable], text, n=math.nan)
