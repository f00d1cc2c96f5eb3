"""Tables about working together: questions, indicators, scales, agreement, labels, doses."""

import math
from collections.abc import Mapping

from evalkit.report.figures.dose import outcome_writer, shape_sentence
from evalkit.report.figures.frame import drawn_part, shown, shown_range
from evalkit.report.figures.labels import forms_finding, forms_title
from evalkit.report.markup import escape
from evalkit.report.names import sentence_case
from evalkit.report.names_collaboration import (
    dose_name,
    fidelity_name,
    group_name,
    instrument_name,
    label_name,
    measure_name,
    number_name,
    people_name,
    question_name,
    site_name,
)
from evalkit.report.parts import Part
from evalkit.report.reading import ONE_SITE, released_frame
from evalkit.report.tables_frame import table_part
from evalkit.report.text import Text

FEDERATIONS = "federations"


@drawn_part
def response_scores(
    scores, text: Text, *, names: Mapping[str, str] | None = None, name: str = "response-scores"
) -> Part:
    """Every question by group, place and wave: mean or share, interval, answers, non-response.

    Parameters
    ----------
    scores : Released ResponseScores
        Of `collaboration_quality`, `indicators` or `joint_work_time`.
    """
    frame = released_frame(scores, "ResponseScores")
    rows = [
        [
            escape(sentence_case(group_name(row["stratum"], text))),
            escape(_place(row, text)),
            escape(row["wave"]),
            escape(sentence_case(question_name(row["item"], text, names))),
            escape(_quantity(row, text)),
            shown(row["estimate"], lambda value, row=row: _written(value, row, text)),
            shown_range(row["conf_low"], row["conf_high"],
                        lambda low, high, row=row: text.range(low, high, _decimals(row))),
            shown(row["n"], text.number),
            shown(row["non_response"], text.percent),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    topic = sentence_case(instrument_name(str(scores.summary["instrument"]), text))
    return table_part(
        name,
        [text.say("Group"), text.say("Federation"), text.say("Wave"), text.say("Question"),
         text.say("What"), text.say("Value"), text.say("Interval"), text.say("Answers"),
         text.say("No answer")],
        rows, text.say("{topic}: answers of those asked.", topic=escape(topic)), [scores], text,
        text_columns=5,
    )  # fmt: skip


def _place(row: Mapping[str, object], text: Text) -> str:
    if row["federation"]:
        return row["federation"]
    if row["weighting"] == FEDERATIONS:
        return text.say("all, federations alike")
    return text.say("all, people alike")


def _quantity(row: Mapping[str, object], text: Text) -> str:
    return text.say("Hours") if row["unit"] == "hours" else measure_name(row["quantity"], text)


def _decimals(row: Mapping[str, object]) -> int:
    return 1 if row["unit"] == "hours" else 0


def _written(value: float, row: Mapping[str, object], text: Text) -> str:
    if row["unit"] == "percent":
        return text.percent(value / 100)
    return text.number(value, _decimals(row))


@drawn_part
def response_measures(
    measures, text: Text, *, names: Mapping[str, str] | None = None, name: str = "response-measures"
) -> Part:
    """Reliability, slopes over waves, or change between two waves.

    Parameters
    ----------
    measures : Released ResponseMeasures
        Of `scale_reliability`, `collaboration_trend` or `survey_change`.
    """
    rows = []
    for row in released_frame(measures, "ResponseMeasures").to_dict("records"):
        value, interval = _measure(row, text)
        rows.append([
            escape(sentence_case(group_name(row["stratum"], text))),
            escape(sentence_case(question_name(row["item"], text, names))),
            escape(measure_name(row["quantity"], text)), value, interval,
            shown(row["n"], text.number),
        ])  # fmt: skip
    topic = sentence_case(instrument_name(str(measures.summary["instrument"]), text))
    caption = {
        "scale_reliability": text.say("{topic}: how well the questions go together.",
                                      topic=escape(topic)),
        "collaboration_trend": text.say("{topic}: change from wave to wave.", topic=escape(topic)),
        "survey_change": text.say("{topic}: change in those who answered twice.",
                                  topic=escape(topic)),
    }[measures.provenance.function]  # fmt: skip
    return table_part(
        name,
        [text.say("Group"), text.say("Question"), text.say("Quantity"), text.say("Value"),
         text.say("Interval"), text.say("Answers")],
        rows, caption, [measures], text, text_columns=3,
    )  # fmt: skip


def _measure(row: Mapping[str, object], text: Text) -> tuple[str, str]:
    """Value and interval of one number, in its unit."""
    decimals = {"points": 0, "percent": 0, "points per wave": 1}.get(row["unit"], 2)
    signed = row["quantity"] in ("slope", "mean_change")
    if row["unit"] == "percent":
        return (
            shown(row["estimate"], lambda value: text.percent(value / 100)),
            shown_range(row["conf_low"], row["conf_high"],
                        lambda low, high: text.percent_range(low / 100, high / 100)),
        )  # fmt: skip
    return (
        shown(row["estimate"], lambda value: text.number(value, decimals, signed=signed)),
        shown_range(row["conf_low"], row["conf_high"],
                    lambda low, high: text.range(low, high, decimals, signed=signed)),
    )  # fmt: skip


@drawn_part
def agreement(
    agreement, text: Text, *, names: Mapping[str, str] | None = None, name: str = "agreement-table"
) -> Part:
    """Share alike and kappas of every question, with both intervals.

    Parameters
    ----------
    agreement : Released Agreement
    """
    rows = []
    for row in released_frame(agreement, "Agreement").to_dict("records"):
        is_share = row["quantity"] == "share_alike"
        write = (
            (lambda value: text.percent(value / 100))
            if is_share
            else lambda value: text.number(value, 2)
        )
        reach = (
            (lambda low, high: text.percent_range(low / 100, high / 100))
            if is_share
            else lambda low, high: text.range(low, high, 2)
        )
        rows.append([
            escape(sentence_case(question_name(row["item"], text, names))),
            escape(measure_name(row["quantity"], text)), shown(row["estimate"], write),
            shown_range(row["conf_low"], row["conf_high"], reach),
            shown_range(row["boot_low"], row["boot_high"], reach), shown(row["n"], text.number),
        ])  # fmt: skip
    first, second = (group_name(str(agreement.summary[key]), text) for key in ("first", "second"))
    return table_part(
        name,
        [text.say("Question"), text.say("Quantity"), text.say("Value"), text.say("Interval"),
         text.say("Interval, redrawn pairs"), text.say("Pairs")],
        rows, text.say("How {first} and {second} agree.", first=first, second=second),
        [agreement], text, text_columns=2,
    )  # fmt: skip


@drawn_part
def label_shares(shares, text: Text, *, name: str = "label-shares") -> Part:
    """Labels, how many people have, and which they have together.

    Parameters
    ----------
    shares : Released LabelShares
        Of `collaboration_forms` or `theme_table`.
    """
    what = str(shares.summary["what"])
    kinds = {
        "label": forms_title(what, text), "number": text.say("How many"),
        "combination": text.say("Together"),
    }  # fmt: skip
    rows = [
        [
            escape(sentence_case(people_name(row["stratum"], text))), kinds[row["item"]],
            escape(sentence_case(
                number_name(row["level"], text) if row["item"] == "number"
                else label_name(row["level"], what, text)
            )),
            shown(row["share"], text.percent),
            shown_range(row["conf_low"], row["conf_high"], text.percent_range),
            shown(row["n_with"], text.number), shown(row["n"], text.number),
        ]
        for row in released_frame(shares, "LabelShares").to_dict("records")
    ]  # fmt: skip
    return table_part(
        name,
        [text.say("Group"), text.say("What"), text.say("Which"), text.say("Share"),
         text.say("Interval"), text.say("With it"), text.say("People")],
        rows, forms_finding(what, text), [shares], text, text_columns=3,
    )  # fmt: skip


@drawn_part
def themes(shares, text: Text, *, name: str = "themes") -> Part:
    """Themes in rows and projects in columns: share of those interviewed who spoke of it.

    Parameters
    ----------
    shares : Released LabelShares
        Of `theme_table`.
    """
    frame = released_frame(shares, "LabelShares")
    frame = frame[frame["item"] == "label"]
    projects = list(dict.fromkeys(frame["stratum"]))
    cells = frame.set_index(["level", "stratum"])["share"]
    rows = [
        [escape(sentence_case(label_name(level, "theme", text))),
         *(shown(cells[level, project], text.percent) for project in projects)]
        for level in dict.fromkeys(frame["level"])
    ]  # fmt: skip
    titles = [sentence_case(people_name(project, text)) for project in projects]
    return table_part(
        name, [text.say("Theme"), *titles], rows,
        text.say("Themes that people spoke of, by project: share of those interviewed."),
        [shares], text,
    )  # fmt: skip


@drawn_part
def sites(summary, text: Text, *, name: str = "sites-table") -> Part:
    """Share in every site, and what the sites have in common.

    Parameters
    ----------
    summary : Released SiteSummary
    """
    rows = [
        [
            escape(sentence_case(site_name(row["part"], row["site"], text))),
            shown(row["share"], text.percent),
            shown_range(row["conf_low"], row["conf_high"], text.percent_range),
            shown(row["n_with"], text.number), shown(row["n"], text.number),
            shown(row["weight"], text.percent),
        ]
        for row in released_frame(summary, "SiteSummary").to_dict("records")
    ]  # fmt: skip
    spread = float(summary.summary["i2"])
    caption = text.say("Share in every site, and in all.")
    if math.isfinite(spread):
        differ = text.say("Of the differences between sites {share} are more than chance.",
                          share=text.percent(spread / 100))  # fmt: skip
        caption = f"{caption} {differ}"
    return table_part(
        name,
        [text.say("Site"), text.say("Share"), text.say("Interval"), text.say("With it"),
         text.say("People"), text.say("Weight")],
        rows, caption, [summary], text,
    )  # fmt: skip


@drawn_part
def dose_response(
    dose, text: Text, *, names: Mapping[str, str] | None = None, name: str = "dose-response-table"
) -> Part:
    """Outcome of groups by quality.

    Parameters
    ----------
    dose : Released DoseResponse
    """
    frame = released_frame(dose, "DoseResponse")
    number = outcome_writer(frame, text)
    rows = [
        [
            text.number(row["x"]), shown(row["estimate"], number),
            shown_range(row["conf_low"], row["conf_high"], lambda low, high: text.say(
                "{low} to {high}", low=number(low), high=number(high))),
            shown(row["n"], text.number),
        ]
        for row in frame[frame["part"] == "bin"].to_dict("records")
    ]  # fmt: skip
    quality, outcome = (
        dose_name(str(dose.summary[key]), text, names) for key in ("dose", "outcome")
    )
    caption = text.say("{outcome}, by this: {quality}.", outcome=escape(sentence_case(outcome)),
                       quality=escape(quality))  # fmt: skip
    return table_part(
        name, [sentence_case(quality), text.say("Mean"), text.say("Interval"), text.say("People")],
        rows, f"{caption} {shape_sentence(dose, text)}", [dose], text,
    )  # fmt: skip


@drawn_part
def fidelity(
    fidelity, text: Text, *, names: Mapping[str, str] | None = None, name: str = "fidelity-table"
) -> Part:
    """Items, total, outcome and bands of the fidelity scale.

    Parameters
    ----------
    fidelity : Released Fidelity
    """
    rows = []
    for row in released_frame(fidelity, "Fidelity").to_dict("records"):
        decimals = {"slope": 3, "correlation": 2, "band": 0}.get(row["part"], 1)
        rows.append([
            escape(sentence_case(fidelity_name(row["part"], row["item"], text, names))),
            shown(row["estimate"], lambda value, d=decimals: text.number(value, d)),
            text.say("one site") if row["reason"] == ONE_SITE else shown_range(
                row["conf_low"], row["conf_high"],
                lambda low, high, d=decimals: text.range(low, high, d),
            ),
            shown(row["n_site"], text.number),
        ])  # fmt: skip
    return table_part(
        name, [text.say("Item"), text.say("Value"), text.say("Interval"), text.say("Sites")], rows,
        text.say("Fidelity of the sites to the model."), [fidelity], text, n=math.nan,
    )  # fmt: skip
