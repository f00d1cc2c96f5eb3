"""Tables about outcomes: health, months, definitions, models, tests."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from evalkit.report.figures.frame import (
    MISSING,
    drawn_part,
    shown,
    shown_range,
    too_few_part,
)
from evalkit.report.markup import escape
from evalkit.report.names import arm_name, sentence_case, term_name
from evalkit.report.parts import Part
from evalkit.report.phrases import horizon_within, score_name
from evalkit.report.reading import few_persons, first_arm, released_frame
from evalkit.report.replay import page_part
from evalkit.report.tables_frame import table_part
from evalkit.report.text import Text
from evalkit.report.words_method import DEFINITIONS
from evalkit.report.words_outcomes import p_value

RATIO_DIGITS = 2


@drawn_part
def ancova(
    ancova,
    text: Text,
    *,
    fixed_effects=None,
    score: str = "",
    exits=None,
    name: str = "health-difference",
) -> Part:
    """Differences in health by wave, given the start, and those by fixed effects beside them.

    Parameters
    ----------
    ancova : Released ModelFit
        Terms `wave[6]`, ...
    fixed_effects : Released ModelFit or None
        Terms that hold `wave[6]`, ...
    exits : Released IncidenceCurve or None
        By arm; with it a municipality with too few people shows no estimate.
    """
    frame = released_frame(ancova, "ModelFit")
    if exits is not None and few_persons(ancova, text, exits):
        return too_few_part(text)
    others = None if fixed_effects is None else released_frame(fixed_effects, "ModelFit")
    others = None if others is None or others["suppressed"].all() else others
    decimals = text.health_decimals
    rows = []
    for row in frame.to_dict("records"):
        cells = [text.number(int(row["term"].removeprefix("wave[").rstrip("]")))]
        cells += _estimate_cells(row, decimals, text)
        if others is not None:
            match = others[others["term"].str.endswith(row["term"])]
            cells += _estimate_cells(match.iloc[0], decimals, text) if len(match) else [MISSING] * 2
        rows.append(cells)
    header = [text.say("Months since the start"), text.say("Difference"), text.say("Interval")]
    if others is not None:
        header += [text.say("Difference in change"), text.say("Interval")]
    caption = text.say(
        "{score}: programme group less comparison group.",
        score=escape(sentence_case(score_name(score, text))),
    )
    both = text.say("First given the score at the start, then as change within people.")
    n = float(ancova.summary.get("n_person", math.nan))
    return table_part(
        name,
        header,
        rows,
        caption,
        [ancova, fixed_effects],
        text,
        n=n,
        text_columns=0,
        keys=1,
        detail="" if others is None else both,
    )


def _estimate_cells(row: Mapping[str, object], decimals: int, text: Text) -> list[str]:
    return [
        shown(row["estimate"], lambda value: text.number(value, decimals, signed=True)),
        shown_range(
            row["conf_low"],
            row["conf_high"],
            lambda low, high: text.range(low, high, decimals, signed=True),
        ),
    ]


@drawn_part
def months(*contrasts_and_text, name: str = "months") -> Part:
    """Several contrasts in time, one row for each group and difference.

    Parameters
    ----------
    *contrasts_and_text : Released Contrast, ..., Text
        `time_in_state`, `time_lost` or `restricted_mean`, and last the text.
    """
    *given, text = contrasts_and_text
    contrasts = [contrast for contrast in given if contrast is not None]
    rows = []
    for contrast in contrasts:
        frame = released_frame(contrast, "Contrast")
        for row in frame[frame["scale"] != "ratio"].to_dict("records"):
            is_arm = row["scale"] == "arm"
            label = arm_name(row["term"], text) if is_arm else text.say("Difference")
            rows.append([
                escape(_quantity(contrast, text)),
                escape(sentence_case(label)),
                shown(row["estimate"], lambda v, s=not is_arm: text.number(v, 1, signed=s)),
                shown_range(row["conf_low"], row["conf_high"],
                            lambda a, b, s=not is_arm: text.range(a, b, 1, signed=s)),
            ])  # fmt: skip
    unit = text.say("Days") if text.unit == "days" else text.say("Months")
    header = [text.say("Quantity"), text.say("Group"), unit, text.say("Interval")]
    caption = text.say("Time {within}, on average.", within=horizon_within(contrasts[0], text))
    return table_part(name, header, rows, caption, contrasts, text, text_columns=2)


def _quantity(contrast, text: Text) -> str:
    kind = str(contrast.summary.get("quantity", ""))
    known = {
        "time_in_state": text.say("{outcome}: time in this state", outcome=text.outcome),
        "time_lost": text.say("{outcome}: time since it began", outcome=text.outcome),
        "restricted_mean": text.say("time until any exit"),
    }
    return sentence_case(known.get(kind, text.outcome))


@page_part
def definitions(cells: Sequence[tuple], text: Text, *, name: str = "definitions") -> Part:
    """The share under every definition of self-support, the primary one first.

    Parameters
    ----------
    cells : sequence of (str, int, Released Contrast or None)
        Definition, months in a row, and `incidence_at`; None where a table is missing.
    """
    rows = []
    for definition, sustained, contrast in cells:
        value = first_arm(contrast) if contrast is not None else None
        cells_shown = [MISSING, MISSING]
        if value is None:
            cells_shown = [text.say("not possible"), ""]
        elif value.shown:
            cells_shown = [
                text.percent(value.estimate), text.percent_range(value.low, value.high),
            ]  # fmt: skip
        rule = sentence_case(text.say(DEFINITIONS[definition]))
        label = f"{rule} ({definition})"
        rows.append([escape(label), text.number(sustained), *cells_shown])
    header = [text.say("Definition"), text.say("Months in a row"), text.say("Share"),
              text.say("Interval")]  # fmt: skip
    shown_contrasts = [contrast for *_, contrast in cells if contrast is not None]
    caption = text.say("The share under other definitions of self-support.")
    return table_part(name, header, rows, caption, shown_contrasts, text, keys=2)


@drawn_part
def rate_ratios(cox, text: Text, *, name: str = "rate-ratios") -> Part:
    """Rate ratios of a Cox model, with the coefficients that they come from.

    Parameters
    ----------
    cox : Released ModelFit
        On the scale of the model.
    """
    frame = released_frame(cox, "ModelFit")
    coefficient = lambda value: text.number(value, 4)  # noqa: E731
    rows = [
        [
            escape(sentence_case(term_name(row["term"], text))),
            shown(np.exp(row["estimate"]), lambda value: text.number(value, RATIO_DIGITS)),
            shown_range(
                np.exp(row["conf_low"]),
                np.exp(row["conf_high"]),
                lambda low, high: text.range(low, high, RATIO_DIGITS),
            ),
            shown(row["estimate"], coefficient),
            shown(row["std_error"], coefficient),
        ]
        for row in frame.to_dict("records")
    ]
    header = [text.say("Characteristic"), text.say("Rate ratio"), text.say("Interval"),
              text.say("Coefficient"), text.say("Standard error")]  # fmt: skip
    caption = text.say(
        "{outcome}: rate among those still followed, by characteristic (Cox model).",
        outcome=escape(sentence_case(text.outcome)),
    )
    n = float(cox.summary.get("n_person", math.nan))
    return table_part(name, header, rows, caption, [cox], text, n=n)


@drawn_part
def checks(*checks_and_text, name: str = "checks") -> Part:
    """Tests with their statistic, degrees of freedom and p-value.

    Parameters
    ----------
    *checks_and_text : Released Check, ..., Text
    """
    *tests, text = checks_and_text
    rows = []
    for test in tests:
        for row in released_frame(test, "Check").to_dict("records"):
            rows.append([
                escape(_test_name(str(test.summary["test"]), text)),
                shown(row["statistic"], lambda value: text.number(value, 2)),
                shown(row["df"], text.number),
                shown(row["p_value"], lambda value: p_value(value, text)),
            ])  # fmt: skip
    header = [text.say("Test"), text.say("Statistic"), text.say("Degrees of freedom"),
              text.say("p-value")]  # fmt: skip
    caption = text.say("Tests of equal pace in the groups.")
    return table_part(name, header, rows, caption, tests, text)


def _test_name(test: str, text: Text) -> str:
    lowered = test.lower().replace("-", "").replace("_", "").replace(" ", "")
    return text.say("log-rank test") if "logrank" in lowered else test
